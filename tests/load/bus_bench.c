/* bus_bench.c - calls per second through our broker, beside bus_floor.c.
 *
 *   bus_bench [SECONDS [BROKER]]         BROKER: the program, ../bin/broker of this one if not given
 *
 * Three processes over ipc, as in life: a client and a worker on link.h, the broker between them.
 * Window 64, meta 64 bytes, body 100.  Prints "bus_bench N calls/s" and the times of a call. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"
#include "clock.h"
#include "link.h"

#define WINDOW      64
#define META_BYTES  64
#define BODY_BYTES  100
#define SAMPLES_MAX 8000000

static char folder[] = "/tmp/bus_bench_XXXXXX";
static char config_path[64], endpoint[64], broker_path[4096];
static int seconds = 3;

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

static void broker(void)
{
    execl(broker_path, broker_path, config_path, NULL);
    perror(broker_path);
    _exit(1);
}

static link_t *open_link(const char *service)
{
    const char *endpoints[] = {endpoint, NULL};
    link_options_t options = {
        .endpoints = endpoints, .service = service, .window = service ? 256 : 0};
    link_t *link;
    char error[200];
    CHECK(link_open(&options, clock_mono_ms(), &link, error, sizeof error) == STATUS_OK);
    CHECK(link_wait(link, 5000));
    return link;
}

static void wait_for(link_t *link)
{
    poll(&(struct pollfd){.fd = link_fd(link), .events = POLLIN}, 1, 200);
    link_tick(link, clock_mono_ms());
}

static void worker(void)
{
    link_t *link = open_link("bench");
    for (;;) {
        link_message_t message;
        while (link_receive(link, &message)) {
            if (message.frame.command == COMMAND_CALL)
                link_answer(link, message.broker, message.frame.call, STATUS_OK, message.body,
                            message.body_size);
            link_message_free(&message);
        }
        wait_for(link);
    }
}

static int64_t asked_us[WINDOW];
static uint32_t *samples;
static size_t sample_count;

static void ask(link_t *link, uint64_t slot)
{
    static const char bytes[BODY_BYTES];
    asked_us[slot] = clock_mono_us();
    CHECK(link_call(link, slot, "bench.Echo", 5000, bytes, META_BYTES, bytes, BODY_BYTES, NULL) ==
          STATUS_OK);
}

static void hear(link_t *link, const link_message_t *message)
{
    uint64_t slot = message->frame.call;
    CHECK(message->frame.command == COMMAND_ANSWER && message->frame.status == STATUS_OK &&
          slot < WINDOW);
    if (sample_count < SAMPLES_MAX)
        samples[sample_count++] = (uint32_t) (clock_mono_us() - asked_us[slot]);
    ask(link, slot);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;
    return x < y ? -1 : x > y;
}

static void client(void)
{
    samples = xalloc(SAMPLES_MAX * sizeof *samples);
    link_t *link = open_link(NULL);
    for (uint64_t slot = 0; slot < WINDOW; slot++)
        ask(link, slot);
    int64_t start_ms = clock_mono_ms(), now_ms = start_ms;
    while (now_ms < start_ms + seconds * 1000) {
        link_message_t message;
        while (link_receive(link, &message)) {
            hear(link, &message);
            link_message_free(&message);
        }
        wait_for(link);
        now_ms = clock_mono_ms();
    }
    size_t done = sample_count;
    qsort(samples, done, sizeof *samples, compare);
    printf("bus_bench %lld calls/s\n", (long long) done * 1000 / (now_ms - start_ms));
    printf("bus_bench_p50 %u us\nbus_bench_p99 %u us\n", samples[done / 2],
           samples[done * 99 / 100]);
    fflush(stdout);
}

static void write_config(void)
{
    FILE *file = fopen(config_path, "w");
    CHECK(file);
    fprintf(file, "[platform]\nrun_dir = %s/run\ndata_dir = %s/data\nlog = warn\n", folder, folder);
    fprintf(file, "[broker]\ndepartment_address =\n");
    CHECK(fclose(file) == 0);
}

static void stop(pid_t pid, int signal)
{
    kill(pid, signal);
    waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        seconds = (int) strtol(argv[1], NULL, 10);
    const char *slash = strrchr(argv[0], '/');
    if (argc > 2)
        snprintf(broker_path, sizeof broker_path, "%s", argv[2]);
    else
        snprintf(broker_path, sizeof broker_path, "%.*s/../bin/broker",
                 slash ? (int) (slash - argv[0]) : 1, slash ? argv[0] : ".");
    CHECK(mkdtemp(folder));
    snprintf(config_path, sizeof config_path, "%s/config", folder);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/run/broker", folder);
    write_config();

    pid_t broker_pid = start(broker), worker_pid = start(worker);
    usleep(300000); /* the worker is there: else the first calls wait for it */
    pid_t client_pid = start(client);
    int status;
    CHECK(waitpid(client_pid, &status, 0) == client_pid);
    stop(worker_pid, SIGKILL);
    stop(broker_pid, SIGTERM);

    unlink(endpoint + 6);
    unlink(config_path);
    char path[80];
    for (const char *const *name = (const char *const[]){"run", "data/keys", "data", NULL}; *name;
         name++) {
        snprintf(path, sizeof path, "%s/%s", folder, *name);
        rmdir(path);
    }
    rmdir(folder);
    return status == 0 ? 0 : 1;
}
