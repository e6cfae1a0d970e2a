/* template_html.h - where in HTML a template is, so that escaping is enough; of template_*.c only.
 *
 * Escaping & < > " ' makes a value safe in text and in quoted attributes, nowhere else.  So the
 * compiler walks the text of pages with this and refuses values in other places, inline styles
 * and handlers, which the Content-Security-Policy would drop without a word.
 *
 * Text is walked in the order in which it stands; both sides of {{#x}} and {{^x}} are walked one
 * after the other, which is right as long as each closes the quotes it opens. */
#pragma once
#include "span.h"

typedef enum {
    HTML_TEXT,
    HTML_OPEN,      /* behind '<' */
    HTML_ELEMENT,   /* in its name */
    HTML_TAG,       /* between attributes */
    HTML_ATTRIBUTE, /* in the name of one */
    HTML_EQUALS,    /* behind its '=' */
    HTML_BARE,      /* in a value without quotes */
    HTML_QUOTED,    /* in a value with quotes */
    HTML_COMMENT,
    HTML_CODE /* in <script> or <style> */
} html_place_t;

#define HTML_NAME_MAX 16 /* longer names are cut: those that matter are short */

typedef struct {
    html_place_t place;
    char quote;                  /* HTML_QUOTED */
    char element[HTML_NAME_MAX]; /* the one whose tag is open, or was last */
    char attribute[HTML_NAME_MAX];
    const char *code; /* "script", "style": ends with that element only; NULL: not in one */
    char last[2];     /* the two characters before, for the end of comments */
} html_t;

/* Walks on over text.  NULL; else what is wrong, and *rest is what is left to walk. */
const char *html_walk(html_t *self, span_t text, span_t *rest);

/* NULL when a value may stand here; else why not. */
const char *html_refuses_value(const html_t *self);
