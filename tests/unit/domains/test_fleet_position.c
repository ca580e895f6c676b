/* SPDX-License-Identifier: Apache-2.0
 * Where a vehicle is and how far it has come: the decisions of position.c, and what late records may do.
 */
#include "tests/unit/domains/support_domains.h"

#include "haul/math.h"

#include <math.h>

#define KEY "vehicle:A1"

static double odometer_m(const struct car *c)
{
    return number_of(c->t, KEY, "odometer_km") * 1000;
}

static void near(double got, double want, double within)
{
    if (!(haul_abs(got - want) <= within)) fail_msg("%.6f is not within %g of %.6f", got, within, want);
}

/* A fix 100 m on, ten seconds later, with one thing changed: is it believed? */
static void poor_fixes_do_not_move_the_vehicle(void **state)
{
    (void)state;
    static const struct {
        int number;
        int64_t satellites, status;
        double accuracy;
        const char *yaml;
        bool believed;
    } rows[] = {
        {1, 2, 3, (double)NAN, "", false},
        {5, 3, 3, (double)NAN, "", true},
        {1, -1, 3, 100.1, "", false},
        {5, -1, 3, 100, "", true},
        {5, -1, 1, (double)NAN, "", true},
        {1, -1, 1, (double)NAN, "position: {require_fix: true}", false},
        {5, -1, 3, (double)NAN, "position: {require_fix: true}", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_fleet, rows[i].yaml);
        struct car c = car_of(t, "A1");
        c.speed_kmh = 36;
        car_send(&c);
        const double lon = c.lon;
        c.satellites = rows[i].satellites, c.accuracy = rows[i].accuracy, c.status = rows[i].status;
        car_step(&c, 10);
        near(number_of(t, KEY, "lon_deg"), rows[i].believed ? c.lon : lon, 1e-7);
        assert_int_equal(haul_trial_counter(t, "untrusted"), !rows[i].believed);
        haul_trial_close(t);
    }
}

static void the_odometer_is_the_way_that_was_driven(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    c.speed_kmh = 72;
    car_send(&c);
    car_run(&c, 1000, 10); /* 20 km */
    near(odometer_m(&c), 20000, 2);
    assert_true(shows(t, KEY, "\"motion\":\"moving\""));
    haul_trial_close(t);
}

static void speed_comes_from_positions_when_it_is_not_reported(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    c.speed_kmh = (double)NAN;
    car_send(&c);
    for (int i = 0; i < 20; i++) {
        c.lon += car_degrees(&c, 200);
        car_step(&c, 10);
    }
    near(number_of(t, KEY, "speed_kmh"), 72, 0.2);
    near(odometer_m(&c), 4000, 1);
    haul_trial_close(t);
}

static void drift_at_rest_adds_nothing(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    struct haul_rng rng;
    haul_rng_seed(&rng, 7);
    c.speed_kmh = 0;
    car_send(&c);
    const double lon = c.lon;
    for (int i = 0; i < 2000; i++) {
        const double m = haul_rng_normal(&rng) * 10;
        c.lon = lon + car_degrees(&c, m > 49 ? 49 : m < -49 ? -49 : m);
        c.speed_kmh = haul_rng_f64(&rng) * 8; /* noise of the speed, too, above `moving` */
        c.ms += 10000;
        car_send(&c);
    }
    assert_true(number_of(t, KEY, "odometer_km") == 0);
    assert_true(shows(t, KEY, "\"motion\":\"resting\""));
    haul_trial_close(t);
}

static void leaving_counts_from_the_place_of_rest(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    car_send(&c);
    c.speed_kmh = 20;
    car_run(&c, 8, 1); /* 44 m: within the radius, still at rest */
    assert_true(odometer_m(&c) == 0);
    car_run(&c, 10, 1);
    near(odometer_m(&c), 100, 0.1);
    c.speed_kmh = 0;
    car_step(&c, 1);
    c.lon += car_degrees(&c, 60); /* it creeps on without reaching `moving` */
    c.speed_kmh = 3;
    car_step(&c, 60);
    near(odometer_m(&c), 100 + 60 + 50, 0.5);
    assert_true(shows(t, KEY, "\"motion\":\"resting\""));
    haul_trial_close(t);
}

