/* SPDX-License-Identifier: Apache-2.0
 * What the terminal sends: repeated serials, impossible fixes, a wrong clock, silence.
 */
#include "tests/unit/domains/support_domains.h"

#define KEY "vehicle:A1"

static struct car start(struct haul_trial *t, double kmh)
{
    struct car c = car_of(t, "A1");
    c.speed_kmh = kmh;
    car_send(&c);
    return c;
}

/* ---- serials -------------------------------------------------------------------------------------------------------
 */
static void a_message_seen_before_is_dropped(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    for (c.serial = 0; c.serial < 10; c.serial++) assert_int_equal(car_step(&c, 10), HAUL_DONE);
    c.serial = 9;
    assert_int_equal(car_send(&c), HAUL_DROP); /* decision 3 */
    struct car before = c;
    before.serial = 7, before.ms -= 20000;
    assert_int_equal(car_send(&before), HAUL_DROP);
    before.serial = 6, before.ms -= 10000;
    assert_int_equal(car_send(&before), HAUL_DONE); /* decision 2: the ring holds three; only counted, as disordered */
    assert_int_equal(haul_trial_counter(t, "duplicate"), 2);
    c.serial = 9;
    assert_int_equal(car_step(&c, 10), HAUL_DONE); /* decision 4 */
    c.serial = -1;
    assert_int_equal(car_step(&c, 10), HAUL_DONE); /* decision 1 */
    assert_int_equal(car_send(&c), HAUL_DONE);
    haul_trial_close(t);
}

static void three_repeats_raise_and_a_quiet_window_clears(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    for (c.serial = 0; c.serial < 3; c.serial++) {
        car_step(&c, 10);
        assert_int_equal(alert_open(t, "fleet.duplicate_serial"), 0);
        car_send(&c);
    }
    assert_int_equal(alert_open(t, "fleet.duplicate_serial"), 1);
    assert_true(number_of(t, KEY, "duplicates") == 3);
    pass_to(t, c.ms + 10 * MINUTE - 1);
    assert_int_equal(alert_open(t, "fleet.duplicate_serial"), 1);
    pass_to(t, c.ms + 10 * MINUTE);
    assert_int_equal(alert_open(t, "fleet.duplicate_serial"), 0);
    c.ms += 11 * MINUTE, c.serial = 100;
    car_send(&c);
    car_send(&c);
    car_send(&c); /* two repeats: it counts anew */
    assert_int_equal(alert_open(t, "fleet.duplicate_serial"), 0);
    haul_trial_close(t);
}

static void two_terminals_under_one_identity_are_found(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car a = car_of(t, "A1"), b = car_of(t, "A1");
    b.ms += 3000;
    for (a.serial = b.serial = 0; a.serial < 5; a.serial++, b.serial++) {
        car_step(&a, 10);
        car_step(&b, 10);
    }
    assert_int_equal(alert_open(t, "fleet.duplicate_serial"), 1);
    haul_trial_close(t);
}

/* ---- impossible fixes ----------------------------------------------------------------------------------------------
 */
static void a_jump_is_raised_and_five_good_fixes_clear_it(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, 60);
    car_run(&c, 50, 10);
    struct car away = c;
    away.lon += 0.5;
    car_step(&away, 10);
    assert_int_equal(alert_open(t, "fleet.gnss_jump"), 1);
    const struct haul_record *r = alert_last(t, "fleet.gnss_jump", "open");
    assert_int_equal(r->v[HAUL_F_ALERT_SEVERITY].i, 4);
    assert_true(r->v[HAUL_F_ALERT_VALUE].f > 10000);
    c.ms = away.ms;
    car_run(&c, 40, 10);
    assert_int_equal(alert_open(t, "fleet.gnss_jump"), 1);
    car_step(&c, 10);
    assert_int_equal(alert_open(t, "fleet.gnss_jump"), 0);
    haul_trial_close(t);
}

static void a_jump_is_one_beyond_speed_and_scatter(void **state)
{
    (void)state;
    static const struct {
        double m, seconds;
        int open;
    } rows[] = {{299, 1, 0}, {305, 1, 1}, {5500, 100, 0}, {5700, 100, 1}, {305, 10, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_fleet, "");
        struct car c = start(t, 0);
        c.lon += car_degrees(&c, rows[i].m);
        car_step(&c, rows[i].seconds);
        if (alert_open(t, "fleet.gnss_jump") != rows[i].open) fail_msg("row %zu", i);
        haul_trial_close(t);
    }
}

static void a_receiver_that_drifts_is_worse(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, 60);
    const double lat = c.lat;
    for (int i = 0; i < 12; i++) { /* every other fix is far off, each elsewhere */
        c.lat = i % 2 == 0 ? lat + 0.3 + 0.1 * i : lat;
        car_step(&c, 10);
        const struct haul_record *r = alert_last(t, "fleet.gnss_jump", "change");
        assert_int_equal(r != NULL && r->v[HAUL_F_ALERT_SEVERITY].i == 3, i >= 10); /* the sixth of them */
    }
    assert_int_equal(alerts(t, "fleet.gnss_jump", "open"), 1);
    haul_trial_close(t);
}

