/* codes.h - the numbers that China gives to people, bodies and service items. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* All give NULL when right, else a static code of what is wrong:
 * "length", "alphabet", "division", "date", "check_digit", "level", "type". */

/* GB 11643-1999: 17 digits and check (MOD 11-2); a real birth date not after
 * `today` (days since 1970, Shanghai); province prefix known.  A lower-case x is
 * a "check_digit" fault: who accepts it turns it into X before. */
const char *resident_id_check(const char *text, long today);
/* "M" odd, "F" even; "YYYY-MM-DD".  Only of valid numbers. */
char resident_id_sex(const char *text);
void resident_id_birth(const char *text, char out[11]);

/* GB 32100-2015: 18 of 0-9 A-H J-N P-R T-U W-Y, MOD 31. */
const char *credit_code_check(const char *text);
char credit_code_digit(const char text17[17]); /* check character; 0: bad alphabet */

/* Base code 12 = province 2 (00 national) + item type 2 (GB/T 39046 A.1: 00-10 and 20,
 * up to 29 for additions) + department 2 + main item 3 + sub-item 3. */
const char *base_code_check(const char *text);
/* Implementation code 31 = credit code 18 + exercising level 1 (A.2: 1-7) + base code 12. */
const char *impl_code_check(const char *text);
/* Handling-item code 33 = implementation code + 2 digits. */
const char *item_code_check(const char *text);
/* Joins and checks, `number` from 0 to 99; `out` holds 32 / 34 bytes and is
 * written on success only. */
bool impl_code_make(const char *credit_code, char level, const char *base_code, char out[32]);
bool item_code_make(const char *impl_code, int number, char out[34]);

/* GB/T 2260 and statistics codes: 6, 9 or 12 digits with a known province. */
const char *division_check(const char *text);

/* ISO/IEC 7064 hybrid MOD 37,36 over 0-9 A-Z (GB/T 36904, case numbers); 0: bad alphabet. */
char mod37_36_digit(const char *text, size_t size);

/* Mainland mobile number: 11 digits from 13x-19x ("type" when it begins otherwise). */
const char *mobile_check(const char *text);
