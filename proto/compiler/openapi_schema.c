/* openapi_schema.c - JSON Schema of messages, as libcommon/wire/json.c reads and
 * prints them and libcommon/wire/rule.c checks them.
 *
 * Only a required text must keep its kind, pattern and least length: any other
 * may be empty, which is how proto3 says "absent". */
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "names.h"
#include "openapi.h"
#include "text.h"

/* By number of yiwang.Kind; lengths 0: as the rule says. */
static const struct {
    const char *pattern; /* ECMA 262, without anchors */
    const char *format;
    unsigned min_len, max_len;
} KINDS[] = {
    [1] = {"[0-9A-HJKMNP-TV-Z]{26}", NULL, 26, 26},       /* KIND_ID */
    [2] = {"[0-9]{17}[0-9X]", NULL, 18, 18},              /* KIND_RESIDENT_ID */
    [3] = {"[0-9A-HJ-NPQRTUWXY]{18}", NULL, 18, 18},      /* KIND_CREDIT_CODE */
    [4] = {"1[3-9][0-9]{9}", NULL, 11, 11},               /* KIND_MOBILE */
    [5] = {"[0-9A-Z]{12}", NULL, 12, 12},                 /* KIND_BASE_CODE */
    [6] = {"[0-9A-Z]{31}", NULL, 31, 31},                 /* KIND_IMPL_CODE */
    [7] = {"[0-9A-Z]{33}", NULL, 33, 33},                 /* KIND_ITEM_CODE */
    [8] = {"([0-9]{6}|[0-9]{9}|[0-9]{12})", NULL, 6, 12}, /* KIND_DIVISION */
    [9] = {"[0-9]{4}-[0-9]{2}-[0-9]{2}", "date", 10, 10}, /* KIND_DATE */
    [10] = {NULL, "email", 0, 0},                         /* KIND_EMAIL */
    [11] = {"[0-9+() -]+", NULL, 0, 0},                   /* KIND_PHONE */
    [12] = {NULL, NULL, 40, 40},                          /* KIND_CURVE_KEY */
    [13] = {"[^\\u0000-\\u001f\\u007f]*", NULL, 0, 0},    /* KIND_LINE */
    [14] = {"[a-z0-9._-]+", NULL, 0, 0},                  /* KIND_NAME */
    [15] = {NULL, "uri", 0, 0},                           /* KIND_URL */
};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

/* --- what is mentioned -------------------------------------------------------- */

static void want_message(const message_t *message);

static void want_field(const field_t *field)
{
    if (field->message)
        want_message(field->message);
    if (field->enumeration)
        ((enumeration_t *) field->enumeration)->visit = 1;
}

static void want_message(const message_t *message)
{
    if (message->is_timestamp || message->visit)
        return;
    ((message_t *) message)->visit = 1;
    for (size_t i = 0; i < message->field_count; i++)
        want_field(&message->fields[i]);
}

void openapi_want_method(const method_t *method)
{
    for (size_t i = 0; i < method->in->field_count; i++)
        want_field(&method->in->fields[i]);
    if (method->rpc->transfer != TRANSFER_DOWNLOAD)
        want_message(method->out);
}

/* --- values --------------------------------------------------------------------- */

static void emit_ref(json_writer_t *out, const char *short_name)
{
    json_text(out, "$ref", names_format("#/components/schemas/%s", short_name));
}

static void emit_pattern(json_writer_t *out, const char *pattern, bool required)
{
    json_text(out, "pattern", names_format(required ? "^(?:%s)$" : "^(?:%s)?$", pattern));
}

/* POSIX classes such as [:alpha:] mean something else in ECMA 262. */
static const char *portable_pattern(const Schema__Rule *rule)
{
    return text_empty(rule->pattern) || strstr(rule->pattern, "[:") ? NULL : rule->pattern;
}

