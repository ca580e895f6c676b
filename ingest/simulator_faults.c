/* SPDX-License-Identifier: Apache-2.0
 * What goes wrong. Each kind has its own times for each vehicle, drawn from the scenario's rate (a Poisson process) or
 * given; a fault whose time has come waits until the vehicle can have it: speeding needs a free stretch of expressway,
 * theft a parked vehicle. A vehicle has one lasting fault at a time, and some quiet behind it, so that each alert has
 * one truth.
 */
#include "ingest/simulator_world.h"

#include "haul/hash.h"
#include "haul/math.h"

#include <stdio.h>
#include <stdlib.h>

#define QUIET_MS         (15 * SIM_MS_MIN) /* between two lasting faults of a vehicle */
#define MARGIN_MS        SIM_MS_MIN        /* from the end of a fault to the end of the scenario, at least */
#define DUPLICATE_GAP_MS (11 * SIM_MS_MIN) /* three within ten minutes are a rule of their own */
#define SILENCE_GAP_MS   (30 * SIM_MS_MIN)
#define BEHIND_SHARE     0.2 /* of an hour's wrong clocks: those that are wrong from the first record on */
#define OVER_MIN         1.14
#define OVER_MAX         1.35
#define OVER_REACHED     1.12
#define AHEAD_MIN_MS     (6 * SIM_MS_MIN)
#define AHEAD_MAX_MS     (10 * SIM_MS_MIN)
#define AGAIN_MS         (3 * SIM_MS_S) /* between two reports of one vehicle, when it is heard of again */
#define SPEED_MAX_MPS    50.0           /* for the length of road that speeding needs */
#define RAMP_MS          (60 * SIM_MS_S)

/* How long each lasts, and whether it lasts. */
static const struct {
    double low_s, high_s;
} lasts[HAUL_SIM_FAULTS] = {
    [HAUL_SIM_SPEEDING] = {40, 150},       [HAUL_SIM_UNPLANNED_STOP] = {1200, 2400}, [HAUL_SIM_FUEL_THEFT] = {180, 420},
    [HAUL_SIM_LOST_SIGNAL] = {720, 1800},  [HAUL_SIM_WRONG_CLOCK] = {300, 600},      [HAUL_SIM_BLIND_AREA] = {180, 480},
    [HAUL_SIM_DEAD_GATEWAY] = {720, 1500},
};

/* ---- truth ----------------------------------------------------------------------------------------------------------
 */

static const char *const rules[HAUL_SIM_FAULTS] = {
#define X(NAME, name, rule, en, zh) rule,
    HAUL_SIMULATOR_FAULTS(X)
#undef X
};

struct haul_simulator_truth *sim_truth(struct haul_simulator *s, const struct sim_vehicle *v,
                                       enum haul_simulator_fault f, int64_t from_ms, int64_t until_ms)
{
    if (s->truths_at > 0 && s->truths_at == s->truths_len) s->truths_at = s->truths_len = 0;
    if (s->truths_len == s->truths_cap) {
        s->truths_cap = s->truths_cap == 0 ? 256 : s->truths_cap * 2;
        s->truths = realloc(s->truths, s->truths_cap * sizeof *s->truths);
        assert(s->truths != NULL);
    }
    struct haul_simulator_truth *t = &s->truths[s->truths_len++];
    *t = (struct haul_simulator_truth){.fault = f, .from = {from_ms}, .until = {until_ms}};
    t->rule = *rules[f] == '\0' ? NULL : rules[f];
    if (v != NULL) {
        snprintf(t->vehicle, sizeof t->vehicle, "%s", v->id);
        snprintf(t->gateway, sizeof t->gateway, "gw-%03u", v->gateway + 1u);
    }
    return t;
}

void sim_truth_value(struct haul_simulator_truth *t, const char *name, double value)
{
    assert(t->values_len < sizeof t->values / sizeof t->values[0]);
    t->values[t->values_len].name = name;
    t->values[t->values_len++].value = value;
}

bool haul_simulator_truth(struct haul_simulator *s, struct haul_simulator_truth *out)
{
    if (s->truths_at == s->truths_len) return false;
    *out = s->truths[s->truths_at++];
    return true;
}

static void text_or_null(struct haul_json *j, const char *name, const char *text)
{
    haul_json_name(j, name);
    if (text == NULL || *text == '\0')
        haul_json_null(j);
    else
        haul_json_str(j, haul_str_of(text));
}

