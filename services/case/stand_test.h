/* stand_test.h - what the tests of this folder stand on: a case service in memory with the starter
 * holidays, one published item, an applicant, officials and a department's system.
 *
 *   stand_t *stand = stand_new();
 *   const Case__Receipt *receipt = stand_apply(stand);
 *   ... stand_ask(stand, &stand->clerk, "case.Accept", &accept.base) ...
 *   stand_free(&stand); */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "item_copy.h"
#include "service.h"
#include "test.h"
#include "text.h"
#include "yiwang/identity.pb-c.h"

#define STAND_ITEM   "01JTHNG0000000000000000001"
#define STAND_IMPL   "11440100007482575H3440118009000"
#define STAND_PERSON "01JPERS0000000000000000001"
#define STAND_NAME   "王小明"
#define STAND_NUMBER "11010519491231002X"
#define STAND_MOBILE "13800138000"

typedef struct {
    bench_t *bench;
    settings_t *settings;
    caller_t person, other, clerk, reviewer, chief, stranger, system;
    int asked; /* calls of identity.GetPerson */
} stand_t;

/* --- calls -------------------------------------------------------------------------------- */

static inline status_t stand_call(stand_t *self, const caller_t *caller, const char *method,
                                  const ProtobufCMessage *in, const ProtobufCMessage **ret)
{
    return bench_call(self->bench, caller, method, in, ret);
}

/* The answer; a refusal is printed and ends the test program. */
static inline const void *stand_ask(stand_t *self, const caller_t *caller, const char *method,
                                    const ProtobufCMessage *in)
{
    const ProtobufCMessage *ret = NULL;
    if (bench_call(self->bench, caller, method, in, &ret) != STATUS_OK) {
        const Yw__Status *failure = bench_failure(self->bench);
        fprintf(stderr, "%s: %s %s\n", method, failure->code, failure->message);
        for (size_t i = 0; i < failure->n_violations; i++)
            fprintf(stderr, "  %s %s %s\n", failure->violations[i]->field,
                    failure->violations[i]->code, failure->violations[i]->message);
        CHECK(!"the call succeeds");
    }
    return ret;
}

/* Whether a call is refused with this status and code. */
static inline bool stand_refused(stand_t *self, const caller_t *caller, const char *method,
                                 const ProtobufCMessage *in, status_t status, const char *code)
{
    status_t got = bench_call(self->bench, caller, method, in, NULL);
    const Yw__Status *failure = bench_failure(self->bench);
    if (got == status && failure && text_equal(failure->code, code))
        return true;
    fprintf(stderr, "%s: status %d, code %s, expected %d %s\n", method, got,
            failure ? failure->code : "-", status, code);
    return false;
}

/* Whether the last refusal names a field with a code. */
static inline bool stand_names(stand_t *self, const char *field, const char *code)
{
    const Yw__Status *failure = bench_failure(self->bench);
    for (size_t i = 0; failure && i < failure->n_violations; i++)
        if (text_equal(failure->violations[i]->field, field) &&
            text_equal(failure->violations[i]->code, code))
            return true;
    return false;
}

/* --- the item ----------------------------------------------------------------------------- */

