#include "item.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "quality.h"
#include "clock.h"
#include "codes.h"
#include "search.h"
#include "text.h"

/* --- small things ------------------------------------------------------------------ */

const char *item_code(const Catalog__Item *item)
{
    const char *codes[] = {item->item_code, item->impl_code, item->local_impl_code, item->base_code,
                           item->local_base_code};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (!text_empty(codes[i]))
            return codes[i];
    return "";
}

const char *page_token(call_t *call, uint64_t offset)
{
    const char *token = arena_printf(call->arena, "%" PRIu64, offset);
    return token ? token : "";
}

uint64_t page_offset(const char *token)
{
    int64_t offset = 0;
    return text_int(token, 0, INT32_MAX, &offset) ? (uint64_t) offset : 0;
}

uint32_t page_size(uint32_t asked, uint32_t usual)
{
    return asked ? asked : usual;
}

bool item_own_all(const call_t *call)
{
    return call->caller.kind == YW__CALLER_KIND__CALLER_KIND_SERVICE ||
           call_permitted(call, "item.all");
}

bool item_own(const call_t *call, const char *department_id)
{
    return item_own_all(call) ||
           (!text_empty(department_id) && text_equal(call->caller.department, department_id));
}

/* --- ids ------------------------------------------------------------------------------- */

/* Where the ids of a list's entries are; NULL past its end. */
typedef const char **(*id_at_t)(Catalog__Item *item, size_t at);

static const char **material_id(Catalog__Item *item, size_t at)
{
    return at < item->n_materials ? &item->materials[at]->id : NULL;
}

static const char **stage_id(Catalog__Item *item, size_t at)
{
    return at < item->n_stages ? &item->stages[at]->id : NULL;
}

static const char **form_field_id(Catalog__Item *item, size_t at)
{
    return at < item->n_form_fields ? &item->form_fields[at]->id : NULL;
}

static bool id_taken(Catalog__Item *item, id_at_t id_at, const char *id)
{
    for (size_t i = 0; id_at(item, i); i++)
        if (text_equal(*id_at(item, i), id))
            return true;
    return false;
}

static bool make_list_ids(call_t *call, Catalog__Item *item, id_at_t id_at, char letter)
{
    unsigned number = 0;
    for (size_t i = 0; id_at(item, i); i++) {
        const char *id = *id_at(item, i);
        while (id && text_empty(*id_at(item, i))) {
            id = arena_printf(call->arena, "%c%u", letter, ++number);
            if (id && !id_taken(item, id_at, id))
                *id_at(item, i) = id;
        }
        if (!id)
            return false;
    }
    return true;
}

static bool make_ids(call_t *call, Catalog__Item *item)
{
    return make_list_ids(call, item, material_id, 'm') &&
           make_list_ids(call, item, stage_id, 's') &&
           make_list_ids(call, item, form_field_id, 'f');
}

/* --- codes --------------------------------------------------------------------------- */

/* The number behind the highest handling-item code made from an implementation code. */
static status_t handling_number(call_t *call, const char *impl_code, const char *item_id, int *ret)
{
    query_t *q =
        query(call->store,
              "SELECT max(code) AS last FROM item_codes"
              " WHERE rank = 1 AND item_id <> :item_id AND code > :impl_code AND code < :after");
    query_text(q, "item_id", item_id);
    query_text(q, "impl_code", impl_code);
    query_text(q, "after", arena_printf(call->arena, "%s~", impl_code));
    const char *last = query_next(q) ? query_get_text(q, "last", call->arena) : "";
    status_t status = query_done(q);
    if (status != STATUS_OK)
        return status;
    int64_t number = 0;
    if (strlen(last) == 33)
        text_int(last + 31, 0, 99, &number);
    *ret = (int) number + 1;
    return STATUS_OK;
}

