/* search_test.c - finding items. */
#include "catalog_test.h"
#include "pinyin.h"
#include "highlight.h"

static const char LIST[] =
    "[{\"name\":\"建筑工程施工许可证核发\",\"itemCode\":\"S-1\",\"departmentId\":\"zjj\",\"departmentName\":\"住建局\","
    "\"division\":\"340100\",\"audiences\":\"2\",\"type\":\"01\",\"bodyThemes\":\"国土和规划建设\",\"keywords\":\"开工\"},"
    "{\"name\":\"食品经营许可证核发\",\"itemCode\":\"S-2\",\"departmentId\":\"scjg\",\"departmentName\":\"市场监管局\","
    "\"division\":\"340102\",\"audiences\":\"1,2\",\"type\":\"01\",\"bodyThemes\":\"准营准办\",\"personThemes\":\"准营准办\","
    "\"materials\":[{\"name\":\"食品安全管理制度\"},{\"name\":\"施工图\"}]},"
    "{\"name\":\"施工噪声夜间作业证明\",\"itemCode\":\"S-3\",\"departmentId\":\"sthj\",\"departmentName\":\"生态环境局\","
    "\"division\":\"340100\",\"audiences\":\"2\",\"type\":\"07\"},"
    "{\"name\":\"结婚登记\",\"itemCode\":\"S-4\",\"departmentId\":\"mzj\",\"departmentName\":\"民政局\","
    "\"division\":\"340100000000\",\"audiences\":\"1\",\"type\":\"07\",\"personThemes\":\"婚姻登记\"}]";

static bench_t *bench_with_items(void)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    Catalog__ImportReport *report = import_json(bench, LIST);
    EXPECT(report && report->created == 4);
    return bench;
}

static const char *hit_name(const Catalog__SearchItemsResponse *found, size_t i)
{
    return found && i < found->n_hits ? found->hits[i]->item->name : "";
}

/* Names before contents; question words are no obstacle; what is in no item is not found. */
TEST(words_find_items)
{
    bench_t *bench = bench_with_items();
    const Catalog__SearchItemsResponse *found = search_for(bench, "施工许可");
    EXPECT(found && found->total == 1 && text_starts(hit_name(found, 0), "建筑工程施工许可证"));
    found = search_for(bench, "施工");
    EXPECT(found && found->total == 3);
    EXPECT(text_equal(hit_name(found, 2), "食品经营许可证核发")); /* only in a material */
    EXPECT(found && found->hits[2]->n_fragment > 0);
    found = search_for(bench, "请问食品经营许可怎么办理？");
    EXPECT(text_equal(hit_name(found, 0), "食品经营许可证核发"));
    found = search_for(bench, "我想开工需要什么材料");
    EXPECT(text_equal(hit_name(found, 0), "建筑工程施工许可证核发"));
    found = search_for(bench, "食品店营业许可"); /* no item has all the words */
    EXPECT(text_equal(hit_name(found, 0), "食品经营许可证核发"));
    found = search_for(bench, "航天器发射");
    EXPECT(found && found->total == 0 && found->n_hits == 0);
    found = search_for(bench, "\"*) OR (NEAR");
    EXPECT(found != NULL);
    bench_free(&bench);
}

TEST(initials_and_codes_find_items)
{
    bench_t *bench = bench_with_items();
    EXPECT(text_equal(hit_name(search_for(bench, "sgxkz"), 0), "建筑工程施工许可证核发"));
    EXPECT(text_equal(hit_name(search_for(bench, "JHDJ"), 0), "结婚登记"));
    EXPECT(search_for(bench, "zzzz")->n_hits == 0);
    EXPECT(text_equal(hit_name(search_for(bench, "S-3"), 0), "施工噪声夜间作业证明"));
    EXPECT(text_equal(pinyin_initials("建筑A1级，證", bench_arena(bench)), "jza1j"));
    bench_free(&bench);
}

