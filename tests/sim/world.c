/* world.c - see world.h.
 *
 * A fiber runs until it waits.  The scheduler then picks one of those that could go on, at random,
 * lets a little time pass, and when none can go on moves the clock to the next thing that will
 * happen.  Two kinds of functions are replaced by the linker: what would block a thread (mutexes,
 * conditions, poll) and what would make two runs differ (clocks, random numbers). */
#include "world.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include "disk.h"
#include "net.h"

#define STACK_BYTES   (512u << 10)
#define FIBERS_MAX    256
#define PROCESSES_MAX 64
#define FDS_MAX       1024
#define FD_FIRST      100000
#define LINES_KEPT    400
#define LINE_BYTES    240
#define HOT_MAX       3000

/* --- chance ------------------------------------------------------------------------------- */

typedef struct {
    uint64_t state[2];
} stream_t;

static stream_t happens, data;

/* splitmix64 seeds xorshift128+. */
static uint64_t split(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t draw(stream_t *self)
{
    uint64_t a = self->state[0], b = self->state[1];
    self->state[0] = b;
    a ^= a << 23;
    self->state[1] = a ^ b ^ (a >> 18) ^ (b >> 5);
    return self->state[1] + b;
}

void chance_seed(uint64_t seed)
{
    for (int i = 0; i < 2; i++)
        happens.state[i] = split(&seed);
    for (int i = 0; i < 2; i++)
        data.state[i] = split(&seed);
}

uint64_t chance(void)
{
    return draw(&happens);
}

uint32_t below(uint32_t limit)
{
    return limit ? (uint32_t) (chance() >> 11) % limit : 0;
}

bool one_in(uint32_t n)
{
    return n && below(n) == 0;
}

int64_t between(int64_t low, int64_t high)
{
    return low + (int64_t) ((chance() >> 1) % (uint64_t) (high - low + 1));
}

void data_random(void *out, size_t size)
{
    uint8_t *at = out;
    for (; size >= 8; size -= 8, at += 8) {
        uint64_t word = draw(&data);
        memcpy(at, &word, 8);
    }
    if (size) {
        uint64_t word = draw(&data);
        memcpy(at, &word, size);
    }
}

static const char *random_name(void)
{
    return "simulation";
}

static uint32_t random_word(void)
{
    uint32_t word;
    data_random(&word, sizeof word);
    return word;
}

static randombytes_implementation random_source = {
    .implementation_name = random_name,
    .random = random_word,
    .buf = data_random,
};

/* --- time and trace -------------------------------------------------------------------------- */

static int64_t now_us, wall_offset_ms;
static uint64_t hash = 0xcbf29ce484222325u;
static char lines[LINES_KEPT][LINE_BYTES];
static size_t line_count;
static bool verbose;

int64_t world_us(void)
{
    return now_us;
}

int64_t world_wall_ms(void)
{
    return now_us / 1000 + wall_offset_ms;
}

void world_pass(int64_t us)
{
    now_us += us;
}

void world_jump(int64_t ms)
{
    wall_offset_ms += ms;
    say("the clock jumps by %lld minutes", (long long) ms / 60000);
}

void world_set_wall(int64_t ms)
{
    wall_offset_ms = ms - now_us / 1000;
}

void say_bytes(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
}

void say(const char *format, ...)
{
    char *line = lines[line_count++ % LINES_KEPT];
    const process_t *process = process_now();
    int used = snprintf(line, LINE_BYTES, "%11.6f %-9s %-8s ", (double) now_us / 1e6,
                        process ? process->name : "world", fiber_name());
    va_list args;
    va_start(args, format);
    vsnprintf(line + used, LINE_BYTES - (size_t) used, format, args);
    va_end(args);
    say_bytes(line, strlen(line));
    if (verbose)
        printf("%s\n", line);
}

uint64_t say_hash(void)
{
    return hash;
}

void say_last(size_t count)
{
    if (count > LINES_KEPT)
        count = LINES_KEPT;
    if (count > line_count)
        count = line_count;
    for (size_t i = line_count - count; i < line_count; i++)
        printf("  %s\n", lines[i % LINES_KEPT]);
}

/* --- fibers ------------------------------------------------------------------------------------ */

struct fiber {
    char name[16];
    process_t *process;
    void (*run)(void *arg);
    void *arg;
    char *stack;
    jmp_buf context;
    bool started, done, used, joinable;
    bool (*ready)(void *arg);
    void *ready_arg;
    bool maybe; /* something happened that may have made it ready */
    int64_t until_us;
    uint64_t steps;
    uint32_t hot;          /* turns in which poll() did not wait */
    const void *condition; /* pthread_cond_t it waits for */
};

static fiber_t fibers[FIBERS_MAX];
static size_t fiber_count;
static process_t *processes[PROCESSES_MAX];
static size_t process_count;
static fiber_t *running;
static jmp_buf scheduler;
static ucontext_t birth;
static uint64_t steps, turns;
static char *free_stacks[2 * FIBERS_MAX];
static size_t free_stack_count;
static char *left_stack; /* of a fiber that ended while it ran */

const char *fiber_name(void)
{
    return running ? running->name : "-";
}

process_t *process_now(void)
{
    return running ? running->process : NULL;
}

/* A page below each stack catches who runs over it. */
static char *stack_new(void)
{
    if (free_stack_count)
        return free_stacks[--free_stack_count];
    char *memory = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    mprotect(memory, 4096, PROT_NONE);
    return memory;
}

fiber_t *fiber_start(process_t *process, const char *name, void (*run)(void *arg), void *arg)
{
    size_t i = 0;
    while (i < fiber_count && fibers[i].used)
        i++;
    if (i == FIBERS_MAX)
        broken("simulator", "more than %d fibers", FIBERS_MAX);
    if (i == fiber_count)
        fiber_count++;
    fiber_t *self = &fibers[i];
    memset(self, 0, sizeof *self);
    snprintf(self->name, sizeof self->name, "%s", name);
    self->process = process;
    self->run = run;
    self->arg = arg;
    self->stack = stack_new();
    self->used = true;
    self->until_us = 0;
    return self;
}

static void wake_all(void);

static void fiber_end(fiber_t *self)
{
    if (self->stack && self != running)
        free_stacks[free_stack_count++] = self->stack;
    else if (self->stack)
        left_stack = self->stack;
    self->stack = NULL;
    self->done = true;
    self->used = false;
}

static void fiber_main(void)
{
    fiber_t *self = running;
    self->run(self->arg);
    self->done = true;
    wake_all();
    if (!self->joinable)
        fiber_end(self);
    _longjmp(scheduler, 1);
}

static void switch_to(fiber_t *self)
{
    running = self;
    if (_setjmp(scheduler) == 0) {
        if (self->started)
            _longjmp(self->context, 1);
        self->started = true;
        getcontext(&birth);
        birth.uc_stack.ss_sp = self->stack;
        birth.uc_stack.ss_size = STACK_BYTES;
        birth.uc_link = NULL;
        makecontext(&birth, fiber_main, 0);
        setcontext(&birth);
    }
    running = NULL;
    if (left_stack)
        free_stacks[free_stack_count++] = left_stack;
    left_stack = NULL;
}

bool fiber_wait(bool (*ready)(void *arg), void *arg, int64_t until_us)
{
    fiber_t *self = running;
    self->ready = ready;
    self->ready_arg = arg;
    self->until_us = until_us;
    self->maybe = true;
    if (_setjmp(self->context) == 0)
        _longjmp(scheduler, 1);
    bool is_ready = !ready || ready(arg);
    self->ready = NULL;
    return is_ready;
}

void fiber_yield(void)
{
    if (running)
        fiber_wait(NULL, NULL, now_us);
}

static bool never(void *arg)
{
    (void) arg;
    return false;
}

void fiber_sleep_ms(int64_t ms)
{
    if (running)
        fiber_wait(never, NULL, now_us + ms * MS_US);
}

void world_count(void)
{
    printf("  %llu turns, %llu steps\n", (unsigned long long) turns, (unsigned long long) steps);

    for (size_t i = 0; i < fiber_count; i++)
        if (fibers[i].steps > 1000)
            printf("  %s %s: %llu steps\n", fibers[i].process ? fibers[i].process->name : "world",
                   fibers[i].name, (unsigned long long) fibers[i].steps);
}

/* Those that wait for a lock or for another fiber's end are few: all are asked again. */
static void wake_all(void)
{
    for (size_t i = 0; i < fiber_count; i++)
        fibers[i].maybe = true;
}

/* --- processes --------------------------------------------------------------------------------- */

typedef struct {
    bool used;
    process_t *process;
    bool (*ready)(void *arg);
    void *arg;
    uint64_t value; /* eventfd, or signals that came */
    bool is_event, is_signal, is_epoll;
    fiber_t *watcher; /* polls it */
    int parent;       /* epoll it is in; 0: none */
    int members[16];  /* epoll */
    size_t member_count;
} fd_t;

static fd_t fds[FDS_MAX];
static uint32_t crash_every, crash_in, crashes;

process_t *process_new(const char *name, bool fragile)
{
    for (size_t i = 0; i < process_count; i++)
        if (strcmp(processes[i]->name, name) == 0)
            return processes[i];
    if (process_count == PROCESSES_MAX)
        broken("simulator", "too many processes");
    process_t *self = calloc(1, sizeof *self);
    snprintf(self->name, sizeof self->name, "%s", name);
    self->fragile = fragile;
    processes[process_count++] = self;
    return self;
}

/* What the kernel takes back. */
static void process_release(process_t *self)
{
    for (size_t i = 0; i < fiber_count; i++)
        if (fibers[i].used && fibers[i].process == self)
            fiber_end(&fibers[i]);
    for (size_t i = 0; i < FDS_MAX; i++)
        if (fds[i].used && fds[i].process == self)
            fds[i].used = false;
    net_process_gone(self);
    disk_process_gone(self);
}

void process_kill(process_t *self, const char *why)
{
    if (!self->alive)
        return;
    say("%s: %s", self->name, why);
    self->alive = false;
    fiber_t *me = running && running->process == self ? running : NULL;
    process_release(self);
    if (self->ended)
        self->ended(self, why);
    if (me)
        _longjmp(scheduler, 1);
}

void process_terminate(process_t *self)
{
    for (size_t i = 0; i < FDS_MAX; i++)
        if (fds[i].used && fds[i].is_signal && fds[i].process == self) {
            fds[i].value++;
            fd_changed(FD_FIRST + (int) i);
        }
}

void crash_rate(uint32_t points)
{
    crash_every = points;
    crash_in = points ? 1 + below(2 * points) : 0;
}

uint32_t crash_count(void)
{
    return crashes;
}

void crash_point(const char *where)
{
    process_t *process = process_now();
    if (!process || !process->fragile || !crash_every || --crash_in > 0)
        return;
    crash_in = 1 + below(2 * crash_every);
    crashes++;
    char why[96];
    bool power = one_in(2);
    if (power)
        disk_power_cut(process);
    snprintf(why, sizeof why, "%s %s", power ? "power is cut" : "is killed", where);
    process_kill(process, why);
}

/* --- the scheduler --------------------------------------------------------------------------- */

static void (*look_at)(void);
static uint32_t look_every, look_in;

void world_look(void (*look)(void), uint32_t mean_steps)
{
    look_at = look;
    look_every = mean_steps;
    look_in = mean_steps ? 1 + below(2 * mean_steps) : 0;
}

uint64_t world_steps(void)
{
    return steps;
}

static bool can_go_on(fiber_t *self)
{
    if (!self->used || self->done || (self->process && self->process->frozen_us > now_us))
        return false;
    if (!self->started || self->until_us <= now_us)
        return true;
    return self->ready && self->maybe && (self->maybe = self->ready(self->ready_arg));
}

/* When a fiber goes on by time alone, if that is before `us`. */
static int64_t earlier(int64_t us, const fiber_t *self)
{
    int64_t until_us = self->until_us;
    if (self->process && self->process->frozen_us > until_us)
        until_us = self->process->frozen_us;
    if (self->process && self->process->frozen_us > now_us && self->process->frozen_us < until_us)
        until_us = self->process->frozen_us; /* it may be ready then */
    return until_us < us ? until_us : us;
}

bool world_run(bool (*done)(void), int64_t until_us)
{
    while (!done()) {
        if (now_us >= until_us)
            return false;
        net_deliver();
        turns++;
        fiber_t *able[FIBERS_MAX];
        uint32_t count = 0;
        int64_t next_us = until_us;
        for (size_t i = 0; i < fiber_count; i++) {
            if (can_go_on(&fibers[i]))
                able[count++] = &fibers[i];
            else if (fibers[i].used && !fibers[i].done)
                next_us = earlier(next_us, &fibers[i]);
        }
        if (count == 0) {
            int64_t net_us = net_next_us();
            if (net_us < next_us)
                next_us = net_us;
            now_us = next_us > now_us ? next_us : now_us + 1;
            continue;
        }
        steps++;
        fiber_t *next = able[count > 1 ? below(count) : 0];
        next->steps++;
        switch_to(next);
        now_us += 1 + below(30);
        if (look_in && --look_in == 0) {
            look_in = 1 + below(2 * look_every);
            look_at();
        }
    }
    return true;
}

/* --- threads ----------------------------------------------------------------------------------- */

/* What a mutex and a condition of production code hold instead. */
typedef struct {
    fiber_t *owner;
} mutex_t;

static mutex_t *mutex_of(pthread_mutex_t *mutex)
{
    return (mutex_t *) mutex;
}

int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    (void) attributes;
    memset(mutex, 0, sizeof *mutex);
    return 0;
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    (void) mutex;
    return 0;
}

