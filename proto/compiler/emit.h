/* emit.h - what the compiler writes, a function a kind of file.  The contract
 * has passed lint before any of them runs. */
#pragma once
#include "model.h"

void emit_services(const model_t *model); /* <svc>.svc.h, <svc>.svc.c: handlers */
void emit_calls(const model_t *model);    /* <svc>.calls.h, clients.c: asking others */
void emit_contract(const model_t *model); /* contract.c: methods and topics */
void emit_rules(const model_t *model);    /* rules.c: field rules and labels */
void emit_openapi(const model_t *model);  /* openapi.json */
void emit_rights(const model_t *model);   /* rights.json, events.json */
