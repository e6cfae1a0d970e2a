#include "file.h"
#include "stand_test.h"

#define MIB (1 << 20)

static const Case__CaseStatus *draft(stand_t *stand)
{
    Case__CreateDraftRequest in = CASE__CREATE_DRAFT_REQUEST__INIT;
    in.item_id = STAND_ITEM;
    return stand_ask(stand, &stand->person, "case.CreateDraft", &in.base);
}

static Case__PutFileRequest part_of(const char *case_id, const char *name, const void *data,
                                    size_t size, int64_t offset, int64_t whole, bool last)
{
    Case__PutFileRequest in = CASE__PUT_FILE_REQUEST__INIT;
    in.case_id = case_id;
    in.material_id = "plan";
    in.file_name = name;
    in.data.data = (uint8_t *) data;
    in.data.len = size;
    in.offset = offset;
    in.size = whole;
    in.last = last;
    return in;
}

/* Bytes that differ everywhere and begin as a PDF does. */
static uint8_t *content(stand_t *stand, size_t size)
{
    uint8_t *ret = arena_alloc(bench_arena(stand->bench), size);
    for (size_t i = 0; i < size; i++)
        ret[i] = (uint8_t) (i * 31 + (i >> 8));
    memcpy(ret, "%PDF-1.7", 8);
    return ret;
}

TEST(a_file_goes_in_and_out_part_by_part)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *at = draft(stand);
    const size_t size = 2 * MIB + 1234;
    uint8_t *data = content(stand, size), hash[CRYPTO_HASH_SIZE];
    char hex[CRYPTO_HEX_SIZE(CRYPTO_HASH_SIZE)];
    crypto_hash(data, size, hash);
    crypto_hex(hash, sizeof hash, hex);

    Case__PutFileRequest in =
        part_of(at->id, "规划许可证.PDF", data, MIB, 0, (int64_t) size, false);
    const Case__File *file = stand_ask(stand, &stand->person, "case.PutFile", &in.base);
    EXPECT(!file->complete && file->size == MIB && text_equal(file->media_type, "application/pdf"));
    in = part_of(at->id, "规划许可证.PDF", data + 2 * MIB, 1234, 2 * MIB, (int64_t) size, true);
    EXPECT(stand_refused(stand, &stand->person, "case.PutFile", &in.base, STATUS_OUT_OF_RANGE,
                         "file.offset"));
    EXPECT(stand_view(stand, at->id)->materials[0]->n_files == 0); /* not there until complete */
    Case__GetFileRequest early = CASE__GET_FILE_REQUEST__INIT;
    early.case_id = at->id;
    early.file_id = file->id;
    EXPECT(stand_refused(stand, &stand->person, "case.GetFile", &early.base, STATUS_NOT_FOUND,
                         "not_found"));

    in = part_of(at->id, "规划许可证.PDF", data + MIB, MIB, MIB, (int64_t) size, false);
    stand_ask(stand, &stand->person, "case.PutFile", &in.base);
    stand_ask(stand, &stand->person, "case.PutFile", &in.base); /* repeated after a lost answer */
    in.data.data = data;
    EXPECT(stand_refused(stand, &stand->person, "case.PutFile", &in.base,
                         STATUS_FAILED_PRECONDITION, "file.part_changed"));
    in = part_of(at->id, "规划许可证.PDF", data + 2 * MIB, 1234, 2 * MIB, (int64_t) size, true);
    file = stand_ask(stand, &stand->person, "case.PutFile", &in.base);
    EXPECT(file->complete && file->size == (int64_t) size && text_equal(file->hash, hex));
    const Case__File *again = stand_ask(stand, &stand->person, "case.PutFile", &in.base);
    EXPECT(text_equal(again->id, file->id));

    const Case__CaseDetail *seen = stand_view(stand, at->id);
    EXPECT(seen->materials[0]->n_files == 1 && seen->materials[1]->n_files == 0);

    Case__GetFileRequest get = CASE__GET_FILE_REQUEST__INIT;
    get.case_id = at->id;
    get.file_id = file->id;
    uint8_t *back = arena_alloc(bench_arena(stand->bench), size);
    while (get.offset < (int64_t) size) {
        const Case__FilePart *part = stand_ask(stand, &stand->person, "case.GetFile", &get.base);
        EXPECT(part->size == (int64_t) size && part->data.len > 0);
        memcpy(back + get.offset, part->data.data, part->data.len);
        get.offset += (int64_t) part->data.len;
    }
    EXPECT(memcmp(back, data, size) == 0);
    get.offset = MIB + 7; /* from the middle, too */
    const Case__FilePart *part = stand_ask(stand, &stand->person, "case.GetFile", &get.base);
    EXPECT(part->data.len == MIB - 7 && part->data.data[0] == data[MIB + 7]);
    get.offset = (int64_t) size;
    EXPECT(stand_refused(stand, &stand->person, "case.GetFile", &get.base, STATUS_OUT_OF_RANGE,
                         "range"));
    EXPECT(bench_count(stand->bench,
                       "SELECT count(*) FROM file_parts WHERE instr(data, CAST('%PDF' AS BLOB))") ==
           0);
    stand_free(&stand);
}

