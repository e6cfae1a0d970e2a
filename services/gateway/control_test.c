#include "control.h"

#include "part_stand_test.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"

#define HAS(text)   EXPECT(stand_has(html, text))
#define LACKS(text) EXPECT(!strstr(html, text))

/* --- what is refused when pages are compiled ------------------------------------------------ */

#define WITHDRAW "post withdraw: case.Withdraw id={path.id}\n  then: /t/1\n"

TEST(good_forms_compile)
{
    EXPECT(text_equal(stand_load(WITHDRAW, "{{@form withdraw}}{{@errors}}{{@field withdraw reason}}"
                                           "{{@hidden withdraw version value=1}}{{@end}}"),
                      ""));
}

TEST(wrong_uses_are_told_with_their_line)
{
    static const struct {
        const char *body, *fault;
    } cases[] = {
        {"\n{{@form other}}{{@end}}", "t.page:9: the page has no `post other`"},
        {"{{@form withdraw}}{{@field withdraw reson}}{{@end}}", "has no field `reson`"},
        {"{{@form withdraw}}{{@field withdraw id}}{{@end}}", "is given by `post withdraw`"},
        {"{{@form withdraw}}{{@field withdraw reason.x}}{{@end}}", "is no place for one value"},
        {"{{@form withdraw}}{{@field other reason}}{{@end}}", "stands in the form `withdraw`"},
        {"{{@form withdraw}}{{@field withdraw reason type=big}}{{@end}}", "is no type of a field"},
        {"{{@form withdraw}}{{@field withdraw reason type=radio}}{{@end}}", "needs choices="},
        {"{{@form withdraw}}{{@form withdraw}}{{@end}}{{@end}}", "cannot stand in another form"},
        {"{{@form withdraw}}{{@hidden withdraw versoin value=1}}{{@end}}",
         "has no field `versoin`"},
        {"{{@form withdraw}}{{@itemform withdraw page.missing}}{{@end}}", "has to be a list of"},
        {"{{@form withdraw target=/nowhere}}{{@end}}", "/nowhere has no `post withdraw`"},
        {"{{@icon nothing}}", "has no icon `nothing`"},
        {"{{@static nothing.css}}", "static/nothing.css is not there"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        EXPECT(stand_has(stand_load(WITHDRAW, cases[i].body), cases[i].fault));
}

TEST(a_field_without_a_label_is_refused)
{
    const char *head = "who: staff\npost back: case.ReturnCase id={path.id}\n  then: /t/1\n";
    EXPECT(stand_has(stand_load(head, "{{@form back}}{{@field back previousStage}}{{@end}}"),
                     "has no label in the contract"));
    EXPECT(text_equal(
        stand_load(head,
                   "{{@form back}}{{@field back previousStage label=\"退回上一环节\"}}{{@end}}"),
        ""));
}

/* --- forms -------------------------------------------------------------------------------------- */

TEST(a_form_has_token_key_and_name)
{
    stand_load(WITHDRAW, "{{@form withdraw class=\"x\"}}in{{@end}}");
    const char *html = stand_render(NULL);
    HAS("<form method=\"post\" action=\"/t/1?a=b&amp;c\" class=\"x\">");
    HAS("<input type=\"hidden\" name=\"_post\" value=\"withdraw\"><input type=\"hidden\" name=\"_token\" "
        "value=\"TOKEN\"><input type=\"hidden\" name=\"_key\" value=\"KEY\">in</form>");
    LACKS("_carry");
    LACKS("enctype");
    stand_view.carry = "a\"b";
    html = stand_render(NULL);
    HAS("name=\"_carry\" value=\"a&quot;b\"");
}

TEST(a_form_of_another_page)
{
    EXPECT(text_equal(
        stand_load_two("", "{{@form out target=/other?x=1}}{{@field out reason}}{{@end}}{{@csrf}}",
                       "path: /other\ntitle: O\nwho: public\nlayout: none\n"
                       "post out: case.Withdraw id=1\n  then: /\n---\nx"),
        ""));
    stand_view.carry = "c";
    const char *html = stand_render(NULL);
    HAS("action=\"/other?x=1\"");
    HAS("id=\"out-reason\"");
    LACKS("_carry");
    HAS("</form><input type=\"hidden\" name=\"_token\" value=\"TOKEN\">");
}

TEST(a_file_makes_the_form_multipart)
{
    stand_load(
        "who: staff item.edit\npost import: catalog.ImportItems\n  then: /t/1\n",
        "{{@form import}}{{@field import text type=file accept=.csv label=\"清单\"}}{{@end}}");
    const char *html = stand_render(NULL);
    HAS("enctype=\"multipart/form-data\"");
    HAS("type=\"file\" class=\"file__input\" id=\"import-text\" name=\"text\" required accept=\".csv\">");
}

/* Nobody types the name of a file: what is wrong with it is wrong with the file. */
TEST(faults_of_a_file_are_told_at_its_input)
{
    static faults_t faults;
    faults.count = 0;
    EXPECT(text_equal(
        stand_load("post upload: case.PutFile caseId={path.id}\n  then: /t/1\n  files: data\n",
                   "{{@errors}}{{@form upload}}{{@field upload data type=file label=\"文件\"}}"
                   "{{@field upload materialId label=\"材料\"}}{{@end}}"),
        ""));
    faults_add(&faults, stand_arena, "fileName", "media_type", "不支持的文件类型");
    stand_type("upload", "materialId=m", &faults);
    const char *html = stand_render(NULL);
    HAS("data-upload");
    HAS("<a href=\"#upload-data\">不支持的文件类型</a>");
    HAS("id=\"upload-data~error\"><span class=\"visually-hidden\">错误：</span>不支持的文件类型");
    EXPECT(stand_count(html, "field--error") == 1);
}

/* --- fields of the contract --------------------------------------------------------------------- */

TEST(a_text_area_has_label_hint_and_limits)
{
    stand_load(WITHDRAW,
               "{{@form withdraw}}{{@field withdraw reason rows=3 hint=\"可以<不填\"}}{{@end}}");
    const char *html = stand_render(NULL);
    HAS("<div class=\"field\"><label class=\"field__label\" for=\"withdraw-reason\">撤回原因"
        "<span class=\"field__optional\">（选填）</span></label>");
    HAS("<p class=\"field__hint\" id=\"withdraw-reason~hint\">可以&lt;不填</p>");
    HAS("<textarea class=\"input textarea\" id=\"withdraw-reason\" name=\"reason\" "
        "aria-describedby=\"withdraw-reason~hint\" rows=\"3\" maxlength=\"500\">\n</textarea></div>");
    LACKS("aria-invalid");
    LACKS("required");
}

TEST(a_refused_form_comes_back_as_typed)
{
    static faults_t faults;
    faults.count = 0;
    stand_load(WITHDRAW, "{{@errors}}{{@form withdraw}}{{@field withdraw reason value=\"given\"}}"
                         "{{@hidden withdraw version value=7}}{{@hidden withdraw _next}}{{@end}}");
    const char *html = stand_render(NULL);
    LACKS("errors");
    HAS("\ngiven</textarea>");
    faults_add(&faults, stand_arena, "reason", "x", "请<写>");
    faults_add(&faults, stand_arena, "version", "x", "太旧");
    stand_type("withdraw", "reason=%3C%2Ftextarea%3E%3Cscript%3E&version=3&_next=%22n", &faults);
    html = stand_render(NULL);
    HAS("<div class=\"errors\" role=\"alert\" tabindex=\"-1\"");
    HAS("有2处需要修改");
    HAS("<li><a href=\"#withdraw-reason\">请&lt;写&gt;</a></li><li>太旧</li>");
    HAS("<div class=\"field field--error\">");
    HAS("<p class=\"field__error\" id=\"withdraw-reason~error\"><span class=\"visually-hidden\">错误："
        "</span>请&lt;写&gt;</p>");
    HAS("aria-describedby=\"withdraw-reason~error\" aria-invalid=\"true\"");
    HAS("\n&lt;/textarea&gt;&lt;script&gt;</textarea>");
    HAS("name=\"version\" value=\"7\""); /* a version that was refused is not sent again */
    HAS("name=\"_next\" value=\"&quot;n\"");
    LACKS("<script>");
}

TEST(choices_of_an_enum)
{
    const char *head =
        "who: staff case.receive\npost refuse: case.Refuse id={path.id}\n  then: /t/1\n";
    stand_load(head, "{{@form refuse}}{{@field refuse reason}}{{@end}}");
    const char *html = stand_render(NULL);
    HAS("<fieldset class=\"field\" role=\"radiogroup\" aria-required=\"true\"><legend class=\"field__label\">"
        "不予受理情形</legend>");
    HAS("<input class=\"choice__input\" type=\"radio\" id=\"refuse-reason\" name=\"reason\" "
        "value=\"REFUSE_REASON_NOT_NEEDED\" required><label class=\"choice__label\" for=\"refuse-reason\">"
        "依法不需要取得行政许可</label>");
    HAS("id=\"refuse-reason~2\"");
    LACKS("UNSPECIFIED");
    LACKS("checked");
    stand_type("refuse", "reason=REFUSE_REASON_OTHER", NULL);
    html = stand_render(NULL);
    HAS("value=\"REFUSE_REASON_OTHER\" checked required>");
    EXPECT(stand_count(html, " checked") == 1);

    stand_load(
        head,
        "{{@form refuse}}{{@field refuse reason type=select value=\"REFUSE_REASON_OTHER\"}}{{@end}}");
    html = stand_render(NULL);
    HAS("<select class=\"select\" id=\"refuse-reason\" name=\"reason\" required><option value=\"\">请选择</option>");
    HAS("<option value=\"REFUSE_REASON_OTHER\" selected>其他法定情形</option>");
}

TEST(a_bool_sends_both_answers)
{
    stand_load(
        "who: staff\npost back: case.ReturnCase id={path.id}\n  then: /t/1\n",
        "{{@form back}}{{@field back previousStage label=\"退回上一环节\" value=true}}{{@end}}");
    const char *html = stand_render(NULL);
    HAS("<input type=\"hidden\" name=\"previousStage\" value=\"0\"><div class=\"choice\"><input "
        "class=\"choice__input\" type=\"checkbox\" id=\"back-previousStage\" name=\"previousStage\" "
        "value=\"1\" checked>");
    LACKS("选填");
    stand_type("back", "previousStage=0", NULL);
    html = stand_render(NULL);
    LACKS("checked");
    stand_type("back", "previousStage=0&previousStage=1", NULL);
    html = stand_render(NULL);
    HAS("checked");
}

TEST(secrets_are_never_shown_again)
{
    stand_load(
        "post login: identity.Login\n  then: /\n  sign in: person\n",
        "{{@form login}}{{@field login identifier}}{{@field login password optional=no}}{{@field login code}}{{@end}}");
    stand_type("login", "identifier=13800138000&password=hunter2&code=123456", NULL);
    const char *html = stand_render(NULL);
    HAS("type=\"password\"");
    HAS("autocomplete=\"current-password\"");
    HAS("autocomplete=\"one-time-code\"");
    HAS("{6,12}\" title=\"6位数字\"");
    HAS("autocomplete=\"username\"");
    HAS("value=\"13800138000\"");
    LACKS("hunter2");
    LACKS("123456");
    EXPECT(stand_count(html, "（选填）") == 1);
}

TEST(kinds_tell_the_keyboard_and_let_through_what_is_put_right)
{
    stand_load("post send: identity.SendCode\n  then: /\n",
               "{{@form send}}{{@field send mobile}}{{@end}}");
    const char *html = stand_render(NULL);
    HAS("<input type=\"tel\" class=\"input input--short\"");
    HAS("inputmode=\"numeric\"");
    HAS("\\uFF10-\\uFF19]{11,30}\" title=\"手机号码为11位数字\"");
    LACKS("maxlength");
    HAS("autocomplete=\"tel\"");
}

TEST(numbers_with_a_range)
{
    const char *head =
        "who: staff case.review\npost special: case.StartSpecial id={path.id}\n  then: /t/1\n";
    stand_load(head, "{{@form special}}{{@field special plannedDays unit=\"工作日\"}}{{@end}}");
    const char *html = stand_render(NULL);
    HAS("<div class=\"input-group\"><input type=\"number\"");
    HAS("min=\"1\" max=\"365\" step=\"1\" inputmode=\"numeric\">"
        "<span class=\"input-group__unit\">工作日</span></div>");
    /* What is no number could not be shown again in a number input. */
    stand_type("special", "plannedDays=%E5%8D%81", NULL);
    html = stand_render(NULL);
    HAS("type=\"text\"");
    HAS("value=\"十\"");
}

TEST(days)
{
    const char *head =
        "who: staff system.manage\npost key: identity.AddSystemKey systemId=x\n  then: /t/1\n";
    stand_load(head, "{{@form key}}{{@field key validUntil value=\"2026-01-31\"}}{{@end}}");
    const char *html = stand_render(NULL);
    HAS("<input type=\"date\"");
    HAS("value=\"2026-01-31\"");
    HAS("格式如2026-01-31");
    stand_type("key", "validUntil=soon", NULL);
    html = stand_render(NULL);
    HAS("<input type=\"text\"");
    HAS("value=\"soon\"");
}

TEST(choices_from_data)
{
    Catalog__Division first = CATALOG__DIVISION__INIT, second = CATALOG__DIVISION__INIT;
    first.code = "340100";
    first.name = "合肥<市";
    second.code = "340200";
    second.name = "芜湖市";
    Catalog__Division *both[] = {&first, &second};
    Catalog__DivisionList list = CATALOG__DIVISION_LIST__INIT;
    list.n_divisions = 2;
    list.divisions = both;
    EXPECT(text_equal(stand_load("data d: catalog.ListDivisions\n" WITHDRAW,
                                 "{{@form withdraw}}{{@field withdraw reason choices=d.divisions "
                                 "choiceValue=code choiceLabel=name choiceHint=parent}}{{@end}}"),
                      ""));
    const char *html = stand_render(&list.base);
    HAS("<option value=\"\">（不选）</option><option value=\"340100\">合肥&lt;市</option>");
    EXPECT(stand_has(
        stand_load("data d: catalog.ListDivisions\n" WITHDRAW,
                   "{{@form withdraw}}{{@field withdraw reason choices=d.divisions}}{{@end}}"),
        "has no field `id`"));
}

TEST(lists_of_texts)
{
    const char *head =
        "data v: catalog.GetItem id={path.id}\n"
        "who: staff item.edit\npost save: catalog.UpdateDraft id={path.id}\n  then: /t/1\n";
    Catalog__Item item = CATALOG__ITEM__INIT;
    const char *words[] = {"一", "二"};
    Catalog__Audience audiences[] = {CATALOG__AUDIENCE__AUDIENCE_OTHER};
    item.keywords = words;
    item.n_keywords = 2;
    item.audiences = audiences;
    item.n_audiences = 1;
    stand_load(head, "{{@form save}}{{@field save item.keywords value=v.keywords}}"
                     "{{@field save item.audiences value=v.audiences}}{{@end}}");
    const char *html = stand_render(&item.base);
    HAS("每行填写一项");
    HAS(">\n一\n二</textarea>");
    HAS("<input type=\"hidden\" name=\"item.audiences\" value=\"\">");
    HAS("value=\"AUDIENCE_OTHER\" checked>");
    EXPECT(stand_count(html, " checked") == 1);
    stand_type("save",
               "item.audiences=&item.audiences=AUDIENCE_PERSON&item.audiences=AUDIENCE_AGENCY",
               NULL);
    html = stand_render(&item.base);
    EXPECT(stand_count(html, " checked") == 2);
    HAS("value=\"AUDIENCE_PERSON\" checked");
}

TEST(fields_in_lists_know_their_place)
{
    static faults_t faults;
    faults.count = 0;
    Catalog__Item item = CATALOG__ITEM__INIT;
    Catalog__Material one = CATALOG__MATERIAL__INIT, two = CATALOG__MATERIAL__INIT;
    one.name = "一";
    two.name = "二";
    Catalog__Material *both[] = {&one, &two};
    item.materials = both;
    item.n_materials = 2;
    stand_load(
        "data v: catalog.GetItem id={path.id}\n"
        "who: staff item.edit\npost save: catalog.UpdateDraft id={path.id}\n  then: /t/1\n",
        "{{@errors}}{{@form save}}{{#v.materials}}{{@field save item.materials[{_index}].name value=name}}"
        "{{@field save item.materials[{_index}].need value=need}}{{/v.materials}}{{@end}}");
    const char *html = stand_render(&item.base);
    HAS("id=\"save-item-materials-1-name\" name=\"item.materials[1].name\" required value=\"二\"");
    HAS("id=\"save-item-materials-1-need\" name=\"item.materials[1].need\"><option value=\"\">（不选）</option>");
    faults_add(&faults, stand_arena, "item.materials[1].name", "x", "名称太短");
    faults_add(&faults, stand_arena, "item.fees[1].name", "x", "没有输入框");
    stand_type("save", "item.materials%5B1%5D.name=typed", &faults);
    html = stand_render(&item.base);
    HAS("value=\"typed\"");
    HAS("<a href=\"#save-item-materials-1-name\">名称太短</a>");
    HAS("<li>没有输入框</li>");
    EXPECT(stand_count(html, "field--error") == 1);
}

TEST(one_box_of_a_text)
{
    stand_load(
        "who: staff case.receive\npost correct: case.SendCorrection id={path.id}\n  then: /t/1\n",
        "{{@form correct}}{{@field correct gaps[0].materialId type=checkbox value=\"m1\" label=\"身份证\"}}{{@end}}");
    const char *html = stand_render(NULL);
    HAS("type=\"checkbox\" id=\"correct-gaps-0-materialId\" name=\"gaps[0].materialId\" value=\"m1\">");
    LACKS("type=\"hidden\" name=\"gaps");
    stand_type("correct", "gaps%5B0%5D.materialId=m1", NULL);
    html = stand_render(NULL);
    HAS("value=\"m1\" checked>");
}

/* --- forms of items ---------------------------------------------------------------------------------- */

static Catalog__FormField fields[16];
static Catalog__FormField *field_list[16];
static Catalog__Item form_item;

static Catalog__FormField *add_field(const char *id, Catalog__FieldType type, bool required)
{
    Catalog__FormField *field = &fields[form_item.n_form_fields];
    *field = (Catalog__FormField) CATALOG__FORM_FIELD__INIT;
    field->id = (char *) id;
    field->label = (char *) id;
    field->type = type;
    field->required = required;
    field_list[form_item.n_form_fields++] = field;
    return field;
}

#define TYPE(name) CATALOG__FIELD_TYPE__FIELD_TYPE_##name
#define SAVE                                                                                       \
    "data item: catalog.GetItem id=1\ndata case: case.GetCase id=1\n"                              \
    "post save: case.SaveDraft id={path.id}\n  then: /t/1\n"

static void make_item(void)
{
    static Catalog__Choice yes = CATALOG__CHOICE__INIT, no = CATALOG__CHOICE__INIT;
    static Catalog__Choice *choices[] = {&yes, &no};
    yes.value = yes.label = "yes";
    no.value = no.label = "no";
    form_item = (Catalog__Item) CATALOG__ITEM__INIT;
    form_item.form_fields = field_list;
    add_field("title", TYPE(TEXT), true)->help = "写<全>";
    add_field("mobile", TYPE(TEXT), false)->kind = YW__KIND__KIND_MOBILE;
    add_field("story", TYPE(PARAGRAPH), false)->max_len = 2000;
    Catalog__FormField *area = add_field("area", TYPE(NUMBER), true);
    area->min = 1;
    area->max = 99;
    add_field("start", TYPE(DATE), true);
    Catalog__FormField *choice = add_field("choice", TYPE(CHOICE), true);
    choice->choices = choices;
    choice->n_choices = 2;
    Catalog__FormField *several = add_field("several", TYPE(CHOICES), false);
    several->choices = choices;
    several->n_choices = 2;
    add_field("home", TYPE(ADDRESS), false)->group = "联系";
    add_field("owner", TYPE(PARTY), true)->group = "联系";
    add_field("paper", TYPE(FILE), false)->group = "附件";
}

static Case__FormValue values[4];
static Case__FormValue *value_list[4];

static Case__CaseDetail *make_case(void)
{
    static Case__CaseDetail detail;
    static const char *const texts[4][2] = {
        {"title", "\"T\""}, {"several", "no,yes"}, {"owner", "张三|X"}, {"choice", "no"}};
    detail = (Case__CaseDetail) CASE__CASE_DETAIL__INIT;
    for (size_t i = 0; i < 4; i++) {
        values[i] = (Case__FormValue) CASE__FORM_VALUE__INIT;
        values[i].name = (char *) texts[i][0];
        values[i].value = (char *) texts[i][1];
        value_list[i] = &values[i];
    }
    detail.form = value_list;
    detail.n_form = 4;
    return &detail;
}

TEST(an_items_form)
{
    make_item();
    Case__CaseDetail *detail = make_case();
    EXPECT(text_equal(stand_load(SAVE,
                                 "{{@form save}}{{@itemform save item.formFields values=case.form "
                                 "materials=case.materials}}{{@end}}"),
                      ""));
    const char *html = stand_render_two(&form_item.base, &detail->base);
    HAS("name=\"form.title\" aria-describedby=\"save-form-title~hint\" required value=\"&quot;T&quot;\"");
    HAS("写&lt;全&gt;");
    HAS("id=\"save-form-mobile\" name=\"form.mobile\" inputmode=\"numeric\"");
    HAS("<textarea class=\"input textarea\" id=\"save-form-story\" name=\"form.story\" rows=\"8\" maxlength=\"2000\">");
    HAS("type=\"number\" class=\"input input--short\" id=\"save-form-area\" name=\"form.area\" required min=\"1\" max=\"99\" step=\"any\"");
    HAS("type=\"date\" class=\"input input--short\" id=\"save-form-start\"");
    HAS("choices--inline");
    HAS("name=\"form.choice\" value=\"no\" checked required");
    HAS("<input type=\"hidden\" name=\"form.several\" value=\"\">");
    EXPECT(stand_count(html, "name=\"form.several\" value=\"yes\" checked") == 1);
    HAS("name=\"form.owner~name\" required maxlength=\"100\" value=\"张三\"");
    HAS("id=\"save-form-owner~number\" name=\"form.owner~number\" required");
    HAS("<fieldset class=\"form__group\"><legend class=\"form__legend\">联系</legend>");
    HAS("</fieldset><fieldset class=\"form__group\"><legend class=\"form__legend\">附件</legend>");
    HAS("请先在“上传材料”中上传文件");
    HAS("<input type=\"hidden\" name=\"_kinds\" value=\"form.mobile:4 form.area:n form.start:9\">");
    EXPECT(stand_count(html, "<fieldset") == stand_count(html, "</fieldset>"));
}

TEST(one_group_and_what_was_typed)
{
    static faults_t faults;
    faults.count = 0;
    make_item();
    Case__CaseDetail *detail = make_case();
    EXPECT(text_equal(
        stand_load("data divisions: catalog.ListDivisions\ndata item: catalog.GetItem id=1\n"
                   "post save: case.SaveDraft id={path.id}\n  then: /t/1\n",
                   "{{@errors}}{{@form save}}{{@itemform save item.formFields group=\"联系\" "
                   "divisions=divisions.divisions}}{{@end}}"),
        ""));
    Catalog__Division first = CATALOG__DIVISION__INIT;
    first.code = "340104";
    first.name = "蜀山区";
    Catalog__Division *one[] = {&first};
    Catalog__DivisionList list = CATALOG__DIVISION_LIST__INIT;
    list.n_divisions = 1;
    list.divisions = one;
    faults_add(&faults, stand_arena, "form.owner", "party", "证件号码不对");
    stand_type(
        "save",
        "form.owner~name=%3Cb%3E&form.owner~number=1&form.home~division=%E8%9C%80%E5%B1%B1%E5%8C%BA&form.home~detail=1%E5%8F%B7",
        &faults);
    const char *html = stand_render_two(&list.base, &form_item.base);
    LACKS("form.title");
    LACKS("form__group");
    LACKS("_kinds");
    HAS("<option value=\"蜀山区\" selected>蜀山区</option>");
    HAS("name=\"form.home~detail\"");
    HAS("value=\"1号\"");
    HAS("value=\"&lt;b&gt;\"");
    HAS("<a href=\"#save-form-owner\">证件号码不对</a>");
    HAS("id=\"save-form-owner\"");
    (void) detail;
}

/* An address that was stored is taken apart again. */
TEST(an_address_in_two_parts)
{
    buffer_t out = buffer_new(100000);
    arena_t *arena = arena_new(100000);
    control_choice_t divisions[] = {{"蜀山区", "蜀山区", NULL}, {"蜀山区井岗镇", "井岗镇", NULL}};
    control_t control = {.kind = CONTROL_ADDRESS,
                         .name = "form.home",
                         .id = "f",
                         .label = "L",
                         .value = "蜀山区井岗镇1号",
                         .choices = divisions,
                         .choice_count = 2};
    control_write(&control, &out, arena);
    EXPECT(stand_has(out.data, "<option value=\"蜀山区井岗镇\" selected>"));
    EXPECT(stand_has(out.data, "value=\"1号\""));
    arena_free(&arena);
    buffer_free(&out);
}

/* --- small parts --------------------------------------------------------------------------------------- */

TEST(icons_and_addresses)
{
    EXPECT(text_equal(stand_load("", "{{@icon warning}}{{@static icons.svg}}"), ""));
    const char *html = stand_render(NULL);
    HAS("<svg class=\"icon\" aria-hidden=\"true\" focusable=\"false\" width=\"24\" height=\"24\"><use href=\"/static/icons.svg?v=");
    HAS("#warning\"></use></svg>/static/icons.svg?v=");
}

TEST(segments_mark_their_hits)
{
    Catalog__Segment one = CATALOG__SEGMENT__INIT, two = CATALOG__SEGMENT__INIT;
    one.text = "<营业";
    two.text = "执照";
    two.hit = true;
    Catalog__Segment *both[] = {&one, &two};
    Catalog__SearchHit hit = CATALOG__SEARCH_HIT__INIT;
    hit.name = both;
    hit.n_name = 2;
    Catalog__SearchHit *hits[] = {&hit};
    Catalog__SearchItemsResponse found = CATALOG__SEARCH_ITEMS_RESPONSE__INIT;
    found.hits = hits;
    found.n_hits = 1;
    EXPECT(text_equal(
        stand_load("data s: catalog.SearchItems\n", "{{#s.hits}}{{@segments name}}{{/s.hits}}"),
        ""));
    const char *html = stand_render(&found.base);
    HAS("&lt;营业<mark>执照</mark>");
    EXPECT(stand_has(stand_load("data s: catalog.SearchItems\n", "{{@segments s.hits}}"),
                     "segments are a list of"));
}
