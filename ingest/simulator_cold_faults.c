/* SPDX-License-Identifier: Apache-2.0
 * What goes wrong in the simulated cold chain. Each kind has its own times for each unit, drawn from the scenario's
 * rate (a Poisson process) or given; a fault whose time has come waits until the unit can have it. A unit has one fault
 * at a time, within one trip, and some quiet behind it, so that each alert has one truth.
 */
#include "ingest/simulator_cold_world.h"

#include "haul/math.h"

#define QUIET_MS  (3 * CHILL_MS_H)    /* between two faults of a unit: the air is as before */
#define SETTLE_MS (30 * CHILL_MS_MIN) /* from a door or a defrost to a fault */
#define MARGIN_MS (90 * CHILL_MS_MIN) /* from the end of a fault to that of the trip, and of the scenario */
#define YARD_MS   (90 * CHILL_MS_MIN) /* a body that stands open before it is loaded */

/* How long each lasts, minutes; 0: one sample. */
static const struct {
    double low, high;
} lasts[HAUL_COLD_FAULTS_LEN] = {
    [HAUL_COLD_COMPRESSOR] = {150, 240}, [HAUL_COLD_POWER] = {15, 40},   [HAUL_COLD_DOOR] = {12, 20},
    [HAUL_COLD_DEFROST] = {60, 75},      [HAUL_COLD_FREEZE] = {60, 90},  [HAUL_COLD_STUCK] = {120, 180},
    [HAUL_COLD_DRIFT] = {360, 360},      [HAUL_COLD_MISSING] = {20, 40}, [HAUL_COLD_CADENCE] = {60, 90},
    [HAUL_COLD_HUMIDITY] = {45, 70},     [HAUL_COLD_LIGHT] = {10, 10},   [HAUL_COLD_BATTERY] = {60, 60},
};

static int64_t wait_ms(struct haul_rng *rng, double per_day)
{
    if (per_day <= 0) return CHILL_NEVER / 2;
    const double days = haul_rng_exponential(rng) / per_day;
    return days > 1e5 ? CHILL_NEVER / 2 : (int64_t)(days * (double)CHILL_MS_D);
}

void chill_faults_plan(struct chill_world *w)
{
    for (size_t i = 0; i < (size_t)w->scenario.units; i++) {
        struct chill_unit *u = &w->units[i];
        for (size_t f = 0; f < HAUL_COLD_FAULTS_LEN; f++)
            u->due_ms[f] = w->start_ms + wait_ms(&u->rng, w->scenario.rate[f]);
        u->quiet_until_ms = w->start_ms + w->scenario.quiet_ms;
    }
    for (uint32_t i = 0; i < w->scenario.events.len; i++) {
        const struct haul_cold_event *e = &w->scenario.events.item[i];
        if (e->unit > w->scenario.units) continue;
        struct chill_unit *u = &w->units[e->unit - 1];
        u->due_ms[e->fault] = w->start_ms + e->at_ms;
        u->forced_ms[e->fault] = e->duration_ms;
    }
}

/* Drawn once: one that must wait does not become shorter so that it fits. */
static int64_t drawn_ms(struct chill_unit *u, enum haul_cold_fault f)
{
    if (u->forced_ms[f] == 0)
        u->forced_ms[f] = (int64_t)(haul_rng_between(&u->rng, lasts[f].low, lasts[f].high) * 60000);
    return u->forced_ms[f];
}

static bool is_calm(const struct chill_world *w, const struct chill_unit *u, int64_t ms)
{
    const bool still = u->defrost_until_ms == 0 && u->door_until_ms == 0;
    const bool ends = w->now_ms + ms + MARGIN_MS < w->end_ms;
    return still && ends && w->now_ms >= u->quiet_until_ms && u->active == CHILL_NONE;
}

/* The goods stay aboard for so long, and have been for a while. */
static bool rides_on(const struct chill_world *w, const struct chill_unit *u, int64_t ms)
{
    return u->shipment[0] != '\0' && u->turn_ms > w->now_ms + ms + MARGIN_MS;
}

