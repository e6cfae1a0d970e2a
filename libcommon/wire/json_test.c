#include "json.h"
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "message.h"
#include "sample.h"
#include "text.h"
#include "test.h"

#define MEMORY (4 << 20)

static arena_t *arena;
static faults_t faults;
static sample_t *sample;

/* Parses into a fresh sample. */
static bool parse_bytes(const char *text, size_t size)
{
    arena_free(&arena);
    arena = arena_new(MEMORY);
    faults.count = 0;
    sample = (sample_t *) message_new(&sample_t_descriptor, arena);
    return json_parse(text, size, arena, &sample->base, &faults);
}

static bool parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static const char *print(const ProtobufCMessage *message, bool defaults)
{
    buffer_t out = buffer_new(MEMORY);
    json_print(message, defaults, &out);
    EXPECT(!out.full);
    const char *text = arena_text(arena, out.data);
    buffer_free(&out);
    return text;
}

/* Whether `text` is refused with this one fault. */
static bool refuses(const char *text, const char *field, const char *code)
{
    bool as_expected =
        !parse(text) && faults.count == 1 && text_equal(faults.faults[0].field, field) &&
        text_equal(faults.faults[0].code, code) && !text_empty(faults.faults[0].message);
    if (!as_expected)
        fprintf(stderr, "%s: %zu faults, first %s %s\n", text, faults.count, faults.faults[0].field,
                faults.faults[0].code);
    return as_expected;
}

#define ALL                                                                                        \
    "{\"name\":\"张三\",\"idNumber\":\"11010519491231002X\",\"i32\":-5,"                         \
    "\"i64\":\"9007199254740993\",\"u32\":4294967295,\"u64\":\"18446744073709551615\","            \
    "\"f32\":0.1,\"f64\":-1.5e-07,\"flag\":true,\"data\":\"AP+A\",\"color\":\"COLOR_BLUE\","       \
    "\"part\":{\"name\":\"表\",\"leaves\":[{\"text\":\"a\\\"\\\\\\n\\u0001b\"},{}]},"             \
    "\"parts\":[{\"count\":1},{}],\"texts\":[\"\",\"x\"],\"numbers\":[\"0\",\"-1\"],"              \
    "\"colors\":[\"COLOR_UNSPECIFIED\",7],\"madeAt\":\"2026-01-31T00:00:00.123Z\","                \
    "\"times\":[\"1969-12-31T23:59:59.999Z\"],\"code\":\"AB\",\"choiceNumber\":0,"                 \
    "\"blobs\":[\"\",\"AA==\"]}"

TEST(every_type_goes_there_and_back)
{
    EXPECT(parse(ALL));
    EXPECT(sample->i64 == 9007199254740993 && sample->u64 == UINT64_MAX && sample->f64 == -1.5e-7);
    EXPECT(sample->data.len == 3 && sample->color == 5 && sample->n_parts == 2);
    EXPECT(sample->choice_case == 21 && sample->n_colors == 2 && sample->colors[1] == 7);
    EXPECT(strcmp(print(&sample->base, false), ALL) == 0);
    /* And through the wire. */
    EXPECT(strcmp(print(message_copy(&sample->base, arena), false), ALL) == 0);
}

TEST(takes_what_the_mapping_takes)
{
    EXPECT(parse(" {\t\"id_number\" : \"x\" ,\r\n\"i32\":\"7\",\"i64\":7,\"u32\":7.0,\"u64\":7e0,"
                 "\"f32\":\"1.5\",\"f64\":\"NaN\",\"color\":1,\"data\":\"_-8\","
                 "\"made_at\":\"2026-01-31T08:00:00+08:00\",\"flag\":false,\"part\":null,"
                 "\"texts\":null,\"name\":null,\"choiceText\":null,\"choiceNumber\":null} "));
    EXPECT(text_equal(sample->id_number, "x") && sample->i32 == 7 && sample->i64 == 7);
    EXPECT(sample->u32 == 7 && sample->u64 == 7 && sample->f32 == 1.5f && isnan(sample->f64));
    EXPECT(sample->color == 1 && sample->data.len == 2 && !sample->part && !sample->choice_case);
    EXPECT(text_equal(sample->name, "") && timestamp_ms(sample->made_at) == 1769817600000);
    EXPECT(parse("{}"));
    EXPECT(parse("{\"f64\":\"-Infinity\",\"f32\":\"Infinity\",\"texts\":[],\"part\":{}}"));
    EXPECT(isinf(sample->f64) && sample->n_texts == 0 && sample->part);
    EXPECT(strcmp(print(&sample->base, false),
                  "{\"f32\":\"Infinity\",\"f64\":\"-Infinity\",\"part\":{}}") == 0);
}

