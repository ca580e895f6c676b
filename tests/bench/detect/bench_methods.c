/* SPDX-License-Identifier: Apache-2.0
 * Bytes of state and CPU time a value of every detector: many streams in turn, so that the state is not in the nearest
 * cache. Median of five rounds. bench_methods [METHOD]
 */
#include "haul/rng.h"

#include "tests/property/detect/methods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STREAMS = 2000, VALUES = 1000, ROUNDS = 5, SAMPLES = 8192 };

static double sample[SAMPLES];

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* A daily stream at five minutes, with now and then an outlier. */
static void make_sample(void)
{
    struct haul_rng rng;
    haul_rng_seed(&rng, 1);
    for (int i = 0; i < SAMPLES; i++)
        sample[i] = 40 + 10 * haul_rng_normal(&rng) + (haul_rng_below(&rng, 500) == 0 ? 100 : 0);
}

static double one_round(const struct method *m, uint8_t *states, size_t stride)
{
    for (int k = 0; k < STREAMS; k++)
        if (m->init(states + (size_t)k * stride) != HAUL_OK) exit(2);
    const int64_t start = haul_cpu_ns();
    for (int i = 0; i < VALUES; i++)
        for (int k = 0; k < STREAMS; k++)
            m->update(states + (size_t)k * stride, sample[(i * 31 + k * 7) % SAMPLES],
                      (struct haul_time){300000ll * i});
    return (double)(haul_cpu_ns() - start) / ((double)STREAMS * VALUES);
}

/* The default detector as a task calls it: the score written where it is wanted. */
static double one_stream_round(struct haul_stream *s, const struct haul_stream_config *c)
{
    static struct haul_stream_score score;
    for (int k = 0; k < STREAMS; k++)
        if (haul_stream_init(&s[k], c, NULL) != HAUL_OK) exit(2);
    const int64_t start = haul_cpu_ns();
    for (int i = 0; i < VALUES; i++)
        for (int k = 0; k < STREAMS; k++)
            haul_stream_step(&s[k], c, sample[(i * 31 + k * 7) % SAMPLES], (struct haul_time){300000ll * i}, &score);
    return (double)(haul_cpu_ns() - start) / ((double)STREAMS * VALUES);
}

static void measure_stream(const char *what, double budget_per_day)
{
    struct haul_stream_config c = haul_stream_config_default();
    c.alarm.budget_per_day = budget_per_day;
    struct haul_stream *s = calloc(STREAMS, sizeof *s);
    if (s == NULL) exit(2);
    double ns[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) ns[r] = one_stream_round(s, &c);
    qsort(ns, ROUNDS, sizeof *ns, by_value);
    printf("  %-14s %6zu bytes  %7.1f ns a value\n", what, sizeof *s, ns[ROUNDS / 2]);
    free(s);
}

static void measure(const struct method *m)
{
    const size_t stride = (m->size + 15) / 16 * 16;
    uint8_t *states = calloc(STREAMS, stride);
    if (states == NULL) exit(2);
    double ns[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) ns[r] = one_round(m, states, stride);
    qsort(ns, ROUNDS, sizeof *ns, by_value);
    printf("  %-14s %6zu bytes  %7.1f ns a value\n", m->name, m->size, ns[ROUNDS / 2]);
    free(states);
}

static void measure_trees(void)
{
    const struct haul_trees_config c = {
        .seed = 1, .window = 250, .leaf_mass = 25, .trees = 25, .depth = 8, .dims = 4, .threshold = 2};
    struct haul_trees s;
    void *block = malloc(haul_trees_bytes(&c));
    if (block == NULL || haul_trees_init(&s, block, &c, NULL) != HAUL_OK) exit(2);
    struct haul_rng rng;
    haul_rng_seed(&rng, 1);
    const int64_t start = haul_cpu_ns();
    enum { N = 20000 };
    for (int i = 0; i < N; i++) {
        double v[4];
        for (int d = 0; d < 4; d++) v[d] = haul_rng_f64(&rng);
        haul_trees_update(&s, block, &c, v, (struct haul_time){i});
    }
    printf("  %-14s %6zu bytes  %7.1f ns a value (25 trees, depth 8, 4 variables)\n", "trees",
           sizeof s + haul_trees_bytes(&c), (double)(haul_cpu_ns() - start) / N);
    free(block);
}

static void measure_sketch(void)
{
    static struct haul_sketch s;
    const int64_t start = haul_cpu_ns();
    enum { N = 1000000 };
    for (int i = 0; i < N; i++) haul_sketch_add(&s, sample[i % SAMPLES] * sample[i % SAMPLES]);
    printf("  %-14s %6zu bytes  %7.1f ns a value\n", "sketch", sizeof s, (double)(haul_cpu_ns() - start) / N);
}

int main(int argc, char **argv)
{
    make_sample();
    printf("methods: %d streams in turn, %d values each, median of %d rounds of CPU time\n", STREAMS, VALUES, ROUNDS);
    for (size_t i = 0; i < METHODS; i++)
        if (argc < 2 || strcmp(argv[1], methods[i].name) == 0) measure(&methods[i]);
    measure_stream("default", 0);
    measure_stream("with a budget", 1);
    if (argc > 1) return 0;
    measure_trees();
    measure_sketch();
    return 0;
}
