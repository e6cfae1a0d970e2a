#include "rule.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yiwang/envelope.pb-c.h>
#include <yiwang/options.pb-c.h>
#include <yiwang/status.pb-c.h>
#include "json.h"
#include "message.h"
#include "sample.h"
#include "text.h"
#include "test.h"

#define MEMORY (4 << 20)

static arena_t *arena;
static faults_t faults;
static sample_t *sample;

/* `sample` becomes what `json` describes. */
static void make(const char *json)
{
    arena_free(&arena);
    arena = arena_new(MEMORY);
    faults.count = 0;
    sample = (sample_t *) message_new(&sample_t_descriptor, arena);
    EXPECT(json_parse(json, strlen(json), arena, &sample->base, &faults));
}

static bool keeps(const char *json)
{
    make(json);
    return rule_check(&sample->base, arena, &faults) && faults.count == 0;
}

static bool breaks(const char *json, const char *field, const char *code)
{
    make(json);
    bool as_expected = !rule_check(&sample->base, arena, &faults) && faults.count == 1 &&
                       text_equal(faults.faults[0].field, field) &&
                       text_equal(faults.faults[0].code, code);
    if (!as_expected)
        fprintf(stderr, "%s: %zu faults, first %s %s\n", json, faults.count, faults.faults[0].field,
                faults.faults[0].code);
    return as_expected;
}

static bool says(const char *message)
{
    return text_equal(faults.faults[0].message, message);
}

TEST(required)
{
    EXPECT(keeps("{\"name\":\"张三\"}"));
    EXPECT(breaks("{}", "name", "required") && says("请填写姓名"));
    EXPECT(breaks("{\"name\":\"张三\",\"part\":{}}", "part.name", "required"));
    EXPECT(says("请填写材料名称"));
    EXPECT(
        breaks("{\"name\":\"张三\",\"parts\":[{\"name\":\"a\"},{}]}", "parts[1].name", "required"));
    EXPECT(keeps("{\"name\":\"张三\",\"choiceNumber\":1}")); /* not of other oneof members */
}

TEST(lengths_in_characters)
{
    EXPECT(keeps("{\"name\":\"一二三四五六七八九十\"}"));
    EXPECT(breaks("{\"name\":\"一二三四五六七八九十一\"}", "name", "too_long"));
    EXPECT(says("姓名不能超过10个字，请缩短"));
    EXPECT(breaks("{\"name\":\"一\"}", "name", "too_short") && says("姓名至少2个字，请补充"));
    EXPECT(keeps("{\"name\":\"张三\",\"data\":\"AAAA\"}"));
    EXPECT(breaks("{\"name\":\"张三\",\"data\":\"AA==\"}", "data", "too_short"));
    EXPECT(breaks("{\"name\":\"张三\",\"data\":\"AAAAAAA=\"}", "data", "too_long"));
    EXPECT(says("内容不能超过4字节，请缩短"));
    EXPECT(
        breaks("{\"name\":\"张三\",\"part\":{\"name\":\"a\",\"leaves\":[{\"text\":\"123456\"}]}}",
               "part.leaves[0].text", "too_long"));
}

