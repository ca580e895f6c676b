/* SPDX-License-Identifier: Apache-2.0
 * The hierarchy on the road graph of Luxembourg with its 100,000 reference answers: bench_cch DATA
 * Times are CPU time of this process; medians of repetitions.
 */
#include "haul/math.h"
#include "haul/metric.h"
#include "haul/rng.h"
#include "haul/time.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *load(const char *data, const char *name, size_t *count)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/luxembourg/luxembourg_%s", data, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    fseek(f, 0, SEEK_END);
    const size_t bytes = (size_t)ftell(f);
    rewind(f);
    uint32_t *out = malloc(bytes + 4);
    if (out == NULL || fread(out, 1, bytes, f) != bytes) exit(1);
    fclose(f);
    *count = bytes / 4;
    return out;
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

static double ms_since(int64_t start)
{
    return (double)(haul_cpu_ns() - start) / 1e6;
}

struct lux {
    struct haul_arcs g;
    int32_t *lon, *lat, *metric[2];
    uint32_t *source, *target;
    int32_t *answer[2];
    size_t queries;
};

static void read_lux(struct lux *l, const char *data)
{
    size_t n, m, k;
    uint32_t *first = load(data, "first_out", &n);
    l->g.head = load(data, "head", &m);
    l->g.nodes = (uint32_t)n - 1, l->g.arcs = (uint32_t)m;
    uint32_t *tail = malloc(m * 4);
    for (uint32_t v = 0; v < l->g.nodes; v++)
        for (uint32_t i = first[v]; i < first[v + 1]; i++) tail[i] = v;
    l->g.tail = tail;
    free(first);
    float *lon = load(data, "longitude", &k), *lat = load(data, "latitude", &k);
    l->lon = malloc(k * 4), l->lat = malloc(k * 4);
    for (size_t v = 0; v < k; v++) l->lon[v] = (int32_t)(lon[v] * 1e7f), l->lat[v] = (int32_t)(lat[v] * 1e7f);
    free(lon), free(lat);
    l->metric[0] = load(data, "travel_time", &k);
    l->metric[1] = load(data, "geo_distance", &k);
    l->source = load(data, "source_node", &l->queries);
    l->target = load(data, "target_node", &l->queries);
    l->answer[0] = load(data, "query_reference_travel_time_length", &k);
    l->answer[1] = load(data, "query_reference_geo_distance_length", &k);
}

/* The reference says 2^31 - 1 where there is no path. */
static int32_t or_far(int32_t answer)
{
    return answer < HAUL_FAR ? answer : HAUL_FAR;
}

static size_t wrong_answers(const struct lux *l, struct haul_query *q, const struct haul_weights *w, int metric)
{
    size_t wrong = 0;
    for (size_t i = 0; i < l->queries; i++)
        wrong += haul_query_run(q, w, l->source[i], l->target[i]) != or_far(l->answer[metric][i]);
    return wrong;
}

struct share {
    struct haul_matrix *m;
    const struct haul_weights *w;
    struct haul_end *s, *t;
    size_t low, high;
    int32_t *out;
    pthread_barrier_t *barrier;
};

static void *share_matrix(void *arg)
{
    struct share *s = arg;
    haul_matrix_sources(s->m, s->w, s->s, s->low, s->high);
    haul_matrix_targets(s->m, s->w, s->t, s->low, s->high);
    pthread_barrier_wait(s->barrier);
    haul_matrix_rows(s->m, s->low, s->high, s->out);
    return NULL;
}

