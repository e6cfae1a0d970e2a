#include "model.h"
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "names.h"
#include "text.h"

static const Schema__Rule NO_RULE = SCHEMA__RULE__INIT;
static const Schema__Rpc NO_RPC = SCHEMA__RPC__INIT;
static const Schema__ServiceRule NO_SERVICE_RULE = SCHEMA__SERVICE_RULE__INIT;

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* --- counting first, so that arrays never move and pointers into them hold --- */

static void count_message(const Schema__Message *proto, model_t *sums)
{
    sums->message_count++;
    sums->enum_count += proto->n_enum_type;
    for (size_t i = 0; i < proto->n_nested_type; i++)
        count_message(proto->nested_type[i], sums);
}

static model_t count_all(const Schema__Request *request)
{
    model_t sums = {.file_count = request->n_proto_file};
    for (size_t i = 0; i < request->n_proto_file; i++) {
        const Schema__File *file = request->proto_file[i];
        sums.enum_count += file->n_enum_type;
        sums.service_count += file->n_service;
        for (size_t k = 0; k < file->n_message_type; k++)
            count_message(file->message_type[k], &sums);
    }
    return sums;
}

/* --- places ----------------------------------------------------------------- */

/* Reading order is a good index: protoc lists locations in it, but not sorted by
 * path, so each look-up walks them.  A file of ours has some thousand. */
static place_t place_of(const file_t *file, const int32_t *path, size_t depth)
{
    place_t place = {.file = file->name};
    const Schema__SourceInfo *info = file->proto->source_code_info;
    for (size_t i = 0; info && i < info->n_location; i++) {
        const Schema__Location *at = info->location[i];
        if (at->n_path != depth || memcmp(at->path, path, depth * sizeof *path) != 0)
            continue;
        place.line = at->n_span ? at->span[0] + 1 : 0;
        place.comment = at->leading_comments ? at->leading_comments : at->trailing_comments;
        break;
    }
    return place;
}

/* Deepest path: messages in messages; protoc refuses more than 32 levels. */
enum { PATH_MAX_DEPTH = 80 };

typedef struct {
    int32_t at[PATH_MAX_DEPTH];
    size_t depth;
} trail_t;

static trail_t step(trail_t trail, int32_t field, size_t index)
{
    CHECK(trail.depth + 2 <= PATH_MAX_DEPTH);
    trail.at[trail.depth++] = field;
    trail.at[trail.depth++] = (int32_t) index;
    return trail;
}

static place_t place_at(const file_t *file, trail_t trail)
{
    return place_of(file, trail.at, trail.depth);
}

/* --- building --------------------------------------------------------------- */

/* "yiwang.case.Outer.Inner" as protobuf-c names it: its c_package for the package. */
static const char *c_dotted(const file_t *file, const char *full_name)
{
    size_t cut = *file->package ? strlen(file->package) + 1 : 0;
    return names_format("%s.%s", file->c_package, full_name + cut);
}

static const char *short_name(const file_t *file, const char *full_name)
{
    size_t cut = *file->package ? strlen(file->package) + 1 : 0;
    return names_format("%s.%s", file->short_package, full_name + cut);
}

static const char *join(const char *scope, const char *name)
{
    return *scope ? names_format("%s.%s", scope, name) : name;
}

static void add_enum(model_t *self, const file_t *file, const char *scope,
                     const Schema__Enum *proto, trail_t trail)
{
    enumeration_t *type = &self->enums[self->enum_count++];
    type->proto = proto;
    type->file = file;
    type->full_name = join(scope, or_empty(proto->name));
    type->short_name = short_name(file, type->full_name);
    type->c_lower = names_c_lower(c_dotted(file, type->full_name));
    type->place = place_at(file, trail);
    type->values = xalloc((proto->n_value + 1) * sizeof *type->values);
    type->value_count = proto->n_value;
    for (size_t i = 0; i < proto->n_value; i++) {
        const Schema__EnumValue *value = proto->value[i];
        type->values[i] = (value_t){
            .proto = value,
            .name = or_empty(value->name),
            .number = value->number,
            .label = value->options ? value->options->label : NULL,
            .place = place_at(file, step(trail, 2, i)),
        };
    }
}