static bool mutex_free(void *arg)
{
    return !((mutex_t *) arg)->owner;
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    mutex_t *self = mutex_of(mutex);
    if (!running)
        return 0;
    while (self->owner)
        fiber_wait(mutex_free, self, NEVER_US);
    self->owner = running;
    return 0;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    mutex_of(mutex)->owner = NULL;
    for (size_t i = 0; i < fiber_count; i++)
        if (fibers[i].ready_arg == mutex)
            fibers[i].maybe = true;
    return 0;
}

int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    (void) condition;
    (void) attributes;
    return 0;
}

int __wrap_pthread_cond_destroy(pthread_cond_t *condition)
{
    (void) condition;
    return 0;
}

static bool was_signalled(void *arg)
{
    return !((fiber_t *) arg)->condition;
}

static int condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_us)
{
    fiber_t *self = running;
    self->condition = condition;
    __wrap_pthread_mutex_unlock(mutex);
    bool signalled = fiber_wait(was_signalled, self, until_us);
    self->condition = NULL;
    __wrap_pthread_mutex_lock(mutex);
    return signalled ? 0 : ETIMEDOUT;
}

int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    return condition_wait(condition, mutex, NEVER_US);
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  const struct timespec *until)
{
    return condition_wait(condition, mutex,
                          (int64_t) until->tv_sec * 1000000 + until->tv_nsec / 1000);
}

