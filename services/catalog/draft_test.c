/* draft_test.c - the life of an item from first draft to cancellation. */
#include "catalog_test.h"
#include "clock.h"

static const Catalog__Item *change(bench_t *bench, const caller_t *caller, const char *method,
                                   const ProtobufCMessage *in)
{
    const ProtobufCMessage *out = NULL;
    return bench_call(bench, caller, method, in, &out) == STATUS_OK ? (const Catalog__Item *) out
                                                                    : NULL;
}

static const Catalog__Item *create(bench_t *bench, const caller_t *caller, Catalog__Item *item,
                                   const char *of)
{
    Catalog__CreateDraftRequest in = CATALOG__CREATE_DRAFT_REQUEST__INIT;
    in.item = item;
    in.item_id = of;
    return change(bench, caller, "catalog.CreateDraft", &in.base);
}

static const Catalog__Item *step(bench_t *bench, const caller_t *caller, const char *method,
                                 const Catalog__Item *item)
{
    Catalog__DraftRequest in = CATALOG__DRAFT_REQUEST__INIT;
    in.id = item->id;
    in.revision = item->revision;
    return change(bench, caller, method, &in.base);
}

static const Catalog__Item *review(bench_t *bench, const caller_t *caller,
                                   const Catalog__Item *item, Catalog__ReviewAspect aspect,
                                   bool approved)
{
    Catalog__ReviewDraftRequest in = CATALOG__REVIEW_DRAFT_REQUEST__INIT;
    in.id = item->id;
    in.revision = item->revision;
    in.aspect = aspect;
    in.approved = approved;
    in.opinion = "意见";
    return change(bench, caller, "catalog.ReviewDraft", &in.base);
}

static const Catalog__Item *set_state(bench_t *bench, const caller_t *caller, const char *method,
                                      const Catalog__Item *item)
{
    Catalog__ChangeItemStateRequest in = CATALOG__CHANGE_ITEM_STATE_REQUEST__INIT;
    in.id = item->id;
    in.revision = item->revision;
    in.reason = "测试";
    return change(bench, caller, method, &in.base);
}

static const char *code_of(bench_t *bench)
{
    return bench_failure(bench) ? bench_failure(bench)->code : "";
}

typedef struct {
    bench_t *bench;
    caller_t editor, second, publisher, reviewer, other;
} office_t;

static office_t office_new(void)
{
    office_t self;
    self.bench = bench_new(catalog_service(), NULL);
    self.editor = bench_staff(self.bench, "editor", "zjj", "item.edit item.publish item.check");
    self.second = bench_staff(self.bench, "second", "zjj", "item.edit");
    self.publisher = bench_staff(self.bench, "publisher", "zjj", "item.publish");
    self.reviewer = bench_staff(self.bench, "reviewer", "sfj", "item.check");
    self.other = bench_staff(self.bench, "other", "wjw", "item.edit item.publish");
    return self;
}

static const Catalog__Item *submitted(office_t *self, const char *name)
{
    Catalog__Item *item = sample_item(bench_arena(self->bench), name);
    const Catalog__Item *draft = create(self->bench, &self->editor, item, "");
    return draft ? step(self->bench, &self->editor, "catalog.SubmitDraft", draft) : NULL;
}

static const Catalog__Item *published(office_t *self, const char *name)
{
    const Catalog__Item *item = submitted(self, name);
    review(self->bench, &self->reviewer, item, CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_ESTABLISHMENT,
           true);
    review(self->bench, &self->reviewer, item, CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_LEGAL, true);
    return step(self->bench, &self->publisher, "catalog.PublishItem", item);
}

