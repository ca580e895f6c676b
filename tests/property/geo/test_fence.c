/* SPDX-License-Identifier: Apache-2.0
 * The test of a point against polygons, held against libgeos: areas on coarse grids, so that points fall on corners and
 * edges all the time, edges are level, rings touch, and the numbers are as large as they may be.
 */
#define GEOS_USE_ONLY_R_API
#include "haul/fence.h"
#include "haul/hash.h"
#include "haul/math.h"
#include "haul/rng.h"

#include <geos_c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define GRID   16
#define SETS   2500
#define POINTS (GRID + 5) * (GRID + 5)

struct shape {
    int32_t x[4][40], y[4][40]; /* rings, closed */
    int len[4], rings;
    int polygons; /* 1: the rings are a shell and holes; else each is a polygon */
};
struct scale {
    int64_t unit, lon, lat; /* grid to 1e-7 degrees */
};

static int32_t below(struct haul_rng *rng, int32_t n)
{
    return (int32_t)haul_rng_below(rng, (uint64_t)n);
}

static void put(struct shape *s, int ring, int32_t x, int32_t y)
{
    s->x[ring][s->len[ring]] = x, s->y[ring][s->len[ring]++] = y;
}

static void close_ring(struct shape *s, int ring)
{
    put(s, ring, s->x[ring][0], s->y[ring][0]);
}

static void rectangle(struct shape *s, int ring, int32_t x0, int32_t y0, int32_t x1, int32_t y1)
{
    put(s, ring, x0, y0), put(s, ring, x1, y0), put(s, ring, x1, y1), put(s, ring, x0, y1);
    close_ring(s, ring);
}

/* A staircase: level and upright edges only. */
static void stairs(struct shape *s, struct haul_rng *rng)
{
    int32_t x = 0;
    put(s, 0, 0, 0);
    put(s, 0, GRID, 0);
    for (int32_t at = GRID; at > 0; at = x) {
        const int32_t y = 1 + below(rng, GRID);
        x = at - 1 - below(rng, 3);
        if (x < 0) x = 0;
        put(s, 0, at, y);
        put(s, 0, x, y);
    }
    close_ring(s, 0);
}

/* Corners anywhere: it may cross itself, which libgeos mends. */
static void scribble(struct shape *s, int ring, struct haul_rng *rng, int corners)
{
    for (int i = 0; i < corners; i++) put(s, ring, below(rng, GRID + 1), below(rng, GRID + 1));
    close_ring(s, ring);
}

static struct shape shape_of(struct haul_rng *rng, int kind)
{
    struct shape s = {.rings = 1, .polygons = 1};
    switch (kind) {
    case 0: /* holes that touch the shell and each other at corners */
        rectangle(&s, 0, 0, 0, GRID, GRID);
        put(&s, 1, 0, 8), put(&s, 1, 8, 4), put(&s, 1, 8, 12), close_ring(&s, 1);
        rectangle(&s, 2, 8, 12, 8 + 1 + below(rng, 7), 13 + below(rng, 3));
        s.rings = 3;
        break;
    case 1:
        stairs(&s, rng);
        break;
    case 2:
        scribble(&s, 0, rng, 3 + below(rng, 6));
        break;
    case 3: /* two areas that touch at a corner */
        rectangle(&s, 0, 0, 0, 8, 8);
        rectangle(&s, 1, 8, 8, 9 + below(rng, 8), 9 + below(rng, 8));
        s.rings = s.polygons = 2;
        break;
    default: /* a scribble with holes wherever they fall */
        scribble(&s, 0, rng, 4 + below(rng, 30));
        scribble(&s, 1, rng, 3);
        s.rings = 2;
    }
    return s;
}

static int64_t lon_of(const struct scale *c, int64_t x)
{
    return c->lon + x * c->unit;
}
static int64_t lat_of(const struct scale *c, int64_t y)
{
    return c->lat + y * c->unit / 2;
}

static void write_position(struct haul_buf *b, const struct scale *c, int32_t x, int32_t y)
{
    haul_buf_printf(b, "[%.7f,%.7f]", (double)lon_of(c, x) * 1e-7, (double)lat_of(c, y) * 1e-7);
}

