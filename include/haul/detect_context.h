/* SPDX-License-Identifier: Apache-2.0
 * Layer: detect
 * Context memory: has this value ever followed values like the last ones? After Smirnov's contextual anomaly detector
 * (CAD-OSE, Numenta Anomaly Benchmark 2016), re-thought for a fixed amount of memory: the value is coarsened to a level
 * of the range seen so far; a context is the run of the last 0, 1 … `order` levels; the memory keeps how often each
 * context occurred and which levels followed it: in a counter each where all of them fit, else hashed into sets of
 * eight slots, the least recently used of a set giving way.
 * Novelty is the mean over the contexts of n / (n + 5) where the level never followed a context that occurred n times,
 * and 0 where it did: 1 is "nothing like it, ever". The original makes contexts of all intersections of past ones,
 * without bound, and is told the range of the whole file.
 */
#ifndef HAUL_DETECT_CONTEXT_H
#define HAUL_DETECT_CONTEXT_H

#include "haul/detect.h"

#define HAUL_CONTEXT_ORDER 7  /* longest context */
#define HAUL_CONTEXT_SET   24 /* words of a set */

struct haul_context_config {
    uint32_t words; /* of the memory: all, (1 + levels) (1 + levels + … levels^order), or more, and nothing is hashed or
                       forgotten; else HAUL_CONTEXT_SET times a power of two */
    uint8_t levels;   /* 2..200; few levels see only what is plain */
    uint8_t order;    /* 0..HAUL_CONTEXT_ORDER */
    double threshold; /* novelty that is an anomaly, (0, 1] */
    int64_t learn;    /* values before the first verdict */
};

struct haul_context {
    double low, high; /* the range so far */
    int64_t n;
    uint8_t recent[HAUL_CONTEXT_ORDER];
};

/* `memory` is config->words of the caller's, and part of the state. */
enum haul_err haul_context_init(struct haul_context *s, uint32_t *memory, const struct haul_context_config *c,
                                struct haul_error *e);
void haul_context_reset(struct haul_context *s, uint32_t *memory, const struct haul_context_config *c);
/* statistic: the novelty; expected: the middle of the level before. */
struct haul_score haul_context_update(struct haul_context *s, uint32_t *memory, const struct haul_context_config *c,
                                      double value, struct haul_time at);
/* The same without a verdict: the novelty; *before: the middle of the level before. The value must be usable. */
double haul_context_step(struct haul_context *s, uint32_t *memory, const struct haul_context_config *c, double value,
                         double *before);

#endif
