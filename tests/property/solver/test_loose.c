/* SPDX-License-Identifier: Apache-2.0
 * Plans that may break rules at a price: after any descent, swap or crossing every task is in one route, what is known
 * of a route is what a walk along it tells, nothing became dearer, and a plan that breaks nothing is one that the
 * search takes at the same cost. And the cheapest plan of known routes is what trying them all finds.
 */
#include "processors/solver/population.h"
#include "processors/solver/routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEED = 20261127, TASKS = 28, VEHICLES = 7 };

/* What a problem is made with; every task can be served by the last vehicle. */
enum { WINDOWS = 1, ASYMMETRIC = 2, FLEET = 4, OPEN = 8, LIMIT = 16, TWO_PLACES = 32, MIXTURES = 64 };

static int64_t between(struct haul_rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)haul_rng_below(rng, (uint64_t)(high - low + 1));
}

static void set_tables(struct haul_problem *p, struct haul_rng *rng, bool asymmetric)
{
    enum { N = TASKS + 3 };
    int64_t x[N], y[N];
    struct haul_error e;
    int32_t profile, *time = malloc(sizeof(int32_t) * N * N), *distance = malloc(sizeof(int32_t) * N * N);
    assert_true(time != NULL && distance != NULL);
    for (int i = 0; i < N; i++) x[i] = between(rng, 0, 1000), y[i] = between(rng, 0, 1000);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++) {
            const int64_t d = llabs(x[i] - x[k]) + llabs(y[i] - y[k]);
            distance[i * N + k] = (int32_t)(d + (asymmetric && i != k ? between(rng, 0, 90) : 0));
            time[i * N + k] = (int32_t)(d + (asymmetric && i != k ? between(rng, 0, 60) : 0));
        }
    assert_int_equal(haul_problem_add_profile(p, &profile, &e), HAUL_OK);
    assert_int_equal(haul_problem_set_table(p, profile, time, distance, &e), HAUL_OK);
}

static void add_tasks(struct haul_problem *p, struct haul_rng *rng, int mixture)
{
    for (int32_t i = 0; i < TASKS; i++) {
        struct haul_vrp_task t = haul_vrp_task_default();
        struct haul_window w = {between(rng, 0, 4000), 0};
        struct haul_error e;
        int32_t index;
        w.close = w.open + between(rng, 2100, 3000); /* longer than any way: someone comes in time */
        t.id = i;
        t.location = i + 3;
        t.service = between(rng, 0, 60);
        t.delivery[0] = between(rng, 0, 5), t.delivery[1] = between(rng, 0, 3);
        if ((mixture & WINDOWS) != 0) t.windows = &w, t.windows_n = 1;
        if ((mixture & FLEET) != 0) t.skills[0] = haul_rng_below(rng, 4) == 0;
        assert_int_equal(haul_problem_add_job(p, &t, &index, &e), HAUL_OK);
    }
}

static void add_vehicles(struct haul_problem *p, struct haul_rng *rng, int mixture)
{
    for (int32_t i = 0; i < VEHICLES; i++) {
        struct haul_vrp_vehicle v = haul_vrp_vehicle_default();
        const bool other = i >= VEHICLES / 2;
        v.id = i;
        v.start = v.end = (mixture & TWO_PLACES) != 0 && other ? 1 : 0;
        if ((mixture & OPEN) != 0) v.end = HAUL_VRP_NONE;
        v.cost_per_distance = 1;
        v.capacity[0] = 18, v.capacity[1] = 12;
        if ((mixture & WINDOWS) != 0) v.shift = (struct haul_window){0, 12000};
        if ((mixture & FLEET) != 0) v.capacity[0] = other ? 25 : 12, v.cost_fixed = other ? 500 : 0;
        if ((mixture & FLEET) != 0) v.cost_per_time = other, v.skills[0] = other;
        if ((mixture & LIMIT) != 0 && (mixture & WINDOWS) == 0) v.duration_max = between(rng, 0, 1) + 3000;
        if ((mixture & LIMIT) != 0 && (mixture & WINDOWS) != 0) v.distance_max = 3000;
        struct haul_error e;
        int32_t index;
        assert_int_equal(haul_problem_add_vehicle(p, &v, &index, &e), HAUL_OK);
    }
}

