/* SPDX-License-Identifier: Apache-2.0
 * Reading fences: what is taken, mended and refused, and what the parts of a fence mean. The test of points against
 * libgeos is tests/property/geo/test_fence.c.
 */
#include "haul/fence.h"

#include "haul/math.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct set {
    struct haul_buf blob, notes;
    struct haul_fence_counts counts;
    struct haul_error e;
    enum haul_err err;
    const struct haul_fences *f;
};

static void note(void *arg, enum haul_fence_verdict v, size_t feature, const char *id, const char *text)
{
    haul_buf_printf(arg, "%d %zu %s %s\n", (int)v, feature, id, text);
}

static struct set prepare(const char *features)
{
    struct set s = {0};
    struct haul_buf text;
    haul_buf_init(&text, 4096, 1 << 20);
    haul_buf_init(&s.blob, 4096, 1 << 22);
    haul_buf_init(&s.notes, 4096, 1 << 20);
    haul_buf_printf(&text, "{\"type\":\"FeatureCollection\",\"features\":[%s]}", features);
    s.err =
        haul_fences_prepare((struct haul_str){(const char *)text.p, text.n}, &s.blob, note, &s.notes, &s.counts, &s.e);
    haul_buf_free(&text);
    haul_buf_byte(&s.notes, 0);
    if (s.err != HAUL_OK) return s;
    if (haul_fences_check(s.blob.p, s.blob.n, &s.e) != HAUL_OK) fail_msg("%s", s.e.text);
    s.f = haul_fences_of(s.blob.p);
    return s;
}

static void discard(struct set *s)
{
    haul_buf_free(&s->blob);
    haul_buf_free(&s->notes);
}

static const char *feature(const char *properties, const char *type, const char *coordinates)
{
    static char text[4][4096];
    static unsigned at;
    char *out = text[at++ % 4];
    snprintf(out, sizeof text[0],
             "{\"type\":\"Feature\",\"properties\":{%s},\"geometry\":{\"type\":\"%s\",\"coordinates\":%s}}", properties,
             type, coordinates);
    return out;
}

#define SQUARE "[[[115,28],[115.1,28],[115.1,28.1],[115,28.1],[115,28]]]"

