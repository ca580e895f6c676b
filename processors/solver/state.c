/* SPDX-License-Identifier: Apache-2.0
 * The plan while it is searched.
 */
#include "processors/solver/state.h"

#include <stdlib.h>

static int32_t places_of(const struct model *m)
{
    return m->tasks_cap + 2 * m->vehicles;
}

static void idle_push(struct state *s, int32_t r)
{
    const int32_t t = s->route[r].type;
    s->idle_at[r] = s->idle_n[t];
    s->idle[s->idle_from[t] + s->idle_n[t]++] = r;
}

static void idle_remove(struct state *s, int32_t r)
{
    const int32_t t = s->route[r].type, last = s->idle[s->idle_from[t] + --s->idle_n[t]];
    s->idle[s->idle_from[t] + s->idle_at[r]] = last;
    s->idle_at[last] = s->idle_at[r];
}

static void set_used(struct state *s, int32_t r, bool used)
{
    struct route *at = &s->route[r];
    if (used == (at->used_at != HAUL_VRP_NONE)) return;
    if (used) {
        idle_remove(s, r);
        at->used_at = s->used_n;
        s->used[s->used_n++] = r;
        return;
    }
    const int32_t last = s->used[--s->used_n];
    s->used[at->used_at] = last;
    s->route[last].used_at = at->used_at;
    at->used_at = HAUL_VRP_NONE;
    idle_push(s, r);
}

static void absent_push(struct state *s, int32_t task)
{
    s->absent_at[task] = s->absent_n;
    s->absent[s->absent_n++] = task;
    s->cost += s->m->nodes[task].penalty;
}

static void absent_remove(struct state *s, int32_t task)
{
    const int32_t last = s->absent[--s->absent_n];
    s->absent[s->absent_at[task]] = last;
    s->absent_at[last] = s->absent_at[task];
    s->cost -= s->m->nodes[task].penalty;
}

static void link_places(struct state *s, const struct vtype *t, int32_t a, int32_t b)
{
    struct place *x = &s->at[a], *y = &s->at[b];
    const int64_t k = cell(s->m, x->loc, y->loc);
    x->next = b;
    y->prev = a;
    y->way = way_cost(t, k);
    y->ride = t->time[k];
}

static void set_ends(struct state *s, int32_t v)
{
    const struct model *m = s->m;
    const struct vtype *t = &m->type[m->type_of[v]];
    struct place *a = &s->at[start_of(m, v)], *b = &s->at[end_of(m, v)];
    *a = (struct place){.prev = HAUL_VRP_NONE, .route = v, .loc = t->start, .leave = t->v->shift.open};
    *b = (struct place){.next = HAUL_VRP_NONE, .route = v, .loc = t->end, .pos = 1, .late = t->v->shift.close};
    link_places(s, t, start_of(m, v), end_of(m, v));
}

static int64_t *loads_new(const struct model *m)
{
    return need((size_t)places_of(m) * 3 * (size_t)m->dims, sizeof(int64_t));
}

struct state *state_new(const struct model *m)
{
    struct state *s = need(1, sizeof *s);
    const size_t places = (size_t)places_of(m), tasks = (size_t)m->tasks_cap, vehicles = (size_t)m->vehicles;
    s->m = m;
    s->at = need(places, sizeof *s->at);
    s->route = need(vehicles, sizeof *s->route);
    s->room = need(vehicles, sizeof *s->room);
    s->load = m->mixed_load ? loads_new(m) : NULL;
    s->used = need(vehicles, sizeof *s->used);
    s->idle = need(vehicles, sizeof *s->idle);
    s->idle_n = need((size_t)m->types, sizeof *s->idle_n);
    s->idle_from = need((size_t)m->types, sizeof *s->idle_from);
    s->idle_at = need(vehicles, sizeof *s->idle_at);
    s->absent = need(tasks, sizeof *s->absent);
    s->absent_at = need(tasks, sizeof *s->absent_at);
    s->saved = need(vehicles, sizeof *s->saved);
    s->saved_places = need(places, sizeof *s->saved_places);
    s->saved_ids = need(places, sizeof *s->saved_ids);
    s->saved_absent = need(tasks, sizeof *s->saved_absent);
    s->scratch = need(tasks + 2, sizeof *s->scratch);
    for (int32_t v = 0; v < m->vehicles; v++) s->idle_from[m->type_of[v]]++;
    for (int32_t t = 0, sum = 0; t < m->types; t++) {
        const int32_t n = s->idle_from[t];
        s->idle_from[t] = sum;
        sum += n;
    }
    for (int32_t v = m->vehicles - 1; v >= 0; v--) {
        s->route[v] = (struct route){.type = m->type_of[v], .used_at = HAUL_VRP_NONE};
        set_ends(s, v);
        idle_push(s, v);
        state_update(s, v);
    }
    for (int32_t i = 0; i < m->tasks_cap; i++)
        s->at[i] = (struct place){.route = HAUL_VRP_NONE, .loc = m->nodes[i].loc};
    for (int32_t i = 0; i < m->tasks; i++) absent_push(s, i);
    return s;
}

