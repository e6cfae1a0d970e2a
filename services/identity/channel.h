/* channel.h - how a text leaves the platform for a person.
 *
 * An adapter is a channel_t with a send() that may wait: it is called in prepare halves only, by
 * one thread at a time (delivery.c sees to that).  Adding an operator's SMS gateway or app push
 * is one more x_open() here and one more name in identity.c. */
#pragma once
#include <stdint.h>
#include "status.h"

typedef struct channel channel_t;

struct channel {
    const char *name;
    /* OK: handed over.  UNAVAILABLE: try again.  INVALID_ARGUMENT: never will be. */
    status_t (*send)(channel_t *self, const char *to, const char *text, int64_t now_ms);
    void (*close)(channel_t *self);
};

#define CHANNEL_FILE_BYTES_MAX (8 << 20)

/* The development channel: one line of JSON {"at","to","text"} per message at the end of `path`
 * (mode 0600), where people who try the platform, and tests, read their codes.  Past
 * CHANNEL_FILE_BYTES_MAX the file becomes `path`.old.  Never NULL. */
channel_t *channel_file_new(const char *path);

void channel_free(channel_t **self);
