/* import.c - lists of items in and out.
 *
 * The prepare half reads and cleans the list on a reader thread; the handler only writes.  A row is
 * recognised again by its code (or name and department), so importing a list twice changes nothing
 * the second time. */
#include <stdio.h>
#include <string.h>
#include "catalog.svc.h"
#include "crypto.h"
#include "ids.h"
#include "item.h"
#include "list.h"
#include "quality.h"
#include "text.h"

#define KEPT    CATALOG__ROW_OUTCOME__ROW_OUTCOME_KEPT
#define FLAGGED CATALOG__ROW_OUTCOME__ROW_OUTCOME_FLAGGED
#define REFUSED CATALOG__ROW_OUTCOME__ROW_OUTCOME_REFUSED

enum { REPORTS_MAX = 5000, EXPORT_BYTES_MAX = 3 << 20, EXPORT_ITEM_BYTES_MAX = 1 << 20 };

status_t catalog_import_items_prepare(call_t *call, const Catalog__ImportItemsRequest *in)
{
    call->prepared = list_read(in->format, in->text, call->arena, call->faults);
    return call->prepared ? STATUS_OK : call_faulty(call);
}

/* --- the report ---------------------------------------------------------------------------- */

typedef struct {
    call_t *call;
    const Catalog__ImportItemsRequest *in;
    Catalog__ImportReport *report;
    uint32_t row; /* number of the row in hand */
} import_t;

static void report_line(import_t *self, const char *field, const char *code, const char *message,
                        Catalog__RowOutcome outcome)
{
    Catalog__ImportReport *report = self->report;
    if (report->n_reports == REPORTS_MAX) {
        report->reports_are_cut = true;
        return;
    }
    Catalog__RowReport *line =
        (Catalog__RowReport *) message_new(&catalog__row_report__descriptor, self->call->arena);
    if (!line) {
        report->reports_are_cut = true;
        return;
    }
    line->row = self->row;
    line->field = field;
    line->code = code;
    line->message = message;
    line->outcome = outcome;
    report->reports[report->n_reports++] = line;
}

static status_t refuse(import_t *self, const char *field, const char *code, const char *message)
{
    report_line(self, field, code, message, REFUSED);
    self->report->refused++;
    return STATUS_OK;
}

static void report_flags(import_t *self, const Catalog__Item *item)
{
    for (size_t i = 0; i < item->n_flags; i++)
        report_line(self, item->flags[i]->field, item->flags[i]->code, item->flags[i]->message,
                    FLAGGED);
    self->report->flagged += item->n_flags > 0;
}

/* --- recognising --------------------------------------------------------------------------------- */

/* How this list names the row. */
static const char *key_of(import_t *self, const Catalog__Item *item)
{
    const char *code = !text_empty(item->item_code)         ? item->item_code
                       : !text_empty(item->local_impl_code) ? item->local_impl_code
                                                            : item->impl_code;
    return arena_printf(self->call->arena, "%s|%s|%s", code,
                        text_empty(code) ? item->department_name : "", item->name);
}

typedef struct {
    const char *id; /* "" unknown */
    bool same;      /* imported before, exactly so */
} known_t;

static status_t recognise(import_t *self, const Catalog__Item *item, const char *key,
                          const uint8_t hash[CRYPTO_HASH_SIZE], known_t *ret)
{
    query_t *q = query(self->call->store,
                       "SELECT item_id, hash FROM item_sources WHERE key = :key"
                       " UNION ALL"
                       " SELECT id, NULL FROM items WHERE id = :id"
                       " UNION ALL"
                       " SELECT item_id, NULL FROM item_codes WHERE code = :item_code AND rank = 1"
                       " LIMIT 1");
    query_text(q, "key", key);
    query_text(q, "id", item->id);
    query_text(q, "item_code", item->item_code);
    *ret = (known_t){.id = ""};
    if (query_next(q)) {
        ret->id = query_get_text(q, "item_id", self->call->arena);
        ProtobufCBinaryData old = query_get_blob(q, "hash", self->call->arena);
        ret->same = old.len == CRYPTO_HASH_SIZE && memcmp(old.data, hash, CRYPTO_HASH_SIZE) == 0;
    }
    return query_done(q);
}

