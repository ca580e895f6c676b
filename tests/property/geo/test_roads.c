/* SPDX-License-Identifier: Apache-2.0
 * Networks built from random ways with random restrictions: the file round-trips, and routes over the routing graph are
 * as long as those of a search that knows the forbidden sequences only.
 */
#include "haul/rng.h"
#include "haul/roads_build.h"
#include "tests/unit/geo/support_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED 43u
#define SIDE 6u

struct town {
    struct haul_rng rng;
    uint32_t point[SIDE][SIDE];
};

static uint32_t below(struct town *t, uint32_t n)
{
    return (uint32_t)haul_rng_below(&t->rng, n);
}

/* Streets of a grid, each block its own way; one in five is one-way; some have points between. */
static void add_streets(struct town *t, struct haul_builder *b)
{
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++)
            t->point[y][x] = haul_builder_point(b, (int32_t)(1150000000 + x * 20000 + below(t, 9000)),
                                                (int32_t)(280000000 + y * 20000 + below(t, 9000)));
    int64_t id = 1;
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++)
            for (int down = 0; down <= 1; down++) {
                const uint32_t x2 = x + !down, y2 = y + (down != 0);
                if (x2 == SIDE || y2 == SIDE || below(t, 12) == 0) continue;
                struct haul_road_kind k = {.road_class = HAUL_ROAD_PRIMARY,
                                           .access = {15, below(t, 5) == 0 ? 0 : 15},
                                           .speed_cmps = {1000, 1200}};
                if (below(t, 4) == 0) k.height_cm = 300;
                uint32_t line[3] = {t->point[y][x], t->point[y2][x2], 0};
                size_t n = 2;
                if (below(t, 2))
                    line[2] = line[1],
                    line[1] =
                        haul_builder_point(b, (int32_t)(1150000000 + x * 20000), (int32_t)(280000000 + y2 * 20000)),
                    n = 3;
                haul_builder_way(b, id++, HAUL_STR("street"), &k, line, n);
            }
    for (uint32_t k = below(t, 30); k > 0; k--) {
        struct haul_restriction r = {.from = 1 + below(t, (uint32_t)id),
                                     .to = 1 + below(t, (uint32_t)id),
                                     .mask = below(t, 3) == 0 ? HAUL_USE_HGV : HAUL_USE_ROAD};
        r.only = below(t, 3) == 0;
        r.via_point = t->point[below(t, SIDE)][below(t, SIDE)];
        if (below(t, 3) == 0) r.via_point = HAUL_NONE, r.via_ways = 1, r.via_way[0] = 1 + below(t, (uint32_t)id);
        haul_builder_restrict(b, &r);
    }
}

/* Restrictions at random hardly ever fit; these are made of ways that do meet. Needs the pieces, so it asks a first
 * build. */
static void add_fitting(struct town *t, struct haul_builder *b, const struct haul_roads_view *v)
{
    for (uint32_t k = 0; k < 25; k++) {
        const uint32_t a = below(t, 2 * v->edges), middle = haul_arc_to(v, a);
        struct haul_restriction r = {
            .from = v->edge_way[a / 2], .via_point = HAUL_NONE, .mask = HAUL_USE_ROAD, .only = below(t, 4) == 0};
        uint32_t out[16], n = 0;
        for (uint32_t c = 0; c < 2 * v->edges && n < 16; c++)
            if (haul_arc_from(v, c) == middle) out[n++] = c;
        const uint32_t c = out[below(t, n)];
        r.to = v->edge_way[c / 2];
        for (uint32_t y = 0; y < SIDE * SIDE; y++) { /* the builder's number of the junction */
            struct haul_restriction point = r;
            point.via_point = t->point[y / SIDE][y % SIDE];
            haul_builder_restrict(b, &point);
        }
        r.via_ways = 1, r.via_way[0] = v->edge_way[c / 2], r.to = v->edge_way[below(t, v->edges)];
        haul_builder_restrict(b, &r);
    }
}

