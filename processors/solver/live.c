/* SPDX-License-Identifier: Apache-2.0
 * The live plan. Every event has the same shape: note where all stops are; change the model and the state; mend what
 * breaks; put in what is absent; look for better near by while few stops move; count what has moved.
 */
#include "haul/solver_live.h"

#include "processors/solver/bend.h"
#include "processors/solver/plan.h"
#include "processors/solver/region.h"

#include <stdlib.h>

enum {
    LIVE_CUT = 6,
    SEEDS_MAX = 64,
    WINDOWS_EACH = 8,
    TRIES = 8 /* of limits that give way: what is late in a route is told at once, but what one break moves */
};

struct haul_vrp_live {
    struct haul_vrp_live_options o;
    struct model *m;
    struct state *s;
    struct search x;
    struct region *region;                /* that is being improved */
    struct haul_vrp_vehicle *vehicles;    /* the live limits: late ones get more */
    uint64_t (*skills)[HAUL_SKILL_WORDS]; /* [tasks_cap] */
    bool *gone;                           /* [tasks_cap] no task stands here */
    bool *withdrawn;                      /* [vehicles] */
    int32_t *free_tasks, free_n;
    int32_t locations, locations_max;
    int32_t windows_from; /* a new task's windows: WINDOWS_EACH for each place beyond the problem's */
    /* where all stops were before the event */
    int32_t *was_prev, *was_route;     /* [tasks_cap] */
    int32_t seeds[SEEDS_MAX], seeds_n; /* tasks round which to look for better */
    int32_t late;
};

/* ---- opening ---- */

static void own_vehicles(struct haul_vrp_live *l)
{
    for (int32_t v = 0; v < l->m->vehicles; v++) {
        l->vehicles[v] = l->m->p->vehicles[v];
        bend_own_breaks(&l->vehicles[v]);
        l->m->type[l->m->type_of[v]].v = &l->vehicles[v];
    }
}

static enum haul_err put_plan(struct haul_vrp_live *l, const struct haul_vrp_plan *plan, struct haul_error *e)
{
    struct state *s = l->s;
    for (int32_t i = 0; i < plan->routes_n; i++) {
        const struct haul_vrp_route *r = &plan->routes[i];
        int32_t last = start_of(l->m, r->vehicle);
        for (int32_t k = 0; k < r->steps_n; k++) {
            if (r->steps[k].kind != HAUL_STEP_TASK) continue;
            if (s->at[r->steps[k].index].route != HAUL_VRP_NONE)
                return haul_fail(e, HAUL_E_CONFLICT, "the plan serves a task twice");
            state_put(s, last, r->steps[k].index);
            last = r->steps[k].index;
        }
        s->route[r->vehicle].frozen = l->m->p->vehicles[r->vehicle].steps_frozen;
        if (!state_update(s, r->vehicle))
            return haul_fail(e, HAUL_E_CONFLICT, "vehicle %lld: the plan breaks a rule",
                             (long long)l->vehicles[r->vehicle].id);
    }
    return HAUL_OK;
}

static enum haul_err first(struct haul_vrp_live *l, const struct haul_vrp_plan *plan, struct haul_error *e)
{
    state_begin(l->s);
    const enum haul_err bad = plan != NULL ? put_plan(l, plan, e) : plan_first_steps(l->s, e);
    if (bad != HAUL_OK) return bad;
    search_init(&l->x, l->s, l->o.seed);
    l->region = region_new(&l->x, l->gone, l->o.price_of_move);
    l->x.find.near = 40;
    if (plan == NULL) {
        l->x.find.near = 0;
        search_fill(&l->x);
        l->x.find.near = 40;
    }
    if (l->m->docks) docks_mend(l->s);
    return HAUL_OK;
}

