/* SPDX-License-Identifier: Apache-2.0
 * From "the group gives us a partition" to "its task runs", and back.
 *
 *     ASSIGN ─► CLAIMING ─ claim: the nonce is ours ─► RESTORING ─ checkpoint loaded, log replayed muted ─► RUNNING
 *                  ▲                                                                          │
 *                  └──────────── fenced, rewound, wiped, unavailable: with back-off ◄─────────┘
 *     STOPPED: cannot go on without a person; says why; holds its partition so that nobody else stumbles over it
 *
 * Claims of one turn take so long at most (claim_ms): a state that is large is not waited for by those that are not.
 */
#include "processors/engine/worker_internal.h"

#include "haul/crash.h"
#include "haul/hash.h"
#include "haul/mutation.h"
#include "haul/version.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define NS_PER_MS      1000000
#define BACKOFF_MIN_MS 20
#define BACKOFF_MAX_MS 5000
#define OPS_MAX        ((size_t)96 * 1024 * 1024)

static const struct haul_processor *processor_of(const struct haul_worker *w, unsigned mailbox)
{
    for (size_t i = 0; i < w->s.processors_len; i++)
        if (w->s.processors[i]->mailbox == mailbox) return w->s.processors[i];
    return NULL;
}

void worker_assign(struct haul_worker *w, struct haul_task_name name)
{
    const struct haul_processor *p = processor_of(w, name.mailbox);
    if (worker_find(w, name) != NULL || p == NULL || w->tasks == TASKS_MAX) return;
    struct worker_task *wt = calloc(1, sizeof *wt);
    assert(wt != NULL);
    wt->name = name;
    wt->p = p;
    wt->state = HAUL_TASK_CLAIMING;
    wt->log_end = -1;
    wt->clock_ms = INT64_MIN;
    wt->committed_watermark_ms = INT64_MIN;
    for (int i = 0; i < 2; i++) haul_ops_init(&wt->ops[i], 4096, OPS_MAX);
    w->task[w->tasks++] = wt;
    w->at[name.mailbox][name.partition] = wt;
}

static void drop_task(struct worker_task *wt)
{
    task_close(wt->t);
    wt->t = NULL;
    checkpoint_close(&wt->checkpoint);
    haul_ops_clear(&wt->ops[0]);
    haul_ops_clear(&wt->ops[1]);
    wt->flying = wt->flipping = wt->at_end = wt->lacks = false;
}

void worker_discard(struct haul_worker *w, struct worker_task *wt, enum haul_task_state next, const char *why)
{
    assert(!wt->flying);
    if (wt->t != NULL) w->source->ops->pause(w->source, wt->name);
    drop_task(wt);
    wt->paused = true;
    wt->state = next;
    snprintf(wt->why, sizeof wt->why, "%s", why);
    wt->backoff_ms = wt->backoff_ms == 0                   ? BACKOFF_MIN_MS
                     : wt->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS
                                                           : wt->backoff_ms * 2;
    wt->retry_ns = w->now_ns + wt->backoff_ms * NS_PER_MS;
}

void worker_stop_task(struct haul_worker *w, struct worker_task *wt, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(wt->why, sizeof wt->why, format, args);
    va_end(args);
    wt->state = HAUL_TASK_STOPPED;
    w->source->ops->pause(w->source, wt->name);
    worker_log(w, wt, 0, "task_stopped", "%s", wt->why);
}

void worker_free(struct worker_task *wt)
{
    drop_task(wt);
    haul_ops_free(&wt->ops[0]);
    haul_ops_free(&wt->ops[1]);
    free(wt);
}

/* While a commit is in flight the store reads the task's operations: then the task is freed when that is settled. */
void worker_forget(struct haul_worker *w, struct worker_task *wt)
{
    w->store->ops->release(w->store, wt->name);
    w->at[wt->name.mailbox][wt->name.partition] = NULL;
    for (size_t i = 0; i < w->tasks; i++)
        if (w->task[i] == wt) {
            w->task[i] = w->task[--w->tasks];
            break;
        }
    wt->gone = true;
    if (!wt->flying) worker_free(wt);
}

