/* openapi_method.c - one operation of openapi.json. */
#include <ctype.h>
#include <string.h>
#include "check.h"
#include "names.h"
#include "openapi.h"
#include "text.h"

static bool has_body(verb_t verb)
{
    return verb == VERB_POST || verb == VERB_PUT || verb == VERB_PATCH;
}

static bool in_path(const method_t *method, const field_t *field)
{
    return path_has_variable(method->path, field->name);
}

bool openapi_in_body(const method_t *method, const field_t *field)
{
    return has_body(method->verb) && method->rpc->transfer != TRANSFER_UPLOAD &&
           !in_path(method, field) && !method_hides(method, field);
}

static bool in_query(const method_t *method, const field_t *field)
{
    return !in_path(method, field) && !method_hides(method, field) &&
           !openapi_in_body(method, field);
}

/* What the edge takes from the headers of an upload when nobody says it. */
static bool comes_with_file(const method_t *method, const field_t *field)
{
    return method->rpc->transfer == TRANSFER_UPLOAD &&
           (text_equal(field->name, "media_type") || text_equal(field->name, "file_name"));
}

static void emit_parameter(json_writer_t *out, const method_t *method, const field_t *field,
                           const char *in)
{
    bool is_path = text_equal(in, "path");
    json_open(out, NULL, '{');
    json_text(out, "name", field->json);
    json_text(out, "in", in);
    if (is_path || (field->rule->required && !comes_with_file(method, field)))
        json_bool(out, "required", true);
    if (field->place.comment)
        json_text(out, "description", openapi_prose(field->place.comment));
    json_open(out, "schema", '{');
    openapi_value(out, field);
    json_close(out);
    json_close(out);
}

static void emit_parameters(json_writer_t *out, const method_t *method)
{
    bool keyed = method->writes && !method->rpc->idempotent;
    size_t count = keyed;
    for (size_t i = 0; i < method->in->field_count; i++)
        count +=
            in_path(method, &method->in->fields[i]) || in_query(method, &method->in->fields[i]);
    if (!count)
        return;
    json_open(out, "parameters", '[');
    for (size_t i = 0; i < method->in->field_count; i++) {
        const field_t *field = &method->in->fields[i];
        if (in_path(method, field))
            emit_parameter(out, method, field, "path");
        else if (in_query(method, field))
            emit_parameter(out, method, field, "query");
    }
    if (keyed) {
        json_open(out, NULL, '{');
        json_text(out, "$ref", "#/components/parameters/IdempotencyKey");
        json_close(out);
    }
    json_close(out);
}

static void emit_bytes(json_writer_t *out)
{
    json_open(out, "application/octet-stream", '{');
    json_open(out, "schema", '{'); /* 3.1: bytes as they are have no schema */
    json_close(out);
    json_close(out);
}

static void emit_form(json_writer_t *out)
{
    json_open(out, "multipart/form-data", '{');
    json_open(out, "schema", '{');
    json_text(out, "type", "object");
    json_open(out, "properties", '{');
    json_open(out, "file", '{');
    json_text(out, "type", "string");
    json_text(out, "contentMediaType", "application/octet-stream");
    json_close(out);
    json_close(out);
    json_open(out, "required", '[');
    json_text(out, NULL, "file");
    json_close(out);
    json_close(out);
    json_close(out);
}

static void emit_upload(json_writer_t *out)
{
    json_open(out, "requestBody", '{');
    json_text(out, "description",
              "The file as it is, with its own Content-Type, or a form with this one file");
    json_bool(out, "required", true);
    json_open(out, "content", '{');
    emit_bytes(out);
    emit_form(out);
    json_close(out);
    json_close(out);
}

static void emit_body(json_writer_t *out, const method_t *method)
{
    if (method->rpc->transfer == TRANSFER_UPLOAD) {
        emit_upload(out);
        return;
    }
    bool any = false, required = false;
    for (size_t i = 0; i < method->in->field_count; i++) {
        const field_t *field = &method->in->fields[i];
        any = any || openapi_in_body(method, field);
        required = required || (openapi_in_body(method, field) && field->rule->required);
    }
    if (!any)
        return;
    json_open(out, "requestBody", '{');
    json_bool(out, "required", required);
    json_open(out, "content", '{');
    json_open(out, "application/json", '{');
    json_open(out, "schema", '{');
    openapi_members(out, method->in, method);
    json_close(out);
    json_close(out);
    json_close(out);
    json_close(out);
}

