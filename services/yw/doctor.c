/* doctor.c - `yw doctor`: does it work, not only run.
 *
 * Each check is a row of the table: a name, what it found, and what to do when it is bad. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "clock.h"
#include "https.h"
#include "method.h"
#include "text.h"
#include "yiwang/broker.pb-c.h"
#include "yiwang/process.pb-c.h"
#include "yw.h"

#define DISK_FREE_MIN        (1LL << 30) /* a day's files of a small city */
#define COMMIT_SLOW_US       100000
#define CERTIFICATE_DAYS_MIN 14
#define ONE_TIMEOUT_MS       3000

typedef struct {
    yw_t *yw;
    int bad;
} doctor_t;

__attribute__((format(printf, 4, 5))) static void report(doctor_t *self, bool ok, const char *name,
                                                         const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("%-4s %-20s ", ok ? "ok" : "BAD", name);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    if (!ok)
        self->bad++;
}

static void check_keys(doctor_t *self)
{
    static const char *const names[] = {"master.key", "token.secret"};
    struct stat info;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = platform_path(self->yw->platform.key_dir, names[i]);
        bool there = stat(path, &info) == 0;
        bool closed = there && (info.st_mode & 077) == 0;
        report(self, closed, names[i], "%s",
               !there    ? "missing: restore it from its backup, or `yw init` on a new platform"
               : !closed ? "others may read it: chmod 600"
                         : "only the owner may read it");
        free(path);
    }
}

static void check_disk(doctor_t *self)
{
    struct statvfs info;
    if (statvfs(self->yw->platform.data_dir, &info) != 0) {
        report(self, false, "disk", "%s cannot be looked at", self->yw->platform.data_dir);
        return;
    }
    long long free_bytes = (long long) info.f_bavail * (long long) info.f_frsize;
    report(self, free_bytes >= DISK_FREE_MIN, "disk", "%lld MiB free in %s%s", free_bytes >> 20,
           self->yw->platform.data_dir, free_bytes >= DISK_FREE_MIN ? "" : ": make room");
}

static void check_service(doctor_t *self, const char *name)
{
    char method[64];
    Yw__Empty empty = YW__EMPTY__INIT;
    const ProtobufCMessage *answer;
    const Yw__Status *failure;

    snprintf(method, sizeof method, "%s.CheckHealth", name);
    int64_t begin_us = clock_mono_us();
    status_t status = yw_try(self->yw, method, &empty.base, 3000, &answer, &failure);
    int64_t took_us = clock_mono_us() - begin_us;
    if (status != STATUS_OK) {
        report(self, false, name, "%s: see its lines in %s/yiwang.log", status_name(status),
               self->yw->platform.run_dir);
        return;
    }
    const Process__Health *health = (const Process__Health *) answer;
    bool fast = took_us < COMMIT_SLOW_US;
    report(self, fast && health->ok, name, "wrote and read back in %lld us, %lld events wait%s",
           (long long) took_us, (long long) health->outbox_waiting,
           fast ? "" : ": the disk is slow");
    if (health->outbox_parked)
        report(self, false, name, "%lld events were refused and wait for you: `yw parked`",
               (long long) health->outbox_parked);

    snprintf(method, sizeof method, "%s.VerifyAudit", name);
    status = yw_try(self->yw, method, &empty.base, 60000, &answer, &failure);
    const Process__AuditReport *audit = (const Process__AuditReport *) answer;
    if (status == STATUS_OK)
        report(self, audit->bad_seq == 0, name,
               audit->bad_seq ? "audit row %lld was altered" : "audit chain of %lld rows is whole",
               (long long) (audit->bad_seq ? audit->bad_seq : audit->rows));
    else
        report(self, false, name, "audit chain: %s", status_name(status));
}

