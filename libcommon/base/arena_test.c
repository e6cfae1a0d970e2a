#include "arena.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "test.h"

TEST(refuses_past_its_limit)
{
    arena_t *arena = arena_new(16);
    EXPECT(!arena_alloc(arena, 17));
    EXPECT(arena_alloc(arena, 16));
    EXPECT(!arena_alloc(arena, 1));
    EXPECT(arena_used(arena) == 16);
    arena_free(&arena);
    EXPECT(!arena);
    arena_free(&arena);
}

TEST(refuses_sizes_that_overflow)
{
    arena_t *arena = arena_new(SIZE_MAX);
    EXPECT(!arena_alloc(arena, SIZE_MAX));
    EXPECT(!arena_alloc(arena, SIZE_MAX - 8));
    EXPECT(!arena_copy(arena, "x", SIZE_MAX));
    EXPECT(arena_alloc(arena, 8));
    arena_free(&arena);
}

TEST(gives_zeroed_and_aligned_memory_that_does_not_overlap)
{
    arena_t *arena = arena_new(64 << 20);
    unsigned char *pieces[2000];
    size_t sizes[2000];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 2000; i++) {
            sizes[i] = i % 97 == 0 ? 20000 + i : i % 211;
            pieces[i] = arena_alloc(arena, sizes[i]);
            EXPECT(pieces[i] && (uintptr_t) pieces[i] % _Alignof(max_align_t) == 0);
            bool zero = true;
            for (size_t k = 0; k < sizes[i]; k++)
                zero = zero && !pieces[i][k];
            EXPECT(zero);
            memset(pieces[i], (int) (i % 255) + 1, sizes[i]);
            arena_text(arena, "x"); /* makes the next one need padding */
        }
        bool kept = true;
        for (size_t i = 0; i < 2000; i++)
            for (size_t k = 0; k < sizes[i]; k++)
                kept = kept && pieces[i][k] == i % 255 + 1;
        EXPECT(kept);
        arena_reset(arena);
        EXPECT(arena_used(arena) == 0);
    }
    arena_free(&arena);
}

TEST(reset_keeps_the_first_block)
{
    arena_t *arena = arena_new(1 << 20);
    void *first = arena_alloc(arena, 100);
    EXPECT(arena_alloc(arena, 500000));
    arena_reset(arena);
    EXPECT(arena_alloc(arena, 100) == first);
    EXPECT(arena_alloc(arena, 1000000)); /* the limit starts anew */
    EXPECT(!arena_alloc(arena, 1000000));
    arena_free(&arena);
}

TEST(copies_and_formats_texts)
{
    arena_t *arena = arena_new(10000);
    EXPECT(strcmp(arena_text(arena, "施工许可"), "施工许可") == 0);
    char *bytes = arena_copy(arena, "a\0b", 3);
    EXPECT(memcmp(bytes, "a\0b", 4) == 0);
    EXPECT(arena_copy(arena, NULL, 0)[0] == 0);
    EXPECT(strcmp(arena_printf(arena, "%s-%d", "x", 7), "x-7") == 0);
    char *wide = arena_printf(arena, "%1000d|", 5);
    EXPECT(strlen(wide) == 1001 && wide[999] == '5' && wide[1000] == '|');
    EXPECT(!arena_printf(arena, "%20000d", 5));
    arena_free(&arena);
}
