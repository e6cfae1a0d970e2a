/* query_test.c - statements, parameters, columns, messages. */
#include <stddef.h>
#include "google/protobuf/timestamp.pb-c.h"
#include "message.h"
#include "store_test.h"
#include "yiwang/envelope.pb-c.h"

/* A message with every kind of field that a column can hold. */
typedef struct {
    ProtobufCMessage base;
    protobuf_c_boolean flag;
    double real;
    float single;
    int32_t small;
    int64_t big;
    uint32_t count;
    uint64_t wide;
    int kind;
    const char *text;
    ProtobufCBinaryData data;
    Google__Protobuf__Timestamp *at;
    Yw__SignedToken *token;
    size_t n_names;
    char **names;
    int choice_case;
    union {
        const char *mail;
        int64_t phone;
    };
} row_t;

#define PLAIN(id, name, type, default)                                                             \
    {                                                                                              \
#name, id, PROTOBUF_C_LABEL_NONE, PROTOBUF_C_TYPE_##type, 0, offsetof(row_t, name), NULL,  \
            default, 0, 0, NULL, NULL                                                              \
    }
#define INNER(id, name, type)                                                                      \
    {                                                                                              \
#name, id, PROTOBUF_C_LABEL_NONE, PROTOBUF_C_TYPE_MESSAGE, 0, offsetof(row_t, name),       \
            &type, NULL, 0, 0, NULL, NULL                                                          \
    }
#define CHOICE(id, name, type, default)                                                            \
    {                                                                                              \
#name, id, PROTOBUF_C_LABEL_NONE, PROTOBUF_C_TYPE_##type, offsetof(row_t, choice_case),    \
            offsetof(row_t, name), NULL, default, PROTOBUF_C_FIELD_FLAG_ONEOF, 0, NULL, NULL       \
    }

static const ProtobufCFieldDescriptor row_fields[] = {
    PLAIN(1, flag, BOOL, NULL),
    PLAIN(2, real, DOUBLE, NULL),
    PLAIN(3, single, FLOAT, NULL),
    PLAIN(4, small, INT32, NULL),
    PLAIN(5, big, INT64, NULL),
    PLAIN(6, count, UINT32, NULL),
    PLAIN(7, wide, UINT64, NULL),
    PLAIN(8, kind, ENUM, NULL),
    PLAIN(9, text, STRING, &protobuf_c_empty_string),
    PLAIN(10, data, BYTES, NULL),
    INNER(11, at, google__protobuf__timestamp__descriptor),
    INNER(12, token, yw__signed_token__descriptor),
    {"names", 13, PROTOBUF_C_LABEL_REPEATED, PROTOBUF_C_TYPE_STRING, offsetof(row_t, n_names),
     offsetof(row_t, names), NULL, &protobuf_c_empty_string, 0, 0, NULL, NULL},
    CHOICE(14, mail, STRING, &protobuf_c_empty_string),
    CHOICE(15, phone, INT64, NULL),
};
/* at big count data flag kind mail names phone real single small text token wide */
static const unsigned row_by_name[] = {10, 4, 5, 9, 0, 7, 13, 12, 14, 1, 2, 3, 8, 11, 6};
static const ProtobufCIntRange row_ranges[] = {{1, 0}, {0, 15}};
static void row_init(ProtobufCMessage *message);
static const ProtobufCMessageDescriptor row_descriptor = {
    PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    "test.Row",
    "Row",
    "row_t",
    "test",
    sizeof(row_t),
    15,
    row_fields,
    row_by_name,
    1,
    row_ranges,
    row_init,
    NULL,
    NULL,
    NULL,
};
static void row_init(ProtobufCMessage *message)
{
    *(row_t *) message = (row_t){.base = {&row_descriptor, 0, NULL}, .text = ""};
}

#define COLUMNS                                                                                    \
    "flag, real, single, small, big, count, wide, kind, text, data, at, token, mail, phone"
#define PARAMETERS                                                                                 \
    ":flag, :real, :single, :small, :big, :count, :wide, :kind, :text, :data, :at, :token, :mail," \
    " :phone"
#define SCHEMA                                                                                     \
    "CREATE TABLE r (id INTEGER PRIMARY KEY, flag INTEGER, real REAL, single REAL, small INTEGER," \
    " big INTEGER, count INTEGER, wide INTEGER, kind INTEGER, text TEXT, data BLOB, at INTEGER,"   \
    " token BLOB, mail TEXT, phone INTEGER) STRICT;"                                               \
    "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"                      \
    " age INTEGER CHECK (age >= 0)) STRICT;"                                                       \
    "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id)) STRICT;"

