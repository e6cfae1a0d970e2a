#include <qrencode.h>

#include "check.h"
#include "control.h"
#include "draw.h"

#define QUIET      4  /* modules around it: ISO/IEC 18004, 6.3.8 */
#define MEMORY_MAX 64 /* codes of a lane, some 5 kB each; in turns */

static const part_parameter_t parameters[] = {{"text", PART_VALUE, PART_REQUIRED, 1u << DATUM_TEXT},
                                              {0}};

/* Runs of dark modules of each row, as one path. */
static void write_modules(const QRcode *code, buffer_t *out)
{
    for (int y = 0; y < code->width; y++) {
        const unsigned char *row = code->data + (size_t) y * (size_t) code->width;
        for (int x = 0; x < code->width;) {
            int run = 0;
            while (x + run < code->width && row[x + run] & 1)
                run++;
            if (run)
                buffer_printf(out, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
            x += run ? run : 1;
        }
    }
}

static void draw(const char *text, buffer_t *out)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (!code)
        return;
    int size = code->width + 2 * QUIET;
    buffer_printf(out,
                  "<svg class=\"qr__svg\" viewBox=\"0 0 %d %d\" role=\"img\""
                  " shape-rendering=\"crispEdges\"><title>二维码</title><desc>",
                  size, size);
    part_escape_text(out, text);
    buffer_printf(out,
                  "</desc><rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>"
                  "<path fill=\"#000\" d=\"",
                  size, size);
    write_modules(code, out);
    buffer_text(out, "\"/></svg>");
    QRcode_free(code);
}

/* --- codes that were drawn last ------------------------------------------------------------ */

struct qr_memory {
    struct {
        char *text;
        buffer_t svg;
    } codes[MEMORY_MAX];
    size_t next; /* the one that makes room */
};

qr_memory_t *qr_memory_new(void)
{
    return xalloc(sizeof(qr_memory_t));
}

void qr_memory_free(qr_memory_t **self)
{
    for (size_t i = 0; *self && i < MEMORY_MAX; i++) {
        free((*self)->codes[i].text);
        buffer_free(&(*self)->codes[i].svg);
    }
    free(*self);
    *self = NULL;
}

static const buffer_t *remembered(qr_memory_t *self, const char *text)
{
    for (size_t i = 0; i < MEMORY_MAX && self->codes[i].text; i++)
        if (strcmp(self->codes[i].text, text) == 0)
            return &self->codes[i].svg;
    size_t at = self->next++ % MEMORY_MAX;
    free(self->codes[at].text);
    buffer_free(&self->codes[at].svg);
    self->codes[at].text = xstrdup(text);
    self->codes[at].svg = buffer_new(256u << 10);
    draw(text, &self->codes[at].svg);
    return &self->codes[at].svg;
}

static void write_qr(const part_render_t *render)
{
    const page_view_t *view = render->context;
    const char *text = control_text(render->arguments[0], render->arena);
    if (!text || strlen(text) > DRAW_QR_MAX)
        return;
    if (!view || !view->qr) {
        draw(text, render->out);
        return;
    }
    const buffer_t *svg = remembered(view->qr, text);
    buffer_put(render->out, svg->data, svg->size);
}

const part_t part_qr = {"qr", false, parameters, NULL, write_qr};
