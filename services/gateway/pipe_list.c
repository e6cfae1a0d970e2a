/* pipe_list.c - first, rest, join, group, where. */
#include "message.h"
#include "pipe_private.h"

#define JOINED_MAX (1u << 20) /* bytes of one text made of a list */

/* --- first, rest ------------------------------------------------------------------- */

const datum_type_t *check_slice(pipe_check_t *check)
{
    pipe_argument_t *argument = &check->arguments[0];
    if (!argument->fixed || argument->value.kind != DATUM_INT || argument->value.number < 0)
        return pipe_fault(check, "`%s` is not a number of entries", argument->written);
    return check->in;
}

datum_t apply_first(const pipe_call_t *call, datum_t in)
{
    if (in.count > call->arguments[0].number)
        in.count = (uint32_t) call->arguments[0].number;
    return in;
}

datum_t apply_rest(const pipe_call_t *call, datum_t in)
{
    datum_t rest = datum_none();
    if (!datum_rest(in, (size_t) call->arguments[0].number, call->arena, &rest))
        *call->full = true;
    return rest;
}

/* --- join --------------------------------------------------------------------------- */

const datum_type_t *check_join(pipe_check_t *check)
{
    const datum_type_t *entry = check->in->entry;
    if (!entry || !((KIND(TEXT) | KIND(ENUM) | KIND(INT)) & 1u << entry->kind))
        return pipe_fault(check, "pipe `join` takes a list of texts, numbers or enums, not %s",
                          datum_type_name(check->in, check->arena));
    if (!check->arguments[0].fixed)
        return pipe_fault(check, "join `%s`: a \"text\"", check->arguments[0].written);
    check->arguments[0].value = datum_text(check->arguments[0].written);
    return &datum_type_text;
}

datum_t apply_join(const pipe_call_t *call, datum_t in)
{
    buffer_t out = buffer_new(JOINED_MAX);
    for (size_t i = 0; i < in.count; i++) {
        if (i)
            pipe_show(&out, call->arguments[0]);
        pipe_show(&out, datum_at(in, i));
    }
    datum_t text = out.full ? datum_none() : pipe_text(call, out.size ? out.data : "", out.size);
    if (text.kind == DATUM_NONE)
        *call->full = true;
    buffer_free(&out);
    return text;
}

/* --- group, where: by a field of the entries ------------------------------------------ */

static const datum_path_t *field_of_entries(pipe_check_t *check, unsigned kinds)
{
    const datum_type_t *entry = check->in->entry;
    const char *field = check->arguments[0].written;
    datum_path_t *path = arena_alloc(check->arena, sizeof *path);
    if (!entry || !path) {
        pipe_fault(check, "the list is known to be empty");
        return NULL;
    }
    const char *why = datum_path(entry, field, strlen(field), check->arena, path);
    if (why) {
        pipe_fault(check, "%s", why);
        return NULL;
    }
    if (!(kinds & 1u << path->type->kind)) {
        pipe_fault(check, "`%s` is %s", field, datum_type_name(path->type, check->arena));
        return NULL;
    }
    return path;
}

/* The names of what `group` gives: their types depend on the list, so they are made each time. */
static const datum_type_t *group_type(const datum_type_t *list, const datum_type_t *key,
                                      arena_t *arena)
{
    datum_name_t *names = ARRAY(arena, datum_name_t, 3);
    if (!names)
        return NULL;
    names[0] = (datum_name_t){"key", key};
    names[1] = (datum_name_t){"items", list};
    const datum_type_t *record = datum_type_record(names, arena);
    return record ? datum_type_list(record, arena) : NULL;
}

const datum_type_t *check_group(pipe_check_t *check)
{
    const datum_path_t *path =
        field_of_entries(check, KIND(BOOL) | KIND(INT) | KIND(TEXT) | KIND(ENUM) | KIND(TIME));
    if (!path)
        return NULL;
    check->kept = path;
    const datum_type_t *type = group_type(check->in, path->type, check->arena);
    return type ? type : pipe_fault(check, "no memory");
}

static bool same_key(datum_t a, datum_t b)
{
    return a.kind == DATUM_NONE ? b.kind == DATUM_NONE : pipe_equal(a, b);
}

/* Entries [from, to) of a list as a list. */
static bool slice(datum_t list, size_t from, size_t to, arena_t *arena, datum_t *ret)
{
    if (!datum_rest(list, from, arena, ret))
        return false;
    ret->count = (uint32_t) (to - from);
    return true;
}

datum_t apply_group(const pipe_call_t *call, datum_t in)
{
    /* At most as many groups as entries; a group is {key, items}. */
    datum_t *groups = ARRAY(call->arena, datum_t, in.count);
    size_t slot_count = 2 * (size_t) in.count, count = 0;
    datum_t *slots = ARRAY(call->arena, datum_t, slot_count);
    for (size_t from = 0, to; groups && slots && from < in.count; from = to) {
        datum_t key = datum_follow(call->kept, datum_at(in, from));
        for (to = from + 1; to < in.count; to++)
            if (!same_key(key, datum_follow(call->kept, datum_at(in, to))))
                break;
        datum_t *slot = &slots[2 * count];
        slot[0] = key;
        if (!slice(in, from, to, call->arena, &slot[1]))
            slots = NULL;
        groups[count++] = datum_record(slot);
    }
    if (!groups || !slots) {
        *call->full = true;
        return datum_none();
    }
    return datum_array(groups, count);
}

const datum_type_t *check_where(pipe_check_t *check)
{
    const datum_path_t *path =
        field_of_entries(check, KIND(BOOL) | KIND(INT) | KIND(TEXT) | KIND(ENUM));
    if (!path || !pipe_comparable(check, path->type, &check->arguments[1]))
        return NULL;
    check->kept = path;
    return check->in;
}

datum_t apply_where(const pipe_call_t *call, datum_t in)
{
    datum_t *entries = ARRAY(call->arena, datum_t, in.count);
    size_t count = 0;
    if (!entries) {
        *call->full = true;
        return datum_none();
    }
    for (size_t i = 0; i < in.count; i++) {
        datum_t entry = datum_at(in, i);
        if (pipe_equal(datum_follow(call->kept, entry), call->arguments[1]))
            entries[count++] = entry;
    }
    return datum_array(entries, count);
}
