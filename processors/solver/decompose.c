/* SPDX-License-Identifier: Apache-2.0
 * Parts of a large plan: which routes are taken together, the problem they make, and the way back.
 */
#include "processors/solver/decompose.h"

#include "processors/solver/genetic.h"
#include "processors/solver/plan.h"

#include <stdlib.h>

enum {
    PART = 200,       /* tasks of a part for ruin and recreate */
    PART_BRED = 120,  /* with more of them the genetic search is slow to find better ones */
    ROUTES_LEAST = 5, /* in a part, though there be more tasks, but no more than LONGER times as many */
    LONGER = 3,
    VISIT = 50,         /* steps a task: takes far longer than making the part */
    VISITS = 12,        /* at least so often each place is in a part, if need be for a shorter time */
    BREED = 1000,       /* steps a task: in which a first population and its children come together */
    BREED_LEAST = 2000, /* with less for each task the time is better spent on ruin and recreate */
    RUIN_LEAST = 800,   /* steps a task come first */
    BRANCH = 12,        /* near tasks of each task by which a part grows */
    DRAWS = 6,          /* places that are drawn for a part: the one that was least in parts yet is taken */
    SPARE_A_TYPE = 2,   /* vehicles that a part may use beyond its own */
    SPARE_MAX = 12
};

static const double ruin_share = 0.2;

/* The routes of a part as a problem of their own. What the tasks and vehicles point to is the whole's. */
struct part {
    struct haul_problem p;
    struct model *m;
    struct search x;
    struct genetic *g;                  /* NULL: ruin and recreate */
    int32_t *task, *vehicle, *location; /* of the whole, by their numbers here */
    int32_t *steps;                     /* [tasks] of all vehicles one behind the other */
    struct haul_reload *reloads;
    int32_t reloads_n;
    int64_t left; /* steps */
    bool open;
};

struct parts {
    struct search *x;
    struct parts_plan plan;
    bool bred;         /* parts are being bred */
    int32_t *times;    /* [tasks] in how many parts it was */
    int32_t *task_as;  /* [tasks] its number in the part, or HAUL_VRP_NONE */
    int32_t *place_as; /* [locations] */
    uint8_t *route_in; /* [vehicles] */
    struct part part;
};

struct parts_plan parts_plan_for(const struct search *x, int64_t steps)
{
    const int64_t each = steps / (x->m->tasks + 1);
    struct parts_plan plan = {
        .tasks = PART, .breed_tasks = PART_BRED, .steps = VISIT, .breed_steps = BREED, .breed_from = 2};
    if (each < VISIT * VISITS) plan.steps = (int32_t)(each / VISITS) + 1;
    if (each >= BREED_LEAST && genetic_suits(x))
        plan.breed_from = ruin_share * (double)each < RUIN_LEAST ? RUIN_LEAST / (double)each : ruin_share;
    return plan;
}

bool parts_fit(const struct search *x, const struct parts_plan *plan)
{
    return x->m->tasks >= 2 * plan->tasks && !x->m->docks && x->find.only == NULL && x->best.used_n > 2;
}

bool parts_closed(const struct parts *q)
{
    return !q->part.open;
}

bool parts_breed(const struct parts *q)
{
    return q->x->share >= q->plan.breed_from;
}

struct parts *parts_new(struct search *x, const struct parts_plan *plan)
{
    const struct haul_problem *p = x->m->p;
    struct parts *q = need(1, sizeof *q);
    const size_t tasks = (size_t)p->tasks_n, vehicles = (size_t)p->vehicles_n, locations = (size_t)p->locations_n;
    size_t reloads = 0;
    for (size_t v = 0; v < vehicles; v++) reloads += (size_t)p->vehicles[v].reloads_n;
    q->x = x;
    q->plan = *plan;
    q->times = need(tasks, sizeof *q->times);
    q->task_as = need(tasks, sizeof *q->task_as);
    q->place_as = need(locations, sizeof *q->place_as);
    q->route_in = need(vehicles, 1);
    for (size_t i = 0; i < tasks; i++) q->task_as[i] = HAUL_VRP_NONE;
    for (size_t i = 0; i < locations; i++) q->place_as[i] = HAUL_VRP_NONE;
    struct part *t = &q->part;
    t->task = need(tasks, sizeof *t->task);
    t->vehicle = need(vehicles, sizeof *t->vehicle);
    t->location = need(locations, sizeof *t->location);
    t->steps = need(tasks, sizeof *t->steps);
    t->reloads = need(reloads, sizeof *t->reloads);
    t->p.tasks = need(tasks, sizeof *t->p.tasks);
    t->p.vehicles = need(vehicles, sizeof *t->p.vehicles);
    t->p.tables = need((size_t)p->profiles_n, sizeof *t->p.tables);
    return q;
}

