#include "list.h"
#include <stdio.h>
#include <string.h>
#include "columns.h"
#include "csv.h"
#include "message.h"
#include "text.h"

enum { RAW_BYTES_MAX = 4 << 20 }; /* a row cannot be larger than the message it came in */

/* --- rows ------------------------------------------------------------------------------------ */

static list_t *new_list(arena_t *arena)
{
    list_t *self = arena_alloc(arena, sizeof *self);
    if (self)
        self->rows = arena_alloc(arena, LIST_ROWS_MAX * sizeof *self->rows);
    return self && self->rows ? self : NULL;
}

static void note_unknown(list_t *self, const char *name)
{
    for (size_t i = 0; i < self->unknown_count; i++)
        if (text_equal(self->unknown[i], name))
            return;
    if (self->unknown_count < LIST_UNKNOWN_MAX)
        self->unknown[self->unknown_count++] = name;
}

/* Faults of one row, as many as there were. */
static void keep_faults(list_row_t *row, const faults_t *faults, arena_t *arena)
{
    fault_t *copy = ARRAY(arena, fault_t, faults->count);
    if (!copy)
        return;
    memcpy(copy, faults->faults, faults->count * sizeof *copy);
    row->faults = copy;
    row->fault_count = faults->count;
}

static void finish_row(list_row_t *out, row_t *row, const char *raw, arena_t *arena)
{
    faults_t faults = {.count = 0};
    out->raw = raw ? raw : "";
    if (row_finish(row, &faults))
        out->item = row->item;
    else
        keep_faults(out, &faults, arena);
}

static void refuse_row(list_row_t *out, const char *raw, const char *code, const char *message,
                       arena_t *arena)
{
    faults_t faults = {.count = 0};
    faults_add(&faults, arena, "", code, "%s", message);
    out->raw = raw ? raw : "";
    keep_faults(out, &faults, arena);
}

static bool too_many(const list_t *self, arena_t *arena, faults_t *faults)
{
    if (self->count < LIST_ROWS_MAX)
        return false;
    faults_add(faults, arena, "text", "too_many", "一次最多导入 %d 行，请分批导入。",
               LIST_ROWS_MAX);
    return true;
}

/* --- JSON --------------------------------------------------------------------------------------- */

static bool needs_mending(const char *text)
{
    for (; *text; text++)
        if ((unsigned char) *text < ' ' && *text != '\n' && *text != '\r' && *text != '\t')
            return true;
    return strstr(text, "\\u0000") != NULL;
}

/* Control characters inside texts as escapes, which cleaning then finds; outside them as spaces.
 * \u0000 becomes U+FFFD: no text of ours may hold a NUL. */
static const char *mend(const char *text, arena_t *arena)
{
    size_t size = 0, controls = 0;
    for (const char *at = text; *at; at++)
        controls += (unsigned char) *at < ' ';
    char *out = arena_alloc(arena, strlen(text) + 5 * controls + 1);
    bool inside = false;
    for (const char *at = text; out && *at; at++) {
        unsigned char c = (unsigned char) *at;
        if (inside && c == '\\' && strncmp(at, "\\u0000", 6) == 0) {
            memcpy(out + size, "\\ufffd", 6);
            size += 6;
            at += 5;
        } else if (inside && c == '\\' && at[1]) {
            out[size++] = *at++;
            out[size++] = *at;
        } else if (inside && c < ' ') {
            size += (size_t) snprintf(out + size, 7, "\\u%04x", c);
        } else {
            inside = c == '"' ? !inside : inside;
            out[size++] = c < ' ' ? ' ' : *at;
        }
    }
    return out;
}

static void read_object(list_t *self, const json_t *object, arena_t *arena)
{
    list_row_t *out = &self->rows[self->count++];
    const char *raw = row_json_text(object, arena);
    if (object->kind != JSON_OBJECT) {
        refuse_row(out, raw, "type", "该行不是一个对象。", arena);
        return;
    }
    row_t row = row_new(arena);
    for (const json_t *member = object->child; member && row.memory; member = member->next) {
        const char *field = column_field(member->name);
        if (field)
            row_set_json(&row, field, member);
        else
            note_unknown(self, member->name);
    }
    finish_row(out, &row, raw, arena);
}

