/* SPDX-License-Identifier: Apache-2.0
 * A small town for tests: a grid of streets 200 m apart, built through the builder.
 */
#ifndef HAUL_TEST_TOWN_H
#define HAUL_TEST_TOWN_H

#include "haul/map.h"
#include "haul/roads_build.h"

#define TOWN_SIDE 8
#define TOWN_STEP 20000 /* 1e-7 degrees: about 200 m east and 220 m north at 28 degrees */
#define TOWN_LON  1158000000
#define TOWN_LAT  286000000

struct town {
    struct haul_buf image;
    struct haul_roads *roads;
    struct haul_map *map;
};

/* All streets two-way, 10 m/s, named "x0".."x7" (northwards) and "y0".."y7" (eastwards); way ids 1.. in that order. */
void town_build(struct town *t);
/* The corner of street x and street y, degrees. */
double town_lon(double x);
double town_lat(double y);
void town_free(struct town *t);

#endif
