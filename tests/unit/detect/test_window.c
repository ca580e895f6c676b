/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/detect_window.h"
#include "haul/rng.h"

#include "tests/unit/detect/support.h"

static const struct haul_adwin_config config = {.delta = 0.002, .clock = 32, .least = 5};

/* The histogram against the values themselves: the window is always the newest `width` of them. */
static void adwin_window(void **state)
{
    (void)state;
    enum { N = 6000 };
    double *v = calloc(N, sizeof *v);
    assert_non_null(v);
    struct haul_adwin s;
    assert_int_equal(haul_adwin_init(&s, &config, NULL), HAUL_OK);
    struct haul_rng rng;
    haul_rng_seed(&rng, 90);
    for (int i = 0; i < N; i++) {
        v[i] = 0.1 * haul_rng_f64(&rng) + (i / 1500 % 2 ? 0.6 : 0.2);
        haul_adwin_update(&s, &config, v[i], TIME(i));
        assert_in_range(s.width, 1, i + 1);
        if (i % 37 != 0) continue;
        double mean = 0, square = 0;
        for (int64_t k = i + 1 - s.width; k <= i; k++) mean += v[k] / (double)s.width;
        for (int64_t k = i + 1 - s.width; k <= i; k++) square += (v[k] - mean) * (v[k] - mean) / (double)s.width;
        assert_near(haul_adwin_mean(&s), mean, 1e-9);
        assert_near(haul_adwin_variance(&s), square, 1e-9);
    }
    free(v);
}

/* Changes are found soon, the old mean is forgotten, and a steady stream is left alone (delta per check, so a handful
 * at most). */
static void adwin_changes(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 91);
    struct haul_adwin s;
    int alarms = 0, late = -1;
    haul_adwin_init(&s, &config, NULL);
    for (int i = 0; i < 20000; i++)
        alarms +=
            haul_adwin_update(&s, &config, (double)haul_rng_below(&rng, 2), TIME(i)).verdict == HAUL_VERDICT_ANOMALY;
    assert_true(alarms <= 2);
    assert_true(s.width > 5000);
    for (int i = 0; i < 3000 && late < 0; i++) {
        const struct haul_score x = haul_adwin_update(&s, &config, haul_rng_below(&rng, 4) > 0, TIME(20000 + i));
        if (x.verdict != HAUL_VERDICT_ANOMALY) continue;
        late = i;
        assert_int_equal(x.direction, 1);
        assert_near(x.expected, 0.5, 0.05);
    }
    assert_in_range(late, 32, 1000);
    for (int i = 0; i < 2000; i++) haul_adwin_update(&s, &config, haul_rng_below(&rng, 4) > 0, TIME(30000 + i));
    assert_near(haul_adwin_mean(&s), 0.75, 0.05);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void sketch_error(void **state)
{
    (void)state;
    enum { N = 20000 };
    double *v = calloc(N, sizeof *v);
    struct haul_sketch *all = calloc(3, sizeof *all), *a = all + 1, *b = all + 2;
    assert_true(v != NULL && all != NULL);
    struct haul_rng rng;
    haul_rng_seed(&rng, 92);
    for (int i = 0; i < N; i++) {
        v[i] = exp(4 + 2 * haul_rng_normal(&rng)); /* dwells in seconds: heavy above */
        assert_true(haul_sketch_add(all, v[i]) && haul_sketch_add(i % 3 ? a : b, v[i]));
    }
    qsort(v, N, sizeof *v, by_value);
    haul_sketch_merge(a, b);
    assert_memory_equal(a, all, sizeof *a);
    for (double q = 0; q <= 1; q += 0.001) {
        const double exact = v[(int)(q * (N - 1))], got = haul_sketch_quantile(all, q);
        if (fabs(got - exact) > HAUL_SKETCH_ERROR * exact * (1 + 1e-9))
            fail_msg("quantile %.3f: %g, not %g", q, got, exact);
    }
    assert_false(haul_sketch_add(all, -1));
    assert_false(haul_sketch_add(all, NOT_A_NUMBER));
    haul_sketch_reset(b);
    assert_near(haul_sketch_quantile(b, 0.5), 0, 0);
    for (int i = 0; i < 3; i++) haul_sketch_add(b, 0);
    haul_sketch_add(b, 1e300);
    assert_near(haul_sketch_quantile(b, 0.5), 0, 0);
    assert_true(haul_sketch_quantile(b, 1) > 1e9);
    free(v), free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(adwin_window), cmocka_unit_test(adwin_changes),
                                       cmocka_unit_test(sketch_error)};
    return cmocka_run_group_tests_name("detect window", tests, NULL, NULL);
}
