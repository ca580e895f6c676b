/* SPDX-License-Identifier: Apache-2.0
 * haul matrix: travel times between all of some positions and all of others.
 */
#include "haul/json.h"

#include "processors/commands/commands.h"
#include "processors/commands/files.h"
#include "processors/commands/road_table.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "usage: haul matrix ROADS FILE [--to FILE] [option ...]\n"
                           "\n"
                           "Travel times from each position of FILE to each (of the other FILE, or of the same). A "
                           "position is a line LON,LAT; '-' reads\n"
                           "standard input. Writes JSON as OSRM's table service does: durations in seconds, row by "
                           "row, null where there is no way.\n"
                           "\n" NETWORK_HELP "  --to FILE       other targets\n"
                           "  --csv           a line of seconds for each source instead, empty where there is no way\n"
                           "  --threads N     1 or 2 (2)\n";

static int read_places(const struct network *n, const char *path, struct road_places *p)
{
    struct haul_buf text;
    struct haul_error e;
    if (command_read_file(path, 256 << 20, &text, &e) != HAUL_OK) {
        fprintf(stderr, "haul matrix: %s\n", e.text);
        return HAUL_EXIT_NOINPUT;
    }
    haul_buf_byte(&text, '\n');
    int status = 0;
    size_t line_number = 0, cap = 0;
    for (size_t i = 0, start = 0; i < text.n && status == 0; i++) {
        if (text.p[i] != '\n') continue;
        text.p[i] = 0;
        char *line = (char *)text.p + start;
        start = i + 1, line_number++;
        double lon, lat;
        if (*line == 0 || *line == '#') continue;
        if (p->n == cap) {
            cap = cap == 0 ? 256 : 2 * cap;
            struct haul_stop *bigger = realloc(p->stop, cap * sizeof *p->stop);
            if (bigger == NULL) return HAUL_EXIT_FAILED;
            p->stop = bigger;
        }
        if (!network_position(n, line, &lon, &lat)) {
            fprintf(stderr, "haul matrix: %s:%zu: '%s' is no position (LON,LAT)\n", path, line_number, line);
            status = HAUL_EXIT_DATA;
        } else if (haul_stop_near(n->map, &n->vehicle, lon, lat, 2000, &p->stop[p->n++], &e) != HAUL_OK) {
            fprintf(stderr, "haul matrix: %s:%zu: %s\n", path, line_number, e.text);
            status = HAUL_EXIT_DATA;
        }
    }
    haul_buf_free(&text);
    return status;
}

static void print_csv(const struct road_table *t)
{
    for (size_t i = 0; i < t->from.n; i++) {
        for (size_t j = 0; j < t->to.n; j++) {
            const int32_t ms = road_table_cell(t, i, j);
            if (j > 0) putchar(',');
            if (ms < HAUL_FAR) printf("%d.%03d", ms / 1000, ms % 1000);
        }
        putchar('\n');
    }
}

static void put_waypoints(struct haul_json *j, const struct network *n, const char *name, const struct road_places *p)
{
    haul_json_name(j, name);
    haul_json_open(j, '[');
    for (size_t i = 0; i < p->n; i++) {
        haul_json_open(j, '{');
        haul_json_kstr(j, "name", haul_roads_name(n->roads, p->stop[i].edge));
        haul_json_kf64(j, "distance", (double)p->stop[i].distance_m, 2);
        haul_json_name(j, "location");
        haul_json_open(j, '[');
        haul_json_f64(j, p->stop[i].lon_deg, 7);
        haul_json_f64(j, p->stop[i].lat_deg, 7);
        haul_json_close(j, ']');
        haul_json_close(j, '}');
    }
    haul_json_close(j, ']');
}

static void print_json(const struct network *n, const struct road_table *t)
{
    struct haul_buf out;
    struct haul_json j;
    haul_buf_init(&out, 1 << 16, SIZE_MAX / 4);
    haul_json_begin(&j, &out);
    haul_json_open(&j, '{');
    haul_json_kstr(&j, "code", HAUL_STR("Ok"));
    haul_json_name(&j, "durations");
    haul_json_open(&j, '[');
    for (size_t i = 0; i < t->from.n; i++) {
        haul_json_open(&j, '[');
        for (size_t k = 0; k < t->to.n; k++) {
            const int32_t ms = road_table_cell(t, i, k);
            if (ms < HAUL_FAR)
                haul_json_f64(&j, ms * 1e-3, 3);
            else
                haul_json_null(&j);
        }
        haul_json_close(&j, ']');
    }
    haul_json_close(&j, ']');
    put_waypoints(&j, n, "sources", &t->from);
    put_waypoints(&j, n, "destinations", &t->to);
    haul_json_close(&j, '}');
    fwrite(out.p, 1, out.n, stdout);
    putchar('\n');
    haul_buf_free(&out);
}

static int answer(struct network *n, const char *from, const char *to, bool csv, int threads)
{
    struct road_table t = {.map = n->map, .cch = n->cch, .w = haul_metric_hold(n->metric)};
    int status = read_places(n, from, &t.from);
    if (status == 0) status = read_places(n, to == NULL ? from : to, &t.to);
    if (status == 0 && !road_table_compute(&t, threads)) {
        fprintf(stderr, "haul matrix: no memory for %zu x %zu\n", t.from.n, t.to.n);
        status = HAUL_EXIT_FAILED;
    }
    if (status == 0 && csv) print_csv(&t);
    if (status == 0 && !csv) print_json(n, &t);
    haul_metric_release(n->metric, t.w);
    road_table_free(&t);
    road_places_free(&t.from), road_places_free(&t.to);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {NETWORK_OPTIONS,
                                            {"to", required_argument, NULL, 't'},
                                            {"csv", no_argument, NULL, 'c'},
                                            {"threads", required_argument, NULL, 'n'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct network n;
    const char *to = NULL;
    bool csv = false;
    int threads = 2;
    network_init(&n);
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 't':
            to = optarg;
            break;
        case 'c':
            csv = true;
            break;
        case 'n':
            threads = strcmp(optarg, "1") == 0 ? 1 : 2;
            break;
        case 'h':
            fputs(help, stdout);
            return 0;
        default:
            if (c == '?' || !network_option(&n, c, optarg)) return HAUL_EXIT_USAGE;
        }
    }
    if (optind + 2 != argc || (to == NULL && strcmp(argv[optind + 1], "-") == 0)) {
        fputs(help, stderr);
        return HAUL_EXIT_USAGE;
    }
    int status = network_open(&n, argv[optind], true);
    if (status == 0) {
        status = answer(&n, argv[optind + 1], to, csv, threads);
        network_close(&n);
    }
    return status;
}

const struct haul_command haul_command_matrix = {"matrix", "travel times between many places", run};
