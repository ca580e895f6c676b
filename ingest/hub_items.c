/* SPDX-License-Identifier: Apache-2.0
 * The way of an item: received, over the zones of a line, past the scanner, into a chute, onto a truck. Zones hold one
 * item each and hand it on when the next is free; one that must wait stops its motor, as zone controllers do.
 */
#include "ingest/hub_world.h"

#include <stdio.h>
#include <stdlib.h>

#define NO_READ       0.004
#define ROUND         0.005
#define ASTRAY        0.0003
#define BAD_NO_READ   0.25
#define BAD_ROUND     0.30
#define BAD_ASTRAY    0.08
#define SLOW          0.25
#define SORTER_GAP_MS 600
#define EMPTY_AT      0.6
#define TELL_MS       20000

static uint32_t zones(const struct haul_hub_simulator *s)
{
    return (uint32_t)s->scenario.zones;
}

/* ---- items and queues ---- */
static uint32_t make_item(struct haul_hub_simulator *s, struct hub *h)
{
    uint32_t i = h->free_item;
    if (i != HUB_NONE) {
        h->free_item = h->item[i].next;
    } else {
        if (h->items_len == h->items_cap) {
            h->items_cap = h->items_cap == 0 ? 1024 : 2 * h->items_cap;
            h->item = realloc(h->item, h->items_cap * sizeof *h->item);
            assert(h->item != NULL);
        }
        i = h->items_len++;
    }
    h->item[i] =
        (struct hub_item){.next = HUB_NONE, .to = (uint16_t)haul_rng_below(&h->rng, (uint64_t)s->scenario.chutes)};
    snprintf(h->item[i].id, sizeof h->item[i].id, "%s-%07u", h->id, ++h->made);
    return i;
}

static void push(struct hub *h, struct hub_queue *q, uint32_t i)
{
    h->item[i].next = HUB_NONE;
    if (q->len++ == 0)
        q->first = i;
    else
        h->item[q->last].next = i;
    q->last = i;
}

static uint32_t take(struct hub *h, struct hub_queue *q)
{
    assert(q->len > 0);
    const uint32_t i = q->first;
    q->first = h->item[i].next;
    q->len--;
    return i;
}

/* ---- messages ---- */
static struct hub_message reading(struct haul_hub_simulator *s, struct hub *h, uint32_t item, const char *step)
{
    struct hub_message m = hub_message(s, h, HAUL_KIND_HUB_SCAN);
    hub_text(&m, HAUL_F_HS_ITEM, "%s", h->item[item].id);
    if (step[0] != '\0') hub_text(&m, HAUL_F_HS_STEP, "%s", step);
    return m;
}

static struct hub_message zone_says(struct haul_hub_simulator *s, struct hub *h, uint32_t z)
{
    struct hub_message m = hub_message(s, h, HAUL_KIND_HUB_MACHINE);
    hub_text(&m, HAUL_F_HM_AT, "L%uZ%u", z / zones(s) + 1, z % zones(s) + 1);
    return m;
}

/* ---- conveyors ---- */
static void advance(struct haul_hub_simulator *s, struct hub *h, uint32_t z);

static void feed(struct haul_hub_simulator *s, struct hub *h, uint32_t line)
{
    struct hub_zone *z = &h->zone[line * zones(s)];
    if (z->item != HUB_NONE || z->reserved || h->line[line].len == 0) return;
    z->reserved = true;
    hub_at(s, h, s->now_ms + hub_ms(h, 0.8, 1.5), HUB_IN_ZONE, line * zones(s), take(h, &h->line[line]));
}

static void arrive(struct haul_hub_simulator *s, struct hub *h, uint32_t line)
{
    const uint32_t i = make_item(s, h);
    struct hub_message m = reading(s, h, i, "receiving");
    hub_text(&m, HAUL_F_HS_AT, "IN%u", line + 1);
    hub_push(s, h, &m);
    h->in++;
    push(h, &h->line[line], i);
    feed(s, h, line);
    const double mean_s = 60.0 * (double)s->scenario.lines / s->scenario.items_per_min;
    hub_at(s, h, s->now_ms + hub_ms(h, 0.6 * mean_s, 1.4 * mean_s), HUB_ARRIVE, line, 0);
}

