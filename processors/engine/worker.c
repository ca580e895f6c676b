/* SPDX-License-Identifier: Apache-2.0
 * The turn of a worker: receipts, commit, claims, messages, steps, sending, time. Callers loop over it.
 */
#include "processors/engine/worker_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MESSAGES_A_TURN 512
#define NS_PER_MS       1000000
#define LEAVE_MS        5000ll

void worker_log(struct haul_worker *w, const struct worker_task *wt, int level, const char *event, const char *format,
                ...)
{
    char text[700];
    int n = 0;
    if (wt != NULL)
        n = snprintf(text, sizeof text, "task=%s/%u ", haul_mailbox_row(wt->name.mailbox)->name, wt->name.partition);
    va_list args;
    va_start(args, format);
    vsnprintf(text + n, sizeof text - (size_t)n, format, args);
    va_end(args);
    w->env->say(w->env->arg, level, event, text);
}

struct haul_worker *haul_worker_open(const struct haul_worker_settings *s, struct haul_source *source,
                                     struct haul_store *store, struct haul_sink *sink, struct haul_contents *contents,
                                     const struct haul_env *env)
{
    struct haul_worker *w = calloc(1, sizeof *w);
    assert(w != NULL);
    w->s = *s;
    w->source = source;
    w->store = store;
    w->sink = sink;
    w->contents = contents;
    w->env = env;
    memcpy(w->topology.partitions, s->partitions, sizeof w->topology.partitions);
    snprintf(w->topology.instance, sizeof w->topology.instance, "%s", s->instance);
    w->parts = calloc(TASKS_MAX, sizeof *w->parts);
    assert(w->parts != NULL);
    w->report.store_ok = w->report.source_ok = w->report.sink_ok = true;
    pthread_mutex_init(&w->published.lock, NULL);
    worker_now(w);
    return w;
}

void haul_worker_close(struct haul_worker *w)
{
    if (w == NULL) return;
    while (w->tasks > 0) worker_forget(w, w->task[w->tasks - 1]);
    for (size_t i = 0; w->flying && i < w->parts_len; i++) worker_free(w->part_task[i]);
    free(w->parts);
    free(w->published.tasks);
    pthread_mutex_destroy(&w->published.lock);
    free(w);
}

/* ---- steps ---- */
static bool runs(const struct worker_task *wt)
{
    return wt->t != NULL &&
           (wt->state == HAUL_TASK_RUNNING || wt->state == HAUL_TASK_RESTORING || wt->state == HAUL_TASK_WAITING);
}

/* Takes steps; true when the task can take another message. */
static bool run_task(struct haul_worker *w, struct worker_task *wt)
{
    for (;;) {
        switch (task_run(wt->t)) {
        case TASK_TARGET:
            worker_target(w, wt);
            if (!runs(wt)) return false;
            continue;
        case TASK_IDLE:
            if (wt->state == HAUL_TASK_WAITING) wt->state = HAUL_TASK_RUNNING;
            wt->lacks = false;
            return true;
        case TASK_FULL:
            return false;
        case TASK_WAITS:
            if (!wt->lacks)
                worker_log(w, wt, 1, "options_missing",
                           "a control record names options that are not in haul.blobs yet");
            wt->lacks = true;
            /* one that restores goes on restoring: it stands before its position, and must not commit there */
            if (wt->state == HAUL_TASK_RUNNING) wt->state = HAUL_TASK_WAITING;
            return false;
        case TASK_DRAINED:
            worker_drain(w, wt);
            return false;
        case TASK_FAILED:
            worker_stop_task(w, wt, "%s", wt->t->error.text);
            return false;
        }
    }
}

static bool has_work(const struct worker_task *wt)
{
    if (!runs(wt)) return false;
    return wt->state == HAUL_TASK_RESTORING || wt->t->has_message || wt->t->core->watermark_ms != INT64_MIN;
}

