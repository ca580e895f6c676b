/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * A live plan improved a region at a time: the routes round some place, and no others, are annealed by ruin and recreate
 * on a schedule of their own (Taillard and Voss 2002, POPMUSIC; Santini, Schneider, Vidal and Vigo 2023), and what is
 * better is merged. The search works in the plan itself, which holds all that has happened to it: frozen heads, loads on
 * board, times that ways take now. One thread.
 *
 * What is sought is the least of the cost and the price of every stop that moves. A region may stay open while events
 * change the plan: it is left before them, when what was found so far is merged, and entered again after them, where it
 * goes on from where it stood unless its routes were touched.
 */
#ifndef HAUL_SOLVER_REGION_H
#define HAUL_SOLVER_REGION_H

#include "processors/solver/search.h"

struct region;

/* Of the plan of x, which must outlive it; `gone` [tasks_cap]: no task stands here. */
struct region *region_new(struct search *x, const bool *gone, int64_t price_of_move);
void region_free(struct region *g);

void region_stir(struct region *g, int32_t task);

/* One step of the search; the plan is in the region's hands until region_leave. */
void region_step(struct region *g, int64_t left);

/* The plan is what it was when the region was entered, or better by more than the moves cost. Before anyone else looks
 * at the plan or changes it. */
void region_leave(struct region *g);

#endif
