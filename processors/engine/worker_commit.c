/* SPDX-License-Identifier: Apache-2.0
 * Commits: what all tasks have done since the last one, in one transaction, one in flight; and what each outcome means.
 *
 *     APPLIED   the position moves, what the steps emitted becomes sendable
 *     FENCED    another owner: the task is dropped; while the group still gives the partition to us it is claimed again
 *     REWOUND   the store lost its tail: claim and replay
 *     WIPED     the control key is gone: claim decides (engine.on_wipe)
 */
#include "processors/engine/worker_internal.h"

#include "haul/crash.h"
#include "haul/mutation.h"

#include <stdio.h>

#define NS_PER_MS    1000000
#define HEARTBEAT_NS (1000ll * NS_PER_MS)
#define REMEMBER_NS  (5000ll * NS_PER_MS)
#define BUDGET_MIN   ((size_t)64 * 1024)
#define STOP_BUDGET  ((size_t)8 * 1024 * 1024) /* of a commit, when nothing else is to be done any more */

uint64_t worker_acked_sum(const struct worker_task *wt)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < wt->t->channels; i++) sum += wt->t->outbox.channel[i].acked;
    return sum;
}

static bool can_commit(const struct worker_task *wt)
{
    return wt->t != NULL && (wt->state == HAUL_TASK_RUNNING || wt->state == HAUL_TASK_WAITING);
}

bool worker_task_ahead(const struct worker_task *wt)
{
    return can_commit(wt) && (wt->t->core->position.step != wt->control.position.step || wt->ops[wt->fill].count > 0);
}

static bool checkpoint_has_work(const struct worker_task *wt)
{
    if (!wt->checkpoint.active || wt->flipping) return false;
    return !wt->checkpoint.written ||
           checkpoint_ready(&wt->checkpoint, wt->control.commit, outbox_acked_step(&wt->t->outbox));
}

static bool commit_wanted(const struct worker_task *wt)
{
    if (worker_task_ahead(wt)) return true;
    return can_commit(wt) && (checkpoint_has_work(wt) || worker_acked_sum(wt) != wt->committed_acked_sum);
}

bool worker_commit_wanted(const struct haul_worker *w)
{
    for (size_t i = 0; i < w->tasks; i++)
        if (commit_wanted(w->task[i])) return true;
    return false;
}

/* ---- checkpoints ---- */
static void checkpoint_maybe_begin(struct haul_worker *w, struct worker_task *wt, bool last)
{
    const struct task_core *core = wt->t->core;
    const bool ends = (last && w->stopping) || wt->draining;
    if (wt->checkpoint.active) {
        /* at a clean stop a checkpoint of an earlier step is of no use */
        if (!ends || wt->checkpoint.position.step == core->position.step || wt->flipping) return;
        checkpoint_abandon(&wt->checkpoint, wt->t);
    }
    const bool due = w->now_ns - wt->checkpoint_ns >= w->s.checkpoint_interval_ms * NS_PER_MS;
    const bool behind = wt->control.checkpoint_generation == 0 || wt->control.checkpoint.step != core->position.step;
    if (!behind || !(due || ends)) return;
    wt->checkpoint_ns = w->now_ns;
    checkpoint_begin(&wt->checkpoint, wt->t, wt->control.commit + 1);
}

static size_t checkpoint_budget(struct haul_worker *w, bool last)
{
    if (last && w->stopping) return STOP_BUDGET;
    const int64_t elapsed_ms = (w->now_ns - w->checkpoint_budget_ns) / NS_PER_MS;
    const int64_t bytes = w->s.checkpoint_rate_bytes * (elapsed_ms > 1000 ? 1000 : elapsed_ms) / 1000;
    return bytes < (int64_t)BUDGET_MIN ? BUDGET_MIN : (size_t)bytes;
}

static void add_checkpoint(struct worker_task *wt, struct haul_control *c, size_t *budget)
{
    struct haul_ops *ops = task_fill(wt);
    if (wt->leftover) checkpoint_drop_leftover(&wt->control, ops);
    if (wt->leftover) c->checkpoint_writing = 0, c->checkpoint_writing_blocks = 0;
    wt->leftover = false;
    if (!wt->checkpoint.active) return;
    if (checkpoint_ready(&wt->checkpoint, wt->control.commit, outbox_acked_step(&wt->t->outbox))) {
        checkpoint_flip(&wt->checkpoint, c, ops);
        wt->flipping = true;
        return;
    }
    c->checkpoint_writing = wt->checkpoint.generation;
    c->checkpoint_writing_blocks = wt->checkpoint.next_rows;
    HAUL_CRASH("checkpoint_writing");
    const size_t spent = *budget > 0 ? checkpoint_write(&wt->checkpoint, ops, *budget, c->commit) : 0;
    *budget -= spent < *budget ? spent : *budget;
}

