/* SPDX-License-Identifier: Apache-2.0
 * What guards the vehicle and its load: doors, the alarm word's bits, displacement, battery, fuel.
 */
#include "tests/unit/domains/support_domains.h"

#include <math.h>

#define KEY "vehicle:A1"

static struct car start(struct haul_trial *t, double kmh)
{
    struct car c = car_of(t, "A1");
    c.speed_kmh = kmh;
    car_send(&c);
    return c;
}

/* ---- doors ---------------------------------------------------------------------------------------------------------
 */
static void doors_follow_their_decision(void **state)
{
    (void)state;
    static const struct {
        int number;
        double kmh;
        int64_t status, alarm;
        int open;
    } rows[] = {
        {1, 0, 3, 1ll << 31, 1},   {2, 10, 3 | 1 << 13, 0, 1},  {2, 60, 3 | 1 << 16, 0, 1}, {3, 60, 3, 0, 0},
        {3, 0, 3 | 1 << 13, 0, 0}, {4, 9.9, 3 | 1 << 13, 0, 0}, {3, 60, 3 | 1 << 17, 0, 0}, {2, 30, 3 | 1 << 14, 0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_fleet, "");
        struct car c = start(t, rows[i].kmh);
        c.status = rows[i].status, c.alarm = rows[i].alarm;
        car_run(&c, 30, 1);
        if (alert_open(t, "fleet.door_open") != rows[i].open) fail_msg("row %zu (decision %d)", i, rows[i].number);
        haul_trial_close(t);
    }
}

static void a_door_by_event_is_raised_after_three_seconds_and_clears_after_ten(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, 30);
    car_run(&c, 5, 1);
    c.ms += 500;
    car_event(&c, "door_open", HAUL_F_VE_DOOR, 2);
    c.ms += 500;
    car_send(&c);
    car_run(&c, 2, 1);
    assert_int_equal(alert_open(t, "fleet.door_open"), 0); /* 2.5 s */
    car_step(&c, 1);
    assert_int_equal(alert_open(t, "fleet.door_open"), 1);
    assert_true(shows(t, KEY, "\"door_open\":true"));
    car_event(&c, "door_closed", HAUL_F_VE_DOOR, 1); /* another door */
    car_run(&c, 20, 1);
    assert_int_equal(alert_open(t, "fleet.door_open"), 1);
    car_event(&c, "door_closed", HAUL_F_VE_DOOR, 2);
    car_run(&c, 9, 1);
    assert_int_equal(alert_open(t, "fleet.door_open"), 1);
    car_step(&c, 1);
    assert_int_equal(alert_open(t, "fleet.door_open"), 0);
    haul_trial_close(t);
}

static void a_late_event_counts_when_nothing_newer_was_said(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, 0);
    struct car late = c;
    car_event(&c, "door_open", HAUL_F_VE_DOOR, 2);
    car_run(&c, 60, 10);
    late.ms += 20000;
    car_event(&late, "door_closed", HAUL_F_VE_DOOR, 2); /* behind the positions, but the newest of the doors */
    late.ms -= 5000;
    car_event(&late, "door_open", HAUL_F_VE_DOOR, 2); /* older than what is known of the doors */
    c.ms += 10000;
    car_send(&c);
    assert_true(shows(t, KEY, "\"door_open\":false"));
    c.alarm = -1; /* positions without an alarm word: it comes by events only */
    late.ms = c.ms + 5000;
    car_step(&c, 10);
    car_event(&late, "alarm", HAUL_F_VE_ALARM, 1);
    car_step(&c, 10);
    assert_int_equal(alert_open(t, "fleet.sos"), 1);
    assert_int_equal(car_event(&late, "exploded", HAUL_F_VE_LEVEL, 0), HAUL_QUARANTINE);
    haul_trial_close(t);
}

/* ---- rules that are bits -------------------------------------------------------------------------------------------
 */
static const struct {
    const char *rule;
    int bit;
    int64_t severity;
} bits[] = {
    {"fleet.sos", 0, 1},           {"fleet.collision", 29, 1},
    {"fleet.rollover", 30, 1},     {"fleet.illegal_ignition", 27, 2},
    {"fleet.displacement", 28, 2}, {"fleet.tampering", 4, 3},
    {"fleet.tampering", 5, 2},     {"fleet.tampering", 6, 2},
    {"fleet.tampering", 7, 3},     {"fleet.tampering", 8, 2},
};

