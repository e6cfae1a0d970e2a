/* grants_test.c - identity's table as the broker reads it. */
#include "grants.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "google/protobuf/timestamp.pb-c.h"
#include "test.h"
#include "yiwang/identity.pb-c.h"

static uint8_t packed[4096];
static size_t packed_size;

static void pack(Identity__SystemKey **keys, size_t count)
{
    Identity__SystemKeyList list = IDENTITY__SYSTEM_KEY_LIST__INIT;
    list.keys = keys;
    list.n_keys = count;
    packed_size = protobuf_c_message_pack(&list.base, packed);
}

TEST(grants_say_who_and_what)
{
    const char *methods[] = {"case.Watch", "case.Accept"};
    Identity__SystemKey key = IDENTITY__SYSTEM_KEY__INIT;
    key.public_key = "key-a";
    key.system_id = "housing-1";
    key.department_id = "housing";
    key.methods = methods;
    key.n_methods = 2;
    pack((Identity__SystemKey *[]){&key}, 1);
    size_t left_out = 9;
    grants_t *grants = grants_read(packed, packed_size, &left_out);
    EXPECT(grants && grants_count(grants) == 1 && left_out == 0);
    const grant_t *grant = grants_find(grants, "key-a", 1000);
    EXPECT(grant && strcmp(grant->sender, "system:housing-1:housing") == 0);
    EXPECT(grant && grant_allows(grant, "case.Watch") && grant_allows(grant, "case.Accept"));
    EXPECT(grant && !grant_allows(grant, "case.Wat") && !grant_allows(grant, "case.Decide"));
    EXPECT(!grants_find(grants, "key-b", 1000));
    grants_free(&grants);
}

TEST(grants_end_with_their_key)
{
    Google__Protobuf__Timestamp end = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    end.seconds = 10;
    Identity__SystemKey key = IDENTITY__SYSTEM_KEY__INIT;
    key.public_key = "k";
    key.system_id = key.department_id = "d";
    key.valid_until = &end;
    pack((Identity__SystemKey *[]){&key}, 1);
    size_t left_out;
    grants_t *grants = grants_read(packed, packed_size, &left_out);
    EXPECT(grants_find(grants, "k", 9999));
    EXPECT(!grants_find(grants, "k", 10000));
    grants_free(&grants);
}

/* An id with a ':' could speak for another department. */
TEST(grants_leave_out_ids_that_lie)
{
    static const char *const BAD[] = {"", "a:b", "a b", "部门", "a\n"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        Identity__SystemKey good = IDENTITY__SYSTEM_KEY__INIT, bad = IDENTITY__SYSTEM_KEY__INIT;
        good.public_key = "good";
        good.system_id = good.department_id = "ok";
        bad.public_key = "bad";
        bad.system_id = i % 2 ? BAD[i] : "ok";
        bad.department_id = i % 2 ? "ok" : BAD[i];
        pack((Identity__SystemKey *[]){&bad, &good}, 2);
        size_t left_out;
        grants_t *grants = grants_read(packed, packed_size, &left_out);
        EXPECT(left_out == 1 && !grants_find(grants, "bad", 0) && grants_find(grants, "good", 0));
        grants_free(&grants);
    }
}

TEST(grants_refuse_what_is_no_table)
{
    size_t left_out;
    EXPECT(!grants_read("\x0a\xff", 2, &left_out));
    grants_t *grants = grants_read("", 0, &left_out);
    EXPECT(grants && grants_count(grants) == 0);
    grants_free(&grants);
    grants_free(&grants);
}
