/* SPDX-License-Identifier: Apache-2.0
 * What a terminal sends, and when: the receiver's error, silence, blind areas, wrong clocks, messages twice and behind
 * others, bytes that are no record.
 */
#include "ingest/simulator_world.h"

#include "haul/math.h"

#include <stdio.h>
#include <stdlib.h>

#define NOISE_S        60.0 /* how slowly the receiver's error changes */
#define NOISE_MAX      3.5  /* sigmas */
#define LATENCY_MIN_MS 50
#define NAMED_EVERY    16
#define STORED_MS      SIM_MS_MIN /* a terminal in a blind area keeps a position so often at most */
#define UPLOAD_MS      40         /* between two messages of an upload */
#define STATUS_ON      1u
#define STATUS_FIXED   2u
#define DOOR_COACH     0
#define DOOR_LOAD      4
#define STATUS_DOOR    (1u << 13)
#define OUTBOX_MAX     (64u * 1024 * 1024 / sizeof(struct sim_message))

static const char *const group_names[SIM_GROUPS] = {"coach", "truck", "van"};

/* ---- the outbox: a heap
 * ---------------------------------------------------------------------------------------------- */

static bool before(const struct sim_message *a, const struct sim_message *b)
{
    return a->send_ms != b->send_ms ? a->send_ms < b->send_ms : a->order < b->order;
}

void sim_push(struct haul_simulator *s, const struct sim_message *m)
{
    if (s->outbox_len == s->outbox_cap) {
        s->outbox_cap *= 2;
        assert(s->outbox_cap <= OUTBOX_MAX);
        s->outbox = realloc(s->outbox, s->outbox_cap * sizeof *s->outbox);
        assert(s->outbox != NULL);
    }
    struct sim_message *const box = s->outbox;
    size_t i = s->outbox_len++;
    struct sim_message new = *m;
    new.order = s->order++;
    for (; i > 0 && before(&new, &box[(i - 1) / 2]); i = (i - 1) / 2) box[i] = box[(i - 1) / 2];
    box[i] = new;
}

/* ---- one message
 * ----------------------------------------------------------------------------------------------------- */

static double clamp(double x, double most)
{
    return x < -most ? -most : x > most ? most : x;
}

static void wander(const struct haul_simulator *s, struct sim_vehicle *v)
{
    const double sigma = s->scenario.noise_m;
    const double dt_s = (double)(v->now_ms - v->reported_ms) / 1000;
    const double keep = v->reported_ms == 0 ? 0 : haul_exp(-dt_s / NOISE_S), add = sigma * haul_sqrt(1 - keep * keep);
    v->east_m = clamp(keep * v->east_m + add * haul_rng_normal(&v->rng), NOISE_MAX * sigma);
    v->north_m = clamp(keep * v->north_m + add * haul_rng_normal(&v->rng), NOISE_MAX * sigma);
}

static double rounded(double x, double per_one)
{
    return (double)haul_round_i64(x * per_one) / per_one;
}

static void place(const struct haul_simulator *s, const struct sim_vehicle *v, double east_m, double north_m,
                  struct sim_message *m)
{
    const double per_deg = HAUL_EARTH_M * HAUL_RAD_PER_DEG;
    double lon_deg, lat_deg;
    sim_position(s, v, &lon_deg, &lat_deg);
    m->lon_deg = rounded(lon_deg + east_m / (per_deg * haul_cos(lat_deg * HAUL_RAD_PER_DEG)), 1e6);
    m->lat_deg = rounded(lat_deg + north_m / per_deg, 1e6);
}

static int64_t clock_of(const struct sim_vehicle *v)
{
    return v->now_ms + (v->active.kind == HAUL_SIM_WRONG_CLOCK ? (int64_t)v->active.value : 0);
}

static int64_t latency_ms(const struct haul_simulator *s, struct sim_vehicle *v)
{
    const int64_t most = s->scenario.latency_ms;
    if (most <= LATENCY_MIN_MS) return most;
    return LATENCY_MIN_MS + (int64_t)haul_rng_below(&v->rng, (uint64_t)(most - LATENCY_MIN_MS));
}

