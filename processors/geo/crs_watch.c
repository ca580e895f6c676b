/* SPDX-License-Identifier: Apache-2.0
 * A moving average over about the last 64 fixes, in integers. Where roads are dense a wrong system puts a third of the
 * fixes near some road by chance; the right one nearly all.
 */
#include "haul/crs_watch.h"

#define WHOLE     (1u << 24)
#define SHIFT     6  /* of the average: 2^6 fixes */
#define FIXES_MIN 64 /* before anything is said */

static const enum haul_crs systems[] = {HAUL_CRS_WGS84, HAUL_CRS_GCJ02, HAUL_CRS_BD09};

/* 2: on a road, 1: one is near, 0: none. */
static int look(const struct haul_map *m, enum haul_crs crs, double lon_deg, double lat_deg)
{
    struct haul_near near;
    if (haul_crs_to_wgs84(crs, &lon_deg, &lat_deg) != HAUL_OK) return 0;
    if (haul_map_near(m, lon_deg, lat_deg, 200, 0, &near, 1) == 0) return 0;
    return near.distance_m <= 20 ? 2 : 1;
}

static void average(uint32_t *share, bool on_road)
{
    *share -= *share >> SHIFT;
    if (on_road) *share += WHOLE >> SHIFT;
}

enum haul_crs haul_crs_watch_add(struct haul_crs_watch *w, const struct haul_map *m, enum haul_crs said, double lon_deg,
                                 double lat_deg)
{
    if ((unsigned)said >= HAUL_CRS_COUNT || said == HAUL_CRS_LOCAL) return said;
    const enum haul_crs own = said == HAUL_CRS_CGCS2000 ? HAUL_CRS_WGS84 : said;
    int seen[HAUL_CRS_COUNT] = {0}, best = 0;
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++) {
        seen[systems[i]] = look(m, systems[i], lon_deg, lat_deg);
        best = seen[systems[i]] > best ? seen[systems[i]] : best;
    }
    if (best == 0) return said;
    enum haul_crs likely = own;
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++) {
        average(&w->on_road[systems[i]], seen[systems[i]] == 2);
        if (w->on_road[systems[i]] > w->on_road[likely]) likely = systems[i];
    }
    if (w->fixes < UINT32_MAX) w->fixes++;
    /* after 64 fixes the average of what is always true stands at 64 % of the whole: hold the limits against that */
    const uint64_t full = w->fixes >= 8 * FIXES_MIN ? WHOLE : WHOLE / 100 * 63;
    if (w->fixes < FIXES_MIN || (uint64_t)w->on_road[likely] * 10 < full * 8) return said;
    return (uint64_t)w->on_road[likely] * 10 >= (uint64_t)w->on_road[own] * 10 + full * 3 ? likely : said;
}
