#include "page_session.h"

#include <stdlib.h>

#include "check.h"
#include "crypto.h"
#include "table.h"

typedef struct seat {
    struct seat *newer, *older; /* by use */
    uint8_t hash[CRYPTO_HASH_SIZE];
    int64_t expires_ms;
    size_t size, name_size;
    uint8_t token[]; /* and the name, with its end */
} seat_t;

struct page_sessions {
    table_t *by_hash;
    seat_t *newest, *oldest;
};

page_sessions_t *page_sessions_new(void)
{
    page_sessions_t *self = xalloc(sizeof *self);
    self->by_hash = table_new(PAGE_SESSIONS_MAX);
    return self;
}

static void unlink_seat(page_sessions_t *self, seat_t *seat)
{
    if (seat->newer)
        seat->newer->older = seat->older;
    else
        self->newest = seat->older;
    if (seat->older)
        seat->older->newer = seat->newer;
    else
        self->oldest = seat->newer;
}

static void link_newest(page_sessions_t *self, seat_t *seat)
{
    seat->newer = NULL;
    seat->older = self->newest;
    if (self->newest)
        self->newest->newer = seat;
    else
        self->oldest = seat;
    self->newest = seat;
}

static void drop(page_sessions_t *self, seat_t *seat)
{
    unlink_seat(self, seat);
    table_remove(self->by_hash, seat->hash, sizeof seat->hash);
    crypto_wipe(seat->token, seat->size + seat->name_size);
    free(seat);
}

void page_sessions_free(page_sessions_t **self)
{
    if (!*self)
        return;
    while ((*self)->oldest)
        drop(*self, (*self)->oldest);
    table_free(&(*self)->by_hash);
    free(*self);
    *self = NULL;
}

static seat_t *find(const page_sessions_t *self, span_t secret, uint8_t hash[CRYPTO_HASH_SIZE])
{
    crypto_hash(secret.data, secret.size, hash);
    return table_get(self->by_hash, hash, CRYPTO_HASH_SIZE);
}

bool page_sessions_find(page_sessions_t *self, span_t secret, int64_t now_ms, page_session_t *ret)
{
    uint8_t hash[CRYPTO_HASH_SIZE];
    seat_t *seat = find(self, secret, hash);
    if (!seat)
        return false;
    if (seat->expires_ms - PAGE_SESSION_EARLY_MS <= now_ms) {
        drop(self, seat);
        return false;
    }
    unlink_seat(self, seat);
    link_newest(self, seat);
    *ret = (page_session_t){seat->token, seat->size, (const char *) seat->token + seat->size};
    return true;
}

void page_sessions_put(page_sessions_t *self, span_t secret, const page_session_t *session,
                       int64_t expires_ms)
{
    uint8_t hash[CRYPTO_HASH_SIZE];
    size_t name_size = strlen(session->name) + 1;
    seat_t *seat = find(self, secret, hash);
    if (seat)
        drop(self, seat);
    if (table_size(self->by_hash) == PAGE_SESSIONS_MAX)
        drop(self, self->oldest);
    seat = xalloc(sizeof *seat + session->size + name_size);
    memcpy(seat->hash, hash, sizeof hash);
    memcpy(seat->token, session->token, session->size);
    memcpy(seat->token + session->size, session->name, name_size);
    seat->size = session->size;
    seat->name_size = name_size;
    seat->expires_ms = expires_ms;
    CHECK(table_set(self->by_hash, hash, sizeof hash, seat));
    link_newest(self, seat);
}

void page_sessions_forget(page_sessions_t *self, span_t secret)
{
    uint8_t hash[CRYPTO_HASH_SIZE];
    seat_t *seat = find(self, secret, hash);
    if (seat)
        drop(self, seat);
}
