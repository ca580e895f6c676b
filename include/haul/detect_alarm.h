/* SPDX-License-Identifier: Apache-2.0
 * Layer: detect
 * From evidence to alerts that a person can live with. Evidence is how many times the least that counts (1 = just
 * enough), from any detector; the alarm decides which of it is told:
 *
 * - persistence: n of the last m values must carry enough
 * - hysteresis: an open alarm closes after `close_values` values below `close_share` of what opened it
 * - refractory: none within `rest_s` seconds or `rest_values` values of the last; after that only what is as strong as
 *   the last, a demand that fades with `fade_values`
 * - wear: each alert makes the next harder by `wear`, forgotten over `wear_values`
 * - budget, alerts a day. Calibration: Gumbel's law is fitted to the strongest evidence of each block of `rest_values`
 *   values (at most a fifth of the time between two alerts of the budget); the demand is what a block passes with the
 *   chance that the budget leaves it. Trim: the logarithm of the demand moves by gain (1{alert} - budget days), so that
 *   over any stretch told and asked differ by at most (change of the trim) / gain: an integral controller, the idea of
 *   adaptive conformal inference (Gibbs and Candes, NeurIPS 2021). The gain is seven times `budget_gain` at first and
 *   falls to it. The demand does not fall below `least`: a stream with nothing to tell stays under its budget. Rest and
 *   fading shorten to fit the budget.
 */
#ifndef HAUL_DETECT_ALARM_H
#define HAUL_DETECT_ALARM_H

#include "haul/detect.h"

struct haul_alarm_config {
    uint8_t hold, hold_of; /* n of m, 1 <= n <= m <= 64 */
    uint8_t close_values;  /* >= 1 */
    double close_share;    /* (0, 1] */
    double rest_s;         /* >= 0 */
    uint32_t rest_values;
    double fade_values;       /* > 0 */
    double demand;            /* least evidence without a budget, > 0; 0.6 */
    double wear, wear_values; /* >= 0, > 0 */
    double budget_per_day;    /* 0: none */
    double budget_gain;       /* 1 */
    double least;             /* least demand under a budget, > 0 */
};

enum haul_alarm_event {
    HAUL_ALARM_NONE,
    HAUL_ALARM_OPEN,  /* tell it */
    HAUL_ALARM_WORSE, /* tell it again: open, and now stronger than what was told */
    HAUL_ALARM_CLOSE,
};

struct haul_alarm {
    uint64_t history;                      /* newest value in bit 0: enough evidence or not */
    double raised;                         /* log of the demand that the last alert left */
    double worn;                           /* alerts, fading */
    double trim;                           /* log of what the budget's controller multiplies the demand by */
    double due;                            /* alerts that the budget has allowed since the calibration */
    double calibrated;                     /* log of the demand that the law of the blocks asks for */
    double opened_at;                      /* demand that the open alarm met */
    double exp_at, exp;                    /* an exponential taken, and of what */
    struct haul_time last, since, updated; /* alert; first value over the demand; value */
    double block_most, block_days;         /* strongest evidence of the block so far; mean length of a block */
    double block_mean, block_variance;     /* of the logarithms of the blocks' strongest */
    struct haul_time block_since;
    uint32_t block_values, blocks, since_last, quiet;
    bool open;
};

struct haul_alarm_state {
    enum haul_alarm_event event;
    double demand; /* evidence that was needed */
    double share;  /* evidence over demand, 0 while an alert may not come (refractory) */
    uint8_t held, held_of;
    struct haul_time since;
    bool open;
};

enum haul_err haul_alarm_init(struct haul_alarm *s, const struct haul_alarm_config *c, struct haul_error *e);
void haul_alarm_reset(struct haul_alarm *s, const struct haul_alarm_config *c);
/* `may` false: the value counts, but nothing may open (the detector is still learning). Evidence must be finite and >=
 * 0. */
void haul_alarm_step(struct haul_alarm *s, const struct haul_alarm_config *c, double evidence, bool may,
                     struct haul_time at, struct haul_alarm_state *out);
static inline struct haul_alarm_state haul_alarm_update(struct haul_alarm *s, const struct haul_alarm_config *c,
                                                        double evidence, bool may, struct haul_time at)
{
    struct haul_alarm_state out;
    haul_alarm_step(s, c, evidence, may, at, &out);
    return out;
}

#endif
