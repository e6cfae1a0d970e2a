#include "message.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "sample.h"
#include "text.h"
#include "test.h"

#define MEMORY (1 << 20)

static arena_t *arena;

static sample_t *fresh(void)
{
    arena_free(&arena);
    arena = arena_new(MEMORY);
    return (sample_t *) message_new(&sample_t_descriptor, arena);
}

static const char *set(sample_t *sample, const char *name, const char *text)
{
    const ProtobufCFieldDescriptor *field = message_field(&sample_t_descriptor, name, strlen(name));
    EXPECT(field);
    const char *fault = message_set_text(&sample->base, field, text, strlen(text), arena);
    return fault ? fault : "";
}

TEST(names)
{
    char out[40];
    message_camel("id_number", out);
    EXPECT(strcmp(out, "idNumber") == 0);
    message_camel("a__b_2c_", out);
    EXPECT(strcmp(out, "aB2c") == 0);
    const ProtobufCFieldDescriptor *field = message_field(&sample_t_descriptor, "id_number", 9);
    EXPECT(field && field->id == 2);
    EXPECT(message_field(&sample_t_descriptor, "idNumber", 8) == field);
    EXPECT(message_field(&sample_t_descriptor, "idNumberX", 8) == field);
    EXPECT(!message_field(&sample_t_descriptor, "idNumbe", 7));
    EXPECT(!message_field(&sample_t_descriptor, "id\0number", 9));
    EXPECT(!message_field(&sample_t_descriptor, "name\0x", 6));
    EXPECT(!message_field(&sample_t_descriptor, "", 0));
    for (size_t i = 0; i < sample_t_descriptor.n_fields; i++) {
        field = &sample_t_descriptor.fields[i];
        EXPECT(message_field(&sample_t_descriptor, field->name, strlen(field->name)) == field);
    }
}

TEST(sets_fields_from_texts)
{
    sample_t *s = fresh();
    EXPECT(*set(s, "name", "张三") == 0 && strcmp(s->name, "张三") == 0);
    EXPECT(text_equal(set(s, "name", "\xff"), "utf8"));
    EXPECT(*set(s, "i32", "-2147483648") == 0 && s->i32 == INT_MIN);
    EXPECT(text_equal(set(s, "i32", "2147483648"), "range"));
    EXPECT(text_equal(set(s, "i32", "12a"), "type") && text_equal(set(s, "i32", "0x10"), "type"));
    EXPECT(*set(s, "i32", "") == 0 && s->i32 == INT_MIN);
    EXPECT(*set(s, "i64", "9223372036854775807") == 0 && s->i64 == INT64_MAX);
    EXPECT(text_equal(set(s, "i64", "9223372036854775808"), "range"));
    EXPECT(*set(s, "i64", "-9223372036854775808") == 0 && s->i64 == INT64_MIN);
    EXPECT(*set(s, "u64", "18446744073709551615") == 0 && s->u64 == UINT64_MAX);
    EXPECT(text_equal(set(s, "u64", "18446744073709551616"), "range"));
    EXPECT(text_equal(set(s, "u64", "-1"), "range") &&
           text_equal(set(s, "u32", "4294967296"), "range"));
    EXPECT(*set(s, "f64", "1.5e3") == 0 && s->f64 == 1500);
    EXPECT(text_equal(set(s, "f64", "1e999"), "range") && text_equal(set(s, "f64", "inf"), "type"));
    EXPECT(text_equal(set(s, "f32", "1e39"), "range") && text_equal(set(s, "f64", "1 "), "type"));
    static const char *const yes[] = {"true", "1", "on"}, *const no[] = {"false", "0"};
    for (int i = 0; i < 3; i++)
        EXPECT(*set(s, "flag", yes[i]) == 0 && s->flag == 1);
    for (int i = 0; i < 2; i++)
        EXPECT(*set(s, "flag", no[i]) == 0 && s->flag == 0);
    EXPECT(text_equal(set(s, "flag", "yes"), "type"));
    EXPECT(*set(s, "color", "COLOR_BLUE") == 0 && s->color == 5);
    EXPECT(*set(s, "color", "1") == 0 && s->color == 1);
    EXPECT(text_equal(set(s, "color", "BLUE"), "type"));
    EXPECT(*set(s, "data", "Zm9v") == 0 && s->data.len == 3 && memcmp(s->data.data, "foo", 3) == 0);
    EXPECT(text_equal(set(s, "data", "Zm9v="), "type"));
    EXPECT(*set(s, "made_at", "2026-01-31T08:00:00+08:00") == 0);
    EXPECT(timestamp_ms(s->made_at) == 1769817600000);
    EXPECT(text_equal(set(s, "made_at", "yesterday"), "type"));
    EXPECT(text_equal(set(s, "part", "x"), "type"));
    for (int i = 0; i < 20; i++)
        EXPECT(*set(s, "numbers", "7") == 0 && *set(s, "texts", "x") == 0);
    EXPECT(s->n_numbers == 20 && s->numbers[19] == 7 && s->n_texts == 20);
    EXPECT(text_equal(set(s, "numbers", "x"), "type") && s->n_numbers == 20);
    EXPECT(*set(s, "choice_number", "3") == 0 && s->choice_case == 21 && s->choice_number == 3);
    EXPECT(text_equal(set(s, "choice_number", "x"), "type") && s->choice_number == 3);

    arena_t *small = arena_new(10);
    EXPECT(text_equal(message_set_text(&s->base, &sample_t_fields[0], "longer than ten", 15, small),
                      "memory"));
    arena_free(&small);
}

