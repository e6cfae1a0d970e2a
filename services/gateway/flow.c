/* flow.c - the way of a case or of an item.
 *
 * First the message becomes a way: steps with a title, notes and a state.  Then the way is drawn.
 * The states of a case are those of docs/case-flow.md; the law sends every application through
 * submission, acceptance, review, decision and delivery. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "draw.h"
#include "message.h"
#include "rule.h"
#include "text.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"

#define NOTES_MAX 3

typedef enum { DONE, CURRENT, NEXT, BAD } step_state_t;

static const char *const state_words[] = {"done", "current", "next", "bad"};
static const char *const state_labels[] = {"已完成", "正在进行", "未开始", "已终止"};

typedef struct {
    const char *title;
    const char *notes[NOTES_MAX]; /* NULL: none */
    step_state_t state;
} step_t;

typedef struct {
    arena_t *arena;
    const char *title;
    step_t steps[DRAW_STEPS_MAX + 1];
    size_t count;
    bool has_states; /* a case; an item has none */
} way_t;

/* --- ways ---------------------------------------------------------------------------------- */

static step_t *add(way_t *self, const char *title, step_state_t state)
{
    step_t *step = &self->steps[self->count];
    if (self->count < DRAW_STEPS_MAX)
        self->count++; /* what would be one more overwrites the one behind the last */
    *step = (step_t){.title = text_empty(title) ? "（未命名环节）" : title, .state = state};
    return step;
}

static void note(step_t *step, const char *text)
{
    for (size_t i = 0; i < NOTES_MAX && text; i++)
        if (!step->notes[i]) {
            step->notes[i] = text;
            return;
        }
}

/* "11月22日 15:04", "11月22日前". */
static const char *moment(const way_t *self, const Google__Protobuf__Timestamp *time, bool limit)
{
    int year, month, day;
    int64_t ms = timestamp_ms(time);
    if (!ms)
        return NULL;
    if (limit) /* 24:00 of the last day */
        ms -= 1;
    clock_civil(clock_day_of(ms), &year, &month, &day);
    if (limit)
        return arena_printf(self->arena, "应在%d年%d月%d日前完成", year, month, day);
    int minutes = (int) ((ms - clock_day_start_ms(clock_day_of(ms))) / 60000);
    return arena_printf(self->arena, "%d年%d月%d日 %02d:%02d", year, month, day, minutes / 60,
                        minutes % 60);
}

#define STATE(name) CASE__STATE__STATE_##name

/* What CaseDetail and CaseProgress have in common. */
typedef struct {
    Case__State state;
    const Google__Protobuf__Timestamp *submitted_at, *accepted_at, *decided_at, *closed_at;
    const Case__Deadlines *deadlines;
    size_t stage_count;
    const char *(*stage)(const void *of, size_t index, step_state_t *state,
                         const Google__Protobuf__Timestamp **to,
                         const Google__Protobuf__Timestamp **due);
    const void *of;
    bool ended; /* before a decision: what would have followed is not drawn */
} course_t;

static bool is_one_of(Case__State state, const Case__State *states)
{
    for (; *states; states++)
        if (*states == state)
            return true;
    return false;
}

#define IS(state, ...) is_one_of((state), (const Case__State[]){__VA_ARGS__, 0})

static void add_beginning(way_t *self, const course_t *course)
{
    const Case__Deadlines *due = course->deadlines;
    if (course->state == STATE(DRAFT)) {
        add(self, "填写并提交申请", CURRENT);
        add(self, "受理", NEXT);
        return;
    }
    if (!course->submitted_at) { /* taken back as a draft */
        add(self, "填写申请", DONE);
        return;
    }
    note(add(self, "提交申请", DONE), moment(self, course->submitted_at, false));
    if (course->state == STATE(CORRECTION))
        note(add(self, "申请人补正材料", CURRENT),
             due ? moment(self, due->correction_due_at, true) : NULL);
    if (course->accepted_at || IS(course->state, STATE(ACCEPTED), STATE(REVIEWING), STATE(DECIDING),
                                  STATE(GRANTED), STATE(DENIED), STATE(CLOSED)))
        note(add(self, "受理", DONE), moment(self, course->accepted_at, false));
    else if (course->state == STATE(SUBMITTED))
        note(add(self, "受理", CURRENT), due ? moment(self, due->accept_due_at, true) : NULL);
    else if (course->state == STATE(REFUSED))
        note(add(self, "不予受理", BAD), moment(self, course->closed_at, false));
    else if (!course->ended)
        add(self, "受理", NEXT);
}

