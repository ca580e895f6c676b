/* SPDX-License-Identifier: Apache-2.0
 * Layer: detect
 * Scores detections against labelled windows by the rule of the Numenta Anomaly Benchmark (Lavin and Ahmad, "Evaluating
 * real-time anomaly detection algorithms", ICMLA 2015), to measure detectors with and to compare settings on one's own
 * labels.
 *
 * Per window the earliest detection counts: tp S(y) / S(-1), S(y) = 2 / (1 + e^5y) - 1, y = -(last - row + 1) / width;
 * a window without one costs fn. A detection outside costs fp S(y), y = (row - last) / (width - 1) of the window before
 * it, and fp whole where there is none or y > 3. The first rows are probation and count for nothing. The score of a
 * corpus is 100 (raw - null) / (perfect - null), null = no detection at all.
 */
#ifndef HAUL_DETECT_NAB_H
#define HAUL_DETECT_NAB_H

#include "haul/detect.h"

struct haul_nab_profile {
    double tp, fp, fn;
};

extern const struct haul_nab_profile haul_nab_standard, haul_nab_low_fp, haul_nab_low_fn;

struct haul_nab_window {
    int64_t first, last; /* rows, both inside */
};

/* One series: a score for each row, and its windows in order, not overlapping. Owned by the caller. */
struct haul_nab_series {
    const double *score;
    const struct haul_nab_window *windows;
    int64_t rows, window_count;
};

struct haul_nab_result {
    double raw;
    int64_t windows, hit;          /* windows with a detection */
    int64_t true_rows, false_rows; /* detections inside and outside windows, after probation */
};

/* Rows that do not count: 15 % of the series, 750 at most. */
int64_t haul_nab_probation(int64_t rows);
/* Detections are the rows with score >= threshold. */
struct haul_nab_result haul_nab_score(const struct haul_nab_series *series, int64_t count,
                                      const struct haul_nab_profile *p, double threshold);
/* 0 for no detection, 100 for all at the first row of their windows; 0 for a corpus without windows. */
double haul_nab_normalised(const struct haul_nab_result *r, const struct haul_nab_profile *p);
/* The one threshold that is best for all the series together: sets *threshold, returns the normalised score. `rank` is
 * scratch for as many entries as there are rows in all. */
struct haul_nab_rank {
    double score;
    int64_t series, row;
};
double haul_nab_best(const struct haul_nab_series *series, int64_t count, const struct haul_nab_profile *p,
                     struct haul_nab_rank *rank, double *threshold);

#endif
