/* SPDX-License-Identifier: Apache-2.0
 * Connections, transactions and faults of the model of Redis. The data and their commands: model_redis_data.c.
 */
#include "tests/sim/model_redis.h"

#include "haul/rng.h"

#include "tests/sim/model_redis_data.h"

#include <stdio.h>
#include <stdlib.h>

#define WORDS_MAX  8192
#define BUFFER_MAX ((size_t)64 << 20)
#define GLANCE_NS  20000 /* what a wait that has something to show takes */

/* The server's side of one connection. */
struct conn {
    struct haul_buf in, out; /* bytes on their way, not yet read by the server or by the client */
    size_t in_at, out_at;
    bool gone;   /* the client has given it up: what it sent may still be read, what is answered goes nowhere */
    bool broken; /* cut: the client does not know yet */
    int64_t stalled_until_ns;
    bool multi, dirty_exec, dirty_cas;
    struct haul_buf queue; /* commands behind MULTI, as they came */
    size_t queued;
    bool queued_writes;
    struct haul_buf *watched;
    size_t watched_len;
};

struct model_redis {
    int64_t *clock_ns;
    struct haul_rng rng;
    struct model_redis_faults faults;
    struct model_data data, replica;
    struct conn **conns;
    size_t len, cap;
    bool frozen, down, as_replica;
    const char *refuse;
    unsigned cut_exec; /* counts down to it; 0: none */
    bool cut_applied;
    uint64_t execs;
    void (*changed)(void *arg, bool replaced);
    void *changed_arg;
};

struct client {
    struct haul_redis_transport base;
    struct model_redis *model;
    struct conn *conn; /* NULL: not connected */
};

static bool chance(struct model_redis *m, unsigned in_a_thousand)
{
    return in_a_thousand > 0 && haul_rng_below(&m->rng, 1000) < in_a_thousand;
}

static void tell(struct model_redis *m, bool replaced)
{
    if (m->changed != NULL) m->changed(m->changed_arg, replaced);
}

static struct model_data *shown(struct model_redis *m)
{
    return m->as_replica ? &m->replica : &m->data;
}

/* ---- connections ---- */

static struct conn *conn_new(struct model_redis *m)
{
    struct conn *c = calloc(1, sizeof *c);
    assert(c != NULL);
    haul_buf_init(&c->in, 0, BUFFER_MAX);
    haul_buf_init(&c->out, 0, BUFFER_MAX);
    haul_buf_init(&c->queue, 0, BUFFER_MAX);
    if (m->len == m->cap) {
        m->cap = m->cap == 0 ? 8 : 2 * m->cap;
        m->conns = realloc(m->conns, m->cap * sizeof(struct conn *));
        assert(m->conns != NULL);
    }
    m->conns[m->len++] = c;
    return c;
}

static void forget_watches(struct conn *c)
{
    for (size_t i = 0; i < c->watched_len; i++) haul_buf_free(&c->watched[i]);
    free(c->watched);
    c->watched = NULL, c->watched_len = 0, c->dirty_cas = false;
}

static void conn_free(struct conn *c)
{
    forget_watches(c);
    haul_buf_free(&c->in);
    haul_buf_free(&c->out);
    haul_buf_free(&c->queue);
    free(c);
}

static bool watches(const struct conn *c, struct haul_str key)
{
    for (size_t i = 0; i < c->watched_len; i++)
        if (haul_str_eq((struct haul_str){(const char *)c->watched[i].p, c->watched[i].n}, key)) return true;
    return false;
}

static void watch(struct conn *c, struct haul_str key)
{
    if (watches(c, key)) return;
    c->watched = realloc(c->watched, (c->watched_len + 1) * sizeof *c->watched);
    assert(c->watched != NULL);
    haul_buf_init(&c->watched[c->watched_len], 0, BUFFER_MAX);
    haul_buf_str(&c->watched[c->watched_len++], key);
}

static void touch(void *arg, struct haul_str key)
{
    struct model_redis *m = arg;
    for (size_t i = 0; i < m->len; i++)
        if (watches(m->conns[i], key)) m->conns[i]->dirty_cas = true;
}

