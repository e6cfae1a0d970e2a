/* zap.c - see zap.h; https://rfc.zeromq.org/spec/27/
 *
 * request: version, request id, domain, address, routing id, mechanism, credentials
 * reply:   version, request id, status code, status text, user id, metadata
 *
 * Replies for unknown keys and for strange requests do not differ: 400. */
#include "zap.h"
#include <stdlib.h>
#include <string.h>
#include <zmq.h>
#include "check.h"

#define ENDPOINT       "inproc://zeromq.zap.01"
#define PARTS          7 /* of a CURVE request */
#define PART_BYTES_MAX 255
#define HANDLE_MAX     64 /* per turn, so a storm of connections does not starve calls */

struct zap {
    void *socket;
    zap_decide_t decide;
    void *arg;
    uint64_t refused;
};

typedef struct {
    char bytes[PART_BYTES_MAX + 1]; /* with a 0 behind */
    size_t size;
} part_t;

static bool part_is(const part_t *part, const char *text)
{
    return part->size == strlen(text) && memcmp(part->bytes, text, part->size) == 0;
}

/* Reads a whole request; parts past the last are thrown away and make it strange.
 * False: nothing waits. */
static bool receive(void *socket, part_t parts[PARTS], int *ret_count)
{
    int count = 0, more = 1;
    parts[1].size = 0; /* the id: answered to in any case */
    while (more) {
        zmq_msg_t msg;
        zmq_msg_init(&msg);
        if (zmq_msg_recv(&msg, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&msg);
            return false;
        }
        size_t size = zmq_msg_size(&msg);
        if (count < PARTS && size <= PART_BYTES_MAX) {
            memcpy(parts[count].bytes, zmq_msg_data(&msg), size);
            parts[count].bytes[size] = 0;
            parts[count].size = size;
            count++;
        } else {
            count = PARTS + 1;
        }
        more = zmq_msg_more(&msg);
        zmq_msg_close(&msg);
    }
    *ret_count = count;
    return true;
}

static void reply(void *socket, const part_t *id, const char *code, const char *text,
                  const char *user)
{
    zmq_send(socket, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(socket, id->bytes, id->size, ZMQ_SNDMORE);
    zmq_send(socket, code, strlen(code), ZMQ_SNDMORE);
    zmq_send(socket, text, strlen(text), ZMQ_SNDMORE);
    zmq_send(socket, user, strlen(user), ZMQ_SNDMORE);
    zmq_send(socket, "", 0, 0);
}

bool zap_handle(zap_t *self)
{
    part_t parts[PARTS];
    int count;
    int n = 0;
    for (; n < HANDLE_MAX && receive(self->socket, parts, &count); n++) {
        const part_t *id = &parts[1];
        char key[ZAP_KEY_SIZE] = "";
        bool accept = count == PARTS && part_is(&parts[0], "1.0") && part_is(&parts[5], "CURVE") &&
                      parts[6].size == 32 && zmq_z85_encode(key, (uint8_t *) parts[6].bytes, 32) &&
                      self->decide(self->arg, key);
        self->refused += !accept;
        if (accept)
            reply(self->socket, id, "200", "OK", key);
        else
            reply(self->socket, id, "400", "unknown key", "");
    }
    return n == HANDLE_MAX;
}

/* Asks ourselves something that must be refused: a handler that does not answer would leave the
 * door open, so we do not even start. */
static bool answers(zap_t *self, void *context)
{
    void *asker = zmq_socket(context, ZMQ_REQ);
    if (!asker)
        return false;
    zmq_setsockopt(asker, ZMQ_LINGER, &(int){0}, sizeof(int));
    static const char *const PROBE[] = {"1.0", "probe", "", "", "", "NULL"};
    bool ok = zmq_connect(asker, ENDPOINT) == 0;
    for (size_t i = 0; ok && i < 6; i++)
        ok = zmq_send(asker, PROBE[i], strlen(PROBE[i]), i < 5 ? ZMQ_SNDMORE : 0) >= 0;
    zap_handle(self);
    part_t parts[PARTS];
    int count;
    ok = ok && receive(asker, parts, &count) && count == 6 && part_is(&parts[1], "probe") &&
         part_is(&parts[2], "400");
    zmq_close(asker);
    self->refused = 0;
    return ok;
}

status_t zap_open(void *zmq_context, zap_decide_t decide, void *arg, zap_t **ret)
{
    zap_t *self = xalloc(sizeof *self);
    self->decide = decide;
    self->arg = arg;
    self->socket = zmq_socket(zmq_context, ZMQ_REP);
    if (!self->socket)
        goto fail;
    zmq_setsockopt(self->socket, ZMQ_LINGER, &(int){0}, sizeof(int));
    if (zmq_bind(self->socket, ENDPOINT) != 0 || !answers(self, zmq_context))
        goto fail;
    *ret = self;
    return STATUS_OK;

fail:
    zap_close(&self);
    return STATUS_UNAVAILABLE;
}

void zap_close(zap_t **self)
{
    if (!*self)
        return;
    if ((*self)->socket)
        zmq_close((*self)->socket);
    free(*self);
    *self = NULL;
}

void *zap_socket(zap_t *self)
{
    return self->socket;
}

uint64_t zap_refused(const zap_t *self)
{
    return self->refused;
}
