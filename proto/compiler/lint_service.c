/* lint_service.c - services: one a package, who asks whom, and their names in C. */
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "refusal.h"
#include "lint.h"
#include "names.h"
#include "text.h"

static void lint_name(const model_t *model, const service_t *service)
{
    if (!strchr(service->file->package, '.'))
        refuse(service->place, service->name,
               "a service needs a package of its own, yiwang.<service>");
    if (!text_equal(service->file->c_package, service->name))
        refuse(service->place, service->name, "(pb_c_file).c_package must be \"%s\"",
               service->name);
    const service_t *first = model_service(model, service->name);
    if (first != service)
        refuse(service->place, service->name, "is a service already, %s:%d", first->place.file,
               first->place.line);
}

static void lint_calls(const model_t *model, const service_t *service)
{
    for (size_t i = 0; i < service->rule->n_calls; i++) {
        const char *name = service->rule->calls[i];
        if (!model_service(model, name))
            refuse(service->place, service->name, "calls: no service is called \"%s\"", name);
        for (size_t k = 0; k < i; k++)
            if (text_equal(service->rule->calls[k], name))
                refuse(service->place, service->name, "calls: \"%s\" stands there twice", name);
    }
}

/* Two services that ask each other can use up both their readers and stand
 * still for ever; what would close a circle becomes an event. */
static void lint_cycle(const model_t *model, service_t *service, const char *trail)
{
    enum { NEW, OPEN, DONE };
    service->visit = OPEN;
    for (size_t i = 0; i < service->rule->n_calls; i++) {
        service_t *asked = (service_t *) model_service(model, service->rule->calls[i]);
        if (!asked)
            continue;
        const char *longer = names_format("%s -> %s", trail, asked->name);
        if (asked->visit == OPEN)
            refuse(service->place, service->name, "calls make a circle: %s; use an event", longer);
        else if (asked->visit == NEW)
            lint_cycle(model, asked, longer);
    }
    service->visit = DONE;
}

/* --- names in C -------------------------------------------------------------- */

typedef struct {
    const char *c_name;
    const char *owner;
    place_t place;
} symbol_t;

static int by_c_name(const void *a, const void *b)
{
    const symbol_t *x = a, *y = b;
    int order = strcmp(x->c_name, y->c_name);
    return order ? order : strcmp(x->owner, y->owner);
}

/* Every function and table of all services, since tests link them into one program. */
static void lint_symbols(const model_t *model)
{
    enum { OF_A_METHOD = 3, OF_A_SERVICE = 3 };
    size_t room = OF_A_METHOD * model->method_count + OF_A_SERVICE * model->service_count;
    symbol_t *symbols = xalloc((room + 1) * sizeof *symbols);
    size_t count = 0;
    for (size_t i = 0; i < model->service_count; i++) {
        const service_t *service = &model->services[i];
        if (model_service(model, service->name) != service)
            continue; /* refused already */
        static const char *const TABLES[OF_A_SERVICE] = {"handlers", "handler_count", "migrations"};
        for (size_t k = 0; k < OF_A_SERVICE; k++)
            symbols[count++] = (symbol_t){names_format("%s_%s", service->name, TABLES[k]),
                                          service->name, service->place};
    }
    for (size_t i = 0; i < model->method_count; i++) {
        const method_t *method = model->methods[i];
        symbols[count++] = (symbol_t){method->c_name, method->short_name, method->place};
        symbols[count++] =
            (symbol_t){names_format("%s_ask", method->c_name), method->short_name, method->place};
        if (method->rpc->prepare)
            symbols[count++] = (symbol_t){names_format("%s_prepare", method->c_name),
                                          method->short_name, method->place};
    }
    qsort(symbols, count, sizeof *symbols, by_c_name);
    for (size_t i = 1; i < count; i++)
        if (text_equal(symbols[i].c_name, symbols[i - 1].c_name))
            refuse(symbols[i].place, symbols[i].owner, "in C both this and %s are called %s",
                   symbols[i - 1].owner, symbols[i].c_name);
}

/* protobuf-c puts methods as members into a struct and escapes no keyword there. */
static void lint_keyword(const method_t *method)
{
    static const char *const KEYWORDS[] = {
        "auto",    "break",  "case",     "char",   "const",    "continue", "default",
        "do",      "double", "else",     "enum",   "extern",   "float",    "for",
        "goto",    "if",     "inline",   "int",    "long",     "register", "restrict",
        "return",  "short",  "signed",   "sizeof", "static",   "struct",   "switch",
        "typedef", "union",  "unsigned", "void",   "volatile", "while"};
    const char *snake = names_snake(method->name);
    for (size_t i = 0; i < sizeof KEYWORDS / sizeof *KEYWORDS; i++)
        if (text_equal(snake, KEYWORDS[i]))
            refuse(method->place, method->short_name, "%s is a word of C: say more", snake);
}

void lint_services(const model_t *model)
{
    for (size_t i = 0; i < model->service_count; i++) {
        lint_name(model, &model->services[i]);
        lint_calls(model, &model->services[i]);
    }
    for (size_t i = 0; i < model->service_count; i++)
        if (!model->services[i].visit)
            lint_cycle(model, &model->services[i], model->services[i].name);
    for (size_t i = 0; i < model->method_count; i++)
        lint_keyword(model->methods[i]);
    lint_symbols(model);
}
