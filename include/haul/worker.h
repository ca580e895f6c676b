/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * A worker: one thread's tasks, with one source, one store and one sink. It owns everything that is not deterministic
 * (clocks, batch sizes, retries), and none of it can reach an answer.
 */
#ifndef HAUL_WORKER_H
#define HAUL_WORKER_H

#include "haul/crumb.h"
#include "haul/engine_options.h"
#include "haul/processor.h"
#include "haul/sink.h"
#include "haul/source.h"
#include "haul/store.h"

struct haul_worker;
struct task_options; /* engine's own */

/* Clocks, so that a simulated world can stand in. */
struct haul_env {
    struct haul_mono (*mono)(void *arg);
    /* Waits until something may have happened on the store's connection, or ms passed. */
    void (*wait)(void *arg, int fd, int ms);
    /* One line for the log: level 0 error, 1 warning, 2 note; the text names the task. */
    void (*say)(void *arg, int level, const char *event, const char *text);
    void *arg;
};
extern const struct haul_env haul_env_real; /* real clocks; logs through haul/log.h */

struct haul_worker_settings {
    const struct haul_processor *const *processors; /* the enabled ones */
    size_t processors_len;
    uint32_t partitions[HAUL_MAILBOX_MAX];                 /* of every mailbox, enabled here or not */
    int64_t pace_ms;                                       /* least time between two commits */
    uint32_t documents_max;                                /* documents in a commit, all tasks together */
    int64_t checkpoint_interval_ms, checkpoint_rate_bytes; /* a second */
    size_t outbox_bytes;                                   /* a task */
    int64_t clock_interval_ms, tick_interval_ms;
    int64_t claim_ms; /* claims of one turn: when it has passed those that are claimed run first; 0: one a turn */
    enum haul_start start;
    struct haul_time start_time;
    enum haul_on_wipe on_wipe;
    char instance[33]; /* prefix of topics and keys */
};

/* Content by hash: options in force. Shared by workers; implementations lock. */
struct haul_contents;
/* Makes the store of contents; `add` takes YAML text of the sections "engine" and the processor's and returns its hash.
 */
struct haul_contents *haul_contents_open(void);
void haul_contents_close(struct haul_contents *c);
/* The content of ingest.driver_key_file, before anything is added. */
#define HAUL_DRIVER_KEY_MAX 4096
void haul_contents_driver_key(struct haul_contents *c, struct haul_str key);
enum haul_err haul_contents_add(struct haul_contents *c, const struct haul_processor *p, struct haul_str text,
                                char hash[33], struct haul_error *e);
/* The text of a hash, or NULL. */
const char *haul_contents_text(struct haul_contents *c, const char *hash);
/* Records that are not to be taken any more, timers that are not to fire. Any thread; told before the tasks that it
 * concerns are claimed. LIMIT: there are too many. */
enum haul_err haul_contents_condemn(struct haul_contents *c, const struct haul_condemned *x, struct haul_error *e);
/* The verdict on a record, or NULL. index UINT32_MAX: on any of that message. */
const struct haul_condemned *haul_contents_condemned(const struct haul_contents *c, struct haul_task_name task,
                                                     int64_t offset, uint32_t index);
/* Whether the timer that fires at that step, the position being at that offset, is not to fire any more. */
bool haul_contents_condemned_timer(const struct haul_contents *c, struct haul_task_name task, int64_t offset,
                                   uint64_t step);
/* Which content a processor's tasks begin with (at genesis). */
void haul_contents_begin_with(struct haul_contents *c, const struct haul_processor *p, const char *hash);

/* Keeps other content (processor.h: struct haul_content) under its hash, checked by the processor's own check; the same
 * twice is one. Errors of that check; LIMIT: too many, or too large together. */
enum haul_err haul_contents_add_blob(struct haul_contents *c, const struct haul_processor *p, const char *what,
                                     struct haul_str bytes, char hash[33], struct haul_error *e);
/* Its bytes, valid while the contents are open; p NULL: it is not there. */
struct haul_str haul_contents_blob(struct haul_contents *c, const char *what, const char *hash);
/* Which of it a processor's tasks begin with; none when never said. */
void haul_contents_begin_with_blob(struct haul_contents *c, const struct haul_processor *p, const char *what,
                                   const char *hash);

struct haul_worker *haul_worker_open(const struct haul_worker_settings *s, struct haul_source *source,
                                     struct haul_store *store, struct haul_sink *sink, struct haul_contents *contents,
                                     const struct haul_env *env);
/* Frees the worker; source, store and sink stay the caller's. Nothing is committed: see haul_worker_stop. */
void haul_worker_close(struct haul_worker *w);

/* One turn: takes what there is, runs steps, drives the commit, sends. Waits at most wait_ms when there is nothing to
 * do. */
void haul_worker_turn(struct haul_worker *w, int wait_ms);
/* A clean stop: takes nothing more, commits, waits for acknowledgements, checkpoints at the position, releases. At most
 * ms. */
enum haul_err haul_worker_stop(struct haul_worker *w, int64_t ms, struct haul_error *e);
/* True when everything that was taken is committed, sent and acknowledged. Timers that are due may still have to fire:
 * they have when it is true twice running, with a turn between. */
bool haul_worker_idle(const struct haul_worker *w);
/* True when the source has said that nothing will come any more: a recording's end. */
bool haul_worker_done(const struct haul_worker *w);

/* ---- what can be seen ---- */
enum haul_task_state {
    HAUL_TASK_CLAIMING,
    HAUL_TASK_RESTORING,
    HAUL_TASK_RUNNING,
    HAUL_TASK_WAITING,
    HAUL_TASK_STOPPED
};
struct haul_task_report {
    struct haul_task_name name;
    enum haul_task_state state;
    struct haul_position position, committed;
    int64_t log_end; /* as far as the source knows; -1 */
    struct haul_time watermark;
    uint32_t entities;
    uint64_t counts[32]; /* in the order of task_counts */
    uint64_t counters[64];
    uint64_t outbox_bytes, state_bytes;
    char why[200]; /* STOPPED, WAITING, CLAIMING: why */
};
/* Durations: bucket i counts those of up to 0.25 ms * 2^i, the last one all that took longer. */
#define HAUL_SPAN_BUCKETS 16
struct haul_spans {
    uint64_t count[HAUL_SPAN_BUCKETS];
    int64_t sum_ns;
};
static inline double haul_span_bound_s(int bucket)
{
    return 0.00025 * (double)(1u << bucket);
}
struct haul_worker_report {
    uint64_t commits, commit_documents, commit_bytes, held_ms, fenced, rewound, checkpoints, checkpoint_bytes;
    int64_t commit_ns_max;
    struct haul_spans commit; /* from a commit's start to its outcome */
    struct haul_spans effect; /* from a message's append to the outcome of its commit: the newest of a task's part */
    bool store_ok, source_ok, sink_ok;
    char trouble[200];
    uint32_t tasks;
};
/* The latest published report; any thread. Up to max tasks are written; returns how many there are. */
size_t haul_worker_report(struct haul_worker *w, struct haul_worker_report *out, struct haul_task_report *tasks,
                          size_t max);

#endif
