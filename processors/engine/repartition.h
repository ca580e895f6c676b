/* SPDX-License-Identifier: Apache-2.0
 * Partitions are added to a mailbox: keys move to where their hash leads now, and their state goes with them. What is
 * done to tasks in memory; processors/commands/repartition.c brings it into the store, in one transaction.
 */
#ifndef HAUL_REPARTITION_H
#define HAUL_REPARTITION_H

#include "processors/engine/checkpoint.h"

/* Puts the values of channels, one a partition that a task sends to, where they belong under the new counts; what is
 * new is 0. `values` has room for HAUL_CHANNELS_MAX. Returns their number. */
uint32_t repartition_channels(const struct haul_processor *p, const struct task_topology *was,
                              const struct task_topology *is, uint64_t *values);

/* The core of a task that stood under the old counts. */
void repartition_core(struct haul_task *t, const struct task_topology *was);

/* The core of a task that is new: it begins at an offset, empty, with what is in force at `like`. */
void repartition_begin(struct haul_task *t, const struct haul_task *like, int64_t offset);

/* Moves every entity of tasks[0..was) to the task that its id leads to among tasks[0..is). CONFLICT: an entity was not
 * where its id leads, so the processor places by something else and its state cannot be parted. LIMIT: no memory. On an
 * error the tasks are of no use any more. */
enum haul_err repartition_move(struct haul_task **tasks, uint32_t was, uint32_t is, uint64_t *moved,
                               struct haul_error *e);

#endif
