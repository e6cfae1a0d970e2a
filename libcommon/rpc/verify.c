#include "verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "crypto.h"
#include "ledger.h"
#include "platform.h"

#define ARENA_BYTES (64u << 20)

void verify_found(verify_t *self, int64_t count, const char *what)
{
    printf("%s: %" PRId64 " %s\n", self->service, count, what);
}

void verify_fault(verify_t *self, const char *format, ...)
{
    if (self->faults++ >= VERIFY_FAULTS_MAX)
        return;
    va_list args;
    va_start(args, format);
    printf("%s: FAULT ", self->service);
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

static void check_audit(verify_t *self)
{
    int64_t rows = 0, bad = 0, last = 0;
    uint8_t hash[32];
    char hex[CRYPTO_HEX_SIZE(sizeof hash)];
    status_t status = audit_verify(self->store, &rows, &bad);
    if (status == STATUS_OK)
        status = audit_last(self->store, &last, hash);
    if (status != STATUS_OK) {
        verify_fault(self, "audit: %s", status_name(status));
        return;
    }
    if (bad)
        verify_fault(self, "audit row %" PRId64 " was altered, or one before it is gone", bad);
    crypto_hex(hash, sizeof hash, hex);
    printf("%s: %" PRId64 " audit rows, the last is %s\n", self->service, rows, hex);
}

int verify_main(const service_t *service, const char *config_path, const char *database)
{
    char text[512];
    platform_t platform;
    config_t *config = platform_load(config_path, &platform);
    verify_t self = {.service = service->name, .arena = arena_new(ARENA_BYTES)};

    if (store_open_reader(database, &self.store, text, sizeof text) != STATUS_OK) {
        printf("%s: FAULT %s\n", service->name, text);
        arena_free(&self.arena);
        config_free(&config);
        return 1;
    }
    store_snapshot_begin(self.store);
    if (store_check(self.store, text, sizeof text) == STATUS_OK) {
        check_audit(&self);
        if (service->verify)
            service->verify(config, &self);
    } else {
        verify_fault(&self, "%s", text); /* what rests on damaged pages is not worth a look */
    }
    store_snapshot_end(self.store);
    if (self.faults > VERIFY_FAULTS_MAX)
        printf("%s: %" PRId64 " faults in all\n", service->name, self.faults);
    store_close(&self.store);
    arena_free(&self.arena);
    config_free(&config);
    return self.faults ? 1 : 0;
}
