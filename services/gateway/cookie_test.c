#include "cookie.h"

#include "test.h"
#include "text.h"

static bool got(const char *header, const char *name, const char *value)
{
    return span_is(cookie_get(span_text(header), name), value);
}

TEST(cookie_is_found_among_others)
{
    EXPECT(got("a=1; yw-view=elder; b=2", "yw-view", "elder"));
    EXPECT(got("yw-view=elder", "yw-view", "elder"));
    EXPECT(got("  yw-view = \"elder\" ;", "yw-view", "elder"));
    EXPECT(got("xyw-view=elder", "yw-view", ""));
    EXPECT(got("yw-view", "yw-view", ""));
    EXPECT(got("yw-view=", "yw-view", ""));
    EXPECT(got("", "yw-view", ""));
    EXPECT(got("a=b=c", "a", "b=c"));
}

/* A sister domain's cookie of our name stands beside ours: neither is believed. */
TEST(cookie_twice_with_two_values_is_none)
{
    EXPECT(got("a=1; a=1", "a", "1"));
    EXPECT(got("a=1; a=2", "a", ""));
    EXPECT(got("a=1; a=12", "a", ""));
}

TEST(cookie_with_strange_bytes_is_none)
{
    EXPECT(got("a=x\\y", "a", ""));
    EXPECT(got("a=x\x01", "a", ""));
    EXPECT(got("a=\xe4\xb8\x80", "a", ""));
    EXPECT(got("a=x,y", "a", ""));
}

TEST(cookie_past_the_pairs_is_not_looked_for)
{
    char header[8 * COOKIE_PAIRS_MAX + 16] = "";
    size_t size = 0;
    for (int i = 0; i < COOKIE_PAIRS_MAX; i++) {
        memcpy(header + size, "b=1;", 4);
        size += 4;
    }
    memcpy(header + size, "a=1", 4);
    EXPECT(got(header, "a", ""));
    EXPECT(got(header + 4, "a", "1"));
}

TEST(cookie_is_set_for_this_host_alone)
{
    arena_t *arena = arena_new(4096);
    EXPECT(text_equal(cookie_set(arena, COOKIE_VIEW, "elder", 60),
                      "yw-view=elder; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax"));
    EXPECT(text_equal(cookie_set(arena, COOKIE_STAFF, "x", 0),
                      "__Host-yw-staff=x; Path=/; Secure; HttpOnly; SameSite=Lax"));
    EXPECT(text_equal(cookie_set(arena, COOKIE_STAFF, "", -1),
                      "__Host-yw-staff=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"));
    arena_free(&arena);
}
