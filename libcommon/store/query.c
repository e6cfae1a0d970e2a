/* query.c - statements by address, parameters and columns by name, rows from and to messages.
 *
 * This is the path every call takes several times, so names are resolved once:
 *
 *   literal -> statement     a hash table by the literal's address
 *   name -> parameter        each parameter remembers the pointer it was last asked by
 *   message -> parameters    per (statement, message type) a list of pairs
 *   columns -> message       likewise
 *
 * A remembered pointer is only a hint and is compared as text before it is
 * believed, so a name that is not a literal is slow but right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "google/protobuf/timestamp.pb-c.h"
#include "message.h"
#include "store_private.h"

typedef struct {
    char *name;       /* our copy, without the colon: SQLite's goes when it compiles anew */
    const char *hint; /* the pointer it was asked by last */
    uint64_t set_in;  /* query_t.turn in which it was set */
} parameter_t;

typedef struct {
    char *name;
    const char *hint;
} column_t;

typedef struct {
    int index; /* of the parameter (from 1) or the column (from 0) */
    const ProtobufCFieldDescriptor *field;
} pair_t;

/* How the fields of one message type and the names of one statement meet. */
typedef struct shape {
    struct shape *next;
    const ProtobufCMessageDescriptor *type;
    size_t count;
    pair_t pairs[];
} shape_t;

struct query {
    store_t *store;
    const char *sql; /* the literal: the key */
    query_t *copy;   /* another statement of the same literal, for nested use */
    query_t *next_open;
    sqlite3_stmt *statement;
    parameter_t *parameters;
    int parameter_count;
    column_t *columns;
    int column_count;
    shape_t *binds; /* by query_message() */
    shape_t *fills; /* by query_row() */
    uint64_t turn;  /* grows with each use; 0 never */
    bool taken;     /* between query() and query_done() */
    bool stepped;
    bool on_row;     /* the last step gave a row */
    bool ended;      /* ... or the end, or an error */
    status_t status; /* first error */
};

_Noreturn static void fault(const query_t *self, const char *what, const char *name)
{
    char line[600];
    snprintf(line, sizeof line, "%s '%.60s' in: %.400s", what, name, self->sql);
    check_failed(line, __FILE__, __LINE__, __func__);
}

static void fail(query_t *self, status_t status)
{
    if (self->status == STATUS_OK)
        self->status = status;
    self->ended = true;
}

/* --- the cache -------------------------------------------------------------------- */

static size_t slot_of(const store_t *store, const char *sql)
{
    uint64_t hash = (uint64_t) (uintptr_t) sql * 0x9E3779B97F4A7C15u;
    size_t at = (size_t) (hash >> 32) & (store->slot_count - 1);
    while (store->slots[at] && store->slots[at]->sql != sql)
        at = (at + 1) & (store->slot_count - 1);
    return at;
}

static void grow(store_t *store)
{
    query_t **old = store->slots;
    size_t old_count = store->slot_count;
    store->slot_count *= 2;
    store->slots = xalloc(store->slot_count * sizeof *store->slots);
    for (size_t i = 0; i < old_count; i++)
        if (old[i])
            store->slots[slot_of(store, old[i]->sql)] = old[i];
    free(old);
}

static void name_columns(query_t *self)
{
    self->column_count = sqlite3_column_count(self->statement);
    self->columns = xalloc((size_t) (self->column_count + 1) * sizeof *self->columns);
    for (int i = 0; i < self->column_count; i++)
        self->columns[i].name = xstrdup(sqlite3_column_name(self->statement, i));
}

static void name_parameters(query_t *self)
{
    self->parameter_count = sqlite3_bind_parameter_count(self->statement);
    if (self->parameter_count > PARAMETERS_MAX)
        fault(self, "too many parameters", "");
    self->parameters = xalloc((size_t) (self->parameter_count + 1) * sizeof *self->parameters);
    for (int i = 0; i < self->parameter_count; i++) {
        const char *name = sqlite3_bind_parameter_name(self->statement, i + 1);
        if (!name || name[0] != ':')
            fault(self, "a parameter is not written :name", name ? name : "?");
        self->parameters[i].name = xstrdup(name + 1);
    }
}

