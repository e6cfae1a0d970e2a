#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"
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

TEST(kills_only_the_named_program)
{
    EXPECT(kills("fault_test/test.before"));
    EXPECT(kills("fault_test/test.after:3"));
    EXPECT(!kills("fault_tes/test.before"));
    EXPECT(!kills("another/test.before"));
}

/* The file is read when a point is passed, and whoever dies takes it away: the next one lives. */
TEST(kills_once_as_a_file_says)
{
    char path[] = "/tmp/fault-test-XXXXXX", spec[64];
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    snprintf(spec, sizeof spec, "@%s", path);

    EXPECT(!kills(spec)); /* it says nothing */
    CHECK(write(fd, "another/test.before\n", 20) == 20);
    EXPECT(!kills(spec));
    CHECK(ftruncate(fd, 0) == 0 && pwrite(fd, "fault_test/test.after:2\n", 24, 0) == 24);
    EXPECT(kills(spec));
    EXPECT(access(path, F_OK) != 0);
    EXPECT(!kills(spec));
    close(fd);
}