/* ---- the clock -----------------------------------------------------------------------------------------------------
 */
static void the_clock_follows_its_decision(void **state)
{
    (void)state;
    static const struct {
        int number;
        int64_t lag[6]; /* seconds, of each record */
        int open;
    } rows[] = {
        {3, {600, 600, 600, 600, 600, 600}, 1},
        {3, {-301, -301, -301, -301, -301, -301}, 1},
        {4, {299, 299, 299, 299, 299, 299}, 0},
        {4, {0, 0, 0, 0, 0, 0}, 0},
        {2, {3600, 3000, 2400, 1800, 1200, 600}, 0},
        {2, {600, 600, 0, 600, 600, 0}, 0},
        {3, {600, 629, 600, 629, 600, 629}, 1},
        {2, {600, 640, 600, 640, 600, 640}, 0},
        {5, {600, 600, 600, 0, 0, 0}, 0},
        {5, {600, 600, 600, 0, 0, 290}, 1},
        {5, {600, 600, 600, 290, 290, 290}, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_fleet, "");
        struct car c = car_of(t, "A1");
        int64_t append = MORNING; /* records arrive every two minutes */
        for (int k = 0; k < 6; k++) {
            c.lag = rows[i].lag[k] * SECOND;
            append += k > 0 ? rows[i].lag[k - 1] * SECOND - c.lag > 0 ? rows[i].lag[k - 1] * SECOND - c.lag : 0 : 0;
            append +=
                20 * SECOND + (k > 0 && c.lag > rows[i].lag[k - 1] * SECOND ? c.lag - rows[i].lag[k - 1] * SECOND : 0);
            c.ms = append - c.lag;
            car_send(&c);
        }
        if (alert_open(t, "fleet.clock_skew") != rows[i].open) fail_msg("row %zu (decision %d)", i, rows[i].number);
        haul_trial_close(t);
    }
}

static void right_records_must_come_running_to_clear(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "clock_skew: {count: 2}");
    struct car c = car_of(t, "A1");
    static const int64_t lag_s[] = {600, 600, 0, 600, 0, 600, 0, 0};
    for (size_t i = 0; i < 8; i++) {
        c.ms += 20 * MINUTE;
        c.lag = lag_s[i] * SECOND;
        car_send(&c);
        assert_int_equal(alert_open(t, "fleet.clock_skew"), i >= 1 && i <= 6);
    }
    haul_trial_close(t);
}

static void a_slow_clock_is_not_silence(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1"), other = car_of(t, "B");
    c.speed_kmh = 60, c.lag = 30 * MINUTE;
    car_send(&c);
    for (int i = 0; i < 300; i++) {
        car_step(&c, 30);
        other.ms = c.ms + c.lag;
        car_send(&other);
    }
    assert_int_equal(alerts(t, "fleet.offline", "open"), 0);
    assert_int_equal(alert_open(t, "fleet.clock_skew"), 1);
    const struct haul_record *r = alert_last(t, "fleet.clock_skew", "open");
    assert_true(haul_str_eq(r->v[HAUL_F_ALERT_CAUSE].s, HAUL_STR("clock:g1")));
    assert_true(r->v[HAUL_F_ALERT_VALUE].f == 1800);
    haul_trial_close(t);
}

/* The clock is off by `lag` until it is set right; the world goes on at 36 km/h all the time. */
static struct car set_right(struct haul_trial *t, int64_t lag, int records)
{
    struct car c = car_of(t, "A1");
    c.speed_kmh = 36, c.lag = lag;
    car_send(&c);
    car_run(&c, 300, 10);
    c.ms += lag, c.lag = 0; /* now */
    for (int i = 0; i < records; i++) car_step(&c, 10);
    return c;
}

static void a_clock_that_is_set_takes_the_vehicles_times_along(void **state)
{
    (void)state;
    static const struct {
        int number, records;
        int64_t lag;
        bool moved; /* the position has followed */
    } rows[] = {{3, 1, -10 * MINUTE, false}, {3, 2, -10 * MINUTE, true}, {2, 1, 30 * MINUTE, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_fleet, "");
        const struct car c = set_right(t, rows[i].lag, rows[i].records);
        pass_to(t, c.ms + 2000); /* what was held back is painted */
        const bool moved = number_of(t, KEY, "lon_deg") > c.lon - 1e-6;
        if (moved != rows[i].moved) fail_msg("row %zu (decision %d)", i, rows[i].number);
        assert_int_equal(alerts(t, "fleet.gnss_jump", "open"), 0);
        if (moved) assert_true(number_of(t, KEY, "odometer_km") * 1000 > 3000 + 10 * rows[i].records - 2);
        haul_trial_close(t);
    }
}