static void check_broker(doctor_t *self, const char *name)
{
    Yw__Empty empty = YW__EMPTY__INIT;

    if (yw_broker_number(name) > 1) { /* what the first one tells is of all; this one must answer */
        bool ok = yw_healthy(self->yw, name);
        report(self, ok, name, ok ? "answers" : "does not answer: `yw start`");
        return;
    }
    const ProtobufCMessage *answer;
    const Yw__Status *failure;
    status_t status = yw_try(self->yw, "broker.ListWorkers", &empty.base, 3000, &answer, &failure);

    if (status != STATUS_OK) {
        report(self, false, "broker", "%s: `yw start`", status_name(status));
        return;
    }
    const Broker__WorkerList *list = (const Broker__WorkerList *) answer;
    report(self, true, "broker", "%zu workers", list->n_workers);
}

static void check_gateway(doctor_t *self)
{
    char text[2048];
    int days = 0;
    int port = yw_gateway_port(self->yw);
    int status = https_get(port, "/healthz", 3000, text, sizeof text, &days);

    report(self, status == 200, "gateway", "https://localhost:%d/healthz answers %d", port, status);
    if (status)
        report(self, days >= CERTIFICATE_DAYS_MIN, "certificate", "%d days left%s", days,
               days >= CERTIFICATE_DAYS_MIN ? "" : ": renew it");
    /* A read through all parts: gateway, broker, catalog, its database. */
    status = https_get(port, "/api/v1/themes", 3000, text, sizeof text, NULL);
    report(self, status == 200, "path", "a citizen's request through all parts answers %d", status);
}

/* --- one process: what a container's health check asks -------------------------------- */

static int gateway_answers(yw_t *yw)
{
    char text[256];
    int status = https_get(yw_gateway_port(yw), "/healthz", 3000, text, sizeof text, NULL);
    printf("%-4s gateway: /healthz answers %d\n", status == 200 ? "ok" : "BAD", status);
    return status == 200 ? 0 : 1;
}

/* Reached over any broker is well: a container must not be called ill because a broker is. */
static int check_one(yw_t *yw, const char *name)
{
    Yw__Empty empty = YW__EMPTY__INIT;
    const ProtobufCMessage *answer;
    const Yw__Status *failure;
    status_t status = STATUS_UNAVAILABLE;
    char method[64];

    if (text_equal(name, "gateway"))
        return gateway_answers(yw);
    if (yw_broker_number(name)) { /* this one, not any */
        bool ok = yw_healthy(yw, name);
        printf("%-4s %s: %s\n", ok ? "ok" : "BAD", name, ok ? "answers" : "does not answer");
        return ok ? 0 : 1;
    }
    snprintf(method, sizeof method, "%s.CheckHealth", name);
    if (!contract_method_of(method)) {
        fprintf(stderr, "yw: there is no service %s\n", name);
        return 2;
    }
    for (size_t i = 0; yw->platform.brokers[i] && status != STATUS_OK; i++)
        status = yw_try_at(yw, i, method, &empty.base, ONE_TIMEOUT_MS, &answer, &failure);
    printf("%-4s %s: %s answers %s\n", status == STATUS_OK ? "ok" : "BAD", name, method,
           status_name(status));
    return status == STATUS_OK ? 0 : 1;
}

int doctor_run(yw_t *yw, int argc, char **argv)
{
    doctor_t self = {.yw = yw};
    const char *names[PROCESSES_MAX];

    const char *service = yw_option(&argc, argv, "--service");
    if (argc != 0) {
        fprintf(stderr, "usage: yw doctor [--service NAME]\n");
        return 2;
    }
    if (service)
        return check_one(yw, service);
    check_keys(&self);
    check_disk(&self);
    size_t count = yw_processes(yw, names);
    for (size_t i = 0; i < count; i++) {
        if (yw_broker_number(names[i]))
            check_broker(&self, names[i]);
        else if (text_equal(names[i], "gateway"))
            check_gateway(&self);
        else
            check_service(&self, names[i]);
    }
    printf(self.bad ? "\n%d things need care\n" : "\nall is well\n", self.bad);
    return self.bad ? 1 : 0;
}
