/* SPDX-License-Identifier: Apache-2.0
 * RFC 4180 as a machine of four states over one byte at a time.
 *
 *     START ──"──► QUOTED ◄──"── CLOSING        START, PLAIN and CLOSING end their cell at a comma, and the row at a
 *       │             └─────"──────►  │         line break or the end; QUOTED ends at nothing else than a quote
 *       └──other──► PLAIN             └─ anything but a quote, a comma or a line break is an error
 */
#include "haul/csv.h"

#include "haul/json.h"

#include <stdlib.h>

#define INPUT_BYTES (64 * 1024)

enum state { START, PLAIN, QUOTED, CLOSING };

struct haul_csv {
    haul_csv_read_fn *read;
    void *arg;
    size_t at, len; /* of input */
    bool begun, ended;
    enum haul_err broken; /* what the read function returned: told again by every further call */
    struct haul_error why;
    uint64_t line; /* of the next byte */
    uint32_t column;
    size_t row_bytes, text_len, cells_len, columns;
    struct haul_csv_cell cells[HAUL_CSV_CELLS_MAX];
    char text[HAUL_CSV_ROW_MAX], input[INPUT_BYTES];
};

enum haul_err haul_csv_read_stdio(void *file, char *to, size_t cap, size_t *n, struct haul_error *e)
{
    *n = fread(to, 1, cap, file);
    if (*n == 0 && ferror((FILE *)file)) return haul_fail(e, HAUL_E_IO, "cannot read");
    return HAUL_OK;
}

struct haul_csv *haul_csv_open(haul_csv_read_fn *read, void *arg)
{
    struct haul_csv *const c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->read = read;
    c->arg = arg;
    c->line = c->column = 1;
    return c;
}

void haul_csv_close(struct haul_csv *c)
{
    free(c);
}

/* ---- bytes ---------------------------------------------------------------------------------------------------------
 */
/* Adds to the input behind what is not yet taken. False: the end, or broken. */
static bool fill(struct haul_csv *c)
{
    if (c->ended || c->broken != HAUL_OK) return false;
    if (c->at == c->len) c->at = c->len = 0;
    size_t n = 0;
    c->broken = c->read(c->arg, c->input + c->len, sizeof c->input - c->len, &n, &c->why);
    if (c->broken != HAUL_OK) return false;
    assert(n <= sizeof c->input - c->len);
    c->ended = n == 0;
    c->len += n;
    return n > 0;
}

/* The next byte, or -1. */
static int take(struct haul_csv *c)
{
    if (c->at == c->len && !fill(c)) return -1;
    const uint8_t byte = (uint8_t)c->input[c->at++];
    c->row_bytes++;
    c->column++;
    if (byte == '\n') c->line++, c->column = 1;
    return byte;
}

static void pass_over_mark(struct haul_csv *c)
{
    while (c->len < 3 && fill(c)) continue;
    if (c->len >= 3 && memcmp(c->input, "\xef\xbb\xbf", 3) == 0) c->at = 3;
    c->begun = true;
}

/* ---- errors --------------------------------------------------------------------------------------------------------
 */
/* After an error: to the beginning of the next line, unless the line break was taken already. */
static void pass_over_line(struct haul_csv *c)
{
    while (c->column != 1 && take(c) >= 0) continue;
}

static enum haul_err not_csv(struct haul_csv *c, struct haul_error *e, uint64_t line, uint32_t column, const char *what)
{
    const enum haul_err err =
        haul_fail(e, HAUL_E_INVALID, "line %llu, column %u: %s", (unsigned long long)line, column, what);
    pass_over_line(c);
    return err;
}

/* About the byte that was just taken: at `line` and `column`. */
struct where {
    uint64_t line;
    uint32_t column;
};

static enum haul_err too_much(struct haul_csv *c, struct haul_error *e, const char *what, int limit, const char *unit)
{
    const enum haul_err err = haul_fail(e, HAUL_E_LIMIT, "line %llu, column %u: %s; at most %d %s are allowed",
                                        (unsigned long long)c->line, c->column, what, limit, unit);
    pass_over_line(c);
    return err;
}

