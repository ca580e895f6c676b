/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * Plans kept for the genetic search: those that keep every rule and those that do not, in two groups. Who stays is
 * decided by cost and by how different a plan is from those most like it (Vidal, Crainic, Gendreau, Lahrichi and Rei
 * 2012). One thread.
 */
#ifndef HAUL_SOLVER_POPULATION_H
#define HAUL_SOLVER_POPULATION_H

#include "processors/solver/loose.h"

enum { GROUP_LEAST = 25, GROUP_MORE = 40, GROUP_MAX = GROUP_LEAST + GROUP_MORE };

struct individual {
    int32_t *next, *prev; /* [tasks] HAUL_VRP_NONE: an end */
    int32_t *first;       /* [runs] HAUL_VRP_NONE: not used */
    struct loose_sum sum;
    bool keeps; /* every rule */
};

struct group {
    struct individual one[GROUP_MAX];
    int32_t n, added;
    double away[GROUP_MAX][GROUP_MAX]; /* share of links that differ */
    double merit[GROUP_MAX];           /* the less the better */
};

struct population {
    const struct loose *l;
    struct group keeping, breaking;
    struct individual best; /* keeps every rule; cost INT64_MAX: none so far */
    struct individual born_last;
    int32_t born, kept_load, kept_warp, kept_span; /* since the prices changed last */
};

void population_init(struct population *p, const struct loose *l);
void population_free(struct population *p);
/* Begins anew; the best stays. */
void population_clear(struct population *p);

/* Adds the plan that stands in l. True: it is the best that keeps every rule. */
bool population_add(struct population *p);

/* Two different ones, each the better of two. */
void population_parents(struct population *p, const struct individual **a, const struct individual **b);

/* Dearer what is kept too seldom, cheaper what is kept too often; once every few births. */
void population_price(struct population *p, struct loose *l);

/* The plan as it stood in l. */
void individual_load(const struct individual *from, struct loose *l);

/* A child of both in l: some routes of a near a place give way to those of b that serve mostly the same tasks
 * (selective route exchange: Nagata, Bräysi and Dullaert 2010). */
void population_cross(const struct population *p, const struct individual *a, const struct individual *b,
                      struct loose *l);

#endif