int __wrap_pthread_cond_signal(pthread_cond_t *condition)
{
    fiber_t *waiting[FIBERS_MAX];
    uint32_t count = 0;
    for (size_t i = 0; i < fiber_count; i++)
        if (fibers[i].used && fibers[i].condition == condition)
            waiting[count++] = &fibers[i];
    if (count) {
        fiber_t *woken = waiting[below(count)];
        woken->condition = NULL;
        woken->maybe = true;
    }
    return 0;
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *condition)
{
    for (size_t i = 0; i < fiber_count; i++)
        if (fibers[i].used && fibers[i].condition == condition) {
            fibers[i].condition = NULL;
            fibers[i].maybe = true;
        }
    return 0;
}

typedef struct {
    void *(*run)(void *arg);
    void *arg;
} thread_t;

static void thread_main(void *arg)
{
    thread_t thread = *(thread_t *) arg;
    free(arg);
    thread.run(thread.arg);
}

int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *arg)
{
    (void) attributes;
    thread_t *thread = malloc(sizeof *thread);
    *thread = (thread_t){run, arg};
    fiber_t *fiber = fiber_start(process_now(), "thread", thread_main, thread);
    fiber->joinable = true;
    *ret = (pthread_t) fiber;
    return 0;
}

static bool is_done(void *arg)
{
    return ((fiber_t *) arg)->done;
}

