/* SPDX-License-Identifier: Apache-2.0
 * Fewer vehicles: an ejection is the least of all there are and leaves the plan as it was, a plan from which requests
 * are left out at a price keeps every rule and becomes whole again, a spot from memory is the one that would be found,
 * plans for the fewest vehicles keep whatever rules there are and begin as they were told, never need more vehicles
 * than plans for the least cost do, and the same seed gives the same plan.
 */
#include "haul/solver_verify.h"
#include "processors/solver/eject.h"
#include "processors/solver/herd.h"
#include "processors/solver/plan.h"
#include "tests/unit/solver/support_problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEED = 20261128, TASKS = 36, VEHICLES = 8, CASES = 12, SUBJECTS = 10 };

/* ---- a plan from which a route was taken ---- */

struct scene {
    struct haul_problem *p;
    struct model *m;
    struct state *s;
    struct search x;
    struct pool *pool;
};

/* `cheaper`: so many times less is lost by what is left out than it should. */
static void set_cheap_scene(struct scene *c, struct haul_rng *rng, uint32_t rules, int64_t cheaper)
{
    struct haul_error e;
    c->p = random_problem(rng, rules, TASKS, VEHICLES);
    assert_int_equal(model_new(c->p, 0, &c->m, &e), HAUL_OK);
    for (int32_t i = 0; i < c->m->tasks; i++) c->m->nodes[i].penalty /= cheaper;
    c->s = state_new(c->m);
    state_begin(c->s);
    search_init(&c->x, c->s, haul_rng_u64(rng));
    c->pool = eject_pool_new(c->m);
    search_fill(&c->x);
    kept_take(&c->x.best, c->s);
    fewer_begin(&c->x);
    for (int32_t i = 0; i < c->m->tasks; i++) c->x.missed[i] = (int64_t)haul_rng_below(rng, 6);
}

static void set_scene(struct scene *c, struct haul_rng *rng, uint32_t rules)
{
    set_cheap_scene(c, rng, rules, 1);
}

static void clear_scene(struct scene *c)
{
    eject_pool_free(c->pool);
    search_free(&c->x);
    state_free(c->s);
    model_free(c->m);
    haul_problem_free(c->p);
}

static void cut_request(struct state *s, int32_t request)
{
    if (s->m->nodes[request].mate != HAUL_VRP_NONE) state_cut(s, s->m->nodes[request].mate);
    state_cut(s, request);
}

/* The sum of an ejection of a and b (HAUL_VRP_NONE: of a alone), or INT64_MAX where it is none. */
static int64_t sum_without(struct scene *c, int32_t request, int32_t a, int32_t b)
{
    struct state *s = c->s;
    struct spot spot;
    const int32_t r = s->at[a].route;
    int64_t sum = 1 + c->x.missed[a];
    state_begin(s);
    cut_request(s, a);
    if (b != HAUL_VRP_NONE) {
        sum += 1 + c->x.missed[b];
        cut_request(s, b);
    }
    const bool fits = state_update(s, r) && find_spot_in(&c->x.find, r, request, &spot);
    state_back(s);
    return fits ? sum : INT64_MAX;
}

static int64_t least_sum(struct scene *c, int32_t request)
{
    const struct model *m = c->m;
    int64_t least = INT64_MAX;
    for (int32_t a = 0; a < m->tasks; a++)
        for (int32_t b = a; b < m->tasks; b++) {
            const int32_t r = c->s->at[a].route;
            if (r == HAUL_VRP_NONE || c->s->at[b].route != r || !is_request(&m->nodes[a]) || !is_request(&m->nodes[b]))
                continue;
            const int64_t sum = sum_without(c, request, a, a == b ? HAUL_VRP_NONE : b);
            if (sum < least) least = sum;
        }
    return least;
}

static void same_links(const struct state *s, const int32_t *next, int64_t cost)
{
    assert_int_equal(s->cost, cost);
    for (int32_t r = 0; r < s->m->vehicles; r++)
        for (int32_t i = start_of(s->m, r); i != HAUL_VRP_NONE; i = s->at[i].next) {
            assert_int_equal(s->at[i].next, next[i]);
            assert_int_equal(s->at[i].route, r);
        }
}

static void the_least_of_all(void **unused)
{
    (void)unused;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED);
    int found = 0;
    for (int i = 0; i < CASES; i++) {
        struct scene c;
        set_scene(&c, &rng, RULE_WINDOWS | (i % 2 == 0 ? RULE_SHIPMENTS : 0) | (i % 3 == 0 ? RULE_LIMITS : 0));
        struct kept was;
        kept_init(&was, c.s);
        for (int32_t k = 0; k < c.s->absent_n && k < SUBJECTS; k++) {
            const int32_t request = c.s->absent[k];
            struct ejection e;
            if (!is_request(&c.m->nodes[request])) continue;
            const int64_t least = least_sum(&c, request);
            const bool any = eject_find(&c.x, c.pool, request, &e);
            assert_int_equal(any ? e.sum : INT64_MAX, least);
            same_links(c.s, was.next, was.cost);
            found += any;
        }
        kept_free(&was);
        clear_scene(&c);
    }
    if (found < CASES) fail_msg("seed %d: only %d ejections", SEED, found);
}

