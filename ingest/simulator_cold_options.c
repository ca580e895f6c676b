/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/simulator_cold.h"
#include "haul/time.h"

#include <stdio.h>

#define AT(member)       offsetof(struct haul_cold_scenario, member)
#define SIZE(member)     sizeof(((struct haul_cold_scenario *)0)->member)
#define IN_EVENT(member) offsetof(struct haul_cold_event, member)

static const char *const fault_names[] = {
#define X(NAME, name, ...) name,
    HAUL_COLD_FAULTS(X)
#undef X
        NULL};

static const struct haul_option event_rows[] = {
    {"fault", HAUL_O_CHOICE, IN_EVENT(fault), .fallback = "compressor", .choices = fault_names, .en = "What happens.",
     .zh = "发生什么。"},
    {"unit", HAUL_O_COUNT, IN_EVENT(unit), .low = 1, .high = HAUL_COLD_UNITS_MAX, .fallback = "1",
     .en = "Number of the load unit.", .zh = "载货单元序号。"},
    {"at", HAUL_O_DURATION, IN_EVENT(at_ms), .low = 0, .high = 30 * HAUL_MS_D, .fallback = "2h",
     .en = "When, from the start; as soon after as the unit can.", .zh = "自开始起的时间;条件具备后即发生。"},
    {"duration", HAUL_O_DURATION, IN_EVENT(duration_ms), .low = 0, .high = HAUL_MS_D, .fallback = "0s",
     .en = "For how long; 0s draws it.", .zh = "持续多久;0s 表示随机。"},
};

static const struct haul_option rows[] = {
    {"seed", HAUL_O_COUNT, AT(seed), .low = 0, .high = 1e15, .fallback = "1",
     .en = "The same seed gives the same messages.", .zh = "种子相同则消息相同。"},
    {"units", HAUL_O_COUNT, AT(units), .low = 1, .high = HAUL_COLD_UNITS_MAX, .fallback = "40",
     .en = "How many load units.", .zh = "载货单元数。"},
    {"gateways", HAUL_O_COUNT, AT(gateways), .low = 1, .high = HAUL_COLD_GATEWAYS_MAX, .fallback = "4",
     .en = "How many gateways they report through.", .zh = "经由多少个网关上报。"},
    {"start", HAUL_O_TEXT, AT(start), SIZE(start), .fallback = "2026-01-26T08:00:00+08:00",
     .en = "When the scenario begins.", .zh = "场景开始的时间。"},
    {"duration", HAUL_O_DURATION, AT(duration_ms), .low = HAUL_MS_MIN, .high = 30 * HAUL_MS_D, .fallback = "1d",
     .en = "How long it lasts.", .zh = "持续多久。"},
    {"interval", HAUL_O_DURATION, AT(interval_ms), .low = 20 * HAUL_MS_S, .high = 2 * HAUL_MS_MIN, .fallback = "60s",
     .en = "Time between two samples of a probe.", .zh = "探头两次采样的间隔。"},
    {"latency", HAUL_O_DURATION, AT(latency_ms), .low = 0, .high = 4 * HAUL_MS_S, .fallback = "2s",
     .en = "Longest way of a message from the unit to the broker; messages may overtake each other.",
     .zh = "消息到代理的最长时间;消息可能乱序。"},
    {"quiet", HAUL_O_DURATION, AT(quiet_ms), .low = 0, .high = 30 * HAUL_MS_D, .fallback = "2h",
     .en = "Nothing goes wrong before: what is usual is learnt.", .zh = "此前不发生故障,供学习常态。"},
    {"outside.low", HAUL_O_TEMPERATURE, AT(low_c), .low = -20, .high = 50, .fallback = "22degC",
     .en = "Coldest air that a unit stands in.", .zh = "环境温度下限。"},
    {"outside.high", HAUL_O_TEMPERATURE, AT(high_c), .low = -20, .high = 50, .fallback = "36degC",
     .en = "Warmest air that a unit stands in.", .zh = "环境温度上限。"},
    {"share.silent", HAUL_O_RATIO, AT(silent), .low = 0, .high = 1, .fallback = "15%",
     .en = "Share of units whose defrosts nothing shows.", .zh = "不显示化霜的单元占比。"},
    {"share.warm_supply", HAUL_O_RATIO, AT(warm), .low = 0, .high = 1, .fallback = "40%",
     .en = "Share of units whose defrosts only warm supply air shows; the rest say so.",
     .zh = "仅以送风升温显示化霜的单元占比;其余以标志显示。"},
    {"loss", HAUL_O_RATIO, AT(loss), .low = 0, .high = 0.1, .fallback = "0.5%",
     .en = "Share of samples that never arrive.", .zh = "丢失样本的占比。"},
#define X(NAME, fault, rule, may, english, chinese)                                                                    \
    {"faults." fault ".rate",                                                                                          \
     HAUL_O_REAL,                                                                                                      \
     AT(rate[HAUL_COLD_##NAME]),                                                                                       \
     .low = 0,                                                                                                         \
     .high = 24,                                                                                                       \
     .fallback = "0",                                                                                                  \
     .en = "How often in a day a load unit " english ".",                                                              \
     .zh = "每单元每天次数:" chinese "。"},
    HAUL_COLD_FAULTS(X)
#undef X
        {"events", HAUL_O_TABLE, AT(events), sizeof(struct haul_cold_event), HAUL_COLD_EVENTS_MAX, .fallback = "",
         .rows = event_rows, .rows_len = sizeof event_rows / sizeof event_rows[0],
         .en = "Faults at fixed times, by any name.", .zh = "固定时间的故障,名称任取。"},
};

static void check(const void *options, struct haul_option_report *r)
{
    const struct haul_cold_scenario *o = options;
    struct haul_time t;
    struct haul_error e;
    if (haul_time_parse(o->start, strlen(o->start), &t, &e) != HAUL_OK)
        haul_option_complain(r, "start", "%s; expected a time such as 2026-01-26T08:00:00+08:00", e.text);
    if (o->silent + o->warm > 1)
        haul_option_complain(r, "share.warm_supply", "must not be above 1 together with share.silent");
    if (o->low_c > o->high_c) haul_option_complain(r, "outside.high", "must not be below outside.low");
    for (uint32_t i = 0; i < o->events.len; i++) {
        const struct haul_cold_event *v = &o->events.item[i];
        char path[100];
        snprintf(path, sizeof path, "events.%s.unit", v->name);
        if (v->unit > o->units) haul_option_complain(r, path, "there are only %lld units", (long long)o->units);
        snprintf(path, sizeof path, "events.%s.at", v->name);
        if (v->at_ms >= o->duration_ms) haul_option_complain(r, path, "must be below duration");
    }
}

const struct haul_option_set haul_cold_option_set = {
    .section = "reefers",
    .en = "A simulated cold chain: load units, their shipments, and what goes wrong. In a file of its own, for `haul "
          "simulate`.",
    .zh = "模拟的冷链:载货单元、货物及各种故障。写在单独的文件中,供 `haul simulate` 使用。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct haul_cold_scenario),
    .check = check,
};
