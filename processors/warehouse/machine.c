/* SPDX-License-Identifier: Apache-2.0
 * Conveyor zones: a photo-eye that stays blocked while the motor runs (sensor jam), an item that was passed on and does
 * not come in (arrival jam), a motor that wears. Both jams after 5 s, as zone controllers have it (ConveyLinx).
 */
#include "processors/warehouse/warehouse.h"

#define BEYOND 1.5 /* times the limit: further the sum of wear does not go, so that it can come down again */

static const char *const part_names[] = {"", "conveyor", "sorter", "scanner", "chute", "lift", "dock", "storage"};
#define PARTS (sizeof part_names / sizeof part_names[0])

/* ---- the photo-eye ---- */
/* Cartons that touch keep an eye blocked while they move: as long as the zone takes in or passes on it is no jam. */
static int64_t stuck_since(const struct wh_station *s)
{
    return wh_most(s->blocked_ms, wh_most(s->motor_ms, s->moved_ms));
}

static bool may_be_stuck(const struct wh_station *s)
{
    return s->blocked && s->motor_known && s->motor;
}

static void sensor_timer(struct wh_step *x, struct wh_spot *p)
{
    const struct wh_station *s = p->s;
    const bool raised = haul_entity_raised(p->entity, WH_R_SENSOR_JAM);
    if (!raised && may_be_stuck(s))
        haul_task_timer_set(x->task, p->entity, WH_T_SENSOR,
                            (struct haul_time){wh_most(stuck_since(s) + x->o->jam.after_ms, x->now_ms + 1)});
    else if (raised && !s->blocked)
        haul_task_timer_set(x->task, p->entity, WH_T_SENSOR,
                            (struct haul_time){wh_most(s->freed_ms + x->o->jam.clear_ms, x->now_ms + 1)});
    else
        haul_task_timer_clear(x->task, p->entity, WH_T_SENSOR);
}

/*  1  blocked, the motor runs, and nothing has moved for jam.after      raise
 *  2  free for jam.clear                                                clear
 *  3  else                                                              nothing changes
 */
void wh_sensor(struct wh_step *x, struct wh_spot *p)
{
    const struct wh_station *s = p->s;
    const int64_t held_ms = x->now_ms - stuck_since(s);
    if (may_be_stuck(s) && held_ms >= x->o->jam.after_ms)
        wh_raise(x, p->entity, &p->turned, WH_R_SENSOR_JAM,
                 (struct haul_raise){.value = wh_s(held_ms),
                                     .threshold = wh_s(x->o->jam.after_ms),
                                     .unit = "s",
                                     .since = {stuck_since(s)},
                                     .evidence = {{"seconds", wh_s(held_ms), 1},
                                                  {"limit_s", wh_s(x->o->jam.after_ms), 1},
                                                  {"wip", s->wip, 0}},
                                     .evidence_len = 3});
    else if (!s->blocked && x->now_ms - s->freed_ms >= x->o->jam.clear_ms)
        wh_clear(x, p->entity, &p->turned, WH_R_SENSOR_JAM);
    sensor_timer(x, p);
}

static void eye_and_motor(struct wh_step *x, struct wh_spot *p, const struct haul_record *r)
{
    struct wh_station *s = p->s;
    if (haul_has(r, HAUL_F_HM_MOTOR)) {
        const bool motor = r->v[HAUL_F_HM_MOTOR].i != 0;
        if (motor && (!s->motor_known || !s->motor)) s->motor_ms = x->now_ms;
        s->motor_known = true, s->motor = motor;
    }
    if (haul_has(r, HAUL_F_HM_BLOCKED)) {
        const bool blocked = r->v[HAUL_F_HM_BLOCKED].i != 0;
        if (blocked && !s->blocked) s->blocked_ms = x->now_ms;
        if (!blocked && s->blocked) s->freed_ms = x->now_ms;
        s->blocked = blocked;
    }
}

/* ---- from zone to zone ---- */
static void drop_oldest(struct wh_step *x, struct wh_station *s)
{
    if (s->pending == 0) return;
    s->pending--;
    memmove(&s->pending_ms[0], &s->pending_ms[1], s->pending * sizeof s->pending_ms[0]);
    s->pending_ms[s->pending] = 0;
    if (s->pending_more == 0) return;
    s->pending_more--;
    s->pending_ms[s->pending++] = x->now_ms;
}

/*  1  the oldest that is on its way was sent arrival.after ago, and the motor does not stand      raise
 *  2  sent arrival.forget ago: taken away by hand                                                 forgotten
 *  3  none is late                                                                                clear
 */
