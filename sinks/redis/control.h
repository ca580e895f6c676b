/* SPDX-License-Identifier: Apache-2.0
 * A task's control key: a hash with readable fields, in memory and in Redis.
 *
 *     owner                   nonce of the claim that owns the task, 32 hexadecimal digits
 *     commit                  counted up by each commit
 *     offset index step       position
 *     last_offset last_append_ms last_hash            identity of the last message that was read
 *     acked                   highest acknowledged sequence per channel, "12,0,7"
 *     checkpoint_generation checkpoint_blocks         the checkpoint that counts; its block 0 says where the others lie
 *     checkpoint_offset checkpoint_index checkpoint_step checkpoint_bytes checkpoint_hash
 *     checkpoint_writing checkpoint_writing_blocks    a checkpoint that does not count yet
 *     incarnation genesis_offset silent_until partitions answer_version options_version options_hash
 *     genesis_options format placed_from
 *     content_0_hash content_0_version …              what the task began with beside its options; the version in force
 *
 * The fields that change with every commit come first: in a small hash Redis finds a field by looking from the front.
 */
#ifndef HAUL_SINKS_REDIS_CONTROL_H
#define HAUL_SINKS_REDIS_CONTROL_H

#include "sinks/redis/resp.h"

#define NONCE_TEXT     33
#define CONTROL_FORMAT 2

/* Everything that the control key holds, but the owner. */
struct record {
    struct haul_control control;
};

/* Reads HGETALL's reply. *exists is false when it is empty. CORRUPT: a field is missing or cannot be read; the text
 * names it. VERSION: a newer format. */
enum haul_err record_read(const struct haul_redis_value *v, struct record *out, char owner[NONCE_TEXT], bool *exists,
                          struct haul_error *e);
/* Appends HSET with the fields in which `next` differs from `known` (known NULL: all), and the owner unless it is NULL.
 * `key` is the whole key. */
void record_write(struct haul_buf *out, struct haul_str key, const struct record *known, const struct record *next,
                  const char *owner);

#endif
