/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/detect_season.h"
#include "haul/math.h"
#include "haul/rng.h"

#include "tests/unit/detect/support.h"

static struct haul_time day_hour(int64_t day, double hour)
{
    return (struct haul_time){day * 86400000 + (int64_t)(hour * 3600000)};
}

static void calendar(void **state)
{
    (void)state;
    /* 2026: 1 January is a Thursday and a holiday, Sunday 4 January is worked in exchange */
    const int64_t new_year = haul_days_from_civil(2026, 1, 1);
    const struct haul_calendar c = {
        .utc_offset_s = 28800, .off_weekdays = 0x41, .named = 2, .day = {(int32_t)new_year, (int32_t)new_year + 3}};
    static const bool off[] = {true, false, true, false, false, false, false, false, false, true, true};
    for (size_t i = 0; i < COUNT(off); i++)
        if (haul_calendar_off(&c, new_year + (int64_t)i) != off[i]) fail_msg("day %zu of 2026", i + 1);
    int64_t into_ms;
    assert_int_equal(haul_calendar_day(&c, day_hour(new_year - 1, 16), &into_ms), new_year); /* 16:00 UTC is midnight */
    assert_int_equal(into_ms, 0);
    assert_int_equal(haul_calendar_day(&c, day_hour(-1, 15.5), &into_ms), -1);
    assert_int_equal(into_ms, 84600000);
    haul_calendar_day(&c, (struct haul_time){INT64_MIN}, &into_ms);
    haul_calendar_day(&c, (struct haul_time){INT64_MAX}, &into_ms);
}

static const struct haul_season_config config = {.calendar = {.off_weekdays = 0x41},
                                                 .rate = 0.05,
                                                 .visit = 1,
                                                 .clip = 4,
                                                 .threshold = 5,
                                                 .spread_min = 0.01,
                                                 .learn = 3,
                                                 .slots = 24};

static double pattern(int64_t day, double hour)
{
    const bool off = haul_calendar_off(&config.calendar, day);
    return (off ? 20 : 60) + (off ? 5 : 30) * haul_sin(2 * HAUL_PI * hour / 24);
}

/* Learns both kinds of day, and between the slots it reads a line. */
static void season_learns(void **state)
{
    (void)state;
    struct haul_season s;
    assert_int_equal(haul_season_init(&s, &config, NULL), HAUL_OK);
    struct haul_rng rng;
    haul_rng_seed(&rng, 1);
    for (int64_t day = 0; day < 60; day++)
        for (double hour = 0; hour < 24; hour += 0.25)
            haul_season_update(&s, &config, pattern(day, hour) + haul_rng_normal(&rng), day_hour(day, hour));
    int alarms = 0;
    for (int64_t day = 60; day < 74; day++)
        for (double hour = 0; hour < 24; hour += 0.25) {
            double mean, spread;
            int64_t learned;
            assert_true(haul_season_expect(&s, &config, day_hour(day, hour), &mean, &spread, &learned));
            assert_near(mean, pattern(day, hour), 2.2);
            alarms += haul_season_update(&s, &config, pattern(day, hour) + haul_rng_normal(&rng), day_hour(day, hour))
                          .verdict == HAUL_VERDICT_ANOMALY;
        }
    assert_true(alarms <= 2);
    /* a Sunday's evening with a Monday's value */
    const struct haul_score odd = haul_season_update(&s, &config, 90, day_hour(74 + 3 - (74 + 4 + 3) % 7, 6));
    assert_int_equal(odd.verdict, HAUL_VERDICT_ANOMALY);
    assert_int_equal(odd.direction, 1);
    assert_true(odd.tail_p >= 0 && odd.tail_p < 1e-6);
}