struct one {
    struct haul_problem *p;
    struct model *m;
    struct haul_rng rng;
    struct loose *l;
};

static int64_t price_now(const struct loose *l)
{
    const struct loose_sum sum = loose_sum(l);
    return sum.cost + penalty_of(l, sum.broken);
}

/* Each of the routes' penalties is rounded by itself. */
static int64_t cost_now(const struct loose *l)
{
    int64_t cost = 0;
    for (int32_t r = 0; r < l->runs; r++) cost += l->run[r].cost + l->run[r].penalty;
    return cost;
}

static void every_task_once(const struct loose *l)
{
    int32_t seen = 0;
    for (int32_t r = 0; r < l->runs; r++)
        for (int32_t i = l->at[first_of(l, r)].next, before = first_of(l, r); i != HAUL_VRP_NONE;
             before = i, i = l->at[i].next) {
            assert_int_equal(l->at[i].prev, before);
            assert_int_equal(l->at[i].route, r);
            seen += is_visit(l, i);
        }
    assert_int_equal(seen, l->m->tasks);
}

static void known_is_walked(struct loose *l)
{
    const int64_t was = cost_now(l);
    for (int32_t r = 0; r < l->runs; r++) loose_update(l, r);
    assert_int_equal(cost_now(l), was);
}

static void random_plan(struct one *o)
{
    struct loose *l = o->l;
    loose_clear(l);
    for (int32_t i = 0; i < l->m->tasks; i++) {
        int32_t r = (int32_t)haul_rng_below(&o->rng, (uint64_t)l->runs);
        for (int32_t k = 0; k < l->runs && !type_of_run(l, r)->fits[i]; k++) r = (r + 1) % l->runs;
        loose_put(l, first_of(l, r), i);
        l->tested[i] = -1;
    }
    for (int32_t r = 0; r < l->runs; r++) loose_update(l, r);
}

static void make(struct one *o, int mixture)
{
    struct haul_error e;
    int32_t slots[VEHICLES];
    assert_int_equal(haul_problem_new(TASKS + 3, 2, &o->p, &e), HAUL_OK);
    haul_problem_scales(o->p, (struct haul_scales){1, 1, 1});
    set_tables(o->p, &o->rng, (mixture & ASYMMETRIC) != 0);
    add_tasks(o->p, &o->rng, mixture);
    add_vehicles(o->p, &o->rng, mixture);
    assert_int_equal(model_new(o->p, 0, &o->m, &e), HAUL_OK);
    for (int32_t t = 0; t < VEHICLES; t++) slots[t] = VEHICLES;
    assert_true(loose_fits(o->m));
    o->l = loose_new(o->m, slots, &o->rng);
    o->l->near = 12;
    o->l->price = (struct broken){1 << 12, 1 << 11, 1 << 11};
}

static void drop(struct one *o)
{
    loose_free(o->l);
    model_free(o->m);
    haul_problem_free(o->p);
}

static void taken_by_the_search(const struct one *o)
{
    const struct loose *l = o->l;
    const struct loose_sum sum = loose_sum(l);
    if (sum.broken.load > 0 || sum.broken.warp > 0 || sum.broken.span > 0) return;
    struct state *s = state_new(o->m);
    state_begin(s);
    for (int32_t r = 0; r < l->runs; r++) {
        int32_t last = start_of(o->m, l->run[r].vehicle);
        for (int32_t i = l->at[first_of(l, r)].next; is_visit(l, i); i = l->at[i].next) {
            state_put(s, last, i);
            last = i;
        }
        assert_true(state_update(s, l->run[r].vehicle));
    }
    assert_int_equal(s->cost, sum.cost);
    state_free(s);
}

static void over_mixtures(void (*check)(struct one *o))
{
    struct one o;
    haul_rng_seed(&o.rng, SEED);
    for (int mixture = 0; mixture < MIXTURES; mixture++) {
        make(&o, mixture);
        check(&o);
        drop(&o);
    }
}

