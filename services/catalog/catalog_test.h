/* catalog_test.h - what the unit tests of this folder share. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "catalog.h"
#include "catalog.svc.h"
#include "item.h"
#include "json.h"
#include "test.h"
#include "text.h"

/* A guide with nothing missing: draws no fault and scores 100. */
static inline Catalog__Item *sample_item(arena_t *arena, const char *name)
{
    static const char json[] =
        "{\"type\":\"ITEM_TYPE_LICENSE\",\"role\":\"ITEM_ROLE_HANDLING\",\"baseCode\":\"000117023000\","
        "\"creditCode\":\"113401009001001118\",\"departmentId\":\"zjj\",\"departmentName\":\"住房和城乡建设局\","
        "\"useLevel\":\"USE_LEVEL_CITY\",\"powerSource\":\"POWER_SOURCE_OWN\",\"bodyNature\":\"BODY_NATURE_STATUTORY\","
        "\"division\":\"340100\",\"audiences\":[\"AUDIENCE_ENTERPRISE\"],\"caseKind\":\"CASE_KIND_PROMISED\","
        "\"legalBases\":[{\"law\":\"中华人民共和国建筑法\",\"article\":\"第七条\"}],"
        "\"legalDays\":7,\"legalUnit\":\"DAY_UNIT_WORKING\",\"promiseDays\":3,\"promiseUnit\":\"DAY_UNIT_WORKING\","
        "\"conditions\":\"已经办理该建筑工程用地批准手续。\","
        "\"materials\":[{\"id\":\"plan\",\"name\":\"建设工程规划许可证\",\"need\":\"MATERIAL_NEED_ALWAYS\","
        "\"type\":\"MATERIAL_TYPE_COPY\",\"format\":\"MATERIAL_FORMAT_BOTH\",\"source\":\"MATERIAL_SOURCE_GOVERNMENT\","
        "\"copies\":1,\"acceptanceStandard\":\"清晰、在有效期内\"}],"
        "\"stages\":[{\"id\":\"accept\",\"name\":\"受理\",\"kind\":\"STAGE_KIND_ACCEPT\",\"post\":\"受理岗\",\"standard\":\"材料齐全\"}],"
        "\"questions\":[{\"question\":\"收费吗？\",\"answer\":\"不收费。\"}],"
        "\"formFields\":[{\"id\":\"project\",\"label\":\"工程名称\",\"type\":\"FIELD_TYPE_TEXT\",\"required\":true}],"
        "\"results\":[{\"name\":\"建筑工程施工许可证\",\"type\":\"RESULT_TYPE_LICENCE\"}],"
        "\"handlingForms\":[\"HANDLING_FORM_WINDOW\"],\"onlineDepth\":\"ONLINE_DEPTH_FULL\","
        "\"handleArea\":\"HANDLE_AREA_LOCAL\",\"places\":[{\"name\":\"窗口\",\"address\":\"示例路1号\",\"hours\":\"工作日\"}],"
        "\"consult\":\"0551-00000001\",\"supervise\":\"0551-00000002\",\"bodyThemes\":[\"国土和规划建设\"]}";
    faults_t faults = {.count = 0};
    Catalog__Item *item = (Catalog__Item *) message_new(&catalog__item__descriptor, arena);
    if (!json_parse(json, strlen(json), arena, &item->base, &faults)) {
        fprintf(stderr, "sample: %s %s\n", faults.faults[0].field, faults.faults[0].message);
        abort();
    }
    item->name = name;
    return item;
}

/* Published as a trusted list would. */
static inline Catalog__ImportReport *import_text(bench_t *bench, const caller_t *caller,
                                                 Catalog__ListFormat format, const char *text,
                                                 bool publish)
{
    Catalog__ImportItemsRequest in = CATALOG__IMPORT_ITEMS_REQUEST__INIT;
    const ProtobufCMessage *out = NULL;
    in.format = format;
    in.text = text;
    in.publish = publish;
    in.source_name = "test";
    status_t status = bench_call(bench, caller, "catalog.ImportItems", &in.base, &out);
    return status == STATUS_OK ? (Catalog__ImportReport *) out : NULL;
}

static inline Catalog__ImportReport *import_json(bench_t *bench, const char *text)
{
    return import_text(bench, &BENCH_SERVICE, CATALOG__LIST_FORMAT__LIST_FORMAT_JSON, text, true);
}

static inline Catalog__ImportReport *import_csv(bench_t *bench, const char *text)
{
    return import_text(bench, &BENCH_SERVICE, CATALOG__LIST_FORMAT__LIST_FORMAT_CSV, text, true);
}

static inline const Catalog__Item *get_item(bench_t *bench, const char *id)
{
    Catalog__GetItemRequest in = CATALOG__GET_ITEM_REQUEST__INIT;
    const ProtobufCMessage *out = NULL;
    in.id = id;
    return bench_call(bench, &BENCH_ANONYMOUS, "catalog.GetItem", &in.base, &out) == STATUS_OK
               ? (const Catalog__Item *) out
               : NULL;
}

static inline const Catalog__SearchItemsResponse *search(bench_t *bench,
                                                         const Catalog__SearchItemsRequest *in)
{
    const ProtobufCMessage *out = NULL;
    status_t status = bench_call(bench, &BENCH_ANONYMOUS, "catalog.SearchItems", &in->base, &out);
    return status == STATUS_OK ? (const Catalog__SearchItemsResponse *) out : NULL;
}

static inline const Catalog__SearchItemsResponse *search_for(bench_t *bench, const char *q)
{
    Catalog__SearchItemsRequest in = CATALOG__SEARCH_ITEMS_REQUEST__INIT;
    in.q = q;
    return search(bench, &in);
}

/* A whole file, or NULL when it is not there. */
static inline char *read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = calloc(1, (size_t) size + 1);
    size_t got = fread(text, 1, (size_t) size, file);
    text[got] = 0;
    fclose(file);
    return text;
}
