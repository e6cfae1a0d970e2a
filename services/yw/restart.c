/* restart.c - `yw restart`: all at once, or one after the other while the rest works.
 *
 * Rolling: each service is told to stop; it finishes what it has, the broker keeps new calls for its
 * successor.  The gateway gets a second one beside it before it leaves.  A broker says that it is
 * leaving, answers what it holds, and calls go through the other one; with one broker alone they wait
 * for it.  Each has to work before the next one's turn. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "text.h"
#include "yiwang/broker.pb-c.h"
#include "yw.h"

#define TURN_MS 40000 /* for one process: its stop has 12 s, its start 30 */
#define PEERS_MS                                                                                   \
    4000 /* for those who used a broker to come back to it; some may have left for good */

/* The process id that RUN_DIR/processes tells, 0: none. */
static int pid_of(yw_t *yw, const char *name)
{
    char *path = platform_path(yw->platform.run_dir, "processes");
    FILE *file = fopen(path, "r");
    char line_name[64];
    int pid = 0, found = 0;

    free(path);
    while (file && !found && fscanf(file, "%63s %d %*d %*d %*s", line_name, &pid) == 2)
        if (text_equal(line_name, name))
            found = pid;
    if (file)
        fclose(file);
    return found;
}

/* How many have joined this broker: services, gateways, and we who ask. */
static size_t peers_of(yw_t *yw, int broker)
{
    Yw__Empty empty = YW__EMPTY__INIT;
    const ProtobufCMessage *answer = NULL;
    const Yw__Status *failure;
    client_t *client = NULL;

    if (client_open(yw->platform.own_brokers[broker - 1], "yw", &client) == STATUS_OK)
        client_ask(client, "broker.ListWorkers", NULL, &empty.base, 1000, yw->arena, &answer,
                   &failure);
    client_close(&client);
    const Broker__WorkerList *list = (const Broker__WorkerList *) answer;
    return list ? list->n_workers + list->askers : 0;
}

/* Another process has the name, works, and (a broker) has its peers. */
static bool is_back(yw_t *yw, const char *name, int old, size_t peers)
{
    int pid = pid_of(yw, name), broker = yw_broker_number(name);
    return pid && pid != old && yw_healthy(yw, name) && (!broker || peers_of(yw, broker) >= peers);
}

static bool restart_one(yw_t *yw, const char *name, int supervisor)
{
    int old = pid_of(yw, name), broker = yw_broker_number(name);
    size_t peers = broker ? peers_of(yw, broker) : 0;
    int64_t begin_ms = clock_mono_ms();

    if (!old) {
        fprintf(stderr, "yw: %s does not run: `yw doctor`\n", name);
        return false;
    }
    bool gateway = text_equal(name, "gateway");
    kill(gateway ? supervisor : old, gateway ? SIGUSR1 : SIGTERM);
    while (!is_back(yw, name, old, peers)) {
        if (clock_mono_ms() - begin_ms > PEERS_MS)
            peers = 0;
        if (clock_mono_ms() - begin_ms > TURN_MS) {
            fprintf(stderr,
                    "yw: %s does not come back: see %s/yiwang.log; the others were left alone\n",
                    name, yw->platform.run_dir);
            return false;
        }
        poll(NULL, 0, 20);
    }
    printf("%-12s pid %d -> %d, %lld ms\n", name, old, pid_of(yw, name),
           (long long) (clock_mono_ms() - begin_ms));
    fflush(stdout);
    return true;
}

static int restart_rolling(yw_t *yw, int supervisor)
{
    const char *names[PROCESSES_MAX];
    size_t count = yw_processes(yw, names);

    for (size_t i = 0; i < count; i++)
        if (!yw_broker_number(names[i]) && !restart_one(yw, names[i], supervisor))
            return 1;
    client_close(&yw->client); /* ours would be missed among those who come back */
    for (size_t i = 0; i < count; i++)
        if (yw_broker_number(names[i]) && !restart_one(yw, names[i], supervisor))
            return 1;
    return 0;
}

int restart_run(yw_t *yw, int argc, char **argv)
{
    bool rolling = yw_flag(&argc, argv, "--rolling");
    int supervisor = yw_supervisor(yw);

    if (argc != 0) {
        fprintf(stderr, "usage: yw restart [--rolling]\n");
        return 2;
    }
    if (rolling && !supervisor) {
        fprintf(stderr, "yw: not running: `yw start`\n");
        return 1;
    }
    if (rolling)
        return restart_rolling(yw, supervisor);
    int status = stop_run(yw, 0, argv);
    return status ? status : start_run(yw, 0, argv);
}
