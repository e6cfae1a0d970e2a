/* fault.h - places where a test may kill the process.
 *
 * YIWANG_FAULT=store.before_commit:3 in the environment kills the process with
 * SIGKILL when it passes that point the third time (":3" may be left out: the
 * first).  Always compiled in, because what is tested must be what runs; an
 * unarmed point costs one load.
 *
 * The points there are (grep FAULT_POINT):
 *   store.before_run      a batch is taken, nothing is done yet
 *   store.before_commit   its jobs ran, nothing is durable
 *   store.after_commit    it is durable, nobody was told */
#pragma once
#include <stdbool.h>

extern bool fault_armed;

#define FAULT_POINT(name) (fault_armed ? fault_point(name) : (void) 0)

void fault_point(const char *name);

/* What YIWANG_FAULT does before main(); for tests, before threads start. */
void fault_arm(const char *spec);
