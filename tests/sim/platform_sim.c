/* platform_sim.c - see platform_sim.h: service_main() of each service and broker_run(), in fibers. */
#include "platform_sim.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "broker.h"
#include "channel.h"
#include "crypto.h"
#include "server.h"
#include "disk.h"

#define SMS_MAX 256
#define CONFIGS 3

const service_t *identity_service(void);
const service_t *catalog_service(void);
const service_t *case_service(void);

static struct {
    const char *name;
    const service_t *(*service)(void);
    process_t *process;
    int64_t start_us; /* when it is started again */
} parts[PLATFORM_COUNT] = {
    [BROKER] = {.name = "broker"},
    [IDENTITY] = {.name = "identity", .service = identity_service},
    [CATALOG] = {.name = "catalog", .service = catalog_service},
    [CASE] = {.name = "case", .service = case_service},
};

static char folder[64] = "/tmp/yiwang-sim-XXXXXX";
static char configs[CONFIGS][96];
static uint8_t master[CRYPTO_KEY_SIZE];
static bool supervised;
static broker_options_t limits;
static curve_t broker_keys;
broker_t *platform_broker; /* of the running one, for the books */

/* --- keys and settings ---------------------------------------------------------------------------- */

static void save_key(const char *name, const void *key, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/keys/%s", folder, name);
    if (crypto_key_save(path, key, size) != STATUS_OK)
        broken("simulator", "cannot write %s", path);
}

void platform_make_folder(void)
{
    uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE], secret_key[CRYPTO_SIGN_SECRET_SIZE];
    char path[128];
    if (!mkdtemp(folder))
        broken("simulator", "cannot make a folder in /tmp");
    snprintf(path, sizeof path, "%s/keys", folder);
    mkdir(path, 0700);
    crypto_random(master, sizeof master);
    crypto_sign_keys(public_key, secret_key);
    save_key("master.key", master, sizeof master);
    save_key("token.secret", secret_key, sizeof secret_key);
    save_key("token.public", public_key, sizeof public_key);

    static const char *const SETTINGS[CONFIGS] = {
        "[%1$s]\nreaders = 1\npreparers = 1\nwindow = 256\n",
        "[%1$s]\nreaders = 2\npreparers = 2\nwindow = 16\n",
        "[%1$s]\nreaders = 2\npreparers = 1\nwindow = 3\n",
    };
    for (int i = 0; i < CONFIGS; i++) {
        snprintf(configs[i], sizeof configs[i], "%s/%d.conf", folder, i);
        FILE *file = fopen(configs[i], "w");
        fprintf(file, "[platform]\nrun_dir = %s\ndata_dir = %s\nkey_dir = %s/keys\nbrokers = %s\n",
                folder, folder, folder, LOCAL_ENDPOINT);
        for (int j = IDENTITY; j < PLATFORM_COUNT; j++)
            fprintf(file, SETTINGS[i], parts[j].name);
        fclose(file);
    }
    limits = BROKER_DEFAULTS;
    limits.calls_max = 4096;
    limits.peers_max = 256;
    curve_make(&broker_keys);
}

void platform_clean(void)
{
    static const char *const FILES[] = {"keys/master.key",
                                        "keys/token.secret",
                                        "keys/token.public",
                                        "keys",
                                        "0.conf",
                                        "1.conf",
                                        "2.conf",
                                        ""};
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, FILES[i]);
        remove(path);
    }
}

const uint8_t *platform_master(void)
{
    return master;
}

void platform_limits(uint32_t queue_calls, uint32_t calls_max, uint32_t department_calls)
{
    limits.queue_calls = queue_calls;
    limits.calls_max = calls_max;
    limits.department_calls_max = department_calls;
}

/* --- processes ---------------------------------------------------------------------------------------- */

static void service_run(void *arg)
{
    size_t which = (size_t) arg;
    char *argv[] = {(char *) parts[which].name, configs[below(CONFIGS)], NULL};
    int code = service_main(2, argv, parts[which].service());
    char why[40];
    snprintf(why, sizeof why, "has stopped with %d", code);
    process_kill(parts[which].process, why);
}

static void broker_start(void *arg)
{
    (void) arg;
    broker_options_t *options = malloc(sizeof *options);
    broker_t *broker;
    char error[256];
    *options = limits;
    options->local_endpoint = LOCAL_ENDPOINT;
    options->department_endpoint = DEPARTMENT_ENDPOINT;
    options->keys = &broker_keys;
    sigset_t none;
    sigemptyset(&none);
    int stop = signalfd(-1, &none, 0);
    if (broker_open(options, &broker, error, sizeof error) != STATUS_OK)
        broken("simulator", "%s", error);
    platform_broker = broker;
    broker_run(broker, stop);
    platform_broker = NULL;
    broker_close(&broker);
    process_kill(parts[BROKER].process, "has stopped");
}

