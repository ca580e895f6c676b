/* SPDX-License-Identifier: Apache-2.0
 * The simulated world: whole engines, the real Redis protocol over a model of Redis, logs and a consumer group, in one
 * thread under a seeded scheduler that crashes, pauses, cuts, rewinds and delays; held at the end against two oracles
 * that share no engine:
 *
 *   1. arithmetic: what was sent, counted and summed by kind of record, against what the tasks counted;
 *   2. the view: every key of the model against what one undisturbed pass over the final logs writes into an empty
 * model.
 *
 * And one that does share it: the state of every task against that of the undisturbed pass, field by field (task_dump).
 */
#include "tests/sim/world.h"

#include "haul/hash.h"
#include "haul/mutation.h"
#include "haul/redis_store.h"
#include "processors/engine/contents.h"
#include "processors/engine/task.h"
#include "processors/engine/worker_internal.h"
#include "tests/sim/actors.h"
#include "tests/sim/model_redis.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define NS_PER_MS 1000000

static const struct haul_processor *const actors[] = {&sim_tally, &sim_board};

struct process {
    struct haul_worker *worker;
    struct haul_store *store;
};

struct sim {
    struct world w;
    struct model_redis *redis;
    struct haul_contents *contents;
    struct process process[SIM_MEMBERS];
    struct haul_worker_settings settings;
    uint64_t seed;
    bool verbose;
    int64_t outage_until_ms; /* Redis or Kafka is out until then; 0: not */
    /* what was sent */
    uint64_t good, zero, bad, milli, messages;
    bool wiped; /* a fail-over to a replica that had nothing: tasks stop, as engine.on_wipe: stop asks */
    char why[400];
};

/* ---- the process's edges ---- */
struct edge { /* a transport that may kill the process at every call */
    struct haul_redis_transport base;
    struct haul_redis_transport *inner;
    struct world *w;
};

#define INNER(t) (((struct edge *)(void *)(t))->inner)
static enum haul_err edge_connect(struct haul_redis_transport *t, struct haul_error *e)
{
    world_edge(((struct edge *)(void *)t)->w);
    return INNER(t)->ops->connect(INNER(t), e);
}
static int64_t edge_send(struct haul_redis_transport *t, const uint8_t *bytes, size_t n, struct haul_error *e)
{
    world_edge(((struct edge *)(void *)t)->w);
    return INNER(t)->ops->send(INNER(t), bytes, n, e);
}
static int64_t edge_receive(struct haul_redis_transport *t, uint8_t *bytes, size_t cap, struct haul_error *e)
{
    world_edge(((struct edge *)(void *)t)->w);
    return INNER(t)->ops->receive(INNER(t), bytes, cap, e);
}
static void edge_wait(struct haul_redis_transport *t, bool want_send, int ms)
{
    INNER(t)->ops->wait(INNER(t), want_send, ms);
}
static void edge_disconnect(struct haul_redis_transport *t)
{
    INNER(t)->ops->disconnect(INNER(t));
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
    INNER(t)->ops->entropy(INNER(t), bytes, n);
}
static void edge_close(struct haul_redis_transport *t)
{
    INNER(t)->ops->close(INNER(t));
    free(t);
}

static const struct haul_redis_transport_ops edge_ops = {
    edge_connect, edge_send, edge_receive, edge_wait, edge_disconnect, edge_fd, edge_now, edge_entropy, edge_close,
};

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
}
static void env_say(void *arg, int level, const char *event, const char *text)
{
    struct sim *s = arg;
    if (s->verbose) printf("  %lld %d %s %s\n", (long long)(s->w.now_ns / NS_PER_MS % 10000000), level, event, text);
}

static struct haul_env env;

static void process_start(struct sim *s, int i)
{
    static const struct haul_redis_options options = {.timeout = 1000, .connect_timeout = 500};
    struct edge *edge = calloc(1, sizeof *edge);
    assert(edge != NULL);
    *edge = (struct edge){{&edge_ops}, model_redis_transport(s->redis), &s->w};
    struct process *p = &s->process[i];
    p->store = haul_redis_store_open_transport(&edge->base, &options, "");
    p->worker =
        haul_worker_open(&s->settings, &s->w.member[i].source, p->store, &s->w.member[i].sink, s->contents, &env);
    member_start(&s->w, i);
}

