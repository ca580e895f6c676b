/* SPDX-License-Identifier: Apache-2.0
 * The simulated cold chain: from sample to sample every unit's air, door, defrost and trip go on. What is sent waits in
 * the outbox until nothing that is still to come can be sent earlier.
 */
#include "ingest/simulator_cold_world.h"

#include "haul/hash.h"
#include "haul/math.h"
#include "haul/time.h"

#include <stdio.h>
#include <stdlib.h>

#define BAND_K       0.7  /* the thermostat switches so far from the set point */
#define DOOR_KPMIN   0.5  /* an open door warms the air */
#define HEATER_KPMIN 0.2  /* a defrost as well, */
#define HEATER_K     2.5  /* and ends by itself so far above the set point */
#define CALM_K       1.0  /* a door is not opened on air that is warmer than that above it */
#define YARD_KPMIN   0.15 /* a body that stands open in the yard */
#define YARD_K       4.0  /* above the limit of its goods, when it is loaded so */
#define WALLS_SHARE  0.6  /* of what the walls let in that the machine takes beside its pull */
#define FROST_C      (-4.0)
#define APART_MS     (30 * CHILL_MS_MIN) /* between a door and a defrost: each is within the range, both may not be */

static const struct chill_kind kinds[] = {
    {"gb31605_frozen", -22, -18, false},
    {"gb31605_chilled", 5, 10, false},
    {"gsp_drug", 4.2, 8, true},
    {"vaccine_2_8", 4.2, 8, true},
};

int64_t chill_some(struct haul_rng *rng, int64_t low_ms, int64_t high_ms)
{
    return low_ms + (int64_t)haul_rng_below(rng, (uint64_t)(high_ms - low_ms + 1));
}

/* ---- a unit's life ---- */
static double set_point(const struct chill_unit *u)
{
    return chill_fails(u, HAUL_COLD_FREEZE) ? FROST_C : u->kind->set_c;
}

static bool is_dead(const struct chill_unit *u)
{
    return chill_fails(u, HAUL_COLD_COMPRESSOR) || chill_fails(u, HAUL_COLD_POWER) || chill_fails(u, HAUL_COLD_PRECOOL);
}

static void live(struct chill_world *w, struct chill_unit *u, bool door, bool defrost)
{
    const double minutes = (double)w->scenario.interval_ms / 60000, set_c = set_point(u);
    const double walls = (u->outside_c - u->air_c) / u->tau_min;
    if (u->air_c > set_c + BAND_K) u->cooling = true;
    if (u->air_c < set_c - BAND_K) u->cooling = false;
    double kpmin = walls;
    if (u->cooling && !is_dead(u) && !defrost) kpmin -= u->pull_kpmin + WALLS_SHARE * walls;
    if (door) kpmin += DOOR_KPMIN;
    if (defrost && u->air_c < set_c + HEATER_K) kpmin += HEATER_KPMIN;
    if (chill_fails(u, HAUL_COLD_PRECOOL) && u->air_c < u->kind->limit_c + YARD_K) kpmin += YARD_KPMIN;
    u->air_c += kpmin * minutes;
    if (u->active != CHILL_NONE && u->crossed_ms == 0 && u->air_c > u->kind->limit_c) u->crossed_ms = w->now_ms;
}

/* A defrost that is due waits for the door, for a fault, and for a trip to begin or end. */
static bool defrosts(struct chill_world *w, struct chill_unit *u)
{
    if (chill_fails(u, HAUL_COLD_DEFROST)) return true;
    if (u->defrost_until_ms != 0) {
        if (w->now_ms < u->defrost_until_ms && u->air_c < set_point(u) + HEATER_K) return true;
        u->defrost_until_ms = 0;
        u->defrost_ms = u->defrost_ms + u->period_ms + chill_some(&u->rng, 0, 8 * CHILL_MS_MIN) - 4 * CHILL_MS_MIN;
        return false;
    }
    const bool door_near = u->door_until_ms != 0 || u->door_ms - w->now_ms < APART_MS ||
                           (u->turn_ms > w->now_ms && u->turn_ms - w->now_ms < APART_MS);
    if (w->now_ms < u->defrost_ms) return false;
    if (door_near || u->active != CHILL_NONE) {
        u->defrost_ms += u->active != CHILL_NONE ? u->period_ms : APART_MS;
        return false;
    }
    u->defrost_until_ms = w->now_ms + chill_some(&u->rng, 18 * CHILL_MS_MIN, 28 * CHILL_MS_MIN);
    return true;
}

