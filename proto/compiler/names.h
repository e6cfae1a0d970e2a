/* names.h - how a name of the contract is written in C and in JSON.
 *
 * The C forms must be those of protobuf-c's generator (c_helpers.cc), whose
 * headers our generated code includes.  All results are new and live as long as
 * the process: the compiler runs once and ends. */
#pragma once
#include <stdbool.h>

/* printf into new memory. */
char *names_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "GetItem" -> "get_item"; a run of capitals stays together: "GetURL" -> "get_url". */
char *names_snake(const char *camel);

/* "case.AcceptRequest" -> "Case__AcceptRequest", the struct. */
char *names_c_type(const char *dotted);

/* "case.AcceptRequest" -> "case__accept_request", prefix of the descriptor. */
char *names_c_lower(const char *dotted);

/* "id_number" -> "idNumber", as protoc makes json_name. */
char *names_json(const char *field);

/* What follows the last dot; all of it without one.  Borrowed. */
const char *names_last(const char *dotted);
