/* fuzz_json.c - any text as JSON: into the sample message and a tree, both agree, and what
 * is taken prints and reads back the same.  The first byte chooses a message of the
 * contract that has to survive the text, too. */
#include <string.h>
#include "json.h"
#include "message.h"
#include "sample.h"
#include "text.h"
#include "check.h"

#define MEMORY (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool parse(const ProtobufCMessageDescriptor *type, const char *text, size_t size,
                  arena_t *arena, ProtobufCMessage **ret)
{
    faults_t faults = {.count = 0};
    *ret = message_new(type, arena);
    bool good = json_parse(text, size, arena, *ret, &faults);
    CHECK(good == (faults.count == 0));
    for (size_t i = 0; i < faults.count; i++) {
        const fault_t *fault = &faults.faults[i];
        CHECK(strlen(fault->field) <= 200 && text_is_utf8(fault->field, strlen(fault->field)));
        CHECK(!text_empty(fault->code) && !text_empty(fault->message));
    }
    return good;
}

/* Prints, reads, prints: the two texts are one. */
static void check_round(const ProtobufCMessage *message, arena_t *arena)
{
    buffer_t first = buffer_new(8 * MEMORY), second = buffer_new(8 * MEMORY);
    json_print(message, false, &first);
    CHECK(!first.full && text_is_utf8(first.data, first.size));
    ProtobufCMessage *again;
    if (parse(message->descriptor, first.data, first.size, arena, &again)) {
        json_print(again, false, &second);
        CHECK(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
    } else {
        CHECK(arena_used(arena) > MEMORY / 2); /* only for want of memory */
    }
    buffer_free(&first);
    buffer_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    const char *text = (const char *) data + 1;
    arena_t *arena = arena_new(MEMORY);
    ProtobufCMessage *message, *other;
    bool good = parse(&sample_t_descriptor, text, --size, arena, &message);

    const char *error;
    size_t at;
    const json_t *tree = json_read(text, size, arena, &error, &at);
    CHECK(tree || at <= size);
    CHECK(tree || !good || arena_used(arena) > MEMORY / 2);
    if (tree && arena_used(arena) < MEMORY / 4) {
        faults_t faults = {.count = 0};
        other = message_new(&sample_t_descriptor, arena);
        CHECK(json_to_message(tree, arena, other, NULL, &faults) == good);
    }
    if (good)
        check_round(message, arena);

    arena_reset(arena);
    const rule_set_t *set = &contract_rules[data[0] * 7u % contract_rule_count];
    if (parse(set->message, text, size, arena, &message))
        check_round(message, arena);
    arena_free(&arena);
    return 0;
}