status_t item_make_codes(call_t *call, Catalog__Item *item)
{
    if (!make_ids(call, item))
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "memory", NULL, "内容过大，无法保存。");
    if (text_empty(item->impl_code) && !text_empty(item->base_code) &&
        !text_empty(item->credit_code) && item->use_level > 0) {
        char *code = arena_alloc(call->arena, 32);
        if (code && impl_code_make(item->credit_code, (char) ('0' + item->use_level),
                                   item->base_code, code))
            item->impl_code = code;
    }
    if (text_empty(item->item_code) && !text_empty(item->impl_code) &&
        item->role == CATALOG__ITEM_ROLE__ITEM_ROLE_HANDLING) {
        int number = 0;
        status_t status = handling_number(call, item->impl_code, item->id, &number);
        if (status != STATUS_OK)
            return status;
        char *code = arena_alloc(call->arena, 34);
        if (code && number <= 99 && item_code_make(item->impl_code, number, code))
            item->item_code = code;
    }
    return STATUS_OK;
}

static status_t forget_codes(call_t *call, const char *item_id)
{
    query_t *q = query(call->store, "DELETE FROM item_codes WHERE item_id = :item_id");
    query_text(q, "item_id", item_id);
    return query_done(q);
}

static status_t put_codes(call_t *call, const Catalog__Item *item)
{
    const struct {
        int rank;
        const char *code;
    } codes[] = {{0, item->id},        {1, item->item_code},       {2, item->impl_code},
                 {3, item->base_code}, {4, item->local_impl_code}, {4, item->local_base_code}};
    status_t status = forget_codes(call, item->id);
    for (size_t i = 0; status == STATUS_OK && i < sizeof codes / sizeof *codes; i++) {
        if (text_empty(codes[i].code))
            continue;
        query_t *q =
            query(call->store,
                  "INSERT INTO item_codes(code, rank, item_id) VALUES (:code, :rank, :item_id)"
                  " ON CONFLICT DO NOTHING");
        query_text(q, "code", codes[i].code);
        query_int(q, "rank", codes[i].rank);
        query_text(q, "item_id", item->id);
        status = query_done(q);
    }
    return status;
}

/* --- loading --------------------------------------------------------------------------- */

version_t *version_load(call_t *call, const char *item_id, uint32_t version, status_t *ret_status)
{
    query_t *q = query(call->store,
                       "SELECT v.version, v.revision, v.state, v.round, v.editor, v.body,"
                       "       i.version AS in_force, i.newest, i.state AS item_state, i.popularity"
                       " FROM items i JOIN versions v ON v.item_id = i.id"
                       " WHERE i.id = :item_id"
                       "   AND v.version = CASE WHEN :version = 0 THEN i.newest ELSE :version END");
    query_text(q, "item_id", item_id);
    query_int(q, "version", version);
    version_t *self = NULL;
    if (query_next(q)) {
        ProtobufCBinaryData body = query_get_blob(q, "body", call->arena);
        self = arena_alloc(call->arena, sizeof *self);
        if (self) {
            self->item = (Catalog__Item *) message_unpack(&catalog__item__descriptor, call->arena,
                                                          body.data, body.len);
            self->editor = query_get_text(q, "editor", call->arena);
            self->round = (uint32_t) query_get_int(q, "round");
            self->in_force = (uint32_t) query_get_int(q, "in_force");
            self->newest = (uint32_t) query_get_int(q, "newest");
            self->state = (Catalog__ItemState) query_get_int(q, "item_state");
            self->popularity = query_get_int(q, "popularity");
        }
        if (self && self->item) {
            self->item->version = (uint32_t) query_get_int(q, "version");
            self->item->revision = (uint32_t) query_get_int(q, "revision");
            self->item->state = (Catalog__ItemState) query_get_int(q, "state");
            self->item->popularity = self->popularity;
        }
    }
    *ret_status = query_done(q);
    if (*ret_status != STATUS_OK)
        return NULL;
    if (!self) {
        *ret_status = call_not_found(call, "事项");
        return NULL;
    }
    if (!self->item) {
        *ret_status =
            call_fail(call, STATUS_RESOURCE_EXHAUSTED, "memory", NULL, "内容过大，无法处理。");
        return NULL;
    }
    return self;
}

version_t *version_load_own(call_t *call, const char *item_id, uint32_t version,
                            status_t *ret_status)
{
    version_t *self = version_load(call, item_id, version, ret_status);
    if (self && !item_own(call, self->item->department_id)) {
        *ret_status = call_not_found(call, "事项");
        return NULL;
    }
    return self;
}