int __wrap_pthread_join(pthread_t thread, void **ret)
{
    (void) ret;
    fiber_t *self = (fiber_t *) thread;
    if (!self->done)
        fiber_wait(is_done, self, NEVER_US);
    fiber_end(self);
    return 0;
}

pthread_t __wrap_pthread_self(void)
{
    return (pthread_t) running;
}

int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *before)
{
    (void) how;
    (void) set;
    (void) before;
    return 0;
}

/* --- descriptors --------------------------------------------------------------------------------- */

static fd_t *fd_of(int fd)
{
    return fd >= FD_FIRST && fd < FD_FIRST + FDS_MAX && fds[fd - FD_FIRST].used
               ? &fds[fd - FD_FIRST]
               : NULL;
}

int fd_new(bool (*ready)(void *arg), void *arg)
{
    for (int i = 0; i < FDS_MAX; i++)
        if (!fds[i].used) {
            fds[i] = (fd_t){.used = true, .process = process_now(), .ready = ready, .arg = arg};
            return FD_FIRST + i;
        }
    broken("simulator", "more than %d descriptors", FDS_MAX);
}

void fd_changed(int fd)
{
    fd_t *self = fd_of(fd);
    if (self && self->watcher)
        self->watcher->maybe = true;
    if (self && self->parent)
        fd_changed(self->parent);
}

