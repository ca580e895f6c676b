/* SPDX-License-Identifier: Apache-2.0
 * Who stays in the population, who has children, what breaking a rule costs.
 */
#include "processors/solver/population.h"

#include <stdlib.h>

enum { CLOSEST = 4, ELITE = 4, BIRTHS = 50, SETTLED = 8, SELDOM = 4 };
static const double keep_low = 0.2, keep_high = 0.4;

/* ---- one plan ---- */

static void individual_init(struct individual *x, const struct loose *l)
{
    x->next = calloc((size_t)l->m->tasks, sizeof *x->next);
    x->prev = calloc((size_t)l->m->tasks, sizeof *x->prev);
    x->first = calloc((size_t)l->runs, sizeof *x->first);
    assert(x->next != NULL && x->prev != NULL && x->first != NULL);
}

static void individual_free(struct individual *x)
{
    free(x->next);
    free(x->prev);
    free(x->first);
}

static int32_t task_or_none(const struct loose *l, int32_t stop)
{
    return is_visit(l, stop) ? stop : HAUL_VRP_NONE;
}

static void individual_save(struct individual *x, const struct loose *l)
{
    for (int32_t i = 0; i < l->m->tasks; i++) {
        x->next[i] = task_or_none(l, l->at[i].next);
        x->prev[i] = task_or_none(l, l->at[i].prev);
    }
    for (int32_t r = 0; r < l->runs; r++) x->first[r] = task_or_none(l, l->at[first_of(l, r)].next);
    x->sum = loose_sum(l);
    x->keeps = breaks_nothing(&x->sum.broken);
}

void individual_load(const struct individual *from, struct loose *l)
{
    loose_begin(l);
    for (int32_t r = 0; r < l->runs; r++) {
        int32_t last = first_of(l, r);
        for (int32_t i = from->first[r]; i != HAUL_VRP_NONE; i = from->next[i]) {
            loose_put(l, last, i);
            last = i;
        }
        loose_update(l, r);
    }
}

static void individual_copy(struct individual *to, const struct individual *from, const struct loose *l)
{
    memcpy(to->next, from->next, (size_t)l->m->tasks * sizeof *to->next);
    memcpy(to->prev, from->prev, (size_t)l->m->tasks * sizeof *to->prev);
    memcpy(to->first, from->first, (size_t)l->runs * sizeof *to->first);
    to->sum = from->sum;
    to->keeps = from->keeps;
}

/* Share of the tasks that are followed by another one: in b than in a. Where time does not count, a link is the same
 * in both directions. */
static double apart_by(const struct individual *a, const struct individual *b, const struct model *m)
{
    int32_t differ = 0;
    for (int32_t i = 0; i < m->tasks; i++) {
        const bool turned = !m->timed & (a->next[i] == b->prev[i]), single = !m->timed & (b->next[i] == HAUL_VRP_NONE);
        differ += (a->next[i] != b->next[i]) & !turned;
        differ += (a->prev[i] == HAUL_VRP_NONE) & (b->prev[i] != HAUL_VRP_NONE) & !single;
    }
    return (double)differ / m->tasks;
}

/* ---- a group ---- */

static int64_t cost_of(const struct population *p, const struct individual *x)
{
    return x->sum.cost + penalty_of(p->l, x->sum.broken);
}

static double mean_of_closest(const struct group *g, int32_t i)
{
    double least[CLOSEST];
    int32_t n = 0;
    for (int32_t k = 0; k < g->n; k++) {
        if (k == i) continue;
        int32_t at = n < CLOSEST ? n++ : CLOSEST;
        const double d = g->away[i][k];
        for (; at > 0 && d < least[at - 1]; at--)
            if (at < CLOSEST) least[at] = least[at - 1];
        if (at < CLOSEST) least[at] = d;
    }
    double sum = 0;
    for (int32_t k = 0; k < n; k++) sum += least[k];
    return n == 0 ? 0 : sum / n;
}

/* Rank by cost and rank by difference; the few best by cost are safe. */
static void set_merits(const struct population *p, struct group *g)
{
    int64_t cost[GROUP_MAX];
    double unlike[GROUP_MAX];
    for (int32_t i = 0; i < g->n; i++) cost[i] = cost_of(p, &g->one[i]), unlike[i] = mean_of_closest(g, i);
    const double weight = g->n > ELITE ? 1 - (double)ELITE / g->n : 0;
    for (int32_t i = 0; i < g->n; i++) {
        int32_t cheaper = 0, stranger = 0;
        for (int32_t k = 0; k < g->n; k++) {
            cheaper += cost[k] < cost[i] || (cost[k] == cost[i] && k < i);
            stranger += unlike[k] > unlike[i] || (unlike[k] >= unlike[i] && k < i);
        }
        g->merit[i] = cheaper + weight * stranger;
    }
}