/* ---- claiming ---- */
/* Where the very first start begins. */
static enum haul_err genesis_offset(struct haul_worker *w, struct worker_task *wt, int64_t *offset,
                                    struct haul_error *e)
{
    int64_t low, high;
    enum haul_err err = w->source->ops->bounds(w->source, wt->name, &low, &high, e);
    if (err != HAUL_OK) return err;
    *offset = w->s.start == HAUL_START_LATEST ? high : low;
    if (w->s.start == HAUL_START_TIME) err = w->source->ops->offset_at(w->source, wt->name, w->s.start_time, offset, e);
    return err;
}

static enum haul_err pinned_otherwise(const struct haul_worker *w, const struct worker_task *wt, uint32_t pinned,
                                      struct haul_error *e)
{
    const char *name = haul_mailbox_row(wt->name.mailbox)->name;
    return haul_fail(
        e, HAUL_E_CONFLICT,
        "mailbox %s was first claimed with %u partitions; engine.partitions.%s says %u: run haul repartition", name,
        pinned, name, w->topology.partitions[wt->name.mailbox]);
}

/* Partitions that were added begin with the state that moves to them, not with nothing. */
static enum haul_err check_siblings(struct haul_worker *w, struct worker_task *wt, struct haul_error *e)
{
    struct haul_control first;
    bool exists;
    if (wt->name.partition == 0) return HAUL_OK;
    const enum haul_err err =
        w->store->ops->peek(w->store, (struct haul_task_name){wt->name.mailbox, 0}, &first, &exists, e);
    if (err != HAUL_OK || !exists || first.partitions == w->topology.partitions[wt->name.mailbox]) return err;
    return pinned_otherwise(w, wt, first.partitions, e);
}

static enum haul_err prepare_genesis(struct haul_worker *w, struct worker_task *wt, struct haul_control *g,
                                     struct haul_error *e)
{
    *g = (struct haul_control){
        .incarnation = 1, .last_offset = -1, .answer_version = HAUL_ANSWER_VERSION, .silent_until = -1};
    g->partitions = w->topology.partitions[wt->name.mailbox];
    const struct task_options *first = contents_first(w->contents, wt->p);
    assert(first != NULL && "haul_contents_begin_with was not called for this processor");
    memcpy(g->options_hash, first->hash, sizeof g->options_hash);
    memcpy(g->genesis_options, first->hash, sizeof g->genesis_options);
    for (unsigned i = 0; i < wt->p->contents_len; i++) contents_first_blob(w->contents, wt->p, i, g->content_hash[i]);
    enum haul_err err = check_siblings(w, wt, e);
    if (err == HAUL_OK) err = genesis_offset(w, wt, &g->genesis_offset, e);
    if (err == HAUL_OK) err = worker_check_wiped(w, wt, g, e);
    g->position.offset = g->genesis_offset;
    return err;
}

static enum haul_err check_pinned(const struct haul_worker *w, const struct worker_task *wt, struct haul_error *e)
{
    const struct haul_control *c = &wt->control;
    const uint32_t partitions = w->topology.partitions[wt->name.mailbox];
    const char *name = haul_mailbox_row(wt->name.mailbox)->name;
    if (c->partitions == 0)
        return haul_fail(e, HAUL_E_CONFLICT, "haul repartition for mailbox %s was broken off: run it again", name);
    if (c->partitions != partitions) return pinned_otherwise(w, wt, c->partitions, e);
    uint32_t base[HAUL_MAILBOX_MAX];
    const uint32_t channels = task_channels(wt->p, &w->topology, base);
    if (c->acked_len != 0 && c->acked_len != channels)
        return haul_fail(e, HAUL_E_CONFLICT,
                         "%s sends to %u partitions of all mailboxes together; engine.partitions says %u: run haul "
                         "repartition for the mailbox that has more now",
                         name, c->acked_len - 1, channels - 1);
    if (c->answer_version != HAUL_ANSWER_VERSION)
        return haul_fail(e, HAUL_E_VERSION,
                         "its steps are of answer version %u; this haul gives version %d: run the haul that gives %u, "
                         "and haul drain",
                         c->answer_version, HAUL_ANSWER_VERSION, c->answer_version);
    return HAUL_OK;
}

