/* SPDX-License-Identifier: Apache-2.0
 * The Kafka sink.
 *
 * outstanding = what the client has and what lies in the ring of receipts; it never exceeds the ring. The client's
 * callbacks run inside our own calls of rd_kafka_poll, so nothing is shared with another thread.
 */
#include "haul/kafka_sink.h"

#include "haul/secret.h"

#include <librdkafka/rdkafka.h>

#include <stdio.h>
#include <stdlib.h>

enum { TOPICS_MAX = 64, LETTER_HEADERS = 64 * 1024, BATCH_BYTES = 60 * 1024 };

struct topic {
    char name[HAUL_KAFKA_TOPIC_BYTES]; /* as Kafka has it */
    char asked[HAUL_KAFKA_TOPIC_BYTES];
    rd_kafka_topic_t *rkt;
};

struct kafka_sink {
    struct haul_sink base;
    struct haul_kafka_options options;
    char instance[64];
    struct haul_kafka_log log;
    rd_kafka_t *rk;
    struct topic topics[TOPICS_MAX]; /* mailboxes at their numbers, others behind */
    size_t topics_len;
    struct haul_receipt *ring;
    size_t cap, head, ready; /* receipts: ready of them from head on */
    size_t waiting;          /* messages that the client has */
    bool broken;             /* the client has failed for good */
    char why[120];
    struct haul_kafka_sink_stats stats;
};

static struct kafka_sink *of(struct haul_sink *s)
{
    return (struct kafka_sink *)s;
}

static enum haul_err code_of(rd_kafka_resp_err_t err)
{
    static const struct {
        rd_kafka_resp_err_t from;
        enum haul_err to;
    } table[] = {
        {RD_KAFKA_RESP_ERR_NO_ERROR, HAUL_OK},
        {RD_KAFKA_RESP_ERR__QUEUE_FULL, HAUL_E_AGAIN},
        {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, HAUL_E_TIMEOUT},
        {RD_KAFKA_RESP_ERR__TIMED_OUT, HAUL_E_TIMEOUT},
        {RD_KAFKA_RESP_ERR__TRANSPORT, HAUL_E_UNAVAILABLE},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, HAUL_E_LIMIT},
        {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, HAUL_E_NOT_FOUND},
        {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, HAUL_E_NOT_FOUND},
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, HAUL_E_NOT_FOUND},
        {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, HAUL_E_FENCED},
        {RD_KAFKA_RESP_ERR__FENCED, HAUL_E_FENCED},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].from == err) return table[i].to;
    return HAUL_E_IO;
}

/* ---- what the client says -----------------------------------------------------------------------------------------
 */
static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    (void)rk;
    struct kafka_sink *s = opaque;
    assert(s->waiting > 0 && s->ready < s->cap);
    s->waiting--;
    struct haul_receipt *r = &s->ring[(s->head + s->ready++) % s->cap];
    r->cookie = (uint64_t)(uintptr_t)m->_private;
    r->result = code_of(m->err);
    if (r->result == HAUL_OK) {
        r->text[0] = '\0';
        s->stats.acknowledged++;
    } else {
        snprintf(r->text, sizeof r->text, "%.40s: %.70s", m->rkt == NULL ? "" : rd_kafka_topic_name(m->rkt),
                 s->broken && s->why[0] != '\0' ? s->why : rd_kafka_err2str(m->err));
        s->stats.failed++;
    }
}

static void failed(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    (void)reason;
    struct kafka_sink *s = opaque;
    if (err != RD_KAFKA_RESP_ERR__FATAL) return;
    rd_kafka_fatal_error(rk, s->why, sizeof s->why);
    s->broken = true;
}

static void logged(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const struct kafka_sink *s = rd_kafka_opaque(rk);
    if (s->log.line != NULL) s->log.line(s->log.arg, level, facility, text);
}

/* ---- the client ---------------------------------------------------------------------------------------------------
 */
static bool set(rd_kafka_conf_t *conf, const char *name, const char *value, struct haul_error *e)
{
    char why[512];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK) return true;
    haul_fail(e, HAUL_E_INVALID, "Kafka property %s: %s", name, why);
    return false;
}

static bool set_i64(rd_kafka_conf_t *conf, const char *name, int64_t value, struct haul_error *e)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return set(conf, name, text, e);
}

