/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/engine_options.h"

#define AT(member)   offsetof(struct haul_engine_options, member)
#define SIZE(member) sizeof(((struct haul_engine_options *)0)->member)
#define KIB          1024.0
#define MIB          1048576.0
#define GIB          1073741824.0

static const char *const starts[] = {"earliest", "latest", "time", NULL};
static const char *const wipes[] = {"rebuild", "stop", NULL};
static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const char *const bridges[] = {"jt808", "jt809", "json", "epcis", "vda5050", NULL};
static const char *const drivers[] = {"hash", "drop", "keep", NULL};
static const char *const plates[] = {"mask", "keep", NULL};
static const char *const processors[] = {
#define HAUL_MAILBOX(number, NAME, name, partitions, outside, key, sentence) name,
#include "haul/topics.def"
    NULL};

#define TEXT_OF(x) #x
static const struct haul_option rows[] = {
    {"instance", HAUL_O_TEXT, AT(instance), SIZE(instance), .fallback = "",
     .en = "Prefix of every topic, consumer group and key, so that several hauls can stand beside each other; empty "
           "for production.",
     .zh = "所有主题、消费组和键的前缀，使多个 haul 可以并存；生产环境留空。"},
    {"processors", HAUL_O_LIST, AT(processors), 32, HAUL_MAILBOX_MAX, .fallback = "", .choices = processors,
     .en = "Which processors run in this process; an empty list means all.",
     .zh = "本进程运行哪些处理器；空列表表示全部。"},
    {"bridges", HAUL_O_LIST, AT(bridges), 16, 8, .fallback = "", .choices = bridges,
     .en = "Which bridges run in this process beside the processors: they translate foreign topics into records.",
     .zh = "本进程除处理器外还运行哪些桥接器：它们把外部主题翻译为记录。"},
    {"ingest.drivers", HAUL_O_CHOICE, AT(ingest_drivers), .choices = drivers, .fallback = "hash", .answer = true,
     .en = "What becomes of driver ids at the gate: a keyed hash (without a key file they are left out and counted), "
           "nothing, or as they are.",
     .zh = "入口处如何处理驾驶员标识：带密钥的哈希（无密钥文件时舍去并计数）、舍去，或原样保留。"},
    {"ingest.driver_key_file", HAUL_O_FILE, AT(ingest_driver_key_file), SIZE(ingest_driver_key_file), .fallback = "",
     .secret = true, .en = "File with the key of the hash, 16 bytes or more; replays need the same one.",
     .zh = "哈希密钥文件，至少 16 字节；重放需用同一文件。"},
    {"ingest.driver_key_epoch", HAUL_O_TEXT, AT(ingest_driver_key_epoch), SIZE(ingest_driver_key_epoch), .low = 1,
     .fallback = "1", .answer = true,
     .en = "Name of the time for which pseudonyms stay the same; with a new one no driver can be linked to before.",
     .zh = "假名保持不变的时期名称；更换后无法与此前的驾驶员关联。"},
    {"ingest.plates", HAUL_O_CHOICE, AT(ingest_plates), .choices = plates, .fallback = "mask", .answer = true,
     .en = "What becomes of number plates at the gate: the province and the last two characters, or as they are.",
     .zh = "入口处如何处理号牌：仅保留省份与末两位，或原样保留。"},
#define HAUL_MAILBOX(number, NAME, mailbox, count, outside, key, sentence)                                             \
    {"partitions." mailbox,                                                                                            \
     HAUL_O_COUNT,                                                                                                     \
     AT(partitions[number]),                                                                                           \
     .low = 1,                                                                                                         \
     .high = HAUL_PARTITIONS_MAX,                                                                                      \
     .fallback = TEXT_OF(count),                                                                                       \
     .en = "Partitions of the mailbox " mailbox " (" sentence "); pinned at the first claim.",                         \
     .zh = mailbox " 信箱的分区数；首次认领后固定，改变需用 haul repartition。"},
#include "haul/topics.def"
    {"workers", HAUL_O_COUNT, AT(workers), .low = 0, .high = 256, .fallback = "0",
     .en = "Threads that run tasks, each with its own connections; 0 means one for each core.",
     .zh = "运行任务的线程数，各有自己的连接；0 表示每个核一个。"},
    {"commit.pace", HAUL_O_DURATION, AT(commit_pace_ms), .low = 1, .high = 10 * HAUL_MS_S, .fallback = "1ms",
     .en = "Shortest time between two commits of a worker while there is more to take in; half of it when there is "
           "not. A larger one means fewer, larger commits.",
     .zh = "仍有数据待取时，一个工作线程两次提交之间的最短时间；无数据待取时为其一半。越大，提交越少、越大。"},
    {"commit.documents_max", HAUL_O_COUNT, AT(commit_documents_max), .low = 100, .high = 100000, .fallback = "3000",
     .en = "Most documents in one commit, which bounds how long one commit holds Redis.",
     .zh = "一次提交最多写多少个文档，以限制一次提交占用 Redis 的时间。"},
    {"view.interval", HAUL_O_DURATION, AT(view_interval_ms), .low = 0, .high = HAUL_MS_H, .fallback = "1s",
     .answer = true,
     .en = "A document that only changes in its numbers is written at most once in this time; a transition is written "
           "at once.",
     .zh = "仅数值变化的文档在此时间内最多写一次；状态变化立即写。"},
    {"view.geo", HAUL_O_BOOL, AT(view_geo), .fallback = "false",
     .en = "Whether each task also keeps a GEO set of its positions, for those who search by radius in Redis.",
     .zh = "每个任务是否另存一份位置的 GEO 集合，供在 Redis 中按半径查找。"},
    {"lateness", HAUL_O_DURATION, AT(lateness_ms), .low = 0, .high = HAUL_MS_H, .fallback = "5s", .answer = true,
     .en = "How far event time waits for records that come out of order.", .zh = "事件时间为乱序到达的记录等待多久。"},
    {"time.future_max", HAUL_O_DURATION, AT(time_future_max_ms), .low = HAUL_MS_S, .high = 7 * HAUL_MS_D,
     .fallback = "15min", .answer = true,
     .en = "A record whose time is further than this ahead of its arrival is quarantined.",
     .zh = "时间超前到达时间多于此值的记录被隔离。"},
    {"time.past_max", HAUL_O_DURATION, AT(time_past_max_ms), .low = HAUL_MS_MIN, .high = 3650 * HAUL_MS_D,
     .fallback = "30d", .answer = true,
     .en = "A record whose time is further than this behind its arrival is quarantined.",
     .zh = "时间落后到达时间多于此值的记录被隔离。"},
    {"clock.stall", HAUL_O_DURATION, AT(clock_stall_ms), .low = HAUL_MS_S, .high = HAUL_MS_D, .fallback = "60s",
     .answer = true,
     .en = "An upstream task that is silent for so long no longer holds event time back, until it speaks again.",
     .zh = "上游任务沉默超过此时间便不再拖住事件时间，直到它再次发声。"},
    {"checkpoint.interval", HAUL_O_DURATION, AT(checkpoint_interval_ms), .low = HAUL_MS_S, .high = HAUL_MS_D,
     .fallback = "60s",
     .en = "Time between two checkpoints of a task; a shorter one means less to replay after a crash.",
     .zh = "一个任务两次检查点之间的时间；越短，崩溃后重放越少。"},
    {"checkpoint.rate", HAUL_O_BYTES, AT(checkpoint_rate), .low = 64 * KIB, .high = GIB, .fallback = "16MiB",
     .en = "Most bytes of checkpoints that a process writes to Redis in one second.",
     .zh = "一个进程每秒向 Redis 写入检查点的最大字节数。"},
    {"entities_max", HAUL_O_COUNT, AT(entities_max), .low = 1, .high = 10000000, .fallback = "200000", .answer = true,
     .en = "Most keys that one task keeps; beyond them the one with the oldest event time goes.",
     .zh = "一个任务最多保留的键数；超出时淘汰事件时间最旧的键。"},
    {"outbox_max", HAUL_O_BYTES, AT(outbox_max), .low = MIB, .high = 4 * GIB, .fallback = "64MiB",
     .en = "Most bytes of records that wait to be sent or acknowledged; when full, tasks wait.",
     .zh = "等待发送或确认的记录的最大字节数；满时任务等待。"},
    {"start", HAUL_O_CHOICE, AT(start), .choices = starts, .fallback = "latest",
     .en = "Where the first claim ever begins to read a mailbox.", .zh = "首次认领时从信箱何处开始读。"},
    {"start_time", HAUL_O_TEXT, AT(start_time), SIZE(start_time), .fallback = "",
     .en = "For start: time, the append time from which to read, such as 2026-01-26T08:00:00+08:00.",
     .zh = "start 为 time 时，从哪个追加时间开始读，例如 2026-01-26T08:00:00+08:00。"},
    {"on_wipe", HAUL_O_CHOICE, AT(on_wipe), .choices = wipes, .fallback = "stop",
     .en =
         "What to do when Kafka remembers haul and Redis does not: rebuild the state from the log, or stop and say so.",
     .zh = "Kafka 记得而 Redis 已丢失状态时怎么办：由日志重建，或停止并报告。"},
    {"crash_dir", HAUL_O_TEXT, AT(crash_dir), SIZE(crash_dir), .fallback = "",
     .en =
         "Folder that outlives the process, where it writes which record it died at; a record that has killed it three "
         "times goes to the dead letters. Empty: off, and such a record kills for ever.",
     .zh = "进程死亡后仍保留的目录，记录致死的消息位置；三次致死的记录转入死信。留空则关闭，该记录会不断致死。"},
    {"admin.address", HAUL_O_TEXT, AT(admin_address), SIZE(admin_address), .fallback = "127.0.0.1",
     .en = "Address on which /metrics, /healthz, /readyz and /status are served.",
     .zh = "提供 /metrics、/healthz、/readyz、/status 的地址。"},
    {"admin.port", HAUL_O_COUNT, AT(admin_port), .low = 0, .high = 65535, .fallback = "9470",
     .en = "Port of the same; 0 takes any free one.", .zh = "其端口；0 表示任一空闲端口。"},
    {"log.level", HAUL_O_CHOICE, AT(log_level), .choices = levels, .fallback = "info",
     .en = "The least important event that is logged.", .zh = "记录的最低级别。"},
    {"log.format", HAUL_O_CHOICE, AT(log_format), .choices = formats, .fallback = "text",
     .en = "Form of the log: a line for the eye, or one JSON object a line.",
     .zh = "日志格式：供人阅读的文本行，或每行一个 JSON 对象。"},
};

