/* SPDX-License-Identifier: Apache-2.0
 * The cases of the benchmark's own scorer test (numenta/NAB, tests/unit/scorer_test.py), without its probation, and the
 * sweep.
 */
#include "haul/detect_nab.h"
#include "haul/rng.h"

#include "tests/unit/detect/support.h"

static const struct haul_nab_profile costs = {1.1, 0.11, 1.2};

/* Rows that do not count come first: of 100 + n rows, 15 are probation and the rest of the lead is silent. */
enum { LEAD = 100 };

static double score_of(const double *rows, int64_t n, const struct haul_nab_window *windows, int64_t count)
{
    double padded[LEAD + 16] = {0};
    struct haul_nab_window moved[4];
    for (int64_t i = 0; i < n; i++) padded[LEAD + i] = rows[i];
    for (int64_t i = 0; i < count; i++)
        moved[i] = (struct haul_nab_window){windows[i].first + LEAD, windows[i].last + LEAD};
    const struct haul_nab_series s = {padded, moved, LEAD + n, count};
    return haul_nab_score(&s, 1, &costs, 1).raw;
}

static void published(void **state)
{
    (void)state;
    static const struct haul_nab_window two[] = {{1, 2}, {4, 5}};
    const double late = 0.8482836399575131 / 0.9866142981514305;
    assert_near(score_of((double[]){0, 0, 0, 0, 0}, 5, NULL, 0), 0, 1e-12);
    assert_near(score_of((double[]){0, 1, 0, 1, 0}, 5, NULL, 0), -2 * 0.11, 1e-12);
    assert_near(score_of((double[]){0, 0, 0, 0, 0, 0, 0}, 7, two, 2), -2 * 1.2, 1e-12);
    assert_near(score_of((double[]){0, 0, 1, 0, 0, 0, 0}, 7, two, 1), 1.1 * late, 1e-12);
    assert_near(score_of((double[]){0, 0, 1, 0, 0, 0, 0}, 7, two, 2), 1.1 * late - 1.2, 1e-12);
    assert_near(score_of((double[]){0, 0, 0, 0, 1, 0, 0}, 7, two + 1, 1), 1.1, 1e-12);
    assert_near(score_of((double[]){0, 0, 0, 0, 1, 1, 0}, 7, two + 1, 1), 1.1, 1e-12); /* the earliest counts, once */
    assert_near(score_of((double[]){0, 0, 1, 0, 1, 0, 0}, 7, two, 2), 1.1 * late + 1.1, 1e-12);
}

static void probation(void **state)
{
    (void)state;
    assert_int_equal(haul_nab_probation(100), 15);
    assert_int_equal(haul_nab_probation(4032), 604);
    assert_int_equal(haul_nab_probation(5000), 750);
    assert_int_equal(haul_nab_probation(22695), 750);
    double rows[100] = {0};
    for (int i = 0; i < 15; i++) rows[i] = 1;
    const struct haul_nab_series s = {rows, NULL, 100, 0};
    assert_near(haul_nab_score(&s, 1, &haul_nab_standard, 1).raw, 0, 0);
    rows[15] = 1;
    assert_near(haul_nab_score(&s, 1, &haul_nab_standard, 1).raw, -0.11, 1e-12);
}

/* A false alarm close behind a window costs less than one far away, and never more than its weight. */
static void near_misses(void **state)
{
    (void)state;
    double rows[200] = {0}, last = 0;
    const struct haul_nab_window w = {100, 119};
    const struct haul_nab_series s = {rows, &w, 200, 1};
    for (int i = 120; i < 200; i++) {
        rows[i] = 1;
        const double raw = haul_nab_score(&s, 1, &haul_nab_standard, 1).raw + 1;
        assert_true(raw < last && raw >= -0.11 - 1e-12);
        if (i > 119 + 3 * 19) break;
        last = raw, rows[i] = 0;
    }
}

static void perfect_and_null(void **state)
{
    (void)state;
    double rows[200] = {0};
    const struct haul_nab_window w[] = {{50, 59}, {100, 119}};
    const struct haul_nab_series s = {rows, w, 200, 2};
    struct haul_nab_result r = haul_nab_score(&s, 1, &haul_nab_low_fn, 1);
    assert_near(haul_nab_normalised(&r, &haul_nab_low_fn), 0, 1e-12);
    rows[50] = rows[100] = 1;
    r = haul_nab_score(&s, 1, &haul_nab_low_fn, 1);
    assert_near(haul_nab_normalised(&r, &haul_nab_low_fn), 100, 1e-12);
    assert_true(r.hit == 2 && r.true_rows == 2 && r.false_rows == 0);
}

/* The sweep finds the best of all thresholds, found here by trying each. */
static void sweep_is_best(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 77);
    static double rows[3][300];
    static struct haul_nab_rank rank[900];
    const struct haul_nab_window w[] = {{60, 90}, {200, 220}};
    for (int trial = 0; trial < 60; trial++) {
        struct haul_nab_series s[3];
        for (int k = 0; k < 3; k++) {
            for (int i = 0; i < 300; i++)
                rows[k][i] = (double)haul_rng_below(&rng, 40) + ((i >= 60 && i <= 90) ? 8 : 0);
            s[k] = (struct haul_nab_series){rows[k], w, 300, k};
        }
        double threshold, best = 0;
        const double found = haul_nab_best(s, 3, &haul_nab_standard, rank, &threshold);
        for (int t = -1; t < 60; t++) {
            const struct haul_nab_result r = haul_nab_score(s, 3, &haul_nab_standard, t + 0.5);
            const double v = haul_nab_normalised(&r, &haul_nab_standard);
            if (v > best) best = v;
        }
        assert_near(found, best, 1e-9);
        const struct haul_nab_result r = haul_nab_score(s, 3, &haul_nab_standard, threshold);
        assert_near(haul_nab_normalised(&r, &haul_nab_standard), found, 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(published), cmocka_unit_test(probation),
                                       cmocka_unit_test(near_misses), cmocka_unit_test(perfect_and_null),
                                       cmocka_unit_test(sweep_is_best)};
    return cmocka_run_group_tests_name("detect nab", tests, NULL, NULL);
}
