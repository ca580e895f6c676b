/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 * The mailboxes by number and by name. See topics.def.
 */
#ifndef HAUL_TOPICS_H
#define HAUL_TOPICS_H

#include "haul/buf.h"

enum haul_mailbox {
    HAUL_MAILBOX_NONE = 0,
#define HAUL_MAILBOX(number, NAME, name, partitions, outside, key, sentence) HAUL_MAILBOX_##NAME = number,
#include "haul/topics.def"
};

#define HAUL_MAILBOX_MAX    32 /* numbers stay below this */
#define HAUL_PARTITIONS_MAX 256

struct haul_mailbox_row {
    const char *name, *key, *sentence;
    uint32_t partitions;
    bool outside;
};

/* The row of a number in 1..HAUL_MAILBOX_MAX-1, or NULL when the number is not used. */
const struct haul_mailbox_row *haul_mailbox_row(unsigned number);
/* HAUL_MAILBOX_NONE when the name is not known. */
enum haul_mailbox haul_mailbox_find(struct haul_str name);
/* True for a bridge. */
bool haul_mailbox_bridges(unsigned number);
/* True when what comes from there is as from outside: from a bridge, or from no mailbox at all. */
static inline bool haul_mailbox_foreign(unsigned from)
{
    return from == HAUL_MAILBOX_NONE || haul_mailbox_bridges(from);
}
/* True when FROM's tasks send clocked records to TO. */
bool haul_mailbox_flows(unsigned from, unsigned to);

#endif
