/* SPDX-License-Identifier: Apache-2.0
 * Reads whole topics for tools, merged by the time that the broker gave: each partition has a queue of its own and a
 * message at its head; the oldest head is next, once every partition has one or is at its end. A partition at its end
 * is looked at again when nothing else is left, and now and then.
 */
#include "haul/kafka_reader.h"

#include "ingest/kafka_conf.h"

#include <stdio.h>
#include <stdlib.h>

struct lane {
    const char *topic; /* the reader's copy */
    uint32_t partition, partitions;
    int64_t end; /* INT64_MAX: none */
    bool done, caught_up;
    rd_kafka_queue_t *queue;
    rd_kafka_message_t *head;
};

enum { LOOK_NS = 1000000, LOOK_MS = 10 };

struct haul_kafka_reader {
    rd_kafka_t *rk;
    int timeout_ms;
    struct lane *lanes;
    size_t lanes_len, open;  /* lanes; those that are not done */
    struct haul_mono looked; /* at those that were caught up */
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
                                                     {"queued.max.messages.kbytes", "4096"}, /* for each partition */
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
        r->lanes[r->lanes_len++] =
            (struct lane){.topic = name, .partition = (uint32_t)i, .partitions = (uint32_t)n, .end = INT64_MAX};
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
            kafka_bounds(r->rk, l->topic, (int32_t)l->partition, r->timeout_ms, &low, &l->end);
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
    for (size_t i = 0; i < r->lanes_len; i++) { /* before the fetchers start: nothing goes to the common queue */
        struct lane *l = &r->lanes[i];
        l->queue = rd_kafka_queue_get_partition(r->rk, l->topic, (int32_t)l->partition);
        assert(l->queue != NULL);
        rd_kafka_queue_forward(l->queue, NULL);
    }
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

static void note_error(struct haul_kafka_reader *r, const rd_kafka_message_t *m)
{
    const enum haul_err code = kafka_err(m->err);
    if (code != HAUL_E_UNAVAILABLE && code != HAUL_E_TIMEOUT)
        haul_fail(&r->fault, code, "Kafka: %s", rd_kafka_message_errstr(m));
}

/* Gets the lane a head, if it has none and one is there in time. */
static void refill(struct haul_kafka_reader *r, struct lane *l, int timeout_ms)
{
    while (l->head == NULL && !l->done) {
        rd_kafka_message_t *m = rd_kafka_consume_queue(l->queue, timeout_ms);
        if (m == NULL) return;
        l->caught_up = m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR && m->offset < l->end) {
            l->head = m;
            return;
        }
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR || l->caught_up)
            reached(r, l, m->offset);
        else
            note_error(r, m);
        rd_kafka_message_destroy(m);
        if (l->caught_up) return;
    }
}

/* What does not come with a partition: errors, and the client's callbacks. */
static void serve(struct haul_kafka_reader *r)
{
    rd_kafka_message_t *m = rd_kafka_consumer_poll(r->rk, 0);
    if (m == NULL) return;
    if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        haul_fail(&r->fault, HAUL_E_IO, "Kafka: a message of %s went past its queue", rd_kafka_topic_name(m->rkt));
    else if (m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
        note_error(r, m);
    rd_kafka_message_destroy(m);
}

/* Refills; true when every lane has a head, is done or is at its end. *oldest is the one to be given, or NULL. */
static bool merge(struct haul_kafka_reader *r, struct lane **oldest, struct lane **missing)
{
    const struct haul_mono now = haul_mono_now();
    const bool look = now.ns - r->looked.ns >= LOOK_NS;
    int64_t least = INT64_MAX;
    bool all = true;
    *oldest = *missing = NULL;
    if (look) {
        r->looked = now;
        serve(r);
    }
    for (size_t i = 0; i < r->lanes_len; i++) {
        struct lane *l = &r->lanes[i];
        if (l->done && l->head == NULL) continue;
        if (!l->caught_up || look) refill(r, l, 0);
        if (l->head != NULL) {
            const int64_t ms = rd_kafka_message_timestamp(l->head, NULL);
            if (*oldest == NULL || ms < least) *oldest = l, least = ms;
        } else if (!l->done) {
            if (*missing == NULL || !l->caught_up) *missing = l;
            all = all && l->caught_up;
        }
    }
    return all;
}

static enum haul_err take_fault(struct haul_kafka_reader *r, struct haul_error *e)
{
    const enum haul_err code = haul_fail(e, r->fault.code, "%s", r->fault.text);
    r->fault.code = HAUL_OK;
    return code;
}

enum haul_err haul_kafka_reader_next(struct haul_kafka_reader *r, int timeout_ms, struct haul_recorded *out,
                                     struct haul_error *e)
{
    const int64_t until = haul_mono_now().ns + (int64_t)timeout_ms * 1000000;
    if (r->current != NULL) rd_kafka_message_destroy(r->current);
    r->current = NULL;
    for (;;) {
        struct lane *l, *missing;
        const bool all = merge(r, &l, &missing);
        if (r->fault.code != HAUL_OK) return take_fault(r, e);
        if (all && l != NULL) {
            r->current = l->head;
            l->head = NULL;
            fill(r, l, r->current, out);
            reached(r, l, r->current->offset + 1);
            return HAUL_OK;
        }
        if (missing == NULL) return haul_fail(e, HAUL_E_END, "all partitions are read");
        if (haul_mono_now().ns >= until) return haul_fail(e, HAUL_E_AGAIN, "nothing came");
        refill(r, missing, LOOK_MS);
    }
}

void haul_kafka_reader_close(struct haul_kafka_reader *r)
{
    if (r->current != NULL) rd_kafka_message_destroy(r->current);
    for (size_t i = 0; i < r->lanes_len; i++) {
        if (r->lanes[i].head != NULL) rd_kafka_message_destroy(r->lanes[i].head);
        if (r->lanes[i].queue != NULL) rd_kafka_queue_destroy(r->lanes[i].queue);
    }
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
