/* SPDX-License-Identifier: Apache-2.0
 * What a record costs inside a fleet task, without broker and store: decode, gates, sequence, process, timers, paint.
 * CPU time of one thread. bench_task [VEHICLES 3000] [HZ 6] [SECONDS 60] [RECORDS A MESSAGE 6]
 */
#include "tests/bench/commands/vehicles.h"

#include "haul/processors.h"
#include "processors/engine/contents.h"
#include "processors/engine/task.h"

#include <stdio.h>
#include <stdlib.h>

struct bench {
    struct haul_task *task;
    struct haul_ops ops;
    uint32_t vehicles, pack;
    int64_t start_ms, step_ms;
    uint64_t documents, bytes;
};

static void open_task(struct bench *b)
{
    struct haul_contents *contents = haul_contents_open();
    struct task_topology topology = {0};
    struct haul_error e = {0};
    char hash[33];
    const enum haul_err err =
        haul_contents_add(contents, &haul_fleet, HAUL_STR("engine:\n  view: {interval: 2s}\n"), hash, &e);
    if (err != HAUL_OK) fprintf(stderr, "%s\n", e.text), exit(1);
    for (unsigned i = 0; i < HAUL_MAILBOX_MAX; i++) topology.partitions[i] = haul_mailbox_row(i) == NULL ? 0 : 1;
    b->task = task_open(&haul_fleet, (struct haul_task_name){HAUL_MAILBOX_FLEET, 0}, &topology,
                        contents_find(contents, &haul_fleet, hash), (size_t)64 << 20, &e);
    for (uint32_t i = 0; i < b->task->channels; i++) b->task->outbox.channel[i].acked = UINT64_MAX;
    haul_ops_init(&b->ops, 1 << 20, (size_t)64 << 20);
    b->task->ops = &b->ops;
}

static void settle(struct bench *b)
{
    b->documents += b->ops.puts;
    b->bytes += b->ops.buf.n;
    haul_ops_clear(&b->ops);
}

int main(int argc, char **argv)
{
    struct bench b = {.vehicles = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 3000,
                      .pack = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 6};
    const double hz = argc > 2 ? strtod(argv[2], NULL) : 6, seconds = argc > 3 ? strtod(argv[3], NULL) : 60;
    b.start_ms = 1800000000000;
    b.step_ms = (int64_t)(1000 / hz);
    open_task(&b);
    const int64_t reports = (int64_t)(seconds * hz);
    struct haul_buf *messages = calloc(b.vehicles, sizeof *messages);
    for (uint32_t v = 0; v < b.vehicles; v++) haul_buf_init(&messages[v], 2048, 65536);
    int64_t ns = 0, offset = 0;
    uint64_t events = 0;
    for (int64_t k = 0; k < reports; k += b.pack) {
        for (uint32_t v = 0; v < b.vehicles; v++) {
            char id[24];
            const size_t n = (size_t)snprintf(id, sizeof id, "v%06u", v);
            haul_buf_clear(&messages[v]);
            if (b.pack > 1) haul_message_pack_header(b.pack, &messages[v]);
            for (uint32_t i = 0; i < b.pack; i++)
                bench_position(&messages[v], v, (struct haul_str){id, n}, b.start_ms,
                               b.start_ms + (k + i) * b.step_ms + v % 97);
        }
        const int64_t t0 = haul_cpu_ns();
        for (uint32_t v = 0; v < b.vehicles; v++) {
            char id[24];
            const size_t n = (size_t)snprintf(id, sizeof id, "v%06u", v);
            const struct haul_message m = {
                .task = b.task->name,
                .offset = offset++,
                .append = {b.start_ms + (k + b.pack) * b.step_ms},
                .append_time = true,
                .key = {id, n},
                .value = {(const char *)messages[v].p, messages[v].n},
            };
            task_offer(b.task, &m);
            while (task_run(b.task) == TASK_FULL) settle(&b);
        }
        settle(&b);
        ns += haul_cpu_ns() - t0;
        events += (uint64_t)b.vehicles * b.pack;
    }
    const uint64_t *c = b.task->core->count;
    printf("%llu events (%llu processed, %llu late, %llu alerts), %.0f ns each; %llu documents of %.0f bytes, one in "
           "%.1f events\n",
           (unsigned long long)events, (unsigned long long)c[COUNT_PROCESSED], (unsigned long long)c[COUNT_LATE],
           (unsigned long long)c[COUNT_RAISED], (double)ns / (double)events, (unsigned long long)b.documents,
           (double)b.bytes / (double)b.documents, (double)events / (double)b.documents);
    return 0;
}
