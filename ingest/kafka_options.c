/* SPDX-License-Identifier: Apache-2.0
 * The options of the section "kafka".
 */
#include "haul/kafka_source.h"
#include "haul/kafka_topics.h"

#include "ingest/kafka_conf.h"

static const char *const compressions[] = {"none", "lz4", "zstd", "snappy", "gzip", NULL};

#define AT(member)   .offset = offsetof(struct haul_kafka_options, member)
#define TEXT(member) AT(member), .size = sizeof((struct haul_kafka_options *)0)->member
#define PAIRS(member)                                                                                                  \
    AT(member), .size = sizeof((struct haul_kafka_options *)0)->member.item[0].value,                                  \
                .max = sizeof((struct haul_kafka_options *)0)->member.item /                                           \
                       sizeof((struct haul_kafka_options *)0)->member.item[0]
#define KIB (1024.0)
#define MIB (1024.0 * 1024)

static const struct haul_option rows[] = {
    {.name = "brokers",
     .type = HAUL_O_TEXT,
     TEXT(brokers),
     .low = 1,
     .fallback = "127.0.0.1:9092",
     .en = "Brokers to start from, as HOST:PORT, separated by commas.",
     .zh = "起始代理地址，格式为 主机:端口，以逗号分隔。"},
    {.name = "group_instance_id",
     .type = HAUL_O_TEXT,
     TEXT(group_instance_id),
     .low = 1,
     .fallback = "",
     .en = "Name of this process in the group, unique and the same after a restart: a restart within session_timeout "
           "then moves no partition; one whose name another takes goes on without; empty for none.",
     .zh = "本进程在消费组中的固定名称，须唯一且重启后不变；在会话超时内重启不会触发再均衡；"
           "名称被其他进程占用时改为无固定名称继续运行；留空表示不使用。"},
    {.name = "session_timeout",
     .type = HAUL_O_DURATION,
     AT(session_timeout_ms),
     .low = 1000,
     .high = 1800000,
     .fallback = "45s",
     .en = "Silence after which the group gives our partitions to others.",
     .zh = "失去心跳后，消费组将本进程的分区交给其他成员之前的时长。"},
    {.name = "request_timeout",
     .type = HAUL_O_DURATION,
     AT(request_timeout_ms),
     .low = 100,
     .high = 300000,
     .fallback = "10s",
     .en = "Longest wait for an answer about offsets, topics and bounds.",
     .zh = "查询位移、主题与边界时的最长等待时间。"},
    {.name = "fetch_bytes",
     .type = HAUL_O_BYTES,
     AT(fetch_bytes),
     .low = 64 * KIB,
     .high = 256 * MIB,
     .fallback = "8MiB",
     .en = "Most that one answer of a broker may hold.",
     .zh = "单次拉取响应的最大字节数。"},
    {.name = "queue_bytes",
     .type = HAUL_O_BYTES,
     AT(queue_bytes),
     .low = 1 * MIB,
     .high = 1024 * MIB,
     .fallback = "16MiB",
     .en = "Most that one worker holds of what is fetched and not yet processed; small messages take four times that "
           "of memory.",
     .zh = "每个工作线程已拉取但尚未处理的数据上限；小消息实际占用内存约为其四倍。"},
    {.name = "message_bytes",
     .type = HAUL_O_BYTES,
     AT(message_bytes),
     .low = 64 * KIB,
     .high = 64 * MIB,
     .fallback = "1MiB",
     .en = "Largest message: what the topics accept and the producer sends.",
     .zh = "单条消息的最大字节数：主题接受与生产者发送的上限。"},
    {.name = "linger",
     .type = HAUL_O_DURATION,
     AT(linger_ms),
     .low = 0,
     .high = 1000,
     .fallback = "1ms",
     .en = "Longest wait of an outgoing message for others to share a request.",
     .zh = "待发消息为合并请求而等待的最长时间。"},
    {.name = "delivery_timeout",
     .type = HAUL_O_DURATION,
     AT(delivery_timeout_ms),
     .low = 1000,
     .high = 3600000,
     .fallback = "2min",
     .en = "Time after which an outgoing message that is not acknowledged has failed and is sent again.",
     .zh = "待发消息未获确认即视为失败并重新发送的时长。"},
    {.name = "send_queue",
     .type = HAUL_O_COUNT,
     AT(send_queue),
     .low = 16,
     .high = 1e6,
     .fallback = "16384",
     .en = "Most outgoing messages of one worker that are not acknowledged.",
     .zh = "每个工作线程未获确认的待发消息数上限。"},
    {.name = "send_bytes",
     .type = HAUL_O_BYTES,
     AT(send_bytes),
     .low = 1 * MIB,
     .high = 1024 * MIB,
     .fallback = "32MiB",
     .en = "Most bytes of outgoing messages of one worker that are not acknowledged.",
     .zh = "每个工作线程未获确认的待发消息字节数上限。"},
    {.name = "compression",
     .type = HAUL_O_CHOICE,
     AT(compression),
     .fallback = "none",
     .choices = compressions,
     .en = "Compression of outgoing messages.",
     .zh = "待发消息的压缩方式。"},
    {.name = "replication",
     .type = HAUL_O_COUNT,
     AT(replication),
     .low = 1,
     .high = 16,
     .fallback = "1",
     .en = "Replicas of a topic that 'haul topics create' makes.",
     .zh = "“haul topics create”所建主题的副本数。"},
    {.name = "retention",
     .type = HAUL_O_DURATION,
     AT(retention_ms),
     .low = 60000,
     .high = 3650 * 86400e3,
     .fallback = "7d",
     .en = "How long the topics made by 'haul topics create' keep messages: longer than the longest outage.",
     .zh = "“haul topics create”所建主题的保留时长，应长于最长停机时间。"},
    {.name = "topics",
     .type = HAUL_O_PAIRS,
     PAIRS(topics),
     .fallback = "",
     .en = "Topic names by mailbox, or alerts, deadletters, blobs; otherwise <instance>haul.<name>.",
     .zh = "按信箱（或 alerts、deadletters、blobs）指定主题名；缺省为 <instance>haul.<name>。"},
    {.name = "sasl_password_file",
     .type = HAUL_O_FILE,
     TEXT(sasl_password_file),
     .secret = true,
     .fallback = "",
     .en = "File whose first line is the SASL password; empty for none.",
     .zh = "首行为 SASL 密码的文件；留空表示不使用。"},
    {.name = "properties",
     .type = HAUL_O_PAIRS,
     PAIRS(properties),
     .fallback = "",
     .en = "Further properties for librdkafka, by its own names.",
     .zh = "以 librdkafka 自身名称给出的其他属性。"},
};

