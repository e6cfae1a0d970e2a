/* tokens.c - Chinese text for FTS5, whose tokenizer takes a run of ideographs for one word.
 *
 *   stored      施工许可 A证  ->  施 施工 工 工许 许 许可 可 a 证
 *   searched    施工许可 A    ->  "施工" AND "工许" AND "许可" AND "a"*
 *
 * Neighbouring pairs find any part of a word without a dictionary; single
 * ideographs are stored for searches of one.  What else people write (Latin,
 * digits, Cyrillic, Tibetan, Uyghur ...) are words, searched by their beginning.
 * Both sides read text through the same walk, so they cannot disagree.
 *
 * A word of ours must never be several for FTS5: it would make a phrase of them, and a table
 * with detail=column refuses phrases, which ends the process.  So FTS5's own tokenizer is asked
 * once which letters it takes. */
#include <pthread.h>
#include <string.h>
#include "store_private.h"
#include "text.h"

#define MATCH_TERMS_MAX 32 /* each is a look-up in the index; nobody types more */

typedef enum { GAP, WORD, IDEOGRAPH } class_t;

/* Planes 0 and 1.  Beyond are ideographs, and what nobody writes. */
#define LETTERS_END 0x20000

static uint8_t letters[LETTERS_END / 8]; /* a bit for each character that stands inside words */

static int count_token(void *arg, int flags, const char *token, int size, int start, int end)
{
    (void) flags, (void) token, (void) size, (void) start, (void) end;
    ++*(int *) arg;
    return SQLITE_OK;
}

/* Whether FTS5 takes the character between two letters as part of their word. */
static bool joins(const fts5_tokenizer *tokenizer, Fts5Tokenizer *unicode61, uint32_t code)
{
    char text[6] = "x";
    size_t size = 1 + text_put(code, text + 1);
    text[size++] = 'x';
    int count = 0;
    CHECK(tokenizer->xTokenize(unicode61, &count, FTS5_TOKENIZE_DOCUMENT, text, (int) size,
                               count_token) == SQLITE_OK);
    return count == 1;
}

static void learn_letters(void)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    fts5_api *api = NULL;
    fts5_tokenizer tokenizer;
    Fts5Tokenizer *unicode61;
    void *context;

    store_configure();
    CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
    CHECK(sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &statement, NULL) == SQLITE_OK);
    CHECK(sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", NULL) == SQLITE_OK);
    CHECK(sqlite3_step(statement) == SQLITE_ROW && api);
    sqlite3_finalize(statement);
    CHECK(api->xFindTokenizer(api, "unicode61", &context, &tokenizer) == SQLITE_OK);
    CHECK(tokenizer.xCreate(context, NULL, 0, &unicode61) == SQLITE_OK);
    for (uint32_t code = 0x80; code < LETTERS_END; code++)
        if (!(code >= 0xD800 && code <= 0xDFFF) && joins(&tokenizer, unicode61, code))
            letters[code / 8] |= (uint8_t) (1 << code % 8);
    tokenizer.xDelete(unicode61);
    CHECK(sqlite3_close(db) == SQLITE_OK);
}

static bool is_letter(uint32_t code)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, learn_letters);
    return code < LETTERS_END && letters[code / 8] & 1 << code % 8;
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
    return is_letter(*code) ? WORD : GAP;
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