static void add_stages(way_t *self, const course_t *course)
{
    for (size_t i = 0; i < course->stage_count; i++) {
        const Google__Protobuf__Timestamp *to = NULL, *due = NULL;
        step_state_t state = NEXT;
        const char *name = course->stage(course->of, i, &state, &to, &due);
        if (course->ended && state != DONE)
            continue;
        step_t *step = add(self, name, state);
        if (state == DONE)
            note(step, moment(self, to, false));
        else if (state == CURRENT)
            note(step, moment(self, due, true));
    }
}

static void add_end(way_t *self, const course_t *course)
{
    const Case__Deadlines *due = course->deadlines;
    Case__State state = course->state;
    if (course->ended) {
        if (state != STATE(REFUSED))
            note(add(self, label_of(&case__state__descriptor, state), BAD),
                 moment(self, course->closed_at, false));
        return;
    }
    bool decided = IS(state, STATE(GRANTED), STATE(DENIED), STATE(CLOSED));
    bool deciding = state == STATE(DECIDING);
    step_t *decision =
        add(self,
            IS(state, STATE(GRANTED), STATE(DENIED)) ? label_of(&case__state__descriptor, state)
                                                     : "作出决定",
            decided    ? DONE
            : deciding ? CURRENT
                       : NEXT);
    note(decision, decided           ? moment(self, course->decided_at, false)
                   : deciding && due ? moment(self, due->promised_due_at, true)
                                     : NULL);
    step_t *delivery = add(self, "送达办结",
                           state == STATE(CLOSED) ? DONE
                           : decided              ? CURRENT
                                                  : NEXT);
    note(delivery, state == STATE(CLOSED) ? moment(self, course->closed_at, false)
                   : decided && due       ? moment(self, due->delivery_due_at, true)
                                          : NULL);
}

static void add_course(way_t *self, const course_t *course)
{
    self->title = "办理进度";
    self->has_states = true;
    add_beginning(self, course);
    add_stages(self, course);
    add_end(self, course);
}

static step_state_t of_stage(Case__StageState state)
{
    return state == CASE__STAGE_STATE__STAGE_STATE_DONE   ? DONE
           : state == CASE__STAGE_STATE__STAGE_STATE_OPEN ? CURRENT
                                                          : NEXT;
}

static const char *detail_stage(const void *of, size_t index, step_state_t *state,
                                const Google__Protobuf__Timestamp **to,
                                const Google__Protobuf__Timestamp **due)
{
    const Case__Stage *stage = ((const Case__CaseDetail *) of)->stages[index];
    *state = of_stage(stage->state);
    *to = stage->ended_at;
    *due = stage->due_at;
    return stage->name;
}

static const char *progress_stage(const void *of, size_t index, step_state_t *state,
                                  const Google__Protobuf__Timestamp **to,
                                  const Google__Protobuf__Timestamp **due)
{
    const Case__ProgressStage *stage = ((const Case__CaseProgress *) of)->stages[index];
    *state = of_stage(stage->state);
    *to = stage->ended_at;
    *due = NULL;
    return stage->name;
}

static bool has_ended(Case__State state)
{
    return IS(state, STATE(REFUSED), STATE(WITHDRAWN), STATE(TERMINATED));
}

static void way_of_case(way_t *self, const ProtobufCMessage *message)
{
    const Case__CaseDetail *detail = (const Case__CaseDetail *) message;
    if (!detail->summary)
        return;
    course_t course = {.state = detail->summary->state,
                       .submitted_at = detail->summary->submitted_at,
                       .accepted_at = detail->accepted_at,
                       .decided_at = detail->decision ? detail->decision->decided_at : NULL,
                       .closed_at =
                           detail->closed_at ? detail->closed_at : detail->summary->changed_at,
                       .deadlines = detail->deadlines,
                       .stage_count = detail->n_stages,
                       .stage = detail_stage,
                       .of = detail,
                       .ended = has_ended(detail->summary->state)};
    add_course(self, &course);
}

static void way_of_progress(way_t *self, const ProtobufCMessage *message)
{
    const Case__CaseProgress *progress = (const Case__CaseProgress *) message;
    course_t course = {.state = progress->state,
                       .submitted_at = progress->submitted_at,
                       .accepted_at = progress->accepted_at,
                       .closed_at = progress->closed_at,
                       .deadlines = progress->deadlines,
                       .stage_count = progress->n_stages,
                       .stage = progress_stage,
                       .of = progress,
                       .ended = has_ended(progress->state)};
    add_course(self, &course);
}

