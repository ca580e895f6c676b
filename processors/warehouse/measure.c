/* SPDX-License-Identifier: Apache-2.0
 * What the rules measure with: quantiles of times, the binomial tail, a sequential test of a share, the course of what
 * fills.
 */
#include "processors/warehouse/warehouse.h"

#include "haul/hash.h"

#define SUB          8     /* buckets to a power of two */
#define SKETCH_FULL  8192u /* then all counts are halved */
#define SLOPE_MIN_MS 120000
#define SLOPE_S      630 /* of the course, for its slope */
#define POINT_MS     WH_MINUTE_MS
#define MISS         0.05 /* the sequential test's chance to settle on the half although the limit is met: it asks again */

uint32_t wh_hash(struct haul_str s)
{
    const uint32_t h = (uint32_t)haul_xxh3(s.p, s.n);
    return h == 0 ? 1 : h;
}

/* ---- quantiles ---- */
/* Below 8 s a bucket is a second; above, an eighth of the power of two. */
static unsigned bucket_of(uint64_t s)
{
    if (s < SUB) return (unsigned)s;
    const unsigned power = 63u - (unsigned)__builtin_clzll(s);
    const unsigned b = (power - 2) * SUB + (unsigned)(s >> (power - 3) & (SUB - 1));
    return b < WH_SKETCH_BUCKETS ? b : WH_SKETCH_BUCKETS - 1;
}

static double bucket_low(unsigned b)
{
    if (b < SUB) return b;
    return (double)((uint64_t)(SUB + b % SUB) << (b / SUB - 1));
}

void wh_sketch_add(struct wh_sketch *s, double seconds)
{
    if (!(seconds >= 0)) return;
    if (s->total >= SKETCH_FULL) {
        s->total = 0;
        for (unsigned i = 0; i < WH_SKETCH_BUCKETS; i++) s->total += s->count[i] /= 2;
    }
    s->count[bucket_of(seconds < 1e9 ? (uint64_t)seconds : (uint64_t)1e9)]++;
    s->total++;
}

double wh_sketch_quantile(const struct wh_sketch *s, double q)
{
    if (s->total == 0) return 0;
    const double rank = q * (s->total - 1);
    double below = 0;
    for (unsigned b = 0; b < WH_SKETCH_BUCKETS; b++) {
        const double here = s->count[b];
        if (here > 0 && below + here > rank) {
            const double low = bucket_low(b), width = bucket_low(b + 1) - low;
            return low + width * (rank - below + 0.5) / here;
        }
        below += here;
    }
    return bucket_low(WH_SKETCH_BUCKETS);
}

/* ---- the binomial tail ---- */
/* log n! by Stirling's series; exact sums below 16. */
static double log_factorial(double n)
{
    if (n < 16) {
        double f = 1;
        for (double i = 2; i <= n; i++) f *= i;
        return haul_log(f);
    }
    const double x = n + 1, inverse = 1 / x;
    const double series = inverse / 12 - inverse * inverse * inverse / 360;
    return (x - 0.5) * haul_log(x) - x + 0.5 * haul_log(2 * HAUL_PI) + series;
}

double wh_binomial_tail(uint32_t n, uint32_t x, double p)
{
    if (x == 0) return 1;
    if (x > n) return 0;
    const double at =
        log_factorial(n) - log_factorial(x) - log_factorial(n - x) + x * haul_log(p) + (n - x) * haul_log(1 - p);
    double term = haul_exp(at), sum = 0;
    for (uint32_t k = x; k <= n && term > sum * 1e-12; k++) {
        sum += term;
        term *= (double)(n - k) / (k + 1) * (p / (1 - p));
    }
    return sum < 1 ? sum : 1;
}

/* ---- the sequential test ---- */
enum wh_ratio_says wh_ratio_add(struct wh_ratio *r, bool hit, double limit, double chance, int64_t ms)
{
    const double half = limit / 2;
    if (r->n == 0) r->since_ms = ms;
    r->n++;
    r->hits += hit;
    r->sum += hit ? haul_log(limit / half) : haul_log((1 - limit) / (1 - half));
    if (r->sum >= haul_log((1 - MISS) / chance)) return WH_RATIO_BAD;
    if (r->sum > haul_log(MISS / (1 - chance))) return WH_RATIO_GOES_ON;
    *r = (struct wh_ratio){0};
    return WH_RATIO_GOOD;
}

/* ---- the course of what fills ---- */
void wh_course_add(struct wh_course *c, int64_t ms, double pct)
{
    if (c->n == 0) c->epoch_ms = ms;
    const int32_t s = (int32_t)((ms - c->epoch_ms) / 1000);
    if (c->n > 0 && s - c->s[c->n - 1] < POINT_MS / 1000) return;
    if (s > 1000000000 - 1) {
        *c = (struct wh_course){0};
        wh_course_add(c, ms, pct);
        return;
    }
    if (c->n == WH_COURSE) {
        memmove(&c->s[0], &c->s[1], (WH_COURSE - 1) * sizeof c->s[0]);
        memmove(&c->pct[0], &c->pct[1], (WH_COURSE - 1) * sizeof c->pct[0]);
        c->n--;
    }
    c->s[c->n] = s, c->pct[c->n] = (float)pct, c->n++;
    if (wh_course_slope(c) <= 0)
        c->rising_ms = 0;
    else if (c->rising_ms == 0)
        c->rising_ms = ms;
}

double wh_course_slope(const struct wh_course *c)
{
    double n = 0, st = 0, sv = 0, stt = 0, stv = 0;
    if (c->n == 0) return 0;
    const int32_t newest = c->s[c->n - 1];
    for (unsigned i = 0; i < c->n; i++) {
        if (newest - c->s[i] > SLOPE_S) continue;
        const double t = (double)(c->s[i] - newest) / 60, v = (double)c->pct[i];
        n++, st += t, sv += v, stt += t * t, stv += t * v;
    }
    if (n < 3 || -c->s[0] + newest < SLOPE_MIN_MS / 1000) return 0;
    return (n * stv - st * sv) / (n * stt - st * st);
}

double wh_course_eta_min(const struct wh_course *c)
{
    const double slope = wh_course_slope(c);
    if (c->n == 0 || slope <= 0) return -1;
    const double left = 100 - (double)c->pct[c->n - 1];
    return left > 0 ? left / slope : 0;
}
