/* emit_rules.c - field rules and labels as data (libcommon/wire/rule.h).
 *
 * Both tables follow protobuf-c's descriptors index by index: fields sorted by
 * number, enum values sorted by number with aliases left out. */
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "emit.h"
#include "names.h"
#include "output.h"
#include "text.h"

static int by_number(const void *a, const void *b)
{
    int32_t x = (*(const field_t *const *) a)->proto->number;
    int32_t y = (*(const field_t *const *) b)->proto->number;
    return (x > y) - (x < y);
}

static const field_t **sorted_fields(const message_t *message)
{
    const field_t **fields = xalloc((message->field_count + 1) * sizeof *fields);
    for (size_t i = 0; i < message->field_count; i++)
        fields[i] = &message->fields[i];
    qsort(fields, message->field_count, sizeof *fields, by_number);
    return fields;
}

static void emit_flags(buffer_t *out, const Schema__Rule *rule)
{
    const struct {
        bool set;
        const char *name;
    } flags[] = {{rule->required, "RULE_REQUIRED"},
                 {rule->secret, "RULE_SECRET"},
                 {rule->personal, "RULE_PERSONAL"},
                 {rule->any_enum, "RULE_ANY_ENUM"}};
    bool any = false;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (!flags[i].set)
            continue;
        buffer_printf(out, "%s%s", any ? " | " : ", .flags = ", flags[i].name);
        any = true;
    }
}

/* INT64_MIN has no literal of its own in C. */
static void emit_int64(buffer_t *out, const char *member, int64_t value)
{
    if (value == INT64_MIN)
        buffer_printf(out, ", .%s = INT64_MIN", member);
    else if (value)
        buffer_printf(out, ", .%s = %lldLL", member, (long long) value);
}

static void emit_rule(buffer_t *out, const field_t *field)
{
    const Schema__Rule *rule = field->rule;
    buffer_printf(out, "    {.field = \"%s\"", field->name);
    if (!text_empty(rule->label)) {
        buffer_text(out, ", .label = ");
        output_c_text(out, rule->label);
    }
    emit_flags(out, rule);
    if (rule->min_len)
        buffer_printf(out, ", .min_len = %u", rule->min_len);
    if (rule->max_len)
        buffer_printf(out, ", .max_len = %u", rule->max_len);
    emit_int64(out, "min", rule->min);
    emit_int64(out, "max", rule->max);
    if (rule->max_items)
        buffer_printf(out, ", .max_items = %u", rule->max_items);
    if (rule->kind)
        buffer_printf(out, ", .kind = %d", rule->kind);
    if (!text_empty(rule->pattern)) {
        buffer_text(out, ", .pattern = ");
        output_c_text(out, rule->pattern);
    }
    buffer_text(out, "},\n");
}

static bool travels(const message_t *message)
{
    return message->file->ours && !message->file->vocabulary;
}

static void emit_rule_sets(buffer_t *out, const model_t *model)
{
    size_t count = 0;
    for (size_t i = 0; i < model->message_count; i++) {
        const message_t *message = &model->messages[i];
        if (!travels(message))
            continue;
        buffer_printf(out, "\n/* %s */\nstatic const rule_t rules_of_%s[] = {\n",
                      message->short_name, message->c_lower);
        const field_t **fields = sorted_fields(message);
        for (size_t k = 0; k < message->field_count; k++)
            emit_rule(out, fields[k]);
        buffer_text(out, "    {.field = NULL}\n};\n");
    }
    buffer_text(out, "\nconst rule_set_t contract_rules[] = {\n");
    for (size_t i = 0; i < model->message_count; i++) {
        if (!travels(&model->messages[i]))
            continue;
        buffer_printf(out, "    {&%s__descriptor, rules_of_%s},\n", model->messages[i].c_lower,
                      model->messages[i].c_lower);
        count++;
    }
    buffer_printf(out, "    {NULL, NULL}\n};\nconst size_t contract_rule_count = %zu;\n", count);
}

static int by_value(const void *a, const void *b)
{
    const value_t *x = *(const value_t *const *) a, *y = *(const value_t *const *) b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return (x > y) - (x < y); /* of aliases the first declared stays */
}

static void emit_labels_of(buffer_t *out, const enumeration_t *type)
{
    const value_t **values = xalloc((type->value_count + 1) * sizeof *values);
    for (size_t i = 0; i < type->value_count; i++)
        values[i] = &type->values[i];
    qsort(values, type->value_count, sizeof *values, by_value);

    buffer_printf(out, "\n/* %s */\nstatic const char *const labels_of_%s[] = {\n",
                  type->short_name, type->c_lower);
    for (size_t i = 0; i < type->value_count; i++) {
        if (i && values[i]->number == values[i - 1]->number)
            continue;
        buffer_text(out, "    ");
        output_c_text(out, text_empty(values[i]->label) ? NULL : values[i]->label);
        buffer_printf(out, ",  /* %s */\n", values[i]->name);
    }
    buffer_text(out, "};\n");
}

static void emit_label_sets(buffer_t *out, const model_t *model)
{
    size_t count = 0;
    for (size_t i = 0; i < model->enum_count; i++)
        if (model->enums[i].file->ours)
            emit_labels_of(out, &model->enums[i]);
    buffer_text(out, "\nconst label_set_t contract_labels[] = {\n");
    for (size_t i = 0; i < model->enum_count; i++) {
        if (!model->enums[i].file->ours)
            continue;
        buffer_printf(out, "    {&%s__descriptor, labels_of_%s},\n", model->enums[i].c_lower,
                      model->enums[i].c_lower);
        count++;
    }
    buffer_printf(out, "    {NULL, NULL}\n};\nconst size_t contract_label_count = %zu;\n", count);
}

void emit_rules(const model_t *model)
{
    buffer_t *out = output_c_file("rules.c", "proto/");
    buffer_text(out, "#include \"rule.h\"\n");
    for (size_t i = 0; i < model->file_count; i++)
        if (model->files[i].ours)
            buffer_printf(out, "#include \"%s\"\n", model->files[i].header);
    emit_rule_sets(out, model);
    emit_label_sets(out, model);
}
