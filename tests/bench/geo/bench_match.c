/* SPDX-License-Identifier: Apache-2.0
 * Map matching on the tracks of Kubicka et al.: bench_match FOLDER [name=value ...]
 *
 * FOLDER holds the unpacked set: NAME/NAME.{track,nodes,arcs,route}. Correct is the length of the true route that the
 * matched route has too, in the same order (longest common subsequence of arcs); wrong is what is missing and what was
 * added. Both are weighted by length over all tracks.
 */
#include "haul/match.h"
#include "haul/math.h"
#include "haul/roads_build.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
    uint32_t nodes, arcs, truth_n, fixes;
    int32_t *lon, *lat;
    uint32_t *from, *to, *truth;
    double *length;
    struct haul_fix *fix;
    struct haul_buf image;
    struct haul_roads *roads;
    struct haul_map *map;
    /* node of a coordinate, arc of a pair of nodes: open addressing */
    uint32_t *node_table, *arc_table;
    size_t node_slots, arc_slots;
};

static struct haul_buf slurp(const char *path)
{
    struct haul_buf b;
    haul_buf_init(&b, 1 << 16, (size_t)1 << 30);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    for (uint8_t *to; (to = haul_buf_reserve(&b, 1 << 16)) != NULL;) {
        const size_t n = fread(to, 1, 1 << 16, f);
        b.n += n;
        if (n == 0) break;
    }
    fclose(f);
    haul_buf_byte(&b, 0);
    return b;
}

/* All numbers of a file, row by row. */
static double *numbers(const char *folder, const char *name, const char *kind, size_t *count)
{
    char path[2048];
    snprintf(path, sizeof path, "%s/%s/%s.%s", folder, name, name, kind);
    struct haul_buf text = slurp(path);
    double *out = malloc((text.n + 1) * sizeof *out);
    size_t n = 0;
    for (char *at = (char *)text.p, *end; *at != 0; at = end) {
        const double v = strtod(at, &end);
        if (end == at) break;
        out[n++] = v;
    }
    haul_buf_free(&text);
    *count = n;
    return out;
}

static uint64_t place_key(int32_t lon, int32_t lat)
{
    return (uint64_t)(uint32_t)lon << 32 | (uint32_t)lat;
}

static void index_world(struct world *w)
{
    w->node_slots = w->arc_slots = 1;
    while (w->node_slots < 2 * (size_t)w->nodes + 2) w->node_slots *= 2;
    while (w->arc_slots < 2 * (size_t)w->arcs + 2) w->arc_slots *= 2;
    w->node_table = calloc(w->node_slots, 4), w->arc_table = calloc(w->arc_slots, 4);
    for (uint32_t v = 0; v < w->nodes; v++) {
        size_t at = haul_mix(place_key(w->lon[v], w->lat[v]), 0) & (w->node_slots - 1);
        while (w->node_table[at] != 0) at = (at + 1) & (w->node_slots - 1);
        w->node_table[at] = v + 1;
    }
    for (uint32_t a = 0; a < w->arcs; a++) {
        size_t at = haul_mix(w->from[a], w->to[a]) & (w->arc_slots - 1);
        while (w->arc_table[at] != 0) at = (at + 1) & (w->arc_slots - 1);
        w->arc_table[at] = a + 1;
    }
}

static uint32_t arc_between(const struct world *w, uint32_t from, uint32_t to)
{
    size_t at = haul_mix(from, to) & (w->arc_slots - 1);
    for (; w->arc_table[at] != 0; at = (at + 1) & (w->arc_slots - 1))
        if (w->from[w->arc_table[at] - 1] == from && w->to[w->arc_table[at] - 1] == to) return w->arc_table[at] - 1;
    return HAUL_NONE;
}

