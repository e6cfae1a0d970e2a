/* form_tree.c - pairs of a form as a tree, the tree as a message, and the way back.
 *
 * First each name is walked along the descriptors and hung into the tree: faults of names are
 * found here.  Then the tree fills the message from the top: a node knows all its children, so an
 * entry in which nothing stands can be left out, and entries get their places without holes.
 * What a service says of a place is found again by walking the tree by places. */
#include <google/protobuf/timestamp.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "form.h"
#include "message.h"
#include "text.h"

#define LINES_MAX 500  /* of a text that is a list */
#define SLOTS     4096 /* of nodes by their place: at most some FORM_PAIRS_MAX * 4 are in them */

typedef enum { USE_UNSAID, USE_YES, USE_NO } use_t;

/* One value typed under the same name. */
typedef struct value {
    const char *text;
    const struct value *next;
} value_t;

typedef struct node node_t;
struct node {
    node_t *parent, *first, *last, *next;
    node_t *chain;                          /* nodes of the same slot */
    const ProtobufCFieldDescriptor *field;  /* NULL: the root, an entry or a map value */
    const ProtobufCMessageDescriptor *type; /* that field belongs to; of an entry: its own */
    const char *name;                       /* of a map value: its name */
    const char *part;                       /* of one value in parts: "number" */
    long index;                             /* of an entry as typed; -1: none */
    long place;                             /* of an entry in the message; -1: it is not there */
    use_t use;
    kind_t kind; /* of a map value */
    value_t *values, *last_value;
    const char *file_text; /* what a file says, instead of values */
};

struct form_tree {
    node_t root;
};

typedef struct {
    const form_plan_t *plan;
    const form_pairs_t *pairs;
    arena_t *arena;
    faults_t *faults;
    node_t **slots; /* SLOTS chains: a stranger's names must not be compared with each other */
    bool full;
} filler_t;

static void fault(filler_t *self, const char *path, const char *code, const char *message)
{
    char cut[FORM_NAME_MAX + 1];
    snprintf(cut, sizeof cut, "%s", path);
    for (size_t size = strlen(cut); !text_is_utf8(cut, size);)
        cut[--size] = 0;
    if (!form_fault(self->faults, cut))
        faults_add(self->faults, self->arena, cut, code, "%s", message);
}

static void too_much(filler_t *self)
{
    if (!self->full)
        fault(self, "", "memory", "填写的内容过多，请减少后重试");
    self->full = true;
}

bool form_is_map(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *type = field->descriptor;
    return field->type == PROTOBUF_C_TYPE_MESSAGE && field->label == PROTOBUF_C_LABEL_REPEATED &&
           type->n_fields == 2 && text_equal(type->fields[0].name, "name") &&
           text_equal(type->fields[1].name, "value") &&
           type->fields[0].type == PROTOBUF_C_TYPE_STRING &&
           type->fields[1].type == PROTOBUF_C_TYPE_STRING;
}

static bool is_scalar(const ProtobufCFieldDescriptor *field)
{
    return field->type != PROTOBUF_C_TYPE_MESSAGE ||
           field->descriptor == &google__protobuf__timestamp__descriptor;
}

