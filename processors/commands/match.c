/* SPDX-License-Identifier: Apache-2.0
 * haul match: which roads a track drove.
 */
#include "haul/match.h"
#include "haul/json.h"

#include "processors/commands/commands.h"
#include "processors/commands/files.h"
#include "processors/commands/network.h"
#include "processors/commands/tracks.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "usage: haul match ROADS TRACK [option ...]\n"
                           "\n"
                           "Matches a track to the roads of a network made by haul import, as the fleet processor "
                           "does: fix by fix, in one kilobyte.\n"
                           "TRACK is GPX, or CSV whose first line names the columns: time (ISO 8601, or seconds or "
                           "milliseconds since 1970), lon, lat, and\n"
                           "heading_deg, speed_mps where known; or the same without names: lon, lat, time.\n"
                           "Writes GeoJSON: a line for each road driven with the times it was entered and left, a "
                           "point for each matched fix.\n"
                           "\n" NETWORK_HELP "  --sigma M       how far fixes lie from the road (8)\n"
                           "  --radius M      how far roads are looked for (60)\n"
                           "  --roads         lines only\n"
                           "  --summary       one line about the match instead\n";

struct matching {
    const struct network *n;
    struct haul_buf out;
    bool comma, roads_only, summary;
    size_t fixes, by_status[6], points, traversals, trips;
    double length_m, confidence;
};

static void put_traversal(struct matching *x, const struct haul_traversal *t)
{
    x->traversals++;
    x->trips += t->first;
    x->length_m += (t->to_cm - t->from_cm) * 0.01;
    if (x->summary) return;
    struct haul_json j;
    haul_buf_str(&x->out, x->comma ? HAUL_STR(",\n") : HAUL_STR("\n"));
    x->comma = true;
    haul_buf_str(&x->out, HAUL_STR("{\"type\":\"Feature\",\"geometry\":{\"type\":\"LineString\",\"coordinates\":["));
    haul_arc_coordinates(x->n->map, t->arc, t->from_cm, t->to_cm, false, &x->out);
    haul_buf_str(&x->out, HAUL_STR("]},\"properties\":"));
    haul_json_begin(&j, &x->out);
    haul_json_open(&j, '{');
    haul_json_ku64(&j, "arc", t->arc);
    haul_json_kstr(&j, "name", haul_roads_name(x->n->roads, t->arc / 2));
    haul_json_ktime(&j, "enter", t->enter);
    haul_json_ktime(&j, "leave", t->leave);
    haul_json_kf64(&j, "distance_m", (t->to_cm - t->from_cm) * 0.01, 2);
    haul_json_kbool(&j, "first", t->first);
    haul_json_close(&j, '}');
    haul_buf_byte(&x->out, '}');
}

