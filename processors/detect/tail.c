/* SPDX-License-Identifier: Apache-2.0
 * Records, and the generalised Pareto tail by moments (cheap) and by likelihood (SPOT, DSPOT).
 */
#include "haul/detect_tail.h"
#include "haul/math.h"

/* ---- record-range ---- */

enum haul_err haul_extreme_init(struct haul_extreme *s, const struct haul_extreme_config *c, struct haul_error *e)
{
    if (!haul_detect_positive(c->margin) || c->learn < 2 || !(c->keep > 0 && c->keep <= 1))
        return haul_fail(e, HAUL_E_RANGE, "record: margin %g above 0, learn at least 2, keep %g in (0, 1]", c->margin,
                         c->keep);
    haul_extreme_reset(s, c);
    return HAUL_OK;
}

void haul_extreme_reset(struct haul_extreme *s, const struct haul_extreme_config *c)
{
    (void)c;
    *s = (struct haul_extreme){0};
}

double haul_extreme_step(struct haul_extreme *s, double keep, double value, double *passed)
{
    if (s->n == 0) s->low = s->high = value;
    const double range = s->high - s->low, beyond = value > s->high  ? value - s->high
                                                    : value < s->low ? s->low - value
                                                                     : 0;
    *passed = value < s->low ? s->low : s->high;
    const double shrink = 0.5 * (1 - keep) * range, top = s->high - shrink, bottom = s->low + shrink;
    s->high = value > top ? value : top;
    s->low = value < bottom ? value : bottom;
    s->n++;
    /* a stream that never moved has no range: its first move is a record of any size */
    return beyond == 0 ? 0 : range > 0 ? beyond / range : 1e6;
}

struct haul_score haul_extreme_update(struct haul_extreme *s, const struct haul_extreme_config *c, double value,
                                      struct haul_time at)
{
    (void)at;
    if (!haul_detect_usable(value)) return haul_score_invalid(HAUL_METHOD_RECORD, value);
    const int64_t before = s->n;
    double passed;
    const double outside = haul_extreme_step(s, c->keep, value, &passed);
    struct haul_score out = haul_score_make(HAUL_METHOD_RECORD, value, outside, c->margin, before >= c->learn);
    out.direction = outside == 0 ? 0 : value > passed ? 1 : -1;
    out.expected = passed, out.learned = before;
    return out;
}

/* ---- tail by moments ---- */

enum haul_err haul_tail_init(struct haul_tail *s, const struct haul_tail_config *c, struct haul_error *e)
{
    if (!(c->level >= 0.5 && c->level < 1) || !(c->memory >= 20) || c->learn < 20)
        return haul_fail(e, HAUL_E_RANGE, "tail: level %g in [0.5, 1), memory %g and learn at least 20", c->level,
                         c->memory);
    if (!(c->memory * (1 - c->level) >= 1) || !(c->memory <= 1e15))
        return haul_fail(e, HAUL_E_RANGE, "tail: of %g values none would lie beyond the level %g", c->memory, c->level);
    haul_tail_reset(s, c);
    return HAUL_OK;
}

void haul_tail_reset(struct haul_tail *s, const struct haul_tail_config *c)
{
    (void)c;
    *s = (struct haul_tail){0};
}

bool haul_tail_ready(const struct haul_tail *s, const struct haul_tail_config *c)
{
    return s->n >= c->learn && s->excesses >= 4;
}

/* Weights of the next value: in the means, and in the steps of the quantile. */
struct pace {
    double even, step;
};

static struct pace pace_of(const struct haul_tail *s, const struct haul_tail_config *c)
{
    const double next = (double)s->n + 1, n = next < c->memory ? next : c->memory, even = 1 / n;
    return (struct pace){.even = even, .step = 2 * (n < 20 ? 0.05 : haul_sqrt(even))};
}

