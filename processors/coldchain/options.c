/* SPDX-License-Identifier: Apache-2.0
 * The options of the cold chain. Every number of a rule stands here or in the presets of classes.c.
 */
#include "processors/coldchain/coldchain.h"

#include <stdio.h>

#define ROW(...)   HAUL_ROW(struct cold_options, __VA_ARGS__)
#define CLASS(...) HAUL_ROW(struct cold_class, __VA_ARGS__)
#define LIMIT(path, which, at, at_value, beyond_value, single_value)                                                   \
    CLASS(path ".at", HAUL_O_TEMPERATURE, bound[which].at_c, -300, 300, at_value, at, "温度限值。"),                   \
        CLASS(path ".beyond", HAUL_O_BOOL, bound[which].beyond, 1, 0, beyond_value,                                    \
              "Whether only temperatures beyond it count; false: the limit itself counts too.",                        \
              "是否仅越过限值才计入；false 表示等于限值也计入。"),                                                     \
        CLASS(path ".single", HAUL_O_DURATION, bound[which].single_ms, 0, COLD_NEVER_MS, single_value,                 \
              "How long it may last in one stretch; 0s: one sample is too much, 3650d: no such limit.",                \
              "单次允许持续时长；0s 表示一个样本即超限，3650d 表示不设限。"),                                          \
        CLASS(path ".total", HAUL_O_DURATION, bound[which].total_ms, 0, COLD_NEVER_MS, "3650d",                        \
              "How long it may last in all; 3650d: no such limit.", "累计允许时长；3650d 表示不设限。")

static const char *const models[] = {"arrhenius", "q10", NULL};

static const struct haul_option class_rows[] = {
    LIMIT("high", COLD_HIGH, "Upper end of the range.", NULL, "true", "10min"),
    LIMIT("low", COLD_LOW, "Lower end of the range.", NULL, "true", "10min"),
    LIMIT("freeze", COLD_FREEZE, "Where the goods freeze.", "-300degC", "false", "3650d"),
    LIMIT("hot", COLD_HOT, "A worse upper limit.", "300degC", "false", "3650d"),
    LIMIT("warm", COLD_WARM, "A further upper limit.", "300degC", "false", "3650d"),
    LIMIT("mild", COLD_MILD, "A further upper limit.", "300degC", "false", "3650d"),
    CLASS("mkt.limit", HAUL_O_TEMPERATURE, mkt_c, -100, 100, "25degC",
          "Highest mean kinetic temperature over mkt.window.", "mkt.window 内平均动力学温度上限。"),
    CLASS("mkt.window", HAUL_O_DURATION, mkt_window_ms, 0, 365 * HAUL_MS_D, "0s",
          "Window of the mean kinetic temperature, at least 1h; 0s: it is not judged.",
          "平均动力学温度的时间窗，不短于 1h；0s 表示不判定。"),
    CLASS("life.of", HAUL_O_DURATION, life_ms, 0, COLD_NEVER_MS, "0s", "Shelf life at life.at; 0s: it is not followed.",
          "life.at 温度下的货架期；0s 表示不计算。"),
    CLASS("life.at", HAUL_O_TEMPERATURE, life_c, -80, 80, "5degC", "Temperature at which the shelf life is stated.",
          "货架期对应的温度。"),
    {.name = "life.model",
     .type = HAUL_O_CHOICE,
     .offset = offsetof(struct cold_class, model),
     .low = 1,
     .high = 0,
     .fallback = "arrhenius",
     .choices = models,
     .answer = true,
     .en = "How life depends on temperature: arrhenius (life.ea) or q10 (life.q10).",
     .zh = "寿命与温度的关系：arrhenius（用 life.ea）或 q10（用 life.q10）。"},
    CLASS("life.ea", HAUL_O_REAL, ea_kjmol, 1, 300, "83.144", "Activation energy, kJ/mol.", "活化能，kJ/mol。"),
    CLASS("life.q10", HAUL_O_REAL, q10, 1, 20, "2.5", "How many times faster it ages 10 K warmer.",
          "温度每升高 10 K 劣变速率的倍数。"),
    CLASS("record.measure", HAUL_O_DURATION, refresh_ms, 0, HAUL_MS_D, "0s",
          "Measure at least so often; 0s: not asked for.", "测量间隔上限；0s 表示不要求。"),
    CLASS("record.transport", HAUL_O_DURATION, transport_ms, 0, HAUL_MS_D, "0s",
          "Record at least so often in transport.", "运输中记录间隔上限。"),
    CLASS("record.store", HAUL_O_DURATION, store_ms, 0, HAUL_MS_D, "0s", "Record at least so often in a store.",
          "储存中记录间隔上限。"),
    CLASS("record.outside", HAUL_O_DURATION, outside_ms, 0, HAUL_MS_D, "0s",
          "Record at least so often outside the range.", "超出范围时记录间隔上限。"),
};