static void hash_row(import_t *self, const char *raw, uint8_t out[CRYPTO_HASH_SIZE])
{
    crypto_hash_t hash;
    char options[2] = {self->in->publish ? 'p' : 'd', 0};
    crypto_hash_start(&hash);
    crypto_hash_add(&hash, options, sizeof options);
    crypto_hash_add(&hash, self->in->department_id, strlen(self->in->department_id) + 1);
    crypto_hash_add(&hash, self->in->division, strlen(self->in->division) + 1);
    crypto_hash_add(&hash, raw, strlen(raw));
    crypto_hash_end(&hash, out);
}

static status_t remember_source(import_t *self, const Catalog__Item *item, const char *key,
                                const char *raw, const uint8_t hash[CRYPTO_HASH_SIZE])
{
    query_t *q =
        query(self->call->store,
              "INSERT INTO item_sources(item_id, key, source_name, hash, raw, imported_at)"
              " VALUES (:item_id, :key, :source_name, :hash, :raw, :imported_at)"
              " ON CONFLICT(item_id) DO UPDATE SET key = excluded.key,"
              " source_name = excluded.source_name, hash = excluded.hash, raw = excluded.raw,"
              " imported_at = excluded.imported_at");
    query_text(q, "item_id", item->id);
    query_text(q, "key", key);
    query_text(q, "source_name", self->in->source_name);
    query_blob(q, "hash", hash, CRYPTO_HASH_SIZE);
    query_text(q, "raw", raw);
    query_int(q, "imported_at", self->call->now_ms);
    return query_done(q);
}

/* --- departments ------------------------------------------------------------------------------------ */

/* A department that the list names but gives no id: the one we know by that name; else, in the list of a
 * department, that one; else an id made of name and division, the same in every import. */
