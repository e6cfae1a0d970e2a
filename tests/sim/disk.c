/* disk.c - see disk.h; a VFS of SQLite (https://www.sqlite.org/vfs.html) over memory. */
#include "disk.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX   32
#define HANDLES_MAX 128
#define SECTOR      512
#define REGIONS_MAX 16

disk_weather_t disk_weather;

typedef struct change {
    struct change *next;
    int64_t at;
    int64_t size; /* -1: the file is cut or grows to `at` */
    uint8_t bytes[];
} change_t;

typedef struct {
    uint8_t *bytes;
    int64_t size, room;
    bool borrowed; /* the bytes are another content's, to be read only */
} content_t;

typedef struct {
    bool used;
    char name[64];
    content_t now, synced;
    change_t *first, **last; /* since the last sync */
    bool power_lost;         /* its writers' host went down */
    bool temporary;
    /* shared memory of the WAL index */
    void *regions[REGIONS_MAX];
    int region_count;
} file_t;

typedef struct {
    sqlite3_file base;
    file_t *file;
    int lock;
    bool has_shared;
    uint16_t shared, exclusive; /* locks of the WAL index */
    process_t *process;
    bool used;
} handle_t;

static file_t files[FILES_MAX];
static handle_t *handles[HANDLES_MAX];
static uint32_t errors, fulls;
static int64_t full_until_us;

uint32_t disk_errors(void)
{
    return errors;
}

uint32_t disk_fulls(void)
{
    return fulls;
}

/* --- contents ------------------------------------------------------------------------------------ */

static void content_own(content_t *self)
{
    const uint8_t *theirs = self->bytes;
    if (!self->borrowed)
        return;
    self->bytes = malloc((size_t) self->room + 1);
    memcpy(self->bytes, theirs, (size_t) self->room);
    self->borrowed = false;
}

static void content_free(content_t *self)
{
    if (!self->borrowed)
        free(self->bytes);
}

static void content_room(content_t *self, int64_t size)
{
    content_own(self);
    if (size <= self->room)
        return;
    int64_t room = self->room ? self->room : 4096;
    while (room < size)
        room *= 2;
    self->bytes = realloc(self->bytes, (size_t) room);
    memset(self->bytes + self->room, 0, (size_t) (room - self->room));
    self->room = room;
}

static void content_write(content_t *self, int64_t at, const void *bytes, int64_t size)
{
    content_room(self, at + size);
    memcpy(self->bytes + at, bytes, (size_t) size);
    if (at + size > self->size)
        self->size = at + size;
}

static void content_cut(content_t *self, int64_t size)
{
    content_room(self, size);
    if (size < self->size)
        memset(self->bytes + size, 0, (size_t) (self->size - size));
    self->size = size;
}

static void content_copy(content_t *to, const content_t *from)
{
    content_cut(to, 0);
    if (from->size)
        content_write(to, 0, from->bytes, from->size);
}

static void changes_drop(file_t *self)
{
    while (self->first) {
        change_t *change = self->first;
        self->first = change->next;
        free(change);
    }
    self->last = &self->first;
}

static void changes_apply(file_t *self)
{
    for (change_t *change = self->first; change; change = change->next) {
        if (change->size < 0)
            content_cut(&self->synced, change->at);
        else
            content_write(&self->synced, change->at, change->bytes, change->size);
    }
    changes_drop(self);
}

static void change_note(file_t *self, int64_t at, const void *bytes, int64_t size)
{
    change_t *change = malloc(sizeof *change + (size_t) (size > 0 ? size : 0));
    change->next = NULL;
    change->at = at;
    change->size = size;
    if (size > 0)
        memcpy(change->bytes, bytes, (size_t) size);
    *self->last = change;
    self->last = &change->next;
}

/* --- files ----------------------------------------------------------------------------------------- */

/* "/tmp/…/case.db-wal" -> "case.db-wal": where the folder is must not be seen in the trace. */
static const char *name_of(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

static file_t *file_find(const char *path)
{
    const char *name = name_of(path);
    for (size_t i = 0; i < FILES_MAX; i++)
        if (files[i].used && !files[i].temporary && strcmp(files[i].name, name) == 0)
            return &files[i];
    return NULL;
}

static file_t *file_new(const char *path)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        if (!files[i].used) {
            memset(&files[i], 0, sizeof files[i]);
            files[i].used = true;
            files[i].temporary = !path;
            snprintf(files[i].name, sizeof files[i].name, "%s", path ? name_of(path) : "temporary");
            files[i].last = &files[i].first;
            return &files[i];
        }
    broken("simulator", "more than %d files", FILES_MAX);
}

