/* SPDX-License-Identifier: Apache-2.0
 * Items that are in two places: in one hub, and between hubs. Hubs are of different tasks, so that each tells where an
 * item came in or left to the task that keeps its part of all items ("~tags/<n>"), and that one answers the hub.
 */
#include "processors/warehouse/warehouse.h"

#include <stdio.h>

#define PARTS "~tags/"

static void send(struct haul_task *t, const struct haul_record *r)
{
    haul_task_emit(t, HAUL_MAILBOX_WAREHOUSE, r->id, r);
}

void wh_sight(struct wh_step *x, const struct haul_record *r, uint64_t key)
{
    if (!x->o->teleport.between) return;
    char id[32];
    const int n = snprintf(id, sizeof id, PARTS "%llu", (unsigned long long)(key % (uint64_t)x->o->teleport.shards));
    struct haul_record sighting;
    haul_record_init(&sighting, HAUL_KIND_HUB_SIGHTING, (struct haul_str){id, (size_t)n}, r->time);
    haul_set_s(&sighting, HAUL_F_HG_ITEM, r->v[HAUL_F_HS_ITEM].s);
    haul_set_s(&sighting, HAUL_F_HG_HUB, x->hub);
    send(x->task, &sighting);
}

void wh_teleported(struct wh_step *x, struct haul_str item, struct haul_str other, double apart_s, double least_s)
{
    const size_t cap = HAUL_ID_MAX + WH_NAME + 16;
    char *text = haul_task_scratch(x->task, cap);
    struct haul_raise a = {
        .value = apart_s,
        .threshold = least_s,
        .unit = "s",
        .evidence = {{"seconds", apart_s, 1}, {"limit_s", least_s, 0}, {"hubs", other.n > 0 ? 2 : 1, 0}},
        .evidence_len = 3};
    if (text != NULL) {
        const int n = snprintf(text, cap, "item:%.*s%s%.*s", (int)item.n, item.p, other.n > 0 ? ",hub:" : "",
                               (int)other.n, other.p);
        a.touches = (struct haul_str){text, n > 0 && (size_t)n < cap ? (size_t)n : 0};
    }
    wh_raise(x, x->hub_entity, &x->turned, WH_R_TELEPORT, a);
    haul_task_timer_set(x->task, x->hub_entity, WH_T_HOLD, (struct haul_time){x->now_ms + x->o->teleport.hold_ms});
}

/* ---- the task that compares ---- */
static struct wh_sighting *sighting_of(struct wh_page *p, uint64_t key)
{
    for (uint32_t i = 0; i < p->used; i++)
        if (p->sighting[i].key == key) return &p->sighting[i];
    if (p->used < WH_PAGE_TAGS) return &p->sighting[p->used++];
    struct wh_sighting *oldest = &p->sighting[p->next]; /* in turn: the one that was written first */
    p->next = (p->next + 1) % WH_PAGE_TAGS;
    return oldest;
}

static void answer(struct haul_task *t, const struct haul_record *r, const struct wh_sighting *before)
{
    struct haul_record out;
    haul_record_init(&out, HAUL_KIND_HUB_TELEPORT, r->v[HAUL_F_HG_HUB].s, r->time);
    haul_set_s(&out, HAUL_F_HT_ITEM, r->v[HAUL_F_HG_ITEM].s);
    haul_set_s(&out, HAUL_F_HT_OTHER, (struct haul_str){before->hub, before->len});
    haul_set_f(&out, HAUL_F_HT_APART, wh_s(wh_most(r->time.ms - before->ms, before->ms - r->time.ms)));
    send(t, &out);
}

enum haul_verdict wh_sighting(struct haul_task *t, struct haul_entity *e, const struct haul_record *r)
{
    const struct wh_options *o = haul_task_options(t);
    struct wh_page *p = haul_entity_state(e);
    const struct haul_str hub = r->v[HAUL_F_HG_HUB].s;
    const uint64_t key = wh_item_key(r->v[HAUL_F_HG_ITEM].s);
    p->holds = WH_TAGS;
    struct wh_sighting *s = sighting_of(p, key);
    const bool elsewhere = s->key == key && !haul_str_eq((struct haul_str){s->hub, s->len}, hub);
    const int64_t apart_ms = wh_most(r->time.ms - s->ms, s->ms - r->time.ms);
    if (elsewhere && apart_ms < o->teleport.travel_ms) answer(t, r, s);
    *s = (struct wh_sighting){.key = key, .ms = r->time.ms, .len = (uint8_t)hub.n};
    memcpy(s->hub, hub.p, hub.n);
    haul_task_timer_set(t, e, WH_T_GONE, (struct haul_time){r->time.ms + o->items.keep_ms});
    return HAUL_DONE;
}

enum haul_verdict wh_teleport(struct wh_step *x, const struct haul_record *r)
{
    wh_teleported(x, r->v[HAUL_F_HT_ITEM].s, r->v[HAUL_F_HT_OTHER].s, r->v[HAUL_F_HT_APART].f,
                  wh_s(x->o->teleport.travel_ms));
    return HAUL_DONE;
}
