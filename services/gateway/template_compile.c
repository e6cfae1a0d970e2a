#include "template_compile.h"

#include <stdio.h>

#include "text.h"

#define SHOWN                                                                                      \
    (1u << DATUM_BOOL | 1u << DATUM_INT | 1u << DATUM_TEXT | 1u << DATUM_HTML | 1u << DATUM_ENUM | \
     1u << DATUM_TIME)
/* Sections over these have a level of their own; a bool is only asked. */
#define ENTERED                                                                                    \
    (1u << DATUM_INT | 1u << DATUM_TEXT | 1u << DATUM_HTML | 1u << DATUM_ENUM | 1u << DATUM_TIME | \
     1u << DATUM_MESSAGE | 1u << DATUM_RECORD | 1u << DATUM_MAP)

/* --- faults --------------------------------------------------------------------- */

#define USED_AT " (used at "

/* The same sentence about a file that is used at several places is told once. */
static bool is_told(const template_faults_t *self, const char *sentence)
{
    size_t size = strlen(sentence);
    for (size_t i = 0; i < self->count; i++)
        if (strncmp(self->faults[i], sentence, size) == 0 &&
            (self->faults[i][size] == 0 || text_starts(self->faults[i] + size, USED_AT)))
            return true;
    return false;
}

static void add_fault(template_faults_t *self, arena_t *arena, const char *file, int line,
                      const char *sentence, const char *used_at)
{
    const char *told = arena_printf(arena, "%s:%d: %s", file, line, sentence);
    if (!told)
        told = "no memory to tell what is wrong";
    if (self->count == TEMPLATE_FAULTS_MAX || is_told(self, told))
        return;
    const char *whole = arena_printf(arena, "%s%s", told, used_at);
    self->faults[self->count++] = whole ? whole : told;
}

void template_fault(template_faults_t *self, arena_t *arena, const char *file, int line,
                    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *sentence = arena_vprintf(arena, format, args);
    va_end(args);
    add_fault(self, arena, file, line, sentence ? sentence : format, "");
}

void compile_vfault(const file_t *file, int line, const char *format, va_list args)
{
    compile_t *compile = file->compile;
    const char *sentence = arena_vprintf(compile->arena, format, args), *used_at = NULL;
    /* The layout around a page is none of the page's doing. */
    if (file->outer && file->source != compile->page)
        used_at = arena_printf(compile->arena, USED_AT "%s:%d)", file->outer->source->file,
                               file->outer_line);
    add_fault(compile->faults, compile->arena, file->source->file, line,
              sentence ? sentence : format, used_at ? used_at : "");
    compile->failures++;
}

void compile_fault(const file_t *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    compile_vfault(file, line, format, args);
    va_end(args);
}

static void too_large(const file_t *file, const char *why)
{
    if (!file->compile->too_large)
        compile_fault(file, file->scan.line, "%s", why);
    file->compile->too_large = true;
}

void *compile_take(const file_t *file, size_t size)
{
    void *room = arena_alloc(file->compile->arena, size);
    if (!room)
        too_large(file, "the pages need more memory than they may have");
    return room;
}

/* --- nodes ------------------------------------------------------------------------ */

/* The end of a list of nodes, where the next one goes. */
typedef const node_t **tail_t;

/* One more node, inclusion or block; false: a limit is passed. */
static bool count_node(const file_t *file)
{
    if (file->compile->nodes++ < TEMPLATE_NODES_MAX)
        return true;
    too_large(file, "the page has too many tags (TEMPLATE_NODES_MAX)");
    return false;
}

static node_t *add_node(const file_t *file, tail_t *tail, node_kind_t kind)
{
    node_t *node = count_node(file) ? compile_take(file, sizeof *node) : NULL;
    if (!node)
        return NULL;
    node->kind = kind;
    **tail = node;
    *tail = &node->next;
    return node;
}

static bool enter(const file_t *file)
{
    if (file->compile->nested < TEMPLATE_DEPTH_MAX) {
        file->compile->nested++;
        return true;
    }
    too_large(file, "too many sections, partials and blocks inside each other"
                    " (TEMPLATE_DEPTH_MAX): does a partial include itself?");
    return false;
}

