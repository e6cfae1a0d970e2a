#include "control.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "message.h"
#include "text.h"

/* What form_normal() takes away, inside a class of a browser's pattern. */
#define LOOSE "\\s\\u200B-\\u200F\\u202A-\\u202E\\u2060-\\u2069\\uFEFF"
#define DIGIT "0-9\\uFF10-\\uFF19"
#define ALNUM DIGIT "A-Za-z\\uFF21-\\uFF3A\\uFF41-\\uFF5A"

/* How a kind of text is typed.  A pattern lets everything pass that form_normal() would put right; its
 * length is never less than the contract's. */
typedef struct {
    const char *mode;    /* keyboard */
    const char *pattern; /* NULL: what the contract says */
    const char *title;   /* what the browser adds when the pattern does not match */
    const char *width;
    const char *type;
} typing_t;

/* clang-format off: a table */
static const typing_t typings[] = {
    [KIND_RESIDENT_ID] = {NULL, "[" LOOSE "\\-" DIGIT "Xx\\uFF38\\uFF58]{18,40}",
                          "身份证号为18位数字，最后一位可以是X", "medium", NULL},
    [KIND_CREDIT_CODE] = {NULL, "[" LOOSE "\\-" ALNUM "]{18,40}",
                          "统一社会信用代码为18位数字或字母", "medium", NULL},
    [KIND_MOBILE] = {"numeric", "[" LOOSE "+\\-\\uFF0B\\uFF0D" DIGIT "]{11,30}",
                     "手机号码为11位数字", "short", "tel"},
    [KIND_BASE_CODE] = {"numeric", "[" LOOSE DIGIT "]{12,40}", "基本编码为12位数字", "medium",
                        NULL},
    [KIND_IMPL_CODE] = {NULL, "[" LOOSE ALNUM "]{31,80}", "实施编码为31位数字或字母", "long", NULL},
    [KIND_ITEM_CODE] = {NULL, "[" LOOSE ALNUM "]{33,80}", "业务办理项编码为33位数字或字母", "long",
                        NULL},
    [KIND_DIVISION] = {"numeric", "[" LOOSE DIGIT "]{6,30}", "行政区划代码为6、9或12位数字",
                       "short", NULL},
    [KIND_EMAIL] = {"email", ".+[@\\uFF20].+", "电子邮箱格式如name@example.cn", "medium", NULL},
    [KIND_PHONE] = {"tel", NULL, NULL, "medium", "tel"},
    [KIND_CURVE_KEY] = {NULL, ".*\\S.*", NULL, "long", NULL},
    [KIND_NAME] = {NULL, NULL, NULL, "medium", NULL},
    [KIND_URL] = {"url", NULL, NULL, "long", NULL},
    [FORM_KIND_CODE] = {NULL, "[" LOOSE "\\-" ALNUM "]+", "请填写数字或字母", "medium", NULL},
    [FORM_KIND_NUMBER] = {"decimal", "[" LOOSE "+\\-.,\\uFF0B\\uFF0D\\uFF0E\\uFF0C" DIGIT "]+",
                          "请填写数字", "short", NULL},
    [FORM_KIND_DIGITS] = {NULL, NULL, NULL, "short", NULL},
};
/* clang-format on */

static typing_t typing_of(kind_t kind)
{
    return (size_t) kind < sizeof typings / sizeof *typings ? typings[kind] : (typing_t){0};
}

/* --- pieces ------------------------------------------------------------------------------- */

void control_attribute(buffer_t *out, const char *name, const char *value)
{
    buffer_char(out, ' ');
    buffer_text(out, name);
    buffer_text(out, "=\"");
    part_escape_text(out, value);
    buffer_char(out, '"');
}

static void attribute_if(buffer_t *out, const char *name, const char *value)
{
    if (!text_empty(value))
        control_attribute(out, name, value);
}

static void number_attribute(buffer_t *out, const char *name, int64_t value)
{
    buffer_printf(out, " %s=\"%lld\"", name, (long long) value);
}