void state_free(struct state *s)
{
    if (s == NULL) return;
    free(s->at);
    free(s->route);
    free(s->room);
    free(s->load);
    free(s->used);
    free(s->idle);
    free(s->idle_n);
    free(s->idle_from);
    free(s->idle_at);
    free(s->absent);
    free(s->absent_at);
    free(s->saved);
    free(s->saved_places);
    free(s->saved_ids);
    free(s->saved_absent);
    free(s->scratch);
    free(s);
}

/* ---- a step that can be taken back ---- */

void state_begin(struct state *s)
{
    s->step++;
    s->saved_n = 0;
    s->saved_places_n = 0;
    s->saved_absent_n = s->absent_n;
    memcpy(s->saved_absent, s->absent, (size_t)s->absent_n * sizeof *s->absent);
    s->saved_cost = s->cost;
}

void state_touch(struct state *s, int32_t r)
{
    struct route *at = &s->route[r];
    if (at->saved == s->step) return;
    at->saved = s->step;
    struct saved *to = &s->saved[s->saved_n++];
    *to = (struct saved){.route = r, .first = s->saved_places_n, .was = *at};
    for (int32_t i = start_of(s->m, r); i != HAUL_VRP_NONE; i = s->at[i].next) {
        s->saved_ids[s->saved_places_n] = i;
        s->saved_places[s->saved_places_n++] = s->at[i];
    }
    to->n = s->saved_places_n - to->first;
}

static void walk_loads(struct state *s, int32_t r);
static void set_room(struct state *s, int32_t r);

void state_back(struct state *s)
{
    for (int32_t i = 0; i < s->absent_n; i++) s->at[s->absent[i]].route = HAUL_VRP_NONE;
    for (int32_t i = 0; i < s->saved_places_n; i++) s->at[s->saved_ids[i]] = s->saved_places[i];
    for (int32_t i = 0; i < s->saved_n; i++) {
        const struct saved *from = &s->saved[i];
        set_used(s, from->route, from->was.used_at != HAUL_VRP_NONE);
        const int32_t used_at = s->route[from->route].used_at;
        s->route[from->route] = from->was;
        s->route[from->route].used_at = used_at;
        set_room(s, from->route);
        if (s->m->mixed_load) walk_loads(s, from->route);
    }
    s->absent_n = s->saved_absent_n;
    for (int32_t i = 0; i < s->absent_n; i++) {
        s->absent[i] = s->saved_absent[i];
        s->absent_at[s->absent[i]] = i;
        s->at[s->absent[i]].route = HAUL_VRP_NONE;
    }
    s->cost = s->saved_cost;
}

/* ---- puts and cuts ---- */

static void add_load(struct state *s, struct route *at, int32_t task, int64_t sign)
{
    const int64_t *drop = delivery_of(s->m, task), *pick = pickup_of(s->m, task);
    for (int32_t d = 0; d < s->m->dims; d++) at->load[d] += sign * (drop[d] + pick[d]);
}

void state_put(struct state *s, int32_t after, int32_t task)
{
    struct place *c = &s->at[task];
    const int32_t r = s->at[after].route, before = s->at[after].next;
    assert(c->route == HAUL_VRP_NONE && r != HAUL_VRP_NONE);
    state_touch(s, r);
    struct route *at = &s->route[r];
    const struct vtype *t = &s->m->type[at->type];
    absent_remove(s, task);
    set_used(s, r, true);
    c->route = r;
    link_places(s, t, after, task);
    link_places(s, t, task, before);
    at->n++;
    add_load(s, at, task, 1);
}

