/* SPDX-License-Identifier: Apache-2.0
 * Zones, motors, chutes, trucks, vehicles, counts: each rule at its threshold and beside it.
 */
#include "tests/unit/domains/support_warehouse.h"

#include <stdio.h>

/* ---- jams ---- */
static void an_eye_is_blocked_for(double seconds, const char *motor, bool moves, int raised)
{
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    hub_send(&h, "hub_machine", "\"at\":\"C1\",\"part\":\"conveyor\",\"blocked\":false%s", motor);
    hub_wait(&h, 60);
    hub_send(&h, "hub_machine", "\"at\":\"C1\",\"blocked\":true");
    if (moves) {
        hub_wait(&h, 1);
        hub_send(&h, "hub_machine", "\"at\":\"C1\",\"arrived\":true");
        h.ms -= 1000;
    }
    hub_wait(&h, seconds);
    hub_send(&h, "hub_machine", "\"at\":\"C1\",\"blocked\":false");
    hub_pass(&h);
    if ((int)alerts(t, "warehouse.sensor_jam", "open") != raised)
        fail_msg("%g s, %s, moves %d: not %d", seconds, motor, moves, raised);
    hub_wait(&h, 4.999);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.sensor_jam"), raised);
    hub_wait(&h, 0.001);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.sensor_jam"), 0);
    haul_trial_close(t);
}

static void a_sensor_jam_is_blocked_and_driven_for_five_seconds(void **state)
{
    (void)state;
    an_eye_is_blocked_for(4.999, ",\"motor\":true", false, 0);
    an_eye_is_blocked_for(5, ",\"motor\":true", false, 1);
    an_eye_is_blocked_for(5.001, ",\"motor\":true", false, 1);
    an_eye_is_blocked_for(60, ",\"motor\":false", false, 0);  /* it stands */
    an_eye_is_blocked_for(60, "", false, 0);                  /* nobody has said that it runs */
    an_eye_is_blocked_for(5.999, ",\"motor\":true", true, 0); /* touching cartons: the zone takes in */
    an_eye_is_blocked_for(6, ",\"motor\":true", true, 1);
}

static void a_jam_is_found_without_a_further_record(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    hub_send(&h, "hub_machine", "\"at\":\"C1\",\"blocked\":true,\"motor\":true");
    hub_wait(&h, 4.999);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.sensor_jam"), 0);
    hub_wait(&h, 0.001);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.sensor_jam"), 1);
    assert_true(shows(t, "station:H1/C1", "\"alerts\":[\"sensor_jam\"]"));
    assert_true(number_of(t, "hub:H1", "jams") == 1);
    const struct haul_record *r = alert_last(t, "warehouse.sensor_jam", "open");
    assert_true(haul_str_eq(r->v[HAUL_F_ALERT_ENTITY].s, HAUL_STR("station:H1/C1")));
    assert_int_equal(r->v[HAUL_F_ALERT_SINCE].i, MORNING);
    assert_true(haul_str_eq(r->v[HAUL_F_ALERT_OPTION].s, HAUL_STR("warehouse.sensor_jam.after")));
    haul_trial_close(t);
}

static void passed_on_and_arrives_after(double seconds, bool stands, int raised)
{
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    if (stands) hub_send(&h, "hub_machine", "\"at\":\"C2\",\"motor\":false");
    hub_send(&h, "hub_machine", "\"at\":\"C1\",\"sent_to\":\"C2\"");
    hub_wait(&h, seconds);
    hub_send(&h, "hub_machine", "\"at\":\"C2\",\"arrived\":true");
    hub_pass(&h);
    if ((int)alerts(t, "warehouse.arrival_jam", "open") != raised) fail_msg("%g s: not %d", seconds, raised);
    assert_int_equal(alert_open(t, "warehouse.arrival_jam"), 0);
    haul_trial_close(t);
}

static void an_arrival_jam_is_no_confirmation_for_five_seconds(void **state)
{
    (void)state;
    passed_on_and_arrives_after(4.999, false, 0);
    passed_on_and_arrives_after(5, false, 1);
    passed_on_and_arrives_after(60, true, 0);
}

static void what_is_taken_away_by_hand_is_forgotten(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    for (int i = 0; i < 20; i++) { /* more than are remembered by their time */
        hub_send(&h, "hub_machine", "\"at\":\"C1\",\"sent_to\":\"C2\"");
        hub_wait(&h, 0.1);
    }
    hub_wait(&h, 10);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.arrival_jam"), 1);
    hub_wait(&h, 580);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.arrival_jam"), 1);
    hub_wait(&h, 1300);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.arrival_jam"), 0);
    haul_trial_close(t);
}

