/* SPDX-License-Identifier: Apache-2.0
 * Argument reduction after Cody and Waite ("Software Manual for the Elementary Functions", 1980), then Taylor or
 * Gregory series on an interval small enough that the first omitted term is below half a unit in the last place.
 */
#include "haul/math.h"

#include <stddef.h>
#include <string.h>

static double from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, 8);
    return x;
}

static uint64_t to_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, 8);
    return bits;
}

/* Horner over c[0] + c[1] z + …, n terms. */
static double horner(const double *c, size_t n, double z)
{
    double sum = c[n - 1];
#pragma GCC unroll 32
    for (size_t i = n - 1; i > 0; i--) sum = sum * z + c[i - 1];
    return sum;
}

/* sin r and cos r for |r| <= pi/4 (with the reduction's low part). */
static double sin_kernel(double r, double low)
{
    static const double c[] = {-1.0 / 6,
                               1.0 / 120,
                               -1.0 / 5040,
                               1.0 / 362880,
                               -1.0 / 39916800,
                               1.0 / 6227020800.0,
                               -1.0 / 1307674368000.0,
                               1.0 / 355687428096000.0};
    const double z = r * r;
    const double tail = horner(c, sizeof c / sizeof c[0], z);
    return r + (z * r * tail + low * (1 - 0.5 * z));
}

static double cos_kernel(double r, double low)
{
    static const double c[] = {1.0 / 24,        -1.0 / 720,           1.0 / 40320,           -1.0 / 3628800,
                               1.0 / 479001600, -1.0 / 87178291200.0, 1.0 / 20922789888000.0};
    const double z = r * r, half = 0.5 * z, one = 1 - half;
    return one + (((1 - one) - half) + (z * z * horner(c, sizeof c / sizeof c[0], z) - r * low));
}

/* r + low = x - k pi/2 with |r| <= pi/4; returns k mod 4. */
static unsigned reduce(double x, double *r, double *low)
{
    static const double two_over_pi = 0.63661977236758134308;
    static const double p1 = 1.57079632673412561417e+00, p2 = 6.07710050630396597660e-11,
                        p3 = 2.02226624879595063154e-21; /* pi/2 in parts of 33, 33 and 53 bits */
    if (haul_abs(x) > 1e5) x = __builtin_fmod(x, 4 * (p1 + p2));
    const double k = (double)haul_round_i64(x * two_over_pi);
    const double a = x - k * p1, b = k * p2, c = a - b;
    const double lost = (a - c) - b - k * p3;
    *r = c + lost;
    *low = (c - *r) + lost;
    return (unsigned)((int64_t)k & 3);
}

double haul_sin(double x)
{
    if (!haul_finite(x)) return x - x;
    double r, low;
    switch (reduce(x, &r, &low)) {
    case 0:
        return sin_kernel(r, low);
    case 1:
        return cos_kernel(r, low);
    case 2:
        return -sin_kernel(r, low);
    default:
        return -cos_kernel(r, low);
    }
}

double haul_cos(double x)
{
    if (!haul_finite(x)) return x - x;
    double r, low;
    switch (reduce(x, &r, &low)) {
    case 0:
        return cos_kernel(r, low);
    case 1:
        return -sin_kernel(r, low);
    case 2:
        return -cos_kernel(r, low);
    default:
        return sin_kernel(r, low);
    }
}

double haul_tan(double x)
{
    return haul_sin(x) / haul_cos(x);
}

static const double ln2_hi = 6.93147180369123816490e-01, ln2_lo = 1.90821492927058770002e-10;

/* 2^k x without a wrong step at the ends of the range. */
static double scale(double x, int k)
{
    while (k > 1000) x *= 0x1p1000, k -= 1000;
    while (k < -1000) x *= 0x1p-1000, k += 1000;
    return x * from_bits((uint64_t)(1023 + k) << 52);
}

/* exp(x + low), low small against x. */
static double exp_sum(double x, double low)
{
    if (!(x == x)) return x;
    if (x > 709.7827128933841) return (double)__builtin_inf();
    if (x < -745.1332191019412) return 0;
    const int k = (int)haul_round_i64(x * 1.44269504088896340736);
    const double hi = x - k * ln2_hi, lo = k * ln2_lo - low, r = hi - lo;
    /* exp r - 1 - r by its Taylor series; |r| <= 0.347: the 14th term is below 2^-57 */
    static const double c[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                               1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                               1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0};
    const double tail = r * r * horner(c, sizeof c / sizeof c[0], r);
    return scale(1 + (hi + (tail - lo)), k);
}

