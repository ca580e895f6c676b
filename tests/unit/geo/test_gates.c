/* SPDX-License-Identifier: Apache-2.0
 * Barriers of OpenStreetMap that some vehicles pass and others do not.
 */
#include "haul/import.h"
#include "haul/metric.h"
#include "haul/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A road of 800 m with a barrier at its middle, and a way round of 1.6 km. `cut`: the road is two ways there. */
static const char nodes[] = "<?xml version='1.0'?><osm version='0.6'>"
                            "<node id='1' lat='28.600' lon='115.8000'/><node id='2' lat='28.600' lon='115.8020'/>"
                            "<node id='3' lat='28.600' lon='115.8041'>%s</node>"
                            "<node id='4' lat='28.600' lon='115.8062'/><node id='5' lat='28.600' lon='115.8082'/>"
                            "<node id='6' lat='28.604' lon='115.8000'/><node id='7' lat='28.604' lon='115.8082'/>"
                            "<way id='11'><nd ref='1'/><nd ref='6'/><nd ref='7'/><nd ref='5'/>"
                            "<tag k='highway' v='primary'/><tag k='name' v='round'/></way>";
static const char whole[] = "<way id='10'><nd ref='1'/><nd ref='2'/><nd ref='3'/><nd ref='4'/><nd ref='5'/>"
                            "<tag k='highway' v='primary'/><tag k='maxheight' v='4.5'/></way></osm>";
static const char cut[] = "<way id='10'><nd ref='1'/><nd ref='2'/><nd ref='3'/><tag k='highway' v='primary'/></way>"
                          "<way id='12'><nd ref='5'/><nd ref='4'/><nd ref='3'/><tag k='highway' v='primary'/>"
                          "<tag k='name' v='east'/></way></osm>";

struct world {
    struct haul_import_report report;
    struct haul_buf image;
    struct haul_roads *roads;
    struct haul_map *map;
    struct haul_cch *cch;
};

static void open_world(struct world *x, const char *barrier, const char *ways)
{
    struct haul_error e;
    struct haul_build_report built;
    char path[] = "/tmp/haul-test-XXXXXX.osm";
    const int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    fprintf(f, nodes, barrier);
    fputs(ways, f);
    assert_int_equal(fclose(f), 0);
    struct haul_builder *b = haul_builder_new();
    assert_int_equal(haul_import_osm(path, &(struct haul_import_options){0}, b, &x->report, &e), HAUL_OK);
    unlink(path);
    assert_int_equal(haul_builder_finish(b, &(struct haul_build_options){0}, &x->image, &built, &e), HAUL_OK);
    haul_builder_free(b);
    assert_int_equal(haul_roads_of_bytes(x->image.p, x->image.n, &x->roads, &e), HAUL_OK);
    assert_int_equal(haul_map_new(x->roads, &x->map, &e), HAUL_OK);
    assert_int_equal(haul_roads_cch(x->roads, &x->cch, &e), HAUL_OK);
}

static void close_world(struct world *x)
{
    haul_cch_free(x->cch);
    haul_map_free(x->map);
    haul_roads_close(x->roads);
    haul_buf_free(&x->image);
}

/* Metres from one longitude on the road to another; 0 when there is no way. */
static double way_m(const struct world *x, const char *vehicle, double from_lon, double to_lon)
{
    struct haul_vehicle v;
    struct haul_metric *metric;
    struct haul_router *router;
    struct haul_route route = {0};
    struct haul_stop from, to;
    struct haul_error e;
    assert_true(haul_vehicle_preset(vehicle, &v));
    int32_t *ms = malloc(haul_roads_view(x->roads)->arcs * sizeof *ms);
    haul_vehicle_weights(x->roads, &v, ms);
    assert_int_equal(haul_metric_new(x->cch, ms, &metric, &e), HAUL_OK);
    free(ms);
    assert_int_equal(haul_router_new(x->map, x->cch, &router, &e), HAUL_OK);
    assert_int_equal(haul_stop_near(x->map, &v, from_lon, 28.6, 50, &from, &e), HAUL_OK);
    assert_int_equal(haul_stop_near(x->map, &v, to_lon, 28.6, 50, &to, &e), HAUL_OK);
    const struct haul_weights *w = haul_metric_hold(metric);
    const enum haul_err err = haul_route_run(router, w, &from, &to, &route, &e);
    assert_true(err == HAUL_OK || err == HAUL_E_UNREACHABLE);
    haul_metric_release(metric, w);
    haul_router_free(router);
    haul_metric_free(metric);
    return route.length_m;
}

