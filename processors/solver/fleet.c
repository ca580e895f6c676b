/* SPDX-License-Identifier: Apache-2.0
 * What is decided between routes: which vehicle serves which, and who loads at the docks when.
 */
#include "processors/solver/search.h"

#include <stdlib.h>

/* Cost of a list of tasks on a type of vehicle; INT64_MAX: it breaks a rule there. */
static int64_t cost_on(const struct model *m, const struct vtype *t, const int32_t *tasks, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (!t->fits[tasks[i]] || m->nodes[tasks[i]].vehicle != HAUL_NONE) return INT64_MAX;
    struct timing timing;
    return schedule(m, t, tasks, n, INT64_MIN, &timing, NULL, NULL) ? timing.cost : INT64_MAX;
}

/* A lower bound that is cheap: the ways alone. */
static int64_t ways_on(const struct model *m, const struct vtype *t, const int32_t *tasks, int32_t n)
{
    int64_t cost = t->v->cost_fixed;
    int32_t from = t->start;
    for (int32_t i = 0; i < n; i++) {
        cost += way_cost(t, cell(m, from, m->nodes[tasks[i]].loc));
        from = m->nodes[tasks[i]].loc;
    }
    return cost + way_cost(t, cell(m, from, t->end));
}

static bool carries_all(const struct state *s, int32_t r, const struct vtype *t)
{
    if (s->m->mixed_load || t->reloads) return true;
    for (int32_t d = 0; d < s->m->dims; d++)
        if (s->route[r].load[d] > t->capacity[d]) return false;
    return true;
}

static void cheaper_type(struct search *x, int32_t r)
{
    struct state *s = x->s;
    const struct model *m = x->m;
    const struct route *at = &s->route[r];
    const int32_t n = state_tasks(s, r, x->torn);
    int64_t least = at->cost;
    int32_t best = HAUL_NONE;
    for (int32_t k = 0; k < m->types; k++) {
        const int32_t q = k == at->type ? HAUL_NONE : idle_route(s, k);
        if (q == HAUL_NONE || !carries_all(s, r, &m->type[k]) || (x->find.only != NULL && !x->find.only[q])) continue;
        if (ways_on(m, &m->type[k], x->torn, n) >= least) continue;
        const int64_t cost = cost_on(m, &m->type[k], x->torn, n);
        if (cost < least) least = cost, best = q;
    }
    if (best != HAUL_NONE) state_move_route(s, r, best);
}

/* Two routes exchange their vehicles by way of an idle one, when both can and it costs less. */
static void exchange_types(struct search *x, int32_t r)
{
    struct state *s = x->s;
    const struct model *m = x->m;
    const int32_t q = s->used[haul_rng_below(&x->rng, (uint64_t)s->used_n)];
    const int32_t a = s->route[r].type, b = s->route[q].type;
    if (a == b || s->route[q].frozen > 0 || (x->find.only != NULL && !x->find.only[q])) return;
    if (!carries_all(s, r, &m->type[b]) || !carries_all(s, q, &m->type[a])) return;
    int32_t *mine = x->torn, *theirs = x->torn + s->route[r].n;
    const int32_t mine_n = state_tasks(s, r, mine), theirs_n = state_tasks(s, q, theirs);
    const int64_t was = s->route[r].cost + s->route[q].cost;
    if (ways_on(m, &m->type[b], mine, mine_n) + ways_on(m, &m->type[a], theirs, theirs_n) >= was) return;
    const int64_t one = cost_on(m, &m->type[b], mine, mine_n), two = cost_on(m, &m->type[a], theirs, theirs_n);
    if (one == INT64_MAX || two == INT64_MAX || one + two >= was) return;
    for (int32_t i = 0; i < mine_n; i++) state_cut(s, mine[i]);
    for (int32_t i = 0; i < theirs_n; i++) state_cut(s, theirs[i]);
    for (int32_t i = 0; i < mine_n; i++) state_put(s, i == 0 ? start_of(m, q) : mine[i - 1], mine[i]);
    for (int32_t i = 0; i < theirs_n; i++) state_put(s, i == 0 ? start_of(m, r) : theirs[i - 1], theirs[i]);
    state_update(s, r);
    state_update(s, q);
}

void improve_types(struct search *x)
{
    struct state *s = x->s;
    const int32_t touched = s->saved_n;
    for (int32_t i = 0; i < touched; i++) {
        const int32_t r = s->saved[i].route;
        if (s->route[r].n == 0 || s->route[r].frozen > 0) continue;
        cheaper_type(x, r);
        if (s->route[r].n > 0) exchange_types(x, r);
    }
}

/* ---- docks ---- */

struct loading {
    int64_t by; /* must have left by then */
    int64_t open, time;
    int32_t dock;
};

static int by_deadline(const void *a, const void *b)
{
    const struct loading *x = a, *y = b;
    if (x->dock != y->dock) return x->dock < y->dock ? -1 : 1;
    if (x->by != y->by) return x->by < y->by ? -1 : 1;
    return x->open < y->open ? -1 : x->open > y->open;
}

/* Earliest-deadline-first over the places of one group; free_at: [places]. */
static bool group_holds(const struct loading *l, int32_t n, int32_t places, int64_t *free_at)
{
    for (int32_t k = 0; k < places; k++) free_at[k] = INT64_MIN;
    for (int32_t i = 0; i < n; i++) {
        int32_t best = 0;
        for (int32_t k = 1; k < places; k++)
            if (free_at[k] < free_at[best]) best = k;
        const int64_t begin = free_at[best] > l[i].open ? free_at[best] : l[i].open;
        if (begin + l[i].time > l[i].by) return false;
        free_at[best] = begin + l[i].time;
    }
    return true;
}

bool docks_hold(const struct state *s)
{
    const struct model *m = s->m;
    struct loading *l = calloc((size_t)s->used_n + 1, sizeof *l);
    assert(l != NULL);
    int32_t n = 0;
    for (int32_t k = 0; k < s->used_n; k++) {
        const int32_t r = s->used[k];
        const struct haul_vehicle *v = m->type[s->route[r].type].v;
        if (v->dock == HAUL_NONE || v->dock_time == 0) continue;
        const int64_t late = m->timed ? s->at[start_of(m, r)].late : HAUL_FOREVER;
        l[n++] = (struct loading){.by = late, .open = v->shift.open, .time = v->dock_time, .dock = v->dock};
    }
    qsort(l, (size_t)n, sizeof *l, by_deadline);
    int64_t *free_at = calloc((size_t)s->used_n + 1, sizeof *free_at);
    assert(free_at != NULL);
    bool good = true;
    for (int32_t i = 0, k; good && i < n; i = k) {
        for (k = i; k < n && l[k].dock == l[i].dock; k++) continue;
        const int32_t places = m->p->docks[l[i].dock];
        good = group_holds(l + i, k - i, places < s->used_n ? places : s->used_n, free_at);
    }
    free(l);
    free(free_at);
    return good;
}
