/* SPDX-License-Identifier: Apache-2.0
 * What goes wrong, and what of it a task must notice.
 */
#include "tests/sim/sim.h"

#include <stdio.h>

void faults_plan(struct sim *s)
{
    struct world *w = &s->w;
    struct sim_plan *p = &s->plan;
    p->noisy = !world_chance(w, 4);
    p->options = world_chance(w, 2);
    p->stops = world_chance(w, 2);
    p->mute = world_chance(w, 4);
    p->halts = world_chance(w, 2);
    switch (world_below(w, 12)) {
    case 0:
        p->wipes = true;
        break;
    case 1:
    case 2:
        p->wipes = p->rebuilds = true;
        break;
    case 3:
    case 4:
        p->cuts = true;
        break;
    case 5:
        p->rewrites = true;
        break;
    case 6:
        p->starves = true;
        break;
    case 7:
    case 8:
        p->expires = true;
        break;
    default:
        break;
    }
    s->settings.on_wipe = p->rebuilds ? HAUL_WIPE_REBUILD : HAUL_WIPE_STOP;
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
    if (p->noisy) model_redis_set_faults(s->redis, &f);
}

/* ---- Redis ---- */
static void outage(struct sim *s)
{
    s->outage_until_ms = sim_ms(s) + 1 + (int64_t)world_below(&s->w, 3000);
}

static void refuse(struct sim *s)
{
    static const char *const why[] = {
        "OOM command not allowed when used memory > 'maxmemory'.",
        "LOADING Redis is loading the dataset in memory",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        "NOREPLICAS Not enough good replicas to write.",
        "READONLY You can't write against a read only replica.",
        "BUSY Redis is busy running a script.",
    };
    outage(s);
    model_redis_refuse(s->redis, why[world_below(&s->w, sizeof why / sizeof why[0])]);
}

void faults_redis(struct sim *s)
{
    s->w.stats.redis_faults++;
    switch (world_below(&s->w, 10)) {
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
    case 4:
        refuse(s);
        break;
    case 5:
        outage(s);
        model_redis_freeze(s->redis, true);
        break;
    case 6:
        model_redis_cut_exec(s->redis, 1, world_chance(&s->w, 2));
        break;
    case 7:
        if (!s->plan.wipes) break;
        if (world_chance(&s->w, 2))
            model_redis_flush(s->redis);
        else
            model_redis_restart(s->redis, false);
        break;
    default:
        model_redis_replicate(s->redis);
        break;
    }
}

void faults_kafka(struct sim *s)
{
    outage(s);
    if (world_chance(&s->w, 2))
        s->w.kafka_down = true;
    else
        s->w.kafka_slow = true;
}

void faults_end(struct sim *s)
{
    if (s->outage_until_ms == 0 || sim_ms(s) < s->outage_until_ms) return;
    s->outage_until_ms = 0;
    model_redis_refuse(s->redis, NULL);
    model_redis_freeze(s->redis, false);
    s->w.kafka_down = s->w.kafka_slow = false;
}

/* ---- logs ---- */
/* A commit of this task is on its way: of one that reads there, or that has given it up meanwhile. */
static bool commits(const struct haul_worker *w, unsigned mailbox, unsigned partition)
{
    for (size_t i = 0; w->flying && i < w->parts_len; i++)
        if (w->parts[i].task.mailbox == mailbox && w->parts[i].task.partition == partition) return true;
    return false;
}

/* What a process holds of the log, and would still commit, goes with it. False: it stands still in the middle of that.
 */
static bool nobody_reads(struct sim *s, unsigned mailbox, unsigned partition)
{
    bool reads[SIM_MEMBERS];
    for (int i = 0; i < SIM_MEMBERS; i++) {
        const struct haul_worker *w = s->process[i].worker;
        reads[i] =
            s->w.member[i].alive && (s->w.member[i].part[mailbox][partition].started || commits(w, mailbox, partition));
        if (i == s->standing && (reads[i] || w->at[mailbox][partition] != NULL)) return false;
    }
    for (int i = 0; i < SIM_MEMBERS; i++)
        if (reads[i]) process_die(s, i);
    return true;
}

