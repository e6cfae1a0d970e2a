/* store.c - connections, their settings, migrations and transactions. */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "crypto.h"
#include "store_private.h"

#define BUSY_TIMEOUT_MS 5000

/* --- errors ----------------------------------------------------------------------- */

/* A full disk shows as SQLITE_FULL on writes, but as an I/O error when the shared memory
 * of the WAL cannot grow.  A failed fsync is never only "full": what was written before may
 * be lost without another word, so it stays fatal. */
static bool is_disk_full(sqlite3 *db, int rc)
{
    if ((rc & 0xff) == SQLITE_FULL)
        return true;
    if ((rc & 0xff) != SQLITE_IOERR || rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC)
        return false;
    int system = sqlite3_system_errno(db);
    return system == ENOSPC || system == EDQUOT;
}

_Noreturn static void die(store_t *self, int rc, const char *sql)
{
    char line[600];
    snprintf(line, sizeof line, "store: %s (%d: %s)%s%.300s", sqlite3_errmsg(self->db), rc,
             sqlite3_errstr(rc), sql ? " in: " : "", sql ? sql : "");
    check_failed(line, __FILE__, __LINE__, __func__);
}

status_t store_status(store_t *self, int rc, const char *sql)
{
    if (rc == SQLITE_IOERR_NOMEM || is_disk_full(self->db, rc))
        return STATUS_UNAVAILABLE;

    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
        return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
                       rc == SQLITE_CONSTRAINT_ROWID
                   ? STATUS_ALREADY_EXISTS
                   : STATUS_FAILED_PRECONDITION;
    case SQLITE_NOMEM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: /* the WAL lock was lost to others many times in a row */
    case SQLITE_INTERRUPT:
    case SQLITE_CANTOPEN: /* no file descriptor for a temporary file */
        return STATUS_UNAVAILABLE;
    default:
        /* CORRUPT, NOTADB, IOERR: die, be restarted, let recovery or an operator decide.
         * ERROR, MISUSE, RANGE, MISMATCH, READONLY: our own SQL is wrong. */
        die(self, rc, sql);
    }
}

/* --- opening ---------------------------------------------------------------------- */

static status_t complain(char *error, size_t size, status_t status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static status_t complain(char *error, size_t size, status_t status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error, size, format, args);
    va_end(args);
    return status;
}

