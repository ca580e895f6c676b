/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/domains/support_coldworld.h"

#include <stdio.h>

const struct coldworld_kind coldworld_kinds[CW_FAULTS] = {
    [CW_NONE] = {"none", "", "", 0},
    [CW_COMPRESSOR] = {"compressor", "coldchain.compressor", "coldchain.excursion coldchain.defrost", 240},
    [CW_DOOR] = {"door", "coldchain.door_open", "coldchain.excursion coldchain.compressor", 20},
    [CW_STUCK] = {"stuck", "coldchain.sensor_stuck", "coldchain.sensor_drift", 180},
    [CW_DRIFT] = {"drift", "coldchain.sensor_drift", "coldchain.excursion coldchain.compressor", 360},
    [CW_MISSING] = {"missing", "coldchain.sensor_missing", "coldchain.cadence", 20},
    [CW_IMPOSSIBLE] = {"impossible", "coldchain.sensor_impossible", "", 1},
    [CW_CADENCE] = {"cadence", "coldchain.cadence", "coldchain.sensor_missing coldchain.door_open", 90},
    [CW_HUMIDITY] = {"humidity", "coldchain.humidity", "", 60},
    [CW_SHOCK] = {"shock", "coldchain.shock", "", 1},
    [CW_LIGHT] = {"light", "coldchain.light", "", 10},
    [CW_POWER] = {"power", "coldchain.power", "coldchain.compressor coldchain.excursion", 15},
    [CW_BATTERY] = {"battery", "coldchain.battery", "", 60},
    [CW_DEFROST] = {"defrost", "coldchain.defrost", "coldchain.excursion coldchain.compressor", 70},
};

static int whole(struct haul_rng *rng, int low, int high)
{
    return low + (int)haul_rng_below(rng, (uint64_t)(high - low + 1));
}

static void make_unit(struct coldworld *w, struct coldworld_unit *u, int i, int days)
{
    static const struct {
        const char *class;
        double set_c, limit_c;
    } loads[] = {{"gb31605_frozen", -22, -18}, {"gb31605_chilled", 5, 10}, {"gsp_drug", 5, 8}};
    const int load = i % 3;
    snprintf(u->id, sizeof u->id, "R%d", i);
    u->class = loads[load].class, u->set_c = loads[load].set_c, u->limit_c = loads[load].limit_c;
    u->ambient_c = haul_rng_between(&w->rng, 22, 38), u->tau_min = haul_rng_between(&w->rng, 240, 720),
    u->pull_kpmin = haul_rng_between(&w->rng, 0.25, 0.4);
    u->air_c = u->set_c;
    u->offset_c[0] = haul_rng_between(&w->rng, -0.3, 0.3), u->offset_c[1] = haul_rng_between(&w->rng, -0.3, 0.3);
    u->defrost_period = whole(&w->rng, 240, 600), u->defrost_min = whole(&w->rng, 18, 28);
    u->defrost_at = whole(&w->rng, 60, 240);
    u->flagged = i % 6 == 5 ? 0 : 1 + i / 2 % 2;
    u->next_door = whole(&w->rng, 100, 500);
    u->fault = i % 2 == 0 ? CW_COMPRESSOR : (enum coldworld_fault)(2 + i / 2 % (CW_FAULTS - 2));
    if (u->fault == CW_CADENCE) u->class = "gsp_drug", u->set_c = 5, u->limit_c = 8, u->air_c = 5;
    if (i % 7 == 6) u->fault = CW_NONE;
    if (u->fault == CW_DEFROST && u->flagged == 0) u->flagged = 1; /* a heater that hangs and says so */
    u->fault_at = whole(&w->rng, (days - 1) * 1440, days * 1440 - 600);
}

void coldworld_open(struct coldworld *w, int units, int days, uint64_t seed)
{
    *w = (struct coldworld){.units = units};
    haul_rng_seed(&w->rng, seed);
    w->unit = calloc((size_t)units, sizeof *w->unit);
    assert_non_null(w->unit);
    for (int i = 0; i < units; i++) make_unit(w, &w->unit[i], i, days);
}

void coldworld_close(struct coldworld *w)
{
    free(w->unit);
}

static bool failing(const struct coldworld *w, const struct coldworld_unit *u, enum coldworld_fault fault)
{
    return u->fault == fault && w->minute >= u->fault_at && w->minute < u->fault_at + coldworld_kinds[fault].minutes;
}

/* Minutes that the defrost still has; 0: none. No defrost while a machine fails. */
static int defrosting(struct coldworld *w, struct coldworld_unit *u)
{
    if (failing(w, u, CW_DEFROST)) return 1;
    if (w->minute == u->defrost_at + u->defrost_min) {
        u->defrost_at += u->defrost_period + whole(&w->rng, -4, 4);
        return 0;
    }
    return w->minute >= u->defrost_at ? u->defrost_at + u->defrost_min - w->minute : 0;
}

static bool door_open(struct coldworld *w, struct coldworld_unit *u)
{
    if (failing(w, u, CW_DOOR)) return true;
    if (w->minute == u->next_door) {
        u->door_left = whole(&w->rng, 1, 2);
        u->next_door += whole(&w->rng, 180, 420);
    }
    return u->door_left > 0 && u->door_left-- > 0;
}

