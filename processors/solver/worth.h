/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * What tasks are worth: the dual prices of set partitioning when routes may be driven in parts, each task being served
 * once in all. Primal simplex with an explicit inverse (Dantzig 1963). It goes on from where it ended the last time; of
 * columns that are gone by then some may still count, which makes the prices no better than with them. One thread.
 */
#ifndef HAUL_SOLVER_WORTH_H
#define HAUL_SOLVER_WORTH_H

#include <stdint.h>

struct column { /* a route: what it costs, and its tasks */
    double cost;
    const int32_t *tasks;
    int32_t n;
};

struct worth;

/* `guess`: of what the tasks are worth, [tasks]. The nearer, the sooner it is done. */
struct worth *worth_new(int32_t tasks, const double *guess);
void worth_free(struct worth *w);

/* The prices under the columns column(arg, 0 … n-1). No plan of these costs less than what it returns: the worth of all
 * tasks, less what columns save that cost less than the worth of theirs. *looks: it adds how many looks at tasks of
 * columns it took. */
double worth_solve(struct worth *w, int32_t n, struct column (*column)(const void *arg, int32_t k), const void *arg,
                   int64_t *looks);

/* [tasks], of that bound, which is the best that was seen; until the next solve. */
const double *worth_prices(const struct worth *w);

#endif
