/* lint_message.c - what a message may not be.
 *
 * A stranger's message must be bounded, fit protobuf-c 1.4 (no map, no proto3
 * `optional`), be the same in JSON, and not send a thread down an endless stack. */
#include <regex.h>
#include <string.h>
#include "refusal.h"
#include "lint.h"
#include "names.h"
#include "text.h"

/* Kinds of yiwang.Kind that allow only one length, or a short one. */
static bool kind_bounds(int kind)
{
    enum { ID = 1, DATE = 9, CURVE_KEY = 12 }; /* 1-9: ids, codes, numbers, division, date */
    return (kind >= ID && kind <= DATE) || kind == CURVE_KEY;
}

static bool holds(const char *name, const char *word)
{
    return strstr(name, word) != NULL;
}

/* "page_token" is not a secret: it only says where to go on. */
static bool sounds_secret(const char *name)
{
    if (text_ends(name, "page_token"))
        return false;
    return holds(name, "password") || holds(name, "secret") || holds(name, "token");
}

static void lint_text(const field_t *field)
{
    enum { KIND_CURVE_KEY = 12 };
    const Schema__Rule *rule = field->rule;
    bool bounded = rule->max_len || (field->type == TYPE_STRING && kind_bounds(rule->kind));
    if (!bounded)
        refuse(field->place, field->full_name, "text needs max_len");
    if (rule->max_len && rule->min_len > rule->max_len)
        refuse(field->place, field->full_name, "min_len %u is more than max_len %u", rule->min_len,
               rule->max_len);
    if (sounds_secret(field->name) && !rule->secret && rule->kind != KIND_CURVE_KEY)
        refuse(field->place, field->full_name, "is called like a secret: say secret: true");
}

/* As libcommon/wire/shape.c compiles it. */
static void lint_pattern(const field_t *field)
{
    enum { WHOLE_MAX = 1023 };
    if (text_empty(field->rule->pattern))
        return;
    const char *whole = names_format("^(%s)$", field->rule->pattern);
    if (strlen(whole) > WHOLE_MAX) {
        refuse(field->place, field->full_name, "pattern: longer than %d", WHOLE_MAX - 4);
        return;
    }
    regex_t compiled;
    int error = regcomp(&compiled, whole, REG_EXTENDED | REG_NOSUB);
    if (error) {
        char text[200];
        regerror(error, &compiled, text, sizeof text);
        refuse(field->place, field->full_name, "pattern: %s", text);
        return;
    }
    regfree(&compiled);
}

/* A rule that cannot apply is a rule somebody believes in. */
static void lint_rule(const field_t *field)
{
    const Schema__Rule *rule = field->rule;
    bool is_string = field->type == TYPE_STRING;
    if ((rule->min_len || rule->max_len) && !field_is_text(field))
        refuse(field->place, field->full_name, "min_len and max_len are for string and bytes");
    if ((rule->kind || !text_empty(rule->pattern)) && !is_string)
        refuse(field->place, field->full_name, "kind and pattern are for string");
    if ((rule->min || rule->max) && !field_is_number(field))
        refuse(field->place, field->full_name, "min and max are for numbers");
    if (rule->max && rule->min > rule->max) /* min without max: no upper end */
        refuse(field->place, field->full_name, "min %lld is more than max %lld",
               (long long) rule->min, (long long) rule->max);
    if (rule->max_items && !field->repeated)
        refuse(field->place, field->full_name, "max_items is for repeated fields");
    if (rule->any_enum && field->type != TYPE_ENUM)
        refuse(field->place, field->full_name, "any_enum is for enums");
    if (rule->required && field->type == TYPE_BOOL && !field->repeated)
        refuse(field->place, field->full_name, "required on a bool would refuse false");
    lint_pattern(field);
}

static bool is_foreign(const field_t *field)
{
    if (field->message)
        return !field->message->file->ours && !field->message->is_timestamp;
    return field->enumeration && !field->enumeration->file->ours;
}

