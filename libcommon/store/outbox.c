/* outbox.c - events to tell, and to whom they still have to be told.
 *
 * A delivery is one event for one subscriber.  For each (subscriber, key) the
 * deliveries form a line in the order of their numbers; only the head of a line
 * can be due:
 *
 *   put:    nobody before it in its line?  OPEN : BEHIND
 *   done:   the row goes, the next of its line becomes OPEN; the event goes
 *           with its last delivery
 *   failed: stays OPEN with a later due_ms, or after too many refusals PARKED
 *   parked: stays head, so its line waits and no other does, until unparked
 *
 * So the partial index on open rows holds exactly the heads, and finding what
 * is due costs only what is due, however long the lines are.
 *
 * Must hold: a line that is not empty has exactly one row that is OPEN or
 * PARKED, and it is the one with the smallest seq. */
#include <string.h>
#include "ledger.h"
#include "store_private.h"

enum { BEHIND = 0, OPEN = 1, PARKED = 2 };

#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS   60000
#define PAUSE_AWAY_MAX_MS                                                                          \
    2000 /* a subscriber that is away comes back soon: a restart takes a second */
#define ERROR_BYTES_MAX 500 /* a sentence for the operator, not a dump */

static status_t delivery_put(store_t *store, int64_t seq, const char *subscriber, const char *key,
                             int64_t now_ms)
{
    query_t *q =
        query(store, "INSERT INTO delivery (seq, subscriber, key, due_ms, state)"
                     " VALUES (:seq, :subscriber, :key, :due_ms, CASE WHEN EXISTS"
                     " (SELECT 1 FROM delivery WHERE subscriber = :subscriber AND key = :key)"
                     " THEN :behind ELSE :open END)");
    query_int(q, "seq", seq);
    query_text(q, "subscriber", subscriber);
    query_text(q, "key", key);
    query_int(q, "due_ms", now_ms);
    query_int(q, "behind", BEHIND);
    query_int(q, "open", OPEN);
    return query_done(q);
}

status_t outbox_put(store_t *store, const char *topic, const char *key, const void *body,
                    size_t size, const char *const *subscribers, size_t subscriber_count,
                    int64_t now_ms, int64_t *ret_seq)
{
    if (subscriber_count == 0) { /* nobody would ever take it away */
        *ret_seq = 0;
        return STATUS_OK;
    }
    query_t *q = query(store, "INSERT INTO outbox (topic, key, body, at_ms)"
                              " VALUES (:topic, :key, :body, :at_ms) RETURNING seq");
    query_text(q, "topic", topic);
    query_text(q, "key", key);
    query_blob(q, "body", body, size);
    query_int(q, "at_ms", now_ms);
    int64_t seq = query_next(q) ? query_get_int(q, "seq") : 0;
    status_t status = query_done(q);
    for (size_t i = 0; i < subscriber_count && status == STATUS_OK; i++)
        status = delivery_put(store, seq, subscribers[i], key, now_ms);
    if (status == STATUS_OK)
        *ret_seq = seq;
    return status;
}

status_t outbox_due(store_t *store, int64_t now_ms, size_t limit, arena_t *arena, delivery_t **ret,
                    size_t *ret_count)
{
    CHECK(limit > 0 && limit <= 100000);
    delivery_t *due = arena_alloc(arena, limit * sizeof *due);
    if (!due)
        return STATUS_UNAVAILABLE;

    query_t *q = query(store, "SELECT d.seq AS seq, d.subscriber AS subscriber, o.topic AS topic,"
                              " d.key AS key, o.body AS body, d.attempts AS attempts"
                              " FROM delivery d JOIN outbox o ON o.seq = d.seq"
                              " WHERE d.state = 1 AND d.due_ms <= :now_ms"
                              " ORDER BY d.due_ms, d.seq LIMIT :limit");
    query_int(q, "now_ms", now_ms);
    query_int(q, "limit", (int64_t) limit);
    size_t count = 0;
    while (query_next(q)) {
        CHECK(count < limit);
        due[count].seq = query_get_int(q, "seq");
        due[count].subscriber = query_get_text(q, "subscriber", arena);
        due[count].topic = query_get_text(q, "topic", arena);
        due[count].key = query_get_text(q, "key", arena);
        due[count].body = query_get_blob(q, "body", arena);
        due[count].attempts = (int) query_get_int(q, "attempts");
        count++;
    }
    status_t status = query_done(q);
    if (status == STATUS_OK) {
        *ret = due;
        *ret_count = count;
    }
    return status;
}