static void write_shape(struct haul_buf *b, const struct shape *s, const struct scale *c)
{
    haul_buf_printf(b, "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"id\":1,\"properties\":{},"
                       "\"geometry\":{\"type\":\"MultiPolygon\",\"coordinates\":[[");
    for (int r = 0; r < s->rings; r++) {
        haul_buf_printf(b, "%s[", r == 0 ? "" : s->polygons > 1 ? "],[" : ",");
        for (int i = 0; i < s->len[r]; i++) {
            if (i > 0) haul_buf_byte(b, ',');
            write_position(b, c, s->x[r][i], s->y[r][i]);
        }
        haul_buf_byte(b, ']');
    }
    haul_buf_printf(b, "]]}}]}");
}

/* ---- the oracle ----------------------------------------------------------------------------------------------------
 */
static void silent(const char *format, ...)
{
    (void)format;
}

static GEOSGeometry *ring(GEOSContextHandle_t g, const struct shape *s, int r, const struct scale *c)
{
    GEOSCoordSequence *seq = GEOSCoordSeq_create_r(g, (unsigned)s->len[r], 2);
    for (int i = 0; i < s->len[r]; i++)
        GEOSCoordSeq_setXY_r(g, seq, (unsigned)i, (double)lon_of(c, s->x[r][i]), (double)lat_of(c, s->y[r][i]));
    return GEOSGeom_createLinearRing_r(g, seq);
}

/* NULL: no ring of it has an area. */
static GEOSGeometry *oracle_of(GEOSContextHandle_t g, const struct shape *s, const struct scale *c)
{
    GEOSGeometry *part[4] = {NULL}, *whole;
    for (int r = 0; r < s->rings; r++) part[r] = ring(g, s, r, c);
    if (s->polygons == 1) {
        whole = GEOSGeom_createPolygon_r(g, part[0], part + 1, (unsigned)s->rings - 1);
    } else {
        for (int r = 0; r < s->rings; r++) part[r] = GEOSGeom_createPolygon_r(g, part[r], NULL, 0);
        whole = GEOSGeom_createCollection_r(g, GEOS_MULTIPOLYGON, part, (unsigned)s->rings);
    }
    if (GEOSisValid_r(g, whole) == 1) return whole;
    GEOSMakeValidParams *how = GEOSMakeValidParams_create_r(g);
    GEOSMakeValidParams_setMethod_r(g, how, GEOS_MAKE_VALID_STRUCTURE);
    GEOSGeometry *valid = GEOSMakeValidWithParams_r(g, whole, how);
    GEOSMakeValidParams_destroy_r(g, how);
    GEOSGeom_destroy_r(g, whole);
    whole = GEOSGeom_setPrecision_r(g, valid, 1, 0);
    GEOSGeom_destroy_r(g, valid);
    return whole;
}

static enum haul_fence_where oracle_where(GEOSContextHandle_t g, const GEOSPreparedGeometry *p, int64_t lon,
                                          int64_t lat)
{
    GEOSGeometry *at = GEOSGeom_createPointFromXY_r(g, (double)lon, (double)lat);
    const bool covers = GEOSPreparedCovers_r(g, p, at) == 1, contains = GEOSPreparedContains_r(g, p, at) == 1;
    GEOSGeom_destroy_r(g, at);
    return contains ? HAUL_FENCE_INSIDE : covers ? HAUL_FENCE_ON_BOUNDARY : HAUL_FENCE_OUTSIDE;
}

static size_t compare(GEOSContextHandle_t g, const GEOSGeometry *whole, const struct haul_fences *f,
                      const struct scale *c, struct haul_rng *rng, size_t *boundary)
{
    const GEOSPreparedGeometry *p = GEOSPrepare_r(g, whole);
    const struct haul_fence *x = haul_fences_at(f, 0);
    size_t n = 0;
    for (int i = 0; i < POINTS; i++, n++) {
        int64_t lon = lon_of(c, i % (GRID + 5) - 2), lat = lat_of(c, i / (GRID + 5) - 2);
        if (i % 5 == 4) lon += below(rng, 3) - 1, lat += below(rng, 3) - 1; /* just beside */
        const struct haul_fence_point at = haul_fence_point_at((int32_t)lon, (int32_t)lat);
        const enum haul_fence_where want = oracle_where(g, p, lon, lat), got = haul_fence_where(f, x, &at);
        if (want != got) fail_msg("at %lld, %lld: libgeos says %d, haul %d", (long long)lon, (long long)lat, want, got);
        *boundary += got == HAUL_FENCE_ON_BOUNDARY;
        const bool near0 = haul_fence_distance_m(f, x, &at, 1e6) < 1e-6;
        if (got == HAUL_FENCE_ON_BOUNDARY && !near0) fail_msg("a point on the boundary is away from it");
        uint32_t near[1];
        if (got != HAUL_FENCE_OUTSIDE)
            assert_int_equal(haul_fences_near(f, (struct haul_fence_box){at.lon, at.lat, at.lon, at.lat}, near, 1), 1);
    }
    GEOSPreparedGeom_destroy_r(g, p);
    return n;
}

