#include "file.h"

#include <string.h>
#include <strings.h>

#include "access.h"
#include "case.svc.h"
#include "contents.h"
#include "draft.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "item_copy.h"
#include "text.h"

#define UNFINISHED_MS    (24 * 3600 * 1000LL)
#define SWEPT_AT_ONCE    20
#define FILES_LISTED_MAX 1000

/* --- types -------------------------------------------------------------------------------- */

/* Office documents and OFD (GB/T 33190) are ZIP archives: there the name tells which. */
static const struct {
    const char *magic;
    size_t size;
    const char *ending, *media_type;
} TYPES[] = {
    {"%PDF-", 5, ".pdf", "application/pdf"},
    {"\xFF\xD8\xFF", 3, ".jpg", "image/jpeg"},
    {"\xFF\xD8\xFF", 3, ".jpeg", "image/jpeg"},
    {"\x89PNG\r\n\x1A\n", 8, ".png", "image/png"},
    {"PK\x03\x04", 4, ".ofd", "application/ofd"},
    {"PK\x03\x04", 4, ".docx",
     "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"PK\x03\x04", 4, ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"PK\x03\x04", 4, ".zip", "application/zip"},
};

const char *file_type(const void *data, size_t size, const char *file_name)
{
    size_t length = strlen(file_name);
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        size_t ending = strlen(TYPES[i].ending);
        if (length > ending && strcasecmp(file_name + length - ending, TYPES[i].ending) == 0 &&
            size >= TYPES[i].size && memcmp(data, TYPES[i].magic, TYPES[i].size) == 0)
            return TYPES[i].media_type;
    }
    return NULL;
}

/* --- rows --------------------------------------------------------------------------------- */

typedef struct {
    const char *id, *case_id, *material_id, *file_name, *media_type, *hash;
    int64_t size, received, created_ms;
    bool complete;
    ProtobufCBinaryData hash_state;
} row_t;

static void read_row(call_t *call, query_t *from, row_t *ret)
{
    ret->id = query_get_text(from, "id", call->arena);
    ret->case_id = query_get_text(from, "case_id", call->arena);
    ret->material_id = query_get_text(from, "material_id", call->arena);
    ret->file_name = query_get_text(from, "file_name", call->arena);
    ret->media_type = query_get_text(from, "media_type", call->arena);
    ret->hash = query_get_text(from, "hash", call->arena);
    ret->size = query_get_int(from, "size");
    ret->received = query_get_int(from, "received");
    ret->created_ms = query_get_int(from, "created_ms");
    ret->complete = query_get_int(from, "complete");
    ret->hash_state = query_get_blob(from, "hash_state", call->arena);
}

static status_t find_by_name(call_t *call, const Case__PutFileRequest *in, row_t *ret,
                             bool *ret_found)
{
    query_t *find =
        query(call->store, "SELECT * FROM files WHERE case_id = :case_id"
                           " AND material_id = :material_id AND file_name = :file_name");
    query_text(find, "case_id", in->case_id);
    query_text(find, "material_id", in->material_id);
    query_text(find, "file_name", in->file_name);
    *ret_found = query_next(find);
    if (*ret_found)
        read_row(call, find, ret);
    return query_done(find);
}

static status_t find_by_id(call_t *call, const char *case_id, const char *file_id, row_t *ret)
{
    query_t *find = query(call->store, "SELECT * FROM files WHERE id = :id AND case_id = :case_id");
    query_text(find, "id", file_id);
    query_text(find, "case_id", case_id);
    bool found = query_next(find);
    if (found)
        read_row(call, find, ret);
    status_t status = query_done(find);
    return status == STATUS_OK && !found ? call_not_found(call, "这个文件") : status;
}

static void answer(call_t *call, const row_t *row, Case__File *out)
{
    out->id = row->id;
    out->material_id = row->material_id;
    out->file_name = row->file_name;
    out->media_type = row->media_type;
    out->size = row->complete ? row->size : row->received;
    out->hash = row->hash;
    out->complete = row->complete;
    out->uploaded_at = timestamp_make(call->arena, row->created_ms);
}

static status_t delete_file(call_t *call, const char *file_id)
{
    query_t *parts = query(call->store, "DELETE FROM file_parts WHERE file_id = :id");
    query_text(parts, "id", file_id);
    status_t status = query_done(parts);
    if (status != STATUS_OK)
        return status;
    query_t *file = query(call->store, "DELETE FROM files WHERE id = :id");
    query_text(file, "id", file_id);
    return query_done(file);
}

