/* SPDX-License-Identifier: Apache-2.0
 * Processes of the simulated world. Every call that leaves a process is an edge: there it may die.
 */
#include "haul/redis_store.h"
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- a transport that may kill the process at every call ---- */
struct edge {
    struct haul_redis_transport base;
    struct haul_redis_transport *inner;
    struct world *w;
};

static struct edge *edge_of(struct haul_redis_transport *t)
{
    return (struct edge *)(void *)t;
}
static struct haul_redis_transport *cross(struct haul_redis_transport *t)
{
    world_edge(edge_of(t)->w);
    return edge_of(t)->inner;
}

static enum haul_err edge_connect(struct haul_redis_transport *t, struct haul_error *e)
{
    struct haul_redis_transport *in = cross(t);
    return in->ops->connect(in, e);
}
static int64_t edge_send(struct haul_redis_transport *t, const uint8_t *bytes, size_t n, struct haul_error *e)
{
    struct haul_redis_transport *in = cross(t);
    return in->ops->send(in, bytes, n, e);
}
static int64_t edge_receive(struct haul_redis_transport *t, uint8_t *bytes, size_t cap, struct haul_error *e)
{
    struct haul_redis_transport *in = cross(t);
    return in->ops->receive(in, bytes, cap, e);
}
static void edge_wait(struct haul_redis_transport *t, bool want_send, int ms)
{
    edge_of(t)->inner->ops->wait(edge_of(t)->inner, want_send, ms);
}
static void edge_disconnect(struct haul_redis_transport *t)
{
    edge_of(t)->inner->ops->disconnect(edge_of(t)->inner);
}
static int edge_fd(const struct haul_redis_transport *t)
{
    (void)t;
    return -1;
}
static struct haul_mono edge_now(const struct haul_redis_transport *t)
{
    const struct edge *e = (const struct edge *)(const void *)t;
    return e->inner->ops->now(e->inner);
}
static void edge_entropy(struct haul_redis_transport *t, uint8_t *bytes, size_t n)
{
    edge_of(t)->inner->ops->entropy(edge_of(t)->inner, bytes, n);
}
static void edge_close(struct haul_redis_transport *t)
{
    edge_of(t)->inner->ops->close(edge_of(t)->inner);
    free(t);
}

static const struct haul_redis_transport_ops edge_ops = {
    edge_connect, edge_send, edge_receive, edge_wait, edge_disconnect, edge_fd, edge_now, edge_entropy, edge_close,
};

/* ---- clocks ---- */
static struct haul_mono env_mono(void *arg)
{
    struct sim *s = arg;
    s->w.now_ns += 1000;
    return (struct haul_mono){s->w.now_ns};
}
static void env_wait(void *arg, int fd, int ms)
{
    struct sim *s = arg;
    (void)fd;
    s->w.now_ns += (int64_t)ms * NS_PER_MS;
    world_answer(&s->w);
}
static void env_say(void *arg, int level, const char *event, const char *text)
{
    const struct sim *s = arg;
    if (s->verbose) printf("  %lld %d %s %s\n", (long long)(sim_ms(s) % 10000000), level, event, text);
}

void process_open_env(struct sim *s)
{
    s->env = (struct haul_env){env_mono, env_wait, env_say, s};
}

/* ---- life ---- */
void process_start(struct sim *s, int i)
{
    static const struct haul_redis_options options = {.timeout = 1000, .connect_timeout = 500};
    struct edge *edge = calloc(1, sizeof *edge);
    assert(edge != NULL);
    *edge = (struct edge){{&edge_ops}, model_redis_transport(s->redis), &s->w};
    struct sim_process *p = &s->process[i];
    p->store = haul_redis_store_open_transport(&edge->base, &options, "");
    p->worker =
        haul_worker_open(&s->settings, &s->w.member[i].source, p->store, &s->w.member[i].sink, s->contents, &s->env);
    member_start(&s->w, i);
}

void process_end(struct sim *s, int i)
{
    struct sim_process *p = &s->process[i];
    s->w.crashable = false;
    if (p->worker == NULL) return;
    haul_worker_close(p->worker);
    p->store->ops->close(p->store);
    *p = (struct sim_process){0};
}

void process_die(struct sim *s, int i)
{
    s->w.stats.crashes++;
    if (s->verbose) printf("  %lld   process %d dies\n", (long long)(sim_ms(s) % 10000000), i);
    member_die(&s->w, i);
    process_end(s, i);
}

static void begin(struct sim *s, int i, int64_t crash_in)
{
    s->running = i;
    s->w.crash_in = crash_in;
    s->w.crashable = crash_in >= 0;
}

static void end(struct sim *s)
{
    s->running = -1;
    s->w.crashable = false;
}

void process_turn(struct sim *s, int i, int64_t crash_in)
{
    s->w.stats.turns++;
    begin(s, i, crash_in);
    if (setjmp(s->w.crash) != 0) {
        end(s);
        process_die(s, i);
        return;
    }
    haul_worker_turn(s->process[i].worker, (int)world_below(&s->w, 3));
    end(s);
    ledger_after_turn(s, i);
}

void process_stop_cleanly(struct sim *s, int i, int64_t crash_in)
{
    struct haul_error e = {0};
    s->w.stats.stops++;
    begin(s, i, crash_in);
    if (setjmp(s->w.crash) != 0) {
        end(s);
        process_die(s, i);
        return;
    }
    haul_worker_stop(s->process[i].worker, 1 + (int64_t)world_below(&s->w, 400), &e);
    end(s);
    ledger_after_turn(s, i);
    member_die(&s->w, i);
    process_end(s, i);
}
