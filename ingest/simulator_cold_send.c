/* SPDX-License-Identifier: Apache-2.0
 * What the simulated cold chain sends: two probes a unit, the first with what the unit itself measures; loads and
 * hand-overs.
 */
#include "ingest/simulator_cold_world.h"

#include "haul/math.h"

#include <stdio.h>
#include <stdlib.h>

#define NOISE_K         0.06
#define AIR_NOISE_K     0.1
#define SUPPLY_K        5.0 /* colder than what returns, while it is cooled */
#define HEATED_K        3.0 /* warmer, while it is defrosted */
#define LEAP_K          40.0
#define DRIFT_K         1.0
#define DRIFT_MS        (100 * CHILL_MS_MIN)
#define SELDOM_MS       (7 * CHILL_MS_MIN)
#define MISREAD_K       4.0
#define OUTBOX_FIRST    1024
#define SPREAD_SHARE    0.8 /* units do not sample at one moment: their place in the interval */
#define NUMBER(w, unit) ((uint32_t)((unit) - (w)->units))

static struct chill_message *push(struct chill_world *w, struct chill_unit *u, enum chill_what what, int64_t time_ms)
{
    if (w->outbox_len == w->outbox_cap) {
        w->outbox_cap = w->outbox_cap == 0 ? OUTBOX_FIRST : w->outbox_cap * 2;
        w->outbox = realloc(w->outbox, w->outbox_cap * sizeof *w->outbox);
        assert(w->outbox != NULL);
    }
    struct chill_message *m = &w->outbox[w->outbox_len++];
    *m = (struct chill_message){.what = what, .unit = NUMBER(w, u), .time_ms = time_ms, .order = w->order++};
    m->send_ms = time_ms + chill_some(&u->rng, 0, w->scenario.latency_ms);
    snprintf(m->shipment, sizeof m->shipment, "%s", u->shipment);
    return m;
}

/* ---- what is measured ---- */
static double rounded(double x, double steps)
{
    return (double)haul_round_i64(x * steps) / steps;
}

static double reading(const struct chill_world *w, struct chill_unit *u, unsigned probe)
{
    double c = u->air_c + u->offset_c[probe] + haul_rng_normal(&u->rng) * NOISE_K;
    if (probe == 1 && chill_fails(u, HAUL_COLD_DRIFT)) {
        const double share = (double)(w->now_ms - u->from_ms) / (double)DRIFT_MS;
        c += DRIFT_K * (share > 1 ? 1 : share);
    }
    if (probe == 1 && chill_fails(u, HAUL_COLD_IMPOSSIBLE)) c += LEAP_K;
    c = rounded(c, 100);
    if (probe != 1 || !chill_fails(u, HAUL_COLD_STUCK)) return c;
    if (u->fresh) u->stuck_c = c;
    return u->stuck_c;
}

static void measure_unit(struct chill_unit *u, struct chill_message *m, bool door, bool defrost)
{
    const bool dead =
        chill_fails(u, HAUL_COLD_COMPRESSOR) || chill_fails(u, HAUL_COLD_POWER) || chill_fails(u, HAUL_COLD_PRECOOL);
    const bool cools = u->cooling && !dead && !defrost;
    const double warmer = cools ? -SUPPLY_K : defrost && u->shows == CHILL_WARM ? HEATED_K : -AIR_NOISE_K;
    m->set_c = chill_fails(u, HAUL_COLD_FREEZE) ? -4 : u->kind->set_c;
    m->return_c = rounded(u->air_c + haul_rng_normal(&u->rng) * AIR_NOISE_K, 10);
    m->supply_c = rounded(u->air_c + warmer + haul_rng_normal(&u->rng) * AIR_NOISE_K, 10);
    m->current_a = cools ? rounded(haul_rng_between(&u->rng, 11, 13), 10) : 0.1;
    m->humidity_pct = chill_fails(u, HAUL_COLD_HUMIDITY) ? 95 : rounded(haul_rng_between(&u->rng, 60, 80), 1);
    m->light_lx = door || chill_fails(u, HAUL_COLD_LIGHT) ? 200 : 2;
    m->shock_g = chill_fails(u, HAUL_COLD_SHOCK) ? 9 : rounded(haul_rng_between(&u->rng, 0, 2), 10);
    m->door = door, m->power = !chill_fails(u, HAUL_COLD_POWER), m->defrost = defrost;
}

/* A fault of one sample is not lost on the way. */
static bool is_sent(const struct chill_world *w, struct chill_unit *u, unsigned probe)
{
    const bool lost = haul_rng_f64(&u->rng) < w->scenario.loss;
    if (probe == 1 && chill_fails(u, HAUL_COLD_MISSING)) return false;
    if (chill_fails(u, HAUL_COLD_CADENCE)) return (w->now_ms - u->from_ms) % SELDOM_MS < w->scenario.interval_ms;
    return u->fresh || !lost;
}