/* ` id="…"`; `tail` tells apart what belongs to one field: "~hint", "~2".  form_anchor() makes no
 * such id of a path of the contract. */
static void id_attribute(buffer_t *out, const char *name, const char *id, const char *tail)
{
    buffer_printf(out, " %s=\"", name);
    part_escape_text(out, id);
    buffer_text(out, tail);
    buffer_char(out, '"');
}

static void described_by(const control_t *self, buffer_t *out)
{
    if (!self->hint && !self->error)
        return;
    buffer_text(out, " aria-describedby=\"");
    if (self->hint) {
        part_escape_text(out, self->id);
        buffer_text(out, "~hint");
    }
    if (self->error) {
        buffer_text(out, self->hint ? " " : "");
        part_escape_text(out, self->id);
        buffer_text(out, "~error");
    }
    buffer_char(out, '"');
}

static void write_label_text(const control_t *self, buffer_t *out)
{
    part_escape_text(out, self->label);
    if (self->optional)
        buffer_text(out, "<span class=\"field__optional\">（选填）</span>");
}

static void write_hint_and_error(const control_t *self, buffer_t *out)
{
    if (self->hint) {
        buffer_text(out, "<p class=\"field__hint\"");
        id_attribute(out, "id", self->id, "~hint");
        buffer_char(out, '>');
        part_escape_text(out, self->hint);
        buffer_text(out, "</p>");
    }
    if (self->error) {
        buffer_text(out, "<p class=\"field__error\"");
        id_attribute(out, "id", self->id, "~error");
        buffer_char(out, '>');
        buffer_text(out, "<span class=\"visually-hidden\">错误：</span>");
        part_escape_text(out, self->error);
        buffer_text(out, "</p>");
    }
}

static void open_field(const control_t *self, const char *element, const char *more, buffer_t *out)
{
    buffer_printf(out, "<%s class=\"field%s\"%s", element, self->error ? " field--error" : "",
                  more);
}

/* A field of one control: its label stands above it. */
static void open_simple(const control_t *self, buffer_t *out)
{
    open_field(self, "div", "", out);
    buffer_text(out, "><label class=\"field__label\"");
    id_attribute(out, "for", self->id, "");
    buffer_char(out, '>');
    write_label_text(self, out);
    buffer_text(out, "</label>");
    write_hint_and_error(self, out);
}

/* A field of several: what is said once is said of the group. */
static void open_group(const control_t *self, const char *role, buffer_t *out)
{
    open_field(self, "fieldset", role, out);
    described_by(self, out);
    if (self->error && *role)
        buffer_text(out, " aria-invalid=\"true\"");
    if (self->required && *role)
        buffer_text(out, " aria-required=\"true\"");
    buffer_text(out, "><legend class=\"field__label\">");
    write_label_text(self, out);
    buffer_text(out, "</legend>");
    write_hint_and_error(self, out);
}

/* What every control that has the field's own label says of itself. */
static void common_attributes(const control_t *self, buffer_t *out)
{
    id_attribute(out, "id", self->id, "");
    control_attribute(out, "name", self->name);
    described_by(self, out);
    if (self->error)
        buffer_text(out, " aria-invalid=\"true\"");
    if (self->required)
        buffer_text(out, " required");
}

static void class_attribute(buffer_t *out, const char *block, const char *width)
{
    buffer_printf(out, " class=\"%s", block);
    if (!text_empty(width))
        buffer_printf(out, " %s--%s", strncmp(block, "select", 6) == 0 ? "select" : "input", width);
    buffer_char(out, '"');
}

static const char *width_of(const control_t *self, const char *usual)
{
    if (!text_empty(self->width))
        return self->width;
    if (usual)
        return usual;
    return !self->max_len || self->max_len > 50 ? "long" : self->max_len > 20 ? "medium" : "short";
}

static void open_unit(const control_t *self, buffer_t *out)
{
    if (!text_empty(self->unit))
        buffer_text(out, "<div class=\"input-group\">");
}

