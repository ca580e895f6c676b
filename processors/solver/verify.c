/* SPDX-License-Identifier: Apache-2.0
 * The verifier. It shares no code with the search: it reads the problem's description and the claimed stops, and asks
 * each rule in its own words, in double precision.
 */
#include "haul/solver_verify.h"

#include <stdlib.h>

static const double tolerance = 0.01; /* of a unit of time, distance or load: all are whole */

struct check {
    const struct haul_problem *p;
    struct haul_problem_view v;
    struct haul_error *e;
    bool timed;
    int32_t *route_of; /* [tasks] */
    int32_t *pos_of;
    bool *driven;
    double cost, slack; /* the slack: where a pause cuts a way at a speed that changes, a unit of time or two is lost in
                           rounding */
};

/* One vehicle on its way. */
struct drive {
    const struct haul_vrp_vehicle *h;
    int32_t route, loc;
    double now, travel, distance, waiting, service, lossy_pauses;
    double stretch; /* at the wheel since the last rest */
    bool first_part;
    double energy, exposure, trip_exposure;
    double begun;
    double load[HAUL_DIMS];
};

static enum haul_err wrong(const struct check *c, const struct drive *d, int32_t task, const char *what, double by)
{
    const long long vehicle = (long long)d->h->id;
    if (task == HAUL_VRP_NONE) return haul_fail(c->e, HAUL_E_CONFLICT, "vehicle %lld: %s (by %.3f)", vehicle, what, by);
    return haul_fail(c->e, HAUL_E_CONFLICT, "vehicle %lld: task %lld: %s (by %.3f)", vehicle,
                     (long long)c->v.tasks[task].id, what, by);
}

/* ---- speed over time ---- */

static double speed_at(const struct haul_speeds *s, double t, double *until)
{
    *until = 1e300;
    if (s->steps_n == 0) return 1;
    if (t < (double)s->from) {
        *until = (double)s->from;
        return 1;
    }
    const double step = (t - (double)s->from) / (double)s->step;
    if (step >= s->steps_n) return 1;
    const int32_t k = (int32_t)step;
    *until = (double)s->from + (double)(k + 1) * (double)s->step;
    return s->speed_permille[k] / 1000.0;
}

/* How much of a way is done between two moments, in the table's time. */
static double work_between(const struct haul_speeds *s, double from, double to)
{
    double work = 0;
    while (from < to) {
        double until;
        const double speed = speed_at(s, from, &until);
        const double end = until < to ? until : to;
        work += (end - from) * speed;
        from = end;
    }
    return work;
}

/* When a way is done that begins at `from`. */
static double arrive(const struct haul_speeds *s, double from, double work)
{
    for (;;) {
        double until;
        const double speed = speed_at(s, from, &until);
        if (work <= (until - from) * speed) return from + work / speed;
        work -= (until - from) * speed;
        from = until;
    }
}

static double table_time(const struct check *c, const struct haul_vrp_vehicle *h, int32_t a, int32_t b)
{
    if (a == HAUL_VRP_NONE || b == HAUL_VRP_NONE) return 0;
    const double t = haul_problem_time(c->p, h->profile, a, b);
    /* tables are whole numbers at every speed */
    return h->speed_permille == 1000 ? t : (double)(int64_t)(t * 1000.0 / h->speed_permille + 0.5);
}

static double table_distance(const struct check *c, const struct haul_vrp_vehicle *h, int32_t a, int32_t b)
{
    return a == HAUL_VRP_NONE || b == HAUL_VRP_NONE ? 0 : haul_problem_distance(c->p, h->profile, a, b);
}

/* ---- pauses ---- */

static void paused(struct drive *d, double duration)
{
    const struct haul_driving_rule *r = &d->h->rule;
    const bool whole = duration + tolerance >= (double)r->rest;
    const bool second = d->first_part && r->split_second > 0 && duration + tolerance >= (double)r->split_second;
    if (whole || second)
        d->stretch = 0, d->first_part = false;
    else if (r->split_first > 0 && duration + tolerance >= (double)r->split_first)
        d->first_part = true;
}

