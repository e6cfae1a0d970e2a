#include "form.h"

#include <stdio.h>

#include "check.h"
#include "message.h"
#include "test.h"
#include "text.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"
#include "yiwang/identity.pb-c.h"

#define URLENCODED SPAN("application/x-www-form-urlencoded")
#define MULTIPART  SPAN("multipart/form-data; boundary=XX")
#define PART(name, text)                                                                           \
    "--XX\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" text "\r\n"
#define FILE_PART(name, file, text)                                                                \
    "--XX\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" file                  \
    "\"\r\nContent-Type: text/csv\r\n\r\n" text "\r\n"

static arena_t *arena;
static faults_t faults;
static form_pairs_t *pairs;
static form_tree_t *tree;
static form_plan_t plan;

static problem_t read_body(span_t type, span_t body)
{
    arena_free(&arena);
    arena = arena_new(16u << 20);
    faults.count = 0;
    pairs = NULL;
    tree = NULL;
    return form_read(type, body, PAGE_FORM_MAX, arena, &pairs);
}

static void *fill_span(span_t type, span_t body, const ProtobufCMessageDescriptor *of)
{
    EXPECT(read_body(type, body) == PROBLEM_NONE);
    ProtobufCMessage *message = message_new(of, arena);
    form_fill(&plan, pairs, arena, message, &faults, &tree);
    return message;
}

static void *fill(const char *body, const ProtobufCMessageDescriptor *of)
{
    plan = (form_plan_t){0};
    return fill_span(URLENCODED, span_text(body), of);
}

static bool fault(const char *field, const char *code)
{
    for (size_t i = 0; i < faults.count; i++)
        if (text_equal(faults.faults[i].field, field) && text_equal(faults.faults[i].code, code))
            return true;
    return false;
}

/* --- bodies ---------------------------------------------------------------------------- */

TEST(both_kinds_of_body_say_the_same)
{
    EXPECT(read_body(URLENCODED, SPAN("a=%E4%B8%80+1&b=&a=2%0D%0A3&&c")) == PROBLEM_NONE);
    EXPECT(pairs->count == 4);
    EXPECT(text_equal(pairs->pairs[0].value, "一 1") && text_equal(form_typed(pairs, "a"), "2\n3"));
    EXPECT(text_equal(form_typed(pairs, "b"), "") && text_equal(form_typed(pairs, "c"), ""));
    EXPECT(!form_typed(pairs, "d"));
    EXPECT(form_typed_is(pairs, "a", "一 1") && !form_typed_is(pairs, "a", "3"));

    EXPECT(read_body(MULTIPART, SPAN(PART("a", "一 1") PART("b", "") PART("a", "2\r\n3")
                                         FILE_PART("f", "x.csv", "1,2")
                                             FILE_PART("g", "", "") "--XX--\r\n")) == PROBLEM_NONE);
    EXPECT(pairs->count == 3 && pairs->file_count == 1);
    EXPECT(text_equal(form_typed(pairs, "a"), "2\n3") && form_typed_is(pairs, "a", "一 1"));
    EXPECT(text_equal(pairs->files[0].input, "f") && span_is(pairs->files[0].data, "1,2"));
}

TEST(broken_bodies_are_refused)
{
    EXPECT(read_body(URLENCODED, SPAN("a=%zz")) == PROBLEM_MALFORMED);
    EXPECT(read_body(URLENCODED, SPAN("a=%ff")) == PROBLEM_MALFORMED);
    EXPECT(read_body(URLENCODED, SPAN("a=%00")) == PROBLEM_MALFORMED);
    EXPECT(read_body(SPAN("text/plain"), SPAN("a=1")) == PROBLEM_MEDIA_TYPE);
    EXPECT(read_body(SPAN("application/json"), SPAN("{}")) == PROBLEM_MEDIA_TYPE);
    EXPECT(read_body(MULTIPART, SPAN(PART("a", "1"))) == PROBLEM_MALFORMED);
    EXPECT(read_body(MULTIPART, SPAN(PART("a", "\xff") "--XX--")) == PROBLEM_MALFORMED);
    EXPECT(read_body(URLENCODED, SPAN("")) == PROBLEM_NONE && pairs->count == 0);
}

