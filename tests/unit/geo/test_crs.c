/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/crs.h"
#include "haul/math.h"
#include "haul/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct vector {
    enum haul_crs crs;
    double wgs_lon, wgs_lat, lon, lat, within_deg;
};

/* Nanchang in GCJ-02; a datum that is WGS-84 by another name; a place outside China. */
static const struct vector vectors[] = {
    {HAUL_CRS_GCJ02, 115.8582, 28.6829, 115.863100473, 28.679569875, 1e-9},
    {HAUL_CRS_CGCS2000, 115.8582, 28.6829, 115.8582, 28.6829, 0},
    {HAUL_CRS_GCJ02, 2.3522, 48.8566, 2.3522, 48.8566, 0}, /* Paris: not moved */
};

static void published_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct vector *v = &vectors[i];
        double lon = v->wgs_lon, lat = v->wgs_lat;
        assert_int_equal(haul_crs_from_wgs84(v->crs, &lon, &lat), HAUL_OK);
        if (fabs(lon - v->lon) > v->within_deg || fabs(lat - v->lat) > v->within_deg)
            fail_msg("vector %zu: %.9f %.9f", i, lon, lat);
        assert_int_equal(haul_crs_to_wgs84(v->crs, &lon, &lat), HAUL_OK);
        assert_true(fabs(lon - v->wgs_lon) < 1e-9 && fabs(lat - v->wgs_lat) < 1e-9);
    }
}

/* Over the province: the inverse is exact to 0.05 mm, GCJ-02 moves by 551 to 666 m, BD-09 by 0.5 to 2 km. */
static void round_trips_over_jiangxi(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 20);
    for (int i = 0; i < 20000; i++) {
        const double lon0 = 113.57 + 4.91 * haul_rng_f64(&rng), lat0 = 24.48 + 5.6 * haul_rng_f64(&rng);
        for (int c = HAUL_CRS_GCJ02; c <= HAUL_CRS_BD09; c++) {
            double lon = lon0, lat = lat0;
            assert_int_equal(haul_crs_from_wgs84((enum haul_crs)c, &lon, &lat), HAUL_OK);
            const double shift_m = haul_haversine_m(lon0, lat0, lon, lat);
            assert_true(c == HAUL_CRS_GCJ02 ? shift_m > 540 && shift_m < 680 : shift_m > 400 && shift_m < 2000);
            assert_int_equal(haul_crs_to_wgs84((enum haul_crs)c, &lon, &lat), HAUL_OK);
            const double off_m = haul_haversine_m(lon0, lat0, lon, lat);
            if (off_m > 5e-5) fail_msg("%s %.6f %.6f: %.6f m", haul_crs_name((enum haul_crs)c), lon0, lat0, off_m);
        }
    }
}

static void refusals(void **state)
{
    (void)state;
    static const double bad[][2] = {{NAN, 0}, {0, NAN},  {INFINITY, 0}, {0, -INFINITY},
                                    {181, 0}, {0, 90.5}, {-180.01, 1}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double lon = bad[i][0], lat = bad[i][1];
        for (int c = 0; c < HAUL_CRS_COUNT; c++)
            assert_int_equal(haul_crs_to_wgs84((enum haul_crs)c, &lon, &lat), HAUL_E_RANGE);
    }
    double lon = 1, lat = 2;
    assert_int_equal(haul_crs_to_wgs84(HAUL_CRS_LOCAL, &lon, &lat), HAUL_E_UNSUPPORTED);
    assert_int_equal(haul_crs_to_wgs84((enum haul_crs)9, &lon, &lat), HAUL_E_UNSUPPORTED);
    assert_true(lon == 1 && lat == 2);
}

static void names_round_trip(void **state)
{
    (void)state;
    for (int c = 0; c < HAUL_CRS_COUNT; c++) {
        enum haul_crs back = HAUL_CRS_LOCAL;
        const char *name = haul_crs_name((enum haul_crs)c);
        assert_true(haul_crs_of_name(name, strlen(name), &back) && (int)back == c);
    }
    enum haul_crs none;
    assert_false(haul_crs_of_name("WGS84", 5, &none));
    assert_false(haul_crs_of_name("wgs8", 4, &none));
    assert_string_equal(haul_crs_name((enum haul_crs)77), "invalid");
}

static void mercator(void **state)
{
    (void)state;
    double x, y, lon, lat;
    haul_mercator_of(180, 0, &x, &y);
    assert_true(fabs(x - 20037508.342789244) < 1e-6 && fabs(y) < 1e-6);
    haul_mercator_of(0, 85.0511287798066, &x, &y);
    assert_true(fabs(y - 20037508.342789244) < 1e-3); /* the edge of the square world */
    haul_mercator_of(0, 90, &x, &y);
    assert_true(fabs(y - 20037508.342789244) < 1e-3);
    haul_mercator_of(115.89, -28.68, &x, &y);
    haul_mercator_to(x, y, &lon, &lat);
    assert_true(fabs(lon - 115.89) < 1e-12 && fabs(lat + 28.68) < 1e-12);
}

static void frames_agree_with_the_sphere(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 21);
    for (int i = 0; i < 20000; i++) {
        const double lon0 = -170 + 340 * haul_rng_f64(&rng), lat0 = -60 + 120 * haul_rng_f64(&rng);
        const struct haul_frame f = haul_frame_at(lon0, lat0);
        double lon, lat, x, y;
        haul_frame_to(&f, 14000 * haul_rng_f64(&rng) - 7000, 14000 * haul_rng_f64(&rng) - 7000, &lon, &lat);
        haul_frame_of(&f, lon, lat, &x, &y);
        const double flat_m = sqrt(x * x + y * y), round_m = haul_haversine_m(lon0, lat0, lon, lat);
        if (fabs(flat_m - round_m) > 1e-3 * round_m + 1e-6)
            fail_msg("%.4f %.4f: %.3f %.3f", lon0, lat0, flat_m, round_m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors), cmocka_unit_test(round_trips_over_jiangxi),
        cmocka_unit_test(refusals),          cmocka_unit_test(names_round_trip),
        cmocka_unit_test(mercator),          cmocka_unit_test(frames_agree_with_the_sphere),
    };
    return cmocka_run_group_tests_name("crs", tests, NULL, NULL);
}
