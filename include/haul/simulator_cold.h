/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * The simulator's cold chain: refrigerated load units with a thermostat, doors, defrosts and two probes each, that
 * carry one shipment after the other; faults injected, and the truth of them. Not thread-safe: one owner each.
 */
#ifndef HAUL_SIMULATOR_COLD_H
#define HAUL_SIMULATOR_COLD_H

#include "haul/world.h"

/* What can be injected: X(NAME, name, rule that must tell it, rules that may tell it as well, en, zh). Rates are per
 * unit and day. */
#define HAUL_COLD_FAULTS(X)                                                                                            \
    X(COMPRESSOR, "compressor", "coldchain.compressor",                                                                \
      "coldchain.excursion,coldchain.cumulative,coldchain.defrost,coldchain.cadence",                                  \
      "has a machine that no longer cools for 150 to 240 min", "机组停止制冷 150 至 240 分钟")                         \
    X(POWER, "power", "coldchain.power", "coldchain.compressor,coldchain.excursion", "has no power for 15 to 40 min",  \
      "断电 15 至 40 分钟")                                                                                            \
    X(DOOR, "door", "coldchain.door_open", "coldchain.excursion,coldchain.compressor,coldchain.cumulative",            \
      "has its door open for 12 to 20 min", "车门开启 12 至 20 分钟")                                                  \
    X(DEFROST, "defrost", "coldchain.defrost", "coldchain.excursion,coldchain.compressor",                             \
      "defrosts for 60 to 75 min", "化霜持续 60 至 75 分钟")                                                           \
    X(FREEZE, "freeze", "coldchain.freeze", "coldchain.excursion,coldchain.compressor,coldchain.handover",             \
      "is set to -4 degC for 60 to 90 min with goods that must not freeze",                                            \
      "设定温度误为 -4 °C,持续 60 至 90 分钟,所载货物不得冻结")                                                        \
    X(STUCK, "stuck", "coldchain.sensor_stuck", "coldchain.sensor_drift",                                              \
      "has a probe that repeats itself for 2 to 3 h", "一个探头重复同一示值 2 至 3 小时")                              \
    X(DRIFT, "drift", "coldchain.sensor_drift", "coldchain.excursion,coldchain.compressor",                            \
      "has a probe that drifts by 1 K in 100 min, and stays so for 6 h", "一个探头 100 分钟内漂移 1 K,持续 6 小时")    \
    X(MISSING, "missing", "coldchain.sensor_missing", "coldchain.cadence",                                             \
      "has a probe that is silent for 20 to 40 min", "一个探头静默 20 至 40 分钟")                                     \
    X(IMPOSSIBLE, "impossible", "coldchain.sensor_impossible", "", "has a probe that says 40 K too much, once",        \
      "一个探头单次示值偏高 40 K")                                                                                     \
    X(CADENCE, "cadence", "coldchain.cadence", "coldchain.sensor_missing,coldchain.door_open,coldchain.sensor_drift",  \
      "with drugs or vaccines records each 7 min only, for 60 to 90 min", "载运药品或疫苗时仅每 7 分钟记录一次")       \
    X(HUMIDITY, "humidity", "coldchain.humidity", "", "is at 95 % humidity for 45 to 70 min",                          \
      "湿度 95%,持续 45 至 70 分钟")                                                                                   \
    X(SHOCK, "shock", "coldchain.shock", "", "takes a shock of 9 g", "受到 9 g 冲击")                                  \
    X(LIGHT, "light", "coldchain.light", "", "has light in it for 10 min while its door is shut",                      \
      "关门状态下有光照 10 分钟")                                                                                      \
    X(BATTERY, "battery", "coldchain.battery", "", "has a logger at 10 % for an hour", "记录仪电量 10%,持续一小时")    \
    X(PRECOOL, "not_precooled", "coldchain.not_precooled",                                                             \
      "coldchain.excursion,coldchain.cumulative,coldchain.compressor,coldchain.defrost",                               \
      "is loaded while it is 4 K too warm", "厢体高于限值 4 K 时装货")                                                 \
    X(HANDOVER, "handover", "coldchain.handover", "", "is handed over to a receiver who reads 4 K more",               \
      "交接时接收方读数高 4 K")

enum haul_cold_fault {
#define X(NAME, ...) HAUL_COLD_##NAME,
    HAUL_COLD_FAULTS(X)
#undef X
        HAUL_COLD_FAULTS_LEN
};

#define HAUL_COLD_UNITS_MAX    20000
#define HAUL_COLD_GATEWAYS_MAX 500
#define HAUL_COLD_EVENTS_MAX   64

/* A fault at a fixed time. */
struct haul_cold_event {
    char name[64];
    int32_t fault;              /* enum haul_cold_fault */
    int64_t unit;               /* number, from 1 */
    int64_t at_ms, duration_ms; /* since the start; 0: drawn */
};

struct haul_cold_scenario {
    int64_t seed, units, gateways;
    char start[40]; /* as haul_time_parse reads it */
    int64_t duration_ms, interval_ms, latency_ms, quiet_ms;
    double low_c, high_c; /* outside air, drawn for each unit */
    double silent, warm;  /* shares of units whose defrosts nothing shows, or warm supply air only; else a flag */
    double loss;          /* share of samples that never arrive */
    double rate[HAUL_COLD_FAULTS_LEN];
    struct {
        uint32_t len;
        struct haul_cold_event item[HAUL_COLD_EVENTS_MAX];
    } events;
};
extern const struct haul_option_set haul_cold_option_set; /* section "reefers" */

#endif
