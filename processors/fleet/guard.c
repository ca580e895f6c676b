/* SPDX-License-Identifier: Apache-2.0
 * Rules that guard the vehicle and what it carries: doors, the alarm word's bits, displacement, battery.
 */
#include "processors/fleet/fleet.h"

/*  1  the vehicle reports an illegal opening (bit 31)          on at once
 *  2  a door is open and the speed is at or above `speed`      on after `raise_after`
 *  3  all doors are closed, or it stands, and no bit           off
 *  4  a door is open, slower than `speed`                      neither
 */
void fleet_doors(struct fleet_step *x)
{
    const struct fleet_state *s = x->s;
    const bool illegal = (s->alarm & FLEET_BIT_DOOR) != 0;
    const bool open = s->doors != 0 || (s->status & FLEET_STATUS_DOORS) != 0;
    const int64_t v = s->speed_mh, limit = fleet_mh(x->o->door.speed_mps);
    const bool on = illegal || (open && v >= limit);
    const bool off = !illegal && (!open || v < fleet_mh(x->o->position.moving_mps));
    struct haul_time since;
    if (!fleet_wants(x, FLEET_DOOR_OPEN, FLEET_H_DOOR, on, off, illegal ? 0 : x->o->door.raise_after_ms,
                     x->o->door.clear_after_ms, &since))
        return;
    fleet_raise(x, FLEET_DOOR_OPEN,
                (struct haul_raise){
                    .since = since,
                    .value = fleet_kmh(v),
                    .threshold = fleet_kmh(limit),
                    .unit = "km/h",
                    .evidence = {{"speed_kmh", fleet_kmh(v), 1},
                                 {"limit_kmh", fleet_kmh(limit), 1},
                                 {"illegal", illegal ? 1 : 0, 0}},
                    .evidence_len = 3,
                });
}

/* Rules that are nothing but bits of the alarm word: on at once, off when the bits have been away for the hold. */
static const struct {
    enum fleet_rule rule;
    enum fleet_hold hold;
    uint32_t bits, worse; /* `worse`: one tier more severe */
} bit_rules[] = {
    {FLEET_SOS, FLEET_H_SOS, FLEET_BIT_SOS, 0},
    {FLEET_COLLISION, FLEET_H_COLLISION, FLEET_BIT_COLLISION, 0},
    {FLEET_ROLLOVER, FLEET_H_ROLLOVER, FLEET_BIT_ROLLOVER, 0},
    {FLEET_ILLEGAL_IGNITION, FLEET_H_IGNITION, FLEET_BIT_IGNITION, 0},
    {FLEET_TAMPERING, FLEET_H_TAMPER, FLEET_BITS_TAMPER, FLEET_BITS_CUT},
};

void fleet_bits(struct fleet_step *x)
{
    for (size_t i = 0; i < sizeof bit_rules / sizeof bit_rules[0]; i++) {
        const uint32_t set = x->s->alarm & bit_rules[i].bits;
        const uint8_t severity = fleet_rules[bit_rules[i].rule].severity;
        struct haul_time since;
        if (!fleet_wants(x, bit_rules[i].rule, bit_rules[i].hold, set != 0, set == 0, 0, x->o->alarm_hold_ms, &since))
            continue;
        fleet_raise(x, bit_rules[i].rule,
                    (struct haul_raise){
                        .since = since,
                        .severity = (uint8_t)(severity - ((set & bit_rules[i].worse) != 0 ? 1 : 0)),
                        .value = set,
                        .unit = "bits",
                        .evidence = {{"bits", x->s->alarm, 0}},
                        .evidence_len = 1,
                    });
    }
}

/* Counts the fixes that lie beyond `distance` of where the ignition went off; gives how far the newest is away. */
static double carried_m(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    if (!(s->known & FLEET_HAS_IGNITION) || !(s->known & FLEET_HAS_FIX)) return 0;
    if (fleet_ignition(s)) {
        s->known &= (uint8_t)~FLEET_HAS_OFF;
        s->off_count = 0;
        return 0;
    }
    if (!(s->known & FLEET_HAS_OFF)) {
        if (!x->fix) return 0; /* the newest fix may be from before a silence */
        s->known |= FLEET_HAS_OFF;
        s->off = s->fix;
        s->off_count = 0;
    }
    const double m = fleet_distance_m(s->off, s->fix);
    if (!x->fix) return m;
    if (m < x->o->displacement.distance_m)
        s->off_count = 0;
    else if (s->off_count < UINT8_MAX)
        s->off_count++;
    return m;
}

/*  1  the vehicle reports an illegal displacement (bit 28)                          on at once
 *  2  two fixes running lie `distance` or more from where the ignition went off     on at once
 *  3  the ignition is on, or it is back within half the distance, and no bit        off, after the alarms' hold
 *  4  else                                                                          neither
 */
void fleet_displacement(struct fleet_step *x)
{
    const double m = carried_m(x), limit = x->o->displacement.distance_m;
    const bool itself = (x->s->alarm & FLEET_BIT_DISPLACED) != 0;
    const bool on = itself || x->s->off_count >= 2;
    struct haul_time since;
    if (!fleet_wants(x, FLEET_DISPLACEMENT, FLEET_H_DISPLACEMENT, on, !on && m <= limit / 2, 0, x->o->alarm_hold_ms,
                     &since))
        return;
    fleet_raise(x, FLEET_DISPLACEMENT,
                (struct haul_raise){
                    .since = since,
                    .value = m,
                    .threshold = limit,
                    .unit = "m",
                    .score = itself ? 0.75 : 0.5 + m / 10000,
                    .evidence = {{"distance_m", m, 0}, {"limit_m", limit, 0}, {"reported", itself ? 1 : 0, 0}},
                    .evidence_len = 3,
                });
}

/* On at `level` or above, red at 3 (GB/T 32960.3: the worst); off when below it for the alarms' hold. */
void fleet_battery(struct fleet_step *x)
{
    const uint8_t level = x->s->battery_level;
    const bool on = level >= x->o->battery_level;
    struct haul_time since;
    if (!fleet_wants(x, FLEET_BATTERY, FLEET_H_BATTERY, on, !on, 0, x->o->alarm_hold_ms, &since)) return;
    fleet_raise(x, FLEET_BATTERY,
                (struct haul_raise){
                    .since = since,
                    .severity = level >= 3 ? 1 : 2,
                    .value = level,
                    .threshold = (double)x->o->battery_level,
                    .unit = "level",
                    .evidence = {{"level", level, 0}, {"limit", (double)x->o->battery_level, 0}},
                    .evidence_len = 2,
                });
}
