/* net.c - see net.h: libzmq's functions over queues in memory. */
#include "net.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>
#include "zap.h"

#define SOCKETS_MAX     128
#define CONNECTIONS_MAX 256
#define PARTS_MAX       8
#define KEY_BYTES       48
#define HANDSHAKE_MS    3000
#define SLEEP_MS_MAX    60 /* a thread is busy for less */

net_weather_t net_weather = {.latency_us = 300};

typedef struct {
    char *data;
    size_t size;
} part_t;

typedef struct packet {
    struct packet *next;
    int64_t due_us;
    int64_t arrived_us;
    int count;
    part_t parts[PARTS_MAX];
} packet_t;

typedef struct {
    packet_t *first, **last; /* on its way, then arrived */
    packet_t *arrived, **arrived_last;
    uint32_t count, arrived_count;
    int64_t last_due_us;
} pipe_t;

struct connection;

typedef struct {
    bool used;
    int type;
    process_t *process;
    char endpoint[128]; /* bound or connected to */
    bool bound, connecting;
    int64_t try_us;                /* next attempt to connect */
    bool refused;                  /* by ZAP: never again */
    struct connection *connection; /* of a DEALER */
    uint32_t next_identity;
    int linger_ms, send_mark, receive_mark, retry_ms;
    bool curve_server;
    char server_key[KEY_BYTES], public_key[KEY_BYTES], secret_key[KEY_BYTES];
    int fd;
    bool signalled;
    packet_t *reading; /* the message whose parts are being received */
    int reading_part;
    struct connection *reading_from;
    packet_t *writing; /* parts sent so far */
    struct connection *writing_to;
    bool writing_lost;
} socket_t_;

typedef struct connection {
    bool used, up;
    socket_t_ *dealer, *router; /* NULL: that side is gone */
    uint8_t identity[5];
    char key[KEY_BYTES];
    pipe_t to_router, to_dealer;
    int64_t up_us;    /* handshake done */
    int64_t break_us; /* breaks by itself then */
    int64_t stall_us; /* nothing arrives before */
    bool asks_zap;    /* waits for the ZAP handler */
    int64_t asked_us;
} connection_t;

static socket_t_ sockets[SOCKETS_MAX];
static connection_t connections[CONNECTIONS_MAX];
static size_t socket_top, connection_top; /* none used at or above */
static uint32_t breaks;
static int64_t next_cache_us; /* 0: unknown */

/* Per process: how often it was disturbed. */
static struct {
    const process_t *process;
    uint32_t count;
    int64_t stalled_until_us;
} disturbed[64];

static void disturb(const process_t *process, int64_t stalled_until_us)
{
    for (size_t i = 0; i < 64; i++)
        if (!disturbed[i].process || disturbed[i].process == process) {
            disturbed[i].process = process;
            disturbed[i].count++;
            if (stalled_until_us > disturbed[i].stalled_until_us)
                disturbed[i].stalled_until_us = stalled_until_us;
            return;
        }
}

uint32_t net_disturbed(const process_t *process)
{
    for (size_t i = 0; i < 64 && disturbed[i].process; i++)
        if (disturbed[i].process == process)
            return disturbed[i].count;
    return 0;
}

int64_t net_stalled_until_us(const process_t *process)
{
    for (size_t i = 0; i < 64 && disturbed[i].process; i++)
        if (disturbed[i].process == process)
            return disturbed[i].stalled_until_us;
    return 0;
}

uint32_t net_breaks(void)
{
    return breaks;
}

/* --- pipes ----------------------------------------------------------------------------------- */

static void packet_free(packet_t *packet)
{
    for (int i = 0; i < packet->count; i++)
        free(packet->parts[i].data);
    free(packet);
}

static void pipe_open(pipe_t *self)
{
    *self = (pipe_t){0};
    self->last = &self->first;
    self->arrived_last = &self->arrived;
}

static void drop_on_way(pipe_t *self)
{
    while (self->first) {
        packet_t *packet = self->first;
        self->first = packet->next;
        packet_free(packet);
        self->count--;
    }
    self->last = &self->first;
}

