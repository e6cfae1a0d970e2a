#include "service.h"

#include <stdio.h>
#include <stdlib.h>

#include "case.svc.h"
#include "check.h"
#include "config.h"
#include "log.h"
#include "platform.h"
#include "text.h"

/* Generated from schema/. */
extern const migration_t case_migrations[];
extern const size_t case_migration_count;

settings_t *settings_new(const uint8_t master[CRYPTO_KEY_SIZE])
{
    settings_t *self = xalloc(sizeof *self);
    crypto_derive(master, "case.seal", self->seal_key);
    crypto_derive(master, "case.lookup", self->lookup_key);
    self->close_hour = 17;
    self->correction_days = 15;
    self->files_max = 60;
    self->drafts_max = 50;
    self->account_bytes_max = (int64_t) 1024 << 20;
    return self;
}

void settings_free(settings_t **self)
{
    if (!*self)
        return;
    crypto_wipe(*self, sizeof **self);
    free(*self);
    *self = NULL;
}

static bool load_master(config_t *config, uint8_t master[CRYPTO_KEY_SIZE])
{
    char *path = platform_path(platform_key_dir(config), "master.key");
    bool loaded = crypto_key_load(path, master, CRYPTO_KEY_SIZE) == STATUS_OK;
    if (!loaded)
        log_error("case: no master key in '%s'", path);
    free(path);
    return loaded;
}

settings_t *settings_load(config_t *config)
{
    uint8_t master[CRYPTO_KEY_SIZE];
    if (!load_master(config, master))
        return NULL;
    settings_t *self = settings_new(master);
    crypto_wipe(master, sizeof master);
    return self;
}

static status_t open_case(config_t *config, store_t *store, void **ret)
{
    (void) store;
    settings_t *self = settings_load(config);
    if (!self)
        return STATUS_UNAVAILABLE;
    self->close_hour = (int) config_int(config, "case.close_hour", self->close_hour, 1, 24);
    self->correction_days =
        (int) config_int(config, "case.correction_days", self->correction_days, 1, 90);
    self->files_max = (int) config_int(config, "case.files_max", self->files_max, 1, 1000);
    self->drafts_max = (int) config_int(config, "case.drafts_max", self->drafts_max, 1, 1000);
    self->account_bytes_max =
        config_int(config, "case.account_mib", self->account_bytes_max >> 20, 20, 1 << 20) << 20;
    *ret = self;
    return STATUS_OK;
}

static void close_case(void *context)
{
    settings_t *self = context;
    settings_free(&self);
}

const service_t *case_service(void)
{
    static const tick_t ticks[] = {{"case.Tick", 1000}};
    static service_t service = {
        .name = "case",
        .handlers = case_handlers,
        .migrations = case_migrations,
        .ticks = ticks,
        .tick_count = sizeof ticks / sizeof *ticks,
        .open = open_case,
        .close = close_case,
        .verify = case_verify,
    };
    service.handler_count = case_handler_count;
    service.migration_count = case_migration_count;
    return &service;
}
