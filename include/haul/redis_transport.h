/* SPDX-License-Identifier: Apache-2.0
 * Layer: sinks
 * What the Redis store needs of the world: a stream of bytes that may break at any byte, a clock, and random bytes.
 * The real one is a socket; a model of Redis stands in for it in tests, byte for byte. Used by one thread.
 */
#ifndef HAUL_REDIS_TRANSPORT_H
#define HAUL_REDIS_TRANSPORT_H

#include "haul/err.h"
#include "haul/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct haul_redis_transport;

struct haul_redis_transport_ops {
    /* Begins a connection; does not wait for it. Until it stands, send and receive return 0. Only after disconnect. */
    enum haul_err (*connect)(struct haul_redis_transport *t, struct haul_error *e);
    /* Never block. Bytes sent or received; 0: not now; -1: the connection is lost (why: *e). */
    int64_t (*send)(struct haul_redis_transport *t, const uint8_t *bytes, size_t n, struct haul_error *e);
    int64_t (*receive)(struct haul_redis_transport *t, uint8_t *bytes, size_t cap, struct haul_error *e);
    /* Waits until there is something to receive, or (want_send) room to send, or timeout_ms has passed. Without a
     * connection it waits for the time alone. */
    void (*wait)(struct haul_redis_transport *t, bool want_send, int timeout_ms);
    /* Forgets the connection. What was sent and not yet read by the server may still reach it. */
    void (*disconnect)(struct haul_redis_transport *t);
    int (*fd)(const struct haul_redis_transport *t); /* -1: none */
    struct haul_mono (*now)(const struct haul_redis_transport *t);
    void (*entropy)(struct haul_redis_transport *t, uint8_t *bytes, size_t n); /* for owners' nonces: never repeats */
    void (*close)(struct haul_redis_transport *t);                             /* frees it */
};

/* A transport begins with this; implementations embed it first. */
struct haul_redis_transport {
    const struct haul_redis_transport_ops *ops;
};

#endif
