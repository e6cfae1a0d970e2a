#include "number.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "codes.h"

#define PREFIX_MAX 31
#define TAIL       13 /* date, sequence, check character */

/* Without 0 O 1 I L; 31 letters, 8 of them: 8.5e11 codes. */
static const char ALPHABET[] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
#define ALPHABET_COUNT (sizeof ALPHABET - 1)

static void prefix_of(const Catalog__Item *item, char out[PREFIX_MAX + 1])
{
    const char *code = impl_code_check(item->impl_code) ? item_code_of(item) : item->impl_code;
    size_t size = 0;
    for (; *code && size < PREFIX_MAX; code++)
        if (isalnum((unsigned char) *code))
            out[size++] = (char) toupper((unsigned char) *code);
    if (size == 0)
        out[size++] = '0';
    out[size] = 0;
}

status_t number_next(call_t *call, const Catalog__Item *item, const char **ret)
{
    char prefix[PREFIX_MAX + 1], number[NUMBER_SIZE_MAX];
    int year, month, day;
    int64_t today = clock_day_of(call->now_ms);
    prefix_of(item, prefix);

    query_t *next = query(
        call->store,
        "INSERT INTO case_numbers (prefix, day, last) VALUES (:prefix, :day, 1)"
        " ON CONFLICT (prefix, day) DO UPDATE SET last = case_numbers.last + 1 RETURNING last");
    query_text(next, "prefix", prefix);
    query_int(next, "day", today);
    int64_t sequence = query_next(next) ? query_get_int(next, "last") : 0;
    status_t status = query_done(next);
    if (status != STATUS_OK)
        return status;
    if (sequence > NUMBER_PER_DAY_MAX)
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "case.numbers", NULL,
                         "该事项今日办件编号已用完，请明日再试");

    clock_civil(today, &year, &month, &day);
    int size = snprintf(number, sizeof number, "%s%02d%02d%02d%06lld", prefix, year % 100, month,
                        day, (long long) sequence);
    number[size] = mod37_36_digit(number, (size_t) size);
    number[size + 1] = 0;
    *ret = arena_text(call->arena, number);
    return *ret ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

bool number_is_plausible(const char *number)
{
    size_t size = strlen(number);
    return size > TAIL && size < NUMBER_SIZE_MAX &&
           mod37_36_digit(number, size - 1) == number[size - 1];
}

const char *query_code_new(call_t *call)
{
    char code[QUERY_CODE_SIZE];
    uint8_t random[64];
    size_t size = 0;
    while (size < QUERY_CODE_SIZE - 1) {
        call_random(call, random, sizeof random);
        for (size_t i = 0; i < sizeof random && size < QUERY_CODE_SIZE - 1; i++)
            if (random[i] < 256 / ALPHABET_COUNT * ALPHABET_COUNT) /* so that each is as likely */
                code[size++] = ALPHABET[random[i] % ALPHABET_COUNT];
    }
    code[size] = 0;
    return arena_text(call->arena, code);
}

void query_code_hash(const call_t *call, const char *number, const char *code,
                     uint8_t out[CRYPTO_LOOKUP_SIZE])
{
    char text[NUMBER_SIZE_MAX + 32];
    size_t size = 0;
    for (; *number && size < NUMBER_SIZE_MAX; number++)
        text[size++] = *number;
    text[size++] = '/';
    for (; *code && size < sizeof text; code++)
        if (isalnum((unsigned char) *code))
            text[size++] = (char) toupper((unsigned char) *code);
    crypto_lookup(settings_of(call)->lookup_key, text, size, out);
}
