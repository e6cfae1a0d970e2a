/* cost_catalog.c - what the most used methods of the catalog cost, over the starter items. */
#include <dirent.h>

#include "catalog_test.h"
#include "check.h"
#include "cost.h"

#define ITEMS "deploy/starter/items"

/* In the order of their names, so that the same is counted each time. */
static void import_starter(bench_t *bench)
{
    struct dirent **names;
    int count = scandir(ITEMS, &names, NULL, alphasort);
    CHECK(count > 2);
    for (int i = 0; i < count; i++) {
        char path[300];
        snprintf(path, sizeof path, ITEMS "/%s", names[i]->d_name);
        if (strstr(names[i]->d_name, ".json")) {
            char *text = read_whole(path);
            const Catalog__ImportReport *report = text ? import_json(bench, text) : NULL;
            CHECK(report && report->created > 0);
            free(text);
        }
        free(names[i]);
    }
    free(names);
}

static void ask(bench_t *bench, const char *method, const ProtobufCMessage *in)
{
    CHECK(bench_call(bench, &BENCH_ANONYMOUS, method, in, NULL) == STATUS_OK);
}

TEST(costs)
{
    crypto_init();
    bench_t *bench = bench_new(catalog_service(), NULL);
    import_starter(bench);
    const Catalog__SearchItemsResponse *found = search_for(bench, "施工许可");
    CHECK(found && found->n_hits > 0);
    const char *id = found->hits[0]->item->id;
    Catalog__ListThemesRequest themes = CATALOG__LIST_THEMES_REQUEST__INIT;

    COST("catalog.GetItem", 50, CHECK(get_item(bench, id)));
    COST("catalog.SearchItems", 50, CHECK(search_for(bench, "施工许可")));
    COST("catalog.ListThemes", 50, ask(bench, "catalog.ListThemes", &themes.base));
    bench_free(&bench);
}
