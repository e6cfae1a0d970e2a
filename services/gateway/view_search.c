/* view_search.c - filters and pages of a search, and the questions that narrow one down. */
#include "view_portal.h"

#include <string.h>

#include "rule.h"
#include "text.h"

/* --- search ---------------------------------------------------------------------------------- */

/* Parameters of a search, in the order in which addresses have them. */
enum { BY_Q, BY_AUDIENCE, BY_THEME_KIND, BY_THEME, BY_AIM, BY_DEPARTMENT, BY_TYPE, BY_DEPTH, BYS };
static const struct {
    const char *name, *title;
    const ProtobufCEnumDescriptor *type; /* of its values; NULL: texts */
} BY[BYS] = {
    [BY_Q] = {"q", "搜索词", NULL},
    [BY_AUDIENCE] = {"audience", "服务对象", &catalog__audience__descriptor},
    [BY_THEME_KIND] = {"themeKind", "主题类别", &catalog__theme_kind__descriptor},
    [BY_THEME] = {"theme", "主题", NULL},
    [BY_AIM] = {"aim", "办理情形", &catalog__aim__descriptor},
    [BY_DEPARTMENT] = {"departmentId", "部门", NULL},
    [BY_TYPE] = {"type", "事项类型", &catalog__item_type__descriptor},
    [BY_DEPTH] = {"onlineDepth", "网上办理", &catalog__online_depth__descriptor},
};

typedef struct {
    const view_call_t *call;
    const char *path;
    const char *values[BYS];
} asked_t;

static void asked_read(asked_t *self, const view_call_t *call, const char *path, datum_t query)
{
    self->call = call;
    self->path = path;
    for (int by = 0; by < BYS; by++)
        self->values[by] =
            query.kind == DATUM_MAP
                ? portal_text(query.map->find(query.map, BY[by].name, strlen(BY[by].name)),
                              call->arena)
                : "";
}

/* The same search with one parameter changed ("" taken out); of a theme its kind goes along. */
static const char *asked_href(const asked_t *self, int by, const char *value, const char *kind,
                              const char *token)
{
    buffer_t out = buffer_new(PORTAL_HREF_MAX);
    buffer_text(&out, self->path);
    for (int i = 0; i < BYS; i++) {
        bool of_theme = by == BY_THEME && i == BY_THEME_KIND;
        portal_put_query(&out, BY[i].name, i == by ? value : of_theme ? kind : self->values[i]);
    }
    portal_put_query(&out, "pageToken", token);
    return portal_finish(&out, self->call->arena);
}

static const char *label_by_name(int by, const char *value)
{
    const ProtobufCEnumValue *found =
        BY[by].type ? protobuf_c_enum_descriptor_get_value_by_name(BY[by].type, value) : NULL;
    const char *label = found ? label_of(BY[by].type, found->value) : NULL;
    return label ? label : value;
}

enum { GROUP_TITLE, GROUP_NAME, GROUP_LINKS, GROUP_MORE, GROUP_SLOTS };
static const datum_name_t group_names[] = {
    [GROUP_TITLE] = {"title", &datum_type_text},
    [GROUP_NAME] = {"name", &datum_type_text},
    [GROUP_LINKS] = {"links", &portal_links_type},
    [GROUP_MORE] = {"more", &portal_links_type},
    [GROUP_SLOTS] = {NULL, NULL},
};
static const datum_type_t group_type = DATUM_TYPE_RECORD(group_names);
static const datum_type_t groups_type = DATUM_TYPE_LIST(group_type);

enum { FACETS_GROUPS, FACETS_ACTIVE, FACETS_CLEAR, FACETS_SLOTS };
static const datum_name_t facets_names[] = {
    [FACETS_GROUPS] = {"groups", &groups_type},
    [FACETS_ACTIVE] = {"active", &portal_links_type}, /* filters that are on; href takes them off */
    [FACETS_CLEAR] = {"clear", &datum_type_text},
    [FACETS_SLOTS] = {NULL, NULL},
};
const datum_type_t portal_facets_type = DATUM_TYPE_RECORD(facets_names);

