/* store.h - a service's database: statements by name, rows to messages by name.
 *
 * The only folder that knows SQLite (3.40, WAL, synchronous=FULL).  SQL keeps to
 * what SQLite and PostgreSQL both understand; parameters are written :name.
 *
 *   query_t *q = query(call->store, "UPDATE cases SET state = :state, version = version + 1"
 *                                   " WHERE id = :id AND version = :version RETURNING version");
 *   query_int(q, "state", CASE_ACCEPTED);
 *   query_message(q, &in->base);                    // id, version: fields of the same name
 *   bool changed = query_row(q, &out->base, call->arena);   // version: column of the same name
 *   status_t status = query_done(q);
 *
 * The query remembers the first error, so the straight path reads straight;
 * query_done() tells it and gives the statement back.  Parameters that nobody
 * set and SQL that does not compile are faults of ours: CHECK.
 *
 * A store_t belongs to one thread. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "status.h"

typedef struct store store_t;
typedef struct query query_t;

typedef struct {
    const char *name; /* "0001_cases.sql" */
    const char *sql;
} migration_t;

/* Opens (and creates) the read-write connection and migrates: each file once,
 * in order, recorded with its hash; a recorded file that changed, or is gone, is an error.
 * `path` ":memory:" for tests.  Logs nothing: `error` gets a sentence. */
status_t store_open(const char *path, const migration_t *migrations, size_t migration_count,
                    store_t **ret, char *error, size_t error_size);
/* One more, read-only connection to the same file. */
status_t store_open_reader(const char *path, store_t **ret, char *error, size_t error_size);
void store_close(store_t **self);
/* For tests of a full disk: the file may not grow beyond so many pages of 4 KiB. */
void store_limit_pages(store_t *self, int64_t page_count_max);
/* Folds the WAL into the file; at a clean stop. */
void store_checkpoint(store_t *self);

/* --- statements --------------------------------------------------------------- */

/* `sql` must be a literal: statements are cached by its address. */
query_t *query(store_t *store, const char *sql);

/* Values are copied, but what query_message() gives must live until query_done(). */
void query_int(query_t *self, const char *name, int64_t value);
void query_real(query_t *self, const char *name, double value);
void query_text(query_t *self, const char *name, const char *value); /* NULL: SQL NULL */
void query_blob(query_t *self, const char *name, const void *data, size_t size);
void query_null(query_t *self, const char *name);
/* Every parameter not yet set that has a field of its name: scalars, text, bytes, enums (number),
 * bool (0/1), Timestamp (milliseconds, absent: NULL), other messages (packed, absent: NULL). */
void query_message(query_t *self, const ProtobufCMessage *message);

/* Next row; false at the end or on error. */
bool query_next(query_t *self);
/* The same, and fills every field of `out` that has a column of its name (the reverse of
 * query_message).  A column without a field is a fault of ours unless it begins with '_'. */
bool query_row(query_t *self, ProtobufCMessage *out, arena_t *arena);
/* All rows as an array of messages of `type` in the arena; at most `limit` (a fault beyond: set LIMIT). */
ProtobufCMessage **query_rows(query_t *self, const ProtobufCMessageDescriptor *type, size_t limit,
                              arena_t *arena, size_t *ret_count);

/* Columns of the row that query_next() gave, by name; text and blobs are copied to the arena. */
int64_t query_get_int(query_t *self, const char *column);
double query_get_real(query_t *self, const char *column);
const char *query_get_text(query_t *self, const char *column, arena_t *arena); /* "" for NULL */
ProtobufCBinaryData query_get_blob(query_t *self, const char *column, arena_t *arena);
bool query_is_null(query_t *self, const char *column);

/* Runs to the end if nobody stepped it, gives the statement back, and tells how
 * it went: OK; ALREADY_EXISTS: a UNIQUE or PRIMARY KEY constraint; FAILED_PRECONDITION: another
 * constraint; UNAVAILABLE: disk full, out of memory, busy. */
status_t query_done(query_t *self);
/* Rows changed by the last INSERT, UPDATE or DELETE that was done. */
int64_t store_changes(const store_t *self);

/* --- transactions: used by rpc ---------------------------------------------------- */

status_t store_begin(store_t *self); /* BEGIN IMMEDIATE */
status_t store_commit(store_t *self);
void store_rollback(store_t *self);
status_t store_savepoint(store_t *self);
status_t store_release(store_t *self);
void store_rollback_to(store_t *self);
/* False when an error (disk full) has undone the whole transaction, not only the savepoint:
 * then nothing of the batch happened. */
bool store_in_transaction(const store_t *self);
/* A reader's snapshot: begin before, end after every call. */
void store_snapshot_begin(store_t *self);
void store_snapshot_end(store_t *self);

/* --- the database as a whole (copy.c): backup and its check ---------------------------- */

/* The snapshot of a reader that has begun one, page by page, as a new file with all of it on the disk.
 * Writers go on meanwhile; their log grows until the snapshot ends.  `error` gets a sentence. */
status_t store_copy(store_t *self, const char *path, char *error, size_t error_size);
/* Every page, index and reference fits.  DATA_LOSS: `fault` says the first that does not. */
status_t store_check(store_t *self, char *fault, size_t fault_size);

/* A plain statement in tests and set-up. */
status_t store_exec(store_t *self, const char *sql);
/* First column of the first row, 0 without one; the SQL need not be a literal.  For tests and
 * set-up. */
int64_t store_number(store_t *self, const char *sql);

/* Full text: Chinese words of a text as space separated tokens for an FTS5 column
 * (single ideographs and pairs of neighbours; letters and digits folded to lower case and half width), and a
 * search text as a MATCH expression ("" when it holds nothing to search for). */
const char *store_tokens(const char *text, arena_t *arena);
const char *store_match(const char *text, arena_t *arena);
