/* SPDX-License-Identifier: Apache-2.0
 * The options of the warehouse. Every number of a rule stands here.
 */
#include "processors/warehouse/warehouse.h"

#define MS_S   1000.0
#define MS_MIN 60000.0
#define MS_H   3600000.0
#define MS_D   86400000.0

#define ROW(path, kind, member, lo, hi, value, english, chinese)                                                       \
    {                                                                                                                  \
        .name = path, .type = kind, .offset = offsetof(struct wh_options, member), .low = lo, .high = hi,              \
        .fallback = value, .answer = true, .en = english, .zh = chinese                                                \
    }

static const struct haul_option class_rows[] = {
    {.name = "sla",
     .type = HAUL_O_DURATION,
     .offset = offsetof(struct wh_class, sla_ms),
     .low = MS_S,
     .high = 90 * MS_D,
     .fallback = NULL,
     .answer = true,
     .en = "The longest that an item of the class may be inside.",
     .zh = "该类货件允许的最长在场时间。"},
};

static const struct haul_option hub_rows[] = {
    {.name = "capacity",
     .type = HAUL_O_COUNT,
     .offset = offsetof(struct wh_hub_row, capacity),
     .low = 1,
     .high = 1e9,
     .fallback = NULL,
     .answer = true,
     .en = "How many items it holds: the limit of its work in progress.",
     .zh = "该中心可容纳的货件数，即在制上限。"},
};

