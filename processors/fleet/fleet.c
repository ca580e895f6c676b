/* SPDX-License-Identifier: Apache-2.0
 * The fleet: the state of every vehicle, and every rule that needs no road and no order book. The files and the path of
 * a record through them: fleet.h.
 */
#include "processors/fleet/fleet.h"

#include "haul/processors.h"

/* ---- taking a record in ---- */
static void keep_text(char *to, uint8_t *len, size_t max, struct haul_str text)
{
    assert(text.n <= max); /* the record's table has the same bound */
    if (text.n > 0) memcpy(to, text.p, text.n);
    *len = (uint8_t)text.n;
}

/* Another driver: his hours are not known here, so they begin at zero. */
static void keep_driver(struct fleet_step *x, struct haul_str driver)
{
    struct fleet_state *s = x->s;
    if (haul_str_eq(driver, (struct haul_str){s->driver, s->driver_len})) return;
    if (s->driver_len > 0) {
        s->stint_ms = s->stint_night_ms = 0;
        memset(s->hour_20s, 0, sizeof s->hour_20s);
        memset(s->day_10s, 0, sizeof s->day_10s);
        fleet_clear(x, FLEET_FATIGUE);
    }
    keep_text(s->driver, &s->driver_len, sizeof s->driver, driver);
}

static void keep_who(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    const struct haul_record *r = x->r;
    if (haul_has(r, HAUL_F_VP_PLATE)) keep_text(s->plate, &s->plate_len, sizeof s->plate, r->v[HAUL_F_VP_PLATE].s);
    if (haul_has(r, HAUL_F_VP_GROUP)) keep_text(s->group, &s->group_len, sizeof s->group, r->v[HAUL_F_VP_GROUP].s);
    if (haul_has(r, HAUL_F_VP_DRIVER)) keep_driver(x, r->v[HAUL_F_VP_DRIVER].s);
}

/* A late event counts when nothing newer was said of the same thing. */
static bool newer(uint32_t *low_ms, const struct haul_record *r)
{
    const uint32_t t = (uint32_t)r->time.ms | 1; /* 0: nothing was said yet */
    if (*low_ms != 0 && (int32_t)(t - *low_ms) < 0) return false;
    *low_ms = t;
    return true;
}

static void set_alarm(struct fleet_state *s, const struct haul_record *r, uint32_t alarm)
{
    if (newer(&s->alarm_ms, r)) s->alarm = alarm;
}

static void set_door(struct fleet_state *s, const struct haul_record *r, bool open)
{
    const uint8_t door = (uint8_t)(1u << (r->v[HAUL_F_VE_DOOR].i & 7));
    if (newer(&s->door_ms, r)) s->doors = (uint8_t)(open ? s->doors | door : s->doors & ~door);
}

static void keep_measures(struct fleet_state *s, const struct haul_record *r)
{
    if (haul_has(r, HAUL_F_VP_STATUS)) {
        s->status = (uint32_t)r->v[HAUL_F_VP_STATUS].i;
        s->known |= FLEET_HAS_IGNITION;
    }
    if (haul_has(r, HAUL_F_VP_ALARM)) set_alarm(s, r, (uint32_t)r->v[HAUL_F_VP_ALARM].i);
    if (haul_has(r, HAUL_F_VP_FUEL)) {
        s->fuel_ml = (int32_t)haul_round_i64(r->v[HAUL_F_VP_FUEL].f * 1000);
        s->known |= FLEET_HAS_FUEL;
    }
    if (haul_has(r, HAUL_F_VP_BATTERY)) {
        s->battery_cpct = (uint16_t)haul_round_i64(r->v[HAUL_F_VP_BATTERY].f * 100);
        s->known |= FLEET_HAS_BATTERY;
    }
    if (haul_has(r, HAUL_F_VP_MILEAGE)) {
        s->mileage_hm = (int32_t)haul_round_i64(r->v[HAUL_F_VP_MILEAGE].f * 10);
        s->known |= FLEET_HAS_MILEAGE;
    }
}

