/* SPDX-License-Identifier: Apache-2.0
 * Keeps the largest strongly connected part (Tarjan, "Depth-first search and linear graph algorithms", 1972, without
 * recursion) and renumbers it so that what lies together stands together.
 */
#include "processors/geo/build_internal.h"

#include <stdlib.h>
#include <string.h>

struct search {
    uint32_t points;
    uint32_t *first, *out; /* road arcs that may be driven, by the point where they begin */
    uint32_t *index, *low, *stack, *path, *cursor, *part, *size;
    uint32_t next, depth, parts;
};

static uint32_t arc_start(const struct haul_builder *b, uint32_t arc)
{
    return arc & 1 ? b->edges[arc / 2].to : b->edges[arc / 2].from;
}

static void list_arcs(const struct haul_builder *b, struct search *s)
{
    for (uint32_t a = 0; a < 2 * b->edge_count; a++)
        if (arc_usable(b, a)) s->first[arc_start(b, a) + 1]++;
    for (uint32_t v = 0; v < s->points; v++) s->first[v + 1] += s->first[v];
    memcpy(s->cursor, s->first, s->points * sizeof *s->cursor);
    for (uint32_t a = 0; a < 2 * b->edge_count; a++)
        if (arc_usable(b, a)) s->out[s->cursor[arc_start(b, a)]++] = a;
    memcpy(s->cursor, s->first, s->points * sizeof *s->cursor);
}

static void open_point(struct search *s, uint32_t v, uint32_t *path)
{
    s->index[v] = s->low[v] = s->next++;
    s->stack[s->depth++] = v;
    s->path[(*path)++] = v;
}

static void close_part(struct search *s, uint32_t v)
{
    uint32_t w;
    do {
        w = s->stack[--s->depth];
        s->part[w] = s->parts;
        s->size[s->parts]++;
    } while (w != v);
    s->parts++;
}

static void visit(const struct haul_builder *b, struct search *s, uint32_t root)
{
    uint32_t path = 0;
    open_point(s, root, &path);
    while (path > 0) {
        const uint32_t v = s->path[path - 1];
        if (s->cursor[v] < s->first[v + 1]) {
            const uint32_t w = arc_start(b, s->out[s->cursor[v]++] ^ 1);
            if (s->index[w] == HAUL_NONE)
                open_point(s, w, &path);
            else if (s->part[w] == HAUL_NONE && s->index[w] < s->low[v])
                s->low[v] = s->index[w];
            continue;
        }
        path--;
        if (s->low[v] == s->index[v]) close_part(s, v);
        if (path > 0 && s->low[v] < s->low[s->path[path - 1]]) s->low[s->path[path - 1]] = s->low[v];
    }
}

static bool take_search(struct search *s, struct pool *pool, const struct haul_builder *b)
{
    const size_t n = b->points;
    s->points = b->points;
    s->first = POOL_ZEROED(pool, uint32_t, n + 1);
    s->out = POOL_ARRAY(pool, uint32_t, 2 * (size_t)b->edge_count);
    s->index = POOL_ARRAY(pool, uint32_t, n);
    s->low = POOL_ARRAY(pool, uint32_t, n);
    s->stack = POOL_ARRAY(pool, uint32_t, n);
    s->path = POOL_ARRAY(pool, uint32_t, n);
    s->cursor = POOL_ARRAY(pool, uint32_t, n);
    s->part = POOL_ARRAY(pool, uint32_t, n);
    s->size = POOL_ZEROED(pool, uint32_t, n + 1);
    return !pool->failed;
}

static uint32_t largest_part(const struct haul_builder *b, struct search *s)
{
    list_arcs(b, s);
    for (uint32_t v = 0; v < s->points; v++) s->index[v] = s->part[v] = HAUL_NONE;
    for (uint32_t v = 0; v < s->points; v++)
        if (s->index[v] == HAUL_NONE) visit(b, s, v);
    uint32_t best = 0;
    for (uint32_t p = 1; p < s->parts; p++)
        if (s->size[p] > s->size[best]) best = p;
    return best;
}

/* ---- numbering
 * ------------------------------------------------------------------------------------------------------------ */

struct placed {
    uint64_t key;
    uint32_t i;
};

static uint64_t spread_bits(uint32_t x)
{
    uint64_t v = x;
    v = (v | v << 16) & 0x0000ffff0000ffffu;
    v = (v | v << 8) & 0x00ff00ff00ff00ffu;
    v = (v | v << 4) & 0x0f0f0f0f0f0f0f0fu;
    v = (v | v << 2) & 0x3333333333333333u;
    return (v | v << 1) & 0x5555555555555555u;
}