TEST(unescapes_texts)
{
    EXPECT(parse("{\"name\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u4e2d\\u6587\\ud842\\uDFB7x\"}"));
    EXPECT(text_equal(sample->name, "\"\\/\b\f\n\r\t中文𠮷x"));
    EXPECT(parse("{\"\\u006eame\":\"中\"}") && text_equal(sample->name, "中"));
    EXPECT(refuses("{\"name\":\"\\u0000\"}", "name", "utf8"));
    EXPECT(refuses("{\"name\":\"\\ud842\"}", "name", "utf8"));
    EXPECT(refuses("{\"name\":\"\\ud842\\u0041\"}", "name", "utf8"));
    EXPECT(refuses("{\"name\":\"\\ud842x\"}", "name", "utf8"));
    EXPECT(refuses("{\"name\":\"\\udfb7\"}", "name", "utf8"));
    EXPECT(refuses("{\"name\":\"\xff\"}", "name", "utf8"));
    EXPECT(refuses("{\"name\":\"12345678\xed\xa0\x80\"}", "name", "utf8"));
    EXPECT(refuses("{\"name\":\"a\nb\"}", "name", "json"));
    EXPECT(refuses("{\"name\":\"\\x41\"}", "name", "json"));
    EXPECT(refuses("{\"name\":\"\\u12g4\"}", "name", "json"));
    EXPECT(refuses("{\"name\":\"\\u12\"}", "name", "json"));
    EXPECT(refuses("{\"name\":\"\\", "name", "json") &&
           refuses("{\"name\":\"\\\"", "name", "json"));
    EXPECT(!parse_bytes("{\"name\":\"a\0b\"}", 14) && text_equal(faults.faults[0].code, "utf8"));
}

TEST(refuses_wrong_values_with_their_path)
{
    EXPECT(refuses("{\"nam\":1}", "nam", "unknown"));
    EXPECT(refuses("{\"part\":{\"leaves\":[{},{\"txt\":[{}]}]}}", "part.leaves[1].txt", "unknown"));
    EXPECT(refuses("{\"parts\":[{},{},{\"name\":1}]}", "parts[2].name", "type"));
    EXPECT(refuses("{\"parts\":{}}", "parts", "type") &&
           refuses("{\"parts\":[1]}", "parts[0]", "type"));
    EXPECT(refuses("{\"parts\":[null]}", "parts[0]", "type") &&
           refuses("{\"part\":[]}", "part", "type"));
    EXPECT(refuses("{\"part\":\"x\"}", "part", "type") && refuses("{\"name\":{}}", "name", "type"));
    EXPECT(refuses("{\"i32\":true}", "i32", "type") && refuses("{\"i32\":1.5}", "i32", "type"));
    EXPECT(refuses("{\"i32\":\"\"}", "i32", "type") && refuses("{\"i32\":\" 1\"}", "i32", "type"));
    EXPECT(refuses("{\"i32\":2147483648}", "i32", "range"));
    EXPECT(refuses("{\"i32\":1e10}", "i32", "range") && refuses("{\"u32\":-1}", "u32", "range"));
    EXPECT(refuses("{\"i64\":\"9223372036854775808\"}", "i64", "range"));
    EXPECT(refuses("{\"u64\":18446744073709551616}", "u64", "range"));
    EXPECT(refuses("{\"u64\":1e17}", "u64", "range") && refuses("{\"f64\":1e999}", "f64", "range"));
    EXPECT(refuses("{\"f32\":1e39}", "f32", "range") &&
           refuses("{\"f64\":\"inf\"}", "f64", "type"));
    EXPECT(refuses("{\"flag\":\"true\"}", "flag", "type") &&
           refuses("{\"flag\":1}", "flag", "type"));
    EXPECT(refuses("{\"color\":\"RED\"}", "color", "unknown"));
    EXPECT(refuses("{\"color\":\"1\"}", "color", "unknown") &&
           refuses("{\"color\":[]}", "color", "type"));
    EXPECT(refuses("{\"data\":\"A\"}", "data", "type") && refuses("{\"data\":1}", "data", "type"));
    EXPECT(refuses("{\"madeAt\":\"now\"}", "madeAt", "type") &&
           refuses("{\"madeAt\":{}}", "madeAt", "type"));
    EXPECT(refuses("{\"name\":\"a\",\"name\":\"a\"}", "name", "duplicate"));
    EXPECT(refuses("{\"idNumber\":\"a\",\"id_number\":\"a\"}", "idNumber", "duplicate"));
    EXPECT(refuses("{\"name\":null,\"name\":\"a\"}", "name", "duplicate"));
    EXPECT(refuses("{\"choiceText\":\"a\",\"choiceNumber\":1}", "choiceNumber", "duplicate"));
    EXPECT(refuses("[]", "", "type") && refuses("1", "", "type") && refuses("null", "", "type"));
}

