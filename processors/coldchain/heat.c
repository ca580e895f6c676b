/* SPDX-License-Identifier: Apache-2.0
 * What warms the air while nothing cools: the walls alone, or a heater. A machine that defrosts and one that has failed
 * both stop to cool; the failed one leaves the air to the walls, and how fast they warm it is known from the machine's
 * own rests, a few an hour. Air that warms faster than that, the door being shut, is heated: it is a defrost, seen
 * within minutes, whether or not the unit says so.
 */
#include "processors/coldchain/coldchain.h"

#define WINDOW_S      240 /* of the course whose slope is looked at; longer when fewer than POINTS lie in it */
#define WINDOW_POINTS 4
#define SPAN_LEAST_S  180
#define REST_LEAST_MS 180000 /* a shorter rest tells nothing of the walls */
#define REST_SHARE    0.25   /* of the newest rest in what is known of the walls */
/* Before a rest was seen: a poor body, that loses half its cold in two hours of summer. */
#define WALL_C       35.0
#define WALL_TAU_MIN 180.0

/* A rest has ended: one that stayed within the machine's own cycle tells how fast the walls warm the air. */
static void learn_walls(const struct cold_step *x, struct cold_zone *z)
{
    const int64_t ms = z->warmed_ms - z->rest_ms;
    const bool usual = (double)(z->warmed_c - z->set_c) <= x->o->compressor.eta_over_k;
    if (ms < REST_LEAST_MS || !usual) return;
    const double rate = (double)(z->warmed_c - z->rest_c) / cold_min(ms), known = (double)z->leak_kpmin;
    if (rate > 0) z->leak_kpmin = (float)(known > 0 ? known + REST_SHARE * (rate - known) : rate);
}

/* A unit that was heated and did not say so, twice running, does not say so. */
static void learn_silence(const struct cold_step *x, struct cold_zone *z)
{
    const bool left = (double)(z->warmed_c - z->set_c) > x->o->compressor.eta_over_k;
    const bool ended = z->warmed_ms - z->glow_ms <= x->o->defrost.max_ms;
    if (z->glow_ms != 0 && left && ended && z->shows > 0) z->shows--;
}

/* Kelvin a minute over the newest points that lie in this rest, by least squares; false: they are too few. */
static bool slope(const struct cold_unit *u, const struct cold_zone *z, double *kpmin)
{
    double n = 0, st = 0, sy = 0, stt = 0, sty = 0;
    const struct cold_point *newest = &z->point[z->points - 1];
    int32_t span_s = 0;
    for (size_t i = z->points; i-- > 0;) {
        const struct cold_point *p = &z->point[i];
        if (u->epoch_ms + p->s * 1000ll < z->rest_ms || (newest->s - p->s > WINDOW_S && n >= WINDOW_POINTS)) break;
        const double t = (p->s - newest->s) / 60.0, y = (double)p->temp_c;
        n++, st += t, sy += y, stt += t * t, sty += t * y;
        span_s = newest->s - p->s;
    }
    if (n < 3 || span_s < SPAN_LEAST_S) return false;
    *kpmin = (n * sty - st * sy) / (n * stt - st * st);
    return true;
}

static double walls_kpmin(const struct cold_zone *z)
{
    const double guess = (WALL_C - z->mean_c) / WALL_TAU_MIN;
    return z->leak_kpmin > 0 ? (double)z->leak_kpmin : guess > 0 ? guess : 0;
}

static void keep_warmth(struct cold_zone *z, int64_t now_ms)
{
    z->warmed_c = (float)z->mean_c, z->warmed_ms = now_ms;
}

static void begin_rest(struct cold_zone *z, int64_t now_ms)
{
    keep_warmth(z, now_ms);
    z->rest_ms = now_ms, z->rest_c = (float)z->mean_c;
    z->glow_ms = 0;
}

static void end_rest(const struct cold_step *x, struct cold_zone *z)
{
    if (z->rest_ms == 0) return;
    learn_walls(x, z);
    learn_silence(x, z);
    z->rest_ms = 0, z->glow_ms = 0;
}

static bool has_left(const struct cold_step *x, const struct cold_zone *z)
{
    return z->mean_c - (double)z->set_c > x->o->compressor.eta_over_k;
}

bool cold_glows(const struct cold_step *x, const struct cold_zone *z)
{
    return z->glow_ms != 0 && z->shows == 0 && has_left(x, z);
}

/*  1  the machine cools                                          the rest is over, and so is a defrost
 *  2  it has just stopped; or a door is open, or was in this     a rest begins
 *     rest and nothing has been told from it yet
 *  3  it is known to be heated, and warmer than its own cycle    nothing changes
 *  4  warms by more than the walls do, by `defrost.heat`         heated, since the window began
 *  5  else                                                       nothing changes
 */
void cold_heat(struct cold_step *x, unsigned zone)
{
    struct cold_zone *z = &x->u->zone[zone];
    double kpmin;
    if (!(z->known & COLD_HAS_SET) || !cold_tells_cooling(z)) return;
    if (!cold_idle(x->o, z)) {
        end_rest(x, z);
        return;
    }
    const bool heated = z->glow_ms != 0 && has_left(x, z);
    if (z->rest_ms == 0 || (!heated && (z->door || z->shut_ms >= z->rest_ms))) begin_rest(z, x->now_ms);
    keep_warmth(z, x->now_ms);
    if (heated || !slope(x->u, z, &kpmin)) return;
    if (kpmin > walls_kpmin(z) * x->o->defrost.heat_times + x->o->defrost.heat_kpmin)
        z->glow_ms = cold_most(z->rest_ms, x->now_ms - WINDOW_S * 1000);
}
