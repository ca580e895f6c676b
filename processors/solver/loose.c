/* SPDX-License-Identifier: Apache-2.0
 * Plans that may break rules at a price: building, updating, inserting.
 */
#include "processors/solver/loose.h"

#include <stdlib.h>

enum { PAIRS_MAX = 1500 }; /* routes: for more of them it is not noted which pairs were tried */

/* ---- which models ---- */

static int32_t limits_of(const struct haul_vrp_vehicle *v)
{
    return (v->distance_max != HAUL_VRP_NONE) + (v->travel_max != HAUL_VRP_NONE) + (v->duration_max != HAUL_VRP_NONE);
}

static bool type_fits(const struct model *m, const struct vtype *t)
{
    if (t->exact || t->reloads || t->v->tasks_max != HAUL_VRP_NONE || limits_of(t->v) > 1) return false;
    return m->types == 1 || t->v->cost_per_service == 0; /* the same for every plan, and left out */
}

bool loose_fits(const struct model *m)
{
    if (m->pairs || m->mixed_load || m->setups || m->docks || m->services != NULL || m->types > 64) return false;
    for (int32_t v = 0; v < m->vehicles; v++)
        if (m->p->vehicles[v].steps_frozen > 0) return false;
    for (int32_t i = 0; i < m->tasks; i++)
        if (m->nodes[i].win_n > 1 || m->nodes[i].vehicle != HAUL_VRP_NONE || m->p->tasks[i].prize != HAUL_VRP_NONE)
            return false;
    for (int32_t t = 0; t < m->types; t++)
        if (!type_fits(m, &m->type[t])) return false;
    return m->tasks > 1;
}

/* ---- a new one ---- */

static struct limit limit_of(const struct vtype *t)
{
    const struct haul_vrp_vehicle *v = t->v;
    if (v->distance_max != HAUL_VRP_NONE) return (struct limit){t->distance, v->distance_max, false};
    if (v->travel_max != HAUL_VRP_NONE) return (struct limit){t->time, v->travel_max, false};
    if (v->duration_max != HAUL_VRP_NONE) return (struct limit){t->time, v->duration_max, true};
    return (struct limit){NULL, 0, false};
}

static bool are_kin(const struct vtype *a, const struct vtype *b)
{
    return a->time == b->time && a->distance == b->distance && a->m1 == b->m1 && a->m2 == b->m2 && a->c1 == b->c1 &&
           a->c2 == b->c2 && a->end == b->end && a->v->shift.close == b->v->shift.close &&
           limit_of(a).table == limit_of(b).table && limit_of(a).services == limit_of(b).services;
}

static void set_visits(struct loose *l)
{
    const struct model *m = l->m;
    for (int32_t i = 0; i < m->tasks; i++) {
        const struct node *n = &m->nodes[i];
        l->visit[i] = (struct visit){n->open, n->close, n->service};
        l->at[i].loc = n->loc;
        for (int32_t d = 0; d < m->dims; d++) l->need[i * m->dims + d] = delivery_of(m, i)[d] + pickup_of(m, i)[d];
    }
    for (int32_t r = 0; r < l->runs; r++) {
        const struct vtype *t = type_of_run(l, r);
        const struct haul_window shift = t->v->shift;
        const int32_t first = first_of(l, r), last = last_of(l, r);
        l->visit[first] = (struct visit){shift.open, shift.close, 0};
        l->visit[last] = (struct visit){-HAUL_FOREVER, shift.close, 0};
        l->at[first] = (struct stop){.prev = HAUL_VRP_NONE, .next = last, .route = r, .loc = t->start};
        l->at[last] = (struct stop){.prev = first, .next = HAUL_VRP_NONE, .route = r, .pos = 1, .loc = t->end};
    }
}

static void set_runs(struct loose *l, const int32_t *slots)
{
    const struct model *m = l->m;
    for (int32_t v = 0; v < m->vehicles; v++) {
        const int32_t t = m->type_of[v];
        int32_t have = 0;
        for (int32_t r = 0; r < l->runs; r++) have += l->run[r].type == t;
        if (have < slots[t]) l->run[l->runs++] = (struct run){.vehicle = v, .type = t};
    }
}

