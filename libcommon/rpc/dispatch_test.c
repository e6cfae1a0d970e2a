/* What happens around every handler, shown on the methods that all services have. */
#include "server.h"
#include "test.h"
#include "text.h"
#include "yiwang/process.pb-c.h"

static const service_t SERVICE = {.name = "process"};

static void park_an_event(bench_t *bench)
{
    bench_sql(bench,
              "INSERT INTO outbox (seq, topic, key, body, at_ms) VALUES (7, 't', 'k', x'00', 1)");
    bench_sql(bench, "INSERT INTO delivery (seq, subscriber, key, state, due_ms)"
                     " VALUES (7, 'case.OnIt', 'k', 2, 1)");
}

/* Nobody reaches what the contract does not give him, and the refusal says which kind it is. */
TEST(rights_come_first)
{
    bench_t *bench = bench_new(&SERVICE, NULL);
    Yw__Empty in = YW__EMPTY__INIT;
    caller_t person = bench_person("p1", YW__LEVEL__LEVEL_HIGH);
    caller_t staff = bench_staff(bench, "s1", "zjj", "case.receive system.manage");
    caller_t system = bench_system("sys1", "zjj");

    EXPECT(bench_call(bench, &BENCH_ANONYMOUS, "process.CheckHealth", &in.base, NULL) ==
           STATUS_PERMISSION_DENIED);
    EXPECT(text_equal(bench_failure(bench)->code, "permission_denied"));
    EXPECT(bench_call(bench, &person, "process.CheckHealth", &in.base, NULL) ==
           STATUS_PERMISSION_DENIED);
    EXPECT(bench_call(bench, &staff, "process.CheckHealth", &in.base, NULL) ==
           STATUS_PERMISSION_DENIED);
    EXPECT(bench_call(bench, &system, "process.CheckHealth", &in.base, NULL) ==
           STATUS_PERMISSION_DENIED);
    EXPECT(bench_call(bench, &BENCH_SERVICE, "process.CheckHealth", &in.base, NULL) == STATUS_OK);
    EXPECT(bench_failure(bench) == NULL);
    bench_free(&bench);
}

/* Rules are looked at before the handler, and all faults come at once. */
TEST(rules_name_every_field)
{
    bench_t *bench = bench_new(&SERVICE, NULL);
    Process__RetryParkedRequest in = PROCESS__RETRY_PARKED_REQUEST__INIT;

    EXPECT(bench_call(bench, &BENCH_SERVICE, "process.RetryParked", &in.base, NULL) ==
           STATUS_INVALID_ARGUMENT);
    const Yw__Status *failure = bench_failure(bench);
    EXPECT(text_equal(failure->code, "invalid"));
    EXPECT(failure->n_violations == 2);
    EXPECT(text_equal(failure->violations[0]->field, "seq"));
    EXPECT(text_equal(failure->violations[1]->field, "subscriber"));
    EXPECT(text_equal(failure->violations[1]->code, "required"));
    EXPECT(bench_count(bench, "SELECT count(*) FROM audit") == 0);
    bench_free(&bench);
}

TEST(unknown_method_is_unimplemented)
{
    bench_t *bench = bench_new(&SERVICE, NULL);
    Yw__Empty in = YW__EMPTY__INIT;

    EXPECT(bench_call(bench, &BENCH_SERVICE, "process.Nothing", &in.base, NULL) ==
           STATUS_UNIMPLEMENTED);
    bench_free(&bench);
}

/* The same key again gives the same answer, though the act could not be done twice. */
TEST(a_key_does_a_thing_once)
{
    bench_t *bench = bench_new(&SERVICE, NULL);
    Process__RetryParkedRequest in = PROCESS__RETRY_PARKED_REQUEST__INIT;
    in.seq = 7;
    in.subscriber = "case.OnIt";
    park_an_event(bench);

    EXPECT(bench_call_key(bench, &BENCH_SERVICE, "key-1", "process.RetryParked", &in.base, NULL) ==
           STATUS_OK);
    EXPECT(bench_call_key(bench, &BENCH_SERVICE, "key-1", "process.RetryParked", &in.base, NULL) ==
           STATUS_OK);
    EXPECT(bench_call_key(bench, &BENCH_SERVICE, "key-2", "process.RetryParked", &in.base, NULL) ==
           STATUS_NOT_FOUND);
    EXPECT(bench_count(bench, "SELECT count(*) FROM once") == 1);

    in.seq = 8;
    EXPECT(bench_call_key(bench, &BENCH_SERVICE, "key-1", "process.RetryParked", &in.base, NULL) ==
           STATUS_FAILED_PRECONDITION);
    EXPECT(text_equal(bench_failure(bench)->code, "idempotency_key_reused"));

    caller_t other = BENCH_SERVICE; /* keys belong to their caller */
    other.id = "other";
    EXPECT(bench_call_key(bench, &other, "key-1", "process.RetryParked", &in.base, NULL) ==
           STATUS_NOT_FOUND);
    bench_free(&bench);
}

/* Each write leaves its row, refused ones of known callers too, and the chain holds. */
TEST(writes_are_audited)
{
    bench_t *bench = bench_new(&SERVICE, NULL);
    Process__RetryParkedRequest in = PROCESS__RETRY_PARKED_REQUEST__INIT;
    const ProtobufCMessage *answer;
    in.seq = 7;
    in.subscriber = "case.OnIt";
    park_an_event(bench);

    EXPECT(bench_call(bench, &BENCH_SERVICE, "process.RetryParked", &in.base, NULL) == STATUS_OK);
    EXPECT(bench_call(bench, &BENCH_SERVICE, "process.RetryParked", &in.base, NULL) ==
           STATUS_NOT_FOUND);
    EXPECT(bench_count(bench, "SELECT count(*) FROM audit WHERE caller = 'service:test'"
                              " AND method = 'process.RetryParked'") == 2);
    EXPECT(bench_count(bench, "SELECT outcome FROM audit ORDER BY seq DESC LIMIT 1") ==
           STATUS_NOT_FOUND);

    Yw__Empty empty = YW__EMPTY__INIT;
    EXPECT(bench_call(bench, &BENCH_SERVICE, "process.VerifyAudit", &empty.base, &answer) ==
           STATUS_OK);
    EXPECT(((const Process__AuditReport *) answer)->rows == 2);
    EXPECT(((const Process__AuditReport *) answer)->bad_seq == 0);
    bench_sql(bench, "UPDATE audit SET caller = 'service:somebody' WHERE seq = 1");
    EXPECT(bench_call(bench, &BENCH_SERVICE, "process.VerifyAudit", &empty.base, &answer) ==
           STATUS_OK);
    EXPECT(((const Process__AuditReport *) answer)->bad_seq == 1);
    bench_free(&bench);
}

/* A probe writes, so that a full disk is noticed, and leaves nothing behind. */
TEST(health_writes_without_a_trace)
{
    bench_t *bench = bench_new(&SERVICE, NULL);
    Yw__Empty in = YW__EMPTY__INIT;
    const ProtobufCMessage *answer;

    park_an_event(bench);
    EXPECT(bench_call(bench, &BENCH_SERVICE, "process.CheckHealth", &in.base, &answer) ==
           STATUS_OK);
    EXPECT(((const Process__Health *) answer)->ok);
    EXPECT(((const Process__Health *) answer)->outbox_parked == 1);
    EXPECT(bench_count(bench, "SELECT at_ms FROM probe") == bench_now(bench));
    EXPECT(bench_count(bench, "SELECT count(*) FROM audit") == 0);
    bench_free(&bench);
}
