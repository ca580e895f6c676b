/* SPDX-License-Identifier: Apache-2.0
 * Networks that do not come from OpenStreetMap: GeoJSON lines, and the schematic province.
 */
#include "haul/import.h"

#include "haul/math.h"
#include "processors/geo/pool.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static bool class_of_name(struct haul_str name, uint8_t *out)
{
    for (unsigned c = 0; c < HAUL_ROAD_CLASS_COUNT; c++) {
        if (!haul_str_eq(haul_str_of(haul_road_class_name((enum haul_road_class)c)), name)) continue;
        *out = (uint8_t)c;
        return true;
    }
    return false;
}

static uint16_t bounded_u16(double v)
{
    return v > 0 && v < 65535 ? (uint16_t)(v + 0.5) : 0;
}

/* ---- GeoJSON
 * ------------------------------------------------------------------------------------------------------------------------
 */

/* Points by coordinate: open addressing, grown by rebuilding. */
struct places {
    uint64_t *key; /* lon, lat; 0 is free (the point 0, 0 is moved by 1e-7 degrees) */
    uint32_t *point;
    size_t slots, n;
};

static bool places_grow(struct places *p)
{
    if (p->slots >= 2 * (p->n + 1)) return true;
    struct places bigger = {.slots = p->slots == 0 ? 256 : 2 * p->slots, .n = p->n};
    bigger.key = calloc(bigger.slots, sizeof *bigger.key);
    bigger.point = calloc(bigger.slots, sizeof *bigger.point);
    if (bigger.key == NULL || bigger.point == NULL) {
        free(bigger.key), free(bigger.point);
        return false;
    }
    for (size_t i = 0; i < p->slots; i++) {
        if (p->key[i] == 0) continue;
        size_t at = haul_mix(p->key[i], 0) & (bigger.slots - 1);
        while (bigger.key[at] != 0) at = (at + 1) & (bigger.slots - 1);
        bigger.key[at] = p->key[i], bigger.point[at] = p->point[i];
    }
    free(p->key), free(p->point);
    *p = bigger;
    return true;
}

static uint32_t place_point(struct places *p, struct haul_builder *b, double lon, double lat)
{
    if (!places_grow(p)) return HAUL_NONE;
    const int32_t x = (int32_t)haul_round_i64(lon * 1e7), y = (int32_t)haul_round_i64(lat * 1e7);
    uint64_t key = (uint64_t)(uint32_t)x << 32 | (uint32_t)y;
    if (key == 0) key = 1;
    size_t at = haul_mix(key, 0) & (p->slots - 1);
    for (; p->key[at] != 0; at = (at + 1) & (p->slots - 1))
        if (p->key[at] == key) return p->point[at];
    p->key[at] = key;
    p->point[at] = haul_builder_point(b, x, y);
    p->n++;
    return p->point[at];
}

static double number_or(const json_t *object, const char *name, double otherwise)
{
    const json_t *v = json_object_get(object, name);
    return json_is_number(v) ? json_number_value(v) : otherwise;
}

static struct haul_str text_of(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);
    return json_is_string(v) ? (struct haul_str){json_string_value(v), json_string_length(v)}
                             : (struct haul_str){"", 0};
}

static struct haul_road_kind kind_of(const json_t *properties)
{
    struct haul_road_kind k = {.road_class = HAUL_ROAD_ROAD};
    class_of_name(text_of(properties, "class"), &k.road_class);
    const uint8_t who = k.road_class == HAUL_ROAD_CORRIDOR ? HAUL_USE_UAV : HAUL_USE_ROAD;
    const double kmh = number_or(properties, "speed_kmh", number_or(properties, "limit_kmh", 50) * 0.9);
    k.access[0] = who;
    k.access[1] = json_is_true(json_object_get(properties, "oneway")) ? 0 : who;
    for (int i = 0; i < 2; i++) {
        k.speed_cmps[i] = bounded_u16((kmh > 1 && kmh < 1000 ? kmh : 1) * 100 / 3.6);
        k.limit_kmh[i] = bounded_u16(number_or(properties, "limit_kmh", 0));
    }
    k.height_cm = bounded_u16(number_or(properties, "max_height_m", 0) * 100);
    k.weight_10kg = bounded_u16(number_or(properties, "max_weight_t", 0) * 100);
    return k;
}

