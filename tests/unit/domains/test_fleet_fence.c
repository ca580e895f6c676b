/* SPDX-License-Identifier: Apache-2.0
 * What vehicles and fences do with each other: the table at the top of processors/fleet/fence.c, row by row, and that a
 * set is replaced at one step.
 */
#include "tests/unit/domains/support_domains.h"

#include "haul/fence.h"
#include "haul/math.h"

#include <math.h>
#include <stdio.h>

#define KEY "vehicle:A1"
#define LON 115.85
#define LAT 28.68

/* A square of 1 km, its west side `east_m` to the east of where cars begin, with properties. */
static const char *square(const char *id, double east_m, const char *properties)
{
    static char text[4][900];
    static int at;
    char *out = text[at++ % 4];
    const double m = HAUL_EARTH_M * HAUL_RAD_PER_DEG, w = LON + east_m / (m * haul_cos(LAT * HAUL_RAD_PER_DEG));
    const double e = w + 1000 / (m * haul_cos(LAT * HAUL_RAD_PER_DEG)), s = LAT - 500 / m, n = LAT + 500 / m;
    snprintf(
        out, sizeof text[0],
        "{\"type\":\"Feature\",\"properties\":{\"id\":\"%s\"%s%s},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":"
        "[[[%.7f,%.7f],[%.7f,%.7f],[%.7f,%.7f],[%.7f,%.7f],[%.7f,%.7f]]]}}",
        id, properties[0] == '\0' ? "" : ",", properties, w, s, e, s, e, n, w, n, w, s);
    return out;
}

static void use(struct haul_trial *t, const char *features, int64_t ms)
{
    struct haul_buf text, blob, report;
    struct haul_error e;
    haul_buf_init(&text, 4096, 1 << 20);
    haul_buf_init(&blob, 4096, 1 << 22);
    haul_buf_init(&report, 4096, 1 << 20);
    haul_buf_printf(&text, "{\"type\":\"FeatureCollection\",\"features\":[%s]}", features);
    if (haul_fleet.contents[0].make((struct haul_str){(const char *)text.p, text.n}, &blob, &report, &e) != HAUL_OK)
        fail_msg("%s\n%.*s", e.text, (int)report.n, (const char *)report.p);
    if (haul_trial_content(t, "fences", (struct haul_str){(const char *)blob.p, blob.n}, (struct haul_time){ms}, &e) !=
        HAUL_OK)
        fail_msg("%s", e.text);
    haul_buf_free(&text);
    haul_buf_free(&blob);
    haul_buf_free(&report);
}

struct scene {
    struct haul_trial *t;
    struct car c;
};

/* A car that stands west of a square, a position sent. */
static struct scene scene_of(const char *features)
{
    struct scene s = {.t = trial_of(&haul_fleet, "")};
    s.c = car_of(s.t, "A1");
    use(s.t, features, s.c.ms);
    s.c.speed_kmh = (double)NAN;
    car_send(&s.c);
    return s;
}

/* Drives to a place so many metres east of the start, in as many seconds, and sends. */
static void to(struct scene *s, double east_m, double seconds)
{
    s->c.lon = LON + car_degrees(&s->c, east_m);
    s->c.ms += (int64_t)(seconds * 1000);
    assert_int_equal(car_send(&s->c), HAUL_DONE);
}

static size_t told(struct haul_trial *t, const char *fence, const char *what)
{
    size_t n = 0;
    for (size_t i = 0; i < haul_trial_emitted(t); i++) {
        enum haul_mailbox mailbox;
        const struct haul_record *r = haul_trial_emission(t, i, &mailbox);
        if (r->kind != HAUL_KIND_FENCE_TRANSITION) continue;
        assert_int_equal(mailbox, HAUL_MAILBOX_FENCE);
        n += haul_str_eq(r->id, haul_str_of(fence)) && haul_str_eq(r->v[HAUL_F_FT_WHAT].s, haul_str_of(what));
    }
    return n;
}

