/* SPDX-License-Identifier: Apache-2.0
 * A vehicle makes weights of a network. Presets: Chinese trucks by GB 1589 (2.55 m wide, 4.0 m high; 18 t on two axles,
 * 49 t on six), refrigerated bodies 2.60 m.
 */
#include "haul/roads.h"

#include <string.h>

static const struct haul_vehicle presets[] = {
    {"car", HAUL_USE_CAR, 140, 180, 200, 50, 0, 0, 1000, 1000},
    {"van", HAUL_USE_GOODS, 120, 280, 220, 65, 350, 0, 950, 1000},
    {"truck18", HAUL_USE_HGV, 90, 400, 255, 120, 1800, 1150, 850, 1000},
    {"truck49", HAUL_USE_HGV, 90, 400, 255, 171, 4900, 1150, 800, 1000},
    {"reefer", HAUL_USE_HGV, 90, 400, 260, 120, 1800, 1150, 850, 1000},
    {"hazmat", HAUL_USE_HGV | HAUL_USE_HAZMAT, 80, 400, 255, 171, 4900, 1150, 750, 1000},
    {"uav", HAUL_USE_UAV, 100, 0, 0, 0, 0, 0, 1000, 1000},
};

bool haul_vehicle_preset(const char *name, struct haul_vehicle *out)
{
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++) {
        if (strcmp(presets[i].name, name) != 0) continue;
        *out = presets[i];
        return true;
    }
    return false;
}

const char *haul_vehicle_preset_name(size_t i)
{
    return i < sizeof presets / sizeof presets[0] ? presets[i].name : NULL;
}

static bool too_much(uint16_t has, uint16_t limit)
{
    return limit != 0 && has > limit;
}

static bool may_pass(const struct haul_road_kind *k, const struct haul_vehicle *v, unsigned back)
{
    return (k->access[back] & v->use) == v->use && !too_much(v->height_cm, k->height_cm) &&
           !too_much(v->width_cm, k->width_cm) && !too_much(v->length_dm, k->length_dm) &&
           !too_much(v->weight_10kg, k->weight_10kg) && !too_much(v->axle_10kg, k->axle_10kg);
}

static uint64_t speed_cmps(const struct haul_road_kind *k, const struct haul_vehicle *v, unsigned back)
{
    uint64_t speed = (uint64_t)k->speed_cmps[back] * v->speed_permille / 1000;
    const uint64_t own = (uint64_t)v->max_kmh * 1000 / 36;
    if (own != 0 && speed > own) speed = own;
    const uint64_t signed_for_trucks = (uint64_t)k->hgv_limit_kmh * 1000 / 36;
    if (v->use & HAUL_USE_HGV && signed_for_trucks != 0 && speed > signed_for_trucks) speed = signed_for_trucks;
    return speed;
}

int32_t haul_vehicle_arc_ms(const struct haul_roads_view *v, const struct haul_vehicle *vehicle, uint32_t road_arc)
{
    const struct haul_road_kind *k = haul_arc_kind(v, road_arc);
    const unsigned back = road_arc & 1;
    if (!may_pass(k, vehicle, back)) return HAUL_FAR;
    const uint64_t speed = speed_cmps(k, vehicle, back);
    if (speed == 0) return HAUL_FAR;
    uint64_t ms = ((uint64_t)v->edge_length_cm[road_arc / 2] * 1000 + speed / 2) / speed;
    if (k->flags & HAUL_FLAG_TOLL && vehicle->toll_permille > 1000) ms = ms * vehicle->toll_permille / 1000;
    const uint8_t ends_only = HAUL_FLAG_DESTINATION | (vehicle->use & HAUL_USE_HGV ? HAUL_FLAG_HGV_DESTINATION : 0);
    if (k->flags & ends_only) ms *= 4; /* no short cut through a yard */
    return ms < HAUL_FAR ? (int32_t)ms : HAUL_FAR;
}

static int32_t with_more(int32_t ms, uint64_t more)
{
    return ms < HAUL_FAR && (uint64_t)ms + more < HAUL_FAR ? (int32_t)((uint64_t)ms + more) : HAUL_FAR;
}

void haul_vehicle_weights(const struct haul_roads *r, const struct haul_vehicle *vehicle, int32_t *ms)
{
    const struct haul_roads_view *v = haul_roads_view(r);
    for (uint32_t i = 0; i < v->arcs; i++) {
        const uint64_t more = 100 * ((uint64_t)v->arc_turn_ds[i] + v->delay_ds[v->arc_road[i]]);
        const bool denied = (v->arc_deny[i] & vehicle->use) != 0;
        ms[i] = denied ? HAUL_FAR : with_more(haul_vehicle_arc_ms(v, vehicle, v->arc_road[i]), more);
    }
}

void haul_vehicle_distances(const struct haul_roads *r, const struct haul_vehicle *vehicle, int32_t *cm)
{
    const struct haul_roads_view *v = haul_roads_view(r);
    for (uint32_t i = 0; i < v->arcs; i++) {
        const uint32_t road = v->arc_road[i];
        const bool denied = (v->arc_deny[i] & vehicle->use) != 0 || haul_vehicle_arc_ms(v, vehicle, road) == HAUL_FAR;
        cm[i] = denied ? HAUL_FAR : (int32_t)v->edge_length_cm[road / 2];
    }
}
