/* server_test.c - a whole service (threads, database, link) against a stand-in for the broker.
 *
 * The service is a thread of this program and has handlers of its own for methods of the contract;
 * the stand-in is a bare ROUTER in the test's thread, so that a test says what comes and when.  A gate
 * holds the service's threads inside a handler. */
#include "server.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>
#include "check.h"
#include "clock.h"
#include "crypto.h"
#include "frame.h"
#include "server_internal.h"
#include "test.h"
#include "text.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"
#include "yiwang/identity.pb-c.h"

#define WAIT_MS     8000 /* for what must come; sanitizers are slow */
#define QUIET_MS    150  /* in which what must not come would have come */
#define PAGES_MAX   200  /* of the small disk, each 4 KiB */
#define LARGE_BYTES (2 * PAGES_MAX * 4096)
#define PERSON      "01KAAAAAAAAAAAAAAAAAAAAAAA"
#define ITEM_A      "01KBBBBBBBBBBBBBBBBBBBBBBB"
#define ITEM_B      "01KCCCCCCCCCCCCCCCCCCCCCCC"

/* --- handlers ---------------------------------------------------------------------- */

/* A door in a handler: those who come to it wait while it is shut. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool shut;
    int came, most; /* in all; at once */
    int inside;
} gate_t;

static gate_t gates[3] = {{.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER},
                          {.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER},
                          {.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER}};
static gate_t *const in_read = &gates[0], *const in_prepare = &gates[1],
                     *const in_write = &gates[2];

static void gate_set(gate_t *self, bool shut)
{
    pthread_mutex_lock(&self->lock);
    self->shut = shut;
    pthread_cond_broadcast(&self->opened);
    pthread_mutex_unlock(&self->lock);
}

/* Gives the how manieth it is. */
static int gate_pass(gate_t *self)
{
    pthread_mutex_lock(&self->lock);
    int number = ++self->came;
    if (++self->inside > self->most)
        self->most = self->inside;
    while (self->shut)
        pthread_cond_wait(&self->opened, &self->lock);
    self->inside--;
    pthread_mutex_unlock(&self->lock);
    return number;
}

static int gate_came(gate_t *self)
{
    pthread_mutex_lock(&self->lock);
    int came = self->came;
    pthread_mutex_unlock(&self->lock);
    return came;
}

static bool gate_wait(gate_t *self, int came)
{
    for (int ms = 0; gate_came(self) < came; ms += 5) {
        if (ms >= WAIT_MS)
            return false;
        poll(NULL, 0, 5);
    }
    return true;
}

/* What the next handlers do. */
static atomic_bool skips, asks, fails;
static atomic_int keys;         /* of those events; 0: two */
static atomic_int tells, large; /* events of each; which run writes too much for a full disk */

static status_t ask_person(call_t *call)
{
    Identity__GetPersonRequest question = IDENTITY__GET_PERSON_REQUEST__INIT;
    const ProtobufCMessage *answer;
    question.account_id = PERSON;
    return call_ask(call, "identity.GetPerson", &question.base, &identity__person__descriptor,
                    &answer);
}

static status_t read_person(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Identity__GetPersonRequest *request = (const Identity__GetPersonRequest *) in;
    gate_pass(in_read);
    ((Identity__Person *) out)->account_id = request->account_id;
    call_concerns(call, request->account_id);
    return STATUS_OK;
}

/* Says where it ran; asks and sleeps as told. */
static atomic_bool read_on_bus;
static atomic_int read_sleeps_ms;
static pthread_t thread; /* the service's main, which is its bus thread */

static status_t list_revocations(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void) in;
    (void) out;
    read_on_bus = pthread_equal(pthread_self(), thread);
    if (read_sleeps_ms)
        poll(NULL, 0, read_sleeps_ms);
    return asks ? ask_person(call) : STATUS_OK;
}

static status_t watch(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Case__WatchRequest *request = (const Case__WatchRequest *) in;
    int64_t count = store_number(call->store, "SELECT count(*) FROM news");
    if (count <= request->cursor && call_wait(call, (uint32_t) request->wait_ms))
        return STATUS_OK;
    ((Case__WatchAnswer *) out)->cursor = count;
    return STATUS_OK;
}

static status_t prepare_tick(call_t *call, const ProtobufCMessage *in)
{
    (void) in;
    gate_pass(in_prepare);
    call->skip = skips;
    return asks ? ask_person(call) : STATUS_OK;
}

