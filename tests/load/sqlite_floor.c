/* sqlite_floor.c - what SQLite alone can do with the rows that a submission writes.
 *
 *   sqlite_floor LIKE.db FILE BATCH SECONDS TABLE=ROWS ...
 *
 * The floor that durable submissions are measured against: the same tables and indexes as in
 * LIKE.db (a case database in use), rows as long as the ones there on average, statements
 * prepared once, WAL, synchronous=FULL, one COMMIT for BATCH submissions.  No message, no
 * handler, no savepoint, no hash, no seal.  Prints one line of JSON. */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TABLES_MAX   32
#define COLUMNS_MAX  80
#define VALUE_MAX    4000
#define UNKNOWN_SIZE 120 /* of values in tables that LIKE.db has no rows of */

typedef enum { TEXT, BLOB, INTEGER, ROWID } kind_t;

typedef struct {
    kind_t kind;
    int size;
    sqlite3_int64 number;
} column_t;

typedef struct {
    char name[64];
    int rows;
    column_t columns[COLUMNS_MAX];
    int column_count;
    sqlite3_stmt *insert;
} table_t;

static sqlite3 *like, *db;
static table_t tables[TABLES_MAX];
static int table_count;

static void check(sqlite3 *where, int rc, const char *what)
{
    if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
        return;
    fprintf(stderr, "sqlite_floor: %s: %s\n", what, sqlite3_errmsg(where));
    exit(1);
}

static void run(sqlite3 *where, const char *sql)
{
    check(where, sqlite3_exec(where, sql, NULL, NULL, NULL), sql);
}

static sqlite3_stmt *prepare(sqlite3 *where, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    check(where, sqlite3_prepare_v2(where, sql, -1, &statement, NULL), sql);
    return statement;
}

/* --- the tables -------------------------------------------------------------------------- */

/* Tables and indexes as LIKE.db has them. */
static void make_schema(const table_t *table)
{
    sqlite3_stmt *find = prepare(like, "SELECT sql FROM sqlite_schema WHERE tbl_name = ?1"
                                       " AND sql IS NOT NULL ORDER BY type DESC");
    sqlite3_bind_text(find, 1, table->name, -1, SQLITE_STATIC);
    int found = 0;
    for (; sqlite3_step(find) == SQLITE_ROW; found++)
        run(db, (const char *) sqlite3_column_text(find, 0));
    sqlite3_finalize(find);
    if (!found) {
        fprintf(stderr, "sqlite_floor: no table %s\n", table->name);
        exit(2);
    }
}

/* How long the values of a column are, or how large. */
static void measure(const table_t *table, const char *name, column_t *column)
{
    char sql[300];
    snprintf(sql, sizeof sql,
             column->kind == INTEGER ? "SELECT avg(\"%s\") FROM \"%s\""
                                     : "SELECT avg(length(CAST(\"%s\" AS BLOB))) FROM \"%s\"",
             name, table->name);
    sqlite3_stmt *ask = prepare(like, sql);
    check(like, sqlite3_step(ask), sql);
    bool known = sqlite3_column_type(ask, 0) != SQLITE_NULL;
    column->number = known ? sqlite3_column_int64(ask, 0) : 1;
    column->size = known ? sqlite3_column_int(ask, 0) : UNKNOWN_SIZE;
    if (column->size > VALUE_MAX)
        column->size = VALUE_MAX;
    sqlite3_finalize(ask);
}

static void read_columns(table_t *table)
{
    char sql[600];
    snprintf(sql, sizeof sql,
             "SELECT name, type, pk, (SELECT wr FROM pragma_table_list('%s') LIMIT 1),"
             " (SELECT count(*) FROM pragma_table_info('%s') WHERE pk > 0)"
             " FROM pragma_table_info('%s')",
             table->name, table->name, table->name);
    sqlite3_stmt *ask = prepare(like, sql);
    while (sqlite3_step(ask) == SQLITE_ROW && table->column_count < COLUMNS_MAX) {
        column_t *column = &table->columns[table->column_count++];
        const char *type = (const char *) sqlite3_column_text(ask, 1);
        column->kind = strcmp(type, "TEXT") == 0   ? TEXT
                       : strcmp(type, "BLOB") == 0 ? BLOB
                                                   : INTEGER;
        measure(table, (const char *) sqlite3_column_text(ask, 0), column);
        bool key_alone = sqlite3_column_int(ask, 2) == 1 && sqlite3_column_int(ask, 4) == 1;
        if (column->kind == INTEGER && key_alone && !sqlite3_column_int(ask, 3))
            column->kind = ROWID;
    }
    sqlite3_finalize(ask);
}

