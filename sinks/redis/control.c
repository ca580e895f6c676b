/* SPDX-License-Identifier: Apache-2.0 */
#include "sinks/redis/control.h"

#include <stddef.h>

enum form { U64, U32, I64, HEX64, TEXT33, ACKED };

struct field {
    const char *name;
    enum form form;
    size_t offset; /* in struct record */
    bool may_lack; /* older hauls do not write it: then it is zero */
};

#define AT(member)       offsetof(struct record, member), false
#define MAY_LACK(member) offsetof(struct record, member), true

static const struct field fields[] = {
    {"commit", U64, AT(control.commit)},
    {"offset", I64, AT(control.position.offset)},
    {"index", U32, AT(control.position.index)},
    {"step", U64, AT(control.position.step)},
    {"last_offset", I64, AT(control.last_offset)},
    {"last_append_ms", I64, AT(control.last_append_ms)},
    {"last_hash", HEX64, AT(control.last_hash)},
    {"acked", ACKED, 0, false},
    {"checkpoint_generation", U64, AT(control.checkpoint_generation)},
    {"checkpoint_blocks", U32, AT(control.checkpoint_blocks)},
    {"checkpoint_offset", I64, AT(control.checkpoint.offset)},
    {"checkpoint_index", U32, AT(control.checkpoint.index)},
    {"checkpoint_step", U64, AT(control.checkpoint.step)},
    {"checkpoint_bytes", U64, AT(control.checkpoint_bytes)},
    {"checkpoint_hash", HEX64, AT(control.checkpoint_hash)},
    {"checkpoint_writing", U64, AT(control.checkpoint_writing)},
    {"checkpoint_writing_blocks", U32, AT(control.checkpoint_writing_blocks)},
    {"incarnation", U64, AT(control.incarnation)},
    {"genesis_offset", I64, AT(control.genesis_offset)},
    {"silent_until", I64, AT(control.silent_until)},
    {"partitions", U32, AT(control.partitions)},
    {"placed_from", I64, MAY_LACK(control.placed_from)},
    {"answer_version", U32, AT(control.answer_version)},
    {"options_version", U32, AT(control.options_version)},
    {"options_hash", TEXT33, AT(control.options_hash)},
    {"genesis_options", TEXT33, AT(control.genesis_options)},
    {"content_0_hash", TEXT33, AT(control.content_hash[0])},
    {"content_0_version", U32, AT(control.content_version[0])},
    {"content_1_hash", TEXT33, AT(control.content_hash[1])},
    {"content_1_version", U32, AT(control.content_version[1])},
};
#define FIELDS (sizeof fields / sizeof fields[0])

static const char hex[] = "0123456789abcdef";

static const void *at(const struct record *r, const struct field *f)
{
    return (const uint8_t *)r + f->offset;
}

/* ---- writing ---- */

static void write_value(struct haul_buf *out, const struct field *f, const struct record *r)
{
    switch (f->form) {
    case U64:
        haul_buf_u64(out, *(const uint64_t *)at(r, f));
        break;
    case U32:
        haul_buf_u64(out, *(const uint32_t *)at(r, f));
        break;
    case I64:
        haul_buf_i64(out, *(const int64_t *)at(r, f));
        break;
    case HEX64:
        for (int shift = 60; shift >= 0; shift -= 4)
            haul_buf_byte(out, (uint8_t) "0123456789abcdef"[*(const uint64_t *)at(r, f) >> shift & 15]);
        break;
    case TEXT33:
        haul_buf_str(out, haul_str_of(at(r, f)));
        break;
    case ACKED:
        for (uint32_t i = 0; i < r->control.acked_len; i++) {
            if (i > 0) haul_buf_byte(out, ',');
            haul_buf_u64(out, r->control.acked[i]);
        }
        break;
    }
}

static bool same(const struct field *f, const struct record *a, const struct record *b)
{
    switch (f->form) {
    case U64:
    case I64:
    case HEX64:
        return memcmp(at(a, f), at(b, f), 8) == 0;
    case U32:
        return memcmp(at(a, f), at(b, f), 4) == 0;
    case TEXT33:
        return strcmp(at(a, f), at(b, f)) == 0;
    case ACKED:
        return a->control.acked_len == b->control.acked_len &&
               memcmp(a->control.acked, b->control.acked, a->control.acked_len * sizeof a->control.acked[0]) == 0;
    }
    return false;
}

void record_write(struct haul_buf *out, struct haul_str key, const struct record *known, const struct record *next,
                  const char *owner)
{
    size_t n = 0;
    bool differs[FIELDS];
    for (size_t i = 0; i < FIELDS; i++) n += differs[i] = known == NULL || !same(&fields[i], known, next);
    resp_command(out, 2 + 2 * (n + (owner != NULL) + (known == NULL)));
    resp_word(out, HAUL_STR("HSET"));
    resp_word(out, key);
    if (owner != NULL) {
        resp_word(out, HAUL_STR("owner"));
        resp_word(out, haul_str_of(owner));
    }
    uint8_t text[HAUL_CHANNELS_MAX * 21 + 64];
    for (size_t i = 0; i < FIELDS; i++) {
        if (!differs[i]) continue;
        struct haul_buf value = {.p = text, .cap = sizeof text, .max = sizeof text};
        write_value(&value, &fields[i], next);
        assert(!value.overflow);
        resp_word(out, haul_str_of(fields[i].name));
        resp_word(out, (struct haul_str){(const char *)text, value.n});
    }
    if (known == NULL) {
        resp_word(out, HAUL_STR("format"));
        resp_u64(out, CONTROL_FORMAT);
    }
}

