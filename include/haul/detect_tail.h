/* SPDX-License-Identifier: Apache-2.0
 * Layer: detect
 * The far end of a distribution: new extremes, and thresholds with a stated chance.
 */
#ifndef HAUL_DETECT_TAIL_H
#define HAUL_DETECT_TAIL_H

#include "haul/detect.h"

/* Record-range: a value further outside all values so far than `margin` times their range. Then the range is widened by
 * it. Among n exchangeable values a new record comes with chance 2/n, so there are about 2 log(n/learn) of them in all,
 * and fewer with a margin. (The rule of the encoders in Numenta's detectors, without their knowledge of the whole
 * file.) */
struct haul_extreme_config {
    double margin; /* share of the range; 0.05 */
    int64_t learn; /* values before the first verdict, >= 2 */
    double keep;   /* the range shrinks towards the values by (1 - keep) each; 1: never forgets */
};

struct haul_extreme {
    double low, high;
    int64_t n;
};

enum haul_err haul_extreme_init(struct haul_extreme *s, const struct haul_extreme_config *c, struct haul_error *e);
void haul_extreme_reset(struct haul_extreme *s, const struct haul_extreme_config *c);
/* statistic: how far outside, in ranges; expected: the end that was passed. */
struct haul_score haul_extreme_update(struct haul_extreme *s, const struct haul_extreme_config *c, double value,
                                      struct haul_time at);

/* The same without a verdict: how far outside, in ranges; *passed: the end of the range. The value must be usable. */
double haul_extreme_step(struct haul_extreme *s, double keep, double value, double *passed);

/* The tail beyond a level as a generalised Pareto distribution by the moments of the excesses (Hosking and Wallis,
 * Technometrics 29:339, 1987): O(1), 48 bytes, where SPOT keeps 200 excesses. The level follows the quantile `level` of
 * the stream. */
struct haul_tail_config {
    double level;  /* which quantile the tail begins at; 0.98 */
    double memory; /* values that count */
    int64_t learn; /* values before it judges, >= 20 */
};

struct haul_tail {
    double start, step;     /* where the tail begins; step: moving mean distance from it */
    double above;           /* moving share of the values beyond it */
    double excess, excess2; /* moving mean of the excesses and of their squares */
    uint32_t n, excesses;
};

enum haul_err haul_tail_init(struct haul_tail *s, const struct haul_tail_config *c, struct haul_error *e);
void haul_tail_reset(struct haul_tail *s, const struct haul_tail_config *c);
/* Chance of a value at least `value` (for anything inside: the share beyond the start), and the value that is passed
 * with chance p > 0 (the start, if that is more often passed). */
double haul_tail_chance(const struct haul_tail *s, const struct haul_tail_config *c, double value);
double haul_tail_limit(const struct haul_tail *s, const struct haul_tail_config *c, double p);
void haul_tail_learn(struct haul_tail *s, const struct haul_tail_config *c, double value);
/* Both ends of one stream, for a little more than the price of one: tails[0] learns the value, tails[1] its negative.
 */
void haul_tail_learn_both(struct haul_tail tails[2], const struct haul_tail_config *c, double value);
bool haul_tail_ready(const struct haul_tail *s, const struct haul_tail_config *c);

/* SPOT and DSPOT (Siffer, Fouque, Termier, Largouet, "Anomaly detection in streams with extreme value theory", KDD
 * 2017): peaks over a start level t, a generalised Pareto distribution fitted to them by maximum likelihood (Grimshaw,
 * Technometrics 35:185, 1993: one equation in one unknown), and the limit z_q = t + sigma/gamma ((q n / N_t)^-gamma -
 * 1). Values beyond z_q are anomalies. Differs from the paper: an anomaly is learnt, as a peak of at most twice the
 * limit's height, not left out (left out, the tail that is fitted is one cut off at z_q, the next limit is lower, and
 * so on down: six alarms for one asked); the start level is the exact quantile of the first values, the excesses are
 * the last 200, and the likelihood is maximised by golden section from a grid, not by root finding. DSPOT takes the
 * mean of the last `depth` normal values off first. */
#define HAUL_SPOT_EXCESSES 200
#define HAUL_SPOT_DEPTH    64
#define HAUL_SPOT_START    512

struct haul_spot_config {
    double q;       /* chance of a value beyond the limit; 1e-4 */
    double level;   /* quantile at which the tail begins; 0.98 */
    uint32_t learn; /* values that set the start level, 64..HAUL_SPOT_START */
    uint32_t depth; /* 0: SPOT; else DSPOT with this window, <= HAUL_SPOT_DEPTH */
    bool low;       /* watch the low end instead of the high one */
};

struct haul_spot {
    double start, limit, gamma, sigma; /* of the value, or of its distance from the moving mean */
    double depth_sum;
    int64_t n, peaks;
    uint32_t kept, fitted, depth_n;
    float excess[HAUL_SPOT_EXCESSES];
    float first[HAUL_SPOT_START]; /* sorted; the values that set the level */
    float recent[HAUL_SPOT_DEPTH];
};

enum haul_err haul_spot_init(struct haul_spot *s, const struct haul_spot_config *c, struct haul_error *e);
void haul_spot_reset(struct haul_spot *s, const struct haul_spot_config *c);
struct haul_score haul_spot_update(struct haul_spot *s, const struct haul_spot_config *c, double value,
                                   struct haul_time at);

/* Maximum likelihood of a generalised Pareto distribution for n >= 2 excesses > 0; *gamma in [-0.5, 2]. Returns the
 * mean log-likelihood. */
double haul_gpd_fit(const float *excess, uint32_t n, double *gamma, double *sigma);
/* P(excess >= y). */
double haul_gpd_above(double y, double gamma, double sigma);

#endif
