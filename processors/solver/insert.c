/* SPDX-License-Identifier: Apache-2.0
 * Finding the place of a task. A gap is first asked for its cost, then for load and time, all in constant time;
 * vehicles with rules that a constant-time test cannot answer are timed exactly at the most promising gaps.
 */
#include "processors/solver/insert.h"

#include "haul/hash.h"
#include "haul/math.h"

#include <stdlib.h>

/* No cost comes near these: what a gap where nothing fits is said to cost, and the bound before anything is found. */
static const int64_t never = INT64_MAX / 4, beyond = INT64_MAX / 8;

enum { BLINK_MEAN = 100, CHANGES_MAX = 6, BOTH_SIDES = 8, AHEAD = 6 };

static bool needs_exact(const struct model *m, const struct vtype *t, bool pair)
{
    return t->exact || m->setups || (pair && t->limited);
}

void finder_init(struct finder *f, struct state *s, struct haul_rng *rng)
{
    *f = (struct finder){.s = s, .rng = rng, .spots_max = 1, .routes_max = INT32_MAX, .blink_in = BLINK_MEAN};
    for (int32_t t = 0; t < s->m->types; t++)
        if (needs_exact(s->m, &s->m->type[t], s->m->pairs)) f->spots_max = 6;
    f->seen = need((size_t)s->m->vehicles, sizeof *f->seen);
    f->sequence = need((size_t)s->m->tasks_cap + 2, sizeof *f->sequence);
    f->drop_cost = need(2 * ((size_t)s->m->tasks_cap + 2), sizeof *f->drop_cost);
    f->drop_ahead = f->drop_cost + s->m->tasks_cap + 2;
}

void finder_remember(struct finder *f)
{
    enum { MOST = 1 << 20, A_TASK = 64 };
    uint64_t n = 1024;
    if (!f->s->m->pairs || f->spots_max > 1) return;
    while (n < MOST && n < (uint64_t)f->s->m->tasks * A_TASK) n *= 2;
    f->memory = need(n, sizeof *f->memory);
    f->memory_mask = n - 1;
}

void finder_free(struct finder *f)
{
    free(f->seen);
    free(f->sequence);
    free(f->drop_cost);
    free(f->memory);
}

/* One gap in a hundred is passed over: drawn as the number of gaps until the next. */
static inline bool blinks(struct finder *f)
{
    if (!f->blinks || --f->blink_in > 0) return false;
    const double u = 1 - haul_rng_f64(f->rng);
    f->blink_in = 1 + (int32_t)(-haul_log(u) * BLINK_MEAN);
    return true;
}

static void keep_spot(struct finder *f, struct spot one)
{
    int32_t i = f->spots_n < f->spots_max ? f->spots_n++ : f->spots_max - 1;
    for (; i > 0 && one.delta < f->spots[i - 1].delta; i--) f->spots[i] = f->spots[i - 1];
    f->spots[i] = one;
    if (f->spots_n == f->spots_max) f->bound = f->any ? INT64_MIN : f->spots[f->spots_n - 1].delta;
}

/* ---- what is asked of a route before its gaps ---- */

static bool route_takes_all(const struct finder *f, int32_t r, int32_t task)
{
    const struct state *s = f->s;
    const struct model *m = s->m;
    const struct route *at = &s->route[r];
    const struct vtype *t = &m->type[at->type];
    if (!t->fits[task]) return false;
    if (m->nodes[task].vehicle != HAUL_VRP_NONE && m->nodes[task].vehicle != r) return false;
    if (t->v->tasks_max != HAUL_VRP_NONE && at->n >= t->v->tasks_max) return false;
    if (m->mixed_load || t->reloads) return true;
    const int64_t *amount = delivery_of(m, task);
    for (int32_t d = 0; d < m->dims; d++)
        if (at->load[d] + amount[d] + amount[m->dims + d] > t->capacity[d]) return false;
    return true;
}

