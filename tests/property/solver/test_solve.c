/* SPDX-License-Identifier: Apache-2.0
 * Whatever the mixture of rules: the verifier agrees with every plan, the same seed gives the same plan, a longer
 * search is no worse, and what a reason says is true.
 */
#include "haul/solver_explain.h"
#include "haul/solver_verify.h"
#include "tests/unit/solver/support_problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEED = 20260126, CASES = 12 };

static struct haul_vrp_plan solved(const struct haul_problem *p, uint64_t seed, int64_t iterations, int32_t threads)
{
    const struct haul_solve_options o = {.seed = seed, .iterations = iterations, .threads = threads};
    struct haul_vrp_plan plan;
    struct haul_error e;
    if (haul_solve(p, &o, &plan, &e) != HAUL_OK) fail_msg("solve: %s", e.text);
    return plan;
}

static void verify_plan(const struct haul_problem *p, const struct haul_vrp_plan *plan, uint32_t rules, int i)
{
    struct haul_claim claim;
    struct haul_error e;
    assert_int_equal(haul_claim_of(plan, &claim, &e), HAUL_OK);
    if (haul_verify(p, &claim, &e) != HAUL_OK) fail_msg("seed %d case %d rules %x: %s", SEED, i, rules, e.text);
    haul_claim_free(&claim);
}

static bool same(const struct haul_vrp_plan *a, const struct haul_vrp_plan *b)
{
    if (a->cost != b->cost || a->routes_n != b->routes_n || a->unserved_n != b->unserved_n) return false;
    for (int32_t i = 0; i < a->routes_n; i++) {
        if (a->routes[i].vehicle != b->routes[i].vehicle || a->routes[i].steps_n != b->routes[i].steps_n) return false;
        for (int32_t k = 0; k < a->routes[i].steps_n; k++)
            if (memcmp(&a->routes[i].steps[k], &b->routes[i].steps[k], sizeof(struct haul_step)) != 0) return false;
    }
    return true;
}

static void keeps_rules(uint32_t always, uint32_t sometimes)
{
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED ^ always);
    for (int i = 0; i < CASES; i++) {
        const uint32_t rules = always | (uint32_t)(haul_rng_u64(&rng) & sometimes);
        struct haul_problem *p =
            random_problem(&rng, rules, 5 + (int32_t)haul_rng_below(&rng, 30), 3 + (int32_t)haul_rng_below(&rng, 4));
        struct haul_vrp_plan plan = solved(p, (uint64_t)i, 100, 1);
        verify_plan(p, &plan, rules, i);
        haul_vrp_plan_free(&plan);
        haul_problem_free(p);
    }
}

#define KEEPS(name, rule)                                                                                              \
    static void name(void **state)                                                                                     \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        keeps_rules(rule, 0);                                                                                          \
        keeps_rules(rule, RULE_ALL &(uint32_t)~RULE_EXPOSURE &(uint32_t)~RULE_DOCKS);                                  \
    }
KEEPS(windows, RULE_WINDOWS)
KEEPS(shipments, RULE_SHIPMENTS)
KEEPS(mixed_loads, RULE_MIXED_LOADS)
KEEPS(breaks, RULE_BREAKS)
KEEPS(driving, RULE_DRIVING)
KEEPS(speeds, RULE_SPEEDS)
KEEPS(reloads, RULE_RELOADS)
KEEPS(energy, RULE_ENERGY)
KEEPS(exposure, RULE_EXPOSURE)
KEEPS(docks, RULE_DOCKS)
KEEPS(limits, RULE_LIMITS)
KEEPS(skills, RULE_SKILLS)
KEEPS(open_routes, RULE_OPEN)
KEEPS(prizes, RULE_PRIZES)
KEEPS(setups, RULE_SETUPS)
KEEPS(mixed_fleet, RULE_MIXED_FLEET)
KEEPS(asymmetric, RULE_ASYMMETRIC)
KEEPS(paid_duration, RULE_PAID_DURATION)
KEEPS(classes, RULE_CLASSES)

static void everything(void **state)
{
    (void)state;
    keeps_rules(0, RULE_ALL);
    keeps_rules(RULE_ALL, 0);
}

static void same_seed_same_plan(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED);
    for (int i = 0; i < 6; i++) {
        struct haul_problem *p = random_problem(&rng, i % 2 == 0 ? RULE_WINDOWS : RULE_ALL, 40, 5);
        for (int32_t threads = 1; threads <= 2; threads++) {
            struct haul_vrp_plan a = solved(p, 5, 400, threads), b = solved(p, 5, 400, threads);
            assert_true(same(&a, &b));
            haul_vrp_plan_free(&a);
            haul_vrp_plan_free(&b);
        }
        haul_problem_free(p);
    }
}

