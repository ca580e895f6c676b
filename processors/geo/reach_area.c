/* SPDX-License-Identifier: Apache-2.0
 * The concave hull of what was reached, by libgeos. Coordinates come from the network, which has no NaN and no infinity
 * in it: libgeos 3.11 would not survive them.
 */
#include "haul/json.h"
#include "haul/plan.h"

#include "processors/geo/pool.h"

#define GEOS_USE_ONLY_R_API
#include <geos_c.h>
#include <stdlib.h>

struct haul_reach_area {
    double *xy;
    size_t n, cap;
    bool failed;
};

struct haul_reach_area *haul_reach_area_new(void)
{
    return calloc(1, sizeof(struct haul_reach_area));
}

void haul_reach_area_free(struct haul_reach_area *a)
{
    if (a == NULL) return;
    free(a->xy);
    free(a);
}

static void add(struct haul_reach_area *a, double lon, double lat)
{
    void *p = a->xy;
    if (!grow_array(&p, &a->cap, 2 * (a->n + 1), sizeof *a->xy)) a->failed = true;
    a->xy = p;
    if (a->failed) return;
    a->xy[2 * a->n] = lon, a->xy[2 * a->n + 1] = lat;
    a->n++;
}

void haul_reach_area_add(struct haul_reach_area *a, const struct haul_map *m, uint32_t arc, uint32_t from_cm,
                         uint32_t to_cm)
{
    double lon, lat;
    const uint32_t step = 50000; /* a place each 500 m, so that long roads are followed */
    for (uint32_t at = from_cm;; at = to_cm - at > step ? at + step : to_cm) {
        haul_map_place(m, arc, at, &lon, &lat, NULL);
        add(a, lon, lat);
        if (at >= to_cm) break;
    }
}

/* The outer ring of a polygon. */
static bool put_ring(GEOSContextHandle_t geos, const GEOSGeometry *hull, struct haul_buf *out)
{
    if (hull == NULL || GEOSGeomTypeId_r(geos, hull) != GEOS_POLYGON) return false;
    const GEOSGeometry *ring = GEOSGetExteriorRing_r(geos, hull);
    const GEOSCoordSequence *points = ring == NULL ? NULL : GEOSGeom_getCoordSeq_r(geos, ring);
    unsigned n = 0;
    if (points == NULL || !GEOSCoordSeq_getSize_r(geos, points, &n)) return false;
    struct haul_json j;
    haul_buf_str(out, HAUL_STR("{\"type\":\"Polygon\",\"coordinates\":["));
    haul_json_begin(&j, out);
    haul_json_open(&j, '[');
    for (unsigned i = 0; i < n; i++) {
        double x = 0, y = 0;
        GEOSCoordSeq_getXY_r(geos, points, i, &x, &y);
        haul_json_open(&j, '[');
        haul_json_f64(&j, x, 6);
        haul_json_f64(&j, y, 6);
        haul_json_close(&j, ']');
    }
    haul_json_close(&j, ']');
    haul_buf_str(out, HAUL_STR("]}"));
    return true;
}

enum haul_err haul_reach_area_geojson(struct haul_reach_area *a, struct haul_buf *out, struct haul_error *e)
{
    if (a->failed) return haul_fail(e, HAUL_E_NOMEM, "no memory for the area");
    if (a->n < 3) return haul_fail(e, HAUL_E_INVALID, "nothing but the place itself is reached");
    GEOSContextHandle_t geos = GEOS_init_r();
    if (geos == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for the area");
    GEOSCoordSequence *points = GEOSCoordSeq_copyFromBuffer_r(geos, a->xy, (unsigned)a->n, 0, 0);
    GEOSGeometry *line = points == NULL ? NULL : GEOSGeom_createLineString_r(geos, points);
    GEOSGeometry *hull = line == NULL ? NULL : GEOSConcaveHull_r(geos, line, 0.15, 0);
    const bool good = put_ring(geos, hull, out);
    if (hull != NULL) GEOSGeom_destroy_r(geos, hull);
    if (line != NULL) GEOSGeom_destroy_r(geos, line);
    GEOS_finish_r(geos);
    return good ? HAUL_OK : haul_fail(e, HAUL_E_INVALID, "what is reached has no area");
}