/* Two uploads under one name at the same time: the file is one of them, never a bit of both. */
TEST(two_uploads_of_a_name_do_not_mix)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *at = draft(stand);
    uint8_t *first = content(stand, MIB + 500), *second = content(stand, MIB + 700);
    second[100] ^= 1;
    Case__PutFileRequest in = part_of(at->id, "a.pdf", first, MIB, 0, MIB + 500, false);
    stand_ask(stand, &stand->person, "case.PutFile", &in.base);
    in = part_of(at->id, "a.pdf", second, MIB, 0, MIB + 700, false);
    stand_ask(stand, &stand->person, "case.PutFile", &in.base);
    in = part_of(at->id, "a.pdf", first + MIB, 500, MIB, MIB + 500, true);
    EXPECT(stand_refused(stand, &stand->person, "case.PutFile", &in.base,
                         STATUS_FAILED_PRECONDITION, "file.part_changed"));
    in = part_of(at->id, "a.pdf", second + MIB, 700, MIB, MIB + 700, true);
    const Case__File *file = stand_ask(stand, &stand->person, "case.PutFile", &in.base);
    EXPECT(file->complete && file->size == MIB + 700);
    stand_free(&stand);
}

TEST(files_are_for_those_who_handle_the_case)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *at = draft(stand);
    uint8_t *data = content(stand, 100);
    Case__PutFileRequest in = part_of(at->id, "a.pdf", data, 100, 0, 100, true);
    EXPECT(stand_refused(stand, &stand->other, "case.PutFile", &in.base, STATUS_NOT_FOUND,
                         "not_found"));
    const Case__File *file = stand_ask(stand, &stand->person, "case.PutFile", &in.base);
    Case__GetFileRequest get = CASE__GET_FILE_REQUEST__INIT;
    get.case_id = at->id;
    get.file_id = file->id;
    EXPECT(stand_call(stand, &stand->person, "case.GetFile", &get.base, NULL) == STATUS_OK);
    EXPECT(stand_call(stand, &stand->other, "case.GetFile", &get.base, NULL) == STATUS_NOT_FOUND);
    EXPECT(stand_call(stand, &stand->clerk, "case.GetFile", &get.base, NULL) ==
           STATUS_NOT_FOUND); /* a draft */
    bench_sql(stand->bench, "UPDATE cases SET state = 2");
    EXPECT(stand_call(stand, &stand->clerk, "case.GetFile", &get.base, NULL) == STATUS_OK);
    EXPECT(stand_call(stand, &stand->system, "case.GetFile", &get.base, NULL) == STATUS_OK);
    EXPECT(stand_call(stand, &stand->stranger, "case.GetFile", &get.base, NULL) ==
           STATUS_NOT_FOUND);
    caller_t editor = bench_staff(stand->bench, "editor", "housing", "item.edit");
    EXPECT(stand_call(stand, &editor, "case.GetFile", &get.base, NULL) == STATUS_NOT_FOUND);

    /* Another case's id does not open this case's file. */
    const Case__CaseStatus *second = draft(stand);
    get.case_id = second->id;
    EXPECT(stand_call(stand, &stand->person, "case.GetFile", &get.base, NULL) == STATUS_NOT_FOUND);

    /* Handed in is handed in. */
    EXPECT(stand_refused(stand, &stand->person, "case.PutFile", &in.base,
                         STATUS_FAILED_PRECONDITION, "case.state"));
    Case__DeleteFileRequest remove = CASE__DELETE_FILE_REQUEST__INIT;
    remove.case_id = at->id;
    remove.file_id = file->id;
    EXPECT(stand_refused(stand, &stand->person, "case.DeleteFile", &remove.base,
                         STATUS_FAILED_PRECONDITION, "case.state"));
    stand_free(&stand);
}

