/* SPDX-License-Identifier: Apache-2.0
 * The cold chain: load units and the shipments in them. The files and the path of a sample through them: coldchain.h.
 */
#include "processors/coldchain/coldchain.h"

#include "haul/processors.h"

static struct cold_step step_of(struct haul_task *t, struct haul_entity *e)
{
    struct cold_step x = {.task = t, .entity = e, .o = haul_task_options(t), .now_ms = haul_task_time(t).ms};
    if (haul_entity_kind(e) == COLD_UNIT)
        x.u = haul_entity_state(e);
    else
        x.s = haul_entity_state(e);
    return x;
}

static void paint(const struct cold_step *x)
{
    if (x->turned)
        haul_task_paint_now(x->task, x->entity);
    else
        haul_task_paint(x->task, x->entity);
}

/* ---- a unit's records ---- */
static const struct {
    enum haul_field field;
    uint16_t has;
    size_t offset;
} reals[] = {
    {HAUL_F_CS_HUMIDITY, COLD_HAS_HUMIDITY, offsetof(struct cold_held, humidity)},
    {HAUL_F_CS_SET_POINT, COLD_HAS_SET, offsetof(struct cold_held, set_c)},
    {HAUL_F_CS_RETURN, COLD_HAS_RETURN, offsetof(struct cold_held, return_c)},
    {HAUL_F_CS_SUPPLY, COLD_HAS_SUPPLY, offsetof(struct cold_held, supply_c)},
    {HAUL_F_CS_CURRENT, COLD_HAS_CURRENT, offsetof(struct cold_held, current_a)},
    {HAUL_F_CS_SHOCK, COLD_HAS_SHOCK, offsetof(struct cold_held, shock_g)},
    {HAUL_F_CS_LIGHT, COLD_HAS_LIGHT, offsetof(struct cold_held, light_lx)},
    {HAUL_F_CS_BATTERY, COLD_HAS_BATTERY, offsetof(struct cold_held, battery)},
    {HAUL_F_CS_REFRESH, COLD_HAS_REFRESH, offsetof(struct cold_held, refresh_s)},
};

static struct cold_held sample_of(const struct cold_options *o, const struct haul_record *r)
{
    struct cold_held h = {.ms = r->time.ms, .what = COLD_I_SAMPLE};
    h.zone = (uint8_t)r->v[HAUL_F_CS_ZONE].i, h.probe = (uint8_t)r->v[HAUL_F_CS_PROBE].i;
    if (haul_has(r, HAUL_F_CS_TEMP)) h.temp_c = r->v[HAUL_F_CS_TEMP].f, h.has |= COLD_HAS_TEMP;
    if ((h.has & COLD_HAS_TEMP) && haul_has(r, HAUL_F_CS_RESOLUTION) &&
        r->v[HAUL_F_CS_RESOLUTION].f >= o->sensor.stuck_step_k)
        h.has |= COLD_HAS_COARSE;
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        if (!haul_has(r, reals[i].field)) continue;
        const float v = (float)r->v[reals[i].field].f;
        memcpy((char *)&h + reals[i].offset, &v, sizeof v);
        h.has |= reals[i].has;
    }
    if (haul_has(r, HAUL_F_CS_DOOR)) h.door = r->v[HAUL_F_CS_DOOR].i != 0, h.has |= COLD_HAS_DOOR;
    if (haul_has(r, HAUL_F_CS_POWER)) h.power = r->v[HAUL_F_CS_POWER].i != 0, h.has |= COLD_HAS_POWER;
    if (haul_has(r, HAUL_F_CS_DEFROST)) h.defrost = r->v[HAUL_F_CS_DEFROST].i != 0, h.has |= COLD_HAS_DEFROST;
    return h;
}

static void keep_unit(struct cold_unit *u, const struct haul_record *r)
{
    if (r->source.n > 0) {
        u->source_len = (uint8_t)r->source.n;
        memcpy(u->source, r->source.p, r->source.n);
    }
    if (r->time.ms < u->newest_ms) return;
    u->newest_ms = r->time.ms;
    if (r->positioned) u->positioned = 1, u->lon_deg = r->lon_deg, u->lat_deg = r->lat_deg;
    if (r->kind != HAUL_KIND_COLD_SAMPLE) return;
    if (haul_has(r, HAUL_F_CS_STORE)) u->store = r->v[HAUL_F_CS_STORE].i != 0;
    if (haul_has(r, HAUL_F_CS_CLASS)) {
        struct cold_zone *z = &u->zone[r->v[HAUL_F_CS_ZONE].i];
        const struct haul_str class = r->v[HAUL_F_CS_CLASS].s;
        z->class_len = (uint8_t) class.n;
        if (class.n > 0) memcpy(z->class, class.p, class.n);
    }
}

