/* form.c - a body as pairs of texts; what was typed, for showing it again. */
#include "form.h"

#include <iconv.h>
#include <string.h>

#include "check.h"
#include "message.h"
#include "multipart.h"
#include "text.h"
#include "transcode.h"

#define UPLOAD_TEXT_MAX PAGE_FORM_LONG /* bytes of a file that becomes a text */

/* --- names ------------------------------------------------------------------------------- */

/* FNV-1a from where the pairs lie, which a stranger does not know. */
static size_t slot_of(const form_pairs_t *self, const char *name)
{
    uint64_t hash = (uintptr_t) self;
    for (; *name; name++)
        hash = (hash ^ (unsigned char) *name) * UINT64_C(1099511628211);
    return (size_t) (hash * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (self->slot_count - 1);
}

static bool index_pairs(form_pairs_t *self, arena_t *arena)
{
    for (self->slot_count = 16; self->slot_count < 2 * self->count;)
        self->slot_count *= 2;
    self->slots = ARRAY(arena, uint16_t, self->slot_count);
    self->next = ARRAY(arena, uint16_t, self->count);
    if (!self->slots || !self->next)
        return false;
    for (size_t i = 0; i < self->count; i++) {
        uint16_t *slot = &self->slots[slot_of(self, self->pairs[i].name)];
        self->next[i] = *slot;
        *slot = (uint16_t) (i + 1);
    }
    return true;
}

/* The pair before `after` (NULL: the last of all) with this name. */
static const form_pair_t *previous(const form_pairs_t *self, const form_pair_t *after,
                                   const char *name)
{
    if (!self || !self->slot_count)
        return NULL;
    unsigned at = after ? self->next[after - self->pairs] : self->slots[slot_of(self, name)];
    while (at && strcmp(self->pairs[at - 1].name, name) != 0)
        at = self->next[at - 1];
    return at ? &self->pairs[at - 1] : NULL;
}

const char *form_typed(const form_pairs_t *self, const char *name)
{
    const form_pair_t *pair = previous(self, NULL, name);
    return pair ? pair->value : NULL;
}

bool form_typed_is(const form_pairs_t *self, const char *name, const char *value)
{
    const form_pair_t *pair = NULL;
    while ((pair = previous(self, pair, name)))
        if (strcmp(pair->value, value) == 0)
            return true;
    return false;
}

/* --- reading ------------------------------------------------------------------------------ */

typedef struct {
    form_pairs_t *pairs;
    form_pair_t *room; /* FORM_PAIRS_MAX of them */
    form_file_t *files;
    size_t text_left;
    arena_t *arena;
} reader_t;

/* Browsers send lines of a text area with \r\n, which would count twice. */
static size_t mend_lines(char *text, size_t size)
{
    size_t out = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\r') {
            if (i + 1 == size || text[i + 1] != '\n')
                text[out++] = '\n';
        } else {
            text[out++] = text[i];
        }
    }
    text[out] = 0;
    return out;
}

static problem_t add_pair(reader_t *self, const char *name, const char *value, size_t size)
{
    size_t used = strlen(name) + size;
    if (self->pairs->count == FORM_PAIRS_MAX || used > self->text_left)
        return PROBLEM_TOO_LARGE;
    self->text_left -= used;
    size = mend_lines((char *) value, size); /* a copy of our own */
    self->room[self->pairs->count++] = (form_pair_t){name, value, size};
    return PROBLEM_NONE;
}

static problem_t read_urlencoded(reader_t *self, span_t body)
{
    while (body.size) {
        size_t name_size, value_size;
        span_t raw_value, pair = span_cut(body, '&', &body);
        if (pair.size == 0)
            continue;
        span_t raw_name = span_cut(pair, '=', &raw_value);
        if (raw_name.size + raw_value.size > 3 * self->text_left) /* %XX */
            return PROBLEM_TOO_LARGE;
        const char *name = transcode_decode(raw_name, true, self->arena, &name_size);
        const char *value = transcode_decode(raw_value, true, self->arena, &value_size);
        if (!name || !value)
            return PROBLEM_MALFORMED;
        problem_t problem = add_pair(self, name, value, value_size);
        if (problem != PROBLEM_NONE)
            return problem;
    }
    return PROBLEM_NONE;
}

static const char *text_of(reader_t *self, span_t bytes)
{
    return text_is_utf8(bytes.data, bytes.size) ? arena_copy(self->arena, bytes.data, bytes.size)
                                                : NULL;
}

