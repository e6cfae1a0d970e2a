/* ids.h - names for things: 26 characters, sortable by time of birth.
 *
 * A ULID (https://github.com/ulid/spec): 48 bits of milliseconds and 80 random
 * bits in Crockford's base 32, upper case. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDS_SIZE 27 /* with the 0 */

/* From a time and 10 random bytes, so that a simulation can repeat it. */
void ids_make(int64_t ms, const uint8_t random[10], char out[IDS_SIZE]);
bool ids_valid(const char *text);
