/* SPDX-License-Identifier: Apache-2.0
 * VRPLIB and TSPLIB: keys with a colon, sections of numbers, EOF. CVRP, VRPTW, open routes (OVRP), one depot.
 */
#include "processors/solver/text.h"

#include <stdlib.h>

enum { NODES_MAX = 46000 };
static const double far = 1e9;

enum weights { WEIGHTS_EUC, WEIGHTS_CEIL, WEIGHTS_FLOOR, WEIGHTS_EXPLICIT };
enum matrix { MATRIX_FULL, MATRIX_LOWER, MATRIX_LOWER_DIAG, MATRIX_UPPER, MATRIX_UPPER_DIAG };

struct vrplib {
    int64_t nodes, vehicles, capacity, depot;
    double service, distance_max;
    enum weights weights;
    enum matrix matrix;
    bool open, timed, has_coords, has_demand, has_depot;
    struct point *points;
    double *demand, *from, *to, *stay; /* [nodes] */
    int32_t *table;
};

static enum haul_err allocate(struct vrplib *v, struct haul_error *e)
{
    const size_t n = (size_t)v->nodes;
    v->points = calloc(n, sizeof *v->points);
    v->demand = calloc(4 * n, sizeof *v->demand);
    if (v->points == NULL || v->demand == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for %zu nodes", n);
    v->from = v->demand + n, v->to = v->from + n, v->stay = v->to + n;
    for (size_t i = 0; i < n; i++) v->to[i] = far;
    return HAUL_OK;
}

static void release(struct vrplib *v)
{
    free(v->points);
    free(v->demand);
    free(v->table);
}

/* ---- keys ---- */

static enum haul_err unsupported(const struct text *t, const char *key, struct haul_str value, struct haul_error *e)
{
    return haul_fail(e, HAUL_E_UNSUPPORTED, "line %d: %s: '%.*s' is not supported", t->line, key,
                     (int)(value.n < 40 ? value.n : 40), value.p);
}

static bool is(struct haul_str s, const char *text)
{
    return haul_str_eq(s, haul_str_of(text));
}

static enum haul_err set_type(const struct text *t, struct vrplib *v, struct haul_str value, struct haul_error *e)
{
    v->open = is(value, "OVRP");
    if (v->open || is(value, "CVRP") || is(value, "VRPTW") || is(value, "TSP")) return HAUL_OK;
    return unsupported(t, "TYPE", value, e);
}

static enum haul_err set_weights(const struct text *t, struct vrplib *v, struct haul_str value, struct haul_error *e)
{
    if (is(value, "EUC_2D"))
        v->weights = WEIGHTS_EUC;
    else if (is(value, "CEIL_2D"))
        v->weights = WEIGHTS_CEIL;
    else if (is(value, "FLOOR_2D"))
        v->weights = WEIGHTS_FLOOR;
    else if (is(value, "EXPLICIT"))
        v->weights = WEIGHTS_EXPLICIT;
    else
        return unsupported(t, "EDGE_WEIGHT_TYPE", value, e);
    return HAUL_OK;
}

static enum haul_err set_matrix(const struct text *t, struct vrplib *v, struct haul_str value, struct haul_error *e)
{
    if (is(value, "FULL_MATRIX"))
        v->matrix = MATRIX_FULL;
    else if (is(value, "LOWER_ROW") || is(value, "UPPER_COL"))
        v->matrix = MATRIX_LOWER;
    else if (is(value, "LOWER_DIAG_ROW") || is(value, "UPPER_DIAG_COL"))
        v->matrix = MATRIX_LOWER_DIAG;
    else if (is(value, "UPPER_ROW") || is(value, "LOWER_COL"))
        v->matrix = MATRIX_UPPER;
    else if (is(value, "UPPER_DIAG_ROW") || is(value, "LOWER_DIAG_COL"))
        v->matrix = MATRIX_UPPER_DIAG;
    else if (!is(value, "FUNCTION"))
        return unsupported(t, "EDGE_WEIGHT_FORMAT", value, e);
    return HAUL_OK;
}

static enum haul_err key_number(const struct text *t, const char *key, struct haul_str value, double low, double high,
                                double *out, struct haul_error *e)
{
    if (text_parse_number(value, out) && *out >= low && *out <= high) return HAUL_OK;
    return haul_fail(e, HAUL_E_RANGE, "line %d: %s: '%.*s', not %g..%g", t->line, key,
                     (int)(value.n < 40 ? value.n : 40), value.p, low, high);
}

static enum haul_err set_key(const struct text *t, struct vrplib *v, struct haul_str key, struct haul_str value,
                             struct haul_error *e)
{
    double number = 0;
    enum haul_err bad;
    if (is(key, "TYPE")) return set_type(t, v, value, e);
    if (is(key, "EDGE_WEIGHT_TYPE")) return set_weights(t, v, value, e);
    if (is(key, "EDGE_WEIGHT_FORMAT")) return set_matrix(t, v, value, e);
    if (is(key, "DIMENSION")) {
        if (v->nodes != 0) return haul_fail(e, HAUL_E_DUPLICATE, "line %d: DIMENSION stands there twice", t->line);
        if ((bad = key_number(t, "DIMENSION", value, 1, NODES_MAX, &number, e)) != HAUL_OK) return bad;
        v->nodes = (int64_t)number;
        return allocate(v, e);
    }
    if (is(key, "CAPACITY")) {
        bad = key_number(t, "CAPACITY", value, 0, 1e12, &number, e);
        v->capacity = (int64_t)number;
        return bad;
    }
    if (is(key, "VEHICLES")) {
        bad = key_number(t, "VEHICLES", value, 1, NODES_MAX, &number, e);
        v->vehicles = (int64_t)number;
        return bad;
    }
    if (is(key, "SERVICE_TIME")) return key_number(t, "SERVICE_TIME", value, 0, far, &v->service, e);
    if (is(key, "DISTANCE")) return key_number(t, "DISTANCE", value, 0, far, &v->distance_max, e);
    return HAUL_OK; /* NAME, COMMENT and what others have added */
}

/* ---- sections ---- */

static enum haul_err node_index(struct text *t, const struct vrplib *v, int64_t *index, struct haul_error *e)
{
    const enum haul_err bad = text_int(t, "node", 1, v->nodes, index, e);
    --*index;
    return bad;
}

static enum haul_err coords(struct text *t, struct vrplib *v, struct haul_error *e)
{
    enum haul_err bad = HAUL_OK;
    for (int64_t i = 0, k; bad == HAUL_OK && i < v->nodes; i++) {
        bad = node_index(t, v, &k, e);
        if (bad == HAUL_OK) bad = text_number(t, "x", -far, far, &v->points[k].x, e);
        if (bad == HAUL_OK) bad = text_number(t, "y", -far, far, &v->points[k].y, e);
    }
    v->has_coords = true;
    return bad;
}

static enum haul_err column(struct text *t, const struct vrplib *v, const char *what, double *to, struct haul_error *e)
{
    enum haul_err bad = HAUL_OK;
    for (int64_t i = 0, k; bad == HAUL_OK && i < v->nodes; i++) {
        bad = node_index(t, v, &k, e);
        if (bad == HAUL_OK) bad = text_number(t, what, 0, far, &to[k], e);
    }
    return bad;
}

static enum haul_err windows(struct text *t, struct vrplib *v, struct haul_error *e)
{
    enum haul_err bad = HAUL_OK;
    for (int64_t i = 0, k; bad == HAUL_OK && i < v->nodes; i++) {
        bad = node_index(t, v, &k, e);
        if (bad == HAUL_OK) bad = text_number(t, "window opens", 0, far, &v->from[k], e);
        if (bad == HAUL_OK) bad = text_number(t, "window closes", v->from[k], far, &v->to[k], e);
    }
    v->timed = true;
    return bad;
}

static enum haul_err depots(struct text *t, struct vrplib *v, struct haul_error *e)
{
    int64_t depot, end;
    enum haul_err bad = text_int(t, "depot", 1, v->nodes, &depot, e);
    if (bad == HAUL_OK) bad = text_int(t, "end of depots (-1)", -1, v->nodes, &end, e);
    if (bad != HAUL_OK) return bad;
    if (end != -1) return haul_fail(e, HAUL_E_UNSUPPORTED, "line %d: more than one depot", t->line);
    v->depot = depot - 1;
    v->has_depot = true;
    return HAUL_OK;
}

static enum haul_err weights(struct text *t, struct vrplib *v, struct haul_error *e)
{
    const int64_t n = v->nodes;
    if (v->table != NULL) return haul_fail(e, HAUL_E_DUPLICATE, "line %d: weights stand there twice", t->line);
    v->table = calloc((size_t)(n * n), sizeof *v->table);
    if (v->table == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for the weights");
    for (int64_t i = 0; i < n; i++) {
        const bool lower = v->matrix == MATRIX_LOWER || v->matrix == MATRIX_LOWER_DIAG;
        const bool diagonal = v->matrix == MATRIX_LOWER_DIAG || v->matrix == MATRIX_UPPER_DIAG;
        const int64_t first = v->matrix == MATRIX_FULL || lower ? 0 : i + !diagonal;
        const int64_t last = v->matrix == MATRIX_FULL || !lower ? n - 1 : i - !diagonal;
        for (int64_t k = first; k <= last; k++) {
            int64_t w;
            const enum haul_err bad = text_int(t, "weight", 0, INT32_MAX, &w, e);
            if (bad != HAUL_OK) return bad;
            v->table[i * n + k] = (int32_t)w;
            if (v->matrix != MATRIX_FULL) v->table[k * n + i] = (int32_t)w;
        }
    }
    return HAUL_OK;
}

static enum haul_err section(struct text *t, struct vrplib *v, struct haul_str key, struct haul_error *e)
{
    if (v->nodes == 0) return haul_fail(e, HAUL_E_CONFLICT, "line %d: a section before DIMENSION", t->line);
    if (is(key, "NODE_COORD_SECTION")) return coords(t, v, e);
    if (is(key, "DEMAND_SECTION")) {
        v->has_demand = true;
        return column(t, v, "demand", v->demand, e);
    }
    if (is(key, "TIME_WINDOW_SECTION")) return windows(t, v, e);
    if (is(key, "SERVICE_TIME_SECTION")) {
        v->service = -1;
        return column(t, v, "service time", v->stay, e);
    }
    if (is(key, "DEPOT_SECTION")) return depots(t, v, e);
    if (is(key, "EDGE_WEIGHT_SECTION")) return weights(t, v, e);
    return unsupported(t, "section", key, e);
}

static bool ends_with(struct haul_str s, const char *tail)
{
    const size_t n = strlen(tail);
    return s.n >= n && memcmp(s.p + s.n - n, tail, n) == 0;
}

static enum haul_err read_all(struct text *t, struct vrplib *v, struct haul_error *e)
{
    while (!text_end(t)) {
        struct haul_str key = text_word(t);
        if (is(key, "EOF")) return HAUL_OK;
        enum haul_err bad;
        if (ends_with(key, "_SECTION")) {
            bad = section(t, v, key, e);
        } else {
            struct haul_str value = text_line(t);
            if (key.n > 0 && key.p[key.n - 1] == ':')
                key.n--;
            else if (value.n > 0 && value.p[0] == ':')
                value.p++, value.n--;
            else
                return haul_fail(e, HAUL_E_INVALID, "line %d: '%.*s' is neither a key nor a section", t->line,
                                 (int)(key.n < 40 ? key.n : 40), key.p);
            while (value.n > 0 && (*value.p == ' ' || *value.p == '\t')) value.p++, value.n--;
            bad = set_key(t, v, key, value, e);
        }
        if (bad != HAUL_OK) return bad;
    }
    return HAUL_OK;
}

/* ---- to a problem ---- */

static enum haul_err set_explicit(struct haul_problem *p, struct vrplib *v, struct haul_error *e)
{
    int32_t profile;
    const enum haul_err bad = haul_problem_add_profile(p, &profile, e);
    if (bad != HAUL_OK) return bad;
    int32_t *table = v->table;
    v->table = NULL;
    haul_problem_scales(p, (struct haul_scales){1, 1, 1});
    return haul_problem_set_table(p, profile, table, table, e);
}

static enum haul_err add_jobs(struct haul_problem *p, const struct vrplib *v, struct grid g, struct haul_error *e)
{
    for (int64_t i = 0; i < v->nodes; i++) {
        if (i == v->depot) continue;
        struct haul_vrp_task task = haul_vrp_task_default();
        struct haul_window window = {grid_units(g, v->from[i]), grid_units(g, v->to[i])};
        task.id = i; /* solution files count from the depot's 0 */
        task.location = (int32_t)i;
        task.delivery[0] = (int64_t)v->demand[i];
        task.service = grid_units(g, v->service < 0 ? v->stay[i] : v->service);
        task.windows = &window;
        task.windows_n = v->timed ? 1 : 0;
        int32_t index;
        const enum haul_err bad = haul_problem_add_job(p, &task, &index, e);
        if (bad != HAUL_OK) return bad;
    }
    return HAUL_OK;
}

/* Files without a number of vehicles: enough that their number never binds. */
static int64_t enough_vehicles(const struct vrplib *v)
{
    double demand = 0;
    for (int64_t i = 0; i < v->nodes; i++) demand += v->demand[i];
    const int64_t least = v->capacity == 0 ? 1 : (int64_t)(demand / (double)v->capacity) + 1;
    const int64_t n = least + least / 2 + 10;
    const int64_t customers = v->nodes > 1 ? v->nodes - 1 : 1;
    return v->distance_max > 0 || n > customers ? customers : n;
}

static enum haul_err add_fleet(struct haul_problem *p, const struct vrplib *v, struct grid g, struct haul_error *e)
{
    const int64_t n = v->vehicles > 0 ? v->vehicles : enough_vehicles(v);
    for (int64_t i = 0; i < n; i++) {
        struct haul_vrp_vehicle one = haul_vrp_vehicle_default();
        one.id = i + 1;
        one.start = (int32_t)v->depot;
        one.end = v->open ? HAUL_VRP_NONE : one.start;
        one.capacity[0] = v->capacity;
        if (v->timed)
            one.shift = (struct haul_window){grid_units(g, v->from[v->depot]), grid_units(g, v->to[v->depot])};
        if (v->distance_max > 0) one.duration_max = grid_units(g, v->distance_max);
        one.cost_per_distance = 1;
        int32_t index;
        const enum haul_err bad = haul_problem_add_vehicle(p, &one, &index, e);
        if (bad != HAUL_OK) return bad;
    }
    return HAUL_OK;
}

static enum haul_err complete(const struct vrplib *v, struct haul_error *e)
{
    if (v->nodes == 0) return haul_fail(e, HAUL_E_INVALID, "DIMENSION is missing");
    if (!v->has_depot) return haul_fail(e, HAUL_E_INVALID, "DEPOT_SECTION is missing");
    if (!v->has_demand) return haul_fail(e, HAUL_E_INVALID, "DEMAND_SECTION is missing");
    if (v->weights == WEIGHTS_EXPLICIT && v->table == NULL)
        return haul_fail(e, HAUL_E_INVALID, "EDGE_WEIGHT_SECTION is missing");
    if (v->weights != WEIGHTS_EXPLICIT && !v->has_coords)
        return haul_fail(e, HAUL_E_INVALID, "NODE_COORD_SECTION is missing");
    return HAUL_OK;
}

static enum haul_err build(struct vrplib *v, enum haul_convention c, struct haul_problem *p, struct haul_error *e)
{
    struct grid g = grid_of(c, v->timed ? HAUL_CONVENTION_DIMACS : HAUL_CONVENTION_ROUND);
    if (v->weights == WEIGHTS_EXPLICIT) g = (struct grid){1, false};
    if (v->weights == WEIGHTS_FLOOR) g.cut = true;
    if (v->weights == WEIGHTS_CEIL)
        return haul_fail(e, HAUL_E_UNSUPPORTED, "EDGE_WEIGHT_TYPE: CEIL_2D is not supported");
    enum haul_err bad = v->weights == WEIGHTS_EXPLICIT ? set_explicit(p, v, e) : grid_table(p, v->points, g, e);
    if (bad == HAUL_OK) bad = add_jobs(p, v, g, e);
    if (bad == HAUL_OK) bad = add_fleet(p, v, g, e);
    return bad;
}

enum haul_err read_vrplib(struct text *t, enum haul_convention c, struct haul_problem **out, struct haul_error *e)
{
    struct vrplib v = {0};
    struct haul_problem *p = NULL;
    enum haul_err bad = read_all(t, &v, e);
    if (bad == HAUL_OK) bad = complete(&v, e);
    if (bad == HAUL_OK) bad = haul_problem_new((int32_t)v.nodes, 1, &p, e);
    if (bad == HAUL_OK) bad = build(&v, c, p, e);
    release(&v);
    if (bad == HAUL_OK)
        *out = p;
    else
        haul_problem_free(p);
    return bad;
}
