/* calls_test.c - the table of open calls: numbers, limits, walks. */
#include "calls.h"
#include <stdlib.h>
#include "test.h"

static peer_t asker, other;

TEST(calls_found_by_number_and_by_asker)
{
    calls_t *calls = calls_new(4);
    open_call_t *a = calls_open(calls, &asker, 7), *b = calls_open(calls, &other, 7);
    EXPECT(a && b && a->number != b->number);
    EXPECT(calls_find(calls, a->number) == a);
    EXPECT(calls_find_asked(calls, &asker, 7) == a);
    EXPECT(calls_find_asked(calls, &other, 7) == b);
    EXPECT(!calls_find_asked(calls, &asker, 8));
    EXPECT(!calls_find(calls, 0));
    EXPECT(asker.asked == 1 && other.asked == 1);
    calls_close(calls, a);
    calls_close(calls, b);
    EXPECT(asker.asked == 0 && calls_count(calls) == 0);
    calls_free(&calls);
}

/* A place is used again, a number never: late answers find nothing. */
TEST(calls_numbers_are_not_given_twice)
{
    calls_t *calls = calls_new(1);
    uint64_t before = 0;
    for (int i = 0; i < 1000; i++) {
        open_call_t *call = calls_open(calls, NULL, 1);
        EXPECT(call->number != before && !calls_find(calls, before));
        before = call->number;
        calls_close(calls, call);
    }
    calls_free(&calls);
    calls = calls_new(1); /* nor in another life */
    open_call_t *call = calls_open(calls, NULL, 1);
    EXPECT(!calls_find(calls, before));
    calls_close(calls, call);
    calls_free(&calls);
}

TEST(calls_the_65537th_is_refused)
{
    calls_t *calls = calls_new(65536);
    for (uint64_t i = 0; i < 65536; i++)
        if (!calls_open(calls, &asker, i))
            EXPECT(!"room for 65536");
    EXPECT(!calls_open(calls, &asker, 65536));
    EXPECT(calls_count(calls) == 65536);
    open_call_t *call = calls_find_asked(calls, &asker, 30000);
    EXPECT(call && call->asked_as == 30000);
    calls_close(calls, call);
    EXPECT(calls_open(calls, &asker, 65536) == call);
    EXPECT(!calls_open(calls, &asker, 65537));

    size_t cursor = 0, walked = 0;
    while ((call = calls_each(calls, &cursor))) {
        calls_close(calls, call);
        walked++;
    }
    EXPECT(walked == 65536 && calls_count(calls) == 0 && asker.asked == 0);
    calls_free(&calls);
}

/* Opened and closed at random, compared with a plain array. */
TEST(calls_as_a_plain_array_would)
{
    enum { N = 64 };
    calls_t *calls = calls_new(N);
    open_call_t *open[N] = {NULL};
    uint64_t asked[N], next = 0;
    int count = 0;
    srand(7);
    for (int round = 0; round < 100000; round++) {
        int i = rand() % N;
        if (open[i]) {
            EXPECT(calls_find_asked(calls, &asker, asked[i]) == open[i]);
            calls_close(calls, open[i]);
            EXPECT(!calls_find_asked(calls, &asker, asked[i]));
            open[i] = NULL;
            count--;
        } else {
            asked[i] = next++ % 1000 * 65536;
            open[i] = calls_open(calls, &asker, asked[i]);
            EXPECT(open[i]);
            count++;
        }
        EXPECT((int) calls_count(calls) == count);
    }
    calls_free(&calls);
}