static const struct haul_option rows[] = {
    ROW("keep", HAUL_O_DURATION, keep_ms, HAUL_MS_H, 90 * HAUL_MS_D, "7d",
        "A load unit that has been silent for so long is forgotten.", "载货单元静默超过该时长后被移除。"),
    ROW("keep_shipment", HAUL_O_DURATION, keep_shipment_ms, HAUL_MS_H, 365 * HAUL_MS_D, "30d",
        "A shipment of which nothing has been heard for so long is forgotten, with its evidence: export it before.",
        "货物静默超过该时长后连同其证据一并移除，请提前导出。"),
    {.name = "classes",
     .type = HAUL_O_TABLE,
     .offset = offsetof(struct cold_options, classes),
     .size = sizeof(struct cold_class),
     .max = COLD_CLASSES_MAX,
     .low = 1,
     .high = 0,
     .fallback = "",
     .rows = class_rows,
     .rows_len = sizeof class_rows / sizeof class_rows[0],
     .answer = true,
     .en = "Product classes of your own, by the name that loads carry; one named as a preset goes before it. Presets: "
           "gsp_drug "
           "gb31605_frozen gb31605_chilled who_type1 who_type2 usp_crt usp_cct eu_quick_frozen vaccine_2_8.",
     .zh = "自定义产品类别，名称与装货记录一致；与预设同名时优先。预设见 config/domains/coldchain.md。"},
    {.name = "default_class",
     .type = HAUL_O_TEXT,
     .offset = offsetof(struct cold_options, default_class),
     .size = COLD_CLASS_BYTES,
     .low = 1,
     .high = 0,
     .fallback = "vaccine_2_8",
     .answer = true,
     .en = "The class of a load that names none, or one that is not known.",
     .zh = "装货记录未注明类别或类别未知时采用的类别。"},
    ROW("life.warn", HAUL_O_RATIO, life.warn, 0, 1, "25%", "Remaining shelf life that is yellow.",
        "剩余货架期低于该比例为黄色。"),
    ROW("life.alarm", HAUL_O_RATIO, life.alarm, 0, 1, "10%", "Remaining shelf life that is red.",
        "剩余货架期低于该比例为红色。"),
    ROW("gap", HAUL_O_DURATION, gap_ms, HAUL_MS_MIN, HAUL_MS_D, "10min",
        "A sample stands for its temperature for so long, or sensor.missing_times its usual interval if that is "
        "longer; beyond lies a gap.",
        "一个样本可代表其后温度的时长（或 sensor.missing_times 倍常用间隔，取较长者）；超出部分为缺口。"),
    ROW("door.after", HAUL_O_DURATION, door.after_ms, 0, HAUL_MS_D, "5min", "A door may be open for so long.",
        "车门允许开启时长。"),
    ROW("door.rise", HAUL_O_REAL, door.rise_kpmin, 0.05, 20, "0.5",
        "Air that warms by so much, K/min, shows an open door where there is no switch.",
        "无门磁时，升温速率达到该值（K/min）视为开门。"),
    ROW("door.rise_for", HAUL_O_DURATION, door.rise_ms, 0, HAUL_MS_H, "2min", "And for so long.", "且持续该时长。"),
    ROW("defrost.max", HAUL_O_DURATION, defrost.max_ms, HAUL_MS_MIN, HAUL_MS_D, "45min",
        "A defrost that lasts longer is stuck.", "化霜超过该时长视为异常。"),
    ROW("defrost.rise", HAUL_O_DELTA, defrost.rise_k, 0.2, 20, "1.5K",
        "Above its usual level by so much, air may be in a defrost.", "高于常态该值时可能处于化霜。"),
    ROW("defrost.period_least", HAUL_O_DURATION, defrost.period_least_ms, HAUL_MS_MIN, HAUL_MS_D, "2h",
        "Shortest period that is learnt.", "可学习的最短化霜周期。"),
    ROW("defrost.period_most", HAUL_O_DURATION, defrost.period_most_ms, HAUL_MS_MIN, 7 * HAUL_MS_D, "14h",
        "Longest period that is learnt.", "可学习的最长化霜周期。"),
    ROW("defrost.tolerance", HAUL_O_RATIO, defrost.tolerance, 0.01, 0.5, "15%",
        "How far a defrost may be from its time, as a share of the period.", "化霜偏离预期时刻的容差，占周期比例。"),
    ROW("defrost.heat_times", HAUL_O_REAL, defrost.heat_times, 1, 10, "1.3",
        "Air that warms, while nothing cools, so many times as fast as by the walls alone is heated: a defrost.",
        "停机期间升温速率达到仅由箱体漏热所致速率的该倍数时视为加热（化霜）。"),
    ROW("defrost.heat", HAUL_O_REAL, defrost.heat_kpmin, 0, 5, "0.05", "And faster by so much, K/min.",
        "且超出该速率，K/min。"),
    ROW("compressor.over", HAUL_O_DELTA, compressor.over_k, 0.5, 30, "2K",
        "Warmer than the set point by so much without cooling is a failure.", "高于设定点该值且不制冷即为故障。"),
    ROW("compressor.after", HAUL_O_DURATION, compressor.after_ms, 0, HAUL_MS_D, "10min",
        "When it has lasted for so long.", "持续该时长后触发。"),
    ROW("compressor.eta", HAUL_O_DURATION, compressor.eta_ms, 0, HAUL_MS_D, "30min",
        "It is raised earlier when the limit is less than this away by the forecast.",
        "预测距限值不足该时长时提前触发。"),
    ROW("compressor.eta_over", HAUL_O_DELTA, compressor.eta_over_k, 0, 30, "1.2K",
        "The forecast counts from so much above the set point: a machine's own cycle stays below.",
        "高于设定点该值起采用预测（正常启停波动应低于此值）。"),
    ROW("compressor.confirm", HAUL_O_DURATION, compressor.confirm_ms, 0, HAUL_MS_H, "3min",
        "The forecast must hold for so long.", "预测须持续该时长。"),
    ROW("compressor.delta", HAUL_O_DELTA, compressor.delta_k, 0.1, 20, "1K",
        "Return less supply air below this: nothing cools.", "回风与送风温差低于该值视为不制冷。"),
    ROW("compressor.current", HAUL_O_RATIO, compressor.current, 0, 1, "10%",
        "Current below this share of the highest seen: the compressor stands.",
        "电流低于曾见最大值的该比例视为压缩机停转。"),
    ROW("sensor.low", HAUL_O_TEMPERATURE, sensor.low_c, -200, 0, "-90degC", "No probe measures less.",
        "探头量程下限。"),
    ROW("sensor.high", HAUL_O_TEMPERATURE, sensor.high_c, 0, 100, "90degC", "No probe measures more.",
        "探头量程上限。"),
    ROW("sensor.rate", HAUL_O_REAL, sensor.rate_kpmin, 0.5, 1000, "10", "No temperature changes faster, K/min.",
        "温度变化速率上限，K/min。"),
    ROW("sensor.accept", HAUL_O_COUNT, sensor.accept, 1, 100, "3",
        "So many leaps running that follow each other are believed after all.", "连续该数量相互一致的跳变将被采信。"),
    ROW("sensor.stuck_samples", HAUL_O_COUNT, sensor.stuck_samples, 3, 60000, "30",
        "So many equal samples running are a stuck sensor.", "连续该数量相同样本视为卡滞。"),
    ROW("sensor.stuck_for", HAUL_O_DURATION, sensor.stuck_ms, 0, 7 * HAUL_MS_D, "60min", "When they also span so long.",
        "且跨度不少于该时长。"),
    ROW("sensor.stuck_resolution", HAUL_O_DELTA, sensor.stuck_step_k, 0.01, 50, "0.5K",
        "A probe that says of itself that it tells no finer steps may repeat itself.",
        "自报分辨率不优于该值的探头允许重复示值。"),
    ROW("sensor.drift", HAUL_O_DELTA, sensor.drift_k, 0.1, 10, "0.5K", "Drift from its twins that is found.",
        "需检出的相对漂移。"),
    ROW("sensor.missing_times", HAUL_O_REAL, sensor.missing_times, 1.5, 100, "3",
        "A probe is missing after so many of its usual intervals.", "静默超过常用间隔该倍数视为缺失。"),
    ROW("sensor.missing_least", HAUL_O_DURATION, sensor.missing_ms, HAUL_MS_S, HAUL_MS_D, "5min", "But not before.",
        "但不早于该时长。"),
    ROW("cadence.count", HAUL_O_COUNT, cadence.count, 1, 100, "3",
        "So many records running that come too late raise it, as many in time clear it.",
        "连续该数量记录超时触发，同样数量正常解除。"),
    ROW("cadence.tolerance", HAUL_O_RATIO, cadence.tolerance, 0, 1, "10%", "By so much an interval may be longer.",
        "间隔允许超出比例。"),
    ROW("humidity.limit", HAUL_O_RATIO, humidity.limit, 0, 1, "85%", "Highest relative humidity.", "相对湿度上限。"),
    ROW("humidity.after", HAUL_O_DURATION, humidity.after_ms, 0, HAUL_MS_D, "30min", "It may be exceeded for so long.",
        "允许超出时长。"),
    ROW("shock.limit", HAUL_O_REAL, shock_g, 0.1, 1000, "5", "Largest acceleration, g.", "冲击上限，g。"),
    ROW("shock.hold", HAUL_O_DURATION, shock_hold_ms, HAUL_MS_S, HAUL_MS_D, "10min",
        "The alert clears after so long without another.", "无再次冲击持续该时长后解除。"),
    ROW("light.limit", HAUL_O_REAL, light_lx, 0, 200000, "50", "Brightest that it may be behind a closed door, lx.",
        "关门状态下照度上限，lx。"),
    ROW("power.after", HAUL_O_DURATION, power_after_ms, 0, HAUL_MS_D, "0s", "Power may be away for so long.",
        "断电允许时长。"),
    ROW("battery.low", HAUL_O_RATIO, battery_low, 0, 1, "20%", "A logger's battery below this is raised.",
        "记录仪电量低于该值触发。"),
    ROW("battery.clear", HAUL_O_RATIO, battery_clear, 0, 1, "25%", "And clears from this.", "达到该值解除。"),
    ROW("handover.apart", HAUL_O_DELTA, handover.k, 0.1, 50, "2K",
        "So far apart may the loggers of giver and taker be.", "交接双方记录仪允许温差。"),
    ROW("handover.window", HAUL_O_DURATION, handover.window_ms, HAUL_MS_MIN, HAUL_MS_D, "30min",
        "When they measured no longer apart than this.", "双方测量时间相差不超过该时长方比较。"),
    ROW("untracked.after", HAUL_O_DURATION, untracked.after_ms, HAUL_MS_MIN, HAUL_MS_D, "30min",
        "A shipment aboard without a temperature for so long is raised.", "在途货物无温度数据超过该时长触发。"),
};

