/* SPDX-License-Identifier: Apache-2.0
 * The rules of the warehouse in the order of enum wh_rule, and the counters in the order of enum wh_counter. A name in
 * braces is a number of the alert's evidence.
 */
#include "processors/warehouse/warehouse.h"

const struct haul_rule wh_rules[WH_RULES] = {
    [WH_R_SENSOR_JAM] =
        {"sensor_jam", 2, "sensor_jam.after",
         "the photo-eye of {entity} has been blocked for {seconds} s while its motor runs (allowed: {limit_s} s)",
         "{entity} 光电在电机运转时已被遮挡 {seconds} 秒（允许 {limit_s} 秒）",
         "Stop the zone and clear the jam; look for torn or wedged cartons.",
         "停止该区段，清除堵塞，检查破损或卡住的纸箱。"},
    [WH_R_ARRIVAL_JAM] =
        {"arrival_jam", 2, "arrival_jam.after",
         "{items} items were passed on to {entity}, the oldest {seconds} s ago, and have not come in (allowed: "
         "{limit_s} s)",
         "已向 {entity} 输送 {items} 件，最早一件 {seconds} 秒仍未到达（允许 {limit_s} 秒）",
         "Look at the transfer before the zone; clear it or take the item away.",
         "检查该区段前的移载处，清除堵塞或取走货件。"},
    [WH_R_THROUGHPUT] =
        {"throughput_drop", 2, "throughput.drop",
         "{entity} does {units_per_h} units an hour, usual at this time are {expected_per_h} ({below_pct} % below for "
         "{minutes} min; {inside} items inside)",
         "{entity} 当前 {units_per_h} 件/小时，此时段通常为 {expected_per_h}（低 {below_pct} %，{minutes} 分钟；在场 "
         "{inside} 件）",
         "Look for a stopped line, full chutes or missing people; divert inbound if it lasts.",
         "检查停线、满格口或缺员；持续时分流进港。"},
    [WH_R_MISSORT] = {"missort", 2, "missort.rate",
                      "{missorted} of {sorted} items of {entity} went to another chute than planned in a quarter of an "
                      "hour ({pct} %, "
                      "limit {limit_pct} %)",
                      "{entity} 一刻钟内 {sorted} 件中有 {missorted} 件落入非计划格口（{pct} %，限值 {limit_pct} %）",
                      "Check the sort plan, the diverters' timing and the tracking of the sorter.",
                      "检查分拣计划、摆轮时序与分拣跟踪。"},
    [WH_R_NO_READ] = {"no_read", 3, "no_read.limit",
                      "{hits} of {of} items at {entity} could not be read ({pct} %, limit {limit_pct} %)",
                      "{entity} 的 {of} 件中有 {hits} 件未读出（{pct} %，限值 {limit_pct} %）",
                      "Clean and align the scanner; check labels of the newest customers.",
                      "清洁并校准扫描器，检查近期客户的面单。"},
    [WH_R_RECIRCULATION] = {"recirculation", 3, "recirculation.limit",
                            "{hits} of {of} items at {entity} have come round again ({pct} %, limit {limit_pct} %)",
                            "{entity} 的 {of} 件中有 {hits} 件回流（{pct} %，限值 {limit_pct} %）",
                            "Look for full or closed chutes and for destinations without a chute.",
                            "检查满格口、关闭格口与无格口的流向。"},
    [WH_R_CHUTE_FULL] = {"chute_full", 2, "chute.full", "chute {entity} is {pct} % full (limit: {limit_pct} %)",
                         "格口 {entity} 已满 {pct} %（限值 {limit_pct} %）", "Empty the chute or change its bag.",
                         "清空格口或换袋。"},
    [WH_R_GROWTH] = {"queue_growth", 3, "queue_growth.fill",
                     "{entity} is {pct} % full and has been filling for {minutes} min; full in {full_in_min} min",
                     "{entity} 已占用 {pct} %，持续增长 {minutes} 分钟，预计 {full_in_min} 分钟后满",
                     "Open another outlet or slow what feeds it before it is full.", "在其占满前增开出口或减缓来料。"},
    [WH_R_DWELL] = {"dwell", 3, "dwell.sla",
                    "{items} items have been inside {entity} for too long, {minutes} min (limit: {limit_min} min)",
                    "{entity} 有 {items} 件滞留过久，达 {minutes} 分钟（限值 {limit_min} 分钟）",
                    "Look for them at problem stations and on the floor.", "到异常件工位与地面寻找。"},
    [WH_R_INVENTORY] =
        {"inventory", 3, "inventory.cycles",
         "{entity} was counted at {counted} pieces, its ledger says {ledger} ({off} off, {cycles} counts running)",
         "{entity} 盘点 {counted} 件，账面 {ledger} 件（相差 {off}，连续 {cycles} 次）",
         "Recount; trace the last puts and picks; accept the count when it is right.",
         "复盘，追查最近的上架与拣选，确认后以盘点数为准。"},
    [WH_R_TELEPORT] = {"teleport", 3, "teleport.within",
                       "an item of {entity} was read in two places {seconds} s apart (least travel: {limit_s} s)",
                       "{entity} 的一件货物在相隔 {seconds} 秒的两处被读到（最短移动 {limit_s} 秒）",
                       "Take both items out: one label is a copy, or a reader reads across.",
                       "扣留两件：其一为重复面单，或读头串读。"},
    [WH_R_DOCK_WAIT] = {"dock_wait", 3, "dock.wait",
                        "a truck has waited {minutes} min for {entity} (limit: {limit_min} min); {trucks} wait",
                        "一辆货车等待 {entity} 已 {minutes} 分钟（限值 {limit_min} 分钟），共 {trucks} 辆在等",
                        "Give it another dock or call more hands.", "改派月台或增派人手。"},
    [WH_R_TRUCK_TURN] = {"truck_turn", 3, "dock.turn",
                         "a truck of {entity} has been on the site for {minutes} min (limit: {limit_min} min)",
                         "{entity} 的一辆货车在场已 {minutes} 分钟（限值 {limit_min} 分钟）",
                         "Find what holds it: paper, load or driver.", "查明滞留原因：单据、货物或司机。"},
    [WH_R_AGV_BLOCKED] = {"agv_blocked", 3, "agv.blocked",
                          "{entity} has an order and has not moved for {seconds} s (limit: {limit_s} s)",
                          "{entity} 有任务但已 {seconds} 秒未移动（限值 {limit_s} 秒）",
                          "Clear its way; reset it if nothing stands there.", "清除其路径障碍；无障碍时复位。"},
    [WH_R_AGV_LOST] = {"agv_lost", 2, "agv.localization",
                       "{entity} does not know where it is: localization {localization} (limit: {limit})",
                       "{entity} 定位置信度 {localization}（限值 {limit}），已失去定位",
                       "Keep people away and localize it anew by hand.", "隔离人员，人工重新定位。"},
    [WH_R_AGV_BATTERY] = {"agv_battery", 4, "agv.battery",
                          "{entity} has {battery_pct} % of its charge left and is not charging (limit: {limit_pct} %)",
                          "{entity} 剩余电量 {battery_pct} % 且未充电（限值 {limit_pct} %）", "Send it to charge.",
                          "派其充电。"},
    [WH_R_AGV_SILENT] = {"agv_silent", 3, "agv.silent",
                         "{entity} has sent no state for {seconds} s (limit: {limit_s} s)",
                         "{entity} 已 {seconds} 秒无状态上报（限值 {limit_s} 秒）",
                         "Check its radio; when several are silent, the access point.",
                         "检查其无线连接；多台静默时检查接入点。"},
    [WH_R_AGV_FAULT] = {"agv_fault", 2, "", "{entity} stands with a fatal error or an emergency stop ({errors} errors)",
                        "{entity} 因致命错误或急停停车（{errors} 个错误）",
                        "Go and see; release the stop when its field is free.", "现场查看，确认安全后解除急停。"},
    [WH_R_WEAR] =
        {"motor_wear", 4, "wear.h",
         "the motor of {entity} draws {current_a} A at {vibration_mmps} mm/s, {usual} were usual (sum {sum}, "
         "limit {limit})",
         "{entity} 电机电流 {current_a} A、振动 {vibration_mmps} mm/s，通常为 {usual}（累积 {sum}，限值 {limit}）",
         "Plan its bearing and belt for the next stop.", "安排下次停机时检查轴承与皮带。"},
};

const struct haul_counter wh_counters[WH_COUNTERS] = {
    [WH_C_DISORDERED] =
        {"disordered",
         "records older than what is known of their item, station or vehicle: dropped, but for what moved"},
    [WH_C_DUPLICATE] = {"duplicate", "readings repeated at the same place at once: dropped"},
    [WH_C_UNANNOUNCED] = {"unannounced", "items and trucks first seen past the door: taken as come in"},
    [WH_C_WRITTEN_OFF] = {"written_off", "items that were silent for items.keep, or gave way: counted as out"},
    [WH_C_OVERFULL] = {"overfull", "items and trucks that gave way because a hub holds as many as it can"},
    [WH_C_NO_ROOM] = {"no_room", "parts of hubs that engine.entities_max left no room for"},
};
