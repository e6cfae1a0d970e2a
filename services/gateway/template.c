#include "template.h"

#include "check.h"
#include "template_private.h"

/* A level of sections while it is rendered. */
typedef struct {
    datum_t value;
    uint32_t index, count; /* of an entry in its list */
} frame_t;

typedef struct {
    const template_t *template;
    const template_scope_t *scope;
    buffer_t *out;
    size_t depth; /* frames in use */
    size_t steps;
    const char *stop; /* the limit that was passed, or NULL */
    frame_t frames[TEMPLATE_DEPTH_MAX + 1];
} render_t;

/* A part at work, and what its body is. */
typedef struct {
    part_render_t part;
    render_t *render;
    const node_t *body;
} place_t;

static void render_nodes(render_t *self, const node_t *node);

/* --- escaping --------------------------------------------------------------------- */

/* What stands for a character in HTML, in text and in quoted attributes; NULL: itself. */
static const char *const escapes[256] = {
    ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"};

void part_escape(buffer_t *out, const char *data, size_t size)
{
    size_t from = 0;
    for (size_t i = 0; i < size; i++) {
        const char *escape = escapes[(unsigned char) data[i]];
        if (!escape)
            continue;
        buffer_put(out, data + from, i - from);
        buffer_text(out, escape);
        from = i + 1;
    }
    if (from < size)
        buffer_put(out, data + from, size - from);
}

void part_escape_text(buffer_t *out, const char *text)
{
    if (text)
        part_escape(out, text, strlen(text));
}

/* Only texts can hold what must be escaped: labels are ours, numbers and times are harmless. */
void part_show(buffer_t *out, datum_t value)
{
    if (value.kind == DATUM_TEXT)
        part_escape(out, value.text.data, value.text.size);
    else
        pipe_show(out, value);
}

/* --- values ------------------------------------------------------------------------ */

static datum_t evaluate(render_t *self, const expression_t *expression);

/* "gaps[{_index}].reason" */
static datum_t join_pieces(render_t *self, const expression_t *pieces)
{
    buffer_t text = buffer_new(self->out->limit);
    for (const expression_t *piece = pieces; piece; piece = piece->next_piece)
        pipe_show(&text, evaluate(self, piece));
    char *kept =
        text.full ? NULL : arena_copy(self->scope->arena, text.size ? text.data : "", text.size);
    datum_t ret = kept ? datum_bytes(kept, text.size) : datum_none();
    if (!kept)
        self->stop = "memory";
    buffer_free(&text);
    return ret;
}

static datum_t base_of(render_t *self, const expression_t *expression)
{
    const frame_t *frame = &self->frames[expression->level];
    switch (expression->from) {
    case FROM_LEVEL:
        return datum_follow_at(&expression->path, &frame->value);
    case FROM_NUMBER:
        return datum_int((int64_t) frame->index + 1);
    case FROM_INDEX:
        return datum_int(frame->index);
    case FROM_FIRST:
        return datum_bool(frame->index == 0);
    case FROM_LAST:
        return datum_bool(frame->index + 1 == frame->count);
    case FROM_PIECES:
        return join_pieces(self, expression->pieces);
    default:
        return expression->literal;
    }
}

static datum_t through_pipe(render_t *self, const pipe_use_t *use, datum_t in)
{
    datum_t arguments[PIPE_ARGUMENTS_MAX];
    bool full = false;
    pipe_call_t call = {.arguments = arguments,
                        .count = use->count,
                        .kept = use->kept,
                        .now_ms = self->scope->now_ms,
                        .arena = self->scope->arena,
                        .full = &full};
    for (size_t i = 0; i < use->count; i++)
        arguments[i] = evaluate(self, use->arguments[i]);
    datum_t out = pipe_apply(use->pipe, &call, in);
    if (full)
        self->stop = "memory";
    return out;
}

static datum_t evaluate(render_t *self, const expression_t *expression)
{
    if (!expression->pipes)
        return base_of(self, expression); /* no copy on the way */
    datum_t value = base_of(self, expression);
    for (const pipe_use_t *use = expression->pipes; use; use = use->next)
        value = through_pipe(self, use, value);
    return value;
}

/* --- nodes -------------------------------------------------------------------------- */

static void render_value(render_t *self, const node_t *node)
{
    datum_t value = evaluate(self, node->value);
    if (node->escapes)
        part_show(self->out, value);
    else
        pipe_show(self->out, value);
}

static void render_body(render_t *self, const node_t *node, frame_t frame)
{
    CHECK(self->depth <= TEMPLATE_DEPTH_MAX);
    self->frames[self->depth++] = frame;
    render_nodes(self, node->body);
    self->depth--;
}

static void render_section(render_t *self, const node_t *node)
{
    datum_t value = evaluate(self, node->value);
    if (!datum_is_set(value))
        return;
    if (!node->enters) {
        render_nodes(self, node->body);
        return;
    }
    if (value.kind != DATUM_LIST) {
        render_body(self, node, (frame_t){.value = value});
        return;
    }
    /* Every turn is a step, also of an empty body. */
    self->steps += value.count;
    if (self->steps > TEMPLATE_STEPS_MAX)
        self->stop = "steps";
    for (uint32_t i = 0; i < value.count && !self->stop; i++)
        render_body(self, node, (frame_t){datum_at(value, i), i, value.count});
}

void part_body(const part_render_t *part)
{
    const place_t *place = (const place_t *) part;
    render_nodes(place->render, place->body);
}

static void render_part(render_t *self, const node_t *node)
{
    datum_t arguments[PART_PARAMETERS_MAX];
    const part_parameter_t *parameters = node->part->parameters;
    for (size_t i = 0; parameters && parameters[i].name; i++)
        arguments[i] = node->arguments[i] ? evaluate(self, node->arguments[i]) : datum_none();
    place_t place = {.part = {.arguments = arguments,
                              .kept = node->kept,
                              .page = self->template->page,
                              .context = self->scope->context,
                              .root = self->scope->root,
                              .now_ms = self->scope->now_ms,
                              .arena = self->scope->arena,
                              .out = self->out,
                              .outer_kept = node->outer_kept},
                     .render = self,
                     .body = node->body};
    if (!self->stop)
        node->part->write(&place.part);
}

static void render_node(render_t *self, const node_t *node)
{
    switch (node->kind) {
    case NODE_TEXT:
        buffer_put(self->out, node->text.data, node->text.size);
        break;
    case NODE_VALUE:
        render_value(self, node);
        break;
    case NODE_SECTION:
        render_section(self, node);
        break;
    case NODE_INVERTED:
        if (!datum_is_set(evaluate(self, node->value)))
            render_nodes(self, node->body);
        break;
    case NODE_PART:
        render_part(self, node);
        break;
    }
}

static void render_nodes(render_t *self, const node_t *node)
{
    for (; node && !self->stop; node = node->next) {
        if (self->out->full)
            self->stop = "output";
        else if (self->steps++ >= TEMPLATE_STEPS_MAX)
            self->stop = "steps";
        else
            render_node(self, node);
    }
}

const char *template_render(const template_t *self, const template_scope_t *scope, buffer_t *out)
{
    render_t render = {.template = self, .scope = scope, .out = out, .depth = 1};
    render.frames[0].value = self->root_is_record ? datum_record(scope->root) : *scope->root;
    render_nodes(&render, self->first);
    CHECK(render.depth == 1);
    return render.stop ? render.stop : out->full ? "output" : NULL;
}
