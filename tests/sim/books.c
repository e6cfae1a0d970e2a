/* books.c - see books.h.  Reads copies of the databases by SQL of its own; README.md lists the
 * invariants by their names. */
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "books.h"
#include "broker_private.h"
#include "crypto.h"
#include "disk.h"
#include "ledger.h"
#include "oracle.h"
#include "people.h"
#include "platform_sim.h"
#include "yiwang/case.pb-c.h"

#define STATE(name)  CASE__STATE__STATE_##name
#define ACTION(name) CASE__ACTION__ACTION_##name

/* --- reading ------------------------------------------------------------------------------------ */

static const char *const DATABASES[] = {"identity", "catalog", "case"};

static sqlite3 *copy_open(const char *service, bool only_synced)
{
    char from[40];
    sqlite3 *db;
    snprintf(from, sizeof from, "%s.db", service);
    disk_copy(from, "look.db", only_synced);
    if (sqlite3_open_v2("look.db", &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        broken("databases are whole", "%s: %s", service, sqlite3_errmsg(db));
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return db;
}

static void copy_close(sqlite3 *db)
{
    sqlite3_close(db);
    disk_forget("look.db");
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        broken("databases are whole", "%s in %s", sqlite3_errmsg(db), sql);
    return statement;
}

static bool step(sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        broken("databases are whole", "%s in %s", sqlite3_errmsg(sqlite3_db_handle(statement)),
               sqlite3_sql(statement));
    return rc == SQLITE_ROW;
}

static int64_t number(sqlite3 *db, const char *sql, const char *one, const char *two)
{
    sqlite3_stmt *statement = prepare(db, sql);
    if (one)
        sqlite3_bind_text(statement, 1, one, -1, SQLITE_STATIC);
    if (two)
        sqlite3_bind_text(statement, 2, two, -1, SQLITE_STATIC);
    int64_t value = step(statement) ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return value;
}

static const char *text(sqlite3_stmt *statement, int column)
{
    const char *value = (const char *) sqlite3_column_text(statement, column);
    return value ? value : "";
}

/* --- acknowledged is there ------------------------------------------------------------------------ */

static bool is_of(const char *method, const char *service)
{
    size_t size = strlen(service);
    return strncmp(method, service, size) == 0 && method[size] == '.';
}

static uint8_t op_seen[4096]; /* durable when it was looked for */

static void check_acknowledged(sqlite3 *db, const char *service, bool all)
{
    sqlite3_stmt *find = prepare(db, "SELECT 1 FROM once WHERE caller = ?1 AND key = ?2");
    for (size_t i = 0; i < op_count(); i++) {
        const op_t *op = op_at(i);
        /* Health, audit and the like are of every service: their contract's name is process.… */
        if (op->state != OP_DONE || !is_of(op->method, service) || (op_seen[i] && !all))
            continue;
        sqlite3_reset(find);
        sqlite3_bind_text(find, 1, op->caller, -1, SQLITE_STATIC);
        sqlite3_bind_text(find, 2, op->key, -1, SQLITE_STATIC);
        if (!step(find))
            broken("acknowledged is there",
                   "%s by %s with key %s was acknowledged at %.6f and is "
                   "not in %s",
                   op->method, op->caller, op->key, (double) op->answered_us / 1e6,
                   all ? "the database" : "what is synced");
        op_seen[i] = 1;
    }
    sqlite3_finalize(find);
}

/* --- what a database says of itself ----------------------------------------------------------------- */

static void check_lines(sqlite3 *db, const char *service)
{
    sqlite3_stmt *lines = prepare(
        db,
        "SELECT subscriber, key, sum(state <> 0), min(CASE WHEN state <> 0 THEN seq END), min(seq)"
        " FROM delivery GROUP BY subscriber, key");
    while (step(lines))
        if (sqlite3_column_int(lines, 2) != 1 ||
            sqlite3_column_int64(lines, 3) != sqlite3_column_int64(lines, 4))
            broken("events go in order", "%s: the line of %s for %s has %d heads", service,
                   text(lines, 0), text(lines, 1), sqlite3_column_int(lines, 2));
    sqlite3_finalize(lines);
    int64_t refused = number(db, "SELECT max(attempts) FROM delivery", NULL, NULL);
    if (refused)
        broken("every event arrives once", "%s counts a subscriber as refusing that was only away",
               service);
    int64_t lost = number(db,
                          "SELECT count(*) FROM outbox WHERE NOT EXISTS"
                          " (SELECT 1 FROM delivery WHERE delivery.seq = outbox.seq)",
                          NULL, NULL);
    if (lost)
        broken("every event arrives once", "%s: %lld events wait for nobody", service,
               (long long) lost);
}

static void add_number(crypto_hash_t *hash, int64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t) ((uint64_t) value >> (56 - 8 * i));
    crypto_hash_add(hash, bytes, 8);
}

/* Computed again from what docs/store.md says. */
static void check_chain(sqlite3 *db, const char *service)
{
    uint8_t before[32] = {0};
    int64_t expected = 0;
    sqlite3_stmt *rows = prepare(db, "SELECT seq, at_ms, method, caller, address, concerns, trace,"
                                     " request_hash, outcome, hash FROM audit ORDER BY seq");
    while (step(rows)) {
        crypto_hash_t hash;
        uint8_t computed[32];
        crypto_hash_start(&hash);
        crypto_hash_add(&hash, before, 32);
        add_number(&hash, sqlite3_column_int64(rows, 0));
        add_number(&hash, sqlite3_column_int64(rows, 1));
        for (int column = 2; column <= 6; column++) {
            add_number(&hash, sqlite3_column_bytes(rows, column));
            crypto_hash_add(&hash, text(rows, column), (size_t) sqlite3_column_bytes(rows, column));
        }
        crypto_hash_add(&hash, sqlite3_column_blob(rows, 7), 32);
        add_number(&hash, sqlite3_column_int64(rows, 8));
        crypto_hash_end(&hash, computed);
        if (sqlite3_column_int64(rows, 0) != ++expected || sqlite3_column_bytes(rows, 9) != 32 ||
            memcmp(computed, sqlite3_column_blob(rows, 9), 32) != 0)
            broken("audit chains are whole", "%s: row %lld does not fit", service,
                   (long long) sqlite3_column_int64(rows, 0));
        memcpy(before, computed, 32);
    }
    sqlite3_finalize(rows);
}

/* What was done under a key has one row in the chain, and nothing else has. */
static void check_audited(sqlite3 *db, const char *service)
{
    sqlite3_stmt *done = prepare(
        db,
        "SELECT o.caller, o.method, count(*), (SELECT count(*) FROM audit a WHERE a.caller = o.caller"
        " AND a.method = o.method AND a.outcome = 0) FROM once o"
        " WHERE o.method NOT LIKE '%.CheckHealth' GROUP BY o.caller, o.method");
    while (step(done))
        if (sqlite3_column_int64(done, 2) != sqlite3_column_int64(done, 3))
            broken("an effect once for each key", "%s: %s by %s: %lld keys, %lld rows in the audit",
                   service, text(done, 1), text(done, 0), (long long) sqlite3_column_int64(done, 2),
                   (long long) sqlite3_column_int64(done, 3));
    sqlite3_finalize(done);
}

static void check_whole(sqlite3 *db, const char *service)
{
    sqlite3_stmt *check = prepare(db, "PRAGMA quick_check");
    if (step(check) && strcmp(text(check, 0), "ok") != 0)
        broken("databases are whole", "%s: %s", service, text(check, 0));
    sqlite3_finalize(check);
    check = prepare(db, "PRAGMA foreign_key_check");
    if (step(check))
        broken("databases are whole", "%s: a row of %s refers to nothing", service, text(check, 0));
    sqlite3_finalize(check);
}

/* --- the process table, a second time (docs/case-flow.md) --------------------------------------------- */

enum { APPLICANT = 1, OFFICIAL = 2, TIME = 4 };
#define IN(name)  (1u << STATE(name))
#define UNDECIDED (IN(ACCEPTED) | IN(REVIEWING) | IN(DECIDING))
#define WAITS     (IN(SUBMITTED) | UNDECIDED | IN(GRANTED) | IN(DENIED))

static const struct {
    int action;
    unsigned from; /* bit 0: nothing yet */
    int to;        /* 0: stays */
    int by;
    const char *permission; /* of an official; NULL: any that handles cases */
} PROCESS[] = {
    {ACTION(CREATE), 1, STATE(DRAFT), APPLICANT, NULL},
    {ACTION(SUBMIT), 1 | IN(DRAFT), STATE(SUBMITTED), APPLICANT, NULL},
    {ACTION(CORRECT), IN(SUBMITTED), STATE(CORRECTION), OFFICIAL, "case.receive"},
    {ACTION(SUPPLEMENT), IN(CORRECTION), STATE(SUBMITTED), APPLICANT, NULL},
    {ACTION(TERMINATE), IN(CORRECTION), STATE(TERMINATED), TIME, NULL},
    {ACTION(ACCEPT), IN(SUBMITTED), STATE(ACCEPTED), OFFICIAL, "case.receive"},
    {ACTION(DEEM_ACCEPTED), IN(SUBMITTED), STATE(ACCEPTED), TIME, NULL},
    {ACTION(REFUSE), IN(SUBMITTED), STATE(REFUSED), OFFICIAL, "case.receive"},
    {ACTION(FINISH_STAGE), IN(ACCEPTED) | IN(REVIEWING), STATE(REVIEWING), OFFICIAL, "case.review"},
    {ACTION(FINISH_LAST_STAGE), IN(ACCEPTED) | IN(REVIEWING), STATE(DECIDING), OFFICIAL,
     "case.review"},
    {ACTION(RETURN_STAGE), IN(REVIEWING) | IN(DECIDING), STATE(REVIEWING), OFFICIAL, NULL},
    {ACTION(DECIDE_GRANT), IN(ACCEPTED) | IN(DECIDING), STATE(GRANTED), OFFICIAL, "case.decide"},
    {ACTION(DECIDE_DENY), IN(ACCEPTED) | IN(DECIDING), STATE(DENIED), OFFICIAL, "case.decide"},
    {ACTION(CLOSE), IN(GRANTED) | IN(DENIED), STATE(CLOSED), OFFICIAL, "case.receive"},
    {ACTION(WITHDRAW), IN(SUBMITTED) | IN(CORRECTION) | UNDECIDED, STATE(WITHDRAWN), APPLICANT,
     NULL},
    {ACTION(START_SPECIAL), UNDECIDED, 0, OFFICIAL, "case.review"},
    {ACTION(END_SPECIAL), UNDECIDED, 0, OFFICIAL, "case.review"},
    {ACTION(CLAIM), WAITS, 0, OFFICIAL, NULL},
    {ACTION(TRANSFER), WAITS, 0, OFFICIAL, NULL},
    {ACTION(RELEASE), WAITS, 0, OFFICIAL, NULL},
    {ACTION(REMIND), WAITS | IN(CORRECTION), 0, TIME, NULL},
    {ACTION(RECOMPUTE), WAITS | IN(CORRECTION), 0, TIME, NULL},
};

typedef struct {
    const char *id, *account, *department;
    int state;
} row_t;

/* What an official needs who takes a case or gives it back: the permission for what it waits for. */
static const char *permission_in(int state, const char *has)
{
    switch (state) {
    case STATE(ACCEPTED): /* with stages or without */
        return strstr(has, "case.review") ? "case.review" : "case.decide";
    case STATE(REVIEWING):
        return "case.review";
    case STATE(DECIDING):
        return "case.decide";
    default:
        return "case.receive";
    }
}

static void check_actor(const row_t *row, int by, const char *permission, const char *actor,
                        int action, int state)
{
    const char *department = "";
    if (by == APPLICANT && strcmp(actor, row->account) != 0)
        broken("nobody sees another's case", "%s: action %d by %s, who is not its applicant",
               row->id, action, actor);
    if (by == TIME && strcmp(actor, "case") != 0)
        broken("states follow the process", "%s: action %d by %s and not by time", row->id, action,
               actor);
    if (by != OFFICIAL)
        return;
    if (strstr(actor, "-system")) {
        if (strncmp(actor, row->department, strlen(row->department)) != 0)
            broken("nobody sees another's case", "%s of %s: action %d by %s", row->id,
                   row->department, action, actor);
        return;
    }
    const char *has = people_staff_permissions(actor, &department);
    if (!has || strcmp(department, row->department) != 0)
        broken("nobody sees another's case", "%s of %s: action %d by %s of %s", row->id,
               row->department, action, actor, has ? department : "nowhere");
    bool assigns = action == ACTION(RELEASE) || action == ACTION(TRANSFER);
    if (!permission)
        permission = permission_in(state, has);
    if (!strstr(has, permission) && !(assigns && strstr(has, "case.decide")))
        broken("rights are looked at", "%s: action %d by %s, who has only: %s", row->id, action,
               actor, has);
}

typedef struct {
    int64_t submitted_ms, correct_ms, accept_ms, decided_ms;
    bool deemed, recomputed, submitted_before;
    int entries;
} story_t;

/* What time does by itself it does not do too early.  (In years that get their table only now the
 * limits of then are not known any more.) */
static void tell_story(sqlite3 *db, const char *id)
{
    sqlite3_stmt *rows = prepare(
        db,
        "SELECT at_ms, action, state, actor_id, text FROM timeline WHERE case_id = ?1 ORDER BY seq");
    sqlite3_bind_text(rows, 1, id, -1, SQLITE_STATIC);
    while (step(rows))
        say("%.0s day %lld action %d state %d by %.8s %.150s", id,
            (long long) oracle_day(sqlite3_column_int64(rows, 0)), sqlite3_column_int(rows, 1),
            sqlite3_column_int(rows, 2), text(rows, 3), text(rows, 4));
    sqlite3_finalize(rows);
}

static void check_time(const row_t *row, int action, int64_t at_ms, const story_t *story,
                       int correction_days)
{
    int64_t due_ms = 0;
    if (at_ms >= 1797000000000) /* December 2026 */
        return;
    if (action == ACTION(DEEM_ACCEPTED))
        due_ms = oracle_working_ms(oracle_received(story->submitted_ms), 5, NULL, 0);
    if (action == ACTION(TERMINATE))
        due_ms = oracle_working_ms(oracle_day(story->correct_ms), correction_days, NULL, 0);
    if (at_ms < due_ms)
        broken("time moves what is due", "%s: action %d %lld ms too early", row->id, action,
               (long long) (due_ms - at_ms));
}

static story_t check_timeline(sqlite3_stmt *entries, const row_t *row)
{
    story_t story = {0};
    int state = 0;
    sqlite3_reset(entries);
    sqlite3_bind_text(entries, 1, row->id, -1, SQLITE_STATIC);
    while (step(entries)) {
        int action = sqlite3_column_int(entries, 0), after = sqlite3_column_int(entries, 1);
        int64_t at_ms = sqlite3_column_int64(entries, 2);
        size_t i = 0;
        while (i < sizeof PROCESS / sizeof *PROCESS && PROCESS[i].action != action)
            i++;
        if (i == sizeof PROCESS / sizeof *PROCESS || !(PROCESS[i].from & 1u << state) ||
            after != (PROCESS[i].to ? PROCESS[i].to : state))
            broken("states follow the process", "%s: action %d leads from state %d to %d", row->id,
                   action, state, after);
        check_actor(row, PROCESS[i].by, PROCESS[i].permission, text(entries, 3), action, state);
        check_time(row, action, at_ms, &story, sqlite3_column_int(entries, 4));
        state = after;
        story.entries++;
        if (action == ACTION(SUBMIT) || action == ACTION(SUPPLEMENT)) {
            story.submitted_ms = at_ms;
            story.recomputed = false;
        }
        if (action == ACTION(CORRECT))
            story.correct_ms = at_ms;
        if (action == ACTION(ACCEPT) || action == ACTION(DEEM_ACCEPTED)) {
            story.accept_ms = at_ms;
            story.deemed = action == ACTION(DEEM_ACCEPTED);
        }
        if (action == ACTION(DECIDE_GRANT) || action == ACTION(DECIDE_DENY))
            story.decided_ms = at_ms;
        if (action == ACTION(RECOMPUTE))
            story.recomputed = true;
    }
    if (state == 0)
        state = STATE(DRAFT); /* of which nothing is told */
    if (state != row->state)
        broken("states follow the process", "%s is in state %d, its timeline ends in %d", row->id,
               row->state, state);
    return story;
}

/* --- deadlines ---------------------------------------------------------------------------------------------- */

static sqlite3 *told_from;

static void same_time(const char *id, const char *what, int64_t got_ms, int64_t expected_ms)
{
    if (got_ms != expected_ms)
        tell_story(told_from, id);
    if (got_ms != expected_ms)
        broken("deadlines are as the oracle counts",
               "%s: %s is day %lld (%lld ms), the oracle says day %lld", id, what,
               (long long) oracle_day(got_ms - 1), (long long) got_ms,
               (long long) oracle_day(expected_ms - 1));
}

static int load_pauses(sqlite3 *db, const char *id, oracle_pause_t pauses[60], int *ret_extension)
{
    int count = 0;
    sqlite3_stmt *specials = prepare(db, "SELECT kind, started_ms, ended_ms, planned_days"
                                         " FROM specials WHERE case_id = ?1");
    sqlite3_bind_text(specials, 1, id, -1, SQLITE_STATIC);
    *ret_extension = 0;
    while (step(specials)) {
        int64_t started = oracle_day(sqlite3_column_int64(specials, 1));
        int64_t ended_ms = sqlite3_column_int64(specials, 2);
        int days = sqlite3_column_int(specials, 3);
        if (sqlite3_column_int(specials, 0) == CASE__SPECIAL_KIND__SPECIAL_KIND_EXTENSION) {
            *ret_extension += days;
            continue;
        }
        pauses[count].from = started;
        pauses[count++].to = ended_ms ? oracle_day(ended_ms)
                                      : oracle_day(oracle_working_ms(started, days, NULL, 0) - 1);
    }
    sqlite3_finalize(specials);
    return count;
}

enum {
    C_ID,
    C_STATE,
    C_ACCOUNT,
    C_DEPARTMENT,
    C_ITEM,
    C_RECEIVED,
    C_ACCEPT_DUE,
    C_CORRECTION_DAYS,
    C_CORRECTION_DUE,
    C_ACCEPTED_DAY,
    C_PROMISED,
    C_LEGAL,
    C_DELIVERY,
    C_DUE,
    C_ALARM,
    C_REMINDED,
    C_WAITS_FOR,
    C_STAGE,
    C_SPECIALS_OPEN,
    C_PROVISIONAL,
    C_NUMBER
};
#define CASES                                                                                      \
    "SELECT id, state, account_id, department_id, item_id, received_day, accept_due_ms,"           \
    " correction_days, correction_due_ms, accepted_day, promised_due_ms, legal_due_ms,"            \
    " delivery_due_ms, due_ms, alarm_ms, reminded, waits_for, stage_number, specials_open,"        \
    " provisional, number FROM cases"

static const item_info_t *item_of(const char *id)
{
    for (int i = 0; i < ITEMS; i++)
        if (strcmp(people_items[i].id, id) == 0)
            return &people_items[i];
    broken("acknowledged is there", "a case of an item that nobody published: %s", id);
}

static void check_handling_limits(sqlite3 *db, sqlite3_stmt *row, const story_t *story)
{
    const char *id = text(row, C_ID);
    const item_info_t *item = item_of(text(row, C_ITEM));
    oracle_pause_t pauses[60];
    int extension, count = load_pauses(db, id, pauses, &extension);
    int64_t day = sqlite3_column_int64(row, C_ACCEPTED_DAY);
    if (!story->deemed && day != oracle_day(story->accept_ms))
        broken("deadlines are as the oracle counts", "%s was accepted on day %lld, it says %lld",
               id, (long long) oracle_day(story->accept_ms), (long long) day);
    if (story->deemed && day != sqlite3_column_int64(row, C_RECEIVED))
        broken("deadlines are as the oracle counts",
               "%s is deemed accepted from day %lld, received on %lld", id, (long long) day,
               (long long) sqlite3_column_int64(row, C_RECEIVED));
    int legal_days = (item->legal_days ? item->legal_days : 20) + extension;
    int promise_days = (item->at_once        ? 0
                        : item->promise_days ? item->promise_days
                        : item->legal_days   ? item->legal_days
                                             : 20) +
                       extension;
    int64_t legal = item->calendar ? oracle_calendar_ms(day, legal_days, pauses, count)
                                   : oracle_working_ms(day, legal_days, pauses, count);
    int64_t promised = item->calendar ? oracle_calendar_ms(day, promise_days, pauses, count)
                                      : oracle_working_ms(day, promise_days, pauses, count);
    if (promised > legal)
        promised = legal;
    same_time(id, "the legal limit", sqlite3_column_int64(row, C_LEGAL), legal);
    same_time(id, "the promised limit", sqlite3_column_int64(row, C_PROMISED), promised);
    same_time(id, "the limit", sqlite3_column_int64(row, C_DUE), promised);
}

static void check_deadlines(sqlite3 *db, sqlite3_stmt *row, const story_t *story)
{
    const char *id = text(row, C_ID);
    int state = sqlite3_column_int(row, C_STATE);
    int64_t alarm_ms = sqlite3_column_int64(row, C_ALARM),
            due_ms = sqlite3_column_int64(row, C_DUE);
    if (alarm_ms == 1)
        return; /* waits to be computed anew */
    if (state == STATE(SUBMITTED)) {
        int64_t received = sqlite3_column_int64(row, C_RECEIVED);
        if (!story->recomputed && received != oracle_received(story->submitted_ms))
            broken("deadlines are as the oracle counts",
                   "%s counts as received on day %lld, the oracle says %lld", id,
                   (long long) received, (long long) oracle_received(story->submitted_ms));
        same_time(id, "the limit for acceptance", sqlite3_column_int64(row, C_ACCEPT_DUE),
                  oracle_working_ms(received, 5, NULL, 0));
        same_time(id, "the limit", due_ms, sqlite3_column_int64(row, C_ACCEPT_DUE));
    } else if (state == STATE(CORRECTION)) {
        same_time(id, "the limit for correction", sqlite3_column_int64(row, C_CORRECTION_DUE),
                  oracle_working_ms(oracle_day(story->correct_ms),
                                    sqlite3_column_int(row, C_CORRECTION_DAYS), NULL, 0));
        same_time(id, "the limit", due_ms, sqlite3_column_int64(row, C_CORRECTION_DUE));
    } else if (state == STATE(ACCEPTED) || state == STATE(REVIEWING) || state == STATE(DECIDING)) {
        check_handling_limits(db, row, story);
    } else if (state == STATE(GRANTED) || state == STATE(DENIED)) {
        same_time(id, "the limit for delivery", due_ms,
                  oracle_working_ms(oracle_day(story->decided_ms), 10, NULL, 0));
    } else if (due_ms || alarm_ms) {
        broken("deadlines are as the oracle counts", "%s is over and has a limit", id);
    }
    if (!due_ms)
        return;
    bool by_time = state == STATE(SUBMITTED) || state == STATE(CORRECTION);
    int64_t reminder_ms = oracle_reminder_ms(due_ms);
    if (alarm_ms && alarm_ms != reminder_ms && !(by_time && alarm_ms == due_ms))
        broken("deadlines are as the oracle counts",
               "%s: its alarm is neither the reminder's nor the limit's", id);
    if (by_time && !alarm_ms)
        broken("time moves what is due", "%s waits for time and has no alarm", id);
}

/* Whom a case waits for. */
static void check_waits_for(sqlite3_stmt *row)
{
    int state = sqlite3_column_int(row, C_STATE), stage = sqlite3_column_int(row, C_STAGE);
    const char *expected = "";
    if (state == STATE(SUBMITTED) || state == STATE(GRANTED) || state == STATE(DENIED))
        expected = "case.receive";
    else if (state == STATE(REVIEWING) || (state == STATE(ACCEPTED) && stage))
        expected = "case.review";
    else if (state == STATE(DECIDING) || state == STATE(ACCEPTED))
        expected = "case.decide";
    if (strcmp(text(row, C_WAITS_FOR), expected) != 0)
        broken("states follow the process", "%s in state %d waits for '%s'", text(row, C_ID), state,
               text(row, C_WAITS_FOR));
}

/* Stages are done one after the other, and all of them before the decision. */
static void check_stages(sqlite3 *db, const char *id, int state, int open_stage)
{
    sqlite3_stmt *stages =
        prepare(db, "SELECT number, state FROM stages WHERE case_id = ?1 ORDER BY number");
    sqlite3_bind_text(stages, 1, id, -1, SQLITE_STATIC);
    bool past = state == STATE(DECIDING) || state == STATE(GRANTED) || state == STATE(DENIED) ||
                state == STATE(CLOSED);
    for (int expected = 1; step(stages); expected++) {
        int at = sqlite3_column_int(stages, 0), now = sqlite3_column_int(stages, 1);
        int right = past || (open_stage && at < open_stage) ? CASE__STAGE_STATE__STAGE_STATE_DONE
                    : at == open_stage                      ? CASE__STAGE_STATE__STAGE_STATE_OPEN
                                       : CASE__STAGE_STATE__STAGE_STATE_PENDING;
        bool left = state == STATE(WITHDRAWN);
        if (at != expected || (!left && now != right &&
                               !(now == CASE__STAGE_STATE__STAGE_STATE_DONE && at > open_stage)))
            broken("states follow the process",
                   "%s in state %d: stage %d is in state %d, open is %d", id, state, at, now,
                   open_stage);
    }
    sqlite3_finalize(stages);
}

static void check_cases(sqlite3 *db)
{
    int64_t table_days =
        number(db, "SELECT count(*) FROM holidays WHERE day >= 20819", NULL, NULL); /* 2027 */
    oracle_known_until(table_days ? 2027 : 2026);
    told_from = db;
    sqlite3_stmt *rows = prepare(db, CASES);
    sqlite3_stmt *entries = prepare(db, "SELECT action, t.state, at_ms, actor_id, c.correction_days"
                                        " FROM timeline t JOIN cases c ON c.id = t.case_id"
                                        " WHERE t.case_id = ?1 ORDER BY t.seq");
    while (step(rows)) {
        row_t row = {text(rows, C_ID), text(rows, C_ACCOUNT), text(rows, C_DEPARTMENT),
                     sqlite3_column_int(rows, C_STATE)};
        story_t story = check_timeline(entries, &row);
        const known_case_t *known = known_find(row.id);
        if (known && strcmp(people_citizen(known->owner)->id, row.account) != 0)
            broken("nobody sees another's case", "%s belongs to %s", row.id, row.account);
        check_waits_for(rows);
        check_stages(db, row.id, row.state, sqlite3_column_int(rows, C_STAGE));
        check_deadlines(db, rows, &story);
        if ((row.state != STATE(DRAFT)) != (text(rows, C_NUMBER)[0] != 0))
            broken("states follow the process", "%s: a number without a submission, or none with",
                   row.id);
    }
    sqlite3_finalize(rows);
    sqlite3_finalize(entries);
}

/* --- effects and keys -------------------------------------------------------------------------------------------- */

static const struct {
    const char *method;
    unsigned actions; /* bits 1 << action: each done request leaves one of them */
} EFFECTS[] = {
    {"case.SendCorrection", 1u << ACTION(CORRECT)},
    {"case.Supplement", 1u << ACTION(SUPPLEMENT)},
    {"case.Withdraw", 1u << ACTION(WITHDRAW)},
    {"case.Accept", 1u << ACTION(ACCEPT)},
    {"case.Refuse", 1u << ACTION(REFUSE)},
    {"case.Decide", 1u << ACTION(DECIDE_GRANT) | 1u << ACTION(DECIDE_DENY)},
    {"case.CloseCase", 1u << ACTION(CLOSE)},
    {"case.ClaimCase", 1u << ACTION(CLAIM)},
    {"case.StartSpecial", 1u << ACTION(START_SPECIAL)},
    {"case.EndSpecial", 1u << ACTION(END_SPECIAL)},
};

static int64_t done_of(sqlite3 *db, const char *method)
{
    return number(db, "SELECT count(*) FROM once WHERE method = ?1", method, NULL);
}

static void equal(const char *invariant, const char *what, int64_t got, int64_t expected)
{
    if (got != expected)
        broken(invariant, "%s: %lld, expected %lld", what, (long long) got, (long long) expected);
}

static void check_effects(sqlite3 *db)
{
    char sql[256];
    for (size_t i = 0; i < sizeof EFFECTS / sizeof *EFFECTS; i++) {
        snprintf(sql, sizeof sql, "SELECT count(*) FROM timeline WHERE (1 << action) & %u <> 0",
                 EFFECTS[i].actions);
        equal("an effect once for each key", EFFECTS[i].method, number(db, sql, NULL, NULL),
              done_of(db, EFFECTS[i].method));
    }
    int64_t submitted = done_of(db, "case.Submit") + done_of(db, "case.Apply");
    snprintf(sql, sizeof sql, "SELECT count(*) FROM timeline WHERE action = %d", ACTION(SUBMIT));
    equal("an effect once for each key", "submissions", number(db, sql, NULL, NULL), submitted);
    equal("an effect once for each key", "numbers given",
          number(db, "SELECT coalesce(sum(last), 0) FROM case_numbers", NULL, NULL), submitted);
    equal("an effect once for each key", "stages and returns",
          number(db, "SELECT count(*) FROM timeline WHERE action IN (8, 9, 10, 18)", NULL, NULL),
          done_of(db, "case.FinishStage") + done_of(db, "case.ReturnCase"));
    equal("an effect once for each key", "cases",
          number(db, "SELECT count(*) FROM cases", NULL, NULL),
          done_of(db, "case.CreateDraft") + done_of(db, "case.Apply") -
              done_of(db, "case.DeleteDraft"));
    equal("an effect once for each key", "notices of correction",
          number(db, "SELECT count(*) FROM corrections", NULL, NULL),
          done_of(db, "case.SendCorrection"));
    equal("an effect once for each key", "decisions",
          number(db, "SELECT count(*) FROM decisions", NULL, NULL), done_of(db, "case.Decide"));
    equal("an effect once for each key", "refusals",
          number(db, "SELECT count(*) FROM refusals", NULL, NULL), done_of(db, "case.Refuse"));
    equal("an effect once for each key", "special procedures",
          number(db, "SELECT count(*) FROM specials", NULL, NULL),
          done_of(db, "case.StartSpecial"));
    equal("an effect once for each key", "contents",
          number(db, "SELECT count(*) FROM case_contents", NULL, NULL),
          number(db, "SELECT count(*) FROM cases", NULL, NULL));
    equal("an effect once for each key", "evidence of what time did",
          number(db, "SELECT count(*) FROM evidence", NULL, NULL),
          number(db, "SELECT count(*) FROM timeline WHERE action IN (6, 15)", NULL, NULL));
    /* One by one: what was done to a case was asked for that case. */
    sqlite3_stmt *actors = prepare(db, "SELECT count(*) FROM timeline WHERE case_id = ?1");
    for (size_t i = 0; i < op_count(); i++) {
        const op_t *op = op_at(i);
        if (op->state != OP_DONE || !op->case_id[0] || !is_of(op->method, "case") ||
            strstr(op->method, "Draft"))
            continue;
        sqlite3_reset(actors);
        sqlite3_bind_text(actors, 1, op->case_id, -1, SQLITE_STATIC);
        if (!step(actors) || sqlite3_column_int64(actors, 0) == 0)
            broken("acknowledged is there", "%s: nothing is told of %s", op->method, op->case_id);
    }
    sqlite3_finalize(actors);
    /* What was refused for good left nothing. */
    sqlite3_stmt *once = prepare(db, "SELECT 1 FROM once WHERE caller = ?1 AND key = ?2");
    for (size_t i = 0; i < op_count(); i++) {
        const op_t *op = op_at(i);
        if (op->state != OP_REFUSED || op->unsure || !is_of(op->method, "case"))
            continue;
        sqlite3_reset(once);
        sqlite3_bind_text(once, 1, op->caller, -1, SQLITE_STATIC);
        sqlite3_bind_text(once, 2, op->key, -1, SQLITE_STATIC);
        if (step(once))
            broken("an effect once for each key", "%s with key %s was refused and is done",
                   op->method, op->key);
    }
    sqlite3_finalize(once);
}

/* What changed a case and when: the messages and events that go with it. */
static void check_notices(sqlite3 *cases, sqlite3 *identity)
{
    int64_t told = number(
        cases,
        "SELECT count(*) FROM timeline WHERE action IN (2, 3, 5, 6, 7, 11, 12, 13, 15, 19, 20)"
        " OR (action = 21 AND state = 3)",
        NULL, NULL);
    int64_t messages =
        number(identity, "SELECT count(*) FROM messages WHERE case_id <> ''", NULL, NULL);
    equal("every event arrives once", "messages to applicants", messages, told);
}

static void check_watch(sqlite3 *db)
{
    size_t at = 0;
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT t.seq, t.case_id FROM timeline t JOIN cases c ON c.id = t.case_id"
             " WHERE t.department_id = 'zjj' AND t.seq <= %lld ORDER BY t.seq",
             (long long) people_watch_cursor);
    sqlite3_stmt *rows = prepare(db, sql);
    while (step(rows)) {
        /* What was seen of a draft that is deleted now is no longer there. */
        while (at < people_watched_count && people_watched[at].seq < sqlite3_column_int64(rows, 0))
            at++;
        if (at == people_watched_count || people_watched[at].seq != sqlite3_column_int64(rows, 0))
            broken("the feed is complete", "the department's system did not see entry %lld of %s",
                   (long long) sqlite3_column_int64(rows, 0), text(rows, 1));
        at++;
    }
    sqlite3_finalize(rows);
}

