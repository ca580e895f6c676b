/* SPDX-License-Identifier: Apache-2.0
 * What a reader of haul:vehicle:<id> sees, and what every alert of the fleet says.
 */
#include "processors/fleet/fleet.h"
#include "tests/unit/domains/support_domains.h"

#include <math.h>
#include <stdio.h>

#define KEY "vehicle:A1"

static void the_document_names_its_units(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    c.plate = "赣A12345", c.group = "truck", c.driver = "9f86d081884c7d65", c.fuel = 123.4, c.battery = 80.5,
    c.mileage = 1234.5;
    c.status = 1 | 2 | 3 << 8 | 1 << 13, c.speed_kmh = 5;
    car_send(&c);
    static const char *const parts[] = {
        "\"id\":\"A1\"",         "\"lon_deg\":115.85",  "\"lat_deg\":28.68",
        "\"speed_kmh\":5",       "\"heading_deg\":90",  "\"odometer_km\":0",
        "\"mileage_km\":1234.5", "\"ignition\":true",   "\"status\":[\"ignition\",\"positioned\",\"door_front_open\"]",
        "\"load\":\"full\"",     "\"door_open\":true",  "\"fuel_l\":123.4",
        "\"battery_pct\":80.5",  "\"group\":\"truck\"", "\"plate\":\"赣***45\"",
        "\"source\":\"g1\"",     "\"late\":0",          "\"driver\":\"",
        "\"disordered\":0",      "\"alerts\":[]",       "\"last_seen\":\"2026-06-01T02:00:00.000Z\"",
        "\"motion\":\"moving\"",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!shows(t, KEY, parts[i])) fail_msg("%s is not in %s", parts[i], haul_trial_document(t, KEY));
    assert_false(shows(t, KEY, "12345"));
    assert_false(shows(t, KEY, "9f86d081884c7d65")); /* the gate has hashed the driver */
    haul_trial_close(t);
}

/* The view's option is for installations whose gate keeps plates (engine.ingest.plates: keep). */
static void the_gate_masks_plates_whatever_the_view_says(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "mask_plate: false");
    struct car c = car_of(t, "A1");
    c.plate = "赣A12345";
    car_send(&c);
    assert_true(shows(t, KEY, "\"plate\":\"赣***45\""));
    haul_trial_close(t);
}

static void what_is_not_known_is_left_out(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    struct car c = car_of(t, "A1");
    c.status = -1, c.heading = (double)NAN;
    car_send(&c);
    static const char *const absent[] = {"fuel_l", "battery", "plate",    "driver",
                                         "group",  "mileage", "ignition", "heading"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) assert_false(shows(t, KEY, absent[i]));
    struct car event = car_of(t, "B");
    car_event(&event, "door_open", HAUL_F_VE_DOOR, 1);
    assert_false(shows(t, "vehicle:B", "lon_deg"));
    assert_true(shows(t, "vehicle:B", "\"door_open\":true"));
    haul_trial_close(t);
}

/* ---- what alerts say -----------------------------------------------------------------------------------------------
 */
/* Brings each rule about once. */
static void all_rules(struct haul_trial *t)
{
    struct car c = car_of(t, "A1");
    c.group = "coach", c.serial = 1;
    c.ms = MORNING - 12 * HOUR; /* 22:00 */
    c.speed_kmh = 125;
    car_send(&c);
    for (int i = 0; i < 2 * 60 + 5; i++, c.serial++) car_step(&c, 60); /* speeding, fatigue, night running */
    for (int i = 0; i < 4; i++, c.ms += 1000) car_send(&c);            /* duplicate serial */
    c.serial = -1;
    c.lon += 3;
    car_step(&c, 10); /* jump */
    c.lon -= 3;
    c.speed_kmh = 30, c.status |= 1 << 13;
    car_run(&c, 30, 5); /* door */
    c.status = 3;
    c.alarm = 1 | 1 << 5 | 1 << 27 | 1 << 28 | 1 << 29 | 1 << 30;
    c.along = -6;
    car_step(&c, 10); /* harsh */
    c.alarm = 0, c.along = 0, c.speed_kmh = 0, c.fuel = 200;
    car_event(&c, "battery", HAUL_F_VE_LEVEL, 3);
    car_run(&c, 16 * 60, 30); /* unplanned stop */
    c.fuel = 150;
    car_run(&c, 90, 30); /* fuel theft */
    c.lag = 20 * MINUTE;
    car_run(&c, 300, 60);         /* clock skew */
    pass_to(t, c.ms + 10 * HOUR); /* offline */
}

