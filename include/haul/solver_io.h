/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * Problems in and plans out, as bytes. Files are the caller's affair. Any thread.
 *
 * Read: VROOM's JSON (jobs, shipments, vehicles, matrices) with haul's own additional fields; Solomon and
 * Gehring-Homberger; Li and Lim; VRPLIB/TSPLIB (CVRP, VRPTW, OVRP); Cordeau's VRP, MDVRP and the same with time
 * windows; the heterogeneous fleet's HVRP/VFMP. Written: VROOM's JSON. All of it is described in config/solver.md.
 */
#ifndef HAUL_SOLVER_IO_H
#define HAUL_SOLVER_IO_H

#include "haul/solver.h"
#include "haul/solver_explain.h"

#define HAUL_PROBLEM_BYTES_MAX (UINT64_C(1) << 30)

enum haul_convention {
    HAUL_CONVENTION_OF_FILE, /* what the format's literature uses: see the other two */
    HAUL_CONVENTION_EXACT,   /* straight lines to a thousandth: Solomon, Homberger, Li and Lim, Cordeau, HVRP */
    HAUL_CONVENTION_ROUND,   /* to the nearest whole unit: CVRP of TSPLIB and VRPLIB */
    HAUL_CONVENTION_DIMACS /* cut down to a tenth: VRPTW as the DIMACS challenge does; VRPLIB files with time windows */
};

/* Fills travel times (milliseconds) and distances (metres) out of one place of a JSON problem that brings no matrix. */
struct haul_places {
    const double *lon_deg, *lat_deg;
    int32_t n;
    const char *profile;
};
typedef enum haul_err haul_places_fn(void *arg, const struct haul_places *places, int32_t from, int32_t *time,
                                     int32_t *distance, struct haul_error *e);

struct haul_read_options {
    enum haul_convention convention;
    haul_places_fn *places; /* NULL: a JSON problem without matrices is an error */
    void *places_arg;
};

/* HAUL_E_INVALID, HAUL_E_RANGE, HAUL_E_UNKNOWN, HAUL_E_DUPLICATE, HAUL_E_CONFLICT, HAUL_E_LIMIT, HAUL_E_UNSUPPORTED,
 * HAUL_E_NOMEM: *e names the element and the field, or the line. The caller frees *out. */
enum haul_err haul_problem_read(struct haul_str bytes, const struct haul_read_options *o, struct haul_problem **out,
                                struct haul_error *e);

/* Straight lines on the globe at a speed, longer by a detour: a haul_places_fn for those who have no roads. */
struct haul_straight {
    double speed_mps, detour;
};
enum haul_err haul_places_straight(void *arg, const struct haul_places *places, int32_t from, int32_t *time,
                                   int32_t *distance, struct haul_error *e);

/* The plan as VROOM writes it, with the reasons of what is unserved. reasons may be NULL. */
void haul_vrp_plan_write(const struct haul_problem *p, const struct haul_vrp_plan *plan,
                         const struct haul_vrp_reason *reasons, int32_t reasons_n, struct haul_buf *out);

/* Reads a plan back, as written above, or as a VRPLIB .sol file ("Route #1: 5 3 9"). The stops' times are made anew
 * where they are not given. What the plan claims is in *claimed (owned by the caller: haul_claim_free), to be verified.
 */
struct haul_claim_stop {
    enum haul_step_kind kind;
    int32_t task;                             /* index, HAUL_VRP_NONE for what is no task */
    int32_t index;                            /* of the break or reload */
    int64_t arrival, waiting, setup, service; /* arrival HAUL_VRP_NONE: not told */
};
struct haul_claim_route {
    int32_t vehicle, stops_n;
    struct haul_claim_stop *stops;
};
struct haul_claim {
    struct haul_claim_route *routes;
    int32_t routes_n;
    int64_t cost; /* HAUL_VRP_NONE: not told */
    bool timed;   /* the stops have times */
};
enum haul_err haul_claim_read(const struct haul_problem *p, struct haul_str bytes, struct haul_claim *out,
                              struct haul_error *e);
enum haul_err haul_claim_of(const struct haul_vrp_plan *plan, struct haul_claim *out, struct haul_error *e);
void haul_claim_free(struct haul_claim *c);

#endif