static int by_key(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->i > y->i) - (x->i < y->i);
}

/* Every end of an edge is of the part. */
static void mark_ends(const struct haul_builder *b, const struct search *s, uint32_t part)
{
    for (uint32_t e = 0; e < b->edge_count; e++) s->part[b->edges[e].from] = s->part[b->edges[e].to] = part;
}

/* Junctions in the order of Morton's curve. */
static void number_junctions(struct haul_builder *b, const struct search *s, uint32_t part, struct placed *placed)
{
    b->junctions = 0;
    for (uint32_t v = 0; v < b->points; v++) {
        b->junction_of[v] = HAUL_NONE;
        if (s->part[v] != part) continue;
        const uint32_t x = (uint32_t)b->lon[v] + 1800000000u, y = (uint32_t)b->lat[v] + 900000000u;
        placed[b->junctions++] = (struct placed){spread_bits(x) | spread_bits(y) << 1, v};
    }
    qsort(placed, b->junctions, sizeof *placed, by_key);
    for (uint32_t j = 0; j < b->junctions; j++) b->junction_of[placed[j].i] = j;
}

/* Edges between kept junctions, by where they begin. moved[old edge] = new edge. */
static bool keep_edges(struct haul_builder *b, struct placed *placed, uint32_t *moved, struct haul_build_report *report)
{
    uint32_t n = 0;
    for (uint32_t e = 0; e < b->edge_count; e++) {
        moved[e] = HAUL_NONE;
        const uint32_t from = b->junction_of[b->edges[e].from], to = b->junction_of[b->edges[e].to];
        const bool driven = arc_usable(b, 2 * e) || arc_usable(b, 2 * e + 1);
        if (from == HAUL_NONE || to == HAUL_NONE || !driven) continue;
        placed[n++] = (struct placed){(uint64_t)from << 32 | to, e};
    }
    qsort(placed, n, sizeof *placed, by_key);
    struct edge *kept = malloc((n + (size_t)1) * sizeof *kept);
    if (kept == NULL) return false;
    for (uint32_t i = 0; i < n; i++) {
        kept[i] = b->edges[placed[i].i];
        kept[i].from = b->junction_of[kept[i].from];
        kept[i].to = b->junction_of[kept[i].to];
        moved[placed[i].i] = i;
        report->length_km += kept[i].length_cm * 1e-5;
    }
    report->dropped_edges = b->edge_count - n;
    free(b->edges);
    b->edges = kept;
    b->edge_count = n;
    return true;
}

/* Bans over piece arcs become bans over road arcs; those over roads that are gone, or within one edge, go. */
static void keep_bans(struct haul_builder *b, const uint32_t *moved)
{
    uint32_t bans = 0, arcs = 0;
    for (uint32_t i = 0; i < b->ban_count; i++) {
        const struct ban ban = b->bans[i];
        const uint32_t start = arcs;
        bool whole = true;
        for (uint32_t k = 0; k < ban.n; k++) {
            const uint32_t old = b->arc_of_piece[b->ban_arc[ban.first + k]];
            const uint32_t edge = old == HAUL_NONE ? HAUL_NONE : moved[old / 2];
            const uint32_t arc = edge == HAUL_NONE ? HAUL_NONE : 2 * edge + (old & 1);
            if (arc == HAUL_NONE || !arc_usable(b, arc)) whole = false;
            if (whole && (arcs == start || b->ban_arc[arcs - 1] != arc)) b->ban_arc[arcs++] = arc;
        }
        if (!whole || arcs - start < 2)
            arcs = start;
        else
            b->bans[bans++] = (struct ban){start, arcs - start, ban.mask};
    }
    b->ban_count = bans;
    b->ban_arcs = arcs;
}

bool build_keep_largest(struct haul_builder *b, bool keep_all, struct haul_build_report *report)
{
    struct pool pool = {0};
    struct search s = {0};
    const size_t n = b->points > b->edge_count ? b->points : b->edge_count;
    struct placed *placed = POOL_ARRAY(&pool, struct placed, n);
    uint32_t *moved = POOL_ARRAY(&pool, uint32_t, b->edge_count);
    b->junction_of = malloc((b->points + (size_t)1) * sizeof *b->junction_of);
    bool good = take_search(&s, &pool, b) && b->junction_of != NULL;
    if (good) {
        const uint32_t part = largest_part(b, &s);
        if (keep_all) mark_ends(b, &s, part);
        number_junctions(b, &s, part, placed);
        good = keep_edges(b, placed, moved, report);
    }
    if (good) keep_bans(b, moved);
    pool_free(&pool);
    return good;
}