/* The head `seq` is about to leave: the next of its line may go. */
static status_t line_advance(store_t *store, int64_t seq, const char *subscriber)
{
    query_t *q =
        query(store, "UPDATE delivery SET state = :open"
                     " WHERE subscriber = :subscriber AND state = :behind"
                     " AND (key, seq) = (SELECT n.key, n.seq FROM delivery d JOIN delivery n"
                     " ON n.subscriber = d.subscriber AND n.key = d.key AND n.seq > d.seq"
                     " WHERE d.seq = :seq AND d.subscriber = :subscriber"
                     " AND d.state <> :behind ORDER BY n.seq LIMIT 1)");
    query_int(q, "open", OPEN);
    query_int(q, "behind", BEHIND);
    query_int(q, "seq", seq);
    query_text(q, "subscriber", subscriber);
    return query_done(q);
}

static status_t delivery_forget(store_t *store, int64_t seq, const char *subscriber)
{
    query_t *q = query(store, "DELETE FROM delivery WHERE seq = :seq AND subscriber = :subscriber");
    query_int(q, "seq", seq);
    query_text(q, "subscriber", subscriber);
    return query_done(q);
}

/* All subscribers have it: the audit row and their inboxes remember. */
static status_t event_forget(store_t *store, int64_t seq)
{
    query_t *q = query(store, "DELETE FROM outbox WHERE seq = :seq AND NOT EXISTS"
                              " (SELECT 1 FROM delivery WHERE seq = :seq)");
    query_int(q, "seq", seq);
    return query_done(q);
}

status_t outbox_done(store_t *store, int64_t seq, const char *subscriber)
{
    /* Told twice, the second time finds nothing and changes nothing. */
    status_t status = line_advance(store, seq, subscriber);
    if (status == STATUS_OK)
        status = delivery_forget(store, seq, subscriber);
    if (status == STATUS_OK)
        status = event_forget(store, seq);
    return status;
}

/* The longest start of `text` within the limit that ends between two characters. */
static size_t cut(const char *text, size_t limit)
{
    size_t size = strnlen(text, limit + 1);
    if (size <= limit)
        return size;
    size = limit;
    while (size > 0 && ((unsigned char) text[size] & 0xC0) == 0x80)
        size--;
    return size;
}

status_t outbox_failed(store_t *store, int64_t seq, const char *subscriber, bool counts,
                       const char *error, int64_t now_ms)
{
    char sentence[ERROR_BYTES_MAX + 1] = "";
    if (error)
        memcpy(sentence, error, cut(error, ERROR_BYTES_MAX));

    /* 100 << 10 is past a minute: no shift goes further. */
    query_t *q = query(store, "UPDATE delivery SET error = :error, tries = tries + 1,"
                              " attempts = attempts + :counts,"
                              " due_ms = :now_ms + CASE WHEN tries >= 10 OR"
                              " :pause_first << tries > :pause_max THEN :pause_max"
                              " ELSE :pause_first << tries END,"
                              " state = CASE WHEN attempts + :counts >= :park_after"
                              " THEN :parked ELSE :open END"
                              " WHERE seq = :seq AND subscriber = :subscriber AND state = :open");
    query_text(q, "error", sentence);
    query_int(q, "counts", counts ? 1 : 0);
    query_int(q, "now_ms", now_ms);
    query_int(q, "pause_first", PAUSE_FIRST_MS);
    query_int(q, "pause_max", counts ? PAUSE_MAX_MS : PAUSE_AWAY_MAX_MS);
    query_int(q, "park_after", OUTBOX_PARK_AFTER);
    query_int(q, "parked", PARKED);
    query_int(q, "open", OPEN);
    query_int(q, "seq", seq);
    query_text(q, "subscriber", subscriber);
    return query_done(q);
}

/* One number; `none` without a row, `unknown` when the database cannot say now. */
static int64_t number(query_t *q, int64_t none, int64_t unknown)
{
    int64_t value = query_next(q) ? query_get_int(q, "value") : none;
    return query_done(q) == STATUS_OK ? value : unknown;
}

int64_t outbox_next_ms(store_t *store)
{
    return number(query(store, "SELECT due_ms AS value FROM delivery WHERE state = 1"
                               " ORDER BY due_ms LIMIT 1"),
                  INT64_MAX, 0);
}

int64_t outbox_parked(store_t *store)
{
    return number(query(store, "SELECT count(*) AS value FROM delivery WHERE state = 2"), 0, 0);
}

status_t outbox_unpark(store_t *store, int64_t seq, const char *subscriber, int64_t now_ms)
{
    query_t *q = query(store, "UPDATE delivery SET state = :open, due_ms = :now_ms, attempts = 0,"
                              " tries = 0 WHERE seq = :seq AND subscriber = :subscriber"
                              " AND state = :parked");
    query_int(q, "open", OPEN);
    query_int(q, "parked", PARKED);
    query_int(q, "now_ms", now_ms);
    query_int(q, "seq", seq);
    query_text(q, "subscriber", subscriber);
    status_t status = query_done(q);
    if (status == STATUS_OK && store_changes(store) == 0)
        return STATUS_NOT_FOUND;
    return status;
}
