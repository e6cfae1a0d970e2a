/* kind.c - one text against one kind: a table of checks and of sentences. */
#include <string.h>
#include "clock.h"
#include "codes.h"
#include "ids.h"
#include "rule.h"
#include "text.h"
#include "check.h"

#define EMAIL_MAX        254 /* RFC 5321, 4.5.3.1.3 */
#define URL_MAX          2000
#define PHONE_DIGITS_MIN 3 /* 110 */
#define PHONE_DIGITS_MAX 20

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *check_id(const char *text)
{
    return strnlen(text, IDS_SIZE) != IDS_SIZE - 1 ? "length" : ids_valid(text) ? NULL : "alphabet";
}

static const char *check_resident_id(const char *text)
{
    return resident_id_check(text, (long) clock_day_of(clock_now_ms()));
}

static const char *check_date(const char *text)
{
    int64_t day;
    return clock_day_parse(text, &day) ? NULL : "date";
}

/* What HTML's <input type=email> takes, with a dot in the domain. */
static const char *check_email(const char *text)
{
    size_t size = strnlen(text, EMAIL_MAX + 1);
    if (size > EMAIL_MAX)
        return "length";
    const char *at = strchr(text, '@');
    if (!at || at == text || at - text > 64)
        return "format";
    for (const char *c = text; c < at; c++)
        if (!is_alnum(*c) && !strchr(".!#$%&'*+/=?^_`{|}~-", *c))
            return "format";
    size_t label = 0, dots = 0;
    for (const char *c = at + 1; *c; c++) {
        if (*c == '.') {
            if (!label || c[-1] == '-')
                return "format";
            dots++;
            label = 0;
        } else if (is_alnum(*c) || (*c == '-' && label)) {
            if (++label > 63)
                return "format";
        } else {
            return "format";
        }
    }
    return label && dots && text[size - 1] != '-' ? NULL : "format";
}

static const char *check_phone(const char *text)
{
    size_t digits = 0, size = strnlen(text, 2 * PHONE_DIGITS_MAX);
    for (size_t i = 0; i < size; i++) {
        if (is_digit(text[i]))
            digits++;
        else if (!strchr("-() ", text[i]) && !(text[i] == '+' && i == 0))
            return "alphabet";
    }
    return digits < PHONE_DIGITS_MIN || digits > PHONE_DIGITS_MAX || text[size] ? "length" : NULL;
}