static void check_descent(struct one *o)
{
    random_plan(o);
    const int64_t was = cost_now(o->l);
    loose_descend(o->l);
    every_task_once(o->l);
    known_is_walked(o->l);
    assert_true(cost_now(o->l) < was);
    taken_by_the_search(o);
}

static void check_swap_star(struct one *o)
{
    random_plan(o);
    for (int64_t was = cost_now(o->l); loose_swap_stars(o->l); was = cost_now(o->l)) {
        every_task_once(o->l);
        known_is_walked(o->l);
        assert_true(cost_now(o->l) < was);
    }
}

static void check_crossing(struct one *o)
{
    static struct population p;
    population_init(&p, o->l);
    for (int32_t k = 0; k < 4; k++) {
        random_plan(o);
        loose_descend(o->l);
        population_add(&p);
    }
    for (int32_t k = 0; k < 20; k++) {
        const struct individual *a, *b;
        population_parents(&p, &a, &b);
        population_cross(&p, a, b, o->l);
        every_task_once(o->l);
        known_is_walked(o->l);
        loose_descend(o->l);
        population_add(&p);
        if (p.best.sum.cost == INT64_MAX) continue;
        individual_load(&p.best, o->l);
        assert_int_equal(price_now(o->l), p.best.sum.cost);
        taken_by_the_search(o);
    }
    population_free(&p);
}

/* ---- known routes ---- */

enum { PLANS = 14, ROUTES = PLANS * VEHICLES };
struct book { /* of routes that keep every rule, written by the test itself */
    int64_t cost[ROUTES];
    uint32_t set[ROUTES];
    int32_t type[ROUTES], n;
    int32_t left[VEHICLES]; /* vehicles of each type */
};

static void write_down(struct book *b, const struct loose *l)
{
    for (int32_t r = 0; r < l->runs; r++) {
        const struct run *run = &l->run[r];
        if (run->n == 0 || run->broken.load > 0 || run->broken.warp > 0 || run->broken.span > 0) continue;
        b->cost[b->n] = run->cost;
        b->type[b->n] = run->type;
        for (int32_t i = l->at[first_of(l, r)].next; is_visit(l, i); i = l->at[i].next)
            b->set[b->n] |= UINT32_C(1) << i;
        b->n++;
    }
}

/* The least that routes cost which serve the rest; INT64_MAX: none do. */
static int64_t try_all(struct book *b, uint32_t rest)
{
    int64_t best = INT64_MAX;
    if (rest == 0) return 0;
    for (int32_t k = 0; k < b->n; k++) {
        const bool next = (b->set[k] & rest & -rest) != 0; /* serves the first of the rest */
        if (!next || (b->set[k] & ~rest) != 0 || b->left[b->type[k]] == 0) continue;
        b->left[b->type[k]]--;
        const int64_t others = try_all(b, rest & ~b->set[k]);
        b->left[b->type[k]]++;
        if (others < INT64_MAX && b->cost[k] + others < best) best = b->cost[k] + others;
    }
    return best;
}

/* A plan that differs from the one that stands in l in what a few tasks bring about. */
static void another_plan(struct one *o)
{
    int32_t some[3];
    for (int32_t k = 0; k < 3; k++) some[k] = (int32_t)haul_rng_below(&o->rng, TASKS);
    for (int32_t k = 0; k < 3; k++) {
        const int32_t a = some[k], r = (int32_t)haul_rng_below(&o->rng, (uint64_t)o->l->runs);
        struct loose *l = o->l;
        if (!type_of_run(l, r)->fits[a]) continue;
        const int32_t from = l->at[a].route;
        loose_take(l, a);
        l->run[from].n--;
        loose_put(l, first_of(l, r), a);
        loose_update(l, from);
        loose_update(l, r);
    }
    for (int32_t i = 0; i < TASKS; i++) o->l->tested[i] = -1;
    loose_descend(o->l);
}

static int32_t combined, unseen;

