#include "json_writer.h"
#include "check.h"

json_writer_t json_writer_new(buffer_t *out)
{
    return (json_writer_t){.out = out};
}

static void quote(buffer_t *out, const char *text)
{
    buffer_char(out, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char) *text;
        if (c == '"' || c == '\\')
            buffer_printf(out, "\\%c", c);
        else if (c == '\n')
            buffer_text(out, "\\n");
        else if (c < 0x20)
            buffer_printf(out, "\\u%04x", c);
        else
            buffer_char(out, (char) c);
    }
    buffer_char(out, '"');
}

static void indent(json_writer_t *self)
{
    buffer_char(self->out, '\n');
    for (int i = 0; i < self->depth; i++)
        buffer_text(self->out, "  ");
}

/* Comma, new line, name: what comes before each value. */
static void lead(json_writer_t *self, const char *name)
{
    if (self->started[self->depth])
        buffer_char(self->out, ',');
    if (self->depth)
        indent(self);
    self->started[self->depth] = true;
    if (!name)
        return;
    quote(self->out, name);
    buffer_text(self->out, ": ");
}

void json_open(json_writer_t *self, const char *name, char bracket)
{
    lead(self, name);
    CHECK(self->depth + 1 < JSON_WRITER_DEPTH_MAX);
    self->closing[self->depth++] = bracket == '{' ? '}' : ']';
    self->started[self->depth] = false;
    buffer_char(self->out, bracket);
}

void json_close(json_writer_t *self)
{
    CHECK(self->depth > 0);
    bool empty = !self->started[self->depth--];
    if (!empty)
        indent(self);
    buffer_char(self->out, self->closing[self->depth]);
    if (self->depth == 0)
        buffer_char(self->out, '\n');
}

void json_text(json_writer_t *self, const char *name, const char *text)
{
    lead(self, name);
    if (text)
        quote(self->out, text);
    else
        buffer_text(self->out, "null");
}

void json_int(json_writer_t *self, const char *name, int64_t value)
{
    lead(self, name);
    buffer_printf(self->out, "%lld", (long long) value);
}

void json_bool(json_writer_t *self, const char *name, bool value)
{
    lead(self, name);
    buffer_text(self->out, value ? "true" : "false");
}
