/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * The routes that keep every rule of all plans that were bred, and the cheapest plan that can be put together of them:
 * set partitioning over the routes that a search has seen (Rochat and Taillard 1995; Subramanian, Uchoa and Ochi 2013).
 * What the tasks are worth comes from the linear relaxation (worth.h). By that, routes that nobody has seen are made of
 * those with one task less or more, as columns are generated; then the plans are enumerated depth first, within limits
 * that rise and a number of looks at routes. One thread.
 */
#ifndef HAUL_SOLVER_ROUTES_H
#define HAUL_SOLVER_ROUTES_H

#include "processors/solver/loose.h"

struct routes;
struct routes *routes_new(const struct loose *l);
void routes_free(struct routes *q);

/* Learns the routes that stand in l. */
void routes_learn(struct routes *q, const struct loose *l);

/* A plan of known routes that costs less than `cost`: it stands in l then, and true. *looks: at routes and their tasks,
 * how many it took. */
bool routes_combine(struct routes *q, struct loose *l, int64_t cost, int64_t *looks);

#endif
