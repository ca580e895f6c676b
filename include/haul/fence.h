/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * Fences: areas that vehicles are to stay in or out of. A set of them is read from GeoJSON, validated and mended by
 * libgeos, and prepared into one flat blob that is position-independent and has no pointers: it is what haul.blobs
 * holds, and what the hot test reads in place. Any number of threads may read one blob.
 *
 * Inside haul a coordinate is a whole number of 1e-7 degrees (11 mm). On that grid the test of a polygon is exact: a
 * fence is at most 180 degrees wide, so every product of two differences fits in 62 bits. A point on the boundary is
 * inside.
 */
#ifndef HAUL_FENCE_H
#define HAUL_FENCE_H

#include "haul/buf.h"
#include "haul/err.h"

#define HAUL_FENCE_ID_MAX      24 /* bytes of an id */
#define HAUL_FENCE_NAME_MAX    96 /* bytes of a name */
#define HAUL_FENCE_GROUPS_MAX  8
#define HAUL_FENCE_WINDOWS_MAX 4
#define HAUL_FENCES_MAX        200000u
#define HAUL_FENCE_REACH_MAX_M 50000 /* of a hysteresis, an approach, a radius, half a width */

enum haul_fence_kind {
    HAUL_FENCE_INCLUSIVE, /* a vehicle is to stay inside: to leave is the alert */
    HAUL_FENCE_EXCLUSIVE, /* a vehicle is to stay outside: to enter is the alert */
};
enum haul_fence_shape { HAUL_FENCE_POLYGON, HAUL_FENCE_CIRCLE, HAUL_FENCE_CORRIDOR };

/* What may happen between a vehicle and a fence; bits of haul_fence.alerts. */
enum haul_fence_event {
    HAUL_FENCE_ENTER = 1,
    HAUL_FENCE_EXIT = 2,
    HAUL_FENCE_DWELL = 4,
    HAUL_FENCE_CROSS = 8,
    HAUL_FENCE_APPROACH = 16,
};

struct haul_fence_box {
    int32_t min_lon, min_lat, max_lon, max_lat; /* degrees times 10^7, inclusive */
};

/* Days are a bit each, Monday bit 0, of the day on which the window begins. from > to spans midnight. */
struct haul_fence_window {
    int16_t from_min, to_min; /* minutes since local midnight, 0..1440 */
    uint8_t days, pad[3];
};

/* A fence as it lies in the blob: three cache lines, of which the test needs the first. */
struct haul_fence {
    struct haul_fence_box box;                  /* of the area itself */
    uint32_t slabs, slab_at, edge_at, edge_len; /* POLYGON, CORRIDOR: first slab, first block of edges, blocks */
    uint8_t shape, kind, alerts, windows, groups, id_len;
    int16_t zone_min; /* of the windows' clock, east of UTC */
    char id[HAUL_FENCE_ID_MAX];
    int32_t lon, lat;                     /* CIRCLE: its middle */
    double cos_lat, chord;                /* CIRCLE: cosine of its latitude; sin^2(radius / 2R) */
    uint32_t half_mm;                     /* CIRCLE: radius; CORRIDOR: half of its width */
    uint32_t hysteresis_mm, approach_mm;  /* approach 0: not judged */
    uint32_t enter_ms, exit_ms, name_len; /* for so long it must hold */
    int64_t dwell_ms;                     /* longest stay; 0: any */
    uint32_t text_at;                     /* name, then the groups, each behind a byte of its length */
    struct haul_fence_window window[HAUL_FENCE_WINDOWS_MAX];
    uint8_t pad[36];
};

struct haul_fences; /* a set: the blob itself */

/* ---- making a set --------------------------------------------------------------------------------------------------
 */
enum haul_fence_verdict {
    HAUL_FENCE_NOTED,   /* taken as it is, but something of it is ignored */
    HAUL_FENCE_MENDED,  /* taken as the text says */
    HAUL_FENCE_REFUSED, /* not taken */
};
/* `feature` counts from 0; `id` is "" where it has none yet. */
typedef void haul_fence_note_fn(void *arg, enum haul_fence_verdict verdict, size_t feature, const char *id,
                                const char *text);