/* ---- motors ---- */
static void a_motor_that_draws_more_is_worn(void **state)
{
    (void)state;
    static const double wave[] = {0.05, -0.05, 0.03, -0.03, 0.01, -0.01};
    struct haul_trial *t = trial_of(&haul_warehouse, "wear: {every: 0s, learn: 120}");
    struct hub h = hub_of(t, "H1");
    for (int i = 0; i < 400; i++, hub_wait(&h, 30))
        hub_send(&h, "hub_machine", "\"at\":\"C1\",\"motor\":true,\"current_a\":%.3f", 4 + wave[i % 6]);
    assert_int_equal(alerts(t, "warehouse.motor_wear", "open"), 0);
    int needed = 0; /* each reading one spread (0.05) above: half of it over the slack, 8 in 16 readings */
    for (; alert_open(t, "warehouse.motor_wear") == 0 && needed < 100; needed++, hub_wait(&h, 30))
        hub_send(&h, "hub_machine", "\"at\":\"C1\",\"motor\":true,\"current_a\":4.05");
    assert_in_range(needed, 14, 17);
    for (int i = 0; i < 200; i++, hub_wait(&h, 30))
        hub_send(&h, "hub_machine", "\"at\":\"C1\",\"motor\":false,\"current_a\":0");
    assert_int_equal(alert_open(t, "warehouse.motor_wear"), 1); /* one that stands is not judged */
    hub_send(&h, "hub_machine", "\"at\":\"C1\",\"serviced\":true");
    assert_int_equal(alert_open(t, "warehouse.motor_wear"), 0);
    haul_trial_close(t);
}

/* ---- chutes ---- */
static void a_chute_is_full_from_its_limit_or_by_its_sensor(void **state)
{
    (void)state;
    static const struct {
        const char *says;
        int open;
    } rows[] = {
        {"\"fill_pct\":97.9", 0},
        {"\"fill_pct\":98", 1},
        {"\"fill_pct\":70.1", 1}, /* between the two nothing changes */
        {"\"fill_pct\":70", 0},
        {"\"full\":true", 1},
        {"\"full\":false,\"fill_pct\":50", 0},
        {"\"fill_pct\":99", 1},
        {"\"open\":false", 0},
    };
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    hub_send(&h, "hub_chute", "\"at\":\"P2\",\"fill_pct\":0");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        hub_wait(&h, 1);
        hub_send(&h, "hub_chute", "\"at\":\"P1\",%s", rows[i].says);
        if (alert_open(t, "warehouse.chute_full") != rows[i].open) fail_msg("row %zu: not %d", i, rows[i].open);
        hub_pass(&h);
        if (number_of(t, "hub:H1", "chutes_blocked_pct") != 50.0 * rows[i].open) fail_msg("row %zu: percent", i);
    }
    haul_trial_close(t);
}

static void fills_by(double first_pct, double pctpmin, int minutes, int raised_at)
{
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    int at = -1;
    for (int m = 0; m <= minutes; m++, hub_wait(&h, 60)) {
        hub_send(&h, "hub_chute", "\"at\":\"P1\",\"fill_pct\":%.2f", first_pct + pctpmin * m);
        if (at < 0 && alert_open(t, "warehouse.queue_growth") == 1) at = m;
    }
    if (at != raised_at) fail_msg("from %g at %g: raised at minute %d, not %d", first_pct, pctpmin, at, raised_at);
    if (at >= 0) {
        const struct haul_record *r = alert_last(t, "warehouse.queue_growth", "open");
        const double left = (100 - first_pct - pctpmin * at) / pctpmin;
        char full_in[32];
        snprintf(full_in, sizeof full_in, "full in %.0f min", left);
        const struct haul_str why = r->v[HAUL_F_ALERT_WHY_EN].s;
        if (memmem(why.p, why.n, full_in, strlen(full_in)) == NULL)
            fail_msg("%.*s: not %s", (int)why.n, why.p, full_in);
    }
    haul_trial_close(t);
}

