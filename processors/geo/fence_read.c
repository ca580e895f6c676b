/* SPDX-License-Identifier: Apache-2.0
 * Fences from GeoJSON (RFC 7946): Polygon and MultiPolygon are areas, a Point with radius_m a circle, a LineString with
 * width_m a corridor. A feature with a property that cannot be right is refused, never guessed at; one that is not
 * known is named, because it may be a known one misspelt.
 */
#include "haul/crs.h"
#include "haul/json.h"
#include "haul/math.h"
#include "processors/geo/fence_internal.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define CORNERS_MAX  (1u << 23) /* of a set */
#define RINGS_MAX    (1u << 21)
#define HALF_TURN_E7 1800000000ll
#define HOUR_S       3600.0
#define DAY_S        86400.0

/* ---- drafts --------------------------------------------------------------------------------------------------------
 */
static void *grown(void *p, size_t *room, size_t need, size_t size)
{
    if (need <= *room) return p;
    *room = *room * 2 > need ? *room * 2 : need < 64 ? 64 : need;
    p = realloc(p, *room * size);
    assert(p != NULL);
    return p;
}

void fence_corner_add(struct fence_drafts *d, struct fence_corner c)
{
    d->corner = grown(d->corner, &d->corners_room, d->corners + 1, sizeof *d->corner);
    d->corner[d->corners++] = c;
}

void fence_line_begin(struct fence_drafts *d, uint32_t polygon)
{
    const size_t room = d->lines_room;
    d->line = grown(d->line, &d->lines_room, d->lines + 1, sizeof *d->line);
    if (d->lines_room != room) {
        d->polygon = realloc(d->polygon, d->lines_room * sizeof *d->polygon);
        assert(d->polygon != NULL);
    }
    d->polygon[d->lines] = polygon;
    d->line[d->lines++] = (struct fence_line){(uint32_t)d->corners, 0};
}

void fence_line_end(struct fence_drafts *d)
{
    struct fence_line *l = &d->line[d->lines - 1];
    l->len = (uint32_t)d->corners - l->first;
}

void fence_note(struct fence_drafts *d, enum haul_fence_verdict v, size_t feature, const char *id, const char *format,
                ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    d->counts.noted += v == HAUL_FENCE_NOTED, d->counts.mended += v == HAUL_FENCE_MENDED;
    d->counts.refused += v == HAUL_FENCE_REFUSED;
    if (d->note != NULL) d->note(d->arg, v, feature, id, text);
}

/* ---- one feature ---------------------------------------------------------------------------------------------------
 */
struct reading {
    struct fence_drafts *d;
    struct fence_draft *f;
    enum haul_crs crs;
    double half_m; /* radius, or half of the width; 0: none was given */
    bool alerts_given;
};

static bool refused(const struct reading *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool refused(const struct reading *r, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fence_note(r->d, HAUL_FENCE_REFUSED, r->f->feature, r->f->id, "%s", text);
    return false;
}

static bool take_text(const struct reading *r, const char *name, const json_t *v, size_t low, size_t high, char *out)
{
    const char *text = json_string_value(v);
    const size_t n = text == NULL ? 0 : json_string_length(v);
    if (text == NULL || n < low || n > high || memchr(text, '\0', n) != NULL)
        return refused(r, "%s: expected a text of %zu to %zu bytes", name, low, high);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20) return refused(r, "%s: holds a control character", name);
    memcpy(out, text, n + 1);
    return true;
}

static bool take_number(const struct reading *r, const char *name, const json_t *v, double low, double high,
                        double *out)
{
    *out = json_number_value(v);
    if (json_is_number(v) && *out >= low && *out <= high) return true;
    return refused(r, "%s: expected a number from %g to %g", name, low, high);
}

static bool take_milli(const struct reading *r, const char *name, const json_t *v, double low, double high,
                       uint32_t *out)
{
    double x;
    if (!take_number(r, name, v, low, high, &x)) return false;
    *out = (uint32_t)haul_round_i64(x * 1000);
    return true;
}

static bool take_kind(const struct reading *r, const json_t *v)
{
    const char *text = json_string_value(v);
    if (text != NULL && strcmp(text, "inclusive") == 0)
        r->f->x.kind = HAUL_FENCE_INCLUSIVE;
    else if (text != NULL && strcmp(text, "exclusive") == 0)
        r->f->x.kind = HAUL_FENCE_EXCLUSIVE;
    else
        return refused(r, "kind: expected inclusive or exclusive");
    return true;
}