/* One slot: the mean of the first 20 values is their mean, then a moving one; outliers are clipped. */
static void season_slot_by_hand(void **state)
{
    (void)state;
    struct haul_season_config c = config;
    c.slots = 1, c.calendar.off_weekdays = 0, c.clip = 1e9;
    struct haul_season s;
    haul_season_init(&s, &c, NULL);
    double mean = 0;
    for (int i = 0; i < 40; i++) {
        const double v = (i * 37) % 11, rate = 1.0 / (i + 1) > 0.05 ? 1.0 / (i + 1) : 0.05;
        mean += rate * (v - mean);
        haul_season_update(&s, &c, v, TIME(i));
        assert_near((double)s.usual[0][0].mean, mean, 1e-4);
    }
    c.clip = 2;
    const double before = (double)s.usual[0][0].mean, spread = 1.2533141373155 * (double)s.usual[0][0].deviation;
    haul_season_update(&s, &c, 1e6, TIME(50));
    assert_near((double)s.usual[0][0].mean, before + 0.05 * 2 * spread, 1e-4);
}

/* An hour's incident moves its slot by one visit, whether it is told by one value or by sixty; and while it lasts it
 * does not become usual. */
static void season_remembers_visits(void **state)
{
    (void)state;
    double moved[3];
    static const int values_an_hour[] = {1, 12, 60};
    for (size_t k = 0; k < COUNT(values_an_hour); k++) {
        const int a = values_an_hour[k];
        struct haul_season_config c = config;
        c.visit = 1.0 / a, c.calendar.off_weekdays = 0, c.rate = 0.1;
        struct haul_season s;
        assert_int_equal(haul_season_init(&s, &c, NULL), HAUL_OK);
        struct haul_rng rng;
        haul_rng_seed(&rng, 3);
        for (int64_t day = 0; day < 40; day++)
            for (int i = 0; i < 24 * a; i++)
                haul_season_update(&s, &c, 50 + haul_rng_normal(&rng), day_hour(day, (double)i / a));
        const double before = (double)s.usual[0][8].mean;
        struct haul_score last = {0};
        for (int i = 0; i < a; i++) last = haul_season_update(&s, &c, 10, day_hour(40, 8 + (double)i / a));
        assert_int_equal(last.verdict, HAUL_VERDICT_ANOMALY);
        moved[k] = before - (double)s.usual[0][8].mean;
        assert_true(moved[k] > 0 && moved[k] < 1.5); /* a tenth of four spreads, which grow a little */
    }
    assert_true(moved[2] < 2 * moved[1] && moved[1] < 2 * moved[2]);
}

/* The spread is the slot's by its visits, and that over all slots as one visit more. */
static void season_spread_by_hand(void **state)
{
    (void)state;
    struct haul_season_config c = config;
    c.spread_share = 0.5, c.calendar.off_weekdays = 0;
    struct haul_season s;
    assert_int_equal(haul_season_init(&s, &c, NULL), HAUL_OK);
    s.usual[0][6] = (struct haul_season_usual){.mean = 7, .deviation = 0.5f};
    s.n[0][6] = 3, s.deviation = 4, s.judged = 50;
    double mean, spread;
    int64_t learned;
    assert_true(haul_season_expect(&s, &c, day_hour(0, 6.5), &mean, &spread, &learned));
    assert_near(spread, HAUL_SD_PER_DEVIATION * 2, 1e-9); /* (4 + 3 x 0.5) / 4 is less than half of 4 */
    c.spread_share = 0;
    assert_true(haul_season_expect(&s, &c, day_hour(0, 6.5), &mean, &spread, &learned));
    assert_near(spread, HAUL_SD_PER_DEVIATION * (4 + 3 * 0.5) / 4, 1e-9);
    assert_int_equal(learned, 3);
}

/* A new kind of day borrows from the other, and does not judge by what it borrowed. */
static void season_borrows(void **state)
{
    (void)state;
    struct haul_season s;
    haul_season_init(&s, &config, NULL);
    for (int64_t day = 4; day < 9; day++)
        haul_season_update(&s, &config, 50, day_hour(day, 8.5)); /* Monday to Friday */
    double mean, spread;
    int64_t learned;
    assert_true(haul_season_expect(&s, &config, day_hour(9, 8.5), &mean, &spread, &learned)); /* Saturday */
    assert_near(mean, 50, 1e-6);
    assert_false(haul_season_expect(&s, &config, day_hour(9, 15), &mean, &spread, &learned));
    for (uint32_t i = 0; i < config.learn; i++) {
        const struct haul_score x = haul_season_update(&s, &config, 20, day_hour(9 + 7 * (int64_t)i, 8.5));
        assert_int_equal(x.verdict, HAUL_VERDICT_LEARNING);
        assert_near(x.expected, 50, 1e-6);
    }
    const struct haul_score own = haul_season_update(&s, &config, 20, day_hour(9 + 7 * 3, 8.5));
    assert_int_equal(own.verdict, HAUL_VERDICT_NORMAL);
    assert_true(own.expected > 20 && own.expected < 40);
}

