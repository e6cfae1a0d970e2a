#include "csv.h"
#include <string.h>

void csv_start(csv_t *self, const char *text, arena_t *arena)
{
    *self = (csv_t){.at = text, .arena = arena};
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        self->at += 3;
}

/* One cell; *last says that a line end or the end of the text follows.  A quote inside an unquoted
 * cell is itself. */
static char *read_cell(csv_t *self, bool *last)
{
    const char *at = self->at;
    bool quoted = *at == '"';
    size_t size = 0;
    if (!quoted) {
        size = strcspn(at, ",\r\n");
        char *cell = arena_copy(self->arena, at, size);
        at += size;
        *last = *at != ',';
        self->at = at + (*at == ',');
        return cell;
    }

    const char *end = at + 1;
    while (*end && !(end[0] == '"' && end[1] != '"'))
        end += end[0] == '"' ? 2 : 1;
    self->open_quote = *end == 0;
    char *cell = arena_alloc(self->arena, (size_t) (end - at) + 1);
    for (const char *from = at + 1; cell && from < end; from++) {
        cell[size++] = *from;
        if (*from == '"')
            from++;
    }
    at = *end ? end + 1 : end;
    at += strcspn(at, ",\r\n"); /* what stands behind the closing quote says nothing */
    *last = *at != ',';
    self->at = at + (*at == ',');
    return cell;
}

bool csv_next(csv_t *self, const char *cells[CSV_CELLS_MAX], size_t *ret_count)
{
    self->at += strspn(self->at, "\r\n");
    if (!*self->at)
        return false;
    size_t count = 0;
    for (bool last = false; !last;) {
        char *cell = read_cell(self, &last);
        if (!cell)
            return false;
        if (count < CSV_CELLS_MAX) {
            cells[count++] = cell;
        } else {
            cells[count - 1] = arena_printf(self->arena, "%s,%s", cells[count - 1], cell);
            if (!cells[count - 1])
                return false;
        }
    }
    *ret_count = count;
    return true;
}

void csv_put(buffer_t *out, const char *cell, bool first)
{
    if (!first)
        buffer_char(out, ',');
    if (!cell[strcspn(cell, ",\"\r\n")]) {
        buffer_text(out, cell);
        return;
    }
    buffer_char(out, '"');
    for (; *cell; cell++) {
        if (*cell == '"')
            buffer_char(out, '"');
        buffer_char(out, *cell);
    }
    buffer_char(out, '"');
}
