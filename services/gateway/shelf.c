#include "shelf.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "log.h"

#define LOOK_MS     500
#define NAP_MS      100
#define DEPTH_MAX   8
#define FAULTS_SIZE (256u << 10)

struct shelf {
    const settings_t *settings;
    pthread_mutex_t lock; /* of `set` */
    page_set_t *set;
    atomic_uint number;
    pthread_t thread;
    bool watching;
    atomic_bool stopping;
};

static page_set_t *load(const settings_t *settings, buffer_t *faults)
{
    char error[512];
    static_files_t *statics = static_files_load(settings->statics, error, sizeof error);
    if (!statics) {
        buffer_printf(faults, "%s\n", error);
        return NULL;
    }
    page_set_t *set = page_set_load(settings->pages, statics, settings->develop, faults);
    static_files_drop(&statics);
    return set;
}

/* --- watching ------------------------------------------------------------------------- */

/* Names, sizes and times of all files: any change changes it. */
static uint64_t look(const char *folder, int depth)
{
    DIR *directory = opendir(folder);
    uint64_t sum = 0;
    if (!directory)
        return 1;
    for (struct dirent *entry; (entry = readdir(directory));) {
        char path[4096];
        struct stat status;
        if (entry->d_name[0] == '.' ||
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int) sizeof path)
            continue;
        if (stat(path, &status) != 0)
            continue;
        uint64_t one = (uint64_t) status.st_mtim.tv_sec * 1000000007u ^
                       (uint64_t) status.st_mtim.tv_nsec ^ (uint64_t) status.st_size << 20 ^
                       (uint64_t) status.st_ino * 0x9E3779B97F4A7C15u;
        if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX)
            one ^= look(path, depth + 1) * 3;
        sum += one * 0xD6E8FEB86659FD93u; /* in whatever order they come */
    }
    closedir(directory);
    return sum;
}

static uint64_t look_at_all(const settings_t *settings)
{
    return look(settings->pages, 0) ^ look(settings->statics, 0) * 5;
}

static void put(shelf_t *self, page_set_t *set)
{
    pthread_mutex_lock(&self->lock);
    page_set_t *old = self->set;
    self->set = set;
    pthread_mutex_unlock(&self->lock);
    atomic_fetch_add(&self->number, 1);
    page_set_drop(&old);
}

static void reload(shelf_t *self)
{
    buffer_t faults = buffer_new(FAULTS_SIZE);
    page_set_t *set = load(self->settings, &faults);
    if (set) {
        put(self, set);
        log_info("pages read anew");
    } else {
        log_warn("pages are wrong, those before are served:\n%.*s", (int) faults.size,
                 faults.data ? faults.data : "");
    }
    buffer_free(&faults);
}

static void *watch(void *arg)
{
    shelf_t *self = arg;
    uint64_t seen = look_at_all(self->settings);
    for (unsigned turn = 0; !atomic_load(&self->stopping); turn++) {
        usleep(NAP_MS * 1000); /* short, so that the end need not wait */
        if (turn % (LOOK_MS / NAP_MS))
            continue;
        uint64_t now = look_at_all(self->settings);
        if (now == seen)
            continue;
        seen = now;
        reload(self);
    }
    return NULL;
}

/* --- the shelf ---------------------------------------------------------------------------- */

shelf_t *shelf_open(const settings_t *settings)
{
    shelf_t *self = xalloc(sizeof *self);
    self->settings = settings;
    CHECK(pthread_mutex_init(&self->lock, NULL) == 0);
    if (!*settings->pages)
        return self;
    buffer_t faults = buffer_new(FAULTS_SIZE);
    self->set = load(settings, &faults);
    if (!self->set) {
        fprintf(stderr, "gateway: pages in %s are wrong:\n%s", settings->pages,
                faults.data ? faults.data : "");
        exit(2);
    }
    buffer_free(&faults);
    if (settings->develop) {
        CHECK(pthread_create(&self->thread, NULL, watch, self) == 0);
        self->watching = true;
    }
    return self;
}

void shelf_close(shelf_t **self_p)
{
    shelf_t *self = *self_p;
    *self_p = NULL;
    if (!self)
        return;
    atomic_store(&self->stopping, true);
    if (self->watching)
        CHECK(pthread_join(self->thread, NULL) == 0);
    page_set_drop(&self->set);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

unsigned shelf_number(const shelf_t *self)
{
    return atomic_load_explicit(&self->number, memory_order_acquire);
}

page_set_t *shelf_hold(shelf_t *self)
{
    pthread_mutex_lock(&self->lock);
    page_set_t *set = self->set ? page_set_hold(self->set) : NULL;
    pthread_mutex_unlock(&self->lock);
    return set;
}
