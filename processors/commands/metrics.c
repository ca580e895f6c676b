/* SPDX-License-Identifier: Apache-2.0
 * What the admin endpoints say: metrics in Prometheus' text format, status as JSON, readiness.
 */
#include "haul/version.h"
#include "processors/commands/runtime.h"
#include "processors/engine/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TASKS_SHOWN 1024
#define ENDS_MS     1000

enum metric {
#define HAUL_METRIC(NAME, name, type, sentence) METRIC_##NAME,
#include "haul/metrics.def"
#undef HAUL_METRIC
};

static const struct {
    const char *name, *type, *sentence;
} rows[] = {
#define HAUL_METRIC(NAME, name, type, sentence) {name, type, sentence},
#include "haul/metrics.def"
#undef HAUL_METRIC
};

static const char *const state_names[] = {"claiming", "restoring", "running", "waiting", "stopped"};

struct picture {
    struct haul_worker_report worker;
    struct haul_task_report *task;
    size_t tasks;
};

static void add_spans(struct haul_spans *sum, const struct haul_spans *s)
{
    for (int i = 0; i < HAUL_SPAN_BUCKETS; i++) sum->count[i] += s->count[i];
    sum->sum_ns += s->sum_ns;
}

static void add(struct haul_worker_report *sum, const struct haul_worker_report *w)
{
    sum->commits += w->commits;
    sum->commit_documents += w->commit_documents;
    sum->commit_bytes += w->commit_bytes;
    sum->fenced += w->fenced;
    sum->rewound += w->rewound;
    sum->checkpoints += w->checkpoints;
    sum->checkpoint_bytes += w->checkpoint_bytes;
    add_spans(&sum->commit, &w->commit);
    add_spans(&sum->effect, &w->effect);
    if (w->commit_ns_max > sum->commit_ns_max) sum->commit_ns_max = w->commit_ns_max;
    sum->store_ok = sum->store_ok && w->store_ok;
    sum->source_ok = sum->source_ok && w->source_ok;
    sum->sink_ok = sum->sink_ok && w->sink_ok;
    if (w->trouble[0] != '\0') memcpy(sum->trouble, w->trouble, sizeof sum->trouble);
}

static void look(struct runtime *r, struct picture *out)
{
    *out = (struct picture){.worker = {.store_ok = true, .source_ok = true, .sink_ok = true}};
    out->task = calloc(TASKS_SHOWN, sizeof *out->task);
    assert(out->task != NULL);
    for (unsigned i = 0; i < r->workers; i++) {
        struct haul_worker *w = r->worker[i].worker;
        struct haul_worker_report one;
        if (w == NULL) continue;
        const size_t room = TASKS_SHOWN - out->tasks;
        const size_t n = haul_worker_report(w, &one, out->task + out->tasks, room);
        out->tasks += n < room ? n : room;
        add(&out->worker, &one);
    }
    for (size_t i = 0; i < out->tasks; i++) {
        struct haul_task_report *t = &out->task[i];
        const int64_t asked = r->log_end[t->name.mailbox][t->name.partition];
        if (t->state != HAUL_TASK_CLAIMING && t->log_end < asked)
            t->log_end = asked; /* committed is not known before */
    }
}

static bool open_admin(struct runtime *r)
{
    struct haul_error e;
    struct haul_kafka_options brief = *r->kafka;
    brief.request_timeout_ms = ENDS_MS;
    return haul_kafka_admin_open(&brief, r->engine->instance, &r->admin, &e) == HAUL_OK;
}

void runtime_log_ends(struct runtime *r)
{
    struct picture p;
    struct haul_error e;
    struct haul_task_name names[TASKS_SHOWN];
    int64_t ends[TASKS_SHOWN];
    if (r->admin == NULL && !open_admin(r)) return;
    look(r, &p);
    for (size_t i = 0; i < p.tasks; i++) names[i] = p.task[i].name;
    const bool told = p.tasks > 0 && haul_kafka_admin_ends(r->admin, names, p.tasks, ends, &e) == HAUL_OK;
    for (size_t i = 0; told && i < p.tasks; i++)
        if (ends[i] >= 0) r->log_end[names[i].mailbox][names[i].partition] = ends[i];
    free(p.task);
}