static void file_forget(file_t *self)
{
    changes_drop(self);
    content_free(&self->now);
    content_free(&self->synced);
    for (int i = 0; i < self->region_count; i++)
        free(self->regions[i]);
    self->used = false;
}

bool disk_has(const char *name)
{
    return file_find(name) != NULL;
}

int64_t disk_size(const char *name)
{
    file_t *file = file_find(name);
    return file ? file->now.size : 0;
}

void disk_forget(const char *name)
{
    char wal[80];
    snprintf(wal, sizeof wal, "%s-wal", name);
    const char *both[2] = {name, wal};
    for (int i = 0; i < 2; i++) {
        file_t *file = file_find(both[i]);
        if (file)
            file_forget(file);
    }
}

void disk_copy(const char *from, const char *to, bool only_synced)
{
    disk_forget(to);
    for (int i = 0; i < 2; i++) {
        char source[80], target[80];
        snprintf(source, sizeof source, "%s%s", from, i ? "-wal" : "");
        snprintf(target, sizeof target, "%s%s", to, i ? "-wal" : "");
        file_t *file = file_find(source);
        if (!file)
            continue;
        file_t *copy = file_new(target);
        copy->now = only_synced ? file->synced : file->now;
        copy->now.borrowed = true;
    }
}

/* One unsynced write meets the power cut. */
static void change_survive(file_t *self, const change_t *change, uint32_t mood)
{
    bool kept = mood == 0 ? false : mood == 1 ? true : one_in(2);
    if (change->size < 0) {
        if (kept)
            content_cut(&self->synced, change->at);
        return;
    }
    if (kept) {
        content_write(&self->synced, change->at, change->bytes, change->size);
        return;
    }
    if (mood < 2 || !one_in(3))
        return;
    for (int64_t at = 0; at < change->size;) {
        int64_t end = ((change->at + at) / SECTOR + 1) * SECTOR - change->at;
        if (end > change->size)
            end = change->size;
        if (one_in(2))
            content_write(&self->synced, change->at + at, change->bytes + at, end - at);
        at = end;
    }
}

void disk_power_cut(const process_t *process)
{
    uint32_t mood = below(4); /* all lost, all kept, or each by itself */
    for (size_t i = 0; i < HANDLES_MAX; i++)
        if (handles[i] && handles[i]->process == process)
            handles[i]->file->power_lost = true;
    for (size_t i = 0; i < FILES_MAX; i++) {
        file_t *self = &files[i];
        /* The database of a service and its log are on one disk, open or not. */
        size_t length = strlen(process->name);
        bool theirs =
            self->used && (self->power_lost || (strncmp(self->name, process->name, length) == 0 &&
                                                self->name[length] == '.'));
        if (!theirs)
            continue;
        self->power_lost = false;
        for (const change_t *change = self->first; change; change = change->next)
            change_survive(self, change, mood);
        changes_drop(self);
        content_copy(&self->now, &self->synced);
    }
}

static void handle_release(handle_t *self)
{
    self->used = false;
    for (size_t i = 0; i < HANDLES_MAX; i++)
        if (handles[i] == self)
            handles[i] = NULL;
}

static void shared_drop(file_t *file)
{
    for (size_t i = 0; i < HANDLES_MAX; i++)
        if (handles[i] && handles[i]->file == file && handles[i]->has_shared)
            return;
    for (int i = 0; i < file->region_count; i++)
        free(file->regions[i]);
    file->region_count = 0;
}

void disk_process_gone(const process_t *process)
{
    for (size_t i = 0; i < HANDLES_MAX; i++)
        if (handles[i] && handles[i]->process == process) {
            file_t *file = handles[i]->file;
            handles[i] = NULL;
            shared_drop(file);
            if (file->temporary)
                file_forget(file);
        }
}

/* --- bad days ------------------------------------------------------------------------------------------ */

static bool fails(const handle_t *self)
{
    if (!self->process || !self->process->fragile || !one_in(disk_weather.error_every))
        return false;
    errors++;
    self->process->excused = true;
    say("the disk fails at %s", self->file->name);
    return true;
}

