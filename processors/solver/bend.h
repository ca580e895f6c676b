/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * Limits that give way by what a fault says: for good in a live plan, for the time of a test where it is explained why
 * a stop is not served. One thread.
 */
#ifndef HAUL_SOLVER_BEND_H
#define HAUL_SOLVER_BEND_H

#include "processors/solver/schedule.h"

/* The vehicle's breaks become a copy, which may be bent; and that is freed. */
void bend_own_breaks(struct haul_vrp_vehicle *v);
void bend_free_breaks(struct haul_vrp_vehicle *v);

/* The limit of the fault moves by `by`, the fault's amount or its negative: of the vehicle, with breaks of its own, or
 * of the fault's task. Loads, skills and what is frozen stay. */
void bend_limit(struct model *m, struct haul_vrp_vehicle *v, const struct haul_fault *f, int64_t by);

#endif