/* ZeroMQ RFC 32/Z85: 40 characters are 32 bytes. */
static const char *check_curve_key(const char *text)
{
    static const char z85[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              ".-:+=^!/*?&<>()[]{}@%$#";
    if (strnlen(text, 41) != 40)
        return "length";
    return text[strspn(text, z85)] ? "alphabet" : NULL;
}

/* Control characters, also the invisible ones that turn the direction of
 * writing and so make a name look like another (Unicode TR 36, 2.6). */
static const char *check_line(const char *text)
{
    uint32_t code;
    for (size_t n; (n = text_next(text, &code)); text += n)
        if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029 ||
            (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
            return "control";
    return NULL;
}

static const char *check_name(const char *text)
{
    return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-")] ? NULL
                                                                                   : "alphabet";
}

/* No user name in it: http://bank.cn@evil.cn/ deceives. */
static const char *check_url(const char *text)
{
    if (strnlen(text, URL_MAX + 1) > URL_MAX)
        return "length";
    const char *host = text_starts(text, "https://")  ? text + 8
                       : text_starts(text, "http://") ? text + 7
                                                      : NULL;
    if (!host || check_line(text) || strpbrk(text, " \"<>\\`"))
        return "format";
    size_t size = strcspn(host, "/?#");
    if (!size || memchr(host, '@', size) || (!is_alnum(*host) && *host != '[' && !(*host & 0x80)))
        return "format";
    return NULL;
}

/* The sentence for one code; the one without a code is for all others. */
typedef struct {
    const char *code, *sentence;
} sentence_t;

/* clang-format off: a table */
static const struct {
    const char *(*check)(const char *text);
    sentence_t sentences[5];
} kinds[] = {
    [KIND_ID] = {check_id, {{NULL, "编号格式不正确，应为26位，请核对"}}},
    [KIND_RESIDENT_ID] = {check_resident_id,
                          {{"length", "身份证号应为18位，请核对"},
                           {"division", "身份证号前两位不是有效的地区代码，请核对"},
                           {"date", "身份证号中的出生日期不正确，请核对"},
                           {"check_digit", "身份证号最后一位校验码不正确，请核对"},
                           {NULL, "身份证号只能是数字，最后一位可以是大写字母X，请核对"}}},
    [KIND_CREDIT_CODE] = {credit_code_check,
                          {{"length", "统一社会信用代码应为18位，请核对"},
                           {"check_digit", "统一社会信用代码最后一位校验码不正确，请核对"},
                           {NULL,
                            "统一社会信用代码只能是数字和大写字母（不含I、O、S、V、Z），请核对"}}},
    [KIND_MOBILE] = {mobile_check,
                     {{"length", "手机号码应为11位数字，请核对"},
                      {"type", "手机号码应以13至19开头，请核对"},
                      {NULL, "手机号码只能是数字，请核对"}}},
    [KIND_BASE_CODE] = {base_code_check,
                        {{"length", "基本编码应为12位数字，请核对"},
                         {"division", "基本编码前两位应为00或省级代码，请核对"},
                         {"type", "基本编码第3、4位不是有效的事项类型代码，请核对"},
                         {NULL, "基本编码只能是数字，请核对"}}},
    [KIND_IMPL_CODE] = {impl_code_check,
                        {{"length", "实施编码应为31位，请核对"},
                         {"check_digit", "实施编码前18位（统一社会信用代码）校验码不正确，请核对"},
                         {"level", "实施编码第19位行使层级应为1至7，请核对"},
                         {NULL,
                          "实施编码不正确：应为统一社会信用代码、行使层级和基本编码，请核对"}}},
    [KIND_ITEM_CODE] = {item_code_check,
                        {{"length", "业务办理项编码应为33位，请核对"},
                         {"check_digit",
                          "业务办理项编码前18位（统一社会信用代码）校验码不正确，请核对"},
                         {"level", "业务办理项编码第19位行使层级应为1至7，请核对"},
                         {NULL, "业务办理项编码不正确：应为实施编码加2位数字，请核对"}}},
    [KIND_DIVISION] = {division_check,
                       {{"length", "行政区划代码应为6位、9位或12位数字，请核对"},
                        {"division", "行政区划代码前两位不是有效的省级代码，请核对"},
                        {NULL, "行政区划代码只能是数字，请核对"}}},
    [KIND_DATE] = {check_date, {{NULL, "请填写真实的日期，格式如2026-01-31"}}},
    [KIND_EMAIL] = {check_email,
                    {{"length", "电子邮箱地址过长，请核对"},
                     {NULL, "电子邮箱格式不正确，格式如name@example.cn"}}},
    [KIND_PHONE] = {check_phone,
                    {{"length", "电话号码位数不正确，请填写3至20位数字"},
                     {NULL, "电话号码只能包含数字、+、-、空格和括号，请核对"}}},
    [KIND_CURVE_KEY] = {check_curve_key, {{NULL, "公钥应为40个字符的Z85编码，请核对"}}},
    [KIND_LINE] = {check_line, {{NULL, "不能包含换行或控制字符，请去掉后重试"}}},
    [KIND_NAME] = {check_name, {{NULL, "只能包含小写字母、数字、点、下划线和短横线"}}},
    [KIND_URL] = {check_url,
                  {{"length", "网址过长，请控制在2000个字符以内"},
                   {NULL, "网址格式不正确，应以http://或https://开头"}}},
};
/* clang-format on */

const char *kind_check(kind_t kind, const char *text, const char **message)
{
    if (kind == KIND_NONE)
        return NULL;
    CHECK((size_t) kind < sizeof kinds / sizeof *kinds && kinds[kind].check);
    const char *code = kinds[kind].check(text);
    if (!code)
        return NULL;
    const sentence_t *sentence = kinds[kind].sentences;
    while (sentence->code && strcmp(sentence->code, code) != 0)
        sentence++;
    *message = sentence->sentence;
    return code;
}