static const char *days_of(const way_t *self, uint32_t days, Catalog__DayUnit unit)
{
    if (unit == CATALOG__DAY_UNIT__DAY_UNIT_AT_ONCE)
        return "当场";
    if (!days)
        return NULL;
    return arena_printf(self->arena, "%u个%s", days,
                        unit == CATALOG__DAY_UNIT__DAY_UNIT_CALENDAR ? "自然日" : "工作日");
}

static void add_stage_of_item(way_t *self, const Catalog__Stage *stage)
{
    step_t *step = add(self, stage->name, NEXT);
    const char *days = days_of(self, stage->days, stage->unit);
    const char *kind = label_of(&catalog__stage_kind__descriptor, stage->kind);
    if (stage->kind != CATALOG__STAGE_KIND__STAGE_KIND_UNSPECIFIED &&
        !text_equal(kind, stage->name))
        note(step, days ? arena_printf(self->arena, "%s · %s", kind, days) : kind);
    else
        note(step, days);
    if (!text_empty(stage->post))
        note(step, stage->post);
}

static void way_of_item(way_t *self, const ProtobufCMessage *message)
{
    const Catalog__Item *item = (const Catalog__Item *) message;
    self->title = "办理流程";
    add(self, "申请人提交申请", NEXT);
    for (size_t i = 0; i < item->n_stages; i++)
        add_stage_of_item(self, item->stages[i]);
    if (!item->n_stages) {
        static const char *const usual[] = {"受理", "审查", "决定", "送达"};
        for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
            add(self, usual[i], NEXT);
    }
    step_t *end = add(self, "办结", NEXT);
    const char *days = days_of(self, item->promise_days, item->promise_unit);
    if (days)
        note(end, arena_printf(self->arena, "承诺办结时限：%s", days));
}

/* --- drawing --------------------------------------------------------------------------------- */

#define WIDTH      320
#define TEXT_LEFT  46
#define LINE_UNITS 16 /* an ideograph; other letters count half */
#define NOTE_UNITS 13
#define LINE_HIGH  24
#define NOTE_HIGH  19
#define PADDING    12
#define GAP        22 /* between boxes, for the arrow */
#define LINES_MAX  4

/* Where a line ends: as many characters as fit. */
static size_t fitting(const char *text, int units)
{
    int left = WIDTH - TEXT_LEFT - PADDING;
    size_t size = 0, n;
    uint32_t code;
    while ((n = text_next(text + size, &code))) {
        left -= code < 0x2e80 ? (units * 5 + 7) / 8 : units;
        if (left < 0)
            return size ? size : n;
        size += n;
    }
    return size;
}

static int lines_of(const char *text, int units)
{
    int lines = 0;
    for (const char *at = text; *at && lines < LINES_MAX; at += fitting(at, units))
        lines++;
    return lines;
}

static int height_of(const step_t *step)
{
    int height = 2 * PADDING + LINE_HIGH * lines_of(step->title, LINE_UNITS);
    for (size_t i = 0; i < NOTES_MAX && step->notes[i]; i++)
        height += NOTE_HIGH * lines_of(step->notes[i], NOTE_UNITS);
    return height;
}

static int write_lines(const char *text, const char *class, int units, int high, int y,
                       buffer_t *out)
{
    int lines = lines_of(text, units);
    for (int i = 0; i < lines; i++) {
        size_t size = fitting(text, units);
        bool cut = i == LINES_MAX - 1 && text[size];
        y += high;
        buffer_printf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, TEXT_LEFT, y - 6);
        part_escape(out, text, size);
        buffer_text(out, cut ? "…</text>" : "</text>");
        text += size;
    }
    return y;
}

/* A sign in the box: nobody needs to see the colours. */
static void write_sign(const step_t *step, size_t number, bool has_states, int y, buffer_t *out)
{
    if (!has_states || step->state == NEXT)
        buffer_printf(out,
                      "<text class=\"flow__number\" x=\"24\" y=\"%d\" text-anchor=\"middle\">%zu"
                      "</text>",
                      y + 18, number);
    else if (step->state == DONE)
        buffer_printf(out, "<path class=\"flow__sign\" fill=\"none\" d=\"M17 %dl5 5 9-10\"/>",
                      y + 12);
    else if (step->state == BAD)
        buffer_printf(out,
                      "<path class=\"flow__sign\" fill=\"none\" d=\"M18 %dl12 12m0-12l-12 12\"/>",
                      y + 6);
    else
        buffer_printf(out, "<path class=\"flow__sign\" fill=\"none\" d=\"M20 %dl7 6-7 6\"/>",
                      y + 6);
}

