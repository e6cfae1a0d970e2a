#include "buffer.h"
#include <string.h>
#include "test.h"

TEST(grows_and_ends_with_zero)
{
    buffer_t buffer = buffer_new(100000);
    EXPECT(!buffer.data);
    for (int i = 0; i < 10000; i++)
        buffer_printf(&buffer, "%d,", i % 10);
    EXPECT(buffer.size == 20000 && buffer.data[20000] == 0 && !buffer.full);
    buffer_clear(&buffer);
    EXPECT(buffer.size == 0 && buffer.data[0] == 0);
    buffer_text(&buffer, "你好");
    buffer_char(&buffer, '!');
    EXPECT(strcmp(buffer.data, "你好!") == 0);
    buffer_free(&buffer);
    EXPECT(!buffer.data && buffer.limit == 100000);
}

TEST(is_full_at_its_limit_and_stays_so)
{
    buffer_t buffer = buffer_new(5);
    buffer_text(&buffer, "12345");
    EXPECT(!buffer.full && buffer.size == 5 && buffer.data[5] == 0);
    buffer_char(&buffer, '6');
    EXPECT(buffer.full && buffer.size == 5);
    buffer_put(&buffer, "", 0);
    EXPECT(buffer.full);
    buffer_clear(&buffer);
    EXPECT(!buffer.full);
    buffer_text(&buffer, "123456");
    EXPECT(buffer.full);
    buffer_text(&buffer, "1"); /* nothing more once full */
    EXPECT(buffer.size == 0);
    buffer_free(&buffer);

    buffer_t none = buffer_new(0);
    buffer_put(&none, "", 0);
    EXPECT(!none.full);
    buffer_char(&none, 'x');
    EXPECT(none.full);
    buffer_free(&none);
}

TEST(reserves_room_to_write_into)
{
    buffer_t buffer = buffer_new(1000);
    char *at = buffer_reserve(&buffer, 1000);
    EXPECT(at);
    memset(at, 'x', 1000);
    buffer.size += 1000;
    EXPECT(buffer.data[1000] == 0);
    EXPECT(!buffer_reserve(&buffer, 1) && buffer.full);
    buffer_free(&buffer);
}

TEST(formats_what_is_longer_than_its_scratch)
{
    buffer_t buffer = buffer_new(1000);
    buffer_printf(&buffer, "%600d", 42);
    EXPECT(buffer.size == 600 && strcmp(buffer.data + 598, "42") == 0);
    buffer_printf(&buffer, "%600d", 42);
    EXPECT(buffer.full);
    buffer_free(&buffer);
}
