/* transcode.h - from an HTTP request to a message.
 *
 * Path variables and query parameters are texts (message_set_text), a body is JSON
 * (json_parse); then the contract's rules.  All faults are collected with the JSON name
 * of their field.  This is the function that strangers' bytes meet first: tests/fuzz. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include "arena.h"
#include "problem.h"
#include "route.h"
#include "span.h"

#define TRANSCODE_PARAMETERS_MAX 64

typedef struct {
    const route_match_t *match; /* of an API route */
    span_t query, body, content_type;
} transcode_t;

/* PROBLEM_NONE, or why not (PROBLEM_INVALID: see faults).  Without rules when `partial`:
 * an upload sets its parts later. */
problem_t transcode(const transcode_t *in, bool partial, arena_t *arena, faults_t *faults,
                    ProtobufCMessage **ret);

/* Percent-decoding into the arena; NULL: not UTF-8, or a broken escape.  `plus`: '+' is a space. */
const char *transcode_decode(span_t text, bool plus, arena_t *arena, size_t *ret_size);

/* "application/json; charset=utf-8" is "application/json". */
bool transcode_media_is(span_t content_type, const char *type);