/* The arc of the set between two coordinates: nodes may lie on each other, so every pair is tried. */
static uint32_t arc_at(const struct world *w, const int32_t a[2], const int32_t b[2])
{
    size_t i = haul_mix(place_key(a[0], a[1]), 0) & (w->node_slots - 1);
    for (; w->node_table[i] != 0; i = (i + 1) & (w->node_slots - 1)) {
        const uint32_t p = w->node_table[i] - 1;
        if (w->lon[p] != a[0] || w->lat[p] != a[1]) continue;
        size_t k = haul_mix(place_key(b[0], b[1]), 0) & (w->node_slots - 1);
        for (; w->node_table[k] != 0; k = (k + 1) & (w->node_slots - 1)) {
            const uint32_t q = w->node_table[k] - 1;
            if (w->lon[q] != b[0] || w->lat[q] != b[1]) continue;
            const uint32_t arc = arc_between(w, p, q);
            if (arc != HAUL_NONE) return arc;
        }
    }
    return HAUL_NONE;
}

static void build_network(struct world *w)
{
    struct haul_builder *b = haul_builder_new();
    for (uint32_t v = 0; v < w->nodes; v++) haul_builder_point(b, w->lon[v], w->lat[v]);
    for (uint32_t a = 0; a < w->arcs; a++) {
        const uint32_t back = arc_between(w, w->to[a], w->from[a]);
        if (back != HAUL_NONE && back < a) continue;
        const uint8_t against = back != HAUL_NONE ? HAUL_USE_ROAD : 0;
        const struct haul_road_kind k = {
            .road_class = HAUL_ROAD_ROAD, .access = {HAUL_USE_ROAD, against}, .speed_cmps = {1500, 1500}};
        const uint32_t ends[2] = {w->from[a], w->to[a]};
        haul_builder_way(b, a, HAUL_STR(""), &k, ends, 2);
    }
    struct haul_build_report report;
    struct haul_error e;
    const struct haul_build_options options = {.source = "kubicka", .keep_all = true};
    if (haul_builder_finish(b, &options, &w->image, &report, &e) != HAUL_OK ||
        haul_roads_of_bytes(w->image.p, w->image.n, &w->roads, &e) != HAUL_OK ||
        haul_map_new(w->roads, &w->map, &e) != HAUL_OK) {
        fprintf(stderr, "%s\n", e.text);
        exit(1);
    }
    haul_builder_free(b);
}

static void read_world(struct world *w, const char *folder, const char *name)
{
    size_t n;
    *w = (struct world){0};
    double *v = numbers(folder, name, "nodes", &n);
    w->nodes = (uint32_t)(n / 2);
    w->lon = malloc(n * 4), w->lat = malloc(n * 4);
    for (uint32_t i = 0; i < w->nodes; i++)
        w->lon[i] = (int32_t)haul_round_i64(v[2 * i] * 1e7), w->lat[i] = (int32_t)haul_round_i64(v[2 * i + 1] * 1e7);
    free(v);
    v = numbers(folder, name, "arcs", &n);
    w->arcs = (uint32_t)(n / 2);
    w->from = malloc(n * 4), w->to = malloc(n * 4), w->length = malloc(n * 8);
    for (uint32_t i = 0; i < w->arcs; i++) {
        w->from[i] = (uint32_t)v[2 * i], w->to[i] = (uint32_t)v[2 * i + 1];
        const uint32_t a = w->from[i], b = w->to[i];
        w->length[i] = haul_haversine_m(w->lon[a] * 1e-7, w->lat[a] * 1e-7, w->lon[b] * 1e-7, w->lat[b] * 1e-7);
    }
    free(v);
    v = numbers(folder, name, "route", &n);
    w->truth_n = (uint32_t)n;
    w->truth = malloc((n + 1) * 4);
    for (size_t i = 0; i < n; i++) w->truth[i] = (uint32_t)v[i];
    free(v);
    v = numbers(folder, name, "track", &n);
    w->fixes = (uint32_t)(n / 3);
    w->fix = malloc((n + 1) * sizeof *w->fix);
    for (uint32_t i = 0; i < w->fixes; i++)
        w->fix[i] = (struct haul_fix){{haul_round_i64(v[3 * i + 2] * 1000)}, v[3 * i], v[3 * i + 1], -1, -1};
    free(v);
    index_world(w);
    build_network(w);
}

