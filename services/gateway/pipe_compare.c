/* pipe_compare.c - is, isnt, starts, over, under, has, or, length. */
#include <ctype.h>
#include <stdio.h>

#include "pipe_private.h"
#include "text.h"

#define ENUM_NAME_MAX 96

size_t pipe_prefix(const ProtobufCEnumDescriptor *type)
{
    char prefix[ENUM_NAME_MAX];
    size_t size = 0;
    for (const char *at = type->short_name; *at && size + 3 < sizeof prefix; at++) {
        if (at != type->short_name && isupper((unsigned char) *at))
            prefix[size++] = '_';
        prefix[size++] = (char) toupper((unsigned char) *at);
    }
    prefix[size++] = '_';
    prefix[size] = 0;
    return text_starts(type->values[0].name, prefix) ? size : 0;
}

static const ProtobufCEnumValue *value_named(const ProtobufCEnumDescriptor *type, const char *word)
{
    char name[ENUM_NAME_MAX];
    int size =
        snprintf(name, sizeof name, "%.*s%s", (int) pipe_prefix(type), type->values[0].name, word);
    if (size < 0 || (size_t) size >= sizeof name)
        return NULL;
    return protobuf_c_enum_descriptor_get_value_by_name(type, name);
}

static bool word_of_enum(pipe_check_t *check, const datum_type_t *type, pipe_argument_t *argument)
{
    const ProtobufCEnumValue *value = value_named(type->choice, argument->written);
    if (!value) {
        pipe_fault(check, "%s has no value `%s`", datum_type_name(type, check->arena),
                   argument->written);
        return false;
    }
    argument->value = datum_enum(type->choice, value->value);
    return true;
}

bool pipe_comparable(pipe_check_t *check, const datum_type_t *type, pipe_argument_t *argument)
{
    if (argument->fixed && type->kind == DATUM_ENUM)
        return word_of_enum(check, type, argument);
    if (argument->fixed && type->kind == DATUM_TEXT) {
        argument->value = datum_text(argument->written);
        return true;
    }
    if (argument->fixed && type->kind == DATUM_BOOL) {
        argument->value = datum_bool(text_equal(argument->written, "true"));
        if (argument->value.truth || text_equal(argument->written, "false"))
            return true;
    } else if (argument->fixed ? type->kind == (datum_kind_t) argument->value.kind
                               : datum_type_same(type, argument->type)) {
        return true;
    }
    pipe_fault(check, "%s cannot be compared with `%s`", datum_type_name(type, check->arena),
               argument->written);
    return false;
}

bool pipe_equal(datum_t a, datum_t b)
{
    if (a.kind != b.kind)
        return false;
    switch ((datum_kind_t) a.kind) {
    case DATUM_BOOL:
        return a.truth == b.truth;
    case DATUM_INT:
        return a.number == b.number;
    case DATUM_TIME:
        return a.time_ms == b.time_ms;
    case DATUM_TEXT:
        return a.text.size == b.text.size && memcmp(a.text.data, b.text.data, a.text.size) == 0;
    case DATUM_ENUM:
        return a.choice.value == b.choice.value;
    default:
        return false;
    }
}

/* --- is, isnt, starts ---------------------------------------------------------------- */

const datum_type_t *check_compare(pipe_check_t *check)
{
    for (size_t i = 0; i < check->count; i++)
        if (!pipe_comparable(check, check->in, &check->arguments[i]))
            return NULL;
    return &datum_type_bool;
}

static bool is_any(const pipe_call_t *call, datum_t in)
{
    for (size_t i = 0; i < call->count; i++)
        if (pipe_equal(in, call->arguments[i]))
            return true;
    return false;
}

datum_t apply_is(const pipe_call_t *call, datum_t in)
{
    return datum_bool(is_any(call, in));
}

datum_t apply_isnt(const pipe_call_t *call, datum_t in)
{
    return datum_bool(!is_any(call, in));
}

