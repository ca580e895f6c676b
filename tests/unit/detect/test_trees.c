/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/detect_trees.h"
#include "haul/rng.h"

#include "tests/unit/detect/support.h"

#include <string.h>

static const struct haul_trees_config config = {
    .seed = 7, .window = 250, .leaf_mass = 25, .trees = 25, .depth = 10, .dims = 3, .threshold = 2};

static void sample(struct haul_rng *rng, double *v)
{
    const double along = haul_rng_f64(rng);
    for (int d = 0; d < 3; d++) v[d] = along + 0.02 * haul_rng_normal(rng); /* the three move together */
}

static void finds_a_rare_combination(void **state)
{
    (void)state;
    struct haul_trees s;
    void *block = calloc(1, haul_trees_bytes(&config));
    assert_non_null(block);
    assert_int_equal(haul_trees_init(&s, block, &config, NULL), HAUL_OK);
    struct haul_rng rng;
    haul_rng_seed(&rng, 80);
    int false_alarms = 0, found = 0;
    for (int i = 0; i < 5000; i++) {
        double v[3];
        sample(&rng, v);
        const bool odd = i > 600 && i % 97 == 0;
        if (odd) v[0] = 0.1, v[1] = 0.9, v[2] = 0.1; /* each value is usual, together they are not */
        const struct haul_score x = haul_trees_update(&s, block, &config, v, TIME(i));
        if (i < 250) assert_int_equal(x.verdict, HAUL_VERDICT_LEARNING);
        if (i > 500)
            found += odd && x.verdict == HAUL_VERDICT_ANOMALY,
                false_alarms += !odd && x.verdict == HAUL_VERDICT_ANOMALY;
    }
    if (found < 40 || false_alarms > 60) fail_msg("%d of 45 found, %d false", found, false_alarms);
    free(block);
}

/* The nodes as the header draws them, read back from the block. */
struct node {
    float split;
    uint16_t mass[2];
    uint8_t dim;
};

/* Mass is conserved: in every inner node it is the sum of its children's, and a root holds the window. Each value's
 * count is redone by walking the values again. */
static void masses_against_recount(void **state)
{
    (void)state;
    const struct haul_trees_config c = {
        .seed = 3, .window = 100, .leaf_mass = 0, .trees = 4, .depth = 5, .dims = 2, .threshold = 4};
    struct haul_trees s;
    struct node *nodes = calloc(1, haul_trees_bytes(&c));
    assert_non_null(nodes);
    assert_int_equal(haul_trees_bytes(&c), sizeof *nodes * 4 * HAUL_TREES_NODES(5));
    haul_trees_init(&s, nodes, &c, NULL);
    struct haul_rng rng;
    haul_rng_seed(&rng, 81);
    double v[100][2];
    for (int i = 0; i < 100; i++) {
        v[i][0] = haul_rng_f64(&rng), v[i][1] = haul_rng_f64(&rng) * v[i][0];
        haul_trees_update(&s, nodes, &c, v[i], TIME(i));
    }
    for (unsigned t = 0; t < 4; t++) {
        const struct node *tree = nodes + t * HAUL_TREES_NODES(5);
        uint16_t count[HAUL_TREES_NODES(5)] = {0};
        for (int i = 0; i < 100; i++)
            for (uint32_t at = 0; at < HAUL_TREES_NODES(5);
                 at = 2 * at + (v[i][tree[at].dim] < (double)tree[at].split ? 1 : 2))
                count[at]++;
        for (uint32_t at = 0; at < HAUL_TREES_NODES(5); at++) {
            assert_int_equal(tree[at].mass[0], count[at]);
            if (2 * at + 2 < HAUL_TREES_NODES(5)) assert_int_equal(count[at], count[2 * at + 1] + count[2 * at + 2]);
        }
        assert_int_equal(count[0], 100);
    }
    free(nodes);
}

static void same_seed_same_trees(void **state)
{
    (void)state;
    struct haul_trees a, b;
    const size_t n = haul_trees_bytes(&config);
    void *x = calloc(1, n), *y = calloc(1, n);
    assert_true(x != NULL && y != NULL);
    haul_trees_init(&a, x, &config, NULL), haul_trees_init(&b, y, &config, NULL);
    assert_memory_equal(x, y, n);
    struct haul_trees_config other = config;
    other.seed = 8;
    haul_trees_init(&b, y, &other, NULL);
    assert_memory_not_equal(x, y, n);
    assert_int_equal(haul_trees_update(&a, x, &config, (double[]){0.1, NOT_A_NUMBER, 0.2}, TIME(0)).verdict,
                     HAUL_VERDICT_INVALID);
    assert_int_equal(a.seen, 0);
    other.dims = 17;
    assert_int_equal(haul_trees_init(&b, y, &other, NULL), HAUL_E_RANGE);
    free(x), free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_a_rare_combination),
                                       cmocka_unit_test(masses_against_recount),
                                       cmocka_unit_test(same_seed_same_trees)};
    return cmocka_run_group_tests_name("detect trees", tests, NULL, NULL);
}