/* The data set is replaced: a watched key that is in the old one or in the new one counts as written. */
static void touch_replaced(struct model_redis *m, const struct model_data *was, const struct model_data *is)
{
    for (size_t i = 0; i < m->len; i++)
        for (size_t j = 0; j < m->conns[i]->watched_len; j++) {
            const struct haul_buf *b = &m->conns[i]->watched[j];
            const struct haul_str key = {(const char *)b->p, b->n};
            if (model_find(was, key) != NULL || (is != NULL && model_find(is, key) != NULL))
                m->conns[i]->dirty_cas = true;
        }
}

static void cut(struct conn *c)
{
    c->broken = true;
    haul_buf_clear(&c->out);
    c->out_at = 0;
}

/* ---- commands ---- */

static void leave_multi(struct conn *c)
{
    c->multi = false, c->dirty_exec = false, c->queued = 0, c->queued_writes = false;
    haul_buf_clear(&c->queue);
    forget_watches(c);
}

/* One command at `from`: its words point into it. Returns its length, or 0 when it is not whole. */
static size_t parse(const uint8_t *from, size_t n, struct haul_str *words, size_t *words_n)
{
    size_t at = 0;
    long counts[2] = {0, 0};
    for (size_t w = 0;; w++) {
        const uint8_t *end = at >= n ? NULL : memchr(from + at, '\n', n - at);
        if (end == NULL) return 0;
        counts[w > 0] = strtol((const char *)from + at + 1, NULL, 10);
        assert(from[at] == (w == 0 ? '*' : '$') && end[-1] == '\r' && counts[0] > 0 && counts[0] <= WORDS_MAX);
        at = (size_t)(end - from) + 1;
        if (w == 0) continue;
        if (n - at < (size_t)counts[1] + 2) return 0;
        words[w - 1] = (struct haul_str){(const char *)from + at, (size_t)counts[1]};
        at += (size_t)counts[1] + 2;
        if (w == (size_t)counts[0]) break;
    }
    *words_n = (size_t)counts[0];
    return at;
}

/* What the server answers instead of doing it, or NULL. */
static const char *refusal(struct model_redis *m, bool write, bool deny_oom)
{
    static const char *const errors[] = {
        "OOM command not allowed when used memory > 'maxmemory'.",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        "NOREPLICAS Not enough good replicas to write.",
        "READONLY You can't write against a read only replica.",
    };
    if (m->as_replica && write) return errors[3];
    const char *error = m->refuse;
    if (error == NULL && write && chance(m, m->faults.refuse)) error = errors[haul_rng_below(&m->rng, 4)];
    if (error == NULL) return NULL;
    if (strncmp(error, "LOADING", 7) == 0 || strncmp(error, "BUSY", 4) == 0) return error;
    if (strncmp(error, "OOM", 3) == 0) return deny_oom ? error : NULL;
    return write ? error : NULL;
}

static void run_info(struct model_redis *m, struct haul_str section, struct haul_buf *out)
{
    const char *text = model_word_is(section, "MEMORY")        ? "# Memory\r\nmaxmemory_policy:noeviction\r\n"
                       : model_word_is(section, "PERSISTENCE") ? "# Persistence\r\naof_enabled:0\r\n"
                       : m->as_replica                         ? "# Replication\r\nrole:slave\r\n"
                                                               : "# Replication\r\nrole:master\r\n";
    model_reply_bulk(out, haul_str_of(text));
}

static void flush_all(struct model_redis *m)
{
    touch_replaced(m, &m->data, NULL);
    model_data_clear(&m->data);
    tell(m, true);
}