static void drop_arrived(pipe_t *self)
{
    while (self->arrived) {
        packet_t *packet = self->arrived;
        self->arrived = packet->next;
        packet_free(packet);
        self->arrived_count--;
    }
    self->arrived_last = &self->arrived;
}

static packet_t *take_arrived(pipe_t *self)
{
    packet_t *packet = self->arrived;
    self->arrived = packet->next;
    if (!self->arrived)
        self->arrived_last = &self->arrived;
    self->arrived_count--;
    return packet;
}

static void signal_socket(socket_t_ *socket)
{
    if (socket) {
        socket->signalled = true;
        fd_changed(socket->fd);
    }
}

/* --- connections --------------------------------------------------------------------------------- */

static void connection_break(connection_t *self, const char *why)
{
    if (!self->up)
        return;
    say("%s and %s are no longer connected: %s",
        self->dealer ? self->dealer->process->name : "(gone)",
        self->router ? self->router->process->name : "(gone)", why);
    self->up = false;
    breaks++;
    drop_on_way(&self->to_router);
    drop_on_way(&self->to_dealer);
    socket_t_ *dealer = self->dealer;
    if (dealer) {
        disturb(dealer->process, 0);
        /* What had arrived is read, or went with the pipe. */
        if (one_in(2))
            drop_arrived(&self->to_dealer);
        signal_socket(dealer);
        dealer->connecting = true;
        dealer->try_us = world_us() + dealer->retry_ms * MS_US;
    }
    if (self->router) {
        disturb(self->router->process, 0);
        if (one_in(2))
            drop_arrived(&self->to_router);
        signal_socket(self->router);
    }
}

/* Nobody can reach it any more and nothing is left to read. */
static void connection_reap(connection_t *self)
{
    if (self->up || self->asks_zap)
        return;
    bool dealer_reads = self->dealer && self->dealer->connection == self && self->to_dealer.arrived;
    bool router_reads = self->router && self->to_router.arrived;
    bool being_read = (self->dealer && self->dealer->reading_from == self) ||
                      (self->router && self->router->reading_from == self);
    if (dealer_reads || router_reads || being_read)
        return;
    drop_arrived(&self->to_dealer);
    drop_arrived(&self->to_router);
    if (self->dealer && self->dealer->connection == self)
        self->dealer->connection = NULL;
    self->used = false;
}

static socket_t_ *bound_to(const char *endpoint)
{
    for (size_t i = 0; i < socket_top; i++)
        if (sockets[i].used && sockets[i].bound && strcmp(sockets[i].endpoint, endpoint) == 0)
            return &sockets[i];
    return NULL;
}

static connection_t *connection_new(socket_t_ *dealer, socket_t_ *router)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (!connections[i].used) {
            connection_t *self = &connections[i];
            if (i >= connection_top)
                connection_top = i + 1;
            memset(self, 0, sizeof *self);
            self->used = true;
            self->dealer = dealer;
            self->router = router;
            pipe_open(&self->to_dealer);
            pipe_open(&self->to_router);
            return self;
        }
    broken("simulator", "more than %d connections", CONNECTIONS_MAX);
}

static void connection_up(connection_t *self)
{
    uint32_t name = self->router->next_identity++;
    self->identity[0] = 0;
    memcpy(self->identity + 1, &name, 4);
    memcpy(self->key, self->dealer->public_key, KEY_BYTES);
    self->up = true;
    self->break_us = NEVER_US;
    self->dealer->connecting = false;
    signal_socket(self->dealer);
}

static void try_connect(socket_t_ *dealer)
{
    socket_t_ *router = bound_to(dealer->endpoint);
    connection_t *old = dealer->connection;
    if (old && !old->up && old->to_dealer.arrived) {
        dealer->try_us = world_us() + 10 * MS_US; /* still being read */
        return;
    }
    if (old && old->asks_zap) {
        dealer->try_us = NEVER_US;
        return;
    }
    if (!router) {
        dealer->try_us = world_us() + dealer->retry_ms * MS_US;
        return;
    }
    if (old)
        connection_reap(old);
    connection_t *self = connection_new(dealer, router);
    dealer->connection = self;
    dealer->try_us = NEVER_US;
    self->up_us = world_us() + 100 + below(2000);
    if (router->curve_server) {
        self->asks_zap = true;
        self->asked_us = world_us();
    }
}

