/* SPDX-License-Identifier: Apache-2.0
 * What it costs to bring a stopped haul's fleet back: each task's checkpoint is read from Redis and made ready, by one
 * thread, as a claim does it. CPU time a key, and of what it is made. bench_restore SOCKET [INSTANCE]
 */
#include "haul/processors.h"
#include "haul/redis_store.h"
#include "haul/time.h"
#include "processors/engine/checkpoint.h"
#include "processors/engine/contents.h"

#include <stdio.h>
#include <stdlib.h>

struct sums {
    int64_t read_ns, made_ns, wall_ns;
    uint64_t keys, bytes;
};

static enum haul_err restore(const struct task_options *options, struct haul_store *store, uint16_t partition,
                             struct sums *s, struct haul_error *e)
{
    const struct haul_task_name name = {HAUL_MAILBOX_FLEET, partition};
    struct task_topology topology = {0};
    struct haul_control control;
    bool exists;
    enum haul_err err = store->ops->peek(store, name, &control, &exists, e);
    if (err != HAUL_OK || !exists || control.checkpoint_generation == 0) return err;
    for (unsigned i = 0; i < HAUL_MAILBOX_MAX; i++) topology.partitions[i] = 1;
    topology.partitions[HAUL_MAILBOX_FLEET] = control.partitions;
    const int64_t wall = haul_mono_now().ns, begun = haul_cpu_ns();
    struct checkpoint checkpoint = {0};
    struct haul_task *t = task_open(&haul_fleet, name, &topology, options, 1 << 20, e);
    if (t == NULL) return HAUL_E_LIMIT;
    err = checkpoint_load(&checkpoint, t, store, &control, e);
    const int64_t loaded = haul_cpu_ns();
    s->wall_ns += haul_mono_now().ns - wall;
    if (err == HAUL_OK) err = task_rebuild(t, e); /* once more: its share */
    const int64_t again = haul_cpu_ns() - loaded;
    s->made_ns += again;
    s->read_ns += loaded - begun - again;
    s->keys += t->slots.used;
    s->bytes += control.checkpoint_bytes;
    checkpoint_close(&checkpoint);
    task_close(t);
    return err;
}

int main(int argc, char **argv)
{
    struct haul_redis_options redis = {.timeout = 10000, .connect_timeout = 1000};
    struct sums s = {0};
    struct haul_store *store = NULL;
    struct haul_error e = {0};
    char hash[33];
    if (argc < 2) {
        fprintf(stderr, "usage: bench_restore SOCKET [INSTANCE]\n");
        return 64;
    }
    snprintf(redis.socket, sizeof redis.socket, "%s", argv[1]);
    struct haul_contents *contents = haul_contents_open();
    enum haul_err err = haul_contents_add(contents, &haul_fleet, HAUL_STR("engine: {}\nfleet: {}\n"), hash, &e);
    if (err == HAUL_OK) haul_contents_begin_with(contents, &haul_fleet, hash);
    if (err == HAUL_OK) err = haul_redis_store_open(&redis, argc > 2 ? argv[2] : "", &store, &e);
    for (uint16_t i = 0; i < HAUL_PARTITIONS_MAX && err == HAUL_OK; i++)
        err = restore(contents_first(contents, &haul_fleet), store, i, &s, &e);
    if (store != NULL) store->ops->close(store);
    haul_contents_close(contents);
    if (err != HAUL_OK || s.keys == 0) {
        fprintf(stderr, "bench_restore: %s\n", err != HAUL_OK ? e.text : "no task has a checkpoint");
        return 1;
    }
    printf(
        "restore by one thread: %llu keys, %llu B each; CPU %.2f us a key: read %.2f, made ready %.2f; a million keys "
        "%.2f s, %.2f s by the clock\n",
        (unsigned long long)s.keys, (unsigned long long)(s.bytes / s.keys),
        (double)(s.read_ns + s.made_ns) / 1e3 / (double)s.keys, (double)s.read_ns / 1e3 / (double)s.keys,
        (double)s.made_ns / 1e3 / (double)s.keys, (double)(s.read_ns + s.made_ns) / 1e3 / (double)s.keys,
        (double)s.wall_ns / 1e3 / (double)s.keys);
    return 0;
}
