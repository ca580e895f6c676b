/* SPDX-License-Identifier: Apache-2.0
 * A plan improved in parts, whatever the mixture of rules: what is in no part stays as it is, what is frozen stays,
 * every task is in one place, the cost is what the routes cost when they are timed anew, the verifier agrees, and the
 * same seed gives the same plan.
 */
#include "haul/solver_verify.h"
#include "processors/solver/decompose.h"
#include "processors/solver/plan.h"
#include "tests/unit/solver/support_problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEED = 20261127, TASKS_MAX = 128, PART = 10, STEPS = 20, ROUNDS = 6, LONG = 16000 };

#define BREED_FROM 0.5

struct one {
    struct haul_problem *p;
    struct model *m;
    struct search x;
    struct parts *q;
    int32_t steps[TASKS_MAX]; /* of the frozen beginnings */
};

static void begin(struct one *o, uint64_t seed, int32_t tasks_a_part)
{
    struct haul_error e;
    assert_int_equal(model_new(o->p, 0, &o->m, &e), HAUL_OK);
    struct state *s = state_new(o->m);
    state_begin(s);
    search_init(&o->x, s, seed);
    assert_int_equal(plan_first_steps(s, &e), HAUL_OK);
    search_fill(&o->x);
    for (int32_t r = 0; r < o->m->vehicles; r++) s->route[r].stale = true;
    kept_take(&o->x.best, s);
    search_settle(&o->x);
    o->x.hot = (double)o->m->cost_mean * 3;
    o->x.cold = (double)o->m->cost_mean * 0.05;
    o->x.find.blinks = true;
    o->x.find.near = 40;
    const struct parts_plan plan = {
        .tasks = tasks_a_part, .steps = STEPS, .breed_tasks = PART, .breed_steps = 40, .breed_from = BREED_FROM};
    o->q = parts_new(&o->x, &plan);
}

static void end(struct one *o)
{
    parts_close(o->q);
    parts_free(o->q);
    state_free(o->x.s);
    search_free(&o->x);
    model_free(o->m);
}

/* The first stop of each vehicle stands. */
static void freeze(struct one *o)
{
    struct haul_vrp_plan plan;
    struct haul_error e;
    const struct haul_solve_options options = {.seed = 1, .iterations = 60, .threads = 1};
    assert_int_equal(haul_solve(o->p, &options, &plan, &e), HAUL_OK);
    int32_t n = 0;
    for (int32_t k = 0; k < plan.routes_n; k++) {
        struct haul_vrp_vehicle *v = &o->p->vehicles[plan.routes[k].vehicle];
        v->steps = o->steps + n;
        v->steps_frozen = 1;
        for (int32_t i = 0; i < plan.routes[k].steps_n; i++) {
            if (plan.routes[k].steps[i].kind != HAUL_STEP_TASK) continue;
            o->steps[n++] = plan.routes[k].steps[i].index;
            v->steps_n++;
        }
    }
    haul_vrp_plan_free(&plan);
}

static void frozen_stand(const struct one *o)
{
    for (int32_t v = 0; v < o->m->vehicles; v++)
        if (o->p->vehicles[v].steps_frozen > 0)
            assert_int_equal(o->x.s->at[start_of(o->m, v)].next, o->p->vehicles[v].steps[0]);
}

static void every_task_once(const struct one *o)
{
    const struct state *s = o->x.s;
    int32_t seen = s->absent_n;
    for (int32_t r = 0; r < o->m->vehicles; r++)
        for (int32_t i = s->at[start_of(o->m, r)].next; is_task(o->m, i); i = s->at[i].next, seen++)
            assert_int_equal(s->at[i].route, r);
    assert_int_equal(seen, o->m->tasks);
}

static void cost_is_true(struct one *o)
{
    const int64_t was = o->x.s->cost;
    for (int32_t r = 0; r < o->m->vehicles; r++) assert_true(state_update(o->x.s, r));
    assert_int_equal(o->x.s->cost, was);
}

static void verified(struct one *o)
{
    struct haul_vrp_plan plan;
    struct haul_claim claim;
    struct haul_error e;
    assert_int_equal(plan_from(o->x.s, &plan, &e), HAUL_OK);
    assert_int_equal(haul_claim_of(&plan, &claim, &e), HAUL_OK);
    if (haul_verify(o->p, &claim, &e) != HAUL_OK) fail_msg("seed %d: %s", SEED, e.text);
    haul_claim_free(&claim);
    haul_vrp_plan_free(&plan);
}