TEST(limits_of_a_body)
{
    buffer_t body = buffer_new(1u << 20);
    for (int i = 0; i < FORM_PAIRS_MAX; i++)
        buffer_text(&body, "a=1&");
    EXPECT(read_body(URLENCODED, span(body.data, body.size)) == PROBLEM_NONE);
    buffer_text(&body, "a=1");
    EXPECT(read_body(URLENCODED, span(body.data, body.size)) == PROBLEM_TOO_LARGE);
    buffer_free(&body);

    arena_free(&arena);
    arena = arena_new(1u << 20);
    EXPECT(form_read(URLENCODED, SPAN("a=12345"), 5, arena, &pairs) == PROBLEM_TOO_LARGE);
    EXPECT(form_read(URLENCODED, SPAN("a=1234"), 5, arena, &pairs) == PROBLEM_NONE);
    EXPECT(form_read(MULTIPART, SPAN(PART("a", "12345") "--XX--"), 5, arena, &pairs) ==
           PROBLEM_TOO_LARGE);
    /* What a file holds is no text of the form. */
    EXPECT(form_read(MULTIPART, SPAN(FILE_PART("a", "f", "123456") "--XX--"), 5, arena, &pairs) ==
           PROBLEM_NONE);
    EXPECT(form_text_max(&catalog__import_items_request__descriptor) == PAGE_FORM_LONG);
    EXPECT(form_text_max(&case__withdraw_request__descriptor) == PAGE_FORM_MAX);
}

/* --- into messages ----------------------------------------------------------------------- */

TEST(names_are_paths)
{
    const Case__ApplyRequest *in =
        fill("itemId=X&applicant.mobile=13800138000&applicant.kind=APPLICANT_KIND_PERSON&"
             "paperMaterials=a&paperMaterials=&paperMaterials=b&form.project_name=%E4%B8%80&"
             "form.note=&_token=t&_anything=1",
             &case__apply_request__descriptor);
    EXPECT(faults.count == 0);
    EXPECT(text_equal(in->item_id, "X") && text_equal(in->applicant->mobile, "13800138000"));
    EXPECT(in->applicant->kind == CASE__APPLICANT_KIND__APPLICANT_KIND_PERSON);
    EXPECT(in->n_paper_materials == 2 && text_equal(in->paper_materials[1], "b"));
    EXPECT(in->n_form == 2 && text_equal(in->form[0]->name, "project_name"));
    EXPECT(text_equal(in->form[0]->value, "一"));
    EXPECT(text_equal(in->form[1]->name, "note") && text_equal(in->form[1]->value, ""));
}

TEST(the_last_value_of_a_field_counts)
{
    const Case__ReturnCaseRequest *in = fill("previousStage=0&previousStage=1&reason=a&reason=b",
                                             &case__return_case_request__descriptor);
    EXPECT(in->previous_stage && text_equal(in->reason, "b"));
    in = fill("previousStage=0", &case__return_case_request__descriptor);
    EXPECT(!in->previous_stage && faults.count == 0);
    in = fill("previousStage=on", &case__return_case_request__descriptor);
    EXPECT(in->previous_stage);
}

TEST(unknown_names_are_refused_and_nothing_else_stops)
{
    const Case__WithdrawRequest *in = fill("reason=x&reson=y&reason.a=1&reason[0]=1&[0]=1&.=1&a=",
                                           &case__withdraw_request__descriptor);
    EXPECT(text_equal(in->reason, "x"));
    EXPECT(faults.count == 6 && fault("reson", "unknown") && fault("reason.a", "unknown"));
    EXPECT(fault("reason[0]", "unknown") && fault("a", "unknown"));

    plan.lenient = true;
    in = fill_span(URLENCODED, SPAN("reason=x&reson=y"), &case__withdraw_request__descriptor);
    EXPECT(faults.count == 0 && text_equal(in->reason, "x"));
}

