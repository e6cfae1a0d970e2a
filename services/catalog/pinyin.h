/* pinyin.h - the initial letter of an ideograph's pinyin.
 *
 * GB 2312 orders its 3,755 ideographs of level 1 by pinyin, so 23 ranges say the initial of
 * each.  Rarer ideographs have none here. */
#pragma once
#include "arena.h"
#include <stdint.h>

/* 'a' ... 'z', or 0. */
char pinyin_initial(uint32_t code);

/* Initials of a text, lower case; letters and digits are kept, all else left out. */
const char *pinyin_initials(const char *text, arena_t *arena);