/* One part from its opening to its closing. What is in it: in[]; what was where before: was[]. */
static void one_part(struct one *o, int32_t steps)
{
    int32_t was_next[TASKS_MAX], was_route[TASKS_MAX], in[TASKS_MAX], n;
    const struct state *s = o->x.s;
    const int32_t *open;
    for (int32_t i = 0; i < o->m->tasks; i++) was_next[i] = s->at[i].next, was_route[i] = s->at[i].route;
    parts_step(o->q);
    open = parts_open(o->q, &n);
    assert_true(n >= 1 && n <= o->m->tasks);
    memcpy(in, open, (size_t)o->m->tasks * sizeof *in);
    const int64_t best = o->x.best.cost;
    for (int32_t k = 0; k < steps; k++) parts_step(o->q);
    parts_close(o->q);
    parts_open(o->q, &n);
    assert_int_equal(n, 0);
    assert_true(o->x.best.cost <= best);
    for (int32_t i = 0; i < o->m->tasks; i++) {
        if (in[i] != HAUL_VRP_NONE) continue;
        assert_int_equal(s->at[i].route, was_route[i]);
        if (was_route[i] != HAUL_VRP_NONE) assert_int_equal(s->at[i].next, was_next[i]);
    }
}

static int64_t run(struct one *o, uint64_t seed)
{
    begin(o, seed, PART);
    for (int32_t k = 0; k < ROUNDS; k++) {
        o->x.share = (double)k / ROUNDS;
        one_part(o, 40);
        every_task_once(o);
        cost_is_true(o);
        frozen_stand(o);
        verified(o);
    }
    search_settle(&o->x);
    verified(o);
    const int64_t cost = o->x.best.cost;
    end(o);
    return cost;
}

static void whatever_the_rules(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED);
    for (int i = 0; i < 40; i++) {
        uint32_t rules = i < 19 ? UINT32_C(1) << i : (uint32_t)(haul_rng_u64(&rng) & RULE_ALL);
        rules &= (uint32_t)~RULE_DOCKS;
        struct one o = {.p = random_problem(&rng, rules, 40, 8)};
        if (i % 3 == 2) freeze(&o);
        const int64_t one = run(&o, 7), again = run(&o, 7);
        assert_int_equal(one, again);
        haul_problem_free(o.p);
    }
}

/* Long enough, it is no worse than the same steps in the whole by more than a little. */
static void parts_do_improve(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED + 1);
    struct one o = {.p = random_problem(&rng, RULE_WINDOWS, 100, 25)};
    begin(&o, 3, 40);
    const int64_t first = o.x.best.cost;
    for (int32_t k = 0; k < LONG; k++) o.x.share = (double)k / LONG, parts_step(o.q);
    assert_true(parts_breed(o.q));
    parts_close(o.q);
    const int64_t in_parts = o.x.best.cost;
    end(&o);
    begin(&o, 3, 40);
    for (int32_t k = 0; k < LONG; k++) o.x.share = (double)k / LONG, search_step(&o.x);
    const int64_t whole = o.x.best.cost;
    end(&o);
    assert_true(in_parts < first);
    assert_true(in_parts < whole + (first - whole) / 4);
    haul_problem_free(o.p);
}

static void not_where_routes_depend_on_one_another(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED + 2);
    for (int i = 0; i < 2; i++) {
        struct one o = {.p = random_problem(&rng, i == 0 ? 0 : RULE_DOCKS, 60, 12)};
        begin(&o, 1, PART);
        assert_int_equal(parts_fit(&o.x, &(struct parts_plan){.tasks = 20}), i == 0);
        assert_false(parts_fit(&o.x, &(struct parts_plan){.tasks = 40}));
        end(&o);
        haul_problem_free(o.p);
    }
}

int main(void)
{
    printf("# seed %d\n", SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_the_rules),
        cmocka_unit_test(parts_do_improve),
        cmocka_unit_test(not_where_routes_depend_on_one_another),
    };
    return cmocka_run_group_tests_name("decompose", tests, NULL, NULL);
}
