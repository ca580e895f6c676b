/* SPDX-License-Identifier: Apache-2.0
 * What the Kafka source costs: CPU time a message, all threads of the client counted, and messages a second.
 *   KAFKA_BROKERS=HOST:PORT bench_kafka [MESSAGES] [BYTES] [NAME=VALUE of librdkafka ...]
 */
#include "haul/kafka_source.h"
#include "haul/topics.h"

#include <librdkafka/rdkafka.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PARTS = 8 };

static void die(const char *what)
{
    fprintf(stderr, "bench_kafka: %s\n", what);
    exit(1);
}

static rd_kafka_t *producer(const char *brokers)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof why);
    rd_kafka_conf_set(conf, "linger.ms", "20", why, sizeof why);
    rd_kafka_conf_set(conf, "queue.buffering.max.messages", "1000000", why, sizeof why);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (rk == NULL) die(why);
    return rk;
}

static void create(rd_kafka_t *rk, const char *topic)
{
    char why[256];
    rd_kafka_NewTopic_t *t = rd_kafka_NewTopic_new(topic, PARTS, 1, why, sizeof why);
    rd_kafka_NewTopic_set_config(t, "message.timestamp.type", "LogAppendTime");
    rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
    rd_kafka_CreateTopics(rk, &t, 1, NULL, q);
    rd_kafka_event_t *ev = rd_kafka_queue_poll(q, 30000);
    if (ev == NULL || rd_kafka_event_error(ev) != RD_KAFKA_RESP_ERR_NO_ERROR) die("creating the topic failed");
    rd_kafka_event_destroy(ev);
    rd_kafka_queue_destroy(q);
    rd_kafka_NewTopic_destroy(t);
}

static void fill(rd_kafka_t *rk, const char *topic, long messages, size_t bytes)
{
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    char *value = calloc(1, bytes), key[24];
    for (long i = 0; i < messages; i++) {
        const size_t n = (size_t)snprintf(key, sizeof key, "vehicle-%ld", i % 5000);
        while (rd_kafka_produce(rkt, (int32_t)(i % PARTS), RD_KAFKA_MSG_F_COPY, value, bytes, key, n, NULL) != 0)
            rd_kafka_poll(rk, 10);
        if (i % 10000 == 0) rd_kafka_poll(rk, 0);
    }
    rd_kafka_flush(rk, 60000);
    rd_kafka_topic_destroy(rkt);
    free(value);
}

int main(int argc, char **argv)
{
    const char *brokers = getenv("KAFKA_BROKERS");
    if (brokers == NULL) die("KAFKA_BROKERS is not set");
    const long messages = argc > 1 ? strtol(argv[1], NULL, 10) : 1000000;
    const size_t bytes = argc > 2 ? (size_t)strtol(argv[2], NULL, 10) : 150;
    static struct haul_kafka_options o = {.session_timeout_ms = 30000,
                                          .request_timeout_ms = 10000,
                                          .fetch_bytes = 8 << 20,
                                          .queue_bytes = 32 << 20,
                                          .message_bytes = 1 << 20};
    snprintf(o.brokers, sizeof o.brokers, "%s", brokers);
    for (int i = 3; i < argc; i++) {
        const char *eq = strchr(argv[i], '=');
        if (eq == NULL) die("NAME=VALUE");
        snprintf(o.properties.item[o.properties.len].key, 64, "%.*s", (int)(eq - argv[i]), argv[i]);
        snprintf(o.properties.item[o.properties.len++].value, 512, "%s", eq + 1);
    }
    char instance[64], topic[HAUL_KAFKA_TOPIC_BYTES];
    snprintf(instance, sizeof instance, "bench%d-%lld.", (int)getpid(), (long long)haul_wall_now().ms);
    if (!haul_kafka_topic(&o, instance, "fleet", topic)) die("name");
    rd_kafka_t *rk = producer(brokers);
    create(rk, topic);
    fill(rk, topic, messages, bytes);
    rd_kafka_destroy(rk);
    malloc_trim(0);

    const uint16_t fleet = HAUL_MAILBOX_FLEET;
    struct haul_source *s;
    struct haul_error e;
    struct haul_source_event ev;
    if (haul_kafka_source_open(&o, instance, &fleet, 1, 0, NULL, &s, &e) != HAUL_OK) die(e.text);
    for (int assigned = 0; assigned < PARTS;) {
        if (s->ops->poll(s, 100, &ev, &e) != HAUL_OK) die(e.text);
        assigned += ev.type == HAUL_SOURCE_ASSIGN;
    }
    for (uint16_t p = 0; p < PARTS; p++)
        if (s->ops->start(s, (struct haul_task_name){fleet, p}, 0, &e) != HAUL_OK) die(e.text);
    if (getenv("BENCH_PREFETCH") != NULL) { /* what the client holds when nobody takes it */
        if (s->ops->poll(s, 5000, &ev, &e) != HAUL_OK || ev.type != HAUL_SOURCE_MESSAGE) die("no message");
        haul_sleep_ms(5000);
        FILE *f = fopen("/proc/self/status", "re");
        char line[128];
        while (f != NULL && fgets(line, sizeof line, f) != NULL)
            if (strncmp(line, "VmRSS", 5) == 0) fputs(line, stdout);
        if (f != NULL) fclose(f);
    }
    const int64_t wall = haul_mono_now().ns, cpu = haul_cpu_ns();
    long seen = getenv("BENCH_PREFETCH") != NULL;
    while (seen < messages) {
        if (s->ops->poll(s, 100, &ev, &e) != HAUL_OK) die(e.text);
        seen += ev.type == HAUL_SOURCE_MESSAGE;
    }
    const double wall_s = (double)(haul_mono_now().ns - wall) / 1e9, cpu_ns = (double)(haul_cpu_ns() - cpu);
    printf("kafka source: %ld messages of %zu B: %.3f us CPU a message, %.0f messages/s\n", messages, bytes,
           cpu_ns / 1e3 / (double)messages, (double)messages / wall_s);
    s->ops->close(s);
    return 0;
}
