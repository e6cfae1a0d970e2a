/* import.c - `yw import`, `yw starter`: lists from files into the services.
 *
 * JSON files of a kind are the proto3 JSON of its import request; the lists that offices
 * keep as tables come as CSV.  Large item lists go in parts of whole rows. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "message.h"
#include "method.h"
#include "text.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"
#include "yiwang/identity.pb-c.h"
#include "yw.h"

#define FILE_BYTES_MAX  (64u << 20)
#define TIMEOUT_MS      60000
#define ITEM_PART_BYTES (512u << 10)
#define TABLE_PART_ROWS 1000

/* --- answers ---------------------------------------------------------------------- */

static void print_item_report(const Catalog__ImportReport *report)
{
    printf("%u rows: %u new, %u changed, %u as before, %u refused, %u flagged\n", report->rows,
           report->created, report->updated, report->unchanged, report->refused, report->flagged);
    for (size_t i = 0; i < report->n_reports; i++) {
        const Catalog__RowReport *row = report->reports[i];
        if (row->outcome != CATALOG__ROW_OUTCOME__ROW_OUTCOME_KEPT)
            printf("  row %u %s [%s] %s (%s)\n", row->row, row->field, row->code, row->message,
                   label_of(&catalog__row_outcome__descriptor, row->outcome));
    }
}

static void print_answer(const ProtobufCMessage *answer)
{
    if (answer->descriptor == &catalog__import_report__descriptor) {
        print_item_report((const Catalog__ImportReport *) answer);
        return;
    }
    buffer_t text = buffer_new(1 << 20);
    json_print(answer, true, &text);
    printf("%s\n", text.full || !text.data ? "?" : text.data);
    buffer_free(&text);
}

static bool send(yw_t *self, const char *method, const ProtobufCMessage *in)
{
    const ProtobufCMessage *answer = yw_ask(self, method, in, TIMEOUT_MS);
    if (answer)
        print_answer(answer);
    return answer;
}

/* --- JSON that is a request ------------------------------------------------------- */

static bool import_json(yw_t *self, const char *method_name, const char *path, bool dry_run)
{
    size_t size;
    faults_t faults = {.count = 0};
    const method_t *method = contract_method(method_name);
    const char *text = yw_read_file(self, path, FILE_BYTES_MAX, &size);

    if (!text)
        return false;
    ProtobufCMessage *request = message_new(method->in, self->arena);
    if (!json_parse(text, size, self->arena, request, &faults) ||
        !rule_check(request, self->arena, &faults)) {
        for (size_t i = 0; i < faults.count; i++)
            fprintf(stderr, "yw: %s: %s: %s (%s)\n", path, faults.faults[i].field,
                    faults.faults[i].message, faults.faults[i].code);
        return false;
    }
    if (dry_run) {
        printf("%s is in order\n", path);
        return true;
    }
    return send(self, method_name, request);
}

/* --- tables: one heading line, then rows ----------------------------------------------- */

/* Cuts the next line off *rest and its cells off the line; these tables have no quotes. */
static size_t table_row(char **rest, char *cells[], size_t cells_max)
{
    char *line = strsep(rest, "\n");
    size_t n = 0;

    if (!line || !*line)
        return 0;
    line[strcspn(line, "\r")] = 0;
    while (line && n < cells_max)
        cells[n++] = strsep(&line, ",");
    return n;
}

/* Fills one row's message from its cells; false: a cell is wrong. */
typedef bool (*fill_row_t)(ProtobufCMessage *row, char *cells[], size_t n);

static bool fill_division(ProtobufCMessage *row, char *cells[], size_t n)
{
    Catalog__Division *division = (Catalog__Division *) row;
    if (n < 2)
        return false;
    division->code = cells[0];
    division->name = cells[1];
    division->parent = n > 2 ? cells[2] : "";
    return true;
}

static bool fill_holiday(ProtobufCMessage *row, char *cells[], size_t n)
{
    Case__Holiday *holiday = (Case__Holiday *) row;
    if (n < 3 || (!text_equal(cells[2], "0") && !text_equal(cells[2], "1")))
        return false;
    holiday->date = cells[0];
    holiday->name = cells[1];
    holiday->is_off_day = cells[2][0] == '1';
    return true;
}

