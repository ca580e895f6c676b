/* SPDX-License-Identifier: Apache-2.0
 * Graph -> undirected and simple -> without nodes of degree one and two -> pieces, split until they are small -> order.
 *
 * The array `order` is both work list and result: a piece is a range of it; splitting moves the separator to the
 * range's end and leaves the parts, each contiguous, before it.
 */
#include "haul/order.h"

#include "haul/math.h"
#include "processors/geo/order_cut.h"
#include "processors/geo/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LEAF    12u /* pieces up to this size are ordered by least degree */
#define NOWHERE UINT32_MAX

struct ordering {
    uint32_t n, slots;
    uint32_t *first, *degree, *to; /* undirected adjacency; the first `degree` of a node's slots are alive */
    int32_t *x, *y;
    uint32_t *order, done; /* `done` nodes are eliminated already */
    uint32_t *local;       /* index in the piece at hand, or NOWHERE */
    uint32_t *cursor, *moved;
    uint8_t *side;
    struct piece piece;
    struct cutter *cutter;
    struct range {
        uint32_t low, high;
    } * todo;
    uint32_t todos;
    haul_progress *progress;
    void *user;
};

static int by_value(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Both directions of every arc, sorted, without loops and doubles. */
static void make_simple(struct ordering *o, const struct haul_arcs *g)
{
    for (uint32_t i = 0; i < g->arcs; i++) o->degree[g->tail[i]]++, o->degree[g->head[i]]++;
    o->first[0] = 0;
    for (uint32_t v = 0; v < o->n; v++) o->first[v + 1] = o->first[v] + o->degree[v], o->degree[v] = 0;
    for (uint32_t i = 0; i < g->arcs; i++) {
        const uint32_t a = g->tail[i], b = g->head[i];
        if (a == b) continue;
        o->to[o->first[a] + o->degree[a]++] = b;
        o->to[o->first[b] + o->degree[b]++] = a;
    }
    for (uint32_t v = 0; v < o->n; v++) {
        uint32_t *list = o->to + o->first[v], kept = 0;
        qsort(list, o->degree[v], sizeof *list, by_value);
        for (uint32_t i = 0; i < o->degree[v]; i++)
            if (kept == 0 || list[kept - 1] != list[i]) list[kept++] = list[i];
        o->degree[v] = kept;
    }
}

static bool adjacent(const struct ordering *o, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < o->degree[a]; i++)
        if (o->to[o->first[a] + i] == b) return true;
    return false;
}

/* In the list of v: `old` goes, `new` comes in its place (or nothing). */
static void replace(struct ordering *o, uint32_t v, uint32_t old, uint32_t new)
{
    uint32_t *list = o->to + o->first[v];
    for (uint32_t i = 0; i < o->degree[v]; i++) {
        if (list[i] != old) continue;
        list[i] = new != NOWHERE ? new : list[o->degree[v] - 1];
        o->degree[v] -= new == NOWHERE;
        return;
    }
}

static void eliminate(struct ordering *o, uint32_t v)
{
    const uint32_t *list = o->to + o->first[v];
    o->order[o->done++] = v;
    if (o->degree[v] == 1) replace(o, list[0], v, NOWHERE);
    if (o->degree[v] == 2) {
        const bool joined = adjacent(o, list[0], list[1]);
        replace(o, list[0], v, joined ? NOWHERE : list[1]);
        replace(o, list[1], v, joined ? NOWHERE : list[0]);
    }
    o->degree[v] = 0;
    o->local[v] = 0; /* eliminated */
}

/* Degree one and two, a round at a time so that no two of a round touch: a chain of k nodes adds log k to the height,
 * not k. */
static void reduce(struct ordering *o)
{
    uint32_t *blocked = o->moved;
    for (uint32_t v = 0; v < o->n; v++) o->local[v] = NOWHERE, blocked[v] = 0;
    for (uint32_t round = 1, before = NOWHERE; before != o->done; round++) {
        before = o->done;
        for (uint32_t v = 0; v < o->n; v++) {
            if (o->local[v] != NOWHERE || o->degree[v] > 2 || blocked[v] == round) continue;
            for (uint32_t i = 0; i < o->degree[v]; i++) blocked[o->to[o->first[v] + i]] = round;
            eliminate(o, v);
        }
    }
}

