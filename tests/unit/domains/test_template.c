/* SPDX-License-Identifier: Apache-2.0
 * The worked example, tested as any processor is.
 */
#include "tests/unit/domains/support_domains.h"

#define KEY "thing:T1"

static enum haul_verdict read_value(struct haul_trial *t, int64_t ms, double value)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_TEMPLATE_READING, HAUL_STR("T1"), (struct haul_time){ms});
    haul_set_f(&r, HAUL_F_TR_VALUE, value);
    return haul_trial_feed(t, &r, (struct haul_time){ms});
}

static void the_rule_follows_its_decision(void **state)
{
    (void)state;
    static const struct {
        int number;
        double value;
        int open;
    } rows[] = {{3, 95, 0}, {3, 99.9, 0}, {1, 100, 1}, {3, 90.1, 1}, {3, 99, 1},
                {2, 90, 0}, {3, 99, 0},   {1, 250, 1}, {2, -5, 0}};
    struct haul_trial *t = trial_of(&haul_template, "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_value(t, MORNING + (int64_t)i * SECOND, rows[i].value);
        if (alert_open(t, "template.high") != rows[i].open) fail_msg("row %zu (decision %d)", i, rows[i].number);
        assert_true(shows(t, KEY, rows[i].open ? "\"high\":true" : "\"high\":false"));
    }
    assert_int_equal(alerts(t, "template.high", "open"), 2);
    haul_trial_close(t);
}

static void the_alert_says_why_in_both_languages(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_template, "high: {raise: 10, clear: 5}");
    read_value(t, MORNING, 12.5);
    const struct haul_record *r = alert_last(t, "template.high", "open");
    assert_true(haul_str_eq(r->v[HAUL_F_ALERT_WHY_EN].s, HAUL_STR("T1 reads 12.5, at or above 10")));
    assert_true(haul_str_eq(r->v[HAUL_F_ALERT_WHY_ZH].s, HAUL_STR("T1 读数 12.5，达到 10")));
    assert_true(haul_str_eq(r->v[HAUL_F_ALERT_OPTION].s, HAUL_STR("template.high.raise")));
    haul_trial_close(t);
}

static void silence_is_shown_and_ends(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_template, "");
    read_value(t, MORNING, 1);
    pass_to(t, MORNING + 5 * MINUTE - 1);
    assert_true(shows(t, KEY, "\"silent\":false"));
    pass_to(t, MORNING + 5 * MINUTE);
    assert_true(shows(t, KEY, "\"silent\":true"));
    read_value(t, MORNING + 6 * MINUTE, 1);
    assert_true(shows(t, KEY, "\"silent\":false"));
    haul_trial_close(t);
}

static void an_older_reading_is_dropped_and_counted(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_template, "");
    read_value(t, MORNING, 1);
    assert_int_equal(read_value(t, MORNING - 1, 500), HAUL_DROP);
    assert_int_equal(read_value(t, MORNING, 2), HAUL_DONE);
    assert_int_equal(haul_trial_counter(t, "old"), 1);
    assert_int_equal(alerts(t, "template.high", "open"), 0);
    haul_trial_close(t);
}

static void a_clear_above_the_raise_is_refused(void **state)
{
    (void)state;
    struct haul_error e;
    assert_null(haul_trial_open(&haul_template, "high: {raise: 10, clear: 10}", &e));
    assert_non_null(strstr(e.text, "high.clear"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rule_follows_its_decision),      cmocka_unit_test(the_alert_says_why_in_both_languages),
        cmocka_unit_test(silence_is_shown_and_ends),          cmocka_unit_test(an_older_reading_is_dropped_and_counted),
        cmocka_unit_test(a_clear_above_the_raise_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