TEST(filters_narrow)
{
    bench_t *bench = bench_with_items();
    Catalog__SearchItemsRequest in = CATALOG__SEARCH_ITEMS_REQUEST__INIT;
    EXPECT(search(bench, &in)->total == 4);
    in.department_id = "scjg";
    EXPECT(search(bench, &in)->total == 1);
    in.department_id = "";
    in.division = "340100";
    EXPECT(search(bench, &in)->total == 4); /* the city, and the districts below it */
    in.division = "340102";
    EXPECT(search(bench, &in)->total == 1);
    in.division = "";
    in.audience = CATALOG__AUDIENCE__AUDIENCE_PERSON;
    EXPECT(search(bench, &in)->total == 2);
    in.type = CATALOG__ITEM_TYPE__ITEM_TYPE_LICENSE;
    EXPECT(search(bench, &in)->total == 1);
    in.q = "结婚";
    EXPECT(search(bench, &in)->total == 0);
    in = (Catalog__SearchItemsRequest) CATALOG__SEARCH_ITEMS_REQUEST__INIT;
    in.theme = "准营准办";
    EXPECT(search(bench, &in)->total == 1);
    in.theme_kind = CATALOG__THEME_KIND__THEME_KIND_PERSON;
    EXPECT(search(bench, &in)->total == 1);
    in.theme = "没有这个主题";
    EXPECT(search(bench, &in)->total == 0);
    bench_free(&bench);
}

TEST(pages_follow_each_other)
{
    bench_t *bench = bench_with_items();
    Catalog__SearchItemsRequest in = CATALOG__SEARCH_ITEMS_REQUEST__INIT;
    in.page_size = 3;
    const Catalog__SearchItemsResponse *first = search(bench, &in);
    EXPECT(first && first->n_hits == 3 && *first->next_page_token);
    in.page_token = first->next_page_token;
    const Catalog__SearchItemsResponse *second = search(bench, &in);
    EXPECT(second && second->n_hits == 1 && !*second->next_page_token);
    for (int i = 0; i < 3; i++)
        EXPECT(!text_equal(hit_name(first, (size_t) i), hit_name(second, 0)));
    in.page_token = "nonsense";
    EXPECT(search(bench, &in)->n_hits == 3);
    bench_free(&bench);
}

/* What is used more comes first among equals. */
TEST(popular_items_come_first)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    import_json(
        bench,
        "[{\"name\":\"证明甲\",\"itemCode\":\"P-1\"},{\"name\":\"证明乙\",\"itemCode\":\"P-2\"}]");
    EXPECT(text_equal(hit_name(search_for(bench, "证明"), 0), "证明甲"));
    Catalog__ItemUsed used = CATALOG__ITEM_USED__INIT;
    used.item_id = get_item(bench, "P-2")->id;
    for (int i = 0; i < 5; i++)
        EXPECT(bench_call(bench, &BENCH_SERVICE, "catalog.CountUse", &used.base, NULL) ==
               STATUS_OK);
    EXPECT(text_equal(hit_name(search_for(bench, "证明"), 0), "证明乙"));
    EXPECT(text_equal(hit_name(search_for(bench, ""), 0), "证明乙"));
    EXPECT(get_item(bench, "P-2")->popularity == 5);
    /* The index is in the order of popularity, and use outweighs a slightly better fit. */
    EXPECT(bench_count(bench, "SELECT (SELECT search_row FROM items WHERE name = '证明乙')"
                              " < (SELECT search_row FROM items WHERE name = '证明甲')") == 1);
    import_json(bench, "[{\"name\":\"证明\",\"itemCode\":\"P-3\"}]");
    EXPECT(
        text_equal(hit_name(search_for(bench, "证明"), 0), "证明")); /* much better: exactly that */
    import_json(
        bench,
        "[{\"name\":\"甲乙证明\",\"itemCode\":\"P-4\"},{\"name\":\"丙丁戊证明\",\"itemCode\":\"P-5\"}]");
    bench_sql(bench, "UPDATE items SET popularity = 50 WHERE name = '丙丁戊证明'");
    EXPECT(text_equal(hit_name(search_for(bench, "证明"), 1), "丙丁戊证明"));
    EXPECT(bench_count(bench, "SELECT count(*) FROM item_names") == 5);
    EXPECT(bench_count(bench, "SELECT items FROM facet_counts WHERE facet = 'all'") == 5);
    used.item_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"; /* unknown: no reason to park the event */
    EXPECT(bench_call(bench, &BENCH_SERVICE, "catalog.CountUse", &used.base, NULL) == STATUS_OK);
    bench_free(&bench);
}

