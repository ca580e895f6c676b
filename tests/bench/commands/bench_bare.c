/* SPDX-License-Identifier: Apache-2.0
 * What a bare librdkafka consumer costs on the messages that haul drains: all partitions of a topic from the beginning,
 * a batch at a time, nothing done with them. CPU time a message, the client's threads counted.
 *   bench_bare BROKERS TOPIC PARTITIONS MESSAGES
 */
#include "haul/time.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

#define BATCH 1000

int main(int argc, char **argv)
{
    if (argc < 5) return fprintf(stderr, "usage: see the head of the source\n"), 64;
    const int32_t partitions = (int32_t)strtol(argv[3], NULL, 10);
    const long want = strtol(argv[4], NULL, 10);
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof why);
    rd_kafka_conf_set(conf, "queued.max.messages.kbytes", "8192", why, sizeof why);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (rk == NULL) return fprintf(stderr, "bench_bare: %s\n", why), 1;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, argv[2], NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    for (int32_t p = 0; p < partitions; p++) rd_kafka_consume_start_queue(topic, p, RD_KAFKA_OFFSET_BEGINNING, queue);
    static rd_kafka_message_t *m[BATCH];
    const int64_t cpu = haul_cpu_ns(), wall = haul_mono_now().ns;
    long seen = 0;
    for (int idle = 0; seen < want && idle < 20;) {
        const ssize_t n = rd_kafka_consume_batch_queue(queue, 500, m, BATCH);
        idle = n > 0 ? 0 : idle + 1;
        for (ssize_t i = 0; i < n; i++) {
            if (m[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) seen++;
            rd_kafka_message_destroy(m[i]);
        }
    }
    if (seen < want) return fprintf(stderr, "bench_bare: %ld of %ld messages came\n", seen, want), 1;
    printf("%.3f us CPU a message, %.0f messages/s\n", (double)(haul_cpu_ns() - cpu) / 1e3 / (double)seen,
           (double)seen * 1e9 / (double)(haul_mono_now().ns - wall));
    for (int32_t p = 0; p < partitions; p++) rd_kafka_consume_stop(topic, p);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(rk);
    return 0;
}
