/* SPDX-License-Identifier: Apache-2.0
 * What others may see of a worker: copied under a lock twice a second.
 */
#include "processors/engine/worker_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define PUBLISH_NS 500000000ll

static void report_task(const struct worker_task *wt, struct haul_task_report *out)
{
    *out = (struct haul_task_report){.name = wt->name, .state = wt->state, .log_end = wt->log_end};
    out->committed = wt->control.position;
    snprintf(out->why, sizeof out->why, "%s", wt->why);
    out->watermark = HAUL_TIME_NONE;
    if (wt->t == NULL) return;
    const struct task_core *c = wt->t->core;
    out->position = c->position;
    out->watermark.ms = c->watermark_ms;
    out->entities = wt->t->slots.used;
    out->outbox_bytes = wt->t->outbox.used;
    out->state_bytes = (uint64_t)wt->t->slots.high * wt->t->slots.bytes;
    memcpy(out->counts, c->count, sizeof c->count);
    memcpy(out->counters, c->counter, sizeof c->counter);
}

void worker_publish(struct haul_worker *w)
{
    if (w->now_ns - w->published.ns < PUBLISH_NS && w->published.ns != 0) return;
    w->published.ns = w->now_ns;
    pthread_mutex_lock(&w->published.lock);
    w->published.tasks = realloc(w->published.tasks, (w->tasks + 1) * sizeof *w->published.tasks);
    assert(w->published.tasks != NULL);
    for (size_t i = 0; i < w->tasks; i++) report_task(w->task[i], &w->published.tasks[i]);
    w->published.tasks_len = w->tasks;
    w->report.tasks = (uint32_t)w->tasks;
    w->published.worker = w->report;
    pthread_mutex_unlock(&w->published.lock);
    w->report.commit_ns_max = 0;
}

size_t haul_worker_report(struct haul_worker *w, struct haul_worker_report *out, struct haul_task_report *tasks,
                          size_t max)
{
    pthread_mutex_lock(&w->published.lock);
    *out = w->published.worker;
    const size_t n = w->published.tasks_len;
    for (size_t i = 0; i < n && i < max; i++) tasks[i] = w->published.tasks[i];
    pthread_mutex_unlock(&w->published.lock);
    return n;
}