/* NULL: out of memory or busy, now. */
static query_t *compile(store_t *store, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    const char *tail = NULL;
    int rc = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, &tail);
    if (rc != SQLITE_OK) {
        store_status(store, rc, sql);
        return NULL;
    }
    query_t *self = xalloc(sizeof *self);
    self->store = store;
    self->sql = sql;
    self->statement = statement;
    if (!statement || tail[strspn(tail, " \t\r\n;")])
        fault(self, "not exactly one statement", "");
    name_parameters(self);
    name_columns(self);
    return self;
}

/* The cached statement, or a copy when a caller up the stack is still in it. */
static query_t *find_free(store_t *store, const char *sql)
{
    size_t at = slot_of(store, sql);
    if (!store->slots[at]) {
        query_t *fresh = compile(store, sql);
        if (!fresh)
            return NULL;
        store->slots[at] = fresh;
        store->statement_count++;
        CHECK(store->statement_count <= STATEMENTS_MAX);
        if (store->statement_count * 2 > store->slot_count)
            grow(store);
        return fresh;
    }
    query_t *self = store->slots[at];
    for (int copies = 1; self->taken; self = self->copy, copies++) {
        if (copies == STATEMENT_COPIES_MAX)
            fault(self, "open too many times at once", "");
        if (!self->copy && !(self->copy = compile(store, sql)))
            return NULL;
    }
    return self;
}

/* What query() gives when there was no memory for a statement: it has no parameters and no
 * columns, takes all that is set, and ends as UNAVAILABLE. */
static query_t *dead_query(store_t *store, const char *sql)
{
    query_t *self = xalloc(sizeof *self);
    self->store = store;
    self->sql = sql;
    return self;
}

query_t *query(store_t *store, const char *sql)
{
    query_t *self = find_free(store, sql);
    bool dead = !self;
    if (dead)
        self = dead_query(store, sql);
    self->taken = true;
    self->turn++;
    self->stepped = self->on_row = self->ended = false;
    self->status = STATUS_OK;
    self->next_open = store->open;
    store->open = self;
    /* The transaction was undone under us (disk full): nothing more of this handler may
     * happen, or it would be committed on its own. */
    if (dead || (store->begun && !store_in_transaction(store)))
        fail(self, STATUS_UNAVAILABLE);
    return self;
}

void store_check_idle(const store_t *store)
{
    if (store->open)
        fault(store->open, "query_done() is missing", "");
}

static void shapes_free(shape_t *shape)
{
    while (shape) {
        shape_t *next = shape->next;
        free(shape);
        shape = next;
    }
}

static void query_free(query_t *self)
{
    while (self) {
        query_t *copy = self->copy;
        sqlite3_finalize(self->statement);
        shapes_free(self->binds);
        shapes_free(self->fills);
        for (int i = 0; i < self->column_count; i++)
            free(self->columns[i].name);
        for (int i = 0; i < self->parameter_count; i++)
            free(self->parameters[i].name);
        free(self->columns);
        free(self->parameters);
        free(self);
        self = copy;
    }
}

void query_free_all(store_t *store)
{
    for (size_t i = 0; i < store->slot_count; i++) {
        query_free(store->slots[i]);
        store->slots[i] = NULL;
    }
}

/* --- parameters ------------------------------------------------------------------- */

/* The SQLite index of a parameter, marked as set; 0: this query failed before, nothing to do. */
static int parameter(query_t *self, const char *name)
{
    CHECK(self->taken && !self->stepped);
    if (!self->statement)
        return 0;
    parameter_t *all = self->parameters;
    int found = -1;
    for (int i = 0; i < self->parameter_count && found < 0; i++)
        if (all[i].hint == name && strcmp(all[i].name, name) == 0)
            found = i;
    for (int i = 0; i < self->parameter_count && found < 0; i++)
        if (strcmp(all[i].name, name) == 0)
            found = i;
    if (found < 0)
        fault(self, "no parameter", name);
    all[found].hint = name;
    all[found].set_in = self->turn;
    return self->status == STATUS_OK ? found + 1 : 0;
}