static bool set_password(rd_kafka_conf_t *conf, const char *path, struct haul_error *e)
{
    char text[512];
    if (path[0] == '\0') return true;
    if (haul_secret_read("kafka.sasl_password_file", path, text, sizeof text, e) != HAUL_OK) return false;
    const bool ok = set(conf, "sasl.password", text, NULL);
    explicit_bzero(text, sizeof text);
    if (!ok) haul_fail(e, HAUL_E_INVALID, "kafka.sasl_password_file: the client refuses the password in %s", path);
    return ok;
}

static bool configure(rd_kafka_conf_t *conf, const struct haul_kafka_options *o, struct haul_error *e)
{
    static const char *const compressions[] = {"none", "lz4", "zstd", "snappy", "gzip"};
    bool ok = set(conf, "client.id", "haul", e) && set(conf, "socket.keepalive.enable", "true", e) &&
              set(conf, "reconnect.backoff.max.ms", "2000", e) && set(conf, "retry.backoff.ms", "50", e) &&
              set(conf, "compression.type", compressions[o->compression], e) &&
              set_i64(conf, "linger.ms", o->linger_ms, e) &&
              set_i64(conf, "message.timeout.ms", o->delivery_timeout_ms, e) &&
              /* a dead letter is a message as large as they come, and why it was refused */
              set_i64(conf, "message.max.bytes", o->message_bytes + LETTER_HEADERS, e) &&
              /* no more than a partition's part of a fetch: see PARTS_AN_ANSWER in the source */
              set_i64(conf, "batch.size", BATCH_BYTES, e) &&
              set_i64(conf, "queue.buffering.max.kbytes", o->send_bytes / 1024, e);
    for (uint32_t i = 0; ok && i < o->properties.len; i++)
        ok = set(conf, o->properties.item[i].key, o->properties.item[i].value, e);
    return ok && set(conf, "bootstrap.servers", o->brokers, e) && set_password(conf, o->sasl_password_file, e) &&
           set(conf, "log.queue", "true", e) && set(conf, "enable.idempotence", "true", e) &&
           set(conf, "acks", "all", e) && set(conf, "partitioner", "murmur2_random", e) &&
           set_i64(conf, "queue.buffering.max.messages", o->send_queue, e);
}

static enum haul_err open_client(struct kafka_sink *s, struct haul_error *e)
{
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    struct haul_error reason = {.code = HAUL_E_INVALID};
    if (!configure(conf, &s->options, &reason)) {
        rd_kafka_conf_destroy(conf);
        return haul_fail(e, reason.code, "%s", reason.text);
    }
    rd_kafka_conf_set_opaque(conf, s);
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    rd_kafka_conf_set_error_cb(conf, failed);
    rd_kafka_conf_set_log_cb(conf, logged);
    s->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (s->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return haul_fail(e, HAUL_E_INVALID, "Kafka producer: %s", why);
    }
    rd_kafka_set_log_queue(s->rk, NULL);
    return HAUL_OK;
}

