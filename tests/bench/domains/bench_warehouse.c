/* SPDX-License-Identifier: Apache-2.0
 * What a reading costs in the warehouse's task, decoded, judged, painted, without broker and store: one hub at 10,000
 * readings a second, and 500 hubs at 100 each. An item is received, passes three readers, is sorted and shipped.
 *   bench_warehouse [SECONDS 60]
 */
#include "haul/processors.h"
#include "processors/engine/contents.h"
#include "processors/engine/task.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH    2000
#define READINGS 6
#define ROOM     (BATCH * 160)

struct bench {
    struct haul_contents *contents;
    struct haul_task *task;
    struct haul_ops ops;
    int64_t offset, written;
    struct haul_buf packed;
    struct {
        size_t at, n;
        int64_t ms;
        char key[8];
        size_t key_len;
    } message[BATCH];
    size_t messages;
};

struct load {
    const char *name;
    int64_t hubs, per_s, dwell_s;
    const char *options;
};

static void open_task(struct bench *b, const char *options)
{
    struct task_topology topology = {0};
    struct haul_error e = {0};
    char hash[33];
    b->contents = haul_contents_open();
    if (haul_contents_add(b->contents, &haul_warehouse, haul_str_of(options), hash, &e) != HAUL_OK)
        fprintf(stderr, "%s\n", e.text), exit(1);
    for (unsigned i = 0; i < HAUL_MAILBOX_MAX; i++) topology.partitions[i] = haul_mailbox_row(i) == NULL ? 0 : 1;
    b->task = task_open(&haul_warehouse, (struct haul_task_name){HAUL_MAILBOX_WAREHOUSE, 0}, &topology,
                        contents_find(b->contents, &haul_warehouse, hash), (size_t)64 << 20, &e);
    if (b->task == NULL) fprintf(stderr, "%s\n", e.text), exit(1);
    b->task->find_arg = b->contents;
    for (uint32_t i = 0; i < b->task->channels; i++) b->task->outbox.channel[i].acked = UINT64_MAX;
    haul_ops_init(&b->ops, 1 << 20, (size_t)64 << 20);
    b->task->ops = &b->ops;
    haul_buf_init(&b->packed, ROOM, ROOM);
    b->offset = 0, b->written = 0, b->messages = 0;
}

static void close_task(struct bench *b)
{
    task_close(b->task);
    haul_ops_free(&b->ops);
    haul_buf_free(&b->packed);
    haul_contents_close(b->contents);
}

static int64_t flush(struct bench *b)
{
    const int64_t start = haul_cpu_ns();
    for (size_t i = 0; i < b->messages; i++) {
        const struct haul_message m = {.task = b->task->name,
                                       .offset = b->offset++,
                                       .append = {b->message[i].ms},
                                       .append_time = true,
                                       .key = {b->message[i].key, b->message[i].key_len},
                                       .value = {(const char *)b->packed.p + b->message[i].at, b->message[i].n}};
        task_offer(b->task, &m);
        while (task_run(b->task) == TASK_FULL) haul_ops_clear(&b->ops);
        if (b->ops.puts < 2000) continue;
        b->written += (int64_t)b->ops.puts;
        haul_ops_clear(&b->ops);
    }
    const int64_t ns = haul_cpu_ns() - start;
    haul_buf_clear(&b->packed);
    b->messages = 0;
    return ns;
}

