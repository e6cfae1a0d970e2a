#include "problem.h"

#include <string.h>

#include "arena.h"
#include "json.h"
#include "test.h"
#include "text.h"

static const char *member(const json_t *tree, const char *name)
{
    const json_t *found = json_member(tree, name);
    return found ? found->text : NULL;
}

static const json_t *read(const buffer_t *text, arena_t *arena)
{
    const char *error = NULL;
    size_t at = 0;
    const json_t *tree = json_read(text->data, text->size, arena, &error, &at);
    EXPECT(tree);
    return tree;
}

static bool chinese(const char *text)
{
    uint32_t code = 0;
    return text && text_next(text, &code) && text_is_cjk(code);
}

/* A stable code, a Chinese sentence, a status: for every row of the table. */
TEST(every_problem_is_complete)
{
    arena_t *arena = arena_new(1 << 20);
    for (problem_t problem = PROBLEM_NONE + 1; problem < PROBLEM_COUNT; problem++) {
        buffer_t out = buffer_new(4096);
        problem_print(problem, NULL, "t1", &out);
        const json_t *tree = read(&out, arena);
        EXPECT(problem_http(problem) >= 400 && problem_http(problem) < 600);
        EXPECT(text_equal(member(tree, "code"), problem_code(problem)));
        EXPECT(text_starts(member(tree, "type"), "urn:yiwang:problem:"));
        EXPECT(member(tree, "title") && member(tree, "detail"));
        EXPECT(chinese(member(tree, "title")));
        EXPECT(text_equal(member(tree, "trace"), "t1"));
        if (problem_http(problem) == 503 || problem_http(problem) == 429)
            EXPECT(problem_retry_s(problem) > 0);
        buffer_free(&out);
    }
    arena_free(&arena);
}

TEST(faults_become_violations)
{
    arena_t *arena = arena_new(1 << 20);
    static faults_t faults;
    buffer_t out = buffer_new(4096);
    faults_add(&faults, arena, "a[1].\"b", "required", "请填写%s", "名称");
    faults_add(&faults, arena, "c", "range", "超出范围");
    problem_print(PROBLEM_INVALID, &faults, "", &out);
    const json_t *tree = read(&out, arena);
    const json_t *list = json_member(tree, "violations");
    EXPECT(list && list->kind == JSON_ARRAY && list->child && list->child->next);
    EXPECT(text_equal(member(list->child, "field"), "a[1].\"b"));
    EXPECT(text_equal(member(list->child, "message"), "请填写名称"));
    EXPECT(text_equal(member(list->child->next, "code"), "range"));
    EXPECT(!json_member(tree, "trace"));
    buffer_free(&out);
    arena_free(&arena);
}

/* What a service says is passed on with its own code; what cannot be a code is not. */
TEST(a_refusal_keeps_its_code)
{
    arena_t *arena = arena_new(1 << 20);
    buffer_t out = buffer_new(4096);
    Yw__Status status = YW__STATUS__INIT;
    status.status = STATUS_FAILED_PRECONDITION;
    status.code = "case.version_changed";
    status.message = "办件已变更";
    problem_print_status(&status, "t", &out);
    const json_t *tree = read(&out, arena);
    EXPECT(text_equal(member(tree, "code"), "case.version_changed"));
    EXPECT(text_equal(member(tree, "type"), "urn:yiwang:problem:case.version_changed"));
    EXPECT(text_equal(member(tree, "status"), "409"));
    EXPECT(text_equal(member(tree, "detail"), "办件已变更"));

    buffer_clear(&out);
    status.code = "a\"b<>";
    status.message = "";
    problem_print_status(&status, "", &out);
    tree = read(&out, arena);
    EXPECT(text_equal(member(tree, "code"), "failed"));
    EXPECT(chinese(member(tree, "detail")));
    buffer_free(&out);
    arena_free(&arena);
}