static void comes_in(struct haul_hub_simulator *s, struct hub *h, uint32_t z, uint32_t item)
{
    struct hub_zone *zone = &h->zone[z];
    int64_t stays_ms = hub_ms(h, 1.5, 2.2);
    zone->item = item;
    zone->reserved = zone->ready = false;
    zone->motor = true;
    struct hub_message m = zone_says(s, h, z);
    hub_int(&m, HAUL_F_HM_ARRIVED, 1);
    hub_int(&m, HAUL_F_HM_BLOCKED, 1);
    hub_int(&m, HAUL_F_HM_MOTOR, 1);
    hub_push(s, h, &m);
    if (zone->jam_ms > 0) {
        stays_ms = zone->jam_ms;
        zone->jam_ms = 0;
        hub_truth(s, HAUL_HUB_SENSOR_JAM, s->now_ms, s->now_ms + stays_ms, "station:%s/L%uZ%u", h->id, z / zones(s) + 1,
                  z % zones(s) + 1);
    }
    hub_at(s, h, s->now_ms + stays_ms, HUB_READY, z, 0);
}

static void waits(struct haul_hub_simulator *s, struct hub *h, uint32_t z)
{
    struct hub_zone *zone = &h->zone[z];
    if (!zone->motor) return;
    zone->motor = false;
    struct hub_message m = zone_says(s, h, z);
    hub_int(&m, HAUL_F_HM_MOTOR, 0);
    hub_push(s, h, &m);
}

/* The zone is free: what waits for it comes. */
static void let_go(struct haul_hub_simulator *s, struct hub *h, uint32_t z, const struct hub_message *m)
{
    struct hub_zone *zone = &h->zone[z];
    zone->item = HUB_NONE;
    zone->ready = false;
    zone->motor = true;
    hub_push(s, h, m);
    if (z % zones(s) == 0)
        feed(s, h, z / zones(s));
    else
        advance(s, h, z - 1);
}

static void to_sorter(struct haul_hub_simulator *s, struct hub *h, uint32_t z)
{
    struct hub_zone *zone = &h->zone[z];
    if (s->now_ms < h->sorter_free_ms) {
        waits(s, h, z);
        hub_at(s, h, h->sorter_free_ms, HUB_READY, z, 0);
        return;
    }
    const double slow_ms = 60000 / (SLOW * s->scenario.items_per_min);
    h->sorter_free_ms = s->now_ms + (hub_flow_fault(s, h, HAUL_HUB_SLOW_SORTER) ? (int64_t)slow_ms : SORTER_GAP_MS);
    hub_at(s, h, s->now_ms + hub_ms(h, 0.9, 1.3), HUB_TUNNEL, 0, zone->item);
    struct hub_message m = zone_says(s, h, z);
    hub_int(&m, HAUL_F_HM_BLOCKED, 0);
    hub_int(&m, HAUL_F_HM_MOTOR, 1);
    let_go(s, h, z, &m);
}

static void to_zone(struct haul_hub_simulator *s, struct hub *h, uint32_t z)
{
    struct hub_zone *next = &h->zone[z + 1];
    if (next->item != HUB_NONE || next->reserved) {
        waits(s, h, z);
        return;
    }
    int64_t way_ms = hub_ms(h, 0.7, 1.2);
    if (next->wedge_ms > 0) {
        way_ms = next->wedge_ms;
        next->wedge_ms = 0;
        hub_truth(s, HAUL_HUB_ARRIVAL_JAM, s->now_ms, s->now_ms + way_ms, "station:%s/L%uZ%u", h->id,
                  (z + 1) / zones(s) + 1, (z + 1) % zones(s) + 1);
    }
    next->reserved = true;
    hub_at(s, h, s->now_ms + way_ms, HUB_IN_ZONE, z + 1, h->zone[z].item);
    struct hub_message m = zone_says(s, h, z);
    hub_text(&m, HAUL_F_HM_SENT_TO, "L%uZ%u", (z + 1) / zones(s) + 1, (z + 1) % zones(s) + 1);
    hub_int(&m, HAUL_F_HM_BLOCKED, 0);
    hub_int(&m, HAUL_F_HM_MOTOR, 1);
    let_go(s, h, z, &m);
}

