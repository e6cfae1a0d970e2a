#include "page_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SET_BYTES_MAX (512u << 20) /* of a compiled set; ours takes a few per cent of it */
#define FOLDERS_MAX   6            /* inside each other */

typedef struct {
    const char *file; /* "portal/home.page", "layout/portal.html" */
    const char *text;
    size_t size;
} source_t;

struct page_set {
    atomic_uint holders;
    arena_t *arena;
    static_files_t *statics;
    routes_t *routes;
    source_t sources[PAGE_FILES_MAX];
    size_t source_count;
    table_t *by_file; /* source_t */
    page_t *pages[PAGE_FILES_MAX];
    size_t page_count;
    table_t *by_shape; /* "/items/{}" -> page_t */
    bool develop;
};

/* --- bodies ------------------------------------------------------------------------------------------------- */

static bool find_source(const page_set_t *self, const char *folder, span_t name,
                        template_source_t *ret)
{
    char file[256];
    int size = snprintf(file, sizeof file, "%s/%.*s.html", folder, (int) name.size, name.data);
    if (size < 0 || (size_t) size >= sizeof file)
        return false;
    const source_t *source = table_get(self->by_file, file, (size_t) size);
    if (source)
        *ret = (template_source_t){source->file, source->text, source->size, 1};
    return source != NULL;
}

static bool find_partial(const void *owner, const char *name, size_t size, template_source_t *ret)
{
    return find_source(owner, "partial", span(name, size), ret);
}

static void compile(reader_t *reader, const head_t *head, const second_t *second)
{
    page_t *page = reader->page;
    page_set_t *set = reader->set;
    template_source_t layout,
        source = {page->file, head->body.data, head->body.size, head->body_line};
    template_options_t options = {.root = page->root,
                                  .partial = find_partial,
                                  .owner = set,
                                  .parts = part_registry,
                                  .page = page,
                                  .plain = !page->html};
    reader->line = 1;
    if (page->file_set)
        return;
    if (page->html && !page->layout)
        FAULT(reader, "layout: is missing (none, where there shall be none)");
    else if (page->layout && !text_equal(page->layout, "none")) {
        if (find_source(set, "layout", span_text(page->layout), &layout))
            options.layout = &layout;
        else
            FAULT(reader, "there is no layout/%s.html", page->layout);
    }
    page->body = template_compile(&options, &source, set->arena, reader->faults);

    if (!second->title.size) {
        if (page->html)
            FAULT(reader, "title: is missing");
        return;
    }
    template_source_t title = {page->file, second->title.data, second->title.size,
                               second->title_line};
    options.layout = NULL;
    options.plain = true; /* escaped where it is shown */
    page->title = template_compile(&options, &title, set->arena, reader->faults);
}

/* --- forms, for parts --------------------------------------------------------------------------------------- */

const page_form_t *page_form(const page_t *page, const char *target, const char *name)
{
    if (target && *target) {
        size_t size = strcspn(target, "?#");
        route_match_t match = page_find(page->set, VERB_GET, span(target, size));
        if (!match.route)
            return NULL;
        page = match.route->owner;
    }
    for (size_t i = 0; i < page->form_count; i++)
        if (text_equal(page->forms[i].name, name))
            return &page->forms[i];
    return NULL;
}

bool page_form_fixed(const page_form_t *self, const ProtobufCFieldDescriptor *field)
{
    for (size_t i = 0; i < self->bind_count; i++)
        if (self->binds[i].depth == 1 && self->binds[i].fields[0] == field)
            return true;
    return false;
}

const static_files_t *page_set_statics(const page_set_t *self)
{
    return self->statics;
}

const static_files_t *page_statics(const page_t *page)
{
    return page->set->statics;
}

/* --- files ------------------------------------------------------------------------------------------------------ */

static void file_fault(page_set_t *self, template_faults_t *faults, const char *file,
                       const char *why)
{
    template_fault(faults, self->arena, file, 1, "%s", why);
}

