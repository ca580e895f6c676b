/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * Where does a task go? The cheapest place that keeps every rule, over all gaps of all routes or over those beside near
 * tasks.
 */
#ifndef HAUL_SOLVER_INSERT_H
#define HAUL_SOLVER_INSERT_H

#include "haul/rng.h"
#include "processors/solver/state.h"

#define SPOTS_MAX 64

struct spot {
    int64_t delta;        /* of the cost, nothing for the task's absence */
    int32_t type;         /* the route changes to a vehicle of that type; HAUL_VRP_NONE: it stays as it is */
    int32_t after;        /* a place; an end's start in an empty route */
    int32_t after_second; /* of a shipment: the delivery's; the pickup itself when directly behind */
};

/* The best spot of a shipment in a route that holds what the stamp says; or, with nothing in spot.after, that there is
 * none of less than spot.delta. Ruin and recreate asks the same of the same routes again and again. */
struct memory {
    uint64_t stamp;
    int32_t request;
    struct spot spot;
};

struct finder {
    struct state *s;
    struct haul_rng *rng;
    int32_t near;        /* how many near tasks to look beside; 0: everywhere */
    int32_t spots_max;   /* candidates that are timed exactly, where that is needed */
    bool blinks;         /* passes over one gap in a hundred (Christiaens and Vanden Berghe 2020) */
    bool any;            /* the first place will do, whatever it costs */
    bool few_routes;     /* opens a route only where nothing else is left */
    int32_t routes_max;  /* no more routes than that are opened */
    const uint8_t *only; /* [vehicles] routes that may be changed; NULL: all */
    int32_t blink_in;
    struct spot spots[SPOTS_MAX];
    int32_t spots_n;
    int64_t bound;           /* a gap must cost less to be of interest */
    int32_t *seen, seen_now; /* [vehicles] routes looked at for this shipment */
    int32_t *sequence;       /* [tasks_cap + 2] */
    struct memory *memory;   /* [memory_mask + 1] by a hash of request and stamp; NULL: nothing is remembered */
    uint64_t memory_mask;
    int64_t *drop_cost;  /* [tasks_cap + 2] by position in the route: of a delivery behind the stop there */
    int64_t *drop_ahead; /* [tasks_cap + 2] the least of these from the position on */
};

void finder_init(struct finder *f, struct state *s, struct haul_rng *rng);

/* From here on it remembers where shipments go. Only while tasks, ways and what is frozen stay as they are. */
void finder_remember(struct finder *f);
void finder_free(struct finder *f);

/* The best place of a job, or of a shipment named by its pickup. False: there is none. */
bool find_spot(struct finder *f, int32_t task, struct spot *out);

/* The best place in one route as it stands. */
bool find_spot_in(struct finder *f, int32_t r, int32_t task, struct spot *out);

/* Puts the task (and its delivery) there and updates the route. */
void take_spot(struct state *s, int32_t task, const struct spot *spot);

/* The tasks of a route with the task put at the spot; gives their number. */
int32_t with_spot(const struct state *s, int32_t task, const struct spot *spot, int32_t *out);

#endif
