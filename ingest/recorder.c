/* SPDX-License-Identifier: Apache-2.0
 * Writes recordings.
 */
#include "haul/hash.h"
#include "haul/recording.h"
#include "ingest/recording.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

struct named {
    char *name;
    uint32_t partitions;
    uint64_t frame; /* in which it was named last */
};

struct haul_recorder {
    FILE *file;
    char *path;
    ZSTD_CCtx *zstd;
    struct haul_buf content, packed;
    uint32_t messages; /* in the content */
    uint64_t frame, bytes;
    struct named topics[HAUL_RECORDING_TOPICS_MAX];
    size_t topics_len, last;
};

static enum haul_err put(struct haul_recorder *r, const void *bytes, size_t n, struct haul_error *e)
{
    if (n > 0 && fwrite(bytes, 1, n, r->file) != n) return haul_fail(e, HAUL_E_IO, "%s: %s", r->path, strerror(errno));
    r->bytes += n;
    return HAUL_OK;
}

static enum haul_err put_file_header(struct haul_recorder *r, struct haul_time now, struct haul_error *e)
{
    uint8_t h[RECORDING_HEADER];
    memcpy(h, RECORDING_MAGIC, 8);
    put_u32(h + 8, RECORDING_VERSION);
    put_u32(h + 12, 0);
    put_u64(h + 16, (uint64_t)now.ms);
    put_u64(h + 24, haul_xxh3(h, 24));
    return put(r, h, sizeof h, e);
}

static enum haul_err put_frame(struct haul_recorder *r, uint32_t magic, struct haul_error *e)
{
    uint8_t h[FRAME_HEADER];
    put_u32(h, magic);
    put_u32(h + 4, (uint32_t)r->content.n);
    put_u32(h + 8, (uint32_t)r->packed.n);
    put_u32(h + 12, r->messages);
    put_u64(h + 16, haul_xxh3(r->packed.p, r->packed.n));
    put_u64(h + 24, haul_xxh3(h, 24));
    const enum haul_err err = put(r, h, sizeof h, e);
    return err != HAUL_OK ? err : put(r, r->packed.p, r->packed.n, e);
}

enum haul_err haul_recorder_open(const char *path, int level, struct haul_time now, struct haul_recorder **out,
                                 struct haul_error *e)
{
    FILE *file = fopen(path, "wxe");
    if (file == NULL)
        return haul_fail(e, errno == EEXIST ? HAUL_E_DUPLICATE : HAUL_E_IO, "%s: %s", path, strerror(errno));
    struct haul_recorder *r = calloc(1, sizeof *r);
    assert(r != NULL);
    r->file = file;
    r->path = strdup(path);
    r->zstd = ZSTD_createCCtx();
    assert(r->path != NULL && r->zstd != NULL);
    ZSTD_CCtx_setParameter(r->zstd, ZSTD_c_compressionLevel, level);
    haul_buf_init(&r->content, FRAME_FILL, FRAME_MAX);
    haul_buf_init(&r->packed, ZSTD_compressBound(FRAME_FILL), ZSTD_compressBound(FRAME_MAX));
    r->frame = 1;
    const enum haul_err err = put_file_header(r, now, e);
    if (err == HAUL_OK)
        *out = r;
    else
        haul_recorder_close(r, NULL);
    return err;
}

enum haul_err haul_recorder_flush(struct haul_recorder *r, struct haul_error *e)
{
    if (r->messages == 0) return HAUL_OK;
    haul_buf_clear(&r->packed);
    uint8_t *to = haul_buf_reserve(&r->packed, ZSTD_compressBound(r->content.n));
    assert(to != NULL);
    const size_t n = ZSTD_compress2(r->zstd, to, ZSTD_compressBound(r->content.n), r->content.p, r->content.n);
    if (ZSTD_isError(n) != 0) return haul_fail(e, HAUL_E_NOMEM, "%s: zstd: %s", r->path, ZSTD_getErrorName(n));
    r->packed.n = n;
    const enum haul_err err = put_frame(r, FRAME_MAGIC, e);
    if (err != HAUL_OK) return err;
    if (fflush(r->file) != 0) return haul_fail(e, HAUL_E_IO, "%s: %s", r->path, strerror(errno));
    haul_buf_clear(&r->content);
    r->messages = 0;
    r->frame++;
    return HAUL_OK;
}

