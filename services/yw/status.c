/* status.c - `yw status`, `yw trace`, `yw parked`: what the platform says of itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "message.h"
#include "text.h"
#include "yiwang/broker.pb-c.h"
#include "yiwang/process.pb-c.h"
#include "yw.h"

static void print_processes(yw_t *self)
{
    char *path = platform_path(self->platform.run_dir, "processes");
    FILE *file = fopen(path, "r");
    char name[64], state[32];
    long long started_ms;
    int pid, restarts;

    free(path);
    if (!file)
        return;
    printf("%-12s %8s %10s %9s  %s\n", "PROCESS", "PID", "UP", "RESTARTS", "STATE");
    while (fscanf(file, "%63s %d %lld %d %31s", name, &pid, &started_ms, &restarts, state) == 5)
        printf("%-12s %8d %9llds %9d  %s\n", name, pid,
               (long long) (clock_now_ms() - started_ms) / 1000, restarts, state);
    fclose(file);
}

static void print_workers(const Broker__WorkerList *list)
{
    printf("\n%-12s %10s %8s %8s  %s\n", "WORKER", "INSTANCE", "WINDOW", "CREDIT", "STATE");
    for (size_t i = 0; i < list->n_workers; i++)
        printf("%-12s %10llu %8u %8u  %s\n", list->workers[i]->service,
               (unsigned long long) list->workers[i]->instance, list->workers[i]->window,
               list->workers[i]->credit, list->workers[i]->draining ? "draining" : "ready");
    for (size_t i = 0; i < list->n_queues; i++)
        if (list->queues[i]->calls)
            printf("%s: %u calls wait, %llu bytes\n", list->queues[i]->service,
                   list->queues[i]->calls, (unsigned long long) list->queues[i]->bytes);
}

int status_run(yw_t *self, int argc, char **argv)
{
    Yw__Empty empty = YW__EMPTY__INIT;

    (void) argv;
    if (argc != 0) {
        fprintf(stderr, "usage: yw status\n");
        return 2;
    }
    /* In containers nobody holds RUN_DIR/yw.pid, and the platform runs all the same. */
    bool supervised = yw_supervisor(self) != 0;
    const ProtobufCMessage *answer;
    const Yw__Status *failure;
    status_t status = yw_try(self, "broker.ListWorkers", &empty.base, supervised ? 3000 : 1000,
                             &answer, &failure);
    if (!supervised && status != STATUS_OK) {
        printf("not running\n");
        return 1;
    }
    if (supervised)
        print_processes(self);
    if (status != STATUS_OK) {
        fprintf(stderr, "yw: broker.ListWorkers: %s\n", status_name(status));
        return 1;
    }
    print_workers((const Broker__WorkerList *) answer);
    return 0;
}

int trace_run(yw_t *self, int argc, char **argv)
{
    const char *names[PROCESSES_MAX];
    char method[64], at[CLOCK_RFC3339_SIZE];
    Process__FindTraceRequest request = PROCESS__FIND_TRACE_REQUEST__INIT;
    size_t found = 0;
    int result = 0;

    if (argc != 1) {
        fprintf(stderr, "usage: yw trace ID\n");
        return 2;
    }
    request.id = argv[0];
    size_t count = yw_services(self, names);
    printf("%-24s %-10s %-26s %-36s %-20s %s\n", "TIME", "SERVICE", "METHOD", "CALLER", "OUTCOME",
           "CONCERNS");
    for (size_t i = 0; i < count; i++) {
        snprintf(method, sizeof method, "%s.FindTrace", names[i]);
        const Process__TraceRows *rows =
            (const Process__TraceRows *) yw_ask(self, method, &request.base, 5000);
        if (!rows) {
            result = 1;
            continue;
        }
        for (size_t k = rows->n_rows; k-- > 0; found++) {
            const Process__TraceRow *row = rows->rows[k];
            clock_format(timestamp_ms(row->at), at);
            printf("%-24s %-10s %-26s %-36s %-20s %s\n", at, names[i], row->method, row->caller,
                   row->outcome, row->concerns);
        }
    }
    if (!found)
        printf("nothing is known of %s\n", argv[0]);
    return found ? result : 1;
}

static int retry(yw_t *self, const char *service, const char *seq, const char *subscriber)
{
    char method[64];
    Process__RetryParkedRequest request = PROCESS__RETRY_PARKED_REQUEST__INIT;
    int64_t number;

    if (!text_int(seq, 1, INT64_MAX, &number)) {
        fprintf(stderr, "yw: %s is not a number\n", seq);
        return 2;
    }
    request.seq = number;
    request.subscriber = subscriber;
    snprintf(method, sizeof method, "%s.RetryParked", service);
    return yw_ask(self, method, &request.base, 5000) ? 0 : 1;
}

int parked_run(yw_t *self, int argc, char **argv)
{
    const char *names[PROCESSES_MAX];
    char method[64];
    Yw__Empty empty = YW__EMPTY__INIT;
    int result = 0;

    if (argc == 4 && text_equal(argv[0], "retry"))
        return retry(self, argv[1], argv[2], argv[3]);
    if (argc != 0) {
        fprintf(stderr, "usage: yw parked [retry SERVICE SEQ SUBSCRIBER]\n");
        return 2;
    }
    size_t count = yw_services(self, names);
    for (size_t i = 0; i < count; i++) {
        snprintf(method, sizeof method, "%s.ListParked", names[i]);
        const Process__ParkedList *list =
            (const Process__ParkedList *) yw_ask(self, method, &empty.base, 5000);
        if (!list)
            result = 1;
        for (size_t k = 0; list && k < list->n_parked; k++)
            printf("%s %lld %s %s key=%s attempts=%d: %s\n", names[i],
                   (long long) list->parked[k]->seq, list->parked[k]->subscriber,
                   list->parked[k]->topic, list->parked[k]->key, list->parked[k]->attempts,
                   list->parked[k]->error);
    }
    return result;
}
