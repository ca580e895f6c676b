/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Hands out a text in pieces of a given size. */
struct pieces {
    struct haul_str text;
    size_t at, size;
    enum haul_err at_end;
};

static enum haul_err read_pieces(void *arg, char *to, size_t cap, size_t *n, struct haul_error *e)
{
    struct pieces *const p = arg;
    *n = p->text.n - p->at;
    if (*n == 0 && p->at_end != HAUL_OK) return haul_fail(e, p->at_end, "the disk is gone");
    if (*n > p->size) *n = p->size;
    if (*n > cap) *n = cap;
    if (*n > 0) memcpy(to, p->text.p + p->at, *n);
    p->at += *n;
    return HAUL_OK;
}

/* All rows as text: cells in <>, a row a line; errors as they are said. */
static void listed(struct haul_str text, size_t size, struct haul_buf *out)
{
    struct pieces p = {text, 0, size, HAUL_OK};
    struct haul_csv *const c = haul_csv_open(read_pieces, &p);
    struct haul_csv_row row;
    struct haul_error e;
    assert_non_null(c);
    haul_buf_clear(out);
    for (enum haul_err err = HAUL_OK; (err = haul_csv_next(c, &row, &e)) != HAUL_E_END;) {
        if (err != HAUL_OK)
            haul_buf_printf(out, "%s", e.text);
        else
            for (size_t i = 0; i < row.n; i++)
                haul_buf_printf(out, "<%.*s>", (int)row.cells[i].text.n, row.cells[i].text.p);
        haul_buf_byte(out, '\n');
    }
    assert_int_equal(haul_csv_next(c, &row, &e), HAUL_E_END);
    haul_csv_close(c);
}

static const struct {
    const char *name, *text, *want;
} cases[] = {
    /* RFC 4180, section 2, its own examples */
    {"rule 1: CRLF", "aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n", "<aaa><bbb><ccc>\n<zzz><yyy><xxx>\n"},
    {"rule 2: the last has none", "aaa,bbb,ccc\r\nzzz,yyy,xxx", "<aaa><bbb><ccc>\n<zzz><yyy><xxx>\n"},
    {"rule 4: spaces belong to the cell", " a ,b\r\n", "< a ><b>\n"},
    {"rule 5: quotes", "\"aaa\",\"bbb\",\"ccc\"\r\nzzz,yyy,xxx", "<aaa><bbb><ccc>\n<zzz><yyy><xxx>\n"},
    {"rule 6: line breaks in quotes", "\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,yyy,xxx",
     "<aaa><b\r\nbb><ccc>\n<zzz><yyy><xxx>\n"},
    {"rule 7: doubled quotes", "\"aaa\",\"b\"\"bb\",\"ccc\"", "<aaa><b\"bb><ccc>\n"},
    {"nothing", "", ""},
    {"LF alone", "a,b\nc,d\n", "<a><b>\n<c><d>\n"},
    {"empty cells", ",\n,\n", "<><>\n<><>\n"},
    {"an empty quoted cell", "\"\",x\n", "<><x>\n"},
    {"only quotes", "\"\"\"\"\n", "<\">\n"},
    {"a comma in quotes", "\"a,b\",c\n", "<a,b><c>\n"},
    {"one column, an empty row", "a\n\nb\n", "<a>\n<>\n<b>\n"},
    {"byte order mark",
     "\xef\xbb\xbf"
     "a,b\n",
     "<a><b>\n"},
    {"byte order mark and a quote", "\xef\xbb\xbf\"a\",b\n", "<a><b>\n"},
    {"UTF-8", "\xe8\xb5\xa3,\xc3\xa9\n", "<\xe8\xb5\xa3><\xc3\xa9>\n"},
    {"TAB", "a\tb,c\n", "<a\tb><c>\n"},
    /* what is not CSV, and that the next line goes on */
    {"a quote inside", "a,b\nc,d\"e\nf,g\n",
     "<a><b>\nline 2, column 4: a quote inside a cell that does not begin with one\n<f><g>\n"},
    {"text behind the quote", "a,b\n\"c\"d,e\nf,g\n",
     "<a><b>\nline 2, column 4: something stands between the closing quote and the comma\n<f><g>\n"},
    {"a space behind the quote", "\"a\" ,b\nc,d\n",
     "line 1, column 4: something stands between the closing quote and the comma\n<c><d>\n"},
    {"a quote that does not close", "a,b\nc,\"d\ne,f\n",
     "<a><b>\nline 2, column 3: the quoted cell that begins here does not end\n"},
    {"too few cells", "a,b\nc\nd,e\n", "<a><b>\nline 2, column 1: 1 cells; expected 2, as in the first row\n<d><e>\n"},
    {"too many cells", "a,b\nc,d,e\nf,g",
     "<a><b>\nline 2, column 1: 3 cells; expected 2, as in the first row\n<f><g>\n"},
    {"an empty line", "a,b\n\nc,d\n", "<a><b>\nline 2, column 1: 1 cells; expected 2, as in the first row\n<c><d>\n"},
    {"CR alone", "a,b\rc,d\ne,f\n", "line 1, column 4: a carriage return without a line feed\n<e><f>\n"},
    {"CR at the end", "a,b\r", "line 1, column 4: a carriage return without a line feed\n"},
    {"CR CR LF", "a,b\r\r\nc,d\n", "line 1, column 4: a carriage return without a line feed\n<c><d>\n"},
    {"a control character", "a,b\n\x01,c\nd,e\n", "<a><b>\nline 2, column 1: a control character\n<d><e>\n"},
    {"not UTF-8", "a,b\nc,\xb8\xd3\nd,e\n",
     "<a><b>\nline 2, column 3: the cell that begins here is not valid UTF-8\n<d><e>\n"},
    {"not UTF-8, inside the row", "a,b\n\xff,c\nd,e\n",
     "<a><b>\nline 2, column 1: the cell that begins here is not valid UTF-8\n<d><e>\n"},
    {"lines inside quotes count", "a,b\n\"c\n\n\",d\ne,f\"\n",
     "<a><b>\n<c\n\n><d>\nline 5, column 4: a quote inside a cell that does not begin with one\n"},
};

