/* SPDX-License-Identifier: Apache-2.0
 * Ways -> pieces -> edges, and restrictions -> forbidden sequences.
 *
 * A way is cut at its ends and wherever another use of a point meets it. A point where exactly two pieces meet, of the
 * same kind and name, and at which nothing turns on memory, is passed through: its pieces become one edge and it a
 * point of the shape.
 */
#include "haul/math.h"
#include "processors/geo/build_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- pieces
 * -------------------------------------------------------------------------------------------------------------- */

/* The end of a piece at a blocked point is a point of its own. */
static uint32_t end_point(struct haul_builder *b, uint32_t point)
{
    if (!(b->flags[point] & POINT_BLOCKED)) return point;
    return haul_builder_point(b, b->lon[point], b->lat[point]);
}

static bool add_piece(struct haul_builder *b, uint32_t way, uint32_t first, uint32_t last)
{
    const uint32_t from = end_point(b, b->way_point[first]), to = end_point(b, b->way_point[last]);
    void *p = b->pieces;
    if (b->failed || from == HAUL_NONE || to == HAUL_NONE || b->piece_count >= INT32_MAX / 4 ||
        !grow_array(&p, &b->pieces_cap, b->piece_count + (size_t)1, sizeof *b->pieces))
        return false;
    b->pieces = p;
    b->pieces[b->piece_count++] = (struct piece_of_way){from, to, way, first, last - first + 1};
    return true;
}

static uint8_t *count_uses(const struct haul_builder *b)
{
    uint8_t *uses = calloc(b->points + (size_t)1, 1);
    if (uses == NULL) return NULL;
    for (uint32_t w = 0; w < b->way_count; w++)
        for (uint32_t i = 0; i < b->ways[w].n; i++) {
            uint8_t *u = &uses[b->way_point[b->ways[w].first + i]];
            *u = *u < 2 ? *u + 1 : 2;
        }
    return uses;
}

static bool list_incident(struct haul_builder *b)
{
    b->incident_first = calloc(b->points + (size_t)2, sizeof *b->incident_first);
    b->incident = malloc((2 * (size_t)b->piece_count + 1) * sizeof *b->incident);
    if (b->incident_first == NULL || b->incident == NULL) return false;
    uint32_t *first = b->incident_first + 1; /* shifted by one: filling moves each beginning to where the next one is */
    for (uint32_t i = 0; i < b->piece_count; i++) first[b->pieces[i].from]++, first[b->pieces[i].to]++;
    uint32_t sum = 0;
    for (uint32_t v = 0; v < b->points; v++) {
        const uint32_t count = first[v];
        first[v] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < b->piece_count; i++) {
        b->incident[first[b->pieces[i].from]++] = 2 * i;
        b->incident[first[b->pieces[i].to]++] = 2 * i + 1;
    }
    return true;
}

bool build_pieces(struct haul_builder *b)
{
    uint8_t *uses = count_uses(b);
    if (uses == NULL) return false;
    bool good = true;
    for (uint32_t w = 0; w < b->way_count && good; w++) {
        uint32_t start = b->ways[w].first;
        const uint32_t end = start + b->ways[w].n - 1;
        for (uint32_t i = start + 1; i <= end && good; i++) {
            const uint32_t p = b->way_point[i];
            if (i < end && uses[p] < 2 && !(b->flags[p] & POINT_BLOCKED)) continue;
            good = add_piece(b, w, start, i);
            start = i;
        }
    }
    free(uses);
    return good && list_incident(b);
}

/* ---- restrictions
 * -------------------------------------------------------------------------------------------------------- */

static uint32_t piece_end(const struct haul_builder *b, uint32_t arc)
{
    return arc & 1 ? b->pieces[arc / 2].from : b->pieces[arc / 2].to;
}

static uint32_t piece_start(const struct haul_builder *b, uint32_t arc)
{
    return piece_end(b, arc ^ 1);
}
static int64_t piece_way(const struct haul_builder *b, uint32_t arc)
{
    return b->ways[b->pieces[arc / 2].way].id;
}

static uint8_t piece_access(const struct haul_builder *b, uint32_t arc)
{
    return b->kinds[b->ways[b->pieces[arc / 2].way].kind].access[arc & 1];
}

#define SEQUENCE_MAX 64