static inline bool route_takes(const struct finder *f, int32_t r, int32_t task)
{
    if ((f->only != NULL && !f->only[r]) || f->s->m->nodes[task].size > f->s->room[r]) return false;
    return f->s->m->plain || route_takes_all(f, r, task);
}

/* ---- one gap, one task ---- */

static inline bool on_time(const struct state *s, const struct vtype *t, const struct place *i, const struct place *j,
                           int32_t task)
{
    const struct model *m = s->m;
    const struct node *n = &m->nodes[task];
    const int64_t begin = begin_at(m, n, i->leave + t->time[cell(m, i->loc, n->loc)]);
    if (begin == INT64_MAX) return false;
    int64_t reach = begin + action_at(m, t, task, i->loc) + t->time[cell(m, n->loc, j->loc)];
    if (m->setups && i->loc == j->loc && n->loc != j->loc) {
        const int32_t behind = i->next;
        if (is_task(m, behind)) reach += m->nodes[behind].setup; /* it now comes from elsewhere */
    }
    return reach <= j->late;
}

/* Deliveries are on board from the start to here, pickups from here to the end. */
static inline bool load_fits(const struct state *s, const struct vtype *t, int32_t i, int32_t task)
{
    const int32_t dims = s->m->dims;
    const int64_t *drop = delivery_of(s->m, task), *pick = drop + dims;
    for (int32_t d = 0; d < dims; d++)
        if (load_before(s, i)[d] + drop[d] > t->capacity[d] || load_behind(s, i)[d] + pick[d] > t->capacity[d])
            return false;
    return true;
}

static bool within(const struct state *s, const struct vtype *t, const struct route *at, int32_t i, int32_t task)
{
    const struct haul_vrp_vehicle *v = t->v;
    const struct model *m = s->m;
    const struct place *a = &s->at[i], *b = &s->at[a->next];
    const int64_t in = cell(m, a->loc, m->nodes[task].loc), out = cell(m, m->nodes[task].loc, b->loc);
    const int64_t ride = (int64_t)t->time[in] + t->time[out] - b->ride;
    if (v->travel_max != HAUL_VRP_NONE && at->travel + ride > v->travel_max) return false;
    if (v->duration_max != HAUL_VRP_NONE && at->busy + ride + action_at(m, t, task, a->loc) > v->duration_max)
        return false;
    return v->distance_max == HAUL_VRP_NONE ||
           at->distance + t->distance[in] + t->distance[out] - t->distance[cell(m, a->loc, b->loc)] <= v->distance_max;
}

static inline void try_gap(struct finder *f, const struct vtype *t, int32_t r, int32_t i, int32_t task, int64_t base)
{
    const struct state *s = f->s;
    const struct model *m = s->m;
    const struct place *a = &s->at[i], *b = &s->at[a->next];
    const int32_t loc = m->nodes[task].loc;
    const int64_t in = cell_to(m, t, a->loc, loc);
    const int64_t delta = base + way_cost(t, in) + way_cost(t, cell(m, loc, b->loc)) - (s->route[r].n > 0 ? b->way : 0);
    if (delta >= f->bound || blinks(f)) return;
    if (m->timed && !on_time(s, t, a, b, task)) return;
    if (m->mixed_load && !t->reloads && !load_fits(s, t, i, task)) return;
    if (t->limited && !within(s, t, &s->route[r], i, task)) return;
    keep_spot(f, (struct spot){.delta = delta, .type = HAUL_VRP_NONE, .after = i, .after_second = HAUL_VRP_NONE});
}

static int64_t stop_cost(const struct model *m, const struct vtype *t, int32_t task)
{
    return t->v->cost_per_service == 0 ? 0 : t->v->cost_per_service * service_of(m, t, task);
}