void state_cut(struct state *s, int32_t task)
{
    struct place *c = &s->at[task];
    const int32_t r = c->route;
    assert(r != HAUL_VRP_NONE);
    state_touch(s, r);
    struct route *at = &s->route[r];
    link_places(s, &s->m->type[at->type], c->prev, c->next);
    c->route = HAUL_VRP_NONE;
    at->n--;
    add_load(s, at, task, -1);
    absent_push(s, task);
}

void state_cut_request(struct state *s, int32_t task)
{
    const int32_t mate = s->m->nodes[task].mate, r = s->at[task].route;
    state_cut(s, task);
    if (mate != HAUL_VRP_NONE && s->at[mate].route == r) state_cut(s, mate);
}

/* ---- a route after a change ---- */

/* Earliest times forwards. False: somewhere too late. */
static bool walk_forward(struct state *s, int32_t r)
{
    const struct model *m = s->m;
    const struct vtype *t = &m->type[s->route[r].type];
    const int32_t end = end_of(m, r);
    int32_t i = start_of(m, r);
    int64_t time = s->at[i].leave = t->ready > t->v->shift.open ? t->ready : t->v->shift.open;
    s->at[end].late = t->v->shift.close;
    bool good = true;
    for (int32_t k = s->at[i].next; k != end; i = k, k = s->at[k].next) {
        struct place *c = &s->at[k];
        const struct node *n = &m->nodes[k];
        int64_t begin = begin_at(m, n, time + c->ride);
        if (begin == INT64_MAX) good = false, begin = time + c->ride;
        time = c->leave = held(m, k, begin + action_at(m, t, k, s->at[i].loc));
    }
    s->at[end].leave = time + s->at[end].ride;
    return good && s->at[end].leave <= s->at[end].late;
}

/* Latest arrivals backwards. */
static void walk_backward(struct state *s, int32_t r)
{
    const struct model *m = s->m;
    const struct vtype *t = &m->type[s->route[r].type];
    const int32_t start = start_of(m, r);
    int32_t k = end_of(m, r);
    int64_t late = s->at[k].late - s->at[k].ride;
    for (int32_t i = s->at[k].prev; i != start; i = s->at[i].prev) {
        struct place *c = &s->at[i];
        c->late = begin_by(m, &m->nodes[i], late - action_at(m, t, i, s->at[c->prev].loc));
        late = c->late == INT64_MIN ? INT64_MIN / 2 : c->late - c->ride;
    }
    s->at[start].late = late;
}

/* From the end on: only a job asks for the most that is still to come. */
static void walk_loads_back(struct state *s, int32_t r)
{
    const int32_t end = end_of(s->m, r);
    for (int32_t i = end; i != HAUL_VRP_NONE; i = s->at[i].prev)
        for (int32_t d = 0; d < s->m->dims; d++) {
            const int64_t behind = i == end ? INT64_MIN : load_behind(s, s->at[i].next)[d];
            load_behind(s, i)[d] = load_left(s, i)[d] > behind ? load_left(s, i)[d] : behind;
        }
}

/* What is on board behind each place, the most up to it and from it on. */
static void walk_loads(struct state *s, int32_t r)
{
    const struct model *m = s->m;
    const int32_t start = start_of(m, r), end = end_of(m, r), dims = m->dims;
    int64_t now[HAUL_DIMS] = {0}, most[HAUL_DIMS];
    for (int32_t i = s->at[start].next; m->jobs && i != end; i = s->at[i].next)
        for (int32_t d = 0; m->nodes[i].kind == HAUL_VRP_JOB && d < dims; d++) now[d] += delivery_of(m, i)[d];
    memcpy(most, now, sizeof most);
    for (int32_t i = start; i != HAUL_VRP_NONE; i = s->at[i].next) {
        int64_t *left = load_left(s, i), *before = load_before(s, i);
        const int64_t *drop = is_task(m, i) ? delivery_of(m, i) : NULL;
        for (int32_t d = 0; d < dims; d++) {
            if (drop != NULL) now[d] += drop[dims + d] - drop[d];
            if (now[d] > most[d]) most[d] = now[d];
            left[d] = now[d];
            before[d] = most[d];
        }
    }
    if (m->jobs) walk_loads_back(s, r);
}

static bool loads_fit(const struct state *s, int32_t r)
{
    const struct vtype *t = &s->m->type[s->route[r].type];
    if (t->reloads) return true; /* schedule() places the reloads */
    for (int32_t d = 0; d < s->m->dims; d++) {
        const int64_t most = s->m->mixed_load ? load_before(s, end_of(s->m, r))[d] : s->route[r].load[d];
        if (most > t->capacity[d]) return false;
    }
    return true;
}

