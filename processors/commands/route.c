/* SPDX-License-Identifier: Apache-2.0
 * haul route: one route, or what can be reached.
 */
#include "haul/json.h"
#include "haul/plan.h"

#include "processors/commands/commands.h"
#include "processors/commands/network.h"
#include "processors/commands/profile.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: haul route ROADS --from LON,LAT (--to LON,LAT | --reach SECONDS) [option ...]\n"
    "\n"
    "Finds the fastest way for a vehicle over a network made by haul import.\n"
    "\n" NETWORK_HELP "  --depart TIME   HH:MM or HH:MM:SS: the earliest arrival for that time of day, by --profile\n"
    "  --profile FILE  how fast traffic is over the day: CSV with class,from,to,percent\n"
    "  --avoid LON,LAT the road there is closed (may be given more than once)\n"
    "  --reach SECONDS all roads that can be reached in so long, and the area round them\n"
    "  --json FORM     geojson, or osrm for what OSRM's route service answers (geojson)\n"
    "  --text          a line for each road instead\n";

#define AVOIDS_MAX 64

struct arguments {
    const char *from, *to, *avoid[AVOIDS_MAX];
    size_t avoids;
    const char *depart, *profile;
    double reach_s;
    bool osrm, text;
};

static bool stop_at(const struct network *n, const char *text, struct haul_stop *out)
{
    double lon, lat;
    struct haul_error e;
    if (!network_position(n, text, &lon, &lat)) {
        fprintf(stderr, "haul route: '%s' is no position (LON,LAT)\n", text);
        return false;
    }
    if (haul_stop_near(n->map, &n->vehicle, lon, lat, 2000, out, &e) == HAUL_OK) return true;
    fprintf(stderr, "haul route: %s\n", e.text);
    return false;
}

/* Both directions of the road at a position are closed, for this answer only. */
static bool avoid(struct network *n, const char *text)
{
    struct haul_stop s;
    const struct haul_roads_view *v = haul_roads_view(n->roads);
    if (!stop_at(n, text, &s)) return false;
    for (uint32_t i = v->road_first[2 * s.edge]; i < v->road_first[2 * s.edge + 2]; i++)
        haul_metric_set(n->metric, v->road_arcs[i], HAUL_FAR);
    return true;
}

static void print_text(const struct network *n, const struct haul_route *r)
{
    const struct haul_roads_view *v = haul_roads_view(n->roads);
    printf("%.1f km, %d min %02d s\n", r->length_m / 1000, r->cost / 60000, r->cost / 1000 % 60);
    for (size_t i = 0; i < r->n;) {
        const uint32_t name = v->edge_name[r->arcs[i] / 2];
        const struct haul_str text = haul_roads_name(n->roads, r->arcs[i] / 2);
        double length_m = 0;
        for (; i < r->n && v->edge_name[r->arcs[i] / 2] == name; i++) {
            uint32_t from, to;
            haul_route_part(n->map, r, i, &from, &to);
            length_m += (to - from) * 0.01;
        }
        printf("%9.2f km  %.*s\n", length_m / 1000, (int)text.n, text.n > 0 ? text.p : "");
    }
}

static void print_buf(struct haul_buf *b)
{
    fwrite(b->p, 1, b->n, stdout);
    putchar('\n');
    haul_buf_free(b);
}

struct reach {
    const struct network *n;
    struct haul_buf *lines;
    struct haul_reach_area *area;
    bool comma;
};

static void add_reached(void *user, uint32_t arc, uint32_t from_cm, uint32_t to_cm, int32_t cost_at_from)
{
    struct reach *r = user;
    (void)cost_at_from;
    if (to_cm <= from_cm) return;
    haul_buf_str(r->lines, r->comma ? HAUL_STR(",[") : HAUL_STR("["));
    r->comma = true;
    haul_arc_coordinates(r->n->map, arc, from_cm, to_cm, false, r->lines);
    haul_buf_byte(r->lines, ']');
    haul_reach_area_add(r->area, r->n->map, arc, from_cm, to_cm);
}

