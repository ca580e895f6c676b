/* SPDX-License-Identifier: Apache-2.0
 * Networks imported from OpenStreetMap: routes between random roads against a search that knows the forbidden sequences
 * and no routing graph. bench_roads DATA
 */
#include "haul/import.h"
#include "haul/metric.h"
#include "haul/rng.h"
#include "haul/time.h"
#include "tests/unit/geo/support_oracle.c"

#include <stdio.h>

static double ms_since(int64_t start)
{
    return (double)(haul_cpu_ns() - start) / 1e6;
}

static int32_t route(const struct haul_roads_view *v, struct haul_query *q, const struct haul_weights *w,
                     uint32_t first, uint32_t last)
{
    struct haul_end to[HAUL_ENDS_MAX];
    size_t n = 0;
    for (uint32_t i = v->road_first[last]; i < v->road_first[last + 1] && n < HAUL_ENDS_MAX; i++)
        if (haul_weights_arc(w, v->road_arcs[i]) < HAUL_FAR)
            to[n++] = (struct haul_end){v->arc_tail[v->road_arcs[i]], 0};
    const struct haul_end from = {v->arc_head[v->road_arcs[v->road_first[first]]], 0};
    return haul_query_ends(q, w, &from, 1, to, n, NULL, NULL);
}

static void compare(const struct haul_roads *r, const char *vehicle_name, int queries)
{
    const struct haul_roads_view *v = haul_roads_view(r);
    struct haul_vehicle vehicle;
    struct haul_cch *cch;
    struct haul_error e;
    if (!haul_vehicle_preset(vehicle_name, &vehicle) || haul_roads_cch(r, &cch, &e) != HAUL_OK) exit(1);
    int32_t *weight = malloc(v->arcs * sizeof *weight), *by_road = malloc(2 * v->edges * sizeof *by_road);
    haul_vehicle_weights(r, &vehicle, weight);
    for (uint32_t a = 0; a < 2 * v->edges; a++) {
        const int32_t ms = haul_vehicle_arc_ms(v, &vehicle, a);
        by_road[a] = ms < HAUL_FAR ? ms + 100 * v->delay_ds[a] : HAUL_FAR;
    }
    struct haul_weights *w = haul_weights_new(cch);
    struct haul_query *q = haul_query_new(cch);
    haul_weights_customise(w, weight);
    struct haul_rng rng;
    haul_rng_seed(&rng, 11);
    int wrong = 0, done = 0, unreachable = 0;
    while (done < queries) {
        const uint32_t a = (uint32_t)haul_rng_below(&rng, 2 * v->edges),
                       b = (uint32_t)haul_rng_below(&rng, 2 * v->edges);
        if (by_road[a] == HAUL_FAR || by_road[b] == HAUL_FAR) continue;
        const int32_t expected = oracle_road(v, vehicle.use, by_road, a, b);
        wrong += route(v, q, w, a, b) != expected;
        unreachable += expected == HAUL_FAR;
        done++;
    }
    printf("  %-8s %d of %d wrong (%d without a way)\n", vehicle_name, wrong, done, unreachable);
    free(weight), free(by_road);
    haul_query_free(q);
    haul_weights_free(w);
    haul_cch_free(cch);
}

static void bench(const char *data, const char *name, int queries)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/osm/%s.osm.pbf", data, name);
    struct haul_import_report imported;
    struct haul_build_report built;
    struct haul_error e;
    struct haul_buf image;
    struct haul_roads *r;
    const int64_t start = haul_cpu_ns();
    struct haul_builder *b = haul_builder_new();
    if (haul_import_osm(path, &(struct haul_import_options){0}, b, &imported, &e) != HAUL_OK ||
        haul_builder_finish(b, &(struct haul_build_options){.source = name}, &image, &built, &e) != HAUL_OK ||
        haul_roads_of_bytes(image.p, image.n, &r, &e) != HAUL_OK) {
        printf("%s\n", e.text);
        exit(1);
    }
    printf("%-16s import %.0f ms: %llu nodes, %llu ways, %u edges, %u forbidden sequences\n", name, ms_since(start),
           (unsigned long long)imported.nodes, (unsigned long long)imported.ways, built.edges, built.bans);
    haul_builder_free(b);
    compare(r, "car", queries);
    compare(r, "truck49", queries);
    haul_roads_close(r);
    haul_buf_free(&image);
}

int main(int argc, char **argv)
{
    const char *data = argc > 1 ? argv[1] : "../shared/data";
    bench(data, "monaco", 1000);
    bench(data, "andorra-latest", 500);
    bench(data, "malta-latest", 200);
    return 0;
}