static void bound(query_t *self, int rc)
{
    if (rc != SQLITE_OK)
        fail(self, store_status(self->store, rc, self->sql));
}

void query_int(query_t *self, const char *name, int64_t value)
{
    int at = parameter(self, name);
    if (at)
        bound(self, sqlite3_bind_int64(self->statement, at, value));
}

void query_real(query_t *self, const char *name, double value)
{
    int at = parameter(self, name);
    if (at)
        bound(self, sqlite3_bind_double(self->statement, at, value));
}

void query_text(query_t *self, const char *name, const char *value)
{
    int at = parameter(self, name);
    if (at)
        bound(self, sqlite3_bind_text(self->statement, at, value, -1, SQLITE_TRANSIENT));
}

/* A NULL pointer would be SQL NULL: empty bytes are not. */
static int bind_bytes(sqlite3_stmt *statement, int at, const void *data, size_t size,
                      void (*dispose)(void *))
{
    return size ? sqlite3_bind_blob64(statement, at, data, size, dispose)
                : sqlite3_bind_zeroblob(statement, at, 0);
}

void query_blob(query_t *self, const char *name, const void *data, size_t size)
{
    int at = parameter(self, name);
    if (at)
        bound(self, bind_bytes(self->statement, at, data, size, SQLITE_TRANSIENT));
}

void query_null(query_t *self, const char *name)
{
    int at = parameter(self, name);
    if (at)
        bound(self, sqlite3_bind_null(self->statement, at));
}

/* --- shapes ----------------------------------------------------------------------- */

/* The pairs of a type, or NULL when it is new to this statement. */
static shape_t *shape_find(shape_t *first, const ProtobufCMessageDescriptor *type)
{
    while (first && first->type != type)
        first = first->next;
    return first;
}

static shape_t *shape_new(query_t *self, shape_t **first, const ProtobufCMessageDescriptor *type,
                          int room)
{
    int count = 0;
    for (const shape_t *shape = *first; shape; shape = shape->next)
        count++;
    if (count == SHAPES_MAX)
        fault(self, "too many message types, the last", type->name);

    shape_t *shape = xalloc(sizeof *shape + (size_t) room * sizeof shape->pairs[0]);
    shape->type = type;
    shape->next = *first;
    *first = shape;
    return shape;
}

/* A field that one column can hold; by its proto name only, so that a name means one thing. */
static const ProtobufCFieldDescriptor *column_field(const ProtobufCMessageDescriptor *type,
                                                    const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(type, name);
    return field && field->label != PROTOBUF_C_LABEL_REPEATED ? field : NULL;
}

static const shape_t *shape_of_parameters(query_t *self, const ProtobufCMessageDescriptor *type)
{
    shape_t *shape = shape_find(self->binds, type);
    if (shape)
        return shape;
    shape = shape_new(self, &self->binds, type, self->parameter_count);
    for (int i = 0; i < self->parameter_count; i++) {
        const ProtobufCFieldDescriptor *field = column_field(type, self->parameters[i].name);
        if (field)
            shape->pairs[shape->count++] = (pair_t){i + 1, field};
    }
    return shape;
}

static const shape_t *shape_of_columns(query_t *self, const ProtobufCMessageDescriptor *type)
{
    shape_t *shape = shape_find(self->fills, type);
    if (shape)
        return shape;
    shape = shape_new(self, &self->fills, type, self->column_count);
    for (int i = 0; i < self->column_count; i++) {
        const char *name = self->columns[i].name;
        const ProtobufCFieldDescriptor *field = column_field(type, name);
        if (field)
            shape->pairs[shape->count++] = (pair_t){i, field};
        else if (name[0] != '_')
            fault(self, "no field for column", name);
    }
    return shape;
}

static bool is_timestamp(const ProtobufCFieldDescriptor *field)
{
    return field->descriptor == &google__protobuf__timestamp__descriptor;
}

static bool is_oneof(const ProtobufCFieldDescriptor *field)
{
    return field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
}

/* Where "is it there" is: the number of the chosen member for a oneof, a flag for an
 * optional scalar of proto2, NULL when the value itself tells. */
