/* SPDX-License-Identifier: Apache-2.0
 * A load unit: its air, its machine, its probes, what guards its load.
 */
#include "tests/unit/domains/support_coldchain.h"

#include <math.h>
#include <stdio.h>

static struct reefer start(struct haul_trial *t, size_t *relayed, double temp_c)
{
    struct reefer r = reefer_of(t, "R1", relayed);
    r.temp = temp_c, r.set = temp_c, r.class = "gsp_drug";
    reefer_send(&r);
    return r;
}

/* ---- one measure against its limit ---- */
enum measure { TEMP, HUMIDITY, SHOCK, LIGHT, BATTERY, POWER, DOOR, REFRESH };

static void set(struct reefer *r, enum measure m, double v)
{
    switch (m) {
    case TEMP:
        r->temp = v;
        break;
    case HUMIDITY:
        r->humidity = v;
        break;
    case SHOCK:
        r->shock = v;
        break;
    case LIGHT:
        r->light = v, r->door = 0;
        break;
    case BATTERY:
        r->battery = v;
        break;
    case POWER:
        r->power = (int)v;
        break;
    case DOOR:
        r->door = (int)v;
        break;
    case REFRESH:
        r->refresh = v;
        break;
    }
}

static void a_measure_is_raised_beyond_its_limit_and_clears(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        enum measure measure;
        double good, bad;
        double early_min, late_min, clear_min; /* not yet raised; raised; cleared */
    } rows[] = {
        {"coldchain.humidity", HUMIDITY, 85, 86, 29, 32, 2}, {"coldchain.shock", SHOCK, 5, 5.1, 0, 2, 13},
        {"coldchain.light", LIGHT, 50, 51, 0, 2, 2},         {"coldchain.battery", BATTERY, 25, 19, 0, 2, 2},
        {"coldchain.power", POWER, 1, 0, 0, 2, 2},           {"coldchain.door_open", DOOR, 0, 1, 5, 8, 2},
        {"coldchain.cadence", REFRESH, 60, 61, 0, 2, 5},     {"coldchain.excursion", TEMP, 8, 8.1, 0, 2, 2},
        {"coldchain.excursion", TEMP, 2, 1.9, 0, 2, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_coldchain, "");
        size_t relayed;
        struct reefer r = start(t, &relayed, 5);
        set(&r, rows[i].measure, rows[i].good);
        reefer_run(&r, 10, 60);
        if (alerts(t, rows[i].rule, "open") != 0) fail_msg("row %zu: raised while good", i);
        set(&r, rows[i].measure, rows[i].bad);
        reefer_run(&r, rows[i].early_min, 60);
        if (alerts(t, rows[i].rule, "open") != 0) fail_msg("row %zu: raised early", i);
        reefer_run(&r, rows[i].late_min - rows[i].early_min, 60);
        if (alert_open(t, rows[i].rule) != 1) fail_msg("row %zu: not raised", i);
        set(&r, rows[i].measure, rows[i].good);
        reefer_run(&r, rows[i].clear_min, 60);
        if (alert_open(t, rows[i].rule) != 0) fail_msg("row %zu: not cleared", i);
        haul_trial_close(t);
    }
}

/* ---- cadence, as GSP annex 3 asks for it ---- */
static void records_come_as_often_as_the_class_asks(void **state)
{
    (void)state;
    static const struct {
        double temp_c;
        int store;
        double every_s;
        int open;
    } rows[] = {
        {5, 0, 300, 0}, {5, 0, 340, 1}, {5, 1, 1800, 0}, {5, 1, 2100, 1},
        {9, 0, 120, 0}, {9, 0, 150, 1}, {9, 1, 150, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_coldchain, "");
        size_t relayed;
        struct reefer r = start(t, &relayed, rows[i].temp_c);
        r.store = rows[i].store;
        reefer_run(&r, rows[i].every_s / 60 * 6, rows[i].every_s);
        reefer_pass(&r, r.ms);
        if (alert_open(t, "coldchain.cadence") != rows[i].open) fail_msg("row %zu", i);
        haul_trial_close(t);
    }
}

/* ---- probes ---- */
static void a_stuck_probe_is_found(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_coldchain, "");
    size_t relayed;
    struct reefer r = start(t, &relayed, 5);
    reefer_run(&r, 59, 60);
    assert_int_equal(alert_open(t, "coldchain.sensor_stuck"), 0);
    reefer_run(&r, 3, 60);
    assert_int_equal(alert_open(t, "coldchain.sensor_stuck"), 1);
    r.temp = 5.1;
    reefer_run(&r, 2, 60);
    assert_int_equal(alert_open(t, "coldchain.sensor_stuck"), 0);
    haul_trial_close(t);
}

