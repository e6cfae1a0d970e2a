#include "method.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "table.h"
#include "check.h"

/* Made at the first question, then only read. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static table_t *methods, *topics;

static void index_contract(void)
{
    methods = table_new(contract_method_count);
    for (size_t i = 0; i < contract_method_count; i++) {
        const method_t *method = contract_methods[i];
        CHECK(!table_get(methods, method->name, strlen(method->name)));
        CHECK(table_set(methods, method->name, strlen(method->name), (void *) method));
    }
    topics = table_new(contract_topic_count);
    for (size_t i = 0; i < contract_topic_count; i++)
        CHECK(table_set(topics, &contract_topics[i].message, sizeof contract_topics[i].message,
                        (void *) &contract_topics[i]));
}

const method_t *contract_method(const char *name)
{
    pthread_once(&once, index_contract);
    return table_get(methods, name, strlen(name));
}

const method_t *contract_method_of(const char *bus_name)
{
    char general[128];
    const char *dot = strchr(bus_name, '.');
    const method_t *method = contract_method(bus_name);
    if (method || !dot)
        return method;
    int size = snprintf(general, sizeof general, "process%s", dot);
    return size > 0 && (size_t) size < sizeof general ? contract_method(general) : NULL;
}

const topic_t *contract_topic(const ProtobufCMessageDescriptor *message)
{
    pthread_once(&once, index_contract);
    return table_get(topics, &message, sizeof message);
}