static int *presence(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return field->quantifier_offset ? (int *) ((char *) message + field->quantifier_offset) : NULL;
}

static bool is_absent(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const int *there = presence(message, field);
    if (!there)
        return false;
    return is_oneof(field) ? (uint32_t) *there != field->id : !*there;
}

/* --- message to parameters -------------------------------------------------------- */

static int bind_message(sqlite3_stmt *statement, int at, const ProtobufCMessage *value)
{
    if (!value)
        return sqlite3_bind_null(statement, at);
    size_t size = protobuf_c_message_get_packed_size(value);
    uint8_t *packed = sqlite3_malloc64(size + 1);
    if (!packed)
        return SQLITE_NOMEM;
    CHECK(protobuf_c_message_pack(value, packed) == size);
    return sqlite3_bind_blob64(statement, at, packed, size, sqlite3_free);
}

static int bind_field(sqlite3_stmt *statement, int at, const ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field)
{
    if (is_absent(message, field))
        return sqlite3_bind_null(statement, at);

    const void *value = (const char *) message + field->offset;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_ENUM:
        return sqlite3_bind_int64(statement, at, *(const int32_t *) value);
    case PROTOBUF_C_TYPE_BOOL:
        return sqlite3_bind_int64(statement, at, *(const protobuf_c_boolean *) value != 0);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return sqlite3_bind_int64(statement, at, *(const uint32_t *) value);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64: /* the same 64 bits, and back */
    case PROTOBUF_C_TYPE_FIXED64:
        return sqlite3_bind_int64(statement, at, *(const int64_t *) value);
    case PROTOBUF_C_TYPE_FLOAT:
        return sqlite3_bind_double(statement, at, (double) *(const float *) value);
    case PROTOBUF_C_TYPE_DOUBLE:
        return sqlite3_bind_double(statement, at, *(const double *) value);
    case PROTOBUF_C_TYPE_STRING:
        /* STATIC: a message outlives its query, and query_done() unbinds. */
        return sqlite3_bind_text(statement, at, *(char *const *) value, -1, SQLITE_STATIC);
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *bytes = value;
        return bind_bytes(statement, at, bytes->data, bytes->len, SQLITE_STATIC);
    }
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *inner = *(ProtobufCMessage *const *) value;
        if (inner && is_timestamp(field))
            return sqlite3_bind_int64(
                statement, at, timestamp_ms((const struct Google__Protobuf__Timestamp *) inner));
        return bind_message(statement, at, inner);
    }
    }
    return SQLITE_MISUSE;
}

void query_message(query_t *self, const ProtobufCMessage *message)
{
    CHECK(self->taken && !self->stepped);
    if (!self->statement)
        return;
    const shape_t *shape = shape_of_parameters(self, message->descriptor);
    for (size_t i = 0; i < shape->count; i++) {
        parameter_t *parameter = &self->parameters[shape->pairs[i].index - 1];
        if (parameter->set_in == self->turn)
            continue;
        parameter->set_in = self->turn;
        if (self->status == STATUS_OK)
            bound(self, bind_field(self->statement, shape->pairs[i].index, message,
                                   shape->pairs[i].field));
    }
}

/* --- rows ------------------------------------------------------------------------- */

bool query_next(query_t *self)
{
    CHECK(self->taken);
    if (!self->stepped) {
        self->stepped = true;
        for (int i = 0; i < self->parameter_count; i++)
            if (self->parameters[i].set_in != self->turn)
                fault(self, "nobody set parameter", self->parameters[i].name);
    }
    if (self->ended)
        return self->on_row = false;

    int rc = sqlite3_step(self->statement);
    self->on_row = rc == SQLITE_ROW;
    self->ended = !self->on_row;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        fail(self, store_status(self->store, rc, self->sql));
    return self->on_row;
}