/* --- events ------------------------------------------------------------------------------------------------------- */

#define EVENTS_MAX 8192

static struct {
    char source[24];
    int64_t seq;
    char topic[40];
    char key[44];
    uint8_t hash[CRYPTO_LOOKUP_SIZE]; /* of the body, as the subscriber's audit has it */
    int subscriber_count;
    char subscribers[4][40];
} events[EVENTS_MAX];
static size_t event_count;

/* Called by every service when it puts an event; a number that was rolled back is given again. */
static void note_event(const char *topic, const char *key, const void *body, size_t size,
                       const char *const *subscribers, size_t count, int64_t seq)
{
    const char *source = process_now()->name;
    size_t i = event_count;
    while (i > 0 && !(events[i - 1].seq == seq && strcmp(events[i - 1].source, source) == 0))
        i--;
    if (i == 0) {
        if (event_count == EVENTS_MAX)
            broken("simulator", "more than %d events", EVENTS_MAX);
        i = ++event_count;
    }
    i--;
    snprintf(events[i].source, sizeof events[i].source, "%s", source);
    events[i].seq = seq;
    snprintf(events[i].topic, sizeof events[i].topic, "%s", topic);
    snprintf(events[i].key, sizeof events[i].key, "%s", key);
    events[i].subscriber_count = (int) count;
    for (size_t j = 0; j < count && j < 4; j++)
        snprintf(events[i].subscribers[j], sizeof events[i].subscribers[j], "%s", subscribers[j]);
    if (count && strncmp(subscribers[0], "broker", 6) != 0) {
        char purpose[32];
        uint8_t ledger_key[CRYPTO_KEY_SIZE];
        snprintf(purpose, sizeof purpose, "%.*s.ledger", (int) strcspn(subscribers[0], "."),
                 subscribers[0]);
        crypto_derive(platform_master(), purpose, ledger_key);
        crypto_lookup(ledger_key, body, size, events[i].hash);
    }
}

