/* SPDX-License-Identifier: Apache-2.0
 * Slow and plain shortest paths, to hold the fast ones against.
 */
#ifndef HAUL_TEST_ORACLE_H
#define HAUL_TEST_ORACLE_H

#include "haul/roads.h"

/* Dijkstra from one node; dist[nodes], HAUL_FAR where nothing leads. */
void oracle_from(const struct haul_arcs *g, const int32_t *weight, uint32_t from, int32_t *dist);

/* Length of a shortest sequence of road arcs that begins after `first` and ends with `last` (both counted: no), and
 * contains no banned sequence for the vehicle; weight by road arc. Knows nothing of routing graphs: a label is the last
 * few arcs driven. Returns HAUL_FAR when there is none. The weight of `last` is not counted, that of the arcs between
 * is. */
int32_t oracle_road(const struct haul_roads_view *v, uint8_t use, const int32_t *weight, uint32_t first, uint32_t last);

#endif
