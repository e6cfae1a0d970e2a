/* import_test.c - lists of items, good and bad. */
#include "catalog_test.h"

static bool reported(const Catalog__ImportReport *report, uint32_t row, const char *field,
                     const char *code)
{
    for (size_t i = 0; i < report->n_reports; i++)
        if (report->reports[i]->row == row && text_equal(report->reports[i]->field, field) &&
            text_equal(report->reports[i]->code, code))
            return true;
    return false;
}

static const Catalog__Flag *flag_of(const Catalog__Item *item, const char *field)
{
    for (size_t i = 0; i < item->n_flags; i++)
        if (text_equal(item->flags[i]->field, field))
            return item->flags[i];
    return NULL;
}

/* The same list again: nothing is new, nothing is published twice. */
TEST(importing_twice_changes_nothing)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    const char *list =
        "[{\"name\":\"甲事项\",\"itemCode\":\"L-1\"},{\"name\":\"乙事项\",\"itemCode\":\"L-2\"}]";
    Catalog__ImportReport *first = import_json(bench, list);
    EXPECT(first && first->created == 2 && first->rows == 2);
    Catalog__ImportReport *again = import_json(bench, list);
    EXPECT(again && again->unchanged == 2 && again->created == 0 && again->updated == 0);
    EXPECT(bench_count(bench, "SELECT count(*) FROM items") == 2);
    EXPECT(bench_count(bench, "SELECT count(*) FROM versions") == 2);

    Catalog__ImportReport *changed = import_json(
        bench, "[{\"name\":\"甲事项\",\"itemCode\":\"L-1\",\"受理条件\":\"年满十八周岁\"}]");
    EXPECT(changed && changed->updated == 1);
    EXPECT(bench_count(bench, "SELECT count(*) FROM versions WHERE version = 2") == 1);
    EXPECT(bench_count(bench, "SELECT version FROM items WHERE name = '甲事项'") == 2);
    bench_free(&bench);
}

/* A dry run says the same and writes nothing. */
TEST(dry_run_writes_nothing)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    Catalog__ImportItemsRequest in = CATALOG__IMPORT_ITEMS_REQUEST__INIT;
    in.format = CATALOG__LIST_FORMAT__LIST_FORMAT_CSV;
    in.text = "事项名称,实施编码\n甲,123\n,456\n";
    in.dry_run = true;
    const ProtobufCMessage *out;
    EXPECT(bench_call(bench, &BENCH_SERVICE, "catalog.ImportItems", &in.base, &out) == STATUS_OK);
    const Catalog__ImportReport *report = (const Catalog__ImportReport *) out;
    EXPECT(report->rows == 2 && report->created == 1 && report->refused == 1);
    EXPECT(reported(report, 2, "name", "required"));
    EXPECT(bench_count(bench, "SELECT count(*) FROM items") == 0);
    bench_free(&bench);
}

/* Wrong national codes move to the local fields; right ones are kept and found. */
TEST(wrong_codes_are_kept_as_local_and_flagged)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    Catalog__ImportReport *report =
        import_csv(bench, "事项名称,实施编码,基本编码,实施主体代码\n"
                          "错码,11440100007482575H344011800900,44011800900X,11440100007482575A\n"
                          "正码,11440100007482575H3440118009000,440118009000,11440100007482575H\n");
    EXPECT(report && report->created == 2 && report->flagged == 1);
    EXPECT(reported(report, 1, "impl_code", "length"));
    EXPECT(reported(report, 1, "credit_code", "check_digit"));
    const Catalog__Item *wrong = get_item(bench, "11440100007482575H344011800900");
    EXPECT(wrong && text_equal(wrong->impl_code, ""));
    EXPECT(wrong && text_equal(wrong->local_impl_code, "11440100007482575H344011800900"));
    EXPECT(wrong && text_equal(wrong->local_base_code, "44011800900X"));
    EXPECT(wrong && flag_of(wrong, "credit_code") &&
           text_equal(flag_of(wrong, "credit_code")->original, "11440100007482575A"));
    /* A list with one column for codes of any length. */
    EXPECT(
        import_csv(bench, "name,item_code\n三十一位,11440100007482575H3440118009001\n")->flagged ==
        0);
    EXPECT(get_item(bench, "11440100007482575H3440118009001") != NULL);
    const Catalog__Item *right = get_item(bench, "11440100007482575H3440118009000");
    EXPECT(right && text_equal(right->name, "正码") && right->n_flags == 0);
    EXPECT(get_item(bench, "440118009000") != NULL);
    bench_free(&bench);
}

