/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * The exact timing of one route with every rule: what the search asks when constant-time tests are not enough, and what
 * makes the steps of a plan.
 */
#ifndef HAUL_SOLVER_SCHEDULE_H
#define HAUL_SOLVER_SCHEDULE_H

#include "haul/solver_explain.h"
#include "processors/solver/model.h"

#define FAULTS_MAX 16

/* What a route breaks, each with the amount by which the limit would have to give way. */
struct faults {
    struct haul_fault list[FAULTS_MAX];
    int32_t n;
    bool more; /* there were more than fit */
};

/* Steps of a route, grown as they come. */
struct step_list {
    struct haul_step *p;
    int32_t n, cap;
};

struct timing {
    struct haul_cost_split split;
    int64_t cost;
    int64_t start, end, travel, distance, waiting, service;
};

/* Times the route of `tasks` on a vehicle of type t, leaving at or after `ready` (INT64_MIN: the shift decides). With
 * faults: goes on after a broken rule and lists it; without: stops at the first. Steps may be NULL. True: nothing is
 * broken. */
bool schedule(const struct model *m, const struct vtype *t, const int32_t *tasks, int32_t n, int64_t ready,
              struct timing *out, struct faults *faults, struct step_list *steps);

/* Time that a way of `base` takes when it is begun at `t`: the integral of speed over time is `base`. Rounded up; never
 * overtakes. */
int64_t ride_time(const struct haul_speeds *s, int64_t t, int64_t base);

#endif