/* Draft, both reviews, published by another: then everybody reads it and is told. */
TEST(the_straight_path)
{
    office_t office = office_new();
    const Catalog__Item *item = submitted(&office, "建筑工程施工许可证核发");
    EXPECT(item && item->state == STATE(CHECKING) && item->version == 1);
    EXPECT(item && text_equal(item->impl_code, "1134010090010011183000117023000"));
    EXPECT(item && text_equal(item->item_code, "113401009001001118300011702300001"));
    EXPECT(!get_item(office.bench, item->item_code)); /* not in force: nobody sees it */
    EXPECT(!step(office.bench, &office.publisher, "catalog.PublishItem", item));
    EXPECT(text_equal(code_of(office.bench), "catalog.not_reviewed"));

    EXPECT(review(office.bench, &office.reviewer, item, CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_LEGAL,
                  true));
    EXPECT(!review(office.bench, &office.reviewer, item,
                   CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_LEGAL, true));
    EXPECT(text_equal(code_of(office.bench), "catalog.reviewed"));
    EXPECT(review(office.bench, &office.reviewer, item,
                  CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_ESTABLISHMENT, true));
    EXPECT(!step(office.bench, &office.editor, "catalog.PublishItem", item));
    EXPECT(text_equal(code_of(office.bench), "catalog.own_work"));
    const Catalog__Item *done = step(office.bench, &office.publisher, "catalog.PublishItem", item);
    EXPECT(done && done->state == STATE(PUBLISHED));
    EXPECT(bench_count(office.bench, "SELECT count(*) FROM outbox") == 1);

    const char *names[] = {item->id, item->item_code, item->impl_code, item->base_code};
    for (int i = 0; i < 4; i++) {
        const Catalog__Item *seen = get_item(office.bench, names[i]);
        EXPECT(seen && text_equal(seen->name, "建筑工程施工许可证核发") && seen->n_materials == 1);
    }
    EXPECT(search_for(office.bench, "施工许可")->n_hits == 1);
    bench_free(&office.bench);
}

/* Two edit the same draft: the second is told, not the first overwritten. */
TEST(two_editors)
{
    office_t office = office_new();
    const Catalog__Item *draft =
        create(office.bench, &office.editor, sample_item(bench_arena(office.bench), "甲"), "");
    Catalog__UpdateDraftRequest in = CATALOG__UPDATE_DRAFT_REQUEST__INIT;
    in.id = draft->id;
    in.revision = draft->revision;
    in.item = sample_item(bench_arena(office.bench), "乙");
    EXPECT(change(office.bench, &office.second, "catalog.UpdateDraft", &in.base));
    EXPECT(!change(office.bench, &office.editor, "catalog.UpdateDraft", &in.base));
    EXPECT(text_equal(code_of(office.bench), "catalog.revision_changed"));
    EXPECT(bench_count(office.bench,
                       "SELECT count(*) FROM versions WHERE name = '乙' AND revision = 2") == 1);
    bench_free(&office.bench);
}

/* Another department: the item does not exist. */
TEST(other_departments_see_nothing)
{
    office_t office = office_new();
    const Catalog__Item *draft =
        create(office.bench, &office.editor, sample_item(bench_arena(office.bench), "甲"), "");
    EXPECT(!step(office.bench, &office.other, "catalog.SubmitDraft", draft));
    EXPECT(text_equal(code_of(office.bench), "not_found"));
    EXPECT(!step(office.bench, &office.other, "catalog.DiscardDraft", draft));
    EXPECT(!create(office.bench, &office.other, sample_item(bench_arena(office.bench), "乙"), ""));
    EXPECT(text_equal(code_of(office.bench), "catalog.other_department"));
    caller_t all = bench_staff(office.bench, "all", "dsjj", "item.edit item.all");
    EXPECT(step(office.bench, &all, "catalog.SubmitDraft", draft));
    bench_free(&office.bench);
}

/* What is incomplete or holds a catch-all is not submitted, and all faults are told at once. */
TEST(incomplete_drafts_are_refused)
{
    office_t office = office_new();
    Catalog__Item *item = sample_item(bench_arena(office.bench), "甲");
    item->materials[0]->name = "其他相关材料";
    item->n_stages = 0;
    item->conditions = "";
    const Catalog__Item *draft = create(office.bench, &office.editor, item, "");
    EXPECT(draft != NULL);
    EXPECT(!step(office.bench, &office.editor, "catalog.SubmitDraft", draft));
    const Yw__Status *failure = bench_failure(office.bench);
    EXPECT(failure && failure->n_violations == 3);
    bool seen = false;
    for (size_t i = 0; failure && i < failure->n_violations; i++)
        seen = seen || text_equal(failure->violations[i]->code, "catch_all");
    EXPECT(seen);
    bench_free(&office.bench);
}

