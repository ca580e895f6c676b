/* SPDX-License-Identifier: Apache-2.0
 * Regions of a live plan: which routes are taken together, their annealing, and what of it is merged.
 */
#include "processors/solver/region.h"

#include <stdlib.h>

enum {
    TASKS_LEAST = 100, /* of a region, about: that are not frozen */
    TASKS_MOST = 200,  /* with so many steps that each has SOME */
    ROUTES_LEAST = 3,  /* in it, though there be more tasks, but no more than LONGER times as many */
    LONGER = 3,
    BRIEF = 15, /* steps a task: fewer are not worth while, and are taken from the calls to come */
    SOME = 20,
    LENGTHY = 100, /* with more the time is better spent on another region */
    URGENT = 25,   /* where an event was: the most; then comes the next event's */
    CUT = 10,      /* mean number of tasks that a step tears out */
    BRANCH = 12,   /* near tasks of each task by which a region grows */
    DRAWS = 6,     /* places that are drawn for a region: the one that was least in regions yet is taken */
    STIRRED = 16,  /* places of events that are remembered */
    IDLE_IN = 4,   /* one region in so many may have an idle vehicle more: to open routes leads astray mostly */
    ABSENT = 10    /* of those that are absent, about so many are tried in a step */
};

/* Temperatures, in the cost of a short way. With few steps a task there is no time to cool down from where all is
 * shuffled. */
static const double hot = 2, hot_brief = 1, cold = 0.05;

struct region {
    struct search *x;
    const bool *gone;
    int64_t price;
    int32_t stirred[STIRRED], stirred_n; /* the last is the newest */
    int32_t *times;                      /* [tasks_cap] in how many regions it was */
    /* the region that is open */
    bool open, entered, left; /* left: it was entered before, and `stood` is where it stood */
    uint8_t *only;            /* [vehicles] its routes */
    int32_t *route, routes_n;
    int32_t *task, tasks_n; /* of them, those that are not frozen */
    int64_t steps, length;  /* of its schedule: done, and all */
    bool urgent;            /* an event was there */
    int32_t *stood;         /* [places] chains */
    /* since it was entered */
    int32_t *was, *best;               /* [places] chains: the plan then, and the best since */
    int32_t *was_prev, *was_route;     /* [tasks_cap] */
    int64_t *was_cost;                 /* [vehicles] */
    int32_t *stays, *stayed;           /* [vehicles] stops that stand where they stood; before the step */
    int32_t stops, staying;            /* in all: there were, and stand where they stood */
    int64_t was_energy, energy, least; /* cost and price of moves: then, now, and of the best */
    int32_t *group;                    /* [vehicles] one of the routes that are judged together */
    int64_t *gain;                     /* [vehicles] of a group */
};

struct region *region_new(struct search *x, const bool *gone, int64_t price_of_move)
{
    const size_t tasks = (size_t)x->m->tasks_cap, vehicles = (size_t)x->m->vehicles, places = tasks + 2 * vehicles;
    struct region *g = need(1, sizeof *g);
    *g = (struct region){.x = x, .gone = gone, .price = price_of_move};
    g->times = need(tasks, sizeof *g->times);
    g->only = need(vehicles, sizeof *g->only);
    g->route = need(vehicles, sizeof *g->route);
    g->task = need(tasks, sizeof *g->task);
    g->was_prev = need(tasks, sizeof *g->was_prev);
    g->was_route = need(tasks, sizeof *g->was_route);
    g->was = need(places, sizeof *g->was);
    g->best = need(places, sizeof *g->best);
    g->stood = need(places, sizeof *g->stood);
    g->was_cost = need(vehicles, sizeof *g->was_cost);
    g->stays = need(vehicles, sizeof *g->stays);
    g->stayed = need(vehicles, sizeof *g->stayed);
    g->group = need(vehicles, sizeof *g->group);
    g->gain = need(vehicles, sizeof *g->gain);
    return g;
}

void region_free(struct region *g)
{
    if (g == NULL) return;
    free(g->times);
    free(g->only);
    free(g->route);
    free(g->task);
    free(g->was_prev);
    free(g->was_route);
    free(g->was);
    free(g->best);
    free(g->stood);
    free(g->was_cost);
    free(g->stays);
    free(g->stayed);
    free(g->group);
    free(g->gain);
    free(g);
}

/* ---- which routes ---- */

static void take_route(struct region *g, int32_t r)
{
    const struct state *s = g->x->s;
    g->only[r] = 1;
    g->route[g->routes_n++] = r;
    for (int32_t i = s->at[start_of(s->m, r)].next; is_task(s->m, i); i = s->at[i].next) {
        g->times[i]++;
        if (s->at[i].pos > s->route[r].frozen) g->task[g->tasks_n++] = i;
    }
}

