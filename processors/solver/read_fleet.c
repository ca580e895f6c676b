/* SPDX-License-Identifier: Apache-2.0
 * Cordeau's files (VRP, MDVRP and both with time windows) and those of the heterogeneous fleet (HVRP, VFMP).
 */
#include "processors/solver/text.h"

#include <stdlib.h>

enum { CUSTOMERS_MAX = 100000, DEPOTS_MAX = 1000, KINDS_MAX = 1000 };
static const double far = 1e7;

/* ---- Cordeau ---- */

enum { CORDEAU_VRP = 0, CORDEAU_MDVRP = 2, CORDEAU_VRPTW = 4, CORDEAU_MDVRPTW = 6 };

struct cordeau {
    int64_t type, vehicles, customers, depots;
    double *duration, *capacity; /* [depots] */
    struct point *points;        /* [customers + depots] */
    double *service, *demand, *open, *close;
};

static enum haul_err cordeau_head(struct text *t, struct cordeau *c, struct haul_error *e)
{
    enum haul_err bad;
    if ((bad = text_int(t, "type", 0, 7, &c->type, e)) != HAUL_OK) return bad;
    if ((bad = text_int(t, "vehicles", 1, CUSTOMERS_MAX, &c->vehicles, e)) != HAUL_OK) return bad;
    if ((bad = text_int(t, "customers", 0, CUSTOMERS_MAX, &c->customers, e)) != HAUL_OK) return bad;
    if ((bad = text_int(t, "depots", 1, DEPOTS_MAX, &c->depots, e)) != HAUL_OK) return bad;
    if (c->type % 2 != 0)
        return haul_fail(e, HAUL_E_UNSUPPORTED, "line %d: periodic and site-dependent problems are not read", t->line);
    if (c->vehicles * c->depots > CUSTOMERS_MAX)
        return haul_fail(e, HAUL_E_LIMIT, "line %d: too many vehicles", t->line);
    return HAUL_OK;
}

static enum haul_err cordeau_row(struct text *t, struct cordeau *c, int64_t i, struct haul_error *e)
{
    enum haul_err bad;
    int64_t id, skip, combinations;
    const bool timed = c->type >= CORDEAU_VRPTW && i < c->customers;
    if ((bad = text_int(t, "number", 0, INT32_MAX, &id, e)) != HAUL_OK) return bad;
    if ((bad = text_number(t, "x", -far, far, &c->points[i].x, e)) != HAUL_OK) return bad;
    if ((bad = text_number(t, "y", -far, far, &c->points[i].y, e)) != HAUL_OK) return bad;
    if ((bad = text_number(t, "service time", 0, far, &c->service[i], e)) != HAUL_OK) return bad;
    if ((bad = text_number(t, "demand", 0, far, &c->demand[i], e)) != HAUL_OK) return bad;
    if ((bad = text_int(t, "frequency", 0, 1, &skip, e)) != HAUL_OK) return bad;
    if ((bad = text_int(t, "combinations", 0, DEPOTS_MAX, &combinations, e)) != HAUL_OK) return bad;
    for (int64_t k = 0; k < combinations; k++)
        if ((bad = text_int(t, "combination", 0, INT32_MAX, &skip, e)) != HAUL_OK) return bad;
    if (timed && (bad = text_number(t, "window opens", 0, far, &c->open[i], e)) != HAUL_OK) return bad;
    if (timed && (bad = text_number(t, "window closes", c->open[i], far, &c->close[i], e)) != HAUL_OK) return bad;
    text_line(t); /* depots have more columns in some files */
    return HAUL_OK;
}

static enum haul_err cordeau_jobs(struct haul_problem *p, const struct cordeau *c, struct grid g, struct haul_error *e)
{
    for (int64_t i = 0; i < c->customers; i++) {
        struct haul_vrp_task task = haul_vrp_task_default();
        struct haul_window window;
        task.id = i + 1;
        task.location = (int32_t)i;
        task.service = grid_units(g, c->service[i]);
        task.delivery[0] = (int64_t)c->demand[i];
        if (c->type >= CORDEAU_VRPTW) {
            window = (struct haul_window){grid_units(g, c->open[i]), grid_units(g, c->close[i])};
            task.windows = &window;
            task.windows_n = 1;
        }
        int32_t index;
        const enum haul_err bad = haul_problem_add_job(p, &task, &index, e);
        if (bad != HAUL_OK) return bad;
    }
    return HAUL_OK;
}

