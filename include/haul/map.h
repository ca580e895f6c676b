/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * Where on the roads is a position? A flat grid over the shapes of all edges, and which arcs leave a junction. Built
 * once for an open network, then immutable: any thread.
 */
#ifndef HAUL_MAP_H
#define HAUL_MAP_H

#include "haul/roads.h"

struct haul_map;

/* r must outlive the map. HAUL_E_NOMEM. */
enum haul_err haul_map_new(const struct haul_roads *r, struct haul_map **out, struct haul_error *e);
void haul_map_free(struct haul_map *m);
const struct haul_roads *haul_map_roads(const struct haul_map *m);

/* The nearest place of an edge. */
struct haul_near {
    uint32_t edge, along_cm; /* from edge_from */
    float distance_m;
    float bearing_deg; /* of the edge there, from edge_from towards edge_to */
    double lon_deg, lat_deg;
};

/* Edges within radius_m (at most 2,000 m), the nearest first, at most cap; of equal ones the lower number. An edge
 * counts once. With `use` not 0, edges that nobody of these may drive are passed over. A position that is not finite
 * finds nothing. */
size_t haul_map_near(const struct haul_map *m, double lon_deg, double lat_deg, double radius_m, uint8_t use,
                     struct haul_near *out, size_t cap);

/* Road arcs that leave a junction and may be driven by somebody. */
const uint32_t *haul_map_out(const struct haul_map *m, uint32_t junction, uint32_t *n);

/* Where on an arc is a place so far along it? The bearing is that of driving there. */
void haul_map_place(const struct haul_map *m, uint32_t arc, uint32_t along_cm, double *lon_deg, double *lat_deg,
                    float *bearing_deg);

#endif
