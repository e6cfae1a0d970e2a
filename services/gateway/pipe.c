#include "pipe.h"

#include <stdarg.h>
#include <stdio.h>

#include "pipe_private.h"
#include "rule.h"
#include "text.h"

#define SIMPLE (KIND(BOOL) | KIND(INT) | KIND(TEXT) | KIND(ENUM) | KIND(TIME))
#define MOMENT (KIND(TIME) | KIND(TEXT))
#define ANY    (SIMPLE | KIND(HTML) | KIND(MESSAGE) | KIND(LIST) | KIND(RECORD))

/* clang-format off */
static const pipe_t pipes[] = {
    /* name    takes                            arguments          flags */
    {"label",  KIND(ENUM),                            0, 0,  0, check_text, apply_label},
    {"name",   KIND(ENUM),                            0, 0,  0, check_text, apply_name},
    {"is",     KIND(ENUM) | KIND(TEXT) | KIND(INT),   1, PIPE_ARGUMENTS_MAX, 0, check_compare, apply_is},
    {"isnt",   KIND(ENUM) | KIND(TEXT) | KIND(INT),   1, PIPE_ARGUMENTS_MAX, PIPE_ABSENT, check_compare, apply_isnt},
    {"starts", KIND(TEXT),                            1, PIPE_ARGUMENTS_MAX, 0, check_compare, apply_starts},
    {"over",   KIND(INT) | KIND(LIST),                1, 1,  0, check_number, apply_over},
    {"under",  KIND(INT) | KIND(LIST),                1, 1,  0, check_number, apply_under},
    {"has",    KIND(LIST),                            1, 1,  0, check_has, apply_has},
    {"or",     ANY,                                   1, 1,  PIPE_ABSENT, check_or, apply_or},
    {"date",   MOMENT,                                0, 0,  0, check_text, apply_date},
    {"day",    MOMENT,                                0, 0,  0, check_text, apply_day},
    {"time",   MOMENT,                                0, 0,  0, check_text, apply_time},
    {"iso",    MOMENT,                                0, 0,  0, check_text, apply_iso},
    {"clock",  MOMENT,                                0, 0,  0, check_text, apply_clock},
    {"limit",  MOMENT,                                0, 0,  0, check_text, apply_limit},
    {"left",   MOMENT,                                0, 0,  0, check_text, apply_left},
    {"light",  MOMENT,                                0, 0,  0, check_text, apply_light},
    {"money",  KIND(INT),                             0, 0,  0, check_text, apply_money},
    {"bytes",  KIND(INT),                             0, 0,  0, check_text, apply_bytes},
    {"mask",   KIND(TEXT),                            1, 1,  0, check_mask, apply_mask},
    {"lines",  KIND(TEXT),                            0, 0,  0, check_html, apply_lines},
    {"url",    KIND(TEXT) | KIND(INT) | KIND(ENUM),   0, 0,  0, check_text, apply_url},
    {"count",  KIND(INT) | KIND(LIST),                1, 1,  0, check_words, apply_count},
    {"length", KIND(LIST) | KIND(TEXT),               0, 0,  0, check_length, apply_length},
    {"first",  KIND(LIST),                            1, 1,  0, check_slice, apply_first},
    {"rest",   KIND(LIST),                            1, 1,  0, check_slice, apply_rest},
    {"join",   KIND(LIST),                            1, 1,  0, check_join, apply_join},
    {"cut",    KIND(TEXT),                            1, 1,  0, check_cut, apply_cut},
    {"code",   KIND(TEXT),                            0, 0,  0, check_text, apply_code},
    {"group",  KIND(LIST),                            1, 1,  PIPE_FIELD, check_group, apply_group},
    {"where",  KIND(LIST),                            2, 2,  PIPE_FIELD, check_where, apply_where},
};
/* clang-format on */

const pipe_t *pipe_find(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof pipes / sizeof *pipes; i++)
        if (strlen(pipes[i].name) == size && memcmp(pipes[i].name, name, size) == 0)
            return &pipes[i];
    return NULL;
}

const datum_type_t *pipe_fault(pipe_check_t *check, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    check->fault = arena_vprintf(check->arena, format, args);
    va_end(args);
    if (!check->fault)
        check->fault = "no memory";
    return NULL;
}

const datum_type_t *pipe_check(const pipe_t *self, pipe_check_t *check)
{
    if (!(self->takes & 1u << check->in->kind))
        return pipe_fault(check, "pipe `%s` does not take %s", self->name,
                          datum_type_name(check->in, check->arena));
    if (check->count < self->least || check->count > self->most)
        return pipe_fault(check, "pipe `%s` takes %s%u argument%s", self->name,
                          self->most > self->least ? "at least " : "", self->least,
                          self->least == 1 ? "" : "s");
    return self->check(check);
}

datum_t pipe_apply(const pipe_t *self, const pipe_call_t *call, datum_t in)
{
    if (in.kind == DATUM_NONE && !(self->flags & PIPE_ABSENT))
        return in;
    return self->apply(call, in);
}

char *pipe_room(const pipe_call_t *call, size_t size)
{
    char *room = arena_alloc(call->arena, size + 1);
    if (!room)
        *call->full = true;
    return room;
}

datum_t pipe_text(const pipe_call_t *call, const char *data, size_t size)
{
    char *room = pipe_room(call, size);
    if (!room)
        return datum_none();
    memcpy(room, data, size);
    return datum_bytes(room, size);
}

/* A 0 that has no label is UNSPECIFIED: nothing to show. */
static void show_enum(buffer_t *out, const ProtobufCEnumDescriptor *type, int value)
{
    const char *label = label_of(type, value);
    if (value == 0 && text_ends(label, "_UNSPECIFIED"))
        return;
    buffer_text(out, label);
}

/* Without printf(): tables are full of numbers. */
static void show_number(buffer_t *out, int64_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t) number : (uint64_t) number;
    do
        digits[--at] = (char) ('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        digits[--at] = '-';
    buffer_put(out, digits + at, sizeof digits - at);
}

void pipe_show(buffer_t *out, datum_t value)
{
    switch ((datum_kind_t) value.kind) {
    case DATUM_BOOL:
        buffer_text(out, value.truth ? "是" : "否");
        break;
    case DATUM_INT:
        show_number(out, value.number);
        break;
    case DATUM_TEXT:
    case DATUM_HTML:
        buffer_put(out, value.text.data, value.text.size);
        break;
    case DATUM_ENUM:
        show_enum(out, value.choice.type, value.choice.value);
        break;
    case DATUM_TIME:
        pipe_put_time(out, value.time_ms);
        break;
    default:
        break;
    }
}
