/* SPDX-License-Identifier: Apache-2.0
 * The options of the desk.
 */
#include "processors/desk/desk.h"

#define ROW(...) HAUL_ROW(struct desk_options, __VA_ARGS__)

static const struct haul_option rows[] = {
    ROW("keep", HAUL_O_DURATION, keep_ms, HAUL_MS_MIN, 90 * HAUL_MS_D, "24h", "How long a closed alert is kept.",
        "已关闭告警的保留时长。"),
    ROW("quota", HAUL_O_COUNT, quota, 100, 1000000, "50000",
        "The most alerts that are kept, and no more than half of engine.entities_max: at nine tenths of it closed ones "
        "go at once, at it new ones are not taken, and counted.",
        "告警保留上限，且不超过 engine.entities_max "
        "的一半：达到九成时关闭的告警立即移除，达到上限时不再接收新告警并计数。"),
    ROW("stream_keep", HAUL_O_COUNT, stream_keep, 100, 10000000, "100000", "How many transitions the stream keeps.",
        "状态变化流保留的条数。"),
    ROW("escalate.red", HAUL_O_DURATION, escalate_ms[0], HAUL_MS_S, HAUL_MS_D, "1min",
        "A red alert that nobody has acknowledged for so long is escalated.", "红色告警超过该时长未确认即升级。"),
    ROW("escalate.orange", HAUL_O_DURATION, escalate_ms[1], HAUL_MS_S, HAUL_MS_D, "5min",
        "An orange alert that nobody has acknowledged for so long is escalated.", "橙色告警超过该时长未确认即升级。"),
    ROW("escalate.yellow", HAUL_O_DURATION, escalate_ms[2], HAUL_MS_S, HAUL_MS_D, "15min",
        "A yellow alert that nobody has acknowledged for so long is escalated.", "黄色告警超过该时长未确认即升级。"),
    ROW("escalate.blue", HAUL_O_DURATION, escalate_ms[3], HAUL_MS_S, HAUL_MS_D, "60min",
        "A blue alert that nobody has acknowledged for so long is escalated.", "蓝色告警超过该时长未确认即升级。"),
    ROW("shelve.fallback", HAUL_O_DURATION, shelve.fallback_ms, HAUL_MS_MIN, 7 * HAUL_MS_D, "1h",
        "How long an alert is shelved when the operator does not say.", "操作员未指定时的搁置时长。"),
    ROW("shelve.longest", HAUL_O_DURATION, shelve.longest_ms, HAUL_MS_MIN, 7 * HAUL_MS_D, "24h",
        "The longest that an alert may be shelved; what is asked for beyond is cut to it.",
        "搁置时长上限，超出部分截断。"),
    ROW("incident.members", HAUL_O_COUNT, incident.members, 2, DESK_LISTED, "5",
        "So many open alerts of one cause within the window become one incident.",
        "时间窗内同一原因的未关闭告警达到该数量即合并为一个事件。"),
    ROW("incident.window", HAUL_O_DURATION, incident.window_ms, HAUL_MS_S, HAUL_MS_D, "10min",
        "Within what time alerts of one cause must open to become one incident.",
        "同一原因告警须在该时间窗内发生方合并。"),
    ROW("flood.per_minute", HAUL_O_COUNT, flood.per_minute, 1, 1000000, "60",
        "More alerts opened in a minute are a flood; it ends at half of it.",
        "每分钟新开告警超过该值即为告警洪泛，降至一半时结束。"),
};

static void check(const void *options, struct haul_option_report *r)
{
    const struct desk_options *o = options;
    if (o->shelve.fallback_ms > o->shelve.longest_ms)
        haul_option_complain(r, "shelve.fallback", "must not be longer than shelve.longest");
    static const char *const names[] = {"escalate.red", "escalate.orange", "escalate.yellow", "escalate.blue"};
    for (size_t i = 1; i < 4; i++)
        if (o->escalate_ms[i] < o->escalate_ms[i - 1])
            haul_option_complain(r, names[i], "must not be shorter than %s: what is worse is escalated sooner",
                                 names[i - 1]);
}

const struct haul_option_set desk_option_set = {
    .section = "desk",
    .en = "Alerts: how they are grouped, escalated and kept.",
    .zh = "告警：合并、升级与保留。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct desk_options),
    .check = check,
};
