/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/engine/options_report.h"

#include "haul/json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define LINE_SHOWN   110 /* columns of a source line that are shown */
#define TEXTS_MAX    (256 * 1024)
#define INDENT       "    "
#define MESSAGE_MAX  1000
#define WIDE_COLUMNS 2

void report_init(struct haul_option_report *r, const char *name, struct haul_str source)
{
    *r = (struct haul_option_report){.name = name, .source = source};
    haul_buf_init(&r->texts, 1024, TEXTS_MAX);
}

void report_free(struct haul_option_report *r)
{
    haul_buf_free(&r->texts);
    free(r->marks);
    *r = (struct haul_option_report){0};
}

__attribute__((format(printf, 3, 0))) static void vfault(struct haul_option_report *r, size_t at, const char *format,
                                                         va_list args)
{
    char text[MESSAGE_MAX];
    const int n = vsnprintf(text, sizeof text, format, args);
    assert(n >= 0);
    r->total++;
    if (r->len == REPORT_FAULTS_MAX) return;
    const size_t len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    r->faults[r->len++] = (struct option_fault){.at = at, .from = r->texts.n, .len = len};
    haul_buf_put(&r->texts, text, len);
    assert(!r->texts.overflow);
}

void report_fault(struct haul_option_report *r, size_t at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfault(r, at, format, args);
    va_end(args);
}

bool report_full(const struct haul_option_report *r)
{
    return r->len == REPORT_FAULTS_MAX;
}

struct option_mark *report_mark(struct haul_option_report *r, const struct haul_option_set *set, const char *path,
                                size_t key_at, size_t value_at)
{
    if (r->marks_len == r->marks_cap) {
        r->marks_cap = r->marks_cap == 0 ? 64 : r->marks_cap * 2;
        r->marks = realloc(r->marks, r->marks_cap * sizeof *r->marks);
        assert(r->marks != NULL);
    }
    struct option_mark *m = &r->marks[r->marks_len++];
    *m = (struct option_mark){.set = set, .key_at = key_at, .value_at = value_at};
    snprintf(m->path, sizeof m->path, "%s", path);
    return m;
}

struct option_mark *report_find(struct haul_option_report *r, const struct haul_option_set *set, const char *path)
{
    for (size_t i = 0; i < r->marks_len; i++)
        if (r->marks[i].set == set && strcmp(r->marks[i].path, path) == 0) return &r->marks[i];
    return NULL;
}

/* The option itself, else the nearest group round it, else the section, else the file. */
static size_t place_of(struct haul_option_report *r, const char *path)
{
    char prefix[200];
    snprintf(prefix, sizeof prefix, "%s", path);
    const struct option_mark *exact = report_find(r, r->set, prefix);
    if (exact != NULL) return exact->value_at;
    for (;;) {
        char *dot = strrchr(prefix, '.');
        *(dot == NULL ? prefix : dot) = '\0';
        const struct option_mark *m = report_find(r, r->set, prefix);
        if (m != NULL) return m->key_at;
        if (dot == NULL) return REPORT_NOWHERE;
    }
}

/* A contradiction that hangs on a value that could not be read would only confuse. */
static bool hangs_on_bad(const struct haul_option_report *r, const char *path, const char *text)
{
    for (size_t i = 0; i < r->marks_len; i++) {
        const struct option_mark *m = &r->marks[i];
        if (m->set != r->set || !m->bad) continue;
        if (strcmp(m->path, path) == 0 || strstr(text, m->path) != NULL) return true;
    }
    return false;
}

void haul_option_complain(struct haul_option_report *r, const char *path, const char *format, ...)
{
    char text[MESSAGE_MAX - 100];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (hangs_on_bad(r, path, text)) return;
    report_fault(r, place_of(r, path), "%s.%.*s: %s", r->set->section, 100, path, text);
}

/* ---- writing ------------------------------------------------------------------------------------------------------
 */

void report_position(struct haul_str source, size_t at, unsigned *line, unsigned *column)
{
    *line = 1, *column = 1;
    const size_t mark = source.n >= 3 && memcmp(source.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* it is no character */
    for (size_t i = mark; i < at && i < source.n; i++) {
        const uint8_t c = (uint8_t)source.p[i];
        if (c == '\n')
            ++*line, *column = 1;
        else if ((c & 0xc0) != 0x80)
            ++*column;
    }
}

/* One character for the eye: its bytes, its width in columns. What could move the cursor is shown as a dot. */
struct glyph {
    const char *p;
    size_t bytes, source_bytes, columns;
};

static uint32_t code_point(const uint8_t *p, size_t n)
{
    if (n == 1) return p[0];
    uint32_t c = p[0] & (n == 2 ? 0x1fu : n == 3 ? 0x0fu : 0x07u);
    for (size_t i = 1; i < n; i++) c = c << 6 | (p[i] & 0x3fu);
    return c;
}

/* Wide by Unicode's East Asian Width, in ranges; combining marks take no column. */
static size_t columns_of(uint32_t c)
{
    static const struct {
        uint32_t from, to;
        size_t columns;
    } ranges[] = {
        {0x0300, 0x036f, 0},
        {0x1100, 0x115f, WIDE_COLUMNS},
        {0x200b, 0x200f, 0},
        {0x2e80, 0xa4cf, WIDE_COLUMNS},
        {0xac00, 0xd7a3, WIDE_COLUMNS},
        {0xf900, 0xfaff, WIDE_COLUMNS},
        {0xfe00, 0xfe0f, 0},
        {0xfeff, 0xfeff, 0},
        {0xfe30, 0xfe6f, WIDE_COLUMNS},
        {0xff00, 0xff60, WIDE_COLUMNS},
        {0xffe0, 0xffe6, WIDE_COLUMNS},
        {0x1f300, 0x1faff, WIDE_COLUMNS},
        {0x20000, 0x3fffd, WIDE_COLUMNS},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c >= ranges[i].from && c <= ranges[i].to) return ranges[i].columns;
    return 1;
}

static struct glyph glyph_at(const char *p, const char *end)
{
    const size_t n = haul_utf8_len((const uint8_t *)p, (const uint8_t *)end);
    if (n == 0) return (struct glyph){.p = "\xef\xbf\xbd", .bytes = 3, .source_bytes = 1, .columns = 1};
    const uint32_t c = code_point((const uint8_t *)p, n);
    if (c == '\t') return (struct glyph){.p = " ", .bytes = 1, .source_bytes = 1, .columns = 1};
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e))
        return (struct glyph){.p = ".", .bytes = 1, .source_bytes = n, .columns = 1};
    return (struct glyph){.p = p, .bytes = n, .source_bytes = n, .columns = columns_of(c)};
}

