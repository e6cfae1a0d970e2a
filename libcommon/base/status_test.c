#include "status.h"
#include <string.h>
#include "test.h"

TEST(names_and_http)
{
    EXPECT(strcmp(status_name(STATUS_OK), "OK") == 0 && status_http(STATUS_OK) == 200);
    EXPECT(strcmp(status_name(STATUS_NOT_FOUND), "NOT_FOUND") == 0);
    EXPECT(status_http(STATUS_NOT_FOUND) == 404);
    EXPECT(status_http(STATUS_UNAUTHENTICATED) == 401);
    EXPECT(status_http(STATUS_ABORTED) == 409);
    for (int status = 0; status <= STATUS_UNAUTHENTICATED; status++)
        EXPECT(*status_name(status) && status_http(status) >= 200 && status_http(status) < 600);
}

TEST(a_number_from_outside_is_unknown)
{
    EXPECT(strcmp(status_name((status_t) 17), "UNKNOWN") == 0);
    EXPECT(strcmp(status_name((status_t) -1), "UNKNOWN") == 0);
    EXPECT(status_http((status_t) 4711) == 500);
}
