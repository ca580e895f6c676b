/* SPDX-License-Identifier: Apache-2.0
 * A task restored from a checkpoint is the task that was: the same bytes of core and slots at the checkpoint's step,
 * and, after the log behind it was replayed muted, the same bytes, dump and timers as the one that never stopped.
 */
#include "processors/engine/checkpoint.h"

#include "haul/rng.h"
#include "processors/engine/contents.h"
#include "tests/sim/actors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MESSAGES 600
#define BLOCKS   4096

struct message {
    struct haul_buf value;
    int64_t append_ms;
};

struct block {
    uint64_t generation, index;
    uint8_t *p;
    size_t n;
};

static struct {
    struct haul_store store;
    struct block block[BLOCKS];
    size_t len;
} kept;

static struct block *block_of(uint64_t generation, uint64_t index)
{
    for (size_t i = 0; i < kept.len; i++)
        if (kept.block[i].generation == generation && kept.block[i].index == index) return &kept.block[i];
    return NULL;
}

static void apply(const struct haul_ops *ops)
{
    size_t at = 0;
    struct haul_op_view v;
    while (haul_ops_next(ops, &at, &v)) {
        struct block *b = block_of(v.x, v.y);
        if (v.op == HAUL_OP_BLOCK_DROP) {
            assert_non_null(b);
            free(b->p);
            *b = kept.block[--kept.len];
        } else if (v.op == HAUL_OP_BLOCK) {
            assert_null(b);
            assert_true(kept.len < BLOCKS);
            b = &kept.block[kept.len++];
            *b = (struct block){v.x, v.y, malloc(v.a.n), v.a.n};
            memcpy(b->p, v.a.p, v.a.n);
        }
    }
}

static enum haul_err load(struct haul_store *s, struct haul_task_name task, const struct haul_block_ref *refs, size_t n,
                          haul_block_place *place, haul_block_fn *fn, void *arg, struct haul_error *e)
{
    (void)s;
    (void)task;
    (void)place;
    for (size_t i = 0; i < n; i++) {
        const struct block *b = block_of(refs[i].generation, refs[i].index);
        if (b == NULL) return haul_fail(e, HAUL_E_CORRUPT, "block %u is missing", refs[i].index);
        const enum haul_err err = fn(arg, refs[i].index, b->p, b->n, e);
        if (err != HAUL_OK) return err;
    }
    return HAUL_OK;
}

static const struct haul_store_ops store_ops = {.name = "kept", .load = load};

static struct haul_task *fresh(struct haul_contents *c, const char *hash)
{
    struct haul_error e = {0};
    struct task_topology topology = {0};
    topology.partitions[HAUL_MAILBOX_TRAFFIC] = topology.partitions[HAUL_MAILBOX_NETWORK] =
        topology.partitions[HAUL_MAILBOX_DESK] = 1;
    struct haul_task *t = task_open(&sim_tally, (struct haul_task_name){HAUL_MAILBOX_TRAFFIC, 0}, &topology,
                                    contents_find(c, &sim_tally, hash), 4 << 20, &e);
    assert_non_null(t);
    for (uint32_t i = 0; i < t->channels; i++) t->outbox.channel[i].acked = UINT64_MAX;
    return t;
}

static void run(struct haul_task *t, const struct message *m, int64_t offset)
{
    const struct haul_message head = {
        .task = t->name,
        .offset = offset,
        .append = {m->append_ms},
        .append_time = true,
        .value = {(const char *)m->value.p, m->value.n},
    };
    task_offer(t, &head);
    enum task_stop stop;
    do {
        stop = task_run(t);
        if (t->ops != NULL) haul_ops_clear(t->ops);
    } while (stop == TASK_FULL);
    assert_int_equal(stop, TASK_IDLE);
}

static void make_log(struct message *log, struct haul_rng *r)
{
    int64_t now = 1800000000000;
    for (int i = 0; i < MESSAGES; i++) {
        char id[16];
        struct haul_record x;
        now += (int64_t)haul_rng_below(r, 700);
        const size_t n = (size_t)snprintf(id, sizeof id, "t%u", (unsigned)haul_rng_below(r, 300));
        haul_record_init(&x, HAUL_KIND_TEMPLATE_READING, (struct haul_str){id, n},
                         (struct haul_time){now - (int64_t)haul_rng_below(r, 900)});
        haul_set_f(&x, HAUL_F_TR_VALUE, (double)haul_rng_below(r, 100));
        haul_buf_init(&log[i].value, 128, 4096);
        haul_record_pack(&x, &log[i].value);
        log[i].append_ms = now;
    }
}

/* A checkpoint of `t`, over several commits, flipped. */
static void checkpoint(struct checkpoint *c, struct haul_task *t, struct haul_control *control, struct haul_rng *r)
{
    struct haul_ops ops;
    haul_ops_init(&ops, 4096, 64 << 20);
    checkpoint_begin(c, t, ++control->commit);
    do {
        checkpoint_write(c, &ops, (size_t)haul_rng_below(r, 200000), control->commit++);
        apply(&ops);
        haul_ops_clear(&ops);
    } while (!checkpoint_ready(c, control->commit, UINT64_MAX));
    checkpoint_flip(c, control, &ops);
    apply(&ops);
    checkpoint_flipped(c);
    haul_ops_free(&ops);
}

