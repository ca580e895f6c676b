/* SPDX-License-Identifier: Apache-2.0
 * Control records: what a command appends to every partition of a mailbox, so that it takes effect at one step of each.
 */
#ifndef HAUL_COMMANDS_CONTROL_H
#define HAUL_COMMANDS_CONTROL_H

#include "haul/record.h"
#include "processors/commands/runtime.h"

/* Appends `r` to every partition of the processor's mailbox and waits until the log has them. */
enum haul_err control_append(const struct runtime *r, const struct haul_processor *p, const struct haul_record *record,
                             struct haul_error *e);

#endif
