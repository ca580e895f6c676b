/* SPDX-License-Identifier: Apache-2.0
 * Queries climb the elimination tree from both ends; no queue, no visited marks. A label is indexed by depth.
 */
#include "processors/geo/cch_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct haul_query {
    const struct haul_cch *cch;
    int32_t *fwd, *bwd;                 /* labels, by depth */
    int32_t *ends_from, *ends_to;       /* HAUL_ENDS_MAX labels each */
    uint32_t meet;                      /* the rank at the top of the best path, HAUL_NONE without a path */
    const int32_t *best_from, *best_to; /* borrowed: the labels that gave it */
    uint32_t start, end;                /* ranks at which it starts and ends */
    uint32_t *chain;                    /* sides of the path before unpacking: twice the height */
    uint32_t *stack;                    /* sides still to unpack */
    size_t stack_cap;
    int32_t *all;         /* by rank, for sweeps and potentials */
    uint32_t *known, aim; /* all[rank] is a potential of this aim when known[rank] is aim */
    const struct haul_weights *aim_weights;
    struct pool pool;
};

struct haul_query *haul_query_new(const struct haul_cch *c)
{
    struct haul_query *q = calloc(1, sizeof *q);
    if (q == NULL) return NULL;
    const size_t height = c->height;
    q->cch = c;
    q->meet = HAUL_NONE;
    q->fwd = POOL_ARRAY(&q->pool, int32_t, height);
    q->bwd = POOL_ARRAY(&q->pool, int32_t, height);
    q->ends_from = POOL_ARRAY(&q->pool, int32_t, HAUL_ENDS_MAX * height);
    q->ends_to = POOL_ARRAY(&q->pool, int32_t, HAUL_ENDS_MAX * height);
    q->chain = POOL_ARRAY(&q->pool, uint32_t, 2 * height);
    /* each step of unpacking goes down one rank of one path at least and leaves one side behind */
    q->stack_cap = c->n + (size_t)2;
    q->stack = POOL_ARRAY(&q->pool, uint32_t, q->stack_cap);
    q->all = POOL_ARRAY(&q->pool, int32_t, c->n);
    q->known = POOL_ZEROED(&q->pool, uint32_t, c->n);
    if (!q->pool.failed) return q;
    haul_query_free(q);
    return NULL;
}

void haul_query_free(struct haul_query *q)
{
    if (q == NULL) return;
    pool_free(&q->pool);
    free(q);
}

/* All arcs of a node that was reached at `at`. weight is by side: it starts at 0 for upwards, at 1 for downwards.
 * Predecessors are not kept: whoever wants the path finds them again (fill_chain), and the loop has no branch to guess
 * wrong. */
static inline void relax_up(const struct haul_cch *c, uint32_t rank, int32_t at, const int32_t *weight, int32_t *dist)
{
    const uint32_t end = c->first[rank + 1];
    for (uint32_t e = c->first[rank]; e < end; e++) {
        int32_t *to = &dist[c->head_depth[e]];
        *to = least(*to, at + weight[2 * (size_t)e]);
    }
}

static void start(const struct haul_cch *c, uint32_t rank, int32_t offset, int32_t *dist)
{
    const uint32_t depth = c->depth[rank];
    for (uint32_t d = 0; d < depth; d++) dist[d] = HAUL_FAR;
    dist[depth] = offset;
}

static inline uint32_t climb(const struct haul_cch *c, uint32_t rank, const int32_t *weight, int32_t *dist)
{
    const int32_t at = dist[c->depth[rank]];
    if (at < HAUL_FAR) relax_up(c, rank, at, weight, dist);
    return c->parent[rank];
}

static void label(const struct haul_cch *c, const int32_t *weight, uint32_t rank, int32_t offset, int32_t *dist)
{
    start(c, rank, offset, dist);
    while (rank != HAUL_NONE) rank = climb(c, rank, weight, dist);
}

int32_t haul_query_run(struct haul_query *q, const struct haul_weights *w, uint32_t from, uint32_t to)
{
    const struct haul_cch *c = q->cch;
    assert(from < c->n && to < c->n);
    uint32_t a = c->rank[from], b = c->rank[to];
    int32_t *const fwd = q->fwd, *const bwd = q->bwd;
    q->start = a, q->end = b;
    q->best_from = fwd, q->best_to = bwd;
    start(c, a, 0, fwd);
    start(c, b, 0, bwd);
    while (a != b) { /* the lower one climbs; in different trees both end at HAUL_NONE, which is above all */
        if (a < b)
            a = climb(c, a, w->side, fwd);
        else
            b = climb(c, b, w->side + 1, bwd);
    }
    int32_t best = HAUL_FAR;
    q->meet = HAUL_NONE;
    for (; a != HAUL_NONE; a = c->parent[a]) {
        const int32_t there = fwd[c->depth[a]], back = bwd[c->depth[a]];
        if (there + back < best) best = there + back, q->meet = a;
        if (there < best) relax_up(c, a, there, w->side, fwd);
        if (back < best) relax_up(c, a, back, w->side + 1, bwd);
    }
    return best;
}