static bool take_groups(const struct reading *r, const json_t *v)
{
    if (!json_is_array(v) || json_array_size(v) > HAUL_FENCE_GROUPS_MAX)
        return refused(r, "groups: expected a list of up to %d names", HAUL_FENCE_GROUPS_MAX);
    for (size_t i = 0; i < json_array_size(v); i++)
        if (!take_text(r, "groups", json_array_get(v, i), 1, 32, r->f->group[i])) return false;
    r->f->x.groups = (uint8_t)json_array_size(v);
    return true;
}

static int event_of(const char *text)
{
    static const struct {
        const char *name;
        int event;
    } rows[] = {{"enter", HAUL_FENCE_ENTER},
                {"exit", HAUL_FENCE_EXIT},
                {"dwell", HAUL_FENCE_DWELL},
                {"cross", HAUL_FENCE_CROSS},
                {"approach", HAUL_FENCE_APPROACH}};
    for (size_t i = 0; text != NULL && i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, text) == 0) return rows[i].event;
    return 0;
}

static bool take_alerts(struct reading *r, const json_t *v)
{
    if (!json_is_array(v)) return refused(r, "alerts: expected a list of enter, exit, dwell, cross, approach");
    for (size_t i = 0; i < json_array_size(v); i++) {
        const int event = event_of(json_string_value(json_array_get(v, i)));
        if (event == 0) return refused(r, "alerts: expected enter, exit, dwell, cross or approach");
        r->f->x.alerts |= (uint8_t)event;
    }
    r->alerts_given = true;
    return true;
}

static bool digits2(const char *p, int *out)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9') return false;
    *out = (p[0] - '0') * 10 + (p[1] - '0');
    return true;
}

/* "HH:MM", up to 24:00. */
static bool clock_min(const char *text, int16_t *out)
{
    int h, m;
    if (text == NULL || strlen(text) != 5 || text[2] != ':' || !digits2(text, &h) || !digits2(text + 3, &m))
        return false;
    if (m > 59 || h * 60 + m > 1440) return false;
    *out = (int16_t)(h * 60 + m);
    return true;
}

static bool take_zone(const struct reading *r, const json_t *v)
{
    const char *text = json_string_value(v);
    int16_t minutes;
    if (text == NULL || (text[0] != '+' && text[0] != '-') || !clock_min(text + 1, &minutes) || minutes > 14 * 60)
        return refused(r, "zone: expected an offset such as +08:00, up to 14 hours");
    r->f->x.zone_min = text[0] == '-' ? (int16_t)-minutes : minutes;
    return true;
}

static bool take_days(const struct reading *r, const json_t *v, uint8_t *out)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    *out = 0;
    for (size_t i = 0; i < json_array_size(v); i++) {
        const char *text = json_string_value(json_array_get(v, i));
        int day = 0;
        while (day < 7 && (text == NULL || strcmp(names[day], text) != 0)) day++;
        if (day == 7) return refused(r, "windows: days are mon, tue, wed, thu, fri, sat, sun");
        *out |= (uint8_t)(1u << day);
    }
    return *out != 0 || refused(r, "windows: days must name at least one day");
}

static bool take_windows(const struct reading *r, const json_t *v)
{
    if (!json_is_array(v) || json_array_size(v) > HAUL_FENCE_WINDOWS_MAX)
        return refused(r, "windows: expected a list of up to %d of {\"from\":\"HH:MM\",\"to\":\"HH:MM\"}",
                       HAUL_FENCE_WINDOWS_MAX);
    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *row = json_array_get(v, i), *days = json_object_get(row, "days");
        struct haul_fence_window *w = &r->f->x.window[i];
        w->days = 0x7f;
        if (!clock_min(json_string_value(json_object_get(row, "from")), &w->from_min) ||
            !clock_min(json_string_value(json_object_get(row, "to")), &w->to_min) || w->from_min == w->to_min)
            return refused(r, "windows: each needs \"from\" and \"to\" as HH:MM, and they must differ");
        if (days != NULL && !take_days(r, days, &w->days)) return false;
    }
    r->f->x.windows = (uint8_t)json_array_size(v);
    return true;
}

static bool take_crs(struct reading *r, const json_t *v)
{
    const char *text = json_string_value(v);
    if (text != NULL && haul_crs_of_name(text, strlen(text), &r->crs) && r->crs != HAUL_CRS_LOCAL) return true;
    return refused(r, "crs: expected wgs84, gcj02, bd09 or cgcs2000");
}

