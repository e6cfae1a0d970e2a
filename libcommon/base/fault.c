#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "check.h"
#include "fault.h"

#define NAME_SIZE 64

bool fault_armed;
static char armed_name[NAME_SIZE];
static atomic_long passes_left;

void fault_arm(const char *spec)
{
    size_t size = strcspn(spec, ":");
    CHECK(size > 0 && size < NAME_SIZE);
    memcpy(armed_name, spec, size);
    armed_name[size] = 0;
    long passes = spec[size] ? strtol(spec + size + 1, NULL, 10) : 1;
    CHECK(passes > 0);
    atomic_store(&passes_left, passes);
    fault_armed = true;
}

void fault_point(const char *name)
{
    if (strcmp(name, armed_name) == 0 && atomic_fetch_sub(&passes_left, 1) == 1)
        kill(getpid(), SIGKILL);
}

__attribute__((constructor)) static void arm_from_environment(void)
{
    const char *spec = getenv("YIWANG_FAULT");
    if (spec && *spec)
        fault_arm(spec);
}
