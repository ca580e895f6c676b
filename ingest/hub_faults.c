/* SPDX-License-Identifier: Apache-2.0
 * What goes wrong in the simulated hubs, and the truth of it.
 */
#include "ingest/hub_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define AGAIN_MS (30 * HUB_MS_S)   /* a fault that cannot be had now waits so long */
#define REST_MS  (45 * HUB_MS_MIN) /* until a backlog is worked off and a reader has shown that it reads again */

static const struct {
    const char *name, *rule, *may;
} table[HAUL_HUB_FAULTS_LEN] = {
#define X(NAME, name, rule, may, en, zh) {name, rule, may},
    HAUL_HUB_FAULTS(X)
#undef X
};

const char *const hub_bad_reasons[] = {"truncated", "refused_by_processor", "refused_by_processor", "missing_field"};
#define BAD (sizeof hub_bad_reasons / sizeof hub_bad_reasons[0])

/* ---- the truth ---- */
void hub_truth(struct haul_hub_simulator *s, enum haul_hub_fault f, int64_t from_ms, int64_t until_ms,
               const char *format, ...)
{
    if (s->truths_len == s->truths_cap) {
        s->truths_cap = s->truths_cap == 0 ? 64 : 2 * s->truths_cap;
        s->truth = realloc(s->truth, s->truths_cap * sizeof *s->truth);
        assert(s->truth != NULL);
    }
    struct haul_hub_truth *t = &s->truth[s->truths_len++];
    *t = (struct haul_hub_truth){.fault = f, .from = {from_ms}, .until = {until_ms}};
    va_list args;
    va_start(args, format);
    vsnprintf(t->entity, sizeof t->entity, format, args);
    va_end(args);
}

bool haul_hub_simulator_truth(struct haul_hub_simulator *s, struct haul_hub_truth *out)
{
    if (s->truths_at == s->truths_len) return false;
    *out = s->truth[s->truths_at++];
    return true;
}

static void text_or_null(struct haul_json *j, const char *name, const char *text)
{
    haul_json_name(j, name);
    if (text == NULL || text[0] == '\0')
        haul_json_null(j);
    else
        haul_json_str(j, haul_str_of(text));
}

void haul_hub_truth_json(const struct haul_hub_truth *t, struct haul_json *j)
{
    const bool census = t->fault == HAUL_HUB_FAULTS_LEN;
    haul_json_open(j, '{');
    haul_json_kstr(j, "fault", haul_str_of(census ? "census" : table[t->fault].name));
    haul_json_kstr(j, "entity", haul_str_of(t->entity));
    haul_json_ktime(j, "from", t->from);
    haul_json_ktime(j, "until", t->until);
    text_or_null(j, "rule", census ? NULL : table[t->fault].rule);
    text_or_null(j, "may", census ? NULL : table[t->fault].may);
    if (t->reason != NULL) haul_json_kstr(j, "reason", haul_str_of(t->reason));
    if (census) {
        haul_json_ku64(j, "in", t->in);
        haul_json_ku64(j, "out", t->out);
        haul_json_ku64(j, "inside", t->in - t->out);
    }
    haul_json_close(j, '}');
}

/* ---- when ---- */
static int64_t gap_ms(struct hub *h, double rate)
{
    const double gap = haul_rng_exponential(&h->rng) * HUB_MS_H / rate;
    return gap < 1e12 ? (int64_t)gap : (int64_t)1e12;
}

void hub_faults_begin(struct haul_hub_simulator *s, struct hub *h)
{
    for (unsigned f = 0; f < HAUL_HUB_FAULTS_LEN; f++) {
        const double rate = s->scenario.rate[f];
        if (rate <= 0) continue;
        hub_at(s, h, s->start_ms + s->scenario.warmup_ms + gap_ms(h, rate), HUB_FAULT, f, 1);
    }
}

bool hub_flow_fault(const struct haul_hub_simulator *s, const struct hub *h, enum haul_hub_fault f)
{
    assert(f < HAUL_HUB_FLOW_FAULTS);
    return s->now_ms < h->flow_until_ms[f];
}

/* ---- what ---- */
static uint32_t some(struct hub *h, int64_t n)
{
    return (uint32_t)haul_rng_below(&h->rng, (uint64_t)n);
}