static problem_t add_file(reader_t *self, const char *input, const multipart_t *part)
{
    if (part->name.size == 0 && part->data.size == 0)
        return PROBLEM_NONE; /* nothing was chosen */
    if (self->pairs->file_count == FORM_FILES_MAX)
        return PROBLEM_TOO_LARGE;
    self->files[self->pairs->file_count++] =
        (form_file_t){input, part->name, part->media_type, part->data};
    return PROBLEM_NONE;
}

static problem_t read_multipart(reader_t *self, span_t content_type, span_t body)
{
    multipart_walk_t walk;
    multipart_t part;
    if (!multipart_start(&walk, content_type, body))
        return PROBLEM_MALFORMED;
    while (multipart_next(&walk, &part)) {
        if (part.input.size > FORM_NAME_MAX || (!part.is_file && part.data.size > self->text_left))
            return PROBLEM_TOO_LARGE;
        const char *name = text_of(self, part.input);
        const char *value = part.is_file ? "" : text_of(self, part.data);
        if (!name || !value)
            return PROBLEM_MALFORMED;
        problem_t problem = part.is_file ? add_file(self, name, &part)
                                         : add_pair(self, name, value, part.data.size);
        if (problem != PROBLEM_NONE)
            return problem;
    }
    return walk.broken ? PROBLEM_MALFORMED : PROBLEM_NONE;
}

problem_t form_read(span_t content_type, span_t body, size_t text_max, arena_t *arena,
                    form_pairs_t **ret)
{
    form_pairs_t *pairs = arena_alloc(arena, sizeof *pairs);
    reader_t self = {pairs, ARRAY(arena, form_pair_t, FORM_PAIRS_MAX),
                     ARRAY(arena, form_file_t, FORM_FILES_MAX), text_max, arena};
    if (!pairs || !self.room || !self.files)
        return PROBLEM_TOO_LARGE;
    pairs->pairs = self.room;
    pairs->files = self.files;

    problem_t problem = PROBLEM_MEDIA_TYPE;
    if (transcode_media_is(content_type, "application/x-www-form-urlencoded"))
        problem = read_urlencoded(&self, body);
    else if (transcode_media_is(content_type, "multipart/form-data"))
        problem = read_multipart(&self, content_type, body);
    if (problem != PROBLEM_NONE)
        return problem;
    if (!index_pairs(pairs, arena))
        return PROBLEM_TOO_LARGE;
    *ret = pairs;
    return PROBLEM_NONE;
}

size_t form_text_max(const ProtobufCMessageDescriptor *request)
{
    for (unsigned i = 0; i < request->n_fields; i++) {
        const rule_t *rule = rule_of(request, request->fields[i].name);
        if (rule && rule->max_len > PAGE_FORM_MAX)
            return PAGE_FORM_LONG;
    }
    return PAGE_FORM_MAX;
}

/* --- a file as text ------------------------------------------------------------------------- */

static const char *convert(const char *from, span_t bytes, arena_t *arena)
{
    size_t room = bytes.size * 2 + 16; /* GB 18030 and UTF-16 in UTF-8: 3 bytes for 2 */
    char *out = arena_alloc(arena, room), *in = (char *) bytes.data, *at = out;
    size_t left = bytes.size;
    iconv_t iconv_to = out ? iconv_open("UTF-8", from) : (iconv_t) -1;
    if (iconv_to == (iconv_t) -1)
        return NULL;
    room--;
    size_t done = iconv(iconv_to, &in, &left, &at, &room);
    iconv_close(iconv_to);
    if (done == (size_t) -1 || !text_is_utf8(out, (size_t) (at - out)))
        return NULL;
    return out;
}

const char *form_file_text(const form_file_t *file, arena_t *arena)
{
    span_t bytes = file->data;
    const unsigned char *mark = (const unsigned char *) bytes.data;
    if (bytes.size > UPLOAD_TEXT_MAX)
        return NULL;
    char *text;
    if (bytes.size >= 2 && mark[0] == 0xff && mark[1] == 0xfe) {
        text = (char *) convert("UTF-16LE", span(bytes.data + 2, bytes.size - 2), arena);
    } else {
        if (bytes.size >= 3 && memcmp(mark, "\xef\xbb\xbf", 3) == 0)
            bytes = span(bytes.data + 3, bytes.size - 3);
        text = text_is_utf8(bytes.data, bytes.size) ? arena_copy(arena, bytes.data, bytes.size)
                                                    : (char *) convert("GB18030", bytes, arena);
    }
    if (text)
        mend_lines(text, strlen(text));
    return text;
}

