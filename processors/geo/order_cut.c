/* SPDX-License-Identifier: Apache-2.0
 * Inertial flow: project the nodes onto a line, join the first quarter into a source and the last into a sink, take the
 * smallest cut between them; of several lines keep the best. Flow by Dinic ("Algorithm for solution of a problem of
 * maximum flow in networks with power estimation", 1970) with unit capacities. A cut of edges becomes a separator of
 * nodes by the smallest vertex cover of the bipartite graph that the cut edges form (König 1931).
 */
#include "processors/geo/order_cut.h"

#include <assert.h>
#include <string.h>

#define UNSEEN UINT32_MAX

struct keyed {
    int64_t key;
    uint32_t node;
};

struct cutter {
    struct keyed *keyed;
    int8_t *flow;     /* per slot: -1, 0, 1; flow[twin] is its negative; room left is 1 - flow */
    uint32_t *level;  /* breadth-first level from the sources */
    uint32_t *cursor; /* next slot that the depth-first search tries */
    uint32_t *queue, *path;
    uint8_t *end;          /* END_SOURCE, END_SINK or 0 */
    uint8_t *reach, *best; /* sides of a cut: 1 for the source's */
    uint32_t *mate, *came; /* of the vertex cover */
};

enum { END_SOURCE = 1, END_SINK = 2 };

static const int8_t directions[8][2] = {{1, 0}, {2, 1}, {1, 1}, {1, 2}, {0, 1}, {-1, 2}, {-1, 1}, {-2, 1}};

struct cutter *cutter_new(struct pool *pool, uint32_t nodes, uint32_t slots)
{
    struct cutter *c = POOL_ZEROED(pool, struct cutter, 1);
    if (c == NULL) return NULL;
    c->keyed = POOL_ARRAY(pool, struct keyed, nodes);
    c->flow = POOL_ARRAY(pool, int8_t, slots);
    c->level = POOL_ARRAY(pool, uint32_t, nodes);
    c->cursor = POOL_ARRAY(pool, uint32_t, nodes);
    c->queue = POOL_ARRAY(pool, uint32_t, nodes);
    c->path = POOL_ARRAY(pool, uint32_t, nodes);
    c->end = POOL_ARRAY(pool, uint8_t, nodes);
    c->reach = POOL_ARRAY(pool, uint8_t, nodes);
    c->best = POOL_ARRAY(pool, uint8_t, nodes);
    c->mate = POOL_ARRAY(pool, uint32_t, nodes);
    c->came = POOL_ARRAY(pool, uint32_t, nodes);
    return c;
}

static bool before(struct keyed a, struct keyed b)
{
    return a.key != b.key ? a.key < b.key : a.node < b.node;
}

static void swap_keyed(struct keyed *a, struct keyed *b)
{
    const struct keyed t = *a;
    *a = *b;
    *b = t;
}

/* The k smallest first, in any order (Hoare's selection; the middle as pivot). */
static void select_first(struct keyed *a, uint32_t n, uint32_t k)
{
    uint32_t low = 0, high = n;
    while (high - low > 1) {
        const struct keyed pivot = a[low + (high - low) / 2];
        uint32_t i = low, j = high - 1;
        for (;;) {
            while (before(a[i], pivot)) i++;
            while (before(pivot, a[j])) j--;
            if (i >= j) break;
            swap_keyed(&a[i++], &a[j--]);
        }
        /* all before i are <= pivot, all after j are >= pivot */
        const uint32_t middle = j + 1 > i ? j + 1 : i;
        const uint32_t at = middle == low ? low + 1 : middle == high ? high - 1 : middle;
        if (k < at)
            high = at;
        else if (k > at)
            low = at;
        else
            return;
    }
}

