#include "table.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test.h"

TEST(keeps_values_by_key)
{
    table_t *table = table_new(3);
    int a, b;
    EXPECT(!table_get(table, "x", 1) && !table_remove(table, "x", 1));
    EXPECT(table_set(table, "x", 1, &a) && table_get(table, "x", 1) == &a);
    EXPECT(table_set(table, "x", 1, &b) && table_get(table, "x", 1) == &b);
    EXPECT(table_size(table) == 1);
    EXPECT(table_set(table, "x\0y", 3, &a) && table_get(table, "x\0y", 3) == &a);
    EXPECT(table_set(table, "", 0, &a) && table_get(table, "", 0) == &a);
    EXPECT(!table_set(table, "full", 4, &a));
    EXPECT(table_set(table, "x", 1, &a)); /* what is there may change */
    EXPECT(table_remove(table, "x", 1) == &a && !table_get(table, "x", 1));
    EXPECT(table_set(table, "full", 4, &a) && table_size(table) == 3);
    table_free(&table);
    EXPECT(!table);
    table_free(&table);
}

/* Against a plain array as the model. */
TEST(behaves_as_an_array_would)
{
    enum { KEYS = 500 };
    static int values[KEYS];
    bool there[KEYS] = {0};
    table_t *table = table_new(KEYS);
    srandom(7);
    size_t size = 0;
    bool same = true;
    for (int round = 0; round < 100000; round++) {
        int i = (int) (random() % KEYS);
        char key[16];
        size_t key_size = (size_t) snprintf(key, sizeof key, "key-%d", i);
        switch (random() % 3) {
        case 0:
            same = same && table_set(table, key, key_size, &values[i]);
            size += !there[i];
            there[i] = true;
            break;
        case 1:
            same = same && table_remove(table, key, key_size) == (there[i] ? &values[i] : NULL);
            size -= there[i];
            there[i] = false;
            break;
        default:
            same = same && table_get(table, key, key_size) == (there[i] ? &values[i] : NULL);
        }
        same = same && table_size(table) == size;
    }
    EXPECT(same);

    /* Every entry once, each removed as it is given. */
    size_t cursor = 0, walked = 0;
    for (int *value; (value = table_each(table, &cursor)); walked++) {
        char key[16];
        size_t key_size = (size_t) snprintf(key, sizeof key, "key-%d", (int) (value - values));
        EXPECT(table_remove(table, key, key_size) == value);
    }
    EXPECT(walked == size && table_size(table) == 0);
    table_free(&table);
}
