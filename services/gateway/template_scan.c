#include "template_scan.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\n' || c == '\r';
}

static span_t trim(span_t self)
{
    while (self.size && is_space(self.data[0]))
        self = span(self.data + 1, self.size - 1);
    while (self.size && is_space(self.data[self.size - 1]))
        self.size--;
    return self;
}

scan_t scan_new(span_t source, int line)
{
    return (scan_t){.source = source, .line = line, .open = "{{", .close = "}}"};
}

/* Where `text` begins at or after `from`; the end of the source when it does not. */
static size_t find(const scan_t *self, size_t from, const char *text)
{
    size_t size = strlen(text);
    const char *at = from < self->source.size
                         ? memmem(self->source.data + from, self->source.size - from, text, size)
                         : NULL;
    return at ? (size_t) (at - self->source.data) : self->source.size;
}

/* The begin of the blanks before `at`, when only they are before it on its line; else `at`.
 * *alone says which.  Does not go back before what was given already. */
static size_t line_start(const scan_t *self, size_t at, bool *alone)
{
    size_t start = at;
    while (start > self->at && is_blank(self->source.data[start - 1]))
        start--;
    *alone = start == 0 || self->source.data[start - 1] == '\n';
    return *alone ? start : at;
}

/* Behind the end of the line, when only blanks are left of it from `at`; else `at`. */
static size_t line_end(const scan_t *self, size_t at, bool *alone)
{
    const char *data = self->source.data;
    size_t end = at, size = self->source.size;
    while (end < size && is_blank(data[end]))
        end++;
    size_t newline = end + 1 < size && data[end] == '\r' && data[end + 1] == '\n' ? 2
                     : end < size && data[end] == '\n'                            ? 1
                                                                                  : 0;
    *alone = newline || end == size;
    return *alone ? end + newline : at;
}

/* Goes on to `to`, counting lines. */
static void move(scan_t *self, size_t to)
{
    for (; self->at < to; self->at++)
        self->line += self->source.data[self->at] == '\n';
}

static token_t fault(scan_t *self, const char *sentence)
{
    token_t token = {.kind = TOKEN_FAULT, .content = span_text(sentence), .line = self->line};
    self->at = self->source.size;
    self->tag_waits = false;
    return token;
}

/* {{=<% %>=}}: `content` is "<% %>". */
static bool set_delimiters(scan_t *self, span_t content)
{
    span_t close, open = span_cut(content, ' ', &close);
    close = trim(close);
    if (!open.size || !close.size || open.size > SCAN_DELIMITER_MAX ||
        close.size > SCAN_DELIMITER_MAX || memchr(close.data, ' ', close.size) ||
        memchr(content.data, '=', content.size))
        return false;
    memcpy(self->open, open.data, open.size);
    self->open[open.size] = 0;
    memcpy(self->close, close.data, close.size);
    self->close[close.size] = 0;
    return true;
}

static token_kind_t kind_of(char sigil)
{
    switch (sigil) {
    case '{':
    case '&':
        return TOKEN_RAW;
    case '#':
        return TOKEN_SECTION;
    case '^':
        return TOKEN_INVERTED;
    case '/':
        return TOKEN_CLOSE;
    case '>':
        return TOKEN_PARTIAL;
    case '@':
        return TOKEN_PART;
    default:
        return TOKEN_VALUE;
    }
}

/* The text between the delimiters of the tag that opens at `start`; *end behind it.  The
 * closing of {{{ and {{= has a sign more, which may be missing: then NULL. */
static span_t tag_content(const scan_t *self, size_t start, size_t *end)
{
    size_t inside = start + strlen(self->open);
    char sigil = inside < self->source.size ? self->source.data[inside] : 0;
    char close[SCAN_DELIMITER_MAX + 2] = {0};
    if (sigil == '{' || sigil == '=')
        close[0] = sigil == '{' ? '}' : '=';
    memcpy(close + strlen(close), self->close, strlen(self->close));
    /* The sign itself is not the closing one. */
    size_t at = find(self, inside + (sigil == '='), close);
    if (at == self->source.size)
        return span(NULL, 0);
    /* {{@field form list[{_index}]}}}: the brace of a name belongs to the argument. */
    if (sigil == '@')
        while (at + strlen(close) < self->source.size &&
               memcmp(self->source.data + at + 1, close, strlen(close)) == 0)
            at++;
    *end = at + strlen(close);
    return span(self->source.data + inside, at - inside);
}

static bool may_stand_alone(const scan_t *self, token_kind_t kind, span_t content)
{
    switch (kind) {
    case TOKEN_SECTION:
    case TOKEN_INVERTED:
    case TOKEN_CLOSE:
    case TOKEN_PARTIAL:
        return true;
    case TOKEN_PART:
        return self->part_stands_alone && self->part_stands_alone(self->owner, content);
    default:
        return false;
    }
}

/* Text up to `to`, then the tag that ends at `end` (nothing when it is a comment). */
static token_t text_before(scan_t *self, size_t to, size_t end)
{
    token_t text = {.kind = TOKEN_TEXT,
                    .content = span(self->source.data + self->at, to - self->at),
                    .line = self->line,
                    .starts_line = self->at == 0 || self->source.data[self->at - 1] == '\n'};
    move(self, end);
    return text;
}

/* Whether the tag [start, end) has its line for itself; then *from and *to are that line's ends. */
static bool stands_alone(const scan_t *self, size_t start, size_t end, size_t *from, size_t *to)
{
    bool before, after;
    *from = line_start(self, start, &before);
    *to = line_end(self, end, &after);
    return before && after;
}

static int line_at(const scan_t *self, size_t at)
{
    int line = self->line;
    for (size_t i = self->at; i < at; i++)
        line += self->source.data[i] == '\n';
    return line;
}

/* The tag that opens at `start`: gives the text before it, keeps the tag for the next turn. */
static token_t take_tag(scan_t *self, size_t start)
{
    size_t end = start;
    span_t content = tag_content(self, start, &end);
    if (!content.data) {
        move(self, start);
        return fault(self, "the tag is not closed");
    }
    char sigil = content.size ? content.data[0] : 0;
    bool is_comment = sigil == '!', is_delimiter = sigil == '=',
         writes = !is_comment && !is_delimiter;
    token_kind_t kind = kind_of(sigil);
    size_t sign = kind != TOKEN_VALUE || !writes;
    content = trim(span(content.data + sign, content.size - sign));

    size_t from, to;
    bool alone = (!writes || may_stand_alone(self, kind, content)) &&
                 stands_alone(self, start, end, &from, &to);
    bool starts_line = !alone && (start == 0 || self->source.data[start - 1] == '\n');
    self->tag = (token_t){kind, content, line_at(self, start), starts_line, alone, {"", 0}};
    if (alone)
        self->tag.indent = span(self->source.data + from, start - from);
    self->tag_waits = writes;
    token_t text = text_before(self, alone ? from : start, alone ? to : end);
    if (is_delimiter && !set_delimiters(self, content))
        return fault(self, "delimiters are set like this: {{=<% %>=}}");
    return text;
}

token_t scan_next(scan_t *self)
{
    for (;;) {
        if (self->tag_waits) {
            self->tag_waits = false;
            return self->tag;
        }
        if (self->at == self->source.size)
            return (token_t){.kind = TOKEN_END, .line = self->line};
        size_t start = find(self, self->at, self->open);
        token_t text =
            start == self->source.size ? text_before(self, start, start) : take_tag(self, start);
        if (text.content.size)
            return text;
    }
}