status_t __real_outbox_put(store_t *store, const char *topic, const char *key, const void *body,
                           size_t size, const char *const *subscribers, size_t subscriber_count,
                           int64_t now_ms, int64_t *ret_seq);

status_t __wrap_outbox_put(store_t *store, const char *topic, const char *key, const void *body,
                           size_t size, const char *const *subscribers, size_t subscriber_count,
                           int64_t now_ms, int64_t *ret_seq)
{
    status_t status = __real_outbox_put(store, topic, key, body, size, subscribers,
                                        subscriber_count, now_ms, ret_seq);
    if (status == STATUS_OK && subscriber_count)
        note_event(topic, key, body, size, subscribers, subscriber_count, *ret_seq);
    return status;
}

/* Everything that `source` ever told has its row in the subscribers' inboxes, in order. */
static void check_arrived(sqlite3 *dbs[3], int source)
{
    int64_t last =
        number(dbs[source], "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'", NULL, NULL);
    for (int64_t seq = 1; seq <= last; seq++) {
        size_t i = event_count;
        while (i > 0 &&
               !(events[i - 1].seq == seq && strcmp(events[i - 1].source, DATABASES[source]) == 0))
            i--;
        if (i == 0)
            broken("every event arrives once", "%s: nobody put event %lld", DATABASES[source],
                   (long long) seq);
        for (int j = 0; j < events[i - 1].subscriber_count; j++) {
            const char *subscriber = events[i - 1].subscribers[j];
            for (int k = 0; k < 3; k++) {
                if (!is_of(subscriber, DATABASES[k]))
                    continue;
                char sql[160];
                snprintf(
                    sql, sizeof sql,
                    "SELECT count(*) FROM inbox WHERE source = ?1 AND method = ?2 AND seq = %lld",
                    (long long) seq);
                if (number(dbs[k], sql, DATABASES[source], subscriber) != 1)
                    broken("every event arrives once", "%s %lld of %s did not reach %s",
                           events[i - 1].topic, (long long) seq, DATABASES[source], subscriber);
            }
        }
    }
}

