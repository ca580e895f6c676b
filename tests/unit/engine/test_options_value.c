/* SPDX-License-Identifier: Apache-2.0
 * Single values: every unit, every unit that is not one, and the nearest right spelling.
 */
#include "processors/engine/options_names.h"
#include "processors/engine/options_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char *const colours[] = {"red", "orange", "yellow", NULL};

static struct haul_option row_of(enum haul_option_type type, const char *fallback)
{
    return (struct haul_option){
        .name = "x", .type = type, .size = 8, .low = -1e15, .high = 1e15, .fallback = fallback, .choices = colours};
}

static void every_unit(void **state)
{
    (void)state;
    static const struct {
        enum haul_option_type type;
        const char *text;
        double base;
    } cases[] = {
        {HAUL_O_COUNT, "-12", -12},
        {HAUL_O_COUNT, "+7", 7},
        {HAUL_O_COUNT, "2.0", 2},
        {HAUL_O_COUNT, "1e3", 1000},
        {HAUL_O_DURATION, "250ms", 250},
        {HAUL_O_DURATION, "30s", 30000},
        {HAUL_O_DURATION, "1.5min", 90000},
        {HAUL_O_DURATION, "2h", 7200000},
        {HAUL_O_DURATION, "7 d", 604800000},
        {HAUL_O_BYTES, "512B", 512},
        {HAUL_O_BYTES, "64KiB", 65536},
        {HAUL_O_BYTES, "0.5GiB", 536870912},
        {HAUL_O_SPEED, "90km/h", 25},
        {HAUL_O_SPEED, "3m/s", 3},
        {HAUL_O_SPEED, "12kn", 22224.0 / 3600},
        {HAUL_O_LENGTH, "1.5km", 1500},
        {HAUL_O_LENGTH, "2nm", 3704},
        {HAUL_O_TEMPERATURE, "-18degC", -18},
        {HAUL_O_TEMPERATURE, "273.15K", 0},
        {HAUL_O_DELTA, "0.5K", 0.5},
        {HAUL_O_ACCEL, "3.5m/s2", 3.5},
        {HAUL_O_ANGLE, "45deg", 45},
        {HAUL_O_VOLUME, "8L", 8},
        {HAUL_O_RATIO, "5%", 0.05},
        {HAUL_O_RATIO, "0.05", 0.05},
        {HAUL_O_REAL, "1e-3", 0.001},
        {HAUL_O_REAL, "-2.50", -2.5},
        {HAUL_O_TIME_OF_DAY, "02:00", 7200000},
        {HAUL_O_TIME_OF_DAY, "23:59:59.999", 86399999},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct haul_option row = row_of(cases[i].type, "0");
        struct haul_buf why;
        int64_t whole = -1;
        double real = -1;
        haul_buf_init(&why, 0, 4096);
        const bool integer = cases[i].type <= HAUL_O_BYTES || cases[i].type == HAUL_O_TIME_OF_DAY;
        if (!value_read(&row, haul_str_of(cases[i].text), false, integer ? (void *)&whole : (void *)&real, &why))
            fail_msg("%s: %.*s", cases[i].text, (int)why.n, (const char *)why.p);
        if ((integer ? (double)whole : real) != cases[i].base)
            fail_msg("%s: %lld, %.17g", cases[i].text, (long long)whole, real);
        haul_buf_free(&why);
    }
}

