/* main.c - the broker process: `broker CONFIG [NUMBER]`; the second of a host has the number 2.
 *
 * [broker] of the config file, all optional:
 *   department_address   "tcp://ADDRESS:PORT" for departments' systems; empty: no such door
 *   department_address_2 ...   the same of broker 2 ...
 *   calls, peers, department_calls, queue_calls, queue_bytes, heartbeat_ms    limits (broker.h) */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "broker.h"
#include "check.h"
#include "config.h"
#include "crypto.h"
#include "log.h"
#include "platform.h"
#include "text.h"

#define ENDPOINT_SIZE 108 /* sun_path of a Unix socket */

_Noreturn static void fail(const char *text, const char *detail)
{
    fprintf(stderr, "broker: %s%s\n", text, detail);
    exit(2);
}

/* A department's client needs a descriptor; libzmq aborts when it finds none for itself. */
static void allow_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Our own key pair, made at the first start; NAME.pub is for the departments. */
static void load_keys(const char *path, curve_t *ret)
{
    status_t status = curve_load(path, ret);
    if (status == STATUS_NOT_FOUND) {
        curve_make(ret);
        status = curve_save(path, ret);
        log_info("made a key pair in %s", path);
    }
    if (status != STATUS_OK || !ret->secret_key[0])
        fail("not a key file with mode 0600: ", path);
}

static int stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0); /* before libzmq's thread is made */
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    CHECK(fd >= 0);
    return fd;
}

static uint32_t limit(config_t *config, const char *name, uint32_t fallback, uint32_t max)
{
    return (uint32_t) config_int(config, name, fallback, 1, max);
}

/* Whoever can open the socket may ask as a service of ours. */
static void check_folder(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid())
        fail("not our folder: ", path);
    if (info.st_mode & 077 && chmod(path, 0700) != 0)
        fail("cannot make it private: ", path);
}

/* All of them are read, so that none is taken for a name that nobody knows. */
static const char *department_address(config_t *config, int number)
{
    const char *ret = config_text(config, "broker.department_address", "");
    for (int i = 2; i <= PLATFORM_BROKERS_MAX; i++) {
        char name[64];
        snprintf(name, sizeof name, "broker.department_address_%d", i);
        const char *address = config_text(config, name, "");
        if (i == number)
            ret = address;
    }
    return ret;
}

int main(int argc, char **argv)
{
    int64_t number = 1;
    if (argc < 2 || argc > 3 || (argc == 3 && !text_int(argv[2], 1, PLATFORM_BROKERS_MAX, &number)))
        fail("usage: broker CONFIG [NUMBER]", "");
    crypto_init();
    umask(077);
    platform_t platform;
    config_t *config = platform_load(argv[1], &platform);
    log_open("broker", platform.log_level);
    int stop_fd = stop_signals();
    allow_files();
    check_folder(platform.run_dir);

    broker_options_t options = BROKER_DEFAULTS;
    const char *endpoint = platform.own_brokers[number - 1];
    if (strlen(endpoint) >= ENDPOINT_SIZE)
        fail("path too long for a socket: ", platform.run_dir);
    options.local_endpoint = endpoint;
    options.department_endpoint = department_address(config, (int) number);
    options.calls_max = limit(config, "broker.calls", options.calls_max, 100000);
    options.peers_max = limit(config, "broker.peers", options.peers_max, 50000);
    options.department_calls_max =
        limit(config, "broker.department_calls", options.department_calls_max, 120);
    options.queue_calls = limit(config, "broker.queue_calls", options.queue_calls, 100000);
    options.queue_bytes = (uint64_t) config_int(
        config, "broker.queue_bytes", (int64_t) options.queue_bytes, 1 << 20, (int64_t) 1 << 32);
    options.heartbeat_ms =
        (uint32_t) config_int(config, "broker.heartbeat_ms", options.heartbeat_ms, 20, 10000);
    const char *unused = config_unused(config, "broker");
    if (unused)
        fail("unknown setting: ", unused);

    curve_t keys = {.secret_key = ""};
    char *key_path = platform_path(platform.key_dir, "broker.curve");
    if (!text_empty(options.department_endpoint))
        load_keys(key_path, &keys);
    free(key_path);
    options.keys = &keys;

    broker_t *broker;
    char error[512];
    if (broker_open(&options, &broker, error, sizeof error) != STATUS_OK)
        fail(error, "");
    log_info("ready at %s %s", endpoint, broker_department_endpoint(broker));
    broker_run(broker, stop_fd);
    broker_close(&broker);
    crypto_wipe(&keys, sizeof keys);
    config_free(&config);
    return 0;
}