double haul_exp(double x)
{
    return exp_sum(x, 0);
}

/* log x = hi + lo. */
static double log_parts(double x, double *lo)
{
    int k = 0;
    if (x < 0x1p-1022) x *= 0x1p54, k = -54;
    uint64_t bits = to_bits(x);
    k += (int)(bits >> 52) - 1023;
    double m = from_bits((bits & 0xfffffffffffffu) | (1023ull << 52));
    if (m > 1.4142135623730951) m *= 0.5, k++;
    /* log m = 2 atanh s, s = f / (2 + f) */
    const double f = m - 1, s = f / (2 + f), z = s * s;
    static const double c[] = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11,
                               2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21};
    const double series = z * horner(c, sizeof c / sizeof c[0], z); /* (2 atanh s - 2 s) / s */
    const double half = 0.5 * f * f;
    /* 2 s = f - s f, and s f = half - s half: log m = f - (half - s (half + series)) */
    const double rest = s * (half + series);
    const double hi = k * ln2_hi + f;
    const double err = f - (hi - k * ln2_hi);
    const double small = k * ln2_lo + err + rest;
    const double sum = hi - half;
    const double err2 = (hi - sum) - half;
    const double out = sum + (small + err2);
    *lo = (sum - out) + (small + err2);
    return out;
}

double haul_log(double x)
{
    if (!(x == x) || x < 0) return (double)__builtin_nan("");
    if (x == 0) return -(double)__builtin_inf();
    if (!haul_finite(x)) return x;
    double lo;
    return log_parts(x, &lo);
}

/* a * b = p + *err exactly (Dekker 1971, Veltkamp's splitting). */
static double product(double a, double b, double *err)
{
    const double s = 134217729.0;
    const double ta = s * a, ah = ta - (ta - a), al = a - ah;
    const double tb = s * b, bh = tb - (tb - b), bl = b - bh;
    const double p = a * b;
    *err = ((ah * bh - p) + ah * bl + al * bh) + al * bl;
    return p;
}

double haul_pow(double x, double y)
{
    if (y == 0 || x == 1) return 1;
    if (!(x == x) || !(y == y) || x < 0) return (double)__builtin_nan("");
    if (x == 0) return y > 0 ? 0 : (double)__builtin_inf();
    if (!haul_finite(x)) return y > 0 ? x : 0;
    double lo, err;
    const double l = log_parts(x, &lo);
    if (!(haul_abs(y * l) < 800)) return exp_sum(y * l > 0 ? 800 : -800, 0);
    const double p = product(y, l, &err);
    return exp_sum(p, err + y * lo);
}

/* atan x for |x| <= tan(pi/16) by its Taylor series, minus x. */
static double atan_tail(double x)
{
    static const double c[] = {-1.0 / 3,  1.0 / 5,  -1.0 / 7,  1.0 / 9,  -1.0 / 11, 1.0 / 13,
                               -1.0 / 15, 1.0 / 17, -1.0 / 19, 1.0 / 21, -1.0 / 23};
    const double z = x * x;
    return x * z * horner(c, sizeof c / sizeof c[0], z);
}

double haul_atan(double x)
{
    /* atan of j/8 … the four centres pi/8, pi/4, 3pi/8, pi/2 as high and low parts */
    static const double centre_tan[] = {0, 0.41421356237309503, 1, 2.4142135623730949};
    static const double centre_hi[] = {0, 0.39269908169872414, 0.78539816339744828, 1.1780972450961724};
    static const double centre_lo[] = {0, 2.1460181366028893e-17, 3.0616169978683830e-17, 5.5538099350512696e-17};
    if (!(x == x)) return x;
    const double a = haul_abs(x);
    double out;
    if (a > 5.0273394921258481) { /* tan(7 pi/16): use pi/2 - atan(1/a) */
        const double r = -1 / a;
        out = 1.57079632679489655800 + (r + (atan_tail(r) + 6.12323399573676603587e-17));
    } else {
        const int i = a <= 0.19891236737965800 ? 0 : a <= 0.66817863791929888 ? 1 : a <= 1.4966057626654890 ? 2 : 3;
        const double r = i == 0 ? a : (a - centre_tan[i]) / (1 + a * centre_tan[i]);
        out = centre_hi[i] + (r + (atan_tail(r) + centre_lo[i]));
    }
    return __builtin_copysign(out, x);
}