static enum haul_err wheel(const struct check *c, struct drive *d, double elapsed)
{
    d->travel += elapsed;
    d->stretch += elapsed;
    d->exposure += elapsed * d->h->exposure_drive_permille / 1000.0;
    const double over = d->stretch - (double)d->h->rule.drive_max;
    return d->h->rule.drive_max > 0 && over > tolerance
               ? wrong(c, d, HAUL_VRP_NONE, "drives too long without a rest", over)
               : HAUL_OK;
}

static enum haul_err check_break(const struct check *c, struct drive *d, const struct haul_claim_stop *s, bool *taken)
{
    if (s->index < 0 || s->index >= d->h->breaks_n)
        return wrong(c, d, HAUL_VRP_NONE, "a break that it does not have", s->index);
    if (taken[s->index]) return wrong(c, d, HAUL_VRP_NONE, "a break is taken twice", s->index);
    taken[s->index] = true;
    const struct haul_break *b = &d->h->breaks[s->index];
    const double begin = (double)(s->arrival + s->waiting);
    bool inside = false;
    for (int32_t w = 0; w < b->windows_n; w++)
        inside |= begin + tolerance >= (double)b->windows[w].open && begin <= (double)b->windows[w].close + tolerance;
    if (!inside) return wrong(c, d, HAUL_VRP_NONE, "a break outside its windows", begin);
    if (s->service < b->duration)
        return wrong(c, d, HAUL_VRP_NONE, "a break is too short", (double)(b->duration - s->service));
    for (int32_t k = 0; b->load_limited && k < c->v.dims; k++)
        if (d->load[k] > (double)b->load_max[k] + tolerance)
            return wrong(c, d, HAUL_VRP_NONE, "too much on board during a break", d->load[k] - (double)b->load_max[k]);
    return HAUL_OK;
}

/* ---- ways ---- */

/* From stop i to the next one that is a place: pauses in between are on the way. */
static enum haul_err travel(const struct check *c, struct drive *d, const struct haul_claim_route *r, int32_t to,
                            int32_t to_loc, int32_t paused_from, bool *taken)
{
    const double base = table_time(c, d->h, d->loc, to_loc);
    const struct haul_speeds *speeds = &c->v.speeds[d->h->profile];
    enum haul_err bad = HAUL_OK;
    if (!c->timed) {
        const double at = (double)(int64_t)(arrive(speeds, d->now, base) + 1 - 1e-6);
        bad = wheel(c, d, at - d->now);
        d->now = at;
    } else {
        double work = 0, from = d->now;
        for (int32_t k = paused_from; bad == HAUL_OK && k <= to; k++) {
            const struct haul_claim_stop *s = &r->stops[k];
            if ((double)s->arrival + tolerance < from)
                return wrong(c, d, s->task, "arrives before it has left", from - (double)s->arrival);
            /* idle driving is not claimed: what is more than the way is waiting */
            const double done = arrive(speeds, from, base - work);
            const double until =
                (double)(int64_t)(done + 1 - 1e-6); /* times are whole: the last part of one counts as one */
            const double end = until < (double)s->arrival ? until : (double)s->arrival;
            work += work_between(speeds, from, end);
            bad = wheel(c, d, end - from);
            if (bad != HAUL_OK || k == to) break;
            if (s->kind == HAUL_STEP_BREAK && (bad = check_break(c, d, s, taken)) != HAUL_OK) break;
            paused(d, (double)(s->waiting + s->service));
            from = (double)(s->arrival + s->waiting + s->service);
            d->lossy_pauses += speeds->steps_n > 0;
        }
        if (bad == HAUL_OK && base - work > tolerance)
            return wrong(c, d, r->stops[to].task, "arrives too early for the way", base - work);
        d->now = (double)r->stops[to].arrival;
    }
    if (bad != HAUL_OK) return bad;
    const double way = table_distance(c, d->h, d->loc, to_loc);
    d->distance += way;
    d->energy += way * ((double)d->h->energy_per_distance + (double)d->h->energy_per_load * d->load[0]) / 1e6;
    if (d->h->energy_max != HAUL_VRP_NONE && d->energy > (double)d->h->energy_max + 1e-6 + tolerance / 1000)
        return wrong(c, d, HAUL_VRP_NONE, "runs out of energy", d->energy - (double)d->h->energy_max);
    if (to_loc != HAUL_VRP_NONE) d->loc = to_loc;
    return HAUL_OK;
}

