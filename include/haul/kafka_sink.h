/* SPDX-License-Identifier: Apache-2.0
 * Layer: sinks
 * The Kafka sink: a haul_sink over one idempotent librdkafka producer (acks of all replicas, order kept per partition).
 *
 * Every message that send took is answered by exactly one receipt; the receipts are in the order of the answers, which
 * per partition is the order of send. send answers AGAIN while as many messages as the option send_queue are sent and
 * their receipts not yet polled, so the ring of receipts never overflows. After an error that idempotence cannot mend
 * (librdkafka 2.0.2 raises a few that later versions do not) all that is outstanding is answered with FENCED or IO and
 * the producer is made again: what was sent may still reach the log once more, before or after what is sent then, and
 * the receivers drop it by its sequence.
 *
 * A topic of haul's own ("haul.alerts", with the instance before it or without) is named by the options and the
 * instance as the mailboxes are; any other name is used as it is. close gives up what is outstanding: flush first.
 */
#ifndef HAUL_KAFKA_SINK_H
#define HAUL_KAFKA_SINK_H

#include "haul/kafka.h"
#include "haul/sink.h"

/* `log` may be NULL; all strings are copied. Does not wait for the broker. */
enum haul_err haul_kafka_sink_open(const struct haul_kafka_options *o, const char *instance,
                                   const struct haul_kafka_log *log, struct haul_sink **out, struct haul_error *e);

struct haul_kafka_sink_stats {
    uint64_t sent, bytes, acknowledged, failed, reopened;
};
void haul_kafka_sink_stats(const struct haul_sink *s, struct haul_kafka_sink_stats *out);

#endif
