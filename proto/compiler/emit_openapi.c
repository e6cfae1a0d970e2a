/* emit_openapi.c - openapi.json: the edge as a stranger's program sees it. */
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "emit.h"
#include "names.h"
#include "openapi.h"
#include "output.h"
#include "text.h"

static void emit_info(json_writer_t *out)
{
    json_text(out, "openapi", "3.1.0");
    json_open(out, "info", '{');
    json_text(out, "title", "一网 政务服务 API");
    json_text(out, "summary", "Online government services");
    json_text(
        out, "description",
        "JSON after the proto3 mapping: lowerCamelCase names, 64-bit integers as text, enums by "
        "name, bytes in base64, times in RFC 3339. Members that are empty or 0 may be absent. "
        "Errors are RFC 9457 problems with a stable `code` and the fields at fault.");
    json_text(out, "version", "1.0.0");
    json_open(out, "license", '{');
    json_text(out, "name", "Apache-2.0");
    json_text(out, "identifier", "Apache-2.0");
    json_close(out);
    json_close(out);
    json_open(out, "servers", '[');
    json_open(out, NULL, '{');
    json_text(out, "url", "/");
    json_text(out, "description", "The platform that serves this document");
    json_close(out);
    json_close(out);
}

static bool on_edge(const service_t *service)
{
    for (size_t i = 0; i < service->method_count; i++)
        if (service->methods[i].path)
            return true;
    return false;
}

static void emit_tags(json_writer_t *out, const model_t *model)
{
    json_open(out, "tags", '[');
    for (size_t i = 0; i < model->service_count; i++) {
        const service_t *service = &model->services[i];
        if (!on_edge(service))
            continue;
        char *prose = openapi_prose(service->place.comment);
        json_open(out, NULL, '{');
        json_text(out, "name", service->name);
        if (!text_empty(service->label))
            json_text(out, "x-displayName", service->label);
        json_text(out, "description",
                  prose                        ? prose
                  : text_empty(service->label) ? service->name
                                               : service->label);
        json_close(out);
    }
    json_close(out);
}

/* --- paths ------------------------------------------------------------------------ */

static int by_route(const void *a, const void *b)
{
    const method_t *x = *(const method_t *const *) a, *y = *(const method_t *const *) b;
    int order = strcmp(x->path, y->path);
    return order ? order : (int) x->verb - (int) y->verb;
}

/* "/cases/{case_id}" -> "/cases/{caseId}": parameters are called as in JSON. */
static const char *json_path(const char *path)
{
    buffer_t out = buffer_new(2 * strlen(path) + 1);
    while (*path) {
        size_t plain = strcspn(path, "{");
        buffer_put(&out, path, plain);
        path += plain;
        if (*path != '{')
            break;
        size_t size = strcspn(path + 1, "}");
        buffer_printf(&out, "{%s}", names_json(names_format("%.*s", (int) size, path + 1)));
        path += 2 + size;
    }
    CHECK(!out.full);
    return out.data;
}

static void emit_paths(json_writer_t *out, const model_t *model)
{
    const method_t **routes = xalloc((model->method_count + 1) * sizeof *routes);
    size_t count = 0;
    for (size_t i = 0; i < model->method_count; i++)
        if (model->methods[i]->path)
            routes[count++] = model->methods[i];
    qsort(routes, count, sizeof *routes, by_route);

    json_open(out, "paths", '{');
    for (size_t i = 0; i < count; i++) {
        bool first = i == 0 || !text_equal(routes[i]->path, routes[i - 1]->path);
        bool last = i + 1 == count || !text_equal(routes[i]->path, routes[i + 1]->path);
        if (first)
            json_open(out, json_path(routes[i]->path), '{');
        openapi_method(out, model, routes[i]);
        if (last)
            json_close(out);
    }
    json_close(out);
}

/* --- shared components --------------------------------------------------------------- */

static void emit_typed(json_writer_t *out, const char *name, const char *type,
                       const char *description)
{
    json_open(out, name, '{');
    json_text(out, "type", type);
    json_text(out, "description", description);
    json_close(out);
}

