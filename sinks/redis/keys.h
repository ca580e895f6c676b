/* SPDX-License-Identifier: Apache-2.0
 * Names of keys, from the table keys.def.
 */
#ifndef HAUL_SINKS_REDIS_KEYS_H
#define HAUL_SINKS_REDIS_KEYS_H

#include "haul/redis_store.h"

/* The index-th key of a set or stream that the task owns and whose name is known beforehand: its type as TYPE says it
 * ("stream", "zset"), or NULL when there is none. *out is made and is the caller's: the whole key, or without a prefix
 * when instance is NULL. */
const char *keys_typed(struct haul_task_name task, size_t index, const char *instance, struct haul_buf *out);
/* What a task's checkpoint keys begin with, the last colon included. */
void keys_block_prefix(struct haul_buf *out, const char *instance, struct haul_task_name task);

#endif
