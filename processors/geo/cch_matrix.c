/* SPDX-License-Identifier: Apache-2.0
 * Many to many: one label for each source and each target, then a min-plus product over the common part of the two
 * paths.
 *
 * Targets are kept in the order of their ranks. Seen from a source, the lowest common ancestor only rises as one walks
 * away from the source's own place in that order, to either side. So it is found by following the walk, and what lies
 * below it is struck out of a copy of the source's label once, instead of being tested for each pair.
 */
#include "processors/geo/cch_internal.h"
#include "processors/geo/clones.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LANES 8u

typedef int32_t lanes __attribute__((vector_size(4 * LANES)));

struct target {
    uint32_t rank, index;
};

struct haul_matrix {
    const struct haul_cch *cch;
    size_t sources, targets, stride; /* a label is `stride` long: height, rounded up to whole lanes */
    int32_t *from, *to;
    uint32_t *source_rank, *target_rank;
    struct pool pool;
};

struct haul_matrix *haul_matrix_new(const struct haul_cch *c, size_t sources, size_t targets)
{
    struct haul_matrix *m = calloc(1, sizeof *m);
    if (m == NULL) return NULL;
    m->cch = c;
    m->sources = sources, m->targets = targets;
    m->stride = (c->height + LANES - 1) / LANES * LANES;
    if (m->stride > 0 && (sources > SIZE_MAX / 8 / m->stride || targets > SIZE_MAX / 8 / m->stride))
        m->pool.failed = true;
    m->from = POOL_ARRAY(&m->pool, int32_t, sources * m->stride);
    m->to = POOL_ARRAY(&m->pool, int32_t, targets * m->stride);
    m->source_rank = POOL_ARRAY(&m->pool, uint32_t, sources);
    m->target_rank = POOL_ARRAY(&m->pool, uint32_t, targets);
    if (!m->pool.failed) return m;
    haul_matrix_free(m);
    return NULL;
}

void haul_matrix_free(struct haul_matrix *m)
{
    if (m == NULL) return;
    pool_free(&m->pool);
    free(m);
}

/* A label without predecessors, filled up to its stride. */
static void make_label(const struct haul_matrix *m, const int32_t *weight, uint32_t rank, int32_t offset, int32_t *dist)
{
    const struct haul_cch *c = m->cch;
    for (size_t d = 0; d < m->stride; d++) dist[d] = HAUL_FAR;
    dist[c->depth[rank]] = offset;
    for (uint32_t r = rank; r != HAUL_NONE; r = c->parent[r]) {
        const int32_t at = dist[c->depth[r]];
        if (at >= HAUL_FAR) continue;
        for (uint32_t e = c->first[r]; e < c->first[r + 1]; e++)
            dist[c->head_depth[e]] = least(dist[c->head_depth[e]], at + weight[2 * (size_t)e]);
    }
}

static void make_labels(const struct haul_matrix *m, const int32_t *weight, const struct haul_end *end, size_t low,
                        size_t high, int32_t *labels, uint32_t *ranks)
{
    for (size_t i = low; i < high; i++) {
        assert(end[i].node < m->cch->n);
        ranks[i] = m->cch->rank[end[i].node];
        make_label(m, weight, ranks[i], clamp_weight(end[i].offset), labels + i * m->stride);
    }
}

void haul_matrix_sources(struct haul_matrix *m, const struct haul_weights *w, const struct haul_end *source, size_t low,
                         size_t high)
{
    assert(high <= m->sources);
    make_labels(m, w->side, source, low, high, m->from, m->source_rank);
}

void haul_matrix_targets(struct haul_matrix *m, const struct haul_weights *w, const struct haul_end *target, size_t low,
                         size_t high)
{
    assert(high <= m->targets);
    make_labels(m, w->side + 1, target, low, high, m->to, m->target_rank);
}

/* min over d < n of a[d] + b[d]; both are readable, and a is HAUL_FAR, up to whole lanes. */
static inline __attribute__((always_inline)) int32_t min_plus(const int32_t *a, const int32_t *b, uint32_t n)
{
    lanes best;
    for (uint32_t k = 0; k < LANES; k++) best[k] = HAUL_FAR;
    for (uint32_t d = 0; d < n; d += LANES) {
        lanes x, y;
        memcpy(&x, a + d, sizeof x);
        memcpy(&y, b + d, sizeof y);
        const lanes sum = x + y, smaller = sum < best;
        best = (sum & smaller) | (best & ~smaller);
    }
    int32_t least_lane = best[0];
    for (uint32_t k = 1; k < LANES; k++) least_lane = least(least_lane, best[k]);
    return least_lane;
}

static int by_rank(const void *a, const void *b)
{
    const struct target *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* One walk away from the source: step is 1 (targets at or above it) or -1. `label` is a copy that may be struck. */
CLONES static void walk(const struct haul_matrix *m, const struct target *t, size_t at, ptrdiff_t step, uint32_t rank,
                        int32_t *label, int32_t *row)
{
    const struct haul_cch *c = m->cch;
    uint32_t top = rank; /* lowest common ancestor so far */
    for (; at < m->targets; at = (size_t)((ptrdiff_t)at + step)) {
        while (top != HAUL_NONE && (t[at].rank > top || t[at].rank < c->low[top])) {
            label[c->depth[top]] = HAUL_FAR;
            top = c->parent[top];
        }
        const uint32_t n = top == HAUL_NONE ? 0 : c->depth[top] + 1;
        row[t[at].index] = min_plus(label, m->to + t[at].index * m->stride, n);
    }
}

void haul_matrix_rows(const struct haul_matrix *m, size_t low, size_t high, int32_t *out)
{
    assert(high <= m->sources);
    struct pool pool = {0};
    struct target *t = POOL_ARRAY(&pool, struct target, m->targets);
    int32_t *label = POOL_ARRAY(&pool, int32_t, m->stride);
    assert(!pool.failed);
    for (size_t j = 0; j < m->targets; j++) t[j] = (struct target){m->target_rank[j], (uint32_t)j};
    qsort(t, m->targets, sizeof *t, by_rank);
    for (size_t i = low; i < high; i++) {
        const uint32_t rank = m->source_rank[i];
        size_t at = 0, end = m->targets; /* the first target at or above the source */
        while (at < end) {
            const size_t middle = at + (end - at) / 2;
            if (t[middle].rank < rank)
                at = middle + 1;
            else
                end = middle;
        }
        for (int back = 0; back <= 1; back++) {
            memcpy(label, m->from + i * m->stride, m->stride * sizeof *label);
            /* going back from the first: at - 1 wraps beyond the end, which stops the walk */
            walk(m, t, back ? at - 1 : at, back ? -1 : 1, rank, label, out + i * m->targets);
        }
    }
    pool_free(&pool);
}
