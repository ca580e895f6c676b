/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * Notices a source that lies about its coordinate system: vehicles drive on roads, and of the systems that a source may
 * mean, only the right one puts its fixes there. One block of plain bytes a source, 24 of them; any thread, one at a
 * time for a block.
 */
#ifndef HAUL_CRS_WATCH_H
#define HAUL_CRS_WATCH_H

#include "haul/crs.h"
#include "haul/map.h"

struct haul_crs_watch {
    uint32_t fixes;                   /* so far, up to 2^32 - 1 */
    uint32_t on_road[HAUL_CRS_COUNT]; /* share of the recent fixes that lie on a road if they are meant so, in 2^-24 */
};

/* Takes a fix of a moving vehicle as it was sent, and says which system the source seems to mean: `said`, unless for
 * some time at least 80 % of the fixes lie within 20 m of a road in another system, and 30 points fewer in the one that
 * was said. Fixes that no system puts within 200 m of a road say nothing. A look costs three searches: give it every
 * tenth fix or so. */
enum haul_crs haul_crs_watch_add(struct haul_crs_watch *w, const struct haul_map *m, enum haul_crs said, double lon_deg,
                                 double lat_deg);

#endif
