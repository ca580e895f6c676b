/* SPDX-License-Identifier: Apache-2.0 */
#include "sinks/redis/wire.h"

#include "haul/secret.h"

#define REQUEST_BYTES_MAX ((size_t)256 << 20)

void wire_init(struct wire *w, struct haul_redis_transport *t, const struct haul_redis_options *o)
{
    *w = (struct wire){.transport = t, .options = o, .reader = resp_reader_open()};
    haul_buf_init(&w->out, 65536, REQUEST_BYTES_MAX);
}

enum haul_err wire_read_password(struct wire *w, struct haul_error *e)
{
    const char *path = w->options->password_file;
    w->password[0] = '\0';
    if (path[0] == '\0') return HAUL_OK;
    return haul_secret_read("redis.password_file", path, w->password, sizeof w->password, e);
}

void wire_close(struct wire *w)
{
    wire_drop(w);
    w->transport->ops->close(w->transport);
    resp_reader_close(w->reader);
    haul_buf_free(&w->out);
    explicit_bzero(w->password, sizeof w->password);
}

struct haul_mono wire_now(const struct wire *w)
{
    return w->transport->ops->now(w->transport);
}

void wire_drop(struct wire *w)
{
    w->transport->ops->disconnect(w->transport);
    resp_reader_reset(w->reader);
    w->up = false, w->busy = false;
}

/* The first commands of a connection; their replies are the wire's own. */
static void greet(struct wire *w)
{
    const struct haul_str password = haul_str_of(w->password), user = haul_str_of(w->options->user);
    if (password.n != 0) {
        resp_command(&w->out, user.n != 0 ? 3 : 2);
        resp_word(&w->out, HAUL_STR("AUTH"));
        if (user.n != 0) resp_word(&w->out, user);
        resp_word(&w->out, password);
        w->greetings++;
    }
    if (w->options->db != 0) {
        resp_command(&w->out, 2);
        resp_word(&w->out, HAUL_STR("SELECT"));
        resp_i64(&w->out, w->options->db);
        w->greetings++;
    }
}

enum haul_err wire_begin(struct wire *w, wire_reply_fn *take, void *arg, struct haul_error *e)
{
    assert(!w->busy);
    haul_buf_relax(&w->out);
    w->sent = 0, w->got = 0, w->expected = 0, w->greetings = 0;
    w->take = take, w->place = NULL, w->arg = arg;
    w->bulk = (struct bulk){0};
    int64_t ms = w->options->timeout;
    if (!w->up) {
        w->connects++;
        enum haul_err err = wire_read_password(w, e); /* again: it may have been changed */
        if (err == HAUL_OK) err = w->transport->ops->connect(w->transport, e);
        if (err != HAUL_OK) return err;
        w->up = true;
        ms += w->options->connect_timeout;
        greet(w);
    }
    w->deadline.ns = wire_now(w).ns + ms * 1000000;
    w->busy = true;
    return HAUL_OK;
}

static enum haul_err greeted(struct wire *w, const struct haul_redis_value *v, struct haul_error *e)
{
    w->greetings--;
    if (v->type != HAUL_REDIS_ERROR) return HAUL_OK;
    return haul_fail(e, HAUL_E_UNAVAILABLE, "%s (%.*s)", refusal_of(v->str)->sentence, (int)v->str.n, v->str.p);
}

static enum haul_err take_replies(struct wire *w, struct haul_error *e)
{
    while (w->greetings > 0 || w->got < w->expected) {
        const struct haul_redis_value *v;
        enum haul_err err = resp_reader_next(w->reader, &v, e);
        if (err == HAUL_E_AGAIN) return HAUL_OK;
        if (err == HAUL_OK && w->greetings > 0)
            err = greeted(w, v, e);
        else if (err == HAUL_OK)
            w->take(w->arg, w->got++, v);
        if (err != HAUL_OK) return err;
    }
    if (resp_reader_idle(w->reader)) return HAUL_OK;
    return haul_fail(e, HAUL_E_CORRUPT, "Redis answered what was not asked");
}

static enum haul_err send_some(struct wire *w, struct haul_error *e)
{
    while (w->sent < w->out.n) {
        const int64_t n = w->transport->ops->send(w->transport, w->out.p + w->sent, w->out.n - w->sent, e);
        if (n < 0) return HAUL_E_IO;
        if (n == 0) break;
        w->sent += (size_t)n;
    }
    return HAUL_OK;
}

