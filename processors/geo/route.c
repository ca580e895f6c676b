/* SPDX-License-Identifier: Apache-2.0
 * Between places on edges. A route leaves over the end of an arc and arrives over the beginning of one; which node of
 * the routing graph that is depends, at the arrival, on where one comes from, so all of them are ends, and the
 * hierarchy takes the best pair.
 */
#include "haul/route.h"

#include "haul/math.h"
#include "processors/geo/pool.h"

#include <stdlib.h>
#include <string.h>

#define ARCS_MAX (1u << 20)

struct haul_router {
    const struct haul_map *map;
    const struct haul_roads_view *view;
    struct haul_query *query;
    uint32_t *arcs; /* routing arcs, then road arcs in place */
    int32_t *costs;
    int32_t *reach[2]; /* by node */
    size_t cap;
    struct pool pool;
};

enum haul_err haul_stop_near(const struct haul_map *m, const struct haul_vehicle *v, double lon_deg, double lat_deg,
                             double max_m, struct haul_stop *out, struct haul_error *e)
{
    const struct haul_roads_view *view = haul_roads_view(haul_map_roads(m));
    struct haul_near near[64];
    for (double radius = 100; radius <= 2000; radius *= 4) {
        const size_t n = haul_map_near(m, lon_deg, lat_deg, radius < max_m ? radius : max_m, v->use, near, 64);
        for (size_t i = 0; i < n; i++) {
            const bool driven = haul_vehicle_arc_ms(view, v, 2 * near[i].edge) < HAUL_FAR ||
                                haul_vehicle_arc_ms(view, v, 2 * near[i].edge + 1) < HAUL_FAR;
            if (!driven) continue;
            *out = (struct haul_stop){near[i].edge, near[i].along_cm, near[i].distance_m, near[i].lon_deg,
                                      near[i].lat_deg};
            return HAUL_OK;
        }
        if (radius >= max_m) break;
    }
    return haul_fail(e, HAUL_E_NOT_FOUND, "no road that %s may drive within %.0f m of %.6f, %.6f", v->name, max_m,
                     lon_deg, lat_deg);
}

/* weight * part / whole, rounded; whole 0: all of it when part is 0 too. */
static int32_t share(int32_t weight, uint32_t part, uint32_t whole)
{
    if (whole == 0) return weight;
    return (int32_t)(((int64_t)weight * part + whole / 2) / whole);
}

static uint32_t length_of(const struct haul_map *m, uint32_t edge)
{
    return haul_roads_view(haul_map_roads(m))->edge_length_cm[edge];
}
static uint32_t along_arc(const struct haul_map *m, const struct haul_stop *s, uint32_t arc)
{
    return arc & 1 ? length_of(m, s->edge) - s->along_cm : s->along_cm;
}

size_t haul_stop_leave(const struct haul_map *m, const struct haul_weights *w, const struct haul_stop *s,
                       struct haul_end ends[HAUL_ENDS_MAX])
{
    const struct haul_roads_view *v = haul_roads_view(haul_map_roads(m));
    size_t n = 0;
    for (uint32_t arc = 2 * s->edge; arc <= 2 * s->edge + 1; arc++) {
        if (v->road_first[arc] == v->road_first[arc + 1]) continue;
        const uint32_t own = v->road_arcs[v->road_first[arc]]; /* nothing is remembered of what was before the stop */
        const int32_t weight = haul_weights_arc(w, own);
        const uint32_t length = v->edge_length_cm[s->edge];
        if (weight < HAUL_FAR)
            ends[n++] = (struct haul_end){v->arc_head[own], share(weight, length - along_arc(m, s, arc), length)};
    }
    return n;
}

size_t haul_stop_arrive(const struct haul_map *m, const struct haul_weights *w, const struct haul_stop *s,
                        struct haul_end ends[HAUL_ENDS_MAX])
{
    const struct haul_roads_view *v = haul_roads_view(haul_map_roads(m));
    size_t n = 0;
    for (uint32_t arc = 2 * s->edge; arc <= 2 * s->edge + 1; arc++)
        for (uint32_t i = v->road_first[arc]; i < v->road_first[arc + 1] && n < HAUL_ENDS_MAX; i++) {
            const uint32_t own = v->road_arcs[i];
            const int32_t weight = haul_weights_arc(w, own);
            const uint32_t length = v->edge_length_cm[s->edge];
            if (weight < HAUL_FAR)
                ends[n++] = (struct haul_end){v->arc_tail[own], share(weight, along_arc(m, s, arc), length)};
        }
    return n;
}

