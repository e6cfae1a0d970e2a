#include "stand_test.h"

/* --- drafts ------------------------------------------------------------------------------- */

static const Case__CaseStatus *draft(stand_t *stand)
{
    Case__CreateDraftRequest in = CASE__CREATE_DRAFT_REQUEST__INIT;
    in.item_code = STAND_IMPL;
    return stand_ask(stand, &stand->person, "case.CreateDraft", &in.base);
}

static status_t save(stand_t *stand, const char *id, int64_t version, const char *name,
                     const char *value)
{
    Case__SaveDraftRequest in = CASE__SAVE_DRAFT_REQUEST__INIT;
    Case__FormValue *form[] = {stand_value(stand, name, value)};
    in.id = id;
    in.version = version;
    in.form = form;
    in.n_form = 1;
    return stand_call(stand, &stand->person, "case.SaveDraft", &in.base, NULL);
}

static void paper(stand_t *stand, const char *id, const char *material, bool on)
{
    Case__MarkPaperRequest in = CASE__MARK_PAPER_REQUEST__INIT;
    in.case_id = id;
    in.material_id = material;
    in.paper = on;
    stand_ask(stand, &stand->person, "case.MarkPaper", &in.base);
}

TEST(a_draft_is_prefilled_from_the_account)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *made = draft(stand);
    EXPECT(made->state == STATE(DRAFT) && made->version == 1);

    const Case__CaseDetail *seen = stand_view(stand, made->id);
    EXPECT(text_equal(seen->applicant->name, STAND_NAME));
    EXPECT(text_equal(seen->applicant->id_number, STAND_NUMBER));
    EXPECT(seen->n_form == 1 && text_equal(seen->form[0]->name, "phone") &&
           text_equal(seen->form[0]->value, STAND_MOBILE));
    EXPECT(seen->n_materials == 3 && seen->materials[0]->required && !seen->materials[2]->required);

    /* A second draft within the quarter of an hour does not ask identity again. */
    draft(stand);
    EXPECT(stand->asked == 1);
    bench_set_now(stand->bench, bench_now(stand->bench) + 16 * 60 * 1000);
    draft(stand);
    EXPECT(stand->asked == 2);
    stand_free(&stand);
}

TEST(personal_data_is_sealed_at_rest)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *made = draft(stand);
    EXPECT(save(stand, made->id, 1, "project_name", "滨江路改造") == STATUS_OK);
    EXPECT(bench_count(
               stand->bench,
               "SELECT count(*) FROM case_contents"
               " WHERE instr(party, CAST('王小明' AS BLOB)) OR instr(form, CAST('滨江路' AS BLOB))"
               " OR instr(form, CAST('13800138000' AS BLOB))") == 0);
    EXPECT(bench_count(stand->bench,
                       "SELECT count(*) FROM persons"
                       " WHERE instr(person, CAST('11010519491231002X' AS BLOB))") == 0);

    /* A sealed value moved to another case does not open there. */
    const Case__CaseStatus *second = draft(stand);
    char sql[300];
    snprintf(sql, sizeof sql,
             "UPDATE case_contents SET party = (SELECT party FROM case_contents"
             " WHERE case_id = '%s') WHERE case_id = '%s'",
             made->id, second->id);
    bench_sql(stand->bench, sql);
    Case__GetCaseRequest get = CASE__GET_CASE_REQUEST__INIT;
    get.id = second->id;
    EXPECT(stand_call(stand, &stand->person, "case.GetCase", &get.base, NULL) == STATUS_DATA_LOSS);
    stand_free(&stand);
}

TEST(a_draft_takes_values_by_the_items_rules)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *made = draft(stand);
    const struct {
        const char *name, *value, *code;
    } wrong[] = {
        {"project_name", "名字太长名字太长名字太长名字太长名字太长了", "too_long"},
        {"project_name", "两\n行", "control"},
        {"kind", "tunnel", "choice"},
        {"start", "2026-02-30", "date"},
        {"price", "12万", "type"},
        {"price", "0.5", "range"},
        {"price", "100000.01", "range"},
        {"phone", "12345", "mobile"},
        {"colour", "red", "unknown"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char field[64];
        snprintf(field, sizeof field, "form.%s", wrong[i].name);
        EXPECT(save(stand, made->id, 1, wrong[i].name, wrong[i].value) == STATUS_INVALID_ARGUMENT);
        const Yw__Status *failure = bench_failure(stand->bench);
        EXPECT(failure && failure->n_violations == 1 &&
               text_equal(failure->violations[0]->field, field));
        if (!text_equal(wrong[i].name, "phone") && !text_equal(wrong[i].name, "start"))
            EXPECT(stand_names(stand, field, wrong[i].code));
    }
    EXPECT(save(stand, made->id, 1, "price", "-0") == STATUS_INVALID_ARGUMENT);
    EXPECT(save(stand, made->id, 1, "price", "99999.99") == STATUS_OK);
    EXPECT(save(stand, made->id, 2, "kind", "road") == STATUS_OK);
    EXPECT(save(stand, made->id, 2, "kind", "house") == STATUS_ABORTED); /* saved elsewhere */
    EXPECT(text_equal(bench_failure(stand->bench)->code, "case.version_changed"));
    EXPECT(stand_view(stand, made->id)->n_form == 3);
    stand_free(&stand);
}

