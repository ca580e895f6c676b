/* SPDX-License-Identifier: Apache-2.0
 * How much later than a bare consumer haul's effect is seen: probes are sent into the fleet mailbox among whatever else
 * flows; for each, when a bare librdkafka consumer of the same partition has it, when its document in Redis shows it,
 * and when an alert that it causes stands in haul:alerts (two hops: fleet, desk). bench_latency BROKERS REDIS-SOCKET
 * PARTITIONS PROBES
 */
#include "tests/bench/commands/vehicles.h"

#include "haul/hash.h"
#include "haul/kafka_sink.h"
#include "haul/record.h"
#include "haul/redis_store.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WAIT_NS 5000000000ll
#define LOOK_US 100 /* between two looks at Redis: what is seen is late by half of it, and the looking costs little */

struct probe {
    const char *brokers;
    int32_t partition;
    atomic_llong wanted; /* serial that the bare consumer looks for */
    atomic_llong seen_ns;
    atomic_bool ready, stop;
};

static int64_t serial_in(const rd_kafka_message_t *m)
{
    struct haul_message_cursor c;
    struct haul_refusal why;
    static struct haul_record r;
    static struct haul_arena scratch;
    if (scratch.base == NULL) haul_arena_init(&scratch, 65536);
    if (!haul_message_open(&c, (struct haul_str){m->payload, m->len}, &why)) return -1;
    haul_arena_reset(&scratch);
    if (!haul_record_decode(&c, &r, &scratch, &why) || r.kind != HAUL_KIND_VEHICLE_POSITION || r.id.p[0] != 'p')
        return -1;
    return r.v[HAUL_F_VP_SERIAL].i;
}

static void *consume(void *arg)
{
    struct probe *p = arg;
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", p->brokers, why, sizeof why);
    rd_kafka_conf_set(conf, "group.id", "bench-latency", why, sizeof why);
    rd_kafka_conf_set(conf, "fetch.wait.max.ms", "500", why, sizeof why);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, "haul.fleet", NULL);
    rd_kafka_consume_start(topic, p->partition, RD_KAFKA_OFFSET_END);
    while (!p->stop) {
        rd_kafka_message_t *m = rd_kafka_consume(topic, p->partition, 200);
        p->ready = true;
        if (m == NULL) continue;
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR && serial_in(m) == p->wanted) p->seen_ns = haul_mono_now().ns;
        rd_kafka_message_destroy(m);
    }
    rd_kafka_consume_stop(topic, p->partition);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(rk);
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void show(const char *what, int64_t *ns, size_t n)
{
    if (n == 0) {
        printf("%-44s no answer\n", what);
        return;
    }
    qsort(ns, n, sizeof *ns, by_value);
    printf("%-44s p50 %8.3f ms   p99 %8.3f ms   max %8.3f ms   (%zu)\n", what, (double)ns[n / 2] / 1e6,
           (double)ns[n * 99 / 100] / 1e6, (double)ns[n - 1] / 1e6, n);
}

/* Polls a document until it holds the text; the time then, or 0. */
static int64_t wait_document(struct haul_redis_client *c, const char *key, const char *text, int64_t since)
{
    struct haul_error e;
    const struct haul_redis_value *v;
    const struct haul_str words[] = {HAUL_STR("GET"), haul_str_of(key)};
    for (;;) {
        const int64_t now = haul_mono_now().ns;
        if (now - since > WAIT_NS) return 0;
        if (haul_redis_client_call(c, words, 2, &v, &e) != HAUL_OK) exit(1);
        if (v->type == HAUL_REDIS_STRING && memmem(v->str.p, v->str.n, text, strlen(text)) != NULL)
            return haul_mono_now().ns;
        usleep(LOOK_US);
    }
}

/* Polls the newest transition until it names the entity. */
static int64_t wait_alert(struct haul_redis_client *c, const char *text, int64_t since)
{
    struct haul_error e;
    const struct haul_redis_value *v;
    const struct haul_str words[] = {HAUL_STR("XREVRANGE"), HAUL_STR("haul:alerts"), HAUL_STR("+"),
                                     HAUL_STR("-"),         HAUL_STR("COUNT"),       HAUL_STR("20")};
    for (;;) {
        const int64_t now = haul_mono_now().ns;
        if (now - since > WAIT_NS) return 0;
        if (haul_redis_client_call(c, words, 6, &v, &e) != HAUL_OK) exit(1);
        for (size_t i = 0; v->type == HAUL_REDIS_ARRAY && i < v->len; i++)
            if (v->items[i]->len == 2 && v->items[i]->items[1]->len >= 2) {
                const struct haul_str s = v->items[i]->items[1]->items[1]->str;
                if (memmem(s.p, s.n, text, strlen(text)) != NULL) return haul_mono_now().ns;
            }
        usleep(LOOK_US);
    }
}

