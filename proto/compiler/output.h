/* output.h - the files the compiler writes, and how C is put into them.
 *
 * protoc writes the files: we hand it names and contents when all is done, so
 * a refused contract leaves nothing half written. */
#pragma once
#include <stddef.h>
#include "buffer.h"
#include "schema.pb-c.h"

/* A new empty file; write on until output_response().  Ceiling 32 MiB a file, 256 files. */
buffer_t *output_file(const char *name);

/* A C or JSON file that says where it comes from. */
buffer_t *output_c_file(const char *name, const char *source);

/* "text" with escapes, or NULL. */
void output_c_text(buffer_t *out, const char *text);

/* A proto comment as a C comment, each line indented; nothing for NULL. */
void output_comment(buffer_t *out, const char *indent, const char *comment);

/* All files, into the answer. */
void output_response(Schema__Response *response);
