/* json_read.c - JSON into messages and trees, in one pass without going back.
 *
 * One reader walks two sources, text and tree, by the same few steps:
 * look_ahead() says what comes, next() enters the next member or element,
 * scalar() takes a value.  Above it the filling of messages knows nothing of
 * where a value comes from. */
#include <string.h>
#include "json.h"
#include "message.h"
#include "shape.h"
#include "text.h"
#include "value.h"
#include "check.h"

#define PATH_SIZE 201 /* yiwang.Violation.field holds 200 */
#define WORDS(n)  (((n) + 63) / 64)

/* What ends the reading; what concerns one field only is a fault and reading goes on. */
typedef enum {
    SOUND,
    BAD_SYNTAX,
    BAD_LITERAL,
    BAD_NUMBER,
    BAD_END,
    BAD_TAIL,
    BAD_ESCAPE,
    BAD_UTF8,
    BAD_NUL,
    BAD_SURROGATE,
    TOO_DEEP,
    NO_MEMORY
} trouble_t;

static const struct {
    const char *code, *english, *chinese;
} troubles[] = {
    [BAD_SYNTAX] = {"json", "unexpected character", "JSON 格式不正确，请检查标点和引号"},
    [BAD_LITERAL] = {"json", "unknown word", "JSON 格式不正确：只能是 true、false 或 null"},
    [BAD_NUMBER] = {"json", "not a number", "JSON 格式不正确：数字写法不对"},
    [BAD_END] = {"json", "unexpected end", "JSON 不完整，请检查是否缺少结尾"},
    [BAD_TAIL] = {"json", "something after the value", "JSON 结尾之后还有多余的内容"},
    [BAD_ESCAPE] = {"json", "unknown escape", "JSON 格式不正确：转义写法不对"},
    [BAD_UTF8] = {"utf8", "invalid UTF-8", "含有无法识别的字符，请使用 UTF-8 编码"},
    [BAD_NUL] = {"utf8", "NUL character", "含有空字符（\\u0000），请去掉"},
    [BAD_SURROGATE] = {"utf8", "lone surrogate", "含有不完整的字符（单个代理项），请更正"},
    [TOO_DEEP] = {"depth", "nested too deep", "嵌套层数过多"},
    [NO_MEMORY] = {"memory", "too large", "内容过多，请减少后重试"},
};

typedef struct {
    const char *at, *end; /* text: what is left */
    const json_t *node;   /* tree: the value to be read; NULL for a text */
    arena_t *arena;
    trouble_t trouble;
} reader_t;

/* A value that is no object or array. */
typedef struct {
    json_kind_t kind;
    const char *text;
    size_t size;
    bool copied; /* text lies in the arena and ends with 0 */
} scalar_t;

/* Where we are inside an object or array. */
typedef struct {
    char close;
    bool first;
    const json_t *node;
} inside_t;

static bool fail(reader_t *in, trouble_t trouble)
{
    if (!in->trouble)
        in->trouble = trouble;
    return false;
}

/* --- texts ------------------------------------------------------------------ */

static void skip_blanks(reader_t *in)
{
    while (in->at < in->end &&
           (*in->at == ' ' || *in->at == '\n' || *in->at == '\r' || *in->at == '\t'))
        in->at++;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Four hex digits at `at`; -1 when they are not. */
static long hex4(const char *at, const char *end)
{
    long code = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(at[i]);
        if (digit < 0)
            return -1;
        code = code << 4 | digit;
    }
    return code;
}

/* \uXXXX behind the backslash and u, and the second half of a pair; gives the
 * bytes taken, 0 when wrong. */