static store_t *store;
static arena_t *arena;

static void begin(void)
{
    store = open_at(":memory:", SCHEMA);
    arena = arena_new(1 << 20);
}

static void end(void)
{
    store_close(&store);
    arena_free(&arena);
}

static status_t put(const row_t *row)
{
    query_t *q = query(store, "INSERT INTO r (" COLUMNS ") VALUES (" PARAMETERS ")");
    query_message(q, &row->base);
    return query_done(q);
}

/* What goes in as a message comes back as the same message. */
TEST(messages_go_in_and_come_back)
{
    begin();
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    at.seconds = 1772413200;
    at.nanos = 123000000;
    Yw__SignedToken token = YW__SIGNED_TOKEN__INIT;
    token.token = (ProtobufCBinaryData){5, (uint8_t *) "a\0b\0c"};
    row_t in;
    row_init(&in.base);
    in.flag = 1;
    in.real = 0.1;
    in.single = 2.5f;
    in.small = INT32_MIN;
    in.big = 9007199254740993;
    in.count = UINT32_MAX;
    in.wide = UINT64_MAX;
    in.kind = 7;
    in.text = "办件";
    in.data = (ProtobufCBinaryData){4, (uint8_t *) "\0\1\2\3"};
    in.at = &at;
    in.token = &token;
    in.choice_case = 15;
    in.phone = 13800138000;
    EXPECT(put(&in) == STATUS_OK);

    query_t *q = query(store, "SELECT " COLUMNS " FROM r");
    row_t out;
    row_init(&out.base);
    EXPECT(query_row(q, &out.base, arena));
    EXPECT(!query_row(q, &out.base, arena));
    EXPECT(query_done(q) == STATUS_OK);
    EXPECT(out.flag == 1 && out.real == 0.1 && out.single == 2.5f && out.small == INT32_MIN);
    EXPECT(out.big == 9007199254740993 && out.count == UINT32_MAX && out.wide == UINT64_MAX);
    EXPECT(out.kind == 7 && strcmp(out.text, "办件") == 0);
    EXPECT(out.data.len == 4 && memcmp(out.data.data, "\0\1\2\3", 4) == 0);
    EXPECT(out.at && timestamp_ms((void *) out.at) == 1772413200123);
    EXPECT(out.token && out.token->token.len == 5);
    EXPECT(memcmp(out.token->token.data, "a\0b\0c", 5) == 0);
    EXPECT(out.choice_case == 15 && out.phone == 13800138000);
    end();
}

/* Absent is NULL where absent is another thing than zero, and comes back as absent, also into a
 * message that held something before. */
TEST(absent_fields_are_null_and_come_back_absent)
{
    begin();
    row_t in;
    row_init(&in.base);
    EXPECT(put(&in) == STATUS_OK);
    EXPECT(VALUE(store, "SELECT at IS NULL AND token IS NULL AND mail IS NULL AND phone IS NULL"
                        " AND text = '' AND data = x'' AND big = 0 AS value FROM r"));
    store_exec(store, "UPDATE r SET text = NULL, data = NULL, big = NULL, flag = NULL, real = NULL,"
                      " single = NULL, small = NULL");

    row_t out;
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    row_init(&out.base);
    out.flag = out.small = 1;
    out.big = 5;
    out.real = out.single = 1;
    out.text = "old";
    out.at = &at;
    out.choice_case = 14;
    out.mail = "old";
    query_t *q = query(store, "SELECT " COLUMNS " FROM r");
    EXPECT(query_row(q, &out.base, arena));
    EXPECT(query_done(q) == STATUS_OK);
    EXPECT(!out.flag && !out.small && !out.big && out.real == 0 && out.single == 0 && !out.at);
    EXPECT(strcmp(out.text, "") == 0 && out.data.len == 0 && out.choice_case == 0);
    end();
}

/* What was set by hand stays; query_message() fills the rest. */
TEST(parameters_set_by_hand_win)
{
    begin();
    row_t in;
    row_init(&in.base);
    in.big = 1;
    in.text = "from the message";
    query_t *q =
        query(store, "SELECT :big AS big, :text AS text, :small AS small, :big + 1 AS _next");
    query_int(q, "big", 42);
    query_null(q, "small");
    query_message(q, &in.base);
    row_t out;
    row_init(&out.base);
    EXPECT(query_row(q, &out.base, arena));
    EXPECT(query_get_int(q, "_next") == 43);
    EXPECT(query_done(q) == STATUS_OK);
    EXPECT(out.big == 42 && out.small == 0 && strcmp(out.text, "from the message") == 0);
    end();
}