static void process_end(struct sim *s, int i)
{
    struct process *p = &s->process[i];
    s->w.crashable = false;
    haul_worker_close(p->worker);
    p->store->ops->close(p->store);
    *p = (struct process){0};
}

static void process_die(struct sim *s, int i)
{
    s->w.stats.crashes++;
    member_die(&s->w, i);
    process_end(s, i);
}

/* One turn, in which the process may die at its n-th step over the edge. */
static void turn(struct sim *s, int i, int64_t crash_in)
{
    s->w.stats.turns++;
    s->w.crash_in = crash_in;
    s->w.crashable = crash_in >= 0;
    if (setjmp(s->w.crash) != 0) {
        process_die(s, i);
        return;
    }
    haul_worker_turn(s->process[i].worker, (int)world_below(&s->w, 3));
    s->w.crashable = false;
}

/* ---- what comes from outside ---- */
static void reading(struct sim *s, struct haul_buf *out, char id[16], size_t *id_n)
{
    const uint64_t dice = world_below(&s->w, 100);
    *id_n = (size_t)snprintf(id, 16, "t%llu", (unsigned long long)world_below(&s->w, 24));
    struct haul_record r;
    const int64_t now = s->w.now_ns / NS_PER_MS;
    int64_t time = now - (int64_t)world_below(&s->w, 400);
    double value = (double)(1 + world_below(&s->w, 78000)) / 1000;
    if (dice < 8) value = 91 + (double)world_below(&s->w, 9);
    if (dice >= 8 && dice < 11) value = 0;
    if (dice >= 11 && dice < 13) value = 666;
    if (dice >= 13 && dice < 16) time = now - 5000 - (int64_t)world_below(&s->w, 4000);
    if (dice == 16) time = now + 3600 * 1000 * 5;
    haul_record_init(&r, HAUL_KIND_TEMPLATE_READING, (struct haul_str){id, *id_n}, (struct haul_time){time});
    haul_set_f(&r, HAUL_F_TR_VALUE, value);
    const size_t at = out->n;
    haul_record_pack(&r, out);
    const bool broken = dice == 17;
    if (broken) out->p[at] = 0xc1; /* never a msgpack byte */
    if (value == 666 || broken || dice == 16)
        s->bad++;
    else if (value == 0)
        s->zero++;
    else
        s->good++, s->milli += (uint64_t)(value * 1000 + 0.5);
}

static void produce(struct sim *s)
{
    struct haul_buf b;
    haul_buf_init(&b, 1024, 65536);
    char id[16];
    size_t n;
    const bool packed = world_chance(&s->w, 4);
    reading(s, &b, id, &n);
    uint32_t partition = haul_partition_of(haul_murmur2(id, n), s->w.partitions[HAUL_MAILBOX_TEMPLATE]);
    if (world_chance(&s->w, 12)) partition = (uint32_t)world_below(&s->w, s->w.partitions[HAUL_MAILBOX_TEMPLATE]);
    if (packed && b.p[0] != 0xc1) {
        /* an array of records, whatever their ids: those that are misplaced are forwarded */
        struct haul_buf all;
        haul_buf_init(&all, 1024, 65536);
        const uint32_t more = 1 + (uint32_t)world_below(&s->w, 5);
        uint32_t count = 1;
        for (uint32_t i = 0; i < more; i++) {
            const size_t at = b.n;
            reading(s, &b, id, &n);
            count++;
            if (b.p[at] == 0xc1) break; /* the extent of a broken record is not known: it is the last */
        }
        haul_message_pack_header(count, &all);
        haul_buf_put(&all, b.p, b.n);
        haul_buf_free(&b);
        b = all;
    }
    world_append(&s->w, HAUL_MAILBOX_TEMPLATE, partition, (struct haul_str){id, n},
                 (struct haul_str){(const char *)b.p, b.n}, NULL);
    s->messages++;
    haul_buf_free(&b);
}

