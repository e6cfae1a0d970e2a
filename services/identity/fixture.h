/* fixture.h - a platform with some departments, two persons in the library and an agreement, for
 * tests.
 *
 * Keys and the channel's file live in a temporary folder; time stands still until
 * fixture_wait(). */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "check.h"
#include "identity.h"
#include "json.h"
#include "test.h"
#include "text.h"

#define UNUSED __attribute__((unused))

#define ZHANG_NAME   "张三"
#define ZHANG_ID     "11010519491231002X" /* the example of GB 11643-1999 */
#define ZHANG_MOBILE "13800000001"
#define LI_NAME      "李四"
#define LI_ID        "440524188001010014" /* the other one */
#define LI_MOBILE    "13800000002"
#define PASSWORD     "correct-horse-9"

typedef struct {
    char folder[64];
    bench_t *bench;
    identity_t *identity;
} fixture_t;

/* Calls, the answer typed; NULL when it failed. */
#define ASK(fixture, caller, method, in, type)                                                     \
    ((const type *) fixture_ask((fixture), (caller), (method), &(in)->base))

UNUSED static const ProtobufCMessage *fixture_ask(fixture_t *self, const caller_t *caller,
                                                  const char *method, const ProtobufCMessage *in)
{
    const ProtobufCMessage *out = NULL;
    return bench_call(self->bench, caller, method, in, &out) == STATUS_OK ? out : NULL;
}

UNUSED static void fixture_wait(fixture_t *self, int64_t ms)
{
    bench_set_now(self->bench, bench_now(self->bench) + ms);
}

/* Whether the last call failed so, naming the field (NULL: any). */
UNUSED static bool fixture_failed(fixture_t *self, status_t status, const char *code,
                                  const char *field)
{
    const Yw__Status *failure = bench_failure(self->bench);
    if (!failure || failure->status != (int) status || strcmp(failure->code, code) != 0) {
        fprintf(stderr, "    got %s %s\n", failure ? status_name((status_t) failure->status) : "OK",
                failure ? failure->code : "");
        return false;
    }
    return !field ||
           (failure->n_violations == 1 && strcmp(failure->violations[0]->field, field) == 0);
}

UNUSED static void fixture_import(fixture_t *self)
{
    Identity__Department zjj = IDENTITY__DEPARTMENT__INIT, wjw = IDENTITY__DEPARTMENT__INIT;
    zjj.id = "zjj";
    zjj.name = "住房和城乡建设局";
    zjj.credit_code = "91350100M000100Y43";
    zjj.division = wjw.division = "340100";
    zjj.position = 1;
    wjw.id = "wjw";
    wjw.name = "卫生健康委员会";
    wjw.credit_code = "914403001922038216";
    wjw.position = 2;
    Identity__ImportDepartmentsRequest departments = IDENTITY__IMPORT_DEPARTMENTS_REQUEST__INIT;
    departments.departments = (Identity__Department *[]){&zjj, &wjw};
    departments.n_departments = 2;
    EXPECT(ASK(self, &BENCH_SERVICE, "identity.ImportDepartments", &departments,
               Identity__ImportResult));

    Identity__PopulationRecord zhang = IDENTITY__POPULATION_RECORD__INIT;
    Identity__PopulationRecord li = IDENTITY__POPULATION_RECORD__INIT;
    zhang.name = ZHANG_NAME;
    zhang.id_number = ZHANG_ID;
    li.name = LI_NAME;
    li.id_number = LI_ID;
    Identity__ImportPopulationRequest population = IDENTITY__IMPORT_POPULATION_REQUEST__INIT;
    population.persons = (Identity__PopulationRecord *[]){&zhang, &li};
    population.n_persons = 2;
    population.source = "test";
    EXPECT(ASK(self, &BENCH_SERVICE, "identity.ImportPopulation", &population,
               Identity__ImportResult));

    char text[601] = "";
    for (size_t i = 0; i < 100; i++)
        snprintf(text + 3 * i, sizeof text - 3 * i, "条");
    Google__Protobuf__Timestamp from = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    from.seconds = 1767225600;
    Identity__ImportAgreementRequest agreement = IDENTITY__IMPORT_AGREEMENT_REQUEST__INIT;
    agreement.version = "2026-01";
    agreement.title = "协议";
    agreement.text = text;
    agreement.effective_at = &from;
    EXPECT(
        ASK(self, &BENCH_SERVICE, "identity.ImportAgreement", &agreement, Identity__ImportResult));
}

