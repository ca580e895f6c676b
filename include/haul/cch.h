/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * Customisable contraction hierarchies (Dibbelt, Strasser, Wagner, "Customizable Contraction Hierarchies", JEA 21,
 * 2016): one topology for many metrics; a metric is customised in milliseconds, changed in part in less, queried in
 * microseconds.
 *
 * Where this differs: labels are indexed by the depth of a node in the elimination tree, not by node. All that a search
 * can reach lies on one path to the root, so a label is a short dense array; a many-to-many matrix is a min-plus
 * product of such arrays over the common part of two paths.
 *
 * Weights are int32: 0 <= weight < HAUL_FAR; HAUL_FAR means "cannot be passed". A path's length is exact below
 * HAUL_FAR.
 */
#ifndef HAUL_CCH_H
#define HAUL_CCH_H

#include "haul/err.h"
#include "haul/order.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HAUL_FAR  0x3fffffff /* twice of it still fits: sums need no check for overflow */
#define HAUL_NONE UINT32_MAX

/* ---- topology: immutable once built, shared by all threads ---- */

struct haul_cch;

struct haul_cch_size {
    uint32_t nodes, arcs, cch_arcs, height;
    uint64_t triangles, bytes;
};

/* Builds the chordal completion of g under the order (order[i] is eliminated i-th). The arcs are copied.
 * HAUL_E_INVALID: not a permutation, or an arc to a node that is not there; HAUL_E_NOMEM; HAUL_E_LIMIT: more than 2^30
 * CCH arcs or 2^32 triangles (the order does not fit the graph). */
enum haul_err haul_cch_build(const struct haul_arcs *g, const uint32_t *order, struct haul_cch **out,
                             struct haul_error *e);
void haul_cch_free(struct haul_cch *c);
struct haul_cch_size haul_cch_size(const struct haul_cch *c);

/* ---- one customised set of weights: written by one thread, then read by many ---- */

struct haul_weights;

struct haul_weights *
haul_weights_new(const struct haul_cch *c); /* NULL: no memory. Holds nothing until it is customised. */
void haul_weights_free(struct haul_weights *w);
/* From the weight of each arc of the graph; values outside 0..HAUL_FAR are taken as HAUL_FAR. No allocation. */
void haul_weights_customise(struct haul_weights *w, const int32_t *arc_weight);

struct haul_change {
    uint32_t arc;
    int32_t weight;
};

/* Changes the weights of some arcs of the graph: what depends on them is worked out again, upwards, as long as it
 * changes. When that takes more steps than customising the whole, the whole is customised instead: true. No allocation.
 */
bool haul_weights_update(struct haul_weights *w, const struct haul_change *change, size_t n);
/* The weight that an arc of the graph has in w. */
int32_t haul_weights_arc(const struct haul_weights *w, uint32_t arc);
/* The same weights as from->...; both of one topology. */
void haul_weights_copy(struct haul_weights *to, const struct haul_weights *from);

/* ---- queries: one object a thread ---- */

struct haul_query;

struct haul_query *haul_query_new(const struct haul_cch *c); /* NULL: no memory */
void haul_query_free(struct haul_query *q);

/* Length of a shortest path between two nodes, HAUL_FAR when there is none. No allocation. */
int32_t haul_query_run(struct haul_query *q, const struct haul_weights *w, uint32_t from, uint32_t to);

/* A place to start or end: a node, and what it costs to get from the place to it (or from it to the place). */
struct haul_end {
    uint32_t node;
    int32_t offset;
};
#define HAUL_ENDS_MAX 16

/* The best of all pairs; which pair is told through from_i, to_i (either may be NULL). At most HAUL_ENDS_MAX each. */
int32_t haul_query_ends(struct haul_query *q, const struct haul_weights *w, const struct haul_end *from, size_t froms,
                        const struct haul_end *to, size_t tos, size_t *from_i, size_t *to_i);

/* The arcs of the graph on the path that the last haul_query_run or haul_query_ends found over the same w. Returns the
 * number of arcs, of which the first `cap` are written. */
size_t haul_query_path(struct haul_query *q, const struct haul_weights *w, uint32_t *arcs, size_t cap);

/* Lengths from one node to all (or from all to one): dist[node], nodes of them; one sweep down the hierarchy (Delling
 * et al., "PHAST", 2011). */
void haul_query_all_from(struct haul_query *q, const struct haul_weights *w, uint32_t from, int32_t *dist);
void haul_query_all_to(struct haul_query *q, const struct haul_weights *w, uint32_t to, int32_t *dist);

/* Lengths from any node to one, worked out as far as they are asked for: the potentials of an A* search (Strasser and
 * Zeitz, "A fast and tight heuristic for A* in road networks", SEA 2021). haul_query_aim sets the target;
 * haul_query_potential then gives the length from a node to it, HAUL_FAR when there is no way. Other queries of the
 * same object end the aim. */
void haul_query_aim(struct haul_query *q, const struct haul_weights *w, uint32_t to);
int32_t haul_query_potential(struct haul_query *q, uint32_t from);

/* out[i * targets + j] = length from source i to target j. Rows [row_low, row_high) are written, so that threads can
 * share the work; labels are made by haul_matrix_prepare. */
struct haul_matrix;
struct haul_matrix *haul_matrix_new(const struct haul_cch *c, size_t sources, size_t targets); /* NULL: no memory */
void haul_matrix_free(struct haul_matrix *m);
/* Labels of a range of sources and a range of targets; any number of threads on ranges that do not overlap. */
void haul_matrix_sources(struct haul_matrix *m, const struct haul_weights *w, const struct haul_end *source, size_t low,
                         size_t high);
void haul_matrix_targets(struct haul_matrix *m, const struct haul_weights *w, const struct haul_end *target, size_t low,
                         size_t high);
/* Once all labels are made. */
void haul_matrix_rows(const struct haul_matrix *m, size_t low, size_t high, int32_t *out);

#endif