static void add_field(message_t *owner, const Schema__Field *proto, place_t place)
{
    field_t *field = &owner->fields[owner->field_count++];
    *field = (field_t){
        .proto = proto,
        .owner = owner,
        .name = or_empty(proto->name),
        .json = names_json(or_empty(proto->name)),
        .full_name = names_format("%s.%s", owner->short_name, or_empty(proto->name)),
        .type = proto->type,
        .repeated = proto->label == 3,
        .rule = proto->options && proto->options->rule ? proto->options->rule : &NO_RULE,
        .place = place,
    };
    if (proto->has_oneof_index && (size_t) proto->oneof_index < owner->proto->n_oneof_decl)
        field->oneof = owner->proto->oneof_decl[proto->oneof_index]->name;
}

static void add_message(model_t *self, const file_t *file, const char *scope, bool nested,
                        const Schema__Message *proto, trail_t trail)
{
    message_t *message = &self->messages[self->message_count++];
    message->proto = proto;
    message->file = file;
    message->nested = nested;
    message->full_name = join(scope, or_empty(proto->name));
    message->short_name = short_name(file, message->full_name);
    const char *dotted = c_dotted(file, message->full_name);
    message->c_type = names_c_type(dotted);
    message->c_lower = names_c_lower(dotted);
    message->is_map = proto->options && proto->options->map_entry;
    message->event_key = proto->options ? proto->options->event_key : NULL;
    message->is_timestamp = text_equal(message->full_name, "google.protobuf.Timestamp");
    message->place = place_at(file, trail);

    message->fields = xalloc((proto->n_field + 1) * sizeof *message->fields);
    for (size_t i = 0; i < proto->n_field; i++)
        add_field(message, proto->field[i], place_at(file, step(trail, 2, i)));
    for (size_t i = 0; i < proto->n_nested_type; i++)
        add_message(self, file, message->full_name, true, proto->nested_type[i], step(trail, 3, i));
    for (size_t i = 0; i < proto->n_enum_type; i++)
        add_enum(self, file, message->full_name, proto->enum_type[i], step(trail, 4, i));
}

/* protoc writes types with a leading dot: ".yiwang.case.State". */
static const message_t *message_called(const model_t *self, const char *type_name)
{
    for (size_t i = 0; type_name && i < self->message_count; i++)
        if (text_equal(self->messages[i].full_name, type_name + (*type_name == '.')))
            return &self->messages[i];
    return NULL;
}

static const enumeration_t *enum_called(const model_t *self, const char *type_name)
{
    for (size_t i = 0; type_name && i < self->enum_count; i++)
        if (text_equal(self->enums[i].full_name, type_name + (*type_name == '.')))
            return &self->enums[i];
    return NULL;
}

static void resolve_fields(model_t *self)
{
    for (size_t i = 0; i < self->message_count; i++) {
        message_t *message = &self->messages[i];
        for (size_t k = 0; k < message->field_count; k++) {
            field_t *field = &message->fields[k];
            if (field->type == TYPE_MESSAGE || field->type == TYPE_GROUP)
                field->message = message_called(self, field->proto->type_name);
            else if (field->type == TYPE_ENUM)
                field->enumeration = enum_called(self, field->proto->type_name);
        }
    }
}

static const char *verb_path(const Schema__Rpc *rpc, verb_t verb)
{
    switch (verb) {
    case VERB_GET:
        return rpc->get;
    case VERB_POST:
        return rpc->post;
    case VERB_PUT:
        return rpc->put;
    case VERB_PATCH:
        return rpc->patch;
    case VERB_DELETE:
        return rpc->delete_;
    default:
        return NULL;
    }
}

unsigned method_verbs(const Schema__Rpc *rpc)
{
    unsigned bits = 0;
    for (verb_t verb = VERB_GET; verb < VERB_COUNT; verb++)
        if (!text_empty(verb_path(rpc, verb)))
            bits |= 1u << verb;
    return bits;
}