/* Bytes of a column in the arena; NULL past its limit, and then the query has failed. */
static char *copy_column(query_t *self, int at, arena_t *arena, size_t *ret_size)
{
    /* Value before size: asking may convert, and the size is of what was asked. */
    bool text = sqlite3_column_type(self->statement, at) == SQLITE_TEXT;
    const void *data = text ? (const void *) sqlite3_column_text(self->statement, at)
                            : sqlite3_column_blob(self->statement, at);
    size_t size = (size_t) sqlite3_column_bytes(self->statement, at);
    char *copy = arena_copy(arena, data ? data : "", data ? size : 0);
    if (!copy)
        fail(self, STATUS_UNAVAILABLE);
    *ret_size = data ? size : 0;
    return copy;
}

/* A number that fits its field; stored by us, so another one is our fault. */
static int64_t column_within(const query_t *self, const pair_t *pair, int64_t min, int64_t max)
{
    int64_t value = sqlite3_column_int64(self->statement, pair->index);
    if (value < min || value > max)
        fault(self, "a value does not fit field", pair->field->name);
    return value;
}

static void fill_message(query_t *self, const pair_t *pair, ProtobufCMessage **out, arena_t *arena)
{
    if (is_timestamp(pair->field)) {
        int64_t ms = sqlite3_column_int64(self->statement, pair->index);
        *out = (ProtobufCMessage *) timestamp_make(arena, ms);
        if (!*out && ms != 0)
            fail(self, STATUS_UNAVAILABLE);
        return;
    }
    *out = message_unpack(pair->field->descriptor, arena,
                          sqlite3_column_blob(self->statement, pair->index),
                          (size_t) sqlite3_column_bytes(self->statement, pair->index));
    if (!*out)
        fail(self, STATUS_UNAVAILABLE);
}

/* A column that is not NULL into its field. */
static void fill_value(query_t *self, const pair_t *pair, void *value, arena_t *arena)
{
    sqlite3_stmt *statement = self->statement;
    size_t size = 0;
    switch (pair->field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_ENUM:
        *(int32_t *) value = (int32_t) column_within(self, pair, INT32_MIN, INT32_MAX);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *) value = sqlite3_column_int64(statement, pair->index) != 0;
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        *(uint32_t *) value = (uint32_t) column_within(self, pair, 0, UINT32_MAX);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        *(int64_t *) value = sqlite3_column_int64(statement, pair->index);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        *(float *) value = (float) sqlite3_column_double(statement, pair->index);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *) value = sqlite3_column_double(statement, pair->index);
        break;
    case PROTOBUF_C_TYPE_STRING: {
        char *text = copy_column(self, pair->index, arena, &size);
        if (text)
            *(char **) value = text;
        break;
    }
    case PROTOBUF_C_TYPE_BYTES: {
        uint8_t *data = (uint8_t *) copy_column(self, pair->index, arena, &size);
        if (data)
            *(ProtobufCBinaryData *) value = (ProtobufCBinaryData){size, data};
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        fill_message(self, pair, value, arena);
        break;
    }
}

/* NULL is the value a field has when nobody set it. */
static void fill_null(const ProtobufCFieldDescriptor *field, ProtobufCMessage *out)
{
    void *value = (char *) out + field->offset;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(const char **) value = field->default_value;
        break;
    case PROTOBUF_C_TYPE_BYTES:
        *(ProtobufCBinaryData *) value = (ProtobufCBinaryData){0, NULL};
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **) value = NULL;
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        *(int64_t *) value = 0;
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *) value = 0;
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        *(float *) value = 0;
        break;
    default:
        *(int32_t *) value = 0; /* 32-bit numbers, enums, and bool, which is an int */
        break;
    }
}

static void fill_column(query_t *self, const pair_t *pair, ProtobufCMessage *out, arena_t *arena)
{
    const ProtobufCFieldDescriptor *field = pair->field;
    int *there = presence(out, field);
    if (sqlite3_column_type(self->statement, pair->index) == SQLITE_NULL) {
        if (is_oneof(field)) {
            /* Its memory may hold another member: only forget it if it is the chosen one. */
            if ((uint32_t) *there == field->id)
                *there = 0;
            return;
        }
        fill_null(field, out);
        if (there)
            *there = 0;
        return;
    }
    fill_value(self, pair, (char *) out + field->offset, arena);
    if (there)
        *there = is_oneof(field) ? (int) field->id : 1;
}

