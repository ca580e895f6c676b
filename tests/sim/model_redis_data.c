/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/model_redis_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- texts, values, the sorted table ---- */

static struct model_text text_of(struct haul_str s)
{
    struct model_text t = {malloc(s.n + 1), s.n};
    assert(t.p != NULL);
    if (s.n > 0) memcpy(t.p, s.p, s.n);
    t.p[s.n] = '\0';
    return t;
}

static struct haul_str view(struct model_text t)
{
    return (struct haul_str){t.p, t.n};
}

static void set_text(struct model_text *t, struct haul_str s)
{
    const struct model_text next = text_of(s);
    free(t->p);
    *t = next;
}

static void item_free(struct model_item *i)
{
    free(i->a.p);
    free(i->b.p);
}

static void value_free(struct model_value *v)
{
    for (size_t i = 0; i < v->len; i++) item_free(&v->items[i]);
    free(v->items);
    free(v->key.p);
    free(v->string.p);
    free(v);
}

static struct model_item *item_insert(struct model_value *v, size_t at)
{
    if (v->len == v->cap) {
        v->cap = v->cap == 0 ? 4 : 2 * v->cap;
        v->items = realloc(v->items, v->cap * sizeof *v->items);
        assert(v->items != NULL);
    }
    memmove(v->items + at + 1, v->items + at, (v->len - at) * sizeof *v->items);
    v->len++;
    v->items[at] = (struct model_item){0};
    return &v->items[at];
}

static void item_remove(struct model_value *v, size_t at)
{
    item_free(&v->items[at]);
    v->len--;
    memmove(v->items + at, v->items + at + 1, (v->len - at) * sizeof *v->items);
}

