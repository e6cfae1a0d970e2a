#include <ctype.h>

#include "template_compile.h"
#include "text.h"

#define DIGITS_MAX 18 /* of a number: always within 64 bits */

const datum_type_t compile_unknown = {.kind = DATUM_NONE};

/* --- words ------------------------------------------------------------------------ */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static span_t skip(span_t self, size_t size)
{
    return span(self.data + size, self.size - size);
}

/* "text" with its quotes gone, or all up to a blank or a bar; false: the quotes are not closed. */
static bool take_text(span_t *rest, word_t *ret)
{
    size_t size = 0;
    ret->is_quoted = rest->size && rest->data[0] == '"';
    if (ret->is_quoted) {
        const char *end = memchr(rest->data + 1, '"', rest->size - 1);
        if (!end)
            return false;
        size = (size_t) (end - rest->data - 1);
        ret->text = span(rest->data + 1, size);
        *rest = skip(*rest, size + 2);
        return true;
    }
    while (size < rest->size && !is_space(rest->data[size]) && rest->data[size] != '|')
        size++;
    ret->text = span(rest->data, size);
    *rest = skip(*rest, size);
    return true;
}

/* "class" of class="button"; 0: it is not one. */
static size_t option_size(span_t rest)
{
    size_t size = 0;
    while (size < rest.size && isalnum((unsigned char) rest.data[size]))
        size++;
    return size && size < rest.size && rest.data[size] == '=' ? size : 0;
}

bool compile_word(const file_t *file, int line, span_t *rest, bool options, word_t *ret)
{
    while (rest->size && is_space(rest->data[0]))
        *rest = skip(*rest, 1);
    if (!rest->size)
        return false;
    size_t size = options ? option_size(*rest) : 0;
    ret->option = span(rest->data, size);
    if (size)
        *rest = skip(*rest, size + 1);
    if (take_text(rest, ret))
        return true;
    compile_fault(file, line, "the quotes are not closed");
    return false;
}

/* --- names ------------------------------------------------------------------------ */

static void set_unknown(expression_t *self)
{
    *self = (expression_t){.from = FROM_LITERAL, .type = &compile_unknown};
}

static bool is_unknown(const expression_t *self)
{
    return self->type == &compile_unknown;
}

/* What a specification's template may do: a name that is not there is nothing. */
static void set_missing(const file_t *file, int line, expression_t *self, const char *why)
{
    set_unknown(self);
    if (!file->compile->options->loose)
        compile_fault(file, line, "%s", why);
}

/* The innermost level that knows the first name; -1: none does. */
static int level_of(const compile_t *compile, span_t first)
{
    for (size_t i = compile->depth; i-- > 0;) {
        const datum_type_t *type = compile->levels[i].type;
        if (type == &compile_unknown || datum_type_knows(type, first.data, first.size))
            return (int) i;
    }
    return -1;
}

static void resolve_path(const file_t *file, int line, span_t name, expression_t *self)
{
    const compile_t *compile = file->compile;
    span_t rest;
    int level = level_of(compile, span_cut(name, '.', &rest));
    const datum_type_t *type = compile->levels[level < 0 ? 0 : level].type;
    if (type == &compile_unknown) {
        set_unknown(self);
        return;
    }
    const char *why = datum_path(type, name.data, name.size, compile->arena, &self->path);
    if (why) {
        set_missing(file, line, self, why);
        return;
    }
    self->from = FROM_LEVEL;
    self->level = (unsigned) level;
    self->type = self->path.type;
}

/* {{.}}: the innermost level as it is. */
static void resolve_dot(const file_t *file, expression_t *self)
{
    const compile_t *compile = file->compile;
    self->from = FROM_LEVEL;
    self->level = (unsigned) compile->depth - 1;
    self->type = compile->levels[self->level].type;
    self->path = (datum_path_t){.type = self->type};
}

static const struct {
    const char *name;
    from_t from;
    const datum_type_t *type;
} counters[] = {
    {"_number", FROM_NUMBER, &datum_type_int},
    {"_index", FROM_INDEX, &datum_type_int},
    {"_first", FROM_FIRST, &datum_type_bool},
    {"_last", FROM_LAST, &datum_type_bool},
};

/* {{_number}} and the like, of the innermost list. */
static void resolve_counter(const file_t *file, int line, span_t name, expression_t *self)
{
    const compile_t *compile = file->compile;
    size_t level = compile->depth, at = 0;
    while (at < sizeof counters / sizeof *counters && !span_is(name, counters[at].name))
        at++;
    if (at == sizeof counters / sizeof *counters) {
        set_missing(file, line, self, "there are _number, _index, _first and _last");
        return;
    }
    while (level > 0 && !compile->levels[level - 1].is_entry)
        level--;
    if (level == 0) {
        set_missing(file, line, self, "_number, _index, _first and _last are of a list");
        return;
    }
    self->from = counters[at].from;
    self->level = (unsigned) level - 1;
    self->type = counters[at].type;
}

