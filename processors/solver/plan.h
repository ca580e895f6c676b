/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * From the state of a search to a plan, and from lists of stops to a state.
 */
#ifndef HAUL_SOLVER_PLAN_H
#define HAUL_SOLVER_PLAN_H

#include "processors/solver/search.h"

/* HAUL_E_CONFLICT: the docks cannot be shared so that all leave in time; *e says where. */
enum haul_err plan_from(const struct state *s, struct haul_vrp_plan *out, struct haul_error *e);

/* Puts the tasks of the vehicles' steps. What does not keep every rule is left absent, but HAUL_E_CONFLICT where it is
 * frozen. */
enum haul_err plan_first_steps(struct state *s, struct haul_error *e);

#endif
