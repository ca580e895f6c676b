/* SPDX-License-Identifier: Apache-2.0
 * The rules of the cold chain in the order of enum cold_rule, and the counters in the order of enum cold_counter. A
 * name in braces is a number of the alert's evidence.
 */
#include "processors/coldchain/coldchain.h"

const struct haul_rule cold_rules[COLD_RULES] = {
    [COLD_R_EXCURSION] =
        {"excursion", 2, "classes",
         "{entity} is at {temp_c} degC, the limit is {limit_c} degC, for {minutes} min (allowed: {allowed_min} min)",
         "{entity} 温度 {temp_c} °C，限值 {limit_c} °C，已持续 {minutes} 分钟（允许 {allowed_min} 分钟）",
         "Call the driver; check doors, set point and machine; move the load if it does not recover.",
         "联系驾驶员检查车门、设定温度和机组；不能恢复时转移货物。"},
    [COLD_R_CUMULATIVE] =
        {"cumulative", 2, "classes",
         "{entity} has been beyond {limit_c} degC for {minutes} min in all (allowed: {allowed_min} min)",
         "{entity} 累计越过 {limit_c} °C 达 {minutes} 分钟（允许 {allowed_min} 分钟）",
         "Hold the shipment for the quality officer; export its report.", "货物待质量负责人放行，导出其报告。"},
    [COLD_R_FREEZE] =
        {"freeze", 1, "classes",
         "{entity} was at {temp_c} degC, it freezes at {limit_c} degC ({minutes} min, allowed: {allowed_min})",
         "{entity} 温度达 {temp_c} °C，冻结限值 {limit_c} °C（{minutes} 分钟，允许 {allowed_min} 分钟）",
         "Quarantine the shipment; do a shake test or discard; lower air flow or raise the set point.",
         "隔离货物，做振摇试验或报废；调整送风或设定温度。"},
    [COLD_R_MKT] = {"mkt", 2, "classes",
                    "the mean kinetic temperature of {entity} is {mkt_c} degC over {hours} h (limit: {limit_c} degC)",
                    "{entity} 在 {hours} 小时内平均动力学温度为 {mkt_c} °C（限值 {limit_c} °C）",
                    "Hold the shipment for the quality officer; export its report.",
                    "货物待质量负责人放行，导出其报告。"},
    [COLD_R_LIFE] = {"life", 3, "life.warn",
                     "{entity} has {left_pct} % of its shelf life left ({days} days at {at_c} degC)",
                     "{entity} 剩余货架期 {left_pct} %（{at_c} °C 下共 {days} 天）",
                     "Deliver it first, or nearer; tell the receiver.", "优先或就近配送，并告知收货方。"},
    [COLD_R_DOOR] = {"door_open", 3, "door.after",
                     "a door of {entity} (zone {zone}) has been open for {minutes} min (allowed: {limit_min} min)",
                     "{entity} 温区 {zone} 车门已开启 {minutes} 分钟（允许 {limit_min} 分钟）", "Have the door closed.",
                     "通知关闭车门。"},
    [COLD_R_DEFROST] = {"defrost", 3, "defrost.max",
                        "{entity} has been defrosting zone {zone} for {minutes} min (allowed: {limit_min} min)",
                        "{entity} 温区 {zone} 化霜已 {minutes} 分钟（允许 {limit_min} 分钟）",
                        "End the defrost at the machine; have its heater and sensor checked.",
                        "在机组上终止化霜，检查加热器与化霜传感器。"},
    [COLD_R_COMPRESSOR] =
        {"compressor", 2, "compressor.over",
         "{entity} no longer cools zone {zone}: {temp_c} degC, set {set_c} degC, return less supply {delta_k} K, "
         "{current_a} A; "
         "{limit_c} degC in {eta_min} min",
         "{entity} 温区 {zone} 停止制冷：{temp_c} °C，设定 {set_c} °C，回送风温差 {delta_k} K，电流 {current_a} "
         "A；预计 "
         "{eta_min} 分钟后达到 {limit_c} °C",
         "Restart the machine; find the nearest cold store or a second vehicle within the minutes left.",
         "重启机组；在剩余时间内安排就近冷库或换车。"},
    [COLD_R_STUCK] = {"sensor_stuck", 3, "sensor.stuck_samples",
                      "probe {probe} of {entity} has said {temp_c} degC {samples} times running, for {minutes} min",
                      "{entity} 探头 {probe} 连续 {samples} 次为 {temp_c} °C，已 {minutes} 分钟",
                      "Do not rely on the probe; have it replaced.", "不采信该探头，尽快更换。"},
    [COLD_R_DRIFT] = {"sensor_drift", 3, "sensor.drift",
                      "probe {probe} of {entity} has drifted by {drift_k} K from the others of its zone",
                      "{entity} 探头 {probe} 相对同区其他探头漂移 {drift_k} K",
                      "Have the probe verified against a reference.", "用标准器校验该探头。"},
    [COLD_R_MISSING] = {"sensor_missing", 3, "sensor.missing_times",
                        "probe {probe} of {entity} has been silent for {minutes} min (allowed: {limit_min} min)",
                        "{entity} 探头 {probe} 已 {minutes} 分钟无数据（允许 {limit_min} 分钟）",
                        "Check the probe and its connection; when a whole gateway is silent, the gateway.",
                        "检查探头及其连接；整个网关静默时检查网关。"},
    [COLD_R_IMPOSSIBLE] =
        {"sensor_impossible", 4, "sensor.rate",
         "probe {probe} of {entity} says {temp_c} degC after {before_c} degC (at most {rate_kpmin} K/min)",
         "{entity} 探头 {probe} 由 {before_c} °C 变为 {temp_c} °C（上限 {rate_kpmin} K/min）",
         "Do not rely on the value; check the probe if it comes again.", "不采信该数值；再次出现时检查探头。"},
    [COLD_R_CADENCE] =
        {"cadence", 3, "classes",
         "probe {probe} of {entity} records or measures each {every_s} s; its class asks for {asked_s} s",
         "{entity} 探头 {probe} 记录或测量间隔 {every_s} 秒，产品类别要求 {asked_s} 秒", "Set the logger's interval.",
         "调整记录仪间隔。"},
    [COLD_R_HUMIDITY] = {"humidity", 4, "humidity.limit",
                         "{entity} is at {humidity_pct} % relative humidity for {minutes} min (limit: {limit_pct} %)",
                         "{entity} 相对湿度 {humidity_pct} % 已 {minutes} 分钟（限值 {limit_pct} %）",
                         "Check seals, drain and ventilation.", "检查密封、排水和通风。"},
    [COLD_R_SHOCK] = {"shock", 3, "shock.limit", "{entity} took a shock of {shock_g} g (limit: {limit_g} g)",
                      "{entity} 受到 {shock_g} g 冲击（限值 {limit_g} g）", "Have the load inspected at the next stop.",
                      "下一站检查货物。"},
    [COLD_R_LIGHT] = {"light", 3, "light.limit",
                      "there is light of {light_lx} lx in {entity} behind a closed door (limit: {limit_lx} lx)",
                      "{entity} 关门状态下照度 {light_lx} lx（限值 {limit_lx} lx）",
                      "Check the seal, the door's switch and the load: it may have been opened.",
                      "检查封签、门磁和货物，可能被开启。"},
    [COLD_R_POWER] = {"power", 2, "power.after", "{entity} has been without power for {minutes} min",
                      "{entity} 已断电 {minutes} 分钟", "Restore its supply or start its engine.",
                      "恢复供电或启动机组。"},
    [COLD_R_BATTERY] = {"battery", 4, "battery.low",
                        "the battery of probe {probe} of {entity} is at {battery_pct} % (limit: {limit_pct} %)",
                        "{entity} 探头 {probe} 电量 {battery_pct} %（限值 {limit_pct} %）",
                        "Charge or replace it before the next trip.", "下次出车前充电或更换。"},
    [COLD_R_PRECOOL] = {"not_precooled", 3, "classes",
                        "{entity} was loaded at {temp_c} degC in zone {zone} (limit: {limit_c} degC)",
                        "{entity} 温区 {zone} 装货时温度 {temp_c} °C（限值 {limit_c} °C）",
                        "Stop loading until the body has come to temperature.", "停止装货，待厢体预冷到位。"},
    [COLD_R_HANDOVER] =
        {"handover", 3, "handover.apart",
         "{entity} was handed over at {gave_c} degC and taken at {took_c} degC: {apart_k} K apart (limit: {limit_k} K)",
         "{entity} 交出时 {gave_c} °C，接收时 {took_c} °C，相差 {apart_k} K（限值 {limit_k} K）",
         "Measure again before signing; check which logger is wrong.", "签收前复测，核查哪一方记录仪有误。"},
    [COLD_R_UNTRACKED] = {"untracked", 3, "untracked.after",
                          "{entity} is aboard and has had no temperature for {minutes} min (limit: {limit_min} min)",
                          "{entity} 在途已 {minutes} 分钟无温度数据（限值 {limit_min} 分钟）",
                          "Find out why its unit is silent.", "查明载货单元无数据原因。"},
};

const struct haul_counter cold_counters[COLD_COUNTERS] = {
    [COLD_C_DISORDERED] =
        {"disordered", "samples and events older than what they are about has been followed to, or repeated: dropped"},
    [COLD_C_HURRIED] = {"hurried", "samples taken before the watermark had passed them, because too many waited"},
    [COLD_C_UNTRUSTED] = {"untrusted", "temperatures that are impossible: not integrated"},
    [COLD_C_OVERFULL] = {"overfull", "shipments loaded into a unit that follows as many as it can: not followed"},
    [COLD_C_FILLED] = {"filled", "exposures that came late and filled a gap"},
    [COLD_C_OVERLAP] = {"overlap",
                        "exposures of a time through which the shipment has already been followed: not added"},
};
