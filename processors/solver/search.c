/* SPDX-License-Identifier: Apache-2.0
 * Ruin, recreate, accept.
 */
#include "processors/solver/search.h"

#include "haul/math.h"
#include "processors/solver/eject.h"

#include <stdlib.h>

enum { MEAN_CUT = 10 };

struct sort_key {
    int64_t key;
    int32_t task;
};

void search_init(struct search *x, struct state *s, uint64_t seed)
{
    const size_t cap = (size_t)s->m->tasks_cap + 2;
    *x = (struct search){.m = s->m, .s = s, .tries = INT32_MAX};
    haul_rng_seed(&x->rng, seed);
    finder_init(&x->find, s, &x->rng);
    x->missed = calloc(cap, sizeof *x->missed);
    x->order = calloc(cap, sizeof *x->order);
    x->torn = calloc(cap, sizeof *x->torn);
    assert(x->missed != NULL && x->order != NULL && x->torn != NULL);
    kept_init(&x->best, s);
}

void search_free(struct search *x)
{
    finder_free(&x->find);
    kept_free(&x->best);
    free(x->missed);
    free(x->order);
    free(x->torn);
    eject_pool_free(x->pool);
}

/* ---- recreate ---- */

enum order { ORDER_RANDOM, ORDER_SIZE, ORDER_FAR, ORDER_CLOSE, ORDER_NARROW, ORDER_OPENS, ORDER_CLOSES };

static enum order draw_order(struct search *x)
{
    static const enum order plain[] = {ORDER_RANDOM, ORDER_RANDOM, ORDER_RANDOM, ORDER_RANDOM, ORDER_SIZE, ORDER_SIZE,
                                       ORDER_SIZE,   ORDER_SIZE,   ORDER_FAR,    ORDER_FAR,    ORDER_CLOSE};
    static const enum order timed[] = {ORDER_RANDOM, ORDER_RANDOM, ORDER_RANDOM, ORDER_RANDOM, ORDER_SIZE,
                                       ORDER_SIZE,   ORDER_FAR,    ORDER_FAR,    ORDER_CLOSE,  ORDER_NARROW,
                                       ORDER_NARROW, ORDER_OPENS,  ORDER_OPENS,  ORDER_CLOSES, ORDER_CLOSES};
    if (x->m->timed) return timed[haul_rng_below(&x->rng, sizeof timed / sizeof timed[0])];
    return plain[haul_rng_below(&x->rng, sizeof plain / sizeof plain[0])];
}

static int64_t size_of(const struct model *m, int32_t task)
{
    int64_t size = 0;
    for (int32_t d = 0; d < 2 * m->dims; d++) size += delivery_of(m, task)[d];
    return size;
}

static int64_t depot_way(const struct model *m, int32_t task)
{
    const struct vtype *t = &m->type[0];
    return way_cost(t, cell(m, t->start, m->nodes[task].loc)) + way_cost(t, cell(m, m->nodes[task].loc, t->end));
}

/* Least key first. */
static int64_t key_of(struct search *x, enum order order, int32_t task)
{
    const struct node *n = &x->m->nodes[task];
    switch (order) {
    case ORDER_RANDOM:
        return (int64_t)(haul_rng_u64(&x->rng) >> 1);
    case ORDER_SIZE:
        return -size_of(x->m, task);
    case ORDER_FAR:
        return -depot_way(x->m, task);
    case ORDER_CLOSE:
        return depot_way(x->m, task);
    case ORDER_NARROW:
        return n->close - n->open;
    case ORDER_OPENS:
        return n->open;
    case ORDER_CLOSES:
        return -n->close;
    }
    return 0;
}

static int by_key(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->task < y->task ? -1 : x->task > y->task;
}

static void sort_few(struct sort_key *k, int32_t n)
{
    if (n > 40) {
        qsort(k, (size_t)n, sizeof *k, by_key);
        return;
    }
    for (int32_t i = 1; i < n; i++) {
        const struct sort_key one = k[i];
        int32_t at = i;
        for (; at > 0 && by_key(&one, &k[at - 1]) < 0; at--) k[at] = k[at - 1];
        k[at] = one;
    }
}

/* Where many stay absent, not all of them are tried in every step. */
static bool passed_over(struct search *x, int32_t i)
{
    const int32_t before = x->s->saved_absent_n;
    return i < before && before > x->tries && haul_rng_below(&x->rng, (uint64_t)before) >= (uint64_t)x->tries;
}

void search_fill(struct search *x)
{
    struct state *s = x->s;
    const enum order order = draw_order(x);
    int32_t n = 0;
    for (int32_t i = 0; i < s->absent_n; i++) {
        const int32_t task = s->absent[i];
        if (x->m->nodes[task].kind == HAUL_VRP_DELIVERY && x->m->nodes[task].mate != HAUL_VRP_NONE) continue;
        if (passed_over(x, i)) continue;
        x->order[n++] = (struct sort_key){key_of(x, order, task), task};
    }
    sort_few(x->order, n);
    for (int32_t i = 0; i < n; i++) {
        struct spot spot;
        const int32_t task = x->order[i].task;
        if (find_spot(&x->find, task, &spot) && spot.delta < x->m->nodes[task].penalty) take_spot(s, task, &spot);
    }
}

/* ---- accept ---- */

static bool accepts(struct search *x, int64_t was)
{
    const struct state *s = x->s;
    if (s->cost < was) return true;
    const double heat = x->hot * haul_pow(x->cold / x->hot, x->warmth);
    return (double)(s->cost - was) < heat * haul_rng_exponential(&x->rng);
}

static int32_t draw_seed(struct search *x)
{
    const struct state *s = x->s;
    for (int32_t tries = 0; tries < 20; tries++) {
        const int32_t c = (int32_t)haul_rng_below(&x->rng, (uint64_t)x->m->tasks);
        const int32_t r = s->at[c].route;
        if (x->find.only == NULL || (r != HAUL_VRP_NONE && x->find.only[r])) return c;
    }
    return (int32_t)haul_rng_below(&x->rng, (uint64_t)x->m->tasks);
}

bool search_try(struct search *x, int32_t seed, int32_t mean_cut)
{
    state_begin(x->s);
    if (!ruin_near(x, seed, mean_cut)) return false;
    search_fill(x);
    if (x->m->types > 1) improve_types(x);
    if (x->m->docks) docks_mend(x->s);
    return true;
}

bool search_walk(struct search *x)
{
    struct state *s = x->s;
    x->iterations++;
    const int64_t was = s->cost;
    const bool accepted = search_try(x, draw_seed(x), MEAN_CUT) && accepts(x, was);
    if (!accepted) state_back(s);
    return accepted;
}

bool search_step(struct search *x)
{
    x->warmth = x->share;
    return search_anneal(x);
}

bool search_anneal(struct search *x)
{
    if (!search_walk(x) || x->s->cost >= x->best.cost) return false;
    kept_take(&x->best, x->s);
    return true;
}

void search_settle(struct search *x)
{
    kept_give(&x->best, x->s);
}
