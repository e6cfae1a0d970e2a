/* books.h - the invariants: what must hold at any time, and what must hold at the end. */
#pragma once
#include <stdbool.h>

/* At a random point: what is durable now, were power cut; what each database says of itself. */
void books_look(void);
/* Just now: looks whether it is durable, above all soon after a crash. */
void books_acknowledged(const void *op);
/* When nothing is going on any more. */
void books_close(void);
/* No worker owes the broker an answer: true now and then, when nothing is asked. */
bool books_credit_is_back(void);
/* Whether everything has come to rest: no event waits, nothing is due. */
bool books_at_rest(void);
