/* SPDX-License-Identifier: Apache-2.0
 * Tails of the normal, Poisson and binomial distributions; exact tests, Wald's sequential test, trend with forgetting.
 */
#include "haul/detect_stat.h"
#include "haul/math.h"

/* log(erfc(z) exp(z^2) / t), t = 2 / (2 + z), as a Chebyshev series in 2 t - 1; fitted to 60 digits for this file. */
static const double erfc_series[] = {
    -1.3026537197817094,     0.6419697923564902,      0.01947647320418592,    -0.009561514786808726,
    -0.0009465953444819167,  0.0003668394978527305,   4.252332480695169e-05,  -2.0278578112613107e-05,
    -1.6242900045580522e-06, 1.3036558359458617e-06,  1.5626441913301793e-08, -8.523809626653295e-08,
    6.529054399225421e-09,   5.059343932870692e-09,   -9.913640344765374e-10, -2.2736538142496999e-10,
    9.64684248890499e-11,    2.3941402400704406e-12,  -6.886179803886534e-12, 8.942331146401925e-13,
    3.129942428975003e-13,   -1.1296463807630657e-13, 7.456049348330258e-16,  6.810277103505954e-15,
};

/* erfc(z), z >= 0. */
static double erfc_of(double z)
{
    const double t = 2 / (2 + z), x2 = 2 * (2 * t - 1);
    double b0 = 0, b1 = 0;
    for (size_t i = sizeof erfc_series / sizeof erfc_series[0] - 1; i > 0; i--) {
        const double next = x2 * b0 - b1 + erfc_series[i];
        b1 = b0, b0 = next;
    }
    return t * haul_exp(-z * z + 0.5 * (x2 * b0 + erfc_series[0]) - b1);
}

double haul_normal_above(double z)
{
    static const double root_half = 0.70710678118654752440;
    const double far = 0.5 * erfc_of(haul_abs(z) * root_half), tail = far < 0.5 ? far : 0.5;
    return z >= 0 ? tail : 1 - tail;
}

double haul_normal_quantile_above(double p)
{
    assert(p > 0 && p < 1);
    if (p > 0.5) return -haul_normal_quantile_above(1 - p);
    /* P(Z >= z) <= exp(-z^2/2) / 2: start beyond the root and let Newton's method on log P, which is concave, come down
     */
    double z = haul_sqrt(-2 * haul_log(2 * p));
    for (int i = 0; i < 50; i++) {
        const double above = haul_normal_above(z);
        const double density = 0.39894228040143267794 * haul_exp(-0.5 * z * z);
        const double step = (haul_log(above) - haul_log(p)) * above / density;
        z += step;
        if (haul_abs(step) < 1e-12) break;
    }
    return z;
}

double haul_log_gamma(double x)
{
    assert(x > 0);
    double shift = 0;
    for (; x < 10; x++) shift += haul_log(x);
    const double r = 1 / x, r2 = r * r;
    const double series =
        r *
        (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 * (1.0 / 1680 - r2 * (1.0 / 1188 - r2 * 691.0 / 360360)))));
    return (x - 0.5) * haul_log(x) - x + 0.91893853320467274178 + series - shift;
}

/* The sum of a unimodal sequence of terms from a start on, away from the mode: stops when a term no longer counts. */
double haul_poisson_above(int64_t n, double mean)
{
    assert(mean >= 0);
    if (n <= 0) return 1;
    if (mean == 0) return 0;
    if ((double)n < mean) return 1 - haul_poisson_below(n - 1, mean);
    double term = haul_exp((double)n * haul_log(mean) - mean - haul_log_gamma((double)n + 1)), sum = 0;
    for (int64_t k = n; term > sum * 1e-17 && term > 0; k++) sum += term, term *= mean / (double)(k + 1);
    return sum < 1 ? sum : 1;
}

double haul_poisson_below(int64_t n, double mean)
{
    assert(mean >= 0);
    if (n < 0) return 0;
    if (mean == 0) return 1;
    if ((double)n >= mean) return 1 - haul_poisson_above(n + 1, mean);
    double term = haul_exp((double)n * haul_log(mean) - mean - haul_log_gamma((double)n + 1)), sum = 0;
    for (int64_t k = n; k >= 0 && term > sum * 1e-17; k--) sum += term, term *= (double)k / mean;
    return sum < 1 ? sum : 1;
}