static int which_of(const process_t *process)
{
    for (int i = 0; i < PLATFORM_COUNT; i++)
        if (parts[i].process == process)
            return i;
    return -1;
}

/* As `yw` does: again after a moment, longer now and then. */
static void has_ended(process_t *process, const char *why)
{
    (void) why;
    if (process == parts[BROKER].process)
        platform_broker = NULL;
    int64_t wait_ms = one_in(6) ? between(2000, 9000) : between(20, 1200);
    parts[which_of(process)].start_us = world_us() + wait_ms * MS_US;
}

static void part_start(int which)
{
    process_t *process = parts[which].process;
    process->alive = true;
    process->excused = false;
    process->life++;
    say("%s starts (%d)", process->name, process->life);
    fiber_start(process, "bus", which == BROKER ? broker_start : service_run,
                (void *) (size_t) which);
}

static void supervise(void *arg)
{
    (void) arg;
    for (;;) {
        for (int i = 0; supervised && i < PLATFORM_COUNT; i++)
            if (!parts[i].process->alive && parts[i].start_us <= world_us())
                part_start(i);
        fiber_sleep_ms(20);
    }
}

void platform_start(void)
{
    static bool begun;
    for (int i = 0; i < PLATFORM_COUNT; i++) {
        parts[i].process = process_new(parts[i].name, true);
        parts[i].process->ended = has_ended;
        parts[i].start_us = 0;
    }
    supervised = true;
    if (!begun)
        fiber_start(NULL, "yw", supervise, NULL);
    begun = true;
}

void platform_supervise(bool on)
{
    supervised = on;
}

process_t *platform_process(int which)
{
    return parts[which].process;
}

bool platform_all_alive(void)
{
    for (int i = 0; i < PLATFORM_COUNT; i++)
        if (!parts[i].process->alive)
            return false;
    return true;
}

bool platform_none_alive(void)
{
    for (int i = 0; i < PLATFORM_COUNT; i++)
        if (parts[i].process->alive)
            return false;
    return true;
}

void platform_restart(int which)
{
    say("%s is told to stop", parts[which].name);
    process_terminate(parts[which].process);
}

void platform_stop_all(void)
{
    supervised = false;
    for (int i = PLATFORM_COUNT - 1; i >= 0; i--)
        platform_restart(i);
}

/* --- texts ---------------------------------------------------------------------------------------------- */

static struct {
    char to[12];
    char code[7];
    int number;
} texts[SMS_MAX];
static size_t text_count;
static int text_number;

static status_t sms_send(channel_t *self, const char *to, const char *text, int64_t now_ms)
{
    (void) self;
    (void) now_ms;
    if (one_in(20))
        return STATUS_UNAVAILABLE;
    say("sms to %s", to);
    size_t i = 0;
    while (i < text_count && strcmp(texts[i].to, to) != 0)
        i++;
    if (i == SMS_MAX)
        broken("simulator", "too many mobiles");
    if (i == text_count)
        text_count++;
    snprintf(texts[i].to, sizeof texts[i].to, "%s", to);
    texts[i].number = ++text_number;
    size_t at = strcspn(text, "0123456789");
    if (strspn(text + at, "0123456789") >= 6) {
        memcpy(texts[i].code, text + at, 6);
        texts[i].code[6] = 0;
    }
    return STATUS_OK;
}

static void sms_close(channel_t *self)
{
    free(self);
}

channel_t *__wrap_channel_file_new(const char *path)
{
    (void) path;
    channel_t *self = malloc(sizeof *self);
    *self = (channel_t){"file", sms_send, sms_close};
    return self;
}

int platform_sms(const char *mobile, char ret_code[7])
{
    for (size_t i = 0; i < text_count; i++)
        if (strcmp(texts[i].to, mobile) == 0) {
            memcpy(ret_code, texts[i].code, 7);
            return texts[i].number;
        }
    return 0;
}

/* --- passwords: Argon2 would take most of the time of a run ------------------------------------------------ */

status_t __wrap_crypto_password_hash(const char *password, char out[CRYPTO_PASSWORD_SIZE])
{
    uint8_t hash[CRYPTO_HASH_SIZE];
    crypto_hash(password, strlen(password), hash);
    memcpy(out, "$sim$", 5);
    crypto_hex(hash, 24, out + 5);
    fiber_sleep_ms(between(20, 60));
    return STATUS_OK;
}

bool __wrap_crypto_password_check(const char *hash, const char *password)
{
    char other[CRYPTO_PASSWORD_SIZE];
    return __wrap_crypto_password_hash(password, other) == STATUS_OK && strcmp(hash, other) == 0;
}
