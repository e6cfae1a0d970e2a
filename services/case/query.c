/* query.c - progress by case number and query code, for anyone.
 *
 * A wrong code and an unknown number get the same answer.  Wrong guesses are counted per number and
 * per address, in a window; past the limit nobody is answered for that number or address until
 * it ends.
 * 31^8 codes and ten guesses an hour: guessing one takes longer than the case. */
#include <ctype.h>
#include <string.h>

#include "case.svc.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "number.h"
#include "query.h"
#include "record.h"
#include "text.h"

#define WINDOW_MS         (3600 * 1000LL)
#define WRONG_PER_NUMBER  10
#define WRONG_PER_ADDRESS 60 /* many people share an address */
#define SWEPT_AT_ONCE     500
#define TIMELINE_MAX      500
#define STAGES_MAX        50
#define FULL_WIDTH_FIRST  0xff01 /* ！ ... ～, the forms of ! ... ~ */
#define FULL_WIDTH_LAST   0xff5e

/* --- guesses ------------------------------------------------------------------------------ */

typedef struct {
    uint8_t key[CRYPTO_LOOKUP_SIZE];
    int limit; /* 0: not counted (address unknown) */
} guard_t;

static guard_t guard_of(const call_t *call, const char *what, const char *value, int limit)
{
    guard_t ret = {.limit = text_empty(value) ? 0 : limit};
    const char *text = arena_printf(call->arena, "guess/%s/%s", what, value);
    crypto_lookup(settings_of(call)->lookup_key, text ? text : "", text ? strlen(text) : 0,
                  ret.key);
    return ret;
}

static status_t check_guard(call_t *call, const guard_t *guard)
{
    if (!guard->limit)
        return STATUS_OK;
    query_t *find = query(call->store, "SELECT since_ms, wrong FROM query_guesses"
                                       " WHERE key = :key AND since_ms > :oldest");
    query_blob(find, "key", guard->key, sizeof guard->key);
    query_int(find, "oldest", call->now_ms - WINDOW_MS);
    int64_t wrong = 0, since_ms = 0;
    if (query_next(find)) {
        wrong = query_get_int(find, "wrong");
        since_ms = query_get_int(find, "since_ms");
    }
    status_t status = query_done(find);
    if (status != STATUS_OK || wrong < guard->limit)
        return status;
    status = call_fail(call, STATUS_RESOURCE_EXHAUSTED, "case.too_many_guesses", NULL,
                       "查询次数过多，请稍后再试，或登录后在“我的办件”中查看");
    call_retry_after(call, (uint32_t) (since_ms + WINDOW_MS - call->now_ms));
    return status;
}

static status_t count_wrong(call_t *call, const guard_t *guard)
{
    if (!guard->limit)
        return STATUS_OK;
    query_t *count =
        query(call->store,
              "INSERT INTO query_guesses (key, since_ms, wrong) VALUES (:key, :now, 1)"
              " ON CONFLICT (key) DO UPDATE SET"
              " wrong = CASE WHEN query_guesses.since_ms > :oldest THEN query_guesses.wrong + 1 "
              "ELSE 1 END,"
              " since_ms = CASE WHEN query_guesses.since_ms > :oldest THEN query_guesses.since_ms"
              " ELSE excluded.since_ms END");
    query_blob(count, "key", guard->key, sizeof guard->key);
    query_int(count, "now", call->now_ms);
    query_int(count, "oldest", call->now_ms - WINDOW_MS);
    return query_done(count);
}

status_t query_sweep(call_t *call)
{
    query_t *forget =
        query(call->store, "DELETE FROM query_guesses WHERE key IN (SELECT key FROM query_guesses"
                           " WHERE since_ms <= :oldest ORDER BY since_ms LIMIT :limit)");
    query_int(forget, "oldest", call->now_ms - WINDOW_MS);
    query_int(forget, "limit", SWEPT_AT_ONCE);
    return query_done(forget);
}

/* --- the answer --------------------------------------------------------------------------- */

