#include "catalog.h"
#include "catalog.svc.h"

/* Generated from schema/. */
extern const migration_t catalog_migrations[];
extern const size_t catalog_migration_count;

const service_t *catalog_service(void)
{
    /* Planned days change at midnight; a minute late is early enough. */
    static const tick_t ticks[] = {{"catalog.Tick", 60000}};
    static service_t service;
    service = (service_t){
        .name = "catalog",
        .handlers = catalog_handlers,
        .handler_count = catalog_handler_count,
        .migrations = catalog_migrations,
        .migration_count = catalog_migration_count,
        .ticks = ticks,
        .tick_count = sizeof ticks / sizeof *ticks,
    };
    return &service;
}
