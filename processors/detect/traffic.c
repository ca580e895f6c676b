/* SPDX-License-Identifier: Apache-2.0
 * GEH, California #7 and #8, and the drop of speed between two stations.
 */
#include "haul/detect_traffic.h"
#include "haul/math.h"

double haul_geh(double flow_vph, double expected_vph)
{
    assert(flow_vph >= 0 && expected_vph >= 0);
    const double sum = flow_vph + expected_vph, away = flow_vph - expected_vph;
    return sum > 0 ? haul_sqrt(2 * away * away / sum) : 0;
}

struct haul_score haul_geh_test(double flow_vph, double expected_vph, double threshold)
{
    if (!(flow_vph >= 0 && flow_vph <= 1e100) || !(expected_vph >= 0 && expected_vph <= 1e100))
        return haul_score_invalid(HAUL_METHOD_GEH, flow_vph);
    struct haul_score out =
        haul_score_make(HAUL_METHOD_GEH, flow_vph, haul_geh(flow_vph, expected_vph), threshold, true);
    out.expected = expected_vph;
    out.direction = flow_vph > expected_vph ? 1 : flow_vph < expected_vph ? -1 : 0;
    return out;
}

/* ---- California ----
 *
 *           test holds                 held for `persist` more            next step
 *   FREE ───────────────► TENTATIVE ───────────────────────► CONFIRMED ───────────► GOING_ON ─┐
 *    ▲                        │ test fails                        │                    │  ▲   │ OCCRDF >= t2
 *    └────────────────────────┴──────────── OCCRDF < t2 ──────────┴────────────────────┘  └───┘
 */

enum haul_err haul_california_init(struct haul_california *s, const struct haul_california_config *c,
                                   struct haul_error *e)
{
    if (!haul_detect_positive(c->t1) || !(c->t2 > 0 && c->t2 < 1) || !haul_detect_positive(c->t3))
        return haul_fail(e, HAUL_E_RANGE, "california: t1 %g and t3 %g percent above 0, t2 %g between 0 and 1", c->t1,
                         c->t3, c->t2);
    if (c->wave_s < 0 || (c->wave_s > 0 && (!haul_detect_positive(c->wave) || !haul_detect_not_negative(c->dense))))
        return haul_fail(e, HAUL_E_RANGE,
                         "california: a wave of %g above 0 and a density of %g percent at least 0 are needed", c->wave,
                         c->dense);
    haul_california_reset(s, c);
    return HAUL_OK;
}

void haul_california_reset(struct haul_california *s, const struct haul_california_config *c)
{
    (void)c;
    *s = (struct haul_california){.wave_until = HAUL_TIME_NONE, .since = HAUL_TIME_NONE};
}

static const int64_t wave_back_ms = 120000;

/* The downstream occupancy two minutes ago (the newest that is at least so old), or -1. */
static double down_before(const struct haul_california *s, struct haul_time at)
{
    const uint32_t kept = s->n < HAUL_CALIFORNIA_BACK ? s->n : HAUL_CALIFORNIA_BACK;
    for (uint32_t i = 1; i <= kept; i++) {
        const uint32_t slot = (s->n - i) % HAUL_CALIFORNIA_BACK;
        if (s->down_at[slot].ms <= at.ms - wave_back_ms) return (double)s->down[slot];
    }
    return -1;
}

/* True while a compression wave, seen now or before, hides what the test would see. */
static bool wave(struct haul_california *s, const struct haul_california_config *c, double down, struct haul_time at)
{
    if (c->wave_s == 0) return false;
    const double before = down_before(s, at);
    if (before > 0 && down >= c->dense && (down - before) / before >= c->wave)
        s->wave_until = (struct haul_time){at.ms + c->wave_s * 1000};
    s->down[s->n % HAUL_CALIFORNIA_BACK] = (float)down;
    s->down_at[s->n % HAUL_CALIFORNIA_BACK] = at;
    s->n++;
    return haul_time_before(at, s->wave_until);
}

static void california_step(struct haul_california *s, const struct haul_california_config *c, bool holds, bool goes_on,
                            struct haul_time at)
{
    switch (s->state) {
    case HAUL_CALIFORNIA_FREE:
        if (!holds) return;
        s->since = at, s->held = 0;
        s->state = c->persist == 0 ? HAUL_CALIFORNIA_CONFIRMED : HAUL_CALIFORNIA_TENTATIVE;
        return;
    case HAUL_CALIFORNIA_TENTATIVE:
        if (!holds)
            s->state = HAUL_CALIFORNIA_FREE;
        else if (++s->held >= c->persist)
            s->state = HAUL_CALIFORNIA_CONFIRMED;
        return;
    case HAUL_CALIFORNIA_CONFIRMED:
    case HAUL_CALIFORNIA_GOING_ON:
        s->state = goes_on ? HAUL_CALIFORNIA_GOING_ON : HAUL_CALIFORNIA_FREE;
        return;
    }
}

