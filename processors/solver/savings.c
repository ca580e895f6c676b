/* SPDX-License-Identifier: Apache-2.0
 * A first plan for large problems with one type of vehicle: routes of one stop each, joined end to start where that
 * saves most (Clarke and Wright 1964), over near pairs only. Joins keep load, time and limits.
 */
#include "processors/solver/search.h"

#include <stdlib.h>

enum { NEAR = 40 };

struct saving {
    int64_t saved;
    int32_t a, b; /* the end of one route, the start of another */
};

struct chain {
    int32_t first, last, n;
    int64_t load[HAUL_DIMS], distance, travel, busy;
    int64_t leave; /* earliest at last */
    int64_t late;  /* latest arrival at first */
};

struct savings {
    const struct model *m;
    const struct vtype *t;
    struct chain *chain; /* [tasks]; n = 0: joined to another */
    int32_t *of, *next, *prev;
    struct saving *list;
    int32_t list_n;
};

static int by_saving(const void *x, const void *y)
{
    const struct saving *a = x, *b = y;
    if (a->saved != b->saved) return a->saved > b->saved ? -1 : 1;
    if (a->a != b->a) return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
}

static void one_stop(struct savings *v, int32_t i)
{
    const struct model *m = v->m;
    const struct vtype *t = v->t;
    const struct node *n = &m->nodes[i];
    const int64_t in = cell(m, t->start, n->loc), out = cell(m, n->loc, t->end);
    struct chain *c = &v->chain[i];
    const int64_t action = action_at(m, t, i, t->start);
    *c = (struct chain){.first = i, .last = i, .n = 1};
    for (int32_t d = 0; d < m->dims; d++) c->load[d] = delivery_of(m, i)[d] + pickup_of(m, i)[d];
    c->distance = (int64_t)t->distance[in] + t->distance[out];
    c->travel = (int64_t)t->time[in] + t->time[out];
    c->busy = c->travel + action;
    c->leave = begin_at(m, n, t->v->shift.open + t->time[in]) + action;
    c->late = begin_by(m, n, t->v->shift.close - t->time[out] - action);
    v->of[i] = i;
    v->next[i] = v->prev[i] = HAUL_VRP_NONE;
}

static void list_savings(struct savings *v)
{
    const struct model *m = v->m;
    for (int32_t i = 0; i < m->tasks; i++) {
        const int32_t few = m->near_n[i] < NEAR ? m->near_n[i] : NEAR;
        for (int32_t k = 0; k < few; k++) {
            const int32_t j = m->near_way[(int64_t)i * m->near + k], a = m->nodes[i].loc, b = m->nodes[j].loc;
            const int64_t saved = way_cost(v->t, cell(m, a, v->t->end)) + way_cost(v->t, cell(m, v->t->start, b)) -
                                  way_cost(v->t, cell(m, a, b));
            if (saved > -v->t->v->cost_fixed) v->list[v->list_n++] = (struct saving){saved, i, j};
        }
    }
    qsort(v->list, (size_t)v->list_n, sizeof *v->list, by_saving);
}

static bool may_join(const struct savings *v, const struct chain *a, const struct chain *b)
{
    const struct model *m = v->m;
    const struct haul_vrp_vehicle *h = v->t->v;
    for (int32_t d = 0; d < m->dims; d++)
        if (a->load[d] + b->load[d] > v->t->capacity[d]) return false;
    const int64_t link = cell(m, m->nodes[a->last].loc, m->nodes[b->first].loc);
    if (m->timed && a->leave + v->t->time[link] > b->late) return false;
    if (h->tasks_max != HAUL_VRP_NONE && a->n + b->n > h->tasks_max) return false;
    const int64_t back = cell(m, m->nodes[a->last].loc, v->t->end), out = cell(m, v->t->start, m->nodes[b->first].loc);
    const int64_t time = (int64_t)v->t->time[link] - v->t->time[back] - v->t->time[out];
    const int64_t way = (int64_t)v->t->distance[link] - v->t->distance[back] - v->t->distance[out];
    return (h->distance_max == HAUL_VRP_NONE || a->distance + b->distance + way <= h->distance_max) &&
           (h->travel_max == HAUL_VRP_NONE || a->travel + b->travel + time <= h->travel_max) &&
           (h->duration_max == HAUL_VRP_NONE || a->busy + b->busy + time <= h->duration_max);
}