static void try_route(struct finder *f, int32_t r, int32_t task)
{
    const struct state *s = f->s;
    if (!route_takes(f, r, task)) return;
    const struct vtype *t = &s->m->type[s->route[r].type];
    const int64_t base = stop_cost(s->m, t, task) + (s->route[r].n == 0 ? t->v->cost_fixed : 0);
    const int32_t end = end_of(s->m, r), frozen = s->route[r].frozen;
    for (int32_t i = start_of(s->m, r); i != end; i = s->at[i].next)
        if (s->at[i].pos >= frozen) try_gap(f, t, r, i, task, base);
}

/* ---- a larger or a cheaper vehicle for the route ---- */

static int64_t cost_as(const struct state *s, const struct vtype *u, int32_t r, int32_t task)
{
    int64_t cost = u->v->cost_fixed + stop_cost(s->m, u, task);
    for (int32_t i = s->at[start_of(s->m, r)].next; i != HAUL_VRP_NONE; i = s->at[i].next) {
        cost += way_cost(u, cell(s->m, s->at[s->at[i].prev].loc, s->at[i].loc));
        if (!is_task(s->m, i)) break;
        if (!u->fits[i]) return INT64_MAX;
        cost += stop_cost(s->m, u, i);
    }
    return cost;
}

static bool would_carry(const struct finder *f, const struct vtype *u, int32_t r, int32_t task)
{
    const struct model *m = f->s->m;
    const int64_t *amount = delivery_of(m, task);
    for (int32_t d = 0; d < m->dims; d++)
        if (f->s->route[r].load[d] + amount[d] + amount[m->dims + d] > u->capacity[d]) return false;
    return true;
}

/* The gaps of route r as if it were driven by a vehicle of type k. */
static void try_as(struct finder *f, int32_t r, int32_t k, int32_t task)
{
    const struct state *s = f->s;
    const struct model *m = s->m;
    const struct vtype *u = &m->type[k];
    if (!u->fits[task] || !would_carry(f, u, r, task)) return;
    const int64_t as = cost_as(s, u, r, task);
    const int64_t base = as == INT64_MAX ? INT64_MAX : as - s->route[r].cost;
    if (base >= f->bound) return;
    const int32_t end = end_of(m, r), loc = m->nodes[task].loc;
    for (int32_t i = start_of(m, r); i != end; i = s->at[i].next) {
        const struct place *a = &s->at[i], *b = &s->at[a->next];
        const int64_t delta = base + way_cost(u, cell(m, a->loc, loc)) + way_cost(u, cell(m, loc, b->loc)) -
                              way_cost(u, cell(m, a->loc, b->loc));
        if (delta >= f->bound || blinks(f)) continue;
        if (m->timed && !on_time(s, u, a, b, task)) continue;
        keep_spot(f, (struct spot){.delta = delta, .type = k, .after = i, .after_second = HAUL_VRP_NONE});
    }
}

static void try_sisters(struct finder *f, int32_t r, int32_t task)
{
    const struct state *s = f->s;
    const struct model *m = s->m;
    const int32_t own = m->nodes[task].vehicle;
    if (s->route[r].n == 0 || s->route[r].frozen > 0 || own != HAUL_VRP_NONE || (f->only != NULL && !f->only[r]))
        return;
    for (int32_t k = 0; k < m->types; k++)
        if (m->sisters[s->route[r].type * m->types + k] && s->idle_n[k] > 0) try_as(f, r, k, task);
}

static bool may_change_type(const struct finder *f, bool pair)
{
    return f->s->m->mixed_fleet && !pair && !f->s->m->mixed_load;
}