/* --- ZAP: in place of bus/zap.c ------------------------------------------------------------------- */

struct zap {
    zap_decide_t decide;
    void *arg;
    process_t *process;
    socket_t_ *socket;
    uint64_t refused;
};

static socket_t_ *socket_new(int type);

status_t zap_open(void *context, zap_decide_t decide, void *arg, zap_t **ret)
{
    (void) context;
    zap_t *self = calloc(1, sizeof *self);
    self->decide = decide;
    self->arg = arg;
    self->process = process_now();
    self->socket = socket_new(ZMQ_REP);
    *ret = self;
    return STATUS_OK;
}

void zap_close(zap_t **self)
{
    if (*self)
        zmq_close((*self)->socket);
    *self = NULL;
}

void *zap_socket(zap_t *self)
{
    return self->socket;
}

uint64_t zap_refused(const zap_t *self)
{
    return self->refused;
}

bool zap_handle(zap_t *self)
{
    self->socket->signalled = false;
    for (size_t i = 0; i < connection_top; i++) {
        connection_t *connection = &connections[i];
        if (!connection->used || !connection->asks_zap || connection->up_us > world_us() ||
            !connection->router || connection->router->process != self->process)
            continue;
        char key[ZAP_KEY_SIZE];
        memcpy(key, connection->dealer->public_key, sizeof key);
        connection->asks_zap = false;
        if (self->decide(self->arg, key)) {
            connection_up(connection);
        } else {
            self->refused++;
            connection->dealer->refused = true;
            connection->dealer->connection = NULL;
            connection->used = false;
        }
    }
    return false;
}

/* --- time ---------------------------------------------------------------------------------------------- */

static bool arrive(connection_t *self, pipe_t *pipe, socket_t_ *reader)
{
    bool any = false;
    while (pipe->first && pipe->first->due_us <= world_us() && self->stall_us <= world_us()) {
        packet_t *packet = pipe->first;
        pipe->first = packet->next;
        if (!pipe->first)
            pipe->last = &pipe->first;
        pipe->count--;
        packet->next = NULL;
        packet->arrived_us = world_us();
        if (!reader) {
            packet_free(packet);
            continue;
        }
        *pipe->arrived_last = packet;
        pipe->arrived_last = &packet->next;
        pipe->arrived_count++;
        signal_socket(reader);
        any = true;
    }
    return any;
}

void net_deliver(void)
{
    int64_t now_us = world_us();
    if (next_cache_us > now_us)
        return;
    next_cache_us = 0;
    for (size_t i = 0; i < socket_top; i++)
        if (sockets[i].used && sockets[i].connecting && !sockets[i].refused &&
            sockets[i].try_us <= now_us)
            try_connect(&sockets[i]);
    for (size_t i = 0; i < connection_top; i++) {
        connection_t *self = &connections[i];
        if (!self->used)
            continue;
        if (!self->up && !self->asks_zap && self->up_us && self->up_us <= now_us && self->dealer &&
            self->router && self->dealer->connection == self && self->dealer->connecting &&
            self->break_us == 0) {
            connection_up(self);
        }
        if (self->asks_zap && self->up_us <= now_us) {
            for (size_t j = 0; j < socket_top; j++)
                if (sockets[j].used && sockets[j].type == ZMQ_REP && self->router &&
                    sockets[j].process == self->router->process)
                    signal_socket(&sockets[j]);
            if (now_us - self->asked_us >= HANDSHAKE_MS * MS_US) {
                self->asked_us = now_us;
                self->up_us = now_us + 1000;
            }
        }
        if (self->up && self->break_us && self->break_us != NEVER_US && self->break_us <= now_us)
            connection_break(self, "it is closed");
        if (self->up) {
            arrive(self, &self->to_router, self->router);
            arrive(self, &self->to_dealer, self->dealer);
        } else if (self->up_us && self->break_us) {
            connection_reap(self);
        }
    }
    net_next_us();
}

static void sooner(int64_t *next, int64_t us)
{
    if (us < *next)
        *next = us;
}

