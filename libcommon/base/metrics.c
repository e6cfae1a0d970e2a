#include "metrics.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

#define METRICS_MAX 4096 /* methods x a few; more is a fault of ours */

typedef enum { COUNTER, GAUGE, HISTOGRAM } type_t;
static const char *const type_names[] = {"counter", "gauge", "histogram"};

/* Upper bounds in microseconds, and as Prometheus prints them in seconds. */
static const struct {
    int64_t us;
    const char *le;
} buckets[] = {
    {500, "0.0005"},  {1000, "0.001"},  {2500, "0.0025"}, {5000, "0.005"},  {10000, "0.01"},
    {25000, "0.025"}, {50000, "0.05"},  {100000, "0.1"},  {250000, "0.25"}, {500000, "0.5"},
    {1000000, "1"},   {2500000, "2.5"}, {5000000, "5"},   {10000000, "10"},
};
#define BUCKETS (sizeof buckets / sizeof *buckets)

struct metric {
    const char *name;
    const char *labels; /* "" for none */
    const char *help;
    type_t type;
    _Atomic int64_t value;               /* of a histogram: the sum in microseconds */
    _Atomic int64_t counts[BUCKETS + 1]; /* the last one: above all bounds */
};

/* Sorted by name, then labels. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static metric_t *metrics[METRICS_MAX];
static size_t metric_count;

static int compare(const metric_t *metric, const char *name, const char *labels)
{
    int order = strcmp(metric->name, name);
    return order ? order : strcmp(metric->labels, labels);
}

static metric_t *get(type_t type, const char *name, const char *labels, const char *help)
{
    if (!labels)
        labels = "";
    pthread_mutex_lock(&mutex);
    size_t low = 0, high = metric_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(metrics[middle], name, labels) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == metric_count || compare(metrics[low], name, labels) != 0) {
        CHECK(metric_count < METRICS_MAX);
        memmove(metrics + low + 1, metrics + low, (metric_count - low) * sizeof *metrics);
        metrics[low] = xalloc(sizeof **metrics);
        metrics[low]->name = xstrdup(name);
        metrics[low]->labels = xstrdup(labels);
        metrics[low]->help = xstrdup(help);
        metrics[low]->type = type;
        metric_count++;
    }
    metric_t *metric = metrics[low];
    pthread_mutex_unlock(&mutex);
    CHECK(metric->type == type);
    return metric;
}

metric_t *metric_counter(const char *name, const char *labels, const char *help)
{
    return get(COUNTER, name, labels, help);
}

metric_t *metric_gauge(const char *name, const char *labels, const char *help)
{
    return get(GAUGE, name, labels, help);
}

metric_t *metric_histogram(const char *name, const char *labels, const char *help)
{
    return get(HISTOGRAM, name, labels, help);
}

static void add(_Atomic int64_t *value, int64_t n)
{
    atomic_fetch_add_explicit(value, n, memory_order_relaxed);
}

static int64_t load(const _Atomic int64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

void metric_add(metric_t *self, int64_t n)
{
    CHECK(self->type != HISTOGRAM);
    add(&self->value, n);
}

void metric_set(metric_t *self, int64_t value)
{
    CHECK(self->type == GAUGE);
    atomic_store_explicit(&self->value, value, memory_order_relaxed);
}

void metric_observe_us(metric_t *self, int64_t us)
{
    CHECK(self->type == HISTOGRAM);
    size_t i = 0;
    while (i < BUCKETS && us > buckets[i].us)
        i++;
    add(&self->counts[i], 1);
    add(&self->value, us);
}

int64_t metric_value(const metric_t *self)
{
    if (self->type != HISTOGRAM)
        return load(&self->value);
    int64_t count = 0;
    for (size_t i = 0; i <= BUCKETS; i++)
        count += load(&self->counts[i]);
    return count;
}

/* --- printing: https://prometheus.io/docs/instrumenting/exposition_formats/ --- */

static void print_head(const metric_t *metric, buffer_t *out)
{
    buffer_printf(out, "# HELP %s ", metric->name);
    for (const char *c = metric->help; *c; c++) {
        if (*c == '\\' || *c == '\n')
            buffer_text(out, *c == '\n' ? "\\n" : "\\\\");
        else
            buffer_char(out, *c);
    }
    buffer_printf(out, "\n# TYPE %s %s\n", metric->name, type_names[metric->type]);
}

static void print_simple(const metric_t *metric, buffer_t *out)
{
    const char *labels = metric->labels;
    buffer_printf(out, "%s%s%s%s %lld\n", metric->name, *labels ? "{" : "", labels,
                  *labels ? "}" : "", (long long) load(&metric->value));
}

static void print_histogram(const metric_t *metric, buffer_t *out)
{
    const char *name = metric->name, *labels = metric->labels, *comma = *labels ? "," : "";
    int64_t total = 0;
    for (size_t i = 0; i <= BUCKETS; i++) {
        total += load(&metric->counts[i]);
        buffer_printf(out, "%s_bucket{%s%sle=\"%s\"} %lld\n", name, labels, comma,
                      i < BUCKETS ? buckets[i].le : "+Inf", (long long) total);
    }
    const char *open = *labels ? "{" : "", *close = *labels ? "}" : "";
    int64_t us = load(&metric->value);
    buffer_printf(out, "%s_sum%s%s%s %lld.%06lld\n", name, open, labels, close,
                  (long long) (us / 1000000), (long long) (us % 1000000));
    buffer_printf(out, "%s_count%s%s%s %lld\n", name, open, labels, close, (long long) total);
}

void metrics_print(buffer_t *out)
{
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < metric_count; i++) {
        if (i == 0 || strcmp(metrics[i]->name, metrics[i - 1]->name) != 0)
            print_head(metrics[i], out);
        if (metrics[i]->type == HISTOGRAM)
            print_histogram(metrics[i], out);
        else
            print_simple(metrics[i], out);
    }
    pthread_mutex_unlock(&mutex);
}
