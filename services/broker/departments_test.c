/* departments_test.c - the department door: keys, grants, revocation, limits. */
#include "broker_test.h"

static curve_t keys_a, keys_b, keys_unknown;

typedef struct {
    const curve_t *keys;
    const char *system, *department;
    const char *methods[2];
} row_t;

/* As identity: answers the broker's question with these keys. */
static void serve_keys(link_t *identity, const row_t *rows, size_t count)
{
    Identity__SystemKey keys[4], *pointers[4];
    Identity__SystemKeyList list = IDENTITY__SYSTEM_KEY_LIST__INIT;
    for (size_t i = 0; i < count; i++) {
        identity__system_key__init(&keys[i]);
        keys[i].public_key = rows[i].keys->public_key;
        keys[i].system_id = rows[i].system;
        keys[i].department_id = rows[i].department;
        keys[i].methods = (void *) rows[i].methods;
        keys[i].n_methods = rows[i].methods[1] ? 2 : rows[i].methods[0] ? 1 : 0;
        pointers[i] = &keys[i];
    }
    list.keys = pointers;
    list.n_keys = count;
    uint8_t body[2000];
    CHECK(protobuf_c_message_get_packed_size(&list.base) <= sizeof body);
    size_t size = protobuf_c_message_pack(&list.base, body);
    EXPECT(hear(identity) == COMMAND_CALL &&
           strcmp(got.frame.name, "identity.ListSystemKeys") == 0);
    EXPECT(got.frame.sender[0] == 0);
    EXPECT(link_answer(identity, 0, got.frame.call, STATUS_OK, body, size) == STATUS_OK);
}

static void begin_departments(void)
{
    begin();
    curve_make(&broker_keys);
    curve_make(&keys_a);
    curve_make(&keys_b);
    curve_make(&keys_unknown);
    options.department_endpoint = "tcp://127.0.0.1:*";
    options.keys = &broker_keys;
    options.keys_ms = 100000;
    broker_start();
}

static link_t *open_department(const curve_t *keys)
{
    return open_link(broker_department_endpoint(broker), NULL, 0, keys);
}

static const row_t ROWS[] = {{&keys_a, "housing-1", "housing", {"case.Watch", "case.Accept"}},
                             {&keys_b, "tax-1", "tax", {"case.Watch"}}};

