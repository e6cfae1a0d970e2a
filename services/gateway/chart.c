/* chart.c - bars, columns and rings of a list of numbers.
 *
 * {{@bars list label=FIELD value=FIELD title="…" unit="件" tone=FIELD of="部门"}}: FIELD is a name in the
 * entries.  `tone` names a text that is good, bad, warn or muted.  Bars are a table whose cells hold
 * a drawn bar; columns and rings are a drawing with a table beside it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "control.h"
#include "draw.h"
#include "text.h"

enum { LIST, LABEL, VALUE, TITLE, UNIT, TONE, OF, COUNTED };

static const part_parameter_t parameters[] = {
    [LIST] = {"list", PART_VALUE, PART_REQUIRED, 1u << DATUM_LIST},
    [LABEL] = {"label", PART_WORD, PART_REQUIRED | PART_OPTION, 0},
    [VALUE] = {"value", PART_WORD, PART_REQUIRED | PART_OPTION, 0},
    [TITLE] = {"title", PART_VALUE, PART_OPTION, 1u << DATUM_TEXT},
    [UNIT] = {"unit", PART_VALUE, PART_OPTION, 1u << DATUM_TEXT},
    [TONE] = {"tone", PART_WORD, PART_OPTION, 0},
    [OF] = {"of", PART_VALUE, PART_OPTION, 1u << DATUM_TEXT},
    [COUNTED] = {"counted", PART_VALUE, PART_OPTION, 1u << DATUM_TEXT},
    {0},
};

typedef struct {
    datum_path_t label, value, tone;
} chart_part_t;

/* --- check -------------------------------------------------------------------------------- */

static bool find(part_check_t *check, int argument, datum_path_t *ret)
{
    const char *name = check->arguments[argument].written;
    const char *why =
        datum_path(check->arguments[LIST].type->entry, name, strlen(name), check->arena, ret);
    if (why)
        part_fault(check, "%s=: %s", parameters[argument].name, why);
    return !why;
}

static void check_chart(part_check_t *check)
{
    chart_part_t *kept = arena_alloc(check->arena, sizeof *kept);
    const datum_type_t *entry = check->arguments[LIST].type->entry;
    if (!kept || !entry)
        return;
    if (entry->kind != DATUM_MESSAGE && entry->kind != DATUM_RECORD) {
        part_fault(check, "a chart is drawn of messages or records, not of %s",
                   datum_type_name(check->arguments[LIST].type, check->arena));
        return;
    }
    if (!find(check, LABEL, &kept->label) || !find(check, VALUE, &kept->value) ||
        (check->arguments[TONE].given && !find(check, TONE, &kept->tone)))
        return;
    if (kept->value.type->kind != DATUM_INT)
        part_fault(check, "value=%s is no number", check->arguments[VALUE].written);
    check->kept = kept;
}

/* --- data ------------------------------------------------------------------------------------- */

typedef struct {
    datum_t label;
    int64_t value;
    const char *tone; /* class */
} bar_t;

typedef struct {
    const part_render_t *render;
    buffer_t *out;
    const char *title; /* never NULL */
    bool titled;       /* it was given: shown above */
    const char *unit, *of, *counted;
    bar_t bars[DRAW_ENTRIES_MAX];
    size_t count;
    int64_t most, total;
} chart_t;

static const char *tone_class(const chart_part_t *kept, datum_t entry, arena_t *arena)
{
    static const char *const tones[][2] = {
        {"good", "c-good"}, {"bad", "c-bad"}, {"warn", "c-warn"}, {"muted", "c-muted"}};
    if (!kept->tone.count)
        return NULL;
    const char *tone = control_plain(datum_follow(&kept->tone, entry), arena);
    for (size_t i = 0; i < sizeof tones / sizeof *tones; i++)
        if (strcmp(tones[i][0], tone) == 0)
            return tones[i][1];
    return NULL;
}

static void read_chart(chart_t *self, const part_render_t *render)
{
    const chart_part_t *kept = render->kept;
    datum_t list = render->arguments[LIST];
    *self = (chart_t){.render = render, .out = render->out};
    const char *title = control_text(render->arguments[TITLE], render->arena);
    self->titled = title != NULL;
    self->title = title ? title : "图表";
    self->unit = control_plain(render->arguments[UNIT], render->arena);
    self->of = control_text(render->arguments[OF], render->arena);
    self->counted = control_text(render->arguments[COUNTED], render->arena);
    for (size_t i = 0; kept && list.kind == DATUM_LIST && i < list.count; i++) {
        if (self->count == DRAW_ENTRIES_MAX)
            return;
        datum_t entry = datum_at(list, i), value = datum_follow(&kept->value, entry);
        bar_t *bar = &self->bars[self->count++];
        bar->label = datum_follow(&kept->label, entry);
        bar->value = value.kind == DATUM_INT && value.number > 0 ? value.number : 0;
        bar->tone = tone_class(kept, entry, render->arena);
        if (bar->value > self->most)
            self->most = bar->value;
        if (__builtin_add_overflow(self->total, bar->value, &self->total))
            self->total = INT64_MAX;
    }
}

