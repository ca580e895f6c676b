/* SPDX-License-Identifier: Apache-2.0
 * The course of the genetic search.
 */
#include "processors/solver/genetic.h"

#include "processors/solver/population.h"
#include "processors/solver/routes.h"

#include <stdlib.h>

enum {
    TASKS_MAX = 450,
    FEW = 250, /* with more tasks it takes time until it is better than ruin and recreate: */
    STEPS_A_PAIR = 8,
    SEEDS = 8,
    STRANGERS = 24,
    NEAR = 20,
    PATIENCE = 8,   /* fruitless children for each task, until others are begun with */
    COMBINE = 250,  /* children between two looks at all that is known, at least, */
    COMBINE_IN = 4, /* and one in so many of the time when it was in vain: */
    LOOKS = 1500,   /* at known routes, in the time of one stop of a child */
    DEARER = 10,
    STEPS = 16
};

struct genetic {
    struct search *x;
    struct loose *l;
    struct population p;
    struct routes *routes;      /* NULL: too many tasks */
    int64_t combine, childless; /* children between two looks; since the last */
    struct kept hand;           /* a plan on its way to the search */
    double seed_share;          /* of the time goes to plans of ruin and recreate */
    int32_t seeds_wanted, strangers;
    int32_t to_come; /* of the strangers */
    int32_t seeds;   /* plans of ruin and recreate taken so far */
    bool breeding;
    int64_t known;     /* cost of the search's best when the population saw it last */
    int32_t fruitless; /* children since the last new best */
    int32_t *run_of;   /* [vehicles] HAUL_VRP_NONE: not one of the runs */
};

/* Where types of vehicles cost differently by themselves, which of them are used at all decides: ruin and recreate, in
 * which a route changes its vehicle with a task, is better at that. */
static bool priced_by_type(const struct model *m)
{
    for (int32_t t = 1; t < m->types; t++)
        if (m->type[t].v->cost_fixed != m->type[0].v->cost_fixed) return true;
    return false;
}

bool genetic_suits(const struct search *x)
{
    const struct model *m = x->m;
    if (m->tasks < 8 || priced_by_type(m) || !loose_fits(m)) return false;
    return x->best.absent_n == 0 && !x->dropping && x->find.only == NULL && x->find.routes_max == INT32_MAX;
}

bool genetic_fits(const struct search *x, int64_t steps)
{
    const int32_t tasks = x->m->tasks;
    if (tasks > TASKS_MAX || (tasks > FEW && steps / tasks / tasks < STEPS_A_PAIR)) return false;
    return genetic_suits(x);
}

/* ---- how many vehicles of each type ---- */

static int32_t least_by_load(const struct model *m, const struct vtype *t)
{
    int64_t most = 1;
    for (int32_t d = 0; d < m->dims; d++) {
        int64_t sum = 0;
        for (int32_t i = 0; i < m->tasks; i++) sum += delivery_of(m, i)[d] + pickup_of(m, i)[d];
        const int64_t n = t->capacity[d] > 0 ? (sum + t->capacity[d] - 1) / t->capacity[d] : 1;
        if (n > most) most = n;
    }
    return most > m->tasks ? m->tasks : (int32_t)most;
}

static void set_slots(const struct search *x, int32_t *slots)
{
    const struct model *m = x->m;
    for (int32_t k = 0; k < x->s->used_n; k++) slots[x->s->route[x->s->used[k]].type]++;
    for (int32_t t = 0; t < m->types; t++) {
        const int32_t least = least_by_load(m, &m->type[t]), base = slots[t] > least ? slots[t] : least;
        slots[t] = base + base / 3 + 3;
    }
}

/* ---- first prices ---- */

