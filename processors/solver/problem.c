/* SPDX-License-Identifier: Apache-2.0
 * Building a problem: what is added is copied and checked, so that the search need not ask again.
 */
#include "processors/solver/problem.h"

#include <stdlib.h>

void *solver_room(void *array, size_t n, size_t size)
{
    if (n != 0 && (n & (n - 1)) != 0) return array;
    return realloc(array, (n == 0 ? 1 : 2 * n) * size);
}

enum haul_err haul_problem_new(int32_t locations, int32_t dims, struct haul_problem **out, struct haul_error *e)
{
    *out = NULL;
    if (locations < 1 || locations > HAUL_MAX_TASKS)
        return haul_fail(e, HAUL_E_RANGE, "locations: %d, not 1..%d", locations, HAUL_MAX_TASKS);
    if (dims < 0 || dims > HAUL_DIMS)
        return haul_fail(e, HAUL_E_RANGE, "amounts of %d parts, at most %d", dims, HAUL_DIMS);
    struct haul_problem *p = calloc(1, sizeof *p);
    if (p == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for a problem");
    p->locations_n = locations;
    p->dims = dims;
    p->classes = 1;
    p->scales = (struct haul_scales){.time = 1000, .distance = 1, .cost = 1000};
    *out = p;
    return HAUL_OK;
}

void haul_problem_free(struct haul_problem *p)
{
    if (p == NULL) return;
    for (int32_t i = 0; i < p->profiles_n; i++) {
        if (p->tables[i].distance != p->tables[i].time) free(p->tables[i].distance);
        free(p->tables[i].time);
    }
    for (size_t i = 0; i < p->kept_n; i++) free(p->kept[i]);
    free(p->kept);
    free(p->tasks);
    free(p->vehicles);
    free(p->speeds);
    free(p->tables);
    free(p->docks);
    free(p);
}

void haul_problem_scales(struct haul_problem *p, struct haul_scales scales)
{
    assert(scales.time > 0 && scales.distance > 0 && scales.cost > 0);
    p->scales = scales;
}

static enum haul_err no_memory(struct haul_error *e)
{
    return haul_fail(e, HAUL_E_NOMEM, "no memory to build the problem");
}

/* A copy that lives as long as the problem. NULL for nothing, and sets *failed when there is no memory. */
static void *keep(struct haul_problem *p, const void *from, size_t n, size_t size, bool *failed)
{
    if (n == 0 || from == NULL) return NULL;
    void **kept = solver_room(p->kept, p->kept_n, sizeof *kept);
    if (kept != NULL) p->kept = kept;
    void *copy = kept == NULL ? NULL : malloc(n * size);
    if (copy == NULL) {
        *failed = true;
        return NULL;
    }
    memcpy(copy, from, n * size);
    p->kept[p->kept_n++] = copy;
    return copy;
}

enum haul_err haul_problem_coordinates(struct haul_problem *p, const double *lon_deg, const double *lat_deg,
                                       struct haul_error *e)
{
    bool failed = false;
    p->lon_deg = keep(p, lon_deg, (size_t)p->locations_n, sizeof *lon_deg, &failed);
    p->lat_deg = keep(p, lat_deg, (size_t)p->locations_n, sizeof *lat_deg, &failed);
    return failed ? no_memory(e) : HAUL_OK;
}

struct haul_problem_view haul_problem_view(const struct haul_problem *p)
{
    return (struct haul_problem_view){
        .tasks = p->tasks,
        .vehicles = p->vehicles,
        .speeds = p->speeds,
        .docks = p->docks,
        .tasks_n = p->tasks_n,
        .vehicles_n = p->vehicles_n,
        .locations_n = p->locations_n,
        .profiles_n = p->profiles_n,
        .docks_n = p->docks_n,
        .dims = p->dims,
        .classes = p->classes,
        .scales = p->scales,
    };
}

/* ---- checks ---- */

static enum haul_err in_range(int64_t v, int64_t low, int64_t high, const char *field, struct haul_error *e)
{
    if (v >= low && v <= high) return HAUL_OK;
    return haul_fail(e, HAUL_E_RANGE, "%s: %lld, not %lld..%lld", field, (long long)v, (long long)low, (long long)high);
}

static enum haul_err good_windows(const struct haul_window *w, int32_t n, const char *field, struct haul_error *e)
{
    if (n < 0 || (n > 0 && w == NULL)) return haul_fail(e, HAUL_E_RANGE, "%s: a negative number of them", field);
    for (int32_t i = 0; i < n; i++) {
        if (w[i].open < -HAUL_FOREVER || w[i].close > HAUL_FOREVER)
            return haul_fail(e, HAUL_E_RANGE, "%s[%d]: too far from zero", field, i);
        if (w[i].open > w[i].close) return haul_fail(e, HAUL_E_CONFLICT, "%s[%d]: closes before it opens", field, i);
        if (i > 0 && w[i].open <= w[i - 1].close)
            return haul_fail(e, HAUL_E_CONFLICT, "%s[%d]: does not begin after the one before", field, i);
    }
    return HAUL_OK;
}

static enum haul_err good_amounts(const struct haul_problem *p, const int64_t *a, const char *field,
                                  struct haul_error *e)
{
    for (int32_t d = 0; d < HAUL_DIMS; d++) {
        if (d >= p->dims && a[d] != 0)
            return haul_fail(e, HAUL_E_RANGE, "%s[%d]: the problem has %d parts", field, d, p->dims);
        if (a[d] < 0 || a[d] > HAUL_AMOUNT_MAX)
            return haul_fail(e, HAUL_E_RANGE, "%s[%d]: %lld, not 0..2^40", field, d, (long long)a[d]);
    }
    return HAUL_OK;
}

static enum haul_err good_task(const struct haul_problem *p, const struct haul_vrp_task *t, struct haul_error *e)
{
    enum haul_err bad;
    if ((bad = in_range(p->tasks_n, 0, HAUL_MAX_TASKS - 2, "number of tasks", e)) != HAUL_OK) return bad;
    if ((bad = in_range(t->location, 0, p->locations_n - 1, "location", e)) != HAUL_OK) return bad;
    if ((bad = in_range(t->setup, 0, HAUL_AMOUNT_MAX, "setup", e)) != HAUL_OK) return bad;
    if ((bad = in_range(t->service, 0, HAUL_AMOUNT_MAX, "service", e)) != HAUL_OK) return bad;
    if ((bad = in_range(t->priority, 0, 100, "priority", e)) != HAUL_OK) return bad;
    if ((bad = in_range(t->prize, HAUL_VRP_NONE, HAUL_FOREVER, "prize", e)) != HAUL_OK) return bad;
    if ((bad = in_range(t->exposure_max, HAUL_VRP_NONE, HAUL_FOREVER, "exposure_max", e)) != HAUL_OK) return bad;
    if ((bad = good_amounts(p, t->delivery, "delivery", e)) != HAUL_OK) return bad;
    if ((bad = good_amounts(p, t->pickup, "pickup", e)) != HAUL_OK) return bad;
    return good_windows(t->windows, t->windows_n, "time_windows", e);
}

static enum haul_err good_breaks(const struct haul_problem *p, const struct haul_vrp_vehicle *v, struct haul_error *e)
{
    enum haul_err bad;
    for (int32_t i = 0; i < v->breaks_n; i++) {
        const struct haul_break *b = &v->breaks[i];
        if (b->windows_n == 0) return haul_fail(e, HAUL_E_CONFLICT, "breaks[%d].time_windows: none", i);
        if ((bad = good_windows(b->windows, b->windows_n, "breaks.time_windows", e)) != HAUL_OK) return bad;
        if ((bad = in_range(b->duration, 0, HAUL_AMOUNT_MAX, "breaks.service", e)) != HAUL_OK) return bad;
        if ((bad = good_amounts(p, b->load_max, "breaks.max_load", e)) != HAUL_OK) return bad;
    }
    return HAUL_OK;
}

static enum haul_err good_reloads(const struct haul_problem *p, const struct haul_vrp_vehicle *v, struct haul_error *e)
{
    enum haul_err bad;
    for (int32_t i = 0; i < v->reloads_n; i++) {
        if ((bad = in_range(v->reloads[i].location, 0, p->locations_n - 1, "reloads.location", e)) != HAUL_OK)
            return bad;
        if ((bad = in_range(v->reloads[i].duration, 0, HAUL_AMOUNT_MAX, "reloads.duration", e)) != HAUL_OK) return bad;
    }
    return in_range(v->reloads_max, 0, 1000, "reloads_max", e);
}

static enum haul_err good_rule(const struct haul_driving_rule *r, struct haul_error *e)
{
    if (r->drive_max == 0) return HAUL_OK;
    enum haul_err bad;
    if ((bad = in_range(r->drive_max, 1, HAUL_AMOUNT_MAX, "driving_rule.drive_max", e)) != HAUL_OK) return bad;
    if ((bad = in_range(r->rest, 1, HAUL_AMOUNT_MAX, "driving_rule.rest", e)) != HAUL_OK) return bad;
    if ((bad = in_range(r->split_first, 0, r->rest, "driving_rule.split_first", e)) != HAUL_OK) return bad;
    if ((bad = in_range(r->split_second, 0, r->rest, "driving_rule.split_second", e)) != HAUL_OK) return bad;
    return in_range(r->drive_day_max, 0, HAUL_AMOUNT_MAX, "driving_rule.drive_day_max", e);
}

static enum haul_err good_costs(const struct haul_vrp_vehicle *v, struct haul_error *e)
{
    const struct {
        int64_t value, low, high;
        const char *field;
    } ranges[] = {
        {v->cost_fixed, 0, HAUL_FOREVER, "costs.fixed"},
        {v->cost_per_distance, 0, HAUL_AMOUNT_MAX, "costs.per_distance"},
        {v->cost_per_time, 0, HAUL_AMOUNT_MAX, "costs.per_time"},
        {v->cost_per_service, 0, HAUL_AMOUNT_MAX, "costs.per_service"},
        {v->cost_per_duration, 0, HAUL_AMOUNT_MAX, "costs.per_duration"},
        {v->speed_permille, 1, 100000, "speed_factor"},
        {v->distance_max, HAUL_VRP_NONE, HAUL_FOREVER, "max_distance"},
        {v->travel_max, HAUL_VRP_NONE, HAUL_FOREVER, "max_travel_time"},
        {v->duration_max, HAUL_VRP_NONE, HAUL_FOREVER, "max_duration"},
        {v->tasks_max, HAUL_VRP_NONE, HAUL_MAX_TASKS, "max_tasks"},
        {v->energy_max, HAUL_VRP_NONE, HAUL_AMOUNT_MAX, "energy.max"},
        {v->energy_per_distance, 0, HAUL_AMOUNT_MAX, "energy.per_distance"},
        {v->energy_per_load, 0, HAUL_AMOUNT_MAX, "energy.per_load"},
        {v->exposure_drive_permille, 0, 1000, "exposure.drive"},
        {v->exposure_stop_permille, 0, 1000, "exposure.stop"},
        {v->dock_time, 0, HAUL_AMOUNT_MAX, "dock_time"},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const enum haul_err bad = in_range(ranges[i].value, ranges[i].low, ranges[i].high, ranges[i].field, e);
        if (bad != HAUL_OK) return bad;
    }
    return HAUL_OK;
}

static enum haul_err good_vehicle(const struct haul_problem *p, const struct haul_vrp_vehicle *v, struct haul_error *e)
{
    enum haul_err bad;
    if ((bad = in_range(p->vehicles_n, 0, HAUL_MAX_TASKS - 1, "number of vehicles", e)) != HAUL_OK) return bad;
    if ((bad = in_range(v->profile, 0, p->profiles_n - 1, "profile", e)) != HAUL_OK) return bad;
    if ((bad = in_range(v->service_class, 0, 1000, "type", e)) != HAUL_OK) return bad;
    if ((bad = in_range(v->start, HAUL_VRP_NONE, p->locations_n - 1, "start", e)) != HAUL_OK) return bad;
    if ((bad = in_range(v->end, HAUL_VRP_NONE, p->locations_n - 1, "end", e)) != HAUL_OK) return bad;
    if ((bad = in_range(v->dock, HAUL_VRP_NONE, p->docks_n - 1, "dock", e)) != HAUL_OK) return bad;
    if ((bad = good_amounts(p, v->capacity, "capacity", e)) != HAUL_OK) return bad;
    if ((bad = good_windows(&v->shift, 1, "time_window", e)) != HAUL_OK) return bad;
    if ((bad = good_costs(v, e)) != HAUL_OK) return bad;
    if ((bad = good_breaks(p, v, e)) != HAUL_OK) return bad;
    if ((bad = good_reloads(p, v, e)) != HAUL_OK) return bad;
    if ((bad = good_rule(&v->rule, e)) != HAUL_OK) return bad;
    if ((bad = in_range(v->steps_n, 0, p->tasks_n, "steps", e)) != HAUL_OK) return bad;
    if ((bad = in_range(v->steps_frozen, 0, v->steps_n, "steps: frozen ones", e)) != HAUL_OK) return bad;
    for (int32_t i = 0; i < v->steps_n; i++)
        if ((bad = in_range(v->steps[i], 0, p->tasks_n - 1, "steps", e)) != HAUL_OK) return bad;
    return HAUL_OK;
}

/* ---- adding ---- */

enum haul_err haul_problem_add_profile(struct haul_problem *p, int32_t *index, struct haul_error *e)
{
    struct table *tables = solver_room(p->tables, (size_t)p->profiles_n, sizeof *tables);
    if (tables == NULL) return no_memory(e);
    p->tables = tables;
    struct haul_speeds *speeds = solver_room(p->speeds, (size_t)p->profiles_n, sizeof *speeds);
    if (speeds == NULL) return no_memory(e);
    p->speeds = speeds;
    p->tables[p->profiles_n] = (struct table){0};
    p->speeds[p->profiles_n] = (struct haul_speeds){0};
    *index = p->profiles_n++;
    return HAUL_OK;
}

enum haul_err haul_problem_add_dock(struct haul_problem *p, int32_t places, int32_t *index, struct haul_error *e)
{
    const enum haul_err bad = in_range(places, 1, HAUL_MAX_TASKS, "places of a dock", e);
    if (bad != HAUL_OK) return bad;
    int32_t *docks = solver_room(p->docks, (size_t)p->docks_n, sizeof *docks);
    if (docks == NULL) return no_memory(e);
    p->docks = docks;
    p->docks[p->docks_n] = places;
    *index = p->docks_n++;
    return HAUL_OK;
}

static enum haul_err add_task(struct haul_problem *p, const struct haul_vrp_task *t, struct haul_error *e)
{
    const enum haul_err bad = good_task(p, t, e);
    if (bad != HAUL_OK) return bad;
    struct haul_vrp_task *tasks = solver_room(p->tasks, (size_t)p->tasks_n, sizeof *tasks);
    if (tasks == NULL) return no_memory(e);
    p->tasks = tasks;
    bool failed = false;
    struct haul_vrp_task copy = *t;
    copy.windows = keep(p, t->windows, (size_t)t->windows_n, sizeof *t->windows, &failed);
    copy.service_of_class = keep(p, t->service_of_class, (size_t)p->classes, sizeof *t->service_of_class, &failed);
    copy.description.p = keep(p, t->description.p, t->description.n, 1, &failed);
    if (failed) return no_memory(e);
    p->tasks[p->tasks_n++] = copy;
    return HAUL_OK;
}

enum haul_err haul_problem_add_job(struct haul_problem *p, const struct haul_vrp_task *t, int32_t *index,
                                   struct haul_error *e)
{
    struct haul_vrp_task job = *t;
    job.kind = HAUL_VRP_JOB;
    job.mate = HAUL_VRP_NONE;
    const enum haul_err bad = add_task(p, &job, e);
    if (bad == HAUL_OK) *index = p->tasks_n - 1;
    return bad;
}

enum haul_err haul_problem_add_shipment(struct haul_problem *p, const struct haul_vrp_task *pickup,
                                        const struct haul_vrp_task *delivery, int32_t *index, struct haul_error *e)
{
    struct haul_vrp_task from = *pickup, to = *delivery;
    const int32_t at = p->tasks_n;
    from.kind = HAUL_VRP_PICKUP;
    from.mate = at + 1;
    to.kind = HAUL_VRP_DELIVERY;
    to.mate = at;
    memset(from.delivery, 0, sizeof from.delivery);
    memset(to.pickup, 0, sizeof to.pickup);
    memcpy(to.delivery, from.pickup, sizeof to.delivery);
    memcpy(to.skills, from.skills, sizeof to.skills);
    to.priority = from.priority;
    to.prize = from.prize;
    to.exposure_max = from.exposure_max;
    enum haul_err bad = add_task(p, &from, e);
    if (bad != HAUL_OK) return bad;
    if ((bad = add_task(p, &to, e)) != HAUL_OK) {
        p->tasks_n = at;
        return bad;
    }
    *index = at;
    return HAUL_OK;
}

enum haul_err problem_narrow(struct haul_problem *p, int32_t task, struct haul_window to, struct haul_error *e)
{
    struct haul_vrp_task *t = &p->tasks[task];
    const struct haul_window any = {0, HAUL_FOREVER};
    const struct haul_window *was = t->windows_n == 0 ? &any : t->windows;
    bool failed = false;
    struct haul_window *now = keep(p, was, t->windows_n == 0 ? 1 : (size_t)t->windows_n, sizeof *now, &failed);
    if (failed) return haul_fail(e, HAUL_E_NOMEM, "no memory for windows");
    int32_t n = 0;
    for (int32_t i = 0; i < (t->windows_n == 0 ? 1 : t->windows_n); i++) {
        const struct haul_window both = {was[i].open > to.open ? was[i].open : to.open,
                                         was[i].close < to.close ? was[i].close : to.close};
        if (both.open <= both.close) now[n++] = both;
    }
    if (n == 0) return haul_fail(e, HAUL_E_CONFLICT, "no window of the task is left");
    t->windows = now;
    t->windows_n = n;
    return HAUL_OK;
}

static void keep_breaks(struct haul_problem *p, struct haul_vrp_vehicle *v, bool *failed)
{
    struct haul_break *breaks = keep(p, v->breaks, (size_t)v->breaks_n, sizeof *v->breaks, failed);
    for (int32_t i = 0; breaks != NULL && i < v->breaks_n; i++) {
        breaks[i].windows = keep(p, breaks[i].windows, (size_t)breaks[i].windows_n, sizeof *breaks[i].windows, failed);
        breaks[i].description.p = keep(p, breaks[i].description.p, breaks[i].description.n, 1, failed);
    }
    v->breaks = breaks;
}

enum haul_err haul_problem_add_vehicle(struct haul_problem *p, const struct haul_vrp_vehicle *v, int32_t *index,
                                       struct haul_error *e)
{
    const enum haul_err bad = good_vehicle(p, v, e);
    if (bad != HAUL_OK) return bad;
    struct haul_vrp_vehicle *vehicles = solver_room(p->vehicles, (size_t)p->vehicles_n, sizeof *vehicles);
    if (vehicles == NULL) return no_memory(e);
    p->vehicles = vehicles;
    bool failed = false;
    struct haul_vrp_vehicle copy = *v;
    keep_breaks(p, &copy, &failed);
    copy.reloads = keep(p, v->reloads, (size_t)v->reloads_n, sizeof *v->reloads, &failed);
    copy.steps = keep(p, v->steps, (size_t)v->steps_n, sizeof *v->steps, &failed);
    copy.description.p = keep(p, v->description.p, v->description.n, 1, &failed);
    if (failed) return no_memory(e);
    p->vehicles[p->vehicles_n] = copy;
    *index = p->vehicles_n++;
    return HAUL_OK;
}

enum haul_err haul_problem_set_classes(struct haul_problem *p, int32_t classes, struct haul_error *e)
{
    if (p->tasks_n > 0) return haul_fail(e, HAUL_E_CONFLICT, "classes of vehicles are set before tasks are added");
    const enum haul_err bad = in_range(classes, 1, 1000, "classes of vehicles", e);
    if (bad == HAUL_OK) p->classes = classes;
    return bad;
}

enum haul_err haul_problem_set_speeds(struct haul_problem *p, int32_t profile, const struct haul_speeds *s,
                                      struct haul_error *e)
{
    enum haul_err bad = in_range(profile, 0, p->profiles_n - 1, "profile", e);
    if (bad == HAUL_OK) bad = in_range(s->step, 1, HAUL_AMOUNT_MAX, "speeds.step", e);
    if (bad == HAUL_OK) bad = in_range(s->steps_n, 1, 10000, "speeds: number of steps", e);
    for (int32_t i = 0; bad == HAUL_OK && i < s->steps_n; i++)
        bad = in_range(s->speed_permille[i], 10, 1000, "speeds", e);
    if (bad != HAUL_OK) return bad;
    bool failed = false;
    struct haul_speeds copy = *s;
    copy.speed_permille = keep(p, s->speed_permille, (size_t)s->steps_n, sizeof *s->speed_permille, &failed);
    if (failed) return no_memory(e);
    p->speeds[profile] = copy;
    return HAUL_OK;
}

/* ---- travel tables ---- */

static enum haul_err good_table(const struct haul_problem *p, const int32_t *table, const char *what,
                                struct haul_error *e)
{
    const int64_t n = p->locations_n;
    for (int64_t i = 0; i < n * n; i++)
        if (table[i] < 0)
            return haul_fail(e, HAUL_E_RANGE, "%s[%lld][%lld]: negative or above 2^31-1", what, (long long)(i / n),
                             (long long)(i % n));
    return HAUL_OK;
}

enum haul_err haul_problem_set_table(struct haul_problem *p, int32_t profile, int32_t *time, int32_t *distance,
                                     struct haul_error *e)
{
    enum haul_err bad = in_range(profile, 0, p->profiles_n - 1, "profile", e);
    if (bad == HAUL_OK) bad = good_table(p, time, "durations", e);
    if (bad == HAUL_OK && distance != time) bad = good_table(p, distance, "distances", e);
    if (bad != HAUL_OK) {
        if (distance != time) free(distance);
        free(time);
        return bad;
    }
    assert(p->tables[profile].time == NULL);
    p->tables[profile] = (struct table){time, distance};
    return HAUL_OK;
}

enum haul_err haul_problem_fill_table(struct haul_problem *p, int32_t profile, haul_row_fn *row, void *arg,
                                      struct haul_error *e)
{
    const size_t n = (size_t)p->locations_n;
    int32_t *time = malloc(n * n * sizeof *time), *distance = malloc(n * n * sizeof *distance);
    enum haul_err bad = time == NULL || distance == NULL ? no_memory(e) : HAUL_OK;
    for (size_t i = 0; bad == HAUL_OK && i < n; i++)
        bad = row(arg, (int32_t)i, (int32_t)n, time + i * n, distance + i * n, e);
    if (bad == HAUL_OK) return haul_problem_set_table(p, profile, time, distance, e);
    free(time);
    free(distance);
    return bad;
}

int32_t haul_problem_time(const struct haul_problem *p, int32_t profile, int32_t a, int32_t b)
{
    return p->tables[profile].time[(int64_t)a * p->locations_n + b];
}

int32_t haul_problem_distance(const struct haul_problem *p, int32_t profile, int32_t a, int32_t b)
{
    return p->tables[profile].distance[(int64_t)a * p->locations_n + b];
}

/* A task may stand in one vehicle's steps, once, and a shipment's delivery behind its pickup. */
static enum haul_err good_steps(const struct haul_problem *p, int32_t *seen, struct haul_error *e)
{
    for (int32_t v = 0; v < p->vehicles_n; v++) {
        const struct haul_vrp_vehicle *at = &p->vehicles[v];
        for (int32_t i = 0; i < at->steps_n; i++) {
            const struct haul_vrp_task *t = &p->tasks[at->steps[i]];
            if (seen[at->steps[i]] != 0)
                return haul_fail(e, HAUL_E_DUPLICATE, "vehicle %lld: steps: task %lld stands there twice",
                                 (long long)at->id, (long long)t->id);
            if (t->kind == HAUL_VRP_DELIVERY && seen[t->mate] != v + 1)
                return haul_fail(e, HAUL_E_CONFLICT, "vehicle %lld: steps: delivery %lld without its pickup before it",
                                 (long long)at->id, (long long)t->id);
            seen[at->steps[i]] = v + 1;
        }
    }
    return HAUL_OK;
}

enum haul_err haul_problem_check(const struct haul_problem *p, struct haul_error *e)
{
    if (p->vehicles_n == 0) return haul_fail(e, HAUL_E_CONFLICT, "vehicles: there are none");
    for (int32_t i = 0; i < p->profiles_n; i++)
        if (p->tables[i].time == NULL) return haul_fail(e, HAUL_E_CONFLICT, "profile %d has no travel times", i);
    for (int32_t v = 0; v < p->vehicles_n; v++)
        if (p->vehicles[v].service_class >= p->classes)
            return haul_fail(e, HAUL_E_RANGE, "vehicle %lld: type: not one of %d", (long long)p->vehicles[v].id,
                             p->classes);
    int32_t *seen = calloc((size_t)p->tasks_n + 1, sizeof *seen);
    if (seen == NULL) return no_memory(e);
    const enum haul_err bad = good_steps(p, seen, e);
    free(seen);
    return bad;
}

struct haul_vrp_task haul_vrp_task_default(void)
{
    return (struct haul_vrp_task){.mate = HAUL_VRP_NONE, .prize = HAUL_VRP_NONE, .exposure_max = HAUL_VRP_NONE};
}

struct haul_vrp_vehicle haul_vrp_vehicle_default(void)
{
    return (struct haul_vrp_vehicle){
        .start = HAUL_VRP_NONE,
        .end = HAUL_VRP_NONE,
        .shift = {0, HAUL_FOREVER},
        .speed_permille = 1000,
        .distance_max = HAUL_VRP_NONE,
        .travel_max = HAUL_VRP_NONE,
        .duration_max = HAUL_VRP_NONE,
        .tasks_max = HAUL_VRP_NONE,
        .energy_max = HAUL_VRP_NONE,
        .dock = HAUL_VRP_NONE,
    };
}

bool haul_driving_rule_named(const char *name, int64_t second, struct haul_driving_rule *out)
{
    const int64_t minute = 60 * second, hour = 60 * minute;
    if (strcmp(name, "cn") == 0) {
        *out = (struct haul_driving_rule){.drive_max = 4 * hour, .rest = 20 * minute, .drive_day_max = 8 * hour};
        return true;
    }
    if (strcmp(name, "eu561") == 0) {
        *out = (struct haul_driving_rule){.drive_max = 4 * hour + 30 * minute,
                                          .rest = 45 * minute,
                                          .split_first = 15 * minute,
                                          .split_second = 30 * minute,
                                          .drive_day_max = 9 * hour};
        return true;
    }
    return false;
}
