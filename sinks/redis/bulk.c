/* SPDX-License-Identifier: Apache-2.0 */
#include "sinks/redis/bulk.h"

#include "sinks/redis/resp.h"

#define LINE_AT_ONCE 48 /* more would be copied with the first line of a string than has to be */

size_t bulk_want(const struct bulk *b, uint8_t *spare, size_t cap, uint8_t **to)
{
    if (b->in_string && b->got < b->n) {
        *to = b->to + b->got;
        return b->n - b->got;
    }
    *to = spare;
    return cap < LINE_AT_ONCE ? cap : LINE_AT_ONCE;
}

void bulk_came(struct bulk *b, size_t n)
{
    assert(b->in_string && n <= b->n - b->got);
    b->got += n;
}

static bool read_length(const struct bulk *b, int64_t *out)
{
    uint64_t n;
    const bool nil = b->line_n == 3 && memcmp(b->line, "$-1", 3) == 0;
    const struct haul_redis_value digits = {.type = HAUL_REDIS_STRING, .str = {b->line + 1, b->line_n - 1}};
    *out = -1;
    if (nil) return true;
    if (!resp_number(&digits, &n) || n > RESP_REPLY_BYTES_MAX) return false;
    *out = (int64_t)n;
    return true;
}

/* A first line is whole: without its line end it stands in `line`. */
static enum bulk_got take_line(struct bulk *b, bulk_place_fn *place, void *arg, size_t index,
                               struct haul_redis_value *v)
{
    int64_t length;
    if (b->line_n > 0 && (b->line[0] == '-' || b->line[0] == '+')) {
        *v = (struct haul_redis_value){.type = b->line[0] == '-' ? HAUL_REDIS_ERROR : HAUL_REDIS_STRING,
                                       .str = {b->line + 1, b->line_n - 1}};
        b->line_n = 0;
        return BULK_STRING;
    }
    if (b->line_n < 2 || b->line[0] != '$' || !read_length(b, &length)) return BULK_BAD;
    b->line_n = 0;
    if (length < 0) {
        *v = (struct haul_redis_value){.type = HAUL_REDIS_NIL};
        return BULK_STRING;
    }
    b->to = place(arg, index, (size_t)length);
    if (b->to == NULL) return BULK_BAD;
    b->n = (size_t)length, b->got = 0, b->end = 2, b->in_string = true;
    return BULK_MORE;
}

/* True when a line end has come. */
static bool take_byte(struct bulk *b, char c)
{
    if (c == '\n') return true;
    if (c != '\r' && b->line_n < sizeof b->line) b->line[b->line_n++] = c;
    return false;
}

enum bulk_got bulk_next(struct bulk *b, const uint8_t *bytes, size_t n, size_t *at, bulk_place_fn *place, void *arg,
                        size_t index, struct haul_redis_value *v)
{
    while (*at < n) {
        if (b->in_string && b->got < b->n) {
            const size_t left = n - *at, more = b->n - b->got < left ? b->n - b->got : left;
            memcpy(b->to + b->got, bytes + *at, more);
            b->got += more;
            *at += more;
        } else if (b->in_string) {
            if (bytes[(*at)++] != (uint8_t) "\n\r"[b->end - 1]) return BULK_BAD;
            if (--b->end > 0) continue;
            b->in_string = false;
            *v = (struct haul_redis_value){.type = HAUL_REDIS_STRING, .str = {(const char *)b->to, b->n}};
            return BULK_STRING;
        } else if (take_byte(b, (char)bytes[(*at)++])) {
            const enum bulk_got got = take_line(b, place, arg, index, v);
            if (got != BULK_MORE) return got;
        }
    }
    return BULK_MORE;
}
