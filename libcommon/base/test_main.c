/* test_main.c - runs the tests of the program it is linked into; not in libcommon.a. */
#include <stdio.h>
#include <string.h>
#include "test.h"

static test_t *first, **last = &first;
static const char *running = "";
static _Atomic int failures; /* tests may EXPECT from several threads */

void test_add(test_t *test)
{
    *last = test;
    last = &test->next;
}

void test_expect(bool ok, const char *what, const char *file, int line)
{
    if (ok)
        return;
    failures++;
    fprintf(stderr, "%s:%d: %s: expected %s\n", file, line, running, what);
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    for (test_t *test = first; test; test = test->next) {
        if (argc > 1 && !strstr(test->name, argv[1]))
            continue;
        running = test->name;
        int before = failures;
        test->run();
        if (failures == before) {
            passed++;
        } else {
            failed++;
            printf("FAILED %s\n", test->name);
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed; /* a name that matches nothing is a mistake, too */
}
