#include "fixture.h"

#define KEY_A  "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define KEY_B  "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define DAY_MS (86400 * 1000LL)

static const Identity__System *create(fixture_t *f, const caller_t *caller, const char *id)
{
    Identity__CreateSystemRequest in = IDENTITY__CREATE_SYSTEM_REQUEST__INIT;
    in.id = id;
    in.name = "施工许可审批系统";
    in.department_id = "zjj";
    return ASK(f, caller, "identity.CreateSystem", &in, Identity__System);
}

static const Identity__System *add_key(fixture_t *f, const char *system, const char *key,
                                       int64_t from_ms, int64_t until_ms)
{
    Identity__AddSystemKeyRequest in = IDENTITY__ADD_SYSTEM_KEY_REQUEST__INIT;
    in.system_id = system;
    in.public_key = key;
    in.valid_from = timestamp_make(bench_arena(f->bench), from_ms);
    in.valid_until = timestamp_make(bench_arena(f->bench), until_ms);
    return ASK(f, &BENCH_SERVICE, "identity.AddSystemKey", &in, Identity__System);
}

static const Identity__SystemKeyList *keys(fixture_t *f)
{
    Yw__Empty empty = YW__EMPTY__INIT;
    return ASK(f, &BENCH_SERVICE, "identity.ListSystemKeys", &empty, Identity__SystemKeyList);
}

static int64_t version(fixture_t *f)
{
    return bench_count(f->bench, "SELECT version FROM systems_version");
}

/* The first method that the contract opens to systems, so that this test needs no service's
 * name. */
static const char *system_method(void)
{
    for (size_t i = 0; i < contract_method_count; i++)
        if (contract_methods[i]->may & MAY_SYSTEM)
            return contract_methods[i]->name;
    return NULL;
}

/* REQ: X-08.  The broker's table holds exactly valid keys with exactly the granted methods, and
 * each change is told. */