static bool is_repeated(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

/* --- names into the tree -------------------------------------------------------------------- */

static bool same_child(const node_t *child, const node_t *parent,
                       const ProtobufCFieldDescriptor *field, long index, const char *name)
{
    return child->parent == parent && child->field == field && child->index == index &&
           (name ? child->name && strcmp(child->name, name) == 0 : !child->name);
}

static size_t slot_of(const node_t *parent, const ProtobufCFieldDescriptor *field, long index,
                      const char *name)
{
    /* FNV-1a from where the parent lies, which a stranger does not know. */
    uint64_t hash = (uintptr_t) parent ^ (uintptr_t) field << 20 ^ (uint64_t) index << 40;
    for (; name && *name; name++)
        hash = (hash ^ (unsigned char) *name) * UINT64_C(1099511628211);
    return (size_t) (hash * UINT64_C(0x9e3779b97f4a7c15) >> 52) % SLOTS;
}

static node_t *child_of(filler_t *self, node_t *parent, const ProtobufCFieldDescriptor *field,
                        long index, const char *name)
{
    node_t **slot = &self->slots[slot_of(parent, field, index, name)], *found = *slot;
    while (found && !same_child(found, parent, field, index, name))
        found = found->chain;
    if (found)
        return found;
    found = arena_alloc(self->arena, sizeof *found);
    if (!found) {
        too_much(self);
        return NULL;
    }
    *found = (node_t){.parent = parent,
                      .chain = *slot,
                      .field = field,
                      .index = index,
                      .name = name,
                      .place = -1};
    *slot = found;
    if (parent->last)
        parent->last->next = found;
    else
        parent->first = found;
    parent->last = found;
    return found;
}

/* Whether the page gives this field or what it stands in. */
static bool is_given(const form_plan_t *plan, const ProtobufCFieldDescriptor *const *chain,
                     size_t depth)
{
    for (size_t i = 0; i < plan->bind_count; i++) {
        const page_bind_t *bind = &plan->binds[i];
        if (bind->depth && bind->depth <= depth &&
            memcmp(bind->fields, chain, bind->depth * sizeof *chain) == 0)
            return true;
    }
    return false;
}

/* Where a name leads. */
typedef struct {
    node_t *node; /* NULL: nowhere, or past the arena */
    bool use;     /* [n]._use */
} place_t;

static long read_index(const char **at)
{
    const char *digit = *at + 1;
    long index = 0;
    for (; *digit >= '0' && *digit <= '9' && index <= FORM_INDEX_MAX; digit++)
        index = 10 * index + (*digit - '0');
    if (*digit != ']' || digit == *at + 1 || index > FORM_INDEX_MAX)
        return -1;
    *at = digit + 1;
    return index;
}

/* "form.NAME", "form.NAME~part". */
static place_t find_map_value(filler_t *self, node_t *node, const char *name)
{
    const char *tilde = strchr(name, '~');
    size_t size = tilde ? (size_t) (tilde - name) : strlen(name);
    if (size == 0)
        return (place_t){NULL, false};
    const char *copy = arena_copy(self->arena, name, size);
    if (!copy) {
        too_much(self);
        return (place_t){NULL, false};
    }
    node = child_of(self, node, NULL, -1, copy);
    if (node && tilde) {
        node_t *whole = node;
        node = child_of(self, whole, NULL, -1, tilde + 1);
        if (node)
            node->part = tilde + 1;
    }
    return (place_t){node, false};
}

static place_t find_place(filler_t *self, form_tree_t *tree, const char *name)
{
    static const place_t nowhere = {NULL, false};
    const ProtobufCFieldDescriptor *chain[FORM_STEPS_MAX];
    node_t *node = &tree->root;
    const ProtobufCMessageDescriptor *type = tree->root.type;
    for (size_t depth = 0; depth < FORM_STEPS_MAX && node; depth++) {
        size_t size = strcspn(name, ".[");
        const ProtobufCFieldDescriptor *field = message_field(type, name, size);
        if (!field)
            return nowhere;
        chain[depth] = field;
        if (is_given(self->plan, chain, depth + 1))
            return nowhere;
        node = child_of(self, node, field, -1, NULL);
        if (!node)
            return nowhere;
        node->type = type;
        name += size;
        if (is_scalar(field))
            return *name ? nowhere : (place_t){node, false};
        if (form_is_map(field))
            return *name == '.' ? find_map_value(self, node, name + 1) : nowhere;
        type = field->descriptor;
        if (is_repeated(field)) {
            long index = *name == '[' ? read_index(&name) : -1;
            if (index < 0)
                return nowhere;
            node = child_of(self, node, NULL, index, NULL);
            if (!node)
                return nowhere;
            node->type = type;
        }
        if (*name++ != '.')
            return nowhere;
        if (node->index >= 0 && strcmp(name, "_use") == 0)
            return (place_t){node, true};
    }
    return nowhere;
}

/* Of what the children of a node are fields; NULL: they are none. */
static const ProtobufCMessageDescriptor *inner_type(const node_t *node)
{
    if (!node->field)
        return node->name ? NULL : node->type;
    return is_scalar(node->field) || is_repeated(node->field) ? NULL : node->field->descriptor;
}

static void add_value(filler_t *self, node_t *node, const char *text)
{
    value_t *value = arena_alloc(self->arena, sizeof *value);
    if (!value) {
        too_much(self);
        return;
    }
    value->text = text;
    if (node->last_value)
        node->last_value->next = value;
    else
        node->values = value;
    node->last_value = value;
}

static bool is_upload(const form_plan_t *plan, const char *input)
{
    return plan->files && strcmp(plan->files, input) == 0;
}

static void add_pair(filler_t *self, form_tree_t *tree, const char *name, const char *text)
{
    if (*name == '_' || !*name || is_upload(self->plan, name))
        return;
    place_t place =
        strlen(name) <= FORM_NAME_MAX ? find_place(self, tree, name) : (place_t){NULL, false};
    if (place.use)
        place.node->use = strcmp(text, "0") == 0 ? USE_NO : USE_YES;
    else if (place.node)
        add_value(self, place.node, text);
    else if (!self->plan->lenient && !self->full)
        fault(self, name, "unknown", "没有这一项，请刷新页面后重试");
}

static void add_files(filler_t *self, form_tree_t *tree)
{
    for (size_t i = 0; i < self->pairs->file_count; i++) {
        const form_file_t *file = &self->pairs->files[i];
        if (is_upload(self->plan, file->input) || *file->input == '_')
            continue;
        place_t place = find_place(self, tree, file->input);
        if (!place.node || !place.node->field || place.use ||
            place.node->field->type != PROTOBUF_C_TYPE_STRING) {
            if (!self->plan->lenient)
                fault(self, file->input, "unknown", "这里不能上传文件");
            continue;
        }
        place.node->file_text = form_file_text(file, self->arena);
        if (!place.node->file_text)
            fault(self, file->input, "utf8", "文件不是文本文件，请另存为 UTF-8 编码的文本后再上传");
    }
}

/* "form.mobile:4" or "form.age:n". */
static void read_kind(filler_t *self, form_tree_t *tree, const char *text, size_t size)
{
    char *word = arena_copy(self->arena, text, size);
    char *colon = word ? strrchr(word, ':') : NULL;
    if (!colon)
        return;
    *colon = 0;
    node_t *node = form_typed(self->pairs, word) ? find_place(self, tree, word).node : NULL;
    int64_t kind;
    if (node && node->name && text_equal(colon + 1, "n"))
        node->kind = FORM_KIND_NUMBER;
    else if (node && node->name && text_int(colon + 1, 1, KIND_URL, &kind))
        node->kind = (kind_t) kind;
}

/* All inputs called _kinds, one of each part of an item's form. */
static void read_kinds(filler_t *self, form_tree_t *tree)
{
    size_t left = FORM_PAIRS_MAX;
    for (size_t i = 0; i < self->pairs->count; i++) {
        if (strcmp(self->pairs->pairs[i].name, "_kinds") != 0)
            continue;
        for (const char *at = self->pairs->pairs[i].value; *at && left; left--) {
            size_t size = strcspn(at, " ");
            read_kind(self, tree, at, size);
            at += size + strspn(at + size, " ");
        }
    }
}

/* --- paths ------------------------------------------------------------------------------------- */

/* As long as a violation's field may be; what is longer is cut. */
typedef struct {
    char text[FORM_NAME_MAX + 1];
    size_t size;
} path_t;

static void path_put(path_t *self, const char *text, size_t size)
{
    if (size > FORM_NAME_MAX - self->size)
        size = FORM_NAME_MAX - self->size;
    memcpy(self->text + self->size, text, size);
    self->text[self->size += size] = 0;
}

static void path_name(path_t *self, const char *name)
{
    if (self->size)
        path_put(self, ".", 1);
    path_put(self, name, strlen(name));
}

static void path_index(path_t *self, long index)
{
    char text[16];
    path_put(self, text, (size_t) snprintf(text, sizeof text, "[%ld]", index));
}

static void path_of(const node_t *node, path_t *out)
{
    char camel[FORM_NAME_MAX + 1];
    if (!node->parent) {
        out->size = 0;
        out->text[0] = 0;
        return;
    }
    path_of(node->parent, out);
    if (node->index >= 0) {
        path_index(out, node->index);
    } else if (node->name && !node->part) {
        path_name(out, node->name);
    } else if (node->field && strlen(node->field->name) < sizeof camel) {
        message_camel(node->field->name, camel);
        path_name(out, camel);
    }
}

/* --- the tree into the message ------------------------------------------------------------------- */

static const char *label_of_field(const node_t *node)
{
    const rule_t *rule = rule_of(node->type, node->field->name);
    return rule && !text_empty(rule->label) ? rule->label : "此项";
}

static void wrong(filler_t *self, const node_t *node, const char *code)
{
    if (strcmp(code, "memory") == 0) {
        too_much(self);
        return;
    }
    const ProtobufCFieldDescriptor *field = node->field;
    const char *what = strcmp(code, "range") == 0 ? "超出了范围，请核对"
                       : field->type == PROTOBUF_C_TYPE_ENUM || field->type == PROTOBUF_C_TYPE_BOOL
                           ? "不是有效的选项，请重新选择"
                       : field->type == PROTOBUF_C_TYPE_MESSAGE
                           ? "不是真实的日期，请按2026-01-31的格式填写"
                       : field->type == PROTOBUF_C_TYPE_BYTES ? "格式不正确，请核对"
                                                              : "应为数字，请核对";
    const char *sentence = arena_printf(self->arena, "%s%s", label_of_field(node), what);
    path_t path;
    path_of(node, &path);
    fault(self, path.text, code, sentence ? sentence : what);
}

/* A day, or a day and a time as <input type=datetime-local> gives it, is meant in Shanghai. */
static const char *time_text(const char *text, arena_t *arena)
{
    char day[CLOCK_DAY_SIZE];
    int64_t days;
    size_t size = strlen(text);
    int hour = 0, minute = 0, used = 0;
    if (size != 10 && size != 16)
        return text;
    memcpy(day, text, 10);
    day[10] = 0;
    if (!clock_day_parse(day, &days) ||
        (size == 16 && (sscanf(text + 10, "T%2d:%2d%n", &hour, &minute, &used) != 2 || used != 6)))
        return text;
    const char *time = arena_printf(arena, "%sT%02d:%02d:00+08:00", day, hour, minute);
    return time ? time : text;
}

/* What the contract wants of a text for this field. */
static const char *normal(filler_t *self, const node_t *node, const char *text)
{
    const rule_t *rule = rule_of(node->type, node->field->name);
    kind_t kind = form_kind(node->type, node->field);
    if (rule && rule->flags & RULE_SECRET && (kind == KIND_NONE || kind == KIND_LINE))
        return text; /* a password may begin with a blank */
    text = form_normal(kind, form_trim(text, self->arena), self->arena);
    return node->field->type == PROTOBUF_C_TYPE_MESSAGE ? time_text(text, self->arena) : text;
}

static void set(filler_t *self, const node_t *node, ProtobufCMessage *message, const char *text)
{
    const char *code = message_set_text(message, node->field, text, strlen(text), self->arena);
    if (code)
        wrong(self, node, code);
}

static void fill_singular(filler_t *self, const node_t *node, ProtobufCMessage *message)
{
    const char *text = node->file_text;
    if (!text && node->last_value)
        text = normal(self, node, node->last_value->text);
    if (!text_empty(text)) /* nothing typed is nothing said */
        set(self, node, message, text);
}

static size_t width_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 4;
    }
}