/* The order in which a subscriber committed them, by its audit. */
static void check_order(sqlite3 *dbs[3])
{
    for (int k = 0; k < 3; k++) {
        sqlite3_stmt *rows = prepare(
            dbs[k],
            "SELECT request_hash, method, caller FROM audit WHERE caller LIKE 'service:%'"
            " AND outcome = 0 AND method IN (SELECT DISTINCT method FROM inbox) ORDER BY seq");
        static uint8_t taken[EVENTS_MAX];
        memset(taken, 0, sizeof taken);
        int64_t effects = 0;
        while (step(rows)) {
            size_t found = event_count;
            effects++;
            for (size_t i = 0; i < event_count && found == event_count; i++)
                if (!taken[i] && memcmp(events[i].hash, sqlite3_column_blob(rows, 0), 32) == 0 &&
                    strcmp(events[i].subscribers[0], text(rows, 1)) == 0)
                    found = i;
            if (found == event_count)
                broken("every event arrives once",
                       "%s took in an event twice, or one that nobody told", text(rows, 1));
            taken[found] = 1;
            for (size_t i = 0; i < event_count; i++)
                if (!taken[i] && events[i].seq < events[found].seq &&
                    strcmp(events[i].source, events[found].source) == 0 &&
                    strcmp(events[i].subscribers[0], events[found].subscribers[0]) == 0 &&
                    strcmp(events[i].key, events[found].key) == 0)
                    broken("events go in order", "%s took in %lld of %s before %lld", text(rows, 1),
                           (long long) events[found].seq, events[found].source,
                           (long long) events[i].seq);
        }
        sqlite3_finalize(rows);
        equal("every event arrives once", DATABASES[k], effects,
              number(dbs[k], "SELECT count(*) FROM inbox", NULL, NULL));
    }
}