status_t file_delete_all(call_t *call, const char *case_id)
{
    query_t *parts = query(call->store, "DELETE FROM file_parts WHERE file_id IN"
                                        " (SELECT id FROM files WHERE case_id = :id)");
    query_text(parts, "id", case_id);
    status_t status = query_done(parts);
    if (status != STATUS_OK)
        return status;
    query_t *files = query(call->store, "DELETE FROM files WHERE case_id = :id");
    query_text(files, "id", case_id);
    return query_done(files);
}

/* What was handed in before a correction notice stays: it is what the officials saw. */
static status_t check_not_kept(call_t *call, const Case__StoredCase *row, const row_t *file)
{
    if (row->state != STATE(CORRECTION))
        return STATUS_OK;
    query_t *find = query(call->store, "SELECT 1 AS one FROM corrections WHERE case_id = :id"
                                       " AND supplied_ms = 0 AND sent_ms > :created");
    query_text(find, "id", row->id);
    query_int(find, "created", file->created_ms);
    bool kept = query_next(find);
    status_t status = query_done(find);
    if (status == STATUS_OK && kept)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "file.kept", "fileName",
                         "已提交的文件不能删除或替换，请换一个文件名上传补正文件");
    return status;
}

/* --- PutFile ------------------------------------------------------------------------------ */

static const char *part_context(call_t *call, const char *file_id, int64_t at)
{
    return arena_printf(call->arena, "%s/%lld", file_id, (long long) at);
}

static status_t check_request(call_t *call, const Case__PutFileRequest *in)
{
    if (strchr(in->file_name, '/') || strchr(in->file_name, '\\') || in->file_name[0] == '.')
        return call_fail(call, STATUS_INVALID_ARGUMENT, "file.name", "fileName",
                         "文件名不能包含“/”、“\\”或以“.”开头");
    if (in->offset < 0 || in->size < 0)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "range", "offset",
                         "文件位置和大小不能为负数");
    if (in->size > FILE_SIZE_MAX || in->offset > FILE_SIZE_MAX ||
        in->offset + (int64_t) in->data.len > FILE_SIZE_MAX)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "file.too_large", "size",
                         "文件不能超过 20 MB，请压缩或拆分后上传");
    if (in->data.len == 0)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "file.empty", "data", "文件内容为空");
    if (in->size && in->offset + (int64_t) in->data.len > in->size)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "file.size", "size",
                         "文件内容比声明的大小长");
    if (in->last && in->size && in->offset + (int64_t) in->data.len != in->size)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "file.size", "size",
                         "文件内容比声明的大小短");
    return STATUS_OK;
}

static status_t check_room(call_t *call, const char *case_id)
{
    query_t *count = query(call->store, "SELECT count(*) AS files FROM files WHERE case_id = :id");
    query_text(count, "id", case_id);
    int64_t files = query_next(count) ? query_get_int(count, "files") : 0;
    status_t status = query_done(count);
    if (status == STATUS_OK && files >= settings_of(call)->files_max)
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "file.too_many", NULL,
                         "一个办件最多上传 %d 个文件", settings_of(call)->files_max);
    return status;
}

/* One account must not fill the disk of all. */
static status_t check_account_room(call_t *call, int64_t size)
{
    int64_t most = settings_of(call)->account_bytes_max;
    query_t *sum =
        query(call->store, "SELECT coalesce(sum(max(f.size, f.received)), 0) AS bytes FROM files f"
                           " JOIN cases c ON c.id = f.case_id"
                           " WHERE c.account_id = :account AND c.closed_ms = 0");
    query_text(sum, "account", call->caller.id);
    int64_t bytes = query_next(sum) ? query_get_int(sum, "bytes") : 0;
    status_t status = query_done(sum);
    if (status == STATUS_OK && bytes + size > most)
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "file.account_full", NULL,
                         "您未办结办件的文件已达 %lld MB 上限，请先删除不需要的草稿或文件",
                         (long long) (most >> 20));
    return status;
}

