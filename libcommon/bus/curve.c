/* curve.c - see curve.h. */
#include "curve.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>
#include "check.h"
#include "crypto.h"

#define FILE_BYTES_MAX 4096

void curve_make(curve_t *ret)
{
    CHECK(zmq_curve_keypair(ret->public_key, ret->secret_key) == 0);
}

/* Finds `name = "key"`; false: not there, or not 40 characters of Z85. */
static bool find_key(const char *text, const char *name, char ret[CURVE_KEY_SIZE])
{
    const char *at = strstr(text, name);
    if (!at)
        return false;
    at += strlen(name);
    at += strspn(at, " \t");
    if (*at++ != '=')
        return false;
    at += strspn(at, " \t");
    if (*at++ != '"' || strnlen(at, CURVE_KEY_SIZE) != CURVE_KEY_SIZE || at[40] != '"')
        return false;

    char key[CURVE_KEY_SIZE];
    uint8_t bytes[32];
    memcpy(key, at, 40);
    key[40] = 0;
    bool ok = zmq_z85_decode(bytes, key) != NULL;
    if (ok)
        memcpy(ret, key, sizeof key);
    crypto_wipe(key, sizeof key);
    crypto_wipe(bytes, sizeof bytes);
    return ok;
}

status_t curve_load(const char *path, curve_t *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED_PRECONDITION;

    char text[FILE_BYTES_MAX + 1];
    struct stat info;
    ssize_t size = fstat(fd, &info) == 0 ? read(fd, text, FILE_BYTES_MAX) : -1;
    close(fd);
    if (size < 0)
        return STATUS_FAILED_PRECONDITION;
    text[size] = 0;

    curve_t keys = {.secret_key = ""};
    bool ok = find_key(text, "public-key", keys.public_key);
    if (strstr(text, "secret-key"))
        ok = ok && find_key(text, "secret-key", keys.secret_key) && (info.st_mode & 077) == 0;
    crypto_wipe(text, sizeof text);
    if (ok)
        *ret = keys;
    crypto_wipe(&keys, sizeof keys);
    return ok ? STATUS_OK : STATUS_FAILED_PRECONDITION;
}

static bool write_file(const char *path, int flags, mode_t mode, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode);
    if (fd < 0)
        return false;
    size_t size = strlen(text);
    bool ok = fchmod(fd, mode) == 0 && write(fd, text, size) == (ssize_t) size && fsync(fd) == 0;
    return close(fd) == 0 && ok;
}

status_t curve_save(const char *path, const curve_t *keys)
{
    char text[FILE_BYTES_MAX], public_path[FILE_BYTES_MAX];
    snprintf(text, sizeof text,
             "metadata\ncurve\n    public-key = \"%s\"\n    secret-key = \"%s\"\n",
             keys->public_key, keys->secret_key);
    bool ok = write_file(path, O_EXCL, 0600, text);
    crypto_wipe(text, sizeof text);

    snprintf(text, sizeof text, "metadata\ncurve\n    public-key = \"%s\"\n", keys->public_key);
    int size = snprintf(public_path, sizeof public_path, "%s.pub", path);
    ok = ok && size < (int) sizeof public_path && write_file(public_path, O_TRUNC, 0644, text);
    return ok ? STATUS_OK : STATUS_FAILED_PRECONDITION;
}
