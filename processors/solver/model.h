/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * A problem made ready for the search: flat arrays, vehicles that are alike as one type, near tasks as lists. Constant
 * while it is searched, so that several threads share it.
 *
 * Places are tasks 0..tasks_cap-1 and then two ends a vehicle: start_of(v), end_of(v). The location `nowhere` is no way
 * from everywhere: open routes begin and end there.
 */
#ifndef HAUL_SOLVER_MODEL_H
#define HAUL_SOLVER_MODEL_H

#include "haul/solver_live.h"
#include "processors/solver/problem.h"

#define NEAR_MAX 100 /* tasks in a list of near ones */

struct node {
    int32_t loc, mate;
    int32_t win, win_n;     /* windows[win .. win + win_n) */
    int64_t open, close;    /* of the first and the last window */
    int64_t setup, service; /* service of class 0 */
    int64_t size;           /* of the first amount, delivery and pickup */
    int64_t penalty;        /* of leaving it out; a shipment's stands at its pickup */
    int64_t exposure_max;
    enum haul_vrp_task_kind kind;
    int32_t vehicle; /* the only one that may serve it (its load is on board), or HAUL_VRP_NONE */
    bool must;       /* be served: no prize is lost instead */
};

struct vtype {
    const int32_t *m1, *m2; /* the cost of a way is c1 * m1 + c2 * m2; m2 may be NULL */
    int64_t c1, c2;
    const int32_t *time, *distance;
    bool symmetric; /* m1, m2 and time are */
    bool exact;     /* needs schedule(): pauses, reloads, speeds by time of day, energy, exposure, paid duration */
    bool limited;   /* has a greatest distance, travel, duration or number of tasks */
    bool reloads;
    int32_t start, end; /* locations */
    int32_t class;
    int64_t capacity[HAUL_DIMS];
    const struct haul_vrp_vehicle *v;
    int64_t ready;                    /* leaves its start no earlier */
    bool started;                     /* and at just that time */
    const struct haul_speeds *speeds; /* NULL: none */
    const uint8_t *fits;              /* [tasks_cap] may serve the task as far as skills, size and shift go */
};

struct model {
    const struct haul_problem *p;
    int32_t tasks, tasks_cap, vehicles, types, stride, nowhere, dims, classes, near;
    struct node *nodes;
    int64_t *amounts;  /* [tasks_cap][2][dims]: delivery, pickup */
    int64_t *services; /* [tasks_cap][classes], NULL with one class */
    struct haul_window *windows;
    struct vtype *type; /* [types] */
    int32_t *type_of;   /* [vehicles] */
    int32_t *near_way;  /* [tasks_cap][near] nearest first by distance: what is torn out together */
    int32_t *near_put;  /* [tasks_cap][near] by distance and time: between which it is put */
    int32_t *near_n;    /* [tasks_cap] how many are in both lists */
    bool timed;         /* windows or shifts bind at all */
    bool pairs;         /* there are shipments */
    bool jobs;          /* there are tasks that are no half of one, or may come */
    bool mixed_load;    /* loads both fall and rise along a route: the sum alone does not decide */
    bool setups;
    bool plain; /* one type of vehicle without anything but the first amount to ask for */
    bool docks;
    uint8_t
        *sisters; /* [types][types] alike but for capacity, skills and cost: a route can change from one to the other */
    bool mixed_fleet;     /* there are such */
    int64_t cost_mean;    /* of a short way: what a cost is compared with */
    int64_t penalty_unit; /* of what must be served */
    int64_t *hold;        /* [tasks_cap] a frozen stop is not left before; NULL: nothing is frozen in time */
    void **owned;         /* tables and fits */
    int32_t owned_n, owned_cap;
};

/* HAUL_E_NOMEM. Refers to p. `spare`: tasks and locations that may still come. */
enum haul_err model_new(const struct haul_problem *p, int32_t spare, struct model **out, struct haul_error *e);
/* Without the lists of near tasks: to time routes, not to search. */
enum haul_err model_new_plain(const struct haul_problem *p, struct model **out, struct haul_error *e);
void model_free(struct model *m);

/* For tasks that come later: fills the node and its lists of near tasks, and sets it into theirs. `windows`: where in
 * m->windows. */
void model_set_task(struct model *m, int32_t i, const struct haul_vrp_task *t, int32_t window);
void model_set_near(struct model *m, int32_t i);
void model_set_ways(struct model *m, const struct haul_way *ways,
                    int32_t n); /* of a model with spare room: it owns its tables */
/* Do loads along a route both fall and rise, or only fall (deliveries alone), or only rise? Then the sum decides. */
bool model_mixes_loads(const struct model *m);
bool model_fits_alone(const struct model *m, const struct vtype *t, int32_t task, const uint64_t *skills);

static inline int32_t start_of(const struct model *m, int32_t v)
{
    return m->tasks_cap + 2 * v;
}
static inline int32_t end_of(const struct model *m, int32_t v)
{
    return m->tasks_cap + 2 * v + 1;
}
static inline bool is_task(const struct model *m, int32_t place)
{
    return place < m->tasks_cap;
}

static inline int64_t cell(const struct model *m, int32_t a, int32_t b)
{
    return (int64_t)a * m->stride + b;
}
/* The same, in the row of `to` where the table is the same both ways: a row that is asked again and again stays in the
 * cache. */
static inline int64_t cell_to(const struct model *m, const struct vtype *t, int32_t from, int32_t to)
{
    return t->symmetric ? cell(m, to, from) : cell(m, from, to);
}
static inline int64_t way_cost(const struct vtype *t, int64_t k)
{
    const int64_t c = t->c1 * t->m1[k];
    return t->m2 == NULL ? c : c + t->c2 * t->m2[k];
}

/* A job, or a shipment by its pickup. */
static inline bool is_request(const struct node *n)
{
    return n->mate == HAUL_VRP_NONE || n->kind == HAUL_VRP_PICKUP;
}

static inline int64_t service_of(const struct model *m, const struct vtype *t, int32_t task)
{
    return m->services == NULL ? m->nodes[task].service : m->services[(int64_t)task * m->classes + t->class];
}
static inline const int64_t *delivery_of(const struct model *m, int32_t task)
{
    return m->amounts + (int64_t)task * 2 * m->dims;
}
static inline const int64_t *pickup_of(const struct model *m, int32_t task)
{
    return delivery_of(m, task) + m->dims;
}

static inline int64_t held(const struct model *m, int32_t task, int64_t leave)
{
    return m->hold != NULL && m->hold[task] > leave ? m->hold[task] : leave;
}

/* When a stop that is reached at `arrival` begins; beyond close: INT64_MAX. */
static inline int64_t begin_at(const struct model *m, const struct node *n, int64_t arrival)
{
    if (n->win_n <= 1) return arrival > n->close ? INT64_MAX : arrival > n->open ? arrival : n->open;
    for (int32_t w = n->win; w < n->win + n->win_n; w++)
        if (arrival <= m->windows[w].close) return arrival > m->windows[w].open ? arrival : m->windows[w].open;
    return INT64_MAX;
}

/* The latest beginning at or before `latest`; INT64_MIN: none. */
static inline int64_t begin_by(const struct model *m, const struct node *n, int64_t latest)
{
    if (n->win_n <= 1) return latest < n->open ? INT64_MIN : latest < n->close ? latest : n->close;
    for (int32_t w = n->win + n->win_n - 1; w >= n->win; w--)
        if (latest >= m->windows[w].open) return latest < m->windows[w].close ? latest : m->windows[w].close;
    return INT64_MIN;
}

#endif
