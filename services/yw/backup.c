/* backup.c - `yw backup`, `yw restore`, `yw verify`: the databases of all services as they were together.
 *
 * A backup is one moment of the whole platform: every service holds its writer for as long as it takes
 * to begin a snapshot of each database (milliseconds; calls wait, none fails), then all go on and the
 * snapshots are copied.  So no event is half way: it is in its sender's outbox or its effect is at the
 * subscriber's, and the numbers of both fit.
 *
 * FOLDER/case.db …   the copies
 * FOLDER/manifest    written last: without it there is no backup
 *
 * Keys are not in it: who finds the backup must not be able to read it.  The manifest knows a mark of
 * the master key, so that the wrong one is noticed before anything is restored. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "crypto.h"
#include "ledger.h"
#include "text.h"
#include "yiwang/process.pb-c.h"
#include "yw.h"

#define FORMAT    1
#define HOLD_MS   3000
#define HOLDS_MAX 5 /* tries to hold all at once */
#define CHUNK     (1u << 20)
#define HASH_HEX  CRYPTO_HEX_SIZE(CRYPTO_HASH_SIZE)

typedef struct {
    const char *name; /* "case" */
    store_t *snapshot;
    int64_t audit_rows;
    char audit_hash[HASH_HEX];
    int64_t bytes;
    char hash[HASH_HEX]; /* of the file */
} part_t;

typedef struct {
    part_t parts[PROCESSES_MAX];
    size_t count;
    int64_t at_ms;
    char key_mark[HASH_HEX];
} backup_t;

/* --- small things ------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static bool complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "yw: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    return false;
}

static char *database(yw_t *yw, const char *folder, const char *service)
{
    return platform_path(folder, arena_printf(yw->arena, "%s.db", service));
}

/* What the master key is, without telling it; "" without a key. */
static void key_mark(yw_t *yw, char out[HASH_HEX])
{
    uint8_t master[CRYPTO_KEY_SIZE], mark[CRYPTO_KEY_SIZE];
    char *path = platform_path(yw->platform.key_dir, "master.key");

    *out = 0;
    if (crypto_key_load(path, master, sizeof master) == STATUS_OK) {
        crypto_derive(master, "yw.backup.mark", mark);
        crypto_hex(mark, sizeof mark, out);
        crypto_wipe(master, sizeof master);
    }
    free(path);
}

static bool hash_file(const char *path, int64_t *ret_bytes, char ret_hash[HASH_HEX])
{
    uint8_t *chunk = xalloc(CHUNK), hash[CRYPTO_HASH_SIZE];
    FILE *file = fopen(path, "rb");
    crypto_hash_t state;
    bool ok = file != NULL;

    *ret_bytes = 0;
    crypto_hash_start(&state);
    for (size_t size; file && (size = fread(chunk, 1, CHUNK, file)) > 0;
         *ret_bytes += (int64_t) size)
        crypto_hash_add(&state, chunk, size);
    ok = ok && !ferror(file);
    crypto_hash_end(&state, hash);
    crypto_hex(hash, sizeof hash, ret_hash);
    if (file)
        fclose(file);
    free(chunk);
    return ok || complain("%s: %s", path, strerror(errno));
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok || complain("%s: %s", path, strerror(errno));
}

/* Made now, or there and empty. */
static bool take_folder(const char *path)
{
    if (mkdir(path, 0700) == 0)
        return true;
    DIR *folder = errno == EEXIST ? opendir(path) : NULL;
    if (!folder)
        return complain("%s: %s", path, strerror(errno));
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(folder)) != NULL;)
        empty = text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..");
    closedir(folder);
    return empty || complain("%s is not empty: name a new folder", path);
}

/* --- the moment ---------------------------------------------------------------------- */

static bool release(yw_t *yw, size_t count, const backup_t *backup)
{
    Yw__Empty empty = YW__EMPTY__INIT;
    bool held = true;

    for (size_t i = 0; i < count; i++) {
        const Process__WritesReleased *answer = (const Process__WritesReleased *) yw_ask(
            yw, arena_printf(yw->arena, "%s.ReleaseWrites", backup->parts[i].name), &empty.base,
            HOLD_MS);
        held = held && answer && answer->held;
    }
    return held;
}

