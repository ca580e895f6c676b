/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/detect_alarm.h"
#include "haul/rng.h"

#include "tests/unit/detect/support.h"

static const struct haul_alarm_config plain = {.hold = 2,
                                               .hold_of = 3,
                                               .close_values = 2,
                                               .close_share = 0.5,
                                               .rest_values = 4,
                                               .fade_values = 1,
                                               .demand = 1,
                                               .wear = 0,
                                               .wear_values = 100};

/* Each row: evidence, event. n of m, hysteresis and refractory. */
static void table(void **state)
{
    (void)state;
    static const struct {
        double evidence;
        enum haul_alarm_event event;
        int held;
    } rows[] = {
        {0.9, HAUL_ALARM_NONE, 0}, {1, HAUL_ALARM_NONE, 1}, /* one of three is not enough */
        {0, HAUL_ALARM_NONE, 1},   {2, HAUL_ALARM_OPEN, 2}, /* two of three */
        {0.6, HAUL_ALARM_NONE, 1}, {0.4, HAUL_ALARM_NONE, 1},  {0.6, HAUL_ALARM_NONE, 0}, /* above half of 1: stays open
                                                                                           */
        {0.4, HAUL_ALARM_NONE, 0}, {0.4, HAUL_ALARM_CLOSE, 0}, {3, HAUL_ALARM_NONE, 1},   {3, HAUL_ALARM_OPEN, 2},
        {9, HAUL_ALARM_NONE, 3},   {9, HAUL_ALARM_NONE, 3},    {9, HAUL_ALARM_NONE, 3}, /* resting */
        {9, HAUL_ALARM_WORSE, 3},
    };
    struct haul_alarm s;
    assert_int_equal(haul_alarm_init(&s, &plain, NULL), HAUL_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct haul_alarm_state x = haul_alarm_update(&s, &plain, rows[i].evidence, true, TIME(i));
        if (x.event != rows[i].event || x.held != rows[i].held)
            fail_msg("row %zu: event %d, held %d", i, (int)x.event, x.held);
    }
}

static void rest_by_time(void **state)
{
    (void)state;
    struct haul_alarm_config c = plain;
    c.hold = c.hold_of = 1, c.rest_values = 0, c.rest_s = 3600;
    struct haul_alarm s;
    haul_alarm_init(&s, &c, NULL);
    int told = 0;
    for (int minute = 0; minute < 600; minute++) {
        const struct haul_alarm_state x = haul_alarm_update(&s, &c, 5, true, TIME(60 * minute));
        told += x.event == HAUL_ALARM_OPEN || x.event == HAUL_ALARM_WORSE;
        assert_int_equal(x.share == 0, minute % 60 != 0);
    }
    assert_int_equal(told, 10);
    haul_alarm_reset(&s, &c);
    assert_int_equal(haul_alarm_update(&s, &c, 5, false, TIME(0)).event, HAUL_ALARM_NONE); /* still learning */
}

/* After an alert only what is as strong is told again, a demand that fades; and each alert wears. */
static void fades_and_wears(void **state)
{
    (void)state;
    struct haul_alarm_config c = plain;
    c.hold = c.hold_of = 1, c.rest_values = 1, c.fade_values = 50, c.wear = 0.5, c.wear_values = 1e9;
    struct haul_alarm s;
    haul_alarm_init(&s, &c, NULL);
    int64_t at = 0;
    assert_int_equal(haul_alarm_update(&s, &c, 8, true, TIME(at++)).event, HAUL_ALARM_OPEN);
    assert_int_equal(haul_alarm_update(&s, &c, 7, true, TIME(at++)).event, HAUL_ALARM_NONE);
    int quiet = 0;
    while (haul_alarm_update(&s, &c, 2, true, TIME(at++)).event != HAUL_ALARM_WORSE) quiet++;
    assert_in_range(quiet, 45, 65); /* ln 8 e^-n/50 = ln 2 at n = 55 */
    for (int i = 0; i < 2000; i++) haul_alarm_update(&s, &c, 0, true, TIME(at++));
    assert_near(haul_alarm_update(&s, &c, 0, true, TIME(at++)).demand, 1 + 0.5 * (2 - 1), 1e-3); /* two alerts */
}

