/* SPDX-License-Identifier: Apache-2.0
 * Trucks: from the gate to a dock and out again. The yard is a page of the hub that holds them.
 */
#include "processors/warehouse/warehouse.h"

#define YARD      HAUL_STR("yard")
#define YARD_MARK '#'
#define MEMORY    20 /* trucks whose turn the hub's mean remembers */

enum event { GATE_IN, DOCK_IN, DOCK_OUT, GATE_OUT, EVENTS };
static const char *const event_names[EVENTS] = {"gate_in", "dock_in", "dock_out", "gate_out"};

static enum event event_of(struct haul_str name)
{
    unsigned i = 0;
    while (i < EVENTS && !haul_str_eq(name, haul_str_of(event_names[i]))) i++;
    return (enum event)i;
}

/* ---- docks and trucks ---- */
/* Index plus 1 in the hub's table; 0: the name is empty, or the table is full. */
static uint8_t dock_of(struct wh_hub *h, struct haul_str name)
{
    for (uint8_t i = 0; i < h->docks; i++)
        if (haul_str_eq((struct haul_str){h->dock[i].name, h->dock[i].len}, name)) return (uint8_t)(i + 1);
    if (name.n == 0 || h->docks == WH_DOCKS) return 0;
    struct wh_dock *d = &h->dock[h->docks++];
    d->len = (uint8_t)name.n;
    memcpy(d->name, name.p, name.n);
    return h->docks;
}

static struct wh_truck *truck_of(struct wh_page *p, struct haul_str name)
{
    for (uint32_t i = 0; i < p->used; i++)
        if (haul_str_eq((struct haul_str){p->truck[i].name, p->truck[i].len}, name)) return &p->truck[i];
    return NULL;
}

static void truck_goes(struct wh_page *p, struct wh_truck *t)
{
    *t = p->truck[--p->used];
    p->truck[p->used] = (struct wh_truck){0};
}

/* The one that came first gives its place when there is none. */
static struct wh_truck *truck_comes(struct wh_step *x, struct wh_page *p, struct haul_str name)
{
    if (p->used == WH_PAGE_YARD) {
        struct wh_truck *oldest = &p->truck[0];
        for (uint32_t i = 1; i < p->used; i++)
            if (p->truck[i].gate_ms < oldest->gate_ms) oldest = &p->truck[i];
        truck_goes(p, oldest);
        haul_task_count(x->task, WH_C_OVERFULL, 1);
    }
    struct wh_truck *t = &p->truck[p->used++];
    *t = (struct wh_truck){.gate_ms = x->now_ms, .len = (uint8_t)name.n};
    memcpy(t->name, name.p, name.n);
    return t;
}

/* ---- judging ---- */
struct trucks { /* of one dock */
    unsigned waiting, docked;
    int64_t wait_ms, turn_ms, due_ms; /* longest; when the next of them is too long */
    const struct wh_truck *waits, *turns;
};

static struct trucks look(const struct wh_step *x, const struct wh_page *p, uint8_t dock)
{
    struct trucks y = {.due_ms = INT64_MAX, .wait_ms = -1, .turn_ms = -1};
    for (uint32_t i = 0; i < p->used; i++) {
        const struct wh_truck *t = &p->truck[i];
        if (t->dock != dock) continue;
        const int64_t in_ms = x->now_ms - t->gate_ms;
        if (in_ms > y.turn_ms) y.turn_ms = in_ms, y.turns = t;
        if (in_ms < x->o->dock.turn_ms) y.due_ms = wh_least(y.due_ms, t->gate_ms + x->o->dock.turn_ms);
        y.docked += t->dock_ms != 0;
        if (t->dock_ms != 0) continue;
        y.waiting++;
        if (in_ms > y.wait_ms) y.wait_ms = in_ms, y.waits = t;
        if (in_ms < x->o->dock.wait_ms) y.due_ms = wh_least(y.due_ms, t->gate_ms + x->o->dock.wait_ms);
    }
    return y;
}

static struct haul_raise raise_of(struct wh_step *x, int64_t ms, int64_t limit_ms, const struct wh_truck *t, double n)
{
    struct haul_raise a = {
        .value = wh_min(ms),
        .threshold = wh_min(limit_ms),
        .unit = "min",
        .since = {t->gate_ms},
        .evidence = {{"minutes", wh_min(ms), 0}, {"limit_min", wh_min(limit_ms), 0}, {"trucks", n, 0}},
        .evidence_len = 3};
    char *text = haul_task_scratch(x->task, WH_NAME + 16);
    if (text == NULL) return a;
    memcpy(text, "vehicle:", 8);
    memcpy(text + 8, t->name, t->len);
    a.touches = (struct haul_str){text, 8u + t->len};
    return a;
}

