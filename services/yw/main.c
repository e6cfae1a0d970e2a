#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "crypto.h"
#include "text.h"
#include "yiwang/common.pb-c.h"
#include "yw.h"

#define ARENA_BYTES      (256u << 20)
#define DEFAULT_CONFIG   "deploy/yiwang.conf"
#define INSTALLED_CONFIG "/etc/yiwang/yiwang.conf"
#define DEFAULT_SERVICES "identity catalog case"
#define BROKER_LOOK_MS   1500 /* for the answer of one of several brokers */

static const struct {
    const char *name;
    command_run_t run;
    const char *use;
    const char *help;
} commands[] = {
    {"up", up_run, "", "run all processes in the foreground; restart what dies; stop in order"},
    {"start", start_run, "", "the same in the background; comes back when all is healthy"},
    {"stop", stop_run, "", "stop what start or up began"},
    {"restart", restart_run, "[--rolling]",
     "stop and start; --rolling: one after the other, no request fails"},
    {"status", status_run, "", "processes, workers, queues"},
    {"doctor", doctor_run, "[--service NAME]",
     "checks that everything works, or one process, and says what to do where not"},
    {"metrics", metrics_run, "", "what only the operator sees, in Prometheus' text format"},
    {"init", init_run, "[--host NAMES] [PROCESS=FOLDER ...]",
     "make keys and certificate where they do not exist"},
    {"key", key_run, "make|show|grant|revoke ...", "keys and grants of department systems"},
    {"import", import_run, "KIND FILE [--dry-run]", "bring lists in; `yw import` names the kinds"},
    {"starter", starter_run, "[FOLDER]", "import the starter data"},
    {"trace", trace_run, "ID", "what is known of a trace, case or account, in all services"},
    {"backup", backup_run, "FOLDER",
     "all databases as they are at one moment, while the platform runs"},
    {"restore", restore_run, "FOLDER", "bring a backup into an empty data folder"},
    {"verify", verify_run, "[FOLDER]", "look through every row of the databases, or of a backup"},
    {"parked", parked_run, "[retry SERVICE SEQ SUBSCRIBER]", "events that a subscriber refused"},
};