/* What the client still has is answered by failures; the ring has room for them. */
static void close_client(struct kafka_sink *s)
{
    for (size_t i = 0; i < TOPICS_MAX; i++) {
        if (s->topics[i].rkt != NULL) rd_kafka_topic_destroy(s->topics[i].rkt);
        s->topics[i].rkt = NULL;
    }
    rd_kafka_purge(s->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    while (s->waiting > 0) rd_kafka_poll(s->rk, 10);
    rd_kafka_destroy(s->rk);
    s->rk = NULL;
}

static enum haul_err reopen(struct kafka_sink *s, struct haul_error *e)
{
    if (s->rk != NULL) close_client(s);
    const enum haul_err err = open_client(s, e);
    s->broken = err != HAUL_OK;
    s->stats.reopened += err == HAUL_OK;
    return err;
}

/* ---- topics -------------------------------------------------------------------------------------------------------
 */
/* haul's own are asked for with or without the instance before them. */
static bool resolve(const struct kafka_sink *s, const char *asked, char out[HAUL_KAFKA_TOPIC_BYTES])
{
    const size_t instance = strlen(s->instance), own = sizeof "haul." - 1;
    const char *name = strncmp(asked, s->instance, instance) == 0 ? asked + instance : asked;
    if (strncmp(name, "haul.", own) == 0) return haul_kafka_topic(&s->options, s->instance, name + own, out);
    return snprintf(out, HAUL_KAFKA_TOPIC_BYTES, "%s", asked) < HAUL_KAFKA_TOPIC_BYTES;
}

static struct topic *other_topic(struct kafka_sink *s, const char *asked, struct haul_error *e)
{
    for (size_t i = HAUL_MAILBOX_MAX; i < s->topics_len; i++)
        if (strcmp(s->topics[i].asked, asked) == 0) return &s->topics[i];
    if (s->topics_len == TOPICS_MAX) {
        haul_fail(e, HAUL_E_LIMIT, "more than %d topics beside the mailboxes", TOPICS_MAX - HAUL_MAILBOX_MAX);
        return NULL;
    }
    struct topic *t = &s->topics[s->topics_len];
    if (strlen(asked) >= sizeof t->asked || !resolve(s, asked, t->name)) {
        haul_fail(e, HAUL_E_LIMIT, "a topic's name is longer than 249 bytes: %.80s…", asked);
        return NULL;
    }
    memcpy(t->asked, asked, strlen(asked) + 1);
    s->topics_len++;
    return t;
}

static rd_kafka_topic_t *topic_for(struct kafka_sink *s, const struct haul_outgoing *m, struct haul_error *e)
{
    assert(m->topic != NULL || haul_mailbox_row(m->to) != NULL);
    struct topic *t = m->topic == NULL ? &s->topics[m->to] : other_topic(s, m->topic, e);
    if (t == NULL) return NULL;
    if (t->rkt == NULL) t->rkt = rd_kafka_topic_new(s->rk, t->name, NULL);
    if (t->rkt == NULL) haul_fail(e, code_of(rd_kafka_last_error()), "topic %s cannot be used", t->name);
    return t->rkt;
}

/* ---- the worker's calls -------------------------------------------------------------------------------------------
 */
static rd_kafka_headers_t *headers_of(const struct haul_outgoing *m)
{
    const bool sender = m->sender.mailbox != HAUL_MAILBOX_NONE;
    if (!sender && m->headers_len == 0) return NULL;
    rd_kafka_headers_t *list = rd_kafka_headers_new(m->headers_len + 1);
    if (sender) {
        char text[HAUL_SENDER_TEXT];
        const size_t n = haul_sender_format(&m->sender, text);
        rd_kafka_header_add(list, "haul", 4, text, (ssize_t)n);
    }
    for (size_t i = 0; i < m->headers_len; i++)
        rd_kafka_header_add(list, m->headers[i].name, -1, m->headers[i].value.p, (ssize_t)m->headers[i].value.n);
    return list;
}

/* librdkafka takes what it copies as non-const, and does not write there. */
static void *unconst(const void *p)
{
    union {
        const void *in;
        void *out;
    } u = {p};
    return u.out;
}

static rd_kafka_resp_err_t produce(struct kafka_sink *s, rd_kafka_topic_t *rkt, const struct haul_outgoing *m)
{
    void *const key = unconst(m->key.p), *const value = unconst(m->value.p);
    void *const cookie = (void *)(uintptr_t)m->cookie;
    const int32_t partition = m->partition < 0 ? RD_KAFKA_PARTITION_UA : m->partition;
    rd_kafka_headers_t *headers = headers_of(m);
    if (headers == NULL) {
        const int refused =
            rd_kafka_produce(rkt, partition, RD_KAFKA_MSG_F_COPY, value, m->value.n, key, m->key.n, cookie);
        return refused == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
    }
    const rd_kafka_resp_err_t err = rd_kafka_producev(
        s->rk, RD_KAFKA_V_RKT(rkt), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(key, m->key.n), RD_KAFKA_V_VALUE(value, m->value.n), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_OPAQUE(cookie), RD_KAFKA_V_END);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
    return err;
}

static enum haul_err sink_send(struct haul_sink *base, const struct haul_outgoing *m, struct haul_error *e)
{
    struct kafka_sink *s = of(base);
    if (s->waiting + s->ready == s->cap) return haul_fail(e, HAUL_E_AGAIN, "%zu messages are not yet answered", s->cap);
    if (s->broken) {
        if (s->waiting + s->ready > 0)
            return haul_fail(e, HAUL_E_AGAIN, "the producer is being made again: %s", s->why);
        const enum haul_err err = reopen(s, e);
        if (err != HAUL_OK) return err;
    }
    rd_kafka_topic_t *rkt = topic_for(s, m, e);
    if (rkt == NULL) return e != NULL ? e->code : HAUL_E_IO;
    const rd_kafka_resp_err_t err = produce(s, rkt, m);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        s->waiting++;
        s->stats.sent++;
        s->stats.bytes += m->value.n;
        return HAUL_OK;
    }
    if (err == RD_KAFKA_RESP_ERR__FATAL) {
        rd_kafka_fatal_error(s->rk, s->why, sizeof s->why);
        s->broken = true;
        return haul_fail(e, HAUL_E_AGAIN, "the producer is being made again: %s", s->why);
    }
    return haul_fail(e, code_of(err), "sending to %s: %s", rd_kafka_topic_name(rkt), rd_kafka_err2str(err));
}