void haul_poisson_interval(double mean, double cover, int64_t *low, int64_t *high)
{
    assert(cover > 0 && cover < 1);
    const double side = 0.5 * (1 - cover);
    int64_t lo = (int64_t)haul_floor(mean), hi = lo;
    while (lo > 0 && haul_poisson_below(lo - 1, mean) > side) lo--;
    while (haul_poisson_above(hi + 1, mean) > side) hi++;
    *low = lo, *high = hi;
}

static double binomial_term(int64_t k, int64_t n, double p)
{
    const double choose =
        haul_log_gamma((double)n + 1) - haul_log_gamma((double)k + 1) - haul_log_gamma((double)(n - k) + 1);
    return haul_exp(choose + (double)k * haul_log(p) + (double)(n - k) * haul_log(1 - p));
}

double haul_binomial_above(int64_t k, int64_t n, double p)
{
    assert(n >= 0 && p >= 0 && p <= 1);
    if (k <= 0) return 1;
    if (k > n || p == 0) return 0;
    if (p == 1) return 1;
    if ((double)k < (double)n * p) return 1 - haul_binomial_below(k - 1, n, p);
    double term = binomial_term(k, n, p), sum = 0;
    const double odds = p / (1 - p);
    for (int64_t i = k; i <= n && term > sum * 1e-17; i++)
        sum += term, term *= (double)(n - i) / (double)(i + 1) * odds;
    return sum < 1 ? sum : 1;
}

double haul_binomial_below(int64_t k, int64_t n, double p)
{
    return haul_binomial_above(n - k, n, 1 - p);
}

static const double ln10 = 2.30258509299404568402;

/* -log10 of a chance; what cannot be told from 0 counts as 1e-320. */
static double evidence(double chance)
{
    return chance > 0 ? -haul_log(chance) / ln10 : 320;
}

static struct haul_score two_sided(enum haul_method method, double value, double expected, double above, double below,
                                   double alpha)
{
    assert(alpha > 0 && alpha < 1);
    const double tail = above < below ? above : below, p = tail < 0.5 ? 2 * tail : 1;
    struct haul_score s = haul_score_make(method, value, evidence(p), evidence(alpha), true);
    s.expected = expected, s.tail_p = p;
    s.direction = value > expected ? 1 : value < expected ? -1 : 0;
    return s;
}

struct haul_score haul_poisson_test(int64_t count, double expected, double alpha)
{
    struct haul_score s = two_sided(HAUL_METHOD_POISSON, (double)count, expected, haul_poisson_above(count, expected),
                                    haul_poisson_below(count, expected), alpha);
    s.spread = haul_sqrt(expected), s.learned = count;
    return s;
}

struct haul_score haul_binomial_test(int64_t k, int64_t n, double p, double alpha)
{
    struct haul_score s = two_sided(HAUL_METHOD_BINOMIAL, (double)k, (double)n * p, haul_binomial_above(k, n, p),
                                    haul_binomial_below(k, n, p), alpha);
    s.spread = haul_sqrt((double)n * p * (1 - p)), s.learned = n;
    return s;
}

/* ---- Wald's test ---- */

static bool chance(double p)
{
    return p > 0 && p < 1;
}

enum haul_err haul_sprt_init(struct haul_sprt *s, const struct haul_sprt_config *c, struct haul_error *e)
{
    if (!chance(c->p0) || !chance(c->p1) || !(c->p0 < c->p1))
        return haul_fail(e, HAUL_E_RANGE, "sprt: 0 < p0 < p1 < 1 is needed, not %g and %g", c->p0, c->p1);
    if (!chance(c->alpha) || !chance(c->beta) || c->alpha + c->beta >= 1)
        return haul_fail(e, HAUL_E_RANGE, "sprt: alpha %g and beta %g must be above 0, their sum below 1", c->alpha,
                         c->beta);
    haul_sprt_reset(s, c);
    return HAUL_OK;
}

void haul_sprt_reset(struct haul_sprt *s, const struct haul_sprt_config *c)
{
    (void)c;
    *s = (struct haul_sprt){0};
}