struct loose *loose_new(const struct model *m, const int32_t *slots, struct haul_rng *rng)
{
    struct loose *l = need(1, sizeof *l);
    l->m = m;
    l->rng = rng;
    l->run = need((size_t)m->vehicles, sizeof *l->run);
    set_runs(l, slots);
    const size_t tasks = (size_t)m->tasks, stops = tasks + 2 * (size_t)l->runs, dims = (size_t)m->dims,
                 types = (size_t)m->types, runs = (size_t)l->runs;
    l->visit = need(stops, sizeof *l->visit);
    l->at = need(stops, sizeof *l->at);
    l->limit = need(types, sizeof *l->limit);
    l->kin = need(types * types, 1);
    l->need = need(tasks * dims, sizeof *l->need);
    l->load_to = need(stops * dims, sizeof *l->load_to);
    l->span_to = need(stops, sizeof *l->span_to);
    l->tested = need(tasks, sizeof *l->tested);
    l->pair_tested = l->runs > PAIRS_MAX ? NULL : need(runs * runs, sizeof *l->pair_tested);
    l->gaps = need(tasks, sizeof *l->gaps);
    l->gain = need(tasks, sizeof *l->gain);
    l->order = need(tasks, sizeof *l->order);
    l->list = need(stops, sizeof *l->list);
    l->other = need(stops, sizeof *l->other);
    for (int32_t t = 0; t < m->types; t++) l->limit[t] = limit_of(&m->type[t]);
    for (int32_t a = 0; a < m->types; a++)
        for (int32_t b = 0; b < m->types; b++) l->kin[a * m->types + b] = are_kin(&m->type[a], &m->type[b]);
    for (int32_t i = 0; i < m->tasks; i++) l->order[i] = i;
    set_visits(l);
    loose_clear(l);
    return l;
}

void loose_free(struct loose *l)
{
    if (l == NULL) return;
    free(l->run);
    free(l->visit);
    free(l->at);
    free(l->limit);
    free(l->kin);
    free(l->need);
    free(l->load_to);
    free(l->span_to);
    free(l->tested);
    free(l->pair_tested);
    free(l->gaps);
    free(l->gain);
    free(l->order);
    free(l->list);
    free(l->other);
    free(l);
}

/* ---- routes ---- */

static void walk_on(struct loose *l, int32_t r)
{
    const struct vtype *t = type_of_run(l, r);
    const struct limit *limit = &l->limit[l->run[r].type];
    struct run *run = &l->run[r];
    const int32_t dims = l->m->dims, first = first_of(l, r);
    struct drive d = {l->visit[first].open, 0};
    run->n = 0;
    run->cost = 0;
    run->span = 0;
    memset(run->load, 0, sizeof run->load);
    l->at[first].leave = d.leave, l->at[first].warp_to = 0;
    l->span_to[first] = 0;
    for (int32_t k = 0; k < dims; k++) l->load_to[first * dims + k] = 0;
    for (int32_t a = first, b = l->at[a].next; b != HAUL_VRP_NONE; a = b, b = l->at[b].next) {
        struct stop *s = &l->at[b];
        const int64_t way = link_cell(l, a, b);
        if (l->m->timed) drive_to(l, t, &d, a, b);
        s->leave = d.leave, s->warp_to = d.warp;
        s->pos = l->at[a].pos + 1, s->route = r;
        s->way = way_cost(t, way);
        run->cost += s->way;
        if (limit->table != NULL) run->span += limit->table[way] + (limit->services ? l->visit[b].service : 0);
        l->span_to[b] = run->span;
        if (is_visit(l, b)) run->n++;
        for (int32_t k = 0; k < dims; k++) {
            if (is_visit(l, b)) run->load[k] += l->need[b * dims + k];
            l->load_to[b * dims + k] = run->load[k];
        }
    }
    run->broken.warp = d.warp;
    run->cost = run->n == 0 ? 0 : run->cost + t->v->cost_fixed;
}

static void walk_back(struct loose *l, int32_t r)
{
    const struct vtype *t = type_of_run(l, r);
    int32_t b = last_of(l, r);
    l->at[b].late = l->visit[b].close, l->at[b].warp_from = 0;
    for (int32_t a = l->at[b].prev; a != HAUL_VRP_NONE; b = a, a = l->at[a].prev) {
        const struct visit *v = &l->visit[a];
        int64_t late = l->at[b].late - t->time[link_cell(l, a, b)] - v->service, warp = l->at[b].warp_from;
        if (late > v->close) late = v->close;
        if (late < v->open) warp += v->open - late, late = v->open;
        l->at[a].late = late, l->at[a].warp_from = warp;
    }
}

static void weigh(struct loose *l, int32_t r)
{
    struct run *run = &l->run[r];
    const struct vtype *t = type_of_run(l, r);
    const struct limit *limit = &l->limit[run->type];
    run->broken.load = 0;
    for (int32_t k = 0; k < l->m->dims; k++)
        if (run->load[k] > t->capacity[k]) run->broken.load += run->load[k] - t->capacity[k];
    run->broken.span = limit->table != NULL && run->n > 0 && run->span > limit->most ? run->span - limit->most : 0;
    if (run->n == 0) run->broken.warp = 0;
    run->penalty = penalty_of(l, run->broken);
}

void loose_update(struct loose *l, int32_t r)
{
    walk_on(l, r);
    if (l->m->timed) walk_back(l, r);
    weigh(l, r);
    l->run[r].changed = l->moves;
}

void loose_reprice(struct loose *l)
{
    for (int32_t r = 0; r < l->runs; r++) l->run[r].penalty = penalty_of(l, l->run[r].broken);
}

void loose_clear(struct loose *l)
{
    for (int32_t r = 0; r < l->runs; r++) {
        l->at[first_of(l, r)].next = last_of(l, r);
        l->at[last_of(l, r)].prev = first_of(l, r);
        loose_update(l, r);
    }
    for (int32_t i = 0; i < l->m->tasks; i++) l->at[i].route = HAUL_VRP_NONE;
}

