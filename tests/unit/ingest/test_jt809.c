/* SPDX-License-Identifier: Apache-2.0
 * JT/T 809: frames of both editions there and back, positions, backfill, alarms, plates; the bridge.
 */
#include "haul/crs.h"
#include "haul/jt809.h"
#include "haul/processors.h"
#include "haul/rng.h"
#include "haul/trial.h"

#include "support_jt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct haul_time now = {1769414400000};
static const struct haul_str plate = {"\xb8\xd3"
                                      "A12345",
                                      8}; /* 赣A12345 in GBK */

static struct haul_buf buffer(void)
{
    struct haul_buf b;
    haul_buf_init(&b, 256, 1 << 20);
    return b;
}

/* 36 octets of 2011; China's 2026-01-26 15:57:second. */
static void position_2011(struct haul_buf *b, unsigned shifted, unsigned second, uint32_t status, uint32_t alarm)
{
    jt_u8(b, shifted);
    jt_u8(b, 26), jt_u8(b, 1), jt_u16(b, 2026);
    jt_u8(b, 15), jt_u8(b, 57), jt_u8(b, second);
    jt_u32(b, 115858200), jt_u32(b, 28682900);
    jt_u16(b, 60), jt_u16(b, 61), jt_u32(b, 1234);
    jt_u16(b, 90), jt_u16(b, 40);
    jt_u32(b, status), jt_u32(b, alarm);
}

static void position_2019(struct haul_buf *b)
{
    jt_u8(b, 0);
    jt_u32(b, 28);
    const struct jt_location l = {0, 3, 28682900, 115858200, 40, 603, 90, "260126155702"};
    jt808_location(b, &l);
    for (int i = 0; i < 45; i++) jt_u8(b, 0x30);
}

static void frames_there_and_back(void **state)
{
    (void)state;
    struct haul_rng rng;
    printf("# seed 809\n");
    haul_rng_seed(&rng, 809);
    static uint8_t room[HAUL_JT809_FRAME_MAX];
    for (int i = 0; i < 2000; i++) {
        char data[200];
        const size_t n = haul_rng_below(&rng, sizeof data);
        const bool v2019 = haul_rng_below(&rng, 2) == 1;
        for (size_t k = 0; k < n; k++) data[k] = (char)(0x58 + haul_rng_below(&rng, 8));
        struct haul_buf b = buffer();
        jt809_frame(&b, v2019, HAUL_JT809_VEHICLE, 0x1202, (uint32_t)i, plate, 2, (struct haul_str){data, n});
        jt_u8(&b, 0x5b); /* the beginning of another that was cut off */
        struct haul_str rest = jt_str(&b), part;
        struct haul_jt809_frame f;
        struct haul_refusal why;
        assert_true(haul_jt809_next(&rest, &part));
        assert_int_equal(part.n, b.n - 1);
        if (!haul_jt809_read(part, room, &f, &why)) fail_msg("%s", why.text);
        assert_int_equal(f.v2019, v2019);
        assert_int_equal(f.serial, i);
        assert_int_equal(f.centre, 36001);
        assert_int_equal(f.colour, 2);
        assert_int_equal(f.subtype, 0x1202);
        assert_true(haul_str_eq(f.plate, plate));
        assert_true(haul_str_eq(f.data, (struct haul_str){data, n}));
        assert_true(haul_jt809_next(&rest, &part));
        assert_false(haul_jt809_read(part, room, &f, &why));
        assert_int_equal(why.reason, HAUL_REASON_FRAME);
        haul_buf_free(&b);
    }
}

