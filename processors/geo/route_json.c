/* SPDX-License-Identifier: Apache-2.0
 * Routes as JSON: GeoJSON (RFC 7946), and the shape that clients of OSRM know.
 */
#include "haul/json.h"
#include "haul/math.h"
#include "haul/route.h"

static void put_coordinate(struct haul_buf *out, double lon, double lat, bool *comma)
{
    struct haul_json j;
    haul_json_begin(&j, out);
    if (*comma) haul_buf_byte(out, ',');
    *comma = true;
    haul_json_open(&j, '[');
    haul_json_f64(&j, lon, 7);
    haul_json_f64(&j, lat, 7);
    haul_json_close(&j, ']');
}

void haul_arc_coordinates(const struct haul_map *m, uint32_t arc, uint32_t from_cm, uint32_t to_cm, bool comma,
                          struct haul_buf *out)
{
    const struct haul_roads_view *v = haul_roads_view(haul_map_roads(m));
    const uint32_t n = haul_arc_points(v, arc);
    double lon, lat, last_lon = 0, last_lat = 0, along_m = 0;
    haul_map_place(m, arc, from_cm, &lon, &lat, NULL);
    if (!comma) put_coordinate(out, lon, lat, &comma); /* or it is where the arc before ended */
    for (uint32_t i = 0; i < n; i++) {
        haul_arc_point(v, arc, i, &lon, &lat);
        if (i > 0) along_m += haul_haversine_m(last_lon, last_lat, lon, lat);
        last_lon = lon, last_lat = lat;
        if (along_m * 100 > from_cm && along_m * 100 < to_cm) put_coordinate(out, lon, lat, &comma);
    }
    haul_map_place(m, arc, to_cm, &lon, &lat, NULL);
    put_coordinate(out, lon, lat, &comma);
}

static void put_line(const struct haul_map *m, const struct haul_route *r, size_t first, size_t n, struct haul_buf *out)
{
    haul_buf_str(out, HAUL_STR("{\"type\":\"LineString\",\"coordinates\":["));
    for (size_t i = first; i < first + n; i++) {
        uint32_t from, to;
        haul_route_part(m, r, i, &from, &to);
        haul_arc_coordinates(m, r->arcs[i], from, to, i > first, out);
    }
    haul_buf_str(out, HAUL_STR("]}"));
}

/* How many arcs from i on have the same name. */
static size_t same_name(const struct haul_map *m, const struct haul_route *r, size_t i, double *length_m, int64_t *ms)
{
    const struct haul_roads_view *v = haul_roads_view(haul_map_roads(m));
    size_t n = 0;
    *length_m = 0, *ms = 0;
    for (; i + n < r->n && v->edge_name[r->arcs[i + n] / 2] == v->edge_name[r->arcs[i] / 2]; n++) {
        uint32_t from, to;
        haul_route_part(m, r, i + n, &from, &to);
        *length_m += (to - from) * 0.01;
        *ms += r->costs[i + n];
    }
    return n;
}

static void put_location(struct haul_json *j, const char *name, double lon, double lat)
{
    haul_json_name(j, name);
    haul_json_open(j, '[');
    haul_json_f64(j, lon, 7);
    haul_json_f64(j, lat, 7);
    haul_json_close(j, ']');
}

