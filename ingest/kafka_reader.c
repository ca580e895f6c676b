/* SPDX-License-Identifier: Apache-2.0
 * Reads whole topics for tools.
 */
#include "haul/kafka_reader.h"

#include "ingest/kafka_conf.h"

#include <stdio.h>
#include <stdlib.h>

struct lane {
    const char *topic; /* the reader's copy */
    uint32_t partition, partitions;
    int64_t end; /* INT64_MAX: none */
    bool done;
};

struct haul_kafka_reader {
    rd_kafka_t *rk;
    int timeout_ms;
    struct lane *lanes;
    size_t lanes_len, open; /* lanes; those that are not done */
    char **topics;
    size_t topics_len;
    rd_kafka_message_t *current;
    struct haul_header *headers;
    size_t headers_cap;
    struct haul_error fault;
};

static void error_cb(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    struct haul_kafka_reader *r = opaque;
    if (err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
    haul_fail(&r->fault, HAUL_E_UNAVAILABLE, "Kafka: %s", reason);
    rd_kafka_yield(rk);
}

static enum haul_err open_client(struct haul_kafka_reader *r, const struct haul_kafka_options *o, struct haul_error *e)
{
    static const struct kafka_property defaults[] = {{"client.id", "haul-reader"},
                                                     {"check.crcs", "true"},
                                                     {"queued.max.messages.kbytes", "65536"},
                                                     {"fetch.wait.max.ms", "100"},
                                                     {NULL, NULL}};
    static const struct kafka_property fixed[] = {{"group.id", "haul-reader"}, /* asked for, never joined */
                                                  {"enable.auto.commit", "false"},
                                                  {"enable.auto.offset.store", "false"},
                                                  {"enable.partition.eof", "true"},
                                                  {"auto.offset.reset", "earliest"},
                                                  {NULL, NULL}};
    char why[512];
    struct haul_error reason = {.code = HAUL_E_INVALID};
    rd_kafka_conf_t *conf = kafka_conf_make(o, defaults, fixed, &reason);
    if (conf == NULL) return haul_fail(e, reason.code, "%s", reason.text);
    rd_kafka_conf_set_opaque(conf, r);
    rd_kafka_conf_set_error_cb(conf, error_cb);
    rd_kafka_conf_set_log_cb(conf, NULL);
    r->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (r->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return haul_fail(e, HAUL_E_INVALID, "Kafka consumer: %s", why);
    }
    rd_kafka_poll_set_consumer(r->rk);
    return HAUL_OK;
}

static enum haul_err add_topic(struct haul_kafka_reader *r, const char *topic, struct haul_error *e)
{
    const struct rd_kafka_metadata *found = NULL;
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(r->rk, topic, NULL);
    rd_kafka_resp_err_t err =
        rkt == NULL ? rd_kafka_last_error() : rd_kafka_metadata(r->rk, 0, rkt, &found, r->timeout_ms);
    if (rkt != NULL) rd_kafka_topic_destroy(rkt);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) err = found->topics[0].err;
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (found != NULL) rd_kafka_metadata_destroy(found);
        return haul_fail(e, kafka_err(err), "topic %s: %s", topic, rd_kafka_err2str(err));
    }
    const size_t n = (size_t)found->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(found);
    char *name = r->topics[r->topics_len++] = strdup(topic);
    r->lanes = reallocarray(r->lanes, r->lanes_len + n, sizeof *r->lanes);
    assert(name != NULL && r->lanes != NULL);
    for (size_t i = 0; i < n; i++)
        r->lanes[r->lanes_len++] = (struct lane){name, (uint32_t)i, (uint32_t)n, INT64_MAX, false};
    return HAUL_OK;
}

static rd_kafka_topic_partition_list_t *starts(struct haul_kafka_reader *r, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)r->lanes_len);
    for (size_t i = 0; i < r->lanes_len; i++)
        rd_kafka_topic_partition_list_add(list, r->lanes[i].topic, (int32_t)r->lanes[i].partition)->offset = offset;
    return list;
}

static enum haul_err find_ends(struct haul_kafka_reader *r, struct haul_error *e)
{
    for (size_t i = 0; i < r->lanes_len; i++) {
        struct lane *l = &r->lanes[i];
        int64_t low;
        const rd_kafka_resp_err_t err =
            rd_kafka_query_watermark_offsets(r->rk, l->topic, (int32_t)l->partition, &low, &l->end, r->timeout_ms);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return haul_fail(e, kafka_err(err), "bounds of %s/%u: %s", l->topic, l->partition, rd_kafka_err2str(err));
        l->done = low == l->end;
        r->open -= l->done;
    }
    return HAUL_OK;
}

static enum haul_err begin(struct haul_kafka_reader *r, const struct haul_reader_spec *spec, struct haul_error *e)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_topic_partition_list_t *list = starts(r, spec->from == HAUL_FROM_EARLIEST ? RD_KAFKA_OFFSET_BEGINNING
                                                      : spec->from == HAUL_FROM_LATEST ? RD_KAFKA_OFFSET_END
                                                                                       : spec->time.ms);
    if (spec->from == HAUL_FROM_TIME) err = rd_kafka_offsets_for_times(r->rk, list, r->timeout_ms);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) err = rd_kafka_assign(r->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return HAUL_OK;
    return haul_fail(e, kafka_err(err), "starting to read: %s", rd_kafka_err2str(err));
}