TEST(ranges)
{
    EXPECT(keeps("{\"name\":\"张三\",\"i32\":5,\"i64\":1,\"u64\":20,\"f64\":1}"));
    EXPECT(breaks("{\"name\":\"张三\",\"i32\":6}", "i32", "range"));
    EXPECT(says("数值应在-5到5之间，请核对"));
    EXPECT(breaks("{\"name\":\"张三\",\"i32\":-6}", "i32", "range"));
    EXPECT(breaks("{\"name\":\"张三\",\"i64\":-1}", "i64", "range") &&
           says("数值不能小于1，请核对"));
    EXPECT(breaks("{\"name\":\"张三\",\"u64\":9}", "u64", "range"));
    EXPECT(breaks("{\"name\":\"张三\",\"u64\":\"18446744073709551615\"}", "u64", "range"));
    EXPECT(breaks("{\"name\":\"张三\",\"f64\":1.01}", "f64", "range"));
    EXPECT(breaks("{\"name\":\"张三\",\"f64\":\"NaN\"}", "f64", "range"));
    EXPECT(breaks("{\"name\":\"张三\",\"choiceNumber\":0}", "choiceNumber", "range"));
    EXPECT(keeps("{\"name\":\"张三\",\"part\":{\"name\":\"a\",\"count\":0}}")); /* absent */
    EXPECT(breaks("{\"name\":\"张三\",\"numbers\":[0,10]}", "numbers[1]", "range"));
    make("{\"name\":\"张三\"}");
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    sample->made_at = &time;
    EXPECT(rule_check(&sample->base, arena, &faults));
    time.nanos = 1000000000;
    EXPECT(!rule_check(&sample->base, arena, &faults));
    time.nanos = 0;
    time.seconds = INT64_MAX;
    EXPECT(!rule_check(&sample->base, arena, &faults) &&
           text_equal(faults.faults[0].code, "range"));
}

TEST(items_kinds_patterns_enums)
{
    EXPECT(keeps(
        "{\"name\":\"张三\",\"parts\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}]}"));
    EXPECT(breaks("{\"name\":\"张三\",\"parts\":[{},{},{},{}]}", "parts", "too_many"));
    EXPECT(says("材料最多3项，请减少"));
    EXPECT(breaks("{\"name\":\"张三\",\"idNumber\":\"110105194912310020\"}", "idNumber",
                  "check_digit"));
    EXPECT(says("身份证号最后一位校验码不正确，请核对"));
    EXPECT(breaks("{\"name\":\"张\\n三\"}", "name", "control"));
    EXPECT(breaks("{\"name\":\"张三\",\"texts\":[\"13800138000\",\"\"]}", "texts[1]", "length"));
    EXPECT(keeps("{\"name\":\"张三\",\"code\":\"AB\"}") &&
           keeps("{\"name\":\"张三\",\"code\":\"123\"}"));
    EXPECT(breaks("{\"name\":\"张三\",\"code\":\"ABC\"}", "code", "pattern")); /* the whole text */
    EXPECT(breaks("{\"name\":\"张三\",\"code\":\"x123\"}", "code", "pattern"));
    EXPECT(says("代码格式不正确，请按要求填写"));
    EXPECT(breaks("{\"name\":\"张三\",\"color\":7}", "color", "unknown"));
    EXPECT(says("颜色不是有效的选项，请重新选择"));
    EXPECT(keeps("{\"name\":\"张三\",\"colors\":[7]}")); /* any_enum */
}

TEST(texts_from_the_wire_are_utf8)
{
    make("{}");
    sample->name = "a\xff";
    EXPECT(!rule_check(&sample->base, arena, &faults) && text_equal(faults.faults[0].code, "utf8"));
    EXPECT(faults.count == 1 && says("姓名含有无法识别的字符，请重新填写"));
    make("{\"name\":\"张三\",\"part\":{\"name\":\"x\"}}");
    sample->part->secret = "\xe5\xbb"; /* also where no rule is */
    EXPECT(!rule_check(&sample->base, arena, &faults));
    EXPECT(text_equal(faults.faults[0].field, "part.secret"));
}

TEST(all_faults_are_collected_up_to_the_maximum)
{
    make("{\"i32\":9,\"color\":9,\"part\":{\"count\":100}}");
    EXPECT(!rule_check(&sample->base, arena, &faults));
    EXPECT(faults.count == 5);
    buffer_t text = buffer_new(MEMORY);
    buffer_text(&text, "{\"name\":\"张三\",\"numbers\":[77");
    for (int i = 0; i < 500; i++)
        buffer_text(&text, ",77");
    buffer_text(&text, "]}");
    make(text.data);
    EXPECT(!rule_check(&sample->base, arena, &faults) && faults.count == RULE_FAULTS_MAX);
    EXPECT(text_equal(faults.faults[99].field, "numbers[99]"));
    buffer_free(&text);
    /* Without memory the faults are still counted. */
    make("{\"i32\":9,\"color\":9}");
    arena_t *none = arena_new(0);
    EXPECT(!rule_check(&sample->base, none, &faults) && faults.count == 3 &&
           !text_empty(faults.faults[1].message));
    arena_free(&none);
}