/* HTML and control characters: shown clean, the original kept. */
TEST(dirty_text_is_cleaned_and_its_original_kept)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    Catalog__ImportReport *report = import_json(
        bench,
        "[{\"name\":\"食品\tx\x01许可\",\"itemCode\":\"D-1\",\"conditions\":"
        "\"<p>一、有<b>场所</b>&nbsp;；</p><br/>二、面积&lt;300 平方米\\u0000\",\"surprise\":{\"a\":[1]}}]");
    EXPECT(report && report->created == 1 && report->flagged == 1);
    EXPECT(reported(report, 0, "surprise", "unknown_column"));
    const Catalog__Item *item = get_item(bench, "D-1");
    EXPECT(item && text_equal(item->name, "食品 x 许可"));
    EXPECT(item && text_equal(item->conditions, "一、有场所 ；\n二、面积<300 平方米"));
    EXPECT(item && flag_of(item, "conditions") &&
           strstr(flag_of(item, "conditions")->original, "<b>场所</b>"));
    EXPECT(item && flag_of(item, "name") && text_equal(flag_of(item, "name")->code, "control"));
    EXPECT(bench_count(bench, "SELECT count(*) FROM item_sources WHERE raw LIKE '%surprise%'") ==
           1);
    bench_free(&bench);
}

/* Every row is imported or reported. */
TEST(no_row_is_dropped_silently)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    Catalog__ImportReport *report = import_json(
        bench, "[{\"name\":\"好\"},7,{\"name\":\"\"},{\"name\":\"法律\",\"legalBases\":{\"x\":1}},"
               "{\"name\":\"材料\",\"materials\":[{\"name\":\"甲\",\"nonsense\":1}]},null]");
    EXPECT(report && report->rows == 6);
    EXPECT(report && report->created + report->updated + report->unchanged + report->refused == 6);
    EXPECT(report && report->refused == 3);
    EXPECT(reported(report, 2, "", "type"));
    EXPECT(reported(report, 3, "name", "required"));
    EXPECT(reported(report, 4, "legal_bases", "unreadable"));
    EXPECT(reported(report, 5, "materials", "unreadable"));
    EXPECT(!import_json(bench, "{\"items\": 5}"));
    EXPECT(!import_json(bench, "[{\"name\":"));
    EXPECT(bench_failure(bench) && bench_failure(bench)->n_violations == 1);
    EXPECT(!import_csv(bench, "a,b,c\n1,2,3\n"));
    bench_free(&bench);
}

/* Quotes, line ends and commas inside cells; cells too many; a quote that never ends. */
TEST(csv_as_it_comes)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    Catalog__ImportReport *report =
        import_csv(bench, "\xEF\xBB\xBF事项名称,受理条件,承诺办结时限,服务对象,事项类型代码\r\n"
                          "甲,\"一，\"\"甲\"\"\r\n二,三\",5个工作日,1;企业法人,01\r\n"
                          "\r\n"
                          "乙,,即时办结,火星人,99,多余\r\n"
                          "丙,\"没有结束\r\n丁,x\r\n");
    EXPECT(report && report->rows == 3 && report->created == 2 && report->refused == 1);
    EXPECT(reported(report, 3, "", "quote"));
    EXPECT(reported(report, 2, "", "extra_cells"));
    EXPECT(reported(report, 2, "audiences", "unreadable"));
    EXPECT(reported(report, 2, "type", "unreadable"));
    Catalog__SearchItemsRequest in = CATALOG__SEARCH_ITEMS_REQUEST__INIT;
    const Catalog__SearchItemsResponse *found = search(bench, &in);
    EXPECT(found && found->n_hits == 2);
    const Catalog__Item *item = get_item(bench, found->hits[0]->item->id);
    EXPECT(item && text_equal(item->conditions, "一，\"甲\"\n二,三"));
    EXPECT(item && item->promise_days == 5 &&
           item->promise_unit == CATALOG__DAY_UNIT__DAY_UNIT_WORKING);
    EXPECT(item && item->n_audiences == 2 && item->type == CATALOG__ITEM_TYPE__ITEM_TYPE_LICENSE);
    item = get_item(bench, found->hits[1]->item->id);
    EXPECT(item && item->promise_unit == CATALOG__DAY_UNIT__DAY_UNIT_AT_ONCE);
    bench_free(&bench);
}