static void a_vehicle_enters_and_leaves(void **state)
{
    (void)state;
    struct scene s = scene_of(square("F", 300, "\"name\":\"\xe7\xa6\x81\xe8\xa1\x8c\""));
    assert_true(shows(s.t, KEY, "\"fences\":[]"));
    to(&s, 310, 30);
    assert_int_equal(told(s.t, "F", "enter"), 1);
    assert_int_equal(alert_open(s.t, "fleet.fence_enter"), 1);
    const struct haul_record *r = alert_last(s.t, "fleet.fence_enter", "open");
    assert_true(haul_str_eq(r->v[HAUL_F_ALERT_TOUCHES].s, HAUL_STR("fence:F")));
    assert_true(shows(s.t, KEY, "\"fences\":[{\"id\":\"F\",\"state\":\"inside\",\"since\":\"2026-06-01T02:00:30"));
    to(&s, 1310, 60); /* 10 m out: within the hysteresis of 20 m */
    assert_int_equal(told(s.t, "F", "exit"), 0);
    to(&s, 1330, 5);
    assert_int_equal(told(s.t, "F", "exit"), 1);
    assert_int_equal(alert_open(s.t, "fleet.fence_enter"), 0);
    assert_true(shows(s.t, KEY, "\"fences\":[]"));
    haul_trial_close(s.t);
}

/* A thousand fixes that scatter by up to 15 m about the boundary of a fence. */
static void jitter_raises_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *properties;
        size_t enters;
    } rows[] = {{"", 1}, {"\"enter_s\":30", 0}, {"\"hysteresis_m\":0,\"enter_s\":10,\"exit_s\":60", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene s = scene_of(square("F", 300, rows[i].properties));
        struct haul_rng rng;
        haul_rng_seed(&rng, 5 + i);
        if (i == 2) to(&s, 310, 20), to(&s, 310, 10); /* well inside first */
        for (int k = 0; k < 1000; k++) to(&s, 300 + 30 * (haul_rng_f64(&rng) - 0.5), 3);
        if (i == 1) assert_int_equal(told(s.t, "F", "exit"), 0);
        assert_true(told(s.t, "F", "enter") <= rows[i].enters);
        assert_int_equal(told(s.t, "F", "exit"), 0);
        assert_true(alerts(s.t, "fleet.fence_enter", "open") <= rows[i].enters);
        haul_trial_close(s.t);
    }
}

static void seconds_are_waited_for(void **state)
{
    (void)state;
    struct scene s = scene_of(square("F", 300, "\"enter_s\":20,\"exit_s\":30"));
    to(&s, 400, 30);
    to(&s, 410, 10);
    assert_int_equal(told(s.t, "F", "enter"), 0);
    assert_true(shows(s.t, KEY, "\"state\":\"entering\""));
    to(&s, 420, 10);
    assert_int_equal(told(s.t, "F", "enter"), 1);
    to(&s, 1400, 60);
    to(&s, 1400, 20);
    assert_int_equal(told(s.t, "F", "exit"), 0);
    to(&s, 1250, 5); /* back: nothing has happened */
    to(&s, 1400, 20);
    to(&s, 1400, 20);
    assert_int_equal(told(s.t, "F", "exit"), 0);
    to(&s, 1400, 10);
    assert_int_equal(told(s.t, "F", "exit"), 1);
    assert_int_equal(told(s.t, "F", "enter"), 1);
    haul_trial_close(s.t);
}

static void an_inclusive_fence_is_missed_until_it_is_entered_again(void **state)
{
    (void)state;
    struct scene s = scene_of(square("HOME", -500, "\"kind\":\"inclusive\""));
    assert_int_equal(told(s.t, "HOME", "enter"), 1);
    assert_int_equal(alerts(s.t, "fleet.fence_enter", "open"), 0);
    to(&s, 600, 60);
    assert_int_equal(alert_open(s.t, "fleet.fence_exit"), 1);
    assert_true(shows(s.t, KEY, "\"state\":\"left\""));
    to(&s, 3000, 300);
    assert_int_equal(alert_open(s.t, "fleet.fence_exit"), 1);
    to(&s, 100, 300);
    assert_int_equal(alert_open(s.t, "fleet.fence_exit"), 0);
    assert_int_equal(told(s.t, "HOME", "enter"), 2);
    haul_trial_close(s.t);
}

