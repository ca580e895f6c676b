/* SPDX-License-Identifier: Apache-2.0
 * The oracle: what a task must answer, written a second time from the design and not from the engine. It reads a
 * partition in order, once, in one thread, with nothing that can go wrong in between, and shares with the engine only
 * the processors' own functions, the record decoder (held against msgpack-c by its fuzzer) and base. No batches, no
 * checkpoints, no outbox, no slots: entities are a list in a hash map, the next timer is looked for.
 *
 * A mistake in what it shares (a processor's rule, the decoder, a hash, the text of a number) is in both, and no
 * comparison finds it. For one domain, the template, a second oracle shares nothing: tests/oracle/second, in Perl, from
 * the bytes in Kafka to the dump and to what is sent. It leaves to this one: the other domains and the desk, clocks and
 * silence of upstreams, bridges and redriven dead letters, positions that are moved from GCJ-02 and BD-09, a rebuild or
 * a reset. tests/integration/test_second_oracle holds haul and both oracles against each other.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include "haul/ops.h"
#include "haul/processor.h"
#include "haul/source.h"

struct oracle;

/* Options in force, by hash; `processor` is the processor's own struct. */
struct oracle_options {
    char hash[33];
    int64_t lateness_ms, view_interval_ms, future_max_ms, past_max_ms, clock_stall_ms;
    uint32_t entities_max;
    const void *processor;
    void *prepared; /* what the processor made from it, or NULL */
};

/* What surrounds the tasks. */
struct oracle_world {
    uint32_t partitions[HAUL_MAILBOX_MAX];
    const struct oracle_options *(*options)(void *arg, const struct haul_processor *p, struct haul_str hash);
    void (*write)(void *arg, const struct haul_op_view *v); /* what the view is told */
    void *arg;
};

/* Where a task begins: genesis, or a rebuild. */
struct oracle_start {
    const struct oracle_options *options;
    uint64_t incarnation;
    int64_t offset, silent_until;
};

/* A run of records between two tasks, with nothing kept but how many there were and a hash of them all, in order. */
struct oracle_chain {
    uint64_t incarnation, len, hash;
    uint64_t lost; /* of len: never seen, since Kafka lost them */
};

struct oracle *oracle_open(const struct haul_processor *p, unsigned partition, const struct oracle_world *w,
                           const struct oracle_start *start);
void oracle_close(struct oracle *o);
/* The next message of the partition; below the start it is passed over. */
void oracle_take(struct oracle *o, const struct haul_message *m);
/* The state in the form of `haul dump --state`. */
void oracle_dump(struct oracle *o, struct haul_buf *out);

/* What was sent to a partition of a mailbox (HAUL_MAILBOX_NONE: the dead letters), and taken from a task. */
struct oracle_chain oracle_sent(const struct oracle *o, unsigned mailbox, unsigned partition);
struct oracle_chain oracle_taken(const struct oracle *o, unsigned mailbox, unsigned partition);
/* A count of the dump by its name. */
uint64_t oracle_count(const struct oracle *o, const char *name);
/* A counter of the processor's own. */
uint64_t oracle_counter(const struct oracle *o, unsigned counter);

#endif
