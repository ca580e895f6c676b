/* SPDX-License-Identifier: Apache-2.0
 * The file of a road network: a header, a table of sections, the sections, each 64-aligned, little-endian. The hash in
 * the header covers everything behind the header.
 */
#ifndef HAUL_GEO_ROADS_FORMAT_H
#define HAUL_GEO_ROADS_FORMAT_H

#include "haul/roads.h"

#define ROADS_MAGIC   "HAULROAD"
#define ROADS_VERSION 1u
#define ROADS_ENDIAN  0x01020304u

/* SECTION(NAME, item type, items) */
#define ROADS_SECTIONS(X)                                                                                              \
    X(LON, int32_t, junctions)                                                                                         \
    X(LAT, int32_t, junctions)                                                                                         \
    X(EDGE_FROM, uint32_t, edges)                                                                                      \
    X(EDGE_TO, uint32_t, edges)                                                                                        \
    X(EDGE_LENGTH, uint32_t, edges)                                                                                    \
    X(EDGE_KIND, uint32_t, edges)                                                                                      \
    X(EDGE_NAME, uint32_t, edges)                                                                                      \
    X(EDGE_WAY, int64_t, edges)                                                                                        \
    X(DELAY, uint16_t, 2 * edges)                                                                                      \
    X(SHAPE_FIRST, uint32_t, edges + 1)                                                                                \
    X(SHAPE, int32_t, 2 * shape_points)                                                                                \
    X(KIND, struct haul_road_kind, kinds)                                                                              \
    X(NAMES, char, name_bytes)                                                                                         \
    X(NODE_JUNCTION, uint32_t, nodes)                                                                                  \
    X(ARC_TAIL, uint32_t, arcs)                                                                                        \
    X(ARC_HEAD, uint32_t, arcs)                                                                                        \
    X(ARC_ROAD, uint32_t, arcs)                                                                                        \
    X(ARC_TURN, uint16_t, arcs)                                                                                        \
    X(ARC_DENY, uint8_t, arcs)                                                                                         \
    X(ORDER, uint32_t, nodes)                                                                                          \
    X(BAN_FIRST, uint32_t, bans + 1)                                                                                   \
    X(BAN_ARC, uint32_t, ban_arcs)                                                                                     \
    X(BAN_MASK, uint8_t, bans)                                                                                         \
    X(ROAD_FIRST, uint32_t, 2 * edges + 1)                                                                             \
    X(ROAD_ARCS, uint32_t, arcs)

enum roads_section {
#define X(NAME, type, items) SECTION_##NAME,
    ROADS_SECTIONS(X)
#undef X
        SECTION_COUNT
};

struct roads_counts {
    uint64_t junctions, edges, kinds, nodes, arcs, bans, ban_arcs, shape_points, name_bytes;
};

struct roads_header {
    char magic[8];
    uint32_t version, endian;
    uint64_t file_bytes, hash_hi, hash_lo;
    struct roads_counts counts;
    char source[128]; /* NUL-terminated */
    uint64_t offset[SECTION_COUNT];
    uint64_t header_hash; /* xxh3 of all before it */
};

/* Bytes of each section for these counts. */
void roads_section_bytes(const struct roads_counts *c, uint64_t bytes[SECTION_COUNT]);

#endif
