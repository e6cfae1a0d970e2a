#include "platform.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"

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

    size_t size = strlen(ret->run_dir) + sizeof "ipc:///broker";
    char *own = config_keep(config, xalloc(size));
    snprintf(own, size, "ipc://%s/broker", ret->run_dir);
    char *rest = config_keep(config, xstrdup(config_text(config, "platform.brokers", own)));
    size_t n = 0;
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
