/* fuzz_rules.c - any bytes as a message from the bus: unpacked, checked, masked, and what keeps
 * the rules prints as JSON that reads back.  The first two bytes choose the message; 0 is
 * the sample. */
#include <string.h>
#include "json.h"
#include "message.h"
#include "rule.h"
#include "sample.h"
#include "text.h"
#include "check.h"

#define MEMORY (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCMessageDescriptor *choose(const uint8_t choice[2])
{
    size_t i = (choice[0] | (size_t) choice[1] << 8) % (contract_rule_count + 1);
    return i ? contract_rules[i - 1].message : &sample_t_descriptor;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    arena_t *arena = arena_new(MEMORY);
    faults_t faults = {.count = 0};
    buffer_t out = buffer_new(8 * MEMORY);
    ProtobufCMessage *message = message_unpack(choose(data), arena, data + 2, size - 2);
    if (message && rule_check(message, arena, &faults)) {
        CHECK(faults.count == 0);
        json_print(message, false, &out);
        CHECK(!out.full && text_is_utf8(out.data, out.size));
        ProtobufCMessage *back = message_new(message->descriptor, arena);
        CHECK((back && json_parse(out.data, out.size, arena, back, &faults)) ||
              arena_used(arena) > MEMORY / 2);
    } else if (message) {
        CHECK(faults.count > 0);
    }
    if (message)
        CHECK(rule_masked(message, arena) || arena_used(arena) > MEMORY / 4);

    /* The same bytes as one text of each kind. */
    char *text = arena_copy(arena, data + 2, size - 2);
    for (kind_t kind = KIND_NONE; text && kind <= KIND_URL; kind++) {
        const char *sentence = NULL;
        CHECK(!kind_check(kind, text, &sentence) == !sentence);
        const char *masked = mask_text(kind, text, arena);
        CHECK(!masked || !text_is_utf8(text, strlen(text)) || text_is_utf8(masked, strlen(masked)));
    }
    buffer_free(&out);
    arena_free(&arena);
    return 0;
}