/* A vehicle's messages follow each other, unless something is wrong. */
static void send_time(const struct haul_simulator *s, struct sim_vehicle *v, struct sim_message *m)
{
    m->send_ms = v->now_ms + latency_ms(s, v);
    if (m->send_ms <= v->last_send_ms) m->send_ms = v->last_send_ms + 1;
    v->last_send_ms = m->send_ms;
}

static struct sim_message message(const struct haul_simulator *s, struct sim_vehicle *v, enum sim_what what)
{
    struct sim_message m = {.vehicle = sim_number(s, v), .what = what, .time_ms = clock_of(v), .driver = v->driver};
    m.status = STATUS_FIXED | (v->ignition ? STATUS_ON : 0) | (v->door && v->group == SIM_COACH ? STATUS_DOOR : 0);
    place(s, v, v->east_m, v->north_m, &m);
    return m;
}

static void fill_measures(struct sim_vehicle *v, struct sim_message *m)
{
    const bool stands = v->speed_mps < 0.1;
    const double kmh = v->speed_mps * 3.6 + clamp(0.3 * haul_rng_normal(&v->rng), 0.9);
    const double heading = v->heading_rad / HAUL_RAD_PER_DEG + (stands ? 0 : 0.6 * haul_rng_normal(&v->rng));
    const double slosh = v->fuel_l + (stands ? 0.08 : 0.4) * clamp(haul_rng_normal(&v->rng), 3);
    m->speed_kmh = stands || kmh < 0 ? 0 : rounded(kmh, 10);
    m->heading_deg = rounded(heading < 0 ? heading + 360 : heading >= 360 ? heading - 360 : heading, 1);
    m->fuel_l = slosh < 0 ? 0 : rounded(slosh, 10);
    m->mileage_km = rounded(v->odometer_m / 1000, 10);
    m->satellites = (uint8_t)(9 + haul_rng_below(&v->rng, 8));
    m->accuracy_m = rounded(haul_rng_between(&v->rng, 2, 8), 10);
    m->serial = v->serial;
    v->serial = (v->serial + 1) % 65536;
    m->named = v->reports++ % NAMED_EVERY == 0;
}

static struct sim_message position(const struct haul_simulator *s, struct sim_vehicle *v)
{
    wander(s, v);
    struct sim_message m = message(s, v, SIM_POSITION);
    fill_measures(v, &m);
    return m;
}

/* Doors and ignition as events, when what was sent last is no longer so. */
static void tell_changes(struct haul_simulator *s, struct sim_vehicle *v)
{
    struct sim_message m;
    if (v->told_ignition != v->ignition) {
        m = message(s, v, v->ignition ? SIM_IGNITION_ON : SIM_IGNITION_OFF);
        send_time(s, v, &m);
        sim_push(s, &m);
    }
    if (v->told_door != v->door) {
        m = message(s, v, v->door ? SIM_DOOR_OPEN : SIM_DOOR_CLOSED);
        send_time(s, v, &m);
        sim_push(s, &m);
    }
    v->told_ignition = v->ignition, v->told_door = v->door;
}

/* ---- what is wrong with it
 * ------------------------------------------------------------------------------------------- */

/* True when the vehicle cannot be heard now. */
static bool silent(struct haul_simulator *s, struct sim_vehicle *v)
{
    if (v->active.kind == HAUL_SIM_LOST_SIGNAL) {
        v->active.count++;
        return true;
    }
    const struct sim_silence *dead = sim_silence_at(s, v->gateway, v->now_ms, v->now_ms);
    if (dead != NULL && v->dead_until_ms == 0) {
        v->dead_from_ms = dead->from_ms, v->dead_until_ms = dead->until_ms;
        v->dead_told = v->told_ignition;
    }
    return dead != NULL;
}

/* The first report behind a gateway's silence: what it meant for this vehicle is known. */
static void after_silence(struct haul_simulator *s, struct sim_vehicle *v)
{
    if (v->dead_until_ms == 0) return;
    struct haul_simulator_truth *t = sim_truth(s, v, HAUL_SIM_DEAD_GATEWAY, v->dead_from_ms, v->dead_until_ms);
    t->may = "fleet.fatigue"; /* a rest that nobody saw */
    if (!v->dead_told) {      /* it was asleep: nobody expects to hear of it, and it may wake up elsewhere */
        t->rule = NULL;
        t->may = "fleet.fatigue,fleet.displacement";
    }
    sim_truth_value(t, "silent_min", (double)(v->dead_until_ms - v->dead_from_ms) / 60000);
    v->dead_until_ms = 0;
    v->quiet_until_ms = v->now_ms + 15 * SIM_MS_MIN;
}

