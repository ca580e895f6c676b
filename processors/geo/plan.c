/* SPDX-License-Identifier: Apache-2.0
 * Earliest arrival when speeds change over the day. The hierarchy does not know the time; it gives, for every node that
 * the search meets, the exact length to the target at the best speed of the day, and so a tight lower bound.
 */
#include "haul/plan.h"

#include "haul/math.h"
#include "processors/geo/pool.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    int64_t key; /* arrival + potential */
    uint32_t node;
};

struct haul_planner {
    struct haul_arcs g;
    const int32_t *free_ms;
    const uint16_t *curve_of;
    const struct haul_day_curve *curves;
    struct haul_query *query;
    struct haul_weights *fastest;
    uint32_t *first, *out; /* arcs by tail */
    int64_t *arrival;      /* by node */
    uint32_t *stamp, *pred, now;
    struct entry *heap;
    size_t heaped;
    uint32_t *path; /* arcs of the routing graph; in a route then roads, with a place before and behind */
    int32_t *costs; /* of a route */
    struct pool pool;
};

int64_t haul_curve_arrival(const struct haul_day_curve *c, int64_t depart_ms, int64_t free_ms)
{
    int64_t work = free_ms * 1000, at = depart_ms; /* thousandths of a millisecond of free flow */
    while (work > 0) {
        int64_t of_day = at % HAUL_DAY_MS;
        if (of_day < 0) of_day += HAUL_DAY_MS;
        const int64_t rate = c->permille[of_day / HAUL_BIN_MS], left = HAUL_BIN_MS - of_day % HAUL_BIN_MS;
        if (rate * left >= work) return at + (work + rate - 1) / rate;
        work -= rate * left;
        at += left;
    }
    return at;
}

static enum haul_err check_curves(const struct haul_arcs *g, const uint16_t *curve_of,
                                  const struct haul_day_curve *curves, size_t n, struct haul_error *e)
{
    if (n == 0 || n > HAUL_CURVES_MAX) return haul_fail(e, HAUL_E_RANGE, "%zu curves", n);
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < HAUL_DAY_BINS; b++)
            if (curves[i].permille[b] == 0)
                return haul_fail(e, HAUL_E_RANGE, "curve %zu stands still in bin %zu", i, b);
    for (uint32_t i = 0; i < g->arcs; i++)
        if (curve_of[i] >= n) return haul_fail(e, HAUL_E_RANGE, "arc %u has curve %u of %zu", i, curve_of[i], n);
    return HAUL_OK;
}

static uint16_t fastest_of(const struct haul_day_curve *c)
{
    uint16_t best = 1;
    for (size_t b = 0; b < HAUL_DAY_BINS; b++) best = c->permille[b] > best ? c->permille[b] : best;
    return best;
}

/* The least that each arc can take, rounded down. */
static bool customise_fastest(struct haul_planner *p, const struct haul_cch *c, size_t curve_count)
{
    int32_t *bound = malloc((p->g.arcs + (size_t)1) * sizeof *bound);
    uint16_t *best = malloc(curve_count * sizeof *best);
    p->fastest = haul_weights_new(c);
    const bool good = bound != NULL && best != NULL && p->fastest != NULL;
    for (size_t i = 0; good && i < curve_count; i++) best[i] = fastest_of(&p->curves[i]);
    for (uint32_t i = 0; good && i < p->g.arcs; i++) {
        const int32_t free_ms = p->free_ms[i];
        bound[i] =
            free_ms >= HAUL_FAR || free_ms < 0 ? HAUL_FAR : (int32_t)((int64_t)free_ms * 1000 / best[p->curve_of[i]]);
    }
    if (good) haul_weights_customise(p->fastest, bound);
    free(bound), free(best);
    return good;
}

static bool list_out(struct haul_planner *p)
{
    const size_t n = p->g.nodes;
    p->first = POOL_ZEROED(&p->pool, uint32_t, n + 2);
    p->out = POOL_ARRAY(&p->pool, uint32_t, p->g.arcs);
    p->arrival = POOL_ARRAY(&p->pool, int64_t, n);
    p->stamp = POOL_ZEROED(&p->pool, uint32_t, n);
    p->pred = POOL_ARRAY(&p->pool, uint32_t, n);
    p->heap = POOL_ARRAY(&p->pool, struct entry, p->g.arcs + (size_t)2);
    p->path = POOL_ARRAY(&p->pool, uint32_t, n + 2);
    p->costs = POOL_ARRAY(&p->pool, int32_t, n + 2);
    if (p->pool.failed) return false;
    uint32_t *first = p->first + 1, sum = 0;
    for (uint32_t i = 0; i < p->g.arcs; i++) first[p->g.tail[i]]++;
    for (uint32_t v = 0; v < p->g.nodes; v++) {
        const uint32_t count = first[v];
        first[v] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < p->g.arcs; i++) p->out[first[p->g.tail[i]]++] = i;
    return true;
}