/* Marks the ends of the line: `count` nodes each. */
static void mark_ends(struct cutter *c, const struct piece *p, const int8_t *d, uint32_t count)
{
    for (uint32_t v = 0; v < p->n; v++)
        c->keyed[v] = (struct keyed){(int64_t)d[0] * p->x[v] + (int64_t)d[1] * p->y[v], v};
    select_first(c->keyed, p->n, count);
    select_first(c->keyed + count, p->n - count, p->n - 2 * count);
    memset(c->end, 0, p->n);
    for (uint32_t i = 0; i < count; i++) {
        c->end[c->keyed[i].node] = END_SOURCE;
        c->end[c->keyed[p->n - 1 - i].node] = END_SINK;
    }
}

/* Levels from the sources over slots with room; true when a sink is met, and then no level beyond it is set. */
static bool find_levels(struct cutter *c, const struct piece *p)
{
    uint32_t n = 0, stop = UNSEEN;
    for (uint32_t v = 0; v < p->n; v++) {
        c->level[v] = c->end[v] == END_SOURCE ? 0 : UNSEEN;
        c->cursor[v] = p->first[v];
        if (c->end[v] == END_SOURCE) c->queue[n++] = v;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t v = c->queue[i];
        if (c->level[v] >= stop) break;
        for (uint32_t s = p->first[v]; s < p->first[v + 1]; s++) {
            const uint32_t w = p->to[s];
            if (c->level[w] != UNSEEN || c->flow[s] > 0) continue;
            c->level[w] = c->level[v] + 1;
            if (c->end[w] == END_SINK) stop = c->level[w];
            c->queue[n++] = w;
        }
    }
    return stop != UNSEEN;
}

/* One more unit from `source` along the levels. The path holds slots. */
static bool push_unit(struct cutter *c, const struct piece *p, uint32_t source)
{
    uint32_t length = 0, v = source;
    while (c->end[v] != END_SINK) {
        uint32_t s = c->cursor[v];
        while (s < p->first[v + 1] && (c->flow[s] > 0 || c->level[p->to[s]] != c->level[v] + 1)) s++;
        c->cursor[v] = s;
        if (s < p->first[v + 1]) {
            c->path[length++] = s;
            v = p->to[s];
            continue;
        }
        c->level[v] = UNSEEN; /* a dead end */
        if (length == 0) return false;
        v = p->to[p->twin[c->path[--length]]];
        c->cursor[v]++;
    }
    for (uint32_t i = 0; i < length; i++) {
        c->flow[c->path[i]]++;
        c->flow[p->twin[c->path[i]]]--;
    }
    return true;
}

/* The largest flow, or anything above `limit` as soon as it is seen. */
static uint32_t max_flow(struct cutter *c, const struct piece *p, uint32_t limit)
{
    uint32_t total = 0;
    memset(c->flow, 0, p->first[p->n]);
    while (find_levels(c, p))
        for (uint32_t v = 0; v < p->n; v++)
            while (c->end[v] == END_SOURCE && push_unit(c, p, v))
                if (++total > limit) return total;
    return total;
}

/* Marks what can be reached with room from the sources (or from which the sinks can be reached); returns how many. */
static uint32_t reach_from(struct cutter *c, const struct piece *p, int end)
{
    uint32_t n = 0;
    memset(c->reach, 0, p->n);
    for (uint32_t v = 0; v < p->n; v++)
        if (c->end[v] == end) c->reach[v] = 1, c->queue[n++] = v;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t v = c->queue[i];
        for (uint32_t s = p->first[v]; s < p->first[v + 1]; s++) {
            const int8_t used = c->flow[end == END_SOURCE ? s : p->twin[s]];
            if (c->reach[p->to[s]] || used > 0) continue;
            c->reach[p->to[s]] = 1;
            c->queue[n++] = p->to[s];
        }
    }
    return n;
}

/* A smaller cut wins; of equal ones the more balanced. Both sides of the flow give a cut: the one at the source and the
 * one at the sink. */