/* --- what goes back -------------------------------------------------------------------------- */

bool form_secret(const ProtobufCMessageDescriptor *type, const char *name)
{
    const char *at = name;
    while (type) {
        size_t size = strcspn(at, ".[~");
        const ProtobufCFieldDescriptor *field = message_field(type, at, size);
        if (!field)
            break;
        at += size;
        if (*at == '[')
            at += strcspn(at, ".");
        if (*at != '.' || field->type != PROTOBUF_C_TYPE_MESSAGE) {
            const rule_t *rule = rule_of(type, field->name);
            return rule && rule->flags & RULE_SECRET;
        }
        at++;
        type = field->descriptor;
    }
    return strcasestr(at, "password") || strcasestr(at, "token");
}

typedef struct {
    datum_map_t map;
    const form_pairs_t *pairs;
    const char *form;
    const ProtobufCMessageDescriptor *type;
} typed_t;

static datum_t find_typed(const datum_map_t *map, const char *name, size_t size)
{
    const typed_t *self = (const typed_t *) map;
    size_t form_size = strlen(self->form);
    char path[FORM_NAME_MAX + 1];
    if (size <= form_size + 1 || memcmp(name, self->form, form_size) != 0 ||
        name[form_size] != '.' || size - form_size - 1 > FORM_NAME_MAX)
        return datum_none();
    memcpy(path, name + form_size + 1, size - form_size - 1);
    path[size - form_size - 1] = 0;
    const form_pair_t *pair = previous(self->pairs, NULL, path);
    return pair && !form_secret(self->type, path) ? datum_bytes(pair->value, pair->size)
                                                  : datum_none();
}

datum_t form_typed_datum(const form_pairs_t *self, const char *form,
                         const ProtobufCMessageDescriptor *type, arena_t *arena)
{
    typed_t *typed = arena_alloc(arena, sizeof *typed);
    if (!self || !typed)
        return datum_none();
    *typed = (typed_t){{find_typed}, self, form, type};
    return datum_map(&typed->map);
}

static void print_encoded(buffer_t *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const unsigned char *c = (const unsigned char *) text; *c; c++) {
        if ((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
            strchr("*-._", *c)) {
            buffer_char(out, (char) *c);
        } else if (*c == ' ') {
            buffer_char(out, '+');
        } else {
            buffer_char(out, '%');
            buffer_char(out, hex[*c >> 4]);
            buffer_char(out, hex[*c & 15]);
        }
    }
}

void form_print(const form_pairs_t *self, const ProtobufCMessageDescriptor *type, buffer_t *out)
{
    bool first = true;
    for (size_t i = 0; i < self->count; i++) {
        const form_pair_t *pair = &self->pairs[i];
        if (text_equal(pair->name, "_token") || text_equal(pair->name, "_key") ||
            form_secret(type, pair->name))
            continue;
        if (!first)
            buffer_char(out, '&');
        first = false;
        print_encoded(out, pair->name);
        buffer_char(out, '=');
        print_encoded(out, pair->value);
    }
}

/* --- between inputs and their faults ------------------------------------------------------------ */

/* "." and "[" become "-", so that an id needs no escapes in an address; "-" in the name of a form's
 * field is doubled, so that no two paths have one id. */
const char *form_anchor(const char *form, const char *path, arena_t *arena)
{
    size_t size = strlen(path);
    char *id = arena_alloc(arena, strlen(form) + 2 * size + 2), *out = id;
    if (!id)
        return "";
    if (size && path[size - 1] == ']') /* an element of a list of scalars: its field's input */
        while (size && path[--size] != '[')
            continue;
    for (const char *c = form; *c; c++)
        *out++ = *c;
    *out++ = '-';
    for (const char *c = path; c < path + size; c++) {
        bool plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                     (*c >= 'A' && *c <= 'Z') || strchr("_~", *c) || *c & 0x80;
        if (*c == '-')
            *out++ = '-';
        if (*c != ']')
            *out++ = plain ? *c : '-';
    }
    return id;
}

const fault_t *form_fault(const faults_t *faults, const char *path)
{
    size_t size = strlen(path);
    for (size_t i = 0; faults && i < faults->count; i++) {
        const char *field = faults->faults[i].field;
        if (strncmp(field, path, size) != 0)
            continue;
        const char *rest = field + size;
        if (*rest == '[' && rest[1 + strspn(rest + 1, "0123456789")] == ']')
            rest = strchr(rest, ']') + 1;
        if (!*rest)
            return &faults->faults[i];
    }
    return NULL;
}