static void what_is_meant(void **state)
{
    (void)state;
    static const struct {
        enum haul_option_type type;
        const char *fallback, *text, *better;
    } cases[] = {
        {HAUL_O_SPEED, "80km/h", "80", "80km/h"},
        {HAUL_O_SPEED, "5m/s", "6", "6m/s"},
        {HAUL_O_SPEED, "80km/h", "100mph", "160.9km/h"},
        {HAUL_O_SPEED, "80km/h", "10 Knots", "10kn"},
        {HAUL_O_SPEED, "80km/h", "80km/hr", "80km/h"},
        {HAUL_O_DURATION, "1s", "10M", "10min"},
        {HAUL_O_DURATION, "1s", "5 minutes", "5min"},
        {HAUL_O_DURATION, "1s", "2hrs", "2h"},
        {HAUL_O_DURATION, "1s", "1week", "7d"},
        {HAUL_O_DURATION, "1s", "30秒", "30s"},
        {HAUL_O_BYTES, "1MiB", "16M", "16MiB"},
        {HAUL_O_BYTES, "1MiB", "16mib", "16MiB"},
        {HAUL_O_LENGTH, "1m", "1mi", "1.609km"},
        {HAUL_O_LENGTH, "1m", "80公里", "80km"},
        {HAUL_O_TEMPERATURE, "1degC", "-18℃", "-18degC"},
        {HAUL_O_TEMPERATURE, "1degC", "0F", "-17.78degC"},
        {HAUL_O_DELTA, "1K", "2C", "2K"},
        {HAUL_O_ANGLE, "1deg", "3.14159rad", "180deg"},
        {HAUL_O_VOLUME, "1L", "500ml", "0.5L"},
        {HAUL_O_VOLUME, "1L", "8l", "8L"},
        {HAUL_O_RATIO, "5%", "5pct", "5%"},
        {HAUL_O_COUNT, "1", "1_000", "1000"},
        {HAUL_O_BOOL, "true", "On", "true"},
        {HAUL_O_BOOL, "true", "否", "false"},
        {HAUL_O_CHOICE, "red", "Red", "red"},
        {HAUL_O_CHOICE, "red", "ornage", "orange"},
        {HAUL_O_TIME_OF_DAY, "02:00", "2:30pm", "14:30"},
        {HAUL_O_TIME_OF_DAY, "02:00", "7", "07:00"},
        {HAUL_O_REAL, "1", "inf", NULL},
        {HAUL_O_REAL, "1", "1e999", NULL},
        {HAUL_O_REAL, "1", "nan", NULL},
        {HAUL_O_COUNT, "1", "0x10", NULL},
        {HAUL_O_DURATION, "1s", "0.4ms", NULL},
        {HAUL_O_TEXT, "", "12345678", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct haul_option row = row_of(cases[i].type, cases[i].fallback);
        struct haul_buf why;
        char to[16], want[100];
        haul_buf_init(&why, 0, 4096);
        assert_false(value_read(&row, haul_str_of(cases[i].text), false, to, &why));
        haul_buf_byte(&why, '\0');
        snprintf(want, sizeof want, "did you mean `%s`?", cases[i].better == NULL ? "" : cases[i].better);
        const char *found = strstr((char *)why.p, cases[i].better == NULL ? "did you mean" : want);
        if ((found != NULL) != (cases[i].better != NULL)) fail_msg("%s: %s", cases[i].text, (char *)why.p);
        haul_buf_free(&why);
    }
}

static void distances(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        unsigned distance;
    } cases[] = {
        {"", "", 0},           {"abc", "", 3},   {"kitten", "sitting", 3},
        {"raise", "riase", 1}, {"ca", "abc", 3}, {"view-interval", "View.Interval", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(names_distance(haul_str_of(cases[i].a), haul_str_of(cases[i].b)), cases[i].distance);
        assert_int_equal(names_distance(haul_str_of(cases[i].b), haul_str_of(cases[i].a)), cases[i].distance);
    }
    static const char *const names[] = {"interval", "rate", "documents_max", NULL};
    assert_string_equal(names_nearest(HAUL_STR("max_documents"), names), "documents_max");
    assert_string_equal(names_nearest(HAUL_STR("documents"), names), "documents_max");
    assert_string_equal(names_nearest(HAUL_STR("intervals"), names), "interval");
    assert_null(names_nearest(HAUL_STR("password"), names));
    assert_null(names_nearest(HAUL_STR("r"), names));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unit),
        cmocka_unit_test(what_is_meant),
        cmocka_unit_test(distances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
