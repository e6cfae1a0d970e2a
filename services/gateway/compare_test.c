#include "compare.h"

#include "part_stand_test.h"
#include "yiwang/catalog.pb-c.h"

#define HAS(text)   EXPECT(stand_has(html, text))
#define LACKS(text) EXPECT(!strstr(html, text))
#define TWO         "data a: catalog.GetItem id=1\ndata b: catalog.GetItem id=2\n"

static const char *compare(const Catalog__Item *left, const Catalog__Item *right)
{
    EXPECT(text_equal(
        stand_load(TWO, "{{@compare a b skip=\"version updatedAt\" leftTitle=\"第1版\"}}"), ""));
    return stand_render_two(left ? &left->base : NULL, right ? &right->base : NULL);
}

TEST(only_what_differs_is_told)
{
    Catalog__Item left = CATALOG__ITEM__INIT, right = CATALOG__ITEM__INIT;
    left.version = 1;
    right.version = 2;
    EXPECT(stand_has(compare(&left, &right), "<p class=\"muted\">两者没有不同。</p>"));
    left.name = "甲<";
    right.name = "乙";
    left.legal_days = 20;
    right.appointment = true;
    right.online_depth = CATALOG__ONLINE_DEPTH__ONLINE_DEPTH_FULL;
    const char *html = compare(&left, &right);
    HAS("<th scope=\"col\">第1版</th><th scope=\"col\">现在</th>");
    HAS("<tr><th scope=\"row\">事项名称</th><td class=\"compare__old\">甲&lt;</td><td class=\"compare__new\">乙</td></tr>");
    HAS("<th scope=\"row\">法定办结时限</th><td class=\"compare__old\">20</td><td class=\"compare__new\">0</td>");
    HAS("<th scope=\"row\">支持预约办理</th><td class=\"compare__old\">否</td><td class=\"compare__new\">是</td>");
    HAS("<td class=\"compare__new\">全程网办</td>");
    LACKS("版本号");
    EXPECT(stand_count(html, "<tr><th scope=\"row\">") == 4);
}

TEST(lists_of_values_are_one_row)
{
    Catalog__Item left = CATALOG__ITEM__INIT, right = CATALOG__ITEM__INIT;
    const char *one[] = {"一", "二"}, *two[] = {"一", "三"};
    left.keywords = one;
    right.keywords = two;
    left.n_keywords = right.n_keywords = 2;
    const char *html = compare(&left, &right);
    HAS("<td class=\"compare__old\">一、二</td><td class=\"compare__new\">一、三</td>");
    right.n_keywords = 0;
    html = compare(&left, &right);
    HAS("<td class=\"compare__new\"><span class=\"muted\">无</span></td>");
}

static Catalog__Material material(char *id, char *name, uint32_t copies)
{
    Catalog__Material self = CATALOG__MATERIAL__INIT;
    self.id = id;
    self.name = name;
    self.copies = copies;
    return self;
}

/* A material that moved has not changed; one that is new or gone is told as such. */
TEST(entries_belong_together_by_their_id)
{
    Catalog__Item left = CATALOG__ITEM__INIT, right = CATALOG__ITEM__INIT;
    Catalog__Material a = material("m1", "身份证", 1), b = material("m2", "申请表", 1),
                      c = material("m3", "照片", 2), b2 = material("m2", "申请表", 3);
    Catalog__Material *lefts[] = {&a, &b}, *rights[] = {&b2, &a, &c};
    left.materials = lefts;
    left.n_materials = 2;
    right.materials = rights;
    right.n_materials = 3;
    const char *html = compare(&left, &right);
    HAS("<tr class=\"compare__group\"><th colspan=\"3\" scope=\"colgroup\">申请材料第1项“申请表”</th></tr>"
        "<tr><th scope=\"row\">复印件份数</th><td class=\"compare__old\">1</td><td class=\"compare__new\">3</td></tr>");
    HAS("申请材料第3项“照片”（新增）");
    LACKS("身份证");
    html = compare(&right, &left);
    HAS("申请材料第3项“照片”（已删除）");
}

TEST(entries_without_an_id_go_by_their_place)
{
    Catalog__Item left = CATALOG__ITEM__INIT, right = CATALOG__ITEM__INIT;
    Catalog__Fee one = CATALOG__FEE__INIT, two = CATALOG__FEE__INIT;
    one.name = "工本费";
    two.name = "工本费";
    two.amount_fen = 500;
    Catalog__Fee *lefts[] = {&one}, *rights[] = {&two};
    left.fees = lefts;
    right.fees = rights;
    left.n_fees = right.n_fees = 1;
    const char *html = compare(&left, &right);
    HAS("收费第1项“工本费”</th>");
    HAS("金额（分）");
}

TEST(long_texts_and_many_rows_end)
{
    Catalog__Item left = CATALOG__ITEM__INIT, right = CATALOG__ITEM__INIT;
    static char text[8001];
    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "一", 3);
    left.conditions = text;
    const char *html = compare(&left, &right);
    HAS("……</td>");
    EXPECT(stand_count(html, "一") == COMPARE_TEXT_MAX / 3);
    EXPECT(text_is_utf8(html, strlen(html)));

    static Catalog__Question questions[400];
    static Catalog__Question *list[400];
    for (size_t i = 0; i < 400; i++) {
        questions[i] = (Catalog__Question) CATALOG__QUESTION__INIT;
        questions[i].question = "问";
        questions[i].answer = "答";
        list[i] = &questions[i];
    }
    right.questions = list;
    right.n_questions = 400;
    html = compare(&left, &right);
    HAS("不同之处过多");
    EXPECT(stand_count(html, "<tr") <= COMPARE_ROWS_MAX + 1);
}

TEST(faults_of_its_use)
{
    EXPECT(stand_has(stand_load(TWO, "{{@compare a b skip=\"version nothing\"}}"),
                     "has no field `nothing`"));
    EXPECT(stand_has(stand_load("data a: catalog.GetItem id=1\ndata b: catalog.SearchItems\n",
                                "{{@compare a b}}"),
                     "only messages of one type"));
    EXPECT(text_equal(compare(NULL, NULL), ""));
}
