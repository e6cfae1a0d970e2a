#include "template_html.h"

#include <ctype.h>

#include "text.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One more letter of a name; of a long one the end is not kept. */
static void add_letter(char name[HTML_NAME_MAX], char c)
{
    size_t size = strlen(name);
    if (size + 1 < HTML_NAME_MAX) {
        name[size] = (char) tolower((unsigned char) c);
        name[size + 1] = 0;
    }
}

static void start_name(char name[HTML_NAME_MAX], char c)
{
    name[0] = 0;
    add_letter(name, c);
}

/* Behind a tag.  What follows <script> and <style> is not HTML, up to their own end. */
static html_place_t after_tag(html_t *self)
{
    static const char *const codes[] = {"script", "style"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (!self->code && text_equal(self->element, codes[i]))
            self->code = codes[i];
        else if (self->code == codes[i] && self->element[0] == '/' &&
                 text_equal(self->element + 1, codes[i]))
            self->code = NULL;
    return self->code ? HTML_CODE : HTML_TEXT;
}

static const char *refuse_attribute(const html_t *self)
{
    if (text_equal(self->attribute, "style"))
        return "style=\"…\" is forbidden by the CSP: write a class in site.css";
    if (text_starts(self->attribute, "on") && strlen(self->attribute) > 2)
        return "handlers (on…=\"…\") are forbidden by the CSP: write them in site.js";
    return NULL;
}

/* Behind '<': an element, its end, a comment, or only a sign. */
static void step_open(html_t *self, char c)
{
    if (c == '!') {
        self->place = HTML_COMMENT; /* <!doctype …>, too */
        self->element[0] = 0;
    } else if (c == '/' || isalpha((unsigned char) c)) {
        self->place = HTML_ELEMENT;
        start_name(self->element, c); /* "/script" is not "script" */
    } else {
        self->place = HTML_TEXT;
    }
}

static const char *step_tag(html_t *self, char c)
{
    if (c == '>') {
        self->place = after_tag(self);
    } else if (c == '=') {
        self->place = HTML_EQUALS;
        return refuse_attribute(self);
    } else if (!is_space(c) && c != '/') {
        if (self->place == HTML_ATTRIBUTE)
            add_letter(self->attribute, c);
        else
            start_name(self->attribute, c);
        self->place = HTML_ATTRIBUTE;
    } else {
        self->place = HTML_TAG;
    }
    return NULL;
}

static void step_element(html_t *self, char c)
{
    if (c == '>')
        self->place = after_tag(self);
    else if (is_space(c))
        self->place = HTML_TAG;
    else
        add_letter(self->element, c);
}

static void step_equals(html_t *self, char c)
{
    if (c == '"' || c == '\'') {
        self->place = HTML_QUOTED;
        self->quote = c;
    } else if (!is_space(c)) {
        self->place = c == '>' ? after_tag(self) : HTML_BARE;
    }
}

/* "-->" of a comment, ">" of <!doctype html>. */
static bool ends_comment(html_t *self, char c)
{
    if (!self->element[0])
        start_name(self->element, c == '-' ? '-' : '!');
    bool is_comment = self->element[0] == '-';
    return c == '>' && (!is_comment || (self->last[0] == '-' && self->last[1] == '-'));
}

static const char *step(html_t *self, char c)
{
    switch (self->place) {
    case HTML_TEXT:
        if (c == '<')
            self->place = HTML_OPEN;
        break;
    case HTML_OPEN:
        step_open(self, c);
        break;
    case HTML_ELEMENT:
        step_element(self, c);
        break;
    case HTML_TAG:
    case HTML_ATTRIBUTE:
        return step_tag(self, c);
    case HTML_EQUALS:
        step_equals(self, c);
        break;
    case HTML_BARE:
        if (is_space(c) || c == '>')
            self->place = c == '>' ? after_tag(self) : HTML_TAG;
        break;
    case HTML_QUOTED:
        if (c == self->quote)
            self->place = HTML_TAG;
        break;
    case HTML_COMMENT:
        if (ends_comment(self, c))
            self->place = HTML_TEXT;
        break;
    case HTML_CODE:
        if (self->last[1] == '<' && c == '/') {
            self->place = HTML_ELEMENT;
            start_name(self->element, c);
        }
        break;
    }
    return NULL;
}

const char *html_walk(html_t *self, span_t text, span_t *rest)
{
    for (size_t i = 0; i < text.size; i++) {
        const char *fault = step(self, text.data[i]);
        self->last[0] = self->last[1];
        self->last[1] = text.data[i];
        if (fault) {
            *rest = span(text.data + i + 1, text.size - i - 1);
            return fault;
        }
    }
    *rest = span("", 0);
    return NULL;
}

const char *html_refuses_value(const html_t *self)
{
    switch (self->place) {
    case HTML_TEXT:
    case HTML_QUOTED:
    case HTML_COMMENT:
        return NULL;
    case HTML_CODE:
        return "values inside of <script> and <style> would not be escaped";
    default:
        return "a value inside of a tag stands in quotes";
    }
}
