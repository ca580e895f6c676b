/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/detect_guard.h"

#include "tests/unit/detect/support.h"

static const struct haul_guard_config config = {
    .low = -40, .high = 85, .rate_per_s = 2, .stuck_s = 600, .gap_s = 300, .back_s = 5, .learn = 2};

/* Each row: seconds, value, what the guard must say. */
static void table(void **state)
{
    (void)state;
    static const struct {
        double at_s, value;
        enum haul_method method;
        enum haul_score_verdict verdict;
        double statistic;
    } rows[] = {
        {0, 20, HAUL_METHOD_NONE, HAUL_VERDICT_NORMAL, 0},       {10, 39, HAUL_METHOD_NONE, HAUL_VERDICT_NORMAL, 0},
        {20, 60, HAUL_METHOD_RATE, HAUL_VERDICT_ANOMALY, 2.1},   {30, 85, HAUL_METHOD_RATE, HAUL_VERDICT_ANOMALY, 2.5},
        {130, 86, HAUL_METHOD_RANGE, HAUL_VERDICT_ANOMALY, 1},   {230, -41, HAUL_METHOD_RANGE, HAUL_VERDICT_ANOMALY, 1},
        {227, 10, HAUL_METHOD_NONE, HAUL_VERDICT_NORMAL, 0}, /* three seconds back are allowed */
        {200, 10, HAUL_METHOD_CLOCK, HAUL_VERDICT_ANOMALY, 30},  {330, 10, HAUL_METHOD_NONE, HAUL_VERDICT_NORMAL, 0},
        {630, 10, HAUL_METHOD_GAP, HAUL_VERDICT_ANOMALY, 300},   {900, 10, HAUL_METHOD_NONE, HAUL_VERDICT_NORMAL, 0},
        {930, 10, HAUL_METHOD_STUCK, HAUL_VERDICT_ANOMALY, 600}, {931, 10.1, HAUL_METHOD_NONE, HAUL_VERDICT_NORMAL, 0},
    };
    struct haul_guard s;
    assert_int_equal(haul_guard_init(&s, &config, NULL), HAUL_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct haul_score x = haul_guard_update(&s, &config, rows[i].value, TIME(rows[i].at_s));
        if (x.verdict != rows[i].verdict || (x.verdict == HAUL_VERDICT_ANOMALY && x.method != rows[i].method))
            fail_msg("row %zu: %s %s", i, haul_method_name(x.method), haul_verdict_name(x.verdict));
        if (x.verdict == HAUL_VERDICT_ANOMALY) assert_near(x.statistic, rows[i].statistic, 1e-9);
        assert_int_equal(x.score >= 0.5, x.verdict == HAUL_VERDICT_ANOMALY);
    }
}

static void silence_and_deadline(void **state)
{
    (void)state;
    struct haul_guard s;
    haul_guard_init(&s, &config, NULL);
    assert_int_equal(haul_guard_deadline(&s, &config).ms, INT64_MIN);
    haul_guard_update(&s, &config, 1, TIME(1000));
    const struct haul_time due = haul_guard_deadline(&s, &config);
    assert_int_equal(due.ms, 1300001);
    assert_int_equal(haul_guard_silence(&s, &config, TIME(1299)).verdict, HAUL_VERDICT_NORMAL);
    assert_int_equal(haul_guard_silence(&s, &config, due).verdict, HAUL_VERDICT_ANOMALY);
}

/* With nothing set, cadence and longest standstill are learnt. */
static void learnt_limits(void **state)
{
    (void)state;
    const struct haul_guard_config c = {.stuck_factor = 3, .gap_factor = 10, .back_s = 0, .learn = 20};
    struct haul_guard s;
    haul_guard_init(&s, &c, NULL);
    int64_t at = 0;
    double value = 0;
    for (int i = 0; i < 200; i++) { /* every 30 s; a value stays for up to four readings */
        if (i % 4 == 0) value += 1;
        assert_int_equal(haul_guard_update(&s, &c, value, TIME(at += 30)).verdict, HAUL_VERDICT_NORMAL);
    }
    assert_near((double)s.interval_s, 30, 0.01);
    assert_int_equal(haul_guard_silence(&s, &c, TIME(at + 299)).verdict, HAUL_VERDICT_NORMAL);
    assert_int_equal(haul_guard_silence(&s, &c, TIME(at + 300)).verdict, HAUL_VERDICT_ANOMALY);
    int steps = 0;
    while (haul_guard_update(&s, &c, value, TIME(at += 30)).verdict == HAUL_VERDICT_NORMAL) steps++;
    assert_in_range(steps, 5, 12);
    assert_int_equal(haul_guard_update(&s, &c, value, TIME(at - 1)).method, HAUL_METHOD_CLOCK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(table), cmocka_unit_test(silence_and_deadline),
                                       cmocka_unit_test(learnt_limits)};
    return cmocka_run_group_tests_name("detect guard", tests, NULL, NULL);
}
