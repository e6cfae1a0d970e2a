#include "check.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

/* The exit of a child that checks `truth`. */
static int child(int truth)
{
    pid_t pid = fork();
    if (pid == 0) {
        close(STDERR_FILENO);
        CHECK(truth == 1);
        _exit(0);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return status;
}

TEST(a_false_condition_aborts)
{
    EXPECT(child(1) == 0);
    int status = child(2);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