static void serve(struct kafka_sink *s, int timeout_ms)
{
    if (s->rk != NULL) rd_kafka_poll(s->rk, timeout_ms);
    if (s->broken && s->rk != NULL) close_client(s);
}

static size_t sink_poll(struct haul_sink *base, struct haul_receipt *out, size_t max)
{
    struct kafka_sink *s = of(base);
    serve(s, 0);
    size_t n = 0;
    for (; n < max && s->ready > 0; s->ready--) {
        out[n++] = s->ring[s->head];
        s->head = (s->head + 1) % s->cap;
    }
    return n;
}

static enum haul_err sink_flush(struct haul_sink *base, int timeout_ms, struct haul_error *e)
{
    struct kafka_sink *s = of(base);
    const int64_t until = haul_mono_now().ns + (int64_t)timeout_ms * 1000000;
    serve(s, 0);
    /* not rd_kafka_flush: in 2.0.2 it waits for the callbacks' queue in steps of its own */
    for (int64_t left; s->waiting > 0 && (left = until - haul_mono_now().ns) > 0;) serve(s, left > 10000000 ? 10 : 1);
    if (s->waiting == 0) return HAUL_OK;
    return haul_fail(e, HAUL_E_TIMEOUT, "%zu messages are not answered after %d ms", s->waiting, timeout_ms);
}

static void sink_close(struct haul_sink *base)
{
    struct kafka_sink *s = of(base);
    if (s->rk != NULL) close_client(s);
    free(s->ring);
    free(s);
}

static const struct haul_sink_ops ops = {
    .name = "kafka",
    .send = sink_send,
    .poll = sink_poll,
    .flush = sink_flush,
    .close = sink_close,
};

static bool name_mailboxes(struct kafka_sink *s)
{
    s->topics_len = HAUL_MAILBOX_MAX;
    for (unsigned i = 1; i < HAUL_MAILBOX_MAX; i++) {
        const struct haul_mailbox_row *row = haul_mailbox_row(i);
        if (row != NULL && !haul_kafka_topic(&s->options, s->instance, row->name, s->topics[i].name)) return false;
    }
    return true;
}

enum haul_err haul_kafka_sink_open(const struct haul_kafka_options *o, const char *instance,
                                   const struct haul_kafka_log *log, struct haul_sink **out, struct haul_error *e)
{
    struct kafka_sink *s = calloc(1, sizeof *s);
    assert(s != NULL);
    s->base.ops = &ops;
    s->options = *o;
    if (log != NULL) s->log = *log;
    s->cap = (size_t)o->send_queue;
    s->ring = calloc(s->cap, sizeof *s->ring);
    assert(s->ring != NULL);
    enum haul_err err = HAUL_OK;
    if (snprintf(s->instance, sizeof s->instance, "%s", instance) >= (int)sizeof s->instance || !name_mailboxes(s))
        err = haul_fail(e, HAUL_E_LIMIT, "the names of topics are too long with the instance '%s'", instance);
    if (err == HAUL_OK) err = open_client(s, e);
    if (err == HAUL_OK)
        *out = &s->base;
    else
        sink_close(&s->base);
    return err;
}

void haul_kafka_sink_stats(const struct haul_sink *s, struct haul_kafka_sink_stats *out)
{
    assert(s->ops == &ops);
    *out = ((const struct kafka_sink *)(const void *)s)->stats;
}
