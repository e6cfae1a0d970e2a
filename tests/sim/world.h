/* world.h - time, chance, threads and processes of the simulation.
 *
 * Everything that production code asks of the system passes here: its threads are fibers of this
 * one thread, its clock is world_us(), its poll() waits for descriptors of ours.  Which fiber runs
 * next, how long a step takes and all other chance come from one seed, so a run can be repeated
 * byte by byte.  The replacement is made by the linker (--wrap, see WRAPS in sim.mk):
 * production code is compiled once and knows nothing of it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECOND_US 1000000LL
#define MS_US     1000LL
#define NEVER_US  INT64_MAX

/* --- chance: one stream for what happens, another one for ids and keys ------------------- */

void chance_seed(uint64_t seed);
uint64_t chance(void);
uint32_t below(uint32_t limit);             /* uniform in 0 ... limit - 1 */
bool one_in(uint32_t n);                    /* 0: never */
int64_t between(int64_t low, int64_t high); /* both included */
void data_random(void *out, size_t size);   /* what libsodium and SQLite get */

/* --- time ------------------------------------------------------------------------------ */

int64_t world_us(void);      /* never goes back; CLOCK_MONOTONIC */
int64_t world_wall_ms(void); /* CLOCK_REALTIME */
void world_pass(int64_t us); /* a call of the system takes so long */
void world_jump(int64_t ms); /* the wall clock goes on by so much at once */
void world_set_wall(int64_t ms);

/* --- what is told ------------------------------------------------------------------------ */

/* An event in words: into the hash of the trace, into the last lines, and printed with --verbose. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Bytes that only the hash takes. */
void say_bytes(const void *data, size_t size);
uint64_t say_hash(void);
void say_last(size_t lines); /* prints the last ones */

/* An invariant (README.md) does not hold: tells so and ends the run of this seed. */
_Noreturn void broken(const char *invariant, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- processes and fibers ------------------------------------------------------------------- */

typedef struct process process_t;
typedef struct fiber fiber_t;

struct process {
    char name[24];
    bool alive;
    int life;          /* how often it was started */
    bool fragile;      /* crashes may strike it */
    bool excused;      /* an error of its disk was injected: it may end itself */
    int64_t frozen_us; /* SIGSTOP until then */
    int exit_code;     /* of an end by itself; -1: by signal or CHECK */
    void (*ended)(process_t *self, const char *why); /* called once it is gone */
};

process_t *process_new(const char *name, bool fragile);
/* Every fiber of it stops where it is; its sockets and files are cut off. */
void process_kill(process_t *self, const char *why);
/* SIGTERM: what waits for a signal gets it. */
void process_terminate(process_t *self);
process_t *process_now(void); /* whose fiber runs; NULL: the world itself */

fiber_t *fiber_start(process_t *process, const char *name, void (*run)(void *arg), void *arg);
/* Lets others run until `ready` (NULL: never) says so or it is time; false: time was up. */
bool fiber_wait(bool (*ready)(void *arg), void *arg, int64_t until_us);
void fiber_yield(void);
void fiber_sleep_ms(int64_t ms);
const char *fiber_name(void);

/* A place where the running process may crash; `where` is for the trace. */
void crash_point(const char *where);
/* On average one crash in so many points; 0: none. */
void crash_rate(uint32_t points);
uint32_t crash_count(void);

/* Runs until `done` says so or, at the latest, until that time; false: time was up. */
bool world_run(bool (*done)(void), int64_t until_us);
/* After each so many steps of the world `look` is called (books are checked at random points). */
void world_look(void (*look)(void), uint32_t mean_steps);
uint64_t world_steps(void);
void world_count(void); /* prints which fibers took most steps */

/* Descriptors of ours: eventfd, signalfd, a socket's ZMQ_FD, epoll. */
int fd_new(bool (*ready)(void *arg), void *arg);
void fd_close(int fd);
void fd_changed(int fd); /* it may be ready now */

/* Cheap password hashes and what else stands in for production code; before anything else. */
void world_begin(void);
