/* SPDX-License-Identifier: Apache-2.0
 * A worker's own: its tasks and what is in flight. Files: worker.c (the turn), worker_claim.c (claim, restore, give
 * up), worker_memory.c (what the group remembers), worker_commit.c (commit and its outcomes), worker_send.c (outputs,
 * ticks, clocks), worker_report.c.
 */
#ifndef HAUL_WORKER_INTERNAL_H
#define HAUL_WORKER_INTERNAL_H

#include "haul/worker.h"
#include "processors/engine/checkpoint.h"
#include "processors/engine/contents.h"
#include "processors/engine/task.h"

#include <pthread.h>

#define TASKS_MAX 512

struct worker_task {
    struct haul_task_name name;
    const struct haul_processor *p;
    struct haul_task *t; /* NULL while claiming or stopped */
    enum haul_task_state state;
    uint32_t number; /* in the cookies of receipts: one for each outbox that was opened */
    bool paused, at_end, verified, leftover;
    bool draining; /* the next step is of another answer version: checkpoint here, then stop */
    bool gone;     /* forgotten while a commit was in flight */
    bool renewed;  /* the claim made it a new incarnation, which the group must know before anything is sent */
    bool lacks;    /* content that a control record names; while restoring as well */

    struct haul_control control; /* as last known to be in the store */
    struct haul_ops ops[2];
    unsigned fill;
    struct checkpoint checkpoint;
    bool flying, flipping;
    int64_t flying_watermark_ms, committed_watermark_ms;
    uint64_t flying_acked_sum, committed_acked_sum;

    int64_t retry_ns, backoff_ms;
    int64_t tick_ns, clock_ns, checkpoint_ns, heartbeat_ns, remember_ns;
    int64_t clock_ms;       /* watermark being told, or last told, downstream */
    uint64_t clock_step;    /* the step it covers; 0: none is being told */
    uint32_t clock_channel; /* how far the telling has come */
    /* offset below which all that was emitted is acknowledged: what a rebuild need not send; and the next candidate */
    int64_t settled_offset, settling_offset;
    int64_t settled_before; /* as the group remembered it at the claim; -1 */
    uint64_t settling_step; /* 0: there is none */
    int64_t log_end;
    char why[200];
};

struct haul_worker {
    struct haul_worker_settings s;
    struct haul_source *source;
    struct haul_store *store;
    struct haul_sink *sink;
    struct haul_contents *contents;
    const struct haul_env *env;
    struct task_topology topology;

    struct worker_task *task[TASKS_MAX];
    size_t tasks;
    struct worker_task *at[HAUL_MAILBOX_MAX][HAUL_PARTITIONS_MAX];
    uint32_t next_number;
    size_t first; /* round robin of commits */

    struct haul_commit *parts;
    struct worker_task *part_task[TASKS_MAX];
    size_t parts_len;
    bool flying, holding, stopping, done, sink_full;
    bool claims_left; /* tasks that could be claimed wait for the next turn */
    int64_t commit_ns, hold_ns, checkpoint_budget_ns;
    int64_t now_ns;

    struct haul_worker_report report;
    struct {
        pthread_mutex_t lock;
        struct haul_worker_report worker;
        struct haul_task_report *tasks;
        size_t tasks_len;
        int64_t ns;
    } published;
};

static inline struct worker_task *worker_find(struct haul_worker *w, struct haul_task_name n)
{
    return n.mailbox < HAUL_MAILBOX_MAX && n.partition < HAUL_PARTITIONS_MAX ? w->at[n.mailbox][n.partition] : NULL;
}
static inline int64_t worker_now(struct haul_worker *w)
{
    return w->now_ns = w->env->mono(w->env->arg).ns;
}
static inline struct haul_ops *task_fill(struct worker_task *wt)
{
    return &wt->ops[wt->fill];
}

void worker_log(struct haul_worker *w, const struct worker_task *wt, int level, const char *event, const char *format,
                ...) __attribute__((format(printf, 5, 6)));

/* worker_claim.c */
void worker_assign(struct haul_worker *w, struct haul_task_name name);
void worker_claims(struct haul_worker *w); /* those that wait and are due */
void worker_discard(struct haul_worker *w, struct worker_task *wt, enum haul_task_state next, const char *why);
void worker_forget(struct haul_worker *w, struct worker_task *wt); /* the partition is gone */
void worker_free(struct worker_task *wt);
void worker_stop_task(struct haul_worker *w, struct worker_task *wt, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void worker_gap(struct haul_worker *w, struct worker_task *wt, const struct haul_source_event *ev);
void worker_end(struct haul_worker *w, struct worker_task *wt, int64_t end);
/* A message below the position: its identity is checked; false: the log is another one. */
bool worker_verify(struct haul_worker *w, struct worker_task *wt, const struct haul_message *m);
/* The next step is of another answer version: nothing more is taken. When its checkpoint counts, the task stops. */
void worker_drain(struct haul_worker *w, struct worker_task *wt);
void worker_drained(struct haul_worker *w, struct worker_task *wt);
void worker_target(struct haul_worker *w, struct worker_task *wt); /* the muted replay has arrived */

/* worker_commit.c */
bool worker_commit_wanted(const struct haul_worker *w); /* a commit that were begun now would have something in it */
bool worker_commit_begin(struct haul_worker *w, bool last);
void worker_commit_drive(struct haul_worker *w, int wait_ms);
bool worker_task_ahead(const struct worker_task *wt); /* it has done what is not committed */
uint64_t worker_acked_sum(const struct worker_task *wt);

/* worker_memory.c: what the group remembers */
#define MEMORY_TEXT 128
struct memory {
    int64_t offset; /* -1: nothing */
    uint64_t incarnation;
    int64_t settled; /* below it all that was emitted is in the log */
    int64_t since;   /* where the task began: genesis */
};
void worker_remember(struct haul_worker *w, struct worker_task *wt);
/* The store holds nothing: CONFLICT when it was wiped and that stops us, else *genesis begins the next incarnation. */
enum haul_err worker_check_wiped(struct haul_worker *w, struct worker_task *wt, struct haul_control *genesis,
                                 struct haul_error *e);
/* The store holds wt->control: CONFLICT when that is from before a rebuild and it stops us, else it becomes the next
 * incarnation. */
enum haul_err worker_check_gone_back(struct haul_worker *w, struct worker_task *wt, struct haul_error *e);
/* A loaded checkpoint of an earlier incarnation goes on as the control key's: its sequences begin anew. */
void worker_renew(struct worker_task *wt);

/* worker_send.c */
void worker_receipts(struct haul_worker *w);
void worker_send(struct haul_worker *w);
void worker_time_passes(struct haul_worker *w);

/* worker_report.c */
void worker_publish(struct haul_worker *w);

#endif
