/* store_test.h - what the tests of this folder share. */
#pragma once
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"
#include "store.h"
#include "test.h"

/* A child runs the statement; true when it died by `signal`. */
#define DIES_BY(deadly, ...)                                                                       \
    ({                                                                                             \
        pid_t child = fork();                                                                      \
        if (child == 0) {                                                                          \
            fclose(stderr);                                                                        \
            __VA_ARGS__;                                                                           \
            _exit(0);                                                                              \
        }                                                                                          \
        int how = 0;                                                                               \
        waitpid(child, &how, 0);                                                                   \
        WIFSIGNALED(how) && WTERMSIG(how) == (deadly);                                             \
    })
/* ... by a CHECK. */
#define DIES(...) DIES_BY(SIGABRT, __VA_ARGS__)

/* A folder for a database; gone with folder_remove(). */
typedef struct {
    char path[64];
    char db[96];
} folder_t;

static inline folder_t folder_new(void)
{
    folder_t folder = {.path = "/tmp/yiwang-store-XXXXXX"};
    CHECK(mkdtemp(folder.path));
    snprintf(folder.db, sizeof folder.db, "%s/test.db", folder.path);
    return folder;
}

static inline void folder_remove(const folder_t *folder)
{
    static const char *const SUFFIXES[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char file[112];
        snprintf(file, sizeof file, "%s%s", folder->db, SUFFIXES[i]);
        unlink(file);
    }
    rmdir(folder->path);
}

/* A store with the ledger and `sql`, if any, as its schema. */
static inline store_t *open_at(const char *path, const char *sql)
{
    migration_t migration = {"0001_test.sql", sql};
    char error[200] = "";
    store_t *store = NULL;
    if (store_open(path, &migration, sql ? 1 : 0, &store, error, sizeof error) != STATUS_OK) {
        fprintf(stderr, "store_open: %s\n", error);
        abort();
    }
    return store;
}

static inline store_t *open_reader(const char *path)
{
    char error[200] = "";
    store_t *store = NULL;
    CHECK(store_open_reader(path, &store, error, sizeof error) == STATUS_OK);
    return store;
}

/* A number from a query with one column called value. */
#define VALUE(store, sql)                                                                          \
    ({                                                                                             \
        query_t *value_query = query((store), (sql));                                              \
        int64_t value = query_next(value_query) ? query_get_int(value_query, "value") : -1;        \
        CHECK(query_done(value_query) == STATUS_OK);                                               \
        value;                                                                                     \
    })
