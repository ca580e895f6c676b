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
        .context = {.slots = HAUL_STREAM_SLOTS, .levels = 4, .order = 1, .threshold = 0.3, .learn = 50},
        .tail = {.level = 0.98, .memory = 5000, .learn = 100},
        .alarm = {.hold = 1,
                  .hold_of = 1,
                  .close_values = 5,
                  .close_share = 0.5,
                  .rest_values = 20,
                  .fade_values = 50,
                  .demand = 0.6,
                  .wear = 0.2,
                  .wear_values = 1200,
                  .budget_gain = 0.7,
                  .least = 0.02},
        .record_margin = 0.025,
        .level_weight = 0.1,
        .level_margin = 0.04,
        .level_keep = 0.9999,
        .level_p = 0.004,
        .level_past = 40,
        .residual_max = 25,
        .spread_share = 0.5,
        .learn = 200,
    };
}

static bool share(double x)
{
    return x > 0 && x <= 1;
}

enum haul_err haul_stream_init(struct haul_stream *s, const struct haul_stream_config *c, struct haul_error *e)
{
    if (!haul_detect_positive(c->record_margin) || !haul_detect_positive(c->level_margin) || !share(c->level_weight) ||
        !share(c->level_keep) || !share(c->level_p) || !haul_detect_positive(c->level_past))
        return haul_fail(e, HAUL_E_RANGE,
                         "stream: margins %g and %g above 0; level_weight %g, level_keep %g, level_p %g in (0, 1]",
                         c->record_margin, c->level_margin, c->level_weight, c->level_keep, c->level_p);
    if (!haul_detect_positive(c->residual_max) || !(c->spread_share >= 0 && c->spread_share <= 1) || c->learn < 2)
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
    s->record = (struct haul_extreme){0};
    s->spread = s->level = s->level_high = s->level_low = 0;
    s->n = 0;
}

/* A learner's first steps, at which evidence of its own is not yet worth anything. */
static const int64_t first_values = 50, first_residuals = 100;

static double even_or(double most, int64_t n)
{
    return 1 / ((double)(n + 1) < most ? (double)(n + 1) : most);
}

/* The answers to the four questions, the simplest first. */
enum { RECORD, CONTEXT, LEVEL, Z, ANSWERS };

struct answers {
    double evidence[ANSWERS];
    int8_t direction[ANSWERS];
    double passed, before, mean, spread, chance; /* what each compared with */
    int64_t learned;
};

static int8_t sign_of(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : 0;
}

/* Among n values every second one or so was a record or a new level at first: evidence of both counts less until
 * `settled`. */
static double settled(const struct haul_stream *s)
{
    static const double values = 1000;
    return (double)s->n < values ? (double)(s->n + 1) / values : 1;
}

static void ask_record(struct haul_stream *s, const struct haul_stream_config *c, double value, struct answers *a)
{
    const bool ready = s->record.n >= first_values;
    const double outside = haul_extreme_step(&s->record, 1, value, &a->passed);
    /* one or two units more than ever, of a sensor that counts in units, is no news */
    const bool plain = haul_abs(value - a->passed) <= 2.1 * (double)s->guard.step;
    /* as far outside as the range is wide says all there is to say */
    a->evidence[RECORD] = !ready || plain ? 0 : (outside < 1 ? outside : 1) / c->record_margin * settled(s);
    a->direction[RECORD] = sign_of(value - a->passed);
}

static void ask_context(struct haul_stream *s, const struct haul_stream_config *c, double value, struct answers *a)
{
    const bool ready = s->context.n >= c->context.learn;
    const double novelty = haul_context_step(&s->context, s->slots, &c->context, value, &a->before);
    a->evidence[CONTEXT] = ready ? novelty / c->context.threshold : 0;
    a->direction[CONTEXT] = sign_of(value - a->before);
}

/* The residual in spreads, 0 while the baseline does not know. Keeps the spread over all slots, which bounds that of a
 * slot from below: a slot that happened to be quiet is no licence to cry. */
static double residual(struct haul_stream *s, const struct haul_stream_config *c, double value, struct haul_time at,
                       struct answers *a)
{
    const bool known = haul_season_step(&s->season, &c->season, value, at, &a->mean, &a->spread, &a->learned) &&
                       s->n >= first_residuals;
    const double away = known ? value - a->mean : 0;
    s->spread += (haul_abs(away) - s->spread) * even_or(500, s->n);
    const double least = c->spread_share * 1.2533141373155002512 * s->spread + 1e-9;
    if (a->spread < least) a->spread = least;
    const double z = away / a->spread;
    return z > c->residual_max ? c->residual_max : z < -c->residual_max ? -c->residual_max : z;
}