static void a_turned_bit_is_refused(void **state)
{
    (void)state;
    static uint8_t room[HAUL_JT809_FRAME_MAX];
    struct haul_buf b = buffer(), data = buffer();
    position_2011(&data, 0, 2, 3, 0);
    jt809_frame(&b, false, HAUL_JT809_VEHICLE, HAUL_JT809_POSITION, 1, plate, 2, jt_str(&data));
    for (size_t bit = 8; bit < (b.n - 1) * 8; bit++) {
        struct haul_jt809_frame f;
        struct haul_refusal why;
        b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(haul_jt809_read(jt_str(&b), room, &f, &why));
        b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    haul_buf_free(&b);
    haul_buf_free(&data);
}

static struct haul_trial *bridge(const char *yaml)
{
    struct haul_error e = {0};
    struct haul_trial *t = haul_trial_open(&haul_bridge_jt809, yaml, &e);
    if (t == NULL) fail_msg("%s", e.text);
    return t;
}

static void feed(struct haul_trial *t, bool v2019, unsigned type, unsigned subtype, struct haul_str plate_gbk,
                 const struct haul_buf *data)
{
    struct haul_buf b = buffer();
    jt809_frame(&b, v2019, type, subtype, 7, plate_gbk, 2, jt_str(data));
    haul_trial_message(t, HAUL_STR("k"), jt_str(&b), now, NULL);
    haul_buf_free(&b);
}

static void positions_of_both_editions(void **state)
{
    (void)state;
    for (int edition = 0; edition < 2; edition++) {
        struct haul_trial *t = bridge("source: gw\nid: plate");
        struct haul_buf data = buffer();
        if (edition == 0)
            position_2011(&data, 1, 2, 3, 2);
        else
            position_2019(&data);
        feed(t, edition == 1, HAUL_JT809_VEHICLE, HAUL_JT809_POSITION, plate, &data);
        if (haul_trial_letters(t) > 0) fail_msg("%s", haul_trial_letter(t, 0, NULL));
        assert_int_equal(haul_trial_emitted(t), 1);
        const struct haul_record *r = haul_trial_emission(t, 0, NULL);
        assert_true(haul_str_eq(r->id, HAUL_STR("赣A12345:2")));
        assert_true(haul_str_eq(r->v[HAUL_F_VP_PLATE].s, HAUL_STR("赣A12345")));
        assert_true(haul_str_eq(r->source, HAUL_STR("gw-36001")));
        assert_int_equal(r->time.ms, 1769414222000);
        assert_float_equal(r->lon_deg, 115.8582, 1e-9);
        assert_float_equal(r->lat_deg, 28.6829, 1e-9);
        assert_float_equal(r->v[HAUL_F_VP_SPEED].f, edition == 0 ? 60.0F : 60.3F, 1e-4F);
        assert_int_equal(r->crs, edition == 0 ? HAUL_CRS_GCJ02 : HAUL_CRS_WGS84);
        assert_int_equal(haul_trial_counter(t, "shifted"), edition == 0 ? 1 : 0);
        haul_trial_close(t);
        haul_buf_free(&data);
    }
}

/* The same plate is the same vehicle, another key or colour another one; without the plate in it. */
static void a_vehicle_is_a_hash(void **state)
{
    (void)state;
    char ids[2][HAUL_ID_MAX + 1];
    for (int k = 0; k < 2; k++) {
        haul_trial_driver_key(k == 0 ? HAUL_STR("0123456789abcdef") : HAUL_STR("0123456789abcdeF"));
        struct haul_trial *t = bridge("");
        struct haul_buf data = buffer();
        position_2011(&data, 0, 2, 3, 0);
        feed(t, false, HAUL_JT809_VEHICLE, HAUL_JT809_POSITION, plate, &data);
        feed(t, false, HAUL_JT809_VEHICLE, HAUL_JT809_POSITION, plate, &data);
        const struct haul_record *r = haul_trial_emission(t, 0, NULL);
        assert_int_equal(r->id.n, 32);
        snprintf(ids[k], sizeof ids[k], "%.*s", (int)r->id.n, r->id.p);
        assert_true(haul_str_eq(haul_trial_emission(t, 1, NULL)->id, haul_str_of(ids[k])));
        haul_trial_close(t);
        haul_buf_free(&data);
    }
    haul_trial_driver_key((struct haul_str){NULL, 0});
    assert_string_not_equal(ids[0], ids[1]);
}

static void backfill_and_its_faults(void **state)
{
    (void)state;
    struct haul_trial *t = bridge("");
    struct haul_buf data = buffer();
    jt_u8(&data, 4);
    position_2011(&data, 0, 1, 3, 0);
    position_2011(&data, 0, 61, 3, 0); /* no such second */
    position_2011(&data, 0, 3, 1, 0);  /* no fix */
    position_2011(&data, 0, 4, 1, 1);  /* no fix, but SOS */
    feed(t, false, HAUL_JT809_VEHICLE, HAUL_JT809_BACKFILL, plate, &data);
    assert_int_equal(haul_trial_emitted(t), 2);
    assert_int_equal(haul_trial_emission(t, 1, NULL)->kind, HAUL_KIND_VEHICLE_EVENT);
    assert_int_equal(haul_trial_counter(t, "unfixed"), 1);
    assert_int_equal(haul_trial_counter(t, "backfill"), 4);
    assert_int_equal(haul_trial_letters(t), 1);
    assert_string_equal(haul_trial_letter(t, 0, NULL),
                        "out_of_range: message 1203, serial 7: octet 38 of the data: 2026-1-26 15:57:61 is no time");
    haul_trial_close(t);
    haul_buf_free(&data);
}

static void alarms(void **state)
{
    (void)state;
    struct haul_trial *t = bridge("");
    for (int kind = 1; kind <= 6; kind += 5) { /* overspeed; congestion, which is none of the vehicle's */
        struct haul_buf data = buffer();
        jt_u8(&data, 1), jt_u16(&data, (unsigned)kind), jt_u32(&data, 0), jt_u32(&data, 1769414222);
        jt_u32(&data, 9), jt_u32(&data, 2), jt_u16(&data, 0);
        feed(t, false, HAUL_JT809_ALARM, HAUL_JT809_ALARM_REPORT, plate, &data);
        haul_buf_free(&data);
    }
    assert_int_equal(haul_trial_emitted(t), 1);
    const struct haul_record *r = haul_trial_emission(t, 0, NULL);
    assert_int_equal(r->v[HAUL_F_VE_ALARM].i, 2);
    assert_int_equal(r->time.ms, 1769414222000);
    assert_int_equal(haul_trial_counter(t, "alarms_other"), 1);
    struct haul_buf short_one = buffer();
    jt_u8(&short_one, 1);
    feed(t, false, HAUL_JT809_ALARM, HAUL_JT809_ALARM_REPORT, plate, &short_one);
    feed(t, false, HAUL_JT809_VEHICLE, HAUL_JT809_POSITION, HAUL_STR("\xff\xff"), &short_one);
    feed(t, false, HAUL_JT809_VEHICLE, 0x1201, plate, &short_one);
    assert_int_equal(haul_trial_letters(t), 2);
    assert_string_equal(haul_trial_letter(t, 1, NULL),
                        "invalid_utf8: message 1202, serial 7: the number plate is empty or no GBK");
    assert_int_equal(haul_trial_counter(t, "other"), 1);
    haul_trial_close(t);
    haul_buf_free(&short_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_there_and_back),      cmocka_unit_test(a_turned_bit_is_refused),
        cmocka_unit_test(positions_of_both_editions), cmocka_unit_test(a_vehicle_is_a_hash),
        cmocka_unit_test(backfill_and_its_faults),    cmocka_unit_test(alarms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