/* The direction in which `to` lies ahead on the same edge and may be driven, HAUL_NONE when there is none. */
static uint32_t direct_arc(const struct haul_map *m, const struct haul_weights *w, const struct haul_stop *from,
                           const struct haul_stop *to, int32_t *cost)
{
    const struct haul_roads_view *v = haul_roads_view(haul_map_roads(m));
    uint32_t best = HAUL_NONE;
    *cost = HAUL_FAR;
    if (from->edge != to->edge) return best;
    for (uint32_t arc = 2 * from->edge; arc <= 2 * from->edge + 1; arc++) {
        const uint32_t a = along_arc(m, from, arc), b = along_arc(m, to, arc);
        if (a > b || v->road_first[arc] == v->road_first[arc + 1]) continue;
        const int32_t weight = haul_weights_arc(w, v->road_arcs[v->road_first[arc]]);
        if (weight >= HAUL_FAR) continue;
        const int32_t part = share(weight, b - a, v->edge_length_cm[from->edge]);
        if (part < *cost) *cost = part, best = arc;
    }
    return best;
}

int32_t haul_stop_direct(const struct haul_map *m, const struct haul_weights *w, const struct haul_stop *from,
                         const struct haul_stop *to)
{
    int32_t cost;
    direct_arc(m, w, from, to, &cost);
    return cost;
}

