/* SPDX-License-Identifier: Apache-2.0
 * The JSON bridge: maps of all forms, through the task code of production; what `haul check` says of maps that cannot
 * be.
 */
#include "haul/crs.h"
#include "haul/processors.h"
#include "haul/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct haul_time now = {1769414400000};

static const char maps[] = "maps:\n"
                           "  cars:\n"
                           "    kind: vehicle_position\n"
                           "    when: {type: pos, $.v: 2}\n"
                           "    records: data.cars\n"
                           "    fields: {id: id, time: $.at, lon: p.0, lat: p.1, speed_kmh: \"v[m/s]\", driver: d}\n"
                           "    set: {group: taxi}\n"
                           "    zone: \"+08:00\"\n"
                           "    crs: gcj02\n"
                           "  readings:\n"
                           "    to: template\n"
                           "    kind: template_reading\n"
                           "    fields: {id: name, time: \"t[s]\", value: value, between: before}";

static struct haul_trial *bridge(const char *yaml)
{
    struct haul_error e = {0};
    struct haul_trial *t = haul_trial_open(&haul_bridge_json, yaml, &e);
    if (t == NULL) fail_msg("%s", e.text);
    return t;
}

static void feed(struct haul_trial *t, const char *json)
{
    haul_trial_message(t, HAUL_STR("k"), haul_str_of(json), now, NULL);
}

static void an_array_of_records(void **state)
{
    (void)state;
    struct haul_trial *t = bridge(maps);
    feed(t, "{\"at\":\"2026-01-26 "
            "15:57:02\",\"v\":2,\"data\":{\"cars\":[{\"type\":\"pos\",\"id\":\"C1\",\"p\":[115.8631,28.6795],"
            "\"v\":10,\"d\":\"x\"},{\"type\":\"other\"},{\"type\":\"pos\",\"id\":\"C2\",\"p\":[115.9,28.7]}]}}");
    assert_int_equal(haul_trial_emitted(t), 2);
    enum haul_mailbox to;
    const struct haul_record *r = haul_trial_emission(t, 0, &to);
    assert_int_equal(to, HAUL_MAILBOX_FLEET);
    assert_true(haul_str_eq(r->id, HAUL_STR("C1")));
    assert_int_equal(r->time.ms, 1769414222000);
    assert_int_equal(r->crs, HAUL_CRS_GCJ02);
    assert_float_equal(r->lon_deg, 115.8631, 0);
    assert_float_equal(r->v[HAUL_F_VP_SPEED].f, 36, 1e-9);
    assert_true(haul_str_eq(r->v[HAUL_F_VP_GROUP].s, HAUL_STR("taxi")));
    assert_false(haul_has(haul_trial_emission(t, 1, NULL), HAUL_F_VP_SPEED));
    assert_int_equal(haul_trial_letters(t), 0);
    haul_trial_close(t);
}

static void the_document_is_the_record(void **state)
{
    (void)state;
    struct haul_trial *t = bridge(maps);
    feed(t, "{\"name\":\"r1\",\"t\":1769414222.5,\"value\":-3.25,\"before\":[1,2.5,-3]}");
    assert_int_equal(haul_trial_emitted(t), 1);
    enum haul_mailbox to;
    const struct haul_record *r = haul_trial_emission(t, 0, &to);
    assert_int_equal(to, HAUL_MAILBOX_TEMPLATE);
    assert_int_equal(r->time.ms, 1769414222500);
    assert_float_equal(r->v[HAUL_F_TR_VALUE].f, -3.25, 0);
    assert_int_equal(r->v[HAUL_F_TR_BETWEEN].reals.n, 3);
    assert_float_equal(r->v[HAUL_F_TR_BETWEEN].reals.p[1], 2.5, 0);
    haul_trial_close(t);
}

/* What is good of a document is sent on; what is not leaves one letter, with the first reason. */
static void what_cannot_be_used(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        unsigned emitted;
        const char *why;
    } rows[] = {
        {"{\"name\":", 0, "not_json: byte "},
        {"{\"name\":1,\"name\":2}", 0, "not_json: byte "},
        {"{\"name\":\"a\"} x", 0, "not_json: byte "},
        {"{\"name\":\"a\",\"t\":\"soon\",\"value\":1}", 0, "wrong_type: record 1: line 1, column 3 (t): time: 'soon'"},
        {"{\"name\":\"a\",\"t\":1,\"value\":{}}", 0, "wrong_type: record 1: value is an object"},
        {"{\"name\":\"a\",\"t\":1,\"value\":1e300}", 0, "out_of_range: record 1: line 1, column 4 (value)"},
        {"{\"name\":\"a\",\"t\":1}", 0, "wrong_type: record 1: "},
        {"{\"at\":\"2026-01-26 15:57:02\",\"v\":2,\"data\":{\"cars\":[{\"type\":\"pos\",\"id\":\"A\",\"p\":[1,99]},"
         "{\"type\":\"pos\",\"id\":\"B\",\"p\":[1,2]},{\"type\":\"pos\",\"id\":\"\"}]}}",
         1, "out_of_range: record 1: line 1, column 3 (p.1): lat: 99 is out of range"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = bridge(maps);
        feed(t, rows[i].json);
        assert_int_equal(haul_trial_emitted(t), rows[i].emitted);
        assert_int_equal(haul_trial_letters(t), 1);
        const char *why = haul_trial_letter(t, 0, NULL);
        if (strncmp(why, rows[i].why, strlen(rows[i].why)) != 0) fail_msg("%zu: %s", i, why);
        haul_trial_close(t);
    }
}

static void no_map_is_for_it(void **state)
{
    (void)state;
    struct haul_trial *t =
        bridge("maps: {a: {kind: template_reading, when: {x: 1}, fields: {id: i, time: t, value: v}}}");
    feed(t, "{\"x\":2}");
    feed(t, "[]");
    feed(t, "7");
    assert_int_equal(haul_trial_counter(t, "unmatched"), 2);
    assert_int_equal(haul_trial_letters(t), 1); /* a number alone is no document */
    haul_trial_close(t);
}

static void maps_that_cannot_be(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"{kind: nonsense, fields: {id: i}}", "'nonsense' is not a kind of record"},
        {"{kind: template_reading, fields: {id: i, time: t}}", "needs value"},
        {"{kind: template_reading, fields: {id: i, time: t, value: v, colour: c}}", "has no field 'colour'"},
        {"{kind: template_reading, fields: {id: i, time: t, value: v}, zone: Mars/Base}", "Mars/Base"},
        {"{kind: vehicle_position, fields: {id: i, time: t, lon: x, lat: y, speed_kmh: \"v[furlong]\"}}", "furlong"},
        {"{kind: template_reading}", "it has no fields"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char yaml[300];
        struct haul_error e = {0};
        snprintf(yaml, sizeof yaml, "maps: {a: %s}", rows[i][0]);
        assert_null(haul_trial_open(&haul_bridge_json, yaml, &e));
        if (strstr(e.text, rows[i][1]) == NULL) fail_msg("%zu: %s", i, e.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_of_records), cmocka_unit_test(the_document_is_the_record),
        cmocka_unit_test(what_cannot_be_used), cmocka_unit_test(no_map_is_for_it),
        cmocka_unit_test(maps_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
