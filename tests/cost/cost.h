/* cost.h - how many instructions a call takes, counted by callgrind, not by a clock.
 *
 *   COST("case.Apply", 50, apply(stand));      // 10 times to warm up, then 50 counted
 *
 * Without valgrind the calls are made all the same and nothing is counted. */
#pragma once
#include <valgrind/callgrind.h>

#define COST_WARM 10

#define COST(name, times, call)                                                                    \
    do {                                                                                           \
        for (int cost_i = 0; cost_i < COST_WARM; cost_i++)                                         \
            call;                                                                                  \
        CALLGRIND_ZERO_STATS;                                                                      \
        CALLGRIND_TOGGLE_COLLECT;                                                                  \
        for (int cost_i = 0; cost_i < (times); cost_i++)                                           \
            call;                                                                                  \
        CALLGRIND_TOGGLE_COLLECT;                                                                  \
        CALLGRIND_DUMP_STATS_AT(name "/" #times);                                                  \
    } while (0)