enum haul_err haul_vrp_live_open(const struct haul_problem *p, const struct haul_vrp_plan *plan,
                                 const struct haul_vrp_live_options *o, struct haul_vrp_live **out,
                                 struct haul_error *e)
{
    *out = NULL;
    if (o->price_of_move < 0) return haul_fail(e, HAUL_E_RANGE, "price_of_move: negative");
    if (o->spare < 1 || o->spare > 100000) return haul_fail(e, HAUL_E_RANGE, "spare: %d, not 1..100000", o->spare);
    enum haul_err bad = haul_problem_check(p, e);
    struct model *m = NULL;
    if (bad == HAUL_OK) bad = model_new(p, o->spare, &m, e);
    if (bad != HAUL_OK) return bad;
    const size_t cap = (size_t)m->tasks_cap;
    struct haul_vrp_live *l = need(1, sizeof *l);
    l->o = *o;
    l->m = m;
    l->vehicles = need((size_t)m->vehicles, sizeof *l->vehicles);
    own_vehicles(l);
    m->hold = need(cap, sizeof *m->hold);
    m->timed = true;
    m->mixed_fleet = false;           /* vehicles that were alike may not be any more */
    if (m->near_put == m->near_way) { /* windows may come with orders */
        const size_t all = (size_t)(m->tasks_cap + 1) * (size_t)m->near;
        m->near_put = need(all, sizeof *m->near_put);
        memcpy(m->near_put, m->near_way, all * sizeof *m->near_put);
    }
    l->gone = need(cap, sizeof *l->gone);
    l->skills = need(cap, sizeof *l->skills);
    l->withdrawn = need((size_t)m->vehicles, sizeof *l->withdrawn);
    l->free_tasks = need(cap, sizeof *l->free_tasks);
    l->was_prev = need(cap, sizeof *l->was_prev);
    l->was_route = need(cap, sizeof *l->was_route);
    for (int32_t i = 0; i < m->tasks_cap; i++) m->hold[i] = INT64_MIN, l->gone[i] = i >= m->tasks;
    for (int32_t i = 0; i < m->tasks; i++)
        memcpy(l->skills[i], p->tasks[i].skills, sizeof l->skills[i]), l->windows_from += m->nodes[i].win_n;
    for (int32_t i = m->tasks_cap - 1; i >= m->tasks; i--) l->free_tasks[l->free_n++] = i;
    l->locations = p->locations_n;
    l->locations_max = m->nowhere;
    l->s = state_new(m);
    bad = first(l, plan, e);
    if (bad != HAUL_OK) {
        haul_vrp_live_close(l);
        return bad;
    }
    *out = l;
    return HAUL_OK;
}

void haul_vrp_live_close(struct haul_vrp_live *l)
{
    if (l == NULL) return;
    region_free(l->region);
    if (l->x.s != NULL) search_free(&l->x);
    state_free(l->s);
    for (int32_t v = 0; v < l->m->vehicles; v++) bend_free_breaks(&l->vehicles[v]);
    model_free(l->m);
    free(l->vehicles);
    free(l->gone);
    free(l->skills);
    free(l->withdrawn);
    free(l->free_tasks);
    free(l->was_prev);
    free(l->was_route);
    free(l);
}

/* ---- before and after ---- */

static int64_t routes_cost(const struct haul_vrp_live *l)
{
    int64_t cost = l->s->cost;
    for (int32_t i = 0; i < l->s->absent_n; i++) cost -= l->m->nodes[l->s->absent[i]].penalty;
    return cost;
}

static void note(struct haul_vrp_live *l, struct haul_vrp_change *c)
{
    *c = (struct haul_vrp_change){.cost_before = routes_cost(l)};
    for (int32_t i = 0; i < l->m->tasks; i++) {
        l->was_prev[i] = l->s->at[i].prev;
        l->was_route[i] = l->s->at[i].route;
    }
    l->seeds_n = 0;
    l->late = 0;
}

/* The stop before, of those that were there before the event and still are. */
static int32_t prev_of_old(const struct haul_vrp_live *l, int32_t i)
{
    int32_t k = l->s->at[i].prev;
    while (is_task(l->m, k) && (k >= l->m->tasks || l->was_route[k] == HAUL_VRP_NONE)) k = l->s->at[k].prev;
    return k;
}

static int32_t old_prev(const struct haul_vrp_live *l, int32_t i)
{
    int32_t k = l->was_prev[i];
    while (is_task(l->m, k) && l->gone[k]) k = l->was_prev[k];
    return k;
}

static int32_t moved(const struct haul_vrp_live *l)
{
    int32_t n = 0;
    for (int32_t i = 0; i < l->m->tasks; i++) {
        if (l->was_route[i] == HAUL_VRP_NONE || l->gone[i]) continue;
        const int32_t r = l->s->at[i].route;
        n += r != l->was_route[i] || prev_of_old(l, i) != old_prev(l, i);
    }
    return n;
}

