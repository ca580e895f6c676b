/* SPDX-License-Identifier: Apache-2.0
 * GCJ-02 is the published approximation of the obfuscation: two polynomials with sines in (lon - 105, lat - 35), in
 * metres on the Krasovsky 1940 ellipsoid. BD-09 turns GCJ-02 by a wobble of about 2e-5 degrees and moves it by (0.0065,
 * 0.0060).
 */
#include "haul/crs.h"

#include "haul/math.h"

#include <string.h>

static const char *const names[HAUL_CRS_COUNT] = {"wgs84", "gcj02", "bd09", "cgcs2000", "local"};

const char *haul_crs_name(enum haul_crs crs)
{
    return (unsigned)crs < HAUL_CRS_COUNT ? names[crs] : "invalid";
}

bool haul_crs_of_name(const char *name, size_t len, enum haul_crs *out)
{
    for (unsigned i = 0; i < HAUL_CRS_COUNT; i++) {
        if (strlen(names[i]) != len || memcmp(names[i], name, len) != 0) continue;
        *out = (enum haul_crs)i;
        return true;
    }
    return false;
}

bool haul_lonlat_valid(double lon_deg, double lat_deg)
{
    /* comparisons with NaN are false */
    return lon_deg >= -180 && lon_deg <= 180 && lat_deg >= -90 && lat_deg <= 90;
}

struct lonlat {
    double lon, lat;
};

static bool in_china(struct lonlat p)
{
    return p.lon >= 72.004 && p.lon <= 137.8347 && p.lat >= 0.8293 && p.lat <= 55.8271;
}

/* What GCJ-02 adds to a WGS-84 position, degrees. */
static struct lonlat gcj_shift(struct lonlat p)
{
    static const double axis_m = 6378245.0, ee = 0.00669342162296594323;
    const double x = p.lon - 105, y = p.lat - 35, root = haul_sqrt(haul_abs(x)), pi = HAUL_PI;
    const double ripple = (20 * haul_sin(6 * pi * x) + 20 * haul_sin(2 * pi * x)) * 2 / 3;
    double east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple;
    east += (20 * haul_sin(pi * x) + 40 * haul_sin(pi / 3 * x)) * 2 / 3;
    east += (150 * haul_sin(pi / 12 * x) + 300 * haul_sin(pi / 30 * x)) * 2 / 3;
    double north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple;
    north += (20 * haul_sin(pi * y) + 40 * haul_sin(pi / 3 * y)) * 2 / 3;
    north += (160 * haul_sin(pi / 12 * y) + 320 * haul_sin(pi / 30 * y)) * 2 / 3;
    const double phi = p.lat * HAUL_RAD_PER_DEG, s = haul_sin(phi), w = 1 - ee * s * s, root_w = haul_sqrt(w);
    const double prime_m = axis_m / root_w, meridian_m = axis_m * (1 - ee) / (w * root_w);
    return (struct lonlat){east / (prime_m * haul_cos(phi) * HAUL_RAD_PER_DEG),
                           north / (meridian_m * HAUL_RAD_PER_DEG)};
}

static struct lonlat gcj_of_wgs(struct lonlat p)
{
    if (!in_china(p)) return p;
    const struct lonlat d = gcj_shift(p);
    return (struct lonlat){p.lon + d.lon, p.lat + d.lat};
}

/* The wobble turns a point about the origin by 3e-6 rad at most: its effect is small and smooth, a fixed point
 * converges. */
static struct lonlat bd_of_gcj(struct lonlat p)
{
    const double k = HAUL_PI * 3000 / 180;
    const double z = haul_sqrt(p.lon * p.lon + p.lat * p.lat) + 0.00002 * haul_sin(p.lat * k);
    const double t = haul_atan2(p.lat, p.lon) + 0.000003 * haul_cos(p.lon * k);
    return (struct lonlat){z * haul_cos(t) + 0.0065, z * haul_sin(t) + 0.006};
}