TEST(single_columns_by_name)
{
    begin();
    query_t *q = query(store, "SELECT :i AS i, :r AS r, :t AS t, :b AS b, :e AS e, :n AS n");
    char name[2] = "i"; /* not a literal: slower, as right */
    query_int(q, name, -5);
    name[0] = 'r';
    query_real(q, name, 0.5);
    query_text(q, "t", "文");
    query_blob(q, "b", "\0x", 2);
    query_blob(q, "e", NULL, 0);
    query_text(q, "n", NULL);
    EXPECT(query_next(q));
    EXPECT(query_get_int(q, "i") == -5);
    EXPECT(query_get_real(q, name) == 0.5);
    name[0] = 'i';
    EXPECT(query_get_int(q, name) == -5);
    EXPECT(strcmp(query_get_text(q, "t", arena), "文") == 0);
    EXPECT(query_get_blob(q, "b", arena).len == 2);
    EXPECT(!query_is_null(q, "e") && query_get_blob(q, "e", arena).len == 0);
    EXPECT(query_is_null(q, "n") && strcmp(query_get_text(q, "n", arena), "") == 0);
    EXPECT(!query_next(q));
    EXPECT(query_done(q) == STATUS_OK);
    end();
}

static size_t read_rows(size_t limit, ProtobufCMessage ***ret, status_t *ret_status)
{
    query_t *q = query(store, "SELECT big, text FROM r ORDER BY big");
    size_t count = 99;
    *ret = query_rows(q, &row_descriptor, limit, arena, &count);
    *ret_status = query_done(q);
    return count;
}

TEST(rows_as_an_array)
{
    begin();
    ProtobufCMessage **rows;
    status_t status;
    EXPECT(read_rows(10, &rows, &status) == 0 && status == STATUS_OK);
    row_t in;
    row_init(&in.base);
    in.text = "x";
    for (int i = 0; i < 100; i++) {
        in.big = i;
        EXPECT(put(&in) == STATUS_OK);
    }
    EXPECT(read_rows(100, &rows, &status) == 100 && status == STATUS_OK);
    for (int i = 0; i < 100; i++)
        EXPECT(((row_t *) rows[i])->big == i && strcmp(((row_t *) rows[i])->text, "x") == 0);
    EXPECT(DIES(read_rows(99, &rows, &status))); /* LIMIT was forgotten */

    /* An arena that is too small is a failure, not half an answer. */
    arena_free(&arena);
    arena = arena_new(4096);
    EXPECT(read_rows(100, &rows, &status) == 0 && !rows && status == STATUS_UNAVAILABLE);
    end();
}

/* The first failure stays, and reading on is harmless. */
TEST(an_arena_that_is_full_fails_the_query)
{
    begin();
    arena_free(&arena);
    arena = arena_new(64);
    query_t *q = query(store, "SELECT hex(zeroblob(500)) AS a, 'b' AS b UNION ALL SELECT 'c', 'd'");
    EXPECT(query_next(q));
    EXPECT(strcmp(query_get_text(q, "a", arena), "") == 0);
    EXPECT(strcmp(query_get_text(q, "b", arena), "b") == 0);
    EXPECT(!query_next(q));
    EXPECT(query_done(q) == STATUS_UNAVAILABLE);
    end();
}

static status_t put_parent(int64_t id, const char *name, int64_t age)
{
    query_t *q = query(store, "INSERT INTO parent (id, name, age) VALUES (:id, :name, :age)");
    query_int(q, "id", id);
    query_text(q, "name", name);
    query_int(q, "age", age);
    return query_done(q);
}

TEST(constraints_have_their_status)
{
    begin();
    EXPECT(put_parent(1, "a", 1) == STATUS_OK);
    EXPECT(put_parent(1, "b", 1) == STATUS_ALREADY_EXISTS);       /* PRIMARY KEY */
    EXPECT(put_parent(2, "a", 1) == STATUS_ALREADY_EXISTS);       /* UNIQUE */
    EXPECT(put_parent(2, "b", -1) == STATUS_FAILED_PRECONDITION); /* CHECK */
    EXPECT(put_parent(2, NULL, 1) == STATUS_FAILED_PRECONDITION); /* NOT NULL */
    EXPECT(put_parent(2, "b", 1) == STATUS_OK);                   /* and the statement is well */

    query_t *q = query(store, "INSERT INTO child (parent) VALUES (:parent)");
    query_int(q, "parent", 77);
    EXPECT(query_done(q) == STATUS_FAILED_PRECONDITION);

    /* References are checked at the end of the statement, after RETURNING was read. */
    q = query(store, "INSERT INTO child (parent) VALUES (:parent) RETURNING id");
    query_int(q, "parent", 77);
    query_next(q);
    EXPECT(query_done(q) == STATUS_FAILED_PRECONDITION);
    EXPECT(VALUE(store, "SELECT count(*) AS value FROM child") == 0);
    end();
}