status_t version_expect(call_t *call, const version_t *version, uint32_t revision)
{
    if (version->item->revision == revision)
        return STATUS_OK;
    return call_fail(call, STATUS_ABORTED, "catalog.revision_changed", "revision",
                     "该事项刚刚被他人修改（当前修订号 %u），请看过最新内容再操作。",
                     version->item->revision);
}

status_t version_edited_by_caller(call_t *call, const Catalog__Item *item, bool *ret)
{
    query_t *q =
        query(call->store, "SELECT 1 AS one FROM editors"
                           " WHERE item_id = :item_id AND version = :version AND editor = :editor");
    query_text(q, "item_id", item->id);
    query_int(q, "version", item->version);
    query_text(q, "editor", call->caller.id);
    *ret = query_next(q);
    return query_done(q);
}

/* --- saving ------------------------------------------------------------------------------ */

/* "《建筑法》第七条；…" for the directory list. */
static const char *legal_summary(const Catalog__Item *item, arena_t *arena)
{
    const char *summary = "";
    for (size_t i = 0; summary && i < item->n_legal_bases && strlen(summary) < 900; i++) {
        const Catalog__LegalBasis *basis = item->legal_bases[i];
        bool marked = text_starts(basis->law, "《");
        summary = arena_printf(arena, "%s%s%s%s%s%s", summary, i ? "；" : "", marked ? "" : "《",
                               basis->law, marked ? "" : "》", basis->article);
    }
    return summary ? summary : "";
}

/* Columns of `items` that repeat the guide. */
static void bind_columns(query_t *q, call_t *call, const Catalog__Item *item, uint32_t score)
{
    query_text(q, "id", item->id);
    query_text(q, "code", item_code(item));
    query_int(q, "charged", item->n_fees > 0);
    query_text(q, "legal_basis", legal_summary(item, call->arena));
    query_int(q, "score", score);
    query_int(q, "flags", (int64_t) item->n_flags);
    query_message(q, &item->base);
}

static status_t insert_item(call_t *call, const Catalog__Item *item, uint32_t score)
{
    query_t *q = query(
        call->store,
        "INSERT INTO items(id, version, newest, state, name, main_name, code, base_code, impl_code,"
        " local_base_code, role, type, use_level, department_id, department_name, division,"
        " case_kind, promise_days, promise_unit, online_depth, visits, charged, sample,"
        " legal_basis, popularity, score, flags, facets)"
        " VALUES (:id, 0, :newest, :state, :name, :main_name, :code, :base_code, :impl_code,"
        " :local_base_code, :role, :type, :use_level, :department_id, :department_name, :division,"
        " :case_kind, :promise_days, :promise_unit, :online_depth, :visits, :charged, :sample,"
        " :legal_basis, 0, :score, :flags, '')");
    query_int(q, "newest", item->version);
    bind_columns(q, call, item, score);
    return query_done(q);
}

static status_t update_item(call_t *call, const Catalog__Item *item, uint32_t score)
{
    query_t *q = query(
        call->store,
        "UPDATE items SET state = :state, name = :name, main_name = :main_name, code = :code,"
        " base_code = :base_code, impl_code = :impl_code, local_base_code = :local_base_code,"
        " role = :role, type = :type, use_level = :use_level, department_id = :department_id,"
        " department_name = :department_name, division = :division, case_kind = :case_kind,"
        " promise_days = :promise_days, promise_unit = :promise_unit,"
        " online_depth = :online_depth, visits = :visits, charged = :charged, sample = :sample,"
        " legal_basis = :legal_basis, score = :score, flags = :flags"
        " WHERE id = :id");
    bind_columns(q, call, item, score);
    return query_done(q);
}

static status_t set_newest(call_t *call, const char *item_id, uint32_t newest)
{
    query_t *q = query(call->store, "UPDATE items SET newest = :newest WHERE id = :id");
    query_text(q, "id", item_id);
    query_int(q, "newest", newest);
    return query_done(q);
}