/* A refusal sends the draft back; approvals of an earlier round do not count. */
TEST(refused_reviews_start_again)
{
    office_t office = office_new();
    const Catalog__Item *item = submitted(&office, "甲");
    EXPECT(!review(office.bench, &office.editor, item, CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_LEGAL,
                   true));
    EXPECT(review(office.bench, &office.reviewer, item, CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_LEGAL,
                  true));
    item = review(office.bench, &office.reviewer, item,
                  CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_ESTABLISHMENT, false);
    EXPECT(item && item->state == STATE(DRAFT));
    item = step(office.bench, &office.editor, "catalog.SubmitDraft", item);
    EXPECT(review(office.bench, &office.reviewer, item,
                  CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_ESTABLISHMENT, true));
    EXPECT(!step(office.bench, &office.publisher, "catalog.PublishItem", item));
    EXPECT(text_equal(code_of(office.bench), "catalog.not_reviewed"));
    bench_free(&office.bench);
}

static const Catalog__Item *get_version(bench_t *bench, const char *id, uint32_t version)
{
    Catalog__GetItemRequest in = CATALOG__GET_ITEM_REQUEST__INIT;
    in.id = id;
    in.version = version;
    return change(bench, &BENCH_ANONYMOUS, "catalog.GetItem", &in.base);
}

/* A change is a new version; the old one stays readable, drafts do not. */
TEST(old_versions_stay_readable)
{
    office_t office = office_new();
    const Catalog__Item *first = published(&office, "甲");
    EXPECT(first != NULL);
    const Catalog__Item *second = create(office.bench, &office.second, NULL, first->id);
    EXPECT(second && second->version == 2 && second->state == STATE(DRAFT));
    EXPECT(!create(office.bench, &office.second, NULL, first->id));
    EXPECT(text_equal(code_of(office.bench), "catalog.draft_exists"));
    EXPECT(get_item(office.bench, first->id)->version == 1);
    EXPECT(!get_version(office.bench, first->id, 2));

    Catalog__UpdateDraftRequest in = CATALOG__UPDATE_DRAFT_REQUEST__INIT;
    in.id = second->id;
    in.revision = second->revision;
    in.item = sample_item(bench_arena(office.bench), "甲（修订）");
    in.item->item_code = first->item_code;
    second = change(office.bench, &office.second, "catalog.UpdateDraft", &in.base);
    second = step(office.bench, &office.second, "catalog.SubmitDraft", second);
    review(office.bench, &office.reviewer, second,
           CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_ESTABLISHMENT, true);
    review(office.bench, &office.reviewer, second, CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_LEGAL,
           true);
    EXPECT(step(office.bench, &office.publisher, "catalog.PublishItem", second));
    EXPECT(text_equal(get_item(office.bench, first->item_code)->name, "甲（修订）"));
    const Catalog__Item *old = get_version(office.bench, first->id, 1);
    EXPECT(old && text_equal(old->name, "甲") && old->state == STATE(SUPERSEDED));
    EXPECT(search_for(office.bench, "修订")->n_hits == 1);
    EXPECT(bench_count(office.bench, "SELECT count(*) FROM item_names") == 1);

    Catalog__ListVersionsRequest list = CATALOG__LIST_VERSIONS_REQUEST__INIT;
    list.id = first->id;
    const ProtobufCMessage *out;
    EXPECT(bench_call(office.bench, &office.editor, "catalog.ListVersions", &list.base, &out) ==
           STATUS_OK);
    const Catalog__VersionList *versions = (const Catalog__VersionList *) out;
    EXPECT(versions->n_versions == 2 && versions->versions[0]->n_reviews == 2);
    bench_free(&office.bench);
}

