/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * Fewer vehicles by ejections: a request (a job, or a shipment with both its stops) that finds no place is put where
 * others have to leave for it, those that were easiest to place so far (guided ejection search: Nagata and Braysy, A
 * powerful route minimization heuristic, Operations Research Letters 2009; Nagata and Kobayashi, Guided ejection search
 * for the pickup and delivery problem with time windows, EvoCOP 2010). Ours differs in that the plan keeps every rule
 * all the time: nothing is squeezed in at a price and mended; between ejections it changes by ruin and recreate instead
 * of random moves, which keeps it near good ones. One thread.
 */
#ifndef HAUL_SOLVER_EJECT_H
#define HAUL_SOLVER_EJECT_H

#include "processors/solver/search.h"

enum {
    EJECTED_MAX = 2,       /* requests that leave for one */
    STEPS_AN_EJECTION = 32 /* an ejection takes about as long as so many steps of ruin and recreate */
};

struct ejection {
    int64_t sum; /* of how hard those that leave are to place */
    int32_t route, out[EJECTED_MAX], out_n;
};

struct pool {
    int32_t *stack, n; /* [tasks_cap] requests without a route; the last is tried first */
    int32_t *requests; /* [tasks_cap] of one route */
    int32_t *routes;   /* [vehicles] where the request is tried */
};

struct pool *eject_pool_new(const struct model *m);
void eject_pool_free(struct pool *p);

/* The ejection of the least sum with which the request has a place in one of the routes; `out` is what leaves. False:
 * there is none. The plan stays as it is. */
bool eject_find(struct search *x, struct pool *p, int32_t request, struct ejection *out);

/* One absent request is put in, with an ejection where it must be. False: it has no place even so, or nothing is
 * absent. */
bool eject_step(struct search *x, struct pool *p);

/* So many steps of ruin and recreate, rather warm. */
void eject_walk(struct search *x, int32_t steps);

/* For the fewest vehicles. A step looks for a plan with one vehicle less than the best has; once there is one, it is
 * the best, and another route is given up: the one whose tasks were the easiest to place. fewer_begin begins it, and
 * fewer_end ends it: the state is then the best plan, whose number of vehicles is kept. */
void fewer_begin(struct search *x);
void fewer_step(struct search *x);
void fewer_end(struct search *x);

#endif
