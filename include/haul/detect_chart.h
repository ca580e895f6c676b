/* SPDX-License-Identifier: Apache-2.0
 * Layer: detect
 * Control charts: one value against a level, O(1) each. The charts of a mean work on values, or on the residuals of a
 * baseline.
 */
#ifndef HAUL_DETECT_CHART_H
#define HAUL_DETECT_CHART_H

#include "haul/detect.h"

/* Robust z: |x - median| / (1.4826 MAD), where the median and the median absolute deviation follow the stream by
 * stochastic approximation (Robbins and Monro, Annals of Mathematical Statistics 22:400, 1951), started from the exact
 * ones of the first 15 values. The threshold of 3.5 on 0.6745 |x - median| / MAD is Iglewicz and Hoaglin's ("How to
 * detect and handle outliers", 1993). */
#define HAUL_ROBUST_START 15

struct haul_robust_config {
    double threshold;  /* robust deviations; 3.5 */
    double memory;     /* values that count, >= 16: steps shrink as 1/n down to 1/memory */
    double spread_min; /* least MAD, unit of the value: the resolution of the sensor. 0: a millionth of the median */
};

struct haul_robust {
    double median, mad;
    double first[HAUL_ROBUST_START]; /* sorted */
    uint32_t n;
};

enum haul_err haul_robust_init(struct haul_robust *s, const struct haul_robust_config *c, struct haul_error *e);
void haul_robust_reset(struct haul_robust *s, const struct haul_robust_config *c);
struct haul_score haul_robust_update(struct haul_robust *s, const struct haul_robust_config *c, double value,
                                     struct haul_time at);

/* The level that the mean charts compare with: given, or learnt from the first values and then fixed until a reset. */
struct haul_level_config {
    double mean, spread; /* used if spread > 0 */
    int64_t learn;       /* else: how many values to learn them from, >= 2 */
    double spread_min;   /* least spread that learning may end with, > 0 when it learns */
};

struct haul_level {
    double mean, m2; /* Welford's sums (Technometrics 4:419, 1962) */
    int64_t n;
};

/* EWMA chart (Roberts, Technometrics 1:239, 1959): s <- lambda x + (1 - lambda) s; limits mean ± L spread
 * sqrt(lambda/(2-lambda) (1 - (1-lambda)^2i)), exact from the first value on. lambda 0.2, L 3. */
struct haul_ewma_config {
    struct haul_level_config level;
    double lambda, limit;
};

struct haul_ewma {
    struct haul_level level;
    double s, unseen; /* unseen: (1-lambda)^2i */
};

enum haul_err haul_ewma_init(struct haul_ewma *s, const struct haul_ewma_config *c, struct haul_error *e);
void haul_ewma_reset(struct haul_ewma *s, const struct haul_ewma_config *c);
struct haul_score haul_ewma_update(struct haul_ewma *s, const struct haul_ewma_config *c, double value,
                                   struct haul_time at);

/* Two-sided CUSUM (Page, Biometrika 41:100, 1954): C± <- max(0, C± ± z - k), alarm at h; k and h in spreads. k 0.5, h 5
 * give a false alarm each 465 values of white noise and find a shift of one spread after 10.4 (Hawkins and Olwell
 * 1998). Both sums start again after an alarm if `restart`. */
struct haul_cusum_config {
    struct haul_level_config level;
    double k, h;
    bool restart;
};

struct haul_cusum {
    struct haul_level level;
    double high, low;
    struct haul_time high_since, low_since; /* when the sum last left 0: the estimated time of the change */
};

enum haul_err haul_cusum_init(struct haul_cusum *s, const struct haul_cusum_config *c, struct haul_error *e);
void haul_cusum_reset(struct haul_cusum *s, const struct haul_cusum_config *c);
struct haul_score haul_cusum_update(struct haul_cusum *s, const struct haul_cusum_config *c, double value,
                                    struct haul_time at);

/* Page-Hinkley (Hinkley, Biometrika 58:509, 1971, with forgetting as in Mouss et al., 5th Asian Control Conference
 * 2004): the sum of x - running mean ∓ delta, against its least (greatest) so far; alarm at lambda. Unit of the value.
 * After an alarm it starts again. delta 0.005, lambda 50, keep 0.9999. */
struct haul_page_hinkley_config {
    double delta, lambda, keep;
    int64_t learn; /* values before the first verdict */
};

struct haul_page_hinkley {
    double mean, up, up_least, down, down_greatest;
    int64_t n;
};

enum haul_err haul_page_hinkley_init(struct haul_page_hinkley *s, const struct haul_page_hinkley_config *c,
                                     struct haul_error *e);
void haul_page_hinkley_reset(struct haul_page_hinkley *s, const struct haul_page_hinkley_config *c);
struct haul_score haul_page_hinkley_update(struct haul_page_hinkley *s, const struct haul_page_hinkley_config *c,
                                           double value, struct haul_time at);

#endif