/* ---- loads and stops ---- */

static enum haul_err loaded(const struct check *c, const struct drive *d, int32_t task)
{
    for (int32_t k = 0; k < c->v.dims; k++)
        if (d->load[k] > (double)d->h->capacity[k] + tolerance)
            return wrong(c, d, task, "is overloaded", d->load[k] - (double)d->h->capacity[k]);
    return HAUL_OK;
}

static bool loads_here(const struct drive *d, const struct haul_claim_stop *s)
{
    return s->kind == HAUL_STEP_START || (s->kind == HAUL_STEP_RELOAD && d->h->reloads[s->index].load);
}

/* Leaving the start or a reload: the deliveries of the jobs up to the next reload come on board. */
static void take_on(const struct check *c, struct drive *d, const struct haul_claim_route *r, int32_t from)
{
    for (int32_t i = from + 1; i < r->stops_n && !loads_here(d, &r->stops[i]); i++) {
        if (r->stops[i].kind != HAUL_STEP_TASK) continue;
        const struct haul_vrp_task *t = &c->v.tasks[r->stops[i].task];
        for (int32_t k = 0; t->kind == HAUL_VRP_JOB && k < c->v.dims; k++) d->load[k] += (double)t->delivery[k];
    }
}

/* Coming back: the pickups of the jobs since the last loading are left, and must not have been warm for too long. */
static enum haul_err leave_off(const struct check *c, struct drive *d, const struct haul_claim_route *r, int32_t at,
                               const double *left)
{
    for (int32_t i = at - 1; i >= 0 && !loads_here(d, &r->stops[i]); i--) {
        if (r->stops[i].kind != HAUL_STEP_TASK) continue;
        const struct haul_vrp_task *t = &c->v.tasks[r->stops[i].task];
        bool any = false;
        for (int32_t k = 0; t->kind == HAUL_VRP_JOB && k < c->v.dims; k++)
            d->load[k] -= (double)t->pickup[k], any |= t->pickup[k] > 0;
        const double over = d->exposure - left[i] - (double)t->exposure_max;
        if (any && t->exposure_max != HAUL_VRP_NONE && over > tolerance)
            return wrong(c, d, r->stops[i].task, "is outside the cold band for too long", over);
    }
    return HAUL_OK;
}

static enum haul_err handed_over(const struct check *c, const struct drive *d, int32_t task, const double *left)
{
    const struct haul_vrp_task *t = &c->v.tasks[task];
    if (t->exposure_max == HAUL_VRP_NONE || t->kind == HAUL_VRP_PICKUP) return HAUL_OK;
    bool any = t->kind == HAUL_VRP_DELIVERY;
    for (int32_t k = 0; k < c->v.dims; k++) any |= t->delivery[k] > 0;
    const double since = t->kind == HAUL_VRP_DELIVERY ? left[c->pos_of[t->mate]] : d->trip_exposure;
    const double over = d->exposure - since - (double)t->exposure_max;
    return any && over > tolerance ? wrong(c, d, task, "is outside the cold band for too long", over) : HAUL_OK;
}

