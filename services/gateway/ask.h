/* ask.h - one call of a service, repeated while that is safe and there is time.
 *
 * An exchange has one of its own (exchange_ask); a page has several at once. */
#pragma once
#include "pending.h"
#include "protobuf-c/protobuf-c.h"

struct exchange;

typedef struct ask ask_t;
struct ask {
    struct exchange *exchange;
    const char *method;
    ProtobufCBinaryData meta, request; /* live until it is done */
    uint32_t timeout_ms;
    bool repeatable; /* may be asked again though it may have happened */
    void (*done)(ask_t *self, const reply_t *reply);

    unsigned attempts;
    unsigned losses; /* of attempts: those whose worker died */
    int64_t deadline_ms;
    bool sent;       /* the last attempt left us */
    ticket_t ticket; /* 0: not under way */
};

/* `done` may be called before it returns. */
void ask_start(ask_t *self);
void ask_cancel(ask_t *self);
