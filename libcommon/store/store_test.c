/* store_test.c - opening, migrations, transactions, a full disk. */
#include <sqlite3.h>
#include <sys/stat.h>
#include "store_test.h"

#define SCHEMA "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, fill BLOB) STRICT;"

static status_t insert(store_t *store, int64_t id, const char *name)
{
    query_t *q = query(store, "INSERT INTO t (id, name) VALUES (:id, :name)");
    query_int(q, "id", id);
    query_text(q, "name", name);
    return query_done(q);
}

static int64_t count(store_t *store)
{
    return VALUE(store, "SELECT count(*) AS value FROM t");
}

/* What is committed is there after the file was closed and opened again. */
TEST(committed_rows_survive_reopening)
{
    folder_t folder = folder_new();
    store_t *store = open_at(folder.db, SCHEMA);
    EXPECT(store_begin(store) == STATUS_OK);
    EXPECT(insert(store, 1, "一") == STATUS_OK);
    EXPECT(store_changes(store) == 1);
    EXPECT(store_commit(store) == STATUS_OK);
    EXPECT(store_begin(store) == STATUS_OK);
    EXPECT(insert(store, 2, "二") == STATUS_OK);
    store_rollback(store);
    store_close(&store);
    EXPECT(!store);

    store = open_at(folder.db, SCHEMA);
    EXPECT(count(store) == 1);
    store_close(&store);
    folder_remove(&folder);
}

/* A process killed after the commit: the next one finds its rows in the WAL. */
TEST(committed_rows_survive_a_kill)
{
    folder_t folder = folder_new();
    EXPECT(DIES_BY(SIGKILL, {
        store_t *store = open_at(folder.db, SCHEMA);
        CHECK(store_begin(store) == STATUS_OK);
        CHECK(insert(store, 1, "kept") == STATUS_OK);
        CHECK(store_commit(store) == STATUS_OK);
        CHECK(store_begin(store) == STATUS_OK);
        CHECK(insert(store, 2, "never answered") == STATUS_OK);
        kill(getpid(), SIGKILL);
    }));
    store_t *store = open_at(folder.db, SCHEMA);
    EXPECT(count(store) == 1);
    store_close(&store);
    folder_remove(&folder);
}

TEST(settings_are_as_promised)
{
    folder_t folder = folder_new();
    store_t *store = open_at(folder.db, SCHEMA);
    store_t *reader = open_reader(folder.db);
    EXPECT(VALUE(store, "SELECT journal_mode = 'wal' AS value FROM pragma_journal_mode"));
    EXPECT(VALUE(store, "SELECT synchronous AS value FROM pragma_synchronous") == 2);
    EXPECT(VALUE(store, "SELECT journal_size_limit AS value FROM pragma_journal_size_limit") ==
           64 << 20);
    EXPECT(VALUE(store, "SELECT foreign_keys AS value FROM pragma_foreign_keys") == 1);
    EXPECT(VALUE(reader, "SELECT foreign_keys AS value FROM pragma_foreign_keys") == 1);
    EXPECT(VALUE(store, "SELECT timeout AS value FROM pragma_busy_timeout") == 5000);
    EXPECT(VALUE(reader, "SELECT timeout AS value FROM pragma_busy_timeout") == 5000);
    EXPECT(VALUE(reader, "SELECT trusted_schema AS value FROM pragma_trusted_schema") == 0);
    /* A reader cannot write, and trying is a fault of ours. */
    EXPECT(DIES(insert(reader, 1, "x")));
    store_close(&reader);
    store_close(&store);
    folder_remove(&folder);
}

