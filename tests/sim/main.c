/* main.c - runs seeds: `sim [--jobs N] [--verbose] [--hash] FROM[-TO]`, see README.md.
 *
 * The world is set up once (departments, people, items); each seed then goes on from there in a
 * child of its own, so it begins with the same memory and leaves nothing behind. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "books.h"
#include "clock.h"
#include "crypto.h"
#include "disk.h"
#include "net.h"
#include "people.h"
#include "platform_sim.h"
#include "world.h"

#define JOBS_MAX 64
#define REPEATS  5 /* seeds that are run a second time: the trace must be the same, byte by byte */

void __real_exit(int code);
void __real__exit(int code);
int __real_clock_gettime(clockid_t id, struct timespec *ret);

typedef struct {
    uint64_t hash;
    uint64_t steps;
    uint32_t crashes, breaks, errors, fulls, requests, tries, cases;
    bool done;
} result_t;

static uint64_t seed;
static bool in_seed;

static double seconds(void)
{
    struct timespec now;
    __real_clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

void broken(const char *invariant, const char *format, ...)
{
    va_list args;
    fflush(stdout);
    printf("seed %llu: BROKEN %s: ", (unsigned long long) seed, invariant);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n  at %.6f, after %llu steps\n", (double) world_us() / 1e6,
           (unsigned long long) world_steps());
    const char *lines = getenv("SIM_LINES");
    say_last(lines ? (size_t) strtoul(lines, NULL, 10) : 30);
    printf("  replay: make sim SEEDS=%llu   (all it did: SIM_VERBOSE=1)\n\n",
           (unsigned long long) seed);
    fflush(stdout);
    if (!in_seed)
        platform_clean();
    __real__exit(1);
    abort();
}

/* --- one seed ---------------------------------------------------------------------------------------- */

static int64_t calm_us;

static void calm_down(void *arg)
{
    (void) arg;
    fiber_sleep_ms((calm_us - world_us()) / 1000);
    say("the weather calms down");
    crash_rate(0);
    net_weather = (net_weather_t){.latency_us = 300};
    disk_weather = (disk_weather_t){0};
}

/* Each seed has weather of its own: some calm, some with one kind of trouble, some with all. */
static void make_weather(void)
{
    static const uint32_t CRASHES[] = {0, 6000, 2000, 700, 250};
    uint32_t kinds = below(8);
    net_weather.latency_us = 50u << below(8);
    if (kinds & 1 || one_in(3)) {
        net_weather.break_every = one_in(2) ? 2000 : 300;
        net_weather.stall_every = one_in(2) ? 3000 : 500;
        net_weather.stall_ms_max = one_in(2) ? 800 : 7000;
    }
    if (kinds & 2 || one_in(3))
        crash_rate(CRASHES[below(5)]);
    if (kinds & 4 && one_in(2))
        disk_weather.error_every = 20000;
    if (kinds & 4 && one_in(2)) {
        disk_weather.full_every = 1500;
        disk_weather.full_ms_max = 3000;
    }
    disk_weather.slow = one_in(3);
    if (one_in(3))
        platform_limits(1 + below(12), 64 + below(200), 2 + below(4));
}

/* Times at which the calendar has something to say. */
static int64_t first_day(void)
{
    static const struct {
        int year, month, day;
    } DAYS[] = {{2025, 9, 26},  {2025, 12, 29}, {2026, 2, 12}, {2026, 4, 2},   {2026, 4, 29},
                {2026, 6, 17},  {2026, 9, 22},  {2026, 9, 29}, {2026, 11, 20}, {2026, 12, 18},
                {2026, 12, 30}, {2027, 1, 5},   {2026, 3, 2}};
    size_t i = below(sizeof DAYS / sizeof *DAYS);
    return clock_days(DAYS[i].year, DAYS[i].month, DAYS[i].day) + below(5);
}

static void run_seed(result_t *ret)
{
    in_seed = true;
    chance_seed(seed * 2654435761u + 17);
    world_set_wall(clock_day_start_ms(first_day()) + between(0, 24 * 3600 * 1000 - 1));
    make_weather();
    platform_start();
    int64_t begin_us = world_us();
    calm_us = begin_us + between(6, 18) * SECOND_US;
    people_start(calm_us);
    fiber_start(NULL, "weather", calm_down, NULL);
    world_look(books_look, 1500);
    if (!world_run(people_done, calm_us + 400 * SECOND_US))
        broken("no call without an answer", "somebody is not done %d s after the last fault", 400);
    world_look(NULL, 0);
    bool rest = false;
    for (int i = 0; i < 120 && !rest; i++) {
        int64_t until_us = world_us() + SECOND_US + SECOND_US / 2;
        while (world_us() < until_us)
            world_run(platform_none_alive, until_us);
        rest = books_at_rest();
    }
    if (!rest)
        broken("every event arrives once", "something still waits 180 s after the last request");
    world_run(platform_none_alive, world_us() + 3 * SECOND_US);
    if (!world_run(books_credit_is_back, world_us() + 3 * SECOND_US))
        broken("credit comes back", "a worker owes the broker an answer that does not come");
    platform_supervise(false);
    uint32_t end = below(3); /* as it is, after kill -9, after a power cut */
    books_close();
    if (end) {
        for (int i = 0; i < PLATFORM_COUNT; i++) {
            if (end == 2)
                disk_power_cut(platform_process(i));
            process_kill(platform_process(i), "is ended");
        }
        books_close();
    }
    if (getenv("SIM_COUNT"))
        world_count();
    say_bytes(&(uint64_t){world_steps()}, 8);
    *ret = (result_t){say_hash(),
                      world_steps(),
                      crash_count(),
                      net_breaks(),
                      disk_errors(),
                      disk_fulls(),
                      (uint32_t) op_count(),
                      ask_tries(),
                      (uint32_t) known_count(),
                      true};
}

