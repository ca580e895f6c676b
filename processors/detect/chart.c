/* SPDX-License-Identifier: Apache-2.0
 * Control charts: robust z, EWMA, CUSUM, Page-Hinkley.
 */
#include "haul/detect_chart.h"
#include "haul/detect_stat.h"
#include "haul/math.h"

/* ---- robust z ---- */

enum haul_err haul_robust_init(struct haul_robust *s, const struct haul_robust_config *c, struct haul_error *e)
{
    if (!haul_detect_positive(c->threshold) || !(c->memory >= 16) || !haul_detect_not_negative(c->spread_min))
        return haul_fail(e, HAUL_E_RANGE,
                         "robust z: threshold %g above 0, memory %g at least 16, spread_min %g at least 0",
                         c->threshold, c->memory, c->spread_min);
    haul_robust_reset(s, c);
    return HAUL_OK;
}

void haul_robust_reset(struct haul_robust *s, const struct haul_robust_config *c)
{
    (void)c;
    *s = (struct haul_robust){0};
}

static double robust_least(const struct haul_robust *s, const struct haul_robust_config *c)
{
    const double least = c->spread_min > 0 ? c->spread_min : 1e-6 * haul_abs(s->median);
    return least > 1e-12 ? least : 1e-12;
}

static void insert_sorted(double *sorted, uint32_t n, double x)
{
    uint32_t i = n;
    for (; i > 0 && sorted[i - 1] > x; i--) sorted[i] = sorted[i - 1];
    sorted[i] = x;
}

/* Exact median and MAD of the first values: the k-th least deviation is found from both ends of the sorted values. */
static void robust_start(struct haul_robust *s, const struct haul_robust_config *c, double value)
{
    insert_sorted(s->first, s->n, value);
    s->n++;
    const uint32_t half = (s->n - 1) / 2;
    s->median = s->first[half];
    uint32_t below = 0, above = s->n - 1;
    while (above - below > half) {
        if (s->median - s->first[below] > s->first[above] - s->median)
            below++;
        else
            above--;
    }
    const double low = s->median - s->first[below], high = s->first[above] - s->median;
    s->mad = low > high ? low : high;
    const double least = robust_least(s, c);
    if (s->mad < least) s->mad = least;
}

/* One step of size 1/(n density) for the median, and for the median of |x - median|, with the densities of a normal
 * that has this MAD. A MAD that is far too small grows by a factor a step, so a stream that wakes is followed within
 * some memories. */
static void robust_follow(struct haul_robust *s, const struct haul_robust_config *c, double value)
{
    const double n = (double)s->n < c->memory ? (double)s->n : c->memory, gain = s->mad / n;
    const double away = haul_abs(value - s->median), least = robust_least(s, c);
    s->median += 1.86 * gain * haul_sign_of(value - s->median);
    s->mad += 1.17 * gain * (away > s->mad ? 1 : -1);
    if (s->mad < least) s->mad = least;
    if (s->n < UINT32_MAX) s->n++;
}

struct haul_score haul_robust_update(struct haul_robust *s, const struct haul_robust_config *c, double value,
                                     struct haul_time at)
{
    (void)at;
    if (!haul_detect_usable(value)) return haul_score_invalid(HAUL_METHOD_ROBUST_Z, value);
    const double spread = 1.4826022185056018 * s->mad, away = value - s->median;
    const bool ready = s->n >= HAUL_ROBUST_START;
    const double z = s->n > 0 ? haul_abs(away) / spread : 0;
    struct haul_score out = haul_score_make(HAUL_METHOD_ROBUST_Z, value, z, c->threshold, ready);
    out.expected = s->median, out.spread = spread, out.learned = s->n, out.direction = haul_sign_of(away);
    if (ready && z >= 2) out.tail_p = 2 * haul_normal_above(z);
    if (ready)
        robust_follow(s, c, value);
    else
        robust_start(s, c, value);
    return out;
}

/* ---- the level ---- */