TEST(migrations_run_once_and_in_order)
{
    folder_t folder = folder_new();
    migration_t two[] = {
        {"0001_a.sql", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);"},
        {"0002_b.sql", "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1;"},
    };
    char error[200] = "";
    store_t *store = NULL;
    EXPECT(store_open(folder.db, two, 1, &store, error, sizeof error) == STATUS_OK);
    EXPECT(VALUE(store, "SELECT count(*) AS value FROM migration") == 2); /* with the ledger */
    store_close(&store);
    EXPECT(store_open(folder.db, two, 2, &store, error, sizeof error) == STATUS_OK);
    EXPECT(VALUE(store, "SELECT y AS value FROM a") == 2);
    EXPECT(VALUE(store, "SELECT count(*) AS value FROM a") == 1);
    store_close(&store);
    folder_remove(&folder);
}

/* Opens with one migration and gives the sentence; "" when it went well. */
static const char *refusal(const char *path, const migration_t *migrations, size_t count)
{
    static char error[300];
    error[0] = 0;
    store_t *store = NULL;
    status_t status = store_open(path, migrations, count, &store, error, sizeof error);
    EXPECT((status == STATUS_OK) == (store != NULL));
    EXPECT((status == STATUS_OK) == (error[0] == 0));
    store_close(&store);
    return error;
}

TEST(migrations_that_changed_or_are_gone_are_refused)
{
    folder_t folder = folder_new();
    migration_t files[] = {{"0001_a.sql", "CREATE TABLE a (x INTEGER) STRICT;"},
                           {"0002_b.sql", "CREATE TABLE b (x INTEGER) STRICT;"}};
    EXPECT(!*refusal(folder.db, files, 2));
    EXPECT(strstr(refusal(folder.db, files, 1), "0002_b.sql: was applied but is unknown"));

    migration_t late[] = {files[0], {"0001_z.sql", "CREATE TABLE z (x INTEGER) STRICT;"}, files[1]};
    EXPECT(strstr(refusal(folder.db, late, 3), "0001_z.sql: is not applied, but the later 0002_b"));

    files[1].sql = "CREATE TABLE b (y INTEGER) STRICT;";
    EXPECT(strstr(refusal(folder.db, files, 2), "0002_b.sql: was applied with another text"));
    folder_remove(&folder);
}

