/* SPDX-License-Identifier: Apache-2.0
 * The warehouse: hubs, their stations, vehicles and items. The files and what they do: warehouse.h.
 */
#include "processors/warehouse/warehouse.h"

#include "haul/processors.h"

static bool names_a_hub(struct haul_str id)
{
    if (id.n > WH_NAME || id.p[0] == '~') return false;
    return memchr(id.p, '/', id.n) == NULL && memchr(id.p, '#', id.n) == NULL;
}

static struct wh_step step_of(struct haul_task *t, struct haul_entity *e)
{
    return (struct wh_step){.task = t,
                            .hub_entity = e,
                            .o = haul_task_options(t),
                            .h = haul_entity_state(e),
                            .hub = haul_entity_id(e),
                            .now_ms = haul_task_time(t).ms};
}

/* What holds between any two steps. */
static void check(const struct wh_hub *h)
{
    assert(h->in == h->out + h->inside && h->written_off <= h->out && h->overdue + h->stored <= h->inside);
    assert(h->chutes_blocked <= h->chutes && h->agvs_troubled <= h->agvs);
}

static void done(struct wh_step *x)
{
    check(x->h);
    x->h->heard_ms = wh_most(x->h->heard_ms, x->now_ms);
    if (haul_task_timer_due(x->hub_entity, WH_T_GONE).ms == HAUL_TIME_NONE.ms)
        haul_task_timer_set(x->task, x->hub_entity, WH_T_GONE, (struct haul_time){x->now_ms + x->o->keep_ms});
    if (x->turned)
        haul_task_paint_now(x->task, x->hub_entity);
    else
        haul_task_paint(x->task, x->hub_entity);
}

static enum haul_verdict take(struct wh_step *x, const struct haul_record *r)
{
    switch (r->kind) {
    case HAUL_KIND_HUB_SCAN:
        return wh_scan(x, r);
    case HAUL_KIND_HUB_MACHINE:
        return wh_machine(x, r);
    case HAUL_KIND_HUB_CHUTE:
        return wh_chute(x, r);
    case HAUL_KIND_HUB_DOCK:
        return wh_dock(x, r);
    case HAUL_KIND_HUB_AGV:
        return wh_agv(x, r);
    case HAUL_KIND_HUB_COUNT:
        return wh_count(x, r);
    case HAUL_KIND_HUB_ORDER:
        return wh_order(x, r);
    default:
        assert(r->kind == HAUL_KIND_HUB_TELEPORT);
        return wh_teleport(x, r);
    }
}

static enum haul_verdict process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r, bool late)
{
    (void)late; /* each item, station and vehicle knows better what is late for it */
    if (r->kind == HAUL_KIND_HUB_SIGHTING) return wh_sighting(t, e, r);
    if (!names_a_hub(r->id))
        return haul_task_refuse(t, "id", "a hub's name has up to %d bytes, without / and #, and does not begin with ~",
                                WH_NAME);
    struct wh_step x = step_of(t, e);
    if (haul_entity_new(e)) wh_begin_minutes(&x);
    if (r->positioned) x.h->positioned = 1, x.h->lon_deg = r->lon_deg, x.h->lat_deg = r->lat_deg;
    const enum haul_verdict verdict = take(&x, r);
    if (verdict == HAUL_DONE) done(&x);
    return verdict;
}

/* ---- timers ---- */
static void hub_timer(struct wh_step *x, unsigned id)
{
    if (id == WH_T_GONE) {
        const int64_t due_ms = x->h->heard_ms + x->o->keep_ms;
        if (due_ms <= x->now_ms)
            haul_task_remove(x->task, x->hub_entity);
        else
            haul_task_timer_set(x->task, x->hub_entity, WH_T_GONE, (struct haul_time){due_ms});
        return;
    }
    if (id == WH_T_HOLD)
        wh_clear(x, x->hub_entity, &x->turned, WH_R_TELEPORT);
    else
        wh_minute(x);
    check(x->h);
    if (x->turned)
        haul_task_paint_now(x->task, x->hub_entity);
    else
        haul_task_paint(x->task, x->hub_entity);
}

static void station_gone(struct wh_step *x, struct wh_spot *p)
{
    const int64_t due_ms = p->s->heard_ms + x->o->keep_ms;
    if (due_ms > x->now_ms) {
        haul_task_timer_set(x->task, p->entity, WH_T_GONE, (struct haul_time){due_ms});
        return;
    }
    if (p->s->chute_counted) x->h->chutes--;
    if (p->s->blocked_counted) x->h->chutes_blocked--;
    if (p->s->jam_counted) x->h->jams--;
    haul_task_remove(x->task, p->entity);
}

