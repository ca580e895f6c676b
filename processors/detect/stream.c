/* SPDX-License-Identifier: Apache-2.0
 * The default detector.
 */
#include "haul/detect_stat.h"
#include "haul/detect_stream.h"
#include "haul/math.h"

struct haul_stream_config haul_stream_config_default(void)
{
    return (struct haul_stream_config){
        .guard = {.stuck_s = 0, .stuck_factor = 3, .gap_s = 0, .gap_factor = 10, .back_s = 0, .learn = 100},
        .season = {.calendar = {.utc_offset_s = 28800, .off_weekdays = 0x41},
                   .rate = 0.1,
                   .clip = 3,
                   .threshold = 5,
                   .spread_min = 1e-9,
                   .spread_share = 0.5,
                   .learn = 4,
                   .slots = 24},
        .context = {.words = HAUL_STREAM_WORDS, .levels = 4, .order = 1, .threshold = 0.3, .learn = 50},
        .tail = {.level = 0.98, .memory = 5000, .learn = 100},
        .alarm = {.hold = 1,
                  .hold_of = 1,
                  .close_values = 5,
                  .close_share = 0.5,
                  .rest_values = 20,
                  .fade_values = 50,
                  .demand = 0.6,
                  .wear = 0.4,
                  .wear_values = 1200,
                  .budget_gain = 1,
                  .least = 0.02},
        .record_margin = 0.025,
        .level_weight = 0.1,
        .level_margin = 0.04,
        .level_keep = 0.9999,
        .level_p = 0.004,
        .level_past = 40,
        .residual_max = 25,
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
    if (!haul_detect_positive(c->residual_max) || c->learn < 2)
        return haul_fail(e, HAUL_E_RANGE, "stream: residual_max %g above 0, learn at least 2", c->residual_max);
    if (c->context.words != HAUL_STREAM_WORDS)
        return haul_fail(e, HAUL_E_RANGE, "stream: the context memory has %d words, not %u", HAUL_STREAM_WORDS,
                         c->context.words);
    *s = (struct haul_stream){0};
    enum haul_err err = haul_guard_init(&s->guard, &c->guard, e);
    if (err == HAUL_OK) err = haul_season_init(&s->season, &c->season, e);
    if (err == HAUL_OK) err = haul_context_init(&s->context, s->memory, &c->context, e);
    if (err == HAUL_OK) err = haul_tail_init(&s->tail[0], &c->tail, e);
    if (err == HAUL_OK) err = haul_alarm_init(&s->alarm, &c->alarm, e);
    if (err == HAUL_OK) haul_stream_reset(s, c);
    return err;
}

void haul_stream_reset(struct haul_stream *s, const struct haul_stream_config *c)
{
    haul_guard_reset(&s->guard, &c->guard);
    haul_season_reset(&s->season, &c->season);
    haul_context_reset(&s->context, s->memory, &c->context);
    haul_tail_reset(&s->tail[0], &c->tail), haul_tail_reset(&s->tail[1], &c->tail);
    haul_alarm_reset(&s->alarm, &c->alarm);
    s->record = (struct haul_extreme){0};
    s->level = s->level_high = s->level_low = 0;
    s->n = 0;
}

/* A learner's first steps, at which evidence of its own is not yet worth anything. */
static const int64_t first_values = 50, first_residuals = 100;

/* The answers to the four questions, the simplest first. */
enum { RECORD, CONTEXT, LEVEL, Z, ANSWERS };

struct answer {
    double evidence, expected; /* what the value was compared with */
    int8_t direction;
};

/* What is usual now, and the residual against it. */
struct residual {
    double mean, spread, z, level_chance;
    int64_t learned;
    bool known;
};

/* Among n values every second one or so was a record or a new level at first: evidence of both counts less until
 * `settled`. */
static double settled(const struct haul_stream *s)
{
    static const double values = 1000;
    return (double)s->n < values ? (double)(s->n + 1) / values : 1;
}

static void ask_record(struct haul_stream *s, const struct haul_stream_config *c, double value, struct answer *a)
{
    const bool ready = s->record.n >= first_values;
    const double outside = haul_extreme_step(&s->record, 1, value, &a->expected);
    a->direction = haul_sign_of(value - a->expected), a->evidence = 0;
    /* one or two units more than ever, of a sensor that counts in units, is no news */
    if (outside == 0 || !ready || haul_abs(value - a->expected) <= 2.1 * (double)s->guard.step) return;
    /* as far outside as the range is wide says all there is to say */
    a->evidence = (outside < 1 ? outside : 1) / c->record_margin * settled(s);
}

static void ask_context(struct haul_stream *s, const struct haul_stream_config *c, double value, struct answer *a)
{
    const bool ready = s->context.n >= c->context.learn;
    const double novelty = haul_context_step(&s->context, s->memory, &c->context, value, &a->expected);
    a->direction = haul_sign_of(value - a->expected);
    a->evidence = ready && novelty > 0 ? novelty / c->context.threshold : 0;
}

/* The residual in spreads, 0 while the baseline does not know. */
static void take_residual(struct haul_stream *s, const struct haul_stream_config *c, double value, struct haul_time at,
                          struct residual *r)
{
    const double share = (double)s->guard.interval_s * c->season.slots * (1 / 86400.0);
    const double visit = share < 1e-6 ? 1e-6 : share < 1 ? share : 1; /* of a slot, by one value */
    r->known = haul_season_visit(&s->season, &c->season, value, at, visit, &r->mean, &r->spread, &r->learned) &&
               s->n >= first_residuals;
    const double z = r->known ? (value - r->mean) / r->spread : 0;
    r->z = z > c->residual_max ? c->residual_max : z < -c->residual_max ? -c->residual_max : z;
}

/* How far the level stands outside its (shrinking) range, in ranges; and its chance by the tail's fit. */
static double level_beyond(struct haul_stream *s, const struct haul_stream_config *c, double *chance)
{
    s->level_high *= c->level_keep, s->level_low *= c->level_keep;
    const double range = s->level_high - s->level_low, x = s->level;
    const double beyond = x > s->level_high ? x - s->level_high : x < s->level_low ? s->level_low - x : 0;
    const struct haul_tail *const tail = &s->tail[x > 0 ? 0 : 1];
    *chance = beyond > 0 && haul_tail_ready(tail, &c->tail) ? haul_tail_chance(tail, &c->tail, haul_abs(x)) : 1;
    haul_tail_learn_both(s->tail, &c->tail, x);
    if (x > s->level_high) s->level_high = x;
    if (x < s->level_low) s->level_low = x;
    if (beyond == 0 || !(range > 0) || s->n < first_values) return 0;
    return beyond / range < 5 ? beyond / range : 5;
}

static void ask_level(struct haul_stream *s, const struct haul_stream_config *c, struct residual *r, struct answer *a)
{
    s->level += (r->z - s->level) * c->level_weight;
    a->expected = r->mean, a->direction = haul_sign_of(s->level), a->evidence = 0;
    const double beyond = level_beyond(s, c, &r->level_chance);
    if (beyond == 0) return;
    const double past = (double)(s->n < 50000 ? s->n : 50000);
    const bool rare = r->level_chance <= c->level_p && r->level_chance * past <= c->level_past;
    if (rare) a->evidence = beyond / c->level_margin * settled(s);
}

/* Half of what counts at ten spreads, and just over the usual demand of 0.6 where the residual ends. */
static void ask_z(const struct residual *r, struct answer *a)
{
    const double size = haul_abs(r->z);
    a->expected = r->mean, a->direction = haul_sign_of(r->z);
    a->evidence = size < 10 ? 0.05 * size : 0.5 + (size - 10) * 0.008;
}

/* A value within three spreads of what is usual at this time is no news by itself, whatever its history says: the other
 * answers count in full from there on. */
static void temper(const struct residual *r, struct answer *a)
{
    static const double plain = 3;
    if (r->known && haul_abs(r->z) < plain) a->evidence *= haul_abs(r->z) * (1 / plain);
}

static bool wanted(enum haul_side side, int8_t direction)
{
    return side == HAUL_SIDE_BOTH || (side == HAUL_SIDE_HIGH ? direction > 0 : direction < 0);
}

static double strongest(enum haul_side side, struct answer *const a[ANSWERS])
{
    double most = 0;
    for (int i = 0; i < ANSWERS; i++) {
        if (!wanted(side, a[i]->direction)) a[i]->evidence = 0;
        if (a[i]->evidence > most) most = a[i]->evidence;
    }
    return most;
}

/* Chance of a value at least so far out; negative: the answer has none. A record among n + 1 exchangeable values comes
 * at each end with chance 1 / (n + 1); a residual is taken for normal. */
static double chance_of(int answer, const struct residual *r, const struct haul_stream *s)
{
    switch (answer) {
    case RECORD:
        return 1 / (double)s->record.n;
    case LEVEL:
        return r->level_chance;
    case Z:
        return 2 * haul_normal_above(haul_abs(r->z));
    default:
        return -1;
    }
}

/* The first answer that is enough by itself, else the strongest: what is told is the simplest thing that is true. */
static void tell(struct answer *const a[ANSWERS], const struct residual *r, const struct haul_stream *s, double value,
                 double evidence, bool ready, struct haul_stream_score *out)
{
    static const enum haul_method methods[ANSWERS] = {HAUL_METHOD_RECORD, HAUL_METHOD_CONTEXT, HAUL_METHOD_LEVEL,
                                                      HAUL_METHOD_SEASON};
    const double demand = out->alarm.demand, enough = evidence < demand ? evidence : demand;
    int i = 0;
    while (i < Z && a[i]->evidence < enough) i++;
    haul_score_set(&out->score, methods[i], value, evidence, demand, ready);
    out->score.expected = a[i]->expected, out->score.direction = a[i]->direction;
    out->score.spread = i < LEVEL ? 0 : r->spread, out->score.learned = i < LEVEL ? s->record.n - 1 : r->learned;
    if (i == LEVEL || out->score.verdict == HAUL_VERDICT_ANOMALY) out->score.tail_p = chance_of(i, r, s);
    out->score.held = out->alarm.held, out->score.held_of = out->alarm.held_of, out->score.since = out->alarm.since;
}

/* Guards that forbid to learn from the value. */
static bool forbids(enum haul_method method)
{
    return method == HAUL_METHOD_RANGE || method == HAUL_METHOD_RATE || method == HAUL_METHOD_CLOCK;
}

/* All of the state is needed, and nothing of it was since this stream's last value: ask for it at once. */
static void prefetch(const struct haul_stream *s)
{
#pragma GCC unroll 32
    for (size_t i = 0; i < sizeof *s; i += 64) __builtin_prefetch((const char *)s + i, 1);
}

void haul_stream_step(struct haul_stream *s, const struct haul_stream_config *c, double value, struct haul_time at,
                      struct haul_stream_score *out)
{
    prefetch(s);
    struct haul_guard_finding found;
    const bool usable = haul_season_usable(value);
    const bool guarded = usable && haul_guard_step(&s->guard, &c->guard, value, at, &found);
    if (!usable) out->score = haul_score_invalid(HAUL_METHOD_RANGE, value);
    if (guarded) out->score = haul_guard_score(&found, value);
    if (!usable || (guarded && forbids(found.method))) {
        out->alarm = (struct haul_alarm_state){.event = HAUL_ALARM_NONE};
        return;
    }
    struct answer record, context, level, single;
    struct answer *const answers[ANSWERS] = {&record, &context, &level, &single};
    struct residual r;
    ask_record(s, c, value, &record);
    ask_context(s, c, value, &context);
    take_residual(s, c, value, at, &r);
    ask_level(s, c, &r, &level);
    ask_z(&r, &single);
    temper(&r, &record), temper(&r, &context), temper(&r, &level);
    const double evidence = strongest(c->side, answers);
    const bool ready = s->n >= c->learn;
    s->n++;
    haul_alarm_step(&s->alarm, &c->alarm, evidence, ready, at, &out->alarm);
    if (!guarded) tell(answers, &r, s, value, evidence, ready, out);
}