/* Runs what was left; true when every task can take a message. */
static bool run_all(struct haul_worker *w)
{
    bool all = true;
    for (size_t i = 0; i < w->tasks; i++) {
        struct worker_task *wt = w->task[i];
        if (!has_work(wt)) continue;
        const bool ready = run_task(w, wt);
        if (!runs(wt)) continue;
        if (!ready && wt->t->has_message && !wt->paused && (wt->lacks || !emit_room(wt->t))) {
            w->source->ops->pause(w->source, wt->name);
            wt->paused = true;
        } else if (ready && wt->paused && !w->holding) {
            w->source->ops->resume(w->source, wt->name);
            wt->paused = false;
        }
        if (!ready && !wt->paused) all = false;
    }
    return all;
}

/* ---- events ---- */
/* True when the worker can take another message at once. */
static bool on_message(struct haul_worker *w, struct worker_task *wt, const struct haul_message *m)
{
    if (wt == NULL || !runs(wt) || wt->t->has_message) return true;
    const struct haul_position *at = &wt->t->core->position;
    wt->at_end = false;
    if (m->offset >= wt->log_end) wt->log_end = m->offset + 1;
    if (!worker_verify(w, wt, m)) return true;
    if (m->offset < at->offset) return true;
    task_offer(wt->t, m);
    return run_task(w, wt) || !runs(wt);
}

/* What is in flight and what is done is committed; the next owner goes on behind it. */
static void commit_before_leaving(struct haul_worker *w, struct worker_task *wt)
{
    const int64_t deadline = worker_now(w) + LEAVE_MS * NS_PER_MS;
    while (worker_now(w) < deadline && (wt->flying || worker_task_ahead(wt))) {
        if (!w->flying) worker_commit_begin(w, true);
        worker_commit_drive(w, 1);
    }
    worker_send(w);
}

static void on_revoke(struct haul_worker *w, struct haul_task_name name, bool lost)
{
    struct worker_task *wt = worker_find(w, name);
    if (wt != NULL) {
        if (!lost) commit_before_leaving(w, wt);
        worker_log(w, wt, 2, lost ? "lost" : "revoked", "given up at step %llu",
                   (unsigned long long)wt->control.position.step);
        worker_forget(w, wt);
    }
    w->source->ops->stop(w->source, name);
}

/* True when the worker can take another event at once. */
static bool on_event(struct haul_worker *w, const struct haul_source_event *ev)
{
    struct worker_task *wt = worker_find(w, ev->task);
    switch (ev->type) {
    case HAUL_SOURCE_NONE:
        return false;
    case HAUL_SOURCE_MESSAGE:
        return on_message(w, worker_find(w, ev->message.task), &ev->message);
    case HAUL_SOURCE_END:
        if (wt != NULL) worker_end(w, wt, ev->offset);
        return true;
    case HAUL_SOURCE_ASSIGN:
        worker_assign(w, ev->task);
        return true;
    case HAUL_SOURCE_REVOKE:
        on_revoke(w, ev->task, false);
        return true;
    case HAUL_SOURCE_LOST:
        on_revoke(w, ev->task, true);
        return true;
    case HAUL_SOURCE_GAP:
        if (wt != NULL) worker_gap(w, wt, ev);
        return true;
    case HAUL_SOURCE_DONE:
        w->done = true;
        return false;
    }
    return false;
}

/* Until the next commit may begin: while more lies ready it waits for the whole pace, else for half of it. */
static int64_t pace_left_ns(const struct haul_worker *w, bool more)
{
    return w->s.pace_ms * NS_PER_MS / (more ? 1 : 2) - (w->now_ns - w->commit_ns);
}

static bool commit_due(const struct haul_worker *w, bool more)
{
    return !w->flying && pace_left_ns(w, more) <= 0;
}

/* True when there may be more to take in at once. */
static bool intake(struct haul_worker *w, int wait_ms)
{
    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        struct haul_source_event ev;
        struct haul_error e = {0};
        const enum haul_err err = w->source->ops->poll(w->source, i == 0 ? wait_ms : 0, &ev, &e);
        if (err != HAUL_OK && w->report.source_ok) worker_log(w, NULL, 1, "source_unavailable", "%s", e.text);
        w->report.source_ok = err == HAUL_OK;
        if (err != HAUL_OK || !on_event(w, &ev)) return false;
        if ((i & 31) != 31) continue;
        worker_now(w);
        if (commit_due(w, true)) return true;
    }
    return true;
}

