/* yiwang.h - asks the platform from a department's own system, over ZeroMQ with CURVE.
 *
 *   yiwang_t *platform = yiwang_open("tcp://host:5571", "housing.key", "broker.curve.pub");
 *   Case__CaseDetail *detail = (void *) yiwang_call(platform, "case.GetCaseForSystem", &request.base,
 *                                                   &case__case_detail__descriptor, NULL, 5000);
 *   if (!detail) puts(yiwang_error(platform)->message);
 *   protobuf_c_message_free_unpacked(&detail->base, NULL);
 *
 * Needs libczmq and libprotobuf-c.  It knows nothing but the public protocol (docs/bus.md) and the
 * messages made from proto/ by protoc-c.  One thread. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

typedef struct yiwang yiwang_t;

typedef struct {
    int status;         /* gRPC's number: 7 is PERMISSION_DENIED */
    char code[65];      /* stable, for programs: "not_granted" */
    char message[1501]; /* Chinese, for people; with the fields at fault */
    uint32_t retry_after_ms;
} yiwang_error_t;

/* The files are those of `yw key make` and of the platform's operator; NULL: not readable. */
yiwang_t *yiwang_open(const char *endpoint, const char *key_file, const char *broker_file);
void yiwang_close(yiwang_t **self);

/* The answer, freed with protobuf_c_message_free_unpacked(answer, NULL); NULL: yiwang_error().
 *
 * Calls that change something carry an idempotency key: what is tried again under the same key happens
 * once, for ever.  Give your own when your program may ask again after a restart; NULL: a new one.
 * What is unavailable is tried again until timeout_ms have passed. */
ProtobufCMessage *yiwang_call(yiwang_t *self, const char *method, const ProtobufCMessage *in,
                              const ProtobufCMessageDescriptor *out, const char *key,
                              uint32_t timeout_ms);

/* Of the last call that gave NULL. */
const yiwang_error_t *yiwang_error(const yiwang_t *self);
