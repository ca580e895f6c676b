/* SPDX-License-Identifier: Apache-2.0
 * The Kafka sink: on a real broker when KAFKA_BROKERS names one (tests/integration/test_kafka), and on librdkafka's
 * mock cluster for the errors that a real one does not give on demand.
 */
#include "haul/hash.h"
#include "haul/kafka_sink.h"
#include "haul/topics.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 60000, PARTS = 4 };

static void defaults(struct haul_kafka_options *o, const char *brokers)
{
    memset(o, 0, sizeof *o);
    snprintf(o->brokers, sizeof o->brokers, "%s", brokers);
    o->session_timeout_ms = 6000;
    o->request_timeout_ms = 10000;
    o->message_bytes = 1 << 20;
    o->linger_ms = 1;
    o->delivery_timeout_ms = 60000;
    o->send_queue = 1024;
    o->send_bytes = 32 << 20;
}

static struct haul_sink *open_sink(const struct haul_kafka_options *o, const char *instance)
{
    struct haul_sink *s;
    struct haul_error e;
    if (haul_kafka_sink_open(o, instance, NULL, &s, &e) != HAUL_OK) fail_msg("%s", e.text);
    return s;
}

/* Sends, taking receipts while the sink is full; every receipt must be `want`, and the cookies of one partition rise.
 */
struct tally {
    uint64_t receipts, last[PARTS];
    enum haul_err want;
};

static void take_receipts(struct haul_sink *s, struct tally *t)
{
    struct haul_receipt r[64];
    for (size_t n; (n = s->ops->poll(s, r, 64)) > 0;)
        for (size_t i = 0; i < n; i++) {
            const unsigned lane = (unsigned)(r[i].cookie % PARTS);
            if (r[i].result != t->want) fail_msg("receipt %d: %s", (int)r[i].result, r[i].text);
            assert_true(r[i].cookie > t->last[lane]);
            t->last[lane] = r[i].cookie;
            t->receipts++;
        }
}

static void send_one(struct haul_sink *s, const struct haul_outgoing *m, struct tally *t)
{
    struct haul_error e;
    enum haul_err err;
    const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
    while ((err = s->ops->send(s, m, &e)) == HAUL_E_AGAIN && haul_mono_now().ns < until) take_receipts(s, t);
    if (err != HAUL_OK) fail_msg("send: %s", e.text);
}

static void drain(struct haul_sink *s, struct tally *t, uint64_t receipts)
{
    struct haul_error e;
    if (s->ops->flush(s, PATIENCE_MS, &e) != HAUL_OK) fail_msg("flush: %s", e.text);
    take_receipts(s, t);
    assert_int_equal(t->receipts, receipts);
}

/* ---- a raw client beside ---------------------------------------------------------------------------------------- */
static rd_kafka_t *client(rd_kafka_type_t type, const char *brokers)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof why);
    rd_kafka_conf_set(conf, "group.id", "reader", why, sizeof why);
    rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", why, sizeof why);
    rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof why);
    assert_non_null(rk);
    return rk;
}

static void create(const char *brokers, const char *topic)
{
    char why[256];
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, brokers);
    rd_kafka_NewTopic_t *t = rd_kafka_NewTopic_new(topic, PARTS, 1, why, sizeof why);
    rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
    rd_kafka_CreateTopics(rk, &t, 1, NULL, q);
    rd_kafka_event_t *ev = rd_kafka_queue_poll(q, PATIENCE_MS);
    assert_true(ev != NULL && rd_kafka_event_error(ev) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(ev);
    rd_kafka_queue_destroy(q);
    rd_kafka_NewTopic_destroy(t);
    rd_kafka_destroy(rk);
}

/* Reads n messages of all partitions and gives each to `check`. */
static void read_back(const char *brokers, const char *topic, size_t n,
                      void (*check)(const rd_kafka_message_t *m, void *arg), void *arg)
{
    rd_kafka_t *rk = client(RD_KAFKA_CONSUMER, brokers);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTS);
    for (int p = 0; p < PARTS; p++)
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    assert_int_equal(rd_kafka_assign(rk, list), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
    for (size_t seen = 0; seen < n;) {
        assert_true(haul_mono_now().ns < until);
        rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 100);
        if (m == NULL) continue;
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) check(m, arg), seen++;
        rd_kafka_message_destroy(m);
    }
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
}