/* ---- which routes ---- */

static void take_task(struct parts *q, int32_t i)
{
    struct part *t = &q->part;
    q->task_as[i] = t->p.tasks_n;
    q->times[i]++;
    t->task[t->p.tasks_n++] = i;
}

static void take_route(struct parts *q, int32_t r)
{
    const struct state *s = q->x->s;
    struct part *t = &q->part;
    q->route_in[r] = 1;
    t->vehicle[t->p.vehicles_n++] = r;
    for (int32_t i = s->at[start_of(s->m, r)].next; is_task(s->m, i); i = s->at[i].next) take_task(q, i);
}

/* What is absent comes along when its place is near, a shipment as a whole. */
static void take_absent(struct parts *q, int32_t i)
{
    const struct model *m = q->x->m;
    const int32_t mate = m->nodes[i].mate, first = m->nodes[i].kind == HAUL_VRP_DELIVERY ? mate : i;
    take_task(q, first);
    if (mate != HAUL_VRP_NONE) take_task(q, m->nodes[first].mate);
}

static int32_t draw_place(struct parts *q)
{
    struct search *x = q->x;
    int32_t least = HAUL_VRP_NONE;
    for (int32_t k = 0; k < DRAWS; k++) {
        const int32_t i = (int32_t)haul_rng_below(&x->rng, (uint64_t)x->m->tasks);
        if (least == HAUL_VRP_NONE || q->times[i] < q->times[least]) least = i;
    }
    return least;
}

static void take_at(struct parts *q, int32_t i)
{
    const int32_t r = q->x->s->at[i].route;
    if (r == HAUL_VRP_NONE && q->task_as[i] == HAUL_VRP_NONE)
        take_absent(q, i);
    else if (r != HAUL_VRP_NONE && !q->route_in[r])
        take_route(q, r);
}

static bool part_is_full(const struct parts *q)
{
    const struct haul_problem *p = &q->part.p;
    const int32_t tasks = parts_breed(q) ? q->plan.breed_tasks : q->plan.tasks;
    return p->tasks_n >= tasks && (p->vehicles_n >= ROUTES_LEAST || p->tasks_n >= LONGER * tasks);
}

/* Routes grow round a place from near task to near task. */
static void choose_routes(struct parts *q)
{
    const struct model *m = q->x->m;
    struct part *t = &q->part;
    take_at(q, draw_place(q));
    for (int32_t k = 0; k < t->p.tasks_n && !part_is_full(q); k++) {
        const int32_t *list = m->near_way + (int64_t)t->task[k] * m->near;
        for (int32_t n = 0; n < m->near_n[t->task[k]] && n < BRANCH && !part_is_full(q); n++) take_at(q, list[n]);
    }
}

/* A few vehicles that stand idle. */
static void choose_spare(struct parts *q)
{
    const struct state *s = q->x->s;
    struct part *t = &q->part;
    int32_t room = SPARE_MAX;
    for (int32_t k = 0; k < s->m->types; k++)
        for (int32_t n = 0; n < SPARE_A_TYPE && n < s->idle_n[k] && room > 0; n++, room--)
            t->vehicle[t->p.vehicles_n++] = s->idle[s->idle_from[k] + s->idle_n[k] - 1 - n];
}

/* ---- the problem they make ---- */

static int32_t place_here(struct parts *q, int32_t location)
{
    struct part *t = &q->part;
    if (location == HAUL_VRP_NONE) return HAUL_VRP_NONE;
    if (q->place_as[location] == HAUL_VRP_NONE) {
        q->place_as[location] = t->p.locations_n;
        t->location[t->p.locations_n++] = location;
    }
    return q->place_as[location];
}

