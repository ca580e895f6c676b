/* SPDX-License-Identifier: Apache-2.0
 * A shipment's exposure, interval by interval. The sums take an interval in whatever order it comes, once; stretches
 * need them in order. What comes after its time (from the unit before, whose task was behind) fills the gap that it
 * left.
 */
#include "processors/coldchain/coldchain.h"

struct interval {
    int64_t from_ms, to_ms;
    double high_c, low_c, now_high_c, now_low_c;
    bool defrost;
};

static double mid(double a, double b)
{
    return (a + b) / 2;
}

/* ---- sums: any order ---- */
static void extremes(struct cold_shipment *s, double high_c, double low_c, int64_t ms)
{
    if (!s->exposed || high_c > s->max_c) s->max_c = high_c, s->max_ms = ms;
    if (!s->exposed || low_c < s->min_c) s->min_c = low_c, s->min_ms = ms;
    s->exposed = 1;
}

static enum cold_band band_of(const struct cold_class *c, double high_c, double low_c)
{
    if (cold_breaks(c, COLD_HOT, high_c, low_c)) return COLD_B_HOT;
    if (cold_breaks(c, COLD_FREEZE, high_c, low_c)) return COLD_B_FROZEN;
    if (cold_breaks(c, COLD_HIGH, high_c, low_c)) return COLD_B_ABOVE;
    return cold_breaks(c, COLD_LOW, high_c, low_c) ? COLD_B_BELOW : COLD_B_IN;
}

static void add_sums(struct cold_shipment *s, const struct cold_class *c, const struct interval *i)
{
    const int64_t w_ms = i->to_ms - i->from_ms;
    assert(w_ms > 0);
    cold_mkt_add(&s->mkt, i->high_c, w_ms);
    cold_add(&s->mean, (double)w_ms * mid(i->high_c, i->low_c));
    extremes(s, i->high_c, i->low_c, i->from_ms);
    if (c == NULL) {
        s->band_ms[COLD_B_IN] += w_ms;
        return;
    }
    if (c->mkt_window_ms > 0) cold_window_add(&s->window, c->mkt_window_ms, i->high_c, i->from_ms, i->to_ms);
    if (c->life_ms > 0) cold_add(&s->life, cold_pace(c, i->high_c) * (double)w_ms / (double)c->life_ms);
    s->band_ms[band_of(c, i->high_c, i->low_c)] += w_ms;
    for (unsigned b = 0; b < COLD_BOUNDS; b++)
        if (cold_breaks(c, (enum cold_bound)b, i->high_c, i->low_c)) s->total_ms[b] += w_ms;
}

/* ---- stretches: in order ---- */
/* A gap neither ends a stretch nor makes it longer. A defrost does not lengthen the one above the range, but it is in
 * all sums. */
static void add_stretches(struct cold_shipment *s, const struct cold_class *c, const struct interval *i)
{
    for (unsigned b = 0; c != NULL && b < COLD_BOUNDS; b++) {
        const bool excused = b == COLD_HIGH && i->defrost;
        const bool was = cold_breaks(c, (enum cold_bound)b, i->high_c, i->low_c);
        const bool is = cold_breaks(c, (enum cold_bound)b, i->now_high_c, i->now_low_c);
        if (was && !excused) {
            if (s->since_ms[b] == 0) s->since_ms[b] = i->from_ms;
            s->single_ms[b] += i->to_ms - i->from_ms;
        }
        s->worst_ms[b] = cold_most(s->worst_ms[b], s->single_ms[b]);
        if (!is)
            s->since_ms[b] = 0, s->single_ms[b] = 0;
        else if (s->since_ms[b] == 0 && !excused)
            s->since_ms[b] = i->to_ms;
    }
}

/* ---- gaps ---- */
static void open_gap(struct cold_shipment *s, int64_t from_ms, int64_t to_ms)
{
    memmove(&s->gap[1], &s->gap[0], (COLD_GAPS - 1) * sizeof s->gap[0]);
    s->gap[0] = (struct cold_gap){from_ms, to_ms};
    s->gap_ms += to_ms - from_ms;
    s->gaps++;
}

/* The part of the interval that lies at the beginning of a remembered gap, or behind what has filled it, is taken. */
static bool fill(struct cold_step *x, const struct cold_class *c, struct interval i)
{
    struct cold_shipment *s = x->s;
    for (size_t k = 0; k < COLD_GAPS; k++) {
        struct cold_gap *g = &s->gap[k];
        i.from_ms = cold_most(i.from_ms, g->from_ms);
        if (g->from_ms == g->to_ms || i.from_ms >= i.to_ms || i.to_ms > g->to_ms) continue;
        add_sums(s, c, &i);
        s->gap_ms -= i.to_ms - i.from_ms;
        if (i.from_ms > g->from_ms) { /* what lies before it stays a gap of its own */
            const struct cold_gap rest = {i.to_ms, g->to_ms};
            g->to_ms = i.from_ms;
            if (rest.from_ms < rest.to_ms) {
                memmove(&s->gap[1], &s->gap[0], (COLD_GAPS - 1) * sizeof s->gap[0]);
                s->gap[0] = rest;
                s->gaps++;
            }
        } else {
            g->from_ms = i.to_ms;
            if (g->from_ms == g->to_ms) s->gaps--;
        }
        s->filled++;
        haul_task_count(x->task, COLD_C_FILLED, 1);
        return true;
    }
    return false;
}

