/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/math.h"

#include "haul/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static double ulps(double got, long double want)
{
    const double w = (double)want;
    if (got == w) return 0;
    const double step = nextafter(fabs(w), INFINITY) - fabs(w);
    return (double)(fabsl((long double)got - want) / (long double)step);
}

struct bound {
    const char *name;
    double (*mine)(double);
    long double (*exact)(long double);
    double low, high, ulp;
};

static void held_against_long_double(void **state)
{
    (void)state;
    static const struct bound bounds[] = {
        {"sin", haul_sin, sinl, -100000, 100000, 2}, {"sin near 0", haul_sin, sinl, -1, 1, 2},
        {"cos", haul_cos, cosl, -100000, 100000, 2}, {"cos near 0", haul_cos, cosl, -1, 1, 2},
        {"exp", haul_exp, expl, -700, 700, 2},       {"exp near 0", haul_exp, expl, -1, 1, 2},
        {"log", haul_log, logl, 1e-300, 1e6, 2},     {"log near 1", haul_log, logl, 0.5, 2, 2},
        {"atan", haul_atan, atanl, -50, 50, 3},      {"atan near 0", haul_atan, atanl, -1, 1, 3},
        {"asin", haul_asin, asinl, -1, 1, 4},
    };
    struct haul_rng rng;
    haul_rng_seed(&rng, 7);
    for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++) {
        double worst = 0, at = 0;
        for (int i = 0; i < 200000; i++) {
            const double x = bounds[b].low + (bounds[b].high - bounds[b].low) * haul_rng_f64(&rng);
            const double u = ulps(bounds[b].mine(x), bounds[b].exact((long double)x));
            if (u > worst) worst = u, at = x;
        }
        if (worst > bounds[b].ulp) fail_msg("%s: %.2f ulp at %.17g", bounds[b].name, worst, at);
    }
}

static void powers(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 9);
    for (int i = 0; i < 200000; i++) {
        const double x = 100 * haul_rng_f64(&rng) + 1e-3, y = 40 * haul_rng_f64(&rng) - 20;
        if (ulps(haul_pow(x, y), powl((long double)x, (long double)y)) > 4) fail_msg("pow(%.17g, %.17g)", x, y);
    }
    assert_true(haul_pow(0, 2) == 0 && haul_pow(5, 0) == 1 && isinf(haul_pow(10, 400)) && haul_pow(10, -400) == 0);
}

static void edges(void **state)
{
    (void)state;
    assert_true(haul_exp(0) == 1 && isinf(haul_exp(710)) && haul_exp(-746) == 0 && haul_exp(-740) > 0);
    assert_true(isinf(haul_log(0)) && isnan(haul_log(-1)) && haul_log(1) == 0);
    assert_true(isnan(haul_sin(INFINITY)) && isnan(haul_cos(NAN)));
    assert_true(haul_atan2(0, -1) == HAUL_PI && haul_atan2(-1, 0) == -HAUL_PI / 2 && haul_atan2(0, 1) == 0);
    assert_int_equal(haul_round_i64(2.5), 3);
    assert_int_equal(haul_round_i64(-2.5), -3);
    assert_int_equal(haul_round_i64(NAN), 0);
    assert_true(haul_round_i64(1e300) == INT64_MAX && haul_round_i64(-1e300) == INT64_MIN);
}

static void distances(void **state)
{
    (void)state;
    /* a degree of latitude on the mean sphere is 111,195.08 m */
    assert_true(fabs(haul_haversine_m(115, 28, 115, 29) - 111195.0802) < 1e-3);
    assert_true(haul_haversine_m(1, 2, 1, 2) == 0);
    assert_true(fabs(haul_haversine_m(0, 0, 180, 0) - HAUL_PI * HAUL_EARTH_M) < 1e-3);
    assert_true(fabs(haul_bearing_deg(0, 0, 1, 0) - 90) < 1e-9 && fabs(haul_bearing_deg(0, 0, -1, 0) - 270) < 1e-9);
    assert_true(fabs(haul_angle_between_deg(350, 10) - 20) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(held_against_long_double),
        cmocka_unit_test(powers),
        cmocka_unit_test(edges),
        cmocka_unit_test(distances),
    };
    return cmocka_run_group_tests_name("math", tests, NULL, NULL);
}
