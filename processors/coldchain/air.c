/* SPDX-License-Identifier: Apache-2.0
 * The air of a zone: outside its range, an open door, a defrost.
 */
#include "processors/coldchain/coldchain.h"

#define LEVEL_MS      3600000.0 /* time constant with which the usual level follows the air */
#define HEATED_MS     120000    /* warm supply air for so long was a defrost */
#define DOOR_ECHO_MS  900000    /* so long the air remembers a door */
#define TURNS_MAX     8         /* so many periods may lie between two defrosts that were seen */
#define IN_TIME_LEAST 3         /* starts that must be in time with another for a period to be believed */

/* ---- defrost ---- */
/* How far a start may be from its time. */
static double slack_ms(const struct cold_options *o, double period)
{
    const double most = (double)o->defrost.max_ms / 3, share = o->defrost.tolerance * period;
    return share < most ? share : most;
}

/* `ms` is a whole number of periods from the anchor, within the slack; how many (0: it is not). */
static double turns_between(const struct cold_options *o, double period, int64_t anchor_ms, int64_t ms)
{
    const double apart = haul_abs((double)(ms - anchor_ms)), turns = haul_floor(apart / period + 0.5);
    return turns >= 1 && turns <= TURNS_MAX && haul_abs(apart - turns * period) <= slack_ms(o, period) ? turns : 0;
}

/* How many of the starts lie in time with the anchor; *fitted becomes the period by the furthest of them. */
static unsigned in_time(const struct cold_options *o, const struct cold_zone *z, size_t anchor, double period,
                        double *fitted)
{
    unsigned n = 0;
    for (size_t i = anchor + 1; i < z->starts; i++) {
        const double turns = turns_between(o, period, z->start_ms[anchor], z->start_ms[i]);
        if (!(turns > 0)) continue;
        *fitted = (double)(z->start_ms[anchor] - z->start_ms[i]) / turns;
        n++;
    }
    return n;
}

/* The period with which most of the starts seen are in time: each interval between two of them is tried, from the
 * newest start and from the one before, so that one that a door hid, or a bump that was none, is not in the way. */
static double period_ms(const struct cold_options *o, const struct cold_zone *z, int64_t *anchor_ms)
{
    unsigned most = IN_TIME_LEAST - 1;
    double best = 0;
    for (size_t anchor = 0; anchor < 2; anchor++)
        for (size_t i = 0; i + 1 < z->starts; i++) {
            const double period = (double)(z->start_ms[i] - z->start_ms[i + 1]);
            if (period < (double)o->defrost.period_least_ms || period > (double)o->defrost.period_most_ms) continue;
            double fitted = period;
            const unsigned n = in_time(o, z, anchor, period, &fitted);
            if (n > most) most = n, best = fitted, *anchor_ms = z->start_ms[anchor];
        }
    return best;
}

/* A start at `ms` would come at its time. */
static bool due(const struct cold_options *o, const struct cold_zone *z, int64_t ms)
{
    int64_t anchor_ms = 0;
    const double period = period_ms(o, z, &anchor_ms);
    return period > 0 && turns_between(o, period, anchor_ms, ms) > 0;
}

/* The door is open, or its warm air is still there. */
static bool door_tells(const struct cold_step *x, const struct cold_zone *z)
{
    return z->door || (z->shut_ms != 0 && x->now_ms - z->shut_ms < DOOR_ECHO_MS);
}

/* Supply air that is warmer than the return air: the evaporator is heated. */
static bool heated(const struct cold_options *o, const struct cold_zone *z)
{
    const unsigned both = COLD_HAS_RETURN | COLD_HAS_SUPPLY;
    return (z->known & both) == both && (double)(z->supply_c - z->return_c) > o->compressor.delta_k;
}