/* ---- the scheduler ---- */
static void outage(struct sim *s)
{
    s->outage_until_ms = s->w.now_ns / NS_PER_MS + 1 + (int64_t)world_below(&s->w, 3000);
}

static void outage_ends(struct sim *s)
{
    if (s->outage_until_ms == 0 || s->w.now_ns / NS_PER_MS < s->outage_until_ms) return;
    s->outage_until_ms = 0;
    model_redis_refuse(s->redis, NULL);
    model_redis_freeze(s->redis, false);
    s->w.kafka_down = false;
}

static void redis_fault(struct sim *s)
{
    s->w.stats.redis_faults++;
    switch (world_below(&s->w, 8)) {
    case 0:
        model_redis_cut_all(s->redis);
        break;
    case 1:
        model_redis_restart(s->redis, true);
        break;
    case 2:
        model_redis_fail_over(s->redis, world_chance(&s->w, 2));
        break;
    case 3:
        outage(s);
        model_redis_refuse(s->redis, "OOM command not allowed when used memory > 'maxmemory'.");
        break;
    case 4:
        outage(s);
        model_redis_freeze(s->redis, true);
        break;
    case 5:
        model_redis_cut_exec(s->redis, 1, world_chance(&s->w, 2));
        break;
    default:
        model_redis_replicate(s->redis);
        break;
    }
}

static void act(struct sim *s)
{
    struct world *w = &s->w;
    const uint64_t dice = world_below(w, 1000);
    const int i = (int)world_below(w, SIM_MEMBERS);
    if (dice < 300) {
        produce(s);
    } else if (dice < 900) {
        if (w->member[i].alive && !w->member[i].paused)
            turn(s, i, world_chance(w, 25) ? (int64_t)world_below(w, 120) : -1);
    } else if (dice < 930) {
        if (!w->member[i].alive) process_start(s, i);
    } else if (dice < 936) {
        if (w->member[i].alive && !w->member[i].paused) process_die(s, i);
    } else if (dice < 944) {
        if (w->member[i].alive) w->member[i].paused = !w->member[i].paused, w->stats.pauses++;
    } else if (dice < 952) {
        redis_fault(s);
    } else if (dice < 954) {
        outage(s);
        w->kafka_down = true;
    } else {
        w->now_ns += (int64_t)world_below(w, 400) * NS_PER_MS;
    }
    w->now_ns += (int64_t)world_below(w, 3) * NS_PER_MS;
    outage_ends(s);
    world_move(w);
}

static void heal(struct sim *s)
{
    const struct model_redis_faults none = {0};
    model_redis_set_faults(s->redis, &none);
    model_redis_refuse(s->redis, NULL);
    model_redis_freeze(s->redis, false);
    s->w.kafka_down = false;
    s->w.frozen = true;
    for (int i = 0; i < SIM_MEMBERS; i++) {
        s->w.member[i].paused = false;
        if (!s->w.member[i].alive) process_start(s, i);
    }
}

static bool settled(struct sim *s)
{
    struct world *w = &s->w;
    if (w->rebalancing) return false;
    for (int i = 0; i < SIM_MEMBERS; i++)
        if (!w->member[i].joined || w->member[i].pending_n > 0 || w->member[i].receipt_n > 0 ||
            !haul_worker_idle(s->process[i].worker))
            return false;
    for (unsigned m = 1; m < HAUL_MAILBOX_MAX; m++)
        for (unsigned p = 0; p < w->partitions[m]; p++) {
            const int owner = w->owner[m][p];
            if (owner < 0) return false;
            const struct worker_task *wt = s->process[owner].worker->at[m][p];
            if (wt == NULL || wt->t == NULL || wt->t->core->position.offset != (int64_t)w->log[m][p].n) return false;
        }
    return true;
}

