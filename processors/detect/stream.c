/* SPDX-License-Identifier: Apache-2.0
 * The default detector.
 */
#include "haul/detect_stream.h"
#include "haul/math.h"

struct haul_stream_config haul_stream_config_default(void)
{
    return (struct haul_stream_config){
        .guard = {.stuck_s = 0, .stuck_factor = 3, .gap_s = 0, .gap_factor = 10, .back_s = 0, .learn = 100},
        .season = {.calendar = {.utc_offset_s = 28800, .off_weekdays = 0x41},
                   .rate = 0.05,
                   .clip = 3,
                   .threshold = 5,
                   .spread_min = 1e-9,
                   .learn = 4,
                   .slots = 24},
        .context = {.slots = HAUL_STREAM_SLOTS, .levels = 4, .order = 1, .threshold = 0.35, .learn = 50},
        .tail = {.level = 0.98, .memory = 5000, .learn = 100},
        .alarm = {.hold = 1,
                  .hold_of = 1,
                  .close_values = 5,
                  .close_share = 0.5,
                  .rest_values = 20,
                  .fade_values = 70,
                  .demand = 0.75,
                  .wear = 0.3,
                  .wear_values = 1500,
                  .budget_gain = 0.3,
                  .least = 0.02},
        .record_margin = 0.04,
        .level_weight = 0.1,
        .level_margin = 0.05,
        .level_keep = 0.9997,
        .level_p = 0.002,
        .residual_max = 20,
        .spread_share = 0.3,
        .learn = 150,
    };
}

static bool share(double x)
{
    return x > 0 && x <= 1;
}

enum haul_err haul_stream_init(struct haul_stream *s, const struct haul_stream_config *c, struct haul_error *e)
{
    if (!(c->record_margin > 0) || !(c->level_margin > 0) || !share(c->level_weight) || !share(c->level_keep) ||
        !share(c->level_p))
        return haul_fail(e, HAUL_E_RANGE,
                         "stream: margins %g and %g above 0; level_weight %g, level_keep %g, level_p %g in (0, 1]",
                         c->record_margin, c->level_margin, c->level_weight, c->level_keep, c->level_p);
    if (!(c->residual_max > 0) || !(c->spread_share >= 0 && c->spread_share <= 1) || c->learn < 2)
        return haul_fail(e, HAUL_E_RANGE,
                         "stream: residual_max %g above 0, spread_share %g in [0, 1], learn at least 2",
                         c->residual_max, c->spread_share);
    if (c->context.slots != HAUL_STREAM_SLOTS)
        return haul_fail(e, HAUL_E_RANGE, "stream: the context memory has %d slots, not %u", HAUL_STREAM_SLOTS,
                         c->context.slots);
    *s = (struct haul_stream){0};
    enum haul_err err = haul_guard_init(&s->guard, &c->guard, e);
    if (err == HAUL_OK) err = haul_season_init(&s->season, &c->season, e);
    if (err == HAUL_OK) err = haul_context_init(&s->context, s->slots, &c->context, e);
    if (err == HAUL_OK) err = haul_tail_init(&s->tail[0], &c->tail, e);
    if (err == HAUL_OK) err = haul_alarm_init(&s->alarm, &c->alarm, e);
    if (err == HAUL_OK) haul_stream_reset(s, c);
    return err;
}

void haul_stream_reset(struct haul_stream *s, const struct haul_stream_config *c)
{
    haul_guard_reset(&s->guard, &c->guard);
    haul_season_reset(&s->season, &c->season);
    haul_context_reset(&s->context, s->slots, &c->context);
    haul_tail_reset(&s->tail[0], &c->tail), haul_tail_reset(&s->tail[1], &c->tail);
    haul_alarm_reset(&s->alarm, &c->alarm);
    s->record = (struct haul_record){0};
    s->spread = s->level = s->level_high = s->level_low = 0;
    s->n = 0;
}

/* A learner's first steps, at which evidence of its own is not yet worth anything. */
static const int64_t first_values = 50, first_residuals = 100;

static double even_or(double most, int64_t n)
{
    return 1 / ((double)(n + 1) < most ? (double)(n + 1) : most);
}

static struct haul_score record_evidence(struct haul_stream *s, const struct haul_stream_config *c, double value,
                                         struct haul_time at)
{
    const struct haul_record_config config = {.margin = c->record_margin, .learn = first_values, .keep = 1};
    struct haul_score out = haul_record_update(&s->record, &config, value, at);
    if (out.statistic > 1) out.statistic = 1; /* as far outside as the range is wide says all there is to say */
    out.statistic = out.verdict == HAUL_VERDICT_LEARNING ? 0 : out.statistic / c->record_margin;
    return out;
}

static struct haul_score context_evidence(struct haul_stream *s, const struct haul_stream_config *c, double value,
                                          struct haul_time at)
{
    struct haul_score out = haul_context_update(&s->context, s->slots, &c->context, value, at);
    out.statistic = out.verdict == HAUL_VERDICT_LEARNING ? 0 : out.statistic / c->context.threshold;
    return out;
}

/* The residual in spreads, 0 while the baseline does not know. Keeps the spread over all slots, which bounds that of a
 * slot from below: a slot that happened to be quiet is no licence to cry. */
static double residual_of(struct haul_stream *s, const struct haul_stream_config *c, struct haul_score *season)
{
    const bool known = season->verdict != HAUL_VERDICT_LEARNING && s->n >= first_residuals;
    const double away = known ? season->value - season->expected : 0;
    s->spread += (haul_abs(away) - s->spread) * even_or(500, s->n);
    const double least = c->spread_share * 1.2533141373155002512 * s->spread + 1e-9;
    if (season->spread < least) season->spread = least;
    const double z = away / season->spread;
    return z > c->residual_max ? c->residual_max : z < -c->residual_max ? -c->residual_max : z;
}

