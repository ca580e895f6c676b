/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/crs.h"
#include "haul/gate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct haul_gate gate = {.future_max_ms = 60000, .past_max_ms = 86400000};
static const struct haul_time now = {1769443022000};

static void time_is_held_to_both_bounds(void **state)
{
    (void)state;
    static const struct {
        int64_t off_ms;
        enum haul_reason want;
    } cases[] = {
        {0, HAUL_REASON_NONE},
        {60000, HAUL_REASON_NONE},
        {60001, HAUL_REASON_TIME_FUTURE},
        {-86400000, HAUL_REASON_NONE},
        {-86400001, HAUL_REASON_TIME_PAST},
        {-1769443022000, HAUL_REASON_TIME_PAST},                  /* 1970 */
        {4291747200000 - 1769443022000, HAUL_REASON_TIME_FUTURE}, /* 2106 */
        {253402300799999 - 1769443022000, HAUL_REASON_TIME_FUTURE},
        {-62167219200000 - 1769443022000, HAUL_REASON_TIME_PAST},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static struct haul_record r;
        struct haul_refusal why = {.reason = HAUL_REASON_NONE};
        r.time.ms = now.ms + cases[i].off_ms;
        assert_int_equal(haul_gate_time(&gate, now, &r, &why), cases[i].want == HAUL_REASON_NONE);
        assert_int_equal(why.reason, cases[i].want);
        if (cases[i].want != HAUL_REASON_NONE) assert_string_equal(why.field, "time");
    }
}

static void the_sentence_has_the_numbers(void **state)
{
    (void)state;
    static struct haul_record r;
    struct haul_refusal why;
    r.time.ms = now.ms + 90000;
    assert_false(haul_gate_pass(&gate, now, &r, &why));
    assert_string_equal(why.text, "time: 2026-01-26T15:58:32.000Z is 90000 ms after the broker's "
                                  "2026-01-26T15:57:02.000Z; at most 60000 ms are accepted");
}

static void without_an_append_time(void **state)
{
    (void)state;
    static struct haul_record r;
    struct haul_refusal why;
    r.time = now;
    assert_false(haul_gate_time(&gate, HAUL_TIME_NONE, &r, &why));
    assert_int_equal(why.reason, HAUL_REASON_NO_APPEND_TIME);
}

static void every_system_becomes_wgs84_once(void **state)
{
    (void)state;
    for (uint8_t crs = 0; crs <= HAUL_CRS_CGCS2000; crs++) {
        static struct haul_record r;
        struct haul_refusal why;
        double lon_deg = 115.8921, lat_deg = 28.6765;
        assert_int_equal(haul_crs_from_wgs84((enum haul_crs)crs, &lon_deg, &lat_deg), HAUL_OK);
        r.time = now, r.positioned = true, r.crs = crs, r.lon_deg = lon_deg, r.lat_deg = lat_deg;
        for (int again = 0; again < 2; again++) {
            assert_true(haul_gate_pass(&gate, now, &r, &why));
            assert_int_equal(r.crs, HAUL_CRS_WGS84);
            assert_true(r.lon_deg - 115.8921 < 1e-8 && 115.8921 - r.lon_deg < 1e-8);
            assert_true(r.lat_deg - 28.6765 < 1e-8 && 28.6765 - r.lat_deg < 1e-8);
        }
    }
}

static void local_systems_have_no_longitude(void **state)
{
    (void)state;
    static struct haul_record r;
    struct haul_refusal why;
    r.time = now, r.positioned = true, r.crs = HAUL_CRS_LOCAL, r.lon_deg = 12, r.lat_deg = 34;
    assert_false(haul_gate_pass(&gate, now, &r, &why));
    assert_int_equal(why.reason, HAUL_REASON_CRS);
    assert_string_equal(why.field, "crs");
    assert_true(r.lon_deg == 12 && r.lat_deg == 34);
    r.positioned = false;
    assert_true(haul_gate_pass(&gate, now, &r, &why));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_held_to_both_bounds),     cmocka_unit_test(the_sentence_has_the_numbers),
        cmocka_unit_test(without_an_append_time),          cmocka_unit_test(every_system_becomes_wgs84_once),
        cmocka_unit_test(local_systems_have_no_longitude),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