static void check_class(const struct cold_class *c, struct haul_option_report *r)
{
    char path[120];
    const int n = (int)strnlen(c->name, sizeof c->name);
    if (c->bound[COLD_LOW].at_c > c->bound[COLD_HIGH].at_c) {
        snprintf(path, sizeof path, "classes.%.*s.low.at", n, c->name);
        haul_option_complain(r, path, "must not be above high.at");
    }
    if (c->mkt_window_ms != 0 && c->mkt_window_ms < 3600000) {
        snprintf(path, sizeof path, "classes.%.*s.mkt.window", n, c->name);
        haul_option_complain(r, path, "must be 0s or at least 1h");
    }
    if (n >= COLD_CLASS_BYTES) {
        snprintf(path, sizeof path, "classes.%.*s", n, c->name);
        haul_option_complain(r, path, "a class's name has at most %d bytes", COLD_CLASS_BYTES - 1);
    }
}

static void check(const void *options, struct haul_option_report *r)
{
    const struct cold_options *o = options;
    for (uint32_t i = 0; i < o->classes.len; i++) check_class(&o->classes.item[i], r);
    if (o->default_class[0] != '\0' && cold_class_find(o, haul_str_of(o->default_class)) == NULL)
        haul_option_complain(r, "default_class", "is neither a preset nor one of classes");
    if (o->life.alarm > o->life.warn) haul_option_complain(r, "life.alarm", "must not be above life.warn");
    if (o->battery_clear < o->battery_low) haul_option_complain(r, "battery.clear", "must not be below battery.low");
    if (o->defrost.period_most_ms < o->defrost.period_least_ms)
        haul_option_complain(r, "defrost.period_most", "must not be below defrost.period_least");
    if (o->compressor.eta_over_k > o->compressor.over_k)
        haul_option_complain(r, "compressor.eta_over", "must not be above compressor.over");
}

const struct haul_option_set cold_option_set = {
    .section = "coldchain",
    .en = "The cold chain: product classes, what is an alert, and from when on.",
    .zh = "冷链：产品类别、何种情况告警、何时告警。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct cold_options),
    .check = check,
};
