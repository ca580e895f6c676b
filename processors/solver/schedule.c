/* SPDX-License-Identifier: Apache-2.0
 * The exact timing of one route: the vehicle is driven through it, stop by stop, and every rule is asked.
 *
 * Choices that a driver has are made by fixed rules, so that the answer is one: reloads stand where the detour is
 * cheapest (dynamic programming over the stops, Prins 2004's split inside a route); a break is taken in a wait that it
 * fits into, else as late as its windows allow; a rest is taken when the driving time is used up; the start is as late
 * as costs no time at the end.
 */
#include "processors/solver/schedule.h"

#include <stdlib.h>

struct sim {
    const struct model *m;
    const struct vtype *t;
    struct faults *faults;
    struct step_list *steps;
    bool broken;
    int32_t loc;
    int64_t time, travel, distance, waiting, service;
    int64_t stretch;                      /* driven since the last rest */
    bool first_part;                      /* of a split rest is taken */
    int64_t energy;                       /* used since the last charge, in millionths */
    int64_t exposure;                     /* a clock that runs only outside the cold band, in thousandths */
    int64_t trip_exposure, trip_deadline; /* at the last loading; by when what was picked up for the end must be off */
    int32_t trip_task;                    /* whose deadline that is */
    int64_t slack, waited;                /* how much later it could have left so far; the waits so far */
    int32_t next_break;
    int64_t load[HAUL_DIMS];
};

/* ---- speed by time of day ---- */