/* A migration that fails leaves nothing behind, not even its first half. */
TEST(migrations_that_fail_change_nothing)
{
    static const struct {
        const char *sql, *sentence;
    } CASES[] = {
        {"CREATE TABLE a (x INTEGER) STRICT; CREATE NONSENSE;", "syntax error"},
        {"CREATE TABLE a (x INTEGER);", "makes a table that is not STRICT: a"},
        {"CREATE TABLE a (x INTEGER) STRICT; COMMIT;", "must not end the transaction"},
        {"CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES ('text');", "cannot store TEXT"},
        {"PRAGMA defer_foreign_keys = ON; CREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;"
         "CREATE TABLE b (a INTEGER REFERENCES a (x)) STRICT; INSERT INTO b VALUES (1);",
         "rows that refer to nothing in table b"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        folder_t folder = folder_new();
        migration_t migration = {"0001_a.sql", CASES[i].sql};
        const char *sentence = refusal(folder.db, &migration, 1);
        EXPECT(strstr(sentence, "0001_a.sql: "));
        EXPECT(strstr(sentence, CASES[i].sentence));
        if (!strstr(CASES[i].sql, "COMMIT")) {
            migration.sql = "CREATE TABLE a (fresh INTEGER) STRICT;";
            EXPECT(!*refusal(folder.db, &migration, 1));
        }
        folder_remove(&folder);
    }
}

TEST(what_is_no_database_is_refused)
{
    folder_t folder = folder_new();
    FILE *file = fopen(folder.db, "w");
    for (int i = 0; i < 500; i++)
        fputs("this is a text and no database\n", file);
    fclose(file);
    store_t *store = NULL;
    char error[200] = "";
    EXPECT(store_open(folder.db, NULL, 0, &store, error, sizeof error) == STATUS_DATA_LOSS);
    EXPECT(strstr(error, "not a database"));
    EXPECT(store_open("/nonexistent/x.db", NULL, 0, &store, error, sizeof error) ==
           STATUS_UNAVAILABLE);
    EXPECT(strstr(error, "/nonexistent/x.db"));
    EXPECT(store_open_reader("/nonexistent/x.db", &store, error, sizeof error) ==
           STATUS_UNAVAILABLE);
    EXPECT(!store);
    folder_remove(&folder);
}

/* Savepoints: undoing the inner leaves the outer; undoing a job leaves the other jobs. */
TEST(savepoints_undo_only_their_own)
{
    store_t *store = open_at(":memory:", SCHEMA);
    EXPECT(store_begin(store) == STATUS_OK);
    EXPECT(store_savepoint(store) == STATUS_OK);
    EXPECT(insert(store, 1, "first") == STATUS_OK);
    EXPECT(store_release(store) == STATUS_OK);

    EXPECT(store_savepoint(store) == STATUS_OK);
    EXPECT(insert(store, 2, "outer") == STATUS_OK);
    EXPECT(store_savepoint(store) == STATUS_OK);
    EXPECT(insert(store, 3, "inner") == STATUS_OK);
    store_rollback_to(store);
    EXPECT(store_release(store) == STATUS_OK);

    EXPECT(store_savepoint(store) == STATUS_OK);
    EXPECT(insert(store, 4, "undone") == STATUS_OK);
    EXPECT(insert(store, 5, "first") == STATUS_ALREADY_EXISTS);
    store_rollback_to(store);
    EXPECT(store_commit(store) == STATUS_OK);
    EXPECT(VALUE(store, "SELECT sum(id) AS value FROM t") == 3);
    store_close(&store);
}

/* Two writers on one file: the second waits its turn and is told UNAVAILABLE, not killed. */
TEST(a_locked_database_is_unavailable)
{
    folder_t folder = folder_new();
    store_t *one = open_at(folder.db, SCHEMA);
    store_t *two = open_at(folder.db, SCHEMA);
    store_exec(two, "PRAGMA busy_timeout = 10");
    EXPECT(store_begin(one) == STATUS_OK);
    EXPECT(store_begin(two) == STATUS_UNAVAILABLE);
    EXPECT(insert(two, 1, "x") == STATUS_UNAVAILABLE);
    store_rollback(one);
    EXPECT(store_begin(two) == STATUS_OK);
    store_rollback(two);
    store_close(&one);
    store_close(&two);
    folder_remove(&folder);
}

static status_t insert_fill(store_t *store, int64_t kib)
{
    query_t *q = query(store, "INSERT INTO t (fill) VALUES (zeroblob(:size))");
    query_int(q, "size", kib << 10);
    return query_done(q);
}

/* A full disk inside a savepoint undoes the whole transaction: everything after says so,
 * nothing slips through on its own, and afterwards the store works again. */
TEST(full_disk_undoes_the_transaction_and_nothing_slips_through)
{
    folder_t folder = folder_new();
    store_t *store = open_at(folder.db, SCHEMA);
    store_limit_pages(store, 64);
    EXPECT(store_begin(store) == STATUS_OK);
    EXPECT(store_savepoint(store) == STATUS_OK);
    EXPECT(insert(store, 1, "goes with the rest") == STATUS_OK);
    EXPECT(store_release(store) == STATUS_OK);
    EXPECT(store_in_transaction(store));

    EXPECT(store_savepoint(store) == STATUS_OK);
    EXPECT(insert_fill(store, 1024) == STATUS_UNAVAILABLE);
    EXPECT(!store_in_transaction(store));
    EXPECT(insert(store, 2, "would be committed on its own") == STATUS_UNAVAILABLE);
    EXPECT(store_savepoint(store) == STATUS_UNAVAILABLE);
    EXPECT(store_release(store) == STATUS_UNAVAILABLE);
    store_rollback_to(store);
    EXPECT(store_commit(store) == STATUS_UNAVAILABLE);
    EXPECT(count(store) == 0);

    EXPECT(store_begin(store) == STATUS_OK);
    EXPECT(insert(store, 3, "small") == STATUS_OK);
    EXPECT(store_commit(store) == STATUS_OK);
    EXPECT(count(store) == 1);
    store_close(&store);
    folder_remove(&folder);
}

/* A reader sees one state from begin to end, and the next one after. */
TEST(a_snapshot_stands_still)
{
    folder_t folder = folder_new();
    store_t *store = open_at(folder.db, SCHEMA);
    store_t *reader = open_reader(folder.db);
    store_snapshot_begin(reader);
    EXPECT(count(reader) == 0);
    EXPECT(insert(store, 1, "new") == STATUS_OK);
    EXPECT(count(reader) == 0);
    store_snapshot_end(reader);
    store_snapshot_begin(reader);
    EXPECT(count(reader) == 1);
    store_snapshot_end(reader);
    store_close(&reader);
    store_close(&store);
    folder_remove(&folder);
}

static long wal_bytes(const folder_t *folder)
{
    char file[112];
    struct stat info;
    snprintf(file, sizeof file, "%s-wal", folder->db);
    return stat(file, &info) == 0 ? (long) info.st_size : 0;
}

/* Statements of readers are reset, so that a checkpoint can fold the whole WAL. */
TEST(readers_between_calls_do_not_hold_the_checkpoint)
{
    folder_t folder = folder_new();
    store_t *store = open_at(folder.db, SCHEMA);
    store_t *reader = open_reader(folder.db);
    store_exec(store, "PRAGMA busy_timeout = 10");
    EXPECT(insert(store, 1, "a") == STATUS_OK);
    EXPECT(insert(store, 2, "b") == STATUS_OK);

    store_snapshot_begin(reader);
    query_t *q = query(reader, "SELECT id FROM t ORDER BY id");
    EXPECT(query_next(q)); /* read in part only */
    EXPECT(insert(store, 3, "c") == STATUS_OK);
    store_checkpoint(store);
    EXPECT(wal_bytes(&folder) > 0); /* held while the call lasts */
    EXPECT(query_done(q) == STATUS_OK);
    store_snapshot_end(reader);

    store_checkpoint(store);
    EXPECT(wal_bytes(&folder) == 0);
    store_close(&reader);
    store_close(&store);
    folder_remove(&folder);
}

/* A damaged page: the process ends instead of working on with what it cannot trust. */
TEST(damage_ends_the_process)
{
    folder_t folder = folder_new();
    store_t *store = open_at(folder.db, SCHEMA);
    for (int i = 1; i <= 300; i++)
        EXPECT(insert_fill(store, 1) == STATUS_OK);
    store_close(&store);

    FILE *file = fopen(folder.db, "r+");
    char noise[4096];
    memset(noise, 0xA5, sizeof noise);
    fseek(file, 0, SEEK_END);
    long end = ftell(file);
    for (long at = 24 * 4096; at < end; at += 4096) {
        fseek(file, at, SEEK_SET);
        fwrite(noise, 1, sizeof noise, file);
    }
    fclose(file);
    EXPECT(DIES({
        store_t *damaged = open_reader(folder.db);
        VALUE(damaged, "SELECT sum(length(fill)) AS value FROM t");
    }));
    folder_remove(&folder);
}

TEST(misuse_of_transactions_is_a_fault)
{
    store_t *store = open_at(":memory:", SCHEMA);
    EXPECT(DIES(store_commit(store)));
    EXPECT(DIES(store_release(store)));
    EXPECT(DIES(store_savepoint(store)));
    EXPECT(store_begin(store) == STATUS_OK);
    EXPECT(DIES(store_begin(store)));
    EXPECT(DIES({
        store_savepoint(store);
        store_commit(store); /* a savepoint is still open */
    }));
    EXPECT(DIES({
        query_next(query(store, "SELECT 1 AS value"));
        store_rollback(store); /* query_done() is missing */
    }));
    store_rollback(store);
    EXPECT(DIES(store_exec(store, "CREATE NONSENSE")));
    EXPECT(DIES(store_open_reader(":memory:", &store, (char[9]){0}, 9)));
    store_close(&store);
    store_close(&store); /* NULL inside is fine */
}
