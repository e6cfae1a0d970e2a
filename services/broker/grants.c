/* grants.c - see grants.h. */
#include "grants.h"
#include <stdio.h>
#include <string.h>
#include "arena.h"
#include "check.h"
#include "message.h"
#include "table.h"
#include "yiwang/identity.pb-c.h"
#include <stdlib.h>

#define ARENA_BYTES_MAX (64u << 20)

struct grants {
    arena_t *arena; /* holds every grant and its texts */
    table_t *by_key;
};

/* A part of a sender: what frame.h allows in one, without the ':' that divides it. */
static bool is_part(const char *text)
{
    for (const char *c = text; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *c))
            return false;
    return *text != 0;
}

static bool add(grants_t *self, const Identity__SystemKey *key)
{
    grant_t *grant = arena_alloc(self->arena, sizeof *grant);
    if (!grant || !is_part(key->system_id) || !is_part(key->department_id) ||
        key->n_methods > GRANTS_METHODS_MAX)
        return false;
    int size = snprintf(grant->sender, sizeof grant->sender, "system:%s:%s", key->system_id,
                        key->department_id);
    if (size >= (int) sizeof grant->sender)
        return false;
    grant->valid_until_ms = key->valid_until ? timestamp_ms(key->valid_until) : 0;
    grant->method_count = key->n_methods;
    grant->methods = (const char *const *) key->methods; /* in the same arena */
    return table_set(self->by_key, key->public_key, strlen(key->public_key), grant);
}

grants_t *grants_read(const void *data, size_t size, size_t *ret_left_out)
{
    grants_t *self = xalloc(sizeof *self);
    self->arena = arena_new(ARENA_BYTES_MAX);
    self->by_key = table_new(GRANTS_KEYS_MAX);
    const Identity__SystemKeyList *list = (const Identity__SystemKeyList *) message_unpack(
        &identity__system_key_list__descriptor, self->arena, data, size);
    if (!list || list->n_keys > GRANTS_KEYS_MAX) {
        grants_free(&self);
        return NULL;
    }
    size_t left_out = 0;
    for (size_t i = 0; i < list->n_keys; i++)
        left_out += !add(self, list->keys[i]);
    *ret_left_out = left_out;
    return self;
}

void grants_free(grants_t **self)
{
    if (!*self)
        return;
    table_free(&(*self)->by_key);
    arena_free(&(*self)->arena);
    free(*self);
    *self = NULL;
}

const grant_t *grants_find(const grants_t *self, const char *public_key, int64_t now_ms)
{
    const grant_t *grant = table_get(self->by_key, public_key, strlen(public_key));
    return grant && (!grant->valid_until_ms || now_ms < grant->valid_until_ms) ? grant : NULL;
}

bool grant_allows(const grant_t *grant, const char *method)
{
    for (size_t i = 0; i < grant->method_count; i++)
        if (strcmp(grant->methods[i], method) == 0)
            return true;
    return false;
}

size_t grants_count(const grants_t *self)
{
    return table_size(self->by_key);
}
