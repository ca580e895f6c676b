/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/blobs.h"

#include "ingest/kafka_conf.h"

#include <stdio.h>
#include <stdlib.h>

#define CHUNK      ((size_t)512 * 1024)
#define CHUNKS_MAX 4096
#define PARTS_MAX  64 /* blobs that are being put together at once */

struct part {
    char name[160]; /* "<what>/<owner>/<hash>" */
    uint32_t chunks, have;
    struct haul_buf *chunk; /* p NULL: not here yet */
};

struct haul_blobs {
    rd_kafka_t *reader, *writer;
    rd_kafka_topic_t *read_topic;
    char topic[HAUL_KAFKA_TOPIC_BYTES];
    const struct haul_kafka_log *log;
    bool started;
    int64_t next;
    struct part part[PARTS_MAX];
    size_t parts;
    int waiting; /* writes not answered */
    rd_kafka_resp_err_t failed;
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    struct haul_blobs *b = opaque;
    (void)rk;
    b->waiting--;
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) b->failed = m->err;
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const struct haul_blobs *b = rd_kafka_opaque(rk);
    if (b->log != NULL) b->log->line(b->log->arg, level, facility, text);
}

static rd_kafka_t *client(struct haul_blobs *b, rd_kafka_type_t type, const struct haul_kafka_options *o,
                          struct haul_error *e)
{
    static const struct kafka_property none[] = {{NULL, NULL}};
    static const struct kafka_property read[] = {
        {"enable.auto.commit", "false"}, {"group.id", "haul-blobs"}, {NULL, NULL}};
    static const struct kafka_property write[] = {{"enable.idempotence", "true"}, {NULL, NULL}};
    rd_kafka_conf_t *conf = kafka_conf_make(o, none, type == RD_KAFKA_CONSUMER ? read : write, e);
    if (conf == NULL) return NULL;
    char why[256];
    rd_kafka_conf_set_opaque(conf, b);
    rd_kafka_conf_set_log_cb(conf, on_log);
    if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof why);
    if (rk == NULL) {
        rd_kafka_conf_destroy(conf);
        haul_fail(e, HAUL_E_INVALID, "kafka: %s", why);
    }
    return rk;
}

enum haul_err haul_blobs_open(const struct haul_kafka_options *o, const char *instance,
                              const struct haul_kafka_log *log, struct haul_blobs **out, struct haul_error *e)
{
    struct haul_blobs *b = calloc(1, sizeof *b);
    assert(b != NULL);
    b->log = log;
    if (!haul_kafka_topic(o, instance, "blobs", b->topic)) {
        free(b);
        return haul_fail(e, HAUL_E_INVALID, "the name of the topic blobs is too long");
    }
    b->reader = client(b, RD_KAFKA_CONSUMER, o, e);
    b->writer = b->reader == NULL ? NULL : client(b, RD_KAFKA_PRODUCER, o, e);
    if (b->writer == NULL) {
        haul_blobs_close(b);
        return HAUL_E_INVALID;
    }
    b->read_topic = rd_kafka_topic_new(b->reader, b->topic, NULL);
    *out = b;
    return HAUL_OK;
}

static void part_free(struct part *p)
{
    for (uint32_t i = 0; i < p->chunks; i++) haul_buf_free(&p->chunk[i]);
    free(p->chunk);
    *p = (struct part){0};
}

void haul_blobs_close(struct haul_blobs *b)
{
    if (b == NULL) return;
    if (b->started) rd_kafka_consume_stop(b->read_topic, 0);
    if (b->read_topic != NULL) rd_kafka_topic_destroy(b->read_topic);
    if (b->writer != NULL) rd_kafka_destroy(b->writer);
    if (b->reader != NULL) rd_kafka_destroy(b->reader);
    for (size_t i = 0; i < b->parts; i++) part_free(&b->part[i]);
    free(b);
}

/* ---- reading ---- */
static struct part *part_of(struct haul_blobs *b, const char *name, uint32_t chunks)
{
    for (size_t i = 0; i < b->parts; i++)
        if (strcmp(b->part[i].name, name) == 0 && b->part[i].chunks == chunks) return &b->part[i];
    if (b->parts == PARTS_MAX) { /* the oldest is given up: its chunks come again when it is stored again */
        part_free(&b->part[0]);
        memmove(&b->part[0], &b->part[1], (--b->parts) * sizeof b->part[0]);
    }
    struct part *p = &b->part[b->parts++];
    *p = (struct part){.chunks = chunks, .chunk = calloc(chunks, sizeof *p->chunk)};
    assert(p->chunk != NULL);
    snprintf(p->name, sizeof p->name, "%s", name);
    return p;
}

