/* SPDX-License-Identifier: Apache-2.0
 * Dead letters go back once each, up to a number of attempts; and what the gate hides of people, seen by the task that
 * takes records from outside.
 */
#include "haul/processors.h"
#include "haul/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct haul_time now = {1769414400000};

static struct haul_trial *trial(const struct haul_processor *p, const char *yaml)
{
    struct haul_error e = {0};
    struct haul_trial *t = haul_trial_open(p, yaml, &e);
    if (t == NULL) fail_msg("%s", e.text);
    return t;
}

/* A letter of a template's reading. */
static enum haul_verdict ask(struct haul_trial *t, const char *id, int64_t number, int64_t attempt, const char *to)
{
    struct haul_record inner, r;
    struct haul_buf b;
    haul_buf_init(&b, 256, 4096);
    haul_record_init(&inner, HAUL_KIND_TEMPLATE_READING, HAUL_STR("x"), now);
    haul_set_f(&inner, HAUL_F_TR_VALUE, (double)number);
    haul_record_pack(&inner, &b);
    haul_record_init(&r, HAUL_KIND_REDRIVE, haul_str_of(id), now);
    haul_set_i(&r, HAUL_F_REDRIVE_NUMBER, number);
    haul_set_s(&r, HAUL_F_REDRIVE_TO, haul_str_of(to));
    haul_set_i(&r, HAUL_F_REDRIVE_PARTITION, 0);
    haul_set_s(&r, HAUL_F_REDRIVE_BYTES, (struct haul_str){(const char *)b.p, b.n});
    haul_set_i(&r, HAUL_F_REDRIVE_ATTEMPT, attempt);
    const enum haul_verdict v = haul_trial_feed(t, &r, now);
    haul_buf_free(&b);
    return v;
}

static void once_each(void **state)
{
    (void)state;
    struct haul_trial *t = trial(&haul_redrive, "");
    static const int64_t numbers[] = {1, 2, 1, 4095, 4096, 2, 4095, 63, 64};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char id[40];
        snprintf(id, sizeof id, "fleet/3:1/%lld", (long long)(numbers[i] / HAUL_REDRIVE_BLOCK));
        ask(t, id, numbers[i], 0, "template");
    }
    assert_int_equal(haul_trial_emitted(t), 6);
    assert_int_equal(haul_trial_counter(t, "sent"), 6);
    assert_int_equal(haul_trial_counter(t, "again"), 3);
    assert_int_equal(ask(t, "fleet/4:1/0", 1, 0, "template"), HAUL_DONE); /* another task's first */
    haul_trial_close(t);
}

static void not_for_ever(void **state)
{
    (void)state;
    struct haul_trial *t = trial(&haul_redrive, "attempts_max: 2");
    assert_int_equal(ask(t, "a/0:1/0", 1, 0, "template"), HAUL_DONE);
    assert_int_equal(ask(t, "a/0:1/0", 2, 1, "template"), HAUL_DONE);
    assert_int_equal(ask(t, "a/0:1/0", 3, 2, "template"), HAUL_DROP);
    assert_int_equal(haul_trial_counter(t, "exhausted"), 1);
    assert_int_equal(ask(t, "a/0:1/0", 4, 0, "redrive"), HAUL_QUARANTINE);
    assert_int_equal(ask(t, "a/0:1/0", 5, 0, "nowhere"), HAUL_QUARANTINE);
    haul_trial_close(t);
}

/* What comes back is judged as from outside, is taken once, and refused again keeps its count. */
static void what_comes_back(void **state)
{
    (void)state;
    struct haul_trial *t = trial(&haul_template, "");
    struct haul_sender s = {.mailbox = HAUL_MAILBOX_REDRIVE, .incarnation = 1, .sequence = 1, .attempt = 1};
    haul_trial_message(t, HAUL_STR("k"), HAUL_STR("\xc1"), now, &s); /* no record at all: still its sequence */
    haul_trial_message(t, HAUL_STR("k"), HAUL_STR("\xc1"), now, &s);
    assert_int_equal(haul_trial_letters(t), 1);
    assert_int_equal(haul_trial_counter(t, "records_duplicate"), 1);
    struct haul_record r;
    struct haul_buf b;
    haul_buf_init(&b, 256, 4096);
    haul_record_init(&r, HAUL_KIND_TEMPLATE_READING, HAUL_STR("x"), (struct haul_time){now.ms + 3600000});
    haul_set_f(&r, HAUL_F_TR_VALUE, 1);
    haul_record_pack(&r, &b);
    s.sequence = 2;
    haul_trial_message(t, HAUL_STR("k"), (struct haul_str){(const char *)b.p, b.n}, now, &s);
    assert_int_equal(haul_trial_letters(t), 2);
    assert_memory_equal(haul_trial_letter(t, 1, NULL), "time_in_future", 14);
    s.sequence = 9, s.acked = 8; /* 3 to 8 were in the log, and are lost */
    haul_buf_clear(&b);
    r.time = now;
    haul_record_pack(&r, &b);
    haul_trial_message(t, HAUL_STR("k"), (struct haul_str){(const char *)b.p, b.n}, now, &s);
    assert_int_equal(haul_trial_counter(t, "records_lost_upstream"), 6);
    assert_int_equal(haul_trial_counter(t, "records_processed"), 1);
    haul_trial_close(t);
    haul_buf_free(&b);
}

/* ---- what is hidden ------------------------------------------------------------------------------------------------
 */
static void drive(struct haul_trial *t, const char *plate, const char *driver)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_VEHICLE_POSITION, HAUL_STR("V1"), now);
    r.positioned = true, r.lon_deg = 115.8, r.lat_deg = 28.6;
    haul_set_f(&r, HAUL_F_VP_SPEED, 10);
    haul_set_s(&r, HAUL_F_VP_PLATE, haul_str_of(plate));
    haul_set_s(&r, HAUL_F_VP_DRIVER, haul_str_of(driver));
    assert_int_not_equal(haul_trial_feed(t, &r, now), HAUL_QUARANTINE);
}

static void nothing_raw_is_seen(void **state)
{
    (void)state;
    for (int keyed = 0; keyed < 2; keyed++) {
        haul_trial_driver_key(keyed ? HAUL_STR("0123456789abcdef") : (struct haul_str){NULL, 0});
        struct haul_trial *t = trial(&haul_fleet, "");
        drive(t, "赣A12345", "driver-li-lei");
        const char *dump = haul_trial_dump(t);
        assert_null(strstr(dump, "A12345"));
        assert_null(strstr(dump, "li-lei"));
        const char *view = haul_trial_document(t, "vehicle:V1");
        assert_non_null(view);
        assert_null(strstr(view, "A12345"));
        assert_null(strstr(view, "li-lei"));
        assert_int_equal(haul_trial_counter(t, "driver_ids_dropped"), keyed ? 0 : 1);
        haul_trial_close(t);
    }
    haul_trial_driver_key((struct haul_str){NULL, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once_each),
        cmocka_unit_test(not_for_ever),
        cmocka_unit_test(what_comes_back),
        cmocka_unit_test(nothing_raw_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