static void set_prices(struct loose *l)
{
    const struct model *m = l->m;
    const struct vtype *t = &m->type[0];
    const struct limit *limit = &l->limit[0];
    int64_t cost = 1, time = 1, need = 1, span = 1;
    for (int32_t i = 0; i < m->tasks; i++) {
        const int64_t k = cell(m, t->start, m->nodes[i].loc);
        cost += way_cost(t, k);
        time += t->time[k];
        if (limit->table != NULL) span += limit->table[k];
        for (int32_t d = 0; d < m->dims; d++) need += l->need[i * m->dims + d];
    }
    const int64_t unit = INT64_C(1) << PRICE_SHIFT, most = INT64_C(1) << 40;
    if (cost > most) cost = most;
    l->price = (struct broken){cost * unit / need + 1, cost * unit / time + 1, cost * unit / span + 1};
}

struct genetic *genetic_new(struct search *x, bool seeds)
{
    const struct model *m = x->m;
    struct genetic *g = calloc(1, sizeof *g);
    int32_t *slots = calloc((size_t)m->types, sizeof *slots);
    assert(g != NULL && slots != NULL);
    g->x = x;
    set_slots(x, slots);
    g->l = loose_new(m, slots, &x->rng);
    free(slots);
    g->l->near = NEAR;
    set_prices(g->l);
    population_init(&g->p, g->l);
    g->routes = routes_new(g->l);
    g->combine = COMBINE;
    kept_init(&g->hand, x->s);
    g->known = INT64_MAX;
    const bool alike = m->types == 1;
    g->seed_share = !seeds ? 0 : alike ? 0.01 : 0.5;
    g->seeds_wanted = alike ? 1 : SEEDS;
    g->strangers = alike || !seeds ? STRANGERS : 4;
    g->run_of = calloc((size_t)m->vehicles, sizeof *g->run_of);
    assert(g->run_of != NULL);
    for (int32_t v = 0; v < m->vehicles; v++) g->run_of[v] = HAUL_VRP_NONE;
    for (int32_t r = 0; r < g->l->runs; r++) g->run_of[g->l->run[r].vehicle] = r;
    return g;
}

void genetic_free(struct genetic *g)
{
    if (g == NULL) return;
    loose_free(g->l);
    population_free(&g->p);
    routes_free(g->routes);
    kept_free(&g->hand);
    free(g->run_of);
    free(g);
}

/* ---- from the search and to it ---- */

static int32_t free_run(const struct genetic *g, int32_t vehicle)
{
    const struct loose *l = g->l;
    const int32_t own = g->run_of[vehicle];
    if (own != HAUL_VRP_NONE && l->run[own].n == 0) return own;
    return loose_free_run(l, g->x->m->type_of[vehicle]);
}

/* The state as a plan of the population. False: it is none. */
static bool take_state(struct genetic *g)
{
    struct loose *l = g->l;
    const struct state *s = g->x->s;
    if (s->absent_n > 0) return false;
    loose_begin(l);
    for (int32_t k = 0; k < s->used_n; k++) {
        const int32_t v = s->used[k], r = free_run(g, v);
        if (r == HAUL_VRP_NONE) return false;
        int32_t last = first_of(l, r);
        for (int32_t i = s->at[start_of(g->x->m, v)].next; is_task(g->x->m, i); i = s->at[i].next) {
            loose_put(l, last, i);
            last = i;
        }
        loose_update(l, r);
    }
    return true;
}

/* The best of the population becomes the best of the search. */
static bool hand_over(struct genetic *g)
{
    struct search *x = g->x;
    const struct model *m = x->m;
    const struct individual *best = &g->p.best;
    for (int32_t v = 0; v < m->vehicles; v++) {
        const int32_t r = g->run_of[v];
        int32_t last = start_of(m, v);
        for (int32_t i = r == HAUL_VRP_NONE ? HAUL_VRP_NONE : best->first[r]; i != HAUL_VRP_NONE; i = best->next[i])
            last = g->hand.next[last] = i;
        g->hand.next[last] = end_of(m, v);
    }
    state_become(x->s, g->hand.next);
    g->fruitless = 0;
    const bool better = x->s->cost < x->best.cost;
    if (better) kept_take(&x->best, x->s);
    g->known = x->best.cost;
    return better;
}

static bool born(struct genetic *g)
{
    if (g->routes != NULL) routes_learn(g->routes, g->l);
    return population_add(&g->p) && hand_over(g);
}

