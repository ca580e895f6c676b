/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

#include "haul/hash.h"

#include <stdlib.h>

#define NS_PER_MS          1000000
#define INTERRUPTED_ONE_IN 300

uint64_t world_below(struct world *w, uint64_t n)
{
    return haul_rng_below(&w->rng, n);
}
bool world_chance(struct world *w, unsigned one_in)
{
    return haul_rng_below(&w->rng, one_in) == 0;
}

void world_open(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    haul_rng_seed(&w->rng, seed);
    w->now_ns = 1800000000000ll * NS_PER_MS;
    w->session_ms = 3000;
    w->crash_in = -1;
    for (int i = 0; i < SIM_MEMBERS; i++) {
        w->member[i].w = w;
        w->member[i].number = i;
        w->member[i].source.ops = &sim_source_ops;
        w->member[i].sink.ops = &sim_sink_ops;
    }
    for (int m = 0; m < HAUL_MAILBOX_MAX; m++)
        for (int p = 0; p < SIM_PARTITIONS; p++) {
            w->owner[m][p] = -1;
            w->log[m][p].remembered = -1;
        }
}

static void message_free(struct sim_message *m)
{
    free(m->key);
    free(m->value);
}

static void log_free(struct sim_log *l)
{
    for (size_t i = 0; i < l->n; i++) message_free(&l->m[i]);
    free(l->m);
}

void world_close(struct world *w)
{
    for (int m = 0; m < HAUL_MAILBOX_MAX; m++)
        for (int p = 0; p < SIM_PARTITIONS; p++) log_free(&w->log[m][p]);
    log_free(&w->letters);
    for (int i = 0; i < SIM_MEMBERS; i++)
        for (size_t k = 0; k < w->member[i].pending_n; k++) message_free(&w->member[i].pending[k].m);
}