void chill_sample(struct chill_world *w, struct chill_unit *u, bool door, bool defrost)
{
    const int64_t spread = (int64_t)((double)w->scenario.interval_ms * SPREAD_SHARE);
    const int64_t place = (int64_t)NUMBER(w, u) * 997 % (spread + 1);
    for (unsigned probe = 0; probe < CHILL_PROBES; probe++) {
        const double temp_c = reading(w, u, probe);
        if (!is_sent(w, u, probe)) continue;
        struct chill_message *m = push(w, u, CHILL_SAMPLE, w->now_ms + place);
        m->probe = (uint8_t)probe, m->temp_c = temp_c;
        m->battery_pct = probe == 1 && chill_fails(u, HAUL_COLD_BATTERY) ? 10 : 80;
        if (probe == 0) measure_unit(u, m, door, defrost);
    }
}

void chill_event(struct chill_world *w, struct chill_unit *u, enum chill_what what, int64_t time_ms)
{
    struct chill_message *m = push(w, u, what, time_ms);
    const bool wrong = chill_fails(u, HAUL_COLD_HANDOVER);
    m->temp_c = rounded(u->air_c + (wrong ? MISREAD_K : 0), 10);
    if (what == CHILL_HANDOVER && wrong) chill_tell(w, u, HAUL_COLD_HANDOVER, w->now_ms, time_ms);
}

/* ---- as a record ---- */
static void fill_unit(const struct chill_unit *u, const struct chill_message *m, struct haul_record *r)
{
    r->positioned = true, r->lon_deg = u->lon_deg, r->lat_deg = u->lat_deg;
    haul_set_f(r, HAUL_F_CS_SET_POINT, m->set_c);
    haul_set_f(r, HAUL_F_CS_RETURN, m->return_c);
    haul_set_f(r, HAUL_F_CS_SUPPLY, m->supply_c);
    haul_set_f(r, HAUL_F_CS_CURRENT, m->current_a);
    haul_set_f(r, HAUL_F_CS_HUMIDITY, m->humidity_pct);
    haul_set_f(r, HAUL_F_CS_SHOCK, m->shock_g);
    haul_set_f(r, HAUL_F_CS_LIGHT, m->light_lx);
    haul_set_i(r, HAUL_F_CS_DOOR, m->door);
    haul_set_i(r, HAUL_F_CS_POWER, m->power);
    if (u->shows == CHILL_FLAG) haul_set_i(r, HAUL_F_CS_DEFROST, m->defrost);
}

static void fill_sample(const struct chill_unit *u, const struct chill_message *m, struct haul_record *r)
{
    haul_record_init(r, HAUL_KIND_COLD_SAMPLE, haul_str_of(u->id), (struct haul_time){m->time_ms});
    haul_set_i(r, HAUL_F_CS_PROBE, m->probe);
    haul_set_f(r, HAUL_F_CS_TEMP, m->temp_c);
    haul_set_f(r, HAUL_F_CS_BATTERY, m->battery_pct);
    haul_set_s(r, HAUL_F_CS_CLASS, haul_str_of(u->kind->class));
    if (m->probe == 0) fill_unit(u, m, r);
}

void chill_fill(struct chill_world *w, const struct chill_message *m, struct haul_simulated *out)
{
    const struct chill_unit *u = &w->units[m->unit];
    struct haul_record *r = &out->record;
    const struct haul_time time = {m->time_ms};
    out->send_at = (struct haul_time){m->send_ms};
    out->malformed = false, out->bytes = (struct haul_str){"", 0};
    switch (m->what) {
    case CHILL_SAMPLE:
        fill_sample(u, m, r);
        break;
    case CHILL_LOADED:
    case CHILL_UNLOADED:
        haul_record_init(r, HAUL_KIND_COLD_EVENT, haul_str_of(u->id), time);
        haul_set_s(r, HAUL_F_CE_WHAT, m->what == CHILL_LOADED ? HAUL_STR("loaded") : HAUL_STR("unloaded"));
        haul_set_s(r, HAUL_F_CE_SHIPMENT, haul_str_of(m->shipment));
        if (m->what == CHILL_LOADED) haul_set_s(r, HAUL_F_CE_CLASS, haul_str_of(u->kind->class));
        break;
    case CHILL_HANDOVER:
        haul_record_init(r, HAUL_KIND_COLD_HANDOVER, haul_str_of(m->shipment), time);
        haul_set_f(r, HAUL_F_CH_TEMP, m->temp_c);
        snprintf(w->by, sizeof w->by, "store-%02u", m->unit % 20 + 1);
        haul_set_s(r, HAUL_F_CH_BY, haul_str_of(w->by));
        break;
    }
    r->source = haul_str_of(u->source);
    out->key = r->id;
}