enum event { DOOR_OPEN, DOOR_CLOSED, DEFROST_ON, DEFROST_OFF, POWER_LOST, POWER_BACK, LOADED, UNLOADED, EVENTS };
static const char *const event_names[EVENTS] = {"door_open",  "door_closed", "defrost_on", "defrost_off",
                                                "power_lost", "power_back",  "loaded",     "unloaded"};

/* EVENTS: `what` is none that is known. */
static enum event event_of(const struct haul_record *r)
{
    unsigned i = 0;
    while (i < EVENTS && !haul_str_eq(r->v[HAUL_F_CE_WHAT].s, haul_str_of(event_names[i]))) i++;
    return (enum event)i;
}

static bool take_event(struct cold_step *x, const struct haul_record *r)
{
    const enum event event = event_of(r);
    struct cold_held h = {.ms = r->time.ms, .zone = (uint8_t)r->v[HAUL_F_CE_ZONE].i};
    switch (event) {
    case DOOR_OPEN:
    case DOOR_CLOSED:
        h.what = COLD_I_DOOR, h.door = event == DOOR_OPEN;
        return cold_hold(x, &h);
    case DEFROST_ON:
    case DEFROST_OFF:
        h.what = COLD_I_DEFROST, h.defrost = event == DEFROST_ON;
        return cold_hold(x, &h);
    case POWER_LOST:
    case POWER_BACK:
        h.what = COLD_I_POWER, h.power = event == POWER_BACK;
        return cold_hold(x, &h);
    case LOADED:
        cold_loaded(x, r);
        return true;
    case UNLOADED:
        cold_unloaded(x, r);
        return true;
    case EVENTS:
        break;
    }
    return false;
}

static void set_silence(struct cold_step *x)
{
    const int64_t due_ms = cold_silence_due(x);
    if (due_ms == INT64_MAX)
        haul_task_timer_clear(x->task, x->entity, COLD_T_SILENCE);
    else
        haul_task_timer_set(x->task, x->entity, COLD_T_SILENCE, (struct haul_time){due_ms});
}

static void set_gone(struct cold_step *x, int64_t *heard_ms, int64_t keep_ms)
{
    const struct haul_time mark = haul_task_watermark(x->task);
    *heard_ms = cold_most(*heard_ms, cold_most(x->now_ms, mark.ms));
    if (haul_task_timer_due(x->entity, COLD_T_GONE).ms == HAUL_TIME_NONE.ms)
        haul_task_timer_set(x->task, x->entity, COLD_T_GONE, (struct haul_time){*heard_ms + keep_ms});
}

/*  1  an event of an unknown name, or a load without a shipment       quarantined
 *  2  older than what it is about has been followed to                dropped
 *  3  else                                                            held until the watermark has passed it
 */
static enum haul_verdict process_unit(struct cold_step *x, const struct haul_record *r)
{
    bool used = true;
    if (r->kind == HAUL_KIND_COLD_SAMPLE && sample_of(x->o, r).has == 0)
        return haul_task_refuse(x->task, "temp_c", "is missing, and so is all else that could be measured");
    if (r->kind == HAUL_KIND_COLD_EVENT) {
        const enum event event = event_of(r);
        if (event == EVENTS)
            return haul_task_refuse(x->task, "what", "is none of the events of a load unit that are known");
        if ((event == LOADED || event == UNLOADED) && r->v[HAUL_F_CE_SHIPMENT].s.n == 0)
            return haul_task_refuse(x->task, "shipment", "is missing: what was %s?", event_names[event]);
    }
    keep_unit(x->u, r);
    set_gone(x, &x->u->heard_ms, x->o->keep_ms);
    if (r->kind == HAUL_KIND_COLD_EVENT) {
        used = take_event(x, r);
    } else {
        const struct cold_held h = sample_of(x->o, r);
        used = cold_hold(x, &h);
    }
    cold_settle(x, haul_task_watermark(x->task).ms);
    set_silence(x);
    paint(x);
    return used ? HAUL_DONE : haul_task_drop(x->task, COLD_C_DISORDERED);
}

/* ---- a shipment's records ---- */
/* By the task's own clock: while the unit's task is behind (a backlog), its exposures come late but they come. */
static void set_untracked(struct cold_step *x)
{
    const struct cold_shipment *s = x->s;
    const int64_t from_ms = cold_most(s->through_ms, s->loaded_ms), mark_ms = haul_task_watermark(x->task).ms;
    if (s->aboard)
        haul_task_timer_set(x->task, x->entity, COLD_T_SILENCE,
                            (struct haul_time){cold_most(from_ms, mark_ms) + x->o->untracked.after_ms});
    else
        haul_task_timer_clear(x->task, x->entity, COLD_T_SILENCE);
}

