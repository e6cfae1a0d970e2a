/* copy.c - a database as a whole: copied for a backup, looked through for damage. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "store_private.h"

#define PAGES_AT_ONCE 1024 /* 4 MiB */

static status_t complain(char *error, size_t size, const char *path, const char *what)
{
    snprintf(error, size, "%s: %s", path, what);
    return STATUS_UNAVAILABLE;
}

/* The copy's bytes and its name are on the disk. */
static bool sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static int copy_pages(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup)
        return sqlite3_errcode(to);
    int rc;
    do
        rc = sqlite3_backup_step(backup, PAGES_AT_ONCE);
    while (rc == SQLITE_OK);
    int end = sqlite3_backup_finish(backup);
    return rc == SQLITE_DONE ? end : rc;
}

status_t store_copy(store_t *self, const char *path, char *error, size_t error_size)
{
    CHECK(self->reader && self->begun); /* else pages of several moments */
    sqlite3 *to = NULL;
    if (access(path, F_OK) == 0)
        return complain(error, error_size, path, "is there already");
    int rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    /* Nobody reads the copy before it is whole, and its own sync is below. */
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL,
                          NULL);
    if (rc == SQLITE_OK)
        rc = copy_pages(self->db, to);
    /* The mark of the write-ahead log came with the first page: a copy has none, and can be read
     * where nothing can be written. */
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    sqlite3_close(to);
    if (rc != SQLITE_OK)
        return complain(error, error_size, path, sqlite3_errstr(rc));
    return sync_path(path) ? STATUS_OK : complain(error, error_size, path, strerror(errno));
}

/* The first word of a PRAGMA that says "ok", or nothing, when all is well. */
static status_t ask(store_t *self, const char *sql, char *fault, size_t fault_size)
{
    sqlite3_stmt *statement = NULL;
    *fault = 0;
    int rc = sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        const char *word = (const char *) sqlite3_column_text(statement, 0);
        if (!word || strcmp(word, "ok") != 0)
            snprintf(fault, fault_size, "%s", word ? word : "damaged");
    } else if (rc != SQLITE_DONE) {
        snprintf(fault, fault_size, "%s", sqlite3_errmsg(self->db));
    }
    sqlite3_finalize(statement);
    return *fault ? STATUS_DATA_LOSS : STATUS_OK;
}

status_t store_check(store_t *self, char *fault, size_t fault_size)
{
    status_t status = ask(self, "PRAGMA integrity_check(1)", fault, fault_size);
    if (status == STATUS_OK)
        status = ask(self,
                     "SELECT 'row ' || rowid || ' of ' || \"table\" || ' refers to a row of '"
                     " || parent || ' that is not there' FROM pragma_foreign_key_check LIMIT 1",
                     fault, fault_size);
    return status;
}