static size_t *count_of(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (size_t *) ((char *) message + field->quantifier_offset);
}

static size_t lines_of(const node_t *node)
{
    size_t count = 0;
    for (const value_t *value = node->values; value; value = value->next) {
        count++;
        for (const char *c = value->text; (c = strchr(c, '\n')); c++)
            count++;
    }
    return count;
}

/* message_set_text() makes a new array for each element, so each is made alone and put beside the
 * others. */
static void fill_list(filler_t *self, const node_t *node, ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = node->field;
    size_t width = width_of(field->type), most = lines_of(node), count = 0;
    if (most > LINES_MAX) {
        path_t path;
        path_of(node, &path);
        fault(self, path.text, "too_many", "项数过多，请减少");
        return;
    }
    char *array = arena_alloc(self->arena, most * width + 1);
    ProtobufCMessage *one = message_new(message->descriptor, self->arena);
    if (!array || !one) {
        too_much(self);
        return;
    }
    for (const value_t *value = node->values; value; value = value->next) {
        for (const char *at = value->text; at;) {
            size_t size = strcspn(at, "\n");
            const char *line = arena_copy(self->arena, at, size);
            at = at[size] ? at + size + 1 : NULL;
            line = line ? normal(self, node, line) : "";
            if (!*line)
                continue;
            *count_of(one, field) = 0;
            set(self, node, one, line);
            if (*count_of(one, field))
                memcpy(array + count++ * width, *(char **) message_at(one, field), width);
        }
    }
    if (count) {
        *(char **) message_at(message, field) = array;
        *count_of(message, field) = count;
    }
}