/* Commands of the server that are no data commands. False: it is none of them. */
static bool run_server(struct model_redis *m, const struct haul_str *words, size_t n, struct haul_buf *out)
{
    if (model_word_is(words[0], "PING")) {
        model_reply_status(out, "PONG");
    } else if (model_word_is(words[0], "AUTH") || model_word_is(words[0], "SELECT") ||
               model_word_is(words[0], "UNWATCH")) { /* in a transaction there is nothing left to unwatch */
        model_reply_status(out, "OK");
    } else if (model_word_is(words[0], "INFO") && n == 2) {
        run_info(m, words[1], out);
    } else if (model_word_is(words[0], "CONFIG") && n == 3) {
        model_reply_array(out, 2);
        model_reply_bulk(out, words[2]);
        model_reply_bulk(out, HAUL_STR(""));
    } else if (model_word_is(words[0], "FLUSHALL")) {
        flush_all(m);
        model_reply_status(out, "OK");
    } else {
        return false;
    }
    return true;
}

static void run_one(struct model_redis *m, const struct haul_str *words, size_t n, struct haul_buf *out)
{
    if (run_server(m, words, n, out)) return;
    const struct model_command *command = model_command_find(words[0]);
    assert(command != NULL);
    command->run(&(struct model_call){shown(m), words, n, out, touch, m});
}

static void run_exec(struct model_redis *m, struct conn *c)
{
    if (!c->multi) {
        model_reply_error(&c->out, "ERR EXEC without MULTI");
        return;
    }
    const char *refused = c->queued_writes && !c->dirty_exec ? refusal(m, true, true) : NULL;
    if (c->dirty_exec) {
        model_reply_error(&c->out, "EXECABORT Transaction discarded because of previous errors.");
    } else if (refused != NULL) {
        haul_buf_printf(&c->out, "-EXECABORT Transaction discarded because of: %s\r\n", refused);
    } else if (c->dirty_cas) {
        model_reply_array(&c->out, -1);
    } else {
        m->execs++;
        forget_watches(c); /* first: a transaction does not disturb itself */
        model_reply_array(&c->out, (int64_t)c->queued);
        struct haul_str *words = malloc(WORDS_MAX * sizeof *words);
        assert(words != NULL);
        for (size_t at = 0, n; at < c->queue.n;) {
            at += parse(c->queue.p + at, c->queue.n - at, words, &n);
            run_one(m, words, n, &c->out);
        }
        free(words);
    }
    leave_multi(c);
}

/* MULTI and what belongs to it. False: it is none of them. */
static bool run_transaction(struct model_redis *m, struct conn *c, const struct haul_str *words, size_t n)
{
    if (model_word_is(words[0], "MULTI")) {
        if (c->multi)
            model_reply_error(&c->out, "ERR MULTI calls can not be nested");
        else
            model_reply_status(&c->out, "OK");
        c->multi = true;
    } else if (model_word_is(words[0], "EXEC")) {
        run_exec(m, c);
    } else if (model_word_is(words[0], "DISCARD")) {
        if (c->multi)
            model_reply_status(&c->out, "OK");
        else
            model_reply_error(&c->out, "ERR DISCARD without MULTI");
        if (c->multi) leave_multi(c);
    } else if (model_word_is(words[0], "WATCH") && c->multi) {
        model_reply_error(&c->out, "ERR WATCH inside MULTI is not allowed");
    } else if (model_word_is(words[0], "WATCH")) {
        for (size_t i = 1; i < n; i++) watch(c, words[i]);
        model_reply_status(&c->out, "OK");
    } else if (model_word_is(words[0], "UNWATCH") && !c->multi) {
        forget_watches(c);
        model_reply_status(&c->out, "OK");
    } else {
        return false;
    }
    return true;
}

static void refuse_command(struct conn *c, const char *error)
{
    model_reply_error(&c->out, error);
    c->dirty_exec |= c->multi;
}

static void run_command(struct model_redis *m, struct conn *c, const struct haul_str *words, size_t n,
                        struct haul_str raw)
{
    if (run_transaction(m, c, words, n)) return;
    const struct model_command *command = model_command_find(words[0]);
    if (command != NULL && (command->arity < 0 ? (int)n < -command->arity : (int)n != command->arity)) {
        char text[80], name[20] = "";
        for (size_t i = 0; i < words[0].n && i < sizeof name - 1; i++) name[i] = (char)(words[0].p[i] | 0x20);
        snprintf(text, sizeof text, "ERR wrong number of arguments for '%s' command", name);
        refuse_command(c, text);
        return;
    }
    const char *error = command == NULL ? NULL : refusal(m, command->write, command->deny_oom);
    if (error != NULL) {
        refuse_command(c, error);
    } else if (c->multi) {
        haul_buf_str(&c->queue, raw);
        c->queued++;
        c->queued_writes |= command != NULL && command->write;
        model_reply_status(&c->out, "QUEUED");
    } else {
        run_one(m, words, n, &c->out);
    }
}

