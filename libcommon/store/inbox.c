/* inbox.c - which events this service has taken in: the row and the effect are one transaction. */
#include "ledger.h"
#include "store_private.h"

status_t inbox_put(store_t *store, const char *source, int64_t seq, const char *method,
                   int64_t now_ms)
{
    query_t *q = query(store, "INSERT INTO inbox (source, method, seq, at_ms)"
                              " VALUES (:source, :method, :seq, :at_ms)");
    query_text(q, "source", source);
    query_text(q, "method", method);
    query_int(q, "seq", seq);
    query_int(q, "at_ms", now_ms);
    return query_done(q);
}
