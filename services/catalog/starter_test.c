/* starter_test.c - the starter data is complete, right in form, and says what is invented. */
#include <dirent.h>
#include "catalog_test.h"
#include "json.h"

/* Another folder of items may be looked at: YIWANG_ITEMS=... */
static const char *items_folder(void)
{
    const char *folder = getenv("YIWANG_ITEMS");
    return folder ? folder : "deploy/starter/items";
}

/* Imports every file; the number of files, 0 when run elsewhere. */
static int import_all(bench_t *bench)
{
    DIR *folder = opendir(items_folder());
    int count = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        char path[400];
        if (!text_ends(entry->d_name, ".json"))
            continue;
        snprintf(path, sizeof path, "%s/%s", items_folder(), entry->d_name);
        char *text = read_whole(path);
        Catalog__ImportReport *report = import_json(bench, text);
        EXPECT(report && report->refused == 0 && report->created == report->rows);
        for (size_t i = 0; report && i < report->n_reports; i++)
            printf("%s: row %u %s: %s\n", path, report->reports[i]->row, report->reports[i]->field,
                   report->reports[i]->message);
        EXPECT(report && report->n_reports == 0);
        count += report != NULL;
        free(text);
    }
    if (folder)
        closedir(folder);
    return count;
}

static void print_faults(const Catalog__Item *item, bench_t *bench)
{
    Catalog__CheckDraftRequest in = CATALOG__CHECK_DRAFT_REQUEST__INIT;
    const ProtobufCMessage *out;
    caller_t staff = bench_staff(bench, "s", item->department_id, "item.edit");
    in.id = item->id;
    EXPECT(bench_call(bench, &staff, "catalog.CheckDraft", &in.base, &out) == STATUS_OK);
    const Catalog__CheckReport *report = (const Catalog__CheckReport *) out;
    for (size_t i = 0; i < report->n_faults; i++)
        printf("%s: %s %s\n", item->name, report->faults[i]->field, report->faults[i]->message);
    EXPECT(report->n_faults == 0 && report->score == 100);
}

TEST(starter_items_are_complete)
{
    bench_t *bench = bench_new(catalog_service(), NULL);
    if (import_all(bench) == 0) {
        bench_free(&bench);
        return;
    }
    EXPECT(bench_count(bench, "SELECT count(*) FROM items WHERE state = 4") >= 30);
    EXPECT(bench_count(bench, "SELECT count(DISTINCT department_id) FROM items") >= 12);
    EXPECT(bench_count(bench, "SELECT count(*) FROM items WHERE sample = 0") == 0);
    EXPECT(bench_count(bench, "SELECT count(*) FROM facet_counts WHERE facet LIKE 'tp%'") >= 18);
    Catalog__SearchItemsRequest in = CATALOG__SEARCH_ITEMS_REQUEST__INIT;
    in.page_size = 50;
    const Catalog__SearchItemsResponse *all = search(bench, &in);
    for (size_t i = 0; all && i < all->n_hits; i++) {
        const Catalog__Item *item = get_item(bench, all->hits[i]->item->id);
        EXPECT(item && item->n_materials >= 3 && item->n_stages >= 3 && item->n_form_fields >= 5);
        EXPECT(item && strlen(item->item_code) == 33);
        if (item)
            print_faults(item, bench);
    }
    bench_free(&bench);
}

/* What people really type leads to the item they mean (if the starter data has one). */
TEST(people_find_what_they_mean)
{
    static const struct {
        const char *asked, *meant;
    } CASES[] = {
        {"施工许可", "建筑工程施工许可证核发"},
        {"施工许可证怎么办", "建筑工程施工许可证核发"},
        {"sgxk", "建筑工程施工许可证核发"},
        {"开饭店", "食品经营许可"},
        {"身份证丢了", "居民身份证"},
        {"上户口", "出生登记"},
        {"驾照", "驾驶证"},
        {"领证", "结婚登记"},
        {"低保", "最低生活保障"},
        {"教资", "教师资格认定"},
        {"失业金", "失业保险金"},
        {"房产证", "登记"},
        {"我想在外地看病报销", "异地就医"},
        {"养猪", "动物防疫条件合格证"},
    };
    bench_t *bench = bench_new(catalog_service(), NULL);
    import_all(bench);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char sql[300];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM items WHERE instr(name, '%s')",
                 CASES[i].meant);
        if (bench_count(bench, sql) == 0)
            continue;
        const Catalog__SearchItemsResponse *found = search_for(bench, CASES[i].asked);
        const char *first = found && found->n_hits ? found->hits[0]->item->name : "";
        if (!strstr(first, CASES[i].meant))
            printf("%s -> %s\n", CASES[i].asked, first);
        EXPECT(strstr(first, CASES[i].meant));
    }
    bench_free(&bench);
}

/* divisions.csv: every line is a division whose parent is one too. */
TEST(starter_divisions_are_a_tree)
{
    enum { DIVISIONS_MAX = 5000 };
    char *text = read_whole("deploy/starter/divisions.csv");
    if (!text)
        return;
    bench_t *bench = bench_new(catalog_service(), NULL);
    Catalog__ImportDivisionsRequest in = CATALOG__IMPORT_DIVISIONS_REQUEST__INIT;
    in.divisions = calloc(DIVISIONS_MAX, sizeof *in.divisions);
    char *rest = text;
    strsep(&rest, "\n");
    for (char *line; (line = strsep(&rest, "\n")) != NULL && in.n_divisions < DIVISIONS_MAX;) {
        if (!*line)
            continue;
        Catalog__Division *row =
            (Catalog__Division *) message_new(&catalog__division__descriptor, bench_arena(bench));
        row->code = strsep(&line, ",");
        row->name = strsep(&line, ",");
        row->parent = line ? line : "";
        in.divisions[in.n_divisions++] = row;
    }
    EXPECT(bench_call(bench, &BENCH_SERVICE, "catalog.ImportDivisions", &in.base, NULL) ==
           STATUS_OK);
    EXPECT(bench_count(bench, "SELECT count(*) FROM divisions") > 3300);
    EXPECT(bench_count(bench, "SELECT count(*) FROM divisions WHERE parent = ''") == 34);
    EXPECT(bench_count(bench,
                       "SELECT count(*) FROM divisions d WHERE parent <> ''"
                       " AND NOT EXISTS (SELECT 1 FROM divisions p WHERE p.code = d.parent)") == 0);
    free(in.divisions);
    free(text);
    bench_free(&bench);
}
