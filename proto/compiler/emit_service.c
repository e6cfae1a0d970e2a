/* emit_service.c - a service's side: prototypes of its handlers and the table
 * that server.c runs them by.  A handler nobody wrote is a link error. */
#include <string.h>
#include "check.h"
#include "emit.h"
#include "names.h"
#include "output.h"
#include "text.h"

static void emit_includes(buffer_t *out, const service_t *service)
{
    enum { HEADERS_MAX = 64 };
    const char *seen[HEADERS_MAX] = {service->file->header};
    size_t count = 1;
    buffer_printf(out, "#include \"%s\"\n", service->file->header);
    for (size_t i = 0; i < 2 * service->method_count; i++) {
        const method_t *method = &service->methods[i / 2];
        const char *header = (i % 2 ? method->out : method->in)->file->header;
        bool known = false;
        for (size_t k = 0; k < count; k++)
            known = known || text_equal(seen[k], header);
        if (known)
            continue;
        CHECK(count < HEADERS_MAX);
        seen[count++] = header;
        buffer_printf(out, "#include \"%s\"\n", header);
    }
}

static void emit_header(const service_t *service)
{
    buffer_t *out = output_c_file(names_format("%s.svc.h", service->name), service->file->name);
    buffer_text(out, "#pragma once\n#include \"call.h\"\n#include \"server.h\"\n");
    emit_includes(out, service);
    for (size_t i = 0; i < service->method_count; i++) {
        const method_t *method = &service->methods[i];
        buffer_char(out, '\n');
        output_comment(out, "", method->place.comment);
        if (method->rpc->prepare)
            buffer_printf(out, "status_t %s_prepare(call_t *call, const %s *in);\n", method->c_name,
                          method->in->c_type);
        buffer_printf(out, "status_t %s(call_t *call, const %s *in, %s *out);\n", method->c_name,
                      method->in->c_type, method->out->c_type);
    }
    buffer_printf(out,
                  "\n/* For service_t in main.c. */\nextern const handler_t %s_handlers[];\n"
                  "extern const size_t %s_handler_count;\n",
                  service->name, service->name);
}

static void emit_wrappers(buffer_t *out, const method_t *method)
{
    buffer_printf(
        out,
        "\nstatic status_t run_%s(call_t *call, const ProtobufCMessage *in, "
        "ProtobufCMessage *out)\n{\n    return %s(call, (const %s *) in, (%s *) out);\n}\n",
        method->c_name, method->c_name, method->in->c_type, method->out->c_type);
    if (method->rpc->prepare)
        buffer_printf(out,
                      "\nstatic status_t prepare_%s(call_t *call, const ProtobufCMessage *in)\n"
                      "{\n    return %s_prepare(call, (const %s *) in);\n}\n",
                      method->c_name, method->c_name, method->in->c_type);
}

static void emit_source(const service_t *service)
{
    buffer_t *out = output_c_file(names_format("%s.svc.c", service->name), service->file->name);
    buffer_printf(out, "#include \"%s.svc.h\"\n", service->name);
    for (size_t i = 0; i < service->method_count; i++)
        emit_wrappers(out, &service->methods[i]);
    buffer_printf(out, "\nconst handler_t %s_handlers[] = {\n", service->name);
    for (size_t i = 0; i < service->method_count; i++) {
        const method_t *method = &service->methods[i];
        buffer_printf(out, "    {\"%s\", run_%s, ", method->short_name, method->c_name);
        if (method->rpc->prepare)
            buffer_printf(out, "prepare_%s},\n", method->c_name);
        else
            buffer_text(out, "NULL},\n");
    }
    buffer_printf(out, "    {NULL, NULL, NULL}\n};\nconst size_t %s_handler_count = %zu;\n",
                  service->name, service->method_count);
}

void emit_services(const model_t *model)
{
    for (size_t i = 0; i < model->service_count; i++) {
        emit_header(&model->services[i]);
        emit_source(&model->services[i]);
    }
}