static void resolve(const file_t *file, int line, span_t name, expression_t *self)
{
    *self = (expression_t){.from = FROM_LEVEL};
    if (span_is(name, "."))
        resolve_dot(file, self);
    else if (name.size && name.data[0] == '_')
        resolve_counter(file, line, name, self);
    else
        resolve_path(file, line, name, self);
}

/* --- literals ---------------------------------------------------------------------- */

static bool is_number(span_t text)
{
    size_t i = text.size && text.data[0] == '-';
    if (i == text.size || text.size > DIGITS_MAX)
        return false;
    for (; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

static const char *keep(const file_t *file, span_t text)
{
    char *kept = compile_take(file, text.size + 1);
    if (kept && text.size)
        memcpy(kept, text.data, text.size);
    return kept ? kept : "";
}

static void set_literal(expression_t *self, datum_t value, const datum_type_t *type)
{
    *self = (expression_t){.from = FROM_LITERAL, .literal = value, .type = type};
}

static void set_text(const file_t *file, expression_t *self, span_t text)
{
    set_literal(self, datum_bytes(keep(file, text), text.size), &datum_type_text);
}

/* `written` ends with 0. */
static void set_number(expression_t *self, const char *written)
{
    int64_t number = 0;
    text_int(written, INT64_MIN, INT64_MAX, &number);
    set_literal(self, datum_int(number), &datum_type_int);
}

/* --- pipes -------------------------------------------------------------------------- */

/* A word with a dot, and one of a list's counters, is a name; any other stands for itself. */
static bool is_name(const word_t *word)
{
    span_t text = word->text;
    return !word->is_quoted && !is_number(text) && text.size &&
           (text.data[0] == '_' || memchr(text.data, '.', text.size));
}

static void set_argument(const file_t *file, int line, const word_t *word, bool as_written,
                         expression_t *self, pipe_argument_t *checked)
{
    checked->written = keep(file, word->text);
    if (!as_written && is_name(word))
        resolve(file, line, word->text, self);
    else if (!word->is_quoted && is_number(word->text))
        set_number(self, checked->written);
    else
        set_literal(self, datum_text(checked->written), &datum_type_text);
    checked->fixed = self->from == FROM_LITERAL;
    checked->value = self->literal;
    checked->type = self->type;
}

/* Arguments up to the next bar.  False: told already. */
static bool take_arguments(const file_t *file, int line, const pipe_t *pipe, span_t *rest,
                           pipe_check_t *check, expression_t *arguments)
{
    word_t word;
    for (;;) {
        while (rest->size && is_space(rest->data[0]))
            *rest = skip(*rest, 1);
        if (!rest->size || rest->data[0] == '|')
            return true;
        if (!compile_word(file, line, rest, false, &word))
            return false;
        if (check->count == PIPE_ARGUMENTS_MAX) {
            compile_fault(file, line, "pipe `%s` takes at most %d arguments", pipe->name,
                          PIPE_ARGUMENTS_MAX);
            return false;
        }
        size_t i = check->count++;
        bool as_written = i == 0 && pipe->flags & PIPE_FIELD;
        set_argument(file, line, &word, as_written, &arguments[i], &check->arguments[i]);
        if (is_unknown(&arguments[i]))
            return false;
    }
}

/* What a check made of the literals, for rendering. */
static const expression_t *const *keep_arguments(const file_t *file, const pipe_check_t *check,
                                                 const expression_t *arguments)
{
    expression_t *kept = compile_take(file, (check->count + 1) * sizeof *kept);
    const expression_t **ret = compile_take(file, (check->count + 1) * sizeof *ret);
    for (size_t i = 0; kept && ret && i < check->count; i++) {
        kept[i] = arguments[i];
        if (check->arguments[i].fixed)
            kept[i].literal = check->arguments[i].value;
        ret[i] = &kept[i];
    }
    return kept ? ret : NULL;
}

/* One pipe behind a value of type *type, which becomes what comes out.  NULL: told already. */
static pipe_use_t *take_pipe(const file_t *file, int line, span_t *rest, const datum_type_t **type)
{
    pipe_argument_t checked[PIPE_ARGUMENTS_MAX] = {{0}};
    expression_t arguments[PIPE_ARGUMENTS_MAX];
    pipe_check_t check = {.in = *type, .arguments = checked, .arena = file->compile->arena};
    word_t word = {.text = {"", 0}};
    const pipe_t *pipe = NULL;
    if (compile_word(file, line, rest, false, &word))
        pipe = pipe_find(word.text.data, word.text.size);
    if (!pipe) {
        compile_fault(file, line, "there is no pipe `%.*s`", (int) word.text.size, word.text.data);
        return NULL;
    }
    if (!take_arguments(file, line, pipe, rest, &check, arguments))
        return NULL;
    *type = pipe_check(pipe, &check);
    if (!*type) {
        compile_fault(file, line, "%s", check.fault);
        return NULL;
    }
    pipe_use_t *use = compile_take(file, sizeof *use);
    if (use)
        *use = (pipe_use_t){pipe, keep_arguments(file, &check, arguments), check.count, check.kept,
                            NULL};
    return use;
}

/* All pipes behind a value whose type is known. */
static void take_pipes(const file_t *file, int line, span_t rest, expression_t *self)
{
    const pipe_use_t **next = &self->pipes;
    for (size_t count = 0;; count++) {
        while (rest.size && is_space(rest.data[0]))
            rest = skip(rest, 1);
        if (!rest.size)
            return;
        if (rest.data[0] != '|') {
            compile_fault(file, line, "a pipe begins with |: `%.*s`", (int) rest.size, rest.data);
            break;
        }
        if (count == PIPE_CHAIN_MAX) {
            compile_fault(file, line, "more than %d pipes", PIPE_CHAIN_MAX);
            break;
        }
        rest = skip(rest, 1);
        pipe_use_t *use = take_pipe(file, line, &rest, &self->type);
        if (!use)
            break;
        *next = use;
        next = (const pipe_use_t **) &use->next;
    }
    set_unknown(self);
}

/* --- whole values --------------------------------------------------------------------- */

const expression_t *compile_value(const file_t *file, int line, span_t content, span_t *ret_name)
{
    expression_t *self = compile_take(file, sizeof *self);
    word_t word = {.text = {"", 0}};
    if (!self)
        return NULL;
    set_unknown(self);
    *ret_name = word.text;
    if (!compile_word(file, line, &content, false, &word) || word.is_quoted || !word.text.size) {
        compile_fault(file, line, "a name is missing");
        return self;
    }
    *ret_name = word.text;
    resolve(file, line, word.text, self);
    if (!is_unknown(self))
        take_pipes(file, line, content, self);
    return self;
}

/* The end of "{name …}" that begins at text[at]; 0: it is only a brace. */
static size_t brace_end(span_t text, size_t at)
{
    char first = at + 1 < text.size ? text.data[at + 1] : 0;
    if (text.data[at] != '{' || !(isalpha((unsigned char) first) || first == '_' || first == '.'))
        return 0;
    const char *end = memchr(text.data + at, '}', text.size - at);
    return end ? (size_t) (end - text.data) + 1 : 0;
}

/* One value in braces as a piece of a text; only what pages can show. */
static const expression_t *take_piece(const file_t *file, int line, span_t content)
{
    const unsigned shown =
        1u << DATUM_BOOL | 1u << DATUM_INT | 1u << DATUM_TEXT | 1u << DATUM_ENUM | 1u << DATUM_TIME;
    span_t name;
    const expression_t *piece = compile_value(file, line, content, &name);
    if (piece && !is_unknown(piece) && !(shown & 1u << piece->type->kind))
        compile_fault(file, line, "{%.*s} is %s, which is no text", (int) content.size,
                      content.data, datum_type_name(piece->type, file->compile->arena));
    return piece;
}

static void add_piece(const expression_t ***next, const expression_t *piece)
{
    if (!piece)
        return;
    **next = piece;
    *next = (const expression_t **) &piece->next_piece;
}

static const expression_t *literal_piece(const file_t *file, span_t text)
{
    expression_t *piece = text.size ? compile_take(file, sizeof *piece) : NULL;
    if (piece)
        set_text(file, piece, text);
    return piece;
}

const expression_t *compile_text(const file_t *file, int line, span_t text)
{
    expression_t *self = compile_take(file, sizeof *self);
    if (!self)
        return NULL;
    const expression_t **next = &self->pieces;
    size_t from = 0, values = 0;
    for (size_t at = 0, end; at < text.size; at = end) {
        end = brace_end(text, at);
        if (!end) {
            end = at + 1;
            continue;
        }
        add_piece(&next, literal_piece(file, span(text.data + from, at - from)));
        add_piece(&next, take_piece(file, line, span(text.data + at + 1, end - at - 2)));
        from = end;
        values++;
    }
    if (values == 0) {
        set_text(file, self, text);
        return self;
    }
    add_piece(&next, literal_piece(file, span(text.data + from, text.size - from)));
    self->from = FROM_PIECES;
    self->type = &datum_type_text;
    return self;
}

const expression_t *compile_argument(const file_t *file, int line, const word_t *word)
{
    if (word->is_quoted)
        return compile_text(file, line, word->text);
    expression_t *self = compile_take(file, sizeof *self);
    if (!self)
        return NULL;
    if (is_number(word->text))
        set_number(self, keep(file, word->text));
    else if (span_is(word->text, "true") || span_is(word->text, "false"))
        set_literal(self, datum_bool(span_is(word->text, "true")), &datum_type_bool);
    else
        resolve(file, line, word->text, self);
    return self;
}