static void a_queue_that_grows_tells_when_it_is_full(void **state)
{
    (void)state;
    fills_by(80, 1, 17, 12);    /* the slope is known at minute 2, held for ten at 12: 92 % */
    fills_by(60, 1, 30, 25);    /* 85 % at minute 25 */
    fills_by(60, 0.99, 25, -1); /* 84.75 % */
    fills_by(86, 0, 30, -1);
    fills_by(95, -0.2, 30, -1);
}

/* ---- docks ---- */
static void a_truck_waits_and_turns(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    hub_send(&h, "hub_dock", "\"what\":\"gate_in\",\"truck\":\"T1\",\"at\":\"G1\",\"to\":\"D1\"");
    hub_wait(&h, 29 * 60 + 59.999);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.dock_wait"), 0);
    assert_true(shows(t, "hub:H1", "{\"dock\":\"D1\",\"waiting\":1,\"docked\":0}"));
    hub_wait(&h, 0.001);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.dock_wait"), 1);
    const struct haul_record *r = alert_last(t, "warehouse.dock_wait", "open");
    assert_true(haul_str_eq(r->v[HAUL_F_ALERT_TOUCHES].s, HAUL_STR("vehicle:T1")));
    hub_send(&h, "hub_dock", "\"what\":\"dock_in\",\"truck\":\"T1\",\"at\":\"D1\"");
    assert_int_equal(alert_open(t, "warehouse.dock_wait"), 0);
    hub_wait(&h, 89 * 60 + 59.999);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.truck_turn"), 0);
    hub_wait(&h, 0.001);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.truck_turn"), 1);
    hub_send(&h, "hub_dock", "\"what\":\"dock_out\",\"truck\":\"T1\",\"at\":\"D1\"");
    assert_int_equal(alert_open(t, "warehouse.truck_turn"), 1);
    hub_send(&h, "hub_dock", "\"what\":\"gate_out\",\"truck\":\"T1\",\"at\":\"G1\"");
    assert_int_equal(alert_open(t, "warehouse.truck_turn"), 0);
    hub_pass(&h);
    assert_true(number_of(t, "hub:H1", "truck_turn_min") == 120);
    haul_trial_close(t);
}

static void the_yard_is_bounded(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    for (int i = 0; i < 400; i++, hub_wait(&h, 1))
        hub_send(&h, "hub_dock", "\"what\":\"gate_in\",\"truck\":\"T%d\",\"at\":\"G1\",\"to\":\"D%d\"", i, i % 40);
    assert_true(haul_trial_counter(t, "overfull") > 100);
    haul_trial_close(t);
}

/* ---- vehicles ---- */
static void a_vehicle_says(const char *fields, const char *rule, int raised)
{
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    hub_send(&h, "hub_agv", "\"agv\":\"A1\",%s", fields);
    if (alert_open(t, rule) != raised) fail_msg("%s: %s is not %d", fields, rule, raised);
    assert_true(number_of(t, "hub:H1", "agvs_in_trouble") == raised);
    hub_wait(&h, 10);
    hub_send(&h, "hub_agv", "\"agv\":\"A1\",\"driving\":true,\"battery_pct\":90,\"localization\":0.9");
    assert_int_equal(alert_open(t, rule), 0);
    haul_trial_close(t);
}

static void a_vehicle_is_lost_low_or_faulty(void **state)
{
    (void)state;
    a_vehicle_says("\"driving\":true,\"localization\":0.5", "warehouse.agv_lost", 0);
    a_vehicle_says("\"driving\":true,\"localization\":0.499", "warehouse.agv_lost", 1);
    a_vehicle_says("\"driving\":true", "warehouse.agv_lost", 0);
    a_vehicle_says("\"driving\":true,\"battery_pct\":20", "warehouse.agv_battery", 0);
    a_vehicle_says("\"driving\":true,\"battery_pct\":19.9", "warehouse.agv_battery", 1);
    a_vehicle_says("\"driving\":false,\"battery_pct\":5,\"charging\":true", "warehouse.agv_battery", 0);
    a_vehicle_says("\"driving\":false,\"fatal\":true,\"errors\":1", "warehouse.agv_fault", 1);
    a_vehicle_says("\"driving\":false,\"estop\":true", "warehouse.agv_fault", 1);
    a_vehicle_says("\"driving\":false,\"errors\":2", "warehouse.agv_fault", 0);
}