double haul_atan2(double y, double x)
{
    if (!(x == x) || !(y == y)) return (double)__builtin_nan("");
    const double pi = HAUL_PI, pi_lo = 1.2246467991473532e-16;
    if (y == 0) return __builtin_signbit(x) ? __builtin_copysign(pi, y) : y;
    if (x == 0) return __builtin_copysign(0.5 * pi, y);
    if (!haul_finite(x) && !haul_finite(y)) return __builtin_copysign(x > 0 ? 0.25 * pi : 0.75 * pi, y);
    if (!haul_finite(x)) return __builtin_copysign(x > 0 ? 0 : pi, y);
    if (!haul_finite(y)) return __builtin_copysign(0.5 * pi, y);
    const double base = haul_atan(haul_abs(y / x));
    return __builtin_copysign(x > 0 ? base : pi - (base - pi_lo), y);
}

double haul_asin(double x)
{
    return haul_atan2(x, haul_sqrt((1 - x) * (1 + x)));
}
/* cos x for |x| <= pi/2, without the general reduction: latitudes. */
static double cos_latitude(double x)
{
    const double a = haul_abs(x);
    if (a <= 0.78539816339744831) return cos_kernel(a, 0);
    return sin_kernel(1.57079632679489661923 - a, 6.12323399573676603587e-17);
}

/* sin x for |x| <= 0.01: the first term left out is below 1e-19 of x. */
static double sin_small(double x)
{
    const double z = x * x;
    return x - x * z * (1.0 / 6 - z * (1.0 / 120 - z * (1.0 / 5040)));
}

/* asin s for 0 <= s <= 0.01, likewise. */
static double asin_small(double s)
{
    const double z = s * s;
    return s + s * z * (1.0 / 6 + z * (3.0 / 40 + z * (15.0 / 336 + z * (105.0 / 3456))));
}

/* Within about a degree, where most distances lie, short series are as exact as the general functions and a fraction of
 * their cost. */
double haul_haversine_m(double lon1_deg, double lat1_deg, double lon2_deg, double lat2_deg)
{
    const double f1 = lat1_deg * HAUL_RAD_PER_DEG, f2 = lat2_deg * HAUL_RAD_PER_DEG;
    const double hf = 0.5 * (f2 - f1), hl = 0.5 * (lon2_deg - lon1_deg) * HAUL_RAD_PER_DEG;
    const bool near =
        haul_abs(hf) <= 0.007 && haul_abs(hl) <= 0.007 && haul_abs(lat1_deg) <= 90 && haul_abs(lat2_deg) <= 90;
    const double sf = near ? sin_small(hf) : haul_sin(hf), sl = near ? sin_small(hl) : haul_sin(hl);
    double a = sf * sf + (near ? cos_latitude(f1) * cos_latitude(f2) : haul_cos(f1) * haul_cos(f2)) * sl * sl;
    if (a > 1) a = 1;
    const double s = haul_sqrt(a);
    return 2 * HAUL_EARTH_M * (near ? asin_small(s) : haul_asin(s));
}

double haul_bearing_deg(double lon1_deg, double lat1_deg, double lon2_deg, double lat2_deg)
{
    const double f1 = lat1_deg * HAUL_RAD_PER_DEG, f2 = lat2_deg * HAUL_RAD_PER_DEG;
    const double dl = (lon2_deg - lon1_deg) * HAUL_RAD_PER_DEG;
    const double y = haul_sin(dl) * haul_cos(f2),
                 x = haul_cos(f1) * haul_sin(f2) - haul_sin(f1) * haul_cos(f2) * haul_cos(dl);
    const double b = haul_atan2(y, x) / HAUL_RAD_PER_DEG;
    return b < 0 ? b + 360 : b;
}

double haul_angle_between_deg(double a_deg, double b_deg)
{
    double d = haul_abs(a_deg - b_deg);
    d -= 360 * haul_floor(d / 360);
    return d > 180 ? 360 - d : d;
}