/* As it is, and as local search makes it. */
static bool born_twice(struct genetic *g)
{
    const bool better = born(g);
    loose_descend(g->l);
    return born(g) || better;
}

/* The state joins the population. */
static bool join(struct genetic *g)
{
    return take_state(g) && born_twice(g);
}

/* ---- the first population ---- */

static bool stranger(struct genetic *g)
{
    struct loose *l = g->l;
    loose_begin(l);
    for (int32_t i = 0; i < l->m->tasks; i++) l->other[i] = i;
    for (int32_t i = l->m->tasks - 1; i > 0; i--) {
        const int32_t k = (int32_t)haul_rng_below(l->rng, (uint64_t)i + 1), was = l->other[i];
        l->other[i] = l->other[k], l->other[k] = was;
    }
    loose_insert(l, l->other, l->m->tasks);
    loose_descend(l);
    return born(g);
}

/* Ruin and recreate, which is heated once for each plan that is taken. */
static bool seed_step(struct genetic *g)
{
    struct search *x = g->x;
    const double at = x->share / g->seed_share * g->seeds_wanted;
    bool better = false;
    if (at >= g->seeds + 1) {
        g->seeds++;
        better = join(g);
    }
    x->warmth = at - g->seeds;
    for (int32_t k = 0; k < STEPS; k++) better |= search_anneal(x);
    return better;
}

static bool begin_breeding(struct genetic *g)
{
    g->breeding = true;
    g->known = g->x->best.cost;
    g->to_come = g->strangers;
    search_settle(g->x);
    return join(g);
}

/* ---- children ---- */

static bool broken(const struct loose *l)
{
    const struct broken b = loose_sum(l).broken;
    return !breaks_nothing(&b);
}

/* At a price so high that it is hardly paid. */
static bool mend(struct genetic *g)
{
    struct loose *l = g->l;
    const struct broken was = l->price;
    l->price = (struct broken){was.load * DEARER, was.warp * DEARER, was.span * DEARER};
    loose_reprice(l);
    for (int32_t i = 0; i < l->m->tasks; i++) l->tested[i] = -1;
    loose_descend(l);
    l->price = was;
    loose_reprice(l);
    return !broken(l) && born(g);
}

static bool child_step(struct genetic *g)
{
    const struct individual *a, *b;
    g->fruitless++;
    population_parents(&g->p, &a, &b);
    population_cross(&g->p, a, b, g->l);
    loose_descend(g->l);
    bool better = born(g);
    if (broken(g->l) && (haul_rng_u64(g->l->rng) & 1) != 0) better |= mend(g);
    population_price(&g->p, g->l);
    return better;
}

static bool may_combine(struct genetic *g)
{
    if (g->routes == NULL || g->p.best.sum.cost == INT64_MAX) return false;
    return ++g->childless > g->combine;
}

/* The best plan of all known routes. */
static bool combine(struct genetic *g)
{
    int64_t looks;
    const bool found = routes_combine(g->routes, g->l, g->p.best.sum.cost, &looks);
    const int64_t children = looks / LOOKS / g->x->m->tasks; /* that many could have been born */
    g->x->iterations += children * g->x->m->tasks;
    g->childless = 0;
    g->combine = found || COMBINE_IN * children < COMBINE ? COMBINE : COMBINE_IN * children;
    return found && born_twice(g);
}

bool genetic_step(struct genetic *g)
{
    struct search *x = g->x;
    if (x->share < g->seed_share) return seed_step(g);
    if (!g->breeding) return begin_breeding(g);
    x->iterations += x->m->tasks;
    if (g->to_come > 0) {
        g->to_come--;
        return stranger(g);
    }
    if (x->best.cost < g->known) { /* another search has found it, and the state is it */
        g->known = x->best.cost;
        return join(g);
    }
    if (g->fruitless > PATIENCE * x->m->tasks) { /* without the best: its like would soon be all there is */
        population_clear(&g->p);
        g->fruitless = 0;
        g->to_come = STRANGERS - 1;
        return stranger(g);
    }
    if (may_combine(g)) return combine(g);
    return child_step(g);
}
