/* overview.c - for those who answer for a department: all its cases, and how it stands.
 *
 * Numbers are counted when asked, over indexes by day: what is open now, and what was handed in
 * or decided in the last days.  Who holds case.all asks about each department or all of them. */

#include "case.svc.h"
#include "clock.h"
#include "deadline.h"
#include "page.h"
#include "text.h"

#define DAYS_USUAL      30
#define DAYS_MAX        92
#define DEPARTMENTS_MAX 500
#define STATES          16 /* more than State has */
#define DAY_TEXT_AT     5  /* "11-22" in "2026-11-22" */

/* The department that is asked about, "" for all; refuses what the caller may not see. */
static status_t asked_department(call_t *call, const char *department_id, const char **ret)
{
    bool all = call_permitted(call, "case.all");
    if (!all && !text_empty(department_id) && !text_equal(department_id, call->caller.department))
        return call_fail(call, STATUS_PERMISSION_DENIED, "case.other_department", "departmentId",
                         "只能查看本部门的办件");
    *ret = text_empty(department_id) && !all ? call->caller.department : department_id;
    return STATUS_OK;
}

/* --- ListDepartmentCases ------------------------------------------------------------------ */

/* Limits of submission from "YYYY-MM-DD", the last day included; none: all time. */
static void bind_days(query_t *find, const Case__ListDepartmentCasesRequest *in)
{
    int64_t from = 0, until = 0;
    bool has_from = clock_day_parse(in->from, &from),
         has_until = clock_day_parse(in->until, &until);
    query_int(find, "from_ms", has_from ? clock_day_start_ms(from) : 0);
    query_int(find, "until_ms", has_until ? clock_day_start_ms(until + 1) : INT64_MAX);
}

status_t case_list_department_cases(call_t *call, const Case__ListDepartmentCasesRequest *in,
                                    Case__CaseList *out)
{
#define MATCHING                                                                                   \
    " submitted_ms <> 0 AND (submitted_ms, id) < (:before_ms, :before_id)"                         \
    " AND submitted_ms >= :from_ms AND submitted_ms < :until_ms"                                   \
    " AND (:state = 0 OR state = :state) AND (:open = 0 OR state BETWEEN 2 AND 8)"                 \
    " AND (:overdue = 0 OR (due_ms > 0 AND due_ms <= :now))"                                       \
    " AND (:officer_id = '' OR officer_id = :officer_id)"                                          \
    " AND (:q = '' OR instr(number, :q) > 0 OR instr(item_name, :q) > 0)"                          \
    " ORDER BY submitted_ms DESC, id DESC LIMIT :limit"
    page_t page;
    const char *department = "";
    status_t status = asked_department(call, in->department_id, &department);
    if (status == STATUS_OK)
        status = page_open(call, in->page_size, in->page_token, &page);
    if (status != STATUS_OK)
        return status;
    query_t *find =
        text_empty(department)
            ? query(call->store, "SELECT * FROM cases WHERE" MATCHING)
            : query(call->store,
                    "SELECT * FROM cases WHERE department_id = :department AND" MATCHING);
    if (!text_empty(department))
        query_text(find, "department", department);
    page_bind_before(&page, find);
    bind_days(find, in);
    query_int(find, "state", in->state);
    query_int(find, "open", in->open);
    query_int(find, "overdue", in->overdue);
    query_int(find, "now", call->now_ms);
    query_text(find, "officer_id", in->officer_id);
    query_text(find, "q", in->q);
    return page_cases(call, find, &page, PAGE_BY_SUBMISSION, out);
}

/* --- GetOverview -------------------------------------------------------------------------- */

typedef struct {
    int64_t first_day; /* of the days that are counted */
    int64_t from_ms;
    uint32_t days;
    uint32_t states[STATES];
    uint32_t submitted[DAYS_MAX];
    uint32_t decided[DAYS_MAX];
    int64_t spent_ms; /* from acceptance to decision, of all that were decided */
} count_t;

static void add_state(count_t *self, int64_t state, int64_t count)
{
    if (state >= 0 && state < STATES)
        self->states[state] += (uint32_t) count;
}

static bool in_days(const count_t *self, int64_t day)
{
    return day >= self->first_day && day < self->first_day + self->days;
}