static void try_near(struct finder *f, int32_t task)
{
    const struct state *s = f->s;
    const struct model *m = s->m;
    const int32_t *list = m->near_put + (int64_t)task * m->near;
    const int32_t n = m->near_n[task] < f->near ? m->near_n[task] : f->near;
    for (int32_t k = 0; k < n; k++) {
        if (k + AHEAD < n) __builtin_prefetch(&s->at[list[k + AHEAD]]);
        const struct place *v = &s->at[list[k]];
        const int32_t r = v->route;
        if (r == HAUL_VRP_NONE || !route_takes(f, r, task)) continue;
        const struct vtype *t = &m->type[s->route[r].type];
        const int64_t base = stop_cost(m, t, task);
        /* the gap before it is mostly the one behind another near task: asked for the nearest, and at the start of a
         * route */
        if (v->pos > s->route[r].frozen && (k < BOTH_SIDES || !is_task(m, v->prev)))
            try_gap(f, t, r, v->prev, task, base);
        if (v->pos >= s->route[r].frozen) try_gap(f, t, r, list[k], task, base);
    }
    if (!may_change_type(f, false)) return;
    f->seen_now++;
    for (int32_t k = 0, routes = 0; k < n && routes < CHANGES_MAX; k++) {
        const int32_t r = s->at[list[k]].route;
        if (r == HAUL_VRP_NONE || f->seen[r] == f->seen_now) continue;
        f->seen[r] = f->seen_now;
        routes++;
        try_sisters(f, r, task);
    }
}

/* ---- a shipment in one route ---- */

struct half {
    int32_t task, loc;
    int64_t action;
};

static inline int64_t way_to(const struct model *m, const struct vtype *t, int32_t from, int32_t loc)
{
    return way_cost(t, cell_to(m, t, from, loc));
}

static bool carries(const struct state *s, const struct vtype *t, int32_t place, const int64_t *amount)
{
    for (int32_t d = 0; d < s->m->dims; d++)
        if (load_left(s, place)[d] + amount[d] > t->capacity[d]) return false;
    return true;
}

/* All along the route. */
static bool carries_all(const struct state *s, const struct vtype *t, int32_t r, const int64_t *amount)
{
    for (int32_t d = 0; d < s->m->dims; d++)
        if (load_before(s, end_of(s->m, r))[d] + amount[d] > t->capacity[d]) return false;
    return true;
}

/* The delivery, which is reached at `reach`, and then b come in time. */
static inline bool drop_on_time(const struct model *m, const struct vtype *t, const struct half *d, int64_t reach,
                                const struct place *b)
{
    const int64_t begin = begin_at(m, &m->nodes[d->task], reach);
    return begin != INT64_MAX && begin + d->action + t->time[cell(m, d->loc, b->loc)] <= b->late;
}

/* Pickup and delivery next to each other behind i, which costs `delta`. `left`: when the pickup is left. */
static void try_adjacent(struct finder *f, const struct vtype *t, int32_t i, const struct half *p, const struct half *d,
                         int64_t left, int64_t delta)
{
    const struct state *s = f->s;
    const struct model *m = s->m;
    const struct place *b = &s->at[s->at[i].next];
    if (delta >= f->bound || blinks(f)) return;
    if (m->timed && !drop_on_time(m, t, d, left + t->time[cell(m, p->loc, d->loc)], b)) return;
    keep_spot(f, (struct spot){.delta = delta, .type = HAUL_VRP_NONE, .after = i, .after_second = p->task});
}

/* The delivery behind each stop from i's next on, while time and load allow and something cheap enough is ahead. */
static void try_apart(struct finder *f, const struct vtype *t, int32_t i, const struct half *p, const struct half *d,
                      int64_t left, int64_t cost, bool roomy)
{
    const struct state *s = f->s;
    const struct model *m = s->m;
    const int64_t *amount = pickup_of(m, p->task);
    int64_t leave = left;
    int32_t from_loc = p->loc;
    for (int32_t k = s->at[i].next; is_task(m, k); k = s->at[k].next) {
        const struct place *c = &s->at[k], *b = &s->at[c->next];
        if (cost + f->drop_ahead[c->pos] >= f->bound) return;
        if (m->timed) {
            const int64_t reach = leave + t->time[cell(m, from_loc, c->loc)];
            if (reach > c->late) return;
            leave = begin_at(m, &m->nodes[k], reach) + action_at(m, t, k, from_loc);
        }
        if (!roomy && !carries(s, t, k, amount)) return;
        from_loc = c->loc;
        const int64_t delta = cost + f->drop_cost[c->pos];
        if (delta >= f->bound || blinks(f)) continue;
        if (m->timed && !drop_on_time(m, t, d, leave + t->time[cell(m, c->loc, d->loc)], b)) continue;
        keep_spot(f, (struct spot){.delta = delta, .type = HAUL_VRP_NONE, .after = i, .after_second = k});
    }
}

