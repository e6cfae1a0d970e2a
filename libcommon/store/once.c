/* once.c - a request with a key happens once: its answer is kept, for ever. */
#include <string.h>
#include "ledger.h"
#include "store_private.h"

status_t once_find(store_t *store, const char *key, const char *caller, const char *method,
                   const uint8_t request_hash[32], arena_t *arena, ProtobufCBinaryData *ret)
{
    query_t *q = query(store, "SELECT method = :method AND request_hash = :request_hash AS same,"
                              " answer FROM once WHERE caller = :caller AND key = :key");
    query_text(q, "caller", caller);
    query_text(q, "key", key);
    query_text(q, "method", method);
    query_blob(q, "request_hash", request_hash, 32);
    bool found = query_next(q);
    bool same = found && query_get_int(q, "same");
    ProtobufCBinaryData answer = {0, NULL};
    if (same)
        answer = query_get_blob(q, "answer", arena);
    status_t status = query_done(q);
    if (status != STATUS_OK)
        return status;
    if (!found)
        return STATUS_NOT_FOUND;
    if (!same)
        return STATUS_FAILED_PRECONDITION;
    *ret = answer;
    return STATUS_OK;
}

status_t once_put(store_t *store, const char *key, const char *caller, const char *method,
                  const uint8_t request_hash[32], const void *answer, size_t answer_size,
                  int64_t now_ms)
{
    query_t *q = query(store, "INSERT INTO once (caller, key, method, request_hash, answer, at_ms)"
                              " VALUES (:caller, :key, :method, :request_hash, :answer, :at_ms)");
    query_text(q, "caller", caller);
    query_text(q, "key", key);
    query_text(q, "method", method);
    query_blob(q, "request_hash", request_hash, 32);
    query_blob(q, "answer", answer, answer_size);
    query_int(q, "at_ms", now_ms);
    return query_done(q);
}
