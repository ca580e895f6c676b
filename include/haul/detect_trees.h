/* SPDX-License-Identifier: Apache-2.0
 * Layer: detect
 * Half-space trees for several variables at once (Tan, Ting, Liu, "Fast anomaly detection for streaming data", IJCAI
 * 2011): full binary trees over a work space, each inner node halving one variable chosen at random; the mass of a
 * window of values is counted in the nodes, and the next window's values are rated by the mass of the last: few
 * neighbours, high score. Two tables of counters change roles at the end of each window. Differs from the paper in
 * that the score is put against the mass that an average value meets.
 *
 * The caller brings variables scaled to [0, 1] (what is outside counts as the edge); the structure follows from the
 * seed alone. The work space is chosen as in the paper: a split point q in [0, 1] per tree and variable, range q ± 2
 * max(q, 1 - q).
 */
#ifndef HAUL_DETECT_TREES_H
#define HAUL_DETECT_TREES_H

#include "haul/detect.h"

#define HAUL_TREES_MAX       25
#define HAUL_TREES_DEPTH_MAX 10
#define HAUL_TREES_DIMS_MAX  16

struct haul_trees_config {
    uint64_t seed;
    uint32_t window;            /* values a window; 250 */
    uint16_t leaf_mass;         /* a walk stops at a node with less mass than this; 0.1 of the window in the paper */
    uint8_t trees, depth, dims; /* 25, 8 (15 in the paper), number of variables */
    double threshold;           /* of the statistic -log2(mass / mean mass); 4: a sixteenth of what is usual */
};

/* Nodes of one tree: 2^(depth+1) - 1. */
#define HAUL_TREES_NODES(depth) ((2u << (depth)) - 1u)

struct haul_trees {
    uint64_t seen;
    double mean; /* moving mean of the mass met */
    uint32_t windows;
};

/* Counters, and the structure, in one block of the caller's: haul_trees_bytes(c) bytes, 8-aligned; part of the state.
 */
size_t haul_trees_bytes(const struct haul_trees_config *c);
enum haul_err haul_trees_init(struct haul_trees *s, void *block, const struct haul_trees_config *c,
                              struct haul_error *e);
void haul_trees_reset(struct haul_trees *s, void *block, const struct haul_trees_config *c);
/* values: dims of them. The score's value is the mass, expected the mean mass. LEARNING during the first window. */
struct haul_score haul_trees_update(struct haul_trees *s, void *block, const struct haul_trees_config *c,
                                    const double *values, struct haul_time at);

#endif
