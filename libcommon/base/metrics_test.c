#include "metrics.h"
#include <pthread.h>
#include <string.h>
#include "test.h"

static void *add_many(void *metric)
{
    for (int i = 0; i < 10000; i++)
        metric_add(metric, 1);
    return NULL;
}

TEST(counts_from_many_threads)
{
    metric_t *metric = metric_counter("test_threads_total", NULL, "Threads.");
    EXPECT(metric == metric_counter("test_threads_total", "", "Threads."));
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, add_many, metric);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    EXPECT(metric_value(metric) == 40000);
}

TEST(prints_the_text_format_sorted)
{
    metric_add(metric_counter("test_calls_total", "method=\"b\"", "Calls \\ of\nall."), 2);
    metric_set(metric_gauge("test_a_size", NULL, "Size."), -3);
    metric_add(metric_counter("test_calls_total", "method=\"a\"", "Calls \\ of\nall."), 1);
    metric_t *seconds = metric_histogram("test_seconds", "m=\"x\"", "Time.");
    metric_observe_us(seconds, 500);
    metric_observe_us(seconds, 501);
    metric_observe_us(seconds, 10000001);
    EXPECT(metric_value(seconds) == 3);

    buffer_t out = buffer_new(1 << 20);
    metrics_print(&out);
    const char *a = strstr(out.data, "# HELP test_a_size Size.\n# TYPE test_a_size gauge\n"
                                     "test_a_size -3\n");
    const char *calls = strstr(out.data, "# HELP test_calls_total Calls \\\\ of\\nall.\n"
                                         "# TYPE test_calls_total counter\n"
                                         "test_calls_total{method=\"a\"} 1\n"
                                         "test_calls_total{method=\"b\"} 2\n");
    EXPECT(a && calls && a < calls);
    EXPECT(strstr(out.data, "test_seconds_bucket{m=\"x\",le=\"0.0005\"} 1\n"
                            "test_seconds_bucket{m=\"x\",le=\"0.001\"} 2\n"));
    EXPECT(strstr(out.data, "test_seconds_bucket{m=\"x\",le=\"10\"} 2\n"
                            "test_seconds_bucket{m=\"x\",le=\"+Inf\"} 3\n"
                            "test_seconds_sum{m=\"x\"} 10.001002\n"
                            "test_seconds_count{m=\"x\"} 3\n"));
    buffer_free(&out);
}
