#include "static_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "buffer.h"
#include "check.h"
#include "crypto.h"
#include "gzip.h"
#include "table.h"
#include "text.h"

#define DEPTH_MAX 3 /* folders inside each other */
#define LEVEL     9 /* packed once, sent often */

struct static_files {
    atomic_uint holders;
    static_file_t files[STATIC_FILES_MAX];
    size_t count, bytes;
    table_t *by_name;
    char *error;
    size_t error_size;
};

/* What is not here is not served: README.md, what a editor left. */
static const struct {
    const char *ending, *media_type;
    bool packed; /* is packed already */
} types[] = {
    {".css", "text/css; charset=utf-8", false},
    {".js", "text/javascript; charset=utf-8", false},
    {".svg", "image/svg+xml", false},
    {".txt", "text/plain; charset=utf-8", false},
    {".webmanifest", "application/manifest+json", false},
    {".ico", "image/x-icon", false},
    {".png", "image/png", true},
    {".jpg", "image/jpeg", true},
    {".webp", "image/webp", true},
    {".woff2", "font/woff2", true},
};

static bool fail(static_files_t *self, const char *path, const char *why)
{
    snprintf(self->error, self->error_size, "%s: %s", path, why);
    return false;
}

static char *read_file(static_files_t *self, const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    char *data = xalloc(size + 1);
    if (file && fread(data, 1, size, file) == size) {
        fclose(file);
        return data;
    }
    fail(self, path, strerror(errno));
    if (file)
        fclose(file);
    free(data);
    return NULL;
}

static void pack(static_file_t *file)
{
    gzip_t *gzip = gzip_new(LEVEL);
    buffer_t out = buffer_new(STATIC_FILE_MAX + (64u << 10));
    /* Below 1 kB it is one packet either way. */
    if (gzip_pack(gzip, file->data, file->size, &out) && out.size + 64 < file->size) {
        file->gzip = out.data;
        file->gzip_size = out.size;
    } else {
        buffer_free(&out);
    }
    gzip_free(&gzip);
}

static char *format(const char *pattern, const char *a, const char *b)
{
    size_t size = strlen(pattern) + strlen(a) + strlen(b) + 1;
    char *text = xalloc(size);
    snprintf(text, size, pattern, a, b);
    return text;
}

static bool add(static_files_t *self, const char *path, const char *name, size_t size, size_t type)
{
    uint8_t hash[CRYPTO_HASH_SIZE];
    char version[CRYPTO_HEX_SIZE(5)];
    if (self->count == STATIC_FILES_MAX)
        return fail(self, path, "too many files");
    if (size > STATIC_FILE_MAX || self->bytes + size > STATIC_BYTES_MAX)
        return fail(self, path, "too large");
    char *data = read_file(self, path, size);
    if (!data)
        return false;
    crypto_hash(data, size, hash);
    crypto_hex(hash, 5, version);
    static_file_t *file = &self->files[self->count++];
    self->bytes += size;
    file->data = data;
    file->size = size;
    file->name = xstrdup(name);
    file->version = xstrdup(version);
    file->address = format("/static/%s?v=%s", name, version);
    file->media_type = types[type].media_type;
    if (!types[type].packed)
        pack(file);
    CHECK(table_set(self->by_name, name, strlen(name), file));
    return true;
}

static bool read_folder(static_files_t *self, const char *folder, const char *prefix, int depth)
{
    DIR *directory = opendir(folder);
    bool good = true;
    if (!directory)
        return fail(self, folder, strerror(errno));
    for (struct dirent *entry; good && (entry = readdir(directory));) {
        struct stat stat_;
        if (entry->d_name[0] == '.')
            continue;
        char *path = format("%s/%s", folder, entry->d_name);
        char *name = format("%s%s", prefix, entry->d_name);
        if (stat(path, &stat_) != 0) {
            good = fail(self, path, strerror(errno));
        } else if (S_ISDIR(stat_.st_mode) && depth < DEPTH_MAX) {
            char *inner = format("%s%s/", prefix, entry->d_name);
            good = read_folder(self, path, inner, depth + 1);
            free(inner);
        } else if (S_ISREG(stat_.st_mode)) {
            for (size_t i = 0; i < sizeof types / sizeof *types; i++)
                if (text_ends(name, types[i].ending))
                    good = add(self, path, name, (size_t) stat_.st_size, i);
        }
        free(path);
        free(name);
    }
    closedir(directory);
    return good;
}

static_files_t *static_files_load(const char *folder, char *error, size_t error_size)
{
    static_files_t *self = xalloc(sizeof *self);
    self->by_name = table_new(STATIC_FILES_MAX);
    self->error = error;
    self->error_size = error_size;
    atomic_init(&self->holders, 1);
    if (!read_folder(self, folder, "", 0))
        static_files_drop(&self);
    return self;
}

static_files_t *static_files_hold(static_files_t *self)
{
    atomic_fetch_add_explicit(&self->holders, 1, memory_order_relaxed);
    return self;
}

void static_files_drop(static_files_t **self_p)
{
    static_files_t *self = *self_p;
    *self_p = NULL;
    if (!self || atomic_fetch_sub_explicit(&self->holders, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < self->count; i++) {
        static_file_t *file = &self->files[i];
        free((char *) file->name);
        free((char *) file->address);
        free((char *) file->version);
        free((char *) file->data);
        free((char *) file->gzip);
    }
    table_free(&self->by_name);
    free(self);
}

const static_file_t *static_files_find(const static_files_t *self, span_t name)
{
    return table_get(self->by_name, name.data, name.size);
}

const char *static_files_address(const static_files_t *self, const char *name)
{
    const static_file_t *file = static_files_find(self, span_text(name));
    return file ? file->address : NULL;
}