static void the_test_agrees_with_libgeos(void **state)
{
    (void)state;
    static const struct scale scales[] = {
        {1, 1158500000, 286800000},           /* corners 11 mm apart */
        {137, 1158500000, 286800000},         /* grid points between the corners */
        {112500000, -1700000000, -800000000}, /* 180 degrees wide */
        {100003, 1158500000, 286800001},
    };
    const uint64_t seed = 20260601;
    GEOSContextHandle_t g = GEOS_init_r();
    GEOSContext_setNoticeHandler_r(g, silent);
    GEOSContext_setErrorHandler_r(g, silent);
    struct haul_rng rng;
    haul_rng_seed(&rng, seed);
    struct haul_buf text, blob;
    haul_buf_init(&text, 4096, 1 << 20);
    haul_buf_init(&blob, 4096, 1 << 20);
    size_t points = 0, boundary = 0, areas = 0;
    for (int i = 0; i < SETS; i++) {
        const struct scale *c = &scales[i % 4];
        const struct shape s = shape_of(&rng, i % 5);
        struct haul_error e;
        haul_buf_clear(&text);
        haul_buf_clear(&blob);
        write_shape(&text, &s, c);
        if (haul_fences_prepare((struct haul_str){(const char *)text.p, text.n}, &blob, NULL, NULL, NULL, &e) !=
            HAUL_OK)
            continue; /* no area in it */
        if (haul_fences_check(blob.p, blob.n, &e) != HAUL_OK)
            fail_msg("seed %llu: %s", (unsigned long long)seed, e.text);
        GEOSGeometry *whole = oracle_of(g, &s, c);
        points += compare(g, whole, haul_fences_of(blob.p), c, &rng, &boundary);
        areas++;
        GEOSGeom_destroy_r(g, whole);
    }
    print_message("seed %llu: %zu areas, %zu points, %zu of them on a boundary\n", (unsigned long long)seed, areas,
                  points, boundary);
    assert_true(areas > SETS / 2 && boundary > points / 20);
    haul_buf_free(&text);
    haul_buf_free(&blob);
    GEOS_finish_r(g);
}

/* ---- the tree -------------------------------------------------------------------------------------------------------
 */
static void the_tree_finds_what_a_scan_finds(void **state)
{
    (void)state;
    struct haul_rng rng;
    struct haul_buf text, blob;
    struct haul_error e;
    haul_buf_init(&text, 4096, 1 << 22);
    haul_buf_init(&blob, 4096, 1 << 22);
    for (uint32_t n = 0; n <= 700; n = n < 20 ? n + 1 : n * 2 + 1) {
        haul_rng_seed(&rng, n);
        haul_buf_clear(&text), haul_buf_clear(&blob);
        haul_buf_printf(&text, "{\"type\":\"FeatureCollection\",\"features\":[");
        for (uint32_t i = 0; i < n; i++)
            haul_buf_printf(&text,
                            "%s{\"type\":\"Feature\",\"id\":%u,\"properties\":{\"radius_m\":%d,\"hysteresis_m\":0},"
                            "\"geometry\":{\"type\":\"Point\",\"coordinates\":[%.4f,%.4f]}}",
                            i == 0 ? "" : ",", i, 1 + below(&rng, 3000), 115 + haul_rng_f64(&rng),
                            28 + haul_rng_f64(&rng));
        haul_buf_printf(&text, "]}");
        assert_int_equal(
            haul_fences_prepare((struct haul_str){(const char *)text.p, text.n}, &blob, NULL, NULL, NULL, &e), HAUL_OK);
        assert_int_equal(haul_fences_check(blob.p, blob.n, &e), HAUL_OK);
        const struct haul_fences *f = haul_fences_of(blob.p);
        assert_int_equal(haul_fences_count(f), n);
        for (int q = 0; q < 300; q++) {
            struct haul_fence_box b = {1150000000 + below(&rng, 10000000), 280000000 + below(&rng, 10000000), 0, 0};
            b.max_lon = b.min_lon + below(&rng, 100000), b.max_lat = b.min_lat + below(&rng, 100000);
            uint32_t near[700];
            const size_t found = haul_fences_near(f, b, near, 700);
            size_t at = 0;
            for (uint32_t i = 0; i < n; i++) {
                const struct haul_fence_box *x = &haul_fences_at(f, i)->box;
                const bool clear = x->min_lon > b.max_lon + 20 || x->max_lon < b.min_lon - 20 ||
                                   x->min_lat > b.max_lat + 20 || x->max_lat < b.min_lat - 20;
                const bool meets = x->min_lon <= b.max_lon && x->max_lon >= b.min_lon && x->min_lat <= b.max_lat &&
                                   x->max_lat >= b.min_lat;
                const bool there = at < found && near[at] == i;
                at += there;
                if (meets) assert_true(there);
                if (clear) assert_false(there);
            }
            assert_int_equal(at, found); /* ascending, each once */
        }
    }
    haul_buf_free(&text);
    haul_buf_free(&blob);
}

