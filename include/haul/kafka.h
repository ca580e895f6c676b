/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * What the Kafka source, the Kafka sink and the topic tool share: the options of the section "kafka", and how topics
 * are named. Plain values: nothing here knows librdkafka. The table that fills the struct is haul_kafka_option_set
 * (haul/kafka_source.h), where the client's own properties can be checked.
 */
#ifndef HAUL_KAFKA_H
#define HAUL_KAFKA_H

#include "haul/options.h"
#include "haul/topics.h"

#define HAUL_KAFKA_TOPIC_BYTES    250 /* Kafka's maximum of 249 and the NUL */
#define HAUL_KAFKA_PROPERTIES_MAX 64

HAUL_PAIRS(haul_kafka_names, 32, 256);
HAUL_PAIRS(haul_kafka_properties, HAUL_KAFKA_PROPERTIES_MAX, 512);

struct haul_kafka_options {
    char brokers[512];
    char group_instance_id[128];
    int64_t session_timeout_ms, request_timeout_ms;
    int64_t fetch_bytes, queue_bytes; /* of one answer; of what is fetched and not yet taken */
    int64_t message_bytes;            /* largest message, as the topics and the producer have it */
    int64_t linger_ms, delivery_timeout_ms;
    int64_t send_queue, send_bytes; /* messages, and their bytes, sent and not yet answered */
    int32_t compression;            /* index into haul_kafka_compressions */
    int64_t replication, retention_ms;
    struct haul_kafka_names topics; /* by mailbox, or alerts, deadletters, blobs */
    char sasl_password_file[256];
    struct haul_kafka_properties properties;
};

/* Who hears the client's own log lines (level as syslog's: 3 error … 7 debug); on the thread that polls. */
struct haul_kafka_log {
    void (*line)(void *arg, int level, const char *facility, const char *text);
    void *arg;
};

/* Writes the topic of a name of haul's own ("fleet", "alerts"): the override of the options, else
 * "<instance>haul.<name>". False when it does not fit. */
static inline bool haul_kafka_topic(const struct haul_kafka_options *o, const char *instance, const char *name,
                                    char out[HAUL_KAFKA_TOPIC_BYTES])
{
    struct haul_str parts[] = {haul_str_of(instance), HAUL_STR("haul."), haul_str_of(name)};
    size_t from = 0, n = 0;
    for (uint32_t i = 0; i < o->topics.len; i++)
        if (strcmp(o->topics.item[i].key, name) == 0) from = 2, parts[2] = haul_str_of(o->topics.item[i].value);
    for (size_t i = from; i < 3; i++) {
        if (parts[i].n >= HAUL_KAFKA_TOPIC_BYTES - n) return false;
        memcpy(out + n, parts[i].p, parts[i].n);
        n += parts[i].n;
    }
    out[n] = '\0';
    return true;
}

#endif
