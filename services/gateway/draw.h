/* draw.h - drawings made by the server: the way of a case or an item, charts, QR codes.
 *
 *   flow.c    {{@flow case}}: a column of boxes, 320 units wide, so that it can be read on
 *             any phone; the same in words in its <desc>
 *   chart.c   {{@bars}} {{@columns}} {{@donut}}: bars and slices are drawn, texts and numbers
 *             are HTML, so they break into lines, grow with the reader's type and can be read aloud
 *   qr.c      {{@qr}}: the only file that knows libqrencode
 *
 * No styles in attributes (the CSP forbids them): shapes carry presentation attributes and classes,
 * colours are in static/site.css ("charts and drawings"). */
#pragma once
#include "part.h"

#define DRAW_STEPS_MAX   70  /* of a way: 50 stages and what stands around them */
#define DRAW_ENTRIES_MAX 62  /* of a chart: two months of days */
#define DRAW_SLICES_MAX  6   /* of a ring: as many colours; the rest is one */
#define DRAW_QR_MAX      500 /* bytes of a text in a QR code */

extern const part_t part_flow;                           /* flow.c */
extern const part_t part_bars, part_columns, part_donut; /* chart.c */
extern const part_t part_qr;                             /* qr.c */

/* Codes that were drawn last.  A code costs more than all the rest of a page, and the same page is
 * asked for again and again.  A lane's; page_view_t has it. */
typedef struct qr_memory qr_memory_t;
qr_memory_t *qr_memory_new(void);
void qr_memory_free(qr_memory_t **self);