static double begins(const struct haul_vrp_task *t, double arrival)
{
    for (int32_t w = 0; w < t->windows_n; w++)
        if (arrival <= (double)t->windows[w].close + tolerance)
            return arrival > (double)t->windows[w].open ? arrival : (double)t->windows[w].open;
    return t->windows_n == 0 ? arrival : -1;
}

static enum haul_err stop(const struct check *c, struct drive *d, const struct haul_claim_stop *s, int32_t came_from,
                          const double *left)
{
    const struct haul_vrp_task *t = &c->v.tasks[s->task];
    for (int32_t w = 0; w < HAUL_SKILL_WORDS; w++)
        if ((t->skills[w] & ~d->h->skills[w]) != 0)
            return wrong(c, d, s->task, "needs a skill that the vehicle lacks", 0);
    const double service =
        (double)(t->service_of_class != NULL ? t->service_of_class[d->h->service_class] : t->service);
    const double action = service + (came_from != t->location ? (double)t->setup : 0);
    const double claimed = c->timed ? d->now + (double)s->waiting : d->now;
    const double begin = begins(t, claimed);
    if (begin < 0)
        return wrong(c, d, s->task, "begins after its windows have closed",
                     claimed - (double)t->windows[t->windows_n - 1].close);
    if (c->timed && begin > claimed + tolerance)
        return wrong(c, d, s->task, "begins before its window opens", begin - claimed);
    if (c->timed && (double)(s->setup + s->service) + tolerance < action)
        return wrong(c, d, s->task, "is served too shortly", action - (double)(s->setup + s->service));
    const enum haul_err bad = handed_over(c, d, s->task, left);
    if (bad != HAUL_OK) return bad;
    for (int32_t k = 0; k < c->v.dims; k++) d->load[k] += (double)t->pickup[k] - (double)t->delivery[k];
    paused(d, d->h->rule.service_rests ? begin - d->now + action : begin - d->now);
    d->waiting += begin - d->now;
    d->service += action;
    d->exposure += action * d->h->exposure_stop_permille / 1000.0;
    d->now = begin + action;
    return loaded(c, d, s->task);
}

/* A unit of the table's time is at most so many of the clock's: the least speed is a hundredth, but rarely below a
 * fifth. */
static const double lost_most = 5;

/* ---- a route ---- */

static enum haul_err within(const struct check *c, const struct drive *d, double value, int64_t most, const char *what)
{
    return most == HAUL_VRP_NONE || value <= (double)most + tolerance
               ? HAUL_OK
               : wrong(c, d, HAUL_VRP_NONE, what, value - (double)most);
}

static enum haul_err limits(const struct check *c, const struct drive *d, int32_t tasks, int32_t reloads)
{
    const struct haul_vrp_vehicle *h = d->h;
    enum haul_err bad;
    if ((bad = within(c, d, d->now, h->shift.close, "is back after its shift")) != HAUL_OK) return bad;
    if ((bad = within(c, d, d->distance, h->distance_max, "goes too far")) != HAUL_OK) return bad;
    if ((bad = within(c, d, d->travel, h->travel_max, "drives too long")) != HAUL_OK) return bad;
    if ((bad = within(c, d, d->now - d->begun, h->duration_max, "is out for too long")) != HAUL_OK) return bad;
    if ((bad = within(c, d, tasks, h->tasks_max, "has too many stops")) != HAUL_OK) return bad;
    if ((bad = within(c, d, reloads, h->reloads_max, "reloads too often")) != HAUL_OK) return bad;
    return within(c, d, d->travel, h->rule.drive_day_max == 0 ? HAUL_VRP_NONE : h->rule.drive_day_max,
                  "drives too long for a day");
}

/* Breaks whose time came before the end must have been taken. */
static enum haul_err all_breaks(const struct check *c, const struct drive *d, const bool *taken)
{
    for (int32_t i = 0; i < d->h->breaks_n; i++)
        if (!taken[i] && (double)d->h->breaks[i].windows[0].open < d->now - tolerance)
            return wrong(c, d, HAUL_VRP_NONE, "a break is not taken", (double)d->h->breaks[i].id);
    return HAUL_OK;
}