static void each_is_taken_mended_or_refused_with_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *properties, *type, *coordinates;
        enum haul_err err;
        const char *notes;
    } rows[] = {
        {"\"id\":\"a\"", "Polygon", SQUARE, HAUL_OK, ""},
        {"\"id\":17", "Polygon", SQUARE, HAUL_OK, ""},
        {"\"id\":\"a\",\"colour\":\"red\"", "Polygon", SQUARE, HAUL_OK,
         "0 0 a property 'colour' is not known: ignored"},
        {"\"id\":\"a\"", "Polygon", "[[[115,28],[115.1,28],[115.1,28.1]]]", HAUL_OK,
         "1 0 a a ring is not closed: closed"},
        {"\"id\":\"a\"", "Polygon", "[[[115,28],[115.1,28.1],[115.1,28],[115,28.1],[115,28]]]", HAUL_OK,
         "1 0 a Self-intersection at 115.0500000, 28.0500000: taken as 2 polygons"},
        {"\"id\":\"a\"", "MultiPolygon", "[" SQUARE "," SQUARE "]", HAUL_OK, "taken as 1 polygon of"},
        {"\"id\":\"a\"", "Polygon", "[[[115,28],[115.1,28],[115,28]]]", HAUL_E_INVALID,
         "fewer than three different corners"},
        {"\"id\":\"a\"", "Polygon", "[[[115,28],[115.1,28],[115.2,28],[115,28]]]", HAUL_E_INVALID,
         "nothing of it is an area"},
        {"\"id\":\"a\"", "Polygon", "[[[115,28],[115.00000001,28],[115.00000001,28.00000001],[115,28]]]",
         HAUL_E_INVALID, "fewer than three different corners"},
        {"\"id\":\"a\"", "Polygon", "[[[179,0],[-179,0],[-179,1],[179,1],[179,0]]]", HAUL_E_INVALID, "antimeridian"},
        {"\"id\":\"a\"", "Polygon", "[[[115,28],[115.1,91],[115.1,28.1],[115,28]]]", HAUL_E_INVALID,
         "not on the Earth"},
        {"\"id\":\"a\"", "Polygon", "[[[115,28],[115.1],[115.1,28.1],[115,28]]]", HAUL_E_INVALID, "a position is not"},
        {"\"id\":\"a\"", "Polygon", "[]", HAUL_E_INVALID, "no ring"},
        {"", "Polygon", SQUARE, HAUL_E_INVALID, "2 0  id: expected a text of 1 to 24 bytes"},
        {"\"id\":\"abcdefghijklmnopqrstuvwxyz\"", "Polygon", SQUARE, HAUL_E_INVALID, "id: expected a text"},
        {"\"id\":\"a\"", "Point", "[115,28]", HAUL_E_INVALID, "2 0 a a Point needs radius_m"},
        {"\"id\":\"a\",\"radius_m\":50", "Point", "[115,28]", HAUL_OK, ""},
        {"\"id\":\"a\",\"radius_m\":50", "Point", "[179.9999,0]", HAUL_E_INVALID, "antimeridian"},
        {"\"id\":\"a\",\"radius_m\":-1", "Point", "[115,28]", HAUL_E_INVALID, "radius_m: expected a number from 1"},
        {"\"id\":\"a\"", "LineString", "[[115,28],[116,28]]", HAUL_E_INVALID, "needs width_m"},
        {"\"id\":\"a\",\"width_m\":50", "LineString", "[[115,28],[116,28]]", HAUL_OK, ""},
        {"\"id\":\"a\",\"width_m\":50", "LineString", "[[115,28],[115,28]]", HAUL_E_INVALID, "two different corners"},
        {"\"id\":\"a\"", "MultiPoint", "[[115,28]]", HAUL_E_INVALID, "a MultiPoint is no fence"},
        {"\"id\":\"a\",\"kind\":\"inside\"", "Polygon", SQUARE, HAUL_E_INVALID, "expected inclusive or exclusive"},
        {"\"id\":\"a\",\"alerts\":[\"leave\"]", "Polygon", SQUARE, HAUL_E_INVALID, "alerts: expected enter"},
        {"\"id\":\"a\",\"zone\":\"8\"", "Polygon", SQUARE, HAUL_E_INVALID, "zone: expected an offset"},
        {"\"id\":\"a\",\"windows\":[{\"from\":\"22:00\"}]", "Polygon", SQUARE, HAUL_E_INVALID, "windows: each needs"},
        {"\"id\":\"a\",\"windows\":[{\"from\":\"22:00\",\"to\":\"24:01\"}]", "Polygon", SQUARE, HAUL_E_INVALID,
         "windows"},
        {"\"id\":\"a\",\"windows\":[{\"from\":\"22:00\",\"to\":\"23:00\",\"days\":[\"someday\"]}]", "Polygon", SQUARE,
         HAUL_E_INVALID, "days are mon"},
        {"\"id\":\"a\",\"groups\":[\"\"]", "Polygon", SQUARE, HAUL_E_INVALID, "groups"},
        {"\"id\":\"a\",\"enter_s\":\"5\"", "Polygon", SQUARE, HAUL_E_INVALID, "enter_s: expected a number"},
        {"\"id\":\"a\",\"crs\":\"mars\"", "Polygon", SQUARE, HAUL_E_INVALID, "crs: expected wgs84"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct set s = prepare(feature(rows[i].properties, rows[i].type, rows[i].coordinates));
        const char *notes = (const char *)s.notes.p;
        if (s.err != rows[i].err || strstr(notes, rows[i].notes) == NULL)
            fail_msg("row %zu: error %d, notes '%s'", i, (int)s.err, notes);
        if (rows[i].notes[0] == '\0') assert_string_equal(notes, "");
        assert_int_equal(s.counts.fences, s.err == HAUL_OK ? 1 : 0);
        discard(&s);
    }
}

