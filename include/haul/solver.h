/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * Vehicle routing: the problem, the search, the plan.
 *
 * A problem is tasks, vehicles and travel tables, all in whole numbers of the caller's own units: one unit of time, one
 * of distance, one of cost, the same everywhere. Every sum is int64, so the same plan has the same cost on every
 * machine. The scales only tell those who read and print what a unit is worth.
 *
 * A problem is built by one thread and is constant while it is solved; haul_solve may then be called from any thread.
 */
#ifndef HAUL_SOLVER_H
#define HAUL_SOLVER_H

#include "haul/buf.h"
#include "haul/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define HAUL_DIMS        8       /* dimensions of an amount: pallets, kilograms, frozen bays */
#define HAUL_SKILL_WORDS 4       /* 256 different skills */
#define HAUL_VRP_NONE    (-1)    /* no location, no mate, no limit, no prize */
#define HAUL_MAX_TASKS   1000000 /* tasks, vehicles, locations of one problem */
#define HAUL_FOREVER     (INT64_C(1) << 50)
#define HAUL_AMOUNT_MAX  (INT64_C(1) << 40) /* any one amount, cost coefficient or time */

struct haul_window {
    int64_t open, close; /* both included */
};

enum haul_vrp_task_kind { HAUL_VRP_JOB, HAUL_VRP_PICKUP, HAUL_VRP_DELIVERY };

/* One place to be visited once. A job takes `delivery` from where the vehicle starts to here, and `pickup` from here to
 * where it ends. A shipment is two tasks, the pickup directly before its delivery: same vehicle, pickup first. */
struct haul_vrp_task {
    int64_t id; /* the caller's: unique among the tasks of its kind */
    enum haul_vrp_task_kind kind;
    int32_t location;
    int32_t mate;    /* index of the shipment's other half, HAUL_VRP_NONE for a job; set by haul_problem_add_shipment */
    int64_t setup;   /* time before the service, when the stop before is at another location */
    int64_t service; /* time of the service */
    const int64_t *service_of_class;   /* [classes] the service by the vehicle's class instead, or NULL */
    const struct haul_window *windows; /* in one of which the stop (setup, service) begins; ascending; none: any time */
    int32_t windows_n;
    int64_t delivery[HAUL_DIMS], pickup[HAUL_DIMS];
    uint64_t skills[HAUL_SKILL_WORDS]; /* the vehicle has them all */
    int32_t priority;                  /* 0..100: higher is left out later */
    int64_t prize;        /* cost of leaving it out; HAUL_VRP_NONE: it must be served while any vehicle can */
    int64_t exposure_max; /* longest time outside the cold band while on board; HAUL_VRP_NONE: no limit */
    struct haul_str description;
};

/* A pause that the driver takes between two stops or during a drive. */
struct haul_break {
    int64_t id;
    const struct haul_window *windows; /* in one of which it begins */
    int32_t windows_n;
    int64_t duration;
    bool load_limited; /* then the vehicle must not carry more than load_max */
    int64_t load_max[HAUL_DIMS];
    struct haul_str description;
};

/* Where a vehicle may come back in the middle of its route: to load what the next stops get and leave what it has
 * picked up, to charge, or both. */
struct haul_reload {
    int32_t location;
    int64_t duration;
    bool load, energy;
};

/* Rest after driving. A rest, or a wait as long, ends the stretch; with a split, so does a first part and then a
 * second. */
struct haul_driving_rule {
    int64_t drive_max;   /* longest drive without a rest; 0: no rule */
    int64_t rest;        /* shortest rest */
    int64_t split_first; /* 0: the rest may not be split */
    int64_t split_second;
    int64_t drive_day_max; /* longest drive of the whole route; 0: no limit */
    bool service_rests;    /* a service as long as a rest counts as one */
};