void fd_close(int fd)
{
    fd_t *self = fd_of(fd);
    if (self)
        self->used = false;
}

static bool fd_is_ready(int fd)
{
    fd_t *self = fd_of(fd);
    if (!self)
        return false;
    if (self->is_epoll) {
        for (size_t i = 0; i < self->member_count; i++)
            if (fd_is_ready(self->members[i]))
                return true;
        return false;
    }
    return self->ready ? self->ready(self->arg) : self->value > 0;
}

int __wrap_eventfd(unsigned initial, int flags)
{
    (void) flags;
    int fd = fd_new(NULL, NULL);
    fd_of(fd)->is_event = true;
    fd_of(fd)->value = initial;
    return fd;
}

int __wrap_signalfd(int fd, const sigset_t *mask, int flags)
{
    (void) fd;
    (void) mask;
    (void) flags;
    int made = fd_new(NULL, NULL);
    fd_of(made)->is_signal = true;
    return made;
}

int __wrap_epoll_create1(int flags)
{
    (void) flags;
    int fd = fd_new(NULL, NULL);
    fd_of(fd)->is_epoll = true;
    return fd;
}

int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    (void) event;
    fd_t *self = fd_of(epoll);
    if (operation == EPOLL_CTL_ADD) {
        self->members[self->member_count++] = fd;
        if (fd_of(fd))
            fd_of(fd)->parent = epoll;
    } else {
        for (size_t i = 0; i < self->member_count; i++)
            if (self->members[i] == fd)
                self->members[i] = self->members[--self->member_count];
    }
    return 0;
}

ssize_t __real_read(int fd, void *out, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t size);
int __real_close(int fd);