static void set_task(struct parts *q, int32_t k)
{
    struct part *t = &q->part;
    struct haul_vrp_task *to = &t->p.tasks[k];
    *to = q->x->m->p->tasks[t->task[k]];
    to->location = place_here(q, to->location);
    if (to->mate != HAUL_VRP_NONE) to->mate = q->task_as[to->mate];
}

static void set_vehicle(struct parts *q, int32_t k, int32_t *steps_n)
{
    const struct state *s = q->x->s;
    struct part *t = &q->part;
    struct haul_vrp_vehicle *to = &t->p.vehicles[k];
    const int32_t r = t->vehicle[k];
    *to = q->x->m->p->vehicles[r];
    to->start = place_here(q, to->start);
    to->end = place_here(q, to->end);
    struct haul_reload *reloads = t->reloads + t->reloads_n;
    for (int32_t i = 0; i < to->reloads_n; i++) {
        reloads[i] = to->reloads[i];
        reloads[i].location = place_here(q, reloads[i].location);
    }
    to->reloads = reloads;
    t->reloads_n += to->reloads_n;
    to->steps = t->steps + *steps_n;
    to->steps_n = state_tasks(s, r, t->steps + *steps_n);
    to->steps_frozen = s->route[r].frozen;
    for (int32_t i = 0; i < to->steps_n; i++, ++*steps_n) t->steps[*steps_n] = q->task_as[t->steps[*steps_n]];
}

static int32_t *part_of_table(const struct part *t, const int32_t *from, int32_t stride)
{
    const int32_t n = t->p.locations_n;
    int32_t *to = need((size_t)n * (size_t)n, sizeof *to);
    for (int32_t i = 0; i < n; i++) {
        const int32_t *row = from + (int64_t)t->location[i] * stride;
        for (int32_t k = 0; k < n; k++) to[i * n + k] = row[t->location[k]];
    }
    return to;
}

static void set_tables(struct parts *q)
{
    const struct haul_problem *whole = q->x->m->p;
    struct part *t = &q->part;
    for (int32_t k = 0; k < t->p.vehicles_n; k++) {
        const int32_t profile = t->p.vehicles[k].profile;
        struct table *to = &t->p.tables[profile];
        const struct table *from = &whole->tables[profile];
        if (to->time != NULL) continue;
        to->time = part_of_table(t, from->time, whole->locations_n);
        to->distance = from->distance == from->time ? to->time : part_of_table(t, from->distance, whole->locations_n);
    }
}

static void set_problem(struct parts *q)
{
    const struct haul_problem *whole = q->x->m->p;
    struct part *t = &q->part;
    int32_t steps_n = 0;
    t->reloads_n = 0;
    t->p.locations_n = 0;
    for (int32_t k = 0; k < t->p.tasks_n; k++) set_task(q, k);
    for (int32_t k = 0; k < t->p.vehicles_n; k++) set_vehicle(q, k, &steps_n);
    t->p.speeds = whole->speeds;
    t->p.docks = whole->docks;
    t->p.docks_n = whole->docks_n;
    t->p.profiles_n = whole->profiles_n;
    t->p.dims = whole->dims;
    t->p.classes = whole->classes;
    t->p.scales = whole->scales;
    set_tables(q);
}

/* ---- opening and closing ---- */

static void free_problem(struct parts *q)
{
    struct part *t = &q->part;
    for (int32_t k = 0; k < t->p.profiles_n; k++) {
        if (t->p.tables[k].distance != t->p.tables[k].time) free(t->p.tables[k].distance);
        free(t->p.tables[k].time);
        t->p.tables[k] = (struct table){NULL, NULL};
    }
    for (int32_t k = 0; k < t->p.tasks_n; k++) q->task_as[t->task[k]] = HAUL_VRP_NONE;
    for (int32_t k = 0; k < t->p.locations_n; k++) q->place_as[t->location[k]] = HAUL_VRP_NONE;
    for (int32_t k = 0; k < t->p.vehicles_n; k++) q->route_in[t->vehicle[k]] = 0;
    t->p.tasks_n = t->p.vehicles_n = t->p.locations_n = 0;
}

