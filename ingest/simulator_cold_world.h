/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * What the files of the simulated cold chain share. simulator_cold.c lives from sample to sample: the air of each unit,
 * its door, its defrosts, its shipments; simulator_cold_faults.c begins and ends what goes wrong; simulator_cold_send.c
 * makes the messages.
 */
#ifndef HAUL_SIMULATOR_COLD_WORLD_H
#define HAUL_SIMULATOR_COLD_WORLD_H

#include "haul/rng.h"
#include "haul/simulator_cold.h"

#define CHILL_MS_MIN 60000ll
#define CHILL_MS_H   3600000ll
#define CHILL_MS_D   86400000ll
#define CHILL_NEVER  INT64_MAX
#define CHILL_PROBES 2
#define CHILL_NONE   HAUL_COLD_FAULTS_LEN

enum chill_shows { CHILL_SILENT, CHILL_FLAG, CHILL_WARM }; /* how a unit shows a defrost */

struct chill_kind { /* of goods */
    const char *class;
    double set_c, limit_c;
    bool sensitive; /* to frost; and records must come as GSP asks */
};

struct chill_unit {
    struct haul_rng rng;
    char id[24], source[16];
    const struct chill_kind *kind;
    enum chill_shows shows;
    double lon_deg, lat_deg;
    double outside_c, tau_min, pull_kpmin, offset_c[CHILL_PROBES];
    double air_c, stuck_c;
    bool cooling;

    int64_t defrost_ms, defrost_until_ms, period_ms; /* the next one, or that under way */
    int64_t door_ms, door_until_ms;                  /* likewise */

    char shipment[32];                      /* aboard; "" none */
    uint32_t trips, warm_trip, frozen_trip; /* begun; the newest that was loaded too warm, that froze */
    int64_t turn_ms;                        /* when it is unloaded, or loaded */

    enum haul_cold_fault active; /* CHILL_NONE: nothing is wrong */
    int64_t from_ms, until_ms, quiet_until_ms, crossed_ms;
    int64_t due_ms[HAUL_COLD_FAULTS_LEN], forced_ms[HAUL_COLD_FAULTS_LEN];
    bool fresh; /* the fault has not been sampled yet */
};

enum chill_what { CHILL_SAMPLE, CHILL_LOADED, CHILL_UNLOADED, CHILL_HANDOVER };

struct chill_message {
    int64_t send_ms, time_ms;
    uint64_t order; /* of those sent in one millisecond */
    uint32_t unit;
    enum chill_what what;
    uint8_t probe;
    char shipment[32];
    double temp_c, set_c, return_c, supply_c, current_a, humidity_pct, shock_g, light_lx, battery_pct;
    bool door, power, defrost;
};

struct chill_truth {
    enum haul_cold_fault fault;
    char unit[24], shipment[32];
    int64_t from_ms, until_ms, crossed_ms; /* when the air passed the limit; 0: it did not */
    double least, most;                    /* the value of the alert lies between */
};

struct chill_world {
    struct haul_cold_scenario scenario;
    int64_t start_ms, end_ms, now_ms;
    struct chill_unit *units;
    struct chill_message *outbox; /* by time of sending; from `taken` on */
    size_t outbox_len, outbox_cap, taken, ready;
    uint64_t order;
    struct chill_truth *truths;
    size_t truths_at, truths_len, truths_cap;
    char by[24];
};

int64_t chill_some(struct haul_rng *rng, int64_t low_ms, int64_t high_ms);
static inline bool chill_fails(const struct chill_unit *u, enum haul_cold_fault f)
{
    return u->active == f;
}

/* simulator_cold_faults.c */
void chill_faults_plan(struct chill_world *w);
void chill_faults_turn(struct chill_world *w, struct chill_unit *u); /* ends and begins what is due by now */
/* What was injected is known. */
void chill_tell(struct chill_world *w, const struct chill_unit *u, enum haul_cold_fault f, int64_t from_ms,
                int64_t until_ms);

/* simulator_cold_send.c */
void chill_sample(struct chill_world *w, struct chill_unit *u, bool door, bool defrost);
void chill_event(struct chill_world *w, struct chill_unit *u, enum chill_what what, int64_t time_ms);
void chill_fill(struct chill_world *w, const struct chill_message *m, struct haul_simulated *out);

#endif