static void a_bit_is_raised_at_once_and_clears_when_it_stays_away(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        struct haul_trial *t = trial_of(&haul_fleet, "");
        struct car c = start(t, 60);
        car_run(&c, 20, 10);
        c.alarm = (int64_t)(1ull << bits[i].bit);
        car_step(&c, 10);
        assert_int_equal(alert_open(t, bits[i].rule), 1);
        assert_int_equal(haul_trial_emitted(t), 1); /* and no other rule is */
        const struct haul_record *r = alert_last(t, bits[i].rule, "open");
        assert_int_equal(r->v[HAUL_F_ALERT_SEVERITY].i, bits[i].severity);
        assert_int_equal(r->v[HAUL_F_ALERT_SINCE].i, c.ms);
        for (int k = 0; k < 10; k++) { /* comes and goes */
            c.alarm = k % 2 == 0 ? 0 : (int64_t)(1ull << bits[i].bit);
            car_step(&c, 10);
        }
        c.alarm = 0;
        car_run(&c, 60, 10);
        assert_int_equal(alert_open(t, bits[i].rule), 1);
        car_step(&c, 10);
        assert_int_equal(alert_open(t, bits[i].rule), 0);
        assert_int_equal(alerts(t, bits[i].rule, "open"), 1);
        haul_trial_close(t);
    }
}

static void an_alarm_by_event_counts_like_one_by_position(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    assert_int_equal(car_event(&c, "alarm", HAUL_F_VE_ALARM, 1), HAUL_DONE);
    assert_int_equal(alert_open(t, "fleet.sos"), 1);
    assert_false(alert_last(t, "fleet.sos", "open")->positioned); /* its place is not known yet */
    c.ms += 1000;
    car_event(&c, "alarm", HAUL_F_VE_ALARM, 0);
    c.ms += 61000;
    car_event(&c, "alarm", HAUL_F_VE_ALARM, 0);
    assert_int_equal(alert_open(t, "fleet.sos"), 0);
    haul_trial_close(t);
}

static void an_unknown_event_is_refused_and_leaves_nothing(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    assert_int_equal(car_event(&c, "exploded", HAUL_F_VE_LEVEL, 1), HAUL_QUARANTINE);
    assert_non_null(strstr(haul_trial_refusal(t), "what: "));
    assert_null(haul_trial_document(t, KEY));
    haul_trial_close(t);
}

/* ---- displacement --------------------------------------------------------------------------------------------------
 */
static void displacement_follows_its_decision(void **state)
{
    (void)state;
    static const struct {
        int number;
        int64_t status;
        double first_m, then_m; /* from where the ignition went off */
        int open;
    } rows[] = {
        {2, 2, 200.5, 250, 1}, {4, 2, 199, 199, 0}, {4, 2, 250, 150, 0}, {4, 2, 150, 250, 0}, {3, 3, 300, 600, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_fleet, "");
        struct car c = start(t, 0);
        const double lon = c.lon;
        c.status = rows[i].status;
        car_step(&c, 30);
        c.lon = lon + car_degrees(&c, rows[i].first_m);
        car_step(&c, 30);
        assert_int_equal(alert_open(t, "fleet.displacement"), 0); /* one fix is not enough */
        c.lon = lon + car_degrees(&c, rows[i].then_m);
        car_step(&c, 30);
        if (alert_open(t, "fleet.displacement") != rows[i].open) fail_msg("row %zu (decision %d)", i, rows[i].number);
        haul_trial_close(t);
    }
}

static void displacement_ends_when_the_ignition_comes_on(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, 0);
    c.status = 2;
    car_step(&c, 30);
    c.lon += car_degrees(&c, 400);
    car_run(&c, 60, 30);
    assert_int_equal(alert_open(t, "fleet.displacement"), 1);
    assert_true(fabs(alert_last(t, "fleet.displacement", "open")->v[HAUL_F_ALERT_VALUE].f - 400) < 1);
    c.status = 3;
    car_run(&c, 60, 30);
    assert_int_equal(alert_open(t, "fleet.displacement"), 1);
    car_step(&c, 30);
    assert_int_equal(alert_open(t, "fleet.displacement"), 0);
    haul_trial_close(t);
}

static void the_ignition_goes_off_where_the_vehicle_is_found_next(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, 60);
    car_run(&c, 60, 10);
    c.ms += 10 * MINUTE; /* silent while it drove 10 km */
    c.lon += car_degrees(&c, 10000);
    car_event(&c, "ignition_off", HAUL_F_VE_LEVEL, 0);
    c.status = 2, c.speed_kmh = 0;
    car_run(&c, 300, 30);
    assert_int_equal(alerts(t, "fleet.displacement", "open"), 0);
    haul_trial_close(t);
}

/* ---- battery -------------------------------------------------------------------------------------------------------
 */
static void a_battery_alarm_counts_from_level_two(void **state)
{
    (void)state;
    static const int64_t severity[] = {0, 0, 2, 1};
    for (int64_t level = 0; level <= 3; level++) {
        struct haul_trial *t = trial_of(&haul_fleet, "");
        struct car c = start(t, 0);
        car_event(&c, "battery", HAUL_F_VE_LEVEL, level);
        const struct haul_record *r = alert_last(t, "fleet.battery", "open");
        assert_int_equal(r == NULL ? 0 : r->v[HAUL_F_ALERT_SEVERITY].i, severity[level]);
        c.ms += 1000;
        car_event(&c, "battery", HAUL_F_VE_LEVEL, 0);
        car_run(&c, 50, 10);
        assert_int_equal(alert_open(t, "fleet.battery"), severity[level] != 0);
        car_step(&c, 10);
        assert_int_equal(alert_open(t, "fleet.battery"), 0);
        haul_trial_close(t);
    }
}