enum haul_err haul_router_new(const struct haul_map *m, const struct haul_cch *c, struct haul_router **out,
                              struct haul_error *e)
{
    *out = NULL;
    struct haul_router *r = calloc(1, sizeof *r);
    if (r == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for a router");
    r->map = m, r->view = haul_roads_view(haul_map_roads(m));
    r->cap = (r->view->arcs < ARCS_MAX ? r->view->arcs : ARCS_MAX) + 2;
    r->query = haul_query_new(c);
    r->arcs = POOL_ARRAY(&r->pool, uint32_t, r->cap);
    r->costs = POOL_ARRAY(&r->pool, int32_t, r->cap);
    for (int i = 0; i < 2; i++) r->reach[i] = POOL_ARRAY(&r->pool, int32_t, r->view->nodes);
    if (r->query == NULL || r->pool.failed) {
        haul_router_free(r);
        return haul_fail(e, HAUL_E_NOMEM, "no memory for a router");
    }
    *out = r;
    return HAUL_OK;
}

void haul_router_free(struct haul_router *r)
{
    if (r == NULL) return;
    haul_query_free(r->query);
    pool_free(&r->pool);
    free(r);
}

/* The road arc over which an end lies: those of a stop are few. */
static uint32_t leaving_arc(const struct haul_router *r, const struct haul_weights *w, const struct haul_stop *s,
                            size_t i)
{
    const struct haul_roads_view *v = r->view;
    for (uint32_t arc = 2 * s->edge; arc <= 2 * s->edge + 1; arc++) {
        if (v->road_first[arc] == v->road_first[arc + 1]) continue;
        if (haul_weights_arc(w, v->road_arcs[v->road_first[arc]]) < HAUL_FAR && i-- == 0) return arc;
    }
    return HAUL_NONE;
}

static uint32_t arriving_arc(const struct haul_router *r, const struct haul_weights *w, const struct haul_stop *s,
                             size_t i, uint32_t *routing_arc)
{
    const struct haul_roads_view *v = r->view;
    for (uint32_t arc = 2 * s->edge; arc <= 2 * s->edge + 1; arc++)
        for (uint32_t k = v->road_first[arc]; k < v->road_first[arc + 1]; k++)
            if (haul_weights_arc(w, v->road_arcs[k]) < HAUL_FAR && i-- == 0) {
                *routing_arc = v->road_arcs[k];
                return arc;
            }
    return HAUL_NONE;
}

static void measure(const struct haul_router *r, struct haul_route *out)
{
    out->length_m = 0;
    for (size_t i = 0; i < out->n; i++) {
        uint32_t from, to;
        haul_route_part(r->map, out, i, &from, &to);
        out->length_m += (to - from) * 0.01;
    }
}

enum haul_err haul_route_run(struct haul_router *r, const struct haul_weights *w, const struct haul_stop *from,
                             const struct haul_stop *to, struct haul_route *out, struct haul_error *e)
{
    struct haul_end leave[HAUL_ENDS_MAX], arrive[HAUL_ENDS_MAX];
    const size_t leaves = haul_stop_leave(r->map, w, from, leave), arrives = haul_stop_arrive(r->map, w, to, arrive);
    size_t from_i = 0, to_i = 0;
    int32_t direct;
    const uint32_t straight = direct_arc(r->map, w, from, to, &direct);
    const int32_t cost = haul_query_ends(r->query, w, leave, leaves, arrive, arrives, &from_i, &to_i);
    *out = (struct haul_route){.cost = cost, .arcs = r->arcs, .costs = r->costs, .from = *from, .to = *to};
    if (direct == HAUL_FAR && cost == HAUL_FAR)
        return haul_fail(e, HAUL_E_UNREACHABLE, "there is no way that the vehicle may drive");
    if (direct <= cost) {
        out->cost = direct, out->n = 1;
        r->arcs[0] = straight, r->costs[0] = direct;
        measure(r, out);
        return HAUL_OK;
    }
    const size_t n = haul_query_path(r->query, w, r->arcs + 1, r->cap - 2);
    if (n > r->cap - 2) return haul_fail(e, HAUL_E_LIMIT, "the route has %zu arcs", n);
    uint32_t last_arc = HAUL_NONE;
    for (size_t i = 1; i <= n; i++) {
        r->costs[i] = haul_weights_arc(w, r->arcs[i]);
        r->arcs[i] = r->view->arc_road[r->arcs[i]];
    }
    r->arcs[0] = leaving_arc(r, w, from, from_i);
    r->costs[0] = leave[from_i].offset;
    r->arcs[n + 1] = arriving_arc(r, w, to, to_i, &last_arc);
    r->costs[n + 1] = arrive[to_i].offset;
    out->n = n + 2;
    measure(r, out);
    return HAUL_OK;
}

void haul_route_part(const struct haul_map *m, const struct haul_route *r, size_t i, uint32_t *from_cm, uint32_t *to_cm)
{
    const uint32_t arc = r->arcs[i];
    *from_cm = i == 0 ? along_arc(m, &r->from, arc) : 0;
    *to_cm = i == r->n - 1 ? along_arc(m, &r->to, arc) : length_of(m, arc / 2);
}

/* ---- reach
 * --------------------------------------------------------------------------------------------------------------------------------
 */

enum haul_err haul_route_reach(struct haul_router *r, const struct haul_weights *w, const struct haul_stop *from,
                               int32_t limit, haul_reached *each, void *user, struct haul_error *e)
{
    struct haul_end leave[HAUL_ENDS_MAX];
    const size_t n = haul_stop_leave(r->map, w, from, leave);
    if (n == 0) return haul_fail(e, HAUL_E_UNREACHABLE, "the road at the stop is closed for the vehicle");
    const struct haul_roads_view *v = r->view;
    for (size_t i = 0; i < n; i++) {
        int32_t *own = r->reach[i > 0];
        haul_query_all_from(r->query, w, leave[i].node, own);
        for (uint32_t node = 0; node < v->nodes; node++) {
            const int64_t sum = (int64_t)own[node] + leave[i].offset;
            const int32_t at = sum < HAUL_FAR ? (int32_t)sum : HAUL_FAR;
            r->reach[0][node] = i == 0 || at < r->reach[0][node] ? at : r->reach[0][node];
        }
        const uint32_t arc = leaving_arc(r, w, from, i), along = along_arc(r->map, from, arc),
                       length = v->edge_length_cm[arc / 2];
        const uint32_t used =
            leave[i].offset <= limit
                ? length
                : along + (uint32_t)share((int32_t)(length - along), (uint32_t)limit, (uint32_t)leave[i].offset);
        each(user, arc, along, used, 0);
    }
    for (uint32_t i = 0; i < v->arcs; i++) {
        const int32_t at = r->reach[0][v->arc_tail[i]], weight = haul_weights_arc(w, i);
        if (at > limit || weight >= HAUL_FAR) continue;
        const uint32_t length = v->edge_length_cm[v->arc_road[i] / 2];
        const int64_t left = limit - at;
        const uint32_t used = weight <= left ? length : (uint32_t)((int64_t)length * left / weight);
        each(user, v->arc_road[i], 0, used, at);
    }
    return HAUL_OK;
}