static size_t read_unicode(reader_t *in, const char *at, const char *end, uint32_t *ret)
{
    long code = hex4(at, end);
    if (code < 0)
        return fail(in, BAD_ESCAPE);
    if (code == 0)
        return fail(in, BAD_NUL);
    if (code >= 0xdc00 && code <= 0xdfff)
        return fail(in, BAD_SURROGATE);
    if (code < 0xd800 || code > 0xdbff) {
        *ret = (uint32_t) code;
        return 4;
    }
    long low = end - at >= 10 && at[4] == '\\' && at[5] == 'u' ? hex4(at + 6, end) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return fail(in, BAD_SURROGATE);
    *ret = (uint32_t) (0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
    return 10;
}

/* The bytes between the quotes into the arena; never longer than they were. */
static bool unescape(reader_t *in, const char *at, const char *end, scalar_t *ret)
{
    char *out = arena_copy(in->arena, at, (size_t) (end - at));
    if (!out)
        return fail(in, NO_MEMORY);
    ret->text = out;
    ret->copied = true;
    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t) (end - at));
        size_t run = (size_t) ((slash ? slash : end) - at);
        memmove(out, at, run);
        out += run;
        at += run;
        if (!slash)
            break;
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        char c = at[1]; /* a backslash is never last: the scan took two */
        at += 2;
        const char *known = memchr(from, c, sizeof from - 1);
        if (known) {
            *out++ = to[known - from];
        } else if (c == 'u') {
            uint32_t code;
            size_t taken = read_unicode(in, at, end, &code);
            if (!taken)
                return false;
            at += taken;
            out += text_put(code, out);
        } else {
            return fail(in, BAD_ESCAPE);
        }
    }
    *out = 0;
    ret->size = (size_t) (out - ret->text);
    return true;
}

/* At the opening quote.  Bytes go by eight at a time while nothing shows that
 * ends or changes the text (see plain_run() in json_write.c). */