static void add_method(const model_t *self, service_t *service, const Schema__Method *proto,
                       place_t place)
{
    method_t *method = &service->methods[service->method_count++];
    const Schema__Rpc *rpc = proto->options && proto->options->rpc ? proto->options->rpc : &NO_RPC;
    *method = (method_t){
        .proto = proto,
        .service = service,
        .name = or_empty(proto->name),
        .short_name = names_format("%s.%s", service->name, or_empty(proto->name)),
        .c_name = names_format("%s_%s", service->name, names_snake(or_empty(proto->name))),
        .in = message_called(self, proto->input_type),
        .out = message_called(self, proto->output_type),
        .rpc = rpc,
        .writes = rpc->writes || !text_empty(rpc->on),
        .internal = rpc->internal || !text_empty(rpc->on),
        .place = place,
    };
    CHECK(method->in && method->out); /* protoc resolved them before us */
    for (verb_t verb = VERB_GET; verb < VERB_COUNT && !method->path; verb++) {
        if (text_empty(verb_path(rpc, verb)))
            continue;
        method->verb = verb;
        method->path = verb_path(rpc, verb);
    }
}

static void add_service(model_t *self, const file_t *file, const Schema__Service *proto,
                        trail_t trail)
{
    service_t *service = &self->services[self->service_count++];
    const Schema__ServiceRule *rule = proto->options ? proto->options->service : NULL;
    service->proto = proto;
    service->file = file;
    service->name = file->short_package;
    service->rule = rule ? rule : &NO_SERVICE_RULE;
    service->label = service->rule->label;
    service->place = place_at(file, trail);
    service->methods = xalloc((proto->n_method + 1) * sizeof *service->methods);
    for (size_t i = 0; i < proto->n_method; i++)
        add_method(self, service, proto->method[i], place_at(file, step(trail, 2, i)));
}

static void add_file(model_t *self, const Schema__Request *request, const Schema__File *proto)
{
    file_t *file = &self->files[self->file_count++];
    const Schema__CFile *c = proto->options ? proto->options->pb_c_file : NULL;
    file->proto = proto;
    file->name = or_empty(proto->name);
    file->package = or_empty(proto->package);
    file->short_package = names_last(file->package);
    file->c_package = c && !text_empty(c->c_package) ? c->c_package : file->package;
    file->vocabulary = proto->n_extension > 0;
    for (size_t i = 0; i < request->n_file_to_generate; i++)
        if (text_equal(request->file_to_generate[i], file->name))
            file->ours = true;

    int stem =
        (int) (text_ends(file->name, ".proto") ? strlen(file->name) - 6 : strlen(file->name));
    file->header = names_format("%.*s.pb-c.h", stem, file->name);

    trail_t root = {.depth = 0};
    for (size_t i = 0; i < proto->n_message_type; i++)
        add_message(self, file, file->package, false, proto->message_type[i], step(root, 4, i));
    for (size_t i = 0; i < proto->n_enum_type; i++)
        add_enum(self, file, file->package, proto->enum_type[i], step(root, 5, i));
}

static int by_short_name(const void *a, const void *b)
{
    return strcmp((*(const method_t *const *) a)->short_name,
                  (*(const method_t *const *) b)->short_name);
}

static void gather_methods(model_t *self)
{
    size_t count = 0;
    for (size_t i = 0; i < self->service_count; i++)
        count += self->services[i].method_count;
    self->methods = xalloc((count + 1) * sizeof *self->methods);
    for (size_t i = 0; i < self->service_count; i++)
        for (size_t k = 0; k < self->services[i].method_count; k++)
            self->methods[self->method_count++] = &self->services[i].methods[k];
    qsort(self->methods, self->method_count, sizeof *self->methods, by_short_name);
}

static int by_topic(const void *a, const void *b)
{
    return strcmp((*(const message_t *const *) a)->short_name,
                  (*(const message_t *const *) b)->short_name);
}

