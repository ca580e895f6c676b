/* SPDX-License-Identifier: Apache-2.0
 * The alarm:
 *
 *            enough evidence, n of m, not refractory
 *   closed ────────────────── OPEN ──────────────────► open ──┐ WORSE: again enough for the raised demand
 *     ▲                                                 │ ▲   │
 *     └──────── CLOSE: close_values below the share ────┘ └───┘
 *
 * raised, worn, calibrated and trim change with time; they meet in the demand.
 */
#include "haul/detect_alarm.h"
#include "haul/math.h"

enum haul_err haul_alarm_init(struct haul_alarm *s, const struct haul_alarm_config *c, struct haul_error *e)
{
    if (c->hold < 1 || c->hold > c->hold_of || c->hold_of > 64)
        return haul_fail(e, HAUL_E_RANGE, "alarm: hold %d of %d, 1 <= n <= m <= 64 is needed", c->hold, c->hold_of);
    if (c->close_values < 1 || !(c->close_share > 0 && c->close_share <= 1))
        return haul_fail(e, HAUL_E_RANGE, "alarm: close_values at least 1, close_share %g in (0, 1]", c->close_share);
    if (!haul_detect_not_negative(c->rest_s) || !haul_detect_positive(c->fade_values) ||
        !haul_detect_positive(c->demand) || !haul_detect_not_negative(c->wear) || !haul_detect_positive(c->wear_values))
        return haul_fail(
            e, HAUL_E_RANGE,
            "alarm: rest_s %g and wear %g at least 0, fade_values %g, demand %g and wear_values %g above 0", c->rest_s,
            c->wear, c->fade_values, c->demand, c->wear_values);
    if (!haul_detect_not_negative(c->budget_per_day) ||
        (c->budget_per_day > 0 && (!haul_detect_positive(c->budget_gain) || !haul_detect_positive(c->least))))
        return haul_fail(e, HAUL_E_RANGE, "alarm: a budget of %g a day needs budget_gain and least above 0",
                         c->budget_per_day);
    haul_alarm_reset(s, c);
    return HAUL_OK;
}

void haul_alarm_reset(struct haul_alarm *s, const struct haul_alarm_config *c)
{
    *s = (struct haul_alarm){.calibrated = haul_log(c->demand),
                             .exp = 1,
                             .last = HAUL_TIME_NONE,
                             .since = HAUL_TIME_NONE,
                             .updated = HAUL_TIME_NONE,
                             .block_since = HAUL_TIME_NONE,
                             .since_last = UINT32_MAX};
}

static double days(struct haul_time from, struct haul_time to)
{
    return from.ms == INT64_MIN || to.ms <= from.ms ? 0 : ((double)to.ms - (double)from.ms) * (1 / 86400000.0);
}

/* ---- calibration: block maxima follow Gumbel's law (Gumbel 1958); fitted to their logarithms by moments, so that one
 * incident does not stretch it for months ---- */

static const uint32_t blocks_least = 20,
                      blocks_most = 120; /* from here it is used; here it ends, and the trim goes on alone */
static const double block_share = 0.2;   /* of the time between two alerts, the longest block */

static bool calibrated(const struct haul_alarm *s)
{
    return s->blocks >= blocks_least;
}

static void end_block(struct haul_alarm *s, const struct haul_alarm_config *c, double length_days)
{
    const double least = haul_log(c->least), most = s->block_most > c->least ? haul_log(s->block_most) : least;
    s->blocks++;
    const double rate = 1 / (double)s->blocks, away = most - s->block_mean;
    s->block_days += (length_days - s->block_days) * rate;
    s->block_mean += away * rate;
    s->block_variance += (away * away * (1 - rate) - s->block_variance) * rate;
    if (!calibrated(s)) return;
    const double chance = c->budget_per_day * s->block_days, p = chance < block_share ? chance : block_share;
    if (!(p > 0)) return;
    /* mean + sd sqrt(6) / pi (-log(-log(1 - p)) - Euler's constant); -log(1 - p) = p within a tenth up to 0.2 */
    const double reduced = -haul_log(p * (1 + 0.5 * p)) - 0.57721566490153286061;
    const double limit = s->block_mean + haul_sqrt(s->block_variance) * 0.77969680123368151 * reduced;
    s->calibrated = limit > least ? limit : least;
}

static void follow_blocks(struct haul_alarm *s, const struct haul_alarm_config *c, double evidence, struct haul_time at)
{
    if (s->block_since.ms == INT64_MIN) s->block_since = at;
    const double length_days = days(s->block_since, at);
    const bool full = s->block_values >= c->rest_values && s->block_values > 0;
    if (full || length_days * c->budget_per_day >= block_share) {
        end_block(s, c, length_days);
        s->block_since = at, s->block_values = 0, s->block_most = 0;
    }
    s->block_values++;
    if (evidence > s->block_most) s->block_most = evidence;
}

/* ---- demand ---- */

/* Wide steps while little is known, as in any stochastic approximation, down to the gain that stays. */
static double gain_now(const struct haul_alarm *s, const struct haul_alarm_config *c)
{
    return c->budget_gain * (1 + 6 / (1 + s->due));
}

