/* ledger_test.c - once, inbox, outbox, audit. */
#include "ledger.h"
#include "store_test.h"

static store_t *store;
static arena_t *arena;

static void begin(void)
{
    store = open_at(":memory:", NULL);
    arena = arena_new(1 << 20);
}

static void end(void)
{
    store_close(&store);
    arena_free(&arena);
}

/* --- once and inbox --------------------------------------------------------------- */

static const uint8_t HASH_A[32] = {1}, HASH_B[32] = {2};

/* A key repeated gives the first answer; with another request, or method, it is refused; another
 * caller's key is another key. */
TEST(once_gives_the_first_answer)
{
    begin();
    ProtobufCBinaryData answer = {7, NULL};
    EXPECT(once_find(store, "k", "person:1", "case.Submit", HASH_A, arena, &answer) ==
           STATUS_NOT_FOUND);
    EXPECT(answer.len == 7); /* untouched on failure */
    EXPECT(once_put(store, "k", "person:1", "case.Submit", HASH_A, "a\0b", 3, 1000) == STATUS_OK);
    EXPECT(once_find(store, "k", "person:1", "case.Submit", HASH_A, arena, &answer) == STATUS_OK);
    EXPECT(answer.len == 3 && memcmp(answer.data, "a\0b", 3) == 0);
    EXPECT(once_find(store, "k", "person:1", "case.Submit", HASH_B, arena, &answer) ==
           STATUS_FAILED_PRECONDITION);
    EXPECT(once_find(store, "k", "person:1", "case.Withdraw", HASH_A, arena, &answer) ==
           STATUS_FAILED_PRECONDITION);
    EXPECT(once_find(store, "k", "person:2", "case.Submit", HASH_A, arena, &answer) ==
           STATUS_NOT_FOUND);
    EXPECT(once_put(store, "k", "person:1", "case.Submit", HASH_A, "", 0, 1000) ==
           STATUS_ALREADY_EXISTS);

    /* An empty answer is an answer. */
    EXPECT(once_put(store, "e", "person:1", "case.Delete", HASH_A, NULL, 0, 1000) == STATUS_OK);
    EXPECT(once_find(store, "e", "person:1", "case.Delete", HASH_A, arena, &answer) == STATUS_OK);
    EXPECT(answer.len == 0);
    end();
}

TEST(inbox_takes_an_event_once_for_each_method)
{
    begin();
    EXPECT(inbox_put(store, "catalog", 1, "case.OnItem", 1) == STATUS_OK);
    EXPECT(inbox_put(store, "catalog", 1, "case.OnItem", 2) == STATUS_ALREADY_EXISTS);
    EXPECT(inbox_put(store, "catalog", 1, "case.Count", 2) == STATUS_OK);
    EXPECT(inbox_put(store, "catalog", 2, "case.OnItem", 2) == STATUS_OK);
    EXPECT(inbox_put(store, "identity", 1, "case.OnItem", 2) == STATUS_OK);
    end();
}

/* --- outbox ----------------------------------------------------------------------- */

static const char *const ONE[] = {"case.OnItem"};
static const char *const TWO[] = {"case.OnItem", "supervision.OnItem"};

static int64_t put(const char *key, const char *const *subscribers, size_t count, int64_t now_ms)
{
    int64_t seq = -1;
    CHECK(outbox_put(store, "catalog.ItemPublished", key, key, strlen(key), subscribers, count,
                     now_ms, &seq) == STATUS_OK);
    return seq;
}

/* What is due as text: "1 case.OnItem, 2 case.OnItem". */
static const char *due(int64_t now_ms, size_t limit)
{
    static char text[512];
    text[0] = 0;
    delivery_t *all = NULL;
    size_t count = 0;
    CHECK(outbox_due(store, now_ms, limit, arena, &all, &count) == STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%lld %s", used ? ", " : "",
                 (long long) all[i].seq, all[i].subscriber);
        CHECK(strcmp(all[i].topic, "catalog.ItemPublished") == 0);
        CHECK(all[i].body.len == strlen(all[i].key));
    }
    return text;
}

