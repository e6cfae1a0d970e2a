/* lint_method.c - what a method may not be: callable by nobody, a write that
 * looks like a read, an event nobody makes, half a page, half a file. */
#include "refusal.h"
#include "lint.h"
#include "text.h"

static void lint_callers(const method_t *method)
{
    const Schema__Rpc *rpc = method->rpc;
    bool edge = rpc->public_ || rpc->level > 0 || !text_empty(rpc->permission);
    if (!edge && !rpc->system && !method->internal)
        refuse(method->place, method->short_name,
               "nobody may call it: say public, level, permission, system, internal or on");
    if (rpc->level == LEVEL_ANONYMOUS)
        refuse(method->place, method->short_name, "level LEVEL_ANONYMOUS is everybody: say public");
    if (method->path && !edge)
        refuse(method->place, method->short_name,
               "nobody at the edge may call it: no path, or public, level or permission");
}

static void lint_manner(const method_t *method)
{
    const Schema__Rpc *rpc = method->rpc;
    if (method->proto->client_streaming || method->proto->server_streaming)
        refuse(method->place, method->short_name, "stream: calls have one request and one answer");
    if (!method->in->file->ours || !method->out->file->ours)
        refuse(method->place, method->short_name,
               "request and answer must be messages of this contract");
    if (rpc->waits && method->writes)
        refuse(method->place, method->short_name, "waits is for reads, not for writes");
    if (rpc->audited && method->writes)
        refuse(method->place, method->short_name, "audited is for reads: writes always are");
    if (rpc->idempotent && !method->writes)
        refuse(method->place, method->short_name, "idempotent is for writes: reads always are");
    if (rpc->cache_seconds && (!rpc->public_ || method->verb != VERB_GET))
        refuse(method->place, method->short_name,
               "cache_seconds lets anybody keep the answer: only for a public get");
}

static void lint_on(const model_t *model, const method_t *method)
{
    if (text_empty(method->rpc->on))
        return;
    const message_t *event = model_event(model, method->rpc->on);
    if (!event)
        refuse(method->place, method->short_name, "on: no message with event_key is called \"%s\"",
               method->rpc->on);
    else if (event != method->in)
        refuse(method->place, method->short_name, "on: the request must be %s, it is %s",
               event->full_name, method->in->full_name);
}

/* A field that the contract's runtime relies on, of exactly this type. */
static void need(const method_t *method, const char *why, const message_t *message,
                 const char *type_name, int type, const char *name)
{
    const field_t *field = model_field(message, name);
    bool integer32 = type == TYPE_INT32 && field && field->type == TYPE_UINT32;
    if (!field || field->repeated || (field->type != type && !integer32))
        refuse(method->place, method->short_name, "%s: %s needs a field %s %s", why,
               message->full_name, type_name, name);
}

static void lint_page(const method_t *method)
{
    if (!method->rpc->page)
        return;
    need(method, "page", method->in, "int32", TYPE_INT32, "page_size");
    need(method, "page", method->in, "string", TYPE_STRING, "page_token");
    need(method, "page", method->out, "string", TYPE_STRING, "next_page_token");
}

static void lint_upload(const method_t *method)
{
    need(method, "upload", method->in, "int64", TYPE_INT64, "offset");
    need(method, "upload", method->in, "int64", TYPE_INT64, "size");
    need(method, "upload", method->in, "bytes", TYPE_BYTES, "data");
    need(method, "upload", method->in, "bool", TYPE_BOOL, "last");
    if (method->path && method->verb != VERB_POST && method->verb != VERB_PUT)
        refuse(method->place, method->short_name, "upload: only post or put carry a file");
    if (!method->writes)
        refuse(method->place, method->short_name, "upload: it writes, so say writes: true");
    if (!method->rpc->idempotent)
        refuse(method->place, method->short_name,
               "upload: parts are repeated by offset, so say idempotent: true");
}

static void lint_download(const method_t *method)
{
    need(method, "download", method->in, "int64", TYPE_INT64, "offset");
    need(method, "download", method->out, "int64", TYPE_INT64, "size");
    need(method, "download", method->out, "bytes", TYPE_BYTES, "data");
    need(method, "download", method->out, "string", TYPE_STRING, "media_type");
    need(method, "download", method->out, "string", TYPE_STRING, "file_name");
    if (method->path && method->verb != VERB_GET)
        refuse(method->place, method->short_name, "download: only get");
}

void lint_methods(const model_t *model)
{
    for (size_t i = 0; i < model->method_count; i++) {
        const method_t *method = model->methods[i];
        lint_callers(method);
        lint_manner(method);
        lint_on(model, method);
        lint_page(method);
        if (method->rpc->transfer == TRANSFER_UPLOAD)
            lint_upload(method);
        if (method->rpc->transfer == TRANSFER_DOWNLOAD)
            lint_download(method);
    }
}
