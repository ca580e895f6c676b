/* SPDX-License-Identifier: Apache-2.0
 * What a course of temperatures adds up to, against the standards' formula in long double.
 */
#include "processors/coldchain/coldchain.h"
#include "tests/unit/domains/support_coldchain.h"

#include <math.h>

#define MINUTES(n) ((int64_t)(n)*60000)

/* USP <1079.2>, as it is printed: no offset, in long double. */
static long double reference_c(const double *temp_c, const int64_t *w_ms, size_t n)
{
    long double sum = 0, w = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (long double)w_ms[i] * expl(-10000.0L / ((long double)temp_c[i] + 273.15L));
        w += (long double)w_ms[i];
    }
    return 10000.0L / -logl(sum / w) - 273.15L;
}

static void mkt_is_as_the_standard_says(void **state)
{
    (void)state;
    static const struct {
        double a_c, b_c;
        int a_min, b_min;
        double mkt_c;
    } rows[] = {
        {5, 15, 1380, 60, 5.763546},
        {5, 15, 1200, 240, 7.704628},
        {4, 25, 1380, 60, 7.083507},
        {-18, -8, 1380, 60, -17.138200},
        {5, 5, 1, 1, 5},
        {-80, -80, 9, 1, -80},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cold_mkt m = {0};
        cold_mkt_add(&m, rows[i].a_c, MINUTES(rows[i].a_min));
        cold_mkt_add(&m, rows[i].b_c, MINUTES(rows[i].b_min));
        const double temp_c[] = {rows[i].a_c, rows[i].b_c};
        const int64_t w_ms[] = {MINUTES(rows[i].a_min), MINUTES(rows[i].b_min)};
        if (!(fabs(cold_mkt_c(&m) - rows[i].mkt_c) < 1e-6)) fail_msg("row %zu: %.9f", i, cold_mkt_c(&m));
        if (!(fabsl((long double)cold_mkt_c(&m) - reference_c(temp_c, w_ms, 2)) < 1e-9L)) fail_msg("row %zu", i);
    }
}

static void mkt_is_never_below_the_mean_nor_above_the_hottest(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 6);
    for (int run = 0; run < 200; run++) {
        struct cold_mkt m = {0};
        double sum = 0, most = -1000;
        for (int i = 0; i < 50; i++) {
            const double c = haul_rng_f64(&rng) * 60 - 30;
            cold_mkt_add(&m, c, 1000);
            sum += c;
            most = c > most ? c : most;
        }
        assert_true(cold_mkt_c(&m) >= sum / 50 - 1e-9 && cold_mkt_c(&m) <= most + 1e-9);
    }
}

static void the_window_forgets_what_is_older(void **state)
{
    (void)state;
    struct cold_window w = {0};
    const int64_t day = MINUTES(24 * 60);
    cold_window_add(&w, day, 30, MORNING, MORNING + MINUTES(600));
    cold_window_add(&w, day, 5, MORNING + MINUTES(600), MORNING + MINUTES(1000));
    assert_true(cold_window_c(&w) > 20);
    assert_int_equal(cold_window_ms(&w), MINUTES(1000));
    for (int i = 0; i < 24; i++)
        cold_window_add(&w, day, 5, MORNING + MINUTES(1000 + i * 100), MORNING + MINUTES(1100 + i * 100));
    assert_true(fabs(cold_window_c(&w) - 5) < 1e-9);
    assert_true(cold_window_ms(&w) <= day && cold_window_ms(&w) >= day - day / 48);
    cold_window_add(&w, day, 7, MORNING + 40 * day, MORNING + 41 * day); /* longer than the window at once */
    assert_true(fabs(cold_window_c(&w) - 7) < 1e-9);
}

/* 10,000 K is these Q10 at these temperatures; Arrhenius with H = 83.144 kJ/mol is 10,000 K. */
static void life_runs_at_the_pace_of_its_model(void **state)
{
    (void)state;
    static const struct {
        double c, q10;
    } rows[] = {{-18, 4.38}, {5, 3.48}, {25, 2.97}};
    struct cold_class c = {.model = COLD_ARRHENIUS, .ea_kjmol = 83.144, .q10 = 2.5};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        c.life_c = rows[i].c;
        assert_true(fabs(cold_pace(&c, rows[i].c + 10) - rows[i].q10) < 0.3);
        assert_true(fabs(cold_pace(&c, rows[i].c) - 1) < 1e-12);
        const long double k =
            expl(10000.0L * (1 / ((long double)rows[i].c + 273.15L) - 1 / ((long double)rows[i].c + 283.15L)));
        assert_true(fabsl((long double)cold_pace(&c, rows[i].c + 10) / k - 1) < 1e-9L);
    }
    c.model = COLD_Q10, c.life_c = 4;
    assert_true(fabs(cold_pace(&c, 14) - 2.5) < 1e-12 && fabs(cold_pace(&c, -6) - 0.4) < 1e-12);
}

/* A first-order course whose crossing is known: 5 °C towards 30 °C. */
static void the_forecast_finds_when_the_limit_is_reached(void **state)
{
    (void)state;
    static const struct {
        double tau_min;
        int seen_min;
        double limit_c, within;
    } rows[] = {{360, 8, 8, 2}, {360, 12, 8, 1}, {120, 6, 8, 1}, {60, 10, 12, 1}, {600, 10, 8, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cold_unit u = {0};
        for (int half = 0; half <= 2 * rows[i].seen_min; half++)
            cold_point_add(&u, &u.zone[0], MORNING + half * 30000, 30 - 25 * exp(-half / 2.0 / rows[i].tau_min));
        const double truth = -rows[i].tau_min * log((30 - rows[i].limit_c) / 25) - rows[i].seen_min;
        const double eta = cold_forecast_min(&u.zone[0], rows[i].limit_c);
        if (!(fabs(eta - truth) < rows[i].within)) fail_msg("row %zu: %.2f, not %.2f", i, eta, truth);
    }
    struct cold_unit u = {0};
    for (int half = 0; half < 20; half++) cold_point_add(&u, &u.zone[0], MORNING + half * 30000, 5 - half * 0.1);
    assert_true(cold_forecast_min(&u.zone[0], 8) < 0); /* it cools */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mkt_is_as_the_standard_says),
        cmocka_unit_test(mkt_is_never_below_the_mean_nor_above_the_hottest),
        cmocka_unit_test(the_window_forgets_what_is_older),
        cmocka_unit_test(life_runs_at_the_pace_of_its_model),
        cmocka_unit_test(the_forecast_finds_when_the_limit_is_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
