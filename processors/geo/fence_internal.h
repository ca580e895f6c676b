/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * The layout of a set of fences, and what its files share.
 *
 *     head │ fences │ order │ nodes │ slabs │ edges │ text          each aligned to 64, in this order, without holes
 *
 * nodes: a packed tree of boxes, 16 to a node, the leaves first. A node's children are the 16 nodes (or, of a leaf, the
 * 16 entries of `order`) that stand at 16 times its number: nothing points anywhere.
 * edges: blocks of four, each one cache line. A fence's edges lie slab by slab: a slab is a band of its latitudes and
 * holds every edge that touches it, so that a ray meets only the edges of one slab. Within an edge lat0 <= lat1.
 */
#ifndef HAUL_GEO_FENCE_INTERNAL_H
#define HAUL_GEO_FENCE_INTERNAL_H

#include "haul/fence.h"

#define FENCE_MAGIC     0x31434e46554148ull /* "HAUFNC1" */
#define FENCE_VERSION   1
#define FENCE_FAN       16
#define FENCE_LEVELS    6
#define FENCE_SLABS_MAX 1024
#define FENCE_EDGES_MAX (1u << 24) /* edges of one set */
#define FENCE_NONE      UINT32_MAX

struct haul_fences {
    uint64_t magic;
    uint32_t version, count;
    uint64_t bytes, hash; /* XXH3 of everything behind the head */
    uint32_t levels;      /* of the tree; 0: no fences */
    uint32_t level_nodes[FENCE_LEVELS];
    uint32_t order_len, nodes_len, slabs_len, edges_len, text_len;
    uint64_t fences_at, order_at, nodes_at, slabs_at, edges_at, text_at;
};
_Static_assert(sizeof(struct haul_fences) % 64 == 0, "what follows the head is aligned");
_Static_assert(sizeof(struct haul_fence) == 192, "a fence is three cache lines");

struct fence_node {
    int32_t min_lon[FENCE_FAN], min_lat[FENCE_FAN], max_lon[FENCE_FAN], max_lat[FENCE_FAN];
};
struct fence_edges {
    int32_t lon0[4], lat0[4], lon1[4], lat1[4]; /* an empty place: lat0 > lat1 */
};
_Static_assert(sizeof(struct fence_edges) == 64, "a block of edges is a cache line");

#define FENCE_M_PER_E7 (6371008.8 * 0.017453292519943295769 * 1e-7) /* of latitude */

static inline const void *fence_section(const struct haul_fences *f, uint64_t at)
{
    return (const uint8_t *)f + at;
}
/* The slab of a latitude within the fence's box. */
static inline uint32_t fence_slab(const struct haul_fence *x, int32_t lat)
{
    const int64_t high = (int64_t)x->box.max_lat - x->box.min_lat + 1;
    return (uint32_t)(((int64_t)lat - x->box.min_lat) * x->slabs / high);
}

/* ---- while a set is made ---- */
struct fence_corner {
    int32_t lon, lat;
};
struct fence_line { /* a ring of a polygon (closed: the last corner is the first), or the line of a corridor */
    uint32_t first, len;
};
/* A feature as it was read. Its corners stand in the set's arrays. */
struct fence_draft {
    struct haul_fence x;
    size_t feature;
    uint32_t first_line, lines;
    uint32_t polygons;              /* of a polygon */
    char id[HAUL_FENCE_ID_MAX + 1]; /* as x.id, with its NUL */
    char name[HAUL_FENCE_NAME_MAX + 1];
    char group[HAUL_FENCE_GROUPS_MAX][33];
};
struct fence_drafts {
    struct fence_draft *draft;
    struct fence_line *line;
    uint32_t *polygon; /* by line: number of the polygon within its feature */
    struct fence_corner *corner;
    size_t len, lines, corners;
    size_t room, lines_room, corners_room;
    haul_fence_note_fn *note;
    void *arg;
    struct haul_fence_counts counts;
};

void fence_note(struct fence_drafts *d, enum haul_fence_verdict v, size_t feature, const char *id, const char *format,
                ...) __attribute__((format(printf, 5, 6)));
void fence_corner_add(struct fence_drafts *d, struct fence_corner c);
void fence_line_begin(struct fence_drafts *d, uint32_t polygon);
void fence_line_end(struct fence_drafts *d);

/* fence_read.c: reads features; those that are refused are told and left out. */
enum haul_err fence_read(struct fence_drafts *d, struct haul_str geojson, struct haul_error *e);
/* fence_mend.c: validates the polygon of draft i by libgeos and mends it; false: refused, and told. */
bool fence_mend_begin(void **context, struct haul_error *e);
bool fence_mend(void *context, struct fence_drafts *d, size_t i);
void fence_mend_end(void *context);
/* fence_build.c: lays the drafts out. */
enum haul_err fence_build(struct fence_drafts *d, struct haul_buf *blob, struct haul_error *e);

#endif