#define FACET_SHOWN 6 /* of a group at once; the rest behind 更多 */

typedef struct {
    Catalog__ItemCount **counts;
    size_t count;
    const char *kind; /* of themes */
} values_t;

/* Values of a parameter that some found item has; themes are those of persons or of bodies, by
 * who is meant. */
static values_t values_of(const asked_t *self, const Catalog__ItemCounts *counts, int by)
{
    const char *audience = self->values[BY_AUDIENCE];
    bool body = text_equal(self->values[BY_THEME_KIND], "THEME_KIND_BODY") ||
                (text_empty(self->values[BY_THEME_KIND]) && !text_empty(audience) &&
                 !text_equal(audience, "AUDIENCE_PERSON"));
    switch (by) {
    case BY_AUDIENCE:
        return (values_t){counts->audiences, counts->n_audiences, ""};
    case BY_THEME:
        return body ? (values_t){counts->body_themes, counts->n_body_themes, "THEME_KIND_BODY"}
                    : (values_t){counts->person_themes, counts->n_person_themes,
                                 "THEME_KIND_PERSON"};
    case BY_AIM:
        return (values_t){counts->aims, counts->n_aims, ""};
    case BY_DEPARTMENT:
        return (values_t){counts->departments, counts->n_departments, ""};
    case BY_TYPE:
        return (values_t){counts->types, counts->n_types, ""};
    case BY_DEPTH:
        return (values_t){counts->online_depths, counts->n_online_depths, ""};
    default:
        return (values_t){NULL, 0, ""};
    }
}

static datum_t *value_links(const asked_t *self, int by, values_t values)
{
    datum_t *links = portal_record(self->call, values.count);
    for (size_t i = 0; links && i < values.count; i++) {
        const Catalog__ItemCount *one = values.counts[i];
        const char *href = asked_href(self, by, one->value, values.kind, "");
        links[i] = portal_link(self->call, one->label, href, one->items,
                               text_equal(one->value, self->values[by]));
    }
    return links;
}

/* A filter that is not on and has something to choose between; none otherwise. */
static datum_t group_make(const asked_t *self, int by, const Catalog__ItemCounts *counts)
{
    values_t values = values_of(self, counts, by);
    bool whose = !text_empty(self->values[BY_AUDIENCE]) || !text_empty(self->values[BY_THEME_KIND]);
    if (values.count < 2 || !text_empty(self->values[by]) || (by == BY_THEME && !whose))
        return datum_none();
    datum_t *group = portal_record(self->call, GROUP_SLOTS);
    datum_t *links = value_links(self, by, values);
    if (!group || !links)
        return datum_none();
    size_t shown = values.count <= FACET_SHOWN + 2 ? values.count : FACET_SHOWN;
    group[GROUP_TITLE] = datum_text(BY[by].title);
    group[GROUP_NAME] = datum_text(BY[by].name);
    group[GROUP_LINKS] = datum_array(links, shown);
    group[GROUP_MORE] = datum_array(links + shown, values.count - shown);
    return datum_record(group);
}

static const char *active_label(const asked_t *self, int by, const Catalog__ItemCounts *counts)
{
    values_t values = counts ? values_of(self, counts, by) : (values_t){NULL, 0, ""};
    const char *label = label_by_name(by, self->values[by]);
    for (size_t i = 0; i < values.count; i++)
        if (text_equal(values.counts[i]->value, self->values[by]))
            label = values.counts[i]->label;
    const char *text = arena_printf(self->call->arena, "%s：%s", BY[by].title, label);
    return text ? text : label;
}

