/* SPDX-License-Identifier: Apache-2.0
 * The pure parts of the fleet, each table with the numbers of the decision it holds.
 */
#include "processors/fleet/fleet.h"
#include "tests/unit/domains/support_domains.h"

/* The decision of judge.c. */
static void a_change_is_made_when_it_has_held(void **state)
{
    (void)state;
    static const struct {
        int number;
        bool raised, on, off;
        uint32_t held;
        int64_t dt_ms;
        enum fleet_verdict want;
        uint32_t held_after;
    } rows[] = {
        {1, false, true, false, 0, 5000, FLEET_KEEP, 1},
        {1, false, true, false, 1, 9999, FLEET_KEEP, 10000},
        {2, false, true, false, 1, 10000, FLEET_RAISE, 10001},
        {2, false, true, false, 5001, 5000, FLEET_RAISE, 10001},
        {3, false, false, false, 9000, 1000, FLEET_KEEP, 0},
        {3, false, false, true, 9000, 1000, FLEET_KEEP, 0},
        {4, true, false, true, 0, 1000, FLEET_KEEP, 1},
        {4, true, false, true, 1, 19999, FLEET_KEEP, 20000},
        {5, true, false, true, 1, 20000, FLEET_CLEAR, 20001},
        {6, true, true, false, 15000, 1000, FLEET_KEEP, 0},
        {6, true, false, false, 15000, 1000, FLEET_KEEP, 0},
        {2, false, true, false, UINT32_MAX, 1000, FLEET_RAISE, UINT32_MAX},
        {1, false, true, false, 100, -5, FLEET_KEEP, 100},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t held = rows[i].held;
        const enum fleet_verdict got =
            fleet_judge(&held, rows[i].raised, rows[i].on, rows[i].off, rows[i].dt_ms, 10000, 20000);
        if (got != rows[i].want || held != rows[i].held_after)
            fail_msg("row %zu (decision %d): verdict %d, held %u", i, rows[i].number, (int)got, held);
    }
}

static void without_a_delay_it_is_made_at_once(void **state)
{
    (void)state;
    uint32_t held = 0;
    assert_int_equal(fleet_judge(&held, false, true, false, 1000, 0, 0), FLEET_RAISE);
    held = 0;
    assert_int_equal(fleet_judge(&held, true, false, true, 1000, 0, 0), FLEET_CLEAR);
}

static void hours_span_midnight(void **state)
{
    (void)state;
    static const struct {
        int t, from, to;
        bool in;
    } rows[] = {
        {2, 2, 5, true},  {5, 2, 5, false}, {1, 2, 5, false},  {22, 22, 6, true},  {23, 22, 6, true},
        {0, 22, 6, true}, {5, 22, 6, true}, {6, 22, 6, false}, {12, 22, 6, false}, {3, 3, 3, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(fleet_in_hours(rows[i].t * HOUR, rows[i].from * HOUR, rows[i].to * HOUR), rows[i].in);
}

static void time_zones_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t ms;
    } rows[] = {
        {"+08:00", true, 8 * HOUR}, {"-03:30", true, -(3 * HOUR + 30 * MINUTE)},
        {"+00:00", true, 0},        {"+14:00", true, 14 * HOUR},
        {"+15:00", false, 0},       {"08:00", false, 0},
        {"+8:00", false, 0},        {"+08:60", false, 0},
        {"+0800", false, 0},        {"", false, 0},
        {"+08-00", false, 0},       {"+ab:00", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = 0;
        assert_int_equal(fleet_zone_ms(rows[i].text, &ms), rows[i].good);
        if (rows[i].good) assert_int_equal(ms, rows[i].ms);
    }
}

static void plates_show_province_and_the_last_two(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"赣A12345", "赣***45"},
        {"赣AD12345", "赣***45"},
        {"粤Z1234澳", "粤***4澳"},
        {"ABC123", "A***23"},
        {"abc", "***"},
        {"x", "***"},
        {"", "***"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[25] = {0};
        const size_t n = fleet_mask_plate(haul_str_of(rows[i][0]), out);
        out[n] = '\0';
        assert_string_equal(out, rows[i][1]);
    }
    char out[24];
    static const char bad[24] =
        "\xff\xfe\xfd\xff\xfe\xfd\xff\xfe\xfd\xff\xfe\xfd\xff\xfe\xfd\xff\xfe\xfd\xff\xfe\xfd\xff\xfe";
    assert_true(fleet_mask_plate((struct haul_str){bad, sizeof bad}, out) <= 24);
}

/* ---- driving time ------------------------------------------------------------------------------------------------ */
static struct fleet_options clock_options(void)
{
    return (struct fleet_options){.time_zone = "+08:00", .night = {.from_ms = 22 * HOUR, .to_ms = 6 * HOUR}};
}