TEST(an_account_has_only_so_many_drafts)
{
    stand_t *stand = stand_new();
    stand->settings->drafts_max = 2;
    const Case__CaseStatus *first = draft(stand);
    draft(stand);
    Case__CreateDraftRequest in = CASE__CREATE_DRAFT_REQUEST__INIT;
    in.item_id = STAND_ITEM;
    EXPECT(stand_refused(stand, &stand->person, "case.CreateDraft", &in.base,
                         STATUS_RESOURCE_EXHAUSTED, "case.too_many_drafts"));
    Case__DeleteDraftRequest remove = CASE__DELETE_DRAFT_REQUEST__INIT;
    remove.id = first->id;
    paper(stand, first->id, "plan", true);
    stand_ask(stand, &stand->person, "case.DeleteDraft", &remove.base);
    EXPECT(bench_count(stand->bench, "SELECT count(*) FROM case_contents") == 1);
    draft(stand);
    stand_free(&stand);
}

/* --- submission --------------------------------------------------------------------------- */

static Case__SubmitRequest submit_of(const char *id, int64_t version)
{
    Case__SubmitRequest in = CASE__SUBMIT_REQUEST__INIT;
    in.id = id;
    in.version = version;
    return in;
}

TEST(all_faults_are_told_at_once)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *made = draft(stand);
    paper(stand, made->id, "plan", true);
    Case__SubmitRequest in = submit_of(made->id, 1);
    EXPECT(stand_refused(stand, &stand->person, "case.Submit", &in.base, STATUS_INVALID_ARGUMENT,
                         "invalid"));
    EXPECT(bench_failure(stand->bench)->n_violations == 2);
    EXPECT(stand_names(stand, "form.project_name", "required"));
    EXPECT(stand_names(stand, "materials[contract]", "required"));
    EXPECT(bench_count(stand->bench, "SELECT count(*) FROM case_numbers") ==
           0); /* nothing half done */
    stand_free(&stand);
}

TEST(submitting_gives_number_code_and_limit)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *made = draft(stand);
    EXPECT(save(stand, made->id, 1, "project_name", "滨江路改造") == STATUS_OK);
    paper(stand, made->id, "plan", true);
    paper(stand, made->id, "contract", true);
    Case__SubmitRequest in = submit_of(made->id, 2);
    const Case__Receipt *receipt = stand_ask(stand, &stand->person, "case.Submit", &in.base);
    EXPECT(strlen(receipt->number) == 44);
    EXPECT(strncmp(receipt->number, STAND_IMPL "260302000001", 43) == 0);
    EXPECT(strlen(receipt->query_code) == 8);
    EXPECT(receipt->state == STATE(SUBMITTED));
    EXPECT(stand_due(receipt->accept_due_at, "2026-03-09"));

    /* The code is nowhere but in the answer kept for the idempotency key (here: none was given). */
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM cases WHERE instr(query_hash, CAST('%s' AS BLOB))",
             receipt->query_code);
    EXPECT(bench_count(stand->bench, sql) == 0);

    /* C-17: with another key, or none, it is refused; there is one case for ever. */
    EXPECT(stand_refused(stand, &stand->person, "case.Submit", &in.base, STATUS_FAILED_PRECONDITION,
                         "case.state"));
    EXPECT(bench_count(stand->bench, "SELECT count(*) FROM cases WHERE state = 2") == 1);
    EXPECT(bench_count(stand->bench, "SELECT count(*) FROM timeline") == 1);
    EXPECT(bench_count(stand->bench,
                       "SELECT count(*) FROM outbox WHERE topic = 'case.ApplicantNotified'") == 1);
    EXPECT(bench_count(stand->bench,
                       "SELECT count(*) FROM outbox WHERE topic = 'catalog.ItemUsed'") == 1);
    stand_free(&stand);
}