static void free_world(struct world *w)
{
    haul_map_free(w->map);
    haul_roads_close(w->roads);
    haul_buf_free(&w->image);
    free(w->lon), free(w->lat), free(w->from), free(w->to), free(w->length), free(w->truth), free(w->fix);
    free(w->node_table), free(w->arc_table);
}

/* Arcs of the set under a traversal. */
static void add_arcs(const struct world *w, const struct haul_traversal *t, uint32_t **route, size_t *n, size_t *cap)
{
    const struct haul_roads_view *v = haul_roads_view(w->roads);
    const uint32_t points = haul_arc_points(v, t->arc);
    double along_m = 0;
    int32_t last[2] = {0, 0};
    for (uint32_t i = 0; i < points; i++) {
        double lon, lat;
        haul_arc_point(v, t->arc, i, &lon, &lat);
        const int32_t at[2] = {(int32_t)haul_round_i64(lon * 1e7), (int32_t)haul_round_i64(lat * 1e7)};
        if (i > 0) {
            const double step_m = haul_haversine_m(last[0] * 1e-7, last[1] * 1e-7, lon, lat);
            const bool touched = (along_m + step_m) * 100 > t->from_cm && along_m * 100 <= t->to_cm;
            const uint32_t arc = touched ? arc_at(w, last, at) : HAUL_NONE;
            if (arc != HAUL_NONE && (*n == 0 || (*route)[*n - 1] != arc)) {
                if (*n == *cap) *cap = *cap * 2 + 64, *route = realloc(*route, *cap * 4);
                (*route)[(*n)++] = arc;
            }
            along_m += step_m;
        }
        last[0] = at[0], last[1] = at[1];
    }
}

/* Length of the longest common subsequence, by length of arcs. */
static double common_m(const struct world *w, const uint32_t *route, size_t n)
{
    double *row = calloc(n + 1, sizeof *row);
    for (uint32_t i = 0; i < w->truth_n; i++) {
        double diagonal = 0;
        for (size_t j = 0; j < n; j++) {
            const double above = row[j + 1];
            if (route[j] == w->truth[i])
                row[j + 1] = diagonal + w->length[route[j]];
            else if (row[j] > row[j + 1])
                row[j + 1] = row[j];
            diagonal = above;
        }
    }
    const double common = row[n];
    free(row);
    return common;
}

struct total {
    double truth_m, common_m, matched_m;
    uint64_t fixes, breaks, off_road, outliers;
    int64_t cpu_ns;
};

static void match_world(const struct world *w, const struct haul_match_options *o, size_t bytes, int64_t every_ms,
                        struct total *sum, const char *name, bool verbose)
{
    struct haul_matcher *m;
    struct haul_error e;
    if (haul_matcher_new(w->map, o, &m, &e) != HAUL_OK) exit(1);
    void *track = aligned_alloc(64, bytes);
    haul_track_init(track, bytes);
    struct haul_match_output out;
    uint32_t *route = NULL;
    size_t n = 0, cap = 0;
    struct haul_traversal *all = malloc((w->fixes + (size_t)200000) * sizeof *all);
    size_t traversals = 0;
    int64_t next_ms = INT64_MIN;
    struct total own = {0};
    const int64_t start = haul_cpu_ns();
    for (uint32_t i = 0; i <= w->fixes; i++) {
        if (i < w->fixes) {
            if (w->fix[i].time.ms < next_ms) continue;
            next_ms = w->fix[i].time.ms + every_ms;
            const enum haul_match_status status = haul_match_fix(m, track, &w->fix[i], &out);
            own.breaks += status == HAUL_MATCH_BROKEN;
            own.off_road += status == HAUL_MATCH_OFF_ROAD;
            own.outliers += status == HAUL_MATCH_OUTLIER;
            own.fixes++;
        } else {
            haul_match_flush(m, track, &out);
        }
        memcpy(all + traversals, out.traversal, out.traversals * sizeof *all);
        traversals += out.traversals;
    }
    own.cpu_ns = haul_cpu_ns() - start;
    for (size_t i = 0; i < traversals; i++) add_arcs(w, &all[i], &route, &n, &cap);
    for (uint32_t i = 0; i < w->truth_n; i++) own.truth_m += w->length[w->truth[i]];
    for (size_t i = 0; i < n; i++) own.matched_m += w->length[route[i]];
    own.common_m = common_m(w, route, n);
    if (verbose)
        printf("%s %7.1f km %6.2f %% correct %6.2f %% wrong, %llu fixes, %llu breaks, %llu off road, %llu outliers\n",
               name, own.truth_m / 1000, 100 * own.common_m / own.truth_m,
               100 * (own.truth_m + own.matched_m - 2 * own.common_m) / own.truth_m, (unsigned long long)own.fixes,
               (unsigned long long)own.breaks, (unsigned long long)own.off_road, (unsigned long long)own.outliers);
    sum->truth_m += own.truth_m, sum->common_m += own.common_m, sum->matched_m += own.matched_m;
    sum->fixes += own.fixes, sum->breaks += own.breaks, sum->off_road += own.off_road, sum->outliers += own.outliers;
    sum->cpu_ns += own.cpu_ns;
    free(route), free(all), free(track);
    haul_matcher_free(m);
}

