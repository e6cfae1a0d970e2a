#include "department.h"
#include <inttypes.h>
#include <string.h>
#include "message.h"
#include "text.h"

#define PAGE_SIZE_DEFAULT 200
#define PAGE_SIZE_MAX     500

status_t department_exists(call_t *call, const char *id, bool *ret)
{
    query_t *row = query(call->store, "SELECT 1 FROM departments WHERE id = :id");
    query_text(row, "id", id);
    *ret = query_next(row);
    return query_done(row);
}

#define DEPARTMENT_COLUMNS                                                                         \
    "SELECT id, name, short_name, credit_code, division, address, phone,"                          \
    " position, sample FROM departments"

/* In the order of `position`; a page ends at "<position>:<id>". */
status_t identity_list_departments(call_t *call, const Identity__ListDepartmentsRequest *in,
                                   Identity__DepartmentList *out)
{
    size_t size = in->page_size ? in->page_size : PAGE_SIZE_DEFAULT;
    int64_t position = -1;
    const char *after = "";
    if (in->page_token[0]) {
        char *token = arena_text(call->arena, in->page_token);
        char *colon = token ? strchr(token, ':') : NULL;
        if (colon)
            *colon = 0;
        if (!colon || !text_int(token, 0, UINT32_MAX, &position))
            return call_fail(call, STATUS_INVALID_ARGUMENT, "page_token", "pageToken",
                             "翻页标记无效");
        after = colon + 1;
    }
    query_t *rows = query(call->store, DEPARTMENT_COLUMNS
                          " WHERE position > :position OR (position = :position AND id > :after)"
                          " ORDER BY position, id LIMIT :n");
    query_int(rows, "position", position);
    query_text(rows, "after", after);
    query_int(rows, "n", (int64_t) size + 1);
    size_t count = 0;
    out->departments = (Identity__Department **) query_rows(rows, &identity__department__descriptor,
                                                            PAGE_SIZE_MAX + 1, call->arena, &count);
    status_t status = query_done(rows);
    out->n_departments = count < size ? count : size;
    if (status == STATUS_OK && count > size) {
        const Identity__Department *last = out->departments[size - 1];
        out->next_page_token =
            arena_printf(call->arena, "%" PRIu32 ":%s", last->position, last->id);
        if (!out->next_page_token)
            return STATUS_RESOURCE_EXHAUSTED;
    }
    return status;
}

status_t identity_get_department(call_t *call, const Identity__GetDepartmentRequest *in,
                                 Identity__Department *out)
{
    query_t *row = query(call->store, DEPARTMENT_COLUMNS " WHERE id = :id");
    query_text(row, "id", in->id);
    bool found = query_row(row, &out->base, call->arena);
    status_t status = query_done(row);
    return status == STATUS_OK && !found ? call_not_found(call, "部门") : status;
}

static bool same(const Identity__Department *a, const Identity__Department *b)
{
    return text_equal(a->name, b->name) && text_equal(a->short_name, b->short_name) &&
           text_equal(a->credit_code, b->credit_code) && text_equal(a->division, b->division) &&
           text_equal(a->address, b->address) && text_equal(a->phone, b->phone) &&
           a->position == b->position && !a->sample == !b->sample;
}

static status_t write_one(call_t *call, const Identity__Department *department, size_t at)
{
    query_t *row = query(
        call->store,
        "INSERT INTO departments (id, name, short_name, credit_code, division, address, phone, position,"
        " sample) VALUES (:id, :name, :short_name, :credit_code, :division, :address, :phone, :position,"
        " :sample) ON CONFLICT (id) DO UPDATE SET name = excluded.name, short_name = excluded.short_name,"
        " credit_code = excluded.credit_code, division = excluded.division, address = excluded.address,"
        " phone = excluded.phone, position = excluded.position, sample = excluded.sample");
    query_message(row, &department->base);
    status_t status = query_done(row);
    if (status != STATUS_ALREADY_EXISTS)
        return status;
    return call_fail(call, status, "identity.credit_code_taken",
                     arena_printf(call->arena, "departments[%zu].creditCode", at),
                     "统一社会信用代码 %s 已属于另一部门", department->credit_code);
}

status_t identity_import_departments(call_t *call, const Identity__ImportDepartmentsRequest *in,
                                     Identity__ImportResult *out)
{
    for (size_t i = 0; i < in->n_departments; i++) {
        Identity__Department there = IDENTITY__DEPARTMENT__INIT;
        query_t *row = query(call->store, DEPARTMENT_COLUMNS " WHERE id = :id");
        query_text(row, "id", in->departments[i]->id);
        bool found = query_row(row, &there.base, call->arena);
        status_t status = query_done(row);
        if (status == STATUS_OK && found && same(&there, in->departments[i])) {
            out->unchanged++;
            continue;
        }
        if (status == STATUS_OK)
            status = write_one(call, in->departments[i], i);
        if (status != STATUS_OK)
            return status;
        found ? out->updated++ : out->created++;
    }
    return STATUS_OK;
}
