/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/detect_traffic.h"

#include "tests/unit/detect/support.h"

static void geh(void **state)
{
    (void)state;
    assert_near(haul_geh(2500, 2000), sqrt(2.0 * 500 * 500 / 4500), 1e-12); /* 10.5 */
    assert_near(haul_geh(100, 160), 5.262, 1e-3);
    assert_near(haul_geh(0, 0), 0, 0);
    assert_near(haul_geh(120, 90), haul_geh(90, 120), 0);
    assert_int_equal(haul_geh_test(2500, 2000, 10).verdict, HAUL_VERDICT_ANOMALY);
    assert_int_equal(haul_geh_test(2200, 2000, 5).verdict, HAUL_VERDICT_NORMAL);
    assert_int_equal(haul_geh_test(-1, 2000, 5).verdict, HAUL_VERDICT_INVALID);
}

struct step {
    double up, down;
    enum haul_california_state state;
    bool incident;
};

static void run(const struct haul_california_config *c, const struct step *steps, size_t n)
{
    struct haul_california s;
    assert_int_equal(haul_california_init(&s, c, NULL), HAUL_OK);
    for (size_t i = 0; i < n; i++) {
        const struct haul_score x = haul_california_update(&s, c, steps[i].up, steps[i].down, TIME(30 * i));
        if (s.state != steps[i].state || (x.verdict == HAUL_VERDICT_ANOMALY) != steps[i].incident)
            fail_msg("step %zu: state %d, verdict %s", i, (int)s.state, haul_verdict_name(x.verdict));
        assert_int_equal(x.score >= 0.5, x.verdict == HAUL_VERDICT_ANOMALY);
    }
}

/* The state table of Payne and Tignor's #7, walked through. */
static void california_7(void **state)
{
    (void)state;
    const struct haul_california_config c = {.t1 = 13, .t2 = 0.4, .t3 = 15, .persist = 2};
    static const struct step steps[] = {
        {10, 9, HAUL_CALIFORNIA_FREE, false},
        {24, 10, HAUL_CALIFORNIA_TENTATIVE, false}, /* 14, 0.58, 10 */
        {20, 10, HAUL_CALIFORNIA_FREE, false},      /* 10 < t1: a false start */
        {30, 12, HAUL_CALIFORNIA_TENTATIVE, false},
        {31, 12, HAUL_CALIFORNIA_TENTATIVE, false},
        {32, 12, HAUL_CALIFORNIA_CONFIRMED, true},
        {20, 11.9, HAUL_CALIFORNIA_GOING_ON, true}, /* only OCCRDF keeps it up */
        {20, 12.1, HAUL_CALIFORNIA_FREE, false},
        {40, 20, HAUL_CALIFORNIA_FREE, false}, /* dense downstream: no incident */
        {0, 0, HAUL_CALIFORNIA_FREE, false},
    };
    run(&c, steps, COUNT(steps));
}

/* #8: a wave downstream hides the test for five minutes. */
static void california_8(void **state)
{
    (void)state;
    const struct haul_california_config c = {
        .t1 = 13, .t2 = 0.4, .t3 = 30, .persist = 0, .wave = 0.5, .dense = 20, .wave_s = 300};
    static const struct step steps[] = {
        {10, 10, HAUL_CALIFORNIA_FREE, false}, {10, 10, HAUL_CALIFORNIA_FREE, false},
        {10, 10, HAUL_CALIFORNIA_FREE, false}, {10, 10, HAUL_CALIFORNIA_FREE, false},
        {60, 25, HAUL_CALIFORNIA_FREE, false}, /* rose from 10 to 25 in 2 min */
        {60, 12, HAUL_CALIFORNIA_FREE, false}, {60, 12, HAUL_CALIFORNIA_FREE, false},
        {60, 12, HAUL_CALIFORNIA_FREE, false}, {60, 12, HAUL_CALIFORNIA_FREE, false},
        {60, 12, HAUL_CALIFORNIA_FREE, false}, {60, 12, HAUL_CALIFORNIA_FREE, false},
        {60, 12, HAUL_CALIFORNIA_FREE, false}, {60, 12, HAUL_CALIFORNIA_FREE, false},
        {60, 12, HAUL_CALIFORNIA_FREE, false}, {60, 12, HAUL_CALIFORNIA_CONFIRMED, true},
    };
    run(&c, steps, COUNT(steps));
    struct haul_california_config seven = c;
    seven.wave_s = 0;
    struct haul_california s;
    haul_california_init(&s, &seven, NULL);
    assert_int_equal(haul_california_update(&s, &seven, 60, 25, TIME(0)).verdict, HAUL_VERDICT_ANOMALY);
    assert_int_equal(haul_california_update(&s, &seven, 101, 25, TIME(0)).verdict, HAUL_VERDICT_INVALID);
}

static void speed_drop(void **state)
{
    (void)state;
    const struct haul_speed_drop_config c = {.slow_mps = 18, .drop_mps = 11, .mean_of = 4, .persist = 2};
    struct haul_speed_drop s;
    assert_int_equal(haul_speed_drop_init(&s, &c, NULL), HAUL_OK);
    int64_t at = 0, found = -1;
    for (int i = 0; i < 10; i++)
        assert_int_equal(haul_speed_drop_update(&s, &c, 30, 30, TIME(at++)).score >= 0.5, false);
    for (int i = 0; i < 10 && found < 0; i++) {
        const struct haul_score x = haul_speed_drop_update(&s, &c, 5, 30, TIME(at++));
        if (x.verdict == HAUL_VERDICT_ANOMALY) found = i;
        if (found >= 0) assert_int_equal(x.since.ms, (at - 2) * 1000);
    }
    assert_int_equal(found,
                     2 - 1 + 1); /* mean of 5 5 30 30 is 17.5: holds at the second slow step, told at the third */
    /* slow on both sides is a queue already, not its head */
    haul_speed_drop_reset(&s, &c);
    for (int i = 0; i < 10; i++)
        assert_int_equal(haul_speed_drop_update(&s, &c, 5, 8, TIME(at++)).verdict == HAUL_VERDICT_ANOMALY, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(geh), cmocka_unit_test(california_7),
                                       cmocka_unit_test(california_8), cmocka_unit_test(speed_drop)};
    return cmocka_run_group_tests_name("detect traffic", tests, NULL, NULL);
}
