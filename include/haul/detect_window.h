/* SPDX-License-Identifier: Apache-2.0
 * Layer: detect
 * ADWIN (Bifet and Gavaldà, "Learning from time-changing data with adaptive windowing", SDM 2007): a window that grows
 * while the mean stays and drops its older part when two parts differ by more than chance allows. The window is kept as
 * an exponential histogram: rows of at most 5 buckets of 2^row values. The bound of the paper, with the variance (its
 * section 4, equation 3.1): e = sqrt(2/m var ln(2/d')) + 2/(3m) ln(2/d'), 1/m = 1/n0 + 1/n1, d' = delta / ln n. It
 * assumes values in [0, 1]; the second term is scaled by the spread of the values seen for others.
 */
#ifndef HAUL_DETECT_WINDOW_H
#define HAUL_DETECT_WINDOW_H

#include "haul/detect.h"

#define HAUL_ADWIN_BUCKETS 5
#define HAUL_ADWIN_ROWS    24 /* 5 (2^24 - 1) values: the window's maximum; the oldest bucket gives way */

struct haul_adwin_config {
    double delta;   /* chance of a false alarm; 0.002 */
    uint32_t clock; /* values between two checks; 32 */
    uint32_t least; /* least length of a part that is compared; 5 */
};

struct haul_adwin {
    double sum[HAUL_ADWIN_ROWS][HAUL_ADWIN_BUCKETS + 1],
        square[HAUL_ADWIN_ROWS][HAUL_ADWIN_BUCKETS + 1]; /* square: about its mean */
    double low, high;                                    /* of all values since the last reset */
    int64_t width, seen;                                 /* values in the window, and in all */
    uint8_t count[HAUL_ADWIN_ROWS];
};

enum haul_err haul_adwin_init(struct haul_adwin *s, const struct haul_adwin_config *c, struct haul_error *e);
void haul_adwin_reset(struct haul_adwin *s, const struct haul_adwin_config *c);
/* ANOMALY when the window shrank; value: the mean of what is kept; expected: the mean of what was dropped; statistic:
 * |difference| over the bound, 1 at the threshold. */
struct haul_score haul_adwin_update(struct haul_adwin *s, const struct haul_adwin_config *c, double value,
                                    struct haul_time at);
double haul_adwin_mean(const struct haul_adwin *s);     /* of the window; 0 when empty */
double haul_adwin_variance(const struct haul_adwin *s); /* of the window, over n */

/* DDSketch (Masson, Rim, Lee, "DDSketch: a fast and fully-mergeable quantile sketch", PVLDB 12:2195, 2019): quantiles
 * of non-negative values with a relative error of at most `HAUL_SKETCH_ERROR`, for travel times and dwells. Fixed
 * buckets gamma^i, gamma = (1 + e) / (1 - e), from 2^-10 up to about 1e9; smaller values count as 0, larger as the last
 * bucket. Merging two sketches is the sketch of both. */
#define HAUL_SKETCH_ERROR   0.02
#define HAUL_SKETCH_BUCKETS 704

struct haul_sketch {
    uint64_t total;
    uint32_t zero;
    uint32_t count[HAUL_SKETCH_BUCKETS];
};

void haul_sketch_reset(struct haul_sketch *s);
/* False (and nothing changes) for a value that is negative or not finite. */
bool haul_sketch_add(struct haul_sketch *s, double value);
void haul_sketch_merge(struct haul_sketch *into, const struct haul_sketch *from);
/* The value at rank q (total - 1), q in [0, 1]; 0 for an empty sketch. */
double haul_sketch_quantile(const struct haul_sketch *s, double q);

#endif
