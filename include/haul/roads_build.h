/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * Makes a road network out of points and ways: splits ways into edges, joins chains, keeps the largest part in which
 * every place can be reached from every other, unfolds turn restrictions, orders the routing graph, writes the file.
 * Used by the importers. Not thread-safe.
 */
#ifndef HAUL_ROADS_BUILD_H
#define HAUL_ROADS_BUILD_H

#include "haul/roads.h"

struct haul_builder;

struct haul_builder *haul_builder_new(void); /* NULL: no memory */
void haul_builder_free(struct haul_builder *b);

/* Returns the point's number, counted from 0. No memory is remembered and told by haul_builder_finish. */
uint32_t haul_builder_point(struct haul_builder *b, int32_t lon_e7, int32_t lat_e7);
/* What passing the point costs, tenths of a second. */
void haul_builder_delay(struct haul_builder *b, uint32_t point, uint16_t delay_ds);
/* No way goes through: what meets here does not touch. */
void haul_builder_block(struct haul_builder *b, uint32_t point);
/* Whoever passes the point needs the access[0] and the limits of `limits`. To be said before the ways over it. */
void haul_builder_gate(struct haul_builder *b, uint32_t point, const struct haul_road_kind *limits);
/* The point stays a junction, also where nothing else meets. */
void haul_builder_keep(struct haul_builder *b, uint32_t point);
/* A way over n >= 2 points; shorter ones are left out, as are steps between a point and itself. Everything is copied.
 */
void haul_builder_way(struct haul_builder *b, int64_t id, struct haul_str name, const struct haul_road_kind *kind,
                      const uint32_t *points, size_t n);

#define HAUL_VIA_MAX 8
/* From the way `from`, over the point `via_point` (or the ways `via_way`, in order), into the way `to`: forbidden, or
 * the only way to go on. */
struct haul_restriction {
    int64_t from, to, via_way[HAUL_VIA_MAX];
    uint32_t via_point; /* HAUL_NONE when there are via ways */
    uint8_t via_ways, mask;
    bool only;
};
void haul_builder_restrict(struct haul_builder *b, const struct haul_restriction *r);

struct haul_build_options {
    const char *source; /* a line about where this comes from */
    bool all_turns;     /* every turn costs and U-turns are dear: the routing graph has a node for each arc */
    bool keep_all;      /* also parts from which one cannot come back: for networks cut out round a track */
    haul_progress *progress;
    void *user;
};

struct haul_build_report {
    uint32_t points, ways, pieces; /* pieces: ways cut at crossings */
    uint32_t edges, junctions, kinds;
    uint32_t dropped_edges; /* outside the largest strongly connected part */
    uint32_t restrictions, bans, restrictions_unresolved;
    uint32_t nodes, arcs; /* of the routing graph */
    double length_km;
};

/* Builds everything; the result is a file image in *image (haul_buf_free it). HAUL_E_NOMEM; HAUL_E_INVALID: nothing
 * that can be driven; HAUL_E_LIMIT. */
enum haul_err haul_builder_finish(struct haul_builder *b, const struct haul_build_options *options,
                                  struct haul_buf *image, struct haul_build_report *report, struct haul_error *e);
/* Writes beside the path, syncs, and renames: the path has the old bytes or the new ones. HAUL_E_IO. */
enum haul_err haul_file_replace(const char *path, const void *bytes, size_t n, struct haul_error *e);

#endif
