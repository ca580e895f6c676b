/* SPDX-License-Identifier: Apache-2.0
 * Driving time: stints by day and night, rests, the day's and the week's hours, the driver who is relieved.
 */
#include "tests/unit/domains/support_domains.h"

#define KEY "vehicle:A1"

static struct car start(struct haul_trial *t, int64_t ms, double kmh)
{
    struct car c = car_of(t, "A1");
    c.ms = ms, c.speed_kmh = kmh;
    car_send(&c);
    return c;
}

static void rest(struct car *c, int64_t minutes)
{
    c->speed_kmh = 0;
    car_step(c, 60);
    car_run(c, (double)(minutes - 1) * 60, 60);
    c->speed_kmh = 60;
}

static void four_hours_by_day(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, MORNING, 60);
    car_run(&c, 4 * 3600, 60);
    assert_int_equal(alert_open(t, "fleet.fatigue"), 0);
    car_step(&c, 60);
    assert_int_equal(alert_open(t, "fleet.fatigue"), 1);
    const struct haul_record *r = alert_last(t, "fleet.fatigue", "open");
    assert_int_equal(r->v[HAUL_F_ALERT_SEVERITY].i, 2);
    assert_true(r->v[HAUL_F_ALERT_THRESHOLD].f == 4);
    car_run(&c, 3600, 60); /* five hours: a quarter more */
    assert_int_equal(alert_last(t, "fleet.fatigue", "change")->v[HAUL_F_ALERT_SEVERITY].i, 1);
    assert_int_equal(alerts(t, "fleet.fatigue", "open"), 1);
    haul_trial_close(t);
}

static void two_hours_by_night(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, MORNING + 11 * HOUR, 60); /* 21:00 */
    car_run(&c, 3 * 3600, 60);                        /* 24:00: two hours of night */
    assert_int_equal(alert_open(t, "fleet.fatigue"), 0);
    car_step(&c, 60);
    assert_int_equal(alert_open(t, "fleet.fatigue"), 1);
    assert_true(alert_last(t, "fleet.fatigue", "open")->v[HAUL_F_ALERT_THRESHOLD].f == 2);
    haul_trial_close(t);
}

/* A rest of 20 minutes ends the stint, one of less does not; what is a rest is known when it has lasted. */
static void a_rest_counts_from_twenty_minutes(void **state)
{
    (void)state;
    for (int64_t minutes = 18; minutes <= 22; minutes++) {
        struct haul_trial *t = trial_of(&haul_fleet, "");
        struct car c = start(t, MORNING, 60);
        car_run(&c, 3 * 3600, 60);
        rest(&c, minutes);
        car_run(&c, 3600 + 600, 60);
        /* at rest from the first record of the rest to the last, one minute less than the rest itself: the minute of
         * stopping and the minute of starting are the vehicle's */
        assert_int_equal(alert_open(t, "fleet.fatigue"), minutes < 21);
        haul_trial_close(t);
    }
}

static void a_rest_clears_by_itself_when_the_vehicle_sleeps(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, MORNING, 60);
    car_run(&c, 4 * 3600 + 60, 60);
    assert_int_equal(alert_open(t, "fleet.fatigue"), 1);
    c.speed_kmh = 0, c.status = 2;
    car_step(&c, 60); /* the last that is heard */
    pass_to(t, c.ms + 20 * MINUTE - 1);
    assert_int_equal(alert_open(t, "fleet.fatigue"), 1);
    pass_to(t, c.ms + 20 * MINUTE);
    assert_int_equal(alert_open(t, "fleet.fatigue"), 0);
    haul_trial_close(t);
}

static void a_traffic_light_is_no_rest(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, MORNING, 60);
    for (int i = 0; i < 30; i++) { /* ten minutes of driving, two of standing */
        c.speed_kmh = 60;
        car_run(&c, 600, 60);
        c.speed_kmh = 0;
        car_run(&c, 120, 60);
    }
    assert_int_equal(alert_open(t, "fleet.fatigue"), 1);
    haul_trial_close(t);
}

static void eight_hours_in_a_day(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "night: {from: 00:00, to: 00:00}");
    struct car c = start(t, MORNING, 60);
    for (int i = 0; i < 4; i++) { /* two hours each, a rest of half an hour between */
        car_run(&c, 7200 - 60, 60);
        rest(&c, 30);
    }
    assert_int_equal(alerts(t, "fleet.fatigue", "open"), 0);
    car_run(&c, 900, 60);
    const struct haul_record *r = alert_last(t, "fleet.fatigue", "open");
    assert_non_null(r);
    assert_true(r->v[HAUL_F_ALERT_THRESHOLD].f == 8);
    rest(&c, 25); /* clears; driving on raises again: the day's hours are used up */
    assert_int_equal(alert_open(t, "fleet.fatigue"), 0);
    car_run(&c, 300, 60);
    assert_int_equal(alerts(t, "fleet.fatigue", "open"), 2);
    haul_trial_close(t);
}

