/* reader.svc.c - made by protoc-gen-yw from reader.proto; change that. */
#include "reader.svc.h"

static status_t run_reader_check_reader(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return reader_check_reader(call, (const Reader__CheckReaderRequest *) in, (Reader__CheckReaderAnswer *) out);
}

const handler_t reader_handlers[] = {
    {"reader.CheckReader", run_reader_check_reader, NULL},
    {NULL, NULL, NULL}
};
const size_t reader_handler_count = 1;