static size_t hold(yw_t *yw, const backup_t *backup)
{
    Process__HoldWritesRequest request = PROCESS__HOLD_WRITES_REQUEST__INIT;
    size_t held = 0;

    request.hold_ms = HOLD_MS;
    while (held < backup->count &&
           yw_ask(yw, arena_printf(yw->arena, "%s.HoldWrites", backup->parts[held].name),
                  &request.base, 2 * HOLD_MS))
        held++;
    return held;
}

static void close_snapshots(backup_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->parts[i].snapshot) {
            store_snapshot_end(self->parts[i].snapshot);
            store_close(&self->parts[i].snapshot);
        }
}

/* A snapshot begins with its first read. */
static bool open_snapshots(yw_t *yw, backup_t *self)
{
    char error[512];
    uint8_t hash[32];

    for (size_t i = 0; i < self->count; i++) {
        part_t *part = &self->parts[i];
        char *path = database(yw, yw->platform.data_dir, part->name);
        bool ok = access(path, R_OK) == 0 || complain("%s: %s", path, strerror(errno));
        if (ok && store_open_reader(path, &part->snapshot, error, sizeof error) != STATUS_OK)
            ok = complain("%s", error);
        free(path);
        if (!ok)
            return false;
        store_snapshot_begin(part->snapshot);
        if (audit_last(part->snapshot, &part->audit_rows, hash) != STATUS_OK)
            return complain("%s: the audit trail cannot be read", part->name);
        crypto_hex(hash, sizeof hash, part->audit_hash);
    }
    return true;
}

/* A running platform is held for the moment; one that stands still needs nothing. */
static bool take_moment(yw_t *yw, backup_t *self, int64_t *ret_held_us)
{
    bool running = yw_running(yw);

    for (int try = 0; try < HOLDS_MAX; try++) {
        int64_t begin_us = clock_mono_us();
        size_t held = running ? hold(yw, self) : self->count;
        self->at_ms = clock_now_ms();
        bool opened = held == self->count && open_snapshots(yw, self);
        bool lasted = !running || release(yw, held, self);
        *ret_held_us = clock_mono_us() - begin_us;
        if (opened && lasted)
            return true;
        close_snapshots(self);
        if (held == self->count && !opened)
            return false;
        poll(NULL, 0, 500);
    }
    return complain("the services could not be held all at once: try again");
}

/* --- the copies ----------------------------------------------------------------------- */

static bool copy_part(yw_t *yw, part_t *part, const char *folder)
{
    char error[512];
    char *path = database(yw, folder, part->name);
    bool ok =
        store_copy(part->snapshot, path, error, sizeof error) == STATUS_OK || complain("%s", error);
    ok = ok && chmod(path, 0600) == 0 && hash_file(path, &part->bytes, part->hash);
    free(path);
    return ok;
}

static bool write_manifest(const backup_t *self, const char *folder)
{
    char at[CLOCK_RFC3339_SIZE];
    char *path = platform_path(folder, "manifest"), *draft = platform_path(folder, "manifest.new");
    FILE *file = fopen(draft, "w");

    clock_format(self->at_ms, at);
    if (file) {
        fprintf(file, "[backup]\nformat = %d\nat = %s\nkey_mark = %s\nparts =", FORMAT, at,
                self->key_mark);
        for (size_t i = 0; i < self->count; i++)
            fprintf(file, " %s", self->parts[i].name);
        fprintf(file, "\n");
    }
    for (size_t i = 0; file && i < self->count; i++) {
        const part_t *part = &self->parts[i];
        fprintf(file, "\n[%s]\nbytes = %lld\nhash = %s\naudit_rows = %lld\naudit_hash = %s\n",
                part->name, (long long) part->bytes, part->hash, (long long) part->audit_rows,
                part->audit_hash);
    }
    bool ok = file && fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (file)
        ok = fclose(file) == 0 && ok;
    ok = ok && chmod(draft, 0600) == 0 && rename(draft, path) == 0;
    if (!ok)
        complain("%s: %s", draft, strerror(errno));
    free(path);
    free(draft);
    return ok && sync_folder(folder);
}

