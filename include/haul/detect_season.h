/* SPDX-License-Identifier: Apache-2.0
 * Layer: detect
 * What is usual at this time: a baseline by time of day and kind of day, and Holt-Winters' forecast.
 */
#ifndef HAUL_DETECT_SEASON_H
#define HAUL_DETECT_SEASON_H

#include "haul/detect.h"

/* Kind of a day. Working days and days off differ by the weekday, and by the days named: holidays, and the weekend days
 * that are worked in exchange. Pure arithmetic on event time; daylight saving is not applied (China has none). */
#define HAUL_CALENDAR_DAYS 64

struct haul_calendar {
    int32_t utc_offset_s;            /* local time = UTC + this; 28800 in China */
    uint8_t off_weekdays;            /* bit 0 Sunday … bit 6 Saturday; 0x41: the weekend */
    uint8_t named;                   /* how many of `day` are used */
    int32_t day[HAUL_CALENDAR_DAYS]; /* days since 1970-01-01, local, each the opposite of what its weekday says */
};

bool haul_calendar_off(const struct haul_calendar *c, int64_t local_day);
/* Local day, and milliseconds into it. */
int64_t haul_calendar_day(const struct haul_calendar *c, struct haul_time at, int64_t *into_ms);

/* Seasonal baseline: a moving mean and a moving mean absolute deviation for each of `slots` parts of the day and both
 * kinds of day, linear between the middles of neighbouring slots. After Chakraborty et al. (Transportation Research C
 * 105:81, 2019), with means in place of medians.
 *
 * - memory: in visits, not in values. One slot of one day is a visit; a value is `visit` of one (its share of the
 * slot's length), and moves the slot by 1/n, down to `rate` a visit. However often values come, an incident of an hour
 * is an hour of one day among those remembered, and does not become usual while it lasts.
 * - clip: what a value may move its slot by, in the slot's own spreads.
 * - borrowing: a slot of a kind of day that was not seen yet begins as that of the other kind, worth half a visit,
 * which also speaks for it until it has `learn` values of its own; only then does it judge.
 * - spread: that of the slot counts by its visits, that over all slots as one visit more (shrinkage towards the common
 *   mean: Efron and Morris, JASA 70:311, 1975), and at least `spread_share` of the latter: a slot that happened to be
 *   quiet is no licence to cry. */
#define HAUL_SEASON_SLOTS 24

struct haul_season_config {
    struct haul_calendar calendar;
    double rate;         /* least weight of one visit in its slot, (0, 1] */
    double visit;        /* of a value: the interval over the slot's length, up to 1. 0: each value is a visit */
    double clip;         /* in spreads, > 0 */
    double threshold;    /* in spreads */
    double spread_min;   /* least spread, unit of the value, > 0 */
    double spread_share; /* least spread, as a share of the spread over all slots, [0, 1] */
    uint32_t learn;      /* values in a slot before it judges, >= 2 */
    uint8_t slots;       /* 1..HAUL_SEASON_SLOTS */
};

struct haul_season_usual {
    float mean, deviation; /* deviation: mean absolute */
};

struct haul_season {
    struct haul_season_usual usual[2][HAUL_SEASON_SLOTS]; /* working days, days off */
    uint16_t n[2][HAUL_SEASON_SLOTS];
    float deviation; /* mean absolute, over all slots */
    uint32_t judged; /* values behind it */
};

enum haul_err haul_season_init(struct haul_season *s, const struct haul_season_config *c, struct haul_error *e);
void haul_season_reset(struct haul_season *s, const struct haul_season_config *c);
/* What is usual at a time, without a value: false if nothing is known. spread: standard deviation. */
bool haul_season_expect(const struct haul_season *s, const struct haul_season_config *c, struct haul_time at,
                        double *mean, double *spread, int64_t *learned);
struct haul_score haul_season_update(struct haul_season *s, const struct haul_season_config *c, double value,
                                     struct haul_time at);

/* The same without a verdict: learns, and tells what was usual before. Returns whether the slot may judge. */
bool haul_season_step(struct haul_season *s, const struct haul_season_config *c, double value, struct haul_time at,
                      double *mean, double *spread, int64_t *learned);
/* The same of a stream whose cadence is learnt: `visit` in place of the config's, above 0. */
bool haul_season_visit(struct haul_season *s, const struct haul_season_config *c, double value, struct haul_time at,
                       double visit, double *mean, double *spread, int64_t *learned);
/* Slots are floats: values beyond 1e30 are not taken here. */
static inline bool haul_season_usable(double value)
{
    return value >= -1e30 && value <= 1e30;
}

/* Holt-Winters, additive (Winters, Management Science 6:324, 1960; damped trend of Gardner and McKenzie 1985): the
 * one-step forecast, its error against a moving mean of absolute errors. The season counts values, not hours: for
 * streams of even cadence. Level and season start from the first two seasons. */
#define HAUL_HW_SEASON_MAX 288

struct haul_hw_config {
    double alpha, beta, gamma; /* of level, trend, season; each in [0, 1], alpha > 0; 0.2 0.01 0.1 */
    double damp;               /* of the trend, (0, 1]; 1: none */
    double threshold, clip;    /* in spreads; what an error may move the model by is clipped */
    double spread_min;         /* > 0 */
    uint16_t season;           /* values a season; 1: none */
};

struct haul_hw {
    double level, trend, deviation;
    int64_t n;
    float season[HAUL_HW_SEASON_MAX];
};

enum haul_err haul_hw_init(struct haul_hw *s, const struct haul_hw_config *c, struct haul_error *e);
void haul_hw_reset(struct haul_hw *s, const struct haul_hw_config *c);
struct haul_score haul_hw_update(struct haul_hw *s, const struct haul_hw_config *c, double value, struct haul_time at);
/* The forecast `ahead` values on (>= 1), valid after the first season. */
double haul_hw_forecast(const struct haul_hw *s, const struct haul_hw_config *c, int ahead);

#endif