static void leave(const file_t *file)
{
    file->compile->nested--;
}

/* --- text -------------------------------------------------------------------------- */

static bool is_html(const file_t *file)
{
    return !file->compile->options->plain && !file->compile->options->loose;
}

/* Walks the text of a page, which begins in `line`. */
static void check_html(const file_t *file, int line, span_t text)
{
    const char *fault;
    span_t rest;
    while ((fault = html_walk(&file->compile->html, text, &rest))) {
        for (const char *at = text.data; at < rest.data; at++)
            line += *at == '\n';
        compile_fault(file, line, "%s", fault);
        text = rest;
    }
}

static size_t lines_inside(span_t text)
{
    size_t count = 0;
    for (size_t i = 0; i + 1 < text.size; i++)
        count += text.data[i] == '\n';
    return count;
}

/* Of a text that begins a line: with the indentation before each of its lines. */
static void add_text(const file_t *file, tail_t *tail, span_t text, bool starts_line)
{
    span_t indent = file->indent;
    size_t room = text.size + indent.size * (lines_inside(text) + starts_line), size = 0;
    char *out = compile_take(file, room + 1);
    node_t *node = out ? add_node(file, tail, NODE_TEXT) : NULL;
    if (!node)
        return;
    for (size_t i = 0; i < text.size; i++) {
        bool line = i ? text.data[i - 1] == '\n' : starts_line;
        if (line && indent.size) {
            memcpy(out + size, indent.data, indent.size);
            size += indent.size;
        }
        out[size++] = text.data[i];
    }
    node->text = span(out, size);
}

/* Before a tag that writes and is the first on its line. */
static void add_indent(const file_t *file, tail_t *tail, const token_t *token)
{
    node_t *node = token->starts_line && file->indent.size ? add_node(file, tail, NODE_TEXT) : NULL;
    if (node)
        node->text = file->indent;
}

/* --- values and sections ------------------------------------------------------------ */

static void check_place(const file_t *file, int line)
{
    const char *why = is_html(file) ? html_refuses_value(&file->compile->html) : NULL;
    if (why)
        compile_fault(file, line, "%s", why);
}

static void check_shown(const file_t *file, const token_t *token, const expression_t *value)
{
    datum_kind_t kind = value->type->kind;
    const compile_t *compile = file->compile;
    if (value->type == &compile_unknown || compile->options->loose)
        return;
    if (!(SHOWN & 1u << kind))
        compile_fault(file, token->line, "`%.*s` is %s: %s", (int) token->content.size,
                      token->content.data, datum_type_name(value->type, compile->arena),
                      kind == DATUM_LIST ? "use a section or | join" : "say which of its names");
    else if (kind == DATUM_HTML && compile->options->plain)
        compile_fault(file, token->line, "HTML in a text that is not HTML");
}

static void add_value(const file_t *file, tail_t *tail, const token_t *token)
{
    const template_options_t *options = file->compile->options;
    bool raw = token->kind == TOKEN_RAW;
    span_t name;
    if (raw && !options->raw)
        compile_fault(file, token->line,
                      "`%.*s` would not be escaped: HTML is made by parts, not by {{{ or {{&",
                      (int) token->content.size, token->content.data);
    check_place(file, token->line);
    add_indent(file, tail, token);
    const expression_t *value = compile_value(file, token->line, token->content, &name);
    node_t *node = value ? add_node(file, tail, NODE_VALUE) : NULL;
    if (!node)
        return;
    check_shown(file, token, value);
    node->value = value;
    node->escapes = !raw && !options->plain;
}

static const node_t *compile_block(file_t *file, const block_t *block);

static const node_t *compile_inside(file_t *file, const block_t *block)
{
    if (!enter(file))
        return NULL;
    const node_t *body = compile_block(file, block);
    leave(file);
    return body;
}

/* The level that a section adds; false: none. */
static bool level_of_section(const datum_type_t *type, level_t *ret)
{
    *ret = (level_t){type, false};
    if (type->kind == DATUM_LIST)
        *ret = (level_t){type->entry ? type->entry : &compile_unknown, true};
    return type == &compile_unknown || type->kind == DATUM_LIST || ENTERED & 1u << type->kind;
}

