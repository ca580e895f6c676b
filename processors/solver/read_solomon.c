/* SPDX-License-Identifier: Apache-2.0
 * Solomon's and Gehring and Homberger's files (VEHICLE, CUSTOMER), and Li and Lim's (the same columns, with pickup and
 * delivery).
 */
#include "processors/solver/text.h"

#include <stdlib.h>

enum { ROWS_MAX = 100000 };
static const double far = 1e7; /* no coordinate or time lies beyond */

struct row {
    double x, y, demand, ready, due, service;
    int64_t pickup, delivery;
};

struct rows {
    struct row *p;
    int32_t n;
};

static enum haul_err read_row(struct text *t, struct row *r, int64_t number, bool pairs, struct haul_error *e)
{
    int64_t id;
    enum haul_err bad;
    if ((bad = text_int(t, "customer number", 0, ROWS_MAX, &id, e)) != HAUL_OK) return bad;
    if (id != number)
        return haul_fail(e, HAUL_E_CONFLICT, "line %d: customer %lld where %lld is expected", t->line, (long long)id,
                         (long long)number);
    const struct {
        const char *what;
        double low, high, *to;
    } fields[] = {
        {"x", -far, far, &r->x},           {"y", -far, far, &r->y},       {"demand", pairs ? -far : 0, far, &r->demand},
        {"ready time", 0, far, &r->ready}, {"due date", 0, far, &r->due}, {"service time", 0, far, &r->service}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if ((bad = text_number(t, fields[i].what, fields[i].low, fields[i].high, fields[i].to, e)) != HAUL_OK)
            return bad;
    if (r->ready > r->due) return haul_fail(e, HAUL_E_CONFLICT, "line %d: due date before ready time", t->line);
    if (!pairs) return HAUL_OK;
    if ((bad = text_int(t, "pickup", 0, ROWS_MAX, &r->pickup, e)) != HAUL_OK) return bad;
    return text_int(t, "delivery", 0, ROWS_MAX, &r->delivery, e);
}

static enum haul_err read_rows(struct text *t, bool pairs, struct rows *rows, struct haul_error *e)
{
    *rows = (struct rows){0};
    while (!text_end(t)) {
        if (rows->n == ROWS_MAX)
            return haul_fail(e, HAUL_E_LIMIT, "line %d: more than %d customers", t->line, ROWS_MAX);
        struct row *p =
            (rows->n & (rows->n - 1)) != 0 ? rows->p : realloc(rows->p, (size_t)(2 * rows->n + 1) * sizeof *p);
        if (p == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for the customers");
        rows->p = p;
        const enum haul_err bad = read_row(t, &rows->p[rows->n], rows->n, pairs, e);
        if (bad != HAUL_OK) return bad;
        rows->n++;
    }
    return rows->n == 0 ? haul_fail(e, HAUL_E_INVALID, "line %d: no depot", t->line) : HAUL_OK;
}

static struct haul_vrp_task task_of(const struct row *r, int32_t i, struct grid g, struct haul_window *window)
{
    struct haul_vrp_task task = haul_vrp_task_default();
    task.id = i;
    task.location = i;
    task.service = grid_units(g, r->service);
    *window = (struct haul_window){grid_units(g, r->ready), grid_units(g, r->due)};
    task.windows = window;
    task.windows_n = 1;
    return task;
}

static enum haul_err add_jobs(struct haul_problem *p, const struct rows *rows, struct grid g, struct haul_error *e)
{
    for (int32_t i = 1; i < rows->n; i++) {
        struct haul_window window;
        struct haul_vrp_task task = task_of(&rows->p[i], i, g, &window);
        task.delivery[0] = (int64_t)rows->p[i].demand;
        int32_t index;
        const enum haul_err bad = haul_problem_add_job(p, &task, &index, e);
        if (bad != HAUL_OK) return bad;
    }
    return HAUL_OK;
}

static enum haul_err add_pairs(struct haul_problem *p, const struct rows *rows, struct grid g, struct haul_error *e)
{
    for (int32_t i = 1; i < rows->n; i++) {
        const struct row *r = &rows->p[i];
        if (r->delivery == 0) {
            if (r->pickup == 0 || r->pickup >= rows->n || rows->p[r->pickup].delivery != i)
                return haul_fail(e, HAUL_E_CONFLICT, "customer %d: neither a pickup nor the delivery of one", i);
            continue;
        }
        if (r->delivery >= rows->n || r->delivery == i || rows->p[r->delivery].pickup != i || r->demand < 0)
            return haul_fail(e, HAUL_E_CONFLICT, "customer %d: its delivery %lld is not one of it", i,
                             (long long)r->delivery);
        struct haul_window from_window, to_window;
        struct haul_vrp_task from = task_of(r, i, g, &from_window);
        const struct haul_vrp_task to = task_of(&rows->p[r->delivery], (int32_t)r->delivery, g, &to_window);
        from.pickup[0] = (int64_t)r->demand;
        int32_t index;
        const enum haul_err bad = haul_problem_add_shipment(p, &from, &to, &index, e);
        if (bad != HAUL_OK) return bad;
    }
    return HAUL_OK;
}

static enum haul_err add_fleet(struct haul_problem *p, const struct row *depot, struct grid g, int64_t vehicles,
                               int64_t capacity, struct haul_error *e)
{
    for (int64_t i = 0; i < vehicles; i++) {
        struct haul_vrp_vehicle v = haul_vrp_vehicle_default();
        v.id = i + 1;
        v.start = v.end = 0;
        v.capacity[0] = capacity;
        v.shift = (struct haul_window){grid_units(g, depot->ready), grid_units(g, depot->due)};
        v.cost_per_distance = 1;
        int32_t index;
        const enum haul_err bad = haul_problem_add_vehicle(p, &v, &index, e);
        if (bad != HAUL_OK) return bad;
    }
    return HAUL_OK;
}

static enum haul_err build(struct haul_problem *p, const struct rows *rows, struct grid g, bool pairs, int64_t vehicles,
                           int64_t capacity, struct haul_error *e)
{
    struct point *points = calloc((size_t)rows->n, sizeof *points);
    if (points == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for the places");
    for (int32_t i = 0; i < rows->n; i++) points[i] = (struct point){rows->p[i].x, rows->p[i].y};
    enum haul_err bad = grid_table(p, points, g, e);
    free(points);
    if (bad == HAUL_OK) bad = pairs ? add_pairs(p, rows, g, e) : add_jobs(p, rows, g, e);
    if (bad == HAUL_OK) bad = add_fleet(p, &rows->p[0], g, vehicles, capacity, e);
    return bad;
}

static enum haul_err read_body(struct text *t, enum haul_convention c, bool pairs, int64_t vehicles, int64_t capacity,
                               struct haul_problem **out, struct haul_error *e)
{
    struct rows rows;
    struct haul_problem *p = NULL;
    enum haul_err bad = read_rows(t, pairs, &rows, e);
    if (bad == HAUL_OK) bad = haul_problem_new(rows.n, 1, &p, e);
    if (bad == HAUL_OK) bad = build(p, &rows, grid_of(c, HAUL_CONVENTION_EXACT), pairs, vehicles, capacity, e);
    free(rows.p);
    if (bad != HAUL_OK) {
        haul_problem_free(p);
        return bad;
    }
    *out = p;
    return HAUL_OK;
}

static enum haul_err expect(struct text *t, const char *word, struct haul_error *e)
{
    const struct haul_str w = text_word(t);
    if (haul_str_eq(w, haul_str_of(word))) return HAUL_OK;
    return haul_fail(e, HAUL_E_INVALID, "line %d: '%.*s' where '%s' is expected", t->line, (int)(w.n < 40 ? w.n : 40),
                     w.p, word);
}

enum haul_err read_solomon(struct text *t, enum haul_convention c, struct haul_problem **out, struct haul_error *e)
{
    int64_t vehicles, capacity;
    enum haul_err bad;
    text_line(t); /* the name */
    if ((bad = expect(t, "VEHICLE", e)) != HAUL_OK) return bad;
    if ((bad = expect(t, "NUMBER", e)) != HAUL_OK) return bad;
    if ((bad = expect(t, "CAPACITY", e)) != HAUL_OK) return bad;
    if ((bad = text_int(t, "number of vehicles", 1, ROWS_MAX, &vehicles, e)) != HAUL_OK) return bad;
    if ((bad = text_int(t, "capacity", 0, HAUL_AMOUNT_MAX, &capacity, e)) != HAUL_OK) return bad;
    if ((bad = expect(t, "CUSTOMER", e)) != HAUL_OK) return bad;
    if ((bad = expect(t, "CUST", e)) != HAUL_OK) return bad;
    text_line(t); /* the heads of the columns */
    return read_body(t, c, false, vehicles, capacity, out, e);
}

enum haul_err read_li_lim(struct text *t, enum haul_convention c, struct haul_problem **out, struct haul_error *e)
{
    int64_t vehicles, capacity, speed;
    enum haul_err bad;
    if ((bad = text_int(t, "number of vehicles", 1, ROWS_MAX, &vehicles, e)) != HAUL_OK) return bad;
    if ((bad = text_int(t, "capacity", 0, HAUL_AMOUNT_MAX, &capacity, e)) != HAUL_OK) return bad;
    if ((bad = text_int(t, "speed", 0, 1000000, &speed, e)) != HAUL_OK) return bad;
    return read_body(t, c, true, vehicles, capacity, out, e);
}
