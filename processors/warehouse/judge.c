/* SPDX-License-Identifier: Apache-2.0
 * From "it holds" to an alert, and the ways from one entity of a hub to another.
 */
#include "processors/warehouse/warehouse.h"

#include <stdio.h>

static double score_of(uint8_t severity)
{
    assert(severity >= 1 && severity <= 4);
    return (double)(5 - severity) / 4;
}

void wh_raise(struct wh_step *x, struct haul_entity *e, bool *turned, enum wh_rule rule, struct haul_raise a)
{
    a.rule = rule;
    if (a.severity == 0) a.severity = wh_rules[rule].severity;
    if (!(a.score > 0)) a.score = score_of(a.severity);
    if (a.score > 1) a.score = 1;
    if (a.since.ms == 0) a.since.ms = x->now_ms;
    if (x->h->positioned) a.positioned = true, a.lon_deg = x->h->lon_deg, a.lat_deg = x->h->lat_deg;
    if (!haul_entity_raised(e, rule)) *turned = true;
    haul_task_raise(x->task, e, &a);
}

void wh_clear(struct wh_step *x, struct haul_entity *e, bool *turned, enum wh_rule rule)
{
    if (!haul_entity_raised(e, rule)) return;
    haul_task_clear(x->task, e, rule);
    *turned = true;
}

/* ---- entities of a hub ---- */
struct haul_entity *wh_other(struct wh_step *x, enum wh_entity kind, char mark, struct haul_str name, bool create)
{
    char id[HAUL_ID_MAX];
    assert(x->hub.n + 1 + name.n <= sizeof id);
    memcpy(id, x->hub.p, x->hub.n);
    id[x->hub.n] = mark;
    memcpy(id + x->hub.n + 1, name.p, name.n);
    struct haul_entity *e = haul_task_entity(x->task, kind, (struct haul_str){id, x->hub.n + 1 + name.n}, create);
    if (e == NULL && create) haul_task_count(x->task, WH_C_NO_ROOM, 1);
    return e;
}

struct haul_str wh_hub_of(struct haul_str id, char mark)
{
    const char *at = memchr(id.p, mark, id.n);
    assert(at != NULL);
    return (struct haul_str){id.p, (size_t)(at - id.p)};
}

struct haul_str wh_name_of(struct haul_str id, char mark)
{
    const struct haul_str hub = wh_hub_of(id, mark);
    return (struct haul_str){id.p + hub.n + 1, id.n - hub.n - 1};
}

bool wh_step_of_part(struct wh_step *x, struct haul_task *t, struct haul_str hub)
{
    *x = (struct wh_step){.task = t, .o = haul_task_options(t), .now_ms = haul_task_time(t).ms};
    x->hub_entity = haul_task_entity(t, WH_HUB, hub, false);
    if (x->hub_entity == NULL) return false;
    x->h = haul_entity_state(x->hub_entity);
    x->hub = haul_entity_id(x->hub_entity);
    return true;
}

struct wh_spot wh_spot_at(struct wh_step *x, struct haul_str name, bool create)
{
    struct wh_spot p = {.entity = name.n == 0 ? NULL : wh_other(x, WH_STATION, '/', name, create)};
    if (p.entity == NULL) return p;
    p.s = haul_entity_state(p.entity);
    if (!haul_entity_new(p.entity)) return p;
    p.s->open = true;
    haul_task_timer_set(x->task, p.entity, WH_T_GONE, (struct haul_time){x->now_ms + x->o->keep_ms});
    return p;
}

static void follow(uint16_t *count, bool *counted, bool on)
{
    if (on && !*counted) ++*count;
    if (!on && *counted) --*count;
    *counted = on;
}

/* The hub's figures follow what its stations are. */
void wh_spot_done(struct wh_step *x, struct wh_spot *p)
{
    struct wh_station *s = p->s;
    const bool chute = s->part == WH_P_CHUTE;
    const bool jam = haul_entity_raised(p->entity, WH_R_SENSOR_JAM) || haul_entity_raised(p->entity, WH_R_ARRIVAL_JAM);
    follow(&x->h->chutes, &s->chute_counted, chute);
    follow(&x->h->jams, &s->jam_counted, jam);
    follow(&x->h->chutes_blocked, &s->blocked_counted,
           chute && (jam || haul_entity_raised(p->entity, WH_R_CHUTE_FULL)));
    s->heard_ms = wh_most(s->heard_ms, x->now_ms);
    if (p->turned) {
        haul_task_paint_now(x->task, p->entity);
        x->turned = true;
    } else if (x->now_ms >= s->shown_ms + x->o->show_every_ms) {
        haul_task_paint(x->task, p->entity);
    } else {
        return;
    }
    s->shown_ms = x->now_ms;
}

struct haul_str wh_touches(struct wh_step *x, const char *noun, struct haul_str name)
{
    const size_t cap = 2 * HAUL_ID_MAX + 24;
    char *text = haul_task_scratch(x->task, cap);
    if (text == NULL) return (struct haul_str){NULL, 0};
    const int n = snprintf(text, cap, "%s:%.*s/%.*s", noun, (int)x->hub.n, x->hub.p, (int)name.n, name.p);
    return (struct haul_str){text, n > 0 && (size_t)n < cap ? (size_t)n : 0};
}