static void check_combining(struct one *o)
{
    struct book b = {.n = 0};
    struct routes *q = routes_new(o->l);
    int64_t looks;
    for (int32_t r = 0; r < o->l->runs; r++) b.left[o->l->run[r].type]++;
    o->l->price = (struct broken){1 << 17, 1 << 17, 1 << 17}; /* few break a rule */
    random_plan(o);
    loose_descend(o->l);
    for (int32_t k = 0; k < PLANS; k++, another_plan(o)) {
        routes_learn(q, o->l);
        write_down(&b, o->l);
    }
    const int64_t best = try_all(&b, (UINT32_C(1) << TASKS) - 1);
    if (best == INT64_MAX) {
        assert_false(routes_combine(q, o->l, 1000000, &looks));
    } else {
        combined++;
        assert_true(routes_combine(q, o->l, best + best / 10 + 1, &looks));
        every_task_once(o->l);
        known_is_walked(o->l);
        assert_true(price_now(o->l) <= best);
        unseen += price_now(o->l) < best; /* with routes that differ from those by a task */
        taken_by_the_search(o);
        for (int64_t cost = price_now(o->l); routes_combine(q, o->l, cost, &looks); cost = price_now(o->l)) {
            every_task_once(o->l);
            assert_true(price_now(o->l) < cost);
        }
    }
    routes_free(q);
}

/* Four tasks in each route, drawn at random. */
static void shuffled_plan(struct one *o)
{
    struct loose *l = o->l;
    int32_t task[TASKS];
    for (int32_t i = 0; i < TASKS; i++) {
        const int32_t k = (int32_t)haul_rng_below(&o->rng, (uint64_t)i + 1);
        task[i] = task[k];
        task[k] = i;
    }
    loose_clear(l);
    for (int32_t i = 0; i < TASKS; i++) loose_put(l, first_of(l, i % VEHICLES), task[i]);
    for (int32_t i = 0; i < TASKS; i++) l->tested[i] = -1;
    for (int32_t r = 0; r < l->runs; r++) loose_update(l, r);
}

/* Some twenty thousand routes, far more than are remembered: plans of them are plans, and a good one is found. */
static void much_is_forgotten(void **state)
{
    (void)state;
    int64_t looks;
    struct one o;
    haul_rng_seed(&o.rng, SEED);
    make(&o, ASYMMETRIC);
    struct routes *q = routes_new(o.l);
    for (int32_t k = 0; k < 3000; k++) {
        shuffled_plan(&o);
        routes_learn(q, o.l);
        if (k % 300 != 299 || !routes_combine(q, o.l, 20 * cost_now(o.l), &looks)) continue;
        every_task_once(o.l);
        known_is_walked(o.l);
        taken_by_the_search(&o);
    }
    o.l->price = (struct broken){1 << 17, 1 << 17, 1 << 17};
    loose_descend(o.l);
    const struct loose_sum sum = loose_sum(o.l);
    assert_true(sum.broken.load == 0);
    routes_learn(q, o.l);
    assert_true(routes_combine(q, o.l, sum.cost + 1, &looks));
    every_task_once(o.l);
    assert_true(price_now(o.l) <= sum.cost);
    taken_by_the_search(&o);
    assert_true(looks > 0);
    routes_free(q);
    drop(&o);
}

static void descents(void **state)
{
    (void)state;
    over_mixtures(check_descent);
}

static void swap_stars(void **state)
{
    (void)state;
    over_mixtures(check_swap_star);
}

static void crossings(void **state)
{
    (void)state;
    over_mixtures(check_crossing);
}

static void combinations(void **state)
{
    (void)state;
    combined = unseen = 0;
    over_mixtures(check_combining);
    printf("%d of %d plans combined, %d with routes that no plan had\n", (int)combined, MIXTURES, (int)unseen);
    assert_true(combined > MIXTURES / 2);
    assert_true(unseen > 0);
}

int main(void)
{
    printf("seed %d\n", SEED);
    const struct CMUnitTest tests[] = {cmocka_unit_test(descents), cmocka_unit_test(swap_stars),
                                       cmocka_unit_test(crossings), cmocka_unit_test(combinations),
                                       cmocka_unit_test(much_is_forgotten)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