/* ---- leaving out at a price ---- */

static void verified_state(const struct scene *c)
{
    struct haul_vrp_plan plan;
    struct haul_claim claim;
    struct haul_error e;
    assert_int_equal(plan_from(c->s, &plan, &e), HAUL_OK);
    assert_int_equal(haul_claim_of(&plan, &claim, &e), HAUL_OK);
    if (haul_verify(c->p, &claim, &e) != HAUL_OK) fail_msg("seed %d: %s", SEED, e.text);
    haul_claim_free(&claim);
    haul_vrp_plan_free(&plan);
}

static void incomplete_but_sound(void **unused)
{
    (void)unused;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED + 1);
    int incomplete = 0, whole = 0, changed = 0;
    for (int i = 0; i < CASES; i++) {
        struct scene c;
        set_scene(&c, &rng, i % 2 == 0 ? RULE_WINDOWS | RULE_SHIPMENTS : RULE_ALL & ~(uint32_t)RULE_DOCKS);
        const int64_t cost = c.s->cost;
        search_lenient(&c.x);
        for (int k = 0; k < 30; k++) {
            eject_walk(&c.x, 5);
            verified_state(&c);
            const bool all = c.s->absent_n <= c.x.best.absent_n;
            whole += all;
            incomplete += !all;
        }
        for (int32_t r = 0; r < c.m->vehicles; r++) assert_true(state_update(c.s, r));
        changed += c.s->cost != cost;
        search_strict(&c.x);
        clear_scene(&c);
    }
    if (changed < CASES / 3 || incomplete == 0 || whole == 0)
        fail_msg("seed %d: %d changed, %d incomplete, %d whole", SEED, changed, incomplete, whole);
}

/* ---- breeding ---- */

/* However plans are left incomplete on the way, the best of all leaves out no more, needs no more vehicles and costs no
 * more than it did. */
static void never_worse(void **unused)
{
    (void)unused;
    enum { STEPS = 3000 };
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED + 5);
    int better = 0;
    for (int i = 0; i < CASES; i++) {
        struct scene c;
        set_cheap_scene(&c, &rng, RULE_WINDOWS | RULE_SHIPMENTS | (i % 2 == 0 ? RULE_MIXED_LOADS : 0), 1 + i % 4 * 10);
        finder_remember(&c.x.find);
        for (int k = 0; k < 30; k++) fewer_step(&c.x);
        fewer_end(&c.x);
        struct herd *h = herd_new(&c.x);
        for (int k = 0; k < STEPS; k++) {
            const struct kept was = c.x.best;
            c.x.share = (double)k / STEPS;
            herd_step(h);
            const struct kept *now = &c.x.best;
            assert_true(now->absent_n <= was.absent_n);
            if (now->absent_n == was.absent_n) assert_true(now->used_n <= was.used_n);
            if (now->absent_n == was.absent_n && now->used_n == was.used_n) assert_true(now->cost <= was.cost);
            better += now->cost < was.cost;
        }
        herd_free(h);
        fewer_end(&c.x);
        verified_state(&c);
        clear_scene(&c);
    }
    if (better < CASES) fail_msg("seed %d: only %d better", SEED, better);
}

/* ---- memory ---- */

/* What the two finders say of every absent request, in every route and over all. */
static int same_spots(struct scene *c, struct finder *other)
{
    int found = 0;
    for (int32_t k = 0; k < c->s->absent_n; k++) {
        const int32_t request = c->s->absent[k];
        if (!is_request(&c->m->nodes[request])) continue;
        struct spot a, b;
        for (int32_t r = -1; r < c->m->vehicles; r++) {
            const bool one = r < 0 ? find_spot(&c->x.find, request, &a) : find_spot_in(&c->x.find, r, request, &a);
            const bool two = r < 0 ? find_spot(other, request, &b) : find_spot_in(other, r, request, &b);
            assert_int_equal(one, two);
            if (!one) continue;
            assert_int_equal(a.delta, b.delta);
            found++;
            const int64_t was = c->s->cost;
            state_begin(c->s);
            take_spot(c->s, request, &a); /* asserts that every rule is kept */
            assert_int_equal(c->s->cost - was, a.delta - c->m->nodes[request].penalty);
            state_back(c->s);
        }
    }
    return found;
}