static bool add_ban(struct haul_builder *b, const uint32_t *arcs, uint32_t n, uint8_t mask)
{
    void *p = b->bans, *q = b->ban_arc;
    const bool good = grow_array(&p, &b->bans_cap, b->ban_count + (size_t)1, sizeof *b->bans);
    b->bans = p;
    if (!good || !grow_array(&q, &b->ban_arc_cap, b->ban_arcs + (size_t)n, sizeof *b->ban_arc)) {
        b->failed = true;
        return false;
    }
    b->ban_arc = q;
    b->bans[b->ban_count++] = (struct ban){b->ban_arcs, n, mask};
    memcpy(b->ban_arc + b->ban_arcs, arcs, n * sizeof *arcs);
    b->ban_arcs += n;
    for (uint32_t i = 0; i + 1 < n; i++) b->flags[piece_end(b, arcs[i])] |= POINT_KEPT;
    return true;
}

/* The last turn, from the sequence's end into the way `to`: itself when it is forbidden, all others when it is the only
 * one. */
static bool ban_last_turn(struct haul_builder *b, const struct haul_restriction *r, uint32_t *sequence, uint32_t n)
{
    const uint32_t at = piece_end(b, sequence[n - 1]);
    bool found = false;
    for (uint32_t i = b->incident_first[at]; i < b->incident_first[at + 1]; i++)
        found |= piece_way(b, b->incident[i]) == r->to;
    if (!found) return false;
    for (uint32_t i = b->incident_first[at]; i < b->incident_first[at + 1]; i++) {
        const uint32_t next = b->incident[i];
        if ((piece_way(b, next) == r->to) == r->only || piece_access(b, next) == 0) continue;
        sequence[n] = next;
        add_ban(b, sequence, n + 1, r->mask);
    }
    return true;
}

/* Follows the whole way `id` from the sequence's end to the other end of that way. Returns the new length, 0 when the
 * way does not begin there. */
static uint32_t follow_way(const struct haul_builder *b, int64_t id, uint32_t *sequence, uint32_t n)
{
    uint32_t added = 0;
    for (bool more = true; more && n + 1 < SEQUENCE_MAX;) {
        const uint32_t at = piece_end(b, sequence[n - 1]);
        more = false;
        for (uint32_t i = b->incident_first[at]; i < b->incident_first[at + 1] && !more; i++) {
            const uint32_t next = b->incident[i];
            if (piece_way(b, next) != id || (added > 0 && next / 2 == sequence[n - 1] / 2)) continue;
            if (added > 0 && (next & 1) != (sequence[n - 1] & 1)) continue; /* goes on, does not turn */
            sequence[n++] = next;
            added++;
            more = true;
        }
    }
    return added > 0 ? n : 0;
}

/* One arc of the way `from` that enters the via point or the first via way. */
static bool ban_from(struct haul_builder *b, const struct haul_restriction *r, uint32_t arc)
{
    uint32_t sequence[SEQUENCE_MAX + 1] = {arc}, n = 1;
    for (uint32_t i = 0; i < r->via_ways && n > 0; i++) n = follow_way(b, r->via_way[i], sequence, n);
    return n > 0 && ban_last_turn(b, r, sequence, n);
}

struct way_index {
    int64_t id;
    uint32_t piece;
};

static int by_id(const void *a, const void *b)
{
    const struct way_index *x = a, *y = b;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    return (x->piece > y->piece) - (x->piece < y->piece);
}

/* All arcs of the way that could begin the restriction; with a via point those that enter it. More than one entering
 * arc makes a forbidden turn ambiguous: the way passes through its via point. */
static bool resolve(struct haul_builder *b, const struct haul_restriction *r, const struct way_index *index, uint32_t n)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (index[middle].id < r->from)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = false;
    for (; low < n && index[low].id == r->from; low++)
        for (uint32_t back = 0; back <= 1; back++) {
            const uint32_t arc = 2 * index[low].piece + back;
            if (piece_access(b, arc) == 0) continue;
            if (r->via_ways == 0 && piece_end(b, arc) != r->via_point) continue;
            found |= ban_from(b, r, arc);
        }
    return found;
}

void build_bans(struct haul_builder *b, struct haul_build_report *report)
{
    struct way_index *index = malloc((b->piece_count + (size_t)1) * sizeof *index);
    if (index == NULL) {
        b->failed = true;
        return;
    }
    for (uint32_t i = 0; i < b->piece_count; i++) index[i] = (struct way_index){b->ways[b->pieces[i].way].id, i};
    qsort(index, b->piece_count, sizeof *index, by_id);
    for (uint32_t i = 0; i < b->restriction_count; i++)
        if (!resolve(b, &b->restrictions[i], index, b->piece_count)) report->restrictions_unresolved++;
    free(index);
}

/* ---- edges
 * --------------------------------------------------------------------------------------------------------------- */

static uint32_t kind_along(struct haul_builder *b, uint32_t arc)
{
    const uint32_t kind = b->ways[b->pieces[arc / 2].way].kind;
    return arc & 1 ? build_flipped_kind(b, kind) : kind;
}