TEST(the_same_application_twice_is_one_case)
{
    stand_t *stand = stand_new();
    Case__ApplyRequest in = CASE__APPLY_REQUEST__INIT;
    Case__FormValue *form[] = {stand_value(stand, "project_name", "滨江路改造")};
    const char *papers[] = {"plan", "contract"};
    in.item_code = STAND_IMPL;
    in.form = form;
    in.n_form = 1;
    in.paper_materials = papers;
    in.n_paper_materials = 2;
    const ProtobufCMessage *first = NULL, *second = NULL;
    EXPECT(bench_call_key(stand->bench, &stand->person, "key-1", "case.Apply", &in.base, &first) ==
           STATUS_OK);
    EXPECT(bench_call_key(stand->bench, &stand->person, "key-1", "case.Apply", &in.base, &second) ==
           STATUS_OK);
    EXPECT(text_equal(((const Case__Receipt *) first)->case_id,
                      ((const Case__Receipt *) second)->case_id));
    EXPECT(text_equal(((const Case__Receipt *) first)->query_code,
                      ((const Case__Receipt *) second)->query_code));
    EXPECT(bench_count(stand->bench, "SELECT count(*) FROM cases") == 1);
    EXPECT(bench_count(stand->bench, "SELECT last FROM case_numbers") == 1);

    const Case__Receipt *third = stand_apply(stand);
    EXPECT(strncmp(third->number + 37, "000002", 6) == 0);
    const Case__CaseDetail *seen = stand_view(stand, third->case_id);
    EXPECT(seen->materials[0]->paper && seen->materials[1]->paper && !seen->materials[2]->paper);
    stand_free(&stand);
}

TEST(apply_checks_all_that_submit_checks)
{
    stand_t *stand = stand_new();
    Case__ApplyRequest in = CASE__APPLY_REQUEST__INIT;
    const char *papers[] = {"plan", "proxy", "nothing"};
    in.item_id = STAND_ITEM;
    in.paper_materials = papers;
    in.n_paper_materials = 3;
    Case__Applicant company = CASE__APPLICANT__INIT;
    company.kind = CASE__APPLICANT_KIND__APPLICANT_KIND_ORGANISATION;
    company.id_number = "91440101MA59ABCDE0";
    in.applicant = &company;
    EXPECT(stand_refused(stand, &stand->person, "case.Apply", &in.base, STATUS_INVALID_ARGUMENT,
                         "invalid"));
    EXPECT(stand_names(stand, "form.project_name", "required"));
    EXPECT(stand_names(stand, "materials[contract]", "required"));
    EXPECT(stand_names(stand, "materials[proxy]", "format")); /* electronic only */
    EXPECT(stand_names(stand, "paperMaterials[2]", "unknown"));
    EXPECT(stand_names(stand, "applicant.name", "required"));
    EXPECT(bench_count(stand->bench, "SELECT count(*) FROM cases") == 0);
    stand_free(&stand);
}

TEST(an_item_may_demand_a_higher_level)
{
    stand_t *stand = stand_new();
    Catalog__Item *item = stand_item(bench_arena(stand->bench), 2);
    item->required_level = YW__LEVEL__LEVEL_HIGH;
    stand_publish(stand, item);
    Case__CreateDraftRequest in = CASE__CREATE_DRAFT_REQUEST__INIT;
    in.item_id = STAND_ITEM;
    EXPECT(stand_refused(stand, &stand->person, "case.CreateDraft", &in.base,
                         STATUS_PERMISSION_DENIED, "level_required"));
    EXPECT(strstr(bench_failure(stand->bench)->message, "高级"));
    caller_t high = bench_person(STAND_PERSON, YW__LEVEL__LEVEL_HIGH);
    EXPECT(stand_call(stand, &high, "case.CreateDraft", &in.base, NULL) == STATUS_OK);
    stand_free(&stand);
}

/* ... also of who began the draft before it did, or signs in again at a lower one. */
TEST(a_draft_does_not_pass_a_level_by)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *made = draft(stand);
    Catalog__Item *item = stand_item(bench_arena(stand->bench), 2);
    item->required_level = YW__LEVEL__LEVEL_HIGH;
    stand_publish(stand, item);
    Case__SubmitRequest in = submit_of(made->id, 1);
    EXPECT(stand_refused(stand, &stand->person, "case.Submit", &in.base, STATUS_PERMISSION_DENIED,
                         "level_required"));
    caller_t high = bench_person(STAND_PERSON, YW__LEVEL__LEVEL_HIGH);
    EXPECT(
        stand_refused(stand, &high, "case.Submit", &in.base, STATUS_INVALID_ARGUMENT, "invalid"));
    stand_free(&stand);
}