static int print_reach(const struct network *n, struct haul_router *router, const struct haul_weights *w,
                       const struct haul_stop *from, double seconds)
{
    struct haul_error e;
    struct haul_buf lines, out;
    haul_buf_init(&lines, 1 << 16, SIZE_MAX / 4);
    struct reach r = {n, &lines, haul_reach_area_new(), false};
    enum haul_err err = r.area == NULL ? haul_fail(&e, HAUL_E_NOMEM, "no memory") : HAUL_OK;
    if (err == HAUL_OK) err = haul_route_reach(router, w, from, (int32_t)(seconds * 1000), add_reached, &r, &e);
    if (err == HAUL_OK) {
        haul_buf_init(&out, 1 << 16, SIZE_MAX / 4);
        haul_buf_str(
            &out,
            HAUL_STR("{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"kind\":"
                     "\"area\"},\"geometry\":"));
        err = haul_reach_area_geojson(r.area, &out, &e);
        haul_buf_str(&out,
                     HAUL_STR("},{\"type\":\"Feature\",\"properties\":{\"kind\":\"roads\"},\"geometry\":{\"type\":"
                              "\"MultiLineString\",\"coordinates\":["));
        haul_buf_put(&out, lines.p, lines.n);
        haul_buf_str(&out, HAUL_STR("]}}]}"));
        if (err == HAUL_OK)
            print_buf(&out);
        else
            haul_buf_free(&out);
    }
    if (err != HAUL_OK) fprintf(stderr, "haul route: %s\n", e.text);
    haul_reach_area_free(r.area);
    haul_buf_free(&lines);
    return err == HAUL_OK ? 0 : HAUL_EXIT_FAILED;
}

static void print_answer(const struct network *n, const struct arguments *a, const struct haul_route *route)
{
    if (a->text) {
        print_text(n, route);
        return;
    }
    struct haul_buf out;
    haul_buf_init(&out, 1 << 16, SIZE_MAX / 4);
    if (a->osrm)
        haul_route_osrm(n->map, route, &out);
    else
        haul_route_geojson(n->map, route, &out);
    print_buf(&out);
}

static int refused(const struct haul_error *e)
{
    fprintf(stderr, "haul route: %s\n", e->text);
    return HAUL_EXIT_FAILED;
}

static int print_route(const struct network *n, const struct arguments *a, struct haul_router *router,
                       const struct haul_weights *w, const struct haul_stop *from, const struct haul_stop *to)
{
    struct haul_route route;
    struct haul_error e;
    if (haul_route_run(router, w, from, to, &route, &e) != HAUL_OK) return refused(&e);
    print_answer(n, a, &route);
    return 0;
}

/* What a planner borrows: present weights, and the curve of each arc, which is that of its road's class. */
struct traffic {
    int32_t *free_ms;
    uint16_t *curve_of;
    struct haul_day_curve curves[HAUL_ROAD_CLASS_COUNT];
};

static bool fill_traffic(const struct network *n, const struct haul_weights *w, struct traffic *t)
{
    const struct haul_roads_view *v = haul_roads_view(n->roads);
    t->free_ms = malloc((v->arcs + (size_t)1) * sizeof *t->free_ms);
    t->curve_of = malloc((v->arcs + (size_t)1) * sizeof *t->curve_of);
    if (t->free_ms == NULL || t->curve_of == NULL) return false;
    for (uint32_t i = 0; i < v->arcs; i++) {
        t->free_ms[i] = haul_weights_arc(w, i);
        t->curve_of[i] = haul_arc_kind(v, v->arc_road[i])->road_class;
    }
    return true;
}