int64_t net_next_us(void)
{
    int64_t next = NEVER_US;
    if (next_cache_us)
        return next_cache_us;
    for (size_t i = 0; i < socket_top; i++)
        if (sockets[i].used && sockets[i].connecting && !sockets[i].refused)
            sooner(&next, sockets[i].try_us);
    for (size_t i = 0; i < connection_top; i++) {
        connection_t *self = &connections[i];
        if (!self->used)
            continue;
        if (self->asks_zap)
            sooner(&next, self->up_us > world_us() ? self->up_us : world_us() + 50 * MS_US);
        else if (!self->up && self->up_us > world_us())
            sooner(&next, self->up_us);
        if (!self->up)
            continue;
        if (self->break_us && self->break_us != NEVER_US)
            sooner(&next, self->break_us);
        const pipe_t *pipes[2] = {&self->to_router, &self->to_dealer};
        for (int j = 0; j < 2; j++)
            if (pipes[j]->first)
                sooner(&next, pipes[j]->first->due_us > self->stall_us ? pipes[j]->first->due_us
                                                                       : self->stall_us);
    }
    next_cache_us = next;
    return next;
}

static void something_new(void)
{
    next_cache_us = 0;
}

/* --- sockets --------------------------------------------------------------------------------------------- */

static bool socket_signalled(void *arg)
{
    return ((socket_t_ *) arg)->signalled;
}

static socket_t_ *socket_new(int type)
{
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        if (!sockets[i].used) {
            socket_t_ *self = &sockets[i];
            if (i >= socket_top)
                socket_top = i + 1;
            memset(self, 0, sizeof *self);
            self->used = true;
            self->type = type;
            self->process = process_now();
            self->send_mark = self->receive_mark = 1000;
            self->retry_ms = 100;
            self->next_identity = (uint32_t) chance();
            self->fd = fd_new(socket_signalled, self);
            return self;
        }
    broken("simulator", "more than %d sockets", SOCKETS_MAX);
}

/* A socket goes; what it sent still arrives if it lingers. */
static void socket_release(socket_t_ *self, bool linger)
{
    for (size_t i = 0; i < connection_top; i++) {
        connection_t *connection = &connections[i];
        if (!connection->used || (connection->dealer != self && connection->router != self))
            continue;
        bool is_dealer = connection->dealer == self;
        pipe_t *in = is_dealer ? &connection->to_dealer : &connection->to_router;
        pipe_t *out = is_dealer ? &connection->to_router : &connection->to_dealer;
        drop_on_way(in);
        drop_arrived(in);
        if (is_dealer)
            connection->dealer = NULL;
        else
            connection->router = NULL;
        if (!connection->dealer && !connection->router) {
            drop_on_way(out);
            drop_arrived(out);
            connection->used = false;
            continue;
        }
        if (connection->asks_zap || !connection->up) {
            connection->asks_zap = false;
            if (connection->up_us > world_us() || !connection->up) {
                if (connection->dealer && !connection->up && connection->dealer->connecting)
                    connection->dealer->try_us = world_us() + connection->dealer->retry_ms * MS_US;
                if (connection->dealer && connection->dealer->connection == connection &&
                    !connection->to_dealer.arrived)
                    connection->dealer->connection = NULL;
                if (!(connection->dealer && connection->to_dealer.arrived) &&
                    !(connection->router && connection->to_router.arrived))
                    connection->used = false;
                else
                    connection->break_us = NEVER_US, connection->up_us = 1;
            }
            continue;
        }
        if (!linger)
            drop_on_way(out);
        connection->stall_us = 0;
        connection->break_us = (out->first ? out->last_due_us : world_us()) + 1 + below(500);
    }
    if (self->reading)
        packet_free(self->reading);
    if (self->writing)
        packet_free(self->writing);
    fd_close(self->fd);
    self->used = false;
    something_new();
}

void net_process_gone(process_t *process)
{
    for (size_t i = 0; i < socket_top; i++)
        if (sockets[i].used && sockets[i].process == process)
            socket_release(&sockets[i], one_in(2));
}

