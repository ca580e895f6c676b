/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * The simulator of sorting hubs: items that come to the dock, ride on conveyors, are scanned, sorted into chutes and
 * shipped; motors, trucks, vehicles and storage beside them; faults injected, and the truth of what was injected. Items
 * are conserved: each is made once and leaves at most once. The same scenario and seed give the same messages and the
 * same truth, everywhere. Not thread-safe: one owner each.
 */
#ifndef HAUL_HUB_SIMULATOR_H
#define HAUL_HUB_SIMULATOR_H

#include "haul/options.h"
#include "haul/simulator.h"

/* What can be injected: X(NAME, name, rule of the warehouse that must tell it or "", what may follow from it, en, zh).
 * Rates are per hub and hour. The first seven disturb the flow of items: a hub has one of them at a time. */
#define HAUL_HUB_FAULTS(X)                                                                                             \
    X(SENSOR_JAM, "sensor_jam", "warehouse.sensor_jam", "warehouse.throughput_drop",                                   \
      "has an item stuck under a photo-eye for 12 to 60 s while the motor runs",                                       \
      "有货件卡在光电下 12 至 60 秒而电机仍在运转")                                                                    \
    X(ARRIVAL_JAM, "arrival_jam", "warehouse.arrival_jam", "warehouse.throughput_drop",                                \
      "has an item wedged between two zones for 10 to 40 s", "有货件卡在两区段之间 10 至 40 秒")                       \
    X(SLOW_SORTER, "slow_sorter", "warehouse.throughput_drop", "warehouse.queue_growth warehouse.dwell",               \
      "sorts a quarter of what it usually does for 12 to 20 min", "分拣量降至平常的四分之一，持续 12 至 20 分钟")      \
    X(MISSORT, "missort", "warehouse.missort", "", "diverts 8 % of the items into the next chute for 10 to 20 min",    \
      "8% 的货件落入相邻格口，持续 10 至 20 分钟")                                                                     \
    X(NO_READ, "no_read", "warehouse.no_read", "warehouse.recirculation warehouse.throughput_drop",                    \
      "fails to read 25 % of the items for 12 to 20 min", "25% 的货件无法读取，持续 12 至 20 分钟")                    \
    X(RECIRCULATION, "recirculation", "warehouse.recirculation", "warehouse.throughput_drop",                          \
      "sends 30 % of the items round again for 12 to 20 min", "30% 的货件回流，持续 12 至 20 分钟")                    \
    X(FULL_CHUTE, "full_chute", "warehouse.chute_full",                                                                \
      "warehouse.queue_growth warehouse.recirculation warehouse.dwell",                                                \
      "has a chute that nobody empties until 3 to 8 min after it is full", "有格口满后 3 至 8 分钟无人清空")           \
    X(LOST_ITEM, "lost_item", "warehouse.dwell", "", "mislays an item for 70 to 100 min",                              \
      "有货件遗失 70 至 100 分钟后找回")                                                                               \
    X(THEFT, "theft", "warehouse.inventory", "", "has 2 to 9 pieces fewer at a location than its ledger says",         \
      "有储位实存比账面少 2 至 9 件")                                                                                  \
    X(COPIED_LABEL, "copied_label", "warehouse.teleport", "", "reads one label at two places within half a second",    \
      "同一面单在半秒内于两处被读到")                                                                                  \
    X(LATE_DOCK, "late_dock", "warehouse.dock_wait", "", "lets a truck wait for its dock for 36 to 50 min",            \
      "有货车等待月台 36 至 50 分钟")                                                                                  \
    X(SLOW_TRUCK, "slow_truck", "warehouse.truck_turn", "", "keeps a truck for 125 to 140 min",                        \
      "有货车滞留 125 至 140 分钟")                                                                                    \
    X(AGV_BLOCKED, "agv_blocked", "warehouse.agv_blocked", "",                                                         \
      "has a vehicle stand before an obstacle for 70 to 180 s", "有导引车在障碍前停 70 至 180 秒")                     \
    X(AGV_LOST, "agv_lost", "warehouse.agv_lost", "", "has a vehicle without localization for 20 to 120 s",            \
      "有导引车失去定位 20 至 120 秒")                                                                                 \
    X(AGV_FLAT, "agv_flat", "warehouse.agv_battery", "",                                                               \
      "has a vehicle that runs down to 12 % and is not sent to charge", "有导引车电量降至 12% 仍未充电")               \
    X(AGV_SILENT, "agv_silent", "warehouse.agv_silent", "", "hears nothing of a vehicle for 80 to 200 s",              \
      "有导引车静默 80 至 200 秒")                                                                                     \
    X(AGV_STOP, "agv_stop", "warehouse.agv_fault", "", "has a vehicle in emergency stop for 30 to 90 s",               \
      "有导引车急停 30 至 90 秒")                                                                                      \
    X(WORN_MOTOR, "worn_motor", "warehouse.motor_wear", "", "has a motor that draws a tenth more for 40 min",          \
      "有电机电流升高一成，持续 40 分钟")                                                                              \
    X(DUPLICATE, "duplicate", "", "", "sends one reading twice", "同一读取发送两次")                                   \
    X(DISORDER, "disorder", "", "", "sends one reading behind later ones", "一条读取晚于后续消息发送")                 \
    X(MALFORMED, "malformed", "", "", "sends a record that cannot be used, beside its own", "额外发送无法使用的记录")

enum haul_hub_fault {
#define X(NAME, ...) HAUL_HUB_##NAME,
    HAUL_HUB_FAULTS(X)
#undef X
        HAUL_HUB_FAULTS_LEN
};

#define HAUL_HUB_FLOW_FAULTS  7
#define HAUL_SIM_HUBS_MAX     500
#define HAUL_SIM_HUB_ITEM_MAX 600 /* items a minute */

/* A scenario file's values, section "hubs". */
struct haul_hub_scenario {
    int64_t seed, hubs, lines, zones, chutes, docks, agvs, locations, chute_capacity;
    double items_per_min;
    char start[40];
    int64_t duration_ms, warmup_ms, latency_ms;
    double rate[HAUL_HUB_FAULTS_LEN];
};
extern const struct haul_option_set haul_hub_scenario_option_set; /* section "hubs" */

struct haul_hub_simulator;
/* `scenario` is copied; its values must be in the ranges of its options. INVALID: the start is no time. */
enum haul_err haul_hub_simulator_open(const struct haul_hub_scenario *scenario, struct haul_hub_simulator **out,
                                      struct haul_error *e);
void haul_hub_simulator_close(struct haul_hub_simulator *s);
/* One message, in order of send time; false at the end. Pointers are valid until the next call. */
bool haul_hub_simulator_next(struct haul_hub_simulator *s, struct haul_simulated *out);

/* What was injected, or, with `fault` HAUL_HUB_FAULTS_LEN, how many items each hub ended with: those come last. */
struct haul_hub_truth {
    enum haul_hub_fault fault;
    char entity[80]; /* noun:id */
    struct haul_time from, until;
    const char *reason; /* MALFORMED: the refusal's */
    uint64_t in, out;   /* items, of the count at the end */
};
/* The next one that is known by now; false when there is none yet, or none any more. */
bool haul_hub_simulator_truth(struct haul_hub_simulator *s, struct haul_hub_truth *out);
/* {"fault":…,"entity":…,"from":…,"until":…,"rule":…,"may":…} */
void haul_hub_truth_json(const struct haul_hub_truth *t, struct haul_json *j);

#endif
