/* SPDX-License-Identifier: Apache-2.0
 * SWAP* (Vidal 2022): a task of one route against one of another, each put where it costs least in the other's route
 * and not just in the other's place. For each task the three best gaps of the other route are found first: one of them,
 * or the place that becomes free, is the best when a task has left. Also moves one task alone.
 */
#include "processors/solver/loose.h"

/* What is to be done: u goes behind `to_u`, v (or HAUL_VRP_NONE) behind `to_v`. */
struct swap {
    int32_t u, v, to_u, to_v;
    int64_t delta;
};

struct pair_of_runs {
    struct loose *l;
    int32_t r, q;
    const struct vtype *t, *w;                    /* of r and of q */
    int64_t over_r[HAUL_DIMS], over_q[HAUL_DIMS]; /* load less capacity */
    int64_t penalty;                              /* of both as they stand */
    struct swap best;
};

static void set_gaps(struct loose *l, int32_t task, int32_t q)
{
    const struct vtype *t = type_of_run(l, q);
    struct gaps *g = &l->gaps[task];
    for (int32_t k = 0; k < GAPS; k++) g->cost[k] = INT64_MAX / 4, g->behind[k] = HAUL_VRP_NONE;
    int64_t in = link_cost_to(l, t, first_of(l, q), task);
    for (int32_t i = first_of(l, q), next; (next = l->at[i].next) != HAUL_VRP_NONE; i = next) {
        const int64_t out = link_cost(l, t, task, next), cost = in + out - l->at[next].way;
        in = t->symmetric ? out : link_cost(l, t, next, task);
        if (cost >= g->cost[GAPS - 1]) continue;
        int32_t at = GAPS - 1;
        for (; at > 0 && cost < g->cost[at - 1]; at--) g->cost[at] = g->cost[at - 1], g->behind[at] = g->behind[at - 1];
        g->cost[at] = cost, g->behind[at] = i;
    }
}

/* The best gap for `task` in the route of `gone`, when that one has left. */
static int64_t best_gap_without(const struct loose *l, int32_t task, int32_t gone, int32_t *behind)
{
    const struct stop *s = &l->at[gone];
    const struct vtype *t = type_of_run(l, s->route);
    const struct gaps *g = &l->gaps[task];
    int64_t cost =
        link_cost_to(l, t, s->prev, task) + link_cost(l, t, task, s->next) - link_cost(l, t, s->prev, s->next);
    *behind = s->prev;
    for (int32_t k = 0; k < GAPS; k++) {
        if (g->behind[k] == gone || g->behind[k] == s->prev) continue;
        if (g->cost[k] < cost) cost = g->cost[k], *behind = g->behind[k];
        break;
    }
    return cost;
}

/* What both pay for their loads when u and v (or only u) change places, less what they pay now for everything. */
static inline int64_t load_change(const struct pair_of_runs *p, int32_t u, int32_t v)
{
    const struct loose *l = p->l;
    const int32_t dims = l->m->dims;
    int64_t mine = 0, theirs = 0;
    for (int32_t k = 0; k < dims; k++) {
        const int64_t more = (v == HAUL_VRP_NONE ? 0 : l->need[v * dims + k]) - l->need[u * dims + k];
        if (p->over_r[k] + more > 0) mine += p->over_r[k] + more;
        if (p->over_q[k] - more > 0) theirs += p->over_q[k] - more;
    }
    return priced(mine, l->price.load) + priced(theirs, l->price.load) - p->penalty;
}

/* Warp and length of a route without `out` and with `in` behind a stop, at their prices. */
static int64_t walked_penalty(const struct loose *l, int32_t r, int32_t out, int32_t in, int32_t behind)
{
    const struct vtype *t = type_of_run(l, r);
    const struct limit *limit = &l->limit[l->run[r].type];
    int32_t from = first_of(l, r);
    struct drive d = {l->visit[from].open, 0};
    int64_t span = 0;
    bool put = in == HAUL_VRP_NONE;
    for (int32_t i = from, to; i != last_of(l, r); from = to) {
        if (!put && i == behind)
            to = in, put = true;
        else
            to = i = l->at[i].next;
        if (to == out) {
            to = from;
            continue;
        }
        if (l->m->timed) drive_to(l, t, &d, from, to);
        if (limit->table != NULL)
            span += limit->table[link_cell(l, from, to)] + (limit->services ? l->visit[to].service : 0);
    }
    const struct broken now = {0, d.warp, limit->table != NULL && span > limit->most ? span - limit->most : 0};
    return penalty_of(l, now);
}

