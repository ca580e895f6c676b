/* SPDX-License-Identifier: Apache-2.0
 * Layer: detect
 * Probabilities that detectors rest on, the same bits on every machine; and tests on counts.
 */
#ifndef HAUL_DETECT_STAT_H
#define HAUL_DETECT_STAT_H

#include "haul/detect.h"

/* P(Z >= z), Z standard normal; relative error below 1e-12 for z <= 37, 0 beyond. */
double haul_normal_above(double z);
/* The z with P(Z >= z) = p, 0 < p < 1 (Newton's method on haul_normal_above); |error| < 1e-9. */
double haul_normal_quantile_above(double p);
/* log Gamma(x), x > 0, by Stirling's series after shifting x above 10 (Abramowitz and Stegun 6.1.41); relative error <
 * 1e-13 away from the zeros at 1 and 2. */
double haul_log_gamma(double x);

/* P(N >= n) and P(N <= n) for N ~ Poisson(mean), mean >= 0. Sums of the terms that matter; relative error < 1e-10. */
double haul_poisson_above(int64_t n, double mean);
double haul_poisson_below(int64_t n, double mean);
/* The central interval [low, high] with at least `cover` of Poisson(mean): each side leaves at most (1 - cover) / 2. */
void haul_poisson_interval(double mean, double cover, int64_t *low, int64_t *high);
/* P(K >= k) and P(K <= k) for K ~ Binomial(n, p). */
double haul_binomial_above(int64_t k, int64_t n, double p);
double haul_binomial_below(int64_t k, int64_t n, double p);

/* One count against what is expected, two-sided exact test at level `alpha`: the statistic is -log10 of the tail. */
struct haul_score haul_poisson_test(int64_t count, double expected, double alpha);
struct haul_score haul_binomial_test(int64_t k, int64_t n, double p, double alpha);

/* Wald's sequential probability ratio test (Annals of Mathematical Statistics 16:117, 1945) of a Bernoulli rate: p0 is
 * right against p1 > p0, with the error chances alpha (false alarm) and beta (miss). After a decision it starts again.
 */
struct haul_sprt_config {
    double p0, p1, alpha, beta;
};

struct haul_sprt {
    double log_ratio;
    int64_t trials, hits;
};

enum haul_err haul_sprt_init(struct haul_sprt *s, const struct haul_sprt_config *c, struct haul_error *e);
void haul_sprt_reset(struct haul_sprt *s, const struct haul_sprt_config *c);
/* value: 0 or 1 (anything above 0.5 is a hit). ANOMALY: p1 accepted; NORMAL: p0 accepted; LEARNING: undecided. */
struct haul_score haul_sprt_update(struct haul_sprt *s, const struct haul_sprt_config *c, double value,
                                   struct haul_time at);

/* Trend of a level over time: least squares with exponential forgetting; the statistic is |slope| over its standard
 * error. Work in progress that grows, a temperature that creeps. */
struct haul_slope_config {
    double half_life_s; /* weight of a value halves in this time */
    double threshold;   /* |t| of the slope that is an anomaly */
    int64_t learn;      /* values before the first verdict, >= 3 */
};

struct haul_slope {
    double weight, mean_t, mean_v, s_tt, s_tv, s_vv,
        weight2; /* weighted moments about the means, time in s before `last` */
    struct haul_time last;
    int64_t n;
};

enum haul_err haul_slope_init(struct haul_slope *s, const struct haul_slope_config *c, struct haul_error *e);
void haul_slope_reset(struct haul_slope *s, const struct haul_slope_config *c);
/* expected: the fitted level now; statistic: t; spread: standard deviation of the residuals. */
struct haul_score haul_slope_update(struct haul_slope *s, const struct haul_slope_config *c, double value,
                                    struct haul_time at);
/* Units of the value a second, and the seconds until `limit` is reached at this slope; negative when it is not
 * approached. */
double haul_slope_per_s(const struct haul_slope *s);
double haul_slope_seconds_to(const struct haul_slope *s, double limit);

#endif
