/* reader.calls.h - made by protoc-gen-yw from reader.proto; change that. */
/* What the service reader may ask of others: option `calls` of its service.
 * Only in prepare halves and reads; *ret lives in the call's arena. */
#pragma once
#include "call.h"
