/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/topics.h"

static const struct haul_mailbox_row rows[HAUL_MAILBOX_MAX] = {
#define HAUL_MAILBOX(number, NAME, name, partitions, outside, key, sentence)                                           \
    [number] = {name, key, sentence, partitions, outside},
#include "haul/topics.def"
};

static const uint8_t flows[][2] = {
#define HAUL_FLOW(FROM, TO) {HAUL_MAILBOX_##FROM, HAUL_MAILBOX_##TO},
#include "haul/topics.def"
};

static const bool bridges[HAUL_MAILBOX_MAX] = {
#define HAUL_BRIDGE(NAME) [HAUL_MAILBOX_##NAME] = true,
#include "haul/topics.def"
};

const struct haul_mailbox_row *haul_mailbox_row(unsigned number)
{
    return number < HAUL_MAILBOX_MAX && rows[number].name != NULL ? &rows[number] : NULL;
}

enum haul_mailbox haul_mailbox_find(struct haul_str name)
{
    for (unsigned i = 1; i < HAUL_MAILBOX_MAX; i++)
        if (rows[i].name != NULL && haul_str_eq(haul_str_of(rows[i].name), name)) return (enum haul_mailbox)i;
    return HAUL_MAILBOX_NONE;
}

bool haul_mailbox_bridges(unsigned number)
{
    return number < HAUL_MAILBOX_MAX && bridges[number];
}

bool haul_mailbox_flows(unsigned from, unsigned to)
{
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++)
        if (flows[i][0] == from && flows[i][1] == to) return true;
    return false;
}