/* A route that may reload, or whose loads are mixed, always has room as far as this says. */
static void set_room(struct state *s, int32_t r)
{
    const struct vtype *t = &s->m->type[s->route[r].type];
    const bool simple = s->m->dims > 0 && !s->m->mixed_load && !t->reloads;
    s->room[r] = simple ? t->capacity[0] - s->route[r].load[0] : INT64_MAX;
}

static int64_t number_and_sum(struct state *s, int32_t r)
{
    const struct model *m = s->m;
    struct route *at = &s->route[r];
    const struct vtype *t = &m->type[at->type];
    int64_t cost = at->n == 0 ? 0 : t->v->cost_fixed;
    uint64_t stamp = (uint64_t)r + 1;
    int32_t pos = 1;
    at->distance = at->travel = at->busy = 0;
    for (int32_t i = s->at[start_of(m, r)].next; i != HAUL_VRP_NONE; i = s->at[i].next) {
        struct place *c = &s->at[i];
        c->pos = pos++;
        stamp = (stamp + (uint64_t)i) * 0x9e3779b97f4a7c15u;
        if (at->n > 0) cost += c->way;
        if (!t->limited && t->v->cost_per_service == 0) continue;
        const struct place *before = &s->at[c->prev];
        const int64_t action = is_task(m, i) ? action_at(m, t, i, before->loc) : 0;
        at->distance += t->distance[cell(m, before->loc, c->loc)];
        at->travel += c->ride;
        at->busy += c->ride + action;
        cost += t->v->cost_per_service * action;
    }
    at->stamp = stamp;
    return cost;
}

static bool within_limits(const struct route *at, const struct vtype *t)
{
    const struct haul_vrp_vehicle *v = t->v;
    return (v->distance_max == HAUL_VRP_NONE || at->distance <= v->distance_max) &&
           (v->travel_max == HAUL_VRP_NONE || at->travel <= v->travel_max) &&
           (v->duration_max == HAUL_VRP_NONE || at->busy <= v->duration_max) &&
           (v->tasks_max == HAUL_VRP_NONE || at->n <= v->tasks_max);
}

bool state_update(struct state *s, int32_t r)
{
    const struct model *m = s->m;
    struct route *at = &s->route[r];
    const struct vtype *t = &m->type[at->type];
    int64_t cost = number_and_sum(s, r);
    set_room(s, r);
    bool good = true;
    if (m->timed) {
        good = walk_forward(s, r);
        walk_backward(s, r);
    }
    if (m->mixed_load) walk_loads(s, r);
    good = good && loads_fit(s, r) && (!t->limited || within_limits(at, t));
    if (t->exact &&
        at->n > 0) { /* that alone decides: by way of a reload it may even be quicker than the plain sums say */
        struct timing timing;
        good = schedule(m, t, s->scratch, state_tasks(s, r, s->scratch), INT64_MIN, &timing, NULL, NULL);
        if (good) cost = timing.cost;
    }
    s->cost += cost - at->cost;
    at->cost = cost;
    at->stale = true;
    set_used(s, r, at->n > 0);
    return good || at->n == 0; /* who stays at home breaks no rule */
}

bool state_may_leave(const struct state *s, int32_t r, int32_t task)
{
    const struct node *n = &s->m->nodes[task];
    if (s->at[task].pos <= s->route[r].frozen || n->vehicle != HAUL_VRP_NONE) return false;
    return n->mate == HAUL_VRP_NONE || s->at[n->mate].pos > s->route[r].frozen;
}

bool state_mend(struct state *s, int32_t r)
{
    while (!state_update(s, r)) {
        int32_t last = s->at[end_of(s->m, r)].prev;
        while (is_task(s->m, last) && !state_may_leave(s, r, last)) last = s->at[last].prev;
        if (!is_task(s->m, last)) return false;
        state_cut_request(s, last);
    }
    return true;
}

void state_admit(struct state *s, int32_t task)
{
    absent_push(s, task);
}
void state_dismiss(struct state *s, int32_t task)
{
    absent_remove(s, task);
}

