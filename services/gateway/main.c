/* main.c - the gateway process: settings, lanes, and waiting for the signal to stop. */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "check.h"
#include "lane.h"
#include "log.h"
#include "tls.h"

/* Every connection is a descriptor; as many as the system lets us have. */
static void raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Each request takes and gives back some tens of kilobytes.  glibc would return them to the system
 * each time and fault them in again: 10 000 page faults a second (measured). */
static void keep_memory(void)
{
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

/* Before any thread is made, so that all of them have it. */
static void block_signals(sigset_t *ret)
{
    sigemptyset(ret);
    sigaddset(ret, SIGTERM);
    sigaddset(ret, SIGINT);
    CHECK(pthread_sigmask(SIG_BLOCK, ret, NULL) == 0);
    signal(SIGPIPE, SIG_IGN);
}

/* For who writes pages: all that is wrong, without starting anything. */
static int check_pages(const char *pages, const char *statics)
{
    char error[512];
    buffer_t faults = buffer_new(1u << 20);
    crypto_init();
    static_files_t *files = static_files_load(statics, error, sizeof error);
    if (!files) {
        fprintf(stderr, "%s\n", error);
        return 2;
    }
    page_set_t *set = page_set_load(pages, files, true, &faults);
    bool good = set != NULL;
    if (!good)
        fprintf(stderr, "%s", faults.data ? faults.data : "");
    page_set_drop(&set);
    static_files_drop(&files);
    buffer_free(&faults);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    static settings_t settings; /* lives as long as the process */
    sigset_t signals;
    char error[512];
    lane_thread_t *lanes[SETTINGS_THREADS_MAX];

    if (argc == 4 && strcmp(argv[1], "--check-pages") == 0)
        return check_pages(argv[2], argv[3]);
    if (argc != 2) {
        fprintf(stderr, "usage: %s CONFIG\n       %s --check-pages PAGES STATIC\n", argv[0],
                argv[0]);
        return 2;
    }
    keep_memory();
    crypto_init();
    block_signals(&signals);
    settings_load(argv[1], &settings);
    log_open("gateway", settings.platform.log_level);
    raise_files();

    void *tls = NULL;
    if (settings.port) {
        tls = tls_open(settings.cert, settings.key, settings.platform.key_dir, error, sizeof error);
        if (!tls) {
            log_error("%s", error);
            return 1;
        }
    }
    if (!settings.has_token_key)
        log_warn("no %s/token.public: nobody can sign in", settings.platform.key_dir);

    shelf_t *shelf = shelf_open(&settings);
    routes_t *routes = lane_routes();
    for (uint32_t i = 0; i < settings.threads; i++) {
        lanes[i] = lane_start(&settings, routes, shelf, tls, (int) i, error, sizeof error);
        if (!lanes[i]) {
            log_error("%s", error);
            return 1; /* the process ends, with it the lanes already there */
        }
    }
    platform_ready();
    log_info("serving on %s:%u, plain 127.0.0.1:%u, %u threads", settings.bind, settings.port,
             settings.plain_port, settings.threads);

    int signal_number;
    sigwait(&signals, &signal_number);
    log_info("stopping");
    for (uint32_t i = 0; i < settings.threads; i++)
        lane_stop(lanes[i]);
    for (uint32_t i = 0; i < settings.threads; i++)
        lane_join(&lanes[i]);
    shelf_close(&shelf);
    routes_free(&routes);
    tls_close(&tls);
    config_free(&settings.config);
    log_info("stopped");
    return 0;
}