/* What the air does in a minute. */
static void live(struct coldworld *w, struct coldworld_unit *u, bool door, int defrost)
{
    const bool dead = failing(w, u, CW_COMPRESSOR) || failing(w, u, CW_POWER);
    if (u->air_c > u->set_c + 0.7) u->on = true;
    if (u->air_c < u->set_c - 0.7) u->on = false;
    const bool cools = u->on && !dead && defrost == 0;
    u->air_c += (u->ambient_c - u->air_c) / u->tau_min;
    if (cools) u->air_c -= u->pull_kpmin + (u->ambient_c - u->air_c) / u->tau_min * 0.6;
    if (door) u->air_c += 0.5;
    if (defrost > 0 && u->air_c < u->set_c + 2.5) u->air_c += 0.2;
    const double hottest_c = u->air_c + (u->offset_c[0] > u->offset_c[1] ? u->offset_c[0] : u->offset_c[1]);
    if (hottest_c + 0.2 > u->limit_c) u->out_at = w->minute;
    if (u->crossed_at == 0 && w->minute >= u->fault_at && u->air_c > u->limit_c) u->crossed_at = w->minute;
}

static void fill_shared(struct coldworld *w, struct coldworld_unit *u, struct haul_record *r, bool door, int defrost)
{
    const bool dead = failing(w, u, CW_COMPRESSOR) || failing(w, u, CW_POWER);
    const bool cools = u->on && !dead && defrost == 0;
    const double supply = cools ? u->air_c - 5 : defrost > 0 && u->flagged == 2 ? u->air_c + 3 : u->air_c - 0.2;
    haul_set_f(r, HAUL_F_CS_SET_POINT, u->set_c);
    haul_set_f(r, HAUL_F_CS_RETURN, u->air_c + haul_rng_normal(&w->rng) * 0.1);
    haul_set_f(r, HAUL_F_CS_SUPPLY, supply + haul_rng_normal(&w->rng) * 0.1);
    haul_set_f(r, HAUL_F_CS_CURRENT, cools ? haul_rng_between(&w->rng, 11, 13) : 0.1);
    haul_set_i(r, HAUL_F_CS_DOOR, door);
    haul_set_i(r, HAUL_F_CS_POWER, !failing(w, u, CW_POWER));
    haul_set_f(r, HAUL_F_CS_HUMIDITY, failing(w, u, CW_HUMIDITY) ? 95 : haul_rng_between(&w->rng, 60, 80));
    haul_set_f(r, HAUL_F_CS_LIGHT, door || failing(w, u, CW_LIGHT) ? 200 : 2);
    haul_set_f(r, HAUL_F_CS_SHOCK, failing(w, u, CW_SHOCK) ? 9 : haul_rng_between(&w->rng, 0, 2));
    if (u->flagged == 1 || u->fault == CW_DEFROST) haul_set_i(r, HAUL_F_CS_DEFROST, defrost > 0);
}

static double reading(struct coldworld *w, struct coldworld_unit *u, int probe)
{
    double c = u->air_c + u->offset_c[probe] + haul_rng_normal(&w->rng) * 0.06;
    if (probe == 1 && failing(w, u, CW_DRIFT))
        c += (w->minute - u->fault_at) > 100 ? 1.0 : (w->minute - u->fault_at) / 100.0;
    if (probe == 1 && failing(w, u, CW_IMPOSSIBLE)) c += 40;
    c = (double)haul_round_i64(c * 100) / 100;
    if (probe == 1 && u->fault == CW_STUCK && w->minute == u->fault_at) u->stuck_c = c;
    return probe == 1 && failing(w, u, CW_STUCK) ? u->stuck_c : c;
}

static void send(struct coldworld *w, struct coldworld_unit *u, struct haul_trial *t, int probe, bool door, int defrost)
{
    if (probe == 1 && failing(w, u, CW_MISSING)) return;
    if (failing(w, u, CW_CADENCE) && (w->minute - u->fault_at) % 7 != 0) return;
    const double temp_c = reading(w, u, probe);
    if (haul_rng_below(&w->rng, 200) == 0) return; /* lost on the way */
    const int64_t lag_ms = (int64_t)haul_rng_below(&w->rng, 4000);
    const int64_t now_ms = MORNING + w->minute * MINUTE + (int64_t)haul_rng_below(&w->rng, 4000);
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_COLD_SAMPLE, haul_str_of(u->id), (struct haul_time){now_ms - lag_ms});
    haul_set_i(&r, HAUL_F_CS_PROBE, probe);
    haul_set_f(&r, HAUL_F_CS_TEMP, temp_c);
    haul_set_f(&r, HAUL_F_CS_BATTERY, failing(w, u, CW_BATTERY) && probe == 1 ? 10 : 80);
    haul_set_s(&r, HAUL_F_CS_CLASS, haul_str_of(u->class));
    if (probe == 0) fill_shared(w, u, &r, door, defrost);
    haul_trial_feed(t, &r, (struct haul_time){now_ms});
}

void coldworld_minute(struct coldworld *w, struct haul_trial *t)
{
    for (int i = 0; i < w->units; i++) {
        struct coldworld_unit *u = &w->unit[i];
        const bool door = door_open(w, u);
        const int defrost = defrosting(w, u);
        live(w, u, door, defrost);
        for (int probe = 0; probe < 2; probe++) send(w, u, t, probe, door, defrost);
    }
    w->minute++;
}
