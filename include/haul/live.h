/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * What is true on a road now, as weights of a metric: closed, this fast, or as usual again. A road arc may be several
 * arcs of the routing graph; these set them all. Nothing is seen before haul_metric_commit. The writer's thread.
 */
#ifndef HAUL_LIVE_H
#define HAUL_LIVE_H

#include "haul/metric.h"
#include "haul/roads.h"

/* The metric's base weights must be haul_vehicle_weights of the same network and vehicle. */

/* Nobody passes. */
void haul_live_close(struct haul_metric *m, const struct haul_roads *r, uint32_t road_arc);
/* Traffic moves at speed_cmps (centimetres a second, at least 1): the vehicle is no faster than that, nor than it is
 * otherwise. Who may not pass still may not. */
void haul_live_speed(struct haul_metric *m, const struct haul_roads *r, const struct haul_vehicle *vehicle,
                     uint32_t road_arc, uint32_t speed_cmps);
/* As the base says. */
void haul_live_revert(struct haul_metric *m, const struct haul_roads *r, uint32_t road_arc);

#endif