/* Over nothing, or over a list that is known to be empty. */
static bool never_renders(const compile_t *compile, const datum_type_t *type, bool inverted)
{
    bool nothing = compile->options->loose && type == &compile_unknown;
    return !inverted && (nothing || (type->kind == DATUM_LIST && !type->entry));
}

static void add_section(file_t *file, tail_t *tail, const token_t *token, const block_t *outer)
{
    compile_t *compile = file->compile;
    bool inverted = token->kind == TOKEN_INVERTED;
    block_t block = *outer;
    block.kind = TOKEN_SECTION;
    block.line = token->line;
    const expression_t *value = compile_value(file, token->line, token->content, &block.name);
    node_t *node = value ? add_node(file, tail, inverted ? NODE_INVERTED : NODE_SECTION) : NULL;
    if (!node)
        return;
    level_t level;
    node->value = value;
    node->enters = level_of_section(value->type, &level) && !inverted;
    if (node->enters)
        compile->levels[compile->depth++] = level;
    bool never = never_renders(compile, value->type, inverted);
    compile->never += never;
    node->body = compile_inside(file, &block);
    compile->never -= never;
    compile->depth -= node->enters;
}

static bool part_stands_alone(const void *owner, span_t content)
{
    span_t rest, name = compile_part_name(content, &rest);
    const part_t *part = compile_part_find(owner, name);
    return (part && part->block) || span_is(name, "end") || span_is(name, "body");
}

/* --- partials and layouts -------------------------------------------------------------- */

static const node_t *compile_file(compile_t *compile, const template_source_t *source,
                                  const file_t *outer, int line, span_t indent, const block_t *in)
{
    file_t file = {compile, source, scan_new(span(source->text, source->size), source->line),
                   indent,  outer,  line};
    block_t block = *in;
    block.kind = TOKEN_END;
    file.scan.part_stands_alone = part_stands_alone;
    file.scan.owner = compile->options;
    return count_node(&file) ? compile_inside(&file, &block) : NULL;
}

/* Nodes of another file, put where the tag stands. */
static void include(const file_t *file, tail_t *tail, const token_t *token,
                    const template_source_t *source, const block_t *block)
{
    span_t indent = token->indent;
    if (token->alone && file->indent.size) {
        char *both = compile_take(file, file->indent.size + indent.size + 1);
        if (!both)
            return;
        memcpy(both, file->indent.data, file->indent.size);
        if (indent.size)
            memcpy(both + file->indent.size, indent.data, indent.size);
        indent = span(both, file->indent.size + indent.size);
    }
    if (!token->alone)
        add_indent(file, tail, token);
    **tail = compile_file(file->compile, source, file, token->line, indent, block);
    while (**tail)
        *tail = (const node_t **) &(**tail)->next;
}

static void add_partial(const file_t *file, tail_t *tail, const token_t *token,
                        const block_t *block)
{
    const template_options_t *options = file->compile->options;
    template_source_t source;
    span_t name = token->content;
    /* Where nothing is rendered a partial that includes itself would never end. */
    if (file->compile->never)
        return;
    if (options->partial && options->partial(options->owner, name.data, name.size, &source))
        include(file, tail, token, &source, block);
    else if (!options->loose)
        compile_fault(file, token->line, "there is no partial `%.*s`", (int) name.size, name.data);
}

static void add_body(const file_t *file, tail_t *tail, const token_t *token, const block_t *block)
{
    compile_t *compile = file->compile;
    if (!compile->page || file->source == compile->page)
        compile_fault(file, token->line, "{{@body}} belongs into a layout");
    else if (compile->bodies++)
        compile_fault(file, token->line, "a layout has one {{@body}}");
    else
        include(file, tail, token, compile->page, block);
}

/* --- parts ---------------------------------------------------------------------------- */

static void add_part(file_t *file, tail_t *tail, const token_t *token, const block_t *outer)
{
    span_t rest, name = compile_part_name(token->content, &rest);
    if (span_is(name, "body")) {
        add_body(file, tail, token, outer);
        return;
    }
    const part_t *part = compile_part_find(file->compile->options, name);
    if (!part) {
        compile_fault(file, token->line, "there is no part `%.*s`", (int) name.size, name.data);
        return;
    }
    add_indent(file, tail, token);
    node_t *node = add_node(file, tail, NODE_PART);
    if (!node)
        return;
    node->part = part;
    compile_part(file, token->line, rest, outer, node);
    if (part->block) {
        block_t block = {TOKEN_PART, name, token->line, part, (void *) node->kept};
        node->body = compile_inside(file, &block);
    }
}