static int32_t place_of(const struct check *c, const struct drive *d, const struct haul_claim_stop *s)
{
    switch (s->kind) {
    case HAUL_STEP_START:
        return d->h->start;
    case HAUL_STEP_TASK:
        return c->v.tasks[s->task].location;
    case HAUL_STEP_RELOAD:
        return d->h->reloads[s->index].location;
    case HAUL_STEP_END:
        return d->h->end;
    case HAUL_STEP_BREAK:
    case HAUL_STEP_REST:
        break;
    }
    return HAUL_VRP_NONE;
}

static bool pause(const struct haul_claim_stop *s)
{
    return s->kind == HAUL_STEP_BREAK || s->kind == HAUL_STEP_REST;
}

static enum haul_err arrive_at(const struct check *c, struct drive *d, const struct haul_claim_route *r, int32_t i,
                               int32_t from, double *left)
{
    const struct haul_claim_stop *s = &r->stops[i];
    if (s->kind == HAUL_STEP_TASK) {
        const enum haul_err bad = stop(c, d, s, from, left);
        left[i] = d->exposure;
        return bad;
    }
    if (s->kind == HAUL_STEP_END) return leave_off(c, d, r, i, left);
    const struct haul_reload *reload = &d->h->reloads[s->index];
    enum haul_err bad = HAUL_OK;
    if (reload->load) {
        bad = leave_off(c, d, r, i, left);
        take_on(c, d, r, i);
        d->trip_exposure = d->exposure;
    }
    if (reload->energy) d->energy = 0;
    if (bad == HAUL_OK) bad = loaded(c, d, HAUL_VRP_NONE);
    if (c->timed && s->service < reload->duration)
        return wrong(c, d, HAUL_VRP_NONE, "reloads too shortly", (double)(reload->duration - s->service));
    paused(d, d->h->rule.service_rests ? (double)reload->duration : 0);
    d->now += c->timed ? (double)(s->waiting + s->service) : (double)reload->duration;
    return bad;
}

static enum haul_err drive_route(struct check *c, const struct haul_claim_route *r, struct drive *d, bool *taken,
                                 double *left)
{
    int32_t tasks = 0, reloads = 0, paused_from = 1, from = d->loc;
    take_on(c, d, r, 0);
    enum haul_err bad = loaded(c, d, HAUL_VRP_NONE);
    for (int32_t i = 1; bad == HAUL_OK && i < r->stops_n; i++) {
        if (pause(&r->stops[i])) continue;
        from = d->loc;
        bad = travel(c, d, r, i, place_of(c, d, &r->stops[i]), paused_from, taken);
        if (bad == HAUL_OK) bad = arrive_at(c, d, r, i, from, left);
        tasks += r->stops[i].kind == HAUL_STEP_TASK;
        reloads += r->stops[i].kind == HAUL_STEP_RELOAD;
        paused_from = i + 1;
    }
    if (bad == HAUL_OK) bad = limits(c, d, tasks, reloads);
    return bad == HAUL_OK ? all_breaks(c, d, taken) : bad;
}