/* Writes a row of news, and events by turns for two keys. */
static status_t tick(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void) in;
    (void) out;
    int number = gate_pass(in_write);
    query_t *insert = query(call->store, "INSERT INTO news (text) VALUES (zeroblob(:size))");
    query_int(insert, "size", number == large ? LARGE_BYTES : 1);
    status_t status = query_done(insert);
    for (int i = 0; status == STATUS_OK && i < tells; i++) {
        Catalog__ItemUsed event = CATALOG__ITEM_USED__INIT;
        event.item_id = keys > 2
                            ? arena_printf(call->arena, "01KDDDDDDDDDDDDDDDDDDDD%03d", i % keys)
                        : i % 2 ? ITEM_B
                                : ITEM_A;
        event.case_id = PERSON;
        status = call_event(call, &event.base);
    }
    if (status == STATUS_OK && fails)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "test.refused", NULL, "不行");
    return status;
}

static status_t count_use(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return tick(call, in, out);
}

static const handler_t HANDLERS[] = {
    {.method = "identity.GetPerson", .run = read_person},
    {.method = "identity.ListRevocations", .run = list_revocations},
    {.method = "case.Watch", .run = watch},
    {.method = "case.Tick", .run = tick, .prepare = prepare_tick},
    {.method = "catalog.CountUse", .run = count_use},
};
static const migration_t MIGRATIONS[] = {
    {"0001_news.sql", "CREATE TABLE news (id INTEGER PRIMARY KEY, text BLOB) STRICT;"}};
static const tick_t TICKS[] = {{.method = "case.Tick", .every_ms = 20}};

static int64_t pages_max; /* 0: no limit */

static status_t open_service(config_t *config, store_t *store, void **ret_context)
{
    (void) config;
    *ret_context = NULL;
    if (pages_max)
        store_limit_pages(store, pages_max);
    return STATUS_OK;
}

/* --- the stand-in --------------------------------------------------------------------- */

typedef struct heard {
    struct heard *next;
    frame_t frame;
    size_t meta_size, body_size;
    uint8_t meta[256], body[512]; /* no message of these tests is larger */
} heard_t;

static char folder[32], config_path[64], endpoint[64];
static void *context, *router;
static uint8_t peer[5];
static heard_t *inbox, *last; /* last: what take() gave, freed by the next */
static arena_t *memory;
static service_t service;
static int exit_status;

static void broker_open(void)
{
    context = zmq_ctx_new();
    router = zmq_socket(context, ZMQ_ROUTER);
    zmq_setsockopt(router, ZMQ_LINGER, &(int){0}, sizeof(int));
    zmq_setsockopt(router, ZMQ_SNDHWM, &(int){0}, sizeof(int));
    zmq_setsockopt(router, ZMQ_RCVHWM, &(int){0}, sizeof(int));
    CHECK(zmq_bind(router, endpoint) == 0);
}

static void broker_close(void)
{
    zmq_close(router);
    zmq_ctx_term(context);
    unlink(endpoint + strlen("ipc://")); /* libzmq leaves it */
}

static void say(const frame_t *frame, const ProtobufCMessage *meta, const ProtobufCMessage *body)
{
    uint8_t header[FRAME_HEADER_MAX], text[512];
    bool call = frame->command == COMMAND_CALL, answer = frame->command == COMMAND_ANSWER;
    zmq_send(router, peer, sizeof peer, ZMQ_SNDMORE);
    zmq_send(router, header, frame_write(frame, header), call || answer ? ZMQ_SNDMORE : 0);
    if (call)
        zmq_send(router, text, protobuf_c_message_pack(meta, text), ZMQ_SNDMORE);
    if (call || answer)
        zmq_send(router, text, body ? protobuf_c_message_pack(body, text) : 0, 0);
}

#define SAY(...) say(&(frame_t){__VA_ARGS__}, NULL, NULL)

/* Takes one message off the socket into the inbox; heartbeats are answered here. */
static bool pump(int wait_ms)
{
    zmq_pollitem_t item = {.socket = router, .events = ZMQ_POLLIN};
    uint8_t header[FRAME_HEADER_MAX], more[512];
    if (zmq_poll(&item, 1, wait_ms) <= 0)
        return false;
    heard_t *heard = xalloc(sizeof *heard);
    CHECK(zmq_recv(router, peer, sizeof peer, 0) == sizeof peer);
    int size = zmq_recv(router, header, sizeof header, 0);
    CHECK(frame_read(header, (size_t) size, &heard->frame));
    if (heard->frame.command == COMMAND_CALL)
        heard->meta_size = (size_t) zmq_recv(router, heard->meta, sizeof heard->meta, 0);
    if (heard->frame.command == COMMAND_CALL || heard->frame.command == COMMAND_ANSWER)
        heard->body_size = (size_t) zmq_recv(router, heard->body, sizeof heard->body, 0);
    int rest = 0;
    size_t rest_size = sizeof rest;
    while (zmq_getsockopt(router, ZMQ_RCVMORE, &rest, &rest_size) == 0 && rest)
        zmq_recv(router, more, sizeof more, 0);
    CHECK(heard->meta_size <= sizeof heard->meta && heard->body_size <= sizeof heard->body);
    if (heard->frame.command == COMMAND_HEARTBEAT) {
        free(heard);
        SAY(.command = COMMAND_HEARTBEAT);
        return true;
    }
    heard_t **end = &inbox;
    while (*end)
        end = &(*end)->next;
    *end = heard;
    return true;
}