/* A draft follows its item; what is submitted keeps its version. */
TEST(a_case_keeps_its_version)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *made = draft(stand);
    const Case__Receipt *receipt = stand_apply(stand);
    Catalog__Item *item = stand_item(bench_arena(stand->bench), 2);
    item->materials[2]->need = CATALOG__MATERIAL_NEED__MATERIAL_NEED_ALWAYS;
    stand_publish(stand, item);

    EXPECT(save(stand, made->id, 1, "project_name", "滨江路改造") == STATUS_OK);
    paper(stand, made->id, "plan", true);
    paper(stand, made->id, "contract", true);
    Case__SubmitRequest in = submit_of(made->id, 2);
    EXPECT(stand_refused(stand, &stand->person, "case.Submit", &in.base, STATUS_INVALID_ARGUMENT,
                         "invalid"));
    EXPECT(stand_names(stand, "materials[proxy]", "required"));
    EXPECT(stand_view(stand, receipt->case_id)->item_version == 1);
    EXPECT(!stand_view(stand, receipt->case_id)->materials[2]->required);

    /* An older version that arrives late does not come into force again. */
    stand_publish(stand, stand_item(bench_arena(stand->bench), 1));
    EXPECT(bench_count(stand->bench, "SELECT version FROM items") == 2);
    stand_free(&stand);
}

/* A new version has another field and lacks one: the draft of the old one can be finished. */
TEST(a_draft_follows_its_item)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *made = draft(stand);
    EXPECT(save(stand, made->id, 1, "price", "5") == STATUS_OK);
    Catalog__Item *item = stand_item(bench_arena(stand->bench), 2);
    item->form_fields[3]->id = "budget";
    item->form_fields[3]->required = true;
    item->materials[0]->id = "permit";
    stand_publish(stand, item);
    EXPECT(text_equal(stand_view(stand, made->id)->materials[0]->material_id, "permit"));
    EXPECT(save(stand, made->id, 2, "price", "5") == STATUS_INVALID_ARGUMENT);
    EXPECT(save(stand, made->id, 2, "project_name", "滨江路改造") == STATUS_OK);
    paper(stand, made->id, "permit", true);
    paper(stand, made->id, "contract", true);
    Case__SubmitRequest in = submit_of(made->id, 3);
    EXPECT(stand_refused(stand, &stand->person, "case.Submit", &in.base, STATUS_INVALID_ARGUMENT,
                         "invalid"));
    EXPECT(bench_failure(stand->bench)->n_violations == 1 &&
           stand_names(stand, "form.budget", "required"));
    EXPECT(save(stand, made->id, 3, "budget", "5") == STATUS_OK);
    in.version = 4;
    EXPECT(stand_call(stand, &stand->person, "case.Submit", &in.base, NULL) == STATUS_OK);
    EXPECT(stand_view(stand, made->id)->item_version == 2);
    stand_free(&stand);
}

TEST(a_suspended_item_takes_no_cases)
{
    stand_t *stand = stand_new();
    Catalog__ItemStateChanged event = CATALOG__ITEM_STATE_CHANGED__INIT;
    event.item_id = STAND_ITEM;
    event.version = 1;
    event.state = CATALOG__ITEM_STATE__ITEM_STATE_SUSPENDED;
    stand_ask(stand, &BENCH_SERVICE, "case.OnItemStateChanged", &event.base);
    Case__CreateDraftRequest in = CASE__CREATE_DRAFT_REQUEST__INIT;
    in.item_id = STAND_ITEM;
    EXPECT(stand_refused(stand, &stand->person, "case.CreateDraft", &in.base,
                         STATUS_FAILED_PRECONDITION, "item.suspended"));
    in.item_id = "";
    EXPECT(stand_refused(stand, &stand->person, "case.CreateDraft", &in.base,
                         STATUS_INVALID_ARGUMENT, "required"));
    in.item_code = "nothing";
    EXPECT(stand_refused(stand, &stand->person, "case.CreateDraft", &in.base, STATUS_NOT_FOUND,
                         "item.unknown"));
    stand_free(&stand);
}

