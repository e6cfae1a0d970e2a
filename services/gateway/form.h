/* form.h - what a browser's form says, and the message it means.
 *
 * A form comes as application/x-www-form-urlencoded (WHATWG URL, 5.1) or multipart/form-data
 * (RFC 7578).  Its inputs are named by the JSON paths of the request's fields:
 *
 *   applicant.mobile           a field of a message
 *   gaps[2].reason             of an entry of a list; indices may have holes: entries move up
 *   gaps[2]._use               0 (the last one counts): nothing of gaps[2] is taken
 *   permissions                a repeated scalar, once for each; or lines of one text
 *   form.project_name          a list of {name, value}: the rest of the path is the name;
 *                              typed several times: joined by ','
 *   form.owner~name ~number    one value in parts: "name|number"; ~division ~detail: put together
 *   _token                     any other name with '_' in front is none of the request's
 *
 * Of a singular field the last counts (a hidden 0 before a checkbox of 1).  An entry of a list in
 * which nothing is filled in is none; so is a message that is not required.  Texts are
 * trimmed, lines end with \n.  What has a kind (numbers, codes, days) is written as the kind
 * wants it: half width, without blanks, "2026年1月5日" as 2026-01-05.  Kinds of map values are
 * said by the hidden input _kinds that {{@itemform}} writes: "form.mobile:4 form.age:n".  It
 * comes from the browser, so it is only a help in writing: the service checks.
 *
 * Everything lives in the request's arena.  Strangers' bytes: tests/fuzz/fuzz_form.c. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "buffer.h"
#include "datum.h"
#include "page.h"
#include "problem.h"
#include "rule.h"
#include "span.h"
#include "yiwang/status.pb-c.h"

#define FORM_PAIRS_MAX 2000 /* the longest section of an item's editor has some 1100 */
#define FORM_FILES_MAX 50   /* of one request, as many as a material may have */
#define FORM_INDEX_MAX 999  /* gaps[999] */
#define FORM_STEPS_MAX 8    /* names of one path */
#define FORM_NAME_MAX  200  /* bytes of an input's name, as of yiwang.Violation.field */

typedef struct {
    const char *name;
    const char *value; /* UTF-8 without NUL, as it came, lines end with \n; ends with 0 */
    size_t size;
} form_pair_t;

/* A file input.  One that was left empty is not here. */
typedef struct {
    const char *input; /* name of the input */
    span_t name;       /* of the file as sent; may be empty; bytes not checked */
    span_t media_type; /* as sent; may be empty */
    span_t data;       /* borrowed from the body */
} form_file_t;

typedef struct form_pairs {
    const form_pair_t *pairs; /* in the order of the form */
    size_t count;
    const form_file_t *files;
    size_t file_count;
    uint16_t *slots, *next; /* pairs by the hash of their name, the last one first */
    size_t slot_count;
} form_pairs_t;

/* Reads a body.  `text_max`: most bytes of all names and values together, without files
 * (form_text_max).  PROBLEM_NONE; PROBLEM_MEDIA_TYPE: neither of both kinds;
 * PROBLEM_MALFORMED: broken, or not UTF-8; PROBLEM_TOO_LARGE: a limit was passed. */
problem_t form_read(span_t content_type, span_t body, size_t text_max, arena_t *arena,
                    form_pairs_t **ret);

/* PAGE_FORM_MAX, or PAGE_FORM_LONG for a request with a text of more than that. */
size_t form_text_max(const ProtobufCMessageDescriptor *request);

/* The last value typed under a name; NULL: none was. */
const char *form_typed(const form_pairs_t *self, const char *name);
/* Whether one of the values typed under a name is this one. */
bool form_typed_is(const form_pairs_t *self, const char *name, const char *value);
/* For `typed` in pages: a map of texts by FORM.NAME; without what is secret in `type`. */
datum_t form_typed_datum(const form_pairs_t *self, const char *form,
                         const ProtobufCMessageDescriptor *type, arena_t *arena);

/* Writes the pairs as a urlencoded body that form_read() takes, without `_token`, `_key` and
 * what is secret in a request of `type` (NULL: unknown, nothing is).  For a form that has to wait
 * until somebody is signed in again. */
void form_print(const form_pairs_t *self, const ProtobufCMessageDescriptor *type, buffer_t *out);

/* Whether a name's field is secret (never goes back to the browser), also for a name that no
 * field has but that looks like one: "password" of another form. */
bool form_secret(const ProtobufCMessageDescriptor *type, const char *name);

/* --- into a message --------------------------------------------------------------------- */

typedef struct {
    const page_bind_t *binds; /* fields that the page gives: refused when typed */
    size_t bind_count;
    const char *files; /* input of an upload: left alone.  Files of other inputs become the text
                        * of their field (UTF-8, UTF-16 with mark, or GB 18030) */
    bool lenient;      /* names that the request does not know are left out, not refused: for a
                        * second button of a form */
} form_plan_t;

/* What was typed, as a tree: knows which typed index became which entry. */
typedef struct form_tree form_tree_t;

/* Fills `message`, which may hold fields already.  True: all was understood; else `faults`
 * says what was not, by typed path ("unknown", "type", "range", "utf8", "too_many", "memory").
 * *ret is there in any case (NULL only past the arena). */
bool form_fill(const form_plan_t *plan, const form_pairs_t *pairs, arena_t *arena,
               ProtobufCMessage *message, faults_t *faults, form_tree_t **ret);

/* Checks the message by its rules and adds what is wrong by typed path, if nothing is said
 * of that path yet.  False: something is wrong. */
bool form_check(const form_tree_t *self, const ProtobufCMessage *message, arena_t *arena,
                faults_t *faults);

/* What a service refused, by typed path. */
void form_refused(const form_tree_t *self, const Yw__Status *status, arena_t *arena,
                  faults_t *faults);

/* The path as it was typed of a path in the message: "gaps[1].reason" -> "gaps[2].reason",
 * "form[3].value" -> "form.project_name".  NULL in self: the path itself. */
const char *form_path(const form_tree_t *self, const char *path, arena_t *arena);

/* --- between inputs and their faults ------------------------------------------------------ */

/* The id of the input of a path: "correct", "gaps[2].reason" -> "correct-gaps-2-reason". */
const char *form_anchor(const char *form, const char *path, arena_t *arena);

/* The first fault of a path, NULL: none.  Entries of a repeated scalar count for the field. */
const fault_t *form_fault(const faults_t *faults, const char *path);

/* --- texts ---------------------------------------------------------------------------------- */

/* What is written like a kind and is none of the contract's: of a field by form_kind(). */
#define FORM_KIND_NUMBER ((kind_t) (KIND_URL + 1)) /* digits, sign, fraction */
#define FORM_KIND_CODE   ((kind_t) (KIND_URL + 2)) /* one of several: ID number or credit code */
#define FORM_KIND_DIGITS ((kind_t) (KIND_URL + 3)) /* what a pattern of the contract describes */

/* A list of {name, value} messages. */
bool form_is_map(const ProtobufCFieldDescriptor *field);

/* As what a field's text is written. */
kind_t form_kind(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field);

/* One text as its kind wants it (see above): in the arena, or `text` itself when nothing is to be
 * changed or the arena is full. */
const char *form_normal(kind_t kind, const char *text, arena_t *arena);

/* Without blanks around it, the ideographic and unbreakable ones too. */
const char *form_trim(const char *text, arena_t *arena);

/* The text of a file: UTF-8, UTF-16 with its mark, or GB 18030 (what spreadsheets save in China).
 * NULL: none of them, or past the arena. */
const char *form_file_text(const form_file_t *file, arena_t *arena);
