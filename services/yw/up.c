/* up.c - `yw up`, `yw start`, `yw stop`: the processes of the platform as one.
 *
 * up starts the broker, then the services, then the gateway; what dies is started
 * again after a pause that doubles up to yw.pause_max_ms while it keeps dying.  Told to
 * stop, it stops the gateway first and the brokers last, so that each can finish what it
 * has in hand; who has not gone after STOP_MS is killed.
 *
 * The ports are ours and handed down to the gateway, so they stay open while it is away.  Told by
 * SIGUSR1 it starts a second gateway and, when that serves, tells the first one to stop
 * (`yw restart --rolling`, restart.c).  A process that was told to stop by somebody else is started
 * again at once.
 *
 * RUN_DIR/processes is rewritten at each change for `yw status`:
 *   name pid started-ms restarts state */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "https.h"
#include "listen.h"
#include "text.h"
#include "yiwang/common.pb-c.h"
#include "yw.h"

#define PAUSE_MIN_MS   100
#define PAUSE_MAX_MS   5000  /* unless yw.pause_max_ms says otherwise */
#define TOLD_MS        500   /* who ends in order before that is as good as dying */
#define STABLE_MS      10000 /* who lived so long starts again with the shortest pause */
#define STOP_MS        12000
#define HEALTHY_MS     30000      /* start gives up waiting */
#define SUPERVISOR_MS  1000       /* by then it holds its pid file */
#define DYING_RESTARTS 4          /* within the time start waits: no accident */
#define LOG_BYTES_MAX  (64 << 20) /* RUN_DIR/yiwang.log is put aside at start when larger */

typedef struct {
    const char *name;
    char *path;
    const char *number; /* of a broker that is not the first; NULL */
    pid_t pid;          /* 0: not running */
    int64_t started_ms; /* monotonic */
    int64_t restart_ms; /* monotonic; when it is to be started */
    int64_t pause_ms;
    int restarts;
} process_t;

/* The gateway while it is exchanged. */
typedef struct {
    pid_t next;    /* started, does not serve yet; 0: none */
    int ready;     /* readable when it does, or has died; -1 */
    pid_t leaving; /* told to stop; 0: none */
    int64_t since_ms;
} exchange_t;

typedef struct {
    yw_t *yw;
    process_t list[PROCESSES_MAX];
    size_t count;
    int signals;
    int64_t pause_max_ms;
    int ports[2];
    const char *port_names[2];
    size_t port_count;
    exchange_t exchange;
} supervisor_t;

static bool is_gateway(const process_t *process)
{
    return text_equal(process->name, "gateway");
}

static bool is_broker(const process_t *process)
{
    return yw_broker_number(process->name) > 0;
}

static void write_state(const supervisor_t *self)
{
    char *path = platform_path(self->yw->platform.run_dir, "processes");
    char *draft = platform_path(self->yw->platform.run_dir, "processes.new");
    FILE *file = fopen(draft, "w");
    int64_t now_ms = clock_now_ms(), mono_ms = clock_mono_ms();

    for (size_t i = 0; file && i < self->count; i++) {
        const process_t *process = &self->list[i];
        fprintf(file, "%s %d %lld %d %s\n", process->name, (int) process->pid,
                (long long) (now_ms - (mono_ms - process->started_ms)), process->restarts,
                process->pid ? "running" : "waiting");
    }
    if (file && fclose(file) == 0)
        rename(draft, path);
    free(draft);
    free(path);
}

/* In the child.  Whoever killed us leaves no orphans: they would hold ports and databases that
 * the next start needs.  SIGKILL, because what is half stopped may still take away the socket
 * file of its successor; everything here survives it. */
static _Noreturn void become(const char *path, char *const argv[], pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0); /* Ctrl-C reaches yw alone: it stops them in order */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        execv(path, argv);
    _exit(127);
}

