/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * What a commit writes, as a flat list of operations in one buffer: filled by the engine, read by a store. Keys are
 * without the store's prefix ("vehicle:A1"). Every operation is absolute: applying a list twice leaves what applying it
 * once leaves.
 *
 * Layout, in the machine's byte order (a list never leaves the process): u8 op, u8 zero, u16 key length, u32 a length,
 * u32 b length, u32 aux, u64 x, u64 y; key, a, b bytes; padded to 8.
 *
 * When the buffer's maximum is reached, the operation that did not fit is left out whole and buf.overflow stays set:
 * the engine bounds a commit, checks once, and never commits an overflown list.
 */
#ifndef HAUL_OPS_H
#define HAUL_OPS_H

#include "haul/buf.h"

enum haul_op {
    HAUL_OP_PUT,   /* key → document a (a whole JSON document; any type is overwritten) */
    HAUL_OP_ERASE, /* key is removed */
    HAUL_OP_ZADD,  /* sorted set key: member a gets score x (int64) */
    HAUL_OP_ZREM,  /* sorted set key: member a is removed */
    HAUL_OP_XADD,  /* stream key: entry with id x-y, one field named by b's text, value a; entries beyond `aux` trimmed
                      (0: none) */
    HAUL_OP_BLOCK, /* checkpoint block: generation x, index y, bytes a */
    HAUL_OP_BLOCK_DROP, /* the block of generation x, index y is not needed any more */
};

struct haul_op_view {
    enum haul_op op;
    uint32_t aux;
    struct haul_str key, a, b;
    uint64_t x, y;
};

/* One task's operations of one commit. */
struct haul_ops {
    struct haul_buf buf;
    uint32_t count, puts; /* operations in all; documents among them */
    size_t open;          /* where the PUT that is being written begins */
};

void haul_ops_init(struct haul_ops *o, size_t first, size_t max);
void haul_ops_free(struct haul_ops *o);
void haul_ops_clear(struct haul_ops *o);
void haul_ops_add(struct haul_ops *o, const struct haul_op_view *v);
/* A PUT whose document is written straight into the buffer: begin, write JSON into haul_ops_json, end. One at a time.
 */
struct haul_json;
void haul_ops_put_begin(struct haul_ops *o, struct haul_str noun, struct haul_str id, struct haul_json *j);
void haul_ops_put_end(struct haul_ops *o);
/* Iterates: *at starts at 0; false at the end. The views point into the buffer. */
bool haul_ops_next(const struct haul_ops *o, size_t *at, struct haul_op_view *out);

#endif
