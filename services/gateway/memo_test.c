#include "memo.h"

#include <stdio.h>
#include <stdlib.h>

#include "arena.h"
#include "check.h"
#include "message.h"
#include "test.h"
#include "text.h"
#include "yiwang/identity.pb-c.h"

#define NOW 5000

static const method_t *method(void)
{
    const method_t *found = contract_method("identity.GetDepartment");
    CHECK(found);
    return found;
}

static ProtobufCBinaryData request(const char *text)
{
    return (ProtobufCBinaryData){strlen(text), (uint8_t *) text};
}

static memo_entry_t *put(memo_t *self, const char *key, const char *name, int64_t now_ms)
{
    arena_t *arena = arena_new(1u << 20);
    Identity__Department department = IDENTITY__DEPARTMENT__INIT;
    department.name = name;
    ProtobufCBinaryData packed = message_pack(&department.base, arena);
    memo_entry_t *entry = memo_put(self, method(), request(key), packed.data, packed.len, now_ms);
    arena_free(&arena);
    return entry;
}

static bool is(const memo_entry_t *entry, const char *name)
{
    return entry && text_equal(((const Identity__Department *) memo_message(entry))->name, name);
}

TEST(memo_remembers_for_a_moment)
{
    memo_t *memo = memo_new();
    EXPECT(!memo_find(memo, method(), request("a"), NOW));
    memo_entry_t *first = put(memo, "a", "甲", NOW);
    memo_entry_t *found = memo_find(memo, method(), request("a"), NOW + MEMO_MS - 1);
    EXPECT(is(first, "甲") && found == first);
    EXPECT(!memo_find(memo, method(), request("b"), NOW));
    EXPECT(!memo_find(memo, contract_method("identity.GetAgreement"), request("a"), NOW));
    EXPECT(!memo_find(memo, method(), request("a"), NOW + MEMO_MS));
    EXPECT(is(found, "甲")); /* who holds it still has it */
    memo_release(&found);
    EXPECT(!found && is(first, "甲"));
    memo_release(&first);
    memo_release(&first);
    memo_free(&memo);
}

TEST(memo_keeps_the_first_of_two)
{
    memo_t *memo = memo_new();
    memo_entry_t *first = put(memo, "a", "甲", NOW);
    EXPECT(!put(memo, "a", "乙", NOW));
    memo_release(&first);
    memo_entry_t *found = memo_find(memo, method(), request("a"), NOW);
    EXPECT(is(found, "甲"));
    memo_release(&found);
    memo_free(&memo);
}

TEST(memo_remembers_that_there_is_none)
{
    memo_t *memo = memo_new();
    memo_entry_t *none = memo_put(memo, method(), request("a"), NULL, 0, NOW);
    EXPECT(none && !memo_message(none));
    memo_release(&none);
    none = memo_find(memo, method(), request("a"), NOW + 1);
    EXPECT(none && !memo_message(none));
    memo_release(&none);
    memo_free(&memo);
}

TEST(memo_refuses_what_it_cannot_keep)
{
    static char large[1024];
    memo_t *memo = memo_new();
    memset(large, 'x', sizeof large - 1);
    EXPECT(!put(memo, large, "甲", NOW));
    EXPECT(!memo_put(memo, method(), request("a"), "\xff\xff", 2, NOW));
    EXPECT(!memo_put(memo, method(), request("a"), large, MEMO_ANSWER_MAX + 1, NOW));
    memo_free(&memo);
}

TEST(memo_is_bounded)
{
    memo_t *memo = memo_new();
    char key[16];
    for (int i = 0; i <= MEMO_ENTRIES_MAX; i++) {
        snprintf(key, sizeof key, "%d", i);
        memo_entry_t *entry = put(memo, key, "甲", NOW);
        EXPECT(entry != NULL);
        memo_release(&entry);
    }
    EXPECT(!memo_find(memo, method(), request("0"), NOW));
    memo_entry_t *found = memo_find(memo, method(), request("1"), NOW);
    EXPECT(found != NULL);
    memo_release(&found);
    memo_free(&memo);
}
