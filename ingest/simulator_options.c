/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/simulator.h"
#include "haul/time.h"

#include <stdio.h>

#define AT(member)       offsetof(struct haul_scenario, member)
#define SIZE(member)     sizeof(((struct haul_scenario *)0)->member)
#define IN_EVENT(member) offsetof(struct haul_scenario_event, member)

static const char *const fault_names[] = {
#define X(NAME, name, ...) name,
    HAUL_SIMULATOR_FAULTS(X)
#undef X
        NULL};

const char *haul_simulator_fault_name(enum haul_simulator_fault f)
{
    assert(f < HAUL_SIM_FAULTS);
    return fault_names[f];
}

static const struct haul_option event_rows[] = {
    {"fault", HAUL_O_CHOICE, IN_EVENT(fault), .fallback = "speeding", .choices = fault_names, .en = "What happens.",
     .zh = "发生什么。"},
    {"vehicle", HAUL_O_COUNT, IN_EVENT(vehicle), .low = 1, .high = HAUL_SIM_VEHICLES_MAX, .fallback = "1",
     .en = "Number of the vehicle.", .zh = "车辆序号。"},
    {"gateway", HAUL_O_COUNT, IN_EVENT(gateway), .low = 1, .high = HAUL_SIM_GATEWAYS_MAX, .fallback = "1",
     .en = "Number of the gateway, for dead_gateway.", .zh = "网关序号,用于 dead_gateway。"},
    {"at", HAUL_O_DURATION, IN_EVENT(at_ms), .low = 0, .high = 30 * HAUL_MS_D, .fallback = "10min",
     .en = "When, from the start; as soon after as the vehicle can.", .zh = "自开始起的时间;条件具备后即发生。"},
    {"duration", HAUL_O_DURATION, IN_EVENT(duration_ms), .low = 0, .high = HAUL_MS_D, .fallback = "0s",
     .en = "For how long; 0s draws it.", .zh = "持续多久;0s 表示随机。"},
};