/* The topic's number; it is named in this frame from here on. */
static bool name_topic(struct haul_recorder *r, const struct haul_recorded *m, uint16_t *number)
{
    size_t i = r->last;
    if (i >= r->topics_len || strcmp(r->topics[i].name, m->topic) != 0)
        for (i = 0; i < r->topics_len && strcmp(r->topics[i].name, m->topic) != 0;) i++;
    const size_t n = strlen(m->topic);
    if (i == r->topics_len) {
        if (i == HAUL_RECORDING_TOPICS_MAX || n > UINT16_MAX) return false;
        r->topics[i] = (struct named){.name = strdup(m->topic)};
        assert(r->topics[i].name != NULL);
        r->topics_len++;
    }
    struct named *t = &r->topics[i];
    r->last = i;
    *number = (uint16_t)i;
    if (t->frame == r->frame && t->partitions == m->partitions) return true;
    t->frame = r->frame;
    t->partitions = m->partitions;
    uint8_t fixed[TOPIC_FIXED] = {ENTRY_TOPIC};
    put_u16(fixed + 1, (uint16_t)i);
    put_u16(fixed + 3, (uint16_t)n);
    put_u32(fixed + 5, m->partitions);
    haul_buf_put(&r->content, fixed, sizeof fixed);
    haul_buf_put(&r->content, m->topic, n);
    return true;
}

static uint32_t length(struct haul_str s)
{
    return s.p == NULL ? NULL_LENGTH : (uint32_t)s.n;
}

/* Bytes of the message in a frame; beyond the maximum when it cannot be written. */
static size_t measure(const struct haul_recorded *m)
{
    const size_t none = HAUL_RECORDING_MESSAGE_MAX + 1;
    if (m->headers_len > UINT16_MAX || m->key.n > HAUL_RECORDING_MESSAGE_MAX) return none;
    if (m->value.n > HAUL_RECORDING_MESSAGE_MAX) return none;
    size_t n = MESSAGE_FIXED + m->key.n + m->value.n;
    for (size_t i = 0; i < m->headers_len && n < none; i++) {
        const size_t name = strlen(m->headers[i].name), value = m->headers[i].value.n;
        if (name > UINT16_MAX || value > HAUL_RECORDING_MESSAGE_MAX) return none;
        n += HEADER_FIXED + name + value;
    }
    return n;
}

static void put_message(struct haul_buf *to, const struct haul_recorded *m, uint16_t topic)
{
    uint8_t fixed[MESSAGE_FIXED] = {ENTRY_MESSAGE, (uint8_t)m->stamp};
    put_u16(fixed + 2, topic);
    put_u32(fixed + 4, m->partition);
    put_u64(fixed + 8, (uint64_t)m->offset);
    put_u64(fixed + 16, (uint64_t)m->time.ms);
    put_u32(fixed + 24, length(m->key));
    put_u32(fixed + 28, length(m->value));
    put_u16(fixed + 32, (uint16_t)m->headers_len);
    haul_buf_put(to, fixed, sizeof fixed);
    haul_buf_put(to, m->key.p, m->key.n);
    haul_buf_put(to, m->value.p, m->value.n);
    for (size_t i = 0; i < m->headers_len; i++) {
        uint8_t lengths[HEADER_FIXED];
        const size_t name = strlen(m->headers[i].name);
        put_u16(lengths, (uint16_t)name);
        put_u32(lengths + 2, length(m->headers[i].value));
        haul_buf_put(to, lengths, sizeof lengths);
        haul_buf_put(to, m->headers[i].name, name);
        haul_buf_put(to, m->headers[i].value.p, m->headers[i].value.n);
    }
}

enum haul_err haul_recorder_add(struct haul_recorder *r, const struct haul_recorded *m, struct haul_error *e)
{
    uint16_t topic;
    if (measure(m) > HAUL_RECORDING_MESSAGE_MAX)
        return haul_fail(e, HAUL_E_LIMIT, "%s/%u offset %lld is larger than a recording holds", m->topic, m->partition,
                         (long long)m->offset);
    if (r->content.n >= FRAME_FILL) {
        const enum haul_err err = haul_recorder_flush(r, e);
        if (err != HAUL_OK) return err;
    }
    if (!name_topic(r, m, &topic))
        return haul_fail(e, HAUL_E_LIMIT, "topic %.80s: more than %d topics, or a name that is too long", m->topic,
                         HAUL_RECORDING_TOPICS_MAX);
    put_message(&r->content, m, topic);
    assert(!r->content.overflow);
    r->messages++;
    return HAUL_OK;
}

uint64_t haul_recorder_bytes(const struct haul_recorder *r)
{
    return r->bytes;
}

enum haul_err haul_recorder_close(struct haul_recorder *r, struct haul_error *e)
{
    enum haul_err err = haul_recorder_flush(r, e);
    haul_buf_clear(&r->content);
    haul_buf_clear(&r->packed);
    r->messages = 0;
    if (err == HAUL_OK) err = put_frame(r, FRAME_END, e);
    if (err == HAUL_OK && (fflush(r->file) != 0 || fsync(fileno(r->file)) != 0))
        err = haul_fail(e, HAUL_E_IO, "%s: %s", r->path, strerror(errno));
    if (fclose(r->file) != 0 && err == HAUL_OK) err = haul_fail(e, HAUL_E_IO, "%s: %s", r->path, strerror(errno));
    for (size_t i = 0; i < r->topics_len; i++) free(r->topics[i].name);
    haul_buf_free(&r->content);
    haul_buf_free(&r->packed);
    ZSTD_freeCCtx(r->zstd);
    free(r->path);
    free(r);
    return err;
}
