/* SPDX-License-Identifier: Apache-2.0
 * A network of several million arcs: the road graph of Luxembourg laid side by side, joined at the seams. bench_scale
 * DATA [SIDE]
 */
#include "haul/metric.h"
#include "haul/rng.h"
#include "haul/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define SEAM 24u /* roads over a seam, each way */

static void *load(const char *data, const char *name, size_t *count)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/luxembourg/luxembourg_%s", data, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(66);
    }
    fseek(f, 0, SEEK_END);
    const size_t bytes = (size_t)ftell(f);
    rewind(f);
    void *out = malloc(bytes + 4);
    if (out == NULL || fread(out, 1, bytes, f) != bytes) exit(66);
    fclose(f);
    *count = bytes / 4;
    return out;
}

struct tile {
    uint32_t nodes, arcs, *first, *head;
    int32_t *time, *lon, *lat;
    uint32_t edge[4][SEAM]; /* nodes at the west, east, south, north border, by the other coordinate */
};

static const int32_t *sort_key;

static int by_key(const void *a, const void *b)
{
    const int32_t x = sort_key[*(const uint32_t *)a], y = sort_key[*(const uint32_t *)b];
    return (x > y) - (x < y);
}

static void find_borders(struct tile *t)
{
    uint32_t *all = malloc(t->nodes * sizeof *all);
    for (int side = 0; side < 4; side++) {
        for (uint32_t v = 0; v < t->nodes; v++) all[v] = v;
        sort_key = side < 2 ? t->lon : t->lat;
        qsort(all, t->nodes, sizeof *all, by_key);
        memcpy(t->edge[side], side % 2 ? all + t->nodes - SEAM : all, sizeof t->edge[side]);
        sort_key = side < 2 ? t->lat : t->lon;
        qsort(t->edge[side], SEAM, sizeof t->edge[side][0], by_key);
    }
    free(all);
}

static void read_tile(struct tile *t, const char *data)
{
    size_t n;
    t->first = load(data, "first_out", &n);
    t->nodes = (uint32_t)n - 1;
    t->head = load(data, "head", &n);
    t->arcs = (uint32_t)n;
    t->time = load(data, "travel_time", &n);
    float *lon = load(data, "longitude", &n), *lat = load(data, "latitude", &n);
    t->lon = malloc(n * 4), t->lat = malloc(n * 4);
    for (size_t v = 0; v < n; v++)
        t->lon[v] = (int32_t)((lon[v] - lon[0]) * 1e7f), t->lat[v] = (int32_t)((lat[v] - lat[0]) * 1e7f);
    free(lon), free(lat);
    find_borders(t);
}

struct big {
    struct haul_arcs g;
    uint32_t *tail, *head;
    int32_t *time, *lon, *lat;
};

static void join(struct big *b, uint32_t from, uint32_t to)
{
    for (int back = 0; back <= 1; back++) {
        b->tail[b->g.arcs] = back ? to : from, b->head[b->g.arcs] = back ? from : to;
        b->time[b->g.arcs++] = 60000;
    }
}

static void compose(struct big *b, const struct tile *t, uint32_t side)
{
    const size_t tiles = (size_t)side * side, arcs = tiles * (t->arcs + 4 * SEAM);
    b->tail = malloc(arcs * 4), b->head = malloc(arcs * 4), b->time = malloc(arcs * 4);
    b->lon = malloc(tiles * t->nodes * 4), b->lat = malloc(tiles * t->nodes * 4);
    for (uint32_t k = 0; k < tiles; k++) {
        const uint32_t x = k % side, y = k / side, base = k * t->nodes;
        for (uint32_t v = 0; v < t->nodes; v++) {
            b->lon[base + v] = t->lon[v] + (int32_t)x * 8000000, b->lat[base + v] = t->lat[v] + (int32_t)y * 8000000;
            for (uint32_t i = t->first[v]; i < t->first[v + 1]; i++) {
                b->tail[b->g.arcs] = base + v, b->head[b->g.arcs] = base + t->head[i];
                b->time[b->g.arcs++] = t->time[i];
            }
        }
        for (uint32_t i = 0; i < SEAM; i++) {
            if (x > 0) join(b, base - t->nodes + t->edge[1][i], base + t->edge[0][i]);
            if (y > 0) join(b, base - side * t->nodes + t->edge[3][i], base + t->edge[2][i]);
        }
    }
    b->g.nodes = (uint32_t)tiles * t->nodes;
    b->g.tail = b->tail, b->g.head = b->head;
}

