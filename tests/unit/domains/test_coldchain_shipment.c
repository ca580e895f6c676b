/* SPDX-License-Identifier: Apache-2.0
 * A shipment against its class: the standards' limits, order, gaps, custody.
 */
#include "tests/unit/domains/support_coldchain.h"

#include <math.h>
#include <stdio.h>

#define SHIPMENT "shipment:S1"

struct course {
    double temp, minutes;
};

/* A shipment of a class through a course; samples each minute. */
static struct haul_trial *shipped(const char *class, const struct course *c, size_t n)
{
    struct haul_trial *t = trial_of(&haul_coldchain, "");
    size_t relayed;
    struct reefer r = reefer_of(t, "R1", &relayed);
    r.temp = c[0].temp;
    reefer_send(&r);
    reefer_event(&r, "loaded", "S1", class);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && fabs(c[i].temp - r.temp) > 8) { /* not faster than a probe may */
            const double step = (c[i].temp - r.temp) / 4;
            for (int k = 0; k < 3; k++) r.temp += step, r.ms += 15000, reefer_send(&r);
        }
        r.temp = c[i].temp;
        reefer_run(&r, c[i].minutes, 60);
    }
    reefer_pass(&r, r.ms);
    return t;
}

static void each_standard_raises_at_its_limit(void **state)
{
    (void)state;
    static const struct {
        const char *class;
        struct course course[3];
        const char *rule;
        int open;
    } rows[] = {
        /* WHO TR07 type 1 and 2 */
        {"who_type1", {{5, 30}, {45, 58}, {5, 0}}, "excursion", 0},
        {"who_type1", {{5, 30}, {45, 62}, {45, 0}}, "excursion", 1},
        {"who_type1", {{5, 30}, {44.9, 62}, {44.9, 0}}, "excursion", 0},
        {"who_type1", {{5, 30}, {30, 595}, {5, 0}}, "cumulative", 0},
        {"who_type1", {{5, 30}, {30, 602}, {5, 0}}, "cumulative", 1},
        {"who_type1", {{5, 30}, {29.9, 602}, {5, 0}}, "cumulative", 0},
        {"who_type1", {{5, 30}, {-0.5, 58}, {5, 1}}, "freeze", 0},
        {"who_type1", {{5, 30}, {-0.5, 62}, {5, 1}}, "freeze", 1},
        {"who_type1", {{5, 30}, {-0.4, 62}, {5, 1}}, "freeze", 0},
        {"who_type1", {{5, 30}, {10, 1210}, {5, 0}}, "cumulative", 0},
        {"who_type2", {{5, 30}, {10, 1190}, {5, 0}}, "cumulative", 0},
        {"who_type2", {{5, 30}, {10, 1210}, {5, 0}}, "cumulative", 1},
        /* GSP: at the limit's first transgression */
        {"gsp_drug", {{5, 30}, {8, 5}, {8, 0}}, "excursion", 0},
        {"gsp_drug", {{5, 30}, {8.1, 1}, {8.1, 0}}, "excursion", 1},
        {"gsp_drug", {{5, 30}, {1.9, 1}, {1.9, 0}}, "excursion", 1},
        {"gsp_drug", {{5, 30}, {8.1, 1}, {5, 2}}, "excursion", 0},
        /* GB 31605: 10 min */
        {"gb31605_frozen", {{-20, 30}, {-18, 60}, {-18, 0}}, "excursion", 0},
        {"gb31605_frozen", {{-20, 30}, {-17.9, 9}, {-17.9, 0}}, "excursion", 0},
        {"gb31605_frozen", {{-20, 30}, {-17.9, 12}, {-17.9, 0}}, "excursion", 1},
        {"gb31605_chilled", {{4, 30}, {10, 30}, {10, 0}}, "excursion", 0},
        {"gb31605_chilled", {{4, 30}, {10.1, 12}, {10.1, 0}}, "excursion", 1},
        {"gb31605_chilled", {{4, 30}, {-0.1, 12}, {-0.1, 0}}, "excursion", 1},
        /* EU 89/108: +3 K for a while */
        {"eu_quick_frozen", {{-20, 30}, {-15, 28}, {-15, 0}}, "excursion", 0},
        {"eu_quick_frozen", {{-20, 30}, {-15, 33}, {-15, 0}}, "excursion", 1},
        {"eu_quick_frozen", {{-20, 30}, {-14.9, 1}, {-14.9, 0}}, "excursion", 1},
        /* USP */
        {"usp_cct", {{5, 30}, {15, 30}, {15, 0}}, "excursion", 0},
        {"usp_cct", {{5, 30}, {15.1, 1}, {15.1, 0}}, "excursion", 1},
        {"usp_cct", {{5, 1380}, {15, 60}, {5, 2}}, "mkt", 0},   /* 5.76 °C */
        {"usp_cct", {{5, 1140}, {15, 300}, {15, 0}}, "mkt", 1}, /* 8.2 °C */
        {"usp_cct", {{5, 1380}, {8.1, 1442}, {5, 0}}, "cumulative", 1},
        {"usp_crt", {{22, 30}, {30, 30}, {30, 0}}, "excursion", 0},
        {"usp_crt", {{22, 30}, {30.1, 1}, {30.1, 0}}, "excursion", 1},
        {"usp_crt", {{22, 30}, {14.9, 1}, {14.9, 0}}, "excursion", 1},
        {"usp_crt", {{22, 30}, {25.5, 1430}, {22, 0}}, "mkt", 1},
        {"usp_crt", {{24, 1300}, {26, 140}, {22, 0}}, "mkt", 0},
        /* vaccines: one sample of frost */
        {"vaccine_2_8", {{5, 30}, {-0.5, 1}, {5, 0}}, "freeze", 1},
        {"vaccine_2_8", {{5, 30}, {-0.4, 1}, {5, 0}}, "freeze", 0},
        {"vaccine_2_8", {{5, 30}, {8.1, 9}, {8.1, 0}}, "excursion", 0},
        {"vaccine_2_8", {{5, 30}, {8.1, 12}, {8.1, 0}}, "excursion", 1},
        {"no_such_class", {{5, 30}, {8.1, 12}, {8.1, 0}}, "excursion", 1}, /* the default class */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = shipped(rows[i].class, rows[i].course, 3);
        char pattern[40];
        snprintf(pattern, sizeof pattern, "\"%s\"", rows[i].rule);
        const char *document = haul_trial_document(t, SHIPMENT);
        assert_non_null(document);
        const char *alerts = strstr(document, "\"alerts\":");
        assert_non_null(alerts);
        if ((strstr(alerts, pattern) != NULL) != rows[i].open)
            fail_msg("row %zu (%s %s): %s", i, rows[i].class, rows[i].rule, document);
        haul_trial_close(t);
    }
}

