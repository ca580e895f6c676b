/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * The Kafka source: a haul_source over one librdkafka consumer, and the options of the section "kafka".
 *
 * Group and assignment. The group is "<instance>haul", its protocol the eager one (librdkafka 2.0.2 can hang and lose
 * an assignment with the cooperative one); with a group_instance_id membership is static, so that a restart within the
 * session timeout moves no partition. Nothing is fetched of a partition before start names its offset; what the group
 * remembers is never used to start. Rebalances are served inside poll, on the worker's thread; the group waits for the
 * last stop of what is revoked, at most max.poll.interval.ms.
 *
 * Contiguity. Offsets of a partition are reported without a hole, or the hole is in the log: markers and aborted
 * records of a transactional producer, or compaction. A hole is believed when a second reading from before it shows it
 * again; a partition that has shown four is believed at once. An offset that the broker does not hold is a GAP with the
 * bounds (-1, -1 when they could not be had), and nothing follows of that partition until start.
 *
 * Errors of poll, each said once per occurrence: UNAVAILABLE, no broker answers (the client goes on trying);
 * NOT_FOUND, a topic does not exist; FENCED, another member has our group_instance_id: all is LOST, and the source
 * joins the group anew without it; CORRUPT, a message set fails its checksum: out->task names the partition, which is
 * stopped until start; IO, the rest.
 */
#ifndef HAUL_KAFKA_SOURCE_H
#define HAUL_KAFKA_SOURCE_H

#include "haul/kafka.h"
#include "haul/source.h"

/* Section "kafka". */
extern const struct haul_option_set haul_kafka_option_set;

/* Opens a consumer of the mailboxes' topics. `worker` numbers the consumers of this process: it is appended to the
 * group_instance_id. `log` may be NULL; all strings are copied. Does not wait for the broker. */
enum haul_err haul_kafka_source_open(const struct haul_kafka_options *o, const char *instance,
                                     const uint16_t *mailboxes, size_t mailboxes_len, unsigned worker,
                                     const struct haul_kafka_log *log, struct haul_source **out, struct haul_error *e);

/* Counters, since open; read on the worker's thread. */
struct haul_kafka_source_stats {
    uint64_t messages, bytes, duplicates; /* reported; of values; read again and not reported */
    uint64_t holes, rereads, gaps;        /* believed; asked for again; lost by the log */
    uint64_t assigns, rebalances;         /* starts of the fetchers; assignments by the group */
};
void haul_kafka_source_stats(const struct haul_source *s, struct haul_kafka_source_stats *out);

#endif