static void emit_string(json_writer_t *out, const Schema__Rule *rule)
{
    int kind = rule->kind > 0 && rule->kind < KIND_COUNT ? rule->kind : 0;
    const char *pattern = portable_pattern(rule) ? portable_pattern(rule) : KINDS[kind].pattern;
    unsigned min_len = rule->min_len ? rule->min_len : KINDS[kind].min_len;
    unsigned max_len = rule->max_len ? rule->max_len : KINDS[kind].max_len;
    json_text(out, "type", "string");
    if (rule->required)
        json_int(out, "minLength", min_len ? min_len : 1);
    if (max_len)
        json_int(out, "maxLength", max_len);
    if (pattern)
        emit_pattern(out, pattern, rule->required);
    if (rule->secret)
        json_text(out, "format", "password");
    else if (KINDS[kind].format)
        json_text(out, "format", KINDS[kind].format);
}

static void emit_bytes(json_writer_t *out, const Schema__Rule *rule)
{
    json_text(out, "type", "string");
    json_text(out, "contentEncoding", "base64");
    if (rule->required)
        json_int(out, "minLength", 4);
    if (rule->max_len)
        json_int(out, "maxLength", ((int64_t) rule->max_len + 2) / 3 * 4);
}

/* Both 0: none; max below min: no upper end (libcommon/wire/rule.c). */
static void emit_range(json_writer_t *out, const Schema__Rule *rule, const char *min,
                       const char *max)
{
    if (!rule->min && !rule->max)
        return;
    json_int(out, min, rule->min);
    if (rule->max >= rule->min)
        json_int(out, max, rule->max);
}

/* JSON numbers hold 53 bits; so the mapping writes 64-bit integers as text. */
static void emit_long(json_writer_t *out, const Schema__Rule *rule, bool is_signed)
{
    json_text(out, "type", "string");
    json_text(out, "format", is_signed ? "int64" : "uint64");
    json_text(out, "pattern", is_signed ? "^-?[0-9]{1,19}$" : "^[0-9]{1,20}$");
    emit_range(out, rule, "x-minimum", "x-maximum");
}

static void emit_integer(json_writer_t *out, const Schema__Rule *rule, bool is_signed)
{
    json_text(out, "type", "integer");
    json_text(out, "format", is_signed ? "int32" : "uint32");
    emit_range(out, rule, "minimum", "maximum");
    if (!is_signed && !rule->min && !rule->max)
        json_int(out, "minimum", 0);
}

static void emit_floating(json_writer_t *out, const Schema__Rule *rule, const char *format)
{
    json_text(out, "type", "number");
    json_text(out, "format", format);
    emit_range(out, rule, "minimum", "maximum");
}

static void emit_element(json_writer_t *out, const field_t *field)
{
    const Schema__Rule *rule = field->rule;
    switch (field->type) {
    case TYPE_STRING:
        emit_string(out, rule);
        break;
    case TYPE_BYTES:
        emit_bytes(out, rule);
        break;
    case TYPE_BOOL:
        json_text(out, "type", "boolean");
        break;
    case TYPE_ENUM:
        emit_ref(out, field->enumeration->short_name);
        break;
    case TYPE_INT64:
    case TYPE_SINT64:
    case TYPE_SFIXED64:
        emit_long(out, rule, true);
        break;
    case TYPE_UINT64:
    case TYPE_FIXED64:
        emit_long(out, rule, false);
        break;
    case TYPE_INT32:
    case TYPE_SINT32:
    case TYPE_SFIXED32:
        emit_integer(out, rule, true);
        break;
    case TYPE_UINT32:
    case TYPE_FIXED32:
        emit_integer(out, rule, false);
        break;
    case TYPE_FLOAT:
        emit_floating(out, rule, "float");
        break;
    case TYPE_DOUBLE:
        emit_floating(out, rule, "double");
        break;
    default:
        CHECK(field->message);
        if (field->message->is_timestamp) {
            json_text(out, "type", "string");
            json_text(out, "format", "date-time");
        } else {
            emit_ref(out, field->message->short_name);
        }
    }
}