TEST(directory_lists_and_counts)
{
    bench_t *bench = bench_with_items();
    const ProtobufCMessage *out;
    Catalog__ListThemesRequest themes = CATALOG__LIST_THEMES_REQUEST__INIT;
    EXPECT(bench_call(bench, &BENCH_ANONYMOUS, "catalog.ListThemes", &themes.base, &out) ==
           STATUS_OK);
    const Catalog__ThemeList *list = (const Catalog__ThemeList *) out;
    EXPECT(list->n_themes == 65 && text_equal(list->themes[0]->name, "生育收养"));
    EXPECT(list->themes[11]->items == 1 && text_equal(list->themes[11]->name, "婚姻登记"));

    Catalog__ListItemDepartmentsRequest in = CATALOG__LIST_ITEM_DEPARTMENTS_REQUEST__INIT;
    EXPECT(bench_call(bench, &BENCH_ANONYMOUS, "catalog.ListItemDepartments", &in.base, &out) ==
           STATUS_OK);
    EXPECT(((const Catalog__ItemDepartmentList *) out)->n_departments == 4);
    in.division = "340102";
    EXPECT(bench_call(bench, &BENCH_ANONYMOUS, "catalog.ListItemDepartments", &in.base, &out) ==
           STATUS_OK);
    EXPECT(((const Catalog__ItemDepartmentList *) out)->n_departments == 1);
    EXPECT(text_equal(((const Catalog__ItemDepartmentList *) out)->departments[0]->id, "scjg"));

    Catalog__ListDirectoryRequest directory = CATALOG__LIST_DIRECTORY_REQUEST__INIT;
    directory.page_size = 3;
    EXPECT(bench_call(bench, &BENCH_ANONYMOUS, "catalog.ListDirectory", &directory.base, &out) ==
           STATUS_OK);
    EXPECT(((const Catalog__Directory *) out)->n_entries == 3);
    directory.page_token = ((const Catalog__Directory *) out)->next_page_token;
    EXPECT(bench_call(bench, &BENCH_ANONYMOUS, "catalog.ListDirectory", &directory.base, &out) ==
           STATUS_OK);
    EXPECT(((const Catalog__Directory *) out)->n_entries == 1);
    bench_free(&bench);
}

static const char *marked(const char *text, const char *asked, size_t length, arena_t *arena)
{
    Catalog__Segment **segments;
    size_t count = highlight(text, asked, length, arena, &segments);
    const char *out = "";
    for (size_t i = 0; i < count; i++)
        out = arena_printf(arena, segments[i]->hit ? "%s[%s]" : "%s%s", out, segments[i]->text);
    return out;
}

TEST(highlights_mark_what_was_asked)
{
    arena_t *arena = arena_new(1 << 20);
    EXPECT(text_equal(marked("建筑工程施工许可证核发", "施工许可", 100, arena),
                      "建筑工程[施工许可]证核发"));
    EXPECT(text_equal(marked("<b>ABC证</b>", "abc证", 100, arena), "<b>[ABC证]</b>"));
    EXPECT(text_equal(marked("食品经营许可", "许可食品", 100, arena), "[食品]经营[许可]"));
    EXPECT(text_equal(marked("一二三四五六七八九十甲乙", "甲乙", 6, arena), "九十[甲乙]"));
    EXPECT(text_equal(marked("证", "证", 6, arena), "[证]"));
    EXPECT(text_equal(marked("", "证", 6, arena), ""));
    EXPECT(text_equal(marked("没有", "", 6, arena), "没有"));
    arena_free(&arena);
}

TEST(divisions_form_a_tree)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    Catalog__Division rows[] = {CATALOG__DIVISION__INIT, CATALOG__DIVISION__INIT};
    Catalog__Division *all[] = {&rows[0], &rows[1]};
    rows[0].code = "340000";
    rows[0].name = "安徽省";
    rows[1].code = "340100";
    rows[1].name = "合肥市";
    rows[1].parent = "340000";
    Catalog__ImportDivisionsRequest in = CATALOG__IMPORT_DIVISIONS_REQUEST__INIT;
    in.divisions = all;
    in.n_divisions = 2;
    const ProtobufCMessage *out;
    EXPECT(bench_call(bench, &BENCH_SERVICE, "catalog.ImportDivisions", &in.base, &out) ==
           STATUS_OK);
    EXPECT(((const Catalog__ImportReport *) out)->created == 2);
    Catalog__ListDivisionsRequest list = CATALOG__LIST_DIVISIONS_REQUEST__INIT;
    EXPECT(bench_call(bench, &BENCH_ANONYMOUS, "catalog.ListDivisions", &list.base, &out) ==
           STATUS_OK);
    EXPECT(((const Catalog__DivisionList *) out)->n_divisions == 1);
    list.parent = "340000";
    EXPECT(bench_call(bench, &BENCH_ANONYMOUS, "catalog.ListDivisions", &list.base, &out) ==
           STATUS_OK);
    EXPECT(text_equal(((const Catalog__DivisionList *) out)->divisions[0]->name, "合肥市"));
    bench_free(&bench);
}