static bool is_anything_set(const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++)
        if (message_has(message, &message->descriptor->fields[i]))
            return true;
    return false;
}

static void fill_message(filler_t *self, node_t *node, ProtobufCMessage *message);

static int by_index(const void *a, const void *b)
{
    long left = (*(node_t *const *) a)->index, right = (*(node_t *const *) b)->index;
    return (left > right) - (left < right);
}

/* Entries in the order of their indices, whatever the order of the inputs. */
static node_t **sorted_entries(filler_t *self, const node_t *node, size_t *ret_count)
{
    size_t count = 0;
    for (const node_t *entry = node->first; entry; entry = entry->next)
        count++;
    node_t **entries = ARRAY(self->arena, node_t *, count);
    *ret_count = 0;
    for (node_t *entry = node->first; entry && entries; entry = entry->next)
        entries[(*ret_count)++] = entry;
    if (entries)
        qsort(entries, *ret_count, sizeof *entries, by_index);
    return entries;
}

static void fill_entries(filler_t *self, node_t *node, ProtobufCMessage *message)
{
    size_t most, count = 0;
    node_t **entries = sorted_entries(self, node, &most);
    ProtobufCMessage **array = ARRAY(self->arena, ProtobufCMessage *, most);
    if (!entries || !array) {
        too_much(self);
        return;
    }
    for (size_t i = 0; i < most; i++) {
        node_t *entry = entries[i];
        if (entry->use == USE_NO)
            continue;
        ProtobufCMessage *one = message_new(node->field->descriptor, self->arena);
        if (!one) {
            too_much(self);
            return;
        }
        size_t faults = self->faults->count;
        fill_message(self, entry, one);
        if (entry->use == USE_YES || is_anything_set(one) || self->faults->count > faults) {
            entry->place = (long) count;
            array[count++] = one;
        }
    }
    if (count) {
        *(ProtobufCMessage ***) message_at(message, node->field) = array;
        *count_of(message, node->field) = count;
    }
}