uint32_t net_unread(const process_t *process)
{
    uint32_t count = 0;
    for (size_t i = 0; i < connection_top; i++) {
        const connection_t *self = &connections[i];
        if (!self->used)
            continue;
        if (self->router && self->router->process == process)
            count += self->to_router.arrived_count;
        if (self->dealer && self->dealer->process == process)
            count += self->to_dealer.arrived_count;
    }
    return count;
}

/* While libzmq works, its own thread brings messages: between finding a socket empty and asking for
 * its events something may have come. */
static void meanwhile(void)
{
    world_pass(below(4));
    net_deliver();
}

/* --- libzmq ------------------------------------------------------------------------------------------------- */

void *zmq_ctx_new(void)
{
    return calloc(1, 16);
}

int zmq_ctx_set(void *context, int option, int value)
{
    (void) context;
    (void) option;
    (void) value;
    return 0;
}

int zmq_ctx_term(void *context)
{
    free(context);
    return 0;
}

void *zmq_socket(void *context, int type)
{
    (void) context;
    return socket_new(type);
}

int zmq_close(void *socket)
{
    socket_t_ *self = socket;
    socket_release(self, self->linger_ms != 0 || one_in(2));
    return 0;
}

static int copy_text(char *out, size_t size, const void *value, size_t length)
{
    if (length >= size)
        return -1;
    memcpy(out, value, length);
    out[length] = 0;
    return 0;
}

int zmq_setsockopt(void *socket, int option, const void *value, size_t size)
{
    socket_t_ *self = socket;
    int number = 0;
    if (size == sizeof number)
        memcpy(&number, value, sizeof number);
    switch (option) {
    case ZMQ_LINGER:
        self->linger_ms = number;
        break;
    case ZMQ_SNDHWM:
        self->send_mark = number;
        break;
    case ZMQ_RCVHWM:
        self->receive_mark = number;
        break;
    case ZMQ_RECONNECT_IVL:
        self->retry_ms = number;
        break;
    case ZMQ_CURVE_SERVER:
        self->curve_server = number;
        break;
    case ZMQ_CURVE_SERVERKEY:
        return copy_text(self->server_key, KEY_BYTES, value, size);
    case ZMQ_CURVE_PUBLICKEY:
        return copy_text(self->public_key, KEY_BYTES, value, size);
    case ZMQ_CURVE_SECRETKEY:
        return copy_text(self->secret_key, KEY_BYTES, value, size);
    default:
        break;
    }
    return 0;
}

static bool is_full(const socket_t_ *sender, const socket_t_ *reader, const pipe_t *pipe)
{
    if (sender->send_mark == 0 || !reader || reader->receive_mark == 0)
        return false;
    return pipe->count + pipe->arrived_count >=
           (uint32_t) (sender->send_mark + reader->receive_mark);
}

static bool can_read(const socket_t_ *self)
{
    if (self->type == ZMQ_DEALER)
        return self->connection && self->connection->to_dealer.arrived;
    for (size_t i = 0; i < connection_top; i++)
        if (connections[i].used && connections[i].router == self &&
            connections[i].to_router.arrived)
            return true;
    return false;
}

int zmq_getsockopt(void *socket, int option, void *value, size_t *size)
{
    socket_t_ *self = socket;
    int number = 0;
    if (option == ZMQ_LAST_ENDPOINT) {
        snprintf(value, *size, "%s", self->endpoint);
        return 0;
    }
    if (option == ZMQ_FD) {
        number = self->fd;
    } else if (option == ZMQ_EVENTS) {
        meanwhile();
        self->signalled = false; /* the edge is taken */
        number = can_read(self) ? ZMQ_POLLIN : 0;
        if (self->type != ZMQ_DEALER || (self->connection && self->connection->up))
            number |= ZMQ_POLLOUT;
    }
    memcpy(value, &number, sizeof number);
    return 0;
}

int zmq_bind(void *socket, const char *endpoint)
{
    socket_t_ *self = socket;
    if (bound_to(endpoint)) {
        errno = EADDRINUSE;
        return -1;
    }
    snprintf(self->endpoint, sizeof self->endpoint, "%s", endpoint);
    self->bound = true;
    return 0;
}