status_t item_remember_caller(call_t *call)
{
    if (call->caller.kind != YW__CALLER_KIND__CALLER_KIND_STAFF || text_empty(call->caller.name))
        return STATUS_OK;
    query_t *q = query(call->store, "INSERT INTO people(id, name) VALUES (:id, :name)"
                                    " ON CONFLICT(id) DO UPDATE SET name = excluded.name");
    query_text(q, "id", call->caller.id);
    query_text(q, "name", call->caller.name);
    return query_done(q);
}

static status_t remember_editor(call_t *call, const Catalog__Item *item, const char *editor)
{
    query_t *q =
        query(call->store,
              "INSERT INTO editors(item_id, version, editor) VALUES (:item_id, :version, :editor)"
              " ON CONFLICT DO NOTHING");
    query_text(q, "item_id", item->id);
    query_int(q, "version", item->version);
    query_text(q, "editor", editor);
    status_t status = query_done(q);
    return status == STATUS_OK ? item_remember_caller(call) : status;
}

/* Planned days as numbers; only where they are waited for. */
static void bind_day(query_t *q, const char *name, const char *day, bool waiting)
{
    int64_t days;
    if (waiting && !text_empty(day) && clock_day_parse(day, &days))
        query_int(q, name, days);
    else
        query_null(q, name);
}

static status_t write_version(call_t *call, const version_t *self, uint32_t score)
{
    const Catalog__Item *item = self->item;
    ProtobufCBinaryData body = message_pack(&item->base, call->arena);
    if (!body.data)
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "memory", NULL, "内容过大，无法保存。");
    query_t *q = query(
        call->store,
        "INSERT INTO versions(item_id, version, revision, state, round, name, score, flags, editor,"
        " publisher, updated_at, effective_day, cancel_day, body)"
        " VALUES (:item_id, :version, :revision, :state, :round, :name, :score, :flags, :editor,"
        " '', :updated_at, :effective_day, :cancel_day, :body)"
        " ON CONFLICT(item_id, version) DO UPDATE SET revision = excluded.revision,"
        " state = excluded.state, round = excluded.round, name = excluded.name,"
        " score = excluded.score, flags = excluded.flags, editor = excluded.editor,"
        " updated_at = excluded.updated_at, effective_day = excluded.effective_day,"
        " cancel_day = excluded.cancel_day, body = excluded.body");
    query_text(q, "item_id", item->id);
    query_int(q, "version", item->version);
    query_int(q, "revision", item->revision);
    query_int(q, "state", item->state);
    query_int(q, "round", self->round);
    query_text(q, "name", item->name);
    query_int(q, "score", score);
    query_int(q, "flags", (int64_t) item->n_flags);
    query_text(q, "editor", self->editor);
    query_int(q, "updated_at", call->now_ms);
    bind_day(q, "effective_day", item->planned_effective_date, item->state == STATE(SCHEDULED));
    bind_day(q, "cancel_day", item->planned_cancel_date,
             item->state == STATE(PUBLISHED) || item->state == STATE(SUSPENDED));
    query_blob(q, "body", body.data, body.len);
    return query_done(q);
}

status_t version_save(call_t *call, version_t *self)
{
    Catalog__Item *item = self->item;
    bool first = self->newest == 0;
    item->revision++;
    item->updated_at = timestamp_make(call->arena, call->now_ms);

    Catalog__CheckReport report = CATALOG__CHECK_REPORT__INIT;
    quality_check(item, call->arena, &report);
    status_t status = STATUS_OK;
    if (first)
        status = insert_item(call, item, report.score);
    else if (self->in_force == 0)
        status = update_item(call, item, report.score);
    if (status == STATUS_OK && !first && item->version > self->newest)
        status = set_newest(call, item->id, item->version);
    if (item->version > self->newest)
        self->newest = item->version;
    if (status == STATUS_OK)
        status = write_version(call, self, report.score);
    return status == STATUS_OK ? remember_editor(call, item, self->editor) : status;
}

/* --- in force ------------------------------------------------------------------------------ */