static void the_evidence_adds_up(void **state)
{
    (void)state;
    struct haul_trial *t = shipped("usp_cct", (const struct course[]){{5, 1380}, {15, 60}}, 2);
    /* load at the first sample: 1440 intervals, of which the last minute at 15 °C is not over; three steps of 15 s
     * between */
    assert_true(fabs(number_of(t, SHIPMENT, "mkt_c") - 5.763546) < 0.02);
    assert_true(fabs(number_of(t, SHIPMENT, "min_c") - 5) < 1e-9 && fabs(number_of(t, SHIPMENT, "max_c") - 15) < 1e-9);
    const double in = number_of(t, SHIPMENT, "in_range_min"), above = number_of(t, SHIPMENT, "above_min");
    assert_true(fabs(in + above - number_of(t, SHIPMENT, "monitored_min")) < 1e-6);
    assert_true(above > 59 && above < 61);
    assert_int_equal(number_of(t, SHIPMENT, "gaps"), 0);
    haul_trial_close(t);
}

static void life_is_used_up(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(
        &haul_coldchain,
        "classes: {milk: {high: {at: 30degC}, low: {at: 0degC}, life: {of: 10h, at: 10degC, model: q10, q10: 2}}}");
    size_t relayed;
    struct reefer r = reefer_of(t, "R1", &relayed);
    r.temp = 20; /* twice as fast */
    reefer_send(&r);
    reefer_event(&r, "loaded", "S1", "milk");
    reefer_run(&r, 3 * 60 + 42, 60);
    assert_int_equal(alert_open(t, "coldchain.life"), 0);
    reefer_run(&r, 6, 60);
    assert_int_equal(alert_open(t, "coldchain.life"), 1);
    assert_int_equal(alert_last(t, "coldchain.life", "open")->v[HAUL_F_ALERT_SEVERITY].i, 3);
    reefer_run(&r, 45, 60);
    assert_int_equal(alert_last(t, "coldchain.life", "change")->v[HAUL_F_ALERT_SEVERITY].i, 1);
    assert_true(number_of(t, SHIPMENT, "life_left_pct") < 10);
    haul_trial_close(t);
}

