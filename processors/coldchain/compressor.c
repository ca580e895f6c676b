/* SPDX-License-Identifier: Apache-2.0
 * A machine that no longer cools, and how long there is until it matters.
 *
 * A zone without cooling warms as a first-order system: T = a + b (1 - exp(-t/tau)). For each time constant of a table
 * a and b are fitted by least squares to the course since its lowest point; a straight line is the limit of a large
 * one. A shorter constant is preferred only when it fits clearly better: over a few minutes of noise all of them do.
 */
#include "processors/coldchain/coldchain.h"

#define SPACING_MS    30000
#define SPAN_MIN      3.0
#define BETTER        0.8
#define DOOR_HIDES_MS 1800000 /* a defrost that begins with a door open is over by then */

static const double constants_min[] = {0, 960, 480, 240, 120, 60, 30, 15}; /* 0: the straight line */

void cold_point_add(struct cold_unit *u, struct cold_zone *z, int64_t ms, double temp_c)
{
    if (u->epoch_ms == 0) u->epoch_ms = ms;
    const int64_t s = (ms - u->epoch_ms) / 1000;
    if (s > INT32_MAX || s < 0) {
        u->epoch_ms = ms;
        for (size_t i = 0; i < COLD_ZONES; i++) u->zone[i].points = 0;
        cold_point_add(u, z, ms, temp_c);
        return;
    }
    if (z->points > 0 && (int64_t)z->point[z->points - 1].s * 1000 + SPACING_MS > s * 1000) return;
    if (z->points == COLD_POINTS) {
        z->points--;
        memmove(&z->point[0], &z->point[1], z->points * sizeof z->point[0]);
    }
    z->point[z->points++] = (struct cold_point){(int32_t)s, (float)temp_c};
}

struct fit {
    double a, b, error;
};

static double shape(double tau_min, double t_min)
{
    return tau_min > 0 ? 1 - haul_exp(-t_min / tau_min) : t_min;
}

static struct fit fit_of(const struct cold_point *p, size_t n, double tau_min)
{
    double su = 0, sy = 0, suu = 0, suy = 0;
    for (size_t i = 0; i < n; i++) {
        const double u = shape(tau_min, (p[i].s - p[0].s) / 60.0), y = (double)p[i].temp_c;
        su += u, sy += y, suu += u * u, suy += u * y;
    }
    const double count = (double)n, det = count * suu - su * su;
    struct fit f = {.b = det > 0 ? (count * suy - su * sy) / det : 0};
    f.a = (sy - f.b * su) / count;
    for (size_t i = 0; i < n; i++) {
        const double u = shape(tau_min, (p[i].s - p[0].s) / 60.0), d = (double)p[i].temp_c - f.a - f.b * u;
        f.error += d * d;
    }
    return f;
}

/* Minutes from the first point at which the fit reaches the limit; negative: never. */
static double reach(const struct fit *f, double tau_min, double limit_c)
{
    if (f->a >= limit_c) return 0;
    if (!(f->b > 0)) return -1;
    const double u = (limit_c - f->a) / f->b;
    if (!(tau_min > 0)) return u;
    return u < 1 ? -tau_min * haul_log(1 - u) : -1;
}

double cold_forecast_min(const struct cold_zone *z, double limit_c)
{
    size_t low = 0;
    for (size_t i = 1; i < z->points; i++)
        if (z->point[i].temp_c <= z->point[low].temp_c) low = i;
    const struct cold_point *p = &z->point[low];
    const size_t n = z->points - low;
    if (n < 4 || p[n - 1].s - p[0].s < SPAN_MIN * 60) return -1;
    struct fit best = fit_of(p, n, 0);
    double tau = 0;
    for (size_t i = 1; i < sizeof constants_min / sizeof constants_min[0]; i++) {
        const struct fit f = fit_of(p, n, constants_min[i]);
        if (f.error < best.error * BETTER && f.b > 0) best = f, tau = constants_min[i];
    }
    const double at = reach(&best, tau, limit_c), now = (p[n - 1].s - p[0].s) / 60.0;
    return at < 0 || !(best.b > 0) ? -1 : at > now ? at - now : 0;
}

