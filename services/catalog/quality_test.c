/* quality_test.c - complete guides score 100; each fault is found. */
#include "catalog_test.h"
#include "clean.h"
#include "quality.h"

static Catalog__CheckReport *check(arena_t *arena, const Catalog__Item *item)
{
    Catalog__CheckReport *report =
        (Catalog__CheckReport *) message_new(&catalog__check_report__descriptor, arena);
    quality_check(item, arena, report);
    return report;
}

static bool has_fault(const Catalog__CheckReport *report, const char *field, const char *code)
{
    for (size_t i = 0; i < report->n_faults; i++)
        if (text_equal(report->faults[i]->field, field) &&
            text_equal(report->faults[i]->code, code))
            return true;
    return false;
}

TEST(a_complete_guide_scores_100)
{
    arena_t *arena = arena_new(1 << 20);
    Catalog__CheckReport *report = check(arena, sample_item(arena, "甲"));
    EXPECT(report->score == 100 && report->n_faults == 0 && report->can_submit);
    Catalog__Item empty = CATALOG__ITEM__INIT;
    report = check(arena, &empty);
    EXPECT(report->score < 40 && !report->can_submit);
    arena_free(&arena);
}

TEST(each_fault_is_found)
{
    arena_t *arena = arena_new(4 << 20);
    Catalog__Item *item = sample_item(arena, "甲");
    item->promise_days = 8;
    EXPECT(has_fault(check(arena, item), "promiseDays", "incomplete"));
    item = sample_item(arena, "甲");
    item->impl_code = "1134010090010011183000117023000";
    EXPECT(check(arena, item)->score == 100);
    item->base_code = "000117023001";
    EXPECT(has_fault(check(arena, item), "implCode", "mismatch"));
    item = sample_item(arena, "甲");
    item->materials[0]->acceptance_standard = "";
    EXPECT(has_fault(check(arena, item), "materials[0]", "standard"));
    EXPECT(check(arena, item)->can_submit && check(arena, item)->score == 99);
    item = sample_item(arena, "甲");
    item->form_fields[0]->type = CATALOG__FIELD_TYPE__FIELD_TYPE_CHOICE;
    EXPECT(has_fault(check(arena, item), "formFields[0]", "choices"));
    item = sample_item(arena, "甲");
    item->body_themes[0] = "没有的主题";
    EXPECT(has_fault(check(arena, item), "bodyThemes", "unknown"));
    item = sample_item(arena, "甲");
    item->sample = true;
    EXPECT(!check(arena, item)->can_submit);
    arena_free(&arena);
}

TEST(catch_all_materials)
{
    const char *bad[] = {"其他材料",
                         "其它材料",
                         "法律、行政法规规定的其他材料",
                         "其 他 相 关 材 料",
                         "审批部门要求提供的其他资料",
                         "其他需要提交的证明"};
    const char *good[] = {"申请书", "其他组织的登记证书", "与其他单位签订的合同", "营业执照"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT(quality_catch_all(bad[i]));
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        EXPECT(!quality_catch_all(good[i]));
}

static const char *cleaned(const char *text, arena_t *arena)
{
    unsigned found;
    return clean_text(text, true, arena, &found);
}

TEST(cleaning)
{
    arena_t *arena = arena_new(1 << 20);
    EXPECT(text_equal(cleaned("a<br>b<BR/>c</p>", arena), "a\nb\nc"));
    EXPECT(text_equal(cleaned("&lt;br&gt;x&amp;nbsp;y", arena), "x y"));
    EXPECT(text_equal(cleaned("面积<300，>5 & 其他", arena), "面积<300，>5 & 其他"));
    EXPECT(text_equal(cleaned("<table style=\"a:b\"><tr><td>甲</td></tr></table>", arena), "甲"));
    EXPECT(text_equal(cleaned("\xEF\xBB\xBF甲\xE2\x80\x8B乙", arena), "甲乙"));
    EXPECT(text_equal(cleaned("&#25105;&#x4eec;&#0;&#xD800;", arena), "我们&#0;&#xD800;"));
    EXPECT(text_equal(cleaned("<", arena), "<"));
    EXPECT(text_equal(cleaned("<!-- x", arena), "<!-- x"));
    EXPECT(text_equal(cleaned("", arena), ""));
    arena_free(&arena);
}

/* Scores per department, and only of one's own. */
TEST(quality_per_department)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    import_json(
        bench,
        "[{\"name\":\"甲\",\"departmentId\":\"a\",\"departmentName\":\"甲局\"},"
        "{\"name\":\"乙\",\"departmentId\":\"b\",\"departmentName\":\"乙局\",\"type\":\"99\"}]");
    Catalog__GetQualityRequest in = CATALOG__GET_QUALITY_REQUEST__INIT;
    const ProtobufCMessage *out;
    caller_t staff = bench_staff(bench, "s", "b", "item.edit");
    EXPECT(bench_call(bench, &BENCH_SERVICE, "catalog.GetQuality", &in.base, &out) == STATUS_OK);
    EXPECT(((const Catalog__QualityReport *) out)->n_departments == 2);
    EXPECT(bench_call(bench, &staff, "catalog.GetQuality", &in.base, &out) == STATUS_OK);
    const Catalog__QualityReport *report = (const Catalog__QualityReport *) out;
    EXPECT(report->n_departments == 1 && report->departments[0]->flagged == 1);
    EXPECT(report->departments[0]->score > 0 && report->departments[0]->score < 50);
    in.department_id = "a";
    EXPECT(bench_call(bench, &staff, "catalog.GetQuality", &in.base, &out) == STATUS_NOT_FOUND);
    bench_free(&bench);
}