/* Several keys go side by side, one key in order, each subscriber for itself. */
TEST(outbox_keeps_order_per_subscriber_and_key)
{
    begin();
    EXPECT(outbox_next_ms(store) == INT64_MAX);
    EXPECT(put("a", TWO, 2, 100) == 1);
    EXPECT(put("a", ONE, 1, 101) == 2);
    EXPECT(put("b", ONE, 1, 102) == 3);
    EXPECT(outbox_next_ms(store) == 100);
    EXPECT(strcmp(due(99, 10), "") == 0);
    EXPECT(strcmp(due(200, 10), "1 case.OnItem, 1 supervision.OnItem, 3 case.OnItem") == 0);
    EXPECT(strcmp(due(200, 2), "1 case.OnItem, 1 supervision.OnItem") == 0);

    EXPECT(outbox_done(store, 1, "case.OnItem") == STATUS_OK);
    EXPECT(outbox_done(store, 1, "case.OnItem") == STATUS_OK); /* told twice */
    EXPECT(strcmp(due(200, 10), "1 supervision.OnItem, 2 case.OnItem, 3 case.OnItem") == 0);
    EXPECT(VALUE(store, "SELECT count(*) AS value FROM outbox") == 3);
    EXPECT(outbox_done(store, 1, "supervision.OnItem") == STATUS_OK);
    EXPECT(VALUE(store, "SELECT count(*) AS value FROM outbox") == 2);
    EXPECT(outbox_done(store, 2, "case.OnItem") == STATUS_OK);
    EXPECT(outbox_done(store, 3, "case.OnItem") == STATUS_OK);
    EXPECT(strcmp(due(200, 10), "") == 0);
    EXPECT(outbox_next_ms(store) == INT64_MAX);
    EXPECT(VALUE(store, "SELECT count(*) AS value FROM outbox") == 0);
    end();
}

/* The subscriber's inbox knows events by number: it must not see one again, although the rows are
 * gone. */
TEST(outbox_numbers_are_never_used_again)
{
    begin();
    EXPECT(put("a", ONE, 1, 1) == 1);
    EXPECT(outbox_done(store, 1, ONE[0]) == STATUS_OK);
    EXPECT(put("a", ONE, 1, 1) == 2);
    EXPECT(put("a", NULL, 0, 1) == 0); /* nobody wants it: nothing is kept */
    EXPECT(VALUE(store, "SELECT count(*) AS value FROM outbox") == 1);
    end();
}

/* Refusals: pauses double from 100 ms to a minute, then it is parked and only its key waits. */
TEST(outbox_parks_a_poisoned_event_and_its_key_waits)
{
    begin();
    put("a", ONE, 1, 0);
    put("a", ONE, 1, 0);
    put("b", ONE, 1, 0);
    int64_t now_ms = 0;
    static const int64_t PAUSES_MS[] = {100,  200,   400,   800,   1600,  3200,
                                        6400, 12800, 25600, 51200, 60000, 60000};
    for (int i = 0; i < OUTBOX_PARK_AFTER; i++) {
        EXPECT(outbox_parked(store) == 0);
        EXPECT(outbox_failed(store, 1, ONE[0], true, "field x", now_ms) == STATUS_OK);
        if (i < OUTBOX_PARK_AFTER - 1) {
            EXPECT(strcmp(due(now_ms + PAUSES_MS[i] - 1, 10), "3 case.OnItem") == 0);
            EXPECT(strcmp(due(now_ms + PAUSES_MS[i], 10), "3 case.OnItem, 1 case.OnItem") == 0);
        }
        now_ms += PAUSES_MS[i];
    }
    EXPECT(outbox_parked(store) == 1);
    EXPECT(strcmp(due(INT64_MAX, 10), "3 case.OnItem") == 0);
    EXPECT(VALUE(store, "SELECT error = 'field x' AS value FROM delivery WHERE seq = 1"));
    EXPECT(outbox_done(store, 3, ONE[0]) == STATUS_OK);

    EXPECT(outbox_unpark(store, 2, ONE[0], now_ms) == STATUS_NOT_FOUND);
    EXPECT(outbox_unpark(store, 1, ONE[0], now_ms) == STATUS_OK);
    EXPECT(outbox_parked(store) == 0);
    EXPECT(strcmp(due(now_ms, 10), "1 case.OnItem") == 0);
    EXPECT(outbox_done(store, 1, ONE[0]) == STATUS_OK);
    EXPECT(strcmp(due(now_ms, 10), "2 case.OnItem") == 0);
    end();
}