int zmq_connect(void *socket, const char *endpoint)
{
    socket_t_ *self = socket;
    snprintf(self->endpoint, sizeof self->endpoint, "%s", endpoint);
    self->connecting = true;
    self->try_us = world_us() + 50;
    something_new();
    return 0;
}

const char *zmq_strerror(int error)
{
    return strerror(error);
}

int zmq_errno(void)
{
    return errno;
}

int zmq_curve_keypair(char *public_key, char *secret_key)
{
    static const char ALPHABET[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char *keys[2] = {public_key, secret_key};
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 40; j++)
            keys[i][j] = ALPHABET[below(62)];
        keys[i][40] = 0;
    }
    return 0;
}

/* --- messages -------------------------------------------------------------------------------------------------- */

typedef struct {
    char *data;
    size_t size;
    bool more;
    const char *key;
} message_t;

_Static_assert(sizeof(message_t) <= sizeof(zmq_msg_t), "fits");

static message_t *message_of(zmq_msg_t *message)
{
    return (message_t *) message;
}

int zmq_msg_init(zmq_msg_t *message)
{
    memset(message, 0, sizeof *message);
    return 0;
}

int zmq_msg_init_size(zmq_msg_t *message, size_t size)
{
    zmq_msg_init(message);
    message_of(message)->data = calloc(1, size ? size : 1);
    message_of(message)->size = size;
    return 0;
}

int zmq_msg_close(zmq_msg_t *message)
{
    free(message_of(message)->data);
    message_of(message)->data = NULL;
    message_of(message)->size = 0;
    return 0;
}

int zmq_msg_move(zmq_msg_t *to, zmq_msg_t *from)
{
    zmq_msg_close(to);
    memcpy(to, from, sizeof *to);
    zmq_msg_init(from);
    return 0;
}

void *zmq_msg_data(zmq_msg_t *message)
{
    static char nothing[8];
    return message_of(message)->data ? message_of(message)->data : nothing;
}

size_t zmq_msg_size(const zmq_msg_t *message)
{
    return ((const message_t *) message)->size;
}

int zmq_msg_more(const zmq_msg_t *message)
{
    return ((const message_t *) message)->more;
}

const char *zmq_msg_gets(const zmq_msg_t *message, const char *name)
{
    (void) name;
    return ((const message_t *) message)->key;
}

/* --- sending ---------------------------------------------------------------------------------------------------- */

static connection_t *routed(socket_t_ *self, const void *identity, size_t size)
{
    for (size_t i = 0; size == 5 && i < connection_top; i++)
        if (connections[i].used && connections[i].up && connections[i].router == self &&
            memcmp(connections[i].identity, identity, 5) == 0)
            return &connections[i];
    return NULL;
}

static void send_off(socket_t_ *self, packet_t *packet, connection_t *to)
{
    pipe_t *pipe = self->type == ZMQ_DEALER ? &to->to_router : &to->to_dealer;
    socket_t_ *other = self->type == ZMQ_DEALER ? to->router : to->dealer;
    if (net_weather.break_every && one_in(net_weather.break_every) && self->process && other) {
        connection_break(to, "it breaks");
        packet_free(packet);
        return;
    }
    if (net_weather.stall_every && one_in(net_weather.stall_every) && other) {
        uint32_t ms = 1 + below(net_weather.stall_ms_max);
        say("the connection of %s and %s stalls for %u ms", self->process->name,
            other->process->name, ms);
        to->stall_us = world_us() + ms * MS_US;
        disturb(self->process, to->stall_us);
        disturb(other->process, to->stall_us);
    }
    int64_t latency_us =
        5 + below(one_in(20) ? net_weather.latency_us * 20 + 1 : net_weather.latency_us + 1);
    packet->due_us = world_us() + latency_us;
    if (packet->due_us < pipe->last_due_us)
        packet->due_us = pipe->last_due_us; /* one connection keeps its order */
    pipe->last_due_us = packet->due_us;
    packet->next = NULL;
    *pipe->last = packet;
    pipe->last = &packet->next;
    pipe->count++;
    something_new();
}

