/* SPDX-License-Identifier: Apache-2.0
 * Rules about how a vehicle is driven: speed, night, stops, harsh driving.
 */
#include "processors/fleet/fleet.h"

static int64_t limit_of(const struct fleet_step *x)
{
    const struct fleet_group *g = fleet_group_of(x->o, x->s);
    return fleet_mh(g != NULL ? g->limit_mps : x->o->speeding.limit_mps);
}

static int64_t share_of(int64_t limit_mh, double share)
{
    return haul_round_i64((double)limit_mh * share);
}

/*  1  at or above the limit + severe_over                   on, orange
 *  2  at or above the limit + raise_over                    on, yellow
 *  3  the vehicle itself reports speeding (bit 1)           on, yellow: it may know a limit that we do not
 *  4  it warns (bit 13) and the limit is exceeded           on, blue
 *  5  at or below the limit + clear_over, no bit            off
 *  6  between                                               neither
 */
void fleet_speeding(struct fleet_step *x)
{
    const struct fleet_options *o = x->o;
    const int64_t v = x->s->speed_mh, limit = limit_of(x), raise = share_of(limit, 1 + o->speeding.raise_over);
    const bool itself = (x->s->alarm & FLEET_BIT_SPEEDING) != 0;
    const bool warns = (x->s->alarm & FLEET_BIT_SPEED_WARNING) != 0 && v > limit;
    uint8_t severity = 0;
    if (v >= share_of(limit, 1 + o->speeding.severe_over))
        severity = 2;
    else if (v >= raise || itself)
        severity = 3;
    else if (warns)
        severity = 4;
    const bool off = v <= share_of(limit, 1 + o->speeding.clear_over) && !itself && !warns;
    const double over = (double)v / (double)limit - 1;
    struct haul_time since;
    if (!fleet_wants(x, FLEET_SPEEDING, FLEET_H_SPEEDING, severity != 0, off, x->o->speeding.raise_after_ms,
                     x->o->speeding.clear_after_ms, &since))
        return;
    fleet_raise(x, FLEET_SPEEDING,
                (struct haul_raise){
                    .since = since,
                    .severity = severity,
                    .score = over > 0 ? 0.25 + over : 0.25,
                    .value = fleet_kmh(v),
                    .threshold = fleet_kmh(raise),
                    .unit = "km/h",
                    .evidence = {{"speed_kmh", fleet_kmh(v), 1},
                                 {"limit_kmh", fleet_kmh(limit), 1},
                                 {"over_pct", over * 100, 0}},
                    .evidence_len = 3,
                });
}

static bool night_rules_hold(const struct fleet_step *x)
{
    const struct fleet_group *g = fleet_group_of(x->o, x->s);
    return g != NULL && g->night;
}

/*  1  another group, or by day                                  off
 *  2  in the ban (02:00 to 05:00): the limit is `moving`         on at or above it
 *  3  in the rest of the night: share of the day's limit         on above it
 */
void fleet_night(struct fleet_step *x)
{
    const struct fleet_options *o = x->o;
    const int64_t t = fleet_time_of_day(x->zone_ms, x->now_ms);
    const bool ban = fleet_in_hours(t, o->night.ban_from_ms, o->night.ban_to_ms);
    const bool night = ban || fleet_in_hours(t, o->night.from_ms, o->night.to_ms);
    const int64_t v = x->s->speed_mh, limit = ban ? 0 : share_of(limit_of(x), o->night.share);
    const bool fast = ban ? v >= fleet_mh(o->position.moving_mps) : v > limit;
    const bool on = night && fast && night_rules_hold(x);
    struct haul_time since;
    if (!fleet_wants(x, FLEET_NIGHT_RUNNING, FLEET_H_NIGHT, on, !on, o->night.raise_after_ms, o->night.clear_after_ms,
                     &since))
        return;
    fleet_raise(x, FLEET_NIGHT_RUNNING,
                (struct haul_raise){
                    .since = since,
                    .severity = ban ? 2 : 3,
                    .value = fleet_kmh(v),
                    .threshold = fleet_kmh(limit),
                    .unit = "km/h",
                    .evidence = {{"speed_kmh", fleet_kmh(v), 1}, {"limit_kmh", fleet_kmh(limit), 1}},
                    .evidence_len = 2,
                });
}