/* A guide with a catch-all material is kept, but not in force. */
TEST(catch_all_material_stays_a_draft)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    Catalog__ImportReport *report = import_json(
        bench,
        "[{\"name\":\"甲\",\"itemCode\":\"C-1\",\"materials\":[{\"name\":\"法律法规规定的其他材料\"}]}]");
    EXPECT(report && report->created == 1 && reported(report, 1, "materials", "catch_all"));
    EXPECT(!get_item(bench, "C-1"));
    EXPECT(bench_count(bench, "SELECT count(*) FROM versions WHERE state = 1") == 1);
    bench_free(&bench);
}

/* Staff import drafts of their own department; only trusted lists go straight into force. */
TEST(staff_import_drafts_of_their_own)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    caller_t staff = bench_staff(bench, "s1", "zjj", "item.edit");
    const char *list =
        "[{\"name\":\"甲\",\"departmentId\":\"zjj\"},{\"name\":\"乙\",\"departmentId\":\"wjw\"}]";
    Catalog__ListFormat json = CATALOG__LIST_FORMAT__LIST_FORMAT_JSON;
    EXPECT(!import_text(bench, &staff, json, list, true));
    EXPECT(text_equal(bench_failure(bench)->code, "catalog.import_publish"));
    Catalog__ImportReport *report = import_text(bench, &staff, json, list, false);
    EXPECT(report && report->created == 1 && report->refused == 1);
    EXPECT(reported(report, 2, "departmentId", "other_department"));
    EXPECT(bench_count(bench, "SELECT count(*) FROM items WHERE version > 0") == 0);

    caller_t nobody = bench_staff(bench, "s2", "zjj", "item.publish");
    EXPECT(!import_text(bench, &nobody, json, list, false));
    bench_free(&bench);
}

static status_t discard(bench_t *bench, const caller_t *caller)
{
    Catalog__ListStaffItemsRequest list = CATALOG__LIST_STAFF_ITEMS_REQUEST__INIT;
    Catalog__DraftRequest in = CATALOG__DRAFT_REQUEST__INIT;
    const ProtobufCMessage *out = NULL;
    if (bench_call(bench, caller, "catalog.ListStaffItems", &list.base, &out) != STATUS_OK)
        return STATUS_NOT_FOUND;
    const Catalog__StaffItem *item = ((const Catalog__StaffItemList *) out)->items[0];
    in.id = item->item->id;
    in.revision = item->revision;
    return bench_call(bench, caller, "catalog.DiscardDraft", &in.base, NULL);
}

/* An imported draft can be thrown away, and comes back with the next import of the same list. */
TEST(discarded_imports_can_be_imported_again)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    caller_t staff = bench_staff(bench, "s1", "zjj", "item.edit");
    Catalog__ListFormat json = CATALOG__LIST_FORMAT__LIST_FORMAT_JSON;
    const char *first = "[{\"name\":\"甲\",\"departmentId\":\"zjj\"}]";
    const char *changed =
        "[{\"name\":\"甲\",\"departmentId\":\"zjj\",\"conditions\":\"年满十八周岁\"}]";
    EXPECT(import_text(bench, &staff, json, first, false)->created == 1);
    EXPECT(discard(bench, &staff) == STATUS_OK);
    EXPECT(bench_count(bench, "SELECT count(*) FROM items") == 0);
    EXPECT(import_text(bench, &staff, json, first, false)->created == 1);
    EXPECT(discard(bench, &staff) == STATUS_OK);

    EXPECT(import_json(bench, first)->created == 1); /* now in force */
    EXPECT(import_text(bench, &staff, json, changed, false)->updated == 1);
    EXPECT(discard(bench, &staff) == STATUS_OK);
    EXPECT(import_text(bench, &staff, json, changed, false)->updated == 1);
    bench_free(&bench);
}

