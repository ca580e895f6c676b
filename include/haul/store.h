/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * The store decides what is true: who owns a task, how far it has come, what the view shows. One connection a worker;
 * every call on that worker's thread.
 *
 * Contract. A commit of several tasks is one transaction: for each task either all of its operations and its control
 * take effect, or none. A store that cannot tell whether a commit was applied finds out by reading before it answers;
 * it never guesses and never sends again without asking. A task whose control key is not ours any more is FENCED: it is
 * left out and the others are sent again.
 */
#ifndef HAUL_STORE_H
#define HAUL_STORE_H

#include "haul/err.h"
#include "haul/ops.h"
#include "haul/time.h"

/* A task: one processor on one partition of its mailbox. */
struct haul_task_name {
    uint16_t mailbox; /* number in topics.def */
    uint16_t partition;
};

/* Where a task stands in its log. The next thing to do: fire the timers that are due, then record `index` of message
 * `offset`. */
struct haul_position {
    int64_t offset;
    uint32_t index;
    uint64_t step; /* steps taken, counted for ever */
};

#define HAUL_STORE_CONTENTS 2
#define HAUL_CHANNELS_MAX   320 /* partitions that one task may send to, its forwards and dead letters included */

/* What a task's control key holds. `commit` is counted up by one with every commit: what the outcome of a commit is
 * read from. */
struct haul_control {
    uint64_t commit;
    uint64_t incarnation; /* from 1 */
    struct haul_position position;
    /* the last message that was read (index 0 of position: the one before): its identity */
    int64_t last_offset; /* -1: none yet */
    int64_t last_append_ms;
    uint64_t last_hash; /* XXH3-64 of its value */
    /* the newest checkpoint that counts; generation 0: none, start from genesis */
    uint64_t checkpoint_generation;
    struct haul_position checkpoint;
    uint32_t checkpoint_blocks;
    uint64_t checkpoint_bytes, checkpoint_hash;
    /* a checkpoint whose blocks are being written and do not count yet; 0: none */
    uint64_t checkpoint_writing;
    uint32_t checkpoint_writing_blocks;
    /* highest acknowledged sequence per channel, in the task's order of channels */
    uint32_t acked_len;
    uint64_t acked[HAUL_CHANNELS_MAX];
    /* genesis, written by the first claim ever */
    int64_t genesis_offset;
    int64_t silent_until;    /* rebuild: records below this offset emit nothing; -1: none */
    uint32_t partitions;     /* of the mailbox, pinned; 0: they are being added, and this task is not whole yet */
    int64_t placed_from;     /* records of haul's own below it were placed by fewer partitions; 0: none were */
    uint32_t answer_version; /* of the steps behind the checkpoint (or genesis): what a new owner must give */
    uint32_t options_version;
    char options_hash[33];    /* in force at the position */
    char genesis_options[33]; /* in force where the log was first read */
    /* other content, in the processor's order: what it began with (genesis), and the version in force */
    char content_hash[HAUL_STORE_CONTENTS][33];
    uint32_t content_version[HAUL_STORE_CONTENTS];
};

enum haul_outcome {
    HAUL_OUTCOME_NONE,
    HAUL_OUTCOME_APPLIED, /* it is in */
    HAUL_OUTCOME_FENCED,  /* another owner: stop this task; nothing was written behind the other's claim */
    HAUL_OUTCOME_REWOUND, /* the store has lost its tail: `found` is what it holds; claim and restore again */
    HAUL_OUTCOME_WIPED,   /* the control key is gone */
};

/* One task's part in a commit. `control.commit` is the new count; the store fills outcome and, when REWOUND, found. */
struct haul_commit {
    struct haul_task_name task;
    struct haul_control control;
    const struct haul_ops *ops;
    bool together; /* with the others that say so: FENCED unless all of them can be applied, in one transaction */
    enum haul_outcome outcome;
    struct haul_control found;
};

/* A block of a checkpoint: one that did not change keeps the generation it was written under. Generations are taken
 * from the commit count, so that no two checkpoints of a task share one. */
struct haul_block_ref {
    uint64_t generation;
    uint32_t index;
};

struct haul_store;
/* Where a block of n bytes is to be written; NULL: it should not have this length. */
typedef uint8_t *haul_block_place(void *arg, uint32_t index, size_t n);
/* Receives blocks in the order in which they were asked for; `bytes` is what the other has said, or the store's own. */
typedef enum haul_err haul_block_fn(void *arg, uint32_t index, const uint8_t *bytes, size_t n, struct haul_error *e);

struct haul_store_ops {
    const char *name;
    /* Takes the task: after it only this connection can commit it. If the control key does not exist it is created from
     * *genesis and *fresh is set; without a genesis nothing is written then: NOT_FOUND. *out is what the key holds now.
     * Blocks up to the store's timeout. UNAVAILABLE, TIMEOUT: try again later. CONFLICT: a precondition fails (eviction
     * policy, a key of a wrong type): says which. Claiming a task again that this connection holds is allowed and
     * renews its nonce. */
    enum haul_err (*claim)(struct haul_store *s, struct haul_task_name task, const struct haul_control *genesis,
                           struct haul_control *out, bool *fresh, struct haul_error *e);
    /* True in *exists when the control key is there, without claiming. */
    enum haul_err (*peek)(struct haul_store *s, struct haul_task_name task, struct haul_control *out, bool *exists,
                          struct haul_error *e);
    /* Reads these blocks, in the order given. CORRUPT when one is missing. Blocks up to the store's timeout. */
    enum haul_err (*load)(struct haul_store *s, struct haul_task_name task, const struct haul_block_ref *refs, size_t n,
                          haul_block_place *place, haul_block_fn *fn, void *arg, struct haul_error *e);
    /* Starts the commit of n tasks in one transaction. One in flight. parts and their ops stay the caller's, untouched,
     * until poll has answered. Never fails: what goes wrong is found by poll. */
    void (*commit)(struct haul_store *s, struct haul_commit *parts, size_t n);
    /* Drives the commit in flight. OK: every part has its outcome. AGAIN: not yet. UNAVAILABLE: the store does not
     * answer or refuses for now (OOM, LOADING, READONLY, MISCONF, BUSY, NOREPLICAS); *e says why; the commit stays in
     * flight and is tried again by later polls with back-off. Waits at most timeout_ms for something to happen. */
    enum haul_err (*poll)(struct haul_store *s, int timeout_ms, struct haul_error *e);
    /* Stops watching a task that this worker gives up. */
    void (*release)(struct haul_store *s, struct haul_task_name task);
    /* File descriptor to wait on, or -1. */
    int (*fd)(const struct haul_store *s);
    void (*close)(struct haul_store *s);
};

/* A store begins with this; implementations embed it first. */
struct haul_store {
    const struct haul_store_ops *ops;
};

#endif
