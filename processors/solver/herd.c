/* SPDX-License-Identifier: Apache-2.0
 * The course of breeding plans with the fewest vehicles.
 */
#include "processors/solver/herd.h"

#include "processors/solver/eject.h"

#include <stdlib.h>

enum {
    MEMBERS = 6,
    STEPS_A_TASK = 10, /* of ruin and recreate for a child, and at least: */
    STEPS_LEAST = 1000,
    STEPS_A_CROSSING = 50, /* it takes about as long as so many steps */
    EJECTIONS_CHILD = 40,  /* to complete a child */
    EJECTIONS_MOST = 300,  /* to complete a plan of which whole routes were given up */
    WALKS = 2,             /* between two of these */
    LOST = 2000            /* steps without a complete plan, after which it goes back to one */
};
static const double first_share = 0.45; /* of the herd's time goes to the first members */
static const double roomy_part = 0.33;  /* of a member's time is spent with a vehicle more */
static const double last_share = 0.2;   /* goes to the best of all */
static const double child_warmth = 0.5; /* where the cooling of a child begins */
static const double last_warmth = 0.3;

enum phase { ROOMY, FIRST, CHILD, LAST };

struct herd {
    struct search *x;
    struct kept member[MEMBERS], now; /* now: the best of the plan that is worked on */
    int32_t members, parent;          /* parent: whom the child may replace */
    enum phase phase;
    int64_t known;       /* cost of the search's best when it was seen last */
    double begun;        /* x->share then */
    double from, to;     /* shares between which the first members, and the last one, are cooled */
    int64_t step, steps; /* of a child */
    int32_t lost;        /* steps since the plan was complete */
    struct pool *pool;
    int32_t ejections;                            /* that may still come before the plan is complete */
    int32_t given_up;                             /* so many routes; fewer where the rest cannot be completed */
    uint8_t *mine;                                /* [vehicles] routes of the one parent that give way */
    int32_t *count;                               /* [vehicles] */
    int32_t *routes, routes_n, *theirs, theirs_n; /* [vehicles] those that give way, and what comes for them */
};

/* ---- plans ---- */

static int32_t half_of(const struct state *s)
{
    return s->used_n / 2 > 1 ? s->used_n / 2 : 1;
}

/* Fewer vehicles without leaving out more, or at the same number a lower cost. */
static bool better(const struct kept *a, const struct kept *b)
{
    if (a->used_n != b->used_n && a->absent_n == b->absent_n) return a->used_n < b->used_n;
    return a->cost < b->cost;
}

static struct kept seen_of(const struct state *s)
{
    return (struct kept){NULL, s->cost, s->absent_n, s->used_n};
}

/* The state is a plan to work on. */
static void begin_plan(struct herd *h)
{
    kept_forget(h->x->s);
    kept_take(&h->now, h->x->s);
    search_lenient(h->x);
    if (search_incomplete(h->x)) h->now.cost = INT64_MAX; /* whatever is complete is better */
    h->lost = 0;
}

static void set_fleet(struct herd *h)
{
    h->x->find.routes_max = h->x->best.used_n + (h->phase == ROOMY ? 1 : 0);
}

/* What was worked on is told to the search. */
static bool report(struct herd *h)
{
    struct search *x = h->x;
    if (!better(&h->now, &x->best)) return false;
    kept_copy(&x->best, &h->now, x->m);
    set_fleet(h);
    h->known = x->best.cost;
    return true;
}

/* ---- a child ---- */

/* Routes round a task of the state that give way. */
static void draw_routes(struct herd *h, int32_t most)
{
    struct search *x = h->x;
    const struct state *s = x->s;
    const struct model *m = x->m;
    const int32_t seed = (int32_t)haul_rng_below(&x->rng, (uint64_t)m->tasks);
    memset(h->mine, 0, (size_t)m->vehicles);
    h->routes_n = 0;
    for (int32_t k = -1; k < m->near_n[seed] && h->routes_n < most; k++) {
        const int32_t r = s->at[k < 0 ? seed : m->near_way[(int64_t)seed * m->near + k]].route;
        if (r == HAUL_VRP_NONE || h->mine[r] || s->route[r].frozen > 0) continue;
        h->mine[r] = 1;
        h->routes[h->routes_n++] = r;
    }
}