void wh_arrival(struct wh_step *x, struct wh_spot *p)
{
    struct wh_station *s = p->s;
    while (s->pending > 0 && x->now_ms - s->pending_ms[0] >= x->o->arrival.forget_ms) drop_oldest(x, s);
    const int64_t held_ms = s->pending > 0 ? x->now_ms - s->pending_ms[0] : -1;
    const bool stands = s->motor_known && !s->motor;
    if (held_ms >= x->o->arrival.after_ms && !stands)
        wh_raise(x, p->entity, &p->turned, WH_R_ARRIVAL_JAM,
                 (struct haul_raise){.value = wh_s(held_ms),
                                     .threshold = wh_s(x->o->arrival.after_ms),
                                     .unit = "s",
                                     .since = {s->pending_ms[0]},
                                     .evidence = {{"seconds", wh_s(held_ms), 1},
                                                  {"limit_s", wh_s(x->o->arrival.after_ms), 1},
                                                  {"items", s->pending + s->pending_more, 0}},
                                     .evidence_len = 3});
    else if (held_ms < x->o->arrival.after_ms)
        wh_clear(x, p->entity, &p->turned, WH_R_ARRIVAL_JAM);
    if (s->pending == 0) {
        haul_task_timer_clear(x->task, p->entity, WH_T_ARRIVAL);
        return;
    }
    const int64_t limit_ms = held_ms < x->o->arrival.after_ms ? x->o->arrival.after_ms : x->o->arrival.forget_ms;
    haul_task_timer_set(x->task, p->entity, WH_T_ARRIVAL, (struct haul_time){s->pending_ms[0] + limit_ms});
}

/* One has come in. What was late when it did was taken away: it would have come before. */
static void arrived(struct wh_step *x, struct wh_spot *p)
{
    struct wh_station *s = p->s;
    s->received++;
    s->wip++;
    s->moved_ms = x->now_ms;
    const bool late = haul_entity_raised(p->entity, WH_R_ARRIVAL_JAM);
    drop_oldest(x, s);
    while (late && s->pending > 0 && x->now_ms - s->pending_ms[0] >= x->o->arrival.after_ms) drop_oldest(x, s);
}

static void sent(struct wh_step *x, struct wh_spot *from, struct haul_str to)
{
    from->s->sent++;
    if (from->s->wip > 0) from->s->wip--;
    from->s->moved_ms = x->now_ms;
    struct wh_spot p = wh_spot_at(x, to, true);
    if (p.entity == NULL) return;
    wh_arrival(x, &p);
    if (p.s->pending < WH_PENDING)
        p.s->pending_ms[p.s->pending++] = x->now_ms;
    else
        p.s->pending_more++;
    wh_arrival(x, &p);
    wh_spot_done(x, &p);
}

/* ---- the motor ---- */
static double worn(struct haul_cusum *c, const struct wh_options *o, double value, int64_t ms)
{
    const struct haul_cusum_config config = {
        .level = {.learn = o->wear.learn, .spread_min = o->wear.spread}, .k = o->wear.k, .h = o->wear.h};
    haul_cusum_update(c, &config, value, (struct haul_time){ms});
    if (c->high > BEYOND * o->wear.h) c->high = BEYOND * o->wear.h;
    return c->high;
}

/* The mean of the readings of wear.every, when it is complete. */
static bool value_of(struct wh_step *x, struct wh_station *s, unsigned i, double reading, double *value)
{
    s->reading[i].sum += reading;
    if (s->reading[i].n++ == 0) s->reading[i].since_ms = x->now_ms;
    if (x->now_ms - s->reading[i].since_ms < x->o->wear.every_ms) return false;
    *value = s->reading[i].sum / (double)s->reading[i].n;
    s->reading[i].sum = 0, s->reading[i].n = 0;
    return true;
}

/*  1  current or vibration has risen against what was learnt: its sum is at least wear.h      raise
 *  2  both sums are below half of it                                                          clear
 *  3  else                                                                                    nothing changes
 */
static void wear(struct wh_step *x, struct wh_spot *p, const struct haul_record *r)
{
    static const enum haul_field fields[2] = {HAUL_F_HM_CURRENT, HAUL_F_HM_VIBRATION};
    struct wh_station *s = p->s;
    unsigned worst = 0;
    if (s->motor_known && !s->motor) return;
    for (unsigned i = 0; i < 2; i++) {
        double value;
        if (haul_has(r, fields[i]) && value_of(x, s, i, r->v[fields[i]].f, &value))
            worn(&s->wear[i], x->o, value, x->now_ms);
        if (s->wear[i].high > s->wear[worst].high) worst = i;
    }
    const struct haul_cusum *c = &s->wear[worst];
    if (c->high < x->o->wear.h / 2) wh_clear(x, p->entity, &p->turned, WH_R_WEAR);
    if (c->high < x->o->wear.h) return;
    wh_raise(x, p->entity, &p->turned, WH_R_WEAR,
             (struct haul_raise){.value = c->high,
                                 .threshold = x->o->wear.h,
                                 .unit = "spreads",
                                 .since = c->high_since,
                                 .evidence = {{"current_a", (double)s->current_a, 2},
                                              {"vibration_mmps", (double)s->vibration_mmps, 2},
                                              {"usual", c->level.mean, 2},
                                              {"sum", c->high, 1},
                                              {"limit", x->o->wear.h, 1}},
                                 .evidence_len = 5});
}

