/* number.h - case numbers and query codes.
 *
 * A number is 实施编码 (31) + yyMMdd (6) + daily sequence (6) + check character (ISO/IEC 7064
 * MOD 37,36): 44 characters, unique without a central counter per item.  An item without a valid
 * implementation code gives what it has: the letters and digits of its code, at most 31.
 *
 * The query code goes with the number, so that the number alone (it is on papers) tells nothing:
 * 8 characters of an alphabet without look-alikes, shown once, stored as a keyed hash. */
#pragma once
#include "item_copy.h"
#include "service.h"

#define NUMBER_SIZE_MAX    45 /* with the 0 */
#define QUERY_CODE_SIZE    9
#define NUMBER_PER_DAY_MAX 999999

/* The next number of the item for today; RESOURCE_EXHAUSTED when a day's numbers are used up. */
status_t number_next(call_t *call, const Catalog__Item *item, const char **ret);
/* Letters and digits with the right check character; upper case.  For what people type. */
bool number_is_plausible(const char *number);

const char *query_code_new(call_t *call);
/* Hash of number and code; the code's case and spaces do not matter. */
void query_code_hash(const call_t *call, const char *number, const char *code,
                     uint8_t out[CRYPTO_LOOKUP_SIZE]);