static void close_unit(const control_t *self, buffer_t *out)
{
    if (text_empty(self->unit))
        return;
    buffer_text(out, "<span class=\"input-group__unit\">");
    part_escape_text(out, self->unit);
    buffer_text(out, "</span></div>");
}

/* --- controls ------------------------------------------------------------------------------- */

/* [0-9]{6} of the contract, with what form_normal() takes away. */
static void digits_pattern(const char *pattern, buffer_t *out)
{
    unsigned count;
    int used = 0;
    if (!pattern || sscanf(pattern, "[0-9]{%2u}%n", &count, &used) != 1 || pattern[used])
        return;
    buffer_text(out, " inputmode=\"numeric\"");
    buffer_printf(out, " pattern=\"[" LOOSE DIGIT "]{%u,%u}\" title=\"%u位数字\"", count, 2 * count,
                  count);
}

static void length_attributes(const control_t *self, buffer_t *out)
{
    if (self->max_len)
        number_attribute(out, "maxlength", self->max_len);
    if (self->min_len)
        number_attribute(out, "minlength", self->min_len);
}

static void write_input(const control_t *self, const char *type, buffer_t *out)
{
    typing_t typing = typing_of(self->text_kind);
    open_unit(self, out);
    buffer_text(out, "<input");
    control_attribute(out, "type", typing.type && strcmp(type, "text") == 0 ? typing.type : type);
    class_attribute(out, "input", width_of(self, typing.width));
    common_attributes(self, out);
    attribute_if(out, "value", self->value);
    attribute_if(out, "inputmode", self->whole ? "numeric" : typing.mode);
    if (typing.pattern) {
        control_attribute(out, "pattern", typing.pattern);
        attribute_if(out, "title", typing.title);
    } else if (self->text_kind == FORM_KIND_DIGITS) {
        digits_pattern(self->pattern, out);
    } else {
        length_attributes(self, out); /* where blanks go, they would count: there the pattern */
    }
    if (typing.width)
        buffer_text(out, " autocapitalize=\"none\" spellcheck=\"false\"");
    attribute_if(out, "autocomplete", self->autocomplete);
    attribute_if(out, "placeholder", self->placeholder);
    buffer_char(out, '>');
    close_unit(self, out);
}

static void write_text(const control_t *self, buffer_t *out)
{
    open_simple(self, out);
    write_input(self, "text", out);
    buffer_text(out, "</div>");
}

static void write_search(const control_t *self, buffer_t *out)
{
    open_simple(self, out);
    write_input(self, "search", out);
    buffer_text(out, "</div>");
}

static void write_password(const control_t *self, buffer_t *out)
{
    open_simple(self, out);
    buffer_text(out, "<input type=\"password\"");
    class_attribute(out, "input", width_of(self, "medium"));
    common_attributes(self, out);
    length_attributes(self, out);
    control_attribute(out, "autocomplete", self->autocomplete ? self->autocomplete : "off");
    attribute_if(out, "placeholder", self->placeholder);
    buffer_text(out, "></div>");
}

static void write_area(const control_t *self, buffer_t *out)
{
    open_simple(self, out);
    buffer_text(out, "<textarea");
    class_attribute(out, "input textarea", self->width);
    common_attributes(self, out);
    number_attribute(out, "rows", self->rows > 0 && self->rows <= 60 ? self->rows : 4);
    length_attributes(self, out);
    attribute_if(out, "autocomplete", self->autocomplete);
    attribute_if(out, "placeholder", self->placeholder);
    buffer_text(out, ">\n"); /* a browser drops the first line break: not the person's */
    part_escape_text(out, self->value);
    buffer_text(out, "</textarea></div>");
}

static bool is_number(const char *text)
{
    const char *digits = *text == '-' ? text + 1 : text;
    size_t size = strspn(digits, "0123456789.");
    return size && !digits[size];
}

/* Where there is a range the browser can tell of it; else digits of any width may be typed.  What is
 * no number would not be shown in a number input, and nobody shall lose what he typed. */
