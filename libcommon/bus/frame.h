/* frame.h - the header frame of every message on the bus, as bytes and back.
 *
 * A CALL is [header] [meta] [body], an ANSWER [header] [body], every other message
 * [header] alone.  Meta and body are protobuf and opaque to the broker.  docs/bus.md is
 * the protocol; this file is its grammar in C.
 *
 *   offset size
 *        0    4  magic "YW01"
 *        4    1  command
 *        5    1  status: in ANSWER the gRPC code, else 0
 *        6    2  window: in READY the calls the worker will hold, else 0   (big endian, as all numbers)
 *        8    4  timeout_ms: in CALL the time left, else 0
 *       12    8  call: chosen by the asking side, comes back in ANSWER
 *       20    1  n, then n bytes of name: in CALL "case.Accept", in READY and DRAIN "case" or nothing
 *     21+n    1  m, then m bytes of sender: written by the broker, see below; from a peer always empty
 *
 * Sender, in a CALL that the broker passes on: "" a local process (ipc), or
 * "system:ID:DEPARTMENT" of a CURVE key, whatever the message itself says. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "status.h"

#define FRAME_MAGIC      "YW01"
#define FRAME_NAME_MAX   64
#define FRAME_SENDER_MAX 96
#define FRAME_HEADER_MAX (22 + FRAME_NAME_MAX + FRAME_SENDER_MAX)
#define FRAME_META_MAX   (8u << 10)
#define FRAME_BODY_MAX   (4u << 20)

typedef enum {
    COMMAND_READY = 1, /* peer: here I am; as worker for service `name`, window calls at once;
                        * as asker only: no name, window 0 */
    COMMAND_CALL = 2,
    COMMAND_ANSWER = 3,
    COMMAND_DRAIN = 4, /* worker: no more for me, answers still come; the broker says it back when
                        * the last is sent.  Without a name, from a broker: ask another broker */
    COMMAND_BYE = 5,   /* either side: I am gone */
    COMMAND_HEARTBEAT = 6,
    COMMAND_CANCEL = 7 /* asking side: nobody waits for `call` any more */
} command_t;

typedef struct {
    command_t command;
    status_t status;
    uint16_t window;
    uint32_t timeout_ms;
    uint64_t call;
    char name[FRAME_NAME_MAX + 1];
    char sender[FRAME_SENDER_MAX + 1];
} frame_t;

/* Gives the size written. */
size_t frame_write(const frame_t *frame, uint8_t out[FRAME_HEADER_MAX]);
/* False: not a header of ours; names hold [A-Za-z0-9._-] only (a sender ':' as well), what the
 * command does not use is zero, nothing follows. */
bool frame_read(const void *data, size_t size, frame_t *ret);
