/* view_portal.c - what the citizens' pages show that no message says as it is.
 *
 *   life          themes by the stages of life of a person and of a company
 *   search_facets filters of a search with counts and addresses
 *   search_pages  where one is in the pages of a search
 *   narrow        the next question of the guided navigation
 *   apply_steps   the steps of an application: what is done, what is next, what is missing
 *   form_answers  what was written into an item's form, for reading
 *   case_track    the five stations of a case
 *   gaps          what a correction notice asks for, with its fields and materials
 *
 * Adding one: names and type, a function, a row in view_portal[] at the end. */
#include "view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "form.h"
#include "message.h"
#include "rule.h"
#include "text.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"

/* --- types that several take --------------------------------------------------------------- */

static const datum_type_t case_type = DATUM_TYPE_MESSAGE(case__case_detail__descriptor);
static const datum_type_t item_type = DATUM_TYPE_MESSAGE(catalog__item__descriptor);
static const datum_type_t item_material_type = DATUM_TYPE_MESSAGE(catalog__material__descriptor);
static const datum_type_t given_type = DATUM_TYPE_MESSAGE(case__material__descriptor);
static const datum_type_t query_type = DATUM_TYPE_MAP(datum_type_text);

/* A link of a list of choices. */
enum { LINK_LABEL, LINK_HREF, LINK_ITEMS, LINK_CURRENT, LINK_SLOTS };
static const datum_name_t link_names[] = {
    [LINK_LABEL] = {"label", &datum_type_text},
    [LINK_HREF] = {"href", &datum_type_text},
    [LINK_ITEMS] = {"items", &datum_type_int},
    [LINK_CURRENT] = {"current", &datum_type_bool},
    [LINK_SLOTS] = {NULL, NULL},
};
static const datum_type_t link_type = DATUM_TYPE_RECORD(link_names);
static const datum_type_t links_type = DATUM_TYPE_LIST(link_type);

/* --- helpers ------------------------------------------------------------------------------- */

static const void *message_of(const view_call_t *call, size_t i)
{
    return i < call->count && call->arguments[i].kind == DATUM_MESSAGE ? call->arguments[i].message
                                                                       : NULL;
}

/* A text with a 0 behind it; "" for none. */
static const char *text_of(datum_t value, arena_t *arena)
{
    if (value.kind != DATUM_TEXT)
        return "";
    const char *text = arena_copy(arena, value.text.data, value.text.size);
    return text ? text : "";
}

static const char *argument_text(const view_call_t *call, size_t i)
{
    return i < call->count ? text_of(call->arguments[i], call->arena) : "";
}

/* Slots are none until they are set. */
static datum_t *record_new(const view_call_t *call, size_t slots)
{
    return ARRAY(call->arena, datum_t, slots);
}

static datum_t link_make(const view_call_t *call, const char *label, const char *href,
                         uint32_t items, bool current)
{
    datum_t *link = record_new(call, LINK_SLOTS);
    if (!link)
        return datum_none();
    link[LINK_LABEL] = datum_text(label);
    link[LINK_HREF] = datum_text(href);
    link[LINK_ITEMS] = datum_int(items);
    link[LINK_CURRENT] = datum_bool(current);
    return datum_record(link);
}

/* --- life ------------------------------------------------------------------------------------ */

typedef struct {
    const char *name, *icon;
} theme_t;

typedef struct {
    const char *title, *text;
    Catalog__ThemeKind kind;
    theme_t themes[14];
} stage_t;

#define PERSON CATALOG__THEME_KIND__THEME_KIND_PERSON
#define BODY   CATALOG__THEME_KIND__THEME_KIND_BODY

/* The themes of 国办函〔2016〕108号 in the order in which life brings them. */
static const stage_t LIFE[] = {
    {"出生成长",
     "生育、落户、上学、参军",
     PERSON,
     {{"生育收养", "baby"},
      {"户籍办理", "home"},
      {"教育科研", "graduation"},
      {"入伍服役", "shield"}}},
    {"工作创业",
     "找工作、考资格、开店办厂",
     PERSON,
     {{"就业创业", "briefcase"},
      {"职业资格", "award"},
      {"设立变更", "shop"},
      {"准营准办", "store-open"},
      {"知识产权", "bolt"},
      {"抵押质押", "money"}}},
    {"家庭生活",
     "结婚、看病、参保、救助、缴费",
     PERSON,
     {{"婚姻登记", "ring"},
      {"医疗卫生", "medical"},
      {"社会保障", "people"},
      {"优待抚恤", "heart"},
      {"行政缴费", "money"},
      {"公用事业", "water"},
      {"消费维权", "scale"},
      {"司法公证", "scale"},
      {"公共安全", "shield"},
      {"民族宗教", "people"}}},
    {"住房出行",
     "买房租房、办证、开车、出境",
     PERSON,
     {{"住房保障", "house"},
      {"规划建设", "hammer"},
      {"证件办理", "card"},
      {"交通出行", "car"},
      {"出境入境", "plane"},
      {"旅游观光", "globe"},
      {"文化体育", "book"},
      {"环保绿化", "leaf"}}},
    {"退休养老",
     "退休、养老、身后事",
     PERSON,
     {{"离职退休", "rest"}, {"死亡殡葬", "leaf"}, {"其他", "grid"}}},
    {"开办企业",
     "登记、变更、准营、资质",
     BODY,
     {{"设立变更", "building"}, {"准营准办", "store-open"}, {"资质认证", "award"}}},
    {"投资建设",
     "立项、用地、规划、施工",
     BODY,
     {{"投资审批", "chart"},
      {"国土和规划建设", "hammer"},
      {"招标拍卖", "flag"},
      {"环保绿化", "leaf"},
      {"应对气候变化", "globe"},
      {"水务气象", "water"},
      {"公用事业", "bolt"},
      {"公安消防", "shield"}}},
    {"经营发展",
     "税费、融资、贸易、行业许可",
     BODY,
     {{"税收财务", "money"},
      {"融资信贷", "card"},
      {"抵押质押", "document"},
      {"商务贸易", "shop"},
      {"海关口岸", "globe"},
      {"涉外服务", "plane"},
      {"农林牧渔", "leaf"},
      {"交通运输", "truck"},
      {"医疗卫生", "medical"},
      {"文体教育", "book"},
      {"科技创新", "bolt"},
      {"知识产权", "award"}}},
    {"用工和安全",
     "用工、社保、安全生产",
     BODY,
     {{"人力资源", "users"}, {"社会保障", "people"}, {"安全生产", "shield"}}},
    {"检验和年报",
     "年检、质检、检疫、公证、档案",
     BODY,
     {{"年检年审", "calendar"},
      {"质量技术", "check-circle"},
      {"检验检疫", "search"},
      {"司法公证", "scale"},
      {"民族宗教", "people"},
      {"档案文物", "documents"}}},
    {"退出市场", "注销和其他", BODY, {{"法人注销", "cross"}, {"其他", "grid"}}},
};
#define LIFE_COUNT (sizeof LIFE / sizeof *LIFE)

