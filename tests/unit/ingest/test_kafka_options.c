/* SPDX-License-Identifier: Apache-2.0
 * The section kafka: what is wrong in it is told, and the client's own properties are checked against the client.
 */
#include "haul/kafka_source.h"
#include "haul/kafka_topics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct haul_option_set *const sets[] = {&haul_kafka_option_set};

static const struct {
    const char *yaml, *said; /* NULL: it is right */
} cases[] = {
    {"kafka: {}\n", NULL},
    {"kafka: {properties: {security.protocol: ssl, fetch.max.bytes: '1000000'}}\n", NULL},
    {"kafka: {properties: {enable.ssl.certificate.verifcation: 'false'}}\n", "enable.ssl.certificate.verification"},
    {"kafka: {properties: {sasl.mechanismus: PLAIN}}\n", "did you mean 'sasl.mechanisms'"},
    {"kafka: {properties: {partitoner: random}}\n", "did you mean 'partitioner'"},
    {"kafka: {properties: {qqq.www: '1'}}\n", "has no property 'qqq.www'"},
    {"kafka: {properties: {fetch.max.bytes: lots}}\n", "fetch.max.bytes"},
    {"kafka: {properties: {enable.auto.commit: 'true'}}\n", "the store holds the position"},
    {"kafka: {properties: {auto.offset.reset: earliest}}\n", "never skipped"},
    {"kafka: {properties: {sasl.password: secret}}\n", "kafka.sasl_password_file"},
    {"kafka: {topics: {fleet: my-fleet, alerts: my-alerts}}\n", NULL},
    {"kafka: {topics: {fleat: my-fleet}}\n", "'fleat' is no mailbox"},
    {"kafka: {topics: {fleet: 'my fleet'}}\n", "cannot be a topic"},
    {"kafka: {topics: {fleet: same, desk: same}}\n", "cannot share"},
    {"kafka: {fetch_bytes: 256KiB}\n", "less than message_bytes"},
    {"kafka: {queue_bytes: 4MiB}\n", "less than fetch_bytes"},
    {"kafka: {linger: 1s, delivery_timeout: 1s}\n", "longer than linger"},
    {"kafka: {compression: lzma}\n", "lz4"},
    {"kafka: {sesion_timeout: 10s}\n", "session_timeout"},
};

static void told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct haul_config *config = NULL;
        struct haul_buf errors;
        unsigned count;
        haul_buf_init(&errors, 0, 1 << 16);
        const enum haul_err err =
            haul_config_read_text(haul_str_of(cases[i].yaml), "test", sets, 1, &config, &errors, &count);
        haul_buf_byte(&errors, 0);
        const char *text = (const char *)errors.p;
        if ((err == HAUL_OK) != (cases[i].said == NULL)) fail_msg("%s: %s", cases[i].yaml, text);
        if (cases[i].said != NULL && strstr(text, cases[i].said) == NULL) fail_msg("%s: %s", cases[i].yaml, text);
        if (strstr(text, "secret\"") != NULL) fail_msg("a secret is printed: %s", text);
        haul_config_free(config);
        haul_buf_free(&errors);
    }
}

static void defaults_open_a_source(void **state)
{
    (void)state;
    struct haul_config *config;
    struct haul_buf errors;
    struct haul_source *s;
    struct haul_error e;
    unsigned count;
    const uint16_t mailboxes[] = {HAUL_MAILBOX_FLEET, HAUL_MAILBOX_DESK};
    haul_buf_init(&errors, 0, 1 << 16);
    assert_int_equal(haul_config_read(NULL, sets, 1, &config, &errors, &count), HAUL_OK);
    struct haul_kafka_options o = *(const struct haul_kafka_options *)haul_config_section(config, "kafka");
    o.request_timeout_ms = 100;
    snprintf(o.brokers, sizeof o.brokers, "127.0.0.1:1");
    snprintf(o.group_instance_id, sizeof o.group_instance_id, "here");
    if (haul_kafka_source_open(&o, "t.", mailboxes, 2, 0, NULL, &s, &e) != HAUL_OK) fail_msg("%s", e.text);
    assert_int_equal(s->ops->start(s, (struct haul_task_name){HAUL_MAILBOX_FLEET, 0}, 0, &e), HAUL_E_NOT_FOUND);
    s->ops->close(s); /* returns, though no broker is there */
    haul_config_free(config);
    haul_buf_free(&errors);
}

static void names(void **state)
{
    (void)state;
    struct haul_kafka_options o = {.topics.len = 1};
    char out[HAUL_KAFKA_TOPIC_BYTES], instance[300];
    snprintf(o.topics.item[0].key, sizeof o.topics.item[0].key, "desk");
    snprintf(o.topics.item[0].value, sizeof o.topics.item[0].value, "Desk");
    assert_true(haul_kafka_topic(&o, "", "fleet", out));
    assert_string_equal(out, "haul.fleet");
    assert_true(haul_kafka_topic(&o, "x.", "fleet", out));
    assert_string_equal(out, "x.haul.fleet");
    assert_true(haul_kafka_topic(&o, "x.", "desk", out));
    assert_string_equal(out, "Desk");
    memset(instance, 'i', sizeof instance);
    instance[239] = '\0'; /* 239 + 10 is the longest */
    assert_true(haul_kafka_topic(&o, instance, "fleet", out));
    assert_int_equal(strlen(out), 249);
    instance[239] = 'i', instance[240] = '\0';
    assert_false(haul_kafka_topic(&o, instance, "fleet", out));
    assert_true(haul_topic_known("blobs") && haul_topic_known("fleet") && !haul_topic_known("haul.fleet"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told),
        cmocka_unit_test(defaults_open_a_source),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests_name("kafka_options", tests, NULL, NULL);
}
