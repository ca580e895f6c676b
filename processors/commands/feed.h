/* SPDX-License-Identifier: Apache-2.0
 * Sends what a command reads to Kafka: paced by the time in it, answered or told.
 */
#ifndef HAUL_COMMANDS_FEED_H
#define HAUL_COMMANDS_FEED_H

#include "haul/kafka_sink.h"
#include "processors/commands/kafka_args.h"

/* When what carries time t is sent, and what its time becomes. Without --speed as fast as it goes; with --shift-to the
 * first time becomes the given one, or, at a speed above 1, the last becomes the moment when it is sent: so nothing is
 * ever from the future. */
struct pace {
    double speed; /* 0: as fast as it goes */
    bool shift;
    struct haul_time to; /* HAUL_TIME_NONE: now */
    /* set by the first */
    bool begun;
    int64_t first_ms, shift_ms;
    struct haul_mono start;
};
/* Reads --speed and --shift-to (NULL: not given). False: the reason is on stderr. */
bool pace_read(struct pace *p, const char *speed, const char *shift_to);
/* True when the times of the first and of the last must be known before anything is sent. */
bool pace_needs_span(const struct pace *p);
void pace_begin(struct pace *p, int64_t first_ms, int64_t last_ms);
/* Milliseconds until time t is due; 0: now. Begins with t when it has not begun. */
int64_t pace_left(struct pace *p, int64_t t_ms);

enum { FEED_TOPICS_MAX = 64 };
struct feed {
    struct haul_sink *sink;
    const struct haul_kafka_options *kafka;
    struct {
        char name[HAUL_KAFKA_TOPIC_BYTES];
        uint32_t partitions;
    } topics[FEED_TOPICS_MAX];
    size_t topics_len;
    uint64_t sent, answered, failed;
    struct progress progress;
    struct haul_error error; /* of the first that failed */
};
enum haul_err feed_open(struct feed *f, const struct kafka_setup *s, const char *what, struct haul_error *e);
/* Partitions of a topic; asked once. */
enum haul_err feed_partitions(struct feed *f, const char *topic, uint32_t *count, struct haul_error *e);
/* Sends; waits while the queue is full. STOPPED when a signal came meanwhile. */
enum haul_err feed_send(struct feed *f, const struct haul_outgoing *m, struct haul_error *e);
/* Waits, taking answers. False: a signal came. */
bool feed_wait(struct feed *f, int64_t ms);
/* Waits for all answers, closes. An error when one failed or did not come. */
enum haul_err feed_close(struct feed *f, struct haul_error *e);

#endif