static const struct haul_option rows[] = {
    {.name = "time_zone",
     .type = HAUL_O_TEXT,
     .offset = offsetof(struct wh_options, time_zone),
     .size = sizeof((struct wh_options *)0)->time_zone,
     .low = 1,
     .high = 0,
     .fallback = "+08:00",
     .answer = true,
     .en = "Offset of the local clock from UTC, by which the time of day is told, as +HH:MM or -HH:MM.",
     .zh = "当地时间相对 UTC 的偏移，用于按时段判断，写作 +HH:MM 或 -HH:MM。"},
    ROW("keep", HAUL_O_DURATION, keep_ms, MS_H, 90 * MS_D, "7d",
        "A hub, a station or a vehicle that has been silent for so long is forgotten.",
        "中心、部位或导引车静默超过该时长后被移除。"),
    ROW("show_every", HAUL_O_DURATION, show_every_ms, 0, MS_H, "10s",
        "The document of a station is written at most so often while only its numbers change.",
        "部位文档仅数值变化时的最短写入间隔。"),
    ROW("duplicate", HAUL_O_DURATION, duplicate_ms, 0, MS_MIN, "2s",
        "The same step of an item at the same place within this time is one reading.",
        "该时间内同一货件在同一处的同一步骤视为一次读取。"),
    ROW("items.max", HAUL_O_COUNT, items.max, 100, 10e6, "200000",
        "Most items that a hub follows; beyond them one that has long been silent gives way.",
        "一个中心最多跟踪的货件数；超出时久未读取者让位。"),
    ROW("items.keep", HAUL_O_DURATION, items.keep_ms, 5 * MS_MIN, 60 * MS_D, "3d",
        "An item, or a truck, that has not been read for so long is written off.",
        "货件或货车超过该时长未被读取即核销。"),
    ROW("items.remember", HAUL_O_DURATION, items.gone_ms, 0, MS_H, "1min",
        "So long an item that has left is remembered, so that a late reading does not bring it back.",
        "货件离开后保留该时长，避免迟到的读取使其重新进入。"),
    {.name = "classes",
     .type = HAUL_O_TABLE,
     .offset = offsetof(struct wh_options, classes),
     .size = sizeof(struct wh_class),
     .max = WH_CLASSES,
     .low = 1,
     .high = 0,
     .fallback = "",
     .rows = class_rows,
     .rows_len = sizeof class_rows / sizeof class_rows[0],
     .answer = true,
     .en = "Classes of service with a dwell of their own, by the name that readings carry.",
     .zh = "单独设定滞留时限的服务类别，名称与读取记录一致。"},
    {.name = "hubs",
     .type = HAUL_O_TABLE,
     .offset = offsetof(struct wh_options, hubs),
     .size = sizeof(struct wh_hub_row),
     .max = WH_HUBS_MAX,
     .low = 1,
     .high = 0,
     .fallback = "",
     .rows = hub_rows,
     .rows_len = sizeof hub_rows / sizeof hub_rows[0],
     .answer = true,
     .en = "What is known of hubs by their name.",
     .zh = "各中心的已知参数，按名称。"},
    ROW("sensor_jam.after", HAUL_O_DURATION, jam.after_ms, 100, MS_H, "5s",
        "A photo-eye that is blocked for so long while the motor runs and nothing moves is a jam.",
        "电机运转且无移动时光电被遮挡达该时长即为堵塞。"),
    ROW("sensor_jam.clear", HAUL_O_DURATION, jam.clear_ms, 0, MS_H, "5s", "It clears when the eye is free for so long.",
        "光电恢复达该时长后解除。"),
    ROW("arrival_jam.after", HAUL_O_DURATION, arrival.after_ms, 100, MS_H, "5s",
        "What is passed on must come in within this time.", "输送出的货件须在该时间内到达。"),
    ROW("arrival_jam.forget", HAUL_O_DURATION, arrival.forget_ms, MS_S, MS_D, "10min",
        "What has not come in for so long was taken away by hand.", "超过该时长未到达者视为已被人工取走。"),
    ROW("throughput.drop", HAUL_O_RATIO, throughput.drop, 0.01, 1, "30%",
        "So much less than usual at this time is raised.", "低于此时段通常水平该比例即触发。"),
    ROW("throughput.clear", HAUL_O_RATIO, throughput.clear, 0.01, 2, "85%", "At so much of the usual it clears.",
        "恢复到通常水平的该比例时解除。"),
    ROW("throughput.window", HAUL_O_COUNT, throughput.window_min, 1, 8, "5", "Minutes over which it is looked at.",
        "判断所用的分钟数。"),
    ROW("throughput.k", HAUL_O_REAL, throughput.k, 0, 5, "0.5", "Slack of the sum of deviations, in spreads.",
        "累积和的松弛量，以标准差计。"),
    ROW("throughput.h", HAUL_O_REAL, throughput.h, 0.5, 100, "5", "Limit of the sum of deviations, in spreads.",
        "累积和的门限，以标准差计。"),
    ROW("throughput.least", HAUL_O_COUNT, throughput.least, 1, 1e6, "20",
        "Where fewer units are to be expected in the window, nothing is judged.", "窗口内预期件数少于该值时不判断。"),
    ROW("throughput.learn", HAUL_O_COUNT, throughput.learn_min, 2, 10000, "30",
        "Minutes of an hour of the day, and before the first judgement, that are learnt from.",
        "每个时段及首次判断前用于学习的分钟数。"),
    ROW("missort.rate", HAUL_O_RATIO, missort.rate, 1e-6, 0.5, "0.3%",
        "Share of items in a wrong chute, over a quarter of an hour, that is allowed.", "一刻钟内允许的错分比例。"),
    ROW("missort.chance", HAUL_O_REAL, missort.chance, 1e-12, 0.5, "0.001",
        "More are raised when the binomial chance of so many is smaller.", "二项概率低于该值时触发。"),
    ROW("missort.least", HAUL_O_COUNT, missort.least, 1, 1000, "3", "Fewer are never raised.", "少于该件数不触发。"),
    ROW("no_read.limit", HAUL_O_RATIO, no_read.limit, 1e-4, 0.9, "2%",
        "Share of items that cannot be read; half of it is right.", "未读率限值；其一半视为正常。"),
    ROW("no_read.chance", HAUL_O_REAL, no_read.chance, 1e-15, 0.1, "1e-6",
        "Chance that a reader at half the limit is raised in one sequence of the test.",
        "处于限值一半的读头在一次序贯检验中被误报的概率。"),
    ROW("recirculation.limit", HAUL_O_RATIO, recirculation.limit, 1e-4, 0.9, "5%",
        "Share of items that come round again; half of it is right.", "回流率限值；其一半视为正常。"),
    ROW("recirculation.chance", HAUL_O_REAL, recirculation.chance, 1e-15, 0.1, "1e-6",
        "Chance that a reader at half the limit is raised in one sequence of the test.",
        "处于限值一半时在一次序贯检验中被误报的概率。"),
    ROW("recirculation.least", HAUL_O_DURATION, recirculation.least_ms, 0, MS_H, "10s",
        "An item read again at the same place after so long has come round.", "同一处经该时长后再次读到即为回流。"),
    ROW("chute.full", HAUL_O_RATIO, chute.full, 0.1, 1, "98%", "From so much on a chute is full.",
        "达到该比例即为格口满。"),
    ROW("chute.clear", HAUL_O_RATIO, chute.clear, 0, 1, "70%", "At so much it no longer is.", "降至该比例时解除。"),
    ROW("queue_growth.fill", HAUL_O_RATIO, growth.fill, 0.05, 1, "85%",
        "What is so full and still filling is raised, with the time that is left.",
        "占用达到该比例且仍在增长即触发，并给出剩余时间。"),
    ROW("queue_growth.clear", HAUL_O_RATIO, growth.clear, 0, 1, "80%", "Below so much it clears.",
        "低于该比例时解除。"),
    ROW("queue_growth.after", HAUL_O_DURATION, growth.after_ms, MS_MIN, MS_D, "10min",
        "It must have been filling for so long.", "须持续增长该时长。"),
    ROW("dwell.sla", HAUL_O_DURATION, dwell.sla_ms, MS_S, 90 * MS_D, "4h",
        "An item of no listed class may be inside for so long at least.", "未列类别的货件至少允许的在场时间。"),
    ROW("dwell.times", HAUL_O_REAL, dwell.times, 1, 100, "1.5",
        "And for so many times what 95 % of its class take, if that is longer.",
        "或其类别 95 分位时长的该倍数，取较长者。"),
    ROW("dwell.learn", HAUL_O_COUNT, dwell.learn, 10, 8000, "100",
        "From so many items that have left on, their dwell is known.", "离开件数达到该值后方采用其时长分布。"),
    ROW("dwell.count", HAUL_O_COUNT, dwell.count, 1, 100000, "1", "So many such items are raised.",
        "滞留件达到该数量即触发。"),
    ROW("inventory.cycles", HAUL_O_COUNT, inventory_cycles, 1, 100, "2",
        "A count that disagrees with the ledger so many times running is raised.",
        "盘点与账面连续不符达该次数即触发。"),
    ROW("teleport.within", HAUL_O_DURATION, teleport.within_ms, 0, MS_H, "1s",
        "The shortest time between readings of an item at two places of a hub.",
        "同一货件在中心内两处读取的最短间隔。"),
    ROW("teleport.between", HAUL_O_BOOL, teleport.between, 1, 0, "true",
        "Whether hubs are compared with each other: a record more for each item that comes or leaves.",
        "是否在中心之间比对：每件货物进出各增加一条记录。"),
    ROW("teleport.travel", HAUL_O_DURATION, teleport.travel_ms, 0, 30 * MS_D, "10min",
        "The shortest time between two hubs.", "两个中心之间的最短行程时间。"),
    ROW("teleport.hold", HAUL_O_DURATION, teleport.hold_ms, MS_S, MS_D, "10min",
        "It clears after so long without another.", "该时长内无新情况后解除。"),
    ROW("teleport.parts", HAUL_O_COUNT, teleport.shards, 1, 1e6, "1024",
        "In so many parts the newest places of items are remembered, some 170 items each.",
        "货件最近位置分成多少份保存，每份约 170 件。"),
    ROW("dock.wait", HAUL_O_DURATION, dock.wait_ms, MS_MIN, 7 * MS_D, "30min", "A truck may wait for its dock so long.",
        "货车等待月台的允许时长。"),
    ROW("dock.turn", HAUL_O_DURATION, dock.turn_ms, MS_MIN, 7 * MS_D, "2h", "A truck may be on the site for so long.",
        "货车在场的允许时长。"),
    ROW("agv.blocked", HAUL_O_DURATION, agv.blocked_ms, MS_S, MS_D, "60s",
        "A vehicle with an order that stands for so long is blocked.", "有任务而停止达该时长即为受阻。"),
    ROW("agv.silent", HAUL_O_DURATION, agv.silent_ms, MS_S, MS_D, "60s",
        "A vehicle that sends no state for so long is silent: two of VDA 5050's 30 s.",
        "超过该时长无状态即为静默（VDA 5050 的 30 秒两次）。"),
    ROW("agv.localization", HAUL_O_RATIO, agv.localization, 0, 1, "0.5", "Below this score a vehicle is lost.",
        "定位置信度低于该值即为失去定位。"),
    ROW("agv.battery", HAUL_O_RATIO, agv.battery, 0, 1, "20%", "Below this charge a vehicle must be charging.",
        "电量低于该值须在充电。"),
    ROW("agv.battery_clear", HAUL_O_RATIO, agv.battery_clear, 0, 1, "25%", "From this charge on it clears.",
        "电量恢复到该值时解除。"),
    ROW("wear.k", HAUL_O_REAL, wear.k, 0, 5, "0.5", "Slack of the sum of a motor's deviations, in spreads.",
        "电机累积和的松弛量，以标准差计。"),
    ROW("wear.h", HAUL_O_REAL, wear.h, 1, 1000, "8", "Limit of that sum.", "该累积和的门限。"),
    ROW("wear.spread", HAUL_O_REAL, wear.spread, 1e-6, 100, "0.05",
        "Least spread of current (A) and vibration (mm/s) that is reckoned with.",
        "电流（A）与振动（mm/s）的最小标准差。"),
    ROW("wear.every", HAUL_O_DURATION, wear.every_ms, 0, MS_D, "5min",
        "The mean of the readings of so long is one value; 0s: each reading is.",
        "该时长内读数的均值为一个值；0s 表示每个读数。"),
    ROW("wear.learn", HAUL_O_COUNT, wear.learn, 5, 100000, "48", "Values from which what is usual is learnt.",
        "学习正常水平所用的值的个数。"),
};

