/* SPDX-License-Identifier: Apache-2.0
 * Two option sets with every type of option, for the tests and the fuzzer of the configuration.
 */
#ifndef HAUL_SAMPLE_OPTIONS_H
#define HAUL_SAMPLE_OPTIONS_H

#include "haul/options.h"

struct sample_zone {
    char name[64];
    double radius_m;
    int64_t dwell_ms;
    char label[32];
};

struct sample_fleet {
    double raise_mps, clear_mps;
    int64_t persist_ms;
    double radius_m;
    int64_t stop_ms;
    double drop_l, drop_ratio;
    double low_degc, high_degc, step_k;
    double brake_mps2, turn_deg, gain;
    int64_t night_from, night_to;
    bool enabled;
    int64_t vehicles_max, memory_max;
    int32_t mode;
    char title[24];
    HAUL_LIST(sample_groups, 4, 16) groups;
    HAUL_LIST(sample_kinds, 4, 16) kinds;
    struct {
        uint32_t len;
        struct sample_zone item[3];
    } zones;
};

struct sample_redis {
    char url[128];
    char password_file[256];
    int64_t timeout_ms;
    HAUL_PAIRS(sample_pairs, 4, 64) raw;
};

static const char *const sample_modes[] = {"automatic", "manual", "off", NULL};
static const char *const sample_kind_names[] = {"coach", "truck", "van", NULL};

static const struct haul_option sample_zone_rows[] = {
    {"radius", HAUL_O_LENGTH, offsetof(struct sample_zone, radius_m), .low = 10, .high = 5000, .fallback = "100m",
     .en = "Radius.", .zh = "半径。"},
    {"dwell", HAUL_O_DURATION, offsetof(struct sample_zone, dwell_ms), .low = 0, .high = 86400000, .fallback = "10min",
     .en = "Dwell.", .zh = "停留。"},
    {"label", HAUL_O_TEXT, offsetof(struct sample_zone, label), 32, .fallback = "", .en = "Label.", .zh = "标签。"},
};

#define FLEET_AT(m) offsetof(struct sample_fleet, m)
static const struct haul_option sample_fleet_rows[] = {
    {"speeding.raise", HAUL_O_SPEED, FLEET_AT(raise_mps), .low = 10 / 3.6, .high = 200 / 3.6, .fallback = "80km/h",
     .answer = true, .en = "Raised above.", .zh = "高于此值报警。"},
    {"speeding.clear", HAUL_O_SPEED, FLEET_AT(clear_mps), .low = 10 / 3.6, .high = 200 / 3.6, .fallback = "75km/h",
     .answer = true, .en = "Cleared below.", .zh = "低于此值解除。"},
    {"speeding.persist", HAUL_O_DURATION, FLEET_AT(persist_ms), .low = 0, .high = 3600000, .fallback = "30s",
     .answer = true, .en = "For so long.", .zh = "持续时间。"},
    {"stop.radius", HAUL_O_LENGTH, FLEET_AT(radius_m), .low = 1, .high = 10000, .fallback = "500m", .answer = true,
     .en = "Within.", .zh = "范围。"},
    {"stop.duration", HAUL_O_DURATION, FLEET_AT(stop_ms), .low = 1000, .high = 86400000, .fallback = "15min",
     .answer = true, .en = "For.", .zh = "时长。"},
    {"fuel.drop", HAUL_O_VOLUME, FLEET_AT(drop_l), .low = 0.5, .high = 1000, .fallback = "8L", .answer = true,
     .en = "Litres.", .zh = "升。"},
    {"fuel.ratio", HAUL_O_RATIO, FLEET_AT(drop_ratio), .low = 0, .high = 1, .fallback = "5%", .answer = true,
     .en = "Part.", .zh = "比例。"},
    {"cold.low", HAUL_O_TEMPERATURE, FLEET_AT(low_degc), .low = -90, .high = 90, .fallback = "2degC", .answer = true,
     .en = "Low.", .zh = "低。"},
    {"cold.high", HAUL_O_TEMPERATURE, FLEET_AT(high_degc), .low = -90, .high = 90, .fallback = "8degC", .answer = true,
     .en = "High.", .zh = "高。"},
    {"cold.step", HAUL_O_DELTA, FLEET_AT(step_k), .low = 0, .high = 50, .fallback = "0.5K", .answer = true,
     .en = "Step.", .zh = "步长。"},
    {"brake", HAUL_O_ACCEL, FLEET_AT(brake_mps2), .low = 0.1, .high = 20, .fallback = "3.5m/s2", .answer = true,
     .en = "Brake.", .zh = "制动。"},
    {"turn", HAUL_O_ANGLE, FLEET_AT(turn_deg), .low = 0, .high = 180, .fallback = "45deg", .answer = true,
     .en = "Turn.", .zh = "转角。"},
    {"gain", HAUL_O_REAL, FLEET_AT(gain), .low = 0, .high = 10, .fallback = "3.5", .answer = true, .en = "Gain.",
     .zh = "增益。"},
    {"night.from", HAUL_O_TIME_OF_DAY, FLEET_AT(night_from), .fallback = "02:00", .answer = true, .en = "From.",
     .zh = "从。"},
    {"night.to", HAUL_O_TIME_OF_DAY, FLEET_AT(night_to), .fallback = "05:00", .answer = true, .en = "To.",
     .zh = "到。"},
    {"enabled", HAUL_O_BOOL, FLEET_AT(enabled), .fallback = "true", .answer = true, .en = "On.", .zh = "启用。"},
    {"vehicles_max", HAUL_O_COUNT, FLEET_AT(vehicles_max), .low = 1, .high = 1000000, .fallback = "5000",
     .en = "Most vehicles.", .zh = "最多车辆。"},
    {"memory_max", HAUL_O_BYTES, FLEET_AT(memory_max), .low = 1024, .high = 1099511627776, .fallback = "64MiB",
     .en = "Memory.", .zh = "内存。"},
    {"mode", HAUL_O_CHOICE, FLEET_AT(mode), .choices = sample_modes, .fallback = "automatic", .answer = true,
     .en = "Mode.", .zh = "模式。"},
    {"title", HAUL_O_TEXT, FLEET_AT(title), 24, .fallback = "the fleet", .answer = true, .en = "Title.",
     .zh = "标题。"},
    {"groups", HAUL_O_LIST, FLEET_AT(groups), 16, 4, .fallback = "[north, south]", .answer = true, .en = "Groups.",
     .zh = "组。"},
    {"kinds", HAUL_O_LIST, FLEET_AT(kinds), 16, 4, .fallback = "", .choices = sample_kind_names, .answer = true,
     .en = "Kinds.", .zh = "种类。"},
    {"zones", HAUL_O_TABLE, FLEET_AT(zones), sizeof(struct sample_zone), 3, .fallback = "", .rows = sample_zone_rows,
     .rows_len = 3, .answer = true, .en = "Zones.", .zh = "区域。"},
};

