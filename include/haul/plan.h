/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * Planning ahead: travel times that depend on the time of departure, and the area that can be reached.
 */
#ifndef HAUL_PLAN_H
#define HAUL_PLAN_H

#include "haul/route.h"

/* ---- time-dependent travel times ---- */

#define HAUL_DAY_BINS   96 /* of 15 minutes */
#define HAUL_BIN_MS     900000
#define HAUL_DAY_MS     (HAUL_DAY_BINS * HAUL_BIN_MS)
#define HAUL_CURVES_MAX 4096

/* How fast traffic is over a day, in thousandths of free flow, at least 1. */
struct haul_day_curve {
    uint16_t permille[HAUL_DAY_BINS];
};

/* When one that departs at depart_ms (since the day's beginning, any number of days on) has driven what takes free_ms
 * in free flow. Speed is constant within a bin (Ichoua, Gendreau, Potvin, "Vehicle dispatching with time-dependent
 * travel times", 2003), so nobody overtakes by departing later. Exact in whole milliseconds, rounded up. */
int64_t haul_curve_arrival(const struct haul_day_curve *c, int64_t depart_ms, int64_t free_ms);

struct haul_planner; /* one a thread */

/* free_ms: weights of the routing arcs in free flow. curve_of: for each, the index of its curve; curves:
 * HAUL_CURVES_MAX at most. All borrowed. HAUL_E_RANGE: an index or a permille out of range. */
enum haul_err haul_planner_new(const struct haul_cch *c, const struct haul_arcs *g, const int32_t *free_ms,
                               const uint16_t *curve_of, const struct haul_day_curve *curves, size_t curve_count,
                               struct haul_planner **out, struct haul_error *e);
void haul_planner_free(struct haul_planner *p);

/* Earliest arrival, milliseconds of the same clock as depart_ms; the arcs of the routing graph in *arcs, *n of them,
 * borrowed. A* with potentials from the hierarchy over the fastest time of the day (Strasser and Zeitz, "A fast and
 * tight heuristic for A* in road networks", SEA 2021). HAUL_E_UNREACHABLE. */
enum haul_err haul_plan_run(struct haul_planner *p, uint32_t from, uint32_t to, int64_t depart_ms, int64_t *arrival_ms,
                            const uint32_t **arcs, size_t *n, struct haul_error *e);
/* The same from a place on a road to a place on a road; the planner's graph is that of the map's network. The costs of
 * the route are what each part takes when it is its turn; it is borrowed until the next run. HAUL_E_UNREACHABLE. */
enum haul_err haul_plan_route(struct haul_planner *p, const struct haul_map *m, const struct haul_stop *from,
                              const struct haul_stop *to, int64_t depart_ms, struct haul_route *out,
                              struct haul_error *e);

/* ---- the area round what was reached ---- */

struct haul_reach_area;

struct haul_reach_area *haul_reach_area_new(void); /* NULL: no memory */
void haul_reach_area_free(struct haul_reach_area *a);
void haul_reach_area_add(struct haul_reach_area *a, const struct haul_map *m, uint32_t arc, uint32_t from_cm,
                         uint32_t to_cm);
/* A GeoJSON Polygon: the concave hull (libgeos) of the ends of what was added. HAUL_E_INVALID: fewer than three places.
 */
enum haul_err haul_reach_area_geojson(struct haul_reach_area *a, struct haul_buf *out, struct haul_error *e);

#endif
