/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/kafka_conf.h"

#include "haul/secret.h"
#include "haul/time.h"
#include "processors/engine/options_names.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* Properties that haul sets and depends on, each with what it is for. */
static const struct kafka_property owned[] = {
    {"bootstrap.servers", "it is the option kafka.brokers"},
    {"metadata.broker.list", "it is the option kafka.brokers"},
    {"group.id", "it is made of the instance"},
    {"group.instance.id", "it is the option kafka.group_instance_id"},
    {"session.timeout.ms", "it is the option kafka.session_timeout"},
    {"enable.auto.commit", "the store holds the position"},
    {"enable.auto.offset.store", "the store holds the position"},
    {"auto.commit.enable", "the store holds the position"},
    {"auto.offset.reset", "an offset that has gone is reported, never skipped"},
    {"enable.partition.eof", "time passes at the end of a partition"},
    {"partition.assignment.strategy", "the eager protocol is depended on"},
    {"isolation.level", "what was aborted must not be read"},
    {"enable.idempotence", "the order of what is sent is depended on"},
    {"acks", "an acknowledgement means that all replicas have it"},
    {"request.required.acks", "an acknowledgement means that all replicas have it"},
    {"partitioner", "keys are placed by murmur2, as Java's producers do"},
    {"transactional.id", "the sink is idempotent, not transactional"},
    {"log.queue", "log lines are taken on the polling thread"},
    {"sasl.password", "secrets stand in files: kafka.sasl_password_file"},
    {"ssl.key.password", "secrets do not stand in the configuration"},
    {"ssl.keystore.password", "secrets do not stand in the configuration"},
    {NULL, NULL},
};

static bool set(rd_kafka_conf_t *conf, const char *name, const char *value, struct haul_error *e)
{
    char why[512];
    const rd_kafka_conf_res_t r = rd_kafka_conf_set(conf, name, value, why, sizeof why);
    if (r == RD_KAFKA_CONF_OK) return true;
    haul_fail(e, r == RD_KAFKA_CONF_UNKNOWN ? HAUL_E_UNKNOWN : HAUL_E_INVALID, "Kafka property %s: %s", name, why);
    return false;
}

static bool set_all(rd_kafka_conf_t *conf, const struct kafka_property *list, struct haul_error *e)
{
    for (; list->name != NULL; list++)
        if (!set(conf, list->name, list->value, e)) return false;
    return true;
}

static bool set_password(rd_kafka_conf_t *conf, const char *path, struct haul_error *e)
{
    char text[512];
    if (haul_secret_read("kafka.sasl_password_file", path, text, sizeof text, e) != HAUL_OK) return false;
    const bool ok = set(conf, "sasl.password", text, NULL);
    explicit_bzero(text, sizeof text);
    if (!ok) haul_fail(e, HAUL_E_INVALID, "kafka.sasl_password_file: the client refuses the password in %s", path);
    return ok;
}

rd_kafka_conf_t *kafka_conf_make(const struct haul_kafka_options *o, const struct kafka_property *defaults,
                                 const struct kafka_property *fixed, struct haul_error *e)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    bool ok = set_all(conf, defaults, e);
    for (uint32_t i = 0; ok && i < o->properties.len; i++)
        ok = kafka_property_check(o->properties.item[i].key, o->properties.item[i].value, e) &&
             set(conf, o->properties.item[i].key, o->properties.item[i].value, e);
    ok = ok && set(conf, "bootstrap.servers", o->brokers, e) && set(conf, "log.queue", "true", e);
    if (ok && o->sasl_password_file[0] != '\0') ok = set_password(conf, o->sasl_password_file, e);
    ok = ok && set_all(conf, fixed, e);
    if (ok) return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

/* The names lie at the even places of a dump. */
static void nearest(const char **dump, size_t count, const char *name, char best[64], unsigned *least)
{
    for (size_t i = 0; i + 1 < count; i += 2) {
        unsigned d;
        if (!names_near(haul_str_of(name), haul_str_of(dump[i]), &d) || d >= *least || strlen(dump[i]) >= 64) continue;
        *least = d;
        snprintf(best, 64, "%s", dump[i]);
    }
}

