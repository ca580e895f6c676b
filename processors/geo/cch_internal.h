/* SPDX-License-Identifier: Apache-2.0
 * What the parts of the hierarchy share.
 *
 * Nodes are renamed to ranks: 0 is eliminated first, a post-order of the elimination tree, so that every subtree is a
 * range of ranks and a search climbs to higher ranks only. The CCH arc e joins tail[e] < head[e]. It has two sides,
 * numbered 2 e for tail -> head (upwards) and 2 e + 1 for head -> tail (downwards): weights, and whatever names a
 * direction, are by side.
 *
 * Invariants: arcs of a rank are sorted by head; the first head is the parent; the heads are ancestors of the tail, so
 * their depths differ and `head_depth` names them as well as `head` does; the heads of x above its neighbour y are
 * heads of y too.
 */
#ifndef HAUL_GEO_CCH_INTERNAL_H
#define HAUL_GEO_CCH_INTERNAL_H

#include "haul/cch.h"
#include "processors/geo/pool.h"

/* An arc x - y as seen from y, when x has arcs above y: they stand behind it. */
struct down {
    uint32_t arc, end; /* the arc; the end of x's arcs */
};

/* A further (parallel) arc of the graph on a side that has one already. */
struct extra {
    uint32_t side, arc;
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
    struct down *down; /* by head, then by how many arcs stand behind: equal loops in a row are well predicted */
    /* Triangles x, y, z over the arcs a = x - y and k = x - z (a < k) of x, kept both ways. From x: slot[i] says where
     * z stands among the arcs of y; i counts x's pairs (a, k) in their order from slot_first[x]. From the arc y - z:
     * the pairs (a, k) are low[low_first[arc]] to low[low_first[arc + 1]]. */
    uint32_t *slot_first; /* n */
    uint16_t *slot;       /* triangles */
    uint32_t *low_first;  /* m + 1 */
    uint32_t *low_arc;    /* triangles: a */
    uint16_t *low_skip;   /* triangles: k - a */
    uint32_t *input;      /* 2 m, by side: the graph's arc that stands there, HAUL_NONE when there is none */
    struct extra *extra;  /* sorted */
    uint32_t extras;
    uint64_t *has_extra; /* bit per CCH arc: one of its sides is in `extra` */
    uint32_t *side_of;   /* arcs: the side of a graph's arc; 2 m for a loop */
    struct pool pool;
};

/* Both sides of an arc at once; the compiler keeps it in one register. */
typedef int32_t pair __attribute__((vector_size(8)));

struct haul_weights {
    const struct haul_cch *cch;
    int32_t *side;                 /* 2 m, and one more that loops may write */
    int32_t *arc;                  /* the graph's arcs, what the sides were made from */
    pair *sums;                    /* height: scratch, by depth */
    uint64_t *dirty, *dirty_words; /* of an update: bit per rank, bit per word of those */
    uint8_t *marked;               /* of an update: CCH arcs to work out again */
    pair *before;                  /* height: the arcs of a rank as they were */
    uint32_t *changed;             /* height: its arcs that are different now */
    uint32_t *touched;             /* CCH arcs that the last update changed, when `touched_all` is not set */
    size_t touches;
    bool touched_all;
    struct pool pool;
};

static inline int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}
static inline int32_t clamp_weight(int32_t w)
{
    return (uint32_t)w > HAUL_FAR ? HAUL_FAR : w;
}
static inline pair least_pair(pair a, pair b)
{
    const pair smaller = a < b;
    return (a & smaller) | (b & ~smaller);
}
static inline pair load_pair(const int32_t *side, uint32_t arc)
{
    pair p;
    __builtin_memcpy(&p, side + 2 * (size_t)arc, sizeof p);
    return p;
}
/* An update that changes more CCH arcs than this is remembered as a change of all. */
static inline size_t touched_cap(const struct haul_cch *c)
{
    return c->m / 4 + 1;
}
static inline void store_pair(int32_t *side, uint32_t arc, pair p)
{
    __builtin_memcpy(side + 2 * (size_t)arc, &p, sizeof p);
}

/* Where the pairs of arc a of x begin in slot: the pair (a, k) is at this plus k - a - 1. */
static inline size_t slot_row(const struct haul_cch *c, uint32_t x, uint32_t a)
{
    const uint32_t degree = c->first[x + 1] - c->first[x], i = a - c->first[x];
    return c->slot_first[x] + (size_t)i * degree - (size_t)i * (i + 1) / 2;
}
/* Index of the first of c->extra that is not below this side. */
uint32_t cch_first_extra(const struct haul_cch *c, uint32_t side);
/* Brings `to`, which is one update behind, to the weights of `from`. */
void cch_follow(struct haul_weights *to, const struct haul_weights *from);

#endif