static void advance(struct haul_hub_simulator *s, struct hub *h, uint32_t z)
{
    if (h->zone[z].item == HUB_NONE || !h->zone[z].ready) return;
    if (z % zones(s) + 1 == zones(s))
        to_sorter(s, h, z);
    else
        to_zone(s, h, z);
}

/* ---- the sorter ---- */
static bool happens(struct hub *h, double chance)
{
    return haul_rng_f64(&h->rng) < chance;
}

static void round_again(struct haul_hub_simulator *s, struct hub *h, uint32_t item)
{
    hub_at(s, h, s->now_ms + hub_ms(h, 35, 50), HUB_TUNNEL, 0, item);
}

static bool is_full(const struct haul_hub_simulator *s, const struct hub *h, unsigned chute)
{
    return h->chute[chute].items.len >= s->scenario.chute_capacity;
}

static void tunnel(struct haul_hub_simulator *s, struct hub *h, uint32_t item)
{
    const bool unread = happens(h, hub_flow_fault(s, h, HAUL_HUB_NO_READ) ? BAD_NO_READ : NO_READ);
    const bool copied = h->copy && !h->disorder; /* one that comes late would not be seen at two places */
    const bool again = happens(h, hub_flow_fault(s, h, HAUL_HUB_RECIRCULATION) ? BAD_ROUND : ROUND);
    if (unread) {
        struct hub_message m = hub_message(s, h, HAUL_KIND_HUB_SCAN);
        hub_text(&m, HAUL_F_HS_AT, "SCAN");
        hub_push(s, h, &m);
        round_again(s, h, item);
        return;
    }
    struct hub_message m = reading(s, h, item, "");
    hub_text(&m, HAUL_F_HS_AT, "SCAN");
    hub_text(&m, HAUL_F_HS_TO, "P%02u", h->item[item].to + 1u);
    hub_push(s, h, &m);
    if (copied) {
        h->copy = false;
        struct hub_message copy = reading(s, h, item, "");
        hub_text(&copy, HAUL_F_HS_AT, "SCAN9");
        copy.time_ms += hub_ms(h, 0.1, 0.5);
        hub_push(s, h, &copy);
        hub_truth(s, HAUL_HUB_COPIED_LABEL, s->now_ms, s->now_ms + HUB_MS_S, "hub:%s", h->id);
    }
    if (again || is_full(s, h, h->item[item].to))
        round_again(s, h, item);
    else
        hub_at(s, h, s->now_ms + hub_ms(h, 4, 15), HUB_DIVERT, 0, item);
}

static void tell_fill(struct haul_hub_simulator *s, struct hub *h, uint32_t chute, bool now)
{
    struct hub_chute *c = &h->chute[chute];
    if (!now && s->now_ms - c->told_ms < TELL_MS) return;
    c->told_ms = s->now_ms;
    struct hub_message m = hub_message(s, h, HAUL_KIND_HUB_CHUTE);
    hub_text(&m, HAUL_F_HC_AT, "P%02u", chute + 1);
    const double pct = 100.0 * c->items.len / (double)s->scenario.chute_capacity;
    hub_real(&m, HAUL_F_HC_FILL, pct < 100 ? pct : 100);
    hub_push(s, h, &m);
}