/* `ready` (may be -1): where it says that it serves. */
static pid_t spawn(supervisor_t *self, const process_t *process, int ready)
{
    char *argv[] = {process->path, (char *) self->yw->config_path, (char *) process->number, NULL};
    char number[16];
    pid_t parent = getpid(), pid = fork(); /* we have one thread */

    if (pid == 0) {
        if (is_gateway(process))
            listen_hand_down(self->ports, self->port_names, self->port_count);
        if (ready >= 0) {
            snprintf(number, sizeof number, "%d", dup(ready)); /* without close-on-exec */
            setenv("YIWANG_READY_FD", number, 1);
        }
        become(process->path, argv, parent);
    }
    if (pid < 0) {
        log_error("cannot start %s: %s", process->path, strerror(errno));
        return 0;
    }
    return pid;
}

static void start_process(supervisor_t *self, process_t *process)
{
    process->pid = spawn(self, process, -1);
    process->started_ms = clock_mono_ms();
    if (process->pid)
        log_info("started %s, pid %d", process->name, (int) process->pid);
    else
        process->restart_ms = process->started_ms + self->pause_max_ms;
}

/* --- another gateway in the place of the first ---------------------------------------- */

static void exchange_begin(supervisor_t *self)
{
    exchange_t *exchange = &self->exchange;
    process_t *gateway = &self->list[self->count - 1];
    int ends[2];

    if (!is_gateway(gateway) || !gateway->pid || exchange->next || exchange->leaving)
        return; /* it is being started anyway, or exchanged */
    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    exchange->next = spawn(self, gateway, ends[1]);
    close(ends[1]);
    exchange->ready = ends[0];
    exchange->since_ms = clock_mono_ms();
    if (!exchange->next)
        close(ends[0]);
    else
        log_info("started another gateway, pid %d", (int) exchange->next);
}

/* It serves: the first one may go.  Or it has died: the first one stays. */
static void exchange_go_on(supervisor_t *self)
{
    exchange_t *exchange = &self->exchange;
    process_t *gateway = &self->list[self->count - 1];
    char word;

    bool serves = read(exchange->ready, &word, 1) == 1;
    close(exchange->ready);
    exchange->ready = -1;
    if (!serves) {
        log_error("the other gateway does not start, the first one stays");
        kill(exchange->next, SIGKILL);
        return;
    }
    exchange->leaving = gateway->pid;
    gateway->pid = exchange->next;
    gateway->started_ms = exchange->since_ms;
    gateway->restarts++;
    exchange->next = 0;
    exchange->since_ms = clock_mono_ms();
    if (exchange->leaving)
        kill(exchange->leaving, SIGTERM);
    write_state(self);
}

static void exchange_tick(supervisor_t *self)
{
    exchange_t *exchange = &self->exchange;
    int64_t age_ms = clock_mono_ms() - exchange->since_ms;

    if (exchange->next && exchange->ready >= 0 && age_ms > HEALTHY_MS)
        kill(exchange->next, SIGKILL); /* its end of the pipe says so */
    if (exchange->leaving && age_ms > STOP_MS)
        kill(exchange->leaving, SIGKILL);
}

static bool exchange_reap(supervisor_t *self, pid_t pid)
{
    exchange_t *exchange = &self->exchange;
    if (pid == exchange->leaving)
        exchange->leaving = 0;
    else if (pid == exchange->next)
        exchange->next = 0;
    else
        return false;
    return true;
}

/* --- ends ------------------------------------------------------------------------------ */

static void note_end(process_t *process, int status, int64_t pause_max_ms)
{
    int64_t now_ms = clock_mono_ms();
    bool stable = now_ms - process->started_ms >= STABLE_MS;
    bool told = WIFEXITED(status) && WEXITSTATUS(status) == 0;

    process->pause_ms = stable || !process->pause_ms ? PAUSE_MIN_MS : 2 * process->pause_ms;
    if (told && now_ms - process->started_ms >= TOLD_MS)
        process->pause_ms = 0;
    if (process->pause_ms > pause_max_ms)
        process->pause_ms = pause_max_ms;
    log_warn("%s ended (%s %d), again in %lld ms", process->name,
             WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
             (long long) process->pause_ms);
    process->pid = 0;
    process->restarts++;
    process->restart_ms = now_ms + process->pause_ms;
}