static void take_at(struct region *g, int32_t i)
{
    const int32_t r = g->x->s->at[i].route;
    if (r != HAUL_VRP_NONE && !g->only[r]) take_route(g, r);
}

static bool is_full(const struct region *g, int32_t tasks)
{
    return g->tasks_n >= tasks && (g->routes_n >= ROUTES_LEAST || g->tasks_n >= LONGER * tasks);
}

/* Where the latest event was. HAUL_VRP_NONE: there was none. */
static int32_t stirred_place(struct region *g)
{
    while (g->stirred_n > 0) {
        const int32_t i = g->stirred[--g->stirred_n];
        if (!g->gone[i] && g->x->s->at[i].route != HAUL_VRP_NONE) return i;
    }
    return HAUL_VRP_NONE;
}

/* Where regions were seldom. HAUL_VRP_NONE: no task was drawn. */
static int32_t draw_place(struct region *g)
{
    struct search *x = g->x;
    int32_t least = HAUL_VRP_NONE;
    for (int32_t k = 0; k < DRAWS; k++) {
        const int32_t i = (int32_t)haul_rng_below(&x->rng, (uint64_t)x->m->tasks);
        if (!g->gone[i] && (least == HAUL_VRP_NONE || g->times[i] < g->times[least])) least = i;
    }
    return least;
}

/* Routes grow round a place from near task to near task, until there are so many tasks. */
static void choose_routes(struct region *g, int32_t place, int32_t tasks)
{
    const struct model *m = g->x->m;
    for (int32_t k = 0; k < g->routes_n; k++) g->only[g->route[k]] = 0;
    g->routes_n = g->tasks_n = 0;
    if (place == HAUL_VRP_NONE) return;
    take_at(g, place);
    for (int32_t k = -1; k < g->tasks_n && !is_full(g, tasks); k++) {
        const int32_t i = k < 0 ? place : g->task[k], *list = m->near_way + (int64_t)i * m->near;
        for (int32_t n = 0; n < m->near_n[i] && n < BRANCH && !is_full(g, tasks); n++) take_at(g, list[n]);
    }
}

static void add_idle(struct region *g)
{
    struct search *x = g->x;
    const int32_t any = (int32_t)haul_rng_below(&x->rng, (uint64_t)x->m->vehicles);
    if (haul_rng_below(&x->rng, IDLE_IN) == 0 && x->s->route[any].n == 0 && !g->only[any]) take_route(g, any);
}

static int64_t within(int64_t least, int64_t n, int64_t most)
{
    return n < least ? least : n > most ? most : n;
}

/* The steps that are left are for one region, unless they are too many or too few. */
static void open_region(struct region *g, int64_t left)
{
    const int32_t event = stirred_place(g);
    g->urgent = event != HAUL_VRP_NONE;
    if (g->urgent)
        choose_routes(g, event, TASKS_LEAST);
    else
        choose_routes(g, draw_place(g), (int32_t)within(TASKS_LEAST, left / SOME, TASKS_MOST));
    add_idle(g);
    g->length = within((int64_t)BRIEF * g->tasks_n, left, (int64_t)(g->urgent ? URGENT : LENGTHY) * g->tasks_n);
    g->steps = 0;
    g->open = true;
    g->left = false;
}

/* The routes of one group, or all of them, become those of the chains. False: one breaks a rule. */
static bool put(struct region *g, const int32_t *chain, int32_t group)
{
    struct state *s = g->x->s;
    bool good = true;
    for (int32_t k = 0; k < g->routes_n; k++)
        if (group == HAUL_VRP_NONE || g->group[g->route[k]] == group) state_clear(s, g->route[k]);
    for (int32_t k = 0; k < g->routes_n; k++) {
        const int32_t r = g->route[k];
        if (group != HAUL_VRP_NONE && g->group[r] != group) continue;
        good &= state_lay(s, r, chain);
    }
    return good;
}

/* ---- what has moved ---- */

static int32_t count_stays(const struct region *g, int32_t r)
{
    const struct state *s = g->x->s;
    int32_t n = 0, prev = start_of(s->m, r);
    for (int32_t i = s->at[prev].next; is_task(s->m, i); i = s->at[i].next) {
        if (g->was_route[i] == HAUL_VRP_NONE) continue; /* it was absent: no one's neighbour */
        n += g->was_route[i] == r && g->was_prev[i] == prev;
        prev = i;
    }
    return n;
}

