/* view_answers.c - what was written into an item's form, as people read it. */
#include "view_portal.h"

#include <stdlib.h>
#include <string.h>

#include "form.h"
#include "text.h"

/* --- values of a form ------------------------------------------------------------------------ */

const char *portal_form_value(const Case__CaseDetail *one, const char *name)
{
    for (size_t i = 0; i < one->n_form; i++)
        if (text_equal(one->form[i]->name, name))
            return one->form[i]->value;
    return "";
}

static void put_choice(buffer_t *out, const Catalog__FormField *field, const char *value,
                       size_t size)
{
    for (size_t i = 0; i < field->n_choices; i++) {
        const Catalog__Choice *choice = field->choices[i];
        if (strlen(choice->value) == size && memcmp(choice->value, value, size) == 0) {
            buffer_text(out, choice->label);
            return;
        }
    }
    buffer_put(out, value, size);
}

static void put_file(buffer_t *out, const Case__CaseDetail *one, const char *id)
{
    for (size_t i = 0; i < one->n_materials; i++)
        for (size_t j = 0; j < one->materials[i]->n_files; j++)
            if (text_equal(one->materials[i]->files[j]->id, id))
                buffer_text(out, one->materials[i]->files[j]->file_name);
}

#define VALUE_MAX 16384 /* 4000 characters */

/* As people read it: labels of choices, "name（number）", a day in Chinese. */
static const char *value_words(const view_call_t *call, const Case__CaseDetail *one,
                               const Catalog__FormField *field, const char *value)
{
    buffer_t out = buffer_new(VALUE_MAX);
    const char *bar = strchr(value, '|');
    switch (field->type) {
    case CATALOG__FIELD_TYPE__FIELD_TYPE_CHOICE:
        put_choice(&out, field, value, strlen(value));
        break;
    case CATALOG__FIELD_TYPE__FIELD_TYPE_CHOICES:
        for (const char *at = value; *at; at += *at == ',') {
            size_t size = strcspn(at, ",");
            buffer_text(&out, out.size ? "、" : "");
            put_choice(&out, field, at, size);
            at += size;
        }
        break;
    case CATALOG__FIELD_TYPE__FIELD_TYPE_PARTY:
        if (bar)
            buffer_printf(&out, "%.*s（%s）", (int) (bar - value), value, bar + 1);
        else
            buffer_text(&out, value);
        break;
    case CATALOG__FIELD_TYPE__FIELD_TYPE_FILE:
        put_file(&out, one, value);
        break;
    case CATALOG__FIELD_TYPE__FIELD_TYPE_DATE:
        if (strlen(value) == 10 && value[4] == '-')
            buffer_printf(&out, "%.4s年%d月%d日", value, atoi(value + 5), atoi(value + 8));
        else
            buffer_text(&out, value);
        break;
    default:
        buffer_text(&out, value);
    }
    return portal_finish(&out, call->arena);
}

/* --- form_answers ------------------------------------------------------------------------------ */

enum { ROW_LABEL, ROW_VALUE, ROW_LACKING, ROW_LINES, ROW_ANCHOR, ROW_SLOTS };
static const datum_name_t row_names[] = {
    [ROW_LABEL] = {"label", &datum_type_text},
    [ROW_VALUE] = {"value", &datum_type_text},
    [ROW_LACKING] = {"lacking", &datum_type_bool}, /* required and not there */
    [ROW_LINES] = {"lines", &datum_type_bool},     /* several lines */
    [ROW_ANCHOR] = {"anchor", &datum_type_text},   /* where errors of the form `submit` point to */
    [ROW_SLOTS] = {NULL, NULL},
};
static const datum_type_t row_type = DATUM_TYPE_RECORD(row_names);
static const datum_type_t rows_type = DATUM_TYPE_LIST(row_type);

enum { ANSWERS_TITLE, ANSWERS_STEP, ANSWERS_ROWS, ANSWERS_SLOTS };
static const datum_name_t answers_names[] = {
    [ANSWERS_TITLE] = {"title", &datum_type_text},
    [ANSWERS_STEP] = {"step", &datum_type_text}, /* key of the step that asks it */
    [ANSWERS_ROWS] = {"rows", &rows_type},
    [ANSWERS_SLOTS] = {NULL, NULL},
};
static const datum_type_t answers_type = DATUM_TYPE_RECORD(answers_names);
const datum_type_t portal_answers_type = DATUM_TYPE_LIST(answers_type);

/* Groups of a form in the order of their first fields. */
size_t portal_form_groups(const Catalog__Item *item, const char *ret[PORTAL_GROUPS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < item->n_form_fields; i++) {
        size_t at = 0;
        while (at < count && !text_equal(ret[at], item->form_fields[i]->group))
            at++;
        if (at == count && count < PORTAL_GROUPS_MAX)
            ret[count++] = item->form_fields[i]->group;
    }
    return count;
}

const char *portal_group_title(const char *group)
{
    return text_empty(group) ? "填写信息" : group;
}

static datum_t answer_row(const view_call_t *call, const Case__CaseDetail *one,
                          const Catalog__FormField *field)
{
    datum_t *row = portal_record(call, ROW_SLOTS);
    const char *value = portal_form_value(one, field->id);
    const char *path = arena_printf(call->arena, "form.%s", field->id);
    if (!row || !path)
        return datum_none();
    const char *anchor = form_anchor("submit", path, call->arena);
    row[ROW_LABEL] = datum_text(field->label);
    row[ROW_VALUE] = datum_text(value_words(call, one, field, value));
    row[ROW_LACKING] = datum_bool(field->required && text_empty(value));
    row[ROW_LINES] = datum_bool(strchr(value, '\n') != NULL);
    row[ROW_ANCHOR] = datum_text(anchor);
    return datum_record(row);
}

datum_t portal_answers(const view_call_t *call)
{
    const Case__CaseDetail *one = portal_message(call, 0);
    const Catalog__Item *item = portal_message(call, 1);
    const char *groups[PORTAL_GROUPS_MAX];
    if (!one || !item)
        return datum_none();
    size_t count = portal_form_groups(item, groups);
    datum_t *list = portal_record(call, count);
    for (size_t g = 0; list && g < count; g++) {
        datum_t *answers = portal_record(call, ANSWERS_SLOTS);
        datum_t *rows = portal_record(call, item->n_form_fields);
        size_t row_count = 0;
        if (!answers || !rows)
            return datum_none();
        for (size_t i = 0; i < item->n_form_fields; i++)
            if (text_equal(item->form_fields[i]->group, groups[g]))
                rows[row_count++] = answer_row(call, one, item->form_fields[i]);
        answers[ANSWERS_TITLE] = datum_text(portal_group_title(groups[g]));
        answers[ANSWERS_STEP] = datum_text(arena_printf(call->arena, "form-%zu", g + 1));
        answers[ANSWERS_ROWS] = datum_array(rows, row_count);
        list[g] = datum_record(answers);
    }
    return list ? datum_array(list, count) : datum_none();
}
