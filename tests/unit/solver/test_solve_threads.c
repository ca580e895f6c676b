/* SPDX-License-Identifier: Apache-2.0
 * Two searches side by side share nothing but the model; another thread may stop them.
 */
#include "tests/unit/solver/support_problem.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SEED = 9, TASKS = 30, VEHICLES = 5, TOLD_FIRST = 3 };

static void two_threads(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED);
    struct haul_problem *p = random_problem(&rng, RULE_WINDOWS | RULE_SHIPMENTS, TASKS, VEHICLES);
    int64_t cost[2];
    for (int k = 0; k < 2; k++) {
        const struct haul_solve_options o = {.seed = 1, .iterations = 400, .threads = 2};
        struct haul_vrp_plan plan;
        struct haul_error e;
        assert_int_equal(haul_solve(p, &o, &plan, &e), HAUL_OK);
        assert_int_equal(plan.iterations, 800);
        cost[k] = plan.cost;
        haul_vrp_plan_free(&plan);
    }
    assert_int_equal(cost[0], cost[1]);
    haul_problem_free(p);
}

struct stopper {
    atomic_bool stop;
    atomic_int told;
};

static void count(void *arg, const struct haul_progress *now)
{
    struct stopper *s = arg;
    assert_true(now->share >= 0 && now->share <= 1);
    atomic_fetch_add(&s->told, 1);
}

static void *stop_when_told(void *arg)
{
    struct stopper *s = arg;
    while (atomic_load(&s->told) < TOLD_FIRST) continue;
    atomic_store(&s->stop, true);
    return NULL;
}

static void stopped_from_outside(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED);
    struct haul_problem *p = random_problem(&rng, RULE_WINDOWS, TASKS, VEHICLES);
    struct stopper s;
    atomic_init(&s.stop, false);
    atomic_init(&s.told, 0);
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, stop_when_told, &s), 0);
    const struct haul_solve_options o = {
        .seed = 1, .threads = 2, .stop = &s.stop, .progress = count, .progress_arg = &s};
    struct haul_vrp_plan plan;
    struct haul_error e;
    assert_int_equal(haul_solve(p, &o, &plan, &e), HAUL_OK);
    assert_int_equal(pthread_join(other, NULL), 0);
    haul_vrp_plan_free(&plan);
    haul_problem_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_threads), cmocka_unit_test(stopped_from_outside)};
    return cmocka_run_group_tests_name("solve threads", tests, NULL, NULL);
}