static bool reap(supervisor_t *self)
{
    bool any = false;
    int status;

    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (exchange_reap(self, pid))
            continue;
        for (size_t i = 0; i < self->count; i++)
            if (self->list[i].pid == pid) {
                note_end(&self->list[i], status, self->pause_max_ms);
                any = true;
            }
    }
    return any;
}

static void start_due(supervisor_t *self)
{
    bool any = false;
    for (size_t i = 0; i < self->count; i++)
        if (!self->list[i].pid && clock_mono_ms() >= self->list[i].restart_ms) {
            start_process(self, &self->list[i]);
            any = true;
        }
    if (any)
        write_state(self);
}

static void stop_one(process_t *process)
{
    int status;

    if (!process->pid)
        return;
    kill(process->pid, SIGTERM);
    for (int64_t until_ms = clock_mono_ms() + STOP_MS; clock_mono_ms() < until_ms;) {
        if (waitpid(process->pid, &status, WNOHANG) == process->pid) {
            log_info("stopped %s", process->name);
            process->pid = 0;
            return;
        }
        poll(NULL, 0, 10);
    }
    log_warn("%s does not stop, killing it", process->name);
    kill(process->pid, SIGKILL);
    waitpid(process->pid, &status, 0);
    process->pid = 0;
}

/* Gateway first, then the services side by side, the brokers last. */
static void stop_all(supervisor_t *self)
{
    process_t others[2] = {{.name = "gateway that leaves", .pid = self->exchange.leaving},
                           {.name = "gateway that comes", .pid = self->exchange.next}};
    if (self->count == 0)
        return;
    stop_one(&self->list[self->count - 1]);
    stop_one(&others[0]);
    stop_one(&others[1]);
    for (size_t i = 0; i + 1 < self->count; i++)
        if (self->list[i].pid && !is_broker(&self->list[i]))
            kill(self->list[i].pid, SIGTERM);
    for (size_t i = self->count - 1; i-- > 0;)
        if (!is_broker(&self->list[i]))
            stop_one(&self->list[i]);
    for (size_t i = self->count - 1; i-- > 0;)
        if (is_broker(&self->list[i]))
            stop_one(&self->list[i]);
}

static void supervise(supervisor_t *self)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = self->signals, .events = POLLIN},
                                {.fd = self->exchange.ready, .events = POLLIN}};
        start_due(self);
        poll(fds, 2, PAUSE_MIN_MS);
        struct signalfd_siginfo info;
        while (read(self->signals, &info, sizeof info) == sizeof info) {
            if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
                return;
            if (info.ssi_signo == SIGUSR1)
                exchange_begin(self);
        }
        if (fds[1].revents)
            exchange_go_on(self);
        exchange_tick(self);
        if (reap(self))
            write_state(self);
    }
}

static bool open_port(supervisor_t *self, const char *name, const char *address, int64_t port)
{
    char error[256];
    if (port == 0)
        return true;
    int fd = listen_open(address, (uint16_t) port, false, error, sizeof error);
    if (fd < 0) {
        fprintf(stderr, "yw: %s\n", error);
        return false;
    }
    self->ports[self->port_count] = fd;
    self->port_names[self->port_count++] = name;
    return true;
}

/* As gateway/settings.c reads them. */
static bool open_ports(supervisor_t *self)
{
    config_t *config = self->yw->config;
    if (!is_gateway(&self->list[self->count - 1]))
        return true;
    return open_port(self, "tls", config_text(config, "gateway.bind", "0.0.0.0"),
                     config_int(config, "gateway.port", 8443, 0, 65535)) &&
           open_port(self, "plain", "127.0.0.1",
                     config_int(config, "gateway.plain_port", 0, 0, 65535));
}