/* --- pieces --------------------------------------------------------------------------------------- */

static void write_number(const chart_t *self, int64_t value)
{
    buffer_printf(self->out, "%lld", (long long) value);
    part_escape_text(self->out, self->unit);
}

/* A bar tells its name and number when it is pointed at. */
static void write_tip(const chart_t *self, const bar_t *bar)
{
    buffer_text(self->out, "<title>");
    part_show(self->out, bar->label);
    buffer_text(self->out, "：");
    write_number(self, bar->value);
    buffer_text(self->out, "</title>");
}

static void open_box(const chart_t *self, const char *kind)
{
    buffer_printf(self->out, "<figure class=\"chart-box chart-box--%s\">", kind);
    if (!self->titled)
        return; /* the heading above says it */
    buffer_text(self->out, "<figcaption class=\"chart-box__title\">");
    part_escape_text(self->out, self->title);
    buffer_text(self->out, "</figcaption>");
}

static bool is_empty(const chart_t *self)
{
    if (self->most)
        return false;
    buffer_text(self->out, "<p class=\"muted\">还没有数据</p></figure>");
    return true;
}

static void open_table(const chart_t *self, const char *class)
{
    buffer_t *out = self->out;
    buffer_printf(out, "<table class=\"%s\"><caption class=\"visually-hidden\">", class);
    part_escape_text(out, self->title);
    buffer_text(out, "</caption><thead><tr><th scope=\"col\">");
    part_escape_text(out, self->of ? self->of : "项目");
    buffer_text(out, "</th><th scope=\"col\">");
    part_escape_text(out, self->counted ? self->counted : "数量");
    buffer_text(out, "</th>");
}

static void write_row_head(const chart_t *self, const bar_t *bar)
{
    buffer_text(self->out, "<tr><th scope=\"row\">");
    part_show(self->out, bar->label);
    buffer_text(self->out, "</th>");
}

/* --- {{@bars}} ---------------------------------------------------------------------------------------- */

static void write_bars(const part_render_t *render)
{
    chart_t self;
    read_chart(&self, render);
    buffer_t *out = render->out;
    open_box(&self, "bars");
    if (is_empty(&self))
        return;
    open_table(&self, "chart-table");
    buffer_text(out, "<td aria-hidden=\"true\"></td></tr></thead><tbody>");
    for (size_t i = 0; i < self.count; i++) {
        const bar_t *bar = &self.bars[i];
        write_row_head(&self, bar);
        buffer_text(out, "<td class=\"num\">");
        write_number(&self, bar->value);
        buffer_printf(
            out,
            "</td><td class=\"chart-table__bar\" aria-hidden=\"true\">"
            "<svg class=\"chart chart--bar\" viewBox=\"0 0 100 10\""
            " preserveAspectRatio=\"none\" focusable=\"false\">"
            "<rect class=\"chart__bar %s\" width=\"%.1f\" height=\"10\"/></svg></td></tr>",
            bar->tone ? bar->tone : "c1", 100.0 * (double) bar->value / (double) self.most);
    }
    buffer_text(out, "</tbody></table></figure>");
}

/* --- {{@columns}} ------------------------------------------------------------------------------------- */

static void write_data(const chart_t *self)
{
    buffer_t *out = self->out;
    buffer_text(out, "<details class=\"details chart-box__data\"><summary>查看数据表</summary>");
    open_table(self, "table table--keep table--dense");
    buffer_text(out, "</tr></thead><tbody>");
    for (size_t i = 0; i < self->count; i++) {
        write_row_head(self, &self->bars[i]);
        buffer_text(out, "<td class=\"num\">");
        write_number(self, self->bars[i].value);
        buffer_text(out, "</td></tr>");
    }
    buffer_text(out, "</tbody></table></details>");
}

static const bar_t *highest(const chart_t *self)
{
    const bar_t *bar = self->bars;
    while (bar->value != self->most)
        bar++;
    return bar;
}

static void write_columns(const part_render_t *render)
{
    chart_t self;
    read_chart(&self, render);
    buffer_t *out = render->out;
    open_box(&self, "columns");
    if (is_empty(&self))
        return;
    buffer_printf(out,
                  "<svg class=\"chart chart--columns\" viewBox=\"0 0 %zu 100\""
                  " preserveAspectRatio=\"none\" role=\"img\"><title>",
                  self.count * 10);
    part_escape_text(out, self.title);
    buffer_text(out, "</title><desc>合计");
    write_number(&self, self.total);
    buffer_text(out, "，最多的是");
    part_show(out, highest(&self)->label);
    buffer_text(out, "，");
    write_number(&self, self.most);
    buffer_text(out, "</desc>");
    for (size_t i = 0; i < self.count; i++) {
        const bar_t *bar = &self.bars[i];
        double height = 98.0 * (double) bar->value / (double) self.most;
        buffer_printf(out,
                      "<rect class=\"chart__bar %s\" x=\"%zu\" y=\"%.1f\" width=\"8\""
                      " height=\"%.1f\">",
                      bar->tone ? bar->tone : "c1", i * 10 + 1, 100 - height, height);
        write_tip(&self, bar);
        buffer_text(out, "</rect>");
    }
    buffer_text(out, "</svg><p class=\"chart-box__axis\" aria-hidden=\"true\"><span>");
    part_show(out, self.bars[0].label);
    buffer_text(out, "</span><span>");
    if (self.count > 1)
        part_show(out, self.bars[self.count - 1].label);
    buffer_text(out, "</span></p>");
    write_data(&self);
    buffer_text(out, "</figure>");
}

