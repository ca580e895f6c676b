/* SPDX-License-Identifier: Apache-2.0
 * One writer, two readers. Every state that is committed has all weights equal to one number, so a reader that sees two
 * numbers, or a path that is not a multiple of the number it sees, has seen a state that never was.
 */
#include "haul/metric.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#define NODES   40u
#define COMMITS 400

struct shared {
    struct haul_cch *cch;
    struct haul_metric *metric;
    _Atomic bool stop;
    _Atomic uint32_t torn, reads;
};

static void *reader(void *arg)
{
    struct shared *s = arg;
    struct haul_query *q = haul_query_new(s->cch);
    while (!atomic_load(&s->stop)) {
        const struct haul_weights *w = haul_metric_hold(s->metric);
        const int32_t one = haul_weights_arc(w, 0), length = haul_query_run(q, w, 0, NODES - 1);
        uint32_t arcs[NODES];
        bool good = length == one * (int32_t)(NODES - 1) && haul_query_path(q, w, arcs, NODES) == NODES - 1;
        for (uint32_t i = 0; i < NODES - 1; i++) good = good && haul_weights_arc(w, i) == one;
        haul_metric_release(s->metric, w);
        if (!good) atomic_fetch_add(&s->torn, 1);
        atomic_fetch_add(&s->reads, 1);
    }
    haul_query_free(q);
    return NULL;
}

static void readers_see_what_was_committed(void **state)
{
    (void)state;
    uint32_t tail[NODES], head[NODES], order[NODES];
    int32_t lon[NODES], lat[NODES] = {0}, base[NODES];
    for (uint32_t i = 0; i < NODES; i++) tail[i] = i, head[i] = i + 1, lon[i] = (int32_t)i * 1000, base[i] = 1;
    const struct haul_arcs g = {NODES, NODES - 1, tail, head};
    struct shared s = {0};
    struct haul_error e;
    pthread_t thread[2];
    assert_int_equal(haul_order_compute(&g, lon, lat, order, NULL, NULL, &e), HAUL_OK);
    assert_int_equal(haul_cch_build(&g, order, &s.cch, &e), HAUL_OK);
    assert_int_equal(haul_metric_new(s.cch, base, &s.metric, &e), HAUL_OK);
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&thread[i], NULL, reader, &s), 0);
    for (int commit = 0; commit < COMMITS || atomic_load(&s.reads) < 100;) {
        for (uint32_t i = 0; i < NODES - 1; i++) haul_metric_set(s.metric, i, 1 + commit % 1000);
        commit += haul_metric_commit(s.metric, NULL) == HAUL_OK;
    }
    atomic_store(&s.stop, true);
    for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
    assert_int_equal(atomic_load(&s.torn), 0);
    assert_true(atomic_load(&s.reads) >= 100);
    haul_metric_free(s.metric);
    haul_cch_free(s.cch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(readers_see_what_was_committed)};
    return cmocka_run_group_tests_name("metric_threads", tests, NULL, NULL);
}
