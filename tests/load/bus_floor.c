/* bus_floor.c - what ZeroMQ itself can do: the floor that bus_bench.c is measured against.
 *
 *   bus_floor [SECONDS]
 *
 * Processes of their own, over ipc, window 64, the same number and sizes of frames as a call on the bus:
 *   direct   client DEALER - ROUTER worker
 *   proxied  client DEALER - ROUTER zmq_proxy() DEALER - DEALER worker
 * Prints one line each: "bus_floor_direct N calls/s". */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>
#include "check.h"
#include "clock.h"

#define WINDOW       64
#define HEADER_BYTES 33 /* "bench.Echo" and what stands before it */
#define META_BYTES   64
#define BODY_BYTES   100

static char folder[] = "/tmp/bus_floor_XXXXXX";
static char client_end[64], worker_end[64];

static void *open_socket(int type)
{
    void *socket = zmq_socket(zmq_ctx_new(), type);
    CHECK(socket);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &(int){0}, sizeof(int));
    zmq_setsockopt(socket, ZMQ_RCVHWM, &(int){0}, sizeof(int));
    return socket;
}

/* A process that ends with this one. */
static pid_t start(void (*run)(void))
{
    pid_t pid = fork(); /* before any context of this process */
    CHECK(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run();
    _exit(0);
}

static void proxy(void)
{
    void *front = open_socket(ZMQ_ROUTER), *back = open_socket(ZMQ_DEALER);
    CHECK(zmq_bind(front, client_end) == 0 && zmq_bind(back, worker_end) == 0);
    zmq_proxy(front, back, NULL);
}

/* Answers identity, header, meta, body with identity, header, body. */
static void work(void *socket)
{
    static const char header[22];
    for (;;) {
        zmq_msg_t parts[4];
        for (int i = 0; i < 4; i++) {
            zmq_msg_init(&parts[i]);
            CHECK(zmq_msg_recv(&parts[i], socket, 0) >= 0);
        }
        zmq_msg_send(&parts[0], socket, ZMQ_SNDMORE);
        zmq_send(socket, header, sizeof header, ZMQ_SNDMORE);
        zmq_msg_send(&parts[3], socket, 0);
        zmq_msg_close(&parts[1]);
        zmq_msg_close(&parts[2]);
    }
}

static void proxied_worker(void)
{
    void *socket = open_socket(ZMQ_DEALER);
    CHECK(zmq_connect(socket, worker_end) == 0);
    work(socket);
}

static void direct_worker(void)
{
    void *socket = open_socket(ZMQ_ROUTER);
    CHECK(zmq_bind(socket, client_end) == 0);
    work(socket);
}

static void ask(void *socket)
{
    static const char bytes[BODY_BYTES];
    zmq_send(socket, bytes, HEADER_BYTES, ZMQ_SNDMORE);
    zmq_send(socket, bytes, META_BYTES, ZMQ_SNDMORE);
    zmq_send(socket, bytes, BODY_BYTES, 0);
}

static void hear(void *socket)
{
    for (int i = 0; i < 2; i++) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        CHECK(zmq_msg_recv(&part, socket, 0) >= 0);
        zmq_msg_close(&part);
    }
}

static void client(const char *name, int seconds)
{
    void *socket = open_socket(ZMQ_DEALER);
    CHECK(zmq_connect(socket, client_end) == 0);
    for (int i = 0; i < WINDOW; i++)
        ask(socket);
    hear(socket); /* all are there */
    ask(socket);
    int64_t start_ms = clock_mono_ms(), end_ms = start_ms + seconds * 1000, done = 0;
    while (done % 1024 != 0 || clock_mono_ms() < end_ms) {
        hear(socket);
        ask(socket);
        done++;
    }
    printf("%s %lld calls/s\n", name, (long long) (done * 1000 / (clock_mono_ms() - start_ms)));
    fflush(stdout);
}

static int seconds = 3;

static void direct_client(void)
{
    client("bus_floor_direct", seconds);
}

static void proxied_client(void)
{
    client("bus_floor_proxied", seconds);
}

/* Runs the client to its end and stops the others; true: it came to its end. */
static bool measure(void (*asker)(void), void (*first)(void), void (*second)(void))
{
    pid_t others[2] = {first ? start(first) : 0, second ? start(second) : 0};
    pid_t pid = start(asker);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    for (int i = 0; i < 2; i++)
        if (others[i]) {
            kill(others[i], SIGKILL);
            waitpid(others[i], NULL, 0);
        }
    return status == 0;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        seconds = (int) strtol(argv[1], NULL, 10);
    CHECK(mkdtemp(folder));
    snprintf(client_end, sizeof client_end, "ipc://%s/client", folder);
    snprintf(worker_end, sizeof worker_end, "ipc://%s/worker", folder);
    bool ok = measure(direct_client, direct_worker, NULL) &&
              measure(proxied_client, proxy, proxied_worker);
    unlink(client_end + 6);
    unlink(worker_end + 6);
    rmdir(folder);
    return ok ? 0 : 1;
}
