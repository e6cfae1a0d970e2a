#include "lock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "refusal.h"
#include "lint.h"
#include "names.h"
#include "text.h"

static const char *type_name(const field_t *field)
{
    static const char *const NAMES[] = {"",         "double",   "float",   "int64",  "uint64",
                                        "int32",    "fixed64",  "fixed32", "bool",   "string",
                                        "group",    "message",  "bytes",   "uint32", "enum",
                                        "sfixed32", "sfixed64", "sint32",  "sint64"};
    CHECK(field->type > 0 && field->type <= TYPE_SINT64);
    const char *name = field->message       ? field->message->full_name
                       : field->enumeration ? field->enumeration->full_name
                                            : NAMES[field->type];
    return names_format("%s%s", field->repeated ? "repeated:" : "", name);
}

void lock_print(const model_t *model, buffer_t *out)
{
    buffer_text(out, "# Numbers once given stay (proto/compiler/lock.h).  Written by: make lock\n");
    for (size_t i = 0; i < model->message_count; i++) {
        const message_t *message = &model->messages[i];
        for (size_t k = 0; message->file->ours && k < message->field_count; k++) {
            const field_t *field = &message->fields[k];
            buffer_printf(out, "%s.%s %d %s\n", message->full_name, field->name,
                          field->proto->number, type_name(field));
        }
    }
    for (size_t i = 0; i < model->enum_count; i++) {
        const enumeration_t *type = &model->enums[i];
        for (size_t k = 0; type->file->ours && k < type->value_count; k++)
            buffer_printf(out, "%s.%s %d value\n", type->full_name, type->values[k].name,
                          type->values[k].number);
    }
}

/* --- checking ---------------------------------------------------------------- */

typedef struct {
    const char *owner, *name; /* "yiwang.case.Case", "id" */
    int32_t number;
    const char *type;
    int line;
} entry_t;

static void lint_field_entry(const message_t *message, const entry_t *entry)
{
    const field_t *field = model_field(message, entry->name);
    if (field) {
        if (field->proto->number != entry->number)
            refuse(field->place, field->full_name, "had number %d; a number once given stays",
                   entry->number);
        if (!text_equal(type_name(field), entry->type))
            refuse(field->place, field->full_name, "was %s; a type once given stays", entry->type);
        return;
    }
    for (size_t i = 0; i < message->proto->n_reserved_range; i++) {
        const Schema__ReservedRange *range = message->proto->reserved_range[i];
        if (entry->number >= range->start && entry->number < range->end)
            return;
    }
    refuse(message->place, message->short_name, "%s = %d is gone: say reserved %d", entry->name,
           entry->number, entry->number);
}

static void lint_value_entry(const enumeration_t *type, const entry_t *entry)
{
    for (size_t i = 0; i < type->value_count; i++) {
        if (!text_equal(type->values[i].name, entry->name))
            continue;
        if (type->values[i].number != entry->number)
            refuse(type->values[i].place, type->short_name,
                   "%s had number %d; a number once given stays", entry->name, entry->number);
        return;
    }
    for (size_t i = 0; i < type->proto->n_reserved_range; i++) {
        const Schema__ReservedRange *range = type->proto->reserved_range[i];
        if (entry->number >= range->start &&
            entry->number <= range->end) /* inclusive, unlike a message's */
            return;
    }
    refuse(type->place, type->short_name, "%s = %d is gone: say reserved %d", entry->name,
           entry->number, entry->number);
}

static void lint_entry(const model_t *model, const entry_t *entry)
{
    for (size_t i = 0; i < model->message_count; i++)
        if (text_equal(model->messages[i].full_name, entry->owner)) {
            lint_field_entry(&model->messages[i], entry);
            return;
        }
    for (size_t i = 0; i < model->enum_count; i++)
        if (text_equal(model->enums[i].full_name, entry->owner)) {
            lint_value_entry(&model->enums[i], entry);
            return;
        }
    place_t place = {.file = "fields.lock", .line = entry->line};
    refuse(place, entry->owner,
           "%s is gone; if nobody can hold one any more, remove its lines from the lock",
           entry->name);
}

void lint_lock(const model_t *model, const char *lock)
{
    enum { NAME_MAX_SIZE = 512 };
    int number = 0;
    for (const char *line = lock; *line;) {
        size_t size = strcspn(line, "\n");
        char name[NAME_MAX_SIZE], type[NAME_MAX_SIZE];
        entry_t entry = {.owner = name, .type = type};
        char *text = names_format("%.*s", (int) size, line);
        entry.line = ++number;
        line += size + (line[size] == '\n');
        if (*text == '#' || *text == '\0')
            continue;
        int used = 0;
        char *dot = NULL;
        if (sscanf(text, "%511s %d %511s%n", name, &entry.number, type, &used) == 3 && !text[used])
            dot = strrchr(name, '.');
        if (!dot) {
            place_t place = {.file = "fields.lock", .line = number};
            refuse(place, "line", "is not: name number type");
            continue;
        }
        *dot = '\0';
        entry.name = dot + 1;
        lint_entry(model, &entry);
    }
}
