/* view_life.c - themes in the order in which life brings them. */
#include "view_portal.h"

#include "text.h"

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
const datum_type_t portal_life_type = DATUM_TYPE_RECORD(life_names);

static uint32_t theme_items(const Catalog__ThemeList *list, Catalog__ThemeKind kind,
                            const char *name)
{
    for (size_t i = 0; i < list->n_themes; i++)
        if (list->themes[i]->kind == kind && text_equal(list->themes[i]->name, name))
            return list->themes[i]->items;
    return 0;
}

/* All that is found of a theme. */
static const char *theme_href(const view_call_t *call, Catalog__ThemeKind kind, const char *name)
{
    buffer_t out = buffer_new(PORTAL_HREF_MAX);
    buffer_text(&out, "/search");
    portal_put_query(&out, "themeKind", kind == PERSON ? "THEME_KIND_PERSON" : "THEME_KIND_BODY");
    portal_put_query(&out, "theme", name);
    return portal_finish(&out, call->arena);
}

static datum_t stage_make(const view_call_t *call, const stage_t *stage,
                          const Catalog__ThemeList *list)
{
    enum { COUNT = sizeof stage->themes / sizeof *stage->themes };
    datum_t *record = portal_record(call, STAGE_SLOTS);
    datum_t *themes = portal_record(call, COUNT);
    size_t count = 0;
    uint32_t sum = 0;
    for (size_t i = 0; record && themes && i < COUNT && stage->themes[i].name; i++) {
        datum_t *theme = portal_record(call, THEME_SLOTS);
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

datum_t portal_life(const view_call_t *call)
{
    const Catalog__ThemeList *list = portal_message(call, 0);
    datum_t *life = portal_record(call, LIFE_SLOTS);
    datum_t *stages[2] = {portal_record(call, LIFE_COUNT), portal_record(call, LIFE_COUNT)};
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
