/* SPDX-License-Identifier: Apache-2.0
 * What the tags of OpenStreetMap mean for those who drive. Pure; the importer calls it for each object.
 */
#ifndef HAUL_GEO_OSM_TAGS_H
#define HAUL_GEO_OSM_TAGS_H

#include "haul/roads.h"

struct osm_tag {
    const char *key, *value;
};

struct osm_tags {
    const struct osm_tag *tag;
    size_t n;
};

/* NULL when there is no such key. */
const char *osm_get(struct osm_tags t, const char *key);

struct osm_road {
    struct haul_road_kind kind;
    uint32_t duration_s; /* of a ferry, 0 when not known */
    bool conditional, limited;
};
/* False: nobody may drive here. */
bool osm_road_of(struct osm_tags t, const char *country, struct osm_road *out);

struct osm_point {
    bool blocked, gated;          /* for all; for some: those whom `limits` keep out */
    struct haul_road_kind limits; /* access[0], height, width, length, weight, axle */
    uint16_t delay_ds;
};
/* False: the point is nothing special. */
bool osm_point_of(struct osm_tags t, struct osm_point *out);

enum osm_turn { OSM_TURN_NONE, OSM_TURN_NO, OSM_TURN_ONLY, OSM_TURN_CONDITIONAL };
/* What a relation forbids, and for whom. */
enum osm_turn osm_turn_of(struct osm_tags t, uint8_t *mask);

#endif