/* Everything within the lateness of 5 s, in any order: the same shipment. */
static void disorder_within_the_lateness_changes_nothing(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 17);
    char first[4096] = "";
    for (int run = 0; run < 6; run++) {
        struct haul_trial *t = trial_of(&haul_coldchain, "");
        size_t relayed;
        struct reefer r = reefer_of(t, "R1", &relayed);
        reefer_send(&r);
        reefer_event(&r, "loaded", "S1", "gsp_drug");
        for (int group = 0; group < 200; group++) { /* four samples, one a second, then nothing for a minute */
            int order[4] = {0, 1, 2, 3};
            for (int i = 3; run > 0 && i > 0; i--) {
                const int k = (int)haul_rng_below(&rng, (uint64_t)i + 1), x = order[i];
                order[i] = order[k], order[k] = x;
            }
            for (int i = 0; i < 4; i++) {
                struct reefer s = r;
                s.ms = MORNING + (group + 1) * MINUTE + order[i] * SECOND;
                s.lag = MORNING + (group + 1) * MINUTE + 3 * SECOND - s.ms;
                s.temp = 5 + 4 * sin(group * 0.3 + order[i]);
                assert_int_equal(reefer_send(&s), HAUL_DONE);
                reefer_relay(&s);
            }
        }
        r.ms = MORNING + 205 * MINUTE;
        reefer_pass(&r, r.ms);
        const char *document = haul_trial_document(t, SHIPMENT);
        if (run == 0) snprintf(first, sizeof first, "%s", document);
        const char *stop = strstr(document, "\"log\":"); /* times of alerts are those of the steps that raised them */
        assert_non_null(stop);
        assert_memory_equal(strstr(first, "\"through\""), strstr(document, "\"through\""),
                            (size_t)(stop - strstr(document, "\"through\"")));
        assert_true(number_of(t, SHIPMENT, "above_min") > 5);
        haul_trial_close(t);
    }
}

static void a_late_upload_is_taken_in_order_for_its_probe(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_coldchain, "");
    size_t relayed;
    struct reefer r = reefer_of(t, "R1", &relayed), other = reefer_of(t, "R2", &relayed);
    reefer_send(&r);
    reefer_event(&r, "loaded", "S1", "gsp_drug");
    other.ms += 60 * MINUTE; /* the watermark moves on without R1 */
    reefer_send(&other);
    for (int i = 1; i <= 30; i++) {
        r.ms += MINUTE, r.lag = other.ms - r.ms;
        assert_int_equal(reefer_send(&r), HAUL_DONE);
        reefer_relay(&r);
    }
    assert_int_equal(haul_trial_counter(t, "disordered"), 0);
    assert_true(fabs(number_of(t, SHIPMENT, "monitored_min") - 30) < 1e-9);
    r.ms -= 10 * MINUTE, r.lag = other.ms - r.ms;
    assert_int_equal(reefer_send(&r), HAUL_DROP);
    assert_int_equal(haul_trial_counter(t, "disordered"), 1);
    haul_trial_close(t);
}

