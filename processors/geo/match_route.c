/* SPDX-License-Identifier: Apache-2.0
 * Fixes a second apart ask again and again for the way between junctions of one neighbourhood. So what lies within a
 * short way of a junction (its "ball") is remembered, in a table where a newcomer replaces what hashes to the same
 * place.
 */
#include "processors/geo/match_route.h"

#include "haul/hash.h"

#include <assert.h>
#include <string.h>

#define BALL_CM    40000u /* 400 m */
#define BALL_ITEMS 60u
#define BALLS      4096u

struct ball {
    uint32_t center, bound_cm, n; /* complete up to bound_cm */
    uint32_t node[BALL_ITEMS];    /* ascending */
    int32_t dist[BALL_ITEMS];
};

struct entry {
    int32_t dist;
    uint32_t node;
};

struct router {
    const struct haul_map *map;
    const struct haul_roads_view *view;
    uint8_t use;
    uint32_t now, *stamp; /* dist and pred of a junction hold when its stamp is `now` */
    int32_t *dist;
    uint32_t *pred;
    struct entry *heap;
    uint32_t heaped, heap_cap;
    struct ball *ball;
};

struct router *router_new(struct pool *pool, const struct haul_map *map, uint8_t use)
{
    struct router *r = POOL_ZEROED(pool, struct router, 1);
    if (r == NULL) return NULL;
    r->map = map, r->view = haul_roads_view(haul_map_roads(map)), r->use = use;
    const size_t n = r->view->junctions;
    r->stamp = POOL_ZEROED(pool, uint32_t, n);
    r->dist = POOL_ARRAY(pool, int32_t, n);
    r->pred = POOL_ARRAY(pool, uint32_t, n);
    r->heap_cap = 2 * r->view->edges + 1; /* an arc enters it once at most */
    r->heap = POOL_ARRAY(pool, struct entry, r->heap_cap);
    r->ball = POOL_ARRAY(pool, struct ball, BALLS);
    for (uint32_t i = 0; i < BALLS && r->ball != NULL; i++) r->ball[i].center = HAUL_NONE;
    return r;
}

static bool below(struct entry a, struct entry b)
{
    return a.dist != b.dist ? a.dist < b.dist : a.node < b.node;
}

static void push(struct router *r, struct entry e)
{
    assert(r->heaped < r->heap_cap);
    uint32_t i = r->heaped++;
    for (; i > 0 && below(e, r->heap[(i - 1) / 2]); i = (i - 1) / 2) r->heap[i] = r->heap[(i - 1) / 2];
    r->heap[i] = e;
}

static struct entry pop(struct router *r)
{
    const struct entry top = r->heap[0], last = r->heap[--r->heaped];
    uint32_t i = 0;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= r->heaped) break;
        if (child + 1 < r->heaped && below(r->heap[child + 1], r->heap[child])) child++;
        if (!below(r->heap[child], last)) break;
        r->heap[i] = r->heap[child];
        i = child;
    }
    r->heap[i] = last;
    return top;
}

static void start(struct router *r, uint32_t from)
{
    if (++r->now == 0) {
        memset(r->stamp, 0, r->view->junctions * sizeof *r->stamp);
        r->now = 1;
    }
    r->heaped = 0;
    r->stamp[from] = r->now, r->dist[from] = 0, r->pred[from] = HAUL_NONE;
    push(r, (struct entry){0, from});
}

/* The next junction in order of distance, up to the bound. False: there is no more. */
static bool settle(struct router *r, uint32_t bound_cm, struct entry *out)
{
    while (r->heaped > 0) {
        const struct entry top = pop(r);
        if (top.dist > r->dist[top.node]) continue;
        uint32_t n;
        const uint32_t *arcs = haul_map_out(r->map, top.node, &n);
        for (uint32_t i = 0; i < n; i++) {
            const uint32_t arc = arcs[i], head = haul_arc_to(r->view, arc), length = r->view->edge_length_cm[arc / 2];
            if (r->use != 0 && (haul_arc_kind(r->view, arc)->access[arc & 1] & r->use) == 0) continue;
            if (length > bound_cm - (uint32_t)top.dist) continue;
            const int32_t dist = top.dist + (int32_t)length;
            if (r->stamp[head] == r->now && r->dist[head] <= dist) continue;
            r->stamp[head] = r->now, r->dist[head] = dist, r->pred[head] = arc;
            push(r, (struct entry){dist, head});
        }
        *out = top;
        return true;
    }
    return false;
}

static void add_item(struct ball *b, struct entry e)
{
    uint32_t i = b->n++;
    for (; i > 0 && b->node[i - 1] > e.node; i--) b->node[i] = b->node[i - 1], b->dist[i] = b->dist[i - 1];
    b->node[i] = e.node, b->dist[i] = e.dist;
}

static const struct ball *ball_of(struct router *r, uint32_t center)
{
    struct ball *b = &r->ball[haul_mix(center, 1) % BALLS];
    if (b->center == center) return b;
    *b = (struct ball){.center = center, .bound_cm = BALL_CM};
    start(r, center);
    struct entry e;
    while (settle(r, BALL_CM, &e)) {
        if (b->n == BALL_ITEMS) { /* full: complete only below the one that found no place */
            b->bound_cm = e.dist > 0 ? (uint32_t)e.dist - 1 : 0;
            break;
        }
        add_item(b, e);
    }
    return b;
}

static int32_t in_ball(const struct ball *b, uint32_t node, uint32_t bound_cm)
{
    uint32_t low = 0, high = b->n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (b->node[middle] < node)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == b->n || b->node[low] != node || (uint32_t)b->dist[low] > bound_cm) return HAUL_FAR;
    return b->dist[low];
}

/* By a search that ends when all are found. */
static void reach_far(struct router *r, uint32_t from, uint32_t bound_cm, const uint32_t *to, size_t n, int32_t *out)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++) out[i] = HAUL_FAR, left++;
    start(r, from);
    struct entry e;
    while (left > 0 && settle(r, bound_cm, &e))
        for (size_t i = 0; i < n; i++)
            if (to[i] == e.node && out[i] == HAUL_FAR) out[i] = e.dist, left--;
}

void router_reach(struct router *r, uint32_t from, uint32_t bound_cm, const uint32_t *to, size_t n, int32_t *out)
{
    const struct ball *b = ball_of(r, from);
    bool known = true;
    for (size_t i = 0; i < n; i++) {
        out[i] = in_ball(b, to[i], bound_cm);
        known &= out[i] < HAUL_FAR || bound_cm <= b->bound_cm;
    }
    if (!known) reach_far(r, from, bound_cm, to, n, out);
}

int router_path(struct router *r, uint32_t from, uint32_t to, uint32_t bound_cm, uint32_t *arcs, int cap)
{
    start(r, from);
    struct entry e = {0, HAUL_NONE};
    while (settle(r, bound_cm, &e) && e.node != to) continue;
    if (e.node != to) return -1;
    int n = 0;
    for (uint32_t v = to; v != from; v = haul_arc_from(r->view, r->pred[v])) {
        if (n == cap) return -1;
        arcs[n++] = r->pred[v];
    }
    for (int i = 0; i < n / 2; i++) {
        const uint32_t t = arcs[i];
        arcs[i] = arcs[n - 1 - i];
        arcs[n - 1 - i] = t;
    }
    return n;
}
