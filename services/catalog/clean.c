#include "clean.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "text.h"

/* Tags that end a line; all others only go. */
static const char *const BREAKS[] = {"br",  "p",   "/p",  "/div", "/tr",
                                     "/li", "/h1", "/h2", "/h3",  "hr"};

static const struct {
    const char *name;
    uint32_t code;
} ENTITIES[] = {
    {"nbsp", ' '},     {"lt", '<'},        {"gt", '>'},       {"amp", '&'},      {"quot", '"'},
    {"apos", '\''},    {"ldquo", 0x201C},  {"rdquo", 0x201D}, {"lsquo", 0x2018}, {"rsquo", 0x2019},
    {"mdash", 0x2014}, {"hellip", 0x2026}, {"middot", 0xB7},  {"times", 0xD7},   {"ensp", ' '},
    {"emsp", ' '},     {"deg", 0xB0},      {"copy", 0xA9},
};

typedef struct {
    char *text;
    size_t size;
    bool lines;
    bool gap;      /* a space is due before the next character */
    bool line_gap; /* ... or a line end */
} out_t;

static void put(out_t *out, uint32_t code)
{
    if (out->size && (out->gap || out->line_gap))
        out->text[out->size++] = out->line_gap && out->lines ? '\n' : ' ';
    out->gap = out->line_gap = false;
    out->size += text_put(code, out->text + out->size);
}

static bool is_invisible(uint32_t code)
{
    return code == 0xAD || (code >= 0x200B && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) ||
           code == 0xFEFF || code == 0xFFFD || (code >= 0xE000 && code <= 0xF8FF) ||
           (code >= 0xFFF9 && code <= 0xFFFB);
}

/* A tag at '<': its length, or 0.  Comparisons ("面积<300平方米") are no tags. */
static size_t tag_size(const char *text)
{
    enum { TAG_BYTES_MAX = 2000 }; /* inline styles of pasted tables are long */
    const char *at = text + 1;
    if (strncmp(at, "!--", 3) == 0) {
        const char *end = strstr(at, "-->");
        return end ? (size_t) (end + 3 - text) : 0;
    }
    if (*at == '/')
        at++;
    if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z')))
        return 0;
    for (size_t i = 0; at[i] && i < TAG_BYTES_MAX; i++) {
        if (at[i] == '<')
            return 0;
        if (at[i] == '>')
            return (size_t) (at + i + 1 - text);
    }
    return 0;
}

static bool breaks_line(const char *tag)
{
    for (size_t i = 0; i < sizeof BREAKS / sizeof *BREAKS; i++) {
        size_t size = strlen(BREAKS[i]);
        char after = strncasecmp(tag + 1, BREAKS[i], size) == 0 ? tag[1 + size] : 'x';
        if (after == '>' || after == ' ' || after == '/')
            return true;
    }
    return false;
}

/* An entity at '&': its length and character, or 0. */
static size_t entity(const char *text, uint32_t *ret)
{
    const char *end = memchr(text, ';', strnlen(text, 12));
    if (!end)
        return 0;
    size_t size = (size_t) (end + 1 - text);
    if (text[1] == '#') {
        bool hex = text[2] == 'x' || text[2] == 'X';
        char *stop;
        unsigned long code = strtoul(text + (hex ? 3 : 2), &stop, hex ? 16 : 10);
        if (stop != end || code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
            return 0;
        *ret = (uint32_t) code;
        return size;
    }
    for (size_t i = 0; i < sizeof ENTITIES / sizeof *ENTITIES; i++)
        if (strlen(ENTITIES[i].name) == size - 2 &&
            strncmp(text + 1, ENTITIES[i].name, size - 2) == 0) {
            *ret = ENTITIES[i].code;
            return size;
        }
    return 0;
}

/* One character, whatever it was written as. */
static void take(out_t *out, uint32_t code, unsigned *found)
{
    if (code == '\n' || code == '\r') {
        out->line_gap = true;
    } else if (code == ' ' || code == '\t' || code == 0xA0 || code == 0x3000) {
        out->gap = true;
    } else if (code < ' ' || (code >= 0x7F && code < 0xA0)) {
        *found |= CLEAN_CONTROL;
        out->gap = true;
    } else if (is_invisible(code)) {
        *found |= CLEAN_INVISIBLE;
    } else {
        put(out, code);
    }
}

static const char *clean_once(const char *text, bool lines, arena_t *arena, unsigned *found)
{
    /* Entities shrink; a gap is one byte where at least one was: never longer. */
    out_t out = {.text = arena_alloc(arena, strlen(text) + 5), .lines = lines};
    if (!out.text)
        return NULL;
    uint32_t code;
    for (const char *at = text; *at;) {
        size_t size = *at == '<' ? tag_size(at) : 0;
        if (size) {
            *found |= CLEAN_HTML;
            if (breaks_line(at))
                out.line_gap = true;
            at += size;
            continue;
        }
        size = *at == '&' ? entity(at, &code) : 0;
        if (size)
            *found |= CLEAN_HTML;
        else
            size = text_next(at, &code);
        take(&out, code, found);
        at += size;
    }
    return strcmp(out.text, text) == 0 ? text : out.text;
}

const char *clean_text(const char *text, bool lines, arena_t *arena, unsigned *found)
{
    /* "&amp;lt;br&amp;gt;": escaped once by each system it passed.  Three have been seen. */
    enum { PASSES_MAX = 3 };
    *found = 0;
    for (int i = 0; i < PASSES_MAX; i++) {
        unsigned pass = 0;
        text = clean_once(text, lines, arena, &pass);
        *found |= pass;
        if (!text || !(pass & CLEAN_HTML))
            break;
    }
    return text;
}