static void forty_four_hours_in_a_week(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, MORNING - 2 * HOUR, 60); /* 08:00 */
    for (int day = 0; day < 6; day++) {
        const int64_t morning = c.ms;
        for (int i = 0; i < 4; i++) { /* 4 x 1:50 = 7:20 a day; 44:00 in six */
            car_run(&c, 6600, 60);
            rest(&c, 30);
        }
        if (day < 5) {
            c.ms = morning + 24 * HOUR;
            c.speed_kmh = 0, c.status = 2;
            car_send(&c);
            c.speed_kmh = 60, c.status = 3;
        }
    }
    const size_t before = alerts(t, "fleet.fatigue", "open");
    car_run(&c, 1800, 60);
    const struct haul_record *r = alert_last(t, "fleet.fatigue", "open");
    assert_non_null(r);
    assert_true(r->v[HAUL_F_ALERT_THRESHOLD].f == 44);
    assert_true(before <= 1);
    haul_trial_close(t);
}

static void another_driver_begins_at_zero(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    c.driver = "d1", c.speed_kmh = 60;
    car_send(&c);
    car_run(&c, 4 * 3600 + 60, 60);
    assert_int_equal(alert_open(t, "fleet.fatigue"), 1);
    c.driver = "d2";
    car_step(&c, 60);
    assert_int_equal(alert_open(t, "fleet.fatigue"), 0);
    car_run(&c, 4 * 3600 - 120, 60);
    assert_int_equal(alert_open(t, "fleet.fatigue"), 0);
    car_run(&c, 180, 60);
    assert_int_equal(alert_open(t, "fleet.fatigue"), 1);
    haul_trial_close(t);
}

static void the_days_hours_go_with_the_driver(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "night: {from: 00:00, to: 00:00}");
    struct car c = car_of(t, "A1");
    c.driver = "d1", c.speed_kmh = 60;
    car_send(&c);
    for (int i = 0; i < 3; i++) { /* 7:30 in three stints */
        car_run(&c, 9000, 60);
        rest(&c, 30);
    }
    c.driver = "d2";
    car_run(&c, 7200, 60);
    assert_int_equal(alerts(t, "fleet.fatigue", "open"), 0);
    pass_to(t, c.ms + 2000);
    assert_true(number_of(t, KEY, "driving_24h_h") < 2.05 && number_of(t, KEY, "driving_7d_h") < 2.05);
    haul_trial_close(t);
}

/* ---- what is driven in a silence -----------------------------------------------------------------------------------
 */
static void a_silence_is_driven_when_the_way_shows_it(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, MORNING, 60);
    car_run(&c, 3600, 60);
    car_step(&c, 1800); /* 30 km in half an hour */
    pass_to(t, c.ms + 2000);
    assert_true(number_of(t, KEY, "driving_min") == 90);
    c.speed_kmh = 0;
    car_step(&c, 60);
    c.ms += 3600 * SECOND; /* an hour in one place, then driving on */
    c.speed_kmh = 60;
    car_step(&c, 10);
    car_step(&c, 60);
    pass_to(t, c.ms + 2000);
    assert_true(number_of(t, KEY, "driving_min") <= 2);
    haul_trial_close(t);
}

/* ---- the vehicle's own bits ----------------------------------------------------------------------------------------
 */
static void the_vehicles_own_judgement_counts(void **state)
{
    (void)state;
    static const struct {
        int number;
        uint32_t alarm;
        int64_t severity;
    } rows[] = {{3, 1u << 2, 2}, {3, 1u << 18, 2}, {4, 1u << 14, 4}, {5, 1u << 3, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_fleet, "");
        struct car c = start(t, MORNING, 60);
        c.alarm = rows[i].alarm;
        car_run(&c, 60, 10);
        const struct haul_record *r = alert_last(t, "fleet.fatigue", "open");
        assert_int_equal(r == NULL ? 0 : r->v[HAUL_F_ALERT_SEVERITY].i, rows[i].severity);
        c.alarm = 0;
        car_step(&c, 10);
        c.alarm = rows[i].alarm; /* away for ten seconds: nothing */
        car_step(&c, 10);
        c.alarm = 0;
        car_run(&c, 70, 10);
        assert_int_equal(alert_open(t, "fleet.fatigue"), 0);
        assert_int_equal(alerts(t, "fleet.fatigue", "open"), rows[i].severity != 0);
        haul_trial_close(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_hours_by_day),
        cmocka_unit_test(two_hours_by_night),
        cmocka_unit_test(a_rest_counts_from_twenty_minutes),
        cmocka_unit_test(a_rest_clears_by_itself_when_the_vehicle_sleeps),
        cmocka_unit_test(a_traffic_light_is_no_rest),
        cmocka_unit_test(eight_hours_in_a_day),
        cmocka_unit_test(forty_four_hours_in_a_week),
        cmocka_unit_test(another_driver_begins_at_zero),
        cmocka_unit_test(the_days_hours_go_with_the_driver),
        cmocka_unit_test(a_silence_is_driven_when_the_way_shows_it),
        cmocka_unit_test(the_vehicles_own_judgement_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