static enum haul_err route(struct check *c, const struct haul_claim_route *r, int32_t index)
{
    const struct haul_vrp_vehicle *h = &c->v.vehicles[r->vehicle];
    struct drive d = {.h = h, .route = index, .loc = h->start};
    const struct haul_claim_stop *first = &r->stops[0];
    d.begun = d.now = c->timed ? (double)(first->arrival + first->waiting + first->service) : (double)h->shift.open;
    if (d.begun + tolerance < (double)h->shift.open)
        return wrong(c, &d, HAUL_VRP_NONE, "leaves before its shift", (double)h->shift.open - d.begun);
    bool *taken = calloc((size_t)h->breaks_n + 1, sizeof *taken);
    double *left = calloc((size_t)r->stops_n + 1, sizeof *left);
    enum haul_err bad = taken == NULL || left == NULL ? haul_fail(c->e, HAUL_E_NOMEM, "no memory to verify")
                                                      : drive_route(c, r, &d, taken, left);
    free(taken);
    free(left);
    c->slack += 2 * lost_most * (double)h->cost_per_time * d.lossy_pauses;
    c->cost += (double)h->cost_fixed + (double)h->cost_per_distance * d.distance + (double)h->cost_per_time * d.travel +
               (double)h->cost_per_service * d.service + (double)h->cost_per_duration * (d.now - d.begun);
    return bad;
}

/* ---- the form of the claim ---- */

static enum haul_err form_of_route(struct check *c, const struct haul_claim_route *r, int32_t index)
{
    if (r->vehicle < 0 || r->vehicle >= c->v.vehicles_n)
        return haul_fail(c->e, HAUL_E_RANGE, "routes[%d]: no such vehicle", index);
    const struct drive d = {.h = &c->v.vehicles[r->vehicle]};
    if (c->driven[r->vehicle]) return wrong(c, &d, HAUL_VRP_NONE, "has two routes", 0);
    c->driven[r->vehicle] = true;
    if (r->stops_n < 2 || r->stops[0].kind != HAUL_STEP_START || r->stops[r->stops_n - 1].kind != HAUL_STEP_END)
        return wrong(c, &d, HAUL_VRP_NONE, "does not go from a start to an end", 0);
    int32_t tasks = 0;
    for (int32_t i = 1; i < r->stops_n - 1; i++) {
        const struct haul_claim_stop *s = &r->stops[i];
        if (s->kind == HAUL_STEP_START || s->kind == HAUL_STEP_END)
            return wrong(c, &d, HAUL_VRP_NONE, "starts or ends on the way", i);
        if (s->kind == HAUL_STEP_RELOAD && (s->index < 0 || s->index >= d.h->reloads_n))
            return wrong(c, &d, HAUL_VRP_NONE, "a reload that it does not have", s->index);
        if (s->kind != HAUL_STEP_TASK) continue;
        if (s->task < 0 || s->task >= c->v.tasks_n)
            return wrong(c, &d, HAUL_VRP_NONE, "a task that there is not", s->task);
        if (c->route_of[s->task] != HAUL_VRP_NONE) return wrong(c, &d, s->task, "is served twice", 0);
        if (tasks < d.h->steps_frozen && d.h->steps[tasks] != s->task)
            return wrong(c, &d, s->task, "stands where the route is frozen", tasks);
        c->route_of[s->task] = index;
        c->pos_of[s->task] = i;
        tasks++;
    }
    return tasks < d.h->steps_frozen ? wrong(c, &d, HAUL_VRP_NONE, "lacks frozen stops", d.h->steps_frozen - tasks)
                                     : HAUL_OK;
}

static enum haul_err shipments(const struct check *c)
{
    for (int32_t i = 0; i < c->v.tasks_n; i++) {
        const int32_t mate = c->v.tasks[i].mate;
        if (c->v.tasks[i].kind != HAUL_VRP_PICKUP) continue;
        const bool together = c->route_of[i] == c->route_of[mate];
        if (!together || (c->route_of[i] != HAUL_VRP_NONE && c->pos_of[i] > c->pos_of[mate]))
            return haul_fail(c->e, HAUL_E_CONFLICT,
                             "shipment %lld: pickup and delivery are not in order on one vehicle",
                             (long long)c->v.tasks[i].id);
    }
    return HAUL_OK;
}

/* ---- docks ---- */

static bool docks_at(const struct check *c, const struct haul_claim_route *r, int32_t dock)
{
    const struct haul_vrp_vehicle *h = &c->v.vehicles[r->vehicle];
    return h->dock == dock && h->dock_time > 0;
}