void haul_route_geojson(const struct haul_map *m, const struct haul_route *r, struct haul_buf *out)
{
    struct haul_json j;
    haul_buf_str(out, HAUL_STR("{\"type\":\"Feature\",\"geometry\":"));
    put_line(m, r, 0, r->n, out);
    haul_buf_str(out, HAUL_STR(",\"properties\":"));
    haul_json_begin(&j, out);
    haul_json_open(&j, '{');
    haul_json_kf64(&j, "duration_s", r->cost * 1e-3, 3);
    haul_json_kf64(&j, "distance_m", r->length_m, 2);
    haul_json_name(&j, "roads");
    haul_json_open(&j, '[');
    for (size_t i = 0; i < r->n;) {
        double length_m;
        int64_t ms;
        const size_t n = same_name(m, r, i, &length_m, &ms);
        haul_json_open(&j, '{');
        haul_json_kstr(&j, "name", haul_roads_name(haul_map_roads(m), r->arcs[i] / 2));
        haul_json_kf64(&j, "distance_m", length_m, 2);
        haul_json_kf64(&j, "duration_s", (double)ms * 1e-3, 3);
        haul_json_close(&j, '}');
        i += n;
    }
    haul_json_close(&j, ']');
    haul_json_close(&j, '}');
    haul_buf_byte(out, '}');
}

static void put_step(const struct haul_map *m, const struct haul_route *r, struct haul_json *j, size_t i, size_t n,
                     double length_m, int64_t ms)
{
    uint32_t from, to;
    double lon, lat;
    haul_route_part(m, r, i, &from, &to);
    haul_map_place(m, r->arcs[i], from, &lon, &lat, NULL);
    haul_json_open(j, '{');
    haul_json_kf64(j, "distance", length_m, 1);
    haul_json_kf64(j, "duration", (double)ms * 1e-3, 1);
    haul_json_kstr(j, "name", haul_roads_name(haul_map_roads(m), r->arcs[i] / 2));
    haul_json_name(j, "maneuver");
    haul_json_open(j, '{');
    put_location(j, "location", lon, lat);
    haul_json_kstr(j, "type", i == 0 ? HAUL_STR("depart") : HAUL_STR("new name"));
    haul_json_close(j, '}');
    haul_json_name(j, "geometry");
    j->comma = false;
    put_line(m, r, i, n, j->out);
    j->comma = true;
    haul_json_close(j, '}');
}

static void put_waypoint(struct haul_json *j, const struct haul_map *m, const struct haul_stop *s)
{
    haul_json_open(j, '{');
    haul_json_kstr(j, "name", haul_roads_name(haul_map_roads(m), s->edge));
    haul_json_kf64(j, "distance", (double)s->distance_m, 2);
    put_location(j, "location", s->lon_deg, s->lat_deg);
    haul_json_close(j, '}');
}

void haul_route_osrm(const struct haul_map *m, const struct haul_route *r, struct haul_buf *out)
{
    struct haul_json j;
    haul_json_begin(&j, out);
    haul_json_open(&j, '{');
    haul_json_kstr(&j, "code", HAUL_STR("Ok"));
    haul_json_name(&j, "routes");
    haul_json_open(&j, '[');
    haul_json_open(&j, '{');
    haul_json_kf64(&j, "distance", r->length_m, 1);
    haul_json_kf64(&j, "duration", r->cost * 1e-3, 1);
    haul_json_name(&j, "geometry");
    j.comma = false;
    put_line(m, r, 0, r->n, out);
    j.comma = true;
    haul_json_name(&j, "legs");
    haul_json_open(&j, '[');
    haul_json_open(&j, '{');
    haul_json_kf64(&j, "distance", r->length_m, 1);
    haul_json_kf64(&j, "duration", r->cost * 1e-3, 1);
    haul_json_name(&j, "steps");
    haul_json_open(&j, '[');
    for (size_t i = 0; i < r->n;) {
        double length_m;
        int64_t ms;
        const size_t n = same_name(m, r, i, &length_m, &ms);
        put_step(m, r, &j, i, n, length_m, ms);
        i += n;
    }
    haul_json_close(&j, ']');
    haul_json_close(&j, '}');
    haul_json_close(&j, ']');
    haul_json_close(&j, '}');
    haul_json_close(&j, ']');
    haul_json_name(&j, "waypoints");
    haul_json_open(&j, '[');
    put_waypoint(&j, m, &r->from);
    put_waypoint(&j, m, &r->to);
    haul_json_close(&j, ']');
    haul_json_close(&j, '}');
}
