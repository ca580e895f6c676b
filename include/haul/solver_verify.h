/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * Is a plan what it claims to be? Asked independently of the search: from the problem's description alone, in double
 * precision, with code of its own. Any thread.
 */
#ifndef HAUL_SOLVER_VERIFY_H
#define HAUL_SOLVER_VERIFY_H

#include "haul/solver_io.h"

/* Every rule of every route, and the cost where it is claimed. A stop without a time is timed as early as can be; a
 * route with breaks, rests or times is taken as it is claimed. HAUL_E_CONFLICT: *e names the vehicle, the stop, the
 * rule and the amount. */
enum haul_err haul_verify(const struct haul_problem *p, const struct haul_claim *claim, struct haul_error *e);

#endif
