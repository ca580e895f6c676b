/* SPDX-License-Identifier: Apache-2.0
 * Ways between candidates: bounded searches over the roads, the small ones remembered.
 */
#ifndef HAUL_GEO_MATCH_ROUTE_H
#define HAUL_GEO_MATCH_ROUTE_H

#include "haul/map.h"
#include "processors/geo/pool.h"

struct router;

struct router *router_new(struct pool *pool, const struct haul_map *map, uint8_t use);
/* Centimetres from one junction to some, HAUL_FAR where it is more than bound_cm. What is remembered changes the time
 * this takes, never the answer. */
void router_reach(struct router *r, uint32_t from, uint32_t bound_cm, const uint32_t *to, size_t n, int32_t *out);
/* The arcs of a shortest way, in order; -1 when it is longer than bound_cm or has more than cap arcs. */
int router_path(struct router *r, uint32_t from, uint32_t to, uint32_t bound_cm, uint32_t *arcs, int cap);

#endif