static bool read_text(reader_t *in, scalar_t *ret)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    const char *start = in->at + 1, *at = start;
    uint64_t high = 0;
    bool escapes = false;
    for (;;) {
        while (in->end - at >= 8) {
            uint64_t word, quote, slash;
            memcpy(&word, at, 8);
            quote = word ^ ones * '"';
            slash = word ^ ones * '\\';
            if ((((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
                 ((slash - ones) & ~slash)) &
                highs)
                break;
            high |= word;
            at += 8;
        }
        if (at == in->end) {
            in->at = at;
            return fail(in, BAD_END);
        }
        unsigned char c = (unsigned char) *at;
        if (c == '"')
            break;
        if (c < 0x20) {
            in->at = at;
            return fail(in, c ? BAD_SYNTAX : BAD_NUL);
        }
        if (c == '\\') {
            escapes = true;
            if (++at == in->end) {
                in->at = at;
                return fail(in, BAD_END);
            }
            /* The byte behind must be looked at, too, unless it is one of ours. */
            if (*at != '"' && *at != '\\')
                continue;
        }
        high |= c;
        at++;
    }
    *ret = (scalar_t){JSON_TEXT, start, (size_t) (at - start), false};
    if ((high & highs) && !text_is_utf8(start, ret->size))
        return fail(in, BAD_UTF8);
    if (escapes && !unescape(in, start, at, ret))
        return false;
    in->at = at + 1;
    return true;
}

/* --- numbers and words ------------------------------------------------------ */

static const char *digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* RFC 8259, section 6. */
static bool read_number(reader_t *in, scalar_t *ret)
{
    const char *start = in->at, *at = start + (*start == '-'), *end = in->end;
    const char *next = digits(at, end);
    bool good = next > at && (*at != '0' || next == at + 1);
    at = next;
    if (good && at < end && *at == '.') {
        next = digits(at + 1, end);
        good = next > at + 1;
        at = next;
    }
    if (good && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        next = digits(at, end);
        good = next > at;
        at = next;
    }
    in->at = at;
    if (!good)
        return fail(in, at == end ? BAD_END : BAD_NUMBER);
    *ret = (scalar_t){JSON_NUMBER, start, (size_t) (at - start), false};
    return true;
}

static bool read_word(reader_t *in, json_kind_t kind, const char *word, scalar_t *ret)
{
    size_t size = strlen(word);
    if ((size_t) (in->end - in->at) < size || memcmp(in->at, word, size) != 0)
        return fail(in, BAD_LITERAL);
    *ret = (scalar_t){kind, word, size, false};
    in->at += size;
    return true;
}

/* --- the steps, over text or tree ------------------------------------------- */

/* The kind of the next value; false when there is none. */
static bool look_ahead(reader_t *in, json_kind_t *ret)
{
    if (in->node) {
        *ret = in->node->kind;
        return true;
    }
    skip_blanks(in);
    if (in->at == in->end)
        return fail(in, BAD_END);
    switch (*in->at) {
    case '{':
        *ret = JSON_OBJECT;
        return true;
    case '[':
        *ret = JSON_ARRAY;
        return true;
    case '"':
        *ret = JSON_TEXT;
        return true;
    case 't':
        *ret = JSON_TRUE;
        return true;
    case 'f':
        *ret = JSON_FALSE;
        return true;
    case 'n':
        *ret = JSON_NULL;
        return true;
    case '-':
        *ret = JSON_NUMBER;
        return true;
    }
    *ret = JSON_NUMBER;
    return (*in->at >= '0' && *in->at <= '9') || fail(in, BAD_SYNTAX);
}

static bool scalar(reader_t *in, json_kind_t kind, scalar_t *ret)
{
    if (in->node) {
        const char *text = kind == JSON_TRUE    ? "true"
                           : kind == JSON_FALSE ? "false"
                           : kind == JSON_NULL  ? "null"
                                                : in->node->text;
        *ret = (scalar_t){kind, text, strlen(text), false};
        return true;
    }
    switch (kind) {
    case JSON_TEXT:
        return read_text(in, ret);
    case JSON_TRUE:
        return read_word(in, kind, "true", ret);
    case JSON_FALSE:
        return read_word(in, kind, "false", ret);
    case JSON_NULL:
        return read_word(in, kind, "null", ret);
    default:
        return read_number(in, ret);
    }
}

static inside_t enter(reader_t *in, char close)
{
    inside_t inside = {.close = close, .first = true};
    if (in->node)
        inside.node = in->node->child;
    else
        in->at++;
    return inside;
}

/* The next member (its name to `name`) or element; false at the end and in trouble. */
static bool next(reader_t *in, inside_t *inside, scalar_t *name)
{
    if (in->node) {
        if (!inside->node)
            return false;
        in->node = inside->node;
        inside->node = inside->node->next;
        if (name && in->node->name)
            *name = (scalar_t){JSON_TEXT, in->node->name, strlen(in->node->name), false};
        return true;
    }
    skip_blanks(in);
    if (in->at == in->end)
        return fail(in, BAD_END);
    if (*in->at == inside->close) {
        in->at++;
        return false;
    }
    if (!inside->first) {
        if (*in->at != ',')
            return fail(in, BAD_SYNTAX);
        in->at++;
        skip_blanks(in);
        if (in->at == in->end)
            return fail(in, BAD_END);
    }
    inside->first = false;
    if (!name)
        return true;
    if (*in->at != '"')
        return fail(in, BAD_SYNTAX);
    if (!read_text(in, name))
        return false;
    skip_blanks(in);
    if (in->at == in->end)
        return fail(in, BAD_END);
    if (*in->at != ':')
        return fail(in, BAD_SYNTAX);
    in->at++;
    return true;
}

/* Reads over a value; `depth` is how deep it would lie. */
static bool skip(reader_t *in, int depth)
{
    json_kind_t kind;
    scalar_t unused;
    if (!look_ahead(in, &kind))
        return false;
    if (kind != JSON_OBJECT && kind != JSON_ARRAY)
        return scalar(in, kind, &unused);
    if (in->node)
        return true; /* of a tree nothing need be read */
    if (depth > JSON_DEPTH_MAX)
        return fail(in, TOO_DEEP);
    inside_t inside = enter(in, kind == JSON_OBJECT ? '}' : ']');
    while (next(in, &inside, kind == JSON_OBJECT ? &unused : NULL))
        if (!skip(in, depth + 1))
            return false;
    return !in->trouble;
}

static bool nothing_left(reader_t *in)
{
    if (!in->node) {
        skip_blanks(in);
        if (in->at != in->end)
            return fail(in, BAD_TAIL);
    }
    return true;
}

/* --- paths and faults ------------------------------------------------------- */

/* A path lives on the stack and becomes text only for a fault. */
typedef struct path {
    const struct path *up;
    const char *name; /* NULL: an element */
    size_t size;      /* of the name; or the index */
} path_t;

typedef struct {
    reader_t in;
    faults_t *faults;
    const path_t *path;    /* of what is being read */
    size_t count;          /* of faults, also those that found no room */
    char where[PATH_SIZE]; /* of the trouble, once there is any */
    bool located;
} fill_t;

static void path_append(const path_t *path, char out[PATH_SIZE], size_t *size)
{
    if (!path)
        return;
    path_append(path->up, out, size);
    char piece[32];
    const char *text = path->name;
    size_t text_size = path->size;
    if (!text) {
        /* "[12]" */
        char *at = piece + sizeof piece;
        *--at = ']';
        do
            *--at = (char) ('0' + text_size % 10);
        while (text_size /= 10);
        *--at = '[';
        text = at;
        text_size = (size_t) (piece + sizeof piece - at);
    } else if (*size && text_size && *size < PATH_SIZE - 1) {
        out[(*size)++] = '.';
    }
    if (text_size > PATH_SIZE - 1 - *size)
        text_size = PATH_SIZE - 1 - *size;
    while (text_size && text_size < path->size && path->name && (text[text_size] & 0xc0) == 0x80)
        text_size--; /* never half a character */
    memcpy(out + *size, text, text_size);
    *size += text_size;
}

static void path_text(const path_t *path, char out[PATH_SIZE])
{
    size_t size = 0;
    path_append(path, out, &size);
    out[size] = 0;
}

/* Leaves an object or array.  In trouble the innermost notes where it was. */
static bool leave(fill_t *self, const path_t *path)
{
    if (self->in.trouble && !self->located) {
        path_text(path, self->where);
        self->located = true;
    }
    self->path = path->up;
    return !self->in.trouble;
}

static void fault(fill_t *self, const path_t *path, const char *code, const char *chinese)
{
    char text[PATH_SIZE];
    path_text(path, text);
    self->count++;
    faults_add(self->faults, self->in.arena, text, code, "%s", chinese);
}

/* The JSON form that a field wants, for its fault. */
static const char *wanted(const shape_field_t *shape)
{
    switch (shape->field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return "应填写文字（加引号的字符串）";
    case PROTOBUF_C_TYPE_BYTES:
        return "应填写 Base64 编码的字符串";
    case PROTOBUF_C_TYPE_BOOL:
        return "应填写 true 或 false";
    case PROTOBUF_C_TYPE_ENUM:
        return "应填写选项名称";
    case PROTOBUF_C_TYPE_MESSAGE:
        return shape->is_timestamp ? "应填写时间，例如 2026-01-31T08:00:00Z" : "应填写对象（{ }）";
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return "应填写数字";
    default:
        return "应填写整数";
    }
}

static void value_fault(fill_t *self, const shape_field_t *shape, const char *code)
{
    if (strcmp(code, "memory") == 0)
        fail(&self->in, NO_MEMORY);
    else if (strcmp(code, "range") == 0)
        fault(self, self->path, code, "数值超出范围，请核对");
    else if (strcmp(code, "unknown") == 0)
        fault(self, self->path, code, "没有这个选项，请核对选项名称");
    else
        fault(self, self->path, "type", wanted(shape));
}

/* --- filling messages ------------------------------------------------------- */

static bool fill_message(fill_t *self, ProtobufCMessage *message, int depth);

static bool fits(const shape_field_t *shape, json_kind_t kind)
{
    switch (shape->field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return kind == JSON_TRUE || kind == JSON_FALSE;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        return kind == JSON_TEXT;
    case PROTOBUF_C_TYPE_MESSAGE:
        return kind == (shape->is_timestamp ? JSON_TEXT : JSON_OBJECT);
    default:
        return kind == JSON_TEXT || kind == JSON_NUMBER;
    }
}

/* One value to `at`.  False: it was refused (a fault) or we are in trouble. */
static bool fill_value(fill_t *self, const shape_field_t *shape, void *at, int depth)
{
    reader_t *in = &self->in;
    const ProtobufCFieldDescriptor *field = shape->field;
    json_kind_t kind;
    if (!look_ahead(in, &kind))
        return false;
    if (!fits(shape, kind)) {
        if (skip(in, depth + 1))
            value_fault(self, shape, "type");
        return false;
    }
    if (kind == JSON_OBJECT) {
        ProtobufCMessage **message = at;
        if (!*message && !(*message = message_new(field->descriptor, in->arena)))
            return fail(in, NO_MEMORY);
        return fill_message(self, *message, depth + 1);
    }

    scalar_t value;
    if (!scalar(in, kind, &value))
        return false;
    if (field->type == PROTOBUF_C_TYPE_STRING && (value.copied || !in->node)) {
        /* Known to be UTF-8: read_text() has looked. */
        if (!value.copied && !(value.text = arena_copy(in->arena, value.text, value.size)))
            return fail(in, NO_MEMORY);
        *(const char **) at = value.text;
        return true;
    }
    const char *code;
    if (field->type == PROTOBUF_C_TYPE_ENUM && kind == JSON_TEXT && value.size &&
        (value.text[0] == '-' || (value.text[0] >= '0' && value.text[0] <= '9')))
        code = "unknown"; /* the number of an enum is not a text */
    else
        code = value_set(field, at, value.text, value.size, in->arena);
    if (code)
        value_fault(self, shape, code);
    return !code;
}

static bool fill_repeated(fill_t *self, const shape_field_t *shape, ProtobufCMessage *message,
                          int depth)
{
    reader_t *in = &self->in;
    json_kind_t kind;
    if (!look_ahead(in, &kind))
        return false;
    if (kind != JSON_ARRAY) {
        if (skip(in, depth + 1))
            fault(self, self->path, "type", "应填写数组（[ ]）");
        return false;
    }
    if (depth + 1 > JSON_DEPTH_MAX)
        return fail(in, TOO_DEEP);

    size_t count = 0, capacity = 0, width = shape->width;
    char *array = NULL;
    path_t path = {.up = self->path};
    self->path = &path;
    inside_t inside = enter(in, ']');
    for (; next(in, &inside, NULL); path.size++) {
        if (count == capacity) {
            size_t more = capacity ? 2 * capacity : 4;
            char *larger = arena_alloc(in->arena, more * width);
            if (!larger) {
                fail(in, NO_MEMORY);
                break;
            }
            if (count)
                memcpy(larger, array, count * width);
            array = larger;
            capacity = more;
        }
        if (fill_value(self, shape, array + count * width, depth + 1))
            count++;
        else
            memset(array + count * width, 0, width);
        if (in->trouble)
            break;
    }
    if (!leave(self, &path))
        return false;
    *(size_t *) ((char *) message + shape->field->quantifier_offset) = count;
    *(char **) message_at(message, shape->field) = array;
    return true;
}

/* A field set before may be said again with the same value. */
static bool fill_again(fill_t *self, const shape_field_t *shape, ProtobufCMessage *message,
                       int depth)
{
    value_t value = {0};
    if (!fill_value(self, shape, &value, depth))
        return false;
    if (!value_equal(shape->field, &value, message_at(message, shape->field)))
        fault(self, self->path, "duplicate", "与网址中给出的值不一致，请核对");
    return true;
}

static bool fill_field(fill_t *self, const shape_field_t *shape, ProtobufCMessage *message,
                       int depth)
{
    const ProtobufCFieldDescriptor *field = shape->field;
    bool before = message_has(message, field);
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t member = *(uint32_t *) ((char *) message + field->quantifier_offset);
        if (member && member != field->id) {
            fault(self, self->path, "duplicate", "这几项只能填写其中一项");
            return skip(&self->in, depth + 1);
        }
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        if (!before)
            return fill_repeated(self, shape, message, depth);
        fault(self, self->path, "duplicate", "与网址中给出的内容重复");
        return skip(&self->in, depth + 1);
    }
    bool is_message = field->type == PROTOBUF_C_TYPE_MESSAGE && !shape->is_timestamp;
    if (before && !is_message)
        return fill_again(self, shape, message, depth);

    /* Filled beside: members of a oneof share their place. */
    value_t value = {0};
    if (before)
        value.pointer = *(void **) message_at(message, field);
    bool filled = fill_value(self, shape, &value, depth);
    if (filled) {
        memcpy(message_at(message, field), &value, shape->width);
        value_mark(message, field);
    }
    return filled;
}