/* ---- jumps ------------------------------------------------------------------------------------------------------- */
static void a_jump_does_not_move_the_vehicle_and_adds_nothing(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    c.speed_kmh = 36;
    car_send(&c);
    car_run(&c, 100, 10);
    const double home = c.lon;
    c.lon += 1; /* 98 km */
    car_send(&c);
    car_step(&c, 10);
    near(number_of(t, KEY, "lon_deg"), home, 1e-6);
    c.lon = home + car_degrees(&c, 100);
    car_step(&c, 10);
    near(odometer_m(&c), 1000 + 200, 1);
    haul_trial_close(t);
}

static void a_stray_place_is_not_believed_because_time_passes(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "gnss_jump: {accept: 16}");
    struct car c = car_of(t, "A1");
    car_send(&c);
    const double home = c.lon;
    c.lon += 0.05; /* 4.9 km: at 200 km/h it could be there after 88 s */
    for (int i = 0; i < 12; i++) car_step(&c, 20);
    near(number_of(t, KEY, "lon_deg"), home, 1e-6);
    assert_true(odometer_m(&c) == 0);
    haul_trial_close(t);
}

static void stray_fixes_that_agree_are_believed_without_a_distance(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    c.speed_kmh = 36;
    car_send(&c);
    c.lon += 1;
    car_step(&c, 10);
    car_step(&c, 10);
    assert_true(number_of(t, KEY, "lon_deg") < 116);
    car_step(&c, 10); /* the third */
    near(number_of(t, KEY, "lon_deg"), c.lon, 1e-6);
    assert_true(odometer_m(&c) == 0);
    car_run(&c, 100, 10);
    near(odometer_m(&c), 1000, 1);
    haul_trial_close(t);
}

/* ---- late records ------------------------------------------------------------------------------------------------ */
static void older_records_move_nothing_back(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    c.speed_kmh = 36;
    car_send(&c);
    car_run(&c, 100, 10);
    const double km = number_of(t, KEY, "odometer_km"), lon = number_of(t, KEY, "lon_deg");
    struct car old = c;
    old.ms -= 15000, old.lon -= 0.3, old.lag = 15000, old.alarm = 1;
    assert_int_equal(car_send(&old), HAUL_DONE);
    c.speed_kmh = 0;
    c.ms += 2000;
    car_send(&c);
    assert_true(number_of(t, KEY, "odometer_km") == km);
    assert_true(number_of(t, KEY, "lon_deg") == lon);
    assert_true(number_of(t, KEY, "disordered") == 1);
    assert_int_equal(haul_trial_counter(t, "disordered"), 1);
    assert_int_equal(alert_open(t, "fleet.sos"), 0);
    haul_trial_close(t);
}

static void a_late_record_in_order_for_its_vehicle_is_processed(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    c.speed_kmh = 36;
    car_send(&c);
    pass_to(t, MORNING + HOUR);
    c.lag = HOUR;
    car_step(&c, 30);
    assert_true(number_of(t, KEY, "late") == 1);
    pass_to(t, MORNING + HOUR + 2000);
    near(odometer_m(&c), 300, 0.5);
    haul_trial_close(t);
}

/* A detour of 6 km that a blind area hides is a straight line at first, and exact when it has been uploaded. */
static void a_late_upload_of_a_blind_area_fills_the_odometer_exactly(void **state)
{
    (void)state;
    struct haul_trial *whole = trial_of(&haul_fleet, ""), *blind = trial_of(&haul_fleet, "");
    struct car a = car_of(whole, "A1"), b = car_of(blind, "A1");
    struct car kept[20];
    a.speed_kmh = 72;
    car_send(&a);
    b.speed_kmh = 72;
    car_send(&b);
    for (int i = 0; i < 20; i++) { /* up for ten legs, down for ten */
        a.lat += i < 10 ? 0.002 : -0.002;
        car_step(&a, 20);
        kept[i] = a;
        kept[i].t = blind;
    }
    car_step(&a, 20);
    const double true_km = number_of(whole, KEY, "odometer_km");
    struct car live = a;
    live.t = blind;
    car_send(&live);
    assert_true(number_of(blind, KEY, "odometer_km") < true_km - 0.4);
    for (int i = 0; i < 20; i++) {
        kept[i].lag = live.ms - kept[i].ms + 1000 * i;
        car_send(&kept[i]);
    }
    live.ms += 30000, live.speed_kmh = 0;
    a.ms += 30000, a.speed_kmh = 0;
    car_send(&live);
    car_send(&a);
    assert_true(number_of(blind, KEY, "odometer_km") == number_of(whole, KEY, "odometer_km"));
    assert_int_equal(haul_trial_counter(blind, "filled"), 20);
    /* once more, and out of order: only counted */
    const double km = number_of(blind, KEY, "odometer_km");
    for (int i = 19; i >= 0; i--) car_send(&kept[i]);
    live.ms += 30000;
    car_send(&live);
    assert_true(number_of(blind, KEY, "odometer_km") == km);
    assert_true(number_of(blind, KEY, "disordered") == 40);
    haul_trial_close(whole);
    haul_trial_close(blind);
}

