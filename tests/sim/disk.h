/* disk.h - the disk of the simulation: a SQLite VFS that keeps synced and unsynced apart.
 *
 * A file is what its readers see; beside it stand the bytes that were synced and, in order, what was
 * written since.  When power is cut each of those writes is lost, kept or torn at 512 bytes, as the
 * seed says, independent of the others.  A process that is only killed leaves its writes in the page cache. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "world.h"

typedef struct {
    uint32_t error_every; /* one operation in so many fails with EIO; 0: none */
    uint32_t full_every;  /* one write in so many begins a time of a full disk */
    uint32_t full_ms_max;
    bool slow; /* a sync lasts up to 30 ms instead of 1 */
} disk_weather_t;

extern disk_weather_t disk_weather;

void disk_begin(void);                         /* registers the VFS as SQLite's default */
void disk_power_cut(const process_t *process); /* before it is killed: the host goes down */
void disk_process_gone(const process_t *process);
uint32_t disk_errors(void);
uint32_t disk_fulls(void);

/* A copy of a database (NAME and NAME-wal) under another name, as it is, or as it would be if power
 * were cut now and all unsynced writes were lost.  It shares the bytes: good until anyone goes on. */
void disk_copy(const char *from, const char *to, bool only_synced);
void disk_forget(const char *name);
bool disk_has(const char *name);
int64_t disk_size(const char *name);