TEST(collects_faults_up_to_the_maximum)
{
    EXPECT(!parse("{\"i32\":\"x\",\"zz\":1,\"parts\":[{\"count\":[]},{\"y\":2}],\"name\":\"n\"}"));
    EXPECT(faults.count == 4 && text_equal(faults.faults[2].field, "parts[0].count"));
    EXPECT(text_equal(sample->name, "n"));
    buffer_t many = buffer_new(MEMORY);
    buffer_text(&many, "{\"numbers\":[true");
    for (int i = 0; i < 1000; i++)
        buffer_text(&many, ",true");
    buffer_text(&many, "]}");
    EXPECT(!parse_bytes(many.data, many.size) && faults.count == RULE_FAULTS_MAX);
    buffer_free(&many);
    /* A name as long as it likes does not make a long path, nor half a character. */
    char text[1000] = "{\"";
    for (int i = 0; i < 200; i++)
        strncat(text, "字", sizeof text - strlen(text) - 1);
    strncat(text, "\":1}", sizeof text - strlen(text) - 1);
    EXPECT(!parse(text) && strlen(faults.faults[0].field) <= 200);
    EXPECT(text_is_utf8(faults.faults[0].field, strlen(faults.faults[0].field)));
}

TEST(refuses_wrong_syntax)
{
    /* clang-format off: a list */
    static const char *const bad[] = {"",
                                      " ",
                                      "{",
                                      "}",
                                      "{]",
                                      "[",
                                      "{\"name\"",
                                      "{\"name\":",
                                      "{\"name\":}",
                                      "{\"name\" \"x\"}",
                                      "{name:1}",
                                      "{'name':1}",
                                      "{\"name\":\"x\",}",
                                      "{,}",
                                      "{\"name\":\"x\" \"i32\":1}",
                                      "{\"name\":\"x}",
                                      "{\"i32\":01}",
                                      "{\"i32\":+1}",
                                      "{\"i32\":-}",
                                      "{\"i32\":1.}",
                                      "{\"i32\":.5}",
                                      "{\"i32\":1e}",
                                      "{\"i32\":1e+}",
                                      "{\"i32\":0x1}",
                                      "{\"flag\":tru}",
                                      "{\"flag\":truex}",
                                      "{\"flag\":True}",
                                      "{\"f64\":NaN}",
                                      "{\"name\":nul}",
                                      "{} {}",
                                      "{}x",
                                      "{\"zz\":[1,]}",
                                      "{\"zz\":[1 2]}",
                                      "{\"zz\":{\"a\":1,}}",
                                      "{\"zz\":[}",
                                      "{\"numbers\":[1,]}",
                                      "{\"numbers\":[,1]}",
                                      "{\"numbers\":[1",
                                      "{\"numbers\":[",
                                      "{\"numbers\":[1,",
                                      "{\"part\":{",
                                      "{/**/}",
                                      "\xef\xbb\xbf{}"};
    /* clang-format on */
    for (size_t i = 0; i < COUNT(bad); i++) {
        EXPECT(!parse(bad[i]) && faults.count >= 1);
        EXPECT(text_equal(faults.faults[faults.count - 1].code, "json"));
    }
    EXPECT(refuses("{\"part\":{\"leaves\":[{},{\"text\":x}]}}", "part.leaves[1].text", "json"));
}