ssize_t __wrap_read(int fd, void *out, size_t size)
{
    fd_t *self = fd_of(fd);
    if (!self)
        return __real_read(fd, out, size);
    if (self->value == 0) {
        errno = EAGAIN;
        return -1;
    }
    memset(out, 0, size);
    if (self->is_event)
        memcpy(out, &self->value, sizeof self->value);
    self->value = 0;
    return (ssize_t) size;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    fd_t *self = fd_of(fd);
    if (!self)
        return __real_write(fd, bytes, size);
    uint64_t add;
    memcpy(&add, bytes, sizeof add);
    self->value += add;
    fd_changed(fd);
    return (ssize_t) size;
}

int __wrap_close(int fd)
{
    if (!fd_of(fd))
        return fd >= FD_FIRST ? 0 : __real_close(fd);
    fd_close(fd);
    return 0;
}

typedef struct {
    struct pollfd *fds;
    nfds_t count;
} polled_t;

static bool any_ready(void *arg)
{
    polled_t *self = arg;
    bool any = false;
    for (nfds_t i = 0; i < self->count; i++) {
        self->fds[i].revents = fd_is_ready(self->fds[i].fd) ? POLLIN : 0;
        any = any || self->fds[i].revents;
    }
    return any;
}

int __wrap_poll(struct pollfd *polled, nfds_t count, int timeout_ms)
{
    polled_t wanted = {polled, count};
    crash_point("in poll");
    for (nfds_t i = 0; i < count; i++)
        if (fd_of(polled[i].fd))
            fd_of(polled[i].fd)->watcher = running;
    bool ready = any_ready(&wanted);
    if (ready || timeout_ms == 0) {
        if (++running->hot > HOT_MAX)
            broken("no thread runs hot", "%s did not wait in %d turns; ready: %d %d %d %d",
                   process_now()->name, HOT_MAX, polled[0].revents,
                   count > 1 ? polled[1].revents : 0, count > 2 ? polled[2].revents : 0,
                   count > 3 ? polled[3].revents : 0);
        fiber_yield();
    } else if ((running->hot = 0) == 0)
        fiber_wait(any_ready, &wanted, timeout_ms < 0 ? NEVER_US : now_us + timeout_ms * MS_US);
    ready = any_ready(&wanted);
    return ready;
}

/* --- clock, endings, stand-ins --------------------------------------------------------------------- */

int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
    int64_t us = id == CLOCK_REALTIME ? now_us + wall_offset_ms * 1000 : now_us;
    ret->tv_sec = us / 1000000;
    ret->tv_nsec = us % 1000000 * 1000;
    return 0;
}

static _Noreturn void ended(const char *why, int code)
{
    process_t *process = process_now();
    if (!process)
        broken("simulator", "%s outside any process", why);
    process->exit_code = code;
    process_kill(process, why);
    abort();
}

_Noreturn void __wrap_exit(int code)
{
    char why[40];
    snprintf(why, sizeof why, "exits with %d", code);
    ended(why, code);
}

_Noreturn void __wrap__exit(int code)
{
    __wrap_exit(code);
}

_Noreturn void __wrap_check_failed(const char *condition, const char *file, int line,
                                   const char *func)
{
    process_t *process = process_now();
    const char *base = strrchr(file, '/');
    say("CHECK failed: %s at %s:%d in %s()", condition, base ? base + 1 : file, line, func);
    if (!process || !process->excused)
        broken("no process ends itself", "%s: CHECK %s at %s:%d in %s()",
               process ? process->name : "the simulator", condition, base ? base + 1 : file, line,
               func);
    ended("ends itself: its disk failed", -1);
}

void __wrap_fault_point(const char *name)
{
    crash_point(name);
}

void __wrap_log_write(int level, const char *format, ...)
{
    char line[160];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    say("log %d: %s", level, line);
}

extern bool fault_armed;

void world_begin(void)
{
    verbose = getenv("SIM_VERBOSE") != NULL;
    fault_armed = true; /* its points are places to crash (__wrap_fault_point) */
    randombytes_set_implementation(&random_source);
}