/* While it loads, no more than the places are taken. Its loading is the service of its start. */
static enum haul_err dock_one(const struct check *c, const struct haul_claim *claim, const struct haul_claim_route *r)
{
    const struct haul_vrp_vehicle *h = &c->v.vehicles[r->vehicle];
    const struct drive d = {.h = h};
    const int64_t begin = r->stops[0].arrival;
    if (begin < h->shift.open)
        return wrong(c, &d, HAUL_VRP_NONE, "loads before its shift", (double)(h->shift.open - begin));
    if (r->stops[0].service < h->dock_time)
        return wrong(c, &d, HAUL_VRP_NONE, "loads too shortly", (double)(h->dock_time - r->stops[0].service));
    int32_t there = 0;
    for (int32_t i = 0; i < claim->routes_n; i++) {
        if (!docks_at(c, &claim->routes[i], h->dock)) continue;
        const int64_t other = claim->routes[i].stops[0].arrival;
        there += other <= begin && begin < other + c->v.vehicles[claim->routes[i].vehicle].dock_time;
    }
    const int32_t over = there - c->v.docks[h->dock];
    return over > 0 ? wrong(c, &d, HAUL_VRP_NONE, "loads where all docks are taken", over) : HAUL_OK;
}

static enum haul_err docks(const struct check *c, const struct haul_claim *claim)
{
    enum haul_err bad = HAUL_OK;
    for (int32_t i = 0; bad == HAUL_OK && c->timed && i < claim->routes_n; i++)
        for (int32_t dock = 0; bad == HAUL_OK && dock < c->v.docks_n; dock++)
            if (docks_at(c, &claim->routes[i], dock)) bad = dock_one(c, claim, &claim->routes[i]);
    return bad;
}

static enum haul_err verify(struct check *c, const struct haul_claim *claim)
{
    enum haul_err bad = HAUL_OK;
    for (int32_t i = 0; bad == HAUL_OK && i < claim->routes_n; i++) bad = form_of_route(c, &claim->routes[i], i);
    if (bad == HAUL_OK) bad = shipments(c);
    for (int32_t i = 0; bad == HAUL_OK && i < claim->routes_n; i++) bad = route(c, &claim->routes[i], i);
    if (bad == HAUL_OK) bad = docks(c, claim);
    if (bad != HAUL_OK || claim->cost == HAUL_VRP_NONE) return bad;
    const double difference = c->cost - (double)claim->cost, size = c->cost > 0 ? c->cost : -c->cost;
    const double most = 1 + 1e-9 * size + c->slack;
    if (difference > most || difference < -most)
        return haul_fail(c->e, HAUL_E_CONFLICT, "the cost is %.3f, not %.3f as is claimed",
                         c->cost / (double)c->v.scales.cost, (double)claim->cost / (double)c->v.scales.cost);
    return HAUL_OK;
}

enum haul_err haul_verify(const struct haul_problem *p, const struct haul_claim *claim, struct haul_error *e)
{
    struct check c = {.p = p, .v = haul_problem_view(p), .e = e, .timed = claim->timed};
    const size_t tasks = (size_t)c.v.tasks_n + 1;
    c.route_of = malloc(tasks * sizeof *c.route_of);
    c.pos_of = calloc(tasks, sizeof *c.pos_of);
    c.driven = calloc((size_t)c.v.vehicles_n + 1, sizeof *c.driven);
    enum haul_err bad = HAUL_OK;
    if (c.route_of == NULL || c.pos_of == NULL || c.driven == NULL)
        bad = haul_fail(e, HAUL_E_NOMEM, "no memory to verify");
    for (size_t i = 0; bad == HAUL_OK && i < tasks; i++) c.route_of[i] = HAUL_VRP_NONE;
    if (bad == HAUL_OK) bad = verify(&c, claim);
    free(c.route_of);
    free(c.pos_of);
    free(c.driven);
    return bad;
}
