#include "output.h"
#include <string.h>
#include "check.h"
#include "text.h"

enum { FILES_MAX = 256 };
#define FILE_BYTES_MAX ((size_t) 32 << 20) /* a thousand RPCs make about 3 MiB of openapi.json */

static struct {
    const char *name;
    buffer_t content;
} files[FILES_MAX];
static size_t file_count;

buffer_t *output_file(const char *name)
{
    CHECK(file_count < FILES_MAX);
    files[file_count].name = name;
    files[file_count].content = buffer_new(FILE_BYTES_MAX);
    return &files[file_count++].content;
}

buffer_t *output_c_file(const char *name, const char *source)
{
    buffer_t *out = output_file(name);
    buffer_printf(out, "/* %s - made by protoc-gen-yw from %s; change that. */\n", name, source);
    return out;
}

void output_c_text(buffer_t *out, const char *text)
{
    if (!text) {
        buffer_text(out, "NULL");
        return;
    }
    buffer_char(out, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char) *text;
        if (c == '"' || c == '\\')
            buffer_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f || c == '?') /* '?': no trigraphs */
            buffer_printf(out, "\\%03o", c);
        else
            buffer_char(out, (char) c);
    }
    buffer_char(out, '"');
}

void output_comment(buffer_t *out, const char *indent, const char *comment)
{
    if (text_empty(comment))
        return;
    buffer_printf(out, "%s/*", indent);
    for (const char *line = comment; *line;) {
        size_t size = strcspn(line, "\n");
        if (line != comment && line[size] == '\0' && size == 0)
            break;
        if (line != comment)
            buffer_printf(out, "\n%s *", indent);
        if (size && *line != ' ')
            buffer_char(out, ' ');
        for (size_t i = 0; i < size; i++) {
            buffer_char(out, line[i]);
            if (line[i] == '*' && i + 1 < size && line[i + 1] == '/')
                buffer_char(out, ' '); /* must not end ours */
        }
        line += size;
        if (*line == '\n' && *++line == '\0')
            break;
    }
    buffer_text(out, " */\n");
}

void output_response(Schema__Response *response)
{
    response->n_file = file_count;
    response->file = xalloc((file_count + 1) * sizeof *response->file);
    for (size_t i = 0; i < file_count; i++) {
        CHECK(!files[i].content.full);
        Schema__Output *file = xalloc(sizeof *file);
        schema__output__init(file);
        file->name = xstrdup(files[i].name);
        file->content = files[i].content.data ? files[i].content.data : xstrdup("");
        response->file[i] = file;
    }
}