static status_t start_file(call_t *call, const Case__PutFileRequest *in, row_t *row)
{
    status_t status = check_room(call, in->case_id);
    if (status == STATUS_OK)
        status = check_account_room(call, in->size ? in->size : (int64_t) in->data.len);
    if (status != STATUS_OK)
        return status;
    const char *media_type = file_type(in->data.data, in->data.len, in->file_name);
    if (!media_type)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "file.type", "fileName",
                         "只接受 PDF、JPG、PNG、OFD、DOCX、XLSX、ZIP 文件，且内容须与扩展名一致");

    crypto_hash_t state;
    crypto_hash_start(&state);
    *row = (row_t){.id = call_id(call),
                   .case_id = in->case_id,
                   .material_id = in->material_id,
                   .file_name = in->file_name,
                   .media_type = media_type,
                   .hash = "",
                   .size = in->size,
                   .created_ms = call->now_ms};
    row->hash_state = contents_seal(call, "files/hash_state", row->id, &state, sizeof state);
    query_t *insert = query(
        call->store,
        "INSERT INTO files (id, case_id, material_id, file_name, media_type, size, received, hash,"
        " hash_state, complete, created_ms) VALUES (:id, :case_id, :material_id, :file_name,"
        " :media_type, :size, 0, '', NULL, 0, :now)");
    query_text(insert, "id", row->id);
    query_text(insert, "case_id", in->case_id);
    query_text(insert, "material_id", in->material_id);
    query_text(insert, "file_name", in->file_name);
    query_text(insert, "media_type", media_type);
    query_int(insert, "size", in->size);
    query_int(insert, "now", call->now_ms);
    return query_done(insert);
}

/* Whether the part that is already there holds the same bytes. */
static status_t compare_part(call_t *call, const row_t *row, const Case__PutFileRequest *in,
                             bool *ret)
{
    query_t *find = query(call->store, "SELECT data FROM file_parts"
                                       " WHERE file_id = :id AND at = :at");
    query_text(find, "id", row->id);
    query_int(find, "at", in->offset);
    ProtobufCBinaryData sealed = {0}, data = {0};
    bool found = query_next(find);
    if (found)
        sealed = query_get_blob(find, "data", call->arena);
    status_t status = query_done(find);
    *ret = false;
    if (status != STATUS_OK || !found)
        return status;
    status =
        contents_open(call, "file_parts", part_context(call, row->id, in->offset), sealed, &data);
    if (status == STATUS_OK)
        *ret = data.len == in->data.len && memcmp(data.data, in->data.data, data.len) == 0;
    return status;
}

static status_t put_part(call_t *call, const row_t *row, const Case__PutFileRequest *in)
{
    ProtobufCBinaryData sealed = contents_seal(
        call, "file_parts", part_context(call, row->id, in->offset), in->data.data, in->data.len);
    if (!sealed.data)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *insert = query(call->store, "INSERT INTO file_parts (file_id, at, size, data)"
                                         " VALUES (:id, :at, :size, :data)");
    query_text(insert, "id", row->id);
    query_int(insert, "at", in->offset);
    query_int(insert, "size", (int64_t) in->data.len);
    query_blob(insert, "data", sealed.data, sealed.len);
    return query_done(insert);
}

/* The hash grows with the parts, so that the last one need not read the file again.  Its state
 * holds bytes of the file and is sealed like them. */
static status_t append(call_t *call, row_t *row, const Case__PutFileRequest *in)
{
    ProtobufCBinaryData opened = {0};
    crypto_hash_t state;
    uint8_t hash[CRYPTO_HASH_SIZE];
    char *hex = arena_alloc(call->arena, CRYPTO_HEX_SIZE(sizeof hash));
    status_t status = contents_open(call, "files/hash_state", row->id, row->hash_state, &opened);
    if (status != STATUS_OK || opened.len != sizeof state || !hex)
        return status != STATUS_OK ? status : STATUS_DATA_LOSS;
    memcpy(&state, opened.data, sizeof state);
    crypto_hash_add(&state, in->data.data, in->data.len);
    row->received += (int64_t) in->data.len;

    query_t *update =
        query(call->store, "UPDATE files SET received = :received, size = :size, hash = :hash,"
                           " hash_state = :hash_state, complete = :complete WHERE id = :id");
    if (in->last) {
        crypto_hash_end(&state, hash);
        crypto_hex(hash, sizeof hash, hex);
        row->hash = hex;
        row->size = row->received;
        row->complete = true;
        query_null(update, "hash_state");
    } else {
        ProtobufCBinaryData sealed =
            contents_seal(call, "files/hash_state", row->id, &state, sizeof state);
        query_blob(update, "hash_state", sealed.data, sealed.len);
    }
    query_int(update, "received", row->received);
    query_int(update, "size", row->size);
    query_text(update, "hash", row->hash);
    query_int(update, "complete", row->complete);
    query_text(update, "id", row->id);
    status = query_done(update);
    return status == STATUS_OK ? put_part(call, row, in) : status;
}