datum_t apply_starts(const pipe_call_t *call, datum_t in)
{
    for (size_t i = 0; i < call->count; i++) {
        datum_t with = call->arguments[i];
        if (with.kind == DATUM_TEXT && with.text.size <= in.text.size &&
            memcmp(in.text.data, with.text.data, with.text.size) == 0)
            return datum_bool(true);
    }
    return datum_bool(false);
}

/* --- over, under --------------------------------------------------------------- */

const datum_type_t *check_number(pipe_check_t *check)
{
    pipe_argument_t *argument = &check->arguments[0];
    datum_kind_t kind = argument->fixed ? argument->value.kind : argument->type->kind;
    if (kind != DATUM_INT)
        return pipe_fault(check, "`%s` is not a number", argument->written);
    return &datum_type_bool;
}

static int64_t size_of(datum_t in)
{
    return in.kind == DATUM_LIST ? in.count : in.number;
}

datum_t apply_over(const pipe_call_t *call, datum_t in)
{
    return datum_bool(size_of(in) > call->arguments[0].number);
}

datum_t apply_under(const pipe_call_t *call, datum_t in)
{
    return datum_bool(size_of(in) < call->arguments[0].number);
}

/* --- has, length ----------------------------------------------------------------- */

const datum_type_t *check_has(pipe_check_t *check)
{
    const datum_type_t *entry = check->in->entry;
    if (!entry || !((KIND(TEXT) | KIND(ENUM) | KIND(INT)) & 1u << entry->kind))
        return pipe_fault(check, "pipe `has` takes a list of texts, numbers or enums, not %s",
                          datum_type_name(check->in, check->arena));
    return pipe_comparable(check, entry, &check->arguments[0]) ? &datum_type_bool : NULL;
}

datum_t apply_has(const pipe_call_t *call, datum_t in)
{
    for (size_t i = 0; i < in.count; i++)
        if (pipe_equal(datum_at(in, i), call->arguments[0]))
            return datum_bool(true);
    return datum_bool(false);
}

const datum_type_t *check_length(pipe_check_t *check)
{
    (void) check;
    return &datum_type_int;
}

/* text_length() wants a closing 0, which a datum need not have. */
static size_t characters(const char *data, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char) data[i] & 0xc0) != 0x80;
    return count;
}

datum_t apply_length(const pipe_call_t *call, datum_t in)
{
    (void) call;
    return datum_int(in.kind == DATUM_LIST ? in.count
                                           : (int64_t) characters(in.text.data, in.text.size));
}

/* --- or ----------------------------------------------------------------------------- */

/* With a name of the same type it stays that type; else both become the text that is shown. */
const datum_type_t *check_or(pipe_check_t *check)
{
    pipe_argument_t *argument = &check->arguments[0];
    if (argument->fixed)
        argument->value = datum_text(argument->written);
    else if (datum_type_same(check->in, argument->type))
        return check->in;
    const unsigned texts = KIND(BOOL) | KIND(INT) | KIND(TEXT) | KIND(ENUM) | KIND(TIME);
    if (!(texts & 1u << check->in->kind) ||
        (!argument->fixed && !(texts & 1u << argument->type->kind)))
        return pipe_fault(check, "%s or `%s`: neither texts nor of one type",
                          datum_type_name(check->in, check->arena), argument->written);
    check->kept = &datum_type_text;
    return &datum_type_text;
}

datum_t apply_or(const pipe_call_t *call, datum_t in)
{
    datum_t chosen = datum_is_set(in) ? in : call->arguments[0];
    if (!call->kept || chosen.kind == DATUM_TEXT || chosen.kind == DATUM_NONE)
        return chosen;
    buffer_t shown = buffer_new(4096); /* labels, numbers and times are short */
    pipe_show(&shown, chosen);
    datum_t text = pipe_text(call, shown.size ? shown.data : "", shown.size);
    buffer_free(&shown);
    return text;
}
