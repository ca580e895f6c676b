/* SPDX-License-Identifier: Apache-2.0
 * What fences cost inside a fleet task, without broker and store: a record without a set, with 1,000 and with 100,000
 * fences of 16 corners; and how long the task stands when a new set of 100,000 comes into force between two records.
 *   bench_fence_task [VEHICLES 20000] [ROUNDS 20]
 */
#include "haul/math.h"
#include "haul/processors.h"
#include "processors/engine/contents.h"
#include "processors/engine/task.h"

#include <stdio.h>
#include <stdlib.h>

struct bench {
    struct haul_contents *contents;
    struct haul_task *task;
    struct haul_ops ops;
    uint32_t vehicles, version;
    int64_t now_ms, offset;
};

static void write_set(struct haul_buf *b, uint32_t n, uint64_t seed)
{
    struct haul_rng rng;
    haul_rng_seed(&rng, seed);
    haul_buf_printf(b, "{\"type\":\"FeatureCollection\",\"features\":[");
    for (uint32_t i = 0; i < n; i++) {
        const double lon = 114 + 4 * haul_rng_f64(&rng), lat = 25 + 4 * haul_rng_f64(&rng);
        const double size = (200 + 800 * haul_rng_f64(&rng)) / 111195;
        haul_buf_printf(
            b, "%s{\"type\":\"Feature\",\"id\":\"F%06u\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[",
            i == 0 ? "" : ",", i);
        for (int k = 0; k <= 16; k++) {
            const double a = 2 * HAUL_PI * (k % 16) / 16, r = k % 2 == 0 ? size : size * 0.7;
            haul_buf_printf(b, "%s[%.7f,%.7f]", k == 0 ? "" : ",", lon + r * haul_cos(a) / 0.89, lat + r * haul_sin(a));
        }
        haul_buf_printf(b, "]]}}");
    }
    haul_buf_printf(b, "]}");
}

static void prepare(struct bench *b, uint32_t n, uint64_t seed, char hash[33])
{
    struct haul_buf text, blob, report;
    struct haul_error e = {0};
    haul_buf_init(&text, 1 << 20, (size_t)1 << 30);
    haul_buf_init(&blob, 1 << 20, (size_t)1 << 30);
    haul_buf_init(&report, 1 << 10, (size_t)1 << 20);
    write_set(&text, n, seed);
    enum haul_err err =
        haul_fleet.contents[0].make((struct haul_str){(const char *)text.p, text.n}, &blob, &report, &e);
    if (err == HAUL_OK)
        err = haul_contents_add_blob(b->contents, &haul_fleet, "fences",
                                     (struct haul_str){(const char *)blob.p, blob.n}, hash, &e);
    if (err != HAUL_OK) fprintf(stderr, "%s\n", e.text), exit(1);
    haul_buf_free(&text);
    haul_buf_free(&blob);
    haul_buf_free(&report);
}

static void open_task(struct bench *b)
{
    struct task_topology topology = {0};
    struct haul_error e = {0};
    char hash[33];
    b->contents = haul_contents_open();
    if (haul_contents_add(b->contents, &haul_fleet, HAUL_STR("engine:\n  view: {interval: 2s}\n"), hash, &e) != HAUL_OK)
        fprintf(stderr, "%s\n", e.text), exit(1);
    for (unsigned i = 0; i < HAUL_MAILBOX_MAX; i++) topology.partitions[i] = haul_mailbox_row(i) == NULL ? 0 : 1;
    b->task = task_open(&haul_fleet, (struct haul_task_name){HAUL_MAILBOX_FLEET, 0}, &topology,
                        contents_find(b->contents, &haul_fleet, hash), (size_t)64 << 20, &e);
    b->task->find_blob = contents_blob;
    b->task->find_arg = b->contents;
    for (uint32_t i = 0; i < b->task->channels; i++) b->task->outbox.channel[i].acked = UINT64_MAX;
    haul_ops_init(&b->ops, 1 << 20, (size_t)64 << 20);
    b->task->ops = &b->ops;
}

static void take(struct bench *b, const struct haul_buf *packed, struct haul_str key)
{
    const struct haul_message m = {.task = b->task->name,
                                   .offset = b->offset++,
                                   .append = {b->now_ms},
                                   .append_time = true,
                                   .key = key,
                                   .value = {(const char *)packed->p, packed->n}};
    task_offer(b->task, &m);
    while (task_run(b->task) == TASK_FULL) haul_ops_clear(&b->ops);
    haul_ops_clear(&b->ops);
}