static void count_step(struct region *g)
{
    const struct state *s = g->x->s;
    for (int32_t k = 0; k < s->saved_n; k++) {
        const int32_t r = s->saved[k].route;
        g->stayed[r] = g->stays[r];
        g->stays[r] = count_stays(g, r);
        g->staying += g->stays[r] - g->stayed[r];
    }
}

static void uncount_step(struct region *g)
{
    const struct state *s = g->x->s;
    for (int32_t k = 0; k < s->saved_n; k++) {
        const int32_t r = s->saved[k].route;
        g->staying -= g->stays[r] - g->stayed[r];
        g->stays[r] = g->stayed[r];
    }
}

static int64_t energy_now(const struct region *g)
{
    return g->x->s->cost + g->price * (g->stops - g->staying);
}

/* ---- entering and leaving ---- */

static void keep_best(struct region *g)
{
    struct state *s = g->x->s;
    for (int32_t k = 0; k < g->routes_n; k++) {
        struct route *at = &s->route[g->route[k]];
        if (at->stale) state_read(s, g->route[k], g->best);
        at->stale = false;
    }
    g->least = g->energy;
}

/* Are the routes as they were left, and has every task that stood in them then its place there now? */
static bool untouched(const struct region *g)
{
    const struct state *s = g->x->s;
    int32_t n = 0, stood_n = 0;
    for (int32_t k = 0; k < g->routes_n; k++) {
        const int32_t r = g->route[k];
        if (s->route[r].stale) return false;
        n += s->route[r].n;
        for (int32_t i = g->stood[start_of(s->m, r)]; is_task(s->m, i); i = g->stood[i], stood_n++)
            if (s->at[i].route == HAUL_VRP_NONE || !g->only[s->at[i].route]) return false;
    }
    return n == stood_n;
}

static void note_route(struct region *g, int32_t r)
{
    const struct state *s = g->x->s;
    state_read(s, r, g->was);
    state_read(s, r, g->best);
    g->was_cost[r] = s->route[r].cost;
    g->stays[r] = s->route[r].n;
    g->stops += s->route[r].n;
    for (int32_t i = s->at[start_of(s->m, r)].next; is_task(s->m, i); i = s->at[i].next) {
        g->was_prev[i] = s->at[i].prev;
        g->was_route[i] = r;
        if (s->at[i].pos > s->route[r].frozen) g->task[g->tasks_n++] = i;
    }
}

/* A route that nothing could mend is no one's to improve. True: there is one. */
static bool drop_broken(struct region *g)
{
    const int32_t all = g->routes_n;
    int32_t n = 0;
    for (int32_t k = 0; k < g->routes_n; k++) {
        const int32_t r = g->route[k];
        if (state_update(g->x->s, r))
            g->route[n++] = r;
        else
            g->only[r] = 0;
    }
    g->routes_n = n;
    return n < all;
}

static void restrict_search(struct region *g)
{
    struct search *x = g->x;
    int32_t idle = 0;
    for (int32_t k = 0; k < g->routes_n; k++) idle += x->s->route[g->route[k]].n == 0;
    x->find.only = g->only;
    x->find.routes_max = x->s->used_n + idle;
    x->find.blinks = true;
    x->tries = ABSENT;
}

static void free_search(struct search *x)
{
    x->find.only = NULL;
    x->find.routes_max = INT32_MAX;
    x->find.blinks = false;
    x->tries = INT32_MAX;
}

static void enter(struct region *g)
{
    struct state *s = g->x->s;
    bool same = g->left && untouched(g);
    state_begin(s);
    if (drop_broken(g)) same = false;
    g->tasks_n = g->stops = 0;
    for (int32_t i = 0; i < s->absent_n; i++) g->was_route[s->absent[i]] = HAUL_VRP_NONE;
    for (int32_t k = 0; k < g->routes_n; k++) note_route(g, g->route[k]);
    g->staying = g->stops;
    g->was_energy = g->least = s->cost;
    if (same && !put(g, g->stood, HAUL_VRP_NONE)) put(g, g->was, HAUL_VRP_NONE); /* ways have changed */
    count_step(g);
    g->energy = energy_now(g);
    restrict_search(g);
    g->entered = true;
}

static int32_t group_of(struct region *g, int32_t r)
{
    while (g->group[r] != r) r = g->group[r] = g->group[g->group[r]];
    return r;
}