/* --- copies ---------------------------------------------------------------------------------------------------------- */

static void check_copies(sqlite3 *catalog, sqlite3 *cases)
{
    sqlite3_stmt *items =
        prepare(catalog, "SELECT id, version, state FROM items WHERE version > 0");
    while (step(items)) {
        sqlite3_stmt *copy = prepare(cases, "SELECT version, state FROM items WHERE item_id = ?1");
        sqlite3_bind_text(copy, 1, text(items, 0), -1, SQLITE_STATIC);
        if (!step(copy) || sqlite3_column_int64(copy, 0) != sqlite3_column_int64(items, 1) ||
            sqlite3_column_int64(copy, 1) != sqlite3_column_int64(items, 2))
            broken("copies agree in the end",
                   "item %s: the catalog has version %lld state %lld, the case "
                   "service %lld state %lld",
                   text(items, 0), (long long) sqlite3_column_int64(items, 1),
                   (long long) sqlite3_column_int64(items, 2),
                   (long long) sqlite3_column_int64(copy, 0),
                   (long long) sqlite3_column_int64(copy, 1));
        sqlite3_finalize(copy);
    }
    sqlite3_finalize(items);
    int64_t submitted =
        number(cases, "SELECT coalesce(sum(last), 0) FROM case_numbers", NULL, NULL);
    equal("copies agree in the end", "uses that the catalog counted",
          number(catalog, "SELECT coalesce(sum(popularity), 0) FROM items", NULL, NULL), submitted);
}

