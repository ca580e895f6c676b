/* SPDX-License-Identifier: Apache-2.0
 * Tables of ways over a road network, from each of some places to each of others.
 */
#ifndef HAUL_COMMANDS_ROAD_TABLE_H
#define HAUL_COMMANDS_ROAD_TABLE_H

#include "processors/commands/network.h"

#include <stddef.h>

struct road_places {
    struct haul_stop *stop; /* the caller's until road_places_free */
    size_t n;
    struct haul_end *end; /* of all stops, one behind the other */
    uint32_t *first;      /* n + 1: which are a stop's */
};
void road_places_free(struct road_places *p);

struct road_table {
    const struct haul_map *map;
    const struct haul_cch *cch;
    const struct haul_weights *w;
    struct road_places from, to;
    struct haul_matrix *m;
    int32_t *out; /* by ends */
};
/* Fills it for the stops of from and to, with one thread or two. False: no memory. */
bool road_table_compute(struct road_table *t, int threads);
/* The way from the i-th to the j-th in the unit of the weights; HAUL_FAR: there is none. */
int32_t road_table_cell(const struct road_table *t, size_t i, size_t j);
/* All but the places' own. */
void road_table_free(struct road_table *t);

#endif
