/* SPDX-License-Identifier: Apache-2.0
 * For commands that change a task which nobody may run meanwhile.
 */
#ifndef HAUL_ALONE_H
#define HAUL_ALONE_H

#include "haul/kafka_admin.h"
#include "processors/commands/runtime.h"

/* Reads -c FILE and --processor NAME, which must be there and one. -1: go on; else the exit status. */
int command_one_processor(int argc, char **argv, const char *usage, const char **config, const char **processor);

/* OK once the group has given the partition (-1: any) of the mailbox to nobody. A static member that was stopped has it
 * until its session times out: so long this waits, and says so on stderr. CONFLICT: an owner runs. */
enum haul_err command_alone(const char *command, const struct runtime *r, struct haul_kafka_admin *admin,
                            unsigned mailbox, int32_t partition, struct haul_error *e);

#endif