/* Suspended: readable, resumable.  Cancelled: gone from search, for ever. */
TEST(suspend_resume_cancel)
{
    office_t office = office_new();
    const Catalog__Item *item = published(&office, "甲");
    EXPECT(!set_state(office.bench, &office.publisher, "catalog.ResumeItem", item));
    const Catalog__Item *paused =
        set_state(office.bench, &office.publisher, "catalog.SuspendItem", item);
    EXPECT(paused && paused->state == STATE(SUSPENDED));
    EXPECT(get_item(office.bench, item->id)->state == STATE(SUSPENDED));
    EXPECT(!set_state(office.bench, &office.publisher, "catalog.SuspendItem", item));
    const Catalog__Item *back =
        set_state(office.bench, &office.publisher, "catalog.ResumeItem", paused);
    EXPECT(back && get_item(office.bench, item->id)->state == STATE(PUBLISHED));
    const Catalog__Item *gone =
        set_state(office.bench, &office.publisher, "catalog.CancelItem", back);
    EXPECT(gone && get_item(office.bench, item->id)->state == STATE(CANCELLED));
    EXPECT(search_for(office.bench, "甲")->n_hits == 0);
    EXPECT(!create(office.bench, &office.editor, NULL, item->id));
    EXPECT(bench_count(office.bench, "SELECT count(*) FROM outbox") == 4);
    bench_free(&office.bench);
}

/* A planned day: scheduled until it comes, then in force by itself; likewise the end. */
TEST(planned_days_come_by_themselves)
{
    office_t office = office_new();
    Catalog__Item *item = sample_item(bench_arena(office.bench), "甲");
    item->planned_effective_date = "2026-03-05";
    item->planned_cancel_date = "2026-03-10";
    const Catalog__Item *draft = create(office.bench, &office.editor, item, "");
    draft = step(office.bench, &office.editor, "catalog.SubmitDraft", draft);
    review(office.bench, &office.reviewer, draft,
           CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_ESTABLISHMENT, true);
    review(office.bench, &office.reviewer, draft, CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_LEGAL,
           true);
    const Catalog__Item *planned =
        step(office.bench, &office.publisher, "catalog.PublishItem", draft);
    EXPECT(planned && planned->state == STATE(SCHEDULED));

    Yw__Empty nothing = YW__EMPTY__INIT;
    EXPECT(bench_call(office.bench, &BENCH_SERVICE, "catalog.Tick", &nothing.base, NULL) ==
           STATUS_OK);
    EXPECT(!get_item(office.bench, draft->id));
    bench_set_now(office.bench, bench_now(office.bench) + 3 * CLOCK_DAY_MS);
    EXPECT(bench_call(office.bench, &BENCH_SERVICE, "catalog.Tick", &nothing.base, NULL) ==
           STATUS_OK);
    EXPECT(get_item(office.bench, draft->id) != NULL);
    EXPECT(bench_count(office.bench, "SELECT publisher = 'publisher' FROM versions") == 1);
    bench_set_now(office.bench, bench_now(office.bench) + 6 * CLOCK_DAY_MS);
    EXPECT(bench_call(office.bench, &BENCH_SERVICE, "catalog.Tick", &nothing.base, NULL) ==
           STATUS_OK);
    EXPECT(get_item(office.bench, draft->id)->state == STATE(CANCELLED));
    EXPECT(bench_call(office.bench, &BENCH_SERVICE, "catalog.Tick", &nothing.base, NULL) ==
           STATUS_OK);
    EXPECT(bench_count(office.bench, "SELECT count(*) FROM outbox") == 2);
    bench_free(&office.bench);
}

/* Version 2 of a published item, both reviews agreed to. */
static const Catalog__Item *reviewed_change(office_t *self, const Catalog__Item *of,
                                            const char *day)
{
    Catalog__Item *item = sample_item(bench_arena(self->bench), "甲（修订）");
    item->item_code = of->item_code;
    item->planned_effective_date = day;
    const Catalog__Item *next = create(self->bench, &self->second, item, of->id);
    next = step(self->bench, &self->second, "catalog.SubmitDraft", next);
    review(self->bench, &self->reviewer, next, CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_ESTABLISHMENT,
           true);
    review(self->bench, &self->reviewer, next, CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_LEGAL, true);
    return next;
}