static inline Catalog__Item *stand_item(arena_t *arena, unsigned version)
{
    Catalog__Item *item = (Catalog__Item *) message_new(&catalog__item__descriptor, arena);
    static Catalog__Material materials[3];
    static Catalog__Material *material_list[] = {&materials[0], &materials[1], &materials[2]};
    static Catalog__FormField fields[5];
    static Catalog__FormField *field_list[] = {&fields[0], &fields[1], &fields[2], &fields[3],
                                               &fields[4]};
    static Catalog__Choice choices[2];
    static Catalog__Choice *choice_list[] = {&choices[0], &choices[1]};
    static Catalog__Stage stages[4];
    static Catalog__Stage *stage_list[] = {&stages[0], &stages[1], &stages[2], &stages[3]};

    for (int i = 0; i < 3; i++)
        catalog__material__init(&materials[i]);
    materials[0].id = "plan";
    materials[0].name = "建设工程规划许可证";
    materials[0].need = CATALOG__MATERIAL_NEED__MATERIAL_NEED_ALWAYS;
    materials[1].id = "contract";
    materials[1].name = "施工合同";
    materials[1].need = CATALOG__MATERIAL_NEED__MATERIAL_NEED_ALWAYS;
    materials[1].format = CATALOG__MATERIAL_FORMAT__MATERIAL_FORMAT_BOTH;
    materials[2].id = "proxy";
    materials[2].name = "授权委托书";
    materials[2].need = CATALOG__MATERIAL_NEED__MATERIAL_NEED_SOMETIMES;
    materials[2].format = CATALOG__MATERIAL_FORMAT__MATERIAL_FORMAT_ELECTRONIC;

    for (int i = 0; i < 5; i++)
        catalog__form_field__init(&fields[i]);
    fields[0].id = "project_name";
    fields[0].label = "工程名称";
    fields[0].required = true;
    fields[0].max_len = 20;
    fields[1].id = "kind";
    fields[1].label = "工程类别";
    fields[1].type = CATALOG__FIELD_TYPE__FIELD_TYPE_CHOICE;
    fields[1].choices = choice_list;
    fields[1].n_choices = 2;
    for (int i = 0; i < 2; i++)
        catalog__choice__init(&choices[i]);
    choices[0].label = "房屋建筑";
    choices[1].label = "道路";
    choices[0].value = "house";
    choices[1].value = "road";
    fields[2].id = "start";
    fields[2].label = "开工日期";
    fields[2].type = CATALOG__FIELD_TYPE__FIELD_TYPE_DATE;
    fields[3].id = "price";
    fields[3].label = "合同价格";
    fields[3].type = CATALOG__FIELD_TYPE__FIELD_TYPE_NUMBER;
    fields[3].min = 1;
    fields[3].max = 100000;
    fields[4].id = "phone";
    fields[4].label = "联系电话";
    fields[4].kind = YW__KIND__KIND_MOBILE;
    fields[4].prefill = "account.mobile";

    for (int i = 0; i < 4; i++)
        catalog__stage__init(&stages[i]);
    stages[0].id = "accept";
    stages[0].name = "受理";
    stages[0].kind = CATALOG__STAGE_KIND__STAGE_KIND_ACCEPT;
    stages[1].id = "papers";
    stages[1].name = "书面审查";
    stages[1].kind = CATALOG__STAGE_KIND__STAGE_KIND_REVIEW;
    stages[1].days = 2;
    stages[2].id = "site";
    stages[2].name = "现场勘验";
    stages[2].kind = CATALOG__STAGE_KIND__STAGE_KIND_REVIEW;
    stages[3].id = "decide";
    stages[3].name = "决定";
    stages[3].kind = CATALOG__STAGE_KIND__STAGE_KIND_DECIDE;

    item->id = STAND_ITEM;
    item->version = version;
    item->name = "建筑工程施工许可证核发";
    item->impl_code = STAND_IMPL;
    item->department_id = "housing";
    item->department_name = "市住房和城乡建设局";
    item->promise_days = 5;
    item->promise_unit = CATALOG__DAY_UNIT__DAY_UNIT_WORKING;
    item->legal_days = 20;
    item->legal_unit = CATALOG__DAY_UNIT__DAY_UNIT_WORKING;
    item->materials = material_list;
    item->n_materials = 3;
    item->form_fields = field_list;
    item->n_form_fields = 5;
    item->stages = stage_list;
    item->n_stages = 4;
    return item;
}

static inline void stand_publish(stand_t *self, Catalog__Item *item)
{
    Catalog__ItemPublished event = CATALOG__ITEM_PUBLISHED__INIT;
    event.item_id = item->id;
    event.item = item;
    stand_ask(self, &BENCH_SERVICE, "case.OnItemPublished", &event.base);
}

/* --- the others --------------------------------------------------------------------------- */

/* Colleagues: "reviewer-..." of housing, "gone" who was disabled, "stranger" of transport. */
static inline status_t stand_staff(const Identity__GetStaffRequest *in, Identity__Staff *out)
{
    bool gone = text_equal(in->id, "gone"), stranger = text_equal(in->id, "stranger");
    if (!gone && !stranger && !text_starts(in->id, "reviewer"))
        return STATUS_NOT_FOUND;
    out->id = in->id;
    out->name = in->id;
    out->department_id = stranger ? "transport" : "housing";
    out->state = gone ? IDENTITY__STAFF_STATE__STAFF_STATE_DISABLED
                      : IDENTITY__STAFF_STATE__STAFF_STATE_ACTIVE;
    return STATUS_OK;
}

static inline status_t stand_answer(void *arg, const char *method, const ProtobufCMessage *in,
                                    ProtobufCMessage *out)
{
    stand_t *self = arg;
    if (text_equal(method, "identity.GetStaff"))
        return stand_staff((const Identity__GetStaffRequest *) in, (Identity__Staff *) out);
    if (!text_equal(method, "identity.GetPerson"))
        return STATUS_UNIMPLEMENTED;
    self->asked++;
    Identity__Person *person = (Identity__Person *) out;
    person->account_id = STAND_PERSON;
    person->name = STAND_NAME;
    person->id_number = STAND_NUMBER;
    person->mobile = STAND_MOBILE;
    person->level = YW__LEVEL__LEVEL_BASIC;
    return STATUS_OK;
}