/* Beginning anew is meant when the first part differs from what is there. */
static status_t begin_or_repeat(call_t *call, const Case__PutFileRequest *in,
                                const Case__StoredCase *of, row_t *row, bool found,
                                bool *ret_repeated)
{
    *ret_repeated = false;
    if (found && (!in->size || !row->size || in->size == row->size)) {
        status_t status = compare_part(call, row, in, ret_repeated);
        if (status != STATUS_OK || *ret_repeated)
            return status;
    }
    if (found) {
        status_t status = check_not_kept(call, of, row);
        if (status == STATUS_OK)
            status = delete_file(call, row->id);
        if (status != STATUS_OK)
            return status;
    }
    return start_file(call, in, row);
}

static status_t continue_or_repeat(call_t *call, const Case__PutFileRequest *in, const row_t *row,
                                   bool found, bool *ret_repeated)
{
    int64_t received = found ? row->received : 0;
    bool other = found && in->size && row->size && in->size != row->size;
    *ret_repeated = false;
    if (found && in->offset < received && !other) {
        status_t status = compare_part(call, row, in, ret_repeated);
        if (status != STATUS_OK || *ret_repeated)
            return status;
        other = true;
    }
    if (other) /* somebody else's upload under this name, or another file that begins alike */
        return call_fail(call, STATUS_FAILED_PRECONDITION, "file.part_changed", "offset",
                         "同名文件已有不同的内容，请删除该文件后重新上传，或换一个文件名");
    if (!found || in->offset != received || row->complete)
        return call_fail(call, STATUS_OUT_OF_RANGE, "file.offset", "offset",
                         "文件应从第 %lld 字节继续上传", (long long) received);
    return STATUS_OK;
}

status_t case_put_file(call_t *call, const Case__PutFileRequest *in, Case__File *out)
{
    Case__StoredCase row;
    const Catalog__Item *item = NULL;
    row_t file = {0};
    bool found = false, repeated = false;

    status_t status = check_request(call, in);
    if (status == STATUS_OK)
        status = draft_editable(call, in->case_id, &row);
    if (status == STATUS_OK)
        status = item_of_case(call, &row, &item);
    if (status == STATUS_OK && !item_material(item, in->material_id))
        return call_not_found(call, "这份材料");
    if (status == STATUS_OK)
        status = find_by_name(call, in, &file, &found);
    if (status != STATUS_OK)
        return status;

    status = in->offset == 0 ? begin_or_repeat(call, in, &row, &file, found, &repeated)
                             : continue_or_repeat(call, in, &file, found, &repeated);
    if (status == STATUS_OK && !repeated)
        status = append(call, &file, in);
    if (status == STATUS_OK)
        answer(call, &file, out);
    return status;
}

/* --- the others --------------------------------------------------------------------------- */

status_t case_delete_file(call_t *call, const Case__DeleteFileRequest *in, Yw__Empty *out)
{
    (void) out;
    Case__StoredCase row;
    row_t file = {0};
    status_t status = draft_editable(call, in->case_id, &row);
    if (status == STATUS_OK)
        status = find_by_id(call, in->case_id, in->file_id, &file);
    if (status == STATUS_OK)
        status = check_not_kept(call, &row, &file);
    return status == STATUS_OK ? delete_file(call, file.id) : status;
}

