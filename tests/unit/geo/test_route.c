/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/live.h"
#include "haul/metric.h"
#include "haul/plan.h"
#include "haul/rng.h"
#include "tests/unit/geo/support_town.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct world {
    struct town town;
    struct haul_vehicle car;
    struct haul_cch *cch;
    struct haul_metric *metric;
    struct haul_router *router;
    const struct haul_weights *w;
};

static int setup(void **state)
{
    struct world *x = calloc(1, sizeof *x);
    struct haul_error e;
    town_build(&x->town);
    assert_true(haul_vehicle_preset("car", &x->car));
    assert_int_equal(haul_roads_cch(x->town.roads, &x->cch, &e), HAUL_OK);
    int32_t *ms = malloc(haul_roads_view(x->town.roads)->arcs * sizeof *ms);
    haul_vehicle_weights(x->town.roads, &x->car, ms);
    assert_int_equal(haul_metric_new(x->cch, ms, &x->metric, &e), HAUL_OK);
    free(ms);
    assert_int_equal(haul_router_new(x->town.map, x->cch, &x->router, &e), HAUL_OK);
    x->w = haul_metric_hold(x->metric);
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct world *x = *state;
    haul_metric_release(x->metric, x->w);
    haul_router_free(x->router);
    haul_metric_free(x->metric);
    haul_cch_free(x->cch);
    town_free(&x->town);
    free(x);
    return 0;
}

static struct haul_stop stop_at(const struct world *x, double col, double row)
{
    struct haul_stop s;
    struct haul_error e;
    assert_int_equal(haul_stop_near(x->town.map, &x->car, town_lon(col), town_lat(row), 2000, &s, &e), HAUL_OK);
    return s;
}

/* In a grid at one speed the way is Manhattan's, whatever the ends. */
static void ways_in_a_grid(void **state)
{
    const struct world *x = *state;
    struct haul_rng rng;
    struct haul_route r;
    struct haul_error e;
    haul_rng_seed(&rng, 4);
    const double step_x_m = 195.26, step_y_m = 222.39;
    for (int k = 0; k < 300; k++) {
        const double a = floor(8 * haul_rng_f64(&rng)), b = 7 * haul_rng_f64(&rng), c = floor(8 * haul_rng_f64(&rng)),
                     d = 7 * haul_rng_f64(&rng);
        const struct haul_stop from = stop_at(x, a, b), to = stop_at(x, c, d);
        assert_int_equal(haul_route_run(x->router, x->w, &from, &to, &r, &e), HAUL_OK);
        double rows_m = fabs(b - d) * step_y_m;
        if (a != c && floor(b) == floor(d)) { /* both on the same block: round the nearer end */
            const double up = (ceil(b) - b) + (ceil(b) - d), down = (b - floor(b)) + (d - floor(b));
            rows_m = (up < down ? up : down) * step_y_m;
        }
        const double expected_m = fabs(a - c) * step_x_m + rows_m;
        if (fabs(r.length_m - expected_m) > 0.005 * expected_m + 1)
            fail_msg("%.2f,%.2f to %.2f,%.2f: %.1f m, not %.1f", a, b, c, d, r.length_m, expected_m);
        assert_true(fabs(r.cost * 0.01 - r.length_m) < 1 + 0.01 * r.length_m); /* 10 m/s */
        const struct haul_roads_view *v = haul_roads_view(x->town.roads);
        int64_t sum = 0;
        for (size_t i = 0; i < r.n; i++) {
            sum += r.costs[i];
            if (i > 0) assert_int_equal(haul_arc_to(v, r.arcs[i - 1]), haul_arc_from(v, r.arcs[i]));
        }
        assert_int_equal(sum, r.cost);
    }
}

static void json_is_json(void **state)
{
    const struct world *x = *state;
    const struct haul_stop from = stop_at(x, 0, 0.5), to = stop_at(x, 5, 6.5);
    struct haul_route r;
    struct haul_error e;
    assert_int_equal(haul_route_run(x->router, x->w, &from, &to, &r, &e), HAUL_OK);
    for (int osrm = 0; osrm <= 1; osrm++) {
        struct haul_buf out;
        haul_buf_init(&out, 256, 1 << 20);
        if (osrm)
            haul_route_osrm(x->town.map, &r, &out);
        else
            haul_route_geojson(x->town.map, &r, &out);
        json_t *j = json_loadb((const char *)out.p, out.n, 0, NULL);
        assert_non_null(j);
        const json_t *route = osrm ? json_array_get(json_object_get(j, "routes"), 0) : j;
        const json_t *line = json_object_get(json_object_get(route, "geometry"), "coordinates");
        assert_true(json_array_size(line) >= 4);
        if (osrm) {
            assert_string_equal(json_string_value(json_object_get(j, "code")), "Ok");
            assert_true(fabs(json_number_value(json_object_get(route, "distance")) - r.length_m) < 0.1);
            assert_int_equal(json_array_size(json_object_get(j, "waypoints")), 2);
        }
        json_decref(j);
        haul_buf_free(&out);
    }
}