static void a_vehicle_stands_for(double seconds, const char *with, int raised)
{
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    for (double at = 0; at < seconds; at += 20) {
        hub_send(&h, "hub_agv", "\"agv\":\"A1\",\"driving\":false%s", with);
        hub_wait(&h, seconds - at < 20 ? seconds - at : 20);
    }
    hub_send(&h, "hub_agv", "\"agv\":\"A1\",\"driving\":true,\"order\":\"O1\"");
    if ((int)alerts(t, "warehouse.agv_blocked", "open") != raised) fail_msg("%g s%s: not %d", seconds, with, raised);
    assert_int_equal(alert_open(t, "warehouse.agv_blocked"), 0);
    haul_trial_close(t);
}

static void a_vehicle_with_an_order_that_stands_is_blocked(void **state)
{
    (void)state;
    a_vehicle_stands_for(59.999, ",\"order\":\"O1\"", 0);
    a_vehicle_stands_for(60, ",\"order\":\"O1\"", 1);
    a_vehicle_stands_for(300, "", 0);
    a_vehicle_stands_for(300, ",\"order\":\"O1\",\"paused\":true", 0);
    a_vehicle_stands_for(300, ",\"order\":\"O1\",\"mode\":\"MANUAL\"", 0);
    a_vehicle_stands_for(300, ",\"order\":\"O1\",\"mode\":\"AUTOMATIC\"", 1);
}

static void a_vehicle_that_says_nothing_is_silent(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    hub_send(&h, "hub_agv", "\"agv\":\"A1\",\"driving\":true");
    hub_wait(&h, 59.999);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.agv_silent"), 0);
    hub_wait(&h, 0.001);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.agv_silent"), 1);
    const struct haul_record *r = alert_last(t, "warehouse.agv_silent", "open");
    assert_true(haul_str_eq(r->v[HAUL_F_ALERT_CAUSE].s, HAUL_STR("gateway:g1")));
    hub_wait(&h, 10);
    hub_send(&h, "hub_agv", "\"agv\":\"A1\",\"driving\":true");
    assert_int_equal(alert_open(t, "warehouse.agv_silent"), 0);
    haul_trial_close(t);
}

/* ---- counts ---- */
static void a_count_that_disagrees_twice_is_raised(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    static const struct {
        int put, pick, counted;
        const char *more;
        int open;
    } rows[] = {
        {0, 0, 100, "", 0},  /* the first: the ledger follows it */
        {10, 4, 106, "", 0}, /* as it should be */
        {0, 0, 105, "", 0},  /* once */
        {5, 0, 110, "", 1},  /* twice running */
        {0, 0, 111, "", 0},  /* found again */
        {0, 0, 110, "", 0},  /* once */
        {0, 0, 111, "", 0},  /* and not running */
        {0, 0, 90, "", 0},
        {0, 0, 90, "", 1},                   /* it is so */
        {0, 0, 90, ",\"accepted\":true", 0}, /* and accepted */
        {0, 5, 85, "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        hub_wait(&h, 600);
        if (rows[i].put > 0)
            hub_send(&h, "hub_scan", "\"item\":\"I%zu\",\"at\":\"S1\",\"step\":\"storing\",\"quantity\":%d", i,
                     rows[i].put);
        if (rows[i].pick > 0)
            hub_send(&h, "hub_scan", "\"item\":\"I%zu\",\"at\":\"S1\",\"step\":\"picking\",\"quantity\":%d", i,
                     rows[i].pick);
        hub_send(&h, "hub_count", "\"at\":\"S1\",\"counted\":%d%s", rows[i].counted, rows[i].more);
        if (alert_open(t, "warehouse.inventory") != rows[i].open) fail_msg("row %zu: not %d", i, rows[i].open);
    }
    haul_trial_close(t);
}

/* ---- what cannot be used ---- */
static void bad_records_are_refused_with_their_field(void **state)
{
    (void)state;
    static const struct {
        const char *hub, *kind, *fields, *why;
    } rows[] = {
        {"H1", "hub_machine", "\"at\":\"C1\"", "blocked: is missing"},
        {"H1", "hub_machine", "\"at\":\"C1\",\"part\":\"elevator\"", "part: is none of"},
        {"H1", "hub_machine", "\"at\":\"C1\",\"sent_to\":\"C1\"", "sent_to: is the zone itself"},
        {"H1", "hub_chute", "\"at\":\"P1\"", "fill_pct: is missing"},
        {"H1", "hub_dock", "\"what\":\"arrive\",\"truck\":\"T\",\"at\":\"G\"", "what: is none of"},
        {"H1", "hub_order", "\"order\":\"O\",\"lines\":2,\"wrong\":3", "wrong: is more than the order's lines (2)"},
        {"H1/a", "hub_chute", "\"at\":\"P1\",\"full\":true", "id: a hub's name"},
        {"H1#", "hub_chute", "\"at\":\"P1\",\"full\":true", "id: a hub's name"},
        {"~tags/1", "hub_chute", "\"at\":\"P1\",\"full\":true", "id: a hub's name"},
        {"a hub that has a name too long for it", "hub_chute", "\"at\":\"P1\",\"full\":true", "id: a hub's name"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_warehouse, "");
        struct hub h = hub_of(t, rows[i].hub);
        assert_int_equal(hub_send(&h, rows[i].kind, "%s", rows[i].fields), HAUL_QUARANTINE);
        if (strstr(haul_trial_refusal(t), rows[i].why) == NULL) fail_msg("row %zu: %s", i, haul_trial_refusal(t));
        assert_null(strstr(haul_trial_dump(t), "\"entity\"")); /* nothing is left of it */
        haul_trial_close(t);
    }
}

static void what_is_older_than_its_part_is_dropped(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *fields;
    } rows[] = {{"hub_machine", "\"at\":\"C1\",\"blocked\":true"},
                {"hub_chute", "\"at\":\"C1\",\"fill_pct\":5"},
                {"hub_agv", "\"agv\":\"A1\",\"driving\":true"},
                {"hub_count", "\"at\":\"C1\",\"counted\":5"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_warehouse, "");
        struct hub h = hub_of(t, "H1");
        assert_int_equal(hub_send(&h, rows[i].kind, "%s", rows[i].fields), HAUL_DONE);
        assert_int_equal(hub_send(&h, rows[i].kind, "%s", rows[i].fields), HAUL_DONE);
        h.ms--;
        assert_int_equal(hub_send(&h, rows[i].kind, "%s", rows[i].fields), HAUL_DROP);
        assert_int_equal(haul_trial_counter(t, "disordered"), 1);
        haul_trial_close(t);
    }
}

