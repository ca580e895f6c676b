/* SPDX-License-Identifier: Apache-2.0
 * Reads recordings. Nothing in the file is believed before its checksum fits, and no length before it lies inside what
 * is there.
 */
#include "ingest/recording.h"

#include "haul/hash.h"
#include "haul/recording.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

struct named {
    char *name;
    uint32_t partitions;
    uint64_t frame; /* in which it was named */
};

struct haul_recording {
    FILE *file;
    char *name;
    ZSTD_DCtx *zstd;
    struct haul_time made;
    struct haul_buf packed, content;
    size_t at;         /* in the content */
    uint32_t left;     /* messages of the frame to come */
    uint64_t position; /* of the frame's end in the file */
    uint64_t frame, messages;
    struct named *topics; /* HAUL_RECORDING_TOPICS_MAX */
    struct haul_header *headers;
    size_t headers_cap;
    struct haul_buf names; /* of headers, NUL-terminated */
    bool ended;
    char torn[400];
};

/* ---- frames -------------------------------------------------------------------------------------------------------
 */
static enum haul_err corrupt(const struct haul_recording *r, uint64_t at, const char *what, struct haul_error *e)
{
    return haul_fail(e, HAUL_E_CORRUPT, "%s: %s at byte %llu", r->name, what, (unsigned long long)at);
}

/* Reads exactly n bytes, or says how many there were. */
static enum haul_err take(struct haul_recording *r, uint8_t *to, size_t n, size_t *got, struct haul_error *e)
{
    *got = fread(to, 1, n, r->file);
    if (*got < n && ferror(r->file) != 0) return haul_fail(e, HAUL_E_IO, "%s: %s", r->name, strerror(errno));
    return HAUL_OK;
}

static enum haul_err tear(struct haul_recording *r, size_t rest)
{
    snprintf(r->torn, sizeof r->torn,
             "%.200s was cut off: it was read up to byte %llu (%llu messages); %zu bytes behind are part of a frame",
             r->name, (unsigned long long)r->position, (unsigned long long)r->messages, rest);
    r->ended = true;
    return HAUL_E_END;
}

/* True when nothing follows in the file. */
static bool at_end(struct haul_recording *r)
{
    const int c = getc(r->file);
    if (c == EOF) return true;
    ungetc(c, r->file);
    return false;
}

static enum haul_err inflate(struct haul_recording *r, size_t raw, struct haul_error *e)
{
    haul_buf_clear(&r->content);
    uint8_t *to = haul_buf_reserve(&r->content, raw);
    if (to == NULL) return haul_fail(e, HAUL_E_NOMEM, "%s: no memory for a frame of %zu bytes", r->name, raw);
    const size_t n = ZSTD_decompressDCtx(r->zstd, to, raw, r->packed.p, r->packed.n);
    if (ZSTD_isError(n) != 0 || n != raw) return corrupt(r, r->position, "a frame that zstd does not read", e);
    r->content.n = n;
    r->at = 0;
    return HAUL_OK;
}

/* What stands behind the frame's header: its compressed bytes. */
static enum haul_err read_content(struct haul_recording *r, const uint8_t h[FRAME_HEADER], struct haul_error *e)
{
    const size_t raw = get_u32(h + 4), packed = get_u32(h + 8);
    size_t got;
    if (raw > FRAME_MAX || packed > ZSTD_compressBound(FRAME_MAX)) return corrupt(r, r->position, "a frame's size", e);
    haul_buf_clear(&r->packed);
    uint8_t *to = haul_buf_reserve(&r->packed, packed);
    if (to == NULL) return haul_fail(e, HAUL_E_NOMEM, "%s: no memory for a frame of %zu bytes", r->name, packed);
    enum haul_err err = take(r, to, packed, &got, e);
    if (err != HAUL_OK) return err;
    if (got < packed) return tear(r, FRAME_HEADER + got);
    r->packed.n = packed;
    if (haul_xxh3(to, packed) != get_u64(h + 16)) {
        /* the last pages of a file that a crash cut off may hold anything */
        if (at_end(r)) return tear(r, FRAME_HEADER + packed);
        return corrupt(r, r->position, "a frame whose checksum does not fit", e);
    }
    err = inflate(r, raw, e);
    r->position += FRAME_HEADER + packed;
    r->left = get_u32(h + 12);
    r->frame++;
    return err;
}