static void as_remembered(void **unused)
{
    (void)unused;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED + 4);
    int found = 0;
    for (int i = 0; i < CASES; i++) {
        struct scene c;
        struct finder plain;
        set_scene(&c, &rng,
                  RULE_WINDOWS | RULE_SHIPMENTS | (i % 2 == 0 ? RULE_MIXED_LOADS : 0) |
                      (i % 3 == 0 ? RULE_SKILLS | RULE_MIXED_FLEET : 0));
        finder_init(&plain, c.s, &rng);
        plain.routes_max = c.x.find.routes_max;
        finder_remember(&c.x.find);
        assert_non_null(c.x.find.memory);
        search_lenient(&c.x);
        for (int k = 0; k < 20; k++) {
            state_begin(c.s);
            assert_true(ruin_near(&c.x, (int32_t)haul_rng_below(&rng, (uint64_t)c.m->tasks), 10));
            found += same_spots(&c, &plain);
            eject_walk(&c.x, 2);
            found += same_spots(&c, &plain);
        }
        finder_free(&plain);
        clear_scene(&c);
    }
    if (found < 10 * CASES) fail_msg("seed %d: only %d spots", SEED, found);
}

/* ---- whole solves ---- */

static struct haul_vrp_plan solved(const struct haul_problem *p, bool fewest, int64_t iterations, int32_t threads)
{
    const struct haul_solve_options o = {
        .seed = 7, .iterations = iterations, .threads = threads, .fewest_vehicles = fewest};
    struct haul_vrp_plan plan;
    struct haul_error e;
    if (haul_solve(p, &o, &plan, &e) != HAUL_OK) fail_msg("solve: %s", e.text);
    struct haul_claim claim;
    assert_int_equal(haul_claim_of(&plan, &claim, &e), HAUL_OK);
    if (haul_verify(p, &claim, &e) != HAUL_OK) fail_msg("seed %d: %s", SEED, e.text);
    haul_claim_free(&claim);
    return plan;
}

static void whatever_the_rules(void **unused)
{
    (void)unused;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED + 2);
    for (int i = 0; i < 2 * CASES; i++) {
        const uint32_t rules = i == 0 ? RULE_ALL : (uint32_t)haul_rng_u64(&rng) & RULE_ALL;
        struct haul_problem *p = random_problem(&rng, rules, 8 + (int32_t)haul_rng_below(&rng, 24), 5);
        struct haul_vrp_plan plan = solved(p, true, 3000, 1 + i % 2);
        haul_vrp_plan_free(&plan);
        haul_problem_free(p);
    }
}

static void no_more_and_the_same(void **unused)
{
    (void)unused;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED + 3);
    int fewer = 0;
    for (int i = 0; i < 6; i++) {
        struct haul_problem *p = random_problem(&rng, RULE_WINDOWS | RULE_SHIPMENTS, 50, 25);
        struct haul_vrp_plan least = solved(p, false, 6000, 1), fewest = solved(p, true, 6000, 1),
                             again = solved(p, true, 6000, 1);
        assert_true(fewest.unserved_n <= least.unserved_n);
        if (fewest.unserved_n == least.unserved_n) assert_true(fewest.routes_n <= least.routes_n);
        fewer += fewest.routes_n < least.routes_n;
        assert_int_equal(fewest.cost, again.cost);
        assert_int_equal(fewest.routes_n, again.routes_n);
        haul_vrp_plan_free(&least);
        haul_vrp_plan_free(&fewest);
        haul_vrp_plan_free(&again);
        haul_problem_free(p);
    }
    if (fewer == 0) fail_msg("seed %d: no plan with fewer vehicles", SEED);
}

/* One vehicle would do, but two have left already. */
static void who_has_left_stays(void **unused)
{
    (void)unused;
    enum { STOPS = 8 };
    int32_t at[STOPS + 1];
    for (int32_t i = 0; i <= STOPS; i++) at[i] = i;
    for (int32_t frozen = 0; frozen <= 1; frozen++) {
        struct haul_problem *p = line_problem(at, STOPS + 1, 1);
        for (int32_t i = 0; i < STOPS; i++) line_job(p, i, i + 1, 0, 0, 1000, 1);
        for (int32_t k = 0; k < 2; k++) {
            const int32_t steps[1] = {2 + 3 * k};
            struct haul_vrp_vehicle v = line_vehicle(k, 100);
            v.steps = steps, v.steps_n = frozen, v.steps_frozen = frozen;
            add_vehicle(p, &v);
        }
        struct haul_vrp_plan plan = solved(p, true, 3000, 1);
        assert_int_equal(plan.unserved_n, 0);
        assert_int_equal(plan.routes_n, 1 + frozen);
        for (int32_t r = 0; r < plan.routes_n && frozen > 0; r++)
            assert_int_equal(plan.routes[r].steps[1].index, 2 + 3 * plan.routes[r].vehicle);
        haul_vrp_plan_free(&plan);
        haul_problem_free(p);
    }
}

int main(void)
{
    printf("# seed %d\n", SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_of_all),   cmocka_unit_test(incomplete_but_sound),
        cmocka_unit_test(as_remembered),      cmocka_unit_test(never_worse),
        cmocka_unit_test(whatever_the_rules), cmocka_unit_test(no_more_and_the_same),
        cmocka_unit_test(who_has_left_stays),
    };
    return cmocka_run_group_tests_name("fewest", tests, NULL, NULL);
}
