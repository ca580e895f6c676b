/* SPDX-License-Identifier: Apache-2.0
 * What a task sends: a bounded ring of records with their channel and sequence.
 *
 * A channel is one partition that the task may send to. Sequences count from 1 without holes, per channel. A record is
 * pending until the step that emitted it is committed, then sendable, then in flight, then acknowledged; it leaves the
 * ring when everything before it has left. Acknowledged is a prefix of a channel: after one failure all that was in
 * flight on the channel is waited for, then sent again from the first that is not acknowledged, later ones too.
 */
#ifndef HAUL_OUTBOX_H
#define HAUL_OUTBOX_H

#include "haul/sink.h"

#define OUTBOX_FLIGHTS 16 /* messages in flight per channel */

struct outbox_channel {
    uint16_t mailbox, partition;
    bool letters;                   /* the dead-letter topic */
    uint64_t acked, sent;           /* highest sequence acknowledged; highest handed to the sink */
    uint16_t flights, flight_first; /* ring of what is in flight */
    uint64_t flight_last[OUTBOX_FLIGHTS];
    bool flight_done[OUTBOX_FLIGHTS];
    bool broken; /* a flight failed: wait for the rest, then go back to acked */
    uint16_t epoch;
};

struct outbox_entry; /* in the ring */

struct outbox {
    uint8_t *ring;
    size_t cap, head, tail, used; /* bytes */
    size_t end;                   /* while the head has turned to the beginning: where the entries before it end */
    size_t given;                 /* behind the tail, the pages up to here have been given back */
    bool turned;
    uint32_t entries;
    uint64_t committed_step;
    struct outbox_channel *channel;
    uint32_t channels;
    struct haul_buf message; /* one message being put together */
};

void outbox_open(struct outbox *o, size_t cap, uint32_t channels);
void outbox_close(struct outbox *o);
/* Room for one more record of n bytes with its key? */
bool outbox_room(const struct outbox *o, size_t key, size_t n);
/* Appends; asserts that there is room. `letter`: encoded headers go with it as bytes in `headers`. A record with an
 * attempt goes in a message of its own, which says it: it may be no record at all. */
void outbox_put(struct outbox *o, uint32_t channel, uint64_t sequence, uint64_t step, struct haul_str key,
                struct haul_str record, struct haul_str headers, uint32_t attempt);
/* Hands committed records to the sink, packed; false when the sink has no room now. */
bool outbox_send(struct outbox *o, struct haul_sink *sink, struct haul_task_name from, uint64_t incarnation,
                 uint32_t task_cookie, struct haul_error *e);
/* A receipt came; true when acknowledgements advanced. */
bool outbox_receipt(struct outbox *o, uint64_t cookie, bool ok);
bool outbox_idle(const struct outbox *o); /* nothing pending, nothing in flight */
/* Highest step such that everything emitted up to it is acknowledged. */
uint64_t outbox_acked_step(const struct outbox *o);

/* Cookie of a receipt: which task, channel, epoch and flight. */
#define OUTBOX_COOKIE(task, channel, epoch, flight)                                                                    \
    (((uint64_t)(task) << 40) | ((uint64_t)(channel) << 24) | ((uint64_t)((epoch)&0xffffu) << 8) | (flight))

#endif
