/* control.h - one field of a form as people meet it: label, hint, error, control.
 *
 *   control.c        writes a control_t
 *   control_field.c  {{@field}}: a control_t of a field of the contract
 *   control_item.c   {{@itemform}}: of the field definitions of an item
 *   control_form.c   {{@form}} {{@csrf}} {{@hidden}} {{@errors}}: what stands around them
 *
 * What the browser is told (required, maxlength, pattern, min, max) mirrors the contract but is
 * never narrower than what the gateway takes: 138 0013 8000 and digits in full width pass, because
 * form_normal() puts them right.  Fields that may be left empty are marked, not the others.
 *
 * Markup: services/gateway/static/README.md, "Forms".  When adding a kind of control: a row in
 * `writers` of control.c and a specimen in pages/styleguide.page. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "buffer.h"
#include "form.h"
#include "page.h"
#include "part.h"
#include "rule.h"

#define CONTROL_CHOICES_MAX 500 /* of one field: more cannot be chosen from */
#define CONTROL_RADIOS_MAX  5   /* choices that are shown at once; more go into a select */

typedef enum {
    CONTROL_TEXT,
    CONTROL_AREA,
    CONTROL_NUMBER,
    CONTROL_DATE,
    CONTROL_PASSWORD,
    CONTROL_SEARCH,
    CONTROL_SELECT,
    CONTROL_RADIO,
    CONTROL_CHECKBOXES, /* several of several */
    CONTROL_CHECKBOX,   /* one: yes or no, or one value or none */
    CONTROL_FILE,
    CONTROL_HIDDEN,
    CONTROL_PARTY,  /* of item forms: name and number */
    CONTROL_ADDRESS /* of item forms: division and the rest */
} control_kind_t;

typedef struct {
    const char *value, *label;
    const char *hint; /* NULL: none */
} control_choice_t;

typedef struct {
    control_kind_t kind;
    const char *name; /* of the input: the path */
    const char *id;   /* form_anchor() */
    const char *label;
    const char *hint;  /* NULL: none */
    const char *error; /* NULL: none */

    const char *value;        /* what stands in it; never NULL */
    const char *const *given; /* of CHECKBOXES: those that are ticked unless typed says it */
    size_t given_count;
    const form_pairs_t *typed; /* the form came back with this; NULL: it did not */

    kind_t text_kind; /* form_kind() */
    bool required;
    bool optional;             /* marked as such */
    uint32_t min_len, max_len; /* characters, 0: no limit */
    int64_t min, max;          /* of a number; min > max: no end; both 0: no range */
    bool whole;                /* a number without a fraction */
    const char *pattern;       /* of the contract */
    const char *autocomplete, *placeholder, *width, *unit, *accept; /* NULL: none */
    int64_t rows;
    bool multiple; /* a file input for several */
    bool inline_choices;
    bool yes_no; /* CHECKBOX: of a bool, sends 0 when it is not ticked */

    const control_choice_t *choices; /* ADDRESS: divisions */
    size_t choice_count;
    const char *empty; /* first option of a SELECT, NULL: none */
} control_t;

/* Writes the whole field. */
void control_write(const control_t *self, buffer_t *out, arena_t *arena);

/* --- the parts ------------------------------------------------------------------------------ */

extern const part_t part_form, part_csrf, part_hidden, part_errors; /* control_form.c */
extern const part_t part_field;                                     /* control_field.c */
extern const part_t part_itemform;                                  /* control_item.c */

/* --- between them ----------------------------------------------------------------------------- */

/* What {{@form}} keeps for the parts inside. */
typedef struct {
    const page_form_t *form;
    bool has_files; /* a part inside is a file input: the form is sent as multipart */
} control_form_t;

/* A place in the request of a form: "gaps[{_index}].reason". */
typedef struct {
    const page_form_t *form;
    const ProtobufCMessageDescriptor *type;
    const ProtobufCFieldDescriptor *field; /* of a map value: the map */
    bool map_value;
} control_place_t;

/* An input of a form, found while its page is compiled (page_form_t.inputs). */
typedef struct form_inputs {
    const char *path; /* as written: "gaps[{_index}].reason" */
    struct form_inputs *next;
} form_inputs_t;

/* Notes that the form has an input there that people see; {{@errors}} links to nothing else. */
void control_note(part_check_t *check, const page_form_t *form, const char *path);
/* The path of the input that a fault is of: its own, or that of the file when the form sends one and
 * nobody typed the rest (its name, its kind).  NULL: people see no input for it. */
const char *control_input(const page_form_t *form, const char *fault);
/* The id of that input, "" when there is none: for `errors`. */
const char *control_anchor(const page_form_t *form, const char *fault, arena_t *arena);

/* The form that a part speaks of (its first argument): that of the block it stands in, or one of
 * the page.  NULL: told. */
const page_form_t *control_form(part_check_t *check, const char *name);
/* The block that a part stands in; NULL: none. */
control_form_t *control_outer(const part_check_t *check);
/* Where a path leads.  False: told. */
bool control_find(part_check_t *check, const page_form_t *form, const char *path,
                  control_place_t *ret);

/* What was typed into this form, NULL when it does not come back; and its faults. */
const form_pairs_t *control_typed(const part_render_t *render, const page_form_t *form);
const char *control_error(const part_render_t *render, const page_form_t *form, const char *path);

/* A datum as an input holds it: datum_plain(), times as days.  Never NULL. */
const char *control_plain(datum_t value, arena_t *arena);
/* A text argument, NULL when it is not given or empty. */
const char *control_text(datum_t value, arena_t *arena);

/* ` name="value"`, escaped. */
void control_attribute(buffer_t *out, const char *name, const char *value);
