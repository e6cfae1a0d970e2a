/* pipe_text.c - label, name, money, bytes, mask, lines, url, count, cut, code. */
#include <inttypes.h>
#include <stdio.h>

#include "part.h"
#include "pipe_private.h"
#include "rule.h"
#include "text.h"

#define NUMBER_MAX 48         /* characters of a number with its signs and unit */
#define HTML_MAX   (4u << 20) /* of one text made into paragraphs */
#define CODE_GROUP 4

const datum_type_t *check_text(pipe_check_t *check)
{
    (void) check;
    return &datum_type_text;
}

const datum_type_t *check_html(pipe_check_t *check)
{
    (void) check;
    return &datum_type_html;
}

const datum_type_t *check_words(pipe_check_t *check)
{
    pipe_argument_t *argument = &check->arguments[0];
    if (argument->fixed)
        argument->value = datum_text(argument->written);
    else if (argument->type->kind != DATUM_TEXT)
        return pipe_fault(check, "`%s` is not a text", argument->written);
    return &datum_type_text;
}

/* --- enums --------------------------------------------------------------------- */

datum_t apply_label(const pipe_call_t *call, datum_t in)
{
    (void) call;
    const char *label = label_of(in.choice.type, in.choice.value);
    bool nothing = in.choice.value == 0 && text_ends(label, "_UNSPECIFIED");
    return datum_text(nothing ? "" : label);
}

datum_t apply_name(const pipe_call_t *call, datum_t in)
{
    (void) call;
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(in.choice.type, in.choice.value);
    return value ? datum_text(value->name + pipe_prefix(in.choice.type)) : datum_none();
}

/* --- numbers --------------------------------------------------------------------- */

