/* SPDX-License-Identifier: Apache-2.0
 * A shipment's sums and stretches against its product class. An excursion ends; what has been done to the goods does
 * not: a freeze, a total, a life used up stay raised until the shipment is forgotten.
 */
#include "processors/coldchain/coldchain.h"

#define MKT_LEAST_MS 86400000ll /* an MKT over less is not judged before the shipment is unloaded */

void cold_log(struct cold_shipment *s, int64_t ms, enum cold_rule rule, bool open, double value, double threshold)
{
    if (s->log_len == COLD_LOG) {
        s->log_len--;
        s->forgotten++;
        memmove(&s->log[0], &s->log[1], s->log_len * sizeof s->log[0]);
    }
    s->log[s->log_len++] = (struct cold_entry){ms, value, threshold, (uint8_t)rule, open};
}

static struct haul_str reefer_of(const struct cold_step *x)
{
    const size_t n = x->s->unit_len;
    char *text = n > 0 ? haul_task_scratch(x->task, 7 + n) : NULL;
    if (text == NULL) return (struct haul_str){"", 0};
    memcpy(text, "reefer:", 7);
    memcpy(text + 7, x->s->unit, n);
    return (struct haul_str){text, 7 + n};
}

static void raise_limit(struct cold_step *x, enum cold_rule rule, const struct cold_limit *l, int64_t ms,
                        int64_t allowed_ms, double temp_c, int64_t since_ms, uint8_t severity)
{
    cold_raise(x, rule,
               (struct haul_raise){.severity = severity,
                                   .value = temp_c,
                                   .threshold = l->at_c,
                                   .unit = "degC",
                                   .since = {since_ms},
                                   .cause = reefer_of(x),
                                   .evidence = {{"temp_c", temp_c, 1},
                                                {"limit_c", l->at_c, 1},
                                                {"minutes", cold_min(ms), 0},
                                                {"allowed_min", cold_min(allowed_ms), 0},
                                                {"zone", x->s->zone, 0}},
                                   .evidence_len = 5});
}

static bool cold_side(unsigned b)
{
    return b == COLD_LOW || b == COLD_FREEZE;
}

/* The single stretch: over when it holds now and has held for longer than it may. */
static bool single_over(const struct cold_shipment *s, const struct cold_class *c, unsigned b)
{
    return s->since_ms[b] != 0 && c->bound[b].single_ms < COLD_NEVER_MS && s->single_ms[b] >= c->bound[b].single_ms;
}

static void judge_single(struct cold_step *x, const struct cold_class *c)
{
    struct cold_shipment *s = x->s;
    bool any = false;
    for (unsigned b = 0; b < COLD_BOUNDS; b++) {
        if (!single_over(s, c, b)) continue;
        const double temp_c = cold_side(b) ? s->now_low_c : s->now_high_c;
        const bool freeze = b == COLD_FREEZE;
        any |= !freeze;
        raise_limit(x, freeze ? COLD_R_FREEZE : COLD_R_EXCURSION, &c->bound[b], s->single_ms[b], c->bound[b].single_ms,
                    temp_c, s->since_ms[b], b == COLD_HOT ? 1 : 0);
    }
    if (!any) cold_clear(x, COLD_R_EXCURSION);
}

static void judge_total(struct cold_step *x, const struct cold_class *c)
{
    const struct cold_shipment *s = x->s;
    for (unsigned b = 0; b < COLD_BOUNDS; b++) {
        const int64_t allowed = c->bound[b].total_ms;
        if (allowed >= COLD_NEVER_MS || s->total_ms[b] < allowed || s->total_ms[b] == 0) continue;
        raise_limit(x, COLD_R_CUMULATIVE, &c->bound[b], s->total_ms[b], allowed, cold_side(b) ? s->min_c : s->max_c, 0,
                    0);
    }
}

static void judge_mkt(struct cold_step *x, const struct cold_class *c)
{
    if (c->mkt_window_ms == 0) return;
    const int64_t known = cold_window_ms(&x->s->window);
    if (known == 0 ||
        (x->s->aboard && known < cold_least(c->mkt_window_ms, MKT_LEAST_MS) / COLD_BUCKETS * (COLD_BUCKETS - 1)))
        return;
    const double mkt = cold_window_c(&x->s->window);
    if (mkt <= c->mkt_c) {
        cold_clear(x, COLD_R_MKT);
        return;
    }
    cold_raise(x, COLD_R_MKT,
               (struct haul_raise){
                   .value = mkt,
                   .threshold = c->mkt_c,
                   .unit = "degC",
                   .cause = reefer_of(x),
                   .evidence = {{"mkt_c", mkt, 2}, {"limit_c", c->mkt_c, 1}, {"hours", (double)known / 3600000, 0}},
                   .evidence_len = 3});
}

static void judge_life(struct cold_step *x, const struct cold_class *c)
{
    if (c->life_ms == 0) return;
    const double left = 1 - cold_total(&x->s->life), shown = left > 0 ? left : 0;
    if (left >= x->o->life.warn) return;
    cold_raise(x, COLD_R_LIFE,
               (struct haul_raise){.severity = left < x->o->life.alarm ? 1 : 3,
                                   .value = shown * 100,
                                   .threshold = x->o->life.warn * 100,
                                   .unit = "%",
                                   .cause = reefer_of(x),
                                   .evidence = {{"left_pct", shown * 100, 0},
                                                {"warn_pct", x->o->life.warn * 100, 0},
                                                {"days", (double)c->life_ms / 86400000, 1},
                                                {"at_c", c->life_c, 0}},
                                   .evidence_len = 4});
}

void cold_judge(struct cold_step *x, const struct cold_class *c)
{
    if (c == NULL) return;
    judge_single(x, c);
    judge_total(x, c);
    judge_mkt(x, c);
    judge_life(x, c);
}