static bool take_dwell(const struct reading *r, const json_t *v)
{
    double s;
    if (!take_number(r, "dwell_max_s", v, 1, 365 * DAY_S, &s)) return false;
    r->f->x.dwell_ms = haul_round_i64(s * 1000);
    return true;
}

static bool take_half(struct reading *r, const char *name, const json_t *v, double share, double low)
{
    double m;
    if (!take_number(r, name, v, low, HAUL_FENCE_REACH_MAX_M / share, &m)) return false;
    r->half_m = m * share;
    return true;
}

static bool take_property(struct reading *r, const char *name, const json_t *v)
{
    struct haul_fence *x = &r->f->x;
    if (strcmp(name, "id") == 0) return true;
    if (strcmp(name, "name") == 0) return take_text(r, name, v, 0, HAUL_FENCE_NAME_MAX, r->f->name);
    if (strcmp(name, "kind") == 0) return take_kind(r, v);
    if (strcmp(name, "groups") == 0) return take_groups(r, v);
    if (strcmp(name, "alerts") == 0) return take_alerts(r, v);
    if (strcmp(name, "windows") == 0) return take_windows(r, v);
    if (strcmp(name, "zone") == 0) return take_zone(r, v);
    if (strcmp(name, "crs") == 0) return take_crs(r, v);
    if (strcmp(name, "radius_m") == 0) return take_half(r, name, v, 1, 1);
    if (strcmp(name, "width_m") == 0) return take_half(r, name, v, 0.5, 2);
    if (strcmp(name, "hysteresis_m") == 0) return take_milli(r, name, v, 0, 10000, &x->hysteresis_mm);
    if (strcmp(name, "approach_m") == 0) return take_milli(r, name, v, 0, HAUL_FENCE_REACH_MAX_M, &x->approach_mm);
    if (strcmp(name, "enter_s") == 0) return take_milli(r, name, v, 0, HOUR_S, &x->enter_ms);
    if (strcmp(name, "exit_s") == 0) return take_milli(r, name, v, 0, HOUR_S, &x->exit_ms);
    if (strcmp(name, "dwell_max_s") == 0) return take_dwell(r, v);
    fence_note(r->d, HAUL_FENCE_NOTED, r->f->feature, r->f->id, "property '%.60s' is not known: ignored", name);
    return true;
}

/* ---- geometry ------------------------------------------------------------------------------------------------------
 */
static bool take_position(const struct reading *r, const json_t *v, struct fence_corner *out)
{
    const json_t *lon = json_array_get(v, 0), *lat = json_array_get(v, 1);
    if (!json_is_number(lon) || !json_is_number(lat)) return refused(r, "a position is not [longitude, latitude]");
    double x = json_number_value(lon), y = json_number_value(lat);
    if (!haul_lonlat_valid(x, y)) return refused(r, "position [%g, %g] is not on the Earth", x, y);
    if (haul_crs_to_wgs84(r->crs, &x, &y) != HAUL_OK)
        return refused(r, "position [%g, %g] cannot be turned into WGS-84", x, y);
    *out = (struct fence_corner){(int32_t)haul_round_i64(x * 1e7), (int32_t)haul_round_i64(y * 1e7)};
    return true;
}

/* Corners that fall together on the grid are one. */
static bool take_corners(const struct reading *r, const json_t *v, uint32_t polygon)
{
    struct fence_drafts *d = r->d;
    if (!json_is_array(v)) return refused(r, "coordinates are not a list of positions");
    if (d->corners + json_array_size(v) + 1 > CORNERS_MAX || d->lines == RINGS_MAX)
        return refused(r, "the set has more than %u corners or %u rings", CORNERS_MAX, RINGS_MAX);
    fence_line_begin(d, polygon);
    const size_t first = d->corners;
    for (size_t i = 0; i < json_array_size(v); i++) {
        struct fence_corner c;
        if (!take_position(r, json_array_get(v, i), &c)) return false;
        const struct fence_corner *last = d->corners > first ? &d->corner[d->corners - 1] : NULL;
        if (last != NULL && last->lon == c.lon && last->lat == c.lat) continue;
        fence_corner_add(d, c);
    }
    fence_line_end(d);
    return true;
}

static bool take_ring(const struct reading *r, const json_t *v, uint32_t polygon)
{
    struct fence_drafts *d = r->d;
    if (!take_corners(r, v, polygon)) return false;
    const struct fence_line *l = &d->line[d->lines - 1];
    if (l->len == 0) return refused(r, "a ring has no position");
    const struct fence_corner first = d->corner[l->first], last = d->corner[l->first + l->len - 1];
    if (first.lon != last.lon || first.lat != last.lat) {
        fence_note(d, HAUL_FENCE_MENDED, r->f->feature, r->f->id, "a ring is not closed: closed");
        fence_corner_add(d, first);
        fence_line_end(d);
    }
    if (l->len < 4) return refused(r, "a ring has fewer than three different corners");
    return true;
}