enum haul_err haul_planner_new(const struct haul_cch *c, const struct haul_arcs *g, const int32_t *free_ms,
                               const uint16_t *curve_of, const struct haul_day_curve *curves, size_t curve_count,
                               struct haul_planner **out, struct haul_error *e)
{
    *out = NULL;
    const enum haul_err err = check_curves(g, curve_of, curves, curve_count, e);
    if (err != HAUL_OK) return err;
    struct haul_planner *p = calloc(1, sizeof *p);
    if (p == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for a planner");
    p->g = *g, p->free_ms = free_ms, p->curve_of = curve_of, p->curves = curves;
    p->query = haul_query_new(c);
    if (p->query == NULL || !list_out(p) || !customise_fastest(p, c, curve_count)) {
        haul_planner_free(p);
        return haul_fail(e, HAUL_E_NOMEM, "no memory for a planner");
    }
    *out = p;
    return HAUL_OK;
}

void haul_planner_free(struct haul_planner *p)
{
    if (p == NULL) return;
    haul_weights_free(p->fastest);
    haul_query_free(p->query);
    pool_free(&p->pool);
    free(p);
}

static bool below(struct entry a, struct entry b)
{
    return a.key != b.key ? a.key < b.key : a.node < b.node;
}

static void push(struct haul_planner *p, struct entry e)
{
    size_t i = p->heaped++;
    for (; i > 0 && below(e, p->heap[(i - 1) / 2]); i = (i - 1) / 2) p->heap[i] = p->heap[(i - 1) / 2];
    p->heap[i] = e;
}

static struct entry pop(struct haul_planner *p)
{
    const struct entry top = p->heap[0], last = p->heap[--p->heaped];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= p->heaped) break;
        if (child + 1 < p->heaped && below(p->heap[child + 1], p->heap[child])) child++;
        if (!below(p->heap[child], last)) break;
        p->heap[i] = p->heap[child];
        i = child;
    }
    p->heap[i] = last;
    return top;
}

/* Arrives at a node earlier than known; nodes from which there is no way are passed over. */
static void improve(struct haul_planner *p, uint32_t node, int64_t arrival, uint32_t by)
{
    if (p->stamp[node] == p->now && p->arrival[node] <= arrival) return;
    const int32_t more = haul_query_potential(p->query, node);
    if (more >= HAUL_FAR) return;
    p->stamp[node] = p->now, p->arrival[node] = arrival, p->pred[node] = by;
    push(p, (struct entry){arrival + more, node});
}

/* Where and when one may begin, and over which road arc one came there. */
struct start {
    uint32_t node, arc;
    int64_t at_ms;
};

/* False: there is no way. */
static bool search(struct haul_planner *p, const struct start *starts, size_t n, uint32_t to)
{
    if (++p->now == 0) {
        memset(p->stamp, 0, p->g.nodes * sizeof *p->stamp);
        p->now = 1;
    }
    p->heaped = 0;
    haul_query_aim(p->query, p->fastest, to);
    for (size_t i = 0; i < n; i++) improve(p, starts[i].node, starts[i].at_ms, HAUL_NONE);
    while (p->heaped > 0) {
        const struct entry top = pop(p);
        const int64_t at = p->arrival[top.node];
        if (top.key > at + haul_query_potential(p->query, top.node)) continue; /* there was an earlier one */
        if (top.node == to) break;
        for (uint32_t k = p->first[top.node]; k < p->first[top.node + 1]; k++) {
            const uint32_t i = p->out[k];
            if (p->free_ms[i] < 0 || p->free_ms[i] >= HAUL_FAR) continue;
            improve(p, p->g.head[i], haul_curve_arrival(&p->curves[p->curve_of[i]], at, p->free_ms[i]), i);
        }
    }
    return p->stamp[to] == p->now;
}

/* The arcs to a node, in order, to path[0 .. returned); *start is the node where they begin. */
static size_t trace(const struct haul_planner *p, uint32_t to, uint32_t *path, uint32_t *start)
{
    size_t n = 0;
    uint32_t v = to;
    for (; p->pred[v] != HAUL_NONE; v = p->g.tail[p->pred[v]]) path[n++] = p->pred[v];
    for (size_t i = 0; i < n / 2; i++) {
        const uint32_t t = path[i];
        path[i] = path[n - 1 - i];
        path[n - 1 - i] = t;
    }
    *start = v;
    return n;
}

enum haul_err haul_plan_run(struct haul_planner *p, uint32_t from, uint32_t to, int64_t depart_ms, int64_t *arrival_ms,
                            const uint32_t **arcs, size_t *n, struct haul_error *e)
{
    if (!search(p, &(struct start){from, HAUL_NONE, depart_ms}, 1, to))
        return haul_fail(e, HAUL_E_UNREACHABLE, "there is no way");
    *arrival_ms = p->arrival[to];
    *n = trace(p, to, p->path, &from);
    *arcs = p->path;
    return HAUL_OK;
}

/* ---- from road to road
 * ------------------------------------------------------------------------------------------------------ */

/* A journey between two places: the view that both are of, and the best arrival so far. */
struct journey {
    const struct haul_roads_view *v;
    const struct haul_stop *from, *to;
    int64_t depart_ms, arrival_ms; /* arrival_ms: INT64_MAX until there is a way */
    struct start starts[2];
    size_t start_count;
    size_t n; /* arcs in p->path */
};

