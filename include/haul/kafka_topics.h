/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * haul's topics in Kafka: made as they should be, and compared with it. What they are and must be is one table in
 * ingest/topics.c: the mailboxes (LogAppendTime), alerts, deadletters, and the compacted blobs.
 */
#ifndef HAUL_KAFKA_TOPICS_H
#define HAUL_KAFKA_TOPICS_H

#include "haul/err.h"
#include "haul/kafka.h"

/* True for a mailbox's name and for alerts, deadletters, blobs. */
bool haul_topic_known(const char *name);

enum haul_topic_verdict {
    HAUL_TOPIC_MADE,
    HAUL_TOPIC_RIGHT,   /* there, and as it should be */
    HAUL_TOPIC_WRONG,   /* there, and not as it should be: `text` says what, one call for each thing */
    HAUL_TOPIC_MISSING, /* not there */
    HAUL_TOPIC_FAILED,  /* could not be made: `text` says why */
};
typedef void haul_topic_fn(void *arg, enum haul_topic_verdict verdict, const char *topic, const char *text);

/* partitions: by mailbox number. Both wait for the brokers up to the option request_timeout; they return OK when every
 * topic is right, CONFLICT when one is not (after all were reported), else why the brokers could not be asked. */
enum haul_err haul_topics_create(const struct haul_kafka_options *o, const char *instance,
                                 const int64_t partitions[HAUL_MAILBOX_MAX], haul_topic_fn *fn, void *arg,
                                 struct haul_error *e);
enum haul_err haul_topics_check(const struct haul_kafka_options *o, const char *instance,
                                const int64_t partitions[HAUL_MAILBOX_MAX], haul_topic_fn *fn, void *arg,
                                struct haul_error *e);

/* How many partitions any topic has. NOT_FOUND when it is not there. Waits up to the option request_timeout. */
enum haul_err haul_topic_partitions(const struct haul_kafka_options *o, const char *topic, uint32_t *count,
                                    struct haul_error *e);
/* Gives a topic more partitions; nothing when it has so many. CONFLICT when it has more. */
enum haul_err haul_topic_grow(const struct haul_kafka_options *o, const char *topic, uint32_t count,
                              struct haul_error *e);

#endif