/* What the delivery costs behind each stop of the route, where it can come in time even without the pickup; and the
 * least of that from each stop on. */
static void set_drops(struct finder *f, const struct vtype *t, int32_t r, const struct half *d)
{
    const struct state *s = f->s;
    const struct model *m = s->m;
    const struct node *n = &m->nodes[d->task];
    const bool timed = m->timed && !t->exact;
    const int32_t start = start_of(m, r), end = end_of(m, r);
    int64_t least = never, out = way_cost(t, cell(m, d->loc, s->at[end].loc));
    f->drop_ahead[s->route[r].n + 1] = least;
    for (int32_t i = s->at[end].prev; i != start; i = s->at[i].prev) {
        const struct place *a = &s->at[i], *b = &s->at[a->next];
        const int64_t in = way_to(m, t, a->loc, d->loc);
        int64_t cost = in + out - b->way;
        out = t->symmetric ? in : way_cost(t, cell(m, d->loc, a->loc));
        if (timed && (a->leave > n->close || b->late < n->open ||
                      (cost < least && !drop_on_time(m, t, d, a->leave + t->time[cell_to(m, t, a->loc, d->loc)], b))))
            cost = never;
        if (cost < least) least = cost;
        f->drop_cost[a->pos] = cost;
        f->drop_ahead[a->pos] = least;
    }
}

static struct half half_of(const struct model *m, const struct vtype *t, int32_t task)
{
    return (struct half){task, m->nodes[task].loc, service_of(m, t, task) + m->nodes[task].setup};
}

/* The best spot below the bound. */
static void look_in(struct finder *f, int32_t r, int32_t pickup)
{
    const struct state *s = f->s;
    const struct model *m = s->m;
    const struct vtype *t = &m->type[s->route[r].type];
    const int32_t delivery = m->nodes[pickup].mate;
    const struct half p = half_of(m, t, pickup), d = half_of(m, t, delivery);
    const int64_t base =
        stop_cost(m, t, pickup) + stop_cost(m, t, delivery) + (s->route[r].n == 0 ? t->v->cost_fixed : 0);
    const int64_t between = way_cost(t, cell(m, p.loc, d.loc));
    const bool roomy = t->reloads || carries_all(s, t, r, pickup_of(m, pickup));
    const struct node *n = &m->nodes[pickup];
    int64_t in = way_to(m, t, s->at[start_of(m, r)].loc, p.loc);
    set_drops(f, t, r, &d);
    for (int32_t i = start_of(m, r); i != end_of(m, r); i = s->at[i].next) {
        const struct place *a = &s->at[i], *b = &s->at[a->next];
        const int64_t out = way_cost(t, cell(m, p.loc, b->loc));
        const int64_t here = base + in - b->way, apart = here + out;
        const int64_t together = here + between + way_cost(t, cell(m, d.loc, b->loc)) +
                                 (s->route[r].n > 0 ? 0 : b->way); /* empty: no way was */
        in = t->symmetric ? out : way_to(m, t, b->loc, p.loc);
        if (m->timed && a->leave > n->close) return; /* and so all behind */
        if (together >= f->bound && apart + f->drop_ahead[a->pos + 1] >= f->bound) continue;
        if (a->pos < s->route[r].frozen || !(roomy || carries(s, t, i, pickup_of(m, pickup)))) continue;
        int64_t left = 0;
        if (m->timed) {
            const int64_t begin = begin_at(m, n, a->leave + t->time[cell_to(m, t, a->loc, p.loc)]);
            if (begin == INT64_MAX || begin > b->late) continue;
            left = begin + p.action;
        }
        try_adjacent(f, t, i, &p, &d, left, together);
        if (apart + f->drop_ahead[a->pos + 1] < f->bound) try_apart(f, t, i, &p, &d, left, apart, roomy);
    }
}