static void emit_problem_schema(json_writer_t *out)
{
    json_open(out, "Problem", '{');
    json_text(out, "description", "RFC 9457, Problem Details for HTTP APIs");
    json_text(out, "type", "object");
    json_open(out, "properties", '{');
    emit_typed(out, "type", "string", "urn:yiwang:problem: and the code");
    emit_typed(out, "title", "string", "The HTTP status in words, in Chinese");
    emit_typed(out, "status", "integer", "The HTTP status");
    emit_typed(out, "detail", "string", "What is wrong and what to do, in Chinese, for people");
    emit_typed(out, "code", "string", "Stable reason, for programs: \"case.version_changed\"");
    json_open(out, "violations", '{');
    json_text(out, "type", "array");
    json_text(out, "description", "Each field at fault");
    json_open(out, "items", '{');
    json_text(out, "$ref", "#/components/schemas/Violation");
    json_close(out);
    json_close(out);
    emit_typed(out, "trace", "string", "Names this occurrence; operators find it by `yw trace`");
    json_close(out);
    json_open(out, "required", '[');
    json_text(out, NULL, "type");
    json_text(out, NULL, "title");
    json_text(out, NULL, "status");
    json_text(out, NULL, "code");
    json_text(out, NULL, "detail");
    json_close(out);
    json_close(out);

    json_open(out, "Violation", '{');
    json_text(out, "description", "A field that was refused");
    json_text(out, "type", "object");
    json_open(out, "properties", '{');
    emit_typed(out, "field", "string", "Its path in the request: \"materials[2].name\"");
    emit_typed(out, "code", "string", "Stable reason: \"required\", \"too_long\", \"check_digit\"");
    emit_typed(out, "message", "string", "What to do, in Chinese");
    json_close(out);
    json_close(out);
}

static void emit_problem_answer(json_writer_t *out)
{
    json_open(out, "responses", '{');
    json_open(out, "Problem", '{');
    json_text(out, "description", "Refused or failed; nothing was changed");
    json_open(out, "headers", '{');
    json_open(out, "Retry-After", '{');
    json_text(out, "description", "Seconds to wait, with 429 and 503");
    json_open(out, "schema", '{');
    json_text(out, "type", "integer");
    json_close(out);
    json_close(out);
    json_close(out);
    json_open(out, "content", '{');
    json_open(out, "application/problem+json", '{');
    json_open(out, "schema", '{');
    json_text(out, "$ref", "#/components/schemas/Problem");
    json_close(out);
    json_close(out);
    json_close(out);
    json_close(out);
    json_close(out);
}

static void emit_key_parameter(json_writer_t *out)
{
    json_open(out, "parameters", '{');
    json_open(out, "IdempotencyKey", '{');
    json_text(out, "name", "Idempotency-Key");
    json_text(out, "in", "header");
    json_text(
        out, "description",
        "Chosen by the caller, one for each intention. The same key with the same request gives "
        "the stored answer, for ever; with another request 409.");
    json_open(out, "schema", '{');
    json_text(out, "type", "string");
    json_int(out, "maxLength", 64);
    json_close(out);
    json_close(out);
    json_close(out);
}

static void emit_security(json_writer_t *out)
{
    json_open(out, "securitySchemes", '{');
    json_open(out, "bearer", '{');
    json_text(out, "type", "http");
    json_text(out, "scheme", "bearer");
    json_text(out, "description", "The access token that signing in gave");
    json_close(out);
    json_close(out);
}

static void want_what_the_edge_shows(const model_t *model)
{
    for (size_t i = 0; i < model->message_count; i++)
        model->messages[i].visit = 0;
    for (size_t i = 0; i < model->enum_count; i++)
        model->enums[i].visit = 0;
    for (size_t i = 0; i < model->method_count; i++)
        if (model->methods[i]->path)
            openapi_want_method(model->methods[i]);
}

void emit_openapi(const model_t *model)
{
    json_writer_t writer = json_writer_new(output_file("openapi.json"));
    json_writer_t *out = &writer;
    want_what_the_edge_shows(model);
    json_open(out, NULL, '{');
    emit_info(out);
    emit_tags(out, model);
    emit_paths(out, model);
    json_open(out, "components", '{');
    json_open(out, "schemas", '{');
    emit_problem_schema(out);
    openapi_schemas(out, model);
    json_close(out);
    emit_problem_answer(out);
    emit_key_parameter(out);
    emit_security(out);
    json_close(out);
    json_close(out);
}
