/* fault.h - places where a test may kill the process.
 *
 * YIWANG_FAULT in the environment arms one of them:
 *   store.before_commit          SIGKILL when the process passes that point
 *   store.before_commit:3        the third time
 *   case/store.before_commit     in the program called case only
 *   @FILE                        what FILE says, looked at again at each point passed; the
 *                                file is taken away by the one process that then dies
 * so a test that starts a whole platform with @FILE can kill any of its processes at any
 * step, later and as often as it likes, and those started again live.
 *
 * Always compiled in, because what is tested must be what runs; an unarmed point costs one load.
 *
 * The points there are (grep FAULT_POINT):
 *   store.before_run      a batch is taken, nothing is done yet
 *   store.before_commit   its jobs ran, nothing is durable
 *   store.after_commit    it is durable, nobody was told
 *   pump.before_send      an event is committed and about to be sent
 *   pump.before_mark      its subscriber has answered, that is not noted yet */
#pragma once
#include <stdbool.h>

extern bool fault_armed;

#define FAULT_POINT(name) (fault_armed ? fault_point(name) : (void) 0)

void fault_point(const char *name);

/* What YIWANG_FAULT does before main(); for tests, before threads start. */
void fault_arm(const char *spec);