static enum haul_err read_frame(struct haul_recording *r, struct haul_error *e)
{
    uint8_t h[FRAME_HEADER];
    size_t got;
    const enum haul_err err = take(r, h, sizeof h, &got, e);
    if (err != HAUL_OK) return err;
    if (got < sizeof h) return tear(r, got);
    const uint32_t magic = get_u32(h);
    if (haul_xxh3(h, 24) != get_u64(h + 24) || (magic != FRAME_MAGIC && magic != FRAME_END)) {
        if (at_end(r)) return tear(r, got);
        return corrupt(r, r->position, "what is no frame", e);
    }
    if (magic == FRAME_MAGIC) return read_content(r, h, e);
    r->ended = true;
    return at_end(r) ? HAUL_E_END : corrupt(r, r->position + FRAME_HEADER, "something behind the end", e);
}

/* ---- entries ------------------------------------------------------------------------------------------------------
 */
/* A view of n bytes of the content; moves on. False: they are not there. */
static bool view(struct haul_recording *r, size_t n, const uint8_t **out)
{
    if (r->content.n - r->at < n) return false;
    *out = r->content.p + r->at;
    r->at += n;
    return true;
}

static bool view_nullable(struct haul_recording *r, uint32_t n, struct haul_str *out)
{
    const uint8_t *p = NULL;
    *out = (struct haul_str){NULL, 0};
    if (n == NULL_LENGTH) return true;
    if (!view(r, n, &p)) return false;
    *out = (struct haul_str){(const char *)p, n};
    return true;
}

static bool read_topic(struct haul_recording *r)
{
    const uint8_t *p, *name;
    if (!view(r, TOPIC_FIXED, &p)) return false;
    const size_t number = get_u16(p + 1), n = get_u16(p + 3);
    if (number >= HAUL_RECORDING_TOPICS_MAX || n == 0 || !view(r, n, &name) || memchr(name, '\0', n) != NULL)
        return false;
    struct named *t = &r->topics[number];
    if (t->name == NULL || strlen(t->name) != n || memcmp(t->name, name, n) != 0) {
        free(t->name);
        t->name = strndup((const char *)name, n);
        assert(t->name != NULL);
    }
    t->partitions = get_u32(p + 5);
    t->frame = r->frame;
    return true;
}

static bool room_for_headers(struct haul_recording *r, size_t n)
{
    if (n <= r->headers_cap) return true;
    struct haul_header *more = reallocarray(r->headers, n, sizeof *more);
    if (more == NULL) return false;
    r->headers = more;
    r->headers_cap = n;
    return true;
}

/* Names are copied to end with a NUL, values stay where they are. Names first by their place: the copy may move. */
static bool read_headers(struct haul_recording *r, size_t count)
{
    if (count * HEADER_FIXED > r->content.n - r->at || !room_for_headers(r, count)) return false;
    haul_buf_clear(&r->names);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p, *name;
        if (!view(r, HEADER_FIXED, &p)) return false;
        const size_t n = get_u16(p);
        if (!view(r, n, &name) || (n > 0 && memchr(name, '\0', n) != NULL)) return false;
        if (!view_nullable(r, get_u32(p + 2), &r->headers[i].value)) return false;
        haul_buf_put(&r->names, name, n);
        haul_buf_byte(&r->names, 0);
    }
    if (r->names.overflow) return false;
    const char *at = (const char *)r->names.p;
    for (size_t i = 0; i < count; i++, at += strlen(at) + 1) r->headers[i].name = at;
    return true;
}

static bool read_message(struct haul_recording *r, struct haul_recorded *out)
{
    const uint8_t *p;
    if (!view(r, MESSAGE_FIXED, &p)) return false;
    const size_t number = get_u16(p + 2), headers = get_u16(p + 32);
    if (p[1] > HAUL_STAMP_APPEND || number >= HAUL_RECORDING_TOPICS_MAX || r->topics[number].frame != r->frame)
        return false;
    *out = (struct haul_recorded){.topic = r->topics[number].name,
                                  .partitions = r->topics[number].partitions,
                                  .partition = get_u32(p + 4),
                                  .offset = (int64_t)get_u64(p + 8),
                                  .time = {(int64_t)get_u64(p + 16)},
                                  .stamp = (enum haul_stamp)p[1]};
    if (out->offset < 0 || !view_nullable(r, get_u32(p + 24), &out->key) ||
        !view_nullable(r, get_u32(p + 28), &out->value) || !read_headers(r, headers))
        return false;
    out->headers = r->headers;
    out->headers_len = headers;
    return true;
}

