/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/live.h"

void haul_live_close(struct haul_metric *m, const struct haul_roads *r, uint32_t road_arc)
{
    const struct haul_roads_view *v = haul_roads_view(r);
    for (uint32_t i = v->road_first[road_arc]; i < v->road_first[road_arc + 1]; i++)
        haul_metric_set(m, v->road_arcs[i], HAUL_FAR);
}

void haul_live_revert(struct haul_metric *m, const struct haul_roads *r, uint32_t road_arc)
{
    const struct haul_roads_view *v = haul_roads_view(r);
    for (uint32_t i = v->road_first[road_arc]; i < v->road_first[road_arc + 1]; i++)
        haul_metric_revert(m, v->road_arcs[i]);
}

void haul_live_speed(struct haul_metric *m, const struct haul_roads *r, const struct haul_vehicle *vehicle,
                     uint32_t road_arc, uint32_t speed_cmps)
{
    const struct haul_roads_view *v = haul_roads_view(r);
    const int32_t free_ms = haul_vehicle_arc_ms(v, vehicle, road_arc);
    if (speed_cmps == 0) speed_cmps = 1;
    const uint64_t slow_ms = (uint64_t)v->edge_length_cm[road_arc / 2] * 1000 / speed_cmps;
    for (uint32_t i = v->road_first[road_arc]; i < v->road_first[road_arc + 1]; i++) {
        const int32_t base = haul_metric_base(m, v->road_arcs[i]);
        if (base >= HAUL_FAR || free_ms >= HAUL_FAR || slow_ms <= (uint64_t)free_ms) {
            haul_metric_revert(m, v->road_arcs[i]);
            continue;
        }
        const uint64_t ms = (uint64_t)base + (slow_ms - (uint64_t)free_ms); /* what turns and signals cost stays */
        haul_metric_set(m, v->road_arcs[i], ms < HAUL_FAR ? (int32_t)ms : HAUL_FAR);
    }
}