/* At the opening brace. */
static bool fill_message(fill_t *self, ProtobufCMessage *message, int depth)
{
    reader_t *in = &self->in;
    if (depth > JSON_DEPTH_MAX)
        return fail(in, TOO_DEEP);
    const shape_t *shape = shape_of(message->descriptor);
    uint64_t seen[WORDS(SHAPE_FIELDS_MAX)];
    memset(seen, 0, WORDS(shape->count) * sizeof *seen);

    path_t path = {.up = self->path, .name = ""};
    self->path = &path;
    scalar_t name;
    inside_t inside = enter(in, '}');
    while (next(in, &inside, &name)) {
        path.name = name.text;
        path.size = name.size;
        const shape_field_t *field = shape_find(shape, name.text, name.size);
        json_kind_t kind;
        if (!look_ahead(in, &kind))
            break;
        if (!field) {
            fault(self, &path, "unknown", "没有这个字段，请核对名称");
            if (!skip(in, depth + 1))
                break;
            continue;
        }
        size_t index = (size_t) (field - shape->fields);
        path.name = field->key + 1; /* faults speak of the JSON name */
        path.size = field->key_size - 3;
        bool again = seen[index / 64] >> (index % 64) & 1;
        seen[index / 64] |= (uint64_t) 1 << (index % 64);
        if (again) {
            fault(self, &path, "duplicate", "这个字段出现了两次");
            if (!skip(in, depth + 1))
                break;
        } else if (kind == JSON_NULL) {
            if (!scalar(in, kind, &name)) /* null is absent */
                break;
        } else {
            fill_field(self, field, message, depth);
        }
        if (in->trouble)
            break;
    }
    return leave(self, &path);
}