/* How long a message may be waited for: no longer than until what is done already may be committed. */
static int patience_ms(const struct haul_worker *w, int wait_ms)
{
    if (w->flying || w->claims_left) return 0;
    const int64_t left_ns = pace_left_ns(w, false);
    if (left_ns >= wait_ms * (int64_t)NS_PER_MS || !worker_commit_wanted(w)) return wait_ms;
    return left_ns <= 0 ? 0 : (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* The store does not answer: nothing more is taken in, the group is still served. */
static void hold(struct haul_worker *w, bool on)
{
    if (w->holding == on) return;
    w->holding = on;
    if (on) w->hold_ns = w->now_ns;
    for (size_t i = 0; i < w->tasks; i++) {
        struct worker_task *wt = w->task[i];
        if (!runs(wt) || wt->paused == on) continue;
        (on ? w->source->ops->pause : w->source->ops->resume)(w->source, wt->name);
        wt->paused = on;
    }
    worker_log(w, NULL, on ? 1 : 2, on ? "holding" : "resumed",
               on ? "the store does not take commits: %s" : "the store takes commits again%s",
               on ? w->report.trouble : "");
}

void haul_worker_turn(struct haul_worker *w, int wait_ms)
{
    worker_now(w);
    worker_receipts(w);
    worker_commit_drive(w, 0);
    hold(w, w->flying && !w->report.store_ok);
    worker_claims(w);
    const bool ready = run_all(w);
    bool more = false;
    if (ready || w->holding)
        more = intake(w, patience_ms(w, wait_ms));
    else if (w->flying)
        worker_commit_drive(w, wait_ms < 1 ? 0 : 1);
    worker_now(w);
    if (commit_due(w, more)) worker_commit_begin(w, false);
    worker_send(w);
    worker_time_passes(w);
    worker_publish(w);
    if (w->flying && wait_ms > 0 && !more) worker_commit_drive(w, 1);
}

bool haul_worker_idle(const struct haul_worker *w)
{
    if (w->flying) return false;
    for (size_t i = 0; i < w->tasks; i++) {
        const struct worker_task *wt = w->task[i];
        if (wt->state == HAUL_TASK_STOPPED) continue;
        if (!runs(wt) || wt->state == HAUL_TASK_RESTORING || wt->t->has_message || !outbox_idle(&wt->t->outbox))
            return false;
        if (wt->control.position.step != wt->t->core->position.step || wt->ops[wt->fill].count > 0) return false;
    }
    return true;
}

bool haul_worker_done(const struct haul_worker *w)
{
    return w->done;
}

/* ---- clean stop ---- */
static bool stopped_cleanly(const struct worker_task *wt)
{
    if (!runs(wt)) return true;
    return wt->state == HAUL_TASK_RESTORING || (wt->checkpoint.counted != 0 && !wt->checkpoint.active && !wt->flying &&
                                                wt->control.checkpoint.step == wt->t->core->position.step &&
                                                wt->control.position.step == wt->t->core->position.step);
}

enum haul_err haul_worker_stop(struct haul_worker *w, int64_t ms, struct haul_error *e)
{
    w->stopping = true;
    const int64_t deadline = worker_now(w) + ms * NS_PER_MS;
    size_t left = 0;
    do {
        worker_receipts(w);
        worker_commit_drive(w, 1);
        left = 0;
        for (size_t i = 0; i < w->tasks; i++) left += stopped_cleanly(w->task[i]) ? 0 : 1;
        if (left == 0 && !w->flying) break;
        if (!w->flying) worker_commit_begin(w, true);
        worker_send(w);
        if (!w->flying) w->env->wait(w->env->arg, -1, 1);
    } while (worker_now(w) < deadline);
    for (size_t i = 0; i < w->tasks; i++) {
        struct worker_task *wt = w->task[i];
        if (runs(wt) && wt->state == HAUL_TASK_RUNNING) worker_remember(w, wt);
        w->store->ops->release(w->store, wt->name);
    }
    if (left > 0)
        return haul_fail(e, HAUL_E_TIMEOUT,
                         "%zu tasks were not checkpointed in time; nothing is lost, the next start replays them", left);
    return HAUL_OK;
}