static enum haul_err level_check(const struct haul_level_config *c, const char *who, struct haul_error *e)
{
    if (c->spread > 0 && (!haul_detect_positive(c->spread) || !haul_detect_usable(c->mean)))
        return haul_fail(e, HAUL_E_RANGE, "%s: mean %g or spread %g is out of range", who, c->mean, c->spread);
    if (c->spread > 0) return HAUL_OK;
    if (c->learn < 2 || !haul_detect_positive(c->spread_min))
        return haul_fail(e, HAUL_E_RANGE, "%s: give a spread, or learn at least 2 values with a spread_min above 0",
                         who);
    return HAUL_OK;
}

/* True when the level stands; else learns from the value. */
static bool level_ready(struct haul_level *s, const struct haul_level_config *c, double value)
{
    if (c->spread > 0 || s->n >= c->learn) return true;
    s->n++;
    const double delta = value - s->mean;
    s->mean += delta / (double)s->n;
    s->m2 += delta * (value - s->mean);
    return false;
}

static double level_mean(const struct haul_level *s, const struct haul_level_config *c)
{
    return c->spread > 0 ? c->mean : s->mean;
}

static double level_spread(const struct haul_level *s, const struct haul_level_config *c)
{
    if (c->spread > 0) return c->spread;
    const double spread = s->n > 1 ? haul_sqrt(s->m2 / (double)(s->n - 1)) : 0;
    return spread > c->spread_min ? spread : c->spread_min;
}

/* Fills what all charts of a mean say alike. */
static struct haul_score chart_score(enum haul_method method, const struct haul_level *s,
                                     const struct haul_level_config *c, double value, double statistic,
                                     double threshold, bool ready)
{
    struct haul_score out = haul_score_make(method, value, statistic, threshold, ready);
    out.expected = level_mean(s, c), out.spread = level_spread(s, c), out.learned = s->n;
    return out;
}

/* ---- EWMA ---- */

enum haul_err haul_ewma_init(struct haul_ewma *s, const struct haul_ewma_config *c, struct haul_error *e)
{
    if (!(c->lambda > 0 && c->lambda <= 1) || !haul_detect_positive(c->limit))
        return haul_fail(e, HAUL_E_RANGE, "ewma: lambda %g in (0, 1] and limit %g above 0 are needed", c->lambda,
                         c->limit);
    const enum haul_err err = level_check(&c->level, "ewma", e);
    if (err == HAUL_OK) haul_ewma_reset(s, c);
    return err;
}

void haul_ewma_reset(struct haul_ewma *s, const struct haul_ewma_config *c)
{
    (void)c;
    *s = (struct haul_ewma){.unseen = 1};
}

struct haul_score haul_ewma_update(struct haul_ewma *s, const struct haul_ewma_config *c, double value,
                                   struct haul_time at)
{
    (void)at;
    if (!haul_detect_usable(value)) return haul_score_invalid(HAUL_METHOD_EWMA, value);
    if (!level_ready(&s->level, &c->level, value))
        return chart_score(HAUL_METHOD_EWMA, &s->level, &c->level, value, 0, c->limit, false);
    const double mean = level_mean(&s->level, &c->level), spread = level_spread(&s->level, &c->level);
    if (s->unseen == 1) s->s = mean;
    s->s += c->lambda * (value - s->s);
    s->unseen *= (1 - c->lambda) * (1 - c->lambda);
    const double sigma = spread * haul_sqrt(c->lambda / (2 - c->lambda) * (1 - s->unseen));
    const double z = haul_abs(s->s - mean) / sigma;
    struct haul_score out = chart_score(HAUL_METHOD_EWMA, &s->level, &c->level, value, z, c->limit, true);
    out.direction = haul_sign_of(s->s - mean);
    if (z >= 2) out.tail_p = 2 * haul_normal_above(z);
    return out;
}

/* ---- CUSUM ---- */