/* Retention behind the checkpoint: whatever happens to the process, it can go on. The replica may hold an older
 * checkpoint, so it catches up first. */
static void expire_read(struct sim *s, unsigned k, unsigned p)
{
    const struct sim_log *l = sim_log_of(s, k, p);
    model_redis_replicate(s->redis);
    const int64_t to = ledger_field(s, k, p, "checkpoint_offset");
    if (ledger_field(s, k, p, "checkpoint_generation") > 0 && to > l->low)
        world_expire(&s->w, sim_actors[k]->mailbox, p,
                     l->low + 1 + (int64_t)world_below(&s->w, (uint64_t)(to - l->low)));
}

/* Retention beyond what was read. */
static void expire_unread(struct sim *s, unsigned k, unsigned p)
{
    const struct sim_log *l = sim_log_of(s, k, p);
    struct sim_ledger *ledger = sim_ledger_of(s, k, p);
    if (!ledger->exists || ledger->offset >= (int64_t)l->n || l->low > ledger->offset) return;
    if (!nobody_reads(s, sim_actors[k]->mailbox, p) || ledger->offset >= (int64_t)l->n) return;
    world_expire(&s->w, sim_actors[k]->mailbox, p,
                 ledger->offset + 1 + (int64_t)world_below(&s->w, l->n - (uint64_t)ledger->offset));
    ledger->harmed = ledger->must_stop = true;
}

/* An acknowledged tail that nobody has read is lost. */
static void cut_unread(struct sim *s, unsigned k, unsigned p)
{
    const struct sim_log *l = sim_log_of(s, k, p);
    /* a frozen Redis may still hold a commit that stands on it */
    if (s->outage_until_ms != 0 || !nobody_reads(s, sim_actors[k]->mailbox, p)) return;
    model_redis_settle(s->redis);
    const int64_t from = sim_ledger_of(s, k, p)->read_max;
    if (from >= (int64_t)l->n) return;
    const int64_t end = from + (int64_t)world_below(&s->w, l->n - (uint64_t)from);
    s->cut += l->n - (uint64_t)end;
    world_truncate(&s->w, sim_actors[k]->mailbox, p, end);
}

/* What was read is lost, or all of it: other messages take these offsets. */
static void rewrite(struct sim *s, unsigned k, unsigned p)
{
    struct sim_ledger *ledger = sim_ledger_of(s, k, p);
    if (!nobody_reads(s, sim_actors[k]->mailbox, p)) return;
    model_redis_settle(s->redis);
    if (!ledger->exists || ledger->offset == 0 || ledger->offset > (int64_t)sim_log_of(s, k, p)->n) return;
    const int64_t end = world_chance(&s->w, 3) ? 0 : (int64_t)world_below(&s->w, (uint64_t)ledger->offset);
    s->cut += sim_log_of(s, k, p)->n - (uint64_t)end;
    world_truncate(&s->w, sim_actors[k]->mailbox, p, end);
    ledger->harmed = ledger->must_stop = true;
}

void faults_log(struct sim *s)
{
    const unsigned k = (unsigned)world_below(&s->w, SIM_ACTORS);
    const unsigned p = (unsigned)world_below(&s->w, s->w.partitions[sim_actors[k]->mailbox]);
    if (s->plan.expires) expire_read(s, k, p);
    if (s->plan.starves) expire_unread(s, k, p);
    if (s->plan.cuts) cut_unread(s, k, p);
    if (s->plan.rewrites && world_chance(&s->w, 4)) rewrite(s, k, p);
}

/* ---- the end of all trouble ---- */
void faults_heal(struct sim *s)
{
    const struct model_redis_faults none = {0};
    s->w.interrupt = NULL;
    model_redis_set_faults(s->redis, &none);
    s->outage_until_ms = 1;
    faults_end(s);
    outside_blobs(s, true);
    for (int i = 0; i < SIM_MEMBERS; i++) {
        s->w.member[i].paused = false;
        if (!s->w.member[i].alive) process_start(s, i);
    }
}
