/* SPDX-License-Identifier: Apache-2.0
 * Ejections.
 */
#include "processors/solver/eject.h"

#include <stdlib.h>

enum {
    WALKS = 5,      /* between two ejections */
    FEW_ROUTES = 40 /* of more than that only those near the request are tried */
};
static const double walk_warmth = 0.15;

struct pool *eject_pool_new(const struct model *m)
{
    const size_t tasks = (size_t)m->tasks_cap;
    struct pool *p = need(1, sizeof *p);
    p->stack = need(tasks, sizeof *p->stack);
    p->requests = need(tasks, sizeof *p->requests);
    p->routes = need((size_t)m->vehicles, sizeof *p->routes);
    return p;
}

void eject_pool_free(struct pool *p)
{
    if (p == NULL) return;
    free(p->stack);
    free(p->requests);
    free(p->routes);
    free(p);
}

/* ---- one request out of its route and back again ---- */

struct gap_of {
    int32_t task, after, mate_after; /* HAUL_VRP_NONE: a job */
};

static struct gap_of take_out(struct state *s, int32_t request)
{
    const int32_t mate = s->m->nodes[request].mate;
    struct gap_of g = {request, HAUL_VRP_NONE, HAUL_VRP_NONE};
    if (mate != HAUL_VRP_NONE) {
        g.mate_after = s->at[mate].prev;
        state_cut(s, mate);
    }
    g.after = s->at[request].prev;
    state_cut(s, request);
    return g;
}

static void put_back(struct state *s, const struct gap_of *g)
{
    state_put(s, g->after, g->task);
    if (g->mate_after != HAUL_VRP_NONE) state_put(s, g->mate_after, s->m->nodes[g->task].mate);
}

static void shuffle(struct search *x, int32_t *list, int32_t n)
{
    for (int32_t i = n - 1; i > 0; i--) {
        const int32_t k = (int32_t)haul_rng_below(&x->rng, (uint64_t)i + 1), was = list[i];
        list[i] = list[k], list[k] = was;
    }
}

/* A job, or a shipment by its pickup, that neither is frozen nor has begun. */
static bool may_go(const struct state *s, int32_t task)
{
    const int32_t r = s->at[task].route;
    return is_request(&s->m->nodes[task]) && r != HAUL_VRP_NONE && state_may_leave(s, r, task);
}

/* In a random order. */
static int32_t requests_of(struct search *x, int32_t r, int32_t *out)
{
    const struct state *s = x->s;
    int32_t n = 0;
    for (int32_t i = s->at[start_of(x->m, r)].next; is_task(x->m, i); i = s->at[i].next)
        if (may_go(s, i)) out[n++] = i;
    shuffle(x, out, n);
    return n;
}

/* ---- which are ejected ---- */

static int64_t hardness(const struct search *x, int32_t request)
{
    return 1 + x->missed[request];
}

static bool fits_now_at(struct search *x, int32_t r, int32_t request, struct spot *spot)
{
    return state_update(x->s, r) && find_spot_in(&x->find, r, request, spot);
}

static bool fits_now(struct search *x, int32_t r, int32_t request)
{
    struct spot spot;
    return fits_now_at(x, r, request, &spot);
}

/* With `first` out of the route already, one of those from `from` on as well. */
static void try_second(struct search *x, const struct pool *p, int32_t n, int32_t from, int32_t request,
                       struct ejection *best)
{
    const int32_t first = p->requests[from - 1], r = best->route;
    const int64_t sum = hardness(x, first);
    for (int32_t k = from; k < n; k++) {
        const int32_t second = p->requests[k];
        if (sum + hardness(x, second) >= best->sum) continue;
        const struct gap_of gap = take_out(x->s, second);
        if (fits_now(x, r, request)) *best = (struct ejection){sum + hardness(x, second), r, {first, second}, 2};
        put_back(x->s, &gap);
    }
}

static void try_route(struct search *x, struct pool *p, int32_t r, int32_t request, struct ejection *best)
{
    struct ejection found = {.sum = best->sum, .route = r};
    const int32_t n = requests_of(x, r, p->requests);
    for (int32_t k = 0; k < n; k++) {
        const int32_t first = p->requests[k];
        if (hardness(x, first) >= found.sum) continue;
        const struct gap_of gap = take_out(x->s, first);
        if (fits_now(x, r, request))
            found = (struct ejection){hardness(x, first), r, {first}, 1};
        else if (hardness(x, first) + 1 < found.sum)
            try_second(x, p, n, k + 1, request, &found);
        put_back(x->s, &gap);
    }
    if (found.sum < best->sum) *best = found;
}

/* Routes in which a near task of either half stands, each once. */
static int32_t routes_near(struct search *x, struct pool *p, int32_t request)
{
    const struct state *s = x->s;
    const struct model *m = x->m;
    const int32_t halves[2] = {request, m->nodes[request].mate};
    struct finder *f = &x->find;
    int32_t n = 0;
    f->seen_now++;
    for (int32_t h = 0; h < 2 && halves[h] != HAUL_VRP_NONE; h++)
        for (int32_t k = 0; k < m->near_n[halves[h]]; k++) {
            const int32_t r = s->at[m->near_put[(int64_t)halves[h] * m->near + k]].route;
            if (r == HAUL_VRP_NONE || f->seen[r] == f->seen_now) continue;
            f->seen[r] = f->seen_now;
            p->routes[n++] = r;
        }
    return n;
}

