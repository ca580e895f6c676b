/* SPDX-License-Identifier: Apache-2.0
 * Which vehicle serves which route.
 */
#include "processors/solver/search.h"

/* Cost of a list of tasks on a type of vehicle; INT64_MAX: it breaks a rule there. */
static int64_t cost_on(const struct model *m, const struct vtype *t, const int32_t *tasks, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (!t->fits[tasks[i]] || m->nodes[tasks[i]].vehicle != HAUL_VRP_NONE) return INT64_MAX;
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
    int32_t best = HAUL_VRP_NONE;
    for (int32_t k = 0; k < m->types; k++) {
        const int32_t q = k == at->type ? HAUL_VRP_NONE : idle_route(s, k);
        if (q == HAUL_VRP_NONE || (x->find.only != NULL && !x->find.only[q]) || !carries_all(s, r, &m->type[k]))
            continue;
        if (ways_on(m, &m->type[k], x->torn, n) >= least) continue;
        const int64_t cost = cost_on(m, &m->type[k], x->torn, n);
        if (cost < least) least = cost, best = q;
    }
    if (best != HAUL_VRP_NONE) state_move_route(s, r, best);
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