static void one_that_is_crossed_between_two_fixes_is_told(void **state)
{
    (void)state;
    struct scene s = scene_of(square("F", 300, ""));
    to(&s, 1600, 60);
    assert_int_equal(told(s.t, "F", "cross"), 1);
    assert_int_equal(told(s.t, "F", "enter"), 0);
    assert_int_equal(alert_open(s.t, "fleet.fence_cross"), 1);
    pass_to(s.t, s.c.ms + MINUTE);
    assert_int_equal(alert_open(s.t, "fleet.fence_cross"), 0);
    to(&s, 9000, 400); /* a leg longer than fences.cross_leg */
    to(&s, 0, 600);
    assert_int_equal(told(s.t, "F", "cross"), 1);
    haul_trial_close(s.t);
}

static void coming_near_is_told_once(void **state)
{
    (void)state;
    struct scene s = scene_of(square("F", 1000, "\"approach_m\":500,\"alerts\":[\"approach\"]"));
    to(&s, 400, 30);
    assert_int_equal(told(s.t, "F", "approach"), 0);
    to(&s, 520, 10);
    to(&s, 490, 10); /* 10 m beyond: within the hysteresis */
    to(&s, 530, 10);
    assert_int_equal(told(s.t, "F", "approach"), 1);
    assert_int_equal(alert_open(s.t, "fleet.fence_approach"), 1);
    to(&s, 1500, 60);
    assert_int_equal(alert_open(s.t, "fleet.fence_approach"), 0);
    to(&s, 2100, 60); /* out on the other side: that is no approach */
    assert_int_equal(told(s.t, "F", "exit"), 1);
    assert_int_equal(told(s.t, "F", "approach"), 1);
    haul_trial_close(s.t);
}

static void a_stay_that_is_too_long_is_told_by_a_timer(void **state)
{
    (void)state;
    struct scene s = scene_of(square("F", 300, "\"dwell_max_s\":600,\"alerts\":[\"dwell\"]"));
    to(&s, 400, 30);
    pass_to(s.t, s.c.ms + 9 * MINUTE);
    assert_int_equal(alert_open(s.t, "fleet.fence_dwell"), 0);
    pass_to(s.t, s.c.ms + 10 * MINUTE);
    assert_int_equal(alert_open(s.t, "fleet.fence_dwell"), 1);
    assert_int_equal(told(s.t, "F", "dwell"), 1);
    pass_to(s.t, s.c.ms + 60 * MINUTE);
    to(&s, 100, 3700);
    assert_int_equal(told(s.t, "F", "dwell"), 1);
    assert_int_equal(alert_open(s.t, "fleet.fence_dwell"), 0);
    haul_trial_close(s.t);
}

/* 10:00 is when the car begins. */
static void it_holds_in_its_hours(void **state)
{
    (void)state;
    struct scene s =
        scene_of(square("N", -500, "\"windows\":[{\"from\":\"10:20\",\"to\":\"11:00\"}],\"zone\":\"+08:00\""));
    to(&s, 0, 600);
    assert_int_equal(told(s.t, "N", "enter"), 0);
    to(&s, 10, 660); /* 10:21 */
    assert_int_equal(told(s.t, "N", "enter"), 1);
    assert_int_equal(alert_open(s.t, "fleet.fence_enter"), 1);
    pass_to(s.t, s.c.ms + 38 * MINUTE);
    assert_int_equal(alert_open(s.t, "fleet.fence_enter"), 1);
    pass_to(s.t, s.c.ms + 40 * MINUTE); /* past 11:00, without a record of the car */
    assert_int_equal(alert_open(s.t, "fleet.fence_enter"), 0);
    assert_int_equal(told(s.t, "N", "exit"), 1);
    assert_int_equal(alerts(s.t, "fleet.fence_exit", "open"), 0);
    haul_trial_close(s.t);
    s = scene_of(square("N", -500, "\"windows\":[{\"from\":\"22:00\",\"to\":\"06:00\",\"days\":[\"mon\"]}]"));
    to(&s, 0, 12.5 * 3600); /* Monday 22:30 */
    assert_int_equal(told(s.t, "N", "enter"), 1);
    to(&s, 5, 7 * 3600); /* Tuesday 05:30: still Monday's night */
    assert_int_equal(told(s.t, "N", "exit"), 0);
    to(&s, 0, 17 * 3600); /* Tuesday 22:30: not Tuesday's */
    assert_int_equal(told(s.t, "N", "exit"), 1);
    assert_int_equal(told(s.t, "N", "enter"), 1);
    haul_trial_close(s.t);
}

