/* SPDX-License-Identifier: Apache-2.0
 * What the benchmarks of the main job drive: vehicles on straight ways, and a sink that sends them.
 */
#ifndef HAUL_BENCH_VEHICLES_H
#define HAUL_BENCH_VEHICLES_H

#include "haul/kafka.h"
#include "haul/record.h"

#include <stdio.h>

/* Options of a sink (the source's are not used) with the brokers given. */
static inline struct haul_kafka_options bench_kafka_options(const char *brokers, int64_t linger_ms)
{
    struct haul_kafka_options o = {.session_timeout_ms = 10000,
                                   .request_timeout_ms = 10000,
                                   .fetch_bytes = 8 << 20,
                                   .queue_bytes = 64 << 20,
                                   .message_bytes = 1 << 20,
                                   .linger_ms = linger_ms,
                                   .delivery_timeout_ms = 120000,
                                   .send_queue = 100000,
                                   .send_bytes = 256 << 20};
    snprintf(o.brokers, sizeof o.brokers, "%s", brokers);
    return o;
}

/* Packs a vehicle's position at `at_ms`; it drives east from where its number puts it, since `start_ms`. */
static inline void bench_position(struct haul_buf *b, uint32_t vehicle, struct haul_str id, int64_t start_ms,
                                  int64_t at_ms)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_VEHICLE_POSITION, id, (struct haul_time){at_ms});
    const double t = (double)(at_ms - start_ms) / 1000, speed_mps = 8 + vehicle % 12;
    r.positioned = true;
    r.source = HAUL_STR("bench");
    r.lon_deg = 114 + (double)(vehicle % 400) / 100 + speed_mps * t / 98000;
    r.lat_deg = 25 + (double)(vehicle / 400 % 400) / 100;
    haul_set_f(&r, HAUL_F_VP_SPEED, speed_mps * 3.6);
    haul_set_f(&r, HAUL_F_VP_HEADING, 90);
    haul_set_i(&r, HAUL_F_VP_STATUS, 1);
    haul_set_i(&r, HAUL_F_VP_ALARM, 0);
    haul_set_f(&r, HAUL_F_VP_MILEAGE, 1000 + speed_mps * t / 1000);
    haul_set_f(&r, HAUL_F_VP_FUEL, 200);
    haul_set_i(&r, HAUL_F_VP_SATELLITES, 12);
    haul_record_pack(&r, b);
}

#endif
