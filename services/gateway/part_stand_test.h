/* part_stand_test.h - where parts are tested: one page of a folder of its own, compiled and rendered
 * as the gateway does it.
 *
 *   stand_load("data case: case.GetCase id=x\n", "{{@flow case}}") -> faults, "" when there are none
 *   stand_render(message) -> HTML, with the message as the answer of the page's first `data` */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buffer.h"
#include "check.h"
#include "datum.h"
#include "form.h"
#include "message.h"
#include "page.h"
#include "template.h"
#include "test.h"
#include "text.h"

static arena_t *stand_arena;
static page_set_t *stand_set;
static static_files_t *stand_statics;
static const page_t *stand_page;
static buffer_t stand_faults, stand_html;
static page_view_t stand_view;

static inline void stand_write(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static inline void stand_remove(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
    rmdir(folder);
}

/* A page at /t/{id}; `other`: a second one at /other, or NULL. */
static inline const char *stand_load_two(const char *head, const char *body, const char *other)
{
    char pages[] = "/tmp/pages-XXXXXX", statics[] = "/tmp/static-XXXXXX", error[256];
    page_set_drop(&stand_set);
    static_files_drop(&stand_statics);
    arena_free(&stand_arena);
    buffer_free(&stand_faults);
    stand_arena = arena_new(8u << 20);
    stand_faults = buffer_new(1u << 20);
    buffer_text(&stand_faults, "");
    CHECK(mkdtemp(pages) && mkdtemp(statics));
    setvbuf(stdout, NULL, _IONBF, 0);
    const char *who = strstr(head, "who:") ? "" : "who: public\n";
    char *page = arena_printf(stand_arena, "path: /t/{id}\ntitle: T\nlayout: none\n%s%s---\n%s",
                              who, head, body);
    stand_write(pages, "t.page", page);
    if (other)
        stand_write(pages, "o.page", other);
    stand_write(statics, "icons.svg",
                "<svg xmlns=\"http://www.w3.org/2000/svg\"><symbol id=\"warning\"/></svg>");
    stand_statics = static_files_load(statics, error, sizeof error);
    CHECK(stand_statics);
    stand_set = page_set_load(pages, stand_statics, false, &stand_faults);
    stand_remove(pages, "o.page");
    stand_remove(pages, "t.page");
    stand_remove(statics, "icons.svg");
    if (stand_faults.size)
        printf("(%s)\n", stand_faults.data);
    stand_page = stand_set ? page_named(stand_set, "t") : NULL;
    stand_view =
        (page_view_t){.page = stand_page, .action = "/t/1?a=b&c", .token = "TOKEN", .key = "KEY"};
    return stand_faults.data;
}

static inline const char *stand_load(const char *head, const char *body)
{
    return stand_load_two(head, body, NULL);
}

/* With `first` and `second` as the answers of the page's calls. */
static inline const char *stand_render_two(const ProtobufCMessage *first,
                                           const ProtobufCMessage *second)
{
    buffer_free(&stand_html);
    stand_html = buffer_new(4u << 20);
    if (!stand_page)
        return "no page";
    datum_t *slots = ARRAY(stand_arena, datum_t, stand_page->slot_count);
    if (first)
        slots[stand_page->data[0].slot] = datum_message(first);
    if (second)
        slots[stand_page->data[1].slot] = datum_message(second);
    slots[PAGE_SLOT_QUERY] = datum_none();
    template_scope_t scope = {slots, stand_arena, 1795305600000, &stand_view};
    const char *why = template_render(stand_page->body, &scope, &stand_html);
    if (why)
        return why;
    return stand_html.data ? stand_html.data : "";
}

static inline const char *stand_render(const ProtobufCMessage *first)
{
    return stand_render_two(first, NULL);
}

/* The page's form comes back with this. */
static inline void stand_type(const char *form, const char *body, faults_t *faults)
{
    form_pairs_t *pairs = NULL;
    CHECK(form_read(SPAN("application/x-www-form-urlencoded"), span_text(body), 1 << 20,
                    stand_arena, &pairs) == PROBLEM_NONE);
    stand_view.refused = page_form(stand_page, NULL, form);
    CHECK(stand_view.refused);
    stand_view.typed = pairs;
    stand_view.faults = faults;
}

static inline bool stand_has(const char *html, const char *text)
{
    if (strstr(html, text))
        return true;
    printf("not in it: %s\n--- %s\n", text, html);
    return false;
}

static inline size_t stand_count(const char *html, const char *text)
{
    size_t count = 0;
    for (; (html = strstr(html, text)); html += strlen(text))
        count++;
    return count;
}
