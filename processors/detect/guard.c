/* SPDX-License-Identifier: Apache-2.0
 * Guards: range, clock, rate, gap, stuck, in the order of gravity.
 */
#include "haul/detect_guard.h"
#include "haul/math.h"

enum haul_err haul_guard_init(struct haul_guard *s, const struct haul_guard_config *c, struct haul_error *e)
{
    if (!haul_detect_not_negative(c->rate_per_s) || c->learn < 2)
        return haul_fail(e, HAUL_E_RANGE, "guard: rate_per_s %g at least 0, learn at least 2", c->rate_per_s);
    if ((c->stuck_s == 0 && !(c->stuck_factor > 1)) || (c->gap_s == 0 && !(c->gap_factor > 1)))
        return haul_fail(e, HAUL_E_RANGE, "guard: a limit that is learnt needs a factor above 1 (stuck %g, gap %g)",
                         c->stuck_factor, c->gap_factor);
    haul_guard_reset(s, c);
    return HAUL_OK;
}

void haul_guard_reset(struct haul_guard *s, const struct haul_guard_config *c)
{
    (void)c;
    *s = (struct haul_guard){.at = HAUL_TIME_NONE, .same_since = HAUL_TIME_NONE};
}

static double seconds(struct haul_time from, struct haul_time to)
{
    return ((double)to.ms - (double)from.ms) * 1e-3;
}

static double gap_limit(const struct haul_guard *s, const struct haul_guard_config *c)
{
    if (c->gap_s != 0) return c->gap_s;
    if (s->n <= c->learn || !(s->interval_s > 0)) return -1;
    const double usual = c->gap_factor * (double)s->interval_s, worst = 1.5 * (double)s->longest_gap_s;
    return usual > worst ? usual : worst;
}

/* Learnt only from a stream that moves: one that stands still as a rule cannot be stuck. */
static double stuck_limit(const struct haul_guard *s, const struct haul_guard_config *c)
{
    if (c->stuck_s != 0) return c->stuck_s;
    if (s->changes < c->learn) return -1;
    const double least = 10 * (double)s->interval_s, longest = c->stuck_factor * (double)s->longest_same_s;
    return longest > least ? longest : least;
}

static void learn_interval(struct haul_guard *s, double interval_s)
{
    const float x = (float)interval_s;
    if (s->n == 1) s->interval_s = x;
    s->longest_gap_s *= 0.995f; /* an outage is forgotten after some hundred values */
    if (x > s->longest_gap_s) s->longest_gap_s = x;
    /* the median by steps of a twentieth of itself at most: one long gap is one small step */
    const float step = 0.05f * (s->interval_s > 0 ? s->interval_s : x);
    if (x > s->interval_s) s->interval_s = x - s->interval_s < step ? x : s->interval_s + step;
    if (x < s->interval_s) s->interval_s = s->interval_s - x < step ? x : s->interval_s - step;
}

static void learn_value(struct haul_guard *s, double value, struct haul_time at)
{
    const bool same = s->n > 0 && value == s->value;
    if (s->n > 0 && !same) {
        const float stood_s = (float)seconds(s->same_since, s->at);
        if (stood_s > s->longest_same_s) s->longest_same_s = stood_s;
        const float step = (float)haul_abs(value - s->value);
        if (s->changes == 0 || step < s->step) s->step = step;
        if (s->changes < UINT32_MAX) s->changes++;
    }
    if (!same) s->same_since = at;
    s->value = value, s->at = at;
    if (s->n < UINT32_MAX) s->n++;
}

/* Certain, so the score is 1; the statistic is how far outside, the limit the bound that was passed. Bounds may be
 * infinite. */
static struct haul_guard_finding range_of(const struct haul_guard_config *c, double value, struct haul_time at)
{
    const double bound = value > c->high ? c->high : c->low;
    return (struct haul_guard_finding){.method = HAUL_METHOD_RANGE,
                                       .statistic = haul_abs(value - bound),
                                       .limit = bound,
                                       .expected = bound,
                                       .since = at,
                                       .direction = value > c->high ? 1 : -1};
}