static enum haul_verdict process_shipment(struct cold_step *x, const struct haul_record *r)
{
    if (r->kind == HAUL_KIND_COLD_HANDOVER) {
        cold_handed(x, r);
    } else if (r->v[HAUL_F_CX_WHAT].i != 0) {
        cold_custody(x, r);
        cold_judge(x, cold_class_find(x->o, (struct haul_str){x->s->class, x->s->class_len}));
        x->turned = true;
    } else {
        const int64_t from_ms = r->v[HAUL_F_CX_FROM].i;
        if (from_ms >= r->time.ms || from_ms < r->time.ms - COLD_NEVER_MS)
            return haul_task_refuse(x->task, "from", "is not before the interval's end, or years before it");
        cold_expose(x, r);
    }
    set_untracked(x);
    set_gone(x, &x->s->heard_ms, x->o->keep_shipment_ms);
    paint(x);
    return HAUL_DONE;
}

static enum haul_verdict process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r, bool late)
{
    (void)late; /* order.c and the gaps of exposure.c know better for which key it is */
    struct cold_step x = step_of(t, e);
    return x.u != NULL ? process_unit(&x, r) : process_shipment(&x, r);
}

/* ---- timers ---- */
static void untracked(struct cold_step *x)
{
    const struct cold_shipment *s = x->s;
    const int64_t from_ms = cold_most(s->through_ms, s->loaded_ms);
    if (!s->aboard) return;
    const double minutes = cold_min(x->now_ms - from_ms), limit = cold_min(x->o->untracked.after_ms);
    cold_raise(x, COLD_R_UNTRACKED,
               (struct haul_raise){.value = minutes,
                                   .threshold = limit,
                                   .unit = "min",
                                   .since = {from_ms},
                                   .evidence = {{"minutes", minutes, 0}, {"limit_min", limit, 0}},
                                   .evidence_len = 2});
}

static void gone(struct cold_step *x)
{
    const int64_t due_ms = x->u != NULL ? x->u->heard_ms + x->o->keep_ms : x->s->heard_ms + x->o->keep_shipment_ms;
    if (due_ms > x->now_ms)
        haul_task_timer_set(x->task, x->entity, COLD_T_GONE, (struct haul_time){due_ms});
    else
        haul_task_remove(x->task, x->entity);
}

static void timer(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    struct cold_step x = step_of(t, e);
    switch ((enum cold_timer)id) {
    case COLD_T_RELEASE:
        cold_settle(&x, x.now_ms);
        set_silence(&x);
        break;
    case COLD_T_SILENCE:
        if (x.u == NULL) {
            untracked(&x);
            break;
        }
        cold_silence(&x);
        set_silence(&x);
        break;
    case COLD_T_SHOCK:
        cold_part(&x, &x.u->raised, COLD_R_SHOCK, false, NULL);
        break;
    case COLD_T_GONE:
        gone(&x);
        return;
    case COLD_TIMERS:
        assert(false);
    }
    paint(&x);
}

static const struct haul_takes takes[] = {{HAUL_KIND_COLD_SAMPLE, COLD_UNIT},
                                          {HAUL_KIND_COLD_EVENT, COLD_UNIT},
                                          {HAUL_KIND_COLD_EXPOSURE, COLD_SHIPMENT},
                                          {HAUL_KIND_COLD_HANDOVER, COLD_SHIPMENT}};
static const uint8_t gives[] = {HAUL_MAILBOX_COLDCHAIN, 0};

const struct haul_processor haul_coldchain = {
    .mailbox = HAUL_MAILBOX_COLDCHAIN,
    .summary_en = "temperature of load units, exposure and life of the shipments in them",
    .summary_zh = "冷藏载货单元的温度，其中各票货物的温度暴露与剩余寿命",
    .state_version = 2,
    .takes = takes,
    .takes_len = sizeof takes / sizeof takes[0],
    .gives = gives,
    .entities = {[COLD_UNIT] = {"reefer", sizeof(struct cold_unit)},
                 [COLD_SHIPMENT] = {"shipment", sizeof(struct cold_shipment)}},
    .timers = COLD_TIMERS,
    .options = &cold_option_set,
    .counters = cold_counters,
    .counters_len = COLD_COUNTERS,
    .rules = cold_rules,
    .rules_len = COLD_RULES,
    .process = process,
    .timer = timer,
    .view = cold_view,
    .live = cold_live,
    .dump = cold_dump,
};
