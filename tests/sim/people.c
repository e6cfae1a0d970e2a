/* people.c - see people.h: the set-up, and the stories. */
#include "people.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "crypto.h"
#include "message.h"
#include "platform_sim.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"
#include "yiwang/identity.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

#define PASSWORD  "correct-horse-9"
#define KNOWN_MAX 512

const char *const people_departments[DEPARTMENTS] = {"zjj", "wjw"};

item_info_t people_items[ITEMS] = {
    {.name = "建筑工程施工许可证核发",
     .department = 0,
     .legal_days = 20,
     .promise_days = 5,
     .stages = 2},
    {.name = "公共场所卫生许可",
     .department = 1,
     .legal_days = 30,
     .promise_days = 10,
     .calendar = true},
    {.name = "城镇污水排入排水管网许可",
     .department = 0,
     .legal_days = 0,
     .promise_days = 0,
     .stages = 1},
    {.name = "医疗机构执业登记信息查询", .department = 1, .legal_days = 3, .at_once = true},
};

holiday_info_t people_holidays[512];
size_t people_holiday_count;
int people_holidays_until_year;
watched_t people_watched[8192];
size_t people_watched_count;
int64_t people_watch_cursor;

static known_case_t known[KNOWN_MAX];
static size_t known_cases;

typedef struct {
    person_t base;
    char name[40], id_number[20], mobile[12];
    bool has_account;
    char session_refresh[160];
} citizen_t;

typedef struct {
    const char *login;
    int department;
    unsigned posts; /* bits 1 << Post */
    const char *permission;
    const char *effective;
} clerk_info_t;

#define RECEIVES (1u << IDENTITY__POST__POST_RECEIVE | 1u << IDENTITY__POST__POST_ACCEPT)
#define REVIEWS  (1u << IDENTITY__POST__POST_REVIEW)
#define DECIDES  (1u << IDENTITY__POST__POST_DECIDE)

static const clerk_info_t CLERK_INFO[CLERKS] = {
    {"zjj-one", 0, RECEIVES, NULL, "case.receive"},
    {"zjj-two", 0, RECEIVES | REVIEWS, NULL, "case.receive case.review"},
    {"zjj-three", 0, DECIDES | REVIEWS, NULL, "case.review case.decide"},
    {"wjw-one", 1, RECEIVES | REVIEWS | DECIDES, NULL, "case.receive case.review case.decide"},
    {"wjw-two", 1, DECIDES, NULL, "case.decide"},
    {"zjj-editor", 0, 0, "item.publish", ""},
    {"wjw-editor", 1, 0, "item.publish", ""},
};

static citizen_t citizens[CITIZENS + CITIZENS_NEW];
static person_t clerks[CLERKS];
static person_t systems[DEPARTMENTS];
static person_t operator_;
static bool set_up_done;
static int64_t stories_until_us;
static uint32_t going_on;

size_t known_count(void)
{
    return known_cases;
}

known_case_t *known_at(size_t index)
{
    return &known[index];
}

known_case_t *known_find(const char *id)
{
    for (size_t i = 0; i < known_cases; i++)
        if (strcmp(known[i].id, id) == 0)
            return &known[i];
    return NULL;
}

person_t *people_citizen(int index)
{
    return &citizens[index].base;
}

const char *people_staff_permissions(const char *staff_id, const char **ret_department)
{
    for (int i = 0; i < CLERKS; i++)
        if (strcmp(clerks[i].id, staff_id) == 0) {
            *ret_department = people_departments[CLERK_INFO[i].department];
            return CLERK_INFO[i].effective;
        }
    return NULL;
}

#define NEW(person, type, descriptor) ((type *) message_new(&(descriptor), (person)->arena))

/* --- the set-up ------------------------------------------------------------------------------------ */