static struct haul_roads *build(uint64_t seed, bool all_turns, struct haul_buf *image, struct haul_build_report *report)
{
    struct town t;
    struct haul_error e;
    struct haul_roads *first = NULL, *roads = NULL;
    const struct haul_build_options options = {.source = "a test", .all_turns = all_turns};
    for (int pass = 0; pass <= 1; pass++) {
        struct haul_builder *b = haul_builder_new();
        haul_rng_seed(&t.rng, seed);
        add_streets(&t, b);
        if (pass == 1) add_fitting(&t, b, haul_roads_view(first));
        struct haul_buf bytes;
        assert_int_equal(haul_builder_finish(b, &options, &bytes, report, &e), HAUL_OK);
        haul_builder_free(b);
        if (pass == 1) {
            haul_roads_close(first);
            haul_buf_free(image);
        }
        *image = bytes;
        assert_int_equal(haul_roads_of_bytes(image->p, image->n, pass == 0 ? &first : &roads, &e), HAUL_OK);
    }
    return roads;
}

/* From behind one arc to before another, over the hierarchy. */
static int32_t route(const struct haul_roads_view *v, struct haul_query *q, const struct haul_weights *w,
                     uint32_t first, uint32_t last)
{
    struct haul_end to[HAUL_ENDS_MAX];
    size_t n = 0;
    for (uint32_t i = v->road_first[last]; i < v->road_first[last + 1] && n < HAUL_ENDS_MAX; i++)
        if (haul_weights_arc(w, v->road_arcs[i]) < HAUL_FAR)
            to[n++] = (struct haul_end){v->arc_tail[v->road_arcs[i]], 0};
    const struct haul_end from = {v->arc_head[v->road_arcs[v->road_first[first]]], 0};
    return haul_query_ends(q, w, &from, 1, to, n, NULL, NULL);
}

static uint32_t routes_equal_the_oracle(uint64_t seed, const char *vehicle_name)
{
    struct haul_buf image = {0};
    struct haul_build_report report;
    struct haul_error e;
    struct haul_roads *r = build(seed, false, &image, &report);
    const struct haul_roads_view *v = haul_roads_view(r);
    struct haul_vehicle vehicle;
    assert_true(haul_vehicle_preset(vehicle_name, &vehicle));
    struct haul_cch *cch;
    assert_int_equal(haul_roads_cch(r, &cch, &e), HAUL_OK);
    int32_t *weight = malloc(v->arcs * sizeof *weight), *by_road = malloc(2 * v->edges * sizeof *by_road);
    haul_vehicle_weights(r, &vehicle, weight);
    for (uint32_t a = 0; a < 2 * v->edges; a++) by_road[a] = haul_vehicle_arc_ms(v, &vehicle, a);
    struct haul_weights *w = haul_weights_new(cch);
    struct haul_query *q = haul_query_new(cch);
    haul_weights_customise(w, weight);
    struct haul_rng rng;
    haul_rng_seed(&rng, seed);
    for (int k = 0; k < 40; k++) {
        const uint32_t a = (uint32_t)haul_rng_below(&rng, 2 * v->edges),
                       b = (uint32_t)haul_rng_below(&rng, 2 * v->edges);
        if (by_road[a] == HAUL_FAR || by_road[b] == HAUL_FAR) continue;
        const int32_t expected = oracle_road(v, vehicle.use, by_road, a, b);
        assert_int_equal(route(v, q, w, a, b), expected);
    }
    free(weight), free(by_road);
    haul_query_free(q);
    haul_weights_free(w);
    haul_cch_free(cch);
    haul_roads_close(r);
    haul_buf_free(&image);
    return report.bans;
}