static void station_timer(struct wh_step *x, struct haul_entity *e, unsigned id)
{
    struct wh_spot p = {.entity = e, .s = haul_entity_state(e)};
    if (id == WH_T_GONE) {
        station_gone(x, &p);
        return;
    }
    const int64_t heard_ms = p.s->heard_ms;
    if (id == WH_T_SENSOR)
        wh_sensor(x, &p);
    else
        wh_arrival(x, &p);
    wh_spot_done(x, &p);
    p.s->heard_ms = heard_ms;
}

static void agv_timer(struct wh_step *x, struct haul_entity *e, unsigned id)
{
    const struct wh_agv *a = haul_entity_state(e);
    if (id == WH_T_AGV)
        wh_agv_timer(x, e);
    else if (a->newest_ms + x->o->keep_ms > x->now_ms)
        haul_task_timer_set(x->task, e, WH_T_GONE, (struct haul_time){a->newest_ms + x->o->keep_ms});
    else
        wh_agv_gone(x, e);
}

/* Of a part whose hub is no longer there, nothing is left to know. */
static void part_timer(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    struct wh_step x;
    const struct wh_page *page = haul_entity_kind(e) == WH_PAGE ? haul_entity_state_const(e) : NULL;
    const struct haul_str hub =
        page != NULL ? (struct haul_str){page->hub, page->hub_len} : wh_hub_of(haul_entity_id(e), '/');
    if ((page != NULL && page->holds == WH_TAGS) || !wh_step_of_part(&x, t, hub)) {
        haul_task_remove(t, e);
        return;
    }
    if (page == NULL && haul_entity_kind(e) == WH_STATION)
        station_timer(&x, e, id);
    else if (page == NULL)
        agv_timer(&x, e, id);
    else if (page->holds == WH_YARD)
        wh_yard_timer(&x, e, haul_entity_state(e));
    else
        wh_page_timer(&x, e, haul_entity_state(e));
    check(x.h);
    if (x.turned)
        haul_task_paint_now(t, x.hub_entity);
    else
        haul_task_paint(t, x.hub_entity);
}

static void timer(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    if (haul_entity_kind(e) != WH_HUB) {
        part_timer(t, e, id);
        return;
    }
    struct wh_step x = step_of(t, e);
    hub_timer(&x, id);
}

static const struct haul_takes takes[] = {
    {HAUL_KIND_HUB_SCAN, WH_HUB},  {HAUL_KIND_HUB_MACHINE, WH_HUB},   {HAUL_KIND_HUB_CHUTE, WH_HUB},
    {HAUL_KIND_HUB_DOCK, WH_HUB},  {HAUL_KIND_HUB_AGV, WH_HUB},       {HAUL_KIND_HUB_COUNT, WH_HUB},
    {HAUL_KIND_HUB_ORDER, WH_HUB}, {HAUL_KIND_HUB_SIGHTING, WH_PAGE}, {HAUL_KIND_HUB_TELEPORT, WH_HUB},
};
static const uint8_t gives[] = {HAUL_MAILBOX_WAREHOUSE, 0};

const struct haul_processor haul_warehouse = {
    .mailbox = HAUL_MAILBOX_WAREHOUSE,
    .summary_en = "hubs: items in, out and inside, machines, docks, vehicles, stock",
    .summary_zh = "分拨中心：货件进出与在场、设备、月台、导引车、库存",
    .state_version = 1,
    .takes = takes,
    .takes_len = sizeof takes / sizeof takes[0],
    .gives = gives,
    .entities = {[WH_HUB] = {"hub", sizeof(struct wh_hub)},
                 [WH_STATION] = {"station", sizeof(struct wh_station)},
                 [WH_AGV] = {"agv", sizeof(struct wh_agv)},
                 [WH_PAGE] = {"page", sizeof(struct wh_page)}},
    .timers = WH_TIMERS,
    .options = &wh_option_set,
    .counters = wh_counters,
    .counters_len = WH_COUNTERS,
    .rules = wh_rules,
    .rules_len = WH_RULES,
    .process = process,
    .timer = timer,
    .view = wh_view,
    .dump = wh_dump,
};