/* The first place whose key is not before `key`. */
static size_t place(const struct model_data *d, struct haul_str key)
{
    size_t low = 0, high = d->len;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (haul_str_cmp(view(d->values[middle]->key), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct model_value *lookup(const struct model_data *d, struct haul_str key)
{
    const size_t at = place(d, key);
    return at < d->len && haul_str_eq(view(d->values[at]->key), key) ? d->values[at] : NULL;
}

const struct model_value *model_find(const struct model_data *d, struct haul_str key)
{
    return lookup(d, key);
}

static struct model_value *create(struct model_data *d, struct haul_str key, enum model_type type)
{
    const size_t at = place(d, key);
    if (d->len == d->cap) {
        d->cap = d->cap == 0 ? 64 : 2 * d->cap;
        d->values = realloc(d->values, d->cap * sizeof(struct model_value *));
        assert(d->values != NULL);
    }
    memmove(d->values + at + 1, d->values + at, (d->len - at) * sizeof(struct model_value *));
    d->len++;
    struct model_value *v = calloc(1, sizeof *v);
    assert(v != NULL);
    v->key = text_of(key), v->type = type;
    d->values[at] = v;
    return v;
}

static bool erase(struct model_data *d, struct haul_str key)
{
    const size_t at = place(d, key);
    if (at >= d->len || !haul_str_eq(view(d->values[at]->key), key)) return false;
    value_free(d->values[at]);
    d->len--;
    memmove(d->values + at, d->values + at + 1, (d->len - at) * sizeof(struct model_value *));
    return true;
}

void model_data_clear(struct model_data *d)
{
    for (size_t i = 0; i < d->len; i++) value_free(d->values[i]);
    free(d->values);
    *d = (struct model_data){0};
}

void model_data_copy(struct model_data *to, const struct model_data *from)
{
    model_data_clear(to);
    for (size_t i = 0; i < from->len; i++) {
        const struct model_value *f = from->values[i];
        struct model_value *t = create(to, view(f->key), f->type);
        t->string = text_of(view(f->string));
        t->last_ms = f->last_ms, t->last_seq = f->last_seq;
        for (size_t j = 0; j < f->len; j++) {
            struct model_item *item = item_insert(t, j);
            *item = f->items[j];
            item->a = text_of(view(f->items[j].a)), item->b = text_of(view(f->items[j].b));
        }
    }
}

/* Bytes as they are, but for what would break a line or hide: \\xhh. */
static void dump_bytes(struct haul_buf *out, struct haul_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const uint8_t c = (uint8_t)s.p[i];
        if (c >= 0x20 && c != 0x7f && c != '\\')
            haul_buf_byte(out, c);
        else
            haul_buf_printf(out, "\\x%02x", c);
    }
}

void model_data_dump(const struct model_data *d, const char *skip, struct haul_buf *out)
{
    for (size_t i = 0; i < d->len; i++) {
        const struct model_value *v = d->values[i];
        if (skip != NULL && strncmp(v->key.p, skip, strlen(skip)) == 0) continue;
        dump_bytes(out, view(v->key));
        haul_buf_str(out, HAUL_STR(" = "));
        if (v->type == MODEL_STRING) dump_bytes(out, view(v->string));
        for (size_t j = 0; j < v->len; j++) {
            const struct model_item *item = &v->items[j];
            if (v->type == MODEL_STREAM)
                haul_buf_printf(out, " %llu-%llu", (unsigned long long)item->ms, (unsigned long long)item->seq);
            haul_buf_byte(out, ' ');
            dump_bytes(out, view(item->a));
            if (v->type == MODEL_ZSET) {
                haul_buf_printf(out, ":%.17g", item->score);
            } else {
                haul_buf_byte(out, '=');
                dump_bytes(out, view(item->b));
            }
        }
        haul_buf_byte(out, '\n');
    }
}

/* ---- replies ---- */

void model_reply_error(struct haul_buf *out, const char *text)
{
    haul_buf_printf(out, "-%s\r\n", text);
}

void model_reply_status(struct haul_buf *out, const char *text)
{
    haul_buf_printf(out, "+%s\r\n", text);
}

void model_reply_bulk(struct haul_buf *out, struct haul_str s)
{
    haul_buf_printf(out, "$%zu\r\n", s.n);
    haul_buf_str(out, s);
    haul_buf_put(out, "\r\n", 2);
}

void model_reply_array(struct haul_buf *out, int64_t n)
{
    haul_buf_printf(out, "*%lld\r\n", (long long)n);
}

static void reply_number(const struct model_call *c, int64_t n)
{
    haul_buf_printf(c->reply, ":%lld\r\n", (long long)n);
}

static void reply_nil(const struct model_call *c)
{
    haul_buf_put(c->reply, "$-1\r\n", 5);
}

bool model_word_is(struct haul_str word, const char *upper)
{
    if (word.n != strlen(upper)) return false;
    for (size_t i = 0; i < word.n; i++) {
        const char ch = word.p[i] >= 'a' && word.p[i] <= 'z' ? (char)(word.p[i] - 32) : word.p[i];
        if (ch != upper[i]) return false;
    }
    return true;
}

/* True after an error was given: the key has another type. */
static bool wrong_type(const struct model_call *c, const struct model_value *v, enum model_type type)
{
    if (v == NULL || v->type == type) return false;
    model_reply_error(c->reply, "WRONGTYPE Operation against a key holding the wrong kind of value");
    return true;
}

static void touch(const struct model_call *c, struct haul_str key)
{
    c->touch(c->arg, key);
}

/* ---- strings and keys ---- */

static void put_string(const struct model_call *c, struct haul_str key, struct haul_str s)
{
    struct model_value *v = lookup(c->data, key);
    if (v != NULL && v->type != MODEL_STRING) {
        erase(c->data, key);
        v = NULL;
    }
    if (v == NULL) v = create(c->data, key, MODEL_STRING);
    set_text(&v->string, s);
    touch(c, key);
}

static void run_set(const struct model_call *c)
{
    put_string(c, c->words[1], c->words[2]);
    model_reply_status(c->reply, "OK");
}

static void run_mset(const struct model_call *c)
{
    if (c->n % 2 == 0) {
        model_reply_error(c->reply, "ERR wrong number of arguments for 'mset' command");
        return;
    }
    for (size_t i = 1; i < c->n; i += 2) put_string(c, c->words[i], c->words[i + 1]);
    model_reply_status(c->reply, "OK");
}

static void run_get(const struct model_call *c)
{
    const struct model_value *v = lookup(c->data, c->words[1]);
    if (wrong_type(c, v, MODEL_STRING)) return;
    if (v == NULL)
        reply_nil(c);
    else
        model_reply_bulk(c->reply, view(v->string));
}

static void run_mget(const struct model_call *c)
{
    model_reply_array(c->reply, (int64_t)c->n - 1);
    for (size_t i = 1; i < c->n; i++) {
        const struct model_value *v = lookup(c->data, c->words[i]);
        if (v == NULL || v->type != MODEL_STRING)
            reply_nil(c);
        else
            model_reply_bulk(c->reply, view(v->string));
    }
}

static void run_del(const struct model_call *c)
{
    int64_t n = 0;
    for (size_t i = 1; i < c->n; i++) {
        if (!erase(c->data, c->words[i])) continue;
        n++;
        touch(c, c->words[i]);
    }
    reply_number(c, n);
}

static void run_exists(const struct model_call *c)
{
    int64_t n = 0;
    for (size_t i = 1; i < c->n; i++) n += lookup(c->data, c->words[i]) != NULL;
    reply_number(c, n);
}

static void run_type(const struct model_call *c)
{
    static const char *const names[] = {"string", "hash", "zset", "stream"};
    const struct model_value *v = lookup(c->data, c->words[1]);
    model_reply_status(c->reply, v == NULL ? "none" : names[v->type]);
}

static void run_dbsize(const struct model_call *c)
{
    reply_number(c, (int64_t)c->data->len);
}

/* ---- hashes: fields in the order in which they came ---- */

static struct model_item *field(const struct model_value *v, struct haul_str name)
{
    for (size_t i = 0; v != NULL && i < v->len; i++)
        if (haul_str_eq(view(v->items[i].a), name)) return &v->items[i];
    return NULL;
}

static void run_hset(const struct model_call *c)
{
    if (c->n % 2 == 1) {
        model_reply_error(c->reply, "ERR wrong number of arguments for 'hset' command");
        return;
    }
    struct model_value *v = lookup(c->data, c->words[1]);
    if (wrong_type(c, v, MODEL_HASH)) return;
    if (v == NULL) v = create(c->data, c->words[1], MODEL_HASH);
    int64_t added = 0;
    for (size_t i = 2; i < c->n; i += 2) {
        struct model_item *f = field(v, c->words[i]);
        if (f == NULL) {
            f = item_insert(v, v->len);
            f->a = text_of(c->words[i]);
            added++;
        }
        set_text(&f->b, c->words[i + 1]);
    }
    touch(c, c->words[1]);
    reply_number(c, added);
}

static void run_hget(const struct model_call *c)
{
    const struct model_value *v = lookup(c->data, c->words[1]);
    if (wrong_type(c, v, MODEL_HASH)) return;
    const struct model_item *f = field(v, c->words[2]);
    if (f == NULL)
        reply_nil(c);
    else
        model_reply_bulk(c->reply, view(f->b));
}

static void run_hmget(const struct model_call *c)
{
    const struct model_value *v = lookup(c->data, c->words[1]);
    if (wrong_type(c, v, MODEL_HASH)) return;
    model_reply_array(c->reply, (int64_t)c->n - 2);
    for (size_t i = 2; i < c->n; i++) {
        const struct model_item *f = field(v, c->words[i]);
        if (f == NULL)
            reply_nil(c);
        else
            model_reply_bulk(c->reply, view(f->b));
    }
}

static void run_hgetall(const struct model_call *c)
{
    const struct model_value *v = lookup(c->data, c->words[1]);
    if (wrong_type(c, v, MODEL_HASH)) return;
    model_reply_array(c->reply, v == NULL ? 0 : (int64_t)(2 * v->len));
    for (size_t i = 0; v != NULL && i < v->len; i++) {
        model_reply_bulk(c->reply, view(v->items[i].a));
        model_reply_bulk(c->reply, view(v->items[i].b));
    }
}

/* ---- sorted sets: in order of score, then member ---- */

static size_t member(const struct model_value *v, struct haul_str name)
{
    size_t i = 0;
    while (v != NULL && i < v->len && !haul_str_eq(view(v->items[i].a), name)) i++;
    return v == NULL ? 0 : i;
}

static void insert_member(struct model_value *v, struct haul_str name, double score)
{
    size_t at = 0;
    while (at < v->len && (v->items[at].score < score ||
                           (v->items[at].score == score && haul_str_cmp(view(v->items[at].a), name) < 0)))
        at++;
    struct model_item *item = item_insert(v, at);
    item->a = text_of(name), item->score = score;
}

static bool read_score(struct haul_str s, double *out)
{
    char copy[64], *end;
    if (s.n == 0 || s.n >= sizeof copy) return false;
    memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    *out = strtod(copy, &end);
    return *end == '\0' && !isnan(*out);
}

static void run_zadd(const struct model_call *c)
{
    double score;
    if (!read_score(c->words[2], &score)) {
        model_reply_error(c->reply, "ERR value is not a valid float");
        return;
    }
    struct model_value *v = lookup(c->data, c->words[1]);
    if (wrong_type(c, v, MODEL_ZSET)) return;
    if (v == NULL) v = create(c->data, c->words[1], MODEL_ZSET);
    const size_t at = member(v, c->words[3]);
    const bool there = at < v->len;
    if (!there || v->items[at].score != score) {
        if (there) item_remove(v, at);
        insert_member(v, c->words[3], score);
        touch(c, c->words[1]);
    }
    reply_number(c, !there);
}

static void run_zrem(const struct model_call *c)
{
    struct model_value *v = lookup(c->data, c->words[1]);
    if (wrong_type(c, v, MODEL_ZSET)) return;
    const size_t at = member(v, c->words[2]);
    const bool there = v != NULL && at < v->len;
    if (there) {
        item_remove(v, at);
        if (v->len == 0) erase(c->data, c->words[1]);
        touch(c, c->words[1]);
    }
    reply_number(c, there);
}

/* ZRANGE key 0 -1: the whole set. */
static void run_zrange(const struct model_call *c)
{
    const struct model_value *v = lookup(c->data, c->words[1]);
    if (wrong_type(c, v, MODEL_ZSET)) return;
    model_reply_array(c->reply, v == NULL ? 0 : (int64_t)v->len);
    for (size_t i = 0; v != NULL && i < v->len; i++) model_reply_bulk(c->reply, view(v->items[i].a));
}

/* ---- streams ---- */

static bool read_id(struct haul_str s, uint64_t *ms, uint64_t *seq)
{
    char copy[64];
    unsigned long long a, b;
    int used = 0;
    if (s.n >= sizeof copy) return false;
    memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    if (sscanf(copy, "%llu-%llu%n", &a, &b, &used) != 2 || (size_t)used != s.n) return false;
    *ms = a, *seq = b;
    return true;
}

/* XADD key [MAXLEN n] id field value */
static void run_xadd(const struct model_call *c)
{
    const bool trim = model_word_is(c->words[2], "MAXLEN");
    const size_t at = trim ? 4 : 2;
    uint64_t ms, seq;
    if (c->n != at + 3) {
        model_reply_error(c->reply, "ERR wrong number of arguments for 'xadd' command");
        return;
    }
    if (!read_id(c->words[at], &ms, &seq)) {
        model_reply_error(c->reply, "ERR Invalid stream ID specified as stream command argument");
        return;
    }
    if (ms == 0 && seq == 0) {
        model_reply_error(c->reply, "ERR The ID specified in XADD must be greater than 0-0");
        return;
    }
    struct model_value *v = lookup(c->data, c->words[1]);
    if (wrong_type(c, v, MODEL_STREAM)) return;
    if (v != NULL && (ms < v->last_ms || (ms == v->last_ms && seq <= v->last_seq))) {
        model_reply_error(c->reply, "ERR The ID specified in XADD is equal or smaller than the target stream top item");
        return;
    }
    if (v == NULL) v = create(c->data, c->words[1], MODEL_STREAM);
    struct model_item *entry = item_insert(v, v->len);
    entry->a = text_of(c->words[at + 1]), entry->b = text_of(c->words[at + 2]);
    entry->ms = v->last_ms = ms, entry->seq = v->last_seq = seq;
    double keep;
    if (trim && read_score(c->words[3], &keep))
        while ((double)v->len > keep) item_remove(v, 0);
    touch(c, c->words[1]);
    model_reply_bulk(c->reply, c->words[at]);
}

static void run_xlen(const struct model_call *c)
{
    const struct model_value *v = lookup(c->data, c->words[1]);
    if (wrong_type(c, v, MODEL_STREAM)) return;
    reply_number(c, v == NULL ? 0 : (int64_t)v->len);
}

/* XRANGE key - +: the whole stream. */
static void run_xrange(const struct model_call *c)
{
    const struct model_value *v = lookup(c->data, c->words[1]);
    if (wrong_type(c, v, MODEL_STREAM)) return;
    model_reply_array(c->reply, v == NULL ? 0 : (int64_t)v->len);
    for (size_t i = 0; v != NULL && i < v->len; i++) {
        char id[48];
        snprintf(id, sizeof id, "%llu-%llu", (unsigned long long)v->items[i].ms, (unsigned long long)v->items[i].seq);
        model_reply_array(c->reply, 2);
        model_reply_bulk(c->reply, haul_str_of(id));
        model_reply_array(c->reply, 2);
        model_reply_bulk(c->reply, view(v->items[i].a));
        model_reply_bulk(c->reply, view(v->items[i].b));
    }
}

static const struct model_command commands[] = {
    {"SET", 3, true, true, run_set},           {"MSET", -3, true, true, run_mset},
    {"GET", 2, false, false, run_get},         {"MGET", -2, false, false, run_mget},
    {"DEL", -2, true, false, run_del},         {"EXISTS", -2, false, false, run_exists},
    {"TYPE", 2, false, false, run_type},       {"HSET", -4, true, true, run_hset},
    {"HGET", 3, false, false, run_hget},       {"HMGET", -3, false, false, run_hmget},
    {"HGETALL", 2, false, false, run_hgetall}, {"ZADD", 4, true, true, run_zadd},
    {"ZREM", 3, true, false, run_zrem},        {"ZRANGE", 4, false, false, run_zrange},
    {"XADD", -5, true, true, run_xadd},        {"XLEN", 2, false, false, run_xlen},
    {"XRANGE", 4, false, false, run_xrange},   {"DBSIZE", 1, false, false, run_dbsize},
};

const struct model_command *model_command_find(struct haul_str name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (model_word_is(name, commands[i].name)) return &commands[i];
    return NULL;
}