/* Days in Shanghai: UTC+8 without daylight saving (clock.h). */
static status_t count_submitted(call_t *call, count_t *self, Case__DepartmentCount *out)
{
    query_t *count = query(
        call->store, "SELECT state, (submitted_ms + 28800000) / 86400000 AS day, count(*) AS count,"
                     " max(department_name) AS name FROM cases WHERE department_id = :department"
                     " AND submitted_ms >= :from AND submitted_ms <> 0 GROUP BY 1, 2");
    query_text(count, "department", out->department_id);
    query_int(count, "from", self->from_ms);
    while (query_next(count)) {
        int64_t day = query_get_int(count, "day"), found = query_get_int(count, "count");
        add_state(self, query_get_int(count, "state"), found);
        out->submitted += (uint32_t) found;
        if (in_days(self, day))
            self->submitted[day - self->first_day] += (uint32_t) found;
        if (text_empty(out->department_name))
            out->department_name = query_get_text(count, "name", call->arena);
    }
    return query_done(count);
}

/* `older`: handed in before the days that are counted; the others are in `submitted`. */
static status_t add_open(call_t *call, query_t *count, count_t *self, Case__DepartmentCount *out)
{
    query_text(count, "department", out->department_id);
    query_int(count, "from", self->from_ms);
    query_int(count, "now", call->now_ms);
    query_int(count, "soon", deadline_soon_ms(call->now_ms));
    while (query_next(count)) {
        out->open += (uint32_t) query_get_int(count, "count");
        out->due_soon += (uint32_t) query_get_int(count, "due_soon");
        out->overdue += (uint32_t) query_get_int(count, "overdue");
        add_state(self, query_get_int(count, "state"), query_get_int(count, "older"));
        if (text_empty(out->department_name))
            out->department_name = query_get_text(count, "name", call->arena);
    }
    return query_done(count);
}

static status_t count_open(call_t *call, count_t *self, Case__DepartmentCount *out)
{
#define OPEN_COLUMNS                                                                               \
    "SELECT state, count(*) AS count, max(department_name) AS name,"                               \
    " count(*) FILTER (WHERE due_ms > :now AND due_ms <= :soon) AS due_soon,"                      \
    " count(*) FILTER (WHERE due_ms > 0 AND due_ms <= :now) AS overdue,"                           \
    " count(*) FILTER (WHERE submitted_ms < :from) AS older FROM cases"                            \
    " WHERE department_id = :department"
    status_t status = add_open(
        call, query(call->store, OPEN_COLUMNS " AND waits_for <> '' GROUP BY state"), self, out);
    if (status == STATUS_OK) /* CORRECTION: waits for its applicant */
        status = add_open(call, query(call->store, OPEN_COLUMNS " AND state = 3 GROUP BY state"),
                          self, out);
    return status;
}

static status_t count_decided(call_t *call, count_t *self, Case__DepartmentCount *out)
{
    query_t *count = query(
        call->store,
        "SELECT (decided_ms + 28800000) / 86400000 AS day, count(*) AS count,"
        " count(*) FILTER (WHERE promised_due_ms > 0 AND decided_ms >= promised_due_ms) AS late,"
        " sum(decided_ms - accepted_ms) AS spent, max(department_name) AS name FROM cases WHERE department_id = :department"
        " AND decided_ms >= :from AND decided_ms <> 0 GROUP BY 1");
    query_text(count, "department", out->department_id);
    query_int(count, "from", self->from_ms);
    while (query_next(count)) {
        int64_t day = query_get_int(count, "day"), found = query_get_int(count, "count");
        uint32_t late = (uint32_t) query_get_int(count, "late");
        out->decided += (uint32_t) found;
        out->late += late;
        out->on_time += (uint32_t) found - late;
        self->spent_ms += query_get_int(count, "spent");
        if (text_empty(out->department_name))
            out->department_name = query_get_text(count, "name", call->arena);
        if (in_days(self, day))
            self->decided[day - self->first_day] += (uint32_t) found;
    }
    return query_done(count);
}

/* "98.5%" and "3.2"; nothing for nothing. */
static bool finish(call_t *call, int64_t spent_ms, Case__DepartmentCount *out)
{
    if (!out->decided)
        return true;
    unsigned rate = (unsigned) (out->on_time * 1000ull / out->decided);
    long long tenths = spent_ms / (CLOCK_DAY_MS / 10) / out->decided;
    out->on_time_rate = rate % 10 ? arena_printf(call->arena, "%u.%u%%", rate / 10, rate % 10)
                                  : arena_printf(call->arena, "%u%%", rate / 10);
    out->mean_days = arena_printf(call->arena, "%lld.%lld", tenths / 10, tenths % 10);
    return out->on_time_rate && out->mean_days;
}

static void add_up(Case__DepartmentCount *total, const Case__DepartmentCount *one)
{
    total->open += one->open;
    total->due_soon += one->due_soon;
    total->overdue += one->overdue;
    total->submitted += one->submitted;
    total->decided += one->decided;
    total->on_time += one->on_time;
    total->late += one->late;
}

