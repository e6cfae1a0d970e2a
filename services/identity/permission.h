/* permission.h - what staff may do, and what a post brings.
 *
 * The catalogue is the table in permission.c; a new permission is one line there (and its name
 * in a method's `permission`).  `wide` ones reach beyond one's own department or over other
 * staff: only who holds account.all may grant them, so that a department's administrator cannot
 * become more. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "yiwang/identity.pb-c.h"

#define PERMISSION_COUNT_MAX 64

bool permission_known(const char *name);
bool permission_wide(const char *name);
/* What it allows, in Chinese; an unknown name itself. */
const char *permission_words(const char *name);

/* Whether a post or one of the permissions brings `name`. */
bool permission_held(const char *name, const Identity__Post *posts, size_t post_count,
                     char *const *permissions, size_t permission_count);

/* The catalogue's entries for walking: name (NULL past the end), what it allows, and the posts that
 * bring it (bits 1 << Identity__Post). */
const char *permission_name(size_t at);
const char *permission_label(size_t at);
unsigned permission_posts(size_t at);