/* A closed road is gone around, and there again when it opens. */
static void closures(void **state)
{
    struct world *x = *state;
    const struct haul_stop from = stop_at(x, 3, 2.5), to = stop_at(x, 3, 4.5), closed = stop_at(x, 3, 3.5);
    struct haul_route r;
    struct haul_error e;
    assert_int_equal(haul_route_run(x->router, x->w, &from, &to, &r, &e), HAUL_OK);
    const int32_t open = r.cost;
    for (uint32_t back = 0; back <= 1; back++) haul_live_close(x->metric, x->town.roads, 2 * closed.edge + back);
    assert_int_equal(haul_metric_commit(x->metric, NULL), HAUL_OK);
    const struct haul_weights *now = haul_metric_hold(x->metric);
    assert_int_equal(haul_route_run(x->router, now, &from, &to, &r, &e), HAUL_OK);
    assert_true(r.cost > open + 30000);
    assert_int_equal(haul_route_run(x->router, now, &from, &closed, &r, &e), HAUL_E_UNREACHABLE);
    assert_int_equal(haul_route_run(x->router, x->w, &from, &to, &r, &e),
                     HAUL_OK); /* the old weights are still what they were */
    assert_int_equal(r.cost, open);
    haul_metric_release(x->metric, x->w);
    haul_metric_revert_all(x->metric);
    assert_int_equal(haul_metric_commit(x->metric, NULL), HAUL_OK);
    haul_metric_release(x->metric, now);
    x->w = haul_metric_hold(x->metric);
    assert_int_equal(haul_route_run(x->router, x->w, &from, &to, &r, &e), HAUL_OK);
    assert_int_equal(r.cost, open);
}

/* A jam is driven through or around, whichever is faster; faster than free flow is free flow. */
static void jams(void **state)
{
    struct world *x = *state;
    const struct haul_stop from = stop_at(x, 3, 3.1), to = stop_at(x, 3, 3.9);
    static const struct {
        uint32_t speed_cmps;
        int32_t low_ms, high_ms;
    } cases[] = {
        {1000, 17000, 18500}, {5000, 17000, 18500}, {500, 34000, 37000}, {100, 100000, 110000}, {0, 4400000, 4600000}};
    haul_metric_release(x->metric, x->w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct haul_route r;
        struct haul_error e;
        for (uint32_t back = 0; back <= 1; back++)
            haul_live_speed(x->metric, x->town.roads, &x->car, 2 * from.edge + back, cases[i].speed_cmps);
        assert_int_equal(haul_metric_commit(x->metric, NULL), HAUL_OK);
        const struct haul_weights *now = haul_metric_hold(x->metric);
        assert_int_equal(haul_route_run(x->router, now, &from, &to, &r, &e), HAUL_OK);
        if (r.cost < cases[i].low_ms || r.cost > cases[i].high_ms) fail_msg("case %zu: %d ms", i, r.cost);
        haul_metric_release(x->metric, now);
    }
    for (uint32_t back = 0; back <= 1; back++) haul_live_revert(x->metric, x->town.roads, 2 * from.edge + back);
    assert_int_equal(haul_metric_commit(x->metric, NULL), HAUL_OK);
    x->w = haul_metric_hold(x->metric);
}

struct reached {
    double length_m;
    struct haul_reach_area *area;
    const struct haul_map *map;
};

static void add(void *user, uint32_t arc, uint32_t from_cm, uint32_t to_cm, int32_t cost)
{
    struct reached *r = user;
    assert_true(cost >= 0 && cost <= 60000 && from_cm <= to_cm);
    r->length_m += (to_cm - from_cm) * 0.01;
    haul_reach_area_add(r->area, r->map, arc, from_cm, to_cm);
}