static const struct haul_option rows[] = {
    {"network", HAUL_O_FILE, AT(network), SIZE(network), .fallback = NULL,
     .en = "Folder with places.csv and roads.csv, relative to this file.",
     .zh = "含 places.csv 和 roads.csv 的目录,相对于本文件。"},
    {"seed", HAUL_O_COUNT, AT(seed), .low = 0, .high = 1e15, .fallback = "1",
     .en = "The same seed gives the same messages.", .zh = "种子相同则消息相同。"},
    {"vehicles", HAUL_O_COUNT, AT(vehicles), .low = 1, .high = HAUL_SIM_VEHICLES_MAX, .fallback = "5000",
     .en = "How many vehicles.", .zh = "车辆数。"},
    {"gateways", HAUL_O_COUNT, AT(gateways), .low = 1, .high = HAUL_SIM_GATEWAYS_MAX, .fallback = "20",
     .en = "How many gateways the vehicles report through.", .zh = "车辆经由多少个网关上报。"},
    {"start", HAUL_O_TEXT, AT(start), SIZE(start), .fallback = "2026-01-26T08:00:00+08:00",
     .en = "When the scenario begins.", .zh = "场景开始的时间。"},
    {"duration", HAUL_O_DURATION, AT(duration_ms), .low = HAUL_MS_S, .high = 30 * HAUL_MS_D, .fallback = "2h",
     .en = "How long it lasts.", .zh = "持续多久。"},
    {"interval", HAUL_O_DURATION, AT(interval_ms), .low = HAUL_MS_S, .high = HAUL_MS_MIN, .fallback = "10s",
     .en = "Time between two reports with the ignition on.", .zh = "点火时两次上报的间隔。"},
    {"parked_interval", HAUL_O_DURATION, AT(parked_interval_ms), .low = 10 * HAUL_MS_S, .high = 2 * HAUL_MS_MIN,
     .fallback = "60s", .en = "Time between two reports with the ignition off.", .zh = "熄火时两次上报的间隔。"},
    {"latency", HAUL_O_DURATION, AT(latency_ms), .low = 0, .high = 4 * HAUL_MS_S, .fallback = "800ms",
     .en = "Longest way of an ordinary message from the vehicle to the broker.",
     .zh = "普通消息从车辆到代理的最长时间。"},
    {"noise", HAUL_O_LENGTH, AT(noise_m), .low = 0, .high = 10, .fallback = "3m",
     .en = "Standard deviation of a position in each direction.", .zh = "定位在每个方向的标准差。"},
    {"share.coach", HAUL_O_RATIO, AT(coaches), .low = 0, .high = 1, .fallback = "20%", .en = "Share of coaches.",
     .zh = "客车占比。"},
    {"share.truck", HAUL_O_RATIO, AT(trucks), .low = 0, .high = 1, .fallback = "55%",
     .en = "Share of trucks; the rest are vans.", .zh = "货车占比;其余为厢式车。"},
    {"limit", HAUL_O_SPEED, AT(limit_mps), .low = 80 / 3.6, .high = 130 / 3.6, .fallback = "100km/h",
     .en = "The limit that the fleet's rule of speeding holds; ordinary driving stays below it.",
     .zh = "车队超速规则的限速;正常行驶低于此值。"},
#define X(NAME, fault, rule, english, chinese)                                                                         \
    {"faults." fault ".rate",                                                                                          \
     HAUL_O_REAL,                                                                                                      \
     AT(rate[HAUL_SIM_##NAME]),                                                                                        \
     .low = 0,                                                                                                         \
     .high = 60,                                                                                                       \
     .fallback = "0",                                                                                                  \
     .en = "How often in an hour a vehicle (or gateway) " english ".",                                                 \
     .zh = "每车(或网关)每小时次数:" chinese "。"},
    HAUL_SIMULATOR_FAULTS(X)
#undef X
        {"events", HAUL_O_TABLE, AT(events), sizeof(struct haul_scenario_event), HAUL_SIM_EVENTS_MAX, .fallback = "",
         .rows = event_rows, .rows_len = sizeof event_rows / sizeof event_rows[0],
         .en = "Faults at fixed times, by any name.", .zh = "固定时间的故障,名称任取。"},
};

static void check_event(const struct haul_scenario *o, const struct haul_scenario_event *v,
                        struct haul_option_report *r)
{
    char path[100];
    const bool gateway = v->fault == HAUL_SIM_DEAD_GATEWAY;
    snprintf(path, sizeof path, "events.%s.%s", v->name, gateway ? "gateway" : "vehicle");
    if (gateway && v->gateway > o->gateways)
        haul_option_complain(r, path, "there are only %lld gateways", (long long)o->gateways);
    if (!gateway && v->vehicle > o->vehicles)
        haul_option_complain(r, path, "there are only %lld vehicles", (long long)o->vehicles);
    snprintf(path, sizeof path, "events.%s.at", v->name);
    if (v->at_ms >= o->duration_ms) haul_option_complain(r, path, "must be below duration");
}

static void check(const void *options, struct haul_option_report *r)
{
    const struct haul_scenario *o = options;
    struct haul_time t;
    struct haul_error e;
    if (haul_time_parse(o->start, strlen(o->start), &t, &e) != HAUL_OK)
        haul_option_complain(r, "start", "%s; expected a time such as 2026-01-26T08:00:00+08:00", e.text);
    if (o->coaches + o->trucks > 1)
        haul_option_complain(r, "share.truck", "must not be above 1 together with share.coach");
    if (o->latency_ms >= o->interval_ms)
        haul_option_complain(r, "latency", "must be below interval, or messages overtake each other");
    for (uint32_t i = 0; i < o->events.len; i++) check_event(o, &o->events.item[i], r);
}

const struct haul_option_set haul_scenario_option_set = {
    .section = "scenario",
    .en = "A simulated province: who drives where, and what goes wrong. In a file of its own, for `haul simulate`.",
    .zh = "模拟的省域:谁在哪里行驶,出什么故障。写在单独的文件中,供 `haul simulate` 使用。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct haul_scenario),
    .check = check,
};
