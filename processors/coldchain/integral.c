/* SPDX-License-Identifier: Apache-2.0
 * What a course of temperatures adds up to: mean kinetic temperature and life.
 *
 * MKT (Haynes, J. Pharm. Sci. 60:927, 1971; USP <1079.2>; WHO TRS 953): T = (H/R) / -ln(mean of exp(-H/(R T_i))), with
 * H/R = 10,000 K. The sum is kept of exp(H/R (1/T0 - 1/T_i)), so that its terms are near 1, and without loss: after ten
 * million samples it is as exact as after one.
 */
#include "processors/coldchain/coldchain.h"

#include <math.h>

#define H_PER_R  10000.0
#define T0_K     278.15
#define R_KJMOLK 8.3144e-3

void cold_add(struct cold_sum *s, double x)
{
    const double t = s->s + x;
    s->c += haul_abs(s->s) >= haul_abs(x) ? (s->s - t) + x : (x - t) + s->s;
    s->s = t;
}

double cold_total(const struct cold_sum *s)
{
    return s->s + s->c;
}

/* H/R (1/T0 - 1/T), in the form that does not subtract near numbers. */
static double offset_of(double temp_c)
{
    const double t_k = temp_c + COLD_KELVIN;
    return H_PER_R * (t_k - T0_K) / (T0_K * t_k);
}

static double kinetic_c(double mean)
{
    return T0_K / (1 - T0_K / H_PER_R * haul_log(mean)) - COLD_KELVIN;
}

void cold_mkt_add(struct cold_mkt *m, double temp_c, int64_t w_ms)
{
    assert(temp_c > -COLD_KELVIN && w_ms >= 0);
    cold_add(&m->sum, (double)w_ms * haul_exp(offset_of(temp_c)));
    m->w_ms += w_ms;
}

double cold_mkt_c(const struct cold_mkt *m)
{
    return m->w_ms > 0 ? kinetic_c(cold_total(&m->sum) / (double)m->w_ms) : (double)NAN;
}

/* ---- the window: buckets of a 48th, the oldest of which fall out whole ---- */
static int64_t bucket_of(int64_t ms, int64_t width_ms)
{
    return ms >= 0 ? ms / width_ms : -((-ms + width_ms - 1) / width_ms);
}

static void move_on(struct cold_window *w, int64_t newest)
{
    if (w->newest == 0 || newest - w->newest >= COLD_BUCKETS) {
        memset(w, 0, sizeof *w);
        w->newest = newest;
    }
    for (; w->newest < newest; w->newest++) {
        const size_t i = (size_t)((uint64_t)(w->newest + 1) % COLD_BUCKETS);
        w->sum[i] = 0, w->w_ms[i] = 0;
    }
}

void cold_window_add(struct cold_window *w, int64_t window_ms, double temp_c, int64_t from_ms, int64_t to_ms)
{
    const int64_t width_ms = window_ms / COLD_BUCKETS;
    assert(width_ms > 0 && width_ms <= UINT32_MAX && from_ms < to_ms);
    const double rate = haul_exp(offset_of(temp_c));
    move_on(w, cold_most(w->newest, bucket_of(to_ms - 1, width_ms)));
    from_ms = cold_most(from_ms, (w->newest - COLD_BUCKETS + 1) * width_ms);
    while (from_ms < to_ms) {
        const int64_t number = bucket_of(from_ms, width_ms), end_ms = cold_least(to_ms, (number + 1) * width_ms);
        const size_t i = (size_t)((uint64_t)number % COLD_BUCKETS);
        w->sum[i] += (double)(end_ms - from_ms) * rate;
        w->w_ms[i] += (uint32_t)(end_ms - from_ms);
        from_ms = end_ms;
    }
}

int64_t cold_window_ms(const struct cold_window *w)
{
    int64_t ms = 0;
    for (size_t i = 0; i < COLD_BUCKETS; i++) ms += w->w_ms[i];
    return ms;
}

double cold_window_c(const struct cold_window *w)
{
    struct cold_sum sum = {0, 0};
    const int64_t ms = cold_window_ms(w);
    for (size_t i = 0; i < COLD_BUCKETS; i++) cold_add(&sum, w->sum[i]);
    return ms > 0 ? kinetic_c(cold_total(&sum) / (double)ms) : (double)NAN;
}

double cold_pace(const struct cold_class *c, double temp_c)
{
    if (c->model == COLD_Q10) return haul_pow(c->q10, (temp_c - c->life_c) / 10);
    const double t_k = temp_c + COLD_KELVIN, at_k = c->life_c + COLD_KELVIN;
    return haul_exp(c->ea_kjmol / R_KJMOLK * (t_k - at_k) / (t_k * at_k));
}
