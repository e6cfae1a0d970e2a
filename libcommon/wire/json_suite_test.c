/* json_suite_test.c - the published cases that JSON parsers are judged by, against ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "arena.h"
#include "json.h"
#include "json_suite.h"
#include "test.h"
#include "text.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static bool takes(const char *text, size_t size)
{
    arena_t *arena = arena_new(4 << 20);
    const char *error = NULL;
    size_t at = 0;
    char *exact = malloc(size ? size : 1); /* so that a sanitizer sees one byte too far */
    memcpy(exact, text, size);
    bool taken = json_read(exact, size, arena, &error, &at) != NULL;
    free(exact);
    arena_free(&arena);
    return taken;
}

/* Refused on purpose: a text with a NUL would end there for C, and for databases. */
static bool is_ours(const char *name)
{
    static const char *const names[] = {"y_string_null_escape", "y_object_escaped_null_in_key"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (text_equal(name, names[i]))
            return true;
    return false;
}

TEST(the_suite_is_taken_and_refused_as_it_says)
{
    size_t taken = 0, refused = 0;
    for (size_t i = 0; i < COUNT(SUITE); i++) {
        bool good = takes(SUITE[i].text, SUITE[i].size);
        bool wanted = SUITE[i].name[0] == 'y' && !is_ours(SUITE[i].name);
        if (SUITE[i].name[0] == 'i')
            continue; /* either way, and without a sanitizer's word */
        if (good != wanted)
            fprintf(stderr, "  %s: %s\n", SUITE[i].name, good ? "taken" : "refused");
        EXPECT(good == wanted);
        taken += good;
        refused += !good;
    }
    EXPECT(taken >= 93 && refused >= 188);
}

TEST(endless_nesting_is_refused)
{
    static const char *const repeated[] = {"[", "[{\"\":", "{\"a\":"};
    for (size_t i = 0; i < COUNT(repeated); i++) {
        size_t unit = strlen(repeated[i]), size = 100000 / unit * unit;
        char *text = malloc(size);
        for (size_t at = 0; at < size; at += unit)
            memcpy(text + at, repeated[i], unit);
        EXPECT(!takes(text, size));
        free(text);
    }
}
