/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints of a task: its map, block by block, spread over commits; only blocks that changed are written again.
 *
 *     idle ─ begin: dirty blocks are copied between two steps ─► writing ─ all blocks and the manifest are in commits
 * that applied, and everything emitted up to its step is acknowledged ─► flip: the commit that names it in the control
 * key ─► idle
 *
 * Block 0 is the manifest: for every block of the map the generation it was written under and its XXH3. The others are
 * zstd frames where that makes them shorter: most of a slot is often zero, and what is not sent need not be read when a
 * process comes back. A checkpoint
 * that is abandoned (fence, rewind) gives its blocks back to dirty.
 */
#ifndef HAUL_CHECKPOINT_H
#define HAUL_CHECKPOINT_H

#include "haul/store.h"
#include "processors/engine/task.h"

struct checkpoint_row {
    uint64_t generation, hash;
};

struct checkpoint {
    struct checkpoint_row *row; /* of the checkpoint that counts; row[i]: block i + 1 */
    uint32_t rows;
    uint64_t counted; /* its generation; 0: none */

    bool active, written;
    uint64_t generation, written_commit; /* written: its last block is in this commit */
    struct haul_position position;
    uint32_t answer_version;     /* of the steps behind it */
    struct checkpoint_row *next; /* as the new checkpoint has it */
    uint32_t next_rows;
    uint64_t bytes, manifest_hash;
    uint8_t *copy; /* the changed blocks, one behind the other */
    void *packer;  /* of the one that is being written */
    uint32_t *changed;
    uint32_t changed_len, changed_done;
    size_t copy_cap, changed_cap;
    uint64_t written_bytes; /* ever, for metrics */
};

void checkpoint_close(struct checkpoint *c);
/* Copies what changed. `generation` is unused so far in this task: the count of the next commit. */
void checkpoint_begin(struct checkpoint *c, struct haul_task *t, uint64_t generation);
void checkpoint_abandon(struct checkpoint *c, struct haul_task *t);
/* Appends blocks to a commit, at most `budget` bytes (at least one block), a packed one counted as a quarter of what it
 * was if it is less; the manifest comes last. `commit` is that commit's count. Returns what was spent. */
size_t checkpoint_write(struct checkpoint *c, struct haul_ops *ops, size_t budget, uint64_t commit);
/* True when the next commit may flip to it. */
bool checkpoint_ready(const struct checkpoint *c, uint64_t applied_commit, uint64_t acked_step);
/* Names it in the control of a commit and drops what it replaces. */
void checkpoint_flip(const struct checkpoint *c, struct haul_control *control, struct haul_ops *ops);
/* That commit applied. */
void checkpoint_flipped(struct checkpoint *c);
/* Drops the blocks of a checkpoint that never counted, left by a former owner. */
void checkpoint_drop_leftover(const struct haul_control *control, struct haul_ops *ops);

/* Loads the checkpoint that `control` names into an empty task and rebuilds it. */
enum haul_err checkpoint_load(struct checkpoint *c, struct haul_task *t, struct haul_store *s,
                              const struct haul_control *control, struct haul_error *e);

#endif