datum_t portal_facets(const view_call_t *call)
{
    static const int SHOWN[] = {BY_AUDIENCE, BY_AIM, BY_DEPTH, BY_DEPARTMENT, BY_THEME, BY_TYPE};
    const Catalog__ItemCounts *counts = portal_message(call, 0);
    asked_t asked;
    asked_read(&asked, call, "/search", call->arguments[1]);
    datum_t *facets = portal_record(call, FACETS_SLOTS);
    datum_t *groups = portal_record(call, BYS);
    datum_t *active = portal_record(call, BYS);
    size_t group_count = 0, active_count = 0;
    if (!facets || !groups || !active)
        return datum_none();
    for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++) {
        int by = SHOWN[i];
        if (!text_empty(asked.values[by]))
            active[active_count++] = portal_link(call, active_label(&asked, by, counts),
                                                 asked_href(&asked, by, "", "", ""), 0, true);
        datum_t group = counts ? group_make(&asked, by, counts) : datum_none();
        if (group.kind != DATUM_NONE)
            groups[group_count++] = group;
    }
    buffer_t clear = buffer_new(PORTAL_HREF_MAX);
    buffer_text(&clear, "/search");
    portal_put_query(&clear, "q", asked.values[BY_Q]);
    facets[FACETS_GROUPS] = datum_array(groups, group_count);
    facets[FACETS_ACTIVE] = datum_array(active, active_count);
    facets[FACETS_CLEAR] = datum_text(portal_finish(&clear, call->arena));
    return datum_record(facets);
}

enum { PAGES_NUMBER, PAGES_TOTAL, PAGES_PREVIOUS, PAGES_NEXT, PAGES_FIRST, PAGES_SLOTS };
static const datum_name_t pages_names[] = {
    [PAGES_NUMBER] = {"number", &datum_type_int},
    [PAGES_TOTAL] = {"total", &datum_type_int},
    [PAGES_PREVIOUS] = {"previous", &datum_type_text}, /* addresses; "" there is none */
    [PAGES_NEXT] = {"next", &datum_type_text},
    [PAGES_FIRST] = {"first", &datum_type_int}, /* number of the first hit on this page */
    [PAGES_SLOTS] = {NULL, NULL},
};
const datum_type_t portal_pages_type = DATUM_TYPE_RECORD(pages_names);

#define SEARCH_PAGE_SIZE 20 /* as search.page asks for */

/* The page token of a search is the number of hits before the page. */
datum_t portal_pages(const view_call_t *call)
{
    const Catalog__SearchItemsResponse *found = portal_message(call, 0);
    asked_t asked;
    asked_read(&asked, call, "/search", call->arguments[1]);
    datum_t query = call->arguments[1];
    datum_t *pages = portal_record(call, PAGES_SLOTS);
    int64_t offset = 0;
    if (!found || !pages || query.kind != DATUM_MAP)
        return datum_none();
    text_int(portal_text(query.map->find(query.map, "pageToken", strlen("pageToken")), call->arena),
             0, 1000, &offset);
    pages[PAGES_NUMBER] = datum_int(offset / SEARCH_PAGE_SIZE + 1);
    pages[PAGES_TOTAL] = datum_int((found->total + SEARCH_PAGE_SIZE - 1) / SEARCH_PAGE_SIZE);
    pages[PAGES_FIRST] = datum_int(offset + 1);
    pages[PAGES_PREVIOUS] = pages[PAGES_NEXT] = datum_text("");
    if (offset > 0) {
        int64_t before = offset > SEARCH_PAGE_SIZE ? offset - SEARCH_PAGE_SIZE : 0;
        const char *token = before ? arena_printf(call->arena, "%lld", (long long) before) : "";
        pages[PAGES_PREVIOUS] = datum_text(asked_href(&asked, -1, "", "", token));
    }
    if (!text_empty(found->next_page_token))
        pages[PAGES_NEXT] = datum_text(asked_href(&asked, -1, "", "", found->next_page_token));
    return datum_record(pages);
}

/* --- narrow ---------------------------------------------------------------------------------- */

