/* fuzz_form.c - what a stranger's form meets: body to pairs, pairs to message, rules, and back.
 *
 * Input: a digit that chooses the request, content-type "\n" body. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buffer.h"
#include "check.h"
#include "form.h"
#include "json.h"
#include "message.h"
#include "text.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"
#include "yiwang/identity.pb-c.h"

static const ProtobufCMessageDescriptor *const requests[] = {
    &case__apply_request__descriptor,           &case__send_correction_request__descriptor,
    &catalog__update_draft_request__descriptor, &identity__login_request__descriptor,
    &catalog__import_items_request__descriptor, &identity__add_system_key_request__descriptor,
    &case__decide_request__descriptor,          &case__save_draft_request__descriptor,
};
#define REQUESTS (sizeof requests / sizeof *requests)

/* What comes back after a log-in is what was typed, without secrets. */
static void print_and_read(const form_pairs_t *pairs, const ProtobufCMessageDescriptor *type,
                           arena_t *arena)
{
    buffer_t out = buffer_new(16u << 20);
    form_print(pairs, type, &out);
    CHECK(!out.full);
    form_pairs_t *again;
    problem_t problem =
        form_read(SPAN("application/x-www-form-urlencoded"),
                  span(out.data ? out.data : "", out.size), PAGE_FORM_MAX, arena, &again);
    if (problem == PROBLEM_NONE) {
        size_t j = 0;
        for (size_t i = 0; i < pairs->count; i++) {
            const form_pair_t *pair = &pairs->pairs[i];
            if (text_equal(pair->name, "_token") || text_equal(pair->name, "_key") ||
                form_secret(type, pair->name))
                continue;
            if (!*pair->name && !pair->size)
                continue; /* "=" between two "&" */
            CHECK(j < again->count);
            while (!*again->pairs[j].name && !again->pairs[j].size)
                j++;
            CHECK(text_equal(again->pairs[j].name, pair->name) &&
                  text_equal(again->pairs[j].value, pair->value));
            j++;
        }
    } else {
        CHECK(problem == PROBLEM_TOO_LARGE); /* the arena */
    }
    buffer_free(&out);
}

static void look_at_faults(const form_tree_t *tree, const faults_t *faults, arena_t *arena)
{
    for (size_t i = 0; i < faults->count; i++) {
        const fault_t *fault = &faults->faults[i];
        CHECK(strlen(fault->field) <= FORM_NAME_MAX && *fault->code && *fault->message);
        CHECK(text_is_utf8(fault->message, strlen(fault->message)));
        CHECK(form_fault(faults, fault->field));
        CHECK(!strpbrk(form_anchor("f", fault->field, arena), " \"'<>&"));
        CHECK(form_path(tree, fault->field, arena));
    }
}

static void round_trip(const ProtobufCMessage *message, arena_t *arena)
{
    ProtobufCBinaryData packed = message_pack(message, arena);
    const ProtobufCMessage *again =
        packed.data ? message_unpack(message->descriptor, arena, packed.data, packed.len) : NULL;
    if (!again)
        return; /* past the arena */
    buffer_t text = buffer_new(64u << 20);
    json_print(again, true, &text);
    CHECK(!text.full);
    buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static faults_t faults;
    if (size < 1)
        return 0;
    const ProtobufCMessageDescriptor *type = requests[data[0] % REQUESTS];
    span_t body, content_type = span_cut(span((const char *) data + 1, size - 1), '\n', &body);
    arena_t *arena = arena_new(8u << 20);
    form_pairs_t *pairs = NULL;
    faults.count = 0;
    if (form_read(content_type, body, form_text_max(type), arena, &pairs) == PROBLEM_NONE) {
        form_plan_t plan = {.lenient = data[0] & 0x80, .files = data[0] & 0x40 ? "file" : NULL};
        ProtobufCMessage *message = message_new(type, arena);
        form_tree_t *tree = NULL;
        bool filled = message && form_fill(&plan, pairs, arena, message, &faults, &tree);
        CHECK(filled == (faults.count == 0) || !message);
        bool good = message && form_check(tree, message, arena, &faults);
        CHECK(good == (faults.count == 0) || !message);
        look_at_faults(tree, &faults, arena);
        if (good)
            round_trip(message, arena);
        for (size_t i = 0; i < pairs->count; i++)
            CHECK(form_typed_is(pairs, pairs->pairs[i].name, pairs->pairs[i].value));
        print_and_read(pairs, type, arena);
    }
    arena_free(&arena);
    return 0;
}