/* The first message of this kind (call 0: any), waiting for it; NULL: it does not come. */
static heard_t *take(command_t command, uint64_t call, int wait_ms)
{
    int64_t until_ms = clock_mono_ms() + wait_ms;
    for (;;) {
        for (heard_t **at = &inbox; *at; at = &(*at)->next)
            if ((*at)->frame.command == command && (!call || (*at)->frame.call == call)) {
                free(last);
                last = *at;
                *at = last->next;
                return last;
            }
        int64_t left_ms = until_ms - clock_mono_ms();
        if (left_ms <= 0)
            return NULL;
        pump((int) left_ms);
    }
}

static void inbox_empty(void)
{
    for (heard_t *heard; (heard = inbox) != NULL; free(heard))
        inbox = heard->next;
    free(last);
    last = NULL;
}

/* --- its other side ------------------------------------------------------------------------ */

static void *run(void *arg)
{
    char *argv[] = {"server_test", config_path, NULL};
    (void) arg;
    exit_status = service_main(2, argv, &service);
    return NULL;
}

static bool join(void)
{
    if (!take(COMMAND_READY, 0, WAIT_MS))
        return false;
    SAY(.command = COMMAND_HEARTBEAT);
    return true;
}

/* The service with these settings has joined. */
static void begin(const char *settings)
{
    uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE] = {1}, master[CRYPTO_KEY_SIZE] = {2};
    char path[128];

    skips = asks = fails = false;
    tells = large = keys = read_sleeps_ms = 0;
    for (size_t i = 0; i < 3; i++)
        gates[i].shut = false, gates[i].came = gates[i].most = gates[i].inside = 0;
    service = (service_t){.name = "case",
                          .handlers = HANDLERS,
                          .migrations = MIGRATIONS,
                          .migration_count = 1,
                          .open = open_service,
                          .handler_count = sizeof HANDLERS / sizeof *HANDLERS};
    memory = arena_new(1 << 20);
    crypto_init();
    snprintf(folder, sizeof folder, "/tmp/server_test_XXXXXX");
    CHECK(mkdtemp(folder));
    snprintf(endpoint, sizeof endpoint, "ipc://%s/broker", folder);
    snprintf(path, sizeof path, "%s/token.public", folder);
    CHECK(crypto_key_save(path, public_key, sizeof public_key) == STATUS_OK);
    snprintf(path, sizeof path, "%s/master.key", folder);
    CHECK(crypto_key_save(path, master, sizeof master) == STATUS_OK);
    snprintf(config_path, sizeof config_path, "%s/conf", folder);
    FILE *file = fopen(config_path, "w");
    CHECK(file);
    fprintf(file, "[platform]\nrun_dir = %s\ndata_dir = %s\nkey_dir = %s\nlog = error\n[case]\n%s",
            folder, folder, folder, settings);
    CHECK(fclose(file) == 0);
    broker_open();
}

static bool start(void)
{
    CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
    return join();
}

static void ask_to_stop(void)
{
    CHECK(pthread_kill(thread, SIGTERM) == 0);
}

/* The broker has heard of the stop; cleans up. */
static void let_go(void)
{
    SAY(.command = COMMAND_DRAIN, .name = "case");
    CHECK(pthread_join(thread, NULL) == 0);
    EXPECT(exit_status == 0);
    EXPECT(take(COMMAND_BYE, 0, WAIT_MS));
    broker_close();
    inbox_empty();
    arena_free(&memory);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK(system(command) == 0);
}

static void end(void)
{
    EXPECT(take(COMMAND_DRAIN, 0, WAIT_MS));
    let_go();
}

static void stop(void)
{
    ask_to_stop();
    end();
}

static int64_t number(const char *sql)
{
    char path[64], error[200];
    store_t *store;
    snprintf(path, sizeof path, "%s/case.db", folder);
    CHECK(store_open_reader(path, &store, error, sizeof error) == STATUS_OK);
    int64_t value = store_number(store, sql);
    store_close(&store);
    return value;
}

static void send_call(uint64_t call, const char *name, uint32_t timeout_ms,
                      const ProtobufCMessage *body)
{
    Yw__Meta meta = YW__META__INIT;
    frame_t frame = {.command = COMMAND_CALL, .call = call, .timeout_ms = timeout_ms};
    CHECK(text_copy(frame.name, sizeof frame.name, name));
    if (text_equal(name, "case.Watch"))
        CHECK(text_copy(frame.sender, sizeof frame.sender, "system:sys1:zjj"));
    else
        meta.service = "test";
    say(&frame, &meta.base, body);
}

