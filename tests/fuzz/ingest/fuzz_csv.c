/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as CSV: the same rows and errors in whatever pieces it comes; what was read and is written with quotes
 * reads back the same; rows that have a header go through a mapping, whose records pack to what the decoder takes.
 */
#include "haul/csv.h"
#include "haul/mapping.h"

#include <stdlib.h>

struct pieces {
    const uint8_t *p;
    size_t n, size;
};

static enum haul_err read_pieces(void *arg, char *to, size_t cap, size_t *n, struct haul_error *e)
{
    (void)e;
    struct pieces *const p = arg;
    *n = p->n < p->size ? p->n : p->size;
    if (*n > cap) *n = cap;
    if (*n > 0) memcpy(to, p->p, *n);
    p->p += *n, p->n -= *n;
    return HAUL_OK;
}

static void must(bool good, const char *what)
{
    if (good) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

/* Every row with all cells in quotes; errors as they are said, behind a mark that no cell can have, when asked for. */
static void rewrite(const uint8_t *p, size_t n, size_t size, bool errors, struct haul_buf *out)
{
    struct pieces pieces = {p, n, size};
    struct haul_csv *const c = haul_csv_open(read_pieces, &pieces);
    struct haul_csv_row row;
    struct haul_error e;
    must(c != NULL, "no memory");
    haul_buf_clear(out);
    for (enum haul_err err; (err = haul_csv_next(c, &row, &e)) != HAUL_E_END;) {
        must(err == HAUL_OK || err == HAUL_E_INVALID || err == HAUL_E_LIMIT, "an error of another kind");
        if (err != HAUL_OK && errors) haul_buf_printf(out, "%c%s\n", 1, e.text);
        if (err != HAUL_OK) continue;
        for (size_t i = 0; i < row.n; i++) {
            haul_buf_put(out, i == 0 ? "\"" : ",\"", i == 0 ? 1 : 2);
            for (size_t k = 0; k < row.cells[i].text.n; k++) {
                if (row.cells[i].text.p[k] == '"') haul_buf_byte(out, '"');
                haul_buf_byte(out, (uint8_t)row.cells[i].text.p[k]);
            }
            haul_buf_byte(out, '"');
        }
        haul_buf_byte(out, '\n');
    }
    haul_csv_close(c);
}

static void same(const struct haul_buf *a, const struct haul_buf *b, const char *what)
{
    must(a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0), what);
}

static void check_record(const struct haul_record *r, struct haul_buf *out, struct haul_arena *scratch)
{
    static struct haul_record back;
    struct haul_message_cursor c;
    struct haul_refusal why;
    haul_buf_clear(out);
    haul_record_pack(r, out);
    must(haul_message_open(&c, (struct haul_str){(char *)out->p, out->n}, &why) &&
             haul_record_decode(&c, &back, scratch, &why),
         why.text);
}

/* The first line is the specification, "kind;map;set;zone"; the rest is the table. */
static void through_a_mapping(const uint8_t *p, size_t n, struct haul_buf *out, struct haul_arena *scratch)
{
    struct haul_str part[4] = {{NULL, 0}};
    const uint8_t *const end = p + n;
    for (int i = 0; i < 4; i++) {
        const uint8_t *const stop = memchr(p, i == 3 ? '\n' : ';', (size_t)(end - p));
        if (stop == NULL) return;
        part[i] = (struct haul_str){(const char *)p, (size_t)(stop - p)};
        p = stop + 1;
    }
    const struct haul_mapping_spec spec = {part[0], part[1], part[2], part[3]};
    struct pieces pieces = {p, (size_t)(end - p), 64};
    struct haul_csv *const c = haul_csv_open(read_pieces, &pieces);
    struct haul_mapping *m = NULL;
    struct haul_csv_row row;
    struct haul_error e;
    static struct haul_record r;
    must(c != NULL, "no memory");
    if (haul_csv_next(c, &row, &e) == HAUL_OK && haul_mapping_open(&spec, &row, &m, &e) == HAUL_OK)
        for (enum haul_err err; (err = haul_csv_next(c, &row, &e)) != HAUL_E_END;) {
            haul_arena_reset(scratch);
            if (err == HAUL_OK && haul_mapping_record(m, &row, &r, scratch, &e) == HAUL_OK)
                check_record(&r, out, scratch);
        }
    haul_mapping_close(m);
    haul_csv_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct haul_buf whole, parts, again;
    static struct haul_arena scratch;
    static const uint8_t nothing[1];
    if (scratch.base == NULL) {
        haul_buf_init(&whole, 1024, 1 << 24);
        haul_buf_init(&parts, 1024, 1 << 24);
        haul_buf_init(&again, 1024, 1 << 24);
        haul_arena_init(&scratch, 8 * HAUL_RECORD_MAX);
    }
    if (size == 0) data = nothing;
    rewrite(data, size, SIZE_MAX, true, &whole);
    rewrite(data, size, 1 + size % 5, true, &parts);
    same(&whole, &parts, "other pieces, other rows");
    rewrite(data, size, SIZE_MAX, false, &whole);
    rewrite(whole.p == NULL ? nothing : whole.p, whole.n, SIZE_MAX, false, &again);
    if (size < HAUL_CSV_ROW_MAX / 4) same(&whole, &again, "written and read again, it is not what it was");
    through_a_mapping(data, size, &again, &scratch);
    return 0;
}
