#include "fixture.h"
#include "notice.h"

/* Whether any column of any table of ours holds the text, as bytes. */
static bool database_holds(fixture_t *f, const char *text)
{
    static const struct {
        const char *table;
        const char *columns;
    } CELLS[] = {
        {"accounts", "id_number || mobile || name || id_number_key || mobile_key || password_hash"},
        {"population", "person_key || name_key"},
        {"codes", "mobile_key || code_key || address_key"},
        {"deliveries", "recipient || text"},
        {"messages", "title || text"},
        {"guards", "subject_key"},
    };
    for (size_t i = 0; i < sizeof CELLS / sizeof *CELLS; i++) {
        char sql[512];
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM %s WHERE instr(CAST(%s AS BLOB), CAST('%s' AS BLOB)) > 0",
                 CELLS[i].table, CELLS[i].columns, text);
        if (bench_count(f->bench, sql) > 0)
            return true;
    }
    return false;
}

/* Who steals the database learns no number, mobile, name or code. */
TEST(secrets_database_reveals_nothing)
{
    fixture_t f = fixture_new();
    Identity__RegisterRequest in = fixture_registration(&f, ZHANG_NAME, ZHANG_ID, ZHANG_MOBILE);
    EXPECT(ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account));
    fixture_login(&f, ZHANG_ID, "wrong-horse-1");
    static const char *const texts[] = {ZHANG_ID, ZHANG_MOBILE, ZHANG_NAME, PASSWORD, "验证码"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        EXPECT(!database_holds(&f, texts[i]));
    EXPECT(!database_holds(&f, in.code));
    bench_sql(f.bench, "UPDATE accounts SET name = CAST('张三' AS BLOB)");
    EXPECT(database_holds(&f, ZHANG_NAME)); /* the search itself works */
    fixture_free(&f);
}

/* A sealed value opens in its own row only: one cannot give oneself another's name. */
TEST(secrets_rows_cannot_be_swapped)
{
    fixture_t f = fixture_new();
    const char *zhang_id = fixture_zhang(&f);
    Identity__RegisterRequest in = fixture_registration(&f, LI_NAME, LI_ID, LI_MOBILE);
    EXPECT(ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account));
    bench_sql(
        f.bench,
        "UPDATE accounts SET name = (SELECT b.name FROM accounts b WHERE b.id <> accounts.id)");
    caller_t zhang = bench_person(zhang_id, YW__LEVEL__LEVEL_BASIC);
    Yw__Empty empty = YW__EMPTY__INIT;
    EXPECT(!ASK(&f, &zhang, "identity.GetAccount", &empty, Identity__Account));
    EXPECT(fixture_failed(&f, STATUS_DATA_LOSS, "identity.data_loss", NULL));
    fixture_free(&f);
}

/* Keys are made once, kept 0600, and never half. */
TEST(secrets_key_folder)
{
    fixture_t f = fixture_new();
    char path[128], folder[96], error[512] = "";
    struct stat info;
    snprintf(folder, sizeof folder, "%s/keys", f.folder);
    snprintf(path, sizeof path, "%s/master.key", folder);
    EXPECT(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
    secrets_t again;
    EXPECT(secrets_open(folder, &again, error, sizeof error) == STATUS_OK);
    EXPECT(memcmp(&again, &f.identity->secrets, sizeof again) == 0);
    EXPECT(remove(path) == 0);
    EXPECT(secrets_open(folder, &again, error, sizeof error) == STATUS_FAILED_PRECONDITION);
    EXPECT(strstr(error, "master.key") && strstr(error, "missing"));
    fixture_free(&f);
}

/* A database that was sealed with another key is not opened. */
TEST(secrets_other_key)
{
    char error[512] = "";
    store_t *store = NULL;
    const service_t *service = identity_service();
    secrets_t one, other;
    crypto_init();
    crypto_random(&one, sizeof one);
    crypto_random(&other, sizeof other);
    EXPECT(store_open(":memory:", service->migrations, service->migration_count, &store, error,
                      sizeof error) == STATUS_OK);
    EXPECT(secrets_check(&one, store, error, sizeof error) == STATUS_OK);
    EXPECT(secrets_check(&one, store, error, sizeof error) == STATUS_OK);
    EXPECT(secrets_check(&other, store, error, sizeof error) == STATUS_FAILED_PRECONDITION);
    store_close(&store);
}