static const char *export_text(bench_t *bench, Catalog__ListFormat format)
{
    Catalog__ExportItemsRequest in = CATALOG__EXPORT_ITEMS_REQUEST__INIT;
    const ProtobufCMessage *out;
    in.format = format;
    if (bench_call(bench, &BENCH_SERVICE, "catalog.ExportItems", &in.base, &out) != STATUS_OK)
        return NULL;
    return ((const Catalog__ExportItemsResponse *) out)->text;
}

/* What is exported can be imported elsewhere and exported again, the same. */
TEST(export_and_import_round_trip)
{
    const Catalog__ListFormat formats[] = {CATALOG__LIST_FORMAT__LIST_FORMAT_JSON,
                                           CATALOG__LIST_FORMAT__LIST_FORMAT_CSV};
    for (int i = 0; i < 2; i++) {
        bench_t *here = bench_new(catalog_service(), NULL);
        bench_t *there = bench_new(catalog_service(), NULL);
        Catalog__Item *item = sample_item(bench_arena(here), "建筑工程施工许可证核发");
        item->conditions = "一、\"引号\"，逗号,\n二、换行";
        buffer_t json = buffer_new(1 << 20);
        buffer_text(&json, "[");
        json_print(&item->base, false, &json);
        buffer_text(&json, "]");
        EXPECT(import_json(here, json.data)->created == 1);
        buffer_free(&json);

        const char *text = export_text(here, formats[i]);
        EXPECT(text != NULL);
        Catalog__ImportReport *report = import_text(there, &BENCH_SERVICE, formats[i], text, true);
        EXPECT(report && report->created == 1 && report->n_reports == 0);
        const char *again = export_text(there, formats[i]);
        EXPECT(text_equal(text, again));
        /* ... and brought back home it changes nothing. */
        report = import_text(here, &BENCH_SERVICE, formats[i], text, true);
        EXPECT(report && report->unchanged == 1);
        EXPECT(bench_count(here, "SELECT count(*) FROM versions") == 1);
        bench_free(&here);
        bench_free(&there);
    }
}

/* The 1,135 items of a real district, when they are at hand: each row is accounted for. */
TEST(real_district_list)
{
    const char *folder = getenv("YIWANG_REFERENCE");
    char path[500];
    const char *names[] = {"guangan-district-items.json", "guangan-district-items.csv"};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/data/items/%s", folder ? folder : "../shared/reference",
                 names[i]);
        char *text = read_whole(path);
        if (!text)
            continue;
        bench_t *bench = bench_new(catalog_service(), NULL);
        Catalog__ImportReport *report = import_text(bench, &BENCH_SERVICE,
                                                    i ? CATALOG__LIST_FORMAT__LIST_FORMAT_CSV
                                                      : CATALOG__LIST_FORMAT__LIST_FORMAT_JSON,
                                                    text, true);
        EXPECT(report && report->rows == 1135);
        EXPECT(report &&
               report->created + report->updated + report->unchanged + report->refused == 1135);
        EXPECT(report && report->created == 1135);
        EXPECT(report && report->flagged == 1135); /* none of their codes has the national form */
        EXPECT(bench_count(bench, "SELECT count(*) FROM items WHERE state = 4") == 1135);
        EXPECT(bench_count(bench, "SELECT count(*) FROM items WHERE type = 1") == 536);
        EXPECT(bench_count(bench, "SELECT count(*) FROM items WHERE type = 20") == 348);
        const Catalog__Item *item =
            get_item(bench, "511A0138000000-511602000000-000-115113010833722043-1-00");
        EXPECT(item && text_starts(item->name, "适龄儿童"));
        EXPECT(item && text_equal(item->credit_code, "115113010833722043"));
        const Catalog__SearchItemsResponse *found = search_for(bench, "户口恢复");
        EXPECT(found && found->n_hits > 0 && text_equal(found->hits[0]->item->name, "户口恢复"));
        bench_free(&bench);
        free(text);
    }
}
