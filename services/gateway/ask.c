#include "ask.h"

#include "clock.h"
#include "exchange.h"
#include "lane.h"
#include "message.h"
#include "text.h"

/* A lost service is back within a second or so: pauses before asking again. */
static const uint32_t pauses_ms[] = {50, 100, 200, 400, 800};
#define ATTEMPTS_MAX (sizeof pauses_ms / sizeof *pauses_ms)
#define LOSSES_MAX   2

/* A bus that has been away for so long is not worth waiting for. */
#define DEAD_MS 3000

static void asked_again(void *owner, const reply_t *reply);

/* What is known of a call that was not answered by its service. */
typedef enum {
    LOSS_NONE,    /* answered, or not worth another try */
    LOSS_BEFORE,  /* it reached no service: nothing happened */
    LOSS_UNKNOWN, /* it may have happened */
} loss_t;

/* The service or the broker went away, says the bus (or nobody says anything).  A full queue is
 * another matter: asking again would make it longer.  And a worker that is lost again and again
 * may be dying of this very request: it shall not take them all. */
static loss_t loss_of(ask_t *self, const reply_t *reply)
{
    static const char *const before[] = {"no_service", "stopping", "join_first"};
    if (reply->status != STATUS_UNAVAILABLE)
        return LOSS_NONE;
    if (!reply->size)
        return self->sent ? LOSS_UNKNOWN : LOSS_BEFORE;
    const Yw__Status *status = (const Yw__Status *) message_unpack(
        &yw__status__descriptor, self->exchange->arena, reply->body, reply->size);
    if (status && text_equal(status->code, "worker_lost"))
        return ++self->losses <= LOSSES_MAX ? LOSS_UNKNOWN : LOSS_NONE;
    for (size_t i = 0; status && i < sizeof before / sizeof *before; i++)
        if (text_equal(status->code, before[i]))
            return LOSS_BEFORE;
    return LOSS_NONE;
}

/* Asks again after a pause, if that is safe and there is time for it. */
static bool repeat(ask_t *self, const reply_t *reply)
{
    lane_t *lane = self->exchange->lane;
    loss_t loss = loss_of(self, reply);
    if (loss == LOSS_NONE || (loss == LOSS_UNKNOWN && !self->repeatable) ||
        self->attempts > ATTEMPTS_MAX)
        return false;
    uint32_t pause_ms = pauses_ms[self->attempts - 1];
    int64_t now_ms = clock_mono_ms(), dead_ms = pending_dead_since_ms(lane->pending);
    if (now_ms + pause_ms >= self->deadline_ms || (dead_ms && now_ms - dead_ms > DEAD_MS))
        return false;
    return pending_pause(lane->pending, pause_ms, asked_again, self, &self->ticket) == STATUS_OK;
}

static void replied(void *owner, const reply_t *reply)
{
    ask_t *self = owner;
    self->ticket = 0;
    if (!repeat(self, reply))
        self->done(self, reply);
}

static void ask(ask_t *self)
{
    int64_t left_ms = self->deadline_ms - clock_mono_ms();
    self->attempts++;
    status_t status =
        pending_ask(self->exchange->lane->pending, self->method,
                    left_ms > 1 ? (uint32_t) left_ms : 1, self->meta.data, self->meta.len,
                    self->request.data, self->request.len, replied, self, &self->ticket);
    self->sent = status == STATUS_OK;
    if (self->sent)
        return;
    reply_t reply = {status, NULL, 0};
    replied(self, &reply);
}

static void asked_again(void *owner, const reply_t *reply)
{
    ask_t *self = owner;
    (void) reply;
    self->ticket = 0;
    ask(self);
}

void ask_start(ask_t *self)
{
    self->attempts = self->losses = 0;
    self->deadline_ms = clock_mono_ms() + self->timeout_ms;
    ask(self);
}

void ask_cancel(ask_t *self)
{
    if (self->ticket)
        pending_cancel(self->exchange->lane->pending, self->ticket);
    self->ticket = 0;
}
