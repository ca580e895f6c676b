/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * Questions of the tools to Kafka: who of the group has which partitions, and where a log begins and ends. Nobody is
 * disturbed: no group is joined, nothing is committed.
 */
#ifndef HAUL_KAFKA_ADMIN_H
#define HAUL_KAFKA_ADMIN_H

#include "haul/kafka.h"
#include "haul/store.h"
#include "haul/time.h"

struct haul_kafka_admin;
/* Does not wait for the brokers; every question does, up to the option request_timeout. One thread. */
enum haul_err haul_kafka_admin_open(const struct haul_kafka_options *o, const char *instance,
                                    struct haul_kafka_admin **out, struct haul_error *e);
void haul_kafka_admin_close(struct haul_kafka_admin *a);

/* Which partitions of the mailbox a running haul has, by what the group has given out. A process that was killed counts
 * until its session times out. UNAVAILABLE while the group is being given out anew: ask again. */
enum haul_err haul_kafka_admin_owned(struct haul_kafka_admin *a, unsigned mailbox, bool owned[HAUL_PARTITIONS_MAX],
                                     struct haul_error *e);
/* First offset in the log, and one past the last. */
enum haul_err haul_kafka_admin_bounds(struct haul_kafka_admin *a, struct haul_task_name task, int64_t *low,
                                      int64_t *high, struct haul_error *e);
/* One past the last offset of each of `n` logs, in one question: ends[i], -1 where nobody said. */
enum haul_err haul_kafka_admin_ends(struct haul_kafka_admin *a, const struct haul_task_name *tasks, size_t n,
                                    int64_t *ends, struct haul_error *e);
/* First offset whose append time is not before t; the end when there is none. */
enum haul_err haul_kafka_admin_offset_at(struct haul_kafka_admin *a, struct haul_task_name task, struct haul_time t,
                                         int64_t *offset, struct haul_error *e);

#endif
