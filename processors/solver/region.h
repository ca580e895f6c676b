/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * A live plan improved a region at a time: the routes round some place, and no others, are annealed by ruin and
 * recreate on a schedule of their own (Taillard and Voss 2002, POPMUSIC; Santini, Schneider, Vidal and Vigo 2023), and
 * what is better is merged. Where an event has changed the plan comes first, then where no region was for long. The
 * search works in the plan itself, which holds all that has happened to it: frozen heads, loads on board, the ways as
 * they are now. One thread.
 *
 * What is sought is the least sum of the cost and the price of every stop that moves. Routes between which no stop has
 * gone to and fro are judged apart: a change that does not pay for its moves is taken back, whatever another has saved.
 *
 * A region may stay open while events change the plan. It is left before them, and what was found so far is merged; it
 * is entered again after them, and goes on from where it stood, or from the plan as it is now where an event has
 * touched its routes.
 */
#ifndef HAUL_SOLVER_REGION_H
#define HAUL_SOLVER_REGION_H

#include "processors/solver/search.h"

struct region;

/* Of the plan of x, which must outlive it. `gone` [tasks_cap]: where no task stands. */
struct region *region_new(struct search *x, const bool *gone, int64_t price_of_move);
void region_free(struct region *g);

/* An event has changed the plan at the task: a region comes there soon. */
void region_stir(struct region *g, int32_t task);

/* One step of the search, of `left` that there are to come: opens a region first when none is, and closes it after its
 * last step. From here until region_leave the plan must not be looked at. */
void region_step(struct region *g, int64_t left);

/* The plan is as it was when it was looked at last, or better by more than the moves cost. */
void region_leave(struct region *g);

#endif