/* GB 11643-1999: the last of 18 is a check character. */
static void make_id_number(int number, char out[20])
{
    static const int WEIGHTS[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    snprintf(out, 20, "11010119%02d0%d%02d%03d", 60 + number % 39, 1 + number % 9, 10 + number % 15,
             (number + 101) % 1000);
    for (int i = 0; i < 17; i++)
        sum += (out[i] - '0') * WEIGHTS[i];
    out[17] = "10X98765432"[sum % 11];
    out[18] = 0;
}

static const void *must(person_t *self, const char *method, const ProtobufCMessage *in)
{
    reply_t reply = ask(self, method, in);
    if (reply.status != STATUS_OK)
        broken("simulator", "set-up: %s: %s %s", method, status_name(reply.status), reply.code);
    return reply.out;
}

static void import_people(person_t *me)
{
    static const char *const NAMES[DEPARTMENTS] = {"住房和城乡建设局", "卫生健康委员会"};
    static const char *const CREDIT[DEPARTMENTS] = {"91350100M000100Y43", "914403001922038216"};
    Identity__Department departments[DEPARTMENTS], *list[DEPARTMENTS];
    Identity__ImportDepartmentsRequest in = IDENTITY__IMPORT_DEPARTMENTS_REQUEST__INIT;
    for (int i = 0; i < DEPARTMENTS; i++) {
        identity__department__init(&departments[i]);
        departments[i].id = people_departments[i];
        departments[i].name = NAMES[i];
        departments[i].credit_code = CREDIT[i];
        departments[i].division = "340100";
        departments[i].position = i + 1;
        list[i] = &departments[i];
    }
    in.departments = list;
    in.n_departments = DEPARTMENTS;
    must(me, "identity.ImportDepartments", &in.base);

    Identity__PopulationRecord records[CITIZENS + CITIZENS_NEW], *persons[CITIZENS + CITIZENS_NEW];
    Identity__ImportPopulationRequest population = IDENTITY__IMPORT_POPULATION_REQUEST__INIT;
    for (int i = 0; i < CITIZENS + CITIZENS_NEW; i++) {
        citizen_t *citizen = &citizens[i];
        snprintf(citizen->name, sizeof citizen->name, "市民%s",
                 (const char *[]){"甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸", "子",
                                  "丑"}[i]);
        make_id_number(i, citizen->id_number);
        snprintf(citizen->mobile, sizeof citizen->mobile, "138000000%02d", i);
        identity__population_record__init(&records[i]);
        records[i].name = citizen->name;
        records[i].id_number = citizen->id_number;
        persons[i] = &records[i];
    }
    population.persons = persons;
    population.n_persons = CITIZENS + CITIZENS_NEW;
    population.source = "simulation";
    must(me, "identity.ImportPopulation", &population.base);

    char text[601] = "";
    for (size_t i = 0; i < 150; i++)
        memcpy(text + 3 * i, "条", 4);
    Google__Protobuf__Timestamp from = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    from.seconds = 1704067200;
    Identity__ImportAgreementRequest agreement = IDENTITY__IMPORT_AGREEMENT_REQUEST__INIT;
    agreement.version = "2024-01";
    agreement.title = "协议";
    agreement.text = text;
    agreement.effective_at = &from;
    must(me, "identity.ImportAgreement", &agreement.base);

    Identity__StaffRecord staff[CLERKS], *staff_list[CLERKS];
    Identity__Post posts[CLERKS][6];
    const char *permissions[CLERKS][1];
    Identity__ImportStaffRequest import = IDENTITY__IMPORT_STAFF_REQUEST__INIT;
    for (int i = 0; i < CLERKS; i++) {
        identity__staff_record__init(&staff[i]);
        staff[i].login_name = CLERK_INFO[i].login;
        staff[i].name = CLERK_INFO[i].login;
        staff[i].department_id = people_departments[CLERK_INFO[i].department];
        for (unsigned post = 1; post <= 5; post++)
            if (CLERK_INFO[i].posts & 1u << post)
                posts[i][staff[i].n_posts++] = (Identity__Post) post;
        staff[i].posts = posts[i];
        if (CLERK_INFO[i].permission) {
            permissions[i][0] = CLERK_INFO[i].permission;
            staff[i].permissions = permissions[i];
            staff[i].n_permissions = 1;
        }
        staff[i].password = PASSWORD;
        staff_list[i] = &staff[i];
    }
    import.staff = staff_list;
    import.n_staff = CLERKS;
    must(me, "identity.ImportStaff", &import.base);
}

static const char *const SYSTEM_METHODS[] = {
    "case.Watch",       "case.GetCaseForSystem", "case.Accept",        "case.Decide",
    "case.FinishStage", "case.CloseCase",        "case.SendCorrection"};

static void make_system(person_t *me, int department)
{
    char id[16];
    person_t *system = &systems[department];
    snprintf(id, sizeof id, "%s-system", people_departments[department]);
    Identity__CreateSystemRequest create = IDENTITY__CREATE_SYSTEM_REQUEST__INIT;
    create.id = id;
    create.name = "业务系统";
    create.department_id = people_departments[department];
    must(me, "identity.CreateSystem", &create.base);
    curve_make(&system->curve);
    Identity__AddSystemKeyRequest key = IDENTITY__ADD_SYSTEM_KEY_REQUEST__INIT;
    Google__Protobuf__Timestamp until = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    until.seconds = 1704067200 + 5LL * 366 * 86400;
    key.system_id = id;
    key.public_key = system->curve.public_key;
    key.valid_until = &until;
    reply_t reply = ask(me, "identity.AddSystemKey", &key.base);
    if (reply.status != STATUS_OK) {
        key.valid_until = NULL;
        must(me, "identity.AddSystemKey", &key.base);
    }
    for (size_t i = 0; i < sizeof SYSTEM_METHODS / sizeof *SYSTEM_METHODS; i++) {
        Identity__GrantMethodRequest grant = IDENTITY__GRANT_METHOD_REQUEST__INIT;
        grant.system_id = id;
        grant.method = SYSTEM_METHODS[i];
        must(me, "identity.GrantMethod", &grant.base);
    }
    snprintf(system->id, sizeof system->id, "%s", id);
    snprintf(system->department, sizeof system->department, "%s", people_departments[department]);
    system->is_system = true;
}

static const char *item_json(const item_info_t *item, int edition)
{
    static char text[6000];
    char stages[900] = "";
    for (int i = 0; i < item->stages; i++)
        snprintf(
            stages + strlen(stages), sizeof stages - strlen(stages),
            ",{\"id\":\"review%d\",\"name\":\"审查%d\",\"kind\":\"STAGE_KIND_REVIEW\",\"post\":\"审查岗\","
            "\"standard\":\"符合\",\"days\":%d}",
            i + 1, i + 1, i == 0 ? 2 : 0);
    int index = (int) (item - people_items);
    snprintf(
        text, sizeof text,
        "[{\"name\":\"%s\",\"type\":\"ITEM_TYPE_LICENSE\",\"role\":\"ITEM_ROLE_HANDLING\",\"baseCode\":\"00011702300%d\","
        "\"implCode\":\"1134010090010011183000117023%03d\",\"itemCode\":\"113401009001001118300011702300%d01\","
        "\"creditCode\":\"113401009001001118\",\"departmentId\":\"%s\",\"departmentName\":\"部门\","
        "\"useLevel\":\"USE_LEVEL_CITY\",\"powerSource\":\"POWER_SOURCE_OWN\",\"bodyNature\":\"BODY_NATURE_STATUTORY\","
        "\"division\":\"340100\",\"audiences\":[\"AUDIENCE_PERSON\"],\"caseKind\":\"%s\","
        "\"legalBases\":[{\"law\":\"中华人民共和国建筑法\",\"article\":\"第七条\"}],"
        "\"legalDays\":%d,\"legalUnit\":\"%s\",\"promiseDays\":%d,\"promiseUnit\":\"%s\","
        "\"conditions\":\"第%d版条件。\","
        "\"materials\":[{\"id\":\"plan\",\"name\":\"建设工程规划许可证\",\"need\":\"MATERIAL_NEED_ALWAYS\","
        "\"type\":\"MATERIAL_TYPE_COPY\",\"format\":\"MATERIAL_FORMAT_BOTH\",\"source\":\"MATERIAL_SOURCE_GOVERNMENT\","
        "\"copies\":1,\"acceptanceStandard\":\"清晰、在有效期内\"}],"
        "\"stages\":[{\"id\":\"accept\",\"name\":\"受理\",\"kind\":\"STAGE_KIND_ACCEPT\",\"post\":\"受理岗\",\"standard\":\"材料齐全\"}%s],"
        "\"questions\":[{\"question\":\"收费吗？\",\"answer\":\"不收费。\"}],"
        "\"formFields\":[{\"id\":\"project\",\"label\":\"工程名称\",\"type\":\"FIELD_TYPE_TEXT\",\"required\":true,\"maxLen\":40}],"
        "\"results\":[{\"name\":\"许可证\",\"type\":\"RESULT_TYPE_LICENCE\"}],"
        "\"handlingForms\":[\"HANDLING_FORM_WINDOW\"],\"onlineDepth\":\"ONLINE_DEPTH_FULL\","
        "\"handleArea\":\"HANDLE_AREA_LOCAL\",\"places\":[{\"name\":\"窗口\",\"address\":\"示例路1号\",\"hours\":\"工作日\"}],"
        "\"consult\":\"0551-00000001\",\"supervise\":\"0551-00000002\",\"bodyThemes\":[\"国土和规划建设\"]}]",
        item->name, index, index, index, people_departments[item->department],
        item->at_once ? "CASE_KIND_AT_ONCE" : "CASE_KIND_PROMISED", item->legal_days,
        item->calendar ? "DAY_UNIT_CALENDAR" : "DAY_UNIT_WORKING", item->promise_days,
        item->calendar ? "DAY_UNIT_CALENDAR" : "DAY_UNIT_WORKING", edition, stages);
    return text;
}

static reply_t import_item(person_t *me, int index, int edition)
{
    Catalog__ImportItemsRequest in = CATALOG__IMPORT_ITEMS_REQUEST__INIT;
    in.format = CATALOG__LIST_FORMAT__LIST_FORMAT_JSON;
    in.text = item_json(&people_items[index], edition);
    in.publish = true;
    in.source_name = "simulation";
    return ask(me, "catalog.ImportItems", &in.base);
}

static void read_holidays(void)
{
    FILE *file = fopen("deploy/starter/holidays.csv", "r");
    char line[200];
    if (!file || !fgets(line, sizeof line, file))
        broken("simulator",
               "deploy/starter/holidays.csv is not there: run it in the project's folder");
    while (fgets(line, sizeof line, file)) {
        holiday_info_t *one = &people_holidays[people_holiday_count];
        char *last = strrchr(line, ',');
        one->off = last[1] == '1';
        line[10] = 0;
        if (!clock_day_parse(line, &one->day))
            broken("simulator", "deploy/starter/holidays.csv: %s", line);
        people_holiday_count++;
    }
    fclose(file);
}

/* A table for the year after, as it might be: New Year with a made-up Saturday, and some days. */
static void invent_holidays(int year)
{
    static const struct {
        int month, day;
        bool off;
    } DAYS[] = {{1, 1, true},  {1, 2, true},  {1, 9, false}, {2, 15, true},
                {2, 16, true}, {2, 17, true}, {5, 3, true},  {10, 1, true}};
    for (size_t i = 0; i < sizeof DAYS / sizeof *DAYS; i++)
        people_holidays[people_holiday_count++] =
            (holiday_info_t){clock_days(year, DAYS[i].month, DAYS[i].day), DAYS[i].off};
}

static int year_of(int64_t day)
{
    int year, month, unused;
    clock_civil(day, &year, &month, &unused);
    return year;
}

static reply_t import_holidays(person_t *me, int from_year, int until_year)
{
    Case__ImportHolidaysRequest in = CASE__IMPORT_HOLIDAYS_REQUEST__INIT;
    in.holidays = ARRAY(me->arena, Case__Holiday *, people_holiday_count);
    for (size_t i = 0; i < people_holiday_count; i++) {
        int year = year_of(people_holidays[i].day);
        if (year < from_year || year > until_year)
            continue;
        Case__Holiday *one = NEW(me, Case__Holiday, case__holiday__descriptor);
        char text[CLOCK_DAY_SIZE];
        clock_day_format(people_holidays[i].day, text);
        one->date = arena_text(me->arena, text);
        one->name = "节假日";
        one->is_off_day = people_holidays[i].off;
        in.holidays[in.n_holidays++] = one;
    }
    return ask(me, "case.ImportHolidays", &in.base);
}

static bool citizen_register(citizen_t *self);
static bool citizen_sign_in(person_t *base);
static bool clerk_sign_in(person_t *self);

static void find_items(person_t *me)
{
    for (int i = 0; i < ITEMS; i++) {
        char code[64];
        snprintf(code, sizeof code, "113401009001001118300011702300%d01", i);
        Catalog__GetItemRequest get = CATALOG__GET_ITEM_REQUEST__INIT;
        get.id = code;
        const Catalog__Item *item = must(me, "catalog.GetItem", &get.base);
        people_items[i].id = strdup(item->id);
    }
}

static void set_up(void *arg)
{
    (void) arg;
    person_t *me = &operator_;
    me->as_service = true;
    ask_open(me);
    read_holidays();
    import_people(me);
    for (int i = 0; i < DEPARTMENTS; i++)
        make_system(me, i);
    for (int i = 0; i < ITEMS; i++) {
        const Catalog__ImportReport *report = import_item(me, i, 1).out;
        if (!report || report->refused || report->created != 1)
            broken("simulator", "set-up: item %d is refused: %s", i,
                   report && report->n_reports ? report->reports[0]->message : "?");
    }
    find_items(me);
    people_holidays_until_year = 2026;
    import_holidays(me, 2000, 2026);
    invent_holidays(2027);
    for (int i = 0; i < CITIZENS; i++) {
        citizen_t *citizen = &citizens[i];
        citizen->base.process = me->process;
        citizen->base.arena = me->arena;
        citizen->base.link = me->link;
        citizen->base.call = me->call + 1000000u * (unsigned) (i + 1);
        if (!citizen_register(citizen))
            broken("simulator", "set-up: a citizen cannot register");
        citizen->base.arena = NULL;
        citizen->base.link = NULL;
        citizen->base.process = NULL;
    }
    for (int i = 0; i < CLERKS; i++) {
        clerks[i].process = me->process;
        clerks[i].arena = me->arena;
        clerks[i].link = me->link;
        clerks[i].call = me->call + 100000000u * (unsigned) (i + 1);
        clerks[i].number = i;
        if (!clerk_sign_in(&clerks[i]))
            broken("simulator", "set-up: a clerk cannot sign in");
        clerks[i].arena = NULL;
        clerks[i].link = NULL;
        clerks[i].token_size = 0;
    }
    fiber_sleep_ms(3000); /* events arrive */
    ask_close(me);
    set_up_done = true;
}

void people_set_up(void)
{
    operator_.process = process_new("operator", false);
    operator_.process->alive = true;
    fiber_start(operator_.process, "set-up", set_up, NULL);
}

bool people_set_up_done(void)
{
    return set_up_done;
}

/* --- signing in ---------------------------------------------------------------------------------------- */

static void take_token(person_t *self, const Identity__SessionTokens *tokens)
{
    size_t size = 0;
    if (!crypto_unbase64(tokens->access_token, strlen(tokens->access_token), self->token,
                         sizeof self->token, &size))
        broken("answers are whole", "an access token is no base64");
    self->token_size = size;
    self->expires_ms = timestamp_ms(tokens->access_expires_at);
}

/* A text with six digits for this mobile that is newer than the last one. */
static bool wait_for_code(const char *mobile, int after, char ret[7])
{
    for (int i = 0; i < 150; i++) {
        if (platform_sms(mobile, ret) > after)
            return true;
        fiber_sleep_ms(200);
    }
    return false;
}

static bool citizen_register(citizen_t *self)
{
    char code[7] = "";
    person_t *me = &self->base;
    for (int i = 0; i < 5 && !self->has_account; i++) {
        int before = platform_sms(self->mobile, code);
        Identity__SendCodeRequest send = IDENTITY__SEND_CODE_REQUEST__INIT;
        send.mobile = self->mobile;
        send.purpose = IDENTITY__PURPOSE__PURPOSE_REGISTER;
        reply_t sent = ask(me, "identity.SendCode", &send.base);
        if (sent.status != STATUS_OK || !wait_for_code(self->mobile, before, code)) {
            fiber_sleep_ms(between(1000, 61000));
            continue;
        }
        Identity__RegisterRequest in = IDENTITY__REGISTER_REQUEST__INIT;
        in.name = self->name;
        in.id_number = self->id_number;
        in.mobile = self->mobile;
        in.code = code;
        in.password = PASSWORD;
        in.agreement_version = "2024-01";
        reply_t done = ask(me, "identity.RegisterPerson", &in.base);
        if (done.status == STATUS_OK) {
            const Identity__Account *account = done.out;
            snprintf(me->id, sizeof me->id, "%s", account->id);
            self->has_account = true;
        } else if (done.status == STATUS_ALREADY_EXISTS) {
            broken("an effect once for each key",
                   "%s cannot register: it is said to be done, but "
                   "nobody else has this number",
                   self->mobile);
        }
    }
    return self->has_account;
}

static bool citizen_sign_in(person_t *base)
{
    citizen_t *self = (citizen_t *) base;
    Identity__LoginRequest in = IDENTITY__LOGIN_REQUEST__INIT;
    in.identifier = one_in(2) ? self->id_number : self->mobile;
    in.password = PASSWORD;
    base->token_size = 0;
    reply_t reply = ask(base, "identity.Login", &in.base);
    if (reply.status != STATUS_OK)
        return false;
    const Identity__SessionTokens *tokens = reply.out;
    if (strcmp(tokens->account_id, base->id) != 0)
        broken("nobody sees another's case", "%s signs in and is somebody else", base->name);
    take_token(base, tokens);
    return true;
}

static bool clerk_sign_in(person_t *self)
{
    Identity__StaffLoginRequest in = IDENTITY__STAFF_LOGIN_REQUEST__INIT;
    const clerk_info_t *info = &CLERK_INFO[self->number];
    in.login_name = info->login;
    in.password = PASSWORD;
    self->token_size = 0;
    reply_t reply = ask(self, "identity.StaffLogin", &in.base);
    if (reply.status != STATUS_OK)
        return false;
    const Identity__SessionTokens *tokens = reply.out;
    snprintf(self->id, sizeof self->id, "%s", tokens->account_id);
    snprintf(self->department, sizeof self->department, "%s", people_departments[info->department]);
    take_token(self, tokens);
    return true;
}

/* --- a citizen's story ------------------------------------------------------------------------------------ */

static known_case_t *case_known(person_t *me, const char *id, int item, op_t *op)
{
    if (op)
        snprintf(op->case_id, sizeof op->case_id, "%s", id);
    known_case_t *one = known_find(id);
    if (one)
        return one;
    if (known_cases == KNOWN_MAX)
        broken("simulator", "more than %d cases", KNOWN_MAX);
    one = &known[known_cases++];
    snprintf(one->id, sizeof one->id, "%s", id);
    one->owner = me->number;
    one->item = item;
    return one;
}

static void note_receipt(person_t *me, const reply_t *reply, int item)
{
    const Case__Receipt *receipt = reply->out;
    known_case_t *one = case_known(me, receipt->case_id, item, reply->op);
    snprintf(one->number, sizeof one->number, "%s", receipt->number);
    snprintf(one->code, sizeof one->code, "%s", receipt->query_code);
    one->submitted = true;
}

/* What may be answered to an applicant who does nothing wrong: the item may be suspended meanwhile. */
static bool is_item_refusal(const reply_t *reply)
{
    return strcmp(reply->code, "item.suspended") == 0 || strcmp(reply->code, "item.unknown") == 0;
}

static void expect(person_t *me, const char *what, const reply_t *reply, bool allowed)
{
    if (reply->status != STATUS_OK && !allowed)
        broken("no refusal of the wrong kind", "%s: %s is refused: %s %s", me->name, what,
               status_name(reply->status), reply->code);
}

static void citizen_apply(person_t *me)
{
    int item = (int) below(ITEMS);
    Case__FormValue value = CASE__FORM_VALUE__INIT, *form[] = {&value};
    const char *papers[] = {"plan"};
    Case__ApplyRequest in = CASE__APPLY_REQUEST__INIT;
    value.name = "project";
    value.value = "滨江路改造";
    in.item_id = people_items[item].id;
    in.form = form;
    in.n_form = 1;
    in.paper_materials = papers;
    in.n_paper_materials = 1;
    reply_t reply = ask(me, "case.Apply", &in.base);
    expect(me, "Apply", &reply, reply.status != STATUS_OK && is_item_refusal(&reply));
    if (reply.status != STATUS_OK)
        return;
    note_receipt(me, &reply, item);
    if (one_in(3))
        ask_again(me, reply.op, "case.Apply", &in.base);
    if (one_in(4)) {
        value.value = "另一个工程";
        ask_otherwise(me, reply.op, "case.Apply", &in.base);
    }
}

static bool put_file(person_t *me, const char *case_id)
{
    static const uint8_t PDF[3000] = "%PDF-1.4\n";
    size_t size = 200 + below(2700), half = one_in(2) ? size / 2 : size;
    for (size_t at = 0; at < size;) {
        Case__PutFileRequest in = CASE__PUT_FILE_REQUEST__INIT;
        size_t part = at + half <= size && at == 0 ? half : size - at;
        in.case_id = case_id;
        in.material_id = "plan";
        in.file_name = "plan.pdf";
        in.offset = (int64_t) at;
        in.size = (int64_t) size;
        in.data = (ProtobufCBinaryData){part, (uint8_t *) PDF + at};
        in.last = at + part == size;
        reply_t reply = ask(me, "case.PutFile", &in.base);
        if (reply.status != STATUS_OK)
            return false;
        at += part;
    }
    return true;
}

/* Draft, form, material, submission, each with its own chances to go wrong. */
static void citizen_draft(person_t *me)
{
    int item = (int) below(ITEMS);
    Case__CreateDraftRequest create = CASE__CREATE_DRAFT_REQUEST__INIT;
    create.item_id = people_items[item].id;
    reply_t reply = ask(me, "case.CreateDraft", &create.base);
    expect(me, "CreateDraft", &reply, reply.status != STATUS_OK && is_item_refusal(&reply));
    if (reply.status != STATUS_OK)
        return;
    const Case__CaseStatus *status = reply.out;
    known_case_t *mine = case_known(me, status->id, item, reply.op);
    int64_t version = status->version;
    fiber_sleep_ms(between(10, 1500));

    Case__FormValue value = CASE__FORM_VALUE__INIT, *form[] = {&value};
    Case__SaveDraftRequest save = CASE__SAVE_DRAFT_REQUEST__INIT;
    value.name = "project";
    value.value = "人民路管网";
    save.id = mine->id;
    save.version = version;
    save.form = form;
    save.n_form = 1;
    reply = ask(me, "case.SaveDraft", &save.base);
    expect(me, "SaveDraft", &reply, false);
    version = ((const Case__CaseStatus *) reply.out)->version;

    if (one_in(6)) {
        Case__DeleteDraftRequest delete = CASE__DELETE_DRAFT_REQUEST__INIT;
        delete.id = mine->id;
        reply = ask(me, "case.DeleteDraft", &delete.base);
        expect(me, "DeleteDraft", &reply, false);
        snprintf(reply.op->case_id, sizeof reply.op->case_id, "%s", mine->id);
        return;
    }
    if (one_in(2) || !put_file(me, mine->id)) {
        Case__MarkPaperRequest paper = CASE__MARK_PAPER_REQUEST__INIT;
        paper.case_id = mine->id;
        paper.material_id = "plan";
        paper.paper = true;
        reply = ask(me, "case.MarkPaper", &paper.base);
        expect(me, "MarkPaper", &reply, false);
    }
    Case__GetCaseRequest get = CASE__GET_CASE_REQUEST__INIT;
    get.id = mine->id;
    reply = ask(me, "case.GetCase", &get.base);
    expect(me, "GetCase", &reply, false);
    version = ((const Case__CaseDetail *) reply.out)->summary->version;

    Case__SubmitRequest submit = CASE__SUBMIT_REQUEST__INIT;
    submit.id = mine->id;
    if (one_in(5)) { /* an old page in another window */
        submit.version = version - 1;
        reply = ask(me, "case.Submit", &submit.base);
        if (reply.status == STATUS_OK)
            broken("versions are looked at", "%s submits an old version of %s", me->name, mine->id);
    }
    submit.version = version;
    reply = ask(me, "case.Submit", &submit.base);
    expect(me, "Submit", &reply, reply.status != STATUS_OK && is_item_refusal(&reply));
    if (reply.status != STATUS_OK)
        return;
    note_receipt(me, &reply, item);
    if (one_in(3))
        ask_again(me, reply.op, "case.Submit", &submit.base);
}

static known_case_t *one_of_mine(person_t *me)
{
    known_case_t *mine[KNOWN_MAX];
    uint32_t count = 0;
    for (size_t i = 0; i < known_cases; i++)
        if (known[i].owner == me->number && known[i].submitted)
            mine[count++] = &known[i];
    return count ? mine[below(count)] : NULL;
}

static known_case_t *one_of_others(person_t *me)
{
    for (int i = 0; i < 10 && known_cases; i++) {
        known_case_t *one = &known[below((uint32_t) known_cases)];
        if (one->owner != me->number)
            return one;
    }
    return NULL;
}

static void check_own(person_t *me, const char *id)
{
    const known_case_t *one = known_find(id);
    if (one && one->owner != me->number)
        broken("nobody sees another's case", "%s is shown %s", me->name, id);
}

static void citizen_look(person_t *me)
{
    known_case_t *mine = one_of_mine(me);
    if (!mine)
        return;
    Case__GetCaseRequest get = CASE__GET_CASE_REQUEST__INIT;
    get.id = mine->id;
    reply_t reply = ask(me, "case.GetCase", &get.base);
    expect(me, "GetCase", &reply, false);
    const Case__CaseDetail *detail = reply.out;
    if (strcmp(detail->summary->number, mine->number) != 0)
        broken("acknowledged is there", "%s has number %s, acknowledged was %s", mine->id,
               detail->summary->number, mine->number);
    int64_t version = detail->summary->version;
    if (detail->summary->state == CASE__STATE__STATE_CORRECTION && !one_in(4)) {
        Case__SupplementRequest in = CASE__SUPPLEMENT_REQUEST__INIT;
        Case__FormValue value = CASE__FORM_VALUE__INIT, *form[] = {&value};
        value.name = "project";
        value.value = "补正后的工程";
        in.id = mine->id;
        in.version = version;
        in.form = form;
        in.n_form = 1;
        in.note = "已补正";
        reply = ask(me, "case.Supplement", &in.base);
        snprintf(reply.op->case_id, sizeof reply.op->case_id, "%s", mine->id);
        if (reply.status == STATUS_OK && one_in(3))
            ask_again(me, reply.op, "case.Supplement", &in.base);
    } else if (one_in(10)) {
        Case__WithdrawRequest in = CASE__WITHDRAW_REQUEST__INIT;
        in.id = mine->id;
        in.version = one_in(4) ? version - 1 : version;
        in.reason = "不办了";
        reply = ask(me, "case.Withdraw", &in.base);
        snprintf(reply.op->case_id, sizeof reply.op->case_id, "%s", mine->id);
        if (reply.status == STATUS_OK && in.version != version)
            broken("versions are looked at", "%s withdraws an old version of %s", me->name,
                   mine->id);
    }
}

static void citizen_list(person_t *me)
{
    Case__ListCasesRequest in = CASE__LIST_CASES_REQUEST__INIT;
    in.page_size = 50;
    reply_t reply = ask(me, "case.ListCases", &in.base);
    expect(me, "ListCases", &reply, false);
    const Case__CaseList *list = reply.out;
    for (size_t i = 0; i < list->n_cases; i++)
        check_own(me, list->cases[i]->id);
    /* Read your writes: what was acknowledged is in the list. */
    for (size_t i = 0; i < known_cases && list->n_cases < 50; i++) {
        if (known[i].owner != me->number || !known[i].submitted)
            continue;
        bool found = false;
        for (size_t j = 0; j < list->n_cases; j++)
            found = found || strcmp(list->cases[j]->id, known[i].id) == 0;
        if (!found)
            broken("acknowledged is there", "%s does not find %s in the list", me->name,
                   known[i].id);
    }
}

static void citizen_query(person_t *me)
{
    known_case_t *one = one_of_mine(me);
    if (!one)
        return;
    Case__QueryCaseRequest in = CASE__QUERY_CASE_REQUEST__INIT;
    bool wrong = one_in(4);
    in.number = one->number;
    in.query_code = wrong ? "ZZZZZZZZ" : one->code;
    reply_t reply = ask(me, "case.QueryCase", &in.base);
    if (wrong && reply.status == STATUS_OK && strcmp(one->code, "ZZZZZZZZ") != 0)
        broken("nobody sees another's case", "%s is shown with a wrong code", one->number);
    if (reply.status == STATUS_OK &&
        strcmp(((const Case__CaseProgress *) reply.out)->number, one->number) != 0)
        broken("acknowledged is there", "%s is asked for, another is shown", one->number);
    if (!wrong && reply.status != STATUS_OK && reply.status != STATUS_RESOURCE_EXHAUSTED)
        broken("acknowledged is there", "%s is not found by its code: %s", one->number, reply.code);
}

/* Everything that must not work. */
static void citizen_pry(person_t *me)
{
    known_case_t *other = one_of_others(me);
    reply_t reply;
    if (!other)
        return;
    switch (below(7)) {
    case 5: { /* somebody else's name in a token of one's own */
        size_t at = me->token_size / 3;
        Case__GetCaseRequest in = CASE__GET_CASE_REQUEST__INIT;
        in.id = other->id;
        for (size_t i = 0; i + 26 < me->token_size; i++)
            if (memcmp(me->token + i, me->id, 26) == 0)
                at = i;
        uint8_t own[2048];
        memcpy(own, me->token, me->token_size);
        memcpy(me->token + at, citizens[other->owner].base.id, 26);
        bool (*sign_in)(person_t *) = me->sign_in;
        me->sign_in = NULL;
        reply = ask(me, "case.GetCase", &in.base);
        me->sign_in = sign_in;
        memcpy(me->token, own, me->token_size);
        if (reply.status != STATUS_UNAUTHENTICATED)
            broken("rights are looked at", "%s forges a token: %s", me->name,
                   status_name(reply.status));
        return;
    }
    case 6: { /* a wrong password */
        Identity__LoginRequest in = IDENTITY__LOGIN_REQUEST__INIT;
        in.identifier = citizens[other->owner].mobile;
        in.password = "not-the-password-1";
        if (!one_in(6)) /* five of them lock the account */
            return;
        size_t size = me->token_size;
        me->token_size = 0;
        reply = ask(me, "identity.Login", &in.base);
        me->token_size = size;
        if (reply.status == STATUS_OK)
            broken("rights are looked at", "%s signs in with a wrong password", me->name);
        return;
    }
    case 0: {
        Case__GetCaseRequest in = CASE__GET_CASE_REQUEST__INIT;
        in.id = other->id;
        reply = ask(me, "case.GetCase", &in.base);
        break;
    }
    case 1: {
        Case__GetTimelineRequest in = CASE__GET_TIMELINE_REQUEST__INIT;
        in.id = other->id;
        reply = ask(me, "case.GetTimeline", &in.base);
        break;
    }
    case 2: {
        Case__WithdrawRequest in = CASE__WITHDRAW_REQUEST__INIT;
        in.id = other->id;
        in.version = 1 + below(4);
        reply = ask(me, "case.Withdraw", &in.base);
        break;
    }
    case 3: { /* an official's method with a citizen's token */
        Case__AcceptRequest in = CASE__ACCEPT_REQUEST__INIT;
        in.id = other->id;
        in.version = 1 + below(4);
        reply = ask(me, "case.Accept", &in.base);
        if (reply.status != STATUS_PERMISSION_DENIED && reply.status != STATUS_UNAUTHENTICATED)
            broken("rights are looked at", "%s calls case.Accept: %s", me->name,
                   status_name(reply.status));
        return;
    }
    default: { /* nobody at all */
        size_t size = me->token_size;
        Case__GetCaseRequest in = CASE__GET_CASE_REQUEST__INIT;
        in.id = other->id;
        me->token_size = 0;
        reply = ask(me, "case.GetCase", &in.base);
        me->token_size = size;
        if (reply.status != STATUS_UNAUTHENTICATED)
            broken("rights are looked at", "a stranger calls case.GetCase: %s",
                   status_name(reply.status));
        return;
    }
    }
    if (reply.status == STATUS_OK)
        broken("nobody sees another's case", "%s reaches %s", me->name, other->id);
    if (reply.status != STATUS_NOT_FOUND && reply.status != STATUS_FAILED_PRECONDITION)
        return;
    if (reply.status == STATUS_FAILED_PRECONDITION)
        broken("nobody sees another's case", "%s learns that %s exists: %s", me->name, other->id,
               reply.code);
}

static void citizen_messages(person_t *me)
{
    Identity__ListMessagesRequest in = IDENTITY__LIST_MESSAGES_REQUEST__INIT;
    in.page_size = 100;
    reply_t reply = ask(me, "identity.ListMessages", &in.base);
    expect(me, "ListMessages", &reply, false);
    const Identity__MessageList *list = reply.out;
    for (size_t i = 0; i < list->n_messages; i++)
        if (list->messages[i]->case_id[0])
            check_own(me, list->messages[i]->case_id);
}

static bool goes_on(void)
{
    return world_us() < stories_until_us;
}

static void pause_a_while(void)
{
    fiber_sleep_ms(one_in(5) ? between(500, 4000) : between(10, 700));
}

static void citizen_run(void *arg)
{
    citizen_t *self = arg;
    person_t *me = &self->base;
    ask_open(me);
    if (!self->has_account && !citizen_register(self))
        goto end;
    while (goes_on() && !citizen_sign_in(me))
        pause_a_while();
    me->sign_in = citizen_sign_in;
    while (goes_on() && me->token_size) {
        switch (below(10)) {
        case 0:
        case 1:
            citizen_apply(me);
            break;
        case 2:
        case 3:
            citizen_draft(me);
            break;
        case 4:
            citizen_list(me);
            break;
        case 5:
            citizen_query(me);
            break;
        case 6:
            citizen_pry(me);
            break;
        case 7:
            citizen_messages(me);
            break;
        default:
            citizen_look(me);
            break;
        }
        arena_reset(me->arena);
        pause_a_while();
    }
end:
    ask_close(me);
    going_on--;
}

/* --- an official's story ------------------------------------------------------------------------------------ */

static bool may(const person_t *me, const char *permission)
{
    return me->is_system || strstr(me->permissions, permission) != NULL;
}

static void note_case(const reply_t *reply, const char *id)
{
    if (reply->op)
        snprintf(reply->op->case_id, sizeof reply->op->case_id, "%s", id);
}

/* Officials collide: what is refused then is right.  What works with an old version is not. */
static void check_collision(person_t *me, const char *what, const reply_t *reply, bool stale)
{
    if (reply->status == STATUS_OK && stale)
        broken("versions are looked at", "%s: %s of an old version", me->name, what);
    if (reply->status == STATUS_OK || reply->status == STATUS_ABORTED ||
        reply->status == STATUS_FAILED_PRECONDITION || reply->status == STATUS_NOT_FOUND ||
        reply->status == STATUS_PERMISSION_DENIED)
        return;
    if (strncmp(reply->code, "special.", 8) == 0 || strcmp(reply->code, "required") == 0)
        return;
    broken("no refusal of the wrong kind", "%s: %s: %s %s", me->name, what,
           status_name(reply->status), reply->code);
}

typedef struct {
    char id[28];
    int state;
    int64_t version;
    char stage_id[40];
    char special_id[28];
    char owner_permission[24];
} view_t;

static void official_correct(person_t *me, const view_t *view, int64_t version, bool stale)
{
    Case__SendCorrectionRequest in = CASE__SEND_CORRECTION_REQUEST__INIT;
    Case__Gap gap = CASE__GAP__INIT, *gaps[] = {&gap};
    gap.field = "project";
    gap.reason = "名称不完整";
    gap.how = "请填写全称";
    in.id = view->id;
    in.version = version;
    in.gaps = gaps;
    in.n_gaps = 1;
    in.days = one_in(2) ? 0 : 1 + (int) below(20);
    in.repeat_reason = "补正仍不完整";
    reply_t reply = ask(me, "case.SendCorrection", &in.base);
    note_case(&reply, view->id);
    check_collision(me, "SendCorrection", &reply, stale);
}

static void official_submitted(person_t *me, const view_t *view, int64_t version, bool stale)
{
    reply_t reply;
    uint32_t what = below(10);
    if (what < 3) {
        official_correct(me, view, version, stale);
    } else if (what == 3 && !me->is_system) {
        Case__RefuseRequest in = CASE__REFUSE_REQUEST__INIT;
        in.id = view->id;
        in.version = version;
        in.reason = CASE__REFUSE_REASON__REFUSE_REASON_NOT_NEEDED;
        in.text = "依法不需要取得行政许可。";
        reply = ask(me, "case.Refuse", &in.base);
        note_case(&reply, view->id);
        check_collision(me, "Refuse", &reply, stale);
    } else {
        Case__AcceptRequest in = CASE__ACCEPT_REQUEST__INIT;
        in.id = view->id;
        in.version = version;
        in.opinion = "材料齐全";
        reply = ask(me, "case.Accept", &in.base);
        note_case(&reply, view->id);
        check_collision(me, "Accept", &reply, stale);
        if (reply.status == STATUS_OK && one_in(4))
            ask_again(me, reply.op, "case.Accept", &in.base);
    }
}

static void official_special(person_t *me, const view_t *view, int64_t version, bool stale)
{
    reply_t reply;
    if (view->special_id[0] && !one_in(3)) {
        Case__EndSpecialRequest in = CASE__END_SPECIAL_REQUEST__INIT;
        in.id = view->id;
        in.version = version;
        in.special_id = view->special_id;
        in.result = "完成";
        reply = ask(me, "case.EndSpecial", &in.base);
        note_case(&reply, view->id);
        check_collision(me, "EndSpecial", &reply, stale);
        return;
    }
    Case__StartSpecialRequest in = CASE__START_SPECIAL_REQUEST__INIT;
    in.id = view->id;
    in.version = version;
    in.kind = one_in(2) ? CASE__SPECIAL_KIND__SPECIAL_KIND_EXTENSION
                        : CASE__SPECIAL_KIND__SPECIAL_KIND_HEARING;
    in.planned_days = 1 + (int) below(8);
    in.reason = "案情复杂";
    in.approver = "局长";
    reply = ask(me, "case.StartSpecial", &in.base);
    note_case(&reply, view->id);
    check_collision(me, "StartSpecial", &reply, stale);
}

static void official_stage(person_t *me, const view_t *view, int64_t version, bool stale)
{
    Case__FinishStageRequest in = CASE__FINISH_STAGE_REQUEST__INIT;
    in.id = view->id;
    in.version = version;
    in.stage_id = view->stage_id;
    in.result =
        one_in(6) ? CASE__STAGE_RESULT__STAGE_RESULT_RETURN : CASE__STAGE_RESULT__STAGE_RESULT_PASS;
    in.opinion = "符合要求";
    if (me->is_system)
        in.officer_name = "李工";
    reply_t reply = ask(me, "case.FinishStage", &in.base);
    note_case(&reply, view->id);
    check_collision(me, "FinishStage", &reply, stale);
}

static void official_decide(person_t *me, const view_t *view, int64_t version, bool stale)
{
    Case__DecideRequest in = CASE__DECIDE_REQUEST__INIT;
    in.id = view->id;
    in.version = version;
    in.outcome = one_in(4) ? CASE__OUTCOME__OUTCOME_DENY : CASE__OUTCOME__OUTCOME_GRANT;
    in.document_number = "皖许字〔2026〕1号";
    in.reason = "依据规定";
    in.result_name = "许可证";
    in.result_number = "X-1";
    if (me->is_system)
        in.officer_name = "王局";
    reply_t reply = ask(me, "case.Decide", &in.base);
    note_case(&reply, view->id);
    check_collision(me, "Decide", &reply, stale);
    if (reply.status == STATUS_OK && one_in(4))
        ask_again(me, reply.op, "case.Decide", &in.base);
}

static void official_close(person_t *me, const view_t *view, int64_t version, bool stale)
{
    Case__CloseCaseRequest in = CASE__CLOSE_CASE_REQUEST__INIT;
    in.id = view->id;
    in.version = version;
    in.delivery = CASE__DELIVERY__DELIVERY_PICKUP;
    in.receiver = "市民";
    reply_t reply = ask(me, "case.CloseCase", &in.base);
    note_case(&reply, view->id);
    check_collision(me, "CloseCase", &reply, stale);
}

static void official_claim(person_t *me, const view_t *view, int64_t version, bool stale)
{
    Case__ClaimCaseRequest in = CASE__CLAIM_CASE_REQUEST__INIT;
    in.id = view->id;
    in.version = version;
    reply_t reply = ask(me, "case.ClaimCase", &in.base);
    note_case(&reply, view->id);
    check_collision(me, "ClaimCase", &reply, stale);
}

static void official_return(person_t *me, const view_t *view, int64_t version, bool stale)
{
    Case__ReturnCaseRequest in = CASE__RETURN_CASE_REQUEST__INIT;
    in.id = view->id;
    in.version = version;
    in.previous_stage = one_in(2);
    in.reason = "需要核实";
    reply_t reply = ask(me, "case.ReturnCase", &in.base);
    note_case(&reply, view->id);
    check_collision(me, "ReturnCase", &reply, stale);
}

/* The next thing to be done with a case, now and then with a version that is no longer. */
static void official_act(person_t *me, const view_t *view)
{
    bool stale = view->version > 1 && one_in(12);
    int64_t version = stale ? view->version - 1 : view->version;
    if (!me->is_system && one_in(8)) {
        official_claim(me, view, version, stale);
        return;
    }
    if (!me->is_system && one_in(20)) {
        official_return(me, view, version, stale);
        return;
    }
    switch (view->state) {
    case CASE__STATE__STATE_SUBMITTED:
        official_submitted(me, view, version, stale);
        break;
    case CASE__STATE__STATE_ACCEPTED:
    case CASE__STATE__STATE_REVIEWING:
    case CASE__STATE__STATE_DECIDING:
        if (!me->is_system && may(me, "case.review") && (one_in(5) || view->special_id[0]))
            official_special(me, view, version, stale);
        else if (view->stage_id[0])
            official_stage(me, view, version, stale);
        else
            official_decide(me, view, version, stale);
        break;
    case CASE__STATE__STATE_GRANTED:
    case CASE__STATE__STATE_DENIED:
        official_close(me, view, version, stale);
        break;
    default:
        break;
    }
}

static void view_of(const Case__CaseDetail *detail, view_t *ret)
{
    memset(ret, 0, sizeof *ret);
    snprintf(ret->id, sizeof ret->id, "%s", detail->summary->id);
    ret->state = (int) detail->summary->state;
    ret->version = detail->summary->version;
    for (size_t i = 0; i < detail->n_stages; i++)
        if (detail->stages[i]->state == CASE__STAGE_STATE__STAGE_STATE_OPEN)
            snprintf(ret->stage_id, sizeof ret->stage_id, "%s", detail->stages[i]->stage_id);
    for (size_t i = 0; i < detail->n_specials; i++)
        if (!detail->specials[i]->ended_at)
            snprintf(ret->special_id, sizeof ret->special_id, "%s",
                     detail->specials[i]->special_id);
}

static void clerk_work(person_t *me)
{
    Case__ListInboxRequest in = CASE__LIST_INBOX_REQUEST__INIT;
    in.page_size = 20;
    in.order = one_in(2) ? CASE__CASE_ORDER__CASE_ORDER_NEWEST : CASE__CASE_ORDER__CASE_ORDER_DUE;
    reply_t reply = ask(me, "case.ListInbox", &in.base);
    expect(me, "ListInbox", &reply, false);
    const Case__CaseList *list = reply.out;
    for (size_t i = 0; i < list->n_cases; i++)
        if (strcmp(list->cases[i]->department_id, me->department) != 0)
            broken("nobody sees another's case", "%s is shown %s of %s", me->name,
                   list->cases[i]->id, list->cases[i]->department_id);
    if (!list->n_cases)
        return;
    const Case__CaseSummary *chosen = list->cases[below((uint32_t) list->n_cases)];
    Case__GetCaseForStaffRequest get = CASE__GET_CASE_FOR_STAFF_REQUEST__INIT;
    get.id = chosen->id;
    reply = ask(me, "case.GetCaseForStaff", &get.base);
    expect(me, "GetCaseForStaff", &reply, false);
    view_t view;
    view_of(reply.out, &view);
    if (one_in(6))
        pause_a_while(); /* somebody else may be faster */
    official_act(me, &view);
}

/* Another department's case, and work one has no permission for. */
static void clerk_pry(person_t *me)
{
    if (!known_cases)
        return;
    known_case_t *one = &known[below((uint32_t) known_cases)];
    bool own = strcmp(people_departments[people_items[one->item].department], me->department) == 0;
    if (!own && one_in(2)) {
        Case__GetCaseForStaffRequest get = CASE__GET_CASE_FOR_STAFF_REQUEST__INIT;
        get.id = one->id;
        reply_t reply = ask(me, "case.GetCaseForStaff", &get.base);
        if (reply.status != STATUS_NOT_FOUND)
            broken("nobody sees another's case", "%s asks for %s of another department: %s",
                   me->name, one->id, status_name(reply.status));
        return;
    }
    if (one_in(2)) { /* whatever it waits for */
        Case__GetCaseForStaffRequest get = CASE__GET_CASE_FOR_STAFF_REQUEST__INIT;
        get.id = one->id;
        reply_t seen = ask(me, "case.GetCaseForStaff", &get.base);
        if (seen.status != STATUS_OK)
            return;
        view_t view;
        view_of(seen.out, &view);
        if (one_in(2))
            official_claim(me, &view, view.version, false);
        else
            official_return(me, &view, view.version, false);
        return;
    }
    Case__DecideRequest in = CASE__DECIDE_REQUEST__INIT;
    in.id = one->id;
    in.version = 1 + below(6);
    in.outcome = CASE__OUTCOME__OUTCOME_GRANT;
    in.document_number = "x";
    reply_t reply = ask(me, "case.Decide", &in.base);
    note_case(&reply, one->id);
    if (!may(me, "case.decide") && reply.status != STATUS_PERMISSION_DENIED)
        broken("rights are looked at", "%s may not decide: %s", me->name,
               status_name(reply.status));
    if (!own && reply.status == STATUS_OK)
        broken("nobody sees another's case", "%s decides %s of another department", me->name,
               one->id);
}

static void clerk_run(void *arg)
{
    person_t *me = arg;
    ask_open(me);
    while (goes_on() && !clerk_sign_in(me))
        pause_a_while();
    me->sign_in = clerk_sign_in;
    while (goes_on() && me->token_size) {
        if (one_in(12))
            clerk_pry(me);
        else
            clerk_work(me);
        arena_reset(me->arena);
        pause_a_while();
    }
    ask_close(me);
    going_on--;
}

/* --- an editor's: suspends and resumes items ------------------------------------------------------------------- */

static void editor_run(void *arg)
{
    person_t *me = arg;
    ask_open(me);
    while (goes_on() && !clerk_sign_in(me))
        pause_a_while();
    me->sign_in = clerk_sign_in;
    while (goes_on() && me->token_size) {
        int index = (int) below(ITEMS);
        const item_info_t *item = &people_items[index];
        if (strcmp(people_departments[item->department], me->department) == 0) {
            Catalog__GetItemRequest get = CATALOG__GET_ITEM_REQUEST__INIT;
            get.id = item->id;
            reply_t reply = ask(me, "catalog.GetItem", &get.base);
            expect(me, "GetItem", &reply, reply.status == STATUS_NOT_FOUND);
            const Catalog__Item *now = reply.out;
            if (now) {
                bool suspended = now->state == CATALOG__ITEM_STATE__ITEM_STATE_SUSPENDED;
                Catalog__ChangeItemStateRequest in = CATALOG__CHANGE_ITEM_STATE_REQUEST__INIT;
                in.id = item->id;
                in.revision = now->revision;
                in.reason = "系统维护";
                reply = ask(me, suspended ? "catalog.ResumeItem" : "catalog.SuspendItem", &in.base);
                check_collision(me, "SuspendItem", &reply, false);
            }
        }
        arena_reset(me->arena);
        pause_a_while();
        pause_a_while();
    }
    ask_close(me);
    going_on--;
}

/* --- a department system's ----------------------------------------------------------------------------------------- */

static void system_watch(person_t *me)
{
    Case__WatchRequest in = CASE__WATCH_REQUEST__INIT;
    in.cursor = people_watch_cursor;
    in.limit = 1 + (int) below(50);
    in.wait_ms = one_in(2) ? 0 : (int) below(6000);
    reply_t reply = ask(me, "case.Watch", &in.base);
    expect(me, "Watch", &reply, false);
    const Case__WatchAnswer *answer = reply.out;
    for (size_t i = 0; i < answer->n_changes; i++) {
        const Case__Change *change = answer->changes[i];
        if (change->seq <= people_watch_cursor)
            broken("the feed is in order", "entry %lld after %lld", (long long) change->seq,
                   (long long) people_watch_cursor);
        people_watch_cursor = change->seq;
        if (people_watched_count < 8192) {
            people_watched[people_watched_count].seq = change->seq;
            snprintf(people_watched[people_watched_count++].case_id, 28, "%s", change->case_id);
        }
        if (!one_in(4) || change->state == CASE__STATE__STATE_DRAFT)
            continue;
        Case__GetCaseForSystemRequest get = CASE__GET_CASE_FOR_SYSTEM_REQUEST__INIT;
        get.id = change->case_id;
        reply_t got = ask(me, "case.GetCaseForSystem", &get.base);
        expect(me, "GetCaseForSystem", &got, got.status == STATUS_NOT_FOUND);
        if (!got.out)
            continue;
        view_t view;
        view_of(got.out, &view);
        official_act(me, &view);
    }
}

static void system_pry(person_t *me)
{
    Case__GetCaseRequest in = CASE__GET_CASE_REQUEST__INIT;
    in.id = known_cases ? known[below((uint32_t) known_cases)].id : "01K00000000000000000000000";
    reply_t reply;
    if (one_in(2)) { /* systems may, but this one was not granted it */
        Case__RefuseRequest refuse = CASE__REFUSE_REQUEST__INIT;
        refuse.id = in.id;
        refuse.version = 1 + below(3);
        refuse.reason = CASE__REFUSE_REASON__REFUSE_REASON_OTHER;
        refuse.text = "不符合条件";
        reply = ask(me, "case.Refuse", &refuse.base);
    } else {
        reply = ask(me, "case.GetCase", &in.base);
    }
    if (reply.status != STATUS_PERMISSION_DENIED)
        broken("rights are looked at", "%s calls what it was not granted: %s", me->name,
               status_name(reply.status));
}

static void system_run(void *arg)
{
    person_t *me = arg;
    ask_open(me);
    while (goes_on()) {
        if (one_in(10))
            system_pry(me);
        else
            system_watch(me);
        arena_reset(me->arena);
        pause_a_while();
    }
    ask_close(me);
    going_on--;
}

/* --- the operator's: new versions of items, holidays, time, restarts --------------------------------------------------- */

static void operator_run(void *arg)
{
    person_t *me = arg;
    int edition = 1;
    ask_open(me);
    while (goes_on()) {
        fiber_sleep_ms(between(300, 4000));
        switch (below(10)) {
        case 0: {
            int index = (int) below(ITEMS);
            reply_t reply = import_item(me, index, ++edition);
            const Catalog__ImportReport *report = reply.out;
            if (!report || report->refused)
                broken("no refusal of the wrong kind", "an item is refused: %s",
                       reply.code ? reply.code : report->reports[0]->message);
            break;
        }
        case 1:
        case 9:
            /* In the autumn the table of the next year comes soon. */
            if (people_holidays_until_year < 2027 &&
                (world_wall_ms() > 1793000000000 || one_in(3))) {
                reply_t reply = import_holidays(me, 2027, 2027);
                expect(me, "ImportHolidays", &reply, false);
                people_holidays_until_year = 2027;
            }
            break;
        case 2:
        case 3:
        case 4: /* hours, days, weeks */
            world_jump(one_in(3)   ? between(60, 24 * 60) * 60000
                       : one_in(2) ? between(1, 6) * CLOCK_DAY_MS
                                   : between(1, 12) * CLOCK_DAY_MS / 4);
            break;
        case 5:
            platform_restart((int) below(PLATFORM_COUNT));
            break;
        case 6: {
            process_t *process = platform_process((int) below(PLATFORM_COUNT));
            int64_t ms = one_in(2) ? between(100, 3000) : between(3000, 8000);
            say("%s stands still for %lld ms", process->name, (long long) ms);
            process->frozen_us = world_us() + ms * MS_US;
            break;
        }
        default: {
            static const char *const SERVICES[] = {"identity.CheckHealth", "catalog.CheckHealth",
                                                   "case.CheckHealth"};
            Yw__Empty in = YW__EMPTY__INIT;
            reply_t reply = ask(me, SERVICES[below(3)], &in.base);
            expect(me, "CheckHealth", &reply, false);
            break;
        }
        }
        arena_reset(me->arena);
    }
    ask_close(me);
    going_on--;
}

/* --- all together ---------------------------------------------------------------------------------------------------------- */

static void begin(person_t *me, const char *name, void (*run)(void *arg))
{
    snprintf(me->name, sizeof me->name, "%s", name);
    me->process = process_new(name, false);
    me->process->alive = true;
    me->arena = NULL;
    going_on++;
    fiber_start(me->process, "story", run, me);
}

void people_start(int64_t until_us)
{
    char name[24];
    stories_until_us = until_us;
    uint32_t citizen_count = 1 + below(4), first = below(CITIZENS);
    for (uint32_t i = 0; i < citizen_count; i++) {
        int index = (int) ((first + i) % CITIZENS);
        if (i == 1 && one_in(3))
            index = CITIZENS + (int) below(CITIZENS_NEW);
        snprintf(name, sizeof name, "citizen%d", index);
        citizens[index].base.number = index;
        begin(&citizens[index].base, name, citizen_run);
    }
    for (int i = 0; i < CLERKS; i++) {
        if (i >= 2 && one_in(3))
            continue;
        clerks[i].number = i;
        snprintf(clerks[i].permissions, sizeof clerks[i].permissions, "%s",
                 CLERK_INFO[i].effective);
        bool editor = CLERK_INFO[i].permission != NULL;
        if (editor && !one_in(3))
            continue;
        begin(&clerks[i], CLERK_INFO[i].login, editor ? editor_run : clerk_run);
    }
    if (one_in(2))
        begin(&systems[0], "zjj-system", system_run);
    operator_.as_service = true;
    begin(&operator_, "operator", operator_run);
}

bool people_done(void)
{
    return going_on == 0;
}