struct haul_score haul_sprt_update(struct haul_sprt *s, const struct haul_sprt_config *c, double value,
                                   struct haul_time at)
{
    if (!haul_detect_usable(value)) return haul_score_invalid(HAUL_METHOD_SPRT, value);
    const bool hit = value > 0.5;
    s->log_ratio += hit ? haul_log(c->p1 / c->p0) : haul_log((1 - c->p1) / (1 - c->p0));
    s->trials++, s->hits += hit;
    const double upper = haul_log((1 - c->beta) / c->alpha), lower = haul_log(c->beta / (1 - c->alpha));
    const bool decided = s->log_ratio >= upper || s->log_ratio <= lower;
    struct haul_score out =
        haul_score_make(HAUL_METHOD_SPRT, (double)s->hits / (double)s->trials, s->log_ratio, upper, decided);
    out.expected = c->p0, out.learned = s->trials, out.direction = s->log_ratio > 0 ? 1 : -1;
    if (out.verdict == HAUL_VERDICT_ANOMALY) out.since = at;
    if (decided) haul_sprt_reset(s, c);
    return out;
}

/* ---- trend ---- */

enum haul_err haul_slope_init(struct haul_slope *s, const struct haul_slope_config *c, struct haul_error *e)
{
    if (!haul_detect_positive(c->half_life_s) || !haul_detect_positive(c->threshold) || c->learn < 3)
        return haul_fail(e, HAUL_E_RANGE, "slope: half life %g s and threshold %g must be above 0, learn at least 3",
                         c->half_life_s, c->threshold);
    haul_slope_reset(s, c);
    return HAUL_OK;
}

void haul_slope_reset(struct haul_slope *s, const struct haul_slope_config *c)
{
    (void)c;
    *s = (struct haul_slope){.last = HAUL_TIME_NONE};
}

/* Weighted moments about the means, West's incremental form (Communications of the ACM 22:532, 1979). */
static void slope_add(struct haul_slope *s, double t_s, double value)
{
    s->weight += 1, s->weight2 += 1, s->n++;
    const double dt = t_s - s->mean_t, dv = value - s->mean_v, part = 1 / s->weight;
    s->mean_t += dt * part, s->mean_v += dv * part;
    s->s_tt += dt * (t_s - s->mean_t);
    s->s_tv += dt * (value - s->mean_v);
    s->s_vv += dv * (value - s->mean_v);
}

static void slope_age(struct haul_slope *s, const struct haul_slope_config *c, struct haul_time at)
{
    if (s->n == 0) {
        s->last = at;
        return;
    }
    const double gone_s = at.ms > s->last.ms ? ((double)at.ms - (double)s->last.ms) * 1e-3 : 0;
    const double keep = haul_exp(-0.69314718055994530942 * gone_s / c->half_life_s);
    if (s->weight * keep < 1e-6) { /* forgotten: what is left would only be rounding */
        *s = (struct haul_slope){.last = at};
        return;
    }
    s->weight *= keep, s->weight2 *= keep * keep;
    s->s_tt *= keep, s->s_tv *= keep, s->s_vv *= keep;
    s->mean_t -= gone_s; /* time counts back from the newest value */
    s->last = haul_time_max(s->last, at);
}

double haul_slope_per_s(const struct haul_slope *s)
{
    return s->s_tt > 0 ? s->s_tv / s->s_tt : 0;
}

static double slope_level(const struct haul_slope *s)
{
    return s->mean_v - haul_slope_per_s(s) * s->mean_t;
}

double haul_slope_seconds_to(const struct haul_slope *s, double limit)
{
    const double slope = haul_slope_per_s(s), away = limit - slope_level(s);
    return slope != 0 && away / slope >= 0 ? away / slope : -1;
}

struct haul_score haul_slope_update(struct haul_slope *s, const struct haul_slope_config *c, double value,
                                    struct haul_time at)
{
    if (!haul_detect_usable(value)) return haul_score_invalid(HAUL_METHOD_SLOPE, value);
    slope_age(s, c, at);
    slope_add(s, 0, value);
    const double slope = haul_slope_per_s(s), effective = s->weight * s->weight / s->weight2;
    const double left = s->s_vv - slope * s->s_tv, free = effective - 2;
    const double variance = left > 0 && free > 0 ? left * effective / (s->weight * free) : 0;
    const double error = s->s_tt > 0 ? haul_sqrt(variance * s->weight / (effective * s->s_tt)) : 0;
    const double t = error > 0 ? haul_abs(slope) / error : slope != 0 && free > 0 ? 1e6 : 0;
    struct haul_score out = haul_score_make(HAUL_METHOD_SLOPE, value, t, c->threshold, s->n >= c->learn && free > 0);
    out.expected = slope_level(s), out.spread = haul_sqrt(variance), out.learned = s->n;
    out.direction = slope > 0 ? 1 : slope < 0 ? -1 : 0;
    return out;
}