static void a_silence_is_a_gap_and_raised(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_coldchain, "");
    size_t relayed;
    struct reefer r = reefer_of(t, "R1", &relayed);
    reefer_send(&r);
    reefer_event(&r, "loaded", "S1", "gsp_drug");
    reefer_run(&r, 20, 60);
    reefer_pass(&r, r.ms + MINUTE);
    reefer_pass(&r, r.ms + 40 * MINUTE);
    assert_int_equal(alert_open(t, "coldchain.untracked"), 1);
    assert_int_equal(alert_open(t, "coldchain.sensor_missing"), 1);
    r.ms += 60 * MINUTE;
    reefer_send(&r);
    reefer_run(&r, 2, 60);
    reefer_pass(&r, r.ms);
    assert_int_equal(alert_open(t, "coldchain.untracked"), 0);
    assert_int_equal(alert_open(t, "coldchain.sensor_missing"), 0);
    assert_int_equal(number_of(t, SHIPMENT, "gaps"), 1);
    assert_true(fabs(number_of(t, SHIPMENT, "gap_min") - 50) < 1e-9); /* a sample stands for 10 min */
    haul_trial_close(t);
}

/* A backlog: the shipment's task is ahead of the unit's. What comes late still comes: nothing is untracked; and a
 * receiver's reading waits for the giver's samples. */
static void a_unit_that_is_behind_is_waited_for(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_coldchain, "");
    size_t relayed;
    struct reefer r = reefer_of(t, "R1", &relayed);
    reefer_send(&r);
    reefer_event(&r, "loaded", "S1", "gsp_drug");
    for (int i = 0; i < 90; i++) {
        r.ms += MINUTE;
        reefer_send(&r);
    }
    reefer_event(&r, "unloaded", "S1", NULL);
    struct haul_record taken;
    haul_record_init(&taken, HAUL_KIND_COLD_HANDOVER, HAUL_STR("S1"), (struct haul_time){r.ms + MINUTE});
    haul_set_f(&taken, HAUL_F_CH_TEMP, r.temp + 4);
    haul_set_s(&taken, HAUL_F_CH_BY, HAUL_STR("receiver"));
    haul_trial_feed(t, &taken, (struct haul_time){r.ms + MINUTE});
    assert_int_equal(alert_open(t, "coldchain.handover"), 0);
    reefer_pass(&r, r.ms + 3 * MINUTE);
    assert_int_equal(alert_open(t, "coldchain.handover"), 1);
    assert_int_equal(alerts(t, "coldchain.untracked", "open"), 0);
    haul_trial_close(t);
}

static void custody_goes_from_unit_to_unit(void **state)
{
    (void)state;
    static const struct {
        double second_c;
        int open;
    } rows[] = {{5.5, 0}, {7.1, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = trial_of(&haul_coldchain, "");
        size_t relayed;
        struct reefer a = reefer_of(t, "R1", &relayed), b = reefer_of(t, "R2", &relayed);
        reefer_send(&a);
        reefer_event(&a, "loaded", "S1", "gsp_drug");
        reefer_run(&a, 20, 60);
        reefer_event(&a, "unloaded", "S1", NULL);
        a.ms += MINUTE, reefer_send(&a);
        b.ms = a.ms + 4 * MINUTE, b.temp = rows[i].second_c;
        reefer_send(&b);
        reefer_event(&b, "loaded", "S1", "gsp_drug");
        reefer_run(&b, 5, 60);
        reefer_pass(&b, b.ms);
        assert_int_equal(alert_open(t, "coldchain.handover"), rows[i].open);
        assert_true(shows(t, SHIPMENT, "\"unit\":\"R2\""));
        assert_true(shows(t, "reefer:R1", "\"shipments\":[]"));
        assert_true(fabs(number_of(t, SHIPMENT, "gap_min") - 5) < 1e-9);
        reefer_handover(&b, "S1", rows[i].second_c + 2.5, "receiver");
        assert_int_equal(alert_open(t, "coldchain.handover"), 1);
        reefer_handover(&b, "S1", rows[i].second_c + 1.5, "receiver");
        assert_int_equal(alert_open(t, "coldchain.handover"), 0);
        haul_trial_close(t);
    }
}

/* The exposures of the unit before come behind those of the next: they fill the gap that they left, once. */
static void exposures_that_come_late_fill_their_gap(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_coldchain, "");
    static const int order[] = {0, 3, 1, 2, 2};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        struct haul_record r;
        haul_record_init(&r, HAUL_KIND_COLD_EXPOSURE, HAUL_STR("S1"),
                         (struct haul_time){MORNING + (order[i] + 1) * MINUTE});
        haul_set_i(&r, HAUL_F_CX_WHAT, 0);
        haul_set_i(&r, HAUL_F_CX_FROM, MORNING + order[i] * MINUTE);
        haul_set_f(&r, HAUL_F_CX_HIGH, 5 + order[i]);
        haul_set_f(&r, HAUL_F_CX_LOW, 5 + order[i]);
        haul_set_f(&r, HAUL_F_CX_NOW_HIGH, 6);
        haul_set_f(&r, HAUL_F_CX_NOW_LOW, 6);
        haul_set_s(&r, HAUL_F_CX_UNIT, HAUL_STR("R1"));
        assert_int_equal(haul_trial_feed(t, &r, (struct haul_time){MORNING + 10 * MINUTE}), HAUL_DONE);
    }
    haul_trial_tick(t, (struct haul_time){MORNING + HOUR});
    assert_int_equal(haul_trial_counter(t, "filled"), 2);
    assert_int_equal(haul_trial_counter(t, "overlap"), 1);
    assert_true(fabs(number_of(t, SHIPMENT, "monitored_min") - 4) < 1e-9);
    assert_int_equal(number_of(t, SHIPMENT, "gaps"), 0);
    assert_true(fabs(number_of(t, SHIPMENT, "mean_c") - 6.5) < 1e-9);
    haul_trial_close(t);
}