static void seed_at(struct haul_vrp_live *l, int32_t task)
{
    if (is_task(l->m, task) && l->seeds_n < SEEDS_MAX) l->seeds[l->seeds_n++] = task;
}

static void tell(struct haul_vrp_live *l, struct haul_vrp_change *c)
{
    c->cost_after = routes_cost(l);
    c->moved = moved(l);
    c->unserved = l->s->absent_n;
    c->late = l->late;
}

/* ---- mending ---- */

/* What may not leave and cannot be on time: the limits give way by what it takes, and each that does counts as late. */
static void give_way(struct haul_vrp_live *l, int32_t r)
{
    struct model *m = l->m;
    struct state *s = l->s;
    for (int32_t tries = 0; tries < TRIES && !state_update(s, r); tries++) {
        struct faults faults = {.n = 0};
        struct timing timing;
        const int32_t n = state_tasks(s, r, s->scratch);
        schedule(m, &m->type[s->route[r].type], s->scratch, n, INT64_MIN, &timing, &faults, NULL);
        for (int32_t i = 0; i < faults.n; i++) bend_limit(m, &l->vehicles[r], &faults.list[i], faults.list[i].amount);
        l->late += faults.n;
    }
}

static void mend(struct haul_vrp_live *l, int32_t r)
{
    struct state *s = l->s;
    const int32_t before = s->absent_n;
    if (!state_mend(s, r)) give_way(l, r);
    for (int32_t i = before; i < s->absent_n; i++) seed_at(l, s->absent[i]);
    seed_at(l, s->at[end_of(l->m, r)].prev);
}

/* Puts in what is absent, everywhere. */
static void fill(struct haul_vrp_live *l)
{
    l->x.find.near = 0;
    search_fill(&l->x);
    l->x.find.near = 40;
    if (l->m->docks) docks_mend(l->s);
}

static int32_t seed_now(struct haul_vrp_live *l)
{
    const int32_t seed = l->seeds[haul_rng_below(&l->x.rng, (uint64_t)l->seeds_n)];
    if (l->gone[seed] || haul_rng_below(&l->x.rng, 2) == 0) { /* or one of its neighbours */
        const int32_t n = l->m->near_n[seed] < 10 ? l->m->near_n[seed] : 10;
        return n == 0 ? seed
                      : l->m->near_way[(int64_t)seed * l->m->near + (int32_t)haul_rng_below(&l->x.rng, (uint64_t)n)];
    }
    return seed;
}

/* Better near by: only what saves more than its moves cost, and within the bound on moves. */
static void look_near(struct haul_vrp_live *l)
{
    struct state *s = l->s;
    int32_t at = moved(l);
    const int32_t most = at + l->o.moves_max;
    for (int32_t k = 0; k < l->o.steps && l->seeds_n > 0; k++) {
        const int64_t was = s->cost;
        const bool better =
            search_try(&l->x, seed_now(l), LIVE_CUT) && s->cost < was && s->absent_n <= s->saved_absent_n;
        const int32_t now = better ? moved(l) : 0;
        if (better && now <= most && was - s->cost > l->o.price_of_move * (now - at))
            at = now;
        else
            state_back(s);
    }
}

static void settle(struct haul_vrp_live *l, struct haul_vrp_change *c)
{
    fill(l);
    look_near(l);
    tell(l, c);
    if (l->seeds_n > 0 && c->cost_after != c->cost_before) region_stir(l->region, l->seeds[0]); /* for later */
}

/* ---- orders ---- */

enum haul_err haul_vrp_live_add_location(struct haul_vrp_live *l, const int32_t *time_to, const int32_t *time_from,
                                         const int32_t *distance_to, const int32_t *distance_from, int32_t *index,
                                         struct haul_error *e)
{
    const int32_t n = l->locations;
    if (n == l->locations_max) return haul_fail(e, HAUL_E_LIMIT, "%d locations: no more are spare", n);
    for (int32_t i = 0; i < n * l->m->p->profiles_n; i++)
        if (time_to[i] < 0 || time_from[i] < 0 || distance_to[i] < 0 || distance_from[i] < 0)
            return haul_fail(e, HAUL_E_RANGE, "location %d: a negative time or distance", n);
    *index = l->locations++;
    struct haul_way *ways = need((size_t)(2 * n), sizeof *ways);
    for (int32_t p = 0; p < l->m->p->profiles_n; p++) {
        for (int32_t i = 0; i < n; i++) {
            const int32_t k = p * n + i;
            ways[2 * i] = (struct haul_way){p, n, i, time_to[k], distance_to[k]};
            ways[2 * i + 1] = (struct haul_way){p, i, n, time_from[k], distance_from[k]};
        }
        model_set_ways(l->m, ways, 2 * n);
    }
    free(ways);
    return HAUL_OK;
}