/* How far the level stands outside its (shrinking) range, in ranges; and its chance by the tail's fit. */
static double level_beyond(struct haul_stream *s, const struct haul_stream_config *c, double *chance)
{
    s->level_high *= c->level_keep, s->level_low *= c->level_keep;
    const double range = s->level_high - s->level_low, x = s->level;
    const double beyond = x > s->level_high ? x - s->level_high : x < s->level_low ? s->level_low - x : 0;
    const struct haul_tail *const tail = &s->tail[x > 0 ? 0 : 1];
    *chance = beyond > 0 && haul_tail_ready(tail, &c->tail) ? haul_tail_chance(tail, &c->tail, haul_abs(x)) : 1;
    haul_tail_learn(&s->tail[0], &c->tail, x);
    haul_tail_learn(&s->tail[1], &c->tail, -x);
    if (x > s->level_high) s->level_high = x;
    if (x < s->level_low) s->level_low = x;
    if (beyond == 0 || !(range > 0) || s->n < first_values) return 0;
    return beyond / range < 5 ? beyond / range : 5;
}

static void ask_level_and_z(struct haul_stream *s, const struct haul_stream_config *c, double z, struct answers *a)
{
    s->level += (z - s->level) * c->level_weight;
    const double beyond = level_beyond(s, c, &a->chance), size = haul_abs(z);
    const double past = (double)(s->n < 50000 ? s->n : 50000);
    const bool rare = a->chance <= c->level_p && a->chance * past <= c->level_past;
    a->evidence[LEVEL] = rare ? beyond / c->level_margin * settled(s) : 0;
    a->direction[LEVEL] = sign_of(s->level);
    a->evidence[Z] = size < 10 ? 0.05 * size : 0.5 + (size - 10) * 1e-3;
    a->direction[Z] = sign_of(z);
}

static bool wanted(const struct haul_stream_config *c, int8_t direction)
{
    return c->side == HAUL_SIDE_BOTH || (c->side == HAUL_SIDE_HIGH ? direction > 0 : direction < 0);
}

static double strongest(const struct haul_stream_config *c, struct answers *a)
{
    double most = 0;
    for (int i = 0; i < ANSWERS; i++) {
        if (!wanted(c, a->direction[i])) a->evidence[i] = 0;
        if (a->evidence[i] > most) most = a->evidence[i];
    }
    return most;
}

/* The first answer that is enough by itself, else the strongest: what is told is the simplest thing that is true. */
static struct haul_score told_by(const struct answers *a, const struct haul_stream *s, double value, double evidence,
                                 const struct haul_alarm_state *alarm, bool ready)
{
    static const enum haul_method methods[ANSWERS] = {HAUL_METHOD_RECORD, HAUL_METHOD_CONTEXT, HAUL_METHOD_LEVEL,
                                                      HAUL_METHOD_SEASON};
    const double expected[ANSWERS] = {a->passed, a->before, a->mean, a->mean};
    const double enough = evidence < alarm->demand ? evidence : alarm->demand;
    int i = 0;
    while (i < Z && a->evidence[i] < enough) i++;
    struct haul_score said = haul_score_make(methods[i], value, evidence, alarm->demand, ready);
    said.expected = expected[i], said.direction = a->direction[i];
    said.spread = i < LEVEL ? 0 : a->spread, said.learned = i < LEVEL ? s->record.n - 1 : a->learned;
    if (i == LEVEL) said.tail_p = a->chance;
    said.held = alarm->held, said.held_of = alarm->held_of, said.since = alarm->since;
    return said;
}

/* Guards that forbid to learn from the value. */
static bool forbids(enum haul_method method)
{
    return method == HAUL_METHOD_RANGE || method == HAUL_METHOD_RATE || method == HAUL_METHOD_CLOCK;
}

struct haul_stream_score haul_stream_update(struct haul_stream *s, const struct haul_stream_config *c, double value,
                                            struct haul_time at)
{
    struct haul_stream_score out;
    if (!haul_season_usable(value))
        return (struct haul_stream_score){.score = haul_score_invalid(HAUL_METHOD_RANGE, value)};
    const bool guarded = haul_guard_step(&s->guard, &c->guard, value, at, &out.score);
    if (guarded && forbids(out.score.method)) return (struct haul_stream_score){.score = out.score};

    struct answers a;
    ask_record(s, c, value, &a);
    ask_context(s, c, value, &a);
    ask_level_and_z(s, c, residual(s, c, value, at, &a), &a);
    const bool ready = s->n >= c->learn;
    s->n++;
    const double evidence = strongest(c, &a);
    out.alarm = haul_alarm_update(&s->alarm, &c->alarm, evidence, ready, at);
    if (!guarded) out.score = told_by(&a, s, value, evidence, &out.alarm, ready);
    return out;
}
