/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 * Writes one JSON document into a buffer: views, logs, schema. Numbers are written from integers, so the same value
 * gives the same bytes on every machine. Commas are the writer's; the caller opens and closes. No allocation beyond the
 * buffer's.
 */
#ifndef HAUL_JSON_H
#define HAUL_JSON_H

#include "haul/buf.h"
#include "haul/time.h"

struct haul_json {
    struct haul_buf *out;
    bool comma; /* the next value needs one before it */
};

void haul_json_begin(struct haul_json *j, struct haul_buf *out);
void haul_json_open(struct haul_json *j, char bracket);  /* '{' or '[' */
void haul_json_close(struct haul_json *j, char bracket); /* '}' or ']' */
/* Names are literals in haul's own code: they are not escaped. Inline, so that a literal's length and copy are known
 * when compiling. */
static inline __attribute__((always_inline)) void haul_json_name(struct haul_json *j, const char *name)
{
    const size_t n = strlen(name);
    uint8_t *to = haul_buf_reserve(j->out, n + 4);
    if (to == NULL) return;
    const size_t comma = j->comma ? 1 : 0;
    to[0] = ',';
    to[comma] = '"';
    memcpy(to + comma + 1, name, n);
    to[comma + 1 + n] = '"';
    to[comma + 2 + n] = ':';
    j->out->n += comma + 3 + n;
    j->comma = false;
}
/* Strings: control characters, quotes, backslashes escaped; invalid UTF-8 becomes U+FFFD. */
void haul_json_str(struct haul_json *j, struct haul_str s);
void haul_json_i64(struct haul_json *j, int64_t v);
void haul_json_u64(struct haul_json *j, uint64_t v);
/* Rounded to `decimals` (0..9), trailing zeros dropped; null when not finite or |v| >= 1e15. */
void haul_json_f64(struct haul_json *j, double v, int decimals);
void haul_json_bool(struct haul_json *j, bool v);
void haul_json_null(struct haul_json *j);
void haul_json_time(struct haul_json *j, struct haul_time t);  /* ISO text, or null for HAUL_TIME_NONE */
void haul_json_raw(struct haul_json *j, struct haul_str json); /* already JSON */

/* Name and value at once. */
static inline __attribute__((always_inline)) void haul_json_kstr(struct haul_json *j, const char *k, struct haul_str v)
{
    haul_json_name(j, k), haul_json_str(j, v);
}
static inline __attribute__((always_inline)) void haul_json_ku64(struct haul_json *j, const char *k, uint64_t v)
{
    haul_json_name(j, k), haul_json_u64(j, v);
}
static inline __attribute__((always_inline)) void haul_json_ki64(struct haul_json *j, const char *k, int64_t v)
{
    haul_json_name(j, k), haul_json_i64(j, v);
}
static inline __attribute__((always_inline)) void haul_json_kf64(struct haul_json *j, const char *k, double v, int d)
{
    haul_json_name(j, k), haul_json_f64(j, v, d);
}
static inline __attribute__((always_inline)) void haul_json_kbool(struct haul_json *j, const char *k, bool v)
{
    haul_json_name(j, k), haul_json_bool(j, v);
}
static inline __attribute__((always_inline)) void haul_json_ktime(struct haul_json *j, const char *k,
                                                                  struct haul_time v)
{
    haul_json_name(j, k), haul_json_time(j, v);
}

/* Length of the valid UTF-8 sequence at p (1..4), or 0: overlong forms, surrogates and values above U+10FFFF are
 * invalid. */
size_t haul_utf8_len(const uint8_t *p, const uint8_t *end);
bool haul_utf8_valid(struct haul_str s);

#endif