static void open_table(table_t *table)
{
    char sql[1000];
    make_schema(table);
    read_columns(table);
    int size = snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO \"%s\" VALUES (", table->name);
    for (int i = 0; i < table->column_count; i++)
        size += snprintf(sql + size, sizeof sql - (size_t) size, "%s?", i ? ", " : "");
    snprintf(sql + size, sizeof sql - (size_t) size, ")");
    table->insert = prepare(db, sql);
}

/* --- writing ------------------------------------------------------------------------------- */

/* Texts begin with a number that grows, as ids do; where there is room for it. */
static void put_row(table_t *table, unsigned long long number)
{
    static char values[COLUMNS_MAX][VALUE_MAX + 1];
    char head[17];
    snprintf(head, sizeof head, "%016llx", number);
    for (int i = 0; i < table->column_count; i++) {
        const column_t *column = &table->columns[i];
        if (column->kind == INTEGER) {
            sqlite3_bind_int64(table->insert, i + 1, column->number);
            continue;
        }
        if (column->kind == ROWID) {
            sqlite3_bind_null(table->insert, i + 1);
            continue;
        }
        memset(values[i], 'x', (size_t) column->size);
        if (column->size >= 16)
            memcpy(values[i], head, 16);
        if (column->kind == TEXT)
            sqlite3_bind_text(table->insert, i + 1, values[i], column->size, SQLITE_STATIC);
        else
            sqlite3_bind_blob(table->insert, i + 1, values[i], column->size, SQLITE_STATIC);
    }
    check(db, sqlite3_step(table->insert), table->name);
    sqlite3_reset(table->insert);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static long number(const char *text, long max)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || value < 1 || value > max) {
        fprintf(stderr, "sqlite_floor: '%s' is not between 1 and %ld\n", text, max);
        exit(2);
    }
    return value;
}

static void open_all(const char *like_path, const char *path, int count, char **arguments)
{
    check(like, sqlite3_open_v2(like_path, &like, SQLITE_OPEN_READONLY, NULL), like_path);
    remove(path);
    check(db, sqlite3_open(path, &db), path);
    run(db, "PRAGMA journal_mode = WAL");
    run(db, "PRAGMA synchronous = FULL");
    run(db, "PRAGMA cache_size = -4096");
    for (int i = 0; i < count && table_count < TABLES_MAX; i++) {
        table_t *table = &tables[table_count++];
        char *equals = strchr(arguments[i], '=');
        if (!equals || equals - arguments[i] >= (long) sizeof table->name) {
            fprintf(stderr, "sqlite_floor: '%s' is not TABLE=ROWS\n", arguments[i]);
            exit(2);
        }
        memcpy(table->name, arguments[i], (size_t) (equals - arguments[i]));
        table->rows = (int) number(equals + 1, 1000);
        open_table(table);
    }
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: sqlite_floor LIKE.db FILE BATCH SECONDS TABLE=ROWS ...\n");
        return 2;
    }
    long batch = number(argv[3], 10000), seconds = number(argv[4], 3600);
    open_all(argv[1], argv[2], argc - 5, argv + 5);

    unsigned long long made = 0, rows = 0;
    double begin = now_s(), spent = 0;
    while (spent < (double) seconds) {
        run(db, "BEGIN IMMEDIATE");
        for (long i = 0; i < batch; i++, made++)
            for (int t = 0; t < table_count; t++)
                for (int k = 0; k < tables[t].rows; k++)
                    put_row(&tables[t], rows++);
        run(db, "COMMIT");
        spent = now_s() - begin;
    }
    printf(
        "{\"submissions_per_second\":%.0f,\"rows_per_second\":%.0f,\"rows\":%llu,\"batch\":%ld}\n",
        (double) made / spent, (double) rows / spent, rows / made, batch);
    for (int t = 0; t < table_count; t++)
        sqlite3_finalize(tables[t].insert);
    sqlite3_close(db);
    sqlite3_close(like);
    return 0;
}
