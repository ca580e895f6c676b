/* SPDX-License-Identifier: Apache-2.0
 * What the steps of a build hand to each other: points and ways -> pieces (ways cut where something meets) -> edges
 * (chains of pieces) -> the part that is kept, renumbered -> routing graph.
 */
#ifndef HAUL_GEO_BUILD_INTERNAL_H
#define HAUL_GEO_BUILD_INTERNAL_H

#include "haul/roads_build.h"
#include "processors/geo/pool.h"

enum point_flag { POINT_BLOCKED = 1, POINT_KEPT = 2, POINT_GATED = 4 };

struct way {
    int64_t id;
    uint32_t name, kind, first, n; /* points: way_point[first .. first + n) */
};

/* Piece i has the arcs 2 i (along its way) and 2 i + 1. */
struct piece_of_way {
    uint32_t from, to, way, first, n; /* points between the ends: way_point[first + 1 .. first + n - 1) */
};

struct edge {
    uint32_t from, to, kind, name, length_cm, shape, shapes; /* shape: index of its first point in `shape` */
    int64_t way;
    uint16_t delay_ds[2];
};

struct ban {
    uint32_t first, n; /* arcs: ban_arc[first .. first + n) */
    uint8_t mask;
};

struct gate {
    uint32_t point;
    struct haul_road_kind limits;
};

struct haul_builder {
    int32_t *lon, *lat;
    uint16_t *delay;
    uint8_t *flags;
    uint32_t points;
    size_t lon_cap, lat_cap, delay_cap, flags_cap;
    struct way *ways;
    uint32_t way_count;
    size_t ways_cap;
    uint32_t *way_point, way_points;
    size_t way_point_cap;
    struct haul_road_kind *kinds;
    uint32_t kind_count;
    size_t kinds_cap;
    uint32_t *kind_table, *name_table; /* open addressing; index + 1 */
    size_t kind_slots, name_slots;
    uint32_t names_count;
    uint32_t *name_at;
    size_t name_at_cap;
    struct haul_buf names;
    struct gate *gates; /* by point */
    size_t gate_count, gates_cap;
    struct haul_restriction *restrictions;
    uint32_t restriction_count;
    size_t restrictions_cap;
    /* results of the steps */
    struct piece_of_way *pieces;
    uint32_t piece_count;
    size_t pieces_cap;
    uint32_t *incident_first, *incident; /* by point: piece arcs that leave it */
    struct edge *edges;
    uint32_t edge_count;
    size_t edges_cap;
    int32_t *shape; /* lon, lat */
    uint32_t shape_points;
    size_t shape_cap;
    uint32_t *arc_of_piece; /* piece arc -> road arc, HAUL_NONE when it is in none */
    struct ban *bans;
    uint32_t ban_count;
    size_t bans_cap;
    uint32_t *ban_arc, ban_arcs;
    size_t ban_arc_cap;
    uint32_t junctions;
    uint32_t *junction_of; /* point -> junction */
    bool failed;
};

/* Takes a way as it is; and one with gates in parts, for build_has_gate says that there is one. */
void build_plain_way(struct haul_builder *b, int64_t id, struct haul_str name, const struct haul_road_kind *kind,
                     const uint32_t *points, size_t n);
void build_gated_way(struct haul_builder *b, int64_t id, struct haul_str name, const struct haul_road_kind *kind,
                     const uint32_t *points, size_t n);
bool build_has_gate(const struct haul_builder *b, const uint32_t *points, size_t n);
/* Cuts ways into pieces and lists them by point. */
bool build_pieces(struct haul_builder *b);
/* Turns restrictions into forbidden sequences of piece arcs; marks the points at which they turn as kept. */
void build_bans(struct haul_builder *b, struct haul_build_report *report);
/* Joins pieces to edges. */
bool build_edges(struct haul_builder *b);
/* Keeps the largest strongly connected part (or all), numbers junctions along a space-filling curve, edges by junction,
 * bans by road arc. */
bool build_keep_largest(struct haul_builder *b, bool keep_all, struct haul_build_report *report);
/* The kind as it is seen from the other end. Adds it when it is new. */
uint32_t build_flipped_kind(struct haul_builder *b, uint32_t kind);

static inline bool arc_usable(const struct haul_builder *b, uint32_t arc)
{
    return b->kinds[b->edges[arc / 2].kind].access[arc & 1] != 0;
}

/* The routing graph of the edges: nodes, arcs, and the lists by road arc. */
struct routing {
    uint32_t nodes, arcs;
    uint32_t *node_junction;
    size_t node_cap;
    uint32_t *tail, *head, *road;
    uint16_t *turn_ds;
    uint8_t *deny;
    size_t tail_cap, head_cap, road_cap, turn_cap, deny_cap;
    uint32_t *road_first, *road_arcs, *order;
    struct pool pool;
};

bool build_routing(const struct haul_builder *b, bool all_turns, struct routing *r);
void routing_free(struct routing *r);

#endif