static const node_t *part(const node_t *value, const char *name)
{
    for (const node_t *at = value->first; at; at = at->next)
        if (text_equal(at->part, name) && at->last_value)
            return at;
    return NULL;
}

static const char *part_text(filler_t *self, const node_t *value, const char *name, kind_t kind)
{
    const node_t *node = part(value, name);
    return node ? form_normal(kind, form_trim(node->last_value->text, self->arena), self->arena)
                : "";
}

/* One value that has several inputs. */
static const char *joined_parts(filler_t *self, const node_t *value)
{
    const char *text;
    if (part(value, "name") || part(value, "number")) {
        const char *name = part_text(self, value, "name", KIND_NONE);
        const char *number = part_text(self, value, "number", FORM_KIND_CODE);
        text = *name || *number ? arena_printf(self->arena, "%s|%s", name, number) : "";
    } else {
        const char *division = part_text(self, value, "division", KIND_NONE);
        const char *detail = part_text(self, value, "detail", KIND_NONE);
        /* A place without a street is no address: say nothing, and "required" will be said. */
        text = *detail ? arena_printf(self->arena, "%s%s", division, detail) : "";
    }
    if (!text)
        too_much(self);
    return text ? text : "";
}

/* Several checkboxes of one name, each with its value; an empty one says that none is meant. */
static const char *joined_values(filler_t *self, const node_t *value)
{
    size_t size = 1;
    for (const value_t *one = value->values; one; one = one->next)
        size += strlen(one->text) + 8 + 1; /* form_normal() may make a day longer */
    char *text = arena_alloc(self->arena, size), *out = text;
    if (!text) {
        too_much(self);
        return "";
    }
    for (const value_t *one = value->values; one; one = one->next) {
        const char *word = form_normal(value->kind, form_trim(one->text, self->arena), self->arena);
        if (!*word)
            continue;
        if (out > text)
            *out++ = ',';
        size_t length = strlen(word);
        CHECK(length < size - (size_t) (out - text));
        memcpy(out, word, length);
        out += length;
    }
    *out = 0;
    return text;
}

