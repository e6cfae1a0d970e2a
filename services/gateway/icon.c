#include "icon.h"

#include <string.h>

#include "check.h"
#include "control.h"
#include "page.h"
#include "text.h"

#define SPRITE       "icons.svg"
#define SEGMENTS_MAX 200

/* --- {{@icon}} --------------------------------------------------------------------------- */

static const part_parameter_t icon_parameters[] = {{"name", PART_WORD, PART_REQUIRED, 0}, {0}};

static void check_icon(part_check_t *check)
{
    const part_argument_t *name = &check->arguments[0];
    const static_file_t *file = static_files_find(page_statics(check->page), SPAN(SPRITE));
    const char *id = arena_printf(check->arena, "id=\"%s\"", name->written);
    if (!file)
        part_fault(check, "static/" SPRITE " is not there");
    else if (name->fixed && id && !memmem(file->data, file->size, id, strlen(id)))
        part_fault(check, "static/" SPRITE " has no icon `%s`", name->written);
    if (file)
        check->kept = (void *) file->address; /* the set of pages holds the files */
}

static void write_icon(const part_render_t *render)
{
    buffer_text(render->out, "<svg class=\"icon\" aria-hidden=\"true\" focusable=\"false\""
                             " width=\"24\" height=\"24\"><use href=\"");
    part_escape_text(render->out, render->kept);
    buffer_char(render->out, '#');
    part_escape_text(render->out, control_plain(render->arguments[0], render->arena));
    buffer_text(render->out, "\"></use></svg>");
}

const part_t part_icon = {"icon", false, icon_parameters, check_icon, write_icon};

/* --- {{@static}} --------------------------------------------------------------------------- */

static const part_parameter_t static_parameters[] = {{"file", PART_WORD, PART_REQUIRED, 0}, {0}};

static void check_static(part_check_t *check)
{
    const part_argument_t *file = &check->arguments[0];
    if (!file->fixed)
        part_fault(check, "the name of a file of static/ cannot be made of others");
    else if (!static_files_address(page_statics(check->page), file->written))
        part_fault(check, "static/%s is not there", file->written);
    else
        check->kept = (void *) static_files_address(page_statics(check->page), file->written);
}

static void write_static(const part_render_t *render)
{
    part_escape_text(render->out, render->kept);
}

const part_t part_static = {"static", false, static_parameters, check_static, write_static};

/* --- {{@segments}} --------------------------------------------------------------------------- */

static const part_parameter_t segment_parameters[] = {
    {"list", PART_VALUE, PART_REQUIRED, 1u << DATUM_LIST}, {0}};

typedef struct {
    datum_path_t text, hit;
} segments_part_t;

static void check_segments(part_check_t *check)
{
    segments_part_t *kept = arena_alloc(check->arena, sizeof *kept);
    const datum_type_t *entry = check->arguments[0].type->entry;
    if (!kept || !entry)
        return; /* known to be empty */
    if ((entry->kind != DATUM_MESSAGE && entry->kind != DATUM_RECORD) ||
        datum_path(entry, "text", 4, check->arena, &kept->text) ||
        datum_path(entry, "hit", 3, check->arena, &kept->hit)) {
        part_fault(check, "segments are a list of {text, hit}, not %s",
                   datum_type_name(check->arguments[0].type, check->arena));
        return;
    }
    check->kept = kept;
}

static void write_segments(const part_render_t *render)
{
    const segments_part_t *kept = render->kept;
    datum_t list = render->arguments[0];
    for (size_t i = 0; kept && list.kind == DATUM_LIST && i < list.count && i < SEGMENTS_MAX; i++) {
        datum_t entry = datum_at(list, i);
        bool hit = datum_is_set(datum_follow(&kept->hit, entry));
        buffer_text(render->out, hit ? "<mark>" : "");
        part_show(render->out, datum_follow(&kept->text, entry));
        buffer_text(render->out, hit ? "</mark>" : "");
    }
}

const part_t part_segments = {"segments", false, segment_parameters, check_segments,
                              write_segments};