static void routes_obey_restrictions(void **state)
{
    (void)state;
    print_message("seed %u\n", SEED);
    uint32_t bans = 0;
    for (uint64_t round = 0; round < 25; round++) {
        bans += routes_equal_the_oracle(SEED * 100 + round, "car");
        bans += routes_equal_the_oracle(SEED * 100 + round, "truck49");
    }
    assert_true(bans > 500); /* or the test would say nothing */
}

static void the_same_input_gives_the_same_bytes(void **state)
{
    (void)state;
    struct haul_buf one = {0}, two = {0};
    struct haul_build_report report;
    struct haul_roads *a = build(5, true, &one, &report), *b = build(5, true, &two, &report);
    assert_int_equal(one.n, two.n);
    assert_memory_equal(one.p, two.p, one.n);
    assert_true(haul_str_eq(haul_roads_source(a), HAUL_STR("a test")));
    assert_true(haul_str_eq(haul_roads_name(a, 0), HAUL_STR("street")));
    haul_roads_close(a), haul_roads_close(b);
    haul_buf_free(&one), haul_buf_free(&two);
}

/* With every turn in the graph each arc has a node of its own, and going straight on costs no more than turning. */
static void all_turns(void **state)
{
    (void)state;
    struct haul_buf image = {0};
    struct haul_build_report report;
    struct haul_roads *r = build(6, true, &image, &report);
    const struct haul_roads_view *v = haul_roads_view(r);
    uint32_t u_turns = 0, dear = 0;
    for (uint32_t i = 0; i < v->arcs; i++)
        for (uint32_t k = v->road_first[v->arc_road[i] ^ 1]; k < v->road_first[(v->arc_road[i] ^ 1) + 1]; k++) {
            const uint32_t back = v->road_arcs[k];
            if (v->arc_tail[back] != v->arc_head[i]) continue;
            u_turns++;
            dear += v->arc_turn_ds[back] >= 100;
        }
    assert_true(u_turns > 50);
    assert_int_equal(dear, u_turns);
    haul_roads_close(r);
    haul_buf_free(&image);
}

/* One byte anywhere, or an end too early, and the file is refused. */
static void torn_files_are_refused(void **state)
{
    (void)state;
    struct haul_buf image = {0};
    struct haul_build_report report;
    struct haul_error e;
    struct haul_roads *r = build(7, false, &image, &report), *other;
    struct haul_rng rng;
    haul_rng_seed(&rng, 8);
    for (int k = 0; k < 300; k++) {
        const size_t at = haul_rng_below(&rng, image.n);
        const uint8_t was = image.p[at];
        image.p[at] ^= (uint8_t)(1u << haul_rng_below(&rng, 8));
        assert_int_not_equal(haul_roads_of_bytes(image.p, image.n, &other, &e), HAUL_OK);
        image.p[at] = was;
        assert_int_not_equal(haul_roads_of_bytes(image.p, haul_rng_below(&rng, image.n), &other, &e), HAUL_OK);
    }
    haul_roads_close(r);
    haul_buf_free(&image);
}

static void nothing_to_drive(void **state)
{
    (void)state;
    struct haul_builder *b = haul_builder_new();
    const uint32_t line[] = {haul_builder_point(b, 0, 0), haul_builder_point(b, 100, 0)};
    const struct haul_road_kind k = {.access = {15, 0}, .speed_cmps = {100, 100}}; /* one-way, no way back */
    haul_builder_way(b, 1, HAUL_STR(""), &k, line, 2);
    struct haul_buf image;
    struct haul_build_report report;
    struct haul_error e;
    assert_int_equal(haul_builder_finish(b, &(struct haul_build_options){0}, &image, &report, &e), HAUL_E_INVALID);
    haul_builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_obey_restrictions),
        cmocka_unit_test(the_same_input_gives_the_same_bytes),
        cmocka_unit_test(all_turns),
        cmocka_unit_test(torn_files_are_refused),
        cmocka_unit_test(nothing_to_drive),
    };
    return cmocka_run_group_tests_name("roads", tests, NULL, NULL);
}