static void fill_map(filler_t *self, node_t *node, ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = node->field->descriptor;
    size_t most = 0, count = 0;
    for (const node_t *value = node->first; value; value = value->next)
        most++;
    ProtobufCMessage **array = ARRAY(self->arena, ProtobufCMessage *, most);
    for (node_t *value = node->first; value && array; value = value->next) {
        ProtobufCMessage *one = message_new(type, self->arena);
        if (!one)
            break;
        *(const char **) message_at(one, &type->fields[0]) = value->name;
        *(const char **) message_at(one, &type->fields[1]) =
            value->first ? joined_parts(self, value) : joined_values(self, value);
        value->place = (long) count;
        array[count++] = one;
    }
    if (count < most) {
        too_much(self);
        return;
    }
    *(ProtobufCMessage ***) message_at(message, node->field) = array;
    *count_of(message, node->field) = count;
}

static void fill_inner(filler_t *self, node_t *node, ProtobufCMessage *message)
{
    ProtobufCMessage **at = message_at(message, node->field);
    ProtobufCMessage *inner = *at ? *at : message_new(node->field->descriptor, self->arena);
    if (!inner) {
        too_much(self);
        return;
    }
    fill_message(self, node, inner);
    const rule_t *rule = rule_of(node->type, node->field->name);
    if (is_anything_set(inner) || (rule && rule->flags & RULE_REQUIRED))
        *at = inner;
}

static void fill_message(filler_t *self, node_t *node, ProtobufCMessage *message)
{
    for (node_t *child = node->first; child && !self->full; child = child->next) {
        const ProtobufCFieldDescriptor *field = child->field;
        if (is_scalar(field) && is_repeated(field))
            fill_list(self, child, message);
        else if (is_scalar(field))
            fill_singular(self, child, message);
        else if (form_is_map(field))
            fill_map(self, child, message);
        else if (is_repeated(field))
            fill_entries(self, child, message);
        else
            fill_inner(self, child, message);
    }
}

