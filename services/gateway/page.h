/* page.h - the pages: files read, bound to the contract and compiled.
 *
 * pages/README.md is the language.  A set holds every *.page under a folder, with the layouts and
 * partials they use.  Heads are read first, all of them, because a form may be posted to another
 * page; then titles and bodies are compiled against the names that each page has.  All that is
 * wrong is told at once, with file and line, and then there is no set.
 *
 * A set does not change once it is there: lanes share it, each exchange holds on to the one it
 * began with, and the last one to let go frees it (a new set may come in while gateway.develop).
 *
 * When adding a key of the head: page_head.c (and page_bind.c when it has values), a case in
 * page_test.c, pages/README.md. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "datum.h"
#include "method.h"
#include "route.h"
#include "rule.h"
#include "static_files.h"
#include "template.h"
#include "view.h"

#define PAGE_FILES_MAX  512
#define PAGE_FILE_MAX   (256u << 10)
#define PAGE_DATA_MAX   16 /* calls of one page */
#define PAGE_MAKES_MAX  16
#define PAGE_FORMS_MAX  16
#define PAGE_BINDS_MAX  24         /* field=value of one call */
#define PAGE_RIGHTS_MAX 16         /* permissions behind `who: staff` */
#define PAGE_PIECES_MAX 12         /* of one value: texts and {names} */
#define PAGE_ANSWER_MAX (4u << 20) /* HTML of one page */
#define PAGE_FORM_MAX   (1u << 20) /* body of a form without files */
#define PAGE_FORM_LONG  (6u << 20) /* ... of one whose method takes a text of megabytes */
#define PAGE_KEY_SIZE   33         /* idempotency keys: 128 bits in hex, and an end */

typedef struct page_set page_set_t;
typedef struct page page_t;

/* "{path.id}", "withdrawn", "/my/cases/{path.id}?done=withdrawn". */
typedef struct {
    const char *text;  /* a literal, NULL: a name */
    datum_path_t path; /* from the scope of the key it stands at */
} page_piece_t;

typedef struct {
    const page_piece_t *pieces;
    size_t count;
    const char *written; /* for faults */
} page_text_t;

/* field=value. */
typedef struct {
    /* One descriptor for each name of "applicant.mobile". */
    const ProtobufCFieldDescriptor *fields[DATUM_STEPS_MAX];
    size_t depth;
    const ProtobufCMessageDescriptor *type; /* that the last one is a field of */
    page_text_t value;
} page_bind_t;

typedef enum { PAGE_PUBLIC, PAGE_PERSON, PAGE_STAFF } page_who_t;
typedef enum { PAGE_AS_NONE, PAGE_AS_PERSON, PAGE_AS_STAFF } page_as_t;

/* data, and what a `file` page gives. */
typedef struct {
    const char *name;
    const method_t *method;
    bool optional;  /* data? */
    bool all_query; /* query.* */
    bool conditional;
    int line;
    page_text_t condition; /* if NAME */
    page_bind_t binds[PAGE_BINDS_MAX];
    size_t bind_count;
    size_t slot;    /* of its answer in the root scope */
    uint32_t needs; /* bits 1 << i: data[i] that must be there before */
} page_call_t;

typedef struct {
    const char *name;
    const view_t *view;
    int line;
    datum_path_t arguments[VIEW_ARGUMENTS_MAX];
    datum_t fixed[VIEW_ARGUMENTS_MAX]; /* of arguments that are texts in quotes: kind is not none */
    size_t argument_count;
    size_t slot;
} page_make_t;

typedef enum {
    PAGE_SIGN_NONE,
    PAGE_SIGN_IN_PERSON,
    PAGE_SIGN_IN_STAFF,
    PAGE_SIGN_OUT_PERSON,
    PAGE_SIGN_OUT_STAFF
} page_sign_t;

/* post. */
typedef struct page_form {
    const page_t *page; /* where it is posted to */
    const char *name;
    const method_t *method;
    page_bind_t binds[PAGE_BINDS_MAX]; /* fixed: cannot be typed over */
    size_t bind_count;
    page_text_t then; /* in the scope {path, query, session, answer, typed} */
    bool stay;        /* then: stay */
    bool keep;
    page_sign_t sign;
    uint32_t needs; /* data that its values are taken from */
    struct form_inputs *
        *inputs;       /* control.h: what its inputs are; filled while bodies are compiled */
    const char *files; /* input whose files are put one after the other, NULL: none */
    int line;
} page_form_t;

struct page {
    const page_set_t *set;
    const char *file; /* "portal/home.page" */
    const char *pattern;
    page_who_t who;
    int level; /* Yw__Level of `who: person MEDIUM`, 0: any */
    const char *rights[PAGE_RIGHTS_MAX];
    size_t right_count;
    page_as_t as;
    const char *layout; /* NULL: none */
    const char *type;   /* media type */
    bool html;
    bool develop;
    bool download_set;
    page_text_t download;
    bool go_set, go_conditional; /* go: PATH if NAME */
    page_text_t go, go_condition;
    page_call_t data[PAGE_DATA_MAX];
    size_t data_count;
    page_make_t makes[PAGE_MAKES_MAX];
    size_t make_count;
    page_form_t forms[PAGE_FORMS_MAX];
    size_t form_count;
    bool file_set; /* file: a download through the session, no body */
    page_call_t file_call;
    const char *flash; /* NULL: none */
    const ProtobufCMessageDescriptor *flash_type;
    size_t flash_slot;
    const datum_type_t *root;                       /* the names of the body */
    const char *variables[ROUTE_VARIABLES_MAX + 1]; /* of the pattern, in order; ends with NULL */
    size_t slot_count;
    const template_t *title, *body; /* NULL: no title; no body */
    bool has_form;                  /* gets a visitor cookie */
};