/* The ways and the load say that it is better than the best so far: do time and length? */
static void consider(struct pair_of_runs *p, struct swap s)
{
    const struct loose *l = p->l;
    if (s.delta >= p->best.delta) return;
    if (l->m->timed || l->limit[l->run[p->r].type].table != NULL || l->limit[l->run[p->q].type].table != NULL) {
        s.delta += walked_penalty(l, p->r, s.u, s.v, s.to_v);
        if (s.delta >= p->best.delta) return;
        s.delta += walked_penalty(l, p->q, s.v, s.u, s.to_u);
    }
    if (s.delta < p->best.delta) p->best = s;
}

static void try_swap(struct pair_of_runs *p, int32_t u, int32_t v)
{
    const struct loose *l = p->l;
    int64_t delta = load_change(p, u, v) - l->gain[u] - l->gain[v];
    if (delta >= p->best.delta || !p->t->fits[v] || !p->w->fits[u]) return;
    struct swap s = {.u = u, .v = v};
    delta += best_gap_without(l, u, v, &s.to_u);
    if (delta >= p->best.delta) return;
    s.delta = delta + best_gap_without(l, v, u, &s.to_v);
    consider(p, s);
}

static void try_move(struct pair_of_runs *p, int32_t u)
{
    const struct loose *l = p->l;
    if (l->run[p->r].n == 1 || !p->w->fits[u]) return; /* the other moves empty routes */
    consider(p, (struct swap){.u = u,
                              .v = HAUL_VRP_NONE,
                              .to_u = l->gaps[u].behind[0],
                              .to_v = HAUL_VRP_NONE,
                              .delta = load_change(p, u, HAUL_VRP_NONE) - l->gain[u] + l->gaps[u].cost[0]});
}

static void do_swap(struct loose *l, const struct pair_of_runs *p)
{
    const struct swap *s = &p->best;
    loose_take(l, s->u);
    if (s->v != HAUL_VRP_NONE) loose_take(l, s->v);
    loose_put(l, s->to_u, s->u);
    if (s->v != HAUL_VRP_NONE) loose_put(l, s->to_v, s->v);
    l->moves++;
    loose_update(l, p->r);
    loose_update(l, p->q);
}

/* What the route's tasks save when they leave it, and their gaps in the other. */
static void set_route(struct loose *l, int32_t r, int32_t other)
{
    const struct vtype *t = type_of_run(l, r);
    for (int32_t u = l->at[first_of(l, r)].next; is_visit(l, u); u = l->at[u].next) {
        l->gain[u] = saved_without(l, t, u);
        set_gaps(l, u, other);
    }
}

/* The best swap of two routes, done when it costs less. */
static bool swap_between(struct loose *l, int32_t r, int32_t q)
{
    struct pair_of_runs p = {.l = l,
                             .r = r,
                             .q = q,
                             .t = type_of_run(l, r),
                             .w = type_of_run(l, q),
                             .penalty = l->run[r].penalty + l->run[q].penalty,
                             .best = {.u = HAUL_VRP_NONE, .delta = 0}};
    for (int32_t k = 0; k < l->m->dims; k++) {
        p.over_r[k] = l->run[r].load[k] - p.t->capacity[k];
        p.over_q[k] = l->run[q].load[k] - p.w->capacity[k];
    }
    set_route(l, r, q);
    set_route(l, q, r);
    for (int32_t u = l->at[first_of(l, r)].next; is_visit(l, u); u = l->at[u].next) {
        try_move(&p, u);
        for (int32_t v = l->at[first_of(l, q)].next; is_visit(l, v); v = l->at[v].next) try_swap(&p, u, v);
    }
    if (p.best.u == HAUL_VRP_NONE) return false;
    do_swap(l, &p);
    return true;
}

/* Only pairs of routes with near tasks, and only once until one of them changes: below the diagonal stands when. */
static bool pair_is_due(struct loose *l, int32_t r, int32_t q)
{
    const int32_t high = r > q ? r : q, low = r > q ? q : r;
    int64_t *last = &l->pair_tested[(int64_t)high * l->runs + low];
    if (l->run[r].changed <= *last && l->run[q].changed <= *last) return false;
    *last = l->moves;
    return true;
}

bool loose_swap_stars(struct loose *l)
{
    enum { CLOSE = 10 };
    const struct model *m = l->m;
    bool any = false;
    if (l->pair_tested == NULL) return false;
    for (int32_t i = 0; i < m->tasks; i++) {
        const int32_t u = l->order[i];
        for (int32_t k = 0; k < m->near_n[u] && k < CLOSE; k++) {
            const int32_t r = l->at[u].route, q = l->at[m->near_put[(int64_t)u * m->near + k]].route;
            if (r != q && pair_is_due(l, r, q)) any |= swap_between(l, r, q);
        }
    }
    return any;
}