static void learn_excess(struct haul_tail *s, const struct haul_tail_config *c, double excess)
{
    if (s->excesses < UINT32_MAX) s->excesses++;
    const double k = (double)s->excesses, most = c->memory * (1 - c->level), rate = 1 / (k < most ? k : most);
    s->excess += rate * (excess - s->excess);
    s->excess2 += rate * (excess * excess - s->excess2);
}

static void learn(struct haul_tail *s, const struct haul_tail_config *c, struct pace pace, double value)
{
    if (s->n == 0) s->start = value;
    const double away = value - s->start, size = haul_abs(away), gain = pace.step * s->step;
    /* a quantile by steps in the ratio level : 1 - level (Robbins and Monro), wider while little is known */
    s->start += away > 0 ? gain * c->level : -gain * (1 - c->level);
    if (s->n < UINT32_MAX) s->n++;
    const double most = s->n < 20 ? 8 * s->step + size : 8 * s->step;
    s->step += pace.even * ((size < most || s->step == 0 ? size : most) - s->step);
    s->above += pace.even * ((away > 0 ? 1 : 0) - s->above);
    if (away > 0) learn_excess(s, c, away);
}

void haul_tail_learn(struct haul_tail *s, const struct haul_tail_config *c, double value)
{
    learn(s, c, pace_of(s, c), value);
}

void haul_tail_learn_both(struct haul_tail tails[2], const struct haul_tail_config *c, double value)
{
    const struct pace pace = pace_of(&tails[0], c);
    learn(&tails[0], c, pace, value);
    learn(&tails[1], c, pace, -value);
}

/* gamma = (1 - m^2/v) / 2, sigma = m (1 + m^2/v) / 2, gamma kept to [-0.5, 0.45] where the moments exist. */
static void tail_moments(const struct haul_tail *s, double *gamma, double *sigma)
{
    const double variance = s->excess2 - s->excess * s->excess;
    const double ratio = variance > 0 ? s->excess * s->excess / variance : 2;
    const double g = 0.5 * (1 - ratio);
    *gamma = g < -0.5 ? -0.5 : g > 0.45 ? 0.45 : g;
    *sigma = s->excess * (1 - *gamma); /* the mean of the distribution is sigma / (1 - gamma) */
}

double haul_gpd_above(double y, double gamma, double sigma)
{
    if (y <= 0) return 1;
    if (!(sigma > 0)) return 0;
    if (haul_abs(gamma) < 1e-9) return haul_exp(-y / sigma);
    const double base = 1 + gamma * y / sigma;
    return base > 0 ? haul_pow(base, -1 / gamma) : 0;
}

double haul_tail_chance(const struct haul_tail *s, const struct haul_tail_config *c, double value)
{
    double gamma, sigma;
    tail_moments(s, &gamma, &sigma);
    (void)c;
    return s->above * haul_gpd_above(value - s->start, gamma, sigma);
}

double haul_tail_limit(const struct haul_tail *s, const struct haul_tail_config *c, double p)
{
    assert(p > 0);
    double gamma, sigma;
    tail_moments(s, &gamma, &sigma);
    (void)c;
    if (p >= s->above) return s->start;
    const double ratio = p / s->above;
    if (haul_abs(gamma) < 1e-9) return s->start - sigma * haul_log(ratio);
    return s->start + sigma / gamma * (haul_pow(ratio, -gamma) - 1);
}

/* ---- generalised Pareto by likelihood ---- */

/* Mean log-likelihood along Grimshaw's curve: theta = gamma / sigma fixes gamma = mean log(1 + theta y). */
static double gpd_profile(const float *y, uint32_t n, double theta, double *gamma, double *sigma)
{
    double sum = 0, mean = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double base = 1 + theta * (double)y[i];
        if (base <= 0) return -1e300;
        sum += haul_log(base), mean += (double)y[i];
    }
    *gamma = sum / (double)n, *sigma = *gamma / theta;
    if (haul_abs(theta * mean) < 1e-7 * (double)n) *gamma = 0, *sigma = mean / (double)n;
    if (*gamma < -0.5) return -1e300; /* below it the estimate is not regular (Smith 1985) */
    return -haul_log(*sigma) - 1 - *gamma;
}