static void rows_and_errors(void **state)
{
    (void)state;
    struct haul_buf out;
    haul_buf_init(&out, 1024, 1 << 16);
    static const size_t sizes[] = {1, 2, 3, 7, 65536};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            listed(haul_str_of(cases[i].text), sizes[s], &out);
            if (!haul_str_eq((struct haul_str){(char *)out.p, out.n}, haul_str_of(cases[i].want)))
                fail_msg("%s, in pieces of %zu:\n%.*s", cases[i].name, sizes[s], (int)out.n, (char *)out.p);
        }
    haul_buf_free(&out);
}

static void a_nul_byte(void **state)
{
    (void)state;
    struct haul_buf out;
    haul_buf_init(&out, 1024, 1 << 16);
    listed((struct haul_str){"a,b\n\"c\0\",d\ne\0,f\ng,h\n", 20}, 9, &out);
    haul_buf_byte(&out, '\0');
    assert_string_equal((char *)out.p,
                        "<a><b>\nline 2, column 3: a NUL byte\nline 3, column 2: a control character\n<g><h>\n");
    haul_buf_free(&out);
}

/* A row of exactly the limit passes, one byte more does not, and what follows goes on. */
static void limits(void **state)
{
    (void)state;
    struct haul_buf text, out;
    haul_buf_init(&text, 1024, 1 << 20);
    haul_buf_init(&out, 1024, 1 << 20);
    for (int more = 0; more < 2; more++) {
        haul_buf_clear(&text);
        for (int i = 0; i < HAUL_CSV_ROW_MAX - 1 + more; i++) haul_buf_byte(&text, 'x');
        haul_buf_put(&text, "\ny\n", 3);
        listed((struct haul_str){(char *)text.p, text.n}, 4096, &out);
        const char *const want = "line 1, column 65537: the row is too long; at most 65536 bytes are allowed\n<y>\n";
        assert_true((out.n == strlen(want) && memcmp(out.p, want, out.n) == 0) == (more == 1));
        assert_memory_equal(out.p + out.n - 4, "<y>\n", 4);
    }
    for (int more = 0; more < 2; more++) {
        haul_buf_clear(&text);
        for (int i = 0; i < HAUL_CSV_CELLS_MAX - 1 + more; i++) haul_buf_byte(&text, ',');
        haul_buf_byte(&text, '\n');
        listed((struct haul_str){(char *)text.p, text.n}, 4096, &out);
        assert_int_equal(out.n, more == 0
                                    ? 2 * HAUL_CSV_CELLS_MAX + 1
                                    : strlen("line 1, column 513: too many cells; at most 512 cells are allowed\n"));
    }
    haul_buf_free(&text);
    haul_buf_free(&out);
}

static void places_of_cells(void **state)
{
    (void)state;
    struct pieces p = {HAUL_STR("ab,\"c\nd\",e\n1,2,3\n"), 0, 5, HAUL_OK};
    struct haul_csv *const c = haul_csv_open(read_pieces, &p);
    struct haul_csv_row row;
    assert_int_equal(haul_csv_next(c, &row, NULL), HAUL_OK);
    assert_int_equal(row.line, 1);
    assert_int_equal(row.cells[1].line, 1);
    assert_int_equal(row.cells[1].column, 4);
    assert_int_equal(row.cells[2].line, 2);
    assert_int_equal(row.cells[2].column, 4);
    assert_int_equal(haul_csv_next(c, &row, NULL), HAUL_OK);
    assert_int_equal(row.line, 3);
    assert_int_equal(row.cells[2].column, 5);
    haul_csv_close(c);
}

static void a_broken_source_is_told_and_told_again(void **state)
{
    (void)state;
    struct pieces p = {HAUL_STR("a,b\nc,"), 0, 3, HAUL_E_IO};
    struct haul_csv *const c = haul_csv_open(read_pieces, &p);
    struct haul_csv_row row;
    struct haul_error e;
    assert_int_equal(haul_csv_next(c, &row, &e), HAUL_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(haul_csv_next(c, &row, &e), HAUL_E_IO);
        assert_string_equal(e.text, "the disk is gone");
    }
    haul_csv_close(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_errors),
        cmocka_unit_test(a_nul_byte),
        cmocka_unit_test(limits),
        cmocka_unit_test(places_of_cells),
        cmocka_unit_test(a_broken_source_is_told_and_told_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