/* A fault of the flow that lasts. */
static void lasts(struct haul_hub_simulator *s, struct hub *h, enum haul_hub_fault f, double low_min, double high_min,
                  const char *noun, const char *of)
{
    const int64_t until_ms = s->now_ms + hub_ms(h, 60 * low_min, 60 * high_min);
    h->flow_until_ms[f] = until_ms;
    h->flow_busy_ms = until_ms + REST_MS;
    hub_truth(s, f, s->now_ms, until_ms, "%s:%s%s", noun, h->id, of);
}

static bool flow_fault(struct haul_hub_simulator *s, struct hub *h, enum haul_hub_fault f)
{
    const uint32_t zones = (uint32_t)s->scenario.zones, line = some(h, s->scenario.lines);
    if (s->now_ms < h->flow_busy_ms) return false;
    if (s->now_ms + 24 * HUB_MS_MIN > s->end_ms) return true; /* too late for it to be told */
    if (f == HAUL_HUB_SENSOR_JAM) h->zone[line * zones + some(h, zones)].jam_ms = hub_ms(h, 12, 60);
    if (f == HAUL_HUB_ARRIVAL_JAM) h->zone[line * zones + 1 + some(h, zones - 1)].wedge_ms = hub_ms(h, 10, 40);
    if (f == HAUL_HUB_SENSOR_JAM || f == HAUL_HUB_ARRIVAL_JAM) h->flow_busy_ms = s->now_ms + 5 * HUB_MS_MIN;
    if (f == HAUL_HUB_SLOW_SORTER) lasts(s, h, f, 12, 20, "hub", "");
    if (f == HAUL_HUB_MISSORT) lasts(s, h, f, 10, 20, "hub", "");
    if (f == HAUL_HUB_NO_READ) lasts(s, h, f, 12, 20, "station", "/SCAN");
    if (f == HAUL_HUB_RECIRCULATION) lasts(s, h, f, 12, 20, "station", "/SCAN");
    if (f != HAUL_HUB_FULL_CHUTE) return true;
    struct hub_chute *c = &h->chute[some(h, s->scenario.chutes)];
    if (c->emptying || c->items.len > s->scenario.chute_capacity / 3 || s->now_ms + 45 * HUB_MS_MIN > s->end_ms)
        return s->now_ms + 45 * HUB_MS_MIN > s->end_ms;
    c->shut_ms = hub_ms(h, 3 * 60, 8 * 60);
    h->flow_busy_ms = s->now_ms + 40 * HUB_MS_MIN;
    return true;
}

static bool vehicle_fault(struct haul_hub_simulator *s, struct hub *h, enum haul_hub_fault f)
{
    if (s->scenario.agvs == 0) return true;
    const uint32_t a = some(h, s->scenario.agvs);
    struct hub_vehicle *v = &h->vehicle[a];
    if (s->now_ms + 8 * HUB_MS_MIN > s->end_ms) return true;
    /* drives, and well: what has just had a fault is left to recover */
    if (v->phase != 1 || v->trouble != HAUL_HUB_FAULTS_LEN || s->now_ms < v->trouble_ms + 3 * HUB_MS_MIN) return false;
    double low_s = 30, high_s = 90;
    if (f == HAUL_HUB_AGV_BLOCKED) low_s = 85, high_s = 180;
    if (f == HAUL_HUB_AGV_LOST) low_s = 20, high_s = 120;
    if (f == HAUL_HUB_AGV_SILENT) low_s = 80, high_s = 200;
    if (f == HAUL_HUB_AGV_FLAT) low_s = 60, high_s = 240, v->battery = 12;
    v->trouble = f;
    v->trouble_ms = s->now_ms + hub_ms(h, low_s, high_s);
    hub_truth(s, f, s->now_ms, v->trouble_ms, "agv:%s/AGV%02u", h->id, a + 1);
    return true;
}

static bool truck_fault(struct hub *h, enum haul_hub_fault f, uint32_t dock)
{
    if (h->truck[dock].trouble != HAUL_HUB_FAULTS_LEN || h->truck[dock].step == 1) return false;
    h->truck[dock].trouble = f;
    return true;
}

static bool theft(struct haul_hub_simulator *s, struct hub *h)
{
    if (s->scenario.locations == 0 || s->now_ms + 25 * HUB_MS_MIN > s->end_ms) return true;
    const uint32_t a = some(h, s->scenario.locations);
    struct hub_location *l = &h->location[a];
    if (l->stolen > 0 || l->found_ms + 30 * HUB_MS_MIN > s->now_ms) return false;
    l->stolen = 2 + some(h, 8);
    l->real -= l->stolen;
    l->found_ms = s->now_ms + 35 * HUB_MS_MIN;
    hub_truth(s, HAUL_HUB_THEFT, s->now_ms, l->found_ms, "station:%s/LOC%u", h->id, a + 1);
    return true;
}