static void write_number(const control_t *self, buffer_t *out)
{
    if ((!self->min && !self->max) || (*self->value && !is_number(self->value))) {
        write_text(self, out);
        return;
    }
    open_simple(self, out);
    open_unit(self, out);
    buffer_text(out, "<input type=\"number\"");
    class_attribute(out, "input", width_of(self, "short"));
    common_attributes(self, out);
    attribute_if(out, "value", self->value);
    number_attribute(out, "min", self->min);
    if (self->max >= self->min)
        number_attribute(out, "max", self->max);
    buffer_text(out, self->whole ? " step=\"1\" inputmode=\"numeric\""
                                 : " step=\"any\" inputmode=\"decimal\"");
    attribute_if(out, "placeholder", self->placeholder);
    buffer_char(out, '>');
    close_unit(self, out);
    buffer_text(out, "</div>");
}

static void write_date(const control_t *self, buffer_t *out)
{
    int64_t day;
    open_simple(self, out);
    buffer_text(out, *self->value && !clock_day_parse(self->value, &day) ? "<input type=\"text\""
                                                                         : "<input type=\"date\"");
    class_attribute(out, "input", width_of(self, "short"));
    common_attributes(self, out);
    attribute_if(out, "value", self->value);
    attribute_if(out, "autocomplete", self->autocomplete);
    buffer_text(out, "></div>");
}

static void write_options(const control_t *self, const char *chosen, buffer_t *out)
{
    bool found = false;
    if (self->empty) {
        buffer_text(out, "<option value=\"\">");
        part_escape_text(out, self->empty);
        buffer_text(out, "</option>");
    }
    for (size_t i = 0; i < self->choice_count; i++) {
        const control_choice_t *choice = &self->choices[i];
        bool selected = !found && strcmp(choice->value, chosen) == 0;
        found = found || selected;
        buffer_text(out, "<option");
        control_attribute(out, "value", choice->value);
        buffer_text(out, selected ? " selected>" : ">");
        part_escape_text(out, choice->label);
        buffer_text(out, "</option>");
    }
}

static void write_select(const control_t *self, buffer_t *out)
{
    open_simple(self, out);
    open_unit(self, out);
    buffer_text(out, "<select");
    class_attribute(out, "select", self->width);
    common_attributes(self, out);
    attribute_if(out, "autocomplete", self->autocomplete);
    buffer_char(out, '>');
    write_options(self, self->value, out);
    buffer_text(out, "</select>");
    close_unit(self, out);
    buffer_text(out, "</div>");
}

static void write_choice_label(const control_choice_t *choice, const char *id, const char *tail,
                               buffer_t *out)
{
    buffer_text(out, "<label class=\"choice__label\"");
    id_attribute(out, "for", id, tail);
    buffer_char(out, '>');
    part_escape_text(out, choice->label);
    if (!text_empty(choice->hint)) {
        buffer_text(out, "<span class=\"choice__hint\">");
        part_escape_text(out, choice->hint);
        buffer_text(out, "</span>");
    }
    buffer_text(out, "</label>");
}

static bool is_ticked(const control_t *self, const char *value)
{
    if (self->typed)
        return form_typed_is(self->typed, self->name, value);
    for (size_t i = 0; i < self->given_count; i++)
        if (text_equal(self->given[i], value))
            return true;
    return false;
}

/* The first one has the id of the field: links to it lead there. */
static void write_choices(const control_t *self, const char *type, buffer_t *out)
{
    bool radio = strcmp(type, "radio") == 0;
    buffer_printf(out, "<div class=\"choices%s\">", self->inline_choices ? " choices--inline" : "");
    for (size_t i = 0; i < self->choice_count; i++) {
        const control_choice_t *choice = &self->choices[i];
        char tail[24] = "";
        if (i)
            snprintf(tail, sizeof tail, "~%zu", i + 1);
        buffer_printf(out, "<div class=\"choice\"><input class=\"choice__input\" type=\"%s\"",
                      type);
        id_attribute(out, "id", self->id, tail);
        control_attribute(out, "name", self->name);
        control_attribute(out, "value", choice->value);
        if (radio ? strcmp(choice->value, self->value) == 0 : is_ticked(self, choice->value))
            buffer_text(out, " checked");
        if (radio && self->required)
            buffer_text(out, " required");
        if (!radio && self->error)
            buffer_text(out, " aria-invalid=\"true\"");
        buffer_char(out, '>');
        write_choice_label(choice, self->id, tail, out);
        buffer_text(out, "</div>");
    }
    buffer_text(out, "</div>");
}