void openapi_value(json_writer_t *out, const field_t *field)
{
    const Schema__Rule *rule = field->rule;
    if (!text_empty(rule->label))
        json_text(out, "title", rule->label);
    if (rule->personal)
        json_bool(out, "x-personal", true);
    if (!field->repeated) {
        emit_element(out, field);
        return;
    }
    json_text(out, "type", "array");
    if (rule->required)
        json_int(out, "minItems", 1);
    if (rule->max_items)
        json_int(out, "maxItems", rule->max_items);
    json_open(out, "items", '{');
    emit_element(out, field);
    json_close(out);
}

/* --- messages and enums ----------------------------------------------------------- */

static void emit_property(json_writer_t *out, const field_t *field)
{
    json_open(out, field->json, '{');
    if (field->place.comment)
        json_text(out, "description", openapi_prose(field->place.comment));
    if (field->oneof)
        json_text(out, "x-oneof", field->oneof);
    openapi_value(out, field);
    json_close(out);
}

void openapi_members(json_writer_t *out, const message_t *message, const method_t *method)
{
    json_text(out, "type", "object");
    json_open(out, "properties", '{');
    bool any_required = false;
    for (size_t i = 0; i < message->field_count; i++) {
        const field_t *field = &message->fields[i];
        if (method && !openapi_in_body(method, field))
            continue;
        emit_property(out, field);
        any_required = any_required || field->rule->required;
    }
    json_close(out);
    if (!any_required)
        return;
    json_open(out, "required", '[');
    for (size_t i = 0; i < message->field_count; i++)
        if (message->fields[i].rule->required &&
            (!method || openapi_in_body(method, &message->fields[i])))
            json_text(out, NULL, message->fields[i].json);
    json_close(out);
}

static void emit_message(json_writer_t *out, const message_t *message)
{
    json_open(out, message->short_name, '{');
    if (message->place.comment)
        json_text(out, "description", openapi_prose(message->place.comment));
    openapi_members(out, message, NULL);
    json_close(out);
}

static void emit_labels(json_writer_t *out, const enumeration_t *type)
{
    bool any = false;
    for (size_t i = 0; i < type->value_count; i++) {
        const value_t *value = &type->values[i];
        if (text_empty(value->label))
            continue;
        if (!any)
            json_open(out, "x-labels", '{');
        json_text(out, value->name, value->label);
        any = true;
    }
    if (any)
        json_close(out);
}

static void emit_enum(json_writer_t *out, const enumeration_t *type)
{
    json_open(out, type->short_name, '{');
    if (type->place.comment)
        json_text(out, "description", openapi_prose(type->place.comment));
    json_text(out, "type", "string");
    json_open(out, "enum", '[');
    for (size_t i = 0; i < type->value_count; i++)
        json_text(out, NULL, type->values[i].name);
    json_close(out);
    emit_labels(out, type);
    json_close(out);
}

typedef struct {
    const char *name;
    const message_t *message; /* one of these two */
    const enumeration_t *enumeration;
} component_t;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const component_t *) a)->name, ((const component_t *) b)->name);
}

void openapi_schemas(json_writer_t *out, const model_t *model)
{
    component_t *components =
        xalloc((model->message_count + model->enum_count + 1) * sizeof *components);
    size_t count = 0;
    for (size_t i = 0; i < model->message_count; i++)
        if (model->messages[i].visit)
            components[count++] =
                (component_t){model->messages[i].short_name, &model->messages[i], NULL};
    for (size_t i = 0; i < model->enum_count; i++)
        if (model->enums[i].visit)
            components[count++] = (component_t){model->enums[i].short_name, NULL, &model->enums[i]};
    qsort(components, count, sizeof *components, by_name);
    for (size_t i = 0; i < count; i++) {
        if (components[i].message)
            emit_message(out, components[i].message);
        else
            emit_enum(out, components[i].enumeration);
    }
}