static status_t count_department(call_t *call, const char *department_id, count_t *self,
                                 Case__Overview *out)
{
    Case__DepartmentCount *one =
        (Case__DepartmentCount *) message_new(&case__department_count__descriptor, call->arena);
    if (!one)
        return STATUS_RESOURCE_EXHAUSTED;
    int64_t before_ms = self->spent_ms;
    one->department_id = department_id;
    status_t status = count_submitted(call, self, one);
    if (status == STATUS_OK)
        status = count_open(call, self, one);
    if (status == STATUS_OK)
        status = count_decided(call, self, one);
    if (status != STATUS_OK)
        return status;
    if (!finish(call, self->spent_ms - before_ms, one))
        return STATUS_RESOURCE_EXHAUSTED;
    if (text_empty(one->department_name)) /* nothing open, nothing in these days */
        return STATUS_OK;
    add_up(out->total, one);
    out->by_department[out->n_by_department++] = one;
    return STATUS_OK;
}

/* Departments that ever had a case: one step of the index each. */
static status_t count_all(call_t *call, count_t *self, Case__Overview *out)
{
    const char *after = "";
    while (out->n_by_department < DEPARTMENTS_MAX) {
        query_t *next = query(call->store, "SELECT min(department_id) AS id FROM cases"
                                           " WHERE department_id > :after AND submitted_ms <> 0");
        query_text(next, "after", after);
        const char *id = query_next(next) ? query_get_text(next, "id", call->arena) : "";
        status_t status = query_done(next);
        if (status != STATUS_OK || text_empty(id))
            return status;
        status = count_department(call, id, self, out);
        if (status != STATUS_OK)
            return status;
        after = id;
    }
    return STATUS_OK;
}

static bool fill_states(call_t *call, const count_t *self, Case__Overview *out)
{
    out->by_state = ARRAY(call->arena, Case__StateCount *, STATES);
    for (int state = STATE(SUBMITTED); out->by_state && state < STATES; state++) {
        if (!self->states[state])
            continue;
        Case__StateCount *one =
            (Case__StateCount *) message_new(&case__state_count__descriptor, call->arena);
        if (!one)
            return false;
        one->state = (Case__State) state;
        one->count = self->states[state];
        out->by_state[out->n_by_state++] = one;
    }
    return out->by_state != NULL;
}

static bool fill_days(call_t *call, const count_t *self, Case__Overview *out)
{
    out->by_day = ARRAY(call->arena, Case__DayCount *, self->days);
    for (uint32_t i = 0; out->by_day && i < self->days; i++) {
        char date[CLOCK_DAY_SIZE];
        clock_day_format(self->first_day + i, date);
        Case__DayCount *one =
            (Case__DayCount *) message_new(&case__day_count__descriptor, call->arena);
        if (!one)
            return false;
        one->date = arena_text(call->arena, date);
        one->day = one->date ? one->date + DAY_TEXT_AT : NULL;
        one->submitted = self->submitted[i];
        one->decided = self->decided[i];
        if (!one->date)
            return false;
        out->by_day[out->n_by_day++] = one;
    }
    return out->by_day != NULL;
}

status_t case_get_overview(call_t *call, const Case__GetOverviewRequest *in, Case__Overview *out)
{
    const char *department = "";
    status_t status = asked_department(call, in->department_id, &department);
    if (status != STATUS_OK)
        return status;
    count_t *self = arena_alloc(call->arena, sizeof *self);
    out->total =
        (Case__DepartmentCount *) message_new(&case__department_count__descriptor, call->arena);
    out->by_department = ARRAY(call->arena, Case__DepartmentCount *, DEPARTMENTS_MAX);
    char from[CLOCK_DAY_SIZE];
    if (!self || !out->total || !out->by_department)
        return STATUS_RESOURCE_EXHAUSTED;
    self->days = in->days ? in->days : DAYS_USUAL;
    self->first_day = clock_day_of(call->now_ms) - self->days + 1;
    self->from_ms = clock_day_start_ms(self->first_day);
    clock_day_format(self->first_day, from);
    out->from = arena_text(call->arena, from);
    out->days = self->days;

    status = text_empty(department) ? count_all(call, self, out)
                                    : count_department(call, department, self, out);
    if (status != STATUS_OK)
        return status;
    return out->from && finish(call, self->spent_ms, out->total) && fill_states(call, self, out) &&
                   fill_days(call, self, out)
               ? STATUS_OK
               : STATUS_RESOURCE_EXHAUSTED;
}