static int64_t step_speed(const struct haul_speeds *s, int64_t step)
{
    return step < 0 || step >= s->steps_n ? 1000 : s->speed_permille[step];
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t ride_time(const struct haul_speeds *s, int64_t t, int64_t base)
{
    int64_t work = base * 1000, now = t;
    while (work > 0) {
        const int64_t step = floor_div(now - s->from, s->step);
        const int64_t speed = step_speed(s, step);
        const int64_t ends = step < 0 ? s->from : step >= s->steps_n ? INT64_MAX : s->from + (step + 1) * s->step;
        const int64_t need = (work + speed - 1) / speed;
        if (ends == INT64_MAX || need <= ends - now) return now + need - t;
        work -= (ends - now) * speed;
        now = ends;
    }
    return now - t;
}

/* What of the table's time is driven in `elapsed`, rounded down. */
static int64_t ride_done(const struct haul_speeds *s, int64_t t, int64_t elapsed)
{
    int64_t low = 0, high = elapsed;
    while (low < high) {
        const int64_t mid = low + (high - low + 1) / 2;
        if (ride_time(s, t, mid) <= elapsed)
            low = mid;
        else
            high = mid - 1;
    }
    return low;
}

static int64_t elapsed_for(const struct sim *s, int64_t base)
{
    return s->t->speeds == NULL ? base : ride_time(s->t->speeds, s->time, base);
}

/* ---- faults and steps ---- */

static bool fault(struct sim *s, enum haul_fault_kind kind, int32_t task, int32_t dim, int64_t amount)
{
    s->broken = true;
    if (s->faults == NULL) return false;
    if (s->faults->n == FAULTS_MAX) {
        s->faults->more = true;
        return true;
    }
    s->faults->list[s->faults->n++] = (struct haul_fault){kind, HAUL_VRP_NONE, task, dim, amount};
    return true;
}

static void emit(struct sim *s, struct haul_step step)
{
    if (s->steps == NULL) return;
    if (s->steps->n == s->steps->cap) {
        s->steps->cap = s->steps->cap == 0 ? 16 : 2 * s->steps->cap;
        s->steps->p = realloc(s->steps->p, (size_t)s->steps->cap * sizeof *s->steps->p);
        assert(s->steps->p != NULL);
    }
    step.travel = s->travel;
    step.distance = s->distance;
    memcpy(step.load, s->load, sizeof step.load);
    s->steps->p[s->steps->n++] = step;
}

/* ---- driving and resting ---- */

/* A stand-still of so long may count as a rest, or as a part of one. */
static void stand(struct sim *s, int64_t duration)
{
    const struct haul_driving_rule *r = &s->t->v->rule;
    if (r->drive_max == 0) return;
    if (duration >= r->rest || (s->first_part && r->split_second > 0 && duration >= r->split_second)) {
        s->stretch = 0;
        s->first_part = false;
    } else if (r->split_first > 0 && duration >= r->split_first) {
        s->first_part = true;
    }
}

static void drive(struct sim *s, int64_t elapsed)
{
    s->time += elapsed;
    s->travel += elapsed;
    s->stretch += elapsed;
    s->exposure += elapsed * s->t->v->exposure_drive_permille;
}

static void rest(struct sim *s)
{
    const struct haul_driving_rule *r = &s->t->v->rule;
    const int64_t long_enough = s->first_part && r->split_second > 0 ? r->split_second : r->rest;
    const struct haul_step step = {
        .kind = HAUL_STEP_REST, .location = HAUL_VRP_NONE, .arrival = s->time, .service = long_enough};
    emit(s, step);
    s->time += long_enough;
    s->stretch = 0;
    s->first_part = false;
}

/* Drives `base` of the table's time, with rests where the rule wants them. */
static void drive_ruled(struct sim *s, int64_t base)
{
    const int64_t most = s->t->v->rule.drive_max;
    while (base > 0) {
        const int64_t elapsed = elapsed_for(s, base);
        const int64_t left = most == 0 ? INT64_MAX : most - s->stretch;
        if (elapsed <= left) {
            drive(s, elapsed);
            return;
        }
        if (left > 0) {
            base -= s->t->speeds == NULL ? left : ride_done(s->t->speeds, s->time, left);
            drive(s, left);
        }
        rest(s);
    }
}

/* ---- breaks ---- */

static int64_t break_begin(const struct haul_break *b, int64_t from)
{
    for (int32_t w = 0; w < b->windows_n; w++)
        if (from <= b->windows[w].close) return from > b->windows[w].open ? from : b->windows[w].open;
    return INT64_MAX;
}

static bool break_loaded(struct sim *s, const struct haul_break *b)
{
    for (int32_t d = 0; b->load_limited && d < s->m->dims; d++)
        if (s->load[d] > b->load_max[d] &&
            !fault(s, HAUL_FAULT_BREAK_LOAD, HAUL_VRP_NONE, d, s->load[d] - b->load_max[d]))
            return false;
    return true;
}

static bool break_may_be_here(const struct sim *s, const struct haul_break *b)
{
    for (int32_t d = 0; b->load_limited && d < s->m->dims; d++)
        if (s->load[d] > b->load_max[d]) return false;
    return true;
}

/* The break is taken now, at the earliest moment that its windows allow. */
static bool take_break(struct sim *s, int32_t location)
{
    const struct haul_break *b = &s->t->v->breaks[s->next_break];
    if (!break_loaded(s, b)) return false;
    int64_t begin = break_begin(b, s->time);
    if (begin == INT64_MAX) {
        if (!fault(s, HAUL_FAULT_BREAK, HAUL_VRP_NONE, s->next_break, s->time - b->windows[b->windows_n - 1].close))
            return false;
        begin = s->time;
    }
    const int64_t wait = begin - s->time;
    for (int32_t w = 0; w < b->windows_n; w++)
        if (begin <= b->windows[w].close && begin >= b->windows[w].open &&
            s->waited + wait + b->windows[w].close - begin < s->slack)
            s->slack = s->waited + wait + b->windows[w].close - begin;
    const struct haul_step step = {.kind = HAUL_STEP_BREAK,
                                   .index = s->next_break,
                                   .location = location,
                                   .arrival = s->time,
                                   .waiting = wait,
                                   .service = b->duration};
    emit(s, step);
    s->waited += wait;
    s->waiting += wait;
    s->time = begin + b->duration;
    stand(s, wait + b->duration);
    s->next_break++;
    return true;
}

static int64_t last_close(const struct haul_break *b)
{
    return b->windows[b->windows_n - 1].close;
}

/* Before a way to a stop that would then be left at `leave`: breaks that cannot wait until then are taken, on the way
 * where their window opens only then. Gives what is left to drive. */
static bool breaks_before(struct sim *s, int64_t *base, int64_t leave)
{
    while (s->next_break < s->t->v->breaks_n) {
        const struct haul_break *b = &s->t->v->breaks[s->next_break];
        if (leave <= last_close(b)) return true;
        const int64_t begin = break_begin(b, s->time);
        if (begin != INT64_MAX && begin > s->time) {
            const int64_t elapsed = elapsed_for(s, *base);
            if (begin - s->time >= elapsed) return true; /* only after the way: at the stop, before its service */
            const int64_t part =
                s->t->speeds == NULL ? begin - s->time : ride_done(s->t->speeds, s->time, begin - s->time);
            *base -= part;
            drive_ruled(s, part);
        }
        if (!take_break(s, *base == 0 ? s->loc : HAUL_VRP_NONE)) return false;
        leave += b->duration;
    }
    return true;
}

/* At a stop that begins at `begin`: breaks that fit into the wait, and those that must not wait until it is left. */
static bool breaks_at_stop(struct sim *s, const struct node *n, int64_t action)
{
    while (s->next_break < s->t->v->breaks_n) {
        const struct haul_break *b = &s->t->v->breaks[s->next_break];
        const int64_t begin = begin_at(s->m, n, s->time);
        const int64_t pause = break_begin(b, s->time);
        const bool fits =
            pause != INT64_MAX && begin != INT64_MAX && pause + b->duration <= begin && break_may_be_here(s, b);
        const bool pressing = begin != INT64_MAX && begin + action > last_close(b);
        if (!fits && !pressing) return true;
        if (!take_break(s, s->loc)) return false;
    }
    return true;
}

/* ---- ways and stops ---- */

static bool go(struct sim *s, int32_t to, int64_t leave_after)
{
    const int64_t k = cell(s->m, s->loc, to);
    int64_t base = s->t->time[k];
    const struct haul_vrp_vehicle *v = s->t->v;
    if (s->next_break < v->breaks_n) {
        const int64_t arrive = s->time + elapsed_for(s, base);
        if (!breaks_before(s, &base, arrive + leave_after)) return false;
    }
    drive_ruled(s, base);
    s->distance += s->t->distance[k];
    if (v->energy_max != HAUL_VRP_NONE)
        s->energy += s->t->distance[k] * (v->energy_per_distance + v->energy_per_load * s->load[0]);
    s->loc = to;
    const int64_t over = v->energy_max == HAUL_VRP_NONE ? 0 : s->energy - v->energy_max * 1000000;
    return over <= 0 || fault(s, HAUL_FAULT_ENERGY, HAUL_VRP_NONE, 0, (over + 999999) / 1000000);
}

static bool check_load(struct sim *s, int32_t task)
{
    for (int32_t d = 0; d < s->m->dims; d++)
        if (s->load[d] > s->t->capacity[d] && !fault(s, HAUL_FAULT_LOAD, task, d, s->load[d] - s->t->capacity[d]))
            return false;
    return true;
}

static bool change_load(struct sim *s, int32_t task)
{
    const int64_t *drop = delivery_of(s->m, task), *pick = pickup_of(s->m, task);
    for (int32_t d = 0; d < s->m->dims; d++) s->load[d] += pick[d] - drop[d];
    return check_load(s, task);
}

static bool check_exposure(struct sim *s, int32_t task, int64_t since)
{
    const struct node *n = &s->m->nodes[task];
    if (n->exposure_max == HAUL_VRP_NONE) return true;
    const int64_t over = (s->exposure - since + 999) / 1000 - n->exposure_max;
    return over <= 0 || fault(s, HAUL_FAULT_EXPOSURE, task, 0, over);
}

static bool any_of(const struct model *m, const int64_t *amount)
{
    int64_t all = 0;
    for (int32_t d = 0; d < m->dims; d++) all |= amount[d];
    return all != 0;
}

/* What is handed over here must not have been outside the cold band for too long since it came on board. */
static bool delivered_cold(struct sim *s, const int32_t *tasks, int32_t i, const int64_t *picked)
{
    const struct node *n = &s->m->nodes[tasks[i]];
    if (n->exposure_max == HAUL_VRP_NONE || n->kind == HAUL_VRP_PICKUP) return true;
    if (n->mate == HAUL_VRP_NONE)
        return !any_of(s->m, delivery_of(s->m, tasks[i])) || check_exposure(s, tasks[i], s->trip_exposure);
    int32_t k = i - 1;
    while (k >= 0 && tasks[k] != n->mate) k--;
    return check_exposure(s, tasks[i], k < 0 ? s->trip_exposure : picked[k]);
}

/* The i-th stop's own rules: window, service, load. `picked`: [tasks] the exposure clock when each was left. */
static bool serve(struct sim *s, const int32_t *tasks, int32_t i, bool setup, int64_t *picked)
{
    const int32_t task = tasks[i];
    const struct node *n = &s->m->nodes[task];
    const int64_t action = (setup ? n->setup : 0) + service_of(s->m, s->t, task);
    if (!breaks_at_stop(s, n, action)) return false;
    const int64_t arrived = s->time; /* a break before it was a rest of its own */
    int64_t begin = begin_at(s->m, n, s->time);
    if (begin == INT64_MAX) {
        if (!fault(s, HAUL_FAULT_TOO_LATE, task, 0, s->time - n->close)) return false;
        begin = s->time;
    }
    const int64_t wait = begin - s->time;
    const int64_t room = begin_by(s->m, n, INT64_MAX) - begin; /* a later window serves as well */
    if (s->waited + wait + room < s->slack) s->slack = s->waited + wait + room;
    if (!delivered_cold(s, tasks, i, picked)) return false;
    if (!change_load(s, task)) return false;
    const struct haul_step step = {.kind = HAUL_STEP_TASK,
                                   .index = task,
                                   .location = n->loc,
                                   .arrival = s->time,
                                   .waiting = wait,
                                   .setup = setup ? n->setup : 0,
                                   .service = action - (setup ? n->setup : 0)};
    emit(s, step);
    s->waited += wait;
    s->waiting += wait;
    s->service += action;
    s->time = held(s->m, task, begin + action);
    stand(s, s->t->v->rule.service_rests ? s->time - arrived : wait);
    s->exposure += action * s->t->v->exposure_stop_permille;
    picked[i] = s->exposure;
    if (n->kind == HAUL_VRP_JOB && n->exposure_max != HAUL_VRP_NONE && any_of(s->m, pickup_of(s->m, task)) &&
        s->exposure + n->exposure_max * 1000 < s->trip_deadline) {
        s->trip_deadline = s->exposure + n->exposure_max * 1000;
        s->trip_task = task;
    }
    return true;
}

/* ---- reloads ---- */

/* What a trip that serves tasks[first..last] carries when it leaves: the deliveries of its jobs. */
static void load_for(const struct model *m, const int32_t *tasks, int32_t first, int32_t last, int64_t *load)
{
    for (int32_t i = first; i <= last; i++)
        if (m->nodes[tasks[i]].kind == HAUL_VRP_JOB)
            for (int32_t d = 0; d < m->dims; d++) load[d] += delivery_of(m, tasks[i])[d];
}

static void unload(const struct model *m, const int32_t *tasks, int32_t first, int32_t last, int64_t *load)
{
    for (int32_t i = first; i <= last; i++)
        if (m->nodes[tasks[i]].kind == HAUL_VRP_JOB)
            for (int32_t d = 0; d < m->dims; d++) load[d] -= pickup_of(m, tasks[i])[d];
}

/* Peak of the load on tasks[first..last] as one trip, no shipment on board at its ends: fits the vehicle? */
static bool trip_fits(const struct model *m, const struct vtype *t, const int32_t *tasks, int32_t first, int32_t last,
                      bool *closed)
{
    int64_t load[HAUL_DIMS] = {0};
    int32_t aboard = 0;
    load_for(m, tasks, first, last, load);
    bool fits = true;
    for (int32_t i = first - 1; i <= last; i++) {
        for (int32_t d = 0; d < m->dims; d++) {
            if (i >= first) load[d] += pickup_of(m, tasks[i])[d] - delivery_of(m, tasks[i])[d];
            fits &= load[d] <= t->capacity[d];
        }
        if (i < first) continue;
        aboard += m->nodes[tasks[i]].kind == HAUL_VRP_PICKUP;
        aboard -= m->nodes[tasks[i]].kind == HAUL_VRP_DELIVERY;
    }
    *closed = aboard == 0;
    return fits;
}

struct split {
    int64_t cost;
    int32_t before, reload, trips; /* the trip began behind this stop, at this reload */
};

static int64_t detour(const struct model *m, const struct vtype *t, int32_t a, int32_t by, int32_t b, int64_t stay)
{
    const int64_t in = cell(m, a, by), out = cell(m, by, b), direct = cell(m, a, b);
    /* time counts where ways are free, so that the choice is sensible in any case */
    return way_cost(t, in) + way_cost(t, out) - way_cost(t, direct) + t->time[in] + t->time[out] - t->time[direct] +
           stay;
}

static int32_t cheapest_reload(const struct model *m, const struct vtype *t, int32_t a, int32_t b, int64_t *cost)
{
    int32_t best = HAUL_VRP_NONE;
    for (int32_t k = 0; k < t->v->reloads_n; k++) {
        const struct haul_reload *r = &t->v->reloads[k];
        if (!r->load) continue;
        const int64_t c = detour(m, t, a, r->location, b, r->duration);
        if (best == HAUL_VRP_NONE || c < *cost) best = k, *cost = c;
    }
    return best;
}

/* Where to reload: reload_before[i] is the reload taken on the way to tasks[i], or HAUL_VRP_NONE. False: no split fits.
 */
static bool split_trips(const struct model *m, const struct vtype *t, const int32_t *tasks, int32_t n,
                        int32_t *reload_before)
{
    struct split *best = malloc((size_t)(n + 1) * sizeof *best);
    assert(best != NULL);
    best[0] = (struct split){0, HAUL_VRP_NONE, HAUL_VRP_NONE, 0};
    for (int32_t i = 1; i <= n; i++) best[i] = (struct split){INT64_MAX, HAUL_VRP_NONE, HAUL_VRP_NONE, 0};
    for (int32_t a = 0; a < n; a++) {
        if (best[a].cost == INT64_MAX) continue;
        int64_t cost = 0;
        const int32_t reload =
            a == 0 ? HAUL_VRP_NONE : cheapest_reload(m, t, m->nodes[tasks[a - 1]].loc, m->nodes[tasks[a]].loc, &cost);
        if (a > 0 && (reload == HAUL_VRP_NONE || best[a].trips > t->v->reloads_max)) continue;
        for (int32_t b = a; b < n; b++) {
            bool closed;
            if (!trip_fits(m, t, tasks, a, b, &closed)) break;
            if (closed && best[a].cost + cost < best[b + 1].cost)
                best[b + 1] = (struct split){best[a].cost + cost, a, reload, best[a].trips + 1};
        }
    }
    const bool found = best[n].cost < INT64_MAX && (n == 0 || best[n].trips <= t->v->reloads_max + 1);
    for (int32_t i = 0; i < n; i++) reload_before[i] = HAUL_VRP_NONE;
    for (int32_t i = n; found && i > 0; i = best[i].before) reload_before[best[i].before] = best[i].reload;
    free(best);
    return found;
}

static bool end_trip(struct sim *s)
{
    if (s->trip_deadline < INT64_MAX && s->exposure > s->trip_deadline &&
        !fault(s, HAUL_FAULT_EXPOSURE, s->trip_task, 0, (s->exposure - s->trip_deadline + 999) / 1000))
        return false;
    s->trip_deadline = INT64_MAX;
    return true;
}

static bool visit_reload(struct sim *s, int32_t index)
{
    const struct haul_reload *r = &s->t->v->reloads[index];
    if (!go(s, r->location, r->duration)) return false;
    if (r->load && !end_trip(s)) return false;
    const struct haul_step step = {
        .kind = HAUL_STEP_RELOAD, .index = index, .location = r->location, .arrival = s->time, .service = r->duration};
    emit(s, step);
    s->time += r->duration;
    stand(s, s->t->v->rule.service_rests ? r->duration : 0);
    if (r->energy) s->energy = 0;
    if (r->load) s->trip_exposure = s->exposure;
    return true;
}

/* ---- energy ---- */

static int64_t energy_of(const struct sim *s, int32_t a, int32_t b)
{
    const struct haul_vrp_vehicle *v = s->t->v;
    return s->t->distance[cell(s->m, a, b)] * (v->energy_per_distance + v->energy_per_load * s->load[0]);
}

/* From `loc` to where it can charge or is at the end. */
static int64_t energy_home(const struct sim *s, int32_t loc)
{
    int64_t least = energy_of(s, loc, s->t->end);
    for (int32_t k = 0; k < s->t->v->reloads_n; k++) {
        if (!s->t->v->reloads[k].energy) continue;
        const int64_t need = energy_of(s, loc, s->t->v->reloads[k].location);
        if (need < least) least = need;
    }
    return least;
}

/* Charges on the way to `to` when there would not be enough to go on from there. */
static bool charge_before(struct sim *s, int32_t to, bool last, int32_t *visits)
{
    const int64_t most = s->t->v->energy_max * 1000000;
    const int64_t need = energy_of(s, s->loc, to) + (last ? 0 : energy_home(s, to));
    if (s->energy + need <= most) return true;
    int32_t best = HAUL_VRP_NONE;
    int64_t cost = INT64_MAX;
    for (int32_t k = 0; k < s->t->v->reloads_n && *visits < s->t->v->reloads_max; k++) {
        const struct haul_reload *r = &s->t->v->reloads[k];
        if (!r->energy || s->loc == r->location || s->energy + energy_of(s, s->loc, r->location) > most) continue;
        const int64_t c = detour(s->m, s->t, s->loc, r->location, to, r->duration);
        if (c < cost) best = k, cost = c;
    }
    if (best != HAUL_VRP_NONE) {
        ++*visits;
        const struct haul_reload *r = &s->t->v->reloads[best];
        if (!go(s, r->location, r->duration)) return false;
        emit(s, (struct haul_step){.kind = HAUL_STEP_RELOAD,
                                   .index = best,
                                   .location = r->location,
                                   .arrival = s->time,
                                   .service = r->duration});
        s->time += r->duration;
        stand(s, s->t->v->rule.service_rests ? r->duration : 0);
        s->energy = 0;
    }
    return true;
}

/* ---- a whole route ---- */

static bool limit(struct sim *s, enum haul_fault_kind kind, int64_t value, int64_t most)
{
    return most == HAUL_VRP_NONE || value <= most || fault(s, kind, HAUL_VRP_NONE, 0, value - most);
}

static bool finish(struct sim *s, int64_t start, int32_t n)
{
    const struct haul_vrp_vehicle *v = s->t->v;
    while (s->next_break < v->breaks_n && v->breaks[s->next_break].windows[0].open <= s->time)
        if (!take_break(s, s->t->end == s->m->nowhere ? HAUL_VRP_NONE : s->t->end)) return false;
    if (!end_trip(s)) return false;
    emit(s, (struct haul_step){.kind = HAUL_STEP_END, .location = v->end, .arrival = s->time});
    if (s->time > v->shift.close && !fault(s, HAUL_FAULT_SHIFT_END, HAUL_VRP_NONE, 0, s->time - v->shift.close))
        return false;
    if (v->shift.close - s->time + s->waited < s->slack) s->slack = v->shift.close - s->time + s->waited;
    return limit(s, HAUL_FAULT_DISTANCE, s->distance, v->distance_max) &&
           limit(s, HAUL_FAULT_TRAVEL, s->travel, v->travel_max) && limit(s, HAUL_FAULT_TASKS, n, v->tasks_max) &&
           limit(s, HAUL_FAULT_DRIVING_DAY, s->travel,
                 v->rule.drive_day_max == 0 ? HAUL_VRP_NONE : v->rule.drive_day_max) &&
           limit(s, HAUL_FAULT_DURATION, s->time - start, v->duration_max);
}

static int32_t trip_end(const int32_t *reload_before, int32_t first, int32_t n)
{
    int32_t last = first;
    while (last + 1 < n && reload_before[last + 1] == HAUL_VRP_NONE) last++;
    return last;
}

struct work {
    int32_t *reload_before;
    int64_t *picked;
};

static bool run(struct sim *s, const int32_t *tasks, int32_t n, int64_t start, const struct work *w)
{
    const struct model *m = s->m;
    s->loc = s->t->start;
    s->time = start;
    s->slack = INT64_MAX / 2;
    s->trip_deadline = INT64_MAX;
    int32_t trip_first = 0, visits = 0;
    if (n > 0) load_for(m, tasks, 0, trip_end(w->reload_before, 0, n), s->load);
    emit(s, (struct haul_step){.kind = HAUL_STEP_START, .location = s->t->v->start, .arrival = start});
    if (!check_load(s, HAUL_VRP_NONE)) return false;
    for (int32_t i = 0; i < n; i++) {
        const struct node *next = &m->nodes[tasks[i]];
        if (w->reload_before[i] != HAUL_VRP_NONE) {
            unload(m, tasks, trip_first, i - 1, s->load);
            load_for(m, tasks, i, trip_end(w->reload_before, i, n), s->load);
            trip_first = i, visits++;
            const struct haul_reload *r = &s->t->v->reloads[w->reload_before[i]];
            if (s->t->v->energy_max != HAUL_VRP_NONE && !charge_before(s, r->location, r->energy, &visits))
                return false;
            if (!visit_reload(s, w->reload_before[i])) return false;
        }
        if (s->t->v->energy_max != HAUL_VRP_NONE && !charge_before(s, next->loc, false, &visits)) return false;
        const bool setup = s->loc != next->loc;
        const int64_t action = (setup ? next->setup : 0) + service_of(m, s->t, tasks[i]);
        if (!go(s, next->loc, action) || !serve(s, tasks, i, setup, w->picked)) return false;
    }
    if (s->t->v->energy_max != HAUL_VRP_NONE && !charge_before(s, s->t->end, true, &visits)) return false;
    return go(s, s->t->end, 0) && finish(s, start, n);
}

static void sum_up(const struct sim *s, int64_t start, struct timing *out)
{
    const struct haul_vrp_vehicle *v = s->t->v;
    *out = (struct timing){.start = start,
                           .end = s->time,
                           .travel = s->travel,
                           .distance = s->distance,
                           .waiting = s->waiting,
                           .service = s->service};
    out->split.fixed = v->cost_fixed;
    out->split.distance = v->cost_per_distance * s->distance;
    out->split.time = v->cost_per_time * s->travel;
    out->split.service = v->cost_per_service * s->service;
    out->split.duration = v->cost_per_duration * (s->time - start);
    out->cost = out->split.fixed + out->split.distance + out->split.time + out->split.service + out->split.duration;
}

static struct sim sim_of(const struct model *m, const struct vtype *t, struct faults *faults, struct step_list *steps)
{
    return (struct sim){.m = m, .t = t, .faults = faults, .steps = steps};
}

/* Leaves as late as the end does not move: less waiting, less paid time. The duration limit is asked of that start
 * alone. */
static int64_t best_start(const struct model *m, const struct vtype *t, const int32_t *tasks, int32_t n, int64_t start,
                          const struct work *w)
{
    struct haul_vrp_vehicle free_of_duration = *t->v;
    struct vtype any = *t;
    free_of_duration.duration_max = HAUL_VRP_NONE;
    any.v = &free_of_duration;
    struct sim first = sim_of(m, &any, NULL, NULL);
    if (!run(&first, tasks, n, start, w)) return start;
    int64_t later = first.waited < first.slack ? first.waited : first.slack;
    for (int32_t tries = 0; later > 0 && tries < 4; tries++, later /= 2) {
        struct sim again = sim_of(m, &any, NULL, NULL);
        if (run(&again, tasks, n, start + later, w) && again.time - (start + later) <= first.time - start)
            return start + later;
    }
    return start;
}

bool schedule(const struct model *m, const struct vtype *t, const int32_t *tasks, int32_t n, int64_t ready,
              struct timing *out, struct faults *faults, struct step_list *steps)
{
    enum { FEW = 128 };
    int32_t few_before[FEW];
    int64_t few_picked[FEW];
    struct work w = {few_before, few_picked};
    if (n > FEW) w = (struct work){malloc((size_t)n * sizeof *w.reload_before), malloc((size_t)n * sizeof *w.picked)};
    assert(w.reload_before != NULL && w.picked != NULL);
    for (int32_t i = 0; i < n; i++) w.reload_before[i] = HAUL_VRP_NONE;
    struct sim s = sim_of(m, t, faults, steps);
    bool good = true;
    if (t->reloads && !split_trips(m, t, tasks, n, w.reload_before))
        good = faults != NULL; /* one trip: its overload is a fault */
    int64_t start = ready > t->v->shift.open ? ready : t->v->shift.open;
    if (t->ready > start) start = t->ready;
    if (good && !t->started && (steps != NULL || t->v->cost_per_duration > 0 || t->v->duration_max != HAUL_VRP_NONE))
        start = best_start(m, t, tasks, n, start, &w);
    good = good && run(&s, tasks, n, start, &w);
    sum_up(&s, start, out);
    if (n > FEW) {
        free(w.reload_before);
        free(w.picked);
    }
    return good && !s.broken;
}
