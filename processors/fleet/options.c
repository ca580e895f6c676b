/* SPDX-License-Identifier: Apache-2.0
 * The options of the fleet. Every number of a rule stands here.
 */
#include "processors/fleet/fleet.h"

#define KMH(v) ((v) / 3.6)

#define ROW(...) HAUL_ROW(struct fleet_options, __VA_ARGS__)

static const struct haul_option group_rows[] = {
    {.name = "limit",
     .type = HAUL_O_SPEED,
     .offset = offsetof(struct fleet_group, limit_mps),
     .low = KMH(5),
     .high = KMH(250),
     .fallback = "100km/h",
     .answer = true,
     .en = "The speed that the group's vehicles may drive.",
     .zh = "本组车辆的限速。"},
    {.name = "night",
     .type = HAUL_O_BOOL,
     .offset = offsetof(struct fleet_group, night),
     .low = 1,
     .high = 0,
     .fallback = "false",
     .answer = true,
     .en = "Whether the rules of night running hold for the group.",
     .zh = "本组是否适用夜间行驶规则。"},
};

static const struct haul_option place_rows[] = {
    {.name = "lon",
     .type = HAUL_O_REAL,
     .offset = offsetof(struct fleet_place, lon_deg),
     .low = -180,
     .high = 180,
     .fallback = NULL,
     .answer = true,
     .en = "Longitude of the middle, degrees, WGS-84.",
     .zh = "圆心经度，度，WGS-84。"},
    {.name = "lat",
     .type = HAUL_O_REAL,
     .offset = offsetof(struct fleet_place, lat_deg),
     .low = -90,
     .high = 90,
     .fallback = NULL,
     .answer = true,
     .en = "Latitude of the middle, degrees, WGS-84.",
     .zh = "圆心纬度，度，WGS-84。"},
    {.name = "radius",
     .type = HAUL_O_LENGTH,
     .offset = offsetof(struct fleet_place, radius_m),
     .low = 10,
     .high = 50000,
     .fallback = "300m",
     .answer = true,
     .en = "Radius of the place.",
     .zh = "场所半径。"},
};