struct haul_vrp_vehicle {
    int64_t id;            /* unique */
    int32_t profile;       /* which travel table */
    int32_t service_class; /* index in haul_vrp_task.service_of_class */
    int32_t start, end;    /* locations; HAUL_VRP_NONE: it begins at its first stop, ends at its last */
    int64_t capacity[HAUL_DIMS];
    uint64_t skills[HAUL_SKILL_WORDS];
    struct haul_window shift;                 /* leaves at or after open, is back by close; from 0 on until then */
    int64_t cost_fixed;                       /* when it is used at all */
    int64_t cost_per_distance, cost_per_time; /* of the way */
    int64_t cost_per_service;                 /* of setup and service time */
    int64_t cost_per_duration;                /* of the time from leaving to being back, waiting and pauses included */
    int32_t speed_permille;                   /* 1000: as in the table; 1500: half as fast again */
    int64_t distance_max, travel_max, duration_max; /* HAUL_VRP_NONE: no limit */
    int32_t tasks_max;                              /* HAUL_VRP_NONE: no limit */
    const struct haul_break *breaks;                /* in order */
    int32_t breaks_n;
    const struct haul_reload *reloads;
    int32_t reloads_n;
    int32_t reloads_max; /* how often at most */
    struct haul_driving_rule rule;
    int64_t energy_max;          /* HAUL_VRP_NONE: no limit */
    int64_t energy_per_distance; /* in millionths of the unit of energy_max for a unit of distance */
    int64_t energy_per_load;     /* as much again for each unit of the first amount carried */
    int32_t
        exposure_drive_permille; /* share of the way's time that counts as exposure of what is on board (0: it cools) */
    int32_t exposure_stop_permille; /* share of the other stops' service time (doors open) */
    int32_t dock;                   /* index of the dock group where it loads before it leaves, or HAUL_VRP_NONE */
    int64_t dock_time;              /* how long it holds a dock */
    const int32_t *steps;           /* tasks of its first plan, in order; may be empty */
    int32_t steps_n;
    int32_t steps_frozen; /* the first so many stay as they are */
    struct haul_str description;
};

/* Speed by time of day (Ichoua, Gendreau and Potvin 2003): the speed is speed_permille[k] of the table's in the k-th
 * step after `from`, 1000 before and after; who leaves later never arrives earlier. */
struct haul_speeds {
    int64_t from, step;
    const int32_t *speed_permille; /* each 10..1000 */
    int32_t steps_n;
};

struct haul_problem;

struct haul_scales {
    int64_t time, distance, cost; /* units in a second (or a file's unit of time), in a metre, in one of cost */
};

/* What a problem holds, for those who read it. Valid until the problem is changed. */
struct haul_problem_view {
    const struct haul_vrp_task *tasks;
    const struct haul_vrp_vehicle *vehicles;
    const struct haul_speeds *speeds; /* [profiles] */
    const int32_t *docks;             /* [docks_n] places in a dock group */
    int32_t tasks_n, vehicles_n, locations_n, profiles_n, docks_n, dims, classes;
    struct haul_scales scales;
};

enum haul_err haul_problem_new(int32_t locations, int32_t dims, struct haul_problem **out, struct haul_error *e);
void haul_problem_free(struct haul_problem *p);
void haul_problem_scales(struct haul_problem *p, struct haul_scales scales); /* 1000, 1, 1000 until then */
struct haul_problem_view haul_problem_view(const struct haul_problem *p);

/* Where the locations are, for those who draw plans; copied. */
enum haul_err haul_problem_coordinates(struct haul_problem *p, const double *lon_deg, const double *lat_deg,
                                       struct haul_error *e);

/* Every add copies what it is given, checks it (HAUL_E_RANGE, HAUL_E_CONFLICT, HAUL_E_LIMIT: *e names the field) and
 * gives the new index. */
enum haul_err haul_problem_add_profile(struct haul_problem *p, int32_t *index, struct haul_error *e);
enum haul_err haul_problem_add_dock(struct haul_problem *p, int32_t places, int32_t *index, struct haul_error *e);
enum haul_err haul_problem_add_job(struct haul_problem *p, const struct haul_vrp_task *t, int32_t *index,
                                   struct haul_error *e);
/* The amount is `pickup` of the first; both get the skills and the priority of the first. *index is the pickup, the
 * next is the delivery. */
enum haul_err haul_problem_add_shipment(struct haul_problem *p, const struct haul_vrp_task *pickup,
                                        const struct haul_vrp_task *delivery, int32_t *index, struct haul_error *e);
enum haul_err haul_problem_add_vehicle(struct haul_problem *p, const struct haul_vrp_vehicle *v, int32_t *index,
                                       struct haul_error *e);
/* How many classes of vehicles the tasks' service_of_class tells apart; 1 until then. Before any task is added. */
enum haul_err haul_problem_set_classes(struct haul_problem *p, int32_t classes, struct haul_error *e);
enum haul_err haul_problem_set_speeds(struct haul_problem *p, int32_t profile, const struct haul_speeds *s,
                                      struct haul_error *e);

/* The travel table of a profile, [locations * locations] in row order, 0..2^31-1 each; both are taken over and freed
 * with free(). `distance` may be the same pointer as `time`. */
enum haul_err haul_problem_set_table(struct haul_problem *p, int32_t profile, int32_t *time, int32_t *distance,
                                     struct haul_error *e);
/* Or a callback that fills a row of `n` ways out of `from`, called once a row. */
typedef enum haul_err haul_row_fn(void *arg, int32_t from, int32_t n, int32_t *time, int32_t *distance,
                                  struct haul_error *e);
