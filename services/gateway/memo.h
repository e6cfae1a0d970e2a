/* memo.h - answers that a lane remembers for a moment, unpacked.
 *
 * The contract says of some reads that anybody may keep their answer (cache_seconds): guides, themes,
 * departments.  Under load a page of these is asked for many times a second, and what it shows is
 * the same: so it is fetched once in MEMO_MS, far less than the contract allows, so that who
 * publishes an item sees it at once.  Bounded by entries and bytes; the oldest makes room.  One
 * thread's.  Whoever shows an answer holds it, so it may be forgotten meanwhile. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include "method.h"

#define MEMO_MS          2000
#define MEMO_ENTRIES_MAX 512
#define MEMO_BYTES_MAX   (16u << 20)  /* of packed answers */
#define MEMO_ANSWER_MAX  (256u << 10) /* a larger one is not remembered */

typedef struct memo memo_t;
typedef struct memo_entry memo_entry_t;

memo_t *memo_new(void);
void memo_free(memo_t **self); /* nobody holds any more */

/* The answer to this request, held for the caller; NULL: not remembered. */
memo_entry_t *memo_find(memo_t *self, const method_t *method, ProtobufCBinaryData request,
                        int64_t mono_ms);
/* Remembers an answer, held for the caller; NULL: too large, or not an answer of the method.
 * `answer` NULL: the service said NOT_FOUND. */
memo_entry_t *memo_put(memo_t *self, const method_t *method, ProtobufCBinaryData request,
                       const void *answer, size_t size, int64_t mono_ms);
const ProtobufCMessage *memo_message(const memo_entry_t *entry); /* NULL: NOT_FOUND */
void memo_release(memo_entry_t **entry);                         /* NULL inside is fine */