enum { THEME_NAME, THEME_ICON, THEME_ITEMS, THEME_HREF, THEME_SLOTS };
static const datum_name_t theme_names[] = {
    [THEME_NAME] = {"name", &datum_type_text},
    [THEME_ICON] = {"icon", &datum_type_text},
    [THEME_ITEMS] = {"items", &datum_type_int},
    [THEME_HREF] = {"href", &datum_type_text},
    [THEME_SLOTS] = {NULL, NULL},
};
static const datum_type_t theme_type = DATUM_TYPE_RECORD(theme_names);
static const datum_type_t theme_list = DATUM_TYPE_LIST(theme_type);

enum { STAGE_TITLE, STAGE_TEXT, STAGE_ITEMS, STAGE_THEMES, STAGE_SLOTS };
static const datum_name_t stage_names[] = {
    [STAGE_TITLE] = {"title", &datum_type_text},
    [STAGE_TEXT] = {"text", &datum_type_text},
    [STAGE_ITEMS] = {"items", &datum_type_int},
    [STAGE_THEMES] = {"themes", &theme_list},
    [STAGE_SLOTS] = {NULL, NULL},
};
static const datum_type_t stage_type = DATUM_TYPE_RECORD(stage_names);
static const datum_type_t stage_list = DATUM_TYPE_LIST(stage_type);

enum { LIFE_PERSON, LIFE_BODY, LIFE_SLOTS };
static const datum_name_t life_names[] = {
    [LIFE_PERSON] = {"person", &stage_list},
    [LIFE_BODY] = {"body", &stage_list},
    [LIFE_SLOTS] = {NULL, NULL},
};
static const datum_type_t life_type = DATUM_TYPE_RECORD(life_names);
static const datum_type_t themes_type = DATUM_TYPE_MESSAGE(catalog__theme_list__descriptor);

static uint32_t theme_items(const Catalog__ThemeList *list, Catalog__ThemeKind kind,
                            const char *name)
{
    for (size_t i = 0; i < list->n_themes; i++)
        if (list->themes[i]->kind == kind && text_equal(list->themes[i]->name, name))
            return list->themes[i]->items;
    return 0;
}

static void put_query(buffer_t *out, const char *name, const char *value)
{
    static const char HEX[] = "0123456789ABCDEF";
    if (text_empty(value))
        return;
    buffer_char(out, out->size && strchr(out->data, '?') ? '&' : '?');
    buffer_text(out, name);
    buffer_char(out, '=');
    for (const unsigned char *c = (const unsigned char *) value; *c; c++) {
        if (isalnum(*c) || strchr("-._~", *c)) {
            buffer_char(out, (char) *c);
        } else {
            buffer_char(out, '%');
            buffer_char(out, HEX[*c >> 4]);
            buffer_char(out, HEX[*c & 15]);
        }
    }
}

#define HREF_MAX 4096

static const char *finish(buffer_t *out, arena_t *arena)
{
    const char *text = out->full || !out->data ? "" : arena_copy(arena, out->data, out->size);
    buffer_free(out);
    return text ? text : "";
}

/* All that is found of a theme. */
static const char *theme_href(const view_call_t *call, Catalog__ThemeKind kind, const char *name)
{
    buffer_t out = buffer_new(HREF_MAX);
    buffer_text(&out, "/search");
    put_query(&out, "themeKind", kind == PERSON ? "THEME_KIND_PERSON" : "THEME_KIND_BODY");
    put_query(&out, "theme", name);
    return finish(&out, call->arena);
}

static datum_t stage_make(const view_call_t *call, const stage_t *stage,
                          const Catalog__ThemeList *list)
{
    enum { COUNT = sizeof stage->themes / sizeof *stage->themes };
    datum_t *record = record_new(call, STAGE_SLOTS);
    datum_t *themes = record_new(call, COUNT);
    size_t count = 0;
    uint32_t sum = 0;
    for (size_t i = 0; record && themes && i < COUNT && stage->themes[i].name; i++) {
        datum_t *theme = record_new(call, THEME_SLOTS);
        if (!theme)
            return datum_none();
        uint32_t items = theme_items(list, stage->kind, stage->themes[i].name);
        theme[THEME_NAME] = datum_text(stage->themes[i].name);
        theme[THEME_ICON] = datum_text(stage->themes[i].icon);
        theme[THEME_ITEMS] = datum_int(items);
        theme[THEME_HREF] = datum_text(theme_href(call, stage->kind, stage->themes[i].name));
        themes[count++] = datum_record(theme);
        sum += items;
    }
    if (!record || !themes)
        return datum_none();
    record[STAGE_TITLE] = datum_text(stage->title);
    record[STAGE_TEXT] = datum_text(stage->text);
    record[STAGE_ITEMS] = datum_int(sum);
    record[STAGE_THEMES] = datum_array(themes, count);
    return datum_record(record);
}