static bool fill(fill_t *self, ProtobufCMessage *message)
{
    reader_t *in = &self->in;
    json_kind_t kind;
    if (look_ahead(in, &kind)) {
        if (kind == JSON_OBJECT) {
            if (fill_message(self, message, 1))
                nothing_left(in);
        } else if (skip(in, 1)) {
            fault(self, self->path, "type", "应填写对象（{ }）");
        }
    }
    return !in->trouble && self->count == 0;
}

bool json_parse(const char *text, size_t size, arena_t *arena, ProtobufCMessage *message,
                faults_t *faults)
{
    fill_t self = {.in = {.at = text, .end = text + size, .arena = arena}, .faults = faults};
    bool good = fill(&self, message);
    if (self.in.trouble) {
        /* Said with its place, which helps whoever wrote the JSON by hand. */
        faults_add(faults, arena, self.where, troubles[self.in.trouble].code, "%s（第 %zu 字节）",
                   troubles[self.in.trouble].chinese, (size_t) (self.in.at - text) + 1);
    }
    return good;
}

bool json_to_message(const json_t *tree, arena_t *arena, ProtobufCMessage *message,
                     const char *path, faults_t *faults)
{
    path_t prefix = {.name = path, .size = path ? strlen(path) : 0};
    fill_t self = {.in = {.node = tree, .arena = arena},
                   .faults = faults,
                   .path = path && *path ? &prefix : NULL};
    bool good = fill(&self, message);
    if (self.in.trouble)
        faults_add(faults, arena, self.where, troubles[self.in.trouble].code, "%s",
                   troubles[self.in.trouble].chinese);
    return good;
}