/* Opens the task and loads its checkpoint; its state is that of the checkpoint's step. */
static enum haul_err restore(struct haul_worker *w, struct worker_task *wt, struct haul_error *e)
{
    const struct haul_control *c = &wt->control;
    const bool at_position = c->checkpoint_generation > 0 || HAUL_MUTANT(OPTIONS_OF_POSITION);
    const char *hash = at_position ? c->options_hash : c->genesis_options;
    const struct task_options *options = contents_find(w->contents, wt->p, hash);
    if (options == NULL) return haul_fail(e, HAUL_E_NOT_FOUND, "its options %s are not in haul.blobs", hash);
    wt->t = task_open(wt->p, wt->name, &w->topology, options, w->s.outbox_bytes, e);
    if (wt->t == NULL) return HAUL_E_LIMIT;
    wt->number = w->next_number++ & 0xffffff; /* receipts of an outbox before this one must not match */
    if (HAUL_MUTANT(RECEIPT_OF_ANOTHER_OUTBOX))
        wt->number = wt->name.mailbox * (uint32_t)HAUL_PARTITIONS_MAX + wt->name.partition;
    wt->t->find_options = contents_find;
    wt->t->find_blob = contents_blob;
    wt->t->find_condemned = contents_condemned;
    wt->t->find_timer = contents_condemned_timer;
    wt->t->find_arg = w->contents;
    wt->t->placed_from = c->placed_from;
    struct task_core *core = wt->t->core;
    core->incarnation = c->incarnation;
    core->silent_until = c->silent_until;
    core->position = (struct haul_position){c->genesis_offset, 0, 0};
    for (unsigned i = 0; i < wt->p->contents_len && c->checkpoint_generation == 0; i++) {
        const enum haul_err err = task_begin_with(wt->t, i, c->content_hash[i], e);
        if (err != HAUL_OK) return err;
    }
    if (c->checkpoint_generation > 0) {
        const enum haul_err err = checkpoint_load(&wt->checkpoint, wt->t, w->store, c, e);
        if (err != HAUL_OK) return err;
        worker_renew(wt);
    }
    for (uint32_t i = 0; i < wt->t->channels; i++)
        wt->t->outbox.channel[i].acked = wt->t->outbox.channel[i].sent = i < c->acked_len ? c->acked[i] : 0;
    wt->t->outbox.committed_step = c->position.step;
    wt->t->ops = task_fill(wt);
    wt->t->puts_max = w->s.documents_max;
    wt->t->muted = true;
    wt->t->target_step = c->position.step;
    return HAUL_OK;
}

static void claimed(struct haul_worker *w, struct worker_task *wt, bool fresh)
{
    const struct task_core *core = wt->t->core;
    wt->verified = core->last_offset < 0;
    wt->state = HAUL_TASK_RESTORING;
    wt->leftover = true;
    wt->backoff_ms = 0;
    wt->why[0] = '\0';
    wt->committed_watermark_ms = wt->clock_ms = INT64_MIN;
    wt->clock_step = wt->settling_step = 0;
    wt->settled_offset =
        wt->control.checkpoint_generation > 0 ? wt->control.checkpoint.offset : wt->control.genesis_offset;
    wt->draining = false;
    wt->committed_acked_sum = worker_acked_sum(wt);
    wt->checkpoint_ns = wt->heartbeat_ns = w->now_ns;
    wt->remember_ns =
        INT64_MIN; /* the first commit tells the group: a store that is wiped right behind it is noticed */
    const int64_t from = core->last_offset >= 0 ? core->last_offset : core->position.offset;
    struct haul_error e = {0};
    if (w->source->ops->start(w->source, wt->name, from, &e) != HAUL_OK) {
        worker_discard(w, wt, HAUL_TASK_CLAIMING, e.text);
        return;
    }
    if (wt->paused) w->source->ops->resume(w->source, wt->name);
    wt->paused = false;
    if (wt->renewed) worker_remember(w, wt);
    wt->renewed = false;
    worker_log(w, wt, 2, fresh ? "genesis" : "claimed", "from offset %lld, step %llu, replay to step %llu",
               (long long)from, (unsigned long long)core->position.step, (unsigned long long)wt->control.position.step);
}

