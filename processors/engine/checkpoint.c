/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/engine/checkpoint.h"

#include "haul/hash.h"
#include "haul/mutation.h"

#include <stdlib.h>
#include <zstd.h>

#define MANIFEST_MAGIC 0x324d4c5541480a01u
#define MANIFEST_PLAIN 0x314d4c5541480a01u /* of before blocks were packed; read alike */
#define PACK_LEVEL     1
#define PACK_WORTH     4 /* packing counts against the rate as writing a quarter of the block would */
#define ROWS_MAX       (1u << 20)

struct manifest_head {
    uint64_t magic, bytes;
    struct haul_position position;
    uint32_t rows, pad;
};

static void *grown(void *p, size_t n)
{
    void *q = realloc(p, n == 0 ? 1 : n);
    assert(q != NULL);
    return q;
}

static void drop_packer(struct checkpoint *c)
{
    ZSTD_freeCCtx(c->packer);
    c->packer = NULL;
}

void checkpoint_close(struct checkpoint *c)
{
    drop_packer(c);
    free(c->row);
    free(c->next);
    free(c->copy);
    free(c->changed);
    *c = (struct checkpoint){0};
}

static size_t block_bytes(uint64_t total, uint32_t i)
{
    const uint64_t from = (uint64_t)i * TASK_BLOCK;
    return total - from < TASK_BLOCK ? (size_t)(total - from) : TASK_BLOCK;
}

void checkpoint_begin(struct checkpoint *c, struct haul_task *t, uint64_t generation)
{
    assert(!c->active && generation > c->counted);
    c->bytes = task_bytes(t);
    c->next_rows = (uint32_t)((c->bytes + TASK_BLOCK - 1) / TASK_BLOCK);
    assert(c->next_rows <= ROWS_MAX);
    c->next = grown(c->next, c->next_rows * sizeof *c->next);
    c->changed = grown(c->changed, c->next_rows * sizeof *c->changed);
    c->changed_len = c->changed_done = 0;
    for (uint32_t i = 0; i < c->next_rows; i++) {
        /* the last block of the checkpoint before may have been shorter: then it is dirty, since the slots behind are
         * new */
        if (i < c->rows && !t->dirty[i]) {
            c->next[i] = c->row[i];
            continue;
        }
        c->changed[c->changed_len++] = i;
    }
    if ((size_t)c->changed_len * TASK_BLOCK > c->copy_cap) {
        c->copy_cap = (size_t)c->changed_len * TASK_BLOCK;
        c->copy = grown(c->copy, c->copy_cap);
    }
    for (uint32_t k = 0; k < c->changed_len; k++) {
        const uint32_t i = c->changed[k];
        uint8_t *to = c->copy + (size_t)k * TASK_BLOCK;
        const size_t n = block_bytes(c->bytes, i);
        memcpy(to, t->map + (size_t)i * TASK_BLOCK, n);
        c->next[i] = (struct checkpoint_row){generation, haul_xxh3(to, n)};
        t->dirty[i] = 0;
    }
    c->generation = generation;
    c->position = t->core->position;
    c->answer_version = t->core->answer_version;
    c->active = true;
    c->written = false;
}

void checkpoint_abandon(struct checkpoint *c, struct haul_task *t)
{
    for (uint32_t k = 0; c->active && k < c->changed_len && !HAUL_MUTANT(DIRTY_BLOCK_MISSED); k++)
        t->dirty[c->changed[k]] = 1;
    c->active = c->written = false;
    drop_packer(c);
}

static void write_manifest(struct checkpoint *c, struct haul_ops *ops)
{
    struct haul_buf b;
    const size_t rows = c->next_rows * sizeof *c->next;
    haul_buf_init(&b, sizeof(struct manifest_head) + rows, sizeof(struct manifest_head) + rows);
    const struct manifest_head head = {MANIFEST_MAGIC, c->bytes, c->position, c->next_rows, 0};
    haul_buf_put(&b, &head, sizeof head);
    haul_buf_put(&b, c->next, rows);
    c->manifest_hash = haul_xxh3(b.p, b.n);
    haul_ops_add(
        ops, &(struct haul_op_view){.op = HAUL_OP_BLOCK, .x = c->generation, .y = 0, .a = {(const char *)b.p, b.n}});
    c->written_bytes += b.n;
    haul_buf_free(&b);
}

