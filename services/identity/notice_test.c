#include "delivery.h"
#include "fixture.h"
#include "notice.h"
#include <unistd.h>

/* A channel that does what the test says. */
typedef struct {
    channel_t base;
    status_t answer;
    int calls;
    int takes_ms;
} fake_t;

static status_t fake_send(channel_t *base, const char *to, const char *text, int64_t now_ms)
{
    (void) to;
    (void) text;
    (void) now_ms;
    fake_t *self = (fake_t *) base;
    self->calls++;
    usleep((useconds_t) self->takes_ms * 1000);
    return self->answer;
}

static void fake_close(channel_t *base)
{
    (void) base;
}

static status_t notify(fixture_t *f, const char *account, int64_t seq, const char *title)
{
    Case__ApplicantNotified in = CASE__APPLICANT_NOTIFIED__INIT;
    in.case_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    in.account_id = account;
    in.kind = CASE__NOTICE_KIND__NOTICE_KIND_ACCEPTED;
    in.title = title;
    in.text = "您的申请已受理，请留意后续通知。";
    in.seq = seq;
    return bench_call(f->bench, &BENCH_SERVICE, "identity.OnApplicantNotified", &in.base, NULL);
}

static const Identity__MessageList *inbox(fixture_t *f, const char *account, bool unread,
                                          const char *token)
{
    caller_t caller = bench_person(account, YW__LEVEL__LEVEL_BASIC);
    Identity__ListMessagesRequest in = IDENTITY__LIST_MESSAGES_REQUEST__INIT;
    in.unread = unread;
    in.page_size = 2;
    in.page_token = token;
    return ASK(f, &caller, "identity.ListMessages", &in, Identity__MessageList);
}

/* REQ: U-15.  What the case service tells is in the inbox and leaves by SMS, each with its
 * state. */
TEST(notice_reaches_inbox_and_phone)
{
    fixture_t f = fixture_new();
    const char *id = fixture_zhang(&f);
    EXPECT(notify(&f, id, 1, "受理通知书") == STATUS_OK);
    const Identity__MessageList *list = inbox(&f, id, false, "");
    EXPECT(list && list->n_messages == 1 && list->unread_count == 1);
    EXPECT(list && text_equal(list->messages[0]->title, "受理通知书"));
    EXPECT(list && text_equal(list->messages[0]->kind, "ACCEPTED"));
    EXPECT(list &&
           list->messages[0]->sms_state == IDENTITY__DELIVERY_STATE__DELIVERY_STATE_WAITING);
    fixture_deliver(&f);
    EXPECT(strstr(fixture_sms(&f, ZHANG_MOBILE), "受理通知书：您的申请已受理"));
    list = inbox(&f, id, false, "");
    EXPECT(list && list->messages[0]->sms_state == IDENTITY__DELIVERY_STATE__DELIVERY_STATE_SENT);
    EXPECT(bench_count(f.bench,
                       "SELECT count(*) FROM deliveries WHERE state = 2 AND length(text) = 0"
                       " AND length(recipient) = 0") == 2);
    fixture_free(&f);
}

/* An application made at a window has nobody's inbox to go to: the event is done, not stuck. */
TEST(notice_without_account)
{
    fixture_t f = fixture_new();
    EXPECT(notify(&f, "", 1, "受理通知书") == STATUS_OK);
    EXPECT(notify(&f, "01ARZ3NDEKTSV4RRFFQ69G5FAV", 2, "受理通知书") == STATUS_OK);
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM messages") == 0);
    fixture_free(&f);
}

TEST(notice_pages_and_reading)
{
    fixture_t f = fixture_new();
    const char *id = fixture_zhang(&f);
    for (int i = 1; i <= 3; i++) {
        fixture_wait(&f, 1000);
        EXPECT(notify(&f, id, i, i == 3 ? "三" : "其他") == STATUS_OK);
    }
    const Identity__MessageList *list = inbox(&f, id, false, "");
    EXPECT(list && list->n_messages == 2 && text_equal(list->messages[0]->title, "三"));
    const Identity__MessageList *rest = inbox(&f, id, false, list->next_page_token);
    EXPECT(rest && rest->n_messages == 1 && text_equal(rest->next_page_token, ""));

    Identity__ReadMessageRequest read = IDENTITY__READ_MESSAGE_REQUEST__INIT;
    read.id = list->messages[0]->id;
    caller_t other = bench_person("01ARZ3NDEKTSV4RRFFQ69G5FAV", YW__LEVEL__LEVEL_BASIC);
    EXPECT(!ASK(&f, &other, "identity.ReadMessage", &read, Identity__Message));
    EXPECT(fixture_failed(&f, STATUS_NOT_FOUND, "not_found", NULL));
    caller_t zhang = bench_person(id, YW__LEVEL__LEVEL_BASIC);
    const Identity__Message *message =
        ASK(&f, &zhang, "identity.ReadMessage", &read, Identity__Message);
    EXPECT(message && timestamp_ms(message->read_at) == bench_now(f.bench));
    list = inbox(&f, id, true, "");
    EXPECT(list && list->n_messages == 2 && list->unread_count == 2);
    fixture_free(&f);
}