/* Holt-Winters in component form, after Hyndman and Athanasopoulos ("Forecasting: principles and practice", 8.3), in
 * doubles. */
static void holt_winters_slow(void **state)
{
    (void)state;
    enum { M = 7 };
    const struct haul_hw_config c = {.alpha = 0.3,
                                     .beta = 0.1,
                                     .gamma = 0.2,
                                     .damp = 0.95,
                                     .threshold = 5,
                                     .clip = 1e9,
                                     .spread_min = 1e-6,
                                     .season = M};
    struct haul_hw s;
    assert_int_equal(haul_hw_init(&s, &c, NULL), HAUL_OK);
    struct haul_rng rng;
    haul_rng_seed(&rng, 2);
    double level = 0, trend = 0, season[M];
    for (int i = 0; i < 400; i++) {
        const double v = 100 + 0.5 * i + 10 * sin(2 * M_PI * i / M) + haul_rng_normal(&rng);
        if (i == 2 * M) {
            level = s.level, trend = s.trend;
            for (int k = 0; k < M; k++) season[k] = (double)s.season[k];
        }
        const struct haul_score x = haul_hw_update(&s, &c, v, TIME(i));
        if (i < 2 * M) continue;
        const double forecast = level + c.damp * trend + season[i % M];
        assert_near(x.expected, forecast, 1e-3);
        const double last = level;
        level = c.alpha * (v - season[i % M]) + (1 - c.alpha) * (last + c.damp * trend);
        season[i % M] = c.gamma * (v - last - c.damp * trend) + (1 - c.gamma) * season[i % M];
        trend = c.beta * (level - last) + (1 - c.beta) * c.damp * trend;
    }
}

/* Without noise, line and season are forecast exactly, any number of steps ahead. */
static void holt_winters_exact(void **state)
{
    (void)state;
    enum { M = 24 };
    const struct haul_hw_config c = {.alpha = 0.2,
                                     .beta = 0.05,
                                     .gamma = 0.1,
                                     .damp = 1,
                                     .threshold = 5,
                                     .clip = 4,
                                     .spread_min = 0.01,
                                     .season = M};
    struct haul_hw s;
    haul_hw_init(&s, &c, NULL);
    int i = 0;
    for (; i < 30 * M; i++) {
        const struct haul_score x = haul_hw_update(&s, &c, 50 + 0.1 * i + (i % M < 8 ? 20 : 0), TIME(i));
        if (i >= 2 * M) assert_near(x.expected, x.value, 0.01);
        if (i >= 4 * M) assert_int_equal(x.verdict, HAUL_VERDICT_NORMAL);
    }
    for (int ahead = 1; ahead < 3 * M; ahead++)
        assert_near(haul_hw_forecast(&s, &c, ahead), 50 + 0.1 * (i + ahead - 1) + ((i + ahead - 1) % M < 8 ? 20 : 0),
                    0.05);
    const struct haul_score odd = haul_hw_update(&s, &c, 0, TIME(i));
    assert_int_equal(odd.verdict, HAUL_VERDICT_ANOMALY);
    assert_int_equal(odd.direction, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calendar),
        cmocka_unit_test(season_learns),
        cmocka_unit_test(season_slot_by_hand),
        cmocka_unit_test(season_remembers_visits),
        cmocka_unit_test(season_spread_by_hand),
        cmocka_unit_test(season_borrows),
        cmocka_unit_test(holt_winters_slow),
        cmocka_unit_test(holt_winters_exact),
    };
    return cmocka_run_group_tests_name("detect season", tests, NULL, NULL);
}
