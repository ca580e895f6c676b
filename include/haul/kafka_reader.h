/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * Reads whole topics, of haul or not, from a place to the end or for ever: for tools (tail, record). No group, nothing
 * is committed, nobody is disturbed. Messages of a partition come in its order, and partitions are merged by the
 * broker's time; a hole in the log is passed over.
 */
#ifndef HAUL_KAFKA_READER_H
#define HAUL_KAFKA_READER_H

#include "haul/kafka.h"
#include "haul/recording.h"

enum haul_reader_from { HAUL_FROM_EARLIEST, HAUL_FROM_LATEST, HAUL_FROM_TIME };

struct haul_reader_spec {
    const char *const *topics;
    size_t topics_len;
    enum haul_reader_from from;
    struct haul_time time; /* for HAUL_FROM_TIME: the first message of each partition that is not before it */
    bool until_end;        /* stop where the partitions end now */
};

struct haul_kafka_reader;
/* Waits for the brokers up to the option request_timeout. NOT_FOUND: a topic is not there. */
enum haul_err haul_kafka_reader_open(const struct haul_kafka_options *o, const struct haul_reader_spec *spec,
                                     struct haul_kafka_reader **out, struct haul_error *e);
/* The next message, valid until the next call. AGAIN: none came in time. END: all is read (until_end). UNAVAILABLE: no
 * broker answers; the client goes on trying. */
enum haul_err haul_kafka_reader_next(struct haul_kafka_reader *r, int timeout_ms, struct haul_recorded *out,
                                     struct haul_error *e);
void haul_kafka_reader_close(struct haul_kafka_reader *r);

#endif