int backup_run(yw_t *yw, int argc, char **argv)
{
    static backup_t self; /* of the process */
    const char *names[PROCESSES_MAX];
    int64_t begin_us = clock_mono_us(), held_us = 0, bytes = 0;

    if (argc != 1) {
        fprintf(stderr, "usage: yw backup FOLDER\n");
        return 2;
    }
    self.count = yw_services(yw, names);
    for (size_t i = 0; i < self.count; i++)
        self.parts[i].name = names[i];
    key_mark(yw, self.key_mark);
    if (!take_folder(argv[0]) || !take_moment(yw, &self, &held_us))
        return 1;
    bool ok = true;
    for (size_t i = 0; i < self.count && ok; i++) {
        ok = copy_part(yw, &self.parts[i], argv[0]);
        bytes += self.parts[i].bytes;
    }
    close_snapshots(&self);
    if (!ok || !write_manifest(&self, argv[0]))
        return 1;
    char at[CLOCK_RFC3339_SIZE];
    clock_format(self.at_ms, at);
    printf("backup of %s in %s: %zu databases, %.1f MiB, %lld ms; writes waited %lld ms\n", at,
           argv[0], self.count, (double) bytes / (1 << 20),
           (long long) (clock_mono_us() - begin_us) / 1000, (long long) held_us / 1000);
    printf("the keys in %s are not in it: keep a copy of them elsewhere\n", yw->platform.key_dir);
    return 0;
}

/* --- reading a backup ------------------------------------------------------------------- */

static config_t *read_manifest(const char *folder)
{
    char error[512];
    config_t *manifest = NULL;
    char *path = platform_path(folder, "manifest");
    if (access(path, R_OK) != 0)
        complain("%s: %s: this is no finished backup", path, strerror(errno));
    else if (config_load(path, &manifest, error, sizeof error) != STATUS_OK)
        complain("%s", error);
    else if (config_int(manifest, "backup.format", 0, 0, 1000000) != FORMAT) {
        complain("%s: a backup of another version of yw", path);
        config_free(&manifest);
    }
    free(path);
    return manifest;
}

static const char *part_text(yw_t *yw, config_t *manifest, const char *part, const char *name)
{
    return config_text(manifest, arena_printf(yw->arena, "%s.%s", part, name), "");
}

/* The file is byte for byte what the manifest says. */
static bool part_is_whole(yw_t *yw, config_t *manifest, const char *folder, const char *part)
{
    char hash[HASH_HEX], *path = database(yw, folder, part);
    int64_t bytes;
    bool ok = hash_file(path, &bytes, hash);
    if (ok && !text_equal(hash, part_text(yw, manifest, part, "hash")))
        ok = complain("%s: is not what the manifest says: damaged or changed", path);
    free(path);
    return ok;
}

static size_t manifest_parts(yw_t *yw, config_t *manifest, const char *ret[PROCESSES_MAX])
{
    char *rest = arena_text(yw->arena, config_text(manifest, "backup.parts", ""));
    size_t count = 0;
    for (char *word = strsep(&rest, " "); word && count < PROCESSES_MAX; word = strsep(&rest, " "))
        if (*word)
            ret[count++] = word;
    return count;
}

static bool key_fits(yw_t *yw, config_t *manifest)
{
    char mark[HASH_HEX];
    key_mark(yw, mark);
    if (text_equal(mark, config_text(manifest, "backup.key_mark", "")))
        return true;
    return complain("%s/master.key %s: put the keys of that time there first", yw->platform.key_dir,
                    *mark ? "is not the key of this backup" : "is missing");
}

/* --- restore ----------------------------------------------------------------------------- */

static bool copy_file(const char *from, const char *to)
{
    uint8_t *chunk = xalloc(CHUNK);
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = out >= 0;

    for (ssize_t size; ok && (size = read(in, chunk, CHUNK)) != 0;)
        ok = size > 0 && write(out, chunk, (size_t) size) == size;
    ok = ok && fsync(out) == 0;
    if (!ok)
        complain("%s: %s", to, strerror(errno));
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    free(chunk);
    return ok;
}

