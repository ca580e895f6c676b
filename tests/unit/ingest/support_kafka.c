/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ingest/support_kafka.h"

#include "haul/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAIT_MS = 30000 };

struct kafka_bench {
    rd_kafka_t *rk;
    bool transactional;
};

const char *kafka_brokers(void)
{
    return getenv("KAFKA_BROKERS");
}

const char *kafka_instance(char out[64])
{
    static unsigned n;
    snprintf(out, 64, "t%d-%lld-%u.", (int)getpid(), (long long)haul_wall_now().ms, n++);
    return out;
}

void kafka_defaults(struct haul_kafka_options *o, const char *brokers)
{
    memset(o, 0, sizeof *o);
    snprintf(o->brokers, sizeof o->brokers, "%s", brokers);
    o->session_timeout_ms = 6000;
    o->request_timeout_ms = 10000;
    o->fetch_bytes = 8 << 20;
    o->queue_bytes = 32 << 20;
    o->message_bytes = 1 << 20;
    o->linger_ms = 1;
    o->delivery_timeout_ms = 60000;
    o->send_queue = 16384;
    o->send_bytes = 32 << 20;
    o->replication = 1;
    o->retention_ms = 7 * 86400000ll;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[512];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) fail_msg("%s: %s", name, why);
}

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    (void)rk;
    (void)opaque;
    /* what an aborted transaction held is purged */
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR && m->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE &&
        m->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
        fail_msg("delivery: %s", rd_kafka_err2str(m->err));
}

struct kafka_bench *kafka_bench_open(const char *brokers, const char *transactional_id)
{
    char why[512];
    struct kafka_bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", brokers);
    set(conf, "linger.ms", "2");
    set(conf, "enable.idempotence", "true"); /* a topic that is just made answers the first requests with errors */
    set(conf, "queue.buffering.max.messages", "2000000");
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    if (transactional_id != NULL) set(conf, "transactional.id", transactional_id);
    b->transactional = transactional_id != NULL;
    b->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (b->rk == NULL) fail_msg("producer: %s", why);
    if (b->transactional) assert_null(rd_kafka_init_transactions(b->rk, WAIT_MS));
    return b;
}

void kafka_bench_close(struct kafka_bench *b)
{
    kafka_flush(b);
    rd_kafka_destroy(b->rk);
    free(b);
}

rd_kafka_t *kafka_bench_handle(struct kafka_bench *b)
{
    return b->rk;
}

/* Waits for the one event of an admin call; the caller destroys it. */
static rd_kafka_event_t *answer(rd_kafka_queue_t *q)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(q, WAIT_MS);
    assert_non_null(event);
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail_msg("admin: %s", rd_kafka_event_error_string(event));
    return event;
}

static bool is_known(struct kafka_bench *b, const char *topic, int partitions)
{
    const struct rd_kafka_metadata *all;
    if (rd_kafka_metadata(b->rk, 1, NULL, &all, WAIT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
    bool known = false;
    for (int i = 0; i < all->topic_cnt; i++) {
        const rd_kafka_metadata_topic_t *t = &all->topics[i];
        known |= strcmp(t->topic, topic) == 0 && t->err == RD_KAFKA_RESP_ERR_NO_ERROR && t->partition_cnt == partitions;
    }
    rd_kafka_metadata_destroy(all);
    return known;
}

/* The controller answers a little before the broker knows the topic: who subscribes meanwhile is told that there is
 * none. */
static void until_known(struct kafka_bench *b, const char *topic, int partitions)
{
    const int64_t until = haul_mono_now().ns + WAIT_MS * 1000000ll;
    while (!is_known(b, topic, partitions))
        if (haul_mono_now().ns > until) fail_msg("topic %s was made, and is not known", topic);
}

void kafka_create(struct kafka_bench *b, const char *topic, int partitions, const char *const *config)
{
    char why[512];
    rd_kafka_NewTopic_t *t = rd_kafka_NewTopic_new(topic, partitions, 1, why, sizeof why);
    assert_non_null(t);
    for (; config != NULL && config[0] != NULL; config += 2) rd_kafka_NewTopic_set_config(t, config[0], config[1]);
    rd_kafka_queue_t *q = rd_kafka_queue_new(b->rk);
    rd_kafka_CreateTopics(b->rk, &t, 1, NULL, q);
    rd_kafka_event_t *event = answer(q);
    size_t n;
    const rd_kafka_topic_result_t **r =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
    if (rd_kafka_topic_result_error(r[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail_msg("create %s: %s", topic, rd_kafka_topic_result_error_string(r[0]));
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(q);
    rd_kafka_NewTopic_destroy(t);
    until_known(b, topic, partitions);
}

void kafka_send(struct kafka_bench *b, const char *topic, int partition, const char *key, const char *value,
                const char *header, const char *header_value)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
    if (header != NULL) rd_kafka_header_add(headers, header, -1, header_value, -1);
    const rd_kafka_resp_err_t err = rd_kafka_producev(
        b->rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY((void *)(uintptr_t)key, strlen(key)), RD_KAFKA_V_VALUE((void *)(uintptr_t)value, strlen(value)),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) fail_msg("produce: %s", rd_kafka_err2str(err));
}

void kafka_flush(struct kafka_bench *b)
{
    assert_int_equal(rd_kafka_flush(b->rk, WAIT_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

void kafka_fill(struct kafka_bench *b, const char *topic, int partition, int first, int n, size_t size)
{
    char key[16], value[1024];
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(b->rk, topic, NULL);
    assert_true(rkt != NULL && size < sizeof value);
    for (int i = first; i < first + n; i++) {
        const size_t key_n = (size_t)snprintf(key, sizeof key, "k%d", i);
        const int digits = snprintf(value, sizeof value, "%d", i);
        if ((size_t)digits < size) memset(value + digits, '.', size - (size_t)digits);
        const size_t value_n = (size_t)digits < size ? size : (size_t)digits;
        while (rd_kafka_produce(rkt, partition, RD_KAFKA_MSG_F_COPY, value, value_n, key, key_n, NULL) != 0) {
            assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR__QUEUE_FULL);
            rd_kafka_poll(b->rk, 10);
        }
        if (i % 1000 == 0) rd_kafka_poll(b->rk, 0);
    }
    if (!b->transactional) kafka_flush(b);
    rd_kafka_topic_destroy(rkt);
}

void kafka_begin(struct kafka_bench *b)
{
    assert_null(rd_kafka_begin_transaction(b->rk));
}

void kafka_end(struct kafka_bench *b, bool commit)
{
    kafka_flush(b);
    assert_null(commit ? rd_kafka_commit_transaction(b->rk, WAIT_MS) : rd_kafka_abort_transaction(b->rk, WAIT_MS));
}

void kafka_delete_before(struct kafka_bench *b, const char *topic, int partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    rd_kafka_DeleteRecords_t *del = rd_kafka_DeleteRecords_new(list);
    rd_kafka_queue_t *q = rd_kafka_queue_new(b->rk);
    rd_kafka_DeleteRecords(b->rk, &del, 1, NULL, q);
    rd_kafka_event_t *event = answer(q);
    const rd_kafka_topic_partition_list_t *got =
        rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
    assert_int_equal(got->elems[0].err, RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(q);
    rd_kafka_DeleteRecords_destroy(del);
    rd_kafka_topic_partition_list_destroy(list);
}