static void keep_best(struct cutter *c, const struct piece *p, uint32_t cut, uint32_t *best_cut, uint32_t *best_small)
{
    for (int end = END_SOURCE; end <= END_SINK; end++) {
        const uint32_t n = reach_from(c, p, end), small = n < p->n - n ? n : p->n - n;
        if (cut > *best_cut || (cut == *best_cut && small <= *best_small)) continue;
        *best_cut = cut;
        *best_small = small;
        uint8_t *t = c->best;
        c->best = c->reach;
        c->reach = t;
    }
}

/* Looks for an alternating path from the unmatched node u of the marked side, flips it. came[w]: the node before w. */
static bool augment(struct cutter *c, const struct piece *p, uint32_t u, uint32_t stamp, uint32_t *seen)
{
    uint32_t n = 0;
    c->queue[n++] = u;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t v = c->queue[i];
        for (uint32_t s = p->first[v]; s < p->first[v + 1]; s++) {
            uint32_t w = p->to[s];
            if (c->best[w] || seen[w] == stamp) continue;
            seen[w] = stamp;
            c->came[w] = v;
            if (c->mate[w] != UNSEEN) {
                c->queue[n++] = c->mate[w];
                continue;
            }
            while (w != UNSEEN) {
                const uint32_t left = c->came[w], next = c->mate[left];
                c->mate[w] = left;
                c->mate[left] = w;
                w = next;
            }
            return true;
        }
    }
    return false;
}

/* What alternating paths from unmatched nodes of the marked side reach: reach[] on both sides. */
static void reach_unmatched(struct cutter *c, const struct piece *p)
{
    uint32_t n = 0;
    memset(c->reach, 0, p->n);
    for (uint32_t v = 0; v < p->n; v++)
        if (c->best[v] && c->mate[v] == UNSEEN) c->reach[v] = 1, c->queue[n++] = v;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t v = c->queue[i];
        for (uint32_t s = p->first[v]; s < p->first[v + 1]; s++) {
            const uint32_t w = p->to[s];
            if (c->best[w] || c->reach[w]) continue;
            c->reach[w] = 1;
            const uint32_t next = c->mate[w]; /* matched, or there would be a longer matching */
            if (next == UNSEEN || c->reach[next]) continue;
            c->reach[next] = 1;
            c->queue[n++] = next;
        }
    }
}

/* best[] is 1 on one side. The cover: marked nodes not reached, and others reached; only ends of cut edges can be in
 * it, for a marked node without a cut edge is unmatched and so reached. */
static void cover_cut(struct cutter *c, const struct piece *p, uint8_t *side)
{
    uint32_t *seen = c->level;
    for (uint32_t v = 0; v < p->n; v++) c->mate[v] = UNSEEN, seen[v] = UNSEEN;
    for (uint32_t v = 0; v < p->n; v++) {
        bool cut = false;
        for (uint32_t s = p->first[v]; c->best[v] && s < p->first[v + 1]; s++) cut |= !c->best[p->to[s]];
        if (cut) augment(c, p, v, v, seen);
    }
    reach_unmatched(c, p);
    for (uint32_t v = 0; v < p->n; v++) {
        const bool covered = c->best[v] ? !c->reach[v] : c->reach[v];
        side[v] = covered ? SIDE_SEPARATOR : c->best[v] ? SIDE_A : SIDE_B;
    }
}

void cutter_split(struct cutter *c, const struct piece *p, uint8_t *side)
{
    assert(p->n >= 3);
    uint32_t best_cut = UNSEEN, best_small = 0;
    const uint32_t ends = p->n / 4 > 0 ? p->n / 4 : 1;
    for (size_t d = 0; d < sizeof directions / sizeof directions[0]; d++) {
        mark_ends(c, p, directions[d], ends);
        const uint32_t cut = max_flow(c, p, best_cut);
        if (cut <= best_cut) keep_best(c, p, cut, &best_cut, &best_small);
    }
    cover_cut(c, p, side);
}
