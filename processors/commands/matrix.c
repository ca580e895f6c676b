/* SPDX-License-Identifier: Apache-2.0
 * haul matrix: travel times between all of some positions and all of others.
 */
#include "haul/json.h"

#include "processors/commands/commands.h"
#include "processors/commands/files.h"
#include "processors/commands/network.h"

#include <getopt.h>
#include <pthread.h>
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

struct places {
    struct haul_stop *stop;
    size_t n;
    struct haul_end *end; /* of all stops, one behind the other */
    uint32_t *first;      /* n + 1: which are a stop's */
};

struct table {
    const struct network *n;
    const struct haul_weights *w;
    struct places from, to;
    struct haul_matrix *m;
    int32_t *out; /* by ends */
};

static void free_places(struct places *p)
{
    free(p->stop), free(p->end), free(p->first);
}

static int read_places(const struct network *n, const char *path, struct places *p)
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

static bool list_ends(const struct table *t, struct places *p, bool leave)
{
    p->end = malloc((p->n * HAUL_ENDS_MAX + 1) * sizeof *p->end);
    p->first = malloc((p->n + 1) * sizeof *p->first);
    if (p->end == NULL || p->first == NULL) return false;
    uint32_t at = 0;
    for (size_t i = 0; i < p->n; i++) {
        p->first[i] = at;
        at += (uint32_t)(leave ? haul_stop_leave(t->n->map, t->w, &p->stop[i], p->end + at)
                               : haul_stop_arrive(t->n->map, t->w, &p->stop[i], p->end + at));
    }
    p->first[p->n] = at;
    return true;
}

struct share {
    struct table *t;
    int part, parts;
    pthread_barrier_t *barrier;
};

static void *fill(void *arg)
{
    const struct share *s = arg;
    struct table *t = s->t;
    const size_t from = t->from.first[t->from.n], to = t->to.first[t->to.n], k = (size_t)s->part, n = (size_t)s->parts;
    haul_matrix_sources(t->m, t->w, t->from.end, from * k / n, from * (k + 1) / n);
    haul_matrix_targets(t->m, t->w, t->to.end, to * k / n, to * (k + 1) / n);
    pthread_barrier_wait(s->barrier);
    haul_matrix_rows(t->m, from * k / n, from * (k + 1) / n, t->out);
    return NULL;
}

static bool compute(struct table *t, int threads)
{
    if (!list_ends(t, &t->from, true) || !list_ends(t, &t->to, false)) return false;
    const size_t from = t->from.first[t->from.n], to = t->to.first[t->to.n];
    if (to > 0 && from > SIZE_MAX / 8 / to) return false;
    t->m = haul_matrix_new(t->n->cch, from, to);
    t->out = malloc((from * to + 1) * sizeof *t->out);
    if (t->m == NULL || t->out == NULL) return false;
    pthread_barrier_t barrier;
    pthread_t other;
    if (threads == 2 && (pthread_barrier_init(&barrier, NULL, 2) != 0)) return false;
    if (threads != 2) pthread_barrier_init(&barrier, NULL, 1);
    struct share share[2] = {{t, 0, threads, &barrier}, {t, 1, threads, &barrier}};
    if (threads == 2 && pthread_create(&other, NULL, fill, &share[1]) != 0) return false;
    fill(&share[0]);
    if (threads == 2) pthread_join(other, NULL);
    pthread_barrier_destroy(&barrier);
    return true;
}

static int32_t cell(const struct table *t, size_t i, size_t j)
{
    const size_t width = t->to.first[t->to.n];
    int32_t best = haul_stop_direct(t->n->map, t->w, &t->from.stop[i], &t->to.stop[j]);
    for (uint32_t a = t->from.first[i]; a < t->from.first[i + 1]; a++)
        for (uint32_t b = t->to.first[j]; b < t->to.first[j + 1]; b++)
            if (t->out[a * width + b] < best) best = t->out[a * width + b];
    return best;
}

static void print_csv(const struct table *t)
{
    for (size_t i = 0; i < t->from.n; i++) {
        for (size_t j = 0; j < t->to.n; j++) {
            const int32_t ms = cell(t, i, j);
            if (j > 0) putchar(',');
            if (ms < HAUL_FAR) printf("%d.%03d", ms / 1000, ms % 1000);
        }
        putchar('\n');
    }
}

static void put_waypoints(struct haul_json *j, const struct network *n, const char *name, const struct places *p)
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

static void print_json(const struct table *t)
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
            const int32_t ms = cell(t, i, k);
            if (ms < HAUL_FAR)
                haul_json_f64(&j, ms * 1e-3, 3);
            else
                haul_json_null(&j);
        }
        haul_json_close(&j, ']');
    }
    haul_json_close(&j, ']');
    put_waypoints(&j, t->n, "sources", &t->from);
    put_waypoints(&j, t->n, "destinations", &t->to);
    haul_json_close(&j, '}');
    fwrite(out.p, 1, out.n, stdout);
    putchar('\n');
    haul_buf_free(&out);
}

static int answer(struct network *n, const char *from, const char *to, bool csv, int threads)
{
    struct table t = {.n = n, .w = haul_metric_hold(n->metric)};
    int status = read_places(n, from, &t.from);
    if (status == 0) status = read_places(n, to == NULL ? from : to, &t.to);
    if (status == 0 && !compute(&t, threads)) {
        fprintf(stderr, "haul matrix: no memory for %zu x %zu\n", t.from.n, t.to.n);
        status = HAUL_EXIT_FAILED;
    }
    if (status == 0 && csv) print_csv(&t);
    if (status == 0 && !csv) print_json(&t);
    haul_metric_release(n->metric, t.w);
    haul_matrix_free(t.m);
    free_places(&t.from), free_places(&t.to);
    free(t.out);
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
