/* SPDX-License-Identifier: Apache-2.0
 * What guards the load beside its temperature: door and defrost as they are reported, humidity, shock, light, power,
 * the loggers' batteries.
 */
#include "processors/coldchain/coldchain.h"

void cold_door_set(struct cold_step *x, unsigned zone, bool open, int64_t ms)
{
    struct cold_zone *z = &x->u->zone[zone];
    if (!z->door_known) z->door = 0, z->door_ms = 0; /* what was inferred gives way to the switch */
    z->door_known = 1;
    if (open && !z->door) z->door_ms = ms;
    if (!open) {
        if (z->door) z->shut_ms = ms;
        z->door_ms = 0;
        cold_part(x, &z->raised, COLD_R_DOOR, false, NULL);
    }
    z->door = open;
}

void cold_defrost_set(struct cold_zone *z, bool on, int64_t ms)
{
    if (on && !z->declared) z->defrost_ms = ms;
    if (on) z->shows = COLD_SHOWS;
    if (!on) z->defrost_ms = 0;
    z->declared = on;
}

void cold_power_set(struct cold_step *x, bool on, int64_t ms)
{
    struct cold_unit *u = x->u;
    u->known |= COLD_HAS_POWER;
    u->power = on;
    const int64_t held = cold_held_ms(&u->power_ms, !on, ms);
    cold_part(x, &u->raised, COLD_R_POWER, held >= x->o->power_after_ms,
              &(struct haul_raise){.value = cold_min(held),
                                   .threshold = cold_min(x->o->power_after_ms),
                                   .unit = "min",
                                   .since = {u->power_ms},
                                   .evidence = {{"minutes", cold_min(held), 0}},
                                   .evidence_len = 1});
}

static void humidity(struct cold_step *x, const struct cold_held *item)
{
    struct cold_zone *z = &x->u->zone[item->zone];
    const double pct = (double)item->humidity, limit = x->o->humidity.limit * 100;
    x->u->humidity = item->humidity;
    const int64_t held = cold_held_ms(&z->humid_ms, pct > limit, x->now_ms);
    if (held >= 0 && held < x->o->humidity.after_ms) return;
    cold_part(x, &z->raised, COLD_R_HUMIDITY, held >= 0,
              &(struct haul_raise){
                  .value = pct,
                  .threshold = limit,
                  .unit = "%",
                  .since = {z->humid_ms},
                  .evidence = {{"humidity_pct", pct, 0}, {"limit_pct", limit, 0}, {"minutes", cold_min(held), 0}},
                  .evidence_len = 3});
}

static void shock(struct cold_step *x, const struct cold_held *item)
{
    x->u->shock_g = item->shock_g;
    if ((double)item->shock_g <= x->o->shock_g) return;
    cold_part(x, &x->u->raised, COLD_R_SHOCK, true,
              &(struct haul_raise){.value = (double)item->shock_g,
                                   .threshold = x->o->shock_g,
                                   .unit = "g",
                                   .evidence = {{"shock_g", (double)item->shock_g, 1}, {"limit_g", x->o->shock_g, 1}},
                                   .evidence_len = 2});
    haul_task_timer_set(x->task, x->entity, COLD_T_SHOCK, (struct haul_time){x->now_ms + x->o->shock_hold_ms});
}

/* Light behind a closed door: it was opened where no switch saw it, or the body is damaged. */
static void light(struct cold_step *x, const struct cold_held *item)
{
    struct cold_zone *z = &x->u->zone[item->zone];
    x->u->light_lx = item->light_lx;
    const bool on = z->door_known && !z->door && (double)item->light_lx > x->o->light_lx;
    cold_part(
        x, &z->raised, COLD_R_LIGHT, on,
        &(struct haul_raise){.value = (double)item->light_lx,
                             .threshold = x->o->light_lx,
                             .unit = "lx",
                             .evidence = {{"light_lx", (double)item->light_lx, 0}, {"limit_lx", x->o->light_lx, 0}},
                             .evidence_len = 2});
}

static void battery(struct cold_step *x, const struct cold_held *item)
{
    const double pct = (double)item->battery, low = x->o->battery_low * 100, clear = x->o->battery_clear * 100;
    x->u->battery = item->battery;
    if (pct >= low && pct < clear) return;
    cold_part(
        x, &x->u->probe[item->probe].raised, COLD_R_BATTERY, pct < low,
        &(struct haul_raise){.value = pct,
                             .threshold = low,
                             .unit = "%",
                             .evidence = {{"probe", item->probe, 0}, {"battery_pct", pct, 0}, {"limit_pct", low, 0}},
                             .evidence_len = 3});
}

static void event(struct cold_step *x, const struct cold_held *item)
{
    struct cold_zone *z = &x->u->zone[item->zone];
    z->event_ms = item->ms;
    switch ((enum cold_item)item->what) {
    case COLD_I_DOOR:
        cold_door_set(x, item->zone, item->door, item->ms);
        break;
    case COLD_I_DEFROST:
        cold_defrost_set(z, item->defrost, item->ms);
        break;
    case COLD_I_POWER:
        cold_power_set(x, item->power, item->ms);
        break;
    case COLD_I_SAMPLE:
        assert(false);
    }
}

void cold_guards(struct cold_step *x, const struct cold_held *item)
{
    if (item->has == 0) {
        event(x, item);
        return;
    }
    x->u->known |=
        item->has & (COLD_HAS_HUMIDITY | COLD_HAS_SHOCK | COLD_HAS_LIGHT | COLD_HAS_BATTERY | COLD_HAS_POWER);
    if (item->has & COLD_HAS_HUMIDITY) humidity(x, item);
    if (item->has & COLD_HAS_SHOCK) shock(x, item);
    if (item->has & COLD_HAS_LIGHT) light(x, item);
    if (item->has & COLD_HAS_BATTERY) battery(x, item);
    if (item->has & COLD_HAS_POWER)
        cold_power_set(x, item->power, item->ms);
    else if ((x->u->known & COLD_HAS_POWER) && !x->u->power)
        cold_power_set(x, false, item->ms); /* time goes on without it */
}