bool query_row(query_t *self, ProtobufCMessage *out, arena_t *arena)
{
    if (!query_next(self))
        return false;
    const shape_t *shape = shape_of_columns(self, out->descriptor);
    for (size_t i = 0; i < shape->count; i++)
        fill_column(self, &shape->pairs[i], out, arena);
    return self->status == STATUS_OK;
}

ProtobufCMessage **query_rows(query_t *self, const ProtobufCMessageDescriptor *type, size_t limit,
                              arena_t *arena, size_t *ret_count)
{
    size_t count = 0;
    size_t room = limit < 16 ? limit + 1 : 16;
    ProtobufCMessage **rows = arena_alloc(arena, room * sizeof *rows);
    *ret_count = 0;
    while (rows && query_next(self)) {
        if (count == limit)
            fault(self, "more rows than the caller takes: set LIMIT", type->name);
        if (count == room) {
            ProtobufCMessage **more = arena_alloc(arena, 2 * room * sizeof *rows);
            if (more)
                memcpy(more, rows, count * sizeof *rows);
            rows = more;
            room *= 2;
        }
        ProtobufCMessage *row = rows ? message_new(type, arena) : NULL;
        if (!row) {
            rows = NULL;
            break;
        }
        const shape_t *shape = shape_of_columns(self, type);
        for (size_t i = 0; i < shape->count; i++)
            fill_column(self, &shape->pairs[i], row, arena);
        rows[count++] = row;
    }
    if (!rows)
        fail(self, STATUS_UNAVAILABLE);
    if (self->status != STATUS_OK)
        return NULL;
    *ret_count = count;
    return rows;
}

/* --- single columns --------------------------------------------------------------- */

static int column(query_t *self, const char *name)
{
    if (!self->on_row)
        fault(self, "there is no row to take a column from:", name);
    column_t *all = self->columns;
    for (int i = 0; i < self->column_count; i++)
        if (all[i].hint == name && strcmp(all[i].name, name) == 0)
            return i;
    for (int i = 0; i < self->column_count; i++)
        if (strcmp(all[i].name, name) == 0) {
            all[i].hint = name;
            return i;
        }
    fault(self, "no column", name);
}

int64_t query_get_int(query_t *self, const char *name)
{
    return sqlite3_column_int64(self->statement, column(self, name));
}

double query_get_real(query_t *self, const char *name)
{
    return sqlite3_column_double(self->statement, column(self, name));
}

const char *query_get_text(query_t *self, const char *name, arena_t *arena)
{
    ProtobufCBinaryData text = query_get_blob(self, name, arena);
    return text.len ? (const char *) text.data : "";
}

ProtobufCBinaryData query_get_blob(query_t *self, const char *name, arena_t *arena)
{
    size_t size = 0;
    char *data = copy_column(self, column(self, name), arena, &size);
    return data ? (ProtobufCBinaryData){size, (uint8_t *) data} : (ProtobufCBinaryData){0, NULL};
}

bool query_is_null(query_t *self, const char *name)
{
    return sqlite3_column_type(self->statement, column(self, name)) == SQLITE_NULL;
}

/* --- the end ---------------------------------------------------------------------- */

static void unlink_open(query_t *self)
{
    query_t **at = &self->store->open;
    while (*at != self)
        at = &(*at)->next_open;
    *at = self->next_open;
    self->next_open = NULL;
}

status_t query_done(query_t *self)
{
    CHECK(self->taken);
    if (!self->stepped)
        while (query_next(self))
            ;
    unlink_open(self);
    status_t status = self->status;
    if (!self->statement) {
        free(self);
        return status;
    }
    /* A write made all its changes in its first step, even when its RETURNING was read only in
     * part; what is checked at its end (references) fails here.  Else this repeats the error of
     * the step. */
    int rc = sqlite3_reset(self->statement);
    if (rc != SQLITE_OK && status == STATUS_OK)
        status = store_status(self->store, rc, self->sql);
    sqlite3_clear_bindings(self->statement);
    self->taken = self->on_row = false;
    return status;
}