static void write_radio(const control_t *self, buffer_t *out)
{
    open_group(self, " role=\"radiogroup\"", out);
    write_choices(self, "radio", out);
    buffer_text(out, "</fieldset>");
}

/* The empty one says that none is meant: otherwise nothing would be sent, and what was chosen
 * before would stay. */
static void write_checkboxes(const control_t *self, buffer_t *out)
{
    open_group(self, "", out);
    buffer_text(out, "<input type=\"hidden\"");
    control_attribute(out, "name", self->name);
    buffer_text(out, " value=\"\">");
    write_choices(self, "checkbox", out);
    buffer_text(out, "</fieldset>");
}

static void write_checkbox(const control_t *self, buffer_t *out)
{
    open_field(self, "div", "", out);
    buffer_char(out, '>');
    write_hint_and_error(self, out);
    if (self->yes_no) {
        buffer_text(out, "<input type=\"hidden\"");
        control_attribute(out, "name", self->name);
        buffer_text(out, " value=\"0\">");
    }
    buffer_text(out, "<div class=\"choice\"><input class=\"choice__input\" type=\"checkbox\"");
    common_attributes(self, out);
    control_attribute(out, "value", self->yes_no ? "1" : self->value);
    bool ticked = self->yes_no
                      ? strcmp(self->value, "1") == 0 || strcmp(self->value, "true") == 0 ||
                            strcmp(self->value, "on") == 0
                      : is_ticked(self, self->value);
    buffer_text(out, ticked ? " checked>" : ">");
    write_choice_label(&(control_choice_t){.label = self->label}, self->id, "", out);
    buffer_text(out, "</div></div>");
}

static void write_file(const control_t *self, buffer_t *out)
{
    open_simple(self, out);
    buffer_text(out, "<div class=\"file\"><input type=\"file\" class=\"file__input\"");
    common_attributes(self, out);
    attribute_if(out, "accept", self->accept);
    buffer_text(out, self->multiple ? " multiple>" : ">");
    buffer_text(out,
                "<progress class=\"file__progress\" hidden max=\"100\" aria-label=\"上传进度\">"
                "</progress></div></div>");
}

static void write_hidden(const control_t *self, buffer_t *out)
{
    buffer_text(out, "<input type=\"hidden\"");
    control_attribute(out, "name", self->name);
    control_attribute(out, "value", self->value);
    buffer_char(out, '>');
}

/* --- one value in parts ------------------------------------------------------------------------ */

/* One input of several: `part` is behind "~" in its name; the first has the id of the field. */
static void write_part(const control_t *self, const char *part, const char *label, bool first,
                       const char *value, const char *attributes, buffer_t *out)
{
    char tail[32] = "";
    if (!first)
        snprintf(tail, sizeof tail, "~%s", part);
    buffer_text(out, "<div class=\"field__part\"><label class=\"field__part-label\"");
    id_attribute(out, "for", self->id, tail);
    buffer_printf(out, ">%s</label>", label);
    bool select = strcmp(part, "division") == 0;
    buffer_text(out, select ? "<select class=\"select\"" : "<input class=\"input\" type=\"text\"");
    id_attribute(out, "id", self->id, tail);
    buffer_text(out, " name=\"");
    part_escape_text(out, self->name);
    buffer_printf(out, "~%s\"", part);
    if (self->error)
        buffer_text(out, " aria-invalid=\"true\"");
    if (self->required && !select)
        buffer_text(out, " required");
    buffer_text(out, attributes);
    if (select) {
        buffer_char(out, '>');
        write_options(self, value, out);
        buffer_text(out, "</select></div>");
    } else {
        attribute_if(out, "value", value);
        buffer_text(out, "></div>");
    }
}

