#include "method.h"
#include <string.h>
#include "test.h"

TEST(every_method_is_found_by_its_name)
{
    EXPECT(contract_method_count > 0);
    for (size_t i = 0; i < contract_method_count; i++)
        EXPECT(contract_method(contract_methods[i]->name) == contract_methods[i]);
    EXPECT(!contract_method("") && !contract_method("case.") && !contract_method("nobody.Nothing"));
}

TEST(every_service_answers_about_itself)
{
    EXPECT(contract_method_of("case.Submit") == contract_method("case.Submit"));
    EXPECT(contract_method_of("case.GetMetrics") == contract_method("process.GetMetrics"));
    EXPECT(!contract_method_of("case.Nothing") && !contract_method_of("GetMetrics") &&
           !contract_method_of(""));
}

TEST(every_topic_is_found_by_its_message)
{
    for (size_t i = 0; i < contract_topic_count; i++)
        EXPECT(contract_topic(contract_topics[i].message) == &contract_topics[i]);
    EXPECT(!contract_topic(NULL));
    EXPECT(!contract_topic(contract_methods[0]->in));
}

/* Who consumes an event says so in `on`, and the topic lists him. */
TEST(subscribers_and_topics_agree)
{
    for (size_t i = 0; i < contract_topic_count; i++)
        for (size_t k = 0; k < contract_topics[i].subscriber_count; k++)
            EXPECT(strcmp(contract_topics[i].subscribers[k]->on, contract_topics[i].topic) == 0);
}