/* Takes `data`. */
static int send_part(socket_t_ *self, char *bytes, size_t size, int flags)
{
    if (!self->writing)
        meanwhile();
    self->signalled = false; /* whoever sends takes the edge */
    if (!self->writing) {
        connection_t *to;
        if (self->type == ZMQ_ROUTER) {
            to = routed(self, bytes, size);
            if (!to || !to->dealer) {
                free(bytes);
                errno = EHOSTUNREACH;
                return -1;
            }
            if (is_full(self, to->dealer, &to->to_dealer)) {
                free(bytes);
                errno = EAGAIN;
                return -1;
            }
            free(bytes);
            self->writing = calloc(1, sizeof *self->writing);
            self->writing_to = to;
            return (int) size;
        }
        to = self->connection;
        if (!to || !to->up || !to->router || is_full(self, to->router, &to->to_router)) {
            free(bytes);
            errno = EAGAIN;
            return -1;
        }
        self->writing = calloc(1, sizeof *self->writing);
        self->writing_to = to;
    }
    packet_t *packet = self->writing;
    packet->parts[packet->count++] = (part_t){bytes, size};
    if (!(flags & ZMQ_SNDMORE)) {
        self->writing = NULL;
        send_off(self, packet, self->writing_to);
    }
    return (int) size;
}

int zmq_send(void *socket, const void *data, size_t size, int flags)
{
    char *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    return send_part(socket, copy, size, flags);
}

int zmq_msg_send(zmq_msg_t *message, void *socket, int flags)
{
    message_t *self = message_of(message);
    char *bytes = self->data ? self->data : malloc(1);
    size_t size = self->size;
    zmq_msg_init(message);
    return send_part(socket, bytes, size, flags);
}

/* --- receiving ---------------------------------------------------------------------------------------------------- */

/* Which connection a ROUTER reads next: any with something, so that senders overtake each other. */
static connection_t *next_to_read(socket_t_ *self)
{
    if (self->type == ZMQ_DEALER)
        return can_read(self) ? self->connection : NULL;
    connection_t *found[CONNECTIONS_MAX];
    uint32_t count = 0;
    for (size_t i = 0; i < connection_top; i++)
        if (connections[i].used && connections[i].router == self &&
            connections[i].to_router.arrived)
            found[count++] = &connections[i];
    return count ? found[count > 1 ? below(count) : 0] : NULL;
}

/* A process that waits for messages takes them when they come: else it took a wake-up and left the
 * message, and would not have looked before its next timer. */
static void check_slept(const socket_t_ *self, const packet_t *packet)
{
    const process_t *process = self->process;
    int64_t slept_us = world_us() - packet->arrived_us;
    if (process && process->fragile && slept_us > SLEEP_MS_MAX * MS_US &&
        process->frozen_us < packet->arrived_us)
        broken("no message sleeps", "%s took a message %lld ms after it came", process->name,
               (long long) slept_us / 1000);
}

int zmq_msg_recv(zmq_msg_t *message, void *socket, int flags)
{
    (void) flags;
    socket_t_ *self = socket;
    message_t *out = message_of(message);
    zmq_msg_close(message);
    zmq_msg_init(message);
    if (!self->reading) {
        meanwhile();
        connection_t *from = next_to_read(self);
        if (!from) {
            self->signalled = false;
            errno = EAGAIN;
            return -1;
        }
        self->reading =
            take_arrived(self->type == ZMQ_DEALER ? &from->to_dealer : &from->to_router);
        self->reading_from = from;
        self->reading_part = 0;
        check_slept(self, self->reading);
        if (self->type == ZMQ_ROUTER) {
            out->data = malloc(5);
            memcpy(out->data, from->identity, 5);
            out->size = 5;
            out->more = true;
            return 5;
        }
    }
    packet_t *packet = self->reading;
    part_t *part = &packet->parts[self->reading_part++];
    out->data = part->data;
    out->size = part->size;
    part->data = NULL;
    out->key = self->type == ZMQ_ROUTER ? self->reading_from->key : NULL;
    out->more = self->reading_part < packet->count;
    if (!out->more) {
        packet_free(packet);
        self->reading = NULL;
        self->reading_from = NULL;
    }
    return (int) out->size;
}

/* Only key files ask for it, and the simulation has none. */
uint8_t *zmq_z85_decode(uint8_t *out, const char *text)
{
    (void) text;
    return out;
}