/* What the best spot in the route as it stands is, or that none is below the bound. */
static void learn(struct finder *f, int32_t r, int32_t pickup, struct memory *at)
{
    const int64_t bound = f->bound;
    const int32_t spots_n = f->spots_n;
    const struct spot best = f->spots[0];
    const bool blinks_else = f->blinks;
    f->blinks = false;
    look_in(f, r, pickup);
    f->blinks = blinks_else;
    *at = (struct memory){f->s->route[r].stamp, pickup, {.delta = bound, .after = HAUL_VRP_NONE}};
    if (f->bound < bound) at->spot = f->spots[0];
    f->spots[0] = best;
    f->spots_n = spots_n;
    f->bound = bound;
}

/* What would be found, from memory where it can. A spot is passed over as a gap is. */
static void recall(struct finder *f, int32_t r, int32_t pickup)
{
    const uint64_t stamp = f->s->route[r].stamp;
    struct memory *at = &f->memory[haul_mix((uint64_t)pickup, stamp) & f->memory_mask];
    const bool known = at->request == pickup && at->stamp == stamp;
    if (!known || (at->spot.after == HAUL_VRP_NONE && at->spot.delta < f->bound)) learn(f, r, pickup, at);
    if (at->spot.delta >= f->bound || blinks(f)) return;
    keep_spot(f, at->spot);
}

static void try_pair(struct finder *f, int32_t r, int32_t pickup)
{
    const struct state *s = f->s;
    const struct vtype *t = &s->m->type[s->route[r].type];
    if (!route_takes(f, r, pickup) || !t->fits[s->m->nodes[pickup].mate]) return;
    if (t->v->tasks_max != HAUL_VRP_NONE && s->route[r].n + 2 > t->v->tasks_max) return;
    if (f->memory != NULL && !f->any)
        recall(f, r, pickup);
    else
        look_in(f, r, pickup);
}

/* Routes in which a near task of either half stands, each once. */
static void try_pair_near(struct finder *f, int32_t pickup)
{
    const struct state *s = f->s;
    const struct model *m = s->m;
    f->seen_now++;
    const int32_t halves[2] = {pickup, m->nodes[pickup].mate};
    for (int32_t h = 0; h < 2; h++) {
        const int32_t *list = m->near_put + (int64_t)halves[h] * m->near;
        const int32_t n = m->near_n[halves[h]] < f->near ? m->near_n[halves[h]] : f->near;
        for (int32_t k = 0; k < n; k++) {
            const int32_t r = s->at[list[k]].route;
            if (r == HAUL_VRP_NONE || f->seen[r] == f->seen_now) continue;
            f->seen[r] = f->seen_now;
            try_pair(f, r, pickup);
        }
    }
}

/* ---- all of it ---- */

static void try_any(struct finder *f, int32_t r, int32_t task, bool pair)
{
    if (pair)
        try_pair(f, r, task);
    else
        try_route(f, r, task);
}

static void try_idle(struct finder *f, int32_t task, bool pair)
{
    const struct state *s = f->s;
    const int32_t own = s->m->nodes[task].vehicle;
    if (s->used_n >= f->routes_max) return;
    if (own != HAUL_VRP_NONE) {
        if (s->route[own].n == 0) try_any(f, own, task, pair);
        return;
    }
    for (int32_t t = 0; t < s->m->types; t++) {
        const int32_t r = idle_route(s, t);
        if (r != HAUL_VRP_NONE) try_any(f, r, task, pair);
    }
}

