/* tokens_test.c - Chinese full text, through FTS5 itself. */
#include <stdlib.h>
#include "store_test.h"
#include "text.h"

static arena_t *arena;
static store_t *store;

static void begin(void)
{
    arena = arena_new(1 << 20);
    store = open_at(":memory:", "CREATE VIRTUAL TABLE f USING fts5(words);");
}

static void end(void)
{
    store_close(&store);
    arena_free(&arena);
}

static bool tokens_are(const char *text, const char *expected)
{
    const char *tokens = store_tokens(text, arena);
    bool same = tokens && strcmp(tokens, expected) == 0;
    if (!same)
        fprintf(stderr, "'%s' gave '%s'\n", text, tokens);
    return same;
}

static bool match_is(const char *text, const char *expected)
{
    const char *match = store_match(text, arena);
    bool same = match && strcmp(match, expected) == 0;
    if (!same)
        fprintf(stderr, "'%s' gave '%s'\n", text, match);
    return same;
}

TEST(tokens_are_single_ideographs_and_pairs)
{
    begin();
    EXPECT(tokens_are("施工许可", "施 施工 工 工许 许 许可 可"));
    EXPECT(tokens_are("", ""));
    EXPECT(tokens_are(" 、。 ", ""));
    EXPECT(tokens_are("办理A证", "办 办理 理 a 证"));
    EXPECT(tokens_are("新建（改建）", "新 新建 建 改 改建 建"));
    EXPECT(tokens_are("ＡＢＣ１２３　Gb/T 2260", "abc123 gb t 2260"));
    EXPECT(tokens_are("施\xe2\x80\x8b工", "施 施工 工")); /* zero width space */
    EXPECT(tokens_are("a\xff"
                      "b",
                      "a b")); /* not UTF-8 */
    EXPECT(tokens_are("ئۇيغۇر Ünï", "ئۇيغۇر Ünï"));
    EXPECT(tokens_are("𠮷野家", "𠮷 𠮷野 野 野家 家"));
    end();
}

TEST(match_joins_pairs_and_beginnings)
{
    begin();
    EXPECT(match_is("施工许可", "\"施工\" AND \"工许\" AND \"许可\""));
    EXPECT(match_is("证", "\"证\""));
    EXPECT(match_is("ABC", "\"abc\"*"));
    EXPECT(match_is("A证 书面2024", "\"a\"* AND \"证\" AND \"书面\" AND \"2024\"*"));
    EXPECT(match_is("", ""));
    EXPECT(match_is("\"*() -:^", ""));
    EXPECT(match_is("NEAR(a, b) OR NOT c",
                    "\"near\"* AND \"a\"* AND \"b\"* AND \"or\"* AND \"not\"*"
                    " AND \"c\"*"));
    end();
}

TEST(match_has_at_most_32_terms)
{
    begin();
    char words[400] = "";
    for (int i = 0; i < 100; i++)
        strncat(words, "ab ", sizeof words - strlen(words) - 1);
    const char *match = store_match(words, arena);
    int terms = 0;
    for (const char *at = match; (at = strchr(at, '*')); at++)
        terms++;
    EXPECT(terms == 32);
    EXPECT(match[strlen(match) - 1] == '*');

    char many[400] = "";
    for (int i = 0; i < 100; i++)
        strncat(many, "证", sizeof many - strlen(many) - 1);
    match = store_match(many, arena);
    terms = 0;
    for (const char *at = match; (at = strstr(at, "AND")); at++)
        terms++;
    EXPECT(terms == 31);
    end();
}

static void remember(const char *text)
{
    query_t *q = query(store, "INSERT INTO f (words) VALUES (:words)");
    query_text(q, "words", store_tokens(text, arena));
    CHECK(query_done(q) == STATUS_OK);
}

static int64_t found(const char *text)
{
    query_t *q = query(store, "SELECT count(*) AS n FROM f WHERE f MATCH :match");
    query_text(q, "match", store_match(text, arena));
    int64_t n = query_next(q) ? query_get_int(q, "n") : -1;
    CHECK(query_done(q) == STATUS_OK);
    return n;
}

