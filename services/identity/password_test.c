#include "fixture.h"

/* Registers with a password; "" when it was taken, else the code of the fault. */
static const char *judged(fixture_t *f, Identity__RegisterRequest in, const char *password)
{
    in.password = password;
    in.code = "000000"; /* wrong: the password is judged before, and nothing is made */
    if (ASK(f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account))
        return "made";
    const Yw__Status *failure = bench_failure(f->bench);
    return text_equal(failure->violations[0]->field, "password") ? failure->violations[0]->code
                                                                 : "";
}

TEST(password_policy)
{
    static const struct {
        const char *password;
        const char *fault;
    } CASES[] = {
        {"abc1234", "too_short"},
        {"12345678", "password_simple"},
        {"abcdefgh", "password_simple"},
        {"aaaaaaaaaa", "password_simple"},
        {"zhang19491231", "password_known"}, /* six digits of the ID number */
        {"zh13800000001", "password_known"},
        {"correct-horse", ""},
        {"马踏飞燕马踏飞燕1", ""}, /* characters, not bytes, are counted */
        {"pass word 1", ""},
    };
    fixture_t f = fixture_new();
    Identity__RegisterRequest in = fixture_registration(&f, ZHANG_NAME, ZHANG_ID, ZHANG_MOBILE);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        fixture_wait(&f, 61000);
        EXPECT(text_equal(judged(&f, in, CASES[i].password), CASES[i].fault));
    }
    char longest[66];
    memset(longest, 'a', 65);
    longest[0] = '1';
    longest[65] = 0;
    EXPECT(text_equal(judged(&f, in, longest), "too_long"));
    fixture_free(&f);
}
