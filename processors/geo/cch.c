/* SPDX-License-Identifier: Apache-2.0
 * Building the hierarchy: chordal completion under an order, elimination tree, post-order, lists downwards, and which
 * arc of the graph each CCH arc stands for.
 */
#include "processors/geo/cch_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- chordal completion
 * ---------------------------------------------------------------------------------------------- */

struct fill {
    uint32_t n;
    const uint32_t *rank;
    uint32_t *first; /* n + 1 */
    uint32_t *head;  /* grows */
    size_t head_cap, m;
    uint32_t *own_first, *own; /* the graph's own arcs upwards, by lower rank */
    uint32_t *child, *sibling; /* elimination tree so far: lists of children */
    uint32_t *seen;
};

static bool own_arcs(struct fill *f, const struct haul_arcs *g)
{
    for (uint32_t i = 0; i < g->arcs; i++) {
        const uint32_t a = f->rank[g->tail[i]], b = f->rank[g->head[i]];
        if (a != b) f->own_first[(a < b ? a : b) + 1]++;
    }
    for (uint32_t r = 0; r < f->n; r++) f->own_first[r + 1] += f->own_first[r];
    uint32_t *at = malloc(((size_t)f->n + 1) * sizeof *at);
    if (at == NULL) return false;
    memcpy(at, f->own_first, ((size_t)f->n + 1) * sizeof *at);
    for (uint32_t i = 0; i < g->arcs; i++) {
        const uint32_t a = f->rank[g->tail[i]], b = f->rank[g->head[i]];
        if (a != b) f->own[at[a < b ? a : b]++] = a < b ? b : a;
    }
    free(at);
    return true;
}