TEST(broker_department_reaches_what_it_was_granted)
{
    begin_departments();
    link_t *identity = open_worker("identity", 4), *worker = open_worker("case", 4);
    serve_keys(identity, ROWS, 2);
    link_t *a = open_department(&keys_a), *b = open_department(&keys_b);
    EXPECT(alive(a) && alive(b));

    EXPECT(ask(a, 1, "case.Accept", 5000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    EXPECT(strcmp(got.frame.sender, "system:housing-1:housing") == 0);
    EXPECT(answer(worker, "ok") == STATUS_OK);
    EXPECT(hear(a) && answered(1, "ok"));

    EXPECT(ask(b, 1, "case.Accept", 5000) == STATUS_OK);
    EXPECT(hear(b) && refused(1, STATUS_PERMISSION_DENIED, "not_granted"));
    EXPECT(ask(b, 2, "identity.ListSystemKeys", 5000) == STATUS_OK);
    EXPECT(hear(b) && refused(2, STATUS_PERMISSION_DENIED, "not_granted"));
    EXPECT(ask(b, 3, "broker.ListWorkers", 5000) == STATUS_OK);
    EXPECT(hear(b) && refused(3, STATUS_PERMISSION_DENIED, "not_granted"));
    EXPECT(hear_for(worker, 50) == 0 && hear_for(identity, 0) == 0);
    close_link(&a);
    close_link(&b);
    close_link(&worker);
    close_link(&identity);
    end();
}

TEST(broker_unknown_key_does_not_get_in)
{
    begin_departments();
    link_t *identity = open_worker("identity", 4);
    link_t *early = open_department(&keys_a); /* the table is not there yet */
    pass_time(200);
    EXPECT(!link_alive(early));
    serve_keys(identity, ROWS, 2);
    EXPECT(alive(early)); /* it tried again by itself */

    link_t *unknown = open_department(&keys_unknown);
    curve_t wrong = broker_keys; /* right key, wrong server key */
    broker_keys = keys_b;
    link_t *fooled = open_department(&keys_a);
    broker_keys = wrong;
    pass_time(500);
    EXPECT(!link_alive(unknown) && !link_alive(fooled));

    link_t *plain = open_link(broker_department_endpoint(broker), NULL, 0, NULL);
    pass_time(300);
    EXPECT(!link_alive(plain)); /* no CURVE at all */

    link_t *asker = open_asker(); /* turned away by the door, not only by a look at each message */
    EXPECT(ask(asker, 1, "broker.GetMetrics", 5000) == STATUS_OK);
    EXPECT(hear(asker) == COMMAND_ANSWER);
    arena_t *arena = arena_new(1 << 20);
    const Broker__Metrics *metrics = (const Broker__Metrics *) message_unpack(
        &broker__metrics__descriptor, arena, got.body, got.body_size);
    EXPECT(metrics && !strstr(metrics->text, "\nyiwang_bus_unknown_keys 0\n"));
    arena_free(&arena);
    close_link(&asker);
    close_link(&plain);
    close_link(&fooled);
    close_link(&unknown);
    close_link(&early);
    close_link(&identity);
    end();
}

/* An event says that the table changed: a key leaves it, another comes. */
TEST(broker_revoked_key_is_refused_at_once)
{
    begin_departments();
    link_t *identity = open_worker("identity", 4), *worker = open_worker("case", 4),
           *asker = open_asker();
    serve_keys(identity, ROWS, 1);
    link_t *a = open_department(&keys_a), *b = open_department(&keys_b);
    EXPECT(alive(a));
    EXPECT(!link_alive(b));
    EXPECT(ask(a, 1, "case.Watch", 30000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    uint64_t number = got.frame.call;

    EXPECT(ask(asker, 1, "broker.OnSystemKeysChanged", 5000) == STATUS_OK);
    EXPECT(hear(asker) == COMMAND_ANSWER && got.frame.status == STATUS_OK);
    serve_keys(identity, &ROWS[1], 1);
    EXPECT(hear(a) == COMMAND_BYE);
    EXPECT(hear(worker) == COMMAND_CANCEL && got.frame.call == number);
    EXPECT(link_answer(worker, 0, number, STATUS_OK, "secret", 6) == STATUS_OK);
    EXPECT(hear_for(a, 200) == 0); /* not even what it had asked before */
    EXPECT(alive(b));              /* granted while it tried */
    close_link(&a);
    close_link(&b);
    close_link(&asker);
    close_link(&worker);
    close_link(&identity);
    end();
}

/* As above, but the client ignores the BYE and goes on over the connection it has. */
TEST(broker_revoked_connection_is_told_why)
{
    begin_departments();
    link_t *identity = open_worker("identity", 4), *asker = open_asker();
    serve_keys(identity, ROWS, 1);
    bare_context = zmq_ctx_new();
    bare = zmq_socket(bare_context, ZMQ_DEALER);
    zmq_setsockopt(bare, ZMQ_LINGER, &(int){0}, sizeof(int));
    zmq_setsockopt(bare, ZMQ_RCVTIMEO, &(int){2000}, sizeof(int));
    zmq_setsockopt(bare, ZMQ_CURVE_SERVERKEY, broker_keys.public_key, 40);
    zmq_setsockopt(bare, ZMQ_CURVE_PUBLICKEY, keys_a.public_key, 40);
    zmq_setsockopt(bare, ZMQ_CURVE_SECRETKEY, keys_a.secret_key, 40);
    CHECK(zmq_connect(bare, broker_department_endpoint(broker)) == 0);
    frame_t heard;
    bare_say(&(frame_t){.command = COMMAND_READY}, 1);
    EXPECT(bare_hear(&heard) == COMMAND_HEARTBEAT);

    bare_say(&(frame_t){.command = COMMAND_READY, .name = "case", .window = 1}, 1);
    EXPECT(bare_hear(&heard) == COMMAND_BYE ||
           bare_hear(&heard) == COMMAND_BYE); /* no worker from outside */

    EXPECT(ask(asker, 1, "broker.OnSystemKeysChanged", 5000) == STATUS_OK);
    serve_keys(identity, &ROWS[1], 1);
    EXPECT(hear(asker) == COMMAND_ANSWER);
    pass_time(50);
    bare_say(&(frame_t){.command = COMMAND_READY}, 1);
    bare_say(
        &(frame_t){.command = COMMAND_CALL, .call = 7, .timeout_ms = 1000, .name = "case.Watch"},
        3);
    int command;
    while ((command = bare_hear(&heard)) == COMMAND_HEARTBEAT || command == COMMAND_BYE)
        continue;
    EXPECT(command == COMMAND_ANSWER && heard.status == STATUS_PERMISSION_DENIED &&
           heard.call == 7);
    bare_close();
    close_link(&asker);
    close_link(&identity);
    end();
}

TEST(broker_department_has_limits)
{
    begin_departments();
    broker_stop();
    options.department_calls_max = 2;
    broker_start();
    link_t *identity = open_worker("identity", 4), *worker = open_worker("case", 10);
    serve_keys(identity, ROWS, 1);
    link_t *a = open_department(&keys_a);
    EXPECT(alive(a));
    for (uint64_t call = 1; call <= 3; call++)
        EXPECT(ask(a, call, "case.Watch", 5000) == STATUS_OK);
    EXPECT(hear(a) && refused(3, STATUS_RESOURCE_EXHAUSTED, "too_many_calls"));
    close_link(&a);
    close_link(&worker);
    close_link(&identity);
    end();
}

/* Its own question to identity does not keep the broker from stopping. */
TEST(broker_stops_at_once_when_only_it_asks)
{
    begin_departments();
    broker_stop();
    options.stop_ms = 5000;
    broker_start();
    link_t *identity = open_worker("identity", 4), *asker = open_asker();
    serve_keys(identity, ROWS, 1);
    close_link(&identity);
    EXPECT(ask(asker, 1, "broker.OnSystemKeysChanged", 5000) == STATUS_OK);
    EXPECT(hear(asker) == COMMAND_ANSWER); /* and so a question waits for identity to come back */
    close_link(&asker);
    int64_t start_ms = clock_mono_ms();
    end();
    EXPECT(clock_mono_ms() - start_ms < 1500);
}