static int print_plan(const struct network *n, const struct arguments *a, const struct haul_weights *w,
                      const struct haul_stop *from, const struct haul_stop *to)
{
    const struct haul_arcs g = haul_roads_graph(n->roads);
    struct traffic t = {0};
    struct haul_planner *p = NULL;
    struct haul_route route;
    struct haul_error e;
    enum haul_err err = profile_read(a->profile, t.curves, &e);
    const bool readable = err == HAUL_OK;
    if (readable && !fill_traffic(n, w, &t)) err = haul_fail(&e, HAUL_E_NOMEM, "no memory for the weights");
    if (err == HAUL_OK)
        err = haul_planner_new(n->cch, &g, t.free_ms, t.curve_of, t.curves, HAUL_ROAD_CLASS_COUNT, &p, &e);
    const int64_t depart_ms = profile_time_ms(haul_str_of(a->depart));
    if (err == HAUL_OK) err = haul_plan_route(p, n->map, from, to, depart_ms, &route, &e);
    if (err == HAUL_OK) print_answer(n, a, &route);
    haul_planner_free(p);
    free(t.free_ms), free(t.curve_of);
    if (err == HAUL_OK) return 0;
    const int status = refused(&e);
    return readable ? status : err == HAUL_E_NOT_FOUND ? HAUL_EXIT_NOINPUT : HAUL_EXIT_DATA;
}

static int answer(struct network *n, const struct arguments *a)
{
    struct haul_stop from, to;
    struct haul_router *router;
    struct haul_error e;
    for (size_t i = 0; i < a->avoids; i++)
        if (!avoid(n, a->avoid[i])) return HAUL_EXIT_DATA;
    haul_metric_commit(n->metric, NULL);
    if (!stop_at(n, a->from, &from) || (a->to != NULL && !stop_at(n, a->to, &to))) return HAUL_EXIT_DATA;
    if (haul_router_new(n->map, n->cch, &router, &e) != HAUL_OK) return refused(&e);
    const struct haul_weights *w = haul_metric_hold(n->metric);
    const int status = a->to == NULL        ? print_reach(n, router, w, &from, a->reach_s)
                       : a->profile != NULL ? print_plan(n, a, w, &from, &to)
                                            : print_route(n, a, router, w, &from, &to);
    haul_metric_release(n->metric, w);
    haul_router_free(router);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {NETWORK_OPTIONS,
                                            {"from", required_argument, NULL, 'f'},
                                            {"to", required_argument, NULL, 't'},
                                            {"avoid", required_argument, NULL, 'a'},
                                            {"reach", required_argument, NULL, 'r'},
                                            {"depart", required_argument, NULL, 'd'},
                                            {"profile", required_argument, NULL, 'p'},
                                            {"json", required_argument, NULL, 'j'},
                                            {"text", no_argument, NULL, 'x'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct network n;
    struct arguments a = {0};
    network_init(&n);
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 'f':
            a.from = optarg;
            break;
        case 't':
            a.to = optarg;
            break;
        case 'a':
            if (a.avoids < AVOIDS_MAX) a.avoid[a.avoids++] = optarg;
            break;
        case 'r':
            a.reach_s = strtod(optarg, NULL);
            break;
        case 'd':
            a.depart = optarg;
            break;
        case 'p':
            a.profile = optarg;
            break;
        case 'j':
            a.osrm = strcmp(optarg, "osrm") == 0;
            break;
        case 'x':
            a.text = true;
            break;
        case 'h':
            fputs(help, stdout);
            return 0;
        default:
            if (c == '?' || !network_option(&n, c, optarg)) return HAUL_EXIT_USAGE;
        }
    }
    const bool reach = a.reach_s > 0 && a.reach_s < 1e6;
    if (a.depart != NULL && profile_time_ms(haul_str_of(a.depart)) < 0) {
        fprintf(stderr, "haul route: '%s' is no time of day (HH:MM)\n", a.depart);
        return HAUL_EXIT_USAGE;
    }
    const bool planned = a.depart != NULL, profiled = a.profile != NULL;
    if (optind + 1 != argc || a.from == NULL || (a.to == NULL) != reach || planned != profiled || (planned && reach)) {
        fputs(help, stderr);
        return HAUL_EXIT_USAGE;
    }
    int status = network_open(&n, argv[optind], true);
    if (status == 0) {
        status = answer(&n, &a);
        network_close(&n);
    }
    return status;
}

const struct haul_command haul_command_route = {"route", "find the fastest way, or what can be reached", run};
