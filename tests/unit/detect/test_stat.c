/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/detect_stat.h"
#include "haul/math.h"
#include "haul/rng.h"

#include "tests/unit/detect/support.h"

static void normal_tail(void **state)
{
    (void)state;
    for (double z = -8; z <= 37; z += 0.0137) {
        const double want = 0.5 * erfc(z * M_SQRT1_2), got = haul_normal_above(z);
        if (fabs(got - want) > 1e-12 * want) fail_msg("P(Z >= %.4f) = %.17g, not %.17g", z, got, want);
    }
    assert_true(haul_normal_above(40) >= 0 && haul_normal_above(40) < 1e-300);
    assert_true(haul_normal_above(-40) == 1);
}

static void normal_quantile(void **state)
{
    (void)state;
    /* Abramowitz and Stegun, table 26.5 */
    assert_near(haul_normal_quantile_above(0.025), 1.959963984540054, 1e-9);
    assert_near(haul_normal_quantile_above(0.001), 3.090232306167813, 1e-9);
    assert_near(haul_normal_quantile_above(0.975), -1.959963984540054, 1e-9);
    for (double z = 0.1; z < 30; z += 0.3) assert_near(haul_normal_quantile_above(haul_normal_above(z)), z, 1e-9);
}

static void log_gamma(void **state)
{
    (void)state;
    assert_near(haul_log_gamma(0.5), 0.57236494292470009, 1e-13);
    assert_near(haul_log_gamma(1), 0, 1e-13);
    assert_near(haul_log_gamma(171.3), lgamma(171.3), 1e-10);
    for (double x = 0.01; x < 3000; x *= 1.07) assert_near(haul_log_gamma(x), lgamma(x), 1e-13 * (1 + fabs(lgamma(x))));
}

/* The sums as anyone would write them. */
static double slow_poisson_above(int64_t n, double mean)
{
    long double below = 0, term = expl(-(long double)mean);
    for (int64_t k = 0; k < n; k++) below += term, term *= (long double)mean / (long double)(k + 1);
    return (double)(1 - below);
}

static void poisson(void **state)
{
    (void)state;
    assert_near(haul_poisson_above(6, 3), 0.083917942, 1e-8); /* tables: 0.0839 */
    for (double mean = 0.3; mean < 60; mean *= 1.6)
        for (int64_t n = 0; n < 2 * (int64_t)mean + 6; n++) {
            assert_near(haul_poisson_above(n, mean), slow_poisson_above(n, mean), 1e-12);
            assert_near(haul_poisson_above(n, mean) + haul_poisson_below(n - 1, mean), 1, 1e-12);
        }
    assert_true(haul_poisson_above(250, 10) > 1e-248 &&
                haul_poisson_above(250, 10) < 1e-246); /* 10^250 e^-10 / 250! = 1.4e-247 */
    assert_true(haul_poisson_above(0, 5) == 1 && haul_poisson_above(1, 0) == 0 && haul_poisson_below(0, 0) == 1);
}

static void poisson_interval(void **state)
{
    (void)state;
    static const struct {
        double mean;
        int64_t low, high;
    } cases[] = {{200, 173, 228}, {10, 4, 17}, {350.5, 314, 388}}; /* the last column by exact summation */
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t low, high;
        haul_poisson_interval(cases[i].mean, 0.95, &low, &high);
        assert_int_equal(low, cases[i].low);
        assert_int_equal(high, cases[i].high);
    }
}

static void binomial(void **state)
{
    (void)state;
    assert_near(haul_binomial_above(8, 10, 0.5), 56.0 / 1024, 1e-14);
    assert_near(haul_binomial_above(7, 50, 0.05), 0.011786447797264288, 1e-12);
    assert_near(haul_binomial_below(8, 10, 0.5), 1 - 11.0 / 1024, 1e-14);
    assert_true(haul_binomial_above(11, 10, 0.5) == 0 && haul_binomial_above(0, 10, 0.5) == 1);
    assert_true(haul_binomial_above(10, 10, 1) == 1 && haul_binomial_above(1, 10, 0) == 0);
    const struct haul_score bad = haul_binomial_test(12, 100, 0.02, 1e-3),
                            good = haul_binomial_test(3, 100, 0.02, 1e-3);
    assert_int_equal(bad.verdict, HAUL_VERDICT_ANOMALY);
    assert_int_equal(good.verdict, HAUL_VERDICT_NORMAL);
    assert_int_equal(bad.direction, 1);
    assert_int_equal(haul_poisson_test(0, 12, 1e-3).direction, -1);
    assert_int_equal(haul_poisson_test(0, 12, 1e-3).verdict, HAUL_VERDICT_ANOMALY);
}