static void check(const void *options, struct haul_option_report *r)
{
    const struct wh_options *o = options;
    int64_t zone;
    if (!wh_zone_ms(o->time_zone, &zone))
        haul_option_complain(r, "time_zone", "expected an offset such as +08:00 or -03:30, up to 14 hours");
    if (o->keep_ms <= o->items.keep_ms && o->items.keep_ms > 0)
        haul_option_complain(r, "keep", "must be longer than items.keep, so that no item outlives its hub");
    if (o->throughput.clear <= 1 - o->throughput.drop)
        haul_option_complain(r, "throughput.clear", "must be above what throughput.drop leaves (%.0f %%)",
                             (1 - o->throughput.drop) * 100);
    if (o->chute.clear >= o->chute.full)
        haul_option_complain(r, "chute.clear", "must be below chute.full (%.0f %%)", o->chute.full * 100);
    if (o->growth.clear > o->growth.fill)
        haul_option_complain(r, "queue_growth.clear", "must not be above queue_growth.fill (%.0f %%)",
                             o->growth.fill * 100);
    if (o->arrival.forget_ms <= o->arrival.after_ms)
        haul_option_complain(r, "arrival_jam.forget", "must be longer than arrival_jam.after");
    if (o->agv.battery_clear < o->agv.battery)
        haul_option_complain(r, "agv.battery_clear", "must not be below agv.battery (%.0f %%)", o->agv.battery * 100);
    if (o->dock.turn_ms < o->dock.wait_ms) haul_option_complain(r, "dock.turn", "must not be shorter than dock.wait");
}

const struct haul_option_set wh_option_set = {
    .section = "warehouse",
    .en = "Hubs: what is an alert, and from when on.",
    .zh = "分拨中心：何种情况告警、何时告警。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct wh_options),
    .check = check,
};