static bool take_polygon(const struct reading *r, const json_t *v, uint32_t polygon)
{
    if (!json_is_array(v) || json_array_size(v) == 0) return refused(r, "a polygon has no ring");
    for (size_t i = 0; i < json_array_size(v); i++)
        if (!take_ring(r, json_array_get(v, i), polygon)) return false;
    r->f->polygons = polygon + 1;
    return true;
}

static bool take_multi(const struct reading *r, const json_t *v)
{
    if (!json_is_array(v) || json_array_size(v) == 0) return refused(r, "a multipolygon has no polygon");
    for (size_t i = 0; i < json_array_size(v); i++)
        if (!take_polygon(r, json_array_get(v, i), (uint32_t)i)) return false;
    return true;
}

static bool take_circle(const struct reading *r, const json_t *v)
{
    struct fence_corner c;
    struct haul_fence *x = &r->f->x;
    if (!(r->half_m > 0)) return refused(r, "a Point needs radius_m");
    if (!take_position(r, v, &c)) return false;
    x->shape = HAUL_FENCE_CIRCLE;
    x->lon = c.lon, x->lat = c.lat;
    x->half_mm = (uint32_t)haul_round_i64(r->half_m * 1000);
    x->cos_lat = haul_cos(c.lat * 1e-7 * HAUL_RAD_PER_DEG);
    const double s = haul_sin(x->half_mm * 1e-3 / (2 * HAUL_EARTH_M));
    x->chord = s * s;
    return true;
}

static bool take_corridor(const struct reading *r, const json_t *v)
{
    if (!(r->half_m > 0)) return refused(r, "a LineString needs width_m");
    if (!take_corners(r, v, 0)) return false;
    if (r->d->line[r->d->lines - 1].len < 2) return refused(r, "a line has fewer than two different corners");
    r->f->x.shape = HAUL_FENCE_CORRIDOR;
    r->f->x.half_mm = (uint32_t)haul_round_i64(r->half_m * 1000);
    return true;
}

static bool take_geometry(const struct reading *r, const json_t *g)
{
    const char *type = json_string_value(json_object_get(g, "type"));
    const json_t *v = json_object_get(g, "coordinates");
    if (type == NULL || v == NULL) return refused(r, "it has no geometry");
    if (strcmp(type, "Polygon") == 0) return take_polygon(r, v, 0);
    if (strcmp(type, "MultiPolygon") == 0) return take_multi(r, v);
    if (strcmp(type, "Point") == 0) return take_circle(r, v);
    if (strcmp(type, "LineString") == 0) return take_corridor(r, v);
    return refused(r, "a %.40s is no fence: Polygon, MultiPolygon, Point with radius_m, LineString with width_m", type);
}

/* ---- boxes ---------------------------------------------------------------------------------------------------------
 */
static void cover(struct haul_fence_box *b, struct fence_corner c)
{
    if (c.lon < b->min_lon) b->min_lon = c.lon;
    if (c.lon > b->max_lon) b->max_lon = c.lon;
    if (c.lat < b->min_lat) b->min_lat = c.lat;
    if (c.lat > b->max_lat) b->max_lat = c.lat;
}

static struct haul_fence_box box_of(const struct fence_drafts *d, const struct fence_draft *f)
{
    struct haul_fence_box b = {INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN};
    if (f->x.shape == HAUL_FENCE_CIRCLE) cover(&b, (struct fence_corner){f->x.lon, f->x.lat});
    for (size_t i = f->first_line; i < (size_t)f->first_line + f->lines; i++)
        for (uint32_t k = 0; k < d->line[i].len; k++) cover(&b, d->corner[d->line[i].first + k]);
    return b;
}

/* Degrees of longitude in the box's widest parallel; a pole has none. */
static bool grow(struct haul_fence_box *b, double m)
{
    const int64_t dlat = (int64_t)(m / FENCE_M_PER_E7) + 1;
    const int64_t low = b->min_lat - dlat, high = b->max_lat + dlat;
    const int64_t far = -low > high ? -low : high;
    if (far > 890000000) return false;
    const double c = haul_cos((double)far * 1e-7 * HAUL_RAD_PER_DEG);
    const int64_t dlon = (int64_t)(m / (FENCE_M_PER_E7 * c)) + 1;
    const int64_t west = b->min_lon - dlon, east = b->max_lon + dlon;
    if (west < -HALF_TURN_E7 || east > HALF_TURN_E7) return false;
    *b = (struct haul_fence_box){(int32_t)west, (int32_t)low, (int32_t)east, (int32_t)high};
    return true;
}