static enum haul_err good_order(const struct haul_vrp_live *l, const struct haul_vrp_task *t, int32_t tasks,
                                struct haul_error *e)
{
    if (l->free_n < tasks) return haul_fail(e, HAUL_E_LIMIT, "no more tasks are spare");
    if (t->location < 0 || t->location >= l->locations)
        return haul_fail(e, HAUL_E_RANGE, "location: %d, not 0..%d", t->location, l->locations - 1);
    if (t->windows_n < 0 || t->windows_n > WINDOWS_EACH)
        return haul_fail(e, HAUL_E_LIMIT, "time_windows: more than %d", WINDOWS_EACH);
    for (int32_t w = 0; w < t->windows_n; w++)
        if (t->windows[w].open > t->windows[w].close || (w > 0 && t->windows[w].open <= t->windows[w - 1].close))
            return haul_fail(e, HAUL_E_CONFLICT, "time_windows[%d]: out of order", w);
    if (t->service < 0 || t->setup < 0 || t->priority < 0 || t->priority > 100 || t->prize < HAUL_VRP_NONE ||
        t->exposure_max < HAUL_VRP_NONE)
        return haul_fail(e, HAUL_E_RANGE, "service, setup, priority, prize or max_exposure: out of range");
    for (int32_t d = 0; d < HAUL_DIMS; d++)
        if (t->pickup[d] < 0 || t->delivery[d] < 0 || (d >= l->m->dims && (t->pickup[d] > 0 || t->delivery[d] > 0)))
            return haul_fail(e, HAUL_E_RANGE, "amounts[%d]: out of range", d);
    return HAUL_OK;
}

static bool goods_from_start(const struct model *m, int32_t task)
{
    int64_t any = 0;
    for (int32_t d = 0; m->nodes[task].mate == HAUL_VRP_NONE && d < m->dims; d++) any |= delivery_of(m, task)[d];
    return any != 0;
}

/* A vehicle that has left its start cannot deliver what it has not loaded there, unless it comes back to reload. */
static void set_fit(struct haul_vrp_live *l, int32_t v, int32_t task)
{
    struct model *m = l->m;
    struct vtype *t = &m->type[m->type_of[v]];
    uint8_t *fits = (uint8_t *)(uintptr_t)t->fits; /* the live plan owns its model */
    const bool too_late = t->started && !t->reloads && m->nodes[task].vehicle != v && goods_from_start(m, task);
    fits[task] = !l->withdrawn[v] && !too_late && model_fits_alone(m, t, task, l->skills[task]);
}

static void set_fits(struct haul_vrp_live *l, int32_t task)
{
    for (int32_t v = 0; v < l->m->vehicles; v++) set_fit(l, v, task);
}

static void set_fits_of(struct haul_vrp_live *l, int32_t v)
{
    for (int32_t i = 0; i < l->m->tasks; i++)
        if (!l->gone[i]) set_fit(l, v, i);
}

static int32_t new_task(struct haul_vrp_live *l, const struct haul_vrp_task *t)
{
    struct model *m = l->m;
    const int32_t i = l->free_tasks[--l->free_n];
    if (i >= m->tasks) m->tasks = i + 1;
    const int32_t window = l->windows_from + WINDOWS_EACH * (i < m->p->tasks_n ? 0 : i - m->p->tasks_n);
    model_set_task(m, i, t, window);
    memcpy(l->skills[i], t->skills, sizeof l->skills[i]);
    if (!m->mixed_load && model_mixes_loads(m)) {
        m->mixed_load = true;
        state_mix_loads(l->s);
    }
    m->hold[i] = INT64_MIN;
    l->gone[i] = false;
    l->was_route[i] = HAUL_VRP_NONE;
    l->s->at[i] = (struct place){.route = HAUL_VRP_NONE, .loc = t->location};
    l->x.missed[i] = 0;
    return i;
}

