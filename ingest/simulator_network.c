/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/simulator_network.h"

#include "haul/buf.h"
#include "haul/hash.h"
#include "haul/math.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define COLUMNS_MAX  8
#define SPACING_M    1000.0 /* between two points of a link */
#define SWING        0.012  /* how far a link swings from its great circle, of its length, at most */
#define CITY_WEIGHT  6
#define LENGTH_MIN_M 1000.0

/* ---- reading --------------------------------------------------------------------------------------------------------
 */

struct csv {
    FILE *f;
    const char *path;
    unsigned line;
    size_t columns;
    char text[1000];
    char *at[COLUMNS_MAX];
};

static enum haul_err csv_open(struct csv *c, const char *path, size_t columns, struct haul_error *e)
{
    *c = (struct csv){.f = fopen(path, "r"), .path = path, .columns = columns};
    if (c->f == NULL) return haul_fail(e, HAUL_E_NOT_FOUND, "%s: %s", path, strerror(errno));
    if (fgets(c->text, sizeof c->text, c->f) == NULL) return haul_fail(e, HAUL_E_INVALID, "%s: empty", path);
    c->line = 1;
    return HAUL_OK;
}

/* The next line, split at commas; HAUL_E_END behind the last. */
static enum haul_err csv_next(struct csv *c, struct haul_error *e)
{
    if (fgets(c->text, sizeof c->text, c->f) == NULL) return HAUL_E_END;
    c->line++;
    c->text[strcspn(c->text, "\r\n")] = '\0';
    size_t n = 0;
    for (char *p = c->text; p != NULL && n < COLUMNS_MAX; n++) {
        c->at[n] = p;
        p = strchr(p, ',');
        if (p != NULL) *p++ = '\0';
    }
    if (n != c->columns)
        return haul_fail(e, HAUL_E_INVALID, "%s:%u: %zu columns, expected %zu", c->path, c->line, n, c->columns);
    return HAUL_OK;
}

static enum haul_err number(const struct csv *c, size_t column, double low, double high, double *out,
                            struct haul_error *e)
{
    char *end;
    *out = strtod(c->at[column], &end);
    if (end == c->at[column] || *end != '\0' || !(*out >= low && *out <= high))
        return haul_fail(e, HAUL_E_RANGE, "%s:%u: `%s` is not a number from %g to %g", c->path, c->line, c->at[column],
                         low, high);
    return HAUL_OK;
}

static enum haul_err read_place(struct sim_network *n, const struct csv *c, struct haul_error *e)
{
    if (n->places_len == SIM_PLACES_MAX)
        return haul_fail(e, HAUL_E_LIMIT, "%s: more than %d places", c->path, SIM_PLACES_MAX);
    struct sim_place *p = &n->places[n->places_len++];
    snprintf(p->id, sizeof p->id, "%s", c->at[0]);
    p->city = strcmp(c->at[5], "city") == 0;
    n->weight_sum += p->city ? CITY_WEIGHT : 1;
    const enum haul_err code = number(c, 3, -180, 180, &p->lon_deg, e);
    return code != HAUL_OK ? code : number(c, 4, -85, 85, &p->lat_deg, e);
}

static enum haul_err find_place(const struct sim_network *n, const struct csv *c, size_t column, uint16_t *out,
                                struct haul_error *e)
{
    for (size_t i = 0; i < n->places_len; i++)
        if (strcmp(n->places[i].id, c->at[column]) == 0) {
            *out = (uint16_t)i;
            return HAUL_OK;
        }
    return haul_fail(e, HAUL_E_UNKNOWN, "%s:%u: no place `%s`", c->path, c->line, c->at[column]);
}

static enum haul_err find_class(const struct csv *c, enum sim_class *out, struct haul_error *e)
{
    static const char *const names[] = {"expressway", "trunk", "secondary"};
    for (size_t i = 0; i < SIM_CLASSES; i++)
        if (strcmp(c->at[1], names[i]) == 0) {
            *out = (enum sim_class)i;
            return HAUL_OK;
        }
    return haul_fail(e, HAUL_E_UNKNOWN, "%s:%u: no class `%s`", c->path, c->line, c->at[1]);
}

/* ---- geometry -------------------------------------------------------------------------------------------------------
 */

/* A point at a share of the straight line, moved to the side: metres, right of the direction of travel. */
static struct sim_point beside(const struct sim_place *a, const struct sim_place *b, double share, double side_m)
{
    const double lat_deg = a->lat_deg + (b->lat_deg - a->lat_deg) * share;
    const double lon_deg = a->lon_deg + (b->lon_deg - a->lon_deg) * share;
    const double bearing = haul_bearing_deg(a->lon_deg, a->lat_deg, b->lon_deg, b->lat_deg) * HAUL_RAD_PER_DEG;
    const double east = haul_cos(bearing) * side_m, north = -haul_sin(bearing) * side_m;
    const double per_deg = HAUL_EARTH_M * HAUL_RAD_PER_DEG;
    return (struct sim_point){.lon_deg = lon_deg + east / (per_deg * haul_cos(lat_deg * HAUL_RAD_PER_DEG)),
                              .lat_deg = lat_deg + north / per_deg};
}

