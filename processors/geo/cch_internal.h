/* SPDX-License-Identifier: Apache-2.0
 * What the parts of the hierarchy share.
 *
 * Nodes are renamed to ranks: 0 is eliminated first, a post-order of the elimination tree, so that every subtree is a range of
 * ranks and a search climbs to higher ranks only. The CCH arc e joins tail[e] < head[e]; its weight upwards is that of
 * tail -> head, downwards that of head -> tail.
 *
 * Invariants: arcs of a rank are sorted by head; the first head is the parent; the heads are ancestors of the tail, so their
 * depths differ and `head_depth` names them as well as `head` does; the heads of x above its neighbour y are heads of y too.
 */
#ifndef HAUL_GEO_CCH_INTERNAL_H
#define HAUL_GEO_CCH_INTERNAL_H

#include "haul/cch.h"
#include "processors/geo/pool.h"

struct down {
    uint32_t arc, end; /* an arc x -> y as seen from y, and the end of x's arcs */
};

struct extra {
    uint32_t cch, arc; /* cch: arc << 1 | downwards */
};

struct haul_cch {
    uint32_t n, arcs, m, height;
    uint64_t triangles;
    uint32_t *rank, *node;       /* node -> rank, rank -> node */
    uint32_t *first;             /* n + 1: arcs of a rank, upwards */
    uint32_t *head, *head_depth; /* m */
    uint32_t *tail;              /* m */
    uint32_t *parent, *depth;    /* n; a root's parent is HAUL_NONE, its depth 0 */
    uint32_t *low;               /* n: the least rank of its subtree, which is [low, rank] */
    uint32_t *down_first;        /* n + 1 */
    struct down *down;           /* m: by head, then by tail */
    uint32_t *input_up, *input_down; /* m: the graph's arc that a CCH arc stands for, `arcs` when none */
    struct extra *extra;             /* further (parallel) arcs of the graph, by cch */
    uint32_t extras;
    uint32_t *of_arc; /* arcs: CCH arc << 1 | downwards of a graph's arc; HAUL_NONE for a loop */
    struct pool pool;
};

struct haul_weights {
    const struct haul_cch *cch;
    int32_t *up, *down; /* m */
    int32_t *acc_up, *acc_down; /* height: scratch of the customisation, by depth */
    struct pool pool;
};

static inline int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }
static inline int32_t clamp_weight(int32_t w) { return w < 0 || w > HAUL_FAR ? HAUL_FAR : w; }

/* A label: dist[d] is the length to (or from) the ancestor of depth d. */
void cch_label(const struct haul_cch *c, const int32_t *weight, uint32_t rank, int32_t offset, int32_t *dist, uint32_t *pred);

#endif