/* --- many seeds ----------------------------------------------------------------------------------------- */

static void set_up(void)
{
    world_begin();
    chance_seed(0);
    crypto_init();
    disk_begin();
    platform_make_folder();
    world_set_wall(clock_day_start_ms(clock_days(2025, 1, 6)) + 10 * 3600 * 1000LL);
    platform_start();
    people_set_up();
    if (!world_run(people_set_up_done, 600 * SECOND_US))
        broken("simulator", "the set-up does not end");
    platform_stop_all();
    if (!world_run(platform_none_alive, 630 * SECOND_US))
        broken("simulator", "the platform does not stop after the set-up");
}

static void usage(void)
{
    fprintf(stderr, "usage: sim [--jobs N] [--hash] [--stop] FROM[-TO]\n");
    __real_exit(2);
}

int main(int argc, char **argv)
{
    uint64_t from = 1, to = 1;
    int jobs = 1, failed = 0, passed = 0;
    bool print_hash = false, stop = false;
    for (int i = 1; i < argc; i++) {
        char *end = NULL;
        if (strcmp(argv[i], "--jobs") == 0 && i + 1 < argc) {
            jobs = (int) strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--hash") == 0) {
            print_hash = true;
        } else if (strcmp(argv[i], "--stop") == 0) {
            stop = true; /* at the first seed that fails */
        } else {
            from = to = strtoull(argv[i], &end, 10);
            if (end && *end == '-')
                to = strtoull(end + 1, &end, 10);
            if (!end || *end || end == argv[i])
                usage();
        }
    }
    if (jobs < 1 || jobs > JOBS_MAX || to < from || to - from > 100000000)
        usage();
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    double began = seconds();
    set_up();
    double ready = seconds();

    size_t seeds = (size_t) (to - from + 1), repeats = seeds < REPEATS ? 0 : REPEATS;
    result_t *results = mmap(NULL, (seeds + repeats) * sizeof *results, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int running = 0;
    size_t next = 0, last = seeds + repeats;
    fflush(stdout);
    while (next < last || running > 0) {
        if (next < last && running < jobs) {
            size_t index = next++;
            seed = from + (index < seeds ? index : index - seeds);
            pid_t child = fork();
            if (child == 0) {
                run_seed(&results[index]);
                fflush(stdout);
                __real__exit(0); /* the set-up's folder stays for the others */
            }
            running++;
            continue;
        }
        int status;
        pid_t child = wait(&status);
        running--;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            passed++;
            continue;
        }
        failed++;
        if (WIFSIGNALED(status))
            printf("a seed ended by signal %d (child %d)\n", WTERMSIG(status), (int) child);
        if (stop)
            next = last;
    }
    for (size_t i = 0; i < repeats; i++)
        if (results[i].done && results[seeds + i].done &&
            results[i].hash != results[seeds + i].hash) {
            printf("seed %llu: BROKEN the same seed gives the same trace\n",
                   (unsigned long long) (from + i));
            failed++;
            passed--;
        }
    result_t sum = {0};
    for (size_t i = 0; i < seeds; i++) {
        const result_t *one = &results[i];
        if (print_hash)
            printf("seed %llu hash %016llx\n", (unsigned long long) (from + i),
                   (unsigned long long) one->hash);
        sum.steps += one->steps;
        sum.crashes += one->crashes;
        sum.breaks += one->breaks;
        sum.errors += one->errors;
        sum.fulls += one->fulls;
        sum.requests += one->requests;
        sum.tries += one->tries;
        sum.cases += one->cases;
    }
    double took = seconds() - ready;
    printf(
        "%zu seeds in %.1f s (%.1f a second; set-up %.2f s): %llu steps, %u requests, %u tries, %u cases,"
        " %u crashes, %u broken connections, %u disk errors, %u times a full disk\n",
        seeds, took, (double) (passed + failed) / took, ready - began,
        (unsigned long long) sum.steps, sum.requests, sum.tries, sum.cases, sum.crashes, sum.breaks,
        sum.errors, sum.fulls);
    printf("%d passed, %d failed\n", passed, failed);
    fflush(stdout);
    platform_clean();
    __real__exit(failed ? 1 : 0);
}