static void driving_time_adds_up_in_its_windows(void **state)
{
    (void)state;
    const struct fleet_options o = clock_options();
    struct fleet_state s = {0};
    for (int64_t at = MORNING; at < MORNING + 3 * HOUR; at += 7000) /* pieces that end within hours and seconds */
        fleet_drive(&s, &o, at, at + 7000 < MORNING + 3 * HOUR ? at + 7000 : MORNING + 3 * HOUR);
    assert_int_equal(s.stint_ms, 3 * HOUR);
    assert_int_equal(s.stint_night_ms, 0);
    assert_int_equal(fleet_driven_24h_ms(&s, 8 * HOUR, MORNING + 3 * HOUR), 3 * HOUR);
    assert_int_equal(fleet_driven_7d_ms(&s, 8 * HOUR, MORNING + 3 * HOUR), 3 * HOUR);
    /* 10:00 to 13:00 leave the 24 h hour by hour from 10:00 of the next day */
    assert_int_equal(fleet_driven_24h_ms(&s, 8 * HOUR, MORNING + 24 * HOUR - 1), 3 * HOUR);
    assert_int_equal(fleet_driven_24h_ms(&s, 8 * HOUR, MORNING + 24 * HOUR), 2 * HOUR);
    assert_int_equal(fleet_driven_24h_ms(&s, 8 * HOUR, MORNING + 26 * HOUR), 0);
    assert_int_equal(fleet_driven_7d_ms(&s, 8 * HOUR, MORNING + 6 * 24 * HOUR), 3 * HOUR);
    assert_int_equal(fleet_driven_7d_ms(&s, 8 * HOUR, MORNING + 7 * 24 * HOUR), 0);
}

static void old_hours_do_not_come_back(void **state)
{
    (void)state;
    const struct fleet_options o = clock_options();
    struct fleet_state s = {0};
    fleet_drive(&s, &o, MORNING, MORNING + HOUR);
    fleet_drive(&s, &o, MORNING + 48 * HOUR, MORNING + 48 * HOUR + 20000); /* the same slot, two days on */
    assert_int_equal(fleet_driven_24h_ms(&s, 8 * HOUR, MORNING + 48 * HOUR + 20000), 20000);
    assert_int_equal(fleet_driven_7d_ms(&s, 8 * HOUR, MORNING + 48 * HOUR + 20000), HOUR + 20000);
    fleet_drive(&s, &o, MORNING + 48 * 24 * HOUR, MORNING + 48 * 24 * HOUR + 20000);
    assert_int_equal(fleet_driven_7d_ms(&s, 8 * HOUR, MORNING + 48 * 24 * HOUR + 20000), 20000);
}

static void the_night_is_counted_apart(void **state)
{
    (void)state;
    const struct fleet_options o = clock_options();
    struct fleet_state s = {0};
    fleet_drive(&s, &o, MORNING + 11 * HOUR + 30 * MINUTE, MORNING + 13 * HOUR); /* 21:30 to 23:00 */
    assert_int_equal(s.stint_ms, HOUR + 30 * MINUTE);
    assert_int_equal(s.stint_night_ms, HOUR);
}

static void the_sum_of_hours_is_the_sum_of_pieces(void **state)
{
    (void)state;
    const struct fleet_options o = clock_options();
    struct haul_rng rng;
    haul_rng_seed(&rng, 4);
    for (int run = 0; run < 50; run++) {
        struct fleet_state s = {0};
        int64_t at = MORNING + (int64_t)haul_rng_below(&rng, 100 * HOUR), from = at;
        for (int i = 0; i < 200; i++) {
            const int64_t to = at + 1 + (int64_t)haul_rng_below(&rng, 10 * MINUTE);
            if (to - from > 22 * HOUR) break;
            fleet_drive(&s, &o, at, to);
            at = to;
        }
        assert_int_equal(s.stint_ms, at - from);
        assert_true(fleet_abs(fleet_driven_24h_ms(&s, 8 * HOUR, at) - (at - from)) < 20000);
        assert_true(fleet_abs(fleet_driven_7d_ms(&s, 8 * HOUR, at) - (at - from)) < 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_made_when_it_has_held),
        cmocka_unit_test(without_a_delay_it_is_made_at_once),
        cmocka_unit_test(hours_span_midnight),
        cmocka_unit_test(time_zones_are_read),
        cmocka_unit_test(plates_show_province_and_the_last_two),
        cmocka_unit_test(driving_time_adds_up_in_its_windows),
        cmocka_unit_test(old_hours_do_not_come_back),
        cmocka_unit_test(the_night_is_counted_apart),
        cmocka_unit_test(the_sum_of_hours_is_the_sum_of_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