static void take_position(struct fleet_step *x)
{
    keep_who(x);
    keep_measures(x->s, x->r);
    fleet_position(x);
    fleet_gnss(x);
    fleet_harsh(x);
    fleet_fuel(x);
}

enum event { DOOR_OPEN, DOOR_CLOSED, IGNITION_ON, IGNITION_OFF, ALARM, BATTERY, EVENTS };

static const char *const event_names[EVENTS] = {"door_open",    "door_closed", "ignition_on",
                                                "ignition_off", "alarm",       "battery"};

/* EVENTS: `what` is none that is known. */
static enum event event_of(const struct haul_record *r)
{
    unsigned i = 0;
    while (i < EVENTS && !haul_str_eq(r->v[HAUL_F_VE_WHAT].s, haul_str_of(event_names[i]))) i++;
    return (enum event)i;
}

static void set_ignition(struct fleet_state *s, bool on)
{
    s->status = on ? s->status | FLEET_STATUS_IGNITION : s->status & ~FLEET_STATUS_IGNITION;
    s->known |= FLEET_HAS_IGNITION;
}

static void take_event(struct fleet_step *x, bool older)
{
    struct fleet_state *s = x->s;
    const enum event event = event_of(x->r);
    switch (event) {
    case DOOR_OPEN:
    case DOOR_CLOSED:
        set_door(s, x->r, event == DOOR_OPEN);
        break;
    case IGNITION_ON:
    case IGNITION_OFF:
        if (!older) set_ignition(s, event == IGNITION_ON);
        break;
    case ALARM:
        set_alarm(s, x->r, (uint32_t)x->r->v[HAUL_F_VE_ALARM].i);
        break;
    case BATTERY:
        if (!older) s->battery_level = (uint8_t)x->r->v[HAUL_F_VE_LEVEL].i;
        break;
    case EVENTS:
        break;
    }
}

static void judge_all(struct fleet_step *x)
{
    fleet_speeding(x);
    fleet_fatigue(x);
    fleet_night(x);
    fleet_stop(x);
    fleet_doors(x);
    fleet_displacement(x);
    fleet_bits(x);
    fleet_battery(x);
    fleet_skew(x);
    fleet_fences(x);
}

/* ---- a step ---- */
static struct fleet_step step_of(struct haul_task *t, struct haul_entity *e, const struct haul_record *r)
{
    struct fleet_state *s = haul_entity_state(e);
    struct fleet_step x = {.task = t, .entity = e, .s = s, .o = haul_task_options(t), .r = r};
    x.now_ms = haul_task_time(t).ms;
    x.zone_ms = fleet_zone_of(x.o);
    x.speed_was_mh = s->speed_mh, x.heading_was_cdeg = s->heading_cdeg;
    x.known_was = s->known;
    x.fix_was = s->fix;
    x.was_moving = s->motion == FLEET_MOVING;
    return x;
}

static void paint(const struct fleet_step *x)
{
    if (x->turned)
        haul_task_paint_now(x->task, x->entity);
    else
        haul_task_paint(x->task, x->entity);
}

/* Older than what is known of the vehicle: nothing moves back, no rule looks at it; but a closed door is closed. */
static enum haul_verdict disordered(struct fleet_step *x)
{
    x->s->disordered++;
    haul_task_count(x->task, FLEET_DISORDERED, 1);
    if (x->r->kind == HAUL_KIND_VEHICLE_EVENT) take_event(x, true);
    if (fleet_fill(x)) haul_task_count(x->task, FLEET_FILLED, 1);
    fleet_heard(x);
    paint(x);
    return HAUL_DONE;
}

/* For how long what holds now may be taken to have held: since the record before, but not through a silence. */
static int64_t heard_through(const struct fleet_step *x)
{
    const int64_t dt_ms = x->now_ms - x->s->newest_ms;
    return x->s->newest_ms != 0 && dt_ms <= x->o->offline_after_ms ? dt_ms : 0;
}

