/* SPDX-License-Identifier: Apache-2.0
 * The Kafka source on librdkafka's mock cluster: the errors that a real broker does not give on demand.
 */
#include "haul/kafka_source.h"
#include "tests/unit/ingest/support_kafka.h"

#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>

enum { PATIENCE_MS = 60000, N = 500, FETCH = 1 };

struct mock {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *cluster;
    struct haul_kafka_options options;
    struct kafka_bench *bench;
    struct haul_source *s;
};

static const struct haul_task_name fleet0 = {HAUL_MAILBOX_FLEET, 0};

static void poll_quiet(struct mock *m, struct haul_source_event *ev, unsigned *unavailable)
{
    struct haul_error e;
    const enum haul_err err = m->s->ops->poll(m->s, 50, ev, &e);
    if (err == HAUL_OK) return;
    if (err != HAUL_E_UNAVAILABLE) fail_msg("poll: %s", e.text);
    *unavailable += 1;
    ev->type = HAUL_SOURCE_NONE;
}

static void wait_for(struct mock *m, enum haul_source_event_type type, struct haul_source_event *ev, unsigned *down)
{
    const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
    do {
        if (haul_mono_now().ns > until) fail_msg("event %d did not come", (int)type);
        poll_quiet(m, ev, down);
    } while (ev->type != type);
}

static void begin(struct mock *m)
{
    char why[256];
    unsigned down = 0;
    struct haul_error e;
    struct haul_source_event ev;
    const uint16_t fleet = HAUL_MAILBOX_FLEET;
    m->rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
    assert_non_null(m->rk);
    m->cluster = rd_kafka_mock_cluster_new(m->rk, 1);
    assert_int_equal(rd_kafka_mock_topic_create(m->cluster, "haul.fleet", 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    kafka_defaults(&m->options, rd_kafka_mock_cluster_bootstraps(m->cluster));
    m->bench = kafka_bench_open(m->options.brokers, NULL);
    kafka_fill(m->bench, "haul.fleet", 0, 0, N, 50);
    if (haul_kafka_source_open(&m->options, "", &fleet, 1, 0, NULL, &m->s, &e) != HAUL_OK) fail_msg("%s", e.text);
    wait_for(m, HAUL_SOURCE_ASSIGN, &ev, &down);
    assert_int_equal(m->s->ops->start(m->s, fleet0, 0, &e), HAUL_OK);
}

static void finish(struct mock *m)
{
    m->s->ops->close(m->s);
    kafka_bench_close(m->bench);
    rd_kafka_mock_cluster_destroy(m->cluster);
    rd_kafka_destroy(m->rk);
}

static void read_through(struct mock *m, int64_t from, int64_t to)
{
    struct haul_source_event ev;
    unsigned down = 0;
    for (; from < to; from++) {
        wait_for(m, HAUL_SOURCE_MESSAGE, &ev, &down);
        assert_int_equal(ev.offset, from);
    }
}

static void an_outage_is_said_once(void **state)
{
    (void)state;
    struct mock m;
    struct haul_source_event ev;
    unsigned down = 0;
    begin(&m);
    read_through(&m, 0, N);
    for (int outage = 0; outage < 2; outage++) {
        rd_kafka_mock_broker_set_down(m.cluster, 1);
        const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
        for (down = 0; down == 0 && haul_mono_now().ns < until;) poll_quiet(&m, &ev, &down);
        for (int i = 0; i < 20; i++) poll_quiet(&m, &ev, &down);
        assert_int_equal(down, 1);
        rd_kafka_mock_broker_set_up(m.cluster, 1);
        kafka_fill(m.bench, "haul.fleet", 0, N + outage * 10, 10, 50);
        read_through(&m, N + outage * 10, N + outage * 10 + 10);
    }
    finish(&m);
}

/* Errors of single requests are the client's business: nothing is lost, nothing is said. */
static void passing_errors(void **state)
{
    (void)state;
    struct mock m;
    begin(&m);
    rd_kafka_mock_push_request_errors(m.cluster, FETCH, 5, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                      RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                                      RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH);
    read_through(&m, 0, N);
    finish(&m);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outage_is_said_once),
        cmocka_unit_test(passing_errors),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("kafka_mock", tests, NULL, NULL);
}
