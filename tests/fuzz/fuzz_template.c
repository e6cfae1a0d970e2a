/* fuzz_template.c - the text of a page: compiled against static types, then rendered.
 *
 * The sources are ours, but a slip of the pen must be a fault with a line, never a crash.
 * Input: a letter ('p' page, 'l' loose and raw as the Mustache specification), then a template that
 * may also include itself as a partial.  Must hold: a template or faults, never neither; what pages
 * show of data is escaped. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buffer.h"
#include "check.h"
#include "datum.h"
#include "part.h"
#include "template.h"
#include "yiwang/case.pb-c.h"

#define EVIL "<&\"'>" /* every text there is */

static const datum_type_t detail_type = DATUM_TYPE_MESSAGE(case__case_detail__descriptor);
static const datum_type_t map_type = DATUM_TYPE_MAP(datum_type_text);
static const datum_name_t names[] = {{"case", &detail_type},
                                     {"text", &datum_type_text},
                                     {"number", &datum_type_int},
                                     {"time", &datum_type_time},
                                     {"list", &datum_type_texts},
                                     {"map", &map_type},
                                     {NULL, NULL}};
static const datum_type_t root_type = DATUM_TYPE_RECORD(names);

/* --- parts that show all they get ---------------------------------------------------- */

static const part_parameter_t parameters[] = {{"word", PART_WORD, 0, 0},
                                              {"value", PART_VALUE, 0, 0},
                                              {"option", PART_VALUE, PART_OPTION, 0},
                                              {NULL, 0, 0, 0}};

static void write_part(const part_render_t *render)
{
    for (size_t i = 0; i < 3; i++)
        part_show(render->out, render->arguments[i]);
    part_body(render);
}

static const part_t say = {"say", false, parameters, NULL, write_part};
static const part_t box = {"box", true, parameters, NULL, write_part};
static const part_t *const parts[] = {&say, &box, NULL};

/* --- data ------------------------------------------------------------------------------ */

static datum_t find(const datum_map_t *self, const char *name, size_t size)
{
    (void) self;
    CHECK(name[size] == 0);
    return datum_text(EVIL);
}

static const datum_t *data(void)
{
    static datum_t root[6], list[2];
    static const datum_map_t map = {find};
    static Case__CaseDetail detail = CASE__CASE_DETAIL__INIT;
    static Case__CaseSummary summary = CASE__CASE_SUMMARY__INIT;
    static Case__Material material = CASE__MATERIAL__INIT, *materials[] = {&material, &material};
    material.name = summary.number = summary.item_name = detail.item_code = EVIL;
    detail.summary = &summary;
    detail.materials = materials;
    detail.n_materials = 2;
    list[0] = list[1] = datum_text(EVIL);
    root[0] = datum_message(&detail.base);
    root[1] = datum_text(EVIL);
    root[2] = datum_int(7);
    root[3] = datum_time(1795420800000);
    root[4] = datum_array(list, 2);
    root[5] = datum_map(&map);
    return root;
}

/* --- one input ---------------------------------------------------------------------------- */

static bool find_partial(const void *owner, const char *name, size_t size, template_source_t *ret)
{
    *ret = *(const template_source_t *) owner;
    return size == 4 && memcmp(name, "self", 4) == 0;
}

/* Our own signs are in the source; without them there may be none in the output. */
static void check_escaped(const template_source_t *source, const buffer_t *out)
{
    bool ours =
        memchr(source->text, '<', source->size) || memmem(source->text, source->size, "lines", 5);
    if (!ours && out->size)
        CHECK(!memchr(out->data, '<', out->size));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static template_faults_t faults;
    if (size < 1 || size > 20000)
        return 0;
    bool loose = bytes[0] == 'l';
    template_source_t source = {"fuzz", (const char *) bytes + 1, size - 1, 1};
    template_options_t options = {.root = &root_type,
                                  .partial = find_partial,
                                  .owner = &source,
                                  .parts = parts,
                                  .raw = loose,
                                  .loose = loose};
    arena_t *arena = arena_new(8u << 20);
    faults.count = 0;
    const template_t *template = template_compile(&options, &source, arena, &faults);
    CHECK((template != NULL) == (faults.count == 0));
    if (template) {
        template_scope_t scope = {.root = data(), .arena = arena, .now_ms = 1795420800000};
        buffer_t out = buffer_new(1u << 20);
        const char *stop = template_render(template, &scope, &out);
        if (!stop && !loose)
            check_escaped(&source, &out);
        buffer_free(&out);
    }
    arena_free(&arena);
    return 0;
}