/* How far the level stands outside its (shrinking) range, in ranges; and its chance by the tail's fit. */
static double level_beyond(struct haul_stream *s, const struct haul_stream_config *c, double *chance)
{
    s->level_high *= c->level_keep, s->level_low *= c->level_keep;
    const double range = s->level_high - s->level_low, x = s->level;
    const double beyond = x > s->level_high ? x - s->level_high : x < s->level_low ? s->level_low - x : 0;
    const int side = x > 0 ? 0 : 1;
    *chance = 1;
    if (beyond > 0 && haul_tail_ready(&s->tail[side], &c->tail))
        *chance = haul_tail_chance(&s->tail[side], &c->tail, haul_abs(x));
    haul_tail_learn(&s->tail[0], &c->tail, x);
    haul_tail_learn(&s->tail[1], &c->tail, -x);
    if (x > s->level_high) s->level_high = x;
    if (x < s->level_low) s->level_low = x;
    if (beyond == 0 || !(range > 0) || s->n < first_values) return 0;
    return beyond / range < 5 ? beyond / range : 5;
}

static struct haul_score level_evidence(struct haul_stream *s, const struct haul_stream_config *c,
                                        const struct haul_score *season, double z)
{
    s->level += (z - s->level) * c->level_weight;
    double chance;
    const double beyond = level_beyond(s, c, &chance);
    struct haul_score out = *season;
    out.method = HAUL_METHOD_LEVEL, out.tail_p = beyond > 0 ? chance : -1;
    out.direction = s->level > 0 ? 1 : s->level < 0 ? -1 : 0;
    out.statistic = chance <= c->level_p ? beyond / c->level_margin : 0;
    return out;
}

static struct haul_score z_evidence(const struct haul_score *season, double z)
{
    struct haul_score out = *season;
    const double size = haul_abs(z);
    out.statistic = size < 10 ? 0.05 * size : 0.5 + (size - 10) * 1e-3;
    return out;
}

static bool wanted(const struct haul_stream_config *c, const struct haul_score *s)
{
    switch (c->side) {
    case HAUL_SIDE_BOTH:
        return true;
    case HAUL_SIDE_HIGH:
        return s->direction > 0;
    case HAUL_SIDE_LOW:
        return s->direction < 0;
    }
    return true;
}

/* The answers to the four questions, the simplest first. */
enum { ANSWERS = 4 };

static double strongest(const struct haul_stream_config *c, struct haul_score answers[ANSWERS])
{
    double most = 0;
    for (int i = 0; i < ANSWERS; i++) {
        if (!wanted(c, &answers[i])) answers[i].statistic = 0;
        if (answers[i].statistic > most) most = answers[i].statistic;
    }
    return most;
}

/* The first answer that is enough by itself, else the strongest: what is told is the simplest thing that is true. */
static struct haul_score told_by(const struct haul_score answers[ANSWERS], double evidence,
                                 const struct haul_alarm_state *alarm)
{
    const double enough = evidence < alarm->demand ? evidence : alarm->demand;
    int i = 0;
    while (i < ANSWERS - 1 && answers[i].statistic < enough) i++;
    struct haul_score said = answers[i];
    const struct haul_score verdict = haul_score_make(said.method, said.value, evidence, alarm->demand, true);
    said.statistic = evidence, said.threshold = alarm->demand, said.score = verdict.score,
    said.verdict = verdict.verdict;
    said.held = alarm->held, said.held_of = alarm->held_of, said.since = alarm->since;
    return said;
}

/* Guards that forbid to learn from the value. */
static bool unusable(enum haul_method method)
{
    return method == HAUL_METHOD_RANGE || method == HAUL_METHOD_RATE || method == HAUL_METHOD_CLOCK;
}

static struct haul_score guard_score(struct haul_score found, const struct haul_alarm_state *alarm)
{
    found.held = alarm->held, found.held_of = alarm->held_of;
    return found;
}

struct haul_stream_score haul_stream_update(struct haul_stream *s, const struct haul_stream_config *c, double value,
                                            struct haul_time at)
{
    struct haul_stream_score out = {.score = haul_guard_update(&s->guard, &c->guard, value, at)};
    if (out.score.verdict == HAUL_VERDICT_INVALID || !(value >= -1e30 && value <= 1e30)) {
        out.score = haul_score_invalid(HAUL_METHOD_RANGE, value);
        return out;
    }
    const struct haul_score guard = out.score;
    if (guard.verdict == HAUL_VERDICT_ANOMALY && unusable(guard.method)) return out;

    struct haul_score answers[ANSWERS];
    answers[0] = record_evidence(s, c, value, at);
    answers[1] = context_evidence(s, c, value, at);
    struct haul_score season = haul_season_update(&s->season, &c->season, value, at);
    const double z = residual_of(s, c, &season);
    answers[2] = level_evidence(s, c, &season, z);
    answers[3] = z_evidence(&season, z);

    const bool ready = s->n >= c->learn;
    s->n++;
    const double evidence = strongest(c, answers);
    out.alarm = haul_alarm_update(&s->alarm, &c->alarm, evidence, ready, at);
    struct haul_score said = told_by(answers, evidence, &out.alarm);
    if (!ready) said.verdict = HAUL_VERDICT_LEARNING;
    out.score = guard.verdict == HAUL_VERDICT_ANOMALY ? guard_score(guard, &out.alarm) : said;
    return out;
}