TEST(each_file_stands_with_its_material)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *at = draft(stand);
    uint8_t *data = content(stand, 100);
    const struct {
        const char *material, *name;
    } files[] = {
        {"plan", "a.pdf"}, {"contract", "b.pdf"}, {"plan", "c.pdf"}, {"contract", "a.pdf"}};
    for (size_t i = 0; i < 4; i++) {
        Case__PutFileRequest in = part_of(at->id, files[i].name, data, 100, 0, 100, true);
        in.material_id = files[i].material;
        stand_ask(stand, &stand->person, "case.PutFile", &in.base);
    }
    const Case__CaseDetail *seen = stand_view(stand, at->id);
    EXPECT(seen->materials[0]->n_files == 2 &&
           text_equal(seen->materials[0]->files[1]->file_name, "c.pdf"));
    EXPECT(seen->materials[1]->n_files == 2 &&
           text_equal(seen->materials[1]->files[0]->file_name, "a.pdf"));
    EXPECT(seen->materials[2]->n_files == 0);

    /* Uploaded is as good as on paper. */
    Case__SaveDraftRequest save = CASE__SAVE_DRAFT_REQUEST__INIT;
    Case__FormValue *form[] = {stand_value(stand, "project_name", "滨江路改造")};
    save.id = at->id;
    save.version = at->version;
    save.form = form;
    save.n_form = 1;
    at = stand_ask(stand, &stand->person, "case.SaveDraft", &save.base);
    Case__SubmitRequest submit = CASE__SUBMIT_REQUEST__INIT;
    submit.id = at->id;
    submit.version = at->version;
    EXPECT(stand_call(stand, &stand->person, "case.Submit", &submit.base, NULL) == STATUS_OK);
    stand_free(&stand);
}

