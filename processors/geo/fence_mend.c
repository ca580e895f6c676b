/* SPDX-License-Identifier: Apache-2.0
 * libgeos judges each polygon on the grid of 1e-7 degrees, so that what it finds valid is what is tested: a valid one
 * is taken as it is; of one that is not, the area it may have meant is taken (GEOSMakeValid, structure: shells are
 * joined, holes cut out), snapped to the grid again and read back.
 */
#define GEOS_USE_ONLY_R_API
#include "haul/math.h"
#include "processors/geo/fence_internal.h"

#include <geos_c.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER; /* GEOS_init_r races with itself; preparing is rare */

struct mend {
    GEOSContextHandle_t geos;
    char said[200]; /* the last that libgeos complained of */
};

static void on_error(const char *text, void *arg)
{
    struct mend *m = arg;
    snprintf(m->said, sizeof m->said, "%s", text);
}

bool fence_mend_begin(void **context, struct haul_error *e)
{
    pthread_mutex_lock(&one);
    struct mend *m = calloc(1, sizeof *m);
    assert(m != NULL);
    m->geos = GEOS_init_r();
    if (m->geos == NULL) {
        free(m);
        pthread_mutex_unlock(&one);
        haul_fail(e, HAUL_E_NOMEM, "libgeos does not start");
        return false;
    }
    GEOSContext_setErrorMessageHandler_r(m->geos, on_error, m);
    *context = m;
    return true;
}

void fence_mend_end(void *context)
{
    struct mend *m = context;
    GEOS_finish_r(m->geos);
    free(m);
    pthread_mutex_unlock(&one);
}

/* ---- to libgeos ----------------------------------------------------------------------------------------------------
 */
static GEOSGeometry *ring_of(const struct mend *m, const struct fence_drafts *d, const struct fence_line *l)
{
    GEOSCoordSequence *s = GEOSCoordSeq_create_r(m->geos, l->len, 2);
    if (s == NULL) return NULL;
    for (uint32_t i = 0; i < l->len; i++) {
        const struct fence_corner c = d->corner[l->first + i];
        GEOSCoordSeq_setXY_r(m->geos, s, i, c.lon, c.lat);
    }
    return GEOSGeom_createLinearRing_r(m->geos, s);
}

static void destroy(const struct mend *m, GEOSGeometry **g, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (g[i] != NULL) GEOSGeom_destroy_r(m->geos, g[i]);
}

/* Lines [from, to) of one polygon: the shell, then the holes. */
static GEOSGeometry *polygon_of(const struct mend *m, const struct fence_drafts *d, size_t from, size_t to)
{
    const uint32_t n = (uint32_t)(to - from);
    GEOSGeometry **ring = calloc(n, sizeof(GEOSGeometry *));
    assert(ring != NULL);
    bool good = true;
    for (uint32_t i = 0; i < n; i++) good = (ring[i] = ring_of(m, d, &d->line[from + i])) != NULL && good;
    GEOSGeometry *g = NULL;
    if (good)
        g = GEOSGeom_createPolygon_r(m->geos, ring[0], ring + 1, n - 1); /* takes the rings */
    else
        destroy(m, ring, n);
    free(ring);
    return g;
}

static GEOSGeometry *geometry_of(const struct mend *m, const struct fence_drafts *d, const struct fence_draft *f)
{
    const size_t end = (size_t)f->first_line + f->lines;
    if (f->polygons == 1) return polygon_of(m, d, f->first_line, end);
    GEOSGeometry **part = calloc(f->polygons, sizeof(GEOSGeometry *));
    assert(part != NULL);
    uint32_t n = 0;
    bool good = true;
    for (size_t at = f->first_line, next; at < end; at = next, n++) {
        for (next = at; next < end && d->polygon[next] == d->polygon[at]; next++) continue;
        good = (part[n] = polygon_of(m, d, at, next)) != NULL && good;
    }
    GEOSGeometry *g = good ? GEOSGeom_createCollection_r(m->geos, GEOS_MULTIPOLYGON, part, n) : NULL;
    if (!good) destroy(m, part, n);
    free(part);
    return g;
}

/* ---- and back ------------------------------------------------------------------------------------------------------
 */
static bool take_back_ring(const struct mend *m, struct fence_drafts *d, const GEOSGeometry *ring, uint32_t polygon)
{
    const GEOSCoordSequence *s = GEOSGeom_getCoordSeq_r(m->geos, ring);
    unsigned n = 0;
    if (s == NULL || !GEOSCoordSeq_getSize_r(m->geos, s, &n)) return false;
    fence_line_begin(d, polygon);
    for (unsigned i = 0; i < n; i++) {
        double x, y;
        if (!GEOSCoordSeq_getXY_r(m->geos, s, i, &x, &y)) return false;
        fence_corner_add(d, (struct fence_corner){(int32_t)haul_round_i64(x), (int32_t)haul_round_i64(y)});
    }
    fence_line_end(d);
    return true;
}