static void report(const char *what, const struct total *t)
{
    printf("%-34s %6.2f %% correct, %6.2f %% wrong, %6.0f points/s, %llu breaks, %llu off road, %llu outliers\n", what,
           100 * t->common_m / t->truth_m, 100 * (t->truth_m + t->matched_m - 2 * t->common_m) / t->truth_m,
           (double)t->fixes * 1e9 / (double)t->cpu_ns, (unsigned long long)t->breaks, (unsigned long long)t->off_road,
           (unsigned long long)t->outliers);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

#define WORLDS_MAX 128

int main(int argc, char **argv)
{
    if (argc < 2) return 64;
    static char names[WORLDS_MAX][64];
    static struct world worlds[WORLDS_MAX];
    size_t n = 0;
    DIR *d = opendir(argv[1]);
    if (d == NULL) return 66;
    for (struct dirent *f; (f = readdir(d)) != NULL && n < WORLDS_MAX;)
        if (f->d_name[0] >= '0' && f->d_name[0] <= '9') snprintf(names[n++], sizeof names[0], "%.60s", f->d_name);
    closedir(d);
    qsort(names, n, sizeof names[0], by_name);
    struct haul_match_options o = haul_match_defaults();
    bool verbose = false, all = false;
    for (int i = 2; i < argc; i++) {
        float v;
        if (sscanf(argv[i], "sigma=%f", &v) == 1) o.sigma_m = v;
        if (sscanf(argv[i], "beta=%f", &v) == 1) o.beta_m = v;
        if (sscanf(argv[i], "radius=%f", &v) == 1) o.radius_m = v;
        if (sscanf(argv[i], "heading=%f", &v) == 1) o.heading_deg = v;
        if (sscanf(argv[i], "step=%f", &v) == 1) o.step_m = v;
        verbose |= strcmp(argv[i], "verbose") == 0;
        all |= strcmp(argv[i], "all") == 0;
    }
    for (size_t i = 0; i < n; i++) read_world(&worlds[i], argv[1], names[i]);
    struct total online = {0}, whole = {0};
    for (size_t i = 0; i < n; i++) match_world(&worlds[i], &o, HAUL_TRACK_BYTES, 0, &online, names[i], verbose);
    report("online, 1 KiB, every fix", &online);
    if (all) {
        for (size_t i = 0; i < n; i++) match_world(&worlds[i], &o, 4 << 20, 0, &whole, names[i], false);
        report("whole Viterbi, every fix", &whole);
        static const int64_t every[] = {5000, 10000, 30000, 60000};
        for (size_t k = 0; k < sizeof every / sizeof every[0]; k++) {
            struct total sparse = {0};
            char what[64];
            for (size_t i = 0; i < n; i++)
                match_world(&worlds[i], &o, HAUL_TRACK_BYTES, every[k], &sparse, names[i], false);
            snprintf(what, sizeof what, "online, 1 KiB, every %lld s", (long long)every[k] / 1000);
            report(what, &sparse);
        }
    }
    for (size_t i = 0; i < n; i++) free_world(&worlds[i]);
    return 0;
}
