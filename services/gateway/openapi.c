#include "openapi.h"

/* OPENAPI_FILE comes from the Makefile; the assembler reads the file as it is. */
__asm__(".section .rodata\n"
        "openapi_start:\n"
        ".incbin \"" OPENAPI_FILE "\"\n"
        "openapi_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const char openapi_start[] __attribute__((visibility("hidden")));
extern const char openapi_end[] __attribute__((visibility("hidden")));

const char *openapi_json(void)
{
    return openapi_start;
}

size_t openapi_size(void)
{
    return (size_t) (openapi_end - openapi_start);
}