static struct haul_str line_round(struct haul_str source, size_t at, size_t *start)
{
    size_t from = at < source.n ? at : source.n, to = from;
    while (from > 0 && source.p[from - 1] != '\n') from--;
    while (to < source.n && source.p[to] != '\n') to++;
    if (to > from && source.p[to - 1] == '\r') to--;
    *start = from;
    return (struct haul_str){source.p + from, to - from};
}

static bool starts_with_word(const char *p, const char *end, const char *word)
{
    const size_t n = strlen(word);
    if ((size_t)(end - p) < n) return false;
    for (size_t i = 0; i < n; i++)
        if (tolower((unsigned char)p[i]) != word[i]) return false;
    return true;
}

/* Where in a line a secret that should not stand there may begin: behind a name such as password. */
static size_t secret_from(struct haul_str line)
{
    static const char *const words[] = {"password", "passwd", "secret", "token", "passphrase", "credential"};
    const char *end = line.p + line.n;
    for (const char *p = line.p; p < end; p++)
        for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
            if (!starts_with_word(p, end, words[w])) continue;
            const char *q = p;
            while (q < end && (isalnum((unsigned char)*q) || strchr("_-.\"'", *q) != NULL)) q++;
            if ((size_t)(q - p) >= 5 && memcmp(q - 5, "_file", 5) == 0) continue;
            return (size_t)(q - line.p);
        }
    return line.n;
}

bool report_secret(struct haul_str line)
{
    return secret_from(line) < line.n;
}

/* Columns that stand before the caret; a long line is shown from a little before it. */
static size_t shown_from(struct haul_str line, size_t caret)
{
    size_t columns = 0;
    for (size_t i = 0; i < caret && i < line.n;) {
        const struct glyph g = glyph_at(line.p + i, line.p + line.n);
        columns += g.columns, i += g.source_bytes;
    }
    if (columns < LINE_SHOWN - 20) return 0;
    size_t skip = columns - LINE_SHOWN / 2, i = 0, passed = 0;
    while (i < caret && passed < skip) {
        const struct glyph g = glyph_at(line.p + i, line.p + line.n);
        passed += g.columns, i += g.source_bytes;
    }
    return i;
}

static void write_source(struct haul_str source, size_t at, struct haul_buf *out)
{
    size_t start;
    const struct haul_str line = line_round(source, at, &start);
    const size_t caret = at - start < line.n ? at - start : line.n, from = shown_from(line, caret);
    const size_t secret = secret_from(line);
    size_t columns = from > 0 ? 2 : 0, before = columns;
    haul_buf_printf(out, INDENT "%s", from > 0 ? ".." : "");
    for (size_t i = from; i < line.n && columns < LINE_SHOWN;) {
        struct glyph g = glyph_at(line.p + i, line.p + line.n);
        if (i >= secret && strchr(" :=", *g.p) == NULL) g = (struct glyph){"*", 1, g.source_bytes, 1};
        haul_buf_put(out, g.p, g.bytes);
        if (i < caret) before += g.columns;
        columns += g.columns, i += g.source_bytes;
    }
    haul_buf_printf(out, "\n" INDENT "%*s^\n", (int)before, "");
}

static int by_place(const void *a, const void *b)
{
    const struct option_fault *x = a, *y = b;
    const size_t u = x->at + 1, v = y->at + 1; /* what has no place comes first */
    if (u != v) return u < v ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

void report_write(struct haul_option_report *r, struct haul_buf *out)
{
    qsort(r->faults, r->len, sizeof r->faults[0], by_place);
    for (size_t i = 0; i < r->len; i++) {
        const struct option_fault *f = &r->faults[i];
        const char *text = (const char *)r->texts.p + f->from;
        if (f->at == REPORT_NOWHERE) {
            haul_buf_printf(out, "%s: %.*s\n", r->name, (int)f->len, text);
            continue;
        }
        unsigned line, column;
        report_position(r->source, f->at, &line, &column);
        haul_buf_printf(out, "%s:%u:%u: %.*s\n", r->name, line, column, (int)f->len, text);
        write_source(r->source, f->at, out);
    }
    if (r->total > r->len) haul_buf_printf(out, "%s: and %u more\n", r->name, r->total - (unsigned)r->len);
}