/* What it says when its connection ends: in order, or as its last will. */
static void a_vehicle_that_is_switched_off_is_not_missed(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        int at_once, later;
    } rows[] = {{"OFFLINE", 0, 0}, {"CONNECTIONBROKEN", 1, 1}, {"AUTOMATIC", 0, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_warehouse, "");
        struct hub h = hub_of(t, "H1");
        hub_send(&h, "hub_agv", "\"agv\":\"A1\",\"driving\":true");
        hub_wait(&h, 5);
        hub_send(&h, "hub_agv", "\"agv\":\"A1\",\"driving\":false,\"mode\":\"%s\"", rows[i].mode);
        assert_int_equal(alert_open(t, "warehouse.agv_silent"), rows[i].at_once);
        hub_wait(&h, 600);
        hub_pass(&h);
        if (alert_open(t, "warehouse.agv_silent") != rows[i].later) fail_msg("%s", rows[i].mode);
        hub_send(&h, "hub_agv", "\"agv\":\"A1\",\"driving\":true");
        assert_int_equal(alert_open(t, "warehouse.agv_silent"), 0);
        haul_trial_close(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sensor_jam_is_blocked_and_driven_for_five_seconds),
        cmocka_unit_test(a_jam_is_found_without_a_further_record),
        cmocka_unit_test(an_arrival_jam_is_no_confirmation_for_five_seconds),
        cmocka_unit_test(what_is_taken_away_by_hand_is_forgotten),
        cmocka_unit_test(a_motor_that_draws_more_is_worn),
        cmocka_unit_test(a_chute_is_full_from_its_limit_or_by_its_sensor),
        cmocka_unit_test(a_queue_that_grows_tells_when_it_is_full),
        cmocka_unit_test(a_truck_waits_and_turns),
        cmocka_unit_test(the_yard_is_bounded),
        cmocka_unit_test(a_vehicle_is_lost_low_or_faulty),
        cmocka_unit_test(a_vehicle_with_an_order_that_stands_is_blocked),
        cmocka_unit_test(a_vehicle_that_says_nothing_is_silent),
        cmocka_unit_test(a_vehicle_that_is_switched_off_is_not_missed),
        cmocka_unit_test(a_count_that_disagrees_twice_is_raised),
        cmocka_unit_test(bad_records_are_refused_with_their_field),
        cmocka_unit_test(what_is_older_than_its_part_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