struct haul_fence_counts {
    size_t features, fences, noted, mended, refused, corners;
};

/* Reads a GeoJSON FeatureCollection, tells of each feature that was mended or refused, and appends the blob to *blob
 * (whose maximum bounds it; start it empty). The same set gives the same bytes, in whatever order its features stand.
 * INVALID: not GeoJSON, or a feature was refused: then nothing is appended. LIMIT: too many or too large. Allocates;
 * uses libgeos; any thread, but one at a time waits for the other. */
enum haul_err haul_fences_prepare(struct haul_str geojson, struct haul_buf *blob, haul_fence_note_fn *note, void *arg,
                                  struct haul_fence_counts *counts, struct haul_error *e);

/* Checks every bound in a blob, once; afterwards reading it is safe whatever it holds. `bytes` is aligned to 16
 * (better to 64) and stays the caller's. CORRUPT, VERSION. */
enum haul_err haul_fences_check(const void *bytes, size_t n, struct haul_error *e);
/* The set in a blob that was checked. */
const struct haul_fences *haul_fences_of(const void *bytes);

/* ---- reading: no allocation, no lock -------------------------------------------------------------------------------
 */
size_t haul_fences_count(const struct haul_fences *f);
/* Fences are in byte order of their ids. */
const struct haul_fence *haul_fences_at(const struct haul_fences *f, size_t i);
/* False when no fence has that id. */
bool haul_fences_find(const struct haul_fences *f, struct haul_str id, uint32_t *out);
static inline struct haul_str haul_fence_id(const struct haul_fence *x)
{
    return (struct haul_str){x->id, x->id_len};
}
struct haul_str haul_fence_name(const struct haul_fences *f, const struct haul_fence *x);
struct haul_str haul_fence_group(const struct haul_fences *f, const struct haul_fence *x, unsigned i);
/* True when it holds for a vehicle of the group ("" is no group) at the time (ms since 1970 UTC); *until is when that
 * may change by itself (INT64_MAX: never). */
bool haul_fence_holds(const struct haul_fences *f, const struct haul_fence *x, struct haul_str group, int64_t ms,
                      int64_t *until);

/* Writes the fences that may matter to anything in the box, in ascending order, and returns how many there are: those
 * whose own box, grown by what their hysteresis, approach, radius or width need, meets it. More than `max`: only some
 * are written. */
size_t haul_fences_near(const struct haul_fences *f, struct haul_fence_box box, uint32_t *out, size_t max);

/* A point with what its tests share. */
struct haul_fence_point {
    int32_t lon, lat;
    double cos_lat, m_per_lon; /* metres in 1e-7 degrees of longitude */
};
struct haul_fence_point haul_fence_point_at(int32_t lon_e7, int32_t lat_e7);

enum haul_fence_where { HAUL_FENCE_OUTSIDE, HAUL_FENCE_ON_BOUNDARY, HAUL_FENCE_INSIDE };
/* POLYGON: exact, by crossings of a ray (even-odd over all rings). CIRCLE: great-circle distance. CORRIDOR: distance
 * from its line in the metric frame at the point. ON_BOUNDARY is said of polygons only. */
enum haul_fence_where haul_fence_where(const struct haul_fences *f, const struct haul_fence *x,
                                       const struct haul_fence_point *p);
/* Metres from the point to the fence's boundary when that is at most within_m, else infinity. In the metric frame at
 * the point, whose distances are within 0.1 % up to 10 km. */
double haul_fence_distance_m(const struct haul_fences *f, const struct haul_fence *x, const struct haul_fence_point *p,
                             double within_m);
/* True when the straight way from one point to the other meets the fence. POLYGON: exact. */
bool haul_fence_crossed(const struct haul_fences *f, const struct haul_fence *x, const struct haul_fence_point *from,
                        const struct haul_fence_point *to);

#endif