TEST(what_the_page_gives_cannot_be_typed_over)
{
    static page_bind_t binds[2];
    binds[0].fields[0] = message_field(&case__apply_request__descriptor, "itemId", 6);
    binds[0].depth = 1;
    binds[1].fields[0] = message_field(&case__apply_request__descriptor, "applicant", 9);
    binds[1].fields[1] = message_field(&case__applicant__descriptor, "name", 4);
    binds[1].depth = 2;
    plan = (form_plan_t){.binds = binds, .bind_count = 2};
    const Case__ApplyRequest *in =
        fill_span(URLENCODED, SPAN("itemId=X&item_id=X&applicant.name=X&applicant.mobile=1"),
                  &case__apply_request__descriptor);
    EXPECT(fault("itemId", "unknown") && fault("item_id", "unknown"));
    EXPECT(fault("applicant.name", "unknown") && faults.count == 3);
    EXPECT(text_empty(in->item_id) && text_empty(in->applicant->name));
    EXPECT(text_equal(in->applicant->mobile, "1"));
}

TEST(entries_move_up_and_faults_find_back)
{
    const Case__SendCorrectionRequest *in =
        fill("id=01ARZ3NDEKTSV4RRFFQ69G5FAV&version=3&"
             "gaps[0]._use=0&gaps[0].reason=none&gaps[0].how=none&"
             "gaps[5].reason=five&gaps[5].how=&"
             "gaps[2]._use=0&gaps[2]._use=1&gaps[2].reason=two&gaps[2].how=x&"
             "gaps[7].reason=&gaps[7].how=+&"
             "gaps[9]._use=1&gaps[9].reason=&days=",
             &case__send_correction_request__descriptor);
    EXPECT(faults.count == 0 && in->n_gaps == 3);
    EXPECT(text_equal(in->gaps[0]->reason, "two") && text_equal(in->gaps[1]->reason, "five"));
    EXPECT(!form_check(tree, &in->base, arena, &faults));
    EXPECT(fault("gaps[5].how", "required") && fault("gaps[9].reason", "required"));
    EXPECT(fault("gaps[9].how", "required") && faults.count == 3);
    EXPECT(text_equal(form_path(tree, "gaps[0].how", arena), "gaps[2].how"));
    EXPECT(text_equal(form_path(tree, "gaps[1]", arena), "gaps[5]"));
    EXPECT(text_equal(form_path(tree, "gaps[3].how", arena), "gaps[3].how"));
    EXPECT(text_equal(form_path(tree, "materials[01J].x", arena), "materials[01J].x"));
    EXPECT(text_equal(form_path(NULL, "gaps[0].how", arena), "gaps[0].how"));
    EXPECT(text_equal(form_path(tree, "", arena), ""));
}

TEST(lists_in_lists)
{
    const Catalog__UpdateDraftRequest *in =
        fill("item.formFields[4].label=F&item.formFields[4].choices[3].value=v&"
             "item.formFields[4].choices[3].label=V&item.formFields[4].choices[8].value=w&"
             "item.materials[1].name=&item.materials[1].originals=x&item.keywords=a%0D%0A%0D%0A+b&"
             "item.audiences=AUDIENCE_PERSON&item.audiences=AUDIENCE_OTHER&"
             "item.legalDays=%EF%BC%91%EF%BC%95",
             &catalog__update_draft_request__descriptor);
    EXPECT(faults.count == 1 && fault("item.materials[1].originals", "type"));
    EXPECT(in->item->n_form_fields == 1 && in->item->form_fields[0]->n_choices == 2);
    EXPECT(text_equal(in->item->form_fields[0]->choices[1]->value, "w"));
    EXPECT(in->item->n_keywords == 2 && text_equal(in->item->keywords[1], "b"));
    EXPECT(in->item->n_audiences == 2 &&
           in->item->audiences[1] == CATALOG__AUDIENCE__AUDIENCE_OTHER);
    EXPECT(in->item->legal_days == 15);
    EXPECT(!form_check(tree, &in->base, arena, &faults));
    EXPECT(fault("item.formFields[4].choices[8].label", "required"));
    EXPECT(fault("item.name", "required") && fault("id", "required"));
    EXPECT(fault("item.materials[1].name", "required"));
}

/* An inner message in which nothing is typed is not sent; one that must be there is. */
TEST(empty_messages)
{
    const Case__ApplyRequest *apply =
        fill("applicant.mobile=&applicant.name=", &case__apply_request__descriptor);
    EXPECT(!apply->applicant);
    const Catalog__UpdateDraftRequest *update =
        fill("item.consult=", &catalog__update_draft_request__descriptor);
    EXPECT(update->item);
}

