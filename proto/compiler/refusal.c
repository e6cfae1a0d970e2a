#include "refusal.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "check.h"
#include "names.h"

typedef struct {
    place_t place;
    size_t order;
    const char *text;
} refusal_t;

static refusal_t refusals[REFUSALS_MAX];
static size_t count;

void refuse(place_t place, const char *name, const char *format, ...)
{
    size_t order = count++;
    if (order >= REFUSALS_MAX)
        return;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    refusals[order].place = place;
    refusals[order].order = order;
    refusals[order].text = place.line
                               ? names_format("%s:%d: %s: %s", place.file, place.line, name, text)
                               : names_format("%s: %s: %s", place.file, name, text);
}

size_t refusal_count(void)
{
    return count;
}

static int by_place(const void *a, const void *b)
{
    const refusal_t *x = a, *y = b;
    int order = strcmp(x->place.file, y->place.file);
    if (order)
        return order;
    if (x->place.line != y->place.line)
        return x->place.line - y->place.line;
    return (x->order > y->order) - (x->order < y->order);
}

const char *refusal_text(void)
{
    size_t listed = count < REFUSALS_MAX ? count : REFUSALS_MAX;
    qsort(refusals, listed, sizeof *refusals, by_place);
    buffer_t out = buffer_new((size_t) REFUSALS_MAX * 4096);
    buffer_printf(&out, "%zu %s in the contract\n", count, count == 1 ? "fault" : "faults");
    for (size_t i = 0; i < listed; i++)
        buffer_printf(&out, "%s\n", refusals[i].text);
    if (count > listed)
        buffer_printf(&out, "... and %zu more\n", count - listed);
    CHECK(!out.full);
    return out.data;
}
