#include <qrencode.h>

#include "control.h"
#include "draw.h"

#define QUIET 4 /* modules around it: ISO/IEC 18004, 6.3.8 */

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

static void write_qr(const part_render_t *render)
{
    buffer_t *out = render->out;
    const char *text = control_text(render->arguments[0], render->arena);
    if (!text || strlen(text) > DRAW_QR_MAX)
        return;
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

const part_t part_qr = {"qr", false, parameters, NULL, write_qr};