/* Errors that a person must mend; all others are tried again. */
static bool is_final(enum haul_err err)
{
    return err == HAUL_E_CONFLICT || err == HAUL_E_VERSION || err == HAUL_E_CORRUPT || err == HAUL_E_LIMIT ||
           err == HAUL_E_LOG_CHANGED;
}

/* Where it begins is looked up only when there is nothing yet. */
static enum haul_err take(struct haul_worker *w, struct worker_task *wt, bool *fresh, struct haul_error *e)
{
    struct haul_control genesis;
    wt->settled_before = -1;
    enum haul_err err = w->store->ops->claim(w->store, wt->name, NULL, &wt->control, fresh, e);
    if (err == HAUL_E_NOT_FOUND) {
        err = prepare_genesis(w, wt, &genesis, e);
        if (err == HAUL_OK) err = w->store->ops->claim(w->store, wt->name, &genesis, &wt->control, fresh, e);
    }
    return err == HAUL_OK && !*fresh ? worker_check_gone_back(w, wt, e) : err;
}

static void claim(struct haul_worker *w, struct worker_task *wt)
{
    struct haul_error e = {0};
    bool fresh = false;
    enum haul_err err = take(w, wt, &fresh, &e);
    HAUL_CRASH("claimed");
    if (err == HAUL_OK) err = check_pinned(w, wt, &e);
    if (err == HAUL_OK) err = restore(w, wt, &e);
    worker_now(w);
    if (err == HAUL_OK) {
        claimed(w, wt, fresh);
        return;
    }
    if (wt->backoff_ms == 0 || is_final(err)) worker_log(w, wt, is_final(err) ? 0 : 1, "claim_failed", "%s", e.text);
    worker_discard(w, wt, is_final(err) ? HAUL_TASK_STOPPED : HAUL_TASK_CLAIMING, e.text);
}

void worker_claims(struct haul_worker *w)
{
    w->claims_left = false;
    if (w->flying || w->stopping) return; /* a claim uses the store's connection */
    const int64_t begun_ns = w->now_ns;
    bool any = false;
    for (size_t i = 0; i < w->tasks && !w->claims_left; i++) {
        struct worker_task *wt = w->task[i];
        if (wt->state != HAUL_TASK_CLAIMING || wt->retry_ns > w->now_ns) continue;
        w->claims_left = any && w->now_ns - begun_ns >= w->s.claim_ms * NS_PER_MS;
        if (!w->claims_left) claim(w, wt);
        any = true;
    }
}

/* ---- restoring ---- */
bool worker_verify(struct haul_worker *w, struct worker_task *wt, const struct haul_message *m)
{
    const struct task_core *core = wt->t->core;
    if (wt->verified || HAUL_MUTANT(LOG_IDENTITY_UNCHECKED)) return true;
    wt->verified = true;
    if (m->offset == core->last_offset && m->append.ms == core->last_append_ms &&
        haul_xxh3(m->value.p, m->value.n) == core->last_hash)
        return true;
    worker_stop_task(
        w, wt, "the log is not the one read before: offset %lld holds another message than was processed (now at %lld)",
        (long long)core->last_offset, (long long)m->offset);
    return false;
}

static bool arrived_where_committed(const struct task_core *core, const struct haul_control *c)
{
    return HAUL_MUTANT(LOG_IDENTITY_UNCHECKED) ||
           (core->position.offset == c->position.offset && core->position.index == c->position.index &&
            core->last_hash == c->last_hash && core->last_offset == c->last_offset &&
            core->last_append_ms == c->last_append_ms);
}

static void stop_astray(struct haul_worker *w, struct worker_task *wt)
{
    const struct haul_position *at = &wt->t->core->position, *c = &wt->control.position;
    worker_stop_task(w, wt,
                     "the replay came to offset %lld.%u at step %llu, the commit was at %lld.%u, step %llu: the log or "
                     "the program is not the one that wrote it",
                     (long long)at->offset, at->index, (unsigned long long)at->step, (long long)c->offset, c->index,
                     (unsigned long long)c->step);
}