static bool run_to_rest(struct sim *s)
{
    int quiet = 0;
    for (int k = 0; k < 60000; k++) {
        turn(s, k % SIM_MEMBERS, -1);
        s->w.now_ns += NS_PER_MS;
        world_move(&s->w);
        quiet = settled(s) ? quiet + 1 : 0;
        if (quiet > 3 * SIM_MEMBERS) return true;
    }
    for (unsigned m = 1; m < HAUL_MAILBOX_MAX; m++)
        for (unsigned p = 0; p < s->w.partitions[m]; p++) {
            const int owner = s->w.owner[m][p];
            const struct worker_task *wt = owner < 0 ? NULL : s->process[owner].worker->at[m][p];
            if (wt != NULL && wt->state == HAUL_TASK_RUNNING) continue;
            s->wiped = wt != NULL && wt->state == HAUL_TASK_STOPPED && strstr(wt->why, "it was wiped") != NULL;
            snprintf(s->why, sizeof s->why, "does not come to rest: task %u/%u, owner %d, state %d: %s", m, p, owner,
                     wt == NULL ? -1 : (int)wt->state, wt == NULL ? "" : wt->why);
            return false;
        }
    size_t n = 0;
    for (int i = 0; i < SIM_MEMBERS; i++)
        n += (size_t)snprintf(
            s->why + n, sizeof s->why - n, "%s[%d: joined %d, pending %zu, receipts %zu, idle %d, flying %d]",
            i == 0 ? "does not come to rest: " : " ", i, s->w.member[i].joined, s->w.member[i].pending_n,
            s->w.member[i].receipt_n, haul_worker_idle(s->process[i].worker), s->process[i].worker->flying);
    return false;
}

/* ---- oracles ---- */
static uint64_t total(struct sim *s, unsigned mailbox, enum task_count c)
{
    uint64_t sum = 0;
    for (unsigned p = 0; p < s->w.partitions[mailbox]; p++)
        sum += s->process[s->w.owner[mailbox][p]].worker->at[mailbox][p]->t->core->count[c];
    return sum;
}

static uint64_t total_counter(struct sim *s, unsigned mailbox, unsigned counter)
{
    uint64_t sum = 0;
    for (unsigned p = 0; p < s->w.partitions[mailbox]; p++)
        sum += s->process[s->w.owner[mailbox][p]].worker->at[mailbox][p]->t->core->counter[counter];
    return sum;
}

