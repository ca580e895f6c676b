/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * The inside of a problem, for the library's own files.
 */
#ifndef HAUL_SOLVER_PROBLEM_H
#define HAUL_SOLVER_PROBLEM_H

#include "haul/solver.h"

struct table {
    int32_t *time, *distance; /* [locations * locations]; may be the same pointer */
};

struct haul_problem {
    struct haul_vrp_task *tasks;
    struct haul_vrp_vehicle *vehicles;
    struct haul_speeds *speeds;
    struct table *tables; /* [profiles_n] */
    int32_t *docks;
    double *lon_deg, *lat_deg; /* [locations], NULL: not known */
    void **kept;               /* what the adds copied */
    int32_t tasks_n, vehicles_n, locations_n, profiles_n, docks_n, dims, classes;
    size_t kept_n;
    struct haul_scales scales;
};

/* A task may begin only within `to` besides. HAUL_E_CONFLICT: none of its windows reaches into it; HAUL_E_NOMEM. */
enum haul_err problem_narrow(struct haul_problem *p, int32_t task, struct haul_window to, struct haul_error *e);

/* Grows an array that holds n elements to hold one more; doubles. NULL: no memory, the old one stays. */
void *solver_room(void *array, size_t n, size_t size);

#endif