static void the_log_says_what_was_raised_when(void **state)
{
    (void)state;
    struct haul_trial *t = shipped("gsp_drug", (const struct course[]){{5, 10}, {9, 5}, {5, 10}}, 3);
    assert_true(shows(t, SHIPMENT, "\"rule\":\"excursion\",\"what\":\"raised\",\"value\":9,\"threshold\":8"));
    assert_true(shows(t, SHIPMENT, "\"rule\":\"excursion\",\"what\":\"cleared\""));
    const struct haul_record *r = alert_last(t, "coldchain.excursion", "open");
    assert_non_null(r);
    haul_trial_close(t);
}

static void bad_records_are_refused(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_coldchain, "");
    static const int64_t froms[] = {MORNING, MORNING + 1, INT64_MAX, -INT64_MAX};
    for (size_t i = 0; i < sizeof froms / sizeof froms[0]; i++) {
        struct haul_record x;
        haul_record_init(&x, HAUL_KIND_COLD_EXPOSURE, HAUL_STR("S1"), (struct haul_time){MORNING});
        haul_set_i(&x, HAUL_F_CX_WHAT, 0);
        haul_set_i(&x, HAUL_F_CX_FROM, froms[i]);
        haul_set_s(&x, HAUL_F_CX_UNIT, HAUL_STR("R1"));
        assert_int_equal(haul_trial_feed(t, &x, (struct haul_time){MORNING}), HAUL_QUARANTINE);
    }
    size_t relayed;
    struct reefer r = reefer_of(t, "R1", &relayed);
    assert_int_equal(reefer_event(&r, "eaten", NULL, NULL), HAUL_QUARANTINE);
    assert_int_equal(reefer_event(&r, "loaded", NULL, NULL), HAUL_QUARANTINE);
    r.temp = (double)NAN;
    assert_int_equal(reefer_send(&r), HAUL_QUARANTINE);
    haul_trial_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_standard_raises_at_its_limit),
        cmocka_unit_test(the_evidence_adds_up),
        cmocka_unit_test(life_is_used_up),
        cmocka_unit_test(disorder_within_the_lateness_changes_nothing),
        cmocka_unit_test(a_late_upload_is_taken_in_order_for_its_probe),
        cmocka_unit_test(a_silence_is_a_gap_and_raised),
        cmocka_unit_test(a_unit_that_is_behind_is_waited_for),
        cmocka_unit_test(custody_goes_from_unit_to_unit),
        cmocka_unit_test(exposures_that_come_late_fill_their_gap),
        cmocka_unit_test(the_log_says_what_was_raised_when),
        cmocka_unit_test(bad_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
