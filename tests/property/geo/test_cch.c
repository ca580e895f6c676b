/* SPDX-License-Identifier: Apache-2.0
 * The hierarchy against Dijkstra on random graphs: loops, parallel arcs, zero and infinite weights, parts that do not
 * touch.
 */
#include "haul/metric.h"
#include "haul/rng.h"
#include "tests/unit/geo/support_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED  41u
#define NODES 90u
#define ARCS  400u

struct world {
    struct haul_rng rng;
    uint32_t tail[ARCS], head[ARCS], order[NODES];
    int32_t lon[NODES], lat[NODES], weight[ARCS];
    struct haul_arcs g;
    struct haul_cch *cch;
    struct haul_query *query;
};

static uint32_t below(struct world *w, uint32_t n)
{
    return (uint32_t)haul_rng_below(&w->rng, n);
}

static int32_t any_weight(struct world *w)
{
    const uint32_t kind = below(w, 12);
    return kind == 0 ? HAUL_FAR : kind == 1 ? 0 : kind == 2 ? (int32_t)below(w, HAUL_FAR) : (int32_t)below(w, 1000);
}

/* Mostly arcs between neighbours of a line of nodes, some far, some loops, some doubled. */
static void make_world(struct world *w, uint64_t seed)
{
    haul_rng_seed(&w->rng, seed);
    w->g = (struct haul_arcs){1 + below(w, NODES), below(w, ARCS), w->tail, w->head};
    const uint32_t near = 1 + below(w, 12);
    for (uint32_t v = 0; v < w->g.nodes; v++)
        w->lon[v] = (int32_t)(v * 1000 + below(w, 3000)), w->lat[v] = (int32_t)below(w, below(w, 2) ? 1 : 20000);
    for (uint32_t i = 0; i < w->g.arcs; i++) {
        w->tail[i] = below(w, w->g.nodes);
        w->head[i] = below(w, 10) == 0 ? below(w, w->g.nodes) : (w->tail[i] + below(w, near)) % w->g.nodes;
        if (below(w, 2)) {
            const uint32_t t = w->tail[i];
            w->tail[i] = w->head[i], w->head[i] = t;
        }
        w->weight[i] = any_weight(w);
    }
    struct haul_error e;
    assert_int_equal(haul_order_compute(&w->g, w->lon, w->lat, w->order, NULL, NULL, &e), HAUL_OK);
    assert_int_equal(haul_cch_build(&w->g, w->order, &w->cch, &e), HAUL_OK);
    w->query = haul_query_new(w->cch);
    assert_non_null(w->query);
}

static void free_world(struct world *w)
{
    haul_query_free(w->query);
    haul_cch_free(w->cch);
}

/* The path is there, joined, and as long as it says. */
static void check_path(struct world *w, const struct haul_weights *weights, uint32_t from, uint32_t to, int32_t length)
{
    uint32_t arcs[NODES + 1];
    const size_t n = haul_query_path(w->query, weights, arcs, NODES + 1);
    if (length == HAUL_FAR) {
        assert_int_equal(n, 0);
        return;
    }
    assert_true(n <= NODES);
    int32_t sum = 0;
    uint32_t at = from;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(w->tail[arcs[i]], at);
        at = w->head[arcs[i]];
        sum += haul_weights_arc(weights, arcs[i]);
    }
    assert_int_equal(at, to);
    assert_int_equal(sum, length);
}

static void check_all(struct world *w, const struct haul_weights *weights, const int32_t *weight)
{
    int32_t dist[NODES], all[NODES];
    for (int k = 0; k < 6; k++) {
        const uint32_t from = below(w, w->g.nodes);
        oracle_from(&w->g, weight, from, dist);
        haul_query_all_from(w->query, weights, from, all);
        for (uint32_t v = 0; v < w->g.nodes; v++) {
            assert_int_equal(all[v], dist[v]);
            assert_int_equal(haul_query_run(w->query, weights, from, v), dist[v]);
            check_path(w, weights, from, v, dist[v]);
        }
        const uint32_t to = below(w, w->g.nodes);
        haul_query_all_to(w->query, weights, to, all);
        assert_int_equal(all[from], dist[to]);
    }
}

static void equals_dijkstra(void **state)
{
    (void)state;
    print_message("seed %u\n", SEED);
    for (uint64_t round = 0; round < 150; round++) {
        struct world w;
        make_world(&w, SEED * 1000 + round);
        struct haul_weights *weights = haul_weights_new(w.cch);
        assert_non_null(weights);
        haul_weights_customise(weights, w.weight);
        check_all(&w, weights, w.weight);
        haul_weights_free(weights);
        free_world(&w);
    }
}