bool form_fill(const form_plan_t *plan, const form_pairs_t *pairs, arena_t *arena,
               ProtobufCMessage *message, faults_t *faults, form_tree_t **ret)
{
    filler_t self = {plan, pairs, arena, faults, ARRAY(arena, node_t *, SLOTS), false};
    size_t before = faults->count;
    form_tree_t *tree = arena_alloc(arena, sizeof *tree);
    if (!tree || !self.slots) {
        too_much(&self);
        *ret = NULL;
        return false;
    }
    tree->root = (node_t){.type = message->descriptor, .index = -1, .place = -1};
    for (size_t i = 0; i < pairs->count; i++)
        add_pair(&self, tree, pairs->pairs[i].name, pairs->pairs[i].value);
    add_files(&self, tree);
    read_kinds(&self, tree);
    fill_message(&self, &tree->root, message);
    *ret = tree;
    return faults->count == before;
}

/* --- the way back -------------------------------------------------------------------------------- */

/* The child that a step of a message's path leads to; *path moves behind it and `out` gets it as it
 * was typed.  NULL: from here on nothing is known. */
static const node_t *step(const node_t *node, const char **path, path_t *out)
{
    size_t size = strcspn(*path, ".[");
    const ProtobufCFieldDescriptor *field = message_field(inner_type(node), *path, size);
    const node_t *child = field ? node->first : NULL;
    while (child && child->field != field)
        child = child->next;
    if (!child)
        return NULL;
    if (out->size)
        path_put(out, ".", 1);
    path_put(out, *path, size);
    *path += size;
    if (is_scalar(field) || !is_repeated(field) || **path != '[')
        return child;

    const char *behind = *path;
    long place = read_index(&behind);
    const node_t *entry = place < 0 ? NULL : child->first;
    while (entry && entry->place != place)
        entry = entry->next;
    if (!entry)
        return NULL;
    if (entry->name) { /* form[3].value is form.project_name */
        path_name(out, entry->name);
        *path = "";
    } else {
        path_index(out, entry->index);
        *path = behind;
    }
    return entry;
}

const char *form_path(const form_tree_t *self, const char *path, arena_t *arena)
{
    path_t out = {.size = 0};
    const node_t *node = self ? &self->root : NULL;
    const char *rest = path;
    for (size_t depth = 0; node && inner_type(node) && depth < FORM_STEPS_MAX; depth++) {
        const char *behind = depth ? rest + 1 : rest;
        size_t size = out.size;
        if (depth && *rest != '.')
            break;
        node = step(node, &behind, &out);
        if (node)
            rest = behind;
        else
            out.size = size;
    }
    if (!out.size)
        return path;
    path_put(&out, rest, strlen(rest));
    const char *typed = arena_copy(arena, out.text, out.size);
    return typed ? typed : path;
}

static void add_once(const form_tree_t *self, const char *field, const char *code,
                     const char *message, arena_t *arena, faults_t *faults)
{
    const char *typed = form_path(self, field, arena);
    if (!form_fault(faults, typed))
        faults_add(faults, arena, typed, code, "%s", message);
}

bool form_check(const form_tree_t *self, const ProtobufCMessage *message, arena_t *arena,
                faults_t *faults)
{
    faults_t *found = arena_alloc(arena, sizeof *found);
    if (!found) {
        faults_add(faults, arena, "", "memory", "填写的内容过多，请减少后重试");
        return false;
    }
    rule_check(message, arena, found);
    for (size_t i = 0; i < found->count; i++)
        add_once(self, found->faults[i].field, found->faults[i].code, found->faults[i].message,
                 arena, faults);
    return faults->count == 0;
}

void form_refused(const form_tree_t *self, const Yw__Status *status, arena_t *arena,
                  faults_t *faults)
{
    for (size_t i = 0; i < status->n_violations; i++) {
        const Yw__Violation *violation = status->violations[i];
        const char *code = arena_text(arena, violation->code);
        add_once(self, violation->field, code ? code : "invalid", violation->message, arena,
                 faults);
    }
}
