/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/detect_chart.h"
#include "haul/rng.h"

#include "tests/unit/detect/support.h"

/* NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.4: EWMA chart, target 50, s 2.0539, lambda 0.3. */
static void ewma_nist(void **state)
{
    (void)state;
    static const double data[] = {52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5,
                                  49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1};
    static const double ewma[] = {50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33,
                                  50.11, 49.36, 49.52, 50.05, 49.38, 49.92, 50.73, 51.23, 51.94, 51.99};
    const struct haul_ewma_config c = {.level = {.mean = 50, .spread = 2.0539}, .lambda = 0.3, .limit = 3};
    struct haul_ewma s;
    assert_int_equal(haul_ewma_init(&s, &c, NULL), HAUL_OK);
    for (size_t i = 0; i < COUNT(data); i++) {
        const struct haul_score x = haul_ewma_update(&s, &c, data[i], TIME(i));
        assert_near(s.s, ewma[i], 0.006);
        assert_int_equal(x.verdict, HAUL_VERDICT_NORMAL); /* the process is in control */
    }
    /* limits 47.4115 and 52.5884: 3 sigma of the chart far from the start */
    const double reach = 3 * 2.0539 * sqrt(0.3 / 1.7);
    assert_near(50 + reach, 52.5884, 1e-3);
    assert_near(haul_ewma_update(&s, &c, 50, TIME(99)).statistic, fabs(s.s - 50) / (reach / 3), 1e-3);
}