/* In a blind area: kept, and sent when it is left, one behind the other. */
static void store(struct haul_simulator *s, struct sim_vehicle *v)
{
    if (v->active.count > 0 && v->now_ms - v->stored_ms < STORED_MS) return;
    struct sim_message m = position(s, v);
    m.send_ms = v->active.until_ms + (int64_t)v->active.count * UPLOAD_MS + 1;
    v->last_send_ms = m.send_ms;
    v->active.count++;
    v->stored_ms = v->reported_ms = v->now_ms;
    sim_push(s, &m);
}

static void jump(struct haul_simulator *s, struct sim_vehicle *v, struct sim_message *m)
{
    const double toward = haul_rng_between(&v->rng, 0, 2 * HAUL_PI), km = haul_rng_between(&v->rng, 5, 40);
    place(s, v, haul_sin(toward) * km * 1000, haul_cos(toward) * km * 1000, m);
    v->jumps_left--;
    struct haul_simulator_truth *t = sim_truth(s, v, HAUL_SIM_GNSS_JUMP, v->now_ms, v->now_ms);
    t->may = "fleet.harsh_driving"; /* the heading leaps over the fixes that were not believed */
    sim_truth_value(t, "jump_km", km);
    sim_truth_value(t, "lon_deg", m->lon_deg);
    sim_truth_value(t, "lat_deg", m->lat_deg);
}

static void send_twice(struct haul_simulator *s, struct sim_vehicle *v, const struct sim_message *m)
{
    struct sim_message again = *m;
    again.send_ms += (int64_t)haul_rng_between(&v->rng, 100, 2000);
    sim_push(s, &again);
    sim_truth_value(sim_truth(s, v, HAUL_SIM_DUPLICATE, m->time_ms, m->time_ms), "serial", m->serial);
    v->active.kind = -1;
}

static void send_behind(struct haul_simulator *s, struct sim_vehicle *v, struct sim_message *m)
{
    const int64_t delay_ms =
        (int64_t)((double)s->scenario.interval_ms * haul_rng_between(&v->rng, 1.2, 2.5)) + s->scenario.latency_ms;
    m->send_ms = v->now_ms + delay_ms;
    struct haul_simulator_truth *t =
        sim_truth(s, v, HAUL_SIM_DISORDER, m->time_ms, m->send_ms <= v->now_ms ? v->now_ms : m->send_ms);
    sim_truth_value(t, "delay_s", (double)delay_ms / 1000);
    sim_truth_value(t, "serial", m->serial);
    v->active.kind = -1;
}

void sim_report(struct haul_simulator *s, struct sim_vehicle *v)
{
    v->report_ms = v->now_ms + (v->phase == SIM_PARKED ? s->scenario.parked_interval_ms : s->scenario.interval_ms);
    if (silent(s, v)) return;
    after_silence(s, v);
    if (v->active.kind == HAUL_SIM_BLIND_AREA) {
        store(s, v);
        return;
    }
    if (v->active.kind == HAUL_SIM_WRONG_CLOCK) v->active.count++;
    struct sim_message m = position(s, v);
    v->reported_ms = v->now_ms;
    const bool changed = v->told_ignition != v->ignition || v->told_door != v->door;
    const bool ordinary = !changed && v->phase == SIM_DRIVING; /* what tells of a change is sent as it is */
    if (v->jumps_left > 0 && ordinary) jump(s, v, &m);
    if (v->active.kind == HAUL_SIM_DISORDER && ordinary) {
        send_behind(s, v, &m);
    } else {
        send_time(s, v, &m);
        if (v->active.kind == HAUL_SIM_DUPLICATE) send_twice(s, v, &m);
    }
    sim_push(s, &m);
    tell_changes(s, v);
}

/* ---- bytes that are no record
 * ---------------------------------------------------------------------------------------- */

static void put_record(struct haul_buf *b, const char *id, const struct sim_message *m, double lon_deg, int64_t time_ms)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_VEHICLE_POSITION, haul_str_of(id), (struct haul_time){time_ms});
    r.positioned = true, r.lon_deg = lon_deg, r.lat_deg = m->lat_deg;
    haul_set_f(&r, HAUL_F_VP_SPEED, 40);
    haul_record_pack(&r, b);
}