/* ---- on a real broker -------------------------------------------------------------------------------------------- */
static const char *instance_name(char out[64])
{
    static unsigned n;
    snprintf(out, 64, "s%d-%lld-%u.", (int)getpid(), (long long)haul_wall_now().ms, n++);
    return out;
}

static void check_placed(const rd_kafka_message_t *m, void *arg)
{
    int64_t *next = arg; /* sequence by partition */
    rd_kafka_headers_t *headers;
    const void *value;
    size_t n;
    struct haul_sender sender;
    assert_int_equal(rd_kafka_message_headers(m, &headers), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rd_kafka_header_get_last(headers, "haul", &value, &n), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_true(haul_sender_parse((struct haul_str){value, n}, &sender));
    assert_int_equal(sender.mailbox, HAUL_MAILBOX_TRAFFIC);
    assert_int_equal(m->partition, haul_partition_of(haul_murmur2(m->key, m->key_len), PARTS));
    assert_true((int64_t)sender.sequence > next[m->partition]); /* the order of send is the order in the log */
    next[m->partition] = (int64_t)sender.sequence;
}

static void placed_by_key_in_order(void **state)
{
    enum { N = 5000 };
    (void)state;
    const char *brokers = getenv("KAFKA_BROKERS");
    char instance[64], topic[HAUL_KAFKA_TOPIC_BYTES], key[16];
    struct haul_kafka_options o;
    defaults(&o, brokers);
    instance_name(instance);
    assert_true(haul_kafka_topic(&o, instance, "fleet", topic));
    create(brokers, topic);
    struct haul_sink *s = open_sink(&o, instance);
    struct tally t = {.want = HAUL_OK};
    for (uint64_t i = 1; i <= N; i++) {
        const size_t n = (size_t)snprintf(key, sizeof key, "v%d", (int)(i % 37));
        const uint32_t lane = haul_partition_of(haul_murmur2(key, n), PARTS);
        struct haul_outgoing m = {.to = HAUL_MAILBOX_FLEET,
                                  .partition = i % 2 == 0 ? -1 : (int32_t)lane,
                                  .key = {key, n},
                                  .value = HAUL_STR("payload"),
                                  .sender = {HAUL_MAILBOX_TRAFFIC, 1, 2, i, 0},
                                  .cookie = i * PARTS + lane};
        send_one(s, &m, &t);
    }
    drain(s, &t, N);
    s->ops->close(s);
    int64_t next[PARTS] = {0};
    read_back(brokers, topic, N, check_placed, next);
}

static void check_letter(const rd_kafka_message_t *m, void *arg)
{
    static const char bytes[] = {'\0', '\xff', 'x'};
    rd_kafka_headers_t *headers;
    const void *value;
    size_t n;
    *(int *)arg += 1;
    assert_true(m->key == NULL && m->len == sizeof bytes && memcmp(m->payload, bytes, sizeof bytes) == 0);
    assert_int_equal(rd_kafka_message_headers(m, &headers), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rd_kafka_header_cnt(headers), 2);
    assert_int_equal(rd_kafka_header_get_last(headers, "__connect.errors.topic", &value, &n), 0);
    assert_true(haul_str_eq((struct haul_str){value, n}, HAUL_STR("haul.fleet")));
    assert_int_equal(rd_kafka_header_get_last(headers, "empty", &value, &n), 0);
    assert_int_equal(n, 0);
}

static void letters_with_headers(void **state)
{
    (void)state;
    const char *brokers = getenv("KAFKA_BROKERS");
    char instance[64], topic[HAUL_KAFKA_TOPIC_BYTES];
    struct haul_kafka_options o;
    defaults(&o, brokers);
    instance_name(instance);
    snprintf(topic, sizeof topic, "%sletters", instance);
    create(brokers, topic);
    o.topics.len = 1;
    snprintf(o.topics.item[0].key, 64, "deadletters");
    snprintf(o.topics.item[0].value, 256, "%s", topic);
    struct haul_sink *s = open_sink(&o, instance);
    struct tally t = {.want = HAUL_OK};
    static const char bytes[] = {'\0', '\xff', 'x'};
    const struct haul_header headers[] = {{"__connect.errors.topic", HAUL_STR("haul.fleet")}, {"empty", HAUL_STR("")}};
    const struct haul_outgoing m = {.topic = "haul.deadletters",
                                    .partition = -1,
                                    .value = {bytes, sizeof bytes},
                                    .headers = headers,
                                    .headers_len = 2,
                                    .cookie = 1};
    send_one(s, &m, &t);
    drain(s, &t, 1);
    s->ops->close(s);
    int seen = 0;
    read_back(brokers, topic, 1, check_letter, &seen);
    assert_int_equal(seen, 1);
}

/* ---- on the mock cluster ------------------------------------------------------------------------------------------
 */
struct mock {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *cluster;
    struct haul_kafka_options options;
};

static void mock_open(struct mock *m)
{
    char why[256];
    m->rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
    assert_non_null(m->rk);
    m->cluster = rd_kafka_mock_cluster_new(m->rk, 1);
    assert_non_null(m->cluster);
    assert_int_equal(rd_kafka_mock_topic_create(m->cluster, "haul.fleet", PARTS, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    defaults(&m->options, rd_kafka_mock_cluster_bootstraps(m->cluster));
}

static void mock_close(struct mock *m)
{
    rd_kafka_mock_cluster_destroy(m->cluster);
    rd_kafka_destroy(m->rk);
}

static const struct haul_outgoing to_fleet = {.to = HAUL_MAILBOX_FLEET,
                                              .partition = 0,
                                              .key = {"k", 1},
                                              .value = {"v", 1},
                                              .sender = {HAUL_MAILBOX_TRAFFIC, 0, 1, 1, 0}};

static void full_means_again(void **state)
{
    (void)state;
    struct mock m;
    struct haul_error e;
    mock_open(&m);
    m.options.send_queue = 16;
    struct haul_sink *s = open_sink(&m.options, "");
    struct haul_outgoing out = to_fleet;
    struct tally t = {.want = HAUL_OK};
    for (out.cookie = PARTS; out.cookie <= 16 * PARTS; out.cookie += PARTS)
        assert_int_equal(s->ops->send(s, &out, &e), HAUL_OK);
    assert_int_equal(s->ops->send(s, &out, &e), HAUL_E_AGAIN);
    assert_int_equal(s->ops->flush(s, PATIENCE_MS, &e), HAUL_OK);
    assert_int_equal(s->ops->send(s, &out, &e), HAUL_E_AGAIN); /* answered, but nobody has taken the receipts */
    take_receipts(s, &t);
    assert_int_equal(t.receipts, 16);
    assert_int_equal(s->ops->send(s, &out, &e), HAUL_OK);
    drain(s, &t, 17);
    s->ops->close(s);
    mock_close(&m);
}

static void retried_errors_are_not_seen(void **state)
{
    (void)state;
    struct mock m;
    mock_open(&m);
    rd_kafka_mock_push_request_errors(m.cluster, 0 /* Produce */, 3, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                      RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
    struct haul_sink *s = open_sink(&m.options, "");
    struct haul_outgoing out = to_fleet;
    struct tally t = {.want = HAUL_OK};
    for (out.cookie = PARTS; out.cookie <= 100 * PARTS; out.cookie += PARTS) send_one(s, &out, &t);
    drain(s, &t, 100);
    s->ops->close(s);
    mock_close(&m);
}

/* After an error that idempotence cannot mend, what was outstanding fails and the next message goes out again. */
static void made_again_after_a_fatal_error(void **state)
{
    (void)state;
    struct mock m;
    struct haul_kafka_sink_stats stats;
    struct haul_error e;
    struct haul_receipt r[64];
    mock_open(&m);
    struct haul_sink *s = open_sink(&m.options, "");
    struct haul_outgoing out = to_fleet;
    struct tally t = {.want = HAUL_OK};
    out.cookie = PARTS;
    send_one(s, &out, &t);
    drain(s, &t, 1);
    rd_kafka_mock_push_request_errors(m.cluster, 0, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    out.cookie = 2 * PARTS;
    send_one(s, &out, &t);
    assert_int_equal(s->ops->flush(s, PATIENCE_MS, &e), HAUL_OK);
    assert_int_equal(s->ops->poll(s, r, 64), 1);
    assert_true(r[0].cookie == 2 * PARTS && r[0].result != HAUL_OK && r[0].text[0] != '\0');
    out.cookie = 3 * PARTS;
    send_one(s, &out, &t);
    drain(s, &t, 2);
    haul_kafka_sink_stats(s, &stats);
    assert_true(stats.reopened == 1 && stats.failed == 1 && stats.acknowledged == 2);
    s->ops->close(s);
    mock_close(&m);
}

static void time_runs_out_while_the_broker_is_down(void **state)
{
    (void)state;
    struct mock m;
    struct haul_error e;
    struct haul_receipt r;
    mock_open(&m);
    m.options.delivery_timeout_ms = 1000;
    struct haul_sink *s = open_sink(&m.options, "");
    struct haul_outgoing out = to_fleet;
    struct tally t = {.want = HAUL_OK};
    out.cookie = PARTS;
    send_one(s, &out, &t);
    drain(s, &t, 1);
    rd_kafka_mock_broker_set_down(m.cluster, 1);
    out.cookie = 2 * PARTS;
    send_one(s, &out, &t);
    assert_int_equal(s->ops->flush(s, 1, &e), HAUL_E_TIMEOUT);
    assert_int_equal(s->ops->flush(s, PATIENCE_MS, &e), HAUL_OK);
    assert_int_equal(s->ops->poll(s, &r, 1), 1);
    assert_int_equal(r.result, HAUL_E_TIMEOUT);
    rd_kafka_mock_broker_set_up(m.cluster, 1);
    out.cookie = 3 * PARTS;
    for (bool done = false; !done;) { /* it may time out again while it connects */
        send_one(s, &out, &t);
        assert_int_equal(s->ops->flush(s, PATIENCE_MS, &e), HAUL_OK);
        assert_int_equal(s->ops->poll(s, &r, 1), 1);
        done = r.result == HAUL_OK;
        assert_true(done || r.result == HAUL_E_TIMEOUT);
    }
    s->ops->close(s);
    mock_close(&m);
}

static void closing_gives_up_what_is_outstanding(void **state)
{
    (void)state;
    struct mock m;
    mock_open(&m);
    struct haul_sink *s = open_sink(&m.options, "");
    rd_kafka_mock_broker_set_down(m.cluster, 1);
    struct haul_outgoing out = to_fleet;
    struct tally t = {.want = HAUL_OK};
    for (out.cookie = PARTS; out.cookie <= 100 * PARTS; out.cookie += PARTS) send_one(s, &out, &t);
    s->ops->close(s); /* returns */
    mock_close(&m);
}

static void names_that_do_not_fit(void **state)
{
    (void)state;
    struct haul_kafka_options o;
    struct haul_sink *s;
    struct haul_error e;
    char instance[300];
    defaults(&o, "127.0.0.1:1");
    memset(instance, 'i', sizeof instance - 1);
    instance[sizeof instance - 1] = '\0';
    assert_int_equal(haul_kafka_sink_open(&o, instance, NULL, &s, &e), HAUL_E_LIMIT);
    o.properties.len = 1;
    snprintf(o.properties.item[0].key, 64, "no.such.property");
    assert_int_equal(haul_kafka_sink_open(&o, "", NULL, &s, &e), HAUL_E_INVALID);
    assert_non_null(strstr(e.text, "no.such.property"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        /* on a real broker */
        cmocka_unit_test(placed_by_key_in_order),
        cmocka_unit_test(letters_with_headers),
        /* on the mock cluster */
        cmocka_unit_test(full_means_again),
        cmocka_unit_test(retried_errors_are_not_seen),
        cmocka_unit_test(made_again_after_a_fatal_error),
        cmocka_unit_test(time_runs_out_while_the_broker_is_down),
        cmocka_unit_test(closing_gives_up_what_is_outstanding),
        cmocka_unit_test(names_that_do_not_fit),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const size_t real = getenv("KAFKA_BROKERS") == NULL ? 2 : 0, n = sizeof tests / sizeof tests[0];
    return _cmocka_run_group_tests("kafka_sink", tests + real, n - real, NULL, NULL);
}