static const struct haul_option rows[] = {
    {.name = "time_zone",
     .type = HAUL_O_TEXT,
     .offset = offsetof(struct fleet_options, time_zone),
     .size = sizeof((struct fleet_options *)0)->time_zone,
     .low = 1,
     .high = 0,
     .fallback = "+08:00",
     .answer = true,
     .en = "Offset of the local clock from UTC, by which night and day are told, as +HH:MM or -HH:MM.",
     .zh = "当地时间相对 UTC 的偏移，用于区分昼夜，写作 +HH:MM 或 -HH:MM。"},
    ROW("keep", HAUL_O_DURATION, keep_ms, HAUL_MS_H, 90 * HAUL_MS_D, "7d",
        "A vehicle that has been silent for so long is forgotten: its document, its odometer and its alerts go.",
        "车辆静默超过该时长后被移除，其文档、里程和告警一并删除。"),
    ROW("mask_plate", HAUL_O_BOOL, mask_plate, 1, 0, "true",
        "Shows of a number plate only the province and the last two characters.", "车牌仅显示省份简称和末两位。"),

    ROW("position.moving", HAUL_O_SPEED, position.moving_mps, KMH(1), KMH(30), "5km/h",
        "From this speed on a vehicle counts as moving.", "达到该速度即视为行驶。"),
    ROW("position.rest_radius", HAUL_O_LENGTH, position.rest_radius_m, 5, 1000, "50m",
        "A vehicle at rest that stays within this radius rests still, whatever its receiver says.",
        "静止车辆在该半径内仍视为静止，不受定位漂移影响。"),
    ROW("position.accuracy", HAUL_O_LENGTH, position.accuracy_m, 1, 10000, "100m",
        "A fix whose stated accuracy is worse does not move the vehicle.", "标称精度劣于该值的定位不更新位置。"),
    ROW("position.satellites", HAUL_O_COUNT, position.satellites, 0, 32, "3",
        "A fix from fewer satellites does not move the vehicle.", "卫星数少于该值的定位不更新位置。"),
    ROW("position.require_fix", HAUL_O_BOOL, position.require_fix, 1, 0, "false",
        "Believes a fix only when bit 1 (positioned) of the status word is set.",
        "仅当状态字第 1 位（已定位）置位时采信定位。"),
    ROW("position.gap", HAUL_O_DURATION, position.gap_ms, 5 * HAUL_MS_S, HAUL_MS_H, "60s",
        "A longer silence that was driven through stays open, so that records that come late can fill the odometer.",
        "行驶中超过该时长的静默区段保持开放，以便补传记录补全里程。"),

    ROW("speeding.limit", HAUL_O_SPEED, speeding.limit_mps, KMH(5), KMH(250), "100km/h",
        "The speed that vehicles of no listed group may drive.", "未列入分组车辆的限速。"),
    ROW("speeding.raise_over", HAUL_O_RATIO, speeding.raise_over, 0, 2, "10%",
        "Speeding is raised from so much above the limit.", "超过限速该比例即触发超速告警。"),
    ROW("speeding.severe_over", HAUL_O_RATIO, speeding.severe_over, 0, 3, "20%",
        "From so much above the limit speeding is orange.", "超过限速该比例升为橙色。"),
    ROW("speeding.clear_over", HAUL_O_RATIO, speeding.clear_over, -0.5, 2, "5%",
        "Speeding clears when the speed is no more than so much above the limit.", "回落至限速以上该比例之内时解除。"),
    ROW("speeding.raise_after", HAUL_O_DURATION, speeding.raise_after_ms, 0, HAUL_MS_H, "10s",
        "For so long the speed must be too high before speeding is raised.", "超速持续该时长后触发。"),
    ROW("speeding.clear_after", HAUL_O_DURATION, speeding.clear_after_ms, 0, HAUL_MS_H, "10s",
        "For so long the speed must be right before speeding clears.", "恢复正常持续该时长后解除。"),
    {.name = "groups",
     .type = HAUL_O_TABLE,
     .offset = offsetof(struct fleet_options, groups),
     .size = sizeof(struct fleet_group),
     .max = FLEET_GROUPS_MAX,
     .low = 1,
     .high = 0,
     .fallback = "{coach: {limit: 100km/h, night: true}}",
     .rows = group_rows,
     .rows_len = sizeof group_rows / sizeof group_rows[0],
     .answer = true,
     .en = "Groups of vehicles, by the name that their records carry, with their limits.",
     .zh = "车辆分组及其限值，名称与记录中的分组一致。"},

    ROW("night.from", HAUL_O_TIME_OF_DAY, night.from_ms, 0, HAUL_MS_D, "22:00",
        "When the night begins, for fatigue and for speed.", "夜间开始时刻（疲劳与限速）。"),
    ROW("night.to", HAUL_O_TIME_OF_DAY, night.to_ms, 0, HAUL_MS_D, "06:00",
        "When the night ends, for fatigue and for speed.", "夜间结束时刻（疲劳与限速）。"),
    ROW("night_running.ban_from", HAUL_O_TIME_OF_DAY, night.ban_from_ms, 0, HAUL_MS_D, "02:00",
        "From when on vehicles of the night groups may not drive.", "夜间规则分组车辆禁行开始时刻。"),
    ROW("night_running.ban_to", HAUL_O_TIME_OF_DAY, night.ban_to_ms, 0, HAUL_MS_D, "05:00",
        "Until when vehicles of the night groups may not drive.", "夜间规则分组车辆禁行结束时刻。"),
    ROW("night_running.share", HAUL_O_RATIO, night.share, 0.1, 1, "80%",
        "Share of the day's limit that holds at night for the night groups.",
        "夜间规则分组车辆夜间限速占日间限速的比例。"),
    ROW("night_running.raise_after", HAUL_O_DURATION, night.raise_after_ms, 0, HAUL_MS_H, "60s",
        "For so long it must be driven before night running is raised.", "违规行驶持续该时长后触发。"),
    ROW("night_running.clear_after", HAUL_O_DURATION, night.clear_after_ms, 0, HAUL_MS_H, "60s",
        "For so long it must be right before night running clears.", "恢复正常持续该时长后解除。"),

    ROW("fatigue.day", HAUL_O_DURATION, fatigue.day_ms, HAUL_MS_MIN, HAUL_MS_D, "4h",
        "The longest time that may be driven without a rest.", "连续驾驶时间上限。"),
    ROW("fatigue.night", HAUL_O_DURATION, fatigue.night_ms, HAUL_MS_MIN, HAUL_MS_D, "2h",
        "The longest time that may be driven at night without a rest.", "夜间连续驾驶时间上限。"),
    ROW("fatigue.rest", HAUL_O_DURATION, fatigue.rest_ms, HAUL_MS_MIN, HAUL_MS_D, "20min",
        "A stop of at least so long is a rest.", "停车不少于该时长方计为休息。"),
    ROW("fatigue.in_24h", HAUL_O_DURATION, fatigue.in_24h_ms, HAUL_MS_MIN, HAUL_MS_D, "8h",
        "The longest time that may be driven in the running hour and the 23 before it.", "24 小时内累计驾驶时间上限。"),
    ROW("fatigue.in_7d", HAUL_O_DURATION, fatigue.in_7d_ms, HAUL_MS_MIN, 7 * HAUL_MS_D, "44h",
        "The longest time that may be driven in the running day and the 6 before it.", "7 天内累计驾驶时间上限。"),
    ROW("fatigue.gap", HAUL_O_DURATION, fatigue.gap_ms, HAUL_MS_S, HAUL_MS_H, "5min",
        "A longer silence counts as driven only if the way over it shows that it was.",
        "超过该时长的静默，仅当位移表明在行驶时计入驾驶时间。"),

    ROW("unplanned_stop.after", HAUL_O_DURATION, stop.after_ms, HAUL_MS_MIN, HAUL_MS_D, "15min",
        "A stop with the ignition on, away from every known place, is raised after so long.",
        "在已知场所之外点火停车超过该时长后触发。"),
    {.name = "unplanned_stop.places",
     .type = HAUL_O_TABLE,
     .offset = offsetof(struct fleet_options, stop.places),
     .size = sizeof(struct fleet_place),
     .max = FLEET_PLACES_MAX,
     .low = 1,
     .high = 0,
     .fallback = "",
     .rows = place_rows,
     .rows_len = sizeof place_rows / sizeof place_rows[0],
     .answer = true,
     .en = "Known places, as circles: depots, rest areas, customers. A stop there is planned.",
     .zh = "已知场所（圆形）：场站、服务区、客户点，在其中停车视为计划内。"},

    ROW("door_open.speed", HAUL_O_SPEED, door.speed_mps, KMH(1), KMH(120), "10km/h",
        "From this speed on no door may be open.", "达到该速度时车门不得开启。"),
    ROW("door_open.raise_after", HAUL_O_DURATION, door.raise_after_ms, 0, HAUL_MS_H, "3s",
        "For so long a door must be open at speed before it is raised.", "行驶中开门持续该时长后触发。"),
    ROW("door_open.clear_after", HAUL_O_DURATION, door.clear_after_ms, 0, HAUL_MS_H, "10s",
        "For so long the doors must be closed, or the vehicle stand, before it clears.",
        "关门或停车持续该时长后解除。"),

    ROW("displacement.distance", HAUL_O_LENGTH, displacement.distance_m, 50, 100000, "200m",
        "How far a vehicle may be from where its ignition went off.", "熄火后允许偏离熄火地点的距离。"),

    ROW("fuel_theft.drop", HAUL_O_VOLUME, fuel.drop_l, 1, 1000, "8L", "A drop of so much at rest is raised.",
        "停车期间油量下降达到该值即触发。"),
    ROW("fuel_theft.share", HAUL_O_RATIO, fuel.drop_share, 0.01, 1, "5%",
        "A drop of this share of the level at rest is raised.", "停车期间油量下降达到该比例即触发。"),
    ROW("fuel_theft.floor", HAUL_O_VOLUME, fuel.floor_l, 0, 100, "3L",
        "A smaller drop is never raised: the sensor's own noise.", "小于该值的下降视为传感器噪声，不触发。"),
    ROW("fuel_theft.window", HAUL_O_DURATION, fuel.window_ms, HAUL_MS_MIN, HAUL_MS_D, "10min",
        "With the ignition on, the time within which the drop must happen; with it off there is no such bound.",
        "点火状态下油量下降须发生在该时间窗内；熄火时不限。"),
    ROW("fuel_theft.settle", HAUL_O_DURATION, fuel.settle_ms, 0, HAUL_MS_H, "60s",
        "Readings count from so long after the vehicle came to rest: fuel sloshes.",
        "停车后经该时长油面平稳，读数方计入。"),

    ROW("harsh_driving.brake", HAUL_O_ACCEL, harsh.brake_mps2, 0.5, 20, "3.5m/s2", "Braking that is raised.",
        "急刹车门限。"),
    ROW("harsh_driving.accelerate", HAUL_O_ACCEL, harsh.accel_mps2, 0.5, 20, "3.5m/s2", "Acceleration that is raised.",
        "急加速门限。"),
    ROW("harsh_driving.turn", HAUL_O_ACCEL, harsh.turn_mps2, 0.5, 20, "4m/s2", "Lateral acceleration that is raised.",
        "急转弯门限（横向加速度）。"),
    ROW("harsh_driving.interval", HAUL_O_DURATION, harsh.interval_ms, 200, 10 * HAUL_MS_S, "2s",
        "Accelerations are taken from differences of speed only between records no further apart.",
        "仅当两条记录间隔不超过该时长时，才由速度差推算加速度。"),
    ROW("harsh_driving.hold", HAUL_O_DURATION, harsh.hold_ms, HAUL_MS_S, HAUL_MS_H, "60s",
        "Harsh driving clears after so long without it.", "无激烈驾驶持续该时长后解除。"),

    ROW("battery.level", HAUL_O_COUNT, battery_level, 1, 3, "2",
        "The alarm level of the battery (GB/T 32960) that is raised.", "触发告警的动力电池报警等级（GB/T 32960）。"),
    ROW("alarm.hold", HAUL_O_DURATION, alarm_hold_ms, 0, HAUL_MS_H, "60s",
        "An alarm that the vehicle reports clears when it has not reported it for so long.",
        "车辆上报的报警消失持续该时长后解除。"),

    ROW("gnss_jump.speed", HAUL_O_SPEED, gnss.speed_mps, KMH(80), KMH(1000), "200km/h",
        "No vehicle travels faster between two fixes.", "两次定位之间的推算速度不可能超过该值。"),
    ROW("gnss_jump.distance", HAUL_O_LENGTH, gnss.distance_m, 20, 10000, "300m",
        "A shorter jump is scatter, whatever its speed.", "小于该距离的跳动视为正常散布。"),
    ROW("gnss_jump.bad", HAUL_O_COUNT, gnss.bad, 0, 15, "5",
        "When more than so many of the last 16 fixes are impossible, the receiver drifts and the alert is yellow.",
        "最近 16 个定位中超过该数量不可能时，视为漂移并升为黄色。"),
    ROW("gnss_jump.accept", HAUL_O_COUNT, gnss.accept, 2, 16, "3",
        "So many stray fixes that follow from each other are believed: the vehicle is there after all.",
        "连续该数量相互一致的异常定位将被采信。"),
    ROW("gnss_jump.clear", HAUL_O_COUNT, gnss.clear, 1, 16, "5", "So many possible fixes running clear the alert.",
        "连续该数量正常定位后解除。"),

    ROW("offline.after", HAUL_O_DURATION, offline_after_ms, HAUL_MS_MIN, HAUL_MS_D, "10min",
        "A vehicle that is silent for so long with the ignition on is offline.", "点火状态下静默超过该时长即为离线。"),

    ROW("clock_skew.limit", HAUL_O_DURATION, skew.limit_ms, 10 * HAUL_MS_S, HAUL_MS_D, "5min",
        "How far a vehicle's clock may be from the time at which its records arrive.",
        "车辆时钟与到达时间的允许偏差。"),
    ROW("clock_skew.steady", HAUL_O_DURATION, skew.steady_ms, HAUL_MS_S, HAUL_MS_H, "30s",
        "By so much the offset may change from record to record and still be a wrong clock rather than a late upload.",
        "相邻记录偏差变化不超过该值方视为时钟错误，否则视为补传。"),
    ROW("clock_skew.count", HAUL_O_COUNT, skew.count, 1, 100, "3",
        "So many records running raise the alert, and clear it.", "连续该数量记录触发，同样数量解除。"),

    ROW("duplicate_serial.count", HAUL_O_COUNT, serial.count, 1, 200, "3",
        "So many repeated serial numbers, each within the window of the one before, raise the alert.",
        "在时间窗内连续出现该数量重复流水号时触发。"),
    ROW("duplicate_serial.window", HAUL_O_DURATION, serial.window_ms, HAUL_MS_S, HAUL_MS_D, "10min",
        "After so long without a repeated serial number the alert clears.", "无重复流水号持续该时长后解除。"),

    {.name = "fences.file",
     .type = HAUL_O_FILE,
     .offset = offsetof(struct fleet_options, fences.file),
     .size = sizeof((struct fleet_options *)0)->fences.file,
     .low = 1,
     .high = 0,
     .fallback = "",
     .answer = false,
     .en = "GeoJSON file of the fences that the first start begins with; haul fences apply replaces them while haul "
           "runs.",
     .zh = "首次启动时采用的电子围栏 GeoJSON 文件；运行中用 haul fences apply 替换。"},
    ROW("fences.cross_leg", HAUL_O_LENGTH, fences.cross_leg_m, 0, 50000, "5km",
        "Between two fixes further apart it is not judged which fences were crossed.",
        "两次定位间距超过该值时不判断穿越了哪些围栏。"),
    ROW("fences.cross_hold", HAUL_O_DURATION, fences.cross_hold_ms, HAUL_MS_S, HAUL_MS_D, "60s",
        "The alert that a fence was crossed clears after so long.", "穿越围栏告警持续该时长后解除。"),
};

