/* SPDX-License-Identifier: Apache-2.0
 * Ruin, recreate, accept.
 */
#include "processors/solver/search.h"

#include "haul/math.h"
#include "processors/solver/eject.h"

#include <stdlib.h>

enum { MEAN_CUT = 10 };
static const double price_least = 3, price_first = 6, price_most = 24; /* in what a request costs on average */
static const double price_step = 0.002, weight_step = 0.02;            /* after each step of the search */

struct sort_key {
    int64_t key;
    int32_t task;
};

void search_init(struct search *x, struct state *s, uint64_t seed)
{
    const size_t cap = (size_t)s->m->tasks_cap;
    *x = (struct search){.m = s->m, .s = s, .tries = INT32_MAX};
    haul_rng_seed(&x->rng, seed);
    finder_init(&x->find, s, &x->rng);
    x->missed = need(cap, sizeof *x->missed);
    x->weight = need(cap, sizeof *x->weight);
    x->order = need(cap, sizeof *x->order);
    x->torn = need(cap, sizeof *x->torn);
    kept_init(&x->best, s);
}

void search_free(struct search *x)
{
    finder_free(&x->find);
    kept_free(&x->best);
    free(x->missed);
    free(x->weight);
    free(x->order);
    free(x->torn);
    eject_pool_free(x->pool);
}

/* ---- the price of leaving out ---- */

void search_lenient(struct search *x)
{
    const struct state *s = x->s;
    int64_t cost = 0;
    int32_t served = 0;
    for (int32_t k = 0; k < s->used_n; k++) cost += s->route[s->used[k]].cost;
    for (int32_t i = 0; i < x->m->tasks; i++) {
        served += s->at[i].route != HAUL_VRP_NONE && is_request(&x->m->nodes[i]);
        x->weight[i] = 1;
    }
    x->request_cost = 1 + (double)cost / (served + 1);
    x->price = price_first * x->request_cost;
}

void search_strict(struct search *x)
{
    x->price = 0;
}

/* Of leaving the task out. */
static int64_t price_of(const struct search *x, int32_t task)
{
    const int64_t penalty = x->m->nodes[task].penalty;
    const double price = x->price * x->weight[task];
    return x->price > 0 && price < (double)penalty ? (int64_t)price : penalty;
}

/* The cost, with what is absent at its price. */
static int64_t priced(const struct search *x)
{
    const struct state *s = x->s;
    int64_t cost = s->cost;
    for (int32_t i = 0; x->price > 0 && i < s->absent_n; i++)
        cost -= x->m->nodes[s->absent[i]].penalty - price_of(x, s->absent[i]);
    return cost;
}

bool search_incomplete(const struct search *x)
{
    const struct state *s = x->s;
    bool owed = false;
    for (int32_t i = 0; i < s->absent_n && !owed; i++) owed = x->m->nodes[s->absent[i]].must;
    return owed && s->absent_n > x->best.absent_n;
}

/* Lower while plans are complete; higher while they are not, most of all for what is absent. */
static void follow_prices(struct search *x)
{
    const struct state *s = x->s;
    if (!search_incomplete(x)) {
        if (x->price > price_least * x->request_cost) x->price *= 1 - price_step;
        return;
    }
    if (x->price < price_most * x->request_cost) x->price *= 1 + price_step;
    for (int32_t i = 0; i < s->absent_n; i++) x->weight[s->absent[i]] += weight_step;
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

static void fill(struct search *x, bool priced_out)
{
    struct state *s = x->s;
    const enum order order = draw_order(x);
    int32_t n = 0;
    for (int32_t i = 0; i < s->absent_n; i++) {
        const int32_t task = s->absent[i];
        if (!is_request(&x->m->nodes[task])) continue;
        if (passed_over(x, i)) continue;
        x->order[n++] = (struct sort_key){key_of(x, order, task), task};
    }
    sort_few(x->order, n);
    for (int32_t i = 0; i < n; i++) {
        struct spot spot;
        const int32_t task = x->order[i].task;
        const int64_t most = priced_out ? price_of(x, task) : x->m->nodes[task].penalty;
        if (find_spot(&x->find, task, &spot) && spot.delta < most) take_spot(s, task, &spot);
    }
}

void search_fill(struct search *x)
{
    fill(x, false);
}

/* ---- accept ---- */

bool search_accepts(struct search *x, int64_t more, double hot, double cooling, double share)
{
    return more < 0 || (double)more < hot * haul_pow(cooling, share) * haul_rng_exponential(&x->rng);
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
    fill(x, true);
    if (x->m->types > 1) improve_types(x);
    if (x->m->docks) docks_mend(x->s);
    return true;
}

bool search_walk(struct search *x)
{
    struct state *s = x->s;
    x->iterations++;
    const int64_t was = priced(x);
    const bool accepted = search_try(x, draw_seed(x), MEAN_CUT) &&
                          search_accepts(x, priced(x) - was, x->hot, x->cold / x->hot, x->warmth);
    if (!accepted) state_back(s);
    if (x->price > 0) follow_prices(x);
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