static double ms_since(int64_t start)
{
    return (double)(haul_cpu_ns() - start) / 1e6;
}

static int by_double(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_double);
    return v[n / 2];
}

static double peak_gib(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / (1 << 20);
}

/* Queries against one-to-all sweeps, which go another way through the hierarchy. */
static size_t wrong_queries(const struct big *b, struct haul_query *q, const struct haul_weights *w,
                            struct haul_rng *rng)
{
    int32_t *dist = malloc(b->g.nodes * 4);
    size_t wrong = 0;
    for (int k = 0; k < 5; k++) {
        const uint32_t from = (uint32_t)haul_rng_below(rng, b->g.nodes);
        haul_query_all_from(q, w, from, dist);
        for (int i = 0; i < 1000; i++) {
            const uint32_t to = (uint32_t)haul_rng_below(rng, b->g.nodes);
            wrong += haul_query_run(q, w, from, to) != dist[to];
        }
    }
    free(dist);
    return wrong;
}

int main(int argc, char **argv)
{
    struct tile t = {0};
    struct big b = {0};
    struct haul_error e;
    struct haul_cch *c;
    struct haul_metric *m;
    struct haul_rng rng;
    double ms[11];
    haul_rng_seed(&rng, 9);
    read_tile(&t, argc > 1 ? argv[1] : "../shared/data");
    compose(&b, &t, argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 5);
    printf("nodes %u, arcs %u\n", b.g.nodes, b.g.arcs);
    uint32_t *order = malloc(b.g.nodes * 4);
    int64_t start = haul_cpu_ns();
    if (haul_order_compute(&b.g, b.lon, b.lat, order, NULL, NULL, &e) != HAUL_OK) return 1;
    printf("order                              %9.2f s\n", ms_since(start) / 1e3);
    start = haul_cpu_ns();
    if (haul_cch_build(&b.g, order, &c, &e) != HAUL_OK) {
        printf("%s\n", e.text);
        return 1;
    }
    const struct haul_cch_size size = haul_cch_size(c);
    printf("build                              %9.2f s: %u CCH arcs, height %u, %llu triangles, %.2f GiB\n",
           ms_since(start) / 1e3, size.cch_arcs, size.height, (unsigned long long)size.triangles,
           (double)size.bytes / (1 << 30));
    struct haul_weights *w = haul_weights_new(c);
    for (int i = 0; i < 5; i++) {
        start = haul_cpu_ns();
        haul_weights_customise(w, b.time);
        ms[i] = ms_since(start);
    }
    printf("customise, whole                   %9.2f ms\n", median(ms, 5));
    haul_weights_free(w);
    if (haul_metric_new(c, b.time, &m, &e) != HAUL_OK) return 1;
    for (int i = 0; i < 11; i++) {
        for (int k = 0; k < 100; k++) {
            const uint32_t arc = (uint32_t)haul_rng_below(&rng, b.g.arcs);
            haul_metric_set(m, arc, haul_metric_base(m, arc) * 2);
        }
        start = haul_cpu_ns();
        haul_metric_commit(m, NULL);
        ms[i] = ms_since(start);
    }
    printf("commit of 100 changed arcs         %9.2f ms\n", median(ms, 11));
    struct haul_query *q = haul_query_new(c);
    const struct haul_weights *held = haul_metric_hold(m);
    start = haul_cpu_ns();
    for (int i = 0; i < 20000; i++)
        haul_query_run(q, held, (uint32_t)haul_rng_below(&rng, b.g.nodes), (uint32_t)haul_rng_below(&rng, b.g.nodes));
    printf("query                              %9.2f us\n", ms_since(start) / 20);
    printf("wrong queries                      %9zu of 5000\n", wrong_queries(&b, q, held, &rng));
    printf("peak memory                        %9.2f GiB\n", peak_gib());
    haul_metric_release(m, held);
    return 0;
}