/* Wald's test keeps its promises: error chances at most alpha / (1 - beta) and beta / (1 - alpha). */
static void sprt_errors(void **state)
{
    (void)state;
    const struct haul_sprt_config c = {.p0 = 0.02, .p1 = 0.06, .alpha = 0.05, .beta = 0.1};
    struct haul_sprt s;
    assert_int_equal(haul_sprt_init(&s, &c, NULL), HAUL_OK);
    struct haul_rng rng;
    haul_rng_seed(&rng, 11);
    for (int truth = 0; truth < 2; truth++) {
        int wrong = 0, decided = 0;
        while (decided < 4000) {
            const double p = truth ? c.p1 : c.p0;
            const struct haul_score x = haul_sprt_update(&s, &c, haul_rng_f64(&rng) < p, TIME(decided));
            if (x.verdict == HAUL_VERDICT_LEARNING) continue;
            decided++;
            wrong += x.verdict == (truth ? HAUL_VERDICT_NORMAL : HAUL_VERDICT_ANOMALY);
        }
        const double limit = truth ? c.beta / (1 - c.alpha) : c.alpha / (1 - c.beta);
        if (wrong > 4000 * limit) fail_msg("truth p%d: %d of %d wrong, promised %.4f", truth, wrong, decided, limit);
        assert_true(wrong > 4000 * limit / 4); /* and is not needlessly careful */
    }
    assert_int_equal(haul_sprt_init(&s, &(struct haul_sprt_config){0.1, 0.1, 0.05, 0.05}, NULL), HAUL_E_RANGE);
}

/* Least squares with weights 2^(-age / half life), written out. */
static void slope_against_slow(void **state)
{
    (void)state;
    const struct haul_slope_config c = {.half_life_s = 300, .threshold = 4, .learn = 5};
    struct haul_slope s;
    assert_int_equal(haul_slope_init(&s, &c, NULL), HAUL_OK);
    struct haul_rng rng;
    haul_rng_seed(&rng, 5);
    double t[200], v[200];
    for (int n = 0; n < 200; n++) {
        t[n] = (n ? t[n - 1] : 0) + 1 + (double)haul_rng_below(&rng, 30);
        v[n] = 100 + 0.25 * t[n] + haul_rng_normal(&rng);
        haul_slope_update(&s, &c, v[n], TIME(t[n]));
        if (n < 2) continue;
        double w = 0, wt = 0, wv = 0, tt = 0, tv = 0;
        for (int i = 0; i <= n; i++) {
            const double k = exp2(-(t[n] - t[i]) / c.half_life_s);
            w += k, wt += k * t[i], wv += k * v[i];
        }
        for (int i = 0; i <= n; i++) {
            const double k = exp2(-(t[n] - t[i]) / c.half_life_s);
            tt += k * (t[i] - wt / w) * (t[i] - wt / w), tv += k * (t[i] - wt / w) * (v[i] - wv / w);
        }
        assert_near(haul_slope_per_s(&s), tv / tt, 1e-9 * (1 + fabs(tv / tt)));
    }
    assert_near(haul_slope_per_s(&s), 0.25, 0.02);
    assert_near(haul_slope_seconds_to(&s, v[199] + 100), 400, 60);
    assert_true(haul_slope_seconds_to(&s, v[199] - 1000) < 0);
}

/* A level that does not move crosses |t| = 4 seldom; one that creeps does at once. */
static void slope_verdicts(void **state)
{
    (void)state;
    const struct haul_slope_config c = {.half_life_s = 600, .threshold = 5, .learn = 20};
    struct haul_slope s;
    haul_slope_init(&s, &c, NULL);
    struct haul_rng rng;
    haul_rng_seed(&rng, 6);
    int alarms = 0, found = -1;
    for (int i = 0; i < 5000; i++)
        alarms += haul_slope_update(&s, &c, haul_rng_normal(&rng), TIME(10 * i)).verdict == HAUL_VERDICT_ANOMALY;
    assert_true(alarms < 25);
    for (int i = 0; i < 100 && found < 0; i++)
        if (haul_slope_update(&s, &c, 0.1 * i + haul_rng_normal(&rng), TIME(10 * (5000 + i))).verdict ==
            HAUL_VERDICT_ANOMALY)
            found = i;
    assert_true(found > 0 && found < 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_tail), cmocka_unit_test(normal_quantile),    cmocka_unit_test(log_gamma),
        cmocka_unit_test(poisson),     cmocka_unit_test(poisson_interval),   cmocka_unit_test(binomial),
        cmocka_unit_test(sprt_errors), cmocka_unit_test(slope_against_slow), cmocka_unit_test(slope_verdicts),
    };
    return cmocka_run_group_tests_name("detect stat", tests, NULL, NULL);
}
