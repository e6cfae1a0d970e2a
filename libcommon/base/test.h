/* test.h - the unit test kit: TEST(name) { ... EXPECT(...); } and one TESTS_MAIN.
 *
 *   TEST(arena_refuses_past_its_limit)
 *   {
 *       arena_t *arena = arena_new(16);
 *       EXPECT(!arena_alloc(arena, 17));
 *       arena_free(&arena);
 *   }
 *
 * Each x_test.c is linked with test_main.o into a program of its own that ends
 * with the line "N passed, N failed" and fails when one did.  An argument runs only the tests whose
 * name contains it. */
#pragma once
#include <stdbool.h>

typedef struct test {
    const char *name;
    void (*run)(void);
    struct test *next;
} test_t;

void test_add(test_t *test);
void test_expect(bool ok, const char *what, const char *file, int line);

#define TEST(test_name)                                                                            \
    static void test_##test_name(void);                                                            \
    __attribute__((constructor)) static void add_##test_name(void)                                 \
    {                                                                                              \
        static test_t test = {#test_name, test_##test_name, 0};                                    \
        test_add(&test);                                                                           \
    }                                                                                              \
    static void test_##test_name(void)

#define EXPECT(condition) test_expect((condition), #condition, __FILE__, __LINE__)
