/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * Every processor there is. This only declares them: each is defined at the bottom of processors/<name>/<name>.c.
 */
#ifndef HAUL_PROCESSORS_H
#define HAUL_PROCESSORS_H

#include "haul/processor.h"

extern const struct haul_processor haul_fleet;
extern const struct haul_processor haul_fence;
extern const struct haul_processor haul_coldchain;
extern const struct haul_processor haul_warehouse;
extern const struct haul_processor haul_desk;
extern const struct haul_processor haul_template;
extern const struct haul_processor haul_redrive;
/* Bridges: ingest/bridge_*.c. */
extern const struct haul_processor haul_bridge_jt808;
extern const struct haul_processor haul_bridge_jt809;
extern const struct haul_processor haul_bridge_json;
extern const struct haul_processor haul_bridge_epcis;
extern const struct haul_processor haul_bridge_vda5050;

#define HAUL_REDRIVE_BLOCK 4096 /* letters of a task that one entity of redrive remembers */

#endif
