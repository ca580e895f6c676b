/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/bridges.h"

#include "haul/crs.h"

const char *const bridge_crs_names[] = {
    [HAUL_CRS_WGS84] = "wgs84",       [HAUL_CRS_GCJ02] = "gcj02", [HAUL_CRS_BD09] = "bd09",
    [HAUL_CRS_CGCS2000] = "cgcs2000", [HAUL_CRS_COUNT - 1] = 0,
};