/* ---- cells ---------------------------------------------------------------------------------------------------------
 */
static bool open_cell(struct haul_csv *c, struct where at)
{
    if (c->cells_len == HAUL_CSV_CELLS_MAX) return false;
    c->cells[c->cells_len++] = (struct haul_csv_cell){{c->text + c->text_len, 0}, at.line, at.column};
    return true;
}

static void add(struct haul_csv *c, int byte)
{
    assert(c->text_len < sizeof c->text); /* the row's bytes are counted */
    c->text[c->text_len++] = (char)byte;
    c->cells[c->cells_len - 1].text.n++;
}

static bool ends_cell(int byte)
{
    return byte < 0 || byte == ',' || byte == '\r' || byte == '\n';
}

/* What follows from a byte in a state that does not end the cell; NULL, or what is wrong with it. */
static const char *inside(struct haul_csv *c, enum state *state, int byte)
{
    switch (*state) {
    case START:
        *state = byte == '"' ? QUOTED : PLAIN;
        if (byte == '"') return NULL;
        break;
    case PLAIN:
        break;
    case QUOTED:
        if (byte == '"') {
            *state = CLOSING;
            return NULL;
        }
        if (byte == '\0') return "a NUL byte";
        add(c, byte);
        return NULL;
    case CLOSING:
        if (byte != '"') return "something stands between the closing quote and the comma";
        *state = QUOTED;
        add(c, byte);
        return NULL;
    }
    if (byte == '"') return "a quote inside a cell that does not begin with one";
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return "a control character";
    add(c, byte);
    return NULL;
}

/* Reads one cell; *last is the byte that ended it (-1: the end of the input). */
static enum haul_err read_cell(struct haul_csv *c, int *last, struct haul_error *e)
{
    enum state state = START;
    const struct where begin = {c->line, c->column};
    if (!open_cell(c, begin)) return too_much(c, e, "too many cells", HAUL_CSV_CELLS_MAX, "cells");
    for (;;) {
        const struct where at = {c->line, c->column};
        if (c->row_bytes == HAUL_CSV_ROW_MAX) return too_much(c, e, "the row is too long", HAUL_CSV_ROW_MAX, "bytes");
        *last = take(c);
        if (*last < 0 && state == QUOTED)
            return not_csv(c, e, begin.line, begin.column, "the quoted cell that begins here does not end");
        if (state != QUOTED && ends_cell(*last)) break;
        const char *const wrong = inside(c, &state, *last);
        if (wrong != NULL) return not_csv(c, e, at.line, at.column, wrong);
    }
    const struct where at = {c->line, c->column};
    if (*last == '\r' && take(c) != '\n')
        return not_csv(c, e, at.line, at.column - 1, "a carriage return without a line feed");
    if (!haul_utf8_valid(c->cells[c->cells_len - 1].text))
        return not_csv(c, e, begin.line, begin.column, "the cell that begins here is not valid UTF-8");
    return HAUL_OK;
}

enum haul_err haul_csv_next(struct haul_csv *c, struct haul_csv_row *row, struct haul_error *e)
{
    if (!c->begun) pass_over_mark(c);
    const uint64_t line = c->line;
    c->row_bytes = c->text_len = c->cells_len = 0;
    if (c->at == c->len && !fill(c)) {
        if (c->broken != HAUL_OK) return haul_fail(e, c->broken, "%s", c->why.text);
        return haul_fail(e, HAUL_E_END, "no more rows");
    }
    for (int last = ','; last == ',';) {
        const enum haul_err err = read_cell(c, &last, e);
        if (c->broken != HAUL_OK) return haul_fail(e, c->broken, "%s", c->why.text);
        if (err != HAUL_OK) return err;
    }
    if (c->columns == 0) c->columns = c->cells_len;
    if (c->cells_len != c->columns)
        return haul_fail(e, HAUL_E_INVALID, "line %llu, column 1: %zu cells; expected %zu, as in the first row",
                         (unsigned long long)line, c->cells_len, c->columns);
    *row = (struct haul_csv_row){c->cells, c->cells_len, line};
    return HAUL_OK;
}
