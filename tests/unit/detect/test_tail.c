/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/detect_tail.h"
#include "haul/rng.h"

#include "tests/unit/detect/support.h"

static void record_by_hand(void **state)
{
    (void)state;
    const struct haul_extreme_config c = {.margin = 0.1, .learn = 3, .keep = 1};
    struct haul_extreme s;
    assert_int_equal(haul_extreme_init(&s, &c, NULL), HAUL_OK);
    static const struct {
        double value, outside;
        enum haul_score_verdict verdict;
        int direction;
    } cases[] = {
        {10, 0, HAUL_VERDICT_LEARNING, 0},       {20, 1e6, HAUL_VERDICT_LEARNING, 1},
        {15, 0, HAUL_VERDICT_LEARNING, 0},       {20.5, 0.05, HAUL_VERDICT_NORMAL, 1},
        {8, 2 / 10.5, HAUL_VERDICT_ANOMALY, -1}, {21.75, 0.1, HAUL_VERDICT_ANOMALY, 1},
        {21.75, 0, HAUL_VERDICT_NORMAL, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct haul_score x = haul_extreme_update(&s, &c, cases[i].value, TIME(i));
        assert_near(x.statistic, cases[i].outside, 1e-12);
        if (x.verdict != cases[i].verdict || x.direction != cases[i].direction) fail_msg("case %zu", i);
    }
}

/* Records of exchangeable values: 2 (H(n) - H(learn)) of them without a margin (Rényi 1962). */
static void record_law(void **state)
{
    (void)state;
    const struct haul_extreme_config c = {.margin = 1e-15, .learn = 20, .keep = 1};
    struct haul_rng rng;
    haul_rng_seed(&rng, 21);
    int64_t records = 0;
    double expected = 0;
    enum { RUNS = 400, N = 2000 };
    for (int n = 21; n <= N; n++) expected += 2.0 / n * RUNS;
    for (int run = 0; run < RUNS; run++) {
        struct haul_extreme s;
        haul_extreme_init(&s, &c, NULL);
        for (int i = 0; i < N; i++)
            records += haul_extreme_update(&s, &c, haul_rng_normal(&rng), TIME(i)).verdict == HAUL_VERDICT_ANOMALY;
    }
    assert_near((double)records, expected, 4 * sqrt(expected));
}

static double gpd_sample(struct haul_rng *rng, double gamma, double sigma)
{
    const double u = 1 - haul_rng_f64(rng);
    return gamma == 0 ? -sigma * log(u) : sigma / gamma * (pow(u, -gamma) - 1);
}

static double slow_likelihood(const float *y, uint32_t n, double gamma, double sigma)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double base = 1 + gamma * (double)y[i] / sigma;
        if (base <= 0) return -ENDLESS;
        sum += fabs(gamma) < 1e-9 ? -(double)y[i] / sigma - log(sigma) : -(1 + 1 / gamma) * log(base) - log(sigma);
    }
    return sum / n;
}

/* No point of a fine grid over (gamma, sigma) is more likely than the fit; and the fit of much data is the truth. */
static void gpd_fit_is_best(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 22);
    static const double truths[] = {-0.3, 0, 0.2, 0.6};
    for (size_t t = 0; t < COUNT(truths); t++) {
        float y[200];
        for (size_t i = 0; i < COUNT(y); i++) y[i] = (float)gpd_sample(&rng, truths[t], 3);
        double gamma, sigma;
        const double reached = haul_gpd_fit(y, COUNT(y), &gamma, &sigma);
        assert_near(reached, slow_likelihood(y, COUNT(y), gamma, sigma), 1e-6);
        for (double g = -0.5; g <= 1.5; g += 0.02)
            for (double s = 0.5; s < 12; s *= 1.03)
                if (slow_likelihood(y, COUNT(y), g, s) > reached + 1e-4)
                    fail_msg("truth %g: (%g, %g) beats (%g, %g)", truths[t], g, s, gamma, sigma);
    }
}

static void gpd_fit_finds_truth(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 23);
    enum { N = 20000 };
    float *y = calloc(N, sizeof *y);
    assert_non_null(y);
    for (double truth = -0.3; truth < 0.9; truth += 0.3) {
        for (int i = 0; i < N; i++) y[i] = (float)gpd_sample(&rng, truth, 2);
        double gamma, sigma;
        haul_gpd_fit(y, N, &gamma, &sigma);
        assert_near(gamma, truth, 0.04);
        assert_near(sigma, 2, 0.1);
    }
    free(y);
}