/* What was typed into a part, or `given`. */
static const char *part_value(const control_t *self, const char *part, const char *given,
                              arena_t *arena)
{
    const char *name = self->typed ? arena_printf(arena, "%s~%s", self->name, part) : NULL;
    const char *typed = name ? form_typed(self->typed, name) : NULL;
    return typed ? typed : given;
}

static void write_party(const control_t *self, buffer_t *out, arena_t *arena)
{
    const char *bar = strchr(self->value, '|');
    const char *name =
        bar ? arena_copy(arena, self->value, (size_t) (bar - self->value)) : self->value;
    open_group(self, "", out);
    buffer_text(out, "<div class=\"field__parts\">");
    write_part(self, "name", "姓名或单位名称", true,
               part_value(self, "name", name ? name : "", arena), " maxlength=\"100\"", out);
    write_part(self, "number", "身份证号或统一社会信用代码", false,
               part_value(self, "number", bar ? bar + 1 : "", arena),
               " autocapitalize=\"none\" spellcheck=\"false\" pattern=\"[" LOOSE "\\-" ALNUM
               "]{18,40}\" title=\"18位数字或字母\"",
               out);
    buffer_text(out, "</div></fieldset>");
}

static void write_address(const control_t *self, buffer_t *out, arena_t *arena)
{
    const char *division = "", *detail = self->value;
    for (size_t i = 0; i < self->choice_count; i++)
        if (text_starts(self->value, self->choices[i].value) &&
            strlen(self->choices[i].value) > strlen(division))
            division = self->choices[i].value;
    detail += strlen(division);
    open_group(self, "", out);
    buffer_text(out, "<div class=\"field__parts\">");
    write_part(self, "division", "所在地区", true, part_value(self, "division", division, arena),
               " autocomplete=\"off\"", out);
    write_part(self, "detail", "详细地址", false, part_value(self, "detail", detail, arena),
               " maxlength=\"200\" autocomplete=\"address-line1\"", out);
    buffer_text(out, "</div></fieldset>");
}

/* ------------------------------------------------------------------------------------------------ */

static void (*const writers[])(const control_t *, buffer_t *) = {
    [CONTROL_TEXT] = write_text,
    [CONTROL_AREA] = write_area,
    [CONTROL_NUMBER] = write_number,
    [CONTROL_DATE] = write_date,
    [CONTROL_PASSWORD] = write_password,
    [CONTROL_SEARCH] = write_search,
    [CONTROL_SELECT] = write_select,
    [CONTROL_RADIO] = write_radio,
    [CONTROL_CHECKBOXES] = write_checkboxes,
    [CONTROL_CHECKBOX] = write_checkbox,
    [CONTROL_FILE] = write_file,
    [CONTROL_HIDDEN] = write_hidden,
};

void control_write(const control_t *self, buffer_t *out, arena_t *arena)
{
    if (self->kind == CONTROL_PARTY)
        write_party(self, out, arena);
    else if (self->kind == CONTROL_ADDRESS)
        write_address(self, out, arena);
    else
        writers[self->kind](self, out);
}

/* --- for the parts --------------------------------------------------------------------------------- */

const char *control_plain(datum_t value, arena_t *arena)
{
    if (value.kind == DATUM_TIME) {
        char *day = arena_alloc(arena, CLOCK_DAY_SIZE);
        if (day)
            clock_day_format(clock_day_of(value.time_ms), day);
        return day ? day : "";
    }
    if (value.kind == DATUM_ENUM && value.choice.value == 0)
        return ""; /* nothing chosen */
    const char *text = datum_plain(value, arena);
    return text ? text : "";
}

const char *control_text(datum_t value, arena_t *arena)
{
    const char *text = control_plain(value, arena);
    return *text ? text : NULL;
}
