#define CHECK_ALLOW_BANNED
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void check_failed(const char *condition, const char *file, int line, const char *func)
{
    /* stderr is unbuffered: the line is out before abort(). */
    fprintf(stderr, "CHECK failed: %s at %s:%d in %s()\n", condition, file, line, func);
    abort();
}

void *xalloc(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    CHECK(memory);
    return memory;
}

char *xstrdup(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(xalloc(size), text, size);
}