/* Every vehicle once, at 10 m/s along its parallel; ns a record. */
static double round_of(struct bench *b, int64_t k)
{
    struct haul_buf packed;
    haul_buf_init(&packed, 512, 4096);
    int64_t ns = 0;
    b->now_ms += 5000;
    for (uint32_t v = 0; v < b->vehicles; v++) {
        char id[24];
        const size_t n = (size_t)snprintf(id, sizeof id, "v%06u", v);
        struct haul_record r;
        haul_record_init(&r, HAUL_KIND_VEHICLE_POSITION, (struct haul_str){id, n}, (struct haul_time){b->now_ms});
        r.positioned = true;
        r.lon_deg = 114 + (double)(v * 7919u % 40000) / 10000 + (double)k * 50 / 98000;
        r.lat_deg = 25 + (double)(v * 104729u % 40000) / 10000;
        haul_set_f(&r, HAUL_F_VP_SPEED, 36);
        haul_set_i(&r, HAUL_F_VP_STATUS, 1);
        haul_buf_clear(&packed);
        haul_record_pack(&r, &packed);
        const int64_t start = haul_cpu_ns();
        take(b, &packed, r.id);
        ns += haul_cpu_ns() - start;
    }
    haul_buf_free(&packed);
    return (double)ns / b->vehicles;
}

static int by_number(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median_of_rounds(struct bench *b, int64_t *k, int rounds)
{
    double *ns = calloc((size_t)rounds, sizeof *ns);
    for (int i = 0; i < rounds; i++) ns[i] = round_of(b, (*k)++);
    qsort(ns, (size_t)rounds, sizeof *ns, by_number);
    const double median = ns[rounds / 2];
    free(ns);
    return median;
}

/* How long the task stands for the control record, ms of wall time. */
static double swap(struct bench *b, const char *hash)
{
    struct haul_record r;
    struct haul_buf packed;
    haul_buf_init(&packed, 512, 4096);
    haul_record_init(&r, HAUL_KIND_OPTIONS, HAUL_STR("fences"), (struct haul_time){b->now_ms});
    haul_set_i(&r, HAUL_F_OPTIONS_VERSION, ++b->version);
    haul_set_s(&r, HAUL_F_OPTIONS_HASH, haul_str_of(hash));
    haul_set_s(&r, HAUL_F_OPTIONS_WHAT, HAUL_STR("fences"));
    haul_record_pack(&r, &packed);
    const struct haul_mono start = haul_mono_now();
    take(b, &packed, r.id);
    const double ms = (double)(haul_mono_now().ns - start.ns) / 1e6;
    haul_buf_free(&packed);
    return ms;
}

int main(int argc, char **argv)
{
    struct bench b = {.vehicles = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 20000, .now_ms = 1800000000000};
    const int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 20;
    char few[33], many[33], other[33];
    int64_t k = 0;
    open_task(&b);
    prepare(&b, 1000, 1, few);
    prepare(&b, 100000, 2, many);
    prepare(&b, 100000, 3, other);
    median_of_rounds(&b, &k, 3);
    printf("without fences   %6.0f ns a record\n", median_of_rounds(&b, &k, rounds));
    swap(&b, few);
    median_of_rounds(&b, &k, 2);
    printf("  1,000 fences   %6.0f ns a record\n", median_of_rounds(&b, &k, rounds));
    const double first_ms = swap(&b, many);
    median_of_rounds(&b, &k, 2);
    printf("100,000 fences   %6.0f ns a record\n", median_of_rounds(&b, &k, rounds));
    const double pause_ms = swap(&b, other);
    const double after = round_of(&b, k++);
    printf("a set of 100,000 comes into force: the task stands for %.3f ms (%.3f ms from 1,000); every vehicle's next "
           "step "
           "%.0f ns\n",
           pause_ms, first_ms, after);
    for (size_t i = 0; i < haul_fleet.counters_len; i++)
        if (strncmp(haul_fleet.counters[i].name, "fence", 5) == 0)
            printf("%s %llu\n", haul_fleet.counters[i].name, (unsigned long long)b.task->core->counter[i]);
    return 0;
}
