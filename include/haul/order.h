/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * The order in which a customisable contraction hierarchy eliminates its nodes. It depends on the topology and on where
 * the nodes lie, never on weights, so it is computed once for a network and kept in its file.
 */
#ifndef HAUL_ORDER_H
#define HAUL_ORDER_H

#include "haul/err.h"

#include <stdint.h>

/* A directed graph as arrays of arcs; loops and parallel arcs are allowed. Borrowed, never written. */
struct haul_arcs {
    uint32_t nodes, arcs;
    const uint32_t *tail, *head;
};

/* Told how much is done (of `total`) by what takes long; may be NULL. */
typedef void haul_progress(void *user, const char *stage, uint64_t done, uint64_t total);

/* Nested dissection by inertial flow (Schild and Sommer, "On balanced separators in road networks", SEA 2015), after
 * nodes of degree one and two have been eliminated in independent rounds. Eight directions; the separator is a smallest
 * vertex cover (König) of the smallest cut. order[i] becomes the node that is eliminated i-th. Positions in units of
 * 1e-7 degree. Deterministic. HAUL_E_NOMEM. O(n log n) space stays O(n). */
enum haul_err haul_order_compute(const struct haul_arcs *g, const int32_t *lon_e7, const int32_t *lat_e7,
                                 uint32_t *order, haul_progress *progress, void *user, struct haul_error *e);

#endif