/* The controller's promise, on evidence of any law, steady or bursting: |told - asked| <= (change of log demand) /
 * gain. */
static void budget_holds(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 70);
    for (int law = 0; law < 4; law++)
        for (double budget = 0.25; budget < 9; budget *= 2) {
            struct haul_alarm_config c = plain;
            c.hold = c.hold_of = 1, c.rest_values = 3, c.fade_values = 10;
            c.budget_per_day = budget, c.budget_gain = 0.3, c.least = 1e-6;
            struct haul_alarm s;
            assert_int_equal(haul_alarm_init(&s, &c, NULL), HAUL_OK);
            enum { DAYS = 400, A_DAY = 288 };
            int told = 0;
            double start = 0;
            for (int i = 0; i < (100 + DAYS) * A_DAY; i++) {
                const double u = 1 - haul_rng_f64(&rng), burst = i / 5000 % 3 == 0 ? 5 : 1;
                const double evidence = law == 0 ? -log(u) : law == 1 ? pow(u, -0.5) : law == 2 ? u : -log(u) * burst;
                const struct haul_alarm_state x = haul_alarm_update(&s, &c, evidence, true, TIME(300 * i));
                if (i == 100 * A_DAY) start = s.trim;
                /* the demand by its definition, not by the series that follows it */
                if (i > 100 * A_DAY && i % 16 == 0 && x.event == HAUL_ALARM_NONE && x.demand > 2 * c.least)
                    assert_near(x.demand / exp(s.calibrated + s.trim + s.raised), 1, 1e-12);
                if (i > 100 * A_DAY) told += x.event == HAUL_ALARM_OPEN || x.event == HAUL_ALARM_WORSE;
            }
            const double slack = fabs(s.trim - start) / c.budget_gain + 1;
            if (fabs(told - budget * DAYS) > slack + 1e-6)
                fail_msg("law %d: asked %g, told %d, slack %g", law, budget * DAYS, told, slack);
            if (slack > 30) fail_msg("law %d, budget %g: slack %g", law, budget, slack);
        }
}

/* "At most": a stream with nothing to say says nothing. */
static void budget_is_no_quota(void **state)
{
    (void)state;
    struct haul_alarm_config c = plain;
    c.budget_per_day = 10, c.budget_gain = 0.3, c.least = 0.5;
    struct haul_alarm s;
    haul_alarm_init(&s, &c, NULL);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(haul_alarm_update(&s, &c, 0.4, true, TIME(300 * i)).event, HAUL_ALARM_NONE);
    haul_alarm_update(&s, &c, 0.6, true, TIME(300 * 10000));
    assert_int_equal(haul_alarm_update(&s, &c, 0.6, true, TIME(300 * 10001)).event, HAUL_ALARM_OPEN);
}

static void refuses(void **state)
{
    (void)state;
    struct haul_alarm s;
    struct haul_alarm_config c = plain;
    c.hold = 4;
    assert_int_equal(haul_alarm_init(&s, &c, NULL), HAUL_E_RANGE);
    c = plain, c.close_share = 0;
    assert_int_equal(haul_alarm_init(&s, &c, NULL), HAUL_E_RANGE);
    c = plain, c.budget_per_day = 1;
    assert_int_equal(haul_alarm_init(&s, &c, NULL), HAUL_E_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),        cmocka_unit_test(rest_by_time),       cmocka_unit_test(fades_and_wears),
        cmocka_unit_test(budget_holds), cmocka_unit_test(budget_is_no_quota), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests_name("detect alarm", tests, NULL, NULL);
}