enum haul_err haul_cusum_init(struct haul_cusum *s, const struct haul_cusum_config *c, struct haul_error *e)
{
    if (!haul_detect_not_negative(c->k) || !haul_detect_positive(c->h))
        return haul_fail(e, HAUL_E_RANGE, "cusum: k %g at least 0, h %g above 0", c->k, c->h);
    const enum haul_err err = level_check(&c->level, "cusum", e);
    if (err == HAUL_OK) haul_cusum_reset(s, c);
    return err;
}

void haul_cusum_reset(struct haul_cusum *s, const struct haul_cusum_config *c)
{
    (void)c;
    *s = (struct haul_cusum){.high_since = HAUL_TIME_NONE, .low_since = HAUL_TIME_NONE};
}

static void cusum_side(double *sum, struct haul_time *since, double step, struct haul_time at)
{
    if (*sum <= 0) *since = at;
    *sum += step;
    if (*sum <= 0) *sum = 0, *since = HAUL_TIME_NONE;
}

struct haul_score haul_cusum_update(struct haul_cusum *s, const struct haul_cusum_config *c, double value,
                                    struct haul_time at)
{
    if (!haul_detect_usable(value)) return haul_score_invalid(HAUL_METHOD_CUSUM, value);
    if (!level_ready(&s->level, &c->level, value))
        return chart_score(HAUL_METHOD_CUSUM, &s->level, &c->level, value, 0, c->h, false);
    const double z = (value - level_mean(&s->level, &c->level)) / level_spread(&s->level, &c->level);
    cusum_side(&s->high, &s->high_since, z - c->k, at);
    cusum_side(&s->low, &s->low_since, -z - c->k, at);
    const bool up = s->high >= s->low;
    struct haul_score out =
        chart_score(HAUL_METHOD_CUSUM, &s->level, &c->level, value, up ? s->high : s->low, c->h, true);
    out.direction = out.statistic > 0 ? (up ? 1 : -1) : 0;
    out.since = up ? s->high_since : s->low_since;
    if (c->restart && out.verdict == HAUL_VERDICT_ANOMALY) {
        s->high = s->low = 0;
        s->high_since = s->low_since = HAUL_TIME_NONE;
    }
    return out;
}

/* ---- Page-Hinkley ---- */

enum haul_err haul_page_hinkley_init(struct haul_page_hinkley *s, const struct haul_page_hinkley_config *c,
                                     struct haul_error *e)
{
    if (!haul_detect_not_negative(c->delta) || !haul_detect_positive(c->lambda) || !(c->keep > 0 && c->keep <= 1) ||
        c->learn < 1)
        return haul_fail(e, HAUL_E_RANGE,
                         "page-hinkley: delta %g at least 0, lambda %g above 0, keep %g in (0, 1], learn at least 1",
                         c->delta, c->lambda, c->keep);
    haul_page_hinkley_reset(s, c);
    return HAUL_OK;
}

void haul_page_hinkley_reset(struct haul_page_hinkley *s, const struct haul_page_hinkley_config *c)
{
    (void)c;
    *s = (struct haul_page_hinkley){0};
}

struct haul_score haul_page_hinkley_update(struct haul_page_hinkley *s, const struct haul_page_hinkley_config *c,
                                           double value, struct haul_time at)
{
    (void)at;
    if (!haul_detect_usable(value)) return haul_score_invalid(HAUL_METHOD_PAGE_HINKLEY, value);
    s->n++;
    s->mean += (value - s->mean) / (double)s->n;
    const double away = value - s->mean;
    s->up = c->keep * s->up + away - c->delta;
    s->down = c->keep * s->down + away + c->delta;
    if (s->up < s->up_least) s->up_least = s->up;
    if (s->down > s->down_greatest) s->down_greatest = s->down;
    const double rise = s->up - s->up_least, fall = s->down_greatest - s->down;
    struct haul_score out =
        haul_score_make(HAUL_METHOD_PAGE_HINKLEY, value, rise > fall ? rise : fall, c->lambda, s->n >= c->learn);
    out.expected = s->mean, out.learned = s->n, out.direction = rise > fall ? 1 : -1;
    if (out.verdict == HAUL_VERDICT_ANOMALY) haul_page_hinkley_reset(s, c);
    return out;
}