static list_t *read_json(list_t *self, const char *text, arena_t *arena, faults_t *faults)
{
    const char *error = "memory";
    size_t at = 0;
    if (text_starts(text, "\xEF\xBB\xBF"))
        text += 3;
    const char *sound = needs_mending(text) ? mend(text, arena) : text;
    const json_t *tree = sound ? json_read(sound, strlen(sound), arena, &error, &at) : NULL;
    if (!tree) {
        faults_add(faults, arena, "text", "json", "不是有效的 JSON（第 %zu 字节处：%s）。", at + 1,
                   error);
        return NULL;
    }
    if (tree->kind == JSON_OBJECT)
        tree = json_member(tree, "items");
    if (!tree || tree->kind != JSON_ARRAY) {
        faults_add(faults, arena, "text", "json", "应为事项数组，或含有 items 数组的对象。");
        return NULL;
    }
    for (const json_t *object = tree->child; object; object = object->next) {
        if (too_many(self, arena, faults))
            return NULL;
        read_object(self, object, arena);
    }
    return self;
}

/* --- CSV ---------------------------------------------------------------------------------------- */

typedef struct {
    const char *names[CSV_CELLS_MAX];
    const char *fields[CSV_CELLS_MAX]; /* NULL: unknown */
    size_t count;
} header_t;

static bool read_header(list_t *self, csv_t *csv, header_t *header)
{
    if (!csv_next(csv, header->names, &header->count))
        return false;
    bool known = false;
    for (size_t i = 0; i < header->count; i++) {
        header->fields[i] = column_field(header->names[i]);
        known = known || header->fields[i];
        if (!header->fields[i])
            note_unknown(self, header->names[i]);
    }
    return known;
}

static const char *raw_record(const header_t *header, const char *const *cells, size_t count,
                              arena_t *arena)
{
    buffer_t out = buffer_new(RAW_BYTES_MAX);
    buffer_char(&out, '{');
    for (size_t i = 0; i < count; i++) {
        char extra[32];
        snprintf(extra, sizeof extra, "column %zu", i + 1);
        const char *name = i < header->count ? header->names[i] : extra;
        if (i > 0)
            buffer_char(&out, ',');
        json_quote(&out, name, strlen(name));
        buffer_char(&out, ':');
        json_quote(&out, cells[i], strlen(cells[i]));
    }
    buffer_char(&out, '}');
    const char *text = arena_copy(arena, out.data, out.size);
    buffer_free(&out);
    return text;
}

static void read_record(list_t *self, const csv_t *csv, const header_t *header,
                        const char *const *cells, size_t count, arena_t *arena)
{
    list_row_t *out = &self->rows[self->count++];
    const char *raw = raw_record(header, cells, count, arena);
    if (csv->open_quote) {
        refuse_row(out, raw, "quote", "引号没有结束，其后的内容无法分行。", arena);
        return;
    }
    row_t row = row_new(arena);
    for (size_t i = 0; i < count && i < header->count && row.memory; i++)
        if (header->fields[i])
            row_set_text(&row, header->fields[i], cells[i]);
    if (count > header->count && row.memory)
        row_flag(&row, "", "extra_cells", cells[header->count],
                 "单元格多于表头，多出的内容未采用。");
    finish_row(out, &row, raw, arena);
}

static list_t *read_csv(list_t *self, const char *text, arena_t *arena, faults_t *faults)
{
    csv_t csv;
    header_t header;
    csv_start(&csv, text, arena);
    if (!read_header(self, &csv, &header)) {
        faults_add(faults, arena, "text", "header",
                   "首行应为表头，且至少有一个可识别的列名（如“事项名称”）。");
        return NULL;
    }
    const char *cells[CSV_CELLS_MAX];
    size_t count;
    while (csv_next(&csv, cells, &count)) {
        if (too_many(self, arena, faults))
            return NULL;
        read_record(self, &csv, &header, cells, count, arena);
    }
    if (*csv.at) {
        faults_add(faults, arena, "text", "memory", "清单过大，请分批导入。");
        return NULL;
    }
    return self;
}