TEST(no_deeper_than_allowed)
{
    for (int extra = 0; extra < 2; extra++) {
        /* An unknown member is read over with the same limit. */
        char text[200] = "{\"zz\":";
        int depth = JSON_DEPTH_MAX - 1 + extra;
        for (int i = 0; i < depth; i++)
            strncat(text, "[", 2);
        for (int i = 0; i < depth; i++)
            strncat(text, "]", 2);
        strncat(text, "}", 2);
        EXPECT(!parse(text) && text_equal(faults.faults[0].code, "unknown"));
        EXPECT(faults.count == (extra ? 2 : 1));
        const char *error = "";
        size_t at;
        EXPECT(!json_read(text, strlen(text), arena, &error, &at) == (extra == 1));
        EXPECT(text_equal(error, extra ? "nested too deep" : ""));
    }
    static char deep[100000];
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"zz\":", 6);
    EXPECT(!parse_bytes(deep, sizeof deep));
    EXPECT(faults.count == 2 && text_equal(faults.faults[1].code, "depth"));
    EXPECT(text_equal(faults.faults[1].field, "zz"));
}

TEST(what_the_url_set_stays)
{
    static const struct {
        const char *text, *code;
    } cases[] = {
        {"{}", NULL},
        {"{\"name\":\"set\"}", NULL},
        {"{\"i64\":\"7\",\"choiceNumber\":3,\"part\":{\"name\":\"p\",\"count\":2}}", NULL},
        {"{\"name\":\"other\"}", "duplicate"},
        {"{\"i64\":8}", "duplicate"},
        {"{\"choiceNumber\":4}", "duplicate"},
        {"{\"choiceText\":\"x\"}", "duplicate"},
        {"{\"part\":{\"name\":\"q\"}}", "duplicate"},
        {"{\"texts\":[\"x\"]}", "duplicate"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        parse(
            "{\"name\":\"set\",\"i64\":7,\"choiceNumber\":3,\"part\":{\"name\":\"p\"},\"texts\":[\"x\"]}");
        bool good = json_parse(cases[i].text, strlen(cases[i].text), arena, &sample->base, &faults);
        EXPECT(good == !cases[i].code);
        EXPECT(good || (faults.count == 1 && text_equal(faults.faults[0].code, cases[i].code)));
        EXPECT(text_equal(sample->name, "set") && sample->i64 == 7 && sample->choice_number == 3);
    }
}

TEST(keeps_to_the_memory_given)
{
    static char text[60000];
    memset(text, ' ', sizeof text);
    memcpy(text, "{\"parts\":[{}", 12);
    for (size_t i = 12; i + 5 < sizeof text; i += 3)
        memcpy(text + i, ",{}", 3);
    memcpy(text + sizeof text - 2, "]}", 2);
    arena_t *small = arena_new(100000);
    faults.count = 0;
    sample_t *message = (sample_t *) message_new(&sample_t_descriptor, small);
    EXPECT(!json_parse(text, sizeof text, small, &message->base, &faults));
    EXPECT(faults.count == 1 && text_equal(faults.faults[0].code, "memory"));
    const char *error = NULL;
    size_t at;
    EXPECT(!json_read(text, sizeof text, small, &error, &at) && text_equal(error, "too large"));
    arena_free(&small);
    EXPECT(parse_bytes(text, sizeof text)); /* and with more it goes */
}

TEST(prints_defaults_when_asked)
{
    EXPECT(parse("{}"));
    EXPECT(strcmp(print(&sample->base, false), "{}") == 0);
    EXPECT(
        strcmp(print(&sample->base, true),
               "{\"name\":\"\",\"idNumber\":\"\",\"i32\":0,\"i64\":\"0\",\"u32\":0,\"u64\":\"0\","
               "\"f32\":0,\"f64\":0,\"flag\":false,\"data\":\"\",\"color\":\"COLOR_UNSPECIFIED\","
               "\"parts\":[],\"texts\":[],\"numbers\":[],\"colors\":[],\"times\":[],\"code\":\"\","
               "\"password\":\"\",\"blobs\":[]}") == 0);
}

TEST(prints_numbers_that_read_back)
{
    parse("{}");
    static const double numbers[] = {0.1,  1.0 / 3, 1e300,   5e-324,  123456789.123456789,
                                     -0.0, 100,     DBL_MAX, DBL_MIN, 2.5};
    static const char *const texts[] = {"0.1",
                                        "0.3333333333333333",
                                        "1e+300",
                                        "4.94065645841247e-324",
                                        "123456789.12345679",
                                        "-0",
                                        "100",
                                        NULL,
                                        NULL,
                                        "2.5"};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        sample->f64 = numbers[i];
        const char *text = print(&sample->base, true);
        char expected[60];
        snprintf(expected, sizeof expected, "\"f64\":%s,", texts[i] ? texts[i] : "");
        if (texts[i])
            EXPECT(strstr(text, expected));
        EXPECT(strtod(strstr(text, "\"f64\":") + 6, NULL) == numbers[i]);
    }
    sample->f32 = 16777216.0f / 3;
    EXPECT(strtof(strstr(print(&sample->base, false), "\"f32\":") + 6, NULL) == sample->f32);
}

