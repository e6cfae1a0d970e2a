/* frame_test.c - what is a header of ours and what is not. */
#include "frame.h"
#include <stdlib.h>
#include <string.h>
#include "test.h"

static const frame_t CALL = {.command = COMMAND_CALL,
                             .timeout_ms = 5000,
                             .call = 0x0102030405060708,
                             .name = "case.Accept",
                             .sender = "system:housing-1:housing"};

static bool same(const frame_t *a, const frame_t *b)
{
    return a->command == b->command && a->status == b->status && a->window == b->window &&
           a->timeout_ms == b->timeout_ms && a->call == b->call && strcmp(a->name, b->name) == 0 &&
           strcmp(a->sender, b->sender) == 0;
}

static bool reads(const frame_t *frame)
{
    uint8_t bytes[FRAME_HEADER_MAX];
    frame_t back;
    return frame_read(bytes, frame_write(frame, bytes), &back) && same(frame, &back);
}

/* The bytes of docs/bus.md: a foreign client is written from these. */
TEST(frame_bytes_are_those_of_the_protocol)
{
    frame_t frame = {.command = COMMAND_CALL, .timeout_ms = 5000, .call = 7, .name = "case.Get"};
    static const uint8_t expected[] = "YW01\x02\0\0\0\0\0\x13\x88\0\0\0\0\0\0\0\x07\x08"
                                      "case.Get\0";
    uint8_t bytes[FRAME_HEADER_MAX];
    size_t size = frame_write(&frame, bytes);
    EXPECT(size == sizeof expected - 1);
    EXPECT(memcmp(bytes, expected, size) == 0);
}

TEST(frame_every_command_comes_back)
{
    EXPECT(reads(&CALL));
    EXPECT(reads(&(frame_t){.command = COMMAND_READY, .name = "case", .window = 256}));
    EXPECT(reads(&(frame_t){.command = COMMAND_READY}));
    EXPECT(reads(&(frame_t){.command = COMMAND_ANSWER, .status = 16, .call = UINT64_MAX}));
    EXPECT(reads(&(frame_t){.command = COMMAND_DRAIN, .name = "case"}));
    EXPECT(reads(&(frame_t){.command = COMMAND_DRAIN}));
    EXPECT(reads(&(frame_t){.command = COMMAND_BYE}));
    EXPECT(reads(&(frame_t){.command = COMMAND_HEARTBEAT}));
    EXPECT(reads(&(frame_t){.command = COMMAND_CANCEL, .call = 1}));
}

TEST(frame_names_as_long_as_allowed)
{
    frame_t frame = {.command = COMMAND_CALL, .timeout_ms = 1};
    memset(frame.name, 'n', FRAME_NAME_MAX);
    memset(frame.sender, 's', FRAME_SENDER_MAX);
    uint8_t bytes[FRAME_HEADER_MAX];
    EXPECT(frame_write(&frame, bytes) == FRAME_HEADER_MAX);
    EXPECT(reads(&frame));
}

/* One way to write each header: what a command does not use is zero. */
TEST(frame_unused_fields_must_be_zero)
{
    EXPECT(!reads(&(frame_t){.command = COMMAND_HEARTBEAT, .call = 1}));
    EXPECT(!reads(&(frame_t){.command = COMMAND_HEARTBEAT, .status = 1}));
    EXPECT(!reads(&(frame_t){.command = COMMAND_BYE, .name = "x"}));
    EXPECT(!reads(&(frame_t){.command = COMMAND_ANSWER, .timeout_ms = 1}));
    EXPECT(!reads(&(frame_t){.command = COMMAND_ANSWER, .sender = "system:a:b"}));
    EXPECT(!reads(&(frame_t){.command = COMMAND_CALL, .name = "a.B", .window = 1}));
    EXPECT(!reads(&(frame_t){.command = COMMAND_ANSWER, .status = 17}));
    EXPECT(!reads(&(frame_t){.command = COMMAND_CALL}));
    EXPECT(!reads(&(frame_t){.command = COMMAND_READY, .name = "case"}));
    EXPECT(!reads(&(frame_t){.command = COMMAND_READY, .window = 1}));
    EXPECT(!reads(&(frame_t){.command = 0}));
    EXPECT(!reads(&(frame_t){.command = 8}));
}

TEST(frame_names_hold_plain_characters_only)
{
    frame_t frame = CALL;
    for (int c = 1; c < 256; c++) {
        frame.name[0] = (char) c;
        bool plain = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", c);
        EXPECT(reads(&frame) == plain);
    }
    frame = CALL;
    uint8_t bytes[FRAME_HEADER_MAX];
    size_t size = frame_write(&frame, bytes);
    bytes[22] = 0; /* a zero inside would end the name early */
    EXPECT(!frame_read(bytes, size, &frame));
}

TEST(frame_cut_or_longer_is_refused)
{
    uint8_t bytes[FRAME_HEADER_MAX + 1] = {0};
    frame_t frame;
    size_t size = frame_write(&CALL, bytes);
    for (size_t cut = 0; cut < size; cut++)
        EXPECT(!frame_read(bytes, cut, &frame));
    EXPECT(!frame_read(bytes, size + 1, &frame));
    EXPECT(!frame_read(NULL, 0, &frame));
}

TEST(frame_ret_is_untouched_on_failure)
{
    frame_t frame = CALL;
    EXPECT(!frame_read("YW01", 4, &frame));
    EXPECT(same(&frame, &CALL));
}

/* Whatever is read writes back to the same bytes. */
TEST(frame_mutations)
{
    srand(1);
    int read = 0;
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[FRAME_HEADER_MAX], back[FRAME_HEADER_MAX];
        size_t size = frame_write(&CALL, bytes);
        for (int n = rand() % 3; n >= 0; n--)
            bytes[(size_t) rand() % size] = (uint8_t) (rand() % 2 ? rand() : rand() % 8);
        if (rand() % 8 == 0)
            size = (size_t) rand() % (size + 1);
        frame_t frame;
        if (!frame_read(bytes, size, &frame))
            continue;
        read++;
        if (frame_write(&frame, back) != size || memcmp(bytes, back, size) != 0) {
            EXPECT(!"written differently");
            return;
        }
    }
    EXPECT(read > 10000);
}
