#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "text.h"
#include "check.h"

#define LINE_SIZE   4096 /* longest line, with its end */
#define NAME_SIZE   128  /* longest "section.name" */
#define ENTRIES_MAX 1000
#define KEPT_MAX    16
#define ENV_PREFIX  "YIWANG_"

extern char **environ;

typedef struct {
    char *name;  /* "gateway.port" */
    char *value; /* NULL: asked for but not set */
    bool asked;
} entry_t;

struct config {
    entry_t *entries; /* ENTRIES_MAX; few, so searched in order */
    size_t count;
    char *kept[KEPT_MAX]; /* config_keep() */
    size_t kept_count;
    char unused[NAME_SIZE]; /* what config_unused() gave last */
};

static entry_t *find(const config_t *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (text_equal(self->entries[i].name, name))
            return &self->entries[i];
    return NULL;
}

static entry_t *add(config_t *self, const char *name, const char *value)
{
    CHECK(self->count < ENTRIES_MAX);
    entry_t *entry = &self->entries[self->count++];
    entry->name = xstrdup(name);
    entry->value = value ? xstrdup(value) : NULL;
    return entry;
}

/* --- the file --------------------------------------------------------------- */

static char *trim(char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    size_t size = strlen(text);
    while (size && strchr(" \t\r\n", text[size - 1]))
        text[--size] = 0;
    return text;
}

/* '#' at the start or after a blank; inside a word it belongs to the value. */
static void cut_comment(char *line)
{
    for (char *at = line; *at; at++)
        if (*at == '#' && (at == line || at[-1] == ' ' || at[-1] == '\t')) {
            *at = 0;
            return;
        }
}

static bool is_name(const char *text)
{
    return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.-")] == 0;
}

/* NULL when understood, else what is wrong. */
static const char *read_line(config_t *self, char *line, char section[NAME_SIZE])
{
    cut_comment(line);
    line = trim(line);
    if (!*line)
        return NULL;

    if (*line == '[') {
        char *end = strchr(line, ']');
        if (!end || end[1])
            return "a section is [name]";
        *end = 0;
        char *name = trim(line + 1);
        if (!is_name(name) || !text_copy(section, NAME_SIZE, name))
            return "not a section name";
        return NULL;
    }

    char *equals = strchr(line, '=');
    if (!equals)
        return "a line is name = value";
    *equals = 0;
    const char *name = trim(line), *value = trim(equals + 1);
    if (!is_name(name))
        return "not a name: lower-case letters, digits, '_', '-' and '.'";
    char full[NAME_SIZE];
    int size = snprintf(full, sizeof full, "%s%s%s", section, *section ? "." : "", name);
    if (size < 0 || (size_t) size >= sizeof full)
        return "name too long";
    if (find(self, full))
        return "set twice";
    if (self->count >= ENTRIES_MAX / 2)
        return "too many settings";
    add(self, full, value);
    return NULL;
}

static status_t read_file(config_t *self, FILE *file, const char *path, char *error,
                          size_t error_size)
{
    char line[LINE_SIZE], section[NAME_SIZE] = "";
    for (int number = 1; fgets(line, sizeof line, file); number++) {
        const char *fault = strlen(line) == sizeof line - 1     ? "line too long"
                            : !text_is_utf8(line, strlen(line)) ? "not UTF-8"
                                                                : read_line(self, line, section);
        if (fault) {
            snprintf(error, error_size, "%s:%d: %s", path, number, fault);
            return STATUS_INVALID_ARGUMENT;
        }
    }
    if (ferror(file)) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return STATUS_UNAVAILABLE;
    }
    return STATUS_OK;
}

status_t config_load(const char *path, config_t **ret, char *error, size_t error_size)
{
    config_t *self = xalloc(sizeof *self);
    self->entries = xalloc(ENTRIES_MAX * sizeof *self->entries);
    status_t status = STATUS_OK;
    if (path) {
        FILE *file = fopen(path, "re");
        if (file) {
            status = read_file(self, file, path, error, error_size);
            fclose(file);
        } else {
            snprintf(error, error_size, "%s: %s", path, strerror(errno));
            status = STATUS_NOT_FOUND;
        }
    }
    if (status == STATUS_OK)
        *ret = self;
    else
        config_free(&self);
    return status;
}