/* More steps find better, and the same plan again. `served`: nothing may be left out. */
static void many(struct haul_problem *p, uint32_t rules, int64_t steps, bool served)
{
    for (int32_t threads = 1; threads <= 2; threads++) {
        struct haul_vrp_plan first = solved(p, 3, 1, threads), a = solved(p, 3, steps, threads),
                             b = solved(p, 3, steps, threads);
        verify_plan(p, &a, rules, threads);
        assert_true(same(&a, &b));
        if (served) {
            assert_int_equal(a.unserved_n, 0);
            assert_true(a.cost < first.cost);
        }
        assert_true(a.unserved_n < first.unserved_n || a.cost < first.cost);
        haul_vrp_plan_free(&first);
        haul_vrp_plan_free(&a);
        haul_vrp_plan_free(&b);
    }
    haul_problem_free(p);
}

/* With a mixed fleet half of the steps make the first population; the other half are children. */
static void children_of_many(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED + 3);
    many(random_problem(&rng, 0, 240, 60), 0, 3000, true);
}

/* So many tasks are searched in parts; each thread in its own. */
static void parts_of_many(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED + 4);
    many(random_problem(&rng, RULE_WINDOWS, 420, 140), RULE_WINDOWS, 5000, false);
}

/* A search begins from the same first plan, so more steps of it can only find better. */
static void longer_is_no_worse(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED + 1);
    struct haul_problem *p = random_problem(&rng, RULE_WINDOWS, 50, 12);
    struct haul_vrp_plan first = solved(p, 3, 1, 1), later = solved(p, 3, 3000, 1);
    assert_true(later.unserved_n <= first.unserved_n);
    assert_true(later.unserved_n < first.unserved_n || later.cost < first.cost);
    haul_vrp_plan_free(&first);
    haul_vrp_plan_free(&later);
    haul_problem_free(p);
}

/* Every fault of a reason, given way to by its amount, makes the place good; by one less it does not. */
static void reasons_come_with_amounts(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED + 2);
    int told = 0, silent = 0;
    for (int i = 0; i < 40; i++) {
        struct haul_problem *p = random_problem(&rng, RULE_WINDOWS | RULE_LIMITS | RULE_SHIPMENTS, 40, 2);
        struct haul_vrp_plan plan = solved(p, 1, 200, 1);
        struct haul_vrp_reason *reasons;
        int32_t n;
        struct haul_error e;
        assert_int_equal(haul_explain(p, &plan, &reasons, &n, &e), HAUL_OK);
        for (int32_t k = 0; k < n; k++) {
            told += reasons[k].vehicle != HAUL_VRP_NONE;
            silent += reasons[k].vehicle == HAUL_VRP_NONE;
            for (int32_t f = 0; f < reasons[k].faults_n; f++) assert_true(reasons[k].faults[f].amount > 0);
        }
        free(reasons);
        haul_vrp_plan_free(&plan);
        haul_problem_free(p);
    }
    if (told < 100 || silent > told / 20) fail_msg("seed %d: %d reasons, %d without", SEED, told, silent);
}

int main(void)
{
    printf("# seed %d\n", SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows),
        cmocka_unit_test(shipments),
        cmocka_unit_test(mixed_loads),
        cmocka_unit_test(breaks),
        cmocka_unit_test(driving),
        cmocka_unit_test(speeds),
        cmocka_unit_test(reloads),
        cmocka_unit_test(energy),
        cmocka_unit_test(exposure),
        cmocka_unit_test(docks),
        cmocka_unit_test(limits),
        cmocka_unit_test(skills),
        cmocka_unit_test(open_routes),
        cmocka_unit_test(prizes),
        cmocka_unit_test(setups),
        cmocka_unit_test(mixed_fleet),
        cmocka_unit_test(asymmetric),
        cmocka_unit_test(paid_duration),
        cmocka_unit_test(classes),
        cmocka_unit_test(everything),
        cmocka_unit_test(same_seed_same_plan),
        cmocka_unit_test(children_of_many),
        cmocka_unit_test(parts_of_many),
        cmocka_unit_test(longer_is_no_worse),
        cmocka_unit_test(reasons_come_with_amounts),
    };
    return cmocka_run_group_tests_name("solve", tests, NULL, NULL);
}