void haul_simulator_truth_json(const struct haul_simulator_truth *t, struct haul_json *j)
{
    haul_json_open(j, '{');
    haul_json_kstr(j, "fault", haul_str_of(haul_simulator_fault_name(t->fault)));
    text_or_null(j, "vehicle", t->vehicle);
    text_or_null(j, "gateway", t->gateway);
    haul_json_ktime(j, "from", t->from);
    haul_json_ktime(j, "until", t->until);
    text_or_null(j, "rule", t->rule);
    if (t->may != NULL) text_or_null(j, "may", t->may);
    if (t->detail != NULL) text_or_null(j, "detail", t->detail);
    if (t->reason != NULL) text_or_null(j, "reason", t->reason);
    haul_json_name(j, "values");
    haul_json_open(j, '{');
    for (size_t i = 0; i < t->values_len; i++) haul_json_kf64(j, t->values[i].name, t->values[i].value, 3);
    haul_json_close(j, '}');
    haul_json_close(j, '}');
}

/* ---- gateways -------------------------------------------------------------------------------------------------------
 */

static int by_gateway(const void *a, const void *b)
{
    const struct sim_silence *x = a, *y = b;
    if (x->gateway != y->gateway) return x->gateway < y->gateway ? -1 : 1;
    return x->from_ms < y->from_ms ? -1 : x->from_ms > y->from_ms;
}

/* The silence of a gateway that touches [from, until], or NULL. */
const struct sim_silence *sim_silence_at(const struct haul_simulator *s, uint32_t gateway, int64_t from_ms,
                                         int64_t until_ms)
{
    size_t low = 0, high = s->silences_len;
    while (low < high) { /* the first of this gateway, or a later one, that ends at or after `from` */
        const size_t mid = (low + high) / 2;
        const struct sim_silence *m = &s->silences[mid];
        if (m->gateway < gateway || (m->gateway == gateway && m->until_ms < from_ms))
            low = mid + 1;
        else
            high = mid;
    }
    if (low == s->silences_len) return NULL;
    const struct sim_silence *found = &s->silences[low];
    return found->gateway == gateway && found->from_ms <= until_ms ? found : NULL;
}

static void add_silence(struct haul_simulator *s, uint32_t gateway, int64_t from_ms, int64_t until_ms)
{
    if (until_ms + MARGIN_MS > s->end_ms ||
        sim_silence_at(s, gateway, from_ms - SILENCE_GAP_MS, until_ms + SILENCE_GAP_MS) != NULL)
        return;
    s->silences = realloc(s->silences, (s->silences_len + 1) * sizeof *s->silences);
    assert(s->silences != NULL);
    s->silences[s->silences_len++] = (struct sim_silence){gateway, from_ms, until_ms};
    qsort(s->silences, s->silences_len, sizeof *s->silences, by_gateway);
    struct haul_simulator_truth *t = sim_truth(s, NULL, HAUL_SIM_DEAD_GATEWAY, from_ms, until_ms);
    snprintf(t->gateway, sizeof t->gateway, "gw-%03u", gateway + 1);
    t->rule = NULL; /* its vehicles have one each */
}

static int64_t wait_ms(struct haul_rng *rng, double rate_per_h)
{
    if (rate_per_h <= 0) return SIM_NEVER / 2;
    const double hours = haul_rng_exponential(rng) / rate_per_h;
    return hours > 1e6 ? SIM_NEVER / 2 : (int64_t)(hours * (double)SIM_MS_H);
}

static int64_t lasts_ms(struct haul_rng *rng, enum haul_simulator_fault f)
{
    return (int64_t)(haul_rng_between(rng, lasts[f].low_s, lasts[f].high_s) * 1000);
}

static void plan_silences(struct haul_simulator *s)
{
    const double rate = s->scenario.rate[HAUL_SIM_DEAD_GATEWAY];
    for (uint32_t i = 0; i < s->scenario.events.len; i++) {
        const struct haul_scenario_event *e = &s->scenario.events.item[i];
        if (e->fault != HAUL_SIM_DEAD_GATEWAY || e->gateway > s->scenario.gateways) continue;
        const int64_t from_ms = s->start_ms + e->at_ms, ms = e->duration_ms > 0 ? e->duration_ms : 15 * SIM_MS_MIN;
        add_silence(s, (uint32_t)e->gateway - 1, from_ms, from_ms + ms);
    }
    for (uint32_t g = 0; rate > 0 && g < (uint32_t)s->scenario.gateways; g++) {
        struct haul_rng rng;
        haul_rng_seed(&rng, haul_mix((uint64_t)s->scenario.seed, 0x6761746577617900u + g));
        for (int64_t at = s->start_ms; (at += wait_ms(&rng, rate)) < s->end_ms;) {
            const int64_t until = at + lasts_ms(&rng, HAUL_SIM_DEAD_GATEWAY);
            add_silence(s, g, at, until);
            at = until;
        }
    }
}