TEST(prints_times_as_they_are)
{
    parse("{}");
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    sample->made_at = &time;
    EXPECT(text_equal(print(&sample->base, false), "{\"madeAt\":\"1970-01-01T00:00:00.000Z\"}"));
    time.nanos = 1000001;
    EXPECT(
        text_equal(print(&sample->base, false), "{\"madeAt\":\"1970-01-01T00:00:00.001000001Z\"}"));
    time.seconds = INT64_MAX;
    EXPECT(text_equal(print(&sample->base, false), "{\"madeAt\":null}"));
    time.seconds = 0;
    time.nanos = -1;
    EXPECT(text_equal(print(&sample->base, false), "{\"madeAt\":null}"));
}

TEST(quotes_each_byte_right)
{
    buffer_t out = buffer_new(10000);
    for (int c = 1; c < 128; c++)
        for (int at = 0; at < 20; at++) {
            char text[21];
            memset(text, 'x', 20);
            text[at] = (char) c;
            buffer_clear(&out);
            json_quote(&out, text, 20);
            const char *error;
            size_t where;
            parse("{}");
            const json_t *back = json_read(out.data, out.size, arena, &error, &where);
            EXPECT(back && back->kind == JSON_TEXT && memcmp(back->text, text, 20) == 0);
        }
    buffer_free(&out);
}

TEST(says_when_the_buffer_is_full)
{
    EXPECT(parse(ALL));
    size_t whole = strlen(ALL);
    for (size_t limit = 0; limit <= whole; limit++) {
        buffer_t out = buffer_new(limit);
        json_print(&sample->base, false, &out);
        EXPECT(out.full == (limit < whole) && out.size <= limit);
        buffer_free(&out);
    }
}

TEST(reads_trees)
{
    parse("{}");
    const char *error = NULL,
               *text = " {\"a\": [1, -2.5e3, \"x\\n\", true, false, null], \"b\": {}} ";
    size_t at = 0;
    const json_t *tree = json_read(text, strlen(text), arena, &error, &at);
    EXPECT(tree && tree->kind == JSON_OBJECT && json_member(tree, "b")->kind == JSON_OBJECT);
    const json_t *element = json_member(tree, "a")->child;
    EXPECT(element->kind == JSON_NUMBER && text_equal(element->text, "1"));
    element = element->next;
    EXPECT(text_equal(element->text, "-2.5e3"));
    element = element->next;
    EXPECT(element->kind == JSON_TEXT && text_equal(element->text, "x\n"));
    EXPECT(element->next->kind == JSON_TRUE && element->next->next->kind == JSON_FALSE);
    EXPECT(element->next->next->next->kind == JSON_NULL && !element->next->next->next->next);
    EXPECT(!json_member(tree, "c") && !json_member(element, "c") && !json_member(NULL, "c"));
    EXPECT(!json_read("[1,x]", 5, arena, &error, &at) && at == 3);
    EXPECT(text_equal(error, "unexpected character"));
    EXPECT(!json_read("[1] 2", 5, arena, &error, &at) &&
           text_equal(error, "something after the value"));
    EXPECT(json_read("\"x\"", 3, arena, &error, &at)->kind == JSON_TEXT);
}