TEST(wrong_values_are_named_in_chinese)
{
    fill("outcome=OUTCOME_MAYBE&version=x", &case__decide_request__descriptor);
    EXPECT(fault("outcome", "type") && fault("version", "type"));
    EXPECT(text_equal(form_fault(&faults, "version")->message, "版本应为数字，请核对"));
    EXPECT(text_equal(form_fault(&faults, "outcome")->message, "决定不是有效的选项，请重新选择"));
    fill("days=99999999999", &case__send_correction_request__descriptor);
    EXPECT(fault("days", "range"));
}

/* --- texts ---------------------------------------------------------------------------------- */

TEST(texts_are_trimmed_but_secrets_are_not)
{
    const Identity__LoginRequest *in = fill(
        "identifier=%E3%80%80%EF%BC%91%EF%BC%93%EF%BC%98+0013+8000+&password=+%EF%BC%91+&code=+%EF%BC%91%EF%BC%9223+45+",
        &identity__login_request__descriptor);
    EXPECT(text_equal(in->identifier, "13800138000"));
    EXPECT(text_equal(in->password, " １ "));
    EXPECT(text_equal(in->code, "122345"));
    const Case__WithdrawRequest *reason =
        fill("reason=%0D%0A%C2%A0%EF%BC%88a%EF%BC%89%0D%0Ab%E3%80%80",
             &case__withdraw_request__descriptor);
    EXPECT(text_equal(reason->reason, "（a）\nb"));
}

static bool becomes(kind_t kind, const char *from, const char *to)
{
    return text_equal(form_normal(kind, from, arena), to);
}

TEST(numbers_and_days_as_people_write_them)
{
    read_body(URLENCODED, SPAN(""));
    EXPECT(becomes(KIND_RESIDENT_ID, "１１０１０5 19491231 002ｘ", "11010519491231002X"));
    EXPECT(becomes(KIND_MOBILE, "+86 138-0013-8000", "13800138000"));
    EXPECT(becomes(KIND_MOBILE, "\u202d138 0013 8000\u202c", "13800138000"));
    EXPECT(becomes(KIND_MOBILE, "8613800138000", "13800138000"));
    EXPECT(becomes(KIND_MOBILE, "86138001380", "86138001380"));
    EXPECT(becomes(KIND_CREDIT_CODE, "91340100-ma2 mx5hm58", "91340100MA2MX5HM58"));
    EXPECT(becomes(KIND_DATE, "2026年1月5日", "2026-01-05"));
    EXPECT(becomes(KIND_DATE, "２０２６／１／５", "2026-01-05"));
    EXPECT(becomes(KIND_DATE, "2026.01.05", "2026-01-05"));
    EXPECT(becomes(KIND_DATE, "20260105", "2026-01-05"));
    EXPECT(becomes(KIND_DATE, "2026-01-05", "2026-01-05"));
    EXPECT(becomes(KIND_DATE, "2026-1-5-7", "2026-1-5-7"));
    EXPECT(becomes(KIND_DATE, "明天", "明天"));
    EXPECT(becomes(KIND_DATE, "1 1 1", "0001-01-01"));
    EXPECT(becomes(KIND_EMAIL, "ａ＠b.cn ", "a@b.cn"));
    EXPECT(becomes(KIND_PHONE, "（0551）6226 0000", "(0551)6226 0000"));
    EXPECT(becomes(FORM_KIND_NUMBER, "1,234,567.50", "1234567.50"));
    EXPECT(becomes(FORM_KIND_NUMBER, "1,23", "1,23"));
    EXPECT(becomes(KIND_LINE, "（一） １", "（一） １"));
    EXPECT(becomes(KIND_NONE, "　a", "　a"));
}

TEST(times_are_meant_in_shanghai)
{
    const Identity__AddSystemKeyRequest *in =
        fill("validFrom=2026-01-05&validUntil=2026-01-05T09:30",
             &identity__add_system_key_request__descriptor);
    EXPECT(faults.count == 0);
    EXPECT(timestamp_ms(in->valid_from) == INT64_C(1767542400000));
    EXPECT(timestamp_ms(in->valid_until) - timestamp_ms(in->valid_from) == 34200000);
    fill("validFrom=2026-13-05", &identity__add_system_key_request__descriptor);
    EXPECT(fault("validFrom", "type"));
}