static int by_sender(const void *a, const void *b)
{
    const struct haul_sender *x = &((const struct sim_message *)a)->sender,
                             *y = &((const struct sim_message *)b)->sender;
    if (x->mailbox != y->mailbox) return x->mailbox < y->mailbox ? -1 : 1;
    if (x->partition != y->partition) return x->partition < y->partition ? -1 : 1;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static uint64_t letters_once(struct sim *s)
{
    uint64_t n = 0;
    struct sim_log *l = &s->w.letters;
    if (l->n > 0) qsort(l->m, l->n, sizeof *l->m, by_sender);
    for (size_t i = 0; i < l->n; i++) n += i == 0 || by_sender(&l->m[i - 1], &l->m[i]) != 0 ? 1 : 0;
    return n;
}

static bool same(struct sim *s, const char *what, uint64_t want, uint64_t got)
{
    if (want == got) return true;
    snprintf(s->why, sizeof s->why, "%s: %llu expected, %llu found", what, (unsigned long long)want,
             (unsigned long long)got);
    return false;
}

static bool arithmetic_holds(struct sim *s)
{
    const unsigned m = HAUL_MAILBOX_TEMPLATE, d = HAUL_MAILBOX_DESK;
    for (int c = 0; s->verbose && c < COUNT_LEN; c++)
        printf("  %s %llu %llu\n", task_count_name((enum task_count)c),
               (unsigned long long)total(s, m, (enum task_count)c),
               (unsigned long long)total(s, d, (enum task_count)c));
    return same(s, "records processed", s->good, total(s, m, COUNT_PROCESSED)) &&
           same(s, "sum of readings", s->milli, total_counter(s, m, 1)) &&
           same(s, "records dropped", s->zero, total(s, m, COUNT_DROPPED)) &&
           same(s, "records quarantined", s->bad, total(s, m, COUNT_QUARANTINED)) &&
           same(s, "dead letters, each once", s->bad, letters_once(s)) &&
           same(s, "transitions at the desk",
                total(s, m, COUNT_EMITTED) - total(s, m, COUNT_FORWARDED) - total(s, m, COUNT_QUARANTINED),
                total(s, d, COUNT_PROCESSED)) &&
           same(s, "lost by the log", 0, total(s, d, COUNT_LOST));
}

static void apply_command(struct model_redis *m, const struct haul_op_view *v)
{
    char key[256], score[32], id[64], keep[16];
    struct haul_buf reply;
    haul_buf_init(&reply, 256, 65536);
    snprintf(key, sizeof key, "haul:%.*s", (int)v->key.n, v->key.p);
    snprintf(score, sizeof score, "%lld", (long long)v->x);
    snprintf(id, sizeof id, "%llu-%llu", (unsigned long long)v->x, (unsigned long long)v->y);
    snprintf(keep, sizeof keep, "%u", v->aux);
    const struct haul_str k = haul_str_of(key);
    switch (v->op) {
    case HAUL_OP_PUT:
        model_redis_do(m, (struct haul_str[]){HAUL_STR("SET"), k, v->a}, 3, &reply);
        break;
    case HAUL_OP_ERASE:
        model_redis_do(m, (struct haul_str[]){HAUL_STR("DEL"), k}, 2, &reply);
        break;
    case HAUL_OP_ZADD:
        model_redis_do(m, (struct haul_str[]){HAUL_STR("ZADD"), k, haul_str_of(score), v->a}, 4, &reply);
        break;
    case HAUL_OP_ZREM:
        model_redis_do(m, (struct haul_str[]){HAUL_STR("ZREM"), k, v->a}, 3, &reply);
        break;
    case HAUL_OP_XADD:
        if (v->aux != 0)
            model_redis_do(m,
                           (struct haul_str[]){HAUL_STR("XADD"), k, HAUL_STR("MAXLEN"), haul_str_of(keep),
                                               haul_str_of(id), v->b, v->a},
                           7, &reply);
        else
            model_redis_do(m, (struct haul_str[]){HAUL_STR("XADD"), k, haul_str_of(id), v->b, v->a}, 5, &reply);
        break;
    case HAUL_OP_BLOCK:
    case HAUL_OP_BLOCK_DROP:
        break;
    }
    haul_buf_free(&reply);
}

static void apply_ops(struct model_redis *m, struct haul_ops *ops)
{
    size_t at = 0;
    struct haul_op_view v;
    while (haul_ops_next(ops, &at, &v)) apply_command(m, &v);
    haul_ops_clear(ops);
}

/* One undisturbed pass over a partition's log. */
static struct haul_task *pass(struct sim *s, const struct haul_processor *p, unsigned partition,
                              struct model_redis *into)
{
    struct task_topology topology = {0};
    struct haul_error e = {0};
    memcpy(topology.partitions, s->w.partitions, sizeof topology.partitions);
    struct haul_task *t = task_open(p, (struct haul_task_name){(uint16_t)p->mailbox, (uint16_t)partition}, &topology,
                                    contents_first(s->contents, p), 8 << 20, &e);
    assert(t != NULL);
    struct haul_ops ops;
    haul_ops_init(&ops, 4096, 64 << 20);
    t->ops = &ops;
    for (uint32_t i = 0; i < t->channels; i++) t->outbox.channel[i].acked = UINT64_MAX;
    const struct sim_log *l = &s->w.log[p->mailbox][partition];
    for (size_t i = 0; i < l->n; i++) {
        const struct haul_message m = {
            .task = t->name,
            .offset = (int64_t)i,
            .append = {l->m[i].append_ms},
            .append_time = true,
            .key = {l->m[i].key, l->m[i].key_n},
            .value = {l->m[i].value, l->m[i].value_n},
            .sender = l->m[i].sender,
        };
        task_offer(t, &m);
        enum task_stop stop;
        do {
            stop = task_run(t);
            apply_ops(into, &ops);
        } while (stop == TASK_FULL);
        assert(stop == TASK_IDLE && task_accounts_balance(t));
    }
    t->ops = NULL;
    haul_ops_free(&ops);
    return t;
}

static bool first_difference(struct sim *s, const char *what, const struct haul_buf *want, const struct haul_buf *got)
{
    if (want->n == got->n && memcmp(want->p, got->p, want->n) == 0) return true;
    size_t at = 0;
    while (at < want->n && at < got->n && want->p[at] == got->p[at]) at++;
    while (at > 0 && want->p[at - 1] != '\n') at--;
    const uint8_t *a = want->p + at, *b = got->p + at;
    const size_t an = at >= want->n ? 0 : strcspn((const char *)a, "\n"),
                 bn = at >= got->n ? 0 : strcspn((const char *)b, "\n");
    snprintf(s->why, sizeof s->why, "%s differs:\n    undisturbed %.*s\n    found       %.*s", what,
             (int)(an > 150 ? 150 : an), a, (int)(bn > 150 ? 150 : bn), b);
    return false;
}

/* Lines of a model's dump but for what is not a function of the logs: control keys, checkpoints, heartbeats. */
static void view_of(const struct model_redis *m, struct haul_buf *out)
{
    struct haul_buf all;
    haul_buf_init(&all, 65536, 256 << 20);
    model_redis_dump(m, NULL, &all);
    for (size_t at = 0; at < all.n;) {
        const uint8_t *end = memchr(all.p + at, '\n', all.n - at);
        const size_t n = (end == NULL ? all.n : (size_t)(end - all.p) + 1) - at;
        const char *line = (const char *)all.p + at;
        if (memmem(line, n, "haul:control:", 13) == NULL && memmem(line, n, "haul:checkpoint:", 16) == NULL &&
            memmem(line, n, "haul:task:", 10) == NULL)
            haul_buf_put(out, line, n);
        at += n;
    }
    haul_buf_byte(out, '\0');
    haul_buf_free(&all);
}

static bool passes_agree(struct sim *s)
{
    struct model_redis *fresh = model_redis_new(&s->w.now_ns, 1);
    struct haul_buf want, got;
    haul_buf_init(&want, 65536, 256 << 20);
    haul_buf_init(&got, 65536, 256 << 20);
    for (size_t k = 0; k < sizeof actors / sizeof actors[0]; k++)
        for (unsigned p = 0; p < s->w.partitions[actors[k]->mailbox]; p++) {
            struct haul_task *t = pass(s, actors[k], p, fresh);
            task_dump(t, &want);
            task_close(t);
            task_dump(s->process[s->w.owner[actors[k]->mailbox][p]].worker->at[actors[k]->mailbox][p]->t, &got);
        }
    haul_buf_byte(&want, '\0');
    haul_buf_byte(&got, '\0');
    bool good = first_difference(s, "state", &want, &got);
    haul_buf_clear(&want);
    haul_buf_clear(&got);
    view_of(fresh, &want);
    view_of(s->redis, &got);
    good = good && first_difference(s, "view", &want, &got);
    haul_buf_free(&want);
    haul_buf_free(&got);
    model_redis_free(fresh);
    return good;
}

/* ---- one seed ---- */
static void settings_of(struct sim *s)
{
    s->settings = (struct haul_worker_settings){
        .processors = actors,
        .processors_len = sizeof actors / sizeof actors[0],
        .pace_ms = (int64_t)world_below(&s->w, 4),
        .documents_max = (uint32_t)(1 + world_below(&s->w, 40)),
        .checkpoint_interval_ms = 50 + (int64_t)world_below(&s->w, 2000),
        .checkpoint_rate_bytes = 1 << 20,
        .outbox_bytes = 4 << 20,
        .clock_interval_ms = 20 + (int64_t)world_below(&s->w, 200),
        .tick_interval_ms = 100 + (int64_t)world_below(&s->w, 900),
        .on_wipe = HAUL_WIPE_STOP,
    };
    s->w.partitions[HAUL_MAILBOX_TEMPLATE] = 3;
    s->w.partitions[HAUL_MAILBOX_DESK] = 1;
    memcpy(s->settings.partitions, s->w.partitions, sizeof s->settings.partitions);
}

static void add_contents(struct sim *s)
{
    s->contents = haul_contents_open();
    const bool few = world_chance(&s->w, 3);
    char text[200], hash[33];
    const int n = snprintf(text, sizeof text, "engine:\n  lateness: 2s\n  view: {interval: %s}\n  entities_max: %d\n",
                           world_chance(&s->w, 2) ? "1s" : "300ms", few ? 10 : 1000);
    for (size_t i = 0; i < sizeof actors / sizeof actors[0]; i++) {
        struct haul_error e = {0};
        const enum haul_err err =
            haul_contents_add(s->contents, actors[i], (struct haul_str){text, (size_t)n}, hash, &e);
        if (err != HAUL_OK) fprintf(stderr, "%s\n", e.text);
        assert(err == HAUL_OK);
        haul_contents_begin_with(s->contents, actors[i], hash);
    }
}

static void redis_chances(struct sim *s)
{
    const struct model_redis_faults f = {
        .short_io = 100,
        .dawdle = 100,
        .cut_request = 3,
        .cut_reply = 3,
        .cut_after_exec = 5,
        .refuse_connect = 20,
        .stall = 10,
        .orphan = 300,
        .refuse = 5,
        .replicate = 300,
        .fail_over = 1,
        .stall_ms_max = 1500,
    };
    if (!world_chance(&s->w, 4)) model_redis_set_faults(s->redis, &f);
}

static bool run_seed(struct sim *s, uint64_t seed, int actions)
{
    s->seed = seed;
    env = (struct haul_env){env_mono, env_wait, env_say, s};
    world_open(&s->w, seed);
    settings_of(s);
    add_contents(s);
    s->redis = model_redis_new(&s->w.now_ns, seed * 7 + 1);
    redis_chances(s);
    for (int i = 0; i < SIM_MEMBERS; i++) process_start(s, i);
    for (int k = 0; k < actions; k++) act(s);
    heal(s);
    bool good = run_to_rest(s) ? arithmetic_holds(s) && passes_agree(s) : s->wiped;
    for (int i = 0; i < SIM_MEMBERS; i++)
        if (s->process[i].worker != NULL) process_end(s, i);
    model_redis_free(s->redis);
    haul_contents_close(s->contents);
    return good;
}

static void usage(void)
{
    puts("usage: sim [--seeds N] [--seed S] [--actions N] [--verbose] [--mutation NAME] [--list-mutations]");
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 'n'},    {"seed", required_argument, NULL, 's'},
        {"actions", required_argument, NULL, 'a'},  {"verbose", no_argument, NULL, 'v'},
        {"mutation", required_argument, NULL, 'm'}, {0}};
    uint64_t seeds = 300, first = 1;
    int actions = 1200, failed = 0;
    bool verbose = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'n':
            seeds = strtoull(optarg, NULL, 10);
            break;
        case 's':
            first = strtoull(optarg, NULL, 10), seeds = 1;
            break;
        case 'a':
            actions = (int)strtol(optarg, NULL, 10);
            break;
        case 'v':
            verbose = true;
            break;
        default:
            usage();
            return 64;
        }
    }
    struct sim *s = malloc(sizeof *s);
    assert(s != NULL);
    uint64_t crashes = 0, faults = 0, pauses = 0, messages = 0, lost = 0, wiped = 0;
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        memset(s, 0, sizeof *s);
        s->verbose = verbose;
        const bool good = run_seed(s, seed, actions);
        crashes += s->w.stats.crashes, faults += s->w.stats.redis_faults, pauses += s->w.stats.pauses;
        wiped += s->wiped ? 1 : 0, messages += s->messages, lost += s->w.stats.lost_acks + s->w.stats.lost_sends;
        if (!good) failed++, printf("seed %llu: %s\n", (unsigned long long)seed, s->why), fflush(stdout);
        world_close(&s->w);
    }
    printf("%llu seeds, %d failed: %llu messages, %llu crashes, %llu pauses, %llu Redis faults, %llu answers of Kafka "
           "lost, "
           "%llu wiped stores\n",
           (unsigned long long)seeds, failed, (unsigned long long)messages, (unsigned long long)crashes,
           (unsigned long long)pauses, (unsigned long long)faults, (unsigned long long)lost, (unsigned long long)wiped);
    free(s);
    return failed == 0 ? 0 : 1;
}