static bool is_full(const handle_t *self, bool grows)
{
    if (!self->process || !self->process->fragile || !grows)
        return false;
    if (one_in(disk_weather.full_every)) {
        fulls++;
        full_until_us = world_us() + (1 + below(disk_weather.full_ms_max)) * MS_US;
        say("the disk is full");
    }
    return full_until_us > world_us();
}

/* --- a file of SQLite ------------------------------------------------------------------------------------- */

static handle_t *handle_of(sqlite3_file *file)
{
    return (handle_t *) file;
}

static int file_close(sqlite3_file *file)
{
    handle_t *self = handle_of(file);
    file_t *under = self->file;
    handle_release(self);
    shared_drop(under);
    if (under->temporary)
        file_forget(under);
    return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *out, int size, sqlite3_int64 at)
{
    const content_t *content = &handle_of(file)->file->now;
    if (fails(handle_of(file)))
        return SQLITE_IOERR_READ;
    int64_t there = content->size - at;
    if (there >= size) {
        memcpy(out, content->bytes + at, (size_t) size);
        return SQLITE_OK;
    }
    memset(out, 0, (size_t) size);
    if (there > 0)
        memcpy(out, content->bytes + at, (size_t) there);
    return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
    handle_t *self = handle_of(file);
    crash_point("before a write");
    if (is_full(self, at + size > self->file->now.size))
        return SQLITE_FULL;
    if (fails(self))
        return SQLITE_IOERR_WRITE;
    content_write(&self->file->now, at, bytes, size);
    change_note(self->file, at, bytes, size);
    if (self->process && self->process->fragile && one_in(8)) /* not when the books are read */
        fiber_yield();
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    handle_t *self = handle_of(file);
    crash_point("before a truncate");
    if (fails(self))
        return SQLITE_IOERR_TRUNCATE;
    content_cut(&self->file->now, size);
    change_note(self->file, size, NULL, -1);
    return SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags)
{
    (void) flags;
    handle_t *self = handle_of(file);
    crash_point("before a sync");
    if (fails(self))
        return SQLITE_IOERR_FSYNC;
    if (self->process && self->process->fragile)
        fiber_sleep_ms(below(disk_weather.slow ? 30 : 2));
    changes_apply(self->file);
    crash_point("after a sync");
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    *ret = handle_of(file)->file->now.size;
    return SQLITE_OK;
}

/* The highest lock that others hold. */
static int others_lock(const handle_t *self)
{
    int highest = SQLITE_LOCK_NONE;
    for (size_t i = 0; i < HANDLES_MAX; i++)
        if (handles[i] && handles[i] != self && handles[i]->file == self->file &&
            handles[i]->lock > highest)
            highest = handles[i]->lock;
    return highest;
}

static int file_lock(sqlite3_file *file, int wanted)
{
    handle_t *self = handle_of(file);
    int others = others_lock(self);
    if (wanted <= self->lock)
        return SQLITE_OK;
    if (wanted == SQLITE_LOCK_SHARED && others >= SQLITE_LOCK_PENDING)
        return SQLITE_BUSY;
    if (wanted >= SQLITE_LOCK_RESERVED && others >= SQLITE_LOCK_RESERVED)
        return SQLITE_BUSY;
    if (wanted == SQLITE_LOCK_EXCLUSIVE && others >= SQLITE_LOCK_SHARED) {
        self->lock = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
    }
    self->lock = wanted;
    return SQLITE_OK;
}

static int file_unlock(sqlite3_file *file, int to)
{
    if (handle_of(file)->lock > to)
        handle_of(file)->lock = to;
    return SQLITE_OK;
}

static int file_reserved(sqlite3_file *file, int *ret)
{
    *ret = others_lock(handle_of(file)) >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int operation, void *arg)
{
    (void) file;
    (void) operation;
    (void) arg;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *file)
{
    (void) file;
    return 4096;
}

static int file_character(sqlite3_file *file)
{
    (void) file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as SQLite's own VFS for Unix says */
}

static int shared_map(sqlite3_file *file, int region, int size, int extend, void volatile **ret)
{
    handle_t *self = handle_of(file);
    self->has_shared = true;
    *ret = NULL;
    if (region >= REGIONS_MAX)
        return SQLITE_IOERR_SHMMAP;
    while (extend && self->file->region_count <= region)
        self->file->regions[self->file->region_count++] = calloc(1, (size_t) size);
    if (region < self->file->region_count)
        *ret = self->file->regions[region];
    return SQLITE_OK;
}