/* --- forms of items -------------------------------------------------------------------------- */

TEST(values_of_an_items_form)
{
    const Case__SaveDraftRequest *in = fill(
        "form.mobile=138+0013+8000&form.age=%EF%BC%91&form.choice=&form.choice=a&form.choice=b&"
        "form.owner~name=+A+&form.owner~number=11010519491231002x&"
        "form.home~division=D&form.home~detail=S&form.none~name=&form.none~number=&"
        "form.empty~division=D&form.empty~detail=&form.a-b.c=%EF%BC%91&"
        "_kinds=form.mobile:4+form.age:n+form.gone:4+x",
        &case__save_draft_request__descriptor);
    static const struct {
        const char *name, *value;
    } expected[] = {{"mobile", "13800138000"},
                    {"age", "1"},
                    {"choice", "a,b"},
                    {"owner", "A|11010519491231002X"},
                    {"home", "DS"},
                    {"none", ""},
                    {"empty", ""},
                    {"a-b.c", "１"}};
    EXPECT(faults.count == 0 && in->n_form == 8);
    for (size_t i = 0; i < in->n_form && i < 8; i++) {
        EXPECT(text_equal(in->form[i]->name, expected[i].name));
        EXPECT(text_equal(in->form[i]->value, expected[i].value));
    }
    EXPECT(text_equal(form_path(tree, "form[3].value", arena), "form.owner"));
    EXPECT(text_equal(form_path(tree, "form.owner", arena), "form.owner"));
    fill("form.=1&form=1&form[0].name=x", &case__save_draft_request__descriptor);
    EXPECT(faults.count == 3);
}

TEST(rules_of_form_values_name_the_field)
{
    buffer_t body = buffer_new(1 << 20);
    buffer_text(&body, "form.a=1&form.long=");
    for (int i = 0; i < 4001; i++)
        buffer_char(&body, 'x');
    const Case__SaveDraftRequest *in = fill(body.data, &case__save_draft_request__descriptor);
    buffer_free(&body);
    EXPECT(!form_check(tree, &in->base, arena, &faults) && fault("form.long", "too_long"));
}

/* --- files ------------------------------------------------------------------------------------ */

TEST(a_file_may_be_the_text_of_a_field)
{
    plan = (form_plan_t){0};
    const Catalog__ImportItemsRequest *in =
        fill_span(MULTIPART,
                  SPAN(PART("text", "typed") FILE_PART("text", "a.csv",
                                                       "\xef\xbb\xbf"
                                                       "a\r\nb") "--XX--"),
                  &catalog__import_items_request__descriptor);
    EXPECT(faults.count == 0 && text_equal(in->text, "a\nb"));
    in = fill_span(MULTIPART, SPAN(PART("text", "typed") FILE_PART("text", "", "") "--XX--"),
                   &catalog__import_items_request__descriptor);
    EXPECT(text_equal(in->text, "typed"));
    in = fill_span(MULTIPART, SPAN(FILE_PART("text", "a", "\xca\xc2\xcf\xee") "--XX--"),
                   &catalog__import_items_request__descriptor);
    EXPECT(text_equal(in->text, "事项"));
    in = fill_span(MULTIPART, SPAN(FILE_PART("text", "a", "\xff\xfe\x8b\x4e\x79\x98") "--XX--"),
                   &catalog__import_items_request__descriptor);
    EXPECT(text_equal(in->text, "事项"));
    fill_span(MULTIPART, SPAN(FILE_PART("text", "a", "\x89PNG\r\n\x1a\n\xff\xff") "--XX--"),
              &catalog__import_items_request__descriptor);
    EXPECT(fault("text", "utf8"));
    fill_span(MULTIPART, SPAN(FILE_PART("first_row", "a", "1") "--XX--"),
              &catalog__import_items_request__descriptor);
    EXPECT(fault("first_row", "unknown"));
    plan.files = "file";
    fill_span(MULTIPART, SPAN(FILE_PART("file", "a", "1") "--XX--"),
              &case__put_file_request__descriptor);
    EXPECT(faults.count == 0);
}

/* --- back to the browser -------------------------------------------------------------------------- */