static void it_holds_for_its_groups(void **state)
{
    (void)state;
    struct scene s = scene_of(square("T", 300, "\"groups\":[\"truck\",\"tanker\"]"));
    to(&s, 400, 30);
    s.c.group = "van";
    to(&s, 410, 30);
    assert_int_equal(told(s.t, "T", "enter"), 0);
    s.c.group = "tanker";
    to(&s, 420, 30);
    assert_int_equal(told(s.t, "T", "enter"), 1);
    s.c.group = "van";
    to(&s, 430, 30);
    assert_int_equal(told(s.t, "T", "exit"), 1);
    haul_trial_close(s.t);
}

static void a_set_is_replaced_while_records_flow(void **state)
{
    (void)state;
    char two[2000];
    struct scene s = scene_of(square("OLD", 300, ""));
    to(&s, 400, 30);
    assert_int_equal(alert_open(s.t, "fleet.fence_enter"), 1);
    snprintf(two, sizeof two, "%s,%s", square("ADDED", 350, ""), square("AWAY", 9000, ""));
    use(s.t, two, s.c.ms + 1000);
    assert_int_equal(told(s.t, "OLD", "exit"), 0); /* new content acts on a key at its next step */
    to(&s, 410, 10);
    assert_int_equal(told(s.t, "OLD", "exit"), 1);
    assert_int_equal(told(s.t, "ADDED", "enter"), 1);
    assert_int_equal(alert_open(s.t, "fleet.fence_enter"), 1); /* one alert, now about the other fence */
    use(s.t, two, s.c.ms + 1000);                              /* the same again: nothing happens */
    to(&s, 420, 10);
    assert_int_equal(told(s.t, "ADDED", "enter"), 1);
    use(s.t, "", s.c.ms + 1000);
    to(&s, 430, 10);
    assert_int_equal(told(s.t, "ADDED", "exit"), 1);
    assert_int_equal(alert_open(s.t, "fleet.fence_enter"), 0);
    haul_trial_close(s.t);
}

static void in_more_than_can_be_followed_is_counted(void **state)
{
    (void)state;
    struct haul_buf b;
    haul_buf_init(&b, 4096, 65536);
    for (int i = 0; i < 12; i++) {
        char id[16];
        snprintf(id, sizeof id, "F%02d", i);
        haul_buf_printf(&b, "%s%s", i == 0 ? "" : ",", square(id, 300, "\"approach_m\":400"));
    }
    haul_buf_byte(&b, 0);
    struct scene s = scene_of((const char *)b.p);
    assert_true(haul_trial_counter(s.t, "fences_crowded") > 0);
    to(&s, 400, 30);
    for (int i = 0; i < 12; i++) {
        char id[16];
        snprintf(id, sizeof id, "F%02d", i);
        assert_int_equal(told(s.t, id, "enter"), i < 8);
    }
    to(&s, 1900, 60);
    for (int i = 0; i < 8; i++) {
        char id[16];
        snprintf(id, sizeof id, "F%02d", i);
        assert_int_equal(told(s.t, id, "exit"), 1);
    }
    assert_int_equal(alert_open(s.t, "fleet.fence_enter"), 0);
    haul_buf_free(&b);
    haul_trial_close(s.t);
}

static void a_vehicle_that_is_forgotten_leaves(void **state)
{
    (void)state;
    struct scene s = scene_of(square("F", 300, ""));
    to(&s, 400, 30);
    pass_to(s.t, s.c.ms + 8 * 24 * HOUR);
    assert_null(haul_trial_document(s.t, KEY));
    assert_int_equal(told(s.t, "F", "exit"), 1);
    haul_trial_close(s.t);
}

/* ---- the fence's own task -------------------------------------------------------------------------------------------
 */
static void transition(struct haul_trial *t, const char *what, const char *vehicle, int64_t ms, int64_t since_ms)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_FENCE_TRANSITION, HAUL_STR("F"), (struct haul_time){ms});
    haul_set_s(&r, HAUL_F_FT_WHAT, haul_str_of(what));
    haul_set_s(&r, HAUL_F_FT_VEHICLE, haul_str_of(vehicle));
    haul_set_i(&r, HAUL_F_FT_SINCE, since_ms);
    haul_set_s(&r, HAUL_F_FT_NAME, HAUL_STR("Yard"));
    haul_set_i(&r, HAUL_F_FT_INCLUSIVE, 1);
    assert_int_equal(haul_trial_feed(t, &r, (struct haul_time){ms}), HAUL_DONE);
}