/* Times of a chain from its start and from its end. */
static void time_chain(const struct savings *v, struct chain *c)
{
    const struct model *m = v->m;
    int32_t from = v->t->start;
    int64_t leave = v->t->v->shift.open;
    for (int32_t i = c->first; i != HAUL_VRP_NONE; i = v->next[i]) {
        const int64_t begin = begin_at(m, &m->nodes[i], leave + v->t->time[cell(m, from, m->nodes[i].loc)]);
        leave = begin + action_at(m, v->t, i, from);
        from = m->nodes[i].loc;
    }
    c->leave = leave;
    int64_t late = v->t->v->shift.close;
    int32_t to = v->t->end;
    for (int32_t i = c->last; i != HAUL_VRP_NONE; i = v->prev[i]) {
        const int32_t before = v->prev[i] == HAUL_VRP_NONE ? v->t->start : m->nodes[v->prev[i]].loc;
        late =
            begin_by(m, &m->nodes[i], late - v->t->time[cell(m, m->nodes[i].loc, to)] - action_at(m, v->t, i, before));
        to = m->nodes[i].loc;
    }
    c->late = late;
}

static void join(struct savings *v, struct chain *a, struct chain *b)
{
    const struct model *m = v->m;
    const int64_t link = cell(m, m->nodes[a->last].loc, m->nodes[b->first].loc);
    const int64_t back = cell(m, m->nodes[a->last].loc, v->t->end), out = cell(m, v->t->start, m->nodes[b->first].loc);
    v->next[a->last] = b->first;
    v->prev[b->first] = a->last;
    for (int32_t i = b->first; i != HAUL_VRP_NONE; i = v->next[i]) v->of[i] = v->of[a->first];
    for (int32_t d = 0; d < m->dims; d++) a->load[d] += b->load[d];
    a->distance += b->distance + v->t->distance[link] - v->t->distance[back] - v->t->distance[out];
    const int64_t time = (int64_t)v->t->time[link] - v->t->time[back] - v->t->time[out];
    a->travel += b->travel + time;
    a->busy += b->busy + time;
    a->last = b->last;
    a->n += b->n;
    b->n = 0;
    if (m->timed) time_chain(v, a);
}

static void reverse(struct savings *v, struct chain *c)
{
    for (int32_t i = c->first; i != HAUL_VRP_NONE;) {
        const int32_t next = v->next[i];
        v->next[i] = v->prev[i];
        v->prev[i] = next;
        i = next;
    }
    const int32_t first = c->first;
    c->first = c->last;
    c->last = first;
}

static void join_all(struct savings *v)
{
    const bool turns = v->t->symmetric && !v->m->timed && !v->m->setups && v->t->start == v->t->end;
    for (int32_t k = 0; k < v->list_n; k++) {
        const struct saving *s = &v->list[k];
        struct chain *a = &v->chain[v->of[s->a]], *b = &v->chain[v->of[s->b]];
        if (a == b || a->n == 0 || b->n == 0) continue;
        if (turns && a->last != s->a && a->first == s->a) reverse(v, a);
        if (turns && b->first != s->b && b->last == s->b) reverse(v, b);
        if (a->last == s->a && b->first == s->b && may_join(v, a, b)) join(v, a, b);
    }
}

static int by_size(const void *x, const void *y)
{
    const struct chain *a = x, *b = y;
    if (a->n != b->n) return a->n > b->n ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

/* The largest chains get the vehicles; what is left over stays absent. */
static void give_vehicles(struct savings *v, struct state *s)
{
    qsort(v->chain, (size_t)v->m->tasks, sizeof *v->chain, by_size);
    for (int32_t k = 0; k < v->m->tasks && v->chain[k].n > 0; k++) {
        const int32_t r = idle_route(s, 0);
        if (r == HAUL_VRP_NONE) return;
        int32_t last = start_of(v->m, r);
        for (int32_t i = v->chain[k].first; i != HAUL_VRP_NONE; i = v->next[i]) {
            state_put(s, last, i);
            last = i;
        }
        state_mend(s, r);
    }
}

void savings_start(struct search *x)
{
    const struct model *m = x->m;
    const size_t n = (size_t)m->tasks;
    struct savings v = {.m = m, .t = &m->type[0]};
    v.chain = calloc(n, sizeof *v.chain);
    v.of = calloc(3 * n, sizeof *v.of);
    v.list = calloc(n * NEAR, sizeof *v.list);
    assert(v.chain != NULL && v.of != NULL && v.list != NULL);
    v.next = v.of + n, v.prev = v.next + n;
    for (int32_t i = 0; i < m->tasks; i++) {
        one_stop(&v, i);
        if (!v.t->fits[i]) v.chain[i].n = 0; /* no vehicle can: it stays absent */
    }
    list_savings(&v);
    join_all(&v);
    give_vehicles(&v, x->s);
    free(v.chain);
    free(v.of);
    free(v.list);
}