static void bench_matrix(const struct lux *l, const struct haul_cch *c, const struct haul_weights *w,
                         struct haul_query *q)
{
    enum { SIDE = 1000 };
    static struct haul_end s[SIDE], t[SIDE];
    int32_t *out = malloc(sizeof *out * SIDE * SIDE);
    for (int i = 0; i < SIDE; i++) s[i] = (struct haul_end){l->source[i], 0}, t[i] = (struct haul_end){l->target[i], 0};
    double cpu[9], wall[9];
    for (int rep = 0; rep < 9; rep++) {
        const int64_t start = haul_cpu_ns(), clock = haul_mono_now().ns;
        struct haul_matrix *m = haul_matrix_new(c, SIDE, SIDE);
        pthread_barrier_t barrier;
        pthread_barrier_init(&barrier, NULL, 2);
        struct share share[2] = {{m, w, s, t, 0, SIDE / 2, out, &barrier}, {m, w, s, t, SIDE / 2, SIDE, out, &barrier}};
        pthread_t other;
        pthread_create(&other, NULL, share_matrix, &share[1]);
        share_matrix(&share[0]);
        pthread_join(other, NULL);
        haul_matrix_free(m);
        cpu[rep] = ms_since(start), wall[rep] = (double)(haul_mono_now().ns - clock) / 1e6;
    }
    size_t wrong = 0;
    for (int i = 0; i < SIDE; i += 7)
        for (int j = 0; j < SIDE; j += 3) wrong += out[i * SIDE + j] != haul_query_run(q, w, s[i].node, t[j].node);
    printf("matrix 1000 x 1000, two threads    %9.2f ms wall, %.2f ms CPU (%zu wrong)\n", median(wall, 9),
           median(cpu, 9), wrong);
    free(out);
}

/* Random weights between half and four times the base, a tenth of them closed. */
static int32_t random_weight(struct haul_rng *rng, int32_t base)
{
    if (haul_rng_below(rng, 10) == 0) return HAUL_FAR;
    return (int32_t)(base * (0.5 + 3.5 * haul_rng_f64(rng)));
}

static void bench_update(const struct lux *l, const struct haul_cch *c)
{
    static const uint32_t counts[] = {1, 10, 100, 1000, 10000};
    struct haul_metric *m;
    struct haul_error e;
    struct haul_rng rng;
    haul_rng_seed(&rng, 5);
    if (haul_metric_new(c, l->metric[0], &m, &e) != HAUL_OK) exit(1);
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        enum { REPS = 41 };
        double ms[REPS];
        int whole = 0;
        for (int rep = 0; rep < REPS; rep++) {
            for (uint32_t i = 0; i < counts[k]; i++) {
                const uint32_t arc = (uint32_t)haul_rng_below(&rng, l->g.arcs);
                haul_metric_set(m, arc, random_weight(&rng, l->metric[0][arc]));
            }
            struct haul_metric_commit done;
            const int64_t start = haul_cpu_ns();
            haul_metric_commit(m, &done);
            ms[rep] = ms_since(start);
            whole += done.whole;
            haul_metric_revert_all(m);
            haul_metric_commit(m, NULL);
        }
        printf("commit of %5u changed arcs        %9.3f ms (%d of %d whole)\n", counts[k], median(ms, REPS), whole,
               REPS);
    }
    haul_metric_free(m);
}

/* 10,000 batches of random changes and closures, then all reverted: every answer must be right again, and on the way
 * the weights must be those of a customisation from scratch. */