static status_t name_department(call_t *call, const Catalog__Item *item)
{
    if (text_empty(item->department_id) || text_empty(item->department_name))
        return STATUS_OK;
    query_t *q =
        query(call->store,
              "INSERT INTO departments(id, name) VALUES (:id, :name)"
              " ON CONFLICT(id) DO UPDATE SET name = excluded.name WHERE name <> excluded.name");
    query_text(q, "id", item->department_id);
    query_text(q, "name", item->department_name);
    return query_done(q);
}

static status_t supersede(call_t *call, const version_t *self)
{
    if (self->in_force == 0 || self->in_force == self->item->version)
        return STATUS_OK;
    query_t *q = query(call->store, "UPDATE versions SET state = :superseded, cancel_day = NULL"
                                    " WHERE item_id = :item_id AND version = :version");
    query_text(q, "item_id", self->item->id);
    query_int(q, "version", self->in_force);
    query_int(q, "superseded", STATE(SUPERSEDED));
    return query_done(q);
}

static status_t point_to(call_t *call, const Catalog__Item *item, const char *publisher)
{
    query_t *q = query(call->store, "UPDATE items SET version = :version WHERE id = :id");
    query_text(q, "id", item->id);
    query_int(q, "version", item->version);
    status_t status = query_done(q);
    if (status != STATUS_OK)
        return status;
    q = query(call->store,
              "UPDATE versions SET published_at = :published_at, publisher = :publisher"
              " WHERE item_id = :id AND version = :version");
    query_text(q, "id", item->id);
    query_int(q, "version", item->version);
    query_int(q, "published_at", call->now_ms);
    query_text(q, "publisher", publisher);
    return query_done(q);
}

static status_t tell_published(call_t *call, Catalog__Item *item)
{
    Catalog__ItemPublished event = CATALOG__ITEM_PUBLISHED__INIT;
    event.item_id = item->id;
    event.item = item;
    return call_event(call, &event.base);
}

status_t version_enforce(call_t *call, version_t *self, const char *publisher)
{
    Catalog__Item *item = self->item;
    item->state = STATE(PUBLISHED);
    item->published_at = timestamp_make(call->arena, call->now_ms);
    item->popularity = 0; /* a counter beside the guide, not part of it */

    status_t status = supersede(call, self);
    if (status == STATUS_OK) {
        self->in_force = 0; /* so that saving also fills the item's columns */
        status = version_save(call, self);
    }
    if (status == STATUS_OK)
        status = point_to(call, item, publisher);
    if (status == STATUS_OK)
        status = put_codes(call, item);
    if (status == STATUS_OK)
        status = name_department(call, item);
    if (status == STATUS_OK)
        status = search_put(call, item, self->popularity, true);
    if (status != STATUS_OK)
        return status;
    self->in_force = item->version;
    self->state = item->state;
    return tell_published(call, item);
}

/* A version that waits for its day would bring a cancelled item back. */
static status_t unschedule(call_t *call, const char *item_id)
{
    query_t *q = query(call->store, "UPDATE versions SET state = :draft, effective_day = NULL"
                                    " WHERE item_id = :item_id AND state = :scheduled");
    query_text(q, "item_id", item_id);
    query_int(q, "draft", STATE(DRAFT));
    query_int(q, "scheduled", STATE(SCHEDULED));
    return query_done(q);
}

status_t item_change_state(call_t *call, version_t *self, Catalog__ItemState state,
                           const char *reason)
{
    Catalog__Item *item = self->item;
    item->state = state;
    item->popularity = 0;
    self->in_force = 0; /* so that saving also changes the item's state */
    status_t status = version_save(call, self);
    self->in_force = item->version;
    if (status == STATUS_OK && state == STATE(CANCELLED))
        status = unschedule(call, item->id);
    if (status == STATUS_OK)
        status = search_put(call, item, self->popularity, state != STATE(CANCELLED));
    if (status != STATUS_OK)
        return status;
    self->state = state;

    Catalog__ItemStateChanged event = CATALOG__ITEM_STATE_CHANGED__INIT;
    event.item_id = item->id;
    event.version = item->version;
    event.state = state;
    event.reason = reason;
    return call_event(call, &event.base);
}