/* The arc that goes on when `arc` has been driven, if its end is passed through. */
static uint32_t goes_on(struct haul_builder *b, uint32_t arc)
{
    const uint32_t at = piece_end(b, arc), first = b->incident_first[at];
    if (b->incident_first[at + 1] - first != 2 || b->flags[at] & POINT_KEPT) return HAUL_NONE;
    const uint32_t next = b->incident[first] == (arc ^ 1) ? b->incident[first + 1] : b->incident[first];
    if (next / 2 == arc / 2) return HAUL_NONE; /* both ends of a ring */
    if (b->ways[b->pieces[next / 2].way].name != b->ways[b->pieces[arc / 2].way].name) return HAUL_NONE;
    return kind_along(b, next) == kind_along(b, arc) ? next : HAUL_NONE;
}

static bool add_shape(struct haul_builder *b, uint32_t point)
{
    void *p = b->shape;
    if (b->shape_points >= INT32_MAX / 4 ||
        !grow_array(&p, &b->shape_cap, 2 * ((size_t)b->shape_points + 1), sizeof *b->shape))
        return false;
    b->shape = p;
    b->shape[2 * b->shape_points] = b->lon[point];
    b->shape[2 * b->shape_points + 1] = b->lat[point];
    b->shape_points++;
    return true;
}

static uint16_t add_delay(uint16_t a, uint16_t b)
{
    return (uint32_t)a + b < UINT16_MAX ? (uint16_t)(a + b) : UINT16_MAX;
}

/* The i-th point of a piece in the arc's direction. */
static uint32_t arc_point(const struct haul_builder *b, uint32_t arc, uint32_t i)
{
    const struct piece_of_way *p = &b->pieces[arc / 2];
    return b->way_point[p->first + (arc & 1 ? p->n - 1 - i : i)];
}

static double step_m(const struct haul_builder *b, uint32_t p, uint32_t q)
{
    return haul_haversine_m(b->lon[p] * 1e-7, b->lat[p] * 1e-7, b->lon[q] * 1e-7, b->lat[q] * 1e-7);
}

/* One edge from `arc` over all that goes on behind it. */
static bool add_edge(struct haul_builder *b, uint32_t arc)
{
    void *p = b->edges;
    if (b->edge_count >= INT32_MAX / 4 || !grow_array(&p, &b->edges_cap, b->edge_count + (size_t)1, sizeof *b->edges))
        return false;
    b->edges = p;
    struct edge e = {
        .from = piece_start(b, arc), .kind = kind_along(b, arc), .way = piece_way(b, arc), .shape = b->shape_points};
    e.name = b->ways[b->pieces[arc / 2].way].name;
    double length_m = 0;
    const uint32_t first = arc, road = 2 * b->edge_count;
    for (uint32_t at = arc; at != HAUL_NONE; at = goes_on(b, at)) {
        if (at != first && at / 2 == first / 2) break; /* round a ring */
        const uint32_t n = b->pieces[at / 2].n;
        for (uint32_t i = 1; i < n; i++) {
            const uint32_t point = arc_point(b, at, i);
            length_m += step_m(b, arc_point(b, at, i - 1), point);
            const bool last = i == n - 1 && goes_on(b, at) == HAUL_NONE;
            if (!last && !add_shape(b, point)) return false;
            e.delay_ds[0] = add_delay(e.delay_ds[0], b->delay[point]);
            if (!last) e.delay_ds[1] = add_delay(e.delay_ds[1], b->delay[point]);
        }
        e.to = piece_end(b, at);
        b->arc_of_piece[at] = road;
        b->arc_of_piece[at ^ 1] = road + 1;
    }
    e.delay_ds[1] = add_delay(e.delay_ds[1], b->delay[e.from]);
    e.shapes = b->shape_points - e.shape;
    if (length_m * 100 >= HAUL_FAR) return false;
    e.length_cm = (uint32_t)haul_round_i64(length_m * 100);
    b->edges[b->edge_count++] = e;
    return !b->failed;
}

bool build_edges(struct haul_builder *b)
{
    b->arc_of_piece = malloc((2 * (size_t)b->piece_count + 1) * sizeof *b->arc_of_piece);
    if (b->arc_of_piece == NULL) return false;
    for (uint32_t i = 0; i < 2 * b->piece_count; i++) b->arc_of_piece[i] = HAUL_NONE;
    for (uint32_t arc = 0; arc < 2 * b->piece_count; arc++) {
        /* an edge begins where the arc before it does not go on; a ring without such a place touches nothing */
        if (b->arc_of_piece[arc] != HAUL_NONE || goes_on(b, arc ^ 1) != HAUL_NONE) continue;
        if (!add_edge(b, arc)) return false;
    }
    return true;
}
