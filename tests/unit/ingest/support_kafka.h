/* SPDX-License-Identifier: Apache-2.0
 * What the tests of Kafka need of a broker: topics of their own, messages, transactions, deleted records.
 */
#ifndef TESTS_SUPPORT_KAFKA_H
#define TESTS_SUPPORT_KAFKA_H

#include "haul/kafka.h"

#include <librdkafka/rdkafka.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The brokers to test with, from KAFKA_BROKERS; NULL: the test is skipped. */
const char *kafka_brokers(void);
/* A prefix that no other run has used: "t<pid>-<time>-<n>." */
const char *kafka_instance(char out[64]);
/* Options with the defaults that the tests want. */
void kafka_defaults(struct haul_kafka_options *o, const char *brokers);

struct kafka_bench; /* a producer and an admin client */
struct kafka_bench *kafka_bench_open(const char *brokers, const char *transactional_id);
void kafka_bench_close(struct kafka_bench *b);
rd_kafka_t *kafka_bench_handle(struct kafka_bench *b);
/* name/value pairs of the topic's configuration, ended by NULL. */
void kafka_create(struct kafka_bench *b, const char *topic, int partitions, const char *const *config);
/* n messages to one partition: key "k<i>", value "<i>" padded with dots to `size`. Waits for all. */
void kafka_fill(struct kafka_bench *b, const char *topic, int partition, int first, int n, size_t size);
void kafka_send(struct kafka_bench *b, const char *topic, int partition, const char *key, const char *value,
                const char *header, const char *header_value);
void kafka_flush(struct kafka_bench *b);
void kafka_begin(struct kafka_bench *b);
void kafka_end(struct kafka_bench *b, bool commit);
/* Everything before the offset goes. */
void kafka_delete_before(struct kafka_bench *b, const char *topic, int partition, int64_t offset);

#endif
