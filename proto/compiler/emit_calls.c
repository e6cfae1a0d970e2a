/* emit_calls.c - one service asking another: typed stubs over call_ask().
 *
 * All are defined in clients.c; <svc>.calls.h declares only those of the
 * services that the service's own option `calls` names, so who may ask whom is
 * read in the proto and kept by the C compiler. */
#include <string.h>
#include "emit.h"
#include "names.h"
#include "output.h"
#include "text.h"

/* Events are sent by the outbox, never asked. */
static bool has_stub(const method_t *method)
{
    return text_empty(method->rpc->on);
}

static void emit_signature(buffer_t *out, const method_t *method)
{
    buffer_printf(out, "status_t %s_ask(call_t *call, const %s *in, const %s **ret)",
                  method->c_name, method->in->c_type, method->out->c_type);
}

static void emit_file_includes(buffer_t *out, const model_t *model)
{
    for (size_t i = 0; i < model->file_count; i++)
        if (model->files[i].ours && !model->files[i].vocabulary)
            buffer_printf(out, "#include \"%s\"\n", model->files[i].header);
}

static void emit_declarations(buffer_t *out, const service_t *asked)
{
    for (size_t i = 0; i < asked->method_count; i++) {
        const method_t *method = &asked->methods[i];
        if (!has_stub(method))
            continue;
        buffer_char(out, '\n');
        output_comment(out, "", method->place.comment);
        emit_signature(out, method);
        buffer_text(out, ";\n");
    }
}

static void emit_header(const model_t *model, const service_t *service)
{
    buffer_t *out = output_c_file(names_format("%s.calls.h", service->name), service->file->name);
    buffer_printf(out,
                  "/* What the service %s may ask of others: option `calls` of its service.\n"
                  " * Only in prepare halves and reads; *ret lives in the call's arena. */\n"
                  "#pragma once\n#include \"call.h\"\n",
                  service->name);
    for (size_t i = 0; i < service->rule->n_calls; i++) {
        const service_t *asked = model_service(model, service->rule->calls[i]);
        buffer_printf(out, "#include \"%s\"\n", asked->file->header);
    }
    for (size_t i = 0; i < service->rule->n_calls; i++)
        emit_declarations(out, model_service(model, service->rule->calls[i]));
}

static void emit_stub(buffer_t *out, const method_t *method)
{
    buffer_char(out, '\n');
    emit_signature(out, method);
    buffer_printf(
        out,
        "\n{\n    const ProtobufCMessage *out = NULL;\n"
        "    status_t status = call_ask(call, \"%s\", &in->base, &%s__descriptor, &out);\n"
        "    if (status == STATUS_OK)\n        *ret = (const %s *) out;\n"
        "    return status;\n}\n",
        method->short_name, method->out->c_lower, method->out->c_type);
}

void emit_calls(const model_t *model)
{
    for (size_t i = 0; i < model->service_count; i++)
        emit_header(model, &model->services[i]);

    buffer_t *out = output_c_file("clients.c", "proto/");
    buffer_text(out, "#include \"call.h\"\n");
    emit_file_includes(out, model);
    for (size_t i = 0; i < model->service_count; i++)
        if (model->services[i].rule->n_calls)
            buffer_printf(out, "#include \"%s.calls.h\"\n", model->services[i].name);
    for (size_t i = 0; i < model->method_count; i++)
        if (has_stub(model->methods[i]))
            emit_stub(out, model->methods[i]);
}