/* As many routes of the other parent, those that share the most tasks with the routes that give way. */
static void match_routes(struct herd *h, const struct kept *other)
{
    const struct state *s = h->x->s;
    const struct model *m = h->x->m;
    h->theirs_n = 0;
    for (int32_t r = 0; r < m->vehicles; r++) {
        h->count[r] = 0;
        for (int32_t i = other->next[start_of(m, r)]; is_task(m, i); i = other->next[i])
            h->count[r] += s->at[i].route != HAUL_VRP_NONE && h->mine[s->at[i].route];
    }
    for (int32_t k = 0; k < h->routes_n; k++) {
        int32_t most = HAUL_VRP_NONE;
        for (int32_t r = 0; r < m->vehicles; r++)
            if (h->count[r] > 0 && s->route[r].frozen == 0 && (most == HAUL_VRP_NONE || h->count[r] > h->count[most]))
                most = r;
        if (most == HAUL_VRP_NONE) return;
        h->count[most] = 0;
        h->theirs[h->theirs_n++] = most;
    }
}

static void clear_routes(struct herd *h)
{
    for (int32_t k = 0; k < h->routes_n; k++) state_clear(h->x->s, h->routes[k]);
}

/* False: the rest of a route may not stand so. */
static bool clear_for(struct herd *h, const struct kept *other, bool whole)
{
    struct state *s = h->x->s;
    const struct model *m = h->x->m;
    clear_routes(h);
    for (int32_t k = 0; whole && k < h->theirs_n; k++)
        for (int32_t i = other->next[start_of(m, h->theirs[k])]; is_task(m, i); i = other->next[i]) {
            const int32_t r = s->at[i].route;
            if (r == HAUL_VRP_NONE || !state_may_leave(s, r, i)) continue;
            state_cut_request(s, i);
            if (!state_mend(s, r)) return false;
        }
    return true;
}

/* Those tasks of a route of the other parent that have none here. */
static bool adopt(struct herd *h, const struct kept *other, int32_t theirs)
{
    struct state *s = h->x->s;
    const struct model *m = h->x->m;
    const int32_t r = idle_route(s, m->type_of[theirs]);
    if (r == HAUL_VRP_NONE || s->used_n >= h->x->find.routes_max) return true;
    int32_t last = start_of(m, r);
    for (int32_t i = other->next[start_of(m, theirs)]; is_task(m, i); i = other->next[i]) {
        const int32_t mate = m->nodes[i].mate, at = s->at[i].route;
        if (at != HAUL_VRP_NONE || m->nodes[i].vehicle != HAUL_VRP_NONE) continue;
        if (mate != HAUL_VRP_NONE && s->at[mate].route != HAUL_VRP_NONE && s->at[mate].route != r) continue;
        state_put(s, last, i);
        last = i;
    }
    return state_mend(s, r);
}

/* What is still absent, by ejections where it must be. False: not all of it finds a place. */
static bool complete(struct herd *h)
{
    struct search *x = h->x;
    state_begin(x->s);
    search_fill(x);
    h->pool->n = 0;
    for (int32_t k = 0; k < EJECTIONS_CHILD && x->s->absent_n > x->best.absent_n; k++) eject_step(x, h->pool);
    if (x->m->docks) docks_mend(x->s);
    return x->s->absent_n <= x->best.absent_n;
}

static bool cross(struct herd *h, const struct kept *one, const struct kept *other)
{
    struct search *x = h->x;
    state_become(x->s, one->next);
    state_begin(x->s);
    draw_routes(h, 1 + (int32_t)haul_rng_below(&x->rng, (uint64_t)half_of(x->s)));
    match_routes(h, other);
    if (!clear_for(h, other, (haul_rng_u64(&x->rng) & 1) != 0)) return false;
    for (int32_t k = 0; k < h->theirs_n; k++)
        if (!adopt(h, other, h->theirs[k])) return false;
    return complete(h);
}