static bool take_box(const struct reading *r)
{
    struct haul_fence_box b = box_of(r->d, r->f);
    if ((int64_t)b.max_lon - b.min_lon > HALF_TURN_E7)
        return refused(r, "it spans more than 180 degrees of longitude: cut it at the antimeridian, as RFC 7946 asks");
    if (r->f->x.half_mm > 0 && !grow(&b, r->f->x.half_mm * 1e-3))
        return refused(r, "it reaches over the antimeridian or a pole");
    r->f->x.box = b;
    return true;
}

/* ---- features ------------------------------------------------------------------------------------------------------
 */
/* The property "id", else the feature's own, which may be a number. */
static bool take_id(const struct reading *r, const json_t *feature, const json_t *properties)
{
    const json_t *v = json_object_get(properties, "id");
    char text[HAUL_FENCE_ID_MAX + 1];
    if (v == NULL) v = json_object_get(feature, "id");
    if (json_is_integer(v))
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(v));
    else if (!take_text(r, "id", v, 1, HAUL_FENCE_ID_MAX, text))
        return false;
    r->f->x.id_len = (uint8_t)strlen(text);
    memcpy(r->f->x.id, text, r->f->x.id_len);
    memcpy(r->f->id, text, r->f->x.id_len);
    return true;
}

static bool take_feature(struct reading *r, const json_t *feature)
{
    json_t *properties = json_object_get(feature, "properties");
    const char *type = json_string_value(json_object_get(feature, "type"));
    if (type == NULL || strcmp(type, "Feature") != 0) return refused(r, "it is not a Feature");
    if (!take_id(r, feature, properties)) return false;
    const char *name;
    json_t *v;
    json_object_foreach(properties, name, v)
    {
        if (!json_is_null(v) && !take_property(r, name, v)) return false;
    }
    struct haul_fence *x = &r->f->x;
    if (!r->alerts_given)
        x->alerts =
            (uint8_t)(HAUL_FENCE_DWELL |
                      (x->kind == HAUL_FENCE_INCLUSIVE ? HAUL_FENCE_EXIT : HAUL_FENCE_ENTER | HAUL_FENCE_CROSS));
    r->f->first_line = (uint32_t)r->d->lines;
    if (!take_geometry(r, json_object_get(feature, "geometry"))) return false;
    r->f->lines = (uint32_t)r->d->lines - r->f->first_line;
    return take_box(r);
}

static void read_feature(struct fence_drafts *d, size_t i, const json_t *feature)
{
    d->draft = grown(d->draft, &d->room, d->len + 1, sizeof *d->draft);
    struct fence_draft *f = &d->draft[d->len];
    *f = (struct fence_draft){.feature = i};
    f->x.kind = HAUL_FENCE_EXCLUSIVE;
    f->x.hysteresis_mm = 20000;
    f->x.zone_min = 8 * 60;
    const size_t lines = d->lines, corners = d->corners;
    struct reading r = {.d = d, .f = f, .crs = HAUL_CRS_WGS84};
    if (take_feature(&r, feature)) {
        d->len++;
        return;
    }
    d->lines = lines, d->corners = corners;
}

enum haul_err fence_read(struct fence_drafts *d, struct haul_str geojson, struct haul_error *e)
{
    json_error_t why;
    json_t *root = json_loadb(geojson.p, geojson.n, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return haul_fail(e, HAUL_E_INVALID, "not JSON: line %d, column %d: %s", why.line, why.column, why.text);
    const char *type = json_string_value(json_object_get(root, "type"));
    const json_t *features = json_object_get(root, "features");
    enum haul_err err = HAUL_OK;
    if (type == NULL || strcmp(type, "FeatureCollection") != 0 || !json_is_array(features))
        err = haul_fail(e, HAUL_E_INVALID, "expected a GeoJSON FeatureCollection");
    else if (json_array_size(features) > HAUL_FENCES_MAX)
        err = haul_fail(e, HAUL_E_LIMIT, "%zu fences; at most %u", json_array_size(features), HAUL_FENCES_MAX);
    d->counts.features = err == HAUL_OK ? json_array_size(features) : 0;
    for (size_t i = 0; i < d->counts.features; i++) read_feature(d, i, json_array_get(features, i));
    json_decref(root);
    return err;
}
