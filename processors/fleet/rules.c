/* SPDX-License-Identifier: Apache-2.0
 * The rules of the fleet in the order of enum fleet_rule, and the counters in the order of enum fleet_counter. A name
 * in braces is a number of the alert's evidence.
 */
#include "processors/fleet/fleet.h"

const struct haul_rule fleet_rules[FLEET_RULES] = {
    [FLEET_SPEEDING] = {"speeding", 3, "speeding.raise_over",
                        "{entity} drives at {speed_kmh} km/h where {limit_kmh} km/h are allowed ({over_pct} % over)",
                        "{entity} 以 {speed_kmh} km/h 行驶，限速 {limit_kmh} km/h（超速 {over_pct} %）",
                        "Call the driver and have the speed reduced; log repeated cases.",
                        "联系驾驶员立即减速；多次发生的记入台账。"},
    [FLEET_FATIGUE] =
        {"fatigue", 2, "fatigue.day",
         "{entity} has been driven for {stint_min} min without a rest of {rest_min} min (of it "
         "{night_min} min at night), {day_h} h in 24 h and {week_h} h in 7 days",
         "{entity} 连续驾驶 {stint_min} 分钟未休息满 {rest_min} 分钟（其中夜间 {night_min} 分钟），24 小时内"
         "累计 {day_h} 小时，7 天内累计 {week_h} 小时",
         "Direct the driver to the next rest area; change the driver if the day's or week's time is used up.",
         "引导驾驶员就近进入服务区休息；当日或当周驾驶时间用尽的应更换驾驶员。"},
    [FLEET_NIGHT_RUNNING] =
        {"night_running", 2, "night_running.share",
         "{entity} drives at {speed_kmh} km/h at night, where {limit_kmh} km/h hold for its group",
         "{entity} 夜间以 {speed_kmh} km/h 行驶，本组夜间限值为 {limit_kmh} km/h",
         "During the ban have the coach stop at the next safe place; otherwise have the speed reduced.",
         "禁行时段内通知车辆就近安全停车；其余夜间时段通知减速。"},
    [FLEET_UNPLANNED_STOP] =
        {"unplanned_stop", 4, "unplanned_stop.after",
         "{entity} has stood with the ignition on for {stopped_min} min, away from every known place",
         "{entity} 在已知场所之外点火停车 {stopped_min} 分钟",
         "Ask the driver for the reason; check for a breakdown or a closed road.",
         "联系驾驶员了解原因，核实是否故障或道路封闭。"},
    [FLEET_DOOR_OPEN] =
        {"door_open", 2, "door_open.speed",
         "{entity} has a door open at {speed_kmh} km/h (allowed: below {limit_kmh} km/h); illegal openings "
         "reported: {illegal}",
         "{entity} 以 {speed_kmh} km/h 行驶时车门开启（允许低于 {limit_kmh} km/h），上报非法开门 {illegal} 次",
         "Have the driver stop and close the doors; check passengers and load.",
         "通知驾驶员停车关门，检查乘客与货物。"},
    [FLEET_ILLEGAL_IGNITION] = {"illegal_ignition", 2, "",
                                "{entity} reports an illegal ignition (alarm word {bits}, bit 27)",
                                "{entity} 上报非法点火（报警字 {bits}，第 27 位）",
                                "Check who has the vehicle; follow its position and inform the owner.",
                                "核实用车人，跟踪车辆位置并通知车主。"},
    [FLEET_DISPLACEMENT] =
        {"displacement", 2, "displacement.distance",
         "{entity} is {distance_m} m from where its ignition went off (allowed: {limit_m} m); illegal "
         "displacements reported: {reported}",
         "{entity} 距熄火地点 {distance_m} 米（允许 {limit_m} 米），上报非法位移 {reported} 次",
         "Check for towing or theft; follow the position and inform the owner.",
         "核实是否被拖移或盗窃，跟踪位置并通知车主。"},
    [FLEET_FUEL_THEFT] =
        {"fuel_theft", 2, "fuel_theft.drop",
         "{entity} lost {drop_l} L of fuel while it stood, from {from_l} L to {to_l} L (allowed: {limit_l} L)",
         "{entity} 停车期间油量减少 {drop_l} 升，由 {from_l} 升降至 {to_l} 升（允许 {limit_l} 升）",
         "Call the driver, look at the tank and the place; keep the record for the police.",
         "联系驾驶员检查油箱和现场，保留记录以备报警。"},
    [FLEET_HARSH_DRIVING] =
        {"harsh_driving", 4, "harsh_driving.brake",
         "{entity} is driven harshly: {along_mps2} m/s2 along and {across_mps2} m/s2 across, the limit is "
         "{limit_mps2} m/s2",
         "{entity} 驾驶激烈：纵向 {along_mps2} m/s²，横向 {across_mps2} m/s²，限值 {limit_mps2} m/s²",
         "Talk to the driver after the trip; at a sudden brake look for an incident on the road.",
         "行程结束后提醒驾驶员；急刹车时核查道路是否有事件。"},
    [FLEET_COLLISION] = {"collision", 1, "", "{entity} reports a collision (alarm word {bits}, bit 29)",
                         "{entity} 上报碰撞（报警字 {bits}，第 29 位）",
                         "Call the driver at once; send rescue and traffic police to the position.",
                         "立即联系驾驶员，通知救援和交警赶赴现场。"},
    [FLEET_ROLLOVER] = {"rollover", 1, "", "{entity} reports a rollover (alarm word {bits}, bit 30)",
                        "{entity} 上报侧翻（报警字 {bits}，第 30 位）",
                        "Call the driver at once; send rescue and traffic police to the position.",
                        "立即联系驾驶员，通知救援和交警赶赴现场。"},
    [FLEET_SOS] = {"sos", 1, "", "{entity} sends an emergency call (alarm word {bits}, bit 0)",
                   "{entity} 发出紧急求助（报警字 {bits}，第 0 位）",
                   "Call the driver at once; if there is no answer inform the police with the position.",
                   "立即联系驾驶员；无应答时将位置通报公安。"},
    [FLEET_BATTERY] =
        {"battery", 2, "battery.level", "{entity} reports a battery alarm of level {level} (alert from level {limit})",
         "{entity} 上报动力电池报警等级 {level}（自 {limit} 级起告警）",
         "Have the driver stop away from people and tunnels and leave the vehicle; keep the fire service ready.",
         "通知驾驶员远离人群和隧道停车并离车，消防做好准备。"},
    [FLEET_GNSS_JUMP] =
        {"gnss_jump", 4, "gnss_jump.speed",
         "{entity} would have had to travel {jump_km} km at {speed_kmh} km/h (possible: {limit_kmh} km/h); "
         "{bad} of its last {of} fixes are impossible",
         "{entity} 需以 {speed_kmh} km/h 移动 {jump_km} 公里（可能上限 {limit_kmh} km/h）；最近 {of} 个定位中 "
         "{bad} 个不可能",
         "Do not rely on its position; check the antenna, and for jamming when several vehicles are affected.",
         "暂不采信其位置；检查天线，多车同时出现时排查干扰。"},
    [FLEET_TAMPERING] =
        {"tampering", 3, "",
         "{entity} reports that its terminal is disturbed (alarm word {bits}, bits 4 to 8): fault or cut of "
         "antenna or power",
         "{entity} 上报终端异常（报警字 {bits}，第 4 至 8 位）：天线或电源故障、断开",
         "Call the driver; have the terminal, its antenna and its supply inspected.",
         "联系驾驶员，检查终端、天线及电源。"},
    [FLEET_OFFLINE] = {"offline", 3, "offline.after",
                       "{entity} has been silent for {silent_min} min with the ignition on (allowed: {limit_min} min)",
                       "{entity} 点火状态下已 {silent_min} 分钟无数据（允许 {limit_min} 分钟）",
                       "Call the driver; when many vehicles of one gateway are silent, look at the gateway.",
                       "联系驾驶员；同一网关多车离线时检查网关。"},
    [FLEET_CLOCK_SKEW] = {"clock_skew", 4, "clock_skew.limit",
                          "the clock of {entity} is {skew_s} s off (allowed: {limit_s} s)",
                          "{entity} 终端时钟偏差 {skew_s} 秒（允许 {limit_s} 秒）",
                          "Have the terminal set its clock by satellite time; do not rely on the times it sent.",
                          "通知终端按卫星时间校时；其已上报时间不宜采信。"},
    [FLEET_DUPLICATE_SERIAL] =
        {"duplicate_serial", 4, "duplicate_serial.count",
         "{entity} has sent {repeats} messages with a serial number seen before (the last: {serial})",
         "{entity} 重复使用消息流水号 {repeats} 次（最近一次：{serial}）",
         "Check for two terminals under one identity, a replay, or a gateway that sends twice.",
         "核查是否一号双终端、重放攻击或网关重复转发。"},
    [FLEET_FENCE_ENTER] = {"fence_enter", 3, "", "{entity} is inside {fences} fence(s) that it is to stay out of",
                           "{entity} 进入禁入围栏 {fences} 个", "Call the driver and have the vehicle leave the area.",
                           "联系驾驶员驶离该区域。"},
    [FLEET_FENCE_EXIT] = {"fence_exit", 3, "", "{entity} has left {fences} fence(s) that it is to stay in",
                          "{entity} 驶出限定围栏 {fences} 个",
                          "Call the driver and ask for the reason; have it return.", "联系驾驶员了解原因，要求返回。"},
    [FLEET_FENCE_DWELL] = {"fence_dwell", 4, "",
                           "{entity} has been inside a fence for {stay_min} min (allowed: {limit_min} min)",
                           "{entity} 在围栏内停留 {stay_min} 分钟（允许 {limit_min} 分钟）",
                           "Ask the driver for the reason; look at the dock or the queue there.",
                           "联系驾驶员了解原因，核查现场月台或排队情况。"},
    [FLEET_FENCE_CROSS] =
        {"fence_cross", 4, "fences.cross_hold",
         "the way of {entity} between two fixes has crossed {fences} fence(s) that it is to stay out of",
         "{entity} 两次定位之间穿越禁入围栏 {fences} 个", "Look at its way; ask the driver.",
         "核查行驶轨迹并询问驾驶员。"},
    [FLEET_FENCE_APPROACH] = {"fence_approach", 4, "", "{entity} comes near {fences} fence(s)",
                              "{entity} 接近围栏 {fences} 个", "Warn the driver before the vehicle enters.",
                              "在车辆进入前提醒驾驶员。"},
};

const struct haul_counter fleet_counters[FLEET_COUNTERS] = {
    [FLEET_LATE] = {"late", "records behind the watermark but in order for their vehicle: processed"},
    [FLEET_DISORDERED] = {"disordered", "records older than their vehicle's newest: they move nothing back"},
    [FLEET_FILLED] = {"filled", "disordered records that filled a gap of the odometer"},
    [FLEET_DUPLICATE] = {"duplicate", "messages seen before, by serial number and time: dropped"},
    [FLEET_UNTRUSTED] = {"untrusted", "fixes that were not believed: the position did not move"},
    [FLEET_FENCE_TRANSITIONS] = {"fence_transitions", "transitions between vehicles and fences that were sent on"},
    [FLEET_FENCES_CROWDED] = {"fences_crowded", "fences that were not followed: a vehicle was in or near too many"},
};