static void set_search(struct parts *q)
{
    const struct search *whole = q->x;
    struct search *x = &q->part.x;
    x->hot = whole->hot;
    x->cold = whole->cold;
    x->tries = whole->tries;
    x->find.near = whole->find.near;
    x->find.blinks = whole->find.blinks;
    if (whole->find.routes_max != INT32_MAX)
        x->find.routes_max = x->s->used_n + whole->find.routes_max - whole->s->used_n;
}

static void open_part(struct parts *q)
{
    struct part *t = &q->part;
    struct haul_error e;
    if (parts_breed(q) && !q->bred) {
        q->bred = true;
        memset(q->times, 0, (size_t)q->x->m->tasks * sizeof *q->times);
    }
    choose_routes(q);
    choose_spare(q);
    set_problem(q);
    enum haul_err bad = model_new(&t->p, 0, &t->m, &e);
    assert(bad == HAUL_OK); /* of the whole it could be made */
    struct state *s = state_new(t->m);
    state_begin(s);
    bad = plan_first_steps(s, &e);
    assert(bad == HAUL_OK);
    search_init(&t->x, s, haul_rng_u64(&q->x->rng));
    set_search(q);
    t->g = parts_breed(q) && genetic_suits(&t->x) ? genetic_new(&t->x, false) : NULL;
    t->left = (int64_t)(t->g != NULL ? q->plan.breed_steps : q->plan.steps) * t->p.tasks_n;
    t->open = true;
}

/* The routes of the part as chains of its places become those of the whole. */
static void put_back(struct parts *q, const int32_t *next)
{
    struct state *s = q->x->s;
    const struct part *t = &q->part;
    state_begin(s);
    for (int32_t k = 0; k < t->p.vehicles_n; k++) state_clear(s, t->vehicle[k]);
    for (int32_t k = 0; k < t->p.vehicles_n; k++) {
        int32_t last = start_of(s->m, t->vehicle[k]);
        for (int32_t i = next[start_of(t->m, k)]; is_task(t->m, i); i = next[i]) {
            state_put(s, last, t->task[i]);
            last = t->task[i];
        }
        const bool good = state_update(s, t->vehicle[k]);
        assert(good);
    }
}

bool parts_close(struct parts *q)
{
    struct part *t = &q->part;
    struct search *x = q->x;
    if (!t->open) return false;
    bool better = false;
    if (t->g != NULL) search_settle(&t->x);
    genetic_free(t->g);
    if (t->x.best.cost < t->x.s->cost) {
        put_back(q, t->x.best.next);
        if (x->s->cost < x->best.cost) kept_take(&x->best, x->s), better = true;
    }
    kept_take(&t->x.best, t->x.s);
    put_back(q, t->x.best.next);
    if (x->s->cost < x->best.cost) kept_take(&x->best, x->s), better = true;
    state_free(t->x.s);
    search_free(&t->x);
    model_free(t->m);
    free_problem(q);
    t->open = false;
    return better;
}

bool parts_step(struct parts *q)
{
    struct part *t = &q->part;
    if (!t->open) open_part(q);
    const int64_t was = t->x.iterations;
    t->x.share = q->x->share;
    t->x.warmth = q->plan.breed_from > 1 ? t->x.share : t->x.share / q->plan.breed_from;
    if (t->x.warmth > 1) t->x.warmth = 1;
    if (t->g != NULL)
        genetic_step(t->g);
    else
        search_anneal(&t->x);
    q->x->iterations += t->x.iterations - was;
    t->left -= t->x.iterations - was;
    return t->left <= 0 && parts_close(q);
}

const int32_t *parts_open(const struct parts *q, int32_t *tasks_n)
{
    *tasks_n = q->part.open ? q->part.p.tasks_n : 0;
    return q->task_as;
}

void parts_free(struct parts *q)
{
    if (q == NULL) return;
    assert(!q->part.open);
    free(q->times);
    free(q->task_as);
    free(q->place_as);
    free(q->route_in);
    free(q->part.task);
    free(q->part.vehicle);
    free(q->part.location);
    free(q->part.steps);
    free(q->part.reloads);
    free(q->part.p.tasks);
    free(q->part.p.vehicles);
    free(q->part.p.tables);
    free(q);
}