struct barrier_case {
    const char *tags;
    bool car, van, truck, hazmat; /* who passes */
};

#define TAG(k, v) "<tag k='" k "' v='" v "'/>"
static const struct barrier_case cases[] = {
    {TAG("barrier", "gate"), true, true, true, true},
    {TAG("barrier", "gate") TAG("hgv", "no"), true, true, false, false},
    {TAG("barrier", "lift_gate") TAG("access", "no") TAG("hgv", "yes"), false, false, true, true},
    {TAG("barrier", "bollard"), false, false, false, false},
    {TAG("barrier", "bollard") TAG("motorcar", "yes"), true, false, false, false},
    {TAG("barrier", "bollard") TAG("motor_vehicle", "permissive"), true, true, true, true},
    {TAG("barrier", "height_restrictor") TAG("maxheight", "2.1"), true, false, false, false},
    {TAG("barrier", "height_restrictor") TAG("maxheight", "3 m"), true, true, false, false},
    {TAG("barrier", "height_restrictor") TAG("maxheight", "4.2"), true, true, true, true},
    {TAG("barrier", "gate") TAG("maxweight", "20"), true, true, true, false},
    {TAG("barrier", "gate") TAG("maxwidth", "2.3"), true, true, false, false},
    {TAG("barrier", "width_restrictor") TAG("maxwidth", "2.1"), true, false, false, false},
    {TAG("barrier", "toll_booth") TAG("hazmat", "no"), true, true, true, false},
    {TAG("barrier", "yes") TAG("goods", "no"), true, false, true, true},
    {TAG("traffic_sign", "maxheight") TAG("maxheight", "2"), true, true, true, true}, /* a sign is not the place */
};

static void check(const struct world *x, const struct barrier_case *c, const char *vehicle, bool passes)
{
    const double m = way_m(x, vehicle, 115.8010, 115.8072); /* both in the chains that end at the barrier */
    if (passes ? m < 590 || m > 620 : m < 1500) fail_msg("%s, %s: %.0f m", c->tags, vehicle, m);
    const double near_m = way_m(x, vehicle, 115.8010, 115.80405); /* the road up to it is open to all */
    if (near_m < 290 || near_m > 310) fail_msg("%s, %s: %.0f m to the barrier", c->tags, vehicle, near_m);
}

static void who_passes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int two = 0; two <= 1; two++) {
            const struct barrier_case *c = &cases[i];
            struct world x;
            open_world(&x, c->tags, two ? cut : whole);
            check(&x, c, "car", c->car);
            check(&x, c, "van", c->van);
            check(&x, c, "truck18", c->truck);
            check(&x, c, "hazmat", c->hazmat);
            close_world(&x);
        }
}

/* The barrier is one edge of two metres within a chain, keeps its wait, and narrows what the way itself says. */
static void two_metres_of_road(void **state)
{
    (void)state;
    struct world x;
    open_world(&x, TAG("barrier", "gate") TAG("maxheight", "3") TAG("maxweight", "7.5"), whole);
    assert_int_equal(x.report.gates, 1);
    const struct haul_roads_view *v = haul_roads_view(x.roads);
    uint32_t gates = 0;
    assert_int_equal(v->edges, 4); /* up to the gate, the gate, behind it, and round */
    for (uint32_t i = 0; i < v->edges; i++) {
        const struct haul_road_kind *k = haul_arc_kind(v, 2 * i);
        if (v->edge_length_cm[i] > 300) {
            assert_true(k->height_cm == 450 || k->height_cm == 0);
            continue;
        }
        gates++;
        assert_in_range(v->edge_length_cm[i], 190, 210);
        assert_int_equal(k->height_cm, 300);
        assert_int_equal(k->weight_10kg, 750);
        assert_int_equal(v->delay_ds[2 * i], 100);
        assert_int_equal(v->delay_ds[2 * i + 1], 100);
    }
    assert_int_equal(gates, 1);
    close_world(&x);
    open_world(&x, TAG("barrier", "gate") TAG("maxheight", "5"), whole); /* wider than the way: the way's holds */
    v = haul_roads_view(x.roads);
    for (uint32_t i = 0; i < v->edges; i++) {
        const uint16_t height_cm = haul_arc_kind(v, 2 * i)->height_cm;
        assert_true(height_cm == 450 || (height_cm == 0 && v->edge_length_cm[i] > 50000));
    }
    close_world(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(who_passes), cmocka_unit_test(two_metres_of_road)};
    return cmocka_run_group_tests_name("gates", tests, NULL, NULL);
}
