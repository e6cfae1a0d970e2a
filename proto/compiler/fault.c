#include "fault.h"
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
} fault_t;

static fault_t faults[FAULTS_MAX];
static size_t count;

void fault(place_t place, const char *name, const char *format, ...)
{
    size_t order = count++;
    if (order >= FAULTS_MAX)
        return;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    faults[order].place = place;
    faults[order].order = order;
    faults[order].text = place.line
        ? names_format("%s:%d: %s: %s", place.file, place.line, name, text)
        : names_format("%s: %s: %s", place.file, name, text);
}

size_t fault_count(void)
{
    return count;
}

static int by_place(const void *a, const void *b)
{
    const fault_t *x = a, *y = b;
    int order = strcmp(x->place.file, y->place.file);
    if (order)
        return order;
    if (x->place.line != y->place.line)
        return x->place.line - y->place.line;
    return (x->order > y->order) - (x->order < y->order);
}

const char *fault_text(void)
{
    size_t listed = count < FAULTS_MAX ? count : FAULTS_MAX;
    qsort(faults, listed, sizeof *faults, by_place);
    buffer_t out = buffer_new((size_t) FAULTS_MAX * 4096);
    buffer_printf(&out, "%zu %s in the contract\n", count, count == 1 ? "fault" : "faults");
    for (size_t i = 0; i < listed; i++)
        buffer_printf(&out, "%s\n", faults[i].text);
    if (count > listed)
        buffer_printf(&out, "... and %zu more\n", count - listed);
    CHECK(!out.full);
    return out.data;
}