static int usage(void)
{
    fprintf(stderr, "usage: yw [--config FILE] COMMAND ...\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(stderr, "  %-8s %-35s %s\n", commands[i].name, commands[i].use, commands[i].help);
    return 2;
}

const char *yw_option(int *argc, char **argv, const char *name)
{
    for (int i = 0; i + 1 < *argc; i++) {
        if (!text_equal(argv[i], name))
            continue;
        const char *value = argv[i + 1];
        memmove(argv + i, argv + i + 2, sizeof *argv * (size_t) (*argc - i - 1));
        *argc -= 2;
        return value;
    }
    return NULL;
}

bool yw_flag(int *argc, char **argv, const char *name)
{
    for (int i = 0; i < *argc; i++) {
        if (!text_equal(argv[i], name))
            continue;
        memmove(argv + i, argv + i + 1, sizeof *argv * (size_t) (*argc - i));
        *argc -= 1;
        return true;
    }
    return false;
}

char *yw_read_file(yw_t *self, const char *path, size_t limit, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    struct stat info;

    if (!file || fstat(fileno(file), &info) != 0) {
        fprintf(stderr, "yw: %s: %s\n", path, strerror(errno));
        if (file)
            fclose(file);
        return NULL;
    }
    char *text = NULL;
    size_t size = (size_t) info.st_size;
    if (size > limit)
        fprintf(stderr, "yw: %s: larger than %zu bytes\n", path, limit);
    else if (!(text = arena_alloc(self->arena, size + 1)))
        fprintf(stderr, "yw: %s: no memory left for it\n", path);
    else if (fread(text, 1, size, file) != size) {
        fprintf(stderr, "yw: %s: cannot be read\n", path);
        text = NULL;
    }
    fclose(file);
    *ret_size = size;
    return text;
}

status_t yw_try_at(yw_t *self, size_t broker, const char *method, const ProtobufCMessage *in,
                   uint32_t timeout_ms, const ProtobufCMessage **ret,
                   const Yw__Status **ret_failure)
{
    client_t *client;

    *ret = NULL;
    *ret_failure = NULL;
    if (client_open(self->platform.brokers[broker], "yw", &client) != STATUS_OK)
        return STATUS_UNAVAILABLE;
    status_t status =
        client_ask(client, method, NULL, in, timeout_ms, self->arena, ret, ret_failure);
    client_close(&client);
    return status;
}

/* The first broker that answers; where none does, the last, whose silence is then reported. */
static bool open_client(yw_t *self)
{
    Yw__Empty empty = YW__EMPTY__INIT;
    const ProtobufCMessage *answer;
    const Yw__Status *failure;
    size_t i = 0;

    while (self->platform.brokers[i + 1] &&
           yw_try_at(self, i, "broker.ListWorkers", &empty.base, BROKER_LOOK_MS, &answer,
                     &failure) != STATUS_OK)
        i++;
    return client_open(self->platform.brokers[i], "yw", &self->client) == STATUS_OK;
}

status_t yw_try(yw_t *self, const char *method, const ProtobufCMessage *in, uint32_t timeout_ms,
                const ProtobufCMessage **ret, const Yw__Status **ret_failure)
{
    *ret = NULL;
    *ret_failure = NULL;
    if (!self->client && !open_client(self))
        return STATUS_UNAVAILABLE;
    return client_ask(self->client, method, NULL, in, timeout_ms, self->arena, ret, ret_failure);
}

const ProtobufCMessage *yw_ask(yw_t *self, const char *method, const ProtobufCMessage *in,
                               uint32_t timeout_ms)
{
    const ProtobufCMessage *answer;
    const Yw__Status *failure;
    status_t status = yw_try(self, method, in, timeout_ms, &answer, &failure);

    if (status == STATUS_OK)
        return answer;
    fprintf(stderr, "yw: %s: %s%s%s\n", method, status_name(status), failure ? ": " : "",
            failure ? failure->message : " (is the platform running?)");
    for (size_t i = 0; failure && i < failure->n_violations; i++)
        fprintf(stderr, "    %s: %s\n", failure->violations[i]->field,
                failure->violations[i]->message);
    return NULL;
}

size_t yw_processes(yw_t *self, const char *ret[PROCESSES_MAX])
{
    const char *brokers = "broker";
    for (int i = 2; i <= self->platform.broker_count; i++)
        brokers = arena_printf(self->arena, "%s broker-%d", brokers, i);
    const char *all = arena_printf(self->arena, "%s " DEFAULT_SERVICES " gateway", brokers);
    char *rest = arena_text(self->arena, config_text(self->config, "yw.processes", all));
    size_t n = 0;

    for (char *word = strsep(&rest, " "); word && n < PROCESSES_MAX; word = strsep(&rest, " "))
        if (*word)
            ret[n++] = word;
    return n;
}

size_t yw_services(yw_t *self, const char *ret[PROCESSES_MAX])
{
    size_t n = 0, count = yw_processes(self, ret);
    for (size_t i = 0; i < count; i++)
        if (!yw_broker_number(ret[i]) && !text_equal(ret[i], "gateway"))
            ret[n++] = ret[i];
    return n;
}

int yw_broker_number(const char *process)
{
    int64_t number;
    if (text_equal(process, "broker"))
        return 1;
    if (strncmp(process, "broker-", 7) != 0 ||
        !text_int(process + 7, 2, PLATFORM_BROKERS_MAX, &number))
        return 0;
    return (int) number;
}

/* The file alone says nothing after a crash; the lock on it does. */
int yw_supervisor(yw_t *self)
{
    char *path = platform_path(self->platform.run_dir, "yw.pid");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int pid = 0;

    if (fd >= 0) {
        if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
            pid = (int) lock.l_pid;
        close(fd);
    }
    free(path);
    return pid;
}

bool yw_running(yw_t *self)
{
    Yw__Empty empty = YW__EMPTY__INIT;
    const ProtobufCMessage *answer;
    const Yw__Status *failure;

    if (yw_supervisor(self))
        return true;
    for (size_t i = 0; self->platform.brokers[i]; i++)
        if (yw_try_at(self, i, "broker.ListWorkers", &empty.base, BROKER_LOOK_MS, &answer,
                      &failure) == STATUS_OK)
            return true;
    return false;
}

int yw_gateway_port(yw_t *self)
{
    return (int) config_int(self->config, "gateway.port", 8443, 1, 65535);
}

int main(int argc, char **argv)
{
    char program[4096];
    ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    CHECK(size > 0);
    program[size] = 0;

    argc--, argv++;
    const char *config = yw_option(&argc, argv, "--config");
    if (!config && access(DEFAULT_CONFIG, R_OK) == 0)
        config = DEFAULT_CONFIG;
    else if (!config && access(INSTALLED_CONFIG, R_OK) == 0)
        config = INSTALLED_CONFIG;
    if (argc < 1)
        return usage();
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (!text_equal(argv[0], commands[i].name))
            continue;
        crypto_init();
        yw_t self = {.config_path = config, .arena = arena_new(ARENA_BYTES), .program = program};
        self.config = platform_load(config, &self.platform);
        log_open("yw", self.platform.log_level);
        int status = commands[i].run(&self, argc - 1, argv + 1);
        client_close(&self.client);
        arena_free(&self.arena);
        config_free(&self.config);
        return status;
    }
    return usage();
}