static enum haul_err cordeau_fleet(struct haul_problem *p, const struct cordeau *c, struct grid g, struct haul_error *e)
{
    for (int64_t d = 0, id = 1; d < c->depots; d++)
        for (int64_t k = 0; k < c->vehicles; k++, id++) {
            struct haul_vrp_vehicle v = haul_vrp_vehicle_default();
            v.id = id;
            v.start = v.end = (int32_t)(c->customers + d);
            v.capacity[0] = c->capacity[d] == 0 ? HAUL_AMOUNT_MAX : (int64_t)c->capacity[d];
            if (c->duration[d] > 0) v.duration_max = grid_units(g, c->duration[d]);
            v.cost_per_distance = 1;
            int32_t index;
            const enum haul_err bad = haul_problem_add_vehicle(p, &v, &index, e);
            if (bad != HAUL_OK) return bad;
        }
    return HAUL_OK;
}

static enum haul_err cordeau_body(struct text *t, struct cordeau *c, struct haul_error *e)
{
    enum haul_err bad;
    for (int64_t d = 0; d < c->depots; d++) {
        if ((bad = text_number(t, "greatest duration", 0, far, &c->duration[d], e)) != HAUL_OK) return bad;
        if ((bad = text_number(t, "capacity", 0, far, &c->capacity[d], e)) != HAUL_OK) return bad;
    }
    const int64_t rows = c->customers + c->depots;
    for (int64_t i = 0; i < rows; i++)
        if ((bad = cordeau_row(t, c, i, e)) != HAUL_OK) return bad;
    return text_end(t) ? HAUL_OK : haul_fail(e, HAUL_E_INVALID, "line %d: more than the announced rows", t->line);
}

static enum haul_err cordeau_build(const struct cordeau *c, struct grid g, struct haul_problem **out,
                                   struct haul_error *e)
{
    struct haul_problem *p;
    enum haul_err bad = haul_problem_new((int32_t)(c->customers + c->depots), 1, &p, e);
    if (bad != HAUL_OK) return bad;
    bad = grid_table(p, c->points, g, e);
    if (bad == HAUL_OK) bad = cordeau_jobs(p, c, g, e);
    if (bad == HAUL_OK) bad = cordeau_fleet(p, c, g, e);
    if (bad == HAUL_OK)
        *out = p;
    else
        haul_problem_free(p);
    return bad;
}

enum haul_err read_cordeau(struct text *t, enum haul_convention convention, struct haul_problem **out,
                           struct haul_error *e)
{
    struct cordeau c = {0};
    enum haul_err bad = cordeau_head(t, &c, e);
    if (bad != HAUL_OK) return bad;
    const size_t rows = (size_t)(c.customers + c.depots);
    double *numbers = calloc(4 * rows + 2 * (size_t)c.depots, sizeof *numbers);
    c.points = calloc(rows, sizeof *c.points);
    if (numbers != NULL && c.points != NULL) {
        c.service = numbers, c.demand = numbers + rows, c.open = numbers + 2 * rows, c.close = numbers + 3 * rows;
        c.duration = numbers + 4 * rows, c.capacity = c.duration + c.depots;
        bad = cordeau_body(t, &c, e);
        if (bad == HAUL_OK) bad = cordeau_build(&c, grid_of(convention, HAUL_CONVENTION_EXACT), out, e);
    } else {
        bad = haul_fail(e, HAUL_E_NOMEM, "no memory for %zu places", rows);
    }
    free(numbers);
    free(c.points);
    return bad;
}

/* ---- heterogeneous fleet ---- */

enum { COST_PARTS = 10000 }; /* of a unit of cost a unit of distance: the files give one or two decimals */

struct kind {
    int64_t number;
    double capacity, fixed, per_distance;
};

struct hvrp {
    int64_t customers, kinds;
    double range, service;
    struct kind *kind;
    struct point *points; /* the depot first */
    double *demand;
};

static void skip_comments(struct text *t)
{
    while (!text_end(t) && t->end - t->p >= 2 && t->p[0] == '/' && t->p[1] == '/') text_line(t);
}

static enum haul_err hvrp_head(struct text *t, struct hvrp *h, struct haul_error *e)
{
    enum haul_err bad;
    double bound;
    skip_comments(t);
    if ((bad = text_int(t, "customers", 1, CUSTOMERS_MAX, &h->customers, e)) != HAUL_OK) return bad;
    if ((bad = text_int(t, "vehicle types", 1, KINDS_MAX, &h->kinds, e)) != HAUL_OK) return bad;
    if ((bad = text_number(t, "range", 0, far, &h->range, e)) != HAUL_OK) return bad;
    if ((bad = text_number(t, "service time", 0, far, &h->service, e)) != HAUL_OK) return bad;
    if ((bad = text_number(t, "lower bound", 0, 1e12, &bound, e)) != HAUL_OK) return bad;
    return text_number(t, "best known", 0, 1e12, &bound, e);
}

