/* SPDX-License-Identifier: Apache-2.0
 * Whether a probe is to be believed: impossible, stuck, drifting from its twins, missing; and whether it records as
 * often as its class asks.
 */
#include "processors/coldchain/coldchain.h"

#define PAIRS_LEARN 32   /* differences from which a probe's own offset against its twins is learnt */
#define DRIFT_SUM   16.0 /* the CUSUM's limit, in halves of the drift that is to be found */

static double number_of(const struct cold_step *x, const struct cold_probe *p)
{
    return (double)(p - x->u->probe);
}

/* The most that a temperature may change between two samples: a minute at least, so that noise of fast probes passes.
 */
static bool leaps(const struct cold_options *o, double from_c, double to_c, int64_t dt_ms)
{
    const double minutes = dt_ms < 60000 ? 1 : cold_min(dt_ms);
    return haul_abs(to_c - from_c) > o->sensor.rate_kpmin * minutes;
}

/*  1  outside what a probe can measure                          not believed
 *  2  follows from the newest that was believed                 believed
 *  3  leaps, the `accept`-th running that follow each other      believed after all
 *  4  leaps                                                     not believed
 */
static bool believed(const struct cold_options *o, struct cold_probe *p, const struct cold_held *item)
{
    if (item->temp_c < o->sensor.low_c || item->temp_c > o->sensor.high_c) return false;
    if (p->good_ms == 0 || !leaps(o, p->temp_c, item->temp_c, item->ms - p->good_ms)) return true;
    p->strays = p->strays > 0 && !leaps(o, p->stray_c, item->temp_c, item->ms - p->ms) ? (uint8_t)(p->strays + 1) : 1;
    p->stray_c = item->temp_c;
    return p->strays >= o->sensor.accept;
}

static void judge_impossible(struct cold_step *x, struct cold_probe *p, const struct cold_held *item, bool good)
{
    const double limit_c = item->temp_c < x->o->sensor.low_c ? x->o->sensor.low_c : x->o->sensor.high_c;
    cold_part(x, &p->raised, COLD_R_IMPOSSIBLE, !good,
              &(struct haul_raise){.value = item->temp_c,
                                   .threshold = limit_c,
                                   .unit = "degC",
                                   .evidence = {{"probe", number_of(x, p), 0},
                                                {"temp_c", item->temp_c, 1},
                                                {"before_c", p->temp_c, 1},
                                                {"rate_kpmin", x->o->sensor.rate_kpmin, 0}},
                                   .evidence_len = 4});
}

static void judge_stuck(struct cold_step *x, struct cold_probe *p, const struct cold_held *item)
{
    const bool coarse = (item->has & COLD_HAS_COARSE) != 0; /* it repeats itself in the steadiest air */
    const bool on =
        !coarse && p->same >= x->o->sensor.stuck_samples && p->good_ms - p->same_ms >= x->o->sensor.stuck_ms;
    cold_part(x, &p->raised, COLD_R_STUCK, on,
              &(struct haul_raise){.value = p->same,
                                   .threshold = (double)x->o->sensor.stuck_samples,
                                   .unit = "samples",
                                   .since = {p->same_ms},
                                   .evidence = {{"probe", number_of(x, p), 0},
                                                {"temp_c", p->temp_c, 2},
                                                {"samples", p->same, 0},
                                                {"minutes", cold_min(p->good_ms - p->same_ms), 0}},
                                   .evidence_len = 4});
}

static void learn_interval(struct cold_probe *p, int64_t before_ms)
{
    if (before_ms == 0) return;
    const int64_t dt_ms = p->ms - before_ms;
    p->every_ms = p->every_ms == 0 ? dt_ms : p->every_ms + (cold_least(dt_ms, 4 * p->every_ms) - p->every_ms) / 8;
}

bool cold_probe_take(struct cold_step *x, struct cold_probe *p, const struct cold_held *item)
{
    const int64_t before_ms = p->ms;
    const bool good = believed(x->o, p, item);
    p->ms = item->ms;
    learn_interval(p, before_ms);
    cold_part(x, &p->raised, COLD_R_MISSING, false, NULL);
    judge_impossible(x, p, item, good);
    if (!good) {
        x->u->untrusted++;
        haul_task_count(x->task, COLD_C_UNTRUSTED, 1);
        return false;
    }
    const bool same = p->good_ms != 0 && item->temp_c >= p->temp_c && item->temp_c <= p->temp_c;
    p->same = !same ? 1 : p->same < UINT16_MAX ? (uint16_t)(p->same + 1) : p->same;
    if (!same) p->same_ms = item->ms;
    p->strays = 0;
    p->good_ms = item->ms, p->temp_c = item->temp_c;
    judge_stuck(x, p, item);
    return true;
}

/* ---- drift ---- */
static bool twins_mean(const struct cold_step *x, const struct cold_probe *p, double *mean_c)
{
    unsigned n = 0;
    double sum = 0;
    for (size_t i = 0; i < COLD_PROBES; i++) {
        const struct cold_probe *q = &x->u->probe[i];
        if (q == p || q->good_ms == 0 || q->zone != p->zone || p->good_ms - q->good_ms > 2 * p->every_ms) continue;
        if (q->raised & (1u << COLD_R_STUCK)) continue;
        sum += q->temp_c;
        n++;
    }
    *mean_c = n > 0 ? sum / n : 0;
    return n > 0;
}

/* A zone whose air is disturbed says nothing about its probes. */
static bool calm(const struct cold_step *x, const struct cold_zone *z)
{
    return !z->door && !cold_in_defrost(x, z) && haul_abs(z->mean_c - z->base_c) < 1;
}