static void every_alert_has_both_sentences_with_its_numbers(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fleet, "");
    all_rules(t);
    for (unsigned i = 0; i < FLEET_RULES; i++) {
        char rule[64];
        if (strncmp(fleet_rules[i].name, "fence_", 6) == 0) continue; /* they need fences: test_fleet_fence.c */
        snprintf(rule, sizeof rule, "fleet.%s", fleet_rules[i].name);
        const struct haul_record *r = alert_last(t, rule, "open");
        if (r == NULL) fail_msg("%s was not raised", rule);
        const struct haul_str en = r->v[HAUL_F_ALERT_WHY_EN].s, zh = r->v[HAUL_F_ALERT_WHY_ZH].s;
        if (memchr(en.p, '{', en.n) != NULL || memchr(zh.p, '{', zh.n) != NULL) fail_msg("%s: a name is left", rule);
        const struct haul_str texts[] = {en, zh};
        for (size_t k = 0; k < 2; k++) {
            bool digit = false;
            for (size_t p = 2; p < texts[k].n; p++) digit = digit || (texts[k].p[p] >= '0' && texts[k].p[p] <= '9');
            if (!digit) fail_msg("%s: no number", rule);
            if (memchr(texts[k].p, '_', texts[k].n) != NULL) fail_msg("%s: %.*s", rule, (int)texts[k].n, texts[k].p);
            assert_non_null(memmem(texts[k].p, texts[k].n, "A1", 2));
        }
        assert_true(r->v[HAUL_F_ALERT_DO_EN].s.n > 0 && r->v[HAUL_F_ALERT_DO_ZH].s.n > 0);
        assert_true(en.n < 400 && zh.n < 400);
        assert_true(r->v[HAUL_F_ALERT_SCORE].f > 0 && r->v[HAUL_F_ALERT_SCORE].f <= 1);
        assert_true(haul_has(r, HAUL_F_ALERT_STATE)); /* what `haul explain` needs */
        assert_true(haul_str_eq(r->v[HAUL_F_ALERT_ENTITY].s, HAUL_STR("vehicle:A1")));
    }
    haul_trial_close(t);
}

/* Each option that an alert names is one of the set. */
static void alerts_name_options_that_exist(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FLEET_RULES; i++) {
        const char *option = fleet_rules[i].option;
        bool found = option[0] == '\0';
        for (size_t k = 0; k < fleet_option_set.rows_len; k++)
            found = found || strcmp(fleet_option_set.rows[k].name, option) == 0;
        if (!found) fail_msg("%s", option);
    }
}

static void contradictions_between_options_are_found(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "speeding: {raise_over: 10%, clear_over: 11%}",
        "speeding: {raise_over: 10%, severe_over: 9%}",
        "time_zone: \"8\"",
        "fatigue: {day: 1h}",
        "fatigue: {in_24h: 3d}",
        "door_open: {speed: 4km/h}",
        "displacement: {distance: 50m}\nposition: {rest_radius: 60m}",
        "keep: 1h\noffline: {after: 2h}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct haul_error e;
        struct haul_trial *t = haul_trial_open(&haul_fleet, bad[i], &e);
        if (t != NULL) fail_msg("taken: %s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_names_its_units),
        cmocka_unit_test(the_gate_masks_plates_whatever_the_view_says),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(every_alert_has_both_sentences_with_its_numbers),
        cmocka_unit_test(alerts_name_options_that_exist),
        cmocka_unit_test(contradictions_between_options_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
