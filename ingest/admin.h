/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * Names and counts of haul's topics, shared by the options and the topic tool.
 */
#ifndef HAUL_INGEST_ADMIN_H
#define HAUL_INGEST_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

/* True for a mailbox's name and for the other topics of haul's own: alerts, deadletters, blobs. */
bool admin_name_known(const char *name);
/* Decimal, 1..HAUL_PARTITIONS_MAX. */
bool admin_partitions_parse(const char *text, uint32_t *out);

#endif