static void arrive(struct haul_vrp_live *l, int32_t i)
{
    set_fits(l, i);
    model_set_near(l->m, i);
    state_admit(l->s, i);
    seed_at(l, i);
}

enum haul_err haul_vrp_live_add_job(struct haul_vrp_live *l, const struct haul_vrp_task *t, int32_t *index,
                                    struct haul_vrp_change *c, struct haul_error *e)
{
    const enum haul_err bad = good_order(l, t, 1, e);
    if (bad != HAUL_OK) return bad;
    note(l, c);
    struct haul_vrp_task job = *t;
    job.kind = HAUL_VRP_JOB;
    job.mate = HAUL_VRP_NONE;
    state_begin(l->s);
    *index = new_task(l, &job);
    arrive(l, *index);
    settle(l, c);
    return HAUL_OK;
}

enum haul_err haul_vrp_live_add_shipment(struct haul_vrp_live *l, const struct haul_vrp_task *pickup,
                                         const struct haul_vrp_task *delivery, int32_t *index,
                                         struct haul_vrp_change *c, struct haul_error *e)
{
    enum haul_err bad = good_order(l, pickup, 2, e);
    if (bad == HAUL_OK) bad = good_order(l, delivery, 2, e);
    if (bad != HAUL_OK) return bad;
    note(l, c);
    struct haul_vrp_task from = *pickup, to = *delivery;
    from.kind = HAUL_VRP_PICKUP, to.kind = HAUL_VRP_DELIVERY;
    memcpy(to.delivery, from.pickup, sizeof to.delivery);
    memset(from.delivery, 0, sizeof from.delivery);
    memset(to.pickup, 0, sizeof to.pickup);
    memcpy(to.skills, from.skills, sizeof to.skills);
    to.exposure_max = from.exposure_max;
    from.mate = to.mate = 0; /* a mate: the indices follow */
    state_begin(l->s);
    const int32_t a = new_task(l, &from), b = new_task(l, &to);
    l->m->nodes[a].mate = b, l->m->nodes[b].mate = a;
    arrive(l, a);
    arrive(l, b);
    *index = a;
    settle(l, c);
    return HAUL_OK;
}

static enum haul_err may_cancel(const struct haul_vrp_live *l, int32_t task, struct haul_error *e)
{
    if (task < 0 || task >= l->m->tasks || l->gone[task]) return haul_fail(e, HAUL_E_NOT_FOUND, "no such task");
    if (l->m->nodes[task].kind == HAUL_VRP_DELIVERY)
        return haul_fail(e, HAUL_E_CONFLICT, "a shipment is cancelled by its pickup");
    const int32_t r = l->s->at[task].route;
    if (r != HAUL_VRP_NONE && l->s->at[task].pos <= l->s->route[r].frozen)
        return haul_fail(e, HAUL_E_CONFLICT, "it is frozen");
    return HAUL_OK;
}

static void retire(struct haul_vrp_live *l, int32_t task)
{
    const int32_t r = l->s->at[task].route;
    if (r != HAUL_VRP_NONE) {
        seed_at(l, l->s->at[task].prev);
        seed_at(l, l->s->at[task].next);
        state_cut(l->s, task);
    }
    state_dismiss(l->s, task);
    l->gone[task] = true;
    l->free_tasks[l->free_n++] = task;
}

enum haul_err haul_vrp_live_cancel(struct haul_vrp_live *l, int32_t task, struct haul_vrp_change *c,
                                   struct haul_error *e)
{
    const enum haul_err bad = may_cancel(l, task, e);
    if (bad != HAUL_OK) return bad;
    note(l, c);
    state_begin(l->s);
    const int32_t mate = l->m->nodes[task].mate, r = l->s->at[task].route;
    retire(l, task);
    if (mate != HAUL_VRP_NONE) retire(l, mate);
    if (r != HAUL_VRP_NONE) mend(l, r);
    settle(l, c);
    return HAUL_OK;
}

/* ---- vehicles ---- */