/* Least degree first, with the fill that elimination brings; at most 32 nodes. */
static void order_leaf(struct ordering *o, uint32_t low, uint32_t n)
{
    uint32_t mask[LEAF] = {0}, node[LEAF], left = n < 32 ? (1u << n) - 1 : UINT32_MAX;
    for (uint32_t i = 0; i < n; i++) node[i] = o->order[low + i], o->local[node[i]] = i;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < o->degree[node[i]]; k++) {
            const uint32_t j = o->local[o->to[o->first[node[i]] + k]];
            if (j != NOWHERE) mask[i] |= 1u << j;
        }
    for (uint32_t at = low; left != 0; at++) {
        uint32_t best = NOWHERE;
        for (uint32_t i = 0; i < n; i++) {
            if (!(left >> i & 1)) continue;
            if (best == NOWHERE || __builtin_popcount(mask[i]) < __builtin_popcount(mask[best])) best = i;
        }
        left &= ~(1u << best);
        for (uint32_t i = 0; i < n; i++)
            if (mask[best] >> i & 1) mask[i] = (mask[i] | mask[best]) & ~(1u << i) & ~(1u << best);
        o->order[at] = node[best];
    }
    for (uint32_t i = 0; i < n; i++) o->local[node[i]] = NOWHERE;
}

/* The piece order[low, high) with its own numbers; twins are found by entering both slots of an edge at once. */
static void make_piece(struct ordering *o, uint32_t low, uint32_t n)
{
    struct piece *p = &o->piece;
    const uint32_t *node = o->order + low;
    p->n = n;
    p->first[0] = 0;
    for (uint32_t i = 0; i < n; i++) o->local[node[i]] = i;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t inside = 0;
        for (uint32_t k = 0; k < o->degree[node[i]]; k++) inside += o->local[o->to[o->first[node[i]] + k]] != NOWHERE;
        p->first[i + 1] = p->first[i] + inside;
        o->cursor[i] = p->first[i];
        p->x[i] = o->x[node[i]];
        p->y[i] = o->y[node[i]];
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < o->degree[node[i]]; k++) {
            const uint32_t j = o->local[o->to[o->first[node[i]] + k]];
            if (j == NOWHERE || j > i) continue;
            const uint32_t a = o->cursor[i]++, b = o->cursor[j]++;
            p->to[a] = j, p->twin[a] = b;
            p->to[b] = i, p->twin[b] = a;
        }
    for (uint32_t i = 0; i < n; i++) o->local[node[i]] = NOWHERE;
}

/* Connected parts of the piece that keep[] allows, each made contiguous in `moved` from `at`; pushes those that are not
 * empty. */
static uint32_t push_parts(struct ordering *o, uint32_t low, uint32_t at)
{
    const struct piece *p = &o->piece;
    for (uint32_t s = 0; s < p->n; s++) {
        if (o->side[s] == SIDE_SEPARATOR) continue;
        const uint32_t start = at;
        o->side[s] = SIDE_SEPARATOR;
        o->moved[at++] = s;
        for (uint32_t i = start; i < at; i++)
            for (uint32_t k = p->first[o->moved[i]]; k < p->first[o->moved[i] + 1]; k++) {
                const uint32_t w = p->to[k];
                if (o->side[w] == SIDE_SEPARATOR) continue;
                o->side[w] = SIDE_SEPARATOR;
                o->moved[at++] = w;
            }
        o->todo[o->todos++] = (struct range){low + start, low + at};
    }
    return at;
}

/* Splits order[low, high): a connected one by a separator, another into its parts. */
static void split(struct ordering *o, uint32_t low, uint32_t high, bool connected)
{
    const uint32_t n = high - low;
    make_piece(o, low, n);
    if (connected)
        cutter_split(o->cutter, &o->piece, o->side);
    else
        memset(o->side, SIDE_A, n);
    uint32_t separators = 0;
    for (uint32_t i = 0; i < n; i++)
        if (o->side[i] == SIDE_SEPARATOR) o->moved[n - ++separators] = i;
    const uint32_t parts = push_parts(o, low, 0);
    assert(parts + separators == n);
    for (uint32_t i = 0; i < n; i++) o->moved[i] = o->order[low + o->moved[i]];
    memcpy(o->order + low, o->moved, n * sizeof *o->order);
    o->done += separators;
}