/* The best meeting point of two labels, HAUL_NONE when there is none below *best. */
static uint32_t meet(const struct haul_cch *c, uint32_t a, const int32_t *s, uint32_t b, const int32_t *t,
                     int32_t *best)
{
    uint32_t at = HAUL_NONE;
    while (a != b) {
        if (a < b)
            a = c->parent[a];
        else
            b = c->parent[b];
    }
    for (; a != HAUL_NONE; a = c->parent[a]) {
        const int32_t length = s[c->depth[a]] + t[c->depth[a]];
        if (length < *best) *best = length, at = a;
    }
    return at;
}

int32_t haul_query_ends(struct haul_query *q, const struct haul_weights *w, const struct haul_end *from, size_t froms,
                        const struct haul_end *to, size_t tos, size_t *from_i, size_t *to_i)
{
    const struct haul_cch *c = q->cch;
    const size_t height = c->height;
    assert(froms <= HAUL_ENDS_MAX && tos <= HAUL_ENDS_MAX);
    for (size_t i = 0; i < froms; i++)
        label(c, w->side, c->rank[from[i].node], clamp_weight(from[i].offset), q->ends_from + i * height);
    for (size_t j = 0; j < tos; j++)
        label(c, w->side + 1, c->rank[to[j].node], clamp_weight(to[j].offset), q->ends_to + j * height);
    int32_t best = HAUL_FAR;
    q->meet = HAUL_NONE;
    for (size_t i = 0; i < froms; i++)
        for (size_t j = 0; j < tos; j++) {
            const uint32_t a = c->rank[from[i].node], b = c->rank[to[j].node];
            const int32_t *s = q->ends_from + i * height, *t = q->ends_to + j * height;
            const uint32_t at = meet(c, a, s, b, t, &best);
            if (at == HAUL_NONE) continue;
            q->meet = at;
            q->best_from = s, q->best_to = t;
            q->start = a, q->end = b;
            if (from_i != NULL) *from_i = i;
            if (to_i != NULL) *to_i = j;
        }
    return best;
}

/* ---- unpacking
 * --------------------------------------------------------------------------------------------------------- */

struct unpacker {
    const struct haul_cch *c;
    const struct haul_weights *w;
    struct haul_query *q;
    uint32_t *arcs;
    size_t n, cap;
};

/* An arc of the graph on this side that has its weight, or HAUL_NONE. */
static uint32_t own_arc(const struct unpacker *u, uint32_t side)
{
    const struct haul_cch *c = u->c;
    const int32_t weight = u->w->side[side];
    const uint32_t arc = c->input[side];
    if (arc == HAUL_NONE || u->w->arc[arc] == weight) return arc;
    for (uint32_t i = cch_first_extra(c, side); i < c->extras && c->extra[i].side == side; i++)
        if (u->w->arc[c->extra[i].arc] == weight) return c->extra[i].arc;
    return HAUL_NONE;
}

/* The lower triangle of the side's arc y - z that gives its weight. For y -> z the steps are y -> x, x -> z; for z -> y
 * they are z -> x, x -> y. */
static bool find_triangle(const struct unpacker *u, uint32_t side, uint32_t step[2])
{
    const struct haul_cch *c = u->c;
    const int32_t *weight = u->w->side;
    const uint32_t arc = side >> 1, back = side & 1;
    for (uint32_t i = c->low_first[arc]; i < c->low_first[arc + 1]; i++) {
        const uint32_t with_y = 2 * c->low_arc[i] + !back, with_z = 2 * (c->low_arc[i] + c->low_skip[i]) + back;
        if (weight[with_y] + weight[with_z] != weight[side]) continue;
        step[0] = back ? with_z : with_y;
        step[1] = back ? with_y : with_z;
        return true;
    }
    return false;
}

static void unpack(struct unpacker *u, uint32_t first)
{
    uint32_t *stack = u->q->stack, depth = 0;
    stack[depth++] = first;
    while (depth > 0) {
        const uint32_t side = stack[--depth], own = own_arc(u, side);
        if (own != HAUL_NONE) {
            if (u->n < u->cap) u->arcs[u->n] = own;
            u->n++;
            continue;
        }
        uint32_t step[2];
        const bool found = find_triangle(u, side, step);
        assert(found && depth + 2 <= u->q->stack_cap);
        stack[depth++] = step[1];
        stack[depth++] = step[0]; /* comes off first */
    }
}

/* The sides by which a label came from `rank` up to the meeting point, the highest first. A node's predecessor is the
 * lowest node of the path whose arc explains its distance; going down from the top, the first one that fits is taken.
 */
