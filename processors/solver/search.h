/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * The search: strings of near stops are torn out of a few routes and put back one by one (SISR: Christiaens and Vanden
 * Berghe, Slack induction by string removals for vehicle routing problems, Transportation Science 2020), accepted as
 * simulated annealing does. One thread a search.
 */
#ifndef HAUL_SOLVER_SEARCH_H
#define HAUL_SOLVER_SEARCH_H

#include "processors/solver/insert.h"

struct pool;

struct search {
    const struct model *m;
    struct state *s;
    struct kept best;
    struct finder find;
    struct haul_rng rng;
    double hot, cold; /* temperatures at the begin and the end, in cost */
    double share;     /* of the whole search that is done, 0..1 */
    double warmth;    /* how far the temperature has fallen, 0..1 */
    int64_t iterations;
    int64_t *missed; /* [tasks_cap] how often it found no place when vehicles were made fewer: what is hard */
    double price, request_cost; /* of leaving a request out, 0: its penalty; what one costs on average */
    double *weight;             /* [tasks_cap] the price times that */
    struct pool *pool;          /* of making them fewer; NULL: never tried */
    int32_t tries;              /* of those that were absent before a step, about so many are tried again in it */
    bool dropping;              /* making the vehicles fewer */
    struct sort_key *order;     /* [tasks_cap] */
    int32_t *torn;              /* [tasks_cap] */
};

/* Takes the state over as it stands. */
void search_init(struct search *x, struct state *s, uint64_t seed);
void search_free(struct search *x);

/* Puts in what is absent, in the order of one rule; what finds no place stays absent. */
void search_fill(struct search *x);

/* Joins routes by savings; what finds no vehicle stays absent. For one type of vehicle and jobs alone, in an empty
 * state. */
void savings_start(struct search *x);

/* From here on what must be served may be left out for a while, at a price: it follows how often plans are complete,
 * and what stays absent for long grows dearer. So a plan in which vehicles are scarce can be crossed by ways on which
 * something is not served (the absence counters of SISR's fleet minimisation, as a price). Until search_strict. */
void search_lenient(struct search *x);
void search_strict(struct search *x);

/* Something is left out that must be served, and more than the best plan leaves out. */
bool search_incomplete(const struct search *x);

/* One step: ruin, recreate, accept or take back. True: a new best. */
bool search_step(struct search *x);
/* The same at the temperature of x->warmth instead of x->share. */
bool search_anneal(struct search *x);

/* One step at x->warmth, without a look at the best. True: accepted. */
bool search_walk(struct search *x);

/* Ruin round a task, recreate; neither accepted nor taken back. False: it must be taken back. */
bool search_try(struct search *x, int32_t seed, int32_t mean_cut);

/* Simulated annealing's answer to a plan that costs so much more: the temperature falls from `hot` (in cost) to `hot`
 * times `cooling` while the share goes from 0 to 1. */
bool search_accepts(struct search *x, int64_t more, double hot, double cooling, double share);

/* The state becomes the best plan found. */
void search_settle(struct search *x);

/* Cuts strings of near tasks round the task, as a step does. False: what is left of a route breaks a rule (where a way
 * is shorter by way of a stop than without it), and must be taken back. */
bool ruin_near(struct search *x, int32_t seed, int32_t mean_cut);

/* A cheaper type of vehicle for each route of the step, or an exchange of two vehicles. */
void improve_types(struct search *x);

/* When each route may leave because of the docks: ready [vehicles] is set for those that load at one, and may be NULL.
 * The first route that would then be too late, or HAUL_VRP_NONE. */
int32_t docks_turns(const struct state *s, int64_t *ready);

/* Empties routes until the docks are large enough. */
void docks_mend(struct state *s);

#endif
