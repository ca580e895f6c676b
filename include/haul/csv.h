/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * Reads CSV as RFC 4180 has it, strictly and as a stream: what is not CSV is told with line and column, and memory is
 * bounded by the longest row that is allowed.
 *
 * Strict: quotes only around a whole cell, a quote inside is doubled, every row has as many cells as the first, no
 * control character outside of quotes but TAB. Where we are more generous than the RFC: a row may end with LF alone,
 * cells are UTF-8 (RFC 7111), and a byte order mark at the beginning is passed over.
 *
 * A reader belongs to one thread.
 */
#ifndef HAUL_CSV_H
#define HAUL_CSV_H

#include "haul/buf.h"
#include "haul/err.h"

#include <stdio.h>

#define HAUL_CSV_CELLS_MAX 512
#define HAUL_CSV_ROW_MAX   (64 * 1024) /* bytes of a row, its line breaks and quotes included */

/* Reads up to cap bytes into `to`; OK with *n 0 at the end. */
typedef enum haul_err haul_csv_read_fn(void *arg, char *to, size_t cap, size_t *n, struct haul_error *e);
/* One for a FILE *. */
enum haul_err haul_csv_read_stdio(void *file, char *to, size_t cap, size_t *n, struct haul_error *e);

struct haul_csv_cell {
    struct haul_str text; /* without quotes */
    uint64_t line;        /* where it begins, both from 1; the column counts bytes */
    uint32_t column;
};
struct haul_csv_row {
    const struct haul_csv_cell *cells;
    size_t n;
    uint64_t line; /* where it begins */
};

struct haul_csv;
/* NULL: no memory. The first row sets the number of cells. */
struct haul_csv *haul_csv_open(haul_csv_read_fn *read, void *arg);
void haul_csv_close(struct haul_csv *c);
/* The next row, valid until the next call. END: no more. INVALID (not CSV, or another number of cells) and LIMIT (too
 * long, too many cells): *e says "line 7, column 12: …", and the next call goes on behind the end of the line in which
 * it was found. What the read function returns is passed on. */
enum haul_err haul_csv_next(struct haul_csv *c, struct haul_csv_row *row, struct haul_error *e);

#endif