static void reading(struct bench *b, const struct load *l, int64_t item, unsigned which, int64_t ms)
{
    static const char *const steps[READINGS] = {"receiving", "", "", "", "sorting", "shipping"};
    static const char *const places[READINGS] = {"IN", "S", "T", "U", "P", "OUT"};
    char id[24], hub[8], at[16], chute[16];
    const int64_t lanes = which == 4 ? 40 : 4;
    const size_t n = (size_t)snprintf(id, sizeof id, "00340434%010lld", (long long)item);
    const size_t k = (size_t)snprintf(hub, sizeof hub, "H%03d", (int)(item % l->hubs % 1000));
    const size_t a = (size_t)snprintf(at, sizeof at, "%s%02d", places[which], (int)(item / l->hubs % lanes));
    const size_t c = (size_t)snprintf(chute, sizeof chute, "P%02d", (int)(item / l->hubs % 40));
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_HUB_SCAN, (struct haul_str){hub, k}, (struct haul_time){ms});
    haul_set_s(&r, HAUL_F_HS_ITEM, (struct haul_str){id, n});
    haul_set_s(&r, HAUL_F_HS_AT, (struct haul_str){at, a});
    if (steps[which][0] != '\0') haul_set_s(&r, HAUL_F_HS_STEP, haul_str_of(steps[which]));
    if (which == 1) haul_set_s(&r, HAUL_F_HS_TO, (struct haul_str){chute, c});
    const size_t before = b->packed.n;
    haul_record_pack(&r, &b->packed);
    b->message[b->messages].at = before;
    b->message[b->messages].n = b->packed.n - before;
    b->message[b->messages].ms = ms;
    memcpy(b->message[b->messages].key, hub, k);
    b->message[b->messages++].key_len = k;
}

/* All that happens at the moment at which an item comes: it, and those that came before are read further on. */
static void moment(struct bench *b, const struct load *l, int64_t item, int64_t ms)
{
    const int64_t a_second = l->per_s * l->hubs / READINGS;
    const int64_t after_s[READINGS] = {0, 20, 40, 60, 90, l->dwell_s};
    for (unsigned i = 0; i < READINGS; i++) {
        const int64_t which = item - after_s[i] * a_second;
        if (which >= 0) reading(b, l, which, i, ms);
    }
}

static int by_number(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The hubs are filled for their dwell, then measured, a second at a time. */
static void run(const struct load *l, int64_t seconds)
{
    struct bench *b = calloc(1, sizeof *b);
    double *ns = calloc((size_t)seconds, sizeof *ns);
    const int64_t a_second = l->per_s * l->hubs / READINGS, start_ms = 1780279200000;
    int64_t item = 0;
    open_task(b, l->options);
    for (int64_t s = 0; s < l->dwell_s + seconds; s++) {
        int64_t spent = 0, records = 0;
        for (int64_t i = 0; i < a_second; i++, item++) {
            moment(b, l, item, start_ms + s * 1000 + i * 1000 / a_second);
            if (b->messages + READINGS <= BATCH && i + 1 < a_second) continue;
            records += (int64_t)b->messages;
            spent += flush(b);
        }
        if (s >= l->dwell_s) ns[s - l->dwell_s] = (double)spent / (double)records;
    }
    qsort(ns, (size_t)seconds, sizeof *ns, by_number);
    const double median = ns[seconds / 2], per_s = (double)(l->per_s * l->hubs);
    const double mib = (double)b->task->slots.used * (double)b->task->slots.bytes / 1048576;
    printf(
        "%s: %.0f ns a reading (95 %%: %.0f), %.1f %% of a core; %lld items inside, %u entities, %.0f MiB, %.0f B an "
        "item\n",
        l->name, median, ns[seconds * 95 / 100], median * per_s / 1e7, (long long)(a_second * l->dwell_s),
        b->task->slots.used, mib, mib * 1048576 / (double)(a_second * l->dwell_s));
    if (!task_accounts_balance(b->task)) fprintf(stderr, "accounts do not balance\n"), exit(1);
    close_task(b);
    free(ns);
    free(b);
}

int main(int argc, char **argv)
{
    const int64_t seconds = argc > 1 ? strtoll(argv[1], NULL, 10) : 60;
    static const struct load loads[] = {
        {"one hub at 10,000/s", 1, 10000, 300,
         "engine: {entities_max: 400000}\nwarehouse: {items: {max: 4000000}, duplicate: 0ms}\n"},
        {"one hub at 10,000/s, not compared with others", 1, 10000, 300,
         "engine: {entities_max: 400000}\nwarehouse: {items: {max: 4000000}, teleport: {between: false}}\n"},
        {"500 hubs at 100/s each", 500, 100, 120, "engine: {entities_max: 400000}\nwarehouse: {duplicate: 0ms}\n"},
        {"500 hubs at 100/s each, not compared", 500, 100, 120,
         "engine: {entities_max: 400000}\nwarehouse: {teleport: {between: false}}\n"},
    };
    for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++) run(&loads[i], seconds);
    return 0;
}