static void check(const void *options, struct haul_option_report *r)
{
    const struct haul_engine_options *o = options;
    const bool timed = o->start == HAUL_START_TIME, given = o->start_time[0] != '\0';
    struct haul_time t;
    struct haul_error e;
    if (timed && !given) haul_option_complain(r, "start", "`time` needs start_time: say from when to read");
    if (!timed && given)
        haul_option_complain(r, "start_time", "has no effect with start: %s; did you mean `start: time`?",
                             starts[o->start]);
    if (given && haul_time_parse(o->start_time, strlen(o->start_time), &t, &e) != HAUL_OK)
        haul_option_complain(r, "start_time", "%s; expected a time such as 2026-01-26T08:00:00+08:00", e.text);
    if (o->lateness_ms >= o->clock_stall_ms)
        haul_option_complain(r, "lateness",
                             "must be below clock.stall: a source that is merely late would be left out");
    if (o->lateness_ms >= o->time_past_max_ms)
        haul_option_complain(r, "lateness", "must be below time.past_max: what it waits for would be quarantined");
}

const struct haul_option_set haul_engine_option_set = {
    .section = "engine",
    .en = "The engine: which processors run, how time passes, how much is kept.",
    .zh = "引擎：运行哪些处理器，时间如何推进，保留多少。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct haul_engine_options),
    .check = check,
};