static void check_accounts(sqlite3 *identity)
{
    int64_t accounts = number(identity, "SELECT count(*) FROM accounts", NULL, NULL);
    equal("an effect once for each key", "accounts", accounts,
          number(identity, "SELECT count(*) FROM once WHERE method = 'identity.RegisterPerson'",
                 NULL, NULL));
}

/* --- queues ------------------------------------------------------------------------------------------------------------- */

extern broker_t *platform_broker;

static void check_queues(bool at_end)
{
    broker_t *broker = platform_broker;
    if (!broker || !platform_process(BROKER)->alive)
        return;
    if (calls_count(broker->calls) > broker->options->calls_max)
        broken("no queue past its limit", "%zu open calls", calls_count(broker->calls));
    size_t cursor = 0;
    for (lane_t *lane; (lane = lanes_each(broker->lanes, &cursor));) {
        uint32_t waiting = 0;
        for (open_call_t *call = lane->first; call; call = call->next)
            waiting++;
        if (waiting != lane->waiting || waiting > broker->options->queue_calls)
            broken("no queue past its limit", "%u calls wait for %s, it says %u", waiting,
                   lane->name, lane->waiting);
        for (size_t i = 0; i < lane->worker_count; i++) {
            const peer_t *worker = lane->workers[i];
            /* Answers to calls of its connection before give credit, too: twice the window at most. */
            if (worker->joined &&
                (worker->held > worker->window || worker->serving > 2u * worker->window))
                broken("no queue past its limit", "%s holds %u calls of %u", lane->name,
                       worker->held, worker->window);
        }
    }
    if (at_end && ask_waiting())
        broken("no call without an answer", "%u calls are still open", ask_waiting());
}