/* The gravest finding about a value whose time does not go back. */
static bool look(const struct haul_guard *s, const struct haul_guard_config *c, double value, struct haul_time at,
                 double passed_s, struct haul_guard_finding *found)
{
    if (c->low < c->high && !(value >= c->low && value <= c->high)) return *found = range_of(c, value, at), true;
    if (s->n == 0) return false;
    const double moved = haul_abs(value - s->value), gap_s = gap_limit(s, c);
    if (c->rate_per_s > 0 && passed_s > 0 && moved > c->rate_per_s * passed_s) {
        *found = (struct haul_guard_finding){.method = HAUL_METHOD_RATE,
                                             .statistic = moved / passed_s,
                                             .limit = c->rate_per_s,
                                             .expected = s->value,
                                             .since = at,
                                             .direction = value > s->value ? 1 : -1};
        return true;
    }
    if (gap_s > 0 && passed_s >= gap_s) {
        *found = (struct haul_guard_finding){
            .method = HAUL_METHOD_GAP, .statistic = passed_s, .limit = gap_s, .since = s->at};
        return true;
    }
    if (moved != 0) return false;
    const double stuck_s = stuck_limit(s, c), stood_s = seconds(s->same_since, at);
    if (!(stuck_s > 0 && stood_s >= stuck_s)) return false;
    *found = (struct haul_guard_finding){
        .method = HAUL_METHOD_STUCK, .statistic = stood_s, .limit = stuck_s, .since = s->same_since};
    return true;
}

bool haul_guard_step(struct haul_guard *s, const struct haul_guard_config *c, double value, struct haul_time at,
                     struct haul_guard_finding *found)
{
    if (s->n > 0 && at.ms < s->at.ms) {
        const double back_s = seconds(at, s->at);
        if (!(c->back_s >= 0 && back_s > c->back_s)) return false;
        *found = (struct haul_guard_finding){
            .method = HAUL_METHOD_CLOCK, .statistic = back_s, .limit = c->back_s, .since = at, .learned = s->n};
        return true;
    }
    const double passed_s = s->n > 0 ? seconds(s->at, at) : 0;
    const bool wrong = look(s, c, value, at, passed_s, found);
    if (wrong) found->learned = s->n;
    if (passed_s > 0) learn_interval(s, passed_s);
    learn_value(s, value, at);
    return wrong;
}

struct haul_score haul_guard_score(const struct haul_guard_finding *found, double value)
{
    const bool certain = found->method == HAUL_METHOD_RANGE;
    struct haul_score out = haul_score_make(found->method, value, certain ? 1 : found->statistic,
                                            certain || !(found->limit > 0) ? 1e-9 : found->limit, true);
    if (certain) out.score = 1, out.statistic = found->statistic, out.threshold = found->limit;
    out.expected = found->expected, out.learned = found->learned, out.direction = found->direction;
    if (out.verdict == HAUL_VERDICT_ANOMALY) out.since = found->since;
    return out;
}

struct haul_score haul_guard_update(struct haul_guard *s, const struct haul_guard_config *c, double value,
                                    struct haul_time at)
{
    if (!haul_detect_usable(value)) return haul_score_invalid(HAUL_METHOD_RANGE, value);
    struct haul_guard_finding found;
    if (haul_guard_step(s, c, value, at, &found)) return haul_guard_score(&found, value);
    struct haul_score out = haul_score_make(HAUL_METHOD_NONE, value, 0, 1, true);
    out.threshold = 0, out.learned = s->n;
    return out;
}

struct haul_score haul_guard_silence(const struct haul_guard *s, const struct haul_guard_config *c,
                                     struct haul_time now)
{
    const double limit_s = gap_limit(s, c), silent_s = s->n > 0 ? seconds(s->at, now) : 0;
    if (s->n == 0 || limit_s <= 0) return haul_score_make(HAUL_METHOD_GAP, s->value, 0, 1, false);
    const struct haul_guard_finding found = {
        .method = HAUL_METHOD_GAP, .statistic = silent_s, .limit = limit_s, .since = s->at, .learned = s->n};
    return haul_guard_score(&found, s->value);
}

struct haul_time haul_guard_deadline(const struct haul_guard *s, const struct haul_guard_config *c)
{
    const double limit_s = gap_limit(s, c);
    if (s->n == 0 || limit_s <= 0 || limit_s > 1e12) return HAUL_TIME_NONE;
    const int64_t wait_ms = haul_round_i64(limit_s * 1000) + 1; /* rounding must not make it early */
    return s->at.ms > INT64_MAX - wait_ms ? HAUL_TIME_NONE : (struct haul_time){s->at.ms + wait_ms};
}