static bool worn_motor(struct haul_hub_simulator *s, struct hub *h, uint32_t state)
{
    const uint32_t zones = (uint32_t)s->scenario.zones;
    if (state > 1) { /* it is serviced: the next reading says so */
        h->zone[state - 2].load = 0.99;
        return true;
    }
    if (s->now_ms + 15 * HUB_MS_MIN > s->end_ms) return true;
    const uint32_t z = some(h, s->scenario.lines * s->scenario.zones);
    if (s->now_ms < h->zone[z].rested_ms) return false;
    h->zone[z].load = 1.1;
    h->zone[z].rested_ms = s->now_ms + 90 * HUB_MS_MIN; /* what is usual is learnt anew when it is serviced */
    hub_at(s, h, s->now_ms + 40 * HUB_MS_MIN, HUB_FAULT, HAUL_HUB_WORN_MOTOR, z + 2);
    hub_truth(s, HAUL_HUB_WORN_MOTOR, s->now_ms, s->now_ms + 40 * HUB_MS_MIN, "station:%s/L%uZ%u", h->id, z / zones + 1,
              z % zones + 1);
    return true;
}

void hub_bad(struct haul_hub_simulator *s, struct hub *h)
{
    const uint32_t which = h->bad++ % BAD;
    static const enum haul_kind kinds[BAD] = {HAUL_KIND_HUB_SCAN, HAUL_KIND_HUB_MACHINE, HAUL_KIND_HUB_DOCK,
                                              HAUL_KIND_HUB_SCAN};
    struct hub_message m = hub_message(s, h, kinds[which]);
    m.bad = (uint8_t)(which + 1);
    if (which == 1) hub_text(&m, HAUL_F_HM_AT, "L1Z1");
    if (which == 2) {
        hub_text(&m, HAUL_F_HD_WHAT, "parked");
        hub_text(&m, HAUL_F_HD_TRUCK, "T1");
        hub_text(&m, HAUL_F_HD_AT, "DOCK1");
    }
    if (which == 3) hub_text(&m, HAUL_F_HS_ITEM, "nowhere");
    hub_push(s, h, &m);
    hub_truth(s, HAUL_HUB_MALFORMED, s->now_ms, s->now_ms, "hub:%s", h->id);
    s->truth[s->truths_len - 1].reason = hub_bad_reasons[which];
}

/* True: it is had, or never will be. */
static bool begins(struct haul_hub_simulator *s, struct hub *h, enum haul_hub_fault f, uint32_t state)
{
    if (f < HAUL_HUB_FLOW_FAULTS) return flow_fault(s, h, f);
    if (f >= HAUL_HUB_AGV_BLOCKED && f <= HAUL_HUB_AGV_STOP) return vehicle_fault(s, h, f);
    if (f == HAUL_HUB_LATE_DOCK || f == HAUL_HUB_SLOW_TRUCK) return truck_fault(h, f, some(h, s->scenario.docks));
    if (f == HAUL_HUB_THEFT) return theft(s, h);
    if (f == HAUL_HUB_WORN_MOTOR) return worn_motor(s, h, state);
    if (f == HAUL_HUB_LOST_ITEM && s->now_ms + 90 * HUB_MS_MIN < s->end_ms) h->lose_ms = hub_ms(h, 70 * 60, 85 * 60);
    if (f == HAUL_HUB_COPIED_LABEL && s->now_ms < h->copy_after_ms) return false;
    if (f == HAUL_HUB_COPIED_LABEL && s->now_ms + 2 * HUB_MS_MIN < s->end_ms) {
        h->copy = true;
        h->copy_after_ms = s->now_ms + 13 * HUB_MS_MIN;
    }
    if (f == HAUL_HUB_DUPLICATE) h->twice = true;
    if (f == HAUL_HUB_DISORDER) h->disorder = true;
    if (f == HAUL_HUB_MALFORMED) hub_bad(s, h);
    return true;
}

void hub_fault(struct haul_hub_simulator *s, struct hub *h, const struct hub_event *e)
{
    const enum haul_hub_fault f = (enum haul_hub_fault)e->a;
    if (!begins(s, h, f, e->b))
        hub_at(s, h, s->now_ms + AGAIN_MS, HUB_FAULT, e->a, e->b);
    else if (e->b == 1)
        hub_at(s, h, s->now_ms + gap_ms(h, s->scenario.rate[f]), HUB_FAULT, e->a, 1);
}