static int32_t routes_for(struct search *x, struct pool *p, int32_t request)
{
    int32_t n = x->s->used_n;
    if (n > FEW_ROUTES)
        n = routes_near(x, p, request);
    else
        memcpy(p->routes, x->s->used, (size_t)n * sizeof *p->routes);
    shuffle(x, p->routes, n);
    return n;
}

bool eject_find(struct search *x, struct pool *p, int32_t request, struct ejection *out)
{
    struct state *s = x->s;
    *out = (struct ejection){.sum = INT64_MAX, .route = HAUL_VRP_NONE};
    const int32_t n = routes_for(x, p, request);
    state_begin(s);
    x->find.any = x->find.spots_max == 1; /* exact timing needs the cheapest few */
    for (int32_t k = 0; k < n; k++) try_route(x, p, p->routes[k], request, out);
    x->find.any = false;
    state_back(s);
    return out->route != HAUL_VRP_NONE;
}

static bool apply(struct search *x, const struct ejection *e, int32_t request)
{
    struct spot spot;
    for (int32_t k = 0; k < e->out_n; k++) take_out(x->s, e->out[k]);
    if (!fits_now_at(x, e->route, request, &spot)) return false;
    take_spot(x->s, request, &spot);
    return true;
}

/* ---- the pool ---- */

static void push(struct pool *p, int32_t request)
{
    p->stack[p->n++] = request;
}

/* Everything absent. */
static void refill(struct search *x, struct pool *p)
{
    const struct state *s = x->s;
    p->n = 0;
    for (int32_t i = 0; i < s->absent_n; i++) {
        const struct node *n = &x->m->nodes[s->absent[i]];
        if (n->mate == HAUL_VRP_NONE || n->kind == HAUL_VRP_PICKUP) push(p, s->absent[i]);
    }
    shuffle(x, p->stack, p->n);
}

static int32_t pop(struct search *x, struct pool *p)
{
    while (p->n > 0) {
        const int32_t request = p->stack[--p->n];
        if (x->s->at[request].route == HAUL_VRP_NONE) return request;
    }
    refill(x, p);
    return p->n > 0 ? p->stack[--p->n] : HAUL_VRP_NONE;
}

static void to_the_bottom(struct pool *p, int32_t request)
{
    for (int32_t i = p->n; i > 0; i--) p->stack[i] = p->stack[i - 1];
    p->stack[0] = request;
    p->n++;
}

/* The request goes in for those that are the easiest to place. */
static bool eject_for(struct search *x, struct pool *p, int32_t request)
{
    struct ejection e;
    const bool found = eject_find(x, p, request, &e);
    state_begin(x->s);
    if (found && apply(x, &e, request)) {
        for (int32_t k = 0; k < e.out_n; k++) push(p, e.out[k]);
        return true;
    }
    state_back(x->s);
    return false;
}

bool eject_step(struct search *x, struct pool *p)
{
    struct state *s = x->s;
    const int32_t request = pop(x, p);
    struct spot spot;
    if (request == HAUL_VRP_NONE) return false;
    state_begin(s);
    if (find_spot(&x->find, request, &spot)) {
        take_spot(s, request, &spot);
        return true;
    }
    x->missed[request]++;
    const bool blinks = x->find.blinks;
    x->find.blinks = false; /* what was found once is to be found again */
    const bool done = eject_for(x, p, request);
    x->find.blinks = blinks;
    if (!done) to_the_bottom(p, request);
    return done;
}

/* ---- between ejections ---- */

void eject_walk(struct search *x, int32_t steps)
{
    x->warmth = walk_warmth;
    for (int32_t k = 0; k < steps; k++) search_walk(x);
}

/* ---- fewer vehicles ---- */

static void drop_route(struct search *x)
{
    struct state *s = x->s;
    int32_t least = HAUL_VRP_NONE;
    int64_t least_sum = INT64_MAX;
    for (int32_t k = 0; k < s->used_n; k++) {
        const int32_t r = s->used[k];
        if (s->route[r].frozen > 0) continue;
        int64_t sum = 0;
        for (int32_t i = s->at[start_of(x->m, r)].next; is_task(x->m, i); i = s->at[i].next) sum += hardness(x, i);
        if (sum < least_sum) least = r, least_sum = sum;
    }
    x->find.routes_max = s->used_n - 1;
    if (least == HAUL_VRP_NONE) return;
    state_begin(s);
    state_clear(s, least);
}

void fewer_begin(struct search *x)
{
    x->dropping = true;
    if (x->pool == NULL) x->pool = eject_pool_new(x->m);
    search_lenient(x);
    drop_route(x);
}

static bool incomplete(const struct search *x)
{
    return x->s->absent_n > x->best.absent_n || x->s->used_n >= x->best.used_n;
}

void fewer_step(struct search *x)
{
    struct state *s = x->s;
    x->iterations += STEPS_AN_EJECTION;
    eject_step(x, x->pool);
    if (x->m->docks) docks_mend(s);
    if (incomplete(x)) eject_walk(x, WALKS);
    if (incomplete(x)) return;
    kept_take(&x->best, s);
    drop_route(x);
}

void fewer_end(struct search *x)
{
    x->dropping = false;
    search_strict(x);
    search_settle(x);
    x->find.routes_max = x->best.used_n;
}