static void read_source(page_set_t *self, const char *path, const char *file, size_t size,
                        template_faults_t *faults)
{
    FILE *stream = NULL;
    char *text = page_make(self->arena, size + 1);
    if (self->source_count == PAGE_FILES_MAX) {
        file_fault(self, faults, file, "too many files");
    } else if (size > PAGE_FILE_MAX) {
        file_fault(self, faults, file, "larger than a page may be");
    } else if (!(stream = fopen(path, "rb")) || fread(text, 1, size, stream) != size) {
        file_fault(self, faults, file, strerror(errno));
    } else if (!text_is_utf8(text, size)) {
        file_fault(self, faults, file, "is not UTF-8");
    } else {
        source_t *source = &self->sources[self->source_count++];
        *source = (source_t){page_copy(self->arena, span_text(file)), text, size};
        CHECK(table_set(self->by_file, file, strlen(file), source));
    }
    if (stream)
        fclose(stream);
}

static void read_folder(page_set_t *self, const char *folder, const char *prefix, int depth,
                        template_faults_t *faults)
{
    DIR *directory = opendir(folder);
    if (!directory) {
        file_fault(self, faults, folder, strerror(errno));
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct stat status;
        char *path = arena_printf(self->arena, "%s/%s", folder, entry->d_name);
        char *file = arena_printf(self->arena, "%s%s", prefix, entry->d_name);
        CHECK(path && file);
        if (entry->d_name[0] == '.' || stat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode) && depth < FOLDERS_MAX) {
            char *inner = arena_printf(self->arena, "%s/", file);
            CHECK(inner);
            read_folder(self, path, inner, depth + 1, faults);
        } else if (S_ISREG(status.st_mode) &&
                   (text_ends(file, ".page") || text_ends(file, ".html"))) {
            read_source(self, path, file, (size_t) status.st_size, faults);
        }
    }
    closedir(directory);
}

static int by_file(const void *a, const void *b)
{
    return strcmp(((const source_t *) a)->file, ((const source_t *) b)->file);
}

/* Whatever order the file system has, faults come in the same. */
static void sort_sources(page_set_t *self)
{
    qsort(self->sources, self->source_count, sizeof *self->sources, by_file);
    for (size_t i = 0; i < self->source_count; i++)
        CHECK(table_set(self->by_file, self->sources[i].file, strlen(self->sources[i].file),
                        &self->sources[i]));
}

/* Pages whose paths differ in names of variables only are one path. */
static void claim_path(reader_t *reader)
{
    page_t *page = reader->page;
    char *shape = page_copy(reader->arena, span_text(page->pattern));
    size_t size = 0;
    bool name = false; /* between braces */
    for (const char *c = page->pattern; *c; c++) {
        name = name && *c != '}';
        if (!name)
            shape[size++] = *c;
        name = name || *c == '{';
    }
    const page_t *other = table_get(reader->set->by_shape, shape, size);
    if (other)
        FAULT(reader, "%s is the path of %s, too", page->pattern, other->file);
    else
        CHECK(table_set(reader->set->by_shape, shape, size, page));
}

/* --- a set -------------------------------------------------------------------------------------------------------- */

typedef struct {
    page_t *page;
    head_t head;
    second_t second;
    bool whole; /* its head was understood: worth looking at the rest */
} work_t;

static void add_routes(page_t *page)
{
    routes_t *routes = page->set->routes;
    routes_add(routes, VERB_GET, page->pattern, page->pattern, NULL, NULL)->owner = page;
    if (page->form_count)
        routes_add(routes, VERB_POST, page->pattern, page->pattern, NULL, NULL)->owner = page;
}

static void read_head(reader_t *reader, const source_t *source, work_t *work)
{
    page_t *page = work->page = reader->page = page_make(reader->arena, sizeof *page);
    size_t faults = reader->faults->count;
    *page = (page_t){.set = reader->set,
                     .file = source->file,
                     .type = "text/html; charset=utf-8",
                     .html = true,
                     .as = PAGE_AS_PERSON};
    reader->line = 1;
    page_split_head(reader, span(source->text, source->size), &work->head);
    for (size_t i = 0; i < work->head.count; i++)
        page_declare(reader, &work->head.entries[i]);
    if (page->who == PAGE_PERSON)
        page->as = PAGE_AS_PERSON;
    if (page->who == PAGE_STAFF)
        page->as = PAGE_AS_STAFF;
    reader->line = 1;
    if (!page->pattern)
        FAULT(reader, "path: is missing");
    else
        claim_path(reader);
    work->whole = reader->faults->count == faults;
}