/* ---- the server's turn ---- */

static void after_exec(struct model_redis *m)
{
    tell(m, false);
    if (chance(m, m->faults.replicate)) model_redis_replicate(m);
    if (chance(m, m->faults.fail_over)) model_redis_fail_over(m, chance(m, 700));
}

/* Runs the next command of a connection; false when there is none that is whole. */
static bool run_next(struct model_redis *m, struct conn *c)
{
    static struct haul_str words[WORDS_MAX];
    size_t n;
    const uint8_t *from = c->in.p + c->in_at;
    const size_t length = c->in_at == c->in.n ? 0 : parse(from, c->in.n - c->in_at, words, &n);
    if (length == 0) return false;
    const bool exec = model_word_is(words[0], "EXEC");
    const bool cut_now = exec && m->cut_exec > 0 && --m->cut_exec == 0;
    if (cut_now && !m->cut_applied) {
        cut(c);
        c->in_at = c->in.n;
        return false;
    }
    const uint64_t execs = m->execs;
    run_command(m, c, words, n, (struct haul_str){(const char *)from, length});
    c->in_at += length;
    if (m->execs == execs) return true;
    if (cut_now || chance(m, m->faults.cut_after_exec)) cut(c);
    after_exec(m);
    return true;
}

static void read_conn(struct model_redis *m, struct conn *c)
{
    unsigned commands = m->faults.short_io > 0 ? 1 + (unsigned)haul_rng_below(&m->rng, 12) : UINT32_MAX;
    const size_t before = c->out.n;
    while (commands-- > 0 && run_next(m, c)) {
    }
    if (c->gone || c->broken) haul_buf_clear(&c->out), c->out_at = 0;
    if (c->out.n > before && chance(m, m->faults.stall))
        c->stalled_until_ns = *m->clock_ns + (int64_t)haul_rng_below(&m->rng, m->faults.stall_ms_max + 1) * 1000000;
}

/* A connection that the client has left, and of which nothing more can be read, is forgotten. */
static void bury(struct model_redis *m)
{
    for (size_t i = m->len; i-- > 0;) {
        struct conn *c = m->conns[i];
        static struct haul_str words[WORDS_MAX];
        size_t n;
        if (!c->gone || (c->in_at < c->in.n && parse(c->in.p + c->in_at, c->in.n - c->in_at, words, &n) > 0)) continue;
        conn_free(c);
        m->conns[i] = m->conns[--m->len];
    }
}

static void turn(struct model_redis *m)
{
    if (m->frozen || m->down) return;
    const size_t start = m->len == 0 ? 0 : (size_t)haul_rng_below(&m->rng, m->len);
    for (size_t i = 0; i < m->len; i++) {
        struct conn *c = m->conns[(start + i) % m->len];
        if (chance(m, c->gone || c->broken ? m->faults.orphan : m->faults.dawdle)) continue;
        read_conn(m, c);
    }
    bury(m);
}

void model_redis_watch(struct model_redis *m, void (*fn)(void *arg, bool replaced), void *arg)
{
    m->changed = fn, m->changed_arg = arg;
}

void model_redis_settle(struct model_redis *m)
{
    for (size_t i = 0; i < m->len; i++)
        while (run_next(m, m->conns[i])) {
        }
    bury(m);
}

/* ---- the transport ---- */

static struct client *mine(struct haul_redis_transport *t)
{
    return (struct client *)t;
}

static enum haul_err client_connect(struct haul_redis_transport *t, struct haul_error *e)
{
    struct client *c = mine(t);
    assert(c->conn == NULL);
    if (c->model->down || chance(c->model, c->model->faults.refuse_connect))
        return haul_fail(e, HAUL_E_IO, "the model is down");
    c->conn = conn_new(c->model);
    return HAUL_OK;
}