/* The block as it is, or its frame at `room` when that is shorter. */
static struct haul_str pack(struct checkpoint *c, const uint8_t *block, size_t n, uint8_t room[TASK_BLOCK])
{
    if (c->packer == NULL) c->packer = ZSTD_createCCtx();
    const size_t packed = c->packer == NULL ? n : ZSTD_compressCCtx(c->packer, room, n, block, n, PACK_LEVEL);
    if (ZSTD_isError(packed) || packed >= n) return (struct haul_str){(const char *)block, n};
    return (struct haul_str){(const char *)room, packed};
}

size_t checkpoint_write(struct checkpoint *c, struct haul_ops *ops, size_t budget, uint64_t commit)
{
    uint8_t room[TASK_BLOCK];
    size_t spent = 0;
    if (!c->active || c->written) return 0;
    for (; c->changed_done < c->changed_len && (spent == 0 || spent < budget); c->changed_done++) {
        const uint32_t i = c->changed[c->changed_done];
        const size_t n = block_bytes(c->bytes, i);
        const struct haul_str a = pack(c, c->copy + (size_t)c->changed_done * TASK_BLOCK, n, room);
        haul_ops_add(ops, &(struct haul_op_view){.op = HAUL_OP_BLOCK, .x = c->generation, .y = i + 1, .a = a});
        spent += a.n < n / PACK_WORTH ? n / PACK_WORTH : a.n;
        c->written_bytes += a.n;
    }
    if (c->changed_done < c->changed_len) return spent;
    write_manifest(c, ops);
    drop_packer(c);
    c->written = true;
    c->written_commit = commit;
    return spent;
}

bool checkpoint_ready(const struct checkpoint *c, uint64_t applied_commit, uint64_t acked_step)
{
    return c->active && c->written && applied_commit >= c->written_commit &&
           (acked_step >= c->position.step || HAUL_MUTANT(CHECKPOINT_BEFORE_ACKNOWLEDGED));
}

static void drop(struct haul_ops *ops, uint64_t generation, uint64_t index)
{
    haul_ops_add(ops, &(struct haul_op_view){.op = HAUL_OP_BLOCK_DROP, .x = generation, .y = index});
}

void checkpoint_flip(const struct checkpoint *c, struct haul_control *control, struct haul_ops *ops)
{
    assert(c->active && c->written);
    control->checkpoint_generation = c->generation;
    control->checkpoint = c->position;
    control->answer_version = c->answer_version;
    control->checkpoint_blocks = c->next_rows;
    control->checkpoint_bytes = c->bytes;
    control->checkpoint_hash = c->manifest_hash;
    control->checkpoint_writing = 0;
    control->checkpoint_writing_blocks = 0;
    if (c->counted == 0) return;
    drop(ops, c->counted, 0);
    for (uint32_t i = 0; i < c->rows; i++)
        if (i >= c->next_rows || c->next[i].generation != c->row[i].generation) drop(ops, c->row[i].generation, i + 1);
}

void checkpoint_flipped(struct checkpoint *c)
{
    assert(c->active && c->written);
    struct checkpoint_row *old = c->row;
    c->row = c->next;
    c->rows = c->next_rows;
    c->next = old;
    c->counted = c->generation;
    c->active = c->written = false;
}

void checkpoint_drop_leftover(const struct haul_control *control, struct haul_ops *ops)
{
    if (control->checkpoint_writing == 0 || control->checkpoint_writing == control->checkpoint_generation) return;
    for (uint32_t i = 0; i <= control->checkpoint_writing_blocks; i++) drop(ops, control->checkpoint_writing, i);
}

/* ---- loading ---- */
struct loading {
    struct checkpoint *c;
    struct haul_task *t;
    struct haul_buf manifest;
    uint32_t done;
    ZSTD_DCtx *unpacker;
    uint8_t packed[TASK_BLOCK];
};

static uint8_t *place_manifest(void *arg, uint32_t index, size_t n)
{
    struct loading *l = arg;
    (void)index;
    return haul_buf_reserve(&l->manifest, n);
}

static enum haul_err take_manifest(void *arg, uint32_t index, const uint8_t *bytes, size_t n, struct haul_error *e)
{
    struct loading *l = arg;
    (void)index;
    (void)e;
    if (bytes == l->manifest.p)
        l->manifest.n = n;
    else
        haul_buf_put(&l->manifest, bytes, n);
    return HAUL_OK;
}

