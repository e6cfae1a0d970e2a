#include "settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "text.h"

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "gateway: %s: %s\n", what, why);
    exit(2);
}

static bool read_address(const char *text, limit_key_t *ret)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        *ret = limit_key((struct sockaddr *) &in);
    else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
        *ret = limit_key((struct sockaddr *) &in6);
    else
        return false;
    return true;
}

static void read_watchers(const char *list, settings_t *ret)
{
    char *copy = xstrdup(list), *rest = copy;
    for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " ")) {
        if (!*word)
            continue;
        if (ret->watcher_count == SETTINGS_WATCHERS_MAX)
            die("gateway.watchers", "too many addresses");
        if (!read_address(word, &ret->watchers[ret->watcher_count++]))
            die("gateway.watchers", "must be IP addresses, separated by spaces");
    }
    free(copy);
}

/* Without the key no token is good: the gateway serves what is public and says so in its log. */
static void read_token_key(settings_t *ret)
{
    char *path = platform_path(ret->platform.key_dir, "token.public");
    if (access(path, F_OK) == 0) {
        if (crypto_key_load(path, ret->token_key, sizeof ret->token_key) != STATUS_OK)
            die(path, "is not a key");
        ret->has_token_key = true;
    }
    free(path);
}

/* Two gateways may start at once: whose key is saved first is everybody's. */
static void read_page_key(settings_t *ret)
{
    uint8_t key[CRYPTO_KEY_SIZE];
    char *path = platform_path(ret->platform.key_dir, "pages.key");
    status_t status = crypto_key_load(path, key, sizeof key);
    if (status == STATUS_NOT_FOUND) {
        crypto_random(key, sizeof key);
        if (crypto_key_save(path, key, sizeof key) != STATUS_OK &&
            crypto_key_load(path, key, sizeof key) != STATUS_OK)
            die(path, "cannot be written");
        status = STATUS_OK;
    }
    if (status != STATUS_OK)
        die(path, "is not a key, or others may read it");
    crypto_derive(key, "forms", ret->form_key);
    crypto_derive(key, "flash", ret->flash_key);
    crypto_wipe(key, sizeof key);
    free(path);
}

static void read_site(config_t *config, site_t *ret)
{
    static const char *const themes[] = {"qing", "zhu", "mo"};
    ret->name = config_text(config, "site.name", "政务服务网");
    ret->region = config_text(config, "site.region", "");
    ret->phone = config_text(config, "site.phone", "12345");
    ret->theme = config_text(config, "site.theme", themes[0]);
    ret->emblem = config_text(config, "site.emblem", "");
    ret->record = config_text(config, "site.record", "");
    bool known = false;
    for (size_t i = 0; i < sizeof themes / sizeof *themes; i++)
        known = known || text_equal(ret->theme, themes[i]);
    if (!known)
        die("site.theme", "must be qing, zhu or mo");
    /* The CSP lets images come from this host only. */
    if (*ret->emblem && (ret->emblem[0] != '/' || ret->emblem[1] == '/'))
        die("site.emblem", "must be a path of this host, such as /static/emblem.png");
    const char *unused = config_unused(config, "site");
    if (unused)
        die(unused, "no such setting");
}

void settings_load(const char *config_path, settings_t *ret)
{
    memset(ret, 0, sizeof *ret);
    config_t *config = ret->config = platform_load(config_path, &ret->platform);

    ret->bind = config_text(config, "gateway.bind", "0.0.0.0");
    limit_key_t ignored;
    if (!read_address(ret->bind, &ignored))
        die("gateway.bind", "must be an IP address");
    ret->port = (uint16_t) config_int(config, "gateway.port", 8443, 0, 65535);
    ret->plain_port = (uint16_t) config_int(config, "gateway.plain_port", 0, 0, 65535);
    if (!ret->port && !ret->plain_port)
        die("gateway.port", "no port at all");
    ret->threads = (uint32_t) config_int(config, "gateway.threads", 1, 1, SETTINGS_THREADS_MAX);
    ret->cert = config_text(config, "gateway.cert", NULL);
    ret->key = config_text(config, "gateway.key", NULL);
    if (!ret->cert != !ret->key)
        die("gateway.cert", "and gateway.key belong together");

    ret->connections = (uint32_t) config_int(config, "gateway.connections", 4096, 16, 60000);
    ret->requests = (uint32_t) config_int(config, "gateway.requests", 4096, 16, 60000);
    ret->rate = (uint32_t) config_int(config, "gateway.rate", 50, 0, 1000000);
    ret->burst = (uint32_t) config_int(config, "gateway.burst", 200, 1, 1000000);
    ret->rate_loopback = config_bool(config, "gateway.rate_loopback", true);
    ret->forwarded = config_bool(config, "gateway.forwarded", false);
    ret->memory_bytes = (uint64_t) config_int(config, "gateway.memory_mib", 256, 32, 65536) << 20;
    read_watchers(config_text(config, "gateway.watchers", ""), ret);
    ret->access_log = config_text(config, "gateway.access_log", "-");
    ret->access_sample = (uint32_t) config_int(config, "gateway.access_sample", 1, 1, 1000000);

    ret->pages = config_text(config, "gateway.pages", "");
    ret->statics = config_text(config, "gateway.static", "");
    if (!*ret->pages != !*ret->statics)
        die("gateway.pages", "and gateway.static belong together");
    ret->develop = config_bool(config, "gateway.develop", false);

    const char *unused = config_unused(config, "gateway");
    if (unused)
        die(unused, "no such setting");
    read_site(config, &ret->site);
    read_token_key(ret);
    read_page_key(ret);
}