/*  1  an event of an unknown name                       quarantined
 *  2  a message seen before                             dropped
 *  3  older than the vehicle's newest                   fills the odometer, at most
 *  4  behind the watermark, in order for the vehicle     counted, and as 5
 *  5  else                                              taken in, and every rule judged
 */
static enum haul_verdict process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r, bool late)
{
    struct fleet_step x = step_of(t, e, r);
    if (r->kind == HAUL_KIND_VEHICLE_EVENT && event_of(r) == EVENTS)
        return haul_task_refuse(t, "what", "is none of the events of a vehicle that are known");
    if (fleet_serial(&x)) {
        fleet_heard(&x);
        paint(&x);
        return haul_task_drop(t, FLEET_DUPLICATE);
    }
    fleet_clock(&x);
    if (r->source.n > 0) keep_text(x.s->source, &x.s->source_len, sizeof x.s->source, r->source);
    if (x.now_ms < x.s->newest_ms) return disordered(&x);
    x.dt_ms = heard_through(&x);
    if (r->kind == HAUL_KIND_VEHICLE_POSITION)
        take_position(&x);
    else
        take_event(&x, false);
    if (late) {
        x.s->late++;
        haul_task_count(t, FLEET_LATE, 1);
    }
    judge_all(&x);
    x.s->newest_ms = x.now_ms;
    fleet_heard(&x);
    paint(&x);
    return HAUL_DONE;
}

/* Silent for `keep`: the vehicle goes. */
static void gone(struct fleet_step *x)
{
    const int64_t due_ms = x->s->heard_ms + x->o->keep_ms;
    if (due_ms > x->now_ms) {
        haul_task_timer_set(x->task, x->entity, FLEET_T_GONE, (struct haul_time){due_ms});
        return;
    }
    fleet_fences_gone(x);
    haul_task_remove(x->task, x->entity);
}

static void evicted(struct haul_task *t, struct haul_entity *e)
{
    struct fleet_step x = step_of(t, e, NULL);
    fleet_fences_gone(&x);
}

static void timer(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    struct fleet_step x = step_of(t, e, NULL);
    switch ((enum fleet_timer)id) {
    case FLEET_T_SILENCE:
        fleet_silence(&x);
        break;
    case FLEET_T_REST:
        fleet_rested(&x);
        break;
    case FLEET_T_HARSH:
        fleet_harsh_over(&x);
        break;
    case FLEET_T_SERIAL:
        fleet_serial_over(&x);
        break;
    case FLEET_T_FENCE:
        fleet_fences(&x);
        break;
    case FLEET_T_GONE:
        gone(&x);
        return;
    case FLEET_TIMERS:
        assert(false);
    }
    if (x.turned) haul_task_paint_now(t, e);
}

static const uint8_t gives[] = {HAUL_MAILBOX_FENCE, 0};
static const struct haul_takes takes[] = {{HAUL_KIND_VEHICLE_POSITION, 0}, {HAUL_KIND_VEHICLE_EVENT, 0}};

const struct haul_processor haul_fleet = {
    .mailbox = HAUL_MAILBOX_FLEET,
    .summary_en = "position, odometer and the rules of every vehicle",
    .summary_zh = "每辆车的位置、里程与规则",
    .state_version = 2,
    .takes = takes,
    .takes_len = sizeof takes / sizeof takes[0],
    .gives = gives,
    .entities = {{"vehicle", sizeof(struct fleet_state)}},
    .timers = FLEET_TIMERS,
    .options = &fleet_option_set,
    .contents = fleet_contents,
    .contents_len = 1,
    .counters = fleet_counters,
    .counters_len = FLEET_COUNTERS,
    .rules = fleet_rules,
    .rules_len = FLEET_RULES,
    .process = process,
    .timer = timer,
    .evicted = evicted,
    .view = fleet_view,
    .live = fleet_live,
    .dump = fleet_dump,
};