/* Two waves that vanish at the ends; drawn from the link's names, so that a road lies where it lay in the last run. */
static void draw_line(struct sim_network *n, struct sim_link *l, const char *ref)
{
    const struct sim_place *a = &n->places[l->from], *b = &n->places[l->to];
    const double straight_m = haul_haversine_m(a->lon_deg, a->lat_deg, b->lon_deg, b->lat_deg);
    struct haul_rng rng;
    haul_rng_seed(&rng, haul_mix(haul_xxh3(ref, strlen(ref)), (uint64_t)l->from << 16 | l->to));
    const double wide = (haul_rng_f64(&rng) - 0.5) * 2 * SWING, fine = (haul_rng_f64(&rng) - 0.5) * SWING;
    const uint32_t pieces = (uint32_t)(straight_m / SPACING_M) + 2;
    l->first = (uint32_t)n->points_len, l->points = pieces + 1;
    n->points = realloc(n->points, (n->points_len + l->points) * sizeof *n->points);
    assert(n->points != NULL);
    for (uint32_t i = 0; i <= pieces; i++) {
        const double share = (double)i / pieces;
        const double side_m = straight_m * (wide * haul_sin(HAUL_PI * share) + fine * haul_sin(3 * HAUL_PI * share));
        struct sim_point p = beside(a, b, share, side_m);
        const struct sim_point *before = i == 0 ? NULL : &n->points[n->points_len - 1];
        if (before != NULL)
            p.at_m = before->at_m + haul_haversine_m(before->lon_deg, before->lat_deg, p.lon_deg, p.lat_deg);
        n->points[n->points_len++] = p;
    }
    l->length_m = n->points[n->points_len - 1].at_m;
    for (uint32_t i = 0; i <= pieces; i++) {
        struct sim_point *p = &n->points[l->first];
        const struct sim_point *from = &p[i > 0 ? i - 1 : 0], *to = &p[i < pieces ? i + 1 : pieces];
        p[i].heading_rad = haul_bearing_deg(from->lon_deg, from->lat_deg, to->lon_deg, to->lat_deg) * HAUL_RAD_PER_DEG;
    }
}

static enum haul_err read_link(struct sim_network *n, const struct csv *c, struct haul_error *e)
{
    if (n->links_len == SIM_LINKS_MAX)
        return haul_fail(e, HAUL_E_LIMIT, "%s: more than %d links", c->path, SIM_LINKS_MAX);
    struct sim_link *l = &n->links[n->links_len];
    double limit_kmh;
    enum haul_err code = find_class(c, &l->class, e);
    if (code == HAUL_OK) code = number(c, 3, 10, 130, &limit_kmh, e);
    if (code == HAUL_OK) code = find_place(n, c, 4, &l->from, e);
    if (code == HAUL_OK) code = find_place(n, c, 5, &l->to, e);
    if (code != HAUL_OK) return code;
    l->limit_mps = limit_kmh / 3.6;
    draw_line(n, l, c->at[0]);
    if (l->length_m < LENGTH_MIN_M)
        return haul_fail(e, HAUL_E_RANGE, "%s:%u: shorter than %g m", c->path, c->line, LENGTH_MIN_M);
    n->links_len++;
    return HAUL_OK;
}

static enum haul_err read_file(struct sim_network *n, const char *folder, const char *name, size_t columns,
                               enum haul_err (*row)(struct sim_network *, const struct csv *, struct haul_error *),
                               struct haul_error *e)
{
    char path[600];
    struct csv c;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    enum haul_err code = csv_open(&c, path, columns, e);
    while (code == HAUL_OK) {
        code = csv_next(&c, e);
        if (code == HAUL_OK) code = row(n, &c, e);
    }
    if (c.f != NULL) fclose(c.f);
    return code == HAUL_E_END ? HAUL_OK : code;
}

/* ---- ways -----------------------------------------------------------------------------------------------------------
 */