static bool is_calm(const struct chill_unit *u)
{
    return u->air_c < set_point(u) + CALM_K;
}

static void open_door(struct chill_world *w, struct chill_unit *u)
{
    u->door_until_ms = w->now_ms + chill_some(&u->rng, CHILL_MS_MIN, 2 * CHILL_MS_MIN);
}

static bool has_door_open(struct chill_world *w, struct chill_unit *u)
{
    if (chill_fails(u, HAUL_COLD_DOOR)) return true;
    if (u->door_until_ms != 0) {
        if (w->now_ms < u->door_until_ms) return true;
        u->door_until_ms = 0;
        u->door_ms = w->now_ms + chill_some(&u->rng, 3 * CHILL_MS_H, 7 * CHILL_MS_H);
        return false;
    }
    if (w->now_ms < u->door_ms) return false;
    if (u->defrost_until_ms != 0 || u->active != CHILL_NONE || !is_calm(u)) {
        u->door_ms += APART_MS;
        return false;
    }
    open_door(w, u);
    return true;
}

/* ---- trips ---- */
static uint32_t number_of(const struct chill_world *w, const struct chill_unit *u)
{
    return (uint32_t)(u - w->units);
}

static void load(struct chill_world *w, struct chill_unit *u)
{
    u->trips++;
    snprintf(u->shipment, sizeof u->shipment, "S%05u-%u", number_of(w, u) + 1, u->trips);
    chill_event(w, u, CHILL_LOADED, w->now_ms);
    u->turn_ms = w->now_ms + chill_some(&u->rng, 6 * CHILL_MS_H, 14 * CHILL_MS_H);
    if (!chill_fails(u, HAUL_COLD_PRECOOL)) open_door(w, u);
}

static void unload(struct chill_world *w, struct chill_unit *u)
{
    chill_event(w, u, CHILL_UNLOADED, w->now_ms);
    chill_event(w, u, CHILL_HANDOVER, w->now_ms + CHILL_MS_MIN);
    u->shipment[0] = '\0';
    u->turn_ms = w->now_ms + chill_some(&u->rng, CHILL_MS_H, 2 * CHILL_MS_H);
    open_door(w, u);
}

/* A trip does not begin or end in a defrost, nor in a fault but in those that are of it. */
static void turn(struct chill_world *w, struct chill_unit *u)
{
    const bool of_it = chill_fails(u, HAUL_COLD_PRECOOL) || chill_fails(u, HAUL_COLD_HANDOVER);
    if (w->now_ms < u->turn_ms) return;
    if (u->defrost_until_ms != 0 || u->door_until_ms != 0 || (!of_it && (u->active != CHILL_NONE || !is_calm(u)))) {
        u->turn_ms = w->now_ms + APART_MS;
        return;
    }
    if (u->shipment[0] == '\0')
        load(w, u);
    else
        unload(w, u);
}