static int64_t broken(struct haul_error *e)
{
    haul_fail(e, HAUL_E_IO, "the model has cut the connection");
    return -1;
}

static int64_t client_send(struct haul_redis_transport *t, const uint8_t *bytes, size_t n, struct haul_error *e)
{
    struct client *c = mine(t);
    struct model_redis *m = c->model;
    assert(c->conn != NULL && n > 0);
    if (c->conn->broken) return broken(e);
    if (chance(m, m->faults.cut_request)) {
        haul_buf_put(&c->conn->in, bytes, (size_t)haul_rng_below(&m->rng, n + 1));
        cut(c->conn);
        return broken(e);
    }
    if (chance(m, m->faults.short_io)) n = (size_t)haul_rng_below(&m->rng, n);
    haul_buf_put(&c->conn->in, bytes, n);
    assert(!c->conn->in.overflow);
    return (int64_t)n;
}

static int64_t client_receive(struct haul_redis_transport *t, uint8_t *bytes, size_t cap, struct haul_error *e)
{
    struct client *c = mine(t);
    struct model_redis *m = c->model;
    turn(m);
    struct conn *k = c->conn;
    size_t n = k->out.n - k->out_at;
    if (k->broken) return broken(e);
    if (*m->clock_ns < k->stalled_until_ns || n == 0) return 0;
    if (n > cap) n = cap;
    const bool cut_now = chance(m, m->faults.cut_reply);
    if (cut_now || chance(m, m->faults.short_io)) n = (size_t)haul_rng_below(&m->rng, n);
    memcpy(bytes, k->out.p + k->out_at, n);
    k->out_at += n;
    if (k->out_at == k->out.n) haul_buf_clear(&k->out), k->out_at = 0;
    if (cut_now) cut(k);
    return n == 0 && cut_now ? broken(e) : (int64_t)n;
}

static void client_wait(struct haul_redis_transport *t, bool want_send, int timeout_ms)
{
    const struct client *c = mine(t);
    struct model_redis *m = c->model;
    turn(m);
    const struct conn *k = c->conn;
    int64_t ns = (int64_t)timeout_ms * 1000000;
    if (k != NULL && (k->broken || k->out_at < k->out.n)) {
        const int64_t stalled = k->stalled_until_ns - *m->clock_ns;
        const int64_t ready = stalled > GLANCE_NS ? stalled : GLANCE_NS;
        if (ready < ns) ns = ready;
    } else if (k != NULL && (want_send || (k->in_at < k->in.n && !m->frozen && !m->down)) && ns > GLANCE_NS) {
        ns = GLANCE_NS;
    }
    *m->clock_ns += ns;
}

static void client_disconnect(struct haul_redis_transport *t)
{
    struct client *c = mine(t);
    if (c->conn == NULL) return;
    c->conn->gone = true;
    haul_buf_clear(&c->conn->out);
    c->conn->out_at = 0;
    c->conn = NULL;
    bury(c->model);
}

static int client_fd(const struct haul_redis_transport *t)
{
    (void)t;
    return -1;
}

static struct haul_mono client_now(const struct haul_redis_transport *t)
{
    return (struct haul_mono){*((const struct client *)t)->model->clock_ns};
}

static void client_entropy(struct haul_redis_transport *t, uint8_t *bytes, size_t n)
{
    while (n > 0) {
        const uint64_t draw = haul_rng_u64(&mine(t)->model->rng);
        const size_t some = n < sizeof draw ? n : sizeof draw;
        memcpy(bytes, &draw, some);
        bytes += some, n -= some;
    }
}

static void client_close(struct haul_redis_transport *t)
{
    client_disconnect(t);
    free(mine(t));
}

static const struct haul_redis_transport_ops client_ops = {
    .connect = client_connect,
    .send = client_send,
    .receive = client_receive,
    .wait = client_wait,
    .disconnect = client_disconnect,
    .fd = client_fd,
    .now = client_now,
    .entropy = client_entropy,
    .close = client_close,
};

