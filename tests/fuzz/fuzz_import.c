/* fuzz_import.c - any text as a list of items: nothing crashes, nothing is dropped, and what was taken
 * can be written out and taken again.
 *
 * The first byte chooses the format: even CSV, odd JSON. */
#include <string.h>
#include "check.h"
#include "list.h"
#include "text.h"

#define MEMORY         (64u << 20)
#define TEXT_BYTES_MAX (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A row is an item that keeps the rules of the contract, or it says why not. */
static void check_rows(const list_t *list, arena_t *arena)
{
    for (size_t i = 0; i < list->count; i++) {
        const list_row_t *row = &list->rows[i];
        faults_t faults = {.count = 0};
        CHECK(row->raw);
        if (row->item)
            CHECK(rule_check(&row->item->base, arena, &faults));
        else
            CHECK(row->fault_count > 0);
    }
}

/* Every item of the list, out and in again: none is refused. */
static void round_trip(const list_t *list, Catalog__ListFormat format, arena_t *arena)
{
    buffer_t out = buffer_new(16u << 20);
    size_t items = 0;
    list_start(format, &out);
    for (size_t i = 0; i < list->count && i < 20; i++)
        if (list->rows[i].item)
            list_put(format, list->rows[i].item, items++ == 0, &out);
    list_end(format, &out);
    if (items > 0 && !out.full) {
        faults_t faults = {.count = 0};
        list_t *again = list_read(format, out.data, arena, &faults);
        if (again) {
            CHECK(again->count == items);
            for (size_t i = 0; i < items; i++)
                CHECK(again->rows[i].item);
        } else {
            CHECK(text_equal(faults.faults[0].code, "memory"));
        }
    }
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > TEXT_BYTES_MAX || !text_is_utf8((const char *) data + 1, size - 1))
        return 0; /* the rules refuse it before any handler sees it */
    Catalog__ListFormat format = data[0] % 2 ? CATALOG__LIST_FORMAT__LIST_FORMAT_JSON
                                             : CATALOG__LIST_FORMAT__LIST_FORMAT_CSV;
    arena_t *arena = arena_new(MEMORY);
    faults_t faults = {.count = 0};
    list_t *list = list_read(format, arena_copy(arena, data + 1, size - 1), arena, &faults);
    CHECK(list || faults.count > 0);
    if (list) {
        check_rows(list, arena);
        round_trip(list, format, arena);
    }
    arena_free(&arena);
    return 0;
}
