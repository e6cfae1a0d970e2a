/* main.c - protoc-gen-yw: from the contract to the C that serves it.
 *
 * protoc runs it: a Schema__Request comes on stdin, a Schema__Response goes to
 * stdout.  See README.md for what it writes and refuses.  Options (--yw_opt=):
 *
 *   lock=PATH   refuse what changes or drops a number that PATH holds
 *   relock      write fields.lock instead of code */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "check.h"
#include "emit.h"
#include "refusal.h"
#include "lint.h"
#include "lock.h"
#include "names.h"
#include "output.h"
#include "text.h"

#define INPUT_BYTES_MAX ((size_t) 64 << 20)
enum { FEATURE_PROTO3_OPTIONAL = 1 }; /* so that lint, not protoc, says why we refuse it */

typedef struct {
    const char *lock; /* path, or NULL */
    bool relock;
} options_t;

static buffer_t read_all(FILE *in)
{
    enum { PART = 65536 };
    buffer_t all = buffer_new(INPUT_BYTES_MAX);
    for (;;) {
        char *room = buffer_reserve(&all, PART);
        CHECK(room);
        size_t got = fread(room, 1, PART, in);
        all.size += got;
        room[got] = '\0';
        if (got == 0)
            return all;
    }
}

static void die(const char *what, const char *name)
{
    fprintf(stderr, "protoc-gen-yw: %s%s\n", what, name);
    exit(1);
}

static options_t read_options(const char *parameter)
{
    options_t options = {0};
    for (const char *at = parameter ? parameter : ""; *at;) {
        size_t size = strcspn(at, ",");
        const char *option = names_format("%.*s", (int) size, at);
        if (text_starts(option, "lock="))
            options.lock = option + strlen("lock=");
        else if (text_equal(option, "relock"))
            options.relock = true;
        else
            die("unknown option ", option);
        at += size + (at[size] == ',');
    }
    return options;
}

static void check_lock(const model_t *model, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        die("cannot read ", path);
    buffer_t lock = read_all(file);
    fclose(file);
    lint_lock(model, lock.data);
}

static void emit_all(const model_t *model, const options_t *options)
{
    if (options->relock) {
        lock_print(model, output_file("fields.lock"));
        return;
    }
    emit_services(model);
    emit_calls(model);
    emit_contract(model);
    emit_rules(model);
    emit_openapi(model);
    emit_rights(model);
}

static void answer(Schema__Response *response)
{
    size_t size = schema__response__get_packed_size(response);
    uint8_t *data = xalloc(size + 1);
    schema__response__pack(response, data);
    if (fwrite(data, 1, size, stdout) != size || fflush(stdout) != 0)
        die("cannot write the answer", "");
}

int main(void)
{
    buffer_t input = read_all(stdin);
    Schema__Request *request = schema__request__unpack(NULL, input.size, (uint8_t *) input.data);
    if (!request)
        die("stdin holds no request of protoc; use protoc --yw_out=FOLDER", "");
    options_t options = read_options(request->parameter);
    model_t *model = model_new(request);

    lint_messages(model);
    lint_services(model);
    lint_methods(model);
    lint_routes(model);
    if (options.lock)
        check_lock(model, options.lock);

    Schema__Response response = SCHEMA__RESPONSE__INIT;
    response.has_supported_features = true;
    response.supported_features = FEATURE_PROTO3_OPTIONAL;
    if (refusal_count()) {
        response.error = (char *) refusal_text();
    } else {
        emit_all(model, &options);
        output_response(&response);
    }
    answer(&response);
    return 0;
}
