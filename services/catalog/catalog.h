/* catalog.h - the service as one object, for main.c, unit tests and the simulator. */
#pragma once
#include "server.h"

const service_t *catalog_service(void);