static void make_empty(struct haul_buf *b, const char *id, const struct sim_message *m)
{
    (void)b, (void)id, (void)m;
}

static void make_noise(struct haul_buf *b, const char *id, const struct sim_message *m)
{
    (void)id;
    struct haul_rng rng;
    haul_rng_seed(&rng, m->draw);
    haul_buf_byte(b, 0xc1); /* the one byte that msgpack never uses */
    for (uint64_t n = haul_rng_below(&rng, 200); n > 0; n--) haul_buf_byte(b, (uint8_t)haul_rng_u64(&rng));
}

static void make_truncated(struct haul_buf *b, const char *id, const struct sim_message *m)
{
    put_record(b, id, m, m->lon_deg, m->time_ms);
    b->n -= 1 + m->draw % (b->n / 2);
}

static void make_text(struct haul_buf *b, const char *id, const struct sim_message *m)
{
    haul_buf_printf(b, "{\"id\":\"%s\",\"lat\":%.5f}", id, m->lat_deg);
}

static void make_nan(struct haul_buf *b, const char *id, const struct sim_message *m)
{
    put_record(b, id, m, __builtin_nan(""), m->time_ms);
}

static void make_out_of_range(struct haul_buf *b, const char *id, const struct sim_message *m)
{
    put_record(b, id, m, 181.5, m->time_ms);
}

static void make_1970(struct haul_buf *b, const char *id, const struct sim_message *m)
{
    put_record(b, id, m, m->lon_deg, 1000);
}

static void make_2106(struct haul_buf *b, const char *id, const struct sim_message *m)
{
    put_record(b, id, m, m->lon_deg, 4294967295000);
}

static void make_long_id(struct haul_buf *b, const char *id, const struct sim_message *m)
{
    char name[4096];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    memcpy(name, id, strlen(id));
    /* By hand: what haul packs has no such id. {1: 16, 2: id, 3: time} */
    haul_buf_put(b, "\x83\x01\x10\x02\xda\x0f\xff", 7);
    haul_buf_put(b, name, 0x0fff);
    haul_buf_put(b, "\x03\xcf", 2);
    for (int shift = 56; shift >= 0; shift -= 8) haul_buf_byte(b, (uint8_t)((uint64_t)m->time_ms >> shift));
}

static void make_bomb(struct haul_buf *b, const char *id, const struct sim_message *m)
{
    (void)id, (void)m;
    haul_buf_put(b, "\x82\x01\x10\x5a", 4); /* {1: 16, 90: an array of an array of … } */
    for (int i = 0; i < 1000; i++) haul_buf_byte(b, 0x91);
}

static void make_huge_count(struct haul_buf *b, const char *id, const struct sim_message *m)
{
    (void)id, (void)m;
    haul_buf_put(b, "\xdf\xff\xff\xff\xff", 5); /* a map of four milliards */
}

static void make_large(struct haul_buf *b, const char *id, const struct sim_message *m)
{
    (void)id, (void)m;
    while (b->n < HAUL_RECORD_MAX + 1000) haul_buf_byte(b, 0xc0);
}

static const struct {
    const char *name;
    enum haul_reason reason;
    void (*make)(struct haul_buf *b, const char *id, const struct sim_message *m);
} variants[] = {
    {"empty", HAUL_REASON_EMPTY, make_empty},
    {"noise", HAUL_REASON_NOT_MSGPACK, make_noise},
    {"truncated", HAUL_REASON_TRUNCATED, make_truncated},
    {"text", HAUL_REASON_NOT_A_MAP, make_text},
    {"nan", HAUL_REASON_NOT_FINITE, make_nan},
    {"out_of_range", HAUL_REASON_OUT_OF_RANGE, make_out_of_range},
    {"1970", HAUL_REASON_TIME_PAST, make_1970},
    {"2106", HAUL_REASON_TIME_FUTURE, make_2106},
    {"long_id", HAUL_REASON_OUT_OF_RANGE, make_long_id},
    {"bomb", HAUL_REASON_TOO_DEEP, make_bomb},
    {"huge_count", HAUL_REASON_TRUNCATED, make_huge_count},
    {"large", HAUL_REASON_TOO_LARGE, make_large},
};
#define VARIANTS (sizeof variants / sizeof variants[0])

