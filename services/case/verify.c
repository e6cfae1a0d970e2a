/* verify.c - what `yw verify` asks of cases: contents open, files have the bytes that were
 * acknowledged. */
#include "verify.h"

#include <inttypes.h>

#include "contents.h"
#include "file.h"
#include "text.h"

static void check_contents(verify_t *self, call_t *call)
{
    int64_t good = 0;
    query_t *all = query(self->store, "SELECT case_id FROM case_contents ORDER BY case_id");
    while (query_next(all)) {
        contents_t contents;
        arena_reset(self->arena);
        const char *id = query_get_text(all, "case_id", self->arena);
        status_t status = contents_load(call, id, &contents);
        if (status == STATUS_OK)
            good++;
        else
            verify_fault(self, "contents of case %s: %s", id, status_name(status));
    }
    query_done(all);
    verify_found(self, good, "cases whose contents open");
}

static void check_files(verify_t *self, call_t *call)
{
    int64_t good = 0;
    query_t *all = query(self->store, "SELECT id FROM files WHERE complete = 1 ORDER BY id");
    while (query_next(all)) {
        char id[32];
        arena_reset(self->arena);
        const char *found = query_get_text(all, "id", self->arena);
        if (!text_copy(id, sizeof id, found)) {
            verify_fault(self, "file with the id %s", found);
            continue;
        }
        status_t status = file_verify(call, id);
        if (status == STATUS_OK)
            good++;
        else
            verify_fault(self, "file %s: %s", id, status_name(status));
    }
    query_done(all);
    verify_found(self, good, "files with the bytes that were uploaded");
}

void case_verify(config_t *config, verify_t *self)
{
    settings_t *settings = settings_load(config);
    if (!settings) {
        verify_fault(self, "there is no master key to open anything with");
        return;
    }
    call_t call = {.store = self->store, .arena = self->arena, .context = settings};
    check_contents(self, &call);
    check_files(self, &call);
    settings_free(&settings);
}
