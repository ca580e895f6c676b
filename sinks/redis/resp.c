/* SPDX-License-Identifier: Apache-2.0 */
#include "sinks/redis/resp.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

/* ---- requests ---- */

/* Decimal digits of n at `to`; returns the end. Lengths are short: at most three digits, as a rule. */
static uint8_t *digits(uint8_t *to, uint64_t n)
{
    if (n < 10) {
        *to = (uint8_t)('0' + n);
        return to + 1;
    }
    uint8_t text[20];
    size_t at = sizeof text;
    do {
        text[--at] = (uint8_t)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    memcpy(to, text + at, sizeof text - at);
    return to + (sizeof text - at);
}

static uint8_t *heading(uint8_t *to, char type, uint64_t n)
{
    *to++ = (uint8_t)type;
    to = digits(to, n);
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

static uint8_t *bytes(uint8_t *to, struct haul_str s)
{
    if (s.n != 0) memcpy(to, s.p, s.n);
    return to + s.n;
}

static uint8_t *word(uint8_t *to, struct haul_str a, struct haul_str b)
{
    to = bytes(bytes(heading(to, '$', a.n + b.n), a), b);
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

#define AROUND 25 /* bytes around a word, at most: '$', 20 digits, two line ends */

static void finish(struct haul_buf *out, const uint8_t *end)
{
    out->n = (size_t)(end - out->p);
}

void resp_command(struct haul_buf *out, size_t words)
{
    uint8_t *to = haul_buf_reserve(out, AROUND);
    if (to != NULL) finish(out, heading(to, '*', words));
}

void resp_joined(struct haul_buf *out, struct haul_str a, struct haul_str b)
{
    uint8_t *to = haul_buf_reserve(out, AROUND + a.n + b.n);
    if (to != NULL) finish(out, word(to, a, b));
}

void resp_word(struct haul_buf *out, struct haul_str w)
{
    resp_joined(out, w, HAUL_STR(""));
}

void resp_u64(struct haul_buf *out, uint64_t value)
{
    uint8_t text[20];
    resp_word(out, (struct haul_str){(const char *)text, (size_t)(digits(text, value) - text)});
}

void resp_i64(struct haul_buf *out, int64_t value)
{
    uint8_t text[20];
    const uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    const struct haul_str number = {(const char *)text, (size_t)(digits(text, magnitude) - text)};
    resp_joined(out, value < 0 ? HAUL_STR("-") : HAUL_STR(""), number);
}

void resp_pair(struct haul_buf *out, struct haul_str prefix, struct haul_str key, struct haul_str document)
{
    uint8_t *to = haul_buf_reserve(out, 2 * AROUND + prefix.n + key.n + document.n);
    if (to != NULL) finish(out, word(word(to, prefix, key), document, HAUL_STR("")));
}

void resp_words(struct haul_buf *out, const struct haul_str *words, size_t n)
{
    resp_command(out, n);
    for (size_t i = 0; i < n; i++) resp_word(out, words[i]);
}

/* ---- replies: hiredis parses, the values live in chunks that are used again for the next reply ---- */

struct chunk {
    struct chunk *next;
    size_t used, cap;
    uint8_t bytes[] __attribute__((aligned(16)));
};

#define CHUNK_BYTES ((size_t)64 << 10)

struct resp_reader {
    redisReader *parser;
    struct chunk *chunks; /* the newest first; the last one has CHUNK_BYTES and stays */
    int elements;         /* of the arrays of the reply that is being read */
    bool limit;
};

static struct chunk *chunk_new(size_t cap, struct chunk *next)
{
    struct chunk *c = malloc(sizeof *c + cap);
    if (c != NULL) *c = (struct chunk){.next = next, .cap = cap};
    return c;
}

static void *take(struct resp_reader *r, size_t n)
{
    n = (n + 15) & ~(size_t)15;
    if (r->chunks->cap - r->chunks->used < n) {
        struct chunk *c = chunk_new(n > CHUNK_BYTES ? n : CHUNK_BYTES, r->chunks);
        if (c == NULL) return NULL;
        r->chunks = c;
    }
    void *p = r->chunks->bytes + r->chunks->used;
    r->chunks->used += n;
    return p;
}

static void drop_values(struct resp_reader *r)
{
    while (r->chunks->next != NULL) {
        struct chunk *c = r->chunks;
        r->chunks = c->next;
        free(c);
    }
    r->chunks->used = 0;
    r->elements = 0;
}

static struct haul_redis_value *value_new(const redisReadTask *task, enum haul_redis_type type)
{
    struct haul_redis_value *v = take(task->privdata, sizeof *v);
    if (v == NULL) return NULL;
    *v = (struct haul_redis_value){.type = type};
    if (task->parent != NULL) ((struct haul_redis_value *)task->parent->obj)->items[task->idx] = v;
    return v;
}

static void *create_string(const redisReadTask *task, char *text, size_t n)
{
    char *copy = take(task->privdata, n + 1);
    if (copy == NULL) return NULL;
    memcpy(copy, text, n);
    copy[n] = '\0';
    struct haul_redis_value *v =
        value_new(task, task->type == REDIS_REPLY_ERROR ? HAUL_REDIS_ERROR : HAUL_REDIS_STRING);
    if (v != NULL) v->str = (struct haul_str){copy, n};
    return v;
}

/* A few bytes can announce an array of any length, and arrays of arrays: the sum over one reply is bounded. */
static void *array_of(const redisReadTask *task, size_t n)
{
    struct resp_reader *r = task->privdata;
    if (n > (size_t)(RESP_REPLY_ELEMENTS_MAX - r->elements)) {
        r->limit = true;
        return NULL;
    }
    r->elements += (int)n;
    struct haul_redis_value **items = take(r, n * sizeof *items);
    if (items == NULL) return NULL;
    struct haul_redis_value *v = value_new(task, HAUL_REDIS_ARRAY);
    if (v != NULL) v->len = n, v->items = items;
    return v;
}

#if HIREDIS_MAJOR >= 1
static void *create_array(const redisReadTask *task, size_t n)
{
    return array_of(task, n);
}
#else
static void *create_array(const redisReadTask *task, int n)
{
    return array_of(task, (size_t)n);
}
#endif

static void *create_integer(const redisReadTask *task, long long number)
{
    struct haul_redis_value *v = value_new(task, HAUL_REDIS_INTEGER);
    if (v != NULL) v->integer = number;
    return v;
}

static void *create_nil(const redisReadTask *task)
{
    return value_new(task, HAUL_REDIS_NIL);
}

static void free_nothing(void *object)
{
    (void)object; /* values go with their chunks */
}

static redisReplyObjectFunctions creators = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
    .freeObject = free_nothing,
};

static void parser_open(struct resp_reader *r)
{
    r->parser = redisReaderCreateWithFunctions(&creators);
    assert(r->parser != NULL);
    r->parser->maxbuf = 0; /* keep what the buffer has grown to */
    r->parser->privdata = r;
}

struct resp_reader *resp_reader_open(void)
{
    struct resp_reader *r = calloc(1, sizeof *r);
    assert(r != NULL);
    r->chunks = chunk_new(CHUNK_BYTES, NULL);
    assert(r->chunks != NULL);
    parser_open(r);
    return r;
}

void resp_reader_close(struct resp_reader *r)
{
    if (r == NULL) return;
    redisReaderFree(r->parser);
    drop_values(r);
    free(r->chunks);
    free(r);
}

void resp_reader_reset(struct resp_reader *r)
{
    redisReaderFree(r->parser);
    parser_open(r);
    drop_values(r);
    r->limit = false;
}

static enum haul_err complain(const struct resp_reader *r, struct haul_error *e)
{
    if (r->limit)
        return haul_fail(e, HAUL_E_LIMIT, "a reply of Redis has more than %d elements", RESP_REPLY_ELEMENTS_MAX);
    return haul_fail(e, HAUL_E_CORRUPT, "what came is not Redis' protocol: %s", r->parser->errstr);
}

enum haul_err resp_reader_feed(struct resp_reader *r, const uint8_t *from, size_t n, struct haul_error *e)
{
    if (r->parser->len - r->parser->pos + n > RESP_REPLY_BYTES_MAX)
        return haul_fail(e, HAUL_E_LIMIT, "a reply of Redis is longer than %zu bytes", RESP_REPLY_BYTES_MAX);
    if (redisReaderFeed(r->parser, (const char *)from, n) != REDIS_OK) return complain(r, e);
    return HAUL_OK;
}

enum haul_err resp_reader_next(struct resp_reader *r, const struct haul_redis_value **out, struct haul_error *e)
{
    /* values of a reply that is not whole yet stay: the parser holds them */
    if (r->parser->ridx < 0) drop_values(r);
    void *reply = NULL;
    if (redisReaderGetReply(r->parser, &reply) != REDIS_OK) return complain(r, e);
    if (reply == NULL) return HAUL_E_AGAIN;
    *out = reply;
    return HAUL_OK;
}

bool resp_reader_idle(const struct resp_reader *r)
{
    return r->parser->pos == r->parser->len && r->parser->ridx < 0;
}

bool resp_is(const struct haul_redis_value *v, const char *status)
{
    return v->type == HAUL_REDIS_STRING && haul_str_eq(v->str, haul_str_of(status));
}

const char *resp_find(struct haul_str text, const char *what)
{
    return text.n == 0 ? NULL : memmem(text.p, text.n, what, strlen(what));
}

bool resp_number(const struct haul_redis_value *v, uint64_t *out)
{
    if (v->type == HAUL_REDIS_INTEGER && v->integer >= 0) {
        *out = (uint64_t)v->integer;
        return true;
    }
    if (v->type != HAUL_REDIS_STRING || v->str.n == 0 || v->str.n > 20) return false;
    uint64_t n = 0;
    for (size_t i = 0; i < v->str.n; i++) {
        const unsigned digit = (unsigned)(v->str.p[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, digit, &n)) return false;
    }
    *out = n;
    return true;
}
