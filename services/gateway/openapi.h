/* openapi.h - the contract for strangers, embedded at build from build/gen/openapi.json. */
#pragma once
#include <stddef.h>

const char *openapi_json(void);
size_t openapi_size(void);