/* Nothing of a platform may be there: a database beside another's log would be neither. */
static bool nothing_there(yw_t *yw, const char *const parts[], size_t count)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
            char *path = platform_path(yw->platform.data_dir,
                                       arena_printf(yw->arena, "%s.db%s", parts[i], ends[k]));
            bool there = access(path, F_OK) == 0;
            if (there)
                complain("%s is there: move the old databases away first", path);
            free(path);
            if (there)
                return false;
        }
    return true;
}

static bool restore_parts(yw_t *yw, const char *folder, const char *const parts[], size_t count)
{
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        char *from = database(yw, folder, parts[i]);
        char *to = database(yw, yw->platform.data_dir, parts[i]);
        ok = copy_file(from, to);
        free(from);
        free(to);
    }
    if (!ok) /* half a platform must not start */
        for (size_t i = 0; i < count; i++) {
            char *to = database(yw, yw->platform.data_dir, parts[i]);
            unlink(to);
            free(to);
        }
    return ok && sync_folder(yw->platform.data_dir);
}

int restore_run(yw_t *yw, int argc, char **argv)
{
    const char *parts[PROCESSES_MAX];

    if (argc != 1) {
        fprintf(stderr, "usage: yw restore FOLDER\n");
        return 2;
    }
    if (yw_running(yw)) {
        complain("the platform runs: `yw stop` first");
        return 1;
    }
    config_t *manifest = read_manifest(argv[0]);
    if (!manifest)
        return 1;
    size_t count = manifest_parts(yw, manifest, parts);
    bool ok = key_fits(yw, manifest) && nothing_there(yw, parts, count);
    for (size_t i = 0; i < count && ok; i++)
        ok = part_is_whole(yw, manifest, argv[0], parts[i]);
    ok = ok && restore_parts(yw, argv[0], parts, count);
    if (ok)
        printf("restored %zu databases of %s; now `yw verify`, then `yw start`\n", count,
               config_text(manifest, "backup.at", ""));
    config_free(&manifest);
    return ok ? 0 : 1;
}

/* --- verify --------------------------------------------------------------------------------- */

/* The service itself looks through the file (libcommon/rpc/verify.h). */
static bool verify_database(yw_t *yw, const char *service, const char *path)
{
    char *folder = xstrdup(yw->program);
    *strrchr(folder, '/') = 0;
    char *program = platform_path(folder, service);
    const char *config = yw->config_path ? yw->config_path : "/dev/null";
    char *argv[] = {program, (char *) config, "--verify", (char *) path, NULL};
    int status = 1;

    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        execv(program, argv);
        fprintf(stderr, "yw: %s: %s\n", program, strerror(errno));
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        complain("%s: %s", program, strerror(errno));
    free(program);
    free(folder);
    return status == 0 || complain("%s: is not well", path);
}

int verify_run(yw_t *yw, int argc, char **argv)
{
    const char *parts[PROCESSES_MAX];
    bool backup = argc == 1, ok = true;
    config_t *manifest = NULL;

    if (argc > 1) {
        fprintf(stderr, "usage: yw verify [FOLDER]\n");
        return 2;
    }
    const char *folder = backup ? argv[0] : yw->platform.data_dir;
    if (backup && !(manifest = read_manifest(folder)))
        return 1;
    size_t count = backup ? manifest_parts(yw, manifest, parts) : yw_services(yw, parts);
    if (backup)
        ok = key_fits(yw, manifest);
    for (size_t i = 0; i < count; i++) {
        char *path = database(yw, folder, parts[i]);
        if (access(path, R_OK) != 0)
            ok = complain("%s: %s", path, strerror(errno));
        else if (!backup || part_is_whole(yw, manifest, folder, parts[i]))
            ok = verify_database(yw, parts[i], path) && ok;
        else
            ok = false;
        free(path);
    }
    config_free(&manifest);
    printf(ok ? "all is well\n" : "something is not well, see above\n");
    return ok ? 0 : 1;
}