/* ---- reading ---- */

static bool read_u64(struct haul_str *s, uint64_t *out, uint64_t max)
{
    size_t n = 0;
    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9') n++;
    const struct haul_redis_value v = {.type = HAUL_REDIS_STRING, .str = {s->p, n}};
    if (!resp_number(&v, out) || *out > max) return false;
    s->p += n, s->n -= n;
    return true;
}

static bool read_i64(struct haul_str *s, int64_t *out)
{
    const bool minus = s->n > 0 && s->p[0] == '-';
    if (minus) s->p++, s->n--;
    uint64_t n;
    if (!read_u64(s, &n, minus ? (uint64_t)INT64_MAX + 1 : INT64_MAX)) return false;
    *out = minus ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

static bool read_hex(struct haul_str *s, uint64_t *out)
{
    if (s->n != 16) return false;
    *out = 0;
    for (size_t i = 0; i < 16; i++) {
        const char *digit = memchr(hex, s->p[i], 16);
        if (digit == NULL) return false;
        *out = *out << 4 | (uint64_t)(digit - hex);
    }
    s->n = 0;
    return true;
}

static bool read_text(struct haul_str *s, char out[33])
{
    if (s->n > 32 || (s->n > 0 && memchr(s->p, '\0', s->n) != NULL)) return false;
    if (s->n > 0) memcpy(out, s->p, s->n);
    out[s->n] = '\0';
    s->n = 0;
    return true;
}

static bool skip(struct haul_str *s, char c)
{
    if (s->n == 0 || s->p[0] != c) return false;
    s->p++, s->n--;
    return true;
}

static bool read_acked(struct haul_str *s, struct haul_control *c)
{
    c->acked_len = 0;
    while (s->n > 0) {
        if (c->acked_len == HAUL_CHANNELS_MAX || (c->acked_len > 0 && !skip(s, ','))) return false;
        if (!read_u64(s, &c->acked[c->acked_len++], UINT64_MAX)) return false;
    }
    return true;
}

static bool read_value(const struct field *f, struct haul_str s, struct record *r)
{
    void *to = (uint8_t *)r + f->offset;
    uint64_t n = 0;
    bool good = false;
    switch (f->form) {
    case U64:
        good = read_u64(&s, to, UINT64_MAX);
        break;
    case U32:
        good = read_u64(&s, &n, UINT32_MAX);
        if (good) *(uint32_t *)to = (uint32_t)n;
        break;
    case I64:
        good = read_i64(&s, to);
        break;
    case HEX64:
        good = read_hex(&s, to);
        break;
    case TEXT33:
        good = read_text(&s, to);
        break;
    case ACKED:
        good = read_acked(&s, &r->control);
        break;
    }
    return good && s.n == 0;
}

static const struct haul_redis_value *lookup(const struct haul_redis_value *v, const char *name)
{
    for (size_t i = 0; i + 1 < v->len; i += 2)
        if (resp_is(v->items[i], name)) return v->items[i + 1]->type == HAUL_REDIS_STRING ? v->items[i + 1] : NULL;
    return NULL;
}

enum haul_err record_read(const struct haul_redis_value *v, struct record *out, char owner[NONCE_TEXT], bool *exists,
                          struct haul_error *e)
{
    *out = (struct record){0};
    owner[0] = '\0';
    *exists = false;
    if (v->type != HAUL_REDIS_ARRAY) return haul_fail(e, HAUL_E_CORRUPT, "the control key is not a hash");
    if (v->len == 0) return HAUL_OK;
    const struct haul_redis_value *format = lookup(v, "format"), *who = lookup(v, "owner");
    uint64_t version;
    if (format == NULL || !resp_number(format, &version))
        return haul_fail(e, HAUL_E_CORRUPT, "the control key has no field 'format'");
    if (version != CONTROL_FORMAT)
        return haul_fail(e, HAUL_E_VERSION, "the control key has format %llu, this haul reads %d",
                         (unsigned long long)version, CONTROL_FORMAT);
    struct haul_str text = who == NULL ? HAUL_STR("") : who->str;
    if (!read_text(&text, owner))
        return haul_fail(e, HAUL_E_CORRUPT, "field 'owner' of the control key is not a nonce");
    for (size_t i = 0; i < FIELDS; i++) {
        const struct haul_redis_value *value = lookup(v, fields[i].name);
        if (value == NULL && fields[i].may_lack) continue;
        if (value == NULL || !read_value(&fields[i], value->str, out))
            return haul_fail(e, HAUL_E_CORRUPT, "field '%s' of the control key is missing or cannot be read",
                             fields[i].name);
    }
    *exists = true;
    return HAUL_OK;
}