static void emit_answer(json_writer_t *out, const method_t *method)
{
    char *prose = openapi_prose(method->out->place.comment);
    json_open(out, method->rpc->created ? "201" : "200", '{');
    json_text(out, "description", prose ? prose : method->out->short_name);
    if (method->rpc->transfer == TRANSFER_DOWNLOAD) {
        json_open(out, "content", '{');
        emit_bytes(out);
        json_close(out);
    } else {
        json_open(out, "content", '{');
        json_open(out, "application/json", '{');
        json_open(out, "schema", '{');
        json_text(out, "$ref", names_format("#/components/schemas/%s", method->out->short_name));
        json_close(out);
        json_close(out);
        json_close(out);
    }
    json_close(out);
}

static void emit_answers(json_writer_t *out, const method_t *method)
{
    static const char *const FAILURES[] = {"4XX", "5XX"};
    json_open(out, "responses", '{');
    emit_answer(out, method);
    for (size_t i = 0; i < sizeof FAILURES / sizeof *FAILURES; i++) {
        json_open(out, FAILURES[i], '{');
        json_text(out, "$ref", "#/components/responses/Problem");
        json_close(out);
    }
    json_close(out);
}

/* The first sentence, without its stop. */
static char *first_sentence(const char *prose)
{
    size_t size = 0;
    while (prose[size] && prose[size] != '\n' &&
           !(prose[size] == '.' &&
             (prose[size + 1] == '\0' || isspace((unsigned char) prose[size + 1]))))
        size++;
    return names_format("%.*s", (int) size, prose);
}

static void emit_words(json_writer_t *out, const method_t *method)
{
    char *prose = openapi_prose(method->place.comment);
    json_text(out, "operationId", method->short_name);
    json_text(out, "summary", prose ? first_sentence(prose) : method->short_name);
    if (prose)
        json_text(out, "description", prose);
    json_open(out, "tags", '[');
    json_text(out, NULL, method->service->name);
    json_close(out);
}

static void emit_callers(json_writer_t *out, const model_t *model, const method_t *method)
{
    const Schema__Rpc *rpc = method->rpc;
    const struct {
        bool may;
        const char *who;
    } callers[] = {{rpc->public_, "public"},
                   {rpc->level > 0, "person"},
                   {!text_empty(rpc->permission), "staff"},
                   {rpc->system, "system"},
                   {method->internal, "internal"}};
    json_open(out, "security", '[');
    if (!rpc->public_) {
        json_open(out, NULL, '{');
        json_open(out, "bearer", '[');
        json_close(out);
        json_close(out);
    }
    json_close(out);
    json_open(out, "x-callers", '[');
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++)
        if (callers[i].may)
            json_text(out, NULL, callers[i].who);
    json_close(out);
    const value_t *level = rpc->level ? model_level(model, rpc->level) : NULL;
    if (level)
        json_text(out, "x-level", level->name);
    if (!text_empty(rpc->permission))
        json_text(out, "x-permission", rpc->permission);
}

void openapi_method(json_writer_t *out, const model_t *model, const method_t *method)
{
    json_open(out, verb_name(method->verb), '{');
    emit_words(out, method);
    emit_callers(out, model, method);
    emit_parameters(out, method);
    emit_body(out, method);
    emit_answers(out, method);
    json_close(out);
}

/* Runs of blanks become one, an empty line ends a paragraph. */
char *openapi_prose(const char *comment)
{
    if (text_empty(comment))
        return NULL;
    char *start = xalloc(2 * strlen(comment) + 1);
    char *out = start;
    int lines = 0; /* line ends since the last word */
    bool blank = false;
    for (const char *in = comment; *in; in++) {
        if (isspace((unsigned char) *in)) {
            blank = true;
            lines += *in == '\n';
            continue;
        }
        if (out != start && lines > 1) {
            *out++ = '\n';
            *out++ = '\n';
        } else if (out != start && blank) {
            *out++ = ' ';
        }
        *out++ = *in;
        blank = false;
        lines = 0;
    }
    return start;
}
