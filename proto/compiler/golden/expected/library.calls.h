/* library.calls.h - made by protoc-gen-yw from library.proto; change that. */
/* What the service library may ask of others: option `calls` of its service.
 * Only in prepare halves and reads; *ret lives in the call's arena. */
#pragma once
#include "call.h"
#include "reader.pb-c.h"

/* Whether somebody may borrow. */
status_t reader_check_reader_ask(call_t *call, const Reader__CheckReaderRequest *in, const Reader__CheckReaderAnswer **ret);