static void send_tick(uint64_t call)
{
    Yw__Empty empty = YW__EMPTY__INIT;
    send_call(call, "case.Tick", WAIT_MS, &empty.base);
}

static void send_read(uint64_t call, uint32_t timeout_ms)
{
    Identity__GetPersonRequest in = IDENTITY__GET_PERSON_REQUEST__INIT;
    in.account_id = PERSON;
    send_call(call, "case.GetPerson", timeout_ms, &in.base);
}

static void send_watch(uint64_t call, int64_t cursor, int32_t wait_ms, uint32_t timeout_ms)
{
    Case__WatchRequest in = CASE__WATCH_REQUEST__INIT;
    in.cursor = cursor;
    in.wait_ms = wait_ms;
    send_call(call, "case.Watch", timeout_ms, &in.base);
}

/* The answer's status, or -1. */
static int answer(uint64_t call)
{
    const heard_t *heard = take(COMMAND_ANSWER, call, WAIT_MS);
    return heard ? (int) heard->frame.status : -1;
}

static bool nothing(command_t command, uint64_t call)
{
    return !take(command, call, QUIET_MS);
}

/* A message in the test's memory. */
static const void *read_part(const ProtobufCMessageDescriptor *type, const void *data, size_t size)
{
    const void *message = message_unpack(type, memory, data, size);
    CHECK(message);
    return message;
}

/* The `code` of the refusal that answer() took. */
static bool refused_with(const char *code)
{
    const Yw__Status *failure =
        last ? read_part(&yw__status__descriptor, last->body, last->body_size) : NULL;
    return failure && text_equal(failure->code, code);
}

static int64_t cursor_of_answer(void)
{
    const Case__WatchAnswer *answer =
        last ? read_part(&case__watch_answer__descriptor, last->body, last->body_size) : NULL;
    return answer ? answer->cursor : -1;
}

/* --- tests ----------------------------------------------------------------------------------- */

TEST(what_is_answered_is_committed)
{
    begin("");
    EXPECT(start());
    send_tick(1);
    EXPECT(answer(1) == STATUS_OK);
    EXPECT(number("SELECT count(*) FROM news") == 1);
    EXPECT(
        number(
            "SELECT count(*) FROM audit WHERE caller = 'service:test' AND method = 'case.Tick'") ==
        1);
    fails = true;
    send_tick(2);
    EXPECT(answer(2) == STATUS_FAILED_PRECONDITION);
    EXPECT(refused_with("test.refused"));
    EXPECT(number("SELECT count(*) FROM news") == 1);
    EXPECT(number("SELECT count(*) FROM audit") == 2);
    stop();
}

TEST(wrong_requests_are_answered_too)
{
    begin("");
    EXPECT(start());
    Yw__Empty empty = YW__EMPTY__INIT;
    send_call(1, "case.Nothing", 1000, &empty.base);
    EXPECT(answer(1) == STATUS_UNIMPLEMENTED);
    send_call(2, "case.GetPerson", 1000, &empty.base);
    EXPECT(answer(2) == STATUS_INVALID_ARGUMENT);
    Catalog__ItemUsed event = CATALOG__ITEM_USED__INIT;
    event.item_id = ITEM_A;
    send_call(3, "case.CountUse", 1000, &event.base); /* no word of where it comes from */
    EXPECT(answer(3) == STATUS_INVALID_ARGUMENT);
    EXPECT(number("SELECT count(*) FROM audit") == 0);
    stop();
}

/* Four megabytes that would fill a hundred and more once unpacked. */
TEST(a_request_that_swells_is_refused)
{
    begin("");
    EXPECT(start());
    Yw__Meta meta = YW__META__INIT;
    uint8_t header[FRAME_HEADER_MAX], packed[64], *body = xalloc(FRAME_BODY_MAX);
    frame_t frame = {.command = COMMAND_CALL, .call = 1, .timeout_ms = 5000, .name = "case.Tick"};
    meta.service = "test";
    for (size_t i = 0; i < FRAME_BODY_MAX; i += 2)
        body[i] = 15 << 3; /* field 15, unknown, 0 */
    zmq_send(router, peer, sizeof peer, ZMQ_SNDMORE);
    zmq_send(router, header, frame_write(&frame, header), ZMQ_SNDMORE);
    zmq_send(router, packed, protobuf_c_message_pack(&meta.base, packed), ZMQ_SNDMORE);
    zmq_send(router, body, FRAME_BODY_MAX, 0);
    free(body);
    EXPECT(answer(1) == STATUS_RESOURCE_EXHAUSTED);
    EXPECT(refused_with("too_large"));
    send_tick(2);
    EXPECT(answer(2) == STATUS_OK);
    stop();
}

