/* SPDX-License-Identifier: Apache-2.0
 * Queries climb the elimination tree from both ends; no queue, no visited marks. A label is indexed by depth.
 */
#include "processors/geo/cch_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct side {
    int32_t *dist;  /* by depth */
    uint32_t *pred; /* by depth: the CCH arc over which it was reached */
};

struct haul_query {
    const struct haul_cch *cch;
    struct side fwd, bwd;
    struct side ends[2 * HAUL_ENDS_MAX];
    uint32_t meet;        /* the rank where the best path has its top, HAUL_NONE without a path */
    struct side best[2];  /* borrowed: the labels that gave the path */
    uint32_t best_end[2]; /* ranks at which it starts and ends */
    struct step *stack;   /* for unpacking */
    size_t stack_cap;
    int32_t *all; /* by rank, for sweeps */
    struct pool pool;
};

/* A CCH arc to unpack and the direction in which it is passed. */
struct step {
    uint32_t cch; /* arc << 1 | downwards */
};

struct haul_query *haul_query_new(const struct haul_cch *c)
{
    struct haul_query *q = calloc(1, sizeof *q);
    if (q == NULL) return NULL;
    q->cch = c;
    q->meet = HAUL_NONE;
    q->fwd = (struct side){POOL_ARRAY(&q->pool, int32_t, c->height), POOL_ARRAY(&q->pool, uint32_t, c->height)};
    q->bwd = (struct side){POOL_ARRAY(&q->pool, int32_t, c->height), POOL_ARRAY(&q->pool, uint32_t, c->height)};
    const size_t ends = 2 * HAUL_ENDS_MAX;
    int32_t *dist = POOL_ARRAY(&q->pool, int32_t, ends * c->height);
    uint32_t *pred = POOL_ARRAY(&q->pool, uint32_t, ends * c->height);
    for (size_t i = 0; i < ends && !q->pool.failed; i++)
        q->ends[i] = (struct side){dist + i * c->height, pred + i * c->height};
    /* unpacking goes down one rank at least with each step and leaves one arc behind for each */
    q->stack_cap = (size_t)c->height + 2;
    q->stack = POOL_ARRAY(&q->pool, struct step, q->stack_cap);
    q->all = POOL_ARRAY(&q->pool, int32_t, c->n);
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

/* All arcs of the node of depth d, reached at `at`. */
static inline void relax_up(const struct haul_cch *c, uint32_t rank, int32_t at, const int32_t *weight, struct side s)
{
    for (uint32_t e = c->first[rank]; e < c->first[rank + 1]; e++) {
        const uint32_t d = c->head_depth[e];
        const int32_t length = at + weight[e];
        if (length < s.dist[d]) {
            s.dist[d] = length;
            s.pred[d] = e;
        }
    }
}

static void start(const struct haul_cch *c, struct side s, uint32_t rank, int32_t offset)
{
    const uint32_t depth = c->depth[rank];
    for (uint32_t d = 0; d < depth; d++) s.dist[d] = HAUL_FAR;
    s.dist[depth] = offset;
    s.pred[depth] = HAUL_NONE;
}

static uint32_t climb(const struct haul_cch *c, uint32_t rank, const int32_t *weight, struct side s)
{
    const int32_t at = s.dist[c->depth[rank]];
    if (at < HAUL_FAR) relax_up(c, rank, at, weight, s);
    return c->parent[rank];
}

int32_t haul_query_run(struct haul_query *q, const struct haul_weights *w, uint32_t from, uint32_t to)
{
    const struct haul_cch *c = q->cch;
    assert(from < c->n && to < c->n);
    uint32_t a = c->rank[from], b = c->rank[to];
    q->best_end[0] = a, q->best_end[1] = b;
    q->best[0] = q->fwd, q->best[1] = q->bwd;
    start(c, q->fwd, a, 0);
    start(c, q->bwd, b, 0);
    while (a != b) { /* the lower one climbs; in different trees both end at their roots */
        if (a < b)
            a = climb(c, a, w->up, q->fwd);
        else
            b = climb(c, b, w->down, q->bwd);
    }
    int32_t best = HAUL_FAR;
    q->meet = HAUL_NONE;
    for (; a != HAUL_NONE; a = c->parent[a]) {
        const uint32_t d = c->depth[a];
        const int32_t there = q->fwd.dist[d], back = q->bwd.dist[d];
        if (there + back < best) best = there + back, q->meet = a;
        if (there < best) relax_up(c, a, there, w->up, q->fwd);
        if (back < best) relax_up(c, a, back, w->down, q->bwd);
    }
    return best;
}

void cch_label(const struct haul_cch *c, const int32_t *weight, uint32_t rank, int32_t offset, int32_t *dist, uint32_t *pred)
{
    const struct side s = {dist, pred};
    start(c, s, rank, offset);
    while (rank != HAUL_NONE) rank = climb(c, rank, weight, s);
}

/* The best meeting point of two labels, HAUL_NONE when there is none below *best. */
static uint32_t meet(const struct haul_cch *c, uint32_t a, struct side s, uint32_t b, struct side t, int32_t *best)
{
    uint32_t at = HAUL_NONE;
    while (a != b) {
        if (a < b)
            a = c->parent[a];
        else
            b = c->parent[b];
    }
    for (; a != HAUL_NONE; a = c->parent[a]) {
        const int32_t length = s.dist[c->depth[a]] + t.dist[c->depth[a]];
        if (length < *best) *best = length, at = a;
    }
    return at;
}

int32_t haul_query_ends(struct haul_query *q, const struct haul_weights *w, const struct haul_end *from, size_t froms,
                        const struct haul_end *to, size_t tos, size_t *from_i, size_t *to_i)
{
    const struct haul_cch *c = q->cch;
    assert(froms <= HAUL_ENDS_MAX && tos <= HAUL_ENDS_MAX);
    struct side *const s = q->ends, *const t = q->ends + HAUL_ENDS_MAX;
    for (size_t i = 0; i < froms; i++)
        cch_label(c, w->up, c->rank[from[i].node], clamp_weight(from[i].offset), s[i].dist, s[i].pred);
    for (size_t j = 0; j < tos; j++)
        cch_label(c, w->down, c->rank[to[j].node], clamp_weight(to[j].offset), t[j].dist, t[j].pred);
    int32_t best = HAUL_FAR;
    q->meet = HAUL_NONE;
    for (size_t i = 0; i < froms; i++)
        for (size_t j = 0; j < tos; j++) {
            const uint32_t a = c->rank[from[i].node], b = c->rank[to[j].node], at = meet(c, a, s[i], b, t[j], &best);
            if (at == HAUL_NONE) continue;
            q->meet = at;
            q->best[0] = s[i], q->best[1] = t[j];
            q->best_end[0] = a, q->best_end[1] = b;
            if (from_i != NULL) *from_i = i;
            if (to_i != NULL) *to_i = j;
        }
    return best;
}

/* ---- unpacking ---- */

struct unpacker {
    const struct haul_cch *c;
    const struct haul_weights *w;
    const int32_t *arc_weight;
    struct haul_query *q;
    uint32_t *arcs;
    size_t n, cap;
};

/* An arc of the graph that has this weight, or HAUL_NONE. */
static uint32_t own_arc(const struct unpacker *u, uint32_t cch, int32_t weight)
{
    const struct haul_cch *c = u->c;
    const uint32_t arc = cch & 1 ? c->input_down[cch >> 1] : c->input_up[cch >> 1];
    if (arc == c->arcs) return HAUL_NONE;
    if (clamp_weight(u->arc_weight[arc]) == weight) return arc;
    uint32_t low = 0, high = c->extras;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (c->extra[middle].cch < cch)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < c->extras && c->extra[low].cch == cch; low++)
        if (clamp_weight(u->arc_weight[c->extra[low].arc]) == weight) return c->extra[low].arc;
    return HAUL_NONE;
}