/* "1,234,567" into `out`; gives its length. */
static int put_grouped(char out[NUMBER_MAX], uint64_t number)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, number), at = 0;
    for (int i = 0; i < size; i++) {
        if (i && (size - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    return at;
}

datum_t apply_money(const pipe_call_t *call, datum_t in)
{
    if (in.number == 0)
        return datum_text("免费");
    uint64_t fen = in.number < 0 ? 0 - (uint64_t) in.number : (uint64_t) in.number;
    char yuan[NUMBER_MAX], text[2 * NUMBER_MAX];
    int digits = put_grouped(yuan, fen / 100);
    int size = snprintf(text, sizeof text, "%s%.*s.%02u元", in.number < 0 ? "-" : "", digits, yuan,
                        (unsigned) (fen % 100));
    return pipe_text(call, text, (size_t) size);
}

datum_t apply_bytes(const pipe_call_t *call, datum_t in)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    char text[NUMBER_MAX];
    double value = (double) in.number;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    int size = snprintf(text, sizeof text, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return pipe_text(call, text, (size_t) size);
}

datum_t apply_count(const pipe_call_t *call, datum_t in)
{
    int64_t count = in.kind == DATUM_LIST ? in.count : in.number;
    datum_t word = call->arguments[0];
    if (count == 0)
        return datum_none();
    char number[NUMBER_MAX];
    int digits = snprintf(number, sizeof number, "%" PRId64, count);
    size_t word_size = word.kind == DATUM_TEXT ? word.text.size : 0;
    char *room = pipe_room(call, (size_t) digits + word_size);
    if (!room)
        return datum_none();
    memcpy(room, number, (size_t) digits);
    if (word_size)
        memcpy(room + digits, word.text.data, word_size);
    return datum_bytes(room, (size_t) digits + word_size);
}

/* --- texts ------------------------------------------------------------------------- */

const datum_type_t *check_mask(pipe_check_t *check)
{
    static const struct {
        const char *word;
        kind_t kind;
    } masks[] = {{"name", KIND_LINE}, {"id", KIND_RESIDENT_ID}, {"mobile", KIND_MOBILE}};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++)
        if (check->arguments[0].fixed && text_equal(check->arguments[0].written, masks[i].word)) {
            check->kept = &masks[i].kind;
            return &datum_type_text;
        }
    return pipe_fault(check, "mask `%s`: name, id or mobile", check->arguments[0].written);
}

datum_t apply_mask(const pipe_call_t *call, datum_t in)
{
    const char *text = arena_copy(call->arena, in.text.data, in.text.size);
    const char *masked = text ? mask_text(*(const kind_t *) call->kept, text, call->arena) : NULL;
    if (!masked)
        *call->full = true;
    return masked ? datum_text(masked) : datum_none();
}

/* One line without its end; *at moves behind it. */
static datum_t take_line(datum_t in, size_t *at)
{
    const char *start = in.text.data + *at, *end = memchr(start, '\n', in.text.size - *at);
    size_t size = end ? (size_t) (end - start) : in.text.size - *at;
    *at += size + (end != NULL);
    if (size && start[size - 1] == '\r')
        size--;
    return datum_bytes(start, size);
}

/* An empty line ends a paragraph, any other line break is one. */
static void put_paragraphs(buffer_t *out, datum_t in)
{
    bool open = false;
    for (size_t at = 0; at < in.text.size;) {
        datum_t line = take_line(in, &at);
        if (line.text.size == 0) {
            buffer_text(out, open ? "</p>" : "");
            open = false;
            continue;
        }
        buffer_text(out, open ? "<br>" : "<p>");
        part_escape(out, line.text.data, line.text.size);
        open = true;
    }
    buffer_text(out, open ? "</p>" : "");
}

datum_t apply_lines(const pipe_call_t *call, datum_t in)
{
    buffer_t out = buffer_new(HTML_MAX);
    put_paragraphs(&out, in);
    datum_t html = out.full ? datum_none() : pipe_text(call, out.size ? out.data : "", out.size);
    if (html.kind == DATUM_TEXT)
        html.kind = DATUM_HTML;
    else
        *call->full = true;
    buffer_free(&out);
    return html;
}

/* RFC 3986, 2.3: what needs no percent sign anywhere in an address. */
static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static datum_t encoded(const pipe_call_t *call, const char *data, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    char *room = pipe_room(call, size * 3);
    size_t used = 0;
    for (size_t i = 0; room && i < size; i++) {
        unsigned char c = (unsigned char) data[i];
        if (is_unreserved(c)) {
            room[used++] = (char) c;
        } else {
            room[used++] = '%';
            room[used++] = digits[c >> 4];
            room[used++] = digits[c & 15];
        }
    }
    return room ? datum_bytes(room, used) : datum_none();
}

/* Of an enum its name as queries take it: in full. */
datum_t apply_url(const pipe_call_t *call, datum_t in)
{
    if (in.kind == DATUM_TEXT)
        return encoded(call, in.text.data, in.text.size);
    const char *plain = datum_plain(in, call->arena);
    if (!plain) {
        *call->full = true;
        return datum_none();
    }
    return encoded(call, plain, strlen(plain));
}

const datum_type_t *check_cut(pipe_check_t *check)
{
    pipe_argument_t *argument = &check->arguments[0];
    if (!argument->fixed || argument->value.kind != DATUM_INT || argument->value.number < 1)
        return pipe_fault(check, "cut `%s`: a number of characters", argument->written);
    return &datum_type_text;
}

/* Bytes of the first `count` characters. */
static size_t bytes_of(datum_t in, int64_t count)
{
    size_t at = 0;
    while (at < in.text.size && count-- > 0)
        do
            at++;
        while (at < in.text.size && ((unsigned char) in.text.data[at] & 0xc0) == 0x80);
    return at;
}

datum_t apply_cut(const pipe_call_t *call, datum_t in)
{
    static const char dots[] = "…";
    size_t size = bytes_of(in, call->arguments[0].number);
    if (size == in.text.size)
        return in;
    char *room = pipe_room(call, size + sizeof dots - 1);
    if (!room)
        return datum_none();
    memcpy(room, in.text.data, size);
    memcpy(room + size, dots, sizeof dots - 1);
    return datum_bytes(room, size + sizeof dots - 1);
}

/* Codes are ASCII; anything else is left as it is. */
datum_t apply_code(const pipe_call_t *call, datum_t in)
{
    size_t size = in.text.size, used = 0;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char) in.text.data[i] >= 0x80)
            return in;
    char *room = pipe_room(call, size + size / CODE_GROUP);
    for (size_t i = 0; room && i < size; i++) {
        if (i && i % CODE_GROUP == 0)
            room[used++] = ' ';
        room[used++] = in.text.data[i];
    }
    return room ? datum_bytes(room, used) : datum_none();
}
