/* ledger.c - the schema of once, inbox, outbox and audit: migration 0000 of every service.
 *
 * Never change what is here once a database exists somewhere: add 0000_ledger_2
 * behind it. */
#include "store_private.h"

const migration_t ledger_migrations[] = {
    {"0000_ledger.sql",
     /* A key belongs to its caller; who uses it again with another method or request is refused. */
     "CREATE TABLE once (\n"
     "    seq INTEGER PRIMARY KEY,\n"
     "    caller TEXT NOT NULL,\n"
     "    key TEXT NOT NULL,\n"
     "    method TEXT NOT NULL,\n"
     "    request_hash BLOB NOT NULL,\n"
     "    answer BLOB NOT NULL,\n"
     "    at_ms INTEGER NOT NULL,\n"
     "    UNIQUE (caller, key)\n"
     ") STRICT;\n"

     /* Two methods of one service may consume the same event, each once. */
     "CREATE TABLE inbox (\n"
     "    source TEXT NOT NULL,\n"
     "    method TEXT NOT NULL,\n"
     "    seq INTEGER NOT NULL,\n"
     "    at_ms INTEGER NOT NULL,\n"
     "    PRIMARY KEY (source, method, seq)\n"
     ") STRICT, WITHOUT ROWID;\n"

     /* AUTOINCREMENT: rows leave once delivered, and a number used twice would be taken for
      * a repetition by the subscriber's inbox. */
     "CREATE TABLE outbox (\n"
     "    seq INTEGER PRIMARY KEY AUTOINCREMENT,\n"
     "    topic TEXT NOT NULL,\n"
     "    key TEXT NOT NULL,\n"
     "    body BLOB NOT NULL,\n"
     "    at_ms INTEGER NOT NULL\n"
     ") STRICT;\n"

     /* state: 0 behind another of its subscriber and key, 1 open, 2 parked (outbox.c). */
     "CREATE TABLE delivery (\n"
     "    seq INTEGER NOT NULL REFERENCES outbox (seq),\n"
     "    subscriber TEXT NOT NULL,\n"
     "    key TEXT NOT NULL,\n"
     "    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),\n"
     "    due_ms INTEGER NOT NULL,\n"
     "    attempts INTEGER NOT NULL DEFAULT 0,\n"
     "    tries INTEGER NOT NULL DEFAULT 0,\n"
     "    error TEXT NOT NULL DEFAULT '',\n"
     "    PRIMARY KEY (seq, subscriber)\n"
     ") STRICT, WITHOUT ROWID;\n"
     "CREATE UNIQUE INDEX delivery_order ON delivery (subscriber, key, seq);\n"
     "CREATE INDEX delivery_due ON delivery (due_ms, seq) WHERE state = 1;\n"
     "CREATE INDEX delivery_parked ON delivery (seq) WHERE state = 2;\n"

     /* One row that a health check writes (rpc/process.c). */
     "CREATE TABLE probe (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;\n"

     "CREATE TABLE audit (\n"
     "    seq INTEGER PRIMARY KEY,\n"
     "    at_ms INTEGER NOT NULL,\n"
     "    method TEXT NOT NULL,\n"
     "    caller TEXT NOT NULL,\n"
     "    address TEXT NOT NULL,\n"
     "    concerns TEXT NOT NULL,\n"
     "    trace TEXT NOT NULL,\n"
     "    request_hash BLOB NOT NULL,\n"
     "    outcome INTEGER NOT NULL,\n"
     "    hash BLOB NOT NULL\n"
     ") STRICT;\n"},
};
const size_t ledger_migration_count = sizeof ledger_migrations / sizeof *ledger_migrations;
