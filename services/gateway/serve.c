#include "serve.h"

bool serve_page(exchange_t *self)
{
    (void) self;
    return false;
}

bool serve_problem(exchange_t *self, int http, const char *code, const char *detail,
                   uint32_t retry_s)
{
    (void) self, (void) http, (void) code, (void) detail, (void) retry_s;
    return false;
}

void serve_cancel(exchange_t *self)
{
    (void) self;
}

void serve_end(exchange_t *self)
{
    (void) self;
}
