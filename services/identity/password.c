#include "password.h"
#include <ctype.h>
#include <string.h>

/* Shorter pieces of what others know are too common to forbid. */
#define KNOWN_SIZE_MIN 6

static int kinds_of(const char *password)
{
    bool letter = false, digit = false, other = false;
    for (const unsigned char *c = (const unsigned char *) password; *c; c++) {
        letter = letter || isalpha(*c);
        digit = digit || isdigit(*c);
        other = other || !isalnum(*c);
    }
    return letter + digit + other;
}

static bool one_character(const char *password)
{
    return password[0] && strspn(password, (char[]){password[0], 0}) == strlen(password);
}

/* Holds any KNOWN_SIZE_MIN characters in a row of a known text. */
static bool holds(const char *password, const char *known)
{
    size_t size = strlen(known);
    for (size_t i = 0; i + KNOWN_SIZE_MIN <= size; i++) {
        char piece[KNOWN_SIZE_MIN + 1];
        memcpy(piece, known + i, KNOWN_SIZE_MIN);
        piece[KNOWN_SIZE_MIN] = 0;
        if (strstr(password, piece))
            return true;
    }
    return false;
}

void password_judge(call_t *call, const char *field, const char *password, const char *const *known)
{
    if (kinds_of(password) < 2 || one_character(password)) {
        call_fault(call, field, "password_simple", "密码须包含字母、数字、符号中的至少两类");
        return;
    }
    for (size_t i = 0; known[i]; i++)
        if (holds(password, known[i])) {
            call_fault(call, field, "password_known",
                       "密码不能包含身份证号码、手机号码或登录名中连续的 %d 位", KNOWN_SIZE_MIN);
            return;
        }
}

const char *password_hash(call_t *call, const char *password)
{
    char *hash = arena_alloc(call->arena, CRYPTO_PASSWORD_SIZE);
    if (!hash || crypto_password_hash(password, hash) != STATUS_OK)
        return NULL;
    return hash;
}

bool password_right(call_t *call, const char *hash, const char *password)
{
    bool right = crypto_password_check(hash ? hash : identity_of(call)->dummy_hash, password);
    return hash && right;
}