enum haul_err haul_recording_next(struct haul_recording *r, struct haul_recorded *out, struct haul_error *e)
{
    while (!r->ended) {
        if (r->at == r->content.n) {
            const enum haul_err err = r->left == 0 ? read_frame(r, e) : corrupt(r, r->position, "a frame's count", e);
            if (err == HAUL_E_END) return haul_fail(e, err, "%s: no more messages", r->name);
            if (err != HAUL_OK) return r->ended = true, err;
            continue;
        }
        const uint8_t entry = r->content.p[r->at];
        const bool message = entry == ENTRY_MESSAGE && r->left > 0;
        if (message ? !read_message(r, out) : entry != ENTRY_TOPIC || !read_topic(r)) {
            r->ended = true;
            return corrupt(r, r->position, "an entry of the frame that ends", e);
        }
        if (!message) continue;
        r->left--;
        r->messages++;
        return HAUL_OK;
    }
    return haul_fail(e, HAUL_E_END, "%s: no more messages", r->name);
}

/* ---- opening ------------------------------------------------------------------------------------------------------
 */
static enum haul_err read_file_header(struct haul_recording *r, struct haul_error *e)
{
    uint8_t h[RECORDING_HEADER];
    size_t got;
    const enum haul_err err = take(r, h, sizeof h, &got, e);
    if (err != HAUL_OK) return err;
    if (got < sizeof h || memcmp(h, RECORDING_MAGIC, 8) != 0)
        return haul_fail(e, HAUL_E_INVALID, "%s is not a recording", r->name);
    if (haul_xxh3(h, 24) != get_u64(h + 24)) return corrupt(r, 0, "a header whose checksum does not fit", e);
    if (get_u32(h + 8) != RECORDING_VERSION)
        return haul_fail(e, HAUL_E_VERSION, "%s is of version %u; this program reads %u", r->name, get_u32(h + 8),
                         RECORDING_VERSION);
    r->made.ms = (int64_t)get_u64(h + 16);
    r->position = RECORDING_HEADER;
    return HAUL_OK;
}

enum haul_err haul_recording_read(FILE *stream, const char *name, struct haul_recording **out, struct haul_error *e)
{
    struct haul_recording *r = calloc(1, sizeof *r);
    assert(r != NULL);
    r->file = stream;
    r->name = strdup(name);
    r->zstd = ZSTD_createDCtx();
    r->topics = calloc(HAUL_RECORDING_TOPICS_MAX, sizeof *r->topics);
    assert(r->name != NULL && r->zstd != NULL && r->topics != NULL);
    haul_buf_init(&r->packed, 0, ZSTD_compressBound(FRAME_MAX));
    haul_buf_init(&r->content, 0, FRAME_MAX);
    haul_buf_init(&r->names, 0, FRAME_MAX);
    const enum haul_err err = read_file_header(r, e);
    if (err == HAUL_OK)
        *out = r;
    else
        haul_recording_close(r);
    return err;
}

enum haul_err haul_recording_open(const char *path, struct haul_recording **out, struct haul_error *e)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return haul_fail(e, errno == ENOENT ? HAUL_E_NOT_FOUND : HAUL_E_IO, "%s: %s", path, strerror(errno));
    return haul_recording_read(file, path, out, e);
}

enum haul_err haul_recording_rewind(struct haul_recording *r, struct haul_error *e)
{
    if (fseek(r->file, RECORDING_HEADER, SEEK_SET) != 0)
        return haul_fail(e, HAUL_E_IO, "%s: %s", r->name, strerror(errno));
    haul_buf_clear(&r->content);
    r->at = r->left = 0;
    r->position = RECORDING_HEADER;
    r->messages = 0;
    r->frame++; /* what was named before is not named in a frame to come */
    r->ended = false;
    r->torn[0] = '\0';
    return HAUL_OK;
}

const char *haul_recording_torn(const struct haul_recording *r)
{
    return r->torn[0] == '\0' ? NULL : r->torn;
}

struct haul_time haul_recording_made(const struct haul_recording *r)
{
    return r->made;
}

void haul_recording_close(struct haul_recording *r)
{
    fclose(r->file);
    for (size_t i = 0; i < HAUL_RECORDING_TOPICS_MAX; i++) free(r->topics[i].name);
    free(r->topics);
    free(r->headers);
    haul_buf_free(&r->packed);
    haul_buf_free(&r->content);
    haul_buf_free(&r->names);
    ZSTD_freeDCtx(r->zstd);
    free(r->name);
    free(r);
}