static void what_is_not_a_set_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{\"type\":\"Feature\"}",
                                        "{\"type\":\"FeatureCollection\"}",
                                        "{\"type\":\"FeatureCollection\",\"features\":{}}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct haul_buf blob;
        struct haul_error e;
        haul_buf_init(&blob, 64, 4096);
        assert_int_equal(haul_fences_prepare(haul_str_of(texts[i]), &blob, NULL, NULL, NULL, &e), HAUL_E_INVALID);
        haul_buf_free(&blob);
    }
    struct set s =
        prepare("{\"type\":\"Feature\",\"id\":\"x\"},7,{\"type\":\"Feature\",\"id\":\"y\",\"geometry\":null}");
    assert_int_equal(s.err, HAUL_E_INVALID);
    assert_int_equal(s.counts.refused, 3); /* all of them are told, not only the first */
    discard(&s);
}

static void twins_are_refused_and_order_does_not_matter(void **state)
{
    (void)state;
    char text[4096];
    snprintf(text, sizeof text, "%s,%s", feature("\"id\":\"a\"", "Polygon", SQUARE),
             feature("\"id\":\"a\"", "Polygon", SQUARE));
    struct set s = prepare(text);
    assert_int_equal(s.err, HAUL_E_INVALID);
    assert_non_null(strstr((const char *)s.notes.p, "2 1 a feature 0 has the same id"));
    discard(&s);
    const char *a = feature("\"id\":\"a\",\"groups\":[\"van\"]", "Polygon", SQUARE);
    const char *b = feature("\"id\":\"b\",\"radius_m\":70", "Point", "[115,29]");
    snprintf(text, sizeof text, "%s,%s", a, b);
    struct set one = prepare(text);
    snprintf(text, sizeof text, "%s,%s", b, a);
    struct set two = prepare(text);
    assert_int_equal(one.blob.n, two.blob.n);
    assert_memory_equal(one.blob.p, two.blob.p, one.blob.n);
    uint32_t at;
    assert_true(haul_fences_find(one.f, HAUL_STR("b"), &at) && at == 1);
    assert_false(haul_fences_find(one.f, HAUL_STR("c"), &at));
    discard(&one);
    discard(&two);
}

static void properties_mean_what_they_say(void **state)
{
    (void)state;
    struct set s =
        prepare(feature("\"id\":\"yard\",\"name\":\"Yard 1\",\"kind\":\"inclusive\",\"groups\":[\"van\",\"truck\"],"
                        "\"hysteresis_m\":12.5,\"approach_m\":300,\"enter_s\":5,\"exit_s\":7,\"dwell_max_s\":3600",
                        "Polygon", SQUARE));
    const struct haul_fence *x = haul_fences_at(s.f, 0);
    assert_true(haul_str_eq(haul_fence_name(s.f, x), HAUL_STR("Yard 1")));
    assert_true(haul_str_eq(haul_fence_group(s.f, x, 1), HAUL_STR("truck")));
    assert_int_equal(x->kind, HAUL_FENCE_INCLUSIVE);
    assert_int_equal(x->alerts, HAUL_FENCE_EXIT | HAUL_FENCE_DWELL);
    assert_int_equal(x->hysteresis_mm, 12500);
    assert_int_equal(x->approach_mm, 300000);
    assert_int_equal(x->enter_ms, 5000);
    assert_int_equal(x->exit_ms, 7000);
    assert_int_equal(x->dwell_ms, 3600000);
    discard(&s);
    s = prepare(feature("\"id\":\"g\",\"crs\":\"gcj02\",\"radius_m\":10", "Point", "[115.85,28.68]"));
    x = haul_fences_at(s.f, 0);
    assert_true(x->lon < 1158500000 - 30000 && x->lon > 1158500000 - 70000); /* some hundred metres off */
    discard(&s);
}

