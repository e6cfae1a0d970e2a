#include "page_private.h"

#include "yiwang/options.pb-c.h"

/* --- what a map knows ------------------------------------------------------------------ */

static bool may_knows(const datum_type_t *self, const char *name, size_t size)
{
    (void) self;
    return page_permission_known(name, size);
}

/* "FORM.X" of a form of this page. */
static bool typed_knows(const datum_type_t *self, const char *name, size_t size)
{
    const page_t *page = self->of_maker;
    span_t rest;
    span_t form = span_cut(span(name, size), '.', &rest);
    for (size_t i = 0; i < page->form_count; i++)
        if (span_is(form, page->forms[i].name))
            return rest.size > 0;
    return false;
}

/* --- the names of a page ------------------------------------------------------------------------------- */

static const datum_type_t may_type = {
    .kind = DATUM_MAP, .value = &datum_type_bool, .knows = may_knows};
static const datum_type_t query_type = DATUM_TYPE_MAP(datum_type_text);
static const datum_type_t level_type = DATUM_TYPE_ENUM(yw__level__descriptor);

static const datum_name_t site_names[] = {[SITE_NAME] = {"name", &datum_type_text},
                                          [SITE_REGION] = {"region", &datum_type_text},
                                          [SITE_PHONE] = {"phone", &datum_type_text},
                                          [SITE_THEME] = {"theme", &datum_type_text},
                                          [SITE_EMBLEM] = {"emblem", &datum_type_text},
                                          [SITE_RECORD] = {"record", &datum_type_text},
                                          [SITE_SLOTS] = {0}};
static const datum_name_t page_names[] = {[PAGE_NAME_PATH] = {"path", &datum_type_text},
                                          [PAGE_NAME_ADDRESS] = {"address", &datum_type_text},
                                          [PAGE_NAME_TITLE] = {"title", &datum_type_text},
                                          [PAGE_NAME_TRACE] = {"trace", &datum_type_text},
                                          [PAGE_NAME_YEAR] = {"year", &datum_type_int},
                                          [PAGE_NAME_NOW] = {"now", &datum_type_time},
                                          [PAGE_NAME_DEVELOP] = {"develop", &datum_type_bool},
                                          [PAGE_NAME_MISSING] = {"missing", &datum_type_texts},
                                          [PAGE_NAME_DONE] = {"done", &datum_type_text},
                                          [PAGE_NAME_ELDER] = {"elder", &datum_type_bool},
                                          [PAGE_NAME_NOTICE] = {"notice", &datum_type_text},
                                          [PAGE_NAME_STATUS] = {"status", &datum_type_int},
                                          [PAGE_NAME_CODE] = {"code", &datum_type_text},
                                          [PAGE_NAME_SLOTS] = {0}};
static const datum_name_t session_names[] = {
    [SESSION_SIGNED_IN] = {"signedIn", &datum_type_bool},
    [SESSION_ACCOUNT_ID] = {"accountId", &datum_type_text},
    [SESSION_NAME] = {"name", &datum_type_text},
    [SESSION_LEVEL] = {"level", &level_type},
    [SESSION_IS_STAFF] = {"isStaff", &datum_type_bool},
    [SESSION_DEPARTMENT_ID] = {"departmentId", &datum_type_text},
    [SESSION_MAY] = {"may", &may_type},
    [SESSION_SLOTS] = {0}};
static const datum_name_t error_names[] = {[ERROR_FIELD] = {"field", &datum_type_text},
                                           [ERROR_MESSAGE] = {"message", &datum_type_text},
                                           [ERROR_ANCHOR] = {"anchor", &datum_type_text},
                                           [ERROR_SLOTS] = {0}};
static const datum_type_t site_type = DATUM_TYPE_RECORD(site_names);
static const datum_type_t page_type = DATUM_TYPE_RECORD(page_names);
static const datum_type_t session_type = DATUM_TYPE_RECORD(session_names);
static const datum_type_t error_type = DATUM_TYPE_RECORD(error_names);
static const datum_type_t errors_type = DATUM_TYPE_LIST(error_type);

