/* refusal.c - see refusal.h.
 *
 * All UNAVAILABLE rows but "worker_lost" promise that nothing happened. */
#include "refusal.h"
#include <stdio.h>
#include "check.h"
#include "yiwang/status.pb-c.h"

static const struct {
    status_t status;
    uint32_t retry_after_ms;
    const char *code;
    const char *message; /* %s: the detail */
} ROWS[REFUSAL_COUNT] = {
    [REFUSAL_BUSY] = {STATUS_UNAVAILABLE, 1000, "busy", "系统繁忙，请稍后重试。"},
    [REFUSAL_FULL] = {STATUS_UNAVAILABLE, 1000, "busy", "系统繁忙，请稍后重试。"},
    [REFUSAL_NO_SERVICE] = {STATUS_UNAVAILABLE, 2000, "no_service",
                            "该服务暂时不可用，请稍后重试。"},
    [REFUSAL_STOPPING] = {STATUS_UNAVAILABLE, 1000, "stopping", "系统正在重启，请稍后重试。"},
    [REFUSAL_JOIN_FIRST] = {STATUS_UNAVAILABLE, 0, "join_first", "连接已失效，请重新连接后再试。"},
    [REFUSAL_WORKER_LOST] = {STATUS_UNAVAILABLE, 1000, "worker_lost",
                             "处理过程中断，结果未知，请先查询结果再决定是否重试。"},
    [REFUSAL_DEADLINE] = {STATUS_DEADLINE_EXCEEDED, 1000, "deadline",
                          "处理超时，请先查询结果再决定是否重试。"},
    [REFUSAL_NOT_GRANTED] = {STATUS_PERMISSION_DENIED, 0, "not_granted",
                             "本系统未获授权调用 %s，请向平台管理员申请。"},
    [REFUSAL_KEY_REVOKED] = {STATUS_PERMISSION_DENIED, 0, "key_revoked",
                             "本系统的密钥已失效，请向平台管理员申请新的密钥。"},
    [REFUSAL_TOO_MANY] = {STATUS_RESOURCE_EXHAUSTED, 1000, "too_many_calls",
                          "同时进行的调用过多，请等待已有调用返回后再试。"},
    [REFUSAL_TOO_LARGE] = {STATUS_INVALID_ARGUMENT, 0, "too_large",
                           "请求超过大小上限（附加信息 8 KiB，正文 4 MiB）。"},
    [REFUSAL_DUPLICATE] = {STATUS_INVALID_ARGUMENT, 0, "duplicate_call",
                           "调用编号正在使用，请换一个编号。"},
    [REFUSAL_NO_METHOD] = {STATUS_UNIMPLEMENTED, 0, "unknown_method", "没有这个方法：%s"},
    [REFUSAL_INTERNAL] = {STATUS_INTERNAL, 0, "answer_too_large",
                          "系统内部错误，请联系平台管理员。"},
};

status_t refusal_status(refusal_t refusal)
{
    return ROWS[refusal].status;
}

const char *refusal_code(refusal_t refusal)
{
    return ROWS[refusal].code;
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
void refusal_write(refusal_t refusal, const char *detail, zmq_msg_t *ret)
{
    char message[500];
    snprintf(message, sizeof message, ROWS[refusal].message, detail ? detail : "");
    Yw__Status status = YW__STATUS__INIT;
    status.status = ROWS[refusal].status;
    status.code = ROWS[refusal].code;
    status.message = message;
    status.retry_after_ms = ROWS[refusal].retry_after_ms;
    CHECK(zmq_msg_init_size(ret, protobuf_c_message_get_packed_size(&status.base)) == 0);
    protobuf_c_message_pack(&status.base, zmq_msg_data(ret));
}
