/* emit_rights.c - who may call what, and who hears of what, for tests and tools. */
#include "emit.h"
#include "json_writer.h"
#include "output.h"
#include "text.h"

static const char *level_name(const model_t *model, int32_t number)
{
    const value_t *level = model_level(model, number);
    return level && number ? level->name : NULL;
}

static const char *or_null(const char *text)
{
    return text_empty(text) ? NULL : text;
}

static void emit_method(json_writer_t *out, const model_t *model, const method_t *method)
{
    static const char *const VERBS[VERB_COUNT] = {NULL, "GET", "POST", "PUT", "PATCH", "DELETE"};
    static const char *const TRANSFERS[] = {NULL, "upload", "download"};
    const Schema__Rpc *rpc = method->rpc;
    json_open(out, NULL, '{');
    json_text(out, "method", method->short_name);
    json_text(out, "request", method->in->full_name);
    json_text(out, "answer", method->out->full_name);
    json_text(out, "verb", VERBS[method->verb]);
    json_text(out, "path", method->path);
    json_bool(out, "public", rpc->public_);
    json_text(out, "level", level_name(model, rpc->level));
    json_text(out, "permission", or_null(rpc->permission));
    json_bool(out, "system", rpc->system);
    json_bool(out, "internal", method->internal);
    json_bool(out, "writes", method->writes);
    json_bool(out, "idempotent", rpc->idempotent);
    json_text(out, "transfer", TRANSFERS[rpc->transfer]);
    json_text(out, "on", or_null(rpc->on));
    json_close(out);
}

static void emit_event(json_writer_t *out, const model_t *model, const message_t *event)
{
    json_open(out, NULL, '{');
    json_text(out, "topic", event->short_name);
    json_text(out, "key", event->event_key);
    json_open(out, "subscribers", '[');
    for (size_t i = 0; i < model->method_count; i++)
        if (text_equal(model->methods[i]->rpc->on, event->short_name))
            json_text(out, NULL, model->methods[i]->short_name);
    json_close(out);
    json_close(out);
}

void emit_rights(const model_t *model)
{
    json_writer_t rights = json_writer_new(output_file("rights.json"));
    json_open(&rights, NULL, '[');
    for (size_t i = 0; i < model->method_count; i++)
        emit_method(&rights, model, model->methods[i]);
    json_close(&rights);

    json_writer_t events = json_writer_new(output_file("events.json"));
    json_open(&events, NULL, '[');
    for (size_t i = 0; i < model->event_count; i++)
        emit_event(&events, model, model->events[i]);
    json_close(&events);
}
