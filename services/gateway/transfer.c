/* transfer.c - files, in parts of 1 MiB: one call each, never two of a file at once.
 *
 * Upload: the request message has offset, size, data, last; the answer to the last part is the
 * answer.  Download: the request has offset; each answer has size, data, media_type and
 * file_name, and the next part is asked for when the one before has left the machine. */
#include "check.h"
#include "edge.h"
#include "exchange.h"
#include "lane.h"
#include "message.h"
#include "multipart.h"
#include "text.h"
#include "transcode.h"

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessage *message, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
}

static void set_int64(ProtobufCMessage *message, const char *name, int64_t value)
{
    const ProtobufCFieldDescriptor *field = field_of(message, name);
    CHECK(field && field->type == PROTOBUF_C_TYPE_INT64);
    *(int64_t *) message_at(message, field) = value;
}

static int64_t get_int64(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = field_of(message, name);
    CHECK(field && field->type == PROTOBUF_C_TYPE_INT64);
    return *(int64_t *) message_at(message, field);
}

static void set_bytes(ProtobufCMessage *message, const char *name, span_t value)
{
    const ProtobufCFieldDescriptor *field = field_of(message, name);
    CHECK(field && field->type == PROTOBUF_C_TYPE_BYTES);
    ProtobufCBinaryData *data = message_at(message, field);
    data->data = (uint8_t *) value.data;
    data->len = value.size;
}

static span_t get_bytes(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = field_of(message, name);
    CHECK(field && field->type == PROTOBUF_C_TYPE_BYTES);
    const ProtobufCBinaryData *data = message_at(message, field);
    return span((const char *) data->data, data->len);
}

static const char *get_text(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = field_of(message, name);
    CHECK(field && field->type == PROTOBUF_C_TYPE_STRING);
    const char *text = *(const char **) message_at(message, field);
    return text ? text : "";
}

static arena_t *part_arena(exchange_t *self)
{
    if (self->part_arena)
        arena_reset(self->part_arena);
    else
        self->part_arena = arena_new(8u << 20);
    return self->part_arena;
}

/* --- upload -------------------------------------------------------------------------- */

static void upload_part(exchange_t *self)
{
    size_t left = self->file.size - self->offset;
    size_t size = left < EXCHANGE_PART ? left : EXCHANGE_PART;
    const ProtobufCFieldDescriptor *last = field_of(self->in, "last");
    CHECK(last && last->type == PROTOBUF_C_TYPE_BOOL);

    set_int64(self->in, "offset", (int64_t) self->offset);
    set_int64(self->in, "size", (int64_t) self->file.size);
    set_bytes(self->in, "data", span(self->file.data + self->offset, size));
    *(protobuf_c_boolean *) message_at(self->in, last) = size == left;
    if (self->offset == 0 && !rule_check(self->in, self->arena, &self->faults)) {
        self->uploaded(self, PROBLEM_INVALID, NULL);
        return;
    }
    self->request = message_pack(self->in, part_arena(self));
    if (!self->request.data) {
        self->uploaded(self, PROBLEM_TOO_LARGE, NULL);
        return;
    }
    self->offset += size;
    exchange_ask(self);
}

static void part_answered(exchange_t *self, const reply_t *reply)
{
    if (reply->status == STATUS_OK && self->offset < self->file.size)
        upload_part(self);
    else
        self->uploaded(self, PROBLEM_NONE, reply);
}

void transfer_send(exchange_t *self)
{
    self->replied = part_answered;
    self->offset = 0;
    upload_part(self);
}

static void uploaded(exchange_t *self, problem_t problem, const reply_t *reply)
{
    if (!reply) {
        exchange_problem(self, problem);
        return;
    }
    if (reply->status != STATUS_OK) {
        exchange_refusal(self, reply);
        return;
    }
    const ProtobufCMessage *out =
        message_unpack(self->method->out, self->arena, reply->body, reply->size);
    if (out)
        exchange_message(self, out);
    else
        exchange_problem(self, PROBLEM_INTERNAL);
}

/* A field of the request that the client left empty and the upload itself tells. */
static void set_if_empty(exchange_t *self, const char *name, span_t value)
{
    const ProtobufCFieldDescriptor *field = field_of(self->in, name);
    if (!field || field->type != PROTOBUF_C_TYPE_STRING || value.size == 0 ||
        message_has(self->in, field))
        return;
    const char *code = message_set_text(self->in, field, value.data, value.size, self->arena);
    if (code)
        faults_add(&self->faults, self->arena, name, code, "文件名或类型不是有效的文本");
}

