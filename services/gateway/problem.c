#include "problem.h"

#include <string.h>

#include "json.h"
#include "text.h"

/* Codes that services make as well (sign_in, token_expired, invalid …) are spelled as in
 * libcommon/rpc, so that a client need not care who refused. */
static const struct {
    int http;
    const char *code;
    uint32_t retry_s;
    const char *detail;
} problems[PROBLEM_COUNT] = {
    [PROBLEM_MALFORMED] = {400, "malformed", 0, "请求格式有误，无法解析"},
    [PROBLEM_PATH] = {400, "encoding", 0, "网址中的编码有误，请使用 UTF-8 百分号编码"},
    [PROBLEM_NOT_FOUND] = {404, "path_unknown", 0, "没有这个地址，请核对网址"},
    [PROBLEM_METHOD] = {405, "method_not_allowed", 0, "此地址不支持该请求方法"},
    [PROBLEM_TOO_LARGE] = {413, "too_large", 0, "提交的内容过大，请精简后再试"},
    [PROBLEM_URI_TOO_LONG] = {414, "uri_too_long", 0, "网址过长"},
    [PROBLEM_HEADERS] = {431, "headers_too_large", 0, "请求头过大"},
    [PROBLEM_MEDIA_TYPE] = {415, "media_type", 0,
                            "不支持的内容类型，请使用 application/json，上传文件请注明文件类型"},
    [PROBLEM_BODY_UNEXPECTED] = {400, "body_unexpected", 0, "此请求不应带有内容"},
    [PROBLEM_QUERY_UNEXPECTED] = {400, "query_unexpected", 0,
                                  "此请求的参数应放在内容中，不应放在网址中"},
    [PROBLEM_LENGTH] = {400, "length", 0, "请求的长度信息缺失或自相矛盾"},
    [PROBLEM_EXPECTATION] = {417, "expectation", 0, "不支持的 Expect 请求头"},
    [PROBLEM_KEY] = {400, "idempotency_key", 0, "Idempotency-Key 应为 1 至 64 个可见 ASCII 字符"},
    [PROBLEM_FILE] = {400, "file", 0, "表单中应当有且只有一个文件，且文件不能为空"},
    [PROBLEM_INVALID] = {400, "invalid", 0, "填写的内容有误，请按提示修改"},
    [PROBLEM_SIGN_IN] = {401, "sign_in", 0, "请先登录"},
    [PROBLEM_TOKEN_INVALID] = {401, "token_invalid", 0, "登录凭证无效，请重新登录"},
    [PROBLEM_TOKEN_EXPIRED] = {401, "token_expired", 0, "登录已过期，请重新登录"},
    [PROBLEM_CROSS_SITE] = {403, "cross_site", 0, "这次提交来自其他网站，为保护您的账号没有受理"},
    [PROBLEM_FORM_TOKEN] = {403, "form_token", 0, "页面已过期，请返回并刷新页面后再试"},
    [PROBLEM_FORBIDDEN] = {403, "forbidden", 0, "此地址不对外开放"},
    [PROBLEM_RATE] = {429, "rate_limited", 1, "请求过于频繁，请稍后再试"},
    [PROBLEM_BUSY] = {503, "busy", 1, "系统繁忙，请稍后再试"},
    [PROBLEM_UPLOADS] = {503, "uploads_busy", 5, "当前上传的人较多，请稍后再试"},
    [PROBLEM_UNAVAILABLE] = {503, "unavailable", 2, "服务暂时不可用，请稍后再试"},
    [PROBLEM_DEADLINE] = {504, "deadline", 0, "处理超时，请稍后查询结果或重试"},
    [PROBLEM_INTERNAL] = {500, "internal", 0, "系统内部错误，请稍后再试"},
};

int problem_http(problem_t problem)
{
    return problems[problem].http;
}

const char *problem_code(problem_t problem)
{
    return problems[problem].code;
}

const char *problem_detail(problem_t problem)
{
    return problems[problem].detail;
}

uint32_t problem_retry_s(problem_t problem)
{
    return problems[problem].retry_s;
}

/* RFC 9457: the same for every occurrence of the type. */
const char *problem_title(int http)
{
    switch (http) {
    case 400:
        return "请求有误";
    case 401:
        return "需要登录";
    case 403:
        return "没有权限";
    case 404:
        return "没有找到";
    case 405:
        return "方法不支持";
    case 409:
        return "状态冲突";
    case 413:
        return "内容过大";
    case 414:
        return "网址过长";
    case 415:
        return "类型不支持";
    case 417:
        return "无法满足期望";
    case 429:
        return "请求过多";
    case 431:
        return "请求头过大";
    case 501:
        return "尚未支持";
    case 503:
        return "暂时不可用";
    case 504:
        return "处理超时";
    default:
        return "内部错误";
    }
}

static void quote(buffer_t *out, const char *text)
{
    json_quote(out, text, strlen(text));
}

static void print_head(int http, const char *code, const char *detail, buffer_t *out)
{
    buffer_text(out, "{\"type\":\"urn:yiwang:problem:");
    buffer_text(out, code); /* codes hold [a-z0-9._] only */
    buffer_text(out, "\",\"title\":");
    quote(out, problem_title(http));
    buffer_printf(out, ",\"status\":%d,\"code\":", http);
    quote(out, code);
    buffer_text(out, ",\"detail\":");
    quote(out, detail);
}

static void print_violation(bool first, const char *field, const char *code, const char *message,
                            buffer_t *out)
{
    buffer_text(out, first ? ",\"violations\":[{\"field\":" : ",{\"field\":");
    quote(out, field);
    buffer_text(out, ",\"code\":");
    quote(out, code);
    buffer_text(out, ",\"message\":");
    quote(out, message);
    buffer_char(out, '}');
}

static void print_tail(bool violations, const char *trace, buffer_t *out)
{
    if (violations)
        buffer_char(out, ']');
    if (!text_empty(trace)) {
        buffer_text(out, ",\"trace\":");
        quote(out, trace);
    }
    buffer_char(out, '}');
}

void problem_print(problem_t problem, const faults_t *faults, const char *trace, buffer_t *out)
{
    print_head(problems[problem].http, problems[problem].code, problems[problem].detail, out);
    for (size_t i = 0; faults && i < faults->count; i++)
        print_violation(i == 0, faults->faults[i].field, faults->faults[i].code,
                        faults->faults[i].message, out);
    print_tail(faults && faults->count, trace, out);
}

/* A code becomes part of a URN: what a service of ours would never send is not passed on. */
static const char *safe_code(const char *code)
{
    for (const char *c = code; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '.' || *c == '_'))
            return "failed";
    return text_empty(code) ? "failed" : code;
}

void problem_print_status(const Yw__Status *status, const char *trace, buffer_t *out)
{
    int http = status_http((status_t) status->status);
    const char *detail = text_empty(status->message) ? problem_title(http) : status->message;
    print_head(http, safe_code(status->code), detail, out);
    for (size_t i = 0; i < status->n_violations; i++)
        print_violation(i == 0, status->violations[i]->field, status->violations[i]->code,
                        status->violations[i]->message, out);
    print_tail(status->n_violations, trace, out);
}
