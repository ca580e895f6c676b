/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/crs_watch.h"
#include "haul/rng.h"
#include "tests/unit/geo/support_town.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A car on street x3, 5 m of noise, sent in one system and said to be in another. Returns what is suspected after n
 * fixes. */
static enum haul_crs drive(const struct town *t, enum haul_crs sent, enum haul_crs said, int n, uint64_t seed)
{
    struct haul_crs_watch w = {0};
    struct haul_rng rng;
    haul_rng_seed(&rng, seed);
    enum haul_crs now = said;
    for (int i = 0; i < n; i++) {
        double lon = town_lon(3) + haul_rng_normal(&rng) * 5 / 97700, lat = town_lat(0.5 + 6 * haul_rng_f64(&rng));
        assert_int_equal(haul_crs_from_wgs84(sent, &lon, &lat), HAUL_OK);
        now = haul_crs_watch_add(&w, t->map, said, lon, lat);
        if (i < 60) assert_int_equal(now, said); /* nothing is said too early */
    }
    return now;
}

static void lies_are_noticed(void **state)
{
    (void)state;
    struct town t;
    town_build(&t);
    static const struct {
        enum haul_crs sent, said, suspected;
    } cases[] = {
        {HAUL_CRS_WGS84, HAUL_CRS_WGS84, HAUL_CRS_WGS84},    {HAUL_CRS_GCJ02, HAUL_CRS_GCJ02, HAUL_CRS_GCJ02},
        {HAUL_CRS_BD09, HAUL_CRS_BD09, HAUL_CRS_BD09},       {HAUL_CRS_GCJ02, HAUL_CRS_WGS84, HAUL_CRS_GCJ02},
        {HAUL_CRS_BD09, HAUL_CRS_WGS84, HAUL_CRS_BD09},      {HAUL_CRS_WGS84, HAUL_CRS_GCJ02, HAUL_CRS_WGS84},
        {HAUL_CRS_GCJ02, HAUL_CRS_BD09, HAUL_CRS_GCJ02},     {HAUL_CRS_WGS84, HAUL_CRS_CGCS2000, HAUL_CRS_CGCS2000},
        {HAUL_CRS_GCJ02, HAUL_CRS_CGCS2000, HAUL_CRS_GCJ02},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int n = 100; n <= 1000; n += 300)
            for (uint64_t seed = 0; seed < 5; seed++)
                if (drive(&t, cases[i].sent, cases[i].said, n, seed) != cases[i].suspected)
                    fail_msg("sent %s, said %s, %d fixes", haul_crs_name(cases[i].sent), haul_crs_name(cases[i].said),
                             n);
    town_free(&t);
}

static void silence_says_nothing(void **state)
{
    (void)state;
    struct town t;
    struct haul_crs_watch w = {0};
    town_build(&t);
    for (int i = 0; i < 1000; i++) { /* a depot far from every road, and what is no position */
        assert_int_equal(haul_crs_watch_add(&w, t.map, HAUL_CRS_WGS84, 116.5, 29.5), HAUL_CRS_WGS84);
        assert_int_equal(haul_crs_watch_add(&w, t.map, HAUL_CRS_WGS84, NAN, 29.5), HAUL_CRS_WGS84);
        assert_int_equal(haul_crs_watch_add(&w, t.map, HAUL_CRS_LOCAL, 3, 4), HAUL_CRS_LOCAL);
    }
    assert_int_equal(w.fixes, 0);
    town_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lies_are_noticed),
        cmocka_unit_test(silence_says_nothing),
    };
    return cmocka_run_group_tests_name("crs_watch", tests, NULL, NULL);
}