static void put_point(struct matching *x, const struct haul_matched *p)
{
    x->points++;
    x->confidence += (double)p->confidence;
    if (x->summary || x->roads_only) return;
    struct haul_json j;
    haul_buf_str(&x->out, x->comma ? HAUL_STR(",\n") : HAUL_STR("\n"));
    x->comma = true;
    haul_buf_str(&x->out, HAUL_STR("{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":"));
    haul_json_begin(&j, &x->out);
    haul_json_open(&j, '[');
    haul_json_f64(&j, p->lon_deg, 7);
    haul_json_f64(&j, p->lat_deg, 7);
    haul_json_close(&j, ']');
    haul_buf_str(&x->out, HAUL_STR("},\"properties\":"));
    haul_json_begin(&j, &x->out);
    haul_json_open(&j, '{');
    haul_json_ktime(&j, "time", p->time);
    haul_json_ku64(&j, "arc", p->arc);
    haul_json_kf64(&j, "along_m", p->along_cm * 0.01, 2);
    haul_json_kf64(&j, "confidence", (double)p->confidence, 3);
    haul_json_close(&j, '}');
    haul_buf_byte(&x->out, '}');
}

static void take_output(struct matching *x, const struct haul_match_output *out)
{
    for (size_t i = 0; i < out->traversals; i++) put_traversal(x, &out->traversal[i]);
    for (size_t i = 0; i < out->points; i++) put_point(x, &out->point[i]);
}

static int match_all(struct matching *x, const struct haul_match_options *o, const struct tracks *t)
{
    struct haul_matcher *m;
    struct haul_error e;
    struct haul_match_output out;
    uint64_t track[HAUL_TRACK_BYTES / 8];
    if (haul_matcher_new(x->n->map, o, &m, &e) != HAUL_OK) {
        fprintf(stderr, "haul match: %s\n", e.text);
        return HAUL_EXIT_FAILED;
    }
    haul_track_init(track, sizeof track);
    haul_buf_str(&x->out, HAUL_STR("{\"type\":\"FeatureCollection\",\"features\":["));
    for (size_t i = 0; i < t->n; i++) {
        struct haul_fix fix = t->fix[i];
        x->fixes++;
        if (haul_crs_to_wgs84(x->n->crs, &fix.lon_deg, &fix.lat_deg) != HAUL_OK)
            fix.lon_deg = 999; /* counted as invalid */
        x->by_status[haul_match_fix(m, track, &fix, &out)]++;
        take_output(x, &out);
    }
    haul_match_flush(m, track, &out);
    take_output(x, &out);
    haul_buf_str(&x->out, HAUL_STR("\n]}\n"));
    haul_matcher_free(m);
    return 0;
}

static void print_summary(const struct matching *x)
{
    printf("%zu fixes: %zu matched, %zu standing, %zu off road, %zu unreachable, %zu invalid; %zu trips, %zu roads, "
           "%.2f km, confidence "
           "%.3f\n",
           x->fixes, x->points, x->by_status[HAUL_MATCH_STANDS], x->by_status[HAUL_MATCH_OFF_ROAD],
           x->by_status[HAUL_MATCH_OUTLIER], x->by_status[HAUL_MATCH_INVALID], x->trips, x->traversals,
           x->length_m / 1000, x->points > 0 ? x->confidence / (double)x->points : 0);
}

static int answer(const struct network *n, const char *path, const struct haul_match_options *o, bool roads_only,
                  bool summary)
{
    struct tracks t;
    struct haul_buf text;
    struct haul_error e;
    enum haul_err err = command_read_file(path, (size_t)1 << 30, &text, &e);
    if (err == HAUL_OK) {
        err = tracks_read((struct haul_str){(const char *)text.p, text.n}, &t, &e);
        haul_buf_free(&text);
    }
    if (err != HAUL_OK) {
        fprintf(stderr, "haul match: %s\n", e.text);
        return err == HAUL_E_NOT_FOUND ? HAUL_EXIT_NOINPUT : HAUL_EXIT_DATA;
    }
    struct matching x = {.n = n, .roads_only = roads_only, .summary = summary};
    haul_buf_init(&x.out, 1 << 16, SIZE_MAX / 4);
    const int status = match_all(&x, o, &t);
    if (status == 0 && summary) print_summary(&x);
    if (status == 0 && !summary) fwrite(x.out.p, 1, x.out.n, stdout);
    haul_buf_free(&x.out);
    free(t.fix);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {NETWORK_OPTIONS,
                                            {"sigma", required_argument, NULL, 's'},
                                            {"radius", required_argument, NULL, 'r'},
                                            {"roads", no_argument, NULL, 'R'},
                                            {"summary", no_argument, NULL, 'S'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct network n;
    struct haul_match_options o = haul_match_defaults();
    bool roads_only = false, summary = false;
    network_init(&n);
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 's':
            o.sigma_m = strtof(optarg, NULL);
            break;
        case 'r':
            o.radius_m = strtof(optarg, NULL);
            break;
        case 'R':
            roads_only = true;
            break;
        case 'S':
            summary = true;
            break;
        case 'h':
            fputs(help, stdout);
            return 0;
        default:
            if (c == '?' || !network_option(&n, c, optarg)) return HAUL_EXIT_USAGE;
        }
    }
    if (optind + 2 != argc || !(o.sigma_m > 0) || !(o.radius_m > 0)) {
        fputs(help, stderr);
        return HAUL_EXIT_USAGE;
    }
    o.use = n.vehicle.use & (HAUL_USE_CAR | HAUL_USE_GOODS | HAUL_USE_HGV | HAUL_USE_UAV);
    int status = network_open(&n, argv[optind], false);
    if (status == 0) {
        status = answer(&n, argv[optind + 1], &o, roads_only, summary);
        network_close(&n);
    }
    return status;
}

const struct haul_command haul_command_match = {"match", "find the roads that a track drove", run};