static problem_t upload_read(exchange_t *self)
{
    span_t type = self->headers.content_type, ignored;
    if (span_trim(type).size == 0)
        return PROBLEM_MEDIA_TYPE;
    self->file = self->body;
    if (transcode_media_is(type, "multipart/form-data")) {
        multipart_t part;
        if (!multipart_file(type, self->body, &part))
            return PROBLEM_FILE;
        self->file = part.data;
        type = part.media_type;
        set_if_empty(self, "file_name", part.name);
    }
    set_if_empty(self, "media_type", span_trim(span_cut(type, ';', &ignored)));
    if (self->faults.count)
        return PROBLEM_INVALID;
    if (self->file.size == 0)
        return PROBLEM_FILE;
    return self->file.size > EXCHANGE_FILE_MAX ? PROBLEM_TOO_LARGE : PROBLEM_NONE;
}

void transfer_upload(exchange_t *self)
{
    problem_t problem = upload_read(self);
    if (problem != PROBLEM_NONE) {
        exchange_problem(self, problem);
        return;
    }
    /* The key names the whole file, a part of it is another request: what is repeated by
     * offset needs none. */
    if (self->method->flags & METHOD_IDEMPOTENT) {
        self->idempotency_key = "";
        if (!exchange_meta(self)) {
            exchange_problem(self, PROBLEM_TOO_LARGE);
            return;
        }
    }
    self->uploaded = uploaded;
    transfer_send(self);
}

/* --- download ------------------------------------------------------------------------ */

static void download_part(exchange_t *self)
{
    set_int64(self->in, "offset", (int64_t) self->offset);
    self->request = message_pack(self->in, part_arena(self));
    if (self->request.data)
        exchange_ask(self);
    else if (self->streaming)
        edge_stream_abort(self);
    else
        exchange_problem(self, PROBLEM_TOO_LARGE);
}

/* RFC 6266 with the UTF-8 form of RFC 8187. */
const char *transfer_disposition(exchange_t *self, const char *name)
{
    static const char prefix[] = "attachment; filename=\"download\"; filename*=UTF-8''";
    size_t size = sizeof prefix - 1;
    char *out = arena_alloc(self->arena, sizeof prefix + 3 * strlen(name));
    if (!out)
        return "attachment";
    memcpy(out, prefix, size);
    for (; *name; name++) {
        unsigned char c = (unsigned char) *name;
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
                     (c && strchr("-._~", c));
        if (plain) {
            out[size++] = (char) c;
        } else {
            out[size++] = '%';
            out[size++] = "0123456789ABCDEF"[c >> 4];
            out[size++] = "0123456789ABCDEF"[c & 15];
        }
    }
    out[size] = 0;
    return out;
}

/* What a service calls the type becomes a header: printable ASCII with a slash, or it is bytes. */
static const char *safe_media(exchange_t *self, const char *type)
{
    bool slash = false;
    for (const char *c = type; *c; c++) {
        if (*c < 0x20 || *c > 0x7e)
            return "application/octet-stream";
        slash = slash || *c == '/';
    }
    const char *copy = slash ? arena_text(self->arena, type) : NULL;
    return copy ? copy : "application/octet-stream";
}

/* False: the answer has no body and was sent; the exchange may be gone. */
static bool download_start(exchange_t *self, const ProtobufCMessage *part)
{
    const char *media = safe_media(self, get_text(part, "media_type"));
    edge_header(self, "content-disposition",
                transfer_disposition(self, get_text(part, "file_name")));
    edge_header(self, "cache-control", "no-store");
    edge_header(self, "x-trace-id", self->trace_id);
    if (self->head || self->file_size == 0) {
        edge_send(self, 200, media, NULL, self->file_size);
        return false;
    }
    self->streaming = true;
    edge_stream(self, 200, media, self->file_size, download_part);
    return true;
}

static void download_refused(exchange_t *self, const reply_t *reply)
{
    if (self->streaming)
        edge_stream_abort(self);
    else if (reply && reply->status != STATUS_OK)
        exchange_refusal(self, reply);
    else
        exchange_problem(self, PROBLEM_INTERNAL);
}

static void download_answered(exchange_t *self, const reply_t *reply)
{
    const ProtobufCMessage *part = NULL;
    if (reply->status == STATUS_OK)
        part = message_unpack(self->method->out, part_arena(self), reply->body, reply->size);
    if (!part) {
        download_refused(self, reply);
        return;
    }
    span_t data = get_bytes(part, "data");
    int64_t size = get_int64(part, "size");
    if (!self->streaming)
        self->file_size = (size_t) size;
    /* Each part says the same size and brings something, else the file changed under us. */
    if (size < 0 || (size_t) size != self->file_size ||
        data.size > self->file_size - self->offset || (data.size == 0 && self->file_size)) {
        download_refused(self, NULL);
        return;
    }
    if (!self->streaming && !download_start(self, part))
        return;
    self->offset += data.size;
    edge_stream_part(self, data.data, data.size, self->offset == self->file_size);
}

void transfer_download(exchange_t *self)
{
    self->replied = download_answered;
    self->offset = 0;
    download_part(self);
}
