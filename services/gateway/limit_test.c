#include "limit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "test.h"

static limit_key_t key4(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    EXPECT(inet_pton(AF_INET, text, &in.sin_addr) == 1);
    return limit_key((struct sockaddr *) &in);
}

static limit_key_t key6(const char *text)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    EXPECT(inet_pton(AF_INET6, text, &in6.sin6_addr) == 1);
    return limit_key((struct sockaddr *) &in6);
}

static bool same(limit_key_t a, limit_key_t b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Ten at once, then two a second. */
TEST(a_burst_then_the_rate)
{
    limit_t *limit = limit_new(2, 10);
    limit_key_t key = key4("192.0.2.1"), other = key4("192.0.2.2");
    for (int i = 0; i < 10; i++)
        EXPECT(limit_take(limit, &key, 1000));
    EXPECT(!limit_take(limit, &key, 1000));
    EXPECT(limit_take(limit, &other, 1000));
    EXPECT(!limit_take(limit, &key, 1499));
    EXPECT(limit_take(limit, &key, 1500));
    EXPECT(!limit_take(limit, &key, 1500));
    EXPECT(limit_take(limit, &key, 2000));
    limit_free(&limit);
}

TEST(a_long_rest_fills_the_bucket_and_no_more)
{
    limit_t *limit = limit_new(1000, 3);
    limit_key_t key = key4("192.0.2.1");
    EXPECT(limit_take(limit, &key, 1));
    int64_t later = INT64_C(1) << 50;
    for (int i = 0; i < 3; i++)
        EXPECT(limit_take(limit, &key, later));
    EXPECT(!limit_take(limit, &key, later));
    limit_free(&limit);
}

TEST(a_rate_of_zero_is_no_limit)
{
    limit_t *limit = limit_new(0, 1);
    limit_key_t key = key4("192.0.2.1");
    for (int i = 0; i < 1000; i++)
        EXPECT(limit_take(limit, &key, 5));
    limit_free(&limit);
}

TEST(addresses)
{
    EXPECT(same(key4("192.0.2.1"), key6("::ffff:192.0.2.1")));
    EXPECT(!same(key4("192.0.2.1"), key4("192.0.2.2")));
    EXPECT(same(key6("2001:db8:1:2::1"), key6("2001:db8:1:2:ffff::9"))); /* one subscriber */
    EXPECT(!same(key6("2001:db8:1:2::1"), key6("2001:db8:1:3::1")));
}

/* A hundred thousand addresses: we forget some, we do not grow, and a new one is served. */
TEST(many_addresses_do_not_stop_a_new_one)
{
    limit_t *limit = limit_new(1, 1);
    limit_key_t key = key4("10.0.0.0");
    for (uint32_t i = 0; i < 100000; i++) {
        memcpy(key.bytes + 12, &i, 4);
        EXPECT(limit_take(limit, &key, 10 + i / 1000));
    }
    EXPECT(!limit_take(limit, &key, 10 + 100)); /* the last one is still known */
    limit_free(&limit);
}