/* The best of theta in (low, high) by golden section. */
static double golden(const float *y, uint32_t n, double low, double high, double *gamma, double *sigma)
{
    const double part = 0.61803398874989484820;
    double a = high - part * (high - low), b = low + part * (high - low), g, s;
    double fa = gpd_profile(y, n, a, &g, &s), fb = gpd_profile(y, n, b, &g, &s);
    for (int i = 0; i < 24; i++) {
        if (fa >= fb) {
            high = b, b = a, fb = fa, a = high - part * (high - low), fa = gpd_profile(y, n, a, &g, &s);
        } else {
            low = a, a = b, fa = fb, b = low + part * (high - low), fb = gpd_profile(y, n, b, &g, &s);
        }
    }
    return gpd_profile(y, n, 0.5 * (low + high), gamma, sigma);
}

double haul_gpd_fit(const float *excess, uint32_t n, double *gamma, double *sigma)
{
    assert(n >= 2);
    double mean = 0, most = 0;
    for (uint32_t i = 0; i < n; i++) {
        mean += (double)excess[i] / (double)n;
        if ((double)excess[i] > most) most = (double)excess[i];
    }
    assert(mean > 0);
    /* the exponential is the point theta = 0, which the curve approaches; it must be beaten */
    *gamma = 0, *sigma = mean;
    double best = -haul_log(mean) - 1;
    /* theta above -1/most; beyond 10/mean the tail is heavier than anything seen */
    const double edge[] = {-0.999 / most, -0.5 / most, -1e-4 / mean, 1e-4 / mean,
                           0.3 / mean,    1 / mean,    3 / mean,     10 / mean};
    for (size_t i = 0; i + 1 < sizeof edge / sizeof edge[0]; i++) {
        double g, s;
        const double found = edge[i] < edge[i + 1] ? golden(excess, n, edge[i], edge[i + 1], &g, &s) : -1e300;
        if (found > best + 1e-12 && g <= 2) best = found, *gamma = g, *sigma = s;
    }
    return best;
}

/* ---- SPOT ---- */

enum haul_err haul_spot_init(struct haul_spot *s, const struct haul_spot_config *c, struct haul_error *e)
{
    if (!(c->level >= 0.5 && c->level < 1) || !(c->q > 0 && c->q < 1 - c->level))
        return haul_fail(e, HAUL_E_RANGE, "spot: level %g in [0.5, 1) and q %g below 1 - level", c->level, c->q);
    if (c->learn < 64 || c->learn > HAUL_SPOT_START || c->depth > HAUL_SPOT_DEPTH)
        return haul_fail(e, HAUL_E_RANGE, "spot: learn 64 to %d values, depth at most %d", HAUL_SPOT_START,
                         HAUL_SPOT_DEPTH);
    if ((1 - c->level) * c->learn < 2)
        return haul_fail(e, HAUL_E_RANGE, "spot: %u values leave fewer than 2 above the level %g", c->learn, c->level);
    haul_spot_reset(s, c);
    return HAUL_OK;
}

void haul_spot_reset(struct haul_spot *s, const struct haul_spot_config *c)
{
    (void)c;
    *s = (struct haul_spot){0};
}

static void spot_fit(struct haul_spot *s, const struct haul_spot_config *c)
{
    if (s->kept >= 2) {
        haul_gpd_fit(s->excess, s->kept, &s->gamma, &s->sigma);
        s->fitted = s->kept;
    }
    const double ratio = c->q * (double)s->n / (double)s->peaks;
    if (ratio >= 1 || !(s->sigma > 0))
        s->limit = s->start;
    else if (haul_abs(s->gamma) < 1e-9)
        s->limit = s->start - s->sigma * haul_log(ratio);
    else
        s->limit = s->start + s->sigma / s->gamma * (haul_pow(ratio, -s->gamma) - 1);
}