static int by_value(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void sort_few(uint32_t *a, size_t n)
{
    if (n > 24) {
        qsort(a, n, sizeof *a, by_value);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const uint32_t v = a[i];
        size_t j = i;
        for (; j > 0 && a[j - 1] > v; j--) a[j] = a[j - 1];
        a[j] = v;
    }
}

/* The heads of r: the graph's own, and those of its children in the elimination tree without r itself. */
static enum haul_err complete_rank(struct fill *f, uint32_t r)
{
    size_t room = f->own_first[r + 1] - f->own_first[r];
    for (uint32_t c = f->child[r]; c != HAUL_NONE; c = f->sibling[c]) room += f->first[c + 1] - f->first[c];
    if (f->m + room > INT32_MAX / 2) return HAUL_E_LIMIT;
    void *head = f->head;
    if (!grow_array(&head, &f->head_cap, f->m + room, sizeof *f->head)) return HAUL_E_NOMEM;
    f->head = head;
    const size_t start = f->m;
    f->seen[r] = r;
    for (uint32_t i = f->own_first[r]; i < f->own_first[r + 1]; i++) {
        const uint32_t h = f->own[i];
        if (f->seen[h] != r) f->seen[h] = r, f->head[f->m++] = h;
    }
    for (uint32_t c = f->child[r]; c != HAUL_NONE; c = f->sibling[c])
        for (uint32_t i = f->first[c]; i < f->first[c + 1]; i++) {
            const uint32_t h = f->head[i];
            if (f->seen[h] != r) f->seen[h] = r, f->head[f->m++] = h;
        }
    f->first[r + 1] = (uint32_t)f->m;
    if (f->m > start) {
        sort_few(f->head + start, f->m - start);
        const uint32_t parent = f->head[start];
        f->sibling[r] = f->child[parent];
        f->child[parent] = r;
    }
    return HAUL_OK;
}

static enum haul_err complete(struct fill *f, struct pool *pool, const struct haul_arcs *g)
{
    f->first = POOL_ARRAY(pool, uint32_t, (size_t)f->n + 1);
    f->own_first = POOL_ZEROED(pool, uint32_t, (size_t)f->n + 1);
    f->own = POOL_ARRAY(pool, uint32_t, g->arcs);
    f->child = POOL_ARRAY(pool, uint32_t, f->n);
    f->sibling = POOL_ARRAY(pool, uint32_t, f->n);
    f->seen = POOL_ARRAY(pool, uint32_t, f->n);
    if (pool->failed || !own_arcs(f, g)) return HAUL_E_NOMEM;
    for (uint32_t r = 0; r < f->n; r++) f->child[r] = f->sibling[r] = f->seen[r] = HAUL_NONE;
    f->first[0] = 0;
    enum haul_err err = HAUL_OK;
    for (uint32_t r = 0; r < f->n && err == HAUL_OK; r++) err = complete_rank(f, r);
    return err;
}

/* ---- from the completion to the hierarchy
 * ------------------------------------------------------------------------------ */

/* Ranks in a post-order of the elimination forest: any such order gives the same completion. moved[old rank] = new
 * rank. */
static void post_order(const struct fill *f, uint32_t *moved, uint32_t *stack)
{
    uint32_t next = f->n;
    for (uint32_t root = f->n; root-- > 0;) {
        if (f->first[root + 1] != f->first[root]) continue;
        uint32_t depth = 0;
        stack[depth++] = root;
        while (depth > 0) { /* a pre-order numbered from the top is a post-order from the bottom */
            const uint32_t r = stack[--depth];
            moved[r] = --next;
            for (uint32_t c = f->child[r]; c != HAUL_NONE; c = f->sibling[c]) stack[depth++] = c;
        }
    }
    assert(next == 0);
}

/* Arcs of the new ranks; a node's heads keep their relative order, for ancestors keep theirs. */
static void place_arcs(struct haul_cch *c, const struct fill *f, const uint32_t *moved, const uint32_t *order)
{
    for (uint32_t old = 0; old < c->n; old++) {
        c->node[moved[old]] = order[old];
        c->rank[order[old]] = moved[old];
        c->first[moved[old] + 1] = f->first[old + 1] - f->first[old];
    }
    c->first[0] = 0;
    for (uint32_t r = 0; r < c->n; r++) c->first[r + 1] += c->first[r];
    for (uint32_t old = 0; old < c->n; old++) {
        const uint32_t r = moved[old];
        uint32_t at = c->first[r];
        for (uint32_t i = f->first[old]; i < f->first[old + 1]; i++, at++) {
            c->head[at] = moved[f->head[i]];
            c->tail[at] = r;
        }
    }
}

static void make_tree(struct haul_cch *c)
{
    c->height = 0;
    for (uint32_t r = c->n; r-- > 0;) {
        const uint32_t degree = c->first[r + 1] - c->first[r];
        c->parent[r] = degree > 0 ? c->head[c->first[r]] : HAUL_NONE;
        c->depth[r] = degree > 0 ? c->depth[c->parent[r]] + 1 : 0;
        if (c->depth[r] >= c->height) c->height = c->depth[r] + 1;
    }
    for (uint32_t e = 0; e < c->m; e++) c->head_depth[e] = c->depth[c->head[e]];
    for (uint32_t r = 0; r < c->n; r++) c->low[r] = r;
    for (uint32_t r = 0; r < c->n; r++)
        if (c->parent[r] != HAUL_NONE && c->low[r] < c->low[c->parent[r]]) c->low[c->parent[r]] = c->low[r];
}

static int by_length(const void *a, const void *b)
{
    const struct down *x = a, *y = b;
    const uint32_t m = x->end - x->arc, n = y->end - y->arc;
    if (m != n) return m < n ? -1 : 1;
    return (x->arc > y->arc) - (x->arc < y->arc);
}

static void make_down(struct haul_cch *c)
{
    memset(c->down_first, 0, ((size_t)c->n + 1) * sizeof *c->down_first);
    for (uint32_t e = 0; e < c->m; e++)
        if (e + 1 < c->first[c->tail[e] + 1]) c->down_first[c->head[e] + 1]++;
    for (uint32_t r = 0; r < c->n; r++) c->down_first[r + 1] += c->down_first[r];
    for (uint32_t e = 0; e < c->m; e++)
        if (e + 1 < c->first[c->tail[e] + 1])
            c->down[c->down_first[c->head[e]]++] = (struct down){e, c->first[c->tail[e] + 1]};
    for (uint32_t r = c->n; r > 0; r--) c->down_first[r] = c->down_first[r - 1];
    c->down_first[0] = 0;
    for (uint32_t r = 0; r < c->n; r++)
        qsort(c->down + c->down_first[r], c->down_first[r + 1] - c->down_first[r], sizeof *c->down, by_length);
}

/* Walks the triangles below each y; with `fill` unset it only counts those of each arc y - z. */
static void walk_triangles(struct haul_cch *c, uint16_t *at_depth, bool fill)
{
    for (uint32_t y = 0; y < c->n; y++) {
        const uint32_t low = c->first[y];
        for (uint32_t e = low; e < c->first[y + 1]; e++) at_depth[c->head_depth[e]] = (uint16_t)(e - low);
        for (uint32_t i = c->down_first[y]; i < c->down_first[y + 1]; i++) {
            const uint32_t a = c->down[i].arc;
            const size_t row = slot_row(c, c->tail[a], a);
            for (uint32_t k = a + 1; k < c->down[i].end; k++) {
                const uint16_t slot = at_depth[c->head_depth[k]];
                const uint32_t at = c->low_first[low + slot]++;
                if (!fill) continue;
                c->slot[row + k - a - 1] = slot;
                c->low_arc[at] = a;
                c->low_skip[at] = (uint16_t)(k - a);
            }
        }
    }
}

static bool make_triangles(struct haul_cch *c, struct pool *scratch)
{
    uint16_t *at_depth = POOL_ARRAY(scratch, uint16_t, c->height);
    if (scratch->failed) return false;
    uint32_t at = 0;
    for (uint32_t r = 0; r < c->n; r++) {
        const uint32_t degree = c->first[r + 1] - c->first[r];
        c->slot_first[r] = at;
        at += degree > 0 ? degree * (degree - 1) / 2 : 0;
    }
    memset(c->low_first, 0, ((size_t)c->m + 1) * sizeof *c->low_first);
    walk_triangles(c, at_depth, false);
    uint32_t sum = 0;
    for (uint32_t e = 0; e <= c->m;
         e++) { /* counts become beginnings; filling makes of each its end, the next one's beginning */
        const uint32_t count = c->low_first[e];
        c->low_first[e] = sum;
        sum += count;
    }
    walk_triangles(c, at_depth, true);
    memmove(c->low_first + 1, c->low_first, c->m * sizeof *c->low_first);
    c->low_first[0] = 0;
    return true;
}

static uint32_t find_arc(const struct haul_cch *c, uint32_t low, uint32_t high)
{
    uint32_t a = c->first[low], b = c->first[low + 1];
    while (b - a > 1) {
        const uint32_t middle = a + (b - a) / 2;
        if (c->head[middle] <= high)
            a = middle;
        else
            b = middle;
    }
    assert(a < b && c->head[a] == high);
    return a;
}

static int by_side(const void *a, const void *b)
{
    const struct extra *x = a, *y = b;
    if (x->side != y->side) return x->side < y->side ? -1 : 1;
    return (x->arc > y->arc) - (x->arc < y->arc);
}

static void map_arcs(struct haul_cch *c, const struct haul_arcs *g)
{
    for (uint32_t s = 0; s < 2 * c->m; s++) c->input[s] = HAUL_NONE;
    c->extras = 0;
    for (uint32_t i = 0; i < g->arcs; i++) {
        const uint32_t a = c->rank[g->tail[i]], b = c->rank[g->head[i]];
        c->side_of[i] = 2 * c->m;
        if (a == b) continue; /* a loop is on no shortest path */
        const uint32_t side = a < b ? 2 * find_arc(c, a, b) : 2 * find_arc(c, b, a) + 1;
        c->side_of[i] = side;
        if (c->input[side] == HAUL_NONE) {
            c->input[side] = i;
            continue;
        }
        c->extra[c->extras++] = (struct extra){side, i};
        c->has_extra[side / 128] |= 1ull << (side / 2 % 64);
    }
    qsort(c->extra, c->extras, sizeof *c->extra, by_side);
}

/* ---- checks and the whole
 * ----------------------------------------------------------------------------------------------- */

static enum haul_err check_graph(const struct haul_arcs *g, const uint32_t *order, uint32_t *rank, struct haul_error *e)
{
    for (uint32_t v = 0; v < g->nodes; v++) rank[v] = HAUL_NONE;
    for (uint32_t i = 0; i < g->nodes; i++) {
        if (order[i] >= g->nodes || rank[order[i]] != HAUL_NONE)
            return haul_fail(e, HAUL_E_INVALID, "the order is not a permutation: entry %u is %u", i, order[i]);
        rank[order[i]] = i;
    }
    for (uint32_t i = 0; i < g->arcs; i++)
        if (g->tail[i] >= g->nodes || g->head[i] >= g->nodes)
            return haul_fail(e, HAUL_E_INVALID, "arc %u joins %u and %u, but there are %u nodes", i, g->tail[i],
                             g->head[i], g->nodes);
    return HAUL_OK;
}

/* How many triangles there will be; a degree beyond 16 bits has too many alone. */
static bool count_triangles(struct haul_cch *c, const struct fill *f)
{
    c->triangles = 0;
    for (uint32_t r = 0; r < c->n; r++) {
        const uint64_t degree = f->first[r + 1] - f->first[r];
        if (degree > UINT16_MAX) return false;
        c->triangles += degree * (degree > 0 ? degree - 1 : 0) / 2;
    }
    return c->triangles < UINT32_MAX;
}

static bool take_memory(struct haul_cch *c)
{
    const size_t n = c->n, m = c->m;
    c->slot_first = POOL_ARRAY(&c->pool, uint32_t, n);
    c->slot = POOL_ARRAY(&c->pool, uint16_t, c->triangles);
    c->low_first = POOL_ARRAY(&c->pool, uint32_t, m + 1);
    c->low_arc = POOL_ARRAY(&c->pool, uint32_t, c->triangles);
    c->low_skip = POOL_ARRAY(&c->pool, uint16_t, c->triangles);
    c->rank = POOL_ARRAY(&c->pool, uint32_t, n);
    c->node = POOL_ARRAY(&c->pool, uint32_t, n);
    c->first = POOL_ARRAY(&c->pool, uint32_t, n + 1);
    c->head = POOL_ARRAY(&c->pool, uint32_t, m);
    c->head_depth = POOL_ARRAY(&c->pool, uint32_t, m);
    c->tail = POOL_ARRAY(&c->pool, uint32_t, m);
    c->parent = POOL_ARRAY(&c->pool, uint32_t, n);
    c->depth = POOL_ARRAY(&c->pool, uint32_t, n);
    c->low = POOL_ARRAY(&c->pool, uint32_t, n);
    c->down_first = POOL_ARRAY(&c->pool, uint32_t, n + 1);
    c->down = POOL_ARRAY(&c->pool, struct down, m);
    c->input = POOL_ARRAY(&c->pool, uint32_t, 2 * m);
    c->extra = POOL_ARRAY(&c->pool, struct extra, c->arcs);
    c->has_extra = POOL_ZEROED(&c->pool, uint64_t, m / 64 + 1);
    c->side_of = POOL_ARRAY(&c->pool, uint32_t, c->arcs);
    return !c->pool.failed;
}

static enum haul_err assemble(struct haul_cch *c, const struct fill *f, const struct haul_arcs *g,
                              const uint32_t *order, struct pool *scratch)
{
    uint32_t *moved = POOL_ARRAY(scratch, uint32_t, c->n), *stack = POOL_ARRAY(scratch, uint32_t, c->n);
    if (!count_triangles(c, f)) return HAUL_E_LIMIT;
    if (scratch->failed || !take_memory(c)) return HAUL_E_NOMEM;
    post_order(f, moved, stack);
    place_arcs(c, f, moved, order);
    make_tree(c);
    make_down(c);
    if (!make_triangles(c, scratch)) return HAUL_E_NOMEM;
    map_arcs(c, g);
    return HAUL_OK;
}

enum haul_err haul_cch_build(const struct haul_arcs *g, const uint32_t *order, struct haul_cch **out,
                             struct haul_error *e)
{
    *out = NULL;
    struct pool scratch = {0};
    uint32_t *rank = POOL_ARRAY(&scratch, uint32_t, g->nodes);
    struct haul_cch *c = calloc(1, sizeof *c);
    struct fill f = {.n = g->nodes, .rank = rank};
    enum haul_err err = HAUL_E_NOMEM;
    if (c != NULL && !scratch.failed) err = check_graph(g, order, rank, e);
    const bool sound = err == HAUL_OK;
    if (sound) err = complete(&f, &scratch, g);
    if (err == HAUL_OK) {
        c->n = g->nodes, c->arcs = g->arcs, c->m = (uint32_t)f.m;
        err = assemble(c, &f, g, order, &scratch);
    }
    free(f.head);
    pool_free(&scratch);
    if (err == HAUL_OK) {
        *out = c;
        return HAUL_OK;
    }
    haul_cch_free(c);
    if (err == HAUL_E_INVALID) return err;
    return haul_fail(e, err, "a hierarchy over %u nodes and %u arcs cannot be held", g->nodes, g->arcs);
}

void haul_cch_free(struct haul_cch *c)
{
    if (c == NULL) return;
    pool_free(&c->pool);
    free(c);
}

struct haul_cch_size haul_cch_size(const struct haul_cch *c)
{
    return (struct haul_cch_size){c->n, c->arcs, c->m, c->height, c->triangles, c->pool.bytes};
}