static uint32_t along(const struct journey *j, const struct haul_stop *s, uint32_t arc)
{
    return arc & 1 ? j->v->edge_length_cm[s->edge] - s->along_cm : s->along_cm;
}

static bool open_arc(const struct haul_planner *p, uint32_t arc)
{
    return p->free_ms[arc] >= 0 && p->free_ms[arc] < HAUL_FAR;
}

/* When one that is at the beginning of a part of an arc at at_ms has driven it. */
static int64_t drive(const struct haul_planner *p, const struct journey *j, uint32_t arc, uint32_t part_cm,
                     int64_t at_ms)
{
    const uint32_t whole_cm = j->v->edge_length_cm[j->v->arc_road[arc] / 2];
    int64_t free_ms = p->free_ms[arc];
    if (whole_cm > 0) free_ms = (free_ms * part_cm + whole_cm / 2) / whole_cm;
    return haul_curve_arrival(&p->curves[p->curve_of[arc]], at_ms, free_ms);
}

/* Both ways to leave; and the whole journey, where the destination lies ahead on the same road. */
static void leave(struct haul_planner *p, struct journey *j)
{
    for (uint32_t road = 2 * j->from->edge; road <= 2 * j->from->edge + 1; road++) {
        if (j->v->road_first[road] == j->v->road_first[road + 1]) continue;
        const uint32_t arc = j->v->road_arcs[j->v->road_first[road]], at = along(j, j->from, road);
        if (!open_arc(p, arc)) continue;
        const int64_t end_ms = drive(p, j, arc, j->v->edge_length_cm[road / 2] - at, j->depart_ms);
        j->starts[j->start_count++] = (struct start){j->v->arc_head[arc], road, end_ms};
        if (j->from->edge != j->to->edge || along(j, j->to, road) < at) continue;
        const int64_t direct_ms = drive(p, j, arc, along(j, j->to, road) - at, j->depart_ms);
        if (direct_ms >= j->arrival_ms) continue;
        j->arrival_ms = direct_ms, j->n = 1;
        p->path[0] = road, p->costs[0] = (int32_t)(direct_ms - j->depart_ms);
    }
}

/* Over the routing arc that enters the destination's road, if that is the earliest so far. */
static void arrive(struct haul_planner *p, struct journey *j, uint32_t arc)
{
    const uint32_t node = j->v->arc_tail[arc], road = j->v->arc_road[arc];
    if (!search(p, j->starts, j->start_count, node)) return;
    const int64_t arrival_ms = drive(p, j, arc, along(j, j->to, road), p->arrival[node]);
    if (arrival_ms >= j->arrival_ms) return;
    uint32_t start;
    const size_t n = trace(p, node, p->path + 1, &start);
    int64_t at_ms = p->arrival[start];
    for (size_t i = 1; i <= n; i++) {
        const int64_t next_ms = p->arrival[p->g.head[p->path[i]]];
        p->costs[i] = (int32_t)(next_ms - at_ms);
        p->path[i] = j->v->arc_road[p->path[i]];
        at_ms = next_ms;
    }
    for (size_t i = 0; i < j->start_count; i++)
        if (j->starts[i].node == start && j->starts[i].at_ms == p->arrival[start]) p->path[0] = j->starts[i].arc;
    p->costs[0] = (int32_t)(p->arrival[start] - j->depart_ms);
    p->path[n + 1] = road, p->costs[n + 1] = (int32_t)(arrival_ms - at_ms);
    j->arrival_ms = arrival_ms, j->n = n + 2;
}

enum haul_err haul_plan_route(struct haul_planner *p, const struct haul_map *m, const struct haul_stop *from,
                              const struct haul_stop *to, int64_t depart_ms, struct haul_route *out,
                              struct haul_error *e)
{
    struct journey j = {.v = haul_roads_view(haul_map_roads(m)),
                        .from = from,
                        .to = to,
                        .depart_ms = depart_ms,
                        .arrival_ms = INT64_MAX};
    *out = (struct haul_route){.cost = HAUL_FAR, .arcs = p->path, .costs = p->costs, .from = *from, .to = *to};
    leave(p, &j);
    for (uint32_t k = j.v->road_first[2 * to->edge]; k < j.v->road_first[2 * to->edge + 2]; k++)
        if (open_arc(p, j.v->road_arcs[k])) arrive(p, &j, j.v->road_arcs[k]);
    if (j.arrival_ms == INT64_MAX || j.arrival_ms - depart_ms >= HAUL_FAR)
        return haul_fail(e, HAUL_E_UNREACHABLE, "there is no way that the vehicle may drive");
    out->cost = (int32_t)(j.arrival_ms - depart_ms), out->n = j.n;
    for (size_t i = 0; i < j.n; i++) {
        uint32_t from_cm, to_cm;
        haul_route_part(m, out, i, &from_cm, &to_cm);
        out->length_m += (to_cm - from_cm) * 0.01;
    }
    return HAUL_OK;
}
