#include "codes.h"
#include <stdio.h>
#include <string.h>
#include "clock.h"

static bool all_of(const char *text, size_t size, const char *alphabet)
{
    for (size_t i = 0; i < size; i++)
        if (!text[i] || !strchr(alphabet, text[i]))
            return false;
    return true;
}

static bool all_digits(const char *text, size_t size)
{
    return all_of(text, size, "0123456789");
}

static int two(const char *text)
{
    return (text[0] - '0') * 10 + text[1] - '0';
}

/* GB/T 2260: 11-15 North, 21-23 North-East, 31-37 East, 41-46 Centre and South,
 * 50-54 South-West, 61-65 North-West, 71 Taiwan, 81 Hong Kong, 82 Macao.  83 is what
 * residence permits of Taiwan residents begin with (GB 11643's numbers since 2018). */
static bool is_province(const char *text)
{
    static const unsigned char ranges[][2] = {{11, 15}, {21, 23}, {31, 37}, {41, 46},
                                              {50, 54}, {61, 65}, {71, 71}, {81, 83}};
    int code = two(text);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i][0] && code <= ranges[i][1])
            return true;
    return false;
}

/* --- residents -------------------------------------------------------------- */

/* ISO 7064 MOD 11-2: the check character makes the weighted sum 1 mod 11. */
static char resident_id_digit(const char *text)
{
    static const unsigned char weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (int i = 0; i < 17; i++)
        sum += (text[i] - '0') * weights[i];
    return "10X98765432"[sum % 11];
}

void resident_id_birth(const char *text, char out[11])
{
    snprintf(out, 11, "%.4s-%.2s-%.2s", text + 6, text + 10, text + 12);
}

const char *resident_id_check(const char *text, long today)
{
    if (strnlen(text, 19) != 18)
        return "length";
    if (!all_digits(text, 17) || !strchr("0123456789Xx", text[17]))
        return "alphabet";
    if (!is_province(text))
        return "division";
    char birth[11];
    int64_t day;
    resident_id_birth(text, birth);
    if (!clock_day_parse(birth, &day) || day > today)
        return "date";
    return text[17] == resident_id_digit(text) ? NULL : "check_digit";
}

char resident_id_sex(const char *text)
{
    return (text[16] - '0') % 2 ? 'M' : 'F';
}

const char *mobile_check(const char *text)
{
    if (strnlen(text, 12) != 11)
        return "length";
    if (!all_digits(text, 11))
        return "alphabet";
    return text[0] == '1' && text[1] >= '3' ? NULL : "type";
}

/* --- bodies ----------------------------------------------------------------- */

static const char credit_alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

char credit_code_digit(const char text17[17])
{
    /* Weights are 3^(i-1) mod 31. */
    int sum = 0, weight = 1;
    for (int i = 0; i < 17; i++, weight = weight * 3 % 31) {
        const char *at = text17[i] ? strchr(credit_alphabet, text17[i]) : NULL;
        if (!at)
            return 0;
        sum += (int) (at - credit_alphabet) * weight;
    }
    return credit_alphabet[(31 - sum % 31) % 31];
}

const char *credit_code_check(const char *text)
{
    if (strnlen(text, 19) != 18)
        return "length";
    if (!all_of(text, 18, credit_alphabet))
        return "alphabet";
    return text[17] == credit_code_digit(text) ? NULL : "check_digit";
}

/* --- service items ---------------------------------------------------------- */

const char *base_code_check(const char *text)
{
    if (strnlen(text, 13) != 12)
        return "length";
    if (!all_digits(text, 12))
        return "alphabet";
    if (two(text) != 0 && !is_province(text))
        return "division";
    /* GB/T 39046 A.1 has 00-10 and 20, and leaves 11-19 and those from 21 on to be
     * added.  We take the additions to stay within their tens. */
    return two(text + 2) <= 29 ? NULL : "type";
}

const char *impl_code_check(const char *text)
{
    if (strnlen(text, 32) != 31)
        return "length";
    char credit_code[19];
    memcpy(credit_code, text, 18);
    credit_code[18] = 0;
    const char *fault = credit_code_check(credit_code);
    if (fault)
        return fault;
    if (text[18] < '1' || text[18] > '7')
        return "level";
    return base_code_check(text + 19);
}

const char *item_code_check(const char *text)
{
    if (strnlen(text, 34) != 33)
        return "length";
    char impl_code[32];
    memcpy(impl_code, text, 31);
    impl_code[31] = 0;
    const char *fault = impl_code_check(impl_code);
    if (fault)
        return fault;
    return all_digits(text + 31, 2) ? NULL : "alphabet";
}

bool impl_code_make(const char *credit_code, char level, const char *base_code, char out[32])
{
    char code[32];
    if (strnlen(credit_code, 19) != 18 || strnlen(base_code, 13) != 12)
        return false;
    snprintf(code, sizeof code, "%s%c%s", credit_code, level, base_code);
    if (impl_code_check(code))
        return false;
    memcpy(out, code, sizeof code);
    return true;
}

bool item_code_make(const char *impl_code, int number, char out[34])
{
    if (number < 0 || number > 99 || impl_code_check(impl_code))
        return false;
    snprintf(out, 34, "%.31s%02d", impl_code, number);
    return true;
}

/* --- places and checks ------------------------------------------------------ */

const char *division_check(const char *text)
{
    size_t size = strnlen(text, 13);
    if (size != 6 && size != 9 && size != 12)
        return "length";
    if (!all_digits(text, size))
        return "alphabet";
    return is_province(text) ? NULL : "division";
}

char mod37_36_digit(const char *text, size_t size)
{
    static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    int check = 36;
    for (size_t i = 0; i < size; i++) {
        const char *at = text[i] ? strchr(alphabet, text[i]) : NULL;
        if (!at)
            return 0;
        check = (check + (int) (at - alphabet)) % 36;
        check = (check ? check : 36) * 2 % 37;
    }
    return alphabet[(37 - check) % 36];
}