/* The same event twice happens once, and both are answered OK. */
TEST(an_event_happens_once)
{
    begin("");
    EXPECT(start());
    Catalog__ItemUsed event = CATALOG__ITEM_USED__INIT;
    Yw__Meta meta = YW__META__INIT;
    meta.service = meta.event_source = "test";
    meta.event_seq = 7;
    event.item_id = ITEM_A;
    for (uint64_t call = 1; call <= 2; call++) {
        say(
            &(frame_t){
                .command = COMMAND_CALL, .call = call, .timeout_ms = 5000, .name = "case.CountUse"},
            &meta.base, &event.base);
        EXPECT(answer(call) == STATUS_OK);
    }
    EXPECT(number("SELECT count(*) FROM news") == 1);
    stop();
}

TEST(a_read_of_a_person_leaves_a_row)
{
    begin("");
    EXPECT(start());
    send_read(1, 5000);
    EXPECT(answer(1) == STATUS_OK);
    EXPECT(number("SELECT count(*) FROM audit WHERE caller = 'service:test' AND"
                  " method = 'case.GetPerson' AND concerns = '" PERSON "'") == 1);
    stop();
}

static bool cheap_read(uint64_t call)
{
    Identity__ListRevocationsRequest in = IDENTITY__LIST_REVOCATIONS_REQUEST__INIT;
    send_call(call, "case.ListRevocations", WAIT_MS, &in.base);
    return answer(call) == STATUS_OK;
}

/* A method whose reads have proved cheap runs where the call came in. */
TEST(cheap_reads_need_no_reader)
{
    enum { PROOF = 32 }; /* READS_MEASURED */
    begin("");
    EXPECT(start());
    for (uint64_t call = 1; call <= PROOF; call++) {
        EXPECT(cheap_read(call));
        EXPECT(!read_on_bus);
    }
    for (uint64_t call = 101; !read_on_bus && call < 1000;
         call++) /* a busy machine may take more */
        EXPECT(cheap_read(call));
    EXPECT(read_on_bus);

    read_sleeps_ms = 10; /* once is enough to be dear again */
    for (uint64_t call = 1001; call < 1003; call++)
        EXPECT(cheap_read(call));
    EXPECT(!read_on_bus);
    read_sleeps_ms = 0;
    for (uint64_t call = 2001; !read_on_bus && call < 3000; call++)
        EXPECT(cheap_read(call));
    EXPECT(read_on_bus);

    /* Who asks another service waits for the bus thread, so he may not be on it. */
    Identity__Person person = IDENTITY__PERSON__INIT;
    Identity__ListRevocationsRequest in = IDENTITY__LIST_REVOCATIONS_REQUEST__INIT;
    asks = true;
    send_call(4001, "case.ListRevocations", WAIT_MS, &in.base);
    const heard_t *question = take(COMMAND_CALL, 0, WAIT_MS);
    EXPECT(question && !read_on_bus);
    say(&(frame_t){.command = COMMAND_ANSWER, .call = question ? question->frame.call : 0}, NULL,
        &person.base);
    EXPECT(answer(4001) == STATUS_OK);
    asks = false;
    EXPECT(cheap_read(4002));
    EXPECT(!read_on_bus);
    stop();
}

TEST(a_prepare_half_may_find_nothing_to_do)
{
    begin("");
    EXPECT(start());
    skips = true;
    send_tick(1);
    EXPECT(answer(1) == STATUS_OK);
    EXPECT(last->body_size == 0);
    EXPECT(gate_came(in_write) == 0);
    EXPECT(number("SELECT count(*) FROM audit") == 0);
    stop();
}

/* Waiting ends with a change, with the time asked for, or when nobody waits any more. */
TEST(waiting_calls)
{
    begin("");
    EXPECT(start());
    send_watch(1, 0, 20000, 25000);
    EXPECT(nothing(COMMAND_ANSWER, 1));
    send_tick(2);
    EXPECT(answer(2) == STATUS_OK);
    EXPECT(answer(1) == STATUS_OK);
    EXPECT(cursor_of_answer() == 1);

    int64_t begin_ms = clock_mono_ms();
    send_watch(3, 1, 300, 25000);
    EXPECT(answer(3) == STATUS_OK);
    EXPECT(cursor_of_answer() == 1);
    EXPECT(clock_mono_ms() - begin_ms >= 300);

    send_watch(4, 1, 20000, 25000);
    EXPECT(nothing(COMMAND_ANSWER, 4));
    SAY(.command = COMMAND_CANCEL, .call = 4);
    EXPECT(answer(4) == STATUS_OK); /* each call gives its credit back */

    send_watch(5, 1, 20000, 1200); /* leaves the answer time to travel */
    EXPECT(answer(5) == STATUS_OK);
    EXPECT(number("SELECT count(*) FROM audit") == 1);
    stop();
}

