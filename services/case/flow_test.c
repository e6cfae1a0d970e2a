#include "flow.h"
#include "stand_test.h"

#define PAGE           "docs/case-flow.md"
#define BEGIN          "<!-- table -->\n"
#define END            "<!-- end -->"
#define PAGE_BYTES_MAX (64 << 10)

static char *read_page(arena_t *arena)
{
    FILE *file = fopen(PAGE, "r");
    CHECK(file);
    char *text = arena_alloc(arena, PAGE_BYTES_MAX);
    size_t size = fread(text, 1, PAGE_BYTES_MAX - 1, file);
    text[size] = 0;
    fclose(file);
    return text;
}

static void write_page(const char *text)
{
    FILE *file = fopen(PAGE, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* The page in docs is the table in flow.c; YW_WRITE=1 writes it anew. */
TEST(the_page_shows_the_table)
{
    arena_t *arena = arena_new(1 << 20);
    char *page = read_page(arena);
    char *begin = strstr(page, BEGIN), *end = strstr(page, END);
    EXPECT(begin && end && begin < end);
    buffer_t table = buffer_new(PAGE_BYTES_MAX), whole = buffer_new(PAGE_BYTES_MAX);
    flow_print(&table);
    buffer_put(&whole, page, (size_t) (begin - page) + strlen(BEGIN));
    buffer_put(&whole, table.data, table.size);
    buffer_text(&whole, end);
    if (getenv("YW_WRITE"))
        write_page(whole.data);
    else
        EXPECT(strcmp(whole.data, page) == 0);
    buffer_free(&whole);
    buffer_free(&table);
    arena_free(&arena);
}

/* Every state but the last ones has a way out, and every state but the first a way in. */
TEST(no_state_is_a_trap)
{
    unsigned left = 0, entered = 0;
    for (int action = 1; action <= ACTION(RECOMPUTE); action++) {
        const flow_t *flow = flow_of((Case__Action) action);
        if (flow->next) {
            left |= flow->from;
            entered |= 1u << flow->next;
        }
    }
    for (int state = STATE(DRAFT); state <= STATE(TERMINATED); state++) {
        EXPECT(entered & 1u << state);
        EXPECT(!!(left & 1u << state) == !flow_is_over((Case__State) state));
    }
}

/* What an official may do in a state has somebody it waits for. */
TEST(work_waits_for_somebody)
{
    for (int state = STATE(DRAFT); state <= STATE(TERMINATED); state++) {
        Case__StoredCase row = CASE__STORED_CASE__INIT;
        row.state = (Case__State) state;
        unsigned by_officials = 0;
        for (int action = 1; action <= ACTION(RECOMPUTE); action++) {
            const flow_t *flow = flow_of((Case__Action) action);
            if (flow->by == BY_OFFICIAL && flow->next)
                by_officials |= flow->from;
        }
        EXPECT(!!(by_officials & 1u << state) == !!*flow_waits_for(&row));
    }
}