static char *copy(struct haul_str s)
{
    char *p = malloc(s.n + 1);
    assert(p != NULL);
    if (s.n > 0) memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

static void log_add(struct world *w, struct sim_log *l, struct sim_message m)
{
    if (l->n == l->cap) {
        l->cap = l->cap == 0 ? 64 : l->cap * 2;
        l->m = realloc(l->m, l->cap * sizeof *l->m);
        assert(l->m != NULL);
    }
    m.append_ms = w->now_ns / NS_PER_MS;
    l->m[l->n++] = m;
}

void world_append(struct world *w, unsigned mailbox, unsigned partition, struct haul_str key, struct haul_str value,
                  const struct haul_sender *sender)
{
    struct sim_message m = {copy(key), copy(value), key.n, value.n, 0, {0}};
    if (sender != NULL) m.sender = *sender;
    log_add(w, mailbox == 0 ? &w->letters : &w->log[mailbox][partition], m);
}

void world_edge(struct world *w)
{
    w->now_ns += 2000;
    if (w->interrupt != NULL && !w->interrupted && world_chance(w, INTERRUPTED_ONE_IN)) {
        w->interrupted = true;
        w->interrupt(w->interrupt_arg);
        w->interrupted = false;
    }
    if (!w->crashable || w->crash_in < 0 || --w->crash_in >= 0) return;
    w->crashable = false;
    longjmp(w->crash, 1);
}

/* ---- the group: eager protocol, static members ---- */
#define EACH_PART(w, m, p)                                                                                             \
    for (unsigned m = 1; m < HAUL_MAILBOX_MAX; m++)                                                                    \
        for (unsigned p = 0; p < (w)->partitions[m]; p++)

static bool holds_any(const struct sim_member *s)
{
    EACH_PART(s->w, m, p)
    if (s->part[m][p].state != PART_NONE && s->part[m][p].state != PART_LOST) return true;
    return false;
}

static void rebalance_begin(struct world *w)
{
    w->rebalancing = true;
    w->stats.rebalances++;
    for (int i = 0; i < SIM_MEMBERS; i++) {
        struct sim_member *s = &w->member[i];
        EACH_PART(w, m, p)
        {
            if (s->part[m][p].state == PART_ASSIGN && !s->part[m][p].assign_said) s->part[m][p].state = PART_NONE;
            if (s->part[m][p].state == PART_HELD || s->part[m][p].state == PART_ASSIGN)
                s->part[m][p].state = PART_REVOKE;
        }
    }
}

static void expel(struct world *w, int number)
{
    struct sim_member *s = &w->member[number];
    s->joined = false;
    EACH_PART(w, m, p)
    {
        if (s->part[m][p].state != PART_NONE) s->part[m][p].state = s->alive ? PART_LOST : PART_NONE;
        if (w->owner[m][p] == number) w->owner[m][p] = -1;
    }
    rebalance_begin(w);
}

static void rebalance_end(struct world *w)
{
    int live[SIM_MEMBERS], n = 0;
    for (int i = 0; i < SIM_MEMBERS; i++)
        if (w->member[i].joined) live[n++] = i;
    w->rebalancing = false;
    if (n == 0) return;
    unsigned turn = (unsigned)world_below(w, (uint64_t)n);
    EACH_PART(w, m, p)
    {
        const int to = live[turn++ % (unsigned)n];
        w->owner[m][p] = to;
        w->member[to].part[m][p] = (struct sim_part){.state = PART_ASSIGN};
    }
}

void member_start(struct world *w, int number)
{
    struct sim_member *s = &w->member[number];
    s->alive = true;
    s->paused = false;
    s->polled_ms = w->now_ns / NS_PER_MS;
    EACH_PART(w, m, p)
    {
        const bool keeps = s->joined && !w->rebalancing && w->owner[m][p] == number;
        s->part[m][p] = (struct sim_part){.state = keeps ? PART_ASSIGN : PART_NONE};
        if (!keeps && w->owner[m][p] == number) w->owner[m][p] = -1;
    }
    if (s->joined) return;
    s->joined = true;
    rebalance_begin(w);
}

static void land(struct world *w, struct sim_pending *p)
{
    if (w->frozen && p->m.sender.sequence == 0 && p->m.sender.mailbox != 0) {
        message_free(&p->m);
        return;
    }
    log_add(w, p->mailbox == 0 ? &w->letters : &w->log[p->mailbox][p->partition], p->m);
}

void member_die(struct world *w, int number)
{
    struct sim_member *s = &w->member[number];
    s->alive = false;
    bool lost[HAUL_MAILBOX_MAX][SIM_PARTITIONS] = {{false}};
    for (size_t i = 0; i < s->pending_n; i++) {
        struct sim_pending *p = &s->pending[i];
        if (world_chance(w, 3)) lost[p->mailbox][p->partition] = true;
        if (lost[p->mailbox][p->partition])
            message_free(&p->m);
        else
            land(w, p);
    }
    s->pending_n = s->receipt_n = 0;
}

/* One pending message is answered: in the log and acknowledged, in the log and the answer lost, or lost. */
static void answer_one(struct world *w, struct sim_member *s)
{
    if (s->pending_n == 0 || s->receipt_n == SIM_QUEUE || w->kafka_down) return;
    size_t at = world_below(w, s->pending_n);
    for (size_t i = 0; i < at; i++) /* order holds per partition */
        if (s->pending[i].mailbox == s->pending[at].mailbox && s->pending[i].partition == s->pending[at].partition)
            at = i;
    struct sim_pending p = s->pending[at];
    memmove(&s->pending[at], &s->pending[at + 1], (--s->pending_n - at) * sizeof p);
    struct haul_receipt *r = &s->receipt[s->receipt_n++];
    *r = (struct haul_receipt){.cookie = p.cookie, .result = HAUL_OK, .text = "timed out"};
    if (!w->frozen && world_chance(w, w->kafka_slow ? 4 : 40)) {
        r->result = HAUL_E_TIMEOUT;
        w->stats.lost_sends++;
        message_free(&p.m);
        return;
    }
    if (!w->frozen && world_chance(w, 40)) r->result = HAUL_E_TIMEOUT, w->stats.lost_acks++;
    land(w, &p);
}

void world_answer(struct world *w)
{
    for (int i = 0; i < SIM_MEMBERS; i++)
        if (!w->member[i].paused)
            for (uint64_t k = world_below(w, w->kafka_slow ? 2 : 6); k > 0; k--)
                if (!w->kafka_slow || world_chance(w, 8)) answer_one(w, &w->member[i]);
}

void world_move(struct world *w)
{
    const int64_t ms = w->now_ns / NS_PER_MS;
    for (int i = 0; i < SIM_MEMBERS; i++)
        if (w->member[i].joined && ms - w->member[i].polled_ms > w->session_ms) expel(w, i);
    world_answer(w);
    if (!w->rebalancing) return;
    /* a dead static member cannot give up: its partitions wait for its session */
    for (int i = 0; i < SIM_MEMBERS; i++)
        if (w->member[i].joined && holds_any(&w->member[i])) return;
    rebalance_end(w);
}

/* ---- what a log may suffer ---- */
void world_expire(struct world *w, unsigned mailbox, unsigned partition, int64_t low)
{
    struct sim_log *l = &w->log[mailbox][partition];
    assert(low >= l->low && low <= (int64_t)l->n);
    l->low = low;
}

void world_truncate(struct world *w, unsigned mailbox, unsigned partition, int64_t end)
{
    struct sim_log *l = &w->log[mailbox][partition];
    assert(end >= 0 && end <= (int64_t)l->n);
    for (size_t i = (size_t)end; i < l->n; i++) message_free(&l->m[i]);
    l->n = (size_t)end;
    if (l->low > end) l->low = end;
}

/* ---- source ---- */
static struct sim_member *of_source(struct haul_source *s)
{
    return (struct sim_member *)(void *)((char *)s - offsetof(struct sim_member, source));
}

static bool group_event(struct sim_member *s, struct haul_source_event *out)
{
    EACH_PART(s->w, m, p)
    {
        struct sim_part *part = &s->part[m][p];
        out->task = (struct haul_task_name){(uint16_t)m, (uint16_t)p};
        switch (part->state) {
        case PART_ASSIGN:
            if (part->assign_said) break;
            part->assign_said = true;
            out->type = HAUL_SOURCE_ASSIGN;
            return true;
        case PART_REVOKE:
            out->type = HAUL_SOURCE_REVOKE;
            return true;
        case PART_LOST:
            out->type = HAUL_SOURCE_LOST;
            return true;
        case PART_NONE:
        case PART_HELD:
            break;
        }
    }
    return false;
}

static bool read_part(struct sim_member *s, unsigned m, unsigned p, struct haul_source_event *out)
{
    struct sim_part *part = &s->part[m][p];
    const struct sim_log *l = &s->w->log[m][p];
    if (!part->started || part->paused || part->state == PART_NONE) return false;
    out->task = (struct haul_task_name){(uint16_t)m, (uint16_t)p};
    if (part->next < l->low || part->next > (int64_t)l->n) {
        part->started = false;
        out->type = HAUL_SOURCE_GAP;
        out->offset = part->next;
        out->low = l->low;
        out->high = (int64_t)l->n;
        return true;
    }
    if (part->next == (int64_t)l->n) {
        if (part->end_said) return false;
        part->end_said = true;
        out->type = HAUL_SOURCE_END;
        out->offset = part->next;
        return true;
    }
    const struct sim_message *x = &l->m[part->next];
    out->type = HAUL_SOURCE_MESSAGE;
    out->message = (struct haul_message){
        .task = out->task,
        .offset = part->next++,
        .append = {x->append_ms},
        .append_time = true,
        .key = {x->key, x->key_n},
        .value = {x->value, x->value_n},
        .sender = x->sender,
    };
    part->end_said = false;
    return true;
}

static enum haul_err source_poll(struct haul_source *src, int timeout_ms, struct haul_source_event *out,
                                 struct haul_error *e)
{
    struct sim_member *s = of_source(src);
    struct world *w = s->w;
    (void)e;
    world_edge(w);
    out->type = HAUL_SOURCE_NONE;
    s->polled_ms = w->now_ns / NS_PER_MS;
    if (!s->joined && !group_event(s, out)) {
        s->joined = true;
        rebalance_begin(w);
    }
    if (out->type != HAUL_SOURCE_NONE || group_event(s, out)) return HAUL_OK;
    if (w->kafka_down) return HAUL_OK;
    const uint64_t first = world_below(w, HAUL_MAILBOX_MAX * SIM_PARTITIONS);
    for (unsigned i = 0; i < HAUL_MAILBOX_MAX * SIM_PARTITIONS; i++) {
        const unsigned k = (unsigned)(first + i) % (HAUL_MAILBOX_MAX * SIM_PARTITIONS);
        if (k % SIM_PARTITIONS < w->partitions[k / SIM_PARTITIONS] &&
            read_part(s, k / SIM_PARTITIONS, k % SIM_PARTITIONS, out))
            return HAUL_OK;
    }
    w->now_ns += timeout_ms > 0 ? NS_PER_MS : 0;
    return HAUL_OK;
}

static enum haul_err source_start(struct haul_source *src, struct haul_task_name t, int64_t offset,
                                  struct haul_error *e)
{
    struct sim_part *part = &of_source(src)->part[t.mailbox][t.partition];
    (void)e;
    world_edge(of_source(src)->w);
    if (part->state == PART_ASSIGN) part->state = PART_HELD;
    part->started = true;
    part->end_said = false;
    part->next = offset;
    return HAUL_OK;
}

static void source_stop(struct haul_source *src, struct haul_task_name t)
{
    struct sim_member *s = of_source(src);
    s->part[t.mailbox][t.partition] = (struct sim_part){.state = PART_NONE};
    if (s->w->owner[t.mailbox][t.partition] == s->number) s->w->owner[t.mailbox][t.partition] = -1;
}

static void source_pause(struct haul_source *src, struct haul_task_name t)
{
    of_source(src)->part[t.mailbox][t.partition].paused = true;
}

static void source_resume(struct haul_source *src, struct haul_task_name t)
{
    of_source(src)->part[t.mailbox][t.partition].paused = false;
}

static enum haul_err source_bounds(struct haul_source *src, struct haul_task_name t, int64_t *low, int64_t *high,
                                   struct haul_error *e)
{
    const struct sim_log *l = &of_source(src)->w->log[t.mailbox][t.partition];
    world_edge(of_source(src)->w);
    if (of_source(src)->w->kafka_down) return haul_fail(e, HAUL_E_UNAVAILABLE, "no broker answers");
    *low = l->low;
    *high = (int64_t)l->n;
    return HAUL_OK;
}

static enum haul_err source_offset_at(struct haul_source *src, struct haul_task_name t, struct haul_time at,
                                      int64_t *offset, struct haul_error *e)
{
    const struct sim_log *l = &of_source(src)->w->log[t.mailbox][t.partition];
    (void)e;
    for (*offset = l->low; *offset < (int64_t)l->n && l->m[*offset].append_ms < at.ms;) ++*offset;
    return HAUL_OK;
}

static enum haul_err source_partitions(struct haul_source *src, unsigned mailbox, uint32_t *count, struct haul_error *e)
{
    (void)e;
    *count = of_source(src)->w->partitions[mailbox];
    return HAUL_OK;
}

static void source_remember(struct haul_source *src, struct haul_task_name t, int64_t offset, const char *metadata)
{
    struct sim_log *l = &of_source(src)->w->log[t.mailbox][t.partition];
    if (!of_source(src)->joined) return; /* the group fences members that it has expelled */
    l->remembered = offset;
    const size_t n = strlen(metadata);
    memcpy(l->metadata, metadata, n < sizeof l->metadata ? n + 1 : 1);
    const char *settled = strstr(metadata, "settled=");
    if (settled != NULL && atoll(settled + 8) > l->settled) l->settled = atoll(settled + 8);
}

static enum haul_err source_recall(struct haul_source *src, struct haul_task_name t, int64_t *offset, char *metadata,
                                   size_t cap, struct haul_error *e)
{
    const struct sim_log *l = &of_source(src)->w->log[t.mailbox][t.partition];
    (void)e;
    *offset = l->remembered;
    if (cap > strlen(l->metadata)) memcpy(metadata, l->metadata, strlen(l->metadata) + 1);
    return HAUL_OK;
}

static void source_close(struct haul_source *src)
{
    (void)src;
}

const struct haul_source_ops sim_source_ops = {
    "sim",         source_poll,      source_start,      source_stop,     source_pause,  source_resume,
    source_bounds, source_offset_at, source_partitions, source_remember, source_recall, source_close,
};

/* ---- sink ---- */
static struct sim_member *of_sink(struct haul_sink *s)
{
    return (struct sim_member *)(void *)((char *)s - offsetof(struct sim_member, sink));
}

static enum haul_err sink_send(struct haul_sink *sink, const struct haul_outgoing *m, struct haul_error *e)
{
    struct sim_member *s = of_sink(sink);
    struct world *w = s->w;
    world_edge(w);
    if (s->pending_n == SIM_QUEUE) return haul_fail(e, HAUL_E_AGAIN, "queue is full");
    struct sim_pending *p = &s->pending[s->pending_n++];
    *p = (struct sim_pending){.cookie = m->cookie, .mailbox = m->topic == NULL ? m->to : 0};
    if (m->topic == NULL)
        p->partition =
            (uint16_t)(m->partition >= 0 ? (uint32_t)m->partition
                                         : haul_partition_of(haul_murmur2(m->key.p, m->key.n), w->partitions[m->to]));
    p->m = (struct sim_message){copy(m->key), copy(m->value), m->key.n, m->value.n, 0, m->sender};
    return HAUL_OK;
}

static size_t sink_poll(struct haul_sink *sink, struct haul_receipt *out, size_t max)
{
    struct sim_member *s = of_sink(sink);
    const size_t n = s->receipt_n < max ? s->receipt_n : max;
    memcpy(out, s->receipt, n * sizeof *out);
    memmove(s->receipt, s->receipt + n, (s->receipt_n - n) * sizeof *out);
    s->receipt_n -= n;
    return n;
}

static enum haul_err sink_flush(struct haul_sink *sink, int timeout_ms, struct haul_error *e)
{
    (void)sink;
    (void)timeout_ms;
    (void)e;
    return HAUL_OK;
}

static void sink_close(struct haul_sink *sink)
{
    (void)sink;
}

const struct haul_sink_ops sim_sink_ops = {"sim", sink_send, sink_poll, sink_flush, sink_close};
