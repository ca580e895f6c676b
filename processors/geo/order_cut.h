/* SPDX-License-Identifier: Apache-2.0
 * Splits one connected piece of a graph by a small, balanced vertex separator.
 */
#ifndef HAUL_GEO_ORDER_CUT_H
#define HAUL_GEO_ORDER_CUT_H

#include "processors/geo/pool.h"

#include <stdint.h>

/* Undirected and simple: slot s of node v (first[v] <= s < first[v + 1]) leads to to[s]; twin[s] is the slot that leads
 * back. */
struct piece {
    uint32_t n;
    uint32_t *first, *to, *twin;
    int32_t *x, *y;
};

enum side { SIDE_A, SIDE_B, SIDE_SEPARATOR };

struct cutter; /* scratch for pieces up to a size */
struct cutter *cutter_new(struct pool *pool, uint32_t nodes, uint32_t slots);
/* Writes an enum side for each node: no edge joins A and B, the separator is not empty. p->n >= 3, connected. */
void cutter_split(struct cutter *c, const struct piece *p, uint8_t *side);

#endif