static bool percent(double x)
{
    return x >= 0 && x <= 100;
}

struct haul_score haul_california_update(struct haul_california *s, const struct haul_california_config *c,
                                         double up_pct, double down_pct, struct haul_time at)
{
    if (!percent(up_pct) || !percent(down_pct) || at.ms < INT64_MIN / 2 || at.ms > INT64_MAX / 2)
        return haul_score_invalid(HAUL_METHOD_CALIFORNIA, up_pct);
    const double difference = up_pct - down_pct, relative = up_pct > 0 ? difference / up_pct : 0;
    const bool hidden = wave(s, c, down_pct, at);
    const bool holds = !hidden && difference >= c->t1 && relative >= c->t2 && down_pct < c->t3;
    california_step(s, c, holds, relative >= c->t2, at);
    if (s->state == HAUL_CALIFORNIA_FREE) s->since = HAUL_TIME_NONE;
    const bool incident = s->state == HAUL_CALIFORNIA_CONFIRMED || s->state == HAUL_CALIFORNIA_GOING_ON;
    struct haul_score out = haul_score_make(HAUL_METHOD_CALIFORNIA, up_pct, relative, c->t2, true);
    out.expected = down_pct, out.since = s->since, out.direction = difference > 0 ? 1 : -1;
    out.held = (uint8_t)(s->held < UINT8_MAX ? s->held : UINT8_MAX),
    out.held_of = (uint8_t)(c->persist < UINT8_MAX ? c->persist : UINT8_MAX);
    out.verdict = incident ? HAUL_VERDICT_ANOMALY : HAUL_VERDICT_NORMAL;
    if (incident != (out.score >= 0.5)) out.score = incident ? 0.5 : 0.499;
    return out;
}

/* ---- drop of speed ---- */

enum haul_err haul_speed_drop_init(struct haul_speed_drop *s, const struct haul_speed_drop_config *c,
                                   struct haul_error *e)
{
    if (!haul_detect_positive(c->slow_mps) || !haul_detect_positive(c->drop_mps) || c->mean_of < 1 ||
        c->mean_of > HAUL_SPEED_DROP_STEPS || c->persist < 1)
        return haul_fail(e, HAUL_E_RANGE,
                         "speed drop: slow %g and drop %g m/s above 0, mean of 1 to %d steps, persist at least 1",
                         c->slow_mps, c->drop_mps, HAUL_SPEED_DROP_STEPS);
    haul_speed_drop_reset(s, c);
    return HAUL_OK;
}

void haul_speed_drop_reset(struct haul_speed_drop *s, const struct haul_speed_drop_config *c)
{
    (void)c;
    *s = (struct haul_speed_drop){.since = HAUL_TIME_NONE};
}

static double mean_of(const float *ring, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += (double)ring[i];
    return sum / n;
}

struct haul_score haul_speed_drop_update(struct haul_speed_drop *s, const struct haul_speed_drop_config *c,
                                         double up_mps, double down_mps, struct haul_time at)
{
    if (!(up_mps >= 0 && up_mps < 1e6) || !(down_mps >= 0 && down_mps < 1e6))
        return haul_score_invalid(HAUL_METHOD_SPEED_DROP, up_mps);
    s->up[s->n % c->mean_of] = (float)up_mps, s->down[s->n % c->mean_of] = (float)down_mps;
    s->n++;
    const uint32_t have = s->n < c->mean_of ? s->n : c->mean_of;
    const double up = mean_of(s->up, have), drop = mean_of(s->down, have) - up;
    const bool holds = have == c->mean_of && up <= c->slow_mps && drop >= c->drop_mps;
    if (holds && s->held == 0) s->since = at;
    s->held = !holds ? 0 : s->held < UINT16_MAX ? s->held + 1 : UINT16_MAX;
    struct haul_score out = haul_score_make(HAUL_METHOD_SPEED_DROP, up, drop, c->drop_mps, have == c->mean_of);
    const bool incident = s->held >= c->persist;
    out.expected = up + drop, out.direction = -1, out.since = holds ? s->since : HAUL_TIME_NONE;
    out.held = (uint8_t)(s->held < c->persist ? s->held : c->persist),
    out.held_of = (uint8_t)(c->persist < 255 ? c->persist : 255);
    if (have == c->mean_of) out.verdict = incident ? HAUL_VERDICT_ANOMALY : HAUL_VERDICT_NORMAL;
    if (incident != (out.score >= 0.5)) out.score = incident ? 0.5 : 0.499;
    return out;
}