/* A channel that is away is tried again, ever more seldom, and given up after six times. */
TEST(delivery_is_tried_again_and_given_up)
{
    fixture_t f = fixture_new();
    const char *id = fixture_zhang(&f);
    fixture_deliver(&f);
    fake_t fake = {{"fake", fake_send, fake_close}, STATUS_UNAVAILABLE, 0, 0};
    channel_t *real = f.identity->sms;
    f.identity->sms = &fake.base;
    EXPECT(notify(&f, id, 1, "受理通知书") == STATUS_OK);
    for (int i = 0; i < 100; i++) {
        fixture_deliver(&f);
        fixture_deliver(&f);
        fixture_wait(&f, 30 * 1000);
    }
    EXPECT(fake.calls == DELIVERY_TRIES_MAX);
    EXPECT(bench_count(f.bench,
                       "SELECT count(*) FROM deliveries WHERE state = 3 AND length(text) = 0"
                       " AND error = 'UNAVAILABLE'") == 1);
    EXPECT(inbox(&f, id, false, "")->messages[0]->sms_state ==
           IDENTITY__DELIVERY_STATE__DELIVERY_STATE_FAILED);
    f.identity->sms = real;
    fixture_free(&f);
}

/* Hundreds that wait leave with one tick; a slow channel lets go of the tick before its deadline,
 * and what it has not taken leaves later, once. */
TEST(delivery_takes_many_unless_slow)
{
    fixture_t f = fixture_new();
    const char *id = fixture_zhang(&f);
    fixture_deliver(&f);
    fake_t fake = {{"fake", fake_send, fake_close}, STATUS_OK, 0, 0};
    channel_t *real = f.identity->sms;
    f.identity->sms = &fake.base;
    for (int i = 1; i <= 300; i++)
        EXPECT(notify(&f, id, i, "受理通知书") == STATUS_OK);
    fixture_deliver(&f);
    EXPECT(fake.calls == DELIVERY_BATCH_MAX);
    fake.takes_ms = 100;
    fixture_deliver(&f);
    int slow = fake.calls - DELIVERY_BATCH_MAX;
    EXPECT(slow >= 1 && slow <= DELIVERY_SENDING_MS_MAX / 100);
    fake.takes_ms = 0;
    fixture_deliver(&f);
    EXPECT(fake.calls == 300);
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM deliveries WHERE state = 1") == 0);
    f.identity->sms = real;
    fixture_free(&f);
}

/* What could not be recorded is recorded the next time, not sent again. */
TEST(delivery_is_not_repeated_when_recording_failed)
{
    fixture_t f = fixture_new();
    const char *id = fixture_zhang(&f);
    fixture_deliver(&f);
    fake_t fake = {{"fake", fake_send, fake_close}, STATUS_OK, 0, 0};
    channel_t *real = f.identity->sms;
    f.identity->sms = &fake.base;
    notify(&f, id, 1, "受理通知书");
    bench_sql(f.bench, "CREATE TRIGGER broken BEFORE UPDATE ON deliveries"
                       " BEGIN SELECT RAISE(ABORT, 'no'); END");
    Yw__Empty empty = YW__EMPTY__INIT;
    EXPECT(!ASK(&f, &BENCH_SERVICE, "identity.DeliverMessages", &empty, Yw__Empty));
    bench_sql(f.bench, "DROP TRIGGER broken");
    fixture_deliver(&f);
    EXPECT(fake.calls == 1);
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM deliveries WHERE state = 2") == 2);
    f.identity->sms = real;
    fixture_free(&f);
}

/* A code that nobody could send in its five minutes is not sent later. */
TEST(delivery_expires)
{
    fixture_t f = fixture_new();
    Identity__SendCodeRequest in = IDENTITY__SEND_CODE_REQUEST__INIT;
    in.mobile = ZHANG_MOBILE;
    in.purpose = IDENTITY__PURPOSE__PURPOSE_REGISTER;
    ASK(&f, &BENCH_ANONYMOUS, "identity.SendCode", &in, Identity__SendCodeAnswer);
    fixture_wait(&f, 301 * 1000);
    fixture_deliver(&f);
    EXPECT(text_equal(fixture_sms(&f, ZHANG_MOBILE), ""));
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM deliveries WHERE state = 3") == 1);
    fixture_free(&f);
}

/* A tick with nothing to do leaves no trace: no transaction, no audit row. */
TEST(delivery_of_nothing_costs_nothing)
{
    fixture_t f = fixture_new();
    int64_t rows = bench_count(f.bench, "SELECT count(*) FROM audit");
    fixture_deliver(&f);
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM audit") == rows);
    fixture_free(&f);
}
