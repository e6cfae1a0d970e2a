/* cost_identity.c - what pages ask of identity each time. */
#include "cost.h"
#include "fixture.h"

static void ask(fixture_t *fixture, const caller_t *caller, const char *method,
                const ProtobufCMessage *in)
{
    CHECK(fixture_ask(fixture, caller, method, in));
}

TEST(costs)
{
    fixture_t fixture = fixture_new();
    Yw__Empty empty = YW__EMPTY__INIT;
    Identity__ContinueSessionRequest session = IDENTITY__CONTINUE_SESSION_REQUEST__INIT;
    caller_t zhang = bench_person(fixture_zhang(&fixture), YW__LEVEL__LEVEL_BASIC);
    const Identity__SessionTokens *tokens = fixture_login(&fixture, ZHANG_ID, PASSWORD);
    CHECK(tokens);
    session.refresh_token = tokens->refresh_token;

    COST("identity.ContinueSession", 50,
         ask(&fixture, &BENCH_SERVICE, "identity.ContinueSession", &session.base));
    COST("identity.GetAccount", 50, ask(&fixture, &zhang, "identity.GetAccount", &empty.base));
    fixture_free(&fixture);
}