static int64_t defrost_since(const struct cold_step *x, const struct cold_zone *z)
{
    if (z->declared) return z->defrost_ms;
    if (z->heat_ms != 0) return z->heat_ms;
    if (cold_glows(x, z)) return z->glow_ms;
    if (cold_tells_cooling(z) && z->rest_ms == 0) return 0; /* what cools is not defrosted */
    if (z->shows || z->lift_ms == 0 || z->lift_door || (z->raised & (1u << COLD_R_COMPRESSOR))) return 0;
    return due(x->o, z, z->lift_ms) ? z->lift_ms : 0;
}

/* As long as a defrost may last; after that it is a warm zone like any other. */
bool cold_in_defrost(const struct cold_step *x, const struct cold_zone *z)
{
    const int64_t since_ms = defrost_since(x, z);
    return since_ms != 0 && x->now_ms - since_ms <= x->o->defrost.max_ms;
}

static void remember_start(struct cold_zone *z, int64_t ms)
{
    memmove(&z->start_ms[1], &z->start_ms[0], (COLD_STARTS - 1) * sizeof z->start_ms[0]);
    z->start_ms[0] = ms;
    if (z->starts < COLD_STARTS) z->starts++;
}

/*  1  above the usual level by `rise`, or half of it when a defrost is due     a rise begins, as yet there was none
 *  2  and still, twice as long as a defrost may last                           this is the usual level now
 *  3  back at half of `rise`; it had been at `rise`, and no door was open      the shape of a defrost: its start is
 * kept 4  not risen                                                                the usual level follows
 */
static void follow(struct cold_step *x, struct cold_zone *z, int64_t was_ms)
{
    const double rise_k = x->o->defrost.rise_k, over_k = z->mean_c - z->base_c;
    const bool begins = over_k > (due(x->o, z, x->now_ms) ? rise_k / 2 : rise_k);
    if (begins || (z->lift_ms != 0 && over_k > rise_k / 2)) {
        if (z->lift_ms == 0) z->lift_ms = x->now_ms, z->lift_door = 0, z->peak_c = z->mean_c;
        z->lift_door |= door_tells(x, z);
        if (z->mean_c > z->peak_c) z->peak_c = z->mean_c;
        if (x->now_ms - z->lift_ms > 2 * x->o->defrost.max_ms) z->base_c = z->mean_c, z->lift_ms = 0;
        return;
    }
    if (z->lift_ms != 0 && !z->lift_door && z->peak_c - z->base_c > rise_k &&
        x->now_ms - z->lift_ms <= x->o->defrost.max_ms)
        remember_start(z, z->lift_ms);
    z->lift_ms = 0;
    const double share = (double)(x->now_ms - was_ms) / LEVEL_MS;
    z->base_c += (share > 0.5 ? 0.5 : share) * over_k;
}

static void judge_defrost(struct cold_step *x, unsigned zone)
{
    struct cold_zone *z = &x->u->zone[zone];
    const int64_t since_ms = defrost_since(x, z), ms = since_ms == 0 ? 0 : x->now_ms - since_ms;
    const double limit = cold_min(x->o->defrost.max_ms);
    cold_part(
        x, &z->raised, COLD_R_DEFROST, ms > x->o->defrost.max_ms,
        &(struct haul_raise){.value = cold_min(ms),
                             .threshold = limit,
                             .unit = "min",
                             .since = {since_ms},
                             .evidence = {{"zone", zone, 0}, {"minutes", cold_min(ms), 0}, {"limit_min", limit, 0}},
                             .evidence_len = 3});
}

/* ---- door ---- */
/* Without a switch the door shows itself: air that warms faster than any failing machine lets it. */
static void infer_door(struct cold_step *x, struct cold_zone *z, double was_c, int64_t was_ms)
{
    if (z->door_known || was_ms == 0 || x->now_ms - was_ms < 10000) return;
    const double rate_kpmin = (z->mean_c - was_c) / cold_min(x->now_ms - was_ms);
    const int64_t held =
        cold_held_ms(&z->rising_ms, rate_kpmin >= x->o->door.rise_kpmin && !cold_in_defrost(x, z), x->now_ms);
    if (held >= x->o->door.rise_ms && !z->door) z->door = 1, z->door_ms = z->rising_ms;
    if (rate_kpmin >= 0) return;
    if (z->door) z->shut_ms = x->now_ms;
    z->door = 0, z->door_ms = 0;
}