static void drop(struct group *g, int32_t i)
{
    const int32_t last = --g->n;
    const struct individual gone = g->one[i];
    g->one[i] = g->one[last];
    g->one[last] = gone; /* its memory is used again */
    for (int32_t k = 0; k < last; k++) g->away[i][k] = g->away[k][i] = g->away[last][k];
    g->away[i][i] = 0;
}

/* The one to go: a twin, or who has the least merit. */
static int32_t worst_of(const struct population *p, struct group *g)
{
    set_merits(p, g);
    int32_t worst = HAUL_VRP_NONE;
    bool worst_twin = false;
    for (int32_t i = 0; i < g->n; i++) {
        bool twin = false;
        for (int32_t k = 0; k < g->n && !twin; k++) twin = k != i && g->away[i][k] <= 0;
        if (worst == HAUL_VRP_NONE || twin > worst_twin || (twin == worst_twin && g->merit[i] > g->merit[worst]))
            worst = i, worst_twin = twin;
    }
    return worst;
}

static void group_add(struct population *p, struct group *g, const struct individual *x)
{
    if (g->n == GROUP_MAX)
        while (g->n > GROUP_LEAST) drop(g, worst_of(p, g));
    const int32_t i = g->n++;
    individual_copy(&g->one[i], x, p->l);
    for (int32_t k = 0; k < i; k++) g->away[i][k] = g->away[k][i] = apart_by(&g->one[i], &g->one[k], p->l->m);
    g->away[i][i] = 0;
    g->merit[i] = 0; /* until the next time they are set: the new one is tried soon */
    if (g->n <= SETTLED || ++g->added % SELDOM == 0) set_merits(p, g);
}

/* ---- the population ---- */

void population_init(struct population *p, const struct loose *l)
{
    *p = (struct population){.l = l};
    for (int32_t i = 0; i < GROUP_MAX; i++) {
        individual_init(&p->keeping.one[i], l);
        individual_init(&p->breaking.one[i], l);
    }
    individual_init(&p->best, l);
    individual_init(&p->born_last, l);
    p->best.sum.cost = INT64_MAX;
}

void population_free(struct population *p)
{
    for (int32_t i = 0; i < GROUP_MAX; i++) {
        individual_free(&p->keeping.one[i]);
        individual_free(&p->breaking.one[i]);
    }
    individual_free(&p->best);
    individual_free(&p->born_last);
}

void population_clear(struct population *p)
{
    p->keeping.n = p->breaking.n = 0;
}

bool population_add(struct population *p)
{
    struct individual *x = &p->born_last;
    individual_save(x, p->l);
    p->born++;
    p->kept_load += x->sum.broken.load == 0;
    p->kept_warp += x->sum.broken.warp == 0;
    p->kept_span += x->sum.broken.span == 0;
    group_add(p, x->keeps ? &p->keeping : &p->breaking, x);
    if (!x->keeps || x->sum.cost >= p->best.sum.cost) return false;
    individual_copy(&p->best, x, p->l);
    return true;
}

static const struct individual *better_of_two(struct population *p)
{
    const struct group *groups[2] = {&p->keeping, &p->breaking};
    const struct individual *pick = NULL;
    double merit = 0;
    for (int32_t tries = 0; tries < 2; tries++) {
        const uint64_t all = (uint64_t)(p->keeping.n + p->breaking.n);
        int32_t i = (int32_t)haul_rng_below(p->l->rng, all);
        const struct group *g = groups[i >= p->keeping.n];
        if (i >= p->keeping.n) i -= p->keeping.n;
        if (pick == NULL || g->merit[i] < merit) pick = &g->one[i], merit = g->merit[i];
    }
    return pick;
}

void population_parents(struct population *p, const struct individual **a, const struct individual **b)
{
    enum { TRIES = 8 };
    *a = better_of_two(p);
    for (int32_t k = 0; k < TRIES; k++) {
        *b = better_of_two(p);
        if (*b != *a && apart_by(*a, *b, p->l->m) > 0) return;
    }
}

static int64_t repriced(int64_t price, int32_t kept, int32_t born)
{
    enum { PRICE_MAX = 1 << 30 };
    const double share = (double)kept / born;
    if (share < keep_low && price < PRICE_MAX) return price + price / 5 + 1;
    if (share > keep_high && price > 16) return price - price * 3 / 20;
    return price;
}

void population_price(struct population *p, struct loose *l)
{
    if (p->born < BIRTHS) return;
    l->price.load = repriced(l->price.load, p->kept_load, p->born);
    l->price.warp = repriced(l->price.warp, p->kept_warp, p->born);
    l->price.span = repriced(l->price.span, p->kept_span, p->born);
    p->born = p->kept_load = p->kept_warp = p->kept_span = 0;
    set_merits(p, &p->breaking);
}
