#include "platform.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "text.h"

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "yiwang: %s: %s\n", what, why);
    exit(2);
}

char *platform_path(const char *dir, const char *name)
{
    size_t size = strlen(dir) + 1 + strlen(name) + 1;
    char *path = xalloc(size);
    snprintf(path, size, "%s/%s", dir, name);
    return path;
}

/* mkdir -p, 0700: sockets and databases are nobody else's. */
static void make_folder(const char *path)
{
    char *part = xstrdup(path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            die(part, strerror(errno));
        *slash = '/';
    }
    if (mkdir(part, 0700) != 0 && errno != EEXIST)
        die(part, strerror(errno));
    free(part);
}

static log_level_t read_level(const char *name)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int i = 0; i < 4; i++)
        if (strcmp(name, names[i]) == 0)
            return (log_level_t) i;
    die("platform.log", "must be debug, info, warn or error");
}

const char *platform_key_dir(config_t *config)
{
    const char *data_dir = config_text(config, "platform.data_dir", "data");
    return config_text(config, "platform.key_dir",
                       config_keep(config, platform_path(data_dir, "keys")));
}

static const char *own_broker(config_t *config, const char *run_dir, int number)
{
    size_t size = strlen(run_dir) + sizeof "ipc:///broker-12";
    char *endpoint = config_keep(config, xalloc(size));
    if (number == 1)
        snprintf(endpoint, size, "ipc://%s/broker", run_dir);
    else
        snprintf(endpoint, size, "ipc://%s/broker-%d", run_dir, number);
    return endpoint;
}

void platform_ready(void)
{
    const char *text = getenv("YIWANG_READY_FD");
    int64_t fd;
    if (!text || !text_int(text, 0, INT32_MAX, &fd))
        return;
    if (write((int) fd, "1", 1) != 1)
        log_warn("nobody waits for us to be ready");
    close((int) fd);
    unsetenv("YIWANG_READY_FD");
}

config_t *platform_load(const char *config_path, platform_t *ret)
{
    char error[512];
    config_t *config;

    if (config_load(config_path, &config, error, sizeof error) != STATUS_OK)
        die("configuration", error);
    ret->run_dir = config_text(config, "platform.run_dir", "run");
    ret->data_dir = config_text(config, "platform.data_dir", "data");
    ret->key_dir = platform_key_dir(config);
    ret->starter = config_text(config, "platform.starter", "deploy/starter");
    ret->log_level = read_level(config_text(config, "platform.log", "info"));
    make_folder(ret->run_dir);
    make_folder(ret->data_dir);
    make_folder(ret->key_dir);

    ret->broker_count =
        (int) config_int(config, "platform.broker_count", 1, 1, PLATFORM_BROKERS_MAX);
    const char *others = config_text(config, "platform.brokers", "");
    size_t n = 0;
    for (int i = 0; i < PLATFORM_BROKERS_MAX; i++)
        ret->own_brokers[i] = own_broker(config, ret->run_dir, i + 1);
    for (; !*others && n < (size_t) ret->broker_count; n++)
        ret->brokers[n] = ret->own_brokers[n];
    char *rest = config_keep(config, xstrdup(others));
    for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " ")) {
        if (!*word)
            continue;
        if (n == PLATFORM_BROKERS_MAX)
            die("platform.brokers", "too many");
        ret->brokers[n++] = word;
    }
    ret->brokers[n] = NULL;
    if (n == 0)
        die("platform.brokers", "names no broker");

    const char *unused = config_unused(config, "platform");
    if (unused)
        die(unused, "no such setting");
    return config;
}