static bool can_begin(const struct chill_world *w, const struct chill_unit *u, enum haul_cold_fault f, int64_t ms)
{
    if (!is_calm(w, u, ms)) return false;
    switch (f) {
    case HAUL_COLD_FREEZE: /* once: the alert stands until the goods are forgotten */
        return u->kind->sensitive && u->frozen_trip != u->trips && rides_on(w, u, ms);
    case HAUL_COLD_CADENCE:
        return u->kind->sensitive && rides_on(w, u, ms);
    case HAUL_COLD_DEFROST:
        return u->shows != CHILL_SILENT && rides_on(w, u, ms);
    case HAUL_COLD_PRECOOL:
        return u->shipment[0] == '\0' && u->trips > u->warm_trip; /* the alert stands until a load is right */
    case HAUL_COLD_HANDOVER:
        return u->shipment[0] != '\0' && u->turn_ms - w->now_ms < SETTLE_MS && u->turn_ms > w->now_ms;
    case HAUL_COLD_COMPRESSOR:
    case HAUL_COLD_POWER:
    case HAUL_COLD_DOOR:
    case HAUL_COLD_STUCK:
    case HAUL_COLD_DRIFT:
    case HAUL_COLD_MISSING:
    case HAUL_COLD_IMPOSSIBLE:
    case HAUL_COLD_HUMIDITY:
    case HAUL_COLD_SHOCK:
    case HAUL_COLD_LIGHT:
    case HAUL_COLD_BATTERY:
        return rides_on(w, u, ms);
    case HAUL_COLD_FAULTS_LEN:
        break;
    }
    return false;
}

static void begin(struct chill_world *w, struct chill_unit *u, enum haul_cold_fault f, int64_t ms)
{
    u->active = f;
    u->from_ms = w->now_ms, u->until_ms = w->now_ms + ms;
    u->crossed_ms = 0;
    u->fresh = true;
    if (f == HAUL_COLD_PRECOOL) u->turn_ms = w->now_ms + YARD_MS, u->warm_trip = u->trips + 1;
    if (f == HAUL_COLD_FREEZE) u->frozen_trip = u->trips;
    if (f == HAUL_COLD_PRECOOL || f == HAUL_COLD_HANDOVER) u->until_ms = CHILL_NEVER; /* by the trip */
    u->forced_ms[f] = 0;
    u->due_ms[f] = w->now_ms + wait_ms(&u->rng, w->scenario.rate[f]);
}

static void end(struct chill_world *w, struct chill_unit *u)
{
    chill_tell(w, u, u->active, u->from_ms, w->now_ms);
    u->active = CHILL_NONE;
    u->quiet_until_ms = w->now_ms + QUIET_MS;
}

/* The trip that the fault is of has begun, or ended: it has been said of the goods aboard then. */
static bool has_turned(const struct chill_unit *u)
{
    return (u->active == HAUL_COLD_PRECOOL && u->shipment[0] != '\0') ||
           (u->active == HAUL_COLD_HANDOVER && u->shipment[0] == '\0');
}

void chill_faults_turn(struct chill_world *w, struct chill_unit *u)
{
    if (u->active == HAUL_COLD_HANDOVER && has_turned(u)) { /* told when it was unloaded */
        u->active = CHILL_NONE;
        u->quiet_until_ms = w->now_ms + QUIET_MS;
    } else if (u->active != CHILL_NONE && (has_turned(u) || w->now_ms >= u->until_ms) && !u->fresh) {
        end(w, u);
    }
    for (size_t i = 0; i < HAUL_COLD_FAULTS_LEN; i++) {
        const enum haul_cold_fault f = (enum haul_cold_fault)i;
        if (u->due_ms[f] > w->now_ms) continue;
        const int64_t ms = drawn_ms(u, f);
        if (can_begin(w, u, f, ms)) begin(w, u, f, ms);
    }
}