static enum haul_err hvrp_body(struct text *t, struct hvrp *h, struct haul_error *e)
{
    enum haul_err bad;
    int64_t vehicles = 0;
    for (int64_t k = 0; k < h->kinds; k++) {
        struct kind *kind = &h->kind[k];
        if ((bad = text_int(t, "number of vehicles", 0, CUSTOMERS_MAX, &kind->number, e)) != HAUL_OK) return bad;
        if ((bad = text_number(t, "capacity", 0, far, &kind->capacity, e)) != HAUL_OK) return bad;
        if ((bad = text_number(t, "fixed cost", 0, far, &kind->fixed, e)) != HAUL_OK) return bad;
        if ((bad = text_number(t, "cost of a unit of distance", 0, 1000, &kind->per_distance, e)) != HAUL_OK)
            return bad;
        if ((vehicles += kind->number) > CUSTOMERS_MAX)
            return haul_fail(e, HAUL_E_LIMIT, "line %d: too many vehicles", t->line);
    }
    for (int64_t i = 0; i <= h->customers; i++) {
        if ((bad = text_number(t, "x", -far, far, &h->points[i].x, e)) != HAUL_OK) return bad;
        if ((bad = text_number(t, "y", -far, far, &h->points[i].y, e)) != HAUL_OK) return bad;
        if (i > 0 && (bad = text_number(t, "demand", 0, far, &h->demand[i], e)) != HAUL_OK) return bad;
    }
    return text_end(t) ? HAUL_OK : haul_fail(e, HAUL_E_INVALID, "line %d: more than the announced rows", t->line);
}

static enum haul_err hvrp_fleet(struct haul_problem *p, const struct hvrp *h, struct grid g, struct haul_error *e)
{
    for (int64_t k = 0, id = 1; k < h->kinds; k++)
        for (int64_t i = 0; i < h->kind[k].number; i++, id++) {
            struct haul_vrp_vehicle v = haul_vrp_vehicle_default();
            v.id = id;
            v.start = v.end = 0;
            v.capacity[0] = (int64_t)h->kind[k].capacity;
            v.cost_fixed = (int64_t)(h->kind[k].fixed * (double)(g.scale * COST_PARTS) + 0.5);
            v.cost_per_distance = (int64_t)(h->kind[k].per_distance * COST_PARTS + 0.5);
            if (h->range < 999999) v.distance_max = grid_units(g, h->range);
            int32_t index;
            const enum haul_err bad = haul_problem_add_vehicle(p, &v, &index, e);
            if (bad != HAUL_OK) return bad;
        }
    return HAUL_OK;
}

static enum haul_err hvrp_build(const struct hvrp *h, struct grid g, struct haul_problem **out, struct haul_error *e)
{
    struct haul_problem *p;
    enum haul_err bad = haul_problem_new((int32_t)h->customers + 1, 1, &p, e);
    if (bad != HAUL_OK) return bad;
    bad = grid_table(p, h->points, g, e);
    haul_problem_scales(p, (struct haul_scales){g.scale, g.scale, g.scale * COST_PARTS});
    for (int64_t i = 1; bad == HAUL_OK && i <= h->customers; i++) {
        struct haul_vrp_task task = haul_vrp_task_default();
        task.id = i;
        task.location = (int32_t)i;
        task.service = grid_units(g, h->service);
        task.delivery[0] = (int64_t)h->demand[i];
        int32_t index;
        bad = haul_problem_add_job(p, &task, &index, e);
    }
    if (bad == HAUL_OK) bad = hvrp_fleet(p, h, g, e);
    if (bad == HAUL_OK)
        *out = p;
    else
        haul_problem_free(p);
    return bad;
}

enum haul_err read_hvrp(struct text *t, enum haul_convention c, struct haul_problem **out, struct haul_error *e)
{
    struct hvrp h = {0};
    enum haul_err bad = hvrp_head(t, &h, e);
    if (bad != HAUL_OK) return bad;
    h.kind = calloc((size_t)h.kinds, sizeof *h.kind);
    h.points = calloc((size_t)h.customers + 1, sizeof *h.points);
    h.demand = calloc((size_t)h.customers + 1, sizeof *h.demand);
    if (h.kind == NULL || h.points == NULL || h.demand == NULL)
        bad = haul_fail(e, HAUL_E_NOMEM, "no memory for the customers");
    if (bad == HAUL_OK) bad = hvrp_body(t, &h, e);
    if (bad == HAUL_OK) bad = hvrp_build(&h, grid_of(c, HAUL_CONVENTION_EXACT), out, e);
    free(h.kind);
    free(h.points);
    free(h.demand);
    return bad;
}