static void what_is_impossible_is_not_integrated(void **state)
{
    (void)state;
    static const struct {
        double temp_c;
        int samples, believed; /* so many of them, each a minute; the last is believed */
    } rows[] = {{-91, 5, 0}, {91, 5, 0}, {15.2, 1, 0}, {60, 2, 0}, {60, 4, 1}, {14.9, 1, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_coldchain, "");
        size_t relayed;
        struct reefer r = start(t, &relayed, 5);
        reefer_event(&r, "loaded", "S1", "who_type1");
        reefer_run(&r, 5, 60);
        r.temp = rows[i].temp_c;
        reefer_run(&r, rows[i].samples, 60);
        reefer_pass(&r, r.ms);
        const double most = number_of(t, "shipment:S1", "max_c");
        if ((fabs(most - rows[i].temp_c) < 1e-6) != rows[i].believed) fail_msg("row %zu: %.2f", i, most);
        if (alerts(t, "coldchain.sensor_impossible", "open") != (rows[i].temp_c < 14.95 && rows[i].temp_c > 0 ? 0 : 1))
            fail_msg("row %zu", i);
        haul_trial_close(t);
    }
}

static void two_probes(struct reefer *a, struct reefer *b, struct haul_rng *rng, double minutes, double drift_k)
{
    for (double at = 0; at < minutes; at++) {
        a->temp = 5 + haul_rng_normal(rng) * 0.1, b->temp = 5.4 + drift_k + haul_rng_normal(rng) * 0.1;
        a->ms += MINUTE, b->ms = a->ms;
        reefer_send(a);
        reefer_send(b);
    }
}

static void a_drift_against_the_twin_is_found(void **state)
{
    (void)state;
    static const struct {
        double drift_k;
        int open;
    } rows[] = {{0, 0}, {0.1, 0}, {0.6, 1}, {-0.6, 1}, {1.5, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_coldchain, "");
        struct haul_rng rng;
        haul_rng_seed(&rng, 3 + i);
        size_t relayed;
        struct reefer a = start(t, &relayed, 5), b = a;
        b.probe = 1;
        two_probes(&a, &b, &rng, 60, 0);
        two_probes(&a, &b, &rng, 120, rows[i].drift_k);
        if (alert_open(t, "coldchain.sensor_drift") != rows[i].open) fail_msg("row %zu", i);
        haul_trial_close(t);
    }
}

static void one_missing_probe_is_found_and_its_gateway_named(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_coldchain, "");
    size_t relayed;
    struct reefer a = start(t, &relayed, 5), b = a;
    b.probe = 1;
    struct haul_rng rng;
    haul_rng_seed(&rng, 3);
    two_probes(&a, &b, &rng, 10, 0);
    reefer_run(&a, 4, 60);
    assert_int_equal(alert_open(t, "coldchain.sensor_missing"), 0);
    reefer_run(&a, 3, 60);
    assert_int_equal(alert_open(t, "coldchain.sensor_missing"), 1);
    const struct haul_record *r = alert_last(t, "coldchain.sensor_missing", "open");
    assert_true(haul_str_eq(r->v[HAUL_F_ALERT_CAUSE].s, HAUL_STR("gateway:g1")));
    assert_non_null(strstr(r->v[HAUL_F_ALERT_WHY_EN].s.p, "probe 1 of R1"));
    b.ms = a.ms;
    reefer_send(&b);
    reefer_pass(&b, b.ms);
    assert_int_equal(alert_open(t, "coldchain.sensor_missing"), 0);
    haul_trial_close(t);
}

/* ---- air ---- */
static void a_load_into_a_warm_body_is_raised(void **state)
{
    (void)state;
    static const struct {
        double temp_c;
        int open;
    } rows[] = {{-19, 0}, {-18, 0}, {-17.5, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_coldchain, "");
        size_t relayed;
        struct reefer r = start(t, &relayed, rows[i].temp_c);
        reefer_run(&r, 5, 60);
        reefer_event(&r, "loaded", "S1", "gb31605_frozen");
        reefer_run(&r, 2, 60);
        assert_int_equal(alert_open(t, "coldchain.not_precooled"), rows[i].open);
        if (rows[i].open)
            assert_true(haul_str_eq(alert_last(t, "coldchain.not_precooled", "open")->v[HAUL_F_ALERT_TOUCHES].s,
                                    HAUL_STR("shipment:S1")));
        haul_trial_close(t);
    }
}

static void air_that_warms_fast_shows_a_door(void **state)
{
    (void)state;
    static const struct {
        double rate_kpmin;
        int open;
    } rows[] = {{0.4, 0}, {0.6, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_coldchain, "");
        size_t relayed;
        struct reefer r = start(t, &relayed, -20);
        reefer_run(&r, 10, 60);
        for (int k = 0; k < 8; k++) r.temp += rows[i].rate_kpmin, reefer_run(&r, 1, 60);
        assert_int_equal(alert_open(t, "coldchain.door_open"), rows[i].open);
        haul_trial_close(t);
    }
}

/* A bump of 4 K for 25 min each 6 h, which no flag tells: the first ones are excursions, then it is known. */
static void a_defrost_is_learnt_and_not_raised(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_coldchain, "");
    size_t relayed, learnt = 0;
    struct reefer r = start(t, &relayed, -20);
    r.class = "gb31605_frozen";
    for (int turn = 0; turn < 8; turn++) {
        r.temp = -20;
        reefer_run(&r, 335, 60);
        for (int k = 0; k < 25; k++) {
            r.temp = -20 + 4 * sin(3.14159265 * k / 25);
            reefer_run(&r, 1, 60);
        }
        if (turn == 4) learnt = alerts(t, "coldchain.excursion", "open");
    }
    assert_true(learnt >= 1);
    assert_int_equal(alerts(t, "coldchain.excursion", "open"), learnt);
    haul_trial_close(t);
}

