/* SPDX-License-Identifier: Apache-2.0
 * What stands beside the flow of items: motors, trucks at the docks, guided vehicles, storage that is counted.
 */
#include "ingest/hub_world.h"

#define MOTORS_MS  10000
#define REPORT_S   10.0
#define COUNT_MS   (10 * HUB_MS_MIN)
#define CURRENT_A  4.0
#define VIBRATION  2.0
#define DRAIN_PCT  0.02
#define CHARGE_PCT 1.0

/* ---- motors ---- */
static void motors(struct haul_hub_simulator *s, struct hub *h)
{
    const uint32_t zones = (uint32_t)s->scenario.zones;
    for (uint32_t z = 0; z < s->scenario.lines * s->scenario.zones; z++) {
        const double current = CURRENT_A * h->zone[z].load + 0.05 * haul_rng_normal(&h->rng);
        const double vibration = VIBRATION * h->zone[z].load + 0.03 * haul_rng_normal(&h->rng);
        if (!h->zone[z].motor) continue;
        struct hub_message m = hub_message(s, h, HAUL_KIND_HUB_MACHINE);
        hub_text(&m, HAUL_F_HM_AT, "L%uZ%u", z / zones + 1, z % zones + 1);
        hub_text(&m, HAUL_F_HM_PART, "conveyor");
        hub_real(&m, HAUL_F_HM_CURRENT, current);
        hub_real(&m, HAUL_F_HM_VIBRATION, vibration);
        hub_int(&m, HAUL_F_HM_CAPACITY, 2);
        if (h->zone[z].load < 1) hub_int(&m, HAUL_F_HM_SERVICED, 1), h->zone[z].load = 1;
        hub_push(s, h, &m);
    }
    hub_at(s, h, s->now_ms + MOTORS_MS, HUB_MOTORS, 0, 0);
}

/* ---- trucks ---- */
static void truck_says(struct haul_hub_simulator *s, struct hub *h, uint32_t dock, const char *what)
{
    struct hub_message m = hub_message(s, h, HAUL_KIND_HUB_DOCK);
    hub_text(&m, HAUL_F_HD_WHAT, "%s", what);
    hub_text(&m, HAUL_F_HD_TRUCK, "%s-T%u-%u", h->id, dock + 1, h->truck[dock].number);
    if (what[0] == 'g')
        hub_text(&m, HAUL_F_HD_AT, "GATE");
    else
        hub_text(&m, HAUL_F_HD_AT, "DOCK%u", dock + 1);
    if (h->truck[dock].step == 0) hub_text(&m, HAUL_F_HD_TO, "DOCK%u", dock + 1);
    hub_push(s, h, &m);
}

static void truck(struct haul_hub_simulator *s, struct hub *h, uint32_t dock)
{
    struct hub_truck *t = &h->truck[dock];
    static const char *const steps[] = {"gate_in", "dock_in", "dock_out", "gate_out"};
    int64_t next_ms = 0;
    if (t->step == 0) t->number++;
    truck_says(s, h, dock, steps[t->step]);
    if (t->step == 0) {
        const bool late = t->trouble == HAUL_HUB_LATE_DOCK && s->now_ms + 55 * HUB_MS_MIN < s->end_ms;
        if (t->trouble == HAUL_HUB_SLOW_TRUCK && s->now_ms + 128 * HUB_MS_MIN > s->end_ms)
            t->trouble = HAUL_HUB_FAULTS_LEN;
        next_ms = late ? hub_ms(h, 36 * 60, 50 * 60) : hub_ms(h, 3 * 60, 12 * 60);
        if (late)
            hub_truth(s, HAUL_HUB_LATE_DOCK, s->now_ms, s->now_ms + next_ms, "station:%s/DOCK%u", h->id, dock + 1);
        if (t->trouble != HAUL_HUB_SLOW_TRUCK) t->trouble = HAUL_HUB_FAULTS_LEN;
    } else if (t->step == 1) {
        const bool slow = t->trouble == HAUL_HUB_SLOW_TRUCK;
        next_ms = slow ? hub_ms(h, 122 * 60, 128 * 60) : hub_ms(h, 15 * 60, 35 * 60);
        if (slow)
            hub_truth(s, HAUL_HUB_SLOW_TRUCK, s->now_ms, s->now_ms + next_ms, "station:%s/DOCK%u", h->id, dock + 1);
        t->trouble = HAUL_HUB_FAULTS_LEN;
    } else {
        next_ms = t->step == 2 ? hub_ms(h, 2 * 60, 4 * 60) : hub_ms(h, 2 * 60, 8 * 60);
    }
    t->step = (uint8_t)((t->step + 1) % 4);
    hub_at(s, h, s->now_ms + next_ms, HUB_TRUCK, dock, 0);
}

