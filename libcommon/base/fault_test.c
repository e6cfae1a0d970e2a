#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fault.h"
#include "test.h"

/* A child armed with `spec` passes two points three times; true when it was killed. */
static bool kills(const char *spec)
{
    pid_t pid = fork();
    if (pid == 0) {
        fault_arm(spec);
        for (int i = 0; i < 3; i++) {
            FAULT_POINT("test.before");
            FAULT_POINT("test.after");
        }
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

TEST(nothing_happens_unarmed)
{
    EXPECT(!fault_armed);
    FAULT_POINT("test.before");
}

TEST(kills_at_the_named_point_and_pass)
{
    EXPECT(kills("test.before"));
    EXPECT(kills("test.before:1"));
    EXPECT(kills("test.after:3"));
    EXPECT(!kills("test.after:4"));
    EXPECT(!kills("test.aft"));
    EXPECT(!kills("another"));
}
