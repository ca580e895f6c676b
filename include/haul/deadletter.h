/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * A record that cannot be used, as a message for the dead-letter topic: its own bytes as they came, its key, and why,
 * in the headers that Kafka Connect uses (org.apache.kafka.connect.runtime.errors.DeadLetterQueueReporter), so that the
 * tools for those read it. What can be mended is sent again with `haul produce`, what was refused for a cause that has
 * gone with `haul redrive`.
 *
 * Headers, all text: __connect.errors.topic, .partition, .offset, .stage, .exception.class.name (the reason's name) and
 * .exception.message (the sentence); haul.index (of the record in its message), haul.field, haul.append (the broker's
 * time, ms), haul.sender (of a message of haul's own), haul.attempt (how often it has been sent again).
 */
#ifndef HAUL_DEADLETTER_H
#define HAUL_DEADLETTER_H

#include "haul/record.h"
#include "haul/sink.h"
#include "haul/source.h"

#define HAUL_DEADLETTER_TOPIC   "haul.deadletters"
#define HAUL_DEADLETTER_HEADERS 11
#define HAUL_TOPIC_TEXT         250 /* Kafka allows 249 characters */

/* Where it was refused, in Kafka Connect's words. */
enum haul_stage {
    HAUL_STAGE_CONSUME, /* KAFKA_CONSUME: the message itself */
    HAUL_STAGE_DECODE,  /* VALUE_CONVERTER */
    HAUL_STAGE_GATE,    /* TRANSFORMATION */
    HAUL_STAGE_PROCESS, /* TASK_PUT */
};

struct haul_deadletter {
    const char *instance;               /* prefix of the topics, "" for none */
    const struct haul_message *message; /* that it came in */
    uint32_t index;                     /* of the record in the message */
    struct haul_str record;             /* its bytes: haul_record.raw, or the message's value when it has no frame */
    enum haul_stage stage;
    const struct haul_refusal *why;
};

/* What the outgoing message points to, beside the record and the key: the caller's until it is sent. */
struct haul_deadletter_scratch {
    struct haul_header headers[HAUL_DEADLETTER_HEADERS];
    char topic[HAUL_TOPIC_TEXT], from[HAUL_TOPIC_TEXT];
    char partition[8], offset[24], index[12], append[24], attempt[12], sender[HAUL_SENDER_TEXT];
};

/* Fills *out but for sender and cookie, which are the engine's. Points into s, d->message, d->record and d->why. */
void haul_deadletter_build(const struct haul_deadletter *d, struct haul_deadletter_scratch *s,
                           struct haul_outgoing *out);

#endif