static datum_t life_make(const view_call_t *call)
{
    const Catalog__ThemeList *list = message_of(call, 0);
    datum_t *life = record_new(call, LIFE_SLOTS);
    datum_t *stages[2] = {record_new(call, LIFE_COUNT), record_new(call, LIFE_COUNT)};
    size_t counts[2] = {0, 0};
    if (!list || !life || !stages[0] || !stages[1])
        return datum_none();
    for (size_t i = 0; i < LIFE_COUNT; i++) {
        int side = LIFE[i].kind == BODY;
        stages[side][counts[side]++] = stage_make(call, &LIFE[i], list);
    }
    life[LIFE_PERSON] = datum_array(stages[0], counts[0]);
    life[LIFE_BODY] = datum_array(stages[1], counts[1]);
    return datum_record(life);
}

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
                ? text_of(query.map->find(query.map, BY[by].name, strlen(BY[by].name)), call->arena)
                : "";
}

/* The same search with one parameter changed ("" taken out); of a theme its kind goes along. */
static const char *asked_href(const asked_t *self, int by, const char *value, const char *kind,
                              const char *token)
{
    buffer_t out = buffer_new(HREF_MAX);
    buffer_text(&out, self->path);
    for (int i = 0; i < BYS; i++) {
        bool of_theme = by == BY_THEME && i == BY_THEME_KIND;
        put_query(&out, BY[i].name, i == by ? value : of_theme ? kind : self->values[i]);
    }
    put_query(&out, "pageToken", token);
    return finish(&out, self->call->arena);
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
    [GROUP_LINKS] = {"links", &links_type},
    [GROUP_MORE] = {"more", &links_type},
    [GROUP_SLOTS] = {NULL, NULL},
};
static const datum_type_t group_type = DATUM_TYPE_RECORD(group_names);
static const datum_type_t groups_type = DATUM_TYPE_LIST(group_type);

