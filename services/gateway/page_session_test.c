#include "page_session.h"

#include <stdio.h>

#include "test.h"

#define NOW 1000000

static bool has(page_sessions_t *self, const char *secret, int64_t now_ms, const char *token)
{
    page_session_t found;
    if (!page_sessions_find(self, span_text(secret), now_ms, &found))
        return !token;
    return token && span_is(span(found.token, found.size), token) &&
           span_is(span_text(found.name), "张三");
}

static void put(page_sessions_t *self, const char *secret, const char *token)
{
    page_session_t session = {token, strlen(token), "张三"};
    page_sessions_put(self, span_text(secret), &session, NOW + 300000);
}

TEST(page_session_is_found_until_shortly_before_its_end)
{
    page_sessions_t *self = page_sessions_new();
    put(self, "secret", "token");
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
    put(self, "a", "one");
    put(self, "a", "another");
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
        put(self, secret, "t");
        EXPECT(has(self, "secret-0", NOW, "t")); /* used all the time */
    }
    EXPECT(has(self, "secret-1", NOW, NULL));
    EXPECT(has(self, "secret-2", NOW, "t"));
    EXPECT(has(self, secret, NOW, "t"));
    page_sessions_free(&self);
}
