/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * A plan while it is searched: routes as chains of places, each with what a test in constant time needs. Every route
 * that stands in a state between two operations keeps every rule.
 *
 * Operations: put (a task behind a place), cut (tasks out), update (a route after either). What they touch is saved
 * first, so that a step of the search can be taken back at the cost of what it touched. One thread.
 */
#ifndef HAUL_SOLVER_STATE_H
#define HAUL_SOLVER_STATE_H

#include "processors/solver/model.h"
#include "processors/solver/schedule.h"

#include <stdlib.h>

/* Zeroed; of none as well. */
static inline void *need(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);
    assert(p != NULL);
    return p;
}

struct place {
    int32_t prev, next;
    int32_t route; /* HAUL_VRP_NONE: not served */
    int32_t pos;   /* 0: the start */
    int64_t leave; /* earliest */
    int64_t late;  /* latest arrival with which it and all behind it are on time */
    int64_t way;   /* cost of the way here from prev */
    int32_t ride;  /* time of that way */
    int32_t loc;
};

struct route {
    int32_t type;
    int32_t n;                      /* tasks */
    int32_t frozen;                 /* the first so many stay */
    int32_t used_at;                /* in state.used, HAUL_VRP_NONE: empty */
    int64_t cost;                   /* nothing while it is empty */
    int64_t distance, travel, busy; /* of types with limits */
    int64_t load[HAUL_DIMS];        /* sum of the amounts; where loads are mixed: what it leaves with */
    int32_t saved;                  /* in the step of this number */
    uint64_t stamp;                 /* hash of its places in order */
    bool stale;                     /* differs from the best plan kept */
};

struct saved {
    int32_t route, first, n; /* its places in saved_places */
    struct route was;
};

struct state {
    const struct model *m;
    struct place *at;      /* [tasks_cap + 2 vehicles] */
    struct route *route;   /* [vehicles] */
    int64_t *room;         /* [vehicles] what a route can still take of the first amount, where loads are not mixed */
    int64_t *load;         /* [places][3][dims] where loads are mixed: when left, most up to here, most from here on */
    int32_t *used, used_n; /* routes with tasks */
    int32_t *idle, *idle_n, *idle_from,
        *idle_at; /* empty routes by type: stacks in one array, and where each route stands */
    int32_t *absent, absent_n, *absent_at;
    int64_t cost; /* of routes and of what is absent */
    /* the step that can be taken back */
    int32_t step;
    struct saved *saved;
    int32_t saved_n;
    struct place *saved_places;
    int32_t *saved_ids;
    int32_t saved_places_n;
    int32_t *saved_absent, saved_absent_n;
    int64_t saved_cost;
    int32_t *scratch; /* [tasks_cap + 2] */
};

struct state *state_new(const struct model *m);
void state_free(struct state *s);

/* A step begins: what is touched from here on can be taken back or kept. */
void state_begin(struct state *s);
void state_back(struct state *s);

/* Before anything of a route is changed. */
void state_touch(struct state *s, int32_t r);

/* Puts an absent task behind a place; takes a served one out. The route must be updated before it is asked again. */
void state_put(struct state *s, int32_t after, int32_t task);
void state_cut(struct state *s, int32_t task);
/* Takes a task out, and its mate when that is in the same route. */
void state_cut_request(struct state *s, int32_t task);
/* Takes all tasks out of a route, and updates it. */
void state_clear(struct state *s, int32_t r);

/* After puts and cuts. False: a rule is broken (a way may be longer without a stop than with it). */
bool state_update(struct state *s, int32_t r);

/* Neither frozen nor on board of this vehicle. */
bool state_may_leave(const struct state *s, int32_t r, int32_t task);

/* Updates; takes out tasks, last ones first, until no rule is broken. False: what is left may not leave. */
bool state_mend(struct state *s, int32_t r);

/* A route as a chain: next [places] of its start and its tasks. And the tasks of a chain put into the empty route,
 * which is updated. False: a rule is broken. */
void state_read(const struct state *s, int32_t r, int32_t *next);
bool state_lay(struct state *s, int32_t r, const int32_t *next);

/* A task that is new: absent from here on. One that is absent: it counts no more. */
void state_admit(struct state *s, int32_t task);
void state_dismiss(struct state *s, int32_t task);

/* After ways have changed: reads the route's anew. True: one of them has. It must be updated then. */
bool state_relink(struct state *s, int32_t r);

/* After a task that makes loads mixed has come into a model whose loads were not. */
void state_mix_loads(struct state *s);

/* The tasks of a route in order; gives their number. */
int32_t state_tasks(const struct state *s, int32_t r, int32_t *out);

/* Moves all tasks of r to the empty route q. */
void state_move_route(struct state *s, int32_t r, int32_t q);

/* An empty route of the type, or HAUL_VRP_NONE. */
static inline int32_t idle_route(const struct state *s, int32_t type)
{
    return s->idle_n[type] == 0 ? HAUL_VRP_NONE : s->idle[s->idle_from[type] + s->idle_n[type] - 1];
}

static inline int64_t *load_left(const struct state *s, int32_t place)
{
    return s->load + (int64_t)place * 3 * s->m->dims;
}
static inline int64_t *load_before(const struct state *s, int32_t place)
{
    return load_left(s, place) + s->m->dims;
}
static inline int64_t *load_behind(const struct state *s, int32_t place)
{
    return load_left(s, place) + 2 * s->m->dims;
}

static inline int64_t action_at(const struct model *m, const struct vtype *t, int32_t task, int32_t from_loc)
{
    return service_of(m, t, task) + (m->setups && from_loc != m->nodes[task].loc ? m->nodes[task].setup : 0);
}

/* ---- a plan kept aside ---- */

struct kept {
    int32_t *next; /* [places] */
    int64_t cost;
    int32_t absent_n, used_n;
};

void kept_init(struct kept *k, const struct state *s); /* a copy of s */
void kept_free(struct kept *k);
void kept_take(struct kept *k, struct state *s);       /* only the routes that changed since */
void kept_forget(struct state *s);                     /* what is taken next is taken whole */
void kept_give(const struct kept *k, struct state *s); /* s becomes the plan kept */
/* Chains [places] become the plan of s. They keep every rule. */
void state_become(struct state *s, const int32_t *next);
void kept_copy(struct kept *to, const struct kept *from, const struct model *m);

#endif