static void bench_revert(const struct lux *l, const struct haul_cch *c, struct haul_query *q)
{
    struct haul_error e;
    struct haul_rng rng;
    haul_rng_seed(&rng, 6);
    struct haul_weights *fresh = haul_weights_new(c);
    int32_t *now = malloc(l->g.arcs * sizeof *now);
    for (int metric = 0; metric < 2; metric++) {
        struct haul_metric *m;
        if (haul_metric_new(c, l->metric[metric], &m, &e) != HAUL_OK) exit(1);
        size_t differ = 0;
        const int64_t start = haul_cpu_ns();
        for (int batch = 0; batch < 10000; batch++) {
            const uint64_t n = 1 + haul_rng_below(&rng, 30);
            for (uint64_t i = 0; i < n; i++) {
                const uint32_t arc = (uint32_t)haul_rng_below(&rng, l->g.arcs);
                haul_metric_set(m, arc, random_weight(&rng, l->metric[metric][arc]));
            }
            haul_metric_commit(m, NULL);
            if (batch % 500 != 0) continue;
            for (uint32_t i = 0; i < l->g.arcs; i++) now[i] = haul_metric_arc(m, i);
            haul_weights_customise(fresh, now);
            const struct haul_weights *w = haul_metric_hold(m);
            for (int i = 0; i < 2000; i++)
                differ += haul_query_run(q, w, l->source[i], l->target[i]) !=
                          haul_query_run(q, fresh, l->source[i], l->target[i]);
            haul_metric_release(m, w);
        }
        haul_metric_revert_all(m);
        haul_metric_commit(m, NULL);
        const struct haul_weights *w = haul_metric_hold(m);
        printf("10,000 batches, then reverted: %zu of %zu wrong, %zu of 40000 differ on the way (%.1f s)\n",
               wrong_answers(l, q, w, metric), l->queries, differ, ms_since(start) / 1e3);
        haul_metric_release(m, w);
        haul_metric_free(m);
    }
    haul_weights_free(fresh);
    free(now);
}

static void bench_lux(const struct lux *l, const uint32_t *order, const char *name)
{
    struct haul_cch *c;
    struct haul_error e;
    int64_t start = haul_cpu_ns();
    if (haul_cch_build(&l->g, order, &c, &e) != HAUL_OK) {
        printf("%s\n", e.text);
        return;
    }
    const struct haul_cch_size size = haul_cch_size(c);
    printf("---- %s\nbuild %26s %9.2f ms\n", name, "", ms_since(start));
    printf("CCH arcs %u, height %u, triangles %llu, bytes %llu\n", size.cch_arcs, size.height,
           (unsigned long long)size.triangles, (unsigned long long)size.bytes);
    struct haul_weights *w = haul_weights_new(c);
    struct haul_query *q = haul_query_new(c);
    for (int metric = 0; metric < 2; metric++) {
        double ms[31];
        for (int i = 0; i < 31; i++) {
            start = haul_cpu_ns();
            haul_weights_customise(w, l->metric[metric]);
            ms[i] = ms_since(start);
        }
        printf("customise, whole                   %9.2f ms\n", median(ms, 31));
        size_t wrong = 0;
        for (int i = 0; i < 5; i++) {
            start = haul_cpu_ns();
            wrong = wrong_answers(l, q, w, metric);
            ms[i] = ms_since(start);
        }
        printf("query                              %9.2f us (%zu of %zu wrong)\n",
               median(ms, 5) / (double)l->queries * 1e3, wrong, l->queries);
    }
    haul_weights_customise(w, l->metric[0]);
    bench_matrix(l, c, w, q);
    bench_update(l, c);
    bench_revert(l, c, q);
    int32_t *dist = malloc(l->g.nodes * 4);
    start = haul_cpu_ns();
    for (int i = 0; i < 20; i++) haul_query_all_from(q, w, l->source[i], dist);
    printf("one to all                         %9.2f ms\n", ms_since(start) / 20);
    free(dist);
    haul_query_free(q);
    haul_weights_free(w);
    haul_cch_free(c);
}

int main(int argc, char **argv)
{
    struct lux l;
    read_lux(&l, argc > 1 ? argv[1] : "../shared/data");
    size_t n;
    uint32_t *theirs = load(argc > 1 ? argv[1] : "../shared/data", "cch_order", &n);
    uint32_t *order = malloc(n * 4);
    struct haul_error e;
    const int64_t start = haul_cpu_ns();
    if (haul_order_compute(&l.g, l.lon, l.lat, order, NULL, NULL, &e) != HAUL_OK) return 1;
    printf("order                              %9.2f ms\n", ms_since(start));
    bench_lux(&l, order, "own order");
    bench_lux(&l, theirs, "the order that comes with the data");
    return 0;
}
