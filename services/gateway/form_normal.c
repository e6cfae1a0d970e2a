/* form_normal.c - numbers, codes and days as people type them, written as the contract wants them.
 *
 * Chinese input methods leave digits in full width, what is pasted from a chat carries blanks and
 * invisible marks of direction, and a mobile number is read aloud in groups.  None of this is
 * wrong; so it is put right here and never told as a fault. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "form.h"
#include "text.h"

enum {
    HALF = 1,     /* full width to half width, all dashes to '-' */
    TIGHT = 2,    /* blanks and what cannot be seen go */
    UPPER = 4,    /* letters to capitals */
    NO_DASH = 8,  /* 138-1234-5678 */
    DAY = 16,     /* written as YYYY-MM-DD */
    COUNTRY = 32, /* +86 goes */
    COMMA = 64    /* 1,000 */
};

/* clang-format off: a table */
static const unsigned rewrites[] = {
    [KIND_ID] = HALF | TIGHT | UPPER,
    [KIND_RESIDENT_ID] = HALF | TIGHT | UPPER | NO_DASH,
    [KIND_CREDIT_CODE] = HALF | TIGHT | UPPER | NO_DASH,
    [KIND_MOBILE] = HALF | TIGHT | NO_DASH | COUNTRY,
    [KIND_BASE_CODE] = HALF | TIGHT,
    [KIND_IMPL_CODE] = HALF | TIGHT | UPPER,
    [KIND_ITEM_CODE] = HALF | TIGHT | UPPER,
    [KIND_DIVISION] = HALF | TIGHT,
    [KIND_DATE] = HALF | DAY,
    [KIND_EMAIL] = HALF | TIGHT,
    [KIND_PHONE] = HALF,
    [KIND_CURVE_KEY] = TIGHT,
    [KIND_NAME] = HALF | TIGHT,
    [FORM_KIND_NUMBER] = HALF | TIGHT | COMMA,
    [FORM_KIND_CODE] = HALF | TIGHT | UPPER,
    [FORM_KIND_DIGITS] = HALF | TIGHT,
};
/* clang-format on */

static bool is_blank(uint32_t code)
{
    return code == ' ' || (code >= 9 && code <= 13) || code == 0x85 || code == 0xa0 ||
           code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

/* Marks without a width: of direction, joiners, byte order. */
static bool is_unseen(uint32_t code)
{
    return (code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x2069) || code == 0xfeff;
}

static uint32_t half(uint32_t code)
{
    if (code >= 0xff01 && code <= 0xff5e)
        return code - 0xfee0;
    if (code == 0x3000)
        return ' ';
    if ((code >= 0x2010 && code <= 0x2015) || code == 0x2212)
        return '-';
    return code;
}

kind_t form_kind(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
    /* Fields of one line that hold a number of one of several kinds. */
    static const char *const codes[] = {"identifier", "id_number", "contact_id_number",
                                        "query_code", "item_code"};
    const rule_t *rule = rule_of(type, field->name);
    if (field->type != PROTOBUF_C_TYPE_STRING)
        return field->type == PROTOBUF_C_TYPE_MESSAGE ? KIND_DATE : FORM_KIND_NUMBER;
    if (!rule)
        return KIND_NONE;
    if (rule->kind != KIND_NONE && rule->kind != KIND_LINE)
        return rule->kind;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (text_equal(field->name, codes[i]))
            return FORM_KIND_CODE;
    return text_empty(rule->pattern) ? rule->kind : FORM_KIND_DIGITS;
}

const char *form_trim(const char *text, arena_t *arena)
{
    const char *start = text, *end = text;
    uint32_t code;
    size_t n;
    while ((n = text_next(start, &code)) && (is_blank(code) || code == 0xfeff))
        start += n;
    for (const char *at = end = start; (n = text_next(at, &code)); at += n)
        if (!is_blank(code) && code != 0xfeff)
            end = at + n;
    if (!*end)
        return start;
    const char *copy = arena_copy(arena, start, (size_t) (end - start));
    return copy ? copy : text;
}

/* "2026/1/5", "2026年1月5日", "20260105": three numbers with something between them. */
static void write_day(char *text)
{
    unsigned year, month, day;
    char copy[32], tail[2];
    size_t size = strlen(text), out = 0;
    if (size >= sizeof copy)
        return;
    for (size_t i = 0; i < size;) {
        uint32_t code;
        size_t n = text_next(text + i, &code);
        if (code >= '0' && code <= '9')
            copy[out++] = (char) code;
        else if (code == 0x5e74 || code == 0x6708 || (code < 0x80 && strchr("-/. ", (int) code)))
            copy[out++] = ' '; /* 年 月 */
        else if (code != 0x65e5)
            return; /* 日 */
        i += n;
    }
    copy[out] = 0;
    bool joined = out == 8 && strspn(copy, "0123456789") == 8;
    if (sscanf(copy, joined ? "%4u%2u%2u%1s" : "%4u %2u %2u %1s", &year, &month, &day, tail) != 3)
        return;
    /* Room enough: three numbers were 5 bytes at least, and form_normal() added 8. */
    snprintf(text, CLOCK_DAY_SIZE, "%04u-%02u-%02u", year % 10000, month % 100, day % 100);
}

/* 12,345,678 without its commas; anything else stays. */
static void drop_commas(char *text)
{
    size_t first = strspn(text, "0123456789");
    const char *at = text + first;
    if (first == 0 || first > 3 || *at != ',')
        return;
    while (*at == ',' && strspn(at + 1, "0123456789") == 3)
        at += 4;
    if (*at && *at != '.')
        return;
    char *out = text;
    for (const char *c = text; *c; c++)
        if (*c != ',')
            *out++ = *c;
    *out = 0;
}

static void rewrite(unsigned how, char *text)
{
    char *out = text;
    uint32_t code;
    const char *at = text;
    for (size_t n; (n = text_next(at, &code)); at += n) {
        if ((how & TIGHT && is_blank(code)) || is_unseen(code))
            continue;
        if (how & HALF)
            code = half(code);
        if (how & NO_DASH && code == '-')
            continue;
        if (how & UPPER && code >= 'a' && code <= 'z')
            code -= 'a' - 'A';
        out += text_put(code, out); /* never longer than it was */
    }
    *out = 0;
    if (how & COUNTRY) {
        const char *number = text_starts(text, "+86")                        ? text + 3
                             : text_starts(text, "0086")                     ? text + 4
                             : strlen(text) == 13 && text_starts(text, "86") ? text + 2
                                                                             : text;
        memmove(text, number, strlen(number) + 1);
    }
    if (how & COMMA)
        drop_commas(text);
    if (how & DAY)
        write_day(text);
}

const char *form_normal(kind_t kind, const char *text, arena_t *arena)
{
    unsigned how = (size_t) kind < sizeof rewrites / sizeof *rewrites ? rewrites[kind] : 0;
    if (!how || !*text)
        return text;
    char *copy = arena_alloc(arena, strlen(text) + 8); /* a day may grow: 2026-1-5 */
    if (!copy)
        return text;
    memcpy(copy, text, strlen(text) + 1);
    rewrite(how, copy);
    return copy;
}
