#include "page_session.h"

#include <stdio.h>

#include "test.h"

#define NOW 1000000

static bool has(page_sessions_t *self, const char *secret, int64_t now_ms, const char *token)
{
    size_t size;
    const char *found = page_sessions_find(self, span_text(secret), now_ms, &size);
    return token ? found && span_is(span(found, size), token) : !found;
}

TEST(page_session_is_found_until_shortly_before_its_end)
{
    page_sessions_t *self = page_sessions_new();
    page_sessions_put(self, SPAN("secret"), "token", 5, NOW + 300000);
    EXPECT(has(self, "secret", NOW, "token"));
    EXPECT(has(self, "secrets", NOW, NULL));
    EXPECT(has(self, "secret", NOW + 300000 - PAGE_SESSION_EARLY_MS - 1, "token"));
    EXPECT(has(self, "secret", NOW + 300000 - PAGE_SESSION_EARLY_MS, NULL));
    EXPECT(has(self, "secret", NOW, NULL)); /* gone for good */
    page_sessions_free(&self);
}

TEST(page_session_is_replaced_and_forgotten)
{
    page_sessions_t *self = page_sessions_new();
    page_sessions_put(self, SPAN("a"), "one", 3, NOW + 300000);
    page_sessions_put(self, SPAN("a"), "another", 7, NOW + 300000);
    EXPECT(has(self, "a", NOW, "another"));
    page_sessions_forget(self, SPAN("a"));
    page_sessions_forget(self, SPAN("a"));
    EXPECT(has(self, "a", NOW, NULL));
    page_sessions_free(&self);
}

/* Full: who has not come for longest makes room. */
TEST(page_sessions_are_bounded)
{
    page_sessions_t *self = page_sessions_new();
    char secret[32];
    for (int i = 0; i <= PAGE_SESSIONS_MAX; i++) {
        snprintf(secret, sizeof secret, "secret-%d", i);
        page_sessions_put(self, span_text(secret), "t", 1, NOW + 300000);
        EXPECT(has(self, "secret-0", NOW, "t")); /* used all the time */
    }
    EXPECT(has(self, "secret-1", NOW, NULL));
    EXPECT(has(self, "secret-2", NOW, "t"));
    EXPECT(has(self, secret, NOW, "t"));
    page_sessions_free(&self);
}
