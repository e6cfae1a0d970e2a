#include "route.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "message.h"
#include "text.h"

/* What may end here: one route per verb. */
typedef struct {
    route_t *routes[ROUTE_VERBS];
} leaf_t;

typedef struct {
    const char *suffix; /* "accept" of "{id}:accept" */
    leaf_t leaf;
} action_t;

typedef struct node {
    span_t literal;         /* the segment; of the root and of variables empty */
    struct node **children; /* literal ones, sorted by text */
    size_t child_count;
    struct node *variable; /* NULL: no variable here */
    leaf_t leaf;           /* paths that end at this segment */
    action_t *actions;     /* of a variable: paths that end at it with ":suffix" */
    size_t action_count;
} node_t;

struct routes {
    node_t root;
    route_t **all;
    size_t count;
};

static const char *const verb_names[ROUTE_VERBS] = {"OTHER", "GET",   "POST",
                                                    "PUT",   "PATCH", "DELETE"};

/* --- building ------------------------------------------------------------------------ */

routes_t *routes_new(void)
{
    return xalloc(sizeof(routes_t));
}

static void node_clear(node_t *self)
{
    for (size_t i = 0; i < self->child_count; i++) {
        node_clear(self->children[i]);
        free(self->children[i]);
    }
    if (self->variable) {
        node_clear(self->variable);
        free(self->variable);
    }
    free(self->children);
    free(self->actions);
}

void routes_free(routes_t **self)
{
    if (!*self)
        return;
    node_clear(&(*self)->root);
    for (size_t i = 0; i < (*self)->count; i++)
        free((*self)->all[i]);
    free((*self)->all);
    free(*self);
    *self = NULL;
}