bool cold_tells_cooling(const struct cold_zone *z)
{
    const unsigned both = COLD_HAS_RETURN | COLD_HAS_SUPPLY;
    return (z->known & both) == both || ((z->known & COLD_HAS_CURRENT) && z->nominal_a > 0);
}

bool cold_idle(const struct cold_options *o, const struct cold_zone *z)
{
    const unsigned both = COLD_HAS_RETURN | COLD_HAS_SUPPLY;
    const bool air = (z->known & both) == both, current = (z->known & COLD_HAS_CURRENT) && z->nominal_a > 0;
    if (current && (double)z->current_a < o->compressor.current * (double)z->nominal_a) return true;
    return air && (double)(z->return_c - z->supply_c) < o->compressor.delta_k;
}

/* What warms the air is not that nothing cools. Of a unit that does not show its defrosts, a door hides one. */
static bool is_disturbed(const struct cold_step *x, const struct cold_zone *z)
{
    const bool hidden = z->shut_ms != 0 && x->now_ms - z->shut_ms < DOOR_HIDES_MS;
    return z->door || cold_in_defrost(x, z) || (z->shows == 0 && hidden);
}

/*  1  a door is open, it is being defrosted, or the set point is unknown      nothing changes
 *  2  idle, more than `over` above the set point for `after`                  raise
 *  3  idle, more than `eta_over` above it, and the limit is less than `eta`
 *     away by the forecast, for `confirm`                                     raise
 *  4  cools, or is back within `eta_over`                                      clear
 *  5  else                                                                    nothing changes
 */
void cold_compressor(struct cold_step *x, unsigned zone)
{
    const struct cold_options *o = x->o;
    struct cold_zone *z = &x->u->zone[zone];
    const struct cold_class *c = cold_zone_class(x, zone);
    if (!(z->known & COLD_HAS_SET)) return;
    const bool disturbed = is_disturbed(x, z), rests = cold_idle(o, z);
    const double over_k = z->mean_c - (double)z->set_c;
    const double limit_c = c != NULL ? c->bound[COLD_HIGH].at_c : (double)z->set_c + o->compressor.over_k + 1;
    const bool warm = !disturbed && rests && over_k > o->compressor.eta_over_k;
    const double eta = warm ? cold_forecast_min(z, limit_c) : -1;
    z->eta_min = (float)eta;
    const int64_t slow = cold_held_ms(&z->warm_ms, warm && over_k > o->compressor.over_k, x->now_ms);
    const int64_t fast = cold_held_ms(&z->fade_ms, warm && eta >= 0 && eta < cold_min(o->compressor.eta_ms), x->now_ms);
    if (slow < o->compressor.after_ms && fast < o->compressor.confirm_ms) {
        if (!rests || over_k <= o->compressor.eta_over_k) cold_part(x, &z->raised, COLD_R_COMPRESSOR, false, NULL);
        return;
    }
    const double shown = eta < 0 ? 999 : eta;
    cold_part(x, &z->raised, COLD_R_COMPRESSOR, true,
              &(struct haul_raise){.severity = shown < 15 ? 1 : 2,
                                   .value = shown,
                                   .threshold = cold_min(o->compressor.eta_ms),
                                   .unit = "min",
                                   .since = {slow >= 0 ? z->warm_ms : z->fade_ms},
                                   .evidence = {{"temp_c", z->mean_c, 1},
                                                {"set_c", (double)z->set_c, 1},
                                                {"limit_c", limit_c, 1},
                                                {"eta_min", shown, 0},
                                                {"delta_k", (double)(z->return_c - z->supply_c), 1},
                                                {"current_a", (double)z->current_a, 1},
                                                {"zone", zone, 0}},
                                   .evidence_len = 7});
}