/*  1  at rest in one place, ignition on, away from every known place, for `after`     on
 *  2  the vehicle reports an overtime stop (bit 19) while at rest                     on at once
 *  3  it moved or crept on                                                            off at once, begins anew
 *  4  the ignition is off, or the place is known                                      off at once
 */
void fleet_stop(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    if (x->moved) {
        s->held[FLEET_H_STOP] = 0;
        fleet_clear(x, FLEET_UNPLANNED_STOP);
    }
    const bool stands = s->motion == FLEET_RESTING && fleet_ignition(s);
    const bool itself = stands && (s->alarm & FLEET_BIT_LONG_STOP) != 0;
    const bool on = stands && !fleet_at_place(x->o, s->anchor);
    struct haul_time since;
    if (!fleet_wants(x, FLEET_UNPLANNED_STOP, FLEET_H_STOP, on, !on, itself ? 0 : x->o->stop.after_ms, 0, &since))
        return;
    const double stopped_min = (double)(x->now_ms - since.ms) / 60000;
    fleet_raise(x, FLEET_UNPLANNED_STOP,
                (struct haul_raise){
                    .since = since,
                    .value = stopped_min,
                    .threshold = (double)x->o->stop.after_ms / 60000,
                    .unit = "min",
                    .evidence = {{"stopped_min", stopped_min, 0}},
                    .evidence_len = 1,
                });
}

struct effort {
    double along_mps2, across_mps2;
};

/* From two reports of speed and heading, when they are near enough in time. */
static void effort_by_difference(const struct fleet_step *x, struct effort *f)
{
    const struct fleet_state *s = x->s;
    if (x->dt_ms <= 0 || x->dt_ms > x->o->harsh.interval_ms) return;
    if (!(x->known_was & s->known & FLEET_HAS_SPEED)) return;
    const double dt_s = (double)x->dt_ms / 1000;
    f->along_mps2 = (s->speed_mh - x->speed_was_mh) / 3600.0 / dt_s;
    const double v = (s->speed_mh + x->speed_was_mh) / 7200.0;
    if (!(x->known_was & s->known & FLEET_HAS_HEADING) || v < x->o->position.moving_mps) return;
    const double turn_deg = haul_angle_between_deg(s->heading_cdeg / 100.0, x->heading_was_cdeg / 100.0);
    f->across_mps2 = v * turn_deg * HAUL_RAD_PER_DEG / dt_s;
}

/*  1  braking, accelerating or turning at its limit or beyond     raise
 *  2  nothing of it for `hold` of event time                      clear, by a timer
 *
 * The accelerations are the terminal's; where it has none, differences of its speeds and headings.
 */
void fleet_harsh(struct fleet_step *x)
{
    struct effort f = {0, 0};
    if (x->fix) effort_by_difference(x, &f);
    if (haul_has(x->r, HAUL_F_VP_ACCEL)) f.along_mps2 = x->r->v[HAUL_F_VP_ACCEL].f;
    if (haul_has(x->r, HAUL_F_VP_LATERAL)) f.across_mps2 = x->r->v[HAUL_F_VP_LATERAL].f;
    const double along_limit = f.along_mps2 < 0 ? x->o->harsh.brake_mps2 : x->o->harsh.accel_mps2;
    const double along = haul_abs(f.along_mps2) / along_limit, across = haul_abs(f.across_mps2) / x->o->harsh.turn_mps2;
    const double worst = along >= across ? along : across;
    if (worst < 1) return;
    const bool turning = across > along;
    const double limit = turning ? x->o->harsh.turn_mps2 : along_limit;
    fleet_raise(
        x, FLEET_HARSH_DRIVING,
        (struct haul_raise){
            .severity = worst >= 2 ? 3 : 4,
            .score = worst / 4,
            .value = turning ? f.across_mps2 : f.along_mps2,
            .threshold = limit,
            .unit = "m/s2",
            .evidence = {{"along_mps2", f.along_mps2, 2}, {"across_mps2", f.across_mps2, 2}, {"limit_mps2", limit, 2}},
            .evidence_len = 3,
        });
    haul_task_timer_set(x->task, x->entity, FLEET_T_HARSH, (struct haul_time){x->now_ms + x->o->harsh.hold_ms});
}

void fleet_harsh_over(struct fleet_step *x)
{
    fleet_clear(x, FLEET_HARSH_DRIVING);
}
