/* metrics.h - counters, gauges and histograms in Prometheus' text format.
 *
 * Made at start, never freed; adding is one atomic instruction, from any thread.
 * Names follow https://prometheus.io/docs/practices/naming/ : yiwang_calls_total,
 * units at the end.  Labels are written as text once: "method=\"case.Accept\"". */
#pragma once
#include <stdint.h>
#include "buffer.h"

typedef struct metric metric_t;

/* Two registrations of the same name and labels give the same metric. */
metric_t *metric_counter(const char *name, const char *labels, const char *help);
metric_t *metric_gauge(const char *name, const char *labels, const char *help);
/* Seconds, buckets 0.5 ms ... 10 s. */
metric_t *metric_histogram(const char *name, const char *labels, const char *help);

void metric_add(metric_t *self, int64_t n);
void metric_set(metric_t *self, int64_t value);
void metric_observe_us(metric_t *self, int64_t us);
int64_t metric_value(const metric_t *self);

/* Appends all, sorted by name, with HELP and TYPE lines. */
void metrics_print(buffer_t *out);
