/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * From the options to librdkafka's configuration, and what all its users need.
 */
#ifndef HAUL_INGEST_KAFKA_CONF_H
#define HAUL_INGEST_KAFKA_CONF_H

#include "haul/kafka.h"

#include <librdkafka/rdkafka.h>

struct kafka_property {
    const char *name, *value;
};

/* A configuration from `defaults`, then the properties of the options (they may replace a default), then brokers,
 * password and `fixed`. Lists end with a NULL name. NULL and *e on failure. The caller owns it until rd_kafka_new. */
rd_kafka_conf_t *kafka_conf_make(const struct haul_kafka_options *o, const struct kafka_property *defaults,
                                 const struct kafka_property *fixed, struct haul_error *e);

/* Why a property of the options cannot stand: unknown, value refused, or haul's own. False: *e says so. */
bool kafka_property_check(const char *name, const char *value, struct haul_error *e);

/* First offset of a partition, and one past the last; waits at most timeout_ms, also while a partition that was just
 * made or has moved is not yet served by anybody. */
rd_kafka_resp_err_t kafka_bounds(rd_kafka_t *rk, const char *topic, int32_t partition, int timeout_ms, int64_t *low,
                                 int64_t *high);

/* What an error of the client means here. */
enum haul_err kafka_err(rd_kafka_resp_err_t err);

#endif
