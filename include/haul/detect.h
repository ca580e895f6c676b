/* SPDX-License-Identifier: Apache-2.0
 * Layer: detect
 * What all detectors of one stream have in common. Each method is
 *
 *     haul_M_init(state, config, error)        checks the config, forgets everything
 *     haul_M_update(state, config, value, at)  -> struct haul_score, in the order of the stream
 *     haul_M_reset(state, config)              forgets what was learnt
 *
 * and some haul_M_step, for who asks often: the same without a verdict, or with the score written in place.
 *
 * The state is plain data of a fixed size without pointers, owned by the caller: it may be copied, written to a
 * checkpoint and read back. The config is shared by all streams of a kind and may change between two updates. Nothing
 * is allocated, no clock is read, nothing looks ahead: a score depends on the values up to its own and on nothing else.
 * A value that is not finite, or beyond 1e100 (whose square would not fit), is INVALID and leaves the state as it was.
 * All functions of this layer may be called from any thread, one state by one at a time.
 */
#ifndef HAUL_DETECT_H
#define HAUL_DETECT_H

#include "haul/buf.h"
#include "haul/err.h"
#include "haul/math.h"
#include "haul/time.h"

#include <stdbool.h>
#include <stdint.h>

enum haul_method {
#define HAUL_METHOD(symbol, name, english, chinese) HAUL_METHOD_##symbol,
#include "haul/detect_methods.def"
#undef HAUL_METHOD
};

enum haul_score_verdict {
    HAUL_VERDICT_LEARNING, /* too little seen to judge; the statistic is shown all the same */
    HAUL_VERDICT_NORMAL,
    HAUL_VERDICT_ANOMALY, /* statistic >= threshold */
    HAUL_VERDICT_INVALID, /* the value cannot be used */
};

enum haul_language { HAUL_ENGLISH, HAUL_CHINESE };

/* A verdict with all that is needed to explain it. */
struct haul_score {
    double score;                   /* 0..1, monotone in the statistic, 0.5 where the statistic meets the threshold */
    double value, expected, spread; /* in the unit of the input; spread is one standard deviation, 0 if there is none */
    double statistic, threshold;    /* in the method's own unit */
    double tail_p; /* chance of a value at least so far out, by the method's model; negative: none, or not worked out */
    int64_t learned;        /* values behind `expected` */
    struct haul_time since; /* first value of this excursion, HAUL_TIME_NONE without one */
    enum haul_method method;
    enum haul_score_verdict verdict;
    int8_t direction;      /* +1 above what is expected, -1 below, 0 neither */
    uint8_t held, held_of; /* so many of the last so many values were over the threshold; 0 of 0: not asked */
};

/* The score of a value that is not finite. */
struct haul_score haul_score_invalid(enum haul_method method, double value);
/* A normal's standard deviation over its mean absolute deviation: sqrt(pi / 2). */
#define HAUL_SD_PER_DEVIATION 1.2533141373155002512
/* Settings that arithmetic can bear: far from where doubles end, so that quotients of two of them do not. */
static inline bool haul_detect_positive(double x)
{
    return x >= 1e-15 && x <= 1e15;
}
static inline bool haul_detect_not_negative(double x)
{
    return x >= 0 && x <= 1e15;
}
static inline int8_t haul_sign_of(double x)
{
    return (int8_t)((x > 0) - (x < 0));
}
/* A value that a detector takes. */
static inline bool haul_detect_usable(double value)
{
    return value >= -1e100 && value <= 1e100;
}
/* A score with the verdict that follows from statistic and threshold (threshold > 0); `ready` false gives LEARNING. In
 * place, field by field: a copy right after the writing would wait for it. */
static inline void haul_score_set(struct haul_score *s, enum haul_method method, double value, double statistic,
                                  double threshold, bool ready)
{
    assert(threshold > 0);
    const double at_least_0 = statistic > 0 ? statistic : 0;
    s->score = haul_finite(at_least_0) ? at_least_0 / (at_least_0 + threshold) : 1;
    s->value = value, s->expected = 0, s->spread = 0;
    s->statistic = statistic, s->threshold = threshold, s->tail_p = -1;
    s->learned = 0, s->since = HAUL_TIME_NONE, s->method = method;
    s->verdict = !ready ? HAUL_VERDICT_LEARNING : statistic >= threshold ? HAUL_VERDICT_ANOMALY : HAUL_VERDICT_NORMAL;
    s->direction = 0, s->held = 0, s->held_of = 0;
}
static inline struct haul_score haul_score_make(enum haul_method method, double value, double statistic,
                                                double threshold, bool ready)
{
    struct haul_score s;
    haul_score_set(&s, method, value, statistic, threshold, ready);
    return s;
}
const char *haul_method_name(enum haul_method method);          /* static */
const char *haul_verdict_name(enum haul_score_verdict verdict); /* static */

/* Appends one sentence to `out`: what is wrong, then value, expected, spread, tail probability, threshold, persistence,
 * as far as the method has them. */
void haul_score_explain(const struct haul_score *s, enum haul_language language, struct haul_buf *out);

#endif