void config_free(config_t **self)
{
    if (!*self)
        return;
    for (size_t i = 0; i < (*self)->count; i++) {
        free((*self)->entries[i].name);
        free((*self)->entries[i].value);
    }
    free((*self)->entries);
    for (size_t i = 0; i < (*self)->kept_count; i++)
        free((*self)->kept[i]);
    free(*self);
    *self = NULL;
}

/* --- asking ----------------------------------------------------------------- */

/* "gateway.port" -> "YIWANG_GATEWAY_PORT". */
static void env_name(const char *name, char out[NAME_SIZE + sizeof ENV_PREFIX])
{
    size_t size = sizeof ENV_PREFIX - 1;
    memcpy(out, ENV_PREFIX, size);
    for (; *name; name++)
        out[size++] = *name == '.' || *name == '-'   ? '_'
                      : *name >= 'a' && *name <= 'z' ? (char) (*name - 'a' + 'A')
                                                     : *name;
    out[size] = 0;
}

const char *config_text(config_t *self, const char *name, const char *fallback)
{
    CHECK(strlen(name) < NAME_SIZE);
    entry_t *entry = find(self, name);
    if (!entry)
        entry = add(self, name, NULL);
    if (!entry->asked) {
        entry->asked = true;
        char variable[NAME_SIZE + sizeof ENV_PREFIX];
        env_name(name, variable);
        const char *value = getenv(variable);
        if (value) {
            free(entry->value);
            entry->value = xstrdup(value);
        }
    }
    return entry->value ? entry->value : fallback;
}

static _Noreturn void refuse(const char *name, const char *value, const char *wanted)
{
    fprintf(stderr, "setting %s = '%s': must be %s\n", name, value, wanted);
    exit(2);
}

int64_t config_int(config_t *self, const char *name, int64_t fallback, int64_t min, int64_t max)
{
    const char *value = config_text(self, name, NULL);
    if (!value)
        return fallback;
    int64_t number;
    if (!text_int(value, min, max, &number)) {
        char wanted[80];
        snprintf(wanted, sizeof wanted, "a number from %lld to %lld", (long long) min,
                 (long long) max);
        refuse(name, value, wanted);
    }
    return number;
}

bool config_bool(config_t *self, const char *name, bool fallback)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"true", true},   {"yes", true}, {"on", true},   {"1", true},
                 {"false", false}, {"no", false}, {"off", false}, {"0", false}};
    const char *value = config_text(self, name, NULL);
    if (!value)
        return fallback;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(value, words[i].text) == 0)
            return words[i].value;
    refuse(name, value, "true or false");
}

char *config_keep(config_t *self, char *text)
{
    CHECK(self->kept_count < KEPT_MAX);
    self->kept[self->kept_count++] = text;
    return text;
}

static bool env_asked(const config_t *self, const char *variable, size_t size)
{
    for (size_t i = 0; i < self->count; i++) {
        char name[NAME_SIZE + sizeof ENV_PREFIX];
        env_name(self->entries[i].name, name);
        if (self->entries[i].asked && strlen(name) == size && memcmp(name, variable, size) == 0)
            return true;
    }
    return false;
}

const char *config_unused(config_t *self, const char *section)
{
    char prefix[NAME_SIZE];
    CHECK((size_t) snprintf(prefix, sizeof prefix, "%s.", section) < sizeof prefix);
    for (size_t i = 0; i < self->count; i++)
        if (!self->entries[i].asked && text_starts(self->entries[i].name, prefix))
            return self->entries[i].name;

    char variable[NAME_SIZE + sizeof ENV_PREFIX];
    env_name(prefix, variable);
    for (char **env = environ; *env; env++) {
        size_t size = strcspn(*env, "=");
        if (text_starts(*env, variable) && !env_asked(self, *env, size)) {
            snprintf(self->unused, sizeof self->unused, "%.*s", (int) size, *env);
            return self->unused;
        }
    }
    return NULL;
}