/* ---- another plan out of one ---- */

/* How hard a request is to place is learnt anew. */
static void begin_ejections(struct herd *h)
{
    struct search *x = h->x;
    h->ejections = EJECTIONS_MOST;
    h->pool->n = 0;
    for (int32_t i = 0; i < x->m->tasks; i++) x->missed[i] = (int64_t)haul_rng_below(&x->rng, 3);
    search_lenient(x);
    state_begin(x->s);
}

/* Whole routes of the member are given up. */
static void begin_rebuild(struct herd *h)
{
    struct search *x = h->x;
    state_become(x->s, h->member[h->parent].next);
    begin_ejections(h);
    draw_routes(h, h->given_up);
    clear_routes(h);
}

static void rebuild(struct herd *h)
{
    struct search *x = h->x;
    x->iterations += STEPS_AN_EJECTION;
    eject_step(x, h->pool);
    if (x->m->docks) docks_mend(x->s);
    if (x->s->absent_n > x->best.absent_n) {
        eject_walk(x, WALKS);
        if (--h->ejections > 0) return;
        if (h->phase == CHILD) {
            state_become(x->s, h->member[h->parent].next);
            h->given_up = (h->given_up + 1) / 2;
        }
    } else if (h->phase == CHILD && h->given_up < half_of(x->s)) {
        h->given_up++;
    }
    h->ejections = 0;
    begin_plan(h);
}

static void begin_child(struct herd *h)
{
    struct search *x = h->x;
    h->phase = CHILD;
    h->step = 0;
    h->parent = (int32_t)haul_rng_below(&x->rng, (uint64_t)h->members);
    const int32_t by = h->members == 1 ? 0 : 1 + (int32_t)haul_rng_below(&x->rng, (uint64_t)h->members - 1);
    const struct kept *one = &h->member[h->parent], *other = &h->member[(h->parent + by) % h->members];
    x->iterations += STEPS_A_CROSSING;
    if (one->cost == other->cost) {
        begin_rebuild(h);
        return;
    }
    if (!cross(h, one, other)) state_become(x->s, one->next);
    begin_plan(h);
}

static bool is_member(const struct herd *h)
{
    for (int32_t k = 0; k < h->members; k++)
        if (h->member[k].cost == h->now.cost && h->member[k].used_n == h->now.used_n) return true;
    return false;
}

static void end_child(struct herd *h)
{
    struct kept *parent = &h->member[h->parent];
    if (!is_member(h) && better(&h->now, parent)) kept_copy(parent, &h->now, h->x->m);
}

/* ---- the first members ---- */

/* With a vehicle more than the best plan has, from there. */
static void begin_roomy(struct herd *h)
{
    struct search *x = h->x;
    h->phase = ROOMY;
    h->from = x->share;
    h->to = h->from + (1 - h->begun) * first_share * roomy_part / MEMBERS;
    state_become(x->s, x->best.next);
    set_fleet(h);
    begin_plan(h);
}

static int32_t shortest(const struct state *s)
{
    int32_t least = HAUL_VRP_NONE;
    for (int32_t k = 0; k < s->used_n; k++) {
        const int32_t r = s->used[k];
        if (s->route[r].frozen == 0 && (least == HAUL_VRP_NONE || s->route[r].n < s->route[least].n)) least = r;
    }
    return least;
}

static void end_roomy(struct herd *h)
{
    struct search *x = h->x;
    h->phase = FIRST;
    h->from = x->share;
    h->to = h->from + (1 - h->begun) * first_share * (1 - roomy_part) / MEMBERS;
    set_fleet(h);
    begin_ejections(h);
    while (x->s->used_n > x->best.used_n && shortest(x->s) != HAUL_VRP_NONE) state_clear(x->s, shortest(x->s));
}