/* The lower triangle of e = (y, z) that gives its weight: the arcs x - y and x - z. */
static bool find_triangle(const struct unpacker *u, uint32_t cch, int32_t weight, uint32_t *xy, uint32_t *xz)
{
    const struct haul_cch *c = u->c;
    const int32_t *up = u->w->up, *down = u->w->down;
    const uint32_t e = cch >> 1, y = c->tail[e], z_depth = c->head_depth[e];
    for (uint32_t i = c->down_first[y]; i < c->down_first[y + 1]; i++) {
        const uint32_t a = c->down[i].arc, end = c->down[i].end;
        const int32_t first = cch & 1 ? up[a] : down[a];
        if (first > weight) continue;
        for (uint32_t k = a + 1; k < end && c->head_depth[k] <= 0x7fffffff; k++) {
            if (c->head_depth[k] != z_depth) continue;
            if (first + (cch & 1 ? down[k] : up[k]) != weight) break;
            *xy = a, *xz = k;
            return true;
        }
    }
    return false;
}

static void unpack(struct unpacker *u, uint32_t cch)
{
    struct step *stack = u->q->stack;
    size_t depth = 0;
    stack[depth++] = (struct step){cch};
    while (depth > 0) {
        const struct step s = stack[--depth];
        const int32_t weight = s.cch & 1 ? u->w->down[s.cch >> 1] : u->w->up[s.cch >> 1];
        const uint32_t own = own_arc(u, s.cch, weight);
        if (own != HAUL_NONE) {
            if (u->n < u->cap) u->arcs[u->n] = own;
            u->n++;
            continue;
        }
        uint32_t xy = 0, xz = 0;
        const bool found = find_triangle(u, s.cch, weight, &xy, &xz);
        assert(found && depth + 2 <= u->q->stack_cap);
        /* upwards: y -> x -> z is xy downwards, xz upwards; downwards: z -> x -> y. The first part must come off first. */
        stack[depth++] = (struct step){s.cch & 1 ? xy << 1 : xz << 1};
        stack[depth++] = (struct step){s.cch & 1 ? (xz << 1 | 1) : (xy << 1 | 1)};
    }
}