static uint32_t fill_chain(const struct haul_query *q, const struct haul_weights *w, uint32_t rank, const int32_t *dist,
                           uint32_t back, uint32_t *chain)
{
    const struct haul_cch *c = q->cch;
    uint32_t links = 0, *pred = chain; /* pred[depth]: the first arc seen that explains it */
    const uint32_t top = c->depth[q->meet], bottom = c->depth[rank];
    for (uint32_t d = top; d <= bottom; d++) pred[d] = HAUL_NONE;
    for (uint32_t r = rank; r != q->meet; r = c->parent[r]) {
        const int32_t at = dist[c->depth[r]];
        for (uint32_t e = c->first[r]; at < HAUL_FAR && e < c->first[r + 1]; e++) {
            const uint32_t d = c->head_depth[e];
            if (d >= top && pred[d] == HAUL_NONE && at + w->side[2 * (size_t)e + back] == dist[d]) pred[d] = e;
        }
    }
    /* compact in place: a link is written at or before the depth that it was read from */
    for (uint32_t r = q->meet; r != rank;) {
        const uint32_t e = pred[c->depth[r]];
        assert(e != HAUL_NONE);
        chain[links++] = 2 * e + back;
        r = c->tail[e];
    }
    return links;
}

size_t haul_query_path(struct haul_query *q, const struct haul_weights *w, uint32_t *arcs, size_t cap)
{
    if (q->meet == HAUL_NONE) return 0;
    struct unpacker u = {.c = q->cch, .w = w, .q = q, .arcs = arcs, .cap = cap};
    uint32_t links = fill_chain(q, w, q->start, q->best_from, 0, q->chain);
    while (links > 0) unpack(&u, q->chain[--links]);
    links = fill_chain(q, w, q->end, q->best_to, 1, q->chain);
    for (uint32_t i = 0; i < links; i++) unpack(&u, q->chain[i]);
    return u.n;
}

/* ---- one to all
 * --------------------------------------------------------------------------------------------------------- */

static void sweep(struct haul_query *q, const int32_t *climbing, const int32_t *falling, uint32_t node, int32_t *dist)
{
    const struct haul_cch *c = q->cch;
    int32_t *const all = q->all;
    for (uint32_t r = 0; r < c->n; r++) all[r] = HAUL_FAR;
    label(c, climbing, c->rank[node], 0, q->fwd);
    for (uint32_t r = c->rank[node]; r != HAUL_NONE; r = c->parent[r]) all[r] = q->fwd[c->depth[r]];
    for (uint32_t r = c->n; r-- > 0;) {
        int32_t best = all[r];
        for (uint32_t e = c->first[r]; e < c->first[r + 1]; e++)
            best = least(best, all[c->head[e]] + falling[2 * (size_t)e]);
        all[r] = best;
    }
    for (uint32_t r = 0; r < c->n; r++) dist[c->node[r]] = all[r];
}

void haul_query_all_from(struct haul_query *q, const struct haul_weights *w, uint32_t from, int32_t *dist)
{
    sweep(q, w->side, w->side + 1, from, dist);
}

void haul_query_all_to(struct haul_query *q, const struct haul_weights *w, uint32_t to, int32_t *dist)
{
    sweep(q, w->side + 1, w->side, to, dist);
}

/* ---- potentials
 * --------------------------------------------------------------------------------------------------------- */

void haul_query_aim(struct haul_query *q, const struct haul_weights *w, uint32_t to)
{
    const struct haul_cch *c = q->cch;
    if (++q->aim == 0) {
        memset(q->known, 0, c->n * sizeof *q->known);
        q->aim = 1;
    }
    q->aim_weights = w;
    label(c, w->side + 1, c->rank[to], 0, q->bwd);
    /* from the root down: an ancestor of the target goes up first or down at once, whichever is shorter */
    uint32_t depth = 0;
    for (uint32_t r = c->rank[to]; r != HAUL_NONE; r = c->parent[r]) q->stack[depth++] = r;
    while (depth > 0) {
        const uint32_t r = q->stack[--depth];
        int32_t best = q->bwd[c->depth[r]];
        for (uint32_t e = c->first[r]; e < c->first[r + 1]; e++)
            best = least(best, w->side[2 * (size_t)e] + q->all[c->head[e]]);
        q->all[r] = best;
        q->known[r] = q->aim;
    }
}

int32_t haul_query_potential(struct haul_query *q, uint32_t from)
{
    const struct haul_cch *c = q->cch;
    uint32_t depth = 0;
    for (uint32_t r = c->rank[from]; r != HAUL_NONE && q->known[r] != q->aim; r = c->parent[r]) q->stack[depth++] = r;
    while (depth > 0) {
        const uint32_t r = q->stack[--depth];
        int32_t best = HAUL_FAR;
        for (uint32_t e = c->first[r]; e < c->first[r + 1]; e++)
            best = least(best, q->aim_weights->side[2 * (size_t)e] + q->all[c->head[e]]);
        q->all[r] = best;
        q->known[r] = q->aim;
    }
    return q->all[c->rank[from]];
}