enum haul_err haul_kafka_reader_open(const struct haul_kafka_options *o, const struct haul_reader_spec *spec,
                                     struct haul_kafka_reader **out, struct haul_error *e)
{
    struct haul_kafka_reader *r = calloc(1, sizeof *r);
    assert(r != NULL);
    r->timeout_ms = (int)o->request_timeout_ms;
    r->topics = calloc(spec->topics_len + 1, sizeof *r->topics);
    assert(r->topics != NULL);
    enum haul_err err = open_client(r, o, e);
    for (size_t i = 0; i < spec->topics_len && err == HAUL_OK; i++) err = add_topic(r, spec->topics[i], e);
    r->open = r->lanes_len;
    if (err == HAUL_OK && spec->until_end) err = find_ends(r, e);
    if (err == HAUL_OK) err = begin(r, spec, e);
    if (err == HAUL_OK)
        *out = r;
    else
        haul_kafka_reader_close(r);
    return err;
}

/* ---- reading ------------------------------------------------------------------------------------------------------
 */
static struct lane *lane_of(struct haul_kafka_reader *r, const rd_kafka_message_t *m)
{
    const char *topic = m->rkt == NULL ? "" : rd_kafka_topic_name(m->rkt);
    for (size_t i = 0; i < r->lanes_len;) {
        if (strcmp(r->lanes[i].topic, topic) != 0)
            i += r->lanes[i].partitions;
        else
            return m->partition >= 0 && (uint32_t)m->partition < r->lanes[i].partitions
                       ? &r->lanes[i + (size_t)m->partition]
                       : NULL;
    }
    return NULL;
}

static void reached(struct haul_kafka_reader *r, struct lane *l, int64_t next)
{
    if (l->done || next < l->end) return;
    l->done = true;
    r->open--;
}

static size_t headers_of(struct haul_kafka_reader *r, const rd_kafka_message_t *m)
{
    rd_kafka_headers_t *list;
    if (rd_kafka_message_headers(m, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
    const size_t n = rd_kafka_header_cnt(list);
    if (n > r->headers_cap) {
        r->headers = reallocarray(r->headers, n, sizeof *r->headers);
        assert(r->headers != NULL);
        r->headers_cap = n;
    }
    for (size_t i = 0; i < n; i++) {
        const void *value;
        size_t size;
        rd_kafka_header_get_all(list, i, &r->headers[i].name, &value, &size);
        r->headers[i].value = (struct haul_str){value, size};
    }
    return n;
}

static void fill(struct haul_kafka_reader *r, const struct lane *l, const rd_kafka_message_t *m,
                 struct haul_recorded *out)
{
    rd_kafka_timestamp_type_t type;
    const int64_t ms = rd_kafka_message_timestamp(m, &type);
    *out = (struct haul_recorded){.topic = l->topic,
                                  .partitions = l->partitions,
                                  .partition = l->partition,
                                  .offset = m->offset,
                                  .time = {ms},
                                  .stamp = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? HAUL_STAMP_APPEND
                                           : type == RD_KAFKA_TIMESTAMP_CREATE_TIME   ? HAUL_STAMP_CREATE
                                                                                      : HAUL_STAMP_NONE,
                                  .key = {m->key, m->key_len},
                                  .value = {m->payload, m->len}};
    out->headers_len = headers_of(r, m);
    out->headers = r->headers;
}

/* True: r->current is a message to be given. */
static bool wanted(struct haul_kafka_reader *r, struct lane *l)
{
    const rd_kafka_message_t *m = r->current;
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (l != NULL) reached(r, l, m->offset);
        return false;
    }
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        const enum haul_err code = kafka_err(m->err);
        if (code != HAUL_E_UNAVAILABLE && code != HAUL_E_TIMEOUT)
            haul_fail(&r->fault, code, "Kafka: %s", rd_kafka_message_errstr(m));
        return false;
    }
    if (l == NULL) return false;
    reached(r, l, m->offset + 1);
    return m->offset < l->end;
}

enum haul_err haul_kafka_reader_next(struct haul_kafka_reader *r, int timeout_ms, struct haul_recorded *out,
                                     struct haul_error *e)
{
    for (;;) {
        if (r->current != NULL) rd_kafka_message_destroy(r->current);
        r->current = NULL;
        if (r->fault.code != HAUL_OK) {
            const enum haul_err code = haul_fail(e, r->fault.code, "%s", r->fault.text);
            r->fault.code = HAUL_OK;
            return code;
        }
        if (r->open == 0) return haul_fail(e, HAUL_E_END, "all partitions are read");
        r->current = rd_kafka_consumer_poll(r->rk, timeout_ms);
        if (r->current == NULL && r->fault.code == HAUL_OK) return haul_fail(e, HAUL_E_AGAIN, "nothing came");
        if (r->current == NULL) continue;
        struct lane *l = lane_of(r, r->current);
        if (!wanted(r, l)) continue;
        fill(r, l, r->current, out);
        return HAUL_OK;
    }
}

void haul_kafka_reader_close(struct haul_kafka_reader *r)
{
    if (r->current != NULL) rd_kafka_message_destroy(r->current);
    if (r->rk != NULL) {
        rd_kafka_consumer_close(r->rk);
        rd_kafka_destroy(r->rk);
    }
    for (size_t i = 0; i < r->topics_len; i++) free(r->topics[i]);
    free(r->topics);
    free(r->lanes);
    free(r->headers);
    free(r);
}