static const struct {
    const char *kind;
    const char *method;
    const ProtobufCMessageDescriptor *row;
    fill_row_t fill;
} tables[] = {
    {"divisions", "catalog.ImportDivisions", &catalog__division__descriptor, fill_division},
    {"holidays", "case.ImportHolidays", &case__holiday__descriptor, fill_holiday},
};

/* Every table request has its rows in its first and only repeated message. */
static void set_rows(ProtobufCMessage *request, ProtobufCMessage **rows, size_t count)
{
    const ProtobufCFieldDescriptor *field = &request->descriptor->fields[0];
    *(ProtobufCMessage ***) message_at(request, field) = rows;
    *(size_t *) ((char *) request + field->quantifier_offset) = count;
}

static bool import_table(yw_t *self, size_t table, const char *path, bool dry_run)
{
    size_t size, line = 1;
    char *cells[16];
    const method_t *method = contract_method(tables[table].method);
    char *rest = yw_read_file(self, path, FILE_BYTES_MAX, &size);

    if (!rest || table_row(&rest, cells, 16) == 0)
        return false;
    for (bool more = true; more;) {
        ProtobufCMessage **rows = ARRAY(self->arena, ProtobufCMessage *, TABLE_PART_ROWS);
        size_t count = 0;
        while (count < TABLE_PART_ROWS && (more = rest && *rest)) {
            size_t n = table_row(&rest, cells, 16);
            line++;
            if (n == 0)
                continue;
            rows[count] = message_new(tables[table].row, self->arena);
            if (!tables[table].fill(rows[count], cells, n)) {
                fprintf(stderr, "yw: %s:%zu: not a row of %s\n", path, line, tables[table].kind);
                return false;
            }
            count++;
        }
        ProtobufCMessage *request = message_new(method->in, self->arena);
        set_rows(request, rows, count);
        if (count && !dry_run && !send(self, tables[table].method, request))
            return false;
    }
    return true;
}

/* --- item lists ------------------------------------------------------------------------- */

/* Where the row that begins at `at` ends: past its line break, which may not stand in quotes. */
static size_t csv_row_end(const char *text, size_t size, size_t at)
{
    bool quoted = false;
    for (; at < size; at++) {
        if (text[at] == '"')
            quoted = !quoted;
        else if (text[at] == '\n' && !quoted)
            return at + 1;
    }
    return size;
}

/* CSV in parts: each is the heading line and whole rows. */
static bool import_item_csv(yw_t *self, Catalog__ImportItemsRequest *request, const char *text,
                            size_t size)
{
    size_t heading = csv_row_end(text, size, 0);
    uint32_t row = 1;

    for (size_t at = heading; at < size;) {
        size_t end = at;
        uint32_t rows = 0;
        while (end < size && end - at < ITEM_PART_BYTES) {
            end = csv_row_end(text, size, end);
            rows++;
        }
        char *part = arena_alloc(self->arena, heading + (end - at) + 1);
        if (!part)
            return false;
        memcpy(part, text, heading);
        memcpy(part + heading, text + at, end - at);
        request->text = part;
        request->first_row = row;
        if (!send(self, "catalog.ImportItems", &request->base))
            return false;
        row += rows;
        at = end;
    }
    return true;
}

/* JSON in parts: an array's elements are cut between them without being understood. */
static bool import_item_json(yw_t *self, Catalog__ImportItemsRequest *request, const char *text,
                             size_t size)
{
    size_t begin = strspn(text, " \t\r\n");
    if (text[begin] != '[') {
        request->text = text;
        return send(self, "catalog.ImportItems", &request->base);
    }
    uint32_t row = 1, rows = 0;
    int depth = 0;
    bool quoted = false;
    size_t at = begin + 1;
    for (size_t i = at; i < size; i++) {
        char c = text[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
            continue;
        }
        if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || (c == ']' && depth > 0)) {
            depth--;
        }
        bool last = c == ']' && depth == 0 && text[i - 1] != ']';
        bool between = c == ',' && depth == 0;
        if (between)
            rows++;
        if (!last && !(between && i - at >= ITEM_PART_BYTES))
            continue;
        request->text = arena_printf(self->arena, "[%.*s]", (int) (i - at), text + at);
        request->first_row = row;
        if (!request->text || !send(self, "catalog.ImportItems", &request->base))
            return false;
        row += rows;
        rows = 0;
        at = i + 1;
        if (last)
            return true;
    }
    fprintf(stderr, "yw: the list does not end\n");
    return false;
}