static void head(struct haul_buf *out, enum metric m)
{
    haul_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", rows[m].name, rows[m].sentence, rows[m].name, rows[m].type);
}

static void plain(struct haul_buf *out, enum metric m, double value)
{
    head(out, m);
    haul_buf_printf(out, "%s %.15g\n", rows[m].name, value);
}

static const char *task_label(const struct haul_task_report *t, char out[64])
{
    snprintf(out, 64, "processor=\"%s\",partition=\"%u\"", haul_mailbox_row(t->name.mailbox)->name, t->name.partition);
    return out;
}

static int64_t lag_of(const struct haul_task_report *t)
{
    return t->log_end < 0 || t->log_end < t->committed.offset ? 0 : t->log_end - t->committed.offset;
}

static void per_task(struct haul_buf *out, const struct picture *p)
{
    char label[64];
    head(out, METRIC_LAG);
    for (size_t i = 0; i < p->tasks; i++)
        haul_buf_printf(out, "%s{%s} %lld\n", rows[METRIC_LAG].name, task_label(&p->task[i], label),
                        (long long)lag_of(&p->task[i]));
    head(out, METRIC_WATERMARK);
    for (size_t i = 0; i < p->tasks; i++)
        if (p->task[i].watermark.ms != INT64_MIN)
            haul_buf_printf(out, "%s{%s} %.3f\n", rows[METRIC_WATERMARK].name, task_label(&p->task[i], label),
                            (double)p->task[i].watermark.ms / 1000);
    head(out, METRIC_ENTITIES);
    for (size_t i = 0; i < p->tasks; i++)
        haul_buf_printf(out, "%s{%s} %u\n", rows[METRIC_ENTITIES].name, task_label(&p->task[i], label),
                        p->task[i].entities);
    head(out, METRIC_STATE);
    for (size_t i = 0; i < p->tasks; i++)
        haul_buf_printf(out, "%s{%s} %llu\n", rows[METRIC_STATE].name, task_label(&p->task[i], label),
                        (unsigned long long)p->task[i].state_bytes);
    head(out, METRIC_OUTBOX);
    for (size_t i = 0; i < p->tasks; i++)
        haul_buf_printf(out, "%s{%s} %llu\n", rows[METRIC_OUTBOX].name, task_label(&p->task[i], label),
                        (unsigned long long)p->task[i].outbox_bytes);
}

static uint64_t sum_count(const struct picture *p, unsigned mailbox, int count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < p->tasks; i++)
        if (p->task[i].name.mailbox == mailbox) sum += p->task[i].counts[count];
    return sum;
}

static void counts(struct haul_buf *out, const struct runtime *r, const struct picture *p)
{
    for (int c = 0; c < COUNT_LEN; c++) {
        const char *name = task_count_name((enum task_count)c);
        haul_buf_printf(out, "# HELP haul_task_%s_total %s\n# TYPE haul_task_%s_total counter\n", name,
                        task_count_sentence((enum task_count)c), name);
        for (size_t i = 0; i < r->processors; i++)
            haul_buf_printf(out, "haul_task_%s_total{processor=\"%s\"} %llu\n", name,
                            haul_mailbox_row(r->processor[i]->mailbox)->name,
                            (unsigned long long)sum_count(p, r->processor[i]->mailbox, c));
    }
}

static void counters(struct haul_buf *out, const struct runtime *r, const struct picture *p)
{
    for (size_t i = 0; i < r->processors; i++) {
        const struct haul_processor *x = r->processor[i];
        for (size_t c = 0; c < x->counters_len; c++) {
            const char *name = haul_mailbox_row(x->mailbox)->name;
            uint64_t sum = 0;
            for (size_t t = 0; t < p->tasks; t++)
                if (p->task[t].name.mailbox == x->mailbox) sum += p->task[t].counters[c];
            haul_buf_printf(out, "# HELP haul_%s_%s_total %s\n# TYPE haul_%s_%s_total counter\nhaul_%s_%s_total %llu\n",
                            name, x->counters[c].name, x->counters[c].sentence, name, x->counters[c].name, name,
                            x->counters[c].name, (unsigned long long)sum);
        }
    }
}