static void reach(void **state)
{
    const struct world *x = *state;
    const struct haul_stop from = stop_at(x, 3, 3.5);
    struct reached r = {0, haul_reach_area_new(), x->town.map};
    struct haul_error e;
    assert_int_equal(haul_route_reach(x->router, x->w, &from, 60000, add, &r, &e), HAUL_OK); /* 600 m */
    assert_true(r.length_m > 4000 && r.length_m < 20000);
    struct haul_buf out;
    haul_buf_init(&out, 256, 1 << 20);
    assert_int_equal(haul_reach_area_geojson(r.area, &out, &e), HAUL_OK);
    json_t *j = json_loadb((const char *)out.p, out.n, 0, NULL);
    assert_non_null(j);
    json_decref(j);
    haul_buf_free(&out);
    haul_reach_area_free(r.area);
}

/* ---- planning ahead ---- */

static void nobody_overtakes_by_leaving_later(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 6);
    for (int k = 0; k < 200; k++) {
        struct haul_day_curve c;
        for (int b = 0; b < HAUL_DAY_BINS; b++) c.permille[b] = (uint16_t)(1 + haul_rng_below(&rng, 1500));
        const int64_t free_ms = (int64_t)haul_rng_below(&rng, 4000000);
        int64_t last = INT64_MIN;
        for (int64_t t = -HAUL_DAY_MS; t < 2 * HAUL_DAY_MS; t += 1 + (int64_t)haul_rng_below(&rng, 2000000)) {
            const int64_t at = haul_curve_arrival(&c, t, free_ms);
            assert_true(at >= last && at >= t);
            last = at;
        }
    }
    struct haul_day_curve half;
    for (int b = 0; b < HAUL_DAY_BINS; b++) half.permille[b] = 500;
    assert_int_equal(haul_curve_arrival(&half, 1000, 60000), 121000);
    for (int b = 0; b < HAUL_DAY_BINS; b++) half.permille[b] = b % 2 ? 1000 : 100;
    /* from 15 s before the end of a slow bin: 1.5 s of the way there, the rest in the fast one */
    assert_int_equal(haul_curve_arrival(&half, HAUL_BIN_MS - 15000, 10000), HAUL_BIN_MS + 8500);
}

/* Label-correcting over the plain graph; slow and simple. */
static int64_t plain_arrival(const struct haul_arcs *g, const int32_t *ms, const uint16_t *of,
                             const struct haul_day_curve *c, uint32_t from, uint32_t to, int64_t depart)
{
    int64_t *at = malloc(g->nodes * sizeof *at);
    for (uint32_t v = 0; v < g->nodes; v++) at[v] = INT64_MAX;
    at[from] = depart;
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < g->arcs; i++) {
            if (at[g->tail[i]] == INT64_MAX) continue;
            const int64_t t = haul_curve_arrival(&c[of[i]], at[g->tail[i]], ms[i]);
            if (t < at[g->head[i]]) at[g->head[i]] = t, moved = true;
        }
    }
    const int64_t arrival = at[to];
    free(at);
    return arrival;
}

static void plans_equal_a_plain_search(void **state)
{
    const struct world *x = *state;
    const struct haul_arcs g = haul_roads_graph(x->town.roads);
    struct haul_rng rng;
    struct haul_planner *p;
    struct haul_error e;
    haul_rng_seed(&rng, 7);
    struct haul_day_curve c[4];
    for (int i = 0; i < 4; i++)
        for (int b = 0; b < HAUL_DAY_BINS; b++)
            c[i].permille[b] = (uint16_t)(i == 0 ? 1000 : 50 + haul_rng_below(&rng, 1200));
    int32_t *ms = malloc(g.arcs * sizeof *ms);
    uint16_t *of = malloc(g.arcs * sizeof *of);
    for (uint32_t i = 0; i < g.arcs; i++)
        ms[i] = 100000 + (int32_t)haul_rng_below(&rng, 1000000), of[i] = (uint16_t)haul_rng_below(&rng, 4);
    assert_int_equal(haul_planner_new(x->cch, &g, ms, of, c, 4, &p, &e), HAUL_OK);
    for (int k = 0; k < 100; k++) {
        const uint32_t from = (uint32_t)haul_rng_below(&rng, g.nodes), to = (uint32_t)haul_rng_below(&rng, g.nodes);
        const int64_t depart = (int64_t)haul_rng_below(&rng, HAUL_DAY_MS);
        int64_t arrival, at = depart;
        const uint32_t *arcs;
        size_t n;
        assert_int_equal(haul_plan_run(p, from, to, depart, &arrival, &arcs, &n, &e), HAUL_OK);
        assert_int_equal(arrival, plain_arrival(&g, ms, of, c, from, to, depart));
        uint32_t node = from;
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(g.tail[arcs[i]], node);
            node = g.head[arcs[i]];
            at = haul_curve_arrival(&c[of[arcs[i]]], at, ms[arcs[i]]);
        }
        assert_int_equal(node, to);
        assert_int_equal(at, arrival);
    }
    haul_planner_free(p);
    c[1].permille[5] = 0;
    assert_int_equal(haul_planner_new(x->cch, &g, ms, of, c, 4, &p, &e), HAUL_E_RANGE);
    assert_int_equal(haul_planner_new(x->cch, &g, ms, of, c, 1, &p, &e), HAUL_E_RANGE);
    free(ms), free(of);
}