static void read_rest(reader_t *reader, work_t *work)
{
    page_t *page = reader->page = work->page;
    size_t faults = reader->faults->count;
    for (size_t i = 0; i < work->head.count; i++)
        page_bind_entry(reader, &work->head.entries[i], &work->second);
    for (size_t i = 0; i < page->form_count; i++)
        if (!page->forms[i].then.count && !page->forms[i].stay) {
            reader->line = page->forms[i].line;
            FAULT(reader, "post %s: then: is missing", page->forms[i].name);
        }
    if (reader->faults->count == faults)
        compile(reader, &work->head, &work->second);
}

static void read_pages(page_set_t *self, template_faults_t *faults)
{
    reader_t reader = {.set = self, .arena = self->arena, .faults = faults};
    work_t *works = xalloc(PAGE_FILES_MAX * sizeof *works);
    size_t count = 0;
    for (size_t i = 0; i < self->source_count; i++) {
        if (!text_ends(self->sources[i].file, ".page"))
            continue;
        work_t *work = &works[count];
        read_head(&reader, &self->sources[i], work);
        count++;
        if (!work->whole)
            continue;
        self->pages[self->page_count++] = work->page;
        page_names_make(work->page, self->arena);
        /* Checked in any case, and error.page is served by its name. */
        if (!work->page->develop || self->develop)
            add_routes(work->page);
    }
    for (size_t i = 0; i < count; i++)
        if (works[i].whole)
            read_rest(&reader, &works[i]);
    free(works);
}

static void tell(const template_faults_t *faults, buffer_t *out)
{
    for (size_t i = 0; i < faults->count; i++) {
        buffer_text(out, faults->faults[i]);
        buffer_char(out, '\n');
    }
    if (faults->count == TEMPLATE_FAULTS_MAX)
        buffer_text(out, "... and more\n");
}

page_set_t *page_set_load(const char *folder, static_files_t *statics, bool develop, buffer_t *out)
{
    page_set_t *self = xalloc(sizeof *self);
    template_faults_t *faults = xalloc(sizeof *faults);
    atomic_init(&self->holders, 1);
    self->arena = arena_new(SET_BYTES_MAX);
    self->statics = static_files_hold(statics);
    self->routes = routes_new();
    self->by_file = table_new(PAGE_FILES_MAX);
    self->by_shape = table_new(PAGE_FILES_MAX);
    self->develop = develop;
    read_folder(self, folder, "", 0, faults);
    sort_sources(self);
    read_pages(self, faults);
    tell(faults, out);
    if (faults->count)
        page_set_drop(&self);
    free(faults);
    return self;
}

page_set_t *page_set_hold(page_set_t *self)
{
    atomic_fetch_add_explicit(&self->holders, 1, memory_order_relaxed);
    return self;
}

void page_set_drop(page_set_t **self_p)
{
    page_set_t *self = *self_p;
    *self_p = NULL;
    if (!self || atomic_fetch_sub_explicit(&self->holders, 1, memory_order_acq_rel) > 1)
        return;
    routes_free(&self->routes);
    table_free(&self->by_file);
    table_free(&self->by_shape);
    static_files_drop(&self->statics);
    arena_free(&self->arena);
    free(self);
}

route_match_t page_find(const page_set_t *self, verb_t verb, span_t path)
{
    return routes_find(self->routes, verb, path);
}

const page_t *page_named(const page_set_t *self, const char *name)
{
    for (size_t i = 0; i < self->page_count; i++) {
        const char *file = self->pages[i]->file;
        size_t size = strlen(file) - strlen(".page");
        if (strncmp(file, name, size) == 0 && !name[size])
            return self->pages[i];
    }
    return NULL;
}

const page_t *const *page_all(const page_set_t *self, size_t *ret_count)
{
    *ret_count = self->page_count;
    return (const page_t *const *) self->pages;
}