/* ---- hostile blobs
 * --------------------------------------------------------------------------------------------------- */
static void a_damaged_blob_is_refused_or_harmless(void **state)
{
    (void)state;
    static const char text[] =
        "{\"type\":\"FeatureCollection\",\"features\":["
        "{\"type\":\"Feature\",\"properties\":{\"id\":\"a\",\"groups\":[\"van\"]},\"geometry\":{\"type\":\"Polygon\","
        "\"coordinates\":[[[115,28],[116,28],[116,29],[115,28]]]}},"
        "{\"type\":\"Feature\",\"properties\":{\"id\":\"b\",\"width_m\":50},\"geometry\":{\"type\":\"LineString\","
        "\"coordinates\":[[115,28],[116,28.5]]}}]}";
    struct haul_buf blob;
    struct haul_error e;
    struct haul_rng rng;
    haul_rng_seed(&rng, 11);
    haul_buf_init(&blob, 4096, 1 << 20);
    assert_int_equal(haul_fences_prepare(haul_str_of(text), &blob, NULL, NULL, NULL, &e), HAUL_OK);
    uint8_t *copy = aligned_alloc(64, (blob.n + 63) & ~(size_t)63);
    size_t taken = 0;
    for (int i = 0; i < 20000; i++) {
        memcpy(copy, blob.p, blob.n);
        for (int k = 0; k <= below(&rng, 4); k++) copy[haul_rng_below(&rng, blob.n)] = (uint8_t)below(&rng, 256);
        const uint64_t hash = haul_xxh3(copy + 128, blob.n - 128); /* as an attacker would */
        memcpy(copy + 24, &hash, 8);
        if (haul_fences_check(copy, blob.n, &e) != HAUL_OK) continue;
        taken++;
        const struct haul_fences *f = haul_fences_of(copy);
        uint32_t near[8];
        int64_t until;
        const struct haul_fence_point p = haul_fence_point_at(1155000000, 283000000),
                                      q = haul_fence_point_at(1154000000, 280000000);
        haul_fences_near(f, (struct haul_fence_box){p.lon, p.lat, p.lon, p.lat}, near, 8);
        for (uint32_t n = 0; n < haul_fences_count(f); n++) {
            const struct haul_fence *x = haul_fences_at(f, n);
            haul_fence_where(f, x, &p);
            haul_fence_distance_m(f, x, &p, 1e5);
            haul_fence_crossed(f, x, &p, &q);
            haul_fence_holds(f, x, HAUL_STR("van"), 1780279200000, &until);
        }
    }
    for (size_t n = 0; n < blob.n; n += 7) assert_int_not_equal(haul_fences_check(blob.p, n, &e), HAUL_OK);
    print_message("%zu of 20000 damaged blobs were still whole\n", taken);
    free(copy);
    haul_buf_free(&blob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_test_agrees_with_libgeos),
        cmocka_unit_test(the_tree_finds_what_a_scan_finds),
        cmocka_unit_test(a_damaged_blob_is_refused_or_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
