/* zap_test.c - a CURVE server and clients with known, unknown and no keys, all in this thread. */
#include "zap.h"
#include <stdlib.h>
#include <string.h>
#include <zmq.h>
#include "check.h"
#include "curve.h"
#include "test.h"

static void *server_context, *client_context, *server;
static zap_t *zap;
static curve_t server_keys, known;
static char endpoint[128];

static bool decide(void *arg, const char public_key[ZAP_KEY_SIZE])
{
    ++*(int *) arg;
    return strcmp(public_key, known.public_key) == 0;
}

static int asked;

static void begin(void)
{
    curve_make(&server_keys);
    curve_make(&known);
    server_context = zmq_ctx_new();
    client_context = zmq_ctx_new();
    asked = 0;
    EXPECT(zap_open(server_context, decide, &asked, &zap) == STATUS_OK);
    EXPECT(asked == 0 && zap_refused(zap) == 0); /* the probe of zap_open() does not count */
    server = zmq_socket(server_context, ZMQ_ROUTER);
    zmq_setsockopt(server, ZMQ_LINGER, &(int){0}, sizeof(int));
    zmq_setsockopt(server, ZMQ_CURVE_SERVER, &(int){1}, sizeof(int));
    zmq_setsockopt(server, ZMQ_CURVE_SECRETKEY, server_keys.secret_key, 40);
    CHECK(zmq_bind(server, "tcp://127.0.0.1:*") == 0);
    size_t size = sizeof endpoint;
    CHECK(zmq_getsockopt(server, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0);
}

static void end(void)
{
    zmq_close(server);
    zap_close(&zap);
    zmq_ctx_term(server_context);
    zmq_ctx_term(client_context);
}

static void *client(const curve_t *keys)
{
    void *socket = zmq_socket(client_context, ZMQ_DEALER);
    zmq_setsockopt(socket, ZMQ_LINGER, &(int){0}, sizeof(int));
    if (keys) {
        zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_keys.public_key, 40);
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key, 40);
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, 40);
    }
    CHECK(zmq_connect(socket, endpoint) == 0);
    zmq_send(socket, "hello", 5, 0);
    return socket;
}

/* Answers questions for a while; true: the server got the client's message, *ret_user says whose. */
static bool gets_in(int wait_ms, char *ret_user)
{
    for (int waited = 0; waited < wait_ms; waited += 10) {
        zmq_pollitem_t items[2] = {{.socket = zap_socket(zap), .events = ZMQ_POLLIN},
                                   {.socket = server, .events = ZMQ_POLLIN}};
        zmq_poll(items, 2, 10);
        if (items[0].revents)
            zap_handle(zap);
        if (!items[1].revents)
            continue;
        zmq_msg_t part;
        zmq_msg_init(&part);
        zmq_msg_recv(&part, server, 0);
        zmq_msg_recv(&part, server, 0);
        const char *user = zmq_msg_gets(&part, "User-Id");
        strncpy(ret_user, user ? user : "", ZAP_KEY_SIZE);
        zmq_msg_close(&part);
        return true;
    }
    return false;
}

TEST(zap_lets_a_known_key_in_under_its_name)
{
    begin();
    void *socket = client(&known);
    char user[ZAP_KEY_SIZE + 1] = "";
    EXPECT(gets_in(5000, user));
    EXPECT(strcmp(user, known.public_key) == 0);
    EXPECT(asked == 1 && zap_refused(zap) == 0);
    zmq_close(socket);
    end();
}

TEST(zap_refuses_an_unknown_key)
{
    begin();
    curve_t unknown;
    curve_make(&unknown);
    void *socket = client(&unknown);
    char user[ZAP_KEY_SIZE + 1] = "";
    EXPECT(!gets_in(300, user));
    EXPECT(asked == 1 && zap_refused(zap) == 1);
    zmq_close(socket);

    socket = client(NULL); /* no CURVE: does not even get to the question */
    EXPECT(!gets_in(200, user) && asked == 1);
    zmq_close(socket);
    end();
}

/* Nobody answers: the door stays shut. */
TEST(zap_silence_lets_nobody_in)
{
    begin();
    void *socket = client(&known);
    zmq_pollitem_t item = {.socket = server, .events = ZMQ_POLLIN};
    EXPECT(zmq_poll(&item, 1, 300) == 0);
    char user[ZAP_KEY_SIZE + 1] = "";
    EXPECT(gets_in(5000, user)); /* and opens with the answer */
    zmq_close(socket);
    end();
}

TEST(zap_one_handler_per_context)
{
    begin();
    zap_t *second = NULL;
    EXPECT(zap_open(server_context, decide, &asked, &second) == STATUS_UNAVAILABLE);
    EXPECT(!second);
    end();
}

/* Requests that are none are refused, and the handler goes on. */
TEST(zap_refuses_strange_requests)
{
    begin();
    void *asker = zmq_socket(server_context, ZMQ_REQ);
    zmq_setsockopt(asker, ZMQ_LINGER, &(int){0}, sizeof(int));
    CHECK(zmq_connect(asker, "inproc://zeromq.zap.01") == 0);
    static const int SIZES[] = {1, 2, 6, 7, 8, 20};
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        for (int part = 1; part <= SIZES[i]; part++)
            zmq_send(asker, part == 1 ? "1.0" : "x", part == 1 ? 3 : 1,
                     part < SIZES[i] ? ZMQ_SNDMORE : 0);
        zap_handle(zap);
        char text[8] = "";
        int parts = 0, more = 1;
        size_t more_size = sizeof more;
        while (more && zmq_recv(asker, text, parts == 2 ? 3 : 0, ZMQ_DONTWAIT) >= 0) {
            if (++parts == 3)
                EXPECT(memcmp(text, "400", 3) == 0);
            zmq_getsockopt(asker, ZMQ_RCVMORE, &more, &more_size);
        }
        EXPECT(parts == 6);
    }
    EXPECT(asked == 0);
    zmq_close(asker);
    end();
}