TEST(waiting_calls_have_a_limit_and_end_with_the_service)
{
    begin("window = 4096\n");
    EXPECT(start());
    for (uint64_t call = 1; call <= PARKED_MAX + 1; call++)
        send_watch(call, 0, 20000, 25000);
    const heard_t *heard = take(COMMAND_ANSWER, 0, WAIT_MS);
    EXPECT(heard && heard->frame.status == STATUS_UNAVAILABLE);
    EXPECT(nothing(COMMAND_ANSWER, 0));

    ask_to_stop();
    int unavailable = 0;
    while (unavailable < PARKED_MAX && (heard = take(COMMAND_ANSWER, 0, WAIT_MS)) != NULL)
        unavailable += heard->frame.status == STATUS_UNAVAILABLE;
    EXPECT(unavailable == PARKED_MAX);
    end();
}

TEST(a_late_call_does_not_run)
{
    begin("readers = 1\n");
    EXPECT(start());
    gate_set(in_read, true);
    send_read(1, 8000);
    EXPECT(gate_wait(in_read, 1));
    send_read(2, 30);
    poll(NULL, 0, 60);
    gate_set(in_read, false);
    EXPECT(answer(1) == STATUS_OK);
    EXPECT(answer(2) == STATUS_DEADLINE_EXCEEDED);
    EXPECT(refused_with("deadline"));
    EXPECT(gate_came(in_read) == 1);

    gate_set(in_write, true); /* the same on the writer */
    send_tick(3);
    EXPECT(gate_wait(in_write, 1));
    Yw__Empty empty = YW__EMPTY__INIT;
    send_call(4, "case.Tick", 30, &empty.base);
    poll(NULL, 0, 60);
    gate_set(in_write, false);
    EXPECT(answer(3) == STATUS_OK);
    EXPECT(answer(4) == STATUS_DEADLINE_EXCEEDED);
    EXPECT(number("SELECT count(*) FROM news") == 1);
    stop();
}

/* Slow halves that pile up are refused at once and hold up no read. */
TEST(slow_halves_have_a_limit_of_their_own)
{
    enum { LIMIT = 64 }; /* PREPARES_MAX */
    begin("preparers = 1\n");
    EXPECT(start());
    gate_set(in_prepare, true);
    send_tick(1);
    EXPECT(gate_wait(in_prepare, 1));
    for (uint64_t call = 2; call <= LIMIT + 2; call++)
        send_tick(call);
    EXPECT(answer(LIMIT + 2) == STATUS_UNAVAILABLE);
    EXPECT(refused_with("unavailable"));
    EXPECT(nothing(COMMAND_ANSWER, 0));
    send_read(1000, 5000);
    EXPECT(answer(1000) == STATUS_OK);
    gate_set(in_prepare, false);
    for (uint64_t call = 1; call <= LIMIT + 1; call++)
        EXPECT(answer(call) == STATUS_OK);
    EXPECT(number("SELECT count(*) FROM news") == LIMIT + 1);
    stop();
}

/* A question that nobody answers ends with its call's time; what comes after that is nobody's. */
TEST(a_question_ends)
{
    begin("");
    EXPECT(start());
    asks = true;
    Yw__Empty empty = YW__EMPTY__INIT;
    send_call(1, "case.Tick", 400, &empty.base);
    const heard_t *question = take(COMMAND_CALL, 0, WAIT_MS);
    EXPECT(question && text_equal(question->frame.name, "identity.GetPerson"));
    EXPECT(question && question->frame.timeout_ms <= 400);
    uint64_t asked = question ? question->frame.call : 0;
    EXPECT(answer(1) == STATUS_DEADLINE_EXCEEDED);
    EXPECT(take(COMMAND_CANCEL, asked, WAIT_MS));

    Identity__Person person = IDENTITY__PERSON__INIT;
    say(&(frame_t){.command = COMMAND_ANSWER, .call = asked}, NULL, &person.base);
    send_tick(2);
    question = take(COMMAND_CALL, 0, WAIT_MS);
    EXPECT(question && question->frame.call != asked);
    say(&(frame_t){.command = COMMAND_ANSWER, .call = question ? question->frame.call : 0}, NULL,
        &person.base);
    EXPECT(answer(2) == STATUS_OK);

    send_tick(3); /* a refusal goes on to the one who asked */
    question = take(COMMAND_CALL, 0, WAIT_MS);
    Yw__Status failure = YW__STATUS__INIT;
    failure.status = STATUS_NOT_FOUND;
    failure.code = "identity.gone";
    say(&(frame_t){.command = COMMAND_ANSWER,
                   .status = STATUS_NOT_FOUND,
                   .call = question ? question->frame.call : 0},
        NULL, &failure.base);
    EXPECT(answer(3) == STATUS_NOT_FOUND);
    EXPECT(refused_with("identity.gone"));
    EXPECT(number("SELECT count(*) FROM news") == 1);
    stop();
}

