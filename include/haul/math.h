/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 * The transcendental functions that answers depend on, the same bits on every CPU: libm chooses variants by CPU, these
 * do not. IEEE 754 double, round to nearest, no contraction. Stated errors are against correctly rounded results, in
 * units in the last place, over the stated range; held by tests/unit/base/test_math.c against long double.
 */
#ifndef HAUL_MATH_H
#define HAUL_MATH_H

#include <stdbool.h>
#include <stdint.h>

#define HAUL_PI          3.14159265358979323846
#define HAUL_RAD_PER_DEG 0.017453292519943295769
#define HAUL_EARTH_M     6371008.8 /* mean radius R1, metres (IUGG) */

static inline double haul_sqrt(double x)
{
    return __builtin_sqrt(x);
} /* correctly rounded by IEEE 754 */
static inline double haul_abs(double x)
{
    return __builtin_fabs(x);
}
static inline double haul_floor(double x)
{
    return __builtin_floor(x);
}
static inline bool haul_finite(double x)
{
    return __builtin_isfinite(x);
}

double haul_sin(double x); /* |x| <= 1e5 rad: 2 ulp; beyond: reduced by fmod first, accuracy falls with |x| */
double haul_cos(double x); /* as haul_sin */
double haul_exp(double x); /* 2 ulp; 0 below -745.2, infinity above 709.79 */
double haul_log(double x); /* 2 ulp; -infinity at 0, NaN below */
double haul_pow(
    double x,
    double y); /* x > 0: exp(y log x) with a compensated product, 4 ulp for |y log x| < 700; x = 0 gives 0 for y > 0 */
double haul_atan(double x);            /* 3 ulp */
double haul_atan2(double y, double x); /* as C's atan2 */
double haul_asin(double x);            /* |x| <= 1, 4 ulp */
double haul_tan(double x);             /* sin / cos */

/* Great-circle distance on the mean sphere, metres, by the haversine formula (Sinnott 1984). Degrees in. */
double haul_haversine_m(double lon1_deg, double lat1_deg, double lon2_deg, double lat2_deg);
/* Initial bearing from 1 to 2, degrees clockwise from north in [0, 360). */
double haul_bearing_deg(double lon1_deg, double lat1_deg, double lon2_deg, double lat2_deg);
/* Smallest difference of two angles, degrees in [0, 180]. */
double haul_angle_between_deg(double a_deg, double b_deg);

/* Nearest integer, ties away from zero; saturates at the ends of int64. NaN gives 0. */
static inline int64_t haul_round_i64(double x)
{
    if (x > -9.0e18 && x < 9.0e18) { /* the whole part fits; the difference to it is exact */
        const int64_t whole = (int64_t)x;
        const double rest = x - (double)whole;
        return whole + (rest >= 0.5) - (rest <= -0.5);
    }
    return x > 0 ? INT64_MAX : x < 0 ? INT64_MIN : 0;
}

#endif
