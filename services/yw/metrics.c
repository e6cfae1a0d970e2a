/* metrics.c - `yw metrics`: what Prometheus cannot ask of the gateway, as a text for it.
 *
 * Each process gives its own metrics (GetMetrics, the gateway's /metrics).  What is missing there is
 * seen from beside them: whether each service does its work, events that wait or were refused, the
 * brokers one by one, and the disk.  A job writes this into a file that the node exporter's
 * textfile collector reads. */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "clock.h"
#include "text.h"
#include "yiwang/broker.pb-c.h"
#include "yiwang/process.pb-c.h"
#include "yw.h"

#define TIMEOUT_MS 2000
#define REFUSED    "yiwang_bus_refused_total{"

typedef struct {
    const char *name;
    bool ok;
    double seconds;                /* that the answer took */
    const Process__Health *health; /* NULL when not ok */
} service_t;

static void head(const char *name, const char *type, const char *help)
{
    printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* --- services --------------------------------------------------------------------------- */

static void ask_service(yw_t *yw, service_t *self)
{
    Yw__Empty empty = YW__EMPTY__INIT;
    const ProtobufCMessage *answer;
    const Yw__Status *failure;
    char method[64];

    snprintf(method, sizeof method, "%s.CheckHealth", self->name);
    int64_t begin_us = clock_mono_us();
    self->ok = yw_try(yw, method, &empty.base, TIMEOUT_MS, &answer, &failure) == STATUS_OK;
    self->seconds = (double) (clock_mono_us() - begin_us) / 1e6;
    self->health = self->ok ? (const Process__Health *) answer : NULL;
}

static void print_services(yw_t *yw)
{
    const char *names[PROCESSES_MAX];
    service_t list[PROCESSES_MAX];
    size_t count = yw_services(yw, names);

    for (size_t i = 0; i < count; i++) {
        list[i] = (service_t){.name = names[i]};
        ask_service(yw, &list[i]);
    }
    head("yiwang_service_ok", "gauge", "1: the service wrote a row and answered.");
    for (size_t i = 0; i < count; i++)
        printf("yiwang_service_ok{service=\"%s\"} %d\n", list[i].name, list[i].ok);
    head("yiwang_service_check_seconds", "gauge", "Time that writing a row and answering took.");
    for (size_t i = 0; i < count; i++)
        printf("yiwang_service_check_seconds{service=\"%s\"} %.6f\n", list[i].name,
               list[i].seconds);
    head("yiwang_events_waiting", "gauge", "Events that have not reached a subscriber yet.");
    for (size_t i = 0; i < count; i++)
        if (list[i].health)
            printf("yiwang_events_waiting{service=\"%s\"} %lld\n", list[i].name,
                   (long long) list[i].health->outbox_waiting);
    head("yiwang_events_parked", "gauge",
         "Events that a subscriber refused and a person must look at.");
    for (size_t i = 0; i < count; i++)
        if (list[i].health)
            printf("yiwang_events_parked{service=\"%s\"} %lld\n", list[i].name,
                   (long long) list[i].health->outbox_parked);
    head("yiwang_service_queue_calls", "gauge", "Calls that a service holds and has not begun.");
    for (size_t i = 0; i < count; i++)
        if (list[i].health)
            printf("yiwang_service_queue_calls{service=\"%s\",kind=\"read\"} %u\n"
                   "yiwang_service_queue_calls{service=\"%s\",kind=\"write\"} %u\n",
                   list[i].name, list[i].health->reads_queued, list[i].name,
                   list[i].health->writes_queued);
}

/* --- brokers ------------------------------------------------------------------------------ */

/* The broker's own lines of the one family that alerts need, with its number before their labels. */
static void print_refused(const char *text, size_t broker)
{
    for (const char *line = text; line && *line;) {
        const char *end = strchr(line, '\n');
        if (text_starts(line, REFUSED))
            printf("%sbroker=\"%zu\",%.*s\n", REFUSED, broker + 1,
                   (int) ((end ? (size_t) (end - line) : strlen(line)) - strlen(REFUSED)),
                   line + strlen(REFUSED));
        line = end ? end + 1 : NULL;
    }
}

static void print_brokers(yw_t *yw)
{
    const Broker__WorkerList *lists[PLATFORM_BROKERS_MAX] = {NULL};
    const char *texts[PLATFORM_BROKERS_MAX] = {NULL};
    Yw__Empty empty = YW__EMPTY__INIT;
    const ProtobufCMessage *answer;
    const Yw__Status *failure;
    size_t count = 0;

    for (; yw->platform.brokers[count]; count++) {
        if (yw_try_at(yw, count, "broker.ListWorkers", &empty.base, TIMEOUT_MS, &answer,
                      &failure) != STATUS_OK)
            continue;
        lists[count] = (const Broker__WorkerList *) answer;
        if (yw_try_at(yw, count, "broker.GetMetrics", &empty.base, TIMEOUT_MS, &answer, &failure) ==
            STATUS_OK)
            texts[count] = ((const Broker__Metrics *) answer)->text;
    }
    head("yiwang_broker_ok", "gauge", "1: the broker answered.");
    for (size_t i = 0; i < count; i++)
        printf("yiwang_broker_ok{broker=\"%zu\"} %d\n", i + 1, lists[i] != NULL);
    head("yiwang_broker_workers", "gauge", "Workers of a service that a broker has.");
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; lists[i] && k < lists[i]->n_queues; k++)
            printf("yiwang_broker_workers{broker=\"%zu\",service=\"%s\"} %u\n", i + 1,
                   lists[i]->queues[k]->service, lists[i]->queues[k]->workers);
    head("yiwang_broker_queue_calls", "gauge", "Calls that wait in a broker for a service.");
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; lists[i] && k < lists[i]->n_queues; k++)
            printf("yiwang_broker_queue_calls{broker=\"%zu\",service=\"%s\"} %u\n", i + 1,
                   lists[i]->queues[k]->service, lists[i]->queues[k]->calls);
    head("yiwang_bus_refused_total", "counter", "Calls the broker answered itself.");
    for (size_t i = 0; i < count; i++)
        print_refused(texts[i], i);
}

/* --- the disk --------------------------------------------------------------------------- */

/* Where the database is: in containers each has a volume of its own. */
static bool look(yw_t *yw, const char *service, struct statvfs *ret)
{
    const char *path = arena_printf(yw->arena, "%s/%s.db", yw->platform.data_dir, service);
    return statvfs(path, ret) == 0;
}

static void print_disks(yw_t *yw)
{
    const char *names[PROCESSES_MAX];
    struct statvfs info;
    size_t count = yw_services(yw, names);

    head("yiwang_disk_free_bytes", "gauge", "Room left where the service's database is.");
    for (size_t i = 0; i < count; i++)
        if (look(yw, names[i], &info))
            printf("yiwang_disk_free_bytes{service=\"%s\"} %.0f\n", names[i],
                   (double) info.f_frsize * (double) info.f_bavail);
    head("yiwang_disk_size_bytes", "gauge", "Size of the disk where the service's database is.");
    for (size_t i = 0; i < count; i++)
        if (look(yw, names[i], &info))
            printf("yiwang_disk_size_bytes{service=\"%s\"} %.0f\n", names[i],
                   (double) info.f_frsize * (double) info.f_blocks);
}

int metrics_run(yw_t *self, int argc, char **argv)
{
    (void) argv;
    if (argc != 0) {
        fprintf(stderr, "usage: yw metrics\n");
        return 2;
    }
    print_services(self);
    print_brokers(self);
    print_disks(self);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