static void judge_door(struct cold_step *x, unsigned zone)
{
    struct cold_zone *z = &x->u->zone[zone];
    const int64_t ms = z->door ? x->now_ms - z->door_ms : -1;
    const double limit = cold_min(x->o->door.after_ms);
    cold_part(x, &z->raised, COLD_R_DOOR, ms >= x->o->door.after_ms,
              &(struct haul_raise){.value = cold_min(ms),
                                   .threshold = limit,
                                   .unit = "min",
                                   .since = {z->door_ms},
                                   .evidence = {{"zone", zone, 0},
                                                {"minutes", cold_min(ms), 0},
                                                {"limit_min", limit, 0},
                                                {"temp_c", z->mean_c, 1},
                                                {"switch", z->door_known, 0}},
                                   .evidence_len = 5});
}

/* ---- range ---- */
/* Of the limits that are broken now, the one that allows least; NEVER when none is broken. The range counts from when
 * the zone left it, a limit that allows no time at all at once. */
static int64_t allowed_ms(const struct cold_class *c, const struct cold_zone *z, const struct cold_limit **which)
{
    int64_t least = COLD_NEVER_MS;
    *which = NULL;
    for (unsigned b = 0; b < COLD_BOUNDS; b++) {
        const struct cold_limit *l = &c->bound[b];
        const bool counts = b == COLD_HIGH || b == COLD_LOW || l->single_ms == 0;
        if (!counts || l->single_ms >= least || !cold_breaks(c, (enum cold_bound)b, z->high_c, z->low_c)) continue;
        least = l->single_ms;
        *which = l;
    }
    return least;
}

static void judge_range(struct cold_step *x, unsigned zone)
{
    struct cold_zone *z = &x->u->zone[zone];
    const struct cold_class *c = cold_zone_class(x, zone);
    z->out = c != NULL && cold_outside(c, z->high_c, z->low_c);
    const int64_t held = cold_held_ms(&z->out_ms, z->out && !cold_in_defrost(x, z), x->now_ms);
    const struct cold_limit *limit = NULL;
    const int64_t allowed = c == NULL ? COLD_NEVER_MS : allowed_ms(c, z, &limit);
    if (limit == NULL || held < allowed) {
        if (!z->out) cold_part(x, &z->raised, COLD_R_EXCURSION, false, NULL);
        return;
    }
    const double temp_c = haul_abs(z->high_c - limit->at_c) > haul_abs(z->low_c - limit->at_c) ? z->high_c : z->low_c;
    cold_part(x, &z->raised, COLD_R_EXCURSION, true,
              &(struct haul_raise){.value = temp_c,
                                   .threshold = limit->at_c,
                                   .unit = "degC",
                                   .since = {z->out_ms},
                                   .evidence = {{"temp_c", temp_c, 1},
                                                {"limit_c", limit->at_c, 1},
                                                {"minutes", cold_min(held), 0},
                                                {"allowed_min", cold_min(allowed), 0},
                                                {"zone", zone, 0}},
                                   .evidence_len = 5});
}

void cold_air(struct cold_step *x, unsigned zone, double was_c, int64_t was_ms)
{
    struct cold_zone *z = &x->u->zone[zone];
    if (was_ms == 0) z->base_c = z->mean_c, was_ms = x->now_ms;
    if (cold_held_ms(&z->heat_ms, heated(x->o, z), x->now_ms) >= HEATED_MS) z->shows = COLD_SHOWS;
    infer_door(x, z, was_c, was_ms);
    cold_heat(x, zone);
    follow(x, z, was_ms);
    judge_defrost(x, zone);
    judge_door(x, zone);
    judge_range(x, zone);
}