/* ---- when -----------------------------------------------------------------------------------------------------------
 */

static void find_next(struct sim_vehicle *v)
{
    v->next_due_ms = SIM_NEVER;
    for (size_t f = 0; f < HAUL_SIM_FAULTS; f++)
        if (v->due_ms[f] < v->next_due_ms) v->next_due_ms = v->due_ms[f];
}

static void begin_behind(struct haul_simulator *s, struct sim_vehicle *v)
{
    const double rate = s->scenario.rate[HAUL_SIM_WRONG_CLOCK] * BEHIND_SHARE;
    if (haul_rng_f64(&v->rng) >= rate) return;
    const int64_t until = v->now_ms + lasts_ms(&v->rng, HAUL_SIM_WRONG_CLOCK);
    if (until + MARGIN_MS > s->end_ms || sim_silence_at(s, v->gateway, v->now_ms, until + QUIET_MS) != NULL) return;
    v->active =
        (struct sim_active){.kind = HAUL_SIM_WRONG_CLOCK, .from_ms = v->now_ms, .until_ms = until, .begun = true};
    v->active.value = -haul_rng_between(&v->rng, 360, 2400) * 1000;
    v->quiet_until_ms = until + QUIET_MS;
}

void sim_faults_plan(struct haul_simulator *s)
{
    plan_silences(s);
    for (size_t i = 0; i < (size_t)s->scenario.vehicles; i++) {
        struct sim_vehicle *v = &s->vehicles[i];
        v->active.kind = -1;
        for (size_t f = 0; f < HAUL_SIM_FAULTS; f++)
            v->due_ms[f] = v->now_ms + wait_ms(&v->rng, f == HAUL_SIM_DEAD_GATEWAY ? 0 : s->scenario.rate[f]);
        begin_behind(s, v);
    }
    for (uint32_t i = 0; i < s->scenario.events.len; i++) {
        const struct haul_scenario_event *e = &s->scenario.events.item[i];
        if (e->fault == HAUL_SIM_DEAD_GATEWAY || e->vehicle > s->scenario.vehicles) continue;
        struct sim_vehicle *v = &s->vehicles[e->vehicle - 1];
        v->due_ms[e->fault] = s->start_ms + e->at_ms;
        v->forced_ms[e->fault] = e->duration_ms;
    }
    for (size_t i = 0; i < (size_t)s->scenario.vehicles; i++) find_next(&s->vehicles[i]);
}

int64_t sim_faults_wake(const struct sim_vehicle *v)
{
    return v->active.kind >= 0 && v->active.until_ms > v->now_ms ? v->active.until_ms : SIM_NEVER;
}

/* ---- what can begin -------------------------------------------------------------------------------------------------
 */

static bool cruises(const struct sim_vehicle *v)
{
    return v->phase == SIM_DRIVING && v->speed_mps > 5 && v->halt_m < 0 && v->left_m > 2000;
}

/* For how far the road is free: no turn, no stop. */
static bool free_m(const struct haul_simulator *s, const struct sim_vehicle *v, double m)
{
    return cruises(v) && sim_edge_left_m(s, v) > m;
}

static bool can_begin(const struct haul_simulator *s, const struct sim_vehicle *v, enum haul_simulator_fault f,
                      int64_t ms)
{
    switch (f) {
    case HAUL_SIM_SPEEDING:
        return v->phase == SIM_DRIVING && sim_on_expressway(s, v) && v->speed_mps > 15 && v->stint_s < 5000 &&
               free_m(s, v, (double)(ms + RAMP_MS) / 1000 * SPEED_MAX_MPS) &&
               !(v->group == SIM_COACH && (sim_night(v->now_ms) || sim_night(v->now_ms + ms + RAMP_MS)));
    case HAUL_SIM_UNPLANNED_STOP:
        return free_m(s, v, 2000) && v->stint_s < 5000 &&
               !(v->group == SIM_COACH && sim_time_of_day(v->now_ms) < 6 * SIM_MS_H);
    case HAUL_SIM_FUEL_THEFT:
        return v->phase == SIM_PARKED && !v->robbed && v->refuel_until_ms < v->now_ms - 5 * SIM_MS_MIN &&
               v->phase_end_ms - v->now_ms > 5 * SIM_MS_MIN && v->reported_ms > 0 && !v->told_ignition &&
               v->fuel_l > 0.5 * sim_tank_l(v->group);
    case HAUL_SIM_LOST_SIGNAL: /* a rest in silence is one that nobody sees */
        return cruises(v) && v->told_ignition && v->reported_ms > 0 && sim_drives_on(v, ms + SIM_MS_MIN);
    case HAUL_SIM_BLIND_AREA:
        return cruises(v) && v->told_ignition && v->reported_ms > 0;
    case HAUL_SIM_WRONG_CLOCK: /* until the clock has caught up, a change that is told would come too late */
        return cruises(v) && v->told_ignition && v->reported_ms > 0 && sim_drives_on(v, ms + AHEAD_MAX_MS + SIM_MS_MIN);
    case HAUL_SIM_GNSS_JUMP:
        return free_m(s, v, 3000) && v->reported_ms > 0;
    case HAUL_SIM_DUPLICATE:
        return v->now_ms >= v->duplicate_after_ms && v->reported_ms > 0;
    case HAUL_SIM_DISORDER:
        return free_m(s, v, 4000) && v->reported_ms > 0;
    case HAUL_SIM_MALFORMED:
        return true;
    case HAUL_SIM_DEAD_GATEWAY:
    case HAUL_SIM_FAULTS:
        return false;
    }
    return false;
}