static void end_first(struct herd *h)
{
    const struct search *x = h->x;
    const bool whole = h->now.cost != INT64_MAX && h->now.used_n <= x->best.used_n;
    kept_copy(&h->member[h->members++], whole ? &h->now : &x->best, x->m);
    if (h->members < MEMBERS && x->share < h->begun + (1 - h->begun) * first_share)
        begin_roomy(h);
    else
        begin_child(h);
}

/* ---- the course ---- */

static void begin_last(struct herd *h)
{
    h->phase = LAST;
    h->from = h->x->share;
    h->to = 1;
    search_settle(h->x);
    begin_plan(h);
}

/* How far the plan that is worked on has cooled, 0..1. */
static double cooled(const struct herd *h)
{
    const double share = (h->x->share - h->from) / (h->to - h->from);
    switch (h->phase) {
    case ROOMY:
    case FIRST:
        return share;
    case CHILD:
        return child_warmth + (1 - child_warmth) * (double)h->step / (double)h->steps;
    case LAST:
        return last_warmth + (1 - last_warmth) * share;
    }
    return 1;
}

static void turn(struct herd *h)
{
    const double last = 1 - (1 - h->begun) * last_share;
    if (h->phase == LAST) return;
    if (h->x->share >= last) {
        begin_last(h);
    } else if (h->phase == ROOMY && h->x->share >= h->to) {
        end_roomy(h);
    } else if (h->phase == FIRST && h->x->share >= h->to) {
        end_first(h);
    } else if (h->phase == CHILD && ++h->step > h->steps) {
        end_child(h);
        begin_child(h);
    }
}

/* Another search has found the best, and the state is it. */
static void join(struct herd *h)
{
    set_fleet(h);
    h->known = h->x->best.cost;
    h->ejections = 0;
    begin_plan(h);
}

/* Too long without a complete plan, and there was one. */
static bool is_lost(struct herd *h)
{
    const struct search *x = h->x;
    h->lost = search_incomplete(x) ? h->lost + 1 : 0;
    return h->lost > LOST && h->now.cost != INT64_MAX;
}

static void begin_again(struct herd *h)
{
    state_become(h->x->s, h->now.next);
    begin_plan(h);
}

struct herd *herd_new(struct search *x)
{
    const struct model *m = x->m;
    struct herd *h = need(1, sizeof *h);
    const size_t vehicles = (size_t)m->vehicles;
    h->x = x;
    for (int32_t k = 0; k < MEMBERS; k++) kept_init(&h->member[k], x->s);
    kept_init(&h->now, x->s);
    h->pool = eject_pool_new(m);
    h->mine = need(vehicles, sizeof *h->mine);
    h->count = need(vehicles, sizeof *h->count);
    h->routes = need(vehicles, sizeof *h->routes);
    h->theirs = need(vehicles, sizeof *h->theirs);
    h->given_up = half_of(x->s);
    h->known = x->best.cost;
    h->begun = x->share;
    h->steps = STEPS_LEAST + (int64_t)STEPS_A_TASK * m->tasks;
    begin_roomy(h);
    return h;
}

void herd_free(struct herd *h)
{
    if (h == NULL) return;
    for (int32_t k = 0; k < MEMBERS; k++) kept_free(&h->member[k]);
    kept_free(&h->now);
    eject_pool_free(h->pool);
    free(h->mine);
    free(h->count);
    free(h->routes);
    free(h->theirs);
    free(h);
}

bool herd_step(struct herd *h)
{
    struct search *x = h->x;
    if (x->best.cost != h->known) join(h);
    if (h->ejections == 0) turn(h);
    if (h->ejections > 0) {
        rebuild(h);
        return false;
    }
    const double warmth = cooled(h);
    x->warmth = warmth > 1 ? 1 : warmth;
    const bool accepted = search_walk(x);
    if (is_lost(h)) begin_again(h);
    if (!accepted) return false;
    const struct kept seen = seen_of(x->s);
    if (search_incomplete(x) || !better(&seen, &h->now)) return false;
    kept_take(&h->now, x->s);
    return report(h);
}