TEST(has_what_was_set)
{
    sample_t *s = fresh();
    for (size_t i = 0; i < sample_t_descriptor.n_fields; i++)
        EXPECT(!message_has(&s->base, &sample_t_fields[i]));
    set(s, "name", "x");
    set(s, "i64", "4294967296"); /* only the upper half is not zero */
    set(s, "choiceNumber", "0"); /* a member of a oneof has presence */
    for (size_t i = 0; i < sample_t_descriptor.n_fields; i++)
        EXPECT(message_has(&s->base, &sample_t_fields[i]) == (i == 0 || i == 3 || i == 20));
}

TEST(packs_unpacks_and_copies)
{
    sample_t *s = fresh();
    EXPECT(message_pack(&s->base, arena).data && message_pack(&s->base, arena).len == 0);
    set(s, "name", "张三");
    set(s, "numbers", "1");
    set(s, "numbers", "-1");
    set(s, "choice_text", "x");
    s->part = (part_t *) message_new(&part_t_descriptor, arena);
    s->part->name = "表";
    sample_t *copy = (sample_t *) message_copy(&s->base, arena);
    EXPECT(copy && copy != s && copy->name != s->name && strcmp(copy->name, "张三") == 0);
    EXPECT(copy->n_numbers == 2 && copy->numbers[1] == -1 && copy->choice_case == 20);
    EXPECT(strcmp(copy->part->name, "表") == 0 && !copy->made_at);

    arena_t *small = arena_new(200);
    EXPECT(!message_copy(&s->base, small) && !message_new(&sample_t_descriptor, small));
    arena_free(&small);
}

TEST(refuses_unsound_bytes)
{
    fresh();
    EXPECT(message_unpack(&sample_t_descriptor, arena, NULL, 0));
    EXPECT(message_unpack(&sample_t_descriptor, arena,
                          "\x0a\x03"
                          "abc",
                          5));
    EXPECT(!message_unpack(&sample_t_descriptor, arena,
                           "\x0a\x03"
                           "a\0c",
                           5)); /* NUL in a text */
    EXPECT(!message_unpack(&sample_t_descriptor, arena,
                           "\x62\x05\x0a\x03"
                           "a\0c",
                           7));
    EXPECT(message_unpack(&sample_t_descriptor, arena,
                          "\x52\x03"
                          "a\0c",
                          5)); /* fine in bytes */
    EXPECT(!message_unpack(&sample_t_descriptor, arena,
                           "\x0a\x04"
                           "abc",
                           5));                                      /* cut off */
    EXPECT(!message_unpack(&sample_t_descriptor, arena, "\x0b", 1)); /* a group */
    EXPECT(!message_unpack(&sample_t_descriptor, arena, "\xff\xff", 2));
    EXPECT(!message_unpack(&sample_t_descriptor, arena, "\x82\x00\x01\x01", 4)); /* field 0 */
    EXPECT(message_unpack(&sample_t_descriptor, arena, "\xfa\x7f\x01\x00", 4));  /* unknown field */
}

TEST(times)
{
    fresh();
    EXPECT(!timestamp_make(arena, 0) && timestamp_ms(NULL) == 0);
    static const int64_t times[] = {1, -1, 999, -999, -1000, -1001, 1769817600123};
    for (size_t i = 0; i < COUNT(times); i++) {
        Google__Protobuf__Timestamp *time = timestamp_make(arena, times[i]);
        EXPECT(time->nanos >= 0 && timestamp_ms(time) == times[i]);
    }
    Google__Protobuf__Timestamp far = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    far.seconds = INT64_MAX;
    EXPECT(timestamp_ms(&far) == 253402300799999);
    far.seconds = INT64_MIN;
    EXPECT(timestamp_ms(&far) == -62135596800000);
}

/* Random bytes and mutations of good ones: never a crash, and what is taken can be packed. */
TEST(survives_any_bytes)
{
    sample_t *s = fresh();
    set(s, "name", "张三");
    set(s, "texts", "abc");
    set(s, "numbers", "77");
    set(s, "made_at", "2026-01-31T08:00:00Z");
    s->part = (part_t *) message_new(&part_t_descriptor, arena);
    s->part->name = "x";
    ProtobufCBinaryData good = message_pack(&s->base, arena);
    arena_t *scratch = arena_new(1 << 16);
    srandom(3);
    for (int round = 0; round < 50000; round++) {
        uint8_t bytes[100];
        memcpy(bytes, good.data, good.len);
        for (int i = 0; i < 1 + round % 4; i++)
            bytes[random() % (long) good.len] = (uint8_t) random();
        ProtobufCMessage *message = message_unpack(&sample_t_descriptor, scratch, bytes,
                                                   (size_t) random() % (good.len + 1));
        if (message)
            EXPECT(message_copy(message, scratch) || arena_used(scratch) > 1000);
        arena_reset(scratch);
    }
    arena_free(&scratch);
    arena_free(&arena);
}