size_t haul_query_path(struct haul_query *q, const struct haul_weights *w, const int32_t *arc_weight, uint32_t *arcs,
                       size_t cap)
{
    if (q->meet == HAUL_NONE) return 0;
    const struct haul_cch *c = q->cch;
    struct unpacker u = {.c = c, .w = w, .arc_weight = arc_weight, .q = q, .arcs = arcs, .cap = cap};
    /* arcs from the meeting point back to the start, in the scratch of the sweep; then forwards */
    uint32_t *chain = (uint32_t *)(void *)q->all, links = 0;
    for (uint32_t r = q->meet; r != q->best_end[0]; r = c->tail[chain[links - 1]]) chain[links++] = q->best[0].pred[c->depth[r]];
    while (links > 0) unpack(&u, chain[--links] << 1);
    for (uint32_t r = q->meet; r != q->best_end[1];) {
        const uint32_t e = q->best[1].pred[c->depth[r]];
        unpack(&u, e << 1 | 1);
        r = c->tail[e];
    }
    return u.n;
}

/* ---- one to all ---- */

static void sweep(struct haul_query *q, const int32_t *climbing, const int32_t *falling, uint32_t node, int32_t *dist)
{
    const struct haul_cch *c = q->cch;
    int32_t *const all = q->all;
    for (uint32_t r = 0; r < c->n; r++) all[r] = HAUL_FAR;
    cch_label(c, climbing, c->rank[node], 0, q->fwd.dist, q->fwd.pred);
    for (uint32_t r = c->rank[node]; r != HAUL_NONE; r = c->parent[r]) all[r] = q->fwd.dist[c->depth[r]];
    for (uint32_t r = c->n; r-- > 0;) {
        int32_t best = all[r];
        for (uint32_t e = c->first[r]; e < c->first[r + 1]; e++) best = least(best, all[c->head[e]] + falling[e]);
        all[r] = best;
    }
    for (uint32_t r = 0; r < c->n; r++) dist[c->node[r]] = all[r];
}

void haul_query_all_from(struct haul_query *q, const struct haul_weights *w, uint32_t from, int32_t *dist)
{
    sweep(q, w->up, w->down, from, dist);
}

void haul_query_all_to(struct haul_query *q, const struct haul_weights *w, uint32_t to, int32_t *dist)
{
    sweep(q, w->down, w->up, to, dist);
}