/* Routes between which a stop has moved are taken or left together. */
static void join_groups(struct region *g)
{
    const struct state *s = g->x->s;
    for (int32_t k = 0; k < g->routes_n; k++) g->group[g->route[k]] = g->route[k];
    for (int32_t k = 0; k < g->routes_n; k++) {
        const int32_t r = g->route[k];
        for (int32_t i = s->at[start_of(s->m, r)].next; is_task(s->m, i); i = s->at[i].next)
            if (g->was_route[i] != HAUL_VRP_NONE) g->group[group_of(g, r)] = group_of(g, g->was_route[i]);
    }
    for (int32_t k = 1; s->m->docks && k < g->routes_n; k++) /* what waits for what at a dock is not known */
        g->group[group_of(g, g->route[k])] = group_of(g, g->route[0]);
    for (int32_t k = 0; k < g->routes_n; k++) g->group[g->route[k]] = group_of(g, g->route[k]);
}

/* What a route's change gains for its group, beyond the price of the moves. */
static void add_gain(struct region *g, int32_t r)
{
    const struct state *s = g->x->s;
    int64_t *gain = &g->gain[g->group[r]];
    *gain += g->was_cost[r] - s->route[r].cost;
    *gain += g->price * g->stays[r];
    for (int32_t i = g->was[start_of(s->m, r)]; is_task(s->m, i); i = g->was[i]) {
        *gain -= g->price;
        if (s->at[i].route == HAUL_VRP_NONE) *gain -= s->m->nodes[i].penalty;
    }
    for (int32_t i = s->at[start_of(s->m, r)].next; is_task(s->m, i); i = s->at[i].next)
        if (g->was_route[i] == HAUL_VRP_NONE) *gain += s->m->nodes[i].penalty;
}

static void merge(struct region *g)
{
    bool good = put(g, g->best, HAUL_VRP_NONE);
    assert(good);
    for (int32_t k = 0; k < g->routes_n; k++) {
        const int32_t r = g->route[k];
        g->stays[r] = count_stays(g, r);
        g->gain[r] = 0;
    }
    join_groups(g);
    for (int32_t k = 0; k < g->routes_n; k++) add_gain(g, g->route[k]);
    for (int32_t k = 0; k < g->routes_n; k++) {
        const int32_t r = g->route[k];
        if (g->group[r] == r && g->gain[r] <= 0) good = put(g, g->was, r);
        assert(good);
    }
}

void region_leave(struct region *g)
{
    if (!g->entered) return;
    struct state *s = g->x->s;
    for (int32_t k = 0; k < g->routes_n; k++) state_read(s, g->route[k], g->stood);
    state_begin(s);
    if (g->least < g->was_energy)
        merge(g);
    else
        put(g, g->was, HAUL_VRP_NONE);
    for (int32_t k = 0; k < g->routes_n; k++) s->route[g->route[k]].stale = false;
    free_search(g->x);
    g->entered = false;
    g->left = true;
    assert(s->cost <= g->was_energy);
}

/* ---- one step ---- */

/* Docks may have sent others home. */
static bool inside(const struct region *g)
{
    const struct state *s = g->x->s;
    for (int32_t k = 0; k < s->saved_n; k++)
        if (!g->only[s->saved[k].route]) return false;
    return true;
}

static bool accepts(const struct region *g, int64_t energy)
{
    const double from = g->length < (int64_t)LENGTHY / 2 * g->tasks_n ? hot_brief : hot;
    const double share = (double)g->steps / (double)g->length;
    return search_accepts(g->x, energy - g->energy, (double)g->x->m->cost_mean * from, cold / from, share);
}

static void anneal(struct region *g)
{
    struct search *x = g->x;
    const int32_t seed = g->task[haul_rng_below(&x->rng, (uint64_t)g->tasks_n)];
    if (!search_try(x, seed, CUT) || !inside(g)) {
        state_back(x->s);
        return;
    }
    count_step(g);
    const int64_t energy = energy_now(g);
    if (!accepts(g, energy)) {
        uncount_step(g);
        state_back(x->s);
        return;
    }
    g->energy = energy;
    if (energy < g->least) keep_best(g);
}

void region_step(struct region *g, int64_t left)
{
    if (!g->entered && !g->urgent && g->stirred_n > 0) g->open = false; /* an event's place comes first */
    if (!g->open) open_region(g, left);
    if (!g->entered) enter(g);
    if (g->tasks_n > 0) anneal(g);
    if (++g->steps < g->length && g->tasks_n > 0) return;
    region_leave(g);
    g->open = false;
}

void region_stir(struct region *g, int32_t task)
{
    if (g->stirred_n == STIRRED) {
        memmove(g->stirred, g->stirred + 1, sizeof g->stirred - sizeof g->stirred[0]);
        g->stirred_n--;
    }
    g->stirred[g->stirred_n++] = task;
}