static bool prepare(supervisor_t *self)
{
    const char *names[PROCESSES_MAX];
    char *folder = xstrdup(self->yw->program);
    *strrchr(folder, '/') = 0;

    self->count = yw_processes(self->yw, names);
    self->pause_max_ms =
        config_int(self->yw->config, "yw.pause_max_ms", PAUSE_MAX_MS, PAUSE_MIN_MS, 600000);
    const char *unused = config_unused(self->yw->config, "yw");
    if (unused) {
        fprintf(stderr, "yw: %s: no such setting\n", unused);
        return false;
    }
    for (size_t i = 0; i < self->count; i++) {
        self->list[i].name = names[i];
        self->list[i].path = platform_path(folder, is_broker(&self->list[i]) ? "broker" : names[i]);
        if (yw_broker_number(names[i]) > 1)
            self->list[i].number = strchr(names[i], '-') + 1;
        if (access(self->list[i].path, X_OK) != 0) {
            fprintf(stderr, "yw: %s: %s\n", self->list[i].path, strerror(errno));
            return false;
        }
    }
    free(folder);
    self->exchange.ready = -1;
    return self->count > 0 && open_ports(self);
}

/* Holds RUN_DIR/yw.pid locked while it lives, so that two cannot run on one folder. */
static int take_pid_file(yw_t *yw)
{
    char *path = platform_path(yw->platform.run_dir, "yw.pid");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    free(path);
    if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0) {
        fprintf(stderr, "yw: the platform already runs on %s\n", yw->platform.run_dir);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (ftruncate(fd, 0) != 0 || dprintf(fd, "%d\n", (int) getpid()) < 0)
        return -1;
    return fd;
}

int up_run(yw_t *yw, int argc, char **argv)
{
    static supervisor_t self; /* of the process */
    sigset_t set;

    (void) argv;
    self.yw = yw;
    if (argc != 0) {
        fprintf(stderr, "usage: yw up\n");
        return 2;
    }
    int pid_file = take_pid_file(yw);
    if (pid_file < 0 || !keys_ensure(yw) || !prepare(&self))
        return 1;
    fflush(stdout);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    self.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    supervise(&self);
    stop_all(&self);
    write_state(&self);
    if (ftruncate(pid_file, 0) != 0)
        log_warn("cannot empty yw.pid");
    close(pid_file);
    return 0;
}

/* --- in the background ------------------------------------------------------------ */

static void put_old_log_aside(const char *path)
{
    struct stat info;
    char old[4096];

    if (stat(path, &info) != 0 || info.st_size < LOG_BYTES_MAX)
        return;
    snprintf(old, sizeof old, "%s.1", path);
    rename(path, old);
}

bool yw_healthy(yw_t *yw, const char *name)
{
    Yw__Empty empty = YW__EMPTY__INIT;
    const ProtobufCMessage *answer;
    const Yw__Status *failure;
    int broker = yw_broker_number(name);

    if (text_equal(name, "gateway")) {
        char text[256];
        return https_get(yw_gateway_port(yw), "/healthz", 1000, text, sizeof text, NULL) == 200;
    }
    if (broker) {
        client_t *client = NULL;
        const char *endpoint = yw->platform.own_brokers[broker - 1];
        bool ok = client_open(endpoint, "yw", &client) == STATUS_OK &&
                  client_ask(client, "broker.ListWorkers", NULL, &empty.base, 1000, yw->arena,
                             &answer, &failure) == STATUS_OK;
        client_close(&client);
        return ok;
    }
    return yw_try(yw, arena_printf(yw->arena, "%s.CheckHealth", name), &empty.base, 1000, &answer,
                  &failure) == STATUS_OK;
}

/* The name of a process that dies again and again; false: all stay up. */
static bool find_dying(yw_t *yw, char name[64])
{
    char *path = platform_path(yw->platform.run_dir, "processes");
    FILE *file = fopen(path, "r");
    int restarts;
    bool found = false;

    free(path);
    while (file && !found && fscanf(file, "%63s %*d %*d %d %*s", name, &restarts) == 2)
        found = restarts >= DYING_RESTARTS;
    if (file)
        fclose(file);
    return found;
}