/* --- blocks ------------------------------------------------------------------------------ */

static bool is_end_of_part(const token_t *token)
{
    return token->kind == TOKEN_PART && span_is(token->content, "end");
}

/* What the closing tag says against the block that is open; both are told where they are wrong. */
static void check_close(const file_t *file, const token_t *token, const block_t *block)
{
    const char *closing = token->kind == TOKEN_CLOSE ? "{{/" : "{{@";
    int size = (int) token->content.size, name_size = (int) block->name.size;
    bool right = token->kind == TOKEN_CLOSE
                     ? block->kind == TOKEN_SECTION && token->content.size == block->name.size &&
                           memcmp(token->content.data, block->name.data, block->name.size) == 0
                     : block->kind == TOKEN_PART;
    if (right)
        return;
    if (token->kind == TOKEN_END)
        compile_fault(file, block->line, "`%.*s` is not closed", name_size, block->name.data);
    else if (block->kind == TOKEN_END)
        compile_fault(file, token->line, "%s%.*s}} closes nothing", closing, size,
                      token->content.data);
    else
        compile_fault(file, token->line, "%s%.*s}} stands where `%.*s` of line %d is open", closing,
                      size, token->content.data, name_size, block->name.data, block->line);
}

static void add_token(file_t *file, tail_t *tail, const token_t *token, const block_t *block)
{
    switch (token->kind) {
    case TOKEN_TEXT:
        if (is_html(file))
            check_html(file, token->line, token->content);
        add_text(file, tail, token->content, token->starts_line);
        break;
    case TOKEN_VALUE:
    case TOKEN_RAW:
        add_value(file, tail, token);
        break;
    case TOKEN_SECTION:
    case TOKEN_INVERTED:
        add_section(file, tail, token, block);
        break;
    case TOKEN_PARTIAL:
        add_partial(file, tail, token, block);
        break;
    case TOKEN_PART:
        add_part(file, tail, token, block);
        break;
    default:
        compile_fault(file, token->line, "%.*s", (int) token->content.size, token->content.data);
    }
}

/* Nodes up to what closes the block; a file is closed by its end alone. */
static const node_t *compile_block(file_t *file, const block_t *block)
{
    const node_t *first = NULL;
    tail_t tail = &first;
    while (!file->compile->too_large) {
        token_t token = scan_next(&file->scan);
        if (token.kind == TOKEN_END && block->kind == TOKEN_END)
            break;
        if (token.kind == TOKEN_END || token.kind == TOKEN_CLOSE || is_end_of_part(&token)) {
            check_close(file, &token, block);
            if (block->kind != TOKEN_END || token.kind == TOKEN_END)
                break;
            continue;
        }
        add_token(file, &tail, &token, block);
    }
    return first;
}

const template_t *template_compile(const template_options_t *options,
                                   const template_source_t *source, arena_t *arena,
                                   template_faults_t *faults)
{
    compile_t compile = {.options = options,
                         .page = options->layout ? source : NULL,
                         .arena = arena,
                         .faults = faults,
                         .levels = {{options->root, false}},
                         .depth = 1};
    const template_source_t *outermost = options->layout ? options->layout : source;
    const block_t nothing = {.name = {"", 0}};
    const node_t *first = compile_file(&compile, outermost, NULL, 1, span("", 0), &nothing);
    if (options->layout && compile.bodies == 0 && !compile.failures) {
        template_fault(faults, arena, outermost->file, outermost->line, "no {{@body}}");
        compile.failures++;
    }
    template_t *self = arena_alloc(arena, sizeof *self);
    if (!self && !compile.failures)
        template_fault(faults, arena, outermost->file, outermost->line, "no memory");
    if (!self || compile.failures)
        return NULL;
    *self = (template_t){first, options->page, options->root->kind == DATUM_RECORD};
    return self;
}