static void states(struct haul_buf *out, const struct runtime *r, const struct picture *p)
{
    head(out, METRIC_TASKS);
    for (size_t i = 0; i < r->processors; i++)
        for (int s = 0; s < 5; s++) {
            unsigned n = 0;
            for (size_t t = 0; t < p->tasks; t++)
                n += p->task[t].name.mailbox == r->processor[i]->mailbox && (int)p->task[t].state == s ? 1 : 0;
            haul_buf_printf(out, "%s{processor=\"%s\",state=\"%s\"} %u\n", rows[METRIC_TASKS].name,
                            haul_mailbox_row(r->processor[i]->mailbox)->name, state_names[s], n);
        }
}

static double resident(void)
{
    long total = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL) return 0;
    if (fscanf(f, "%ld %ld", &total, &pages) != 2) pages = 0;
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void histogram(struct haul_buf *out, enum metric m, const struct haul_spans *s)
{
    const char *name = rows[m].name;
    uint64_t up_to = 0;
    head(out, m);
    for (int i = 0; i < HAUL_SPAN_BUCKETS - 1; i++)
        haul_buf_printf(out, "%s_bucket{le=\"%g\"} %llu\n", name, haul_span_bound_s(i),
                        (unsigned long long)(up_to += s->count[i]));
    up_to += s->count[HAUL_SPAN_BUCKETS - 1];
    haul_buf_printf(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.9g\n%s_count %llu\n", name, (unsigned long long)up_to,
                    name, (double)s->sum_ns / 1e9, name, (unsigned long long)up_to);
}

void runtime_metrics(struct runtime *r, struct haul_buf *out)
{
    struct picture p;
    look(r, &p);
    const struct haul_worker_report *w = &p.worker;
    plain(out, METRIC_UP, 1);
    plain(out, METRIC_WORKERS, r->workers);
    states(out, r, &p);
    plain(out, METRIC_COMMITS, (double)w->commits);
    plain(out, METRIC_DOCUMENTS, (double)w->commit_documents);
    plain(out, METRIC_COMMIT_BYTES, (double)w->commit_bytes);
    histogram(out, METRIC_COMMIT_SECONDS, &w->commit);
    plain(out, METRIC_COMMIT_SECONDS_MAX, (double)w->commit_ns_max / 1e9);
    histogram(out, METRIC_EFFECT_SECONDS, &w->effect);
    plain(out, METRIC_FENCED, (double)w->fenced);
    plain(out, METRIC_REWOUND, (double)w->rewound);
    plain(out, METRIC_CHECKPOINTS, (double)w->checkpoints);
    plain(out, METRIC_CHECKPOINT_BYTES, (double)w->checkpoint_bytes);
    plain(out, METRIC_STORE_OK, w->store_ok ? 1 : 0);
    plain(out, METRIC_SOURCE_OK, w->source_ok ? 1 : 0);
    plain(out, METRIC_SINK_OK, w->sink_ok ? 1 : 0);
    plain(out, METRIC_CPU, (double)haul_cpu_ns() / 1e9);
    plain(out, METRIC_RSS, resident());
    per_task(out, &p);
    counts(out, r, &p);
    counters(out, r, &p);
    free(p.task);
}