/* Emptied at 60 %; where nobody does, some time after it was full. */
static void call_for_emptying(struct haul_hub_simulator *s, struct hub *h, uint32_t chute)
{
    struct hub_chute *c = &h->chute[chute];
    const bool full = is_full(s, h, chute);
    if (c->emptying || (c->shut_ms > 0 ? !full : c->items.len < EMPTY_AT * (double)s->scenario.chute_capacity)) return;
    const int64_t in_ms = c->shut_ms > 0 ? c->shut_ms : hub_ms(h, 10, 60);
    c->emptying = true;
    hub_at(s, h, s->now_ms + in_ms, HUB_EMPTY, chute, 0);
    if (c->shut_ms == 0) return;
    hub_truth(s, HAUL_HUB_FULL_CHUTE, s->now_ms - 12 * HUB_MS_MIN, s->now_ms + in_ms, "station:%s/P%02u", h->id,
              chute + 1);
    c->shut_ms = 0;
}

static void divert(struct haul_hub_simulator *s, struct hub *h, uint32_t item)
{
    const unsigned chutes = (unsigned)s->scenario.chutes;
    unsigned chute = h->item[item].to;
    if (happens(h, hub_flow_fault(s, h, HAUL_HUB_MISSORT) ? BAD_ASTRAY : ASTRAY)) chute = (chute + 1) % chutes;
    if (is_full(s, h, chute)) {
        round_again(s, h, item);
        return;
    }
    struct hub_message m = reading(s, h, item, "sorting");
    hub_text(&m, HAUL_F_HS_AT, "P%02u", chute + 1);
    hub_push(s, h, &m);
    if (h->lose_ms > 0) {
        hub_at(s, h, s->now_ms + h->lose_ms, HUB_SHIP, 0, item);
        hub_truth(s, HAUL_HUB_LOST_ITEM, s->now_ms, s->now_ms + h->lose_ms, "hub:%s", h->id);
        h->lose_ms = 0;
        return;
    }
    push(h, &h->chute[chute].items, item);
    tell_fill(s, h, chute, is_full(s, h, chute));
    call_for_emptying(s, h, chute);
}

static void empty(struct haul_hub_simulator *s, struct hub *h, uint32_t chute)
{
    struct hub_chute *c = &h->chute[chute];
    int64_t at_ms = s->now_ms + hub_ms(h, 60, 240);
    for (; c->items.len > 0; at_ms += 400) hub_at(s, h, at_ms, HUB_SHIP, chute, take(h, &c->items));
    c->emptying = false;
    tell_fill(s, h, chute, true);
}

static void ship(struct haul_hub_simulator *s, struct hub *h, uint32_t item, uint32_t chute)
{
    struct hub_message m = reading(s, h, item, "shipping");
    hub_text(&m, HAUL_F_HS_AT, "OUT%u", chute % (uint32_t)s->scenario.docks + 1);
    hub_push(s, h, &m);
    h->out++;
    h->item[item].next = h->free_item;
    h->free_item = item;
}

/* ---- */
void hub_items_begin(struct haul_hub_simulator *s, struct hub *h)
{
    for (uint32_t z = 0; z < s->scenario.lines * s->scenario.zones; z++)
        h->zone[z] = (struct hub_zone){.item = HUB_NONE, .motor = true, .load = 1};
    for (uint32_t l = 0; l < s->scenario.lines; l++) hub_at(s, h, s->start_ms + hub_ms(h, 0, 5), HUB_ARRIVE, l, 0);
}

void hub_items_event(struct haul_hub_simulator *s, struct hub *h, const struct hub_event *e)
{
    switch (e->what) {
    case HUB_ARRIVE:
        arrive(s, h, e->a);
        break;
    case HUB_READY:
        h->zone[e->a].ready = true;
        advance(s, h, e->a);
        break;
    case HUB_IN_ZONE:
        comes_in(s, h, e->a, e->b);
        break;
    case HUB_TUNNEL:
        tunnel(s, h, e->b);
        break;
    case HUB_DIVERT:
        divert(s, h, e->b);
        break;
    case HUB_EMPTY:
        empty(s, h, e->a);
        break;
    case HUB_SHIP:
        ship(s, h, e->b, e->a);
        break;
    case HUB_MOTORS:
    case HUB_TRUCK:
    case HUB_VEHICLE:
    case HUB_STOCK:
    case HUB_COUNTING:
    case HUB_FAULT:
        assert(false);
    }
}