static void send_probe(struct haul_sink *sink, int32_t partition, const char *id, int64_t serial, bool sos)
{
    struct haul_record r;
    struct haul_buf b;
    struct haul_error e;
    struct haul_receipt receipts[64];
    haul_buf_init(&b, 512, 4096);
    haul_record_init(&r, HAUL_KIND_VEHICLE_POSITION, haul_str_of(id), haul_wall_now());
    r.positioned = true;
    r.lon_deg = 115.9, r.lat_deg = 28.7;
    haul_set_f(&r, HAUL_F_VP_SPEED, 30);
    haul_set_i(&r, HAUL_F_VP_STATUS, 1);
    haul_set_i(&r, HAUL_F_VP_ALARM, sos ? 1 : 0);
    haul_set_f(&r, HAUL_F_VP_FUEL, (double)(serial % 9000) / 10);
    haul_set_i(&r, HAUL_F_VP_SERIAL, serial);
    haul_record_pack(&r, &b);
    const struct haul_outgoing m = {
        .to = HAUL_MAILBOX_FLEET, .partition = partition, .key = haul_str_of(id), .value = {(const char *)b.p, b.n}};
    sink->ops->send(sink, &m, &e);
    sink->ops->poll(sink, receipts, 64);
    haul_buf_free(&b);
}

int main(int argc, char **argv)
{
    if (argc < 5) return fprintf(stderr, "usage: see the head of the source\n"), 64;
    const uint32_t partitions = (uint32_t)strtoul(argv[3], NULL, 10);
    const size_t probes = strtoul(argv[4], NULL, 10);
    const struct haul_kafka_options o = bench_kafka_options(argv[1], 0);
    static struct haul_redis_options ro = {.connect_timeout = 2000, .timeout = 5000};
    snprintf(ro.socket, sizeof ro.socket, "%s", argv[2]);
    struct haul_redis_client *redis;
    struct haul_sink *sink;
    struct haul_error e = {0};
    if (haul_kafka_sink_open(&o, "", NULL, &sink, &e) != HAUL_OK || haul_redis_client_open(&ro, &redis, &e) != HAUL_OK)
        return fprintf(stderr, "%s\n", e.text), 1;
    char seed[32];
    snprintf(seed, sizeof seed, "p%llu", (unsigned long long)haul_mono_now().ns);
    struct probe p = {.brokers = argv[1],
                      .partition = (int32_t)haul_partition_of(haul_murmur2(seed, strlen(seed)), partitions),
                      .wanted = -1};
    pthread_t thread;
    pthread_create(&thread, NULL, consume, &p);
    while (!p.ready) haul_sleep_ms(10);
    haul_sleep_ms(1000);
    int64_t *bare = calloc(probes, 8), *painted = calloc(probes, 8), *added = calloc(probes, 8),
            *alert = calloc(probes, 8);
    size_t n = 0, alerts = 0;
    for (size_t i = 0; i < probes; i++) {
        /* a new vehicle each time: its first position is painted at once, and its alarm opens one alert */
        char id[64], key[96], text[96];
        do snprintf(id, sizeof id, "p%llu-%zu", (unsigned long long)haul_mono_now().ns, i);
        while ((int32_t)haul_partition_of(haul_murmur2(id, strlen(id)), partitions) != p.partition);
        snprintf(key, sizeof key, "haul:vehicle:%s", id);
        snprintf(text, sizeof text, "\"id\":\"%s\"", id);
        p.seen_ns = 0;
        p.wanted = (long long)i + 1000;
        const int64_t start = haul_mono_now().ns;
        send_probe(sink, p.partition, id, (int64_t)i + 1000, i % 4 == 0);
        const int64_t shown = wait_document(redis, key, text, start);
        int64_t seen = p.seen_ns;
        for (int k = 0; seen == 0 && k < 100; k++) haul_sleep_ms(1), seen = p.seen_ns;
        if (shown == 0 || seen == 0) continue;
        bare[n] = seen - start, painted[n] = shown - start, added[n++] = shown - seen;
        if (i % 4 == 0) {
            snprintf(text, sizeof text, "vehicle:%s", id);
            const int64_t opened = wait_alert(redis, text, start);
            if (opened != 0) alert[alerts++] = opened - start;
        }
        haul_sleep_ms(2);
    }
    show("produce -> bare consumer", bare, n);
    show("produce -> painted in Redis", painted, n);
    show("added by haul", added, n);
    show("produce -> alert open (two hops)", alert, alerts);
    p.stop = true;
    pthread_join(thread, NULL);
    sink->ops->close(sink);
    haul_redis_client_close(redis);
    return 0;
}
