/* SPDX-License-Identifier: Apache-2.0
 * The transport over a socket.
 */
#ifndef HAUL_SINKS_REDIS_TRANSPORT_H
#define HAUL_SINKS_REDIS_TRANSPORT_H

#include "haul/redis_store.h"

/* INVALID: the address cannot be read. Nothing is connected yet. */
enum haul_err redis_transport_open(const struct haul_redis_options *o, struct haul_redis_transport **out,
                                   struct haul_error *e);

#endif