enum haul_err haul_problem_fill_table(struct haul_problem *p, int32_t profile, haul_row_fn *row, void *arg,
                                      struct haul_error *e);
/* Travel time of the table and distance from a to b. The speed and the time of day come on top. */
int32_t haul_problem_time(const struct haul_problem *p, int32_t profile, int32_t a, int32_t b);
int32_t haul_problem_distance(const struct haul_problem *p, int32_t profile, int32_t a, int32_t b);

/* Ready to be solved? Names what is missing: a table, a vehicle. */
enum haul_err haul_problem_check(const struct haul_problem *p, struct haul_error *e);

/* An empty task or vehicle with every limit at none. */
struct haul_vrp_task haul_vrp_task_default(void);
struct haul_vrp_vehicle haul_vrp_vehicle_default(void);
/* Driving-time rules by name: "cn" (Regulation on the Road Traffic Safety Law,
 * art. 62: 4 h, 20 min; 8 h a day), "eu561" (Regulation (EC) 561/2006 art. 6
 * and 7: 4.5 h, 45 min or 15 + 30 min, 9 h a day). `second`: units of time in a second. False: no such rule. */
bool haul_driving_rule_named(const char *name, int64_t second, struct haul_driving_rule *out);

/* ---- the plan ---- */

enum haul_step_kind {
    HAUL_STEP_START, /* of a vehicle that loads at a dock: the loading is its service */
    HAUL_STEP_TASK,
    HAUL_STEP_BREAK,  /* index: of the vehicle's break */
    HAUL_STEP_REST,   /* of the driving rule */
    HAUL_STEP_RELOAD, /* index: of the vehicle's reload */
    HAUL_STEP_END
};

struct haul_step {
    enum haul_step_kind kind;
    int32_t index;    /* of the task, break or reload */
    int32_t location; /* HAUL_VRP_NONE for a pause on the way */
    int64_t arrival;
    int64_t waiting;
    int64_t setup, service; /* of a pause: service is its duration. It departs at arrival + waiting + setup + service */
    int64_t travel, distance; /* driven since the start */
    int64_t load[HAUL_DIMS];  /* when it departs */
};

struct haul_cost_split {
    int64_t fixed, distance, time, service, duration;
};

struct haul_vrp_route {
    int32_t vehicle;
    int32_t steps_n;
    const struct haul_step *steps; /* the first is a START, the last an END */
    struct haul_cost_split cost;
    int64_t travel, distance, waiting, service;
};

struct haul_vrp_plan {
    struct haul_vrp_route *routes; /* only the vehicles that are used, in vehicle order */
    int32_t routes_n;
    int32_t *unserved; /* task indices in order; of a shipment both */
    int32_t unserved_n;
    int64_t cost;   /* of the routes */
    int64_t prizes; /* of what is left out and has a prize */
    int64_t iterations;
    void *memory;
};

void haul_vrp_plan_free(struct haul_vrp_plan *plan);

struct haul_progress {
    int64_t iterations;
    double share; /* of the time or iterations, 0..1 */
    int64_t cost; /* of the best so far */
    int32_t routes, unserved;
};

struct haul_solve_options {
    uint64_t seed;
    int64_t time_ms;    /* stop after so long; 0: no limit */
    int64_t iterations; /* stop after so many; 0: no limit. With iterations and without time the answer is a function of
                           problem, seed, iterations and threads alone */
    int32_t threads;    /* 1 or 2 */
    bool fewest_vehicles;    /* first the number of vehicles, then the cost */
    int64_t (*now_ns)(void); /* the clock of time_ms; NULL: the monotonic one */
    void (*progress)(void *arg,
                     const struct haul_progress *now); /* from the calling thread, a few times a second; may be NULL */
    void *progress_arg;
    const atomic_bool *stop; /* set by another thread: come back with the best so far; may be NULL */
};

/* Always a plan that keeps every rule; what cannot be served stands in `unserved`. HAUL_E_RANGE, HAUL_E_CONFLICT,
 * HAUL_E_NOMEM: *e says which. The caller frees the plan. */
enum haul_err haul_solve(const struct haul_problem *p, const struct haul_solve_options *o, struct haul_vrp_plan *out,
                         struct haul_error *e);

/* The plan that a list of stops makes: for each vehicle its tasks in order (reloads and pauses are placed).
 * HAUL_E_CONFLICT: a rule is broken; *e says where and by how much. */
struct haul_stops {
    int32_t vehicle, tasks_n;
    const int32_t *tasks;
};
enum haul_err haul_vrp_plan_of(const struct haul_problem *p, const struct haul_stops *routes, int32_t routes_n,
                               struct haul_vrp_plan *out, struct haul_error *e);

#endif