/* ---- putting a commit together ---- */
static void heartbeat(struct haul_worker *w, struct worker_task *wt)
{
    if (w->now_ns - wt->heartbeat_ns < HEARTBEAT_NS) return;
    wt->heartbeat_ns = w->now_ns;
    const struct task_core *core = wt->t->core;
    char id[64];
    snprintf(id, sizeof id, "%s:%u", haul_mailbox_row(wt->name.mailbox)->name, wt->name.partition);
    struct haul_json j;
    haul_ops_put_begin(task_fill(wt), HAUL_STR("task"), haul_str_of(id), &j);
    haul_json_open(&j, '{');
    haul_json_ktime(&j, "append_time", (struct haul_time){core->append_ms});
    haul_json_ktime(&j, "watermark", (struct haul_time){core->watermark_ms});
    haul_json_ki64(&j, "offset", core->position.offset);
    haul_json_ki64(&j, "step", (int64_t)core->position.step);
    haul_json_ki64(&j, "entities", wt->t->slots.used);
    haul_json_close(&j, '}');
    haul_ops_put_end(task_fill(wt));
}

static void fill_control(const struct worker_task *wt, struct haul_control *c)
{
    const struct task_core *core = wt->t->core;
    c->commit++;
    c->incarnation = core->incarnation;
    c->position = core->position;
    c->last_offset = core->last_offset;
    c->last_append_ms = core->last_append_ms;
    c->last_hash = core->last_hash;
    c->options_version = core->options_version;
    memcpy(c->options_hash, core->options_hash, sizeof c->options_hash);
    for (int i = 0; i < HAUL_CONTENTS_MAX; i++) c->content_version[i] = core->content[i].version;
    c->acked_len = wt->t->channels;
    for (uint32_t i = 0; i < c->acked_len; i++) c->acked[i] = wt->t->outbox.channel[i].acked;
}

static void add_part(struct haul_worker *w, struct worker_task *wt, size_t *budget)
{
    struct haul_commit *part = &w->parts[w->parts_len];
    part->task = wt->name;
    part->control = wt->control;
    part->outcome = HAUL_OUTCOME_NONE;
    fill_control(wt, &part->control);
    heartbeat(w, wt);
    add_checkpoint(wt, &part->control, budget);
    part->ops = task_fill(wt);
    w->part_task[w->parts_len++] = wt;
    wt->flying = true;
    wt->flying_watermark_ms = wt->t->core->watermark_ms;
    wt->flying_acked_sum = worker_acked_sum(wt);
    if (HAUL_MUTANT(SENT_BEFORE_COMMITTED)) wt->t->outbox.committed_step = wt->t->core->position.step;
    wt->fill ^= 1;
    assert(task_fill(wt)->count == 0);
    wt->t->ops = task_fill(wt);
}

bool worker_commit_begin(struct haul_worker *w, bool last)
{
    assert(!w->flying);
    w->parts_len = 0;
    uint64_t documents = 0;
    worker_now(w);
    size_t budget = checkpoint_budget(w, last);
    w->checkpoint_budget_ns = w->now_ns;
    for (size_t i = 0; i < w->tasks; i++) {
        struct worker_task *wt = w->task[(w->first + i) % w->tasks];
        if (wt->t == NULL || wt->state == HAUL_TASK_RESTORING || wt->state == HAUL_TASK_STOPPED) continue;
        checkpoint_maybe_begin(w, wt, last);
        if (!commit_wanted(wt)) continue;
        const uint64_t puts = wt->ops[wt->fill].puts;
        if (documents > 0 && documents + puts > w->s.documents_max) continue;
        documents += puts;
        w->report.commit_bytes += wt->ops[wt->fill].buf.n;
        add_part(w, wt, &budget);
    }
    if (w->tasks > 0) w->first = (w->first + 1) % w->tasks;
    if (w->parts_len == 0) return false;
    w->report.commit_documents += documents;
    w->commit_ns = w->now_ns;
    w->flying = true;
    HAUL_CRASH("before_commit");
    w->store->ops->commit(w->store, w->parts, w->parts_len);
    HAUL_CRASH("commit_sent");
    return true;
}