list_t *list_read(Catalog__ListFormat format, const char *text, arena_t *arena, faults_t *faults)
{
    list_t *self = new_list(arena);
    if (!self) {
        faults_add(faults, arena, "text", "memory", "清单过大，请分批导入。");
        return NULL;
    }
    return format == CATALOG__LIST_FORMAT__LIST_FORMAT_CSV ? read_csv(self, text, arena, faults)
                                                           : read_json(self, text, arena, faults);
}

/* --- writing ----------------------------------------------------------------------------------------- */

/* Each field once: some have several names. */
static bool is_first(size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (text_equal(columns[k].field, columns[i].field))
            return false;
    return true;
}

void list_start(Catalog__ListFormat format, buffer_t *out)
{
    if (format != CATALOG__LIST_FORMAT__LIST_FORMAT_CSV) {
        buffer_text(out, "[\n");
        return;
    }
    for (size_t i = 0; i < column_count; i++)
        if (is_first(i))
            csv_put(out, columns[i].field, i == 0);
    buffer_text(out, "\r\n");
}

/* An item with one field only, as JSON: {"field":value}; gives the value. */
static void put_list_cell(const Catalog__Item *item, const ProtobufCFieldDescriptor *field,
                          buffer_t *out)
{
    size_t count = *(const size_t *) ((const char *) item + field->quantifier_offset);
    if (count == 0) {
        csv_put(out, "", false);
        return;
    }
    Catalog__Item one = CATALOG__ITEM__INIT;
    memcpy((char *) &one + field->offset, (const char *) item + field->offset, sizeof(void *));
    memcpy((char *) &one + field->quantifier_offset, &count, sizeof count);
    buffer_t json = buffer_new(RAW_BYTES_MAX);
    json_print(&one.base, false, &json);
    const char *start = json.data ? strchr(json.data, '[') : NULL;
    if (start && !json.full) {
        json.data[json.size - 1] = 0; /* the object's closing brace */
        csv_put(out, start, false);
    } else {
        out->full = true;
    }
    buffer_free(&json);
}

static void put_cell(const Catalog__Item *item, const ProtobufCFieldDescriptor *field, bool first,
                     buffer_t *out)
{
    char number[24] = "";
    const void *at = message_at(&item->base, field);
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        csv_put(out, *(const char *const *) at, first);
        return;
    case PROTOBUF_C_TYPE_ENUM:
        csv_put(out, *(const int *) at ? label_of(field->descriptor, *(const int *) at) : "",
                first);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        csv_put(out, *(const protobuf_c_boolean *) at ? "1" : "0", first);
        return;
    default:
        if (*(const uint32_t *) at)
            snprintf(number, sizeof number, "%u", *(const uint32_t *) at);
        csv_put(out, number, first);
    }
}

void list_put(Catalog__ListFormat format, const Catalog__Item *item, bool first, buffer_t *out)
{
    if (format != CATALOG__LIST_FORMAT__LIST_FORMAT_CSV) {
        /* What belongs to this platform's copy and not to the item stays here. */
        Catalog__Item plain = *item;
        plain.version = plain.revision = 0;
        plain.state = 0;
        plain.popularity = 0;
        plain.published_at = plain.updated_at = NULL;
        plain.parent_id = plain.source_name = "";
        if (!first)
            buffer_text(out, ",\n");
        json_print(&plain.base, false, out);
        return;
    }
    for (size_t i = 0; i < column_count; i++) {
        if (!is_first(i))
            continue;
        const ProtobufCFieldDescriptor *field =
            message_field(item->base.descriptor, columns[i].field, strlen(columns[i].field));
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            put_list_cell(item, field, out);
        else
            put_cell(item, field, i == 0, out);
    }
    buffer_text(out, "\r\n");
}

void list_end(Catalog__ListFormat format, buffer_t *out)
{
    if (format != CATALOG__LIST_FORMAT__LIST_FORMAT_CSV)
        buffer_text(out, "\n]\n");
}