static bool import_items(yw_t *self, const char *path, bool dry_run, const char *department,
                         const char *division)
{
    size_t size;
    Catalog__ImportItemsRequest request = CATALOG__IMPORT_ITEMS_REQUEST__INIT;
    const char *text = yw_read_file(self, path, FILE_BYTES_MAX, &size);

    if (!text)
        return false;
    request.dry_run = dry_run;
    request.publish = true;
    request.department_id = department ? department : "";
    request.division = division ? division : "";
    /* The public reads it: the name of the list, not where the operator keeps it. */
    request.source_name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    if (text_ends(path, ".csv")) {
        request.format = CATALOG__LIST_FORMAT__LIST_FORMAT_CSV;
        return import_item_csv(self, &request, text, size);
    }
    request.format = CATALOG__LIST_FORMAT__LIST_FORMAT_JSON;
    return import_item_json(self, &request, text, size);
}

/* --- the commands -------------------------------------------------------------------------- */

static const struct {
    const char *kind;
    const char *method;
} documents[] = {
    {"departments", "identity.ImportDepartments"},
    {"agreement", "identity.ImportAgreement"},
    {"population", "identity.ImportPopulation"},
    {"staff", "identity.ImportStaff"},
};

static int import_usage(void)
{
    fprintf(stderr, "usage: yw import KIND FILE [--dry-run] [--department ID] [--division CODE]\n"
                    "  items                                         .csv or .json\n"
                    "  divisions, holidays                           .csv\n"
                    "  departments, agreement, population, staff     .json\n");
    return 2;
}

int import_run(yw_t *self, int argc, char **argv)
{
    bool dry_run = yw_flag(&argc, argv, "--dry-run");
    const char *department = yw_option(&argc, argv, "--department");
    const char *division = yw_option(&argc, argv, "--division");

    if (argc != 2)
        return import_usage();
    if (text_equal(argv[0], "items"))
        return import_items(self, argv[1], dry_run, department, division) ? 0 : 1;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (text_equal(argv[0], tables[i].kind))
            return import_table(self, i, argv[1], dry_run) ? 0 : 1;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        if (text_equal(argv[0], documents[i].kind))
            return import_json(self, documents[i].method, argv[1], dry_run) ? 0 : 1;
    return import_usage();
}

static int only_json(const struct dirent *entry)
{
    return text_ends(entry->d_name, ".json");
}

/* Everything may be imported again: what is there stays as it is. */
int starter_run(yw_t *self, int argc, char **argv)
{
    const char *folder = argc > 0 ? argv[0] : self->platform.starter;
    char path[4096];
    struct dirent **files;
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof documents / sizeof *documents; i++) {
        snprintf(path, sizeof path, "%s/%s.json", folder, documents[i].kind);
        ok = import_json(self, documents[i].method, path, false);
    }
    for (size_t i = 0; ok && i < sizeof tables / sizeof *tables; i++) {
        snprintf(path, sizeof path, "%s/%s.csv", folder, tables[i].kind);
        ok = import_table(self, i, path, false);
    }
    if (!ok)
        return 1;
    snprintf(path, sizeof path, "%s/items", folder);
    int count = scandir(path, &files, only_json, alphasort);
    if (count < 0) {
        fprintf(stderr, "yw: %s cannot be read\n", path);
        return 1;
    }
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/items/%s", folder, files[i]->d_name);
        ok = ok && import_items(self, path, false, NULL, NULL);
        free(files[i]);
    }
    free(files);
    return ok ? 0 : 1;
}