void worker_target(struct haul_worker *w, struct worker_task *wt)
{
    const struct task_core *core = wt->t->core;
    wt->t->muted = false;
    if (!arrived_where_committed(core, &wt->control)) {
        stop_astray(w, wt);
        return;
    }
    HAUL_CRASH("restored");
    wt->state = HAUL_TASK_RUNNING;
    wt->committed_watermark_ms = core->watermark_ms;
    worker_log(w, wt, 2, "running", "at offset %lld, step %llu, %u entities", (long long)core->position.offset,
               (unsigned long long)core->position.step, wt->t->slots.used);
}

void worker_drain(struct haul_worker *w, struct worker_task *wt)
{
    const struct task_core *core = wt->t->core;
    if (wt->state == HAUL_TASK_RESTORING) {
        worker_stop_task(w, wt, "steps before the position, from offset %lld on, are of answer version %u",
                         (long long)core->position.offset, core->answer_version);
        return;
    }
    if (!wt->paused) w->source->ops->pause(w->source, wt->name);
    wt->paused = true;
    if (!wt->draining)
        worker_log(w, wt, 2, "draining", "steps from offset %lld on are of answer version %u; this haul gives %d",
                   (long long)core->position.offset, core->answer_version, HAUL_ANSWER_VERSION);
    wt->draining = true;
    worker_drained(w, wt);
}

void worker_drained(struct haul_worker *w, struct worker_task *wt)
{
    const struct task_core *core = wt->t->core;
    if (!wt->draining || wt->state == HAUL_TASK_STOPPED || wt->checkpoint.counted == 0 || wt->flying ||
        wt->control.checkpoint.step != core->position.step || wt->control.position.step != core->position.step)
        return;
    worker_remember(w, wt);
    w->store->ops->release(w->store, wt->name);
    worker_stop_task(w, wt, "drained: steps from offset %lld on are of answer version %u: run the haul that gives it",
                     (long long)core->position.offset, core->answer_version);
}

static void stop_beyond_end(struct haul_worker *w, struct worker_task *wt, int64_t end, int64_t need)
{
    worker_stop_task(w, wt, "the log ends at offset %lld, before the position %lld: it was truncated or made anew",
                     (long long)end, (long long)need);
}

void worker_end(struct haul_worker *w, struct worker_task *wt, int64_t end)
{
    const struct haul_position *at = &wt->control.position;
    wt->at_end = true;
    wt->log_end = end;
    /* it runs from a checkpoint at its position, and the message before that is not there to be compared */
    if (!wt->verified && wt->t != NULL && wt->state != HAUL_TASK_STOPPED && wt->t->core->last_offset >= end &&
        !HAUL_MUTANT(LOG_IDENTITY_UNCHECKED)) {
        stop_beyond_end(w, wt, end, at->offset);
        return;
    }
    if (wt->state != HAUL_TASK_RESTORING) return;
    /* the replay would wait for ever for what was processed once, or take what is written there now for it */
    const struct haul_position *now = &wt->t->core->position;
    if (end < at->offset + (at->index > 0 ? 1 : 0))
        stop_beyond_end(w, wt, end, at->offset);
    else if (!wt->t->has_message && now->offset >= end && now->step < wt->t->target_step)
        stop_astray(w, wt);
}

void worker_gap(struct haul_worker *w, struct worker_task *wt, const struct haul_source_event *ev)
{
    if (wt->t == NULL || wt->state == HAUL_TASK_STOPPED) return;
    const int64_t need = wt->t->core->position.offset;
    if (ev->high < need) {
        stop_beyond_end(w, wt, ev->high, need);
    } else if (ev->low > need) {
        worker_stop_task(w, wt,
                         "the log begins at offset %lld; %lld offsets from %lld on were not read and are gone: haul "
                         "reset starts behind them",
                         (long long)ev->low, (long long)(ev->low - need), (long long)need);
    } else {
        struct haul_error e = {0};
        worker_log(w, wt, 1, "unverified", "the message before offset %lld has expired; nothing unread is lost",
                   (long long)need);
        wt->verified = true;
        if (w->source->ops->start(w->source, wt->name, need, &e) != HAUL_OK)
            worker_discard(w, wt, HAUL_TASK_CLAIMING, e.text);
    }
}