/* 2026-06-01 is a Monday. */
static void hours_and_days(void **state)
{
    (void)state;
    static const int64_t monday = 1780243200000; /* 00:00 at +08:00 */
    static const struct {
        const char *windows;
        double at_h;
        bool holds;
        double until_h;
    } rows[] = {
        {"{\"from\":\"07:00\",\"to\":\"09:00\"}", 6.9, false, 7},
        {"{\"from\":\"07:00\",\"to\":\"09:00\"}", 7, true, 9},
        {"{\"from\":\"07:00\",\"to\":\"09:00\"}", 9, false, 31},
        {"{\"from\":\"22:00\",\"to\":\"06:00\"}", 23, true, 30},
        {"{\"from\":\"22:00\",\"to\":\"06:00\"}", 5, true, 6},
        {"{\"from\":\"22:00\",\"to\":\"06:00\",\"days\":[\"mon\"]}", 5, false, 6},
        {"{\"from\":\"22:00\",\"to\":\"06:00\",\"days\":[\"mon\"]}", 29, true, 30},
        {"{\"from\":\"22:00\",\"to\":\"06:00\",\"days\":[\"sun\"]}", 5, true, 6},
        {"{\"from\":\"00:00\",\"to\":\"24:00\",\"days\":[\"mon\",\"wed\"]}", 30, false, 48},
        {"{\"from\":\"00:00\",\"to\":\"24:00\",\"days\":[\"mon\",\"wed\"]}", 50, true, 72},
        {"{\"from\":\"06:00\",\"to\":\"08:00\"},{\"from\":\"17:00\",\"to\":\"19:00\"}", 18, true, 19},
        {"{\"from\":\"06:00\",\"to\":\"08:00\"},{\"from\":\"17:00\",\"to\":\"19:00\"}", 12, false, 17},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char properties[300];
        int64_t until;
        snprintf(properties, sizeof properties, "\"id\":\"w\",\"zone\":\"+08:00\",\"windows\":[%s]", rows[i].windows);
        struct set s = prepare(feature(properties, "Polygon", SQUARE));
        const int64_t at = monday + (int64_t)(rows[i].at_h * 3600000);
        const bool holds = haul_fence_holds(s.f, haul_fences_at(s.f, 0), HAUL_STR(""), at, &until);
        if (holds != rows[i].holds || until != monday + (int64_t)(rows[i].until_h * 3600000))
            fail_msg("row %zu: %d until %g h", i, holds, (double)(until - monday) / 3600000);
        discard(&s);
    }
}

/* ---- circles, corridors, distances ---------------------------------------------------------------------------------
 */
static struct haul_fence_point point(double lon, double lat)
{
    return haul_fence_point_at((int32_t)haul_round_i64(lon * 1e7), (int32_t)haul_round_i64(lat * 1e7));
}

static double deg_lon(double m, double lat)
{
    return m / (HAUL_EARTH_M * HAUL_RAD_PER_DEG * haul_cos(lat * HAUL_RAD_PER_DEG));
}

static double deg_lat(double m)
{
    return m / (HAUL_EARTH_M * HAUL_RAD_PER_DEG);
}

static void a_circle_is_as_wide_as_it_says(void **state)
{
    (void)state;
    for (double radius = 10; radius <= 50000; radius *= 5) {
        char properties[80];
        snprintf(properties, sizeof properties, "\"id\":\"c\",\"radius_m\":%g", radius);
        struct set s = prepare(feature(properties, "Point", "[115.85,28.68]"));
        const struct haul_fence *x = haul_fences_at(s.f, 0);
        for (double a = 0; a < 6.28; a += 0.1) {
            const double share[] = {0.999, 1.001};
            for (int k = 0; k < 2; k++) {
                double lon = 115.85 + deg_lon(radius * share[k] * haul_cos(a), 28.68);
                double lat = 28.68 + deg_lat(radius * share[k] * haul_sin(a));
                const double m = haul_haversine_m(115.85, 28.68, lon, lat);
                const struct haul_fence_point p = point(lon, lat);
                if (haul_abs(m - radius) < 0.05) continue;
                assert_int_equal(haul_fence_where(s.f, x, &p), m < radius ? HAUL_FENCE_INSIDE : HAUL_FENCE_OUTSIDE);
                assert_true(haul_abs(haul_fence_distance_m(s.f, x, &p, 1e6) - haul_abs(m - radius)) < 0.05);
            }
        }
        discard(&s);
    }
}

