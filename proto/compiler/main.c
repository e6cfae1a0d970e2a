/* main.c - protoc-gen-yw: from the contract to the C that serves it.
 *
 * protoc runs it: a Schema__Request comes on stdin, a Schema__Response goes to
 * stdout.  See README.md for what it writes and refuses. */
#include <stdio.h>
#include <stdlib.h>
#include "buffer.h"
#include "check.h"
#include "emit.h"
#include "output.h"

#define REQUEST_BYTES_MAX ((size_t) 64 << 20)
enum { FEATURE_PROTO3_OPTIONAL = 1 };      /* so that lint, not protoc, says why we refuse it */

static buffer_t read_all(FILE *in)
{
    enum { PART = 65536 };
    buffer_t all = buffer_new(REQUEST_BYTES_MAX);
    for (;;) {
        char *room = buffer_reserve(&all, PART);
        CHECK(room);
        size_t got = fread(room, 1, PART, in);
        all.size += got;
        if (got == 0)
            return all;
    }
}

static int answer(Schema__Response *response)
{
    size_t size = schema__response__get_packed_size(response);
    uint8_t *data = xalloc(size + 1);
    schema__response__pack(response, data);
    if (fwrite(data, 1, size, stdout) != size || fflush(stdout) != 0) {
        fputs("protoc-gen-yw: cannot write the answer\n", stderr);
        return 1;
    }
    return 0;
}

int main(void)
{
    buffer_t input = read_all(stdin);
    Schema__Request *request = schema__request__unpack(NULL, input.size, (uint8_t *) input.data);
    if (!request) {
        fputs("protoc-gen-yw: stdin holds no request of protoc; call it by protoc --yw_out\n", stderr);
        return 1;
    }
    Schema__Response response = SCHEMA__RESPONSE__INIT;
    response.has_supported_features = true;
    response.supported_features = FEATURE_PROTO3_OPTIONAL;

    model_t *model = model_new(request);
    emit_services(model);
    emit_calls(model);
    emit_contract(model);
    emit_rules(model);
    output_response(&response);
    return answer(&response);
}
