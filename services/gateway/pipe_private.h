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

/* --- the functions of the table in pipe.c ------------------------------------------- */

typedef const datum_type_t *pipe_checks_t(pipe_check_t *check);
typedef datum_t pipe_applies_t(const pipe_call_t *call, datum_t in);

/* pipe_compare.c */
pipe_checks_t check_compare, check_number, check_has, check_or, check_length;
pipe_applies_t apply_is, apply_isnt, apply_starts, apply_over, apply_under, apply_has, apply_or,
    apply_length;

/* pipe_text.c */
pipe_checks_t check_text, check_words, check_html, check_mask, check_cut;
pipe_applies_t apply_label, apply_name, apply_money, apply_bytes, apply_mask, apply_lines,
    apply_url, apply_count, apply_cut, apply_code;

/* pipe_time.c */
pipe_applies_t apply_date, apply_day, apply_time, apply_iso, apply_clock, apply_limit, apply_left,
    apply_light;

/* pipe_list.c */
pipe_checks_t check_slice, check_join, check_group, check_where;
pipe_applies_t apply_first, apply_rest, apply_join, apply_group, apply_where;