/* --- {{@donut}} ------------------------------------------------------------------------------------------ */

#define CENTRE 60.0
#define OUTER  58.0
#define INNER  36.0

/* A piece of the ring between two parts of the whole (0 … 1), from the top, clockwise. */
static void write_slice(const chart_t *self, const bar_t *bar, const char *class, double from,
                        double to)
{
    const double turn = 6.283185307179586;
    buffer_t *out = self->out;
    if (to - from > 0.9999)
        to = from + 0.9999; /* an arc of a whole turn is none */
    double a = turn * from, b = turn * to;
    int large = to - from > 0.5;
    buffer_printf(out,
                  "<path class=\"chart__slice %s\" d=\"M%.2f %.2fA%.0f %.0f 0 %d 1 %.2f %.2f"
                  "L%.2f %.2fA%.0f %.0f 0 %d 0 %.2f %.2fz\">",
                  class, CENTRE + OUTER * sin(a), CENTRE - OUTER * cos(a), OUTER, OUTER, large,
                  CENTRE + OUTER * sin(b), CENTRE - OUTER * cos(b), CENTRE + INNER * sin(b),
                  CENTRE - INNER * cos(b), INNER, INNER, large, CENTRE + INNER * sin(a),
                  CENTRE - INNER * cos(a));
    write_tip(self, bar);
    buffer_text(out, "</path>");
}

static const char *slice_class(const bar_t *bar, size_t index)
{
    static const char *const colours[DRAW_SLICES_MAX] = {"c1", "c2", "c3", "c4", "c5", "c6"};
    return bar->tone ? bar->tone : colours[index % DRAW_SLICES_MAX];
}

static int by_value(const void *a, const void *b)
{
    int64_t left = ((const bar_t *) a)->value, right = ((const bar_t *) b)->value;
    return (left < right) - (left > right);
}

/* More entries than colours: the smallest become one slice. */
static void gather_rest(chart_t *self)
{
    if (self->count <= DRAW_SLICES_MAX)
        return;
    qsort(self->bars, self->count, sizeof *self->bars, by_value);
    bar_t *rest = &self->bars[DRAW_SLICES_MAX - 1];
    int64_t sum = self->total;
    for (size_t i = 0; i < DRAW_SLICES_MAX - 1; i++)
        sum -= self->bars[i].value;
    *rest = (bar_t){datum_text("其他"), sum, "c-muted"};
    self->count = DRAW_SLICES_MAX;
}

static void write_legend(const chart_t *self)
{
    buffer_t *out = self->out;
    buffer_text(out, "<ul class=\"chart-legend\">");
    for (size_t i = 0; i < self->count; i++) {
        const bar_t *bar = &self->bars[i];
        buffer_printf(out, "<li><span class=\"chart-legend__mark %s\"></span>",
                      slice_class(bar, i));
        part_show(out, bar->label);
        buffer_text(out, "<span class=\"chart-legend__value num\">");
        write_number(self, bar->value);
        buffer_printf(out, "（%.0f%%）</span></li>",
                      100.0 * (double) bar->value / (double) self->total);
    }
    buffer_text(out, "</ul>");
}

static void write_donut(const part_render_t *render)
{
    chart_t self;
    read_chart(&self, render);
    buffer_t *out = render->out;
    gather_rest(&self);
    open_box(&self, "donut");
    if (is_empty(&self))
        return;
    buffer_text(out,
                "<svg class=\"chart chart--donut\" viewBox=\"0 0 120 120\" role=\"img\"><title>");
    part_escape_text(out, self.title);
    buffer_text(out, "</title><desc>合计");
    write_number(&self, self.total);
    buffer_text(out, "，各项见图例</desc>");
    double at = 0;
    for (size_t i = 0; i < self.count; i++) {
        double part = (double) self.bars[i].value / (double) self.total;
        if (self.bars[i].value)
            write_slice(&self, &self.bars[i], slice_class(&self.bars[i], i), at, at + part);
        at += part;
    }
    buffer_text(out, "<text class=\"chart__value\" x=\"60\" y=\"60\" text-anchor=\"middle\""
                     " dominant-baseline=\"central\" aria-hidden=\"true\">");
    buffer_printf(out, "%lld</text></svg>", (long long) self.total);
    write_legend(&self);
    buffer_text(out, "</figure>");
}

const part_t part_bars = {"bars", false, parameters, check_chart, write_bars};
const part_t part_columns = {"columns", false, parameters, check_chart, write_columns};
const part_t part_donut = {"donut", false, parameters, check_chart, write_donut};