/* A subscriber that is away is tried for ever, each time after at most a minute. */
TEST(outbox_waits_for_who_is_away)
{
    begin();
    put("a", ONE, 1, 0);
    int64_t now_ms = 0;
    for (int i = 0; i < 1000; i++) {
        EXPECT(outbox_failed(store, 1, ONE[0], false, "away", now_ms) == STATUS_OK);
        int64_t next_ms = outbox_next_ms(store);
        EXPECT(next_ms > now_ms && next_ms <= now_ms + 2000);
        now_ms = next_ms;
    }
    EXPECT(outbox_parked(store) == 0);
    EXPECT(strcmp(due(now_ms, 10), "1 case.OnItem") == 0);
    end();
}

TEST(outbox_cuts_long_errors_between_characters)
{
    begin();
    put("a", ONE, 1, 0);
    char error[1000];
    for (int i = 0; i < 333; i++)
        memcpy(error + 3 * i, "错", 3);
    error[999] = 0;
    EXPECT(outbox_failed(store, 1, ONE[0], true, error, 0) == STATUS_OK);
    EXPECT(VALUE(store, "SELECT length(error) AS value FROM delivery") == 166);
    end();
}

/* A line of a hundred thousand behind one head costs nothing to look at. */
TEST(outbox_due_reads_only_what_is_due)
{
    begin();
    query_t *q = query(store, "EXPLAIN QUERY PLAN SELECT d.seq AS seq FROM delivery d JOIN outbox o"
                              " ON o.seq = d.seq WHERE d.state = 1 AND d.due_ms <= :now_ms"
                              " ORDER BY d.due_ms, d.seq LIMIT :limit");
    query_int(q, "now_ms", 1);
    query_int(q, "limit", 1);
    EXPECT(query_next(q));
    EXPECT(strstr(query_get_text(q, "detail", arena), "INDEX delivery_due (due_ms<?)"));
    EXPECT(query_next(q));
    EXPECT(strstr(query_get_text(q, "detail", arena), "SEARCH o USING INTEGER PRIMARY KEY"));
    EXPECT(!query_next(q)); /* and nothing is sorted */
    EXPECT(query_done(q) == STATUS_OK);
    end();
}

/* The invariant of outbox.c under a thousand random steps. */
TEST(outbox_lines_have_one_head)
{
    begin();
    srandom(7);
    int64_t last = 0;
    for (int step = 0; step < 3000; step++) {
        static const char *const KEYS[] = {"a", "b", "c"};
        int64_t seq = last ? 1 + random() % last : 1;
        const char *subscriber = TWO[random() % 2];
        switch (random() % 6) {
        case 0:
        case 1:
            if (VALUE(store, "SELECT count(*) AS value FROM outbox") < 20)
                last = put(KEYS[random() % 3], TWO, 1 + (size_t) random() % 2, step);
            break;
        case 2: {
            delivery_t *all = NULL;
            size_t count = 0;
            EXPECT(outbox_due(store, INT64_MAX, 3, arena, &all, &count) == STATUS_OK);
            if (count)
                EXPECT(outbox_done(store, all[count - 1].seq, all[count - 1].subscriber) ==
                       STATUS_OK);
            break;
        }
        case 3:
            for (int i = 0; i < 7; i++)
                EXPECT(outbox_failed(store, seq, subscriber, true, "", step) == STATUS_OK);
            break;
        case 4:
            outbox_unpark(store, seq, subscriber, step);
            break;
        default: /* never given out, and yet: the line stays whole */
            if (random() % 4 == 0)
                EXPECT(outbox_done(store, seq, subscriber) == STATUS_OK);
        }
        EXPECT(VALUE(store, "SELECT count(*) AS value FROM (SELECT 1 FROM delivery"
                            " GROUP BY subscriber, key HAVING sum(state <> 0) <> 1"
                            " OR min(CASE WHEN state <> 0 THEN seq END) <> min(seq))") == 0);
        arena_reset(arena);
    }
    EXPECT(last > 100);
    end();
}

/* --- audit ------------------------------------------------------------------------ */

static status_t audit(const char *method)
{
    audit_row_t row = {
        .at_ms = 1700000000000,
        .method = method,
        .caller = "person:01J",
        .address = "192.0.2.1",
        .concerns = "case-1",
        .request_hash = {9},
        .outcome = STATUS_OK,
    }; /* trace left out: "" */
    return audit_put(store, &row);
}