/* What has begun is done at its time: its window says no more, and it is on board. */
static void freeze(struct haul_vrp_live *l, int32_t v, int32_t stops)
{
    struct model *m = l->m;
    struct state *s = l->s;
    for (int32_t i = s->at[start_of(m, v)].next; is_task(m, i); i = s->at[i].next) {
        struct node *n = &m->nodes[i];
        if (goods_from_start(m, i)) n->vehicle = v; /* loaded when it left */
        if (s->at[i].pos > stops) continue;
        n->win_n = 0, n->open = -HAUL_FOREVER, n->close = HAUL_FOREVER;
        n->exposure_max = n->kind == HAUL_VRP_PICKUP ? n->exposure_max : HAUL_VRP_NONE;
        if (n->kind == HAUL_VRP_PICKUP) m->nodes[n->mate].vehicle = v;
    }
    s->route[v].frozen = stops;
}

static void hold_at(struct haul_vrp_live *l, int32_t v, int32_t stops, int64_t leaves)
{
    struct model *m = l->m;
    struct vtype *t = &m->type[m->type_of[v]];
    if (stops == 0) {
        t->ready = leaves;
        return;
    }
    if (!t->started) {
        t->started = true;
        set_fits_of(l, v);
    }
    if (t->ready == INT64_MIN) t->ready = l->vehicles[v].shift.open;
    int32_t i = start_of(m, v);
    for (int32_t k = 0; k < stops; k++) i = l->s->at[i].next;
    m->hold[i] = leaves;
}

enum haul_err haul_vrp_live_progress(struct haul_vrp_live *l, int32_t vehicle, int32_t stops, int64_t leaves,
                                     struct haul_vrp_change *c, struct haul_error *e)
{
    if (vehicle < 0 || vehicle >= l->m->vehicles) return haul_fail(e, HAUL_E_NOT_FOUND, "no such vehicle");
    const struct route *at = &l->s->route[vehicle];
    if (stops < at->frozen || stops > at->n)
        return haul_fail(e, HAUL_E_RANGE, "stops: %d, not %d..%d", stops, at->frozen, at->n);
    if (leaves < -HAUL_FOREVER || leaves > HAUL_FOREVER) return haul_fail(e, HAUL_E_RANGE, "leaves: too far from zero");
    note(l, c);
    state_begin(l->s);
    state_touch(l->s, vehicle);
    if (stops > 0) freeze(l, vehicle, stops);
    hold_at(l, vehicle, stops, leaves);
    mend(l, vehicle);
    settle(l, c);
    return HAUL_OK;
}

enum haul_err haul_vrp_live_withdraw(struct haul_vrp_live *l, int32_t vehicle, struct haul_vrp_change *c,
                                     struct haul_error *e)
{
    if (vehicle < 0 || vehicle >= l->m->vehicles) return haul_fail(e, HAUL_E_NOT_FOUND, "no such vehicle");
    note(l, c);
    struct state *s = l->s;
    state_begin(s);
    l->withdrawn[vehicle] = true;
    set_fits_of(l, vehicle);
    while (s->route[vehicle].n > s->route[vehicle].frozen) {
        const int32_t last = s->at[end_of(l->m, vehicle)].prev;
        if (!state_may_leave(s, vehicle, last)) break; /* on board: it must be brought */
        seed_at(l, last);
        state_cut_request(s, last);
    }
    mend(l, vehicle);
    settle(l, c);
    return HAUL_OK;
}

/* ---- ways ---- */

static void relink(struct haul_vrp_live *l, int32_t r)
{
    struct state *s = l->s;
    const bool differs = state_relink(s, r) || l->m->type[s->route[r].type].exact; /* by way of a reload, it may be */
    if (s->route[r].n == 0) {
        state_update(s, r);
        return;
    }
    if (!differs) return;
    const int64_t cost = s->route[r].cost;
    mend(l, r);
    if (s->route[r].cost != cost) seed_at(l, s->at[start_of(l->m, r)].next);
}

enum haul_err haul_vrp_live_ways(struct haul_vrp_live *l, const struct haul_way *ways, int32_t n,
                                 struct haul_vrp_change *c, struct haul_error *e)
{
    for (int32_t i = 0; i < n; i++)
        if (ways[i].profile < 0 || ways[i].profile >= l->m->p->profiles_n || ways[i].from < 0 ||
            ways[i].from >= l->locations || ways[i].to < 0 || ways[i].to >= l->locations || ways[i].time < 0 ||
            ways[i].distance < 0)
            return haul_fail(e, HAUL_E_RANGE, "ways[%d]: no such profile or location, or a negative time or distance",
                             i);
    note(l, c);
    state_begin(l->s);
    model_set_ways(l->m, ways, n);
    for (int32_t v = 0; v < l->m->vehicles; v++) relink(l, v);
    settle(l, c);
    return HAUL_OK;
}

