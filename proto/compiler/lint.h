/* lint.h - what the compiler refuses, because it would hurt later.
 *
 * Each refusal is about what is certainly wrong: a contract that passes can be
 * compiled, served and read by every part of the platform.  A new rule is a
 * function here and a case in golden/lint. */
#pragma once
#include "model.h"

void lint_messages(const model_t *model); /* lint_message.c: files, messages, fields, enums */
void lint_services(const model_t *model); /* lint_service.c: services, who asks whom, names in C */
void lint_methods(const model_t *model);  /* lint_method.c: callers, events, pages, transfers */
void lint_routes(const model_t *model);   /* lint_route.c: paths and what fills the request */

/* lock.c: numbers once given stay.  `lock` is the text of proto/fields.lock. */
void lint_lock(const model_t *model, const char *lock);