struct lines {
    struct haul_builder *b;
    struct haul_import_report *report;
    struct places places;
    uint32_t *points;
    size_t cap;
};

static bool add_line(struct lines *l, const json_t *coordinates, const json_t *properties)
{
    const size_t count = json_array_size(coordinates);
    void *p = l->points;
    const bool good = grow_array(&p, &l->cap, count, sizeof *l->points);
    l->points = p;
    if (!good) return false;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *at = json_array_get(coordinates, i);
        const double lon = json_number_value(json_array_get(at, 0)), lat = json_number_value(json_array_get(at, 1));
        const bool good_point = json_is_number(json_array_get(at, 0)) && json_is_number(json_array_get(at, 1)) &&
                                lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90;
        if (!good_point) {
            l->report->broken++;
            continue;
        }
        l->points[n] = place_point(&l->places, l->b, lon, lat);
        if (l->points[n++] == HAUL_NONE) return false;
    }
    const struct haul_road_kind k = kind_of(properties);
    struct haul_str name = text_of(properties, "ref");
    if (name.n == 0) name = text_of(properties, "name");
    l->report->ways++, l->report->highways++, l->report->nodes += n;
    haul_builder_way(l->b, (int64_t)l->report->ways, name, &k, l->points, n);
    return true;
}

static bool add_feature(struct lines *l, const json_t *feature)
{
    const json_t *geometry = json_object_get(feature, "geometry"), *properties = json_object_get(feature, "properties");
    const json_t *coordinates = json_object_get(geometry, "coordinates");
    const struct haul_str type = text_of(geometry, "type");
    if (haul_str_eq(type, HAUL_STR("LineString"))) return add_line(l, coordinates, properties);
    if (!haul_str_eq(type, HAUL_STR("MultiLineString"))) return true; /* points and areas are no roads */
    for (size_t i = 0; i < json_array_size(coordinates); i++)
        if (!add_line(l, json_array_get(coordinates, i), properties)) return false;
    return true;
}

enum haul_err haul_import_geojson(const char *text, size_t n, struct haul_builder *b, struct haul_import_report *report,
                                  struct haul_error *e)
{
    *report = (struct haul_import_report){0};
    json_error_t at;
    json_t *root = json_loadb(text, n, 0, &at);
    if (root == NULL) return haul_fail(e, HAUL_E_INVALID, "line %d, column %d: %s", at.line, at.column, at.text);
    const json_t *features = json_object_get(root, "features");
    struct lines l = {.b = b, .report = report};
    bool good = true;
    for (size_t i = 0; good && i < json_array_size(features); i++) good = add_feature(&l, json_array_get(features, i));
    const bool is_collection = json_is_array(features);
    json_decref(root);
    free(l.points), free(l.places.key), free(l.places.point);
    if (!good) return haul_fail(e, HAUL_E_NOMEM, "no memory for %llu lines", (unsigned long long)report->ways);
    if (!is_collection) return haul_fail(e, HAUL_E_INVALID, "this is not a FeatureCollection");
    return HAUL_OK;
}

/* ---- the schematic province
 * ------------------------------------------------------------------------------------------------------------ */

#define FIELDS 8

/* The next line's fields; false at the end. No quoting: the files have none. */
static bool next_line(struct haul_str *rest, struct haul_str field[FIELDS], size_t *fields)
{
    if (rest->n == 0) return false;
    *fields = 0;
    const char *start = rest->p, *end = rest->p + rest->n;
    for (const char *p = start;; p++) {
        const bool stop = p == end || *p == '\n';
        if (!stop && *p != ',') continue;
        const char *last = p > start && p[-1] == '\r' ? p - 1 : p;
        if (*fields < FIELDS) field[(*fields)++] = (struct haul_str){start, (size_t)(last - start)};
        start = p + 1;
        if (!stop) continue;
        const size_t used = (size_t)(p - rest->p) + (p < end);
        rest->p += used, rest->n -= used;
        return true;
    }
}