enum { FACETS_GROUPS, FACETS_ACTIVE, FACETS_CLEAR, FACETS_SLOTS };
static const datum_name_t facets_names[] = {
    [FACETS_GROUPS] = {"groups", &groups_type},
    [FACETS_ACTIVE] = {"active", &links_type}, /* filters that are on; href takes them off */
    [FACETS_CLEAR] = {"clear", &datum_type_text},
    [FACETS_SLOTS] = {NULL, NULL},
};
static const datum_type_t facets_type = DATUM_TYPE_RECORD(facets_names);
static const datum_type_t counts_type = DATUM_TYPE_MESSAGE(catalog__item_counts__descriptor);

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
    datum_t *links = record_new(self->call, values.count);
    for (size_t i = 0; links && i < values.count; i++) {
        const Catalog__ItemCount *one = values.counts[i];
        const char *href = asked_href(self, by, one->value, values.kind, "");
        links[i] = link_make(self->call, one->label, href, one->items,
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
    datum_t *group = record_new(self->call, GROUP_SLOTS);
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

static datum_t facets_make(const view_call_t *call)
{
    static const int SHOWN[] = {BY_AUDIENCE, BY_AIM, BY_DEPTH, BY_DEPARTMENT, BY_THEME, BY_TYPE};
    const Catalog__ItemCounts *counts = message_of(call, 0);
    asked_t asked;
    asked_read(&asked, call, "/search", call->arguments[1]);
    datum_t *facets = record_new(call, FACETS_SLOTS);
    datum_t *groups = record_new(call, BYS);
    datum_t *active = record_new(call, BYS);
    size_t group_count = 0, active_count = 0;
    if (!facets || !groups || !active)
        return datum_none();
    for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++) {
        int by = SHOWN[i];
        if (!text_empty(asked.values[by]))
            active[active_count++] = link_make(call, active_label(&asked, by, counts),
                                               asked_href(&asked, by, "", "", ""), 0, true);
        datum_t group = counts ? group_make(&asked, by, counts) : datum_none();
        if (group.kind != DATUM_NONE)
            groups[group_count++] = group;
    }
    buffer_t clear = buffer_new(HREF_MAX);
    buffer_text(&clear, "/search");
    put_query(&clear, "q", asked.values[BY_Q]);
    facets[FACETS_GROUPS] = datum_array(groups, group_count);
    facets[FACETS_ACTIVE] = datum_array(active, active_count);
    facets[FACETS_CLEAR] = datum_text(finish(&clear, call->arena));
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
static const datum_type_t pages_type = DATUM_TYPE_RECORD(pages_names);
static const datum_type_t found_type =
    DATUM_TYPE_MESSAGE(catalog__search_items_response__descriptor);

#define SEARCH_PAGE_SIZE 20 /* as search.page asks for */

/* The page token of a search is the number of hits before the page. */
static datum_t pages_make(const view_call_t *call)
{
    const Catalog__SearchItemsResponse *found = message_of(call, 0);
    asked_t asked;
    asked_read(&asked, call, "/search", call->arguments[1]);
    datum_t query = call->arguments[1];
    datum_t *pages = record_new(call, PAGES_SLOTS);
    int64_t offset = 0;
    if (!found || !pages || query.kind != DATUM_MAP)
        return datum_none();
    text_int(text_of(query.map->find(query.map, "pageToken", strlen("pageToken")), call->arena), 0,
             1000, &offset);
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
    [NARROW_OPTIONS] = {"options", &links_type},
    [NARROW_ANSWERS] = {"answers", &links_type}, /* href asks that question again */
    [NARROW_NUMBER] = {"number", &datum_type_int},
    [NARROW_SEARCH] = {"search", &datum_type_text}, /* the same as a search */
    [NARROW_SLOTS] = {NULL, NULL},
};
static const datum_type_t narrow_type = DATUM_TYPE_RECORD(narrow_names);

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

static datum_t narrow_make(const view_call_t *call)
{
    const Catalog__ItemCounts *counts = message_of(call, 0);
    asked_t asked, search;
    asked_read(&asked, call, "/guide-me", call->arguments[1]);
    search = asked;
    search.path = "/search";
    datum_t *narrow = record_new(call, NARROW_SLOTS);
    datum_t *answers = record_new(call, NARROW_COUNT);
    size_t answer_count = 0;
    if (!counts || !narrow || !answers)
        return datum_none();
    narrow[NARROW_QUESTION] = narrow[NARROW_HINT] = datum_text("");
    narrow[NARROW_OPTIONS] = datum_array(NULL, 0);
    for (size_t i = 0; i < NARROW_COUNT; i++) {
        int by = NARROW[i].by;
        values_t values = values_of(&asked, counts, by);
        if (!text_empty(asked.values[by])) {
            answers[answer_count++] =
                link_make(call, active_label(&asked, by, counts), answer_href(&asked, i), 0, true);
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

/* --- values of a form ------------------------------------------------------------------------ */

static const char *form_value(const Case__CaseDetail *one, const char *name)
{
    for (size_t i = 0; i < one->n_form; i++)
        if (text_equal(one->form[i]->name, name))
            return one->form[i]->value;
    return "";
}

static void put_choice(buffer_t *out, const Catalog__FormField *field, const char *value,
                       size_t size)
{
    for (size_t i = 0; i < field->n_choices; i++) {
        const Catalog__Choice *choice = field->choices[i];
        if (strlen(choice->value) == size && memcmp(choice->value, value, size) == 0) {
            buffer_text(out, choice->label);
            return;
        }
    }
    buffer_put(out, value, size);
}

static void put_file(buffer_t *out, const Case__CaseDetail *one, const char *id)
{
    for (size_t i = 0; i < one->n_materials; i++)
        for (size_t j = 0; j < one->materials[i]->n_files; j++)
            if (text_equal(one->materials[i]->files[j]->id, id))
                buffer_text(out, one->materials[i]->files[j]->file_name);
}

#define VALUE_MAX 16384 /* 4000 characters */

/* As people read it: labels of choices, "name（number）", a day in Chinese. */
static const char *value_words(const view_call_t *call, const Case__CaseDetail *one,
                               const Catalog__FormField *field, const char *value)
{
    buffer_t out = buffer_new(VALUE_MAX);
    const char *bar = strchr(value, '|');
    switch (field->type) {
    case CATALOG__FIELD_TYPE__FIELD_TYPE_CHOICE:
        put_choice(&out, field, value, strlen(value));
        break;
    case CATALOG__FIELD_TYPE__FIELD_TYPE_CHOICES:
        for (const char *at = value; *at; at += *at == ',') {
            size_t size = strcspn(at, ",");
            buffer_text(&out, out.size ? "、" : "");
            put_choice(&out, field, at, size);
            at += size;
        }
        break;
    case CATALOG__FIELD_TYPE__FIELD_TYPE_PARTY:
        if (bar)
            buffer_printf(&out, "%.*s（%s）", (int) (bar - value), value, bar + 1);
        else
            buffer_text(&out, value);
        break;
    case CATALOG__FIELD_TYPE__FIELD_TYPE_FILE:
        put_file(&out, one, value);
        break;
    case CATALOG__FIELD_TYPE__FIELD_TYPE_DATE:
        if (strlen(value) == 10 && value[4] == '-')
            buffer_printf(&out, "%.4s年%d月%d日", value, atoi(value + 5), atoi(value + 8));
        else
            buffer_text(&out, value);
        break;
    default:
        buffer_text(&out, value);
    }
    return finish(&out, call->arena);
}

/* --- form_answers ------------------------------------------------------------------------------ */

enum { ROW_LABEL, ROW_VALUE, ROW_LACKING, ROW_LINES, ROW_ANCHOR, ROW_SLOTS };
static const datum_name_t row_names[] = {
    [ROW_LABEL] = {"label", &datum_type_text},
    [ROW_VALUE] = {"value", &datum_type_text},
    [ROW_LACKING] = {"lacking", &datum_type_bool}, /* required and not there */
    [ROW_LINES] = {"lines", &datum_type_bool},     /* several lines */
    [ROW_ANCHOR] = {"anchor", &datum_type_text},   /* where errors of the form `submit` point to */
    [ROW_SLOTS] = {NULL, NULL},
};
static const datum_type_t row_type = DATUM_TYPE_RECORD(row_names);
static const datum_type_t rows_type = DATUM_TYPE_LIST(row_type);

enum { ANSWERS_TITLE, ANSWERS_STEP, ANSWERS_ROWS, ANSWERS_SLOTS };
static const datum_name_t answers_names[] = {
    [ANSWERS_TITLE] = {"title", &datum_type_text},
    [ANSWERS_STEP] = {"step", &datum_type_text}, /* key of the step that asks it */
    [ANSWERS_ROWS] = {"rows", &rows_type},
    [ANSWERS_SLOTS] = {NULL, NULL},
};
static const datum_type_t answers_type = DATUM_TYPE_RECORD(answers_names);
static const datum_type_t answers_list = DATUM_TYPE_LIST(answers_type);

#define GROUPS_MAX 100 /* an item's form has at most 100 fields */

/* Groups of a form in the order of their first fields. */
static size_t form_groups(const Catalog__Item *item, const char *ret[GROUPS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < item->n_form_fields; i++) {
        size_t at = 0;
        while (at < count && !text_equal(ret[at], item->form_fields[i]->group))
            at++;
        if (at == count && count < GROUPS_MAX)
            ret[count++] = item->form_fields[i]->group;
    }
    return count;
}

static const char *group_title(const char *group)
{
    return text_empty(group) ? "填写信息" : group;
}

static datum_t answer_row(const view_call_t *call, const Case__CaseDetail *one,
                          const Catalog__FormField *field)
{
    datum_t *row = record_new(call, ROW_SLOTS);
    const char *value = form_value(one, field->id);
    const char *path = arena_printf(call->arena, "form.%s", field->id);
    if (!row || !path)
        return datum_none();
    const char *anchor = form_anchor("submit", path, call->arena);
    row[ROW_LABEL] = datum_text(field->label);
    row[ROW_VALUE] = datum_text(value_words(call, one, field, value));
    row[ROW_LACKING] = datum_bool(field->required && text_empty(value));
    row[ROW_LINES] = datum_bool(strchr(value, '\n') != NULL);
    row[ROW_ANCHOR] = datum_text(anchor);
    return datum_record(row);
}

static datum_t answers_make(const view_call_t *call)
{
    const Case__CaseDetail *one = message_of(call, 0);
    const Catalog__Item *item = message_of(call, 1);
    const char *groups[GROUPS_MAX];
    if (!one || !item)
        return datum_none();
    size_t count = form_groups(item, groups);
    datum_t *list = record_new(call, count);
    for (size_t g = 0; list && g < count; g++) {
        datum_t *answers = record_new(call, ANSWERS_SLOTS);
        datum_t *rows = record_new(call, item->n_form_fields);
        size_t row_count = 0;
        if (!answers || !rows)
            return datum_none();
        for (size_t i = 0; i < item->n_form_fields; i++)
            if (text_equal(item->form_fields[i]->group, groups[g]))
                rows[row_count++] = answer_row(call, one, item->form_fields[i]);
        answers[ANSWERS_TITLE] = datum_text(group_title(groups[g]));
        answers[ANSWERS_STEP] = datum_text(arena_printf(call->arena, "form-%zu", g + 1));
        answers[ANSWERS_ROWS] = datum_array(rows, row_count);
        list[g] = datum_record(answers);
    }
    return list ? datum_array(list, count) : datum_none();
}

/* --- apply_steps ------------------------------------------------------------------------------ */

enum {
    STEP_KEY,
    STEP_KIND,
    STEP_TITLE,
    STEP_GROUP,
    STEP_NUMBER,
    STEP_DONE,
    STEP_OPTIONAL,
    STEP_CURRENT,
    STEP_LACKS,
    STEP_MATERIAL,
    STEP_GIVEN,
    STEP_SLOTS
};
static const datum_name_t step_names[] = {
    [STEP_KEY] = {"key", &datum_type_text},   /* in the address: applicant, form-2, material-plan */
    [STEP_KIND] = {"kind", &datum_type_text}, /* applicant, form, material */
    [STEP_TITLE] = {"title", &datum_type_text},
    [STEP_GROUP] = {"group", &datum_type_text}, /* of the form */
    [STEP_NUMBER] = {"number", &datum_type_int},
    [STEP_DONE] = {"done", &datum_type_bool}, /* nothing required is missing */
    [STEP_OPTIONAL] = {"optional",
                       &datum_type_bool}, /* nothing is required, and nothing is there */
    [STEP_CURRENT] = {"current", &datum_type_bool},
    [STEP_LACKS] = {"lacks", &datum_type_texts}, /* labels of what is missing */
    [STEP_MATERIAL] = {"material", &item_material_type},
    [STEP_GIVEN] = {"given", &given_type},
    [STEP_SLOTS] = {NULL, NULL},
};
static const datum_type_t step_type = DATUM_TYPE_RECORD(step_names);
static const datum_type_t step_list = DATUM_TYPE_LIST(step_type);

enum {
    STEPS_LIST,
    STEPS_CURRENT,
    STEPS_PREVIOUS,
    STEPS_NEXT,
    STEPS_FIRST,
    STEPS_DONE,
    STEPS_TOTAL,
    STEPS_READY,
    STEPS_SUBMITTED,
    STEPS_FOR_PERSON,
    STEPS_FOR_BODY,
    STEPS_SLOTS
};
static const datum_name_t steps_names[] = {
    [STEPS_LIST] = {"list", &step_list},
    [STEPS_CURRENT] = {"current", &step_type},
    [STEPS_PREVIOUS] = {"previous", &datum_type_text}, /* keys; "" before the first */
    [STEPS_NEXT] = {"next", &datum_type_text},         /* "check" behind the last */
    [STEPS_FIRST] = {"first", &datum_type_text},       /* the first that is not done, or "check" */
    [STEPS_DONE] = {"done", &datum_type_int},
    [STEPS_TOTAL] = {"total", &datum_type_int},
    [STEPS_READY] = {"ready", &datum_type_bool},         /* all are done */
    [STEPS_SUBMITTED] = {"submitted", &datum_type_bool}, /* the case is no draft any more */
    [STEPS_FOR_PERSON] = {"forPerson", &datum_type_bool},
    [STEPS_FOR_BODY] = {"forBody", &datum_type_bool},
    [STEPS_SLOTS] = {NULL, NULL},
};
static const datum_type_t steps_type = DATUM_TYPE_RECORD(steps_names);

/* An item's audiences are persons, bodies, or both; none said is both. */
static bool item_serves(const Catalog__Item *item, bool body)
{
    for (size_t i = 0; i < item->n_audiences; i++)
        if ((item->audiences[i] != CATALOG__AUDIENCE__AUDIENCE_PERSON) == body)
            return true;
    return item->n_audiences == 0;
}

typedef struct {
    const view_call_t *call;
    const Case__CaseDetail *one;
    const Catalog__Item *item;
    datum_t *list;
    size_t count, done;
} steps_t;

static datum_t *step_add(steps_t *self, const char *key, const char *kind, const char *title)
{
    datum_t *step = record_new(self->call, STEP_SLOTS);
    if (!step)
        return NULL;
    step[STEP_KEY] = datum_text(key);
    step[STEP_KIND] = datum_text(kind);
    step[STEP_TITLE] = datum_text(title);
    step[STEP_GROUP] = datum_text("");
    step[STEP_NUMBER] = datum_int((int64_t) self->count + 1);
    self->list[self->count++] = datum_record(step);
    return step;
}

static void step_end(steps_t *self, datum_t *step, datum_t *lacks, size_t lack_count, bool optional)
{
    step[STEP_LACKS] = datum_array(lacks, lack_count);
    step[STEP_DONE] = datum_bool(lack_count == 0);
    step[STEP_OPTIONAL] = datum_bool(optional);
    self->done += lack_count == 0;
}

/* As services/case/form.c checks the party. */
static void add_applicant(steps_t *self)
{
    enum { LACKS = 3 };
    const Case__Applicant *party = self->one->applicant;
    datum_t *step = step_add(self, "applicant", "applicant", "申请人");
    datum_t *lacks = record_new(self->call, LACKS);
    size_t count = 0;
    if (!step || !lacks)
        return;
    bool body = party && party->kind == CASE__APPLICANT_KIND__APPLICANT_KIND_ORGANISATION;
    if (!item_serves(self->item, body))
        lacks[count++] = datum_text("申请人类型");
    else if (body && text_empty(party->name))
        lacks[count++] = datum_text("单位名称");
    if (body && text_empty(party->id_number))
        lacks[count++] = datum_text("统一社会信用代码");
    step_end(self, step, lacks, count, false);
}

static void add_group(steps_t *self, const char *group, size_t number)
{
    const Catalog__Item *item = self->item;
    const char *key = arena_printf(self->call->arena, "form-%zu", number);
    datum_t *step = step_add(self, key, "form", group_title(group));
    datum_t *lacks = record_new(self->call, item->n_form_fields);
    size_t count = 0;
    bool empty = true, required = false;
    if (!step || !lacks)
        return;
    for (size_t i = 0; i < item->n_form_fields; i++) {
        const Catalog__FormField *field = item->form_fields[i];
        if (!text_equal(field->group, group))
            continue;
        bool there = !text_empty(form_value(self->one, field->id));
        empty = empty && !there;
        required = required || field->required;
        if (field->required && !there)
            lacks[count++] = datum_text(field->label);
    }
    step[STEP_GROUP] = datum_text(group);
    step_end(self, step, lacks, count, empty && !required);
}

static const Case__Material *given_of(const Case__CaseDetail *one, const char *material_id)
{
    for (size_t i = 0; i < one->n_materials; i++)
        if (text_equal(one->materials[i]->material_id, material_id))
            return one->materials[i];
    return NULL;
}

static void add_material(steps_t *self, const Catalog__Material *material)
{
    const Case__Material *given = given_of(self->one, material->id);
    const char *key = arena_printf(self->call->arena, "material-%s", material->id);
    datum_t *step = step_add(self, key, "material", material->name);
    datum_t *lacks = record_new(self->call, 1);
    if (!step || !lacks)
        return;
    bool there = given && (given->n_files || given->paper);
    bool required = material->need == CATALOG__MATERIAL_NEED__MATERIAL_NEED_ALWAYS;
    lacks[0] = datum_text(material->name);
    step[STEP_MATERIAL] = datum_message(&material->base);
    step[STEP_GIVEN] = datum_message(given ? &given->base : NULL);
    step_end(self, step, lacks, required && !there, !required && !there);
}

static const char *key_at(const steps_t *self, size_t at)
{
    return self->list[at].kind == DATUM_RECORD
               ? text_of(self->list[at].slots[STEP_KEY], self->call->arena)
               : "";
}

static datum_t steps_end(steps_t *self, const char *key)
{
    datum_t *steps = record_new(self->call, STEPS_SLOTS);
    size_t current = self->count, first = self->count;
    if (!steps || !self->count)
        return datum_none();
    for (size_t i = self->count; i-- > 0;) {
        if (text_equal(key_at(self, i), key))
            current = i;
        if (!datum_is_set(self->list[i].slots[STEP_DONE]))
            first = i;
    }
    if (current == self->count && !text_equal(key, "check")) /* an address of a former version */
        current = first < self->count ? first : 0;
    bool at_check = current == self->count;
    if (!at_check) {
        ((datum_t *) self->list[current].slots)[STEP_CURRENT] = datum_bool(true);
        steps[STEPS_CURRENT] = self->list[current];
    }
    steps[STEPS_LIST] = datum_array(self->list, self->count);
    steps[STEPS_PREVIOUS] = datum_text(current ? key_at(self, current - 1) : "");
    steps[STEPS_NEXT] = datum_text(current + 1 < self->count ? key_at(self, current + 1) : "check");
    steps[STEPS_FIRST] = datum_text(first < self->count ? key_at(self, first) : "check");
    steps[STEPS_DONE] = datum_int((int64_t) self->done);
    steps[STEPS_TOTAL] = datum_int((int64_t) self->count);
    steps[STEPS_READY] = datum_bool(self->done == self->count);
    steps[STEPS_SUBMITTED] =
        datum_bool(self->one->summary && self->one->summary->state != CASE__STATE__STATE_DRAFT);
    steps[STEPS_FOR_PERSON] = datum_bool(item_serves(self->item, false));
    steps[STEPS_FOR_BODY] = datum_bool(item_serves(self->item, true));
    return datum_record(steps);
}

static datum_t steps_make(const view_call_t *call)
{
    const char *groups[GROUPS_MAX];
    steps_t self = {.call = call, .one = message_of(call, 0), .item = message_of(call, 1)};
    if (!self.one || !self.item)
        return datum_none();
    size_t group_count = form_groups(self.item, groups);
    self.list = record_new(call, 1 + group_count + self.item->n_materials);
    if (!self.list)
        return datum_none();
    add_applicant(&self);
    for (size_t i = 0; i < group_count; i++)
        add_group(&self, groups[i], i + 1);
    for (size_t i = 0; i < self.item->n_materials; i++)
        add_material(&self, self.item->materials[i]);
    return steps_end(&self, argument_text(call, 2));
}

/* --- case_track --------------------------------------------------------------------------------- */

enum { STATION_TITLE, STATION_STATE, STATION_AT, STATION_SLOTS };
static const datum_name_t station_names[] = {
    [STATION_TITLE] = {"title", &datum_type_text},
    [STATION_STATE] = {"state", &datum_type_text}, /* done, current, next, bad */
    [STATION_AT] = {"at", &datum_type_time},
    [STATION_SLOTS] = {NULL, NULL},
};
static const datum_type_t station_type = DATUM_TYPE_RECORD(station_names);
static const datum_type_t track_type = DATUM_TYPE_LIST(station_type);

enum { AT_SUBMITTED, AT_ACCEPTED, AT_REVIEWED, AT_DECIDED, AT_CLOSED, STATIONS };

/* At which station a case of a state is, and whether its way ended there before the end. */
static int station_of(const Case__CaseDetail *one, bool *ret_ended)
{
    *ret_ended = false;
    switch (one->summary->state) {
    case CASE__STATE__STATE_SUBMITTED:
    case CASE__STATE__STATE_CORRECTION:
        return AT_ACCEPTED;
    case CASE__STATE__STATE_ACCEPTED:
    case CASE__STATE__STATE_REVIEWING:
        return AT_REVIEWED;
    case CASE__STATE__STATE_DECIDING:
        return AT_DECIDED;
    case CASE__STATE__STATE_GRANTED:
    case CASE__STATE__STATE_DENIED:
        return AT_CLOSED;
    case CASE__STATE__STATE_CLOSED:
        return STATIONS;
    case CASE__STATE__STATE_REFUSED:
        *ret_ended = true;
        return AT_ACCEPTED;
    case CASE__STATE__STATE_WITHDRAWN:
    case CASE__STATE__STATE_TERMINATED:
        *ret_ended = true;
        return one->accepted_at ? AT_REVIEWED : AT_ACCEPTED;
    default:
        return AT_SUBMITTED;
    }
}

static datum_t track_make(const view_call_t *call)
{
    static const char *const TITLES[STATIONS] = {"提交", "受理", "审查", "决定", "办结"};
    const Case__CaseDetail *one = message_of(call, 0);
    datum_t *list = record_new(call, STATIONS);
    bool ended = false;
    if (!one || !one->summary || !list)
        return datum_none();
    const int64_t at_ms[STATIONS] = {
        [AT_SUBMITTED] = timestamp_ms(one->summary->submitted_at),
        [AT_ACCEPTED] = timestamp_ms(one->accepted_at),
        [AT_DECIDED] = one->decision ? timestamp_ms(one->decision->decided_at) : 0,
        [AT_CLOSED] = timestamp_ms(one->closed_at),
    };
    int here = station_of(one, &ended);
    for (int i = 0; i < STATIONS; i++) {
        datum_t *station = record_new(call, STATION_SLOTS);
        if (!station)
            return datum_none();
        const char *state = i < here ? "done" : i > here ? "next" : ended ? "bad" : "current";
        station[STATION_TITLE] =
            datum_text(i == here && ended ? label_of(&case__state__descriptor, one->summary->state)
                                          : TITLES[i]);
        station[STATION_STATE] = datum_text(state);
        station[STATION_AT] = datum_time(at_ms[i]);
        list[i] = datum_record(station);
    }
    return datum_array(list, STATIONS);
}

/* --- gaps ---------------------------------------------------------------------------------------- */

static const datum_type_t correction_type = DATUM_TYPE_MESSAGE(case__correction__descriptor);
static const datum_type_t gap_message_type = DATUM_TYPE_MESSAGE(case__gap__descriptor);
static const datum_type_t field_type = DATUM_TYPE_MESSAGE(catalog__form_field__descriptor);
static const datum_type_t fields_type = DATUM_TYPE_LIST(field_type);

enum { GAP_GAP, GAP_TITLE, GAP_MATERIAL, GAP_GIVEN, GAP_SLOTS };
static const datum_name_t gap_names[] = {
    [GAP_GAP] = {"gap", &gap_message_type},
    [GAP_TITLE] = {"title", &datum_type_text},
    [GAP_MATERIAL] = {"material", &item_material_type},
    [GAP_GIVEN] = {"given", &given_type},
    [GAP_SLOTS] = {NULL, NULL},
};
static const datum_type_t gap_type = DATUM_TYPE_RECORD(gap_names);
static const datum_type_t gap_list = DATUM_TYPE_LIST(gap_type);

enum { GAPS_NOTICE, GAPS_LIST, GAPS_FIELDS, GAPS_SLOTS };
static const datum_name_t gaps_names[] = {
    [GAPS_NOTICE] = {"notice", &correction_type}, /* the last one */
    [GAPS_LIST] = {"list", &gap_list},
    [GAPS_FIELDS] = {"fields", &fields_type}, /* of the form that are to be written anew */
    [GAPS_SLOTS] = {NULL, NULL},
};
static const datum_type_t gaps_type = DATUM_TYPE_RECORD(gaps_names);

static const Catalog__FormField *field_of(const Catalog__Item *item, const char *id)
{
    for (size_t i = 0; !text_empty(id) && i < item->n_form_fields; i++)
        if (text_equal(item->form_fields[i]->id, id))
            return item->form_fields[i];
    return NULL;
}

static const Catalog__Material *material_of(const Catalog__Item *item, const char *id)
{
    for (size_t i = 0; !text_empty(id) && i < item->n_materials; i++)
        if (text_equal(item->materials[i]->id, id))
            return item->materials[i];
    return NULL;
}

static datum_t gap_make(const view_call_t *call, const Case__CaseDetail *one,
                        const Catalog__Material *material, const Catalog__FormField *field,
                        const Case__Gap *gap)
{
    const Case__Material *given = material ? given_of(one, material->id) : NULL;
    datum_t *record = record_new(call, GAP_SLOTS);
    if (!record)
        return datum_none();
    record[GAP_GAP] = datum_message(&gap->base);
    record[GAP_TITLE] = datum_text(material ? material->name
                                   : field  ? field->label
                                            : "其他需要补正的内容");
    record[GAP_MATERIAL] = datum_message(material ? &material->base : NULL);
    record[GAP_GIVEN] = datum_message(given ? &given->base : NULL);
    return datum_record(record);
}

static datum_t gaps_make(const view_call_t *call)
{
    const Case__CaseDetail *one = message_of(call, 0);
    const Catalog__Item *item = message_of(call, 1);
    datum_t *gaps = record_new(call, GAPS_SLOTS);
    if (!one || !item || !gaps || !one->n_corrections)
        return datum_none();
    const Case__Correction *notice = one->corrections[one->n_corrections - 1];
    datum_t *list = record_new(call, notice->n_gaps);
    datum_t *fields = record_new(call, notice->n_gaps);
    size_t field_count = 0;
    if (!list || !fields)
        return datum_none();
    for (size_t i = 0; i < notice->n_gaps; i++) {
        const Case__Gap *gap = notice->gaps[i];
        const Catalog__FormField *field = field_of(item, gap->field);
        list[i] = gap_make(call, one, material_of(item, gap->material_id), field, gap);
        bool there = !field;
        for (size_t j = 0; j < field_count; j++)
            there = there || fields[j].message == &field->base;
        if (!there)
            fields[field_count++] = datum_message(&field->base);
    }
    gaps[GAPS_NOTICE] = datum_message(&notice->base);
    gaps[GAPS_LIST] = datum_array(list, notice->n_gaps);
    gaps[GAPS_FIELDS] = datum_array(fields, field_count);
    return datum_record(gaps);
}

/* --- address ---------------------------------------------------------------------------------------- */

enum { ADDRESS_ADDRESS, ADDRESS_SLOTS };
static const datum_name_t address_names[] = {
    [ADDRESS_ADDRESS] = {"address", &datum_type_text},
    [ADDRESS_SLOTS] = {NULL, NULL},
};
static const datum_type_t address_type = DATUM_TYPE_RECORD(address_names);

/* Another path of the host that an address has, with a value behind it: what a QR code on paper
 * leads to. */
static datum_t address_make(const view_call_t *call)
{
    const char *here = argument_text(call, 0);
    const char *host = strstr(here, "://");
    datum_t *record = record_new(call, ADDRESS_SLOTS);
    if (!host || !record)
        return datum_none();
    size_t origin = (size_t) (host - here) + 3 + strcspn(host + 3, "/");
    record[ADDRESS_ADDRESS] =
        datum_text(arena_printf(call->arena, "%.*s%s%s", (int) origin, here, argument_text(call, 1),
                                argument_text(call, 2)));
    return datum_record(record);
}

/* --- the table -------------------------------------------------------------------------------------- */

const view_t view_portal[] = {
    {"life", (const datum_type_t *const[]){&themes_type, NULL}, 0, &life_type, NULL, life_make},
    {"search_facets", (const datum_type_t *const[]){&counts_type, &query_type, NULL}, 0,
     &facets_type, NULL, facets_make},
    {"search_pages", (const datum_type_t *const[]){&found_type, &query_type, NULL}, 0, &pages_type,
     NULL, pages_make},
    {"narrow", (const datum_type_t *const[]){&counts_type, &query_type, NULL}, 0, &narrow_type,
     NULL, narrow_make},
    {"apply_steps", (const datum_type_t *const[]){&case_type, &item_type, &datum_type_text, NULL},
     0, &steps_type, NULL, steps_make},
    {"form_answers", (const datum_type_t *const[]){&case_type, &item_type, NULL}, 0, &answers_list,
     NULL, answers_make},
    {"case_track", (const datum_type_t *const[]){&case_type, NULL}, 0, &track_type, NULL,
     track_make},
    {"gaps", (const datum_type_t *const[]){&case_type, &item_type, NULL}, 0, &gaps_type, NULL,
     gaps_make},
    {"address",
     (const datum_type_t *const[]){&datum_type_text, &datum_type_text, &datum_type_text, NULL}, 0,
     &address_type, NULL, address_make},
    {NULL, NULL, 0, NULL, NULL, NULL},
};
