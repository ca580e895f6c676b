/* SPDX-License-Identifier: Apache-2.0
 * What threads share in the engine: contents (options by hash), and the reports of running workers. Two workers run
 * over small sources, stores and sinks of their own while another thread reads reports and adds contents. For
 * ThreadSanitizer; checks its counts too.
 */
#include "haul/worker.h"

#include "processors/engine/contents.h"
#include "processors/engine/task.h"
#include "tests/sim/actors.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define WORKERS  2
#define MESSAGES 3000

struct world { /* one worker's */
    struct haul_source source;
    struct haul_store store;
    struct haul_sink sink;
    uint16_t partition;
    int64_t next;
    bool assigned, started, paused;
    struct haul_buf value;
    struct haul_control control;
    bool exists;
    struct haul_commit *parts;
    size_t parts_len;
    struct haul_receipt receipt[64];
    size_t receipts;
    struct haul_worker *worker;
    atomic_bool stop;
};

#define OF(type, p, member) ((struct world *)(void *)((char *)(p)-offsetof(struct world, member)))

/* ---- source ---- */
static enum haul_err poll_source(struct haul_source *s, int timeout_ms, struct haul_source_event *out,
                                 struct haul_error *e)
{
    struct world *w = OF(world, s, source);
    (void)timeout_ms;
    (void)e;
    *out = (struct haul_source_event){.task = {HAUL_MAILBOX_TRAFFIC, w->partition}};
    if (!w->assigned) {
        w->assigned = true;
        out->type = HAUL_SOURCE_ASSIGN;
    } else if (w->started && !w->paused && w->next < MESSAGES) {
        struct haul_record r;
        char id[8];
        const size_t n = (size_t)snprintf(id, sizeof id, "t%d", (int)(w->next % 50));
        haul_record_init(&r, HAUL_KIND_TEMPLATE_READING, (struct haul_str){id, n},
                         (struct haul_time){1800000000000 + w->next * 20});
        haul_set_f(&r, HAUL_F_TR_VALUE, (double)(w->next % 100));
        haul_buf_clear(&w->value);
        haul_record_pack(&r, &w->value);
        out->type = HAUL_SOURCE_MESSAGE;
        out->message = (struct haul_message){
            .task = out->task,
            .offset = w->next++,
            .append = {1800000000000 + w->next * 20},
            .append_time = true,
            .value = {(const char *)w->value.p, w->value.n},
        };
    }
    return HAUL_OK;
}

static enum haul_err start(struct haul_source *s, struct haul_task_name t, int64_t offset, struct haul_error *e)
{
    struct world *w = OF(world, s, source);
    (void)t;
    (void)e;
    w->started = true;
    w->next = offset;
    return HAUL_OK;
}
static void stop(struct haul_source *s, struct haul_task_name t)
{
    OF(world, s, source)->started = t.mailbox == 0;
}
static void pause_it(struct haul_source *s, struct haul_task_name t)
{
    OF(world, s, source)->paused = t.mailbox != 0;
}
static void resume_it(struct haul_source *s, struct haul_task_name t)
{
    OF(world, s, source)->paused = t.mailbox == 0;
}
static enum haul_err bounds(struct haul_source *s, struct haul_task_name t, int64_t *low, int64_t *high,
                            struct haul_error *e)
{
    (void)s, (void)t, (void)e;
    *low = 0, *high = MESSAGES;
    return HAUL_OK;
}
static void remember(struct haul_source *s, struct haul_task_name t, int64_t offset, const char *text)
{
    (void)s, (void)t, (void)offset, (void)text;
}
static enum haul_err recall(struct haul_source *s, struct haul_task_name t, int64_t *offset, char *text, size_t cap,
                            struct haul_error *e)
{
    (void)s, (void)t, (void)text, (void)cap, (void)e;
    *offset = -1;
    return HAUL_OK;
}
static const struct haul_source_ops source_ops = {
    .name = "small",
    .poll = poll_source,
    .start = start,
    .stop = stop,
    .pause = pause_it,
    .resume = resume_it,
    .bounds = bounds,
    .remember = remember,
    .recall = recall,
};

/* ---- store ---- */
static enum haul_err claim(struct haul_store *s, struct haul_task_name t, const struct haul_control *genesis,
                           struct haul_control *out, bool *fresh, struct haul_error *e)
{
    struct world *w = OF(world, s, store);
    (void)t;
    if (!w->exists && genesis == NULL) return haul_fail(e, HAUL_E_NOT_FOUND, "nothing");
    *fresh = !w->exists;
    if (!w->exists) w->control = *genesis;
    w->exists = true;
    *out = w->control;
    return HAUL_OK;
}
static enum haul_err peek(struct haul_store *s, struct haul_task_name t, struct haul_control *out, bool *exists,
                          struct haul_error *e)
{
    struct world *w = OF(world, s, store);
    (void)t, (void)e;
    *exists = w->exists;
    *out = w->control;
    return HAUL_OK;
}
static void commit(struct haul_store *s, struct haul_commit *parts, size_t n)
{
    OF(world, s, store)->parts = parts;
    OF(world, s, store)->parts_len = n;
}
static enum haul_err poll_store(struct haul_store *s, int timeout_ms, struct haul_error *e)
{
    struct world *w = OF(world, s, store);
    (void)timeout_ms, (void)e;
    for (size_t i = 0; i < w->parts_len; i++) {
        w->control = w->parts[i].control;
        w->parts[i].outcome = HAUL_OUTCOME_APPLIED;
    }
    w->parts_len = 0;
    return HAUL_OK;
}
static void release(struct haul_store *s, struct haul_task_name t)
{
    (void)s, (void)t;
}
static const struct haul_store_ops store_ops = {
    .name = "small",
    .claim = claim,
    .peek = peek,
    .commit = commit,
    .poll = poll_store,
    .release = release,
};