/* Of the candidates, the cheapest that stands the exact test. */
static bool best_exact(struct finder *f, int32_t task, bool pair, struct spot *out)
{
    const struct state *s = f->s;
    bool found = false;
    for (int32_t k = 0; k < f->spots_n; k++) {
        struct spot one = f->spots[k];
        if (found && one.delta >= out->delta) break;
        const struct route *at = &s->route[s->at[one.after].route];
        const struct vtype *t = &s->m->type[at->type];
        if (needs_exact(s->m, t, pair)) {
            struct timing timing;
            const int32_t n = with_spot(s, task, &one, f->sequence);
            if (!schedule(s->m, t, f->sequence, n, INT64_MIN, &timing, NULL, NULL)) continue;
            if (t->exact) one.delta = timing.cost - at->cost;
        }
        if (!found || one.delta < out->delta) *out = one, found = true;
    }
    return found;
}

static bool settle(struct finder *f, int32_t task, bool pair, struct spot *out)
{
    if (f->spots_max > 1) return best_exact(f, task, pair, out);
    if (f->spots_n > 0) *out = f->spots[0];
    return f->spots_n > 0;
}

static void forget(struct finder *f)
{
    f->spots_n = 0;
    f->bound = beyond;
}

static void try_used(struct finder *f, int32_t task, bool pair)
{
    for (int32_t k = 0; k < f->s->used_n; k++) {
        try_any(f, f->s->used[k], task, pair);
        if (may_change_type(f, pair)) try_sisters(f, f->s->used[k], task);
    }
}

bool find_spot(struct finder *f, int32_t task, struct spot *out)
{
    const bool pair = f->s->m->nodes[task].kind == HAUL_VRP_PICKUP;
    forget(f);
    if (f->near == 0)
        try_used(f, task, pair);
    else if (pair)
        try_pair_near(f, task);
    else
        try_near(f, task);
    if (!f->few_routes) try_idle(f, task, pair);
    if (settle(f, task, pair, out)) return true;
    forget(f);
    if (f->few_routes) try_idle(f, task, pair);
    if (f->near != 0) try_used(f, task, pair);
    return settle(f, task, pair, out);
}

bool find_spot_in(struct finder *f, int32_t r, int32_t task, struct spot *out)
{
    const bool pair = f->s->m->nodes[task].kind == HAUL_VRP_PICKUP;
    forget(f);
    try_any(f, r, task, pair);
    return settle(f, task, pair, out);
}

void take_spot(struct state *s, int32_t task, const struct spot *spot)
{
    const int32_t mate = s->m->nodes[task].mate;
    int32_t r = s->at[spot->after].route, after = spot->after;
    if (spot->type != HAUL_VRP_NONE) {
        const int32_t q = idle_route(s, spot->type);
        if (!is_task(s->m, after)) after = start_of(s->m, q);
        state_move_route(s, r, q);
        r = q;
    }
    state_put(s, after, task);
    if (mate != HAUL_VRP_NONE) state_put(s, spot->after_second, mate);
    const bool good = state_update(s, r);
    assert(good);
}

int32_t with_spot(const struct state *s, int32_t task, const struct spot *spot, int32_t *out)
{
    int32_t n = 0;
    for (int32_t i = start_of(s->m, s->at[spot->after].route); i != HAUL_VRP_NONE; i = s->at[i].next) {
        if (is_task(s->m, i)) out[n++] = i;
        if (i == spot->after) {
            out[n++] = task;
            if (spot->after_second == task) out[n++] = s->m->nodes[task].mate;
        }
        if (i == spot->after_second) out[n++] = s->m->nodes[task].mate;
    }
    return n;
}
