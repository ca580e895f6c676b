/* SPDX-License-Identifier: Apache-2.0
 * Against the C library's own reading of the same rules, and against files made here: no tz database is needed.
 */
#include "haul/rng.h"
#include "ingest/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static void put(struct haul_buf *out, uint64_t v, size_t n)
{
    while (n-- > 0) haul_buf_byte(out, (uint8_t)(n < 8 ? v >> 8 * n : 0));
}

/* A TZif file of version 2: an empty first block, changes of the given offsets, and a footer. */
static void make_file(const int64_t *at_s, const int32_t *offsets, size_t n, int32_t first, const char *footer,
                      struct haul_buf *out)
{
    haul_buf_clear(out);
    for (int block = 0; block < 2; block++) {
        haul_buf_put(out, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
        put(out, 0, 12);
        put(out, block == 0 ? 0 : n, 4);
        put(out, block == 0 ? 1 : n + 1, 4);
        put(out, 4, 4);
        for (size_t i = 0; block == 1 && i < n; i++) put(out, (uint64_t)at_s[i], 8);
        for (size_t i = 0; block == 1 && i < n; i++) put(out, i + 1, 1);
        put(out, (uint32_t)first, 4), put(out, 0, 2);
        for (size_t i = 0; block == 1 && i < n; i++) put(out, (uint32_t)offsets[i], 4), put(out, 0, 2);
        haul_buf_put(out, "XXX\0", 4);
    }
    haul_buf_printf(out, "\n%s\n", footer);
}

static enum haul_err parse(const struct haul_buf *file, struct zone *z)
{
    struct haul_error e;
    return zone_parse((struct haul_str){(char *)file->p, file->n}, z, &e);
}

static const char *const rules[] = {
    "UTC0",
    "CST-8",
    "GMT0BST,M3.5.0/1,M10.5.0",             /* London */
    "CET-1CEST,M3.5.0,M10.5.0/3",           /* Paris */
    "EST5EDT,M3.2.0,M11.1.0",               /* New York */
    "AEST-10AEDT,M10.1.0,M4.1.0/3",         /* Sydney: summer over the turn of the year */
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", /* Lord Howe: half an hour */
    "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",     /* Nuuk: changes on the day before */
    "IST-2IDT,M3.4.4/26,M10.5.0",           /* Jerusalem: hours beyond a day */
    "NST3:30NDT,M3.2.0/0:01,M11.1.0/0:01",
    "AAA-1BBB,J60,J300/3:30:15",
    "AAA4BBB,59/0,299",
};

/* The offset and the way back, at 20,000 moments from 1970 to 2100 and at every hour round the changes of a year. */
static void rules_as_the_c_library_reads_them(void **state)
{
    (void)state;
    struct haul_rng rng;
    struct haul_buf file;
    haul_rng_seed(&rng, 23);
    haul_buf_init(&file, 1024, 4096);
    for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
        struct zone z;
        make_file(NULL, NULL, 0, 0, rules[k], &file);
        assert_int_equal(parse(&file, &z), HAUL_OK);
        setenv("TZ", rules[k], 1);
        tzset();
        for (int i = 0; i < 20000 + 366 * 24; i++) {
            const time_t t = i < 20000 ? (time_t)haul_rng_below(&rng, 4102444800) : 1704067200 + (i - 20000) * 3600;
            struct tm tm;
            assert_non_null(localtime_r(&t, &tm));
            const int64_t offset_s = zone_offset_s(&z, t);
            if (offset_s != tm.tm_gmtoff) fail_msg("%s at %lld: %lld", rules[k], (long long)t, (long long)offset_s);
            const struct haul_time local = {(t + offset_s) * 1000 + 7}, back = zone_to_utc(&z, local);
            const int64_t back_s = (back.ms - 7) / 1000;
            if (back_s > t || (back_s + zone_offset_s(&z, back_s)) * 1000 + 7 != local.ms)
                fail_msg("%s: back from %lld to %lld", rules[k], (long long)t, (long long)back_s);
        }
        zone_close(&z);
    }
    unsetenv("TZ");
    haul_buf_free(&file);
}