/* The broker says BYE: who asked through it is told, not left to wait. */
TEST(a_question_ends_with_its_broker)
{
    begin("preparers = 1\n");
    EXPECT(start());
    asks = true;
    send_tick(1);
    EXPECT(take(COMMAND_CALL, 0, WAIT_MS));
    int64_t begin_ms = clock_mono_ms();
    SAY(.command = COMMAND_BYE);
    EXPECT(join()); /* at once; what it held is answered nowhere */
    asks = false;
    send_tick(2);
    EXPECT(answer(2) == STATUS_OK);
    EXPECT(clock_mono_ms() - begin_ms < 2500); /* well below ASK_TIMEOUT_MS */
    stop();
}

/* An event on its way: number and item. */
typedef struct {
    uint64_t call;
    int64_t seq;
    bool second; /* item B */
} event_t;

static event_t take_event(void)
{
    event_t ret = {0};
    const heard_t *heard = take(COMMAND_CALL, 0, WAIT_MS);
    if (!heard || !text_equal(heard->frame.name, "catalog.CountUse"))
        return ret;
    const Yw__Meta *meta = read_part(&yw__meta__descriptor, heard->meta, heard->meta_size);
    const Catalog__ItemUsed *event =
        read_part(&catalog__item_used__descriptor, heard->body, heard->body_size);
    EXPECT(text_equal(meta->event_source, "case"));
    ret = (event_t){.call = heard->frame.call,
                    .seq = meta->event_seq,
                    .second = text_equal(event->item_id, ITEM_B)};
    return ret;
}

static void answer_event(event_t event, status_t status)
{
    say(&(frame_t){.command = COMMAND_ANSWER, .status = status, .call = event.call}, NULL, NULL);
}

/* Three events for each of two keys.  One key's first is refused twice and away once, and then the
 * broker is restarted: its line waits and stays in order, the other goes on. */
TEST(events_come_in_order_whatever_happens)
{
    begin("");
    EXPECT(start());
    tells = 6;
    send_tick(1);
    EXPECT(answer(1) == STATUS_OK);
    event_t one = take_event(), two = take_event();
    EXPECT(one.seq == 1 && !one.second);
    EXPECT(two.seq == 2 && two.second);
    EXPECT(nothing(COMMAND_CALL, 0)); /* one of each key at once */

    answer_event(two, STATUS_OK);
    two = take_event();
    EXPECT(two.seq == 4);
    answer_event(one, STATUS_INVALID_ARGUMENT);
    one = take_event();
    EXPECT(one.seq == 1);
    answer_event(one, STATUS_UNAVAILABLE);
    answer_event(two, STATUS_OK);
    for (int i = 0; i < 2; i++) {
        event_t event = take_event();
        *(event.second ? &two : &one) = event;
    }
    EXPECT(one.seq == 1 && two.seq == 6);

    broker_close(); /* both are open: nobody knows whether they happened */
    inbox_empty();
    broker_open();
    EXPECT(join());
    int64_t expected[2] = {1, 6};
    for (int i = 0; i < 4; i++) {
        event_t event = take_event();
        EXPECT(event.seq == expected[event.second]);
        expected[event.second] = event.seq + 2;
        answer_event(event, STATUS_OK);
    }
    EXPECT(expected[0] == 7 && expected[1] == 8);
    EXPECT(nothing(COMMAND_CALL, 0));
    EXPECT(number("SELECT count(*) FROM outbox") == 0);
    stop();
}

/* However many wait, so many are on their way at once. */
TEST(events_on_their_way_have_a_limit)
{
    begin("");
    EXPECT(start());
    tells = keys = DELIVERIES_MAX + 6;
    send_tick(1);
    EXPECT(answer(1) == STATUS_OK);
    event_t events[DELIVERIES_MAX + 6];
    for (int i = 0; i < DELIVERIES_MAX; i++)
        events[i] = take_event();
    EXPECT(nothing(COMMAND_CALL, 0));
    for (int i = 0; i < DELIVERIES_MAX; i++)
        answer_event(events[i], STATUS_OK);
    for (int i = DELIVERIES_MAX; i < DELIVERIES_MAX + 6; i++) {
        events[i] = take_event();
        EXPECT(events[i].seq == i + 1);
        answer_event(events[i], STATUS_OK);
    }
    EXPECT(nothing(COMMAND_CALL, 0));
    stop();
}

