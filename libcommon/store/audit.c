/* audit.c - who did what: rows that cannot be changed without being found out.
 *
 *   hash(n) = BLAKE2b-256( hash(n - 1) || row(n) ),   hash(0) = 32 zero bytes
 *
 * row(n) is canonical: seq, at_ms and outcome as 8 bytes big endian, each text
 * as 8 bytes of length and its bytes, the request hash as 32 bytes, in the
 * order of add_row().  Lengths are in it so that no two rows encode alike.
 * Never change the encoding: old chains would no longer fit. */
#include <string.h>
#include "crypto.h"
#include "ledger.h"
#include "store_private.h"

static void add_number(crypto_hash_t *hash, int64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t) ((uint64_t) value >> (56 - 8 * i));
    crypto_hash_add(hash, bytes, sizeof bytes);
}

static void add_text(crypto_hash_t *hash, const char *text)
{
    size_t size = strlen(text);
    add_number(hash, (int64_t) size);
    crypto_hash_add(hash, text, size);
}

static void row_hash(const uint8_t before[CRYPTO_HASH_SIZE], int64_t seq, const audit_row_t *row,
                     uint8_t out[CRYPTO_HASH_SIZE])
{
    crypto_hash_t hash;
    crypto_hash_start(&hash);
    crypto_hash_add(&hash, before, CRYPTO_HASH_SIZE);
    add_number(&hash, seq);
    add_number(&hash, row->at_ms);
    add_text(&hash, row->method);
    add_text(&hash, row->caller);
    add_text(&hash, row->address);
    add_text(&hash, row->concerns);
    add_text(&hash, row->trace);
    crypto_hash_add(&hash, row->request_hash, sizeof row->request_hash);
    add_number(&hash, row->outcome);
    crypto_hash_end(&hash, out);
}

/* The end of the chain as the transaction sees it. */
static status_t find_head(store_t *store)
{
    audit_head_t head = {.known = true};
    arena_t *arena = arena_new(1024);
    query_t *q = query(store, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
    if (query_next(q)) {
        head.seq = query_get_int(q, "seq");
        ProtobufCBinaryData hash = query_get_blob(q, "hash", arena);
        CHECK(hash.len == CRYPTO_HASH_SIZE);
        memcpy(head.hash, hash.data, CRYPTO_HASH_SIZE);
    }
    status_t status = query_done(q);
    arena_free(&arena);
    if (status == STATUS_OK)
        store->audit = head;
    return status;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

status_t audit_put(store_t *store, const audit_row_t *in)
{
    if (!store->audit.known) {
        status_t status = find_head(store);
        if (status != STATUS_OK)
            return status;
    }
    audit_row_t row = *in;
    row.method = or_empty(in->method);
    row.caller = or_empty(in->caller);
    row.address = or_empty(in->address);
    row.concerns = or_empty(in->concerns);
    row.trace = or_empty(in->trace);

    audit_head_t head = {.known = true, .seq = store->audit.seq + 1};
    row_hash(store->audit.hash, head.seq, &row, head.hash);

    query_t *q = query(store, "INSERT INTO audit (seq, at_ms, method, caller, address, concerns,"
                              " trace, request_hash, outcome, hash) VALUES (:seq, :at_ms, :method,"
                              " :caller, :address, :concerns, :trace, :request_hash, :outcome,"
                              " :hash)");
    query_int(q, "seq", head.seq);
    query_int(q, "at_ms", row.at_ms);
    query_text(q, "method", row.method);
    query_text(q, "caller", row.caller);
    query_text(q, "address", row.address);
    query_text(q, "concerns", row.concerns);
    query_text(q, "trace", row.trace);
    query_blob(q, "request_hash", row.request_hash, sizeof row.request_hash);
    query_int(q, "outcome", row.outcome);
    query_blob(q, "hash", head.hash, sizeof head.hash);
    status_t status = query_done(q);
    if (status == STATUS_OK)
        store->audit = head;
    else
        store->audit.known = false;
    return status;
}

/* Whether the row that `q` stands on continues the chain; if so *hash moves on to it. */
static bool row_fits(query_t *q, int64_t seq, uint8_t hash[CRYPTO_HASH_SIZE], arena_t *arena)
{
    ProtobufCBinaryData request_hash = query_get_blob(q, "request_hash", arena);
    ProtobufCBinaryData stored = query_get_blob(q, "hash", arena);
    if (query_get_int(q, "seq") != seq || request_hash.len != CRYPTO_HASH_SIZE ||
        stored.len != CRYPTO_HASH_SIZE)
        return false;

    audit_row_t row = {
        .at_ms = query_get_int(q, "at_ms"),
        .method = query_get_text(q, "method", arena),
        .caller = query_get_text(q, "caller", arena),
        .address = query_get_text(q, "address", arena),
        .concerns = query_get_text(q, "concerns", arena),
        .trace = query_get_text(q, "trace", arena),
        .outcome = (status_t) query_get_int(q, "outcome"),
    };
    memcpy(row.request_hash, request_hash.data, CRYPTO_HASH_SIZE);
    uint8_t computed[CRYPTO_HASH_SIZE];
    row_hash(hash, seq, &row, computed);
    memcpy(hash, computed, CRYPTO_HASH_SIZE);
    return crypto_equal(computed, stored.data, CRYPTO_HASH_SIZE);
}

status_t audit_verify(store_t *store, int64_t *ret_rows, int64_t *ret_bad_seq)
{
    uint8_t hash[CRYPTO_HASH_SIZE] = {0};
    int64_t rows = 0;
    int64_t bad_seq = 0;
    arena_t *arena = arena_new(1u << 20); /* one row at a time */
    query_t *q = query(store, "SELECT seq, at_ms, method, caller, address, concerns, trace,"
                              " request_hash, outcome, hash FROM audit ORDER BY seq");
    while (!bad_seq && query_next(q)) {
        rows++;
        if (!row_fits(q, rows, hash, arena))
            bad_seq = query_get_int(q, "seq");
        arena_reset(arena);
    }
    status_t status = query_done(q);
    arena_free(&arena);
    if (status == STATUS_OK) {
        *ret_rows = rows;
        *ret_bad_seq = bad_seq;
    }
    return status;
}

status_t audit_last(store_t *store, int64_t *ret_seq, uint8_t ret_hash[32])
{
    arena_t *arena = arena_new(1u << 12);
    query_t *q = query(store, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
    *ret_seq = 0;
    memset(ret_hash, 0, CRYPTO_HASH_SIZE);
    if (query_next(q)) {
        ProtobufCBinaryData hash = query_get_blob(q, "hash", arena);
        *ret_seq = query_get_int(q, "seq");
        if (hash.len == CRYPTO_HASH_SIZE)
            memcpy(ret_hash, hash.data, CRYPTO_HASH_SIZE);
    }
    status_t status = query_done(q);
    arena_free(&arena);
    return status;
}