/* After any sequence of updates the weights are those of a customisation from scratch. */
static void updates_equal_customisation(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 60; round++) {
        struct world w;
        make_world(&w, SEED * 2000 + round);
        if (w.g.arcs == 0) {
            free_world(&w);
            continue;
        }
        struct haul_metric *m;
        struct haul_error e;
        assert_int_equal(haul_metric_new(w.cch, w.weight, &m, &e), HAUL_OK);
        for (int batch = 0; batch < 30; batch++) {
            for (uint32_t n = below(&w, 6); n > 0; n--) {
                const uint32_t arc = below(&w, w.g.arcs);
                if (below(&w, 4) == 0)
                    haul_metric_revert(m, arc);
                else
                    haul_metric_set(m, arc, any_weight(&w));
            }
            if (batch == 20) haul_metric_revert_all(m);
            assert_int_equal(haul_metric_commit(m, NULL), HAUL_OK);
            int32_t now[ARCS];
            for (uint32_t i = 0; i < w.g.arcs; i++) now[i] = haul_metric_arc(m, i);
            if (batch == 20) assert_memory_equal(now, w.weight, w.g.arcs * sizeof *now);
            const struct haul_weights *held = haul_metric_hold(m);
            if (batch % 5 == 0) check_all(&w, held, now);
            haul_metric_release(m, held);
        }
        haul_metric_free(m);
        free_world(&w);
    }
}

static void a_held_set_is_not_written(void **state)
{
    (void)state;
    struct world w;
    make_world(&w, 77);
    struct haul_metric *m;
    struct haul_error e;
    assert_int_equal(haul_metric_new(w.cch, w.weight, &m, &e), HAUL_OK);
    const struct haul_weights *first = haul_metric_hold(m);
    const int32_t was = haul_weights_arc(first, 0);
    haul_metric_set(m, 0, was == 5 ? 6 : 5);
    assert_int_equal(haul_metric_commit(m, NULL), HAUL_OK);
    assert_int_equal(haul_weights_arc(first, 0), was);
    const struct haul_weights *second = haul_metric_hold(m);
    assert_int_equal(haul_weights_arc(second, 0), was == 5 ? 6 : 5);
    haul_metric_set(m, 1, 1);
    assert_int_equal(haul_metric_commit(m, NULL), HAUL_E_AGAIN); /* the first is still held */
    assert_int_equal(haul_weights_arc(first, 0), was);
    haul_metric_release(m, first);
    assert_int_equal(haul_metric_commit(m, NULL), HAUL_OK);
    haul_metric_release(m, second);
    haul_metric_free(m);
    free_world(&w);
}

static void matrix_and_ends_equal_single_queries(void **state)
{
    (void)state;
    enum { SOURCES = 13, TARGETS = 11 };
    for (uint64_t round = 0; round < 60; round++) {
        struct world w;
        make_world(&w, SEED * 3000 + round);
        struct haul_weights *weights = haul_weights_new(w.cch);
        haul_weights_customise(weights, w.weight);
        struct haul_end s[SOURCES], t[TARGETS];
        for (int i = 0; i < SOURCES; i++) s[i] = (struct haul_end){below(&w, w.g.nodes), (int32_t)below(&w, 50)};
        for (int j = 0; j < TARGETS; j++) t[j] = (struct haul_end){below(&w, w.g.nodes), (int32_t)below(&w, 50)};
        int32_t out[SOURCES * TARGETS], best = HAUL_FAR;
        struct haul_matrix *m = haul_matrix_new(w.cch, SOURCES, TARGETS);
        assert_non_null(m);
        haul_matrix_sources(m, weights, s, 0, SOURCES);
        haul_matrix_targets(m, weights, t, 0, TARGETS);
        haul_matrix_rows(m, 0, SOURCES, out);
        for (int i = 0; i < SOURCES; i++)
            for (int j = 0; j < TARGETS; j++) {
                const int32_t one = haul_query_run(w.query, weights, s[i].node, t[j].node);
                const int64_t sum = (int64_t)one + s[i].offset + t[j].offset;
                const int32_t expected = one == HAUL_FAR || sum > HAUL_FAR ? HAUL_FAR : (int32_t)sum;
                assert_int_equal(out[i * TARGETS + j], expected);
                if (expected < best) best = expected;
            }
        size_t from_i = 99, to_i = 99;
        assert_int_equal(haul_query_ends(w.query, weights, s, SOURCES, t, TARGETS, &from_i, &to_i), best);
        if (best < HAUL_FAR) {
            assert_int_equal(out[from_i * TARGETS + to_i], best);
            check_path(&w, weights, s[from_i].node, t[to_i].node, best - s[from_i].offset - t[to_i].offset);
        }
        haul_matrix_free(m);
        haul_weights_free(weights);
        free_world(&w);
    }
}

static void refuses_what_is_no_graph(void **state)
{
    (void)state;
    const uint32_t tail[] = {0, 1}, head[] = {1, 2}, twice[] = {0, 0}, beyond[] = {0, 2}, good[] = {1, 0};
    struct haul_arcs g = {2, 2, tail, head};
    struct haul_cch *c;
    struct haul_error e;
    assert_int_equal(haul_cch_build(&g, good, &c, &e), HAUL_E_INVALID); /* arc to node 2 */
    g.arcs = 1;
    assert_int_equal(haul_cch_build(&g, twice, &c, &e), HAUL_E_INVALID);
    assert_int_equal(haul_cch_build(&g, beyond, &c, &e), HAUL_E_INVALID);
    assert_null(c);
    assert_int_equal(haul_cch_build(&g, good, &c, &e), HAUL_OK);
    haul_cch_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_dijkstra),           cmocka_unit_test(updates_equal_customisation),
        cmocka_unit_test(a_held_set_is_not_written), cmocka_unit_test(matrix_and_ends_equal_single_queries),
        cmocka_unit_test(refuses_what_is_no_graph),
    };
    return cmocka_run_group_tests_name("cch", tests, NULL, NULL);
}
