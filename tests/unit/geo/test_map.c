/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/crs.h"
#include "haul/math.h"
#include "haul/rng.h"
#include "tests/unit/geo/support_town.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Distance to an edge by its definition: the town's edges are straight. */
static double plain_distance(const struct haul_roads_view *v, uint32_t edge, double lon, double lat)
{
    const struct haul_frame f = haul_frame_at(lon, lat);
    double x[2], y[2];
    for (uint32_t i = 0; i < 2; i++) {
        double a, b;
        haul_arc_point(v, 2 * edge, i, &a, &b);
        haul_frame_of(&f, a, b, &x[i], &y[i]);
    }
    const double dx = x[1] - x[0], dy = y[1] - y[0];
    double t = -(x[0] * dx + y[0] * dy) / (dx * dx + dy * dy);
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return sqrt((x[0] + t * dx) * (x[0] + t * dx) + (y[0] + t * dy) * (y[0] + t * dy));
}

static void finds_what_is_near(void **state)
{
    (void)state;
    struct town t;
    struct haul_rng rng;
    struct haul_near near[200];
    haul_rng_seed(&rng, 3);
    town_build(&t);
    const struct haul_roads_view *v = haul_roads_view(t.roads);
    assert_int_equal(v->edges, 2 * TOWN_SIDE * (TOWN_SIDE - 1));
    for (int k = 0; k < 500; k++) {
        const double lon = town_lon(-1 + 10 * haul_rng_f64(&rng)), lat = town_lat(-1 + 10 * haul_rng_f64(&rng));
        const double radius = 20 + 600 * haul_rng_f64(&rng);
        const size_t n = haul_map_near(t.map, lon, lat, radius, 0, near, 200);
        size_t expected = 0;
        for (uint32_t e = 0; e < v->edges; e++) expected += plain_distance(v, e, lon, lat) <= radius;
        assert_int_equal(n, expected);
        for (size_t i = 0; i < n; i++) {
            assert_true(fabs((double)near[i].distance_m - plain_distance(v, near[i].edge, lon, lat)) < 0.01);
            assert_true(i == 0 || near[i].distance_m >= near[i - 1].distance_m);
            double at_lon, at_lat;
            haul_map_place(t.map, 2 * near[i].edge, near[i].along_cm, &at_lon, &at_lat, NULL);
            assert_true(haul_haversine_m(at_lon, at_lat, near[i].lon_deg, near[i].lat_deg) < 0.05);
        }
        if (n > 3) assert_int_equal(haul_map_near(t.map, lon, lat, radius, 0, near, 3), 3);
    }
    town_free(&t);
}

static void says_nothing_where_nothing_is(void **state)
{
    (void)state;
    struct town t;
    struct haul_near near[4];
    town_build(&t);
    assert_int_equal(haul_map_near(t.map, NAN, 28, 100, 0, near, 4), 0);
    assert_int_equal(haul_map_near(t.map, 115.8, INFINITY, 100, 0, near, 4), 0);
    assert_int_equal(haul_map_near(t.map, 0, 0, 2000, 0, near, 4), 0);
    assert_int_equal(haul_map_near(t.map, town_lon(0), town_lat(0), NAN, 0, near, 4), 0);
    assert_int_equal(haul_map_near(t.map, town_lon(0), town_lat(0), 100, HAUL_USE_UAV, near, 4), 0);
    assert_true(haul_map_near(t.map, town_lon(0), town_lat(0), 1e9, 0, near, 4) == 4);
    town_free(&t);
}

static void places_along_an_arc(void **state)
{
    (void)state;
    struct town t;
    town_build(&t);
    const struct haul_roads_view *v = haul_roads_view(t.roads);
    for (uint32_t arc = 0; arc < 2 * v->edges; arc++) {
        double lon, lat, lon2, lat2;
        float bearing, back;
        const uint32_t length = v->edge_length_cm[arc / 2];
        haul_map_place(t.map, arc, 0, &lon, &lat, &bearing);
        haul_map_place(t.map, arc ^ 1, length, &lon2, &lat2, &back);
        assert_true(lon == lon2 && lat == lat2);
        assert_true(fabs(haul_angle_between_deg((double)bearing, (double)back) - 180) < 0.01);
        haul_map_place(t.map, arc, UINT32_MAX, &lon, &lat, NULL); /* beyond the end is the end */
        haul_map_place(t.map, arc, length, &lon2, &lat2, NULL);
        assert_true(lon == lon2 && lat == lat2);
    }
    town_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_is_near),
        cmocka_unit_test(says_nothing_where_nothing_is),
        cmocka_unit_test(places_along_an_arc),
    };
    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