static status_t fill(call_t *call, const Case__StoredCase *row, Case__CaseProgress *out)
{
    out->number = row->number;
    out->state = row->state;
    out->item_name = row->item_name;
    out->department_name = row->department_name;
    out->submitted_at = timestamp_make(call->arena, row->submitted_ms);
    out->accepted_at = timestamp_make(call->arena, row->accepted_ms);
    out->closed_at = timestamp_make(call->arena, row->closed_ms);
    out->deadlines = record_deadlines(call, row);

    query_t *entries =
        query(call->store, "SELECT at, action, state, title, stage FROM"
                           " (SELECT seq, at_ms AS at, action, state, title, stage FROM timeline"
                           "  WHERE case_id = :id AND internal = 0 ORDER BY seq DESC LIMIT 500)"
                           " ORDER BY seq"); /* the newest, oldest first */
    query_text(entries, "id", row->id);
    out->timeline = (Case__ProgressEntry **) query_rows(
        entries, &case__progress_entry__descriptor, TIMELINE_MAX, call->arena, &out->n_timeline);
    status_t status = query_done(entries);
    if (status != STATUS_OK)
        return status;

    query_t *stages = query(
        call->store,
        "SELECT number, name, state, started_ms AS started_at, ended_ms AS ended_at FROM stages"
        " WHERE case_id = :id ORDER BY number LIMIT 50");
    query_text(stages, "id", row->id);
    out->stages = (Case__ProgressStage **) query_rows(stages, &case__progress_stage__descriptor,
                                                      STAGES_MAX, call->arena, &out->n_stages);
    return query_done(stages);
}

/* What people type or read out: without spaces and hyphens, upper case, letters and digits of full
 * width as those of half width. */
static const char *tidy(call_t *call, const char *text)
{
    char *ret = arena_text(call->arena, text), *to = ret;
    uint32_t code;
    for (size_t size; to && (size = text_next(text, &code)) != 0; text += size) {
        if (code >= FULL_WIDTH_FIRST && code <= FULL_WIDTH_LAST)
            code -= FULL_WIDTH_FIRST - '!';
        if (code < 0x80 && isalnum((int) code))
            *to++ = (char) toupper((int) code); /* never longer than what it was made of */
    }
    if (to)
        *to = 0;
    return ret;
}

/* The row, if number and code fit; *ret_fits false for all that does not. */
static status_t find_case(call_t *call, const char *number, const char *code, Case__StoredCase *row,
                          bool *ret_fits)
{
    uint8_t hash[CRYPTO_LOOKUP_SIZE];
    case__stored_case__init(row);
    query_code_hash(call, number, code, hash);
    query_t *find =
        query(call->store, "SELECT * FROM cases WHERE number = :number AND number <> ''");
    query_text(find, "number", number);
    bool found = query_row(find, &row->base, call->arena);
    *ret_fits = found && row->query_hash.len == sizeof hash &&
                crypto_equal(row->query_hash.data, hash, sizeof hash);
    return query_done(find);
}

status_t case_query_case(call_t *call, const Case__QueryCaseRequest *in, Case__CaseProgress *out)
{
    Case__StoredCase row;
    bool fits = false;
    const char *number = tidy(call, in->number);
    const char *query_code = tidy(call, in->query_code);
    if (!number || !query_code)
        return STATUS_RESOURCE_EXHAUSTED;
    if (!number_is_plausible(number)) /* a slip of the pen, told apart by arithmetic alone */
        return call_fail(call, STATUS_INVALID_ARGUMENT, "check_digit", "number",
                         "办件编号有误，请对照回执核对");
    const guard_t guards[] = {
        guard_of(call, "number", number, WRONG_PER_NUMBER),
        guard_of(call, "address", call->caller.address, WRONG_PER_ADDRESS),
    };
    status_t status = STATUS_OK;
    for (size_t i = 0; i < 2 && status == STATUS_OK; i++)
        status = check_guard(call, &guards[i]);
    if (status == STATUS_OK)
        status = find_case(call, number, query_code, &row, &fits);
    if (status != STATUS_OK)
        return status;
    if (fits) {
        call_concerns(call, row.id);
        return fill(call, &row, out);
    }
    for (size_t i = 0; i < 2 && status == STATUS_OK; i++)
        status = count_wrong(call, &guards[i]);
    return status == STATUS_OK
               ? call_refuse(call, STATUS_NOT_FOUND, "case.query", NULL, "办件编号或查询码不正确")
               : status;
}