/* NIST e-Handbook 6.3.2.3: tabular CUSUM, target 325, k 0.3175, h 4.1959, sums in units of the value. */
static void cusum_nist(void **state)
{
    (void)state;
    static const double data[] = {324.925, 324.675, 324.725, 324.350, 325.350, 325.225, 324.125,
                                  324.525, 325.225, 324.600, 324.625, 325.150, 328.325, 327.250,
                                  327.825, 328.500, 326.675, 327.775, 326.875, 328.350};
    static const double high[] = {0, 0, 0,    0,    0.03, 0,     0,     0,     0,     0,
                                  0, 0, 3.01, 4.94, 7.45, 10.63, 11.99, 14.44, 16.00, 19.04};
    static const double low[] = {0, 0.01, 0, 0.33, 0, 0, 0.56, 0.72, 0.17, 0.26, 0.31, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    const struct haul_cusum_config c = {.level = {.mean = 325, .spread = 1}, .k = 0.3175, .h = 4.1959};
    struct haul_cusum s;
    assert_int_equal(haul_cusum_init(&s, &c, NULL), HAUL_OK);
    for (size_t i = 0; i < COUNT(data); i++) {
        const struct haul_score x = haul_cusum_update(&s, &c, data[i], TIME(i));
        assert_near(s.high, high[i], 0.011);
        assert_near(s.low, low[i], 0.011);
        assert_int_equal(x.verdict, i >= 13 ? HAUL_VERDICT_ANOMALY : HAUL_VERDICT_NORMAL); /* signals at group 14 */
        if (i >= 13) assert_int_equal(x.since.ms, 12000); /* and dates it to group 13 */
    }
}

static double run_length(double shift, int runs, uint64_t seed)
{
    const struct haul_cusum_config c = {.level = {.mean = 0, .spread = 1}, .k = 0.5, .h = 5, .restart = true};
    struct haul_cusum s;
    haul_cusum_init(&s, &c, NULL);
    struct haul_rng rng;
    haul_rng_seed(&rng, seed);
    int64_t values = 0;
    for (int alarms = 0; alarms < runs; values++)
        alarms +=
            haul_cusum_update(&s, &c, shift + haul_rng_normal(&rng), TIME(values)).verdict == HAUL_VERDICT_ANOMALY;
    return (double)values / runs;
}

/* Average run lengths of the two-sided chart with k 0.5, h 5: 465, and 10.4 after a shift of one (Hawkins and Olwell
 * 1998). */
static void cusum_run_length(void **state)
{
    (void)state;
    assert_near(run_length(0, 1500, 3), 465, 45); /* 465 / sqrt(1500) = 12 is one deviation */
    assert_near(run_length(1, 3000, 4), 10.4, 0.5);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double slow_median(const double *v, size_t n)
{
    double sorted[64];
    for (size_t i = 0; i < n; i++) sorted[i] = v[i];
    qsort(sorted, n, sizeof *sorted, by_value);
    return sorted[(n - 1) / 2];
}

static void robust_start_is_exact(void **state)
{
    (void)state;
    const struct haul_robust_config c = {.threshold = 3.5, .memory = 500, .spread_min = 1e-9};
    struct haul_rng rng;
    haul_rng_seed(&rng, 8);
    for (int trial = 0; trial < 200; trial++) {
        struct haul_robust s;
        haul_robust_init(&s, &c, NULL);
        double v[HAUL_ROBUST_START], away[HAUL_ROBUST_START];
        for (size_t n = 0; n < HAUL_ROBUST_START; n++) {
            v[n] = (double)haul_rng_below(&rng, 1000);
            haul_robust_update(&s, &c, v[n], TIME(n));
            const double median = slow_median(v, n + 1);
            for (size_t i = 0; i <= n; i++) away[i] = fabs(v[i] - median);
            assert_near(s.median, median, 0);
            assert_near(s.mad, slow_median(away, n + 1) > 0 ? slow_median(away, n + 1) : 1e-9, 1e-12);
        }
    }
}

/* One value in five is wild; median and spread hold. */
static void robust_holds(void **state)
{
    (void)state;
    const struct haul_robust_config c = {.threshold = 3.5, .memory = 1000, .spread_min = 0};
    struct haul_robust s;
    haul_robust_init(&s, &c, NULL);
    struct haul_rng rng;
    haul_rng_seed(&rng, 9);
    int false_alarms = 0, found = 0, wild = 0;
    for (int i = 0; i < 20000; i++) {
        const bool is_wild = i > 100 && haul_rng_below(&rng, 5) == 0;
        const double value = is_wild ? 1e6 : 50 + 2 * haul_rng_normal(&rng);
        const bool alarm = haul_robust_update(&s, &c, value, TIME(i)).verdict == HAUL_VERDICT_ANOMALY;
        wild += is_wild, found += alarm && is_wild, false_alarms += alarm && !is_wild;
    }
    assert_int_equal(found, wild);
    if (false_alarms >= 100) fail_msg("%d false alarms, median %g mad %g", false_alarms, s.median, s.mad);
    assert_near(s.median, 50.64, 0.5); /* the 62.5th percentile of the good: a fifth lies above */
}

/* Follows a change of level within its memory, and wakes from a constant. */
static void robust_follows(void **state)
{
    (void)state;
    const struct haul_robust_config c = {.threshold = 3.5, .memory = 100, .spread_min = 0};
    struct haul_robust s;
    haul_robust_init(&s, &c, NULL);
    struct haul_rng rng;
    haul_rng_seed(&rng, 10);
    for (int i = 0; i < 500; i++) haul_robust_update(&s, &c, 5, TIME(i));
    assert_int_equal(haul_robust_update(&s, &c, 6, TIME(500)).verdict, HAUL_VERDICT_ANOMALY);
    for (int i = 0; i < 2000; i++) haul_robust_update(&s, &c, 20 + haul_rng_normal(&rng), TIME(501 + i));
    assert_near(s.median, 20, 0.5);
    assert_near(s.mad, 0.6745, 0.25);
}

/* The recursion of the literature, on all values kept. */
static void page_hinkley_slow(void **state)
{
    (void)state;
    const struct haul_page_hinkley_config c = {.delta = 0.05, .lambda = 20, .keep = 1, .learn = 30};
    struct haul_page_hinkley s;
    assert_int_equal(haul_page_hinkley_init(&s, &c, NULL), HAUL_OK);
    struct haul_rng rng;
    haul_rng_seed(&rng, 12);
    double total = 0, sum = 0, least = 0;
    int found = -1;
    for (int i = 0; i < 600 && found < 0; i++) {
        const double v = haul_rng_normal(&rng) + (i >= 300 ? 1 : 0);
        total += v, sum += v - total / (i + 1) - c.delta;
        if (sum < least) least = sum;
        const struct haul_score x = haul_page_hinkley_update(&s, &c, v, TIME(i));
        if (x.direction > 0) assert_near(x.statistic, sum - least, 1e-9);
        if (x.verdict == HAUL_VERDICT_ANOMALY) found = i;
    }
    assert_in_range(found, 305, 360);
    assert_int_equal(s.n, 0); /* starts again */
}

static void refuses(void **state)
{
    (void)state;
    struct haul_error e;
    struct haul_cusum cusum;
    struct haul_ewma ewma;
    assert_int_equal(haul_cusum_init(&cusum, &(struct haul_cusum_config){.k = 0.5, .h = 5}, &e), HAUL_E_RANGE);
    assert_int_equal(
        haul_ewma_init(&ewma, &(struct haul_ewma_config){.level = {.spread = 1}, .lambda = 0, .limit = 3}, &e),
        HAUL_E_RANGE);
    const struct haul_cusum_config c = {.level = {.mean = 0, .spread = 1}, .k = 0.5, .h = 5};
    haul_cusum_init(&cusum, &c, NULL);
    const struct haul_cusum before = cusum;
    assert_int_equal(haul_cusum_update(&cusum, &c, NOT_A_NUMBER, TIME(0)).verdict, HAUL_VERDICT_INVALID);
    assert_memory_equal(&before, &cusum, sizeof cusum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ewma_nist),         cmocka_unit_test(cusum_nist),
        cmocka_unit_test(cusum_run_length),  cmocka_unit_test(robust_start_is_exact),
        cmocka_unit_test(robust_holds),      cmocka_unit_test(robust_follows),
        cmocka_unit_test(page_hinkley_slow), cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests_name("detect chart", tests, NULL, NULL);
}