/* Events that were not told before a stop are told after the next start. */
TEST(events_outlive_the_process)
{
    begin("");
    EXPECT(start());
    tells = 1;
    send_tick(1);
    EXPECT(answer(1) == STATUS_OK);
    EXPECT(take_event().seq == 1);
    ask_to_stop();
    EXPECT(take(COMMAND_DRAIN, 0, WAIT_MS));
    SAY(.command = COMMAND_DRAIN, .name = "case");
    CHECK(pthread_join(thread, NULL) == 0);
    EXPECT(take(COMMAND_BYE, 0, WAIT_MS));

    EXPECT(start());
    event_t event = take_event();
    EXPECT(event.seq == 1);
    answer_event(event, STATUS_OK);
    EXPECT(nothing(COMMAND_CALL, 0));
    stop();
}

/* A tick that takes longer than its interval is not run twice at once. */
TEST(ticks_do_not_overlap)
{
    begin("preparers = 4\n");
    service.ticks = TICKS;
    service.tick_count = 1;
    gate_set(in_prepare, true);
    EXPECT(start());
    EXPECT(gate_wait(in_prepare, 1));
    poll(NULL, 0, 600); /* time for more, also when only heartbeats wake it */
    EXPECT(gate_came(in_prepare) == 1);
    gate_set(in_prepare, false);
    EXPECT(gate_wait(in_prepare, 4));
    stop();
    EXPECT(in_prepare->most == 1);
}

/* Told to stop: no new calls, what is in hand is finished and answered. */
TEST(stopping_finishes_what_is_in_hand)
{
    begin("");
    EXPECT(start());
    gate_set(in_prepare, true);
    gate_set(in_write, true);
    send_tick(1);
    send_tick(2);
    EXPECT(gate_wait(in_prepare, 2));
    ask_to_stop();
    EXPECT(take(COMMAND_DRAIN, 0, WAIT_MS));
    send_read(3, 5000); /* was on its way when the broker heard of it */
    SAY(.command = COMMAND_DRAIN, .name = "case");
    EXPECT(answer(3) == STATUS_OK);
    EXPECT(nothing(COMMAND_BYE, 0));
    gate_set(in_prepare, false);
    EXPECT(gate_wait(in_write, 1));
    gate_set(in_write, false);
    EXPECT(answer(1) == STATUS_OK);
    EXPECT(answer(2) == STATUS_OK);
    EXPECT(take(COMMAND_BYE, 0, WAIT_MS));
    CHECK(pthread_join(thread, NULL) == 0);
    EXPECT(exit_status == 0);
    EXPECT(number("SELECT count(*) FROM news") == 2);

    EXPECT(start()); /* and the next start finds everything */
    send_watch(9, 0, 0, 5000);
    EXPECT(answer(9) == STATUS_OK);
    EXPECT(cursor_of_answer() == 2);
    ask_to_stop();
    EXPECT(take(COMMAND_DRAIN, 0, WAIT_MS));
    EXPECT(nothing(COMMAND_BYE, 0)); /* nothing is in hand, but the broker may not know yet */
    send_watch(10, 0, 0, 5000);
    EXPECT(answer(10) == STATUS_OK);
    let_go();
}

/* The disk is full: nobody of the batch is told that it happened.  Reads go on, and so do writes that fit. */
TEST(a_full_disk_refuses_the_batch)
{
    begin("preparers = 1\n");
    pages_max = PAGES_MAX;
    EXPECT(start());
    gate_set(in_write, true);
    send_tick(1); /* holds the writer, so that the next two are one batch */
    EXPECT(gate_wait(in_write, 1));
    send_tick(2);
    send_tick(3);
    EXPECT(gate_wait(in_prepare, 3));
    gate_set(in_prepare, true);
    send_tick(4);
    EXPECT(gate_wait(in_prepare, 4)); /* so the third is past it, in the writer's queue */
    skips = true;
    gate_set(in_prepare, false);
    EXPECT(answer(4) == STATUS_OK);

    large = 3;
    gate_set(in_write, false);
    EXPECT(answer(1) == STATUS_OK);
    EXPECT(answer(2) == STATUS_UNAVAILABLE);
    EXPECT(answer(3) == STATUS_UNAVAILABLE);
    EXPECT(gate_came(in_write) == 3);
    EXPECT(number("SELECT count(*) FROM news") == 1);
    send_watch(5, 0, 0, 5000);
    EXPECT(answer(5) == STATUS_OK);
    EXPECT(cursor_of_answer() == 1);
    skips = false;
    send_tick(6);
    EXPECT(answer(6) == STATUS_OK);
    stop();
    pages_max = 0;
}
