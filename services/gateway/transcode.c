#include "transcode.h"

#include "json.h"
#include "message.h"
#include "text.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

const char *transcode_decode(span_t text, bool plus, arena_t *arena, size_t *ret_size)
{
    char *out = arena_alloc(arena, text.size + 1);
    size_t size = 0;
    if (!out)
        return NULL;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '%') {
            int high = i + 2 < text.size ? hex_digit(text.data[i + 1]) : -1;
            int low = i + 2 < text.size ? hex_digit(text.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return NULL;
            c = (char) (high << 4 | low);
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        out[size++] = c;
    }
    if (!text_is_utf8(out, size))
        return NULL;
    *ret_size = size;
    return out;
}

bool transcode_media_is(span_t content_type, const char *type)
{
    span_t parameters;
    span_t media = span_trim(span_cut(content_type, ';', &parameters));
    return media.size == strlen(type) && strncasecmp(media.data, type, media.size) == 0;
}

/* "id_number" as people see it in JSON. */
static const char *camel(const char *name, arena_t *arena)
{
    char *out = arena_text(arena, name);
    if (out)
        message_camel(name, out);
    return out ? out : name;
}

static void add_fault(faults_t *faults, arena_t *arena, const char *field, const char *code)
{
    const char *message = text_equal(code, "unknown")     ? "没有这个参数"
                          : text_equal(code, "duplicate") ? "此参数重复了"
                          : text_equal(code, "range")     ? "数值超出范围"
                          : text_equal(code, "utf8")      ? "不是有效的 UTF-8 文本"
                          : text_equal(code, "memory")    ? "内容过大"
                                                          : "参数的类型或格式有误";
    faults_add(faults, arena, field, code, "%s", message);
}

static bool set_variables(const transcode_t *in, arena_t *arena, faults_t *faults,
                          ProtobufCMessage *message)
{
    const route_t *route = in->match->route;
    for (size_t i = 0; i < route->variable_count; i++) {
        size_t size;
        const char *text = transcode_decode(in->match->values[i], false, arena, &size);
        if (!text)
            return false;
        const char *code = message_set_text(message, route->variables[i], text, size, arena);
        if (code)
            add_fault(faults, arena, camel(route->variables[i]->name, arena), code);
    }
    return true;
}

static bool is_variable(const route_t *route, const ProtobufCFieldDescriptor *field)
{
    for (size_t i = 0; i < route->variable_count; i++)
        if (route->variables[i] == field)
            return true;
    return false;
}

/* What the gateway itself sets in parts of a file. */
static bool is_part_field(const route_t *route, const ProtobufCFieldDescriptor *field)
{
    if (text_equal(field->name, "offset"))
        return route->method->flags & (METHOD_UPLOAD | METHOD_DOWNLOAD);
    return (text_equal(field->name, "size") || text_equal(field->name, "data") ||
            text_equal(field->name, "last")) &&
           route->method->flags & METHOD_UPLOAD;
}

static bool set_parameter(const route_t *route, span_t pair, arena_t *arena, faults_t *faults,
                          ProtobufCMessage *message, uint64_t seen[4])
{
    span_t raw;
    size_t name_size, size;
    span_t raw_name = span_cut(pair, '=', &raw);
    const char *name = transcode_decode(raw_name, true, arena, &name_size);
    const char *text = transcode_decode(raw, true, arena, &size);
    if (!name || !text)
        return false;

    const ProtobufCFieldDescriptor *field = message_field(message->descriptor, name, name_size);
    if (!field || is_part_field(route, field)) {
        add_fault(faults, arena, name, "unknown");
        return true;
    }
    unsigned at = (unsigned) (field - message->descriptor->fields);
    bool again = at < 256 && seen[at / 64] & UINT64_C(1) << at % 64;
    if (is_variable(route, field) || (again && field->label != PROTOBUF_C_LABEL_REPEATED)) {
        add_fault(faults, arena, name, "duplicate");
        return true;
    }
    if (at < 256)
        seen[at / 64] |= UINT64_C(1) << at % 64;
    const char *code = message_set_text(message, field, text, size, arena);
    if (code)
        add_fault(faults, arena, name, code);
    return true;
}

static bool set_parameters(const transcode_t *in, arena_t *arena, faults_t *faults,
                           ProtobufCMessage *message)
{
    uint64_t seen[4] = {0};
    span_t rest = in->query;
    for (size_t count = 0; rest.size; count++) {
        span_t pair = span_cut(rest, '&', &rest);
        if (pair.size == 0)
            continue;
        if (count == TRANSCODE_PARAMETERS_MAX ||
            !set_parameter(in->match->route, pair, arena, faults, message, seen))
            return false;
    }
    return true;
}

static bool takes_query(const method_t *method)
{
    return method->verb == VERB_GET || method->verb == VERB_DELETE || method->flags & METHOD_UPLOAD;
}

static bool takes_json(const method_t *method)
{
    return !takes_query(method);
}

problem_t transcode(const transcode_t *in, bool partial, arena_t *arena, faults_t *faults,
                    ProtobufCMessage **ret)
{
    const method_t *method = in->match->route->method;
    ProtobufCMessage *message = message_new(method->in, arena);
    if (!message)
        return PROBLEM_TOO_LARGE;

    if (!set_variables(in, arena, faults, message))
        return PROBLEM_PATH;
    if (in->query.size && !takes_query(method))
        return PROBLEM_QUERY_UNEXPECTED;
    if (!set_parameters(in, arena, faults, message))
        return PROBLEM_PATH;

    if (in->body.size && takes_json(method)) {
        if (!transcode_media_is(in->content_type, "application/json"))
            return PROBLEM_MEDIA_TYPE;
        json_parse(in->body.data, in->body.size, arena, message, faults);
    } else if (in->body.size && !(method->flags & METHOD_UPLOAD)) {
        return PROBLEM_BODY_UNEXPECTED;
    }
    /* Rules of a half-read message would only repeat what is known to be wrong. */
    if (faults->count == 0 && !partial)
        rule_check(message, arena, faults);
    if (faults->count)
        return PROBLEM_INVALID;
    *ret = message;
    return PROBLEM_NONE;
}