/* ---- outcomes ---- */
static void count_span(struct haul_spans *spans, int64_t ns)
{
    int bucket = 0;
    while (bucket < HAUL_SPAN_BUCKETS - 1 && ns > (250000ll << bucket)) bucket++;
    spans->count[bucket]++;
    spans->sum_ns += ns;
}

static void applied(struct haul_worker *w, struct worker_task *wt, const struct haul_commit *part)
{
    if (part->control.position.offset > wt->control.position.offset)
        count_span(&w->report.effect, (haul_wall_now().ms - part->control.last_append_ms) * NS_PER_MS);
    wt->control = part->control;
    wt->t->outbox.committed_step = part->control.position.step;
    wt->committed_watermark_ms = wt->flying_watermark_ms;
    wt->committed_acked_sum = wt->flying_acked_sum;
    if (wt->flipping) {
        w->report.checkpoints++;
        w->report.checkpoint_bytes += wt->checkpoint.bytes;
        HAUL_CRASH("checkpoint_flipped");
        checkpoint_flipped(&wt->checkpoint);
        wt->flipping = false;
    }
    if (wt->settling_step == 0)
        wt->settling_step = wt->control.position.step, wt->settling_offset = wt->control.position.offset;
    if (outbox_acked_step(&wt->t->outbox) >= wt->settling_step)
        wt->settled_offset = wt->settling_offset, wt->settling_step = 0;
    if (wt->remember_ns == INT64_MIN || w->now_ns - wt->remember_ns >= REMEMBER_NS) worker_remember(w, wt);
    worker_drained(w, wt);
}

static void settle(struct haul_worker *w, struct worker_task *wt, const struct haul_commit *part)
{
    wt->flying = false;
    if (wt->gone) {
        worker_free(wt);
        return;
    }
    haul_ops_clear(&wt->ops[wt->fill ^ 1]);
    switch (part->outcome) {
    case HAUL_OUTCOME_APPLIED:
        applied(w, wt, part);
        return;
    case HAUL_OUTCOME_FENCED:
        w->report.fenced++;
        worker_log(w, wt, 1, "fenced", "another owner has taken over at commit %llu",
                   (unsigned long long)part->control.commit);
        worker_discard(w, wt, HAUL_TASK_CLAIMING, "fenced by another owner");
        return;
    case HAUL_OUTCOME_REWOUND:
        w->report.rewound++;
        worker_log(w, wt, 1, "rewound", "the store holds commit %llu, ours was %llu: it lost its tail",
                   (unsigned long long)part->found.commit, (unsigned long long)part->control.commit);
        worker_discard(w, wt, HAUL_TASK_CLAIMING, "the store lost its tail");
        return;
    case HAUL_OUTCOME_WIPED:
        w->report.rewound++;
        worker_log(w, wt, 1, "wiped", "the control key is gone");
        worker_discard(w, wt, HAUL_TASK_CLAIMING, "the store was wiped");
        return;
    case HAUL_OUTCOME_NONE:
        break;
    }
    assert(false && "a store answered without an outcome");
}

void worker_commit_drive(struct haul_worker *w, int wait_ms)
{
    if (!w->flying) return;
    struct haul_error e = {0};
    const enum haul_err err = w->store->ops->poll(w->store, wait_ms, &e);
    if (err == HAUL_E_AGAIN) return;
    worker_now(w);
    if (err != HAUL_OK) {
        if (w->report.store_ok) worker_log(w, NULL, 1, "store_unavailable", "%s", e.text);
        w->report.store_ok = false;
        snprintf(w->report.trouble, sizeof w->report.trouble, "%.199s", e.text);
        return;
    }
    w->report.store_ok = true;
    w->report.trouble[0] = '\0';
    w->flying = false;
    const int64_t took = w->now_ns - w->commit_ns;
    w->report.commits++;
    count_span(&w->report.commit, took);
    if (took > w->report.commit_ns_max) w->report.commit_ns_max = took;
    HAUL_CRASH("committed");
    for (size_t i = 0; i < w->parts_len; i++) settle(w, w->part_task[i], &w->parts[i]);
}