#define REDIS_AT(m) offsetof(struct sample_redis, m)
static const struct haul_option sample_redis_rows[] = {
    {"url", HAUL_O_TEXT, REDIS_AT(url), 128, .fallback = NULL, .en = "Where.", .zh = "地址。"},
    {"password_file", HAUL_O_FILE, REDIS_AT(password_file), 256, .fallback = "", .secret = true, .en = "Password.",
     .zh = "密码。"},
    {"timeout", HAUL_O_DURATION, REDIS_AT(timeout_ms), .low = 1, .high = 60000, .fallback = "2s", .en = "Timeout.",
     .zh = "超时。"},
    {"raw", HAUL_O_PAIRS, REDIS_AT(raw), 64, 4, .fallback = "", .en = "Raw.", .zh = "原始。"},
};

static void sample_check(const void *options, struct haul_option_report *r)
{
    const struct sample_fleet *o = options;
    if (o->clear_mps >= o->raise_mps)
        haul_option_complain(r, "speeding.clear", "must be below speeding.raise; did you mean `speeding.raise`?");
    if (o->low_degc >= o->high_degc) haul_option_complain(r, "cold.low", "must be below cold.high");
    for (uint32_t i = 0; i < o->zones.len; i++)
        if (o->zones.item[i].dwell_ms > o->stop_ms) {
            char path[100];
            snprintf(path, sizeof path, "zones.%s.dwell", o->zones.item[i].name);
            haul_option_complain(r, path, "must not be above stop.duration");
        }
}

static const struct haul_option_set sample_fleet_set = {"fleet",
                                                        "The fleet.",
                                                        "车队。",
                                                        sample_fleet_rows,
                                                        sizeof sample_fleet_rows / sizeof sample_fleet_rows[0],
                                                        sizeof(struct sample_fleet),
                                                        sample_check};
static const struct haul_option_set sample_redis_set = {"redis",
                                                        "The store.",
                                                        "存储。",
                                                        sample_redis_rows,
                                                        sizeof sample_redis_rows / sizeof sample_redis_rows[0],
                                                        sizeof(struct sample_redis),
                                                        NULL};

#endif