static void check(const void *options, struct haul_option_report *r)
{
    const struct fleet_options *o = options;
    int64_t zone;
    if (!fleet_zone_ms(o->time_zone, &zone))
        haul_option_complain(r, "time_zone", "expected an offset such as +08:00 or -03:30, up to 14 hours");
    if (o->speeding.clear_over > o->speeding.raise_over)
        haul_option_complain(r, "speeding.clear_over", "must not be above speeding.raise_over (%.0f %%)",
                             o->speeding.raise_over * 100);
    if (o->speeding.severe_over < o->speeding.raise_over)
        haul_option_complain(r, "speeding.severe_over", "must not be below speeding.raise_over (%.0f %%)",
                             o->speeding.raise_over * 100);
    if (o->fatigue.night_ms > o->fatigue.day_ms)
        haul_option_complain(r, "fatigue.night", "must not be longer than fatigue.day");
    if (o->fatigue.in_24h_ms > o->fatigue.in_7d_ms)
        haul_option_complain(r, "fatigue.in_24h", "must not be longer than fatigue.in_7d");
    if (o->door.speed_mps < o->position.moving_mps)
        haul_option_complain(r, "door_open.speed", "must not be below position.moving");
    if (o->displacement.distance_m < o->position.rest_radius_m)
        haul_option_complain(r, "displacement.distance", "must not be below position.rest_radius");
    if (o->keep_ms <= o->offline_after_ms) haul_option_complain(r, "keep", "must be longer than offline.after");
}

const struct haul_option_set fleet_option_set = {
    .section = "fleet",
    .en = "Vehicles: what is an alert, and from when on.",
    .zh = "车辆：何种情况告警、何时告警。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct fleet_options),
    .check = check,
};