/* Dijkstra over all places from `to` backwards (links go both ways), each place by a scan: the network is small. */
static void ways_to(struct sim_network *n, uint16_t to, double *seconds, bool *done)
{
    uint16_t *edge = n->first_edge + (size_t)to * n->places_len;
    for (size_t i = 0; i < n->places_len; i++) seconds[i] = 1e18, done[i] = false, edge[i] = SIM_NO_EDGE;
    seconds[to] = 0;
    for (;;) {
        size_t at = n->places_len;
        for (size_t i = 0; i < n->places_len; i++)
            if (!done[i] && seconds[i] < 1e18 && (at == n->places_len || seconds[i] < seconds[at])) at = i;
        if (at == n->places_len) return;
        done[at] = true;
        for (size_t i = 0; i < 2 * n->links_len; i++) {
            const uint16_t reach = sim_edge_from(n, (uint16_t)i);
            if (sim_edge_to(n, (uint16_t)i) != at) continue;
            const struct sim_link *l = &n->links[i / 2];
            const double s = seconds[at] + l->length_m / l->limit_mps;
            if (s < seconds[reach]) seconds[reach] = s, edge[reach] = (uint16_t)i;
        }
    }
}

static void find_ways(struct sim_network *n)
{
    n->first_edge = malloc(n->places_len * n->places_len * sizeof *n->first_edge);
    double *seconds = malloc(n->places_len * sizeof *seconds);
    bool *done = malloc(n->places_len * sizeof *done);
    assert(n->first_edge != NULL && seconds != NULL && done != NULL);
    for (size_t i = 0; i < n->places_len; i++) ways_to(n, (uint16_t)i, seconds, done);
    free(seconds);
    free(done);
}

enum haul_err sim_network_read(const char *folder, struct sim_network *n, struct haul_error *e)
{
    *n = (struct sim_network){.places = calloc(SIM_PLACES_MAX, sizeof *n->places),
                              .links = calloc(SIM_LINKS_MAX, sizeof *n->links)};
    assert(n->places != NULL && n->links != NULL);
    enum haul_err code = read_file(n, folder, "places.csv", 6, read_place, e);
    if (code == HAUL_OK) code = read_file(n, folder, "roads.csv", 7, read_link, e);
    if (code == HAUL_OK && (n->places_len < 2 || n->links_len == 0))
        code = haul_fail(e, HAUL_E_INVALID, "%s: fewer than two places or no road", folder);
    if (code == HAUL_OK)
        find_ways(n);
    else
        sim_network_free(n);
    return code;
}

void sim_network_free(struct sim_network *n)
{
    free(n->places);
    free(n->links);
    free(n->points);
    free(n->first_edge);
    *n = (struct sim_network){0};
}

uint16_t sim_network_towards(const struct sim_network *n, uint16_t from, uint16_t to)
{
    return n->first_edge[(size_t)to * n->places_len + from];
}

/* The piece of the edge's link on which a point lies, and the share of it that is passed, along the link. */
static const struct sim_point *piece_at(const struct sim_network *n, uint16_t edge, double along_m, double *share)
{
    const struct sim_link *l = sim_link_of(n, edge);
    const struct sim_point *p = n->points + l->first;
    double at = edge % 2 ? l->length_m - along_m : along_m;
    at = at < 0 ? 0 : at > l->length_m ? l->length_m : at;
    uint32_t i = (uint32_t)(at / l->length_m * (l->points - 1)); /* pieces are about as long as each other */
    if (i > l->points - 2) i = l->points - 2;
    while (i > 0 && p[i].at_m > at) i--;
    while (i < l->points - 2 && p[i + 1].at_m < at) i++;
    *share = (at - p[i].at_m) / (p[i + 1].at_m - p[i].at_m);
    return &p[i];
}

void sim_network_at(const struct sim_network *n, uint16_t edge, double along_m, double *lon_deg, double *lat_deg)
{
    double share;
    const struct sim_point *p = piece_at(n, edge, along_m, &share);
    *lon_deg = p[0].lon_deg + (p[1].lon_deg - p[0].lon_deg) * share;
    *lat_deg = p[0].lat_deg + (p[1].lat_deg - p[0].lat_deg) * share;
}

double sim_network_heading_rad(const struct sim_network *n, uint16_t edge, double along_m)
{
    double share;
    const struct sim_point *p = piece_at(n, edge, along_m, &share);
    double turn = p[1].heading_rad - p[0].heading_rad;
    if (turn > HAUL_PI) turn -= 2 * HAUL_PI;
    if (turn < -HAUL_PI) turn += 2 * HAUL_PI;
    return p[0].heading_rad + turn * share + (edge % 2 ? HAUL_PI : 0);
}

uint16_t sim_network_draw(const struct sim_network *n, struct haul_rng *rng)
{
    double at = haul_rng_f64(rng) * n->weight_sum;
    for (size_t i = 0; i < n->places_len; i++) {
        at -= n->places[i].city ? CITY_WEIGHT : 1;
        if (at < 0) return (uint16_t)i;
    }
    return (uint16_t)(n->places_len - 1);
}