TEST(system_keys_and_grants)
{
    fixture_t f = fixture_new();
    EXPECT(create(&f, &BENCH_SERVICE, "zjj-permit"));
    EXPECT(add_key(&f, "zjj-permit", KEY_A, 0, 0));
    EXPECT(keys(&f)->n_keys == 1 && keys(&f)->keys[0]->n_methods == 0);
    EXPECT(text_equal(keys(&f)->keys[0]->department_id, "zjj"));

    Identity__GrantMethodRequest grant = IDENTITY__GRANT_METHOD_REQUEST__INIT;
    grant.system_id = "zjj-permit";
    grant.method = system_method();
    EXPECT(grant.method);
    const Identity__System *system =
        ASK(&f, &BENCH_SERVICE, "identity.GrantMethod", &grant, Identity__System);
    EXPECT(system && system->n_methods == 1);
    EXPECT(text_equal(keys(&f)->keys[0]->methods[0], grant.method));
    EXPECT(version(&f) == 2 && keys(&f)->version == 2);

    grant.method = "identity.GetPerson";
    EXPECT(!ASK(&f, &BENCH_SERVICE, "identity.GrantMethod", &grant, Identity__System));
    EXPECT(
        fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.method_not_for_systems", "method"));
    grant.method = "case.Nothing";
    EXPECT(!ASK(&f, &BENCH_SERVICE, "identity.GrantMethod", &grant, Identity__System));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.method", "method"));

    Identity__RevokeGrantRequest take = IDENTITY__REVOKE_GRANT_REQUEST__INIT;
    take.system_id = "zjj-permit";
    take.method = system_method();
    EXPECT(ASK(&f, &BENCH_SERVICE, "identity.RevokeGrant", &take, Identity__System));
    EXPECT(keys(&f)->keys[0]->n_methods == 0);

    Identity__RevokeSystemKeyRequest revoke = IDENTITY__REVOKE_SYSTEM_KEY_REQUEST__INIT;
    revoke.system_id = "zjj-permit";
    revoke.public_key = KEY_A;
    system = ASK(&f, &BENCH_SERVICE, "identity.RevokeSystemKey", &revoke, Identity__System);
    EXPECT(system && system->n_keys == 1 && system->keys[0]->revoked_at);
    EXPECT(keys(&f)->n_keys == 0);
    EXPECT(version(&f) == 4);
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM outbox") == 4);
    EXPECT(!add_key(&f, "zjj-permit", KEY_A, 0, 0)); /* revoked is for ever */
    EXPECT(fixture_failed(&f, STATUS_ALREADY_EXISTS, "identity.key_exists", "publicKey"));
    fixture_free(&f);
}

/* A validity that begins or ends by itself is told by the sweep, once. */
TEST(system_keys_by_time)
{
    fixture_t f = fixture_new();
    Yw__Empty empty = YW__EMPTY__INIT;
    int64_t now = bench_now(f.bench);
    create(&f, &BENCH_SERVICE, "zjj-permit");
    EXPECT(add_key(&f, "zjj-permit", KEY_B, now + DAY_MS, now + 3 * DAY_MS));
    EXPECT(keys(&f)->n_keys == 0 && version(&f) == 1);
    ASK(&f, &BENCH_SERVICE, "identity.Sweep", &empty, Yw__Empty);
    EXPECT(version(&f) == 1);
    fixture_wait(&f, DAY_MS);
    EXPECT(keys(&f)->n_keys == 1);
    ASK(&f, &BENCH_SERVICE, "identity.Sweep", &empty, Yw__Empty);
    ASK(&f, &BENCH_SERVICE, "identity.Sweep", &empty, Yw__Empty);
    EXPECT(version(&f) == 2);
    fixture_wait(&f, 2 * DAY_MS);
    EXPECT(keys(&f)->n_keys == 0);
    ASK(&f, &BENCH_SERVICE, "identity.Sweep", &empty, Yw__Empty);
    ASK(&f, &BENCH_SERVICE, "identity.Sweep", &empty, Yw__Empty);
    EXPECT(version(&f) == 3);
    fixture_free(&f);
}

TEST(system_faults_name_the_field)
{
    fixture_t f = fixture_new();
    int64_t now = bench_now(f.bench);
    create(&f, &BENCH_SERVICE, "zjj-permit");
    EXPECT(!create(&f, &BENCH_SERVICE, "zjj-permit"));
    EXPECT(fixture_failed(&f, STATUS_ALREADY_EXISTS, "identity.system_exists", "id"));
    EXPECT(!add_key(&f, "nothing", KEY_A, 0, 0));
    EXPECT(fixture_failed(&f, STATUS_NOT_FOUND, "not_found", NULL));
    EXPECT(!add_key(&f, "zjj-permit", KEY_A, now, now - 1));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "invalid", "validUntil"));
    EXPECT(!add_key(&f, "zjj-permit", KEY_A, now, now + 6 * 366 * DAY_MS));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "invalid", "validUntil"));
    EXPECT(!add_key(&f, "zjj-permit", "too short", 0, 0));
    EXPECT(text_equal(bench_failure(f.bench)->violations[0]->field, "publicKey"));
    fixture_free(&f);
}

/* Systems are for who manages systems. */
TEST(system_rights)
{
    fixture_t f = fixture_new();
    caller_t manager = bench_staff(f.bench, "m", "dsjj", "system.manage");
    caller_t admin = bench_staff(f.bench, "a", "dsjj", "account.all");
    EXPECT(!create(&f, &admin, "zjj-permit"));
    EXPECT(!create(&f, &BENCH_ANONYMOUS, "zjj-permit"));
    EXPECT(create(&f, &manager, "zjj-permit"));
    Yw__Empty empty = YW__EMPTY__INIT;
    EXPECT(!ASK(&f, &manager, "identity.ListSystemKeys", &empty, Identity__SystemKeyList));
    Identity__ListSystemsRequest in = IDENTITY__LIST_SYSTEMS_REQUEST__INIT;
    const Identity__SystemList *list =
        ASK(&f, &manager, "identity.ListSystems", &in, Identity__SystemList);
    EXPECT(list && list->n_systems == 1 && text_equal(list->systems[0]->name, "施工许可审批系统"));
    fixture_free(&f);
}
