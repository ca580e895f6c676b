/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * A road network in a file: junctions, edges with their shape, kinds and limits, turn restrictions, and the graph over
 * which routes are found. The file is written once by an import, then mapped and shared; it is refused when a byte of
 * it is wrong.
 *
 * An edge has two directions; direction d of edge e is the road arc 2 e + d, from edge_from to edge_to for d = 0. The
 * other direction is arc ^ 1. Both numbers exist even where only one direction may be driven.
 *
 * The routing graph is the road graph, except that a junction is there several times where what may follow depends on
 * where one came from. A routing arc names the road arc that it drives.
 */
#ifndef HAUL_ROADS_H
#define HAUL_ROADS_H

#include "haul/buf.h"
#include "haul/cch.h"
#include "haul/hash.h"

/* Who uses a road: bits of access masks and of restrictions. A vehicle needs all its bits allowed. */
enum haul_use {
    HAUL_USE_CAR = 1,
    HAUL_USE_GOODS = 2, /* vans and light trucks, to 3.5 t */
    HAUL_USE_HGV = 4,   /* above 3.5 t */
    HAUL_USE_HAZMAT = 8,
    HAUL_USE_UAV = 16, /* corridors in the air */
    HAUL_USE_ROAD = 15,
    HAUL_USE_ALL = 31,
};

/* HAUL_ROAD_CLASS(NAME, name, usual speed in km/h where none is signed) */
#define HAUL_ROAD_CLASSES(X)                                                                                           \
    X(MOTORWAY, "motorway", 90)                                                                                        \
    X(MOTORWAY_LINK, "motorway_link", 45)                                                                              \
    X(TRUNK, "trunk", 85)                                                                                              \
    X(TRUNK_LINK, "trunk_link", 40)                                                                                    \
    X(PRIMARY, "primary", 65)                                                                                          \
    X(PRIMARY_LINK, "primary_link", 30)                                                                                \
    X(SECONDARY, "secondary", 55)                                                                                      \
    X(SECONDARY_LINK, "secondary_link", 25)                                                                            \
    X(TERTIARY, "tertiary", 40)                                                                                        \
    X(TERTIARY_LINK, "tertiary_link", 20)                                                                              \
    X(UNCLASSIFIED, "unclassified", 25)                                                                                \
    X(RESIDENTIAL, "residential", 25)                                                                                  \
    X(LIVING_STREET, "living_street", 10)                                                                              \
    X(SERVICE, "service", 15)                                                                                          \
    X(TRACK, "track", 10)                                                                                              \
    X(FERRY, "ferry", 15)                                                                                              \
    X(CORRIDOR, "corridor", 60)                                                                                        \
    X(ROAD, "road", 25)

enum haul_road_class {
#define X(NAME, name, kmh) HAUL_ROAD_##NAME,
    HAUL_ROAD_CLASSES(X)
#undef X
        HAUL_ROAD_CLASS_COUNT
};
const char *haul_road_class_name(enum haul_road_class c);

enum haul_road_flag {
    HAUL_FLAG_ROUNDABOUT = 1,
    HAUL_FLAG_TOLL = 2,
    HAUL_FLAG_TUNNEL = 4,
    HAUL_FLAG_BRIDGE = 8,
    HAUL_FLAG_UNPAVED = 16,
    HAUL_FLAG_DESTINATION = 32,     /* private, delivery, customers: for the ends of a route only */
    HAUL_FLAG_HGV_DESTINATION = 64, /* the same, for heavy vehicles */
};

/* What many edges have in common. 0 in a limit means "none signed". Index 0 is along the edge, 1 against it. */
struct haul_road_kind {
    uint8_t road_class, flags, access[2]; /* access: enum haul_use bits */
    uint16_t speed_cmps[2];               /* free flow, centimetres a second */
    uint16_t limit_kmh[2];                /* legal limit for cars, 0 when not known */
    uint16_t hgv_limit_kmh;
    uint16_t height_cm, width_cm, length_dm, weight_10kg, axle_10kg;
};

struct haul_roads; /* an open file; immutable, any thread */

enum haul_err haul_roads_open(const char *path, struct haul_roads **out, struct haul_error *e);
/* The same over bytes that the caller keeps alive and unchanged; 8-aligned. */
enum haul_err haul_roads_of_bytes(const void *bytes, size_t n, struct haul_roads **out, struct haul_error *e);
void haul_roads_close(struct haul_roads *r);