static status_t settle_department(import_t *self, Catalog__Item *item)
{
    call_t *call = self->call;
    if (!text_empty(item->department_id))
        return STATUS_OK;
    bool staff = call->caller.kind == YW__CALLER_KIND__CALLER_KIND_STAFF;
    const char *usual = self->in->department_id;
    if (text_empty(usual) && staff)
        usual = call->caller.department;
    if (text_empty(item->department_name)) {
        item->department_id = usual;
        return STATUS_OK;
    }
    query_t *q =
        query(call->store, "SELECT id FROM departments WHERE name = :name ORDER BY id LIMIT 1");
    query_text(q, "name", item->department_name);
    bool known = query_next(q);
    if (known)
        item->department_id = query_get_text(q, "id", call->arena);
    status_t status = query_done(q);
    if (status != STATUS_OK || known)
        return status;
    if (staff) {
        item->department_id = usual;
        return STATUS_OK;
    }

    enum { HEX_DIGITS = 12 };
    uint8_t hash[CRYPTO_HASH_SIZE];
    char hex[CRYPTO_HEX_SIZE(CRYPTO_HASH_SIZE)];
    const char *seed = arena_printf(call->arena, "%s|%s", item->division, item->department_name);
    if (!seed)
        return STATUS_RESOURCE_EXHAUSTED;
    crypto_hash(seed, strlen(seed), hash);
    crypto_hex(hash, sizeof hash, hex);
    item->department_id = arena_printf(call->arena, "dept-%.*s", HEX_DIGITS, hex);
    return item->department_id ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

/* --- writing ------------------------------------------------------------------------------------------- */

/* Such a guide may not be in force, wherever it comes from: it waits as a draft. */
static bool has_catch_all(const Catalog__Item *item)
{
    for (size_t i = 0; i < item->n_materials; i++)
        if (quality_catch_all(item->materials[i]->name))
            return true;
    return false;
}

/* Straight into force when the list is trusted, else as a draft. */
static status_t store_version(import_t *self, version_t *version, bool publish)
{
    call_t *call = self->call;
    Catalog__Item *item = version->item;
    version->editor = call->caller.id;
    status_t status = item_make_codes(call, item);
    if (status != STATUS_OK)
        return status;
    if (publish)
        return version_enforce(call, version, call->caller.id);
    item->state = STATE(DRAFT);
    return version_save(call, version);
}

static status_t create(import_t *self, Catalog__Item *item, bool publish)
{
    version_t version = {.item = item};
    bool trusted = self->call->caller.kind == YW__CALLER_KIND__CALLER_KIND_SERVICE;
    if (!trusted || !ids_valid(item->id))
        item->id = call_id(self->call);
    item->version = 1;
    return store_version(self, &version, publish);
}

/* Whether two guides say the same, whatever version they are and wherever they came from. */
static bool same_guide(const Catalog__Item *a, const Catalog__Item *b, arena_t *arena)
{
    ProtobufCBinaryData packed[2];
    const Catalog__Item *both[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        Catalog__Item plain = *both[i];
        plain.id = plain.source_name = "";
        plain.version = plain.revision = 0;
        plain.state = 0;
        plain.popularity = 0;
        plain.published_at = plain.updated_at = NULL;
        packed[i] = message_pack(&plain.base, arena);
        if (!packed[i].data)
            return false;
    }
    return packed[0].len == packed[1].len &&
           memcmp(packed[0].data, packed[1].data, packed[0].len) == 0;
}

typedef enum { UPDATED, SAME, REFUSED_DRAFT } update_t;

/* A new version of an item we know, unless nothing changed or somebody works on a draft of it. */
static status_t update(import_t *self, Catalog__Item *item, const char *id, bool publish,
                       update_t *ret)
{
    status_t status;
    version_t *version = version_load_own(self->call, id, 0, &status);
    if (!version)
        return status;
    Catalog__ItemState state = version->item->state;
    bool draft = state == STATE(DRAFT);
    bool refused = state == STATE(CHECKING) || state == STATE(SCHEDULED) ||
                   version->state == STATE(CANCELLED) ||
                   (draft && !text_equal(version->editor, self->call->caller.id));
    bool same = !(draft && publish) && same_guide(version->item, item, self->call->arena);
    *ret = same ? SAME : refused ? REFUSED_DRAFT : UPDATED;
    if (*ret != UPDATED || self->in->dry_run)
        return STATUS_OK;
    item->id = id;
    item->version = draft ? version->item->version : version->newest + 1;
    item->revision = draft ? version->item->revision : 0;
    version->item = item;
    return store_version(self, version, publish);
}

static status_t import_row(import_t *self, const list_row_t *row)
{
    call_t *call = self->call;
    Catalog__Item *item = row->item;
    if (!item) {
        for (size_t i = 0; i + 1 < row->fault_count; i++)
            report_line(self, row->faults[i].field, row->faults[i].code, row->faults[i].message,
                        REFUSED);
        const fault_t *last = row->fault_count ? &row->faults[row->fault_count - 1] : NULL;
        return refuse(self, last ? last->field : "", last ? last->code : "memory",
                      last ? last->message : "该行内容过大，无法处理。");
    }
    if (text_empty(item->division))
        item->division = self->in->division;
    item->source_name = self->in->source_name;
    status_t status = settle_department(self, item);
    if (status != STATUS_OK)
        return status;
    if (!item_own(call, item->department_id))
        return refuse(self, "departmentId", "other_department", "只能导入本部门的事项。");

    uint8_t hash[CRYPTO_HASH_SIZE];
    known_t known;
    const char *key = key_of(self, item);
    hash_row(self, row->raw, hash);
    status = key ? recognise(self, item, key, hash, &known) : STATUS_RESOURCE_EXHAUSTED;
    if (status != STATUS_OK)
        return status;
    if (known.same) {
        self->report->unchanged++;
        return STATUS_OK;
    }
    bool catch_all = has_catch_all(item);
    bool publish = self->in->publish && !catch_all;
    update_t outcome = UPDATED;
    if (*known.id)
        status = update(self, item, known.id, publish, &outcome);
    else if (!self->in->dry_run)
        status = create(self, item, publish);
    if (status != STATUS_OK)
        return status;
    if (outcome == REFUSED_DRAFT)
        return refuse(self, "", "draft_exists", "该事项已有他人编制中的版本或已取消，未导入。");
    if (!self->in->dry_run) {
        item->id = *known.id ? known.id : item->id;
        status = remember_source(self, item, key, row->raw, hash);
        if (status != STATUS_OK)
            return status;
    }
    if (outcome == SAME)
        self->report->unchanged++;
    else if (*known.id)
        self->report->updated++;
    else
        self->report->created++;
    report_flags(self, item);
    if (catch_all)
        report_line(self, "materials", "catch_all",
                    "含有兜底材料，只保存为草稿，请逐一列明后再发布。", FLAGGED);
    return STATUS_OK;
}

status_t catalog_import_items(call_t *call, const Catalog__ImportItemsRequest *in,
                              Catalog__ImportReport *out)
{
    const list_t *list = call->prepared;
    import_t self = {.call = call, .in = in, .report = out};
    if (in->publish && call->caller.kind != YW__CALLER_KIND__CALLER_KIND_SERVICE)
        return call_fail(call, STATUS_PERMISSION_DENIED, "catalog.import_publish", "publish",
                         "导入的事项须经审核后发布，不能直接发布。");
    out->reports = ARRAY(call->arena, Catalog__RowReport *, REPORTS_MAX);
    if (!out->reports)
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "memory", "text",
                         "清单过大，请分批导入。");
    for (size_t i = 0; i < list->unknown_count; i++)
        report_line(&self, list->unknown[i], "unknown_column", "不认识的列，内容保留在原始数据中。",
                    KEPT);
    uint32_t first = in->first_row ? in->first_row : 1;
    status_t status = STATUS_OK;
    for (size_t i = 0; i < list->count && status == STATUS_OK; i++) {
        self.row = first + (uint32_t) i;
        out->rows++;
        status = import_row(&self, &list->rows[i]);
    }
    if (status == STATUS_RESOURCE_EXHAUSTED && !call->failure)
        return call_fail(call, status, "memory", "text", "清单过大，请分批导入。");
    return status;
}