static void write_box(const way_t *self, size_t index, int y, int height, buffer_t *out)
{
    const step_t *step = &self->steps[index];
    buffer_printf(out, "<g class=\"flow__step\" data-state=\"%s\">",
                  self->has_states ? state_words[step->state] : "plain");
    if (index)
        buffer_printf(out,
                      "<path class=\"flow__edge\" fill=\"none\" d=\"M24 %dv%dm-5-6l5 6 5-6\"/>",
                      y - GAP, GAP - 2);
    buffer_printf(out,
                  "<rect class=\"flow__node\" x=\"1\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\""
                  " fill=\"none\"/>",
                  y, WIDTH - 2, height);
    write_sign(step, index + 1, self->has_states, y + PADDING, out);
    int at = write_lines(step->title, "flow__text", LINE_UNITS, LINE_HIGH, y + PADDING, out);
    for (size_t i = 0; i < NOTES_MAX && step->notes[i]; i++)
        at = write_lines(step->notes[i], "flow__note", NOTE_UNITS, NOTE_HIGH, at, out);
    buffer_text(out, "</g>");
}

static void write_words(const way_t *self, buffer_t *out)
{
    for (size_t i = 0; i < self->count; i++) {
        const step_t *step = &self->steps[i];
        buffer_printf(out, "第%zu步，", i + 1);
        part_escape_text(out, step->title);
        if (self->has_states)
            buffer_printf(out, "，%s", state_labels[step->state]);
        for (size_t j = 0; j < NOTES_MAX && step->notes[j]; j++) {
            buffer_text(out, "，");
            part_escape_text(out, step->notes[j]);
        }
        buffer_text(out, "。");
    }
}

static void write_way(const way_t *self, buffer_t *out)
{
    int heights[DRAW_STEPS_MAX], y = 1, total = 2;
    for (size_t i = 0; i < self->count; i++) {
        heights[i] = height_of(&self->steps[i]);
        total += heights[i] + (i ? GAP : 0);
    }
    buffer_printf(out,
                  "<svg class=\"flow\" viewBox=\"0 0 %d %d\" role=\"img\"><title>%s</title>"
                  "<desc>",
                  WIDTH, total, self->title);
    write_words(self, out);
    buffer_text(out, "</desc>");
    for (size_t i = 0; i < self->count; i++) {
        write_box(self, i, y, heights[i], out);
        y += heights[i] + GAP;
    }
    buffer_text(out, "</svg>");
}

/* --- the part ------------------------------------------------------------------------------------ */

static const struct {
    const ProtobufCMessageDescriptor *type;
    void (*way)(way_t *self, const ProtobufCMessage *message);
} ways[] = {
    {&case__case_detail__descriptor, way_of_case},
    {&case__case_progress__descriptor, way_of_progress},
    {&catalog__item__descriptor, way_of_item},
};
#define WAY_COUNT (sizeof ways / sizeof *ways)

static const part_parameter_t parameters[] = {
    {"of", PART_VALUE, PART_REQUIRED, 1u << DATUM_MESSAGE}, {0}};

static void check_flow(part_check_t *check)
{
    const datum_type_t *type = check->arguments[0].type;
    for (size_t i = 0; i < WAY_COUNT; i++)
        if (ways[i].type == type->message)
            return;
    part_fault(check,
               "a way is drawn of case.CaseDetail, case.CaseProgress or catalog.Item, not %s",
               datum_type_name(type, check->arena));
}

static void write_flow(const part_render_t *render)
{
    const datum_t of = render->arguments[0];
    way_t *way = of.kind == DATUM_MESSAGE ? arena_alloc(render->arena, sizeof *way) : NULL;
    if (!way)
        return;
    way->arena = render->arena;
    for (size_t i = 0; i < WAY_COUNT; i++)
        if (ways[i].type == of.message->descriptor)
            ways[i].way(way, of.message);
    if (way->count)
        write_way(way, render->out);
}

const part_t part_flow = {"flow", false, parameters, check_flow, write_flow};
