/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/hub_simulator.h"

#define AT(member) offsetof(struct haul_hub_scenario, member)

static const struct haul_option rows[] = {
    {"seed", HAUL_O_COUNT, AT(seed), .low = 0, .high = 1e15, .fallback = "1",
     .en = "The same seed gives the same messages.", .zh = "种子相同则消息相同。"},
    {"count", HAUL_O_COUNT, AT(hubs), .low = 1, .high = HAUL_SIM_HUBS_MAX, .fallback = "2", .en = "How many hubs.",
     .zh = "分拨中心数。"},
    {"items_per_min", HAUL_O_REAL, AT(items_per_min), .low = 0.5, .high = HAUL_SIM_HUB_ITEM_MAX, .fallback = "20",
     .en = "Items that come to a hub in a minute; a line carries about 16.",
     .zh = "每个中心每分钟到件数；每条线约可输送 16 件。"},
    {"lines", HAUL_O_COUNT, AT(lines), .low = 1, .high = 32, .fallback = "2", .en = "Induction lines of a hub.",
     .zh = "每个中心的供件线数。"},
    {"zones", HAUL_O_COUNT, AT(zones), .low = 2, .high = 16, .fallback = "4", .en = "Conveyor zones of a line.",
     .zh = "每条线的输送区段数。"},
    {"chutes", HAUL_O_COUNT, AT(chutes), .low = 2, .high = 256, .fallback = "12", .en = "Chutes of a hub.",
     .zh = "每个中心的格口数。"},
    {"chute_capacity", HAUL_O_COUNT, AT(chute_capacity), .low = 5, .high = 1000, .fallback = "30",
     .en = "Items that a chute holds.", .zh = "每个格口可容纳的货件数。"},
    {"docks", HAUL_O_COUNT, AT(docks), .low = 1, .high = 24, .fallback = "4", .en = "Truck docks of a hub.",
     .zh = "每个中心的月台数。"},
    {"agvs", HAUL_O_COUNT, AT(agvs), .low = 0, .high = 200, .fallback = "6", .en = "Guided vehicles of a hub.",
     .zh = "每个中心的导引车数。"},
    {"locations", HAUL_O_COUNT, AT(locations), .low = 0, .high = 200, .fallback = "6",
     .en = "Storage locations of a hub, counted each 10 min.", .zh = "每个中心的储位数，每 10 分钟盘点一次。"},
    {.name = "start",
     .type = HAUL_O_TEXT,
     .offset = AT(start),
     .size = sizeof((struct haul_hub_scenario *)0)->start,
     .fallback = "2026-01-26T08:00:00+08:00",
     .en = "When the scenario begins.",
     .zh = "场景开始的时间。"},
    {"duration", HAUL_O_DURATION, AT(duration_ms), .low = HAUL_MS_S, .high = 30 * HAUL_MS_D, .fallback = "3h",
     .en = "How long it lasts.", .zh = "持续多久。"},
    {"warmup", HAUL_O_DURATION, AT(warmup_ms), .low = 0, .high = HAUL_MS_D, .fallback = "40min",
     .en = "So long nothing goes wrong, so that what is usual can be learnt.",
     .zh = "开始阶段不注入故障，供学习正常水平。"},
    {"latency", HAUL_O_DURATION, AT(latency_ms), .low = 0, .high = 2 * HAUL_MS_S, .fallback = "300ms",
     .en = "Longest way of a message from the hub to the broker.", .zh = "消息从中心到代理的最长时间。"},
#define X(NAME, fault, rule, may, english, chinese)                                                                    \
    {"faults." fault ".rate",                                                                                          \
     HAUL_O_REAL,                                                                                                      \
     AT(rate[HAUL_HUB_##NAME]),                                                                                        \
     .low = 0,                                                                                                         \
     .high = 600,                                                                                                      \
     .fallback = "0",                                                                                                  \
     .en = "How often in an hour a hub " english ".",                                                                  \
     .zh = "每个中心每小时次数：" chinese "。"},
    HAUL_HUB_FAULTS(X)
#undef X
};

const struct haul_option_set haul_hub_scenario_option_set = {
    .section = "hubs",
    .en = "A scenario of simulated sorting hubs.",
    .zh = "分拨中心仿真场景。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct haul_hub_scenario),
};
