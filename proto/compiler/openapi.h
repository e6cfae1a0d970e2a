/* openapi.h - the parts of openapi.json, https://spec.openapis.org/oas/v3.1.0
 *
 *   emit_openapi.c      the document: info, tags, paths, shared components
 *   openapi_method.c    an operation: parameters, body, answers, who may call
 *   openapi_schema.c    JSON Schema of messages, fields and enums */
#pragma once
#include "json_writer.h"
#include "model.h"

/* Comment as running text: lines joined, paragraphs kept.  NULL without. */
char *openapi_prose(const char *comment);

/* Marks what an operation mentions, and what that contains. */
void openapi_want_method(const method_t *method);

/* Components of all that was marked, by name. */
void openapi_schemas(json_writer_t *out, const model_t *model);

/* The schema of a field's value, into an open object. */
void openapi_value(json_writer_t *out, const field_t *field);

/* type, properties and required of a message, into an open object.  With `method`:
 * of its request body, without what comes from the path or is the file itself. */
void openapi_members(json_writer_t *out, const message_t *message, const method_t *method);

/* Whether a request field comes in the body. */
bool openapi_in_body(const method_t *method, const field_t *field);

/* The operation, under its verb. */
void openapi_method(json_writer_t *out, const model_t *model, const method_t *method);