static bool read_number(struct haul_str s, double *out)
{
    char text[32], *end;
    if (s.n == 0 || s.n >= sizeof text) return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    *out = strtod(text, &end); /* the C locale: haul sets no other */
    return *end == 0;
}

struct place {
    struct haul_str id;
    uint32_t point;
};

#define PLACES_MAX 4096

static size_t read_places(struct haul_str csv, struct haul_builder *b, struct place *places,
                          struct haul_import_report *report)
{
    struct haul_str field[FIELDS];
    size_t fields, n = 0;
    for (bool first = true; n < PLACES_MAX && next_line(&csv, field, &fields); first = false) {
        double lon, lat;
        if (first || fields < 5) continue;
        if (!read_number(field[3], &lon) || !read_number(field[4], &lat) ||
            !(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90)) {
            report->broken++;
            continue;
        }
        report->nodes++;
        places[n].id = field[0];
        places[n].point = haul_builder_point(b, (int32_t)haul_round_i64(lon * 1e7), (int32_t)haul_round_i64(lat * 1e7));
        haul_builder_keep(b, places[n++].point);
    }
    return n;
}

static uint32_t point_of(const struct place *places, size_t n, struct haul_str id)
{
    for (size_t i = 0; i < n; i++)
        if (haul_str_eq(places[i].id, id)) return places[i].point;
    return HAUL_NONE;
}

static struct haul_road_kind schematic_kind(struct haul_str road_class, double limit_kmh)
{
    struct haul_road_kind k = {.road_class = HAUL_ROAD_PRIMARY, .access = {HAUL_USE_ROAD, HAUL_USE_ROAD}};
    if (haul_str_eq(road_class, HAUL_STR("expressway")))
        k.road_class = HAUL_ROAD_MOTORWAY, k.flags = HAUL_FLAG_TOLL;
    else
        class_of_name(road_class, &k.road_class);
    for (int i = 0; i < 2; i++) {
        k.limit_kmh[i] = bounded_u16(limit_kmh);
        k.speed_cmps[i] = bounded_u16(limit_kmh * 0.9 * 100 / 3.6);
    }
    return k;
}

enum haul_err haul_import_places(struct haul_str places_csv, struct haul_str roads_csv, struct haul_builder *b,
                                 struct haul_import_report *report, struct haul_error *e)
{
    *report = (struct haul_import_report){0};
    struct place *places = calloc(PLACES_MAX, sizeof *places);
    if (places == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for the places");
    const size_t n = read_places(places_csv, b, places, report);
    struct haul_str field[FIELDS];
    size_t fields;
    for (bool first = true; next_line(&roads_csv, field, &fields); first = false) {
        double kmh;
        if (first || fields < 6) continue;
        const uint32_t ends[2] = {point_of(places, n, field[4]), point_of(places, n, field[5])};
        report->ways++;
        if (ends[0] == HAUL_NONE || ends[1] == HAUL_NONE || !read_number(field[3], &kmh) || !(kmh > 0 && kmh < 300)) {
            report->broken++;
            continue;
        }
        report->highways++;
        char name[128];
        const size_t ref = field[0].n < 16 ? field[0].n : 16, text = field[2].n < 100 ? field[2].n : 100;
        memcpy(name, field[0].p, ref);
        name[ref] = ' ';
        memcpy(name + ref + 1, field[2].p, text);
        const struct haul_road_kind k = schematic_kind(field[1], kmh);
        haul_builder_way(b, (int64_t)report->ways, (struct haul_str){name, ref + (text > 0 ? text + 1 : 0)}, &k, ends,
                         2);
    }
    free(places);
    if (report->highways == 0) return haul_fail(e, HAUL_E_INVALID, "roads.csv joins no two places of places.csv");
    return HAUL_OK;
}