/* A write whose RETURNING was not read to the end has changed all its rows. */
TEST(a_write_runs_to_its_end)
{
    begin();
    for (int i = 1; i <= 5; i++)
        EXPECT(put_parent(i, (char[]){(char) ('a' + i), 0}, i) == STATUS_OK);
    query_t *q = query(store, "UPDATE parent SET age = age + 10 WHERE id > :id RETURNING age");
    query_int(q, "id", 1);
    EXPECT(query_next(q) && query_get_int(q, "age") > 10);
    EXPECT(query_done(q) == STATUS_OK);
    EXPECT(store_changes(store) == 4);
    EXPECT(VALUE(store, "SELECT count(*) AS value FROM parent WHERE age > 10") == 4);
    end();
}

static int64_t factorial(int64_t n)
{
    query_t *q = query(store, "SELECT :n AS n");
    query_int(q, "n", n);
    EXPECT(query_next(q));
    int64_t below = n > 1 ? factorial(n - 1) : 1;
    int64_t value = query_get_int(q, "n") * below;
    EXPECT(query_done(q) == STATUS_OK);
    return value;
}

/* The same literal in use further up the stack. */
TEST(one_literal_may_be_open_several_times)
{
    begin();
    EXPECT(factorial(10) == 3628800);
    EXPECT(factorial(3) == 6);
    EXPECT(DIES(factorial(17))); /* and that has a limit */
    end();
}

TEST(many_literals_find_their_own_statement)
{
    begin();
    char(*sql)[32] = malloc(1000 * sizeof *sql);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 1000; i++) {
            snprintf(sql[i], sizeof *sql, "SELECT %d AS value", i);
            EXPECT(VALUE(store, sql[i]) == i);
        }
    end();
    free(sql);
}

/* SQLite compiles a statement anew when the schema changed; ours keeps its names. */
TEST(schema_changes_under_a_cached_statement)
{
    begin();
    EXPECT(put_parent(1, "a", 1) == STATUS_OK);
    store_exec(store, "CREATE TABLE extra (x INTEGER) STRICT");
    EXPECT(put_parent(2, "b", 2) == STATUS_OK);
    store_exec(store, "DROP TABLE extra");
    EXPECT(put_parent(3, "c", 3) == STATUS_OK);
    EXPECT(VALUE(store, "SELECT sum(age) AS value FROM parent") == 6);
    end();
}

TEST(faults_of_ours_end_the_process)
{
    begin();
    row_t row;
    row_init(&row.base);
    EXPECT(DIES(query(store, "SELEKT 1")));
    EXPECT(DIES(query(store, "SELECT 1; SELECT 2")));
    EXPECT(DIES(query(store, "SELECT ?1")));
    EXPECT(DIES(query(store, "SELECT \"quoted text\"")));
    EXPECT(DIES(query_next(query(store, "SELECT :never_set"))));
    EXPECT(DIES(query_int(query(store, "SELECT :a"), "b", 1)));
    EXPECT(DIES({
        query_t *q = query(store, "SELECT 1 AS nobody");
        query_row(q, &row.base, arena);
    }));
    EXPECT(DIES({
        query_t *q = query(store, "SELECT 'x' AS names"); /* repeated: no column holds it */
        query_row(q, &row.base, arena);
    }));
    EXPECT(DIES({
        query_t *q = query(store, "SELECT 5000000000 AS small");
        query_row(q, &row.base, arena);
    }));
    EXPECT(DIES({
        query_t *q = query(store, "SELECT 1 AS a");
        query_next(q);
        query_get_int(q, "b");
    }));
    EXPECT(DIES(query_get_int(query(store, "SELECT 1 AS a"), "a")));
    EXPECT(DIES({
        query_t *q = query(store, "SELECT 1 AS a");
        query_done(q);
        query_next(q);
    }));
    EXPECT(DIES({
        query_t *q = query(store, "SELECT :a AS a");
        query_int(q, "a", 1);
        query_next(q);
        query_int(q, "a", 2);
    }));
    end();
}