static enum haul_err read_manifest(struct loading *l, const struct haul_control *control, struct haul_error *e)
{
    struct manifest_head head;
    const struct haul_buf *b = &l->manifest;
    if (b->n < sizeof head || haul_xxh3(b->p, b->n) != control->checkpoint_hash)
        return haul_fail(e, HAUL_E_CORRUPT, "manifest of checkpoint %llu does not match its hash",
                         (unsigned long long)control->checkpoint_generation);
    memcpy(&head, b->p, sizeof head);
    if ((head.magic != MANIFEST_MAGIC && head.magic != MANIFEST_PLAIN) || head.rows > ROWS_MAX ||
        b->n != sizeof head + head.rows * sizeof(struct checkpoint_row) ||
        head.rows != (head.bytes + TASK_BLOCK - 1) / TASK_BLOCK)
        return haul_fail(e, HAUL_E_VERSION, "manifest of checkpoint %llu is of another layout",
                         (unsigned long long)control->checkpoint_generation);
    if (!task_reserve(l->t, head.bytes))
        return haul_fail(e, HAUL_E_LIMIT, "no address space for a checkpoint of %llu bytes",
                         (unsigned long long)head.bytes);
    struct checkpoint *c = l->c;
    c->bytes = head.bytes;
    c->rows = head.rows;
    c->row = grown(c->row, head.rows * sizeof *c->row);
    memcpy(c->row, b->p + sizeof head, head.rows * sizeof *c->row);
    c->counted = control->checkpoint_generation;
    return HAUL_OK;
}

static uint8_t *block_at(const struct loading *l, uint32_t i)
{
    return l->t->map + (size_t)i * TASK_BLOCK;
}

static uint8_t *place_block(void *arg, uint32_t index, size_t n)
{
    struct loading *l = arg;
    const uint32_t i = index - 1;
    if (i != l->done || i >= l->c->rows) return NULL;
    const size_t whole = block_bytes(l->c->bytes, i);
    return n == whole ? block_at(l, i) : n < whole ? l->packed : NULL;
}

/* Brings what came into its place; false when it does not give the whole block. */
static bool unpack(struct loading *l, uint32_t i, const uint8_t *bytes, size_t n)
{
    const size_t whole = block_bytes(l->c->bytes, i);
    uint8_t *to = block_at(l, i);
    if (n == whole && bytes != to) memcpy(to, bytes, n);
    if (n >= whole) return n == whole;
    if (l->unpacker == NULL) l->unpacker = ZSTD_createDCtx();
    return l->unpacker != NULL && ZSTD_decompressDCtx(l->unpacker, to, whole, bytes, n) == whole;
}

static enum haul_err take_block(void *arg, uint32_t index, const uint8_t *bytes, size_t n, struct haul_error *e)
{
    struct loading *l = arg;
    const uint32_t i = index - 1;
    if (i != l->done || i >= l->c->rows || !unpack(l, i, bytes, n) ||
        haul_xxh3(block_at(l, i), block_bytes(l->c->bytes, i)) != l->c->row[i].hash)
        return haul_fail(e, HAUL_E_CORRUPT, "block %u of checkpoint %llu does not match its hash", index,
                         (unsigned long long)l->c->counted);
    l->done++;
    return HAUL_OK;
}

enum haul_err checkpoint_load(struct checkpoint *c, struct haul_task *t, struct haul_store *s,
                              const struct haul_control *control, struct haul_error *e)
{
    struct loading l;
    memset(&l, 0, offsetof(struct loading, packed));
    l.c = c, l.t = t;
    haul_buf_init(&l.manifest, 4096, sizeof(struct manifest_head) + ROWS_MAX * sizeof(struct checkpoint_row));
    const struct haul_block_ref first = {control->checkpoint_generation, 0};
    enum haul_err err = s->ops->load(s, t->name, &first, 1, place_manifest, take_manifest, &l, e);
    if (err == HAUL_OK) err = read_manifest(&l, control, e);
    haul_buf_free(&l.manifest);
    if (err != HAUL_OK) return err;
    struct haul_block_ref *refs = grown(NULL, c->rows * sizeof *refs);
    for (uint32_t i = 0; i < c->rows; i++) refs[i] = (struct haul_block_ref){c->row[i].generation, i + 1};
    err = s->ops->load(s, t->name, refs, c->rows, place_block, take_block, &l, e);
    free(refs);
    ZSTD_freeDCtx(l.unpacker);
    if (err == HAUL_OK && l.done != c->rows)
        err = haul_fail(e, HAUL_E_CORRUPT, "%u of %u blocks came", l.done, c->rows);
    if (err != HAUL_OK) return err;
    memset(t->dirty, 0, t->dirty_len);
    return task_rebuild(t, e);
}
