/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * Content by hash in the compacted topic haul.blobs: options, fence sets, calendars, models. A blob is stored in
 * chunks; the key of a chunk is "<what>/<owner>/<hash>:<i>/<n>", so that the same content stored twice is one.
 */
#ifndef HAUL_BLOBS_H
#define HAUL_BLOBS_H

#include "haul/buf.h"
#include "haul/kafka.h"
#include "haul/time.h"

struct haul_blobs;

/* A reader and writer of the topic. Does not wait for the broker. One thread. */
enum haul_err haul_blobs_open(const struct haul_kafka_options *o, const char *instance,
                              const struct haul_kafka_log *log, struct haul_blobs **out, struct haul_error *e);
void haul_blobs_close(struct haul_blobs *b);

/* Called for each blob that became whole. `owner`: the processor, for options. */
typedef void haul_blob_fn(void *arg, const char *what, const char *owner, const char *hash, struct haul_str content);
/* Reads what is there, up to the end of the topic as of now: waits at most timeout_ms. TIMEOUT, UNAVAILABLE, NOT_FOUND
 * (no topic): try again later; what was read was handed over. Later calls go on where the last one ended. */
enum haul_err haul_blobs_read(struct haul_blobs *b, int timeout_ms, haul_blob_fn *fn, void *arg, struct haul_error *e);
/* Stores content and waits until the log has it. Storing it again changes nothing. */
enum haul_err haul_blobs_put(struct haul_blobs *b, const char *what, const char *owner, const char *hash,
                             struct haul_str content, int timeout_ms, struct haul_error *e);

#endif