static void spot_excess(struct haul_spot *s, double y)
{
    const float kept = (float)y;
    if (!(kept > 0)) return;
    s->excess[s->peaks % HAUL_SPOT_EXCESSES] = kept;
    s->peaks++;
    if (s->kept < HAUL_SPOT_EXCESSES) s->kept++;
}

/* The first values, sorted; at the last of them the level is set and what lies above it becomes the first excesses. */
static void spot_start(struct haul_spot *s, const struct haul_spot_config *c, double x)
{
    uint32_t i = (uint32_t)s->n;
    for (; i > 0 && (double)s->first[i - 1] > x; i--) s->first[i] = s->first[i - 1];
    s->first[i] = (float)x;
    s->n++;
    if (s->n < c->learn) return;
    const uint32_t at = (uint32_t)haul_floor(c->level * (c->learn - 1));
    s->start = (double)s->first[at];
    for (uint32_t k = at + 1; k < c->learn; k++) spot_excess(s, (double)s->first[k] - s->start);
    if (s->peaks == 0) s->peaks = 1; /* all the same: any step above is a peak */
    spot_fit(s, c);
}

static double spot_mean(const struct haul_spot *s, const struct haul_spot_config *c)
{
    return c->depth == 0 || s->depth_n == 0 ? 0 : s->depth_sum / (s->depth_n < c->depth ? s->depth_n : c->depth);
}

/* The window of DSPOT. The sum is made anew at each turn of the ring, so that rounding does not pile up. */
static void spot_remember(struct haul_spot *s, const struct haul_spot_config *c, double x)
{
    if (c->depth == 0) return;
    const uint32_t at = s->depth_n % c->depth;
    if (s->depth_n >= c->depth) s->depth_sum -= (double)s->recent[at];
    s->recent[at] = (float)x;
    s->depth_sum += (double)s->recent[at];
    s->depth_n++;
    if (at + 1 < c->depth) return;
    s->depth_n = c->depth, s->depth_sum = 0;
    for (uint32_t i = 0; i < c->depth; i++) s->depth_sum += (double)s->recent[i];
}

/* Learns a peak, and fits again when a twentieth more is known (or at each, while there are few). */
static void spot_peak(struct haul_spot *s, const struct haul_spot_config *c, double excess)
{
    spot_excess(s, excess);
    const bool full = s->kept == HAUL_SPOT_EXCESSES;
    if (s->kept < 40 || s->kept >= s->fitted + s->fitted / 20 || (full && s->peaks % 10 == 0)) spot_fit(s, c);
}

struct haul_score haul_spot_update(struct haul_spot *s, const struct haul_spot_config *c, double value,
                                   struct haul_time at)
{
    (void)at;
    if (!(value >= -1e30 && value <= 1e30)) return haul_score_invalid(HAUL_METHOD_SPOT, value); /* peaks are float */
    const double signed_value = c->low ? -value : value, mean = spot_mean(s, c), x = signed_value - mean;
    if (s->n < c->learn) {
        spot_start(s, c, x);
        spot_remember(s, c, signed_value);
        return haul_score_make(HAUL_METHOD_SPOT, value, 0, 1, false);
    }
    s->n++;
    const double reach = s->limit - s->start, limit = s->start + mean + reach;
    const double statistic = x <= s->start ? 0 : reach > 0 ? (x - s->start) / reach : 1e6;
    struct haul_score out = haul_score_make(HAUL_METHOD_SPOT, value, statistic, 1, true);
    out.expected = c->low ? -limit : limit, out.learned = s->n - 1, out.direction = c->low ? -1 : 1;
    if (x > s->start) out.tail_p = (double)s->peaks / (double)s->n * haul_gpd_above(x - s->start, s->gamma, s->sigma);
    const bool anomaly = out.verdict == HAUL_VERDICT_ANOMALY && reach > 0;
    if (x > s->start) spot_peak(s, c, anomaly && x - s->start > 2 * reach ? 2 * reach : x - s->start);
    if (!anomaly) spot_remember(s, c, signed_value);
    return out;
}
