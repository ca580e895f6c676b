/* SPDX-License-Identifier: Apache-2.0
 * Where a vehicle is and how far it has come. What is decided here, in this order:
 *
 * Is the fix believed?
 *   1  receiver says it is poor (satellites, accuracy, not fixed)            no
 *   2  the first one                                                        yes
 *   3  not after the newest believed                                        no (a second place at one time)
 *   4  stays with the stray ones rather than with the believed             stray
 *   5  near enough, or at a speed that a vehicle can have                   yes
 *   6  else                                                                 stray: a jump
 *   7  enough stray ones that follow from each other                        yes: relocated, without a distance
 *
 * Does the vehicle move?
 *   1  moving,  speed below `moving`                                        rests here
 *   2  resting, within the radius of its rest                               rests still: whatever the receiver says
 *   3  resting, beyond it, speed at or above `moving`                       moves
 *   4  resting, beyond it, slower                                           has crept: rests here
 *
 * The odometer is the length of the line through the fixes at which the vehicle moved; at rest (2) nothing is added, so
 * drift adds nothing, and leaving (3, 4) adds the way from the place of rest. A silence that was driven through is
 * counted as a straight line and kept open: late records of that time replace the line by the way they show, exactly,
 * as long as they come in order among themselves. Whole millimetres, so that sums are the same everywhere.
 */
#include "processors/fleet/fleet.h"

/* A speed from positions may be anything; what is kept is bounded. */
#define SPEED_MAX_MPS 1000.0

static int64_t mm_of(double m)
{
    return haul_round_i64(m * 1000);
}

/* Decision 1. */
static bool poor(const struct fleet_step *x)
{
    const struct haul_record *r = x->r;
    const struct fleet_options *o = x->o;
    if (haul_has(r, HAUL_F_VP_SATELLITES) && r->v[HAUL_F_VP_SATELLITES].i < o->position.satellites) return true;
    if (haul_has(r, HAUL_F_VP_ACCURACY) && r->v[HAUL_F_VP_ACCURACY].f > o->position.accuracy_m) return true;
    return o->position.require_fix && !(x->s->status & FLEET_STATUS_FIXED);
}

static double speed_between(double m, int64_t ms)
{
    return ms > 0 ? m * 1000 / (double)ms : 1e9;
}

static bool plausible(const struct fleet_options *o, double m, int64_t ms)
{
    return m <= o->gnss.distance_m || speed_between(m, ms) <= o->gnss.speed_mps;
}

/* Decisions 6 and 7: keeps the stray fix; true when enough of them agree. */
static bool stray(struct fleet_step *x, struct fleet_point at, double jump_m)
{
    struct fleet_state *s = x->s;
    const bool follows = s->stray_count > 0 && plausible(x->o, fleet_distance_m(s->stray, at), x->now_ms - s->stray_ms);
    s->stray_count = follows ? (uint8_t)(s->stray_count + 1) : 1;
    s->stray = at, s->stray_ms = x->now_ms;
    x->jumped = true, x->jump_m = jump_m, x->jump_mps = speed_between(jump_m, x->now_ms - s->fix_ms);
    return s->stray_count >= x->o->gnss.accept;
}

/* Decisions 2 to 7; 1 is the caller's. */
static bool believed(struct fleet_step *x, struct fleet_point at)
{
    struct fleet_state *s = x->s;
    if (!(s->known & FLEET_HAS_FIX)) return true;
    if (x->now_ms <= s->fix_ms) return false;
    const double m = fleet_distance_m(s->fix, at);
    const double to_stray = s->stray_count > 0 ? fleet_distance_m(s->stray, at) : 0;
    const bool with_stray = s->stray_count > 0 && to_stray < m && plausible(x->o, to_stray, x->now_ms - s->stray_ms);
    if (with_stray || !plausible(x->o, m, x->now_ms - s->fix_ms)) {
        s->gnss_history = (uint16_t)(s->gnss_history << 1 | 1);
        x->relocated = stray(x, at, m);
        return x->relocated;
    }
    s->gnss_history = (uint16_t)(s->gnss_history << 1);
    s->stray_count = 0;
    x->leg_m = m;
    return true;
}

/* Metres per second: as reported, else from the believed fixes. */
static double speed_of(const struct fleet_step *x)
{
    if (haul_has(x->r, HAUL_F_VP_SPEED)) return x->r->v[HAUL_F_VP_SPEED].f / 3.6;
    if (x->fix_dt_ms <= 0) return 0;
    return speed_between(x->leg_m, x->fix_dt_ms);
}

static bool same(struct fleet_point a, struct fleet_point b)
{
    return a.lon_e7 == b.lon_e7 && a.lat_e7 == b.lat_e7;
}

/* How far the fix is from where the odometer stands; while it moves that is the believed fix before. */
static double from_anchor_m(const struct fleet_step *x, struct fleet_point at)
{
    return same(x->s->anchor, x->s->fix) ? x->leg_m : fleet_distance_m(x->s->anchor, at);
}

