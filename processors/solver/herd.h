/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * Several plans with the fewest vehicles, bred: children take whole routes of either parent (selective route exchange:
 * Nagata and Kobayashi, A memetic algorithm for the pickup and delivery problem with time windows using selective route
 * exchange crossover, PPSN 2010), are completed by ejections and improved by ruin and recreate. Where vehicles are
 * scarce, a single search hardly leaves the region it begins in. So the first plans are each searched with a vehicle
 * more before it is given up again, of two that have become the same one gives up whole routes that are placed anew,
 * and requests are left out for a while at a price. One thread.
 */
#ifndef HAUL_SOLVER_HERD_H
#define HAUL_SOLVER_HERD_H

#include "processors/solver/search.h"

struct herd;

/* Begins from the search's best at x->share, and works on its state. */
struct herd *herd_new(struct search *x);
void herd_free(struct herd *h);

/* One step of ruin and recreate, or the beginning of another plan. True: a new best. */
bool herd_step(struct herd *h);

#endif