static void a_defrost_that_does_not_end_is_raised(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_coldchain, "");
    size_t relayed;
    struct reefer r = start(t, &relayed, 5);
    reefer_event(&r, "defrost_on", NULL, NULL);
    r.temp = 9;
    reefer_run(&r, 44, 60);
    assert_int_equal(alert_open(t, "coldchain.defrost"), 0);
    assert_int_equal(alert_open(t, "coldchain.excursion"), 0);
    reefer_run(&r, 3, 60);
    assert_int_equal(alert_open(t, "coldchain.defrost"), 1);
    assert_int_equal(alert_open(t, "coldchain.excursion"), 1);
    reefer_event(&r, "defrost_off", NULL, NULL);
    r.temp = 5;
    reefer_run(&r, 2, 60);
    assert_int_equal(alert_open(t, "coldchain.defrost"), 0);
    assert_int_equal(alert_open(t, "coldchain.excursion"), 0);
    haul_trial_close(t);
}

/* ---- the machine ---- */
static void a_machine_that_fails_is_known_before_the_limit(void **state)
{
    (void)state;
    static const struct {
        double tau_min;
        bool air, current, door, cools;
        int open;
    } rows[] = {
        {360, true, false, false, false, 1}, {360, false, true, false, false, 1}, {120, true, true, false, false, 1},
        {360, true, true, true, false, 0},   {360, true, true, false, true, 0},   {360, false, false, false, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_coldchain, "");
        size_t relayed;
        struct reefer r = start(t, &relayed, 5);
        r.door = 0;
        if (rows[i].air) r.air_return = 5, r.supply = 1;
        if (rows[i].current) r.current = 12;
        reefer_run(&r, 20, 60);
        r.door = rows[i].door;
        for (int k = 1; 30 - 25 * exp(-k / rows[i].tau_min) < 8; k++) {
            r.temp = 30 - 25 * exp(-k / rows[i].tau_min);
            if (rows[i].air) r.air_return = r.temp, r.supply = r.temp - (rows[i].cools ? 4 : 0.1);
            if (rows[i].current) r.current = rows[i].cools ? 12 : 0;
            reefer_run(&r, 1, 60);
        }
        if (alert_open(t, "coldchain.compressor") != rows[i].open) fail_msg("row %zu", i);
        if (alerts(t, "coldchain.excursion", "open") != 0) fail_msg("row %zu: only at the limit", i);
        haul_trial_close(t);
    }
}

static void options_that_contradict_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "life: {warn: 5%, alarm: 10%}",
        "battery: {low: 30%, clear: 20%}",
        "default_class: nothing",
        "compressor: {eta_over: 3K}",
        "classes: {a: {high: {at: 2degC}, low: {at: 8degC}}}",
        "classes: {a: {high: {at: 8degC}, low: {at: 2degC}, mkt: {window: 5min}}}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_error e;
        struct haul_trial *t = haul_trial_open(&haul_coldchain, rows[i], &e);
        if (t != NULL) fail_msg("row %zu", i);
    }
}

static void a_full_unit_follows_what_it_can(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_coldchain, "");
    size_t relayed;
    struct reefer r = start(t, &relayed, 5);
    for (int i = 0; i < 25; i++) {
        char id[8];
        snprintf(id, sizeof id, "S%d", i);
        reefer_event(&r, "loaded", id, "gsp_drug");
        reefer_event(&r, "loaded", id, "gsp_drug"); /* said twice is once */
    }
    reefer_relay(&r);
    assert_int_equal(haul_trial_counter(t, "overfull"), 2);
    assert_non_null(haul_trial_document(t, "shipment:S23"));
    assert_null(haul_trial_document(t, "shipment:S24"));
    haul_trial_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_measure_is_raised_beyond_its_limit_and_clears),
        cmocka_unit_test(records_come_as_often_as_the_class_asks),
        cmocka_unit_test(a_stuck_probe_is_found),
        cmocka_unit_test(what_is_impossible_is_not_integrated),
        cmocka_unit_test(a_drift_against_the_twin_is_found),
        cmocka_unit_test(one_missing_probe_is_found_and_its_gateway_named),
        cmocka_unit_test(a_load_into_a_warm_body_is_raised),
        cmocka_unit_test(air_that_warms_fast_shows_a_door),
        cmocka_unit_test(a_defrost_is_learnt_and_not_raised),
        cmocka_unit_test(a_defrost_that_does_not_end_is_raised),
        cmocka_unit_test(a_machine_that_fails_is_known_before_the_limit),
        cmocka_unit_test(options_that_contradict_are_refused),
        cmocka_unit_test(a_full_unit_follows_what_it_can),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
