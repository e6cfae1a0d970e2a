/* pipe_private.h - what the files of pipes share; nobody else includes it. */
#pragma once
#include "pipe.h"

#define KIND(name) (1u << DATUM_##name)

/* Sets check->fault; NULL, so that a check can return it. */
const datum_type_t *pipe_fault(pipe_check_t *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A text of `size` bytes in the arena; none past its limit. */
datum_t pipe_text(const pipe_call_t *call, const char *data, size_t size);
/* Room for a text; NULL past the limit, which is told to the caller. */
char *pipe_room(const pipe_call_t *call, size_t size);

/* --- comparing (pipe_compare.c): of use to lists, too --------------------------- */

/* Whether an argument may be compared with a value of `type`; words become values of an enum.
 * False after pipe_fault(). */
bool pipe_comparable(pipe_check_t *check, const datum_type_t *type, pipe_argument_t *argument);
bool pipe_equal(datum_t a, datum_t b);

/* --- the rest of the words ------------------------------------------------------- */

/* "ITEM_STATE_" of catalog.ItemState: what its values' names begin with. */
size_t pipe_prefix(const ProtobufCEnumDescriptor *type);

/* "2026年11月22日 15:04" */
void pipe_put_time(buffer_t *out, int64_t ms);

const datum_type_t *check_compare(pipe_check_t *), *check_number(pipe_check_t *),
    *check_has(pipe_check_t *), *check_or(pipe_check_t *), *check_length(pipe_check_t *);
datum_t apply_is(const pipe_call_t *, datum_t), apply_isnt(const pipe_call_t *, datum_t),
    apply_starts(const pipe_call_t *, datum_t), apply_over(const pipe_call_t *, datum_t),
    apply_under(const pipe_call_t *, datum_t), apply_has(const pipe_call_t *, datum_t),
    apply_or(const pipe_call_t *, datum_t), apply_length(const pipe_call_t *, datum_t);

const datum_type_t *check_text(pipe_check_t *), *check_words(pipe_check_t *),
    *check_html(pipe_check_t *), *check_mask(pipe_check_t *), *check_cut(pipe_check_t *);
datum_t apply_label(const pipe_call_t *, datum_t), apply_name(const pipe_call_t *, datum_t),
    apply_money(const pipe_call_t *, datum_t), apply_bytes(const pipe_call_t *, datum_t),
    apply_mask(const pipe_call_t *, datum_t), apply_lines(const pipe_call_t *, datum_t),
    apply_url(const pipe_call_t *, datum_t), apply_count(const pipe_call_t *, datum_t),
    apply_cut(const pipe_call_t *, datum_t), apply_code(const pipe_call_t *, datum_t);

datum_t apply_date(const pipe_call_t *, datum_t), apply_day(const pipe_call_t *, datum_t),
    apply_time(const pipe_call_t *, datum_t), apply_iso(const pipe_call_t *, datum_t),
    apply_clock(const pipe_call_t *, datum_t), apply_limit(const pipe_call_t *, datum_t),
    apply_left(const pipe_call_t *, datum_t), apply_light(const pipe_call_t *, datum_t);

const datum_type_t *check_slice(pipe_check_t *), *check_join(pipe_check_t *),
    *check_group(pipe_check_t *), *check_where(pipe_check_t *);
datum_t apply_first(const pipe_call_t *, datum_t), apply_rest(const pipe_call_t *, datum_t),
    apply_join(const pipe_call_t *, datum_t), apply_group(const pipe_call_t *, datum_t),
    apply_where(const pipe_call_t *, datum_t);
