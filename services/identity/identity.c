#include "identity.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "delivery.h"
#include "log.h"
#include "platform.h"
#include "text.h"

static const settings_t DEFAULTS = {
    .token_ms = 300 * 1000LL,
    .refresh_ms = 30 * 86400 * 1000LL,
    .staff_session_ms = 12 * 3600 * 1000LL,
    .code_ms = 300 * 1000LL,
    .code_pause_ms = 60 * 1000LL,
    .codes_per_mobile = 10,
    .codes_per_address = 300, /* a service hall is one address */
    .tries_per_account = 5,
    .tries_per_address = 50,
    .lock_ms = 15 * 60 * 1000LL,
};

status_t identity_new(const char *key_folder, const char *data_folder, identity_t **ret,
                      char *error, size_t error_size)
{
    identity_t *self = xalloc(sizeof *self);
    self->settings = DEFAULTS;
    self->population = &POPULATION_LOCAL;
    self->deliverer = deliverer_new();

    status_t status = secrets_open(key_folder, &self->secrets, error, error_size);
    if (status == STATUS_OK)
        status = crypto_password_hash("nobody has this password", self->dummy_hash);
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/messages.jsonl", data_folder);
    if (status == STATUS_OK && (length < 0 || (size_t) length >= sizeof path)) {
        snprintf(error, error_size, "the data folder's name is too long");
        status = STATUS_INVALID_ARGUMENT;
    }
    if (status != STATUS_OK) {
        identity_free(&self);
        return status;
    }
    self->sms = channel_file_new(path);
    *ret = self;
    return STATUS_OK;
}

void identity_free(identity_t **self)
{
    if (!*self)
        return;
    channel_free(&(*self)->sms);
    deliverer_free(&(*self)->deliverer);
    secrets_wipe(&(*self)->secrets);
    free(*self);
    *self = NULL;
}

/* --- settings ------------------------------------------------------------------ */

static void read_settings(config_t *config, settings_t *out)
{
    const struct {
        const char *name;
        int64_t *value;
        int64_t unit;
        int64_t min, max;
    } table[] = {
        {"identity.token_seconds", &out->token_ms, 1000, 10, 900},
        {"identity.refresh_days", &out->refresh_ms, 86400000, 1, 365},
        {"identity.staff_session_hours", &out->staff_session_ms, 3600000, 1, 72},
        {"identity.code_seconds", &out->code_ms, 1000, 30, 1800},
        {"identity.code_pause_seconds", &out->code_pause_ms, 1000, 1, 600},
        {"identity.codes_per_mobile", &out->codes_per_mobile, 1, 1, 1000000},
        {"identity.codes_per_address", &out->codes_per_address, 1, 1, 1000000},
        {"identity.tries_per_account", &out->tries_per_account, 1, 3, 100},
        {"identity.tries_per_address", &out->tries_per_address, 1, 3, 1000000},
        {"identity.lock_minutes", &out->lock_ms, 60000, 1, 1440},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        *table[i].value =
            table[i].unit * config_int(config, table[i].name, *table[i].value / table[i].unit,
                                       table[i].min, table[i].max);
}

static status_t open_service(config_t *config, store_t *store, void **ret_context)
{
    char error[512] = "";
    identity_t *self = NULL;
    const char *data_folder = config_text(config, "platform.data_dir", "data");
    status_t status =
        identity_new(platform_key_dir(config), data_folder, &self, error, sizeof error);
    if (status == STATUS_OK)
        status = secrets_check(&self->secrets, store, error, sizeof error);
    const char *channel = config_text(config, "identity.sms_channel", "file");
    if (status == STATUS_OK && !text_equal(channel, self->sms->name)) {
        snprintf(error, sizeof error, "identity.sms_channel: there is no channel '%s'", channel);
        status = STATUS_INVALID_ARGUMENT;
    }
    if (status != STATUS_OK) {
        log_error("identity cannot start: %s", error);
        identity_free(&self);
        return status;
    }
    read_settings(config, &self->settings);
    *ret_context = self;
    return STATUS_OK;
}

static void close_service(void *context)
{
    identity_t *self = context;
    identity_free(&self);
}

/* --- the service ------------------------------------------------------------------ */

extern const migration_t identity_migrations[];
extern const size_t identity_migration_count;

static const tick_t TICKS[] = {
    {"identity.DeliverMessages", 200},
    {"identity.Sweep", 5000},
};

const service_t *identity_service(void)
{
    static service_t self;
    self = (service_t){
        .name = "identity",
        .handlers = identity_handlers,
        .handler_count = identity_handler_count,
        .migrations = identity_migrations,
        .migration_count = identity_migration_count,
        .ticks = TICKS,
        .tick_count = sizeof TICKS / sizeof *TICKS,
        .open = open_service,
        .close = close_service,
        .verify = identity_verify,
    };
    return &self;
}

/* --- small things ------------------------------------------------------------------ */

const char *id_number_normal(arena_t *arena, const char *id_number)
{
    size_t size = strlen(id_number);
    char *copy = arena_copy(arena, id_number, size);
    if (!copy)
        return id_number;
    if (size && copy[size - 1] == 'x')
        copy[size - 1] = 'X';
    return copy;
}

status_t identity_data_loss(call_t *call)
{
    return call_fail(call, STATUS_DATA_LOSS, "identity.data_loss", NULL,
                     "账号数据无法读取，请联系平台管理员");
}