static bool at_once(enum haul_simulator_fault f)
{
    return f == HAUL_SIM_DUPLICATE || f == HAUL_SIM_DISORDER || f == HAUL_SIM_MALFORMED;
}

/* The vehicle is heard of all the time round the fault, and the scenario does not end in it. */
static bool fits(const struct haul_simulator *s, const struct sim_vehicle *v, enum haul_simulator_fault f, int64_t ms)
{
    if (v->active.kind >= 0 || (!at_once(f) && v->now_ms < v->quiet_until_ms)) return false;
    if (v->dead_until_ms > 0 || v->jumps_left > 0) return false;
    const int64_t round = at_once(f) ? SIM_MS_MIN : QUIET_MS;
    if (v->now_ms + ms + (at_once(f) ? 0 : RAMP_MS + MARGIN_MS) > s->end_ms) return false;
    return sim_silence_at(s, v->gateway, v->now_ms - round, v->now_ms + ms + round) == NULL;
}

/* Drawn once: one that must wait does not become shorter so that it fits. */
static int64_t drawn_ms(const struct haul_simulator *s, struct sim_vehicle *v, enum haul_simulator_fault f)
{
    if (v->forced_ms[f] > 0 || lasts[f].high_s <= 0) return v->forced_ms[f];
    v->forced_ms[f] = lasts_ms(&v->rng, f) + (f == HAUL_SIM_SPEEDING ? 3 * s->scenario.interval_ms : 0);
    return v->forced_ms[f];
}

static void begin_lasting(struct haul_simulator *s, struct sim_vehicle *v, enum haul_simulator_fault f, int64_t ms)
{
    v->active =
        (struct sim_active){.kind = (int32_t)f, .from_ms = v->now_ms, .until_ms = v->now_ms + ms, .begun = true};
    struct sim_active *a = &v->active;
    if (f == HAUL_SIM_SPEEDING) {
        a->value = s->scenario.limit_mps * haul_rng_between(&v->rng, OVER_MIN, OVER_MAX);
        a->begun = false, a->until_ms += RAMP_MS;
        a->total = (double)ms; /* to be kept up from when it is reached */
    } else if (f == HAUL_SIM_UNPLANNED_STOP) {
        sim_halt(v, SIM_HALT, ms);
        a->begun = false, a->until_ms = SIM_NEVER;
    } else if (f == HAUL_SIM_FUEL_THEFT) {
        a->total = sim_tank_l(v->group) * haul_rng_between(&v->rng, 0.2, 0.4);
        a->value = a->total / (double)ms;
        v->robbed = true;
        if (v->phase_end_ms < a->until_ms + QUIET_MS) v->phase_end_ms = a->until_ms + QUIET_MS;
    } else if (f == HAUL_SIM_WRONG_CLOCK) {
        a->value = haul_rng_between(&v->rng, AHEAD_MIN_MS, AHEAD_MAX_MS);
    }
    v->quiet_until_ms = v->now_ms + ms + QUIET_MS;
}

