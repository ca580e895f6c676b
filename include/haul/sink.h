/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * Where a task's messages go after the commit: Kafka, a file, a simulated log. One a worker; every call on that
 * worker's thread. Per partition the order of send is the order in the log; an acknowledgement says that everything up
 * to it, sent since the last failure, is in.
 */
#ifndef HAUL_SINK_H
#define HAUL_SINK_H

#include "haul/err.h"
#include "haul/source.h"

struct haul_outgoing {
    const char *topic; /* NULL: the mailbox `to` */
    uint16_t to;       /* mailbox number */
    int32_t partition; /* -1: by the key */
    struct haul_str key, value;
    struct haul_sender sender;
    const struct haul_header { /* further headers (dead letters), may be NULL */
        const char *name;
        struct haul_str value;
    } * headers;
    size_t headers_len;
    uint64_t cookie; /* comes back with the acknowledgement */
};

struct haul_receipt {
    uint64_t cookie;
    enum haul_err result; /* OK: in the log. Anything else: it may or may not be */
    char text[120];
};

struct haul_sink;
struct haul_sink_ops {
    const char *name;
    /* Copies what it needs. AGAIN: its queue is full, poll first. */
    enum haul_err (*send)(struct haul_sink *s, const struct haul_outgoing *m, struct haul_error *e);
    /* Takes up to max receipts; returns how many. */
    size_t (*poll)(struct haul_sink *s, struct haul_receipt *out, size_t max);
    /* Waits until everything sent is answered or timeout_ms passes; receipts stay to be polled. */
    enum haul_err (*flush)(struct haul_sink *s, int timeout_ms, struct haul_error *e);
    void (*close)(struct haul_sink *s);
};

struct haul_sink {
    const struct haul_sink_ops *ops;
};

#endif
