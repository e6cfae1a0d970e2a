#include "check.h"
#include "template_compile.h"

/* A check, and where it is. */
typedef struct {
    part_check_t check;
    const file_t *file;
    int line;
} place_t;

void part_fault(part_check_t *check, const char *format, ...)
{
    const place_t *place = (const place_t *) check;
    va_list args;
    va_start(args, format);
    compile_vfault(place->file, place->line, format, args);
    va_end(args);
}

const part_t *compile_part_find(const template_options_t *options, span_t name)
{
    for (size_t i = 0; options->parts && options->parts[i]; i++)
        if (span_is(name, options->parts[i]->name))
            return options->parts[i];
    return NULL;
}

span_t compile_part_name(span_t content, span_t *rest)
{
    size_t size = 0;
    while (size < content.size && !strchr(" \t\r\n", content.data[size]))
        size++;
    *rest = span(content.data + size, content.size - size);
    return span(content.data, size);
}

/* The parameter that a word is for; -1: told already. */
static int parameter_of(const file_t *file, int line, const part_t *part, const word_t *word,
                        size_t *position)
{
    bool is_option = word->option.size > 0;
    size_t seen = 0;
    for (int i = 0; part->parameters && part->parameters[i].name; i++) {
        CHECK(i < PART_PARAMETERS_MAX);
        const part_parameter_t *parameter = &part->parameters[i];
        bool wants_option = parameter->flags & PART_OPTION;
        if (is_option && wants_option && span_is(word->option, parameter->name))
            return i;
        if (!is_option && !wants_option && seen++ == *position) {
            ++*position;
            return i;
        }
    }
    if (is_option)
        compile_fault(file, line, "part `%s` has no option `%.*s`", part->name,
                      (int) word->option.size, word->option.data);
    else
        compile_fault(file, line, "part `%s` does not take `%.*s`", part->name,
                      (int) word->text.size, word->text.data);
    return -1;
}

static void check_kind(const file_t *file, int line, const part_t *part,
                       const part_parameter_t *parameter, const expression_t *value)
{
    unsigned kinds = parameter->kinds;
    if (kinds && value->type != &compile_unknown && !(kinds & 1u << value->type->kind))
        compile_fault(file, line, "`%s` of part `%s` cannot be %s", parameter->name, part->name,
                      datum_type_name(value->type, file->compile->arena));
}

static const char *as_written(const file_t *file, span_t text)
{
    char *written = compile_take(file, text.size + 1);
    if (written && text.size)
        memcpy(written, text.data, text.size);
    return written;
}

/* One word into the place of its parameter; false: something is wrong with it. */
static bool take_argument(const file_t *file, int line, const part_t *part, const word_t *word,
                          int at, const expression_t **argument, part_argument_t *checked)
{
    const part_parameter_t *parameter = &part->parameters[at];
    if (*argument) {
        compile_fault(file, line, "`%s` is given twice", parameter->name);
        return false;
    }
    bool is_word = parameter->takes == PART_WORD;
    const expression_t *value =
        is_word ? compile_text(file, line, word->text) : compile_argument(file, line, word);
    const char *written = as_written(file, word->text);
    if (!value || !written || value->type == &compile_unknown)
        return false;
    if (!is_word)
        check_kind(file, line, part, parameter, value);
    *argument = value;
    *checked =
        (part_argument_t){true, value->from == FROM_LITERAL, value->literal, written, value->type};
    return true;
}

/* Reads the words behind a part's name into its parameters' places; false: something is wrong. */
static bool take_arguments(const file_t *file, int line, const part_t *part, span_t rest,
                           const expression_t **arguments, part_argument_t *checked)
{
    word_t word;
    size_t position = 0;
    while (compile_word(file, line, &rest, true, &word)) {
        if (rest.size && rest.data[0] == '|') {
            compile_fault(file, line, "arguments of parts have no pipes");
            return false;
        }
        int at = parameter_of(file, line, part, &word, &position);
        if (at < 0 || !take_argument(file, line, part, &word, at, &arguments[at], &checked[at]))
            return false;
    }
    return true;
}

static bool has_required(const file_t *file, int line, const part_t *part,
                         const expression_t *const *arguments)
{
    for (size_t i = 0; part->parameters && part->parameters[i].name; i++)
        if (part->parameters[i].flags & PART_REQUIRED && !arguments[i]) {
            compile_fault(file, line, "part `%s` needs `%s`", part->name, part->parameters[i].name);
            return false;
        }
    return true;
}

void compile_part(const file_t *file, int line, span_t rest, const block_t *outer, node_t *node)
{
    const compile_t *compile = file->compile;
    const part_t *part = node->part;
    size_t failures = compile->failures;
    part_argument_t checked[PART_PARAMETERS_MAX] = {{0}};
    const expression_t **arguments = compile_take(file, PART_PARAMETERS_MAX * sizeof *arguments);
    node->arguments = arguments;
    node->outer_kept = outer->kept;
    if (!arguments || !take_arguments(file, line, part, rest, arguments, checked) ||
        !has_required(file, line, part, arguments) || compile->failures > failures || !part->check)
        return;
    place_t place = {.check = {.arguments = checked,
                               .page = compile->options->page,
                               .arena = compile->arena,
                               .root = compile->options->root,
                               .outer = outer->part,
                               .outer_kept = outer->kept},
                     .file = file,
                     .line = line};
    part->check(&place.check);
    node->kept = place.check.kept;
}
