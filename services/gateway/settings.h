/* settings.h - what the operator decides: the [gateway] and [platform] parts of the config. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "crypto.h"
#include "limit.h"
#include "platform.h"

/* What pages say of the platform: [site]. */
typedef struct {
    const char *name, *region, *phone, *theme, *emblem, *record;
} site_t;

#define SETTINGS_THREADS_MAX  16
#define SETTINGS_WATCHERS_MAX 16

typedef struct {
    config_t *config;       /* the texts below are its */
    const char *bind;       /* gateway.bind, address of the TLS port */
    uint16_t port;          /* gateway.port, TLS; 0: none */
    uint16_t plain_port;    /* gateway.plain_port, HTTP on 127.0.0.1; 0: none */
    uint32_t threads;       /* gateway.threads */
    const char *cert, *key; /* gateway.cert, gateway.key: PEM files; both or none */
    platform_t platform;    /* brokers, key_dir, … */
    bool has_token_key;     /* key_dir/token.public is there */
    uint8_t token_key[CRYPTO_SIGN_PUBLIC_SIZE];

    uint32_t connections;  /* gateway.connections, of all threads */
    uint32_t requests;     /* gateway.requests, open at once, of all threads */
    uint32_t rate, burst;  /* gateway.rate, gateway.burst: per address; rate 0: off */
    bool rate_loopback;    /* gateway.rate_loopback: local addresses count, too */
    bool forwarded;        /* gateway.forwarded: believe a local front end */
    uint64_t memory_bytes; /* gateway.memory_mib: bodies on their way in, and as
                            * much again for answers on their way out */
    limit_key_t watchers[SETTINGS_WATCHERS_MAX]; /* gateway.watchers: may see /metrics */
    size_t watcher_count;

    const char *pages;   /* gateway.pages, folder of the pages; "": none, only the API */
    const char *statics; /* gateway.static, folder of style sheets and the like */
    bool develop;        /* gateway.develop: changed pages are read again */
    site_t site;
    /* What tokens of forms and kept answers are made with: KEY_DIR/pages.key, made when it is not
     * there.  All gateways of a platform have the same one. */
    uint8_t form_key[CRYPTO_KEY_SIZE], flash_key[CRYPTO_KEY_SIZE];

    const char *access_log; /* gateway.access_log: file, "-" stdout, "off" */
    uint32_t access_sample; /* gateway.access_sample: one line of so many; 5xx always */
} settings_t;

/* Exits with 2 and a sentence on stderr when something is wrong.  Lives as long as the process. */
void settings_load(const char *config_path, settings_t *ret);