bool books_credit_is_back(void)
{
    size_t cursor = 0;
    if (!platform_broker)
        return true;
    for (lane_t *lane; (lane = lanes_each(platform_broker->lanes, &cursor));)
        for (size_t i = 0; i < lane->worker_count; i++)
            if (!lane->workers[i]->gone && lane->workers[i]->held)
                return false;
    return true;
}

/* --- together ---------------------------------------------------------------------------------------------------------------- */

void books_look(void)
{
    int which = (int) below(3);
    check_queues(false);
    sqlite3 *db = copy_open(DATABASES[which], true);
    check_acknowledged(db, DATABASES[which], false);
    check_lines(db, DATABASES[which]);
    if (which == 2 && one_in(4))
        check_cases(db);
    copy_close(db);
}

/* Soon after a restart there may be rows that were written and not synced by those who were killed. */
void books_acknowledged(const void *arg)
{
    static int seen_life[PLATFORM_COUNT], left[PLATFORM_COUNT];
    const op_t *op = arg;
    for (int i = 0; i < 3; i++) {
        if (!is_of(op->method, DATABASES[i]))
            continue;
        int part = IDENTITY + i, life = platform_process(part)->life;
        if (life != seen_life[part]) {
            seen_life[part] = life;
            left[part] = 12;
        }
        if (left[part] <= 0)
            return;
        left[part]--;
        sqlite3 *db = copy_open(DATABASES[i], true);
        check_acknowledged(db, DATABASES[i], false);
        copy_close(db);
    }
}