void loose_begin(struct loose *l)
{
    loose_clear(l);
    l->moves++;
    for (int32_t i = 0; i < l->m->tasks; i++) l->tested[i] = l->moves - 1;
}

int32_t loose_free_run(const struct loose *l, int32_t type)
{
    for (int32_t r = 0; r < l->runs; r++)
        if (l->run[r].n == 0 && l->run[r].type == type) return r;
    return HAUL_VRP_NONE;
}

void loose_put(struct loose *l, int32_t behind, int32_t task)
{
    const int32_t before = l->at[behind].next;
    l->at[task].prev = behind, l->at[task].next = before, l->at[task].route = l->at[behind].route;
    l->at[behind].next = task;
    l->at[before].prev = task;
}

void loose_take(struct loose *l, int32_t task)
{
    struct stop *s = &l->at[task];
    l->at[s->prev].next = s->next;
    l->at[s->next].prev = s->prev;
    s->route = HAUL_VRP_NONE;
}

struct loose_sum loose_sum(const struct loose *l)
{
    struct loose_sum sum = {0};
    for (int32_t r = 0; r < l->runs; r++) {
        const struct run *run = &l->run[r];
        sum.cost += run->cost;
        sum.broken.load += run->broken.load;
        sum.broken.warp += run->broken.warp;
        sum.broken.span += run->broken.span;
    }
    return sum;
}

/* ---- inserting ---- */

static int64_t over_with(const struct loose *l, int32_t r, int32_t task)
{
    const struct run *run = &l->run[r];
    const struct vtype *t = type_of_run(l, r);
    int64_t over = 0;
    for (int32_t k = 0; k < l->m->dims; k++) {
        const int64_t more = run->load[k] + l->need[task * l->m->dims + k] - t->capacity[k];
        if (more > 0) over += more;
    }
    return over;
}

int64_t loose_insert_cost(const struct loose *l, int32_t behind, int32_t task)
{
    const int32_t r = l->at[behind].route, before = l->at[behind].next;
    const struct run *run = &l->run[r];
    const struct vtype *t = type_of_run(l, r);
    const struct limit *limit = &l->limit[run->type];
    int64_t cost = link_cost(l, t, behind, task) + link_cost(l, t, task, before);
    cost += run->n == 0 ? t->v->cost_fixed : -link_cost(l, t, behind, before);
    struct broken now = {over_with(l, r, task), 0, 0};
    if (l->m->timed) {
        struct drive d = {l->at[behind].leave, l->at[behind].warp_to};
        drive_to(l, t, &d, behind, task);
        now.warp = drive_on(l, t, &d, task, before);
    }
    if (limit->table != NULL) {
        int64_t span = run->span + limit->table[link_cell(l, behind, task)] + limit->table[link_cell(l, task, before)];
        span += (limit->services ? l->visit[task].service : 0) - limit->table[link_cell(l, behind, before)];
        now.span = span > limit->most ? span - limit->most : 0;
    }
    return cost + penalty_of(l, now) - run->penalty;
}

struct best_gap {
    int64_t cost;
    int32_t behind;
};

static void try_behind(const struct loose *l, int32_t behind, int32_t task, struct best_gap *best)
{
    if (!type_of_run(l, l->at[behind].route)->fits[task]) return;
    const int64_t cost = loose_insert_cost(l, behind, task);
    if (cost < best->cost) *best = (struct best_gap){cost, behind};
}

/* The first empty route of each type. */
static void try_empty(const struct loose *l, int32_t task, struct best_gap *best)
{
    uint64_t seen = 0;
    for (int32_t r = 0; r < l->runs; r++) {
        const uint64_t bit = UINT64_C(1) << l->run[r].type;
        if (l->run[r].n > 0 || (seen & bit) != 0) continue;
        seen |= bit;
        try_behind(l, first_of(l, r), task, best);
    }
}

static void insert_one(struct loose *l, int32_t task)
{
    const struct model *m = l->m;
    const int32_t *list = m->near_put + (int64_t)task * m->near;
    struct best_gap best = {INT64_MAX, HAUL_VRP_NONE};
    for (int32_t k = 0; k < m->near_n[task] && k < l->near; k++) {
        if (l->at[list[k]].route == HAUL_VRP_NONE) continue;
        const int32_t prev = l->at[list[k]].prev;
        try_behind(l, list[k], task, &best);
        if (!is_visit(l, prev)) try_behind(l, prev, task, &best);
    }
    try_empty(l, task, &best);
    for (int32_t r = 0; best.behind == HAUL_VRP_NONE && r < l->runs; r++) try_behind(l, first_of(l, r), task, &best);
    assert(best.behind != HAUL_VRP_NONE); /* some vehicle fits every task: see genetic_fits */
    loose_put(l, best.behind, task);
    loose_update(l, l->at[task].route);
}

void loose_insert(struct loose *l, const int32_t *tasks, int32_t n)
{
    for (int32_t i = 0; i < n; i++) insert_one(l, tasks[i]);
}
