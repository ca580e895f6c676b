/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * Coordinate systems. Inside haul everything is WGS-84 longitude and latitude in degrees; what a record says of itself
 * is turned into that at the gate, and only there. Pure functions over haul/math.h: the same bits on every machine, any
 * thread.
 *
 * A record that is 600 m off because its system was not named is on the wrong road, so the system is part of the
 * record.
 */
#ifndef HAUL_CRS_H
#define HAUL_CRS_H

#include "haul/err.h"

#include <stdbool.h>
#include <stddef.h>

/* The numbers are those of the field `crs` in a record. */
enum haul_crs {
    HAUL_CRS_WGS84 = 0,    /* GPS, BeiDou and every receiver that nobody has tampered with */
    HAUL_CRS_GCJ02 = 1,    /* Chinese map feeds: WGS-84 with an obfuscation of 300 to 700 m inside China */
    HAUL_CRS_BD09 = 2,     /* GCJ-02 with one more turn, about 1 km from WGS-84 */
    HAUL_CRS_CGCS2000 = 3, /* China's geodetic datum; within 0.1 m of WGS-84, taken as the same */
    HAUL_CRS_LOCAL = 4,    /* metres of a site's own map: has no longitude without the site's frame */
};
#define HAUL_CRS_COUNT 5

/* "wgs84", "gcj02", "bd09", "cgcs2000", "local"; "invalid" for anything else. Static strings. */
const char *haul_crs_name(enum haul_crs crs);
/* The inverse, lower case only. False when the name is not known. */
bool haul_crs_of_name(const char *name, size_t len, enum haul_crs *out);

/* Finite, -180..180 and -90..90. */
bool haul_lonlat_valid(double lon_deg, double lat_deg);

/* Turns a position of system `from` into WGS-84 in place. HAUL_E_RANGE: not finite or out of range, nothing is written;
 * HAUL_E_UNSUPPORTED: HAUL_CRS_LOCAL (use a frame) or an unknown number.
 *
 * GCJ-02 and BD-09 have no closed inverse; a fixed point is iterated three times: at most 0.05 mm over Jiangxi, the
 * first step alone being up to 2.8 m off. Outside 72.004..137.8347 E, 0.8293..55.8271 N GCJ-02 is WGS-84, as in the
 * published formula. */
enum haul_err haul_crs_to_wgs84(enum haul_crs from, double *lon_deg, double *lat_deg);
/* The other way, for those who draw on a Chinese map. Same errors. */
enum haul_err haul_crs_from_wgs84(enum haul_crs to, double *lon_deg, double *lat_deg);

/* Web Mercator (EPSG:3857), metres on the sphere of 6378137 m. |lat| is held to 85.0511287798 as tile maps do. */
void haul_mercator_of(double lon_deg, double lat_deg, double *x_m, double *y_m);
void haul_mercator_to(double x_m, double y_m, double *lon_deg, double *lat_deg);

/* A local metric frame: x east, y north, in metres round an origin, equirectangular on the mean sphere. Against
 * haul_haversine_m its distances are within 0.1 % up to 10 km from the origin below 60 degrees of latitude. */
struct haul_frame {
    double lon0_deg, lat0_deg, m_per_deg_lon, m_per_deg_lat;
};

struct haul_frame haul_frame_at(double lon_deg, double lat_deg);
static inline void haul_frame_of(const struct haul_frame *f, double lon_deg, double lat_deg, double *x_m, double *y_m)
{
    *x_m = (lon_deg - f->lon0_deg) * f->m_per_deg_lon;
    *y_m = (lat_deg - f->lat0_deg) * f->m_per_deg_lat;
}
static inline void haul_frame_to(const struct haul_frame *f, double x_m, double y_m, double *lon_deg, double *lat_deg)
{
    *lon_deg = f->lon0_deg + x_m / f->m_per_deg_lon;
    *lat_deg = f->lat0_deg + y_m / f->m_per_deg_lat;
}

#endif
