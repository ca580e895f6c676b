/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * Routes between positions: from a place on an edge to a place on an edge, over the routing graph, with what is true
 * now.
 */
#ifndef HAUL_ROUTE_H
#define HAUL_ROUTE_H

#include "haul/buf.h"
#include "haul/map.h"

/* A place on a road where a route may begin or end. */
struct haul_stop {
    uint32_t edge, along_cm; /* from edge_from */
    float distance_m;        /* of the position asked for from the road */
    double lon_deg, lat_deg; /* on the road */
};

/* The nearest place on a road that the vehicle may drive, within max_m (at most 2,000). HAUL_E_NOT_FOUND. */
enum haul_err haul_stop_near(const struct haul_map *m, const struct haul_vehicle *v, double lon_deg, double lat_deg,
                             double max_m, struct haul_stop *out, struct haul_error *e);

/* Where a route that leaves a stop can be on the routing graph next, and where one that arrives must have been: at most
 * HAUL_ENDS_MAX each; returns how many. w: weights over haul_roads_graph. */
size_t haul_stop_leave(const struct haul_map *m, const struct haul_weights *w, const struct haul_stop *s,
                       struct haul_end ends[HAUL_ENDS_MAX]);
size_t haul_stop_arrive(const struct haul_map *m, const struct haul_weights *w, const struct haul_stop *s,
                        struct haul_end ends[HAUL_ENDS_MAX]);
/* From one place to another of the same edge without leaving it; HAUL_FAR when that is not possible. */
int32_t haul_stop_direct(const struct haul_map *m, const struct haul_weights *w, const struct haul_stop *from,
                         const struct haul_stop *to);

struct haul_router; /* one a thread */

enum haul_err haul_router_new(const struct haul_map *m, const struct haul_cch *c, struct haul_router **out,
                              struct haul_error *e);
void haul_router_free(struct haul_router *r);

/* Borrowed from the router until its next run. */
struct haul_route {
    int32_t cost; /* in the unit of the weights */
    double length_m;
    const uint32_t *arcs; /* road arcs in order; the first is entered and the last left at the stops */
    const int32_t *costs; /* of each, the part that is driven */
    size_t n;
    struct haul_stop from, to;
};

/* HAUL_E_UNREACHABLE. */
enum haul_err haul_route_run(struct haul_router *r, const struct haul_weights *w, const struct haul_stop *from,
                             const struct haul_stop *to, struct haul_route *out, struct haul_error *e);

/* The part of the i-th arc that is driven. */
void haul_route_part(const struct haul_map *m, const struct haul_route *r, size_t i, uint32_t *from_cm,
                     uint32_t *to_cm);

/* A GeoJSON Feature: LineString, with duration_s, distance_m and the roads by name. The weights were milliseconds. */
void haul_route_geojson(const struct haul_map *m, const struct haul_route *r, struct haul_buf *out);
/* The answer that OSRM's route service gives (version 5), one leg, with a step for each road name. */
void haul_route_osrm(const struct haul_map *m, const struct haul_route *r, struct haul_buf *out);
/* Coordinates of a part of an arc, "[lon,lat],[lon,lat],…". With `more` they go on behind those of the arc before: a
 * comma comes first, and the place where that one ended is not said again. */
void haul_arc_coordinates(const struct haul_map *m, uint32_t arc, uint32_t from_cm, uint32_t to_cm, bool more,
                          struct haul_buf *out);

/* What can be reached from a stop within a cost: parts of road arcs. Calls back for each; to_cm is where the cost is
 * used up. */
typedef void haul_reached(void *user, uint32_t arc, uint32_t from_cm, uint32_t to_cm, int32_t cost_at_from);
enum haul_err haul_route_reach(struct haul_router *r, const struct haul_weights *w, const struct haul_stop *from,
                               int32_t limit, haul_reached *each, void *user, struct haul_error *e);

#endif