static void suggest(const char *name, char best[64])
{
    unsigned least = UINT_MAX;
    size_t count;
    best[0] = '\0';
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_conf_t *topic = rd_kafka_topic_conf_new();
    const char **dump = rd_kafka_conf_dump(conf, &count);
    nearest(dump, count, name, best, &least);
    rd_kafka_conf_dump_free(dump, count);
    dump = rd_kafka_topic_conf_dump(topic, &count);
    nearest(dump, count, name, best, &least);
    rd_kafka_conf_dump_free(dump, count);
    rd_kafka_topic_conf_destroy(topic);
    rd_kafka_conf_destroy(conf);
}

bool kafka_property_check(const char *name, const char *value, struct haul_error *e)
{
    for (const struct kafka_property *p = owned; p->name != NULL; p++)
        if (strcmp(p->name, name) == 0) {
            haul_fail(e, HAUL_E_CONFLICT, "%s is not to be set here: %s", name, p->value);
            return false;
        }
    char why[512], best[64];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const rd_kafka_conf_res_t r = rd_kafka_conf_set(conf, name, value, why, sizeof why);
    rd_kafka_conf_destroy(conf);
    if (r == RD_KAFKA_CONF_OK) return true;
    if (r == RD_KAFKA_CONF_INVALID) {
        haul_fail(e, HAUL_E_INVALID, "%s", why);
        return false;
    }
    suggest(name, best);
    if (best[0] != '\0')
        haul_fail(e, HAUL_E_UNKNOWN, "librdkafka %s has no property '%s'; did you mean '%s'?", rd_kafka_version_str(),
                  name, best);
    else
        haul_fail(e, HAUL_E_UNKNOWN, "librdkafka %s has no property '%s'", rd_kafka_version_str(), name);
    return false;
}

rd_kafka_resp_err_t kafka_bounds(rd_kafka_t *rk, const char *topic, int32_t partition, int timeout_ms, int64_t *low,
                                 int64_t *high)
{
    enum { AGAIN_MS = 50 };
    const int64_t until = haul_mono_now().ns + (int64_t)timeout_ms * 1000000;
    for (;;) {
        const rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(rk, topic, partition, low, high, timeout_ms);
        const bool unserved = err == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
                              err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
                              err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        if (!unserved || haul_mono_now().ns > until) return err;
        haul_sleep_ms(AGAIN_MS);
    }
}

enum haul_err kafka_err(rd_kafka_resp_err_t err)
{
    /* an open set of hundreds of codes, a few of which matter here */
    static const struct {
        rd_kafka_resp_err_t from;
        enum haul_err to;
    } table[] = {
        {RD_KAFKA_RESP_ERR__TRANSPORT, HAUL_E_UNAVAILABLE},
        {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, HAUL_E_UNAVAILABLE},
        {RD_KAFKA_RESP_ERR__RESOLVE, HAUL_E_UNAVAILABLE},
        {RD_KAFKA_RESP_ERR__WAIT_COORD, HAUL_E_UNAVAILABLE},
        {RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, HAUL_E_UNAVAILABLE},
        {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, HAUL_E_UNAVAILABLE},
        {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, HAUL_E_UNAVAILABLE},
        {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, HAUL_E_UNAVAILABLE},
        {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, HAUL_E_UNAVAILABLE},
        {RD_KAFKA_RESP_ERR__TIMED_OUT, HAUL_E_TIMEOUT},
        {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, HAUL_E_TIMEOUT},
        {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, HAUL_E_TIMEOUT},
        {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, HAUL_E_NOT_FOUND},
        {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, HAUL_E_NOT_FOUND},
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, HAUL_E_NOT_FOUND},
        {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, HAUL_E_FENCED},
        {RD_KAFKA_RESP_ERR__BAD_MSG, HAUL_E_CORRUPT},
        {RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, HAUL_E_DUPLICATE},
        {RD_KAFKA_RESP_ERR__INVALID_ARG, HAUL_E_INVALID},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].from == err) return table[i].to;
    return HAUL_E_IO;
}