static void begin(struct haul_simulator *s, struct sim_vehicle *v, enum haul_simulator_fault f, int64_t ms)
{
    if (f == HAUL_SIM_MALFORMED) {
        sim_report_bytes(s, v);
    } else if (f == HAUL_SIM_GNSS_JUMP) {
        v->jumps_left = (uint8_t)(1 + haul_rng_below(&v->rng, 2));
        v->quiet_until_ms = v->now_ms + QUIET_MS;
    } else if (at_once(f)) {
        v->active = (struct sim_active){
            .kind = (int32_t)f, .from_ms = v->now_ms, .until_ms = SIM_NEVER}; /* by the next report */
        if (f == HAUL_SIM_DUPLICATE) v->duplicate_after_ms = v->now_ms + DUPLICATE_GAP_MS;
    } else {
        begin_lasting(s, v, f, ms);
    }
    v->forced_ms[f] = 0;
    v->due_ms[f] = v->now_ms + wait_ms(&v->rng, s->scenario.rate[f]);
}

void sim_faults_begin(struct haul_simulator *s, struct sim_vehicle *v)
{
    if (v->now_ms < v->next_due_ms) return;
    for (size_t i = 0; i < HAUL_SIM_FAULTS; i++) {
        const enum haul_simulator_fault f = (enum haul_simulator_fault)i;
        if (v->due_ms[f] > v->now_ms) continue;
        const int64_t ms = drawn_ms(s, v, f);
        if (fits(s, v, f, ms) && can_begin(s, v, f, ms)) begin(s, v, f, ms);
    }
    find_next(v);
}

/* ---- what ends ------------------------------------------------------------------------------------------------------
 */

static void end_speeding(struct haul_simulator *s, struct sim_vehicle *v)
{
    struct sim_active *a = &v->active;
    if (!a->begun && v->speed_mps >= s->scenario.limit_mps * OVER_REACHED) {
        a->begun = true;
        a->from_ms = v->now_ms, a->until_ms = v->now_ms + (int64_t)a->total;
    }
    if (a->until_ms > v->now_ms) return;
    if (a->begun) {
        struct haul_simulator_truth *t = sim_truth(s, v, HAUL_SIM_SPEEDING, a->from_ms, v->now_ms);
        sim_truth_value(t, "speed_kmh", a->value * 3.6);
        sim_truth_value(t, "limit_kmh", s->scenario.limit_mps * 3.6);
    }
    a->kind = -1;
}

static void end_stop(struct haul_simulator *s, struct sim_vehicle *v)
{
    struct sim_active *a = &v->active;
    if (!a->begun) {
        if (v->phase != SIM_HALT) return;
        a->begun = true, a->from_ms = v->phase_end_ms - v->halt_ms, a->until_ms = v->phase_end_ms;
        return;
    }
    if (v->phase == SIM_HALT && v->now_ms < a->until_ms) return;
    struct haul_simulator_truth *t = sim_truth(s, v, HAUL_SIM_UNPLANNED_STOP, a->from_ms, a->until_ms);
    sim_truth_value(t, "stopped_min", (double)(a->until_ms - a->from_ms) / 60000);
    v->quiet_until_ms = v->now_ms + QUIET_MS;
    a->kind = -1;
}

static void describe(const struct sim_vehicle *v, struct haul_simulator_truth *t)
{
    const struct sim_active *a = &v->active;
    if (a->kind == HAUL_SIM_FUEL_THEFT) {
        sim_truth_value(t, "drop_l", a->total);
        sim_truth_value(t, "left_l", v->fuel_l);
        return;
    }
    if (a->kind == HAUL_SIM_WRONG_CLOCK) sim_truth_value(t, "ahead_s", a->value / 1000);
    /* Set right again, the clock repeats minutes in which the vehicle is already said to be further on. */
    if (a->kind == HAUL_SIM_WRONG_CLOCK && a->value > 0) t->may = "fleet.gnss_jump,fleet.harsh_driving";
    sim_truth_value(t, "records", a->count);
}

void sim_faults_end(struct haul_simulator *s, struct sim_vehicle *v)
{
    struct sim_active *a = &v->active;
    if (a->kind == HAUL_SIM_SPEEDING) {
        end_speeding(s, v);
    } else if (a->kind == HAUL_SIM_UNPLANNED_STOP) {
        end_stop(s, v);
    } else if (a->kind >= 0 && v->now_ms >= a->until_ms) {
        describe(v, sim_truth(s, v, (enum haul_simulator_fault)a->kind, a->from_ms, a->until_ms));
        const bool ahead = a->kind == HAUL_SIM_WRONG_CLOCK && a->value > 0;
        v->quiet_until_ms = v->now_ms + QUIET_MS + (ahead ? (int64_t)a->value : 0);
        const bool back = a->kind == HAUL_SIM_LOST_SIGNAL || a->kind == HAUL_SIM_BLIND_AREA;
        if (back) v->report_ms = v->now_ms > v->reported_ms + AGAIN_MS ? v->now_ms : v->reported_ms + AGAIN_MS;
        a->kind = -1;
    }
}