/* ---- fuel ----------------------------------------------------------------------------------------------------------
 */
/* Parked with `from` litres for five minutes; then the level goes to `to` within `over_s` seconds. */
static int theft(const char *yaml, int64_t status, double from_l, double to_l, double over_s)
{
    struct haul_trial *t = trial_of(&haul_fleet, yaml);
    struct car c = start(t, 50);
    car_run(&c, 60, 10);
    c.speed_kmh = 0, c.status = status, c.fuel = from_l;
    car_run(&c, 300, 15);
    const double each_l = (to_l - from_l) / (over_s / 15);
    for (double s = 0; s < over_s; s += 15) {
        c.fuel += each_l;
        car_step(&c, 15);
    }
    c.fuel = to_l;
    car_run(&c, 60, 15);
    const int open = alert_open(t, "fleet.fuel_theft");
    haul_trial_close(t);
    return open;
}

static void fuel_theft_follows_its_decision(void **state)
{
    (void)state;
    static const struct {
        int64_t status;
        double from_l, to_l, over_s;
        int open;
    } rows[] = {
        {3, 300, 292, 60, 1},   {3, 300, 292.1, 60, 0}, /* 8 L */
        {3, 100, 95, 60, 1},    {3, 100, 95.1, 60, 0},  /* 5 % */
        {3, 40, 37.5, 60, 0},   {3, 40, 37, 60, 1},     /* never below the floor of 3 L */
        {3, 300, 285, 3600, 0}, {2, 300, 285, 3600, 1}, /* slowly: an engine that idles, or nothing that may use it */
        {3, 300, 310, 60, 0},   {2, 300, 300, 60, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (theft("", rows[i].status, rows[i].from_l, rows[i].to_l, rows[i].over_s) != rows[i].open)
            fail_msg("row %zu", i);
}

static void fuel_that_sloshes_is_not_stolen(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, 50);
    struct haul_rng rng;
    haul_rng_seed(&rng, 3);
    for (int trip = 0; trip < 30; trip++) {
        c.speed_kmh = 50;
        for (int i = 0; i < 30; i++) { /* on the road: 30 L up and down */
            c.fuel = 200 + haul_rng_normal(&rng) * 10;
            car_step(&c, 10);
        }
        c.speed_kmh = 0;
        for (int i = 0; i < 6; i++) { /* and for a minute after */
            c.fuel = 200 + haul_rng_normal(&rng) * 8;
            car_step(&c, 10);
        }
        for (int i = 0; i < 60; i++) { /* single wrong readings at rest */
            c.fuel = i % 7 == 3 ? 0 : 200 + haul_rng_normal(&rng) * 0.5;
            car_step(&c, 10);
        }
    }
    assert_int_equal(alerts(t, "fleet.fuel_theft", "open"), 0);
    haul_trial_close(t);
}

static void theft_ends_when_the_vehicle_drives_on(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, 0);
    c.fuel = 200, c.status = 2;
    car_run(&c, 300, 30);
    c.fuel = 150;
    c.ms += 7200 * SECOND; /* the terminal slept */
    car_run(&c, 120, 30);
    assert_int_equal(alert_open(t, "fleet.fuel_theft"), 1);
    const struct haul_record *r = alert_last(t, "fleet.fuel_theft", "open");
    assert_true(r->v[HAUL_F_ALERT_VALUE].f == 50);
    assert_non_null(memmem(r->v[HAUL_F_ALERT_WHY_EN].s.p, r->v[HAUL_F_ALERT_WHY_EN].s.n, "from 200 L to 150 L", 19));
    car_run(&c, 3600, 60);
    assert_int_equal(alert_open(t, "fleet.fuel_theft"), 1);
    c.status = 3, c.speed_kmh = 40;
    car_run(&c, 20, 10);
    assert_int_equal(alert_open(t, "fleet.fuel_theft"), 0);
    assert_int_equal(alerts(t, "fleet.fuel_theft", "open"), 1);
    haul_trial_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doors_follow_their_decision),
        cmocka_unit_test(a_door_by_event_is_raised_after_three_seconds_and_clears_after_ten),
        cmocka_unit_test(a_late_event_counts_when_nothing_newer_was_said),
        cmocka_unit_test(a_bit_is_raised_at_once_and_clears_when_it_stays_away),
        cmocka_unit_test(an_alarm_by_event_counts_like_one_by_position),
        cmocka_unit_test(an_unknown_event_is_refused_and_leaves_nothing),
        cmocka_unit_test(displacement_follows_its_decision),
        cmocka_unit_test(displacement_ends_when_the_ignition_comes_on),
        cmocka_unit_test(the_ignition_goes_off_where_the_vehicle_is_found_next),
        cmocka_unit_test(a_battery_alarm_counts_from_level_two),
        cmocka_unit_test(fuel_theft_follows_its_decision),
        cmocka_unit_test(fuel_that_sloshes_is_not_stolen),
        cmocka_unit_test(theft_ends_when_the_vehicle_drives_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
