/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * A plan that lives: it is held ready, events change it in milliseconds, and it is improved while nothing happens.
 *
 * One thread owns a live plan. An event repairs only what it breaks and then looks for better round there, within a
 * bound on how many stops move. haul_vrp_live_improve searches until it is told to stop, which another thread may do at
 * any moment: an event waits for no more than one step of the search (some tens of microseconds). Nothing here reads a
 * clock, so the same events and numbers of steps give the same plans.
 *
 * What has happened is frozen: the first stops of a vehicle, up to where it is now. A stop whose goods are on board
 * stays with its vehicle. What is frozen, or on board, and late nevertheless stays in the plan, and is told as late.
 */
#ifndef HAUL_SOLVER_LIVE_H
#define HAUL_SOLVER_LIVE_H

#include "haul/solver.h"

struct haul_vrp_live;

struct haul_vrp_live_options {
    uint64_t seed;
    int32_t spare;         /* tasks and locations that may be there beyond the problem's at one time, 1..100000 */
    int64_t price_of_move; /* cost that a better plan must save for each stop that moves; not negative */
    int32_t moves_max;     /* stops that one event may move beyond what it must, to save cost */
    int32_t steps;         /* of search after each event */
};

/* What an event or a search has changed. A stop has moved when it has another vehicle or another stop before it; stops
 * that the event itself brings or takes do not count. */
struct haul_vrp_change {
    int64_t cost_before, cost_after; /* of routes, without what is unserved */
    int32_t moved;
    int32_t unserved; /* after it */
    int32_t late; /* limits that cannot be held (windows, shifts, breaks, goods out of the cold …): moved to what can */
};

/* The problem must outlive it. The plan is where it begins; NULL: the vehicles' steps, and the rest is put in. */
enum haul_err haul_vrp_live_open(const struct haul_problem *p, const struct haul_vrp_plan *plan,
                                 const struct haul_vrp_live_options *o, struct haul_vrp_live **out,
                                 struct haul_error *e);
void haul_vrp_live_close(struct haul_vrp_live *l);

/* A location more: ways to and from all earlier ones, [locations] each and profile after profile. */
enum haul_err haul_vrp_live_add_location(struct haul_vrp_live *l, const int32_t *time_to, const int32_t *time_from,
                                         const int32_t *distance_to, const int32_t *distance_from, int32_t *index,
                                         struct haul_error *e);

/* Orders. *index is the task's; a cancelled task's index may come again. Descriptions are not kept. */
enum haul_err haul_vrp_live_add_job(struct haul_vrp_live *l, const struct haul_vrp_task *t, int32_t *index,
                                    struct haul_vrp_change *c, struct haul_error *e);
enum haul_err haul_vrp_live_add_shipment(struct haul_vrp_live *l, const struct haul_vrp_task *pickup,
                                         const struct haul_vrp_task *delivery, int32_t *index,
                                         struct haul_vrp_change *c, struct haul_error *e);
/* A shipment by its pickup. HAUL_E_CONFLICT: it is frozen. */
enum haul_err haul_vrp_live_cancel(struct haul_vrp_live *l, int32_t task, struct haul_vrp_change *c,
                                   struct haul_error *e);

/* The first `stops` of the vehicle have happened or cannot be changed any more; it leaves the last of them (its start,
 * for 0) at `leaves` or later. Later is a delay, earlier is good news. */
enum haul_err haul_vrp_live_progress(struct haul_vrp_live *l, int32_t vehicle, int32_t stops, int64_t leaves,
                                     struct haul_vrp_change *c, struct haul_error *e);

struct haul_way {
    int32_t profile, from, to;
    int32_t time, distance;
};
enum haul_err haul_vrp_live_ways(struct haul_vrp_live *l, const struct haul_way *ways, int32_t n,
                                 struct haul_vrp_change *c, struct haul_error *e);

/* The vehicle serves nothing more: what is not frozen goes to others. */
enum haul_err haul_vrp_live_withdraw(struct haul_vrp_live *l, int32_t vehicle, struct haul_vrp_change *c,
                                     struct haul_error *e);

/* Searches for at most so many steps, or until *stop (NULL: none), one region of the plan after another: the routes
 * round the latest event first, then those round places where it was not for long. Routes between which stops were
 * exchanged are changed only when that saves more than the price of the stops that have moved; the plan is never dearer
 * than before, what is unserved counted. A region that is not finished is taken up again by the next call. About 2,000
 * steps are one region where an event was: fewer after each event cannot keep up, more come nearer to what a long
 * search from scratch finds. */
enum haul_err haul_vrp_live_improve(struct haul_vrp_live *l, int64_t steps, const atomic_bool *stop,
                                    struct haul_vrp_change *c, struct haul_error *e);

/* The stops of a vehicle now, at most `most`; gives their number. */
int32_t haul_vrp_live_stops(const struct haul_vrp_live *l, int32_t vehicle, int32_t *tasks, int32_t most);
/* Time at which each stop of the vehicle begins; as haul_vrp_live_stops. */
int32_t haul_vrp_live_times(const struct haul_vrp_live *l, int32_t vehicle, int64_t *begins, int32_t most);
int64_t haul_vrp_live_cost(const struct haul_vrp_live *l);
int32_t haul_vrp_live_unserved(const struct haul_vrp_live *l, int32_t *tasks, int32_t most);
/* Every rule of every route asked anew, with nothing that was remembered. HAUL_E_CONFLICT: *e says where. */
enum haul_err haul_vrp_live_check(const struct haul_vrp_live *l, struct haul_error *e);

#endif
