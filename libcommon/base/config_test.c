#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

static char error[300];

static config_t *load(const char *content, status_t *ret)
{
    char path[] = "/tmp/config_test_XXXXXX";
    int fd = mkstemp(path);
    EXPECT(write(fd, content, strlen(content)) == (ssize_t) strlen(content));
    close(fd);
    config_t *config = NULL;
    *error = 0;
    *ret = config_load(path, &config, error, sizeof error);
    unlink(path);
    return config;
}

TEST(reads_sections_names_and_comments)
{
    status_t status;
    config_t *config =
        load("# top\nname = a b  # why\n\n[gateway]\nport=8443\r\nurl = http://x/#y\n"
             " [ case ] \nempty =\nflag = Yes",
             &status);
    EXPECT(status == STATUS_OK && config);
    EXPECT(strcmp(config_text(config, "name", ""), "a b") == 0);
    EXPECT(config_int(config, "gateway.port", 1, 1, 65535) == 8443);
    EXPECT(strcmp(config_text(config, "gateway.url", ""), "http://x/#y") == 0);
    EXPECT(strcmp(config_text(config, "case.empty", "x"), "") == 0);
    EXPECT(config_bool(config, "case.flag", false));
    EXPECT(!config_text(config, "case.none", NULL));
    EXPECT(config_int(config, "case.none", 17, 0, 99) == 17 &&
           config_bool(config, "case.no", true));
    config_free(&config);
    EXPECT(!config);
}

TEST(refuses_what_it_does_not_understand)
{
    static const struct {
        const char *content, *error;
    } cases[] = {
        {"a = 1\nb\n", ":2: a line is name = value"},
        {"a = 1\na = 2\n", ":2: set twice"},
        {"[x]\na = 1\n[y]\n[x]\na = 2\n", ":5: set twice"},
        {"[x\n", ":1: a section is [name]"},
        {"[x] y\n", ":1: a section is [name]"},
        {"[X]\n", ":1: not a section name"},
        {"A b = 1\n", ":1: not a name"},
        {"= 1\n", ":1: not a name"},
        {"a = \xff\n", ":1: not UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        status_t status;
        config_t *config = load(cases[i].content, &status);
        EXPECT(!config && status == STATUS_INVALID_ARGUMENT);
        EXPECT(strstr(error, cases[i].error));
    }
    static char large[6000];
    memset(large, 'a', sizeof large - 1);
    status_t status;
    EXPECT(!load(large, &status) && strstr(error, ":1: line too long"));
    config_t *config = NULL;
    EXPECT(config_load("/nowhere/x", &config, error, sizeof error) == STATUS_NOT_FOUND && !config);
    EXPECT(strstr(error, "/nowhere/x"));
}

TEST(the_environment_wins)
{
    status_t status;
    setenv("YIWANG_GATEWAY_PORT", "9000", 1);
    config_t *config = load("[gateway]\nport = 8443\n", &status);
    EXPECT(config_int(config, "gateway.port", 1, 1, 65535) == 9000);
    EXPECT(!config_unused(config, "gateway"));
    config_free(&config);
    EXPECT(config_load(NULL, &config, error, sizeof error) == STATUS_OK);
    EXPECT(config_int(config, "gateway.port", 1, 1, 65535) == 9000);
    config_free(&config);
    unsetenv("YIWANG_GATEWAY_PORT");
}

TEST(finds_what_nobody_asked_for)
{
    status_t status;
    config_t *config = load("[case]\nreaders = 4\nraeders = 5\n[other]\nx = 1\n", &status);
    EXPECT(config_int(config, "case.readers", 1, 1, 8) == 4);
    const char *unused = config_unused(config, "case");
    EXPECT(unused && strcmp(unused, "case.raeders") == 0);
    config_text(config, "case.raeders", NULL);
    EXPECT(!config_unused(config, "case"));
    setenv("YIWANG_CASE_RAEDERS_X", "1", 1);
    unused = config_unused(config, "case");
    EXPECT(unused && strcmp(unused, "YIWANG_CASE_RAEDERS_X") == 0);
    unsetenv("YIWANG_CASE_RAEDERS_X");
    config_free(&config);
}

static int exit_of(const char *content, bool as_bool)
{
    status_t status;
    config_t *config = load(content, &status);
    pid_t pid = fork();
    if (pid == 0) {
        close(STDERR_FILENO);
        if (as_bool)
            config_bool(config, "x", false);
        else
            config_int(config, "x", 0, 1, 10);
        _exit(0);
    }
    int wait_status = -1;
    waitpid(pid, &wait_status, 0);
    config_free(&config);
    return WEXITSTATUS(wait_status);
}

TEST(a_wrong_number_ends_the_process)
{
    EXPECT(exit_of("x = 10", false) == 0);
    EXPECT(exit_of("x = 11", false) == 2);
    EXPECT(exit_of("x = ten", false) == 2);
    EXPECT(exit_of("x = off", true) == 0);
    EXPECT(exit_of("x = maybe", true) == 2);
}