static void gather_events(model_t *self)
{
    self->events = xalloc((self->message_count + 1) * sizeof *self->events);
    for (size_t i = 0; i < self->message_count; i++)
        if (self->messages[i].file->ours && self->messages[i].event_key)
            self->events[self->event_count++] = &self->messages[i];
    qsort(self->events, self->event_count, sizeof *self->events, by_topic);
}

model_t *model_new(const Schema__Request *request)
{
    model_t sums = count_all(request);
    model_t *self = xalloc(sizeof *self);
    self->files = xalloc((sums.file_count + 1) * sizeof *self->files);
    self->messages = xalloc((sums.message_count + 1) * sizeof *self->messages);
    self->enums = xalloc((sums.enum_count + 1) * sizeof *self->enums);
    self->services = xalloc((sums.service_count + 1) * sizeof *self->services);

    for (size_t i = 0; i < request->n_proto_file; i++)
        add_file(self, request, request->proto_file[i]);
    CHECK(self->message_count == sums.message_count && self->enum_count == sums.enum_count);
    resolve_fields(self);

    trail_t root = {.depth = 0};
    for (size_t i = 0; i < self->file_count; i++) {
        const file_t *file = &self->files[i];
        for (size_t k = 0; file->ours && k < file->proto->n_service; k++)
            add_service(self, file, file->proto->service[k], step(root, 6, k));
    }
    gather_methods(self);
    gather_events(self);
    return self;
}

/* --- questions -------------------------------------------------------------- */

const field_t *model_field(const message_t *message, const char *name)
{
    for (size_t i = 0; i < message->field_count; i++)
        if (text_equal(message->fields[i].name, name))
            return &message->fields[i];
    return NULL;
}

const service_t *model_service(const model_t *self, const char *name)
{
    for (size_t i = 0; i < self->service_count; i++)
        if (text_equal(self->services[i].name, name))
            return &self->services[i];
    return NULL;
}

const message_t *model_event(const model_t *self, const char *topic)
{
    for (size_t i = 0; i < self->event_count; i++)
        if (text_equal(self->events[i]->short_name, topic))
            return self->events[i];
    return NULL;
}

const value_t *model_level(const model_t *self, int32_t number)
{
    const enumeration_t *type = enum_called(self, "yiwang.Level");
    for (size_t i = 0; type && i < type->value_count; i++)
        if (type->values[i].number == number)
            return &type->values[i];
    return NULL;
}

bool field_is_text(const field_t *field)
{
    return field->type == TYPE_STRING || field->type == TYPE_BYTES;
}

bool field_is_number(const field_t *field)
{
    switch (field->type) {
    case TYPE_BOOL:
    case TYPE_STRING:
    case TYPE_GROUP:
    case TYPE_MESSAGE:
    case TYPE_BYTES:
    case TYPE_ENUM:
        return false;
    default:
        return true;
    }
}

const char *verb_name(verb_t verb)
{
    static const char *const NAMES[VERB_COUNT] = {"", "get", "post", "put", "patch", "delete"};
    CHECK(verb < VERB_COUNT);
    return NAMES[verb];
}

bool path_has_variable(const char *path, const char *name)
{
    size_t size = strlen(name);
    for (const char *open = path ? strchr(path, '{') : NULL; open; open = strchr(open + 1, '{'))
        if (strncmp(open + 1, name, size) == 0 && open[1 + size] == '}')
            return true;
    return false;
}

bool method_hides(const method_t *method, const field_t *field)
{
    static const char *const UPLOAD[] = {"offset", "size", "data", "last", NULL};
    static const char *const DOWNLOAD[] = {"offset", NULL};
    const char *const *hidden = method->rpc->transfer == TRANSFER_UPLOAD     ? UPLOAD
                                : method->rpc->transfer == TRANSFER_DOWNLOAD ? DOWNLOAD
                                                                             : NULL;
    for (; hidden && *hidden; hidden++)
        if (text_equal(field->name, *hidden))
            return true;
    return false;
}
