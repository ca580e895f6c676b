/* SPDX-License-Identifier: Apache-2.0
 * The mean kinetic temperature over very many samples stays within 1e-9 K of the standard's formula in long double; so
 * does any way of cutting the same course into pieces.
 */
#include "processors/coldchain/coldchain.h"
#include "tests/unit/domains/support_domains.h"

#include <math.h>
#include <stdio.h>

#define LEVELS 1024 /* temperatures that occur: the reference needs one exponential for each */

/* Of the first course; of the others a tenth. */
static long samples(void)
{
    const char *text = getenv("SAMPLES");
    return text != NULL ? strtol(text, NULL, 10) : 10000000;
}

static uint64_t seed(void)
{
    const char *text = getenv("SEED");
    return text != NULL ? strtoull(text, NULL, 10) : 20260601;
}

static void ten_million_samples_lose_nothing(void **state)
{
    (void)state;
    static const struct {
        double low_c, high_c;
    } rows[] = {{2, 8}, {-30, 40}, {-80, -60}};
    static long double rate[LEVELS];
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        const double step = (rows[row].high_c - rows[row].low_c) / LEVELS;
        for (size_t i = 0; i < LEVELS; i++)
            rate[i] = expl(-10000.0L / ((long double)(rows[row].low_c + step * (double)i) + 273.15L));
        struct haul_rng rng;
        haul_rng_seed(&rng, seed() + row);
        struct cold_mkt m = {0};
        long double sum = 0, w = 0;
        const long n = row == 0 ? samples() : samples() / 10;
        for (long i = 0; i < n; i++) {
            const uint64_t level = haul_rng_below(&rng, LEVELS);
            const int64_t ms = 1000 + (int64_t)haul_rng_below(&rng, 60000);
            cold_mkt_add(&m, rows[row].low_c + step * (double)level, ms);
            sum += (long double)ms * rate[level], w += (long double)ms;
        }
        const long double truth = 10000.0L / -logl(sum / w) - 273.15L;
        const long double off = fabsl((long double)cold_mkt_c(&m) - truth);
        printf("# %g to %g degC: %ld samples, %.1Le K off\n", rows[row].low_c, rows[row].high_c, n, off);
        assert_true(off < 1e-9L);
    }
}

static void pieces_make_the_same_whole(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, seed());
    for (int run = 0; run < 50; run++) {
        struct cold_mkt whole = {0}, cut = {0};
        struct cold_window a = {0}, b = {0};
        int64_t at = MORNING;
        for (int i = 0; i < 100; i++) {
            const double c = haul_rng_f64(&rng) * 20 - 5;
            const int64_t ms = 2000 + (int64_t)haul_rng_below(&rng, 600000);
            const int64_t first = 1 + (int64_t)haul_rng_below(&rng, (uint64_t)ms - 1);
            cold_mkt_add(&whole, c, ms);
            cold_mkt_add(&cut, c, first);
            cold_mkt_add(&cut, c, ms - first);
            cold_window_add(&a, 86400000, c, at, at + ms);
            cold_window_add(&b, 86400000, c, at, at + first);
            cold_window_add(&b, 86400000, c, at + first, at + ms);
            at += ms;
        }
        assert_true(fabs(cold_mkt_c(&whole) - cold_mkt_c(&cut)) < 1e-10);
        assert_int_equal(cold_window_ms(&a), cold_window_ms(&b));
        assert_true(fabs(cold_window_c(&a) - cold_window_c(&b)) < 1e-9);
    }
}

int main(void)
{
    printf("# seed %llu (SEED=… to repeat), %ld samples (SAMPLES=…)\n", (unsigned long long)seed(), samples());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_million_samples_lose_nothing),
        cmocka_unit_test(pieces_make_the_same_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
