/* reader.svc.h - made by protoc-gen-yw from reader.proto; change that. */
#pragma once
#include "call.h"
#include "server.h"
#include "reader.pb-c.h"

/* Whether somebody may borrow. */
status_t reader_check_reader(call_t *call, const Reader__CheckReaderRequest *in, Reader__CheckReaderAnswer *out);

/* For service_t in main.c. */
extern const handler_t reader_handlers[];
extern const size_t reader_handler_count;