static enum haul_err take_bulk(struct wire *w, size_t n, struct haul_error *e)
{
    for (size_t at = 0;;) {
        struct haul_redis_value v;
        enum haul_err err = HAUL_OK;
        switch (bulk_next(&w->bulk, w->bytes, n, &at, w->place, w->arg, w->got, &v)) {
        case BULK_MORE:
            return HAUL_OK;
        case BULK_BAD:
            return haul_fail(e, HAUL_E_CORRUPT, "Redis answered in a form that does not belong to what was asked");
        case BULK_STRING:
            if (w->greetings > 0)
                err = greeted(w, &v, e);
            else if (w->got < w->expected)
                w->take(w->arg, w->got++, &v);
            else
                err = haul_fail(e, HAUL_E_CORRUPT, "Redis answered what was not asked");
            if (err != HAUL_OK) return err;
        }
    }
}

static enum haul_err receive_bulk(struct wire *w, struct haul_error *e)
{
    while (w->got < w->expected) {
        uint8_t *to;
        const size_t want = bulk_want(&w->bulk, w->bytes, sizeof w->bytes, &to);
        const int64_t n = w->transport->ops->receive(w->transport, to, want, e);
        if (n < 0) return HAUL_E_IO;
        if (n == 0) break;
        enum haul_err err = HAUL_OK;
        if (to == w->bytes)
            err = take_bulk(w, (size_t)n, e);
        else
            bulk_came(&w->bulk, (size_t)n);
        if (err != HAUL_OK) return err;
    }
    return HAUL_OK;
}

/* Until nothing more is there now, or everything that is awaited has come. */
static enum haul_err receive_some(struct wire *w, struct haul_error *e)
{
    if (w->place != NULL) return receive_bulk(w, e);
    while (w->got < w->expected) {
        const int64_t n = w->transport->ops->receive(w->transport, w->bytes, sizeof w->bytes, e);
        if (n < 0) return HAUL_E_IO;
        if (n == 0) break;
        enum haul_err err = resp_reader_feed(w->reader, w->bytes, (size_t)n, e);
        if (err == HAUL_OK) err = take_replies(w, e);
        if (err != HAUL_OK) return err;
    }
    return HAUL_OK;
}

enum haul_err wire_step(struct wire *w, struct haul_error *e)
{
    assert(w->busy && w->expected > 0);
    if (w->out.overflow) {
        wire_drop(w);
        return haul_fail(e, HAUL_E_LIMIT, "a request to Redis is longer than %zu bytes", REQUEST_BYTES_MAX);
    }
    enum haul_err err = send_some(w, e);
    if (err == HAUL_OK) err = receive_some(w, e);
    if (err == HAUL_OK && w->got == w->expected) {
        w->busy = false;
        return HAUL_OK;
    }
    if (err == HAUL_OK && wire_now(w).ns >= w->deadline.ns)
        err = haul_fail(e, HAUL_E_TIMEOUT, "Redis did not answer within %lld ms", (long long)w->options->timeout);
    if (err == HAUL_OK) return HAUL_E_AGAIN;
    wire_drop(w);
    return err;
}

void wire_wait(struct wire *w, int timeout_ms)
{
    const int64_t left_ms = (w->deadline.ns - wire_now(w).ns + 999999) / 1000000;
    if (left_ms < timeout_ms) timeout_ms = left_ms < 0 ? 0 : (int)left_ms;
    w->transport->ops->wait(w->transport, w->sent < w->out.n, timeout_ms);
}

enum haul_err wire_run(struct wire *w, struct haul_error *e)
{
    for (;;) {
        const enum haul_err err = wire_step(w, e);
        if (err != HAUL_E_AGAIN) return err;
        wire_wait(w, 1000);
    }
}

static const struct refusal refusals[] = {
#define HOLD                            false
#define RECONNECT                       true
#define REFUSAL(word, action, sentence) {word, sentence, action},
#include "sinks/redis/refusals.def"
#undef REFUSAL
#undef HOLD
#undef RECONNECT
};

const struct refusal *refusal_of(struct haul_str error)
{
    /* "EXECABORT Transaction discarded because of: OOM …": the cause says more */
    const char *cause = resp_find(error, "because of: ");
    if (cause != NULL) error.n -= (size_t)(cause + 12 - error.p), error.p = cause + 12;
    static const struct refusal other = {"", "Redis refused a command", false};
    const char *space = error.n == 0 ? NULL : memchr(error.p, ' ', error.n);
    const struct haul_str word = {error.p, space == NULL ? error.n : (size_t)(space - error.p)};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (haul_str_eq(haul_str_of(refusals[i].word), word)) return &refusals[i];
    return &other;
}