static void drift_in_a_late_upload_adds_nothing(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    c.speed_kmh = 72;
    car_send(&c);
    const struct car before = c;
    c.ms += 500000; /* five minutes at rest, then on: not heard */
    c.speed_kmh = 36;
    car_step(&c, 100);
    for (int i = 1; i <= 20; i++) {
        struct car old = before;
        old.ms += i * 15000, old.lag = c.ms - old.ms, old.speed_kmh = 0;
        old.lat += i % 2 == 0 ? 0.0003 : -0.0003; /* 33 m to and fro */
        car_send(&old);
    }
    c.ms += 2000, c.speed_kmh = 0;
    car_send(&c);
    near(odometer_m(&c), 1000, 0.5);
    assert_int_equal(haul_trial_counter(t, "filled"), 0);
    haul_trial_close(t);
}

static void of_two_places_at_one_time_the_first_counts(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    c.speed_kmh = 36;
    car_send(&c);
    car_step(&c, 10);
    const double lon = c.lon;
    c.lon += car_degrees(&c, 200);
    car_send(&c);
    pass_to(t, c.ms + 2000);
    near(number_of(t, KEY, "lon_deg"), lon, 1e-6);
    near(odometer_m(&c), 100, 0.1);
    haul_trial_close(t);
}

static void what_cannot_be_reached_fills_nothing(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    c.speed_kmh = 72;
    car_send(&c);
    car_step(&c, 300);
    const double km = number_of(t, KEY, "odometer_km");
    struct car old = c;
    old.ms -= 150000, old.lag = 151000, old.lat += 1;
    car_send(&old);
    c.speed_kmh = 0;
    car_step(&c, 2);
    near(number_of(t, KEY, "odometer_km"), km, 1e-9);
    assert_int_equal(haul_trial_counter(t, "filled"), 0);
    haul_trial_close(t);
}

static void a_vehicle_that_is_silent_for_long_goes(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "keep: 2h");
    struct car c = car_of(t, "A1");
    c.alarm = 1;
    car_send(&c);
    c.alarm = 1, c.ms += HOUR;
    car_send(&c);
    pass_to(t, MORNING + 3 * HOUR - 1);
    assert_non_null(haul_trial_document(t, KEY));
    pass_to(t, MORNING + 3 * HOUR);
    assert_null(haul_trial_document(t, KEY));
    assert_int_equal(alert_open(t, "fleet.sos"), 0);
    assert_int_equal(alerts(t, "fleet.sos", "clear"), 1);
    haul_trial_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(poor_fixes_do_not_move_the_vehicle),
        cmocka_unit_test(the_odometer_is_the_way_that_was_driven),
        cmocka_unit_test(speed_comes_from_positions_when_it_is_not_reported),
        cmocka_unit_test(drift_at_rest_adds_nothing),
        cmocka_unit_test(leaving_counts_from_the_place_of_rest),
        cmocka_unit_test(a_jump_does_not_move_the_vehicle_and_adds_nothing),
        cmocka_unit_test(a_stray_place_is_not_believed_because_time_passes),
        cmocka_unit_test(stray_fixes_that_agree_are_believed_without_a_distance),
        cmocka_unit_test(older_records_move_nothing_back),
        cmocka_unit_test(a_late_record_in_order_for_its_vehicle_is_processed),
        cmocka_unit_test(a_late_upload_of_a_blind_area_fills_the_odometer_exactly),
        cmocka_unit_test(drift_in_a_late_upload_adds_nothing),
        cmocka_unit_test(of_two_places_at_one_time_the_first_counts),
        cmocka_unit_test(what_cannot_be_reached_fills_nothing),
        cmocka_unit_test(a_vehicle_that_is_silent_for_long_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