static inline void stand_holidays(stand_t *self)
{
    arena_t *arena = bench_arena(self->bench);
    Case__ImportHolidaysRequest in = CASE__IMPORT_HOLIDAYS_REQUEST__INIT;
    Case__Holiday **list = ARRAY(arena, Case__Holiday *, 1000);
    FILE *file = fopen("deploy/starter/holidays.csv", "r");
    CHECK(file);
    char line[200];
    CHECK(fgets(line, sizeof line, file)); /* names of the columns */
    while (fgets(line, sizeof line, file) && in.n_holidays < 1000) {
        Case__Holiday *one = (Case__Holiday *) message_new(&case__holiday__descriptor, arena);
        char *last = strrchr(line, ',');
        *last = line[10] = 0;
        one->date = arena_text(arena, line);
        one->name = arena_text(arena, line + 11);
        one->is_off_day = last[1] == '1';
        list[in.n_holidays++] = one;
    }
    fclose(file);
    in.holidays = list;
    stand_ask(self, &BENCH_SERVICE, "case.ImportHolidays", &in.base);
}

static inline stand_t *stand_new(void)
{
    static const uint8_t master[CRYPTO_KEY_SIZE] = {7};
    stand_t *self = xalloc(sizeof *self);
    crypto_init();
    self->settings = settings_new(master);
    self->bench = bench_new(case_service(), self->settings);
    bench_on_ask(self->bench, stand_answer, self);
    self->person = bench_person(STAND_PERSON, YW__LEVEL__LEVEL_BASIC);
    self->other = bench_person("01JPERS0000000000000000002", YW__LEVEL__LEVEL_BASIC);
    self->clerk = bench_staff(self->bench, "clerk", "housing", "case.receive");
    self->reviewer = bench_staff(self->bench, "reviewer", "housing", "case.review");
    self->chief = bench_staff(self->bench, "chief", "housing", "case.decide");
    self->stranger =
        bench_staff(self->bench, "stranger", "transport", "case.receive case.review case.decide");
    self->system = bench_system("housing-system", "housing");
    stand_holidays(self);
    stand_publish(self, stand_item(bench_arena(self->bench), 1));
    return self;
}

static inline void stand_free(stand_t **self)
{
    bench_free(&(*self)->bench);
    settings_free(&(*self)->settings);
    free(*self);
    *self = NULL;
}

/* --- cases -------------------------------------------------------------------------------- */

static inline Case__FormValue *stand_value(stand_t *self, const char *name, const char *value)
{
    Case__FormValue *ret =
        (Case__FormValue *) message_new(&case__form_value__descriptor, bench_arena(self->bench));
    ret->name = name;
    ret->value = value;
    return ret;
}

static inline const Case__Receipt *stand_apply(stand_t *self)
{
    Case__ApplyRequest in = CASE__APPLY_REQUEST__INIT;
    Case__FormValue *form[] = {stand_value(self, "project_name", "滨江路改造")};
    const char *papers[] = {"plan", "contract"};
    in.item_id = STAND_ITEM;
    in.form = form;
    in.n_form = 1;
    in.paper_materials = papers;
    in.n_paper_materials = 2;
    return stand_ask(self, &self->person, "case.Apply", &in.base);
}

static inline const Case__CaseStatus *stand_accept(stand_t *self, const Case__Receipt *receipt)
{
    Case__AcceptRequest in = CASE__ACCEPT_REQUEST__INIT;
    in.id = receipt->case_id;
    in.version = receipt->version;
    return stand_ask(self, &self->clerk, "case.Accept", &in.base);
}

static inline const Case__CaseDetail *stand_view(stand_t *self, const char *case_id)
{
    Case__GetCaseRequest in = CASE__GET_CASE_REQUEST__INIT;
    in.id = case_id;
    return stand_ask(self, &self->person, "case.GetCase", &in.base);
}

/* "2026-03-09T10:00:00+08:00" */
static inline void stand_clock(stand_t *self, const char *time)
{
    int64_t ms = 0;
    CHECK(clock_parse(time, strlen(time), &ms));
    bench_set_now(self->bench, ms);
}

static inline void stand_tick(stand_t *self)
{
    Yw__Empty in = YW__EMPTY__INIT;
    stand_ask(self, &BENCH_SERVICE, "case.Tick", &in.base);
}

/* Whether a time is 24:00 of a day. */
static inline bool stand_due(const struct Google__Protobuf__Timestamp *at, const char *day)
{
    char text[CLOCK_DAY_SIZE];
    clock_day_format(clock_day_of(timestamp_ms(at) - 1), text);
    if (timestamp_ms(at) == clock_day_start_ms(clock_day_of(timestamp_ms(at))) &&
        text_equal(text, day))
        return true;
    fprintf(stderr, "due %s, expected %s\n", text, day);
    return false;
}