static void motor(struct wh_step *x, struct wh_spot *p, const struct haul_record *r)
{
    struct wh_station *s = p->s;
    if (r->v[HAUL_F_HM_SERVICED].i != 0) {
        for (unsigned i = 0; i < 2; i++)
            haul_cusum_reset(&s->wear[i], NULL), s->reading[i].n = 0, s->reading[i].sum = 0;
        wh_clear(x, p->entity, &p->turned, WH_R_WEAR);
    }
    if (haul_has(r, HAUL_F_HM_CURRENT)) s->current_a = (float)r->v[HAUL_F_HM_CURRENT].f;
    if (haul_has(r, HAUL_F_HM_VIBRATION)) s->vibration_mmps = (float)r->v[HAUL_F_HM_VIBRATION].f;
    if (haul_has(r, HAUL_F_HM_CURRENT) || haul_has(r, HAUL_F_HM_VIBRATION)) wear(x, p, r);
}

/* ---- the record ---- */
static bool says_something(const struct haul_record *r)
{
    static const enum haul_field fields[] = {HAUL_F_HM_BLOCKED,   HAUL_F_HM_MOTOR,    HAUL_F_HM_CURRENT,
                                             HAUL_F_HM_VIBRATION, HAUL_F_HM_SENT_TO,  HAUL_F_HM_ARRIVED,
                                             HAUL_F_HM_CAPACITY,  HAUL_F_HM_SERVICED, HAUL_F_HM_PART};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (haul_has(r, fields[i])) return true;
    return false;
}

static unsigned part_of(struct haul_str name)
{
    unsigned i = 1;
    while (i < PARTS && !haul_str_eq(name, haul_str_of(part_names[i]))) i++;
    return i;
}

static void flow(struct wh_step *x, struct wh_spot *p, const struct haul_record *r)
{
    if (r->v[HAUL_F_HM_ARRIVED].i != 0) arrived(x, p);
    if (r->v[HAUL_F_HM_SENT_TO].s.n > 0) sent(x, p, r->v[HAUL_F_HM_SENT_TO].s);
}

/* It is older than what is known of the zone: what it is like is known better, but what moved has moved. */
static enum haul_verdict behind(struct wh_step *x, struct wh_spot *p, const struct haul_record *r)
{
    if (r->v[HAUL_F_HM_ARRIVED].i == 0 && r->v[HAUL_F_HM_SENT_TO].s.n == 0)
        return haul_task_drop(x->task, WH_C_DISORDERED);
    haul_task_count(x->task, WH_C_DISORDERED, 1);
    const int64_t moved_ms = p->s->moved_ms;
    flow(x, p, r);
    p->s->moved_ms = wh_most(p->s->moved_ms, moved_ms);
    wh_spot_done(x, p);
    return HAUL_DONE;
}

/*  1  a part that is none, a zone that passes on to itself, nothing at all     quarantined
 *  2  older than what is known of the zone                                     only what moved counts
 *  3  else: what has been so up to now is judged, then what changes            used
 */
enum haul_verdict wh_machine(struct wh_step *x, const struct haul_record *r)
{
    const struct haul_str at = r->v[HAUL_F_HM_AT].s, to = r->v[HAUL_F_HM_SENT_TO].s, part = r->v[HAUL_F_HM_PART].s;
    if (part.n > 0 && part_of(part) == PARTS)
        return haul_task_refuse(x->task, "part", "is none of conveyor, sorter, scanner, chute, lift, dock, storage");
    if (haul_str_eq(at, to)) return haul_task_refuse(x->task, "sent_to", "is the zone itself");
    if (!says_something(r)) return haul_task_refuse(x->task, "blocked", "is missing, and so is all else");
    struct wh_spot p = wh_spot_at(x, at, true);
    if (p.entity == NULL) return haul_task_drop(x->task, WH_C_NO_ROOM);
    if (x->now_ms < p.s->newest_ms) return behind(x, &p, r);
    p.s->newest_ms = x->now_ms;
    wh_sensor(x, &p);
    wh_arrival(x, &p);
    if (part.n > 0) p.s->part = (uint8_t)part_of(part);
    eye_and_motor(x, &p, r);
    flow(x, &p, r);
    motor(x, &p, r);
    if (haul_has(r, HAUL_F_HM_CAPACITY)) p.s->capacity = (uint32_t)r->v[HAUL_F_HM_CAPACITY].i;
    if (p.s->capacity > 0) {
        const double pct = 100.0 * p.s->wip / p.s->capacity;
        wh_fills(x, p.entity, &p.turned, &p.s->course, pct < 100 ? pct : 100);
    }
    wh_sensor(x, &p);
    wh_arrival(x, &p);
    wh_spot_done(x, &p);
    return HAUL_DONE;
}
