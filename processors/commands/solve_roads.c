/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/solve_roads.h"

#include "processors/commands/commands.h"
#include "processors/commands/road_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double nearest_m = 2000; /* a place further than that from any road has none */

struct solve_roads {
    struct network n;
    int threads;
    char profile[32]; /* whose tables stand here */
    int32_t places;
    int32_t *ms, *cm; /* [places * places] */
};

int solve_roads_open(const char *path, int threads, struct solve_roads **out)
{
    struct solve_roads *r = calloc(1, sizeof *r);
    if (r == NULL) {
        fprintf(stderr, "haul: no memory for %s\n", path);
        return HAUL_EXIT_FAILED;
    }
    r->threads = threads;
    network_init(&r->n);
    const int status = network_open(&r->n, path, true);
    if (status != 0) {
        free(r);
        return status;
    }
    *out = r;
    return 0;
}

void solve_roads_free(struct solve_roads *r)
{
    if (r == NULL) return;
    network_close(&r->n);
    free(r->ms);
    free(r->cm);
    free(r);
}

static enum haul_err find_stops(const struct solve_roads *r, const double *lon_deg, const double *lat_deg, int32_t n,
                                struct road_places *p, struct haul_error *e)
{
    p->stop = calloc((size_t)n + 1, sizeof *p->stop);
    if (p->stop == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for %d places", n);
    for (; p->n < (size_t)n; p->n++) {
        const enum haul_err bad =
            haul_stop_near(r->n.map, &r->n.vehicle, lon_deg[p->n], lat_deg[p->n], nearest_m, &p->stop[p->n], e);
        if (bad != HAUL_OK) return bad;
    }
    return HAUL_OK;
}

static enum haul_err copy_table(const struct road_table *t, int32_t *out, struct haul_error *e)
{
    const size_t n = t->from.n;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            const int32_t way = i == k ? 0 : road_table_cell(t, i, k);
            if (way >= HAUL_FAR)
                return haul_fail(e, HAUL_E_UNREACHABLE, "no way from %.6f,%.6f to %.6f,%.6f", t->from.stop[i].lon_deg,
                                 t->from.stop[i].lat_deg, t->to.stop[k].lon_deg, t->to.stop[k].lat_deg);
            out[i * n + k] = way;
        }
    return HAUL_OK;
}

/* One table over the network with these weights of the arcs. */
static enum haul_err fill_table(const struct solve_roads *r, const struct road_places *p, const int32_t *weights,
                                int32_t *out, struct haul_error *e)
{
    struct haul_metric *metric;
    enum haul_err bad = haul_metric_new(r->n.cch, weights, &metric, e);
    if (bad != HAUL_OK) return bad;
    struct road_table t = {.map = r->n.map,
                           .cch = r->n.cch,
                           .w = haul_metric_hold(metric),
                           .from = {.stop = p->stop, .n = p->n},
                           .to = {.stop = p->stop, .n = p->n}};
    bad = road_table_compute(&t, r->threads) ? copy_table(&t, out, e)
                                             : haul_fail(e, HAUL_E_NOMEM, "no memory for a table of %zu places", p->n);
    haul_metric_release(metric, t.w);
    haul_metric_free(metric);
    t.from.stop = t.to.stop = NULL;
    road_places_free(&t.from), road_places_free(&t.to);
    road_table_free(&t);
    return bad;
}

static enum haul_err fill_both(struct solve_roads *r, const struct road_places *p, struct haul_error *e)
{
    int32_t *weights = malloc((haul_roads_view(r->n.roads)->arcs + (size_t)1) * sizeof *weights);
    r->ms = calloc(p->n * p->n + 1, sizeof *r->ms);
    r->cm = calloc(p->n * p->n + 1, sizeof *r->cm);
    enum haul_err bad = HAUL_OK;
    if (weights == NULL || r->ms == NULL || r->cm == NULL)
        bad = haul_fail(e, HAUL_E_NOMEM, "no memory for a table of %zu places", p->n);
    if (bad == HAUL_OK) {
        haul_vehicle_weights(r->n.roads, &r->n.vehicle, weights);
        bad = fill_table(r, p, weights, r->ms, e);
    }
    if (bad == HAUL_OK) {
        haul_vehicle_distances(r->n.roads, &r->n.vehicle, weights);
        bad = fill_table(r, p, weights, r->cm, e);
    }
    free(weights);
    return bad;
}

static enum haul_err make_tables(struct solve_roads *r, const double *lon_deg, const double *lat_deg, int32_t n,
                                 const char *profile, struct haul_error *e)
{
    free(r->ms), free(r->cm);
    r->ms = r->cm = NULL;
    r->places = 0;
    if (strlen(profile) >= sizeof r->profile || !haul_vehicle_preset(profile, &r->n.vehicle))
        return haul_fail(e, HAUL_E_UNKNOWN, "profile '%s' is no vehicle of the road network", profile);
    struct road_places p = {0};
    enum haul_err bad = find_stops(r, lon_deg, lat_deg, n, &p, e);
    if (bad == HAUL_OK) bad = fill_both(r, &p, e);
    road_places_free(&p);
    if (bad != HAUL_OK) return bad;
    r->places = n;
    memcpy(r->profile, profile, strlen(profile) + 1);
    return HAUL_OK;
}

enum haul_err solve_roads_row(struct solve_roads *r, const double *lon_deg, const double *lat_deg, int32_t n,
                              const char *profile, int32_t from, int32_t *time, int32_t *distance, struct haul_error *e)
{
    if (r->places != n || strcmp(r->profile, profile) != 0 || from == 0) {
        const enum haul_err bad = make_tables(r, lon_deg, lat_deg, n, profile, e);
        if (bad != HAUL_OK) return bad;
    }
    const size_t row = (size_t)from * (size_t)n;
    for (int32_t k = 0; k < n; k++) {
        time[k] = r->ms[row + (size_t)k];
        distance[k] = (r->cm[row + (size_t)k] + 50) / 100;
    }
    return HAUL_OK;
}