static bool topic_name_ok(const char *name)
{
    const size_t n = strlen(name);
    return n > 0 && n < HAUL_KAFKA_TOPIC_BYTES && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

static void check_names(const struct haul_kafka_options *o, struct haul_option_report *r)
{
    for (uint32_t i = 0; i < o->topics.len; i++) {
        const char *key = o->topics.item[i].key, *value = o->topics.item[i].value;
        if (!haul_topic_known(key))
            haul_option_complain(r, "topics", "'%s' is no mailbox, nor alerts, deadletters or blobs", key);
        else if (!topic_name_ok(value))
            haul_option_complain(
                r, "topics", "'%s' cannot be a topic: 1 to 249 letters, digits, dots, underscores and hyphens", value);
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(o->topics.item[j].value, value) == 0)
                haul_option_complain(r, "topics", "%s and %s cannot share the topic '%s'", o->topics.item[j].key, key,
                                     value);
    }
}

static void check(const void *options, struct haul_option_report *r)
{
    const struct haul_kafka_options *o = options;
    struct haul_error e;
    for (uint32_t i = 0; i < o->properties.len; i++)
        if (!kafka_property_check(o->properties.item[i].key, o->properties.item[i].value, &e))
            haul_option_complain(r, "properties", "%s", e.text);
    check_names(o, r);
    if (o->fetch_bytes < o->message_bytes)
        haul_option_complain(r, "fetch_bytes", "it must not be less than message_bytes");
    if (o->queue_bytes < o->fetch_bytes) haul_option_complain(r, "queue_bytes", "it must not be less than fetch_bytes");
    if (o->send_bytes < o->message_bytes)
        haul_option_complain(r, "send_bytes", "it must not be less than message_bytes");
    if (o->delivery_timeout_ms <= o->linger_ms)
        haul_option_complain(r, "delivery_timeout", "it must be longer than linger");
}

const struct haul_option_set haul_kafka_option_set = {
    .section = "kafka",
    .en = "Kafka: brokers, the consumer group, limits, topics.",
    .zh = "Kafka：代理、消费组、上限与主题。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct haul_kafka_options),
    .check = check,
};