/* Solves forward(q) = p from a first guess by q <- q + p - forward(q). The Jacobian is the identity within 0.3 %, so
 * each round takes more than two decimal digits. */
static struct lonlat invert(struct lonlat (*forward)(struct lonlat), struct lonlat p, struct lonlat guess)
{
    for (int i = 0; i < 3; i++) {
        const struct lonlat f = forward(guess);
        guess.lon += p.lon - f.lon;
        guess.lat += p.lat - f.lat;
    }
    return guess;
}

static struct lonlat wgs_of_gcj(struct lonlat p)
{
    return in_china(p) ? invert(gcj_of_wgs, p, p) : p;
}

static struct lonlat gcj_of_bd(struct lonlat p)
{
    return invert(bd_of_gcj, p, (struct lonlat){p.lon - 0.0065, p.lat - 0.006});
}

static enum haul_err convert(enum haul_crs crs, bool to_wgs, double *lon_deg, double *lat_deg)
{
    if (!haul_lonlat_valid(*lon_deg, *lat_deg)) return HAUL_E_RANGE;
    struct lonlat p = {*lon_deg, *lat_deg};
    switch (crs) {
    case HAUL_CRS_WGS84:
    case HAUL_CRS_CGCS2000:
        return HAUL_OK;
    case HAUL_CRS_GCJ02:
        p = to_wgs ? wgs_of_gcj(p) : gcj_of_wgs(p);
        break;
    case HAUL_CRS_BD09:
        p = to_wgs ? wgs_of_gcj(gcj_of_bd(p)) : bd_of_gcj(gcj_of_wgs(p));
        break;
    case HAUL_CRS_LOCAL:
        return HAUL_E_UNSUPPORTED;
    }
    if ((unsigned)crs >= HAUL_CRS_COUNT) return HAUL_E_UNSUPPORTED;
    if (!haul_lonlat_valid(p.lon, p.lat)) return HAUL_E_RANGE;
    *lon_deg = p.lon;
    *lat_deg = p.lat;
    return HAUL_OK;
}

enum haul_err haul_crs_to_wgs84(enum haul_crs from, double *lon_deg, double *lat_deg)
{
    return convert(from, true, lon_deg, lat_deg);
}

enum haul_err haul_crs_from_wgs84(enum haul_crs to, double *lon_deg, double *lat_deg)
{
    return convert(to, false, lon_deg, lat_deg);
}

static const double mercator_radius_m = 6378137.0;

void haul_mercator_of(double lon_deg, double lat_deg, double *x_m, double *y_m)
{
    const double edge = 85.0511287798066;
    const double lat = lat_deg > edge ? edge : lat_deg < -edge ? -edge : lat_deg;
    *x_m = mercator_radius_m * lon_deg * HAUL_RAD_PER_DEG;
    *y_m = mercator_radius_m * haul_log(haul_tan(0.25 * HAUL_PI + 0.5 * lat * HAUL_RAD_PER_DEG));
}

void haul_mercator_to(double x_m, double y_m, double *lon_deg, double *lat_deg)
{
    *lon_deg = x_m / mercator_radius_m / HAUL_RAD_PER_DEG;
    *lat_deg = (2 * haul_atan(haul_exp(y_m / mercator_radius_m)) - 0.5 * HAUL_PI) / HAUL_RAD_PER_DEG;
}

struct haul_frame haul_frame_at(double lon_deg, double lat_deg)
{
    const double m_per_deg = HAUL_EARTH_M * HAUL_RAD_PER_DEG;
    double shrink = haul_cos(lat_deg * HAUL_RAD_PER_DEG);
    if (shrink < 1e-9) shrink = 1e-9; /* at the poles: no division by zero, no meaning either */
    return (struct haul_frame){lon_deg, lat_deg, m_per_deg * shrink, m_per_deg};
}
