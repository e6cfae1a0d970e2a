/* check.h - faults of our own programming end the process.
 *
 * CHECK stays on in production: a wrong process dies and is restarted, a wrong
 * ledger stays wrong.  It is for what cannot happen unless we erred; what a
 * stranger can cause is a status_t.  Below it: functions that do not compile
 * in this tree, because each has a form that cannot be misused. */
#pragma once
#include <stddef.h>
/* Declare what is banned below, so that headers included later do not declare it again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(condition)                                                                           \
    ((condition) ? (void) 0 : check_failed(#condition, __FILE__, __LINE__, __func__))

/* Writes one line to stderr and aborts. */
_Noreturn void check_failed(const char *condition, const char *file, int line, const char *func);

/* calloc and strdup that never give NULL: for memory of the process, made at
 * start, whose size no stranger decides. */
void *xalloc(size_t size);
char *xstrdup(const char *text);

#if !defined(CHECK_ALLOW_BANNED)
#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets localtime gmtime ctime asctime atoi  \
    atol
#endif