TEST(a_suspension_that_overtakes_its_version_stays)
{
    stand_t *stand = stand_new();
    Catalog__ItemStateChanged event = CATALOG__ITEM_STATE_CHANGED__INIT;
    event.item_id = STAND_ITEM;
    event.version = 2;
    event.state = CATALOG__ITEM_STATE__ITEM_STATE_SUSPENDED;
    stand_ask(stand, &BENCH_SERVICE, "case.OnItemStateChanged", &event.base);
    stand_publish(stand, stand_item(bench_arena(stand->bench), 2));
    Case__CreateDraftRequest in = CASE__CREATE_DRAFT_REQUEST__INIT;
    in.item_id = STAND_ITEM;
    EXPECT(stand_refused(stand, &stand->person, "case.CreateDraft", &in.base,
                         STATUS_FAILED_PRECONDITION, "item.suspended"));
    event.version = 1; /* of a version before: too late */
    event.state = CATALOG__ITEM_STATE__ITEM_STATE_PUBLISHED;
    stand_ask(stand, &BENCH_SERVICE, "case.OnItemStateChanged", &event.base);
    EXPECT(bench_count(stand->bench, "SELECT state FROM items") ==
           CATALOG__ITEM_STATE__ITEM_STATE_SUSPENDED);
    stand_publish(stand, stand_item(bench_arena(stand->bench), 3));
    EXPECT(stand_call(stand, &stand->person, "case.CreateDraft", &in.base, NULL) == STATUS_OK);
    stand_free(&stand);
}

/* Every door to somebody else's case says the same: there is none. */
TEST(anothers_case_does_not_exist)
{
    stand_t *stand = stand_new();
    const Case__Receipt *receipt = stand_apply(stand);
    Case__GetCaseRequest get = CASE__GET_CASE_REQUEST__INIT;
    get.id = receipt->case_id;
    EXPECT(stand_refused(stand, &stand->other, "case.GetCase", &get.base, STATUS_NOT_FOUND,
                         "not_found"));
    Case__WithdrawRequest withdraw = CASE__WITHDRAW_REQUEST__INIT;
    withdraw.id = receipt->case_id;
    withdraw.version = receipt->version;
    EXPECT(stand_refused(stand, &stand->other, "case.Withdraw", &withdraw.base, STATUS_NOT_FOUND,
                         "not_found"));
    Case__GetCaseForStaffRequest staff = CASE__GET_CASE_FOR_STAFF_REQUEST__INIT;
    staff.id = receipt->case_id;
    EXPECT(stand_refused(stand, &stand->stranger, "case.GetCaseForStaff", &staff.base,
                         STATUS_NOT_FOUND, "not_found"));
    caller_t all = bench_staff(stand->bench, "auditor", "centre", "case.all");
    EXPECT(stand_call(stand, &all, "case.GetCaseForStaff", &staff.base, NULL) == STATUS_OK);
    caller_t elsewhere = bench_system("transport-system", "transport");
    Case__GetCaseForSystemRequest system = CASE__GET_CASE_FOR_SYSTEM_REQUEST__INIT;
    system.id = receipt->case_id;
    EXPECT(stand_refused(stand, &elsewhere, "case.GetCaseForSystem", &system.base, STATUS_NOT_FOUND,
                         "not_found"));
    EXPECT(stand_call(stand, &stand->system, "case.GetCaseForSystem", &system.base, NULL) ==
           STATUS_OK);

    /* Nor do drafts exist for anyone but their owner. */
    const Case__CaseStatus *made = draft(stand);
    staff.id = made->id;
    EXPECT(stand_refused(stand, &stand->clerk, "case.GetCaseForStaff", &staff.base,
                         STATUS_NOT_FOUND, "not_found"));
    stand_free(&stand);
}

TEST(an_own_list_goes_page_by_page)
{
    stand_t *stand = stand_new();
    for (int i = 0; i < 5; i++) {
        bench_set_now(stand->bench, bench_now(stand->bench) + 1000);
        stand_apply(stand);
    }
    Case__ListCasesRequest in = CASE__LIST_CASES_REQUEST__INIT;
    in.page_size = 2;
    int seen = 0, pages = 0;
    const char *before = "~";
    do {
        const Case__CaseList *list = stand_ask(stand, &stand->person, "case.ListCases", &in.base);
        for (size_t i = 0; i < list->n_cases; i++, seen++) {
            EXPECT(strcmp(list->cases[i]->id, before) < 0);
            before = list->cases[i]->id;
        }
        in.page_token = list->next_page_token;
    } while (++pages < 10 && in.page_token[0]);
    EXPECT(seen == 5 && pages == 3);
    in.page_token = "nonsense";
    EXPECT(stand_refused(stand, &stand->person, "case.ListCases", &in.base, STATUS_INVALID_ARGUMENT,
                         "page_token"));
    in.page_token = "";
    EXPECT(((const Case__CaseList *) stand_ask(stand, &stand->other, "case.ListCases", &in.base))
               ->n_cases == 0);
    stand_free(&stand);
}
