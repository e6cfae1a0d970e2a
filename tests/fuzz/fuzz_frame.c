/* fuzz_frame.c - any bytes as a header: read without a fault, and what is read writes back the same. */
#include <string.h>
#include "check.h"
#include "frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    frame_t frame;
    uint8_t back[FRAME_HEADER_MAX];
    if (frame_read(data, size, &frame)) {
        CHECK(frame_write(&frame, back) == size);
        CHECK(memcmp(back, data, size) == 0);
    }
    return 0;
}
