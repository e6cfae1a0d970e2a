/* tokens.c - Chinese text for FTS5, whose tokenizer takes a run of ideographs for one word.
 *
 *   stored      施工许可 A证  ->  施 施工 工 工许 许 许可 可 a 证
 *   searched    施工许可 A    ->  "施工" AND "工许" AND "许可" AND "a"*
 *
 * Neighbouring pairs find any part of a word without a dictionary; single
 * ideographs are stored for searches of one.  What else people write (Latin,
 * digits, Cyrillic, Tibetan, Uyghur ...) are words, searched by their beginning.
 * Both sides read text through the same walk, so they cannot disagree. */
#include <string.h>
#include "check.h"
#include "store.h"
#include "text.h"

#define MATCH_TERMS_MAX 32 /* each is a look-up in the index; nobody types more */

typedef enum { GAP, WORD, IDEOGRAPH } class_t;

/* Signs that are neither letters nor digits although beyond ASCII.  FTS5's unicode61 knows all of
 * Unicode and splits further where it must; this keeps out what people really type between words. */
static bool is_sign(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } SIGNS[] = {
        {0x0080, 0x00BF},   {0x00D7, 0x00D7},    {0x00F7, 0x00F7}, {0x2000, 0x2BFF},
        {0x2E00, 0x2FFF},   {0x3000, 0x303F},    {0x30FB, 0x30FB}, {0x3200, 0x33FF},
        {0xD800, 0xF8FF},   {0xFE00, 0xFE6F},    {0xFF00, 0xFF65}, {0xFFE0, 0xFFFF},
        {0x1F000, 0x1FBFF}, {0xE0000, 0x10FFFF},
    };
    for (size_t i = 0; i < sizeof SIGNS / sizeof *SIGNS; i++)
        if (code >= SIGNS[i].first && code <= SIGNS[i].last)
            return true;
    return false;
}

/* What a character is, after full width has become half and upper case lower. */
static class_t classify(uint32_t *code)
{
    if (*code >= 0xFF01 && *code <= 0xFF5E)
        *code -= 0xFEE0;
    if (*code >= 'A' && *code <= 'Z')
        *code += 'a' - 'A';
    if (*code < 0x80)
        return (*code >= 'a' && *code <= 'z') || (*code >= '0' && *code <= '9') ? WORD : GAP;
    /* Radicals are symbols to unicode61, not letters. */
    if (text_is_cjk(*code) && !(*code >= 0x2E80 && *code <= 0x2FDF))
        return IDEOGRAPH;
    return is_sign(*code) ? GAP : WORD;
}

/* One character of the walk. */
typedef struct {
    class_t class;
    char text[4];
    size_t size;
} sign_t;

/* Marks without a shape, pasted from web pages into the middle of words. */
static bool is_invisible(uint32_t code)
{
    return code == 0x00AD || (code >= 0x200B && code <= 0x200F) || code == 0x2060 ||
           (code >= 0xFE00 && code <= 0xFE0F) || code == 0xFEFF ||
           (code >= 0xE0100 && code <= 0xE01EF);
}

/* Reads on; false at the end. */
static bool next_sign(const char **text, sign_t *ret)
{
    uint32_t code = 0;
    do {
        size_t taken = text_next(*text, &code);
        if (taken == 0)
            return false;
        *text += taken;
    } while (is_invisible(code));
    ret->class = classify(&code);
    ret->size = text_put(code, ret->text);
    return true;
}

typedef struct {
    char *text;
    size_t size;
    size_t room;
} out_t;

static void put(out_t *out, const char *data, size_t size)
{
    CHECK(out->size + size < out->room);
    memcpy(out->text + out->size, data, size);
    out->size += size;
}

static void put_text(out_t *out, const char *text)
{
    put(out, text, strlen(text));
}

const char *store_tokens(const char *text, arena_t *arena)
{
    /* The worst is an ideograph: 3 bytes become a single, a pair and two spaces, 11. */
    out_t out = {.room = 4 * strlen(text) + 2};
    out.text = arena_alloc(arena, out.room);
    if (!out.text)
        return NULL;

    sign_t before = {.class = GAP};
    sign_t sign;
    for (; next_sign(&text, &sign); before = sign) {
        if (sign.class == GAP)
            continue;
        bool joined = before.class == sign.class;
        if (sign.class == IDEOGRAPH && joined) {
            put_text(&out, " ");
            put(&out, before.text, before.size);
            put(&out, sign.text, sign.size);
        }
        if (out.size && !(sign.class == WORD && joined))
            put_text(&out, " ");
        put(&out, sign.text, sign.size);
    }
    return out.text;
}

typedef struct {
    out_t out;
    int terms;
} match_t;

/* Starts one more term; false when there are enough. */
static bool open_term(match_t *match)
{
    if (match->terms == MATCH_TERMS_MAX)
        return false;
    put_text(&match->out, match->terms++ ? " AND \"" : "\"");
    return true;
}

/* Ends the run of one class in which the last sign was `last`. */
static void end_run(match_t *match, const sign_t *last, size_t run)
{
    if (last->class == WORD)
        put_text(&match->out, "\"*");
    if (last->class == IDEOGRAPH && run == 1 && open_term(match)) {
        put(&match->out, last->text, last->size);
        put_text(&match->out, "\"");
    }
}

const char *store_match(const char *text, arena_t *arena)
{
    /* Pairs double the text; quotes and AND are per term. */
    match_t match = {.out.room = 2 * strlen(text) + 12 * MATCH_TERMS_MAX + 2};
    match.out.text = arena_alloc(arena, match.out.room);
    if (!match.out.text)
        return NULL;

    sign_t before = {.class = GAP};
    sign_t sign;
    size_t run = 0; /* signs of one class so far */
    for (; next_sign(&text, &sign); before = sign) {
        if (sign.class != before.class) {
            end_run(&match, &before, run);
            run = 0;
        }
        run++;
        if (sign.class == IDEOGRAPH && run > 1) {
            if (!open_term(&match))
                return match.out.text;
            put(&match.out, before.text, before.size);
            put(&match.out, sign.text, sign.size);
            put_text(&match.out, "\"");
        }
        if (sign.class == WORD) {
            if (run == 1 && !open_term(&match))
                return match.out.text;
            put(&match.out, sign.text, sign.size);
        }
    }
    end_run(&match, &before, run);
    return match.out.text;
}
