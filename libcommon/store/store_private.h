/* store_private.h - what store.c, query.c and the ledger share; nobody else includes it. */
#pragma once
#include <sqlite3.h>
#include "check.h"
#include "store.h"

#define STATEMENTS_MAX       4096 /* literals in one program; more is SQL made at run time */
#define STATEMENT_COPIES_MAX 16   /* one literal open at the same time: recursion in a handler */
#define PARAMETERS_MAX       256  /* the widest table we know (items) has some 90 columns */
#define SHAPES_MAX           16   /* message types one statement meets */

/* Statements of the store itself, prepared on first use. */
typedef enum {
    OWN_BEGIN_WRITE,
    OWN_BEGIN_READ,
    OWN_COMMIT,
    OWN_ROLLBACK,
    OWN_SAVEPOINT,
    OWN_RELEASE,
    OWN_ROLLBACK_TO,
    OWN_COUNT
} own_t;

/* The end of the audit chain.  Kept in memory so that a row costs no look-up; forgotten
 * whenever something was undone. */
typedef struct {
    bool known;
    int64_t seq;
    uint8_t hash[32];
} audit_head_t;

struct store {
    sqlite3 *db;
    sqlite3_stmt *own[OWN_COUNT];
    query_t **slots;        /* statement cache: open addressing by address of the literal */
    size_t slot_count;      /* power of two */
    size_t statement_count; /* literals in it */
    query_t *open;          /* queries not yet done, linked by next_open */
    bool reader;
    bool begun;     /* between begin and commit or rollback */
    int savepoints; /* within it */
    audit_head_t audit;
};

/* The status of a SQLite result that is not OK, ROW or DONE.  Does not come back when the
 * database is damaged or the fault is ours.  `sql` may be NULL. */
status_t store_status(store_t *self, int rc, const char *sql);

/* Sets the library up, once; before anything else is asked of it. */
void store_configure(void);

/* Every query has been given back; otherwise dies and names one that was not. */
void store_check_idle(const store_t *self);

/* Rows changed since the store was opened, undone ones included. */
int64_t store_total_changes(const store_t *self);

/* Closes all statements; by store_close(). */
void query_free_all(store_t *self);

/* Migration 0000 of every service (ledger.c). */
extern const migration_t ledger_migrations[];
extern const size_t ledger_migration_count;