TEST(what_is_secret_does_not_go_back)
{
    EXPECT(read_body(URLENCODED,
                     SPAN("identifier=1+%26%E4%B8%80&password=p&code=c&_token=t&_key=k&_next=n")) ==
           PROBLEM_NONE);
    buffer_t out = buffer_new(1000);
    form_print(pairs, &identity__login_request__descriptor, &out);
    EXPECT(text_equal(out.data, "identifier=1+%26%E4%B8%80&_next=n"));
    EXPECT(form_read(URLENCODED, span(out.data, out.size), 1000, arena, &pairs) == PROBLEM_NONE);
    EXPECT(text_equal(form_typed(pairs, "identifier"), "1 &一"));
    buffer_free(&out);
    EXPECT(form_secret(NULL, "oldPassword") && !form_secret(NULL, "reason"));

    EXPECT(read_body(URLENCODED, SPAN("identifier=1&password=p&a.b=2")) == PROBLEM_NONE);
    datum_t typed = form_typed_datum(pairs, "login", &identity__login_request__descriptor, arena);
    EXPECT(typed.kind == DATUM_MAP);
    datum_t one = typed.map->find(typed.map, "login.identifier", 16);
    EXPECT(one.kind == DATUM_TEXT && one.text.size == 1);
    EXPECT(typed.map->find(typed.map, "login.password", 14).kind == DATUM_NONE);
    EXPECT(typed.map->find(typed.map, "login.a.b", 9).kind == DATUM_TEXT);
    EXPECT(typed.map->find(typed.map, "log", 3).kind == DATUM_NONE);
    EXPECT(typed.map->find(typed.map, "logon.identifier", 16).kind == DATUM_NONE);
}

TEST(anchors_are_ids_and_never_the_same)
{
    read_body(URLENCODED, SPAN(""));
    EXPECT(text_equal(form_anchor("f", "gaps[2].reason", arena), "f-gaps-2-reason"));
    EXPECT(text_equal(form_anchor("f", "form.a-b", arena), "f-form-a--b"));
    EXPECT(text_equal(form_anchor("f", "permissions[3]", arena), "f-permissions"));
    EXPECT(!strpbrk(form_anchor("f", "form.a\"<b c", arena), "\"< "));
}

TEST(faults_of_entries_count_for_the_field)
{
    read_body(URLENCODED, SPAN(""));
    faults_add(&faults, arena, "permissions[3]", "x", "a");
    faults_add(&faults, arena, "gaps[1].how", "x", "b");
    EXPECT(form_fault(&faults, "permissions") == &faults.faults[0]);
    EXPECT(!form_fault(&faults, "gaps") && !form_fault(&faults, "permission"));
    EXPECT(form_fault(&faults, "gaps[1].how") && !form_fault(NULL, "gaps"));
}

TEST(refusals_of_services_come_by_typed_path)
{
    fill("gaps[4].reason=a&gaps[4].how=b", &case__send_correction_request__descriptor);
    Yw__Violation first = YW__VIOLATION__INIT, second = YW__VIOLATION__INIT;
    first.field = "gaps[0].reason";
    first.code = "x";
    first.message = "不对";
    second.field = "id";
    second.code = "y";
    second.message = "没有";
    Yw__Violation *both[] = {&first, &second};
    Yw__Status status = YW__STATUS__INIT;
    status.violations = both;
    status.n_violations = 2;
    form_refused(tree, &status, arena, &faults);
    EXPECT(fault("gaps[4].reason", "x") && fault("id", "y"));
}

/* A body that asks for more than the arena holds ends with a fault, not with a half message. */
TEST(a_small_arena)
{
    for (size_t limit = 60000; limit < 180000; limit += 3001) {
        arena_t *small = arena_new(limit);
        form_pairs_t *some = NULL;
        form_tree_t *of = NULL;
        faults.count = 0;
        if (form_read(URLENCODED, SPAN("gaps[1].reason=a&gaps[2].reason=b&days=3"), 1000, small,
                      &some) == PROBLEM_NONE) {
            ProtobufCMessage *message =
                message_new(&case__send_correction_request__descriptor, small);
            plan = (form_plan_t){0};
            if (message && !form_fill(&plan, some, small, message, &faults, &of))
                EXPECT(faults.count > 0);
        }
        arena_free(&small);
    }
}