static int shared_lock(sqlite3_file *file, int first, int count, int flags)
{
    handle_t *self = handle_of(file);
    uint16_t mask = (uint16_t) (((1u << count) - 1) << first);
    if (flags & SQLITE_SHM_UNLOCK) {
        self->shared &= (uint16_t) ~mask;
        self->exclusive &= (uint16_t) ~mask;
        return SQLITE_OK;
    }
    for (size_t i = 0; i < HANDLES_MAX; i++) {
        const handle_t *other = handles[i];
        if (!other || other == self || other->file != self->file)
            continue;
        if (other->exclusive & mask || (flags & SQLITE_SHM_EXCLUSIVE && other->shared & mask))
            return SQLITE_BUSY;
    }
    if (flags & SQLITE_SHM_EXCLUSIVE)
        self->exclusive |= mask;
    else
        self->shared |= mask;
    return SQLITE_OK;
}

static void shared_barrier(sqlite3_file *file)
{
    (void) file;
}

static int shared_unmap(sqlite3_file *file, int delete)
{
    handle_t *self = handle_of(file);
    (void) delete;
    self->has_shared = false;
    self->shared = self->exclusive = 0;
    shared_drop(self->file);
    return SQLITE_OK;
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_character,
    .xShmMap = shared_map,
    .xShmLock = shared_lock,
    .xShmBarrier = shared_barrier,
    .xShmUnmap = shared_unmap,
};

/* --- the VFS -------------------------------------------------------------------------------------------------- */

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *out, int flags,
                    int *ret_flags)
{
    (void) vfs;
    handle_t *self = handle_of(out);
    memset(self, 0, sizeof *self);
    file_t *file = path ? file_find(path) : NULL;
    if (!file && !(flags & SQLITE_OPEN_CREATE) && path)
        return SQLITE_CANTOPEN;
    self->file = file ? file : file_new(path);
    self->process = process_now();
    self->used = true;
    self->base.pMethods = &METHODS;
    for (size_t i = 0; i < HANDLES_MAX; i++)
        if (!handles[i]) {
            handles[i] = self;
            if (ret_flags)
                *ret_flags = flags;
            return SQLITE_OK;
        }
    broken("simulator", "more than %d open files", HANDLES_MAX);
}

/* The folder is taken to be synced with it: SQLite deletes a WAL only when its content is elsewhere. */
static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    (void) vfs;
    (void) sync;
    crash_point("before a delete");
    file_t *file = file_find(path);
    if (!file)
        return SQLITE_IOERR_DELETE_NOENT;
    file_forget(file);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
    (void) vfs;
    (void) flags;
    file_t *file = file_find(path);
    /* As SQLite's own: an empty log does not count as there. */
    *ret = file && (flags != SQLITE_ACCESS_EXISTS || file->now.size > 0);
    return SQLITE_OK;
}

static int vfs_path(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
    (void) vfs;
    snprintf(out, (size_t) size, "%s", path);
    return SQLITE_OK;
}

static int vfs_random(sqlite3_vfs *vfs, int size, char *out)
{
    (void) vfs;
    data_random(out, (size_t) size);
    return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void) vfs;
    fiber_sleep_ms(us < 1000 ? 1 : us / 1000);
    return us;
}

static int vfs_time64(sqlite3_vfs *vfs, sqlite3_int64 *ret)
{
    (void) vfs;
    *ret = world_wall_ms() + 210866760000000LL; /* Julian milliseconds */
    return SQLITE_OK;
}

static int vfs_time(sqlite3_vfs *vfs, double *ret)
{
    sqlite3_int64 ms;
    vfs_time64(vfs, &ms);
    *ret = (double) ms / 86400000.0;
    return SQLITE_OK;
}

static int vfs_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void) vfs;
    (void) size;
    (void) out;
    return 0;
}

void disk_begin(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(handle_t),
        .mxPathname = 512,
        .zName = "simulation",
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_path,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xCurrentTimeInt64 = vfs_time64,
        .xGetLastError = vfs_error,
    };
    /* One thread: a process that is killed inside SQLite must not leave a lock of the library. */
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 1200, 20);
    if (sqlite3_initialize() != SQLITE_OK || sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        broken("simulator", "SQLite does not start");
}