/* ---- guided vehicles ---- */
enum { IDLE, DRIVES, LOADS, CHARGES };

static void next_phase(struct haul_hub_simulator *s, struct hub *h, struct hub_vehicle *v)
{
    const bool charged = v->phase == CHARGES && v->battery < 85;
    if (v->battery < 30 || charged) {
        v->phase = CHARGES;
        v->phase_ms = s->now_ms + 60 * HUB_MS_S;
    } else if (v->phase == IDLE || v->phase == CHARGES) {
        v->phase = DRIVES, v->order++;
        v->phase_ms = s->now_ms + hub_ms(h, 20, 90);
    } else if (v->phase == DRIVES) {
        v->phase = LOADS;
        v->phase_ms = s->now_ms + hub_ms(h, 5, 20);
    } else {
        v->phase = IDLE;
        v->phase_ms = s->now_ms + hub_ms(h, 5, 40);
    }
}

static void vehicle_moves(struct haul_hub_simulator *s, struct hub *h, struct hub_vehicle *v)
{
    const bool held = v->trouble == HAUL_HUB_AGV_BLOCKED || v->trouble == HAUL_HUB_AGV_STOP;
    if (v->trouble != HAUL_HUB_FAULTS_LEN && s->now_ms >= v->trouble_ms) {
        if (v->trouble == HAUL_HUB_AGV_FLAT) v->phase = CHARGES, v->phase_ms = s->now_ms + HUB_MS_MIN;
        v->trouble = HAUL_HUB_FAULTS_LEN;
    }
    if (!held && v->trouble != HAUL_HUB_AGV_FLAT && s->now_ms >= v->phase_ms) next_phase(s, h, v);
    if (v->phase == CHARGES) v->battery += CHARGE_PCT;
    if (v->phase == DRIVES && !held) {
        v->battery -= DRAIN_PCT;
        v->heading = hub_between(h, -3, 3);
        v->x_m = hub_between(h, 0, 200), v->y_m = hub_between(h, 0, 80);
    }
}

static void vehicle(struct haul_hub_simulator *s, struct hub *h, uint32_t a)
{
    struct hub_vehicle *v = &h->vehicle[a];
    vehicle_moves(s, h, v);
    hub_at(s, h, s->now_ms + hub_ms(h, REPORT_S - 2, REPORT_S), HUB_VEHICLE, a, 0);
    if (v->trouble == HAUL_HUB_AGV_SILENT) return;
    const bool held = v->trouble == HAUL_HUB_AGV_BLOCKED || v->trouble == HAUL_HUB_AGV_STOP;
    const bool drives = v->phase == DRIVES && !held && v->trouble != HAUL_HUB_AGV_FLAT;
    struct hub_message m = hub_message(s, h, HAUL_KIND_HUB_AGV);
    hub_text(&m, HAUL_F_HA_AGV, "AGV%02u", a + 1);
    hub_int(&m, HAUL_F_HA_DRIVING, drives);
    if ((v->phase == DRIVES || v->phase == LOADS || v->trouble == HAUL_HUB_AGV_BLOCKED) &&
        v->trouble != HAUL_HUB_AGV_FLAT && v->trouble != HAUL_HUB_AGV_STOP)
        hub_text(&m, HAUL_F_HA_ORDER, "O%u-%u", a + 1, v->order);
    hub_real(&m, HAUL_F_HA_X, v->x_m);
    hub_real(&m, HAUL_F_HA_Y, v->y_m);
    hub_real(&m, HAUL_F_HA_THETA, v->heading);
    hub_real(&m, HAUL_F_HA_LOCALIZATION,
             v->trouble == HAUL_HUB_AGV_LOST ? hub_between(h, 0, 0.3) : hub_between(h, 0.8, 1));
    hub_real(&m, HAUL_F_HA_BATTERY, v->battery < 100 ? v->battery : 100);
    hub_int(&m, HAUL_F_HA_CHARGING, v->phase == CHARGES);
    hub_real(&m, HAUL_F_HA_SPEED, drives ? hub_between(h, 0.5, 1.8) : 0);
    if (v->trouble == HAUL_HUB_AGV_STOP) hub_int(&m, HAUL_F_HA_ESTOP, 1);
    hub_push(s, h, &m);
}