/* First bad row; -1 when the count of rows is not `expected`. */
static int64_t bad_row(int64_t expected)
{
    int64_t rows = -1, bad = -1;
    CHECK(audit_verify(store, &rows, &bad) == STATUS_OK);
    return rows == expected ? bad : -1;
}

TEST(audit_chain_holds)
{
    begin();
    EXPECT(bad_row(0) == 0);
    for (int i = 0; i < 50; i++)
        EXPECT(audit("case.Submit") == STATUS_OK);
    EXPECT(bad_row(50) == 0);
    end();
}

/* The encoding is for ever: this hash must never change. */
TEST(audit_encoding_is_fixed)
{
    begin();
    EXPECT(audit("case.Submit") == STATUS_OK);
    query_t *q = query(store, "SELECT lower(hex(hash)) AS hash FROM audit");
    EXPECT(query_next(q));
    EXPECT(strcmp(query_get_text(q, "hash", arena),
                  "6a084c278de83f5f5123004e89406b017239ba6b249a958d2caa3ed6462a847d") == 0);
    EXPECT(query_done(q) == STATUS_OK);
    end();
}

TEST(audit_shows_what_was_changed)
{
    static const struct {
        const char *change;
        int64_t rows, bad;
    } CASES[] = {
        {"UPDATE audit SET caller = 'person:02K' WHERE seq = 3", 3, 3},
        {"UPDATE audit SET outcome = 7 WHERE seq = 5", 5, 5},
        {"UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 1", 1, 1},
        /* a byte moved from one text to its neighbour */
        {"UPDATE audit SET concerns = '1case-1', address = '192.0.2.' WHERE seq = 2", 2, 2},
        {"UPDATE audit SET request_hash = zeroblob(32) WHERE seq = 4", 4, 4},
        {"UPDATE audit SET request_hash = x'09' WHERE seq = 4", 4, 4},
        {"UPDATE audit SET hash = x'' WHERE seq = 6", 6, 6},
        {"DELETE FROM audit WHERE seq = 2", 2, 3},
        {"DELETE FROM audit WHERE seq = 1", 1, 2},
        {"UPDATE audit SET seq = 70 WHERE seq = 6", 6, 70},
    };
    begin();
    for (int i = 0; i < 6; i++)
        EXPECT(audit("case.Submit") == STATUS_OK);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        EXPECT(store_begin(store) == STATUS_OK);
        EXPECT(store_exec(store, CASES[i].change) == STATUS_OK);
        EXPECT(bad_row(CASES[i].rows) == CASES[i].bad);
        store_rollback(store);
    }
    EXPECT(bad_row(6) == 0);
    end();
}

/* The head is kept in memory: rows that were undone must not be in the chain. */
TEST(audit_chain_holds_after_rollbacks)
{
    begin();
    EXPECT(audit("a") == STATUS_OK);
    EXPECT(store_begin(store) == STATUS_OK);
    EXPECT(audit("b") == STATUS_OK);
    EXPECT(store_savepoint(store) == STATUS_OK);
    EXPECT(audit("undone") == STATUS_OK);
    store_rollback_to(store);
    EXPECT(audit("c") == STATUS_OK);
    EXPECT(store_commit(store) == STATUS_OK);
    EXPECT(bad_row(3) == 0);

    EXPECT(store_begin(store) == STATUS_OK);
    EXPECT(audit("undone") == STATUS_OK);
    store_rollback(store);
    EXPECT(audit("d") == STATUS_OK);
    EXPECT(bad_row(4) == 0);
    end();
}

TEST(audit_chain_holds_after_a_full_disk_and_reopening)
{
    folder_t folder = folder_new();
    store = open_at(folder.db, "CREATE TABLE t (fill BLOB) STRICT;");
    EXPECT(audit("a") == STATUS_OK);
    store_limit_pages(store, 64);
    EXPECT(store_begin(store) == STATUS_OK);
    EXPECT(audit("undone with all") == STATUS_OK);
    EXPECT(store_exec(store, "INSERT INTO t VALUES (zeroblob(1000000))") == STATUS_UNAVAILABLE);
    EXPECT(audit("too late") == STATUS_UNAVAILABLE);
    store_rollback(store);
    EXPECT(audit("b") == STATUS_OK);
    store_close(&store);

    store = open_at(folder.db, "CREATE TABLE t (fill BLOB) STRICT;");
    EXPECT(audit("c") == STATUS_OK);
    EXPECT(bad_row(3) == 0);
    store_close(&store);
    folder_remove(&folder);
}