bool books_at_rest(void)
{
    bool rest = platform_all_alive();
    for (int i = 0; i < 3 && rest; i++) {
        sqlite3 *db = copy_open(DATABASES[i], false);
        rest = number(db, "SELECT count(*) FROM delivery", NULL, NULL) == 0;
        if (rest && i == 2) {
            char sql[120];
            snprintf(sql, sizeof sql,
                     "SELECT count(*) FROM cases WHERE alarm_ms <> 0 AND alarm_ms <= %lld",
                     (long long) world_wall_ms());
            rest = number(db, sql, NULL, NULL) == 0;
        }
        copy_close(db);
    }
    return rest;
}

void books_close(void)
{
    sqlite3 *dbs[3];
    char name[16];
    for (int i = 0; i < 3; i++) {
        char from[40];
        snprintf(from, sizeof from, "%s.db", DATABASES[i]);
        snprintf(name, sizeof name, "end%d.db", i);
        disk_copy(from, name, false);
        if (sqlite3_open_v2(name, &dbs[i], SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
            broken("databases are whole", "%s: %s", DATABASES[i], sqlite3_errmsg(dbs[i]));
        sqlite3_db_config(dbs[i], SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    for (int i = 0; i < 3; i++) {
        check_acknowledged(dbs[i], DATABASES[i], true);
        check_lines(dbs[i], DATABASES[i]);
        check_chain(dbs[i], DATABASES[i]);
        check_audited(dbs[i], DATABASES[i]);
        equal("every event arrives once", "parked",
              number(dbs[i], "SELECT count(*) FROM delivery WHERE state = 2", NULL, NULL), 0);
        equal("every event arrives once", "still waiting",
              number(dbs[i], "SELECT count(*) FROM outbox", NULL, NULL), 0);
        if (one_in(3))
            check_whole(dbs[i], DATABASES[i]);
    }
    check_cases(dbs[2]);
    check_effects(dbs[2]);
    check_notices(dbs[2], dbs[0]);
    check_watch(dbs[2]);
    for (int i = 0; i < 3; i++)
        check_arrived(dbs, i);
    check_order(dbs);
    check_copies(dbs[1], dbs[2]);
    check_accounts(dbs[0]);
    check_queues(true);
    for (int i = 0; i < 3; i++) {
        sqlite3_close(dbs[i]);
        snprintf(name, sizeof name, "end%d.db", i);
        disk_forget(name);
    }
}
