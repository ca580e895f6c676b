/* SPDX-License-Identifier: Apache-2.0
 * The alarm:
 *
 *            enough evidence, n of m, not refractory
 *   closed ────────────────── OPEN ──────────────────► open ──┐ WORSE: again enough for the raised demand
 *     ▲                                                 │ ▲   │
 *     └──────── CLOSE: close_values below the share ────┘ └───┘
 *
 * raised, worn and the budget's level change with every value; they meet in demand_now.
 */
#include "haul/detect_alarm.h"
#include "haul/math.h"

enum haul_err haul_alarm_init(struct haul_alarm *s, const struct haul_alarm_config *c, struct haul_error *e)
{
    if (c->hold < 1 || c->hold > c->hold_of || c->hold_of > 64)
        return haul_fail(e, HAUL_E_RANGE, "alarm: hold %d of %d, 1 <= n <= m <= 64 is needed", c->hold, c->hold_of);
    if (c->close_values < 1 || !(c->close_share > 0 && c->close_share <= 1))
        return haul_fail(e, HAUL_E_RANGE, "alarm: close_values at least 1, close_share %g in (0, 1]", c->close_share);
    if (!(c->rest_s >= 0) || !(c->fade_values > 0) || !(c->demand > 0) || !(c->wear >= 0) || !(c->wear_values > 0))
        return haul_fail(
            e, HAUL_E_RANGE,
            "alarm: rest_s %g and wear %g at least 0, fade_values %g, demand %g and wear_values %g above 0", c->rest_s,
            c->wear, c->fade_values, c->demand, c->wear_values);
    if (!(c->budget_per_day >= 0) || (c->budget_per_day > 0 && (!(c->budget_gain > 0) || !(c->least > 0))))
        return haul_fail(e, HAUL_E_RANGE, "alarm: a budget of %g a day needs budget_gain and least above 0",
                         c->budget_per_day);
    haul_alarm_reset(s, c);
    return HAUL_OK;
}

void haul_alarm_reset(struct haul_alarm *s, const struct haul_alarm_config *c)
{
    *s = (struct haul_alarm){.level = haul_log(c->demand),
                             .last = HAUL_TIME_NONE,
                             .since = HAUL_TIME_NONE,
                             .updated = HAUL_TIME_NONE,
                             .since_last = UINT32_MAX};
}

static double days(struct haul_time from, struct haul_time to)
{
    return from.ms == INT64_MIN || to.ms <= from.ms ? 0 : ((double)to.ms - (double)from.ms) / 86400000.0;
}

/* What one value's passing takes back. */
static void relax(struct haul_alarm *s, const struct haul_alarm_config *c, struct haul_time at)
{
    s->raised -= s->raised / (c->fade_values > 1 ? c->fade_values : 1);
    if (s->raised < 0.005) s->raised = 0; /* half a percent of the demand: spare the exponential */
    s->worn -= s->worn / (c->wear_values > 1 ? c->wear_values : 1);
    if (s->since_last < UINT32_MAX) s->since_last++;
    if (c->budget_per_day > 0) {
        const double least = haul_log(c->least);
        s->level -= c->budget_gain * c->budget_per_day * days(s->updated, at);
        if (s->level < least) s->level = least;
    }
    s->updated = haul_time_max(s->updated, at);
}

static double demand_now(const struct haul_alarm *s, const struct haul_alarm_config *c)
{
    if (c->budget_per_day > 0) return haul_exp(s->level + s->raised);
    const double worn = s->worn > 1 ? s->worn - 1 : 0;
    const double plain = c->demand * (1 + c->wear * worn);
    return s->raised == 0 ? plain : plain * haul_exp(s->raised);
}

static bool resting(const struct haul_alarm *s, const struct haul_alarm_config *c, struct haul_time at)
{
    return s->since_last < c->rest_values || (s->last.ms != INT64_MIN && days(s->last, at) * 86400 < c->rest_s);
}

static void told(struct haul_alarm *s, const struct haul_alarm_config *c, double evidence, double demand,
                 struct haul_time at)
{
    const double base = c->budget_per_day > 0 ? haul_exp(s->level) : c->demand, raised = haul_log(evidence / base);
    if (raised > s->raised) s->raised = raised;
    s->worn += 1;
    if (c->budget_per_day > 0) s->level += c->budget_gain;
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
    const uint64_t mask = of == 64 ? UINT64_MAX : (1ull << of) - 1;
    return (uint8_t)__builtin_popcountll(history & mask);
}

struct haul_alarm_state haul_alarm_update(struct haul_alarm *s, const struct haul_alarm_config *c, double evidence,
                                          bool may, struct haul_time at)
{
    assert(evidence >= 0 && haul_finite(evidence));
    relax(s, c, at);
    const double demand = demand_now(s, c);
    const bool enough = evidence >= demand, rests = !may || resting(s, c, at);
    s->history = s->history << 1 | enough;
    const uint8_t held = held_of(s->history, c->hold_of);
    if (enough && s->since.ms == INT64_MIN) s->since = at;
    if (!s->open && held == 0) s->since = HAUL_TIME_NONE;
    struct haul_alarm_state out = {.demand = demand,
                                   .share = rests ? 0 : evidence / demand,
                                   .held = held,
                                   .held_of = c->hold_of,
                                   .since = s->since};
    if (enough && !rests && held >= c->hold) {
        out.event = s->open ? HAUL_ALARM_WORSE : HAUL_ALARM_OPEN;
        told(s, c, evidence, demand, at);
    } else if (s->open && closes(s, c, evidence)) {
        out.event = HAUL_ALARM_CLOSE;
    }
    out.open = s->open;
    return out;
}