static void count_to(struct fleet_step *x, struct fleet_point at, double m)
{
    struct fleet_state *s = x->s;
    s->odometer_mm += mm_of(m);
    if (x->fix_dt_ms > x->o->position.gap_ms && m > 0) {
        s->gap_from = s->anchor, s->gap_from_ms = x->now_ms - x->fix_dt_ms;
        s->gap_to = at, s->gap_to_ms = x->now_ms;
    }
    s->anchor = at;
}

static void rest_here(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    s->motion = FLEET_RESTING;
    s->rest_ms = x->now_ms;
    haul_task_timer_set(x->task, x->entity, FLEET_T_REST, (struct haul_time){x->now_ms + x->o->fatigue.rest_ms});
}

static void move_on(struct fleet_step *x)
{
    x->s->motion = FLEET_MOVING;
    x->s->rest_ms = 0;
    haul_task_timer_clear(x->task, x->entity, FLEET_T_REST);
}

/* "Does the vehicle move?" at a believed fix. */
static void motion(struct fleet_step *x, struct fleet_point at, double speed_mps)
{
    struct fleet_state *s = x->s;
    const bool fast = fleet_mh(speed_mps) >= fleet_mh(x->o->position.moving_mps);
    if (s->motion == FLEET_UNKNOWN || x->relocated) {
        s->anchor = at;
        x->moved = x->relocated;
        if (fast)
            move_on(x);
        else
            rest_here(x);
        return;
    }
    const double m = from_anchor_m(x, at);
    if (s->motion == FLEET_RESTING && m < x->o->position.rest_radius_m) return;
    x->moved = true;
    count_to(x, at, m);
    if (!fast)
        rest_here(x);
    else if (s->motion == FLEET_RESTING)
        move_on(x);
}

static void keep_heading(struct fleet_state *s, const struct haul_record *r)
{
    if (!haul_has(r, HAUL_F_VP_HEADING)) {
        s->known &= (uint8_t)~FLEET_HAS_HEADING;
        return;
    }
    s->heading_cdeg = (int32_t)haul_round_i64(r->v[HAUL_F_VP_HEADING].f * 100);
    s->known |= FLEET_HAS_HEADING;
}

static void keep_speed(struct fleet_step *x, double mps)
{
    x->s->speed_mh = (int32_t)fleet_mh(mps < SPEED_MAX_MPS ? mps : SPEED_MAX_MPS);
    if (haul_has(x->r, HAUL_F_VP_SPEED))
        x->s->known |= FLEET_HAS_SPEED;
    else
        x->s->known &= (uint8_t)~FLEET_HAS_SPEED;
}

void fleet_position(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    const struct fleet_point at = fleet_point_of(x->r->lon_deg, x->r->lat_deg);
    x->fix = !poor(x) && believed(x, at);
    if (!x->fix) {
        haul_task_count(x->task, FLEET_UNTRUSTED, 1);
        if (haul_has(x->r, HAUL_F_VP_SPEED)) keep_speed(x, speed_of(x));
        return;
    }
    x->fix_dt_ms = (s->known & FLEET_HAS_FIX) && !x->relocated ? x->now_ms - s->fix_ms : 0;
    const double speed_mps = speed_of(x);
    motion(x, at, speed_mps);
    keep_speed(x, speed_mps);
    keep_heading(s, x->r);
    s->fix = at, s->fix_ms = x->now_ms;
    s->stray_count = 0;
    s->known |= FLEET_HAS_FIX;
}

/*  1  no fix, or a poor one                                               only counted
 *  2  not inside the gap that is open, or not after the last that filled  only counted
 *  3  cannot be reached from either end                                   only counted
 *  4  within the radius of the last one and slow: drift                   nothing to add
 *  5  else                                                                the line bends through it
 */
bool fleet_fill(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    if (x->r->kind != HAUL_KIND_VEHICLE_POSITION || poor(x)) return false;
    const int64_t t = x->r->time.ms;
    if (t <= s->gap_from_ms || t >= s->gap_to_ms) return false;
    const struct fleet_point at = fleet_point_of(x->r->lon_deg, x->r->lat_deg);
    const double before = fleet_distance_m(s->gap_from, at), after = fleet_distance_m(at, s->gap_to);
    if (!plausible(x->o, before, t - s->gap_from_ms) || !plausible(x->o, after, s->gap_to_ms - t)) return false;
    const bool slow = haul_has(x->r, HAUL_F_VP_SPEED) && x->r->v[HAUL_F_VP_SPEED].f / 3.6 < x->o->position.moving_mps;
    if (slow && before < x->o->position.rest_radius_m) return false;
    const int64_t more = mm_of(before) + mm_of(after) - mm_of(fleet_distance_m(s->gap_from, s->gap_to));
    if (more > 0) s->odometer_mm += more;
    s->gap_from = at, s->gap_from_ms = t;
    return true;
}
