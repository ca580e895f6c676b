/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * Map matching: which road was driven, from fixes that are off, sparse or wrong.
 *
 * A hidden Markov model (Newson and Krumm, "Hidden Markov map matching through noise and sparseness", 2009) decoded
 * while the fixes come: what all surviving hypotheses agree on is given out at once, and when a vehicle's memory is
 * full its oldest step is given out along the best one (Goh et al., "Online map-matching based on hidden Markov model",
 * 2012, with bounded memory in place of a bounded time). Memory for a vehicle is a block that the caller keeps, of any
 * size from HAUL_TRACK_BYTES; with a large one the result is that of the whole Viterbi algorithm.
 *
 * Ways between candidates are searched for within a bound over the junctions, not asked of the hierarchy: that one is
 * made over the routing graph, whose turn restrictions and one vehicle's metric do not bind the matcher, so sparse
 * fixes would need a second hierarchy, of distances over junctions, beside it.
 *
 * Deterministic: the same fixes give the same output on every machine, whatever else the matcher has been asked before.
 */
#ifndef HAUL_MATCH_H
#define HAUL_MATCH_H

#include "haul/map.h"
#include "haul/time.h"

#define HAUL_TRACK_BYTES 1024u

struct haul_match_options {
    uint8_t use;         /* roads that one of these may drive; 0: all */
    float radius_m;      /* candidates are looked for so far away */
    float sigma_m;       /* how far fixes lie from the road (standard deviation) */
    float beta_m;        /* how much the way between two fixes differs from the straight line */
    float heading_deg;   /* how far headings are off (standard deviation); 0: headings are not looked at */
    float step_m;        /* a vehicle that moved less than this stands */
    float max_speed_mps; /* faster is impossible */
    int64_t break_ms;    /* a longer silence ends the trip */
};
/* What is good for cars and trucks with satellite positions, at 1 to 120 s. */
struct haul_match_options haul_match_defaults(void);

struct haul_fix {
    struct haul_time time;
    double lon_deg, lat_deg; /* WGS-84 */
    float heading_deg;       /* of movement, negative when not known */
    float speed_mps;         /* negative when not known */
};

/* Where the vehicle was at the time of a fix. */
struct haul_matched {
    struct haul_time time;
    uint32_t arc, along_cm;
    double lon_deg, lat_deg;
    float confidence; /* 0..1: the share of the hypotheses that agree, when it was given out */
};

/* A road arc that was driven. Times where no fix was are interpolated by distance. */
struct haul_traversal {
    uint32_t arc;
    uint32_t from_cm, to_cm; /* the part of it: all, but at the ends of a trip */
    struct haul_time enter, leave;
    bool first; /* begins a trip: nothing connects it with what was before */
};

/* What a call gave out; valid until the next call of the same matcher. */
struct haul_match_output {
    const struct haul_matched *point;
    const struct haul_traversal *traversal;
    size_t points, traversals;
};

enum haul_match_status {
    HAUL_MATCH_TAKEN,    /* the fix is a step of the trip */
    HAUL_MATCH_STANDS,   /* it has not moved */
    HAUL_MATCH_OFF_ROAD, /* no road near */
    HAUL_MATCH_OUTLIER,  /* a road near, but it cannot have been reached */
    HAUL_MATCH_BROKEN,   /* the trip so far has ended, a new one begins here */
    HAUL_MATCH_INVALID,  /* not finite, off the earth, or not later than the one before */
};

struct haul_matcher; /* scratch and caches: one a thread */

enum haul_err haul_matcher_new(const struct haul_map *map, const struct haul_match_options *options,
                               struct haul_matcher **out, struct haul_error *e);
void haul_matcher_free(struct haul_matcher *m);

/* An empty track in 8-aligned memory of so many bytes (at least HAUL_TRACK_BYTES). It holds no pointer: it may be
 * copied, stored and restored as bytes, and be used with any matcher over the same network and options. */
void haul_track_init(void *track, size_t bytes);
/* No allocation. */
enum haul_match_status haul_match_fix(struct haul_matcher *m, void *track, const struct haul_fix *fix,
                                      struct haul_match_output *out);
/* Ends the trip: gives out what is left. The track is empty then. */
void haul_match_flush(struct haul_matcher *m, void *track, struct haul_match_output *out);

#endif