/* ---- storage: received, stored, picked, shipped ---- */
static void stock(struct haul_hub_simulator *s, struct hub *h, uint32_t a, uint32_t phase)
{
    static const char *const steps[] = {"receiving", "storing", "picking", "shipping"};
    struct hub_location *l = &h->location[a];
    const int64_t pieces = 3 + (int64_t)(l->number % 7);
    struct hub_message m = hub_message(s, h, HAUL_KIND_HUB_SCAN);
    hub_text(&m, HAUL_F_HS_ITEM, "%s-B%u-%u", h->id, a + 1, l->number);
    hub_text(&m, HAUL_F_HS_STEP, "%s", steps[phase]);
    if (phase == 0)
        hub_text(&m, HAUL_F_HS_AT, "IN1"), h->in++;
    else if (phase == 3)
        hub_text(&m, HAUL_F_HS_AT, "OUT1"), h->out++, l->number++;
    else
        hub_text(&m, HAUL_F_HS_AT, "LOC%u", a + 1), hub_int(&m, HAUL_F_HS_QUANTITY, pieces);
    if (phase == 1) l->real += pieces;
    if (phase == 2) l->real -= pieces;
    hub_push(s, h, &m);
    const int64_t later_ms = phase == 1 ? hub_ms(h, 5 * 60, 15 * 60) : hub_ms(h, 60, 180);
    hub_at(s, h, s->now_ms + later_ms, HUB_STOCK, a, (phase + 1) % 4);
}

static void count(struct haul_hub_simulator *s, struct hub *h, uint32_t a)
{
    struct hub_location *l = &h->location[a];
    if (l->stolen > 0 && s->now_ms >= l->found_ms) l->real += l->stolen, l->stolen = 0;
    struct hub_message m = hub_message(s, h, HAUL_KIND_HUB_COUNT);
    hub_text(&m, HAUL_F_HN_AT, "LOC%u", a + 1);
    hub_int(&m, HAUL_F_HN_COUNTED, l->real);
    hub_push(s, h, &m);
    hub_at(s, h, s->now_ms + COUNT_MS, HUB_COUNTING, a, 0);
}

/* ---- */
void hub_parts_begin(struct haul_hub_simulator *s, struct hub *h)
{
    hub_at(s, h, s->start_ms + MOTORS_MS, HUB_MOTORS, 0, 0);
    for (uint32_t i = 0; i < s->scenario.docks; i++) {
        h->truck[i].trouble = HAUL_HUB_FAULTS_LEN;
        hub_at(s, h, s->start_ms + hub_ms(h, 10, 600), HUB_TRUCK, i, 0);
    }
    for (uint32_t i = 0; i < s->scenario.agvs; i++) {
        h->vehicle[i] = (struct hub_vehicle){.battery = hub_between(h, 50, 95), .trouble = HAUL_HUB_FAULTS_LEN};
        hub_at(s, h, s->start_ms + hub_ms(h, 0, REPORT_S), HUB_VEHICLE, i, 0);
    }
    for (uint32_t i = 0; i < s->scenario.locations; i++) {
        h->location[i].real = 100 + (int64_t)haul_rng_below(&h->rng, 200);
        hub_at(s, h, s->start_ms + hub_ms(h, 5, 20), HUB_COUNTING, i, 0);
        hub_at(s, h, s->start_ms + hub_ms(h, 30, 300), HUB_STOCK, i, 0);
    }
}

void hub_parts_event(struct haul_hub_simulator *s, struct hub *h, const struct hub_event *e)
{
    if (e->what == HUB_MOTORS) motors(s, h);
    if (e->what == HUB_TRUCK) truck(s, h, e->a);
    if (e->what == HUB_VEHICLE) vehicle(s, h, e->a);
    if (e->what == HUB_STOCK) stock(s, h, e->a, e->b);
    if (e->what == HUB_COUNTING) count(s, h, e->a);
}
