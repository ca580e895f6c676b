/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * Hybrid genetic search for small problems and parts of large ones (Vidal 2022; Kool, Juninck, Roos, Cornelissen,
 * Agterberg, van Hoorn and Visser 2022 for time windows): short ruin-and-recreate searches and random plans are the
 * first population, then two parents have a child, a local search that may break rules at a price brings it up, and the
 * population keeps the cheap and the different. Of all routes that were seen the best plan is put together now and then
 * (routes.h). One thread.
 */
#ifndef HAUL_SOLVER_GENETIC_H
#define HAUL_SOLVER_GENETIC_H

#include "processors/solver/search.h"

/* Is the search of x of a kind for it? After the first plan. */
bool genetic_suits(const struct search *x);
/* And is it small enough for the time? `steps`: about so many of ruin and recreate could be done in it. */
bool genetic_fits(const struct search *x, int64_t steps);

/* `seeds`: some of the time goes to plans of ruin and recreate; otherwise the plan of x is the only one that is known.
 */
struct genetic *genetic_new(struct search *x, bool seeds);
void genetic_free(struct genetic *g);

/* One step, by x->share: of ruin and recreate, or a child. True: a new best. */
bool genetic_step(struct genetic *g);

#endif