static void status_task(struct haul_json *j, const struct haul_task_report *t)
{
    haul_json_open(j, '{');
    haul_json_kstr(j, "processor", haul_str_of(haul_mailbox_row(t->name.mailbox)->name));
    haul_json_ki64(j, "partition", t->name.partition);
    haul_json_kstr(j, "state", haul_str_of(state_names[t->state]));
    haul_json_ki64(j, "offset", t->committed.offset);
    haul_json_ki64(j, "step", (int64_t)t->committed.step);
    haul_json_ki64(j, "lag_messages", lag_of(t));
    haul_json_ktime(j, "watermark", t->watermark);
    haul_json_ki64(j, "entities", t->entities);
    haul_json_ki64(j, "outbox_bytes", (int64_t)t->outbox_bytes);
    haul_json_ki64(j, "records", (int64_t)t->counts[COUNT_RECORDS]);
    haul_json_ki64(j, "quarantined", (int64_t)t->counts[COUNT_QUARANTINED]);
    haul_json_ki64(j, "late", (int64_t)t->counts[COUNT_LATE]);
    haul_json_ki64(j, "alerts_raised", (int64_t)t->counts[COUNT_RAISED]);
    if (t->why[0] != '\0') haul_json_kstr(j, "why", haul_str_of(t->why));
    haul_json_close(j, '}');
}

/* [took up to so many milliseconds, how many did]: the last has no bound */
static void status_spans(struct haul_json *j, const char *name, const struct haul_spans *s)
{
    haul_json_name(j, name);
    haul_json_open(j, '[');
    for (int i = 0; i < HAUL_SPAN_BUCKETS; i++) {
        haul_json_open(j, '[');
        if (i < HAUL_SPAN_BUCKETS - 1)
            haul_json_f64(j, haul_span_bound_s(i) * 1000, 2);
        else
            haul_json_null(j);
        haul_json_i64(j, (int64_t)s->count[i]);
        haul_json_close(j, ']');
    }
    haul_json_close(j, ']');
}

void runtime_status(struct runtime *r, struct haul_buf *out)
{
    struct picture p;
    look(r, &p);
    struct haul_json j;
    haul_json_begin(&j, out);
    haul_json_open(&j, '{');
    haul_json_kstr(&j, "version", haul_str_of(HAUL_VERSION));
    haul_json_ki64(&j, "answer_version", HAUL_ANSWER_VERSION);
    haul_json_ktime(&j, "started", r->started);
    haul_json_ktime(&j, "now", haul_wall_now());
    haul_json_kbool(&j, "store_up", p.worker.store_ok);
    haul_json_kbool(&j, "source_up", p.worker.source_ok);
    haul_json_kbool(&j, "sink_up", p.worker.sink_ok);
    if (p.worker.trouble[0] != '\0') haul_json_kstr(&j, "trouble", haul_str_of(p.worker.trouble));
    haul_json_ki64(&j, "commits", (int64_t)p.worker.commits);
    status_spans(&j, "commits_by_ms", &p.worker.commit);
    status_spans(&j, "effects_by_ms", &p.worker.effect);
    haul_json_ki64(&j, "documents", (int64_t)p.worker.commit_documents);
    haul_json_ki64(&j, "checkpoints", (int64_t)p.worker.checkpoints);
    haul_json_kf64(&j, "cpu_seconds", (double)haul_cpu_ns() / 1e9, 3);
    haul_json_ki64(&j, "resident_bytes", (int64_t)resident());
    haul_json_name(&j, "tasks");
    haul_json_open(&j, '[');
    for (size_t i = 0; i < p.tasks; i++) status_task(&j, &p.task[i]);
    haul_json_close(&j, ']');
    haul_json_close(&j, '}');
    haul_buf_byte(out, '\n');
    free(p.task);
}

bool runtime_ready(struct runtime *r, char why[200])
{
    struct picture p;
    look(r, &p);
    bool ready = p.worker.store_ok && p.tasks > 0;
    snprintf(why, 200, "%s",
             !r->published        ? "waiting for Kafka: the options are not in haul.blobs yet"
             : !p.worker.store_ok ? p.worker.trouble
                                  : "no partition is assigned yet");
    for (size_t i = 0; i < p.tasks && ready; i++) {
        const struct haul_task_report *t = &p.task[i];
        if (t->state == HAUL_TASK_RUNNING || t->state == HAUL_TASK_RESTORING) continue;
        ready = false;
        snprintf(why, 200, "%s/%u is %s: %.120s", haul_mailbox_row(t->name.mailbox)->name, t->name.partition,
                 state_names[t->state], t->why);
    }
    free(p.task);
    return ready;
}