void sim_report_bytes(struct haul_simulator *s, struct sim_vehicle *v)
{
    struct sim_message m = message(s, v, SIM_BYTES);
    m.variant = (uint8_t)haul_rng_below(&v->rng, VARIANTS);
    m.draw = haul_rng_u64(&v->rng);
    m.send_ms = v->now_ms + latency_ms(s, v);
    struct haul_simulator_truth *t = sim_truth(s, v, HAUL_SIM_MALFORMED, m.send_ms, m.send_ms);
    t->detail = variants[m.variant].name;
    t->reason = haul_reason_name(variants[m.variant].reason);
    sim_push(s, &m);
}

/* ---- as a record
 * ----------------------------------------------------------------------------------------------------- */

static void fill_position(struct haul_simulator *s, const struct sim_vehicle *v, const struct sim_message *m,
                          struct haul_record *r)
{
    haul_set_f(r, HAUL_F_VP_SPEED, m->speed_kmh);
    haul_set_f(r, HAUL_F_VP_HEADING, m->heading_deg);
    haul_set_i(r, HAUL_F_VP_STATUS, m->status);
    haul_set_i(r, HAUL_F_VP_ALARM, 0);
    haul_set_f(r, HAUL_F_VP_MILEAGE, m->mileage_km);
    haul_set_f(r, HAUL_F_VP_FUEL, m->fuel_l);
    haul_set_i(r, HAUL_F_VP_SATELLITES, m->satellites);
    haul_set_i(r, HAUL_F_VP_SERIAL, m->serial);
    haul_set_f(r, HAUL_F_VP_ACCURACY, m->accuracy_m);
    if (!m->named) return;
    snprintf(s->driver, sizeof s->driver, "D%05u%c", m->vehicle + 1, 'A' + m->driver);
    haul_set_s(r, HAUL_F_VP_PLATE, haul_str_of(v->plate));
    haul_set_s(r, HAUL_F_VP_DRIVER, haul_str_of(s->driver));
    haul_set_s(r, HAUL_F_VP_GROUP, haul_str_of(group_names[v->group]));
}

static void fill_event(const struct sim_vehicle *v, const struct sim_message *m, struct haul_record *r)
{
    static const char *const names[] = {
        [SIM_POSITION] = "",
        [SIM_DOOR_OPEN] = "door_open",
        [SIM_DOOR_CLOSED] = "door_closed",
        [SIM_IGNITION_ON] = "ignition_on",
        [SIM_IGNITION_OFF] = "ignition_off",
        [SIM_BYTES] = "",
    };
    haul_set_s(r, HAUL_F_VE_WHAT, haul_str_of(names[m->what]));
    if (m->what == SIM_DOOR_OPEN || m->what == SIM_DOOR_CLOSED)
        haul_set_i(r, HAUL_F_VE_DOOR, v->group == SIM_COACH ? DOOR_COACH : DOOR_LOAD);
}

void sim_message_fill(struct haul_simulator *s, const struct sim_message *m, struct haul_simulated *out)
{
    const struct sim_vehicle *v = &s->vehicles[m->vehicle];
    out->send_at = (struct haul_time){m->send_ms};
    out->key = haul_str_of(v->id);
    out->malformed = m->what == SIM_BYTES;
    out->bytes = (struct haul_str){"", 0};
    if (out->malformed) {
        haul_buf_clear(&s->bytes);
        variants[m->variant].make(&s->bytes, v->id, m);
        out->bytes = (struct haul_str){(const char *)s->bytes.p, s->bytes.n};
        return;
    }
    struct haul_record *r = &out->record;
    const bool position = m->what == SIM_POSITION;
    haul_record_init(r, position ? HAUL_KIND_VEHICLE_POSITION : HAUL_KIND_VEHICLE_EVENT, out->key,
                     (struct haul_time){m->time_ms});
    snprintf(s->source, sizeof s->source, "gw-%03u", v->gateway + 1u);
    r->source = haul_str_of(s->source);
    r->positioned = true, r->lon_deg = m->lon_deg, r->lat_deg = m->lat_deg;
    if (position)
        fill_position(s, v, m, r);
    else
        fill_event(v, m, r);
}