static void a_vehicle_that_the_quota_sends_away_leaves(void **state)
{
    (void)state;
    struct scene s = scene_of(square("F", 300, ""));
    to(&s, 310, 30);
    haul_trial_entities_max(s.t, 1);
    struct car other = car_of(s.t, "B2");
    other.ms = s.c.ms + 1000;
    other.speed_kmh = (double)NAN;
    assert_int_equal(car_send(&other), HAUL_DONE);
    assert_null(haul_trial_document(s.t, KEY));
    assert_int_equal(told(s.t, "F", "exit"), 1);
    assert_int_equal(alert_open(s.t, "fleet.fence_enter"), 0);
    haul_trial_close(s.t);
}

static void a_fence_shows_who_is_inside(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fence, "");
    transition(t, "enter", "A1", MORNING, MORNING);
    transition(t, "enter", "B2", MORNING + 1000, MORNING + 1000);
    transition(t, "enter", "A1", MORNING + 2000, MORNING + 2000); /* again: not counted twice */
    assert_true(shows(t, "fence:F", "\"name\":\"Yard\",\"kind\":\"inclusive\",\"inside\":2,\"entered\":3,\"left\":0"));
    assert_true(shows(t, "fence:F", "\"vehicles\":[{\"id\":\"B2\""));
    transition(t, "exit", "B2", MORNING + 10 * MINUTE, MORNING);
    transition(t, "cross", "C3", MORNING + 10 * MINUTE, MORNING);
    assert_true(shows(t, "fence:F", "\"inside\":1,\"entered\":3,\"left\":1,\"crossed\":1"));
    assert_int_equal(haul_round_i64(number_of(t, "fence:F", "longest_stay_min")), 10);
    transition(t, "exit", "A1", MORNING + 11 * MINUTE, MORNING);
    transition(t, "exit", "A1", MORNING + 12 * MINUTE, MORNING);
    assert_int_equal(haul_trial_counter(t, "unmatched"), 1);
    pass_to(t, MORNING + 8 * 24 * HOUR);
    assert_null(haul_trial_document(t, "fence:F"));
    haul_trial_close(t);
}

static void more_than_the_list_holds_are_counted_all_the_same(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_fence, "");
    char id[32];
    for (int i = 0; i < 300; i++) {
        snprintf(id, sizeof id, "V%03d", i);
        transition(t, "enter", id, MORNING + i * SECOND, MORNING + i * SECOND);
    }
    assert_true(shows(t, "fence:F", "\"inside\":300,"));
    assert_true(shows(t, "fence:F", "\"listed\":256,"));
    for (int i = 0; i < 300; i++) {
        snprintf(id, sizeof id, "V%03d", i);
        transition(t, "exit", id, MORNING + HOUR, MORNING);
    }
    assert_true(shows(t, "fence:F", "\"inside\":0,\"entered\":300,\"left\":300"));
    assert_true(shows(t, "fence:F", "\"listed\":0,\"vehicles\":[]"));
    haul_trial_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vehicle_enters_and_leaves),
        cmocka_unit_test(jitter_raises_nothing),
        cmocka_unit_test(seconds_are_waited_for),
        cmocka_unit_test(an_inclusive_fence_is_missed_until_it_is_entered_again),
        cmocka_unit_test(one_that_is_crossed_between_two_fixes_is_told),
        cmocka_unit_test(coming_near_is_told_once),
        cmocka_unit_test(a_stay_that_is_too_long_is_told_by_a_timer),
        cmocka_unit_test(it_holds_in_its_hours),
        cmocka_unit_test(it_holds_for_its_groups),
        cmocka_unit_test(a_set_is_replaced_while_records_flow),
        cmocka_unit_test(in_more_than_can_be_followed_is_counted),
        cmocka_unit_test(a_vehicle_that_is_forgotten_leaves),
        cmocka_unit_test(a_vehicle_that_the_quota_sends_away_leaves),
        cmocka_unit_test(a_fence_shows_who_is_inside),
        cmocka_unit_test(more_than_the_list_holds_are_counted_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