static void dissect(struct ordering *o)
{
    const uint32_t core = o->done;
    uint32_t at = core;
    for (uint32_t v = 0; v < o->n; v++)
        if (o->local[v] == NOWHERE) o->order[at++] = v;
    for (uint32_t v = 0; v < o->n; v++) o->local[v] = NOWHERE;
    if (at == core) return;
    split(o, core, at, false);
    while (o->todos > 0) {
        const struct range r = o->todo[--o->todos];
        if (r.high - r.low > LEAF) {
            split(o, r.low, r.high, true);
        } else {
            order_leaf(o, r.low, r.high - r.low);
            o->done += r.high - r.low;
        }
        if (o->progress != NULL) o->progress(o->user, "order", o->done, o->n);
    }
}

static void take_memory(struct ordering *o, struct pool *pool, const struct haul_arcs *g)
{
    const size_t n = o->n, slots = 2 * (size_t)g->arcs;
    o->first = POOL_ARRAY(pool, uint32_t, n + 1);
    o->degree = POOL_ZEROED(pool, uint32_t, n);
    o->to = POOL_ARRAY(pool, uint32_t, slots);
    o->x = POOL_ARRAY(pool, int32_t, n);
    o->y = POOL_ARRAY(pool, int32_t, n);
    o->local = POOL_ARRAY(pool, uint32_t, n);
    o->cursor = POOL_ARRAY(pool, uint32_t, n);
    o->moved = POOL_ARRAY(pool, uint32_t, n);
    o->side = POOL_ARRAY(pool, uint8_t, n);
    o->todo = POOL_ARRAY(pool, struct range, n + 1);
    o->piece.first = POOL_ARRAY(pool, uint32_t, n + 1);
    o->piece.to = POOL_ARRAY(pool, uint32_t, slots);
    o->piece.twin = POOL_ARRAY(pool, uint32_t, slots);
    o->piece.x = POOL_ARRAY(pool, int32_t, n);
    o->piece.y = POOL_ARRAY(pool, int32_t, n);
    o->cutter = cutter_new(pool, o->n, (uint32_t)slots);
}

/* A plane in which one unit east is as long as one unit north, at the middle of the network. */
static void project(struct ordering *o, const int32_t *lon_e7, const int32_t *lat_e7)
{
    int64_t sum = 0;
    for (uint32_t v = 0; v < o->n; v++) sum += lat_e7[v];
    const double middle_deg = o->n > 0 ? (double)sum / o->n * 1e-7 : 0;
    const double shrink = haul_cos(middle_deg * HAUL_RAD_PER_DEG);
    for (uint32_t v = 0; v < o->n; v++) {
        o->x[v] = (int32_t)haul_round_i64(lon_e7[v] * shrink);
        o->y[v] = lat_e7[v];
    }
}

enum haul_err haul_order_compute(const struct haul_arcs *g, const int32_t *lon_e7, const int32_t *lat_e7,
                                 uint32_t *order, haul_progress *progress, void *user, struct haul_error *e)
{
    if (g->arcs > UINT32_MAX / 2) return haul_fail(e, HAUL_E_LIMIT, "%u arcs are too many", g->arcs);
    struct pool pool = {0};
    struct ordering o = {.n = g->nodes, .order = order, .progress = progress, .user = user};
    take_memory(&o, &pool, g);
    if (pool.failed) {
        pool_free(&pool);
        return haul_fail(e, HAUL_E_NOMEM, "no memory to order %u nodes", g->nodes);
    }
    make_simple(&o, g);
    project(&o, lon_e7, lat_e7);
    reduce(&o);
    dissect(&o);
    assert(o.done == o.n);
    pool_free(&pool);
    return HAUL_OK;
}