/* Every polygon in g, however deep; lines and points that mending left over are no area. */
static bool take_back(const struct mend *m, struct fence_drafts *d, const GEOSGeometry *g, uint32_t *polygons)
{
    const int type = GEOSGeomTypeId_r(m->geos, g);
    if (type == GEOS_POLYGON) {
        const GEOSGeometry *shell = GEOSGetExteriorRing_r(m->geos, g);
        const int holes = GEOSGetNumInteriorRings_r(m->geos, g);
        if (GEOSisEmpty_r(m->geos, g) == 1) return true;
        if (shell == NULL || !take_back_ring(m, d, shell, *polygons)) return false;
        for (int i = 0; i < holes; i++)
            if (!take_back_ring(m, d, GEOSGetInteriorRingN_r(m->geos, g, i), *polygons)) return false;
        ++*polygons;
        return true;
    }
    if (type != GEOS_MULTIPOLYGON && type != GEOS_GEOMETRYCOLLECTION) return true;
    const int n = GEOSGetNumGeometries_r(m->geos, g);
    for (int i = 0; i < n; i++)
        if (!take_back(m, d, GEOSGetGeometryN_r(m->geos, g, i), polygons)) return false;
    return n >= 0;
}

/* ---- judging -------------------------------------------------------------------------------------------------------
 */
static double area_km2(const struct mend *m, const GEOSGeometry *g, const struct haul_fence *x)
{
    double a = 0;
    GEOSArea_r(m->geos, g, &a);
    const double middle = ((double)x->box.min_lat + x->box.max_lat) / 2 * 1e-7;
    return a * FENCE_M_PER_E7 * FENCE_M_PER_E7 * haul_cos(middle * HAUL_RAD_PER_DEG) / 1e6;
}

static GEOSGeometry *made_valid(const struct mend *m, const GEOSGeometry *g)
{
    GEOSMakeValidParams *how = GEOSMakeValidParams_create_r(m->geos);
    if (how == NULL) return NULL;
    GEOSMakeValidParams_setMethod_r(m->geos, how, GEOS_MAKE_VALID_STRUCTURE);
    GEOSGeometry *valid = GEOSMakeValidWithParams_r(m->geos, g, how);
    GEOSMakeValidParams_destroy_r(m->geos, how);
    if (valid == NULL) return NULL;
    GEOSGeometry *snapped = GEOSGeom_setPrecision_r(m->geos, valid, 1, 0);
    GEOSGeom_destroy_r(m->geos, valid);
    return snapped;
}

/* "Self-intersection at or near point 1158500000 286800000" with the point in degrees. */
static void reason_of(const struct mend *m, const GEOSGeometry *g, char *out, size_t n)
{
    char *reason = NULL;
    GEOSGeometry *at = NULL;
    double x = 0, y = 0;
    GEOSisValidDetail_r(m->geos, g, 0, &reason, &at);
    if (at != NULL) {
        GEOSGeomGetX_r(m->geos, at, &x);
        GEOSGeomGetY_r(m->geos, at, &y);
        GEOSGeom_destroy_r(m->geos, at);
    }
    snprintf(out, n, "%s at %.7f, %.7f", reason == NULL ? "invalid" : reason, x * 1e-7, y * 1e-7);
    if (reason != NULL) GEOSFree_r(m->geos, reason);
}

static bool refused(struct fence_drafts *d, const struct fence_draft *f, const char *why)
{
    fence_note(d, HAUL_FENCE_REFUSED, f->feature, f->id, "%s", why);
    return false;
}

static bool replace(const struct mend *m, struct fence_drafts *d, struct fence_draft *f, const GEOSGeometry *g,
                    const char *reason, double was_km2)
{
    const double km2 = area_km2(m, g, &f->x);
    char why[300];
    const uint32_t first = (uint32_t)d->lines;
    uint32_t polygons = 0;
    if (!take_back(m, d, g, &polygons) || polygons == 0 || !(km2 > 0)) {
        snprintf(why, sizeof why, "%s; nothing of it is an area", reason);
        return refused(d, f, why);
    }
    f->first_line = first, f->lines = (uint32_t)d->lines - first, f->polygons = polygons;
    struct haul_fence_box *b = &f->x.box;
    *b = (struct haul_fence_box){INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN};
    for (uint32_t i = first; i < d->lines; i++)
        for (uint32_t k = 0; k < d->line[i].len; k++) {
            const struct fence_corner c = d->corner[d->line[i].first + k];
            if (c.lon < b->min_lon) b->min_lon = c.lon;
            if (c.lon > b->max_lon) b->max_lon = c.lon;
            if (c.lat < b->min_lat) b->min_lat = c.lat;
            if (c.lat > b->max_lat) b->max_lat = c.lat;
        }
    fence_note(d, HAUL_FENCE_MENDED, f->feature, f->id,
               "%s: taken as %u polygon%s of %.6g km2 in all (as drawn: %.6g km2)", reason, polygons,
               polygons == 1 ? "" : "s", km2, was_km2);
    return true;
}

bool fence_mend(void *context, struct fence_drafts *d, size_t i)
{
    struct mend *m = context;
    struct fence_draft *f = &d->draft[i];
    if (f->x.shape != HAUL_FENCE_POLYGON) return true;
    m->said[0] = '\0';
    GEOSGeometry *g = geometry_of(m, d, f), *mended = NULL;
    if (g == NULL) return refused(d, f, m->said[0] == '\0' ? "libgeos does not take it" : m->said);
    bool good = GEOSisValid_r(m->geos, g) == 1 && area_km2(m, g, &f->x) > 0;
    if (!good) {
        char reason[240];
        reason_of(m, g, reason, sizeof reason);
        mended = made_valid(m, g);
        good = mended == NULL ? refused(d, f, reason) : replace(m, d, f, mended, reason, area_km2(m, g, &f->x));
    }
    if (mended != NULL) GEOSGeom_destroy_r(m->geos, mended);
    GEOSGeom_destroy_r(m->geos, g);
    return good;
}