/* Cancelled is for ever: neither a version in review nor one that waits for its day comes after. */
TEST(cancelled_items_do_not_come_back)
{
    office_t office = office_new();
    const Catalog__Item *item = published(&office, "甲");
    const Catalog__Item *next = reviewed_change(&office, item, "");
    EXPECT(set_state(office.bench, &office.publisher, "catalog.CancelItem", item));
    EXPECT(!step(office.bench, &office.publisher, "catalog.PublishItem", next));
    EXPECT(text_equal(code_of(office.bench), "catalog.cancelled"));

    item = published(&office, "乙");
    next = reviewed_change(&office, item, "2026-03-05");
    next = step(office.bench, &office.publisher, "catalog.PublishItem", next);
    EXPECT(next && next->state == STATE(SCHEDULED));
    EXPECT(set_state(office.bench, &office.publisher, "catalog.CancelItem", item));
    Yw__Empty nothing = YW__EMPTY__INIT;
    bench_set_now(office.bench, bench_now(office.bench) + 9 * CLOCK_DAY_MS);
    EXPECT(bench_call(office.bench, &BENCH_SERVICE, "catalog.Tick", &nothing.base, NULL) ==
           STATUS_OK);
    EXPECT(get_item(office.bench, item->id)->state == STATE(CANCELLED));
    EXPECT(search_for(office.bench, "修订")->n_hits == 0);
    bench_free(&office.bench);
}

/* A handling-item code belongs to one item: a second one with it is not published; without one it gets
 * the next number. */
TEST(codes_are_given_once)
{
    office_t office = office_new();
    const Catalog__Item *first = published(&office, "甲");
    const Catalog__Item *second = submitted(&office, "乙");
    EXPECT(second && text_ends(second->item_code, "02"));
    Catalog__Item *copy = sample_item(bench_arena(office.bench), "丙");
    copy->item_code = first->item_code;
    const Catalog__Item *third = create(office.bench, &office.editor, copy, "");
    third = step(office.bench, &office.editor, "catalog.SubmitDraft", third);
    review(office.bench, &office.reviewer, third,
           CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_ESTABLISHMENT, true);
    review(office.bench, &office.reviewer, third, CATALOG__REVIEW_ASPECT__REVIEW_ASPECT_LEGAL,
           true);
    EXPECT(!step(office.bench, &office.publisher, "catalog.PublishItem", third));
    EXPECT(text_equal(code_of(office.bench), "catalog.code_taken"));
    bench_free(&office.bench);
}

/* A first draft thrown away leaves nothing; a second one leaves the first version. */
TEST(discarded_drafts_are_gone)
{
    office_t office = office_new();
    const Catalog__Item *draft =
        create(office.bench, &office.editor, sample_item(bench_arena(office.bench), "甲"), "");
    Catalog__DraftRequest in = CATALOG__DRAFT_REQUEST__INIT;
    in.id = draft->id;
    in.revision = draft->revision;
    EXPECT(bench_call(office.bench, &office.editor, "catalog.DiscardDraft", &in.base, NULL) ==
           STATUS_OK);
    EXPECT(bench_count(office.bench, "SELECT count(*) FROM items") == 0);
    EXPECT(bench_count(office.bench, "SELECT count(*) FROM versions") == 0);

    const Catalog__Item *item = published(&office, "乙");
    draft = create(office.bench, &office.second, NULL, item->id);
    in.id = draft->id;
    in.revision = draft->revision;
    EXPECT(bench_call(office.bench, &office.editor, "catalog.DiscardDraft", &in.base, NULL) ==
           STATUS_OK);
    EXPECT(create(office.bench, &office.second, NULL, item->id)->version == 2);
    bench_free(&office.bench);
}