static void same_bytes(const struct haul_task *a, const struct haul_task *b)
{
    assert_int_equal(task_bytes(a), task_bytes(b));
    assert_memory_equal(a->core, b->core, sizeof *a->core);
}

static void same_dump(struct haul_task *a, struct haul_task *b)
{
    struct haul_buf x, y;
    haul_buf_init(&x, 65536, 64 << 20);
    haul_buf_init(&y, 65536, 64 << 20);
    task_dump(a, &x);
    task_dump(b, &y);
    assert_int_equal(x.n, y.n);
    assert_memory_equal(x.p, y.p, x.n);
    haul_buf_free(&x);
    haul_buf_free(&y);
}

static void restored_is_what_was(void **state)
{
    (void)state;
    static struct message log[MESSAGES];
    kept.store.ops = &store_ops;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct haul_rng r;
        struct haul_error e = {0};
        char hash[33];
        haul_rng_seed(&r, seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        make_log(log, &r);
        struct haul_contents *contents = haul_contents_open();
        assert_int_equal(
            haul_contents_add(contents, &sim_tally, HAUL_STR("engine: {lateness: 1s, entities_max: 250}\n"), hash, &e),
            HAUL_OK);
        struct haul_task *t = fresh(contents, hash);
        struct checkpoint c = {0};
        struct haul_control control = {0};
        struct haul_ops ops;
        haul_ops_init(&ops, 4096, 64 << 20);
        t->ops = &ops;
        int at = 0;
        for (int round = 0; round < 5; round++) {
            for (const int to = at + (int)haul_rng_below(&r, 90); at < to; at++) run(t, &log[at], at);
            checkpoint(&c, t, &control, &r);
            /* another process: empty task, loaded, is byte for byte the one that wrote it */
            struct haul_task *other = fresh(contents, hash);
            struct checkpoint loaded = {0};
            assert_int_equal(checkpoint_load(&loaded, other, &kept.store, &control, &e), HAUL_OK);
            same_bytes(t, other);
            same_dump(t, other);
            /* and stays so when both go on, the other muted */
            other->muted = true;
            other->target_step = UINT64_MAX;
            for (const int to = at + (int)haul_rng_below(&r, 30); at < to; at++)
                run(t, &log[at], at), run(other, &log[at], at);
            same_bytes(t, other);
            same_dump(t, other);
            checkpoint_close(&loaded);
            task_close(other);
        }
        checkpoint_close(&c);
        task_close(t);
        haul_ops_free(&ops);
        haul_contents_close(contents);
        for (size_t i = 0; i < kept.len; i++) free(kept.block[i].p);
        kept.len = 0;
        for (int i = 0; i < MESSAGES; i++) haul_buf_free(&log[i].value);
    }
}

static void spoiled_blocks_are_refused(void **state)
{
    (void)state;
    struct haul_rng r;
    struct haul_error e = {0};
    char hash[33];
    haul_rng_seed(&r, 99);
    static struct message log[MESSAGES];
    make_log(log, &r);
    struct haul_contents *contents = haul_contents_open();
    assert_int_equal(haul_contents_add(contents, &sim_tally, HAUL_STR("engine: {entities_max: 250}\n"), hash, &e),
                     HAUL_OK);
    struct haul_task *t = fresh(contents, hash);
    struct checkpoint c = {0};
    struct haul_control control = {0};
    for (int i = 0; i < 200; i++) run(t, &log[i], i);
    checkpoint(&c, t, &control, &r);
    size_t unharmed = 0; /* a bit of the compression may mean nothing: then what is loaded is what was */
    for (size_t i = 0; i < kept.len; i++) {
        struct checkpoint loaded = {0};
        struct haul_task *other = fresh(contents, hash);
        kept.block[i].p[kept.block[i].n / 2] ^= 1;
        const enum haul_err err = checkpoint_load(&loaded, other, &kept.store, &control, &e);
        if (err == HAUL_OK) {
            unharmed++;
            same_bytes(t, other);
            same_dump(t, other);
        } else {
            assert_int_equal(err, HAUL_E_CORRUPT);
        }
        kept.block[i].p[kept.block[i].n / 2] ^= 1;
        checkpoint_close(&loaded);
        task_close(other);
    }
    assert_true(kept.len > 20 && unharmed * 10 < kept.len);
    checkpoint_close(&c);
    task_close(t);
    haul_contents_close(contents);
    for (size_t i = 0; i < kept.len; i++) free(kept.block[i].p);
    kept.len = 0;
    for (int i = 0; i < MESSAGES; i++) haul_buf_free(&log[i].value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restored_is_what_was),
        cmocka_unit_test(spoiled_blocks_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
