/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * Hybrid genetic search for small problems (Vidal 2022; Kool, Juninck, Roos, Cornelissen, Agterberg, van Hoorn and
 * Visser 2022 for time windows): short ruin-and-recreate searches and random plans are the first population, then two
 * parents have a child, a local search that may break rules at a price brings it up, and the population keeps the cheap
 * and the different. One thread.
 */
#ifndef HAUL_SOLVER_GENETIC_H
#define HAUL_SOLVER_GENETIC_H

#include "processors/solver/search.h"

/* Is the search of x of a kind for it, and is there time for it? `steps`: about so many of ruin and recreate could be
 * done in the time. After the first plan. */
bool genetic_fits(const struct search *x, int64_t steps);

struct genetic *genetic_new(struct search *x);
void genetic_free(struct genetic *g);

/* One step, by x->share: of ruin and recreate, or a child. True: a new best. */
bool genetic_step(struct genetic *g);

#endif