TEST(fts5_finds_parts_of_words)
{
    begin();
    remember("建筑工程施工许可证核发");
    remember("食品经营许可");
    remember("GB/T 2260 行政区划代码");
    remember("𠮷野家䶮");
    EXPECT(found("施工许可") == 1);
    EXPECT(found("许可") == 2);
    EXPECT(found("许可证") == 1);
    EXPECT(found("可证核") == 1);
    EXPECT(found("证") == 1);
    EXPECT(found("工施工") == 0); /* 工程施工: no such neighbours */
    EXPECT(found("许可 食品") == 1);
    EXPECT(found("gb") == 1);
    EXPECT(found("ＧＢ") == 1);
    EXPECT(found("22") == 1); /* by its beginning */
    EXPECT(found("60") == 0);
    EXPECT(found("2260区划") == 1);
    EXPECT(found("𠮷") == 1);
    EXPECT(found("䶮") == 1);
    EXPECT(found("𠮷野") == 1);
    end();
}

/* Whatever strangers type: a valid expression (else the store ends the process), and what is
 * stored is found by itself. */
TEST(any_text_makes_a_valid_match)
{
    begin();
    srandom(11);
    static const char *const PIECES[] = {
        "施",
        "工",
        "许",
        "可",
        "a",
        "Z",
        "9",
        "\"",
        "'",
        "*",
        "(",
        ")",
        ":",
        "^",
        "-",
        "+",
        "{",
        "}",
        " ",
        "AND",
        "OR",
        "NOT",
        "NEAR",
        "\xff",
        "\xe6\x96",
        "，",
        "Ａ",
        "\xcc\x81",
        "é",
        "ⅷ",
        "⼀",
        "〇",
        "々",
        "😀",
        "\xe2\x80\x8d",
        "ก",
        "ᠮ",
        "\xf0\xa0\xae\xb7",
        "½",
        "\x01",
        "\t",
        "한",
        "カ",
    };
    for (int round = 0; round < 5000; round++) {
        char text[200] = "";
        for (long i = random() % 12; i >= 0; i--)
            strncat(text, PIECES[(size_t) random() % (sizeof PIECES / sizeof *PIECES)],
                    sizeof text - strlen(text) - 1);
        if (*store_match(text, arena))
            EXPECT(found(text) >= 0);
        for (size_t i = 0; text[i]; i++) /* any byte, too */
            if (random() % 4 == 0)
                text[i] = (char) (1 + random() % 255);
        if (*store_match(text, arena))
            EXPECT(found(text) >= 0);
        arena_reset(arena);
    }
    end();
}

TEST(a_small_arena_gives_null)
{
    arena_t *small = arena_new(16);
    EXPECT(!store_tokens("施工许可证核发", small));
    EXPECT(!store_match("施工许可证核发", small));
    arena_free(&small);
}

/* A word that FTS5 takes for two becomes a phrase, and a table without positions refuses it. */
TEST(no_character_makes_a_phrase)
{
    begin();
    CHECK(store_exec(store, "CREATE VIRTUAL TABLE g USING fts5(words, detail = column)") ==
          STATUS_OK);
    bool fine = true;
    for (uint32_t code = 0x20; code < 0x110000 && fine; code += code < 0x20000 ? 1 : 97) {
        char text[16] = "a";
        size_t size = 1 + text_put(code, text + 1);
        memcpy(text + size, "b", 2);
        query_t *q = query(store, "SELECT count(*) AS n FROM g WHERE g MATCH :match");
        const char *match = store_match(text, arena);
        query_text(q, "match", match);
        fine = query_next(q); /* a refusal ends the process */
        fine = query_done(q) == STATUS_OK && fine;
        const char *tokens = store_tokens(text, arena);
        query_t *one = query(store, "SELECT count(*) AS n FROM g WHERE g MATCH :match");
        query_text(one, "match",
                   arena_printf(arena, "\"%.*s\"", (int) strcspn(tokens, " "), tokens));
        fine = query_next(one) && fine;
        fine = query_done(one) == STATUS_OK && fine;
        arena_reset(arena);
    }
    EXPECT(fine);
    end();
}
