/* SPDX-License-Identifier: Apache-2.0
 * Whatever a server answers: the reader gives the same replies however the bytes are cut, and the store neither
 * crashes, nor waits for ever, nor says APPLIED without EXEC's word.
 */
#include "haul/hash.h"
#include "haul/redis_store.h"
#include "haul/topics.h"

#include "sinks/redis/resp.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the reader ---- */

static uint64_t digest(const struct haul_redis_value *v, uint64_t sum)
{
    sum = haul_mix(sum, (uint64_t)v->type);
    sum = haul_mix(sum, v->str.n == 0 ? 0 : haul_xxh3(v->str.p, v->str.n));
    sum = haul_mix(sum, (uint64_t)v->integer);
    for (size_t i = 0; i < v->len; i++) sum = digest(v->items[i], sum);
    return sum;
}

/* Digest of all replies, in pieces of `piece` bytes. */
static uint64_t read_all(const uint8_t *data, size_t size, size_t piece)
{
    struct resp_reader *r = resp_reader_open();
    const struct haul_redis_value *v;
    struct haul_error e;
    uint64_t sum = 0;
    enum haul_err err = HAUL_OK;
    for (size_t at = 0; at < size && err != HAUL_E_CORRUPT && err != HAUL_E_LIMIT; at += piece) {
        err = resp_reader_feed(r, data + at, size - at < piece ? size - at : piece, &e);
        while (err == HAUL_OK && (err = resp_reader_next(r, &v, &e)) == HAUL_OK) sum = digest(v, sum);
    }
    resp_reader_close(r);
    return haul_mix(sum, err == HAUL_E_CORRUPT || err == HAUL_E_LIMIT);
}

/* ---- the store: a good claim, then anything ---- */

struct script {
    struct haul_redis_transport base;
    const uint8_t *bytes[2];
    size_t n[2], at[2];
    bool up;
    unsigned connects;
    int64_t now_ns;
};

static enum haul_err script_connect(struct haul_redis_transport *t, struct haul_error *e)
{
    struct script *s = (struct script *)t;
    s->up = true;
    return s->connects++ == 0 ? HAUL_OK : haul_fail(e, HAUL_E_IO, "no more");
}
static int64_t script_send(struct haul_redis_transport *t, const uint8_t *bytes, size_t n, struct haul_error *e)
{
    (void)t, (void)bytes, (void)e;
    return (int64_t)n;
}
static int64_t script_receive(struct haul_redis_transport *t, uint8_t *bytes, size_t cap, struct haul_error *e)
{
    struct script *s = (struct script *)t;
    (void)e;
    const size_t part = s->at[0] < s->n[0] ? 0 : 1, left = s->n[part] - s->at[part];
    /* one reply of the claim at a time would do; whole exchanges are what a server sends */
    const size_t n = left < cap ? left : cap;
    if (n > 0) memcpy(bytes, s->bytes[part] + s->at[part], n);
    s->at[part] += n;
    return (int64_t)n;
}
static void script_wait(struct haul_redis_transport *t, bool want_send, int timeout_ms)
{
    (void)want_send;
    ((struct script *)t)->now_ns += (int64_t)(timeout_ms + 1) * 1000000;
}
static void script_disconnect(struct haul_redis_transport *t)
{
    ((struct script *)t)->up = false;
}
static int script_fd(const struct haul_redis_transport *t)
{
    (void)t;
    return -1;
}
static struct haul_mono script_now(const struct haul_redis_transport *t)
{
    return (struct haul_mono){((const struct script *)t)->now_ns};
}
static void script_entropy(struct haul_redis_transport *t, uint8_t *bytes, size_t n)
{
    (void)t;
    memset(bytes, 0, n);
}
static void script_close(struct haul_redis_transport *t)
{
    free(t);
}
static const struct haul_redis_transport_ops script_ops = {script_connect, script_send,       script_receive,
                                                           script_wait,    script_disconnect, script_fd,
                                                           script_now,     script_entropy,    script_close};

#define NONCE "00000000000000000000000000000000"
static const char reading[] =
    "+OK\r\n*0\r\n+OK\r\n+OK\r\n$11\r\nrole:master\r\n*0\r\n$27\r\nmaxmemory_policy:noeviction\r\n"
    "$13\r\naof_enabled:1\r\n*2\r\n$4\r\nsave\r\n$0\r\n\r\n+none\r\n+none\r\n";
static const char claimed[] = "+OK\r\n+QUEUED\r\n*1\r\n:24\r\n+OK\r\n*2\r\n$32\r\n" NONCE "\r\n$1\r\n0\r\n";

static bool says_applied(const uint8_t *data, size_t size)
{
    return memmem(data, size, "\n*", 2) != NULL; /* an array behind something else: it may be EXEC's */
}

static void run_store(const uint8_t *data, size_t size)
{
    const struct haul_redis_options options = {.connect_timeout = 10, .timeout = 10};
    const struct haul_task_name task = {HAUL_MAILBOX_FLEET, 0};
    const struct haul_control genesis = {.incarnation = 1, .last_offset = -1};
    struct haul_control c;
    bool fresh;
    struct haul_error e;
    struct script *script = calloc(1, sizeof *script);
    assert(script != NULL);
    script->base.ops = &script_ops;
    struct haul_store *s = haul_redis_store_open_transport(&script->base, &options, "");
    /* the two exchanges of the claim come one after the other, as from a server */
    script->bytes[0] = (const uint8_t *)reading, script->n[0] = sizeof reading - 1;
    script->bytes[1] = (const uint8_t *)claimed, script->n[1] = sizeof claimed - 1;
    const enum haul_err err = s->ops->claim(s, task, &genesis, &c, &fresh, &e);
    assert(err == HAUL_OK && fresh);
    script->bytes[1] = data, script->n[1] = size, script->at[1] = 0;
    struct haul_ops ops;
    haul_ops_init(&ops, 0, 4096);
    haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_PUT, .key = HAUL_STR("vehicle:A"), .a = HAUL_STR("{}")});
    struct haul_commit part = {.task = task, .control = c, .ops = &ops};
    part.control.commit++;
    s->ops->commit(s, &part, 1);
    enum haul_err polled = HAUL_E_AGAIN;
    for (int i = 0; i < 20 && polled != HAUL_OK; i++) polled = s->ops->poll(s, 100, &e);
    assert(polled == HAUL_OK || polled == HAUL_E_UNAVAILABLE || polled == HAUL_E_AGAIN);
    if (polled == HAUL_OK && part.outcome == HAUL_OUTCOME_APPLIED) assert(says_applied(data, size));
    haul_ops_free(&ops);
    s->ops->close(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint64_t whole = read_all(data, size, size + 1);
    const uint64_t bytewise = read_all(data, size, 1);
    const uint64_t sevens = read_all(data, size, 7);
    assert(whole == bytewise && whole == sevens);
    run_store(data, size);
    return 0;
}