static int span_compare(span_t a, span_t b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size ? memcmp(a.data, b.data, size) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* Where `literal` is or belongs among the children. */
static size_t child_at(const node_t *self, span_t literal, bool *found)
{
    size_t low = 0, high = self->child_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = span_compare(self->children[middle]->literal, literal);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

static void *grown(void *array, size_t count, size_t size)
{
    array = realloc(array, (count + 1) * size);
    CHECK(array);
    return array;
}

static node_t *child_make(node_t *self, span_t literal)
{
    bool found;
    size_t at = child_at(self, literal, &found);
    if (!found) {
        self->children = grown(self->children, self->child_count, sizeof *self->children);
        memmove(self->children + at + 1, self->children + at,
                (self->child_count - at) * sizeof *self->children);
        self->children[at] = xalloc(sizeof(node_t));
        self->children[at]->literal = literal;
        self->child_count++;
    }
    return self->children[at];
}

static leaf_t *action_make(node_t *self, const char *suffix)
{
    for (size_t i = 0; i < self->action_count; i++)
        if (text_equal(self->actions[i].suffix, suffix))
            return &self->actions[i].leaf;
    self->actions = grown(self->actions, self->action_count, sizeof *self->actions);
    self->actions[self->action_count] = (action_t){.suffix = suffix};
    return &self->actions[self->action_count++].leaf;
}

/* The variable's name between the braces must be a field. */
static void variable_add(route_t *route, span_t name)
{
    CHECK(route->variable_count < ROUTE_VARIABLES_MAX);
    const ProtobufCFieldDescriptor *field = NULL;
    if (route->method) {
        field = message_field(route->method->in, name.data, name.size);
        CHECK(field);
    }
    route->variables[route->variable_count++] = field;
}

/* Walks the pattern, makes the nodes, gives where it ends. */
static leaf_t *leaf_make(routes_t *self, route_t *route)
{
    CHECK(route->pattern[0] == '/');
    node_t *node = &self->root;
    span_t rest = span_text(route->pattern + 1);
    const char *suffix = NULL;

    while (rest.size) {
        CHECK(!suffix); /* nothing follows "{id}:accept" */
        span_t segment = span_cut(rest, '/', &rest);
        CHECK(segment.size);
        if (segment.data[0] != '{') {
            node = child_make(node, segment);
            continue;
        }
        span_t tail;
        span_t name = span_cut(span(segment.data + 1, segment.size - 1), '}', &tail);
        CHECK(name.size + 2 + tail.size == segment.size);
        variable_add(route, name);
        if (!node->variable)
            node->variable = xalloc(sizeof(node_t));
        node = node->variable;
        if (tail.size) {
            CHECK(tail.data[0] == ':' && tail.size > 1);
            suffix = tail.data + 1;
        }
    }
    return suffix ? action_make(node, suffix) : &node->leaf;
}

static void metrics_make(route_t *route)
{
    static const char *const classes[6] = {NULL, NULL, "2xx", "3xx", "4xx", "5xx"};
    char labels[256];

    snprintf(labels, sizeof labels, "route=\"%s\"", route->name);
    route->seconds = metric_histogram("yiwang_http_request_seconds", labels,
                                      "Time from the whole request to the end of its answer.");
    for (size_t i = 2; i < 6; i++) {
        snprintf(labels, sizeof labels, "route=\"%s\",status=\"%s\"", route->name, classes[i]);
        route->classes[i] = metric_counter("yiwang_http_requests_total", labels,
                                           "Answers by route and class of status.");
    }
}

route_t *routes_add(routes_t *self, verb_t verb, const char *pattern, const char *name,
                    const method_t *method, route_serve_t serve)
{
    CHECK(verb > VERB_NONE && verb < ROUTE_VERBS);
    route_t *route = xalloc(sizeof *route);
    route->verb = verb;
    route->pattern = pattern;
    route->name = name;
    route->method = method;
    route->serve = serve;
    leaf_t *leaf = leaf_make(self, route);
    CHECK(!leaf->routes[verb]); /* two equal routes */
    leaf->routes[verb] = route;
    metrics_make(route);

    self->all = grown(self->all, self->count, sizeof *self->all);
    self->all[self->count++] = route;
    return route;
}

/* --- finding ------------------------------------------------------------------------- */

typedef struct {
    span_t segments[ROUTE_SEGMENTS_MAX];
    size_t count;
    span_t values[ROUTE_VARIABLES_MAX];
    size_t value_count;
} walk_t;

static bool leaf_used(const leaf_t *self)
{
    for (size_t i = 0; i < ROUTE_VERBS; i++)
        if (self->routes[i])
            return true;
    return false;
}

/* "01J..:accept" at the end of a path: the variable and its action; NULL when the
 * text behind the last ':' is none of ours, then it belongs to the value. */
static const leaf_t *find_action(const node_t *variable, walk_t *walk, span_t segment)
{
    const char *colon = memrchr(segment.data, ':', segment.size);
    if (!colon || colon == segment.data)
        return NULL;
    span_t suffix = span(colon + 1, (size_t) (segment.data + segment.size - colon - 1));
    for (size_t i = 0; i < variable->action_count; i++)
        if (span_is(suffix, variable->actions[i].suffix)) {
            walk->values[walk->value_count - 1].size = (size_t) (colon - segment.data);
            return &variable->actions[i].leaf;
        }
    return NULL;
}

static const leaf_t *find(const node_t *node, walk_t *walk, size_t depth)
{
    if (depth == walk->count)
        return leaf_used(&node->leaf) ? &node->leaf : NULL;

    span_t segment = walk->segments[depth];
    bool found;
    size_t at = child_at(node, segment, &found);
    if (found) {
        const leaf_t *leaf = find(node->children[at], walk, depth + 1);
        if (leaf)
            return leaf;
    }
    if (!node->variable || walk->value_count == ROUTE_VARIABLES_MAX)
        return NULL;
    walk->values[walk->value_count++] = segment;
    const leaf_t *leaf = NULL;
    if (depth + 1 == walk->count)
        leaf = find_action(node->variable, walk, segment);
    if (!leaf)
        leaf = find(node->variable, walk, depth + 1);
    if (!leaf)
        walk->value_count--;
    return leaf;
}

/* False: not a path, or one longer than any of ours. */
static bool walk_start(walk_t *walk, span_t path)
{
    walk->count = walk->value_count = 0;
    if (path.size == 0 || path.data[0] != '/')
        return false;
    path = span(path.data + 1, path.size - 1);
    if (path.size == 0)
        return true;
    for (;;) {
        if (walk->count == ROUTE_SEGMENTS_MAX)
            return false;
        bool last = !memchr(path.data, '/', path.size);
        span_t segment = span_cut(path, '/', &path);
        if (segment.size == 0)
            return false;
        walk->segments[walk->count++] = segment;
        if (last)
            return true;
        if (path.size == 0)
            return false; /* "/cases/": a slash too many */
    }
}

route_match_t routes_find(const routes_t *self, verb_t verb, span_t path)
{
    route_match_t match = {0};
    walk_t walk;

    const leaf_t *leaf = walk_start(&walk, path) ? find(&self->root, &walk, 0) : NULL;
    if (!leaf)
        return match;
    for (unsigned i = 0; i < ROUTE_VERBS; i++)
        if (leaf->routes[i])
            match.verbs |= 1u << i;
    match.route = leaf->routes[verb];
    memcpy(match.values, walk.values, walk.value_count * sizeof *walk.values);
    return match;
}

verb_t route_verb(span_t method, bool *head)
{
    *head = span_is(method, "HEAD");
    if (*head)
        return VERB_GET;
    for (unsigned i = 1; i < ROUTE_VERBS; i++)
        if (span_is(method, verb_names[i]))
            return (verb_t) i;
    return VERB_NONE;
}

const char *route_verb_name(verb_t verb)
{
    return verb_names[verb];
}

void route_allow(unsigned verbs, char out[64])
{
    int size = 0;
    for (unsigned i = 1; i < ROUTE_VERBS; i++)
        if (verbs & 1u << i)
            size += snprintf(out + size, (size_t) (64 - size), "%s%s, ", verb_names[i],
                             i == VERB_GET ? ", HEAD" : "");
    snprintf(out + size, (size_t) (64 - size), "OPTIONS");
}