static void hand_over(struct haul_blobs *b, struct part *p, haul_blob_fn *fn, void *arg)
{
    char what[32], owner[64], hash[40];
    struct haul_buf all;
    haul_buf_init(&all, 0, CHUNK * CHUNKS_MAX);
    for (uint32_t i = 0; i < p->chunks; i++) haul_buf_put(&all, p->chunk[i].p, p->chunk[i].n);
    if (sscanf(p->name, "%31[^/]/%63[^/]/%39s", what, owner, hash) == 3)
        fn(arg, what, owner, hash, (struct haul_str){(const char *)all.p, all.n});
    haul_buf_free(&all);
    part_free(p);
    const size_t at = (size_t)(p - b->part);
    memmove(p, p + 1, (--b->parts - at) * sizeof *p);
}

static void take(struct haul_blobs *b, const rd_kafka_message_t *m, haul_blob_fn *fn, void *arg)
{
    char key[200], name[160];
    unsigned i, n;
    if (m->key_len == 0 || m->key_len >= sizeof key || m->payload == NULL) return;
    memcpy(key, m->key, m->key_len);
    key[m->key_len] = '\0';
    if (sscanf(key, "%159[^:]:%u/%u", name, &i, &n) != 3 || n == 0 || n > CHUNKS_MAX || i >= n || m->len > CHUNK)
        return;
    struct part *p = part_of(b, name, n);
    if (p->chunk[i].p == NULL) {
        haul_buf_init(&p->chunk[i], m->len == 0 ? 1 : m->len, CHUNK);
        p->have++;
    }
    haul_buf_clear(&p->chunk[i]);
    haul_buf_put(&p->chunk[i], m->payload, m->len);
    if (p->have == p->chunks) hand_over(b, p, fn, arg);
}

static enum haul_err failed(const struct haul_blobs *b, rd_kafka_resp_err_t err, struct haul_error *e)
{
    return haul_fail(e, kafka_err(err), "topic %s: %s", b->topic, rd_kafka_err2str(err));
}

enum haul_err haul_blobs_read(struct haul_blobs *b, int timeout_ms, haul_blob_fn *fn, void *arg, struct haul_error *e)
{
    int64_t low, high;
    const struct haul_mono start = haul_mono_now();
    const rd_kafka_resp_err_t err = kafka_bounds(b->reader, b->topic, 0, timeout_ms, &low, &high);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(b, err, e);
    if (!b->started && rd_kafka_consume_start(b->read_topic, 0, RD_KAFKA_OFFSET_BEGINNING) != 0)
        return failed(b, rd_kafka_last_error(), e);
    b->started = true;
    if (b->next < low) b->next = low;
    while (b->next < high) {
        if ((haul_mono_now().ns - start.ns) / 1000000 > timeout_ms)
            return haul_fail(e, HAUL_E_TIMEOUT, "topic %s: read to offset %lld of %lld in %d ms", b->topic,
                             (long long)b->next, (long long)high, timeout_ms);
        rd_kafka_message_t *m = rd_kafka_consume(b->read_topic, 0, 100);
        if (m == NULL) continue;
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            take(b, m, fn, arg);
            b->next = m->offset + 1;
        } else if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            b->next = high; /* what is missing was compacted away */
        }
        rd_kafka_message_destroy(m);
    }
    return HAUL_OK;
}

/* ---- writing ---- */
enum haul_err haul_blobs_put(struct haul_blobs *b, const char *what, const char *owner, const char *hash,
                             struct haul_str content, int timeout_ms, struct haul_error *e)
{
    const size_t n = content.n == 0 ? 1 : (content.n + CHUNK - 1) / CHUNK;
    if (n > CHUNKS_MAX)
        return haul_fail(e, HAUL_E_LIMIT, "content of %zu bytes is larger than %zu", content.n, CHUNK * CHUNKS_MAX);
    b->failed = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (size_t i = 0; i < n; i++) {
        char key[200];
        const int key_n = snprintf(key, sizeof key, "%s/%s/%s:%zu/%zu", what, owner, hash, i, n);
        const size_t at = i * CHUNK, len = content.n - at < CHUNK ? content.n - at : CHUNK;
        union {
            const char *from;
            char *to;
        } cast = {.from = content.p + at};
        const rd_kafka_resp_err_t err = rd_kafka_producev(
            b->writer, RD_KAFKA_V_TOPIC(b->topic), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(key, (size_t)key_n), RD_KAFKA_V_VALUE(cast.to, len), RD_KAFKA_V_END);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(b, err, e);
        b->waiting++;
    }
    const struct haul_mono start = haul_mono_now();
    while (b->waiting > 0 && (haul_mono_now().ns - start.ns) / 1000000 < timeout_ms) rd_kafka_poll(b->writer, 50);
    if (b->waiting > 0) return haul_fail(e, HAUL_E_TIMEOUT, "topic %s: no answer in %d ms", b->topic, timeout_ms);
    return b->failed == RD_KAFKA_RESP_ERR_NO_ERROR ? HAUL_OK : failed(b, b->failed, e);
}