static void lint_field(const field_t *field)
{
    if (field->message && field->message->is_map) {
        refuse(field->place, field->full_name,
               "map: protobuf-c cannot tell it from a list; use a repeated message with a name");
        return;
    }
    if (field->proto->proto3_optional)
        refuse(field->place, field->full_name,
               "optional: protobuf-c refuses it; use a oneof of one field");
    if (field->type == TYPE_GROUP)
        refuse(field->place, field->full_name, "group: use a message");
    if (field->proto->json_name && !text_equal(field->proto->json_name, field->json))
        refuse(field->place, field->full_name,
               "json_name: protobuf-c's descriptors do not have it; JSON says \"%s\"", field->json);
    if (text_equal(field->name, "base"))
        refuse(field->place, field->full_name, "base is a member protobuf-c puts into each struct");
    if (is_foreign(field))
        refuse(field->place, field->full_name,
               "of other people's types only google.protobuf.Timestamp is known");
    if (field->repeated && !field->rule->max_items)
        refuse(field->place, field->full_name, "repeated needs max_items");
    if (field_is_text(field))
        lint_text(field);
    lint_rule(field);
}

static void lint_event(const message_t *message)
{
    if (!message->event_key)
        return;
    if (message->nested)
        refuse(message->place, message->short_name,
               "an event is a message of its own, not inside another");
    const field_t *key = model_field(message, message->event_key);
    if (!key)
        refuse(message->place, message->short_name, "event_key: no field is called \"%s\"",
               message->event_key);
    else if (key->repeated || (key->type != TYPE_STRING && !field_is_number(key)))
        refuse(key->place, key->full_name, "event_key needs one text or number to order by");
}

static void lint_enum(const enumeration_t *type)
{
    for (size_t i = 0; i < type->value_count; i++) {
        if (type->values[i].number != 0)
            continue;
        if (!text_ends(type->values[i].name, "_UNSPECIFIED"))
            refuse(type->values[i].place, type->short_name,
                   "%s is 0, which also means absent: 0 must be called ..._UNSPECIFIED",
                   type->values[i].name);
        return;
    }
    refuse(type->place, type->short_name, "needs a value ..._UNSPECIFIED = 0");
}

/* Depth-first; a message met while it is still open contains itself. */
static void lint_recursion(message_t *message)
{
    enum { NEW, OPEN, DONE };
    message->visit = OPEN;
    for (size_t i = 0; i < message->field_count; i++) {
        const field_t *field = &message->fields[i];
        message_t *inner = (message_t *) field->message;
        if (!inner)
            continue;
        if (inner->visit == OPEN)
            refuse(field->place, field->full_name,
                   "recursive: %s would contain itself, and 34 kB of it end the stack",
                   inner->short_name);
        else if (inner->visit == NEW)
            lint_recursion(inner);
    }
    message->visit = DONE;
}

static void lint_file(const file_t *file)
{
    place_t place = {.file = file->name};
    const Schema__FileOptions *options = file->proto->options;
    if (!text_equal(file->proto->syntax, "proto3"))
        refuse(place, "syntax", "only proto3");
    if (!options || !options->pb_c_file || text_empty(options->pb_c_file->c_package))
        refuse(place, "package", "needs option (pb_c_file).c_package");
}

void lint_messages(const model_t *model)
{
    for (size_t i = 0; i < model->file_count; i++)
        if (model->files[i].ours && !model->files[i].vocabulary)
            lint_file(&model->files[i]);
    for (size_t i = 0; i < model->message_count; i++) {
        message_t *message = &model->messages[i];
        if (!message->file->ours || message->file->vocabulary || message->is_map)
            continue;
        for (size_t k = 0; k < message->field_count; k++)
            lint_field(&message->fields[k]);
        lint_event(message);
        if (!message->visit)
            lint_recursion(message);
    }
    for (size_t i = 0; i < model->enum_count; i++)
        if (model->enums[i].file->ours && !model->enums[i].file->vocabulary)
            lint_enum(&model->enums[i]);
}