static void configure_library(void)
{
    /* Counting all memory takes one lock for all connections at every allocation. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    CHECK(sqlite3_initialize() == SQLITE_OK);
}

void store_configure(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure_library);
}

/* All settings of a connection; a SQLite result. */
static int settings(store_t *self)
{
    static const char *const BOTH[] = {
        /* References between rows are part of what a ledger promises; off by default. */
        "PRAGMA foreign_keys = ON",
        /* A schema from a manipulated file must not run functions with side effects. */
        "PRAGMA trusted_schema = OFF",
        /* Mapped pages count as resident, and an I/O error becomes SIGBUS instead of a result. */
        "PRAGMA mmap_size = 0",
    };
    static const char *const WRITER[] = {
        /* Readers see the last commit while the writer works; one sync per commit. */
        "PRAGMA journal_mode = WAL",
        /* An answered write survives a power cut.  Nearly free with group commit. */
        "PRAGMA synchronous = FULL",
        /* What a savepoint may have to undo is kept aside: each page a batch touched before.  Past
         * 64 KiB SQLite does that in a temporary file, with nine writes of ten (measured); in
         * memory it is as large as what one call changes. */
        "PRAGMA temp_store = MEMORY",
        /* A WAL that one long snapshot let grow is cut back at the next checkpoint. */
        "PRAGMA journal_size_limit = 67108864",
        /* What goes back to the database holds up a commit.  With 8 MiB at a time a page that many
         * batches change is copied less often than with the usual 4, and nobody waits long for it:
         * 32 cost submissions 5 ms more at the 99th percentile (measured). */
        "PRAGMA wal_autocheckpoint = 2048",
        /* 4 MiB: inner pages of the tables a batch touches.  The kernel's page cache holds the
         * rest; all processes together stay under 96 MiB resident. */
        "PRAGMA cache_size = -4096",
    };
    static const char *const READER[] = {
        "PRAGMA query_only = ON",    /* even if a handler tries */
        "PRAGMA cache_size = -2048", /* 2 MiB, as there are several readers in a process */
    };

    /* A checkpoint or an operator's tool may hold the lock for a moment. */
    sqlite3_busy_timeout(self->db, BUSY_TIMEOUT_MS);
    sqlite3_extended_result_codes(self->db, 1);
    /* "colunm" in double quotes is an unknown column, not a text. */
    sqlite3_db_config(self->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(self->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    /* No statement of ours may write to the schema or to shadow tables directly. */
    sqlite3_db_config(self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);

    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof BOTH / sizeof *BOTH; i++)
        rc = sqlite3_exec(self->db, BOTH[i], NULL, NULL, NULL);
    const char *const *rest = self->reader ? READER : WRITER;
    size_t rest_count =
        self->reader ? sizeof READER / sizeof *READER : sizeof WRITER / sizeof *WRITER;
    for (size_t i = 0; rc == SQLITE_OK && i < rest_count; i++)
        rc = sqlite3_exec(self->db, rest[i], NULL, NULL, NULL);
    return rc;
}

static status_t complain_sqlite(store_t *self, const char *what, int rc, char *error, size_t size)
{
    int primary = rc & 0xff;
    return complain(
        error, size,
        primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB     ? STATUS_DATA_LOSS
        : primary == SQLITE_ERROR || primary == SQLITE_CONSTRAINT ? STATUS_FAILED_PRECONDITION
                                                                  : STATUS_UNAVAILABLE,
        "%s: %s (%d)", what, self->db ? sqlite3_errmsg(self->db) : sqlite3_errstr(rc), rc);
}

static status_t connect_to(const char *path, bool reader, store_t **ret, char *error, size_t size)
{
    store_configure();
    store_t *self = xalloc(sizeof *self);
    self->reader = reader;
    self->slot_count = 64;
    self->slots = xalloc(self->slot_count * sizeof *self->slots);

    /* NOMUTEX: a store belongs to one thread, so SQLite need not lock for us. */
    int flags = SQLITE_OPEN_NOMUTEX |
                (reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    int rc = sqlite3_open_v2(path, &self->db, flags, NULL);
    if (rc == SQLITE_OK)
        rc = settings(self);
    /* The first read finds out whether the file is a database at all. */
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(self->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        status_t status = complain_sqlite(self, path, rc, error, size);
        store_close(&self);
        return status;
    }
    *ret = self;
    return STATUS_OK;
}

/* --- migrations ------------------------------------------------------------------- */

typedef struct {
    store_t *store;
    char *error;
    size_t error_size;
} migrating_t;

static status_t migrate_sqlite(migrating_t *m, const char *name, int rc)
{
    return complain_sqlite(m->store, name, rc, m->error, m->error_size);
}

/* Whether `name` was applied, and that it was the same text then. */
static status_t migration_find(migrating_t *m, const migration_t *migration, bool *ret)
{
    uint8_t hash[CRYPTO_HASH_SIZE];
    crypto_hash(migration->sql, strlen(migration->sql), hash);
    sqlite3_stmt *find = NULL;
    int rc = sqlite3_prepare_v2(m->store->db, "SELECT hash FROM migration WHERE name = ?1", -1,
                                &find, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(find, 1, migration->name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(find);

    bool same = rc == SQLITE_ROW && sqlite3_column_bytes(find, 0) == CRYPTO_HASH_SIZE &&
                memcmp(sqlite3_column_blob(find, 0), hash, CRYPTO_HASH_SIZE) == 0;
    sqlite3_finalize(find);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return migrate_sqlite(m, migration->name, rc);
    if (rc == SQLITE_ROW && !same)
        return complain(
            m->error, m->error_size, STATUS_FAILED_PRECONDITION,
            "%s: was applied with another text; a migration never changes, add a new one",
            migration->name);
    *ret = rc == SQLITE_ROW;
    return STATUS_OK;
}

static int migration_record(store_t *self, const migration_t *migration)
{
    uint8_t hash[CRYPTO_HASH_SIZE];
    crypto_hash(migration->sql, strlen(migration->sql), hash);
    sqlite3_stmt *insert = NULL;
    int rc = sqlite3_prepare_v2(self->db,
                                "INSERT INTO migration (name, hash, at_ms)"
                                " VALUES (?1, ?2, ?3)",
                                -1, &insert, NULL);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_text(insert, 1, migration->name, -1, SQLITE_STATIC);
    sqlite3_bind_blob(insert, 2, hash, CRYPTO_HASH_SIZE, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 3, clock_now_ms());
    sqlite3_step(insert);
    return sqlite3_finalize(insert);
}

/* The first value of a query as text, "" when it has no row. */
static int first_text(sqlite3 *db, const char *sql, char *out, size_t size)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    const char *text = rc == SQLITE_ROW ? (const char *) sqlite3_column_text(statement, 0) : NULL;
    snprintf(out, size, "%s", text ? text : "");
    sqlite3_finalize(statement);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* What must hold after each migration: references whole, types kept. */
static status_t migration_check(migrating_t *m, const migration_t *migration)
{
    static const struct {
        const char *sql;
        const char *sentence;
    } MUST_BE_EMPTY[] = {
        {"SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1",
         "leaves rows that refer to nothing in table"},
        {"SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
         " AND strict = 0 AND name NOT LIKE 'sqlite!_%' ESCAPE '!' LIMIT 1",
         "makes a table that is not STRICT:"},
    };
    for (size_t i = 0; i < sizeof MUST_BE_EMPTY / sizeof *MUST_BE_EMPTY; i++) {
        char found[128];
        int rc = first_text(m->store->db, MUST_BE_EMPTY[i].sql, found, sizeof found);
        if (rc != SQLITE_OK)
            return migrate_sqlite(m, migration->name, rc);
        if (found[0])
            return complain(m->error, m->error_size, STATUS_FAILED_PRECONDITION, "%s: %s %s",
                            migration->name, MUST_BE_EMPTY[i].sentence, found);
    }
    return STATUS_OK;
}

/* One file, its checks and its record in one transaction. */
static status_t migration_apply(migrating_t *m, const migration_t *migration)
{
    sqlite3 *db = m->store->db;
    status_t status = STATUS_OK;
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, migration->sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK && sqlite3_get_autocommit(db))
        status = complain(m->error, m->error_size, STATUS_FAILED_PRECONDITION,
                          "%s: must not end the transaction it runs in", migration->name);
    if (rc == SQLITE_OK && status == STATUS_OK)
        status = migration_check(m, migration);
    if (rc == SQLITE_OK && status == STATUS_OK)
        rc = migration_record(m->store, migration);
    if (rc == SQLITE_OK && status == STATUS_OK)
        rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        status = migrate_sqlite(m, migration->name, rc);
    if (status != STATUS_OK && !sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* Looks at all before it changes anything; *ret_first is the first one to apply. */
static status_t migrations_compare(migrating_t *m, const migration_t *migrations, size_t count,
                                   size_t *ret_first)
{
    size_t first = count;
    for (size_t i = 0; i < count; i++) {
        CHECK(i == 0 || strcmp(migrations[i - 1].name, migrations[i].name) < 0);
        bool applied = false;
        status_t status = migration_find(m, &migrations[i], &applied);
        if (status != STATUS_OK)
            return status;
        if (applied && first < i)
            return complain(m->error, m->error_size, STATUS_FAILED_PRECONDITION,
                            "%s: is not applied, but the later %s is", migrations[first].name,
                            migrations[i].name);
        if (!applied && first == count)
            first = i;
    }
    *ret_first = first;
    return STATUS_OK;
}

static status_t migrate(migrating_t *m, const migration_t *migrations, size_t count)
{
    size_t first = 0;
    status_t status = migrations_compare(m, migrations, count, &first);
    for (size_t i = first; i < count && status == STATUS_OK; i++)
        status = migration_apply(m, &migrations[i]);
    return status;
}

static bool has_migration(const migration_t *migrations, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(migrations[i].name, name) == 0)
            return true;
    return false;
}

/* A recorded file that we do not have: a newer program made this database. */
static status_t migration_gone(migrating_t *m, const migration_t *migrations, size_t count)
{
    sqlite3_stmt *all = NULL;
    int rc = sqlite3_prepare_v2(m->store->db, "SELECT name FROM migration ORDER BY name", -1, &all,
                                NULL);
    status_t status = STATUS_OK;
    while (rc == SQLITE_OK && status == STATUS_OK) {
        int step = sqlite3_step(all);
        if (step == SQLITE_DONE)
            break;
        if (step != SQLITE_ROW) {
            rc = step;
            break;
        }
        const char *name = (const char *) sqlite3_column_text(all, 0);
        if (!has_migration(ledger_migrations, ledger_migration_count, name) &&
            !has_migration(migrations, count, name))
            status = complain(m->error, m->error_size, STATUS_FAILED_PRECONDITION,
                              "%s: was applied but is unknown to this program", name);
    }
    if (rc != SQLITE_OK)
        status = migrate_sqlite(m, "migration", rc);
    sqlite3_finalize(all);
    return status;
}

/* Who was killed between a commit's write and its sync leaves rows in the log that we read as
 * committed, while a power cut would still take them: an answer to a repeated key would rest on
 * them.  So what is there is made durable before anybody asks. */
static int log_sync(sqlite3 *db)
{
    sqlite3_file *log = NULL;
    int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    return rc == SQLITE_OK && log && log->pMethods ? log->pMethods->xSync(log, SQLITE_SYNC_NORMAL)
                                                   : SQLITE_OK;
}

status_t store_open(const char *path, const migration_t *migrations, size_t migration_count,
                    store_t **ret, char *error, size_t error_size)
{
    store_t *self = NULL;
    status_t status = connect_to(path, false, &self, error, error_size);
    if (status != STATUS_OK)
        return status;

    migrating_t m = {self, error, error_size};
    int rc =
        sqlite3_exec(self->db,
                     "CREATE TABLE IF NOT EXISTS migration ("
                     " name TEXT PRIMARY KEY, hash BLOB NOT NULL, at_ms INTEGER NOT NULL) STRICT",
                     NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        status = migrate_sqlite(&m, path, rc);
    if (status == STATUS_OK)
        status = migration_gone(&m, migrations, migration_count);
    if (status == STATUS_OK)
        status = migrate(&m, ledger_migrations, ledger_migration_count);
    if (status == STATUS_OK)
        status = migrate(&m, migrations, migration_count);
    if (status == STATUS_OK && (rc = log_sync(self->db)) != SQLITE_OK)
        status = migrate_sqlite(&m, path, rc);
    if (status != STATUS_OK) {
        store_close(&self);
        return status;
    }
    *ret = self;
    return STATUS_OK;
}

status_t store_open_reader(const char *path, store_t **ret, char *error, size_t error_size)
{
    CHECK(strcmp(path, ":memory:") != 0); /* would be another, empty database */
    return connect_to(path, true, ret, error, error_size);
}

void store_close(store_t **self)
{
    if (!*self)
        return;
    store_t *store = *self;
    if (store->db) {
        store_check_idle(store);
        query_free_all(store);
        for (size_t i = 0; i < OWN_COUNT; i++)
            sqlite3_finalize(store->own[i]);
        CHECK(sqlite3_close(store->db) == SQLITE_OK); /* BUSY: a statement leaked */
    }
    free(store->slots);
    free(store);
    *self = NULL;
}

void store_checkpoint(store_t *self)
{
    int rc = sqlite3_wal_checkpoint_v2(self->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc != SQLITE_OK)
        store_status(self, rc, "checkpoint"); /* busy or full: the WAL stays, nothing is lost */
}

void store_limit_pages(store_t *self, int64_t page_count_max)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %lld", (long long) page_count_max);
    store_exec(self, sql);
}

/* --- transactions ----------------------------------------------------------------- */

static int run_own(store_t *self, own_t which)
{
    static const char *const SQL[OWN_COUNT] = {
        [OWN_BEGIN_WRITE] = "BEGIN IMMEDIATE",
        [OWN_BEGIN_READ] = "BEGIN",
        [OWN_COMMIT] = "COMMIT",
        [OWN_ROLLBACK] = "ROLLBACK",
        [OWN_SAVEPOINT] = "SAVEPOINT job",
        [OWN_RELEASE] = "RELEASE job",
        [OWN_ROLLBACK_TO] = "ROLLBACK TO job",
    };
    if (!self->own[which]) {
        int rc = sqlite3_prepare_v3(self->db, SQL[which], -1, SQLITE_PREPARE_PERSISTENT,
                                    &self->own[which], NULL);
        if (rc != SQLITE_OK)
            return rc;
    }
    sqlite3_step(self->own[which]);
    return sqlite3_reset(self->own[which]);
}

bool store_in_transaction(const store_t *self)
{
    return !sqlite3_get_autocommit(self->db);
}

status_t store_begin(store_t *self)
{
    CHECK(!self->reader && !self->begun);
    /* IMMEDIATE: a read transaction that turns into a write is refused at once
     * when somebody else wrote, busy timeout or not. */
    int rc = run_own(self, OWN_BEGIN_WRITE);
    if (rc != SQLITE_OK)
        return store_status(self, rc, "BEGIN IMMEDIATE");
    self->begun = true;
    self->savepoints = 0;
    return STATUS_OK;
}

status_t store_commit(store_t *self)
{
    CHECK(self->begun);
    store_check_idle(self);
    CHECK(self->savepoints == 0 || !store_in_transaction(self));
    if (store_in_transaction(self)) {
        int rc = run_own(self, OWN_COMMIT);
        if (rc == SQLITE_OK) {
            self->begun = false;
            return STATUS_OK;
        }
        store_status(self, rc, "COMMIT");
    }
    store_rollback(self);
    return STATUS_UNAVAILABLE;
}

void store_rollback(store_t *self)
{
    CHECK(self->begun);
    store_check_idle(self);
    if (store_in_transaction(self)) {
        int rc = run_own(self, OWN_ROLLBACK);
        /* An error may have undone all meanwhile; anything else leaves us in no known state. */
        CHECK(rc == SQLITE_OK || !store_in_transaction(self));
    }
    self->begun = false;
    self->savepoints = 0;
    self->audit.known = false;
}

status_t store_savepoint(store_t *self)
{
    CHECK(self->begun);
    if (!store_in_transaction(self))
        return STATUS_UNAVAILABLE; /* or SQLite would begin a transaction of its own */
    int rc = run_own(self, OWN_SAVEPOINT);
    if (rc != SQLITE_OK)
        return store_status(self, rc, "SAVEPOINT");
    self->savepoints++;
    return STATUS_OK;
}

status_t store_release(store_t *self)
{
    CHECK(self->savepoints > 0);
    store_check_idle(self);
    if (!store_in_transaction(self))
        return STATUS_UNAVAILABLE;
    int rc = run_own(self, OWN_RELEASE);
    if (rc != SQLITE_OK)
        return store_status(self, rc, "RELEASE");
    self->savepoints--;
    return STATUS_OK;
}

void store_rollback_to(store_t *self)
{
    CHECK(self->savepoints > 0);
    store_check_idle(self);
    self->savepoints--;
    self->audit.known = false;
    if (!store_in_transaction(self))
        return;
    /* ROLLBACK TO keeps the savepoint; RELEASE then ends it. */
    int rc = run_own(self, OWN_ROLLBACK_TO);
    if (rc == SQLITE_OK)
        rc = run_own(self, OWN_RELEASE);
    if (rc != SQLITE_OK && store_in_transaction(self))
        die(self, rc, "ROLLBACK TO"); /* would leave half a handler in the batch */
}

void store_snapshot_begin(store_t *self)
{
    CHECK(!self->begun);
    /* DEFERRED takes no lock: the snapshot is that of the first read. */
    CHECK(run_own(self, OWN_BEGIN_READ) == SQLITE_OK);
    self->begun = true;
    self->savepoints = 0;
}

void store_snapshot_end(store_t *self)
{
    store_rollback(self);
}

status_t store_exec(store_t *self, const char *sql)
{
    int rc = sqlite3_exec(self->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? STATUS_OK : store_status(self, rc, sql);
}

int64_t store_number(store_t *self, const char *sql)
{
    sqlite3_stmt *statement;
    int64_t number = 0;

    CHECK(sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL) == SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

int64_t store_changes(const store_t *self)
{
    return sqlite3_changes64(self->db);
}

int64_t store_total_changes(const store_t *self)
{
    return sqlite3_total_changes64(self->db);
}