/* Two-sided CUSUM (Page 1954) of the difference to the twins, less what it was at first: reference half the drift. */
void cold_twins(struct cold_step *x, struct cold_probe *p)
{
    const struct cold_zone *z = &x->u->zone[p->zone];
    const double slack_k = x->o->sensor.drift_k / 2, limit_k = slack_k * DRIFT_SUM;
    double mean_c;
    if (!calm(x, z) || !twins_mean(x, p, &mean_c)) return;
    const double d = p->temp_c - mean_c;
    if (p->paired < PAIRS_LEARN) {
        p->paired++;
        p->base_k += (d - p->base_k) / p->paired;
        return;
    }
    const double up = p->high_k + (d - p->base_k) - slack_k, down = p->low_k - (d - p->base_k) - slack_k;
    p->high_k = up < 0 ? 0 : up > 2 * limit_k ? 2 * limit_k : up;
    p->low_k = down < 0 ? 0 : down > 2 * limit_k ? 2 * limit_k : down;
    const double most = p->high_k > p->low_k ? p->high_k : p->low_k;
    if (!(most > 0)) p->drift_ms = x->now_ms;
    if (most <= limit_k && most > 0) return; /* neither on nor off */
    cold_part(x, &p->raised, COLD_R_DRIFT, most > limit_k,
              &(struct haul_raise){.value = d - p->base_k,
                                   .threshold = x->o->sensor.drift_k,
                                   .unit = "K",
                                   .since = {p->drift_ms},
                                   .evidence = {{"probe", number_of(x, p), 0}, {"drift_k", d - p->base_k, 2}},
                                   .evidence_len = 2});
}

/* ---- cadence ---- */
/*  1  the probe measures less often than its class asks                               raise
 *  2  `count` records running came later than the class asks                          raise
 *  3  `count` running in time                                                         clear
 *  4  else                                                                            nothing changes
 */
void cold_cadence(struct cold_step *x, struct cold_probe *p, const struct cold_held *item, int64_t before_ms)
{
    const struct cold_class *c = cold_zone_class(x, item->zone);
    if (c == NULL || before_ms == 0) return;
    const int64_t asked_ms = x->u->zone[item->zone].out && c->outside_ms > 0 ? c->outside_ms
                             : x->u->store                                   ? c->store_ms
                                                                             : c->transport_ms;
    if (asked_ms == 0) return;
    const int64_t dt_ms = item->ms - before_ms;
    const bool slow = (double)dt_ms > (double)asked_ms * (1 + x->o->cadence.tolerance);
    const bool lazy =
        (item->has & COLD_HAS_REFRESH) && c->refresh_ms > 0 && (double)item->refresh_s * 1000 > (double)c->refresh_ms;
    p->slow = slow || lazy ? (uint8_t)(p->slow < UINT8_MAX ? p->slow + 1 : p->slow) : 0;
    p->prompt = slow || lazy ? 0 : (uint8_t)(p->prompt < UINT8_MAX ? p->prompt + 1 : p->prompt);
    const bool on = lazy || p->slow >= x->o->cadence.count;
    if (!on && p->prompt < x->o->cadence.count) return;
    const double value_s = lazy ? (double)item->refresh_s : (double)dt_ms / 1000;
    const double asked_s = (double)(lazy ? c->refresh_ms : asked_ms) / 1000;
    cold_part(x, &p->raised, COLD_R_CADENCE, on,
              &(struct haul_raise){
                  .value = value_s,
                  .threshold = asked_s,
                  .unit = "s",
                  .evidence = {{"probe", number_of(x, p), 0}, {"every_s", value_s, 0}, {"asked_s", asked_s, 0}},
                  .evidence_len = 3});
}

/* ---- silence ---- */
static int64_t missing_from(const struct cold_step *x, const struct cold_probe *p)
{
    const double usual_ms = (double)p->every_ms * x->o->sensor.missing_times;
    return p->ms + cold_most(x->o->sensor.missing_ms, (int64_t)usual_ms);
}

int64_t cold_silence_due(const struct cold_step *x)
{
    int64_t due_ms = INT64_MAX;
    for (size_t i = 0; i < COLD_PROBES; i++) {
        const struct cold_probe *p = &x->u->probe[i];
        if (p->every_ms > 0 && !(p->raised & (1u << COLD_R_MISSING))) due_ms = cold_least(due_ms, missing_from(x, p));
    }
    return due_ms;
}

static struct haul_str gateway_of(const struct cold_step *x)
{
    static const char what[] = "gateway:";
    const size_t n = x->u->source_len;
    char *text = n > 0 ? haul_task_scratch(x->task, sizeof what - 1 + n) : NULL;
    if (text == NULL) return (struct haul_str){"", 0};
    memcpy(text, what, sizeof what - 1);
    memcpy(text + sizeof what - 1, x->u->source, n);
    return (struct haul_str){text, sizeof what - 1 + n};
}

void cold_silence(struct cold_step *x)
{
    for (size_t i = 0; i < COLD_PROBES; i++) {
        struct cold_probe *p = &x->u->probe[i];
        if (p->every_ms == 0 || (p->raised & (1u << COLD_R_MISSING)) || missing_from(x, p) > x->now_ms) continue;
        const double minutes = cold_min(x->now_ms - p->ms), limit = cold_min(missing_from(x, p) - p->ms);
        cold_part(x, &p->raised, COLD_R_MISSING, true,
                  &(struct haul_raise){
                      .value = minutes,
                      .threshold = limit,
                      .unit = "min",
                      .since = {p->ms},
                      .cause = gateway_of(x),
                      .evidence = {{"probe", (double)i, 0}, {"minutes", minutes, 0}, {"limit_min", limit, 0}},
                      .evidence_len = 3});
    }
}
