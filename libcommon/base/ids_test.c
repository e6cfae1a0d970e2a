#include "ids.h"
#include <string.h>
#include "test.h"

TEST(makes_what_the_spec_says)
{
    static const uint8_t zero[10], ones[10] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    char id[IDS_SIZE];
    ids_make(0, zero, id);
    EXPECT(strcmp(id, "00000000000000000000000000") == 0);
    ids_make(0xffffffffffff, ones, id);
    EXPECT(strcmp(id, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ") == 0);
    EXPECT(ids_valid(id));
    ids_make(1469918176385, zero, id); /* the time of the spec's example */
    EXPECT(strcmp(id, "01ARYZ6S410000000000000000") == 0);
    static const uint8_t counting[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    ids_make(0, counting, id);
    EXPECT(strcmp(id + 10, "000G40R40M30E209") == 0);
}

TEST(sorts_by_time)
{
    static const uint8_t zero[10], ones[10] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    char before[IDS_SIZE], after[IDS_SIZE];
    for (int64_t ms = 1; ms < (1LL << 47); ms *= 3) {
        ids_make(ms, ones, before);
        ids_make(ms + 1, zero, after);
        EXPECT(strcmp(before, after) < 0);
    }
}

TEST(knows_its_own)
{
    EXPECT(ids_valid("01ARYZ6S41TSV4RRFFQ69G5FAV"));
    EXPECT(!ids_valid(NULL) && !ids_valid(""));
    EXPECT(!ids_valid("01ARYZ6S41TSV4RRFFQ69G5FA"));
    EXPECT(!ids_valid("01ARYZ6S41TSV4RRFFQ69G5FAVX"));
    EXPECT(!ids_valid("81ARYZ6S41TSV4RRFFQ69G5FAV")); /* 49 bits of time */
    EXPECT(!ids_valid("01ARYZ6S41TSV4RRFFQ69G5FAU")); /* no U, I, L, O */
    EXPECT(!ids_valid("01aryz6s41tsv4rrffq69g5fav"));
}