/* The end of the log, where the reason stands. */
static void print_last_words(yw_t *yw)
{
    char text[2048];
    char *path = platform_path(yw->platform.run_dir, "yiwang.log");
    FILE *file = fopen(path, "r");

    free(path);
    if (!file)
        return;
    if (fseek(file, -(long) sizeof text + 1, SEEK_END) != 0)
        rewind(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = 0;
    const char *line = strchr(text, '\n');
    fprintf(stderr, "%s\n", line && line[1] ? line + 1 : text);
    fclose(file);
}

/* Says why when waiting on makes no sense. */
static bool is_hopeless(yw_t *yw, int64_t waited_ms, const char *name)
{
    char dying[64];

    if (waited_ms > SUPERVISOR_MS && !yw_supervisor(yw))
        fprintf(stderr, "yw: the supervisor has ended");
    else if (find_dying(yw, dying))
        fprintf(stderr, "yw: %s does not stay up", dying);
    else if (waited_ms > HEALTHY_MS)
        fprintf(stderr, "yw: %s is not healthy after %d s", name, HEALTHY_MS / 1000);
    else
        return false;
    fprintf(stderr, "; the end of %s/yiwang.log:\n", yw->platform.run_dir);
    return true;
}

static bool wait_healthy(yw_t *yw)
{
    const char *names[PROCESSES_MAX];
    size_t count = yw_processes(yw, names), i = 0;
    int64_t begin_ms = clock_mono_ms();

    while (i < count) {
        if (yw_healthy(yw, names[i])) {
            i++;
        } else if (is_hopeless(yw, clock_mono_ms() - begin_ms, names[i])) {
            print_last_words(yw);
            return false;
        } else {
            poll(NULL, 0, 20);
        }
    }
    return true;
}

int start_run(yw_t *yw, int argc, char **argv)
{
    (void) argv;
    if (argc != 0) {
        fprintf(stderr, "usage: yw start\n");
        return 2;
    }
    int64_t begin_ms = clock_mono_ms();
    if (!yw_supervisor(yw)) {
        char *path = platform_path(yw->platform.run_dir, "yiwang.log");
        put_old_log_aside(path);
        int log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
        int none = open("/dev/null", O_RDONLY);
        if (log < 0 || none < 0) {
            fprintf(stderr, "yw: %s: %s\n", path, strerror(errno));
            return 1;
        }
        free(path);
        fflush(NULL);
        pid_t child = fork(); /* no thread and no socket yet: a plain fork is safe here */
        if (child < 0)
            return 1;
        if (child == 0) {
            setsid();
            dup2(none, 0);
            dup2(log, 1);
            dup2(log, 2);
            char *arguments[6] = {(char *) yw->program};
            int n = 1;
            if (yw->config_path) {
                arguments[n++] = "--config";
                arguments[n++] = (char *) yw->config_path;
            }
            arguments[n] = "up";
            execv(yw->program, arguments);
            _exit(127);
        }
        close(log);
        close(none);
    }
    if (!wait_healthy(yw))
        return 1;
    printf("healthy after %lld ms\n", (long long) (clock_mono_ms() - begin_ms));
    return 0;
}

int stop_run(yw_t *yw, int argc, char **argv)
{
    (void) argv;
    if (argc != 0) {
        fprintf(stderr, "usage: yw stop\n");
        return 2;
    }
    int pid = yw_supervisor(yw);
    if (!pid) {
        printf("not running\n");
        return 0;
    }
    kill(pid, SIGTERM);
    for (int64_t until_ms = clock_mono_ms() + 3 * STOP_MS; clock_mono_ms() < until_ms;
         poll(NULL, 0, 20))
        if (!yw_supervisor(yw)) {
            printf("stopped\n");
            return 0;
        }
    fprintf(stderr, "yw: pid %d does not stop\n", pid);
    return 1;
}