/* ---- the clock of the world ---- */
static int by_send(const void *a, const void *b)
{
    const struct chill_message *x = a, *y = b;
    if (x->send_ms != y->send_ms) return x->send_ms < y->send_ms ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* One interval of all units; what is sent within it is then in order. */
static void step(struct chill_world *w)
{
    w->outbox_len -= w->taken;
    if (w->taken > 0) memmove(w->outbox, w->outbox + w->taken, w->outbox_len * sizeof *w->outbox);
    w->taken = 0;
    for (size_t i = 0; i < (size_t)w->scenario.units; i++) {
        struct chill_unit *u = &w->units[i];
        chill_faults_turn(w, u);
        turn(w, u);
        const bool defrost = defrosts(w, u), door = has_door_open(w, u);
        live(w, u, door, defrost);
        chill_sample(w, u, door, defrost);
        u->fresh = false;
    }
    if (w->outbox_len > 0) qsort(w->outbox, w->outbox_len, sizeof *w->outbox, by_send);
    w->now_ms += w->scenario.interval_ms;
    w->ready = 0;
    while (w->ready < w->outbox_len && w->outbox[w->ready].send_ms < w->now_ms) w->ready++;
    if (w->now_ms >= w->end_ms) w->ready = w->outbox_len;
}

static bool next(void *world, struct haul_simulated *out)
{
    struct chill_world *w = world;
    while (w->taken == w->ready && w->now_ms < w->end_ms) step(w);
    if (w->taken == w->ready) return false;
    chill_fill(w, &w->outbox[w->taken++], out);
    return true;
}

/* ---- making a world ---- */
static void make_unit(struct chill_world *w, size_t i)
{
    const struct haul_cold_scenario *o = &w->scenario;
    struct chill_unit *u = &w->units[i];
    haul_rng_seed(&u->rng, haul_mix((uint64_t)o->seed, 0x636f6c6400000000u + i));
    snprintf(u->id, sizeof u->id, "RF%05zu", i + 1);
    snprintf(u->source, sizeof u->source, "cold-gw-%03u", 1 + (unsigned)haul_rng_below(&u->rng, (uint64_t)o->gateways));
    u->kind = &kinds[i % (sizeof kinds / sizeof kinds[0])];
    const double show = haul_rng_f64(&u->rng);
    u->shows = show < o->silent ? CHILL_SILENT : show < o->silent + o->warm ? CHILL_WARM : CHILL_FLAG;
    u->lon_deg = (double)chill_some(&u->rng, 11450000, 11750000) / 1e5;
    u->lat_deg = (double)chill_some(&u->rng, 2600000, 2950000) / 1e5;
    u->outside_c = haul_rng_between(&u->rng, o->low_c, o->high_c);
    u->tau_min = haul_rng_between(&u->rng, 240, 720), u->pull_kpmin = haul_rng_between(&u->rng, 0.25, 0.4);
    for (size_t p = 0; p < CHILL_PROBES; p++) u->offset_c[p] = haul_rng_between(&u->rng, -0.3, 0.3);
    u->air_c = u->kind->set_c;
    u->period_ms = chill_some(&u->rng, 4 * CHILL_MS_H, 10 * CHILL_MS_H);
    u->defrost_ms = w->now_ms + chill_some(&u->rng, CHILL_MS_H, 4 * CHILL_MS_H);
    u->door_ms = w->now_ms + chill_some(&u->rng, 2 * CHILL_MS_H, 8 * CHILL_MS_H);
    const int64_t first_ms = chill_some(&u->rng, 15 * CHILL_MS_MIN, 90 * CHILL_MS_MIN);
    u->turn_ms = w->now_ms + (i % 2 == 0 ? 0 : first_ms); /* every second is loaded as the scenario begins */
    u->active = CHILL_NONE;
}

static enum haul_err open_world(const void *scenario, void **world, struct haul_error *e)
{
    const struct haul_cold_scenario *o = scenario;
    struct haul_time start;
    const enum haul_err err = haul_time_parse(o->start, strlen(o->start), &start, e);
    if (err != HAUL_OK) return err;
    struct chill_world *w = calloc(1, sizeof *w);
    assert(w != NULL);
    w->scenario = *o;
    w->start_ms = w->now_ms = start.ms, w->end_ms = start.ms + o->duration_ms;
    w->units = calloc((size_t)o->units, sizeof *w->units);
    assert(w->units != NULL);
    for (size_t i = 0; i < (size_t)o->units; i++) make_unit(w, i);
    chill_faults_plan(w);
    *world = w;
    return HAUL_OK;
}

static void close_world(void *world)
{
    struct chill_world *w = world;
    if (w == NULL) return;
    free(w->units);
    free(w->outbox);
    free(w->truths);
    free(w);
}

/* ---- the truth ---- */
void chill_tell(struct chill_world *w, const struct chill_unit *u, enum haul_cold_fault f, int64_t from_ms,
                int64_t until_ms)
{
    if (w->truths_at > 0 && w->truths_at == w->truths_len) w->truths_at = w->truths_len = 0;
    if (w->truths_len == w->truths_cap) {
        w->truths_cap = w->truths_cap == 0 ? 64 : w->truths_cap * 2;
        w->truths = realloc(w->truths, w->truths_cap * sizeof *w->truths);
        assert(w->truths != NULL);
    }
    struct chill_truth *t = &w->truths[w->truths_len++];
    *t = (struct chill_truth){.fault = f, .from_ms = from_ms, .until_ms = until_ms, .crossed_ms = u->crossed_ms};
    snprintf(t->unit, sizeof t->unit, "%s", u->id);
    snprintf(t->shipment, sizeof t->shipment, "%s", u->shipment);
}

/* What the alert's value must be: between `least` and `most`, for a fault that lasted so many minutes. */
static const struct {
    const char *name, *rule, *may;
    double least, most;
    bool minutes;  /* `most` is the time that it lasted, and 1 */
    bool shipment; /* the rule is about the shipment */
} rows[HAUL_COLD_FAULTS_LEN] = {
#define BOUNDS_COMPRESSOR                  .least = 0, .most = 999
#define BOUNDS_POWER                       .least = 0, .minutes = true
#define BOUNDS_DOOR                        .least = 5, .minutes = true
#define BOUNDS_DEFROST                     .least = 45, .minutes = true
#define BOUNDS_FREEZE                      .least = -6, .most = 0, .shipment = true
#define BOUNDS_STUCK                       .least = 30, .most = 1000
#define BOUNDS_DRIFT                       .least = -2, .most = 2
#define BOUNDS_MISSING                     .least = 3, .minutes = true
#define BOUNDS_IMPOSSIBLE                  .least = 15, .most = 60
#define BOUNDS_CADENCE                     .least = 120, .most = 1000
#define BOUNDS_HUMIDITY                    .least = 94, .most = 96
#define BOUNDS_SHOCK                       .least = 8.9, .most = 9.1
#define BOUNDS_LIGHT                       .least = 199, .most = 201
#define BOUNDS_BATTERY                     .least = 9, .most = 11
#define BOUNDS_PRECOOL                     .least = -18, .most = 20
#define BOUNDS_HANDOVER                    .least = 2, .most = 6, .shipment = true
#define X(NAME, text, rule_, may_, en, zh) {.name = text, .rule = rule_, .may = may_, BOUNDS_##NAME},
    HAUL_COLD_FAULTS(X)
#undef X
};

/* {"fault":…,"entity":…,"touches":…,"from":…,"until":…,"limit_at":…,"rule":…,"may":…,"grace_min":…,"values":{…}} */
static bool truth(void *world, struct haul_json *j)
{
    struct chill_world *w = world;
    if (w->truths_at == w->truths_len) return false;
    const struct chill_truth *t = &w->truths[w->truths_at++];
    char unit[40], shipment[48] = "";
    snprintf(unit, sizeof unit, "reefer:%s", t->unit);
    if (t->shipment[0] != '\0') snprintf(shipment, sizeof shipment, "shipment:%s", t->shipment);
    const bool of_goods = rows[t->fault].shipment;
    const double minutes = (double)(t->until_ms - t->from_ms) / 60000;
    haul_json_open(j, '{');
    haul_json_kstr(j, "fault", haul_str_of(rows[t->fault].name));
    haul_json_kstr(j, "entity", haul_str_of(of_goods ? shipment : unit));
    haul_json_kstr(j, "touches", haul_str_of(of_goods ? unit : shipment));
    haul_json_ktime(j, "from", (struct haul_time){t->from_ms});
    haul_json_ktime(j, "until", (struct haul_time){t->until_ms});
    if (t->fault == HAUL_COLD_COMPRESSOR && t->crossed_ms != 0)
        haul_json_ktime(j, "limit_at", (struct haul_time){t->crossed_ms});
    haul_json_kstr(j, "rule", haul_str_of(rows[t->fault].rule));
    haul_json_kstr(j, "may", haul_str_of(rows[t->fault].may));
    haul_json_ki64(j, "grace_min", 180);
    haul_json_name(j, "values");
    haul_json_open(j, '{');
    haul_json_kf64(j, "least", rows[t->fault].least, 1);
    haul_json_kf64(j, "most", rows[t->fault].minutes ? minutes + 1 : rows[t->fault].most, 1);
    haul_json_close(j, '}');
    haul_json_close(j, '}');
    return true;
}

const struct haul_world haul_world_reefers = {
    .options = &haul_cold_option_set,
    .subjects = "units",
    .count = "units",
    .least = "",
    .seed_at = offsetof(struct haul_cold_scenario, seed),
    .count_at = offsetof(struct haul_cold_scenario, units),
    .duration_at = offsetof(struct haul_cold_scenario, duration_ms),
    .start_at = offsetof(struct haul_cold_scenario, start),
    .start_size = sizeof((struct haul_cold_scenario *)0)->start,
    .mailbox = HAUL_MAILBOX_COLDCHAIN,
    .open = open_world,
    .next = next,
    .truth = truth,
    .close = close_world,
};