TEST(what_is_no_document_is_refused)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *at = draft(stand);
    uint8_t *data = content(stand, 100);
    const struct {
        const char *name, *code;
    } wrong[] = {
        {"a.exe", "file.type"}, {"a.png", "file.type"},    {"a", "file.type"},
        {".pdf", "file.name"},  {"../a.pdf", "file.name"}, {"a\\b.pdf", "file.name"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Case__PutFileRequest in = part_of(at->id, wrong[i].name, data, 100, 0, 100, true);
        EXPECT(stand_refused(stand, &stand->person, "case.PutFile", &in.base,
                             STATUS_INVALID_ARGUMENT, wrong[i].code));
    }
    Case__PutFileRequest in = part_of(at->id, "a.pdf", data, 100, 0, FILE_SIZE_MAX + 1, false);
    EXPECT(stand_refused(stand, &stand->person, "case.PutFile", &in.base, STATUS_INVALID_ARGUMENT,
                         "file.too_large"));
    in = part_of(at->id, "a.pdf", data, 100, FILE_SIZE_MAX - 50, 0, false);
    EXPECT(stand_refused(stand, &stand->person, "case.PutFile", &in.base, STATUS_INVALID_ARGUMENT,
                         "file.too_large"));
    in = part_of(at->id, "a.pdf", data, 0, 0, 0, true);
    EXPECT(stand_refused(stand, &stand->person, "case.PutFile", &in.base, STATUS_INVALID_ARGUMENT,
                         "file.empty"));
    in = part_of(at->id, "a.pdf", data, 100, 0, 200, true);
    EXPECT(stand_refused(stand, &stand->person, "case.PutFile", &in.base, STATUS_INVALID_ARGUMENT,
                         "file.size"));
    in = part_of(at->id, "a.pdf", data, 100, INT64_MAX - 10, 0, false);
    EXPECT(stand_call(stand, &stand->person, "case.PutFile", &in.base, NULL) ==
           STATUS_INVALID_ARGUMENT);
    EXPECT(bench_count(stand->bench, "SELECT count(*) FROM files") == 0);

    const struct {
        const char *bytes, *name, *type;
    } right[] = {
        {"\xFF\xD8\xFF\xE0", "a.JPG", "image/jpeg"},
        {"\x89PNG\r\n\x1A\n", "a.png", "image/png"},
        {"PK\x03\x04", "a.ofd", "application/ofd"},
        {"PK\x03\x04", "a.docx",
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    };
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        EXPECT(text_equal(file_type(right[i].bytes, strlen(right[i].bytes), right[i].name),
                          right[i].type));
    EXPECT(!file_type("%PD", 3, "a.pdf"));
    stand_free(&stand);
}

TEST(a_case_has_only_so_many_files_and_old_halves_are_swept)
{
    stand_t *stand = stand_new();
    stand->settings->files_max = 2;
    const Case__CaseStatus *at = draft(stand);
    uint8_t *data = content(stand, 100);
    const char *names[] = {"a.pdf", "b.pdf", "c.pdf"};
    for (int i = 0; i < 2; i++) {
        Case__PutFileRequest in = part_of(at->id, names[i], data, 100, 0, i ? 200 : 100, !i);
        stand_ask(stand, &stand->person, "case.PutFile", &in.base);
    }
    Case__PutFileRequest third = part_of(at->id, names[2], data, 100, 0, 100, true);
    EXPECT(stand_refused(stand, &stand->person, "case.PutFile", &third.base,
                         STATUS_RESOURCE_EXHAUSTED, "file.too_many"));

    /* Nor may one account fill the disk of all. */
    stand->settings->files_max = 60;
    stand->settings->account_bytes_max = 350;
    EXPECT(stand_refused(stand, &stand->person, "case.PutFile", &third.base,
                         STATUS_RESOURCE_EXHAUSTED, "file.account_full"));
    stand->settings->account_bytes_max = 1 << 20;

    /* The same name with other content replaces. */
    uint8_t *other = content(stand, 50);
    Case__PutFileRequest again = part_of(at->id, names[0], other, 50, 0, 50, true);
    stand_ask(stand, &stand->person, "case.PutFile", &again.base);
    EXPECT(bench_count(stand->bench, "SELECT size FROM files WHERE file_name = 'a.pdf'") == 50);
    EXPECT(bench_count(stand->bench, "SELECT count(*) FROM files") == 2);

    bench_set_now(stand->bench, bench_now(stand->bench) + 25 * 3600 * 1000LL);
    stand_tick(stand);
    EXPECT(bench_count(stand->bench, "SELECT count(*) FROM files") == 1);
    EXPECT(bench_count(stand->bench, "SELECT count(*) FROM file_parts") == 1);
    stand_free(&stand);
}

/* What officials have seen stays as they saw it. */
TEST(files_handed_in_before_a_correction_stay)
{
    stand_t *stand = stand_new();
    const Case__Receipt *receipt = stand_apply(stand);
    uint8_t *data = content(stand, 100);
    bench_sql(stand->bench, "UPDATE cases SET state = 1");
    Case__PutFileRequest in = part_of(receipt->case_id, "a.pdf", data, 100, 0, 100, true);
    const Case__File *file = stand_ask(stand, &stand->person, "case.PutFile", &in.base);
    bench_sql(stand->bench, "UPDATE cases SET state = 2");

    bench_set_now(stand->bench, bench_now(stand->bench) + 1000);
    Case__SendCorrectionRequest notice = CASE__SEND_CORRECTION_REQUEST__INIT;
    Case__Gap gap = CASE__GAP__INIT;
    Case__Gap *gaps[] = {&gap};
    gap.material_id = "plan";
    gap.reason = gap.how = "重新提交";
    notice.id = receipt->case_id;
    notice.version = receipt->version;
    notice.gaps = gaps;
    notice.n_gaps = 1;
    stand_ask(stand, &stand->clerk, "case.SendCorrection", &notice.base);

    Case__DeleteFileRequest remove = CASE__DELETE_FILE_REQUEST__INIT;
    remove.case_id = receipt->case_id;
    remove.file_id = file->id;
    EXPECT(stand_refused(stand, &stand->person, "case.DeleteFile", &remove.base,
                         STATUS_FAILED_PRECONDITION, "file.kept"));
    in.data.len = in.size = 90;
    EXPECT(stand_refused(stand, &stand->person, "case.PutFile", &in.base,
                         STATUS_FAILED_PRECONDITION, "file.kept"));
    in.file_name = "a2.pdf";
    file = stand_ask(stand, &stand->person, "case.PutFile", &in.base);
    remove.file_id = file->id;
    stand_ask(stand, &stand->person, "case.DeleteFile", &remove.base);
    stand_free(&stand);
}
