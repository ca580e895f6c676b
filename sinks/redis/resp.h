/* SPDX-License-Identifier: Apache-2.0
 * Redis' protocol: requests written by hand into a buffer, replies read by hiredis' parser into an arena. One thread.
 */
#ifndef HAUL_SINKS_REDIS_RESP_H
#define HAUL_SINKS_REDIS_RESP_H

#include "haul/buf.h"
#include "haul/redis_store.h"

/* ---- requests: a command is its number of words, then the words ---- */
void resp_command(struct haul_buf *out, size_t words);
void resp_word(struct haul_buf *out, struct haul_str word);
void resp_u64(struct haul_buf *out, uint64_t value);
void resp_i64(struct haul_buf *out, int64_t value);
/* Two or three words that are one: prefix and key, "x-y". */
void resp_joined(struct haul_buf *out, struct haul_str a, struct haul_str b);
/* Key (prefix and rest) and document: what MSET takes a pair at a time. The hot path. */
void resp_pair(struct haul_buf *out, struct haul_str prefix, struct haul_str key, struct haul_str document);

/* A command whose words are all short: resp_line(out, HAUL_STR("PING"), …). */
#define RESP_LINE(out, ...)                                                                                            \
    resp_words((out), (const struct haul_str[]){__VA_ARGS__},                                                          \
               sizeof((const struct haul_str[]){__VA_ARGS__}) / sizeof(struct haul_str))
void resp_words(struct haul_buf *out, const struct haul_str *words, size_t n);

/* ---- replies ---- */
#define RESP_REPLY_BYTES_MAX    ((size_t)64 << 20) /* of one reply, held while it is read */
#define RESP_REPLY_ELEMENTS_MAX ((int)1 << 20)     /* of one array */

struct resp_reader;
struct resp_reader *resp_reader_open(void);
void resp_reader_close(struct resp_reader *r);
void resp_reader_reset(struct resp_reader *r); /* a new connection */
/* CORRUPT: the bytes are not Redis' protocol. LIMIT: a reply above the maximum. */
enum haul_err resp_reader_feed(struct resp_reader *r, const uint8_t *bytes, size_t n, struct haul_error *e);
/* OK: *out is the next reply, valid until the next call. AGAIN: more bytes are needed. CORRUPT, LIMIT: as above; the
 * reader must be reset. */
enum haul_err resp_reader_next(struct resp_reader *r, const struct haul_redis_value **out, struct haul_error *e);

/* Where `what` stands in the text, or NULL. */
const char *resp_find(struct haul_str text, const char *what);
/* No byte is left that does not belong to a reply that was given out. */
bool resp_reader_idle(const struct resp_reader *r);

bool resp_is(const struct haul_redis_value *v, const char *status);
/* Decimal text or an integer; false when it is neither. */
bool resp_number(const struct haul_redis_value *v, uint64_t *out);

#endif
