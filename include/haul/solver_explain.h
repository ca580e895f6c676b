/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * Why a task is not served: the rule that stands in the way and by how much. Every answer is checked by the library
 * itself: give way by that much and the task goes in at that place.
 */
#ifndef HAUL_SOLVER_EXPLAIN_H
#define HAUL_SOLVER_EXPLAIN_H

#include "haul/solver.h"

enum haul_fault_kind {
#define HAUL_FAULT(name, unit, sentence) HAUL_FAULT_##name,
#include "haul/solver_faults.def"
#undef HAUL_FAULT
};

struct haul_fault {
    enum haul_fault_kind kind;
    int32_t vehicle;
    int32_t task;   /* where it shows, or HAUL_VRP_NONE: the whole route */
    int32_t dim;    /* of a load; which of the vehicle's breaks */
    int64_t amount; /* by how much the limit would have to give way, in the problem's units */
};

/* Name ("TOO_LATE"), unit ("time", "load", "distance", …) and sentence. Static strings. */
const char *haul_fault_name(enum haul_fault_kind kind);
const char *haul_fault_unit(enum haul_fault_kind kind);
const char *haul_fault_sentence(enum haul_fault_kind kind);

#define HAUL_FAULTS_MAX 8

/* The way of serving a task that needs least. With faults_n = 0 it could be served: the plan that was given leaves it
 * out for its cost. */
struct haul_vrp_reason {
    int32_t task;    /* unserved; of a shipment its pickup */
    int32_t vehicle; /* the one that comes nearest, HAUL_VRP_NONE: no vehicle has its skills or could carry it at all */
    int32_t after;   /* it would stand behind this task of the vehicle, HAUL_VRP_NONE: first */
    int32_t delivery_after; /* of a shipment: behind which task its delivery would stand, the pickup itself included */
    int64_t extra_cost;     /* of the route, without regard to the faults */
    struct haul_fault faults[HAUL_FAULTS_MAX];
    int32_t faults_n;
};

/* One reason for each unserved job and shipment of the plan, in order; the caller frees *out with free(). Any thread.
 */
enum haul_err haul_explain(const struct haul_problem *p, const struct haul_vrp_plan *plan, struct haul_vrp_reason **out,
                           int32_t *n, struct haul_error *e);

#endif