static const datum_type_t *type_of_message(arena_t *arena,
                                           const ProtobufCMessageDescriptor *message)
{
    const datum_type_t *type = datum_type_message(message, arena);
    CHECK(type);
    return type;
}

static const datum_type_t *path_type_of(const page_t *page, arena_t *arena)
{
    datum_name_t *names = page_make(arena, (ROUTE_VARIABLES_MAX + 1) * sizeof *names);
    for (size_t i = 0; page->variables[i]; i++)
        names[i] = (datum_name_t){page->variables[i], &datum_type_text};
    return datum_type_record(names, arena);
}

/* "stayed.code": the answers of forms that stay. */
static const datum_type_t *stayed_type_of(const page_t *page, arena_t *arena)
{
    datum_name_t *names = page_make(arena, (PAGE_FORMS_MAX + 1) * sizeof *names);
    for (size_t i = 0; i < page->form_count; i++)
        names[i] =
            (datum_name_t){page->forms[i].name, type_of_message(arena, page->forms[i].method->out)};
    return datum_type_record(names, arena);
}

void page_names_make(page_t *page, arena_t *arena)
{
    size_t most = PAGE_SLOTS + 1 + PAGE_DATA_MAX + PAGE_MAKES_MAX + 1, count = PAGE_SLOTS;
    datum_name_t *names = page_make(arena, most * sizeof *names);
    datum_type_t *typed = page_make(arena, sizeof *typed);
    *typed = (datum_type_t){
        .kind = DATUM_MAP, .value = &datum_type_text, .knows = typed_knows, .of_maker = page};
    names[PAGE_SLOT_SITE] = (datum_name_t){"site", &site_type};
    names[PAGE_SLOT_PAGE] = (datum_name_t){"page", &page_type};
    names[PAGE_SLOT_SESSION] = (datum_name_t){"session", &session_type};
    names[PAGE_SLOT_PATH] = (datum_name_t){"path", path_type_of(page, arena)};
    names[PAGE_SLOT_QUERY] = (datum_name_t){"query", &query_type};
    names[PAGE_SLOT_ERRORS] = (datum_name_t){"errors", &errors_type};
    names[PAGE_SLOT_REFUSED] = (datum_name_t){"refused", &datum_type_text};
    names[PAGE_SLOT_REFUSAL] = (datum_name_t){"refusal", &datum_type_text};
    names[PAGE_SLOT_TYPED] = (datum_name_t){"typed", typed};
    names[PAGE_SLOT_STAYED] = (datum_name_t){"stayed", stayed_type_of(page, arena)};
    if (page->flash) {
        page->flash_slot = count;
        names[count++] = (datum_name_t){page->flash, type_of_message(arena, page->flash_type)};
    }
    for (size_t i = 0; i < page->data_count; i++) {
        page->data[i].slot = count;
        names[count++] =
            (datum_name_t){page->data[i].name, type_of_message(arena, page->data[i].method->out)};
    }
    page->root = datum_type_record(names, arena);
    CHECK(page->root);
    page->slot_count = count;
}

/* A view's type is known when its arguments are: the record grows by it. */
void page_names_add(page_t *page, arena_t *arena, const char *name, const datum_type_t *type,
                    size_t *ret)
{
    datum_name_t *names = page_make(arena, (page->slot_count + 2) * sizeof *names);
    memcpy(names, page->root->names, page->slot_count * sizeof *names);
    *ret = page->slot_count;
    names[page->slot_count++] = (datum_name_t){name, type};
    page->root = datum_type_record(names, arena);
    CHECK(page->root);
}

const datum_type_t *page_names_then(const page_t *page, const page_form_t *form, arena_t *arena)
{
    datum_name_t *names = page_make(arena, (THEN_SLOTS + 1) * sizeof *names);
    names[THEN_PATH] = (datum_name_t){"path", page->root->names[PAGE_SLOT_PATH].type};
    names[THEN_QUERY] = (datum_name_t){"query", &query_type};
    names[THEN_SESSION] = (datum_name_t){"session", &session_type};
    names[THEN_ANSWER] = (datum_name_t){"answer", type_of_message(arena, form->method->out)};
    names[THEN_TYPED] = (datum_name_t){"typed", &query_type};
    return datum_type_record(names, arena);
}