/* The arrays of the file. */
struct haul_roads_view {
    uint32_t junctions, edges, kinds, nodes, arcs, bans; /* nodes and arcs of the routing graph */
    const int32_t *lon_e7, *lat_e7;                      /* junctions */
    const uint32_t *edge_from, *edge_to, *edge_length_cm, *edge_kind, *edge_name;
    const int64_t *edge_way;     /* id of the way it was made from */
    const uint16_t *delay_ds;    /* 2 * edges, by road arc: signals and barriers, tenths of a second */
    const uint32_t *shape_first; /* edges + 1 */
    const int32_t *shape;        /* lon, lat of the points between the ends */
    const struct haul_road_kind *kind;
    const uint32_t *node_junction;       /* nodes */
    const uint32_t *arc_tail, *arc_head; /* arcs, sorted by tail */
    const uint32_t *arc_road;            /* the road arc that it drives */
    const uint16_t *arc_turn_ds;         /* what the turn into it costs */
    const uint8_t *arc_deny;             /* enum haul_use: who may not turn into it here */
    const uint32_t *order;               /* nodes: elimination order */
    const uint32_t *ban_first, *ban_arc; /* forbidden sequences of road arcs */
    const uint8_t *ban_mask;             /* for whom */
    const uint32_t *road_first,
        *road_arcs; /* 2 * edges + 1: routing arcs of a road arc, the one without memory first */
};
const struct haul_roads_view *haul_roads_view(const struct haul_roads *r);

struct haul_str haul_roads_source(const struct haul_roads *r);              /* what it was imported from */
struct haul_str haul_roads_name(const struct haul_roads *r, uint32_t edge); /* "G60 沪昆高速", or empty */
struct haul_arcs haul_roads_graph(const struct haul_roads *r);              /* the routing graph */
enum haul_err haul_roads_cch(const struct haul_roads *r, struct haul_cch **out, struct haul_error *e);

static inline uint32_t haul_arc_from(const struct haul_roads_view *v, uint32_t arc)
{
    return arc & 1 ? v->edge_to[arc / 2] : v->edge_from[arc / 2];
}
static inline uint32_t haul_arc_to(const struct haul_roads_view *v, uint32_t arc)
{
    return haul_arc_from(v, arc ^ 1);
}
static inline const struct haul_road_kind *haul_arc_kind(const struct haul_roads_view *v, uint32_t arc)
{
    return &v->kind[v->edge_kind[arc / 2]];
}
/* The i-th point of an arc in driving direction, ends included, and how many there are. */
uint32_t haul_arc_points(const struct haul_roads_view *v, uint32_t arc);
void haul_arc_point(const struct haul_roads_view *v, uint32_t arc, uint32_t i, double *lon_deg, double *lat_deg);

/* ---- vehicles: what makes of a network a metric ---- */

/* Limits of a vehicle are weights, not topology: another vehicle is another metric over the same hierarchy. */
struct haul_vehicle {
    char name[24];
    uint8_t use; /* all of these must be allowed */
    uint16_t max_kmh, height_cm, width_cm, length_dm, weight_10kg, axle_10kg;
    uint16_t speed_permille; /* of the free flow of cars */
    uint16_t toll_permille;  /* what a toll road's time counts, 1000: nothing more; more: avoided */
};

/* "car", "van", "truck18", "truck49", "reefer", "hazmat", "uav": false when the name is not known. */
bool haul_vehicle_preset(const char *name, struct haul_vehicle *out);
const char *haul_vehicle_preset_name(size_t i); /* NULL behind the last */

/* Free-flow milliseconds of a road arc for the vehicle, turn and delay not counted; HAUL_FAR when it may not or cannot
 * pass. */
int32_t haul_vehicle_arc_ms(const struct haul_roads_view *v, const struct haul_vehicle *vehicle, uint32_t road_arc);
/* Weights of all routing arcs, delays and turns included: milliseconds, or centimetres of the way for distances. */
void haul_vehicle_weights(const struct haul_roads *r, const struct haul_vehicle *vehicle, int32_t *ms);
void haul_vehicle_distances(const struct haul_roads *r, const struct haul_vehicle *vehicle, int32_t *cm);

#endif
