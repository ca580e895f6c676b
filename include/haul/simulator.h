/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * The simulator: a province of vehicles that drive along a network of places and road links, with faults injected, and
 * the truth of what was injected. The same scenario and seed give the same messages and the same truth, everywhere.
 * Not thread-safe: one owner each.
 */
#ifndef HAUL_SIMULATOR_H
#define HAUL_SIMULATOR_H

#include "haul/world.h"

/* What can be injected: X(NAME, name, rule of the fleet that must tell it or "", en, zh). Rates are per vehicle and
 * hour, for dead_gateway per gateway and hour. */
#define HAUL_SIMULATOR_FAULTS(X)                                                                                       \
    X(SPEEDING, "speeding", "fleet.speeding", "drives 14 to 35 % above the limit for 40 to 150 s on an expressway",    \
      "在高速公路上超速 14% 至 35%,持续 40 至 150 秒")                                                                 \
    X(UNPLANNED_STOP, "unplanned_stop", "fleet.unplanned_stop", "stops on the road for 20 to 40 min, ignition on",     \
      "途中停车 20 至 40 分钟,不熄火")                                                                                 \
    X(FUEL_THEFT, "fuel_theft", "fleet.fuel_theft", "loses 20 to 40 % of its tank while parked",                       \
      "停放时失去 20% 至 40% 的油量")                                                                                  \
    X(LOST_SIGNAL, "lost_signal", "fleet.offline", "is silent for 12 to 30 min while it drives; nothing is kept",      \
      "行驶中静默 12 至 30 分钟,数据丢失")                                                                             \
    X(GNSS_JUMP, "gnss_jump", "fleet.gnss_jump", "reports one or two fixes 5 to 40 km away",                           \
      "一两个定位跳到 5 至 40 公里之外")                                                                               \
    X(WRONG_CLOCK, "wrong_clock", "fleet.clock_skew",                                                                  \
      "stamps its records 6 to 10 min ahead for 5 to 10 min; from the first record on, 6 to 40 min behind",            \
      "时钟快 6 至 10 分钟,持续 5 至 10 分钟;开机即错者慢 6 至 40 分钟")                                               \
    X(DUPLICATE, "duplicate", "", "sends one message twice", "同一条消息发送两次")                                     \
    X(DISORDER, "disorder", "", "sends one message behind later ones", "一条消息晚于后续消息发送")                     \
    X(BLIND_AREA, "blind_area", "", "keeps its positions for 3 to 8 min and sends them late, in order",                \
      "盲区内存储 3 至 8 分钟的位置,随后按序补传")                                                                     \
    X(MALFORMED, "malformed", "", "sends bytes that are no record, beside its own", "额外发送无法解析的字节")          \
    X(DEAD_GATEWAY, "dead_gateway", "fleet.offline",                                                                   \
      "a gateway is dead for 12 to 25 min: all its vehicles are silent",                                               \
      "一个网关失效 12 至 25 分钟,其下车辆全部静默")

enum haul_simulator_fault {
#define X(NAME, ...) HAUL_SIM_##NAME,
    HAUL_SIMULATOR_FAULTS(X)
#undef X
        HAUL_SIM_FAULTS
};

#define HAUL_SIM_VEHICLES_MAX 200000
#define HAUL_SIM_GATEWAYS_MAX 500
#define HAUL_SIM_EVENTS_MAX   64

/* A fault at a fixed time. */
struct haul_scenario_event {
    char name[64];
    int32_t fault;              /* enum haul_simulator_fault */
    int64_t vehicle, gateway;   /* number, from 1; the gateway for dead_gateway */
    int64_t at_ms, duration_ms; /* since the start; 0: drawn */
};

/* A scenario file's values. Durations in ms, speeds in m/s. */
struct haul_scenario {
    char network[512]; /* folder with places.csv and roads.csv */
    int64_t seed, vehicles, gateways;
    char start[40]; /* as haul_time_parse reads it */
    int64_t duration_ms, interval_ms, parked_interval_ms, latency_ms;
    double noise_m, coaches, trucks; /* the rest are vans */
    double limit_mps;                /* that the fleet's rule of speeding holds for all */
    double rate[HAUL_SIM_FAULTS];
    struct {
        uint32_t len;
        struct haul_scenario_event item[HAUL_SIM_EVENTS_MAX];
    } events;
};
extern const struct haul_option_set haul_scenario_option_set; /* section "scenario" */

struct haul_simulator;

/* Reads the network and puts every vehicle somewhere, most of them on the road. `scenario` is copied; its values must
 * be in the ranges of its options. */
enum haul_err haul_simulator_open(const struct haul_scenario *scenario, struct haul_simulator **out,
                                  struct haul_error *e);
void haul_simulator_close(struct haul_simulator *s);

/* False at the end of the duration, when everything is sent. */
bool haul_simulator_next(struct haul_simulator *s, struct haul_simulated *out);

/* What was injected: known once it is over; of a gateway from the beginning. */
struct haul_simulator_truth {
    enum haul_simulator_fault fault;
    char vehicle[24]; /* "" for the gateway's own line */
    char gateway[16];
    struct haul_time from, until; /* by the world's clock */
    const char *rule;             /* that must be raised, or NULL */
    const char *may;              /* rules that may be raised as well, as a consequence, or NULL */
    const char *detail;           /* MALFORMED: the kind of bytes; else NULL */
    const char *reason;           /* MALFORMED: the refusal's reason, see haul_reason_name; else NULL */
    struct {
        const char *name; /* with its unit */
        double value;
    } values[4];
    size_t values_len;
};
/* The next one that is known by now; false when there is none yet, or, after haul_simulator_next has returned false,
 * none any more. */
bool haul_simulator_truth(struct haul_simulator *s, struct haul_simulator_truth *out);
/* {"fault":…,"vehicle":…,"from":…,"until":…,"rule":…,"may":…,"values":{…}} */
void haul_simulator_truth_json(const struct haul_simulator_truth *t, struct haul_json *j);

const char *haul_simulator_fault_name(enum haul_simulator_fault f);

#endif
