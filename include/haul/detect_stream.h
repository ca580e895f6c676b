/* SPDX-License-Identifier: Apache-2.0
 * Layer: detect
 * The default detector of one stream: no tuning, no knowledge of the unit, the range or the cadence. It asks four
 * questions of every value and keeps the strongest answer as evidence (1 = just enough):
 *
 * - record: is it further out than all before, by a share of their range and more than two of its units?
 *   (haul_extreme)
 * - context: has anything like it ever followed the value before? (haul_context)
 * - level: does the mean of the last values, against what is usual at this time of day, stand further out than it has
 *   for some weeks, and beyond its own tail at chance `level_p`? (haul_season, an EWMA, haul_tail)
 * - z: how many spreads from the usual? Alone it is enough only where the residual ends; it ranks what is left when a
 *   budget asks for more.
 *
 * The first three count in full from three spreads on: what is usual at this hour is no news.
 *
 * Guards come first: a value that cannot be, or a clock that runs back, is told as such and not learnt. The alarm
 * (detect_alarm.h) turns evidence into alerts.
 */
#ifndef HAUL_DETECT_STREAM_H
#define HAUL_DETECT_STREAM_H

#include "haul/detect_alarm.h"
#include "haul/detect_context.h"
#include "haul/detect_guard.h"
#include "haul/detect_season.h"
#include "haul/detect_tail.h"

enum haul_side { HAUL_SIDE_BOTH, HAUL_SIDE_HIGH, HAUL_SIDE_LOW };

struct haul_stream_config {
    struct haul_guard_config guard;
    struct haul_season_config season;
    struct haul_context_config context;
    struct haul_tail_config tail;
    struct haul_alarm_config alarm;
    double record_margin; /* of the range */
    double level_weight;  /* of one value in the moving mean of residuals */
    double level_margin;  /* of the range of that mean */
    double level_keep;    /* by which its range shrinks a value */
    double level_p;       /* chance beyond which its tail begins to count */
    double level_past;    /* and so many of the past values at most may be expected out there, neighbours included */
    double residual_max;  /* spreads that one value may count for */
    int64_t learn;        /* values before the first alert */
    enum haul_side side;  /* which departures count */
};

#define HAUL_STREAM_WORDS 25 /* four levels in pairs */

struct haul_stream {
    struct haul_guard guard;
    struct haul_season season;
    struct haul_tail tail[2]; /* of the level, upwards and downwards */
    struct haul_extreme record;
    struct haul_alarm alarm;
    double level, level_high, level_low; /* moving mean of residuals in spreads; its extremes, shrinking */
    int64_t n;
    struct haul_context context;
    uint32_t memory[HAUL_STREAM_WORDS];
};

/* The configuration that everything is measured with: one for all kinds of streams. China's time, days off at the
 * weekend. */
struct haul_stream_config haul_stream_config_default(void);

struct haul_stream_score {
    struct haul_score score; /* of the strongest answer: statistic = evidence, threshold = what was demanded */
    struct haul_alarm_state alarm;
};

enum haul_err haul_stream_init(struct haul_stream *s, const struct haul_stream_config *c, struct haul_error *e);
void haul_stream_reset(struct haul_stream *s, const struct haul_stream_config *c);
void haul_stream_step(struct haul_stream *s, const struct haul_stream_config *c, double value, struct haul_time at,
                      struct haul_stream_score *out);
static inline struct haul_stream_score haul_stream_update(struct haul_stream *s, const struct haul_stream_config *c,
                                                          double value, struct haul_time at)
{
    struct haul_stream_score out;
    haul_stream_step(s, c, value, at, &out);
    return out;
}

#endif