/* --- export ---------------------------------------------------------------------------------------------- */

static query_t *ask_export(call_t *call, const Catalog__ExportItemsRequest *in,
                           const char *department, uint32_t size)
{
    query_t *q = query(call->store, "SELECT i.id, v.body FROM items i"
                                    " JOIN versions v ON v.item_id = i.id AND v.version = i.version"
                                    " WHERE i.id > :after AND i.state <> :cancelled"
                                    "   AND (:department = '' OR i.department_id = :department)"
                                    " ORDER BY i.id LIMIT :size");
    query_text(q, "after", in->page_token);
    query_int(q, "cancelled", STATE(CANCELLED));
    query_text(q, "department", department);
    query_int(q, "size", (int64_t) size + 1);
    return q;
}

/* One item's text; false past the ceiling. */
static bool put_item(call_t *call, Catalog__ListFormat format, ProtobufCBinaryData body, bool first,
                     buffer_t *out)
{
    const Catalog__Item *item = (const Catalog__Item *) message_unpack(
        &catalog__item__descriptor, call->arena, body.data, body.len);
    buffer_t text = buffer_new(EXPORT_ITEM_BYTES_MAX);
    if (item)
        list_put(format, item, first, &text);
    bool fits = item && !text.full && out->size + text.size < EXPORT_BYTES_MAX;
    if (fits)
        buffer_put(out, text.data, text.size);
    buffer_free(&text);
    return fits;
}

status_t catalog_export_items(call_t *call, const Catalog__ExportItemsRequest *in,
                              Catalog__ExportItemsResponse *out)
{
    const char *department = in->department_id;
    if (text_empty(department) && !item_own_all(call))
        department = call->caller.department;
    if (!text_empty(department) && !item_own(call, department))
        return call_not_found(call, "部门");
    uint32_t size = page_size(in->page_size, 100);
    buffer_t text = buffer_new(EXPORT_BYTES_MAX + 1024);
    list_start(in->format, &text);
    query_t *q = ask_export(call, in, department, size);
    const char *last = "";
    bool more = false;
    while (!more && query_next(q)) {
        ProtobufCBinaryData body = query_get_blob(q, "body", call->arena);
        /* The page ends early when the text is full; the rest is on the next one. */
        more = out->rows == size || !put_item(call, in->format, body, out->rows == 0, &text);
        if (!more) {
            last = query_get_text(q, "id", call->arena);
            out->rows++;
        }
    }
    status_t status = query_done(q);
    list_end(in->format, &text);
    out->text = text.full ? NULL : arena_copy(call->arena, text.data, text.size);
    buffer_free(&text);
    if (status != STATUS_OK)
        return status;
    if (!out->text || (more && out->rows == 0)) {
        out->text = "";
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "memory", "pageSize",
                         "内容过大，请缩小每页条数。");
    }
    if (more)
        out->next_page_token = last;
    return STATUS_OK;
}
