/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * A large plan improved in parts: the routes round some place are taken as a problem of their own, a search works on
 * that for a while, and they are put back; then comes another place (Taillard and Voss 2002, POPMUSIC; Santini,
 * Schneider, Vidal and Vigo 2023). First it is ruin and recreate at the temperature of the whole, for which parts are
 * only quicker: their tables stay in the cache of a core. Then, where it suits the problem, it is the genetic search,
 * which is better than ruin and recreate on what is small. One thread.
 */
#ifndef HAUL_SOLVER_DECOMPOSE_H
#define HAUL_SOLVER_DECOMPOSE_H

#include "processors/solver/search.h"

struct parts_plan {
    int32_t tasks, breed_tasks; /* in a part, about; in one that is bred */
    int32_t steps;              /* of ruin and recreate in a part, for each of its tasks, until the next one */
    int32_t breed_steps; /* as many steps' worth of children instead, where the genetic search suits the problem */
    double breed_from;   /* the share of the whole from which on parts are bred; above 1: never */
};

/* What suits so many tasks and about so many steps. */
struct parts_plan parts_plan_for(const struct search *x, int64_t steps);

/* Can the plan of x be taken apart, and is it worth while? Not where the routes depend on one another. After the first
 * plan. */
bool parts_fit(const struct search *x, const struct parts_plan *plan);

struct parts *parts_new(struct search *x, const struct parts_plan *plan);
void parts_free(struct parts *q);

/* One step of ruin and recreate or one child, by x->share, in the part that is open; opens one first when none is, and
 * closes it after its number of steps. True: a new best of the whole, which is seen when a part is closed. */
bool parts_step(struct parts *q);

/* Is no part open? Are parts bred, so that steps are long? */
bool parts_closed(const struct parts *q);
bool parts_breed(const struct parts *q);

/* The part that is open, if one is, goes back into the whole. Before anyone else looks at the search or changes it. */
bool parts_close(struct parts *q);

/* Where the part that is open stands: for tests. HAUL_VRP_NONE in the place of a task that is in no part. */
const int32_t *parts_open(const struct parts *q, int32_t *tasks_n);

#endif
