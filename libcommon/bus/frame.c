/* frame.c - see frame.h.
 *
 * Reading is strict: a field that a command does not use must be zero.  So there is
 * exactly one way to write each header, and frame_write(frame_read(x)) is x. */
#include "frame.h"
#include <string.h>

enum { AT_COMMAND = 4, AT_STATUS = 5, AT_WINDOW = 6, AT_TIMEOUT = 8, AT_CALL = 12, AT_NAME = 20 };

/* Which fields each command uses; a row of zeros is no command. */
typedef struct {
    bool known, status, window, timeout, call, name;
} use_t;

static const use_t USES[] = {
    [COMMAND_READY] = {.known = true, .window = true, .name = true},
    [COMMAND_CALL] = {.known = true, .timeout = true, .call = true, .name = true},
    [COMMAND_ANSWER] = {.known = true, .status = true, .call = true},
    [COMMAND_DRAIN] = {.known = true, .name = true},
    [COMMAND_BYE] = {.known = true},
    [COMMAND_HEARTBEAT] = {.known = true},
    [COMMAND_CANCEL] = {.known = true, .call = true},
};
#define USE_COUNT (sizeof USES / sizeof USES[0])

static void put(uint8_t *out, uint64_t value, int bytes)
{
    while (bytes-- > 0) {
        out[bytes] = (uint8_t) value;
        value >>= 8;
    }
}

static uint64_t take(const uint8_t *in, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | in[i];
    return value;
}

static size_t put_text(uint8_t *out, const char *text, size_t max)
{
    size_t size = strnlen(text, max);
    out[0] = (uint8_t) size;
    memcpy(out + 1, text, size);
    return 1 + size;
}

size_t frame_write(const frame_t *frame, uint8_t out[FRAME_HEADER_MAX])
{
    memcpy(out, FRAME_MAGIC, 4);
    out[AT_COMMAND] = (uint8_t) frame->command;
    out[AT_STATUS] = (uint8_t) frame->status;
    put(out + AT_WINDOW, frame->window, 2);
    put(out + AT_TIMEOUT, frame->timeout_ms, 4);
    put(out + AT_CALL, frame->call, 8);
    size_t size = AT_NAME;
    size += put_text(out + size, frame->name, FRAME_NAME_MAX);
    size += put_text(out + size, frame->sender, FRAME_SENDER_MAX);
    return size;
}

static bool is_name(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/* Reads a counted text; `also` is one more allowed character.  Gives what follows, or NULL. */
static const uint8_t *take_text(const uint8_t *at, const uint8_t *end, size_t max, uint8_t also,
                                char *ret)
{
    if (at == end)
        return NULL;
    size_t size = *at++;
    if (size > max || size > (size_t) (end - at))
        return NULL;
    for (size_t i = 0; i < size; i++)
        if (!is_name(at[i]) && at[i] != also)
            return NULL;
    memcpy(ret, at, size);
    ret[size] = 0;
    return at + size;
}

bool frame_read(const void *data, size_t size, frame_t *ret)
{
    const uint8_t *in = data;
    if (size < AT_NAME + 2 || size > FRAME_HEADER_MAX || memcmp(in, FRAME_MAGIC, 4) != 0)
        return false;
    const uint8_t *end = in + size;
    if (in[AT_COMMAND] >= USE_COUNT || !USES[in[AT_COMMAND]].known)
        return false;

    frame_t frame;
    frame.command = in[AT_COMMAND];
    frame.status = in[AT_STATUS];
    frame.window = (uint16_t) take(in + AT_WINDOW, 2);
    frame.timeout_ms = (uint32_t) take(in + AT_TIMEOUT, 4);
    frame.call = take(in + AT_CALL, 8);
    const uint8_t *at = take_text(in + AT_NAME, end, FRAME_NAME_MAX, '.', frame.name);
    if (at)
        at = take_text(at, end, FRAME_SENDER_MAX, ':', frame.sender);
    if (at != end)
        return false;

    const use_t *use = &USES[frame.command];
    if ((!use->status && frame.status) || (!use->window && frame.window) ||
        (!use->timeout && frame.timeout_ms) || (!use->call && frame.call) ||
        (!use->name && frame.name[0]) || (frame.command != COMMAND_CALL && frame.sender[0]))
        return false;
    if (frame.status > STATUS_UNAUTHENTICATED)
        return false;
    /* A worker names its service and takes at least one call; an asker does neither. */
    if (frame.command == COMMAND_READY && !frame.name[0] != !frame.window)
        return false;
    if (frame.command == COMMAND_CALL && !frame.name[0])
        return false;

    *ret = frame;
    return true;
}