enum {
    NARROW_QUESTION,
    NARROW_HINT,
    NARROW_OPTIONS,
    NARROW_ANSWERS,
    NARROW_NUMBER,
    NARROW_SEARCH,
    NARROW_SLOTS
};
static const datum_name_t narrow_names[] = {
    [NARROW_QUESTION] = {"question", &datum_type_text}, /* "": nothing is left to ask */
    [NARROW_HINT] = {"hint", &datum_type_text},
    [NARROW_OPTIONS] = {"options", &portal_links_type},
    [NARROW_ANSWERS] = {"answers", &portal_links_type}, /* href asks that question again */
    [NARROW_NUMBER] = {"number", &datum_type_int},
    [NARROW_SEARCH] = {"search", &datum_type_text}, /* the same as a search */
    [NARROW_SLOTS] = {NULL, NULL},
};
const datum_type_t portal_narrow_type = DATUM_TYPE_RECORD(narrow_names);

#define NARROW_ENOUGH 3 /* so few items need no further question */

/* In this order; one that all found items answer alike is not asked. */
static const struct {
    int by;
    const char *question, *hint;
} NARROW[] = {
    {BY_AUDIENCE, "您为谁办事？", "为自己或家人办，选“自然人”；为公司或单位办，选单位的类型"},
    {BY_THEME, "要办的事与什么有关？", "选最接近的一类"},
    {BY_AIM, "您想做什么？", "例如第一次办、证件到期要换、丢了要补"},
    {BY_DEPARTMENT, "由哪个部门办理？", "不清楚也没关系，下面列出了全部事项"},
};
#define NARROW_COUNT (sizeof NARROW / sizeof *NARROW)

/* An answer is forgotten together with those that came after it. */
static const char *answer_href(const asked_t *self, size_t answered)
{
    asked_t before = *self;
    for (size_t i = answered; i < NARROW_COUNT; i++)
        before.values[NARROW[i].by] = "";
    if (answered <= 1)
        before.values[BY_THEME_KIND] = "";
    return asked_href(&before, -1, "", "", "");
}

datum_t portal_narrow(const view_call_t *call)
{
    const Catalog__ItemCounts *counts = portal_message(call, 0);
    asked_t asked, search;
    asked_read(&asked, call, "/guide-me", call->arguments[1]);
    search = asked;
    search.path = "/search";
    datum_t *narrow = portal_record(call, NARROW_SLOTS);
    datum_t *answers = portal_record(call, NARROW_COUNT);
    size_t answer_count = 0;
    if (!counts || !narrow || !answers)
        return datum_none();
    narrow[NARROW_QUESTION] = narrow[NARROW_HINT] = datum_text("");
    narrow[NARROW_OPTIONS] = datum_array(NULL, 0);
    for (size_t i = 0; i < NARROW_COUNT; i++) {
        int by = NARROW[i].by;
        values_t values = values_of(&asked, counts, by);
        if (!text_empty(asked.values[by])) {
            answers[answer_count++] = portal_link(call, active_label(&asked, by, counts),
                                                  answer_href(&asked, i), 0, true);
        } else if (!datum_is_set(narrow[NARROW_QUESTION]) && values.count > 1 &&
                   (i == 0 || counts->total > NARROW_ENOUGH)) {
            datum_t *links = value_links(&asked, by, values);
            narrow[NARROW_QUESTION] = datum_text(NARROW[i].question);
            narrow[NARROW_HINT] = datum_text(NARROW[i].hint);
            narrow[NARROW_OPTIONS] = datum_array(links, links ? values.count : 0);
        }
    }
    narrow[NARROW_ANSWERS] = datum_array(answers, answer_count);
    narrow[NARROW_NUMBER] = datum_int((int64_t) answer_count + 1);
    narrow[NARROW_SEARCH] = datum_text(asked_href(&search, -1, "", "", ""));
    return datum_record(narrow);
}
