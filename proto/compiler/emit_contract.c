/* emit_contract.c - every method and topic as data (libcommon/wire/method.h). */
#include <string.h>
#include "check.h"
#include "emit.h"
#include "names.h"
#include "output.h"
#include "text.h"

enum { TIMEOUT_MS_DEFAULT = 5000 };

static void emit_bits(buffer_t *out, const char *const *names, const bool *set, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (set[i])
            buffer_printf(out, "%s%s", any ? " | " : "", names[i]);
        any = any || set[i];
    }
    if (!any)
        buffer_char(out, '0');
}

static void emit_may(buffer_t *out, const method_t *method)
{
    static const char *const NAMES[] = {"MAY_PUBLIC", "MAY_PERSON", "MAY_STAFF", "MAY_SYSTEM",
                                        "MAY_INTERNAL"};
    const Schema__Rpc *rpc = method->rpc;
    bool set[] = {rpc->public_, rpc->level > 0, !text_empty(rpc->permission), rpc->system,
                  method->internal};
    emit_bits(out, NAMES, set, sizeof set / sizeof *set);
}

static void emit_flags(buffer_t *out, const method_t *method)
{
    static const char *const NAMES[] = {"METHOD_WRITES",   "METHOD_PREPARES", "METHOD_IDEMPOTENT",
                                        "METHOD_AUDITED",  "METHOD_WAITS",    "METHOD_UPLOAD",
                                        "METHOD_DOWNLOAD", "METHOD_CREATED",  "METHOD_PAGED"};
    const Schema__Rpc *rpc = method->rpc;
    bool set[] = {method->writes,
                  rpc->prepare,
                  rpc->idempotent,
                  rpc->audited,
                  rpc->waits,
                  rpc->transfer == TRANSFER_UPLOAD,
                  rpc->transfer == TRANSFER_DOWNLOAD,
                  rpc->created,
                  rpc->page};
    emit_bits(out, NAMES, set, sizeof set / sizeof *set);
}

static void emit_text(buffer_t *out, const char *member, const char *text)
{
    if (text_empty(text))
        return;
    buffer_printf(out, "    .%s = ", member);
    output_c_text(out, text);
    buffer_text(out, ",\n");
}

static void emit_method(buffer_t *out, const method_t *method)
{
    static const char *const VERBS[VERB_COUNT] = {"VERB_NONE", "VERB_GET",   "VERB_POST",
                                                  "VERB_PUT",  "VERB_PATCH", "VERB_DELETE"};
    const Schema__Rpc *rpc = method->rpc;
    buffer_printf(out, "\nstatic const method_t %s = {\n", method->c_name);
    emit_text(out, "service", method->service->name);
    emit_text(out, "name", method->short_name);
    buffer_printf(out, "    .in = &%s__descriptor,\n    .out = &%s__descriptor,\n",
                  method->in->c_lower, method->out->c_lower);
    buffer_printf(out, "    .verb = %s,\n", VERBS[method->verb]);
    emit_text(out, "path", method->path);
    buffer_text(out, "    .may = ");
    emit_may(out, method);
    buffer_printf(out, ",\n    .level = %d,\n", rpc->level);
    emit_text(out, "permission", rpc->permission);
    buffer_text(out, "    .flags = ");
    emit_flags(out, method);
    buffer_printf(out, ",\n    .timeout_ms = %u,\n",
                  rpc->timeout_ms ? rpc->timeout_ms : TIMEOUT_MS_DEFAULT);
    if (rpc->cache_seconds)
        buffer_printf(out, "    .cache_seconds = %u,\n", rpc->cache_seconds);
    emit_text(out, "on", rpc->on);
    buffer_text(out, "};\n");
}

static size_t emit_subscribers(buffer_t *out, const model_t *model, const message_t *event)
{
    size_t count = 0;
    for (size_t i = 0; i < model->method_count; i++) {
        const method_t *method = model->methods[i];
        if (!text_equal(method->rpc->on, event->short_name))
            continue;
        if (count++ == 0)
            buffer_printf(out, "\nstatic const method_t *const subscribers_of_%s[] = {",
                          event->c_lower);
        buffer_printf(out, "%s&%s", count > 1 ? ", " : "", method->c_name);
    }
    if (count)
        buffer_text(out, "};\n");
    return count;
}

static void emit_topics(buffer_t *out, const model_t *model)
{
    size_t *subscribers = xalloc((model->event_count + 1) * sizeof *subscribers);
    for (size_t i = 0; i < model->event_count; i++)
        subscribers[i] = emit_subscribers(out, model, model->events[i]);

    buffer_text(out, "\n/* Sorted by topic. */\nconst topic_t contract_topics[] = {\n");
    for (size_t i = 0; i < model->event_count; i++) {
        const message_t *event = model->events[i];
        buffer_printf(out, "    {\"%s\", &%s__descriptor, \"%s\", ", event->short_name,
                      event->c_lower, event->event_key);
        if (subscribers[i])
            buffer_printf(out, "subscribers_of_%s, %zu},\n", event->c_lower, subscribers[i]);
        else
            buffer_text(out, "NULL, 0},\n");
    }
    buffer_printf(out,
                  "    {NULL, NULL, NULL, NULL, 0}\n};\nconst size_t contract_topic_count = %zu;\n",
                  model->event_count);
}

void emit_contract(const model_t *model)
{
    buffer_t *out = output_c_file("contract.c", "proto/");
    buffer_text(out, "#include \"method.h\"\n");
    for (size_t i = 0; i < model->file_count; i++)
        if (model->files[i].ours && !model->files[i].vocabulary)
            buffer_printf(out, "#include \"%s\"\n", model->files[i].header);
    for (size_t i = 0; i < model->method_count; i++)
        emit_method(out, model->methods[i]);

    buffer_text(out, "\n/* Sorted by name. */\nconst method_t *const contract_methods[] = {\n");
    for (size_t i = 0; i < model->method_count; i++)
        buffer_printf(out, "    &%s,\n", model->methods[i]->c_name);
    buffer_printf(out, "    NULL\n};\nconst size_t contract_method_count = %zu;\n",
                  model->method_count);
    emit_topics(out, model);
}
