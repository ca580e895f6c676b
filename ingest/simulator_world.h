/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * What the simulator's files share. simulator.c wakes the vehicle that is due; simulator_drive.c moves it up to now and
 * through its day; simulator_faults.c begins and ends what goes wrong; simulator_report.c says what its terminal sends,
 * and when.
 */
#ifndef HAUL_SIMULATOR_WORLD_H
#define HAUL_SIMULATOR_WORLD_H

#include "haul/rng.h"
#include "haul/simulator.h"
#include "ingest/simulator_network.h"

#define SIM_MS_S    1000ll
#define SIM_MS_MIN  60000ll
#define SIM_MS_H    3600000ll
#define SIM_NEVER   INT64_MAX
#define SIM_WAY_MAX 128 /* edges of one trip */

/*   PARKED ──► READY ──► DRIVING ──► HALT ──► DRIVING ──► ARRIVED ──► PARKED
 *   ignition off   on      on          on                   on
 * A rest on the way is ARRIVED and PARKED with some of the way left. */
enum sim_phase { SIM_PARKED, SIM_READY, SIM_DRIVING, SIM_HALT, SIM_ARRIVED };

enum sim_group { SIM_COACH, SIM_TRUCK, SIM_VAN, SIM_GROUPS };

struct sim_active { /* a fault that lasts; a vehicle has one at a time */
    int32_t kind;   /* -1: none */
    int64_t from_ms, until_ms;
    double value; /* target speed, m/s; litres lost for each ms; clock offset, ms; litres or km for the truth */
    double total;
    uint32_t count; /* records lost, kept or stamped */
    bool begun;     /* the state that the rule looks at is reached */
};

struct sim_vehicle {
    struct haul_rng rng;
    char id[24], plate[24];
    uint16_t gateway;
    enum sim_group group;
    enum sim_phase phase;
    int64_t now_ms, phase_end_ms, report_ms; /* SIM_NEVER: the phase ends by driving */

    uint16_t place, goal; /* where it is, or was last; where it goes */
    uint16_t way[SIM_WAY_MAX];
    size_t way_len, way_at;
    double along_m, left_m; /* on this edge; to the goal */
    double node_mps;        /* at most so fast at the end of this edge */
    double halt_m;          /* to the next stop on the way; < 0: none */
    enum sim_phase halt_phase;
    int64_t halt_ms;

    double speed_mps, heading_rad, pace, drift; /* drift: slow change of the driver's pace */
    double fuel_l, odometer_m;
    int64_t refuel_until_ms;
    bool robbed;             /* since it was parked */
    double stint_s, shift_s; /* driven since the last rest, by this driver */
    uint8_t driver;
    double east_m, north_m; /* the receiver's error */

    bool ignition, door;           /* as they are */
    bool told_ignition, told_door; /* as they were last sent */
    uint32_t serial, reports;
    int64_t reported_ms, last_send_ms, stored_ms;

    struct sim_active active;
    int64_t quiet_until_ms; /* no new lasting fault before */
    int64_t due_ms[HAUL_SIM_FAULTS], next_due_ms;
    int64_t forced_ms[HAUL_SIM_FAULTS]; /* duration of a fault at a fixed time; 0: drawn */
    int64_t duplicate_after_ms;
    int64_t dead_until_ms, dead_from_ms; /* of the gateway's silence that it is in; 0: none */
    bool dead_told;
    uint8_t jumps_left;
};

enum sim_what { SIM_POSITION, SIM_DOOR_OPEN, SIM_DOOR_CLOSED, SIM_IGNITION_ON, SIM_IGNITION_OFF, SIM_BYTES };

struct sim_message {
    int64_t send_ms, time_ms;
    uint64_t order; /* of those sent in one millisecond */
    uint32_t vehicle, serial, status;
    enum sim_what what;
    double lon_deg, lat_deg, speed_kmh, heading_deg, mileage_km, fuel_l, accuracy_m;
    uint64_t draw; /* SIM_BYTES: what the bytes are made from */
    uint8_t satellites, driver, variant;
    bool named; /* with plate, group and driver */
};

struct sim_silence {
    uint32_t gateway;
    int64_t from_ms, until_ms;
};

struct sim_wake {
    int64_t ms;
    uint32_t vehicle;
};

struct haul_simulator {
    struct haul_scenario scenario;
    struct sim_network network;
    int64_t start_ms, end_ms;
    struct sim_vehicle *vehicles;
    struct sim_wake *wakes; /* heap, the earliest first */
    struct sim_message *outbox;
    size_t outbox_len, outbox_cap;
    uint64_t order;
    struct haul_simulator_truth *truths; /* those not yet taken: a queue */
    size_t truths_at, truths_len, truths_cap;
    struct sim_silence *silences; /* by gateway, then time */
    size_t silences_len;
    struct haul_buf bytes;
    char driver[24], source[16]; /* of the message that was given last */
    bool ended;
};

/* Local time of day, ms; the province lies in UTC+8. */
int64_t sim_time_of_day(int64_t ms);
static inline uint32_t sim_number(const struct haul_simulator *s, const struct sim_vehicle *v)
{
    return (uint32_t)(v - s->vehicles);
}

/* simulator_drive.c */
void sim_settle(struct haul_simulator *s, struct sim_vehicle *v); /* puts it somewhere, at the start */
/* Moves on to `to_ms`, no further than the end of a timed phase. */
void sim_advance(struct haul_simulator *s, struct sim_vehicle *v, int64_t to_ms);
/* The timed phase is over: into the next. */
void sim_turn(struct haul_simulator *s, struct sim_vehicle *v);
/* Stops on the way as soon as it comfortably can. */
void sim_halt(struct sim_vehicle *v, enum sim_phase phase, int64_t ms);
double sim_tank_l(enum sim_group g);
bool sim_on_expressway(const struct haul_simulator *s, const struct sim_vehicle *v);
bool sim_drives_on(const struct sim_vehicle *v, int64_t ms); /* for so long from now it will not switch off */
double sim_edge_left_m(const struct haul_simulator *s, const struct sim_vehicle *v);
void sim_position(const struct haul_simulator *s, const struct sim_vehicle *v, double *lon_deg, double *lat_deg);
bool sim_night(int64_t ms); /* when coaches drive slowly, with a margin */

/* simulator_faults.c */
void sim_faults_plan(struct haul_simulator *s); /* silences of gateways, first dues, fixed times */
void sim_faults_begin(struct haul_simulator *s, struct sim_vehicle *v);
/* Ends what is over; called when the vehicle has moved on. */
void sim_faults_end(struct haul_simulator *s, struct sim_vehicle *v);
/* When a fault wants the vehicle woken next. */
int64_t sim_faults_wake(const struct sim_vehicle *v);
const struct sim_silence *sim_silence_at(const struct haul_simulator *s, uint32_t gateway, int64_t from_ms,
                                         int64_t until_ms);
struct haul_simulator_truth *sim_truth(struct haul_simulator *s, const struct sim_vehicle *v,
                                       enum haul_simulator_fault f, int64_t from_ms, int64_t until_ms);
void sim_truth_value(struct haul_simulator_truth *t, const char *name, double value);

/* simulator_report.c */
void sim_report(struct haul_simulator *s, struct sim_vehicle *v);
/* Malformed bytes beside what the vehicle sends. */
void sim_report_bytes(struct haul_simulator *s, struct sim_vehicle *v);
void sim_message_fill(struct haul_simulator *s, const struct sim_message *m, struct haul_simulated *out);
void sim_push(struct haul_simulator *s, const struct sim_message *m);

#endif
