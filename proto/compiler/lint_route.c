/* lint_route.c - paths on the edge.
 *
 *   path    = 1*( "/" segment ) [ ":" word ]
 *   segment = word / "{" field "}"
 *   word    = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" )
 *
 * At most SEGMENTS_MAX segments and VARIABLES_MAX variables (services/gateway/route.h).
 * What the path does not name comes from the query (get, delete, uploads) or
 * from the body. */
#include <ctype.h>
#include <string.h>
#include "check.h"
#include "refusal.h"
#include "lint.h"
#include "names.h"
#include "text.h"

enum { SEGMENTS_MAX = 16, VARIABLES_MAX = 8 };

static size_t count_of(const char *text, char c)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == c;
    return count;
}

static size_t word_size(const char *text)
{
    size_t size = 0;
    while (isalnum((unsigned char) text[size]) || (text[size] && strchr("-._~", text[size])))
        size++;
    return size;
}

/* Bytes of a segment; 0 when it is none. */
static size_t segment_size(const char *text)
{
    if (*text != '{')
        return word_size(text);
    size_t name = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return name && text[1 + name] == '}' ? name + 2 : 0;
}

static bool path_is_well_formed(const char *path)
{
    const char *at = path;
    while (*at == '/') {
        size_t size = segment_size(at + 1);
        if (!size)
            return false;
        at += 1 + size;
    }
    if (at == path)
        return false;
    if (*at == ':')
        at += 1 + word_size(at + 1);
    return *at == '\0' && at[-1] != ':';
}

static bool variable_may_be(const field_t *field)
{
    return !field->repeated && !field->message && field->type != TYPE_BYTES;
}

static void lint_variables(const method_t *method)
{
    for (const char *open = strchr(method->path, '{'); open; open = strchr(open + 1, '{')) {
        char *name = names_format("%.*s", (int) strcspn(open + 1, "}"), open + 1);
        const field_t *field = model_field(method->in, name);
        const char *braced = names_format("{%s}", name);
        if (!field)
            refuse(method->place, method->short_name, "path: %s has no field %s",
                   method->in->full_name, name);
        else if (!variable_may_be(field))
            refuse(method->place, method->short_name, "path: %s cannot stand in a path", name);
        if (strstr(open + 1, braced))
            refuse(method->place, method->short_name, "path: %s stands there twice", name);
    }
}

/* In a query stand texts and numbers: no message (but a time), no bytes. */
static void lint_query(const method_t *method)
{
    bool from_query = method->verb == VERB_GET || method->verb == VERB_DELETE ||
                      method->rpc->transfer == TRANSFER_UPLOAD;
    for (size_t i = 0; from_query && i < method->in->field_count; i++) {
        const field_t *field = &method->in->fields[i];
        bool plain = field->type != TYPE_BYTES && (!field->message || field->message->is_timestamp);
        if (!plain && !method_hides(method, field))
            refuse(method->place, method->short_name, "%s: a query cannot hold it",
                   field->full_name);
    }
}

/* "/cases/{id}:accept" -> "/cases/{}:accept". */
static const char *shape(const char *path)
{
    char *start = xstrdup(path);
    char *out = start;
    for (const char *in = path; *in; in++) {
        *out++ = *in;
        if (*in == '{')
            in += strcspn(in, "}") - 1;
    }
    *out = '\0';
    return start;
}

/* OpenAPI takes paths that differ only in the names of variables for the same. */
static bool lint_equal(const method_t *a, const method_t *b)
{
    if (!a->path || !text_equal(shape(a->path), shape(b->path)))
        return false;
    if (a->verb == b->verb)
        refuse(b->place, b->short_name, "%s %s is the route of %s", verb_name(b->verb), b->path,
               a->short_name);
    else if (!text_equal(a->path, b->path))
        refuse(b->place, b->short_name, "path %s is %s of %s: name the variables alike", b->path,
               a->path, a->short_name);
    else
        return false;
    return true;
}

void lint_routes(const model_t *model)
{
    for (size_t i = 0; i < model->method_count; i++) {
        const method_t *method = model->methods[i];
        unsigned verbs = method_verbs(method->rpc);
        if (verbs & (verbs - 1))
            refuse(method->place, method->short_name, "two verbs: a method has one route");
        if (!method->path)
            continue;
        if (method->verb == VERB_GET && method->writes)
            refuse(method->place, method->short_name,
                   "get may not write: anybody may repeat or fetch it ahead");
        if (!path_is_well_formed(method->path)) {
            refuse(method->place, method->short_name, "path \"%s\" is not /word/{field}/word:word",
                   method->path);
            continue;
        }
        if (count_of(method->path, '/') > SEGMENTS_MAX ||
            count_of(method->path, '{') > VARIABLES_MAX)
            refuse(method->place, method->short_name, "path: more than %d segments or %d variables",
                   SEGMENTS_MAX, VARIABLES_MAX);
        lint_variables(method);
        lint_query(method);
        for (size_t k = 0; k < i && !lint_equal(model->methods[k], method); k++)
            ;
    }
}