static void changes_then_the_rule(void **state)
{
    (void)state;
    struct zone z;
    struct haul_buf file;
    haul_buf_init(&file, 1024, 4096);
    make_file((const int64_t[]){-1000, 1000, 2000}, (const int32_t[]){3600, 7200, -1800}, 3, 28800, "CST-8", &file);
    assert_int_equal(parse(&file, &z), HAUL_OK);
    static const int64_t cases[][2] = {{-1001, 28800}, {-1000, 3600}, {999, 3600},   {1000, 7200},
                                       {1999, 7200},   {2000, 28800}, {9999, 28800}, {-10000000000, 28800}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(zone_offset_s(&z, cases[i][0]), cases[i][1]);
    zone_close(&z);
    make_file((const int64_t[]){1000}, (const int32_t[]){3600}, 1, 0, "", &file);
    assert_int_equal(parse(&file, &z), HAUL_OK);
    assert_int_equal(zone_offset_s(&z, 5000), 3600); /* no rule: as it was last */
    zone_close(&z);
    haul_buf_free(&file);
}

static void hours_that_come_twice_or_not_at_all(void **state)
{
    (void)state;
    struct zone z;
    struct haul_buf file;
    haul_buf_init(&file, 1024, 4096);
    make_file(NULL, NULL, 0, 0, "GMT0BST,M3.5.0/1,M10.5.0", &file);
    assert_int_equal(parse(&file, &z), HAUL_OK);
    static const char *const cases[][2] = {
        {"2026-03-29T00:59:59Z", "2026-03-29T00:59:59.000Z"}, /* the last second of winter */
        {"2026-03-29T01:30:00Z", "2026-03-29T01:30:00.000Z"}, /* left out: as if not put forward */
        {"2026-03-29T02:00:00Z", "2026-03-29T01:00:00.000Z"}, {"2026-10-25T00:59:59Z", "2026-10-24T23:59:59.000Z"},
        {"2026-10-25T01:30:00Z", "2026-10-25T00:30:00.000Z"}, /* twice: the first */
        {"2026-10-25T02:00:00Z", "2026-10-25T02:00:00.000Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct haul_time t;
        char text[HAUL_TIME_TEXT_BYTES];
        assert_int_equal(haul_time_parse(cases[i][0], strlen(cases[i][0]), &t, NULL), HAUL_OK);
        assert_string_equal(haul_time_format(zone_to_utc(&z, t), text), cases[i][1]);
    }
    zone_close(&z);
    haul_buf_free(&file);
}

static void what_is_not_tzif(void **state)
{
    (void)state;
    struct zone z;
    struct haul_buf file;
    haul_buf_init(&file, 1024, 4096);
    static const char *const footers[] = {"C",
                                          "CST",
                                          "CST-8X",
                                          "CST-8CDT",
                                          "CST-8CDT,M3.5.0",
                                          "CST-8CDT,M13.5.0,M10.5.0",
                                          "CST-8CDT,M3.6.0,M10.5.0",
                                          "CST-8CDT,M3.5.7,M10.5.0",
                                          "CST-8CDT,M3.5.0,M10.5.0x",
                                          "CST-168",
                                          "CST-8:60",
                                          "CST-8CDT,J0,J5",
                                          "CST-8CDT,366,5",
                                          "<>-8",
                                          "<CST-8"};
    for (size_t i = 0; i < sizeof footers / sizeof footers[0]; i++) {
        make_file(NULL, NULL, 0, 0, footers[i], &file);
        if (parse(&file, &z) != HAUL_E_CORRUPT) fail_msg("'%s' was taken", footers[i]);
    }
    make_file((const int64_t[]){5, 5}, (const int32_t[]){0, 60}, 2, 0, "UTC0", &file);
    assert_int_equal(parse(&file, &z), HAUL_E_CORRUPT); /* times do not rise */
    make_file((const int64_t[]){5, 6}, (const int32_t[]){0, 60}, 2, 0, "UTC0", &file);
    assert_int_equal(parse(&file, &z), HAUL_OK);
    zone_close(&z);
    for (size_t n = 0; n + 1 < file.n; n++) {
        const size_t whole = file.n;
        file.n = n;
        assert_int_equal(parse(&file, &z), HAUL_E_CORRUPT);
        file.n = whole;
    }
    haul_buf_free(&file);
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t offset_s;
    } good[] = {{"", 0}, {"UTC", 0}, {"Z", 0}, {"+08:00", 28800}, {"+08", 28800}, {"-0330", -12600}, {"+1400", 50400}};
    struct zone z;
    struct haul_error e;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(zone_open(haul_str_of(good[i].name), &z, &e), HAUL_OK);
        assert_int_equal(zone_offset_s(&z, 1769443022), good[i].offset_s);
        zone_close(&z);
    }
    static const char *const bad[] = {
        "0800",        "+8",          "+15:00",         "+08:60",        "+08:0", "++800", "../../etc/passwd",
        "/etc/passwd", "Mars/Phobos", "Europe//London", "Europe/../UTC", "-"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (zone_open(haul_str_of(bad[i]), &z, &e) != HAUL_E_UNKNOWN) fail_msg("'%s' was taken", bad[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_as_the_c_library_reads_them),
        cmocka_unit_test(changes_then_the_rule),
        cmocka_unit_test(hours_that_come_twice_or_not_at_all),
        cmocka_unit_test(what_is_not_tzif),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