/* --- for parts ------------------------------------------------------------------- */

/* The form `name` of this page, or of the page that is served at `target` (NULL: this one); NULL:
 * there is none.  While compiling and afterwards. */
const page_form_t *page_form(const page_t *page, const char *target, const char *name);
/* Whether a field (its first name) is given by the head and cannot be typed over. */
bool page_form_fixed(const page_form_t *self, const ProtobufCFieldDescriptor *field);
/* Files of static/ with their versions. */
const static_files_t *page_statics(const page_t *page);
const static_files_t *page_set_statics(const page_set_t *self);

struct form_pairs; /* form.h */

/* What parts see of a request: template_scope_t.context. */
typedef struct page_view {
    const page_t *page;
    const char *action; /* path and query of this request: where forms without target go */
    const char *token;  /* CSRF token, masked afresh */
    const char *key;    /* idempotency key: of what was typed, else a new one; [0-9a-f] */
    /* A form that was refused, or that comes back with what was typed (NULL: none) ... */
    const page_form_t *refused;
    const struct form_pairs *typed; /* ... what was typed into it ... */
    const faults_t *faults;         /* ... and what is wrong with it, by JSON path */
    /* A form that waits until somebody is signed in again: goes on as the hidden input _carry of
     * forms without target.  NULL: none. */
    const char *carry;
    struct qr_memory *qr; /* draw.h: codes that were drawn last; NULL: none */
} page_view_t;

/* --- for the serving half ---------------------------------------------------------- */

/* Reads all of `folder`.  NULL: `faults` has a line for each: "portal/home.page:3: sentence".
 * `statics` is held; pages with `develop: yes` come only with `develop`. */
page_set_t *page_set_load(const char *folder, static_files_t *statics, bool develop,
                          buffer_t *faults);
page_set_t *page_set_hold(page_set_t *self);
void page_set_drop(page_set_t **self);

/* What is served at a path: match.route->owner is the page. */
route_match_t page_find(const page_set_t *self, verb_t verb, span_t path);
/* By file without its ending: "error", "portal/home"; NULL: none. */
const page_t *page_named(const page_set_t *self, const char *name);

/* --- the names that every page has (root slots) -------------------------------------- */

enum {
    PAGE_SLOT_SITE,
    PAGE_SLOT_PAGE,
    PAGE_SLOT_SESSION,
    PAGE_SLOT_PATH,
    PAGE_SLOT_QUERY,
    PAGE_SLOT_ERRORS,
    PAGE_SLOT_REFUSED,
    PAGE_SLOT_REFUSAL,
    PAGE_SLOT_TYPED,
    PAGE_SLOT_STAYED,
    PAGE_SLOTS /* behind them: flash, data, makes */
};
enum { SITE_NAME, SITE_REGION, SITE_PHONE, SITE_THEME, SITE_EMBLEM, SITE_RECORD, SITE_SLOTS };
enum {
    PAGE_NAME_PATH,
    PAGE_NAME_ADDRESS,
    PAGE_NAME_TITLE,
    PAGE_NAME_TRACE,
    PAGE_NAME_YEAR,
    PAGE_NAME_NOW,
    PAGE_NAME_DEVELOP,
    PAGE_NAME_MISSING,
    PAGE_NAME_DONE,
    PAGE_NAME_ELDER,
    PAGE_NAME_NOTICE, /* what the gateway has to say: "登录已过期…"; layouts show it */
    PAGE_NAME_STATUS, /* of error.page, else 200 */
    PAGE_NAME_CODE,
    PAGE_NAME_SLOTS
};
enum {
    SESSION_SIGNED_IN,
    SESSION_ACCOUNT_ID,
    SESSION_NAME,
    SESSION_LEVEL,
    SESSION_IS_STAFF,
    SESSION_DEPARTMENT_ID,
    SESSION_MAY,
    SESSION_SLOTS
};
enum { ERROR_FIELD, ERROR_MESSAGE, ERROR_ANCHOR, ERROR_SLOTS };

/* The names of {path, query, session, answer, typed}: what `then` may say. */
enum { THEN_PATH, THEN_QUERY, THEN_SESSION, THEN_ANSWER, THEN_TYPED, THEN_SLOTS };

/* "REGISTER" -> "PURPOSE_REGISTER", a full name as it is; NULL: no such value. */
const char *page_enum_name(const ProtobufCEnumDescriptor *type, const char *text);
/* "case_review" and "case.review" are the permission "case.review". */
bool page_permission_is(const char *permission, const char *name, size_t size);