static void a_corridor_is_as_wide_as_it_says(void **state)
{
    (void)state;
    struct haul_buf b; /* a line of a thousand corners to the north-east: slabs are crossed everywhere */
    haul_buf_init(&b, 4096, 1 << 20);
    haul_buf_printf(
        &b, "{\"type\":\"Feature\",\"properties\":{\"id\":\"r\",\"width_m\":60},\"geometry\":{\"type\":\"LineString\","
            "\"coordinates\":[");
    for (int i = 0; i <= 1000; i++)
        haul_buf_printf(&b, "%s[%.7f,%.7f]", i == 0 ? "" : ",", 115 + i * 1e-3, 28 + i * 1e-3);
    haul_buf_printf(&b, "]}}");
    haul_buf_byte(&b, 0);
    struct set s = prepare((const char *)b.p);
    const struct haul_fence *x = haul_fences_at(s.f, 0);
    assert_true(x->slabs > 1);
    for (int i = 3; i < 997; i += 7) {
        const double lon = 115 + (i + 0.4) * 1e-3, lat = 28 + (i + 0.4) * 1e-3;
        for (double off = 1; off < 200; off += 13.7) { /* to the east: the line is nearer by the angle */
            const double shrink = haul_cos(lat * HAUL_RAD_PER_DEG);
            const double want = off / haul_sqrt(1 + shrink * shrink);
            const struct haul_fence_point p = point(lon + deg_lon(off, lat), lat);
            if (haul_abs(want - 30) < 0.1) continue;
            assert_int_equal(haul_fence_where(s.f, x, &p), want < 30 ? HAUL_FENCE_INSIDE : HAUL_FENCE_OUTSIDE);
            assert_true(haul_abs(haul_fence_distance_m(s.f, x, &p, 500) - haul_abs(want - 30)) < 0.2);
        }
    }
    const struct haul_fence_point a = point(115.5, 28.4), c = point(115.4, 28.5), d = point(115.6, 28.3);
    assert_true(haul_fence_crossed(s.f, x, &a, &c));
    assert_false(haul_fence_crossed(s.f, x, &a, &d));
    haul_buf_free(&b);
    discard(&s);
}

static void distances_to_a_polygon(void **state)
{
    (void)state;
    struct set s = prepare(feature("\"id\":\"a\"", "Polygon",
                                   "[[[115,28],[115.1,28],[115.1,28.1],[115,28.1],[115,28]],"
                                   "[[115.04,28.04],[115.06,28.04],[115.06,28.06],[115.04,28.06],[115.04,28.04]]]"));
    const struct haul_fence *x = haul_fences_at(s.f, 0);
    const struct haul_fence_point west = point(115 - deg_lon(100, 28.05), 28.05),
                                  hole = point(115.04 + deg_lon(40, 28.05), 28.05),
                                  far = point(115 - deg_lon(5000, 28.05), 28.05), east = point(115.2, 28.05),
                                  above = point(115.05, 28.2);
    assert_int_equal(haul_fence_where(s.f, x, &hole), HAUL_FENCE_OUTSIDE);
    assert_true(haul_abs(haul_fence_distance_m(s.f, x, &west, 500) - 100) < 0.05);
    assert_true(haul_abs(haul_fence_distance_m(s.f, x, &hole, 500) - 40) < 0.05);
    assert_false(haul_finite(haul_fence_distance_m(s.f, x, &far, 4900)));
    assert_true(haul_fence_crossed(s.f, x, &west, &east));
    assert_false(haul_fence_crossed(s.f, x, &west, &far));
    assert_true(haul_fence_crossed(s.f, x, &hole, &above));
    discard(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_taken_mended_or_refused_with_its_reason),
        cmocka_unit_test(what_is_not_a_set_is_refused),
        cmocka_unit_test(twins_are_refused_and_order_does_not_matter),
        cmocka_unit_test(properties_mean_what_they_say),
        cmocka_unit_test(hours_and_days),
        cmocka_unit_test(a_circle_is_as_wide_as_it_says),
        cmocka_unit_test(a_corridor_is_as_wide_as_it_says),
        cmocka_unit_test(distances_to_a_polygon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