bool state_relink(struct state *s, int32_t r)
{
    state_touch(s, r);
    bool changed = false;
    for (int32_t i = start_of(s->m, r); s->at[i].next != HAUL_VRP_NONE; i = s->at[i].next) {
        const struct place *b = &s->at[s->at[i].next];
        const int64_t way = b->way;
        const int32_t ride = b->ride;
        link_places(s, &s->m->type[s->route[r].type], i, s->at[i].next);
        changed |= b->way != way || b->ride != ride;
    }
    return changed;
}

int32_t state_tasks(const struct state *s, int32_t r, int32_t *out)
{
    int32_t n = 0;
    for (int32_t i = s->at[start_of(s->m, r)].next; is_task(s->m, i); i = s->at[i].next) out[n++] = i;
    return n;
}

void state_move_route(struct state *s, int32_t r, int32_t q)
{
    assert(s->route[q].n == 0 && r != q);
    state_touch(s, r);
    state_touch(s, q);
    const struct vtype *t = &s->m->type[s->route[q].type];
    const int32_t n = state_tasks(s, r, s->scratch);
    int32_t last = start_of(s->m, q);
    for (int32_t i = 0; i < n; i++) {
        s->at[s->scratch[i]].route = q;
        link_places(s, t, last, s->scratch[i]);
        last = s->scratch[i];
    }
    link_places(s, t, last, end_of(s->m, q));
    link_places(s, &s->m->type[s->route[r].type], start_of(s->m, r), end_of(s->m, r));
    memcpy(s->route[q].load, s->route[r].load, sizeof s->route[q].load);
    memset(s->route[r].load, 0, sizeof s->route[r].load);
    s->route[q].n = n;
    s->route[r].n = 0;
    state_update(s, r);
    state_update(s, q);
}

void state_mix_loads(struct state *s)
{
    assert(s->m->mixed_load && s->load == NULL);
    s->load = loads_new(s->m);
    for (int32_t r = 0; r < s->m->vehicles; r++) {
        set_room(s, r);
        walk_loads(s, r);
    }
}

/* ---- chains ---- */

void state_read(const struct state *s, int32_t r, int32_t *next)
{
    for (int32_t i = start_of(s->m, r); i != HAUL_VRP_NONE; i = s->at[i].next) next[i] = s->at[i].next;
}

bool state_lay(struct state *s, int32_t r, const int32_t *next)
{
    int32_t last = start_of(s->m, r);
    for (int32_t i = next[last]; is_task(s->m, i); last = i, i = next[i]) state_put(s, last, i);
    return state_update(s, r);
}

/* ---- a plan kept aside ---- */

void kept_init(struct kept *k, const struct state *s)
{
    k->next = need((size_t)places_of(s->m), sizeof *k->next);
    for (int32_t r = 0; r < s->m->vehicles; r++) state_read(s, r, k->next);
    k->cost = s->cost;
    k->absent_n = s->absent_n;
    k->used_n = s->used_n;
}

void kept_free(struct kept *k)
{
    free(k->next);
}

void kept_take(struct kept *k, struct state *s)
{
    for (int32_t r = 0; r < s->m->vehicles; r++) {
        if (s->route[r].stale) state_read(s, r, k->next);
        s->route[r].stale = false;
    }
    k->cost = s->cost;
    k->absent_n = s->absent_n;
    k->used_n = s->used_n;
}

void kept_forget(struct state *s)
{
    for (int32_t r = 0; r < s->m->vehicles; r++) s->route[r].stale = true;
}

void state_clear(struct state *s, int32_t r)
{
    while (s->route[r].n > 0) state_cut(s, s->at[start_of(s->m, r)].next);
    state_update(s, r);
}

void state_become(struct state *s, const int32_t *next)
{
    state_begin(s);
    for (int32_t r = 0; r < s->m->vehicles; r++) state_clear(s, r);
    for (int32_t r = 0; r < s->m->vehicles; r++) {
        const bool good = state_lay(s, r, next);
        assert(good);
    }
}

void kept_give(const struct kept *k, struct state *s)
{
    state_become(s, k->next);
    for (int32_t r = 0; r < s->m->vehicles; r++) s->route[r].stale = false;
    assert(s->cost == k->cost);
}

void kept_copy(struct kept *to, const struct kept *from, const struct model *m)
{
    memcpy(to->next, from->next, (size_t)places_of(m) * sizeof *to->next);
    to->cost = from->cost;
    to->absent_n = from->absent_n;
    to->used_n = from->used_n;
}