/* ---- sink ---- */
static enum haul_err send(struct haul_sink *s, const struct haul_outgoing *m, struct haul_error *e)
{
    struct world *w = OF(world, s, sink);
    if (w->receipts == 64) return haul_fail(e, HAUL_E_AGAIN, "full");
    w->receipt[w->receipts++] = (struct haul_receipt){.cookie = m->cookie, .result = HAUL_OK};
    return HAUL_OK;
}
static size_t poll_sink(struct haul_sink *s, struct haul_receipt *out, size_t max)
{
    struct world *w = OF(world, s, sink);
    const size_t n = w->receipts < max ? w->receipts : max;
    memcpy(out, w->receipt, n * sizeof *out);
    memmove(w->receipt, w->receipt + n, (w->receipts - n) * sizeof *out);
    w->receipts -= n;
    return n;
}
static const struct haul_sink_ops sink_ops = {.name = "small", .send = send, .poll = poll_sink};

/* ---- the test ---- */
static void *work(void *arg)
{
    struct world *w = arg;
    struct haul_error e;
    while (!w->stop) haul_worker_turn(w->worker, 0);
    assert_int_equal(haul_worker_stop(w->worker, 20000, &e), HAUL_OK);
    return NULL;
}

static uint64_t processed(struct world *w)
{
    struct haul_worker_report report;
    struct haul_task_report task;
    if (haul_worker_report(w->worker, &report, &task, 1) == 0) return 0;
    return task.counts[COUNT_PROCESSED] + task.counts[COUNT_DROPPED];
}

static void add_contents(struct haul_contents *c, int i)
{
    char text[80], hash[33];
    struct haul_error e;
    const int n = snprintf(text, sizeof text, "engine: {lateness: %ds, entities_max: 1000}\n", 1 + i % 50);
    if (haul_contents_add(c, &sim_tally, (struct haul_str){text, (size_t)n}, hash, &e) != HAUL_OK)
        fail_msg("%s", e.text);
    assert_non_null(contents_find(c, &sim_tally, hash));
    assert_non_null(haul_contents_text(c, hash));
}

static void workers_run_while_others_look(void **state)
{
    (void)state;
    static const struct haul_processor *const processors[] = {&sim_tally};
    static struct world w[WORKERS];
    struct haul_contents *contents = haul_contents_open();
    struct haul_error e;
    char hash[33];
    if (haul_contents_add(contents, &sim_tally, HAUL_STR("engine: {entities_max: 1000}\n"), hash, &e) != HAUL_OK)
        fail_msg("%s", e.text);
    haul_contents_begin_with(contents, &sim_tally, hash);
    struct haul_worker_settings s = {.processors = processors,
                                     .processors_len = 1,
                                     .documents_max = 100,
                                     .checkpoint_interval_ms = 1,
                                     .checkpoint_rate_bytes = 1 << 30,
                                     .outbox_bytes = 4 << 20,
                                     .clock_interval_ms = 1,
                                     .tick_interval_ms = 1000};
    s.partitions[HAUL_MAILBOX_TRAFFIC] = WORKERS;
    s.partitions[HAUL_MAILBOX_NETWORK] = s.partitions[HAUL_MAILBOX_DESK] = 1;
    pthread_t thread[WORKERS];
    for (uint16_t i = 0; i < WORKERS; i++) {
        w[i] = (struct world){{&source_ops}, {&store_ops}, {&sink_ops}, .partition = i};
        haul_buf_init(&w[i].value, 256, 4096);
        w[i].worker = haul_worker_open(&s, &w[i].source, &w[i].store, &w[i].sink, contents, &haul_env_real);
        assert_int_equal(pthread_create(&thread[i], NULL, work, &w[i]), 0);
    }
    for (int i = 0; processed(&w[0]) + processed(&w[1]) == 0 || w[0].stop; i++) add_contents(contents, i);
    for (int i = 0; i < 200; i++) add_contents(contents, i), processed(&w[0]), processed(&w[1]);
    for (int i = 0; i < WORKERS; i++) w[i].stop = true;
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(thread[i], NULL);
        assert_true(w[i].control.position.step > 0);
        assert_true(w[i].control.checkpoint.step == w[i].control.position.step);
        haul_worker_close(w[i].worker);
        haul_buf_free(&w[i].value);
    }
    haul_contents_close(contents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(workers_run_while_others_look)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