static void judge_dock(struct wh_step *x, struct wh_dock *d, const struct trucks *y)
{
    const struct wh_options *o = x->o;
    const bool wait = y->wait_ms >= o->dock.wait_ms, turn = y->turn_ms >= o->dock.turn_ms;
    d->waiting = (uint8_t)(y->waiting < 255 ? y->waiting : 255);
    d->docked = (uint8_t)(y->docked < 255 ? y->docked : 255);
    if (!wait && !turn && !d->wait_raised && !d->turn_raised) return;
    struct wh_spot p = wh_spot_at(x, (struct haul_str){d->name, d->len}, true);
    if (p.entity == NULL) return;
    p.s->part = WH_P_DOCK;
    if (wait)
        wh_raise(x, p.entity, &p.turned, WH_R_DOCK_WAIT,
                 raise_of(x, y->wait_ms, o->dock.wait_ms, y->waits, y->waiting));
    else
        wh_clear(x, p.entity, &p.turned, WH_R_DOCK_WAIT);
    if (turn)
        wh_raise(x, p.entity, &p.turned, WH_R_TRUCK_TURN,
                 raise_of(x, y->turn_ms, o->dock.turn_ms, y->turns, y->waiting + y->docked));
    else
        wh_clear(x, p.entity, &p.turned, WH_R_TRUCK_TURN);
    d->wait_raised = wait, d->turn_raised = turn;
    p.s->wait_min = y->wait_ms < 0 ? 0 : wh_min(y->wait_ms), p.s->turn_min = y->turn_ms < 0 ? 0 : wh_min(y->turn_ms);
    p.s->trucks = (uint8_t)(d->waiting + d->docked);
    wh_spot_done(x, &p);
}

static void judge(struct wh_step *x, struct haul_entity *yard, struct wh_page *page)
{
    int64_t due_ms = INT64_MAX;
    for (uint8_t i = 0; i < x->h->docks; i++) {
        const struct trucks y = look(x, page, (uint8_t)(i + 1));
        judge_dock(x, &x->h->dock[i], &y);
        due_ms = wh_least(due_ms, y.due_ms);
    }
    for (uint32_t i = 0; i < page->used; i++) due_ms = wh_least(due_ms, page->truck[i].gate_ms + x->o->items.keep_ms);
    if (due_ms == INT64_MAX)
        haul_task_timer_clear(x->task, yard, WH_T_PAGE);
    else
        haul_task_timer_set(x->task, yard, WH_T_PAGE, (struct haul_time){wh_most(due_ms, x->now_ms + 1)});
}

/* Trucks that nobody has seen leave are not there for ever. */
void wh_yard_timer(struct wh_step *x, struct haul_entity *e, struct wh_page *p)
{
    for (uint32_t i = 0; i < p->used;) {
        if (p->truck[i].gate_ms + x->o->items.keep_ms <= x->now_ms)
            truck_goes(p, &p->truck[i]);
        else
            i++;
    }
    judge(x, e, p);
}

/* ---- the record ---- */
static void gone(struct wh_step *x, const struct wh_truck *t)
{
    const double minutes = wh_min(x->now_ms - t->gate_ms);
    const double n = x->h->turns < MEMORY ? x->h->turns + 1 : MEMORY;
    x->h->turns++;
    x->h->turn_min += (minutes - x->h->turn_min) / n;
}

static void take(struct wh_step *x, struct wh_page *page, enum event event, const struct haul_record *r)
{
    const struct haul_str name = r->v[HAUL_F_HD_TRUCK].s, at = r->v[HAUL_F_HD_AT].s, to = r->v[HAUL_F_HD_TO].s;
    struct wh_truck *t = truck_of(page, name);
    if (t == NULL && event == GATE_OUT) return;
    if (t == NULL && event != GATE_IN) haul_task_count(x->task, WH_C_UNANNOUNCED, 1);
    if (t == NULL) t = truck_comes(x, page, name);
    switch (event) {
    case GATE_IN:
        t->gate_ms = x->now_ms, t->dock_ms = 0;
        t->dock = dock_of(x->h, to.n > 0 ? to : at);
        break;
    case DOCK_IN:
        t->dock_ms = x->now_ms;
        t->dock = dock_of(x->h, at);
        break;
    case DOCK_OUT:
        t->dock = dock_of(x->h, at); /* it still counts there until it has passed the gate */
        break;
    case GATE_OUT:
        gone(x, t);
        truck_goes(page, t);
        break;
    case EVENTS:
        assert(false);
    }
}

enum haul_verdict wh_dock(struct wh_step *x, const struct haul_record *r)
{
    const enum event event = event_of(r->v[HAUL_F_HD_WHAT].s);
    if (event == EVENTS) return haul_task_refuse(x->task, "what", "is none of gate_in, dock_in, dock_out, gate_out");
    struct haul_entity *yard = wh_other(x, WH_PAGE, YARD_MARK, YARD, true);
    if (yard == NULL) return haul_task_drop(x->task, WH_C_NO_ROOM);
    struct wh_page *page = haul_entity_state(yard);
    page->holds = WH_YARD;
    page->hub_len = (uint8_t)x->hub.n;
    memcpy(page->hub, x->hub.p, x->hub.n);
    take(x, page, event, r);
    judge(x, yard, page);
    return HAUL_DONE;
}
