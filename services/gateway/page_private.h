/* page_private.h - reading page files; of the page_*.c files only.
 *
 *   page_set.c    files, bodies, routes, the life of a set
 *   page_head.c   lines to keys, and what each page declares: first for all pages, because forms may
 *                 be posted to another one
 *   page_names.c  the names that a page has, with their types
 *   page_bind.c   what needs names: values of calls, forms, views
 *
 * A reader goes on after a fault, so that all are told at once. */
#pragma once
#include <string.h>

#include "check.h"
#include "page.h"
#include "table.h"
#include "text.h"

#define PAGE_LINES_MAX 400 /* of a head */

typedef struct {
    page_set_t *set;
    arena_t *arena; /* of the set */
    template_faults_t *faults;
    page_t *page;
    int line;
} reader_t;

#define FAULT(reader, ...)                                                                         \
    template_fault((reader)->faults, (reader)->arena, (reader)->page->file, (reader)->line,        \
                   __VA_ARGS__)

/* Files are limited, and so is what they can ask for: no memory is a fault of ours. */
static inline void *page_make(arena_t *arena, size_t size)
{
    void *memory = arena_alloc(arena, size);
    CHECK(memory);
    return memory;
}

static inline char *page_copy(arena_t *arena, span_t text)
{
    char *out = arena_copy(arena, text.data, text.size);
    CHECK(out);
    return out;
}

/* --- page_head.c --- */

typedef struct {
    span_t key, value; /* "data? timeline if query.q" and what stands behind ':' */
    int line;
} entry_t;

typedef struct {
    entry_t entries[PAGE_LINES_MAX];
    size_t count;
    span_t body;
    int body_line;
} head_t;

span_t page_trim(span_t self);
/* The next word, cut off *rest; blanks inside "…" and {…} belong to it. */
span_t page_next_word(span_t *rest);
bool page_is_name(span_t text);
bool page_permission_known(const char *name, size_t size);
/* "data? x" begins with the word "data?"; what stands behind a word. */
bool page_starts(span_t key, const char *word);
span_t page_behind(span_t key, const char *word);
/* "NAME" or "NAME if query.q": the name, and what is behind if. */
const char *page_read_name(reader_t *reader, span_t key, span_t *condition);
/* The method that *rest begins with; NULL: a fault. */
const method_t *page_read_method(reader_t *reader, span_t *rest);

void page_split_head(reader_t *reader, span_t text, head_t *ret);
/* Its value without the comments between its lines. */
span_t page_value_of(reader_t *reader, const entry_t *entry);
/* What does not need names: path, rights, which calls and forms there are. */
void page_declare(reader_t *reader, const entry_t *entry);

/* --- page_names.c --- */

/* page->root of what was declared; data and flash get their slots. */
void page_names_make(page_t *page, arena_t *arena);
/* One more name, of a view. */
void page_names_add(page_t *page, arena_t *arena, const char *name, const datum_type_t *type,
                    size_t *ret);
/* What `then` of a form may say. */
const datum_type_t *page_names_then(const page_t *page, const page_form_t *form, arena_t *arena);

/* --- page_bind.c --- */

/* How far the second pass has come, and what is left for the body. */
typedef struct {
    size_t data, make, form;
    page_form_t *last;
    span_t title;
    int title_line;
} second_t;

/* What needs names; entries in the order of the file. */
void page_bind_entry(reader_t *reader, const entry_t *entry, second_t *second);