TEST(a_tree_into_a_message_is_as_parsing)
{
    const char *error;
    size_t at;
    parse("{}");
    const json_t *tree = json_read(ALL, strlen(ALL), arena, &error, &at);
    arena_t *other = arena_new(MEMORY);
    sample_t *message = (sample_t *) message_new(&sample_t_descriptor, other);
    EXPECT(json_to_message(tree, other, &message->base, "items[3]", &faults));
    parse("{}"); /* forgets the tree */
    EXPECT(strcmp(print(&message->base, false), ALL) == 0);
    arena_free(&other);

    static const char *const bad =
        "{\"i32\":\"x\",\"parts\":[{},{\"zz\":1}],\"name\":\"\",\"name\":\"\"}";
    tree = json_read(bad, strlen(bad), arena, &error, &at);
    EXPECT(!json_to_message(tree, arena, &sample->base, "items[3]", &faults) && faults.count == 3);
    EXPECT(text_equal(faults.faults[0].field, "items[3].i32"));
    EXPECT(text_equal(faults.faults[1].field, "items[3].parts[1].zz"));
    EXPECT(text_equal(faults.faults[2].code, "duplicate"));
}

/* Shapes are made by whoever comes first: all must see whole ones.  No other
 * test here uses the messages of the contract, so these threads do come first. */
static void *print_contract(void *unused)
{
    (void) unused;
    arena_t *own = arena_new(MEMORY);
    buffer_t out = buffer_new(MEMORY);
    for (size_t i = 0; i < contract_rule_count; i++) {
        ProtobufCMessage *message = message_new(contract_rules[i].message, own);
        buffer_clear(&out);
        json_print(message, true, &out);
        faults_t found = {.count = 0};
        EXPECT(json_parse(out.data, out.size, own, message, &found));
        arena_reset(own);
    }
    buffer_free(&out);
    arena_free(&own);
    return NULL;
}

TEST(many_threads_at_once)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, print_contract, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

/* Mutations of good JSON: no crash, and what is taken prints and reads back the same. */
TEST(survives_mutations)
{
    static const char *const tokens[] = {
        "{",   "}",    "[",    "]",    ",", ":",   "\"",        "\\",
        "\\u", "d800", "null", "true", "-", "1e9", "\"name\":", "\"parts\":[{}]",
        "字",  "\xff"};
    arena_t *scratch = arena_new(1 << 18);
    buffer_t text = buffer_new(4000), first = buffer_new(1 << 20), second = buffer_new(1 << 20);
    size_t taken = 0;
    srandom(11);
    for (int round = 0; round < 50000; round++) {
        buffer_clear(&text);
        buffer_text(&text, ALL);
        for (int i = 0; i < 1 + round % 3; i++) {
            size_t at = (size_t) random() % text.size;
            switch (random() % 4) {
            case 0:
                text.data[at] = (char) random();
                break;
            case 1:
                text.size = at ? at : 1;
                break;
            case 2:
                memmove(text.data + at / 2, text.data + at, text.size - at);
                text.size -= at - at / 2;
                break;
            default: {
                const char *token = tokens[(size_t) random() % COUNT(tokens)];
                size_t size = strlen(token);
                if (at + size < text.size)
                    memcpy(text.data + at, token, size);
            }
            }
        }
        /* In a block of just its size, so that reading past it is seen. */
        char *exact = malloc(text.size);
        memcpy(exact, text.data, text.size);
        arena_reset(scratch);
        faults.count = 0;
        sample_t *message = (sample_t *) message_new(&sample_t_descriptor, scratch);
        bool good = json_parse(exact, text.size, scratch, &message->base, &faults);
        EXPECT(good == (faults.count == 0));
        const char *error;
        size_t at;
        const json_t *tree = json_read(exact, text.size, scratch, &error, &at);
        EXPECT(tree || at <= text.size);
        EXPECT(tree || !good);
        if (tree && tree->kind == JSON_OBJECT) {
            sample_t *other = (sample_t *) message_new(&sample_t_descriptor, scratch);
            faults_t tree_faults = {.count = 0};
            EXPECT(json_to_message(tree, scratch, &other->base, NULL, &tree_faults) == good);
        }
        if (good) {
            taken++;
            buffer_clear(&first);
            buffer_clear(&second);
            json_print(&message->base, false, &first);
            sample_t *again = (sample_t *) message_new(&sample_t_descriptor, scratch);
            EXPECT(json_parse(first.data, first.size, scratch, &again->base, &faults));
            json_print(&again->base, false, &second);
            EXPECT(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
        }
        free(exact);
    }
    EXPECT(taken > 500);
    buffer_free(&text);
    buffer_free(&first);
    buffer_free(&second);
    arena_free(&scratch);
    arena_free(&arena);
}
