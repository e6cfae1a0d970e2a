/* platform_sim.h - the processes of the platform inside the simulation, and who starts them again. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "world.h"

enum { BROKER, IDENTITY, CATALOG, CASE, PLATFORM_COUNT };

#define LOCAL_ENDPOINT      "ipc://sim/broker"
#define DEPARTMENT_ENDPOINT "tcp://sim:5571"

/* Makes keys and settings in a folder that is removed by platform_clean(). */
void platform_make_folder(void);
void platform_clean(void);

/* Starts all; from then on what ends is started again after a while. */
void platform_start(void);
/* What ends from now on stays so (false), or is started again. */
void platform_supervise(bool on);
process_t *platform_process(int which);
bool platform_all_alive(void);
/* SIGTERM, as `yw restart` would. */
void platform_restart(int which);
/* Asks all to stop and waits in the world until they have (for the set-up). */
void platform_stop_all(void);
bool platform_none_alive(void);
/* Small limits for the broker of this run. */
void platform_limits(uint32_t queue_calls, uint32_t calls_max, uint32_t department_calls);
/* Number of the last text sent to a mobile, 0 without; *ret_code its six digits. */
int platform_sms(const char *mobile, char ret_code[7]);
/* The platform's own key, as services derive theirs from it. */
const uint8_t *platform_master(void);
