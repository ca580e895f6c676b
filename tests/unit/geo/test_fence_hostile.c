/* SPDX-License-Identifier: Apache-2.0
 * GeoJSON as it should not be: each text of tests/golden/fences has its verdict, and says why.
 */
#include "haul/fence.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/hostile.h"

static const char *const frames[][2] = {
    {"@polygon@", "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"id\":\"a\"},"
                  "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":"},
    {"@point@", "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"id\":\"a\","
                "\"radius_m\":500},\"geometry\":{\"type\":\"Point\",\"coordinates\":"},
    {"@line@", "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"id\":\"a\","
               "\"width_m\":50},\"geometry\":{\"type\":\"LineString\",\"coordinates\":"},
    {"@end@", "}}]}"},
};

struct heard {
    struct haul_buf text, notes, blob;
    unsigned wrong;
};

static void frame(struct haul_str in, struct haul_buf *out)
{
    haul_buf_clear(out);
    for (size_t at = 0; at < in.n; at++) {
        size_t i = 0;
        while (i < 4 &&
               (in.n - at < strlen(frames[i][0]) || memcmp(in.p + at, frames[i][0], strlen(frames[i][0])) != 0))
            i++;
        if (i == 4) {
            haul_buf_byte(out, (uint8_t)in.p[at]);
            continue;
        }
        haul_buf_str(out, haul_str_of(frames[i][1]));
        at += strlen(frames[i][0]) - 1;
    }
    assert_false(out->overflow);
}

static void note(void *arg, enum haul_fence_verdict verdict, size_t feature, const char *id, const char *text)
{
    (void)verdict;
    haul_buf_printf(arg, "%zu %s %s\n", feature, id, text);
}

static void judge(void *arg, const struct hostile_case *c)
{
    struct heard *const h = arg;
    struct haul_error e = {0};
    frame(c->text, &h->text);
    haul_buf_clear(&h->notes);
    haul_buf_clear(&h->blob);
    const struct haul_str text = {(const char *)h->text.p, h->text.n};
    const enum haul_err err = haul_fences_prepare(text, &h->blob, note, &h->notes, NULL, &e);
    const char *const got = err == HAUL_OK ? "ok" : err == HAUL_E_LIMIT ? "limit" : "invalid";
    haul_buf_str(&h->notes, haul_str_of(err == HAUL_OK ? "" : e.text));
    const bool said = haul_str_eq(c->says, HAUL_STR("-")) || memmem(h->notes.p, h->notes.n, c->says.p, c->says.n);
    if (!haul_str_eq(c->verdict, haul_str_of(got)) || !said) {
        print_error("%.*s: %s: %.*s\n", (int)c->name.n, c->name.p, got, (int)h->notes.n, (const char *)h->notes.p);
        h->wrong++;
    }
    if (err != HAUL_OK)
        assert_true(h->blob.n == 0 && e.text[0] != '\0');
    else
        assert_int_equal(haul_fences_check(h->blob.p, h->blob.n, &e), HAUL_OK);
}

static void each_has_its_verdict(void **state)
{
    (void)state;
    struct heard h = {.wrong = 0};
    haul_buf_init(&h.text, 4096, HOSTILE_TEXT_MAX);
    haul_buf_init(&h.notes, 4096, HOSTILE_TEXT_MAX);
    haul_buf_init(&h.blob, 4096, HOSTILE_TEXT_MAX);
    const size_t n = hostile_each("tests/golden/fences/hostile.txt", judge, &h);
    print_message("# %zu texts\n", n);
    haul_buf_free(&h.text);
    haul_buf_free(&h.notes);
    haul_buf_free(&h.blob);
    assert_int_equal(h.wrong, 0);
    assert_true(n >= 60);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(each_has_its_verdict)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