/* --- trees ------------------------------------------------------------------ */

static json_t *read_tree(reader_t *in, int depth)
{
    json_kind_t kind;
    if (!look_ahead(in, &kind))
        return NULL;
    json_t *self = arena_alloc(in->arena, sizeof *self);
    if (!self) {
        fail(in, NO_MEMORY);
        return NULL;
    }
    self->kind = kind;
    if (kind != JSON_OBJECT && kind != JSON_ARRAY) {
        scalar_t value;
        if (!scalar(in, kind, &value))
            return NULL;
        if (kind == JSON_TEXT || kind == JSON_NUMBER) {
            self->text = value.copied ? value.text : arena_copy(in->arena, value.text, value.size);
            if (!self->text)
                fail(in, NO_MEMORY);
        }
        return in->trouble ? NULL : self;
    }
    if (depth > JSON_DEPTH_MAX) {
        fail(in, TOO_DEEP);
        return NULL;
    }
    json_t **tail = &self->child;
    scalar_t name;
    inside_t inside = enter(in, kind == JSON_OBJECT ? '}' : ']');
    while (next(in, &inside, kind == JSON_OBJECT ? &name : NULL)) {
        const char *copy = NULL;
        if (kind == JSON_OBJECT) {
            copy = name.copied ? name.text : arena_copy(in->arena, name.text, name.size);
            if (!copy)
                fail(in, NO_MEMORY);
        }
        json_t *child = in->trouble ? NULL : read_tree(in, depth + 1);
        if (!child)
            return NULL;
        child->name = copy;
        *tail = child;
        tail = &child->next;
    }
    return in->trouble ? NULL : self;
}

const json_t *json_read(const char *text, size_t size, arena_t *arena, const char **error,
                        size_t *at)
{
    reader_t in = {.at = text, .end = text + size, .arena = arena};
    json_t *tree = read_tree(&in, 1);
    if (tree && nothing_left(&in))
        return tree;
    *error = troubles[in.trouble].english;
    *at = (size_t) (in.at - text);
    return NULL;
}

const json_t *json_member(const json_t *object, const char *name)
{
    if (!object || object->kind != JSON_OBJECT)
        return NULL;
    for (const json_t *member = object->child; member; member = member->next)
        if (strcmp(member->name, name) == 0)
            return member;
    return NULL;
}
