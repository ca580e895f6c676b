/* SPDX-License-Identifier: Apache-2.0
 * Driving time, after the rules for coaches (道路旅客运输企业安全管理规范, 道路运输车辆动态监督管理办法): 4 h without a
 * rest by day, 2 h at night, a rest counts from 20 min, 8 h in 24 h, 44 h in 7 days.
 *
 *                 wheels turn                          at rest < rest               at rest >= rest
 *   stint         grows with the time driven           stands still                 is zero, and what was raised clears
 *   24 h, 7 days  grow                                 grow not                     grow not
 *
 * A stop shorter than a rest does not count as driving and does not end the stint. The 24 h are the running hour and
 * the 23 before it, the 7 days the running day and the 6 before it, by the local clock, kept in twenties and tens of
 * seconds. The driver who is relieved takes his hours with him: another driver begins at zero.
 */
#include "processors/fleet/fleet.h"

#define HOUR_MS 3600000
#define DAY_MS  86400000

static int64_t floor_div(int64_t a, int64_t b)
{
    const int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

static unsigned slot_of(int64_t index, int64_t n)
{
    const int64_t m = index % n;
    return (unsigned)(m < 0 ? m + n : m);
}

/* Empties the buckets between the newest and `hour`, and begins that one. */
static void roll_to(struct fleet_state *s, int64_t hour)
{
    if (s->hour == 0) s->hour = (int32_t)hour;
    const int64_t day = floor_div(hour, 24);
    int64_t d = floor_div(s->hour, 24);
    if (day - d > 7) d = day - 7;
    for (d++; d <= day; d++) s->day_10s[slot_of(d, 7)] = 0;
    int64_t h = s->hour;
    if (hour - h > 24) h = hour - 24;
    for (h++; h <= hour; h++) s->hour_20s[slot_of(h, 24)] = 0;
    if (hour > s->hour) s->hour = (int32_t)hour;
}

void fleet_drive(struct fleet_state *s, const struct fleet_options *o, int64_t from_ms, int64_t to_ms)
{
    const int64_t zone = fleet_zone_of(o);
    for (int64_t at = from_ms + zone, end = to_ms + zone; at < end;) {
        const int64_t hour = floor_div(at, HOUR_MS), next = (hour + 1) * HOUR_MS;
        const int64_t until = next < end ? next : end;
        roll_to(s, hour);
        /* differences of floors: parts that follow each other add up without loss */
        s->hour_20s[slot_of(hour, 24)] += (uint8_t)(floor_div(until, 20000) - floor_div(at, 20000));
        s->day_10s[slot_of(floor_div(hour, 24), 7)] += (uint16_t)(floor_div(until, 10000) - floor_div(at, 10000));
        const int64_t driven = until - at, most = INT32_MAX;
        const bool night = fleet_in_hours(slot_of(at, DAY_MS), o->night.from_ms, o->night.to_ms);
        s->stint_ms = (int32_t)(s->stint_ms + driven < most ? s->stint_ms + driven : most);
        if (night) s->stint_night_ms = (int32_t)(s->stint_night_ms + driven < most ? s->stint_night_ms + driven : most);
        at = until;
    }
}

/* Up to date, that is when no hour has passed since the newest bucket, all buckets count. */
int64_t fleet_driven_24h_ms(const struct fleet_state *s, int64_t zone_ms, int64_t now_ms)
{
    const int64_t hour = floor_div(now_ms + zone_ms, HOUR_MS);
    int64_t sum = 0;
    if (hour == s->hour)
        for (size_t i = 0; i < 24; i++) sum += s->hour_20s[i];
    else
        for (int64_t h = hour - 23; h <= s->hour; h++)
            if (h > s->hour - 24) sum += s->hour_20s[slot_of(h, 24)];
    return sum * 20000;
}

int64_t fleet_driven_7d_ms(const struct fleet_state *s, int64_t zone_ms, int64_t now_ms)
{
    const int64_t day = floor_div(now_ms + zone_ms, DAY_MS), newest = floor_div(s->hour, 24);
    int64_t sum = 0;
    if (day == newest)
        for (size_t i = 0; i < 7; i++) sum += s->day_10s[i];
    else
        for (int64_t d = day - 6; d <= newest; d++)
            if (d > newest - 7) sum += s->day_10s[slot_of(d, 7)];
    return sum * 10000;
}

/*  1  moved before and moves now, or stopped just now, within `gap`        driven
 *  2  a longer silence: the way over it at `moving` or faster              driven
 *  3  else                                                                 rest
 */
static bool drove(const struct fleet_step *x)
{
    if (!x->fix || x->fix_dt_ms <= 0) return false;
    if (x->fix_dt_ms <= x->o->fatigue.gap_ms) return x->was_moving;
    return x->leg_m * 1000 >= x->o->position.moving_mps * (double)x->fix_dt_ms;
}

void fleet_rested(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    if (s->motion != FLEET_RESTING || x->now_ms - s->rest_ms < x->o->fatigue.rest_ms) return;
    s->stint_ms = s->stint_night_ms = 0;
    if (!(s->alarm & (FLEET_BIT_FATIGUE | FLEET_BIT_TIRED_WARNING | FLEET_BIT_DAY_DRIVING)))
        fleet_clear(x, FLEET_FATIGUE);
}

/* The four times, and the one that is exceeded most: its time as a ratio of its limit; at or below 1, none is. */
struct times {
    int64_t in_24h_ms, in_7d_ms;
    double ratio;
    int64_t driven_ms, limit_ms;
};

static struct times times_of(const struct fleet_step *x)
{
    const struct fleet_state *s = x->s;
    const struct fleet_options *o = x->o;
    struct times t = {fleet_driven_24h_ms(s, x->zone_ms, x->now_ms), fleet_driven_7d_ms(s, x->zone_ms, x->now_ms), 0, 0,
                      1};
    const int64_t driven[] = {s->stint_ms, s->stint_night_ms, t.in_24h_ms, t.in_7d_ms};
    const int64_t limit[] = {o->fatigue.day_ms, o->fatigue.night_ms, o->fatigue.in_24h_ms, o->fatigue.in_7d_ms};
    for (size_t i = 0; i < sizeof limit / sizeof limit[0]; i++) {
        const double ratio = (double)driven[i] / (double)limit[i];
        if (ratio > t.ratio) t.ratio = ratio, t.driven_ms = driven[i], t.limit_ms = limit[i];
    }
    return t;
}

/*  1  at rest for `rest`                                                    the stint ends; clear unless a bit is set
 *  2  drives, and a stint, a night's stint, 24 h or 7 days are beyond       orange; red at a quarter more
 *  3  the vehicle reports fatigue (bit 2) or the day's time (bit 18)        orange
 *  4  it warns (bit 14)                                                     blue
 *  5  none of the four times is beyond, no bit                              clear after the alarms' hold
 *  6  at rest for less than `rest`                                          nothing changes
 */
void fleet_fatigue(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    if (drove(x))
        fleet_drive(s, x->o, x->now_ms - x->fix_dt_ms, x->now_ms);
    else if (x->fix && x->fix_dt_ms >= x->o->fatigue.rest_ms)
        s->stint_ms = s->stint_night_ms = 0;
    fleet_rested(x);
    roll_to(s, floor_div(x->now_ms + x->zone_ms, HOUR_MS));
    const struct times e = times_of(x);
    const bool beyond = e.ratio > 1, itself = (s->alarm & (FLEET_BIT_FATIGUE | FLEET_BIT_DAY_DRIVING)) != 0;
    const bool warns = (s->alarm & FLEET_BIT_TIRED_WARNING) != 0;
    const bool on = (beyond && s->motion == FLEET_MOVING) || itself || warns;
    struct haul_time since;
    if (!fleet_wants(x, FLEET_FATIGUE, FLEET_H_FATIGUE, on, !on && !beyond, 0, x->o->alarm_hold_ms, &since)) return;
    fleet_raise(x, FLEET_FATIGUE,
                (struct haul_raise){
                    .since = since,
                    .severity = e.ratio >= 1.25    ? 1
                                : beyond || itself ? 2
                                                   : 4,
                    .score = e.ratio / 2,
                    .value = (double)e.driven_ms / HOUR_MS,
                    .threshold = (double)e.limit_ms / HOUR_MS,
                    .unit = "h",
                    .evidence = {{"stint_min", s->stint_ms / 60000.0, 0},
                                 {"night_min", s->stint_night_ms / 60000.0, 0},
                                 {"day_h", (double)e.in_24h_ms / HOUR_MS, 1},
                                 {"week_h", (double)e.in_7d_ms / HOUR_MS, 1},
                                 {"rest_min", (double)x->o->fatigue.rest_ms / 60000, 0}},
                    .evidence_len = 5,
                });
}