/* One stored part at a time, from `offset` on. */
status_t case_get_file(call_t *call, const Case__GetFileRequest *in, Case__FilePart *out)
{
    Case__StoredCase row;
    row_t file = {0};
    status_t status = access_case(call, in->case_id, &row);
    if (status == STATUS_OK)
        status = find_by_id(call, in->case_id, in->file_id, &file);
    if (status != STATUS_OK)
        return status;
    if (!file.complete)
        return call_not_found(call, "这个文件");
    if (in->offset < 0 || in->offset >= file.size)
        return call_fail(call, STATUS_OUT_OF_RANGE, "range", "offset",
                         "超出文件范围（共 %lld 字节）", (long long) file.size);

    query_t *find = query(call->store, "SELECT at, data FROM file_parts WHERE file_id = :id"
                                       " AND at <= :offset ORDER BY at DESC LIMIT 1");
    query_text(find, "id", file.id);
    query_int(find, "offset", in->offset);
    ProtobufCBinaryData sealed = {0}, data = {0};
    int64_t at = 0;
    if (query_next(find)) {
        at = query_get_int(find, "at");
        sealed = query_get_blob(find, "data", call->arena);
    }
    status = query_done(find);
    if (status == STATUS_OK)
        status = contents_open(call, "file_parts", part_context(call, file.id, at), sealed, &data);
    if (status != STATUS_OK)
        return status;
    size_t skip = (size_t) (in->offset - at);
    if (skip >= data.len)
        return STATUS_DATA_LOSS;
    out->size = file.size;
    out->data.data = data.data + skip;
    out->data.len = data.len - skip;
    out->media_type = file.media_type;
    out->file_name = file.file_name;
    out->hash = file.hash;
    return STATUS_OK;
}

status_t file_list(call_t *call, const char *case_id, Case__File ***ret, size_t *ret_count)
{
    query_t *find = query(
        call->store, "SELECT id, material_id, file_name, media_type, size, hash, complete,"
                     " created_ms AS uploaded_at FROM files WHERE case_id = :id AND complete = 1"
                     " ORDER BY material_id, file_name LIMIT 1000");
    query_text(find, "id", case_id);
    *ret = (Case__File **) query_rows(find, &case__file__descriptor, FILES_LISTED_MAX, call->arena,
                                      ret_count);
    return query_done(find);
}

bool file_sweep_due(call_t *call)
{
    query_t *find = query(call->store, "SELECT 1 AS one FROM files WHERE complete = 0"
                                       " AND created_ms < :oldest LIMIT 1");
    query_int(find, "oldest", call->now_ms - UNFINISHED_MS);
    bool found = query_next(find);
    return query_done(find) == STATUS_OK && found;
}

status_t file_sweep(call_t *call)
{
    const char *ids[SWEPT_AT_ONCE];
    size_t count = 0;
    query_t *find = query(call->store, "SELECT id FROM files WHERE complete = 0"
                                       " AND created_ms < :oldest LIMIT 20");
    query_int(find, "oldest", call->now_ms - UNFINISHED_MS);
    while (count < SWEPT_AT_ONCE && query_next(find))
        ids[count++] = query_get_text(find, "id", call->arena);
    status_t status = query_done(find);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = delete_file(call, ids[i]);
    return status;
}

status_t file_verify(call_t *call, const char *file_id)
{
    crypto_hash_t state;
    uint8_t hash[CRYPTO_HASH_SIZE];
    char hex[CRYPTO_HEX_SIZE(sizeof hash)];
    int64_t next = 0;
    status_t status = STATUS_OK;

    crypto_hash_start(&state);
    query_t *parts = query(call->store, "SELECT at, data FROM file_parts WHERE file_id = :id"
                                        " ORDER BY at");
    query_text(parts, "id", file_id);
    while (status == STATUS_OK && query_next(parts)) {
        ProtobufCBinaryData data = {0};
        int64_t at = query_get_int(parts, "at");
        arena_reset(call->arena);
        status = contents_open(call, "file_parts", part_context(call, file_id, at),
                               query_get_blob(parts, "data", call->arena), &data);
        if (status == STATUS_OK && at != next)
            status = STATUS_DATA_LOSS;
        if (status == STATUS_OK)
            crypto_hash_add(&state, data.data, data.len);
        next = at + (int64_t) data.len;
    }
    status_t read = query_done(parts);
    if (status == STATUS_OK)
        status = read;
    if (status != STATUS_OK)
        return status;

    crypto_hash_end(&state, hash);
    crypto_hex(hash, sizeof hash, hex);
    query_t *same = query(call->store, "SELECT 1 FROM files WHERE id = :id AND hash = :hash"
                                       " AND size = :size");
    query_text(same, "id", file_id);
    query_text(same, "hash", hex);
    query_int(same, "size", next);
    bool fits = query_next(same);
    status = query_done(same);
    return status == STATUS_OK && !fits ? STATUS_DATA_LOSS : status;
}