/* At a constant speed a plan is the route, in proportion; and on a road that crawls until seven one waits there. */
static void plans_between_places(void **state)
{
    const struct world *x = *state;
    const struct haul_roads_view *v = haul_roads_view(x->town.roads);
    const struct haul_arcs g = haul_roads_graph(x->town.roads);
    struct haul_rng rng;
    struct haul_planner *p;
    struct haul_error e;
    struct haul_day_curve c[2];
    int32_t *ms = malloc(g.arcs * sizeof *ms);
    uint16_t *of = calloc(g.arcs, sizeof *of);
    haul_rng_seed(&rng, 8);
    for (int b = 0; b < HAUL_DAY_BINS; b++) c[0].permille[b] = 500, c[1].permille[b] = b < 28 ? 1 : 500;
    for (uint32_t i = 0; i < g.arcs; i++) ms[i] = haul_weights_arc(x->w, i);
    assert_int_equal(haul_planner_new(x->cch, &g, ms, of, c, 2, &p, &e), HAUL_OK);
    for (int k = 0; k < 200; k++) {
        const struct haul_stop from = stop_at(x, floor(8 * haul_rng_f64(&rng)), 7 * haul_rng_f64(&rng)),
                               to = k % 4 == 0 ? from : stop_at(x, 3, 7 * haul_rng_f64(&rng));
        const int64_t depart = (int64_t)haul_rng_below(&rng, HAUL_DAY_MS);
        struct haul_route r, plan;
        assert_int_equal(haul_route_run(x->router, x->w, &from, &to, &r, &e), HAUL_OK);
        assert_int_equal(haul_plan_route(p, x->town.map, &from, &to, depart, &plan, &e), HAUL_OK);
        assert_true(abs(plan.cost - 2 * r.cost) <= 4);
        assert_true(fabs(plan.length_m - r.length_m) < 1);
        int64_t sum = 0;
        for (size_t i = 0; i < plan.n; i++) {
            sum += plan.costs[i];
            if (i > 0) assert_int_equal(haul_arc_to(v, plan.arcs[i - 1]), haul_arc_from(v, plan.arcs[i]));
        }
        assert_int_equal(sum, plan.cost);
    }
    const struct haul_stop from = stop_at(x, 3, 2.5), jam = stop_at(x, 3, 3.5), to = stop_at(x, 3, 4.5);
    struct haul_route early, late;
    for (uint32_t i = v->road_first[2 * jam.edge]; i < v->road_first[2 * jam.edge + 2]; i++) of[v->road_arcs[i]] = 1;
    haul_planner_free(p);
    assert_int_equal(haul_planner_new(x->cch, &g, ms, of, c, 2, &p, &e), HAUL_OK);
    assert_int_equal(haul_plan_route(p, x->town.map, &from, &to, 3 * 3600000, &early, &e), HAUL_OK);
    assert_true(early.length_m > 700); /* round the jam */
    assert_int_equal(haul_plan_route(p, x->town.map, &from, &to, 7 * 3600000, &late, &e), HAUL_OK);
    assert_true(late.length_m < 460 && late.cost < early.cost);
    assert_int_equal(haul_plan_route(p, x->town.map, &jam, &to, 3 * 3600000, &early, &e), HAUL_OK);
    assert_true(early.cost > 3600000); /* from within it one cannot go round */
    for (uint32_t i = 0; i < g.arcs; i++) ms[i] = HAUL_FAR;
    assert_int_equal(haul_plan_route(p, x->town.map, &from, &to, 0, &late, &e), HAUL_E_UNREACHABLE);
    haul_planner_free(p);
    free(ms), free(of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_in_a_grid),
        cmocka_unit_test(json_is_json),
        cmocka_unit_test(closures),
        cmocka_unit_test(jams),
        cmocka_unit_test(reach),
        cmocka_unit_test(nobody_overtakes_by_leaving_later),
        cmocka_unit_test(plans_equal_a_plain_search),
        cmocka_unit_test(plans_between_places),
    };
    return cmocka_run_group_tests_name("route", tests, setup, teardown);
}