/* ---- improving ---- */

enum haul_err haul_vrp_live_improve(struct haul_vrp_live *l, int64_t steps, const atomic_bool *stop,
                                    struct haul_vrp_change *c, struct haul_error *e)
{
    if (steps < 0) return haul_fail(e, HAUL_E_RANGE, "steps: negative");
    note(l, c);
    for (int64_t k = 0;
         k < steps && l->m->tasks > 0 && (stop == NULL || !atomic_load_explicit(stop, memory_order_relaxed)); k++)
        region_step(l->region, steps - k);
    region_leave(l->region);
    tell(l, c);
    return HAUL_OK;
}

/* ---- looking ---- */

int32_t haul_vrp_live_stops(const struct haul_vrp_live *l, int32_t vehicle, int32_t *tasks, int32_t most)
{
    int32_t n = 0;
    if (vehicle < 0 || vehicle >= l->m->vehicles) return 0;
    for (int32_t i = l->s->at[start_of(l->m, vehicle)].next; is_task(l->m, i); i = l->s->at[i].next, n++)
        if (n < most) tasks[n] = i;
    return n;
}

int32_t haul_vrp_live_times(const struct haul_vrp_live *l, int32_t vehicle, int64_t *begins, int32_t most)
{
    if (vehicle < 0 || vehicle >= l->m->vehicles) return 0;
    struct step_list steps = {0};
    struct timing timing;
    const int32_t n = state_tasks(l->s, vehicle, l->s->scratch);
    schedule(l->m, &l->m->type[l->m->type_of[vehicle]], l->s->scratch, n, INT64_MIN, &timing, NULL, &steps);
    for (int32_t i = 0, k = 0; i < steps.n; i++)
        if (steps.p[i].kind == HAUL_STEP_TASK && k < most) begins[k++] = steps.p[i].arrival + steps.p[i].waiting;
    free(steps.p);
    return n;
}

int64_t haul_vrp_live_cost(const struct haul_vrp_live *l)
{
    return routes_cost(l);
}

int32_t haul_vrp_live_unserved(const struct haul_vrp_live *l, int32_t *tasks, int32_t most)
{
    for (int32_t i = 0; i < l->s->absent_n && i < most; i++) tasks[i] = l->s->absent[i];
    return l->s->absent_n;
}

enum haul_err haul_vrp_live_check(const struct haul_vrp_live *l, struct haul_error *e)
{
    int64_t cost = 0;
    for (int32_t v = 0; v < l->m->vehicles; v++) {
        const struct vtype *t = &l->m->type[l->m->type_of[v]];
        struct faults faults = {.n = 0};
        struct timing timing;
        const int32_t n = state_tasks(l->s, v, l->s->scratch);
        if (n == 0) continue;
        for (int32_t i = 0; i < n; i++) {
            const int32_t task = l->s->scratch[i], only = l->m->nodes[task].vehicle;
            if (l->gone[task] || l->s->at[task].route != v)
                return haul_fail(e, HAUL_E_CONFLICT, "vehicle %lld serves what is not there", (long long)t->v->id);
            if (only != HAUL_VRP_NONE && only != v)
                return haul_fail(e, HAUL_E_CONFLICT, "vehicle %lld serves what is on board of another",
                                 (long long)t->v->id);
        }
        if (!schedule(l->m, t, l->s->scratch, n, INT64_MIN, &timing, &faults, NULL))
            return haul_fail(e, HAUL_E_CONFLICT, "vehicle %lld: %s", (long long)t->v->id,
                             faults.n > 0 ? haul_fault_sentence(faults.list[0].kind) : "a rule is broken");
        cost += timing.cost;
    }
    if (cost != routes_cost(l))
        return haul_fail(e, HAUL_E_CONFLICT, "the cost is %lld, not %lld", (long long)cost, (long long)routes_cost(l));
    return HAUL_OK;
}