struct haul_redis_transport *model_redis_transport(struct model_redis *m)
{
    struct client *c = calloc(1, sizeof *c);
    assert(c != NULL);
    c->base.ops = &client_ops, c->model = m;
    return &c->base;
}

/* ---- the model ---- */

struct model_redis *model_redis_new(int64_t *clock_ns, uint64_t seed)
{
    struct model_redis *m = calloc(1, sizeof *m);
    assert(m != NULL);
    m->clock_ns = clock_ns;
    haul_rng_seed(&m->rng, seed);
    return m;
}

void model_redis_free(struct model_redis *m)
{
    for (size_t i = 0; i < m->len; i++) conn_free(m->conns[i]);
    free(m->conns);
    model_data_clear(&m->data);
    model_data_clear(&m->replica);
    free(m);
}

void model_redis_set_faults(struct model_redis *m, const struct model_redis_faults *f)
{
    m->faults = *f;
}

void model_redis_cut_all(struct model_redis *m)
{
    for (size_t i = 0; i < m->len; i++) cut(m->conns[i]);
}

void model_redis_freeze(struct model_redis *m, bool frozen)
{
    m->frozen = frozen;
}

/* What was sent and not read is lost with the server. */
static void drop_all(struct model_redis *m)
{
    for (size_t i = 0; i < m->len; i++) {
        cut(m->conns[i]);
        m->conns[i]->in_at = m->conns[i]->in.n;
    }
}

void model_redis_down(struct model_redis *m, bool down)
{
    drop_all(m);
    m->down = down;
}

void model_redis_restart(struct model_redis *m, bool with_data)
{
    drop_all(m);
    if (!with_data) model_data_clear(&m->data);
    tell(m, true);
}

void model_redis_flush(struct model_redis *m)
{
    flush_all(m);
}

void model_redis_replicate(struct model_redis *m)
{
    model_data_copy(&m->replica, &m->data);
}

void model_redis_fail_over(struct model_redis *m, bool cut_too)
{
    if (cut_too)
        drop_all(m);
    else
        touch_replaced(m, &m->data, &m->replica);
    model_data_copy(&m->data, &m->replica);
    tell(m, true);
}

void model_redis_refuse(struct model_redis *m, const char *error)
{
    m->refuse = error;
}

void model_redis_replica(struct model_redis *m, bool is_replica)
{
    drop_all(m);
    m->as_replica = is_replica;
}

void model_redis_cut_exec(struct model_redis *m, unsigned n, bool applied)
{
    m->cut_exec = n, m->cut_applied = applied;
}

/* ---- looking ---- */

struct haul_str model_redis_get(const struct model_redis *m, const char *key)
{
    const struct model_value *v = model_find(&m->data, haul_str_of(key));
    return v == NULL || v->type != MODEL_STRING ? (struct haul_str){NULL, 0}
                                                : (struct haul_str){v->string.p, v->string.n};
}

struct haul_str model_redis_hget(const struct model_redis *m, const char *key, const char *field)
{
    const struct model_value *v = model_find(&m->data, haul_str_of(key));
    for (size_t i = 0; v != NULL && v->type == MODEL_HASH && i < v->len; i++)
        if (strcmp(v->items[i].a.p, field) == 0) return (struct haul_str){v->items[i].b.p, v->items[i].b.n};
    return (struct haul_str){NULL, 0};
}

bool model_redis_key(const struct model_redis *m, size_t index, struct haul_str *key)
{
    if (index >= m->data.len) return false;
    *key = (struct haul_str){m->data.values[index]->key.p, m->data.values[index]->key.n};
    return true;
}

void model_redis_dump(const struct model_redis *m, const char *skip, struct haul_buf *out)
{
    model_data_dump(&m->data, skip, out);
}

uint64_t model_redis_execs(const struct model_redis *m)
{
    return m->execs;
}

void model_redis_do(struct model_redis *m, const struct haul_str *words, size_t n, struct haul_buf *reply)
{
    run_one(m, words, n, reply);
}