TEST(kinds)
{
    static const struct {
        kind_t kind;
        const char *text, *code;
    } cases[] = {
        {KIND_NONE, "anything\n", NULL},
        {KIND_ID, "01ARYZ6S41TSV4RRFFQ69G5FAV", NULL},
        {KIND_ID, "01ARYZ6S41TSV4RRFFQ69G5FA", "length"},
        {KIND_ID, "01aryz6s41tsv4rrffq69g5fav", "alphabet"},
        {KIND_RESIDENT_ID, "11010519491231002X", NULL},
        {KIND_RESIDENT_ID, "11010519491231002x", "check_digit"},
        {KIND_RESIDENT_ID, "11010529491231002X", "date"},
        {KIND_CREDIT_CODE, "91350100M000100Y43", NULL},
        {KIND_CREDIT_CODE, "91350100M000100Y44", "check_digit"},
        {KIND_MOBILE, "13800138000", NULL},
        {KIND_MOBILE, "12800138000", "type"},
        {KIND_BASE_CODE, "000117002000", NULL},
        {KIND_BASE_CODE, "160117002000", "division"},
        {KIND_IMPL_CODE, "11440100007482575H3440118009000", NULL},
        {KIND_IMPL_CODE, "11440100007482575H0440118009000", "level"},
        {KIND_ITEM_CODE, "11440100007482575H344011800900001", NULL},
        {KIND_ITEM_CODE, "11440100007482575H3440118009000", "length"},
        {KIND_DIVISION, "340100", NULL},
        {KIND_DIVISION, "3401", "length"},
        {KIND_DATE, "2024-02-29", NULL},
        {KIND_DATE, "2023-02-29", "date"},
        {KIND_EMAIL, "a.b+c@example.gov.cn", NULL},
        {KIND_EMAIL, "a@b", "format"},
        {KIND_EMAIL, "@b.cn", "format"},
        {KIND_EMAIL, "a@b..cn", "format"},
        {KIND_EMAIL, "a@-b.cn", "format"},
        {KIND_EMAIL, "a@b.cn-", "format"},
        {KIND_EMAIL, "a b@c.cn", "format"},
        {KIND_EMAIL, "a@b@c.cn", "format"},
        {KIND_EMAIL, "张@c.cn", "format"},
        {KIND_PHONE, "010-12345678", NULL},
        {KIND_PHONE, "+86 (551) 6260 1234", NULL},
        {KIND_PHONE, "12345", NULL},
        {KIND_PHONE, "12", "length"},
        {KIND_PHONE, "123456789012345678901", "length"},
        {KIND_PHONE, "010-1234转5", "alphabet"},
        {KIND_PHONE, "1+2345", "alphabet"},
        {KIND_PHONE, "1-------------------------------------------23", "length"},
        {KIND_CURVE_KEY, "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7", NULL},
        {KIND_CURVE_KEY, "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf", "length"},
        {KIND_CURVE_KEY, "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]y~7", "alphabet"},
        {KIND_LINE, "建筑工程 施工许可", NULL},
        {KIND_LINE, "a\tb", "control"},
        {KIND_LINE, "a\x7f", "control"},
        {KIND_LINE, "a\xc2\x85", "control"},
        {KIND_LINE, "a\xe2\x80\xae", "control"},
        {KIND_NAME, "case.accept_2-x", NULL},
        {KIND_NAME, "Case", "alphabet"},
        {KIND_NAME, "", "alphabet"},
        {KIND_URL, "https://www.gov.cn/a?b=c#d", NULL},
        {KIND_URL, "http://[::1]:80", NULL},
        {KIND_URL, "http://政务.cn/办", NULL},
        {KIND_URL, "ftp://x.cn", "format"},
        {KIND_URL, "javascript:alert(1)", "format"},
        {KIND_URL, "https://", "format"},
        {KIND_URL, "https:///x", "format"},
        {KIND_URL, "https://bank.cn@evil.cn/", "format"},
        {KIND_URL, "https://x.cn/a b", "format"},
        {KIND_URL, "https://x.cn/\"onload=", "format"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *message = NULL;
        const char *code = kind_check(cases[i].kind, cases[i].text, &message);
        EXPECT(text_equal(code, cases[i].code));
        if (!text_equal(code, cases[i].code))
            fprintf(stderr, "  %s: %s\n", cases[i].text, code ? code : "right");
        EXPECT(!code == !message);
    }
}

TEST(rules_by_field)
{
    const rule_t *rule = rule_of(&sample_t_descriptor, "id_number");
    EXPECT(rule && rule->kind == KIND_RESIDENT_ID &&
           rule == rule_of(&sample_t_descriptor, "idNumber"));
    EXPECT(!rule_of(&sample_t_descriptor, "u32") && !rule_of(&sample_t_descriptor, "nothing"));
    /* The generated tables are found, too. */
    rule = rule_of(&yw__violation__descriptor, "field");
    EXPECT(rule && rule->max_len == 200);
    rule = rule_of(&yw__meta__descriptor, "token");
    EXPECT(rule && rule->flags == RULE_SECRET);
    EXPECT(text_equal(label_of(&yw__level__descriptor, YW__LEVEL__LEVEL_BASIC), "初级"));
    EXPECT(text_equal(label_of(&color_descriptor, 5), "COLOR_BLUE"));
    EXPECT(text_equal(label_of(&color_descriptor, 4), ""));
}

TEST(generated_rules_follow_their_descriptors)
{
    for (size_t i = 0; i < contract_rule_count; i++) {
        const ProtobufCMessageDescriptor *type = contract_rules[i].message;
        for (const rule_t *rule = contract_rules[i].rules; rule->field; rule++)
            EXPECT(rule_of(type, rule->field) == rule);
    }
    for (size_t i = 0; i < contract_label_count; i++)
        EXPECT(contract_labels[i].type->magic == PROTOBUF_C__ENUM_DESCRIPTOR_MAGIC);
}

TEST(masks)
{
    make("{}");
    static const struct {
        kind_t kind;
        const char *text, *masked;
    } cases[] = {
        {KIND_LINE, "张三", "张*"},
        {KIND_LINE, "欧阳修文", "欧***"},
        {KIND_NONE, "张", "*"},
        {KIND_RESIDENT_ID, "11010519491231002X", "110***********002X"},
        {KIND_MOBILE, "13812341234", "138****1234"},
        {KIND_LINE, "11010519491231002X", "110***********002X"},
        {KIND_LINE, "北京市海淀区某路1号", "北***"},
        {KIND_EMAIL, "someone@example.cn", "s***"},
        {KIND_DATE, "1949-12-31", "1***"},
        {KIND_RESIDENT_ID, "12345", "1***"},
        {KIND_NONE, "\xff\xfe", "**"},
        {KIND_LINE, "买买提·艾则孜", "买***"},
        {KIND_NONE, "", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        EXPECT(text_equal(mask_text(cases[i].kind, cases[i].text, arena), cases[i].masked));
}

TEST(masked_messages_hold_no_secret)
{
    make(
        "{\"name\":\"张三\",\"idNumber\":\"11010519491231002X\",\"i32\":3,\"password\":\"hunter2\","
        "\"texts\":[\"13812341234\",\"13812341235\"],\"numbers\":[1,2],"
        "\"parts\":[{\"name\":\"表\",\"secret\":\"hunter3\"}],"
        "\"choicePart\":{\"name\":\"私事\",\"count\":7,\"leaves\":[{\"text\":\"abcde\","
        "\"seenAt\":\"2026-01-31T00:00:00Z\"}]}}");
    sample_t *masked = (sample_t *) rule_masked(&sample->base, arena);
    buffer_t out = buffer_new(MEMORY);
    json_print(&masked->base, false, &out);
    EXPECT(strcmp(out.data,
                  "{\"name\":\"张*\",\"idNumber\":\"110***********002X\",\"i32\":3,"
                  "\"parts\":[{\"name\":\"表\"}],\"texts\":[\"138****1234\",\"138****1235\"],"
                  "\"choicePart\":{\"name\":\"私*\",\"leaves\":[{\"text\":\"a***\"}]}}") == 0);
    EXPECT(strcmp(sample->password, "hunter2") == 0 && sample->n_numbers == 2); /* a copy */
    /* Unknown fields may hold anything: they go. */
    sample_t *unknown =
        (sample_t *) message_unpack(&sample_t_descriptor, arena, "\xfa\x7f\x01x", 4);
    EXPECT(unknown->base.n_unknown_fields == 1);
    EXPECT(rule_masked(&unknown->base, arena)->n_unknown_fields == 0);
    arena_t *small = arena_new(300);
    EXPECT(!rule_masked(&sample->base, small));
    arena_free(&small);
    buffer_free(&out);
}

static void *check_often(void *message)
{
    arena_t *own = arena_new(MEMORY);
    for (int i = 0; i < 200; i++) {
        faults_t found = {.count = 0};
        EXPECT(rule_check(message, own, &found));
        EXPECT(text_equal(label_of(&yw__level__descriptor, YW__LEVEL__LEVEL_BASIC), "初级"));
    }
    arena_free(&own);
    return NULL;
}

TEST(many_threads_at_once)
{
    make("{\"name\":\"张三\",\"code\":\"AB\",\"part\":{\"name\":\"x\"}}");
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, check_often, &sample->base);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

/* Whatever the bytes, checking and masking end, and what passes prints as valid JSON. */
TEST(survives_mutations)
{
    make(
        "{\"name\":\"张三\",\"idNumber\":\"11010519491231002X\",\"data\":\"AAAA\",\"code\":\"AB\","
        "\"part\":{\"name\":\"表\",\"leaves\":[{\"text\":\"x\"}]},\"texts\":[\"13800138000\"],"
        "\"madeAt\":\"2026-01-31T00:00:00Z\",\"numbers\":[1],\"colors\":[1],\"choiceText\":\"ab\"}");
    ProtobufCBinaryData good = message_pack(&sample->base, arena);
    arena_t *scratch = arena_new(1 << 17);
    buffer_t out = buffer_new(1 << 20);
    size_t passed = 0, broken = 0;
    srandom(5);
    for (int round = 0; round < 50000; round++) {
        uint8_t *bytes = malloc(good.len);
        memcpy(bytes, good.data, good.len);
        for (int i = 0; i < 1 + round % 3; i++)
            bytes[(size_t) random() % good.len] = (uint8_t) random();
        arena_reset(scratch);
        faults.count = 0;
        ProtobufCMessage *message = message_unpack(&sample_t_descriptor, scratch, bytes, good.len);
        if (message) {
            bool right = rule_check(message, scratch, &faults);
            EXPECT(right == (faults.count == 0));
            passed += right;
            broken += !right;
            EXPECT(rule_masked(message, scratch));
            if (right) {
                buffer_clear(&out);
                json_print(message, false, &out);
                EXPECT(text_is_utf8(out.data, out.size));
                sample_t *back = (sample_t *) message_new(&sample_t_descriptor, scratch);
                EXPECT(json_parse(out.data, out.size, scratch, &back->base, &faults));
            }
        }
        free(bytes);
    }
    EXPECT(passed > 500 && broken > 500);
    buffer_free(&out);
    arena_free(&scratch);
    arena_free(&arena);
}