UNUSED static fixture_t fixture_new(void)
{
    fixture_t self = {.folder = "/tmp/yiwang-identity-XXXXXX"};
    char error[512] = "", keys[96];
    CHECK(mkdtemp(self.folder));
    crypto_init();
    snprintf(keys, sizeof keys, "%s/keys", self.folder);
    if (identity_new(keys, self.folder, &self.identity, error, sizeof error) != STATUS_OK)
        fprintf(stderr, "    %s\n", error);
    CHECK(self.identity);
    self.bench = bench_new(identity_service(), self.identity);
    fixture_import(&self);
    return self;
}

UNUSED static void fixture_free(fixture_t *self)
{
    static const char *const FILES[] = {
        "keys/master.key", "keys/token.secret", "keys/token.public", "keys", "messages.jsonl", ""};
    bench_free(&self->bench);
    identity_free(&self->identity);
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", self->folder, FILES[i]);
        remove(path);
    }
}

/* Lets the channel send what is due. */
UNUSED static void fixture_deliver(fixture_t *self)
{
    Yw__Empty empty = YW__EMPTY__INIT;
    EXPECT(ASK(self, &BENCH_SERVICE, "identity.DeliverMessages", &empty, Yw__Empty));
}

/* The last text that the channel sent to a mobile, "" when none; in the bench's arena. */
UNUSED static const char *fixture_sms(fixture_t *self, const char *mobile)
{
    char path[128], line[8192];
    snprintf(path, sizeof path, "%s/messages.jsonl", self->folder);
    FILE *file = fopen(path, "r");
    const char *found = "";
    while (file && fgets(line, sizeof line, file)) {
        const char *error = NULL;
        size_t at = 0;
        const json_t *json = json_read(line, strlen(line), bench_arena(self->bench), &error, &at);
        EXPECT(json && json_member(json, "at") && json_member(json, "text"));
        if (json && text_equal(json_member(json, "to")->text, mobile))
            found = json_member(json, "text")->text;
    }
    if (file)
        fclose(file);
    return found;
}

/* The six digits of the last text to a mobile. */
UNUSED static const char *fixture_code(fixture_t *self, const char *mobile)
{
    const char *text = fixture_sms(self, mobile);
    size_t at = strcspn(text, "0123456789");
    return arena_copy(bench_arena(self->bench), text + at, strlen(text + at) < 6 ? 0 : 6);
}

/* Asks for a code and reads it from the channel. */
UNUSED static const char *fixture_get_code(fixture_t *self, const char *mobile,
                                           Identity__Purpose purpose)
{
    Identity__SendCodeRequest in = IDENTITY__SEND_CODE_REQUEST__INIT;
    in.mobile = mobile;
    in.purpose = purpose;
    EXPECT(ASK(self, &BENCH_ANONYMOUS, "identity.SendCode", &in, Identity__SendCodeAnswer));
    fixture_deliver(self);
    return fixture_code(self, mobile);
}

UNUSED static Identity__RegisterRequest
fixture_registration(fixture_t *self, const char *name, const char *id_number, const char *mobile)
{
    Identity__RegisterRequest in = IDENTITY__REGISTER_REQUEST__INIT;
    in.name = name;
    in.id_number = id_number;
    in.mobile = mobile;
    in.code = fixture_get_code(self, mobile, IDENTITY__PURPOSE__PURPOSE_REGISTER);
    in.password = PASSWORD;
    in.agreement_version = "2026-01";
    return in;
}

/* 张三's account id. */
UNUSED static const char *fixture_zhang(fixture_t *self)
{
    Identity__RegisterRequest in = fixture_registration(self, ZHANG_NAME, ZHANG_ID, ZHANG_MOBILE);
    const Identity__Account *account =
        ASK(self, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account);
    EXPECT(account);
    return account ? account->id : "";
}

UNUSED static const Identity__SessionTokens *fixture_login(fixture_t *self, const char *identifier,
                                                           const char *password)
{
    Identity__LoginRequest in = IDENTITY__LOGIN_REQUEST__INIT;
    in.identifier = identifier;
    in.password = password;
    return ASK(self, &BENCH_ANONYMOUS, "identity.Login", &in, Identity__SessionTokens);
}