/* SPOT's promise: on values of one law, a share q is beyond the limit, whatever the law. */
static void spot_keeps_q(void **state)
{
    (void)state;
    const struct haul_spot_config c = {.q = 1e-3, .level = 0.95, .learn = 500};
    for (int law = 0; law < 3; law++) {
        struct haul_rng rng;
        haul_rng_seed(&rng, 30 + (uint64_t)law);
        double alarms = 0, values = 0;
        for (int run = 0; run < 12; run++) {
            struct haul_spot s;
            assert_int_equal(haul_spot_init(&s, &c, NULL), HAUL_OK);
            for (int i = 0; i < 20000; i++) {
                const double u = haul_rng_f64(&rng), v = law == 0 ? haul_rng_normal(&rng) : law == 1 ? -log(1 - u) : u;
                const struct haul_score x = haul_spot_update(&s, &c, v, TIME(i));
                alarms += x.verdict == HAUL_VERDICT_ANOMALY, values += x.verdict != HAUL_VERDICT_LEARNING;
            }
        }
        /* the uniform law's shape, -1, lies beyond the fit's -0.5: fewer alarms, never more */
        if ((law < 2 && alarms < 0.6 * c.q * values) || alarms > 1.6 * c.q * values)
            fail_msg("law %d: %g alarms, asked %g", law, alarms, c.q * values);
    }
}

/* DSPOT follows a drift; SPOT keeps the old limit and misses the peak. The low side is the high side of the negative.
 */
static void dspot_drifts(void **state)
{
    (void)state;
    struct haul_spot_config plain = {.q = 1e-4, .level = 0.98, .learn = 500}, drifting = plain;
    drifting.depth = 40;
    struct haul_spot a, b;
    haul_spot_init(&a, &plain, NULL), haul_spot_init(&b, &drifting, NULL);
    struct haul_rng rng;
    haul_rng_seed(&rng, 40);
    int dspot = 0;
    for (int i = 0; i < 8000; i++) {
        const double v = haul_rng_normal(&rng) - 0.004 * i;
        haul_spot_update(&a, &plain, v, TIME(i));
        dspot += haul_spot_update(&b, &drifting, v, TIME(i)).verdict == HAUL_VERDICT_ANOMALY;
    }
    assert_true(dspot <= 4);
    assert_int_equal(haul_spot_update(&a, &plain, -32 + 9, TIME(9000)).verdict, HAUL_VERDICT_NORMAL);
    assert_int_equal(haul_spot_update(&b, &drifting, -32 + 9, TIME(9000)).verdict, HAUL_VERDICT_ANOMALY);
    struct haul_spot low, high;
    struct haul_spot_config down = plain;
    down.low = true;
    haul_spot_init(&low, &down, NULL), haul_spot_init(&high, &plain, NULL);
    for (int i = 0; i < 3000; i++) {
        const double v = haul_rng_normal(&rng);
        const struct haul_score x = haul_spot_update(&low, &down, -v, TIME(i)),
                                y = haul_spot_update(&high, &plain, v, TIME(i));
        assert_true(x.verdict == y.verdict && x.statistic == y.statistic && x.expected == -y.expected);
    }
}

/* The cheap tail: limit and chance are each other's inverse, and near the truth for an exponential law. */
static void tail_by_moments(void **state)
{
    (void)state;
    const struct haul_tail_config c = {.level = 0.95, .memory = 20000, .learn = 1000};
    struct haul_tail s;
    assert_int_equal(haul_tail_init(&s, &c, NULL), HAUL_OK);
    struct haul_rng rng;
    haul_rng_seed(&rng, 50);
    for (int i = 0; i < 100000; i++) haul_tail_learn(&s, &c, -log(1 - haul_rng_f64(&rng)));
    assert_true(haul_tail_ready(&s, &c));
    assert_near(s.start, -log(0.05), 0.15);
    for (double p = 0.04; p > 1e-5; p *= 0.6) {
        const double limit = haul_tail_limit(&s, &c, p);
        assert_near(haul_tail_chance(&s, &c, limit), p, 1e-9);
        assert_near(limit, -log(p), 0.1 + 0.12 * -log(p));
    }
}

/* Both ends at once are each end by itself. */
static void both_ends(void **state)
{
    (void)state;
    const struct haul_tail_config c = {.level = 0.95, .memory = 500, .learn = 50};
    struct haul_tail both[2], up, down;
    haul_tail_reset(&both[0], &c), haul_tail_reset(&both[1], &c), haul_tail_reset(&up, &c), haul_tail_reset(&down, &c);
    struct haul_rng rng;
    haul_rng_seed(&rng, 50);
    for (int i = 0; i < 2000; i++) {
        const double x = haul_rng_normal(&rng);
        haul_tail_learn_both(both, &c, x);
        haul_tail_learn(&up, &c, x), haul_tail_learn(&down, &c, -x);
    }
    assert_memory_equal(&both[0], &up, sizeof up);
    assert_memory_equal(&both[1], &down, sizeof down);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_by_hand),      cmocka_unit_test(record_law),   cmocka_unit_test(gpd_fit_is_best),
        cmocka_unit_test(gpd_fit_finds_truth), cmocka_unit_test(spot_keeps_q), cmocka_unit_test(dspot_drifts),
        cmocka_unit_test(tail_by_moments),     cmocka_unit_test(both_ends),
    };
    return cmocka_run_group_tests_name("detect tail", tests, NULL, NULL);
}