static void after_the_clock_is_set_all_goes_on(void **state)
{
    (void)state;
    static const int64_t lags[] = {-10 * MINUTE, 30 * MINUTE};
    for (size_t i = 0; i < 2; i++) {
        struct haul_trial *t = trial_of(&haul_fleet, "");
        struct car c = set_right(t, lags[i], 10);
        assert_int_equal(alert_open(t, "fleet.clock_skew"), 0);
        assert_int_equal(haul_trial_counter(t, "disordered"), lags[i] < 0);
        c.speed_kmh = 115;
        car_run(&c, 10, 5);
        assert_int_equal(alert_open(t, "fleet.speeding"),
                         0); /* five seconds, not the half hour that the clock jumped */
        car_step(&c, 5);
        assert_int_equal(alert_open(t, "fleet.speeding"), 1);
        pass_to(t, c.ms + 10 * MINUTE);
        assert_int_equal(alert_open(t, "fleet.offline"), 1);
        haul_trial_close(t);
    }
}

/* ---- silence -------------------------------------------------------------------------------------------------------
 */
static void silence_is_raised_after_ten_minutes_with_the_ignition_on(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, 60);
    c.source = "gateway 7";
    car_run(&c, 480, 10);
    const int64_t last = c.ms;
    pass_to(t, last + 10 * MINUTE - 1);
    assert_int_equal(alert_open(t, "fleet.offline"), 0);
    pass_to(t, last + 10 * MINUTE);
    assert_int_equal(alert_open(t, "fleet.offline"), 1);
    const struct haul_record *r = alert_last(t, "fleet.offline", "open");
    assert_true(haul_str_eq(r->v[HAUL_F_ALERT_CAUSE].s, HAUL_STR("gateway:gateway 7")));
    assert_true(r->v[HAUL_F_ALERT_VALUE].f == 10);
    assert_int_equal(r->v[HAUL_F_ALERT_SINCE].i, last);
    pass_to(t, last + 3 * HOUR);
    assert_int_equal(alerts(t, "fleet.offline", "open"), 1);
    c.ms = last + 3 * HOUR;
    car_send(&c);
    assert_int_equal(alert_open(t, "fleet.offline"), 0);
    pass_to(t, c.ms + 10 * MINUTE);
    assert_int_equal(alert_open(t, "fleet.offline"), 1);
    assert_int_equal(alerts(t, "fleet.offline", "open"), 2);
    haul_trial_close(t);
}

static void a_vehicle_may_sleep_with_the_ignition_off(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, 60);
    car_step(&c, 10);
    car_event(&c, "ignition_off", HAUL_F_VE_LEVEL, 0);
    pass_to(t, c.ms + 5 * HOUR);
    assert_int_equal(alerts(t, "fleet.offline", "open"), 0);
    c.ms += 6 * HOUR;
    car_event(&c, "ignition_on", HAUL_F_VE_LEVEL, 0);
    pass_to(t, c.ms + 10 * MINUTE);
    assert_int_equal(alert_open(t, "fleet.offline"), 1);
    haul_trial_close(t);
}

static void a_late_upload_ends_the_silence(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = start(t, 60);
    car_step(&c, 10);
    pass_to(t, c.ms + HOUR);
    assert_int_equal(alert_open(t, "fleet.offline"), 1);
    c.ms += 20 * SECOND, c.lag = HOUR;
    car_send(&c);
    assert_int_equal(alert_open(t, "fleet.offline"), 0);
    pass_to(t, c.ms + HOUR + 9 * MINUTE); /* it was heard at the watermark of that time */
    assert_int_equal(alert_open(t, "fleet.offline"), 0);
    haul_trial_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_seen_before_is_dropped),
        cmocka_unit_test(three_repeats_raise_and_a_quiet_window_clears),
        cmocka_unit_test(two_terminals_under_one_identity_are_found),
        cmocka_unit_test(a_jump_is_raised_and_five_good_fixes_clear_it),
        cmocka_unit_test(a_jump_is_one_beyond_speed_and_scatter),
        cmocka_unit_test(a_receiver_that_drifts_is_worse),
        cmocka_unit_test(the_clock_follows_its_decision),
        cmocka_unit_test(right_records_must_come_running_to_clear),
        cmocka_unit_test(a_slow_clock_is_not_silence),
        cmocka_unit_test(a_clock_that_is_set_takes_the_vehicles_times_along),
        cmocka_unit_test(after_the_clock_is_set_all_goes_on),
        cmocka_unit_test(silence_is_raised_after_ten_minutes_with_the_ignition_on),
        cmocka_unit_test(a_vehicle_may_sleep_with_the_ignition_off),
        cmocka_unit_test(a_late_upload_ends_the_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