/* What the passing of a value and of its time takes back. */
static void relax(struct haul_alarm *s, const struct haul_alarm_config *c, struct haul_time at)
{
    /* in a gap of the data nothing could be told: it saves up nothing */
    const double passed = c->budget_per_day > 0 ? c->budget_per_day * days(s->updated, at) : 0;
    const double alerts_due = passed < 0.5 ? passed : 0.5;
    if (s->raised > 0) {
        double fade = 1 / (c->fade_values > 1 ? c->fade_values : 1);
        if (10 * alerts_due > fade) fade = alerts_due < 0.1 ? 10 * alerts_due : 1;
        s->raised -= s->raised * fade;
        if (s->raised < 0.005) s->raised = 0; /* half a percent of the demand: spare the exponential */
    }
    if (s->worn > 0) s->worn -= s->worn / (c->wear_values > 1 ? c->wear_values : 1);
    if (s->since_last < UINT32_MAX) s->since_last++;
    if (alerts_due > 0 && calibrated(s)) {
        s->trim -= gain_now(s, c) * alerts_due;
        s->due += alerts_due;
    }
    s->updated = haul_time_max(s->updated, at);
}

static bool by_budget(const struct haul_alarm *s, const struct haul_alarm_config *c)
{
    return c->budget_per_day > 0 && calibrated(s);
}

/* exp(x) of an x that creeps from value to value: from the last exponential that was taken, by the series of exp of the
 * difference, whose next term is below 2^-47 of it. */
static double creeping_exp(struct haul_alarm *s, double x)
{
    const double d = x - s->exp_at;
    if (haul_abs(d) <= 1.0 / 32)
        return s->exp *
               (1 + d * (1 + d * (1.0 / 2 + d * (1.0 / 6 + d * (1.0 / 24 + d * (1.0 / 120 + d * (1.0 / 720)))))));
    s->exp_at = x, s->exp = haul_exp(x);
    return s->exp;
}

static double worn_demand(const struct haul_alarm *s, const struct haul_alarm_config *c)
{
    return c->demand * (1 + c->wear * (s->worn > 1 ? s->worn - 1 : 0));
}

static double demand_now(struct haul_alarm *s, const struct haul_alarm_config *c)
{
    if (by_budget(s, c)) {
        const double demand = creeping_exp(s, s->calibrated + s->trim + s->raised);
        if (demand >= c->least) return demand;
        s->trim = haul_log(c->least) - s->calibrated;
        return c->least * haul_exp(s->raised);
    }
    return s->raised > 0 ? worn_demand(s, c) * creeping_exp(s, s->raised) : worn_demand(s, c);
}

static bool resting(const struct haul_alarm *s, const struct haul_alarm_config *c, struct haul_time at)
{
    if (s->last.ms == INT64_MIN || (s->since_last >= c->rest_values && c->rest_s == 0)) return false;
    const double since_days = days(s->last, at);
    if (since_days * c->budget_per_day > 0.1) return false;
    return s->since_last < c->rest_values || since_days * 86400 < c->rest_s;
}

static void told(struct haul_alarm *s, const struct haul_alarm_config *c, double evidence, double demand,
                 struct haul_time at)
{
    const bool budget = by_budget(s, c);
    const double usual = budget ? s->calibrated + s->trim : haul_log(c->demand), raised = haul_log(evidence) - usual;
    if (raised > s->raised) s->raised = raised;
    s->worn += 1;
    if (budget) s->trim += gain_now(s, c);
    s->last = at, s->since_last = 0, s->opened_at = demand, s->quiet = 0, s->open = true;
}

static bool closes(struct haul_alarm *s, const struct haul_alarm_config *c, double evidence)
{
    s->quiet = evidence < c->close_share * s->opened_at ? s->quiet + 1 : 0;
    if (!s->open || s->quiet < c->close_values) return false;
    s->open = false, s->quiet = 0, s->since = HAUL_TIME_NONE;
    return true;
}

static uint8_t held_of(uint64_t history, uint8_t of)
{
    if (of == 1) return history & 1;
    const uint64_t mask = of == 64 ? UINT64_MAX : (1ull << of) - 1;
    return (uint8_t)__builtin_popcountll(history & mask);
}

void haul_alarm_step(struct haul_alarm *s, const struct haul_alarm_config *c, double evidence, bool may,
                     struct haul_time at, struct haul_alarm_state *out)
{
    assert(evidence >= 0 && haul_finite(evidence));
    relax(s, c, at);
    if (c->budget_per_day > 0 && s->blocks < blocks_most) follow_blocks(s, c, evidence, at);
    const double demand = demand_now(s, c);
    const bool enough = evidence >= demand, rests = !may || resting(s, c, at);
    s->history = s->history << 1 | enough;
    const uint8_t held = held_of(s->history, c->hold_of);
    if (enough && s->since.ms == INT64_MIN) s->since = at;
    if (!s->open && held == 0) s->since = HAUL_TIME_NONE;
    out->event = HAUL_ALARM_NONE, out->demand = demand, out->share = rests ? 0 : evidence / demand;
    out->held = held, out->held_of = c->hold_of, out->since = s->since;
    if (enough && !rests && held >= c->hold) {
        out->event = s->open ? HAUL_ALARM_WORSE : HAUL_ALARM_OPEN;
        told(s, c, evidence, demand, at);
    } else if (s->open && closes(s, c, evidence)) {
        out->event = HAUL_ALARM_CLOSE;
    }
    out->open = s->open;
}