/* ---- custody ---- */
static void mismatch(struct cold_step *x, double from_c, double to_c)
{
    const double k = haul_abs(to_c - from_c);
    x->s->handover_k = to_c - from_c;
    if (k <= x->o->handover.k) {
        cold_clear(x, COLD_R_HANDOVER);
        return;
    }
    cold_raise(x, COLD_R_HANDOVER,
               (struct haul_raise){.value = k,
                                   .threshold = x->o->handover.k,
                                   .unit = "K",
                                   .evidence = {{"gave_c", from_c, 1},
                                                {"took_c", to_c, 1},
                                                {"apart_k", k, 1},
                                                {"limit_k", x->o->handover.k, 1}},
                                   .evidence_len = 4});
}

static void keep_text(char *to, uint8_t *len, size_t max, struct haul_str text)
{
    assert(text.n <= max);
    memset(to, 0, max);
    if (text.n > 0) memcpy(to, text.p, text.n);
    *len = (uint8_t)text.n;
}

static void into_unit(struct cold_shipment *s, const struct haul_record *r)
{
    const struct haul_str unit = r->v[HAUL_F_CX_UNIT].s, class = r->v[HAUL_F_CX_CLASS].s;
    keep_text(s->unit, &s->unit_len, sizeof s->unit, unit);
    if (class.n > 0) keep_text(s->class, &s->class_len, sizeof s->class, class);
    s->zone = (uint8_t)r->v[HAUL_F_CX_ZONE].i;
}

void cold_custody(struct cold_step *x, const struct haul_record *r)
{
    struct cold_shipment *s = x->s;
    const bool loads = r->v[HAUL_F_CX_WHAT].i == 1,
               other = !haul_str_eq((struct haul_str){s->unit, s->unit_len}, r->v[HAUL_F_CX_UNIT].s);
    if (!loads) {
        s->unloaded_ms = cold_most(s->unloaded_ms, r->time.ms);
        cold_compare(x);
        if (other || r->time.ms < s->loaded_ms) return; /* of the unit before, whose task was behind */
        s->aboard = 0;
        return;
    }
    if (r->time.ms < s->loaded_ms) return;
    if (other && s->exposed) {
        s->was_ms = s->through_ms, s->was_c = mid(s->now_high_c, s->now_low_c);
        s->handovers++;
    }
    into_unit(s, r);
    s->aboard = 1;
    s->loaded_ms = r->time.ms;
    if (s->begin_ms == 0) s->begin_ms = r->time.ms;
}

void cold_compare(struct cold_step *x)
{
    struct cold_shipment *s = x->s;
    const int64_t behind_ms = s->taken_ms - s->through_ms;
    if (s->taken_ms == 0 || !s->exposed) return;
    if (behind_ms <= x->o->handover.window_ms && -behind_ms <= x->o->handover.window_ms)
        mismatch(x, mid(s->now_high_c, s->now_low_c), s->taken_c);
    s->taken_ms = 0;
}

/* The giver's samples may be behind: they go through its unit's task. Then the reading waits for them. */
void cold_handed(struct cold_step *x, const struct haul_record *r)
{
    struct cold_shipment *s = x->s;
    keep_text(s->by, &s->by_len, sizeof s->by, r->v[HAUL_F_CH_BY].s);
    s->handovers++;
    s->taken_ms = r->time.ms, s->taken_c = r->v[HAUL_F_CH_TEMP].f;
    if (s->exposed && s->taken_ms - s->through_ms <= x->o->handover.window_ms) cold_compare(x);
}

/* ---- an exposure ---- */
void cold_expose(struct cold_step *x, const struct haul_record *r)
{
    struct cold_shipment *s = x->s;
    struct interval i = {.from_ms = r->v[HAUL_F_CX_FROM].i,
                         .to_ms = r->time.ms,
                         .high_c = r->v[HAUL_F_CX_HIGH].f,
                         .low_c = r->v[HAUL_F_CX_LOW].f,
                         .now_high_c = r->v[HAUL_F_CX_NOW_HIGH].f,
                         .now_low_c = r->v[HAUL_F_CX_NOW_LOW].f,
                         .defrost = r->v[HAUL_F_CX_DEFROST].i != 0};
    if (s->class_len == 0) into_unit(s, r);
    const struct cold_class *c = cold_class_find(x->o, (struct haul_str){s->class, s->class_len});
    if (s->exposed && i.to_ms <= s->through_ms) {
        if (!fill(x, c, i)) {
            s->overlaps++;
            haul_task_count(x->task, COLD_C_OVERLAP, 1);
        }
        cold_judge(x, c);
        return;
    }
    if (s->exposed && i.from_ms > s->through_ms) open_gap(s, s->through_ms, i.from_ms);
    if (s->exposed) i.from_ms = cold_most(i.from_ms, s->through_ms);
    if (s->begin_ms == 0 || i.from_ms < s->begin_ms) s->begin_ms = i.from_ms;
    if (s->taken_ms != 0 && i.to_ms > s->taken_ms) cold_compare(x);
    add_sums(s, c, &i);
    add_stretches(s, c, &i);
    extremes(s, i.now_high_c, i.now_low_c, i.to_ms);
    s->through_ms = i.to_ms;
    s->now_high_c = i.now_high_c, s->now_low_c = i.now_low_c;
    if (s->was_ms != 0) {
        if (i.from_ms - s->was_ms <= x->o->handover.window_ms) mismatch(x, s->was_c, mid(i.high_c, i.low_c));
        s->was_ms = 0;
    }
    cold_clear(x, COLD_R_UNTRACKED);
    cold_judge(x, c);
}
